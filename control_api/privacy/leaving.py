"""Leaving: an account that was closed, and what is removed of it when nobody has come back for some days.

Law: after that no row is of the account, no row that stays says who it was, and nobody else has lost anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, Field
from sqlalchemy import delete, update
from sqlalchemy import select as selected
from sqlmodel import col, select

from control_api.changes import Actor, Change, audited
from control_api.happenings import append
from control_api.instants import whole_millis
from control_api.jobs import JobKind, Work, submit
from control_api.jobs.states import UNENDED
from control_api.privacy.portions import PORTION, portions
from control_api.privacy.theirs import ANONYMOUS, AUDIT, LEFT, NAMED, names, naming, personal, theirs, told_of
from control_api.tables import METADATA, Account, Job

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import CursorResult
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database

_ACTOR: Final = Actor("station", "the station", "purge_account")
AT_ONCE: Final = 100
"""Accounts of one transaction."""
_ENTRIES: Final = 500
"""Entries of the audit of one transaction."""


class Purge(BaseModel):
    """Whose data are to be removed."""

    account: Annotated[str, Field(max_length=40)]


class Purged(BaseModel):
    """What was removed: rows by table."""

    removed: dict[str, int]
    anonymous: dict[str, int] = Field(description="Rows that have stayed, and are nobody's now.")


async def hushed(database: Database, account: str, size: int = PORTION) -> str:
    """Take from the audit what it says of an account; the last entry that was looked at, by its id.

    To look through the audit takes long: done some entries at a time, before all else goes, it holds up nobody.
    """
    audit, last = METADATA.tables[AUDIT], ""
    async with database.reading() as session:
        spans = [span async for span in portions(await session.connection(), audit.c.id, size)]
    for span, upto in spans:
        last = upto
        async with database.reading() as session:
            told = selected(audit.c.id).where(span, told_of(account))
            ids = (await (await session.connection()).execute(told)).scalars().all()
        for first in range(0, len(ids), _ENTRIES):
            some = audit.c.id.in_(ids[first : first + _ENTRIES])
            async with database.writing() as session:
                await session.exec(update(audit).where(some).values(before=None, after=None))
    return last


async def purge(session: AsyncSession, account: str, after: str = "") -> Purged:
    """Remove all that is kept of an account, and its name from what stays; of the audit what came after an entry."""
    found = Purged(removed={}, anonymous={})
    audit = METADATA.tables[AUDIT]
    await session.exec(update(audit).where(audit.c.id > after, told_of(account)).values(before=None, after=None))
    for name, column, values in LEFT:
        table = METADATA.tables[name]
        await session.exec(update(table).where(names(table.c[column], account)).values(dict(values)))
    for name, named in NAMED.items():
        if named.blanked:
            table = METADATA.tables[name]
            await session.exec(update(table).where(naming(table, account)).values(dict(named.blanked)))
    for table in reversed(personal()):  # what names others goes before them
        kept = table.name in ANONYMOUS
        if kept and not ANONYMOUS[table.name]:
            continue  # it says nothing of anybody but by what it belongs to
        change = update(table).values(dict(ANONYMOUS[table.name])) if kept else delete(table)
        done: CursorResult[Any] = await session.exec(change.where(theirs(table, account)))
        if done.rowcount:
            (found.anonymous if kept else found.removed)[table.name] = done.rowcount
    return found


async def due(database: Database, now: datetime) -> int:
    """Have the accounts removed whose days are over; how many."""
    count, found = 0, AT_ONCE
    while found == AT_ONCE:
        async with database.writing() as session:
            waiting = select(Job.subject).where(Job.kind == PURGE_ACCOUNT.name, col(Job.state).in_(UNENDED))
            over = select(Account.id).where(col(Account.closes_at) <= now, col(Account.id).not_in(waiting))
            some = (await session.exec(over.limit(AT_ONCE))).all()
            for account in some:
                await submit(session, PURGE_ACCOUNT, Purge(account=account), now=now, subject=account)
        found = len(some)
        count += found
    return count


async def _work(work: Work, given: Purge) -> Purged | None:
    now = whole_millis(work.clock())
    async with work.database.reading() as session:
        row = await session.get(Account, given.account)
    if row is None or row.closes_at is None or row.closes_at > now:
        return None  # they have come back, or are gone
    seen = await hushed(work.database, given.account)
    async with work.database.writing() as session:
        wanted = select(Account).where(Account.id == given.account).with_for_update()
        row = (await session.exec(wanted)).one_or_none()
        if row is None or row.closes_at is None or row.closes_at > now:
            return None
        session.expunge(row)
        found = await purge(session, given.account, seen)
        happening = audited(session, _ACTOR, Change("account", given.account, "purged", after=found), now)
        await session.flush()
        await append(session, [] if happening is None else [happening], now)
    return found


PURGE_ACCOUNT: Final = JobKind("purge_account", Purge, _work, attempts=8, everywhere=1)
"""Removes all that is kept of an account that was closed."""
