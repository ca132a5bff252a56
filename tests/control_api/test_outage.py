"""When the database does not answer: 503 with when to come back, and work goes on when it does (row BX16)."""

from __future__ import annotations

import logging
import sqlite3
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import clusters
import pytest
from clients import running
from hypothesis import given
from hypothesis import strategies as st
from persons import Times
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from control_api import schema
from control_api.app import create_app
from control_api.commands import serve
from control_api.database import Database
from control_api.key_creation import create_key
from control_api.runner import ApiRunner
from control_api.scopes import Scope
from control_api.seldom import SPAN, Seldom
from control_api.settings import Settings
from control_api.site import SITE
from control_api.unserved import Unserved
from playout.clock import system_clock

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = "/api/v1/events"
GIVEN = {"name": "x", "scopes": ["events:read"]}


async def test_while_postgresql_is_stopped_requests_are_told_to_come_back(
    postgresql: clusters.Cluster, tmp_path: Path
) -> None:
    assert postgresql.port  # the tests' own server goes on: this one is for stopping
    with clusters.cluster() as cluster:
        cluster.create("station")
        clusters.migrated(cluster.url("station"))
        settings = Settings(
            media=tmp_path, database=cluster.url("station"), database_patience_ms=1000, access_log=False
        )
        key = await create_key(settings, "k", list(Scope), None, system_clock)
        async with running(settings) as found:
            client = found.known_by(key)
            await client.get(EVENTS)
            cluster.stop()
            down = await client.get(EVENTS, 503)
            assert down.headers["Retry-After"] == "5"
            assert down.json["type"] == "/problems/unavailable"
            await client.post("/api/v1/api-keys", GIVEN, 503, headers={"Idempotency-Key": "k"})
            await client.get("/healthz")
            await client.get("/readyz", 503)
            await client.get("/openapi.json")
            cluster.start()
            await client.get(EVENTS)
            await client.get("/readyz")
            await client.post("/api/v1/api-keys", GIVEN, headers={"Idempotency-Key": "k"})


async def test_while_another_program_holds_sqlite_reads_go_on_and_writes_are_told_to_come_back(tmp_path: Path) -> None:
    settings = Settings(media=tmp_path, database_patience_ms=100, access_log=False, works=False, tells=False)
    key = await create_key(settings, "k", list(Scope), None, system_clock)
    async with running(settings) as found:
        client = found.known_by(key)
        await client.get(EVENTS)
        with sqlite3.connect(tmp_path / "fastline.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            await client.get(EVENTS)
            await client.post("/api/v1/api-keys", GIVEN, 503)
            other.execute("ROLLBACK")
        other.close()
        await client.post("/api/v1/api-keys", GIVEN)


async def test_a_process_is_not_ready_for_an_older_schema(settings: Settings) -> None:
    async with running(settings) as client:
        await client.get("/readyz")
        await schema.downgrade(settings.database_url, schema.NOTHING)
        found = await client.get("/readyz", 503)
        assert found.json["detail"] == f"the database is at revision none, and this version needs {schema.head()}"


async def test_to_start_without_a_database_says_which_and_hides_its_password() -> None:
    settings = Settings(database="postgresql://me:swordfish@127.0.0.1:1/none", database_patience_ms=1000)
    with pytest.raises(Unserved, match=r"the database .*127\.0\.0\.1:1/none does not answer") as failure:
        await serve(settings, print, print)
    assert "swordfish" not in str(failure.value)
    with pytest.raises(Unserved):
        await create_key(settings, "k", [Scope.EVENTS_READ], None, system_clock)


async def test_a_pool_that_is_used_up_is_an_outage_and_no_queue_without_an_end(database_url: str) -> None:
    tight = Settings(
        database=database_url, database_connections=1, database_patience_ms=200, access_log=False,
        tells=False, works=False,  # what is done aside would want the one connection
    )  # fmt: skip
    key = await create_key(tight, "k", list(Scope), None, system_clock)
    async with running(tight) as found:
        site = next(value for value in found.app.values() if isinstance(getattr(value, "database", None), Database))
        async with site.database.engine.connect():
            await found.known_by(key).get(EVENTS, 503)
        await found.known_by(key).get(EVENTS)


async def test_what_fails_to_begin_leaves_nothing_open(settings: Settings, database: Database) -> None:
    """Whoever tries again every few seconds would have ever more connections and threads."""
    mine = settings.model_copy(update={"queue": "embedded" if database.is_sqlite else "procrastinate"})
    await renamed(database, "secret", "elsewhere")
    app = create_app(mine)
    site = app[SITE]
    runner = ApiRunner(app)
    with pytest.raises(DBAPIError):
        await runner.setup()
    await runner.cleanup()
    assert "Connections in pool: 0" in site.database.engine.pool.status()
    for ask in (site.receiver.free(), site.gate.passwords.make("a password"), site.master.pool.run(lambda: None)):
        with pytest.raises(RuntimeError, match="after shutdown"):
            await ask
    await renamed(database, "elsewhere", "secret")
    async with running(mine) as client:
        await client.get("/readyz")


async def renamed(database: Database, table: str, name: str) -> None:
    async with database.writing() as session:
        await session.exec(text(f"ALTER TABLE {table} RENAME TO {name}"))  # type: ignore[call-overload]


async def test_an_outage_is_said_once_and_then_once_a_minute_with_a_count(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    times = Times(datetime(2027, 3, 1, tzinfo=UTC))
    settings = Settings(media=tmp_path, database_patience_ms=100, rate="9999/second", tells=False, works=False)
    key = await create_key(settings, "k", list(Scope), None, times)
    async with running(settings, clock=times) as found:
        client = found.known_by(key)

        async def refused(count: int) -> list[str]:
            caplog.clear()
            for _ in range(count):
                await client.post("/api/v1/api-keys", GIVEN, 503)
            return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]

        with sqlite3.connect(tmp_path / "fastline.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            assert await refused(5) == ["the database does not answer: database is locked"]
            times.now += timedelta(seconds=59)
            assert await refused(2) == []
            times.now += timedelta(seconds=1)
            assert await refused(3) == [
                "the database does not answer (7 requests since this was last said): database is locked"
            ]
            other.execute("ROLLBACK")
        other.close()
        await client.post("/api/v1/api-keys", GIVEN)


@given(st.lists(st.integers(0, 90), max_size=40))
def test_nothing_is_left_out_of_the_counts(gaps: list[int]) -> None:
    seldom, now, said = Seldom(), datetime(2027, 3, 1, tzinfo=UTC), list[tuple[datetime, int]]()
    for seconds in gaps:
        now += timedelta(seconds=seconds)
        if count := seldom.count(now):
            said.append((now, count))
    assert all(after - before >= SPAN for (before, _), (after, _) in pairwise(said))
    if gaps:
        assert said[0][1] == 1
        last = now + SPAN
        assert sum(count for _, count in said) + seldom.count(last) == len(gaps) + 1
