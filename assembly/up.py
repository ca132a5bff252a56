"""`fastline up`: the whole of Fastline in one process."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from assembly.commit import Reporter
from assembly.films import house_of, take_in
from assembly.first_start import fill
from assembly.options import cores
from assembly.origin import announce, listening
from playout.clock import SteadyClock
from playout.commands.offered import reading
from playout.commands.options import OK, Refused
from playout.commands.running import until_done
from playout.commit import Committer
from playout.follow import Follower
from playout.watch import watch

if TYPE_CHECKING:
    import argparse
    from contextlib import AbstractAsyncContextManager

_log = logging.getLogger("fastline")


def up(asked: argparse.Namespace) -> int:
    """The whole of Fastline in one process."""
    return until_done(_all(asked))


async def _all(asked: argparse.Namespace) -> int:
    """HTTP first, so that the page can say what is going on; then the library; then whatever changes, and the API."""
    store, clock = asked.media.store(), SteadyClock()
    follower = Follower(store, clock)
    async with listening(asked, follower, clock) as address, asyncio.TaskGroup() as tasks:
        tasks.create_task(follower.run())
        tasks.create_task(Committer(store, follower, clock).run())
        tasks.create_task(announce(follower, address))
        await follower.ready.wait()  # what is on air is served before anything else is read
        if not asked.no_api:
            tasks.create_task(_manage(asked, address))
        await fill(asked, store)
        house = await asyncio.to_thread(house_of, asked)
        tasks.create_task(take_in(asked, house, cores()))
        tasks.create_task(watch(asked.channels, store, clock, Reporter().report))
    return OK


async def _manage(asked: argparse.Namespace, address: str) -> None:
    """Serve the API in a thread of its own, of which the engine notices nothing: no mistake in its settings, either."""
    try:
        served = await asyncio.to_thread(_beside, asked, address)
    except Refused as refused:
        left_out = "the API is left out until the next start; channels play on"
        for line in (*str(refused).splitlines(), left_out):  # a line of the journal for each
            _log.error("%s", line, extra={"action": "unserved"})
        return
    async with served:
        await asyncio.Event().wait()


def _beside(asked: argparse.Namespace, address: str) -> AbstractAsyncContextManager[None]:
    """The API; raises `Refused` with every mistake in its settings."""
    with reading():
        from assembly.neighbor import neighbor  # noqa: PLC0415 — its libraries take seconds, and channels are on air
    return neighbor(asked, address)
