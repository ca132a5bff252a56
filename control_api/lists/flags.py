"""What titles are to a profile, for many of them at once.

Law: one query, however many titles and however many lists there are.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, String, bindparam, case, cast, literal, null, union_all
from sqlmodel import col, select

from control_api.among import one_of
from control_api.database import answered
from control_api.library.flags import UNFLAGGED, Flags, percent
from control_api.tables import Listed, Rated, Watched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

WATCHLIST: Final = "watchlist"
FAVORITES: Final = "favorites"
LISTS: Final = (WATCHLIST, FAVORITES)


async def flagged(session: AsyncSession, profile: str, titles: Sequence[str]) -> dict[str, Flags]:
    """What each of these titles is to the profile, by id; all of them are in it."""
    ids = list(dict.fromkeys(titles))
    if not ids:
        return {}
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for title, what, number, whole in await answered(session, _PARTS, profile=profile, ids=ids):
        found[title].update(_said(what, number, whole))
    return {one: Flags(**found[one]) if one in found else UNFLAGGED for one in ids}


def _position() -> Any:  # noqa: ANN401 — an expression of SQLAlchemy
    """Where it was stopped; below zero: at the end."""
    return cast(case((col(Watched.completed_at).is_not(None), literal(-1)), else_=col(Watched.position_ms)), BigInteger)


_NONE: Final = cast(null(), BigInteger)
_PROFILE: Final[Any] = bindparam("profile")
_PARTS: Final[Any] = union_all(
    select(Listed.title_id, Listed.list, _NONE, _NONE).where(
        col(Listed.profile_id) == _PROFILE, col(Listed.list).in_(LISTS), one_of(col(Listed.title_id), "ids")
    ),
    select(Rated.title_id, literal("rated", String), cast(col(Rated.score), BigInteger), _NONE).where(
        col(Rated.profile_id) == _PROFILE, one_of(col(Rated.title_id), "ids")
    ),
    select(Watched.title_id, literal("watched", String), _position(), Watched.duration_ms).where(
        col(Watched.profile_id) == _PROFILE, one_of(col(Watched.title_id), "ids")
    ),
)


def _said(what: str, number: int | None, whole: int | None) -> dict[str, Any]:
    """What one row says."""
    if what == WATCHLIST:
        return {"is_in_watchlist": True}
    if what == FAVORITES:
        return {"is_favorite": True}
    if what == "rated":
        return {"my_score": number}
    position = number or 0
    return {"position_ms": max(position, 0), "percent": percent(position, whole or 0, is_whole=position < 0)}
