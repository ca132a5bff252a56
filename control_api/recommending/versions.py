"""Versions: written aside under a new number, read once they are whole, and removed when newer ones are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy
from sqlalchemy import func
from sqlmodel import col, delete, insert, select

from control_api.recommending.packed import Near, packed, unpacked
from control_api.tables import RecommendationBuild, RecommendationWork, Title

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database

_KEPT: Final = 2
"""Versions that are kept: who has begun to read the last but one reads it to the end."""
_AT_ONCE: Final = 500
"""Rows of one transaction: who writes meanwhile has not long to wait."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a version knows of a title."""

    title_id: str
    popular: float
    trending: float
    genre_id: str | None
    near: Sequence[Near]


@dataclass(frozen=True, slots=True)
class Former:
    """The neighbours of a version, as they are kept: those of 20 000 titles take 8 MB."""

    titles: dict[int, str]
    """By their places."""
    kept: dict[str, bytes]

    def near(self, title: str) -> list[tuple[str, float]]:
        """The neighbours of a title, by their ids."""
        return [(self.titles[at], near) for at, near in unpacked(self.kept.get(title, b"")) if at in self.titles]


async def newest(session: AsyncSession) -> RecommendationBuild | None:
    """The version that is read; None: there is none yet."""
    built = select(RecommendationBuild).where(col(RecommendationBuild.built_at).is_not(None))
    return (await session.exec(built.order_by(col(RecommendationBuild.number).desc()).limit(1))).first()


async def former(database: Database, number: int) -> Former:
    """The neighbours of a version, to be taken over."""
    work = RecommendationWork
    async with database.reading() as session:
        rows = (await session.exec(select(work.title_id, work.place, work.similar).where(work.build == number))).all()
    return Former({place: title for title, place, _ in rows}, {title: kept for title, _, kept in rows})


async def begun(database: Database, model: str, now: datetime, full_at: datetime) -> RecommendationBuild:
    """Begin a new version, which nobody reads yet. What is left of those that never came to be goes.

    It has a number of its own before that: who builds an older one still, and was taken for dead, cannot write to it.
    """
    async with database.writing() as session:
        last = (await session.exec(select(func.max(RecommendationBuild.number)))).one() or 0
        row = RecommendationBuild(number=last + 1, model=model, begun_at=now, full_at=full_at)
        session.add(row)
    async with database.reading() as session:
        unbuilt = select(RecommendationBuild.number).where(
            col(RecommendationBuild.built_at).is_(None), col(RecommendationBuild.number) < row.number
        )
        left = (await session.exec(unbuilt)).all()
    for number in left:
        await _removed(database, number)
    return row


async def written(database: Database, number: int, first: int, some: Sequence[Known]) -> None:
    """Write these titles at the places from `first` on; one that was purged meanwhile is left out."""
    for start in range(0, len(some), _AT_ONCE):
        part = some[start : start + _AT_ONCE]
        async with database.writing() as session:
            ids = [one.title_id for one in part]
            there = set((await session.exec(select(Title.id).where(col(Title.id).in_(ids)))).all())
            rows = [
                {
                    "build": number, "place": first + start + at, "title_id": one.title_id, "popular": one.popular,
                    "trending": one.trending, "genre_id": one.genre_id, "similar": packed(one.near),
                }
                for at, one in enumerate(part)
                if one.title_id in there
            ]  # fmt: skip
            if rows:
                await (await session.connection()).execute(insert(RecommendationWork), rows)


async def finished(database: Database, row: RecommendationBuild, values: Mapping[str, object]) -> None:
    """Have the version read from now on."""
    async with database.writing() as session:
        change = sqlalchemy.update(RecommendationBuild).where(col(RecommendationBuild.number) == row.number)
        await session.exec(change.values(**values))


async def pruned(database: Database) -> int:
    """Remove the versions that nobody reads any more, and what was left of those that never came to be."""
    async with database.reading() as session:
        built = select(RecommendationBuild.number).where(col(RecommendationBuild.built_at).is_not(None))
        kept = (await session.exec(built.order_by(col(RecommendationBuild.number).desc()).limit(_KEPT))).all()
        older = select(RecommendationBuild.number).where(
            col(RecommendationBuild.number) < max(kept, default=0), col(RecommendationBuild.number).not_in(kept)
        )
        gone = (await session.exec(older)).all()
    for number in gone:
        await _removed(database, number)
    return len(gone)


async def _removed(database: Database, number: int) -> None:
    work = RecommendationWork
    while True:
        async with database.writing() as session:
            some = select(work.title_id).where(work.build == number).limit(_AT_ONCE)
            ids = (await session.exec(some)).all()
            if not ids:
                await session.exec(delete(RecommendationBuild).where(col(RecommendationBuild.number) == number))
                return
            await session.exec(delete(work).where(col(work.build) == number, col(work.title_id).in_(ids)))
