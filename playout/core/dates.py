"""Days of the calendar as people name them: a date, a yearly date, Easter, the fourth Thursday of November.

Law: whether a day is meant depends on the day alone. Stretches may cross the end of the year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """One day, of one year or of every year."""

    year: int = 0
    """0 for every year."""
    month: int = 0
    """1 to 12; 0 for a day that is counted from Easter Sunday."""
    day: int = 0
    """The day of the month; 0 where `weekday` and `nth` say it. 29 February is 28 February in other years."""
    weekday: int = 0
    """0 for Monday, with `nth`."""
    nth: int = 0
    """1 to 5 for the first to the fifth such weekday of the month, -1 for the last; 0 where `day` says it."""
    shift: int = 0
    """Days after it, or before it when negative."""

    def in_year(self, year: int) -> date | None:
        """The day in `year`; None when that year has none."""
        if self.year and self.year != year:
            return None
        found = self._unshifted(year)
        return found + self.shift * _DAY if found else None

    def _unshifted(self, year: int) -> date | None:
        if not self.month:
            return easter(year)
        if not self.nth:
            return date(year, self.month, min(self.day, _length(year, self.month)))
        if self.nth < 0:
            last = date(year, self.month, _length(year, self.month))
            return last - (last.weekday() - self.weekday) % 7 * _DAY
        first = date(year, self.month, 1)
        found = first + ((self.weekday - first.weekday()) % 7 + 7 * (self.nth - 1)) * _DAY
        return found if found.month == self.month else None


@dataclass(frozen=True, slots=True)
class Dates:
    """The days from `first` to `last`, both included."""

    first: Day
    last: Day

    def __contains__(self, day: object) -> bool:
        if not isinstance(day, date):
            return False
        return any(first <= day <= last for first, last in _stretches(self, day.year))


@lru_cache(maxsize=4096)
def _stretches(dates: Dates, year: int) -> tuple[tuple[date, date], ...]:
    """The stretches that may hold a day of `year`: those that begin in it or in a year next to it."""
    found = []
    for begun in (year - 1, year, year + 1):
        first = dates.first.in_year(begun)
        if first is None:
            continue
        if dates.last.year:
            last = dates.last.in_year(dates.last.year)
        else:
            last = dates.last.in_year(first.year)
            if last is None or last < first:
                last = dates.last.in_year(first.year + 1)
        if last is not None:
            found.append((first, last))
    return tuple(found)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher's rule)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    j = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * j) // 433
    month = (h + j - 7 * m + 90) // 25
    return date(year, month, (h + j - 7 * m + 33 * month + 19) % 32)


def _length(year: int, month: int) -> int:
    """The number of days of a month."""
    after = date(year + month // 12, month % 12 + 1, 1)
    return (after - _DAY).day
