"""API keys: made of chance, shown once, known again by their digest."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Final

from pydantic import Field
from sqlmodel import col, or_, select, update

from control_api import makers
from control_api.callers import Caller, Stranger
from control_api.ids import new_id
from control_api.instants import Instant
from control_api.makers import Standing
from control_api.models import Shown
from control_api.tables import ApiKey

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from control_api.database import Database
    from control_api.makers import Roles
    from control_api.scopes import Scope

PREFIX: Final = "fl_"
_LENGTH: Final = 32  # of 62 characters each: 190 bits
_FORM: Final = re.compile(rf"{PREFIX}[A-Za-z0-9]{{{_LENGTH}}}")
_HINT: Final = 8
_NOTED: Final = timedelta(minutes=1)  # how exactly it is kept when a key was last used


class KeyShown(Shown):
    """What is known of a key."""

    id: str
    name: str
    hint: str = Field(description="How the key begins.")
    scopes: list[str]
    created_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None
    used_at: Instant | None = Field(description="When it was last used, to the minute.")
    made_by: str | None = Field(
        description="The id of who made it, without whom it is good for nothing; null: the command line."
    )


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made."""

    row: ApiKey
    secret: str
    """The key itself; there is no other place that has it."""


def make(
    name: str, scopes: Iterable[Scope], now: datetime, expires_at: datetime | None = None, by: str | None = None
) -> NewKey:
    """A new key, not yet in the database; None has made it who has the machine."""
    secret = PREFIX + "".join(secrets.choice(ascii_letters + digits) for _ in range(_LENGTH))
    row = ApiKey(
        id=new_id("ak"),
        name=name,
        digest=_digest(secret),
        hint=secret[:_HINT],
        scopes=sorted(set(scopes)),
        created_at=now,
        expires_at=expires_at,
        made_by=by,
    )
    return NewKey(row, secret)


async def caller(database: Database, credentials: str, roles: Roles, now: datetime) -> Caller | Stranger | None:
    """Who sends this key; None when it is no key. It may do what its maker may, and no more."""
    if not credentials.startswith(PREFIX):
        return None
    row = None
    behind: Standing | Stranger = Standing()
    if _FORM.fullmatch(credentials):
        async with database.reading() as session:
            found = await session.exec(select(ApiKey).where(ApiKey.digest == _digest(credentials)))
            row = found.one_or_none()
            behind = await makers.standing(session, None if row is None else row.made_by, roles, now)
    if row is None:
        return Stranger("there is no such API key")
    if (over := makers.is_over(row, now)) is not None:
        return Stranger(over)
    if isinstance(behind, Stranger):
        return Stranger(f"the API key is not good: {behind.why}")
    if row.used_at is None or now - row.used_at >= _NOTED:
        await _note(database, row.id, now)
    until = min((end for end in (row.expires_at, behind.until) if end is not None), default=None)
    return Caller(row.id, row.name, makers.scopes(row) & behind.scopes, until=until, behind=behind.names)


async def _note(database: Database, key: str, now: datetime) -> None:
    """Write down that the key is used."""
    unused = or_(col(ApiKey.used_at).is_(None), col(ApiKey.used_at) <= now - _NOTED)
    async with database.writing() as session:
        await session.exec(update(ApiKey).where(col(ApiKey.id) == key, unused).values(used_at=now))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
