"""Restoring a backup into an empty place, of whatever database it was made.

Laws. Every digest is verified before anything is written. What is there stays: a place with content is refused.
Files lie beside their places until all are there and the database has all rows; then everything appears together.
What is of an older schema goes into that schema, and is brought up to date by the migrations.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from sqlalchemy import inspect, text

from control_api import schema
from control_api.backups import rows, sealing, stored
from control_api.backups.archive import BadArchive, Entry, Reader, verified
from control_api.backups.making import CHANNELS, ROWS, SEALED, STATION, STORE
from control_api.backups.stored import Content
from control_api.database import Database
from control_api.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.ext.asyncio import AsyncConnection

    Opening = Callable[[], IO[bytes]]
    """Opens the archive."""

_SMALL: Final = 64 << 20
_AT_ONCE: Final = 500
_LINE: Final = 64 << 20
"""Bytes of one row."""


class NotEmpty(Exception):
    """There is content where the backup is to go. Says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back."""

    made_at: str
    tables: int
    rows: int
    files: int
    secrets: bool
    """Whether what the station signs with came back: tokens and webhooks' secrets are good as before."""


@dataclass(slots=True)
class _Place:
    """Where it goes, and what is there so far."""

    settings: Settings
    content: Content
    staging: Path
    columns: dict[str, dict[str, str]]
    rows: int = 0
    files: int = 0
    has_secrets: bool = False
    has_channels: bool = False


async def restore(archive: Path, settings: Settings, passphrase: str) -> Restored:
    """Bring a station back. Raises `BadArchive`, `NotEmpty` and `StoreDown`; then nothing of it is there."""

    def opening() -> IO[bytes]:
        return archive.open("rb")

    manifest = await asyncio.to_thread(verified, opening)
    station = await asyncio.to_thread(_station, opening)
    content = await asyncio.to_thread(stored.content, settings.place)
    await _check_empty(settings, content)
    staging = settings.media / f".restore-{secrets.token_hex(6)}"
    place = _Place(settings, content, staging, station["tables"])
    await asyncio.to_thread(partial(staging.mkdir, parents=True))
    try:
        await _bring(opening, place, station["revision"], passphrase)
    finally:
        await asyncio.to_thread(shutil.rmtree, staging, ignore_errors=True)
    await schema.upgrade(settings.database_url)
    return Restored(str(manifest.get("made_at", "")), len(place.columns), place.rows, place.files, place.has_secrets)


def _station(opening: Opening) -> dict[str, Any]:
    """What the archive says of its rows. Raises `BadArchive`."""
    with opening() as file:
        reader = Reader(file)
        entry = next(reader.entries(), None)
        if entry is None or entry.name != STATION:
            message = "it is no backup of a station"
            raise BadArchive(message)
        found = json.loads(reader.whole(entry, _SMALL))
    tables = found.get("tables")
    kinds = set(rows.KINDS)
    is_good = isinstance(tables, dict) and all(
        isinstance(columns, dict) and rows.is_name(name) and all(rows.is_name(one) for one in columns)
        and set(columns.values()) <= kinds for name, columns in tables.items()
    )  # fmt: skip
    if not is_good:
        message = "what it says of its tables cannot be read"
        raise BadArchive(message)
    if found.get("revision") not in schema.revisions():
        message = f"it is of schema {found.get('revision')}, which this version does not know: take a newer Fastline"
        raise BadArchive(message)
    return dict(found)


async def _check_empty(settings: Settings, content: Content) -> None:
    there = await asyncio.to_thread(content.folders)
    if there:
        kind = "bucket, or below another prefix" if settings.bucket else "folder"
        message = f"there is content in {settings.place}: {', '.join(there[:5])}. Restore into an empty {kind}"
        raise NotEmpty(message)
    if await asyncio.to_thread(settings.channels.exists):
        message = f"{settings.channels} is there: move it away, or restore in another folder"
        raise NotEmpty(message)
    database = Database(settings.database_url, connections=1)
    try:
        if database.is_sqlite and not database.has_file():
            return
        async with database.engine.connect() as connection:
            tables = await connection.run_sync(lambda plain: inspect(plain).get_table_names())
            found = await rows.filled(connection, tables)
    finally:
        await database.close()
    if found is not None:
        message = f"there is content in the table {found} of the database: name an empty one"
        raise NotEmpty(message)


