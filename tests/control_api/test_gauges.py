"""The gauges of the station at /metrics: what is in the database and on the disk when somebody asks."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from clients import running
from prometheus_client.parser import text_string_to_metric_families

from control_api.ids import new_id
from control_api.instants import whole_millis
from control_api.tables import Delivery, Job, Webhook
from playout.clock import system_clock

if TYPE_CHECKING:
    from clients import Client

    from control_api.database import Database
    from control_api.settings import Settings


async def gauges(client: Client) -> dict[str, float]:
    """The samples by name, and by state where they have one."""
    text = (await client.get("/metrics")).body.decode()
    families = text_string_to_metric_families(text)
    return {
        f"{one.name}.{one.labels['state']}" if "state" in one.labels else one.name: one.value
        for family in families
        for one in family.samples
    }


async def test_the_station_is_gauged_when_it_is_scraped(settings: Settings, key: str, database: Database) -> None:
    now = whole_millis(system_clock())

    def job(state: str, age: int) -> Job:
        at = now - timedelta(seconds=age)
        known: dict[str, Any] = {"kind": "package", "given": {}, "owner": "", "subject": "", "attempts_most": 1}
        return Job(id=new_id("jb"), state=state, created_at=at, due_at=at, **known)

    def hook(name: str, *, off: bool) -> Webhook:
        return Webhook(
            id=name,
            url="https://a.example/",
            description="",
            types=[],
            created_at=now,
            disabled_at=now if off else None,
        )

    def delivery(state: str) -> Delivery:
        known: dict[str, Any] = {"webhook": "wh_1", "event": "ev_1", "type": "asset.ready", "log": []}
        return Delivery(id=new_id("dl"), state=state, due_at=now, created_at=now, **known)

    async with running(settings, clock=lambda: now) as nobody:
        client = nobody.known_by(key)
        before = await gauges(client)
        states = ("queued", "waiting", "running", "paused", "failed")
        assert [before[f"fastline_jobs.{state}"] for state in states] == [0] * 5
        assert before["fastline_jobs_oldest_due_seconds"] == before["fastline_jobs_oldest_waiting_seconds"] == 0
        async with database.writing() as session:
            session.add_all(job(*one) for one in (("queued", 5), ("queued", 90), ("waiting", 7), ("succeeded", 999)))
            session.add_all([hook("wh_1", off=False), hook("wh_2", off=True)])
            await session.flush()
            session.add_all([delivery("open"), delivery("open"), delivery("failed")])
        found = await gauges(client)
        assert [found[f"fastline_jobs.{state}"] for state in states] == [2, 1, 0, 0, 0]
        assert "fastline_jobs.succeeded" not in found
        assert found["fastline_jobs_oldest_due_seconds"] == 90
        assert found["fastline_jobs_oldest_waiting_seconds"] == 7
        assert (found["fastline_deliveries_open"], found["fastline_webhooks_disabled"]) == (2, 1)
        disk = shutil.disk_usage(settings.media)
        assert 0 < found["fastline_store_free_bytes"] <= disk.total
