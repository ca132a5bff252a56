"""Imports as jobs: a file that was uploaded or is fetched, or films of TMDB by their numbers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, Field
from sqlmodel import select

from control_api.changes import Actor
from control_api.destinations import NotAllowed
from control_api.imports.bringing import MOST, Bringing
from control_api.imports.formats import Format
from control_api.imports.posters import POSTERS, Posters
from control_api.imports.records import Notes, Unreadable
from control_api.imports.room import Filling
from control_api.imports.running import bring, ended, of_file, place
from control_api.imports.tmdb import Ask, Unanswered, of_tmdb
from control_api.instants import whole_millis
from control_api.jobs import Broken, JobKind, Work, submit
from control_api.outgoing import LEAST_RATE, Limits, NoAnswer
from control_api.plans.gate import is_closed
from control_api.problems import Problem
from control_api.tables import Import, PosterDue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.imports.records import Item
    from control_api.tables import Job

_FETCH_SECONDS: Final = 3600


class Bring(BaseModel):
    """What is to be imported; the rest stands in the row of the import, its link too."""

    run: Annotated[str, Field(max_length=40)]
    """Its id."""
    state: str = "draft"
    ask: Ask | None = None
    """What TMDB is asked for."""
    by_name: str = Field(default="", max_length=200)
    """What who wanted it was called then."""


class Brought(BaseModel):
    """What came of it."""

    made: int
    changed: int
    unchanged: int
    refused: int
    notes: list[str]


async def _work(work: Work, given: Bring) -> Brought:
    row = await row_of(work, given.run)
    actor = Actor(work.owner, given.by_name, "import", request_id=given.run)
    bringing = Bringing(
        row.id, row.feed, actor, dry_run=row.dry_run, state=given.state, is_closed=is_closed(work.settings)
    )
    notes = Notes()
    path = place(work.settings.media, row.id)
    if given.ask is None and not await asyncio.to_thread(path.exists):
        if not row.link:
            message = "its file is gone, because it was over already"
            raise Broken(message, "Import it anew.")
        await _fetch(work, row.link, path)

    async def tell(seen: int) -> None:
        await work.progress(1000 * seen // (seen + MOST // 20), f"{seen} items")

    try:
        await bring(work.database, bringing, _batches(work, given, row, path, notes), work.clock, tell)
    except (Unreadable, Unanswered) as error:
        notes.add(f"It could not be read to its end: {error}")
        done = await ended(work.database, bringing, notes, work.clock)
        kept = f"{done.made + done.changed + done.unchanged} items before it are kept" if done.entries else ""
        reason = f"{error}" + (f"; {kept}" if kept and not row.dry_run else "")
        raise Broken(reason, "Mend the file, and import it again: what is there already stays.") from error
    done = await ended(work.database, bringing, notes, work.clock)
    await _posters(work)
    return Brought(**{name: getattr(done, name) for name in Brought.model_fields})


def _batches(work: Work, given: Bring, row: Import, path: Path, notes: Notes) -> AsyncIterator[list[Item]]:
    if given.ask is not None:
        return of_tmdb(work.outgoing, work.settings, given.ask, notes)
    return of_file(path, Format(row.format), notes)


async def row_of(work: Work, run: str) -> Import:
    """The row of an import. Raises `Broken` when it is gone."""
    async with work.database.reading() as session:
        found = (await session.exec(select(Import).where(Import.id == run))).one_or_none()
    if found is None:
        raise Broken("the import is gone", "Begin it anew.")
    return found


async def _fetch(work: Work, url: str, path: Path) -> None:
    """Fetch the file, which has its name once it is whole."""
    draft = path.with_name(f".{path.name}")
    limits = Limits(seconds=_FETCH_SECONDS, size=work.settings.import_bytes, least_rate=LEAST_RATE)
    await work.progress(0, "fetching the file")
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    filling = Filling(work.settings)
    try:
        async with work.outgoing.asked("GET", url, limits=limits) as reply:
            if reply.status != 200:  # noqa: PLR2004 — HTTP's
                message = f"the other server answered {reply.status}"
                raise Broken(message, "Look at the address in a browser.", again=reply.status >= 500)  # noqa: PLR2004 — the same
            await filling.take(0, announced=reply.length or 0)
            with await asyncio.to_thread(draft.open, "wb") as file:
                async for piece in reply.pieces():
                    await filling.take(len(piece))
                    await asyncio.to_thread(file.write, piece)
        await asyncio.to_thread(draft.rename, path)
    except (NoAnswer, NotAllowed) as error:
        raise Broken(str(error), "Look at the address in a browser.", again=isinstance(error, NoAnswer)) from error
    except Problem as full:
        raise Broken(full.detail, "It is tried again; make room on the disk of the store.", again=True) from full
    finally:
        await asyncio.to_thread(draft.unlink, missing_ok=True)


async def _posters(work: Work) -> None:
    """Have pictures copied, where there are any."""
    async with work.database.writing() as session:
        if (await session.exec(select(PosterDue).where(PosterDue.reason == "").limit(1))).first() is not None:
            await submit(session, POSTERS, Posters(), now=whole_millis(work.clock()), owner=work.owner)


async def set_ended(session: AsyncSession, job: Job) -> None:
    """The row says that it is over; its file, where it has one, is removed by a job once that is committed."""
    run, now = str(job.given["run"]), job.ended_at or job.created_at
    row = (await session.exec(select(Import).where(Import.id == run))).one_or_none()
    if row is not None:
        row.link = ""  # it may hold a key, and nobody needs it any more
        if row.ended_at is None:
            row.ended_at, row.version = job.ended_at, row.version + 1
        session.add(row)
    if job.kind == IMPORT.name and job.given.get("ask") is None:
        await submit(session, DROP_FILE, Drop(run=run), now=now, subject=run)


class Drop(BaseModel):
    """Whose file is to be dropped."""

    run: Annotated[str, Field(max_length=40)]


async def _dropped(work: Work, given: Drop) -> None:
    """Remove the file of an import that is over."""
    await asyncio.to_thread(place(work.settings.media, given.run).unlink, missing_ok=True)


DROP_FILE: Final = JobKind("drop_import", Drop, _dropped, attempts=8)
"""Removes the file of an import."""
IMPORT: Final = JobKind("import", Bring, _work, everywhere=1, ended=set_ended)
"""One at a time: two that write the same titles would wait for each other anyway."""
