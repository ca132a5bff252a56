"""What differs: laws over generated futures, and the words for what an edit changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libraries import GENESIS, KIT, airs, catalogs, item, log_of, of_kind, revision, rules, upto

from playout.core.airing import Role, Tail
from playout.core.asset import Kind
from playout.core.catalog import Catalog, Query, catalog_of
from playout.core.difference import Showing, Sign, difference, edits, same_schedule, showings, stretches
from playout.core.rules import Ads, Apart, Daypart, Never, Order, Rules, Source
from playout.core.ticks import TIMEBASE, Ticks, instant_at, ticks_since
from playout.core.wall import Change, ClockChange, Missing

if TYPE_CHECKING:
    from playout.core.channel import Revision

FOREVER = Ticks(10**15)

futures = st.lists(
    st.builds(
        Showing,
        st.integers(0, 50).map(Ticks),
        st.integers(51, 60).map(Ticks),
        st.sampled_from(("", "a", "b")),
        st.sampled_from(((), ((Ticks(1), "ad"),))),
    ),
    max_size=12,
    unique_by=lambda one: one.start,
).map(lambda found: sorted(found, key=lambda one: one.start))


def seen(one: Showing) -> tuple[int, int, str]:
    return one.start, one.end, one.asset


@given(futures, futures)
def test_what_is_not_in_both_is_in_one_list_of_changes(before: list[Showing], after: list[Showing]) -> None:
    pieces = difference(before, after)
    goes = [piece.showing for piece in pieces if piece.sign is Sign.GOES]
    others = [piece.showing for piece in pieces if piece.sign is not Sign.GOES]
    comes = [piece.showing for piece in pieces if piece.sign is Sign.COMES]
    assert others == after
    assert [one for one in before if one in goes] == [one for one in before if seen(one) not in map(seen, after)]
    assert comes == [one for one in after if seen(one) not in map(seen, before)]
    stays = [piece.showing for piece in pieces if piece.sign is Sign.STAYS]
    assert stays == [one for one in after if one in before]
    assert [piece.showing.start for piece in pieces] == sorted(piece.showing.start for piece in pieces)
    assert [one for stretch in stretches(pieces) for one in stretch.showings] == [piece.showing for piece in pieces]


@given(futures)
def test_nothing_changes_where_nothing_does(before: list[Showing]) -> None:
    assert {piece.sign for piece in difference(before, before)} <= {Sign.STAYS}


@given(rules, rules, catalogs(), st.integers(1, 30), st.integers(0, 3600))
def test_an_edit_moves_nothing_before_the_freeze_line(
    one: Rules, two: Rules, catalog: Catalog, horizon: int, later: int
) -> None:
    """Whatever is edited: turns that start before it is effective, and a horizon, are equal."""
    minutes = timedelta(minutes=horizon)
    first = replace(revision(one), horizon=minutes)
    second = replace(revision(two, number=2, effective=GENESIS + timedelta(seconds=later)), horizon=minutes)
    end = ticks_since(GENESIS, second.effective + minutes + timedelta(hours=1))
    before = upto((first,), catalog, Tail(), end)
    after = upto((first, second), catalog, Tail(), end)
    moved = [turn for turn in after if turn.revision == 2]
    idle = timedelta(seconds=60)  # while filler stands in, what comes is decided later
    for turn in moved:
        assert instant_at(GENESIS, turn.start) >= second.effective + min(minutes, idle)
    freeze = ticks_since(GENESIS, second.effective + minutes)
    kept = [turn for turn in before if turn.start < freeze and not turn.tail.idle]
    if not any(turn.tail.idle for turn in before):
        assert kept == [turn for turn in after if turn.start < freeze]
        assert all(turn.start >= freeze for turn in moved)


def test_a_showing_is_a_program_with_what_lies_in_and_around_it() -> None:
    film = item("film", Kind.MOVIE, *[7] * 40, breaks=(20,))
    catalog = catalog_of([film, item("ad", Kind.AD, 7, 7)], [KIT])
    ads = Ads(Ticks(30 * TIMEBASE), Ticks(5 * TIMEBASE), of_kind(Kind.AD))
    log = log_of(revision(airs(of_kind(Kind.MOVIE), ads=ads)), catalog, 3)
    found = list(showings(log.turns, FOREVER))
    assert [one.asset for one in found] == ["film"] * 3
    assert all(one.between and {asset for _, asset in one.between} == {"ad"} for one in found)
    assert [one.start for one in found] == [turn.start for turn in log.turns]
    assert list(showings(log.turns, log.turns[1].start)) == found[:1]


def test_filler_that_follows_filler_is_one_showing() -> None:
    catalog = catalog_of([item("filler", Kind.FILLER, *[7] * 9)], [KIT])
    log = log_of(revision(airs(of_kind(Kind.MOVIE), filler=of_kind(Kind.FILLER))), catalog, 4)
    assert all(airing.role is Role.FILLER for airing in log.airings)
    (one,) = showings(log.turns, FOREVER)
    assert (one.start, one.end, one.asset, len(one.between)) == (0, log.airings[-1].end, "", 4)
    later = catalog_of([*catalog.items, item("film", Kind.MOVIE, *[7] * 5)], [KIT])
    more = log_of(revision(), later, 1, log.turns[-1].tail)
    assert [one.asset for one in showings((*log.turns, *more.turns), FOREVER)] == ["", "film"]


FILMS = airs(of_kind(Kind.MOVIE))
LATE = Daypart("late", 0, 3600, FILMS.block)
EARLY = Daypart("early", 3600, 7200, FILMS.block)


def told(before: Revision, after: Revision) -> list[str]:
    return [str(edit) for edit in edits(before, after)]


def with_block(**changes: object) -> Revision:
    return revision(Rules(replace(FILMS.block, **changes)))  # type: ignore[arg-type]


def renamed(**changes: object) -> Revision:
    return replace(revision(), channel=replace(revision().channel, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (revision(), revision(number=2), []),
        (revision(), renamed(name="Two"), ["name: Channel One → Two"]),
        (revision(), renamed(number="7"), ["number: 1 → 7"]),
        (revision(), renamed(logo="https://x/y.png"), ["logo: none → https://x/y.png"]),
        (revision(), renamed(languages=("en", "de")), ["languages: en → en, de"]),
        (revision(), renamed(zone="Europe/Paris"), ["zone: UTC → Europe/Paris"]),
        (revision(), with_block(sources=(Source((Query(),), order=Order.NEWEST),)), ["programs"]),
        (revision(), with_block(filler=Query()), ["filler"]),
        (revision(), with_block(before=Query()), ["bumpers around programs"]),
        (revision(), with_block(pad=Ticks(90_000)), ["padding"]),
        (revision(), with_block(overrun=Ticks(0)), ["overrun"]),
        (revision(), with_block(title="Films"), ["title of the block"]),
        (revision(), revision(replace(FILMS, dayparts=(LATE,))), ["daypart late is new"]),
        (revision(replace(FILMS, dayparts=(LATE,))), revision(), ["daypart late is gone"]),
        (
            revision(replace(FILMS, dayparts=(LATE,))),
            revision(replace(FILMS, dayparts=(replace(LATE, start=5),))),
            ["daypart late"],
        ),
        (
            revision(replace(FILMS, dayparts=(LATE, EARLY))),
            revision(replace(FILMS, dayparts=(EARLY, LATE))),
            ["the order of dayparts"],
        ),
        (revision(), revision(replace(FILMS, never=Never(Ticks(9)))), ["never"]),
        (
            revision(),
            revision(replace(FILMS, never=Never(apart=Apart(Ticks(9), "g", ())))),
            ["what its group keeps apart"],
        ),
        (revision(), revision(replace(FILMS, clock_change=ClockChange(Missing.SKIP))), ["clock_change"]),
        (revision(), replace(revision(), horizon=timedelta(hours=1)), ["horizon: 10 min → 1 h"]),
        (revision(), replace(revision(), retired=True), ["it ends"]),
        (replace(revision(), retired=True), revision(), ["it is back"]),
        (revision(), replace(revision(), changes=(Change(0, 3600),)), ["the clock changes of its zone"]),
        (revision(), replace(revision(), choice="other"), ["the library"]),
    ],
    ids=lambda value: "; ".join(value) if isinstance(value, list) else "",
)
def test_what_an_edit_changes_is_said_in_a_few_words(before: Revision, after: Revision, words: list[str]) -> None:
    assert told(before, after) == words


def test_who_a_channel_is_moves_nothing_on_air() -> None:
    assert same_schedule(revision(), renamed(name="Two", number="7"))
    assert not same_schedule(revision(), with_block(pad=Ticks(90_000)))
    assert not same_schedule(revision(), replace(revision(), choice="other"))
