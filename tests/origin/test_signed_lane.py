"""The express lane below a token: the same answers as the long way's, shared by all viewers, and for none but them."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from test_lane import PACKED, PLAIN, Listening, segment_of
from test_signed import closing, copied

from playout.core.token import Pass
from playout.keyring import NAME, Keyring
from playout.origin import LaneRunner, Settings, create_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from stations import Station

V360 = "/live/gold/v360.m3u8"


@asynccontextmanager
async def listening(station: Station, *, lane: bool, base: str = "") -> AsyncIterator[Listening]:
    trusted = (ip_network("127.0.0.0/8"),)
    settings = Settings(
        base, lane=lane, page=False, stream_keys=station.root / NAME, trusted=trusted, tokens_checked=True
    )
    app = create_app(station.view, station.changed, station.store, station.moments.clock, settings)
    runner = LaneRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield Listening(runner)
    finally:
        await runner.cleanup()


@pytest.fixture(scope="module")
def shut(made: Station, tmp_path_factory: pytest.TempPathFactory) -> Station:
    """Made once."""
    found = copied(made, tmp_path_factory.mktemp("shut"))
    closing(found)
    return found


@pytest.fixture
def closed(shut: Station, tmp_path: Path) -> Station:
    return copied(shut, tmp_path)


def token(station: Station, lasts: float = 3600, opens: str = "live/gold") -> str:
    now = station.moments.now
    said = Pass(opens, now + timedelta(seconds=60), now + timedelta(seconds=lasts))
    return Keyring(station.root / NAME).sign(said, now)


@pytest.mark.parametrize("headers", [PLAIN, PACKED], ids=["plain", "gzip"])
@pytest.mark.parametrize("base", ["", "/tv"])
async def test_the_lane_answers_below_a_token_as_the_long_way_does(closed: Station, headers: str, base: str) -> None:
    viewers = [f"{base}/t/{token(closed, 40 + k)}" for k in range(3)]
    async with (
        listening(closed, lane=True, base=base) as express,
        listening(closed, lane=False, base=base) as long,
        express.wire() as one,
        long.wire() as two,
    ):
        path = segment_of(await two.ask(viewers[0] + V360))
        asked = 0
        for _ in range(9):
            for viewer in viewers:
                for target in (viewer + V360, viewer + path):
                    said = await one.ask(target, headers)
                    assert said == await two.ask(target, headers)
                    assert said.startswith(b"HTTP/1.1 200 ")
                    asked += 1
            closed.moments.now += timedelta(seconds=0.6)
            closed.look()
        assert express.answered < asked / 2, "most of them were answered on the lane"


async def test_viewers_share_what_is_prepared(closed: Station) -> None:
    viewers = [f"/t/{token(closed, 100 + k)}" for k in range(20)]
    async with listening(closed, lane=True) as express, express.wire() as one:
        await one.ask(viewers[0] + V360)
        path = segment_of(await one.ask(viewers[0] + V360))
        for viewer in viewers:
            await one.ask(viewer + V360)  # a token is read once
        begun = express.answered
        await one.ask(viewers[0] + path)
        for viewer in viewers[1:]:
            assert (await one.ask(viewer + path)).startswith(b"HTTP/1.1 200 ")
            assert (await one.ask(viewer + V360)).startswith(b"HTTP/1.1 200 ")
        assert express.answered == begun + 1, "one segment was prepared, for all of them"


async def test_what_is_prepared_is_for_none_but_those_who_have_a_good_token(closed: Station) -> None:
    good = token(closed, 30)
    async with listening(closed, lane=True) as express, express.wire() as one:
        path = segment_of(await one.ask(f"/t/{good}{V360}"))
        for _ in range(3):
            for target in (V360, path):
                assert (await one.ask(f"/t/{good}{target}")).startswith(b"HTTP/1.1 200 ")
        strangers = ["", f"/t/{good[:-2]}AA", f"/t/{token(closed, opens='live/films')}", f"/t/{token(closed, 0)}"]
        for prefix in strangers:
            for target in (V360, path):
                assert (await one.ask(prefix + target)).startswith(b"HTTP/1.1 403 ")
        begun = express.answered
        assert (await one.ask(f"/t/{good}{path}")).startswith(b"HTTP/1.1 200 ")
        assert express.answered == begun, "it is still prepared"
        closed.moments.now += timedelta(seconds=29.9)
        closed.look()
        assert b"max-age=0, immutable" in await one.ask(f"/t/{good}{path}")
        closed.moments.now += timedelta(seconds=0.1)
        for target in (V360, path):
            assert (await one.ask(f"/t/{good}{target}")).startswith(b"HTTP/1.1 403 ")


async def test_what_is_for_a_network_or_coarse_is_so_on_the_lane(closed: Station) -> None:
    """DX3: the same bytes as on the long way, to who comes from there; and no picture that is finer than is said."""
    now, ring = closed.moments.now.replace(microsecond=0), Keyring(closed.root / NAME)
    ends = now + timedelta(seconds=3600)
    bound = "/t/" + ring.sign(Pass("live/gold", ends, ends, bits=24), now, ip_address("203.0.113.9"))
    coarse = "/t/" + ring.sign(Pass("live/gold", ends, ends, lines=240), now)
    whole = "/t/" + ring.sign(Pass("live/gold", ends, ends), now)
    near = [f"{PLAIN}X-Forwarded-For: 203.0.113.{host}\r\n" for host in (9, 77)]
    far = [f"{PLAIN}X-Forwarded-For: {one}\r\n" for one in ("203.0.114.9", "::1", "203.0.113.9, 8.8.8.8")]
    async with (
        listening(closed, lane=True) as express,
        listening(closed, lane=False) as long,
        express.wire() as one,
        long.wire() as two,
    ):
        path = segment_of(await two.ask(whole + V360))
        targets, asked = (V360, path), 0
        for _ in range(6):
            for target in targets:
                for headers in near:
                    said = await one.ask(bound + target, headers)
                    assert said == await two.ask(bound + target, headers)
                    assert re.search(rb"\r\nX-Accel-Expires: (\d+)\r\nCache-Control: private, max-age=\1[,\r]", said)
                    asked += 1
                assert (await one.ask(whole + target)).startswith(b"HTTP/1.1 200 ")
                asked += 1
        assert express.answered < asked / 2, "most of them were answered on the lane"
        for target in targets:
            for headers in (*far, PLAIN):
                assert (await one.ask(bound + target, headers)).startswith(b"HTTP/1.1 403 ")
            assert (await one.ask(coarse + target)).startswith(b"HTTP/1.1 403 ")
            lower = target.replace("v360", "v234")
            for _ in range(3):
                assert await one.ask(coarse + lower) == await two.ask(coarse + lower)


async def test_a_key_that_is_forgotten_is_forgotten_on_the_lane(closed: Station) -> None:
    good = token(closed)
    async with listening(closed, lane=True) as express, express.wire() as one:
        path = segment_of(await one.ask(f"/t/{good}{V360}"))
        for _ in range(3):
            assert (await one.ask(f"/t/{good}{path}")).startswith(b"HTTP/1.1 200 ")
        Keyring(closed.root / NAME).rotate(closed.moments.now, forget=True)
        closed.moments.now += timedelta(seconds=2)
        assert (await one.ask(f"/t/{good}{path}")).startswith(b"HTTP/1.1 403 ")
        other = token(closed)
        for _ in range(2):
            assert (await one.ask(f"/t/{other}{path}")).startswith(b"HTTP/1.1 200 ")
        assert (await one.ask(f"/t/{good}{path}")).startswith(b"HTTP/1.1 403 ")
