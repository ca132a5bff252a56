"""Identities: which account somebody is who comes with an ID token.

Law: an unknown identity is the account of an e-mail address only when the issuer is trusted for that, says that it has
verified the address, and the account's owner has proven it too. Else who registers somebody's address first would
own what they bring. For the same reason an issuer that is not trusted for addresses gives no new account one.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from pydantic import Field, TypeAdapter, ValidationError
from sqlmodel import col, select

from control_api.callers import Stranger
from control_api.changes import Change
from control_api.ids import new_id
from control_api.instants import Instant
from control_api.models import Shown
from control_api.people import accounts
from control_api.people.accounts import Wanted
from control_api.people.names import Email, folded, from_email, is_one_address
from control_api.people.roles import Role
from control_api.people.shown import AccountShown, lasting
from control_api.tables import Account, Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.people.issuers import Claims

MOST: Final = 20
"""Identities of one account."""
_EMAIL: Final[TypeAdapter[str]] = TypeAdapter(Email)


class IdentityShown(Shown):
    """Who somebody is for an issuer."""

    id: str
    issuer: str
    subject: str = Field(description="Their id there.")
    created_at: Instant


async def found(session: AsyncSession, claims: Claims) -> Account | None:
    """The account of the identity, if it is known."""
    digest = _digest(claims.issuer.issuer, claims.subject)
    rows = select(Account).join(Identity, col(Identity.account_id) == Account.id).where(Identity.digest == digest)
    return (await session.exec(rows)).one_or_none()


async def admitted(
    session: AsyncSession, claims: Claims, now: datetime, tell: Callable[[Change], None]
) -> Account | Stranger:
    """The account of the identity: known, linked by its address, or new."""
    account = await found(session, claims)
    if account is not None:
        return account
    email = _proven(claims)
    other = None if email is None else await _of_email(session, email)
    if email is not None and other is not None and other.email_verified and is_one_address(email, other.email or ""):
        await link(session, other, claims, now, tell)
        return other
    if not claims.issuer.register_new:
        return Stranger("nobody here has that identity: sign in another way and link it, or have an account made")
    # of an address that somebody else has said is theirs, nothing is made
    account = await _new(session, claims, email if other is None else None, now)
    tell(Change("account", account.id, "created", after=lasting(AccountShown.of(account))))
    await link(session, account, claims, now, tell)
    return account


async def link(
    session: AsyncSession, account: Account, claims: Claims, now: datetime, tell: Callable[[Change], None]
) -> Identity:
    """Make the identity one of the account's. Nobody else has it."""
    row = Identity(
        id=new_id("id"),
        digest=_digest(claims.issuer.issuer, claims.subject),
        account_id=account.id,
        issuer=claims.issuer.issuer,
        subject=claims.subject,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    tell(Change("identity", account.id, "linked", after=IdentityShown.model_validate(row)))
    return row


async def all_of(session: AsyncSession, account: str) -> Sequence[Identity]:
    """The identities of an account."""
    return (await session.exec(select(Identity).where(Identity.account_id == account).order_by(col(Identity.id)))).all()


async def unlink_all(session: AsyncSession, account: Account, tell: Callable[[Change], None]) -> None:
    """Forget every identity of an account."""
    for row in await all_of(session, account.id):
        await session.delete(row)
        tell(Change("identity", account.id, "unlinked", before=IdentityShown.model_validate(row)))


async def _of_email(session: AsyncSession, email: str) -> Account | None:
    wanted = select(Account).where(Account.email_folded == folded(email)).with_for_update(key_share=True)
    return (await session.exec(wanted)).one_or_none()


async def _new(session: AsyncSession, claims: Claims, email: str | None, now: datetime) -> Account:
    name = claims.email or (claims.name or "").replace(" ", ".") or "member"
    name = await accounts.free(session, from_email(name))
    wanted = Wanted(username=name, email=email, role=Role.VIEWER, password=None, email_verified=email is not None)
    return await accounts.made(session, wanted, now)


def _proven(claims: Claims) -> str | None:
    """The address, when the issuer is trusted for addresses and has verified it, and it is one."""
    if not claims.issuer.link_email or claims.email is None or not claims.email_verified:
        return None
    try:
        return _EMAIL.validate_python(claims.email)
    except ValidationError:
        return None


def _digest(issuer: str, subject: str) -> str:
    return hashlib.sha256(f"{issuer}\0{subject}".encode()).hexdigest()
