"""The home page and lists with flags over 20 000 titles, on both kinds of databases.

The application answers over loopback in this process, as in `titles`. The viewer has full lists and a history. Run by
itself, or by `bench.py home`.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, web
from figures import Figure
from sqlalchemy import insert, text, update
from sqlmodel import col, select

sys.path.append(str(Path(__file__).resolve().parent.parent))  # where the tests make a PostgreSQL

from clusters import DURABLE, cluster, installed
from titles import fill

from control_api import schema
from control_api.app import create_app
from control_api.ids import new_id
from control_api.people import accounts
from control_api.people.accounts import Wanted
from control_api.people.roles import Role
from control_api.rails.beginning import beginning
from control_api.recommending.building import Wish, build
from control_api.runner import ApiRunner
from control_api.settings import Settings
from control_api.site import SITE
from control_api.tables import Listed, Profile, Rail, Rated, Title, Watched
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from control_api.database import Database

TITLES = 20_000
REACH = {
    "the home page of a viewer, nothing remembered": 0.4,
    "the home page of a viewer, what is common remembered": 0.02,
    "a list of 100 with flags": 0.1,
    "a watchlist of 2000, a page of 100": 0.1,
}
"""Seconds."""
_TIMES = 7
_OWN = 2000
_BORN = datetime(2026, 1, 1, tzinfo=UTC)
_PASSWORD = "correct horse battery"  # noqa: S105
_RULES = 8


def home(folder: Path) -> list[Figure]:
    """The figures of all databases that this machine has."""
    found = asyncio.run(_measured("SQLite", f"sqlite+aiosqlite:///{folder / 'home.db'}", folder))
    if installed():
        with _postgresql() as url:
            found += asyncio.run(_measured("PostgreSQL", url, folder))
    return found


@contextmanager
def _postgresql() -> Iterator[str]:
    with cluster(DURABLE) as server:
        server.create("home")
        yield server.url("home")


async def _measured(name: str, url: str, folder: Path) -> list[Figure]:
    await schema.upgrade(url)
    await fill(url, TITLES)
    cold = await _asked(url, folder, 0, ("/home",))
    warm = await _asked(url, folder, 60_000, ("/home", "/titles?limit=100&sort=title_asc", "/watchlist?limit=100"))
    taken = dict(zip(REACH, (*cold, *warm), strict=True))
    return [
        Figure(f"{name}: {what}", f"{took * 1000:.1f} ms", f"<= {REACH[what] * 1000:.0f} ms", took <= REACH[what])
        for what, took in taken.items()
    ]


async def _asked(url: str, folder: Path, hot_ms: int, paths: tuple[str, ...]) -> list[float]:
    """How long each takes, the quickest of some times: the one that was disturbed least."""
    settings = Settings(
        media=folder, channels=folder / "channels.yaml", database=url, port=0, rate="1000000/minute",
        rate_anonymous="1000000/minute", access_log=False, tells=False, works=False, hot_ms=hot_ms,
    )  # fmt: skip
    runner = ApiRunner(create_app(settings), shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        root = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v1"
        await _lived(runner)
        async with ClientSession() as session:
            said = {"username": "ada", "password": _PASSWORD}
            async with session.post(f"{root}/auth/login", json=said) as answer:
                token = (await answer.json())["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            return [await _quickest(session, root + path, headers) for path in paths]
    finally:
        await runner.cleanup()


async def _quickest(session: ClientSession, url: str, headers: dict[str, str]) -> float:
    times = []
    for _ in range(_TIMES):
        begun = perf_counter()
        async with session.get(url, headers=headers) as answer:
            await answer.read()
            answer.raise_for_status()
        times.append(perf_counter() - begun)
    return min(times)


async def _lived(runner: ApiRunner) -> None:
    """A viewer with full lists, ratings and a history, and rails by rule beside those of the beginning; made once."""
    site = runner.app[SITE]
    database: Database = site.database
    async with database.writing() as session:
        if (await session.exec(select(Rail.id).limit(1))).first() is not None:
            return
        password = await site.gate.passwords.make(_PASSWORD)
        await accounts.made(session, Wanted(username="ada", email=None, role=Role.VIEWER, password=password), _BORN)
        profile = (await session.exec(select(Profile.id))).one()
        ids = list((await session.exec(select(Title.id).order_by(col(Title.id)).limit(_OWN))).all())
        session.add_all([*beginning(), *(_ruled(number) for number in range(_RULES))])
        connection = await session.connection()
        await connection.execute(update(Title).where(col(Title.id).in_(ids[::20])).values(featured=True, views=5))
        at = [_BORN + timedelta(minutes=number) for number in range(_OWN)]
        for name in ("watchlist", "favorites"):
            rows: list[dict[str, Any]] = [
                {"profile_id": profile, "list": name, "title_id": one, "added_at": when}
                for one, when in zip(ids, at, strict=True)
            ]
            await connection.execute(insert(Listed), rows)
        rated = [
            {"profile_id": profile, "title_id": one, "score": 1 + number % 10, "rated_at": at[number]}
            for number, one in enumerate(ids)
        ]
        await connection.execute(insert(Rated), rated)
        watched = [
            Watched(
                id=new_id("wa"), profile_id=profile, title_id=one, position_ms=1000 * number, duration_ms=5_400_000,
                first_at=at[number], watched_at=at[number],
            ).model_dump()
            for number, one in enumerate(ids)
        ]  # fmt: skip
        await connection.execute(insert(Watched), watched)
    await build(database, Wish(), system_clock())
    async with database.writing() as session:
        await (await session.connection()).execute(text("ANALYZE"))


def _ruled(number: int) -> Rail:
    rule = {"genre": ["Noir"], "year_from": 1930 + number, "sort": ("rating_desc", "newest", "views_desc")[number % 3]}
    return Rail(
        id=new_id("rl"), name=f"Rule {number}", kind="rule", rule=rule, place=1000 + number, created_at=_BORN,
        updated_at=_BORN,
    )  # fmt: skip


if __name__ == "__main__":
    import tempfile

    from figures import show

    with tempfile.TemporaryDirectory() as place:
        show(home(Path(place)))
