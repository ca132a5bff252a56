"""Media time: whole ticks of 1/90000 s.

Law: no float enters media time. Boundaries are stored and durations are their differences, so that
sums telescope; rounding happens only when text is written.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, NewType

Ticks = NewType("Ticks", int)
"""A span or a position of media time, in 1/90000 s."""

TIMEBASE: Final = 90_000
"""Ticks in one second: the MPEG clock, and the timescale of every track of a house."""

MEDIA_ORIGIN: Final = Ticks(10 * TIMEBASE)
"""The media timestamp of tick 0, in every track.

Pictures are decoded ahead of their presentation by the house's reorder delay; with the origin at
ten seconds the first decode time of a timeline is not negative.
"""

_MICROSECOND: Final = timedelta(microseconds=1)


def ticks_of(span: timedelta) -> Ticks:
    """The whole ticks in `span`, rounded down."""
    return Ticks((span // _MICROSECOND) * TIMEBASE // 1_000_000)


def span_of(ticks: Ticks) -> timedelta:
    """The span of `ticks`, rounded down to the microsecond."""
    return timedelta(microseconds=ticks * 1_000_000 // TIMEBASE)


def instant_at(genesis: datetime, ticks: Ticks) -> datetime:
    """When tick `ticks` of a timeline that began at `genesis` airs, to the microsecond."""
    return genesis + span_of(ticks)


def ticks_since(genesis: datetime, instant: datetime) -> Ticks:
    """The last tick that has begun at `instant`, on a timeline that began at `genesis`."""
    return ticks_of(instant - genesis)


def utc_text(instant: datetime) -> str:
    """`instant` as RFC 3339 in UTC with exactly three decimals, rounded down (H-41).

    The width never varies: some players match dates by text.
    """
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def seconds_between(start: Ticks, end: Ticks) -> str:
    """The seconds from `start` to `end` with six decimals (EXTINF, RFC 8216 section 4.3.2.1).

    Both ends are rounded before they are subtracted, so the texts of neighbours add up to the text
    of the whole, over any number of segments (H-19).
    """
    micros = _rounded_micros(end) - _rounded_micros(start)
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"


def _rounded_micros(ticks: int) -> int:
    return (ticks * 100 + 4) // 9
