"""The guide is what the log says is on, without a gap and without an overlap, wherever one begins to read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from libraries import GENESIS, HOUSE, KIT, airs, catalogs, item, log_of, of_kind, revision, rules
from listings import MINUTE, laid

from playout.core.airing import Airing, Recent, Role, Tail, Turn
from playout.core.asset import Kind, Title
from playout.core.catalog import Catalog, catalog_of
from playout.core.channel import Channel
from playout.core.guide import LEAST, MARGIN, Entry, Part, clipped, now_next, programmes, showings
from playout.core.rules import Ads, Order, Rules
from playout.core.ticks import TIMEBASE, Ticks, instant_at

if TYPE_CHECKING:
    from datetime import datetime

    from playout.core.catalog import Item

CHANNEL = replace(revision().channel, name="Channel One", description="All day")
FULL = HOUSE.segment_units
QUARTER = -(-LEAST // HOUSE.segment)
"""Full segments that are a quarter of an hour, or a little more."""
SECOND = timedelta(seconds=1)


def turns_of(catalog: Catalog, ruled: Rules, count: int, tail: Tail | None = None) -> tuple[Turn, ...]:
    return log_of(revision(ruled), catalog, count, tail).turns


def told(*plan: tuple[str, int, str]) -> list[tuple[str, int, int]]:
    """The entries of turns: title, and when they begin and end, in minutes since genesis."""
    return [
        (entry.title, minutes(entry.start), minutes(entry.stop)) for entry in programmes(laid(*plan), titled, CHANNEL)
    ]


def minutes(instant: datetime) -> int:
    return (instant - GENESIS) // timedelta(minutes=1)


def titled(asset: str) -> Item:
    """An item whose title is its id."""
    return replace(item(asset, Kind.CLIP, FULL), about=Title(asset, Kind.CLIP))


# A program is an entry


WITH_BREAKS = airs(
    include=of_kind(Kind.MOVIE, Kind.EPISODE),
    order=Order.SEQUENCE,
    ads=Ads(Ticks(4 * TIMEBASE), Ticks(4 * TIMEBASE), of_kind(Kind.AD), of_kind(Kind.BUMPER), of_kind(Kind.BUMPER)),
)


def test_breaks_fold_into_the_program_they_interrupt_and_follow() -> None:
    movies = [item(f"m{n}", Kind.MOVIE, *[FULL] * QUARTER, breaks=(2,)) for n in range(3)]
    catalog = catalog_of([*movies, item("ad", Kind.AD, FULL), item("b", Kind.BUMPER, 1)], [KIT])
    turns = turns_of(catalog, WITH_BREAKS, 3)
    assert {airing.role for airing in turns[0].airings} == {Role.PROGRAM, Role.AD, Role.BUMPER}
    entries = programmes(turns, catalog.item, CHANNEL)
    assert [entry.title for entry in entries] == ["Title of m0", "Title of m1", "Title of m2"]
    assert entries[0].start == GENESIS
    assert entries[-1].stop == instant_at(GENESIS, turns[-1].end)
    assert all(entry.length == QUARTER * HOUSE.segment for entry in entries)
    assert all(entry.stop - entry.start > timedelta(minutes=15) for entry in entries)


def test_an_episode_is_called_by_its_series() -> None:
    about = Title("Pilot", Kind.EPISODE, series="The Show", season=1, episode=2, rating="TV-PG", language="en")
    episode = replace(
        item("e", Kind.EPISODE, *[FULL] * QUARTER), about=replace(about, description="It begins."), poster="p.jpg"
    )
    catalog = catalog_of([episode, replace(episode, id="lone", about=replace(about, series=""))], [KIT])
    lone, entry = programmes(turns_of(catalog, WITH_BREAKS, 2), catalog.item, CHANNEL)
    assert (entry.title, entry.subtitle, entry.name) == ("The Show", "Pilot", "The Show: Pilot")
    assert entry.about == episode.about
    assert (entry.poster, entry.asset, entry.kind) == ("p.jpg", "e", Kind.EPISODE)
    assert entry.single is entry.parts[0]
    assert (lone.title, lone.subtitle, lone.name) == ("Pilot", "", "Pilot")


def test_a_program_that_nobody_knows_any_more_bears_the_name_of_the_channel() -> None:
    (entry,) = programmes(laid(("m", 90, "")), lambda _: None, CHANNEL)
    assert (entry.title, entry.asset, entry.kind) == ("Channel One", "m", Kind.FILLER)


def test_what_comes_before_a_program_is_the_end_of_the_one_before() -> None:
    """A pre-roll and a bumper: who asks for a program of the past gets the program."""
    first, second = laid(("a", 30, ""), ("b", 30, ""))
    opening = Airing(1, first.end, Ticks(first.end + MINUTE), 1, "logo", 0, 1, Role.BUMPER)
    program = replace(second.airings[0], index=2, start=opening.end)
    late = replace(second, airings=(opening, program))
    a, b = programmes((first, late), titled, CHANNEL)
    assert (a.stop, b.start, b.id) == (instant_at(GENESIS, opening.end), a.stop, "one-2")
    (lone,) = programmes((replace(late, airings=(replace(opening, index=0), program)),), titled, CHANNEL)
    assert (lone.start, lone.id) == (instant_at(GENESIS, opening.start), "one-2")


def test_a_showing_before_is_known_as_far_as_the_log_remembers() -> None:
    (turn,) = laid(("a", 30, ""), first=0)
    at, work = Ticks(500 * MINUTE), Title("a", Kind.CLIP).work
    later = replace(turn, airings=(replace(turn.airings[0], index=5, start=at, end=Ticks(at + 30 * MINUTE)),))
    recent = (Recent(work, Ticks(7)), Recent(work, Ticks(100 * MINUTE)), Recent("other", Ticks(9)), Recent(work, at))
    (entry,) = programmes((replace(later, tail=replace(turn.tail, recent=recent)),), titled, CHANNEL)
    assert entry.parts[0].shown == GENESIS + timedelta(minutes=100)
    (entry,) = programmes((later,), titled, CHANNEL)
    assert entry.parts[0].shown is None


# Short forms


def test_a_run_of_short_programs_is_an_entry_for_each_hour_under_the_title_of_its_block() -> None:
    cartoons = [(f"c{n}", 12, "Wake up!") for n in range(12)]
    entries = programmes(laid(*cartoons), titled, CHANNEL)
    assert [(entry.title, minutes(entry.start), minutes(entry.stop)) for entry in entries] == [
        ("Wake up!", 0, 60), ("Wake up!", 60, 120), ("Wake up!", 120, 144)
    ]  # fmt: skip
    assert all(entry.grouped and entry.single is None for entry in entries)
    assert [part.title for part in entries[0].parts] == ["c0", "c1", "c2", "c3", "c4"]
    assert [minutes(part.start) for part in entries[0].parts] == [0, 12, 24, 36, 48]
    assert entries[0].about.description == "c0\nc1\nc2\nc3\nc4"
    assert entries[0].length == 60 * MINUTE
    first = entries[0].part(GENESIS + timedelta(minutes=30))
    assert first is not None
    assert first.title == "c2"


def test_a_block_without_a_title_has_the_channel_s_name() -> None:
    assert told(("a", 10, ""), ("b", 10, "")) == [("Channel One", 0, 20)]


def test_one_short_program_that_lasts_long_enough_with_its_breaks_keeps_its_title() -> None:
    assert told(("film", 60, ""), ("short", 14, "B"), ("-f", 5, "B"), ("film", 41, "")) == [
        ("film", 0, 60), ("short", 60, 79), ("film", 79, 120)
    ]  # fmt: skip


def test_what_is_too_short_for_an_entry_belongs_to_the_program_before_it() -> None:
    entries = programmes(laid(("a", 50, ""), ("s", 7, ""), ("-f", 5, ""), ("b", 40, "")), titled, CHANNEL)
    assert [(entry.title, minutes(entry.stop)) for entry in entries] == [("a", 62), ("b", 102)]
    assert [part.title for part in entries[0].parts] == ["a", "s"]
    assert entries[0].single is entries[0].parts[0]
    assert not entries[0].grouped


def test_a_long_time_without_a_program_stands_for_itself() -> None:
    assert told(("a", 50, ""), ("-f", 14, ""), ("b", 46, ""), ("-f", 16, ""), ("c", 30, "")) == [
        ("a", 0, 64), ("b", 64, 110), ("Channel One", 110, 126), ("c", 126, 156)
    ]  # fmt: skip
    idle = programmes(laid(("-f", 200, "")), titled, CHANNEL)[0]
    assert (idle.kind, idle.about.description, idle.parts, idle.length) == (Kind.FILLER, "All day", (), 200 * MINUTE)
    assert idle.part(GENESIS) is None


def test_another_block_is_another_entry_unless_it_is_too_short_for_one() -> None:
    assert told(("a", 10, "A"), ("a", 10, "A"), ("b", 10, "B"), ("b", 10, "B")) == [("A", 0, 20), ("B", 20, 40)]
    assert told(("a", 10, "A"), ("a", 10, "A"), ("n", 5, "News"), ("a", 10, "A"), ("a", 14, "A")) == [("A", 0, 49)]
    assert told(("n", 5, "News"), ("a", 14, "A"), ("a", 14, "A"), ("n", 14, "News")) == [("A", 0, 47)]


def test_a_run_in_which_one_program_has_most_of_the_time_bears_its_title() -> None:
    assert told(("cut film", 14, ""), ("c", 8, "Cartoons"), ("film", 60, "")) == [("cut film", 0, 22), ("film", 22, 82)]


def test_filler_within_a_run_changes_nothing_unless_it_lasts() -> None:
    assert told(("a", 14, "A"), ("-f", 3, "A"), ("a", 14, "A"), ("-f", 3, "A"), ("a", 14, "A")) == [("A", 0, 48)]
    assert told(("a", 14, "A"), ("a", 2, "A"), ("-f", 20, "A"), ("a", 14, "A"), ("a", 9, "A")) == [
        ("A", 0, 16), ("Channel One", 16, 36), ("A", 36, 59)
    ]  # fmt: skip


def test_the_ends_of_a_run_that_are_too_short_join_the_hours_next_to_them() -> None:
    lead = ("film", 50, "")
    shorts = [(f"c{n}", 6, "S") for n in range(13)]
    assert told(lead, *shorts, ("film", 60, "")) == [("film", 0, 50), ("S", 50, 128), ("film", 128, 188)]


def test_a_short_start_of_the_log_is_an_entry_all_the_same() -> None:
    assert told(("s", 3, "A"), ("film", 60, "")) == [("s", 0, 3), ("film", 3, 63)]


def test_a_run_tells_what_its_programs_have_in_common() -> None:
    abouts = {
        "a": Title("One", Kind.EPISODE, ("kids",), "Pip", 1, 1, rating="TV-Y", language="fr", genres=("animated",)),
        "b": Title(
            "Two", Kind.EPISODE, ("kids", "new"), "Pip", 1, 2, rating="TV-Y7", language="fr", genres=("comedy",)
        ),
        "c": Title("Odd", Kind.CLIP, rating="FSK 6", language="de"),
    }

    def library(asset: str) -> Item:
        found = replace(item(asset, Kind.CLIP, FULL), about=abouts[asset])
        return replace(found, poster="b.jpg") if asset == "b" else found

    (both,) = programmes(laid(("a", 10, "Morning"), ("b", 10, "Morning")), library, CHANNEL)
    assert both.about == Title(
        "Morning", Kind.EPISODE, ("kids", "new"), "Pip", description="Pip: One\nPip: Two", rating="TV-Y7",
        language="fr", genres=("animated", "comedy"),
    )  # fmt: skip
    assert (both.title, both.subtitle, both.poster, both.asset) == ("Morning", "", "b.jpg", "b")
    (mixed,) = programmes(laid(("a", 10, ""), ("c", 10, "")), library, CHANNEL)
    assert (mixed.kind, mixed.about.series, mixed.about.rating, mixed.about.language) == (Kind.CLIP, "", "", "und")


# One by one


def test_now_and_next() -> None:
    one, two = showings(laid(("a", 5, ""), ("b", 5, "")), titled, CHANNEL)
    assert now_next((one, two), GENESIS - SECOND) == (None, one)
    assert now_next((one, two), GENESIS) == (one, two)
    assert now_next((one, two), two.start) == (two, None)
    assert now_next((one, two), two.stop) == (None, None)


def test_showings_are_all_programs_and_the_long_times_without_any() -> None:
    parts = showings(laid(("-f", 1, ""), ("a", 5, ""), ("-f", 14, ""), ("b", 5, ""), ("-f", 15, "")), titled, CHANNEL)
    assert [(part.title, minutes(part.start), minutes(part.stop)) for part in parts] == [
        ("Channel One", 0, 1), ("a", 1, 20), ("b", 20, 25), ("Channel One", 25, 40)
    ]  # fmt: skip
    assert [part.length // MINUTE for part in parts] == [1, 5, 5, 15]


def test_no_turns_are_no_entries() -> None:
    assert programmes((), titled, CHANNEL) == ()
    assert showings((), titled, CHANNEL) == ()
    assert now_next((), GENESIS) == (None, None)
    assert clipped((), GENESIS, GENESIS + SECOND) == ()


def test_a_channel_is_told_apart_by_its_id() -> None:
    other = Channel("two", "2", "Two", HOUSE.name, GENESIS)
    turns = laid(("a", 30, ""))
    assert {programmes(turns, titled, channel)[0].id for channel in (CHANNEL, other)} == {"one-0", "two-0"}


def test_a_clip_of_the_guide_has_all_that_is_on_at_some_time_in_it() -> None:
    entries = programmes(laid(("a", 30, ""), ("b", 30, ""), ("c", 30, "")), titled, CHANNEL)
    half = timedelta(minutes=30)
    assert clipped(entries, GENESIS + half, GENESIS + 2 * half) == entries[1:2]
    assert clipped(entries, GENESIS + half - SECOND, GENESIS + 2 * half + SECOND) == entries


# Laws

lengths = st.sampled_from([1, 2, 5, 7, 12, 14, 14, 15, 22, 45, 100, 180])
stretches = st.tuples(st.sampled_from(["a", "b", "-f"]), lengths, st.sampled_from(["", "A", "B"]))
plans = st.lists(stretches, min_size=1, max_size=40)


@given(plans)
def test_entries_tile_the_time_and_none_is_too_short_or_too_long(plan: list[tuple[str, int, str]]) -> None:
    turns = laid(*plan)
    entries = programmes(turns, titled, CHANNEL)
    assert entries[0].start == GENESIS
    assert entries[-1].stop == instant_at(GENESIS, turns[-1].end)
    assert all(one.stop == two.start for one, two in pairwise(entries))
    assert all(entry.start < entry.stop for entry in entries)
    if len(entries) > 1:
        assert all(entry.stop - entry.start >= timedelta(minutes=15) for entry in entries[1:])
    longest = max(timedelta(minutes=length) for _, length, _ in plan)
    assert all(entry.stop - entry.start < longest + timedelta(minutes=60 + 2 * 15 + 15) for entry in entries)


@given(plans)
def test_what_the_guide_says_is_on_is_what_plays(plan: list[tuple[str, int, str]]) -> None:
    turns = laid(*plan)
    entries = programmes(turns, titled, CHANNEL)
    for airing in (airing for turn in turns for airing in turn.airings if airing.role is Role.PROGRAM):
        for tick in (airing.start, Ticks(airing.end - 1)):
            assert playing(entries, tick).asset == airing.asset


def playing(entries: tuple[Entry, ...], tick: Ticks) -> Part:
    """The program that the guide says is on at a tick."""
    at = instant_at(GENESIS, tick) + timedelta(microseconds=1)
    (entry,) = (entry for entry in entries if entry.start <= at < entry.stop)
    part = entry.part(at)
    assert part is not None
    return part


@given(catalogs(), rules, st.integers(1, 12))
def test_both_laws_hold_for_what_the_schedule_makes(catalog: Catalog, ruled: Rules, count: int) -> None:
    turns = turns_of(catalog, ruled, count)
    entries = programmes(iter(turns), catalog.item, CHANNEL)
    assert entries[0].start == GENESIS
    assert entries[-1].stop == instant_at(GENESIS, turns[-1].end)
    assert all(one.stop == two.start for one, two in pairwise(entries))
    for airing in (airing for turn in turns for airing in turn.airings if airing.role is Role.PROGRAM):
        assert playing(entries, airing.start).asset == airing.asset
    parts = showings(turns, catalog.item, CHANNEL)
    assert (parts[0].start, parts[-1].stop) == (GENESIS, instant_at(GENESIS, turns[-1].end))
    assert all(one.stop == two.start for one, two in pairwise(parts))


long_plans = st.lists(stretches, min_size=30, max_size=120)


@given(long_plans, st.data())
def test_an_entry_says_the_same_wherever_the_guide_begins(
    plan: list[tuple[str, int, str]], data: st.DataObject
) -> None:
    turns = laid(*plan)
    whole = programmes(turns, titled, CHANNEL)
    kept = turns[data.draw(st.integers(0, len(turns) - 1)) :]
    part = programmes(kept, titled, CHANNEL)
    assert part == whole[len(whole) - len(part) :]
    known_from = instant_at(GENESIS, kept[0].start) + MARGIN
    assert (part[0].start if part else GENESIS) <= known_from or kept[-1].end - kept[0].start < 4 * 60 * MINUTE


@given(long_plans, st.data())
def test_an_entry_says_the_same_wherever_the_guide_ends(plan: list[tuple[str, int, str]], data: st.DataObject) -> None:
    """What comes later adds entries, and takes none away."""
    turns = laid(*plan)
    whole = {entry.id: entry for entry in programmes(turns, titled, CHANNEL)}
    kept = turns[: data.draw(st.integers(1, len(turns)))]
    certain = instant_at(GENESIS, kept[-1].end) - MARGIN
    for entry in programmes(kept, titled, CHANNEL):
        assert whole[entry.id].start == entry.start
        if entry.stop <= certain:
            assert whole[entry.id] == entry
