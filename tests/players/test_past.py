"""What has been on air, and single films on demand, in ffmpeg; and all playlists in Python's m3u8 library."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import m3u8
import pytest

from players import screening
from players.station import listed

if TYPE_CHECKING:
    from players.shows import Place

pytestmark = pytest.mark.players
EVERYTHING = ("-map", "0")
"""ffmpeg 9 says of every fMP4 ladder that the rung which it drops after its first look ends in mid-picture."""
BINARIES = pytest.mark.parametrize("binary", [screening.debian_ffmpeg, screening.bundled_ffmpeg])


def stretch(place: Place, first: int, last: int | None = None) -> str:
    """The query for the air from segment `first` of the live window up to segment `last`."""
    segments = listed(place.station.text(place.station.live("v360.m3u8")))
    query = f"?from={segments[first].date}"
    return query if last is None else f"{query}&to={segments[last].date}"


@BINARIES
def test_catch_up_plays_to_its_end(binary: screening.Binary, place: Place) -> None:
    query = stretch(place, 2, 20)
    segments = listed(place.station.text(place.station.live(f"v360.m3u8{query}")))
    length = datetime.fromisoformat(segments[-1].date) - datetime.fromisoformat(segments[0].date)
    done = screening.ffmpeg(installed(binary), place.station.live(f"index.m3u8{query}"), *EVERYTHING, seconds=600)
    assert done.complaints == []
    assert done.status == 0
    assert length.total_seconds() < done.seconds < length.total_seconds() + 4
    assert done.pictures == pytest.approx(done.seconds * 30, abs=4)


@BINARIES
def test_start_over_plays_from_the_beginning_into_the_present(binary: screening.Binary, place: Place) -> None:
    query = stretch(place, 1)
    url = place.station.live(f"index.m3u8{query}")
    done = screening.ffmpeg(installed(binary), url, *EVERYTHING, seconds=70, before=("-live_start_index", "0"))
    assert done.complaints == []
    assert done.status == 0
    assert done.pictures == 2100


@BINARIES
def test_a_film_plays_on_demand(binary: screening.Binary, place: Place) -> None:
    assets = {segment.asset for segment in listed(place.station.text(place.station.live("v360.m3u8")))}
    for asset in sorted(assets):
        url = f"{place.station.root}vod/{asset}/index.m3u8"
        length = sum(segment.duration for segment in m3u8.loads(place.station.text(urljoin(url, "v360.m3u8"))).segments)
        done = screening.ffmpeg(installed(binary), url, *EVERYTHING)
        assert done.complaints == []
        assert done.status == 0
        assert done.pictures == round(length * 30)


def installed(binary: screening.Binary) -> str:
    """Where a player lies. Without it the test is skipped; in CI it fails."""
    try:
        return binary()
    except screening.Missing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


def test_every_playlist_is_read_by_the_m3u8_library(place: Place) -> None:
    asset = listed(place.station.text(place.station.live("v360.m3u8")))[3].asset
    past = stretch(place, 2, 12)
    masters = [place.station.live(name) for name in ("index.m3u8", "ts.m3u8", "direct.m3u8", f"index.m3u8{past}")]
    masters.append(f"{place.station.root}vod/{asset}/index.m3u8")
    for address in masters:
        master = m3u8.loads(place.station.text(address))
        assert master.is_variant, address
        assert [variant.stream_info.resolution for variant in master.playlists] == [(640, 360), (416, 234)]
        below = [variant.uri for variant in master.playlists] + [media.uri for media in master.media if media.uri]
        playlists = {uri: m3u8.loads(place.station.text(urljoin(address, uri))) for uri in below}
        assert len(playlists) == (2 if "ts" in address.rsplit("/", 1)[1] else 3), address
        for uri, playlist in playlists.items():
            check(playlist, f"{address} {uri}")
        for shared in ("duration", "program_date_time", "discontinuity"):
            lists = [
                {k: getattr(segment, shared) for k, segment in enumerate(playlist.segments, playlist.media_sequence)}
                for playlist in playlists.values()
            ]
            for other in lists[1:]:
                assert all(other[k] == value for k, value in lists[0].items() if k in other), (address, shared)


def check(playlist: m3u8.M3U8, what: str) -> None:
    """What holds for every media playlist."""
    on_demand = "/vod/" in what
    assert playlist.target_duration == 4, what
    assert playlist.is_independent_segments, what
    assert len(playlist.segments) == (30 if "from=" not in what and not on_demand else len(playlist.segments)), what
    assert bool(playlist.is_endlist) == ("to=" in what or on_demand), what
    due: datetime | None = None
    for segment in playlist.segments:
        assert 0 < segment.duration <= 4, what
        if on_demand:
            continue
        assert segment.program_date_time is not None, what
        if due is not None:
            assert abs(segment.program_date_time - due) <= timedelta(milliseconds=2), what
        due = segment.program_date_time + timedelta(seconds=segment.duration)
