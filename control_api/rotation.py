"""Secrets that are replaced in time: the newest signs, and those before it prove for as long as somebody needs them.

Law: a secret begins to sign only when every process has had the time to read it, and is deleted only when nothing that
it has signed can still be shown. So at any instant all processes agree on the one that signs, and nobody is signed out.
"""

from __future__ import annotations

import asyncio
import secrets
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, delete, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from control_api.database import is_outage
from control_api.problems import unavailable
from control_api.signing import BYTES, Signer
from control_api.tables import Secret

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from control_api.database import Database

READ_AGAIN: Final = timedelta(minutes=10)
"""How often a process reads them, when it is asked for something."""
SETTLES: Final = timedelta(hours=1)
"""How long after it was made a secret begins to sign; the first one does at once."""
_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)

Needed = Callable[[AsyncSession, datetime], Awaitable[datetime]]
"""Since when signatures are still needed, at an instant."""


@dataclass(frozen=True, slots=True, repr=False)
class _Turn:
    """One secret, and from when on it signs."""

    name: str
    value: bytes
    made_at: datetime
    since: datetime


class Rotation:
    """The secrets of one name, as this process knows them."""

    def __init__(self, database: Database, name: str, *, signs_for: timedelta, needed: Needed) -> None:
        """`signs_for` is how long a secret is the one that signs."""
        self.database: Final = database
        self._name = name
        self._signs_for = signs_for
        self._needed = needed
        self._turns: list[_Turn] = []
        self._read_at: datetime | None = None
        self.looking: Final = asyncio.Lock()
        """Held by who reads them."""

    async def look(self, now: datetime) -> None:
        """Read them where that was a while ago, and replace the newest when its time is over; see `look`."""
        await look((self,), now)

    def at(self, instant: datetime) -> Signer:
        """Who signs at this instant; what others have signed is proven too. Raises `Problem` before the first look."""
        if not self._turns:
            raise unavailable("the database has not answered since the start")
        place = max(bisect_right([turn.since for turn in self._turns], instant) - 1, 0)
        others = (turn.value for turn in reversed(self._turns) if turn is not self._turns[place])
        return Signer(self._turns[place].value, tuple(others))

    def is_fresh(self, now: datetime) -> bool:
        """Whether they were read a short while ago, and there are any."""
        return self.is_known and self._read_at is not None and timedelta(0) <= now - self._read_at < READ_AGAIN

    def is_over(self, now: datetime) -> bool:
        """Whether the newest has been it for long enough, or there is none."""
        return not self._turns or now - self._turns[-1].made_at >= self._signs_for

    @property
    def is_known(self) -> bool:
        """Whether there is anything to sign with."""
        return bool(self._turns)

    @property
    def ours(self) -> ColumnElement[bool]:
        """Which secrets these are."""
        name = col(Secret.name)
        return or_(name == self._name, name.startswith(f"{self._name}.", autoescape=True))

    def take(self, rows: Iterable[Secret], now: datetime) -> None:
        """Know those of these rows that are ours."""
        own = [row for row in rows if row.name.partition(".")[0] == self._name]
        turns: list[_Turn] = []
        for row in sorted(own, key=lambda row: _number(row.name)):
            since = row.created_at + SETTLES if turns else _ALWAYS
            turns.append(_Turn(row.name, row.value, row.created_at, max(since, turns[-1].since if turns else since)))
        self._turns, self._read_at = turns, now

    async def replace(self, session: AsyncSession, now: datetime) -> None:
        """Make the next one, unless another process was faster, and delete those that nobody needs."""
        number = _number(self._turns[-1].name) + 1 if self._turns else 0
        name = f"{self._name}.{number}" if number else self._name
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        new = {"name": name, "value": secrets.token_bytes(BYTES), "created_at": now}
        await (await session.connection()).execute(insert(Secret).on_conflict_do_nothing(), new)
        if len(self._turns) > 1:
            since = await self._needed(session, now)
            over = [turn.name for turn, after in pairwise(self._turns) if after.since <= min(since, now)]
            await session.exec(delete(Secret).where(col(Secret.name).in_(over)))


async def look(some: Sequence[Rotation], now: datetime) -> None:
    """Read those that were read a while ago, and replace the newest of each when its time is over: in one transaction.

    To be called before a transaction begins that would have to wait for it. While the database does not answer, what
    is known stays. All belong to one database, and are always named in the same order.
    """
    if all(one.is_fresh(now) for one in some):
        return
    async with AsyncExitStack() as held:
        for one in some:
            await held.enter_async_context(one.looking)
        stale = [one for one in some if not one.is_fresh(now)]
        try:
            await _look(stale, now)
        except Exception as error:
            if not all(one.is_known for one in stale) or not is_outage(error):
                raise


async def _look(stale: Sequence[Rotation], now: datetime) -> None:
    if not stale:
        return
    database = stale[0].database
    async with database.reading() as session:
        rows = await _rows(stale, session)
    _take(stale, rows, now)
    over = [one for one in stale if one.is_over(now)]
    if over:
        async with database.writing() as session:
            for one in over:
                await one.replace(session, now)
            rows = await _rows(over, session)
        _take(over, rows, now)  # only now are they kept: nobody signs with what another process cannot read


async def _rows(some: Sequence[Rotation], session: AsyncSession) -> Sequence[Secret]:
    return (await session.exec(select(Secret).where(or_(*(one.ours for one in some))))).all()


def _take(some: Sequence[Rotation], rows: Sequence[Secret], now: datetime) -> None:
    for one in some:
        one.take(rows, now)


def for_a_while(span: timedelta) -> Needed:
    """Signatures that are needed for so long."""

    async def needed(_session: AsyncSession, now: datetime) -> datetime:
        await asyncio.sleep(0)
        return now - span

    return needed


def _number(name: str) -> int:
    """Which secret of its name it is: `csrf` is the first, `csrf.1` the one after it."""
    number = name.partition(".")[2]
    return int(number) if number.isdecimal() else 0
