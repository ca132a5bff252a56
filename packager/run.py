"""FFmpeg as a child process: its own process group, its progress, its last words.

A child that makes no progress for too long is ended; so is one whose waiter is cancelled, and, on
Linux, one whose parent has been killed. There it is nice, too, is the first to go when memory is short, and has no
more address space than half of the memory, or 8 GiB: what strangers send may make it ask for any amount.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import imageio_ffmpeg

from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SILENCE: Final = timedelta(minutes=2)
"""How long a child may be silent."""
NICENESS: Final = 10
"""How far children give way to everything else on a Linux machine: what is on air must not wait for an encoder."""

_LINE: Final = 1 << 20
_LAST_LINES: Final = 12

_DIE_WITH_PARENT: Final = """
import ctypes, os, resource, signal, sys
os.nice(int(sys.argv[2]))
try:
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # who is out of memory ends this before what is on air
except OSError:
    pass
most = max(8 << 30, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)
hard = resource.getrlimit(resource.RLIMIT_AS)[1]
if hard == resource.RLIM_INFINITY or most < hard:
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[3], sys.argv[3:])
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child process ended."""

    status: int
    """Its exit status; negative when a signal ended it."""
    stalled: bool
    """Whether it was ended because it made no progress."""
    last: tuple[str, ...]
    """The last lines of its standard error."""

    @property
    def well(self) -> bool:
        """Whether it did what it was asked."""
        return self.status == 0 and not self.stalled

    @property
    def words(self) -> str:
        """What it said last, for people."""
        if self.stalled:
            return "ffmpeg made no progress and was ended"
        return "; ".join(self.last[-3:]) or f"ffmpeg ended with status {self.status}"


class NoEncoder(Exception):
    """There is no ffmpeg to run: says where it was looked for."""


def ffmpeg_binary() -> str:
    """The ffmpeg to run: the one that FASTLINE_FFMPEG names, else the wheel's. Raises `NoEncoder`."""
    named = os.environ.get("FASTLINE_FFMPEG")
    if not named:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    found = shutil.which(named)
    if found is None:
        message = f"FASTLINE_FFMPEG names {named}, and that is no program"
        raise NoEncoder(message)
    return found


async def ffmpeg(
    arguments: Sequence[str],
    *,
    progress: Callable[[Ticks], None] | None = None,
    listen: Callable[[str], None] | None = None,
    silence: timedelta = SILENCE,
) -> Ended:
    """Run ffmpeg with `arguments` (input, filters, outputs) to its end.

    `progress` is told how much media has been written, `listen` every line of standard error.
    """
    command = [
        ffmpeg_binary(), "-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info",
        "-progress", "pipe:1", *arguments,
    ]  # fmt: skip
    if sys.platform == "linux":
        command = [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid()), str(NICENESS), *command]
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LINE,
        start_new_session=True,
    )
    ear = _Ear(child, silence, progress, listen)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(ear.hear_progress())
            tasks.create_task(ear.hear_words())
        status = await child.wait()
    finally:
        if child.returncode is None:
            _kill(child)
            await child.wait()
    return Ended(status, ear.stalled, tuple(ear.last))


class _Ear:
    """Reads both pipes of a child, and ends it when it has been silent for too long."""

    def __init__(
        self,
        child: asyncio.subprocess.Process,
        silence: timedelta,
        progress: Callable[[Ticks], None] | None,
        listen: Callable[[str], None] | None,
    ) -> None:
        self.child = child
        self.stalled = False
        self.last: deque[str] = deque(maxlen=_LAST_LINES)
        self._silence = silence.total_seconds()
        self._progress = progress
        self._listen = listen
        self._written: dict[str, str] = {}

    async def hear_progress(self) -> None:
        """Read `-progress`; only a value that changes is a sign of life."""
        pipe = self.child.stdout
        if pipe is None:
            return
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout(self._silence):
                    if not await self._advance(pipe):
                        return
        self.stalled = True
        _kill(self.child)

    async def hear_words(self) -> None:
        """Read standard error."""
        pipe = self.child.stderr
        if pipe is None:
            return
        while line := await pipe.readline():
            text = line.decode("utf-8", "replace").rstrip()
            if text.startswith(("[error]", "[fatal]", "[panic]")) or "] [error]" in text or "] [fatal]" in text:
                self.last.append(text)
            if self._listen is not None:
                self._listen(text)

    async def _advance(self, pipe: asyncio.StreamReader) -> bool:
        """Read until something has moved; False at the end of the pipe."""
        while line := await pipe.readline():
            name, _, value = line.decode("ascii", "replace").strip().partition("=")
            if name not in {"out_time_us", "frame", "total_size"} or self._written.get(name) == value:
                continue
            self._written[name] = value
            if name == "out_time_us" and self._progress is not None and value.lstrip("-").isdigit():
                self._progress(Ticks(int(value) * TIMEBASE // 1_000_000))
            return True
        return False


def _kill(child: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
