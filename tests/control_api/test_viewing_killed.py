"""What players said is kept: a process that is killed loses the last moment, one that is stopped nothing."""

from __future__ import annotations

import asyncio
import re
import signal
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from persons import PASSWORD, cheap
from processes import fastline, line
from shelf import eventually
from sqlmodel import col, select
from watching import MINUTE, titled

from control_api.app import create_app
from control_api.database import Database
from control_api.instants import whole_millis
from control_api.people import accounts
from control_api.people.accounts import Wanted
from control_api.people.roles import Role
from control_api.site import SITE
from control_api.tables import PlaySession, Watched
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from control_api.settings import Settings

FLUSHED = 300
"""Milliseconds from one writing to the next."""


async def viewer(settings: Settings) -> list[str]:
    """An account and ten films in the database, written by nobody who runs; the films' ids."""
    site = create_app(settings)[SITE]
    password = await site.gate.passwords.make(PASSWORD)
    wanted = Wanted(username="ada", email=None, role=Role.ADMIN, password=password)
    async with site.database.writing() as session:
        await accounts.made(session, wanted, whole_millis(system_clock()))
    films = [await titled(site, f"Film {number}") for number in range(3)]
    await site.database.close()
    site.gate.close()
    return films


async def begun(root: str, films: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Who is signed in, and their sessions."""
    async with aiohttp.ClientSession(root) as http:
        async with http.post("/api/v1/auth/login", json={"username": "ada", "password": PASSWORD}) as answer:
            known = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
        names = []
        for film in films:
            async with http.post("/api/v1/play-sessions", json={"title": film}, headers=known) as answer:
                assert answer.status == 201, await answer.text()
                names.append((await answer.json())["id"])
    return known, names


async def beaten(root: str, known: dict[str, str], names: Sequence[str], number: int) -> None:
    """Each of them says where it is."""
    async with aiohttp.ClientSession(root, headers=known) as http:
        for name in names:
            body: dict[str, Any] = {"sequence": number, "position_ms": number * MINUTE, "quality": f"v{number}"}
            async with http.put(f"/api/v1/play-sessions/{name}", json=body) as answer:
                assert answer.status == 200, await answer.text()


async def places(settings: Settings) -> tuple[set[int], set[int]]:
    """Where sessions are, and where titles were stopped, by the database."""
    database = Database(settings.database_url)
    async with database.reading() as session:
        positions = (await session.exec(select(PlaySession.position_ms).order_by(col(PlaySession.id)))).all()
        stopped = (await session.exec(select(Watched.position_ms))).all()
    await database.close()
    return {at // MINUTE for at in positions}, {at // MINUTE for at in stopped}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # two processes are enough
async def test_killed_it_loses_the_last_moment_and_stopped_it_loses_nothing(settings: Settings, tmp_path: Path) -> None:
    """B61: in one story of one process after the other, with one database."""
    told = cheap(settings)
    films = await viewer(told)
    given: dict[str, object] = {
        "media": tmp_path, "database": settings.database_url, "port": 0, "works": "false", "tells": "false",
        "play_flush_ms": FLUSHED, "password_memory_kib": 64, "password_rounds": 1, "play_silence_seconds": 3600,
    }  # fmt: skip

    def root(process: Any) -> str:
        found = re.search(r"http://[\d.:]+", line(process, "http://"))
        assert found
        return found[0]

    with fastline("api", **given) as process:
        where = await asyncio.to_thread(root, process)
        known, names = await begun(where, films)
        await beaten(where, known, names, 1)

        async def is_written() -> bool:
            return await places(settings) == ({1}, {1})

        await eventually(is_written)
        await beaten(where, known, names, 2)
        process.kill()
        await asyncio.to_thread(process.wait)
    sessions, stopped = await places(settings)
    assert sessions == stopped
    assert sessions <= {1, 2}, "all of it together, or nothing of the last moment"
    assert len(sessions) == 1
    with fastline("api", **{**given, "play_flush_ms": 60_000}) as process:
        where = await asyncio.to_thread(root, process)
        await beaten(where, known, names, 3)
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait)
    assert await places(settings) == ({3}, {3})
