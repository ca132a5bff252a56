"""Regional copies in the store: kept along their parents' turns by committers, and by origins without any."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from libraries import GENESIS, KIT, airs, item, of_kind, revision, upto
from test_mirror import House

from playout import documents, keys
from playout.core.airing import Role, Tail, Turn
from playout.core.asset import Kind
from playout.core.catalog import Query, catalog_of
from playout.core.channel import Parent, Revision
from playout.core.derived import regional_turns
from playout.core.playlog import Log
from playout.core.rules import Ads
from playout.core.ticks import TIMEBASE, Ticks, ticks_since
from playout.station import Station
from playout.store import DirStore

if TYPE_CHECKING:
    from pathlib import Path

CATALOG = catalog_of(
    [
        *(item(f"film{n}", Kind.MOVIE, *[7] * (60 + n), breaks=(20, 40)) for n in range(5)),
        *(item(f"ad{n}", Kind.AD, *[7] * (3 + n), tags=("home",)) for n in range(3)),
        *(item(f"own{n}", Kind.AD, *[7] * (2 + n), tags=("away",)) for n in range(3)),
    ],
    [KIT],
)
HOUR = timedelta(hours=1)
MINUTE = Ticks(60 * TIMEBASE)


def ads(tag: str) -> Ads:
    return Ads(MINUTE, Ticks(30 * TIMEBASE), Query(kind=(Kind.AD,), any=(tag,)))


PARENT = revision(airs(of_kind(Kind.MOVIE), ads=ads("home")))


def copy(begun: timedelta = timedelta(0), **changes: object) -> Revision:
    channel = replace(PARENT.channel, id="away", number="2")
    rules = airs(of_kind(Kind.MOVIE), ads=ads("away"))
    made = replace(PARENT, channel=channel, rules=rules, parent=Parent("one", regional=True, begun=GENESIS + begun))
    return replace(made, **changes)  # type: ignore[arg-type]


class Region(House):
    def publish(self, *revised: Revision) -> None:
        for one in revised:
            self.store.put_new(keys.catalog(one.catalog), documents.encode(CATALOG))
            assert self.store.put_new(keys.revision(one.channel.id, one.number), documents.encode(one))

    def stored(self, name: str) -> list[Turn]:
        found = []
        for day in self.store.names(keys.log(name)):
            for file in self.store.names(keys.log_day(name, day)):
                data = self.store.read(f"channels/{name}/log/{day}/{file}")
                assert data
                found.append(documents.decode(data, Turn, file))
        return found


@pytest.fixture
def house(tmp_path: Path) -> Region:
    return Region(DirStore(tmp_path / "media"))


PARENTS = upto((PARENT,), CATALOG, Tail(), ticks_since(GENESIS, GENESIS + 14 * HOUR))
COPIES = list(regional_turns((copy(),), lambda _: CATALOG, PARENTS, CATALOG.item, Tail()))


def programs(turns: list[Turn]) -> list[tuple[int, int, str, int]]:
    found = (airing for turn in turns for airing in turn.airings if airing.role is Role.PROGRAM)
    return [(airing.start, airing.end, airing.asset, airing.first) for airing in found]


def test_the_log_of_a_copy_is_written_with_its_parents(house: Region) -> None:
    house.publish(PARENT, copy())
    for _ in range(12):
        house.now += timedelta(minutes=5)
        house.look()
    stored = house.stored("away")
    assert stored == COPIES[: len(stored)]
    assert stored[-1].end == house.stored("one")[-1].end
    assert house.whats() == ""
    assert {airing.asset[:3] for turn in stored for airing in turn.airings if airing.role is Role.AD} == {"own"}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from(("commit", "look", "restart")), st.integers(0, 1500)), max_size=16))
def test_whatever_happens_the_copy_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    """One log and Fold: restarts and dead committers leave no trace in what a copy airs."""
    house = Region(DirStore(tmp_path_factory.mktemp("media")))
    house.publish(PARENT, copy())
    house.look(committing=False)
    for step, seconds in steps:
        house.now += timedelta(seconds=seconds)
        if step == "restart":
            house.restart()
        house.look(committing=step == "commit")
        on_air = house.on_air("away")
        airing = on_air.log.at_tick(ticks_since(GENESIS, house.now))
        assert airing
        assert airing in [one for turn in COPIES for one in turn.airings]
    stored = house.stored("away")
    assert stored == COPIES[: len(stored)]
    assert programs(stored) == programs(house.stored("one"))[: len(programs(stored))]


def test_a_copy_that_is_published_later_begins_with_what_its_parent_airs(house: Region) -> None:
    house.publish(PARENT)
    for _ in range(8):
        house.now += timedelta(minutes=30)
        house.look()
    begun = house.now - GENESIS - timedelta(minutes=30)
    house.publish(copy(begun, effective=house.now))
    house.look()
    stored = house.stored("away")
    tick = ticks_since(GENESIS, GENESIS + begun)
    assert stored[0].start <= tick < stored[0].end
    assert (stored[0].index, stored[0].airings[0].first_msn) == (0, 0)
    assert programs(stored) == [one for one in programs(house.stored("one")) if one[0] >= stored[0].start]
    assert house.on_air("away").log.at_tick(ticks_since(GENESIS, house.now))
    house.restart()
    house.look()
    assert house.whats() == ""
    house.now += HOUR
    house.look()
    assert Log.of(house.stored("away")).turns[0] == stored[0]


def test_an_edit_of_the_parent_reaches_the_copy_with_it(house: Region) -> None:
    house.publish(PARENT, copy())
    house.look()
    later = replace(PARENT, number=2, effective=house.now, rules=airs(Query(kind=(Kind.MOVIE,), listed=("film3",))))
    house.publish(later)
    for _ in range(8):
        house.now += timedelta(minutes=5)
        house.look()
    assert programs(house.stored("away")) == programs(house.stored("one"))
    assert {turn.revision for turn in house.stored("one")} == {1, 2}
    assert {turn.revision for turn in house.stored("away")} == {1}
    Log.of(house.stored("away"))


def test_what_was_foreseen_gives_way_when_the_parent_airs_something_else(house: Region) -> None:
    """A parent's turn that somebody else wrote is copied, not the one that was computed here."""
    house.publish(PARENT, copy())
    house.look()
    end = house.stored("one")[-1]
    house.now += timedelta(minutes=15)
    house.look(committing=False)
    foreseen = house.on_air("away").log.turns
    other = replace(PARENT, number=7, rules=airs(Query(kind=(Kind.MOVIE,), listed=("film3",))))
    (turn,) = upto((other,), CATALOG, end.tail, Ticks(end.tail.start + 1))
    key = keys.turn("one", GENESIS + timedelta(microseconds=turn.start * 100 // 9), turn.index)
    assert house.store.put_new(key, documents.encode(turn))
    house.look(committing=False)
    now = house.on_air("away").log.turns
    assert now != foreseen
    assert programs([one for one in now if one.start == turn.start]) == programs([turn])
    house.look()
    assert programs(house.stored("away")) == programs(house.stored("one"))[: len(programs(house.stored("away")))]


def test_a_copy_ends_with_its_parent(house: Region) -> None:
    house.publish(PARENT, copy())
    house.look()
    house.publish(replace(PARENT, number=2, effective=house.now, retired=True))
    house.now += timedelta(minutes=11)
    house.look()
    assert set(house.follower.view.channels) == set()


def test_a_station_reads_a_copy_from_its_own_log_and_beyond_it(house: Region) -> None:
    house.publish(PARENT, copy())
    for _ in range(6):
        house.now += timedelta(minutes=20)
        house.look()
    station = Station(house.store)
    assert list(station.turns("away", GENESIS, GENESIS + 9 * HOUR)) == [
        turn for turn in COPIES if turn.start < ticks_since(GENESIS, GENESIS + 9 * HOUR)
    ]
    assert station.original("away") == "away"
    assert station.end("away") == house.stored("away")[-1].tail
