"""A follower and committers on a real store, with a clock that is a variable."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from libraries import GENESIS, KIT, airs, item, of_kind, revision, upto

from playout import documents, keys
from playout.commit import Committer
from playout.core.airing import Role, Tail, Turn
from playout.core.asset import Kind
from playout.core.catalog import Catalog, catalog_of
from playout.core.channel import Withdrawal
from playout.core.rules import Daypart, Never, Order, Rules, Watershed
from playout.core.schedule import next_turn
from playout.core.shelves import Shelves
from playout.core.ticks import TIMEBASE, Ticks, instant_at, ticks_since
from playout.follow import Follower
from playout.library import Edition
from playout.store import DirStore, StoreDown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playout.core.channel import Revision
    from playout.core.view import OnAir

CATALOG = catalog_of([item(f"film{n}", Kind.MOVIE, *[7] * (10 + n)) for n in range(5)], [KIT])
HOUR = timedelta(hours=1)


@dataclass
class Station:
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
        """What `kill -9` and a new start leave: the store and nothing else."""
        self.follower = Follower(self.store, self.clock)
        self.committer = Committer(self.store, self.follower, self.clock)

    def publish(self, revised: Revision, catalog: Catalog = CATALOG) -> None:
        self.store.put_new(keys.catalog(revised.catalog), documents.encode(catalog))
        assert self.store.put_new(keys.revision(revised.channel.id, revised.number), documents.encode(revised))

    def look(self) -> None:
        """As many looks as it takes to see everything that is there."""
        for _ in range(5):
            view = self.follower.refresh(self.now)
            if view is not None:
                self.follower.view = view

    def pass_time(self, span: timedelta, *, committing: bool = True) -> None:
        self.now += span
        self.look()
        if committing:
            self.committer.commit(self.now)
            self.look()

    @property
    def one(self) -> OnAir:
        return self.follower.view.channels["one"]

    def stored(self) -> list[Turn]:
        """The whole log, read from the store."""
        found = []
        for day in self.store.names(keys.log("one")):
            for name in self.store.names(keys.log_day("one", day)):
                data = self.store.read(f"channels/one/log/{day}/{name}")
                assert data
                found.append(documents.decode(data, Turn, name))
        return found

    def whats(self) -> str:
        return " | ".join(alarm.what for alarm in self.follower.view.alarms)


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(DirStore(tmp_path / "media"))


def expected(until: datetime) -> list[Turn]:
    return upto((revision(),), CATALOG, Tail(), ticks_since(GENESIS, until))


def test_the_log_is_kept_a_horizon_ahead_and_is_what_the_rules_say(station: Station) -> None:
    station.publish(revision())
    station.pass_time(timedelta())
    for _ in range(12):
        station.pass_time(timedelta(minutes=1))
        assert station.one.end is not None
        assert station.one.end >= ticks_since(GENESIS, station.now + timedelta(minutes=10))
    assert station.stored() == expected(station.now + timedelta(minutes=10))
    assert station.follower.view.alarms == ()
    assert station.one.committed == station.stored()[-1].tail.index


def test_nothing_changes_until_something_does(station: Station) -> None:
    station.publish(revision())
    station.pass_time(timedelta())
    assert station.follower.refresh(station.now) is None
    before = station.one
    station.pass_time(timedelta(seconds=1))
    assert station.one is before


def test_a_restart_finds_the_same(station: Station) -> None:
    station.publish(revision())
    station.pass_time(timedelta())
    station.pass_time(timedelta(minutes=30))
    before = station.one.log.turns
    station.restart()
    station.look()
    assert station.one.log.turns == before[-len(station.one.log.turns) :]
    assert station.one.log.turns[0].start <= ticks_since(GENESIS, station.now - timedelta(minutes=2))


def test_two_committers_that_race_leave_one_valid_log(station: Station) -> None:
    station.publish(revision())
    other = Station(station.store)
    station.look()
    other.look()
    for turn in range(40):
        for each in (station, other) if turn % 2 else (other, station):
            each.now = GENESIS + timedelta(minutes=turn)
            each.committer.commit(each.now)
        station.look()
        if turn % 3:
            other.look()
    assert station.stored() == expected(station.now + timedelta(minutes=10))


def test_a_committer_that_was_dead_for_an_hour_writes_what_was_aired(station: Station) -> None:
    station.publish(revision())
    station.pass_time(timedelta())
    aired: dict[int, Turn] = {}
    edited = revision(number=2, effective=station.now + timedelta(minutes=15), catalog="c2")
    for minute in range(60):
        if minute == 15:
            more = item("new", Kind.MOVIE, *[7] * 9)
            station.publish(edited, catalog_of([*CATALOG.items, more], [KIT]))
        station.pass_time(timedelta(minutes=1), committing=False)
        aired |= {turn.index: turn for turn in station.one.log.turns if turn.start <= ticks_since(GENESIS, station.now)}
    assert "no committer" in station.whats()
    station.pass_time(timedelta())
    assert [turn for turn in station.stored() if turn.index in aired] == list(aired.values())
    assert {turn.revision for turn in aired.values()} == {1, 2}
    assert station.follower.view.alarms == ()


def test_an_origin_needs_no_committer_to_start(station: Station) -> None:
    station.publish(revision())
    station.look()
    assert station.one.log.turns == tuple(expected(station.now + timedelta(seconds=45)))
    assert station.one.committed == 0


def test_an_edit_moves_nothing_before_the_horizon(station: Station) -> None:
    station.publish(revision())
    station.pass_time(timedelta())
    before = station.one.log.turns
    none = airs(of_kind(Kind.CLIP))
    station.publish(revision(none, number=2, effective=station.now))
    station.pass_time(timedelta(minutes=25))
    freeze = ticks_since(GENESIS, GENESIS + timedelta(minutes=2) + timedelta(minutes=10))
    kept = [turn for turn in station.stored() if turn.start < freeze]
    assert tuple(kept[: len(before)]) == before[: len(kept)]
    assert {turn.revision for turn in kept} == {1}
    assert {turn.revision for turn in station.stored() if turn.start >= freeze} == {2}
    assert "nothing in the library matches" in station.whats()


def spoil_half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def spoil_join(data: bytes) -> bytes:
    return data.replace(b'"first_msn":', b'"first_msn":9')


@pytest.mark.parametrize("spoil", [spoil_half, spoil_join, lambda _: b"", lambda _: b"\xff\xfe"])
def test_a_turn_that_cannot_be_used_leaves_the_last_good_view_on_air(
    station: Station, spoil: Callable[[bytes], bytes]
) -> None:
    station.publish(revision())
    station.pass_time(timedelta())
    good = next_turn(revision(), CATALOG, station.stored()[-1].tail)
    bad = keys.turn("one", instant_at(GENESIS, good.start), good.index)
    assert station.store.put_new(bad, spoil(documents.encode(good)))
    station.pass_time(timedelta(minutes=15))
    assert bad in station.whats()
    assert station.one.end is not None
    assert station.one.end > ticks_since(GENESIS, station.now)
    assert good in station.one.log.turns
    station.restart()
    station.look()
    assert good in station.one.log.turns
    station.store.path(bad).unlink()
    station.pass_time(timedelta(seconds=1))
    assert station.follower.view.alarms == ()
    assert good in station.stored()


def test_a_revision_that_cannot_be_read_changes_nothing(station: Station) -> None:
    station.publish(revision())
    station.pass_time(timedelta())
    assert station.store.put_new(keys.revision("one", 2), b'{"number": 2}')
    station.pass_time(timedelta(minutes=1))
    assert "00000002.json" in station.whats()
    assert station.one.channel.name == "Channel One"
    station.store.path(keys.revision("one", 2)).unlink()
    station.look()
    assert station.follower.view.alarms == ()


def test_withdrawals_are_seen_and_add_up(station: Station) -> None:
    station.publish(revision())
    station.pass_time(timedelta())
    for number, asset in enumerate(("film1", "film2"), 1):
        order = Withdrawal((asset,), station.now, "rights")
        station.store.put_new(keys.withdrawal("one", number), documents.encode(order))
    station.look()
    assert station.one.withdrawn == {"film1", "film2"}
    station.restart()
    station.look()
    assert station.one.withdrawn == {"film1", "film2"}


class Outage(DirStore):
    """A store whose disk is taken away and given back."""

    up = True

    def read(self, key: str) -> bytes | None:
        if not self.up:
            raise StoreDown(key)
        return super().read(key)

    def names(self, key: str) -> list[str]:
        if not self.up:
            raise StoreDown(key)
        return super().names(key)

    def put_new(self, key: str, data: bytes) -> bool:
        if not self.up:
            raise StoreDown(key)
        return super().put_new(key, data)


def test_channels_play_on_while_the_store_is_away(tmp_path: Path) -> None:
    store = Outage(tmp_path)
    station = Station(store)
    station.publish(revision())
    station.pass_time(timedelta())
    store.up = False
    for _ in range(30):
        station.pass_time(timedelta(minutes=1), committing=False)
        assert station.one.end is not None
        assert station.one.end > ticks_since(GENESIS, station.now)
    assert "the store cannot be read" in station.whats()
    with pytest.raises(StoreDown):
        station.committer.commit(station.now)
    store.up = True
    station.pass_time(timedelta(seconds=1))
    assert station.follower.view.alarms == ()
    assert station.stored() == expected(station.now + timedelta(minutes=10))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from(("commit", "look", "restart")), st.integers(0, 900)), max_size=25))
def test_whatever_happens_the_log_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    """One log: restarts, gaps and other people's commits leave no trace in what airs."""
    station = Station(DirStore(tmp_path_factory.mktemp("media")))
    station.publish(revision())
    station.look()
    for step, seconds in steps:
        station.now += timedelta(seconds=seconds)
        if step == "restart":
            station.restart()
        station.look()
        if step == "commit":
            station.committer.commit(station.now)
        now = ticks_since(GENESIS, station.now)
        on_air = station.one.log.at_tick(now)
        assert on_air
        assert on_air in [airing for turn in expected(station.now + HOUR) for airing in turn.airings]
    stored = station.stored()
    assert stored == expected(station.now + 2 * HOUR)[: len(stored)]


