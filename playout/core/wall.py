"""Wall-clock time: what people's clocks show in a zone, and which instant they mean by it.

Laws. A zone is a list of its clock changes, carried in the revision: two machines with different time zone
databases come to the same schedule. With `Missing.NEXT`, and with one answer to the hour that comes twice,
a later wall time never means an earlier instant; so stretches that tile the day on paper tile it on air.

Instants here are whole seconds since 1970, and wall times are seconds since 1970 as if the clock were UTC.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

DAY_SECONDS = 86_400
EPOCH = 719_163
"""The proleptic ordinal of 1970-01-01."""


class Change(NamedTuple):
    """From an instant on clocks are so far ahead of UTC."""

    at: int
    """Seconds since 1970."""
    offset: int
    """Seconds, east of Greenwich positive."""


class Missing(StrEnum):
    """What a wall time means that a clock change leaves out, as 02:30 in spring."""

    NEXT = "next"
    """The instant of the change."""
    SHIFT = "shift"
    """So much later as the clock was put forward: 03:30."""
    SKIP = "skip"
    """Nothing: what begins then does not begin that day."""


class Twice(StrEnum):
    """What a wall time means that a clock change repeats, as 02:30 in autumn."""

    FIRST = "first"
    SECOND = "second"
    BOTH = "both"
    """Either: what has an end lasts from the first to the second, what only begins begins twice."""


@dataclass(frozen=True, slots=True)
class Zone:
    """The clocks of one place."""

    changes: tuple[Change, ...] = ()
    """In order; before the first one clocks show what they do after it. Empty for UTC."""

    def offset(self, instant: int) -> int:
        """How far clocks are ahead of UTC at `instant`."""
        if not self.changes:
            return 0
        return self.changes[max(bisect_right(self.changes, instant, key=_at) - 1, 0)].offset

    def steady(self, instant: int) -> tuple[int, int, int]:
        """The stretch around `instant`, from a second to another, in which no clock changes; and the offset in it."""
        after = bisect_right(self.changes, instant, key=_at)
        first = self.changes[after - 1].at if after else instant
        stop = self.changes[after].at if after < len(self.changes) else instant + DAY_SECONDS
        return first, stop, self.offset(instant)

    def wall(self, instant: int) -> int:
        """What clocks show at `instant`."""
        return instant + self.offset(instant)

    def instants(self, wall: int) -> tuple[int, ...]:
        """When clocks show `wall`, in order: once, twice, or never."""
        return tuple(sorted({at for offset in self._offsets_near(wall) if self.wall(at := wall - offset) == wall}))

    def change_over(self, wall: int) -> Change | None:
        """The change that leaves `wall` out, if one does."""
        for before, after in zip(self.changes, self.changes[1:], strict=False):
            if after.at + before.offset <= wall < after.at + after.offset:
                return after
        return None

    def _offsets_near(self, wall: int) -> set[int]:
        """The offsets in force within a day of `wall`, on either side: no zone is further from UTC."""
        return {self.offset(wall - DAY_SECONDS), self.offset(wall), self.offset(wall + DAY_SECONDS)}


UTC = Zone()


@dataclass(frozen=True, slots=True)
class ClockChange:
    """What a channel does on the two odd days of the year."""

    missing: Missing = Missing.NEXT
    twice: Twice = Twice.FIRST


def begins(zone: Zone, wall: int, policy: ClockChange) -> tuple[int, ...]:
    """The instants at which something begins that is written down for `wall`."""
    found = zone.instants(wall)
    if len(found) > 1 and policy.twice is not Twice.BOTH:
        return (found[0] if policy.twice is Twice.FIRST else found[-1],)
    if found:
        return found
    return () if policy.missing is Missing.SKIP else (_moved(zone, wall, policy),)


def stretch(zone: Zone, start: int, stop: int, policy: ClockChange) -> tuple[int, int] | None:
    """The instants between which the stretch of wall time from `start` to `stop` lies; None when it is left out."""
    first, last = _edge(zone, start, policy, last=False), _edge(zone, stop, policy, last=True)
    return (first, last) if first < last else None


def _edge(zone: Zone, wall: int, policy: ClockChange, *, last: bool) -> int:
    found = zone.instants(wall)
    if not found:
        return _moved(zone, wall, policy)
    if policy.twice is Twice.BOTH:
        return found[-1] if last else found[0]
    return found[-1] if policy.twice is Twice.SECOND else found[0]


def _moved(zone: Zone, wall: int, policy: ClockChange) -> int:
    """What a wall time that is left out means."""
    change = zone.change_over(wall)
    if change is None or policy.missing is Missing.SHIFT:  # read by the clock as it was before the change
        return wall - (zone.offset(change.at - 1) if change else zone.offset(wall))
    return change.at


def _at(change: Change) -> int:
    return change.at
