"""The all-in-one process, from an empty folder to channels on air, and after it was stopped."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from stations import FULL, Station

from playout.clock import system_clock
from playout.config import Programming, read
from playout.core.asset import Kind
from playout.library import newest, scan
from playout.publish import publish

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[1]

GOOD = "{version: 1, channels: {films: {number: 1, name: Films, house: fast, include: {}}}}"

pytestmark = pytest.mark.media


@contextmanager
def up(media: Path, port: int, *more: str) -> Iterator[subprocess.Popen[str]]:
    program = [sys.executable, "-u", str(CHECKOUT / "fastline.py")]
    command = [*program, "up", "--media", str(media), "--port", str(port), "--api-port", str(free_port()), *more]
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def lines_until(running: subprocess.Popen[str], words: str) -> list[str]:
    assert running.stdout is not None
    lines = []
    for line in running.stdout:
        lines.append(line)
        if words in line:
            return lines
    pytest.fail(f"it ended before it said {words!r}: {''.join(lines)}")


def stopped(running: subprocess.Popen[str]) -> str:
    """What it says from Ctrl-C on; it ends well."""
    running.send_signal(signal.SIGINT)
    rest, _ = running.communicate(timeout=60)
    assert running.returncode == 0, rest
    return rest


def fetched(port: int, path: str) -> str:
    with urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as answer:
        text: str = answer.read().decode()
    return text


def sequence(playlist: str) -> int:
    found = re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", playlist)
    assert found is not None
    return int(found[1])


def processes_of(media: Path) -> list[str]:
    """The command lines of the processes that work on `media`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes()
        except OSError:
            continue  # it has ended meanwhile
        if str(media).encode() in command:
            found.append(command.replace(b"\0", b" ").decode())
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_from_an_empty_folder_to_air_and_again_after_ctrl_c(tmp_path: Path) -> None:
    media = tmp_path / "media"
    port = free_port()
    with up(media, port) as running:
        lines_until(running, "The page is at")
        assert json.loads(fetched(port, "now.json")) == []
        assert "preparing" in fetched(port, "")
        with pytest.raises(HTTPError, match="404"):
            fetched(port, "live/demo/index.m3u8")
        lines_until(running, "/live/demo/index.m3u8")
        first = fetched(port, "live/demo/v360.m3u8")
        assert first.count("#EXTINF") == 30, "a new channel starts with a full window"
        while not list((media / "sources").glob(".*.part")):  # until others are drawn
            fetched(port, "now.json")
        assert "Traceback" not in stopped(running)
    assert processes_of(media) == []

    for name in ("the-deep", "slow-light-2", "filler-soon", "ad-soap", "ad-trains"):  # what is taken away is not made
        for path in (media / "sources").glob(f"{name}.*"):
            path.unlink()
    with up(media, port, "--no-api") as running:
        lines_until(running, "/live/demo/index.m3u8")
        again = fetched(port, "live/demo/v360.m3u8")
        assert sequence(again) >= sequence(first)
        shared = set(first.splitlines()[-30:]) & set(again.splitlines())
        assert shared, "the segments that both list are the same, line by line"
        lines_until(running, "/live/films/index.m3u8")
        assert {row["id"] for row in json.loads(fetched(port, "now.json"))} >= {"demo", "films"}
        assert "Traceback" not in stopped(running)
    assert not list((media / "sources").glob("the-deep.*"))
    assert processes_of(media) == []


def test_what_was_on_air_plays_on_after_a_restart_with_mistakes_in_the_channels(tmp_path: Path) -> None:
    made = Station(tmp_path / "media")
    made.house()
    made.asset("film", Kind.MOVIE, *[FULL] * 9)
    now = system_clock()
    programming = read(GOOD, "channels.yaml")
    assert isinstance(programming, Programming)
    publish(made.store, programming, scan(made.store, newest(made.store), now), now)
    bad = tmp_path / "channels.yaml"
    bad.write_text("chanels: {}\n", "utf-8")
    port = free_port()
    with up(made.root, port, "--channels", str(bad)) as running:
        heard = "".join(lines_until(running, "/live/films/index.m3u8"))
        if "channels.yaml:1:" not in heard:
            lines_until(running, "channels.yaml:1:")
        assert "#EXTINF" in fetched(port, "live/films/v360.m3u8")
        stopped(running)
