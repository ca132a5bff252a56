"""Real processes that take in uploads: one is killed in the middle, and one is watched while much comes in.

What a process holds of an upload does not grow with it: two pieces of 1 MiB, and what the socket buffers. So what is
measured with some hundred MiB holds for 20 GiB.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from clients import running
from labour import soon
from processes import fastline, line
from sqlmodel import select
from test_tus import TUS

from control_api.tables import Upload
from control_api.uploads.receiving import CHECKPOINT
from control_api.uploads.tus import OFFSET_TYPE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractContextManager
    from subprocess import Popen

    from control_api.database import Database
    from control_api.settings import Settings

MIB = 1 << 20
LENGTH = 112 * MIB
MUCH = 100 * MIB
FLAT = 32 * MIB
"""How much more memory a process may ever have used after so many bytes than after few."""
BOUNDARY = "cut-here"


def block(number: int) -> bytes:
    """One MiB that is like no other."""
    return hashlib.shake_128(b"%d" % number).digest(1024) * 1024


def bytes_of(start: int, stop: int = LENGTH) -> bytes:
    assert stop - start <= 2 * MIB
    first = start // MIB
    return b"".join(block(n) for n in range(first, (stop - 1) // MIB + 1))[start - first * MIB : stop - first * MIB]


async def stream(start: int = 0, stop: int = LENGTH) -> AsyncIterator[bytes]:
    at = start
    while at < stop:
        until = min(at // MIB * MIB + MIB, stop)
        yield bytes_of(at, until)
        at = until


def serving(settings: Settings) -> AbstractContextManager[Popen[str]]:
    return fastline(
        "api", "--media", str(settings.media), "--port", "0", database=settings.database, works=False,
        upload_free_bytes=0,
    )  # fmt: skip


async def address(process: Popen[str]) -> str:
    said = await asyncio.to_thread(line, process, "The API is at")
    found = re.search(r"http://[^\s/]+", said)
    assert found is not None
    return found[0]


def headers(key: str, **more: Any) -> dict[str, str]:
    return {**TUS, "Authorization": f"Bearer {key}", **{name.replace("_", "-"): str(v) for name, v in more.items()}}


async def begun(http: aiohttp.ClientSession, root: str, key: str, length: int = LENGTH) -> str:
    async with http.post(f"{root}/api/v1/tus", headers=headers(key, Upload_Length=length)) as answer:
        assert answer.status == 201, await answer.text()
        return answer.headers["Location"]


async def offset(http: aiohttp.ClientSession, url: str, key: str) -> int:
    async with http.head(url, headers=headers(key)) as answer:
        assert answer.status == 200
        return int(answer.headers["Upload-Offset"])


async def test_a_process_that_is_killed_loses_little_and_lies_about_nothing(
    settings: Settings, key: str, database: Database
) -> None:
    """What the database says is on the disk, whenever the process dies; the next one goes on from there."""
    async with aiohttp.ClientSession() as http:
        with serving(settings) as first:
            root = await address(first)
            path = await begun(http, root, key)
            sending = asyncio.ensure_future(_sent(http, root + path, key, 0))

            async def has_some() -> bool:
                return await offset(http, root + path, key) > 0

            await soon(has_some)
            first.kill()
            await asyncio.to_thread(first.wait)
            with pytest.raises(aiohttp.ClientError):
                await sending
        async with database.reading() as session:
            row = (await session.exec(select(Upload))).one()
        file = settings.media / "sources" / ".uploads" / row.id
        assert CHECKPOINT <= row.received <= file.stat().st_size
        with file.open("rb") as found:
            for number in range(row.received // MIB):
                assert found.read(MIB) == block(number)
        async with running(settings.model_copy(update={"upload_free_bytes": 0, "works": False})) as second:
            url = f"{second.root.origin()}{path}"
            there = await offset(http, url, key)
            assert there == row.received  # nobody's lock outlives its process, and no lease has to run out
            assert await _sent(http, url, key, there) == 204
    assert file.stat().st_size == LENGTH
    whole = hashlib.sha256()
    for number in range(LENGTH // MIB):
        whole.update(block(number))
    with file.open("rb") as found:
        assert hashlib.file_digest(found, "sha256").digest() == whole.digest()


async def _sent(http: aiohttp.ClientSession, url: str, key: str, start: int, stop: int = LENGTH) -> int:
    said = headers(key, Upload_Offset=start, Content_Type=OFFSET_TYPE, Content_Length=stop - start)
    async with http.patch(url, data=stream(start, stop), headers=said) as answer:
        return answer.status


async def _posted(http: aiohttp.ClientSession, url: str, key: str, length: int) -> int:
    async def form() -> AsyncIterator[bytes]:
        yield f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'.encode()
        async for data in stream(0, length):
            yield data
        yield f"\r\n--{BOUNDARY}--\r\n".encode()

    kind = f"multipart/form-data; boundary={BOUNDARY}"
    async with http.post(f"{url}/api/v1/uploads", data=form(), headers=headers(key, Content_Type=kind)) as answer:
        return answer.status


def most_memory(process: Popen[str]) -> int:
    """The most that the process has ever used, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text("utf-8"))
    assert found is not None
    return int(found[1]) * 1024


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the database has no part in it
async def test_memory_stays_flat_however_much_comes_in(settings: Settings, key: str) -> None:
    async with aiohttp.ClientSession() as http:
        with serving(settings) as process:
            root = await address(process)

            async def send(way: str, length: int) -> None:
                if way == "form":
                    assert await _posted(http, root, key, length) == 201
                else:
                    path = await begun(http, root, key, length)
                    assert await _sent(http, root + path, key, 0, length) == 204

            for way in ("tus", "form"):
                await send(way, 8 * MIB)  # what is loaded and made once is there
                before = most_memory(process)
                await send(way, MUCH)
                assert most_memory(process) - before < FLAT, way
