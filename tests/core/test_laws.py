"""The laws of the schedule over rules of the whole language: Fold, Join, no gap, and what never happens."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from languages import languages, libraries, moments, revised
from libraries import HOUSE

from playout.core.airing import Role, Tail, Turn
from playout.core.catalog import Catalog
from playout.core.draw import Choice, Stuck
from playout.core.never import unlicensed
from playout.core.playlog import Log, turn_faults
from playout.core.schedule import ahead, drafted, next_turn
from playout.core.stock import stock_of
from playout.core.ticks import Ticks, instant_at

if TYPE_CHECKING:
    from datetime import date

    from playout.core.channel import Revision
    from playout.core.rules import Rules

LAW = settings(max_examples=30)
"""Each example is a channel, a library and some days of it."""


def turns_of(revision: Revision, catalog: Catalog, count: int, tail: Tail | None = None) -> list[Turn]:
    return list(islice(ahead((revision,), lambda _: catalog, tail or Tail()), count))


@LAW
@given(languages(), libraries(), moments, st.integers(0, 20), st.integers(0, 20))
def test_fold_and_join(rules: Rules, catalog: Catalog, start: date, b: int, c: int) -> None:
    """Extending to b and then to c is extending to c, without a gap, from values that were made anew."""
    revision = revised(rules, start=start)
    whole = turns_of(revision, catalog, b + c)
    Log.of(whole)
    assert [fault for turn in whole for fault in turn_faults(turn)] == []
    again, copied = revised(rules, start=start), Catalog(catalog.items, catalog.kits)
    assert turns_of(again, copied, c, whole[b - 1].tail if b else None) == whole[b:]


@LAW
@given(languages(), libraries(), moments)
def test_every_airing_is_segments_of_an_item_on_the_grid(rules: Rules, catalog: Catalog, start: date) -> None:
    for turn in turns_of(revised(rules, start=start), catalog, 25):
        for airing in turn.airings:
            aired = catalog.item(airing.asset)
            assert aired
            assert 0 <= airing.first < airing.stop <= aired.cuts.segments
            assert airing.end - airing.start == aired.cuts.tick(airing.stop) - aired.cuts.tick(airing.first)
            assert airing.start % HOUSE.unit == 0


@LAW
@given(languages(), libraries(), moments)
def test_what_binds_is_never_broken(rules: Rules, catalog: Catalog, start: date) -> None:
    """Rights, territories and watersheds: whatever else there is, from the first to the last picture."""
    revision = revised(rules, start=start)
    timeline = stock_of(revision, catalog).timeline
    for turn in turns_of(revision, catalog, 25):
        for airing in turn.airings:
            aired = catalog.item(airing.asset)
            assert aired
            genesis = revision.channel.genesis
            begins, ends = instant_at(genesis, airing.start), instant_at(genesis, airing.end)
            assert unlicensed(aired.about, begins, ends, rules.never.territories) is None
            if airing.role is not Role.PROGRAM:
                continue
            for shed in rules.never.watersheds:
                if (aired.about.rating or "unrated").casefold() in [name.casefold() for name in shed.ratings]:
                    for tick in (airing.start, Ticks(airing.end - 1)):
                        assert (timeline.wall(tick) - shed.start) % 86_400 < shed.stop - shed.start


@LAW
@given(languages(), libraries(), moments)
def test_a_soft_rule_gives_way_only_when_nothing_else_is_left(rules: Rules, catalog: Catalog, start: date) -> None:
    revision = revised(rules, start=start)
    tail = Tail()
    for _ in range(25):
        draft = drafted(revision, catalog, tail)
        program = draft.turn.program
        if program and "least bad" in program[0].reason:
            *refused, last = draft.asked
            assert isinstance(last.found, Choice)
            assert all(isinstance(asked.found, Stuck) for asked in refused)
            pools = [
                stock_of(revision, catalog).programs(source, draft.slot.today).items
                for source in draft.slot.block.sources
            ]
            passed = {one.item.id for asked in refused if isinstance(asked.found, Stuck) for one in asked.found.passed}
            strict = {"sequence", "chronological", "listed", "rotation"}
            for source, pool in zip(draft.slot.block.sources, pools, strict=True):
                assert source.order in strict or {item.id for item in pool} <= passed
        tail = draft.turn.tail


@LAW
@given(languages(), libraries(), moments)
def test_no_title_comes_again_too_soon_while_there_is_another(rules: Rules, catalog: Catalog, start: date) -> None:
    revision = revised(rules, start=start)
    begun: dict[str, Ticks] = {}
    for turn in turns_of(revision, catalog, 25):
        if turn.program:
            first = turn.program[0]
            aired = catalog.item(first.asset)
            assert aired
            if "least bad" not in first.reason and aired.about.work in begun:
                assert first.start - begun[aired.about.work] >= rules.never.repeat
            begun[aired.about.work] = first.start


@LAW
@given(languages(), libraries(), moments)
def test_what_cuts_is_punctual_and_overrun_is_bounded(rules: Rules, catalog: Catalog, start: date) -> None:
    revision = revised(rules, start=start)
    tail = Tail()
    for _ in range(25):
        draft = drafted(revision, catalog, tail)
        boundary, block, program = draft.slot.boundary, draft.slot.block, draft.turn.program
        if boundary and boundary.cut:
            assert draft.turn.end <= boundary.at + HOUSE.segment
        if boundary and program and block.overrun is not None and "least bad" not in program[0].reason:
            assert draft.turn.end <= max(boundary.at + block.overrun, boundary.at) + HOUSE.unit
        tail = draft.turn.tail


@LAW
@given(languages(), libraries(), moments)
def test_ads_keep_their_rules(rules: Rules, catalog: Catalog, start: date) -> None:
    revision = revised(rules, start=start)
    timeline = stock_of(revision, catalog).timeline
    tail = Tail()
    load: dict[int, int] = {}
    loads = [block.ads.load for block in rules.blocks if block.ads]
    most = max(loads, default=0) if all(loads) else sys.maxsize
    for _ in range(25):
        draft = drafted(revision, catalog, tail)
        ads = draft.slot.block.ads
        pod: list[str] = []
        for airing in draft.turn.airings:
            if airing.role is not Role.AD:
                pod = []
                continue
            assert ads
            pod = [*pod, airing.asset]
            assert len(set(pod)) == len(pod) <= (ads.most or len(pod))
            sponsors = [item.about.advertiser for name in pod if (item := catalog.item(name)) and item.about.advertiser]
            assert len(set(sponsors)) == len(sponsors)
            if ads.load:
                hour = timeline.wall(airing.start) // 3600
                load[hour] = load.get(hour, 0) + airing.end - airing.start
                assert load[hour] <= most
        tail = draft.turn.tail


@LAW
@given(languages(), libraries(), moments)
def test_the_tail_says_what_a_choice_needs_and_no_more(rules: Rules, catalog: Catalog, start: date) -> None:
    revision = revised(rules, start=start)
    for turn in turns_of(revision, catalog, 25):
        tail = turn.tail
        assert len(tail.recent) <= 512
        assert len(tail.spots) <= 512
        assert all(tail.start - one.start < stock_of(revision, catalog).memory for one in tail.recent)
        assert next_turn(revision, catalog, tail).start == tail.start
