"""Telling: the loop of the one process that appends the events of the air to the list.

Law: what is told and how far it has been told are committed together. So whatever is killed, each is told once, and
in the order in which it happened on its channel.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select, update

from control_api.air.listening import Ear
from control_api.air.places import Place, Shelf
from control_api.air.telling import MOST, tell
from control_api.database import is_outage
from control_api.duties import Duty
from control_api.happenings import Happening, append
from control_api.ids import new_id
from control_api.instants import whole_millis
from control_api.tables import AirPlace
from control_api.trouble import Trouble
from playout.store import StoreDown

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.happenings import Feed
    from playout.clock import Clock
    from playout.store import Store

_log: Final = logging.getLogger("fastline.api")

DUTY: Final = "air"
LEASE: Final = timedelta(seconds=30)
PERIOD: Final = 1.0
"""Seconds from one look to the next."""
STEP: Final = timedelta(seconds=2)
"""How far the wall clock must part from the monotonic one between two looks, to have been set."""
_LIBRARY: Final = ""
_SLOW: Final = 4  # the library is looked at in one of this many looks

Monotonic = Callable[[], int]
"""Nanoseconds of a clock that nobody sets."""


class Overtaken(Exception):
    """Another process has told meanwhile what was to be told."""


class Teller:
    """What one process tells."""

    def __init__(
        self, store: Store, database: Database, feed: Feed, clock: Clock, monotonic: Monotonic = time.monotonic_ns
    ) -> None:
        self._store = store
        self._database = database
        self._feed = feed
        self._clock = clock
        self._monotonic = monotonic
        self.duty = Duty(database, DUTY, new_id("at"), LEASE)
        """Of telling; it is laid down at the end of `run`."""
        self._ear = Ear(store)
        self._places: dict[str, tuple[int, Place]] | None = None
        """The places with their versions; None when they are not known."""
        self._shelf: tuple[int, Shelf | None] = (0, None)
        self._looked: tuple[datetime, int] | None = None
        self._looks = 0
        self._trouble = Trouble(_log, "the events of the air are not told now", "untold")

    async def run(self) -> None:
        """Tell until cancelled. While the store or the database does not answer nothing is told; it is made up for."""
        await self.duty.done(self._looked_once, PERIOD)

    async def _looked_once(self) -> None:
        """One look, or why there is none."""
        try:
            await self.look()
            self._trouble.end()
        except Exception as error:
            if not is_outage(error) and not isinstance(error, (StoreDown, Overtaken, IntegrityError)):
                raise
            self._places = None
            down = isinstance(error, StoreDown)
            self._trouble.say(f"{type(error).__name__}: {str(error)[:200]}" if down else "an outage")

    async def look(self) -> int:
        """Tell what has happened since the last look, if it is this process that tells; how many events."""
        now = whole_millis(self._clock())
        if not await self.duty.holds(now):
            self._places = None
            self._looked = None
            return 0
        if self._places is None:
            await self._recall()
        stepped = self._stepped(now)
        told = await asyncio.to_thread(self._heard, now)
        happenings = [*stepped, *(one for some, _, _ in told for one in some)]
        # a place that has moved on in silence would fall silent again: it is not worth a write
        moved = {channel: place for some, channel, place in told if some}
        shelf = self._shelf[1]
        if self._looks % _SLOW == 0:
            fresh, shelf = await asyncio.to_thread(self._ear.fresh, self._shelf[1], MOST)
            happenings += [Happening("asset.ready", one.id, {"title": one.title, "kind": one.kind}) for one in fresh]
        self._looks += 1
        if happenings or shelf != self._shelf[1]:
            await self._write(happenings, moved, shelf, now)
        silent = {channel: place for some, channel, place in told if not some}
        places = self._places or {}
        self._places = places | {channel: (places.get(channel, (0,))[0], place) for channel, place in silent.items()}
        return len(happenings)

    async def _recall(self) -> None:
        """Read what has been told."""
        async with self._database.reading() as session:
            rows = (await session.exec(select(AirPlace))).all()
        self._places = {row.channel: (row.version, Place.of(row.told)) for row in rows if row.channel != _LIBRARY}
        self._shelf = next(((row.version, Shelf.of(row.told)) for row in rows if row.channel == _LIBRARY), (0, None))

    def _stepped(self, now: datetime) -> list[Happening]:
        """Whether the wall clock was set since the last look."""
        before, self._looked = self._looked, (now, self._monotonic())
        if before is None:
            return []
        by = (now - before[0]) - timedelta(microseconds=(self._looked[1] - before[1]) // 1000)
        if abs(by) < STEP:
            return []
        return [Happening("clock.drifted", "clock", {"kind": "wall", "by_ms": by // timedelta(milliseconds=1)})]

    def _heard(self, now: datetime) -> list[tuple[list[Happening], str, Place]]:
        """What there is to tell of each channel of which there is something, and its new place."""
        known = {channel: place for channel, (_, place) in (self._places or {}).items()}
        found = []
        for heard in self._ear.hear(known, now):
            before = known.get(heard.channel, Place())
            happenings, place = tell(heard, before, now)
            if happenings or place != before:
                found.append((happenings, heard.channel, place))
        return found

    async def _write(
        self, happenings: list[Happening], moved: dict[str, Place], shelf: Shelf | None, now: datetime
    ) -> None:
        """Append the events, and move the places on with them."""
        places = self._places or {}
        versions = {channel: places[channel][0] if channel in places else 0 for channel in moved}
        async with self._database.writing() as session:
            for channel, place in sorted(moved.items()):
                await _move(session, channel, versions[channel], place.kept())
            if shelf is not None and shelf != self._shelf[1]:
                await _move(session, _LIBRARY, self._shelf[0], shelf.kept())
            await append(session, happenings, now)
        self._places = {**places, **{channel: (versions[channel] + 1, place) for channel, place in moved.items()}}
        if shelf != self._shelf[1]:
            self._shelf = self._shelf[0] + 1, shelf
        if happenings:
            self._feed.ring()


async def _move(session: AsyncSession, channel: str, version: int, told: dict[str, object]) -> None:
    """Move one place on; raises `Overtaken`, or breaks the key of the table, when somebody else has moved it."""
    if not version:
        session.add(AirPlace(channel=channel, told=told, version=1))
        await session.flush()
        return
    mine = (col(AirPlace.channel) == channel, col(AirPlace.version) == version)
    done = await session.exec(update(AirPlace).where(*mine).values(told=told, version=version + 1))
    if not done.rowcount:
        raise Overtaken(channel)
