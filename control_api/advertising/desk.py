"""The desk: the loop of the one process that asks ad servers, and follows what they offer to the air and off it."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from control_api.advertising.asking import Decision, Question, ask
from control_api.advertising.creatives import follow, settle
from control_api.advertising.offers import FETCHING, decided
from control_api.database import Database, is_outage
from control_api.duties import Duty
from control_api.happenings import Feed, append
from control_api.ids import new_id
from control_api.instants import whole_millis
from control_api.outgoing import Outgoing
from control_api.problems import Problem
from control_api.settings import Settings
from control_api.tables import AdCreative, AdSource, AdSourceState
from control_api.trouble import Trouble
from playout.clock import Clock
from playout.core.house import DEFAULT_HOUSE, HOUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

_log: Final = logging.getLogger("fastline.api")

DUTY: Final = "ads"
LEASE: Final = timedelta(minutes=3)
"""Longer than any question takes."""
PERIOD: Final = 1.0
"""Seconds from one turn to the next."""
SETTLED: Final = timedelta(seconds=10)
"""How often it is looked whether offers have ended, where nothing else has happened."""
AT_ONCE: Final = 8
"""Sources that are asked at the same time."""


@dataclass(slots=True, eq=False)
class Desk:
    """One process that would do it."""

    settings: Settings
    database: Database
    outgoing: Outgoing
    feed: Feed
    clock: Clock
    free: Callable[[], Awaitable[int]]
    """How many bytes the disk of the store has left."""
    chance: Callable[[int], int] = secrets.randbelow
    duty: Duty = field(init=False)
    _settled: datetime | None = None
    _trouble: Trouble = field(init=False)

    def __post_init__(self) -> None:
        """Nobody else has this name."""
        self.duty = Duty(self.database, DUTY, new_id("ad"), LEASE)
        self._trouble = Trouble(_log, "ad servers are not asked now", "unasked")

    async def run(self) -> None:
        """Do it until cancelled. While the database does not answer nothing is asked."""
        await self.duty.done(self._turned, PERIOD)

    async def _turned(self) -> None:
        """One turn, or why there is none."""
        try:
            await self.turn()
            self._trouble.end()
        except Exception as error:
            if not is_outage(error) and not isinstance(error, (IntegrityError, Problem)):
                raise
            self._trouble.say(type(error).__name__)

    async def turn(self) -> int:
        """Ask who is due, and see to what was offered; how much was done, if it is this process that does it."""
        now = whole_millis(self.clock())
        is_time = self._settled is None or abs(now - self._settled) >= SETTLED
        sources, is_open = await self._waiting(now)
        if not (sources or is_open or is_time) or not await self.duty.take(self.clock()):
            return 0
        moved = await follow(self.database, now) if is_open else 0
        if sources:
            asked = await asyncio.gather(*(self._asked(source, now) for source in sources))
            for source, (decision, took_ms) in zip(sources, asked, strict=True):
                await self._write(source, decision, took_ms)
        if sources or moved or is_time:
            moved += await settle(self.database, whole_millis(self.clock()))
            self._settled = now
        if sources or moved:
            self.feed.ring()
        return len(sources) + moved

    async def _waiting(self, now: datetime) -> tuple[Sequence[AdSource], bool]:
        """The sources that are to be asked now, and whether any creative is on its way."""
        async with self.database.reading() as session:
            rows = (
                select(AdSource)
                .join(AdSourceState, col(AdSourceState.source) == AdSource.id)
                .where(col(AdSource.enabled), col(AdSourceState.due_at) <= now)
                .order_by(col(AdSourceState.due_at), col(AdSource.id))
            )
            sources = (await session.exec(rows.limit(AT_ONCE))).all()
            coming = select(AdCreative.id).where(AdCreative.state == FETCHING).limit(1)
            return sources, (await session.exec(coming)).one_or_none() is not None

    async def _asked(self, source: AdSource, now: datetime) -> tuple[Decision, int]:
        """What a source answers, and in how many milliseconds."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        house = HOUSES[source.house or DEFAULT_HOUSE]
        question = Question(
            source.url, house, source.channel, tuple(source.rolls), source.most, source.longest_ms
        )  # fmt: skip
        try:
            decision = await ask(self.outgoing, question, now, self.chance)
        except Exception:  # noqa: BLE001 — whatever one server answers, the others are asked
            _log.exception("%s: its answer could not be read, by a mistake of ours", source.id)
            decision = Decision(fault="its answer could not be read, by a mistake of ours; the journal has it")
        return decision, round((loop.time() - begun) * 1000)

    async def _write(self, asked: AdSource, decision: Decision, took_ms: int) -> None:
        """Write down what it came to, unless people have changed the source meanwhile: then it is asked again."""
        free = await self.free()
        now = whole_millis(self.clock())
        async with self.database.writing() as session:
            source = (
                await session.exec(select(AdSource).where(AdSource.id == asked.id).with_for_update())
            ).one_or_none()
            if source is None or source.version != asked.version:
                return
            happenings = await decided(
                session, source, decision, now, took_ms=took_ms, settings=self.settings, free=free
            )
            await append(session, happenings, now)
