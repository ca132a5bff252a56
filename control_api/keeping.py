"""What the command line asks of a station as a whole: imports, the demo, backups, and the database itself."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col, select

from control_api import schema
from control_api.backups.making import make
from control_api.changes import Actor
from control_api.database import Database
from control_api.destinations import Reach
from control_api.imports.bringing import Bringing
from control_api.imports.folders import Folder, admitted
from control_api.imports.posters import POSTERS, Posters
from control_api.imports.records import Notes
from control_api.imports.running import bring, ended, new, of_file
from control_api.imports.tmdb import Ask, of_tmdb
from control_api.instants import whole_millis
from control_api.jobs import submit
from control_api.jobs.queue import Queue, in_use
from control_api.outgoing import Outgoing
from control_api.plans.gate import is_closed
from control_api.tables import Import, ImportEntry, PosterDue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from control_api.backups.making import Made
    from control_api.imports.folders import Reading
    from control_api.imports.records import Item
    from control_api.imports.running import Wanted
    from control_api.settings import Settings
    from playout.clock import Clock

CALLER: Final = "command"


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database, brought up to date, until the block ends."""
    await schema.upgrade(settings.database_url)
    database = Database(settings.database_url, connections=2, patience_ms=max(settings.database_patience_ms, 60_000))
    in_use(database, Queue(settings))
    try:
        yield database
    finally:
        await database.close()


async def import_file(
    settings: Settings, wanted: Wanted, path: Path, clock: Clock, tell: Callable[[int], Awaitable[None]]
) -> Import:
    """Import a file. Raises `Unreadable`, what came before the place being kept."""
    notes = Notes()
    async with opened(settings) as database:
        return await _bring(
            database, _closed(wanted, settings), of_file(path, wanted.format, notes), notes, clock, tell
        )


async def import_tmdb(
    settings: Settings, wanted: Wanted, ask: Ask, clock: Clock, tell: Callable[[int], Awaitable[None]]
) -> Import:
    """Import what TMDB has. Raises `Unanswered`."""
    notes = Notes()
    outgoing = Outgoing(Reach(settings.outgoing_allow, settings.outgoing_refuse))
    try:
        async with opened(settings) as database:
            found = of_tmdb(outgoing, settings, ask, notes)
            return await _bring(database, _closed(wanted, settings), found, notes, clock, tell)
    finally:
        await outgoing.close()


async def import_folder(
    settings: Settings,
    wanted: Wanted,
    folder: str,
    house: str,
    reading: Reading,
    clock: Clock,
) -> Import:
    """Have the films of a folder packaged. Raises `NotAdmitted`."""
    root, found = await asyncio.to_thread(admitted, settings, folder)
    row = new(wanted, CALLER, whole_millis(clock()))
    actor = Actor(CALLER, "command line", "import_folder", request_id=row.id)
    run = Folder(row, actor, root, found, house, reading, settings.place.store(), clock)

    async def tell(_permille: int) -> None:
        await asyncio.sleep(0)

    async with opened(settings) as database:
        async with database.writing() as session:
            session.add(row)
        return await run.bring(database, tell)


def _closed(wanted: Wanted, settings: Settings) -> Wanted:
    return replace(wanted, is_closed=is_closed(settings))


async def _bring(
    database: Database,
    wanted: Wanted,
    batches: AsyncIterator[list[Item]],
    notes: Notes,
    clock: Clock,
    tell: Callable[[int], Awaitable[None]],
) -> Import:
    row = new(wanted, CALLER, whole_millis(clock()))
    async with database.writing() as session:
        session.add(row)
    actor = Actor(CALLER, "command line", "import", request_id=row.id)
    bringing = Bringing(row.id, row.feed, actor, dry_run=wanted.dry_run, state=wanted.state, is_closed=wanted.is_closed)
    try:
        await bring(database, bringing, batches, clock, tell)
    finally:
        done = await ended(database, bringing, notes, clock)
        await _posters(database, clock)
    return done


async def _posters(database: Database, clock: Clock) -> None:
    """Have a worker copy pictures."""
    async with database.writing() as session:
        if (await session.exec(select(PosterDue).where(PosterDue.reason == "").limit(1))).first() is not None:
            await submit(session, POSTERS, Posters(), now=whole_millis(clock()))


async def refusals(settings: Settings, run: str, most: int) -> list[tuple[int, str, list[dict[str, Any]]]]:
    """The first items that were refused: line, name, and what is wrong."""
    async with opened(settings) as database, database.reading() as session:
        rows = select(ImportEntry).where(ImportEntry.import_id == run, ImportEntry.outcome == "refused")
        found = (await session.exec(rows.order_by(col(ImportEntry.number)).limit(most))).all()
    return [(entry.line, entry.name, entry.details) for entry in found]


async def back_up(settings: Settings, target: Path, passphrase: str, clock: Clock, *, media: bool) -> Made:
    """Write a backup. Raises `BadArchive` and `OSError`."""

    async def tell(_permille: int, _words: str) -> None:
        await asyncio.sleep(0)

    async with opened(settings) as database:
        return await make(database, settings, target, media=media, passphrase=passphrase, clock=clock, tell=tell)


async def reset(settings: Settings) -> None:
    """Empty the database: all its tables go, and come back with nothing in them."""
    await schema.upgrade(settings.database_url)
    await schema.downgrade(settings.database_url, schema.NOTHING)
    await schema.upgrade(settings.database_url)
