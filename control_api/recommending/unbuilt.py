"""What can be suggested although nothing was worked out yet, or nothing of a title: of what the tables say at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import col, select

from control_api.among import one_of
from control_api.database import answered
from control_api.library.kinds import TitleKind
from control_api.library.lineage import ABOVE, ROOT
from control_api.recommending.suggestions import Reason, Suggestion, Why
from control_api.tables import PlaySession, Title, TitleGenre
from control_api.tables.kin import PARENT

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

_LATELY: Final = timedelta(days=7)
LEAST_MS: Final = 60_000
"""Who has played so much of a title, or a tenth of it, has watched it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What titles must be, so that they may be suggested."""

    conditions: Sequence[ColumnElement[bool]]
    given: Mapping[str, object]
    """The values of their parameters."""


def was_watched() -> ColumnElement[bool]:
    """Whether a play session counts: it was no mistake of a finger."""
    tenth = and_(col(PlaySession.duration_ms) > 0, col(PlaySession.watched_ms) * 10 >= col(PlaySession.duration_ms))
    return or_(col(PlaySession.watched_ms) >= LEAST_MS, tenth)


def viewers() -> Any:  # noqa: ANN401 — a function of SQLAlchemy
    """How many different viewers there are among play sessions; who has no profile is another one each time."""
    return func.count(func.distinct(func.coalesce(PlaySession.profile_id, PlaySession.account_id, PlaySession.id)))


async def trending(session: AsyncSession, wanted: Wanted, now: datetime, limit: int) -> list[Suggestion]:
    """What most have watched in the last days; episodes count for their series."""
    counted = (
        select(ROOT.label("root"), viewers().label("viewers"))
        .select_from(PlaySession)
        .join(Title, col(Title.id) == PlaySession.title_id)
        .outerjoin(PARENT, ABOVE)
        .where(PlaySession.started_at >= now - _LATELY, col(Title.kind) != TitleKind.TRAILER.value, was_watched())
        .group_by("root")
        .subquery()
    )
    rows = (
        select(Title.id, counted.c.viewers)
        .join(counted, counted.c.root == Title.id)
        .where(*wanted.conditions)
        .order_by(counted.c.viewers.desc(), col(Title.id).desc())
        .limit(limit)
    )
    return [
        Suggestion(title, Reason(Why.TRENDING), float(count))
        for title, count in await answered(session, rows, **wanted.given)
    ]


async def popular(session: AsyncSession, wanted: Wanted, reason: Reason, limit: int) -> list[Suggestion]:
    """What was seen most, and then what is rated best."""
    best = (col(Title.views).desc(), col(Title.score).desc(), col(Title.votes).desc(), col(Title.id).desc())
    rows = select(Title.id, Title.views).where(*wanted.conditions).order_by(*best).limit(limit)
    return [Suggestion(title, reason, float(views)) for title, views in await answered(session, rows, **wanted.given)]


async def alike(session: AsyncSession, wanted: Wanted, title: str, limit: int) -> list[Suggestion]:
    """What shares most genres with a title."""
    mine = select(TitleGenre.genre_id).where(TitleGenre.title_id == title)
    common = func.count(col(TitleGenre.genre_id))
    rows = (
        select(Title.id, common)
        .join(TitleGenre, col(TitleGenre.title_id) == Title.id)
        .where(col(TitleGenre.genre_id).in_(mine), Title.id != title, *wanted.conditions)
        .group_by(col(Title.id), col(Title.views), col(Title.score))
        .order_by(common.desc(), col(Title.views).desc(), col(Title.score).desc(), col(Title.id).desc())
        .limit(limit)
    )
    reason = Reason(Why.SIMILAR, title_id=title)
    return [Suggestion(name, reason, float(count)) for name, count in await answered(session, rows, **wanted.given)]


async def roots(session: AsyncSession, titles: Sequence[str]) -> dict[str, str]:
    """For each of these titles what is suggested in its place: the topmost title above it, or itself."""
    return dict((*row,) for row in await answered(session, _ROOTS, titles=titles))


_ROOTS: Final = select(Title.id, ROOT).outerjoin(PARENT, ABOVE).where(one_of(col(Title.id), "titles"))
