"""Live playlists over HTTP: the laws of time, directives, and what every answer's head says."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from origins import blocks, joined
from stations import FILMS, HOUSE

from playout.core.playlog import Log
from playout.core.ticks import TIMEBASE

if TYPE_CHECKING:
    from datetime import datetime

    from origins import Origin

V360 = "/live/films/v360.m3u8"
MEDIA = [f"/live/films/{name}.m3u8" for name in ("v360", "v234", "a-en", "a-de", "s-en")]
MUXED = [f"/live/films/ts/{name}.m3u8" for name in ("v360", "v234")]
DIRECT = [path.replace("films/", "films/direct/") for path in MEDIA]
SECOND = timedelta(seconds=1)


def move(origin: Origin, span: timedelta) -> None:
    origin.station.moments.now += span
    origin.station.look()


@pytest.mark.parametrize("entry", ["index", "ts", "direct"])
async def test_every_uri_of_a_channel_answers(origin: Origin, entry: str) -> None:
    top = f"/live/films/{entry}.m3u8"
    whole = await origin.playlist(top)
    uris = [p.uri for p in whole.playlists] + [m.uri for m in whole.media]
    assert len(uris) == (2 if entry == "ts" else 5)
    for path in (joined(top, uri) for uri in uris):
        page = await origin.playlist(path)
        assert len(page.segments) == FILMS.window
        if entry != "ts":  # these tracks hold no pictures; see test_ts.py
            for segment in page.segments:
                head, body = await origin.get(joined(path, segment.uri))
                assert int(head["Content-Length"]) == len(body) > 0
        for found in page.segment_map:
            _, body = await origin.get(joined(path, found.uri))
            assert body[4:8] == b"ftyp"


async def test_time_over_an_hour(origin: Origin) -> None:
    """Forward, Still, Same, Exact, and that each edition comes when it is due."""
    seen: dict[str, dict[int, str]] = {path: {} for path in (*MEDIA, *MUXED)}
    last = -1
    for _ in range(150):
        move(origin, timedelta(seconds=24.1))
        pages = {path: await origin.text(path) for path in seen}
        lists = {path: await origin.playlist(path) for path in seen}
        shapes = {
            (page.media_sequence, tuple((s.duration, s.program_date_time) for s in page.segments))
            for page in lists.values()
        }
        assert len(shapes) == 1  # Same
        page = lists[V360]
        assert page.media_sequence >= last  # Forward
        last = page.media_sequence
        for path, text in pages.items():
            for k, block in enumerate(blocks(text)):
                assert seen[path].setdefault(page.media_sequence + k, block) == block  # Still
        for one, two in zip(page.segments, page.segments[1:], strict=False):
            gap = two.program_date_time - one.program_date_time
            assert abs(gap.total_seconds() - one.duration) < 0.0011  # Exact
        assert page.target_duration == 4
        assert all(segment.duration <= 4 for segment in page.segments)
        edge = page.segments[-1]
        late = origin.station.moments.now - (edge.program_date_time + timedelta(seconds=edge.duration))
        assert timedelta(0) - 2 * timedelta(milliseconds=1) <= late <= timedelta(seconds=HOUSE.segment / TIMEBASE)
    assert len(seen[V360]) > 800


async def test_a_clock_that_steps_back_takes_no_playlist_back(origin: Origin) -> None:
    before = await origin.text(V360)
    for back in (timedelta(seconds=10), timedelta(hours=1)):
        origin.station.moments.now -= back
        assert await origin.text(V360) == before
        origin.station.moments.now += back
    move(origin, 10 * SECOND)
    assert (await origin.playlist(V360)).media_sequence > 0


async def test_a_wider_window_takes_no_first_segment_back(origin: Origin) -> None:
    move(origin, timedelta(minutes=5))
    before = (await origin.playlist(V360)).media_sequence
    origin.station.publish(replace(FILMS, window=25))
    move(origin, SECOND)
    assert (await origin.playlist(V360)).media_sequence >= before
    move(origin, timedelta(minutes=2))
    assert len((await origin.playlist(V360)).segments) == 25


async def edge_of(origin: Origin) -> tuple[int, datetime]:
    """The newest segment, and when it ended."""
    page = await origin.playlist(V360)
    last = page.segments[-1]
    return page.media_sequence + len(page.segments) - 1, last.program_date_time + timedelta(seconds=last.duration)


@pytest.mark.parametrize("ahead", [1, 2])
async def test_blocking_reload_waits_for_the_segment_and_not_longer(origin: Origin, ahead: int) -> None:
    edge, ended = await edge_of(origin)
    moments = origin.station.moments
    async with asyncio.TaskGroup() as tasks:
        answer = tasks.create_task(origin.get(f"{V360}?_HLS_msn={edge + ahead}", headers={"Accept-Encoding": "*;q=0"}))
        due = await moments.waiting.get()
        full = timedelta(seconds=HOUSE.segment / TIMEBASE)
        assert abs(due - ended - ahead * full) < timedelta(milliseconds=2)
        moments.now = due - timedelta(microseconds=1)
        for _ in range(20):
            await asyncio.sleep(0)
        assert not answer.done()
        moments.now = due
    head, body = answer.result()
    assert f"-{edge + ahead}.m4s" in body.decode()
    assert f"-{edge + ahead + 1}.m4s" not in body.decode()
    assert head["Cache-Control"] == "public, max-age=24"


async def test_blocking_reload_gives_up_after_three_target_durations(origin: Origin) -> None:
    edge, _ = await edge_of(origin)
    moments, follower = origin.station.moments, origin.station.follower
    async with asyncio.TaskGroup() as tasks:
        answer = tasks.create_task(origin.get(f"{V360}?_HLS_msn={edge + 1}", status=503))
        await moments.waiting.get()
        on_air = follower.view.channels["films"]
        airings = [airing for airing in on_air.log.airings if airing.first_msn <= edge]
        airings[-1] = replace(airings[-1], stop=airings[-1].first + edge + 1 - airings[-1].first_msn)
        ended = replace(on_air, log=Log(on_air.log.turns, tuple(airings)))
        follower.view = replace(follower.view, channels={"films": ended})
        follower.changed.set()
        follower.changed = asyncio.Event()
        begun = moments.now
        assert await moments.waiting.get() == begun + timedelta(seconds=12)
        moments.now = begun + timedelta(seconds=12)
    assert answer.result()[0]["Cache-Control"] == "no-store"


async def test_blocking_reload_ends_when_the_process_does(origin: Origin) -> None:
    edge, _ = await edge_of(origin)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(origin.get(f"{V360}?_HLS_msn={edge + 1}", status=503))
        await origin.station.moments.waiting.get()
        await origin.client.app.shutdown()


@pytest.mark.parametrize(
    "query",
    [
        "_HLS_msn=x", "_HLS_msn=-1", "_HLS_msn=", "_HLS_msn=1.5", "_HLS_msn=99999999999999999999", "_HLS_part=0",
        "_HLS_msn=1&_HLS_part=x", "_HLS_skip=no", "_HLS_skip=", "_HLS_msn=1&_HLS_msn=2", "_HLS_msn=99999999",
        "from=x", "from=", "from=2026-03-01", "from=2999-01-01T00:00:00Z", "to=2026-03-01T12:00:00Z",
        "from=2026-03-01T12:00:00Z&to=2026-03-01T12:00:00Z", "from=2026-03-01T12:00:00Z&to=2026-03-05T12:00:00Z",
        "from=2026-13-01T12:00:00Z", "from=1&from=2", "from=2026-03-01T12:00:00", "from=%00", "from=99999999999",
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_refused(origin: Origin, query: str) -> None:
    head, body = await origin.get(f"{V360}?{query}", status=400)
    assert head["Cache-Control"] == "public, max-age=1"
    assert head["Content-Type"].startswith("text/plain")
    assert 5 < len(body) < 200


async def test_a_segment_that_is_long_gone_gets_the_whole_playlist(origin: Origin) -> None:
    whole = await origin.text(V360)
    for query in ("_HLS_msn=0", "_HLS_msn=1&_HLS_part=5", "unknown=1", "_HLS_future=1"):
        assert await origin.text(f"{V360}?{query}") == whole


@pytest.mark.parametrize("path", [V360, "/live/films/s-en.m3u8", "/live/films/ts/v234.m3u8", DIRECT[0]])
@pytest.mark.parametrize("word", ["YES", "v2"])
async def test_a_delta_update_merged_into_the_last_playlist_is_the_whole_one(
    origin: Origin, path: str, word: str
) -> None:
    before = await origin.text(path)
    first = (await origin.playlist(path)).media_sequence
    move(origin, 9 * SECOND)
    whole, delta = await origin.text(path), await origin.text(f"{path}?_HLS_skip={word}")
    start = (await origin.playlist(path)).media_sequence
    lines = delta.splitlines()
    skip = next(line for line in lines if line.startswith("#EXT-X-SKIP:"))
    skipped = int(skip.rpartition("=")[2])
    assert 0 < skipped < FILMS.window
    assert "#EXT-X-VERSION:9" in lines
    assert lines.index(skip) > next(k for k, line in enumerate(lines) if "DISCONTINUITY-SEQUENCE" in line)
    known = dict(enumerate(blocks(before), first))
    merged = [known.get(start + k) for k in range(skipped)]
    held = [block for block in merged if block is not None]
    assert [*held, *blocks(delta)] == blocks(whole)[skipped - len(held) :] or path == DIRECT[0]
    assert len(blocks(delta)) + skipped == FILMS.window
