"""Chromium, driven by the DevTools protocol: it plays in a page with hls.js or Shaka and reports what happened."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from players.screening import AHEAD, PLAYED, Missing, program
from playout.npm import NotBuilt, Package, build
from playout.page.build import HLS, SHAKA

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOST = "127.0.0.1"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required", "--remote-debugging-port=0", "--window-size=340,240",
)  # fmt: skip
PATIENCE = 100
"""Seconds that a page may take to play what it should."""
MOMENT = 0.25
"""Seconds of waiting that nobody sees."""
SWITCH = 20
"""The seconds of play after which a player is told to take another rung, and after twice that to go back."""

_START = {
    "hls.js": """
        const player = new Hls();
        player.on(Hls.Events.ERROR, (_, data) => failed(`${data.type} ${data.details} fatal=${data.fatal}`));
        player.on(Hls.Events.FRAG_CHANGED, (_, data) => report.rungs.push(player.levels[data.frag.level].height));
        player.loadSource(address);
        player.attachMedia(video);
        const take = (rung) => { player.loadLevel = player.levels.length - 1 - rung; };
    """,
    "shaka-player": """
        const player = new shaka.Player();
        const wrong = (error) => failed(`shaka ${error.severity} ${error.code} ${JSON.stringify(error.data)}`);
        player.addEventListener('error', (event) => wrong(event.detail));
        player.addEventListener('adaptation', (event) => report.rungs.push(event.newTrack.height));
        player.addEventListener('variantchanged', (event) => report.rungs.push(event.newTrack.height));
        player.configure({abr: {enabled: false}});
        player.attach(video).then(() => player.load(address)).catch(wrong);
        const take = (rung) => {
            const tracks = player.getVariantTracks().sort((a, b) => b.height - a.height);
            player.selectVariantTrack(tracks[rung], false);
        };
    """,
}
"""How each player begins, and how it takes a rung, 0 the best, without dropping what it has buffered."""

_PAGE = """<!doctype html><meta charset="utf-8"><title>player</title>
<link rel="icon" href="data:,"><style>body { margin: 0; background: #333 }</style>
<video id="video" width="320" height="180" autoplay controls></video>
<script src="player.js"></script>
<script>
const video = document.getElementById('video'), address = ADDRESS;
const report = {events: [], samples: [], errors: [], rungs: []};
const failed = (words) => report.errors.push(words);
for (const kind of ['playing', 'waiting', 'stalled', 'seeking', 'pause', 'ended', 'emptied', 'ratechange', 'error'])
    video.addEventListener(kind, () => report.events.push([kind, performance.now() / 1000, video.currentTime]));
const began = new Promise((resolve) => video.addEventListener('playing', resolve, {once: true}));
const done = began.then(() => new Promise((resolve) => {
    const start = video.currentTime;
    let turn = 0;
    setInterval(() => {
        const ranges = video.buffered.length, quality = video.getVideoPlaybackQuality();
        report.samples.push([performance.now() / 1000, video.currentTime, ranges, video.readyState,
            ranges ? video.buffered.end(ranges - 1) - video.currentTime : 0]);
        report.pictures = [quality.totalVideoFrames, quality.droppedVideoFrames, quality.corruptedVideoFrames];
        report.bytes = [video.webkitVideoDecodedByteCount, video.webkitAudioDecodedByteCount];
        const played = video.currentTime - start;
        if (played > SWITCH * (turn + 1) && turn < 2) take((turn += 1) % 2);
        if (played >= SECONDS || video.error || video.ended) resolve(JSON.stringify(report));
    }, 200);
}));
START
</script>
"""


@dataclass
class Viewing:
    """What a page reports after it has played."""

    player: str
    events: list[tuple[str, float, float]] = field(default_factory=list)
    """(kind, when, playhead) of what the video element said, in seconds."""
    samples: list[tuple[float, float, int, int, float]] = field(default_factory=list)
    """(when, playhead, buffered ranges, ready state, buffered ahead), several in a second."""
    errors: list[str] = field(default_factory=list)
    """What the player called an error, fatal or not."""
    rungs: list[int] = field(default_factory=list)
    """The heights of the rungs that were shown, in turn."""
    pictures: tuple[int, int, int] = (0, 0, 0)
    """Pictures in all, dropped, corrupted."""
    bytes: tuple[int, int] = (0, 0)
    """Bytes of pictures and of sound that were decoded."""
    journal: list[str] = field(default_factory=list)
    """What the page wrote to the console, and what the browser had to say of it."""
    screenshot: Path | None = None

    @property
    def interruptions(self) -> list[tuple[str, float, float]]:
        """What came between the viewer and the channel after it began to play.

        A wait of a moment with much in the buffer is the machine's: its decoder did not get its turn.
        """
        first = next(k for k, event in enumerate(self.events) if event[0] == "playing")
        rest = self.events[first + 1 :]
        ends = [*(event[1] for event in rest), self.samples[-1][0]][1:]
        return [
            event
            for event, end in zip(rest, ends, strict=False)
            if event[0] != "playing" and not (event[0] == "waiting" and end - event[1] < MOMENT)
        ]

    @property
    def least_ahead(self) -> float:
        """The least that was buffered ahead of the playhead, in seconds."""
        return min(sample[4] for sample in self.samples)

    @property
    def behind(self) -> float:
        """How many seconds the playhead lost to the clock from the first sample to the last."""
        first, last = self.samples[0], self.samples[-1]
        return (last[0] - first[0]) - (last[1] - first[1])

    @property
    def longest_halt(self) -> float:
        """The longest time for which the playhead stood still, in seconds, as far as samples tell."""
        halts = [0.0]
        for a, b in pairwise(self.samples):
            halts.append(halts[-1] + b[0] - a[0] if b[1] == a[1] else 0.0)
        return max(halts)

    @property
    def most_ranges(self) -> int:
        """The most buffered ranges that there were at any time."""
        return max(sample[2] for sample in self.samples)


def script(package: Package) -> Path:
    """The file of a player; raises `Missing` where npm cannot bring it."""
    try:
        return build(package)
    except NotBuilt as error:
        message = f"{package.name} cannot be had: {error}"
        raise Missing(message) from error


def play(player: str, address: str, folder: Path, seconds: int = PLAYED) -> Viewing:
    """Play the stream at `address` for so many seconds."""
    return asyncio.run(_play(player, address, folder, seconds))


async def _play(player: str, address: str, folder: Path, seconds: int) -> Viewing:
    viewing = Viewing(player, screenshot=folder / f"{player}.png")
    html = _PAGE.replace("START", _START[player]).replace("ADDRESS", json.dumps(address))
    html = html.replace("SECONDS", str(seconds)).replace("SWITCH", str(SWITCH))
    source = await asyncio.to_thread(script(HLS if player == "hls.js" else SHAKA).read_bytes)
    async with (
        _site(html, source) as page,
        _chromium() as endpoint,
        aiohttp.ClientSession() as session,
        session.ws_connect(endpoint, max_msg_size=0) as socket,
        asyncio.timeout(PATIENCE),
    ):
        tools = Tools(socket, viewing.journal)
        listening = asyncio.ensure_future(tools.listen())
        try:
            await _view(tools, page, viewing)
        finally:
            listening.cancel()
    return viewing


async def _view(tools: Tools, page: str, viewing: Viewing) -> None:
    target = await tools.call("Target.createTarget", url="about:blank")
    attached = await tools.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
    tools.session = attached["sessionId"]
    for domain in ("Runtime", "Log", "Page"):
        await tools.call(f"{domain}.enable")
    await tools.call("Page.navigate", url=page)
    await tools.loaded.wait()
    await tools.evaluate("began")
    picture = await tools.call("Page.captureScreenshot")
    report = json.loads(await tools.evaluate("done"))
    assert viewing.screenshot is not None
    viewing.screenshot.write_bytes(base64.b64decode(picture["data"]))
    for name, value in report.items():
        setattr(viewing, name, value)


class Tools:
    """One connection to the browser's DevTools."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, journal: list[str]) -> None:
        self.session = ""
        self.loaded = asyncio.Event()
        self._socket = socket
        self._journal = journal
        self._numbers = count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Ask for something, and wait for the answer."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        message: dict[str, object] = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        await self._socket.send_json(message)
        result: dict[str, Any] = await answer
        return result

    async def evaluate(self, expression: str) -> str:
        """The value of a script, which may be a promise."""
        result = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return str(result["result"].get("value"))

    async def listen(self) -> None:
        """Take what the browser says, until there is no more."""
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" in said:
                self._answer(said)
            else:
                self._event(said["method"], said["params"])

    def _answer(self, said: dict[str, Any]) -> None:
        waiting = self._answers.pop(said["id"])
        if "error" in said:
            waiting.set_exception(RuntimeError(str(said["error"])))
        elif not waiting.done():
            waiting.set_result(said["result"])

    def _event(self, method: str, about: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self.loaded.set()
        elif method == "Log.entryAdded":
            self._journal.append(f"{about['entry']['level']}: {about['entry']['text']}")
        elif method == "Runtime.exceptionThrown":
            self._journal.append(f"exception: {about['exceptionDetails']}")
        elif method == "Runtime.consoleAPICalled":
            words = " ".join(str(word.get("value", "")) for word in about["args"])
            self._journal.append(f"{about['type']}: {words}")


@asynccontextmanager
async def _site(html: str, source: bytes) -> AsyncIterator[str]:
    """A page on an address of its own: the channel comes from elsewhere, as on most sites."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=html, content_type="text/html")

    async def player(_: web.Request) -> web.Response:
        return web.Response(body=source, content_type="text/javascript")

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/player.js", player)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, 0)
        await site.start()
        yield f"http://{HOST}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _chromium() -> AsyncIterator[str]:
    """A browser of our own; the address of its DevTools."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            *AHEAD,
            program("chromium"),
            *FLAGS,
            f"--user-data-dir={profile}",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        try:
            async with asyncio.timeout(PATIENCE):
                endpoint = await _endpoint(process.stderr)
            drain = asyncio.ensure_future(process.stderr.read())
            try:
                yield endpoint
            finally:
                drain.cancel()
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _endpoint(printed: asyncio.StreamReader) -> str:
    """The address of the DevTools, which the browser prints when it is there."""
    while line := await printed.readline():
        if found := re.search(rb"DevTools listening on (ws://\S+)", line):
            return found[1].decode()
    message = "chromium ended before it was there"
    raise AssertionError(message)
