"""Who of an account watches, and which of its profiles its plan has room for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from control_api.people.roles import scopes_of
from control_api.plans.entitled import entitled
from control_api.profiles import desk
from control_api.profiles.shown import ProfileShown
from control_api.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.call import Call
    from control_api.plans.entitled import Entitlements
    from control_api.tables import Account, Profile


def active(call: Call[Any, Any, Any]) -> str:
    """The id of the profile that asks."""
    return call.caller.viewer.id if call.caller.viewer is not None else ""


async def entitlements(call: Call[Any, Any, Any], session: AsyncSession, account: Account) -> Entitlements:
    """What the plan of an account includes. Who may see what is packaged works here, and has all profiles there are."""
    found = await entitled(session, account.id, call.now)
    most = desk.MOST if Scope.ASSETS_READ in scopes_of(account.role) else min(found.profiles, desk.MOST)
    return replace(found, profiles=most)


def shown(call: Call[Any, Any, Any], rows: Sequence[Profile], most: int) -> list[ProfileShown]:
    """Profiles of an account, of which its plan has room for so many."""
    there = desk.available(rows, most)
    return [ProfileShown.seen(row, active(call), available=row.id in there) for row in rows]
