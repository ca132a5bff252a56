"""A row in every table that is of people or may name them, with marked texts, for tests of what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from control_api.backups.rows import described
from control_api.ids import new_id
from control_api.privacy.theirs import MENTIONED, NAMED, personal
from control_api.tables import METADATA

if TYPE_CHECKING:
    from sqlalchemy import Column, ForeignKey, Table
    from sqlalchemy.ext.asyncio import AsyncConnection

    from control_api.database import Database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MADE_BY_ITSELF = frozenset(("account", "profile", "data_export", "data_export_piece"))
"""Tables of people in which a story over HTTP writes."""

COUNTED = "sequence"
"""A column that the database counts."""


@dataclass
class Life:
    """What there is of one person."""

    mark: str
    account: str
    count: int
    """What numbers begin with."""
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By table; what the rows name is among them."""
    mine: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Those that are of the person, or name them."""

    def value(self, column: Column[Any]) -> Any:
        """Something that fits a column, and is there once."""
        self.count += 1
        text = f"{self.mark}{self.count}"
        most = getattr(column.type, "length", None)
        return {
            "instant": NOW + timedelta(minutes=self.count),
            "truth": False,
            "bytes": text.encode(),
            "number": self.count,
            "text": text[:most],
            "document": {"text": text, "account_id": self.account},
        }[described(column.table)[column.name]]

    async def add(self, connection: AsyncConnection, table: Table, given: dict[str, Any]) -> dict[str, Any]:
        """Write a row, and before it what it names."""
        values = dict(given)
        for key in table.foreign_keys:
            if key.parent.name not in values and not _stays_empty(table, key):
                values[key.parent.name] = await self.named(connection, key.column.table, key.column.name)
        for column in table.columns:
            if column.name not in values and not column.foreign_keys and column.name != COUNTED:
                values[column.name] = self.value(column)
        await connection.execute(insert(table).values(values))
        self.rows.setdefault(table.name, []).append(values)
        return values

    async def named(self, connection: AsyncConnection, table: Table, column: str) -> Any:
        """What a row may name of another table."""
        if table.name == "account":
            return self.account
        if not self.rows.get(table.name):
            await self.add(connection, table, {})
        return self.rows[table.name][0][column]


async def lived(database: Database, account: str, mark: str, first: int = 0) -> Life:
    """Write a row of somebody, who has an account, into every table of people, and into each that may name them.

    Texts in them have this mark, and numbers begin with `first`.
    """
    life = Life(mark, account, first)
    profiles = METADATA.tables["profile"]
    async with database.writing() as session:
        connection = await session.connection()
        main = await connection.execute(select(profiles).where(profiles.c.account_id == account))
        life.rows["profile"] = [dict(row) for row in main.mappings()]
        for table in personal():
            if table.name not in MADE_BY_ITSELF:
                await life.add(connection, table, {})
        for name, named in NAMED.items():
            for column in named.by:
                life.mine.setdefault(name, []).append(await life.add(connection, *_naming(life, name, column)))
    life.mine |= {table.name: life.rows.get(table.name, []) for table in personal()}
    return life


def _naming(life: Life, name: str, column: str) -> tuple[Table, dict[str, Any]]:
    """A row that names somebody in one column, and strangers in the others."""
    table = METADATA.tables[name]
    given: dict[str, Any] = {other: new_id("ac") for other in NAMED[name].by}
    return table, given | {column: life.account}


def _stays_empty(table: Table, key: ForeignKey) -> bool:
    is_needless = key.parent.nullable and (table.name in NAMED or key.column.table is table)
    return bool(is_needless) or (table.name, key.parent.name) in MENTIONED


async def everything(database: Database) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables."""
    async with database.reading() as session:
        connection = await session.connection()
        found = {}
        for table in METADATA.sorted_tables:
            rows = await connection.execute(select(table).order_by(*table.primary_key.columns))
            found[table.name] = [dict(row) for row in rows.mappings()]
    return found
