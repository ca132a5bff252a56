"""Duties: what only one process may do at a time, taken for a while in the database.

Law: of several processes that try, one has the duty; when it dies, another one has it once the while is over, and
when it ends in good order, at once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, or_, select, update

from control_api.database import is_outage
from control_api.tables import Duty as Held

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime, timedelta

    from control_api.database import Database


async def take(database: Database, name: str, holder: str, now: datetime, span: timedelta) -> bool:
    """Take the duty for so long, or hold it on; whether `holder` has it.

    One that is held for longer than anybody takes it was taken by a clock that was wrong, and is free.
    """
    free = or_(col(Held.holder) == holder, col(Held.until) <= now, col(Held.until) > now + 2 * span)
    try:
        async with database.writing() as session:
            done = await session.exec(
                update(Held).where(col(Held.name) == name, free).values(holder=holder, until=now + span)
            )
            if done.rowcount:
                return True
            if (await session.exec(select(Held.name).where(Held.name == name))).one_or_none() is not None:
                return False
            session.add(Held(name=name, holder=holder, until=now + span))
    except IntegrityError:  # another process was faster
        return False
    return True


async def lay_down(database: Database, name: str, holder: str) -> None:
    """Let another process have the duty at once."""
    async with database.writing() as session:
        await session.exec(delete(Held).where(col(Held.name) == name, col(Held.holder) == holder))


class Duty:
    """A duty, as one process would have it."""

    def __init__(self, database: Database, name: str, holder: str, span: timedelta) -> None:
        """`holder` is a name that nobody else has; `span` is for how long the duty is taken."""
        self._database = database
        self._name = name
        self._holder = holder
        self._span = span
        self._is_taken = False
        self.held_until: datetime | None = None
        """Until when nobody else takes it; None where it is not ours."""

    async def take(self, now: datetime) -> bool:
        """Whether it is ours, and then for a whole span."""
        self._is_taken = True  # also where it is not known any more what the database did
        self._is_taken = await take(self._database, self._name, self._holder, now, self._span)
        self.held_until = now + self._span if self._is_taken else None
        return self._is_taken

    async def holds(self, now: datetime) -> bool:
        """Whether it is ours, and then for half a span at least: the database is asked now and then."""
        until = self.held_until
        if until is not None and now < until - self._span / 2 and until <= now + self._span:
            return True
        return await self.take(now)

    async def done(self, turn: Callable[[], Awaitable[None]], every: float) -> None:
        """Take a turn every so many seconds until cancelled; then another process may have it at once."""
        try:
            while True:
                await turn()
                await asyncio.sleep(every)
        finally:
            await self.lay_down()

    async def lay_down(self) -> None:
        """Let another process have it at once. Where the database does not answer it ends by itself."""
        if not self._is_taken:
            return
        self._is_taken, self.held_until = False, None
        try:
            await lay_down(self._database, self._name, self._holder)
        except Exception as error:
            if not is_outage(error):
                raise
