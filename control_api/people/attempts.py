"""Attempts to sign in: each counts as failed before the password is looked at, so that no crowd slips through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, delete, or_, select, update

from control_api.people.lockout import QUIET, Counted, Failed, again, counted, named, pinned, wait
from control_api.tables import Account, Failures, Session

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database


_FORGOTTEN: Final = 1000
"""How many that were quiet for long enough are deleted at a time."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The right to try once."""

    at: datetime
    before: tuple[tuple[Counted, Failed | None], ...]
    """What was known of everything that it counts for."""


async def begin(database: Database, name: str, place: str, now: datetime) -> Attempt | timedelta:
    """The right to try `name`, which is folded, or else how long to wait for it."""
    async with database.writing() as session:
        return await _begun(session, counted(name, place, is_usual=await _is_usual(session, name, place)), now)


async def begin_pin(database: Database, profile: str, now: datetime) -> Attempt | timedelta:
    """The right to try the PIN of a profile, or else how long to wait for it."""
    async with database.writing() as session:
        return await _begun(session, pinned(profile), now)


async def _begun(session: AsyncSession, things: list[Counted], now: datetime) -> Attempt | timedelta:
    """The right to try what counts for these things."""
    digests = sorted(thing.digest for thing in things)
    await _queue_up(session, digests)
    over = select(Failures.digest).where(col(Failures.last_at) <= now - QUIET).limit(_FORGOTTEN)
    await session.exec(delete(Failures).where(col(Failures.digest).in_(over.with_for_update(skip_locked=True))))
    rows = await session.exec(select(Failures).where(col(Failures.digest).in_(digests)))
    known = {row.digest: Failed(row.count, row.last_at) for row in rows}
    before = tuple((thing, known.get(thing.digest)) for thing in things)
    waiting = max(wait(thing.free, failed, now) for thing, failed in before)
    if waiting:
        return waiting
    for thing, failed in sorted(before, key=lambda pair: pair[0].digest):
        await _write(session, thing.digest, again(failed, now))
    return Attempt(now, before)


async def forgive(session: AsyncSession, attempt: Attempt) -> None:
    """The password was right: the attempt was no failure, and this name in this place has a clean sheet."""
    both = attempt.before[0][0]
    await take_back(session, attempt)
    await session.exec(delete(Failures).where(col(Failures.digest) == both.digest))


async def take_back(session: AsyncSession, attempt: Attempt) -> None:
    """Nobody looked at the password: it is as if nobody had tried."""
    for thing, failed in sorted(attempt.before, key=lambda pair: pair[0].digest):
        which = update(Failures).where(col(Failures.digest) == thing.digest)
        if failed is not None:  # and nobody has failed since
            await session.exec(which.where(col(Failures.last_at) == attempt.at).values(last_at=failed.last_at))
        await session.exec(which.values(count=Failures.count - 1))


async def lift(session: AsyncSession, names: list[str]) -> int:
    """Forget what was tried from everywhere in these names, which are folded; how often that was."""
    theirs = col(Failures.digest).in_([named(name).digest for name in names])
    count = sum((await session.exec(select(Failures.count).where(theirs))).all())
    await session.exec(delete(Failures).where(theirs))
    return count


async def _queue_up(session: AsyncSession, digests: list[str]) -> None:
    """Wait for others who count the same: what is not there yet has no row to hold. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        numbers = {f"n{place}": int(digest[:15], 16) for place, digest in enumerate(digests)}
        held = ", ".join(f"pg_advisory_xact_lock(:{name})" for name in numbers)
        await session.exec(text(f"SELECT {held}").bindparams(**numbers))  # type: ignore[call-overload]


async def _is_usual(session: AsyncSession, name: str, place: str) -> bool:
    """Whether the account was signed in from there before."""
    theirs = or_(Account.username_folded == name, Account.email_folded == name)
    found = select(Session.id).join(Account).where(theirs, Session.place == place).limit(1)
    return (await session.exec(found)).first() is not None


async def _write(session: AsyncSession, digest: str, failed: Failed) -> None:
    """Write what is known now; of two that come at once, both count."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    written: Any = dialect.insert(Failures).values(digest=digest, count=failed.count, last_at=failed.last_at)
    written = written.on_conflict_do_update(
        index_elements=["digest"],
        set_={"count": failed.count if failed.count == 1 else Failures.count + 1, "last_at": failed.last_at},
    )
    await session.exec(written)
