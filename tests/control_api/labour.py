"""Kinds of jobs for tests, and workers that do them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from sqlmodel import col, select

from control_api import workers
from control_api.destinations import Reach
from control_api.jobs import Broken, JobKind, Work, submit
from control_api.jobs.worker import Worker
from control_api.outgoing import Outgoing
from control_api.tables import Job, JobEntry
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.jobs.states import JobState
    from control_api.settings import Settings
    from playout.clock import Clock

SOON = (timedelta(),)


class Task(BaseModel):
    name: str = ""
    fails: int = 0
    """In how many attempts it fails."""
    again: bool = True
    waits: bool = False
    """Whether it waits until it is told to go on."""
    needs: int = 0
    """Bytes."""


class Came(BaseModel):
    name: str
    attempt: int


@dataclass
class Shop:
    """What jobs of tests do, and what is seen of it."""

    begun: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    stopped: list[tuple[str, str]] = field(default_factory=list)
    ended: list[tuple[str, str]] = field(default_factory=list)
    running: int = 0
    most: int = 0
    go: asyncio.Event = field(default_factory=asyncio.Event)
    has_begun: asyncio.Event = field(default_factory=asyncio.Event)

    def kind(self, name: str = "task", **more: Any) -> JobKind[Task]:
        return JobKind(name, Task, self.work, **{"pauses": SOON, "ended": self.end, **more})

    async def work(self, work: Work, task: Task) -> Came:
        self.begun.append(task.name)
        self.running += 1
        self.most = max(self.most, self.running)
        self.has_begun.set()
        try:
            await work.progress(100, "begun", {"a": 200, "b": 0})
            await work.log(f"attempt {work.attempt}")
            if task.waits:
                await self.go.wait()
            if work.attempt <= task.fails:
                message = f"no luck with {task.name}"
                raise Broken(message, "Try harder.", again=task.again)
        except asyncio.CancelledError:
            self.stopped.append((task.name, str(work.stopped)))
            raise
        finally:
            self.running -= 1
        self.done.append(task.name)
        return Came(name=task.name, attempt=work.attempt)

    async def end(self, session: AsyncSession, job: Job) -> None:
        assert session.in_transaction()
        self.ended.append((job.given["name"], job.state))


def quick(settings: Settings, **more: Any) -> Settings:
    """Settings with which a worker looks, beats and dies quickly."""
    values = {"job_poll_ms": 20, "job_beat_ms": 20, "job_lease_seconds": 6, "disk_reserve_mb": 0, "works": False}
    return settings.model_copy(update={**values, **more})


@asynccontextmanager
async def working(
    database: Database, settings: Settings, *kinds: JobKind[Any], name: str = "", clock: Clock = system_clock
) -> AsyncIterator[Worker]:
    """A worker of these kinds, until the block ends."""
    queue = workers.queue(settings, database, kinds)
    await queue.open(database)
    worker = Worker(queue, database, Outgoing(Reach((), ()), connections=1), clock, name=name)
    task = asyncio.ensure_future(worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await queue.close()


async def give(database: Database, kind: JobKind[Task], task: Task | str = "", **more: Any) -> str:
    """Submit a job; its id."""
    given = Task(name=task) if isinstance(task, str) else task
    async with database.writing() as session:
        return (await submit(session, kind, given, **{"now": system_clock(), **more})).id


async def find(database: Database, job: str) -> Job:
    async with database.reading() as session:
        return (await session.exec(select(Job).where(Job.id == job))).one()


async def soon(check: Callable[[], Awaitable[bool] | bool]) -> None:
    """Wait for what workers do, which may be in another process: then each look takes time from what is looked for."""
    pause = 0.01
    async with asyncio.timeout(120):
        while True:
            found = check()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(pause)
            pause = min(pause * 1.3, 0.1)


async def until(database: Database, job: str, *states: JobState) -> Job:
    """The job, once it is in one of these states."""

    async def is_there() -> bool:
        return (await find(database, job)).state in states

    await soon(is_there)
    return await find(database, job)


async def entries(database: Database, job: str, kind: str = "state") -> list[str]:
    async with database.reading() as session:
        wanted = select(JobEntry).where(JobEntry.job == job, JobEntry.kind == kind).order_by(col(JobEntry.number))
        return [entry.words for entry in (await session.exec(wanted)).all()]
