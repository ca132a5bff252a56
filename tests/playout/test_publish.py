"""Publishing: revisions when, and only when, something about a channel is different."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Barrier, Thread
from typing import TYPE_CHECKING

import pytest

from playout import keys
from playout.config import Programming, read
from playout.core.asset import Asset, BreakPoint, Corner, Cuts, Kind, Media, Title, Track
from playout.core.catalog import Catalog
from playout.core.channel import Revision
from playout.core.house import HOUSES
from playout.core.ticks import Ticks
from playout.core.view import Alarm
from playout.documents import decode, digest, encode, encode_readable
from playout.library import faults, newest, scan
from playout.publish import Published, newest_revision, publish
from playout.store import DirStore, StoreDown
from playout.watch import Desk, look, watch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOUSE = HOUSES["fast"]
NOW = datetime(2026, 11, 21, 20, 15, 0, 750_000, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)

FILMS = """\
version: 1
defaults: {house: fast}
channels:
  films:
    number: 1
    name: Films
    include: {any: [film]}
    exclude: {any: [old]}
    ads: {every: 8m, pod: 60s, any: [ad], bumper: {any: [break]}}
    filler: {any: [filler]}
"""


class Counting(DirStore):
    """A directory that counts what is read from it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.reads: list[str] = []

    def read(self, key: str) -> bytes | None:
        self.reads.append(key)
        return super().read(key)


@pytest.fixture
def store(tmp_path: Path) -> Counting:
    return Counting(tmp_path / "media")


def cuts(segments: int = 2) -> Cuts:
    return Cuts((Corner(0, Ticks(0)), Corner(segments, Ticks(segments * HOUSE.segment))))


def asset(name: str, kind: Kind = Kind.MOVIE, *tags: str, house: str = "fast") -> Asset:
    video = Track("v360", Media.VIDEO, "v360.cmfv", "avc1.64001e", "", "1" * 64, 1, 1, (0, 10, 20))
    audio = Track("a-en", Media.AUDIO, "a-en.cmfa", "mp4a.40.2", "en", "2" * 64, 1, 1, (0, 5, 10))
    about = Title(f"Title of {name}", kind, tags or (kind.value,))
    return Asset(name, house, about, NOW - timedelta(days=1), cuts(), (), (video, audio), -2300, {})


def package(store: DirStore, *assets: Asset) -> None:
    for each in assets:
        assert store.put_new(keys.asset(each.id), encode_readable(each))


def film(name: str, *tags: str) -> Asset:
    return asset(name, Kind.MOVIE, "film", *tags)


SLATE = asset("slate", Kind.SLATE)


def programming(text: str = FILMS) -> Programming:
    found = read(text, "channels.yaml")
    assert isinstance(found, Programming), found
    return found


def published(store: DirStore, text: str = FILMS, now: datetime = NOW, source: str = "file") -> Published:
    return publish(store, programming(text), scan(store, newest(store), now), now, source)


def numbers(outcome: Published) -> list[tuple[str, int]]:
    return [(revision.channel.id, revision.number) for revision in outcome.revisions]


# The library


def test_what_is_packaged_is_in_the_library_and_slates_become_kits(store: Counting) -> None:
    package(store, film("one"), asset("ad1", Kind.AD), SLATE)
    library = scan(store, newest(store), NOW)
    assert [item.id for item in library.catalog.items] == ["ad1", "one"]
    assert [(kit.house, kit.slate.id, kit.inits) for kit in library.catalog.kits] == [
        ("fast", "slate", (("v360", "1" * 32), ("a-en", "2" * 32)))
    ]
    assert library.edition == 1
    assert "one" in library
    assert "two" not in library


def test_a_start_reads_one_edition_and_no_asset_again(store: Counting) -> None:
    package(store, film("one"), SLATE)
    first = scan(store, newest(store), NOW)
    store.reads.clear()
    again = scan(store, newest(store), LATER)
    assert [read.split("/")[0] for read in store.reads] == ["library", "catalogs", "amendments"]
    assert (again.catalog.items, again.edition) == (first.catalog.items, 1)
    package(store, film("two"))
    store.reads.clear()
    grown = scan(store, again, LATER)
    assert store.reads == ["amendments/00000001.json", "assets/two/asset.json"]
    assert [item.id for item in grown.catalog.items] == ["one", "two"]
    assert newest(store).edition == grown.edition == 2


