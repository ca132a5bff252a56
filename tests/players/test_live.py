"""A minute of the channel in each player, over its seams."""

from __future__ import annotations

import re
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

import pytest

from players.measure import recording
from players.station import CHANNEL, Listed, listed, seams
from playout.clock import system_clock
from playout.station import Station
from playout.store import DirStore

if TYPE_CHECKING:
    from pathlib import Path

    from players.browser import Viewing
    from players.screening import Run
    from players.shows import Place

pytestmark = pytest.mark.players
SLOWEST = 85
"""Seconds that a player may take for a minute of the channel."""


WRONG = re.compile(r"(warning|error): |^\[(h264|aac|mp4|mov)|Fragment sequence discontinuity|failed|deadlock")
"""What VLC's journal has where something is not as it should be."""
HARMLESS = re.compile(
    r"interface|directory-extractor|too late to be displayed"  # no desktop, no folder, a busy machine
    r"|no chunk defined|STTS table of 0 entries|discontinuity detected \d+ != 0"  # of every fragmented stream
    r"|discontinuity indicator"  # which every TS segment has
    r"|decoded zero sample|Reinit context"  # of every decoder's start
)


ENDED = "killing decoder fourcc `h264'"
"""What VLC's journal has where its decoder of pictures ends; before that, the pictures in it are dropped."""


def shows(*names: str) -> pytest.MarkDecorator:
    """The test is of these shows, one at a time."""
    return pytest.mark.parametrize("show", names, indirect=True)


@shows("debian-index", "debian-v234", "debian-ts", "bundled-everything", "bundled-sound", "bundled-ts")
def test_ffmpeg_reads_a_minute_without_a_word(show: Run, place: Place) -> None:
    assert show.complaints == []
    assert show.status == 0
    assert show.wall < SLOWEST
    assert show.seconds == pytest.approx(60, abs=0.1)
    assert show.pictures in (0, 1800)
    assert seams(listed(place.station.text(place.station.live("v360.m3u8")))) >= 4


@shows("hls.js", "shaka")
def test_a_browser_plays_a_minute_without_a_halt(show: Viewing) -> None:
    assert show.errors == []
    assert show.journal == []
    assert show.interruptions == []
    assert show.most_ranges == 1
    assert show.least_ahead > 1
    assert show.longest_halt < 1
    assert abs(show.behind) < 0.5
    assert show.pictures[2] == 0
    assert {360, 234} <= set(show.rungs)
    assert min(show.bytes) > 100_000


@shows("hls.js-direct")
def test_a_browser_plays_track_files_over_discontinuities(show: Viewing) -> None:
    # At each discontinuity hls.js begins anew with the first decode time, two pictures before the first picture
    # is shown, so it hops over a hole of 67 ms. Seamless channels have no such place. Negative composition
    # offsets would close the hole, but then ffmpeg shows every picture 33 ms late.
    assert {error.removeprefix("mediaError ") for error in show.errors} <= {
        "bufferStalledError fatal=false",
        "bufferSeekOverHole fatal=false",
    }
    assert sum("Hole" in error for error in show.errors) >= 4
    assert show.journal == []
    assert show.longest_halt < 1
    assert show.least_ahead > 1
    assert abs(show.behind) < 2
    assert show.pictures[2] == 0


@shows("mpv")
def test_mpv_keeps_sound_and_picture_together(show: Run) -> None:
    said = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", show.printed))
    found = [match for line in said if (match := re.match(r"A-V +(\S+) ahead +(\S+) paused (\w+)", line))]
    # a busy machine does not give the null sound card its turns; the channel is at fault when nothing was read ahead
    rest = [line for line in show.complaints if "A-V" not in line and "Audio device underrun" not in line]
    assert rest == []
    assert show.status == 0
    assert show.wall < SLOWEST
    assert len(found) > 500
    assert {match[3] for match in found} == {"no"}
    assert min(float(match[2]) for match in found[30:]) > 1
    assert median(abs(float(match[1])) for match in found) < 0.01


@shows("vlc", "vlc-ts")
def test_vlc_decodes_everything(show: Run) -> None:
    asked = re.findall(r"Retrieving \S+/media/(\w+)/v360[a-z-]*/(\d+)-\d+-(\d+)\.\w+", show.printed)
    sequence = [int(number) for _, _, number in asked]
    assert sequence == list(range(sequence[0], sequence[0] + len(sequence)))
    assert seams([Listed("", "", asset, int(number), int(msn)) for asset, number, msn in asked]) >= 4
    assert "Received first picture" in show.printed
    lines = show.printed.partition("libvlc debug: exiting")[0].splitlines()
    ends = [k for k, line in enumerate(lines) if ENDED in line]
    assert len(ends) <= 2, "its decoder begins anew after the first look and at a change of rung, but never at a seam"
    dropped = {k for end in ends for k in range(end - 12, end)}
    played = [line for k, line in enumerate(lines) if k not in dropped]
    assert [line for line in played if WRONG.search(line) and not HARMLESS.search(line)] == []


@shows("recording")
def test_flash_and_beep_stay_together_over_ten_seams(show: tuple[Run, dict[str, Path]], place: Place) -> None:
    done, files = show
    assert done.complaints == []
    assert seams(listed(place.station.text(place.station.live("v360.m3u8")))) >= 10
    for name, file in files.items():
        seen = recording(file)
        assert seen.uneven_pictures == [], name
        assert seen.uneven_sounds == [], name
        assert len(seen.flashes) > 100, name
        assert max(map(abs, seen.distances)) <= 0.025, name


@shows("debian-index")
def test_the_minute_had_programs_that_a_start_cut_short(show: Run, place: Place) -> None:
    """What the players above have played were such seams, too."""
    assert show.status == 0
    station = Station(DirStore(place.station.media))
    (revision, *_) = station.revisions(CHANNEL)
    items = station.catalog(revision)
    now = system_clock()
    aired = list(station.logged(CHANNEL, now - timedelta(minutes=2), now))
    assert any(turn.tail.daypart for turn in aired)
    lasts = [(turn.program[1], items.item(turn.program[1].asset)) for turn in aired if turn.program]
    assert any(item and last.stop < item.cuts.segments for last, item in lasts)
