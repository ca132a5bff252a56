"""Proofs of an address: codes that are mailed there, each good once, for a while and for that address alone.

Law: a code is in the mail and nowhere else; kept of it is its SHA-256, and only of one that was mailed. Who asks for
one learns nothing of whether there is an account.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from sqlmodel import col, delete, func, select

from control_api.people.names import is_one_address
from control_api.tables import Account, MailToken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.settings import Settings

_FORM: Final = re.compile(r"[A-Za-z0-9_-]{32}", re.ASCII)
_BYTES: Final = 24
MOST: Final = 5
"""Codes that one account is mailed in an hour for one purpose."""
_HOUR: Final = timedelta(hours=1)


class Purpose(StrEnum):
    """What a code is good for."""

    VERIFY = "verify"
    RESET = "reset"


def life(settings: Settings, purpose: Purpose) -> timedelta:
    """How long a code is good."""
    if purpose is Purpose.VERIFY:
        return timedelta(hours=settings.verify_hours)
    return timedelta(minutes=settings.reset_minutes)


async def made(
    session: AsyncSession, settings: Settings, account: Account, purpose: Purpose, now: datetime
) -> str | None:
    """A new code for the address that the account has; None when it was sent enough of them in the last hour."""
    lately = select(func.count()).where(
        MailToken.account_id == account.id, MailToken.purpose == purpose, col(MailToken.created_at) > now - _HOUR
    )
    if account.email is None or (await session.exec(lately)).one() >= MOST:
        return None
    code = secrets.token_urlsafe(_BYTES)
    session.add(
        MailToken(
            digest=digest(code),
            account_id=account.id,
            purpose=purpose,
            address=account.email,
            created_at=now,
            expires_at=now + life(settings, purpose),
        )
    )
    return code


async def is_good(session: AsyncSession, code: str, purpose: Purpose, now: datetime) -> bool:
    """Whether somebody could redeem it now."""
    return await _found(session, code, purpose, now, held=False) is not None


async def redeemed(session: AsyncSession, code: str, purpose: Purpose, now: datetime) -> Account | None:
    """Whose code it is, held until the end of the transaction; with it all their codes of this purpose are gone.

    None where it is nobody's, is over, was used, or was sent to an address that is not theirs any more.
    """
    account = await _found(session, code, purpose, now, held=True)
    if account is not None:
        ours = (col(MailToken.account_id) == account.id, col(MailToken.purpose) == purpose)
        await session.exec(delete(MailToken).where(*ours))
    return account


async def _found(session: AsyncSession, code: str, purpose: Purpose, now: datetime, *, held: bool) -> Account | None:
    if not _FORM.fullmatch(code):
        return None
    wanted = (
        select(MailToken, Account)
        .join(Account, col(Account.id) == col(MailToken.account_id))
        .where(MailToken.digest == digest(code), MailToken.purpose == purpose, col(MailToken.expires_at) > now)
    )
    found = (await session.exec(wanted.with_for_update() if held else wanted)).one_or_none()
    if found is None:
        return None
    row, account = found
    if account.blocked_at is not None or not is_one_address(row.address, account.email or ""):
        return None
    return account


async def unsent(session: AsyncSession, digests: Iterable[str]) -> None:
    """Forget codes, by their digests, that nobody was mailed: they are good for nothing, and do not count."""
    await session.exec(delete(MailToken).where(col(MailToken.digest).in_(list(digests))))


def digest(code: str) -> str:
    """What is kept of a code."""
    return hashlib.sha256(code.encode()).hexdigest()
