"""`fastline worker`: whatever is dropped into the watched folder packaged, and the jobs of the API done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from assembly.films import house_of, take_in
from assembly.kinds import kinds
from control_api import workers
from control_api.command_line.settled import settled
from playout.clock import system_clock
from playout.commands.options import OK
from playout.commands.running import until_done
from playout.core.house import HOUSES

if TYPE_CHECKING:
    import argparse

    from control_api.settings import Settings


def worker(asked: argparse.Namespace) -> int:
    """A packager of the watched folder, which also does the jobs of the API where there is a database."""
    settings = settled(asked)
    asked.media = settings.place

    async def work() -> int:
        async with asyncio.TaskGroup() as tasks:
            if not asked.queue_only:
                house = HOUSES[asked.house] if asked.house else await asyncio.to_thread(house_of, asked)
                tasks.create_task(take_in(asked, house, asked.jobs))
            tasks.create_task(_labour(asked, settings, asked.jobs))
        return OK

    return until_done(work())


async def _labour(asked: argparse.Namespace, settings: Settings, jobs: int) -> None:
    """Do the jobs of the API."""
    await workers.work(settings, system_clock, kinds(asked, jobs, settings.packages_at_once))
