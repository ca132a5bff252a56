"""What accounts and staff do with subscriptions. Money was taken before, or is told of later: nobody is asked here.

Decided in docs/decisions/0023: more for the same time counts at once, and the rest of what was paid is credited; less
counts from the next period on. In a trial any other plan counts at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from control_api.ids import new_id
from control_api.plans import books, ledger, taxes
from control_api.plans.entitled import FREE
from control_api.plans.ledger import current, entered, happened
from control_api.plans.money import is_up, later, unused, written
from control_api.plans.notes import Note, day, note
from control_api.plans.offers import called
from control_api.plans.providers import HOUSE, Begun, Paid
from control_api.plans.shown import number
from control_api.plans.standing import ENDLESS, Kind, State, bounded, due
from control_api.problems import CONFLICT, Problem
from control_api.settings import Settings

if TYPE_CHECKING:
    from control_api.plans.providers import Money
    from control_api.tables import Payment, Plan, Subscription

_TURNS: Final = 4


@dataclass(frozen=True, slots=True)
class Book:
    """What is needed to write something about a subscription."""

    session: AsyncSession
    settings: Settings
    now: datetime
    country: str = ""
    """Where who asks is; empty: nobody knows, or nobody asks."""


class Way(Enum):
    """How a subscription becomes one of another plan."""

    FREELY = "freely"
    """At once, and there is nothing to pay: it is being tried."""
    AT_ONCE = "at once"
    """A new period begins, and what is left of the old one is credited."""
    NEXT = "next"
    """From the next period on."""
    STAY = "stay"
    """It was planned, and is planned no longer."""


@dataclass(frozen=True, slots=True)
class Move:
    """A change of plans."""

    way: Way
    amount: int = 0
    """What is to be paid now."""


async def settled(book: Book, account: str) -> Subscription | None:
    """The subscription that an account has, once all has come to pass that is due; None: it has none."""
    row = await current(book.session, account)
    if row is None:
        return None
    for _ in range(_TURNS):
        found = await ledger.stands(book.session, row, book.settings)
        kind = due(book.now, found)
        if kind is None or kind is Kind.UNPAID:
            break
        await happened(book.session, row, [entered(kind, book.now)], book.now, book.settings)
    return row if row.is_current else None


def check_new(row: Subscription | None) -> None:
    """Refuse a second subscription; one that was given makes room. Raises `Problem`."""
    if row is not None and row.provider != HOUSE:
        message = f"there is a subscription already, of {row.plan_id}, and it is {row.state}: change its plan instead"
        raise Problem(CONFLICT, message)


async def subscribed(
    book: Book, account: str, plan: Plan, provider: str, begun: Begun, trial_days: int
) -> Subscription:
    """A subscription that is paid for, or is tried."""
    now = book.now
    present = await settled(book, account)
    check_new(present)
    if present is not None:
        await ended(book, present)
    row = ledger.begun(account, plan, provider, begun.reference, now)
    row.method, row.country = begun.method, book.country
    if trial_days:
        until = now + timedelta(days=trial_days)
        row.day = until.day
        await happened(book.session, row, [entered(Kind.OPENED, now, plan.id, until=until)], now, book.settings)
        return row
    until = later(now, plan.period, row.day)
    new = [entered(Kind.OPENED, now, plan.id), entered(Kind.PAID, now, plan.id, now, until)]
    await happened(book.session, row, new, now, book.settings)
    if begun.money is not None:
        await took(book, row, plan, begun.money, plan.price, now, until)
    return row


async def took(  # noqa: PLR0913, PLR0917 — what money was taken for has that many parts
    book: Book, row: Subscription, plan: Plan, money: Money, amount: int, since: datetime, until: datetime
) -> Payment:
    """Write down money that was taken, or was not, and tell its owner."""
    paid = Paid(
        money.reference, money.charge, money.status, amount, row.currency, since, until, money.method, money.failure
    )
    tax = taxes.tax_on(book.settings, row.country, amount)
    payment = await books.booked(book.session, row, paid, tax, what_for(plan), book.now)
    await tell_of(book, row, payment, plan)
    return payment


async def tell_of(book: Book, row: Subscription, payment: Payment, plan: Plan) -> None:
    """Tell the account what has become of a payment."""
    amount, to = written(payment.amount, payment.currency), payment.account_id
    if payment.status == books.COMPLETED and payment.amount:
        receipt = number(payment) or ""
        await note(book.session, to, Note.RECEIPT, book.now, plan=plan, amount=amount, number=receipt)
    if payment.status == books.FAILED:
        last = {"why": payment.failure, "day": day(row.until)}
        await note(book.session, to, Note.FAILED, book.now, plan=plan, amount=amount, **last)


def what_for(plan: Plan) -> str:
    """What a payment is for, on its receipt."""
    return f"{called(plan)}, one {plan.period}"[:200]


def moved(row: Subscription, plan: Plan, now: datetime) -> Move:
    """What a change to `plan` is. Raises `Problem` for what cannot be."""
    if plan.id == row.plan_id and row.next_plan_id is not None:
        return Move(Way.STAY)
    _check_move(row, plan)
    if row.state == State.TRIALING:
        return Move(Way.FREELY)
    if row.period_start is None or row.period_end is None:
        raise Problem(CONFLICT, _UNPAID)
    credit = unused(row.price, row.period_start, row.period_end, now)
    if is_up((row.price, row.period), (plan.price, plan.period)) and credit <= plan.price:
        return Move(Way.AT_ONCE, plan.price - credit)
    return Move(Way.NEXT)


_UNPAID: Final = (
    "the last payment has failed: POST /api/v1/subscription/payment-method to pay by another card first, or cancel"
)


def _check_move(row: Subscription, plan: Plan) -> None:
    """Raise `Problem` when the plan cannot become this one."""
    reasons = (
        (row.is_granted, "this plan was given, and is no subscription: subscribe to another one"),
        (plan.id == FREE, "that is no plan to change to: cancel, and it is what remains"),
        (plan.id == row.plan_id, f"the plan is {plan.id} already"),
        (not plan.is_offered, f"the plan {plan.id} is not offered any more"),
        (plan.currency != row.currency, f"the plan {plan.id} is paid in {plan.currency}, not in {row.currency}"),
        (row.state not in (State.TRIALING, State.ACTIVE), _UNPAID),
    )
    wrong = next((words for applies, words in reasons if applies), "")
    if wrong:
        raise Problem(CONFLICT, wrong)


async def moved_to(book: Book, row: Subscription, plan: Plan, move: Move, money: Money | None) -> None:
    """Make it so. `money`: what was taken for it; None where the provider tells of that later."""
    now = book.now
    if move.way is Way.NEXT or move.way is Way.STAY:
        planned = plan.id if move.way is Way.NEXT else ""
        await happened(book.session, row, [entered(Kind.PLANNED, now, planned)], now, book.settings)
        return
    row.price, row.currency, row.period = plan.price, plan.currency, plan.period
    row.country = book.country or row.country
    new = [entered(Kind.MOVED, now, plan.id)]
    until = later(now, plan.period, now.day)
    if move.way is Way.AT_ONCE:
        row.day = now.day
        if money is not None:
            new.append(entered(Kind.PAID, now, plan.id, now, until))
    await happened(book.session, row, new, now, book.settings)
    if money is not None and move.way is Way.AT_ONCE:
        await took(book, row, plan, money, move.amount, now, until)


async def wished(book: Book, row: Subscription, *, renews: bool) -> None:
    """Whether it goes on after its period."""
    kind = Kind.RENEWING if renews else Kind.STOPPING
    await happened(book.session, row, [entered(kind, book.now)], book.now, book.settings)


async def ended(book: Book, row: Subscription) -> None:
    """End it now."""
    await happened(book.session, row, [entered(Kind.ENDED, book.now)], book.now, book.settings)


async def granted(book: Book, account: str, plan: Plan, until: datetime | None) -> Subscription:
    """Give an account a plan until then; None: for ever. Raises `Problem` where it pays for one."""
    present = await settled(book, account)
    check_new(present)
    if present is not None:
        await ended(book, present)
    row = ledger.begun(account, plan, HOUSE, new_id("gr"), book.now)
    row.price = 0
    gift = entered(Kind.GRANTED, book.now, plan.id, book.now, until or ENDLESS)
    await happened(book.session, row, [gift], book.now, book.settings)
    what = Note.ENDLESS if bounded(until) is None else Note.GRANTED
    await note(book.session, account, what, book.now, plan=plan, day=day(until))
    return row


async def prolonged(book: Book, row: Subscription, span: timedelta) -> None:
    """Put the next payment off. Raises `Problem` where that is not ours to say."""
    if row.is_open_there or row.state != State.ACTIVE or row.period_end is None:
        message = "its payments are not taken from here, or none was made yet: give the time where they are taken"
        raise Problem(CONFLICT, message)
    if bounded(row.period_end) is None:
        raise Problem(CONFLICT, "it was given without an end, and cannot last longer")
    until = row.period_end + span
    row.day = until.day
    gift = entered(Kind.GRANTED, book.now, row.plan_id, row.period_start, until)
    await happened(book.session, row, [gift], book.now, book.settings)
