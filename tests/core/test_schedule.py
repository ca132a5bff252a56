from dataclasses import replace
from datetime import timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libraries import GENESIS, HOUSE, KIT, airs, catalogs, item, log_of, of_kind, revision, rules, upto

from playout.core.airing import Role, Tail
from playout.core.asset import Kind
from playout.core.catalog import Catalog, catalog_of
from playout.core.channel import Revision, in_force
from playout.core.playlog import faults, turn_faults
from playout.core.rules import Ads, Rules
from playout.core.schedule import NothingToAir, ahead, next_turn
from playout.core.ticks import TIMEBASE, Ticks

ADS = Ads(Ticks(20 * TIMEBASE), Ticks(10 * TIMEBASE), of_kind(Kind.AD), of_kind(Kind.BUMPER), of_kind(Kind.BUMPER))
FULL = HOUSE.segment


@given(rules, catalogs(), st.integers(1, 12))
def test_neighbours_join(ruled: Rules, catalog: Catalog, turns: int) -> None:
    log = log_of(revision(ruled), catalog, turns)
    assert faults(log.airings) == []
    assert all(turn_faults(turn) == [] for turn in log.turns)


@given(rules, catalogs(), st.integers(0, 9), st.integers(0, 9))
def test_extending_to_b_and_then_to_c_is_extending_to_c(ruled: Rules, catalog: Catalog, b: int, c: int) -> None:
    revised = revision(ruled)
    whole = list(islice(ahead((revised,), lambda _: catalog, Tail()), b + c))
    tail = whole[b - 1].tail if b else Tail()
    assert list(islice(ahead((revised,), lambda _: catalog, tail), c)) == whole[b:]


@given(rules, catalogs())
def test_every_airing_is_segments_of_an_item_and_as_long_as_they_are(ruled: Rules, catalog: Catalog) -> None:
    for airing in log_of(revision(ruled), catalog, 8).airings:
        aired = catalog.item(airing.asset)
        assert aired
        assert 0 <= airing.first < airing.stop <= aired.cuts.segments
        assert airing.end - airing.start == aired.cuts.tick(airing.stop) - aired.cuts.tick(airing.first)
        assert airing.start % HOUSE.unit == 0


@given(rules, catalogs())
def test_a_program_airs_whole_and_is_cut_at_break_points_only(ruled: Rules, catalog: Catalog) -> None:
    for turn in log_of(revision(ruled), catalog, 8).turns:
        parts = [airing for airing in turn.airings if airing.role is Role.PROGRAM]
        if parts:
            aired = catalog.item(parts[0].asset)
            assert aired
            assert [part.first for part in parts] == [0, *(part.stop for part in parts[:-1])]
            assert parts[-1].stop == aired.cuts.segments
            assert {part.first for part in parts[1:]} <= {point.segment for point in aired.breaks}


@given(rules, catalogs())
def test_breaks_keep_their_distance_and_no_ad_airs_twice_in_a_pod(ruled: Rules, catalog: Catalog) -> None:
    ads = ruled.block.ads
    if ads is None:
        return
    since: int = 0
    pod: list[str] = []
    for airing in log_of(revision(ruled), catalog, 10).airings:
        if airing.role is Role.PROGRAM:
            since = airing.end - airing.start + (0 if pod else since)
            pod = []
        elif airing.role is Role.AD:
            if not pod:
                assert since >= ads.every
            assert airing.asset not in pod
            pod.append(airing.asset)


def movies(*, ads: int = 3) -> Catalog:
    long = item("film", Kind.MOVIE, *[7] * 20, breaks=(3, 6, 12, 18))
    spots = [item(f"ad{n}", Kind.AD, 7) for n in range(ads)]
    return catalog_of([long, *spots, item("ident", Kind.BUMPER, 2)], [KIT])


