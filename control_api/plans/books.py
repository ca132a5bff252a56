"""The books: payments, their receipts, and what was given back.

Laws. Receipts of a year are numbered from 1 without a gap: a number is given in the transaction that completes the
payment, under a lock, and to nothing else. No more is given back than was paid. What a provider tells twice, or in
another order, is written once, and comes to the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text
from sqlmodel import col, func, select

from control_api.ids import new_id
from control_api.tables import Payment, Refund

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.plans.providers import Back, Paid
    from control_api.plans.taxes import Tax
    from control_api.tables import Subscription

PENDING: Final = "pending"
COMPLETED: Final = "completed"
FAILED: Final = "failed"
REFUNDED: Final = "refunded"
_NEXT: Final = text(
    "INSERT INTO receipt_count (year, count) VALUES (:year, 1) "
    "ON CONFLICT (year) DO UPDATE SET count = receipt_count.count + 1 RETURNING count"
)


async def found(session: AsyncSession, provider: str, reference: str) -> Payment | None:
    """The payment that the provider calls so, held."""
    rows = select(Payment).where(Payment.provider == provider, Payment.reference == reference)
    return (await session.exec(rows.with_for_update())).one_or_none()


async def booked(session: AsyncSession, row: Subscription, paid: Paid, tax: Tax, what: str, now: datetime) -> Payment:
    """Write a payment of a subscription down. What was paid is not unpaid by what is told of an earlier attempt."""
    payment = await found(session, row.provider, paid.reference)
    if payment is None:
        payment = Payment(
            id=new_id("py"), account_id=row.account_id, subscription_id=row.id, plan_id=row.plan_id,
            description=what, amount=paid.amount, currency=paid.currency, status=PENDING, provider=row.provider,
            reference=paid.reference, created_at=now,
        )  # fmt: skip
        session.add(payment)
    if payment.status in (COMPLETED, REFUNDED):
        return payment
    payment.charge, payment.amount = paid.charge or payment.charge, paid.amount
    payment.tax, payment.tax_rate, payment.country = tax.amount, tax.rate, tax.country
    payment.method = paid.method or payment.method
    payment.period_start, payment.period_end = paid.since, paid.until
    payment.failure = paid.failure
    payment.status = paid.status
    if paid.status == COMPLETED:
        await complete(session, payment, now)
    await session.flush()
    return payment


async def complete(session: AsyncSession, payment: Payment, now: datetime) -> None:
    """It is paid: it gets its receipt, and what was given back already is counted."""
    payment.status, payment.completed_at, payment.failure = COMPLETED, now, ""
    if payment.amount:
        number = (await (await session.connection()).execute(_NEXT, {"year": now.year})).scalar_one()
        payment.receipt_year, payment.receipt_number = now.year, number
    await session.flush()
    await known_by(session, payment, payment.charge)


async def known_by(session: AsyncSession, payment: Payment, charge: str) -> None:
    """Its money is known by that; what was given back of it before anybody knew is counted."""
    payment.charge = charge
    session.add(payment)
    await session.flush()
    if charge:
        waiting = select(Refund).where(
            Refund.provider == payment.provider, Refund.charge == charge, col(Refund.payment_id).is_(None)
        )
        for one in (await session.exec(waiting)).all():
            one.payment_id = payment.id
            session.add(one)
        await session.flush()
        await _count(session, payment)


async def is_known(session: AsyncSession, provider: str, charge: str) -> bool:
    """Whether there is a payment whose money the provider knows by that."""
    rows = select(Payment.id).where(Payment.provider == provider, Payment.charge == charge)
    return (await session.exec(rows.limit(1))).first() is not None


async def given_back(
    session: AsyncSession, provider: str, back: Back, now: datetime, by: str = "", reason: str = ""
) -> Payment | None:
    """Write down that money was given back; its payment, where that is known."""
    rows = select(Refund).where(Refund.provider == provider, Refund.reference == back.reference)
    if (await session.exec(rows)).one_or_none() is not None:
        return None
    mine = select(Payment).where(Payment.provider == provider, Payment.charge == back.charge)
    payment = (await session.exec(mine.with_for_update())).first() if back.charge else None
    session.add(
        Refund(
            id=new_id("rf"), payment_id=None if payment is None else payment.id, charge=back.charge,
            amount=back.amount, reason=reason, by=by, provider=provider, reference=back.reference, created_at=now,
        )
    )  # fmt: skip
    await session.flush()
    if payment is not None:
        await _count(session, payment)
    return payment


async def _count(session: AsyncSession, payment: Payment) -> None:
    """How much of it was given back in all."""
    total = select(func.coalesce(func.sum(Refund.amount), 0)).where(Refund.payment_id == payment.id)
    payment.refunded = min(int((await session.exec(total)).one()), payment.amount)
    if payment.status in (COMPLETED, REFUNDED):
        payment.status = REFUNDED if payment.amount and payment.refunded == payment.amount else COMPLETED
    session.add(payment)
    await session.flush()
