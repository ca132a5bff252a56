"""Genres and tags by their names: a name that is new makes a row, and two that differ in case alone are one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from control_api.ids import new_id
from control_api.library.folding import same
from control_api.tables import Genre, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

_PREFIXES: Final = {Genre: "ge", Tag: "tg"}
_AT_ONCE: Final = 500


async def ensured(
    session: AsyncSession, table: type[Genre | Tag], names: Iterable[str], now: datetime
) -> Mapping[str, str]:
    """The ids of the rows with these names, by what names of one thing have in common (`folding.same`)."""
    wanted = {same(name): name for name in names}
    found = await _known(session, table, list(wanted))
    fresh = [one for one in wanted if one not in found]
    if fresh:
        rows = [
            {"id": new_id(_PREFIXES[table]), "version": 1, "name": wanted[one], "folded": one, "created_at": now}
            for one in fresh
        ]
        await add_absent(session, table, rows)
        found |= await _known(session, table, fresh)  # of two that add one at once, one has added it
    return found


async def add_absent(session: AsyncSession, table: Any, rows: list[dict[str, Any]]) -> None:  # noqa: ANN401 — any table
    """Add rows; those that are there already stay as they are."""
    await session.flush()
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    connection = await session.connection()
    for start in range(0, len(rows), _AT_ONCE):
        await connection.execute(insert(table).on_conflict_do_nothing(), rows[start : start + _AT_ONCE])


async def _known(session: AsyncSession, table: type[Genre | Tag], folded: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(folded), _AT_ONCE):
        rows = select(table.folded, table.id).where(col(table.folded).in_(folded[start : start + _AT_ONCE]))
        found.update((await session.exec(rows)).all())
    return found