def test_a_break_comes_at_the_first_point_after_enough_program() -> None:
    turn = next_turn(revision(airs(of_kind(Kind.MOVIE), ads=ADS)), movies(), Tail())
    roles = [airing.role.value for airing in turn.airings]
    pod = ["bumper", "ad", "ad", "bumper"]
    assert roles == ["program", *pod, "program", *pod, "program", *pod, "program"]
    # a point at segment 3 comes too soon (11.2 s); the ones at 6, 12 and 18 do not
    assert [airing.first for airing in turn.airings if airing.role is Role.PROGRAM] == [0, 6, 12, 18]
    assert turn.tail.since_break == 2 * FULL


def test_a_break_that_is_due_at_the_end_comes_after_the_program() -> None:
    short = catalog_of([item("clip", Kind.MOVIE, *[7] * 6), item("ad", Kind.AD, 7)], [KIT])
    turn = next_turn(revision(airs(of_kind(Kind.MOVIE), ads=replace(ADS, opens=None, closes=None))), short, Tail())
    assert [airing.role for airing in turn.airings] == [Role.PROGRAM, Role.AD]


def test_without_ads_a_program_is_not_interrupted() -> None:
    turn = next_turn(revision(airs(of_kind(Kind.MOVIE), ads=ADS)), movies(ads=0), Tail())
    assert [(airing.first, airing.stop) for airing in turn.airings] == [(0, 20)]


def test_what_matches_nothing_airs_filler_and_then_slate() -> None:
    ruled = airs(of_kind(Kind.MOVIE), filler=of_kind(Kind.FILLER))
    filler = catalog_of([item("fill", Kind.FILLER, 7, 3)], [KIT])
    assert [airing.role for airing in next_turn(revision(ruled), filler, Tail()).airings] == [Role.FILLER]
    slate = next_turn(revision(ruled), catalog_of([], [KIT]), Tail())
    assert {airing.role for airing in slate.airings} == {Role.SLATE}
    assert {airing.end - airing.start for airing in slate.airings} == {FULL}
    assert slate.end >= 20 * TIMEBASE


def test_a_house_without_a_slate_cannot_air() -> None:
    with pytest.raises(NothingToAir, match="no slate of house fast"):
        next_turn(revision(), catalog_of([], []), Tail())


def edits() -> tuple[Revision, Revision]:
    return revision(), revision(number=2, effective=GENESIS + timedelta(minutes=5))


def test_a_revision_chooses_the_turns_that_start_a_horizon_after_it() -> None:
    one, two = edits()
    change = two.effective + two.horizon
    assert in_force((one, two), change - timedelta(microseconds=1)) is one
    assert in_force((one, two), change) is two
    assert in_force((one, two), GENESIS - timedelta(days=1)) is one


@given(catalogs(), st.integers(0, 3))
def test_a_late_committer_writes_what_a_punctual_one_would_have(catalog: Catalog, turns: int) -> None:
    """The choice depends on when a turn starts, not on when it is made, nor on who has made those before."""
    end = Ticks(20 * 60 * TIMEBASE)
    punctual = upto(edits(), catalog, Tail(), end)
    tail = punctual[min(turns, len(punctual)) - 1].tail if turns else Tail()
    late = upto(edits(), catalog, tail, end)
    assert punctual[turns:] == late
    assert {turn.revision for turn in punctual} == {1, 2}


@given(catalogs(most=2), st.lists(st.integers(0, 1200), min_size=1, max_size=4).map(sorted))
def test_an_older_revision_never_chooses_again(catalog: Catalog, seconds: list[int]) -> None:
    """Also where slate, chosen a short lead ahead, gives way to programs, chosen a long one ahead."""
    effective = [GENESIS, *(GENESIS + timedelta(seconds=s) for s in seconds)]
    revisions = tuple(
        revision(airs(of_kind(Kind.CLIP if n % 2 else Kind.MOVIE)), number=n, effective=at)
        for n, at in enumerate(effective, 1)
    )
    numbers = [turn.revision for turn in upto(revisions, catalog, Tail(), Ticks(2400 * TIMEBASE))]
    assert numbers == sorted(numbers)
    assert numbers[-1] == len(revisions)
