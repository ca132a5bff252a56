"""What is to be watched on: one card for each series, and one for whatever is of none.

Law: of a series, the episode that was seen last counts: if it was not seen to the end it is the card, else the one that
follows it; what may not be watched is no card. What was taken out comes back when more of it is seen. Three queries,
however much was watched.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam
from sqlalchemy import select as selected
from sqlmodel import col, or_, select, update

from control_api.among import one_of
from control_api.database import answered
from control_api.library.flags import percent
from control_api.library.licence import why_not
from control_api.library.lineage import ABOVE, SERIES
from control_api.profiles.limits import fit
from control_api.tables import Title, Watched
from control_api.tables.kin import PARENT
from control_api.viewing.following import following, played
from control_api.viewing.licensed import TERMS, Terms, chain, joined

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.callers import Viewer
    from control_api.library.fitting import Fit

MOST: Final = 50
"""Cards."""
_LOOKED_AT: Final = 400
"""Of what a profile has seen last."""


@dataclass(frozen=True, slots=True)
class Card:
    """Something to be watched on."""

    title: Title
    """What is to be played."""
    series: str | None
    """The series that it is an episode of."""
    position_ms: int
    """Where it goes on."""
    duration_ms: int
    watched_at: datetime
    """When something of it, or of its series, was last seen."""
    is_next: bool
    """Whether it is the episode after the one that was seen."""

    @property
    def percent(self) -> int:
        """How much of it lies behind."""
        return percent(self.position_ms, self.duration_ms) or 0


async def cards(
    session: AsyncSession,
    viewer: Viewer,
    now: datetime,
    where: str | None,
    limit: int = 20,
    *,
    published: bool = True,
) -> list[Card]:
    """What a profile may watch on, what was seen last first; `limit` is `MOST` at most.

    Where only what is `published` counts, it is what may be watched `now` and in the country `where`, by its rights;
    None: nobody looks at countries.
    """
    seen = await answered(session, _SEEN, profile=viewer.id)
    newest: dict[str, Any] = {}
    for row in seen:
        newest.setdefault(row.series_id or row.title_id, row)
    wanted = [row for row in newest.values() if row.completed_at is None or row.series_id is not None][: 3 * limit]
    over = [row.title_id for row in wanted if row.completed_at is not None]
    after = await following(session, over, viewer, published=published, now=now) if over else {}
    places = {row.title_id: row for row in seen}
    found: list[tuple[str, Any]] = []
    for row in wanted:
        name = row.title_id if row.completed_at is None else after.get(row.title_id)
        if name is not None:
            found.append((name, row))
    if not found:
        return []
    there = await session.exec(_titles(fit(viewer), published=published), params={"ids": [name for name, _ in found]})
    titles = {
        title.id: title
        for title, *above in there.all()
        if not (published and why_not((title, *chain(above)), where, now))
    }
    return [_card(titles[name], row, places.get(name)) for name, row in found if name in titles][:limit]


_SEEN: Final = (
    selected(
        col(Watched.title_id), col(Watched.series_id), col(Watched.position_ms), col(Watched.duration_ms),
        col(Watched.watched_at), col(Watched.completed_at),
    )
    .where(
        col(Watched.profile_id) == bindparam("profile"),
        col(Watched.title_id).is_not(None),
        col(Watched.hidden_at).is_(None),
    )
    .order_by(col(Watched.watched_at).desc(), col(Watched.id).desc())
    .limit(_LOOKED_AT)
)  # fmt: skip


@lru_cache(maxsize=200)
def _titles(fit: Fit, *, published: bool) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    """Titles that may be played, each with the terms of all that it is a part of."""
    rows = joined(selected(Title, *TERMS[len(Terms._fields) :]).select_from(Title))
    return rows.where(one_of(col(Title.id), "ids"), *played(fit, published=published))


def _card(title: Title, row: Any, place: Any | None) -> Card:  # noqa: ANN401 — rows of `_SEEN`
    is_next = title.id != row.title_id
    begun = place if place is not None and place.completed_at is None else None
    return Card(
        title=title,
        series=row.series_id,
        position_ms=begun.position_ms if begun else 0,
        duration_ms=begun.duration_ms if begun else 0,
        watched_at=row.watched_at,
        is_next=is_next,
    )


async def take_out(session: AsyncSession, profile: str, title: str, now: datetime) -> None:
    """Take the card of a title, or of the series of which it is a part, out of what is to be watched on."""
    rows = select(SERIES).select_from(Title).outerjoin(PARENT, ABOVE).where(Title.id == title)
    series: Any = (await session.exec(rows)).first()
    names = [name for name in (title, series) if name is not None]
    meant = or_(col(Watched.title_id) == title, col(Watched.series_id).in_(names))
    await session.exec(update(Watched).where(col(Watched.profile_id) == profile, meant).values(hidden_at=now))
