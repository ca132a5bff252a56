"""The `direct` rendering keeps the rules that stitchers break (hls-rules.md 8A), over an hour, as m3u8 reads it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from libraries import airs
from origins import joined
from stations import FILMS, FULL, HOUSE, Station

from playout import keys
from playout.core.asset import Kind
from playout.core.catalog import Query
from playout.core.rules import Ads
from playout.core.ticks import TIMEBASE, Ticks
from playout.origin import create_app
from playout.origin.asked import LONGEST

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

import pytest
from origins import Origin

RENDITIONS = ("v360", "v234", "a-en", "a-de", "s-en")


@pytest.fixture
async def busy(tmp_path: Path, aiohttp_client: Callable[..., Awaitable[Any]]) -> Origin:
    """Films with breaks in them, so that an asset stops and goes on after ads."""
    made = Station(tmp_path)
    made.house()
    made.asset("film-a", Kind.MOVIE, FULL, FULL, 3, FULL, FULL, 5, FULL, 2, breaks=(3, 6), languages=("en", "de"))
    made.asset("film-b", Kind.MOVIE, FULL, 4, FULL, FULL, FULL, breaks=(2,), subtitles=("en",))
    made.asset("ad-a", Kind.AD, FULL, 1)
    made.asset("ad-b", Kind.AD, 2, 2)
    made.asset("ad-c", Kind.AD, FULL)
    ads = Ads(Ticks(8 * TIMEBASE), Ticks(9 * TIMEBASE), Query(kind=(Kind.AD,)))
    made.publish(FILMS, airs(Query(kind=(Kind.MOVIE,)), ads=ads))
    made.look()
    app = create_app(made.view, made.changed, made.store, made.moments.clock)
    return Origin(made, await aiohttp_client(app))


def numbered(page: Any) -> list[tuple[int, int, Any]]:
    """(media sequence number, discontinuity sequence number, segment) as RFC 8216bis section 6.2.1 counts them."""
    found = []
    discontinuities = page.discontinuity_sequence
    for k, segment in enumerate(page.segments):
        discontinuities += bool(segment.discontinuity)
        found.append((page.media_sequence + k, discontinuities, segment))
    return found


def check_dates(page: Any) -> None:
    """H-42: dates follow each other without an overlap or a gap."""
    for one, two in zip(page.segments, page.segments[1:], strict=False):
        gap = (two.program_date_time - one.program_date_time).total_seconds()
        assert abs(gap - one.duration) < 0.0011


def check_maps(lines: list[str], rendition: str) -> None:
    """H-28, H-29: the map follows each discontinuity."""
    for k, line in enumerate(lines):
        if line == "#EXT-X-DISCONTINUITY" and rendition != "s-en":
            assert lines[k + 1].startswith("#EXT-X-MAP:")


async def test_an_hour_of_direct_playlists(busy: Origin) -> None:
    station = busy.station
    seen: dict[tuple[str, int], tuple[Any, ...]] = {}
    ranges: dict[str, str] = {}
    heads = dict.fromkeys(RENDITIONS, (-1, -1))
    for _ in range(240):
        station.moments.now += timedelta(seconds=15.1)
        station.look()
        log = station.on_air("films").log
        shapes = set()
        for rendition in RENDITIONS:
            text = await busy.text(f"/live/films/direct/{rendition}.m3u8")
            page = await busy.playlist(f"/live/films/direct/{rendition}.m3u8")
            lines = text.splitlines()
            head = (page.media_sequence, page.discontinuity_sequence)
            assert head >= heads[rendition]  # H-7, H-13
            assert head[1] >= heads[rendition][1]
            heads[rendition] = head
            assert sum(line.startswith("#EXT-X-DISCONTINUITY-SEQUENCE") for line in lines) == 1  # H-2, H-10
            assert not page.is_endlist  # H-4, H-5
            assert "PLAYLIST-TYPE" not in text
            assert page.target_duration == 4  # H-16
            assert not page.segments[0].discontinuity  # H-12: counted, not written
            for msn, dsn, segment in numbered(page):
                airing = log.at_msn(msn)
                assert airing is not None
                assert dsn == airing.index  # H-11, H-12
                range_ = (segment.uri, segment.byterange, segment.duration, segment.program_date_time)
                assert seen.setdefault((rendition, msn), (*range_, dsn)) == (*range_, dsn)  # H-8
                assert segment.program_date_time is not None  # H-41
                assert segment.duration <= 4  # H-15
                if rendition != "s-en":
                    assert segment.init_section is not None  # H-29
                    assert segment.init_section.uri.startswith("../../../media/init/fast/")
            check_dates(page)
            shapes.add((head, tuple((s.duration, s.program_date_time, bool(s.discontinuity)) for s in page.segments)))
            for line in (line for line in lines if line.startswith("#EXT-X-DATERANGE")):  # H-57, H-59, H-61
                name = line.split('"')[1]
                assert ranges.setdefault(name, line) == line
            check_maps(lines, rendition)
        assert len(shapes) == 1  # H-14, H-31, H-32, H-34, H-37
    assert len(ranges) > 50
    assert len({key for key in seen if key[0] == "v360"}) > 1100


async def test_the_bytes_it_names_are_the_segments(busy: Origin) -> None:
    for rendition in RENDITIONS:
        path = f"/live/films/direct/{rendition}.m3u8"
        page = await busy.playlist(path)
        for segment in page.segments:
            uri = joined(path, segment.uri)
            if not segment.byterange:
                assert (await busy.get(uri))[1].count(b"\n") == 3  # subtitles that nobody has
                continue
            length, low = map(int, segment.byterange.split("@"))
            head, body = await busy.get(uri, 206, {"Range": f"bytes={low}-{low + length - 1}"})
            assert len(body) == length
            assert body.startswith(b"WEBVTT" if rendition == "s-en" else body[:4] + b"moof")
            assert "immutable" in head["Cache-Control"]


async def test_date_ranges_last_as_long_as_their_segments(busy: Origin) -> None:
    """H-60: a program's range stays while any of it is in the window, also after its first segment has left."""
    station = busy.station
    late = 0
    for _ in range(60):
        station.moments.now += timedelta(seconds=3.1)
        station.look()
        text = await busy.text("/live/films/v360.m3u8")
        page = await busy.playlist("/live/films/v360.m3u8")
        for msn in (page.media_sequence, page.media_sequence + len(page.segments) - 1):
            log = station.on_air("films").log
            turn = next(turn for turn in log.turns if turn.airings[0].first_msn <= msn < turn.airings[-1].end_msn)
            program = turn.program
            airing = log.at_msn(msn)
            assert program is not None
            assert airing is not None
            inside = program[0].index <= airing.index <= program[1].index
            assert (f'ID="films-{program[0].index}"' in text) or not inside
            late += inside and program[0].first_msn < page.media_sequence
    assert late


async def test_an_asset_that_cannot_be_read_stops_only_the_playlists_that_name_its_bytes(busy: Origin) -> None:
    asset = busy.station.root / keys.asset("film-a")
    asset.write_text("{")
    head, body = await busy.get("/live/films/direct/v360.m3u8", status=503)
    assert head["Cache-Control"] == "no-store"
    assert b"cannot be read" in body
    assert (await busy.playlist("/live/films/v360.m3u8")).segments
    assert "film-a" in (await busy.text("/readyz"))


async def test_segments_of_ads_and_of_the_second_half_of_a_film_stand_in_line(busy: Origin) -> None:
    path = "/live/films/v360.m3u8?from=2026-03-01T12:00:00Z"
    page = await busy.playlist(path)
    at = 0
    for segment in page.segments:
        file = segment.uri.rsplit("/", 1)[1]
        assert int(file.split("-")[1]) == at
        await busy.get(joined("/live/films/v360.m3u8", segment.uri))
        at += round(segment.duration * TIMEBASE / HOUSE.unit) * HOUSE.unit
    assert timedelta(seconds=at / TIMEBASE) < LONGEST
