"""Time zones: from the name of one to the list of its clock changes, which revisions carry.

Law: the list follows from the name, the years and the time zone database, and it stays as it is for a decade;
so the turn of a year publishes no channel anew, and what a new database says is an edit that people can see.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from playout.core.wall import DAY_SECONDS, Change
from playout.refusals import Unanswered

_DECADES: Final = 3
"""The list goes to the end of the decade after next."""
_BIRTH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)


class UnknownZone(Unanswered, ValueError):
    """The time zone database at hand has no zone of this name."""


def clock_changes(zone: str, now: datetime, genesis: datetime | None = None) -> tuple[Change, ...]:
    """The clock changes of the IANA zone called `zone`, none for UTC. Raises `UnknownZone`.

    They begin with the offset that was in force at the start of the year before `genesis`, or before `now` for
    a channel that has none yet, and go to the end of the decade after the next one.
    """
    first = (genesis or now).astimezone(UTC).year - 1
    decade = now.astimezone(UTC).year // 10
    return _changes(zone, first, (decade + _DECADES) * 10)


@lru_cache(maxsize=512)
def _changes(name: str, first: int, after: int) -> tuple[Change, ...]:
    """The changes from the beginning of year `first` to that of year `after`."""
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f'time zone "{name}" is not in the database at hand: update tzdata, or choose another zone'
        raise UnknownZone(message) from error
    start, stop = _year(first), _year(after)
    found = [Change(start, _offset(zone, start))]
    for day in range(start, stop, DAY_SECONDS):
        offset = _offset(zone, min(day + DAY_SECONDS, stop))
        if offset != found[-1].offset:
            found.append(Change(_when(zone, day, min(day + DAY_SECONDS, stop)), offset))
    return () if found == [Change(start, 0)] else tuple(found)


def _when(zone: ZoneInfo, low: int, high: int) -> int:
    """The second after `low`, and at most `high`, from which on the offset is the one of `high`."""
    after = _offset(zone, high)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle) == after:
            high = middle
        else:
            low = middle
    return high


def _offset(zone: ZoneInfo, instant: int) -> int:
    """Seconds east of Greenwich at an instant, in seconds since 1970."""
    offset = (_BIRTH + instant * _SECOND).astimezone(zone).utcoffset()
    return offset // _SECOND if offset else 0


def _year(year: int) -> int:
    return (datetime(year, 1, 1, tzinfo=UTC) - _BIRTH) // _SECOND
