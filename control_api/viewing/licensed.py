"""Which titles may be watched now, and where somebody is: what is offered to be played must play.

Law: it is judged as playing judges it, by the title and by all that it is a part of. One query, however many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.orm import aliased, load_only
from sqlmodel import col, select

from control_api.library.licence import refused
from control_api.tables import Title

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

# made once: an alias of a table with many columns takes longer to make than to ask for
_PARENT: Final = aliased(Title)
_SERIES: Final = aliased(Title)


async def open_now(session: AsyncSession, titles: Iterable[str], where: str | None, now: datetime) -> set[str]:
    """The ids of those that may be watched; `where` is a country, None where nobody looks at countries."""
    names = list(titles)
    if not names:
        return set()
    judged = [load_only(of.rights, of.countries_allowed, of.countries_denied) for of in (Title, _PARENT, _SERIES)]  # type: ignore[arg-type]
    rows: Any = (
        select(Title, _PARENT, _SERIES)
        .outerjoin(_PARENT, col(_PARENT.id) == Title.parent_id)
        .outerjoin(_SERIES, col(_SERIES.id) == _PARENT.parent_id)
        .where(col(Title.id).in_(names))
        .options(*judged)
    )
    return {
        chain[0].id
        for chain in (await session.exec(rows)).all()
        if not any(one is not None and refused(one, where, now) for one in chain)
    }
