"""Where a series, or a season, is begun: it plays by its episodes.

Law: the episode that was seen last counts: if it was not seen to the end it is the one, else the one that follows it.
Where that cannot be played, or nothing was seen, it is the first that can. Five queries, however many there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import aliased, load_only
from sqlmodel import col, select

from control_api.library.kinds import FOLDERS, TitleKind
from control_api.library.opening import is_open_now
from control_api.tables import Title, Watched
from control_api.viewing.following import following, shown_to

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.callers import Viewer

MOST: Final = 2_000
"""Episodes that are looked at."""
_SEASON: Final = aliased(Title)


async def beginning(
    session: AsyncSession,
    title: Title,
    viewer: Viewer | None,
    may: Callable[[Sequence[Title]], bool],
    now: datetime,
    *,
    published: bool = True,
) -> str | None:
    """The id of the episode that plays where this series or season is wanted; None: there is none, or it is no such.

    `may` says whether an episode may be watched; it is given the episode, and what it is a part of. Where only what is
    `published` counts, it is asked of what is open at `now`.
    """
    if title.kind not in FOLDERS:
        return None
    over = await _over(session, title)
    wanted = await _goes_on(session, title, viewer, published=published)
    rows = (
        select(Title)
        .options(load_only(Title.id, Title.parent_id, Title.rights, Title.countries_allowed, Title.countries_denied))  # type: ignore[arg-type]
        .join(_SEASON, col(_SEASON.id) == Title.parent_id)
        .where(col(Title.parent_id).in_([title.id, *(one.id for one in over.values() if one.parent_id == title.id)]))
        .where(col(Title.kind) == TitleKind.EPISODE, *shown_to(viewer, published=published))
        .where(*(is_open_now(now) if published else ()))
        .order_by(col(Title.id) != (wanted or ""), col(_SEASON.place), col(Title.place), col(Title.id))
        .limit(MOST)
    )
    episodes = (await session.exec(rows)).all()
    return next((one.id for one in episodes if may((one, *_upwards(one, over)))), None)


async def _over(session: AsyncSession, title: Title) -> dict[str, Title]:
    """What may be above the episodes: the title, the seasons of a series, the series of a season."""
    found = {title.id: title}
    if title.kind == TitleKind.SEASON:
        series = await session.get(Title, title.parent_id) if title.parent_id else None
        return found if series is None else {**found, series.id: series}
    seasons = select(Title).where(
        col(Title.parent_id) == title.id, col(Title.kind) == TitleKind.SEASON, col(Title.deleted_at).is_(None)
    )
    return found | {one.id: one for one in (await session.exec(seasons)).all()}


def _upwards(one: Title, over: dict[str, Title]) -> list[Title]:
    found: list[Title] = []
    above = over.get(one.parent_id or "")
    while above is not None:
        found.append(above)
        above = over.get(above.parent_id or "")
    return found


async def _goes_on(session: AsyncSession, title: Title, viewer: Viewer | None, *, published: bool) -> str | None:
    """The episode with which a profile goes on, whatever it is a part of."""
    if viewer is None:
        return None
    rows = (
        select(Watched.title_id, Watched.completed_at)
        .join(Title, col(Title.id) == Watched.title_id)
        .where(col(Watched.profile_id) == viewer.id)
        .order_by(col(Watched.watched_at).desc(), col(Watched.id).desc())
        .limit(1)
    )
    within = col(Watched.series_id) if title.kind == TitleKind.SERIES else col(Title.parent_id)
    seen = (await session.exec(rows.where(within == title.id))).first()
    if seen is None:
        return None
    name, completed_at = seen
    if completed_at is None:
        return name
    return (await following(session, [str(name)], viewer, published=published)).get(str(name))
