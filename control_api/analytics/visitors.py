"""Visitors: the same one is known again within a day, and never on another.

Law: a visitor is a hash by a key of that day alone. The key lies in the database, for all processes, and is deleted
soon after the day with all that was hashed by it; then nobody can tell whose hash it was, or find them on another day.
No address is kept, here or anywhere: of one only its network goes into a hash.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, delete, select

from control_api.tables import Visit, VisitKey

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.callers import Caller
    from control_api.tables import PlaySession

_BYTES: Final = 32
_DIGITS: Final = 32
"""Of a hash that are kept: 128 bits."""
_WIDTHS: Final = {4: 24, 6: 48}
"""How much of an address is told, by its version."""
AT_ONCE: Final = 1000


def hashed(key: bytes, who: str) -> str:
    """A visitor of the day of this key."""
    return hmac.new(key, who.encode("utf-8", "surrogateescape"), sha256).hexdigest()[:_DIGITS]


def of_caller(caller: Caller, address: str, agent: str, named: str = "") -> str:
    """Of whom a visitor is a hash: the profile, or whom an app's server names, or else a network and a device."""
    if caller.viewer is not None:
        return of_profile(caller.viewer.id)
    if caller.is_person:
        return of_profile(caller.id)
    if named:
        return f"named:{caller.id}:{named}"
    return f"from:{network(address)}:{agent}"


def of_profile(name: str) -> str:
    """The same of a profile or an account, which plays as itself."""
    return f"profile:{name}"


def of_session(row: PlaySession) -> str:
    """The same of who plays: the profile, or the account, or the device that is named; else the session."""
    name = row.profile_id or row.account_id
    if name:
        return of_profile(name)
    return f"named:{row.key_id or ''}:{row.device_id}" if row.device_id else f"session:{row.id}"


def network(address: str) -> str:
    """As much of an address as counts: of IPv4 the first three bytes, of IPv6 the first six."""
    try:
        found = ip_network(address)
        return str(ip_network((found.network_address, _WIDTHS[found.version]), strict=False))
    except ValueError:
        return ""


async def keys(session: AsyncSession, days: Iterable[str], now: datetime) -> dict[str, bytes]:
    """The keys of these days, made where there is none yet."""
    wanted = sorted(set(days))
    found = await _known(session, wanted)
    absent = [day for day in wanted if day not in found]
    if absent:
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        rows = [{"day": day, "value": secrets.token_bytes(_BYTES), "created_at": now} for day in absent]
        statement: Any = dialect.insert(VisitKey).on_conflict_do_nothing()
        await (await session.connection()).execute(statement, rows)
        found |= await _known(session, absent)  # of two that make one at once, one has made it
    return found


async def _known(session: AsyncSession, days: list[str]) -> dict[str, bytes]:
    rows = select(VisitKey.day, VisitKey.value).where(col(VisitKey.day).in_(days))
    return dict((await session.exec(rows)).all())


async def forget(session: AsyncSession, before: str) -> int:
    """Remove what is known of visitors of days before that, some at a time; how many rows."""
    await session.exec(delete(VisitKey).where(col(VisitKey.day) < before))
    some = select(Visit.day, Visit.visitor).where(col(Visit.day) < before)
    found = (await session.exec(some.order_by(col(Visit.day), col(Visit.visitor)).limit(AT_ONCE))).all()
    for day in {day for day, _ in found}:
        last = max(visitor for other, visitor in found if other == day)
        await session.exec(delete(Visit).where(col(Visit.day) == day, col(Visit.visitor) <= last))
    return len(found)
