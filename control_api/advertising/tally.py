"""The tally: the loop of the one process that tells ad servers what has aired, and what went wrong.

Law: beacons and the place in the log that they follow from are written together; a process that dies between the two
leaves neither.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from control_api.advertising import beacons
from control_api.advertising.counting import begun
from control_api.air.listening import Ear
from control_api.air.places import Place
from control_api.air.telling import off_air
from control_api.database import Database, is_outage
from control_api.destinations import NotAllowed
from control_api.duties import Duty
from control_api.ids import new_id
from control_api.instants import whole_millis
from control_api.outgoing import NoAnswer, Outgoing
from control_api.settings import Settings
from control_api.tables import AdBeacon, AdPlace, AdSource
from control_api.trouble import Trouble
from playout.clock import Clock
from playout.store import Store, StoreDown

if TYPE_CHECKING:
    from control_api.advertising.counting import Aired
    from control_api.air.telling import Heard

_log: Final = logging.getLogger("fastline.api")

DUTY: Final = "ad_beacons"
LEASE: Final = timedelta(seconds=60)
PERIOD: Final = 1.0
"""Seconds from one look to the next."""
AT_ONCE: Final = 40
"""Beacons that are sent at the same time."""
_HOURLY: Final = timedelta(hours=1)


@dataclass(slots=True, eq=False)
class Tally:
    """One process that would do it."""

    settings: Settings
    store: Store
    database: Database
    outgoing: Outgoing
    clock: Clock
    chance: Callable[[int], int] = secrets.randbelow
    duty: Duty = field(init=False)
    _ear: Ear | None = None
    """Hears the air; None while nobody wants to be told of it."""
    _places: dict[str, int] | None = None
    """How far each channel has been counted; None while that is not known."""
    _orders: dict[str, int] = field(default_factory=dict)
    """How many withdrawals of a channel were seen."""
    _tidied: datetime | None = None
    _trouble: Trouble = field(init=False)

    def __post_init__(self) -> None:
        """Nobody else has this name."""
        self.duty = Duty(self.database, DUTY, new_id("tl"), LEASE)
        self._trouble = Trouble(_log, "ad servers are not told of the air now", "untold")

    async def run(self) -> None:
        """Do it until cancelled. What is not told while the store or the database is down is made up for."""
        await self.duty.done(self._turned, PERIOD)

    async def _turned(self) -> None:
        """One turn, or why there is none."""
        try:
            await self.turn()
            self._trouble.end()
        except Exception as error:
            if not is_outage(error) and not isinstance(error, (StoreDown, IntegrityError)):
                raise
            self._places = None
            self._trouble.say(type(error).__name__)

    async def turn(self) -> int:
        """Count what has begun to air, and send what is due; how many were sent, if it is this process that does it."""
        now = whole_millis(self.clock())
        async with self.database.reading() as session:
            sources = (await session.exec(select(AdSource.beacons, AdSource.enabled))).all()
        if not sources or not await self.duty.holds(now):
            self._places = self._ear = None
            return 0
        if any(wants and enabled for wants, enabled in sources):
            await self._counted(now)
        else:
            self._places = self._ear = None
            await self._forgotten()
        await self._tidy(now)
        return await self._send(now)

    # What has aired

    async def _counted(self, now: datetime) -> None:
        """Make beacons of the ads that have begun."""
        if self._places is None or self._ear is None:
            async with self.database.reading() as session:
                self._places = {row.channel: row.tick for row in (await session.exec(select(AdPlace))).all()}
            self._ear = Ear(self.store)
        known = {channel: Place(tick=tick) for channel, tick in self._places.items()}
        for heard in await asyncio.to_thread(self._ear.hear, known, now):
            await self._counted_one(heard, now)

    async def _counted_one(self, heard: Heard, now: datetime) -> None:
        places: dict[str, int] = {} if self._places is None else self._places
        before = places.get(heard.channel)
        aired, tick = begun(heard, before, now)
        orders = len(heard.orders) + len(heard.inherited)
        is_pulled = self._orders.get(heard.channel, 0) != orders
        if before is not None and not aired and not is_pulled:
            places[heard.channel] = tick  # where nothing is told, the place need not be kept
            return
        async with self.database.writing() as session:
            await beacons.add(session, await self._rows(session, aired))
            if is_pulled:
                gone = off_air([*heard.inherited, *(order for _, order in heard.orders)])
                await beacons.cut_off(session, heard.channel, gone, now)
            await session.merge(AdPlace(channel=heard.channel, tick=tick))
        places[heard.channel] = tick
        self._orders[heard.channel] = orders

    async def _rows(self, session: Any, aired: list[Aired]) -> list[dict[str, Any]]:  # noqa: ANN401 — a session
        offers = await beacons.wanted(session, sorted({one.asset for one in aired}))
        return [row for one in aired for row in beacons.rows_of(one, offers.get(one.asset, ()), self.chance)]

    async def _forgotten(self) -> None:
        """Where nobody wants to be told, begin with what airs from then on when somebody does."""
        async with self.database.reading() as session:
            rows = (await session.exec(select(AdPlace))).all()
        if rows:
            async with self.database.writing() as session:
                for row in rows:
                    await session.delete(await session.merge(row))

    # What is told

    async def _send(self, now: datetime) -> int:
        """Send what is due; each is written down as soon as it is answered."""
        rows = await beacons.due(self.database, now, AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            for row in rows:
                tasks.create_task(self._send_one(row))
        return len(rows)

    async def _send_one(self, row: AdBeacon) -> None:
        status, words = None, ""
        try:
            async with self.outgoing.asked("GET", row.url, limits=beacons.LIMITS) as reply:
                status = reply.status
        except (NoAnswer, NotAllowed) as error:
            words = "" if status is not None else str(error)
        except Exception:  # noqa: BLE001 — whatever one URL does, the others are told
            _log.exception("%s: it could not be sent, by a mistake of ours", row.id)
            words = "it could not be sent, by a mistake of ours; the journal has it"
        if status is not None and not 200 <= status < 400:  # noqa: PLR2004 — the classes of good answers
            words = f"it answered {status}"
        await beacons.record(self.database, row, status, words, whole_millis(self.clock()))

    async def _tidy(self, now: datetime) -> None:
        if self._tidied is not None and abs(now - self._tidied) < _HOURLY:
            return
        self._tidied = now
        async with self.database.writing() as session:
            await beacons.give_up(session, now)
            await beacons.forget(session, now - timedelta(days=self.settings.delivery_days))
