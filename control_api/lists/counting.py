"""How many profiles have a title on a list, and what they think of it: numbers alone, never whose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, literal, union_all
from sqlalchemy import select as selected
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from control_api.library.kinds import TitleKind
from control_api.lists.flags import FAVORITES, WATCHLIST
from control_api.tables import Listed, Rated, Title, Watched

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

_PARTS: Final = (TitleKind.EPISODE, TitleKind.SEASON)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many profiles have to do with a title."""

    watchlist: int
    favorites: int
    scores: dict[int, int]
    """How many gave each score."""
    watched: int
    """Who have begun it; of a series, any of its episodes."""
    completed: int
    """Who have seen it to the end, once at least; of a series, any of its episodes."""


async def counted(session: AsyncSession, title: str) -> Counted:
    """In three queries, each by an index that begins with the title."""
    lists = select(Listed.list, func.count()).where(Listed.title_id == title).group_by(col(Listed.list))
    on = dict((await session.exec(lists)).all())
    rated = select(Rated.score, func.count()).where(Rated.title_id == title).group_by(col(Rated.score))
    scores = dict((await session.exec(rated)).all())
    who = col(Watched.profile_id).distinct()
    seen = select(func.count(who), func.count(who).filter(col(Watched.times) > 0))
    watched, completed = (await session.exec(seen.where(col(Watched.title_id).in_(_with_parts(title))))).one()
    return Counted(on.get(WATCHLIST, 0), on.get(FAVORITES, 0), dict(sorted(scores.items())), watched, completed)


def _with_parts(title: str) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    """The ids of a title and of all that it is made of: seasons and their episodes."""
    parts = aliased(Title)
    is_part = col(Title.kind).in_(_PARTS)
    under = selected(col(Title.id)).where(col(Title.parent_id) == title, is_part)
    beneath = selected(col(Title.id)).join(parts, col(parts.id) == col(Title.parent_id))
    beneath = beneath.where(col(parts.parent_id) == title, col(parts.kind).in_(_PARTS), is_part)
    return union_all(selected(literal(title)), under, beneath)
