"""Rate limits: how often one caller may ask, counted in memory or in a store that several processes share."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final

from limits import parse
from limits.aio.storage import Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string

from control_api.problems import TOO_MANY, Problem
from control_api.trouble import Trouble
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from limits import RateLimitItem

_log: Final = logging.getLogger("fastline.api")
_PATIENCE: Final = 1.0
"""Seconds for which a request waits for the store."""
_REST: Final = 1.0
"""Seconds for which the store is left alone after it has failed."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What is left after a request."""

    policy: str
    quota: int
    window: int
    """In seconds."""
    left: int
    resets: int
    """Seconds until there is more again."""
    allowed: bool

    def headers(self) -> dict[str, str]:
        """RateLimit and RateLimit-Policy, as the IETF's draft has them (revision 11)."""
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.quota};w={self.window}',
            "RateLimit": f'"{self.policy}";r={self.left};t={self.resets}',
        }


class Rates:
    """Counts requests."""

    def __init__(self, storage: str, policies: dict[str, str]) -> None:
        """`policies` are rates by name, e.g. `{"caller": "600/minute"}`."""
        bounded = {"socket_timeout": _PATIENCE, "socket_connect_timeout": _PATIENCE} if "valkey" in storage else {}
        found = storage_from_string(storage, wrap_exceptions=True, **bounded)
        if not isinstance(found, Storage):
            message = f"{storage} cannot be used on an event loop"
            raise TypeError(message)
        self._storage = found
        self._limiter = SlidingWindowCounterRateLimiter(found)
        self._rests_until = 0.0
        self._policies: dict[str, RateLimitItem] = {name: parse(rate) for name, rate in policies.items()}
        self._trouble = Trouble(_log, "requests are not counted", "rates_down")

    async def take(self, policy: str, who: str, cost: int = 1) -> Taken | None:
        """Count a request of `who`; None when nothing can be counted now, and so everything is allowed."""
        return await self._asked(policy, who, lambda rate: self._limiter.hit(rate, policy, who, cost=cost))

    async def spend(self, policy: str, who: str) -> None:
        """Count a request of `who`, and no more. Raises `Problem` when it is one too many."""
        taken = await self.take(policy, who)
        if taken is not None and not taken.allowed:
            raise refused(taken)

    async def left(self, policy: str, who: str) -> Taken | None:
        """How a request of `who` would fare now; it is not counted."""
        return await self._asked(policy, who, lambda rate: self._limiter.test(rate, policy, who))

    async def close(self) -> None:
        """Close the connections to the store, where there are any."""
        bridge = getattr(self._storage, "bridge", None)  # of the kinds of stores that are servers
        if bridge is not None and hasattr(bridge.storage, "aclose"):
            await bridge.storage.aclose()

    async def _asked(self, policy: str, who: str, ask: Callable[[RateLimitItem], Awaitable[bool]]) -> Taken | None:
        rate = self._policies[policy]
        if monotonic() < self._rests_until:  # or each request would wait for a store that is silent
            return None
        try:
            allowed = await ask(rate)
            window = await self._limiter.get_window_stats(rate, policy, who)
        except StorageError as error:
            if not self._trouble.lasts:  # and not once more for each way in which a store may fail
                self._trouble.say(str(error))
            self._rests_until = monotonic() + _REST
            return None
        self._trouble.end()
        resets = max(1, math.ceil(window.reset_time - system_clock().timestamp()))
        return Taken(policy, rate.amount, rate.get_expiry(), max(window.remaining, 0), resets, allowed)


def refused(taken: Taken) -> Problem:
    """The answer to one request too many."""
    detail = f"{taken.quota} requests in {taken.window} seconds are allowed; more in {taken.resets} seconds"
    return Problem(TOO_MANY, detail, headers={"Retry-After": str(taken.resets)})
