"""Heartbeats, gathered in memory and written once a second (`play_flush_ms`) by every process for itself.

Law: a heartbeat of a playing that the process knows asks no database. What is heard is written within a second, or as
soon as the database answers; of each playing the newest state alone waits, and no more playings are known than is set,
so memory stays flat. A process that is killed loses what it heard in the last second; one that is stopped, nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from contextlib import asynccontextmanager, suppress
from time import perf_counter
from typing import TYPE_CHECKING, Final

from control_api.database import OUTAGES, is_outage
from control_api.problems import unavailable
from control_api.trouble import Trouble
from control_api.viewing.beating import joined
from control_api.viewing.writing import AT_ONCE, write

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.measures import Measures
    from control_api.settings import Settings
    from control_api.viewing.playing import Playing

_log: Final = logging.getLogger("fastline.api")

OF_ALL_IN_A_SECOND: Final = 100
"""Heartbeats of all playings of one account that are taken in a second."""
_LAST: Final = 5.0
"""Seconds that a process which is stopped takes to write the rest, at most."""


class Gathering:
    """The play sessions that one process knows."""

    def __init__(self, settings: Settings, database: Database, measures: Measures) -> None:
        self._database = database
        self._measures = measures
        self._most = settings.play_sessions
        self._beat_ms = settings.play_beat_ms
        self._period = settings.play_flush_ms / 1000
        self._ends = asyncio.Event()
        self._known: OrderedDict[str, Playing] = OrderedDict()
        self._due: dict[str, Playing] = {}
        """What is to be written."""
        self._writing = asyncio.Lock()
        self._second = 0
        self._beats: Counter[str] = Counter()
        """How many heartbeats of each account were heard in that second."""
        self._flying: dict[str, asyncio.Event] = {}
        """Of whom something is just being written, and what tells that it is."""
        self._trouble = Trouble(_log, "heartbeats of players are not written now", "unwritten")

    def __len__(self) -> int:
        return len(self._known)

    @property
    def due(self) -> int:
        """How many playings are to be written."""
        return len(self._due)

    @property
    def next_ms(self) -> int:
        """In how many milliseconds a player is to beat again: later, the more is waiting to be written."""
        return self._beat_ms * (1 + 3 * len(self._due) // self._most)

    def known(self, name: str) -> Playing | None:
        """The playing of this id, if this process knows it."""
        found = self._known.get(name)
        if found is not None:
            self._known.move_to_end(name)
        return found

    def learn(self, one: Playing) -> Playing:
        """Remember a playing; the one that is remembered. Raises `Problem` where there is no room."""
        there = self._known.get(one.id)
        if there is not None:
            there.state = joined(there.state, one.state)
            return there
        while len(self._known) >= self._most:
            self._forget_one()
        self._known[one.id] = one
        return one

    def forget(self, name: str) -> None:
        """Know nothing of it any more; what is not written of it is not."""
        self._known.pop(name, None)
        self._due.pop(name, None)

    def mark(self, one: Playing) -> None:
        """Have it written. The playing is one that is known."""
        self._due[one.id] = one

    def is_hurried(self, owner: str, at: int) -> bool:
        """Whether an account beats more often than all that it plays has to, once another heartbeat is counted."""
        second = at // 1000
        if second != self._second:
            self._second, self._beats = second, Counter()
        self._beats[owner] += 1
        return self._beats[owner] > OF_ALL_IN_A_SECOND

    def _forget_one(self) -> None:
        """Make room for one: who was not heard of for longest, and is written, gives way."""
        name = next((name for name in self._known if name not in self._due), None)
        if name is None:
            message = "too many players wait for the database: say it again"
            raise unavailable(message)
        del self._known[name]

    # Writing

    async def run(self) -> None:
        """Write time and again until it is to end; what is not written while the database is down waits."""
        while not self._ends.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._period):
                    await self._ends.wait()
            try:
                await self.flush()
                self._trouble.end()
            except Exception as error:
                if not is_outage(error):
                    raise
                self._trouble.say(type(error).__name__)

    async def flush(self) -> None:
        """Write all that waits. Raises what the database raises; then it waits on."""
        async with self._writing:
            await self._written(self._due)

    async def settle(self, owner: str) -> None:
        """Write what waits of this account: who asks what they have seen is told all of it.

        What the database does not take now is written later.
        """
        flying = self._flying.get(owner)
        if flying is not None:
            await flying.wait()
        mine = {name: one for name, one in self._due.items() if one.owner == owner}
        if mine:
            with suppress(*OUTAGES):
                await self._written(mine)

    async def _written(self, some: dict[str, Playing]) -> None:
        """Write some of what waits; what is not written waits on."""
        left = list(some.values())
        landed = asyncio.Event()
        for one in left:
            self._due.pop(one.id, None)
            self._flying[one.owner] = landed
        try:
            while left:
                await self._put(left[:AT_ONCE])
                left = left[AT_ONCE:]
        finally:
            landed.set()
            self._flying = {owner: flying for owner, flying in self._flying.items() if flying is not landed}
            self._due = {one.id: one for one in left if one.id in self._known} | self._due

    async def _put(self, some: Sequence[Playing]) -> None:
        """Write these in one transaction; where that cannot be for one of them, all others."""
        begun = perf_counter()
        try:
            async with self._database.writing() as session:
                await self.record(session, some)
        except Exception as error:
            if is_outage(error):
                raise
            if len(some) == 1:
                _log.exception("%s: what was heard of it cannot be written", some[0].id)
                self.forget(some[0].id)
                return
            for half in (some[: len(some) // 2], some[len(some) // 2 :]):
                await self._put(half)
        else:
            self._measures.flush_seconds.observe(perf_counter() - begun)

    async def record(self, session: AsyncSession, some: Sequence[Playing]) -> None:
        """Write these as part of a transaction; what another process knew of them is known here then."""
        after = await write(session, some)
        for one in some:
            state = after.get(one.id)
            if state is None:  # somebody has removed it
                self._known.pop(one.id, None)
            else:
                one.state = joined(one.state, state)

    @asynccontextmanager
    async def tended(self) -> AsyncIterator[None]:
        """Write for as long as the block runs, and the rest at its end."""
        # the block is left in another task than it was entered: no group spans that
        task = asyncio.get_running_loop().create_task(self._kept_up())
        try:
            yield
        finally:
            self._ends.set()  # a task that is cancelled while it writes may leave its connection to nobody
            try:
                async with asyncio.timeout(_LAST):
                    await task
                    await self.flush()
            except Exception:  # noqa: BLE001 — whatever it is, the process ends
                _log.exception("what players said last could not be written")

    async def _kept_up(self) -> None:
        while not self._ends.is_set():
            try:
                await self.run()
            except Exception:  # noqa: BLE001 — whatever it is, it begins again
                _log.exception("writing what players say has failed, and begins again")
