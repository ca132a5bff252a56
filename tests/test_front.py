"""One front for everything (row B28): the nginx of the README before the all-in-one process, as it is written there."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientConnectorError, ClientSession
from test_up_api import free_port, up
from waiting import still_runs

from control_api.key_creation import create_key
from control_api.scopes import Scope
from control_api.settings import Settings
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


README = Path(__file__).resolve().parents[1] / "README.md"
AROUND = """
{user} worker_processes 1; daemon off; pid {root}/nginx.pid; error_log {root}/error.log;
events {{ worker_connections 256; }}
http {{ access_log off; client_body_temp_path {root}/b; proxy_temp_path {root}/p; fastcgi_temp_path {root}/f;
  uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;
{inner}
}}
"""

pytestmark = [
    pytest.mark.media,
    pytest.mark.skipif(shutil.which("nginx") is None and "CI" not in os.environ, reason="needs nginx"),
]


@contextmanager
def nginx(root: Path, page: Path, ports: Mapping[int, int]) -> Iterator[int]:
    """The configuration that a page shows, with the folders of this test and other ports behind it; once it listens."""
    port = free_port()
    block = re.search(r"```nginx\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert block is not None
    inner = block[1]
    for before, after in (
        ("/var/cache/nginx/fastline", str(root / "cache")),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        *((f"http://127.0.0.1:{shown}", f"http://127.0.0.1:{real}") for shown, real in ports.items()),
    ):
        assert before in inner
        inner = inner.replace(before, after)
    path = root / "nginx.conf"
    path.write_text(AROUND.format(root=root, inner=inner, user="user root;" if os.getuid() == 0 else ""), "utf-8")
    with subprocess.Popen([shutil.which("nginx") or "nginx", "-c", str(path)], stderr=subprocess.DEVNULL) as process:
        try:
            while not listens(port):
                assert still_runs(process)
            yield port
        finally:
            process.terminate()


def listens(port: int) -> bool:
    """Whether somebody answers there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=10).close()
    except OSError:
        return False
    return True


async def test_channels_and_api_are_behind_one_address(tmp_path: Path) -> None:
    key = await create_key(Settings(media=tmp_path / "media"), "tests", list(Scope), None, system_clock)
    with up(tmp_path, "--base-path", "/tv", "--trusted-proxy", "127.0.0.1/32") as running:
        await asyncio.to_thread(running.until, "The API is at")
        with nginx(tmp_path, README, {8080: running.port, 8081: running.api}) as port:
            async with ClientSession(f"http://127.0.0.1:{port}") as session:
                await _answered(session)
                async with session.get("/tv/live/films/v360.m3u8") as answer:
                    assert "#EXTINF" in await answer.text()
                async with session.get("/api/v1/events") as answer:
                    assert (answer.status, answer.content_type) == (401, "application/problem+json")
                headers = {"Authorization": f"Bearer {key}", "X-Request-Id": "asked-by-a-proxy"}
                async with session.get("/api/v1/events", headers=headers) as answer:
                    assert answer.status == 200
                    assert answer.headers["X-Request-Id"] == "asked-by-a-proxy", "the proxy is believed"
                following = {**headers, "Accept": "text/event-stream"}
                async with asyncio.timeout(5), session.get("/api/v1/events", headers=following) as answer:
                    assert await answer.content.readline() == b"retry: 2000\n", "nothing is held back on the way"
                large = BytesIO(b'{"name": "' + b"x" * (3 << 20) + b'"}')
                sent = {**headers, "Content-Type": "application/json"}
                async with session.post("/api/v1/api-keys", headers=sent, data=large) as answer:
                    assert (answer.status, answer.content_type) == (413, "application/problem+json")


async def _answered(session: ClientSession) -> None:
    """Wait until nginx listens."""
    async with asyncio.timeout(20):
        while True:
            try:
                async with session.get("/healthz") as answer:
                    assert answer.status == 200
                    return
            except ClientConnectorError:
                continue
