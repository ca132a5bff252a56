"""Playing at size: the call before it, heartbeats, and what is to be watched on, on both kinds of databases.

The API is a process of its own, and what one core of it takes is told by the time that the process has had: so the
client, and whatever else the machine does, is not counted. Run by itself, or by `bench.py viewing`.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession
from figures import Figure
from sqlalchemy import insert

sys.path.append(str(Path(__file__).resolve().parent.parent))  # where the tests make a PostgreSQL

from clusters import DURABLE, cluster, installed

from control_api import schema
from control_api.database import Database
from control_api.ids import new_id
from control_api.instants import whole_millis
from control_api.people import tokens
from control_api.people.ring import Ring
from control_api.people.roles import Role
from control_api.settings import Settings
from control_api.tables import Account, Asset, PlaySession, Profile, Session, Title, Watched
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

VIEWERS = 2000
SERIES = 40
"""Each with ten episodes; every tenth viewer has seen something of all of them."""
SECONDS = 8
CONNECTIONS = 16
BEATS = 2000
"""Heartbeats a second on one core."""
REACH = 0.02
"""Seconds."""
DEVICE = "tv"
WARMS = 12
SETTLES = 0.2
"""Seconds after which all that an answer has left to do is done."""
_TIMES = 60


@dataclass(frozen=True)
class Crowd:
    """Those who watch: their tokens, their sessions, and what there is."""

    tokens: list[str]
    sessions: list[str]
    episodes: list[str]


@dataclass(frozen=True)
class Question:
    """What is asked of the server, and what it is called here."""

    method: str
    path: str
    what: str
    first: int
    """Of the viewers that ask: every tenth from here on, who have seen something of all series."""
    body: Callable[[Crowd, int], dict[str, Any]] = lambda *_: {}


def viewing(folder: Path) -> list[Figure]:
    """The figures of all databases that this machine has."""
    found = _measured("SQLite", f"sqlite+aiosqlite:///{folder / 'viewing.db'}", folder)
    if installed():
        with cluster(DURABLE) as server:
            server.create("viewing")
            found += _measured("PostgreSQL", server.url("viewing"), folder)
    return found


def _measured(name: str, url: str, folder: Path) -> list[Figure]:
    settings = Settings(media=folder, database=url, access_token_minutes=24 * 60)
    crowd = asyncio.run(_filled(settings))
    with _api(settings) as (process, root):
        return [
            asyncio.run(_beaten(name, root, process.pid, crowd)),
            *(figure for one in QUESTIONS for figure in asyncio.run(_asked(name, root, process.pid, crowd, one))),
        ]


@contextmanager
def _api(settings: Settings) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server of the API, and its address."""
    given: dict[str, Any] = {"media": settings.media, "database": settings.database_url, "works": "false"}
    given |= {"tells": "false", "rate": "10000000/minute", "access_log": "false", "play_silence_seconds": 3600}
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
            yield process, found[0]
        finally:
            process.terminate()


async def _beaten(name: str, root: str, pid: int, crowd: Crowd) -> Figure:
    """Every player in turn says where it is, for some seconds, over connections that stay open."""
    host, port = root.removeprefix("http://").split(":")
    count, until = 0, 0.0

    async def player(number: int, *, warm: bool) -> int:
        reader, writer = await asyncio.open_connection(host, int(port))
        done, beat = 0, 1 if warm else 2
        while perf_counter() < until or (warm and not done):
            for one in range(number, VIEWERS, CONNECTIONS):
                writer.write(_request(crowd, one, beat))
                head = await reader.readuntil(b"\r\n\r\n")
                assert b" 200 " in head[:20], head
                await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))  # type: ignore[index]
                done += 1
                if perf_counter() >= until and not warm:
                    break
            beat += 1
        writer.close()
        return done

    await asyncio.gather(*(player(number, warm=True) for number in range(CONNECTIONS)))
    await asyncio.sleep(1.5)
    before, begun = _had(pid), perf_counter()
    until = begun + SECONDS
    count = sum(await asyncio.gather(*(player(number, warm=False) for number in range(CONNECTIONS))))
    took = perf_counter() - begun
    await asyncio.sleep(1.5)  # the last of them are written
    a_core = count / (_had(pid) - before)
    how = f"{count / took:.0f}/s beside the client; {VIEWERS} players; written once a second, history too"
    return Figure(f"{name}: heartbeats a second of one core", f"{a_core:.0f}", f">= {BEATS}", a_core >= BEATS, how)


