"""The distributed queue: procrastinate on the same PostgreSQL, and any number of workers on any number of machines.

What it carries are tickets: "there is something to do". Which job that is, and who has it, the table of jobs says.
A ticket is written in the transaction that makes its job; workers hear of it by NOTIFY. A ticket that is lost is
written anew by whoever keeps the table, and one too many finds nothing to do.

Its tables lie in a schema of their own, one for each version of procrastinate: they hold nothing that the table of
jobs does not know, so an upgrade begins with empty ones.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlmodel import col, select

from control_api.jobs.queue import Queue
from control_api.jobs.states import JobState
from control_api.tables import Job

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.jobs.kinds import AnyKind
    from control_api.jobs.queue import Hands
    from control_api.settings import Settings

_log: Final = logging.getLogger("fastline.jobs")
logging.getLogger("procrastinate").setLevel(logging.WARNING)  # what it says of each ticket, we say of each job

SCHEMA: Final = f"procrastinate_{version('procrastinate').replace('.', '_')}"
"""Where its tables lie."""
_LOCK: Final = 0x50524F43  # any number that only we use
_OTHERS: Final = "others"  # the line of kinds of which a worker runs as many as it runs jobs
_DEAD_SECONDS: Final = 30.0  # a worker of procrastinate shows a sign of life each ten
_ANEW: Final = 500  # tickets that are written anew in one round
_REST: Final = 1.0  # seconds until a worker that lost its database looks again


class Procrastinated(Queue):
    """The queue of procrastinate."""

    def __init__(self, settings: Settings, kinds: Iterable[AnyKind] = ()) -> None:
        super().__init__(settings, kinds)
        url = make_url(settings.database_url)
        if url.get_backend_name() != "postgresql":
            message = "the queue `procrastinate` needs PostgreSQL: set `database`, or `queue` to embedded"
            raise ValueError(message)
        where = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._app = App(
            connector=PsycopgConnector(
                conninfo=where, kwargs={"options": f"-c search_path={SCHEMA}"}, min_size=0, max_size=8
            )
        )
        self._begin = self._app.task(name="fastline.begin")(self._begun)
        self._hands: Hands | None = None
        self._tasks: asyncio.TaskGroup | None = None

    async def open(self, database: Database) -> None:
        """Make the tables, unless they are there, and connect."""
        async with database.writing() as session:
            await _quickly(session, "SELECT pg_advisory_xact_lock(:number)", number=_LOCK)
            known = await _quickly(session, "SELECT to_regclass(:name)", name=f"{SCHEMA}.procrastinate_jobs")
            if known is None:
                await _quickly(session, f'CREATE SCHEMA IF NOT EXISTS "{SCHEMA}"')
                async with _inside(session) as connection:
                    await connection.execute(SchemaManager.get_schema())
        await self._app.open_async()

    async def close(self) -> None:
        """Disconnect, where it is connected, or tries to."""
        await self._app.close_async()

    async def offer(self, session: AsyncSession, job: Job) -> None:
        """Write a ticket for the job into the transaction."""
        await session.flush()
        try:
            async with session.begin_nested(), _inside(session) as connection:
                ticket = self._begin.configure(
                    connection=connection,
                    queue=self._line(job.kind),
                    queueing_lock=job.id,
                    priority=job.priority,
                    schedule_at=job.due_at if job.due_at > job.created_at else None,
                )
                await ticket.defer_async(line=self._line(job.kind))
        except AlreadyEnqueued:  # it has one
            pass
        self.ring_after(session)

    async def tend(self, database: Database) -> None:
        """Remove the tickets of dead workers, and write those anew that jobs lack."""
        try:
            for stalled in await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_DEAD_SECONDS):
                await self._app.job_manager.finish_job(stalled, Status.FAILED, delete_job=True)
        except ConnectorException as error:
            _log.warning("the queue does not answer: %s", error, extra={"action": "outage"})
            return
        async with database.writing() as session:
            if not await _quickly(session, "SELECT pg_try_advisory_xact_lock(:number)", number=_LOCK):
                return  # another worker is at it
            for job in await _without_ticket(session):
                await self.offer(session, job)

    async def serve(self, hands: Hands) -> None:
        """Have a worker do jobs until the task is cancelled.

        A line that lost its database begins anew, and what runs meanwhile goes on: its lease decides.
        """
        lines = {self._line(name) for name, kind in self.kinds.items() if kind.work is not None}
        self._hands = hands
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for line in sorted(lines):
                tasks.create_task(self._served(line, hands))

    async def _served(self, line: str, hands: Hands) -> None:
        """Take tickets from one line."""
        kind = self.kinds.get(line)
        most = kind.here if kind is not None and kind.here is not None else hands.at_once
        while True:
            try:
                await self._app.run_worker_async(
                    queues=[line],
                    concurrency=most,
                    fetch_job_polling_interval=self.settings.job_poll_ms / 1000,
                    shutdown_graceful_timeout=0.0,  # tickets are let go at once, and jobs given back by the worker
                    delete_jobs="always",
                    install_signal_handlers=False,
                )
            except ConnectorException as error:
                _log.warning("the queue does not answer: %s", error, extra={"action": "outage"})
            await asyncio.sleep(_REST)

    async def _begun(self, line: str) -> None:
        """What a ticket stands for: as long as there is something to do in its line, do it."""
        kinds = {name for name in self.kinds if self._line(name) == line}
        while self._hands is not None and self._tasks is not None:
            doing = await self._hands.next(kinds)
            if doing is None:
                return
            whole = _all_of(doing)
            try:
                task = self._tasks.create_task(whole)
            except RuntimeError:  # the worker is being stopped: the job is given back
                await whole
                return
            await asyncio.shield(task)

    def _line(self, kind: str) -> str:
        """The line in which tickets for a kind wait: one of its own, where a worker may run only some at a time."""
        known = self.kinds.get(kind)
        return kind if known is not None and known.here is not None else _OTHERS


async def _all_of(doing: Awaitable[None]) -> None:
    await doing


async def _quickly(session: AsyncSession, words: str, **values: Any) -> Any:  # noqa: ANN401 — whatever the database says
    """The one value that a statement answers; None when it answers none."""
    found = await session.exec(text(words).bindparams(**values))  # type: ignore[call-overload]
    return found.scalar() if found.returns_rows else None


@asynccontextmanager
async def _inside(session: AsyncSession) -> AsyncIterator[Any]:
    """The connection of the session's transaction, with the tables of procrastinate in sight for a moment."""
    raw = await (await session.connection()).get_raw_connection()
    connection = raw.driver_connection
    await _quickly(session, f'SET LOCAL search_path TO "{SCHEMA}"')
    yield connection
    await _quickly(session, "SET LOCAL search_path TO DEFAULT")


async def _without_ticket(session: AsyncSession) -> Sequence[Job]:
    """Jobs that might be begun, and of which no worker has been told."""
    # no part of this comes from outside
    told = f"SELECT queueing_lock FROM {SCHEMA}.procrastinate_jobs WHERE status = 'todo'"  # noqa: S608
    words = f"id NOT IN ({told} AND queueing_lock IS NOT NULL)"
    queued = select(Job).where(Job.state == JobState.QUEUED, text(words)).order_by(col(Job.due_at), col(Job.id))
    return (await session.exec(queued.limit(_ANEW))).all()
