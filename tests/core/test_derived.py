"""Laws of derived channels, over generated libraries, rules and breaks."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libraries import GENESIS, HOUSE, KIT, airs, catalogs, item, items, log_of, of_kind, revision

from playout.core.airing import Role, Tail, Turn
from playout.core.asset import Kind, Rights
from playout.core.catalog import Catalog, Item, Query, catalog_of
from playout.core.channel import Parent, Revision
from playout.core.derived import foreseen, regional_turn, regional_turns
from playout.core.playlog import Log, faults
from playout.core.rules import Ads, Cap, Daypart, Never, Roll, Rules, Watershed
from playout.core.schedule import NothingToAir
from playout.core.ticks import TIMEBASE, Ticks
from playout.core.view import OnAir
from playout.core.window import UnknownAsset

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playout.core.window import Library

OWN = Query(kind=(Kind.AD,), any=("own",))
SHORT = Query(kind=(Kind.BUMPER,), any=("own",))
REGION = Parent("one", regional=True, begun=GENESIS)


def copied(rules: Rules, *, number: int = 1) -> Revision:
    """A revision of the regional copy of channel `one`."""
    made = revision(rules, name="region", number=number)
    return replace(made, parent=REGION)


def own_ads(**more: object) -> Ads:
    ads = Ads(Ticks(60 * TIMEBASE), Ticks(60 * TIMEBASE), OWN, SHORT, SHORT)
    return replace(ads, **more)  # type: ignore[arg-type]


@st.composite
def spots(draw: st.DrawFn) -> list[Item]:
    """Ads and bumpers of the region, from few advertisers."""
    found = []
    for n in range(draw(st.integers(0, 8))):
        spot = draw(items(f"own{n}", Kind.AD, most=6))
        sponsor = draw(st.sampled_from(("", "Acme", "Bolt", "Cork")))
        about = replace(spot.about, tags=("own",), advertiser=sponsor, category=draw(st.sampled_from(("", "cars"))))
        found.append(replace(spot, about=about))
    for n in range(draw(st.integers(0, 2))):
        bumper = draw(items(f"short{n}", Kind.BUMPER, most=1))
        found.append(replace(bumper, about=replace(bumper.about, tags=("own",))))
    return found


@st.composite
def parents(draw: st.DrawFn, catalog: Catalog) -> Log:
    """A log of a channel with breaks, and perhaps with bumpers around its programs."""
    ads = Ads(
        Ticks(draw(st.integers(1, 90)) * TIMEBASE),
        Ticks(draw(st.integers(5, 60)) * TIMEBASE),
        of_kind(Kind.AD),
        draw(st.none() | st.just(of_kind(Kind.BUMPER))),
        draw(st.none() | st.just(of_kind(Kind.BUMPER))),
    )
    between = st.none() | st.just(of_kind(Kind.BUMPER))
    block = airs(of_kind(Kind.MOVIE), ads=ads, filler=of_kind(Kind.FILLER)).block
    block = replace(block, before=draw(between), after=draw(between), pad=draw(st.sampled_from((Ticks(0), HALF))))
    return log_of(revision(Rules(block)), catalog, draw(st.integers(1, 12)))


HALF = Ticks(1800 * TIMEBASE)
region_ads = st.builds(
    own_ads,
    most=st.integers(0, 3),
    load=st.sampled_from((Ticks(0), Ticks(120 * TIMEBASE))),
    advertiser=st.sampled_from((Ticks(0), Ticks(300 * TIMEBASE))),
    category=st.sampled_from((Ticks(0), Ticks(100 * TIMEBASE))),
    cap=st.sampled_from((None, Cap(1, Ticks(600 * TIMEBASE)))),
)


@st.composite
def copies(draw: st.DrawFn) -> tuple[Log, Catalog, Revision, Ads]:
    """A parent's log, what the region chooses from and by."""
    catalog = draw(catalogs())
    catalog = catalog_of([*catalog.items, *draw(spots())], catalog.kits)
    ads = draw(region_ads)
    log = draw(parents(catalog))
    return log, catalog, copied(airs(of_kind(Kind.MOVIE), ads=ads)), ads


def all_of(log: Iterable[Turn], catalog: Catalog, by: Revision, tail: Tail | None = None) -> list[Turn]:
    return list(regional_turns((by,), lambda _: catalog, log, catalog.item, tail or Tail()))


