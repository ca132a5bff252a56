"""Plans of others, as staff see and change them: who has which, what was paid, and giving it back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col, select

from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.operation import Endpoint
from control_api.paging import page
from control_api.people import accounts
from control_api.plans import books
from control_api.plans.entitled import FREE
from control_api.plans.ledger import entered, happened
from control_api.plans.money import written
from control_api.plans.notes import Note, note
from control_api.plans.offers import called, plan_of
from control_api.plans.providers import HOUSE, Back, Order
from control_api.plans.shown import PaymentShown, SubscriptionShown
from control_api.plans.standing import Kind
from control_api.plans.subscribing import Book, ended, granted, prolonged, settled
from control_api.plans.taking import named, obtained
from control_api.problems import CONFLICT, Problem, missing, unacceptable
from control_api.resources.accounts import AccountPath
from control_api.resources.billing_models import (
    OwnPlanShown,
    PaymentDetail,
    PaymentPage,
    PaymentPath,
    PaymentsQuery,
    PlanSet,
    ProlongGiven,
    RefundGiven,
    SubscriptionPage,
    SubscriptionPath,
    SubscriptionsQuery,
)
from control_api.resources.own_subscription import KIND, answered, wanted
from control_api.resources.payments import detailed
from control_api.resources.plans import TAG
from control_api.scopes import Scope
from control_api.tables import Payment, Plan, Subscription

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import TypeVar

    from control_api.models import Nothing

    Found = TypeVar("Found")


@Endpoint(
    method="GET",
    path="/api/v1/billing/subscriptions",
    name="list_subscriptions",
    summary="Subscriptions of everybody, the newest first",
    scope=Scope.BILLING_READ,
    tag=TAG,
    query_model=SubscriptionsQuery,
    answers={200: SubscriptionPage},
)
async def list_subscriptions(call: Call[Nothing, SubscriptionsQuery, Nothing]) -> Answer:
    """A page of them; those that have ended too, unless it is said."""
    asked, rows = call.query, select(Subscription)
    for column, value in (("account_id", asked.account), ("state", asked.state), ("plan_id", asked.plan)):
        rows = rows if value is None else rows.where(getattr(Subscription, column) == value)
    if asked.current is not None:
        rows = rows.where(col(Subscription.is_current) == asked.current)
    order = [(col(Subscription.id), True)]
    return await page(call, rows, order, lambda row: SubscriptionShown.of(row, call.now), SubscriptionPage)


@Endpoint(
    method="GET",
    path="/api/v1/billing/payments",
    name="list_payments",
    summary="Payments of everybody, the newest first",
    scope=Scope.BILLING_READ,
    tag=TAG,
    query_model=PaymentsQuery,
    answers={200: PaymentPage},
)
async def list_payments(call: Call[Nothing, PaymentsQuery, Nothing]) -> Answer:
    """A page of them."""
    rows = select(Payment)
    if call.query.account is not None:
        rows = rows.where(Payment.account_id == call.query.account)
    if call.query.status is not None:
        rows = rows.where(Payment.status == call.query.status)
    return await page(call, rows, [(col(Payment.id), True)], PaymentShown.of, PaymentPage)


@Endpoint(
    method="GET",
    path="/api/v1/accounts/{id}/subscription",
    name="read_subscription_of",
    summary="The plan of an account, and the subscription behind it",
    scope=Scope.BILLING_READ,
    tag=TAG,
    path_model=AccountPath,
    answers={200: OwnPlanShown},
)
async def read_subscription_of(call: Call[AccountPath]) -> Answer:
    """As its owner sees it."""
    await accounts.row_of(call.session, call.path.id, held=False)
    return await answered(call, call.path.id)


@Endpoint(
    method="PUT",
    path="/api/v1/accounts/{id}/subscription",
    name="set_plan_of",
    summary="Give an account a plan, or change the one that it pays for",
    description="Who pays for none is given it, for nothing, until `until`; `free` takes back what was given. Of who "
    "pays for one the plan changes at once and the price from the next period on; `until` is then left out.",
    scope=Scope.BILLING_WRITE,
    tag=TAG,
    path_model=AccountPath,
    body_model=PlanSet,
    answers={200: OwnPlanShown},
)
async def set_plan_of(call: Call[AccountPath, Nothing, PlanSet]) -> Answer:
    """Nobody's money is touched."""
    given, book = call.body, Book(call.session, call.site.settings, call.now)
    if given.until is not None and given.until <= call.now:
        raise unacceptable("/until", "lies in the past")
    plan = await _told_there(call)
    await accounts.row_of(call.session, call.path.id)
    row = await settled(book, call.path.id)
    before = None if row is None else SubscriptionShown.of(row, call.now)
    if row is not None and row.provider != HOUSE:
        if plan.id in (row.plan_id, FREE) or not row.renews:
            raise Problem(
                CONFLICT, f"{row.plan_id} is paid for until its period ends; or end the subscription {row.id}"
            )
        row.price, row.period = plan.price, plan.period
        await happened(call.session, row, [entered(Kind.MOVED, call.now, plan.id)], call.now, book.settings)
    elif plan.id != FREE:
        row, before = await granted(book, call.path.id, plan, given.until), None
    elif row is not None:
        await ended(book, row)
    else:
        raise Problem(CONFLICT, "the plan is free already")
    after = SubscriptionShown.of(row, call.now)
    call.changed(Change(KIND, row.id, "created" if before is None else "updated", before, after))
    return await answered(call, call.path.id)


