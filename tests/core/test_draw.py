from collections import Counter
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from libraries import item

from playout.core.airing import Cursor
from playout.core.asset import Kind
from playout.core.catalog import Item
from playout.core.draw import Choice, Pool, Stuck, choose
from playout.core.rules import Order, Source

START = Cursor("programs")

laps = st.sampled_from([Order.SHUFFLE, Order.SEQUENCE, Order.NEWEST, Order.CHRONOLOGICAL])
names = st.sets(st.integers(0, 999), min_size=1, max_size=30)


def pool(numbers: set[int]) -> Pool:
    return Pool(tuple(movie(n) for n in sorted(numbers)))


def movie(n: int) -> Item:
    return item(f"m{n:03d}", Kind.MOVIE, 7, age=n)


def chosen(source: Pool, order: Order, cursor: Cursor, seed: str = "seed") -> Choice:
    choice = choose(source, Source((), order=order), seed, lambda _: cursor)
    assert isinstance(choice, Choice)
    return choice


def drawn(source: Pool, order: Order, count: int, cursor: Cursor = START) -> tuple[list[str], Cursor]:
    found = []
    for _ in range(count):
        choice = chosen(source, order, cursor)
        found.append(choice.item.id)
        (cursor,) = choice.cursors
    return found, cursor


def test_an_empty_pool_has_nothing_to_choose() -> None:
    assert choose(Pool(()), Source(()), "seed", lambda _: START) == Stuck()


@given(names, laps, st.integers(1, 4))
def test_every_item_airs_once_before_any_repeats(numbers: set[int], order: Order, laps: int) -> None:
    aired, _ = drawn(pool(numbers), order, laps * len(numbers))
    for lap in range(laps):
        part = aired[lap * len(numbers) : (lap + 1) * len(numbers)]
        assert sorted(part) == [movie(n).id for n in sorted(numbers)]


@given(st.sets(st.integers(0, 999), min_size=2, max_size=8))
def test_a_shuffle_never_airs_an_item_twice_in_a_row(numbers: set[int]) -> None:
    aired, _ = drawn(pool(numbers), Order.SHUFFLE, 12 * len(numbers))
    assert all(one != two for one, two in pairwise(aired))


def test_laps_of_a_shuffle_differ_and_so_do_seeds() -> None:
    source = pool(set(range(20)))
    aired, _ = drawn(source, Order.SHUFFLE, 40)
    assert aired[:20] != aired[20:]
    assert Counter(aired[:20]) == Counter(aired[20:])
    other = [chosen(source, Order.SHUFFLE, START, f"seed {n}").item.id for n in range(9)]
    assert len(set(other)) > 1


@given(names, st.integers(0, 29), names)
def test_growth_of_the_library_disturbs_nobody_elses_turn(first: set[int], aired: int, more: set[int]) -> None:
    """What is still to air in this lap airs in the same order, with the newcomers in between."""
    aired %= len(first)
    _, cursor = drawn(pool(first), Order.SHUFFLE, aired)
    rest, _ = drawn(pool(first), Order.SHUFFLE, len(first) - aired, cursor)
    grown = pool(first | more)
    after, _ = drawn(grown, Order.SHUFFLE, len(grown.items), cursor)
    new = {movie(n).id for n in more - first}
    assert [name for name in after if name not in new][: len(rest)] == rest


@given(names, st.integers(0, 29))
def test_an_item_that_leaves_is_skipped(numbers: set[int], aired: int) -> None:
    before, cursor = drawn(pool(numbers), Order.SHUFFLE, aired % len(numbers))
    rest, _ = drawn(pool(numbers), Order.SHUFFLE, len(numbers) - len(before), cursor)
    gone = rest[0]
    left = {n for n in numbers if movie(n).id != gone}
    if left:
        after, _ = drawn(pool(left), Order.SHUFFLE, len(rest), cursor)
        assert after[: len(rest) - 1] == rest[1:]


def test_a_sequence_goes_by_series_season_episode_and_title() -> None:
    def episode(name: str, series: str, season: int, number: int) -> Item:
        made = item(name, Kind.EPISODE, 7)
        return replace(made, about=replace(made.about, series=series, season=season, episode=number))

    source = Pool(
        (
            episode("d", "beta", 1, 1),
            episode("c", "Alpha", 2, 1),
            episode("b", "alpha", 1, 10),
            episode("a", "alpha", 1, 2),
        )
    )
    assert drawn(source, Order.SEQUENCE, 5)[0] == ["a", "b", "c", "d", "a"]


def test_newest_comes_first_and_an_arrival_comes_next() -> None:
    aired, cursor = drawn(pool({10, 20, 30}), Order.NEWEST, 2)
    assert aired == ["m010", "m020"]
    after, _ = drawn(pool({5, 7, 10, 20, 30}), Order.NEWEST, 5, cursor)
    assert after == ["m007", "m005", "m030", "m005", "m007"]


@given(names, laps, st.integers(1, 60))
def test_a_choice_depends_on_the_cursor_alone(numbers: set[int], order: Order, count: int) -> None:
    """Fold: drawing n at once is drawing one, n times, from fresh values; the order of input is of no account."""
    whole, _ = drawn(pool(numbers), order, count)
    cursor, parts = START, []
    for _ in range(count):
        shuffled = Pool(tuple(reversed(pool(numbers).items)))
        one, cursor = drawn(shuffled, order, 1, cursor)
        parts += one
    assert parts == whole
