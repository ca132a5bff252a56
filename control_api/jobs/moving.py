"""Moving jobs from state to state: the one place that writes a job's state, and what follows from it.

Law: the entry of a move, what becomes of the jobs that wait for it, and what its kind does at its end stand in the
transaction of the move.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sqlmodel import col, delete, select

from control_api.database import is_outage
from control_api.happenings import Happening
from control_api.jobs.legible import legible
from control_api.jobs.queue import queue_of
from control_api.jobs.states import ENDED, JobState, Move, moved
from control_api.tables import Job, JobEntry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

_log: Final = logging.getLogger("fastline.jobs")

ENTRIES: Final = 2000
"""Entries that are kept of one job, the newest ones."""
_SWEPT: Final = 100  # so many more than that there may be

_REASON: Final = 2000
_ADVICE: Final = 500
_WRITES_REASON: Final = frozenset({Move.HOLD, Move.FAIL, Move.TRY_AGAIN, Move.CANCEL})

_PAST: Final = {
    Move.BEGIN: "started",
    Move.HOLD: "held",
    Move.RELEASE: "released",
    Move.SUCCEED: "succeeded",
    Move.FAIL: "failed",
    Move.TRY_AGAIN: "interrupted",
    Move.GIVE_BACK: "returned",
    Move.PAUSE: "paused",
    Move.RESUME: "resumed",
    Move.CANCEL: "canceled",
    Move.RETRY: "retried",
}


async def held(session: AsyncSession, job: str) -> Job | None:
    """The job, for this transaction alone; None when there is none."""
    return (await session.exec(select(Job).where(Job.id == job).with_for_update())).one_or_none()


async def move(
    session: AsyncSession, job: Job, step: Move, now: datetime, *, reason: str = "", advice: str = ""
) -> list[Happening]:
    """Make this move with a job that is held; the events that the transaction is to append last.

    Raises `Immovable`. The first event is that of the job itself.
    """
    job.state = moved(JobState(job.state), step)
    if step is not Move.BEGIN:
        job.lease = job.leased_until = None
    if step in _WRITES_REASON:
        reason, advice = legible(reason, _REASON), legible(advice, _ADVICE)
        job.reason, job.advice = reason or None, advice or None
    else:
        job.reason = job.advice = None
    if job.state in ENDED:
        job.ended_at = now
    if step is Move.RETRY:
        job.attempts, job.ended_at, job.result, job.due_at = 0, None, None, now
        job.permille, job.words, job.parts = 0, "", {}
    await write(session, job, "state", f"{_PAST[step]}: {reason}" if reason else _PAST[step], now)
    told = [_happening(job, step)]
    if step in (Move.RESUME, Move.RETRY):
        told += await _again_after_parent(session, job, now)
    if job.state == JobState.QUEUED:
        await queue_of(session).offer(session, job)
    if job.state in ENDED:
        told += await _followed(session, job, now)
    return told


async def write(session: AsyncSession, job: Job, kind: str, words: str, now: datetime) -> None:
    """Add an entry to a job that is held."""
    job.entries += 1
    session.add(job)
    session.add(
        JobEntry(
            job=job.id, number=job.entries, at=now, kind=kind, attempt=job.attempts, words=legible(words, _REASON),
            permille=job.permille,
        )
    )  # fmt: skip
    if job.entries % _SWEPT == 0 and job.entries > ENTRIES:
        await session.exec(
            delete(JobEntry).where(col(JobEntry.job) == job.id, col(JobEntry.number) <= job.entries - ENTRIES)
        )


def _happening(job: Job, step: Move) -> Happening:
    known = {"kind": job.kind, "state": str(job.state), "about": job.subject, "attempt": job.attempts}
    return Happening(f"job.{_PAST[step]}", job.id, known | ({"reason": job.reason} if job.reason else {}))


async def _heard(
    session: AsyncSession, job: Job, ended: Callable[[AsyncSession, Job], Awaitable[None]], now: datetime
) -> None:
    """Let the job's kind hear of its end. A mistake there must not keep the job from ending."""
    try:
        async with session.begin_nested():
            await ended(session, job)
    except Exception as error:
        if is_outage(error):
            raise
        await session.refresh(job)  # as it was before: what the kind did to it is taken back as well
        _log.exception("job %s has ended, and what follows from that failed", job.id, extra={"action": "job"})
        await write(session, job, "log", f"what follows from its end failed: {type(error).__name__}: {error}", now)


async def _again_after_parent(session: AsyncSession, job: Job, now: datetime) -> list[Happening]:
    """A job whose parent has not succeeded waits for it again."""
    if job.parent is None:
        return []
    state = (await session.exec(select(Job.state).where(Job.id == job.parent))).one_or_none()
    if state in (None, JobState.SUCCEEDED):
        return []
    return await move(session, job, Move.HOLD, now, reason=f"it waits for job {job.parent}, which is {state}")


async def _followed(session: AsyncSession, job: Job, now: datetime) -> list[Happening]:
    """What its end means for others."""
    told: list[Happening] = []
    kind = queue_of(session).kinds.get(job.kind)
    if kind is not None and kind.ended is not None:
        await _heard(session, job, kind.ended, now)
    waiting = select(Job).where(Job.parent == job.id, col(Job.state).in_([JobState.WAITING, JobState.PAUSED]))
    for child in (await session.exec(waiting.with_for_update())).all():
        if job.state != JobState.SUCCEEDED:
            reason = f"job {job.id}, which it needs, {'was canceled' if job.state == JobState.CANCELED else 'failed'}"
            told += await move(session, child, Move.FAIL, now, reason=reason, advice="Retry that one, then this one.")
        elif child.state == JobState.WAITING:
            told += await move(session, child, Move.RELEASE, now)
    return told