def test_a_retired_channel_plays_on_for_a_horizon_and_then_is_gone(station: Station) -> None:
    station.publish(revision())
    station.pass_time(timedelta())
    station.publish(replace(revision(number=2, effective=station.now), retired=True))
    for _ in range(9):
        station.pass_time(timedelta(minutes=1))
        assert "one" in station.follower.view.channels
    station.pass_time(timedelta(minutes=2))
    assert "one" not in station.follower.view.channels
    assert station.follower.view.alarms == ()
    station.publish(revision(number=3, effective=station.now))
    station.pass_time(timedelta(minutes=11))
    assert station.one.end is not None
    assert station.one.end >= ticks_since(GENESIS, station.now + timedelta(minutes=10))


def test_the_newest_library_stands_in_for_older_ones_that_say_the_same(station: Station) -> None:
    """A channel that a library change did not concern needs none of the older catalogs at a start."""
    choice = Shelves(CATALOG).choice("fast", revision().rules)
    station.publish(replace(revision(), choice=choice))
    station.pass_time(timedelta())
    grown = catalog_of([*CATALOG.items, item("advert", Kind.AD, 7)], [KIT])
    station.store.put_new(keys.catalog("c2"), documents.encode(grown))
    station.store.put_new(keys.edition(1), documents.encode(Edition(1, "c2", station.now)))
    station.store.path(keys.catalog("c1")).unlink()
    station.restart()
    station.pass_time(timedelta(hours=1))
    assert station.follower.view.alarms == ()
    assert station.follower.view.library("advert") is not None
    assert station.stored() == expected(station.now + timedelta(minutes=10))


