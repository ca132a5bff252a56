"""Simulation: the figures are of the very turns that air, each law against a plain count of them."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from languages import languages, libraries, moments, revised
from libraries import GENESIS, HOUSE, KIT, airs, item, of_kind, revision

from playout.core.airing import BEGINNING, Role, Tail, Turn
from playout.core.asset import Kind
from playout.core.catalog import Catalog, Item, catalog_of
from playout.core.playlog import BrokenLog
from playout.core.rules import Ads, Block, Daypart, Never, Order, Rules, Source
from playout.core.schedule import ahead, drafted, next_turn
from playout.core.simulation import _Tally, labels, least_bad, odd_days, simulated
from playout.core.ticks import TIMEBASE, Ticks, instant_at
from playout.core.wall import Change, Zone

if TYPE_CHECKING:
    from playout.core.channel import Revision
    from playout.core.simulation import Simulation

TURNS = 80
YEARS = GENESIS + timedelta(days=3650)
PROGRAMS = of_kind(Kind.MOVIE, Kind.EPISODE, Kind.CLIP)


def of(revised: Revision, catalog: Catalog, span: timedelta, tail: Tail = BEGINNING) -> Simulation:
    """The figures of a stretch of air that begins after `tail`."""
    begun = instant_at(revised.channel.genesis, tail.start)
    return simulated((revised,), lambda _: catalog, tail, begun + span)


cases = st.builds(lambda rules, start: revised(rules, start=start), languages(), moments)


@settings(max_examples=15)
@given(cases, libraries())
def test_the_figures_are_those_of_the_turns(revised: Revision, catalog: Catalog) -> None:
    """Whatever the rules, the library and the day: each figure against a plain count."""
    found = simulated((revised,), lambda _: catalog, BEGINNING, YEARS, most=TURNS)
    turns = list(islice(ahead((revised,), lambda _: catalog, BEGINNING), TURNS))
    airtime_is_counted(found, turns, revised)
    hours_are_counted(found, turns, revised)
    repeats_are_counted(found, turns, catalog)
    slate_and_pods_are_counted(found, turns)


def airtime_is_counted(found: Simulation, turns: list[Turn], revised: Revision) -> None:
    """By role, by daypart, by kind and by source; and all of it together is all of the air."""
    airings = [airing for turn in turns for airing in turn.airings]
    assert (found.turns, found.airings) == (len(turns), len(airings))
    assert found.stop == instant_at(revised.channel.genesis, turns[-1].end)
    assert found.air == turns[-1].end - turns[0].start == sum(part.airtime for part in found.dayparts)
    for role in Role:
        assert found.airtime(role) == sum(one.end - one.start for one in airings if one.role is role)
    assert sum(part.ads for part in found.dayparts) == found.airtime(Role.AD)
    assert sum(part.filler for part in found.dayparts) == found.airtime(Role.FILLER)
    assert sum(part.slate for part in found.dayparts) == found.airtime(Role.SLATE)
    assert sum(total.airtime for total in found.kinds) == found.airtime(Role.PROGRAM)
    assert sum(total.airtime for total in found.sources) == found.airtime(Role.PROGRAM)
    assert sum(part.programs for part in found.dayparts) == sum(turn.program is not None for turn in turns)
    assert found.stood_in == sum(turn.program is None for turn in turns)


def hours_are_counted(found: Simulation, turns: list[Turn], revised: Revision) -> None:
    """Split at each full hour of the local clock, to the tick."""
    genesis, zone = int(revised.channel.genesis.timestamp()), revised.clocks
    air: Counter[int] = Counter()
    ads: Counter[int] = Counter()
    for airing in (airing for turn in turns for airing in turn.airings):
        at = airing.start
        while at < airing.end:  # quarter by quarter: all zones change their clocks at one
            quarter = min(Ticks((at // (900 * TIMEBASE) + 1) * 900 * TIMEBASE), airing.end)
            hour = zone.wall(genesis + at // TIMEBASE) // 3600 % 24
            air[hour] += quarter - at
            ads[hour] += (quarter - at) * (airing.role is Role.AD)
            at = quarter
    assert [(load.air, load.ads) for load in found.hours] == [(air[hour], ads[hour]) for hour in range(24)]
    assert sum(load.ads for load in found.months) == found.breaks.ads == found.airtime(Role.AD)
    assert found.breaks.worst <= 3600 * TIMEBASE


def repeats_are_counted(found: Simulation, turns: list[Turn], catalog: Catalog) -> None:
    starts: dict[str, list[Ticks]] = {}
    for turn in turns:
        if turn.program:
            asset = catalog.item(turn.program[0].asset)
            assert asset
            starts.setdefault(asset.about.work, []).append(turn.program[0].start)
    repeats = found.repeats
    apart = sorted(b - a for times in starts.values() for a, b in pairwise(times))
    assert repeats.again == len(apart)
    assert sorted(one.times for one in repeats.titles) == sorted(map(len, starts.values()))
    assert (repeats.shortest, repeats.longest) == ((apart[0], apart[-1]) if apart else (0, 0))
    assert repeats.median == (apart[(len(apart) - 1) // 2] // (60 * TIMEBASE) * 60 * TIMEBASE if apart else 0)
    again = [time for times in starts.values() for time in times[1:]]
    assert repeats.first == (min(again) if again else 0)


def slate_and_pods_are_counted(found: Simulation, turns: list[Turn]) -> None:
    longest = run = pods = ended = without = 0
    before = None
    for turn in turns:
        for place, airing in enumerate(turn.airings):
            run = run + airing.end - airing.start if airing.role is Role.SLATE else 0
            longest = max(longest, run)
            if airing.role is Role.AD:
                if before is not Role.AD or place == 0:
                    pods += 1
                    without = max(without, airing.start - ended) if pods > 1 else 0
                ended = airing.end
            before = airing.role
    assert (found.slate_run, found.breaks.pods, found.breaks.longest_without) == (longest, pods, without)
    assert (found.slate is None) == (longest == 0)


@settings(max_examples=15)
@given(cases, libraries())
def test_what_gave_way_is_what_the_log_says_gave_way(revised: Revision, catalog: Catalog) -> None:
    """The reason that is logged and the way in which a choice was made agree."""
    tail, said, found = BEGINNING, 0, 0
    for _ in range(40):
        draft = drafted(revised, catalog, tail)
        said += any("the least bad of all" in airing.reason for airing in draft.turn.airings)
        found += least_bad(draft) is not None and draft.turn.program is not None
        tail = draft.turn.tail
    assert found == said
    stop = instant_at(revised.channel.genesis, tail.start)
    assert sum(count for _, count in simulated((revised,), lambda _: catalog, BEGINNING, stop).gave_way) == said


@settings(max_examples=10)
@given(cases, libraries(), st.integers(0, 30))
def test_what_comes_before_the_start_is_aired_and_not_counted(
    revised: Revision, catalog: Catalog, skipped: int
) -> None:
    """Counting from a turn on is counting from the tail before it."""
    tail = BEGINNING
    for _ in range(skipped):
        tail = next_turn(revised, catalog, tail).tail
    start = instant_at(revised.channel.genesis, tail.start)
    from_there = simulated((revised,), lambda _: catalog, tail, YEARS, most=20)
    assert simulated((revised,), lambda _: catalog, BEGINNING, YEARS, start, most=20) == from_there


def test_an_item_that_another_source_has_is_not_the_least_bad() -> None:
    """Two sources share a position and a film; what cools down for one of them may well air for the other."""
    cool = Source((of_kind(Kind.MOVIE),), order=Order.RANDOM, cooldown=Ticks(3600 * TIMEBASE), position="shared")
    one = revision(Rules(Block((cool, replace(cool, cooldown=Ticks(0))))))
    catalog = catalog_of([item("film", Kind.MOVIE, *[7] * 30)], [KIT])
    found = simulated((one,), lambda _: catalog, BEGINNING, YEARS, most=20)
    assert dict(found.refused)["cooldown"] > 0
    assert found.gave_way == ()


def test_a_seam_that_does_not_join_ends_the_simulation() -> None:
    catalog = catalog_of([item("film", Kind.MOVIE, *[7] * 5)], [KIT])
    one = revision()
    draft = drafted(one, catalog, BEGINNING)
    first, *rest = draft.turn.airings
    gap = replace(draft, turn=replace(draft.turn, airings=(replace(first, start=Ticks(first.start + 1)), *rest)))
    with pytest.raises(BrokenLog, match="airing 0 at 1 does not follow the one that ends at 0"):
        _Tally(one, BEGINNING, {}).count(gap, catalog)


def peak(days: int) -> int:
    films = [item(f"film{n}", Kind.MOVIE, *[7] * 60, breaks=(20, 40)) for n in range(5)]
    catalog = catalog_of([*films, item("ad", Kind.AD, 7)], [KIT])
    ads = Ads(Ticks(60 * TIMEBASE), Ticks(10 * TIMEBASE), of_kind(Kind.AD))
    one = revision(airs(of_kind(Kind.MOVIE), ads=ads))
    of(one, catalog, timedelta(days=3))  # what is remembered of rules and pools is there before
    tracemalloc.start()
    of(one, catalog, timedelta(days=days))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_memory_grows_with_the_hours_and_not_with_what_airs() -> None:
    """A day of such a channel has some 2600 airings, which would take half a megabyte to keep."""
    assert peak(6) - peak(2) < 4 * 60_000


def week(*parts: Daypart, films: tuple[Item, ...], never: Never | None = None) -> Simulation:
    block = Block((Source((of_kind(Kind.MOVIE),)),), filler=of_kind(Kind.FILLER))
    rules = Rules(block, parts, never or Never())
    return of(revised(rules), catalog_of(films, [KIT]), timedelta(days=7))


def hours_long(name: str, hours: int, **more: object) -> Item:
    """A film of whole hours, to within a segment."""
    units = hours * 3600 * TIMEBASE // HOUSE.segment
    return replace(item(name, Kind.MOVIE, *[HOUSE.segment_units] * units), **more)  # type: ignore[arg-type]


def test_a_daypart_that_begins_late_is_counted() -> None:
    """Films of five hours: the evening waits for the one that is on."""
    own = Block((Source((of_kind(Kind.MOVIE),)),))
    found = week(Daypart("evening", 20 * 3600, 23 * 3600, own), films=(hours_long("a", 5), hours_long("b", 5)))
    part = next(part for part in found.dayparts if part.name == "evening")
    assert part.late > 0
    assert 0 < part.latest <= 5 * 3600 * TIMEBASE
    assert found.truncated == 0


def test_a_rule_that_gives_way_is_told_with_its_first_breach() -> None:
    found = week(films=(hours_long("a", 2), hours_long("b", 2)), never=Never(repeat=Ticks(24 * 3600 * TIMEBASE)))
    assert found.gave_way == (("repeat", found.repeats.again),)
    assert found.breach
    assert found.breach.title == "Title of b"
    assert found.breach.reason.endswith("and 24 h must lie between")
    assert found.breach.at == instant_at(found.start, found.repeats.first)


def test_what_the_rules_ask_for_and_never_air_is_named() -> None:
    """A film of 13 hours fits into no half of the day, and there is filler: so nothing has to run over."""
    own = Block((Source((of_kind(Kind.MOVIE),)),), filler=of_kind(Kind.FILLER), overrun=Ticks(0))
    rules = Rules(own, (Daypart("day", 0, 12 * 3600, own), Daypart("night", 12 * 3600, 24 * 3600, own)))
    films = catalog_of([hours_long("long", 13), hours_long("short", 1), item("trailer", Kind.FILLER, 1)], [KIT])
    assert of(revised(rules), films, timedelta(days=3)).unaired == ("Title of long",)


def test_a_day_of_25_hours_has_two_hours_in_one_cell_and_one_of_23_has_none() -> None:
    film = catalog_of([hours_long("a", 1)], [KIT])
    autumn = of(revised(airs(of_kind(Kind.MOVIE)), start=date(2026, 10, 24)), film, timedelta(days=2))
    assert [(odd.day, odd.seconds) for odd in autumn.odd_days] == [(date(2026, 10, 25), 25 * 3600)]
    assert autumn.hours[2].air == autumn.hours[3].air + 3600 * TIMEBASE
    spring = of(revised(airs(of_kind(Kind.MOVIE)), start=date(2026, 3, 28)), film, timedelta(days=2))
    assert [(odd.day, odd.seconds) for odd in spring.odd_days] == [(date(2026, 3, 29), 23 * 3600)]
    rows = dict(spring.by_daypart.days)
    assert [hour for hour, place in enumerate(rows[date(2026, 3, 29)]) if place < 0] == [2]


def test_half_an_hour_is_an_odd_day_too() -> None:
    """Lord Howe Island puts its clocks on by half an hour."""
    zone = Zone((Change(0, 37_800), Change(1_000_000, 39_600)))
    assert odd_days(zone, datetime(1970, 1, 2, tzinfo=UTC), datetime(1970, 2, 1, tzinfo=UTC)) == (
        (date(1970, 1, 13), 84_600),
    )


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        ({"genres": ("Noir", "Crime")}, {"noir", ""}),
        ({"series": "Harbour Street"}, {"Harbour Street", "movie"}),
        ({"tags": ("film", "old")}, {"old", "film"}),
    ],
)
def test_programs_are_told_apart_by_genre_or_series_or_a_tag_that_not_all_have(
    marks: dict[str, object], words: set[str]
) -> None:
    one, other = item("one", Kind.MOVIE, 7, tags=("film",)), item("other", Kind.MOVIE, 7, tags=("film",))
    one = replace(one, about=replace(one.about, **marks))  # type: ignore[arg-type]
    assert set(labels(revision(), catalog_of([one, other], [KIT])).values()) == words


def test_the_least_number_of_turns_is_none() -> None:
    """A stretch that has aired already has no figures, and is no mistake."""
    catalog = catalog_of([item("film", Kind.MOVIE, 7)], [KIT])
    found = simulated((revision(),), lambda _: catalog, BEGINNING, GENESIS)
    assert (found.turns, found.airings, found.air, found.repeats.titles) == (0, 0, 0, ())
    assert simulated((revision(),), lambda _: catalog, BEGINNING, YEARS, most=3).turns == 3


def test_turns_are_those_that_air() -> None:
    """The first turns of a simulation are the first turns of the schedule: nothing is simulated anew."""
    catalog = catalog_of([item(f"film{n}", Kind.MOVIE, *[7] * 30) for n in range(3)], [KIT])
    turns = list(islice(ahead((revision(),), lambda _: catalog, BEGINNING), 5))
    stop = instant_at(GENESIS, turns[-1].end)
    titles = {catalog.item(turn.airings[0].asset).about.title for turn in turns}  # type: ignore[union-attr]
    assert {one.title for one in simulated((revision(),), lambda _: catalog, BEGINNING, stop).repeats.titles} == titles
