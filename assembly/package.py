"""`fastline package`: files into the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager import batch
from packager.bars import shown
from packager.batch import Batch, Packaged
from packager.sidecar import Sidecar
from playout import journal
from playout.clock import system_clock
from playout.commands.options import OK, REFUSED
from playout.commands.running import until_done
from playout.core.house import HOUSES

if TYPE_CHECKING:
    import argparse


def package(asked: argparse.Namespace) -> int:
    """Package the files; 1 when one of them was refused."""
    said = Sidecar(title=asked.title, tags=tuple(asked.tag), kind=asked.kind)
    order = Batch(asked.media.folder, HOUSES[asked.house], said, asked.jobs, store=asked.media.store())

    async def work() -> int:
        with shown(wanted=asked.log == journal.Form.HUMAN) as bars:
            outcomes = await batch.package(asked.files, order, tell=bars.tell, clock=system_clock, done=bars.done)
        packaged = [outcome for outcome in outcomes if isinstance(outcome, Packaged)]
        for outcome in packaged:
            print(f"{outcome.asset.id}  {outcome.asset.about.title}")
        return OK if len(packaged) == len(outcomes) else REFUSED

    return until_done(work(), stopped="stopped; what is encoded is kept, and the next run goes on from there")
