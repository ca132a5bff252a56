"""The ledger: subscriptions in the database, each summed up from its entries whenever one is added.

Law: a row says what `standing` says of its entries. An account has one that is current, at most: the database itself
holds that.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlmodel import col, select

from control_api.ids import new_id
from control_api.plans.standing import ENDLESS, OVER, PATIENCE, Entry, Kind, Standing, State, standing
from control_api.tables import Subscription, SubscriptionEntry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.settings import Settings
    from control_api.tables import Plan

AGAIN: Final = (timedelta(), timedelta(days=1), timedelta(days=3), timedelta(days=5))
"""How long after the end of a period money is asked for, each time that it was not given before."""
REMINDED: Final = timedelta(days=3)
"""So long before it ends, or is paid for the first time or for a year, its owner is told."""


def grace(settings: Settings) -> timedelta:
    """How long a plan counts after a payment that has failed."""
    return timedelta(days=settings.grace_days)


async def current(session: AsyncSession, account: str) -> Subscription | None:
    """The one that an account has, held until the end of the transaction."""
    rows = select(Subscription).where(Subscription.account_id == account, col(Subscription.is_current))
    return (await session.exec(rows.with_for_update())).one_or_none()


async def has_had_one(session: AsyncSession, account: str) -> bool:
    """Whether the account has ever subscribed by itself: only the first time is tried for nothing."""
    rows = select(Subscription.id).where(Subscription.account_id == account, col(Subscription.provider) != "house")
    return (await session.exec(rows.limit(1))).first() is not None


def begun(account: str, plan: Plan, provider: str, reference: str, now: datetime) -> Subscription:
    """A new row, of which nothing is said yet."""
    return Subscription(
        id=new_id("sb"), account_id=account, plan_id=plan.id, state=State.PAST_DUE, price=plan.price,
        currency=plan.currency, period=plan.period, provider=provider, reference=reference, started_at=now,
        day=now.day, is_current=False, updated_at=now,
    )  # fmt: skip


async def happened(
    session: AsyncSession, row: Subscription, new: Sequence[Entry], now: datetime, settings: Settings
) -> Standing:
    """Write down what has happened, once each; how the subscription stands with it."""
    session.add(row)
    await session.flush()
    known = (await session.exec(select(SubscriptionEntry).where(SubscriptionEntry.subscription_id == row.id))).all()
    keys = {one.key for one in known}
    fresh = {one.key: one for one in new if one.key not in keys}
    for one in fresh.values():
        session.add(
            SubscriptionEntry(
                id=new_id("se"), subscription_id=row.id, key=one.key, kind=one.kind, at=one.at, plan_id=one.plan,
                since=one.since, until=one.until,
            )
        )  # fmt: skip
    everything = [*map(entry, known), *fresh.values()]
    if not everything:
        message = "a subscription begins with an entry"
        raise ValueError(message)
    found = standing(everything, grace(settings))
    if fresh:
        sum_up(row, found, now)
    await session.flush()
    return found


async def stands(session: AsyncSession, row: Subscription, settings: Settings) -> Standing:
    """How a subscription stands."""
    known = await session.exec(select(SubscriptionEntry).where(SubscriptionEntry.subscription_id == row.id))
    return standing(map(entry, known.all()), grace(settings))


def entry(row: SubscriptionEntry) -> Entry:
    """What a row says."""
    return Entry(Kind(row.kind), row.at, row.key, row.plan_id, row.since, row.until)


def entered(
    kind: Kind, now: datetime, plan: str = "", since: datetime | None = None, until: datetime | None = None
) -> Entry:
    """Something that happens here and now."""
    return Entry(kind, now, new_id("se"), plan, since, until)


def sum_up(row: Subscription, found: Standing, now: datetime) -> None:
    """Have the row say what follows from its entries."""
    if found.period_end != row.period_end and found.state is not State.PAST_DUE:
        row.attempts = 0
        row.reminded_at = None
    row.plan_id = found.plan or row.plan_id
    row.next_plan_id = found.next_plan or None
    row.state, row.is_current = found.state, found.state not in OVER
    row.renews, row.is_granted = found.renews, found.is_granted
    row.trial_until, row.period_start, row.period_end = found.trial_until, found.period_start, found.period_end
    row.until, row.ended_at = found.until, found.ended_at
    row.updated_at = now
    row.version += 1
    row.due_at = due_at(row)


def due_at(row: Subscription) -> datetime | None:
    """When something is to be done about it; None: nothing ever, unless something happens to it."""
    if not row.is_current:
        return row.ended_at if row.is_open_there else None
    if row.period_end is None:
        return row.started_at + PATIENCE
    if row.state == State.PAST_DUE:
        times = [row.period_end + wait for wait in AGAIN[row.attempts : row.attempts + 1]]
        return min([*times, row.until or row.period_end])
    return row.period_end - REMINDED if is_announced(row) else row.period_end


def is_announced(row: Subscription) -> bool:
    """Whether its owner is still to be told of what comes after this period.

    Nobody is told of the next month. But a trial that becomes a payment, a year that is paid for again and an end are
    news, and each is told once.
    """
    if row.reminded_at is not None or row.period_end is None or row.period_end >= ENDLESS:
        return False
    return row.state != State.PAST_DUE and (not row.renews or row.state == State.TRIALING or row.period == "year")
