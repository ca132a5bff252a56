"""What there is to tell of the air: laws over real logs, cut at any places and in any order of looks."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libraries import airs
from stations import FILMS, FULL, GENESIS, Station, station

from control_api import air
from control_api.air.listening import Ear
from control_api.air.places import Place, Shelf
from control_api.air.telling import FORGOTTEN, MOST, Heard, tell
from playout import documents, keys
from playout.core.asset import Kind
from playout.core.catalog import Query
from playout.core.channel import Channel, Withdrawal
from playout.core.rules import Ads, Block, Rules, Source
from playout.core.ticks import TIMEBASE, Ticks, instant_at
from playout.library import newest, scan

if TYPE_CHECKING:
    from control_api.happenings import Happening
    from playout.store import Store

LATER = timedelta(minutes=2)
"""From genesis to where a station begins."""


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Heard:
    """A channel with ads, with an hour of log."""
    made = with_breaks(tmp_path_factory.mktemp("station"))
    for _ in range(8):
        made.moments.now += timedelta(minutes=8)
        made.look()
    found = Ear(made.store).hear({"films": Place(tick=0)}, GENESIS + FORGOTTEN)
    return found[0]


def with_breaks(root: Path) -> Station:
    made = station(root)
    ads = Ads(Ticks(20 * TIMEBASE), Ticks(30 * TIMEBASE), Query(kind=(Kind.AD,)))
    films = Source((Query(kind=(Kind.MOVIE,)),))
    made.publish(FILMS, Rules(Block((films,), ads)))
    return made


def bare(happenings: list[Happening]) -> list[tuple[str, str, object]]:
    """Without what depends on when one looked."""
    told = [(one.type, one.subject, {**one.data, "late": None}) for one in happenings]
    return [one for one in told if one[0] not in ("channel.drifted", "channel.steadied")]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3300), min_size=1, max_size=30))
def test_however_often_one_looks_the_same_is_told_once_and_in_order(heard: Heard, seconds: list[int]) -> None:
    looks = sorted([*seconds, 3400])
    whole, _ = _told(heard, [looks[0], 3400])
    piecemeal, _ = _told(heard, looks)
    assert piecemeal == whole
    starts = [str(data["on_air_at"]) for _, _, data in piecemeal]  # type: ignore[index]
    assert starts == sorted(starts)


def _told(heard: Heard, looks: list[int]) -> tuple[list[tuple[str, str, object]], Place]:
    place, said = Place(), []
    for second in looks:
        while True:
            some, place = tell(heard, place, GENESIS + timedelta(seconds=second))
            said += bare(some)
            if not bare(some):
                break
    return said, place


def test_programs_and_breaks_are_told_as_the_log_has_them(heard: Heard) -> None:
    said, _ = _told(heard, [0, 3400])
    kinds = Counter(kind for kind, *_ in said)
    programs = [turn for turn in heard.turns if turn.program and turn.program[0].start <= 3400 * TIMEBASE]
    assert kinds["channel.program_started"] == len(programs)
    assert kinds["channel.break_started"] > 10
    assert kinds["channel.revision_applied"] == 2
    films = {turn.program[0].asset for turn in programs if turn.program}
    told = [data for kind, _, data in said if kind == "channel.program_started"]
    assert {str(data["asset"]) for data in told} == films  # type: ignore[index]
    assert {str(data["title"]) for data in told} == {f"Title of {film}" for film in films}  # type: ignore[index]
    breaks = [data for kind, _, data in said if kind == "channel.break_started"]
    assert all(data["ads"] and data["length_ms"] > 0 and data["assets"] for data in breaks)  # type: ignore[index]


def test_of_a_channel_that_is_new_here_what_is_on_air_is_told_and_that_it_is_late(heard: Heard) -> None:
    now = GENESIS + timedelta(seconds=1800)
    some, place = tell(heard, Place(), now)
    begun = [turn for turn in heard.turns if instant_at(GENESIS, turn.start) <= now][-1]
    assert place.tick >= begun.start
    assert [one.type for one in some][:1] == ["channel.revision_applied"]
    told = min(datetime.fromisoformat(one.data["on_air_at"]) for one in some)
    assert abs(instant_at(GENESIS, begun.start) - told) < timedelta(milliseconds=1)
    again, _ = tell(heard, place, now)
    assert again == []


def test_a_day_of_silence_is_not_made_up_for_at_once(heard: Heard) -> None:
    """Nobody wants a day's programs at once: what ended more than an hour ago is passed over."""
    now = GENESIS + FORGOTTEN + timedelta(minutes=50)
    some, _ = tell(heard, Place(tick=0, revision=1), now)
    oldest = min(datetime.fromisoformat(one.data["on_air_at"]) for one in some if one.type != "channel.drifted")
    assert now - FORGOTTEN - timedelta(minutes=3) < oldest
    begun = [one for one in some if one.type == "channel.program_started"]
    assert len(begun) > 1
    assert all(one.data.get("late") for one in begun)
    assert len(some) <= MOST + 1


