"""One's own plan: subscribing, changing, cancelling, and going on after all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col, select

from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.ids import new_id
from control_api.operation import Endpoint, Precondition
from control_api.paging import page
from control_api.people import accounts
from control_api.plans import books, ledger
from control_api.plans.entitled import FREE, entitled
from control_api.plans.offers import called, plan_of
from control_api.plans.owing import charged, is_unpaid, order, owed
from control_api.plans.providers import HOUSE, Begun, Money, Order
from control_api.plans.shown import EntitlementsShown, PaymentShown, PlanShown, SubscriptionShown
from control_api.plans.standing import OVER
from control_api.plans.subscribing import Book, Way, check_new, moved, moved_to, settled, subscribed, what_for, wished
from control_api.plans.taking import configured, named, obtained
from control_api.plans.taxes import rate_of, tax_on
from control_api.problems import CONFLICT, PAYMENT_REFUSED, Problem, missing, unacceptable
from control_api.resources.audience import country_of
from control_api.resources.billing_models import (
    HistoryQuery,
    OwnPlanShown,
    PaymentMethodGiven,
    PaymentPath,
    SubscribedShown,
    SubscribeGiven,
    SubscriptionEdit,
    SubscriptionPage,
)
from control_api.resources.plans import TAG
from control_api.scopes import OWNER, SIGNED_IN
from control_api.tables import Payment, Plan, Subscription

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import TypeVar

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.models import Nothing
    from control_api.plans.providers import Provider
    from control_api.plans.subscribing import Move

    Found = TypeVar("Found")

KIND: Final = "subscription"
_PATH: Final = "/api/v1/subscription"


@Endpoint(
    method="GET",
    path=_PATH,
    name="read_own_subscription",
    summary="One's plan, what it includes, and the subscription behind it",
    scope=SIGNED_IN,
    tag=TAG,
    answers={200: OwnPlanShown},
)
async def read_own_subscription(call: Call) -> Answer:
    """Who has none has the plan free."""
    return await _own(call)


@Endpoint(
    method="GET",
    path=f"{_PATH}/history",
    name="list_own_subscriptions",
    summary="All subscriptions that one has had, the newest first",
    scope=OWNER,
    tag=TAG,
    query_model=HistoryQuery,
    answers={200: SubscriptionPage},
)
async def list_own_subscriptions(call: Call[Nothing, HistoryQuery, Nothing]) -> Answer:
    """The current one is among them."""
    rows = select(Subscription).where(Subscription.account_id == call.caller.id)
    order = [(col(Subscription.id), True)]
    return await page(call, rows, order, lambda row: SubscriptionShown.of(row, call.now), SubscriptionPage)


@Endpoint(
    method="POST",
    path=_PATH,
    name="subscribe",
    summary="Subscribe to a plan",
    description="201: it has begun. 202: it begins once it is paid for at `checkout_url`, a page of who takes the "
    "money, or once a test payment is confirmed there by a POST.",
    scope=OWNER,
    tag=TAG,
    body_model=SubscribeGiven,
    answers={201: SubscribedShown, 202: SubscribedShown},
    refusals=(PAYMENT_REFUSED,),
    idempotent=True,
)
async def subscribe(call: Call[Nothing, Nothing, SubscribeGiven]) -> Answer:
    """The provider is asked before anything is written, and while nobody waits for the database."""
    given, settings = call.body, call.site.settings
    provider = _provider(call)
    async with call.site.database.reading() as session:
        plan = await _offered(session, given.plan)
        account = await accounts.row_of(session, call.caller.id, held=False)
        rows = select(Subscription).where(Subscription.account_id == account.id, col(Subscription.is_current))
        present = (await session.exec(rows)).one_or_none()
        if present is not None and present.until is not None and call.now < present.until:
            check_new(present)
        trial = 0 if await ledger.has_had_one(session, account.id) else plan.trial_days
    order = Order(
        account.id, account.email or "", plan.id, called(plan), plan.price, plan.currency, plan.period, trial,
        given.method, country_of(call), f"{settings.pages_url}{given.return_to}", new_id("co"),
    )  # fmt: skip
    begun = await _asked(provider.begin(order))
    await accounts.row_of(call.session, call.caller.id)  # of two requests at a time one waits
    if begun.url:
        call.is_told = True  # nothing has changed here yet
        return Answer(SubscribedShown(subscription=None, checkout_url=begun.url, payment=None), 202)
    if begun.money is not None and begun.money.status == books.PENDING:
        return await _pending(call, plan, provider, begun)
    row = await subscribed(_book(call), account.id, plan, provider.name, begun, trial)
    return await _begun(call, row)


@Endpoint(
    method="POST",
    path="/api/v1/payments/{id}/confirmation",
    name="confirm_payment",
    summary="Confirm a test payment, as its owner would on a page of their bank",
    description="Only where payments are tests. Of a real provider the page is its own.",
    scope=OWNER,
    tag=TAG,
    path_model=PaymentPath,
    answers={201: SubscribedShown},
)
async def confirm_payment(call: Call[PaymentPath]) -> Answer:
    """The subscription begins."""
    mine = select(Payment).where(Payment.id == call.path.id, Payment.account_id == call.caller.id)
    payment = (await call.session.exec(mine.with_for_update())).one_or_none()
    if payment is None:
        raise missing("payment", call.path.id)
    named(call.site.settings, call.site.outgoing, payment.provider)
    if payment.status != books.PENDING:
        raise Problem(CONFLICT, f"it is {payment.status}, and waits for nothing")
    plan = await _offered(call.session, payment.plan_id)
    money = Money(books.COMPLETED, payment.reference, payment.charge, payment.method)
    begun = Begun(reference=payment.reference, method=payment.method, money=money)
    row = await subscribed(_book(call), call.caller.id, plan, payment.provider, begun, 0)
    payment.subscription_id = row.id
    call.session.add(payment)
    await call.session.flush()
    return await _begun(call, row)


@Endpoint(
    method="PATCH",
    path=_PATH,
    name="edit_own_subscription",
    summary="Change one's plan, cancel at the end of the period, or undo that",
    description="A plan that costs more for the same time counts at once: a new period begins, and what is left of the "
    "old one is credited. One that costs less counts from the next period on (`next_plan`). While a plan is tried, "
    "any other counts at once. To change back before that undoes it.",
    scope=OWNER,
    tag=TAG,
    body_model=SubscriptionEdit,
    answers={200: OwnPlanShown},
    refusals=(PAYMENT_REFUSED,),
    precondition=Precondition.HEEDED,
)
async def edit_own_subscription(call: Call[Nothing, Nothing, SubscriptionEdit]) -> Answer:
    """One thing at a time: two could half succeed."""
    given = call.body
    if (given.plan is None) == (given.auto_renew is None):
        raise unacceptable("", "send one of `plan` and `auto_renew`")
    async with call.site.database.reading() as session:
        rows = select(Subscription).where(Subscription.account_id == call.caller.id, col(Subscription.is_current))
        row = (await session.exec(rows)).one_or_none()
        if row is None:
            raise Problem(CONFLICT, "there is no subscription: POST one")
        plan = await wanted(session, given.plan) if given.plan is not None else None
    call.guard(row.version)
    if plan is None:
        return await _wish(call, row, renews=bool(given.auto_renew))
    move = moved(row, plan, call.now)
    money = await _paid_move(call, row, plan, move)
    held = await _held(call, row)
    before = SubscriptionShown.of(held, call.now)
    await moved_to(_book(call), held, plan, move, money)
    return await _changed(call, held, before)


@Endpoint(
    method="POST",
    path=f"{_PATH}/payment-method",
    name="replace_payment_method",
    summary="Pay by another card, and pay at once what is open",
    description="200: it is done, and what was open is paid (`payment`). 202: cards are changed, and what is open is "
    "paid, at `checkout_url`, a page of who takes the money, which is good for minutes.",
    scope=OWNER,
    tag=TAG,
    body_model=PaymentMethodGiven,
    answers={200: SubscribedShown, 202: SubscribedShown},
    refusals=(PAYMENT_REFUSED,),
    idempotent=True,
)
async def replace_payment_method(call: Call[Nothing, Nothing, PaymentMethodGiven]) -> Answer:
    """A card that does not pay what is open replaces none."""
    async with call.site.database.reading() as session:
        row = await _paid_for(session, call)
        end = row.period_end
        open_ = await owed(session, row, end, call.now) if end is not None and is_unpaid(row, call.now) else None
        plan = await plan_of(session, row.plan_id)
    provider = named(call.site.settings, call.site.outgoing, row.provider)
    if provider.renews and not row.customer:
        raise Problem(CONFLICT, "who takes the money has not told of it yet: ask again in a minute")
    asked = Order(
        call.caller.id, "", plan.id, called(plan), row.price, row.currency, row.period, method=call.body.method,
        back=f"{call.site.settings.pages_url}{call.body.return_to}", key=new_id("pm"),
    )  # fmt: skip
    begun = await _asked(provider.replace(row.customer, asked))
    if begun.url:
        call.is_told = True  # nothing has changed here yet
        return Answer(SubscribedShown(subscription=None, checkout_url=begun.url, payment=None), 202)
    money = None
    if open_ is not None and end is not None:
        money = await _asked(provider.charge(order(row, open_, end, begun.method), open_.price))
        if money.status != books.COMPLETED:
            raise Problem(PAYMENT_REFUSED, money.failure)
    held = await _held(call, row)
    before = SubscriptionShown.of(held, call.now)
    held.method = begun.method
    held.version += 1
    call.session.add(held)
    if money is not None and open_ is not None:
        await charged(_book(call), held, open_, money)
    await call.session.flush()
    shown = SubscriptionShown.of(held, call.now)
    call.changed(Change(KIND, held.id, "updated", before, shown))
    payment = await _newest(call, held) if money is not None else None
    return Answer(SubscribedShown(subscription=shown, checkout_url=None, payment=payment))


OPERATIONS: Final = (
    read_own_subscription,
    list_own_subscriptions,
    subscribe,
    confirm_payment,
    edit_own_subscription,
    replace_payment_method,
)


def _book(call: Call[Any, Any, Any]) -> Book:
    return Book(call.session, call.site.settings, call.now, country_of(call))


def _provider(call: Call[Any, Any, Any]) -> Provider:
    found = configured(call.site.settings, call.site.outgoing)
    if found is None:
        raise Problem(CONFLICT, "nobody takes money here: staff give plans to people")
    return found


async def _asked(asking: Awaitable[Found]) -> Found:
    """What the provider answers to who pays. Raises `Problem`."""
    return await obtained(asking, PAYMENT_REFUSED)


async def wanted(session: AsyncSession, name: str) -> Plan:
    """The plan that a body names. Raises `Problem`."""
    plan = await session.get(Plan, name)
    if plan is None:
        raise unacceptable("/plan", f"there is no plan {name}")
    return plan


async def _offered(session: AsyncSession, name: str) -> Plan:
    plan = await wanted(session, name)
    if plan.id == FREE:
        raise Problem(CONFLICT, "the plan free needs no subscription: everybody has it who has no other")
    if not plan.is_offered:
        raise Problem(CONFLICT, f"the plan {plan.id} is not offered any more")
    return plan


async def _pending(call: Call[Any, Any, Any], plan: Plan, provider: Provider, begun: Begun) -> Answer:
    """A payment that waits for its owner."""
    check_new(await settled(_book(call), call.caller.id))
    tax = tax_on(call.site.settings, country_of(call), plan.price)
    payment = Payment(
        id=new_id("py"), account_id=call.caller.id, plan_id=plan.id, description=what_for(plan), amount=plan.price,
        tax=tax.amount, tax_rate=tax.rate, country=tax.country, currency=plan.currency, method=begun.method,
        status=books.PENDING, provider=provider.name, reference=begun.reference, charge=begun.reference,
        created_at=call.now,
    )  # fmt: skip
    call.session.add(payment)
    await call.session.flush()
    shown = PaymentShown.of(payment)
    call.changed(Change("payment", payment.id, "created", after=shown))
    where = f"{call.site.settings.public_url}/api/v1/payments/{payment.id}/confirmation"
    return Answer(SubscribedShown(subscription=None, checkout_url=where, payment=shown), 202)


async def _begun(call: Call[Any, Any, Any], row: Subscription) -> Answer:
    shown = SubscriptionShown.of(row, call.now)
    call.changed(Change(KIND, row.id, "created", after=shown))
    paid = await _newest(call, row)
    headers = {"Location": _PATH}
    return Answer(SubscribedShown(subscription=shown, checkout_url=None, payment=paid), 201, headers)


async def _newest(call: Call[Any, Any, Any], row: Subscription) -> PaymentShown | None:
    """The newest payment of a subscription."""
    newest = select(Payment).where(Payment.subscription_id == row.id).order_by(col(Payment.id).desc())
    payment = (await call.session.exec(newest.limit(1))).first()
    return None if payment is None else PaymentShown.of(payment)


async def _paid_for(session: AsyncSession, call: Call[Any, Any, Any]) -> Subscription:
    """The subscription that the caller pays for. Raises `Problem`."""
    rows = select(Subscription).where(Subscription.account_id == call.caller.id, col(Subscription.is_current))
    row = (await session.exec(rows)).one_or_none()
    if row is None or row.provider == HOUSE:
        raise Problem(CONFLICT, "there is no subscription that is paid for: POST one")
    if row.until is not None and call.now >= row.until:
        raise Problem(CONFLICT, "it has ended unpaid: subscribe again")
    return row


async def _wish(call: Call[Any, Any, Any], row: Subscription, *, renews: bool) -> Answer:
    """Whether it goes on after its period."""
    if row.is_granted:
        raise Problem(CONFLICT, "this plan was given, and is not renewed")
    if row.renews != renews and row.provider != HOUSE:
        provider = named(call.site.settings, call.site.outgoing, row.provider)
        await _asked(provider.stop(row.reference, stops=not renews))
    held = await _held(call, row)
    before = SubscriptionShown.of(held, call.now)
    if held.renews != renews:
        await wished(_book(call), held, renews=renews)
    return await _changed(call, held, before)


async def stopped_there(call: Call[Any, Any, Any], account: str) -> None:
    """Have whoever takes the money for an account that is to be closed stop after this period. Raises `Problem`.

    To be asked before anything is written: nobody waits for another server with a transaction open.
    """
    async with call.site.database.reading() as session:
        rows = select(Subscription).where(Subscription.account_id == account, col(Subscription.is_current))
        row = (await session.exec(rows)).one_or_none()
    if row is not None and row.renews and row.provider != HOUSE:
        provider = named(call.site.settings, call.site.outgoing, row.provider)
        await _asked(provider.stop(row.reference, stops=True))


async def stop_renewing(call: Call[Any, Any, Any], account: str) -> None:
    """The same as we know it, as part of the call's transaction. Who comes back has to want it again."""
    row = await ledger.current(call.session, account)
    if row is None or not row.renews or row.state in OVER or row.is_granted:
        return
    before = SubscriptionShown.of(row, call.now)
    await wished(_book(call), row, renews=False)
    await call.session.flush()
    call.changed(Change(KIND, row.id, "updated", before, SubscriptionShown.of(row, call.now)))


