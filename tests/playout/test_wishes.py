"""Wishes: play this next, skip that: what is committed airs, and every process serves a wish at the same turn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from languages import languages, libraries, revised
from libraries import GENESIS, airs
from stations import FILMS, Station, station

from playout import documents, keys
from playout.config import Programming
from playout.core.airing import WISHED, Role, Tail
from playout.core.asset import Kind
from playout.core.catalog import Catalog, Query
from playout.core.channel import Parent, Wish
from playout.core.playlog import Log
from playout.core.schedule import next_turn
from playout.core.ticks import instant_at
from playout.library import newest, scan
from playout.publish import drafted, newest_revision, publish
from playout.reports.why import asked
from playout.station import Station as Stored
from playout.wishes import MOST, Granted, Unfulfillable, foreseen, play_next, skip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from playout.core.airing import Turn
    from playout.core.rules import Rules


@pytest.fixture
def made(tmp_path: Path) -> Station:
    found = station(tmp_path)
    scan(found.store, newest(found.store), found.moments.now)
    return found


def wished(made: Station, asset: str, by: str = "ada") -> Granted:
    return play_next(Stored(made.store), "films", asset, made.moments.now, by)


def skipped(made: Station, asset: str) -> Granted:
    return skip(Stored(made.store), "films", asset, made.moments.now, "ada")


def programs(turns: Sequence[Turn]) -> list[str]:
    return [turn.program[0].asset for turn in turns if turn.program]


def by_hand(turns: Sequence[Turn]) -> list[Turn]:
    return [turn for turn in turns if turn.program and WISHED in turn.program[0].reason]


def played(made: Station, until: timedelta) -> list[Turn]:
    """The log from now on, as it is committed step by step."""
    begun = made.moments.now
    while made.moments.now < begun + until:
        made.moments.now += timedelta(seconds=20)
        made.look()
    return list(Stored(made.store).logged("films", begun, begun + until))


@pytest.mark.parametrize("asset", ["film-a", "film-b", "film-c"])
def test_what_is_wished_airs_next_once_and_what_is_committed_stays(made: Station, asset: str) -> None:
    committed = made.on_air("films").log.turns
    granted = wished(made, asset)
    assert granted.at >= instant_at(GENESIS, committed[-1].end)
    assert granted.after[0].start == granted.before[0].start
    assert programs(granted.after)[0] == asset
    turns = played(made, timedelta(minutes=30))
    assert made.on_air("films").revisions[-1].number == granted.revision.number
    at = [turn.start for turn in turns].index(granted.after[0].start)
    assert turns[at : at + 3] == list(granted.after)
    assert by_hand(turns) == [granted.after[0]]
    assert granted.after[0].airings[-1].reason == "played next, as wished by ada"
    # the rules go on where they stood: what would have come comes after it
    assert programs(granted.after)[1:] == programs(granted.before)[:2]


def test_wishes_are_served_in_their_order(made: Station) -> None:
    wished(made, "film-c")
    wished(made, "film-c", "bob")
    last = wished(made, "film-a")
    assert [(wish.asset, wish.by) for wish in last.revision.wishes] == [
        ("film-c", "ada"),
        ("film-c", "bob"),
        ("film-a", "ada"),
    ]
    assert programs(by_hand(played(made, timedelta(minutes=30)))) == ["film-c", "film-c", "film-a"]


def test_a_skip_passes_over_what_comes_and_two_who_skip_the_same_skip_one(made: Station) -> None:
    passed = foreseen(Stored(made.store), "films", made.moments.now)
    granted = skipped(made, passed)
    assert programs(granted.before)[0] == passed
    assert programs(granted.after)[0] == programs(granted.before)[1]
    assert "is skipped, as ada wished" in granted.after[0].airings[-1].reason
    with pytest.raises(Unfulfillable, match="look again"):
        skipped(made, passed)
    turns = played(made, timedelta(minutes=30))
    at = [turn.start for turn in turns].index(granted.after[0].start)
    assert turns[at : at + 3] == list(granted.after)


def test_a_skip_takes_a_wish_back_and_then_passes_over_what_the_rules_choose(made: Station) -> None:
    rules = foreseen(Stored(made.store), "films", made.moments.now)
    wished(made, "film-c")
    wished(made, "film-b", "bob")
    one = skipped(made, "film-c")
    assert (programs(one.before)[:2], programs(one.after)[0]) == (["film-c", "film-b"], "film-b")
    assert [wish.asset for wish in one.revision.wishes] == ["film-b"]
    two = skipped(made, "film-b")
    assert (programs(two.after)[0], two.revision.wishes) == (rules, ())
    three = skipped(made, rules)
    assert programs(three.after)[0] == programs(two.after)[1]
    four = wished(made, "film-c")
    assert programs(four.after)[:2] == ["film-c", programs(three.after)[0]]
    five = skipped(made, "film-c")
    assert programs(five.after)[:3] == programs(three.after)
    turns = played(made, timedelta(minutes=30))
    at = [turn.start for turn in turns].index(five.after[0].start)
    assert turns[at : at + 3] == list(five.after)[:3]
    assert by_hand(turns) == []


@pytest.mark.parametrize("wish", [wished, skipped], ids=["play next", "skip"])
def test_a_wish_that_would_change_nothing_is_refused_and_not_published(
    made: Station, wish: Callable[[Station, str], Granted]
) -> None:
    """A channel with one film has nothing else, and plays that anyway."""
    made.publish(FILMS, airs(Query(listed=("film-a",))))
    made.moments.now += timedelta(minutes=1)
    made.look()
    last = newest_revision(made.store, "films")
    with pytest.raises(Unfulfillable, match=r"would air all the same|comes anyway"):
        wish(made, "film-a")
    assert newest_revision(made.store, "films") == last


def test_a_wish_that_waits_outlives_an_edit_and_one_that_is_served_does_not_come_back(made: Station) -> None:
    def edited(name: str) -> int:
        last = newest_revision(made.store, "films")
        assert last
        library = scan(made.store, newest(made.store), made.moments.now)
        publish(made.store, Programming((replace(drafted(last), name=name),)), library, made.moments.now)
        after = newest_revision(made.store, "films")
        assert after
        assert after.number == last.number + 1
        return len(after.wishes)

    granted = wished(made, "film-c")
    assert edited("Renamed") == 1
    turns = played(made, timedelta(minutes=30))
    assert [turn.start for turn in by_hand(turns)] == [granted.after[0].start]
    assert edited("Renamed again") == 0


@pytest.mark.parametrize(
    ("asset", "told"),
    [
        ("nobody", "'nobody' is not in the library: look at its id again"),
        ("slate", "'slate' is no program"),
        ("wide", "'wide' is packaged in house 'hd30', and films airs 'fast': package it in that one"),
    ],
)
def test_what_cannot_be_granted_says_why(made: Station, asset: str, told: str) -> None:
    wide = replace(made.assets["film-a"], id="wide", house="hd30")
    made.store.put_new(keys.asset("wide"), documents.encode_readable(wide))
    scan(made.store, newest(made.store), made.moments.now)
    with pytest.raises(Unfulfillable, match=told):
        wished(made, asset)


def test_a_channel_that_repeats_another_sends_people_there(made: Station) -> None:
    made.publish(replace(FILMS, id="later", number="2"))
    mirror = replace(made.revisions["later"], number=2, parent=Parent("films", timedelta(hours=1)))
    made.store.put_new(keys.revision("later", 2), documents.encode(mirror))
    with pytest.raises(Unfulfillable, match='later repeats "films": wish it there'):
        play_next(Stored(made.store), "later", "film-a", made.moments.now)


def test_no_more_wishes_than_can_wait(made: Station) -> None:
    for _ in range(MOST):
        wished(made, "film-a")
    with pytest.raises(Unfulfillable, match="20 wishes wait on films already"):
        wished(made, "film-a")


def test_why_tells_of_a_wish(made: Station) -> None:
    granted = wished(made, "film-c")
    at = granted.at + timedelta(seconds=1)
    told = asked(Stored(made.store), "films", f"{at:%Y-%m-%dT%H:%M:%S}Z", made.moments.now)
    assert "wished by ada" in told.text
    assert "wished by ada" in str(told.document)


@given(languages(), libraries(), st.data())
def test_wishes_fold_and_break_no_law(rules: Rules, catalog: Catalog, data: st.DataObject) -> None:
    """Law: whatever is wished, turns join, slate is no program, and extending in steps is extending at once."""
    asset = st.sampled_from([one.id for one in (*catalog.items, catalog.kits[0].slate)])
    wishes = tuple(data.draw(st.lists(st.builds(Wish, asset, st.booleans()), min_size=1, max_size=4)))
    revision = replace(revised(rules), wishes=wishes)
    turns, tail = [], Tail()
    for _ in range(8):
        turns.append(next_turn(revision, catalog, tail))
        tail = turns[-1].tail
    Log.of(turns)
    for airing in (airing for turn in by_hand(turns) for airing in turn.airings if airing.role is Role.PROGRAM):
        item = catalog.item(airing.asset)
        assert item
        assert item.about.kind is not Kind.SLATE
    assert len(by_hand(turns)) <= sum(not wish.skip for wish in wishes)
    again = [next_turn(replace(revision), Catalog(catalog.items, catalog.kits), turn.tail) for turn in turns[:-1]]
    assert again == turns[1:]
