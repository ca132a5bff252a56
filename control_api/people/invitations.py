"""Invitations: tokens by which somebody makes an account, each once, before it expires.

Law: the invitation of the first start is good for nothing as soon as there is an account. Any other is good for
nothing when who made it is shut out, or may not give its role any more.
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
from control_api.makers import Standing, standing
from control_api.people.accounts import is_empty
from control_api.people.roles import Role, is_within, scopes_of
from control_api.tables import Invitation

if TYPE_CHECKING:
    from collections.abc import Sequence

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


async def accepted(session: AsyncSession, token: str, now: datetime, *, held: bool = True) -> Invitation | None:
    """The open invitation of this token, `held` until the end of the transaction.

    Who made it must be somebody still who may give its role; only that of the first start has nobody behind it.
    """
    if not _FORM.fullmatch(token):
        return None
    wanted = select(Invitation).where(Invitation.digest == _digest(token), is_open(now))
    row = (await session.exec(wanted.with_for_update() if held else wanted)).one_or_none()
    if row is None:
        return None
    if row.is_first:
        return row if await is_empty(session) else None
    maker = await standing(session, row.created_by, scopes_of, now)
    return row if isinstance(maker, Standing) and is_within(row.role, maker.scopes) else None


async def open_of(session: AsyncSession, maker: str, now: datetime) -> Sequence[Invitation]:
    """What somebody has invited to that can be accepted, held until the end of the transaction."""
    rows = select(Invitation).where(Invitation.created_by == maker, is_open(now)).order_by(col(Invitation.id))
    return (await session.exec(rows.with_for_update())).all()


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
