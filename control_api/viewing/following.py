"""What follows an episode: the next one of its season, or else the first of the next season that has any.

Law: what is kept from the viewer, is not published, or has nothing to play, follows nothing. One query, however many
episodes are asked about.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, exists, or_, select

from control_api.among import one_of
from control_api.assets.shown import PACKAGED, REPLACED
from control_api.database import answered
from control_api.library.fitting import Fit, fits
from control_api.library.kinds import TitleKind, TitleState
from control_api.profiles.limits import fit
from control_api.tables import Asset, Title

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.callers import Viewer


# made once: an alias of a table with many columns takes longer to make than to ask for
_ALIASES: Final = aliased(Title), aliased(Title), aliased(Title), aliased(Title), aliased(Title)


def shown_to(viewer: Viewer | None, of: Any = Title, *, published: bool = True) -> tuple[ColumnElement[bool], ...]:  # noqa: ANN401 — Title, or an alias of it
    """Conditions on titles that may be played by a viewer; `published` is whether drafts are none of theirs."""
    return played(fit(viewer), of, published=published)


def played(fit: Fit, of: Any = Title, *, published: bool) -> tuple[ColumnElement[bool], ...]:  # noqa: ANN401 — Title, or an alias of it
    """The same of titles that are fit for somebody."""
    there = exists().where(col(Asset.title_id) == of.id, col(Asset.state).in_((PACKAGED, REPLACED)))
    states = (of.state == TitleState.PUBLISHED,) if published else ()
    return of.deleted_at.is_(None), *states, or_(of.video_url != "", there), *fits(fit, of)


async def following(
    session: AsyncSession,
    titles: Iterable[str],
    viewer: Viewer | None,
    *,
    published: bool = True,
    now: datetime | None = None,
) -> dict[str, str]:
    """The ids of the episodes that follow these titles; what nothing follows is not among them.

    Where only what is `published` counts, what is not open yet at `now` follows nothing.
    """
    opened = published and now is not None
    rows = _rows(fit(viewer), published=published, opened=opened)
    given = {"ids": list(titles), **({"now": now} if opened else {})}
    return {title: after for title, after in await answered(session, rows, **given) if after is not None}


@lru_cache(maxsize=200)
def _rows(fit: Fit, *, published: bool, opened: bool) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    """Titles, and what follows each; `opened` is whether that must be open."""

    def plays(of: Any) -> tuple[ColumnElement[bool], ...]:  # noqa: ANN401 — an alias of Title
        is_open = (or_(of.opens_at.is_(None), of.opens_at <= bindparam("now")),) if opened else ()
        return *played(fit, of, published=published), *is_open

    this, parent, beside, season, later = _ALIASES
    same_season = (
        select(beside.id)
        .where(
            col(beside.parent_id) == this.parent_id,
            col(beside.kind) == TitleKind.EPISODE,
            col(beside.place) > this.place,
            *plays(beside),
        )
        .order_by(col(beside.place), col(beside.id))
        .limit(1)
        .correlate(this)
        .scalar_subquery()
    )
    next_season = (
        select(later.id)
        .join(season, and_(col(later.parent_id) == season.id, col(later.kind) == TitleKind.EPISODE))
        .where(
            col(season.parent_id) == parent.parent_id,
            col(season.kind) == TitleKind.SEASON,
            col(season.place) > parent.place,
            col(season.deleted_at).is_(None),
            *plays(later),
        )
        .order_by(col(season.place), col(later.place), col(later.id))
        .limit(1)
        .correlate(parent)
        .scalar_subquery()
    )
    return (
        select(this.id, func.coalesce(same_season, next_season))
        .join(parent, col(parent.id) == this.parent_id)
        .where(one_of(col(this.id), "ids"), col(this.kind) == TitleKind.EPISODE)
    )
