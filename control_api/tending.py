"""What a process does beside answering: it sends webhooks, tells the events of the air, and keeps the library."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from control_api.air.teller import Teller
from control_api.library.keeping import Keeper
from control_api.uploads.sweeping import Sweeper
from control_api.webhooks.sender import Sender
from playout.store import DirStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from control_api.site import Site


@asynccontextmanager
async def tended(site: Site) -> AsyncIterator[None]:
    """Do it for as long as the block runs; what is not done then is done by the next process, or after a start."""

    async def work() -> None:
        sender = Sender(site.settings, site.database, site.outgoing, site.feed, site.clock)
        teller = Teller(DirStore(site.settings.media), site.database, site.feed, site.clock)
        sweeper = Sweeper(site.settings, site.database, site.feed.ring, site.clock)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(sweeper.run())
            tasks.create_task(sender.run())
            tasks.create_task(teller.run())
            tasks.create_task(Keeper(site.settings, site.database, site.feed, site.clock).run())

    # the block belongs to aiohttp, which leaves it in another task than it entered: no group spans that
    task = asyncio.get_running_loop().create_task(work())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
