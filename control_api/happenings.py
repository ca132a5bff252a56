"""The list of events: written last in a transaction, read by whoever follows it.

Law: once an event can be seen, none with a smaller number will appear. SQLite has one writer at a time; on
PostgreSQL numbers are given under a lock that is held until the commit.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, text
from sqlmodel import col, or_, select

from control_api.ids import new_id
from control_api.tables import Event

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database

ANY: Final = ".*"
"""How the name of all types of one thing ends."""
_LOCK: Final = 0x4556454E  # any number that only we use


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened, not yet written."""

    type: str
    """A thing and what happened to it: `api_key.created`."""
    subject: str
    data: dict[str, Any] = field(default_factory=dict)


async def append(session: AsyncSession, happenings: Sequence[Happening], now: datetime) -> None:
    """Write events in this order; the transaction should end right after."""
    if not happenings:
        return
    if session.get_bind().dialect.name == "postgresql":
        await session.exec(text("SELECT pg_advisory_xact_lock(:number)").bindparams(number=_LOCK))  # type: ignore[call-overload]
    for happening in happenings:
        session.add(Event(id=new_id("ev"), type=happening.type, at=now, subject=happening.subject, data=happening.data))
        await session.flush()


def of_types(types: Sequence[str]) -> ColumnElement[bool]:
    """Events of these types, at least one; `channel.*` stands for all that begin with `channel.`."""
    exact = [name for name in types if not name.endswith(ANY)]
    ways: list[ColumnElement[bool]] = [col(Event.type).in_(exact)] if exact else []
    ways += [
        col(Event.type).startswith(name.removesuffix("*"), autoescape=True) for name in types if name.endswith(ANY)
    ]
    return or_(*ways)


class Feed:
    """Tells who follows the list that it has grown: at once within this process, else by a look now and then."""

    def __init__(self, database: Database, every_seconds: float) -> None:
        """`every_seconds` is how often the database is asked, however many wait."""
        self._database = database
        self._every = every_seconds
        self._bell = asyncio.Event()
        self._asking = asyncio.Lock()
        self._asked_at = -every_seconds
        self._newest = 0
        self._closed = False

    def close(self) -> None:
        """Wake everyone, and let nobody wait again: the process stops."""
        self._closed = True
        self.ring()

    def ring(self) -> None:
        """Wake everyone who waits: events were written."""
        self._asked_at = -self._every
        self._bell.set()
        self._bell = asyncio.Event()

    async def newest(self) -> int:
        """The number of the newest event; 0 when there is none."""
        async with self._database.reading() as session:
            return (await session.exec(select(func.max(col(Event.sequence))))).one() or 0

    async def grown(self, seen: int, seconds: float) -> bool:
        """Wait for an event after `seen`, for so long, or until somebody rings; whether there is one."""
        loop = asyncio.get_running_loop()
        bell, until = self._bell, loop.time() + seconds
        while True:
            async with self._asking:  # of many that wait, one asks
                if loop.time() - self._asked_at >= self._every:
                    self._asked_at = loop.time()
                    self._newest = await self.newest()
            if self._newest > seen or bell.is_set() or self._closed or loop.time() >= until:
                return self._newest > seen
            pause = min(until, self._asked_at + self._every) - loop.time()
            try:
                async with asyncio.timeout(max(pause, 0)):
                    await bell.wait()
            except TimeoutError:
                continue