def test_ten_thousand_assets_are_read_once(store: Counting) -> None:
    document = encode(film("a-00000"))
    for n in range(10_000):
        path = store.path(keys.asset(f"a-{n:05d}"))
        path.parent.mkdir(parents=True)
        path.write_bytes(document.replace(b"a-00000", b"a-%05d" % n))
    assert len(scan(store, newest(store), NOW).catalog.items) == 10_000
    store.reads.clear()
    library = scan(store, newest(store), NOW)
    assert len(library.catalog.items) == 10_000
    assert len(store.reads) == 3


def test_an_asset_that_is_being_packaged_is_no_asset_yet(store: Counting) -> None:
    package(store, SLATE)
    store.put_new("assets/one/v360.cmfv", b"...")
    library = scan(store, newest(store), NOW)
    assert (len(library.catalog.items), library.alarms) == (0, ())


def test_an_asset_that_is_removed_leaves_the_library(store: Counting) -> None:
    package(store, film("one"), film("two"), SLATE)
    before = scan(store, newest(store), NOW)
    store.path(keys.asset("one")).unlink()
    store.path("assets/one").rmdir()
    after = scan(store, before, NOW)
    assert [item.id for item in after.catalog.items] == ["two"]
    assert after.edition == 2


def test_a_volume_that_is_not_mounted_does_not_empty_the_library(store: Counting, tmp_path: Path) -> None:
    package(store, film("one"), SLATE)
    before = scan(store, newest(store), NOW)
    store.path("assets").rename(tmp_path / "elsewhere")
    after = scan(store, before, NOW)
    assert after.catalog is before.catalog
    assert [alarm.where for alarm in after.alarms] == ["assets"]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "assets/bad/asset.json: Input data was truncated; "),
        (b'{"id":"bad"}', "assets/bad/asset.json: Object missing required field `house`; "),
        (encode(film("other")), "assets/bad/asset.json: it says that it is asset other; "),
        (encode(replace(film("bad"), house="hd24")), "assets/bad/asset.json: its house 'hd24' is not known; "),
    ],
    ids=["empty", "incomplete", "misplaced", "unknown house"],
)
def test_a_corrupt_asset_is_reported_and_left_out_and_the_rest_goes_on(store: Counting, data: bytes, what: str) -> None:
    package(store, film("one"), SLATE)
    store.put_new("assets/bad/asset.json", data)
    library = scan(store, newest(store), NOW)
    assert [item.id for item in library.catalog.items] == ["one"]
    advice = "the asset is left out. Remove its folder and package the source again"
    assert library.alarms == (Alarm("assets/bad", what + advice),)
    assert scan(store, library, LATER) is library


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"about": Title(" ", Kind.MOVIE)}, "it has no title"),
        ({"added": datetime(2026, 11, 21)}, "its date has no time zone"),  # noqa: DTZ001 — that is the fault
        ({"cuts": Cuts(())}, "its cuts have no start or no end"),
        ({"cuts": Cuts((Corner(0, Ticks(0)), Corner(2, Ticks(14))))}, "its cuts are not on the grid of its house"),
        (
            {"cuts": Cuts((Corner(0, Ticks(0)), Corner(2, Ticks(2 * HOUSE.segment + 2 * HOUSE.unit))))},
            "its cuts are not on the grid of its house",
        ),
        ({"cuts": Cuts((Corner(0, Ticks(0)), Corner(2, Ticks(-5))))}, "its cuts are not on the grid of its house"),
        ({"breaks": (BreakPoint(3, Ticks(0), 100, "black"),)}, "a break point lies outside it"),
        ({"tracks": ()}, "it has no video track"),
        ({"cuts": cuts(3)}, "track v360 does not have the 3 segments of the cuts"),
    ],
    ids=["title", "date", "no cuts", "grid", "too long", "backwards", "break", "tracks", "segments"],
)
def test_the_facts_in_an_asset_are_checked(changes: dict[str, object], fault: str) -> None:
    assert faults(film("one")) == []
    assert fault in faults(replace(film("one"), **changes))  # type: ignore[arg-type]


