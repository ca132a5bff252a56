"""Ads in a pod: they fit, none comes twice, and what looks back is heeded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from libraries import item, of_kind

from playout.core.airing import Cursor, Recent
from playout.core.asset import Kind
from playout.core.draw import Pool
from playout.core.fit import Fit
from playout.core.pod import Aired, Pod, Room, Spots, pod_of, spot_of
from playout.core.rules import Ads, Cap
from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from playout.core.catalog import Item

ADS = Ads(Ticks(600 * TIMEBASE), Ticks(60 * TIMEBASE), of_kind(Kind.AD))
HOUR = Ticks(3600 * TIMEBASE)


def ad(name: str, segments: int = 4, *, by: str = "", about: str = "") -> Item:
    made = item(name, Kind.AD, *[7] * segments)
    return replace(made, about=replace(made.about, advertiser=by, category=about))


def pod(items: list[Item], ads: Ads = ADS, *, lately: tuple[Recent, ...] = (), cursor: Cursor | None = None) -> Pod:
    spots = Spots.of(Pool(tuple(items)))
    known = {one.about.work: tuple(filter(None, spot_of(one)[3:5])) for one in items}
    room = Room(HOUR, spots.bound(ads), Aired(lately, known))
    return pod_of(spots, ads, "seed", cursor or Cursor("ads"), room)


def names(found: Pod) -> list[str]:
    return [spot.item.id for spot, _ in found.spots]


def reasons(found: Pod) -> set[str]:
    return {one.refusal.reason for one in found.passed}


@given(st.lists(st.integers(1, 20), min_size=1, max_size=12), st.integers(1, 200), st.integers(0, 4))
def test_a_pod_fits_and_has_no_ad_twice(lengths: list[int], seconds: int, most: int) -> None:
    items = [ad(f"ad{n:02d}", length) for n, length in enumerate(lengths)]
    ads = replace(ADS, pod=Ticks(seconds * TIMEBASE), most=most)
    found = pod(items, ads)
    total = sum(spot.length for spot, _ in found.spots)
    assert total <= max(ads.pod, min(one.length for one in items))
    assert len(set(names(found))) == len(names(found)) >= 1
    assert not most or len(found.spots) <= most
    shortest_left = min((one.length for one in items if one.id not in names(found)), default=None)
    if shortest_left is not None and not (most and len(found.spots) == most):
        assert total + shortest_left > max(ads.pod, min(one.length for one in items))


@given(st.integers(2, 30), st.integers(1, 4))
def test_every_ad_has_its_turn_before_any_comes_again(count: int, a_pod: int) -> None:
    items = [ad(f"ad{n:02d}") for n in range(count)]
    ads = replace(ADS, pod=Ticks(a_pod * items[0].length))
    cursor = Cursor("ads")
    aired: list[str] = []
    while len(aired) < 3 * count:
        found = pod(items, ads, cursor=cursor)
        cursor = found.cursor
        aired += names(found)
    first = aired[: count - count % a_pod]
    assert len(set(first)) == len(first)


def test_one_advertiser_has_one_ad_in_a_pod() -> None:
    found = pod([ad("a", by="Acme"), ad("b", by="ACME"), ad("c", by="Globex")])
    assert len(found.spots) == 2
    assert {spot.advertiser for spot, _ in found.spots} == {"by acme", "by globex"}


def test_categories_are_kept_apart_only_when_that_is_asked_for() -> None:
    items = [ad("a", about="cars"), ad("b", about="cars"), ad("c", about="beer")]
    assert len(pod(items).spots) == 3
    found = pod(items, replace(ADS, category=Ticks(60 * TIMEBASE)))
    assert len(found.spots) == 2


def test_what_looks_back_keeps_ads_off_with_a_reason() -> None:
    items = [ad("a", by="Acme"), ad("b", about="beer")]
    before = (Recent(items[0].about.work, Ticks(HOUR - 60 * TIMEBASE)),)
    found = pod(items, replace(ADS, advertiser=Ticks(120 * TIMEBASE)), lately=before)
    assert names(found) == ["b"]
    assert reasons(found) == {"another ad by acme aired 1 min ago"}
    assert names(pod(items, replace(ADS, advertiser=Ticks(59 * TIMEBASE)), lately=before)) in (["a", "b"], ["b", "a"])
    beer = (Recent(items[1].about.work, Ticks(HOUR - 60 * TIMEBASE)),)
    found = pod(items, replace(ADS, category=Ticks(120 * TIMEBASE)), lately=beer)
    assert (names(found), reasons(found)) == (["a"], {"another ad for beer aired 1 min 14 s ago"})


def test_a_cap_counts_within_its_time() -> None:
    items = [ad("a")]
    twice = (Recent(items[0].about.work, Ticks(100)), Recent(items[0].about.work, Ticks(HOUR - TIMEBASE)))
    capped = replace(ADS, cap=Cap(2, HOUR))
    found = pod(items, capped, lately=twice)
    assert (names(found), reasons(found)) == ([], {"it aired 2 times in 1 h"})
    assert found.cursor == Cursor("ads")
    assert names(pod(items, replace(ADS, cap=Cap(2, Ticks(HOUR - 200))), lately=twice)) == ["a"]


@given(st.lists(st.integers(1, 60), max_size=10), st.integers(0, 200))
def test_nothing_fits_better(lengths: list[int], gap: int) -> None:
    fit = Fit(gap)
    for length in lengths:
        fit.offer(length)
    chosen = [lengths[place] for place in fit.chosen()]
    sums = {0}
    for length in lengths:
        sums |= {total + length for total in sums}
    assert sum(chosen) == max(total for total in sums if total <= gap)
    assert fit.exact == (gap in sums)
    assert fit.chosen() == sorted(set(fit.chosen()))
