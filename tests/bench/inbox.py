"""The inbox among 100 000 accounts, with as many broadcasts as may be live, on both kinds of databases.

The application answers over loopback in this process, as in `titles`. Run by itself, or by `bench.py inbox`.
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
from figures import Figure, show
from sqlalchemy import insert, text
from sqlmodel import col, func, select, update

sys.path.append(str(Path(__file__).resolve().parent.parent))  # where the tests make a PostgreSQL

from clusters import DURABLE, cluster, installed

from control_api import schema
from control_api.app import create_app
from control_api.ids import new_id
from control_api.notices.inbox import MOST_LIVE
from control_api.notices.spreading import spread
from control_api.notices.telling import MOST
from control_api.people import accounts
from control_api.people.accounts import Wanted
from control_api.people.roles import Role
from control_api.resources.notifications import plans_of
from control_api.runner import ApiRunner
from control_api.settings import Settings
from control_api.site import SITE
from control_api.tables import Account, Broadcast, BroadcastReceipt, Mail, Notice
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from control_api.database import Database

ACCOUNTS = 100_000
READERS = 2000
"""Who have read each broadcast."""
REACH = {"how much is new": 0.02, "a page of 50": 0.05}
"""Seconds."""
MADE = 1000
"""Mails of a broadcast that are made in a second."""
_BORN = datetime(2026, 1, 1, tzinfo=UTC)
_PASSWORD = "correct horse battery"  # noqa: S105
_TIMES = 9
_PORTION = 5000
_ROUNDS = 5


def inbox(folder: Path) -> list[Figure]:
    """The figures of all databases that this machine has."""
    found = asyncio.run(_measured("SQLite", f"sqlite+aiosqlite:///{folder / 'inbox.db'}", folder))
    if installed():
        with _postgresql() as url:
            found += asyncio.run(_measured("PostgreSQL", url, folder))
    return found


@contextmanager
def _postgresql() -> Iterator[str]:
    with cluster(DURABLE) as server:
        server.create("inbox")
        yield server.url("inbox")


async def _measured(name: str, url: str, folder: Path) -> list[Figure]:
    await schema.upgrade(url)
    settings = Settings(
        media=folder, channels=folder / "channels.yaml", database=url, port=0, rate="1000000/minute",
        rate_anonymous="1000000/minute", access_log=False, tells=False, works=False,
        smtp_host="mail.example", mail_from="tv@tv.example",
    )  # fmt: skip
    app = create_app(settings)
    runner = ApiRunner(app, shutdown_timeout=5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        await _fill(app[SITE].database, await app[SITE].gate.passwords.make(_PASSWORD))
        root = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v1"
        asked = await _asked(root, dict(zip(REACH, ("/notifications:unread", "/notifications?limit=50"), strict=True)))
        rate = await _spread(app[SITE].database)
    finally:
        await runner.cleanup()
    words = f"{name}: of an inbox of {MOST} and {MOST_LIVE} broadcasts, "
    found = [
        Figure(words + what, f"{took * 1000:.1f} ms", f"<= {REACH[what] * 1000:.0f} ms", took <= REACH[what])
        for what, took in asked.items()
    ]
    made = f"{name}: mails of a broadcast to {ACCOUNTS} that are made"
    return [*found, Figure(made, f"{rate:.0f} a second", f">= {MADE}", rate >= MADE)]


async def _asked(root: str, paths: dict[str, str]) -> dict[str, float]:
    """How long each takes, the quickest of some times: the one that was disturbed least."""
    async with ClientSession() as session:
        body = {"username": "reader", "password": _PASSWORD}
        async with session.post(f"{root}/auth/login", json=body) as answer:
            token = (await answer.json())["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        taken = {}
        for what, path in paths.items():
            times = []
            for _ in range(_TIMES):
                begun = perf_counter()
                async with session.get(root + path) as answer:
                    assert answer.status == 200, await answer.text()
                    await answer.read()
                times.append(perf_counter() - begun)
            taken[what] = min(times)
        return taken


async def _spread(database: Database) -> float:
    """How many mails are made in a second; those of one round are as if they were sent."""
    seconds, mails = 0.0, 0
    for _ in range(_ROUNDS):
        begun = perf_counter()
        assert await spread(database, plans_of, "en", system_clock())
        seconds += perf_counter() - begun
        async with database.writing() as session:
            mails += (await session.exec(select(func.count()).where(Mail.state == "open"))).one()
            await session.exec(update(Mail).where(col(Mail.state) == "open").values(state="sent"))
    return mails / seconds


def _account(number: int) -> dict[str, Any]:
    name = f"reader{number}"
    return {
        "id": new_id("ac"), "username": name, "username_folded": name, "email": f"{name}@home.example",
        "email_folded": f"{name}@home.example", "email_verified": True, "role": "viewer", "version": 1,
        "created_at": _BORN,
    }  # fmt: skip


async def _fill(database: Database, password: str) -> None:
    """Accounts, what they are told, and who has read it."""
    now = system_clock()
    rows = [_account(number) for number in range(ACCOUNTS)]
    casts = [
        {
            "id": new_id("bc"), "version": 1, "kind": "service", "tone": "info", "link": "", "audience": "everybody",
            "words": {"en": {"title": f"Cast {number}", "text": "What it says."}}, "named": "",
            "from_at": now - timedelta(days=number + 1), "until_at": now + timedelta(days=30),
            "is_mailed": number == 0, "mailed_to": "", "mails": 0, "created_by": "boss", "created_at": now,
        }
        for number in range(MOST_LIVE)
    ]  # fmt: skip
    read = [
        {"broadcast_id": one["id"], "account_id": row["id"], "read_at": now}
        for one in casts[1:]
        for row in rows[:READERS]
    ]
    async with database.writing() as session:
        wanted = Wanted(username="reader", email=None, role=Role.VIEWER, password=password)
        reader = await accounts.made(session, wanted, now)
        own = [
            {
                "id": new_id("no"), "account_id": reader.id, "kind": "billing", "tone": "info",
                "title": f"Own {number}", "text": "What it says.", "link": "", "at": now - timedelta(hours=number),
            }
            for number in range(MOST)
        ]  # fmt: skip
        for table, some in ((Account, rows), (Broadcast, casts), (BroadcastReceipt, read), (Notice, own)):
            for begin in range(0, len(some), _PORTION):
                await session.exec(insert(table), params=some[begin : begin + _PORTION])
    async with database.engine.begin() as connection:
        await connection.execute(text("ANALYZE"))


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as temporary:
        show(inbox(Path(temporary)))
