"""How fast uploads come in, by tus and by a form, beside writing the same bytes to the same disk.

The API is a process of its own; the client, which makes the bytes beforehand, is this one. Both share the machine.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import aiohttp
from figures import Figure

sys.path.append(str(Path(__file__).resolve().parent.parent))  # where the tests make a PostgreSQL

from clusters import DURABLE, cluster, installed

from control_api.key_creation import create_key
from control_api.scopes import Scope
from control_api.settings import Settings
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    Way = Callable[[aiohttp.ClientSession, bytes], Awaitable[None]]

MIB = 1 << 20
SIZE = 512 * MIB
TIMES = 2
REACH = 30
"""Percent of what the disk takes: the bytes are sent, received, hashed and synced on the same two cores."""
_BOUNDARY = "cut-here"
_TUS = {"Tus-Resumable": "1.0.0"}


def uploads(folder: Path) -> list[Figure]:
    """MB/s by each way, on SQLite, and on PostgreSQL where it is installed."""
    block = os.urandom(MIB)
    disk = max(_written(folder / "plain", block) for _ in range(TIMES))
    figures = _measured(folder / "sqlite", f"sqlite:///{folder / 'fastline.db'}", (block, disk, "SQLite"))
    if installed():
        with cluster(DURABLE) as server:
            server.create("uploads")
            figures += _measured(folder / "postgresql", server.url("uploads"), (block, disk, "PostgreSQL"))
    return figures


def _measured(folder: Path, url: str, on: tuple[bytes, float, str]) -> list[Figure]:
    block, disk, name = on
    settings = Settings(media=folder, database=url, upload_free_bytes=0, works=False, tells=False)
    key = asyncio.run(create_key(settings, "bench", [Scope.UPLOADS_WRITE], None, system_clock))
    with _api(settings) as root:
        ways: dict[str, Way] = {"tus": _by_tus, "a form": _by_form}
        return [_figure(way, asyncio.run(_best(send, root, key, block)), disk, name) for way, send in ways.items()]


def _figure(way: str, speed: float, disk: float, name: str) -> Figure:
    share = round(100 * speed / disk)
    how = f"{name}; {SIZE // MIB} MiB, hashed and synced; the disk alone takes {disk / 1e6:.0f} MB/s"
    reach = f">= {REACH} % of the disk"
    return Figure(f"upload by {way}", f"{speed / 1e6:.0f} MB/s, {share} % of the disk", reach, share >= REACH, how)


def _written(path: Path, block: bytes) -> float:
    """Bytes a second of writing a file and syncing it."""
    begun = perf_counter()
    with path.open("wb") as file:
        for _ in range(SIZE // MIB):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    took = perf_counter() - begun
    path.unlink()
    return SIZE / took


@contextmanager
def _api(settings: Settings) -> Iterator[str]:
    """A server of the API; its address."""
    given: dict[str, Any] = {"media": settings.media, "database": settings.database_url}
    given |= {"upload_free_bytes": 0, "works": "false", "tells": "false"}
    environment = {f"FASTLINE_{name.upper()}": str(value) for name, value in given.items()}
    with subprocess.Popen(
        [sys.executable, "-m", "fastline", "api", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            assert process.stdout is not None
            found = next((at for line in process.stdout if (at := re.search(r"http://[\d.:]+", line))), None)
            if found is None:
                message = "the API does not start"
                raise SystemExit(message)
            yield found[0]
        finally:
            process.terminate()


async def _best(way: Way, root: str, key: str, block: bytes) -> float:
    """Bytes a second of the quickest of some uploads."""
    best = 0.0
    async with aiohttp.ClientSession(root, headers={**_TUS, "Authorization": f"Bearer {key}"}) as http:
        for _ in range(TIMES):
            begun = perf_counter()
            await way(http, block)
            best = max(best, SIZE / (perf_counter() - begun))
    return best


async def _pieces(block: bytes) -> AsyncIterator[bytes]:
    for _ in range(SIZE // MIB):
        yield block


async def _by_tus(http: aiohttp.ClientSession, block: bytes) -> None:
    async with http.post("/api/v1/tus", headers={"Upload-Length": str(SIZE)}) as made:
        made.raise_for_status()
        path = made.headers["Location"]
    kind = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream", "Content-Length": str(SIZE)}
    async with http.patch(path, data=_pieces(block), headers=kind) as sent:
        sent.raise_for_status()


async def _by_form(http: aiohttp.ClientSession, block: bytes) -> None:
    async def form() -> AsyncIterator[bytes]:
        yield f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="film"\r\n\r\n'.encode()
        async for piece in _pieces(block):
            yield piece
        yield f"\r\n--{_BOUNDARY}--\r\n".encode()

    kind = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
    async with http.post("/api/v1/uploads", data=form(), headers=kind) as sent:
        sent.raise_for_status()
