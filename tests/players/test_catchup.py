"""What aired, as IPTV apps ask for it: from the channel list and the guide alone, played by a real ffmpeg.

The station has been on air for three hours when the server starts: its channel was published so long ago, and the
committer writes the log of that time as origins would have aired it.
"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest

from players import apps, screening
from players.apps import App, Programme, Row
from players.films import library
from players.station import Station, listed, opened
from players.test_past import BINARIES, installed
from playout import config
from playout.clock import system_clock
from playout.config import Programming
from playout.library import newest, scan
from playout.publish import publish
from playout.store import DirStore

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.players

AGO = timedelta(hours=3)
"""For so long the channel has been on air."""
PLAYED = 25
"""Seconds that are played of what aired."""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A server of a channel that began hours ago."""
    station = opened(library(), tmp_path_factory.mktemp("old"))
    store, then = DirStore(station.media), system_clock() - AGO
    programming = config.load(station.media.parent / "channels.yaml")
    assert isinstance(programming, Programming)
    assert publish(store, programming, scan(store, newest(store), then), then).revisions
    station.start()
    try:
        station.ready()
        with urlopen(f"{station.root}iptv/guide.json", timeout=90) as guide:  # noqa: S310 — our own server
            guide.read()  # a fortnight of programs of a few seconds takes a while
        yield station
    finally:
        assert station.stop() == 0
        assert "Traceback" not in station.journal.read_text()


@dataclass(frozen=True)
class Aired:
    """A program that has aired, as the list and the guide tell, and all that is known of it."""

    row: Row
    programme: Programme
    parts: list[dict[str, Any]]
    """The programs in it, from the guide as JSON."""


def aired(station: Station, dialect: str) -> Aired:
    """The entry of the guide before the last one that is over."""
    playlist = station.text(f"{station.root}iptv/channels.m3u?catchup={dialect}")
    (row,) = apps.rows(playlist)
    guide = apps.programmes(station.text(apps.guide_address(playlist)), row.facts["tvg-id"])
    programme = [one for one in guide if one.stop < system_clock() - timedelta(minutes=1)][-1]
    (channel,) = json.loads(station.text(f"{station.root}iptv/guide.json"))["channels"]
    (entry,) = [one for one in channel["entries"] if one["start"][:19] == f"{programme.start:%Y-%m-%dT%H:%M:%S}"]
    return Aired(row, programme, entry["parts"])


def pictures(binary: str, url: str, seconds: float) -> list[str]:
    """A digest of every picture of the first seconds of the best rendition."""
    command = [binary, "-nostdin", "-v", "error", "-i", url, "-map", "0:v:0", "-t", str(seconds), "-f", "framemd5", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return re.findall(r"^0,.*, *([0-9a-f]{32})$", done.stdout, re.MULTILINE)


CASES = [
    ("default", apps.kodi),
    ("append", apps.kodi),
    ("shift", apps.kodi),
    ("flussonic", apps.kodi),
    ("vod", apps.kodi),
    ("default", apps.tivimate),
    ("flussonic", apps.tivimate),
]


@BINARIES
@pytest.mark.parametrize(("dialect", "app"), CASES)
def test_an_app_s_address_plays_what_aired(binary: screening.Binary, dialect: str, app: App, old: Station) -> None:
    ffmpeg = installed(binary)
    wanted = aired(old, dialect)
    url = app(wanted.row, wanted.programme, system_clock())
    first = wanted.parts[0]
    length = min(first["lengthMs"] / 1000, 10)
    film = pictures(ffmpeg, f"{old.root}vod/{first['asset']}/index.m3u8", length)
    assert len(film) == pytest.approx(length * 30, abs=1)
    assert pictures(ffmpeg, url, length) == film
    done = screening.ffmpeg(ffmpeg, url, "-map", "0", seconds=PLAYED)
    assert (done.complaints, done.status) == ([], 0)
    assert done.pictures == PLAYED * 30


@pytest.mark.parametrize(("dialect", "app"), CASES)
def test_an_app_s_address_lists_the_whole_program(dialect: str, app: App, old: Station) -> None:
    """From its first segment to its last; those of which apps say no end go on until now."""
    wanted = aired(old, dialect)
    url = app(wanted.row, wanted.programme, system_clock())
    top = old.text(url)
    media = old.text(urljoin(url, next(line for line in top.splitlines() if line.startswith("v360.m3u8"))))
    assert media.endswith("#EXT-X-ENDLIST\n")
    segments = listed(media)
    films = {part["asset"] for part in wanted.parts}
    played = [one.asset for k, one in enumerate(segments) if one.asset in films and (not k or one.number == 0)]
    asked = [part["asset"] for part in wanted.parts]
    assert played[: len(asked)] == asked
    assert abs(datetime.fromisoformat(segments[0].date) - wanted.programme.start) < timedelta(seconds=1)
    if dialect == "shift" or (dialect == "flussonic" and app is apps.kodi):
        assert datetime.fromisoformat(segments[-1].date) > wanted.programme.stop
    else:
        assert played == asked
        assert datetime.fromisoformat(segments[-1].date) < wanted.programme.stop
        assert wanted.programme.stop - datetime.fromisoformat(segments[-1].date) < timedelta(seconds=5)
