"""Taking jobs: the lease on one, kept by signs of life, and given back with what came of it.

Law: a job is in the hands of one worker at a time. Everything that a worker writes is written under its lease.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, text
from sqlmodel import col, select

from control_api.happenings import append
from control_api.ids import new_id
from control_api.jobs import fairness, moving
from control_api.jobs.fairness import Candidate, Load
from control_api.jobs.states import JobState, Move
from control_api.jobs.work import Stop
from control_api.tables import Job

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.jobs.kinds import AnyKind
    from control_api.jobs.work import Work

_LOCK: Final = 0x4A4F4253  # any number that only we use


@dataclass(frozen=True, slots=True)
class Taken:
    """A job in the hands of a worker."""

    job: Job
    """As it was when it was taken."""
    lease: str


async def alone(session: AsyncSession) -> None:
    """Have all others wait who weigh jobs against each other, until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":  # a writer of SQLite is alone anyway
        await session.exec(text("SELECT pg_advisory_xact_lock(:number)").bindparams(number=_LOCK))  # type: ignore[call-overload]


async def is_due(database: Database, kinds: Iterable[str], now: datetime) -> bool:
    """Whether any job of these kinds might be begun; a look that disturbs nobody."""
    wanted = select(Job.id).where(Job.state == JobState.QUEUED, col(Job.due_at) <= now)
    wanted = wanted.where(col(Job.kind).in_(sorted(kinds)))
    async with database.reading() as session:
        return (await session.exec(wanted.limit(1))).first() is not None


async def take(
    database: Database,
    kinds: Mapping[str, AnyKind],
    here: Mapping[str, int],
    worker: str,
    now: datetime,
    lease: timedelta,
) -> Taken | None:
    """Take the job whose turn it is. `here` is how many of each kind this worker runs already."""
    async with database.writing() as session:
        await alone(session)
        load, everywhere = await _load(session)
        free = fairness.room({name: kind.here for name, kind in kinds.items()}, here)
        free &= fairness.room({name: kind.everywhere for name, kind in kinds.items()}, everywhere)
        candidates = list(await _candidates(session, free, now))
        while (chosen := fairness.choose(candidates, load, now)) is not None:
            wanted = select(Job).where(Job.id == chosen.id, Job.state == JobState.QUEUED)
            job = (await session.exec(wanted.with_for_update(skip_locked=True))).one_or_none()
            if job is None:  # somebody is changing it this very moment
                candidates.remove(chosen)
                continue
            held = new_id("le")
            job.lease, job.leased_until, job.worker = held, now + lease, worker
            job.started_at, job.ended_at, job.result = now, None, None
            job.attempts += 1
            told = await moving.move(session, job, Move.BEGIN, now)
            await append(session, told, now)
            return Taken(job, held)
    return None


async def _load(session: AsyncSession) -> tuple[Load, dict[str, int]]:
    """What runs: for whom, and how many of each kind; and when each owner had a turn."""
    running = select(Job.owner, Job.kind, func.count()).where(Job.state == JobState.RUNNING)
    by_owner: dict[str, int] = {}
    by_kind: dict[str, int] = {}
    for owner, kind, count in (await session.exec(running.group_by(Job.owner, Job.kind))).all():
        by_owner[owner] = by_owner.get(owner, 0) + count
        by_kind[kind] = by_kind.get(kind, 0) + count
    queued = select(Job.owner).where(Job.state == JobState.QUEUED).distinct()
    served = select(Job.owner, func.max(col(Job.started_at))).where(col(Job.owner).in_(queued)).group_by(Job.owner)
    served_at = {owner: at for owner, at in (await session.exec(served)).all() if at is not None}
    return Load(by_owner, served_at), by_kind


async def _candidates(session: AsyncSession, kinds: frozenset[str], now: datetime) -> Iterable[Candidate]:
    """The first job of each owner and priority: which one of several it is, is a matter of waiting alone."""
    each, first = (col(Job.owner), col(Job.priority)), (col(Job.due_at), col(Job.id))
    place = func.row_number().over(partition_by=each, order_by=first).label("place")
    due = select(Job.id, place).where(Job.state == JobState.QUEUED, col(Job.due_at) <= now)
    ranked = due.where(col(Job.kind).in_(sorted(kinds))).subquery()
    wanted = select(Job).join(ranked, ranked.c.id == Job.id).where(ranked.c.place == 1)
    found = (await session.exec(wanted)).all()
    return [Candidate(job.id, job.kind, job.owner, job.priority, job.due_at) for job in found]


async def beat(
    database: Database, works: Mapping[str, Work], leases: Mapping[str, str], now: datetime, lease: timedelta
) -> dict[str, Stop]:
    """Show a sign of life for these jobs, and write how far they are; which of them must stop, and why."""
    async with database.writing() as session:
        wanted = select(Job).where(col(Job.id).in_(list(leases))).order_by(col(Job.id))
        rows = {job.id: job for job in (await session.exec(wanted.with_for_update())).all()}
        stops = {}
        for name, held in leases.items():
            job = rows.get(name)
            if job is None or job.lease != held:
                stops[name] = _why(job)
                continue
            job.leased_until = now + lease
            await flush(session, job, works[name], now)
    return stops


def _why(job: Job | None) -> Stop:
    if job is None or job.state == JobState.CANCELED:
        return Stop.CANCELED
    return Stop.PAUSED if job.state == JobState.PAUSED else Stop.GONE


async def flush(session: AsyncSession, job: Job, work: Work, now: datetime) -> None:
    """Write what was told since the last beat."""
    while work.lines:
        await moving.write(session, job, "log", work.lines.popleft(), now)
    is_step = work.words != job.words or work.permille // 10 != job.permille // 10
    job.permille, job.words = work.permille, work.words
    if work.parts != job.parts:
        job.parts = dict(work.parts)
    if is_step:
        await moving.write(session, job, "progress", work.words, now)
    session.add(job)


async def expired(session: AsyncSession, now: datetime) -> Sequence[Job]:
    """The jobs whose workers have shown no sign of life for too long, held."""
    wanted = select(Job).where(Job.state == JobState.RUNNING, col(Job.leased_until) < now).limit(100)
    return (await session.exec(wanted.with_for_update(skip_locked=True))).all()
