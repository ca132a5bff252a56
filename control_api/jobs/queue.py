"""The queue: what tells workers that there is something to do. The table of jobs says what.

Law: a queue may lose what it was told, or tell it twice. The table is asked whenever a worker has time, and every
job is begun by who takes its lease.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection, Iterable, Mapping

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.jobs.kinds import AnyKind
    from control_api.settings import Settings
    from control_api.tables import Job

_QUEUE: Final = "fastline_queue"


class Hands(Protocol):
    """A worker, as its queue sees it."""

    at_once: int
    """How many jobs it runs at a time."""

    def next(self, kinds: Collection[str] | None = None) -> Awaitable[Awaitable[None] | None]:
        """Take the job whose turn it is, among those of these kinds or all; what is answered does it.

        None: there is nothing to take.
        """


class Queue:
    """The embedded queue: workers look into the table now and then, and at once when this process wrote there."""

    def __init__(self, settings: Settings, kinds: Iterable[AnyKind] = ()) -> None:
        self.settings = settings
        self.kinds: Mapping[str, AnyKind] = {kind.name: kind for kind in kinds}
        """The kinds that this process knows, by name."""
        self._bell = asyncio.Event()

    async def offer(self, session: AsyncSession, job: Job) -> None:  # noqa: ARG002 — other queues tell which
        """Tell workers of a job that may be begun, once the transaction is committed."""
        self.ring_after(session)

    def ring_after(self, session: AsyncSession) -> None:
        """Wake the workers of this process once the transaction is committed."""

        def committed(_session: Any) -> None:  # noqa: ANN401 — SQLAlchemy's own
            self.ring()

        event.listen(session.sync_session, "after_commit", committed, once=True)

    def ring(self) -> None:
        """Wake the workers of this process."""
        self._bell.set()
        self._bell = asyncio.Event()

    async def rung(self, seconds: float) -> None:
        """Wait until somebody rings, at most so long."""
        bell = self._bell
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await bell.wait()

    async def open(self, database: Database) -> None:
        """Make ready what the queue needs besides the table of jobs."""

    async def close(self) -> None:
        """Let go of it."""

    async def tend(self, database: Database) -> None:
        """Set right what was lost; called now and then by one of the workers."""

    async def serve(self, hands: Hands) -> None:
        """Have a worker do jobs until the task is cancelled."""
        slots = asyncio.Semaphore(hands.at_once)

        async def one(doing: Awaitable[None]) -> None:
            try:
                await doing
            finally:
                slots.release()
                self.ring()  # what had to wait for this one may run now

        async with asyncio.TaskGroup() as tasks:
            while True:
                await slots.acquire()
                bell = self._bell
                doing = await hands.next()
                if doing is not None:
                    tasks.create_task(one(doing))
                    continue
                slots.release()
                if not bell.is_set():
                    await self.rung(self.settings.job_poll_ms / 1000)


def in_use(database: Database, queue: Queue) -> None:
    """Have every session of the database know its queue."""
    database.notes[_QUEUE] = queue


def queue_of(session: AsyncSession) -> Queue:
    """The queue that the session's database uses. Raises `LookupError` where nobody has said which: see `in_use`.

    Any other one would know neither the kinds of jobs, whose ends nobody would hear then, nor the folder of the store.
    """
    found: Queue | None = session.info.get(_QUEUE)
    if found is None:
        message = "the database has no queue: name one with `in_use` before jobs are submitted or end"
        raise LookupError(message)
    return found
