"""The library for people at size: lists, searches and suggestions over 50 000 titles, on both kinds of databases.

The application answers over loopback in this process, so what is measured is a whole request: authority, queries,
models, JSON. Run by itself, or by `bench.py titles`.
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
from sqlalchemy import insert, text

sys.path.append(str(Path(__file__).resolve().parent.parent))  # where the tests make a PostgreSQL

from clusters import DURABLE, cluster, installed

from control_api import schema
from control_api.app import create_app
from control_api.database import Database
from control_api.ids import new_id
from control_api.key_creation import create_key
from control_api.library import search
from control_api.library.folding import same, sort_name
from control_api.runner import ApiRunner
from control_api.scopes import Scope
from control_api.settings import Settings
from control_api.tables import Genre, Tag, Title, TitleGenre, TitleTag
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import Iterator

TITLES = 50_000
REACH = 0.025
"""Seconds: half of what people are promised."""
_PORTION = 5000
_TIMES = 9
_BORN = datetime(2026, 1, 1, tzinfo=UTC)
_WORDS = (
    *("night", "day", "man", "woman", "house", "river", "last", "first", "shadow", "light", "city", "road", "war"),
    *("love", "ghost", "summer", "winter", "king", "queen", "dragon", "secret", "golden", "silver", "black", "white"),
    *("red", "return", "legend", "story", "island", "mountain", "sea", "storm", "fire", "ice", "heart", "blood"),
    *("moon", "star", "sun", "dream", "time", "world", "life", "death", "dark", "lost", "hidden", "broken", "silent"),
    *("forever", "crystal", "empire", "rising", "falling", "beyond", "under", "over", "alpha", "omega", "paper"),
    *("glass", "stone", "iron", "velvet", "amber", "scarlet", "blue"),
)
_GENRES = ("Drama", "Comedy", "Noir", "War", "Western", "Horror", "Musical", "Documentary")
LISTS = {
    "newest": "limit=50",
    "by name": "limit=50&sort=title_asc",
    "by rating, one genre": "limit=50&sort=rating_desc&genre=noir",
    "by year, a tag, some years": "limit=50&sort=year_asc&tag=tag7&year_from=1960&year_to=1990",
    "with two words": "limit=50&q=crystal+ki",
}
TYPED = ("a", "ni", "golden le", "shadw", "cristal kng", "empir velvt")
SEARCHED = ("night", "crystal king", "empir velvt")


def titles(folder: Path) -> list[Figure]:
    """The figures of all databases that this machine has."""
    found = asyncio.run(_measured("SQLite", f"sqlite+aiosqlite:///{folder / 'titles.db'}", folder))
    if installed():
        with postgresql() as url:
            found += asyncio.run(_measured("PostgreSQL", url, folder))
    return found


@contextmanager
def postgresql() -> Iterator[str]:
    """A durable one of our own."""
    with cluster(DURABLE) as server:
        server.create("titles")
        yield server.url("titles")


async def _measured(name: str, url: str, folder: Path) -> list[Figure]:
    settings = Settings(
        media=folder, database=url, port=0, rate="1000000/minute", access_log=False, tells=False, works=False
    )
    await schema.upgrade(url)
    await fill(url, TITLES)
    key = await create_key(settings, "bench", list(Scope), None, system_clock)
    runner = ApiRunner(create_app(settings), shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        root = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
            return [
                await figure(
                    name, "lists of titles", session, {k: f"{root}/api/v1/titles?{q}" for k, q in LISTS.items()}
                ),
                await figure(name, "a deep page", session, {"deep": await _deep(session, root)}),
                await figure(name, "suggestions", session, {q: f"{root}/api/v1/suggestions?q={q}" for q in TYPED}),
                await figure(name, "searches", session, {q: f"{root}/api/v1/search?q={q}" for q in SEARCHED}),
            ]
    finally:
        await runner.cleanup()


async def figure(name: str, what: str, session: ClientSession, urls: dict[str, str]) -> Figure:
    """The slowest of these, each the quickest of some times: the one that was disturbed least."""
    taken = {}
    for case, url in urls.items():
        times = []
        for _ in range(_TIMES):
            begun = perf_counter()
            async with session.get(url) as answer:
                await answer.read()
                answer.raise_for_status()
            times.append(perf_counter() - begun)
        taken[case] = min(times)
    slowest = max(taken, key=lambda case: taken[case])
    return Figure(
        f"{name}: {what} among {TITLES}",
        f"{taken[slowest] * 1000:.1f} ms",
        f"<= {REACH * 1000:.0f} ms",
        taken[slowest] <= REACH,
        f"the slowest of {len(urls)}: {slowest}",
    )


async def _deep(session: ClientSession, root: str) -> str:
    """The address of a page in the middle of the list by name."""
    async with session.get(f"{root}/api/v1/titles?limit=100&sort=title_asc") as answer:
        page: dict[str, Any] = await answer.json()
    for _ in range(40):
        async with session.get(f"{root}{page['next']}") as answer:
            page = await answer.json()
    return f"{root}{page['next']}"


async def fill(url: str, count: int) -> None:
    """Write so many titles, with genres, tags and an index, as nobody would write them by hand."""
    database = Database(url)
    genres = [{"id": new_id("ge"), "version": 1, "name": g, "folded": same(g), "created_at": _BORN} for g in _GENRES]
    tags = [
        {"id": new_id("tg"), "version": 1, "name": f"tag{n}", "folded": f"tag{n}", "created_at": _BORN}
        for n in range(50)
    ]
    async with database.writing() as session:
        connection = await session.connection()
        await connection.execute(insert(Genre), genres)
        await connection.execute(insert(Tag), tags)
    for start in range(0, count, _PORTION):
        rows = [_title(number) for number in range(start, min(start + _PORTION, count))]
        async with database.writing() as session:
            connection = await session.connection()
            await connection.execute(insert(Title), rows)
            ids = [row["id"] for row in rows]
            held = [
                {"title_id": one, "genre_id": genres[(start + n) % len(genres)]["id"], "position": 0}
                for n, one in enumerate(ids)
            ]
            await connection.execute(insert(TitleGenre), held)
            tagged = [
                {"title_id": one, "tag_id": tags[(start + n + k) % len(tags)]["id"]}
                for n, one in enumerate(ids)
                for k in (0, 7)
            ]
            await connection.execute(insert(TitleTag), tagged)
            entries = [search.Entry(row["id"], row["name"], row["description"]) for row in rows]
            await search.enter(session, entries)
    if not database.is_sqlite:  # whose own works do so after a while; SQLite counts nothing that it is not asked to
        async with database.writing() as session:
            await (await session.connection()).execute(text("ANALYZE"))
    await database.close()


def _title(number: int) -> dict[str, Any]:
    name = " ".join(_WORDS[(number * step) % len(_WORDS)].capitalize() for step in (7, 11, 13)[: 2 + number % 2])
    name += f" {number}" if number % 3 else ""
    row = Title(
        id=new_id("ti"), kind="movie", state="published", name=name, sort_name=sort_name(name),
        description=" ".join(_WORDS[(number * 3 + k * 17) % len(_WORDS)] for k in range(30)), language="en",
        released=str(1930 + number % 90), year=1930 + number % 90, score=number * 37 % 1001,
        created_at=_BORN + timedelta(seconds=number), updated_at=_BORN,
    )  # fmt: skip
    return row.model_dump()


if __name__ == "__main__":
    import tempfile

    from figures import show

    with tempfile.TemporaryDirectory() as place:
        show(titles(Path(place)))
