"""Making the demo: its titles by way of an import, its pictures, an account of each role, and an audience.

Law: to seed twice changes nothing. Passwords are made by chance, and shown once: nobody can know them beforehand.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col, func, select

from control_api import schema
from control_api.changes import Actor
from control_api.database import Database
from control_api.demo.library import titles
from control_api.demo.posters import SIZES, poster
from control_api.demo.watching import audience
from control_api.imports.bringing import BATCH, Bringing
from control_api.imports.formats import Format
from control_api.imports.records import Item, Notes
from control_api.imports.running import Wanted, bring, ended, new
from control_api.instants import whole_millis
from control_api.jobs.queue import Queue, in_use
from control_api.library.artwork import Hanging, hang
from control_api.library.pictures import Shape, drawn, kept
from control_api.people import accounts
from control_api.people.names import folded
from control_api.people.passwords import Passwords
from control_api.people.roles import Role
from control_api.tables import Account, Artwork, Asset, ImportMemory, Title

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping

    from control_api.library.pictures import Picture
    from control_api.settings import Settings
    from playout.clock import Clock
    from playout.store import Store

FEED: Final = "seed"
_PICTURED: Final = 60
"""Titles that have pictures: enough for a front page, and drawn in seconds."""


_FEW: Final = 500
"""More titles than that are no samples, and are not looked at one by one."""
_LEVELS: Final = 2
"""Seasons, and series: what may have something beneath it."""


class NotOurs(Exception):
    """There are titles that are not of the demo. Says how many."""


@dataclass(slots=True)
class Seeded:
    """What there is now."""

    made: int
    unchanged: int
    pictures: int = 0
    viewers: int = 0
    """Profiles that were given a history."""
    accounts: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, role and password of each account that was made."""


async def seed(
    settings: Settings,
    count: int,
    number: int,
    clock: Clock,
    *,
    beside: frozenset[str] | None = frozenset(),
    pictured: int = _PICTURED,
) -> Seeded:
    """Make the demo, with pictures of its first `pictured` films and series.

    Raises `NotOurs` where there are titles that are neither the demo's nor called as one of `beside`: the films that a
    first start makes, so that there is something to watch. None: whatever there is.
    """
    await schema.upgrade(settings.database_url)
    database = Database(settings.database_url, connections=2, patience_ms=60_000)
    in_use(database, Queue(settings))
    try:
        if beside is not None:
            await _check(database, beside)
        done = await _titles(database, count, number, clock)
        done.pictures = await _pictures(database, settings, pictured, clock)
        done.accounts = await _accounts(database, settings, clock)
        fresh = [name for name, role, _ in done.accounts if role == Role.VIEWER]
        done.viewers = await audience(database, FEED, number, whole_millis(clock()), fresh)
    finally:
        await database.close()
    return done


async def _check(database: Database, beside: frozenset[str]) -> None:
    foreign = col(Title.id).not_in(select(ImportMemory.title_id).where(col(ImportMemory.feed).startswith(FEED)))
    async with database.reading() as session:
        others = (await session.exec(select(func.count()).where(foreign))).one()
        if 0 < others <= _FEW:
            rows = (await session.exec(select(Title.id, Title.parent_id).where(foreign))).all()
            media = select(Asset.title_id, Asset.about).where(col(Asset.title_id).in_([title for title, _ in rows]))
            others = len(strange(dict(rows), (await session.exec(media)).all(), beside))
    if others:
        message = f"there are {others} titles that are not of the demo"
        raise NotOurs(message)


def strange(
    parents: Mapping[str, str | None], media: Iterable[tuple[str, Mapping[str, Any]]], beside: frozenset[str]
) -> set[str]:
    """Which titles are somebody's own. Pure.

    `parents` says of each title what stands above it, `media` what each asset says of itself. Not strange are titles
    all of whose assets are called as one of `beside`, and what has nothing but such titles beneath it.
    """
    called: dict[str, set[str]] = {}
    for title, about in media:
        called.setdefault(title, set()).add(str(about.get("title", "")))
    known = {title for title, names in called.items() if names <= beside}
    beneath: dict[str, set[str]] = {}
    for title, parent in parents.items():
        if parent is not None:
            beneath.setdefault(parent, set()).add(title)
    for _ in range(_LEVELS):
        known |= {title for title, below in beneath.items() if title not in called and below <= known}
    return parents.keys() - known


async def _titles(database: Database, count: int, number: int, clock: Clock) -> Seeded:
    row = new(Wanted(format=Format.SEED, name=f"{count} titles", feed=f"{FEED}-{number}"), FEED, whole_millis(clock()))
    async with database.writing() as session:
        session.add(row)
    bringing = Bringing(row.id, row.feed, Actor("command", "command line", "seed", request_id=row.id))
    await bring(database, bringing, batches(titles(count, number)), clock, _quiet)
    done = await ended(database, bringing, Notes(), clock)
    return Seeded(done.made, done.unchanged)


async def _quiet(_seen: int) -> None:
    """Nobody is told how far it is."""


async def batches(made: Iterator[Item]) -> AsyncIterator[list[Item]]:
    """All of them, as many at a time as are brought in together."""
    while items := await asyncio.to_thread(lambda: list(islice(made, BATCH))):
        yield items


async def _pictures(database: Database, settings: Settings, most: int, clock: Clock) -> int:
    """Draw pictures of the first titles, as far as they have none."""
    has = select(Artwork.title_id).where(col(Artwork.title_id).is_not(None))
    ours = select(ImportMemory.title_id).where(col(ImportMemory.feed).startswith(FEED))
    wanted = select(Title).where(col(Title.id).in_(ours), col(Title.kind).in_(("movie", "series")))
    async with database.reading() as session:
        first = (await session.exec(wanted.order_by(col(Title.id)).limit(most))).all()
        done = set((await session.exec(has)).all())
    store, count = await asyncio.to_thread(settings.place.store), 0
    for title in first:
        if title.id in done:
            continue
        for shape in SIZES:
            picture = await asyncio.to_thread(_drawn, store, title.name, shape)
            async with database.writing() as session:
                await hang(session, Hanging("upload", "demo", title_id=title.id, shape=Shape(shape)), picture, clock())
            count += 1
    return count


def _drawn(store: Store, name: str, shape: str) -> Picture:
    picture = drawn(poster(name, shape), Shape(shape))
    kept(store, picture)
    return picture


async def _accounts(database: Database, settings: Settings, clock: Clock) -> list[tuple[str, str, str]]:
    """An account of each role, where there is none of its name."""
    found = []
    passwords = Passwords(settings)
    try:
        for role in Role:
            name, password = f"demo-{role}", secrets.token_urlsafe(12)
            if await _is_there(database, name):
                continue
            hashed = await passwords.make(password)
            wanted = accounts.Wanted(username=name, email=None, role=role, password=hashed)
            async with database.writing() as session:
                await accounts.made(session, wanted, whole_millis(clock()))
            found.append((name, str(role), password))
    finally:
        passwords.close()
    return found


async def _is_there(database: Database, name: str) -> bool:
    async with database.reading() as session:
        there = select(Account.id).where(Account.username_folded == folded(name))
        return (await session.exec(there)).first() is not None