async def _told_there(call: Call[AccountPath, Nothing, PlanSet]) -> Plan:
    """The plan that is wanted, once whoever takes the money knows of it. Raises `Problem`."""
    async with call.site.database.reading() as session:
        plan = await wanted(session, call.body.plan)
        rows = select(Subscription).where(Subscription.account_id == call.path.id, col(Subscription.is_current))
        row = (await session.exec(rows)).one_or_none()
    if row is None or row.provider == HOUSE or not row.renews or plan.id in (FREE, row.plan_id):
        return plan
    if call.body.until is not None:
        raise unacceptable("/until", "it is paid for, period by period: leave this out")
    provider = named(call.site.settings, call.site.outgoing, row.provider)
    order = Order(
        call.path.id, "", plan.id, called(plan), plan.price, plan.currency, plan.period,
        key=f"set-{row.id}-{row.version}",
    )  # fmt: skip
    if plan.currency != row.currency or (provider.renews and plan.period != row.period):
        raise Problem(CONFLICT, "it is paid in another currency, or for another period: end it first")
    await _asked(provider.move(row.reference, order, at_once=False))
    return plan


@Endpoint(
    method="POST",
    path="/api/v1/billing/subscriptions/{id}/prolongation",
    name="prolong_subscription",
    summary="Give somebody who pays some days for nothing: the next payment is put off",
    scope=Scope.BILLING_WRITE,
    tag=TAG,
    path_model=SubscriptionPath,
    body_model=ProlongGiven,
    answers={200: SubscriptionShown},
    idempotent=True,
)
async def prolong_subscription(call: Call[SubscriptionPath, Nothing, ProlongGiven]) -> Answer:
    """Of subscriptions whose payments are taken from here."""
    row = await _held(call)
    before = SubscriptionShown.of(row, call.now)
    await prolonged(Book(call.session, call.site.settings, call.now), row, timedelta(days=call.body.days))
    return _told(call, row, before)


@Endpoint(
    method="DELETE",
    path="/api/v1/billing/subscriptions/{id}",
    name="end_subscription",
    summary="End a subscription now; nothing is given back by that",
    scope=Scope.BILLING_WRITE,
    tag=TAG,
    path_model=SubscriptionPath,
    answers={200: SubscriptionShown},
)
async def end_subscription(call: Call[SubscriptionPath]) -> Answer:
    """It stays in the history. Who takes the money is told at once, and again until they know."""
    row = await _held(call)
    before = SubscriptionShown.of(row, call.now)
    await ended(Book(call.session, call.site.settings, call.now), row)
    plan = await plan_of(call.session, row.plan_id)
    await note(call.session, row.account_id, Note.CANCELED, call.now, plan=plan)
    return _told(call, row, before)


