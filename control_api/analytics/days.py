"""Days and hours by the clocks of a zone, of instants in milliseconds since 1970. Pure.

Law: the pieces of a stretch follow each other, and are as long as the stretch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

from control_api.viewing.playing import instant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

_SLOT: Final = 900_000
"""A quarter of an hour: no zone changes its day or its hour within one."""
_KEPT: Final = 10_000


class Piece(NamedTuple):
    """A part of a stretch that lies in one hour of one day."""

    day: str
    hour: int
    ms: int


class Days:
    """The days of one zone."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._slots: dict[int, tuple[str, int]] = {}

    def at(self, ms: int) -> tuple[str, int]:
        """The day and the hour in which an instant lies."""
        slot = ms // _SLOT
        found = self._slots.get(slot)
        if found is None:
            if len(self._slots) >= _KEPT:
                self._slots.clear()
            local = instant(slot * _SLOT).astimezone(self._zone)
            found = self._slots[slot] = local.date().isoformat(), local.hour
        return found

    def day(self, ms: int) -> str:
        """The day in which an instant lies."""
        return self.at(ms)[0]

    def today(self, now: datetime) -> date:
        """The day that it is."""
        return now.astimezone(self._zone).date()

    def pieces(self, start: int, stop: int) -> Iterator[Piece]:
        """What a stretch has in each hour."""
        while start < stop:
            end = min((start // _SLOT + 1) * _SLOT, stop)
            yield Piece(*self.at(start), end - start)
            start = end