def test_slate_comes_and_goes_with_withdrawals_too(heard: Heard) -> None:
    now = GENESIS + timedelta(seconds=600)
    _, place = tell(heard, Place(), now)
    airing = [one for turn in heard.turns for one in turn.airings if instant_at(GENESIS, one.start) <= now][-1]
    order = Withdrawal((airing.asset,), now, "a complaint")
    pulled = Heard(heard.channel, GENESIS, GENESIS, heard.turns, heard.revisions, [(1, order)])
    some, after = tell(pulled, place, now)
    assert [one.type for one in some] == ["channel.withdrawn", "channel.slate_started"]
    assert some[0].data["assets"] == [airing.asset]
    assert (some[0].data["reason"], some[1].data["reason"]) == ("a complaint", "withdrawn")
    assert tell(pulled, after, now)[0] == []
    back = Withdrawal((airing.asset,), now, back=True)
    given_back = Heard(heard.channel, GENESIS, GENESIS, heard.turns, heard.revisions, [(1, order), (2, back)])
    some, after = tell(given_back, after, now)
    assert [one.type for one in some] == ["channel.restored", "channel.slate_ended"]
    assert tell(given_back, after, now)[0] == []


def test_an_order_of_long_ago_is_not_told(heard: Heard) -> None:
    now = GENESIS + timedelta(seconds=600)
    old = Withdrawal(("x",), now - FORGOTTEN)
    found = Heard(heard.channel, GENESIS, GENESIS, heard.turns, heard.revisions, [(1, old)])
    some, place = tell(found, Place(tick=10**9), now)
    assert (some, place.orders) == ([], 1)


def test_a_log_that_ends_soon_is_told_once_and_that_it_grows_again_too(heard: Heard) -> None:
    end = instant_at(GENESIS, heard.turns[-1].end)
    place = Place(tick=heard.turns[-1].airings[-1].start, revision=2)
    said = []
    for seconds in (-60, -20, -10, -5, 5, 60):
        some, place = tell(heard, place, end + timedelta(seconds=seconds))
        said += [(seconds, one.type) for one in some]
    assert said == [(-10, "channel.drifted")]
    some, place = tell(heard, place, end - timedelta(seconds=20))
    assert some == []
    some, place = tell(heard, place, end - timedelta(seconds=40))
    assert [one.type for one in some] == ["channel.steadied"]


def test_a_flood_is_cut_and_goes_on(heard: Heard) -> None:
    turns = [turn for turn in heard.turns if turn.program]
    many = Heard(heard.channel, GENESIS, GENESIS, turns * 1, heard.revisions)
    total, place, looks = 0, Place(tick=-1, revision=2), 0
    place = Place(tick=0, revision=2)
    while True:
        some, place = tell(many, place, GENESIS + timedelta(seconds=3400))
        looks += 1
        assert len(some) <= MOST + 1
        if not some:
            break
        total += len(some)
    assert total > 60


# Hearing


