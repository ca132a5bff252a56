"""How many people there are: by role, by whether they came lately, by the day on which they joined."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, distinct, func
from sqlmodel import col, select

from control_api.tables import Account, Session

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

SPANS: Final = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
"""How far back those who came lately are counted; sessions are kept for no longer than the last one."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted."""

    roles: dict[str, int]
    blocked: int
    active: tuple[int, ...]
    """Accounts with a session that was used, for each of `SPANS`."""
    growth: list[tuple[str, int]]
    """Accounts by the day of UTC on which they were made."""


async def counted(session: AsyncSession, now: datetime) -> Figures:
    """The figures of now."""
    roles = select(Account.role, func.count(), func.count(col(Account.blocked_at))).group_by(Account.role)
    found = (await session.exec(roles)).all()
    seen = col(Session.seen_at)
    lately: Any = [func.count(distinct(case((seen > now - span, Session.account_id)))) for span in SPANS]
    active = (await session.exec(select(*lately).where(seen > now - SPANS[-1]))).one()
    day = func.date(Account.created_at)
    grown = select(day, func.count()).where(col(Account.created_at) > now - SPANS[-1]).group_by(day).order_by(day)
    return Figures(
        roles={role: count for role, count, _ in found},
        blocked=sum(blocked for _, _, blocked in found),
        active=tuple(active),
        growth=[(str(date), count) for date, count in (await session.exec(grown)).all()],
    )
