"""Players as child processes: what they print, how they end, how long they take."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING

from packager.run import ffmpeg_binary

if TYPE_CHECKING:
    from collections.abc import Sequence

PLAYED = 60
"""Seconds of the channel that every player plays."""
PATIENCE = 110.0
"""Seconds after which a player that has not ended is ended."""
HARMLESS = re.compile(
    r"^nice: |^(\[[^]]*\] |mov\S*: )*Found duplicated MOOV Atom\. Skipped it$|^ +Last message repeated \d+ times$"
)
"""ffmpeg asks for the init segment anew whenever it has reloaded a playlist, of every live fMP4 stream, and
its mp4 demuxer says that it knows that one already."""

AHEAD = ("nice", "-n", "-10")
"""What plays in real time goes ahead of what else the machine does, where that is allowed: nobody watches
television on a machine that is short of time, and a late picture would say nothing about the channel."""


Binary = Callable[[], str]
"""Answers where a program lies; raises `Missing`."""


class Missing(Exception):
    """A player is not installed on this machine."""


@dataclass(frozen=True)
class Run:
    """How a player's run went."""

    status: int | None
    """Its exit status; None when it did not end by itself."""
    wall: float
    """Seconds that it took."""
    printed: str
    """All that it printed, but for what it was asked to tell."""
    pictures: int = 0
    """Pictures that ffmpeg decoded."""
    seconds: float = 0
    """Seconds of media that ffmpeg went through."""

    @property
    def complaints(self) -> list[str]:
        """The lines that it printed and that mean something."""
        lines = re.split(r"[\r\n]+", self.printed)
        return [line for line in lines if line.strip() and not HARMLESS.search(line)]


def debian_ffmpeg() -> str:
    """The distribution's ffmpeg."""
    return program("ffmpeg")


def bundled_ffmpeg() -> str:
    """The ffmpeg that Fastline itself brings along."""
    return ffmpeg_binary()


def program(name: str) -> str:
    """Where a program lies; raises `Missing`."""
    found = shutil.which(name, path=f"/usr/bin:{os.environ.get('PATH', '')}")
    if found is None:
        message = f"{name} is not installed"
        raise Missing(message)
    return found


def run(command: Sequence[str], patience: float = PATIENCE, environment: dict[str, str] | None = None) -> Run:
    """Run a player until it ends, or until `patience` does."""
    began = monotonic()
    process = subprocess.Popen(
        [*AHEAD, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=None if environment is None else {**os.environ, **environment},
    )
    printed, ended = _ended(process, patience)
    return Run(process.returncode if ended else None, monotonic() - began, printed.decode(errors="replace"))


def _ended(process: subprocess.Popen[bytes], patience: float) -> tuple[bytes, bool]:
    """All that a process prints, and whether it ended by itself."""
    try:
        return process.communicate(timeout=patience)[0], True
    except subprocess.TimeoutExpired:
        process.terminate()
    try:
        return process.communicate(timeout=10)[0], False
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0], False


def ffmpeg(binary: str, url: str, *options: str, seconds: int = PLAYED, before: Sequence[str] = ()) -> Run:
    """Read and decode a stream by ffmpeg, which prints warnings and errors only; `before` is how to read it."""
    command = [binary, "-nostdin", "-hide_banner", "-v", "warning", *before, "-i", url, *options, "-t", str(seconds)]
    with NamedTemporaryFile() as progress:
        done = run([*command, "-progress", f"file:{progress.name}", "-f", "null", "-"])
        told = dict(re.findall(r"(\w+)= *(\S+)", Path(progress.name).read_text()))
    return replace(done, pictures=int(told.get("frame", 0)), seconds=int(told.get("out_time_us", 0)) / 1e6)


def record(binary: str, url: str, folder: Path, seconds: int) -> tuple[Run, dict[str, Path]]:
    """Keep each video rendition, with its sound, as it comes: from almost the oldest segment of the window on."""
    files = {"v360": folder / "v360.nut", "v234": folder / "v234.nut"}
    command = [binary, "-nostdin", "-hide_banner", "-v", "warning", "-live_start_index", "4", "-i", url]
    for k, file in enumerate(files.values()):
        command += ["-map", f"0:v:{k}", "-map", "0:a:0", "-c", "copy", "-t", str(seconds), "-y", str(file)]
    return run(command), files


def mpv(url: str) -> Run:
    """Play by mpv, without a screen and without a sound card.

    It says how far sound and picture are apart, and how many seconds it has read ahead.
    """
    command = [program("mpv"), "--no-config", "--vo=null", "--ao=null", f"--length={PLAYED}"]
    status = "A-V ${avsync} ahead ${demuxer-cache-duration} paused ${paused-for-cache}"
    return run([*command, "--msg-level=all=warn,statusline=status", f"--term-status-msg={status}", url])


def vlc(url: str) -> Run:
    """Play by VLC, without a screen and without a sound card, for a while; it tells all that it does.

    VLC refuses to be run by root, who plays as nobody.
    """
    command = [program("vlc"), "-I", "dummy", "-vv", "--no-color", "--vout=vdummy", "--aout=adummy", url]
    with TemporaryDirectory() as home:
        if os.getuid() == 0:
            command = [program("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups", *command]
            os.chown(home, 65534, 65534)
        return run(command, PLAYED + 5, {"HOME": home, "XDG_RUNTIME_DIR": home})
