"""Which daypart is on, and when the next one begins: the day of a channel, by its own clocks.

Laws. What is on at a tick depends on the rules, the clocks and the turn before, and on nothing else. The
stretches of a day tile it: at each tick one daypart is on, or the channel's own block.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from playout.core.rules import Block, Daypart, Late
from playout.core.ticks import TIMEBASE, Ticks
from playout.core.wall import DAY_SECONDS, EPOCH, begins, stretch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playout.core.airing import Tail
    from playout.core.rules import Rules
    from playout.core.wall import Zone

DAYS: Final = 32
"""The most days whose plans are remembered."""
AHEAD: Final = 2
"""Days that a boundary is looked for: no program is that long."""
_BIRTH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Boundary:
    """When something else begins."""

    at: Ticks
    cut: bool
    """Whether a program that still runs is cut there."""


@dataclass(frozen=True, slots=True)
class Slot:
    """What is on."""

    block: Block
    daypart: Daypart | None
    """None for the channel's own block."""
    due: Ticks
    """When the daypart was to start; without one, when the one was that is left out, or 0."""
    boundary: Boundary | None
    """When the next thing begins; None when that is further away than any program lasts."""
    today: date
    """The local day."""

    @property
    def name(self) -> str:
        """The daypart's name; empty for the channel's own block."""
        return self.daypart.name if self.daypart else ""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """From `start` to `stop` a daypart is on, or, with None, none of those that have an end."""

    start: Ticks
    stop: Ticks
    daypart: Daypart | None
    due: Ticks


@dataclass(frozen=True, slots=True)
class _Point:
    """A daypart begins that ends by itself."""

    at: Ticks
    daypart: Daypart


@dataclass(frozen=True, slots=True)
class _Plan:
    """One local day."""

    stop: Ticks
    """When the next one begins."""
    stretches: tuple[_Stretch, ...]
    points: tuple[_Point, ...]


