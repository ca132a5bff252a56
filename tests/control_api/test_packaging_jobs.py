"""Packaging as a job: real worker processes, real encoders, and what becomes of both (B04, B14, B69, B83, B85)."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from labour import entries, find, quick, soon, until, working

from assembly.kinds import kinds as kinds_of
from control_api.happenings import append
from control_api.jobs import moving, submit
from control_api.jobs.packaging import PACKAGE, Package, Packed
from control_api.jobs.states import JobState, Move
from packager import slate
from packager.run import ffmpeg_binary
from playout import documents, keys
from playout.clock import system_clock
from playout.core.asset import Asset
from playout.core.house import HOUSES
from playout.store import DirStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from control_api.database import Database
    from control_api.settings import Settings

pytestmark = pytest.mark.media

FAST = HOUSES["fast"]
ROOT = Path(__file__).parents[2]
LONG, SHORT = 7, 2
UNHURRIED = """#!{python} -IS
import os, sys
words = sys.argv[1:]
if "libx264" in words:
    words = [each for word in words for each in (("-re", "-i") if word == "-i" else (word,))]
os.execv({ffmpeg!r}, [{ffmpeg!r}, *words])
"""


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the slate of its house."""
    media = tmp_path_factory.mktemp("stock")
    asyncio.run(slate.ensure(media, FAST, lambda _: None, system_clock))
    return media


@pytest.fixture(autouse=True)
def stocked(stock: Path, settings: Settings) -> None:
    shutil.copytree(stock, settings.media, dirs_exist_ok=True)


def film(settings: Settings, name: str, seconds: int) -> str:
    """A film in the folder of sources."""
    path = settings.media / "sources" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(drawn(seconds))
    return name


@cache
def drawn(seconds: int) -> bytes:
    """A film of this length."""
    what = ("-f", "lavfi", "-i", f"testsrc2=s=640x360:r=30:d={seconds}", "-f", "lavfi", "-i", f"sine=500:d={seconds}")
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-shortest")
    whole = ("-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "pipe:1")
    command = [ffmpeg_binary(), "-nostdin", "-v", "error", *what, *coded, *whole]
    return subprocess.run(command, check=True, capture_output=True).stdout


def environment(settings: Settings) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("FASTLINE_")},
        "FASTLINE_DATABASE": settings.database_url, "FASTLINE_MEDIA": str(settings.media),
        "FASTLINE_JOB_POLL_MS": "50", "FASTLINE_JOB_BEAT_MS": "50", "FASTLINE_JOB_LEASE_SECONDS": "5",
        "FASTLINE_DISK_RESERVE_MB": "0", "FASTLINE_QUEUE": settings.queue,
    }  # fmt: skip


def unhurried(settings: Settings) -> str:
    """An ffmpeg that encodes a second of film in a second, so that encoders are still there when a test looks."""
    path = settings.media / "unhurried"
    path.write_text(UNHURRIED.format(python=sys.executable, ffmpeg=ffmpeg_binary()))
    path.chmod(0o755)
    return str(path)


