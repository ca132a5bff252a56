"""The gate: which tokens are good here and now.

Laws. A token is good when a key of the file has signed it, and until the session that it is for ends. A key that is
taken out of the file is forgotten `FRESH` later at the latest; one that is new is known as soon as a token names it.
While the file cannot be read, the keys that were read last count.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from playout.core.token import Key, OnDemand, Pass, Untrue, read, verifying
from playout.keyring import NoKeys
from playout.origin.answers import refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playout.core.networks import Address
    from playout.keyring import Keyring
    from playout.origin.measures import Measures

FRESH: Final = timedelta(seconds=2)
"""For so long what was read of the file is believed."""
_NONE: Final[Mapping[int, Key]] = MappingProxyType({})


class Gate:
    """The keys of an origin, and what it asks of those who have no token."""

    def __init__(self, ring: Keyring | None, on_demand: OnDemand, measures: Measures) -> None:
        self.on_demand = on_demand
        self.edition = 0
        """Another one whenever the keys are others."""
        self._ring = ring
        self._measures = measures
        self._mark: tuple[int, int, int] | None = None
        self._all: tuple[Key, ...] = ()
        self._keys = _NONE
        self._looked: datetime | None = None
        self._looks = 0
        self._looking = asyncio.Lock()

    def is_fresh(self, now: datetime) -> bool:
        """Whether what is known of the keys is to be believed at `now`."""
        return self._looked is not None and timedelta(0) <= now - self._looked < FRESH

    async def opened(self, token: str, now: datetime, viewer: Address | None) -> Pass:
        """What a token says, when it is good for a session of `viewer` at `now`; raises a 403."""
        if not self.is_fresh(now):
            await self._look(now)
        found = read(token, self._keys, viewer)
        if found is Untrue.UNKNOWN_KEY:  # it may be of a key that was made a moment ago
            await self._look(now)
            found = read(token, self._keys, viewer)
        if isinstance(found, Untrue):
            message = f"this address is not good: {found}"
            raise refused(message)
        if now >= found.ends:
            raise refused("this address was good for one session, which is over: ask for a new one")
        return found

    async def _look(self, now: datetime) -> None:
        """Read the file if it has changed. Of many who ask at a time, all are content with a look that began later."""
        asked = self._looks
        async with self._looking:
            if self._ring is None or self._looks > asked:
                return
            self._looks += 1
            try:
                mark, keys = await asyncio.to_thread(self._read, self._ring)
            except NoKeys as bad:
                self._measures.alarm("stream keys", f"{bad}; those that were read last count")
                mark, keys = self._mark, self._all
            known = verifying(keys, now)
            if known != self._keys:
                self.edition += 1
            self._mark, self._all, self._keys, self._looked = mark, keys, known, now

    def _read(self, ring: Keyring) -> tuple[tuple[int, int, int] | None, tuple[Key, ...]]:
        mark = ring.mark()
        return mark, self._all if mark == self._mark else ring.all()
