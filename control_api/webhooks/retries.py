"""When a delivery is tried again: a pure function of how often it was tried, and what was answered."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from http import HTTPStatus
from typing import Final

WAITS: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000))
"""How long to wait after each attempt but the last; with all of them a delivery is tried for two days and more."""
_SPREAD: Final = 5  # up to a fifth of a wait is added, so that what failed together does not come again together
_LONGEST: Final = timedelta(days=1)
_DATE: Final = 100
"""Characters of a date, generously."""


class Verdict(Enum):
    """What an answer means for a delivery."""

    TAKEN = "taken"
    AGAIN = "again"
    GONE = "gone"
    """The receiver wants no more of them, ever."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt."""

    status: int | None
    """Of the answer; None when there was none."""
    words: str
    """What went wrong; empty when nothing did."""
    excerpt: str = ""
    """The beginning of the answer's body."""
    took_ms: int = 0
    again_after: str = ""
    """The answer's Retry-After."""

    @property
    def verdict(self) -> Verdict:
        """2xx is taken, 410 is an end, and everything else may be another way the next time."""
        if self.status is not None and self.status // 100 == 2:  # noqa: PLR2004 — the class of good answers
            return Verdict.TAKEN
        return Verdict.GONE if self.status == HTTPStatus.GONE else Verdict.AGAIN


def wait(delivery: str, attempt: int) -> timedelta | None:
    """How long to wait after the attempt of this number, from 1; None: it was the last one."""
    if attempt > len(WAITS):
        return None
    plain = WAITS[attempt - 1]
    chance = int.from_bytes(hashlib.sha256(f"{delivery}\0{attempt}".encode()).digest()[:4]) / (1 << 32)
    return plain + plain * chance / _SPREAD


def next_at(delivery: str, attempt: int, outcome: Outcome, now: datetime) -> datetime | None:
    """When to try again; not before the receiver asks for it, where that is within a day."""
    usual = wait(delivery, attempt)
    if usual is None:
        return None
    return now + max(usual, min(_asked(outcome.again_after, now), _LONGEST))


def _asked(header: str, now: datetime) -> timedelta:
    """What a Retry-After asks for: seconds, or a date (RFC 9110, section 10.2.3); nothing where it is neither.

    Whatever a receiver writes there, the attempt is told of: a delivery of which no attempt counts would never end.
    """
    text = header.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), int(_LONGEST.total_seconds())))
    try:
        date = parsedate_to_datetime(text[:_DATE])
        return date - now if date.tzinfo else timedelta(0)
    except (ArithmeticError, LookupError, TypeError, ValueError):  # a year of twenty digits is an OverflowError
        return timedelta(0)
