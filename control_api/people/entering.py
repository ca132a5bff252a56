"""Entering: from what somebody types or brings to an account that is let in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import IntegrityError

from control_api.addresses import household
from control_api.callers import Stranger
from control_api.people import accounts, attempts, identities
from control_api.people.attempts import Attempt
from control_api.people.key_sets import Unreachable
from control_api.people.names import folded
from control_api.people.telling import telling
from control_api.problems import FORBIDDEN, TOO_MANY, UNAUTHENTICATED, Problem, unavailable

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.changes import Actor
    from control_api.people.gate import Gate
    from control_api.people.issuers import Claims
    from control_api.tables import Account


_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Proven:
    """Somebody has typed the right password."""

    account: str
    attempt: Attempt
    kept: str | None
    """The hash that it was held against."""
    better: str | None
    """The one that should replace it."""


async def proven(gate: Gate, typed: str, password: str, address: str, now: datetime) -> Proven:
    """Hold a password against that of a name. Raises `Problem`, the same for a name that nobody has."""
    begun = await attempts.begin(gate.database, folded(typed), household(address), now)
    if isinstance(begun, timedelta):
        seconds = max(1, math.ceil(begun.total_seconds()))
        detail = f"too many attempts failed: the next one is in {seconds} seconds"
        raise Problem(TOO_MANY, detail, headers={"Retry-After": str(seconds)})
    async with gate.database.reading() as session:
        account = await accounts.of_name(session, typed)
    kept = None if account is None else account.password
    try:
        verdict = await gate.passwords.verify(password, kept)
    except Problem:
        async with gate.database.writing() as session:
            await attempts.take_back(session, begun)
        raise
    if account is None or not verdict.is_right:
        raise refused("the name or the password is not right")
    return Proven(account.id, begun, kept, verdict.better)


async def entered(session: AsyncSession, who: Proven, now: datetime) -> Account:
    """The account, held until the end of the transaction. Raises `Problem` when it is blocked."""
    row = await accounts.row_of(session, who.account)
    if row.password != who.kept:  # changed at this very moment
        raise refused("the name or the password is not right")
    await attempts.forgive(session, who.attempt)
    if who.better is not None:
        row.password = who.better
    return check_open(row, now)


def check_open(row: Account, now: datetime) -> Account:
    """The account, which signs in now. Raises `Problem` when it is blocked."""
    if row.blocked_at is not None:
        raise Problem(FORBIDDEN, "the account is blocked: ask whoever manages this station")
    row.signed_in_at = now
    return row


async def identified(gate: Gate, token: str, now: datetime, nonce: str | None = None) -> Claims:
    """What an ID token says. Raises `Problem`."""
    try:
        claims = await gate.issuers.believed(token, now, nonce)
    except Unreachable as error:
        raise unavailable(str(error)) from error
    if isinstance(claims, Stranger):
        raise refused(claims.why)
    return claims


async def admitted(gate: Gate, claims: Claims, actor: Actor, now: datetime) -> Account | Stranger:
    """The account of an identity: known, linked or new, in a transaction of its own."""
    for _ in range(_TRIES):
        account = await _known(gate, claims)
        if account is not None:
            return account
        try:
            async with telling(gate, actor, now) as (session, tell):
                return await identities.admitted(session, claims, now, tell)
        except (IntegrityError, Problem):  # another request was first, with the same identity or the same name
            continue
    return Stranger("somebody else has just taken that name: try again")


async def _known(gate: Gate, claims: Claims) -> Account | None:
    async with gate.database.reading() as session:
        return await identities.found(session, claims)


def refused(why: str) -> Problem:
    """The answer to who did not prove who they are."""
    return Problem(UNAUTHENTICATED, why, headers={"WWW-Authenticate": 'Bearer realm="fastline"'})
