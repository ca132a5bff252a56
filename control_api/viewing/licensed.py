"""Which titles may be watched now, and where somebody is: what is offered to be played must play.

Law: it is judged as playing judges it, by the title and by all that it is a part of. One query, however many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.orm import aliased, load_only
from sqlmodel import col, select

from control_api.library.licence import why_not
from control_api.tables import Title

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

# made once: an alias of a table with many columns takes longer to make than to ask for
_PARENT: Final = aliased(Title)
_GRANDPARENT: Final = aliased(Title)
_UPPERMOST: Final = aliased(Title)
_CHAIN: Final = (Title, _PARENT, _GRANDPARENT, _UPPERMOST)
"""What a title is at most a part of: a trailer of an episode of a season of a series."""


async def refusals(session: AsyncSession, titles: Iterable[str], where: str | None, now: datetime) -> dict[str, str]:
    """By the id of each that is there why it may not be watched, empty where it may.

    `where` is a country, None where nobody looks at countries.
    """
    names = list(titles)
    if not names:
        return {}
    judged = [load_only(of.rights, of.countries_allowed, of.countries_denied) for of in _CHAIN]  # type: ignore[arg-type]
    rows: Any = (
        select(Title, _PARENT, _GRANDPARENT, _UPPERMOST)
        .outerjoin(_PARENT, col(_PARENT.id) == Title.parent_id)
        .outerjoin(_GRANDPARENT, col(_GRANDPARENT.id) == _PARENT.parent_id)
        .outerjoin(_UPPERMOST, col(_UPPERMOST.id) == _GRANDPARENT.parent_id)
        .where(col(Title.id).in_(names))
        .options(*judged)
    )
    return {chain[0].id: why_not(chain, where, now) for chain in (await session.exec(rows)).all()}


async def open_now(session: AsyncSession, titles: Iterable[str], where: str | None, now: datetime) -> set[str]:
    """The ids of those that may be watched."""
    return {title for title, why in (await refusals(session, titles, where, now)).items() if not why}
