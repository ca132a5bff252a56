"""Idempotency-Key: a request that is repeated happens once, and is answered as it was the first time.

Law: the answer is stored in the transaction of the change itself. So a key whose request was cut off by a crash
either has an answer, or nothing has happened and the next attempt does it.
A refusal is not kept: who corrects a mistake may use the same key again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select, update

from control_api.ids import new_id
from control_api.problems import IN_PROGRESS, KEY_REUSED, MALFORMED, Mistake, Problem
from control_api.tables import Repeat

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database

HEADER: Final = "Idempotency-Key"
PATTERN: Final = r"^[!-~]{1,255}$"
LEASE: Final = timedelta(seconds=60)
"""How long an attempt may take before another one may take over."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that is given again."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Attempt:
    """The right to work on a request, until the lease runs out."""

    digest: str
    holder: str


def digest(caller: str, operation: str, key: str) -> str:
    """What a request is known by. Raises `Problem` when the key is none."""
    if not re.fullmatch(PATTERN, key):
        detail = f"{HEADER} is 1 to 255 characters of ASCII without spaces, e.g. a random UUID"
        raise Problem(MALFORMED, detail, errors=[Mistake(part="header", pointer=f"/{HEADER}", detail=detail)])
    return hashlib.sha256(f"{caller}\x00{operation}\x00{key}".encode()).hexdigest()


def fingerprint(*parts: bytes) -> str:
    """What tells a request from another one with the same key."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()


async def begin(database: Database, known_by: str, asked: str, now: datetime, keep: timedelta) -> Attempt | Kept:
    """The right to work on the request, or the answer that it already has.

    Raises `Problem` when somebody else works on it, or it is another request.
    """
    attempt = Attempt(known_by, new_id("at"))
    try:
        async with database.writing() as session:
            await session.exec(delete(Repeat).where(col(Repeat.expires_at) <= now))
            found = (
                await session.exec(select(Repeat).where(Repeat.digest == known_by).with_for_update())
            ).one_or_none()
            if found is None:
                found = Repeat(digest=known_by, fingerprint=asked, holder="", held_until=now, expires_at=now + keep)
                session.add(found)
            if found.fingerprint != asked:
                raise Problem(KEY_REUSED, f"this {HEADER} came before, with another body or another address")
            if found.status is not None:
                return Kept(found.status, found.headers or {}, found.body or b"")
            if found.held_until > now:
                raise _busy(found.held_until - now)
            found.holder, found.held_until = attempt.holder, now + LEASE
    except IntegrityError:  # two came at once, and the other one was first
        raise _busy(timedelta(seconds=1)) from None
    return attempt


async def keep(session: AsyncSession, attempt: Attempt, answer: Kept) -> None:
    """Store the answer with the change. Raises `Problem` when somebody else has taken over since."""
    done = await session.exec(
        update(Repeat)
        .where(col(Repeat.digest) == attempt.digest, col(Repeat.holder) == attempt.holder)
        .values(status=answer.status, headers=dict(answer.headers), body=answer.body)
    )
    if done.rowcount != 1:
        raise _busy(timedelta(seconds=1))


async def give_up(database: Database, attempt: Attempt) -> None:
    """Let the next attempt begin at once: this one has failed, and nothing has happened."""
    async with database.writing() as session:
        await session.exec(
            delete(Repeat).where(
                col(Repeat.digest) == attempt.digest,
                col(Repeat.holder) == attempt.holder,
                col(Repeat.status).is_(None),
            )
        )


def _busy(left: timedelta) -> Problem:
    seconds = max(1, min(5, int(left.total_seconds())))
    detail = f"a request with this {HEADER} is being worked on"
    return Problem(IN_PROGRESS, detail, headers={"Retry-After": str(seconds)})
