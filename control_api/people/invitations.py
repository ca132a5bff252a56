"""Invitations: tokens by which somebody makes an account, each once, before it expires.

Law: the invitation of the first start is good for nothing as soon as there is an account.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, and_
from sqlmodel import col, delete, select

from control_api.ids import new_id
from control_api.people.accounts import is_empty
from control_api.people.roles import Role
from control_api.tables import Invitation

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database

PREFIX: Final = "fli_"
FIRST: Final = timedelta(days=1)
"""How long the invitation of a start is good; the next start makes another."""
_BYTES: Final = 24
_FORM: Final = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{32}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Invited:
    """A new invitation."""

    row: Invitation
    token: str
    """There is no other place that has it."""


def make(role: str, note: str, by: str, now: datetime, expires_at: datetime) -> Invited:
    """A new invitation, not yet in the database."""
    token = PREFIX + secrets.token_urlsafe(_BYTES)
    row = Invitation(
        id=new_id("in"),
        digest=_digest(token),
        role=role,
        note=note,
        created_by=by,
        created_at=now,
        expires_at=expires_at,
    )
    return Invited(row, token)


def is_open(now: datetime) -> ColumnElement[bool]:
    """Of an invitation that can be accepted."""
    return and_(
        col(Invitation.used_at).is_(None), col(Invitation.revoked_at).is_(None), col(Invitation.expires_at) > now
    )


async def accepted(session: AsyncSession, token: str, now: datetime) -> Invitation | None:
    """The open invitation of this token, held until the end of the transaction."""
    if not _FORM.fullmatch(token):
        return None
    wanted = select(Invitation).where(Invitation.digest == _digest(token), is_open(now))
    row = (await session.exec(wanted.with_for_update())).one_or_none()
    if row is None or (row.is_first and not await is_empty(session)):
        return None
    return row


async def first(database: Database, now: datetime) -> str | None:
    """A token for the first administrator; None when there is an account."""
    async with database.writing() as session:
        if not await is_empty(session):
            return None
        over = (col(Invitation.is_first).is_(True), col(Invitation.expires_at) <= now)
        await session.exec(delete(Invitation).where(*over))
        invited = make(Role.ADMIN, "the first administrator", "start", now, now + FIRST)
        invited.row.is_first = True
        session.add(invited.row)
    return invited.token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
