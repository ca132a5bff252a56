"""Which titles may be watched now, and where somebody is: what is offered to be played must play.

Law: it is judged as playing judges it, by the title and by all that it is a part of. One query, however many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import select as selected
from sqlmodel import col

from control_api.among import one_of
from control_api.database import answered
from control_api.library.licence import why_not
from control_api.library.lineage import ABOVE, HIGHER, HIGHEST, UPPERMOST
from control_api.tables import Title
from control_api.tables.kin import GRANDPARENT, PARENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession


class Terms(NamedTuple):
    """What is looked at of a title, or of what it is a part of."""

    rights: list[dict[str, Any]]
    countries_allowed: list[str]
    countries_denied: list[str]


TERMS: Final = tuple(getattr(of, name) for of in (Title, PARENT, GRANDPARENT, UPPERMOST) for name in Terms._fields)
"""The columns of it, where all that is above a title is joined: see `joined`."""


def joined(rows: Any) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    """A statement for titles with all that is above them."""
    return rows.outerjoin(PARENT, ABOVE).outerjoin(GRANDPARENT, HIGHER).outerjoin(UPPERMOST, HIGHEST)


def chain(values: Sequence[Any]) -> list[Terms]:
    """A title and what it is a part of, from the values of `TERMS`."""
    width = len(Terms._fields)
    some = (values[start : start + width] for start in range(0, len(values), width))
    return [Terms(*one) for one in some if one[0] is not None]


_JUDGED: Final = joined(selected(col(Title.id), *TERMS).select_from(Title)).where(one_of(col(Title.id), "ids"))


async def refusals(session: AsyncSession, titles: Iterable[str], where: str | None, now: datetime) -> dict[str, str]:
    """By the id of each that is there why it may not be watched, empty where it may.

    `where` is a country, None where nobody looks at countries.
    """
    names = list(titles)
    if not names:
        return {}
    return {one: why_not(chain(of), where, now) for one, *of in await answered(session, _JUDGED, ids=names)}


async def open_now(session: AsyncSession, titles: Iterable[str], where: str | None, now: datetime) -> set[str]:
    """The ids of those that may be watched."""
    return {title for title, why in (await refusals(session, titles, where, now)).items() if not why}
