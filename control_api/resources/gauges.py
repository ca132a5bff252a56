"""Gauges of the whole station, asked of the database when they are scraped: what an operator is to be called for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlmodel import col, func, select

from control_api.jobs.states import JobState
from control_api.tables import Delivery, Job, PlaySession, Webhook
from control_api.webhooks.deliveries import OPEN

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

_UNENDED: Final = (JobState.QUEUED, JobState.WAITING, JobState.RUNNING, JobState.PAUSED)


async def gauged(session: AsyncSession, free: int, now: datetime) -> bytes:
    """The gauges, in the form of Prometheus. Six queries, each by an index; `free` are the bytes of the store's disk.

    Of jobs those are counted that have not ended, and those that failed within what is kept of them.
    """
    registry = CollectorRegistry()
    words = "Jobs in a state; those that succeeded or were canceled are left out"
    jobs = Gauge("fastline_jobs", words, ("state",), registry=registry)
    states = (*_UNENDED, JobState.FAILED)
    counts = select(Job.state, func.count()).where(col(Job.state).in_(states)).group_by(Job.state)
    found = dict((await session.exec(counts)).all())
    for state in states:
        jobs.labels(state.value).set(found.get(state, 0))
    due = select(func.min(Job.due_at)).where(col(Job.state) == JobState.QUEUED)
    held = select(func.min(Job.created_at)).where(col(Job.state) == JobState.WAITING)
    for name, words, rows in (
        ("fastline_jobs_oldest_due_seconds", "For how long the oldest job that may be begun has been due", due),
        ("fastline_jobs_oldest_waiting_seconds", "The age of the oldest job that waits for something else", held),
    ):
        oldest: datetime | None = (await session.exec(rows)).one()
        age = 0.0 if oldest is None else max((now - oldest).total_seconds(), 0.0)
        Gauge(name, words, registry=registry).set(age)
    of_webhooks = col(Delivery.webhook).in_(select(Webhook.id))  # so that the index by webhook and state serves
    open_ = select(func.count()).select_from(Delivery).where(of_webhooks, col(Delivery.state) == OPEN)
    deliveries = (await session.exec(open_)).one()
    Gauge("fastline_deliveries_open", "Deliveries of webhooks that are not done", registry=registry).set(deliveries)
    off = select(func.count()).select_from(Webhook).where(col(Webhook.disabled_at).is_not(None))
    Gauge("fastline_webhooks_disabled", "Webhooks that are disabled", registry=registry).set(
        (await session.exec(off)).one()
    )
    plays = select(func.count()).select_from(PlaySession).where(col(PlaySession.ended_at).is_(None))
    Gauge("fastline_play_sessions", "Play sessions that have not ended", registry=registry).set(
        (await session.exec(plays)).one()
    )
    Gauge("fastline_store_free_bytes", "Free on the disk of the store", registry=registry).set(free)
    return generate_latest(registry)