def test_an_edition_that_cannot_be_read_is_made_anew(store: Counting) -> None:
    package(store, film("one"), SLATE)
    scan(store, newest(store), NOW)
    store.path(keys.edition(1)).write_bytes(b"{")
    found = newest(store)
    assert (found.edition, len(found.catalog.items), len(found.alarms)) == (1, 0, 1)
    mended = scan(store, found, LATER)
    assert (mended.edition, len(mended.catalog.items), mended.alarms) == (2, 1, ())
    assert newest(store).edition == 2


def test_of_two_that_scan_at_once_one_makes_the_edition(store: Counting) -> None:
    package(store, film("one"), SLATE)
    before = newest(store)
    first = scan(store, before, NOW)
    second = scan(store, before, NOW)
    assert (first.edition, second.edition) == (1, 1)
    assert store.names(keys.library()) == ["00000001.json"]


# Revisions


def test_a_new_channel_starts_with_a_full_window(store: Counting) -> None:
    package(store, film("one"), SLATE)
    (revision,) = published(store).revisions
    assert revision.number == 1
    assert revision.channel.genesis == datetime(2026, 11, 21, 20, 13, 0, tzinfo=UTC)
    assert revision.effective == NOW + timedelta(seconds=2)
    assert (revision.retired, revision.source) == (False, "file")
    assert store.read("channels/films/revisions/00000001.json") == encode(revision)
    assert newest_revision(store, "films") == revision


def test_a_channel_chooses_from_the_whole_library(store: Counting) -> None:
    package(store, film("one"), asset("kids1", Kind.MOVIE, "kids"), SLATE)
    (revision,) = published(store).revisions
    data = store.read(keys.catalog(revision.catalog)) or b""
    assert digest(data) == revision.catalog == newest(store).digest
    assert [item.id for item in decode(data, Catalog, "").items] == ["kids1", "one"]


def test_nothing_new_publishes_nothing(store: Counting) -> None:
    package(store, film("one"), SLATE)
    assert numbers(published(store)) == [("films", 1)]
    assert numbers(published(store, now=LATER)) == []
    reordered = FILMS.replace("{every: 8m, pod: 60s, any: [ad]", "{pod: 1m, any: [AD], kind: [ad], every: 480s")
    assert numbers(published(store, reordered, LATER)) == []


@pytest.mark.parametrize(
    ("edit", "changed"),
    [
        (("name: Films", "name: Fine Films"), lambda r: r.channel.name == "Fine Films"),
        (("number: 1", "number: 7.1"), lambda r: r.channel.number == "7.1"),
        (("pod: 60s", "pod: 90s"), lambda r: r.rules.block.ads.pod == 90 * 90_000),
        (("house: fast", "house: fast, horizon: 1m"), lambda r: r.horizon == timedelta(minutes=1)),
        (("house: fast", "house: fast, order: newest"), lambda r: r.rules.block.sources[0].order == "newest"),
        (("house: fast", "house: fast, window: 100"), lambda r: r.channel.window == 100),
    ],
)
def test_an_edit_is_the_next_revision_and_keeps_the_genesis(
    store: Counting, edit: tuple[str, str], changed: object
) -> None:
    package(store, film("one"), SLATE)
    (first,) = published(store).revisions
    (second,) = published(store, FILMS.replace(*edit), LATER).revisions
    assert callable(changed)
    assert changed(second)
    assert second.number == 2
    assert second.effective == LATER + timedelta(seconds=2)
    assert second.channel.genesis == first.channel.genesis


@pytest.mark.parametrize(
    ("arrival", "revised"),
    [
        (film("two"), True),
        (asset("ad2", Kind.AD), True),
        (asset("b2", Kind.BUMPER, "break"), True),
        (asset("f2", Kind.FILLER), True),
        (asset("kids1", Kind.MOVIE, "kids"), False),
        (film("two", "old"), False),
        (asset("hd1", Kind.MOVIE, "film", house="hd30"), False),
        (asset("slate-hd", Kind.SLATE, house="hd30"), False),
        (asset("ad3", Kind.AD, "local"), False),
    ],
    ids=lambda value: value.id if isinstance(value, Asset) else "",
)
def test_what_arrives_is_a_revision_only_for_those_who_can_air_it(
    store: Counting, arrival: Asset, *, revised: bool
) -> None:
    package(store, film("one"), asset("ad1", Kind.AD), SLATE)
    published(store)
    package(store, arrival)
    assert numbers(published(store, now=LATER)) == ([("films", 2)] if revised else [])
    assert newest(store).edition == 2