def shown(turns: Iterable[Turn], *roles: Role) -> list[tuple[int, int, str, int, int]]:
    found = (airing for turn in turns for airing in turn.airings if airing.role in roles)
    return [(airing.start, airing.end, airing.asset, airing.first, airing.stop) for airing in found]


@given(copies())
def test_every_program_stands_where_the_parent_has_it(case: tuple[Log, Catalog, Revision, Ads]) -> None:
    log, catalog, by, _ = case
    turns = all_of(log.turns, catalog, by)
    assert shown(turns, Role.PROGRAM, Role.FILLER) == shown(log.turns, Role.PROGRAM, Role.FILLER)
    assert [(turn.start, turn.end) for turn in turns] == [(turn.start, turn.end) for turn in log.turns]


@given(copies())
def test_a_copy_joins_without_a_gap(case: tuple[Log, Catalog, Revision, Ads]) -> None:
    log, catalog, by, _ = case
    turns = all_of(log.turns, catalog, by)
    airings = Log.of(turns).airings
    assert faults(airings) == []
    for airing in airings:
        found = catalog.item(airing.asset)
        assert found
        assert airing.end - airing.start == found.cuts.tick(airing.stop) - found.cuts.tick(airing.first)
        assert (airing.end - airing.start) % HOUSE.unit == 0


@given(copies(), st.data())
def test_extending_to_b_and_then_to_c_is_extending_to_c(
    case: tuple[Log, Catalog, Revision, Ads], data: st.DataObject
) -> None:
    log, catalog, by, _ = case
    whole = all_of(log.turns, catalog, by)
    at = data.draw(st.integers(0, len(log.turns)))
    first = all_of(log.turns[:at], catalog, by)
    rest = all_of(log.turns, catalog, by, first[-1].tail if first else None)
    assert first + rest == whole


@given(copies())
def test_no_ad_of_the_parent_airs_and_the_rules_of_the_own_ads_hold(case: tuple[Log, Catalog, Revision, Ads]) -> None:
    log, catalog, by, ads = case
    airings = [airing for turn in all_of(log.turns, catalog, by) for airing in turn.airings]
    aired = [airing for airing in airings if airing.role is Role.AD]
    about = {airing.asset: found.about for airing in aired if (found := catalog.item(airing.asset))}
    assert all(one.tags == ("own",) for one in about.values())
    pods: list[list[str]] = [[]]
    for one, two in pairwise([None, *airings]):
        if two is not None and two.role is Role.AD:
            if one is None or one.role is not Role.AD:
                pods.append([])
            pods[-1].append(two.asset)
    for pod in pods:
        sponsors = Counter(about[asset].advertiser for asset in pod if about[asset].advertiser)
        assert max(sponsors.values(), default=0) <= 1
        assert max(Counter(pod).values(), default=0) <= 1
        assert not ads.most or len(pod) <= ads.most
    for one, two in pairwise(aired):
        if about[one.asset].advertiser and about[one.asset].advertiser == about[two.asset].advertiser:
            assert two.start - one.start >= ads.advertiser
    if ads.cap:
        starts = [(airing.asset, airing.start) for airing in aired]
        assert all(
            sum(a == asset and start <= s < start + ads.cap.within for a, s in starts) <= 1 for asset, start in starts
        )


def regional(given_turns: Iterable[Turn], catalog: Catalog, rules: Rules, library: Library | None = None) -> list[Turn]:
    by = copied(rules)
    return list(regional_turns((by,), lambda _: catalog, given_turns, library or catalog.item, Tail()))


MINUTE = Ticks(60 * TIMEBASE)
FILM = item("film", Kind.MOVIE, *[7] * 40, breaks=(20,))
BREAKS = Ads(Ticks(30 * TIMEBASE), MINUTE, Query(any=("ad",)), of_kind(Kind.BUMPER), None)
LIBRARY = [
    FILM,
    item("ad", Kind.AD, 7, 7, 7),
    item("in", Kind.BUMPER, 3),
    item("own-a", Kind.AD, 7, 7, tags=("own",)),
    item("own-b", Kind.AD, 5, tags=("own",)),
]