def test_an_ear_reads_on_as_the_log_grows_and_hears_what_a_new_one_hears(tmp_path: Path) -> None:
    made = with_breaks(tmp_path)
    ear, place, said = Ear(made.store), Place(), list[object]()
    fresh_place, fresh_said = Place(), list[object]()
    found = None
    for _ in range(90):
        now = made.moments.now
        made.look()
        (found,) = ear.hear({"films": place}, now)
        some, place = tell(found, place, now)
        said += bare(some)
        (found,) = Ear(made.store).hear({"films": fresh_place}, now)
        some, fresh_place = tell(found, fresh_place, now)
        fresh_said += bare(some)
        made.moments.now += timedelta(seconds=20)
    assert said == fresh_said
    assert len(said) > 40
    assert found is not None
    assert len(found.turns) < 100


def test_the_store_is_asked_little_of_a_log_that_is_known(tmp_path: Path) -> None:
    made = with_breaks(tmp_path)
    made.look()
    ear = Ear(made.store)
    now = made.moments.now
    ear.hear({}, now)
    for turn in (tmp_path / "channels" / "films" / "log").glob("*/*"):
        turn.unlink()
    for second in range(300):
        (found,) = ear.hear({}, now + timedelta(seconds=second))
        assert found.turns, "a turn that was read is not read again"


