"""The real server as a child process, on a free port of this machine, and what it says is on air."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from time import monotonic
from urllib.request import urlopen

from players.films import CHECKOUT, copy
from players.screening import AHEAD
from playout.clock import system_clock

CHANNEL = "seams"
CHANNELS = """\
version: 1
channels:
  seams:
    number: 1
    name: Seams
    house: fast
    horizon: 2m
    include: {{any: [movie]}}
    order: shuffle
    ads: {{every: 10s, pod: 10s, any: [ad], bumper: {{any: [bumper]}}}}
    before: {{any: [bumper]}}
    dayparts:
      cut: {{at: [{starts}], late: cut, include: {{any: [movie]}}}}
"""
CUTS = timedelta(seconds=25)
"""From one start that cuts short what is on to the next."""
HOST = "127.0.0.1"
START = 40.0
"""Seconds that a server may take to be on air, on a busy machine."""


POLL = 0.05
"""Seconds from one look to the next."""

_DATE = re.compile(r"#EXT-X-PROGRAM-DATE-TIME:(\S+)")
_SEGMENT = re.compile(r"media/(?P<asset>\w+)/(?P<rendition>[\w-]+)/(?P<number>\d+)-(?P<start>\d+)-(?P<sequence>\d+)\.")


class NotOnAir(Exception):
    """The server did not come up: it says what it printed."""


@dataclass
class Station:
    """A server with a channel."""

    media: Path
    port: int
    journal: Path
    """What it prints."""
    process: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> str:
        """The address of everything."""
        return f"http://{HOST}:{self.port}/"

    def live(self, name: str = "index.m3u8") -> str:
        """The address of one of the channel's playlists."""
        return f"{self.root}live/{CHANNEL}/{name}"

    def start(self) -> None:
        """Start the whole of it, the API included; `ready` waits for it."""
        command = [*AHEAD, sys.executable, "-m", "fastline", "up", "--host", HOST, "--port", str(self.port)]
        command += ["--api-port", str(free_port())]
        command += ["--media", str(self.media), "--channels", str(self.media.parent / "channels.yaml")]
        with self.journal.open("ab") as journal:
            self.process = subprocess.Popen(
                command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=journal, stderr=journal
            )

    def ready(self) -> None:
        """Wait until the channel is on air."""
        assert self.process is not None
        until = monotonic() + START
        while not self._on_air():
            try:
                self.process.wait(POLL)
            except subprocess.TimeoutExpired:
                if monotonic() < until:
                    continue
            message = f"the server is not on air:\n{self.journal.read_text()[-4000:]}"
            raise NotOnAir(message)

    def _on_air(self) -> bool:
        try:
            return "#EXTINF" in self.text(self.live("v360.m3u8"))
        except OSError:
            return False

    def kill(self) -> None:
        """End it at once, without a word."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> int:
        """Ask it to end, as Ctrl-C does; its exit status."""
        assert self.process is not None
        try:
            self.process.send_signal(signal.SIGINT)
            return self.process.wait(15)
        finally:
            self.kill()

    def read(self, url: str) -> bytes:
        """What lies at an address."""
        with urlopen(url, timeout=10) as answer:  # noqa: S310 — our own server
            return bytes(answer.read())

    def text(self, url: str) -> str:
        """The text at an address."""
        return self.read(url).decode()


def opened(library: Path, folder: Path, port: int | None = None) -> Station:
    """A station with a library in a folder of its own, not started yet."""

    media = copy(library, folder / "media")
    starts = (system_clock() + n * CUTS for n in range(1, 40))
    written = CHANNELS.format(starts=", ".join(f'"{start:%H:%M:%S}"' for start in starts))
    (folder / "channels.yaml").write_text(written)
    return Station(media, port or free_port(), folder / "journal.txt")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Listed:
    """One segment of a playlist."""

    lines: str
    """All of its lines."""
    date: str
    asset: str
    number: int
    sequence: int


def listed(playlist: str) -> list[Listed]:
    """The segments of a `cmaf` or `ts` playlist."""
    found = []
    for block in re.findall(r"^#EXTINF:.*\n(?:#.*\n)*[^#\n].*$", playlist, re.MULTILINE):
        segment, date = _SEGMENT.search(block), _DATE.search(block)
        assert segment, block
        assert date, block
        found.append(Listed(block, date[1], segment["asset"], int(segment["number"]), int(segment["sequence"])))
    return found


def seams(segments: list[Listed]) -> int:
    """How often another asset, or another part of one, follows."""
    return sum((a.asset, a.number + 1) != (b.asset, b.number) for a, b in pairwise(segments))
