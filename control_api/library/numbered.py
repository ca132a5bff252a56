"""Pages with numbers, for clients of other systems that count them; everybody else goes by cursors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func
from sqlmodel import col, select

from control_api.library.fitting import ANYBODY, Fit, fits
from control_api.library.hung import Hung, hung
from control_api.library.listing import Sort, TitleFilter, narrowed, order
from control_api.tables import Title

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession


class Place(NamedTuple):
    """Which page."""

    page: int
    """From 1."""
    limit: int
    """Titles on a page."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """One page of titles."""

    titles: list[Title]
    there: dict[str, Hung]
    total: int
    page: int
    limit: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.total // self.limit)


async def numbered(
    session: AsyncSession, wanted: TitleFilter, sort: Sort, place: Place, fit: Fit = ANYBODY
) -> Numbered:
    """The page at this place, of those that are wanted and fit."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    counting: Any = narrowed(_counting(), wanted, sqlite=sqlite).where(*fits(fit))
    total: int = (await session.exec(counting)).one()
    ordered = [column.desc() if descends else column.asc() for column, descends in order(sort)]
    rows = narrowed(select(Title), wanted, sqlite=sqlite).where(*fits(fit)).order_by(*ordered)
    rows = rows.offset((place.page - 1) * place.limit).limit(place.limit)
    titles = list((await session.exec(rows)).all())
    return Numbered(titles, await hung(session, titles), total, place.page, place.limit)


def _counting() -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    return select(func.count(col(Title.id)))