async def _bring(opening: Opening, place: _Place, revision: str, passphrase: str) -> None:
    url = place.settings.database_url
    await _at_revision(url, revision)
    database = Database(url, connections=1, patience_ms=60_000)
    moved: list[str] = []
    try:
        async with database.engine.execution_options(fastline_writing=True).begin() as connection:
            if not database.is_sqlite:
                await connection.execute(text("SET LOCAL statement_timeout = 0"))
            await _read(opening, connection, place, passphrase)
            await rows.count_on(connection, place.columns)
            await asyncio.to_thread(_appear, place, moved)
    except BaseException:
        try:
            await asyncio.to_thread(_disappear, place, moved)
        finally:
            await database.close()
            await schema.downgrade(url, schema.NOTHING)
        raise
    await database.close()


async def _at_revision(url: str, revision: str) -> None:
    """Tables of that revision, with nothing in them."""
    database = Database(url, connections=1)
    try:
        there = await schema.current(database) if not database.is_sqlite or database.has_file() else None
    finally:
        await database.close()
    if there is not None:
        await schema.downgrade(url, schema.NOTHING)
    await schema.upgrade(url, revision)


async def _read(opening: Opening, connection: AsyncConnection, place: _Place, passphrase: str) -> None:
    with await asyncio.to_thread(opening) as file:
        reader = Reader(file)
        entries = reader.entries()
        while (entry := await asyncio.to_thread(next, entries, None)) is not None:
            folder, _, rest = entry.name.partition("/")
            if folder == ROWS and rest:
                await _table(reader, entry, connection, place)
            elif entry.name == SEALED and passphrase:
                await _secrets(reader.whole(entry, _SMALL), connection, passphrase)
                place.has_secrets = True
            elif folder == STORE:
                _check_stored(rest)
                await asyncio.to_thread(_file, reader, entry, place.staging / entry.name)
                place.files += 1
            elif entry.name == CHANNELS:
                await asyncio.to_thread(_file, reader, entry, place.staging / CHANNELS)


def _check_stored(path: str) -> None:
    """Files of the store lie in its folders, and never where the database or uploads do."""
    top, _, rest = path.partition("/")
    if not rest or top in stored.LEFT:
        message = f"{STORE}/{path} does not belong into a backup"
        raise BadArchive(message)


async def _table(reader: Reader, entry: Entry, connection: AsyncConnection, place: _Place) -> None:
    name = entry.name.removeprefix(f"{ROWS}/").removesuffix(".jsonl")
    columns = place.columns.get(name)
    if columns is None:
        message = f"{entry.name} is of a table that the archive does not describe"
        raise BadArchive(message)
    table, whole = rows.target(name, columns), _lines(reader, entry)
    while some := await asyncio.to_thread(_parsed, whole, columns, entry.name):
        await rows.put(connection, table, some)
        place.rows += len(some)


def _parsed(whole: Iterator[bytes], columns: dict[str, str], name: str) -> list[dict[str, Any]]:
    try:
        return [rows.parsed(line, columns) for line in islice(whole, _AT_ONCE)]
    except (ValueError, TypeError, RecursionError) as error:
        message = f"{name}: {error}"
        raise BadArchive(message) from error


def _lines(reader: Reader, entry: Entry) -> Iterator[bytes]:
    held = b""
    for piece in reader.pieces(entry):
        *whole, held = (held + piece).split(b"\n")
        if len(held) > _LINE:
            message = f"{entry.name} has a row without end"
            raise BadArchive(message)
        yield from whole
    if held:
        message = f"{entry.name} breaks off within a row"
        raise BadArchive(message)


async def _secrets(text_: bytes, connection: AsyncConnection, passphrase: str) -> None:
    content = await asyncio.to_thread(sealing.opened, text_, passphrase)
    for name, kept in content.items():
        if name in rows.SECRETS:
            columns = kept["columns"]
            found = [rows.parsed(line.encode(), columns) for line in kept["rows"]]
            await rows.put(connection, rows.target(name, columns), found)


def _file(reader: Reader, entry: Entry, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        _copied(reader, entry, file)


def _copied(reader: Reader, entry: Entry, file: IO[bytes]) -> None:
    for piece in reader.pieces(entry):
        file.write(piece)
    file.flush()
    os.fsync(file.fileno())


def _appear(place: _Place, moved: list[str]) -> None:
    """Put what lies beside its place into it; `moved` tells what of the store was."""
    whole = place.staging / STORE
    if whole.is_dir():
        place.content.bring(whole, moved)
    channels = place.staging / CHANNELS
    if channels.exists():
        place.has_channels = True
        shutil.copyfile(channels, place.settings.channels)


def _disappear(place: _Place, moved: list[str]) -> None:
    """Remove it again."""
    if place.has_channels:
        place.settings.channels.unlink(missing_ok=True)
    place.content.take_back(moved)
