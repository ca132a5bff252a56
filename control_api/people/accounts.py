"""Accounts: found by what people type, made once for each name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlmodel import col, or_, select

from control_api.ids import new_id
from control_api.people.names import folded, from_email
from control_api.people.roles import Role
from control_api.problems import CONFLICT, Mistake, Problem, missing
from control_api.tables import Account, Profile

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

_TRIES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An account that is to be made."""

    username: str | None
    """None takes one from the address."""
    email: str | None
    role: str
    password: str | None
    """Its hash."""
    email_verified: bool = False


async def made(session: AsyncSession, wanted: Wanted, now: datetime) -> Account:
    """The new account, with its main profile. Raises `Problem` when somebody has its name or address."""
    name = wanted.username if wanted.username is not None else await free(session, from_email(wanted.email or ""))
    row = Account(
        id=new_id("ac"),
        username=name,
        username_folded=folded(name),
        email=wanted.email,
        email_folded=None if wanted.email is None else folded(wanted.email),
        email_verified=wanted.email_verified and wanted.email is not None,
        role=wanted.role,
        password=wanted.password,
        created_at=now,
    )
    await check_free(session, row)
    session.add(row)
    await session.flush()
    session.add(main_profile(row, now))
    await session.flush()
    return row


def main_profile(account: Account, now: datetime) -> Profile:
    """The profile that every account has."""
    return Profile(
        id=new_id("pf"), account_id=account.id, name=account.username, is_main=True, created_at=now, updated_at=now
    )


async def check_free(session: AsyncSession, row: Account) -> None:
    """Raise `Problem` when somebody else has the name or the address of this account."""
    with session.no_autoflush:
        others = select(Account.username_folded, Account.email_folded).where(
            Account.id != row.id,
            or_(
                Account.username_folded == row.username_folded,
                col(Account.email_folded).is_not(None) & (col(Account.email_folded) == row.email_folded),
            ),
        )
        found = (await session.exec(others)).all()
    taken = []
    if any(name == row.username_folded for name, _ in found):
        taken.append(Mistake(part="body", pointer="/username", detail="somebody has this name"))
    if row.email_folded is not None and any(email == row.email_folded for _, email in found):
        taken.append(Mistake(part="body", pointer="/email", detail="somebody has this address"))
    if taken:
        raise Problem(CONFLICT, " and ".join(mistake.detail for mistake in taken), errors=taken)


async def of_name(session: AsyncSession, typed: str) -> Account | None:
    """The account of a username or of an e-mail address, as somebody typed it."""
    name = folded(typed)
    column = Account.email_folded if "@" in name else Account.username_folded  # no username has the sign
    return (await session.exec(select(Account).where(column == name))).one_or_none()


async def row_of(session: AsyncSession, name: str, *, held: bool = True) -> Account:
    """The account of this id, `held` until the end of the transaction. Raises `Problem`.

    Whoever else writes a row that names it need not wait: they hold other rows that this transaction may ask for.
    """
    wanted = select(Account).where(Account.id == name)
    row = (await session.exec(wanted.with_for_update(key_share=True) if held else wanted)).one_or_none()
    if row is None:
        raise missing("account", name)
    return row


async def is_last_admin(session: AsyncSession, row: Account) -> bool:
    """Whether nobody else could manage accounts; holds all who could, so that no two of them step down at once."""
    is_here = (col(Account.blocked_at).is_(None), col(Account.closes_at).is_(None))
    admins = select(Account).where(Account.role == Role.ADMIN, *is_here).order_by(col(Account.id))
    found = (await session.exec(admins.with_for_update(key_share=True))).all()
    return [admin.id for admin in found] == [row.id]


async def is_empty(session: AsyncSession) -> bool:
    """Whether there is no account at all."""
    return (await session.exec(select(Account.id).limit(1))).first() is None


async def free(session: AsyncSession, name: str) -> str:
    """The name, or with a number after it when somebody has it."""
    for number in range(1, _TRIES):
        tried = name if number == 1 else f"{name}{number}"
        if (await session.exec(select(Account.id).where(Account.username_folded == folded(tried)))).first() is None:
            return tried
    return name + new_id("ac")[-7:]
