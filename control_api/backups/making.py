"""Making a backup while the station runs: one snapshot of the database, then the files of the store.

Law: the archive has its name once it is whole and on the disk, and not before.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final

from sqlalchemy import text

from control_api import schema
from control_api.backups import rows, sealing, stored
from control_api.backups.archive import BadArchive, Writer
from control_api.instants import written
from control_api.settings import SECRET

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection

    from control_api.backups.stored import Content
    from control_api.database import Database
    from control_api.settings import Settings
    from playout.clock import Clock

    Tell = Callable[[int, str], Awaitable[None]]
    """Hears how much is done, of 1000, and what is being done."""

STATION: Final = "station.json"
SEALED: Final = "secrets.json"
CHANNELS: Final = "channels.yaml"
SETTINGS: Final = "settings.json"
ROWS: Final = "database"
STORE: Final = "store"
_DATABASE_PERMILLE: Final = 300
_SOME: Final = 200
_UNTOLD: Final = SECRET | {"media", "bucket", "channels"}
"""Settings that are secret, or speak of this machine alone."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is there."""

    size: int
    digest: str
    """SHA-256 of the archive, in hexadecimal digits."""
    secrets: bool
    files: int
    """Of the store."""


async def make(  # noqa: PLR0913 — said by name
    database: Database, settings: Settings, target: Path, *, media: bool, passphrase: str, clock: Clock, tell: Tell
) -> Made:
    """Write the archive `target`, `media` being whether with what is packaged.

    Raises `BadArchive` when there is one already, or the store cannot be copied so; `OSError` and `StoreDown`.
    """
    content = await asyncio.to_thread(stored.content, settings.place)
    content.check(media=media)
    if await asyncio.to_thread(target.exists):
        message = f"{target} is there already: name another file"
        raise BadArchive(message)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    try:
        await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
        with await asyncio.to_thread(draft.open, "xb") as file:
            writer = Writer(file, {"made_at": written(clock())})
            await _database(database, writer, target.parent, passphrase, tell)
            await asyncio.to_thread(_settings, writer, settings)
            count = await _store(writer, content, media=media, tell=tell)
            await asyncio.to_thread(_end, writer, file)
        return await asyncio.to_thread(_named, draft, target, count, sealed=bool(passphrase))
    finally:
        await asyncio.to_thread(draft.unlink, missing_ok=True)


async def _database(database: Database, writer: Writer, folder: Path, passphrase: str, tell: Tell) -> None:
    """All rows, as they are at one moment."""
    engine = database.engine
    if not database.is_sqlite:
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    async with engine.connect() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SET LOCAL statement_timeout = 0"))
        tables = rows.tables()
        about = {
            "revision": await connection.run_sync(schema.revision_of),
            "tables": {table.name: rows.described(table) for table in tables},
        }
        await asyncio.to_thread(_add, writer, STATION, about)
        for number, table in enumerate(tables):
            await tell(number * _DATABASE_PERMILLE // len(tables), f"reading the table {table.name}")
            with tempfile.TemporaryFile(dir=folder) as spool:  # its length stands before it
                async for some in rows.lines(connection, table):
                    await asyncio.to_thread(spool.write, some)
                size = spool.tell()
                spool.seek(0)
                await asyncio.to_thread(writer.add, f"{ROWS}/{table.name}.jsonl", spool, size)
        if passphrase:
            sealed = await asyncio.to_thread(sealing.sealed, await _secrets(connection), passphrase)
            await asyncio.to_thread(writer.add, SEALED, io.BytesIO(sealed), len(sealed))


async def _secrets(connection: AsyncConnection) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for table in rows.secret_tables():
        text_ = b"".join([some async for some in rows.lines(connection, table)])
        found[table.name] = {"columns": rows.described(table), "rows": text_.decode().splitlines()}
    return found


def _settings(writer: Writer, settings: Settings) -> None:
    _add(writer, SETTINGS, {name: value for name, value in settings.told().items() if name not in _UNTOLD})
    try:
        channels = settings.channels.read_bytes()
    except FileNotFoundError:
        return
    writer.add(CHANNELS, io.BytesIO(channels), len(channels))


def _add(writer: Writer, name: str, content: object) -> None:
    whole = json.dumps(content, indent=1, ensure_ascii=False).encode()
    writer.add(name, io.BytesIO(whole), len(whole))


async def _store(writer: Writer, content: Content, *, media: bool, tell: Tell) -> int:
    names = await asyncio.to_thread(stored.listed, content, media=media)
    for start in range(0, len(names), _SOME):
        share = (1000 - _DATABASE_PERMILLE) * start // len(names)
        await tell(_DATABASE_PERMILLE + share, f"{start} of {len(names)} files of the store")
        await asyncio.to_thread(_some, writer, content, names[start : start + _SOME])
    return len(names)


def _some(writer: Writer, content: Content, names: list[str]) -> None:
    for name in names:
        content.add(writer, f"{STORE}/{name}", name)


def _end(writer: Writer, file: IO[bytes]) -> None:
    writer.end()
    file.flush()
    os.fsync(file.fileno())


def _named(draft: Path, target: Path, count: int, *, sealed: bool) -> Made:
    with draft.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    try:
        os.link(draft, target)
    except FileExistsError as error:
        message = f"{target} is there already: name another file"
        raise BadArchive(message) from error
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return Made(target.stat().st_size, digest, sealed, count)
