"""The express lane: its answers equal the long way's, byte for byte but for the date, or it stands aside."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from playout.origin import LaneRunner, Settings, create_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stations import Station

V360 = "/live/films/v360.m3u8"
PLAIN = "Host: tv.example\r\nUser-Agent: test\r\nAccept: */*\r\n"
PACKED = PLAIN + "Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n"


@dataclass
class Wire:
    """A connection, and what comes over it as bytes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, target: str, headers: str = PLAIN, method: str = "GET") -> bytes:
        """One answer, its date left out."""
        self.writer.write(f"{method} {target} HTTP/1.1\r\n{headers}\r\n".encode())
        return await self.answer(body=method != "HEAD")

    async def answer(self, *, body: bool = True) -> bytes:
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"\r\nContent-Length: (\d+)\r\n", head)
        rest = await self.reader.readexactly(int(length[1])) if length and body else b""
        return re.sub(rb"\r\nDate: [^\r]*", b"", head) + rest


@dataclass
class Listening:
    """A server on a real socket, with or without the lane."""

    runner: LaneRunner

    @property
    def answered(self) -> int:
        """How many requests went the long way."""
        assert self.runner.server is not None
        return self.runner.server.requests_count

    @asynccontextmanager
    async def wire(self) -> AsyncIterator[Wire]:
        reader, writer = await asyncio.open_connection(*self.runner.addresses[0][:2])
        yield Wire(reader, writer)
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def listening(station: Station, *, lane: bool, **options: Any) -> AsyncIterator[Listening]:
    settings = Settings(lane=lane, page=False)
    app = create_app(
        station.view, station.changed, station.store, station.moments.clock, settings, pause=station.moments.pause
    )
    runner = LaneRunner(app, access_log=None, **options)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield Listening(runner)
    finally:
        await runner.cleanup()


def segment_of(playlist: bytes) -> str:
    return "/" + [line for line in playlist.decode().splitlines() if line.endswith(".m4s")][-1].removeprefix("../../")


@pytest.mark.parametrize("headers", [PLAIN, PACKED], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    "target", [V360, "/live/films/ts/v234.m3u8", "/live/films/direct/a-de.m3u8", f"{V360}?_HLS_skip=YES", "segment"]
)
async def test_the_lane_answers_as_the_long_way_does(small: Station, target: str, headers: str) -> None:
    async with (
        listening(small, lane=True) as express,
        listening(small, lane=False) as long,
        express.wire() as one,
        long.wire() as two,
    ):
        path = segment_of(await two.ask(V360)) if target == "segment" else target
        first = await one.ask(path, headers)
        begun = express.answered
        for _ in range(8):
            assert await one.ask(path, headers) == await two.ask(path, headers) == first or target != "segment"
            small.moments.now += timedelta(seconds=1.7)
            small.look()
        if target == "segment":
            assert express.answered == begun  # all of them on the lane
        else:
            assert begun < express.answered < begun + 8  # again and again the long way, when an edition is due


async def test_another_connection_with_the_same_words_is_answered_on_the_lane(small: Station) -> None:
    async with listening(small, lane=True) as express:
        async with express.wire() as one:
            said = await one.ask(V360, PACKED)
        async with express.wire() as two:
            await asyncio.sleep(0)
            assert await two.ask(V360, PACKED) == said
            begun = express.answered
            assert await two.ask(V360, PACKED) == said
            assert express.answered == begun


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", PLAIN),
        ("GET", PLAIN + "Range: bytes=0-9\r\n"),
        ("GET", PLAIN + 'If-None-Match: "x"\r\n'),
        ("GET", PLAIN + "Content-Length: 3\r\n"),
        ("GET", PLAIN + "Connection: close\r\n"),
        ("OPTIONS", PLAIN),
    ],
)
async def test_anything_unusual_goes_the_long_way(small: Station, method: str, headers: str) -> None:
    async with listening(small, lane=True) as express, listening(small, lane=False) as long:
        async with express.wire() as one:
            await one.ask(V360)
        for _ in range(2):
            begun = express.answered
            async with express.wire() as one, long.wire() as two:
                if "Content-Length" in headers:
                    one.writer.write(b"")
                answers = [await wire.ask(V360, headers, method) for wire in (one, two)]
            assert answers[0] == answers[1]
            assert express.answered == begun + 1


