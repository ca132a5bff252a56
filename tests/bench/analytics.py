"""Figures at size: counting 100 000 sessions, and the answers afterwards, on both kinds of databases.

The application answers over loopback in this process, and remembers nothing, so what is measured is a whole request.
Run by `bench.py analytics`.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from aiohttp import ClientSession, web
from figures import Figure
from sqlalchemy import insert, text

sys.path.append(str(Path(__file__).resolve().parent.parent))  # where the tests make a PostgreSQL

from clusters import DURABLE, cluster, installed

from control_api import schema
from control_api.analytics.rolling import Roller
from control_api.app import create_app
from control_api.database import Database
from control_api.ids import new_id
from control_api.instants import whole_millis
from control_api.key_creation import create_key
from control_api.runner import ApiRunner
from control_api.scopes import Scope
from control_api.settings import Settings
from control_api.site import SITE
from control_api.tables import PlaySession, Title
from playout.clock import system_clock

SESSIONS = 100_000
TITLES = 5000
DAYS = 30
RATE = 1000
"""Sessions that are counted in a second, at least: forty thousand that play are counted in less than a minute."""
REACH = 0.05
"""Seconds."""
LONGEST = 0.25
"""Seconds for which others may have to wait to write."""
_PORTION = 5000
_TIMES = 9
_BORN = datetime(2026, 1, 1, tzinfo=UTC)
_DEVICES = ("tv", "phone", "tablet", "desktop")


def analytics(folder: Path) -> list[Figure]:
    """The figures of all databases that this machine has."""
    found = asyncio.run(_measured("SQLite", f"sqlite+aiosqlite:///{folder / 'analytics.db'}", folder))
    if installed():
        with cluster(DURABLE) as server:
            server.create("analytics")
            found += asyncio.run(_measured("PostgreSQL", server.url("analytics"), folder))
    return found


async def _measured(name: str, url: str, folder: Path) -> list[Figure]:
    settings = Settings(
        media=folder, database=url, port=0, rate="1000000/minute", access_log=False, tells=False, works=False,
        figures_cache_seconds=0,
    )  # fmt: skip
    await schema.upgrade(url)
    titles = await _filled(url)
    key = await create_key(settings, "bench", list(Scope), None, system_clock)
    app = create_app(settings)
    runner = ApiRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        counted = await _counted(name, app)
        root = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
            told = f"{root}/api/v1/analytics"
            return [
                *counted,
                await _answered(name, "the overview", session, f"{told}/overview"),
                await _answered(name, "a title", session, f"{told}/titles/{titles[0]}"),
                await _answered(name, "the top 200", session, f"{told}/top?limit=200"),
                await _answered(name, "the hours of the week", session, f"{told}/hours"),
            ]
    finally:
        await runner.cleanup()


async def _counted(name: str, app: web.Application) -> list[Figure]:
    """How fast sessions are counted, and how long others wait meanwhile who want to write."""
    site = app[SITE]
    roller = Roller(site.settings, site.database, site.master.station, site.clock)
    over = asyncio.Event()

    async def others() -> float:
        worst = 0.0
        while not over.is_set():
            begun = perf_counter()
            async with site.database.writing() as session:
                await session.execute(text("UPDATE title SET votes = votes WHERE id = ''"))
            worst = max(worst, perf_counter() - begun)
            await asyncio.sleep(0.01)
        return worst

    waiting = asyncio.get_running_loop().create_task(others())
    begun, worked = perf_counter(), process_time()
    done = await roller.once()
    taken, busy = perf_counter() - begun, process_time() - worked
    over.set()
    worst = await waiting
    if done != SESSIONS:
        message = f"{done} sessions were counted, and there are {SESSIONS}"
        raise SystemExit(message)
    begun = perf_counter()
    again = await roller.once()
    idle = perf_counter() - begun
    if again:
        message = f"{again} sessions were counted twice"
        raise SystemExit(message)
    return [
        Figure(
            f"{name}: counting {SESSIONS} sessions",
            f"{done / busy:.0f} a second",
            f">= {RATE} a second",
            done / busy >= RATE,
            f"of the time of one core; {taken:.1f} s went by",
        ),
        Figure(
            f"{name}: another one writes meanwhile",
            f"{worst * 1000:.0f} ms at worst",
            f"<= {LONGEST * 1000:.0f} ms",
            worst <= LONGEST,
            "a transaction each 10 ms in the same process",
        ),
        Figure(
            f"{name}: counting when nothing is new",
            f"{idle * 1000:.0f} ms",
            "<= 1000 ms",
            idle <= 1,
            f"{SESSIONS} sessions that are counted",
        ),
    ]


async def _answered(name: str, what: str, session: ClientSession, url: str) -> Figure:
    """The quickest of some times: the one that was disturbed least."""
    times = []
    for _ in range(_TIMES):
        begun = perf_counter()
        async with session.get(url) as answer:
            await answer.read()
            answer.raise_for_status()
        times.append(perf_counter() - begun)
    taken = min(times)
    return Figure(
        f"{name}: {what}, after {SESSIONS} sessions", f"{taken * 1000:.1f} ms", f"<= {REACH * 1000:.0f} ms",
        taken <= REACH, f"{DAYS} days, {TITLES} titles",
    )  # fmt: skip


async def _filled(url: str) -> list[str]:
    """Write titles, and sessions of the last days that nobody has counted; the ids of the titles."""
    now = whole_millis(system_clock())
    database = Database(url)
    titles = [_title(number, now) for number in range(TITLES)]
    ids = [title["id"] for title in titles]
    async with database.writing() as session:
        connection = await session.connection()
        await connection.execute(insert(Title), titles)
    for start in range(0, SESSIONS, _PORTION):
        rows = [_session(number, ids, now) for number in range(start, start + _PORTION)]
        async with database.writing() as session:
            await (await session.connection()).execute(insert(PlaySession), rows)
    async with database.writing() as session:
        await (await session.connection()).execute(text("ANALYZE"))
    await database.close()
    return ids


def _title(number: int, now: datetime) -> dict[str, Any]:
    name = f"Film {number}"
    return {**_row(Title), "id": new_id("ti"), "name": name, "sort_name": name, "created_at": now, "updated_at": now}


@cache
def _row(table: type[Title | PlaySession]) -> dict[str, Any]:
    """What is the same in all rows: models are made once, for that takes longer than to write them."""
    if table is Title:
        return Title(
            id="", kind="movie", name="", sort_name="", state="published", created_at=_BORN, updated_at=_BORN
        ).model_dump()
    return PlaySession(
        id="", key_id="ak_bench", name="A film", ended_by="player", duration_ms=5_400_000, bitrate=4_000_000,
        started_at=_BORN, touched_at=_BORN,
    ).model_dump()  # fmt: skip


def _session(number: int, titles: list[str], now: datetime) -> dict[str, Any]:
    """Few titles are played often, and many seldom."""
    began = now - timedelta(days=number * 7919 % DAYS, seconds=number * 104_729 % 80_000 + 4000)
    watched = number * 31 % 3600 * 1000
    until = began + timedelta(milliseconds=watched)
    rank = (number * 48_271 % 65_537) / 65_537
    return {
        **_row(PlaySession),
        "id": new_id("pl"),
        "device_id": f"device-{number % 20_000}",
        "title_id": titles[int(len(titles) * rank**3)],
        "device_kind": _DEVICES[number % len(_DEVICES)],
        "quality": f"v{(720, 1080)[number % 2]}",
        "started_at": began,
        "touched_at": until,
        "ended_at": until,
        "position_ms": watched,
        "watched_ms": watched,
        "beats": watched // 10_000,
        "startup_ms": 400 + number % 2000,
    }
