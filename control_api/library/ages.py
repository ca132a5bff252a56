"""From which age on titles are for, kept in their rows, so that lists can ask for it.

Law: a title's age is what its own rating says, or else the age of what it is a part of. Whoever writes ratings, or
puts titles beneath others, calls `aged` in the same transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import col, select

from control_api.tables import Title
from playout.core.ratings import age

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

UNKNOWN: Final = -1
"""Of what nobody has rated, or in a way that nobody knows here."""
_AT_ONCE: Final = 500


class _Row(NamedTuple):
    """What the age of a title follows from."""

    parent: str | None
    rating: str
    age: int
    """As it is written."""


def rated(rating: str) -> int:
    """What a row keeps of a rating alone."""
    found = age(rating)
    return UNKNOWN if found is None else found


async def aged(session: AsyncSession, titles: Iterable[str]) -> None:
    """Write the ages of these titles, and of whatever is beneath those that have changed."""
    await session.flush()
    ids = list(dict.fromkeys(titles))
    for start in range(0, len(ids), _AT_ONCE):
        changed = await _written(session, ids[start : start + _AT_ONCE])
        while changed:  # a series, its seasons, their episodes, the trailers of these: no further
            changed = await _written(session, await _right_beneath(session, changed))


async def _written(session: AsyncSession, titles: Sequence[str]) -> list[str]:
    """Write the ages of titles; the ids of those that changed."""
    mine = await _rows(session, titles)
    above = await _rows(session, {row.parent for row in mine.values() if row.parent is not None})
    ages = {title: _age(title, mine, above) for title in mine}
    changed = [title for title, found in ages.items() if found != mine[title].age]
    if changed:
        statement = update(Title.__table__).where(col(Title.id) == bindparam("which"))  # type: ignore[attr-defined] # of SQLModel
        values = [{"which": title, "to": ages[title]} for title in changed]
        await (await session.connection()).execute(statement.values(age=bindparam("to")), values)
        for row in session.identity_map.values():
            # what is expired is read again anyway, and knows not even its id
            if isinstance(row, Title) and "age" in row.__dict__ and row.id in ages:
                set_committed_value(row, "age", ages[row.id])
    return changed


def _age(title: str, mine: Mapping[str, _Row], above: Mapping[str, _Row]) -> int:
    """What the age of a title is to be; of what is `above` it is written already."""
    row = mine.get(title)
    if row is None:
        return above[title].age
    own = rated(row.rating)
    return own if own != UNKNOWN or row.parent is None else _age(row.parent, mine, above)


async def _right_beneath(session: AsyncSession, titles: Sequence[str]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(titles), _AT_ONCE):
        rows = select(Title.id).where(col(Title.parent_id).in_(titles[start : start + _AT_ONCE]))
        found += (await session.exec(rows.order_by(col(Title.id)))).all()
    return found


async def _rows(session: AsyncSession, titles: Iterable[str]) -> dict[str, _Row]:
    ids = sorted(titles)
    found: dict[str, _Row] = {}
    for start in range(0, len(ids), _AT_ONCE):
        rows = select(Title.id, Title.parent_id, Title.age_rating, Title.age)
        some = await session.exec(rows.where(col(Title.id).in_(ids[start : start + _AT_ONCE])))
        found |= {title: _Row(parent, rating, before) for title, parent, rating, before in some.all()}
    return found
