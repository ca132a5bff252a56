"""Payments: one's own, their receipts, and what providers tell of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field
from sqlmodel import col, select

from control_api.call import Answer, Call
from control_api.changes import Actor, Change, audited
from control_api.destinations import NotAllowed
from control_api.models import Given, Nothing
from control_api.operation import Endpoint, Media, Raw
from control_api.outgoing import NoAnswer
from control_api.paging import page
from control_api.pieces import agree, pieces
from control_api.plans import books
from control_api.plans.hearing import hear
from control_api.plans.money import written
from control_api.plans.providers import Refused, Unsigned
from control_api.plans.receipts import Receipt
from control_api.plans.shown import PaymentShown, SubscriptionShown, number
from control_api.plans.subscribing import Book
from control_api.plans.taking import configured
from control_api.plans.taxes import tax_back
from control_api.problems import MALFORMED, TOO_LARGE, UNAUTHENTICATED, Problem, missing, unavailable
from control_api.resources.billing_models import (
    HistoryQuery,
    PaymentDetail,
    PaymentPage,
    PaymentPath,
    ReceiptShown,
    RefundShown,
)
from control_api.resources.plans import TAG
from control_api.scopes import OPEN, OWNER, Scope
from control_api.tables import Account, Payment, Refund

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.plans.providers import Heard, Provider

_TEXT: Final = "text/plain"
_HTML: Final = "text/html"
_LARGEST: Final = 256 << 10
"""Bytes of what a provider tells at a time."""
_PRIVATE: Final = {"Cache-Control": "no-store"}


class ProviderPath(Given):
    """Which provider of payments."""

    provider: str = Field(pattern=r"^[a-z]{2,20}$", examples=["stripe"])


@Endpoint(
    method="GET",
    path="/api/v1/payments",
    name="list_own_payments",
    summary="One's payments, the newest first",
    scope=OWNER,
    tag=TAG,
    query_model=HistoryQuery,
    answers={200: PaymentPage},
)
async def list_own_payments(call: Call[Nothing, HistoryQuery, Nothing]) -> Answer:
    """A page of payments."""
    rows = select(Payment).where(Payment.account_id == call.caller.id)
    return await page(call, rows, [(col(Payment.id), True)], PaymentShown.of, PaymentPage)


@Endpoint(
    method="GET",
    path="/api/v1/payments/{id}",
    name="read_payment",
    summary="One payment, with what was given back of it",
    description="One's own; with `billing:read` everybody's.",
    scope=OWNER,
    tag=TAG,
    path_model=PaymentPath,
    answers={200: PaymentDetail},
)
async def read_payment(call: Call[PaymentPath]) -> Answer:
    """Without a card, as always."""
    return Answer(await detailed(call.session, await _seen(call)), headers=_PRIVATE)


@Endpoint(
    method="GET",
    path="/api/v1/payments/{id}/receipt",
    name="read_receipt",
    summary="The receipt of a payment",
    description="As JSON, or, when Accept names one of them, as text or as a page to be printed. One's own; with "
    "`billing:read` everybody's.",
    scope=OWNER,
    tag=TAG,
    path_model=PaymentPath,
    answers={200: Media((_TEXT, _HTML), ReceiptShown)},
)
async def read_receipt(call: Call[PaymentPath]) -> Answer:
    """Of what was paid: nothing else has a number."""
    payment = await _seen(call)
    name, issued = number(payment), payment.completed_at
    if name is None or issued is None:
        raise missing("receipt of the payment", payment.id)
    account = await call.session.get(Account, payment.account_id) if payment.account_id else None
    buyer = "" if account is None else account.email or account.username
    settings = call.site.settings
    receipt = Receipt(
        name, issued, settings.seller, settings.seller_tax, buyer, payment.description, payment.period_start,
        payment.period_end, payment.amount, payment.tax, payment.tax_rate, payment.refunded, payment.currency,
        payment.method,
    )  # fmt: skip
    if call.wants(_HTML):
        return Answer(raw=receipt.page().encode(), media_type=f"{_HTML}; charset=utf-8", headers=_PRIVATE)
    if call.wants(_TEXT):
        return Answer(raw=receipt.text().encode(), media_type=f"{_TEXT}; charset=utf-8", headers=_PRIVATE)
    shown = ReceiptShown(
        number=name, issued_at=issued, seller=receipt.seller, seller_tax=receipt.seller_tax, buyer=buyer,
        description=receipt.description, period_start=receipt.start, period_end=receipt.end,
        net=receipt.amount - receipt.tax, net_text=written(receipt.amount - receipt.tax, receipt.currency),
        tax=receipt.tax, tax_text=written(receipt.tax, receipt.currency), tax_rate=receipt.tax_rate,
        country=payment.country, refunded_tax=tax_back(receipt.tax, receipt.amount, receipt.refunded),
        amount=receipt.amount,
        amount_text=written(receipt.amount, receipt.currency), currency=receipt.currency, refunded=receipt.refunded,
        refunded_text=written(receipt.refunded, receipt.currency), method=receipt.method,
    )  # fmt: skip
    return Answer(shown, headers=_PRIVATE)


@Endpoint(
    method="POST",
    path="/api/v1/payments/webhooks/{provider}",
    name="hear_provider",
    summary="What a provider of payments tells: for the provider alone",
    description="It is believed by its signature, which is looked at before anything else, and heeded once. 204 also "
    "says that it is of no interest here.",
    scope=OPEN,
    tag=TAG,
    path_model=ProviderPath,
    raw=Raw(("application/json",)),
    answers={204: None},
    refusals=(UNAUTHENTICATED, TOO_LARGE),
    counted=False,
    changes=False,
)
async def hear_provider(call: Call[ProviderPath]) -> Answer:
    """Nothing of the body is read before it is sure who sends it."""
    provider = configured(call.site.settings, call.site.outgoing)
    if provider is None or provider.name != call.path.provider:
        raise missing("provider of payments", call.path.provider)
    body = await _whole(call)
    try:
        heard = provider.heard(call.request.headers, body, call.now)
    except Unsigned as bad:
        raise Problem(UNAUTHENTICATED, str(bad)) from bad
    except ValueError as bad:
        raise Problem(MALFORMED, str(bad)) from bad
    heard = await _recognized(call, provider, heard)
    row = await hear(Book(call.session, call.site.settings, call.now), provider.name, heard)
    if row is not None:
        actor = Actor(provider.name, provider.name, call.operation, call.address, call.request_id)
        change = Change("subscription", row.id, "updated", after=SubscriptionShown.of(row, call.now))
        happening = audited(call.session, actor, change, call.now)
        call.happenings += [] if happening is None else [happening]
    return Answer(status=204)


OPERATIONS: Final = (list_own_payments, read_payment, read_receipt, hear_provider)


async def detailed(session: AsyncSession, payment: Payment) -> PaymentDetail:
    """A payment, with what was given back of it."""
    rows = select(Refund).where(Refund.payment_id == payment.id).order_by(col(Refund.id))
    refunds, back = [], 0
    for one in (await session.exec(rows)).all():
        before, back = back, min(back + one.amount, payment.amount)
        tax = tax_back(payment.tax, payment.amount, back) - tax_back(payment.tax, payment.amount, before)
        refunds.append(RefundShown(**{name: getattr(one, name) for name in _REFUND}, tax=tax))
    return PaymentDetail(**dict(PaymentShown.of(payment)), refunds=refunds)


_REFUND: Final = ("id", "amount", "reason", "by", "created_at")


async def _recognized(call: Call[ProviderPath], provider: Provider, heard: Heard) -> Heard:
    """The same, each refund by the payment that it is of: an invoice may have come without what paid it."""
    backs = []
    for back in heard.back:
        async with call.site.database.reading() as session:
            is_known = not back.charge or await books.is_known(session, provider.name, back.charge)
        try:
            payment = "" if is_known else await provider.payment_of(back.charge)
        except (NoAnswer, NotAllowed, Refused) as error:  # who is answered so tells it again later
            message = f"who takes the money does not answer as it should: {error}"
            raise unavailable(message, 30) from error
        backs.append(replace(back, payment=payment))
    return replace(heard, back=tuple(backs))


async def _seen(call: Call[PaymentPath, Any, Any]) -> Payment:
    """The payment, for whom it is, and for who may see everybody's."""
    payment = await call.session.get(Payment, call.path.id)
    mine = payment is not None and payment.account_id == call.caller.id
    if payment is None or not (mine or call.caller.may(Scope.BILLING_READ)):
        raise missing("payment", call.path.id)
    return payment


async def _whole(call: Call[Any, Any, Any]) -> bytes:
    await agree(call.request)
    found = bytearray()
    async for piece in pieces(call.request.content.read, 64 << 10):
        found += piece
        if len(found) > _LARGEST:
            raise Problem(TOO_LARGE, f"no more than {_LARGEST} bytes are told at a time")
    return bytes(found)
