"""Pictures of imports: copied, one after the other, and drawn anew like every picture; never linked to.

Law: what could not be copied stays listed with its reason, and nothing else of the import depends on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import BaseModel
from sqlalchemy import delete
from sqlmodel import col, select

from control_api.instants import whole_millis
from control_api.jobs import JobKind, Work
from control_api.library.artwork import EASEL, Hanging, fetched, hang
from control_api.library.pictures import Shape
from control_api.problems import Problem
from control_api.tables import PosterDue
from control_api.uploads.shown import bare

if TYPE_CHECKING:
    from control_api.library.pictures import Picture

_TRIES: Final = 3


class Posters(BaseModel):
    """All pictures that are due."""


class Copied(BaseModel):
    """What came of it."""

    copied: int
    failed: int


async def _work(work: Work, _given: Posters) -> Copied:
    copied = failed = 0
    after = ("", "")
    while (row := await _next(work, after)) is not None:
        after = (row.title_id, row.shape)
        await work.progress(1000 * copied // (copied + 100), f"{copied} pictures copied")
        try:
            with EASEL.place():
                body = await fetched(work.outgoing, row.url, "")
                picture = await EASEL.draw(work.settings.place.store(), body, Shape(row.shape))
        except Problem as problem:
            failed += 1
            reason = problem.errors[0].detail if problem.errors else problem.detail
            await _fail(work, row, reason)
            await work.log(f"{bare(row.url)}: {reason}")
        else:
            copied += 1
            await _hang(work, row, picture)
    return Copied(copied=copied, failed=failed)


async def _next(work: Work, after: tuple[str, str]) -> PosterDue | None:
    """The next one behind `after`; each is tried once in a job, and a few times in all."""
    title, shape = after
    behind = (col(PosterDue.title_id) > title) | ((col(PosterDue.title_id) == title) & (col(PosterDue.shape) > shape))
    rows = select(PosterDue).where(behind, PosterDue.tries < _TRIES)
    async with work.database.reading() as session:
        ordered = rows.order_by(col(PosterDue.title_id), col(PosterDue.shape)).limit(1)
        return (await session.exec(ordered)).first()


async def _hang(work: Work, row: PosterDue, picture: Picture) -> None:
    async with work.database.writing() as session:
        still = select(PosterDue).where(
            PosterDue.title_id == row.title_id, PosterDue.shape == row.shape, PosterDue.url == row.url
        )
        if (await session.exec(still)).first() is None:  # the title is gone, or has another picture by now
            return
        where = Hanging("link", bare(row.url), title_id=row.title_id, shape=Shape(row.shape))
        await hang(session, where, picture, whole_millis(work.clock()))
        gone = delete(PosterDue).where(col(PosterDue.title_id) == row.title_id, col(PosterDue.shape) == row.shape)
        await (await session.connection()).execute(gone)


async def _fail(work: Work, row: PosterDue, reason: str) -> None:
    async with work.database.writing() as session:
        there = await session.get(PosterDue, (row.title_id, row.shape))
        if there is not None and there.url == row.url:
            there.tries, there.reason = there.tries + 1, reason[:500]
            if there.tries >= _TRIES:
                there.url = bare(there.url)  # which may hold a key, and is not asked for again
            session.add(there)


POSTERS: Final = JobKind("posters", Posters, _work, everywhere=1)
"""Copies pictures."""
