"""What is owed for the period that comes next, and what there is once it is paid for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from control_api.plans import books
from control_api.plans.ledger import entered, happened
from control_api.plans.money import later
from control_api.plans.offers import called, plan_of
from control_api.plans.providers import Order
from control_api.plans.standing import Kind
from control_api.plans.subscribing import took
from control_api.tables import Plan

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.plans.providers import Money
    from control_api.plans.subscribing import Book
    from control_api.tables import Subscription


@dataclass(frozen=True, slots=True)
class Owed:
    """The next period of a subscription."""

    plan: Plan
    price: int
    period: str
    since: datetime
    until: datetime


async def owed(session: AsyncSession, row: Subscription, end: datetime, now: datetime) -> Owed:
    """What follows on the period that ends at `end`: as it was agreed on, or as another plan that was planned costs."""
    plan = await plan_of(session, row.next_plan_id or row.plan_id)
    same = plan.id == row.plan_id
    price, period = (row.price, row.period) if same else (plan.price, plan.period)
    # a process that was stopped for long owes the time, and not its customers
    since = end if row.until is not None and now < row.until else now
    return Owed(plan, price, period, since, later(since, period, row.day))


def order(row: Subscription, next_one: Owed, end: datetime, method: str) -> Order:
    """What is asked of who takes the money. Two who ask at a time ask for the same, by its key."""
    return Order(
        row.account_id or "", "", next_one.plan.id, called(next_one.plan), next_one.price, row.currency,
        next_one.period, method=method, key=f"{row.id}-{end.isoformat()}-{row.attempts}",
    )  # fmt: skip


async def charged(book: Book, row: Subscription, next_one: Owed, money: Money) -> bool:
    """Write down what has become of asking for it; whether it is paid."""
    is_paid = money.status == books.COMPLETED
    if is_paid:
        row.price, row.period = next_one.price, next_one.period
        new = entered(Kind.PAID, book.now, next_one.plan.id, next_one.since, next_one.until)
    else:
        row.attempts += 1
        new = entered(Kind.UNPAID, book.now, since=row.period_end)
    await happened(book.session, row, [new], book.now, book.settings)
    await took(book, row, next_one.plan, money, next_one.price, next_one.since, next_one.until)
    return is_paid


def is_unpaid(row: Subscription, now: datetime) -> bool:
    """Whether a period has begun that was to be paid for and was not, and its days of grace are not over."""
    late = row.period_end is not None and now >= row.period_end
    return late and row.renews and row.until is not None and now < row.until