async def test_requests_in_pieces_and_several_at_once_are_answered_in_order(small: Station) -> None:
    request = f"GET {V360} HTTP/1.1\r\n{PLAIN}\r\n".encode()
    other = f"GET /live/films/v234.m3u8 HTTP/1.1\r\n{PLAIN}\r\n".encode()
    async with listening(small, lane=True) as express:
        async with express.wire() as one:
            said, also = await one.ask(V360), await one.ask("/live/films/v234.m3u8")
        async with express.wire() as two:
            two.writer.write(request + other + request)
            assert [await two.answer() for _ in range(3)] == [said, also, said]
        async with express.wire() as three:
            for k in range(0, len(request), 9):
                three.writer.write(request[k : k + 9])
                await three.writer.drain()
            three.writer.write(request)
            assert [await three.answer(), await three.answer()] == [said, said]
        async with express.wire() as four:  # a body that looks like a request is a body
            four.writer.write(f"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: {len(request)}\r\n\r\n".encode())
            await four.writer.drain()
            four.writer.write(request)
            assert (await four.answer()).endswith(b"ok\n")
            four.writer.write(other)
            assert await four.answer() == also


async def test_nothing_is_learned_of_a_request_that_has_another_behind_it(small: Station) -> None:
    """The words of the second request would be taken for those of the first, and then hold for everyone."""
    async with listening(small, lane=True) as express, listening(small, lane=False) as long:
        for k, trick in enumerate(("Range: bytes=0-9\r\n", "Range: bytes=5-\r\n")):
            async with express.wire() as one:
                await one.ask(V360)
                target = segment_of(await one.ask(f"/live/films/{('v360', 'v234')[k]}.m3u8"))
                begun = express.answered
                one.writer.write(f"GET {target} HTTP/1.1\r\n{PLAIN}\r\n".encode())
                while express.answered == begun:  # noqa: ASYNC110 — until it is being answered; nothing sleeps
                    await asyncio.sleep(0)
                one.writer.write(f"GET {target} HTTP/1.1\r\n{PLAIN}{trick}\r\n".encode())
                for _ in range(2):
                    await one.answer()
            async with express.wire() as one, long.wire() as two:
                await one.ask(V360)
                assert await one.ask(target, PLAIN + trick) == await two.ask(target, PLAIN + trick)


async def test_a_connection_that_says_nothing_whole_is_closed(small: Station) -> None:
    async with listening(small, lane=True, keepalive_timeout=0.05) as express, express.wire() as one:
        one.writer.write(b"GET / HTTP/1.1\r\nHost:")
        assert await one.reader.read() == b""


async def test_a_withdrawn_segment_leaves_the_lane_at_once(small: Station) -> None:
    async with listening(small, lane=True) as express, express.wire() as one:
        path = segment_of(await one.ask(V360))
        before = await one.ask(path)
        assert await one.ask(path) == before
        small.withdraw("films", path.split("/")[2])
        small.look()
        after = await one.ask(path)
        assert b"immutable" in before
        assert b"max-age=4\r" in after
        assert b"slate/v360" in after


async def test_what_the_lane_answers_is_counted(small: Station) -> None:
    async with listening(small, lane=True) as express, express.wire() as one:
        for _ in range(5):
            await one.ask(V360)
        metrics = (await one.ask("/metrics")).decode()
    assert 'fastline_requests_total{route="/live/{channel}/{rendition}.m3u8",status="200"} 5.0' in metrics
