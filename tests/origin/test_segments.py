"""Segments: that they stand where their address says, are honoured when true, and never leave a hole."""

from __future__ import annotations

import json
import struct
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from origins import joined
from stations import FULL, GENESIS, HOUSE

from playout import keys
from playout.core.cmaf import DECODE_TIME_AT, SEQUENCE_AT
from playout.core.ticks import MEDIA_ORIGIN

if TYPE_CHECKING:
    from pathlib import Path

    from origins import Origin

V360 = "/live/films/v360.m3u8"
UNIT = HOUSE.unit


def place(segment: bytes) -> tuple[int, int]:
    """The decode time and the sequence number of a media segment."""
    return struct.unpack_from(">Q", segment, DECODE_TIME_AT)[0], struct.unpack_from(">I", segment, SEQUENCE_AT)[0]


def ticks(segment: bytes) -> int:
    """How long a media segment plays: samples times the default duration."""
    duration = struct.unpack_from(">I", segment, 48)[0]
    count = struct.unpack_from(">I", segment, 88)[0]
    return int(duration * count)


async def listed(origin: Origin, path: str) -> list[tuple[str, int, bytes]]:
    """(path, media sequence number, bytes) of every segment of a playlist."""
    page = await origin.playlist(path)
    found = []
    for k, segment in enumerate(page.segments):
        uri = joined(path, segment.uri)
        found.append((uri, page.media_sequence + k, (await origin.get(uri))[1]))
    return found


@pytest.mark.parametrize("rendition", ["v360", "a-en", "a-de"])
async def test_segments_follow_each_other_on_one_timeline(origin: Origin, rendition: str) -> None:
    expected = None
    for uri, msn, body in await listed(origin, f"/live/films/{rendition}.m3u8"):
        time, sequence = place(body)
        start = int(uri.rsplit("/", 1)[1].split("-")[1])
        assert sequence == msn
        assert time == MEDIA_ORIGIN + start - (HOUSE.reorder if rendition == "v360" else 0)
        assert expected in (None, time)
        expected = time + ticks(body)


async def test_a_segment_but_for_its_place_is_what_lies_in_the_store(origin: Origin) -> None:
    for uri, _, body in await listed(origin, V360):
        asset, rendition, file = uri.split("/")[2:]
        number = int(file.split("-")[0])
        track = origin.station.assets[asset].track(rendition)
        assert track is not None
        low, high = track.span(number)
        stored = origin.station.store.read_range(keys.asset_file(asset, track.file), low, high)
        assert stored is not None
        assert body[DECODE_TIME_AT + 8 :] == stored[DECODE_TIME_AT + 8 :]
        assert body[:SEQUENCE_AT] == stored[:SEQUENCE_AT]


async def test_an_audio_language_falls_back_and_missing_subtitles_are_empty(origin: Origin) -> None:
    sounds = {uri.split("/")[2]: body for uri, _, body in await listed(origin, "/live/films/a-de.m3u8")}
    assert b"film-a/a-de" in sounds["film-a"]
    assert b"film-c/a-fr" in sounds["film-c"]
    texts = {uri: body for uri, _, body in await listed(origin, "/live/films/s-en.m3u8?from=2026-03-01T12:00:00Z")}
    for uri, body in texts.items():
        asset, _, file = uri.split("/")[2:]
        number, start, _ = file.removesuffix(".vtt").split("-")
        zero = origin.station.assets[asset].cuts.tick(int(number)) if asset == "film-b" else 0
        head, cues = body.split(b"\n\n", 1)
        assert head == b"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:%010d,LOCAL:00:00:00.000" % (MEDIA_ORIGIN + int(start) - zero)
        assert bool(cues) == (asset == "film-b")