class Timeline:
    """The days of one revision; each is planned when it is first asked for, and remembered for a while."""

    def __init__(self, rules: Rules, zone: Zone, genesis: datetime) -> None:
        self._rules: Final = rules
        self._zone: Final = zone
        self._genesis: Final = (genesis - _BIRTH) // timedelta(seconds=1)
        self._ranged: Final = [part for part in rules.dayparts if part.stop is not None]
        self._pointed: Final = [part for part in rules.dayparts if part.stop is None]
        self._days: dict[int, _Plan] = {}
        self._wall = (0, 0, 0)
        """From one second to another, clocks are so far ahead."""

    def second(self, tick: Ticks) -> int:
        """The instant of `tick`, in seconds since 1970."""
        return self._genesis + tick // TIMEBASE

    def wall(self, tick: Ticks) -> int:
        """What clocks show at `tick`, in seconds since 1970 as if they were UTC."""
        second = self._genesis + tick // TIMEBASE
        first, stop, offset = self._wall
        if not first <= second < stop:
            first, stop, offset = self._wall = self._zone.steady(second)
        return second + offset

    def day(self, tick: Ticks) -> date:
        """The local day of `tick`."""
        return date.fromordinal(self.wall(tick) // DAY_SECONDS + EPOCH)

    def slot(self, at: Ticks, tail: Tail) -> Slot:
        """What is on at tick `at`, which follows the turn that left `tail`."""
        wall_day = self.wall(at) // DAY_SECONDS + EPOCH
        today = date.fromordinal(wall_day)
        if not self._rules.dayparts:
            return Slot(self._rules.block, None, Ticks(0), None, today)
        if tail.index and tail.asked < 0:  # of a former log, which does not say it
            tail = replace(tail, asked=tail.start)
        on = self._stretch(at, wall_day)
        if _left_out(on, at, tail):
            on = replace(on, daypart=None)
        point = self._point(at, tail, wall_day, on)
        daypart, due = (point.daypart, point.at) if point else (on.daypart, on.due)
        boundary = self._boundary(at, daypart, wall_day)
        block = daypart.block if daypart else self._rules.block
        return Slot(block, daypart, due, boundary, today)

    def _stretch(self, at: Ticks, day: int) -> _Stretch:
        """The stretch in which `at` lies; it may have been given to the day before by a clock change at midnight."""
        stretches = self._plan(day).stretches
        return stretches[max(bisect_right(stretches, at, key=_start) - 1, 0)]

    def _point(self, at: Ticks, tail: Tail, day: int, on: _Stretch) -> _Point | None:
        """The daypart without an end that is on at `at`: one that has become due, or one that is not done."""
        floor = on.daypart.priority if on.daypart else _LEAST
        found: _Point | None = None
        running = next((part for part in self._pointed if part.name == tail.daypart), None)
        if running and tail.count < running.count and running.priority >= floor:
            found, floor = _Point(tail.due, running), running.priority
        for point in self._points_between(tail.asked, at, day):
            if point.daypart.priority >= floor and not _missed(point, at):
                found, floor = point, point.daypart.priority
        return found

    def _points_between(self, after: Ticks, until: Ticks, day: int) -> Iterator[_Point]:
        if not self._pointed:
            return
        for ordinal in (day - 1, day):
            for point in self._plan(ordinal).points:
                if after < point.at <= until:
                    yield point

    def _boundary(self, at: Ticks, daypart: Daypart | None, day: int) -> Boundary | None:
        """When what is on at `at` gives way, whatever airs until then."""
        for ordinal in range(day, day + AHEAD + 1):
            plan = self._plan(ordinal)
            starts = [
                (tile.start, tile.daypart)
                for tile in plan.stretches
                if tile.start > at and _gives_way(daypart, tile.daypart)
            ][:1]
            floor = daypart.priority if daypart else _LEAST
            starts += [(p.at, p.daypart) for p in plan.points if p.at > at and p.daypart.priority >= floor][:1]
            if starts:
                first, part = min(starts, key=_first)
                return Boundary(first, part is not None and part.late is Late.CUT)
        return None

    def _plan(self, ordinal: int) -> _Plan:
        plan = self._days.get(ordinal)
        if plan is None:
            if len(self._days) >= DAYS:
                self._days.clear()
            plan = self._days[ordinal] = self._planned(ordinal)
        return plan

    def _planned(self, ordinal: int) -> _Plan:
        """Plan the local day `ordinal`: of the dayparts that overlap, the one with the highest priority is on."""
        start, stop = self._midnight(ordinal), self._midnight(ordinal + 1)
        found = [one for begun in range(ordinal - 2, ordinal + 1) for one in self._begun(begun)]
        edges = sorted({start, *(edge for one in found for edge in (one.start, one.stop) if start < edge < stop)})
        tiles: list[_Stretch] = []
        for first, last in zip(edges, [*edges[1:], stop], strict=True):
            over = [one for one in found if one.start <= first < one.stop]
            best = max(over, key=self._rank, default=None)
            daypart, due = (best.daypart, best.due) if best else (None, Ticks(0))
            if tiles and tiles[-1].daypart is daypart and tiles[-1].due == due:
                tiles.append(_Stretch(tiles.pop().start, last, daypart, due))
            else:
                tiles.append(_Stretch(first, last, daypart, due))
        points = (point for part in self._pointed for point in self._pointed_on(part, ordinal))
        return _Plan(stop, tuple(tiles), tuple(sorted(points, key=_due)))

    def _begun(self, ordinal: int) -> Iterator[_Stretch]:
        """The dayparts with an end that begin on a day."""
        for part in self._ranged:
            if part.stop is not None and _falls_on(part, ordinal):
                midnight = (ordinal - EPOCH) * DAY_SECONDS
                found = stretch(self._zone, midnight + part.start, midnight + part.stop, self._rules.clock_change)
                if found:
                    due = self._tick(found[0])
                    yield _Stretch(due, self._tick(found[1]), part, due)

    def _pointed_on(self, part: Daypart, ordinal: int) -> Iterator[_Point]:
        """The starts, on a day, of a daypart that ends by itself."""
        if _falls_on(part, ordinal):
            wall = (ordinal - EPOCH) * DAY_SECONDS + part.start
            for instant in begins(self._zone, wall, self._rules.clock_change):
                yield _Point(self._tick(instant), part)

    def _rank(self, one: _Stretch) -> tuple[int, int]:
        """What decides between dayparts that overlap."""
        return (one.daypart.priority, -self._ranged.index(one.daypart)) if one.daypart else (_LEAST, 0)

    def _midnight(self, ordinal: int) -> Ticks:
        """When a day begins."""
        wall = (ordinal - EPOCH) * DAY_SECONDS
        found = self._zone.instants(wall)
        if found:
            return self._tick(found[0])
        change = self._zone.change_over(wall)  # in some zones clocks go from 24:00 to 01:00
        return self._tick(change.at if change else wall)

    def _tick(self, second: int) -> Ticks:
        return Ticks((second - self._genesis) * TIMEBASE)


_LEAST: Final = -1_000_000
"""A priority below all that people can write."""
PUNCTUAL: Final = Ticks(5 * TIMEBASE)
"""How late a daypart may begin and still count as punctual: about a segment."""


def _gives_way(on: Daypart | None, after: Daypart | None) -> bool:
    """Whether what is on ends when the stretch of `after` begins."""
    if on is not None and on.stop is None:  # it ends by itself, unless something more important comes
        return after is not None and after.priority > on.priority
    return after is not on


def _left_out(on: _Stretch, at: Ticks, tail: Tail) -> bool:
    """Whether a daypart that is not to begin late has become due in the meantime, or has been left out already."""
    if on.daypart is None or on.daypart.late is not Late.SKIP or not tail.index:
        return False
    become_due = tail.asked < on.due and at - on.due > PUNCTUAL
    return become_due or (not tail.daypart and tail.due == on.due)


def _missed(point: _Point, at: Ticks) -> bool:
    return point.daypart.late is Late.SKIP and at - point.at > PUNCTUAL


def _falls_on(part: Daypart, ordinal: int) -> bool:
    """Whether a daypart begins on a day."""
    day = date.fromordinal(ordinal)
    return day.weekday() in part.days and (not part.dates or any(day in dates for dates in part.dates))


def _start(stretch: _Stretch) -> Ticks:
    return stretch.start


def _due(point: _Point) -> Ticks:
    return point.at


def _first(start: tuple[Ticks, Daypart | None]) -> Ticks:
    return start[0]
