"""`fastline commit`: channels.yaml published, and the logs kept ahead of air."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playout.clock import SteadyClock
from playout.commands.options import OK
from playout.commands.running import until_done
from playout.commit import Committer
from playout.follow import Follower
from playout.watch import Desk, watch

if TYPE_CHECKING:
    import argparse

_log = logging.getLogger("fastline")


def commit(asked: argparse.Namespace) -> int:
    """A publisher and committer alone."""
    return until_done(_keep(asked))


async def _keep(asked: argparse.Namespace) -> int:
    store, clock = asked.media.store(), SteadyClock()
    follower = Follower(store, clock)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(follower.run())
        tasks.create_task(Committer(store, follower, clock).run())
        tasks.create_task(watch(asked.channels, store, clock, Reporter().report))
    return OK


@dataclass(slots=True)
class Reporter:
    """Tells the journal what a watch comes to, each thing once."""

    said: frozenset[str] = frozenset()

    def report(self, desk: Desk) -> None:
        """Say what is new since the last report."""
        for revision in desk.published.revisions:
            name, number = revision.channel.id, revision.number
            _log.info("%s: revision %d published", name, number, extra={"action": "published", "channel": name})
        alarms = {f"{alarm.where}: {alarm.what}": alarm for alarm in desk.alarms}
        for words, alarm in alarms.items():
            if words not in self.said:
                _log.warning("%s", words, extra={"action": "alarm", "where": alarm.where})
        self.said = frozenset(alarms)
