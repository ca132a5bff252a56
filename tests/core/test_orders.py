"""Orders beyond the plain ones: rotation, stories, calendar, random with a cool-down, lists, weights, what is owed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice, pairwise

from hypothesis import given
from hypothesis import strategies as st
from languages import revised
from libraries import GENESIS, HOUSE, KIT, item, of_kind

from playout.core.airing import Cursor, Role, Tail, Turn
from playout.core.asset import Kind
from playout.core.catalog import Catalog, Item, Query, catalog_of
from playout.core.draw import Choice, Pool, Stuck, choose
from playout.core.never import Refusal, Rule
from playout.core.rules import Block, Calendar, Daypart, Late, Never, Order, Rules, Source, Watershed
from playout.core.schedule import ahead
from playout.core.ticks import TIMEBASE, Ticks

FULL = 336_000


def episode(series: str, number: int, *, season: int = 1, story: str = "", part: int = 0) -> Item:
    made = item(f"{series}{season}{number:02d}", Kind.EPISODE, 7)
    about = replace(made.about, series=series, season=season, episode=number, story=story, part=part)
    return replace(made, about=about)


class Shelf:
    """A source that is asked again and again, and remembers where it stands."""

    def __init__(self, items: list[Item], source: Source, queries: tuple[Query, ...] = ()) -> None:
        self.pool = Pool(tuple(sorted(items, key=lambda one: one.id)), queries)
        self.source = source
        self.cursors: dict[str, Cursor] = {}

    def ask(self, refused: dict[str, Rule] | None = None, today: int = 0) -> Choice | Stuck:
        def refuse(one: Item) -> Refusal | None:
            rule = (refused or {}).get(one.id)
            return Refusal(rule, 500, "for a test") if rule else None

        found = choose(
            self.pool, self.source, "seed", lambda part: self.cursors.get(part, Cursor(f"s{part}")), refuse, today=today
        )
        if isinstance(found, Choice):
            self.cursors.update({cursor.source[1:]: cursor for cursor in found.cursors})
        return found

    def next(self, refused: dict[str, Rule] | None = None, today: int = 0) -> str:
        found = self.ask(refused, today)
        assert isinstance(found, Choice)
        return found.item.id

    def many(self, count: int) -> list[str]:
        return [self.next() for _ in range(count)]


def three_series() -> list[Item]:
    return [episode(series, number) for series, last in (("A", 5), ("B", 3), ("C", 4)) for number in range(1, last + 1)]


@given(st.integers(1, 4))
def test_a_rotation_airs_a_run_of_each_series_which_goes_on_where_it_stopped(run: int) -> None:
    aired = Shelf(three_series(), Source((), order=Order.ROTATION, run=run)).many(24 * run)
    runs = [list(same) for _, same in groupby(aired, key=lambda name: name[0])]
    assert {len(same) for same in runs[:-1]} == {run}
    assert len({tuple(one[0][0] for one in runs[k : k + 3]) for k in range(0, len(runs) - 3, 3)}) == 1
    for series, last in (("A", 5), ("B", 3), ("C", 4)):
        numbers = [int(name[2:]) for name in aired if name[0] == series]
        assert numbers == [k % last + 1 for k in range(len(numbers))]


def test_a_run_of_none_is_the_whole_series() -> None:
    aired = Shelf(three_series(), Source((), order=Order.ROTATION, run=0)).many(24)
    assert sorted(len(list(same)) for _, same in groupby(aired, key=lambda name: name[0])) == [3, 3, 4, 4, 5, 5]
    assert all(int(two[2:]) == int(one[2:]) + 1 for one, two in pairwise(aired) if one[0] == two[0])


def test_a_rotation_passes_over_a_series_whose_next_episode_is_too_long() -> None:
    shelf = Shelf(three_series(), Source((), order=Order.ROTATION))
    first = shelf.next()
    second = shelf.next({f"{series}101": Rule.OVERRUN for series in "ABC" if series != first[0]})
    assert second == f"{first[0]}102"


@given(st.integers(0, 30))
def test_the_parts_of_a_story_follow_each_other_in_every_shuffle(before: int) -> None:
    others = [episode("A", number) for number in range(9)]
    story = [episode("A", 20 + part, story="The Siege", part=part) for part in (3, 1, 2)]
    shelf = Shelf([*others, *story], Source(()))
    aired = shelf.many(12 * 4)[before:]
    at = aired.index("A121")
    assert aired[at : at + 3] == ["A121", "A122", "A123"]


def test_a_calendar_says_the_same_on_every_channel_and_counts_days() -> None:
    source = Source((), order=Order.SEQUENCE, calendar=Calendar(since=1000, a_day=2))
    one, two = (Shelf([episode("A", number) for number in range(1, 6)], source) for _ in range(2))
    assert [one.next(today=1000), one.next(today=1000), one.next(today=1001)] == ["A101", "A102", "A103"]
    assert [two.next(today=1001), two.next(today=1001), two.next(today=1002)] == ["A103", "A104", "A105"]
    assert two.next(today=999) == "A104"


def test_a_calendar_passes_over_what_is_refused() -> None:
    source = Source((), order=Order.SEQUENCE, calendar=Calendar(since=1000))
    shelf = Shelf([episode("A", number) for number in range(1, 4)], source)
    assert shelf.next({"A101": Rule.RIGHTS}, today=1000) == "A102"
    assert shelf.next(today=1000) == "A103"
    assert isinstance(shelf.ask({f"A10{n}": Rule.RIGHTS for n in range(4)}, today=1001), Stuck)


def test_random_draws_anew_each_time_and_from_all_of_them() -> None:
    counts = Counter(Shelf(three_series(), Source((), order=Order.RANDOM)).many(1200))
    assert len(counts) == 12
    assert 60 < min(counts.values()) <= max(counts.values()) < 150


def test_a_list_airs_as_it_is_written() -> None:
    query = Query(listed=("C102", "Title of A103", "imdb:tt1", "gone"))
    made = episode("B", 1)
    named = replace(made, about=replace(made.about, ids=("imdb:tt1",)))
    items = [one for one in [*three_series(), named] if query.matches(one)]
    assert Shelf(items, Source((query,), order=Order.LISTED), (query,)).many(4) == ["C102", "A103", "B101", "C102"]


def test_chronological_goes_by_release() -> None:
    films = [item(name, Kind.MOVIE, 7) for name in "abcd"]
    dates = ("1950", "1949-09-02", "", "1949-01-01")
    made = [replace(one, about=replace(one.about, released=day)) for one, day in zip(films, dates, strict=True)]
    assert Shelf(made, Source((), order=Order.CHRONOLOGICAL)).many(5) == ["c", "d", "b", "a", "c"]


@given(st.sampled_from([Order.SHUFFLE, Order.SEQUENCE, Order.CHRONOLOGICAL]), st.sets(st.integers(0, 11), max_size=5))
def test_what_is_passed_over_for_a_while_is_owed_and_airs_in_its_lap(order: Order, which: set[int]) -> None:
    items = three_series()
    shelf = Shelf(items, Source((), order=order))
    refused = {items[place].id: Rule.WATERSHED for place in which}
    by_day = [shelf.next(refused) for _ in range(12 - len(which))]
    assert not set(by_day) & set(refused)
    by_night = shelf.many(len(which))
    assert set(by_day) | set(by_night) == {one.id for one in items}


@given(st.sampled_from([Order.SHUFFLE, Order.SEQUENCE]))
def test_what_may_never_air_is_owed_nothing(order: Order) -> None:
    shelf = Shelf(three_series(), Source((), order=order))
    for _ in range(11):
        assert shelf.next({"A101": Rule.RIGHTS}) != "A101"
    assert all(cursor.owed == () for cursor in shelf.cursors.values())


def test_in_a_sequence_nothing_overtakes_what_is_too_long_just_now() -> None:
    shelf = Shelf([episode("A", number) for number in range(1, 4)], Source((), order=Order.SEQUENCE))
    stuck = shelf.ask({"A101": Rule.OVERRUN})
    assert isinstance(stuck, Stuck)
    assert [one.item.id for one in stuck.passed] == ["A101"]
    assert shelf.next() == "A101"


# In a channel


def turns_of(rules: Rules, catalog: Catalog, count: int) -> list[Turn]:
    revision = revised(rules)
    return list(islice(ahead((revision,), lambda _: catalog, Tail()), count))


def programs(turns: list[Turn]) -> list[str]:
    return [turn.program[0].asset for turn in turns if turn.program]


def films(count: int) -> list[Item]:
    return [item(f"film{n:02d}", Kind.MOVIE, *[7] * 90) for n in range(count)]


@given(st.integers(1, 4), st.integers(1, 4))
def test_weights_are_kept_exactly_in_every_bag(one: int, two: int) -> None:
    catalog = catalog_of([*films(5), *(item(f"clip{n}", Kind.CLIP, 7) for n in range(5))], [KIT])
    block = Block((Source((of_kind(Kind.MOVIE),), weight=one), Source((of_kind(Kind.CLIP),), weight=two)))
    aired = programs(turns_of(Rules(block), catalog, 4 * (one + two)))
    for bag in range(4):
        part = aired[bag * (one + two) : (bag + 1) * (one + two)]
        assert sum(name.startswith("film") for name in part) == one


def test_a_source_with_nothing_leaves_its_turn_to_the_others() -> None:
    block = Block((Source((of_kind(Kind.CLIP),), weight=9), Source((of_kind(Kind.MOVIE),))))
    turns = turns_of(Rules(block), catalog_of(films(3), [KIT]), 6)
    assert all(turn.program for turn in turns)


@given(st.integers(2, 9), st.integers(1, 12))
def test_a_cool_down_keeps_a_title_away_while_others_are_left(count: int, hours: int) -> None:
    source = Source((of_kind(Kind.MOVIE),), order=Order.RANDOM, cooldown=Ticks(hours * 360 * TIMEBASE))
    turns = turns_of(Rules(Block((source,))), catalog_of(films(count), [KIT]), 30)
    last: dict[str, int] = {}
    for turn in turns:
        assert turn.program
        first = turn.program[0]
        if first.asset in last and "least bad" not in first.reason:
            assert first.start - last[first.asset] >= source.cooldown
        last[first.asset] = first.start
    if count * 90 * FULL > 2 * source.cooldown:
        assert not any("least bad" in airing.reason for turn in turns for airing in turn.airings)


def test_what_cools_down_and_is_bound_as_well_never_gives_way() -> None:
    """There is one film, and it may air in the first quarter of an hour only."""
    source = Source((of_kind(Kind.MOVIE),), order=Order.RANDOM, cooldown=Ticks(3600 * TIMEBASE))
    never = Never(watersheds=(Watershed(("R",), 13 * 3600, 13 * 3600 + 900),))
    film = item("film", Kind.MOVIE, *[7] * 10)
    catalog = catalog_of([replace(film, about=replace(film.about, rating="R"))], [KIT])
    turns = turns_of(Rules(Block((source,)), never=never), catalog, 200)
    starts = [turn.program[0].start // TIMEBASE for turn in turns if turn.program]
    assert starts
    assert max(starts) < 900


def test_what_gives_way_is_what_aired_longest_ago() -> None:
    never = Never(repeat=Ticks(24 * 3600 * TIMEBASE))
    turns = turns_of(Rules(Block((Source((of_kind(Kind.MOVIE),)),)), never=never), catalog_of(films(4), [KIT]), 12)
    aired = programs(turns)
    assert aired[:4] == aired[4:8] == aired[8:]
    assert "the least bad of all, though it started 22 min ago, and 24 h must lie between" in turns[5].airings[0].reason


def test_what_was_added_lately_and_what_came_out_on_this_day_change_at_midnight() -> None:
    new = [replace(one, added=GENESIS - timedelta(days=n)) for n, one in enumerate(films(6))]
    on_the_day = replace(new[5], about=replace(new[5].about, released="1999-03-02"))
    catalog = catalog_of([*new[:5], on_the_day], [KIT])
    lately = replace(of_kind(Kind.MOVIE), added=Ticks(2 * 86_400 * TIMEBASE))
    today = replace(of_kind(Kind.MOVIE), on_this_day=True)
    turns = turns_of(Rules(Block((Source((lately, today)),))), catalog, 700)
    by_day: dict[int, set[str]] = {}
    for turn in turns:
        if turn.program:
            local = GENESIS + timedelta(seconds=turn.start // TIMEBASE + 3600)
            by_day.setdefault(local.day, set()).add(turn.program[0].asset)
    first, second, third, *_ = (by_day.get(day, set()) for day in range(1, 6))
    assert first == {"film00", "film01", "film02"}
    assert second >= {"film00", "film01", "film05"}
    assert "film04" not in second
    assert "film05" not in third


def test_two_dayparts_that_share_a_position_go_on_where_the_other_stopped() -> None:
    series = [episode("A", number) for number in range(1, 60)]
    long = [replace(one, cuts=films(1)[0].cuts) for one in series]
    shared = Block((Source((of_kind(Kind.EPISODE),), order=Order.SEQUENCE, position="a"),))
    parts = (Daypart("morning", 0, 12 * 3600, shared), Daypart("evening", 12 * 3600, 86_400, shared))
    aired = programs(turns_of(Rules(shared, parts), catalog_of(long, [KIT]), 150))
    numbers = [int(name[2:]) for name in aired]
    assert numbers[:58] == list(range(1, 59))


def test_padding_ends_on_the_half_hour_to_the_unit() -> None:
    fillers = [item(f"filler{n}", Kind.FILLER, *[7] * n, 1 + n % 6) for n in range(1, 12)]
    block = Block((Source((of_kind(Kind.MOVIE),)),), filler=of_kind(Kind.FILLER), pad=Ticks(1800 * TIMEBASE))
    turns = turns_of(Rules(block), catalog_of([*films(4), *fillers], [KIT]), 40)
    for turn in turns[1:]:
        past = turn.start % (1800 * TIMEBASE)
        assert min(past, 1800 * TIMEBASE - past) <= 24_000
    roles = Counter(airing.role for turn in turns for airing in turn.airings)
    assert roles[Role.SLATE] == 0
    assert not any(turn.tail.idle for turn in turns)


def test_padding_is_slate_where_the_library_has_no_filler() -> None:
    block = Block((Source((of_kind(Kind.MOVIE),)),), filler=of_kind(Kind.FILLER), pad=Ticks(1800 * TIMEBASE))
    turns = turns_of(Rules(block), catalog_of(films(4), [KIT]), 3)
    assert [turn.airings[-1].role for turn in turns] == [Role.SLATE] * 3
    assert turns[0].end % (1800 * TIMEBASE) <= 24_000


def test_a_gap_is_filled_up_to_a_start_that_cuts_half_a_unit_before_the_grid() -> None:
    """The fill ends half a unit late, and is not cut for that: to fill the rest again and again took for ever."""
    short = item("filler", Kind.FILLER, 1)
    long = Source((of_kind(Kind.MOVIE),))
    start = 13 * 3600 + 60  # in Paris; the channel begins at 13:00 there
    assert 60 * TIMEBASE % HOUSE.unit == HOUSE.unit // 2
    block = Block((long,), filler=of_kind(Kind.FILLER), overrun=Ticks(0))
    part = Daypart("cut", start, None, Block((long,)), late=Late.CUT)
    one, two = turns_of(Rules(block, (part,)), catalog_of([*films(1), short], [KIT]), 2)
    assert one.end == 60 * TIMEBASE + HOUSE.unit // 2
    assert two.tail.daypart == "cut"


def test_the_day_of_a_local_midnight_is_the_channels_own() -> None:
    assert datetime(2026, 3, 1, 23, tzinfo=UTC) - GENESIS == timedelta(hours=11)
