"""Mirrors: another channel's log at another time, whatever is restarted, late or lost."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from libraries import GENESIS, KIT, airs, item, of_kind, revision, upto

from playout import documents, keys
from playout.commit import Committer
from playout.core.airing import Tail
from playout.core.asset import Kind
from playout.core.catalog import catalog_of
from playout.core.channel import Parent, Revision, Withdrawal
from playout.core.ticks import ticks_since
from playout.follow import SLOW, Follower
from playout.station import Station
from playout.store import DirStore

if TYPE_CHECKING:
    from pathlib import Path

    from playout.core.airing import Airing, Turn
    from playout.core.view import OnAir

CATALOG = catalog_of([item(f"film{n}", Kind.MOVIE, *[7] * (10 + n)) for n in range(5)], [KIT])
HOUR = timedelta(hours=1)
LATER, SOONER = HOUR, -3 * HOUR
FAR = timedelta(hours=4)


def parent(**changes: object) -> Revision:
    """The original, decided far enough ahead for a mirror that is three hours ahead of it."""
    made = replace(revision(), horizon=FAR, ahead=-SOONER)
    return replace(made, **changes)  # type: ignore[arg-type]


def mirror(name: str, offset: timedelta, **changes: object) -> Revision:
    original = revision()
    channel = replace(original.channel, id=name, number=name, genesis=GENESIS + offset)
    made = replace(original, channel=channel, parent=Parent("one", offset), horizon=FAR)
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass
class House:
    """A store, a time that tests set, and one follower with its committer."""

    store: DirStore
    now: datetime = GENESIS + timedelta(minutes=2)
    follower: Follower = field(init=False)
    committer: Committer = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def clock(self) -> datetime:
        return self.now

    def restart(self) -> None:
        self.follower = Follower(self.store, self.clock)
        self.committer = Committer(self.store, self.follower, self.clock)

    def publish(self, *revised: Revision) -> None:
        for one in revised:
            self.store.put_new(keys.catalog(one.catalog), documents.encode(CATALOG))
            assert self.store.put_new(keys.revision(one.channel.id, one.number), documents.encode(one))

    def look(self, *, committing: bool = True) -> None:
        for _ in range(SLOW + 1):
            view = self.follower.refresh(self.now)
            if view is not None:
                self.follower.view = view
            if committing:
                self.committer.commit(self.now)

    def on_air(self, name: str) -> OnAir:
        return self.follower.view.channels[name]

    def whats(self) -> str:
        return " | ".join(f"{alarm.where}: {alarm.what}" for alarm in self.follower.view.alarms)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(DirStore(tmp_path / "media"))


def expected(revisions: tuple[Revision, ...], until: datetime) -> list[Turn]:
    return upto(revisions, CATALOG, Tail(), ticks_since(GENESIS, until))


ALL = (parent(), mirror("later", LATER), mirror("sooner", SOONER))


@cache
def _day() -> list[Airing]:
    """What the original airs on its first day."""
    return [one for turn in expected((parent(),), GENESIS + timedelta(hours=24)) for one in turn.airings]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from(("commit", "look", "restart")), st.integers(0, 2400)), max_size=16))
def test_a_mirror_airs_what_its_original_airs_at_its_own_time(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    """Whatever is restarted or not committed: at t it airs what the original airs at t - offset."""
    house = House(DirStore(tmp_path_factory.mktemp("media")))
    house.publish(*ALL)
    house.look(committing=False)
    aired = _day()
    for step, seconds in steps:
        house.now += timedelta(seconds=seconds)
        if step == "restart":
            house.restart()
        house.look(committing=step == "commit")
        for name, offset in (("one", timedelta(0)), ("later", LATER), ("sooner", SOONER)):
            if house.now < GENESIS + offset:  # its original has not been on air for so long
                assert name not in house.follower.view.channels
                continue
            on_air = house.on_air(name)
            tick = ticks_since(on_air.channel.genesis, house.now)
            assert tick == ticks_since(GENESIS, house.now - offset)
            airing = on_air.log.at_tick(tick)
            assert airing
            assert airing in aired
            assert on_air.log.airings[0].start <= max(tick - 4 * 30 * 90_000, 0)
    assert house.store.names("channels/later/log") == house.store.names("channels/sooner/log") == []


def test_a_mirror_is_there_as_soon_as_it_is_published(house: House) -> None:
    """Its original has forgotten what aired an hour ago, and reads it again."""
    house.publish(parent())
    for _ in range(8):
        house.now += timedelta(minutes=30)
        house.look()
    assert house.on_air("one").log.airings[0].start > ticks_since(GENESIS, house.now - HOUR)
    house.publish(mirror("later", LATER))
    house.look()
    on_air = house.on_air("later")
    assert on_air.log is house.on_air("one").log
    assert on_air.log.at_tick(ticks_since(on_air.channel.genesis, house.now)) is not None
    assert (on_air.logged.id, on_air.committed) == ("one", house.on_air("one").committed)
    assert on_air.programmed == house.on_air("one").revisions
    assert house.whats() == ""


def test_what_a_mirror_shows_ahead_is_never_moved_by_an_edit(house: House) -> None:
    house.publish(*ALL)
    house.look()
    shown = house.on_air("sooner").log.turns
    aired = [turn for turn in shown if turn.start < ticks_since(GENESIS - 3 * HOUR, house.now)]
    house.publish(parent(number=2, effective=house.now, rules=airs(of_kind(Kind.CLIP))))
    house.now += 2 * HOUR
    house.look()
    assert len(aired) > 100
    assert [turn for turn in house.on_air("one").log.turns if turn.start < aired[-1].end][-20:] == aired[-20:]
    assert {turn.revision for turn in aired} == {1}


def test_an_idle_original_is_decided_far_enough_ahead_for_its_mirror(house: House) -> None:
    """While slate stands in for films, a turn is chosen a minute before the mirror airs it, and stays so."""
    idle = replace(parent(), rules=airs(of_kind(Kind.CLIP)))
    house.publish(idle, mirror("sooner", SOONER))
    house.look()
    now = ticks_since(GENESIS - 3 * HOUR, house.now)
    assert house.on_air("sooner").log.airings[house.on_air("sooner").committed - 1].end > now


def test_a_mirror_ends_with_its_original(house: House) -> None:
    house.now += HOUR
    house.publish(parent(horizon=timedelta(minutes=10), ahead=timedelta(0)), mirror("later", LATER))
    house.look()
    house.publish(parent(number=2, effective=house.now, retired=True, horizon=timedelta(minutes=10)))
    house.now += timedelta(minutes=11)
    house.look()
    assert set(house.follower.view.channels) == {"later"}  # what aired an hour ago is still to come there
    house.now += HOUR
    house.look()
    assert set(house.follower.view.channels) == set()
    assert house.whats() == ""


def test_a_mirror_may_end_alone(house: House) -> None:
    house.publish(*ALL)
    house.look()
    house.publish(mirror("later", LATER, number=2, effective=house.now, retired=True))
    house.now += FAR + timedelta(minutes=1)
    house.look()
    assert set(house.follower.view.channels) == {"one", "sooner"}


def test_what_is_pulled_off_the_original_is_pulled_off_its_mirrors(house: House) -> None:
    house.publish(*ALL)
    for name, asset in (("one", "film1"), ("later", "film2")):
        order = Withdrawal((asset,), house.now, "rights")
        house.store.put_new(keys.withdrawal(name, 1), documents.encode(order))
    house.now += HOUR
    house.look()
    assert house.on_air("one").withdrawn == {"film1"}
    assert house.on_air("later").withdrawn == {"film1", "film2"}
    assert house.on_air("sooner").withdrawn == {"film1"}


def test_nothing_changes_until_something_does(house: House) -> None:
    house.publish(*ALL)
    house.look()
    before = dict(house.follower.view.channels)
    house.now += timedelta(seconds=1)
    assert house.follower.refresh(house.now) is None
    assert dict(house.follower.view.channels) == before


def test_a_mirror_of_nothing_says_so(house: House) -> None:
    house.now += HOUR
    house.publish(mirror("later", LATER))
    house.look()
    assert "later" not in house.follower.view.channels
    assert house.whats() == 'later: "one", which it repeats, cannot be read or was never published'
    house.publish(parent())
    house.look()
    assert "later" in house.follower.view.channels
    assert house.whats() == ""


def test_a_station_reads_a_mirror_from_its_original(house: House) -> None:
    house.publish(*ALL)
    for _ in range(6):
        house.now += timedelta(minutes=20)
        house.look()
    station = Station(house.store)
    turns = list(station.turns("one", GENESIS, GENESIS + 9 * HOUR))
    for name, offset in (("later", LATER), ("sooner", SOONER)):
        assert station.original(name) == "one"
        assert list(station.turns(name, GENESIS + offset, GENESIS + offset + 9 * HOUR)) == turns
        assert station.end(name) == station.end("one")
        assert station.before(name, GENESIS + HOUR + offset) == station.before("one", GENESIS + HOUR)
        assert list(station.logged(name, house.now - HOUR + offset, house.now + offset)) == list(
            station.logged("one", house.now - HOUR, house.now)
        )
