"""A kids profile among 50 000 titles: the same lists and searches as for everybody, with what is kept from it.

Run by itself, or by `bench.py profiles`.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import titles as library
from aiohttp import ClientSession, web
from clusters import installed
from figures import Figure
from sqlalchemy import text, update
from sqlmodel import col, select

from control_api import schema
from control_api.app import create_app
from control_api.people import accounts
from control_api.people.accounts import Wanted
from control_api.people.roles import Role
from control_api.runner import ApiRunner
from control_api.settings import Settings
from control_api.site import SITE
from control_api.tables import Genre, Profile, Title
from playout.clock import system_clock

if TYPE_CHECKING:
    from pathlib import Path

_PASSWORD = "correct horse battery"  # noqa: S105
_CEILING = 7
LISTS = {
    "newest": "titles?limit=50",
    "by name": "titles?limit=50&sort=title_asc",
    "by rating, a genre that is not allowed": "titles?limit=50&sort=rating_desc&genre=horror",
    "counted genres": "genres",
    "a page with a number": "content?page=3",
}


def profiles(folder: Path) -> list[Figure]:
    """The figures of all databases that this machine has."""
    found = asyncio.run(_measured("SQLite", f"sqlite+aiosqlite:///{folder / 'profiles.db'}", folder))
    if installed():
        with library.postgresql() as url:
            found += asyncio.run(_measured("PostgreSQL", url, folder))
    return found


async def _measured(name: str, url: str, folder: Path) -> list[Figure]:
    settings = Settings(
        media=folder, database=url, port=0, rate="1000000/minute", access_log=False, tells=False, works=False
    )
    await schema.upgrade(url)
    await library.fill(url, library.TITLES)
    app = create_app(settings)
    runner = ApiRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        root = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v1"
        async with ClientSession() as session:
            token = await _token(app, session, root)
        async with ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
            lists = {case: f"{root}/{query}" for case, query in LISTS.items()}
            searches = {typed: f"{root}/search?q={typed}" for typed in library.SEARCHED}
            found = [
                await library.figure(name, "lists of a kids profile", session, lists),
                await library.figure(name, "searches of a kids profile", session, searches),
            ]
            return [replace(one, how=f"a ceiling of {_CEILING} years, two genres of eight; {one.how}") for one in found]
    finally:
        await runner.cleanup()


async def _token(app: web.Application, session: ClientSession, root: str) -> str:
    """Of an account whose main profile is limited; two titles of five are for its age."""
    site = app[SITE]
    password = await site.gate.passwords.make(_PASSWORD)
    async with site.database.writing() as writing:
        wanted = Wanted(username="kid", email=None, role=Role.VIEWER, password=password)
        row = await accounts.made(writing, wanted, system_clock())
        genres = (await writing.exec(select(Genre.id).order_by(col(Genre.folded)).limit(2))).all()
        limited = update(Profile).where(col(Profile.account_id) == row.id)
        await writing.exec(limited.values(ceiling=_CEILING, genres_allowed=list(genres)))
        await writing.exec(update(Title).values(age=(col(Title.score) % 20) - 1))
        await (await writing.connection()).execute(text("ANALYZE"))
    async with session.post(f"{root}/auth/login", json={"username": "kid", "password": _PASSWORD}) as answer:
        answer.raise_for_status()
        return str((await answer.json())["access_token"])


if __name__ == "__main__":
    import tempfile
    from pathlib import Path as Folder

    from figures import show

    with tempfile.TemporaryDirectory() as place:
        show(profiles(Folder(place)))
