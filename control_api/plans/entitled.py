"""What an account may: what its plan includes, for as long as its subscription counts.

Law: without a subscription, or after it, an account has the plan `free`. Asked by instants and not by states, so that
nobody watches on because a daily job has not run yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, bindparam, or_, select
from sqlmodel import col

from control_api.database import answered
from control_api.plans.standing import bounded
from control_api.scopes import Scope
from control_api.tables import Plan, Subscription

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.callers import Caller

FREE: Final = "free"
"""The plan of everybody who has no other."""
UNBOUNDED: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Entitlements:
    """What somebody may."""

    plan: str
    premium: bool
    """Whether they may play what is premium."""
    streams: int
    """How many may play at a time."""
    profiles: int
    lines: int | None = None
    """The best quality that they get, in lines of the picture; None: whatever there is."""
    until: datetime | None = None
    """Until when they may, if nothing more is paid; None: for ever."""


LEAST: Final = Entitlements(FREE, premium=False, streams=1, profiles=1)
"""What everybody has where the plan `free` is not written down yet."""
ALL: Final = Entitlements("", premium=True, streams=UNBOUNDED, profiles=UNBOUNDED)
"""What an API key has, which speaks for a back end that answers for its own people; and what those have who may see
what is packaged: they must be able to look at it."""


async def entitled(session: AsyncSession, account: str, now: datetime) -> Entitlements:
    """What an account may at `now`, by one query."""
    found = await answered(session, _COUNTS, account=account, now=now)
    if not found:
        return LEAST
    plan, premium, streams, profiles, lines, until = found[0]
    return Entitlements(plan, premium, streams, profiles, lines, bounded(until))


_COUNTS: Final = (
    select(
        *(getattr(Plan, name) for name in ("id", "premium", "streams", "profiles", "lines")), col(Subscription.until)
    )
    .outerjoin(
        Subscription,
        and_(
            col(Subscription.plan_id) == col(Plan.id),
            col(Subscription.account_id) == bindparam("account"),
            col(Subscription.is_current),
            col(Subscription.until) > bindparam("now"),
        ),
    )
    .where(or_(col(Subscription.id).is_not(None), col(Plan.id) == FREE))
    .order_by(col(Subscription.id).is_(None))
    .limit(1)
)


async def of_caller(session: AsyncSession, caller: Caller, now: datetime) -> Entitlements:
    """The same of whoever asks."""
    if not caller.is_person or caller.may(Scope.ASSETS_READ):
        return ALL
    return await entitled(session, caller.id, now)
