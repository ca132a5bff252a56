"""Which daypart is on: by clocks, priorities and the turn before; and on the odd days of twenty zones for ten years."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libraries import GENESIS, of_kind

from playout.core.airing import Tail
from playout.core.asset import Kind
from playout.core.dates import Dates, Day
from playout.core.daypart import Slot, Timeline
from playout.core.rules import Block, Daypart, Late, Rules, Source
from playout.core.ticks import TIMEBASE, Ticks, ticks_since
from playout.core.wall import UTC as UNIVERSAL
from playout.core.wall import Change, ClockChange, Missing, Twice, Zone, begins, stretch

HOUR = 3600
ZONES = (
    "Europe/Paris", "Europe/London", "Europe/Lisbon", "Atlantic/Azores", "America/New_York", "America/Chicago",
    "America/Los_Angeles", "America/St_Johns", "America/Havana", "America/Santiago", "America/Asuncion",
    "Africa/Casablanca", "Africa/Cairo", "Asia/Beirut", "Asia/Jerusalem", "Asia/Kathmandu", "Asia/Tokyo",
    "Australia/Adelaide", "Australia/Lord_Howe", "Pacific/Chatham", "Antarctica/Troll", "Pacific/Apia",
)  # fmt: skip


@cache
def zone_of(name: str) -> Zone:
    """The clock changes of 2026 to 2037, found hour by hour."""
    zone = ZoneInfo(name)

    def offset(instant: int) -> int:
        return int((datetime.fromtimestamp(instant, UTC).astimezone(zone).utcoffset() or timedelta()).total_seconds())

    first, last = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2026, 2037))
    changes = [Change(first, offset(first))]
    for at in range(first, last, 1800):
        if offset(at) != changes[-1].offset:
            changes.append(Change(at, offset(at)))
    return Zone(tuple(changes))


def block(title: str = "") -> Block:
    return Block((Source((of_kind(Kind.MOVIE),)),), title=title)


def part(name: str, start: float, stop: float | None, **more: object) -> Daypart:
    end = None if stop is None else int(stop * HOUR)
    return Daypart(name, int(start * HOUR), end, block(name), **more)  # type: ignore[arg-type]


def timeline(*parts: Daypart, zone: Zone = UNIVERSAL, policy: ClockChange | None = None) -> Timeline:
    return Timeline(Rules(block(), parts, clock_change=policy or ClockChange()), zone, GENESIS)


def at(day: int, hour: float) -> Ticks:
    """Some hours into a day of March 2026; the channel began on the 1st at 12:00."""
    return Ticks(int(((day - 1) * 24 + hour - 12) * HOUR) * TIMEBASE)


def names(line: Timeline, day: int, *hours: float) -> list[str]:
    return [line.slot(at(day, hour), Tail(asked=at(day, hour))).name for hour in hours]


def boundary(slot: Slot) -> tuple[Ticks, bool] | None:
    return (slot.boundary.at, slot.boundary.cut) if slot.boundary else None


def test_a_daypart_is_on_from_its_start_to_its_end_and_over_midnight() -> None:
    line = timeline(part("day", 6, 18), part("night", 22, 29))
    assert names(line, 3, 0, 4.99, 5, 5.99, 6, 17.99, 18, 22, 23.99) == [
        "night", "night", "", "", "day", "day", "", "night", "night",
    ]  # fmt: skip
    assert boundary(line.slot(at(3, 5), Tail(asked=at(3, 5)))) == (at(3, 6), False)
    assert boundary(line.slot(at(3, 23), Tail(asked=at(3, 23)))) == (at(4, 5), False)


def test_of_those_that_overlap_the_highest_priority_is_on_and_then_the_first() -> None:
    line = timeline(part("a", 6, 18), part("b", 8, 20), part("c", 10, 12, priority=1))
    assert names(line, 3, 7, 9, 11, 13, 19) == ["a", "a", "c", "a", "b"]


def test_a_daypart_begins_on_its_weekdays_and_dates_only() -> None:
    # 1 March 2026 is a Sunday
    line = timeline(
        part("weekend", 22, 26, days=(5, 6)), part("easter", 0, 24, dates=(Dates(Day(), Day()),), priority=1)
    )
    assert names(line, 7, 21, 23) == ["", "weekend"]
    assert names(line, 8, 1, 3, 23) == ["weekend", "", "weekend"]
    assert names(line, 9, 1, 3) == ["weekend", ""]
    assert names(line, 36, 0, 12, 23.9) == ["easter"] * 3
    assert names(line, 37, 3) == [""]


def test_a_daypart_that_follows_itself_the_next_day_has_no_boundary_in_between() -> None:
    line = timeline(part("always", 0, 24))
    assert boundary(line.slot(at(3, 12), Tail(asked=at(3, 12)))) is None


def test_one_without_an_end_begins_when_it_is_due_and_lasts_for_its_programs() -> None:
    line = timeline(part("film", 20, None, count=2, late=Late.CUT))
    before = Tail(asked=at(3, 19))
    assert boundary(line.slot(at(3, 19), before)) == (at(3, 20), True)
    due = line.slot(at(3, 20.5), before)
    assert (due.name, due.due) == ("film", at(3, 20))
    one = Tail(daypart="film", due=at(3, 20), count=1, asked=at(3, 20.5))
    assert line.slot(at(3, 22), one).name == "film"
    two = Tail(daypart="film", due=at(3, 20), count=2, asked=at(3, 22))
    assert line.slot(at(3, 23), two).name == ""


@pytest.mark.parametrize(("late", "minutes", "on"), [
    (Late.RUN, 20, "film"), (Late.CUT, 20, "film"), (Late.SKIP, 20, ""), (Late.SKIP, 0, "film"),
])  # fmt: skip
def test_one_that_is_late_runs_or_is_left_out(late: Late, minutes: int, on: str) -> None:
    line = timeline(part("film", 20, None, late=late))
    assert line.slot(at(3, 20 + minutes / 60), Tail(asked=at(3, 19))).name == on


def test_a_stretch_that_would_begin_late_is_left_out_to_its_end() -> None:
    line = timeline(part("show", 20, 22, late=Late.SKIP))
    late = Tail(index=9, asked=at(3, 19.5))
    assert line.slot(at(3, 20), late).name == "show"
    left_out = line.slot(at(3, 20.5), late)
    assert (left_out.name, boundary(left_out)) == ("", (at(4, 20), False))
    after = Tail(index=10, asked=at(3, 20.5), due=left_out.due)
    assert line.slot(at(3, 21.5), after).name == ""
    assert line.slot(at(4, 20), Tail(index=11, asked=at(4, 19.9), due=left_out.due)).name == "show"
    begun = Tail(index=9, daypart="show", due=at(3, 20), asked=at(3, 20))
    assert line.slot(at(3, 21.5), begun).name == "show"


def test_what_is_more_important_comes_before_one_without_an_end_and_cuts_it_short() -> None:
    line = timeline(part("film", 20, None, count=9), part("news", 21, 22, priority=1))
    running = Tail(daypart="film", due=at(3, 20), count=1, asked=at(3, 20.5))
    assert boundary(line.slot(at(3, 20.9), running)) == (at(3, 21), False)
    assert line.slot(at(3, 21), running).name == "news"
    assert timeline(part("film", 20, None), part("news", 19, 22, priority=1)).slot(at(3, 20), running).name == "news"


def test_of_two_that_became_due_the_later_one_begins() -> None:
    line = timeline(part("one", 20, None), part("two", 20.25, None))
    assert line.slot(at(3, 20.5), Tail(asked=at(3, 19))).name == "two"


# Clock changes


def test_the_hour_that_is_missing_and_the_one_that_comes_twice() -> None:
    paris = zone_of("Europe/Paris")
    spring = int(datetime(2026, 3, 29, tzinfo=UTC).timestamp())
    autumn = int(datetime(2026, 10, 25, tzinfo=UTC).timestamp())
    half_past_two = spring + 9000
    assert begins(paris, half_past_two, ClockChange(Missing.NEXT)) == (spring + HOUR,)
    assert begins(paris, half_past_two, ClockChange(Missing.SHIFT)) == (spring + HOUR + 1800,)
    assert begins(paris, half_past_two, ClockChange(Missing.SKIP)) == ()
    half_past_two = autumn + 9000
    assert begins(paris, half_past_two, ClockChange(twice=Twice.FIRST)) == (autumn + 1800,)
    assert begins(paris, half_past_two, ClockChange(twice=Twice.SECOND)) == (autumn + HOUR + 1800,)
    assert begins(paris, half_past_two, ClockChange(twice=Twice.BOTH)) == (autumn + 1800, autumn + HOUR + 1800)
    two_to_three = [stretch(paris, autumn + 2 * HOUR, autumn + 3 * HOUR, ClockChange(twice=twice)) for twice in Twice]
    assert [(stop - start) // HOUR for start, stop in filter(None, two_to_three)] == [2, 1, 2]
    assert stretch(paris, spring + 2 * HOUR, spring + 3 * HOUR, ClockChange()) is None
    assert stretch(paris, spring + 2 * HOUR, spring + 4 * HOUR, ClockChange()) == (spring + HOUR, spring + 2 * HOUR)


@pytest.mark.parametrize("name", ZONES)
def test_a_zone_says_what_the_zone_database_says(name: str) -> None:
    """Around each clock change of ten years, each quarter of an hour: what clocks show, and when they show it."""
    zone, true = zone_of(name), ZoneInfo(name)
    for change in zone.changes[1:]:
        for instant in (change.at - 1, *range(change.at - 3 * HOUR, change.at + 3 * HOUR, 900)):
            shown = datetime.fromtimestamp(instant, UTC).astimezone(true).replace(tzinfo=None)
            wall = int(shown.replace(tzinfo=UTC).timestamp())
            assert zone.wall(instant) == wall
            assert instant in zone.instants(wall)
            both = {int(shown.replace(tzinfo=true, fold=fold).timestamp()) for fold in (0, 1)}
            assert set(zone.instants(wall)) == both


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("twice", [Twice.FIRST, Twice.SECOND])
def test_stretches_that_tile_the_day_on_paper_tile_it_on_air(name: str, twice: Twice) -> None:
    """On every odd day: twelve dayparts of two hours follow each other, and the channel's own block is never on."""
    zone = zone_of(name)
    parts = [part(f"p{n}", 2 * n, 2 * n + 2) for n in range(12)]
    line = timeline(*parts, zone=zone, policy=ClockChange(Missing.NEXT, twice))
    for change in zone.changes[1:]:
        begun = Ticks((change.at - int(GENESIS.timestamp())) * TIMEBASE)
        on = [line.slot(Ticks(begun + n * 600 * TIMEBASE), Tail()).name for n in range(-150, 150)]
        assert "" not in on
        assert all((int(b[1:]) - int(a[1:])) % 12 in (0, 1, 2) for a, b in pairwise(on))