async def test_the_future_is_a_404_and_becomes_a_200(origin: Origin) -> None:
    station = origin.station
    airing = station.on_air("films").log.airings[-1]
    cuts = station.assets[airing.asset].cuts
    last = airing.stop - 1
    start = airing.start + cuts.tick(last) - cuts.tick(airing.first)
    path = f"/media/{airing.asset}/v360/{last}-{start}-{airing.end_msn - 1}.m4s"
    head, body = await origin.get(path, status=404)
    assert body == b"that segment has not aired yet\n"
    assert head["Cache-Control"] == "public, max-age=1"
    station.moments.now = GENESIS + timedelta(seconds=airing.end / 90000)
    station.look()
    await origin.get(path)


@pytest.mark.parametrize(
    "path",
    [
        "/media/nope/v360/0-0-0.m4s",
        "/media/film-a/v999/0-0-0.m4s",
        "/media/film-a/a-zz/0-0-0.m4s",
        "/media/film-a/s-zz/0-0-0.vtt",
        "/media/film-a/v360/7-2496000-7.m4s",
        "/media/film-a/v360/0-0-1.m4s",
        f"/media/film-a/v360/0-{UNIT}-0.m4s",
        f"/media/film-a/v360/0-{UNIT - 1}-1.m4s",
        "/media/film-a/v360/0-0-0.vtt",
        "/media/film-a/v360/0-0-0.ts",
        "/media/film-a/v360/0-0-0.mp4",
        "/media/film-a/v360/00-0-0.m4s",
        "/media/film-a/v360/0-0-99999999999999999999.m4s",
        "/media/film-a/v360/-1-0-0.m4s",
        "/media/film-a/v360/9999999999999-0-0.m4s",
        f"/media/film-a/v360/0-{10**16}-100000.m4s",
        "/media/init/fast/v360.00000000000000000000000000000000.mp4",
        "/media/init/fast/v360.mp4",
        "/media/init/nope/v360.00000000000000000000000000000000.mp4",
    ],
)
async def test_what_never_aired_is_a_404(origin: Origin, path: str) -> None:
    head, body = await origin.get(path, status=404)
    assert head["Cache-Control"] == "public, max-age=1"
    assert head["Content-Type"] == "text/plain; charset=utf-8"
    assert 10 < len(body) < 200


async def test_a_place_before_the_log_at_hand_must_lie_on_the_grid(origin: Origin) -> None:
    station = origin.station
    first = await listed(origin, V360)
    station.moments.now += timedelta(hours=1)
    station.look()
    old, msn, body = first[0]
    assert station.on_air("films").log.at_msn(msn) is None
    assert (await origin.get(old))[1] == body
    asset, rendition, file = old.split("/")[2:]
    number, start, _ = file.split("-")
    for bad in (f"{number}-{int(start) + 1}-{msn}", f"{number}-{start}-{msn * 9}", f"{number}-{start}-1"):
        await origin.get(f"/media/{asset}/{rendition}/{bad}.m4s", status=404)


# Withdrawn, lost, corrupt


def store_file(origin: Origin, asset: str, file: str) -> Path:
    return origin.station.root / "assets" / asset / file


async def slates(origin: Origin, path: str, asset: str, reason: str) -> None:
    """Every segment of `asset` in a playlist is slate of the same length at the same place; nothing else is."""
    count = 0
    page = await origin.playlist(path)
    for k, segment in enumerate(page.segments):
        uri = joined(path, segment.uri)
        head, body = await origin.get(uri)
        assert place(body)[1] == page.media_sequence + k
        assert abs(ticks(body) / 90000 - segment.duration) < 2e-6
        label = b"slate/" if uri.split("/")[2] == asset else uri.split("/")[2].encode()
        assert label in body
        assert ("immutable" in head["Cache-Control"]) == (label != b"slate/")
        count += label == b"slate/"
    assert count
    metrics = await origin.text("/metrics")
    assert f'fastline_slate_substitutions_total{{reason="{reason}"}} {count}.0' in metrics
    alarmed = (await origin.text("/readyz")).count(asset)
    assert bool(alarmed) == (reason != "withdrawn")