def test_the_first_film_reaches_an_idle_channel_within_two_minutes(station: Station) -> None:
    """While slate stands in, turns are chosen a minute ahead; with programs it is the horizon again."""
    station.publish(revision(), catalog_of([], [KIT]))
    station.pass_time(timedelta())
    station.pass_time(timedelta(minutes=5))
    assert station.one.end is not None
    assert station.one.end < ticks_since(GENESIS, station.now + timedelta(minutes=2))
    station.publish(revision(number=2, effective=station.now, catalog="c2"))
    for _ in range(12):
        station.pass_time(timedelta(seconds=10))
    on_air = station.one.log.at_tick(ticks_since(GENESIS, station.now))
    assert on_air
    assert on_air.role is Role.PROGRAM
    assert station.one.end >= ticks_since(GENESIS, station.now + timedelta(minutes=10))
    assert station.follower.view.alarms == ()


# What people should know of


def padded(pad: int, *dayparts: Daypart, filler: bool = True) -> Rules:
    """Movies that start on multiples of so many minutes."""
    block = airs(of_kind(Kind.MOVIE), filler=of_kind(Kind.FILLER) if filler else None).block
    return Rules(replace(block, pad=Ticks(pad * 60 * TIMEBASE)), dayparts)


def test_padding_at_the_end_of_a_turn_is_no_alarm(station: Station) -> None:
    filler = item("filler", Kind.FILLER, 7, 7, 7)
    station.publish(revision(padded(30)), catalog_of([*CATALOG.items, filler], [KIT]))
    station.pass_time(timedelta())
    for _ in range(12):
        station.pass_time(timedelta(minutes=10))
        assert station.one.log.airings[-1].role in (Role.FILLER, Role.SLATE)
        assert station.follower.view.alarms == ()


