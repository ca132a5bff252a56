"""`fastline guide`, as a process: what was on, is on and comes, in every form, with no server."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from stations import FILMS, FULL, GENESIS, Station

from playout.core.asset import Kind
from playout.core.ticks import instant_at

CHECKOUT = Path(__file__).parents[1]
AIRED = timedelta(hours=5)
"""How long the channels have been on air when they are asked for."""


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Station:
    """Two channels of films of half an hour and clips, one of them in Tokyo, which have been on air for hours."""
    made = Station(tmp_path_factory.mktemp("media"))
    made.house()
    for n in range(3):
        made.asset(f"film-{n}", Kind.MOVIE, *[FULL] * (480 + 30 * n))
    made.publish(FILMS)
    made.publish(replace(FILMS, id="tokyo", number="2.1", name="Tokyo", zone="Asia/Tokyo"))
    until = made.moments.now + AIRED
    while made.moments.now < until:
        made.look()
        made.moments.now += timedelta(minutes=8)
    return made


def guide(station: Station, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CHECKOUT / "fastline.py"), "guide", *arguments, "--media", str(station.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_people_read_it_by_the_channel_s_clocks(station: Station) -> None:
    lines = guide(station, "tokyo", "--at", "2026-03-01T12:10Z", "--hours", "2").stdout.splitlines()
    assert lines[:4] == ["2.1  Tokyo  (tokyo)", "", "  Sunday 1 March 2026, Asia/Tokyo, JST (UTC+09:00)", ""]
    assert lines[4].startswith("  21:00  Title of film-")
    assert lines[4].endswith(" min")
    assert len(lines) >= 4 + 4


def test_without_a_channel_it_is_of_the_whole_station(station: Station) -> None:
    text = guide(station, "--at", "2026-03-01T13:00Z", "--hours", "1").stdout
    assert [line for line in text.splitlines() if line.endswith(")") and line[0].isdigit()] == [
        "1  Films  (films)", "2.1  Tokyo  (tokyo)"
    ]  # fmt: skip


def test_the_past_is_what_the_log_says_and_the_future_goes_on_from_it(station: Station) -> None:
    at = GENESIS + timedelta(days=1)
    past = entries(guide(station, "films", "--at", f"{at:%Y-%m-%dT%H:%MZ}", "--days", "-1", "--format", "json").stdout)
    turns = [turn for turn in station.on_air("films").log.turns if turn.end < station.on_air("films").log.turns[-1].end]
    logged = {f"films-{turn.program[0].index}": turn.start for turn in turns if turn.program}
    assert past[0]["start"] == "2026-03-01T12:00:00.000Z"
    found = {one["id"]: datetime.fromisoformat(one["start"]) for one in past}
    assert logged
    for name, start in logged.items():
        assert abs(found[name] - instant_at(GENESIS, start)) < timedelta(milliseconds=1)
    future = entries(
        guide(station, "films", "--at", f"{at:%Y-%m-%dT%H:%MZ}", "--days", "31", "--format", "json").stdout
    )
    assert past[-1] in future[:2]
    assert datetime.fromisoformat(future[-1]["stop"]) >= at + timedelta(days=31)
    both = [*past, *(one for one in future if one not in past)]
    assert all(one["stop"] == two["start"] for one, two in pairwise(both))


def test_what_nobody_can_say_yet_is_refused_at_once(station: Station) -> None:
    done = guide(station, "films", "--at", "2150-01-01", status=1)
    assert "2150-01-01 is more than 400 days ahead: ask for an earlier day" in done.stderr


def entries(text: str) -> list[dict[str, str]]:
    (channel,) = json.loads(text)["channels"]
    found: list[dict[str, str]] = channel["entries"]
    return found


def test_every_form_is_there(station: Station) -> None:
    at = ("--at", "2026-03-01T12:00Z", "--days", "1")
    tree = ET.fromstring(guide(station, *at, "--format", "xmltv").stdout)  # noqa: S314 — our own
    assert {node.get("channel") for node in tree.iter("programme")} == {"films.fastline", "tokyo.fastline"}
    rows = list(csv.DictReader(StringIO(guide(station, *at, "--format", "csv").stdout)))
    assert {row["local_start"][-5:] for row in rows} == {"+0000", "+0900"}
    events = json.loads(guide(station, *at, "--format", "schema-org", "--public-url", "https://tv.example/").stdout)
    assert events["@graph"][0]["@id"] == "https://tv.example/live/films"


def test_a_roku_feed_says_beside_it_what_would_be_refused(station: Station) -> None:
    at = ("--at", "2026-03-02T12:00Z")
    done = guide(station, "films", *at, "--format", "roku")
    assert list(json.loads(done.stdout))[3] == "liveFeeds"
    assert "fastline: would be refused: films: Title of film-0: it has no rating (R-18)\n" in done.stderr
    several = guide(station, *at, "--format", "roku", status=1)
    assert several.stderr == "fastline: a Roku feed has one channel: name one of films, tokyo\n"
    assert several.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--days", "32"], "'32' is not a whole number from 1 to 31"),
        (["--days", "0"], "'0' is not a whole number from 1 to 31"),
        (["--days", "-32"], "'32' is not a whole number from 1 to 31"),
        (["--format", "pdf"], "'pdf'"),
    ],
)
def test_a_mistake_of_usage_says_what_was_meant(station: Station, arguments: list[str], words: str) -> None:
    assert words in guide(station, *arguments, status=2).stderr


def test_an_unknown_channel_is_named_with_those_that_there_are(station: Station) -> None:
    done = guide(station, "nope", status=1)
    assert done.stderr == "fastline: there is no channel 'nope'; there is: films, tokyo\n"
