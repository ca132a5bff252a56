"""Law: the engine does not notice the API. Under its load, and when its database breaks, no playlist is late.

Real processes in both layouts: the API beside the engine in one process, and each in a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import clusters
import pytest
from aiohttp import ClientSession
from test_up_api import CHECKOUT, free_port, prepared

from control_api.key_creation import create_key
from control_api.scopes import Scope
from control_api.settings import Settings
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

pytestmark = pytest.mark.media

SECONDS = int(os.environ.get("FASTLINE_LOAD_SECONDS") or 3)
"""How long the load lasts; with 20 it is what people should believe."""
SEGMENT = timedelta(seconds=3.74)
"""A full segment: the newest that is listed ended so long ago at most, where every edition is in time."""
SLACK = timedelta(seconds=0.5)
ANSWER = 1.0
"""Seconds that a playlist may take, on two cores that are both busy."""
PATIENCE = {"rate": "10000000/minute", "rate_anonymous": "10000000/minute", "access_log": "false"}


@dataclass(frozen=True)
class Layout:
    """Where the parts of Fastline run."""

    origin: int
    api: int
    parts: list[Part] = field(default_factory=list)

    @property
    def playlist(self) -> str:
        """What people watch."""
        return f"http://127.0.0.1:{self.origin}/live/films/v360.m3u8"

    @property
    def readiness(self) -> str:
        """Whether the API is there, by itself."""
        return f"http://127.0.0.1:{self.api}/readyz"

    @contextmanager
    def heard(self) -> Iterator[None]:
        """With whatever fails in here goes what each process said, and how it ended if it did."""
        try:
            yield
        except BaseException as error:
            for part in self.parts:
                error.add_note(part.told())
            raise


@dataclass(frozen=True)
class Part:
    """A process of Fastline, and where what it says is written."""

    running: subprocess.Popen[bytes]
    journal: Path

    def told(self) -> str:
        """How it is, and the end of what it said."""
        return f"{self.journal.name}: exit {self.running.poll()}\n{self.journal.read_text('utf-8')[-4000:]}"

    def until(self, url: str) -> None:
        """Ask until the answer is 200; it may not end meanwhile."""
        while not answers(url):
            with suppress(subprocess.TimeoutExpired):
                self.running.wait(0.05)
                pytest.fail(self.told())


def answers(url: str) -> bool:
    """Whether there is a 200."""
    try:
        with urlopen(url, timeout=10) as answer:  # noqa: S310 — this machine
            found: int = answer.status
    except OSError:  # nobody listens yet, or the answer is another
        return False
    return found == 200


@contextmanager
def process(journal: Path, settings: Mapping[str, str], *arguments: str) -> Iterator[Part]:
    """A process of Fastline; what it says goes into a file, and so waits for nobody."""
    command = [sys.executable, "-u", str(CHECKOUT / "fastline.py"), *arguments]
    environment = {**os.environ, **{f"FASTLINE_{name.upper()}": text for name, text in settings.items()}}
    with (
        journal.open("xb") as file,
        subprocess.Popen(command, cwd=CHECKOUT, stdout=file, stderr=subprocess.STDOUT, env=environment) as running,
    ):
        try:
            yield Part(running, journal)
        finally:
            running.kill()


@contextmanager
def layout(kind: str, root: Path, database: str = "") -> Iterator[Layout]:
    """Fastline at work on the station in `root`, once its playlist and its API answer."""
    found = Layout(free_port(), free_port())
    told = PATIENCE | ({"database": database} if database else {})
    where = ["--media", str(root / "media")]
    watched = ["--channels", str(root / "channels.yaml")]
    with ExitStack() as all_of_them:
        start = all_of_them.enter_context
        if kind == "one":
            ports = ["--port", str(found.origin), "--api-port", str(found.api)]
            found.parts.append(start(process(root / "up.log", told, "up", *where, *watched, *ports)))
        else:
            origin, api = ["--port", str(found.origin)], ["--port", str(found.api)]
            found.parts.append(start(process(root / "commit.log", told, "commit", *where, *watched)))
            found.parts.append(start(process(root / "origin.log", told, "origin", *where, *watched, *origin)))
            found.parts.append(start(process(root / "api.log", told, "api", *where, *api)))
        with found.heard():
            found.parts[-2 if kind == "several" else 0].until(found.playlist)
            found.parts[-1].until(found.readiness)
        yield found


def break_database(media: Path) -> None:
    """Overwrite every file of the database.

    SQLite has the index of its log (`-shm`) in its memory: whoever shortens that file has the kernel end all processes
    that look into it (SIGBUS). No disk that fails does so; its bytes are broken where they are.
    """
    for path in media.glob("fastline.db*"):
        if path.name.endswith("-shm"):
            with path.open("r+b") as file:
                file.write((b"broken" * path.stat().st_size)[: path.stat().st_size])
        else:
            path.write_bytes(b"broken" * 4096)


async def watched(where: Layout, stop: asyncio.Event) -> list[tuple[float, timedelta]]:
    """Look at the playlist ten times a second: how long each answer took, and how old its end was."""
    found = []
    loop = asyncio.get_running_loop()
    async with ClientSession() as session:
        while not stop.is_set():
            begun, now = loop.time(), system_clock()
            async with session.get(where.playlist) as answer:
                text = await answer.text()
                assert answer.status == 200
            found.append((loop.time() - begun, now - newest_end(text)))
            try:
                async with asyncio.timeout(0.1):
                    await stop.wait()
            except TimeoutError:
                continue
    return found


def newest_end(playlist: str) -> datetime:
    """When the last segment of a playlist ends."""
    date = re.findall(r"#EXT-X-PROGRAM-DATE-TIME:(\S+)", playlist)[-1]
    length = re.findall(r"#EXTINF:([\d.]+)", playlist)[-1]
    return datetime.fromisoformat(date) + timedelta(seconds=float(length))


async def load(where: Layout, key: str, seconds: int) -> float:
    """Ask the API for events by another process, as fast as it answers; how many answers a second."""
    wrk = shutil.which("wrk")
    assert wrk is not None
    options = ["-t1", "-c16", f"-d{seconds}s", "--timeout", "10s", "-H", f"Authorization: Bearer {key}"]
    running = await asyncio.create_subprocess_exec(
        wrk, *options, f"http://127.0.0.1:{where.api}/api/v1/events?limit=50", stdout=subprocess.PIPE
    )
    said, _ = await running.communicate()
    found = re.search(rb"Requests/sec:\s+([\d.]+)", said)
    assert found is not None, said
    return float(found[1])


def judged(kind: str, figures: Mapping[str, float], looks: Sequence[tuple[float, timedelta]]) -> None:
    """Hold what was seen to the law."""
    slowest, oldest = max(took for took, _ in looks), max(age for _, age in looks)
    said = f"{kind}: {figures}, {len(looks)} looks, slowest {slowest:.3f} s, oldest {oldest}"
    sys.stdout.write(f"{said}\n")
    assert figures["good"] > 20, said
    assert len(looks) > SECONDS * 4, said
    assert oldest < SEGMENT + SLACK, said
    assert slowest < ANSWER, said


@pytest.mark.skipif(shutil.which("wrk") is None, reason="needs wrk")
@pytest.mark.parametrize("kind", ["one", "several"])
async def test_no_playlist_is_late_under_the_load_of_the_api_nor_when_its_database_breaks(
    tmp_path: Path, kind: str
) -> None:
    prepared(tmp_path)
    key = await create_key(Settings(media=tmp_path / "media"), "load", list(Scope), None, system_clock)
    with ExitStack() as all_of_them:
        where = await asyncio.to_thread(all_of_them.enter_context, layout(kind, tmp_path))
        stop, figures = asyncio.Event(), {}
        with where.heard():
            async with asyncio.TaskGroup() as tasks:
                watching = tasks.create_task(watched(where, stop))
                figures["good"] = await load(where, key, SECONDS)
                break_database(tmp_path / "media")
                figures["broken"] = await load(where, key, 2)
                await _unready(where)
                stop.set()
    judged(kind, figures, watching.result())


@pytest.mark.skipif(shutil.which("wrk") is None or not clusters.installed(), reason="needs wrk and PostgreSQL")
async def test_no_playlist_is_late_when_postgresql_is_stopped_and_the_api_is_back_when_it_is(tmp_path: Path) -> None:
    prepared(tmp_path)
    with clusters.cluster() as cluster, ExitStack() as all_of_them:
        cluster.create("station")
        url = cluster.url("station")
        settings = Settings(media=tmp_path / "media", database=url)
        key = await create_key(settings, "load", list(Scope), None, system_clock)
        where = await asyncio.to_thread(all_of_them.enter_context, layout("one", tmp_path, url))
        stop, figures = asyncio.Event(), {}
        with where.heard():
            async with asyncio.TaskGroup() as tasks:
                watching = tasks.create_task(watched(where, stop))
                figures["good"] = await load(where, key, SECONDS)
                await asyncio.to_thread(cluster.stop, how="immediate")
                figures["stopped"] = await load(where, key, 2)
                await _unready(where)
                await asyncio.to_thread(cluster.start)
                await asyncio.to_thread(where.parts[0].until, where.readiness)
                figures["again"] = await load(where, key, 3)
                stop.set()
    judged("PostgreSQL", figures, watching.result())
    assert figures["again"] > 20, figures


async def _unready(where: Layout) -> None:
    """The API says that it cannot work now, and when to ask again."""
    async with ClientSession() as session, session.get(where.readiness) as answer:
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
