"""Makers: who stands behind what lets others in.

Law: what somebody made for others to come in by (an API key, an invitation) may never do more than who made it may
now, and nothing at all while they are shut out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from control_api.callers import Stranger
from control_api.scopes import Scope
from control_api.tables import Account, ApiKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlmodel.ext.asyncio.session import AsyncSession

    Roles = Callable[[str], frozenset[Scope]]
    """What a role may do."""

MOST: Final = 8
"""How many may stand behind one another: a key that was made by a key, and so on."""
_ACCOUNT: Final = "ac_"


@dataclass(frozen=True, slots=True)
class Standing:
    """What those who stand behind something may do, all of them together."""

    scopes: frozenset[Scope] = frozenset(Scope)
    until: datetime | None = None
    """When the first of them ends, as far as that is known."""
    names: tuple[str, ...] = ()
    """Their ids, the nearest first."""


async def standing(session: AsyncSession, maker: str | None, roles: Roles, now: datetime) -> Standing | Stranger:
    """Who stands behind what `maker` has made. Nobody has to, behind what whoever has the machine has made (None)."""
    found = Standing()
    while maker is not None:
        if len(found.names) >= MOST:
            return Stranger("too many stand behind it")
        names = (*found.names, maker)
        if maker.startswith(_ACCOUNT):
            account = await session.get(Account, maker)
            if account is None or account.blocked_at is not None or account.closes_at is not None:
                return Stranger("who made it is blocked, or has left")
            return Standing(found.scopes & roles(account.role), found.until, names)
        key = await session.get(ApiKey, maker)
        if key is None or is_over(key, now) is not None:
            return Stranger("the API key that made it is good no longer")
        ends = [end for end in (found.until, key.expires_at) if end is not None]
        found = Standing(found.scopes & scopes(key), min(ends, default=None), names)
        maker = key.made_by
    return found


def is_over(key: ApiKey, now: datetime) -> str | None:
    """Why a key is good no longer, apart from who made it."""
    if key.revoked_at is not None:
        return "the API key was revoked"
    if key.expires_at is not None and key.expires_at <= now:
        return "the API key has expired"
    return None


def scopes(key: ApiKey) -> frozenset[Scope]:
    """What was written down that a key may do, as far as this version knows it."""
    return frozenset(Scope(scope) for scope in key.scopes if scope in set(Scope))
