"""Signed delivery, whole: real media, a real player and the nginx of docs/delivery.md, beyond a rotation.

Rows B05, B06, DX3.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest
from test_front import nginx
from test_up_api import CHECKOUT, up
from waiting import still_runs

from control_api.key_creation import create_key
from control_api.scopes import Scope
from control_api.settings import Settings
from packager.run import ffmpeg_binary
from playout.clock import system_clock
from playout.core.token import Pass
from playout.keyring import NAME, Keyring

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from test_up_api import Up

GUIDE = CHECKOUT / "docs" / "delivery.md"
FILE = """\
version: 1
defaults: {house: fast, horizon: 1m}
channels:
  gold: {number: 1, name: Gold, access: signed, include: {any: [film]}}
  other: {number: 2, name: Other, access: signed, include: {any: [other]}}
"""

pytestmark = [
    pytest.mark.media,
    pytest.mark.skipif(shutil.which("nginx") is None and "CI" not in os.environ, reason="needs nginx"),
]


def film(root: Path, tag: str, picture: str) -> None:
    """Make and package a film of a few seconds: one of its own for each channel, whose segments nobody else airs."""
    source = root / f"{tag}.mp4"
    drawn = ["-f", "lavfi", "-i", f"{picture}=size=320x180:rate=30:duration=8"]
    heard = ["-f", "lavfi", "-i", "sine=440:duration=8"]
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"]
    subprocess.run([ffmpeg_binary(), "-v", "error", *drawn, *heard, *coded, str(source)], check=True)
    options = ["--house", "fast", "--tag", tag, "--title", tag, "--media", str(root / "media")]
    command = [sys.executable, str(CHECKOUT / "fastline.py"), "package", str(source), *options]
    subprocess.run(command, check=True, cwd=CHECKOUT, capture_output=True)
    (root / "channels.yaml").write_text(FILE, "utf-8")


@contextmanager
def fronted(root: Path, running: Up) -> Iterator[str]:
    """An nginx as the page shows it, once it answers; its address."""
    with nginx(root, GUIDE, {8080: running.port}) as port:
        address = f"http://127.0.0.1:{port}"
        while got(address + "/healthz")[0] != 200:
            assert still_runs(running.process)
        yield address


def got(url: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """The status and the body of an answer; 0 while nobody listens."""
    try:
        with urlopen(Request(url, headers=dict(headers or {})), timeout=10) as answer:  # noqa: S310 — this machine
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()
    except URLError:
        return 0, b""


def test_a_player_plays_a_signed_channel_behind_nginx_beyond_a_rotation(tmp_path: Path) -> None:
    film(tmp_path, "film", "testsrc")
    film(tmp_path, "other", "testsrc2")
    key = asyncio.run(create_key(Settings(media=tmp_path / "media"), "tests", list(Scope), None, system_clock))
    known = {"Authorization": f"Bearer {key}"}
    with up(tmp_path, "--trusted-proxy", "127.0.0.1/32", "--tokens-checked", stream_bound_to="address") as running:
        running.until("The API is at")
        with fronted(tmp_path, running) as front:

            def address(channel: str = "gold", life: int = 3600, **more: str) -> str:
                status, found = 0, {"url": ""}
                while status != 200:  # it is on air as soon as it is published
                    given = {"channel": channel, "life_seconds": life, **more}
                    status, _, found = running.ask("/api/v1/playback", "POST", given, **known)
                    assert still_runs(running.process), found
                return front + str(found["url"]).removeprefix(f"http://127.0.0.1:{running.port}")

            url = address()
            play = [ffmpeg_binary(), "-v", "error", "-progress", "-", "-i", url, "-t", "22", "-f", "null", os.devnull]
            with subprocess.Popen(play, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as player:
                assert running.ask("/api/v1/streaming-keys", "POST", {}, **known)[0] == 201
                _refused(front, url, address("other"))
                _shared(running, url, [address(life=1000 + k) for k in range(3)])
                _bound(running, front, url, address(life=900, viewer_address="127.0.0.2"))
                _coarse(tmp_path / "media", url)
                far, told = player.communicate(timeout=90)
            assert player.returncode == 0
            # it may complain of the segment that it breaks off at the end, and of nothing else
            assert re.sub(r"\[NULL @ .*(Invalid NAL unit size|missing picture in access unit).*\n", "", told) == ""
            assert max(map(int, re.findall(r"^out_time_us=(\d+)", far, re.MULTILINE))) > 21_900_000, "it played on"
            younger = address()
            assert got(younger)[0] == got(url)[0] == 200, "both keys are good"
            assert younger.split("/")[4][:7] != url.split("/")[4][:7], "another key has signed"


def _media(url: str) -> list[str]:
    """A media playlist and its segments."""
    playlist = url.replace("index.m3u8", "v360.m3u8")
    status, body = got(playlist)
    assert status == 200
    below = url.split("/live/", maxsplit=1)[0]
    lines = [line for line in body.decode().splitlines() if line.endswith(".m4s")]
    return [playlist, *(below + "/" + line.removeprefix("../../") for line in lines)]


def _refused(front: str, url: str, other: str) -> None:
    """What the cache holds is given to nobody without a good token of this channel."""
    held = _media(url)
    for path in held:
        assert got(path)[0] == 200
    token, foreign = url.split("/")[4], other.split("/")[4]
    forged = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    for path in (url, held[0], held[1], held[-1]):
        assert got(path.replace(f"/t/{token}", ""))[0] == 403
        assert got(path.replace(token, forged))[0] == 403
        assert got(path.replace(token, "x" * 60))[0] == 403
    mine = {path.rsplit("/media/", maxsplit=1)[1] for path in _media(other)[1:]}
    for path in (url, held[0], *(one for one in held[1:] if one.rsplit("/media/", maxsplit=1)[1] not in mine)):
        assert got(path.replace(token, foreign))[0] == 403
    assert got(f"{front}/_token")[0] == 404, "it is internal"


def asked(running: Up) -> int:
    """How many segments below tokens the origin was asked for."""
    text = got(f"http://127.0.0.1:{running.port}/metrics")[1].decode()
    rows = re.findall(r'requests_total\{route="/t/\{token\}/media/\{asset\}.*\} ([0-9.]+)', text)
    return sum(int(float(row)) for row in rows)


def _bound(running: Up, front: str, url: str, bound: str) -> None:
    """What is for one address is given to that alone, also of what the cache holds; and it shares the cache."""

    def fetched(path: str, source: str) -> tuple[int, str]:
        connection = HTTPConnection(front.removeprefix("http://"), timeout=10, source_address=(source, 0))
        connection.request("GET", path.removeprefix(front), headers={"X-Forwarded-For": "127.0.0.2"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.headers.get("Cache-Control", "")

    assert "127.0.0.2" not in bound
    token, mine = url.split("/")[4], bound.split("/")[4]
    held = [path.replace(token, mine) for path in _media(url)]
    for path in held[1:]:
        assert got(path.replace(mine, token))[0] == 200
    before = asked(running)
    for _ in range(2):
        for path in (bound, *held):
            assert fetched(path, "127.0.0.2")[0] == 200
            for other in ("127.0.0.3", "127.0.0.1"):  # what it says of itself is nothing to nginx
                assert fetched(path, other)[0] == 403
    assert asked(running) - before < 6, "they are answers of the cache; the player itself may have asked for some"
    lower = [path.replace("v360", "v234") for path in held[1:5]]
    before = asked(running)
    for path in lower * 3:
        assert fetched(path, "127.0.0.2")[0] == 200
        assert fetched(path, "127.0.0.3")[0] == 403
    assert len(lower) <= asked(running) - before < len(lower) + 4, "it is kept there, for who may have it"
    assert "private, max-age" in fetched(lower[0], "127.0.0.2")[1], "and by no other cache"


def _coarse(media: Path, url: str) -> None:
    """What the cache holds of a finer picture is given to nobody whose plan has none."""
    now = system_clock().replace(microsecond=0)
    said = Pass("live/gold", now + timedelta(minutes=1), now + timedelta(minutes=9), lines=240)
    token, coarse = url.split("/")[4], Keyring(media / NAME).sign(said, now)
    held = _media(url)
    for path in held:
        assert got(path)[0] == 200
        assert got(path.replace(token, coarse))[0] == 403
    for path in held[:2]:
        assert got(path.replace(token, coarse).replace("v360", "v234"))[0] == 200


def _shared(running: Up, url: str, others: list[str]) -> None:
    """Other viewers of the channel are given what the cache holds, and the origin is not asked."""
    held = _media(url)[1:7]
    for path in held:
        assert got(path)[0] == 200
    before = asked(running)
    assert before > 0
    assert len({url, *others}) == 4
    for other in others:
        for path in held:
            assert got(path.replace(url.split("/")[4], other.split("/")[4]))[0] == 200
    assert asked(running) - before < 6, "18 answers of the cache; the player itself may have asked for a segment or two"
