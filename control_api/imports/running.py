"""Running an import, for the command line and for jobs: items are read in a thread, and brought in batch by batch."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlmodel import col, delete, func, select

from control_api.happenings import Happening, append
from control_api.ids import new_id
from control_api.imports.bringing import BATCH, MOST, Bringing
from control_api.imports.formats import READERS, Format
from control_api.imports.records import Item, Notes, Unreadable
from control_api.instants import whole_millis
from control_api.tables import Import, ImportEntry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from control_api.database import Database
    from playout.clock import Clock

    Tell = Callable[[int], Awaitable[None]]
    """Hears how many items have been brought in."""

FOLDER: Final = "imports"
"""The folder of the store in which files lie until they are read."""
_COUNTS: Final = ("made", "changed", "unchanged", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be imported."""

    format: Format
    name: str = ""
    feed: str = ""
    """Empty: that of the format."""
    dry_run: bool = False
    state: str = "draft"
    """In which titles begin that do not say."""
    is_closed: bool = False
    """Whether something may be premium: see `control_api.plans.gate`."""


def new(wanted: Wanted, owner: str, now: datetime) -> Import:
    """The row of an import that is to begin."""
    return Import(
        id=new_id("im"),
        format=wanted.format,
        name=wanted.name[:255],
        feed=wanted.feed or wanted.format,
        dry_run=wanted.dry_run,
        owner=owner,
        created_at=now,
    )


def place(media: Path, run: str) -> Path:
    """Where the file of an import lies; `run` is its id, and never anything that a client said."""
    return media / FOLDER / run


async def bring(
    database: Database, bringing: Bringing, batches: AsyncIterator[list[Item]], clock: Clock, tell: Tell
) -> Import:
    """Bring all batches in; the row as it is in the end. Raises `Unreadable`, what came before being kept.

    What an attempt before this one has brought in is passed over; a dry run begins anew.
    """
    done = await resume(database, bringing)
    seen = 0
    async for items in batches:
        fresh = items[max(done - seen, 0) :]
        seen += len(items)
        if seen > MOST:
            message = f"an import has {MOST} items at most: part the file"
            raise Unreadable(message)
        if fresh:
            async with database.writing() as session:
                await bringing.batch(session, fresh, whole_millis(clock()))
        await tell(seen)
    async with database.reading() as session:
        return (await session.exec(select(Import).where(Import.id == bringing.id))).one()


async def resume(database: Database, bringing: Bringing) -> int:
    """How many items are brought in already; a dry run begins anew."""
    async with database.writing() as session:
        if not bringing.dry_run:
            counted = select(func.count()).where(
                ImportEntry.import_id == bringing.id, col(ImportEntry.implied).is_(False)
            )
            return (await session.exec(counted)).one()
        await session.exec(delete(ImportEntry).where(col(ImportEntry.import_id) == bringing.id))
        row = (await session.exec(select(Import).where(Import.id == bringing.id))).one()
        for name in (*_COUNTS, "entries"):
            setattr(row, name, 0)
        session.add(row)
        return 0


async def ended(database: Database, bringing: Bringing, notes: Notes, clock: Clock) -> Import:
    """Write down that the import is over, and tell it."""
    async with database.writing() as session:
        row = (await session.exec(select(Import).where(Import.id == bringing.id))).one()
        now = whole_millis(clock())
        row.notes, row.ended_at = notes.lines, now
        row.version += 1
        session.add(row)
        await session.flush()
        counts = {name: getattr(row, name) for name in _COUNTS}
        told = Happening("import.ended", row.id, {"by": bringing.actor.id, "dry_run": row.dry_run, **counts})
        await append(session, [told], now)
    return row


async def of_file(path: Path, form: Format, notes: Notes) -> AsyncIterator[list[Item]]:
    """The items of a file, in batches. Raises `Unreadable`, once what was read before it is handed on."""
    reading = READERS[form](path, notes)
    while True:
        items, error = await asyncio.to_thread(_some, reading)
        if items:
            yield items
        if error is not None:
            raise error
        if len(items) < BATCH:
            return


def _some(reading: Iterator[Item]) -> tuple[list[Item], Unreadable | None]:
    found: list[Item] = []
    try:
        for item in reading:
            found.append(item)
            if len(found) == BATCH:
                return found, None
    except Unreadable as error:
        return found, error
    except (OSError, UnicodeError) as error:
        return found, Unreadable(str(error))
    return found, None
