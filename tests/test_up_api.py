"""The API in the all-in-one process: it is there, it may fail, and what is on air does not notice."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest
from stations import FULL, Station
from waiting import still_runs

from playout.clock import system_clock
from playout.config import Programming, read
from playout.core.asset import Kind
from playout.library import newest, scan
from playout.publish import publish

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[1]
FILE = "{version: 1, channels: {films: {number: 1, name: Films, house: fast, include: {}}}}"

pytestmark = pytest.mark.media


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class Up:
    """A running process, and what it has said."""

    def __init__(self, process: subprocess.Popen[str], port: int, api: int) -> None:
        self.process, self.port, self.api = process, port, api
        self.said = ""

    def until(self, words: str) -> str:
        """Everything that it says up to the line with these words."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if words in line:
                return line
        pytest.fail(f"it ended before it said {words!r}: {self.said}")

    def ask(self, path: str, method: str = "GET", body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
        """What the API answers; 0 when it does not listen yet."""
        content = None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **headers} if content else headers
        url = f"http://127.0.0.1:{self.api}{path}"
        request = Request(url, content, sent, method=method)
        try:
            with urlopen(request, timeout=10) as answer:  # noqa: S310 — this machine
                return answer.status, dict(answer.headers), json.loads(answer.read())
        except HTTPError as error:
            with error:
                return error.code, dict(error.headers), json.loads(error.read())
        except URLError:
            return 0, {}, None

    def asked_until(self, status: int, path: str = "/readyz") -> dict[str, str]:
        """Ask again and again until the answer has this status; its headers."""
        while True:
            found, headers, _ = self.ask(path)
            if found == status:
                return headers
            assert still_runs(self.process)

    def playlist(self) -> str:
        with urlopen(f"http://127.0.0.1:{self.port}/live/films/v360.m3u8", timeout=10) as answer:
            text: str = answer.read().decode()
        assert "#EXTINF" in text
        return text


def prepared(root: Path) -> Path:
    """A station with one film and no demo; the file of its channels."""
    made = Station(root / "media")
    made.house()
    made.asset("film", Kind.MOVIE, *[FULL] * 9)
    now = system_clock()
    programming = read(FILE, "channels.yaml")
    assert isinstance(programming, Programming)
    publish(made.store, programming, scan(made.store, newest(made.store), now), now)
    path = root / "channels.yaml"
    path.write_text(FILE, "utf-8")
    return path


@contextmanager
def up(root: Path, *more: str, api: int | None = None, **settings: str) -> Iterator[Up]:
    port, api = free_port(), api or free_port()
    channels = prepared(root) if not (root / "channels.yaml").exists() else root / "channels.yaml"
    command = [sys.executable, "-u", str(CHECKOUT / "fastline.py"), "up", "--media", str(root / "media")]
    options = ["--channels", str(channels), "--port", str(port), "--api-port", str(api), *more]
    environment = {**os.environ, **{f"FASTLINE_{name.upper()}": text for name, text in settings.items()}}
    with subprocess.Popen(
        [*command, *options], cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        try:
            yield Up(process, port, api)
        finally:
            process.kill()


def test_the_api_is_there_and_its_first_account_is_made_by_the_token_that_is_printed(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        running.until("The API is at")
        token = re.search(r"fli_\S+", running.until("fli_"))
        assert token is not None
        given = {"invitation": token[0], "username": "ann", "password": "correct horse battery staple"}
        status, _, account = running.ask("/api/v1/auth/register", "POST", given)
        assert status == 201, account
        login = {"username": "ann", "password": given["password"]}
        status, _, found = running.ask("/api/v1/auth/login", "POST", login)
        assert status == 200, found
        key = {"Authorization": f"Bearer {found['access_token']}"}
        status, _, told = running.ask("/api/v1/events?type=channel.program_started", **key)
        assert status == 200
        while not told["items"]:
            assert still_runs(running.process)
            status, _, told = running.ask("/api/v1/events?type=channel.program_started", **key)
        assert told["items"][0]["subject"] == "films"
        running.playlist()
        running.process.send_signal(signal.SIGINT)
        rest, _ = running.process.communicate(timeout=20)
        assert running.process.returncode == 0, rest
        assert "Traceback" not in rest


def test_a_file_that_is_no_database_keeps_nothing_off_the_air_and_the_api_comes_back_when_it_is_mended(
    tmp_path: Path,
) -> None:
    prepared(tmp_path)
    broken = tmp_path / "media" / "fastline.db"
    broken.write_bytes(b"this is no database, and never was one" * 100)
    with up(tmp_path) as running:
        running.until("the API cannot be served now; channels play on")
        headers = running.asked_until(503)
        assert headers["Retry-After"] == "5"
        assert running.ask("/healthz")[0] == 200
        assert running.ask("/api/v1/events")[2]["type"] == "/problems/unavailable"
        running.playlist()
        broken.unlink()
        running.until("The API is at")
        running.asked_until(200)
        running.playlist()


def test_a_database_that_breaks_while_it_runs_is_an_outage_of_the_api_alone(tmp_path: Path) -> None:
    with up(tmp_path, tells="false", works="false") as running:
        running.until("The API is at")
        running.asked_until(200)
        for path in (tmp_path / "media").glob("fastline.db*"):
            path.write_bytes(b"broken" * 4096)
        headers = running.asked_until(503)
        assert int(headers["Retry-After"]) > 0
        running.playlist()
        assert running.ask("/healthz")[0] == 200


def test_a_port_that_is_taken_keeps_nothing_off_the_air(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with up(tmp_path, api=port) as running:
            assert "channels play on" in running.until(f"it cannot listen on 127.0.0.1 port {port}")
            running.playlist()
            taken.close()
            running.until("The API is at")
            running.asked_until(200)


def test_without_the_api_there_is_none(tmp_path: Path) -> None:
    with up(tmp_path, "--no-api") as running:
        running.until("/live/films/index.m3u8")
        running.playlist()
        assert running.ask("/healthz")[0] == 0
        assert not (tmp_path / "media" / "fastline.db").exists()


def test_a_mistake_in_a_setting_is_told_and_keeps_nothing_off_the_air(tmp_path: Path) -> None:
    with up(tmp_path, stream_pol_ms="5") as running:
        running.until("FASTLINE_STREAM_POL_MS: there is no such setting; did you mean FASTLINE_STREAM_POLL_MS?")
        running.until("the API is left out until the next start; channels play on")
        running.playlist()
        assert running.ask("/healthz")[0] == 0
