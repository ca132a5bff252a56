"""The rows of a database as lines of JSON, the same from SQLite and from PostgreSQL, and back into either.

Law: a row that is written and read again is the same row. What is read needs no models: the archive says which
columns a table has and what they hold, so rows of an older schema go into that schema, and migrations do the rest.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    LargeBinary,
    MetaData,
    String,
    Table,
    func,
    insert,
    literal,
    select,
    text,
)

from control_api.columns import Document, UtcInstant
from control_api.tables import METADATA
from control_api.tables.search import BESIDE
from control_api.uploads.shown import bare

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

_AT_ONCE: Final = 500
PASSING: Final = frozenset(
    (
        "idempotency",
        "duty",
        "failures",
        "data_export",
        "data_export_piece",
        "alembic_version",
        "rating_sum",
        "mail",
        "mail_token",
        "visit_key",
        "visit",
        "view_sent",
        "figure_place",
        "recommendation_build",
        "recommendation_work",
    )
)
"""Tables of what holds for a moment: who repeats a request, who does a duty, who failed to sign in, what somebody was
handed of their data, what mail is due, which nobody wants to have twice; and what is made again of the rows that are
there: sums, by the database, and recommendations."""
LINKS: Final = frozenset((("upload", "link"), ("poster_due", "url"), ("import", "link")))
"""Columns of links that people may have put keys into: what is said of them is the link without its query."""
SECRETS: Final = frozenset(("secret", "signing_key"))
"""Tables of what the station signs with: sealed, or left out."""
SEARCH: Final = f"{BESIDE}title"
"""The index of the search; what is beside it follows from it."""
_SEARCH: Final = Table(
    SEARCH,
    MetaData(),
    Column("title_id", String(), primary_key=True),
    Column("name", String()),
    Column("words", String()),
)
KINDS: Final = {
    "instant": UtcInstant, "bytes": LargeBinary, "truth": Boolean, "number": BigInteger, "text": String,
    "document": None,
}  # fmt: skip
"""What a column may hold, and the type of such columns."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")


def tables() -> list[Table]:
    """The tables of a backup, each behind those that it names."""
    kept = [table for table in METADATA.sorted_tables if table.name not in PASSING | SECRETS]
    return [*kept, _SEARCH]


def secret_tables() -> list[Table]:
    """The same of the secrets."""
    return [table for table in METADATA.sorted_tables if table.name in SECRETS]


def described(table: Table) -> dict[str, str]:
    """What each column of a table holds."""
    return {column.name: _kind(column) for column in table.columns}


def _kind(column: Column[Any]) -> str:
    if isinstance(column.type, UtcInstant):
        return "instant"
    if column.type is Document or type(column.type).__name__ == "JSON":
        return "document"
    kinds = {LargeBinary: "bytes", Boolean: "truth"}
    found = next((name for kind, name in kinds.items() if isinstance(column.type, kind)), None)
    if found is not None:
        return found
    return "number" if column.type.python_type is int else "text"


async def lines(connection: AsyncConnection, table: Table) -> AsyncIterator[bytes]:
    """The rows, each as a line; of a table that names itself what is named comes first."""
    kinds = described(table)
    links = [name for name in kinds if (table.name, name) in LINKS]
    streamed = await connection.stream(_ordered(table), execution_options={"yield_per": _AT_ONCE})
    async for some in streamed.mappings().partitions(_AT_ONCE):
        found = [{name: _out(kinds[name], row[name]) for name in kinds} for row in some]
        for one in found if links else ():
            one |= {name: bare(one[name]) for name in links}
        yield b"".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for one in found)


def _ordered(table: Table) -> Any:  # noqa: ANN401 — a statement
    key = list(table.primary_key.columns)
    itself = [one.parent for one in table.foreign_keys if one.column.table is table]
    if not itself:
        return select(table).order_by(*key)
    (own,), above = key, itself[0]
    top = select(own.label("which"), literal(0).label("depth")).where(above.is_(None)).cte("levels", recursive=True)
    beneath = select(own, top.c.depth + 1).join(top, above == top.c.which)
    levels = top.union_all(beneath)
    return select(table).join(levels, levels.c.which == own).order_by(levels.c.depth, own)


def _out(kind: str, value: Any) -> Any:  # noqa: ANN401 — whatever a column holds
    if value is None:
        return None
    if kind == "instant":
        return value.isoformat()
    return b64encode(value).decode() if kind == "bytes" else value


def _back(kind: str, value: Any) -> Any:  # noqa: ANN401 — the same
    if value is None:
        return None
    if kind == "instant":
        return datetime.fromisoformat(value)
    return b64decode(value, validate=True) if kind == "bytes" else value


def target(name: str, columns: Mapping[str, str]) -> Table:
    """A table of these columns, to put rows into."""
    made = [Column(column, _type(kind)) for column, kind in columns.items()]
    return Table(name, MetaData(), *made)


def _type(kind: str) -> Any:  # noqa: ANN401 — SQLAlchemy's
    made = KINDS[kind]
    return Document if made is None else made()


def is_name(text_: object) -> bool:
    """Whether a table or a column may be called so."""
    return isinstance(text_, str) and _NAME.fullmatch(text_) is not None


def parsed(line: bytes, columns: Mapping[str, str]) -> dict[str, Any]:
    """A row as it goes into the database. Raises `ValueError`."""
    found = json.loads(line)
    if not isinstance(found, dict) or found.keys() != columns.keys():
        message = "a row has other columns than its table"
        raise ValueError(message)
    return {name: _back(columns[name], value) for name, value in found.items()}


async def put(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows, in their order."""
    for start in range(0, len(rows), _AT_ONCE):
        await connection.execute(insert(table), list(rows[start : start + _AT_ONCE]))


async def count_on(connection: AsyncConnection, names: Iterable[str]) -> None:
    """Have PostgreSQL count on behind the numbers that were put in."""
    if connection.dialect.name == "sqlite":
        return
    for name in names:
        table = METADATA.tables.get(name)
        counted = table.autoincrement_column if table is not None else None
        if table is None or counted is None or counted.foreign_keys:
            continue
        newest = (await connection.execute(select(func.max(counted)))).scalar_one()
        own = (await connection.execute(select(func.pg_get_serial_sequence(name, counted.name)))).scalar_one()
        if own is not None and newest is not None:
            values = {"own": own, "newest": newest}
            await connection.execute(text("SELECT setval(CAST(:own AS regclass), :newest)"), values)


async def filled(connection: AsyncConnection, there: Iterable[str]) -> str | None:
    """The name of a table with content, of those that are there; None when there is none."""
    free = PASSING | SECRETS | {"invitation", "air_place"}
    for name in there:
        if name in free or name.startswith((BESIDE, "procrastinate_")):
            continue
        found = await connection.execute(text(f'SELECT 1 FROM "{name}" LIMIT 1'))  # noqa: S608 — a table's own name
        if found.first() is not None:
            return name
    return None