@asynccontextmanager
async def worker(settings: Settings, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`fastline worker`, with nothing but the database and the store."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "fastline.py"), "worker", "--queue-only", "--log", "json",
        cwd=settings.media, env=environment(settings) | more, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@asynccontextmanager
async def at_work(database: Database, settings: Settings) -> AsyncIterator[None]:
    """The same within this process, where it is not the process that is looked at."""
    kinds = kinds_of(argparse.Namespace(media=settings.place, house="fast"), 2, 1)
    async with working(database, quick(settings, job_poll_ms=50, job_beat_ms=50, job_lease_seconds=60), *kinds):
        yield


async def wanted(database: Database, given: Package, subject: str = "") -> str:
    async with database.writing() as session:
        return (await submit(session, PACKAGE, given, now=system_clock(), subject=subject)).id


async def step(database: Database, job: str, move: Move) -> None:
    async with database.writing() as session:
        held = await moving.held(session, job)
        assert held is not None
        await append(session, await moving.move(session, held, move, system_clock()), system_clock())


def encoders(settings: Settings) -> list[int]:
    """The processes that work in the store."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes()
            if str(settings.media).encode() in words and b"-hide_banner" in words:
                found.append(int(folder.name))
    return found


async def transcoding(database: Database, settings: Settings, job: str) -> bool:
    found = await find(database, job)
    assert found.state in (JobState.QUEUED, JobState.RUNNING), found.reason
    return found.words == "transcoding" and bool(encoders(settings))


def left(settings: Settings) -> list[str]:
    """Whatever lies in work folders, which workers remove meanwhile."""
    return [name for _, folders, files in os.walk(settings.media / ".work") for name in (*folders, *files)]


async def test_a_source_becomes_an_asset_and_a_rendition_of_it_can_be_made_anew(
    database: Database, settings: Settings
) -> None:
    """B04, B14, B78, B83, B85."""
    source = film(settings, "series/a_film.mp4", SHORT)
    async with at_work(database, settings):
        given = Package(source=source, name="My_film.mp4", house="fast", tags=("x",))
        job = await wanted(database, given)
        done = await until(database, job, JobState.SUCCEEDED, JobState.FAILED)
        assert done.state == JobState.SUCCEEDED, done.reason
        packed = Packed.model_validate(done.result)
        store = DirStore(settings.media)
        asset = documents.decode(store.read(keys.asset(packed.asset)) or b"", Asset, "asset")
        assert (asset.about.title, asset.about.tags, asset.house) == ("My film", ("x",), "fast")
        assert [(one.name, one.bytes, one.bandwidth) for one in packed.renditions] == [
            (track.name, track.offsets[-1], track.bandwidth) for track in asset.tracks
        ]
        assert done.parts == {"v360": 1000, "v234": 1000, "a-und": 1000}
        assert await entries(database, job, "log") == [
            "looking into the file", "listening and looking for cuts", "transcoding", "packaging", "publishing",
        ]  # fmt: skip
        harmed = store.path(keys.asset_file(asset.id, "v234.cmfv"))
        before = harmed.read_bytes()
        harmed.write_bytes(b"harm")
        again = await wanted(database, given.model_copy(update={"rendition": "v234"}))
        done = await until(database, again, JobState.SUCCEEDED, JobState.FAILED)
        assert (done.state, done.parts) == (JobState.SUCCEEDED, {"v234": 1000})
        assert harmed.read_bytes() == before
        missing = await wanted(database, Package(source="none.mp4"))
        failed = await until(database, missing, JobState.FAILED)
        assert failed.reason == "there is no file none.mp4 in the folder sources"
        (settings.media / "sources" / "text.mp4").write_text("no film")
        text = await until(database, await wanted(database, Package(source="text.mp4", house="fast")), JobState.FAILED)
        assert text.attempts == 1, "another attempt would end the same way"
    assert left(settings) == []


async def test_a_worker_that_is_killed_loses_nothing_and_its_encoders_die_with_it(
    database: Database, settings: Settings
) -> None:
    source = film(settings, "film.mp4", LONG)
    async with worker(settings, FASTLINE_FFMPEG=unhurried(settings)) as first:
        job = await wanted(database, Package(source=source, house="fast"))
        await soon(lambda: transcoding(database, settings, job))
        begun = await find(database, job)
        first.send_signal(signal.SIGKILL)
        await first.wait()
    await soon(lambda: not encoders(settings))
    assert (await find(database, job)).lease == begun.lease, "nobody has noticed yet"
    async with at_work(database, settings):
        done = await until(database, job, JobState.SUCCEEDED, JobState.FAILED)
    assert (done.state, done.attempts) == (JobState.SUCCEEDED, 2), done.reason
    assert done.worker != begun.worker
    told = await entries(database, job)
    assert told[2].startswith(f"interrupted: its worker {begun.worker} has shown no sign of life; it was given until ")
    assert left(settings) == []


async def test_encoders_stop_at_once_when_people_want_it_and_when_the_worker_is_stopped(
    database: Database, settings: Settings
) -> None:
    """Paused, work goes on later from where it was; canceled, nothing of it stays; a stop is no attempt."""
    source = film(settings, "film.mp4", LONG)
    async with worker(settings, FASTLINE_FFMPEG=unhurried(settings)) as process:
        job = await wanted(database, Package(source=source, house="fast"))
        await soon(lambda: transcoding(database, settings, job))
        await step(database, job, Move.PAUSE)
        await soon(lambda: not encoders(settings))
        await soon(lambda: not any(name.endswith(".draft") for name in left(settings)))
        assert "analysis.json" in left(settings)
        await step(database, job, Move.RESUME)
        await soon(lambda: transcoding(database, settings, job))
        await step(database, job, Move.CANCEL)
        await soon(lambda: not encoders(settings))
        await soon(lambda: left(settings) == [])
        assert DirStore(settings.media).names("assets") == [slate.slate_id(FAST)]
        await step(database, job, Move.RETRY)
        await soon(lambda: transcoding(database, settings, job))
        process.terminate()
        assert await process.wait() == 0
        assert encoders(settings) == []
        given = await find(database, job)
        assert (given.state, given.attempts, given.lease) == (JobState.QUEUED, 0, None)
