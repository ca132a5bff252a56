"""Keeping the library in step with the store: what arrives there comes in, what people edit goes out.

One process of all does it at a time. One that dies is followed by another; one that cannot reach the store or the
database says so once, and tries again.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import IntegrityError

from control_api.database import OUTAGES, Database
from control_api.duties import Duty
from control_api.happenings import Feed
from control_api.ids import new_id
from control_api.library.amendments import deliver, is_any_due
from control_api.library.intake import Intake
from control_api.library.purging import submit_overdue
from control_api.problems import Problem
from control_api.settings import Settings
from control_api.trouble import Trouble
from playout.clock import Clock
from playout.store import StoreDown

_log: Final = logging.getLogger("fastline.library")
DUTY: Final = "library"
_SPAN: Final = timedelta(seconds=30)
_BREATH: Final = 0.05
_HOURLY: Final = timedelta(hours=1)


@dataclass(slots=True)
class Keeper:
    """One process that would do it."""

    settings: Settings
    database: Database
    feed: Feed
    clock: Clock
    duty: Duty = field(init=False)
    _purged: datetime | None = None
    _next: float = 0
    """When the store is looked through again, by the clock of the loop."""
    _trouble: Trouble = field(init=False)

    def __post_init__(self) -> None:
        """Nobody else has this name."""
        self.duty = Duty(self.database, DUTY, new_id("kp"), _SPAN)
        self._trouble = Trouble(_log, "the library waits", "waiting")

    async def run(self) -> None:
        """Do it until the task is cancelled."""
        intake = Intake(self.database, self.settings.place.store())
        seconds = self.settings.library_beat_ms / 1000
        try:
            while True:
                seen = await self._turned(intake)
                if seen is None:
                    await asyncio.sleep(seconds)
                else:
                    await self._waited(seen, seconds)
        finally:
            await self.duty.lay_down()

    async def _turned(self, intake: Intake) -> int | None:
        """One turn; the newest event before it, None where that cannot be told."""
        try:
            seen = await self.feed.newest()
            loop = asyncio.get_running_loop()
            looks = loop.time() >= self._next
            if (looks or await is_any_due(self.database)) and await self._holds():
                await self._round(intake, looks=looks)
            if looks:
                self._next = loop.time() + self.settings.library_beat_ms / 1000
        except (StoreDown, IntegrityError, Problem, *OUTAGES) as error:
            self._trouble.say(f"{type(error).__name__}: {error}".partition("\n")[0][:300])
            return None
        if self._trouble.end():
            _log.info("the library goes on", extra={"action": "going_on"})
        return seen

    async def _waited(self, seen: int, seconds: float) -> None:
        """Wait for something to have happened, for so long."""
        await asyncio.sleep(_BREATH)  # of many edits in a row some are told together
        try:
            await self.feed.grown(seen, seconds)
        except OUTAGES:
            await asyncio.sleep(seconds)

    async def _round(self, intake: Intake, *, looks: bool) -> None:
        """What people have changed goes out; now and then what has arrived comes in, and what lay long is purged."""
        while await deliver(self.database, intake.store, self.clock()) and await self._holds():
            continue
        if not looks:
            return
        if await intake.look(self.clock(), self._holds):
            self.feed.ring()
        now = self.clock()
        if self._purged is None or now - self._purged >= _HOURLY:
            self._purged = now
            async with self.database.writing() as session:
                await submit_overdue(session, now - timedelta(days=self.settings.bin_days), now)

    async def _holds(self) -> bool:
        return await self.duty.holds(self.clock())
