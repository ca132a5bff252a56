"""Packaging that is killed, cancelled or starved goes on where it was, and leaves no litter."""

from __future__ import annotations

import asyncio
import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playback import FAST, NOON, furnished, numbered, outcomes, packaged, track_bytes

from packager import slate, work
from packager.batch import Batch, Packaged, package
from packager.job import Interrupted
from packager.progress import Progress, Stage
from playout.store import DirStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playout.core.asset import Asset

pytestmark = pytest.mark.media

PROGRAM = Path(__file__).with_name("interrupted.py")
SECONDS = 13
CHUNKS = 4


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return numbered(tmp_path_factory.mktemp("films") / "film.mp4", "30", SECONDS)


@pytest.fixture(scope="module")
def whole(film: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Asset]:
    """Where the film is packaged undisturbed, and its asset."""
    media = tmp_path_factory.mktemp("alone")
    return media, asyncio.run(packaged(media, film, chunk=1))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MiB."""
    disk = tmp_path / "small"
    disk.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if sys.platform != "linux" or os.geteuid() != 0 or mount is None or umount is None:
        pytest.skip("only root on Linux may mount a small disk")
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=16m", "none", str(disk)], check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    yield disk
    subprocess.run([umount, str(disk)], check=True)


def ballast(disk: Path, leave: int) -> Path:
    """Fill the disk until only `leave` bytes are free."""
    state = os.statvfs(disk)
    path = disk / "ballast"
    path.write_bytes(bytes(state.f_bavail * state.f_frsize - leave))
    return path


def survivors(media: Path) -> list[int]:
    """The processes that work in `media` and do not end within ten seconds."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            pid = int(folder.name)
            if str(media).encode() in (folder / "cmdline").read_bytes():
                process = os.pidfd_open(pid)
                if not select.select([process], [], [], 10)[0]:
                    found.append(pid)
                os.close(process)
    return found


def finished(media: Path) -> dict[str, int]:
    """The chunks in work folders, each with its inode."""
    return {path.name: path.stat().st_ino for path in media.glob(".work/*/chunk-????")}


def drafts(media: Path) -> list[Path]:
    return list(media.glob(".work/*/*.draft"))


def litter(media: Path) -> list[str]:
    """Whatever lies in the store that is no part of it."""
    return [
        str(path.relative_to(media))
        for path in media.rglob("*")
        if path.name.startswith(".") or path.suffix == ".draft" or (path.is_dir() and not any(path.iterdir()))
    ]


@pytest.mark.parametrize(
    ("stage", "encoded"), [(Stage.ANALYSE, 0), (Stage.ENCODE, 2), (Stage.VERIFY, CHUNKS), (Stage.PUBLISH, CHUNKS)]
)
async def test_after_a_kill_the_next_run_finishes_without_doing_work_again(
    stage: Stage, encoded: int, film: Path, whole: tuple[Path, Asset], tmp_path: Path
) -> None:
    media = await furnished(tmp_path / "media")
    killed = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), str(media), str(film), stage, str(encoded), stderr=subprocess.PIPE
    )
    _, words = await killed.communicate()
    assert killed.returncode == -signal.SIGKILL, words.decode()
    before = finished(media)
    assert len(before) >= encoded

    told: list[Progress] = []
    (answer,) = await outcomes(media, film, told=told, chunk=1)
    assert isinstance(answer, Packaged), str(answer)
    last = [note for note in told if note.stage is Stage.PUBLISH and note.file == str(film)][-1]
    assert last.resumed == len(before)
    assert last.resumed + last.encoded == CHUNKS
    assert litter(media) == []

    alone, undisturbed = whole
    assert answer.asset == undisturbed
    for track in undisturbed.tracks:
        assert track_bytes(media, answer.asset, track) == track_bytes(alone, undisturbed, track)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
async def test_no_encoder_outlives_a_killed_packager(film: Path, tmp_path: Path) -> None:
    media = await furnished(tmp_path / "media")
    killed = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), str(media), str(film), Stage.ENCODE, "1", stderr=subprocess.PIPE
    )
    await killed.communicate()
    assert survivors(media) == []


async def test_cancelling_ends_the_encoders_and_keeps_finished_chunks(film: Path, tmp_path: Path) -> None:
    enough = asyncio.Event()

    def tell(note: Progress) -> None:
        if note.encoded >= 1 and note.file == str(film):
            enough.set()

    batch = Batch(await furnished(tmp_path), FAST, chunk=1)
    running = asyncio.ensure_future(package([film], batch, tell=tell, clock=lambda: NOON))
    await enough.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert survivors(tmp_path) == []
    assert "chunk-0000" in finished(tmp_path)
    assert drafts(tmp_path) == []
    await packaged(tmp_path, film, chunk=1)
    assert litter(tmp_path) == []


async def test_a_full_disk_interrupts_and_the_next_run_goes_on(
    film: Path, small_disk: Path, whole: tuple[Path, Asset]
) -> None:
    _, alone = whole
    await furnished(small_disk)
    sound, *rungs = sorted(alone.tracks, key=lambda track: track.name)
    room = sound.offsets[-1] + sum(track.offsets[2] for track in rungs)  # the sound, and two of four chunks
    weight = ballast(small_disk, room + 64_000)
    told: list[Progress] = []
    (full,) = await outcomes(small_disk, film, told=told, chunk=1)
    assert isinstance(full, Interrupted), full
    assert "No space left" in full.reason
    assert DirStore(small_disk).names("assets") == [slate.slate_id(FAST)]
    assert drafts(small_disk) == []
    kept = finished(small_disk)
    assert kept
    weight.unlink()
    told.clear()
    (answer,) = await outcomes(small_disk, film, told=told, chunk=1)
    assert isinstance(answer, Packaged), str(answer)
    assert max(note.resumed for note in told) == len(kept)
    assert answer.asset == alone
    assert litter(small_disk) == []


async def test_two_at_once_do_the_work_once(film: Path, tmp_path: Path) -> None:
    await furnished(tmp_path)
    both = await asyncio.gather(outcomes(tmp_path, film, chunk=1), outcomes(tmp_path, film, chunk=1))
    answers = [answer for (answer,) in both if isinstance(answer, Packaged)]
    assert sorted(answer.new for answer in answers) == [False, True]
    assert litter(tmp_path) == []


async def test_work_that_nobody_resumes_is_forgotten_after_a_while(tmp_path: Path) -> None:
    async with work.opened(tmp_path, "abandoned") as folder:
        folder.draft("piece").write_bytes(b"half")
        folder.draft("whole").write_bytes(b"all")
        folder.finish("whole")
        folder.keep = True
    left = tmp_path / work.FOLDER / "abandoned"
    assert sorted(path.name for path in left.iterdir()) == ["lock", "whole"]
    touched = NOON.timestamp()
    os.utime(left, (touched, touched))
    work.forget(tmp_path, NOON + work.FORGOTTEN)
    assert left.exists()
    work.forget(tmp_path, NOON + work.FORGOTTEN + timedelta(seconds=1))
    assert not left.exists()