def test_a_clock_that_was_put_back_does_not_put_a_revision_before_the_last(store: Counting) -> None:
    package(store, film("one"), SLATE)
    (first,) = published(store).revisions
    (second,) = published(store, FILMS.replace("name: Films", "name: F"), NOW - timedelta(hours=1)).revisions
    assert second.effective == first.effective


def test_a_house_is_for_life(store: Counting) -> None:
    package(store, film("one"), SLATE, asset("slate-hd", Kind.SLATE, house="hd30"))
    published(store)
    outcome = published(store, FILMS.replace("house: fast", "house: hd30"), LATER)
    assert outcome.revisions == ()
    assert outcome.alarms == (
        Alarm(
            "films",
            'line 4: not published: it is of house "fast" for life, because players keep their decoders; for house '
            '"hd30" write a channel with a new id, and take this one out',
        ),
    )


def test_a_zone_that_the_machine_does_not_know_is_not_published(store: Counting) -> None:
    package(store, film("one"), SLATE)
    (draft,) = programming().drafts
    wanted = Programming((replace(draft, zone="Mars/Olympus"),), "channels.yaml")
    outcome = publish(store, wanted, scan(store, newest(store), NOW), NOW)
    assert outcome.revisions == ()
    (alarm,) = outcome.alarms
    assert alarm.what == (
        'line 4: not published: time zone "Mars/Olympus" is not in the database at hand: update tzdata, or choose '
        "another zone"
    )


def test_a_derived_channel_waits_for_its_original(store: Counting) -> None:
    """What it repeats may be refused for its own reasons; both are published as soon as it is not."""
    package(store, film("one"), SLATE)
    later = "  later: {number: 2, name: Later, mirror: {of: films, offset: 1h}}\n"
    published(store, source="api")
    outcome = published(store, FILMS + later)
    assert outcome.revisions == ()
    assert [alarm.what for alarm in outcome.alarms] == [
        'line 4: not published: a channel of this id was published by "api"; choose another id, or remove it there',
        'line 11: not published: "films", which it repeats, is not published: mend that channel first',
    ]
    assert numbers(published(store, FILMS + later, source="api")) == [("later", 1)]


def test_a_house_without_a_slate_waits_for_it(store: Counting) -> None:
    package(store, film("one"))
    outcome = published(store)
    assert outcome.revisions == ()
    assert outcome.alarms == (
        Alarm(
            "films",
            'line 4: not published: house "fast" has no slate in this store yet; package one with '
            "`fastline package --kind slate --house fast FILE`",
        ),
    )
    package(store, SLATE)
    assert numbers(published(store)) == [("films", 1)]


def test_a_channel_that_matches_nothing_is_published_with_an_alarm(store: Counting) -> None:
    package(store, SLATE)
    outcome = published(store)
    assert numbers(outcome) == [("films", 1)]
    (alarm,) = outcome.alarms
    assert alarm.what == (
        "line 4: no program of its house matches include, so filler airs, or slate; package some with such tags, "
        "or ask for others"
    )


def test_a_channel_that_is_taken_out_is_retired_and_comes_back_as_it_was(store: Counting) -> None:
    package(store, film("one"), SLATE)
    (first,) = published(store).revisions
    (last,) = published(store, NONE, LATER).revisions
    assert last == replace(first, number=2, effective=LATER + timedelta(seconds=2), retired=True)
    assert published(store, NONE, LATER).revisions == ()
    (back,) = published(store, FILMS, LATER).revisions
    assert back == replace(first, number=3, effective=last.effective)


def test_only_who_published_a_channel_retires_or_changes_it(store: Counting) -> None:
    package(store, film("one"), SLATE)
    published(store, source="api")
    assert published(store, NONE, LATER).revisions == ()
    outcome = published(store, FILMS.replace("name: Films", "name: Mine"), LATER)
    assert outcome.revisions == ()
    assert outcome.alarms == (
        Alarm(
            "films",
            'line 4: not published: a channel of this id was published by "api"; choose another id, or remove it there',
        ),
    )