def test_a_daypart_that_matches_nothing_is_named(station: Station) -> None:
    clips = Daypart("clips", 12 * 3600, 13 * 3600, airs(of_kind(Kind.CLIP)).block)
    station.publish(revision(padded(0, clips)))
    station.pass_time(timedelta())
    assert 'nothing in the library matches what daypart "clips" asks for; filler or slate is on air' in station.whats()
    station.now = GENESIS + timedelta(hours=1)
    station.pass_time(timedelta(minutes=12))
    assert station.follower.view.alarms == ()


def test_slate_where_everything_is_refused_is_an_alarm(station: Station) -> None:
    rated = [replace(one, about=replace(one.about, rating="R")) for one in CATALOG.items]
    shed = Watershed(("R",), 22 * 3600, 28 * 3600)
    station.publish(
        revision(replace(padded(0, filler=False), never=Never(watersheds=(shed,)))), catalog_of(rated, [KIT])
    )
    station.pass_time(timedelta())
    assert "slate is on air: everything is refused, and there is no filler" in station.whats()


def test_a_restart_long_after_the_log_ended_goes_on_by_the_rules_of_that_time(station: Station) -> None:
    """A committer that starts anew writes what origins aired meanwhile, whatever was edited since."""
    station.publish(revision())
    station.pass_time(timedelta())
    edits = [timedelta(minutes=40), timedelta(minutes=80)]
    for number, later in enumerate(edits, 2):
        rules = airs(of_kind(Kind.MOVIE), order=Order.NEWEST if number == 2 else Order.SEQUENCE)
        station.publish(revision(rules, number=number, effective=GENESIS + later))
    for _ in range(18):
        station.pass_time(timedelta(minutes=10), committing=False)
    aired = {turn.index: turn for turn in station.one.log.turns}
    station.restart()
    station.pass_time(timedelta())
    stored = {turn.index: turn for turn in station.stored()}
    assert {turn.revision for turn in stored.values()} == {1, 2, 3}
    assert all(stored[index] == turn for index, turn in aired.items())


SHORT = timedelta(seconds=10)
"""The shortest horizon that channels may have."""


def edited(seconds: int) -> Revision:
    """The second revision of a channel with a short horizon: another order."""
    by_name = airs(of_kind(Kind.MOVIE), order=Order.SEQUENCE)
    effective = GENESIS + timedelta(seconds=seconds)
    return replace(revision(by_name, number=2, effective=effective), horizon=SHORT)


@pytest.mark.parametrize("seconds", range(0, 200, 20))
def test_a_committer_writes_by_a_revision_that_its_follower_has_not_read(station: Station, seconds: int) -> None:
    """Followers look for revisions only so often; one that is in force must choose all the same."""
    first = replace(revision(), horizon=SHORT)
    station.publish(first)
    station.pass_time(timedelta(0))
    after = edited(120 + seconds)
    station.publish(after)
    station.now = GENESIS + timedelta(minutes=12)
    station.committer.commit(station.now)
    wanted = upto((first, after), CATALOG, Tail(), ticks_since(GENESIS, station.now + SHORT))
    assert {turn.revision for turn in wanted} == {1, 2}
    station.restart()
    station.look()
    on_air = station.follower.view.channels["one"]
    committed = on_air.log.until(on_air.committed).turns
    assert list(committed) == wanted[-len(committed) :]


def test_a_committer_goes_on_where_the_next_revision_cannot_be_read(station: Station) -> None:
    station.publish(replace(revision(), horizon=SHORT))
    station.pass_time(timedelta(0))
    assert station.store.put_new(keys.revision("one", 2), b"{}")
    station.now += timedelta(minutes=10)
    assert station.committer.commit(station.now) > 1


@pytest.mark.parametrize("seconds", range(0, 60, 5))
def test_what_was_computed_before_a_revision_was_read_is_computed_anew(station: Station, seconds: int) -> None:
    first = replace(revision(), horizon=SHORT)
    station.publish(first)
    station.look()
    after = edited(120 + seconds - 10)
    station.publish(after)
    station.look()
    station.now += timedelta(minutes=2)
    station.look()
    found = station.follower.view.channels["one"].log.turns
    wanted = upto((first, after), CATALOG, Tail(), ticks_since(GENESIS, station.now + timedelta(seconds=45)))
    assert list(found) == wanted[-len(found) :]