def _request(crowd: Crowd, one: int, beat: int) -> bytes:
    body = (
        f'{{"sequence":{beat},"position_ms":{beat * 10_000},"played_ms":{beat * 10_000},"quality":"v720",'
        '"bitrate":3000000,"bandwidth":9000000,"buffer_ms":20000,"stalls":0}'
    )
    return (
        f"PUT /api/v1/play-sessions/{crowd.sessions[one]} HTTP/1.1\r\nHost: tv.example\r\nAuthorization: Bearer "
        f"{crowd.tokens[one]}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def _had(pid: int) -> float:
    """Seconds of processors that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _asked(name: str, root: str, pid: int, crowd: Crowd, question: Question) -> list[Figure]:
    """The middle one of some requests, one at a time and each of another viewer, and what all of them cost.

    The server does not remember the viewer, so who asks is looked up as well. The first few, of yet others, are not
    counted: by them it makes its statements.
    """
    times: list[float] = []
    before = 0.0
    viewers = range(question.first, question.first + 10 * _TIMES, 10)
    async with ClientSession(root) as http:
        for number in (*(one + 1 for one in viewers[:WARMS]), *viewers):
            if number == viewers[0]:
                times, before = [], _had(pid)
            headers = {"Authorization": f"Bearer {crowd.tokens[number]}"}
            body = question.body(crowd, number) if question.method == "POST" else None
            begun = perf_counter()
            async with http.request(question.method, question.path, json=body, headers=headers) as answer:
                await answer.read()
                answer.raise_for_status()
            times.append(perf_counter() - begun)
        await asyncio.sleep(SETTLES)
    middle, each = sorted(times)[len(times) // 2], (_had(pid) - before) / len(times)
    how = f"one call at a time, nothing else is asked; the middle of {_TIMES} viewers, each looked up anew"
    return [
        Figure(
            f"{name}: {question.what}", f"{middle * 1000:.1f} ms", f"<= {REACH * 1000:.0f} ms", middle <= REACH, how
        ),
        Figure(
            f"{name}: {question.what}, calls a second of one core",
            f"{1 / each:.0f}",
            f">= {1 / REACH:.0f}",
            each <= REACH,
            f"{each * 1000:.1f} ms of a processor for each",
        ),
    ]


def _again(crowd: Crowd, number: int) -> dict[str, Any]:
    return {"title": crowd.episodes[number % len(crowd.episodes)], "play_session": crowd.sessions[number]}


def _anew(crowd: Crowd, number: int) -> dict[str, Any]:
    return {"title": crowd.episodes[number % len(crowd.episodes)], "session": True, "device": {"id": DEVICE}}


QUESTIONS = (
    Question("POST", "/api/v1/playback", "another address for what plays", 0, _again),
    Question("GET", "/api/v1/continue-watching", "continue watching", 10 * _TIMES),
    Question("POST", "/api/v1/playback", "the call before it plays, with its session", 20 * _TIMES, _anew),
)


async def _filled(settings: Settings) -> Crowd:
    """Accounts that are signed in, and have seen something."""
    await schema.upgrade(settings.database_url)
    database, now = Database(settings.database_url), whole_millis(system_clock())
    titles = [row async for row in _titles(now)]
    episodes = [row["id"] for row in titles if row["kind"] == "episode"]
    assets = [
        {
            "id": f"as-{one}", "title_id": one, "house": "fast", "kind": "episode", "work": one, "about": {},
            "duration_ms": 3_000_000, "poster": "", "added_at": now, "state": "packaged", "version": 1,
        }
        for one in episodes
    ]  # fmt: skip
    people = [
        Account(id=new_id("ac"), username=f"v{n}", username_folded=f"v{n}", role=Role.VIEWER, created_at=now)
        for n in range(VIEWERS)
    ]
    profiles = [
        Profile(id=new_id("pf"), account_id=one.id, name="main", is_main=True, created_at=now, updated_at=now)
        for one in people
    ]
    entered = [
        Session(
            id=new_id("ss"), account_id=one.id, kind="token", digest=new_id("dg"), turned_at=now, device="", address="",
            place="", created_at=now, proven_at=now, seen_at=now + timedelta(hours=1), seen_from="",
            idle_at=now + timedelta(days=1), expires_at=now + timedelta(days=1),
        )
        for one in people
    ]  # fmt: skip
    plays = [
        PlaySession(
            id=new_id("pl"), account_id=profile.account_id, profile_id=profile.id, started_at=now, touched_at=now,
            title_id=episodes[n % len(episodes)], duration_ms=3_000_000, name="played", device_id=DEVICE,
        )
        for n, profile in enumerate(profiles)
    ]  # fmt: skip
    seen = [
        Watched(
            id=new_id("wa"), profile_id=profile.id, title_id=one, series_id=titles[12 * n]["id"], name="seen",
            position_ms=60_000, duration_ms=3_000_000, first_at=now, watched_at=now - timedelta(minutes=n),
        )
        for profile in profiles[::10]
        for n, one in enumerate(episodes[::10])
        if one != plays[0].title_id
    ]  # fmt: skip
    async with database.writing() as session:
        connection = await session.connection()
        await connection.execute(insert(Title), titles)
        await connection.execute(insert(Asset), assets)
        for rows in (people, profiles, entered, plays, seen):
            await connection.execute(insert(type(rows[0])), [row.model_dump() for row in rows])
    signing = Ring(database, signs_for=timedelta(days=30), token_life=timedelta(days=1))
    made = [
        await tokens.make(signing, settings, tokens.Bearer(person, entry, profile.id), now)
        for person, entry, profile in zip(people, entered, profiles, strict=True)
    ]
    await database.close()
    return Crowd(made, [row.id for row in plays], episodes)


async def _titles(now: Any) -> AsyncIterator[dict[str, Any]]:
    about: dict[str, Any] = {"state": "published", "created_at": now, "updated_at": now}
    for number in range(SERIES):
        whole = new_id("ti")
        yield Title(id=whole, kind="series", name=f"S{number}", sort_name=f"s{number}", **about).model_dump()
        under = new_id("ti")
        place: dict[str, Any] = {"parent_id": whole, "number": 1, "place": 1}
        yield Title(id=under, kind="season", name="1", sort_name="1", **place, **about).model_dump()
        for episode in range(1, 11):
            place = {"parent_id": under, "number": episode, "place": episode}
            name = f"S{number} E{episode}"
            yield Title(id=new_id("ti"), kind="episode", name=name, sort_name=name, **place, **about).model_dump()


if __name__ == "__main__":
    import tempfile

    from figures import show

    with tempfile.TemporaryDirectory() as place:
        show(viewing(Path(place)))
