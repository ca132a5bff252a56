"""Submitting: a job begins to exist in the transaction of whoever wants it done."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel
from sqlalchemy import case, func
from sqlmodel import col, select

from control_api.ids import new_id
from control_api.instants import whole_millis
from control_api.jobs.fairness import HIGHEST
from control_api.jobs.moving import write
from control_api.jobs.queue import queue_of
from control_api.jobs.states import UNENDED, JobState
from control_api.problems import TOO_MANY, Problem, unavailable
from control_api.tables import Job

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.jobs.kinds import JobKind

Given = TypeVar("Given", bound=BaseModel)

_AGAIN_SECONDS = 60


async def submit(  # noqa: PLR0913 — what is to be done, for whom, about what and when are said by name
    session: AsyncSession,
    kind: JobKind[Given],
    given: Given,
    *,
    now: datetime,
    owner: str = "",
    subject: str = "",
    priority: int = 0,
    parent: str | None = None,
    due: datetime | None = None,
) -> Job:
    """Write a job into the transaction of the caller, and have a worker told of it once that is committed.

    `owner` is the id of who wants it, `subject` that of the thing that it is about. `parent` is the id of a job
    that must succeed before; `due` is the instant before which it is not begun. Raises `Problem` when the queue is
    full (503), or the owner has too many jobs in it (429), with Retry-After.
    """
    queue = queue_of(session)
    await _check_room(session, owner, queue.settings.queue_longest, queue.settings.queue_longest_of_one)
    now = whole_millis(now)
    job = Job(
        id=new_id("jb"),
        kind=kind.name,
        state=JobState.QUEUED,
        given=given.model_dump(mode="json"),
        owner=owner,
        subject=subject,
        priority=min(max(priority, -HIGHEST), HIGHEST),
        attempts_most=kind.attempts,
        created_at=now,
        due_at=max(whole_millis(due), now) if due is not None else now,
    )
    if parent is not None:
        await _after(session, job, parent)
    session.add(job)
    await write(session, job, "state", f"submitted: {job.reason}" if job.reason else "submitted", now)
    await session.flush()
    if job.state == JobState.QUEUED:
        await queue.offer(session, job)
    return job


async def _after(session: AsyncSession, job: Job, parent: str) -> None:
    """Have the job wait for another, unless that has succeeded."""
    found = (await session.exec(select(Job).where(Job.id == parent).with_for_update())).one_or_none()
    if found is None or found.state == JobState.SUCCEEDED:
        return
    job.parent = found.id
    if found.state in UNENDED:
        job.state, job.reason = JobState.WAITING, f"it waits for job {found.id}"
    else:
        job.state, job.reason = JobState.FAILED, f"job {found.id}, which it needs, is {found.state}"
        job.ended_at = job.created_at


async def _check_room(session: AsyncSession, owner: str, longest: int, of_one: int) -> None:
    mine = func.coalesce(func.sum(case((col(Job.owner) == owner, 1), else_=0)), 0)
    counted = select(func.count(), mine).where(col(Job.state).in_(UNENDED))
    total, owned = (await session.exec(counted)).one()
    if total >= longest:
        message = f"{total} jobs are in the queue, and there may be no more: wait until some of them have ended"
        raise unavailable(message, seconds=_AGAIN_SECONDS)
    if owner and owned >= of_one:
        message = f"{owned} of your jobs are in the queue, and there may be no more: wait until some have ended"
        raise Problem(TOO_MANY, message, headers={"Retry-After": str(_AGAIN_SECONDS)})
