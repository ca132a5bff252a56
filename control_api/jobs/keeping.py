"""Keeping the table of jobs in order: workers that died, jobs that wait, and what has been there for too long."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func
from sqlmodel import col, delete, select

from control_api.happenings import append
from control_api.instants import written
from control_api.jobs import moving, taking
from control_api.jobs.states import ENDED, UNENDED, JobState, Move
from control_api.sizes import MIB
from control_api.tables import Job

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.happenings import Happening
    from control_api.settings import Settings

_PURGED: Final = 500


async def keep(database: Database, settings: Settings, now: datetime) -> int:
    """One round; how many jobs were moved or removed."""
    free = await asyncio.to_thread(spare, settings)
    async with database.reading() as session:
        if not await _is_work(session, settings, now):
            return 0
    async with database.writing() as session:
        await taking.alone(session)
        told = await _lost(session, now)
        told += await _waited(session, free, now)
        gone = await _purged(session, now - timedelta(days=settings.job_days))
        await append(session, told, now)
    return len(told) + gone


def spare(settings: Settings) -> int:
    """How many bytes of the store's disk jobs may fill. Blocks."""
    place = settings.media
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free - settings.disk_reserve_mb * MIB


async def promised(session: AsyncSession, but: str = "") -> int:
    """How many bytes running jobs need, all but one."""
    total = select(func.coalesce(func.sum(Job.needs_bytes), 0)).where(Job.state == JobState.RUNNING, Job.id != but)
    return int((await session.exec(total)).one())


async def _is_work(session: AsyncSession, settings: Settings, now: datetime) -> bool:
    """Whether there may be anything to do; a look that disturbs nobody."""
    lost = select(Job.id).where(Job.state == JobState.RUNNING, col(Job.leased_until) < now)
    waits = select(Job.id).where(Job.state == JobState.WAITING)
    old = select(Job.id).where(col(Job.ended_at) < now - timedelta(days=settings.job_days))
    for question in (lost, waits, old):
        if (await session.exec(question.limit(1))).first() is not None:
            return True
    return False


async def _lost(session: AsyncSession, now: datetime) -> list[Happening]:
    """Queue again what dead workers had, or give it up when the attempts are used up."""
    told: list[Happening] = []
    for job in await taking.expired(session, now):
        seen = written(job.leased_until) if job.leased_until else "long ago"
        reason = f"its worker {job.worker} has shown no sign of life; it was given until {seen}"
        if job.attempts < job.attempts_most:
            job.due_at = now
            told += await moving.move(session, job, Move.TRY_AGAIN, now, reason=reason)
        else:
            advice = "Look why workers die here, then retry it."
            reason = f"{reason}; that was attempt {job.attempts} of {job.attempts_most}"
            told += await moving.move(session, job, Move.FAIL, now, reason=reason, advice=advice)
    return told


async def _waited(session: AsyncSession, free: int, now: datetime) -> list[Happening]:
    """Release what has waited for room that is there now, or for a job that is gone."""
    waiting = (
        select(Job).where(Job.state == JobState.WAITING).order_by(col(Job.priority).desc(), col(Job.id)).limit(100)
    )
    jobs = (await session.exec(waiting.with_for_update(skip_locked=True))).all()
    if not jobs:
        return []
    parents = await _unfinished(session, [job.parent for job in jobs if job.parent])
    room, told = free - await promised(session), []
    for job in jobs:
        if job.parent in parents or job.needs_bytes > room:
            continue
        room -= job.needs_bytes
        told += await moving.move(session, job, Move.RELEASE, now)
    return told


async def _unfinished(session: AsyncSession, parents: Sequence[str]) -> set[str]:
    wanted = select(Job.id).where(col(Job.id).in_(parents), Job.state != JobState.SUCCEEDED)
    return set((await session.exec(wanted)).all())


async def _purged(session: AsyncSession, before: datetime) -> int:
    """Remove what ended before then, unless something still waits for it."""
    needed = select(Job.parent).where(col(Job.state).in_(UNENDED), col(Job.parent).is_not(None))
    old = (
        select(Job.id)
        .where(col(Job.ended_at) < before, col(Job.state).in_(ENDED), col(Job.id).not_in(needed))
        .limit(_PURGED)
    )
    found = (await session.exec(old)).all()
    if found:
        await session.exec(delete(Job).where(col(Job.id).in_(found)))
    return len(found)
