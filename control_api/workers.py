"""Workers of this package: all kinds of jobs that it knows, and what a process needs to do them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from control_api.jobs.queue import Queue, in_use
from control_api.jobs.worker import Worker
from control_api.uploads.fetching import FETCH
from control_api.uploads.taking_in import TAKE_IN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from control_api.database import Database
    from control_api.jobs.kinds import AnyKind
    from control_api.outgoing import Outgoing
    from control_api.settings import Settings
    from playout.clock import Clock

KINDS: Final[tuple[AnyKind, ...]] = (FETCH, TAKE_IN)
"""The kinds of the package. Those that need another package are handed in."""


def queue(settings: Settings, database: Database, more: Iterable[AnyKind] = ()) -> Queue:
    """The queue that the settings name, known to every session of the database. Of one name the last kind counts."""
    found = Queue(settings, (*KINDS, *more))
    in_use(database, found)
    return found


@asynccontextmanager
async def working(
    queue: Queue, database: Database, outgoing: Outgoing, clock: Clock, told: Callable[[], None] = lambda: None
) -> AsyncIterator[None]:
    """Do jobs for as long as the block runs; then what is not done is given back."""
    worker = Worker(queue, database, outgoing, clock, told=told)
    # the block belongs to aiohttp, which leaves it in another task than it entered: no group spans that
    task = asyncio.get_running_loop().create_task(worker.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
