"""Duties: what only one process may do at a time, taken for a while in the database.

Law: of several processes that try, one has the duty; when it dies, another one has it once the while is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, or_, select, update

from control_api.tables import Duty

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from control_api.database import Database


async def take(database: Database, name: str, holder: str, now: datetime, span: timedelta) -> bool:
    """Take the duty for so long, or hold it on; whether `holder` has it.

    One that is held for longer than anybody takes it was taken by a clock that was wrong, and is free.
    """
    free = or_(col(Duty.holder) == holder, col(Duty.until) <= now, col(Duty.until) > now + 2 * span)
    try:
        async with database.writing() as session:
            done = await session.exec(
                update(Duty).where(col(Duty.name) == name, free).values(holder=holder, until=now + span)
            )
            if done.rowcount:
                return True
            if (await session.exec(select(Duty.name).where(Duty.name == name))).one_or_none() is not None:
                return False
            session.add(Duty(name=name, holder=holder, until=now + span))
    except IntegrityError:  # another process was faster
        return False
    return True


async def lay_down(database: Database, name: str, holder: str) -> None:
    """Let another process have the duty at once."""
    async with database.writing() as session:
        await session.exec(delete(Duty).where(col(Duty.name) == name, col(Duty.holder) == holder))
