"""The as-run log of a real store: days, errors, withdrawals, files."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from stations import FILMS, FULL, GENESIS, station
from stations import Station as Made

from playout import keys
from playout.core.airing import Role
from playout.core.asrun import Code, ms_of
from playout.core.asrun_text import comma_separated, jsonl
from playout.core.asset import Kind, Rights
from playout.core.catalog import Query, item_of
from playout.core.channel import Parent
from playout.core.rules import Ads, Block, Never, Rules, Source
from playout.core.ticks import TIMEBASE, Ticks, instant_at
from playout.core.wall import Change
from playout.documents import encode
from playout.reports.asrun import NotAired, aired, keep
from playout.station import Station, UnknownChannel
from playout.store import DirStore

CHECKOUT = Path(__file__).resolve().parents[2]
HOUR = timedelta(hours=1)


NIGHT = replace(FILMS, id="night", genesis=datetime(2026, 3, 1, 23, 50, tzinfo=UTC))
"""It begins ten minutes before midnight."""


def lasting(made: Made, minutes: int) -> Station:
    """What is in the store once its log reaches some minutes past midnight."""
    made.moments.now = NIGHT.genesis + timedelta(minutes=10 + minutes)
    made.look()
    return Station(made.store)


def begun(root: Path) -> Made:
    """A store with a channel that began before midnight."""
    made = Made(root)
    made.house()
    made.asset("film-a", Kind.MOVIE, *[FULL] * 40)
    made.asset("film-b", Kind.MOVIE, *[FULL] * 25, 3)
    made.moments.now = NIGHT.genesis
    made.publish(NIGHT)
    return made


def on_air_for(root: Path, minutes: int) -> Station:
    """A station whose log reaches some minutes past the genesis."""
    made = station(root)
    made.moments.now = GENESIS + timedelta(minutes=minutes)
    made.look()
    return Station(made.store)


def test_a_day_that_is_over_is_complete_and_the_same_for_ever(tmp_path: Path) -> None:
    made = begun(tmp_path)
    reader = lasting(made, 1)
    assert not aired(reader, "night", "2026-03-01", made.moments.now).complete  # what began before midnight is on
    report = aired(lasting(made, 3), "night", "2026-03-01", made.moments.now)
    assert report.complete
    assert report.until - report.since == 600_000
    assert report.rows[0].start == report.since
    assert report.carried is None
    text = jsonl(report)
    later = lasting(made, 15)
    assert jsonl(aired(later, "night", "2026-03-01", made.moments.now + 40 * HOUR)) == text
    next_day = aired(later, "night", "2026-03-02", made.moments.now)
    assert next_day.carried
    assert next_day.carried.name == report.rows[-1].name
    assert next_day.carried_in == report.carried_out > 0
    assert not next_day.complete
    assert next_day.until - next_day.since == 15 * 60_000


def test_every_machine_writes_the_same_bytes(tmp_path: Path) -> None:
    """L-4: from a copy of the store, too, and whichever edition of the library is the newest there."""
    reader = on_air_for(tmp_path / "one", 30)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    shutil.rmtree(tmp_path / "two" / "library", ignore_errors=True)
    other = Station(DirStore(tmp_path / "two"))
    now = GENESIS + timedelta(minutes=30)
    one, two = (aired(at, "films", "today", now) for at in (reader, other))
    assert (jsonl(one), comma_separated(one)) == (jsonl(two), comma_separated(two))


def test_today_and_yesterday_are_of_the_zone_of_the_channel(tmp_path: Path) -> None:
    made = station(tmp_path)
    zone = replace(FILMS, zone="Pacific/Auckland")
    revision = replace(
        made.revisions["films"], number=2, channel=zone, changes=(Change(1_700_000_000, 13 * 3600),), effective=GENESIS
    )
    assert made.store.put_new(keys.revision("films", 2), encode(revision))
    reader = Station(made.store)
    now = GENESIS + timedelta(minutes=2)
    local = aired(reader, "films", "today", now)
    assert (local.day.date.isoformat(), local.day.name) == ("2026-03-02", "Pacific/Auckland")
    assert local.day.start == datetime(2026, 3, 1, 11, tzinfo=UTC)
    by_utc = aired(reader, "films", "today", now, utc=True)
    assert (by_utc.day.date.isoformat(), by_utc.day.name) == ("2026-03-01", "UTC")
    assert [row.name for row in by_utc.rows] == [row.name for row in local.rows]


@pytest.mark.parametrize(
    ("channel", "day", "kind", "words"),
    [
        ("news", "2026-03-01", UnknownChannel, "there is no channel 'news'; there is: films"),
        (
            "films",
            "2026-03-02",
            NotAired,
            "2026-03-02 has not begun on films: as-run is the past. `fastline guide films` has what comes",
        ),
        ("films", "2026-02-28", NotAired, "films was not on air yet on 2026-02-28: it began on 2026-03-01"),
        ("films", "yesterday", NotAired, "films was not on air yet on 2026-02-28: it began on 2026-03-01"),
        (
            "films",
            "monday",
            NotAired,
            "'monday' is not a day: write one like 2026-02-28, or `today`, or `yesterday`",
        ),
    ],
)
def test_what_cannot_be_told_says_why(
    tmp_path: Path, channel: str, day: str, kind: type[Exception], words: str
) -> None:
    reader = on_air_for(tmp_path, 2)
    with pytest.raises(kind) as refused:
        aired(reader, channel, day, GENESIS + timedelta(minutes=2))
    assert str(refused.value) == words


def test_what_was_withdrawn_is_slate_from_then_on(tmp_path: Path) -> None:
    made = station(tmp_path)
    reader = Station(made.store)
    turn = next(iter(reader.logged("films", GENESIS, GENESIS + HOUR)))
    asset = turn.airings[0].asset
    ordered = GENESIS + timedelta(seconds=9)
    made.moments.now = ordered
    made.withdraw("films", asset)
    made.moments.now = GENESIS + timedelta(minutes=1)
    made.withdraw("films", asset)  # a second order changes nothing
    report = aired(reader, "films", "today", GENESIS + timedelta(minutes=10))
    before, after = report.rows[:2]
    assert (before.code, before.stop, after.code) == (Code.WITHDRAWN, 2, Code.SUBSTITUTED)
    assert instant_at(GENESIS, turn.airings[0].end) > ordered
    assert before.end == after.start
    assert {row.asset for row in report.rows[1:] if row.airing.asset == asset} == {"slate"}
    assert "pulled off air at 2026-03-01T12:00:09.000Z" in report.discrepancies[0].words


def test_a_mirror_aired_what_its_parent_aired_so_long_ago(tmp_path: Path) -> None:
    made = station(tmp_path)
    later = timedelta(minutes=10)
    own = replace(FILMS, id="films-later", genesis=GENESIS + later)
    started = GENESIS + timedelta(minutes=12)
    parent = Parent("films", later)
    revision = replace(made.revisions["films"], channel=own, parent=parent, effective=started)
    assert made.store.put_new(keys.revision("films-later", 1), encode(revision))
    made.moments.now = GENESIS + timedelta(minutes=30)
    made.look()
    reader = Station(made.store)
    asset = next(iter(reader.logged("films", GENESIS + later, GENESIS + HOUR))).airings[0].asset
    made.moments.now = GENESIS + timedelta(minutes=25)
    made.withdraw("films", asset)
    now = GENESIS + timedelta(minutes=30)
    mirror, films = (aired(reader, name, "today", now) for name in ("films-later", "films"))
    assert 0 <= mirror.rows[0].start - ms_of(started) < 60_000  # from its first turn on, not from its parent's
    shift = later // timedelta(milliseconds=1)
    whole = {row.airing.index: row for row in films.rows}
    same = [row for row in mirror.rows if row.code is Code.SCHEDULED]
    assert len(same) > 10
    assert all(row.start - shift == whole[row.airing.index].start for row in same)
    assert all(row.end <= ms_of(made.moments.now) for row in same if row.asset == asset)
    assert Code.SUBSTITUTED in {row.code for row in mirror.rows}
    with pytest.raises(NotAired, match="films-later was not on air yet on 2026-02-28: it began on 2026-03-01"):
        aired(reader, "films-later", "yesterday", now)


def test_a_regional_copy_aired_its_own_ads(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.house()
    made.asset("film-a", Kind.MOVIE, *[FULL] * 12, breaks=(6,))
    for name, units in (("ad-long", [FULL] * 5), ("ad-short", [FULL] * 3)):
        made.asset(name, Kind.AD, *units)
    long, short = (Query(listed=(name,)) for name in ("ad-long", "ad-short"))
    ads = Ads(Ticks(20 * TIMEBASE), Ticks(20 * TIMEBASE), long)
    movies = (Source((Query(kind=(Kind.MOVIE,)),)),)
    films = made.publish(FILMS, Rules(Block(movies, ads)))
    copy = replace(
        films,
        channel=replace(FILMS, id="films-ie"),
        rules=Rules(Block(movies, replace(ads, query=short))),
        parent=Parent("films", regional=True),
    )
    assert made.store.put_new(keys.revision("films-ie", 1), encode(copy))
    made.look()
    made.look()
    reader = Station(made.store)
    now = GENESIS + timedelta(minutes=2)
    one, two = (aired(reader, name, "today", now) for name in ("films", "films-ie"))
    assert {row.asset for row in one.rows if row.event is Role.AD} == {"ad-long"}
    assert {row.asset for row in two.rows if row.event is Role.AD} == {"ad-short"}
    assert {row.asset for row in two.rows if row.event is Role.SLATE} == {"slate"}
    assert {row.code for row in two.rows[:-1]} == {Code.SCHEDULED, Code.FILLED}
    programs = [[(row.start, row.first) for row in report.rows if row.event is Role.PROGRAM] for report in (one, two)]
    assert programs[0] == programs[1]
    assert two.until == one.until


def test_what_a_region_may_not_see_is_no_program_there(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.house()
    for name in ("film-a", "film-b"):
        made.asset(name, Kind.MOVIE, *[FULL] * 12)
    barred = item_of(made.assets["film-a"])
    barred = replace(barred, about=replace(barred.about, rights=(Rights(territories=("GB",)),)))
    rules = Rules(Block((Source((Query(kind=(Kind.MOVIE,)),)),)), never=Never(territories=("GB",)))
    films = made.publish(FILMS, rules, items=(barred, item_of(made.assets["film-b"])))
    copy = replace(
        films,
        channel=replace(FILMS, id="films-ie"),
        rules=replace(rules, never=Never(territories=("IE",))),
        parent=Parent("films", regional=True),
    )
    assert made.store.put_new(keys.revision("films-ie", 1), encode(copy))
    made.look()
    made.look()
    report = aired(Station(made.store), "films-ie", "today", GENESIS + timedelta(minutes=2))
    slate = [row for row in report.rows[:-1] if row.event is Role.SLATE]
    assert {row.code for row in slate} == {Code.NO_PROGRAM}
    assert {row.event for row in report.rows} == {Role.SLATE, Role.PROGRAM}
    assert report.discrepancies[0].words == (
        "no program for 44 s: Title of film-a is not shown here: there are no rights for IE"
    )


def test_a_catalog_that_is_gone_costs_the_titles_and_nothing_else(tmp_path: Path) -> None:
    reader = on_air_for(tmp_path, 20)
    now = GENESIS + timedelta(minutes=20)
    whole = aired(reader, "films", "today", now)
    assert {row.title for row in whole.rows} == {"Title of film-a", "Title of film-b", "Title of film-c"}
    shutil.rmtree(tmp_path / "catalogs")
    bare = aired(Station(DirStore(tmp_path)), "films", "today", now)
    assert [(row.name, row.start, row.end) for row in bare.rows] == [
        (row.name, row.start, row.end) for row in whole.rows
    ]
    assert {row.title for row in bare.rows} == {"film-a", "film-b", "film-c"}


def test_a_file_is_written_whole_and_sha256sum_agrees(tmp_path: Path) -> None:
    reader = on_air_for(tmp_path / "store", 5)
    text = jsonl(aired(reader, "films", "today", GENESIS + timedelta(minutes=5)))
    file = tmp_path / "films.jsonl"
    file.write_text("an older one")
    digest = keep(text, file)
    assert file.read_bytes() == text.encode()
    assert digest == sha256(text.encode()).hexdigest()
    assert (tmp_path / "films.jsonl.sha256").read_text() == f"{digest}  films.jsonl\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["films.jsonl", "films.jsonl.sha256", "store"]


def fastline(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, str(CHECKOUT / "fastline.py"), *arguments], capture_output=True, timeout=60, check=False
    )


def test_the_command_writes_json_lines_csv_and_files(tmp_path: Path) -> None:
    media = tmp_path / "store"
    lasting(begun(media), 3)
    asked = ("asrun", "night", "2026-03-01", "--media", str(media))
    done = fastline(*asked)
    assert (done.returncode, done.stderr) == (0, b"")
    lines: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [lines[0]["type"], lines[0]["complete"], lines[-1]["type"]] == ["header", True, "trailer"]
    table = fastline(*asked, "--format", "csv", "--utc")
    assert table.stdout.startswith(b"row,channel,event,start,end,")
    assert table.stdout.count(b"\r\n") == lines[0]["rows"] + 1
    file = tmp_path / "day.jsonl"
    kept = fastline(*asked, "--output", str(file))
    assert file.read_bytes() == done.stdout
    digest = sha256(done.stdout).hexdigest()
    assert kept.stdout.decode() == (
        f"night 2026-03-01: {lines[0]['rows']} rows, complete, {lines[0]['discrepancies']} discrepancies; "
        f"{file} has SHA-256 {digest}\n"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["news", "2026-03-01"], "fastline: there is no channel 'news'; there is: films\n"),
        (["films", "2999-01-01"], "fastline: 2999-01-01 has not begun on films: as-run is the past. `fastline guide"),
        (
            ["films", "2026-03-01", "--output", "no/such/folder/x"],
            "fastline: no/such/folder/x cannot be written: No such",
        ),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path: Path, arguments: list[str], words: str) -> None:
    on_air_for(tmp_path, 2)
    done = fastline("asrun", *arguments, "--media", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.decode().startswith(words)
