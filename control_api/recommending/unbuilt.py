"""What can be suggested although nothing was worked out yet, or nothing of a title: of what the tables say at once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from control_api.library.kinds import TitleKind
from control_api.recommending.suggestions import Reason, Suggestion, Why
from control_api.tables import PlaySession, Title, TitleGenre

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlmodel.ext.asyncio.session import AsyncSession

_ONE: Final[Any] = aliased(Title)
_PARENT: Final[Any] = aliased(Title)
_LATELY: Final = timedelta(days=7)
LEAST_MS: Final = 60_000
"""Who has played so much of a title, or a tenth of it, has watched it."""


def was_watched() -> ColumnElement[bool]:
    """Whether a play session counts: it was no mistake of a finger."""
    tenth = and_(col(PlaySession.duration_ms) > 0, col(PlaySession.watched_ms) * 10 >= col(PlaySession.duration_ms))
    return or_(col(PlaySession.watched_ms) >= LEAST_MS, tenth)


def viewers() -> Any:  # noqa: ANN401 — a function of SQLAlchemy
    """How many different viewers there are among play sessions; who has no profile is another one each time."""
    return func.count(func.distinct(func.coalesce(PlaySession.profile_id, PlaySession.account_id, PlaySession.id)))


async def trending(
    session: AsyncSession, wanted: Sequence[ColumnElement[bool]], now: datetime, limit: int
) -> list[Suggestion]:
    """What most have watched in the last days; episodes count for their series."""
    played, parent = aliased(Title), aliased(Title)
    counted = (
        select(func.coalesce(parent.parent_id, played.parent_id, played.id).label("root"), viewers().label("viewers"))
        .join(played, col(played.id) == PlaySession.title_id)
        .outerjoin(parent, col(parent.id) == played.parent_id)
        .where(PlaySession.started_at >= now - _LATELY, col(played.kind) != TitleKind.TRAILER.value, was_watched())
        .group_by("root")
        .subquery()
    )
    rows = (
        select(Title.id, counted.c.viewers)
        .join(counted, counted.c.root == Title.id)
        .where(*wanted)
        .order_by(counted.c.viewers.desc(), col(Title.id).desc())
        .limit(limit)
    )
    return [Suggestion(title, Reason(Why.TRENDING), float(count)) for title, count in (await session.exec(rows)).all()]


async def popular(
    session: AsyncSession, wanted: Sequence[ColumnElement[bool]], reason: Reason, limit: int
) -> list[Suggestion]:
    """What was seen most, and then what is rated best."""
    best = (col(Title.views).desc(), col(Title.score).desc(), col(Title.votes).desc(), col(Title.id).desc())
    rows = select(Title.id, Title.views).where(*wanted).order_by(*best).limit(limit)
    return [Suggestion(title, reason, float(views)) for title, views in (await session.exec(rows)).all()]


async def alike(
    session: AsyncSession, wanted: Sequence[ColumnElement[bool]], title: str, limit: int
) -> list[Suggestion]:
    """What shares most genres with a title."""
    mine = select(TitleGenre.genre_id).where(TitleGenre.title_id == title)
    common = func.count(col(TitleGenre.genre_id))
    rows = (
        select(Title.id, common)
        .join(TitleGenre, col(TitleGenre.title_id) == Title.id)
        .where(col(TitleGenre.genre_id).in_(mine), Title.id != title, *wanted)
        .group_by(col(Title.id), col(Title.views), col(Title.score))
        .order_by(common.desc(), col(Title.views).desc(), col(Title.score).desc(), col(Title.id).desc())
        .limit(limit)
    )
    reason = Reason(Why.SIMILAR, title_id=title)
    return [Suggestion(name, reason, float(count)) for name, count in (await session.exec(rows)).all()]


async def roots(session: AsyncSession, titles: Sequence[str]) -> dict[str, str]:
    """For each of these titles what is suggested in its place: the topmost title above it, or itself."""
    root = func.coalesce(_PARENT.parent_id, _ONE.parent_id, _ONE.id)
    rows: Any = select(_ONE.id, root).outerjoin(_PARENT, _PARENT.id == _ONE.parent_id).where(_ONE.id.in_(titles))
    return dict((await session.exec(rows)).all())
