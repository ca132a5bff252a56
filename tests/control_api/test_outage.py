"""When the database does not answer: 503 with when to come back, and work goes on when it does (row BX16)."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import clusters
import pytest
from clients import running

from control_api import schema
from control_api.commands import Unserved, create_key, serve
from control_api.database import Database
from control_api.scopes import Scope
from control_api.settings import Settings
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
    settings = Settings(media=tmp_path, database_patience_ms=100, access_log=False)
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
    tight = Settings(database=database_url, database_connections=1, database_patience_ms=200, access_log=False)
    key = await create_key(tight, "k", list(Scope), None, system_clock)
    async with running(tight) as found:
        site = next(value for value in found.app.values() if isinstance(getattr(value, "database", None), Database))
        async with site.database.engine.connect():
            await found.known_by(key).get(EVENTS, 503)
        await found.known_by(key).get(EVENTS)
