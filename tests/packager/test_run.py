"""ffmpeg as a child: progress, last words, silence, cancelling."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from packager.run import ffmpeg, ffmpeg_binary
from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from pathlib import Path

ENDLESS = ("-re", "-f", "lavfi", "-i", "testsrc2=s=64x36:r=25", "-f", "null", "-")


def childless() -> bool:
    """Whether this process has no child, not even an ended one."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


async def test_progress_and_words_are_heard() -> None:
    written: list[Ticks] = []
    heard: list[str] = []
    ended = await ffmpeg(
        ["-f", "lavfi", "-i", "testsrc2=s=64x36:r=25:d=2", "-f", "null", "-"],
        progress=written.append, listen=heard.append,
    )  # fmt: skip
    assert ended.well
    assert written[-1] == 2 * TIMEBASE
    assert any("wrapped_avframe" in line for line in heard)


async def test_a_failure_keeps_the_last_words(tmp_path: Path) -> None:
    ended = await ffmpeg(["-i", f"file:{tmp_path}/missing.mp4", "-f", "null", "-"])
    assert not ended.well
    assert "No such file or directory" in ended.words


async def test_a_silent_child_is_ended(tmp_path: Path) -> None:
    pipe = tmp_path / "nobody-writes"
    os.mkfifo(pipe)
    ended = await ffmpeg(
        ["-f", "rawvideo", "-i", f"file:{pipe}", "-f", "null", "-"], silence=timedelta(milliseconds=300)
    )
    assert ended.stalled
    assert ended.words == "ffmpeg made no progress and was ended"


async def test_a_cancelled_child_has_ended_before_the_waiter_goes_on() -> None:
    begun = asyncio.Event()
    running = asyncio.ensure_future(ffmpeg(ENDLESS, listen=lambda _: begun.set()))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert childless()


async def test_another_ffmpeg_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "ffmpeg"
    other.write_text("#!/bin/sh\necho '[fatal] another one' >&2\nexit 3\n")
    other.chmod(0o755)
    monkeypatch.setenv("FASTLINE_FFMPEG", str(other))
    assert ffmpeg_binary() == str(other)
    ended = await ffmpeg(["-version"])
    assert (ended.status, ended.last) == (3, ("[fatal] another one",))


@pytest.mark.skipif(sys.platform != "linux", reason="limits of children are Linux's")
async def test_a_child_is_the_first_to_go_when_memory_is_short_and_has_an_end_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "ffmpeg"
    script.write_text("#!/bin/sh\ncat /proc/self/oom_score_adj /proc/self/limits >&2\n")
    script.chmod(0o755)
    monkeypatch.setenv("FASTLINE_FFMPEG", str(script))
    heard: list[str] = []
    assert (await ffmpeg([], listen=heard.append)).well
    assert heard[0] == "1000"
    space = next(line for line in heard if line.startswith("Max address space")).split()
    assert 8 << 30 <= int(space[3]) <= max(8 << 30, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