async def _paid_move(call: Call[Any, Any, Any], row: Subscription, plan: Plan, move: Move) -> Money | None:
    """Have the provider change it, and take what that costs."""
    provider = named(call.site.settings, call.site.outgoing, row.provider)
    order = Order(
        row.account_id or "", "", plan.id, called(plan), plan.price, plan.currency, plan.period, method=row.method,
        country=country_of(call) if move.way in {Way.AT_ONCE, Way.FREELY} else "", key=f"move-{row.id}-{row.version}",
    )  # fmt: skip
    if provider.renews:
        if move.way is Way.NEXT and plan.period != row.period:
            message = "to change to a plan of another period that costs less, cancel, and subscribe when it has ended"
            raise Problem(CONFLICT, message)
        await _asked(provider.move(row.reference, order, at_once=move.way is Way.AT_ONCE))
        return None
    if move.way is not Way.AT_ONCE:
        return None
    money = await _asked(provider.charge(order, move.amount))
    if money.status != books.COMPLETED:
        raise Problem(PAYMENT_REFUSED, money.failure)
    return money


async def _held(call: Call[Any, Any, Any], row: Subscription) -> Subscription:
    """The same row, held, as it was read. Raises `Problem` when it has changed meanwhile."""
    held = await ledger.current(call.session, call.caller.id)
    if held is None or held.id != row.id or held.version != row.version or held.state in OVER:
        raise Problem(CONFLICT, "the subscription has changed at this very moment: read it again")
    return held


async def _changed(call: Call[Any, Any, Any], row: Subscription, before: SubscriptionShown) -> Answer:
    await call.session.flush()
    call.changed(Change(KIND, row.id, "updated", before, SubscriptionShown.of(row, call.now)))
    return await _own(call)


async def _own(call: Call[Any, Any, Any]) -> Answer:
    viewer = call.caller.viewer
    return await answered(call, call.caller.id, viewer.language if viewer is not None else "")


async def answered(call: Call[Any, Any, Any], account: str, tag: str = "") -> Answer:
    """What an account has."""
    may = await entitled(call.session, account, call.now)
    rows = select(Subscription).where(Subscription.account_id == account, col(Subscription.is_current))
    row = (await call.session.exec(rows)).one_or_none()
    plan = await plan_of(call.session, may.plan)
    is_own = account == call.caller.id
    country = row.country if row is not None and row.country else country_of(call) if is_own else ""
    shown = OwnPlanShown(
        plan=PlanShown.of(plan, rate_of(call.site.settings, country), tag),
        entitlements=EntitlementsShown.model_validate(may),
        until=may.until,
        subscription=None if row is None else SubscriptionShown.of(row, call.now),
    )
    return Answer(shown, version=0 if row is None else row.version)
