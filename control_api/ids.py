"""Identifiers: a prefix that says of what, and a UUID of version 7 as 32 hexadecimal digits.

Law: within a process every id sorts after those made before it, whatever the clock does (RFC 9562,
section 6.2, method 2).
"""

from __future__ import annotations

import re
import secrets
import threading
from typing import TYPE_CHECKING, Final
from uuid import UUID

from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from playout.clock import Clock

PATTERN: Final = "[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}"
"""What follows the prefix and its underscore."""
_PREFIX: Final = re.compile(r"[a-z]{2,3}")
_RANDOM_BITS: Final = 74
_LEAP: Final = 1 << 32  # how far, at most, an id lies behind the one before it in the same millisecond


class Mint:
    """Makes ids; may be used by several threads."""

    def __init__(self, clock: Clock = system_clock, chance: Callable[[int], int] = secrets.randbelow) -> None:
        self._clock = clock
        self._chance = chance
        self._lock = threading.Lock()
        self._last = 0

    def __call__(self, prefix: str) -> str:
        """A new id, e.g. `ch_0199f0c47b1c7d3a9e52c1d4b7a60f38`; `prefix` is two or three letters."""
        if not _PREFIX.fullmatch(prefix):
            message = f"{prefix!r} cannot begin an id: two or three small letters do"
            raise ValueError(message)
        return f"{prefix}_{self.uuid().hex}"

    def uuid(self) -> UUID:
        """A new UUID of version 7."""
        with self._lock:
            millis = int(self._clock().timestamp() * 1000)
            fresh = (millis << _RANDOM_BITS) | self._chance(1 << _RANDOM_BITS)
            if millis <= self._last >> _RANDOM_BITS:
                fresh = self._last + 1 + self._chance(_LEAP)
            self._last = fresh
        high, low = fresh >> 62, fresh & ((1 << 62) - 1)
        time, rest = high >> 12, high & 0xFFF
        return UUID(int=(time << 80) | (7 << 76) | (rest << 64) | (2 << 62) | low)


new_id: Final = Mint()
"""Makes the ids of this process."""


def pattern(prefix: str) -> str:
    """The regular expression of ids with `prefix`."""
    return f"^{prefix}_{PATTERN}$"
