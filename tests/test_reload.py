"""`--reload`: a real process that is begun anew when its code changes, and ends at once (B42, D17)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import pytest
from test_up_api import free_port, prepared

from playout.commands.reloading import unreadable, without

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGES = ("assembly", "playout", "packager", "control_api")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout of one's own, to write in."""
    root = tmp_path / "checkout"
    for name in PACKAGES:
        shutil.copytree(CHECKOUT / name, root / name)  # with what is translated already
    shutil.copy(CHECKOUT / "fastline.py", root)
    return root


@contextmanager
def reloading(copy: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process in that checkout; whatever is left of it is killed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FASTLINE_")}
    with subprocess.Popen(
        [sys.executable, str(copy / "fastline.py"), *arguments, "--reload"], cwd=copy, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**environment, "PYTHONUNBUFFERED": "1"},
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            for left in (process.pid, *begun(copy)):
                with suppress(ProcessLookupError):
                    os.kill(left, signal.SIGKILL)


def begun(copy: Path) -> list[int]:
    """The processes that run the code of the copy, without the one that looks after them."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if str(copy / "fastline.py").encode() in words and b"--reload" not in words:
                found.append(int(folder.name))
    return found


def said(process: subprocess.Popen[str], words: str) -> str:
    """The next line with these words."""
    assert process.stdout is not None
    heard = []
    for line in process.stdout:
        heard.append(line)
        if words in line:
            return line
    pytest.fail(f"it ended before it said {words!r}: {''.join(heard)}")


def edited(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    draft = path.with_suffix(".draft")
    draft.write_text(text.replace(old, new), "utf-8")
    draft.replace(path)


def test_the_api_is_begun_anew_when_its_code_changes_and_ends_at_once(copy: Path, tmp_path: Path) -> None:
    media = ["--media", str(tmp_path / "media")]
    made = [sys.executable, str(copy / "fastline.py"), "api-key", "create", "--scope", "titles:read", "--new", *media]
    key = subprocess.run(made, check=True, capture_output=True, text=True, cwd=copy).stdout.strip()
    words = copy / "control_api" / "command_line" / "serving.py"
    with reloading(copy, "api", "--port", "0", *media) as process:
        said(process, "The API is at")
        (first,) = begun(copy)

        edited(words, "The API is at", "The API lives at")
        assert "serving.py changed" in said(process, "changed")
        address = said(process, "The API lives at").split()[4].removesuffix("/api/v1,")
        (second,) = begun(copy)
        assert second != first
        titles = Request(f"{address}/api/v1/titles", headers={"Authorization": f"Bearer {key}"})  # noqa: S310 — ours
        with urlopen(titles, timeout=10) as answer:  # noqa: S310 — the same
            assert answer.status == 200, "the key of before is in the database still"

        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert begun(copy) == []


@pytest.mark.media
def test_the_station_plays_on_with_what_it_has_and_code_that_cannot_run_ends_nothing(
    copy: Path, tmp_path: Path
) -> None:
    """The same media, the same channel, the same log, in another process."""
    words, ticks = copy / "assembly" / "origin.py", copy / "playout" / "core" / "ticks.py"
    channels = prepared(tmp_path)
    port = free_port()
    place = ("--media", str(tmp_path / "media"), "--channels", str(channels), "--port", str(port), "--no-api")
    with reloading(copy, "up", *place) as process:
        said(process, "/live/films/index.m3u8")
        first = playlist(port)
        edited(words, "The page is at", "The page lives at")
        said(process, "The page lives at")
        said(process, "/live/films/index.m3u8")
        assert set(first[-20:]) & set(playlist(port)), "the segments that both list are the same, line by line"
        (second,) = begun(copy)

        edited(ticks, "TIMEBASE", "TIME BASE")
        assert "ticks.py, line" in said(process, "What runs goes on")
        edited(words, "lives at", "dwells at")
        assert "ticks.py, line" in said(process, "What runs goes on"), "it is still no Python"
        assert begun(copy) == [second]
        edited(ticks, "TIME BASE", "TIMEBASE")
        said(process, "The page dwells at")

        edited(words, "async def _serve", "1 / 0\nasync def _serve")
        said(process, "ZeroDivisionError")
        said(process, "it has ended with code 1; the next save begins it anew")
        edited(words, "1 / 0\n", "")
        said(process, "The page dwells at")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert begun(copy) == []


def playlist(port: int) -> list[str]:
    with urlopen(f"http://127.0.0.1:{port}/live/films/v360.m3u8", timeout=10) as answer:
        found: list[str] = answer.read().decode().splitlines()
    return [line for line in found if not line.startswith("#")]


def test_only_the_option_itself_is_left_out() -> None:
    given = ["up", "--reload", "--port", "1", "--rel", "--", "-", "", "--reloaded", "--r", "--media", "--re"]
    assert without(given) == ["up", "--port", "1", "--", "-", "", "--reloaded", "--media"]


def test_what_is_no_python_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    for text, words in (
        (b"a = 1\nb = = 2\n", f"{path}, line 2: invalid syntax"), (b"'\\d'\n", ""), (b"a = 1\n", ""),
        (b"a\0b", f"{path}, line 1: source code string cannot contain null bytes"),
    ):  # fmt: skip
        path.write_bytes(text)
        assert unreadable(path) in (words, words.replace(", line 1", ""))
    assert unreadable(tmp_path / "gone.py") == ""