@pytest.mark.parametrize("path", [V360, "/live/films/a-en.m3u8"])
async def test_a_withdrawn_asset_plays_as_slate(origin: Origin, path: str) -> None:
    await listed(origin, path)
    origin.station.withdraw("films", "film-c")
    origin.station.look()
    await slates(origin, path, "film-c", "withdrawn")
    text = (await origin.text("/live/films/s-en.m3u8")).splitlines()[-1]
    assert (await origin.get(joined("/live/films/s-en.m3u8", text)))[1].startswith(b"WEBVTT\nX-TIMESTAMP-MAP")
    for gone in ("/vod/film-c/index.m3u8", "/vod/film-c/v360.m3u8", "/store/assets/film-c/v360.cmfv"):
        await origin.get(gone, status=404)


def lose(path: Path) -> None:
    path.unlink()


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def scramble(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [lose, cut_short, scramble, become_a_folder])
@pytest.mark.parametrize("file", ["v360.cmfv", "asset.json"])
async def test_an_unreadable_file_plays_as_slate(origin: Origin, harm: object, file: str) -> None:
    assert callable(harm)
    harm(store_file(origin, "film-c", file))
    await slates(origin, V360, "film-c", "unreadable")


async def test_slate_plays_even_when_the_whole_store_is_gone(origin: Origin) -> None:
    await origin.get((await listed(origin, V360))[-1][0])  # one segment has been served: the slate is held
    origin.station.root.joinpath("assets").rename(origin.station.root / "away")
    origin.station.root.joinpath("assets").write_text("not a folder")
    origin.station.moments.now += timedelta(seconds=30)
    origin.station.look()
    page = await origin.playlist(V360)
    for segment in page.segments:
        _, body = await origin.get(joined(V360, segment.uri))
        assert abs(ticks(body) / 90000 - segment.duration) < 2e-6


async def test_on_demand_is_the_asset_from_end_to_end(origin: Origin) -> None:
    top = await origin.playlist("/vod/film-b/index.m3u8")
    assert [p.uri for p in top.playlists] == ["v360.m3u8", "v234.m3u8"]
    assert [m.uri for m in top.media] == ["a-en.m3u8", "s-en.m3u8"]
    for rendition in ("v360", "a-en", "s-en"):
        page = await origin.playlist(f"/vod/film-b/{rendition}.m3u8")
        assert page.is_endlist
        assert [round(segment.duration * 90000 / UNIT) for segment in page.segments] == [*[FULL] * 4, 5, 2, FULL]
        for segment in page.segments:
            await origin.get(joined(f"/vod/film-b/{rendition}.m3u8", segment.uri))
    for path in ("/vod/nope/index.m3u8", "/vod/film-b/a-de.m3u8", "/vod/..%2ffilm-b/index.m3u8", "/vod/film-b/x.jpg"):
        await origin.get(path, status=404)


async def test_two_origins_give_the_same_bytes(origin: Origin, twin: Origin) -> None:
    for _ in range(40):
        origin.station.moments.now += timedelta(seconds=91.7)
        twin.station.look()
        origin.station.look()
        for path in (V360, "/live/films/direct/a-de.m3u8", "/live/films/ts/v234.m3u8"):
            assert await origin.text(path) == await twin.text(path)
        for uri in [line for line in (await origin.text(V360)).splitlines() if line.endswith(".m4s")][-2:]:
            assert (await origin.get(joined(V360, uri)))[1] == (await twin.get(joined(V360, uri)))[1]


async def test_pictures_that_cannot_be_taken_apart_are_said_to_be_so(origin: Origin) -> None:
    """A track whose heads are sound and whose media is not: a 503 that other origins may make good, and an alarm."""
    path = "/live/films/ts/v360.m3u8"
    page = await origin.playlist(path)
    _, said = await origin.get(joined(path, page.segments[0].uri), status=503)
    assert said == b"neither that segment nor slate can be read\n"
    alarms = json.loads(await origin.text("/readyz"))["alarms"]
    assert any("no MPEG-TS can be made of it" in alarm["what"] for alarm in alarms)
