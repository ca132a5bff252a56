"""The guide is what the log says is on, without a gap and without an overlap."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from libraries import GENESIS, HOUSE, KIT, airs, catalogs, item, log_of, of_kind, revision, rules

from playout.core.airing import Role, Tail, Turn
from playout.core.asset import Kind, Title
from playout.core.catalog import Catalog, catalog_of
from playout.core.channel import Channel
from playout.core.guide import INTERLUDE, now_next, programmes
from playout.core.rules import Ads, Order, Rules
from playout.core.ticks import TIMEBASE, Ticks, instant_at

CHANNEL = replace(revision().channel, name="Channel One", description="All day")
FULL = HOUSE.segment_units
SECOND = timedelta(seconds=1)


def turns_of(catalog: Catalog, ruled: Rules, count: int, tail: Tail | None = None) -> tuple[Turn, ...]:
    return log_of(revision(ruled), catalog, count, tail).turns


WITH_BREAKS = airs(
    include=of_kind(Kind.MOVIE, Kind.EPISODE),
    order=Order.SEQUENCE,
    ads=Ads(Ticks(4 * TIMEBASE), Ticks(4 * TIMEBASE), of_kind(Kind.AD), of_kind(Kind.BUMPER), of_kind(Kind.BUMPER)),
)


def test_breaks_fold_into_the_program_they_interrupt_and_follow() -> None:
    movies = [item(f"m{n}", Kind.MOVIE, FULL, FULL, FULL, FULL, breaks=(2,)) for n in range(3)]
    catalog = catalog_of([*movies, item("ad", Kind.AD, FULL), item("b", Kind.BUMPER, 1)], [KIT])
    turns = turns_of(catalog, WITH_BREAKS, 3)
    assert {airing.role for airing in turns[0].airings} == {Role.PROGRAM, Role.AD, Role.BUMPER}
    entries = programmes(turns, catalog.item, CHANNEL)
    assert [entry.title for entry in entries] == ["Title of m0", "Title of m1", "Title of m2"]
    assert entries[0].start == GENESIS
    assert entries[-1].stop == instant_at(GENESIS, turns[-1].end)
    assert all(entry.length == 4 * HOUSE.segment for entry in entries)
    assert all(entry.stop - entry.start > timedelta(seconds=15) for entry in entries)


def test_an_episode_is_called_by_its_series() -> None:
    about = Title("Pilot", Kind.EPISODE, series="The Show", season=1, episode=2, rating="TV-PG", language="en")
    episode = replace(item("e", Kind.EPISODE, FULL), about=replace(about, description="It begins."), poster="p.jpg")
    catalog = catalog_of([episode, replace(episode, id="lone", about=replace(about, series=""))], [KIT])
    lone, entry = programmes(turns_of(catalog, WITH_BREAKS, 2), catalog.item, CHANNEL)
    assert (entry.title, entry.subtitle, entry.series) == ("The Show", "Pilot", "The Show")
    assert (entry.season, entry.episode, entry.rating, entry.language) == (1, 2, "TV-PG", "en")
    assert (entry.description, entry.poster, entry.asset, entry.kind) == ("It begins.", "p.jpg", "e", Kind.EPISODE)
    assert (lone.title, lone.subtitle) == ("Pilot", "")


def idle(tail: Tail, count: int) -> tuple[Turn, ...]:
    """Turns of slate."""
    return turns_of(catalog_of([], [KIT]), airs(of_kind(Kind.MOVIE)), count, tail)


def test_a_short_interlude_is_the_end_of_the_program_before_it_and_a_long_one_stands_for_itself() -> None:
    catalog = catalog_of([item("m", Kind.MOVIE, FULL)], [KIT])
    movies = airs(of_kind(Kind.MOVIE))
    first = turns_of(catalog, movies, 1)
    short = (*first, *idle(first[-1].tail, 5))
    assert [entry.title for entry in programmes(short, catalog.item, CHANNEL)] == ["Title of m"]
    pause = idle(first[-1].tail, 36)
    assert pause[-1].end - pause[0].start > INTERLUDE
    entries = programmes((*first, *pause, *turns_of(catalog, movies, 1, pause[-1].tail)), catalog.item, CHANNEL)
    assert [(entry.title, entry.kind) for entry in entries] == [
        ("Title of m", Kind.MOVIE), ("Channel One", Kind.FILLER), ("Title of m", Kind.MOVIE)
    ]  # fmt: skip
    assert entries[0].stop == entries[1].start == instant_at(GENESIS, pause[0].start)
    assert entries[1].description == "All day"
    assert entries[1].length == pause[-1].end - pause[0].start


def test_a_channel_without_programs_has_one_entry_of_its_name() -> None:
    (entry,) = programmes(idle(Tail(), 30), catalog_of([], [KIT]).item, CHANNEL)
    assert (entry.title, entry.start, entry.id) == ("Channel One", GENESIS, "one-0")


def test_a_program_that_nobody_knows_any_more_bears_the_name_of_the_channel() -> None:
    catalog = catalog_of([item("m", Kind.MOVIE, FULL)], [KIT])
    (entry,) = programmes(turns_of(catalog, airs(of_kind(Kind.MOVIE)), 1), lambda _: None, CHANNEL)
    assert (entry.title, entry.asset) == ("Channel One", "m")


def test_no_turns_are_no_entries() -> None:
    assert programmes((), catalog_of([], [KIT]).item, CHANNEL) == ()
    assert now_next((), GENESIS) == (None, None)


def test_now_and_next() -> None:
    catalog = catalog_of([item("a", Kind.MOVIE, FULL), item("b", Kind.MOVIE, FULL)], [KIT])
    one, two = programmes(turns_of(catalog, airs(of_kind(Kind.MOVIE)), 2), catalog.item, CHANNEL)
    assert now_next((one, two), GENESIS - SECOND) == (None, one)
    assert now_next((one, two), GENESIS) == (one, two)
    assert now_next((one, two), two.start) == (two, None)
    assert now_next((one, two), two.stop) == (None, None)


@given(catalogs(), rules, st.integers(1, 12))
def test_entries_tile_the_time(catalog: Catalog, ruled: Rules, count: int) -> None:
    turns = turns_of(catalog, ruled, count)
    entries = programmes(iter(turns), catalog.item, CHANNEL)
    assert entries[0].start == GENESIS
    assert entries[-1].stop == instant_at(GENESIS, turns[-1].end)
    assert all(one.stop == two.start for one, two in pairwise(entries))
    assert all(entry.start < entry.stop for entry in entries)


@given(catalogs(), rules, st.integers(1, 12))
def test_what_the_guide_says_is_on_is_what_plays(catalog: Catalog, ruled: Rules, count: int) -> None:
    turns = turns_of(catalog, ruled, count)
    entries = programmes(turns, catalog.item, CHANNEL)
    for airing in (airing for turn in turns for airing in turn.airings if airing.role is Role.PROGRAM):
        for tick in (airing.start, Ticks(airing.end - 1)):
            on, _ = now_next(entries, instant_at(GENESIS, tick) + timedelta(microseconds=1))
            assert on is not None
            assert on.asset == airing.asset


@given(catalogs(), rules, st.integers(2, 12), st.data())
def test_an_entry_keeps_its_name_wherever_the_guide_begins(
    catalog: Catalog, ruled: Rules, count: int, data: st.DataObject
) -> None:
    turns = turns_of(catalog, ruled, count)
    whole = {entry.id: entry for entry in programmes(turns, catalog.item, CHANNEL) if entry.kind is not Kind.FILLER}
    assert len({entry.index for entry in whole.values()}) == len(whole)
    part = programmes(turns[data.draw(st.integers(0, count - 1)) :], catalog.item, CHANNEL)
    assert all(entry == whole[entry.id] for entry in part if entry.kind is not Kind.FILLER)


def test_a_channel_is_told_apart_by_its_id() -> None:
    catalog = catalog_of([item("a", Kind.MOVIE, FULL)], [KIT])
    turns = turns_of(catalog, airs(of_kind(Kind.MOVIE)), 1)
    other = Channel("two", "2", "Two", HOUSE.name, GENESIS)
    assert {programmes(turns, catalog.item, channel)[0].id for channel in (CHANNEL, other)} == {"one-0", "two-0"}