def test_a_corrupt_revision_stops_one_channel_and_not_the_others(store: Counting) -> None:
    package(store, film("one"), SLATE)
    text = FILMS + "  kids: {number: 2, name: Kids, include: {any: [film]}}\n"
    published(store, FILMS)
    store.put_new("channels/films/revisions/00000002.json", b"{")
    outcome = published(store, text.replace("name: Films", "name: F"), LATER)
    assert numbers(outcome) == [("kids", 1)]
    assert outcome.unfinished
    assert [alarm.where for alarm in outcome.alarms] == ["films"]
    assert "channels/films/revisions/00000002.json" in outcome.alarms[0].what


def test_what_is_no_revision_does_not_count_as_one(store: Counting) -> None:
    package(store, film("one"), SLATE)
    published(store)
    store.put_new("channels/films/revisions/notes.txt", b"hello")
    store.put_new("channels/lost/log/2026-11-21/x.json", b"{}")
    assert numbers(published(store, FILMS.replace("name: Films", "name: F"), LATER)) == [("films", 2)]


class Contested(Counting):
    """A directory in which somebody else is quicker, once."""

    rival: Callable[[], object] | None = None

    def put_new(self, key: str, data: bytes) -> bool:
        if "/revisions/" in key and self.rival is not None:
            rival, self.rival = self.rival, None
            rival()
        return super().put_new(key, data)


NONE = "version: 1\nchannels: {}\n"


@pytest.mark.parametrize(
    ("text", "rival", "numbered"),
    [
        (FILMS, FILMS, []),
        (FILMS.replace("name: Films", "name: A"), FILMS.replace("name: Films", "name: B"), [("films", 3)]),
        (FILMS.replace("name: Films", "name: A"), FILMS.replace("name: Films", "name: A"), []),
        (FILMS.replace("name: Films", "name: A"), NONE, [("films", 3)]),
        (NONE, FILMS.replace("name: Films", "name: B"), [("films", 3)]),
        (NONE, NONE, []),
    ],
    ids=["nothing new", "both edit", "the same edit", "retired meanwhile", "edited meanwhile", "both retire"],
)
def test_who_loses_a_race_compares_anew(tmp_path: Path, text: str, rival: str, numbered: list[tuple[str, int]]) -> None:
    store = Contested(tmp_path / "media")
    package(store, film("one"), SLATE)
    published(store)
    store.rival = lambda: published(store, rival, LATER)
    assert numbers(published(store, text, LATER)) == numbered


def test_a_channel_whose_revision_cannot_be_read_is_not_retired(store: Counting) -> None:
    package(store, film("one"), SLATE)
    published(store)
    store.put_new("channels/films/revisions/00000003.json", encode(newest_revision(store, "films")))
    outcome = published(store, NONE, LATER)
    assert (outcome.revisions, outcome.unfinished) == ((), True)
    (alarm,) = outcome.alarms
    assert alarm.what == (
        "not retired: channels/films/revisions/00000003.json: it says that it is number 1. Remove that file"
    )