policies = st.builds(ClockChange, st.sampled_from(Missing), st.sampled_from(Twice))


@given(st.sampled_from(ZONES), st.integers(0, 9), st.integers(0, 95), st.integers(1, 96), policies, st.integers(-9, 9))
def test_a_slot_lasts_until_its_boundary(
    name: str, change: int, start: int, length: int, policy: ClockChange, half_hours: int
) -> None:
    """Nothing else is on before the boundary, and something else is on at it."""
    zone = zone_of(name)
    odd = zone.changes[min(change, len(zone.changes) - 1)]
    line = timeline(
        part("one", start / 4, start / 4 + length / 4), part("two", 1.5, 2.5, priority=1), part("three", 3, 3.25),
        zone=zone, policy=policy,
    )  # fmt: skip
    now = Ticks((odd.at - int(GENESIS.timestamp()) + half_hours * 1800) * TIMEBASE)
    slot = line.slot(now, Tail(asked=now))
    if slot.boundary:
        assert slot.boundary.at > now
        before = Ticks(slot.boundary.at - TIMEBASE)
        assert line.slot(before, Tail(asked=before)).name == slot.name or before < now
        assert line.slot(slot.boundary.at, Tail(asked=slot.boundary.at)).name != slot.name


def test_the_day_of_a_tick_is_the_local_one() -> None:
    tokyo = timeline(zone=zone_of("Asia/Tokyo"))
    assert tokyo.day(ticks_since(GENESIS, datetime(2026, 3, 1, 15, tzinfo=UTC))) == date(2026, 3, 2)
