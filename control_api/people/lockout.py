"""When somebody who failed to sign in may try again: pure, of how often it failed and when.

Law: waiting never ends later than `LONGEST` after the last failure that counted. Attempts that are refused do not
count, so nobody prolongs a wait by knocking. After `QUIET` without a failure, all is forgotten.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LONGEST: Final = timedelta(minutes=15)
QUIET: Final = timedelta(hours=1)
_FIRST: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Counted:
    """Something whose failures are counted."""

    digest: str
    free: int
    """How many failures are nothing to wait for: everybody mistypes."""


@dataclass(frozen=True, slots=True)
class Failed:
    """How often it failed, and when it did last."""

    count: int
    last_at: datetime


def counted(name: str, place: str, *, is_usual: bool) -> list[Counted]:
    """What an attempt at `name` from `place` counts for.

    `is_usual` is whether the account was signed in from there before: its owner is not held up by what others do
    elsewhere in their name. Whether the name is anybody's makes no difference.
    """
    found = [Counted(_digest("both", name, place), 5), Counted(_digest("place", place), 20)]
    return found if is_usual else [*found, Counted(_digest("name", name), 50)]


def named(name: str) -> Counted:
    """What is counted of a name from all places together."""
    return Counted(_digest("name", name), 50)


def pinned(profile: str) -> list[Counted]:
    """What an attempt at the PIN of a profile counts for: it alone, wherever it is tried, for few digits make a PIN."""
    return [Counted(_digest("pin", profile), 5)]


def wait(free: int, failed: Failed | None, now: datetime) -> timedelta:
    """How long to wait before the next attempt; zero when there is nothing to wait for."""
    if failed is None or is_forgotten(failed, now) or failed.count < free:
        return timedelta(0)
    doublings = min(failed.count - free, 20)
    until = failed.last_at + min(_FIRST * (1 << doublings), LONGEST)
    # a clock that was set back must not make anybody wait for longer than that
    return min(max(until - now, timedelta(0)), LONGEST)


def again(failed: Failed | None, now: datetime) -> Failed:
    """What is known after one more failure."""
    return Failed(1 if failed is None or is_forgotten(failed, now) else failed.count + 1, now)


def is_forgotten(failed: Failed, now: datetime) -> bool:
    """Whether it was quiet for long enough."""
    return now - failed.last_at >= QUIET


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
