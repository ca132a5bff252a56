"""Planning, applying and rolling back: on a real store, with a library of documents."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from libraries import KIT, item

import fastline
from playout import documents, keys
from playout.commit import Committer
from playout.config import Programming, read
from playout.core.asset import Kind, Title
from playout.core.catalog import Item, catalog_of
from playout.core.difference import Sign
from playout.core.schedule import ahead
from playout.core.ticks import instant_at, ticks_since
from playout.follow import SLOW, Follower
from playout.library import Edition, newest
from playout.publish import RETIRED, Published, Signed, drafted, newest_revision, publish, publish_signed, wish
from playout.reports import plan as planning
from playout.reports import revisions as history
from playout.rollback import NoWayBack, rollback
from playout.station import Station, UnknownChannel
from playout.store import DirStore

if TYPE_CHECKING:
    from pathlib import Path

    from playout.core.airing import Turn
    from playout.core.channel import Revision

NOW = datetime(2026, 11, 21, 20, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)

FILMS = """\
version: 1
defaults: {house: fast, zone: Europe/Paris}
channels:
  films:
    number: 1
    name: Films
    include: {any: [film]}
    order: sequence
    ads: {every: 10m, pod: 60s, any: [ad]}
    filler: {any: [filler]}
"""
MIRROR = "  later: {number: 2, name: Later, mirror: {of: films, offset: 1h}}\n"
REGION = "  away: {number: 3, name: Away, territories: [IE], regional: {of: films}, ads: {any: [own]}}\n"
KIDS = "  kids: {number: 4, name: Kids, include: {any: [kids]}, order: sequence}\n"
NONE = "version: 1\nchannels: {}\n"
NEWEST = ("order: sequence", "order: newest")


def film(name: str, tag: str = "film", minutes: int = 40) -> Item:
    made = item(name, Kind.MOVIE, *[7] * (minutes * 16), breaks=(150, 320), tags=(tag,))
    return replace(made, about=Title(f"The {name.title()}", Kind.MOVIE, (tag,)))


LIBRARY = [
    *(film(name) for name in ("apple", "birch", "cedar", "daisy", "elder", "fern", "gorse", "hazel")),
    *(film(name, "kids", 20) for name in ("iris", "juniper")),
    *(item(f"ad{n}", Kind.AD, *[7] * (4 + n), tags=("ad",)) for n in range(3)),
    item("own", Kind.AD, 7, 7, tags=("own",)),
    item("filler", Kind.FILLER, *[7] * 8, tags=("filler",)),
]


@dataclass
class House:
    """A store, a clock that is a variable, and a committer."""

    store: DirStore
    now: datetime = NOW
    follower: Follower = field(init=False)

    def __post_init__(self) -> None:
        self.follower = Follower(self.store, lambda: self.now)

    def stock(self, *items: Item) -> None:
        """Make an edition of the library."""
        data = documents.encode(catalog_of(items, [KIT]))
        self.store.put_new(keys.catalog(documents.digest(data)), data)
        number = len(self.store.names(keys.library())) + 1
        self.store.put_new(keys.edition(number), documents.encode(Edition(number, documents.digest(data), self.now)))

    def publish(self, text: str, by: Signed | None = None) -> Published:
        """As whoever watches a file does, or as somebody applies one."""
        if by is None:
            return publish(self.store, programming(text), newest(self.store), self.now)
        return publish_signed(self.store, programming(text), newest(self.store), self.now, by)

    def plan(self, text: str, days: int = 1) -> planning.Plan:
        return planning.plan(Station(self.store), programming(text), self.now, days)

    def commit(self) -> None:
        for _ in range(SLOW + 1):
            self.follower.view = self.follower.refresh(self.now) or self.follower.view
            Committer(self.store, self.follower, lambda: self.now).commit(self.now)

    def last(self, channel: str = "films") -> Revision:
        found = newest_revision(self.store, channel)
        assert found
        return found

    def rollback(self, number: int | None = None, channel: str = "films") -> Revision:
        return rollback(Station(self.store), channel, number, self.now, "ann")

    def whats(self, channel: str = "films") -> list[str]:
        return [told.what for told in history.revisions(Station(self.store), channel)]


def programming(text: str) -> Programming:
    found = read(text, "channels.yaml")
    assert isinstance(found, Programming), found
    return found


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House(DirStore(tmp_path / "media"))
    made.stock(*LIBRARY)
    return made


def on_air(house: House, text: str = FILMS) -> House:
    house.publish(text)
    house.commit()
    house.now += timedelta(minutes=3)
    house.commit()
    return house


def stored(house: House) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = {}
    for path in sorted(house.store.path("channels").rglob("*.json")):
        key = str(path.relative_to(house.store.path("channels").parent))
        found[key] = house.store.read(key)
    return found


def changes(plan: planning.Plan) -> dict[str, str]:
    return {outlook.channel: outlook.change for outlook in plan.channels}


# Planning


def test_a_plan_publishes_nothing(house: House) -> None:
    on_air(house)
    before = stored(house)
    assert changes(house.plan(FILMS.replace(*NEWEST) + KIDS)) == {"films": "edited", "kids": "new"}
    assert changes(house.plan(NONE)) == {"films": "ends"}
    assert stored(house) == before


def test_what_is_published_already_changes_nothing(house: House) -> None:
    on_air(house)
    plan = house.plan("# a remark\n" + FILMS)
    assert plan.empty
    assert planning.written(plan) == (
        "channels.yaml, if it is published now: what changes on air in 1 day\n\n"
        "nothing: all of it is published already\n"
    )


def test_a_plan_says_from_when_what_goes_and_what_comes(house: House) -> None:
    on_air(house)
    (outlook,) = house.plan(FILMS.replace(*NEWEST)).channels
    assert outlook.edits == ("programs",)
    end = Station(house.store).end("films")
    freeze = house.now + timedelta(seconds=2) + timedelta(minutes=10)
    assert outlook.seen
    assert outlook.seen >= min(freeze, instant_at(house.last().channel.genesis, end.start))
    goes = [line for line in outlook.lines if line.sign is Sign.GOES]
    comes = [line for line in outlook.lines if line.sign is Sign.COMES]
    assert goes
    assert comes
    assert min(line.start for line in (*goes, *comes)) == outlook.seen
    assert all(line.title.startswith("The ") for line in (*goes, *comes))


class Growing(DirStore):
    """A directory to whose logs turns are added after each look at what they have."""

    house: House | None = None

    def names(self, key: str) -> list[str]:
        found, house = super().names(key), self.house
        if house and "/log/" in key:
            self.house = None
            house.now += timedelta(minutes=40)
            house.commit()
            self.house = house
        return found


@pytest.mark.parametrize("edit", [NEWEST, ("pod: 60s", "pod: 20s")])
def test_what_is_committed_meanwhile_is_no_difference_that_an_edit_makes(tmp_path: Path, edit: tuple[str, str]) -> None:
    store = Growing(tmp_path / "media")
    house = House(store)
    house.stock(*LIBRARY)
    on_air(house)
    edited = programming(FILMS.replace(*edit))
    still, asked, now = planning.plan(Station(store), edited, house.now, 1), Station(store), house.now
    store.house = house
    assert planning.plan(asked, edited, now, 1).channels == still.channels
    assert house.now > now  # it did grow


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edit=st.sampled_from(
        [
            NEWEST,
            ("pod: 60s", "pod: 20s"),
            ("any: [film]", "any: [kids]"),
            ("order: sequence", "order: shuffle"),
            ("    filler", "    pad: 30m\n    filler"),
            ("    filler", "    dayparts: {night: {from: 23:00, to: 05:00, include: {any: [kids]}}}\n    filler"),
            ("any: [film]", "any: [nothing]"),
        ]
    ),
    minutes=st.integers(0, 300),
    hours=st.integers(1, 12),
)
def test_what_is_planned_is_what_airs(
    tmp_path_factory: pytest.TempPathFactory, edit: tuple[str, str], minutes: int, hours: int
) -> None:
    """The plan is held against a committer that runs on after publishing; nothing before the freeze line moves."""
    house = House(DirStore(tmp_path_factory.mktemp("media")))
    house.stock(*LIBRARY)
    on_air(house)
    house.now += timedelta(minutes=minutes)
    house.commit()
    edited = FILMS.replace(*edit)
    assert edited != FILMS
    (outlook,) = house.plan(edited).channels
    before = foreseen(house, house.now + 12 * HOUR)
    effective = house.publish(edited).revisions[0].effective
    until = house.now + hours * HOUR
    while house.now < until:
        house.now += timedelta(minutes=7)
        house.commit()
    genesis = house.last().channel.genesis
    aired = list(Station(house.store).logged("films", genesis, until))
    freeze = ticks_since(genesis, effective + timedelta(minutes=10))
    assert [turn for turn in aired if turn.start < freeze] == [turn for turn in before if turn.start < freeze]
    shown = {
        (instant_at(genesis, parts[0].start), instant_at(genesis, parts[1].end), parts[0].asset)
        for turn in aired
        if (parts := turn.program) is not None
    }
    for line in outlook.lines:
        if line.asset and line.start < until - timedelta(minutes=20):
            assert ((line.start, line.stop, line.asset) in shown) == (line.sign is not Sign.GOES)


def foreseen(house: House, until: datetime) -> list[Turn]:
    return list(Station(house.store).turns("films", house.last().channel.genesis, until))


def test_a_new_name_is_seen_at_once_and_moves_nothing(house: House) -> None:
    on_air(house)
    plan = house.plan(FILMS.replace("name: Films", "name: Cinema"))
    (outlook,) = plan.channels
    assert (outlook.edits, outlook.lines) == (("name: Films → Cinema",), ())
    assert outlook.seen == house.now + timedelta(seconds=2)


def test_a_refusal_is_part_of_the_plan(house: House) -> None:
    on_air(house)
    plan = house.plan(FILMS.replace("house: fast", "house: hd30"))
    assert plan.refused
    assert planning.written(plan) == (
        "channels.yaml, if it is published now: what changes on air in 1 day\n\n"
        "films  Films: refused\n"
        '  ! line 4: not published: house "hd30" has no slate in this store yet; package one with '
        "`fastline package --kind slate --house hd30 FILE`\n"
    )


def test_derived_channels_are_planned_with_their_parent(house: House) -> None:
    on_air(house, FILMS + MIRROR + REGION + KIDS)
    edited = (FILMS + MIRROR + REGION + KIDS).replace(*NEWEST, 1)
    plan = house.plan(edited)
    assert changes(plan) == {"films": "edited", "later": "edited", "away": "edited", "kids": "same"}
    films, away = plan.channels[0], next(one for one in plan.channels if one.channel == "away")
    assert away.seen == films.seen
    told = [(line.sign, line.start, line.title) for line in films.lines if line.sign in (Sign.GOES, Sign.COMES)]
    assert told == [(line.sign, line.start, line.title) for line in away.lines if line.sign in (Sign.GOES, Sign.COMES)]
    assert 'it is a mirror of "films" at +1h' in planning.written(plan)
    assert "what airs changes with its original" in planning.written(plan)
    assert 'it is a regional copy of "films"' in planning.written(plan)
    assert "1 channel stays as it is" in planning.written(plan)
    only_ads = house.plan((FILMS + MIRROR + REGION + KIDS).replace("any: [own]", "any: [ad]"))
    assert changes(only_ads) == {"films": "same", "later": "same", "away": "edited", "kids": "same"}
    (away,) = (one for one in only_ads.channels if one.channel == "away")
    assert {line.sign for line in away.lines} <= {Sign.BREAKS, Sign.STAYS}
    assert "with other breaks" in planning.written(only_ads)


def test_new_derived_channels_are_planned_though_nothing_of_them_is_published(house: House) -> None:
    plan = house.plan(FILMS + MIRROR + REGION)
    assert changes(plan) == {"films": "new", "later": "new", "away": "new"}
    films, _, away = plan.channels
    assert [line.title for line in films.lines] == [line.title for line in away.lines]
    assert {line.sign for line in films.lines} == {Sign.COMES}


def test_a_plan_as_people_read_it(house: House) -> None:
    on_air(house)
    text = planning.written(house.plan(FILMS.replace("any: [film]", "any: [kids]")))
    lines = text.splitlines()
    assert lines[2:4] == ["films  Films", "  * programs"]
    assert lines[4].startswith("  seen from Sat 2026-11-21 2")
    assert lines[4].endswith(" (Europe/Paris)")
    assert lines[5] == "  Sat 2026-11-21"
    days = [line for line in lines if line.startswith(("  S", "  M"))]
    assert days == ["  Sat 2026-11-21", "  Sun 2026-11-22"]
    assert any(line.startswith("    - ") and line.endswith("The Cedar") for line in lines)
    assert any(line.startswith("    + ") and line.endswith(("The Iris", "The Juniper")) for line in lines)


def test_a_long_plan_is_told_in_part_and_counted(house: House) -> None:
    plan = house.plan(FILMS, days=2)
    lines = planning.written(plan).splitlines()
    told = [line for line in lines if line.startswith("    + ")]
    films = plan.channels[0]
    rest = len(films.lines) - planning.SHOWN
    assert len(told) == planning.SHOWN
    assert lines[-1].startswith(f"    … {rest} more lines until Mon 2026-11-23 2")
    assert lines[-1].endswith(f": {rest} programs more; --all tells them")
    whole = planning.written(plan, None).splitlines()
    assert len([line for line in whole if line.startswith("    + ")]) == len(films.lines)
    assert not any("--all" in line for line in whole)


def test_a_plan_that_is_longer_by_a_line_is_told_whole(house: House) -> None:
    plan = house.plan(FILMS, days=1)
    shown = len(plan.channels[0].lines) - 1
    assert "more lines" not in planning.written(plan, shown)
    assert "2 more lines" in planning.written(plan, shown - 1)


def test_a_stretch_that_lasts_for_days_says_on_which_it_ends(house: House) -> None:
    text = planning.written(house.plan(FILMS.replace("any: [film]", "any: [flim]"), days=2))
    assert text.splitlines()[-1] == "    + 21:13–Mon 21:15  filler or slate"


# Rolling back


def test_a_rollback_publishes_the_revision_before_and_nobody_publishes_over_it(house: House) -> None:
    on_air(house)
    edited = FILMS.replace(*NEWEST)
    house.publish(edited)
    found = house.rollback()
    assert (found.number, found.restores, found.author) == (3, 1, "ann")
    assert (found.rules, found.undoes) == (drafted(found).rules, wish(programming(edited).drafts[0]))
    assert wish(drafted(found)) == wish(programming(FILMS).drafts[0])
    assert house.publish(edited) == Published()  # the file has not changed since

    house.stock(*LIBRARY, film("ivy"))
    (grown,) = house.publish(edited).revisions  # but the library has
    assert (wish(drafted(grown)), grown.undoes, grown.restores) == (wish(drafted(found)), found.undoes, 1)
    assert grown.choice != found.choice

    (other,) = house.publish(edited.replace("pod: 60s", "pod: 30s")).revisions
    assert (other.number, other.undoes, other.restores) == (5, "", 0)
    assert house.publish(edited).revisions[0].number == 6
    assert house.whats() == [
        "new",
        "programs",
        "rollback to revision 1: programs",
        "the library",
        "programs; ads",
        "ads",
    ]


def test_a_file_that_says_what_was_gone_back_to_is_followed_again(house: House) -> None:
    on_air(house)
    house.publish(FILMS.replace(*NEWEST))
    house.rollback()
    (caught_up,) = house.publish(FILMS).revisions
    assert (caught_up.undoes, caught_up.restores) == ("", 0)
    assert house.publish(FILMS).revisions == ()
    assert house.publish(FILMS.replace(*NEWEST)).revisions != ()


def test_one_rollback_after_another_goes_further_back(house: House) -> None:
    on_air(house)
    house.publish(FILMS.replace(*NEWEST))
    house.stock(*LIBRARY, film("ivy"))
    house.publish(FILMS.replace(*NEWEST))
    house.publish(FILMS.replace("order: sequence", "order: shuffle"))
    assert house.rollback().restores == 3
    assert house.rollback().restores == 1
    with pytest.raises(NoWayBack, match="films has nothing to go back to"):
        house.rollback()


def test_a_rollback_to_a_number(house: House) -> None:
    on_air(house)
    house.publish(FILMS.replace("name: Films", "name: Cinema"))
    house.publish(FILMS.replace(*NEWEST))
    found = house.rollback(2)
    assert (found.channel.name, found.restores) == ("Cinema", 2)
    with pytest.raises(NoWayBack, match="films says already what revision 2 says"):
        house.rollback(2)
    with pytest.raises(NoWayBack, match=r"films has no revision 9: it has 1 to 4\."):
        house.rollback(9)
    with pytest.raises(UnknownChannel):
        house.rollback(1, "nobody")


def test_a_rollback_brings_back_what_was_taken_out(house: House) -> None:
    on_air(house, FILMS + KIDS)
    house.publish(FILMS)
    assert house.last("kids").retired
    found = house.rollback(channel="kids")
    assert (found.retired, found.undoes) == (False, RETIRED)
    assert house.publish(FILMS) == Published()  # still not in the file, and still on air
    house.stock(*LIBRARY, film("ivy", "kids"))
    assert [(one.channel.id, one.retired) for one in house.publish(FILMS).revisions] == [("kids", False)]
    (back,) = house.publish(FILMS + KIDS).revisions
    assert back.undoes == ""
    (gone,) = house.publish(FILMS).revisions
    assert gone.retired
    with pytest.raises(NoWayBack, match="is the end of kids"):
        house.rollback(gone.number, "kids")


def test_what_is_applied_from_another_file_is_not_undone_by_the_one_that_is_watched(house: House) -> None:
    on_air(house, FILMS + KIDS)
    edited = FILMS.replace(*NEWEST) + MIRROR
    applied = house.publish(edited, Signed(author="ann", note="apply", over=True)).revisions
    assert {one.channel.id: one.retired for one in applied} == {"films": False, "later": False, "kids": True}
    house.stock(*LIBRARY, film("ivy"))
    grown = house.publish(FILMS + KIDS).revisions
    assert {one.channel.id: one.retired for one in grown} == {"films": False, "later": False}
    assert wish(drafted(house.last())) == wish(programming(edited).drafts[0])
    assert house.whats()[-2:] == ["apply: programs", "the library"]


def test_an_edit_of_a_rival_is_no_edit_of_the_channel_that_went_back(house: House) -> None:
    group = "    never: {group: g, apart: 1h}\n"
    kids = "  kids:\n    number: 4\n    name: Kids\n    include: {any: [kids]}\n" + group
    text = FILMS + group + kids
    on_air(house, text)
    house.publish(text.replace(*NEWEST))
    house.rollback()
    other = text.replace(*NEWEST).replace("any: [kids]", "any: [kids, toys]")
    found = {one.channel.id: one for one in house.publish(other).revisions}
    assert set(found) == {"films", "kids"}
    assert found["films"].undoes
    assert [source.order.value for source in found["films"].rules.block.sources] == ["sequence"]
    assert found["films"].rules.never.apart == found["kids"].rules.never.apart


def test_a_rollback_keeps_the_horizon_that_a_mirror_needs(house: House) -> None:
    on_air(house)
    ahead_of = MIRROR.replace("1h", "-1h")
    house.publish(FILMS.replace("house: fast", "house: fast, horizon: 2h") + ahead_of)
    assert house.last().ahead == HOUR
    found = house.publish(FILMS.replace("house: fast", "house: fast, horizon: 2h").replace(*NEWEST) + ahead_of)
    assert {one.channel.id for one in found.revisions} == {"films", "later"}
    back = house.rollback(1)
    assert (back.horizon, back.ahead) == (2 * HOUR, HOUR)


# Derived channels


def test_a_mirror_is_its_parents_for_life(house: House) -> None:
    on_air(house, FILMS + MIRROR + REGION)
    films, later, away = house.last(), house.last("later"), house.last("away")
    assert later.channel.genesis == films.channel.genesis + HOUR
    assert later.mirrors == "films"
    assert away.channel.genesis == films.channel.genesis
    assert away.parent
    assert away.parent.begun == NOW - timedelta(seconds=120)
    outcome = house.publish(FILMS + MIRROR.replace("1h", "2h") + REGION)
    (alarm,) = outcome.alarms
    assert alarm.what == (
        'line 11: not published: it is a mirror of "films" at +1h for life, because players keep their place in it; '
        'for a mirror of "films" at +2h write a channel with a new id, and take this one out'
    )
    assert house.publish(FILMS + MIRROR + REGION).revisions == ()
    assert {one.channel.id for one in house.publish(NONE).revisions} == {"films", "later", "away"}


# Clocks


def test_a_revision_carries_the_clock_changes_of_its_zone(house: House) -> None:
    house.publish(FILMS)
    last = house.last()
    assert last.clocks.offset(int(datetime(2027, 7, 1, tzinfo=UTC).timestamp())) == 7200
    assert last.clocks.offset(int(datetime(2048, 1, 1, tzinfo=UTC).timestamp())) == 3600
    house.now = datetime(2029, 12, 31, tzinfo=UTC)
    assert house.publish(FILMS).revisions == ()
    house.now = datetime(2030, 1, 1, tzinfo=UTC)
    (renewed,) = house.publish(FILMS).revisions
    assert house.whats() == ["new", "the clock changes of its zone"]
    assert next(ahead((renewed,), Station(house.store).catalog, Station(house.store).end("films"))).airings


# The commands


def run(house: House, *arguments: str) -> int:
    return fastline.main([arguments[0], "--media", str(house.store.path("x").parent), *arguments[1:]])


def test_the_commands(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "new.yaml"
    file.write_text(FILMS)
    assert run(house, "plan", str(file)) == 0
    assert "films  Films: new" in capsys.readouterr().out
    assert run(house, "apply", str(file)) == 1
    assert "nothing was published: to do so, add --yes" in capsys.readouterr().err
    assert house.store.names("channels") == []
    assert run(house, "apply", str(file), "--yes") == 0
    assert "films: revision 1 published" in capsys.readouterr().err
    assert run(house, "plan", str(file), "--format", "json") == 0
    told = msgspec.json.decode(capsys.readouterr().out, type=planning.Plan)
    assert [(one.channel, one.change) for one in told.channels] == [("films", "same")]
    file.write_text(FILMS.replace("name: Films", "name: Cinema"))
    assert run(house, "apply", str(file), "--yes") == 0
    assert run(house, "rollback", "films") == 0
    said = capsys.readouterr().out.splitlines(keepends=True)[-1]
    assert said.startswith("films: revision 3 says what revision 1 said; it reaches air after ")
    assert said.endswith(" (Europe/Paris), and the program that is on then\n")
    assert run(house, "revisions", "films") == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == ["3", "2", "1"]
    assert listed[0].endswith("rollback to revision 1: name: Cinema → Films")
    assert listed[1].endswith("apply: name: Films → Cinema")
    assert run(house, "rollback", "films", "7") == 1
    assert "films has no revision 7" in capsys.readouterr().err
    file.write_text("version: [")
    assert run(house, "plan", str(file)) == 1
    assert "new.yaml:" in capsys.readouterr().err


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("yes", 0), ("", 1), ("n", 1)])
def test_somebody_at_a_terminal_is_asked(house: House, tmp_path: Path, answer: str, code: int) -> None:
    file = tmp_path / "new.yaml"
    file.write_text(FILMS)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "fastline", "apply", "--media", str(house.store.path("x").parent), str(file)]
    process = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.write(ours, answer.encode() + b"\n")
    out, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == code, err
    assert b"films  Films: new" in out
    assert b"Publish this? [y/N]" in err
    assert bool(house.store.names("channels")) == (code == 0)
