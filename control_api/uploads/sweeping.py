"""Sweeping: uploads that nobody goes on with are removed though nobody begins another one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from control_api.database import Database, is_outage
from control_api.duties import Duty
from control_api.ids import new_id
from control_api.instants import whole_millis
from control_api.settings import Settings
from control_api.uploads.beginning import sweep
from playout.clock import Clock

EVERY: Final = 600.0
"""Seconds from one sweep to the next."""
_DUTY: Final = "uploads"
_SPAN: Final = timedelta(minutes=15)
_log: Final = logging.getLogger("fastline.uploads")


@dataclass(slots=True)
class Sweeper:
    """One process that would sweep; of several one does."""

    settings: Settings
    database: Database
    told: Callable[[], None]
    """Called after events were written."""
    clock: Clock
    every: float = EVERY
    _duty: Duty = field(init=False)

    def __post_init__(self) -> None:
        """Nobody else has this name."""
        self._duty = Duty(self.database, _DUTY, new_id("sw"), _SPAN)

    async def run(self) -> None:
        """Sweep now and then, until the task is cancelled."""
        await self._duty.done(self._swept, self.every)

    async def _swept(self) -> None:
        """One sweep, or why there was none."""
        try:
            await self.once()
        except Exception as error:  # noqa: BLE001 — whatever it is, the next sweep is another try
            words = "the database does not answer" if is_outage(error) else f"{type(error).__name__}: {error}"
            _log.warning("uploads were not swept: %s", words, extra={"action": "sweep"})

    async def once(self) -> int:
        """Remove what has expired, when it is this process's turn; how many uploads that were."""
        now = whole_millis(self.clock())
        if not await self._duty.take(now):
            return 0
        gone = await sweep(self.database, self.settings.media, now)
        if gone:
            self.told()
        return gone