def test_a_break_is_filled_with_its_own_ads_and_exactly_as_long() -> None:
    catalog = catalog_of(LIBRARY, [KIT])
    log = log_of(revision(airs(of_kind(Kind.MOVIE), ads=BREAKS)), catalog, 1)
    (turn,) = regional(log.turns, catalog, airs(of_kind(Kind.MOVIE), ads=Ads(MINUTE, MINUTE, OWN)))
    told = [(airing.role.value, airing.asset, (airing.end - airing.start) // HOUSE.unit) for airing in turn.airings]
    assert [(role, asset) for role, asset, _ in told[:5]] == [
        ("program", "film"),
        ("ad", "own-b"),
        ("ad", "own-a"),
        ("slate", "slate"),
        ("program", "film"),
    ] or [asset for _, asset, _ in told[1:3]] == ["own-a", "own-b"]
    assert sum(units for _, _, units in told[1:4]) == 3 + 21
    assert turn.airings[3].reason == "no ad of its own is as short as what is left of the break"


def test_the_bumper_after_a_program_is_no_part_of_the_break() -> None:
    catalog = catalog_of([*LIBRARY, item("next", Kind.BUMPER, 2, tags=("next",))], [KIT])
    opens = Query(any=("bumper",))
    block = replace(airs(of_kind(Kind.MOVIE), ads=replace(BREAKS, opens=opens)).block, after=Query(any=("next",)))
    log = log_of(revision(Rules(block)), catalog, 1)
    rules = Rules(replace(block, ads=Ads(MINUTE, MINUTE, OWN)))
    (turn,) = regional(log.turns, catalog, rules)
    assert shown([turn], Role.BUMPER) == [one for one in shown(log.turns, Role.BUMPER) if one[2] == "next"]
    assert shown([turn], Role.BUMPER) != []


def test_the_bumper_before_a_program_is_no_part_of_the_pre_roll() -> None:
    catalog = catalog_of([*LIBRARY, item("here", Kind.BUMPER, 2, tags=("here",))], [KIT])
    ads = replace(BREAKS, rolls=(Roll.PRE,), opens=None, closes=Query(any=("bumper",)))
    block = replace(airs(of_kind(Kind.MOVIE), ads=ads).block, before=Query(any=("here",)))
    log = log_of(revision(Rules(block)), catalog, 2)
    turn = log.turns[1]
    assert [airing.asset for airing in turn.airings][:3] == ["ad", "in", "here"]
    rules = Rules(replace(block, ads=Ads(MINUTE, MINUTE, OWN)))
    told = regional(log.turns, catalog, rules)[1].airings
    assert [airing.asset for airing in told][-2:] == ["here", "film"]
    assert {airing.asset for airing in told[:-2]} == {"own-a", "own-b", "slate"}
    assert told[-2].start == turn.airings[2].start


@pytest.mark.parametrize(
    ("rights", "why"),
    [
        ((Rights(territories=("US",)),), "Title of film is not shown here: there are no rights for IE"),
        (
            (Rights(territories=("US",)), Rights(stop=GENESIS, territories=("IE",))),
            "Title of film is not shown here: there are no rights for IE",
        ),
        ((Rights(territories=("IE", "US")),), ""),
    ],
)
def test_what_the_region_may_not_show_is_slate_of_the_same_length(rights: tuple[Rights, ...], why: str) -> None:
    film = replace(FILM, about=replace(FILM.about, rights=rights))
    catalog = catalog_of([film, *LIBRARY[1:]], [KIT])
    home = replace(airs(of_kind(Kind.MOVIE), ads=BREAKS), never=Never(territories=("US",)))
    log = log_of(revision(home), catalog, 2)
    rules = replace(airs(of_kind(Kind.MOVIE), ads=own_ads()), never=Never(territories=("IE",)))
    turns = regional(log.turns, catalog, rules)
    assert [(turn.start, turn.end) for turn in turns] == [(turn.start, turn.end) for turn in log.turns]
    reasons = {airing.reason for turn in turns for airing in turn.airings if airing.role is Role.SLATE}
    assert (why in reasons) == bool(why)
    assert bool(shown(turns, Role.PROGRAM)) != bool(why)


def test_a_watershed_of_the_region_holds() -> None:
    film = replace(FILM, about=replace(FILM.about, rating="R"))
    catalog = catalog_of([film], [KIT])
    log = log_of(revision(), catalog, 1)
    shed = Watershed(("R",), 22 * 3600, 28 * 3600)
    (turn,) = regional(log.turns, catalog, Rules(airs(of_kind(Kind.MOVIE)).block, never=Never(watersheds=(shed,))))
    assert {airing.reason for airing in turn.airings} == {
        "Title of film is not shown here: rated R, which airs 22:00–04:00 only"
    }


def test_a_daypart_of_the_parent_has_the_ads_that_the_region_gives_it() -> None:
    catalog = catalog_of([*LIBRARY, item("own-late", Kind.AD, 7, tags=("late",))], [KIT])
    block = airs(of_kind(Kind.MOVIE), ads=BREAKS).block
    log = log_of(revision(Rules(block, (Daypart("late", 0, 86_400, block),))), catalog, 1)
    late = replace(block, ads=Ads(MINUTE, MINUTE, Query(any=("late",))))
    rules = Rules(replace(block, ads=Ads(MINUTE, MINUTE, OWN)), (Daypart("late", 0, 86_400, late),))
    assert {asset for *_, asset, _, _ in shown(regional(log.turns, catalog, rules), Role.AD)} == {"own-late"}


def test_a_break_for_which_there_is_no_ad_is_slate() -> None:
    catalog = catalog_of(LIBRARY[:3], [KIT])
    log = log_of(revision(airs(of_kind(Kind.MOVIE), ads=BREAKS)), catalog, 1)
    for rules in (airs(of_kind(Kind.MOVIE), ads=own_ads()), airs(of_kind(Kind.MOVIE))):
        (turn,) = regional(log.turns, catalog, rules)
        assert {airing.role for airing in turn.airings} == {Role.PROGRAM, Role.SLATE}


def test_what_was_lost_of_the_parent_is_slate() -> None:
    catalog = catalog_of(LIBRARY, [KIT])
    log = log_of(revision(), catalog, 5)
    by = copied(airs(of_kind(Kind.MOVIE)))
    first = all_of(log.turns[:2], catalog, by)
    rest = all_of(log.turns[3:], catalog, by, first[-1].tail)
    assert Log.of([*first, *rest]).airings[-1].end == log.airings[-1].end
    assert {airing.role for airing in rest[0].airings} == {Role.SLATE}
    assert (rest[0].start, rest[0].end) == (log.turns[2].start, log.turns[2].end)


def test_what_cannot_be_copied_says_why() -> None:
    catalog = catalog_of(LIBRARY, [KIT])
    log = log_of(revision(airs(of_kind(Kind.MOVIE), ads=BREAKS)), catalog, 2)
    by = copied(airs(of_kind(Kind.MOVIE)))
    with pytest.raises(ValueError, match="does not follow"):
        regional_turn(by, catalog, log.turns[0], catalog.item, log.turns[1].tail)
    with pytest.raises(UnknownAsset, match="asset film, which no catalog"):
        regional_turn(by, catalog, log.turns[0], lambda _: None, Tail())
    with pytest.raises(NothingToAir, match="no slate of house fast for"):
        regional_turn(by, catalog_of(LIBRARY, []), log.turns[0], catalog.item, Tail())


@settings(max_examples=15)
@given(copies(), st.integers(0, 3))
def test_what_is_foreseen_is_what_the_logs_will_have(case: tuple[Log, Catalog, Revision, Ads], held: int) -> None:
    log, catalog, by, _ = case
    by_parent = revision(Rules(airs(of_kind(Kind.MOVIE), ads=BREAKS, filler=of_kind(Kind.FILLER)).block))
    log = log_of(by_parent, catalog, 8)

    def catalogs_of(_: Revision) -> Catalog:
        return catalog

    def on_air(turns: tuple[Turn, ...], one: Revision, parent: OnAir | None = None) -> OnAir:
        return OnAir((one,), Log.of(turns), 0, parent=parent)

    parent = on_air(log.turns[:held], by_parent)
    later = timedelta(hours=1)
    mirror = replace(by_parent, parent=Parent("one", later))
    mirrored = on_air(parent.log.turns, mirror, parent)
    assert mirrored.mirror
    assert mirrored.logged.id == "one"
    assert tuple(islice(foreseen(mirrored, catalogs_of, catalog.item), 8 - held)) == log.turns[held:]
    whole = all_of(log.turns, catalog, by)
    for had in range(min(held, len(whole)) + 1):
        region = on_air(tuple(whole[:had]), by, parent)
        assert not region.mirror
        assert list(islice(foreseen(region, catalogs_of, catalog.item), 8 - had)) == whole[had:]