@Endpoint(
    method="POST",
    path="/api/v1/billing/payments/{id}/refunds",
    name="refund_payment",
    summary="Give back what was paid, all of it or a part",
    scope=Scope.BILLING_WRITE,
    tag=TAG,
    path_model=PaymentPath,
    body_model=RefundGiven,
    answers={201: PaymentDetail},
    idempotent=True,
)
async def refund_payment(call: Call[PaymentPath, Nothing, RefundGiven]) -> Answer:
    """Whoever takes the money is asked first, under a key by which a second request is the same."""
    given = call.body
    async with call.site.database.reading() as session:
        payment = await session.get(Payment, call.path.id)
    if payment is None:
        raise missing("payment", call.path.id)
    amount = _left(payment, given.amount)
    provider = named(call.site.settings, call.site.outgoing, payment.provider)
    charge = payment.charge or await _asked(provider.charge_of(payment.reference))
    if not charge:
        raise Problem(CONFLICT, "nothing of it can be given back: who took the money knows of none")
    key = f"{payment.id}-{payment.refunded}-{amount}"
    reference = await _asked(provider.give_back(charge, amount, key))
    book = Book(call.session, call.site.settings, call.now)
    before = PaymentShown.of(payment)
    # a subscription is held before its payments by whoever holds both, or two could wait for each other
    of = select(Subscription).where(Subscription.id == payment.subscription_id).with_for_update()
    subscription = (await call.session.exec(of)).one_or_none() if given.ends else None
    held = select(Payment).where(Payment.id == payment.id).with_for_update()
    row = (await call.session.exec(held)).one()
    if not row.charge:
        await books.known_by(call.session, row, charge)
    back = Back(reference, row.charge, amount)
    if await books.given_back(call.session, row.provider, back, call.now, call.caller.id, given.reason) is None:
        raise Problem(CONFLICT, "the same is being given back at this very moment")
    plan = await plan_of(call.session, row.plan_id)
    await note(call.session, row.account_id, Note.REFUNDED, call.now, plan=plan, amount=written(amount, row.currency))
    call.changed(Change("payment", row.id, "refunded", before, PaymentShown.of(row)))
    if subscription is not None and subscription.is_current:
        was = SubscriptionShown.of(subscription, call.now)
        await ended(book, subscription)
        _told(call, subscription, was)
    return Answer(await detailed(call.session, row), 201)


OPERATIONS: Final = (
    list_subscriptions,
    list_payments,
    read_subscription_of,
    set_plan_of,
    prolong_subscription,
    end_subscription,
    refund_payment,
)


async def _asked(asking: Awaitable[Found]) -> Found:
    """What the provider answers to staff. Raises `Problem`."""
    return await obtained(asking, CONFLICT, "who takes the money refuses it: ")


def _left(payment: Payment, asked: int | None) -> int:
    """How much is to be given back. Raises `Problem`."""
    left = payment.amount - payment.refunded
    if payment.status not in (books.COMPLETED, books.REFUNDED) or not left:
        raise Problem(CONFLICT, f"nothing of it can be given back: it is {payment.status}")
    if asked is not None and asked > left:
        raise unacceptable("/amount", f"is more than what is left of it: {left}")
    return left if asked is None else asked


async def _held(call: Call[Any, Any, Any]) -> Subscription:
    rows = select(Subscription).where(Subscription.id == call.path.id).with_for_update()
    row = (await call.session.exec(rows)).one_or_none()
    if row is None:
        raise missing("subscription", call.path.id)
    if not row.is_current:
        raise Problem(CONFLICT, f"it has ended: it is {row.state}")
    return row


def _told(call: Call[Any, Any, Any], row: Subscription, before: SubscriptionShown) -> Answer:
    shown = SubscriptionShown.of(row, call.now)
    call.changed(Change(KIND, row.id, "updated", before, shown))
    return Answer(shown, version=row.version)
