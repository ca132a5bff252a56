"""What may not air, and the words for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libraries import GENESIS, item, of_kind

from playout.core.asset import Kind, Rights, Title
from playout.core.catalog import Query
from playout.core.never import Rule, clock, kept_for, repeated, rivals_of, spelled, too_early, unlicensed
from playout.core.rules import Apart, Rival, Source, Watershed
from playout.core.ticks import TIMEBASE, Ticks

HOUR = 3600
FROM, UNTIL = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)


def film(*rights: Rights, rating: str = "") -> Title:
    return Title("Film", Kind.MOVIE, rights=rights, rating=rating)


@pytest.mark.parametrize(("rights", "start", "territories", "said"), [
    ((), FROM, ("FR",), None),
    ((Rights(FROM, UNTIL),), FROM, (), None),
    ((Rights(FROM, UNTIL),), FROM - timedelta(hours=1), (), "its rights begin at 2026-03-02 00:00 UTC"),
    ((Rights(FROM, UNTIL),), UNTIL - timedelta(hours=1), (), "its rights end at 2026-03-09 00:00 UTC, before it would"),
    ((Rights(FROM, UNTIL),), UNTIL, (), "its rights ended at 2026-03-09 00:00 UTC"),
    ((Rights(None, FROM), Rights(UNTIL, None)), FROM, (), "its rights begin at 2026-03-09 00:00 UTC"),
    ((Rights(territories=("DE",)),), FROM, ("DE",), None),
    ((Rights(territories=("DE",)),), FROM, ("DE", "FR"), "there are no rights for FR"),
    ((Rights(territories=("DE",)), Rights(territories=("FR",))), FROM, ("DE", "FR"), None),
    ((Rights(territories=("FR",)),), FROM, (), "its rights are for FR alone, and the channel names no territories"),
])  # fmt: skip
def test_rights_and_territories(
    rights: tuple[Rights, ...], start: datetime, territories: tuple[str, ...], said: str | None
) -> None:
    found = unlicensed(film(*rights), start, start + timedelta(hours=2), territories)
    assert (found.reason if found else None) == said
    assert found is None or found.rule.binds


@pytest.mark.parametrize(("rating", "start", "end", "airs"), [
    ("R", 21, 23, True), ("R", 20.9, 23, False), ("r", 28, 29, True), ("R", 28, 29.1, False), ("PG", 12, 14, True),
    ("", 12, 13, False), ("", 22, 24, True), ("R", 5, 6, False),
])  # fmt: skip
def test_a_watershed_holds_from_the_first_to_the_last_picture(
    rating: str,
    start: float,
    end: float,
    airs: bool,  # noqa: FBT001 — a table
) -> None:
    shed = Watershed(("R", "unrated"), 21 * HOUR, 29 * HOUR)
    found = too_early(film(rating=rating), (shed,), int(start * HOUR), int(end * HOUR))
    assert (found is None) == airs
    if found:
        assert found.reason == f"rated {rating or 'unrated'}, which airs 21:00–05:00 only"


def test_a_repeat_is_the_worse_the_sooner_it_comes() -> None:
    day = Ticks(24 * HOUR * TIMEBASE)
    assert repeated(Rule.REPEAT, day, day) is None
    soon, late = (repeated(Rule.REPEAT, Ticks(h * HOUR * TIMEBASE), day) for h in (1, 23))
    assert soon
    assert late
    assert soon.badness > late.badness
    assert soon.reason == "it started 1 h ago, and 24 h must lie between"


@given(st.integers(1, 48), st.integers(0, 10**6), st.lists(st.integers(0, 500), min_size=2, max_size=40))
def test_no_title_starts_on_two_channels_of_a_group_within_its_time(hours: int, work: int, quarters: list[int]) -> None:
    """Whenever two channels may start a work, they may do so with at least that time between them."""
    within = Ticks(hours * HOUR * TIMEBASE)
    apart = Apart(within, "films", ())
    members = ("a", "b", "c")
    starts: list[tuple[int, str]] = []
    for quarter in sorted(quarters):
        instant = quarter * 900 * TIMEBASE
        free = [name for name in members if kept_for(apart, name, str(work), members, instant) is None]
        assert len(free) <= 1
        starts += [(instant, name) for name in free]
    for at, one in starts:
        assert all(other == one or abs(then - at) >= within for then, other in starts)


def test_a_title_comes_to_every_channel_of_its_group_in_time() -> None:
    apart = Apart(Ticks(HOUR * TIMEBASE), "films", ())
    members = ("a", "b", "c")
    hours = range(24 * 30)
    free = {
        name: [h for h in hours if kept_for(apart, name, "w", members, h * HOUR * TIMEBASE) is None] for name in members
    }
    assert all(len(found) > 24 * 30 / 8 for found in free.values())
    refused = kept_for(apart, "a", "w", members, free["b"][0] * HOUR * TIMEBASE)
    assert refused
    assert refused.reason.startswith("group films: b has it for the next ")


def test_only_the_channels_that_could_air_a_title_share_it() -> None:
    made = item("film", Kind.MOVIE, 7, tags=("noir",))
    sources = {
        "a": Source((Query(any=("noir",)),)),
        "b": Source((Query(any=("western",)),)),
        "c": Source((of_kind(Kind.MOVIE),), exclude=(Query(any=("noir",)),)),
        "d": Source((of_kind(Kind.MOVIE),)),
    }
    apart = Apart(Ticks(1), "g", tuple(Rival(name, (source,)) for name, source in sources.items()))
    assert rivals_of(apart, made) == ("a", "d")
    assert kept_for(apart, "a", "w", ("a",), 0) is None


def test_times_in_words() -> None:
    assert [spelled(seconds * TIMEBASE) for seconds in (30, 95, 600, 3600, 12_000)] == [
        "30 s", "1 min 35 s", "10 min", "1 h", "3 h 20 min",
    ]  # fmt: skip
    assert [clock(second) for second in (0, 75_600, 108_000, 61)] == ["00:00", "21:00", "06:00", "00:01:01"]


def test_a_work_is_the_same_however_it_was_packaged() -> None:
    one = item("a", Kind.MOVIE, 7)
    assert one.about.work == replace(one.about, tags=("other",), description="new").work
    assert one.about.work != replace(one.about, title="Another").work
    named = replace(one.about, ids=("imdb:tt1",))
    assert named.work == replace(named, title="Its name elsewhere").work
    assert GENESIS.tzinfo is not None
