"""Keeping the logs ahead of air: the only writer of airings.

Law (One log): a turn is created under a name that follows from the turn before it, and only if that name
is free. Of two committers that race the first wins, and the other goes on from the winner's turn.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from playout import keys
from playout.core.airing import Tail
from playout.core.channel import in_force
from playout.core.schedule import next_turn
from playout.core.ticks import instant_at
from playout.documents import Corrupt, encode
from playout.former import revision_of
from playout.store import StoreDown

if TYPE_CHECKING:
    from datetime import datetime

    from playout.clock import Clock
    from playout.core.channel import Revision
    from playout.core.view import OnAir
    from playout.follow import Follower
    from playout.store import Store

PERIOD: Final = 1.0
"""Seconds from one look at the logs to the next."""


class Committer:
    """Appends to the logs of all channels that a follower knows."""

    def __init__(self, store: Store, follower: Follower, clock: Clock) -> None:
        self.outage = ""
        """Why the last turn could not be written; empty when it could."""
        self._store = store
        self._follower = follower
        self._clock = clock

    async def run(self) -> None:
        """Commit until cancelled. While the store is down origins play on, and this tries again."""
        await self._follower.ready.wait()
        while True:
            try:
                written = await asyncio.to_thread(self.commit, self._clock())
                self.outage = ""
            except StoreDown as outage:
                written, self.outage = 0, str(outage)
            if written:
                await self._follower.look()
            await asyncio.sleep(PERIOD)

    def commit(self, now: datetime) -> int:
        """Write every channel's turns up to its horizon; how many were written. Raises `StoreDown`."""
        return sum(self._extend(on_air, now) for on_air in self._follower.view.channels.values())

    def _extend(self, on_air: OnAir, now: datetime) -> int:
        """Write the turns of one channel; stop where another committer was first. A mirror's log is its parent's."""
        if on_air.parent is not None:
            return 0 if on_air.mirror else self._copy(on_air, on_air.parent, now)
        channel = on_air.channel
        committed = on_air.log.until(on_air.committed)
        tail = committed.turns[-1].tail if committed.turns else Tail()
        written = 0
        newest, revisions = on_air.revisions[-1], None
        while (start := instant_at(channel.genesis, tail.start)) < now + newest.lead(idle=tail.idle):
            revisions = revisions or self._revisions(on_air)
            revision = in_force(revisions, start, tail)
            turn = next_turn(revision, self._follower.catalog(revision), tail)
            if not self._store.put_new(keys.turn(channel.id, start, turn.index), encode(turn)):
                break
            written += 1
            tail = turn.tail
        return written

    def _copy(self, on_air: OnAir, parent: OnAir, now: datetime) -> int:
        """Write those turns of a regional copy that are due, and whose originals are written."""
        channel, newest = on_air.channel, on_air.revisions[-1]
        originals = parent.log.until(parent.committed).turns
        committed = on_air.log.until(on_air.committed).turns
        tail = committed[-1].tail if committed else Tail()
        written, revisions = 0, None
        for turn in on_air.log.turns[len(committed) :]:
            start = instant_at(channel.genesis, turn.start)
            if not originals or turn.end > originals[-1].end or start >= now + newest.lead(idle=tail.idle):
                break
            revisions = revisions or self._revisions(on_air)
            if in_force(revisions, start, tail).number != turn.revision:  # the follower makes it anew once it knows
                break
            if not self._store.put_new(keys.turn(channel.id, start, turn.index), encode(turn)):
                break
            written += 1
            tail = turn.tail
        return written

    def _revisions(self, on_air: OnAir) -> tuple[Revision, ...]:
        """The revisions of a channel, and those that were published since the follower looked for any.

        It looks less often than revisions take effect; and one that is in force for a turn must choose it,
        whoever writes it, and when. What cannot be read is left out: the follower tells of it.
        """
        found = on_air.revisions
        while True:
            key = keys.revision(on_air.channel.id, found[-1].number + 1)
            data = self._store.read(key)
            if data is None:
                return found
            try:
                new = revision_of(data, key)
                self._follower.catalog(new)
            except Corrupt:
                return found
            found = (*found, new)
