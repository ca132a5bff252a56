"""Everything that is kept of an account, as an archive that people can read: a job.

Law: the archive has all rows that are its owner's and all that name them, as they are at one moment, and nobody
else's. What is kept back is said in it, with the reason.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
from base64 import b64encode
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZipFile

from pydantic import BaseModel, Field
from sqlalchemy import and_, insert, literal, tuple_
from sqlmodel import col, delete, select

from control_api.instants import whole_millis, written
from control_api.jobs import JobKind, Work
from control_api.privacy.notes import Note, note
from control_api.privacy.portions import portions
from control_api.privacy.theirs import AUDIT, KEPT_BACK, LEFT_OUT, NAMED, naming, personal, shown, theirs
from control_api.tables import METADATA, DataExport, ExportPiece, Title
from control_api.tables.row import REGISTRY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy import ColumnElement, Table
    from sqlalchemy.ext.asyncio import AsyncConnection
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.tables import Job

_AT_ONCE: Final = 500
"""Rows in memory at a time."""
PIECE: Final = 1 << 18
"""Bytes of a piece of the archive."""
_PIECES: Final = 16
"""Pieces of one transaction."""
ABOUT: Final = "about.json"
_STAFF: Final = "somebody of the station"


class Make(BaseModel):
    """Which archive is to be made."""

    export: Annotated[str, Field(max_length=40)]


class Came(BaseModel):
    """What came of it."""

    rows: int
    size: int


async def write(database: Database, account: str, file: BinaryIO, now: datetime) -> dict[str, int]:
    """Write the archive of an account into an empty file; how many rows of which table."""
    tables = [table for table in personal() if table.name not in LEFT_OUT]
    tables += [METADATA.tables[name] for name in sorted(NAMED)]
    counts: dict[str, int] = {}
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        async with database.reading() as session:
            connection = await session.connection()
            for table in tables:
                counts[table.name] = await _table(connection, archive, table, account)
        about = {
            "account": account,
            "made_at": written(now),
            "tables": {name: {"is": _meant(name), "rows": count} for name, count in counts.items()},
            "kept_back": [
                {"table": table, "column": column, "because": why} for (table, column), why in KEPT_BACK.items()
            ],
            "left_out": dict(LEFT_OUT),
        }
        await asyncio.to_thread(archive.writestr, ABOUT, _json(about, indent=1))
    return counts


async def _table(connection: AsyncConnection, archive: ZipFile, table: Table, account: str) -> int:
    """One table, as a list of objects; how many."""
    count = 0
    with archive.open(f"{table.name}.json", "w") as entry:
        entry.write(b"[")
        async for rows in _rows(connection, table, account):
            await _named(connection, table, rows)
            text = b",".join(b"\n" + _json(_for(account, table, row)) for row in rows)
            await asyncio.to_thread(entry.write, b"," + text if count else text)
            count += len(rows)
        entry.write(b"\n]\n")
    return count


async def _rows(connection: AsyncConnection, table: Table, account: str) -> AsyncIterator[list[dict[str, Any]]]:
    """Some at a time, by their keys: a cursor of the database would outlive a job that is stopped."""
    if table.name != AUDIT:
        whose = theirs(table, account) if table in personal() else naming(table, account)
        async for some in _found(connection, table, whose):
            yield some
        return
    async for span, _ in portions(connection, table.c.id):
        async for some in _found(connection, table, and_(span, naming(table, account))):
            yield some


async def _found(
    connection: AsyncConnection, table: Table, whose: ColumnElement[bool]
) -> AsyncIterator[list[dict[str, Any]]]:
    keys, names = list(table.primary_key.columns), shown(table)
    wanted = table.select().where(whose).order_by(*keys).limit(_AT_ONCE)
    found = (await connection.execute(wanted)).mappings().all()
    while found:
        yield [{name: _plain(row[name]) for name in names} for row in found]
        last = tuple_(*(literal(found[-1][key.name], key.type) for key in keys))
        found = (await connection.execute(wanted.where(tuple_(*keys) > last))).mappings().all()


async def _named(connection: AsyncConnection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Put the names of titles beside their ids, which say nothing to people."""
    columns = [key.parent.name for key in table.foreign_keys if key.column.table.name == "title"]
    ids = {row[name] for row in rows for name in columns if row[name] is not None}
    if not ids:
        return
    found = await connection.execute(select(Title.id, Title.name).where(col(Title.id).in_(ids)))
    names = {row.id: row.name for row in found}
    for row in rows:
        for name in columns:
            row[f"{name.removesuffix('_id')}_name"] = names.get(row[name])


def _for(account: str, table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """The row, without what it says of others."""
    if table.name == "audit" and row["caller"] != account:
        return {**row, "caller_name": _STAFF, "address": ""}
    return row


def _plain(value: Any) -> Any:  # noqa: ANN401 — whatever a column holds
    if isinstance(value, datetime):
        return written(value)
    return b64encode(value).decode() if isinstance(value, bytes) else value


def _json(value: object, indent: int | None = None) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=indent).encode("utf-8", "replace")


def _meant(name: str) -> str:
    """What a table is, in the words of its model."""
    found = (mapper.class_ for mapper in REGISTRY.mappers if getattr(mapper.local_table, "name", "") == name)
    return next(((one.__doc__ or "").partition("\n")[0] for one in found), "")


async def _work(work: Work, given: Make) -> Came | None:
    async with work.database.reading() as session:
        row = (await session.exec(select(DataExport).where(DataExport.id == given.export))).one_or_none()
    if row is None:  # its owner, or the account, is gone meanwhile
        return None
    with tempfile.TemporaryFile() as spool:
        counts = await write(work.database, row.account_id, spool, work.clock())
        size, digest = await asyncio.to_thread(_measured, spool)
        async with work.database.writing() as session:  # of an attempt that died
            await session.exec(delete(ExportPiece).where(col(ExportPiece.export_id) == row.id))
        for first in range(0, size, PIECE * _PIECES):
            some = await asyncio.to_thread(_pieces, spool, first)
            await work.progress(first * 1000 // max(size, 1), "storing it")
            async with work.database.writing() as session:
                values = [
                    {"export_id": row.id, "number": first // PIECE + place, "content": content}
                    for place, content in enumerate(some)
                ]
                await session.exec(insert(ExportPiece).values(values))
    async with work.database.writing() as session:
        held = select(DataExport).where(DataExport.id == row.id).with_for_update()
        found = (await session.exec(held)).one_or_none()
        if found is None:
            return None
        found.rows, found.size, found.digest = sum(counts.values()), size, digest
        found.ended_at = whole_millis(work.clock())
        session.add(found)
        await note(session, row.account_id, Note.READY, whole_millis(work.clock()), row.expires_at)
    return Came(rows=sum(counts.values()), size=size)


def _measured(spool: BinaryIO) -> tuple[int, str]:
    spool.seek(0)
    digest = hashlib.file_digest(spool, "sha256").hexdigest()  # type: ignore[arg-type] # it can be read into
    return spool.tell(), digest


def _pieces(spool: BinaryIO, first: int) -> list[bytes]:
    spool.seek(first)
    found = [spool.read(PIECE) for _ in range(_PIECES)]
    return [piece for piece in found if piece]


async def _ended(session: AsyncSession, job: Job) -> None:
    row = (await session.exec(select(DataExport).where(DataExport.id == job.given["export"]))).one_or_none()
    if row is not None and row.ended_at is None:
        row.ended_at = job.ended_at
        session.add(row)


EXPORT: Final = JobKind("export_account", Make, _work, everywhere=2, ended=_ended)
"""Two at a time."""