def test_a_turn_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    made = with_breaks(tmp_path)
    made.look()
    day = next((tmp_path / "channels" / "films" / "log").iterdir())
    turns = sorted(day.iterdir())
    turns[len(turns) // 2].write_text("nonsense")
    (found,) = Ear(made.store).hear({"films": Place(tick=0)}, made.moments.now)
    assert len(found.turns) == len(turns) - 1


def test_a_mirror_airs_the_same_later_and_a_retired_channel_nothing(tmp_path: Path) -> None:
    from dataclasses import replace  # noqa: PLC0415 — of this test alone

    from playout.core.channel import Parent  # noqa: PLC0415

    made = with_breaks(tmp_path)
    made.look()
    original = made.revisions["films"]
    genesis = GENESIS + timedelta(seconds=60)
    mirror = replace(
        original,
        number=1,
        effective=genesis,
        channel=Channel("later", "2", "Later", original.channel.house, genesis),
        parent=Parent("films", timedelta(seconds=60)),
    )
    made.store.put_new(keys.revision("later", 1), documents.encode(mirror))
    found = {one.channel: one for one in Ear(made.store).hear({}, made.moments.now)}
    assert found["later"].genesis - found["films"].genesis == timedelta(seconds=60)
    said = {name: tell(one, Place(), made.moments.now)[0] for name, one in found.items()}
    assert {one.subject for one in said["later"]} == {"later"}
    retired = replace(original, number=3, effective=made.moments.now - timedelta(hours=1), retired=True)
    made.store.put_new(keys.revision("films", 3), documents.encode(retired))
    assert Ear(made.store).hear({}, made.moments.now) == []


def test_assets_are_told_as_they_appear_in_the_library(tmp_path: Path) -> None:
    made = station(tmp_path)
    now = made.moments.now
    ear, library = Ear(made.store), scan(made.store, newest(made.store), now)
    nothing, shelf = ear.fresh(None, 10)
    assert (nothing, shelf) == ([], Shelf(1))
    for name in ("film-d", "film-e", "film-f"):
        made.asset(name, Kind.MOVIE, FULL)
    library = scan(made.store, library, now)
    first, shelf = ear.fresh(shelf, 2)
    assert [(one.id, one.title, one.kind) for one in first] == [
        ("film-d", "Title of film-d", "movie"),
        ("film-e", "Title of film-e", "movie"),
    ]
    made.asset("film-g", Kind.MOVIE, FULL)
    scan(made.store, library, now)
    second, shelf = ear.fresh(shelf, 2)
    third, shelf = ear.fresh(shelf, 2)
    assert [[one.id for one in some] for some in (second, third)] == [["film-f"], ["film-g"]]
    assert ear.fresh(shelf, 2) == ([], shelf)
    everything, _ = ear.fresh(Shelf(0), 100)
    assert {one.id for one in everything} >= {"film-a", "film-g"}


def test_neighbours_of_a_log_tell_every_start_of_a_break_once(heard: Heard) -> None:
    said, _ = _told(heard, list(range(0, 3400, 7)))
    at = [data["on_air_at"] for kind, _, data in said if kind == "channel.break_started"]  # type: ignore[index]
    assert all(before < after for before, after in pairwise(at))


def test_the_page_about_events_tells_all_that_is_told(heard: Heard) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text("utf-8")
    listed = set(re.findall(r"`((?:channel|clock|asset)\.[a-z_]+)`", page))
    sources = "".join((Path(air.__file__).parent / name).read_text("utf-8") for name in ("telling.py", "teller.py"))
    said = set(re.findall(r'(?:Said\(|yield )\(?"([a-z]+_?[a-z]*)"', sources)) | {"restored", "withdrawn"}
    told = {f"channel.{name}" for name in said} | set(re.findall(r'Happening\("((?:clock|asset)\.[a-z]+)"', sources))
    assert listed == told | {"asset.failed"}  # which whoever packages tells
    assert {kind for kind, *_ in _told(heard, [0, 3400])[0]} <= listed


class Counted:
    """A store in which a look costs something, and that counts what it is asked."""

    pace = 3

    def __init__(self, store: Store) -> None:
        self._store = store
        self.lists: Counter[str] = Counter()
        self.reads: Counter[str] = Counter()

    def names(self, key: str) -> list[str]:
        self.lists[key.rpartition("/")[2] if key.endswith(("revisions", "withdrawn")) else key] += 1
        return self._store.names(key)

    def read(self, key: str) -> bytes | None:
        self.reads[key] += 1
        return self._store.read(key)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def many(root: Path, count: int) -> Station:
    """So many channels that air the same films."""
    made = station(root)
    for number in range(2, count + 1):
        made.publish(replace(FILMS, id=f"films-{number}", number=str(number)))
    made.look()
    return made


def test_a_store_that_costs_something_is_asked_little_however_many_channels_there_are(tmp_path: Path) -> None:
    """50 channels, 400 looks, until the log at hand has ended: two lists for each, and no document twice."""
    made = many(tmp_path, 50)
    store = Counted(made.store)
    ear = Ear(store)
    ear.hear({}, made.moments.now)
    store.lists.clear()
    store.reads.clear()
    for number in range(400):
        if number % 40 == 0:
            made.look()
        assert len(ear.hear({}, made.moments.now)) == 50
        made.moments.now += timedelta(seconds=2)
    assert store.lists.total() <= 2 * 400 + 200, store.lists.most_common(8)
    assert store.lists["revisions"] == store.lists["withdrawn"] <= 400
    turns = {key: count for key, count in store.reads.items() if "/log/" in key}
    assert set(turns.values()) == {1}


def test_what_the_log_shows_is_looked_for_at_once(tmp_path: Path) -> None:
    """A revision is known before it is told, and a channel that was retired does not end in alarm."""
    made = many(tmp_path, 4)
    store = Counted(made.store)
    ear = Ear(store)
    place, said = Place(), list[dict[str, Any]]()
    made.moments.now += timedelta(minutes=1)
    made.publish(replace(FILMS, id="films-4", number="4"), airs(Query(kind=(Kind.AD,))))
    for _ in range(200):
        made.look()
        heard = {one.channel: one for one in ear.hear({"films-4": place}, made.moments.now)}
        some, place = tell(heard["films-4"], place, made.moments.now)
        said += [one.data for one in some if one.type == "channel.revision_applied"]
        made.moments.now += timedelta(seconds=4)
    assert [data["revision"] for data in said] == [1, 2]
    assert all("author" in data for data in said), "it was read before it was told"


def test_an_order_is_heard_within_a_round(tmp_path: Path) -> None:
    made = many(tmp_path, 50)
    ear = Ear(Counted(made.store))
    ear.hear({}, made.moments.now)
    made.withdraw("films-37", "film-a")
    looks = 0
    while not any(one.orders for one in ear.hear({}, made.moments.now)):
        looks += 1
    assert looks <= 62
