"""Start-over and catch-up, from what is at hand and from the log in the store."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from origins import Origin, blocks, joined
from stations import FILMS, FULL, GENESIS, Station

from playout.core.asset import Kind
from playout.core.catalog import item_of
from playout.core.ticks import utc_text
from playout.origin import create_app

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

V360 = "/live/films/v360.m3u8"
HOUR = timedelta(hours=1)


def asked(start: datetime, stop: datetime | None = None, path: str = V360) -> str:
    return f"{path}?from={utc_text(start)}" + (f"&to={utc_text(stop)}" if stop else "")


def air(origin: Origin, until: datetime) -> None:
    """Let time pass, and the log be written, in steps as a committer would."""
    moments = origin.station.moments
    while moments.now < until:
        moments.now = min(moments.now + timedelta(minutes=5), until)
        origin.station.look()


async def test_start_over_grows_and_never_changes_what_it_said(origin: Origin) -> None:
    start = GENESIS + timedelta(seconds=30)
    before: list[str] = []
    for _ in range(12):
        text = await origin.text(asked(start))
        page = await origin.playlist(asked(start))
        found = blocks(text)
        assert found[: len(before)] == before
        assert len(found) > len(before)
        assert "#EXT-X-PLAYLIST-TYPE:EVENT" in text
        assert "SERVER-CONTROL" not in text
        assert not page.is_endlist
        first = page.segments[0]
        assert first.program_date_time <= start
        assert start < first.program_date_time + timedelta(seconds=first.duration)
        assert found[-1] == blocks(await origin.text(V360))[-1]
        before = found
        air(origin, origin.station.moments.now + timedelta(seconds=40))


async def test_catch_up_of_hours_ago_is_read_from_the_store_and_closed(origin: Origin) -> None:
    air(origin, GENESIS + 4 * HOUR)
    assert origin.station.on_air("films").log.airings[0].index > 0
    start, stop = GENESIS + HOUR, GENESIS + 2 * HOUR
    head, _ = await origin.get(asked(start, stop))
    assert head["Cache-Control"] == "public, max-age=31536000, immutable"
    page = await origin.playlist(asked(start, stop))
    assert page.is_endlist
    assert page.playlist_type == "event"
    total = sum(segment.duration for segment in page.segments)
    assert abs(total - 3600) < 2 * 3.74
    last = page.segments[-1]
    assert last.program_date_time < stop
    assert stop <= last.program_date_time + timedelta(seconds=last.duration, milliseconds=1)
    for segment in (page.segments[0], page.segments[len(page.segments) // 2], last):
        await origin.get(joined(V360, segment.uri))
    again = await origin.text(asked(start, stop))
    air(origin, GENESIS + 5 * HOUR)
    assert await origin.text(asked(start, stop)) == again
    for text in (str(int(start.timestamp())), f"{start.timestamp():.3f}", "2026-03-01T14:00:00%2B01:00"):
        assert await origin.text(f"{V360}?from={text}&to={int(stop.timestamp())}") == again


async def test_all_renditions_of_the_past_agree(origin: Origin) -> None:
    air(origin, GENESIS + HOUR)
    start, stop = GENESIS + timedelta(minutes=10), GENESIS + timedelta(minutes=20)
    shapes = set()
    for name in ("v360", "a-de", "s-en", "ts/v234", "direct/v360", "direct/s-en"):
        page = await origin.playlist(asked(start, stop, f"/live/films/{name}.m3u8"))
        shapes.add((page.media_sequence, tuple((s.duration, s.program_date_time) for s in page.segments)))
    assert len(shapes) == 1


async def test_the_entry_passes_the_stretch_on(origin: Origin) -> None:
    top = asked(GENESIS, GENESIS + timedelta(minutes=1), "/live/films/index.m3u8")
    page = await origin.playlist(top)
    uris = [p.uri for p in page.playlists] + [m.uri for m in page.media]
    for uri in uris:
        assert uri.endswith("?from=2026-03-01T12:00:00.000Z&to=2026-03-01T12:01:00.000Z")
        media = await origin.playlist(joined("/live/films/index.m3u8", uri))
        assert media.is_endlist
    await origin.get("/live/films/index.m3u8?from=never", status=400)
    by_number = await origin.playlist("/iptv/channel/1.m3u8?from=1772366400")
    assert all("?from=2026-03-01T12:00:00.000Z" in p.uri for p in by_number.playlists)


async def test_before_genesis_is_genesis(origin: Origin) -> None:
    page: Any = await origin.playlist(asked(GENESIS - HOUR))
    assert page.media_sequence == 0
    assert page.segments[0].program_date_time == GENESIS


@pytest.mark.parametrize("start", ["2020-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0"])
async def test_a_stretch_that_ends_before_genesis_is_none(origin: Origin, start: str) -> None:
    """Not the whole of what has been on air since: nobody asked for that, and it grows for ever."""
    _, said = await origin.get(f"{V360}?from={start}", status=404)
    assert said == b"channel films began only at 2026-03-01T12:00:00.000Z\n"


async def test_a_day_without_an_end_is_closed(tmp_path: Path, aiohttp_client: Any) -> None:
    made = Station(tmp_path)
    made.house()
    made.asset("long", Kind.MOVIE, *[FULL] * 1900)  # about two hours
    made.publish(FILMS)
    made.look()
    app = create_app(made.view, made.changed, made.store, made.moments.clock)
    origin = Origin(made, await aiohttp_client(app))
    air(origin, GENESIS + 25 * HOUR)
    page = await origin.playlist(asked(GENESIS))
    assert page.is_endlist
    assert abs(sum(segment.duration for segment in page.segments) - 86400) < 4


async def test_a_turn_that_is_lost_or_corrupt_is_said_and_the_rest_plays(origin: Origin) -> None:
    air(origin, GENESIS + 3 * HOUR)
    folder = origin.station.root / "channels/films/log/2026-03-01"
    turns = sorted(folder.iterdir())
    harmed = turns[len(turns) // 2]
    harmed.write_text("{")
    await origin.get(asked(GENESIS, GENESIS + 3 * HOUR), status=503)
    assert "log" in await origin.text("/readyz")
    assert (await origin.playlist(asked(GENESIS + 2.5 * HOUR))).segments
    assert (await origin.playlist(V360)).segments


@pytest.mark.parametrize("fate", ["asset gone", "asset and catalog gone"])
async def test_an_asset_that_is_gone_since_is_known_from_its_catalog(
    origin: Origin, fate: str, aiohttp_client: Any
) -> None:
    """What aired stays listed, and plays as slate, as long as anything says how long its segments were."""
    air(origin, GENESIS + HOUR)
    old = origin.station
    whole = await origin.text(asked(GENESIS, GENESIS + HOUR / 2))
    shutil.rmtree(old.root / "assets/film-c")
    left = tuple(item_of(asset) for name, asset in old.assets.items() if name not in ("slate", "film-c"))
    old.publish(old.revisions["films"].channel, items=left)
    air(origin, GENESIS + 3 * HOUR)
    if fate == "asset and catalog gone":
        for path in (old.root / "catalogs").iterdir():
            if b"film-c" in path.read_bytes():
                path.unlink()
    fresh = Station(old.root, moments=old.moments)
    fresh.look()
    assert fresh.view().library("film-c") is None
    app = create_app(fresh.view, fresh.changed, fresh.store, fresh.moments.clock)
    other = Origin(fresh, await aiohttp_client(app))
    if fate == "asset gone":
        assert await other.text(asked(GENESIS, GENESIS + HOUR / 2)) == whole
    else:
        await other.get(asked(GENESIS, GENESIS + HOUR / 2), status=503)
    assert (await other.playlist(V360)).segments
