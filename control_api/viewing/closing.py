"""Closing what has fallen silent: by one process at a time.

Law: whoever counts what plays need not wait for this: what is silent does not count, closed or not.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlmodel import col, select, update

from control_api.database import Database, is_outage
from control_api.duties import Duty
from control_api.ids import new_id
from control_api.instants import whole_millis
from control_api.settings import Settings
from control_api.tables import PlaySession
from control_api.trouble import Trouble
from control_api.viewing.beating import SILENCE
from control_api.viewing.sessions import REVIVES
from control_api.viewing.silence import silent
from playout.clock import Clock

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

_log: Final = logging.getLogger("fastline.api")

DUTY: Final = "play_sessions"
LEASE: Final = timedelta(seconds=60)
PERIOD: Final = 5.0
"""Seconds from one look to the next."""
AT_ONCE: Final = 1000
"""Rows of one transaction: whoever writes meanwhile has not long to wait."""


@dataclass(slots=True, eq=False)
class Closer:
    """One process that would do it."""

    settings: Settings
    database: Database
    clock: Clock
    duty: Duty = field(init=False)
    _trouble: Trouble = field(init=False)

    def __post_init__(self) -> None:
        """Nobody else has this name."""
        self.duty = Duty(self.database, DUTY, new_id("cl"), LEASE)
        self._trouble = Trouble(_log, "play sessions that are silent are not closed now", "unclosed")

    async def run(self) -> None:
        """Do it until cancelled."""
        await self.duty.done(self._turned, PERIOD)

    async def _turned(self) -> None:
        now = whole_millis(self.clock())
        try:
            if await self.duty.holds(now):
                await close(self.database, self.settings, now)
            self._trouble.end()
        except Exception as error:
            if not is_outage(error):
                raise
            self._trouble.say(type(error).__name__)


async def close(database: Database, settings: Settings, now: datetime) -> int:
    """End what is silent, as of when it was last heard of; how many have ended.

    Who keeps no history is known by a session for as long as it may be taken up again, and by nothing after that.
    """
    over = col(PlaySession.ended_at).is_(None), silent(settings, now)
    total = 0
    while await _is_any(database, *over):  # mostly none is silent, and who writes keeps all others of SQLite from it
        some = select(PlaySession.id).where(*over).limit(AT_ONCE).with_for_update(skip_locked=True)
        async with database.writing() as session:
            done = await session.exec(
                update(PlaySession)
                .where(col(PlaySession.id).in_(some), *over)
                .values(ended_at=PlaySession.touched_at, ended_by=SILENCE)
            )
        total += done.rowcount
        if done.rowcount < AT_ONCE:
            break
    unkept = col(PlaySession.account_id).is_not(None), col(PlaySession.profile_id).is_(None)
    past = (*unkept, col(PlaySession.ended_at) < now - REVIVES)
    if await _is_any(database, *past):
        async with database.writing() as session:
            old = select(PlaySession.id).where(*past).limit(AT_ONCE)
            await session.exec(
                update(PlaySession).where(col(PlaySession.id).in_(old)).values(account_id=None, device="", device_id="")
            )
    return total


async def _is_any(database: Database, *conditions: ColumnElement[bool]) -> bool:
    """Whether there is a play session like that."""
    async with database.reading() as session:
        return (await session.exec(select(PlaySession.id).where(*conditions).limit(1))).first() is not None