def test_publishers_that_race_leave_revisions_without_a_gap_and_each_once(store: Counting) -> None:
    package(store, film("one"), SLATE)
    published(store)
    names = [f"name: F{k % 3}" for k in range(9)]
    start = Barrier(len(names))
    outcomes: list[Published] = []

    def race(name: str) -> None:
        wanted, library = programming(FILMS.replace("name: Films", name)), newest(store)
        start.wait()
        outcomes.append(publish(store, wanted, library, LATER))

    threads = [Thread(target=race, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    revisions = [decode(store.read(f"channels/films/revisions/{name}") or b"", Revision, name)
                 for name in store.names(keys.revisions("films"))]  # fmt: skip
    assert [revision.number for revision in revisions] == list(range(1, len(revisions) + 1))
    assert sum(len(outcome.revisions) for outcome in outcomes) == len(revisions) - 1
    assert all(a.channel != b.channel for a, b in pairwise(revisions))


# Watching


class Failing(Counting):
    """A directory on a volume that can be lost."""

    lost = False

    def names(self, key: str) -> list[str]:
        if self.lost:
            raise StoreDown(key)
        return super().names(key)


def test_a_good_edit_is_published_and_a_bad_one_changes_nothing(store: Counting, tmp_path: Path) -> None:
    path = tmp_path / "channels.yaml"
    package(store, film("one"), SLATE)
    path.write_text(FILMS)
    first = look(path, store, Desk(), NOW)
    assert (numbers(first.published), first.alarms) == ([("films", 1)], ())

    path.write_text(FILMS.replace("number", "numbr"))
    bad = look(path, store, first, LATER)
    assert numbers(bad.published) == []
    assert bad.alarms == (Alarm("channels.yaml", 'channels.yaml:5: unknown key "numbr", did you mean "number"?'),)
    package(store, film("two"))
    still = look(path, store, bad, LATER)
    assert numbers(still.published) == [("films", 2)]
    assert still.alarms == bad.alarms

    path.write_text(FILMS.replace("name: Films", "name: F"))
    mended = look(path, store, still, LATER)
    assert (numbers(mended.published), mended.alarms) == ([("films", 3)], ())
    path.unlink()
    gone = look(path, store, mended, LATER)
    assert numbers(gone.published) == []
    assert [alarm.what for alarm in gone.alarms] == [
        "cannot be read: No such file or directory; the last good one stays in force"
    ]
    path.write_text("# a remark\n" + FILMS.replace("name: Films", "name: F"))
    assert look(path, store, gone, LATER) == replace(mended, data=path.read_bytes(), published=Published())


def test_a_look_at_what_is_known_asks_for_an_amendment_and_reads_nothing(store: Counting, tmp_path: Path) -> None:
    path = tmp_path / "channels.yaml"
    package(store, film("one"), SLATE)
    path.write_text(FILMS)
    desk = look(path, store, Desk(), NOW)
    store.reads.clear()
    assert look(path, store, desk, LATER) == replace(desk, published=Published())
    assert store.reads == ["amendments/00000001.json"]


def test_an_outage_is_reported_and_what_it_kept_from_being_published_is_published_after_it(tmp_path: Path) -> None:
    store = Failing(tmp_path / "media")
    path = tmp_path / "channels.yaml"
    package(store, film("one"), SLATE)
    path.write_text(FILMS)
    store.lost = True
    down = look(path, store, Desk(), NOW)
    assert [alarm.where for alarm in down.alarms] == ["store"]
    store.lost = False
    assert numbers(look(path, store, down, LATER).published) == [("films", 1)]


def test_a_document_that_stood_in_the_way_is_tried_again(store: Counting, tmp_path: Path) -> None:
    path = tmp_path / "channels.yaml"
    package(store, film("one"), SLATE)
    path.write_text(FILMS)
    store.put_new("channels/films/revisions/00000001.json", b"{")
    stuck = look(path, store, Desk(), NOW)
    assert [alarm.where for alarm in stuck.alarms] == ["films"]
    store.path("channels/films/revisions/00000001.json").unlink()
    mended = look(path, store, stuck, LATER)
    assert (numbers(mended.published), mended.alarms) == ([("films", 1)], ())


async def test_a_watched_file_is_published_when_it_is_saved(store: Counting, tmp_path: Path) -> None:
    path = tmp_path / "channels.yaml"
    package(store, film("one"), SLATE)
    path.write_text(FILMS)
    told: asyncio.Queue[Desk] = asyncio.Queue()
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        watching = group.create_task(watch(path, store, lambda: NOW, told.put_nowait))
        assert numbers((await told.get()).published) == [("films", 1)]
        draft = tmp_path / "draft"
        draft.write_text(FILMS.replace("name: Films", "name: F"))
        draft.rename(path)  # as editors save
        assert numbers((await told.get()).published) == [("films", 2)]
        (tmp_path / "caf\udce9.txt").write_bytes(b"a name in Latin-1, which is no text here")
        package(store, film("two"))
        assert numbers((await told.get()).published) == [("films", 3)]
        path.write_text("version: [")
        assert [alarm.where for alarm in (await told.get()).alarms] == ["channels.yaml"]
        watching.cancel()
