"""The guide as JSON, as a table, for search engines and for people: the right bytes, and no text that breaks them."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from io import StringIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from listings import CHANNELS, FILM_TURNS, FILMS, GENESIS, LINKS, SHOW_TURNS, SHOWS, abouts, entry, guide, laid, library

from playout.core.asset import Kind, Title
from playout.core.cells import inert
from playout.core.guide import programmes
from playout.core.guide_csv import COLUMNS, guide_csv
from playout.core.guide_json import guide_json
from playout.core.guide_text import guide_text
from playout.core.listing import cut, plain
from playout.core.ratings import known, strictest, system
from playout.core.schema_org import schema_org, schema_org_faults

if TYPE_CHECKING:
    from collections.abc import Callable

ZONES = {channel.id: ZoneInfo(channel.zone) for channel in CHANNELS}


def test_json_is_these_bytes(golden: Callable[[str, str], None]) -> None:
    golden("guide.json", guide_json(guide(), CHANNELS, LINKS))


def test_the_table_is_these_bytes(golden: Callable[[str, bytes], None]) -> None:
    golden("guide.csv", guide_csv(guide(), CHANNELS, ZONES).encode())


def test_events_are_these_bytes(golden: Callable[[str, str], None]) -> None:
    golden("guide.jsonld", schema_org(guide(), CHANNELS, LINKS))


def test_what_people_read_is_these_bytes(golden: Callable[[str, str], None]) -> None:
    now = GENESIS + timedelta(minutes=110)
    found = [guide_text(guide()[channel.id], channel, ZONES[channel.id], now) for channel in (FILMS, SHOWS)]
    golden("guide.txt", "\n".join(found))


def test_json_has_all_that_the_entries_have() -> None:
    films, quiet, shows = json.loads(guide_json(guide(), CHANNELS, LINKS))["channels"]
    assert (films["id"], quiet["entries"], shows["zone"]) == ("films", [], "America/New_York")
    assert [one["stop"] for one in films["entries"][:-1]] == [one["start"] for one in films["entries"][1:]]
    run = next(one for one in shows["entries"] if one["group"])
    assert [part["start"][11:19] for part in run["parts"]] == ["21:35:00", "21:46:00", "21:49:00"]
    assert sum(part["lengthMs"] for part in run["parts"]) == run["lengthMs"] == 25 * 60_000
    assert run["catchup"] == "https://tv.example/fast/live/shows/index.m3u8?from=1795296900&to=1795298400"
    third = films["entries"][0]
    assert (third["ids"], third["ratingSystem"]) == (["imdb:tt0041959", "tms:MV000123450000"], "MPAA")


def test_a_table_has_a_row_for_each_program_of_a_run() -> None:
    rows = list(csv.DictReader(StringIO(guide_csv(guide(), [SHOWS], ZONES))))
    run = next(row for row in rows if row["title"] == "Wake up!")
    parts = [row for row in rows if row["part_of"] == run["entry"]]
    assert [row["title"] for row in parts] == ["Pip", 'A song, \U0001f3b5 "quoted"', "Pip"]
    assert (run["start"], run["local_start"]) == ("2026-11-21T21:35:00Z", "2026-11-21 16:35:00-0500")
    assert (run["seconds"], run["program_seconds"], run["asset"]) == ("1500", "1500", "")


def test_each_event_says_what_is_performed_or_that_nobody_knows_yet() -> None:
    graph = json.loads(schema_org(guide(), CHANNELS, LINKS))["@graph"]
    events = [node for node in graph if node["@type"] == "BroadcastEvent"]
    services = {node["@id"] for node in graph if node["@type"] == "BroadcastService"}
    assert len({node["@id"] for node in graph}) == len(graph)
    for event in events:
        assert datetime.fromisoformat(event["startDate"]) < datetime.fromisoformat(event["endDate"])
        assert event["publishedOn"]["@id"] in services
        assert event["name"]
        assert ("workPerformed" in event) != ("contentToBeAnnounced" in event)
    works = {event["workPerformed"]["@type"] for event in events if "workPerformed" in event}
    assert works == {"Movie", "TVEpisode", "CreativeWork"}
    assert events[0]["workPerformed"]["sameAs"] == ["https://www.imdb.com/title/tt0041959/"]
    run = next(event for event in events if event["name"] == "Wake up!")
    assert [part["workPerformed"]["name"] for part in run["subEvent"]] == [
        "The comet", 'A song, \U0001f3b5 "quoted"', "The moon"
    ]  # fmt: skip


def test_an_event_without_a_name_would_be_passed_over() -> None:
    assert schema_org_faults([entry(0, 60), entry(60, 120, Title("\x07", Kind.MOVIE))]) == ["films-60 has no name"]


@given(st.lists(abouts(), max_size=4))
def test_no_text_breaks_a_form(some: list[Title]) -> None:
    entries = [entry(60 * k, 60 * k + 60, about) for k, about in enumerate(some)]
    found: Any = json.loads(guide_json({"films": entries}, [FILMS], LINKS).encode())
    assert len(found["channels"][0]["entries"]) == len(some)
    found = json.loads(schema_org({"films": entries}, [FILMS], LINKS).encode())
    assert len(found["@graph"]) == len(some) + 1
    table = guide_csv({"films": entries}, [FILMS]).encode().decode()
    rows = list(csv.reader(StringIO(table), strict=True))
    assert all(len(row) == len(COLUMNS) for row in rows)
    assert all(cell == inert(cell) for row in rows for cell in row)
    assert table.count("\r\n") == len(some) + 1
    text = guide_text(entries, FILMS, ZONES["films"], GENESIS).encode().decode()
    assert len(text.splitlines()) == (4 + len(some) if some else 3)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\rx", "'\rx"),
        ("  =1", "'  =1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("-12", "-12"),
        ("+3.5", "+3.5"),
        ("A = B", "A = B"),
        ("", ""),
    ],
)
def test_a_spreadsheet_finds_no_formula(cell: str, written: str) -> None:
    assert inert(cell) == written
    assert inert(written) == written


# For people


def test_a_change_of_clocks_is_said_where_it_happens() -> None:
    start = datetime.fromisoformat("2026-10-24T22:00:00+00:00")
    entries = [
        entry((start - GENESIS).total_seconds() + 3600 * k, (start - GENESIS).total_seconds() + 3600 * (k + 1))
        for k in range(5)
    ]
    lines = guide_text(entries, FILMS, ZONES["films"], GENESIS).splitlines()
    assert [line.strip() if "clocks" in line else line[2:7] for line in lines[4:]] == [
        "00:00", "01:00", "02:00", "clocks change: from here on CET (UTC+01:00)", "02:00", "03:00"
    ]  # fmt: skip
    assert lines[2] == "  Sunday 25 October 2026, Europe/Paris, CEST (UTC+02:00)"


def test_what_is_on_now_is_marked_within_a_run_too() -> None:
    now = GENESIS + timedelta(minutes=107)
    lines = guide_text(programmes(SHOW_TURNS, library, SHOWS), SHOWS, ZONES["shows"], now).splitlines()
    assert [line.split()[2] for line in lines if "▶" in line] == ["Wake", "A"]


def test_a_time_of_which_nothing_is_known_is_said() -> None:
    assert guide_text((), FILMS, ZONES["films"], GENESIS) == (
        "2  Films & more <HD>  (films)\n\n  nothing is known of that time\n"
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(42, "42 s"), (60, "1 min"), (3569, "59 min"), (3570, "1 h"), (5400, "1 h 30"), (7260, "2 h 01")],
)
def test_lengths_are_written_as_people_say_them(seconds: int, words: str) -> None:
    row = guide_text([entry(0, seconds)], FILMS, ZONES["films"], GENESIS - timedelta(days=1)).splitlines()[-1]
    assert row.split("  ")[-1].strip() == words


def test_breaks_are_added_up() -> None:
    turns = laid(("third", 100, ""), ("-fill", 5, ""), ("tom", 60, ""))
    row = guide_text(programmes(turns, library, FILMS), FILMS, ZONES["films"], GENESIS).splitlines()[4]
    assert row == f"▶ 21:00  {'The Third Man (1949)':<40}  1 h 45   breaks 5 min   PG"


def test_the_forms_follow_the_turns() -> None:
    """What is compared to bytes above is the guide of these turns, without a gap."""
    for turns, on in ((FILM_TURNS, FILMS), (SHOW_TURNS, SHOWS)):
        entries = programmes(turns, library, on)
        assert all(one.stop == two.start for one, two in pairwise(entries))


# Words and ratings


@pytest.mark.parametrize(
    ("text", "most", "found"),
    [
        ("short", 5, "short"),
        ("some words more", 10, "some…"),
        ("some words more", 11, "some words…"),
        ("some, words", 6, "some…"),
        ("Donaudampfschiff", 6, "Donau…"),
        (" x", 1, "…"),
    ],
)
def test_text_is_cut_at_a_word(text: str, most: int, found: str) -> None:
    assert cut(text, most) == found
    assert len(found) <= most


@given(st.text(st.characters(codec="utf-8"), max_size=40), st.integers(1, 20))
def test_cut_text_fits(text: str, most: int) -> None:
    assert len(cut(text, most)) <= most


def test_plain_text_has_no_emoji() -> None:
    emoji = "\u2728 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1eb\U0001f1f7 1\ufe0f\u20e3"
    assert plain(f"Caf\u00e9 {emoji} \u2014 \u00a9 \u65e5\u672c") == "Caf\u00e9 1 \u2014 \u00a9 \u65e5\u672c"


def test_ratings_are_known_by_their_system() -> None:
    assert [system(rating) for rating in ("pg-13", " TV-Y7-FV ", "FSK 6", "")] == ["MPAA", "VCHIP", "", ""]
    assert [known(rating) for rating in ("pg-13", " TV-Y7-FV ", "FSK 6", "")] == ["PG-13", "TV-Y7", "", ""]


@pytest.mark.parametrize(
    ("ratings", "found"),
    [
        (["PG"], "PG"),
        (["FSK 6", "FSK 6"], "FSK 6"),
        (["G", "R", "PG-13"], "R"),
        (["TV-Y", "TV-PG"], "TV-PG"),
        (["TV-Y", "PG"], ""),
        (["PG", ""], ""),
        (["FSK 6", "FSK 12"], ""),
        ([], ""),
    ],
)
def test_a_run_is_as_strict_as_the_strictest_of_it(ratings: list[str], found: str) -> None:
    assert strictest(ratings) == found
