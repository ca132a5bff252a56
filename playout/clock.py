"""The clock: the only place that reads the time of day."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Answers the present instant, in UTC."""

Pause = Callable[[asyncio.Event, datetime], Awaitable[None]]
"""Waits until the event is set or the clock has reached the instant, whichever comes first."""


def system_clock() -> datetime:
    """The machine's own clock."""
    return datetime.now(UTC)


class SteadyClock:
    """A clock that never goes back.

    It follows the wall clock forward. When the wall clock is set back, it goes on at the pace of the
    monotonic clock, and `ahead` says how far it has parted from the wall clock.
    """

    def __init__(self, wall: Clock = system_clock, monotonic: Callable[[], int] = time.monotonic_ns) -> None:
        self.ahead = timedelta(0)
        """How far the last answer lay ahead of the wall clock: zero unless that was set back."""
        self._wall = wall
        self._monotonic = monotonic
        self._origin = wall()
        self._zero = monotonic()

    def __call__(self) -> datetime:
        """The present instant, in UTC; never before one that was answered earlier."""
        wall = self._wall()
        ticked = self._origin + timedelta(microseconds=(self._monotonic() - self._zero) // 1000)
        if wall >= ticked:
            # the two clocks never agree to the microsecond: take the wall's word, and count on from it
            self._origin += wall - ticked
            self.ahead = timedelta(0)
            return wall
        self.ahead = ticked - wall
        return ticked


def pause_by(clock: Clock) -> Pause:
    """The pause of a running process, on its event loop's timers."""

    async def pause(event: asyncio.Event, instant: datetime) -> None:
        while (left := (instant - clock()).total_seconds()) > 0:
            try:
                async with asyncio.timeout(left):
                    await event.wait()
            except TimeoutError:
                continue
            return

    return pause
