"""What managing a station costs: signing in, being known by a key, and a job from its submission to its end."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from aiohttp import ClientSession
from figures import Figure, await_answer, free_port, middle_of

from control_api.database import Database
from control_api.people.passwords import Passwords
from control_api.schema import upgrade
from control_api.settings import Settings

sys.path.append(str(Path(__file__).resolve().parent.parent))  # where the tests make a PostgreSQL
sys.path.append(str(Path(__file__).resolve().parent.parent / "control_api"))  # and jobs

import clusters
from labour import Shop, give, quick, until, working

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from control_api.jobs import JobState

PASSWORD: Final = "correct horse battery staple"  # noqa: S105 — of nobody
FREE: Final = {
    "FASTLINE_RATE": "1000000/minute",
    "FASTLINE_RATE_ANONYMOUS": "1000000/minute",
    "FASTLINE_ACCESS_LOG": "no",
}
JOBS: Final = 200
SECONDS: Final = 4


def managing(folder: Path) -> list[Figure]:
    """Measure on SQLite, and on PostgreSQL where it is installed."""
    figures = _measured(folder / "sqlite", f"sqlite:///{folder / 'sqlite' / 'fastline.db'}", "SQLite")
    if clusters.installed():
        with clusters.cluster(clusters.DURABLE) as cluster:
            cluster.create("bench")
            figures += _measured(folder / "postgresql", cluster.url("bench"), "PostgreSQL")
    return figures


def _measured(folder: Path, url: str, name: str) -> list[Figure]:
    folder.mkdir()
    with _served(folder, url) as (root, key):
        listing, signing = asyncio.run(_asked(root, key))
    hashing = middle_of(5, lambda: asyncio.run(_hashed()))
    turn, rate = asyncio.run(_worked(folder, url))
    return [
        Figure("a list, by an API key", f"{listing:.1f} ms", "≤ 10 ms", listing <= 10, f"{name}; one after the other"),
        Figure(
            "signing in",
            f"{signing:.1f}/s",
            "≥ half of what hashing allows",
            signing >= 0.5 / hashing,
            f"{name}; 4 at once; one argon2id takes {hashing * 1000:.0f} ms",
        ),
        Figure(
            "a job, from its submission to its end",
            f"{turn:.0f} ms",
            "≤ 100 ms",
            turn <= 100,
            f"{name}; an idle worker",
        ),
        Figure("jobs", f"{rate:.0f}/s", "≥ 20/s", rate >= 20, f"{name}; {JOBS} that do nothing, one worker"),
    ]


@contextmanager
def _served(folder: Path, url: str) -> Iterator[tuple[str, str]]:
    """A process of the API, and a key that may do everything."""
    port = free_port()
    environment = {
        **os.environ,
        **FREE,
        "FASTLINE_MEDIA": str(folder),
        "FASTLINE_DATABASE": url,
        "FASTLINE_ACCESS_LOG": "no",
    }
    fastline = [sys.executable, "-m", "fastline"]
    made = subprocess.run(
        [*fastline, "api-key", "create", "--scope", "all", "--new"],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    process = subprocess.Popen([*fastline, "api", "--port", str(port)], env=environment, stdout=subprocess.DEVNULL)
    try:
        await_answer(f"http://127.0.0.1:{port}/healthz", process)
        yield f"http://127.0.0.1:{port}", made.stdout.strip()
    finally:
        process.terminate()
        process.wait(20)


async def _hashed() -> None:
    """One hash, as every sign-in verifies one."""
    found = Passwords(Settings())
    await found.make(PASSWORD)
    found.close()


async def _asked(root: str, key: str) -> tuple[float, float]:
    """Milliseconds of a list, and sign-ins in a second."""
    async with ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
        person = {"username": "bench", "password": PASSWORD, "role": "viewer"}
        async with session.post(f"{root}/api/v1/accounts", json=person) as answer:
            answer.raise_for_status()

        async def listed() -> None:
            async with session.get(f"{root}/api/v1/api-keys") as answer:
                answer.raise_for_status()
                await answer.read()

        listings = await _rate(listed, 1)
    async with ClientSession() as nobody:

        async def signed_in() -> None:
            body = {"username": "bench", "password": PASSWORD}
            async with nobody.post(f"{root}/api/v1/auth/login", json=body) as answer:
                answer.raise_for_status()
                await answer.read()

        return 1000 / listings, await _rate(signed_in, 4)


async def _rate(ask: Callable[[], Awaitable[None]], at_once: int) -> float:
    """How often in a second something is asked by so many who ask again and again."""
    await ask()
    begun, done = perf_counter(), 0

    async def asking() -> AsyncIterator[None]:
        while perf_counter() - begun < SECONDS:
            await ask()
            yield

    async def one() -> int:
        return len([None async for _ in asking()])

    done = sum(await asyncio.gather(*(one() for _ in range(at_once))))
    return done / (perf_counter() - begun)


async def _worked(folder: Path, url: str) -> tuple[float, float]:
    """Milliseconds of one job, and jobs in a second."""
    settings = quick(Settings(media=folder, database=url), job_poll_ms=1000)
    await upgrade(settings.database_url)
    database = Database(settings.database_url)
    kind: Any = Shop().kind()
    ended: tuple[JobState, ...] = ("succeeded", "failed")  # type: ignore[assignment] # as the table has them
    async with working(database, settings, kind):
        begun = perf_counter()
        for _ in range(20):
            await until(database, await give(database, kind, "one"), *ended)
        turn = (perf_counter() - begun) / 20
        begun = perf_counter()
        names = [await give(database, kind, "many") for _ in range(JOBS)]
        for name in names:
            await until(database, name, *ended)
        rate = JOBS / (perf_counter() - begun)
    await database.close()
    return turn * 1000, rate
