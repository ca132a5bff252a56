"""What a process does beside answering: webhooks, the events of the air, the library, ads from servers of others."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from control_api.advertising.desk import Desk
from control_api.advertising.tally import Tally
from control_api.air.teller import Teller
from control_api.analytics.rolling import Roller
from control_api.library.keeping import Keeper
from control_api.notices.mailer import Mailer
from control_api.plans.renewing import Renewer
from control_api.recommending.scheduling import Recommender
from control_api.resources.notifications import plans_of
from control_api.tidying.daily import Tidier
from control_api.uploads.sweeping import Sweeper
from control_api.viewing.closing import Closer
from control_api.webhooks.sender import Sender

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from control_api.site import Site

_log: Final = logging.getLogger("fastline.api")
_AGAIN: Final = 5.0  # seconds


@asynccontextmanager
async def tended(site: Site) -> AsyncIterator[None]:
    """Do it for as long as the block runs; what is not done then is done by the next process, or after a start."""
    settings, database, feed, clock = site.settings, site.database, site.feed, site.clock
    works: dict[str, Callable[[], Awaitable[None]]] = {
        "uploads": lambda: Sweeper(settings, database, feed.ring, clock).run(),
        "webhooks": lambda: Sender(settings, database, site.outgoing, feed, clock).run(),
        "air": lambda: Teller(settings.place.store(), database, feed, clock).run(),
        "ads": lambda: Desk(settings, database, site.outgoing, feed, clock, site.receiver.free).run(),
        "beacons": lambda: Tally(settings, settings.place.store(), database, site.outgoing, clock).run(),
        "play sessions": lambda: Closer(settings, database, clock).run(),
        "recommendations": lambda: Recommender(settings, database, clock).run(),
        "plans": lambda: Renewer(settings, database, site.outgoing, feed.ring, clock).run(),
        "tidying": lambda: Tidier(settings, database, feed, clock).run(),
        "mail": lambda: Mailer(settings, database, plans_of, clock).run(),
        "figures": lambda: Roller(settings, database, site.master.station, clock).run(),
        "library": lambda: Keeper(settings, database, feed, clock).run(),
    }

    async def work() -> None:
        async with asyncio.TaskGroup() as tasks:
            for name, begin in works.items():
                tasks.create_task(_kept_up(name, begin))

    # the block belongs to aiohttp, which leaves it in another task than it entered: no group spans that
    task = asyncio.get_running_loop().create_task(work())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _kept_up(name: str, begin: Callable[[], Awaitable[None]]) -> None:
    """Do one work, and begin it again when it fails: a mistake in one of them must not stop the others."""
    while True:
        try:
            await begin()
        except Exception:  # noqa: BLE001 — whatever it is, it begins again
            _log.exception("%s: what is to be done beside answering has failed, and begins again", name)
        await asyncio.sleep(_AGAIN)
