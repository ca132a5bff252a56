"""How many watched what on which day: counted of play sessions, and kept as sums alone.

Law: a day that is over is counted once it is, and never again; what is kept names nobody.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func
from sqlmodel import col, delete, insert

from control_api.library.kinds import TitleKind
from control_api.library.lineage import ABOVE, ROOT
from control_api.recommending.history import chosen
from control_api.recommending.unbuilt import viewers, was_watched
from control_api.tables import PlaySession, RecommendationDay, Title
from control_api.tables.kin import PARENT

if TYPE_CHECKING:
    from datetime import date

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database

KEPT: Final = 180
"""Days that count."""
POPULAR_DAYS: Final = 45
"""After so many days a viewer counts half as much for how popular a title is."""
_MONTH: Final = 15
"""Days that are summed up together, where it is about months."""
_LATELY: Final = 30


async def counted(database: Database, since: datetime | None, now: datetime) -> None:
    """Count the days since one before then; all that are kept where nothing was counted yet."""
    today = now.astimezone(UTC).date()
    first = since.astimezone(UTC).date() - timedelta(days=1) if since is not None else await _oldest(database, today)
    first = max(first, today - timedelta(days=KEPT))
    for number in range((today - first).days + 1):
        day = first + timedelta(days=number)
        async with database.reading() as session:
            found = await _on(session, day)
        async with database.writing() as session:
            await session.exec(delete(RecommendationDay).where(col(RecommendationDay.day) == day.isoformat()))
            rows = [{"day": day.isoformat(), "title_id": title, "viewers": count} for title, count in found]
            if rows:
                await (await session.connection()).execute(insert(RecommendationDay), rows)
    async with database.writing() as session:
        gone = (today - timedelta(days=KEPT)).isoformat()
        await session.exec(delete(RecommendationDay).where(col(RecommendationDay.day) < gone))


async def _oldest(database: Database, today: date) -> date:
    """The first day on which anything was played."""
    async with database.reading() as session:
        found = (await session.exec(chosen(func.min(col(PlaySession.started_at))))).scalar_one()
    return today if found is None else min(found.astimezone(UTC).date(), today)


async def _on(session: AsyncSession, day: date) -> list[tuple[str, int]]:
    """How many different viewers each title had; what is part of a series counts for the series."""
    begins = datetime.combine(day, time(), UTC)
    rows = (
        chosen(ROOT.label("root"), viewers())
        .select_from(PlaySession)
        .join(Title, col(Title.id) == col(PlaySession.title_id))
        .outerjoin(PARENT, ABOVE)
        .where(col(PlaySession.started_at) >= begins, col(PlaySession.started_at) < begins + timedelta(days=1))
        .where(col(Title.kind) != TitleKind.TRAILER.value, was_watched())
        .group_by("root")
    )
    return [(title, count) for title, count in (await session.exec(rows)).all()]


async def watched(
    session: AsyncSession, now: datetime, half_life: timedelta
) -> tuple[dict[str, float], dict[str, float]]:
    """Viewers of each title, those of some days ago counting less: by a half-life of days, and by one of weeks."""
    today = now.astimezone(UTC).date()
    lately: dict[str, float] = defaultdict(float)
    for ago in range(_LATELY):
        part = 0.5 ** (timedelta(days=ago) / half_life)
        for title, count in await _between(session, today - timedelta(days=ago), today - timedelta(days=ago)):
            lately[title] += count * part
    long: dict[str, float] = defaultdict(float)
    for ago in range(0, KEPT, _MONTH):
        part = 0.5 ** ((ago + _MONTH / 2) / POPULAR_DAYS)
        last = today - timedelta(days=ago)
        for title, count in await _between(session, last - timedelta(days=_MONTH - 1), last):
            long[title] += count * part
    return lately, long


async def _between(session: AsyncSession, first: date, last: date) -> list[tuple[str, int]]:
    """How many viewers each title had from one day to another."""
    rows = (
        chosen(RecommendationDay.title_id, func.sum(col(RecommendationDay.viewers)))
        .where(col(RecommendationDay.day).between(first.isoformat(), last.isoformat()))
        .group_by(col(RecommendationDay.title_id))
    )
    return [(title, int(count)) for title, count in (await session.exec(rows)).all()]
