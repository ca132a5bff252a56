"""Payments by Stripe, by a few requests of its HTTP API. Cards are typed on Stripe's page, and never come here.

What Stripe tells is believed when it is signed with the secret of the endpoint and not older than five minutes
(docs.stripe.com/webhooks#verify-manually). Of an event only what is needed is read, in the shapes of the API before
and after 2025-03-31, in which subscriptions of invoices have moved, and what paid an invoice is told to nobody who does
not ask for it. What is asked here is answered in the shapes of `VERSION`, whatever the endpoint is told in.
"""

from __future__ import annotations

import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from control_api.outgoing import Limits, NoAnswer
from control_api.plans.providers import Back, Begun, Heard, Money, Order, Paid, Refused, Unsigned
from control_api.plans.standing import Entry, Kind
from control_api.plans.taxes import part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from control_api.outgoing import Outgoing
    from control_api.settings import Settings

NAME: Final = "stripe"
VERSION: Final = "2024-06-20"
"""Of the API, as it is spoken here. In it an invoice says what paid it, and that says of which invoice it is."""
PATIENCE: Final = timedelta(minutes=5)
_LIMITS: Final = Limits(seconds=20, size=1 << 20)
_LOST: Final = 404
_CARD: Final = 402


class Stripe:
    """An account at Stripe."""

    name = NAME
    renews = True

    def __init__(self, settings: Settings, outgoing: Outgoing) -> None:
        self._root = settings.stripe_url
        self._key = settings.stripe_key.get_secret_value()
        self._secret = settings.stripe_webhook_secret.get_secret_value()
        self._works_out_tax = settings.stripe_tax
        self._outgoing = outgoing

    async def begin(self, order: Order) -> Begun:
        """A page of Stripe's, on which the account pays."""
        about = {"account": order.account, "plan": order.plan, "country": order.country}
        form = {
            "mode": "subscription",
            "client_reference_id": order.account,
            "success_url": f"{order.back}?checkout=done",
            "cancel_url": f"{order.back}?checkout=canceled",
            "line_items[0][quantity]": "1",
            **{f"line_items[0][price_data]{name}": value for name, value in _price(order).items()},
            **{f"subscription_data[metadata][{name}]": value for name, value in about.items()},
            **{f"metadata[{name}]": value for name, value in about.items()},
        }
        if order.email:
            form["customer_email"] = order.email
        if self._works_out_tax:  # which takes to know where the account is
            form |= {"automatic_tax[enabled]": "true", "billing_address_collection": "required"}
        if order.trial_days:
            form["subscription_data[trial_period_days]"] = str(order.trial_days)
        answer = await self._asked("POST", "/checkout/sessions", form, order.key)
        return Begun(url=str(answer["url"]))

    async def charge(self, order: Order, amount: int) -> Money:
        """Stripe renews by itself."""
        raise NotImplementedError

    async def replace(self, customer: str, order: Order) -> Begun:
        """A page of Stripe's, on which cards are changed and what is open is paid. What comes of it is told."""
        form = {"customer": customer, "return_url": order.back}
        answer = await self._asked("POST", "/billing_portal/sessions", form, order.key)
        return Begun(url=str(answer["url"]))

    async def move(self, reference: str, order: Order, *, at_once: bool) -> None:
        """The price of its only item becomes another one."""
        where = f"/subscriptions/{quote(reference, safe='')}"
        item = (await self._asked("GET", where))["items"]["data"][0]["id"]
        price = await self._asked("POST", "/prices", _plain(_price(order)), f"{order.key}-price")
        form = {
            "items[0][id]": str(item),
            "items[0][price]": str(price["id"]),
            "metadata[plan]": order.plan,
            "proration_behavior": "always_invoice" if at_once else "none",
            "billing_cycle_anchor": "now" if at_once else "unchanged",
            "payment_behavior": "error_if_incomplete",
        }
        if order.country:  # whose tax is in what is paid from now on
            form["metadata[country]"] = order.country
        await self._asked("POST", where, form, order.key)

    async def stop(self, reference: str, *, stops: bool) -> None:
        """Have it end with its period, or go on."""
        form = {"cancel_at_period_end": "true" if stops else "false"}
        await self._asked("POST", f"/subscriptions/{quote(reference, safe='')}", form)

    async def end(self, reference: str) -> None:
        """End it now."""
        await self._asked("DELETE", f"/subscriptions/{quote(reference, safe='')}", lost_is_fine=True)

    async def give_back(self, charge: str, amount: int, key: str) -> str:
        """Give money back."""
        kind = "payment_intent" if charge.startswith("pi_") else "charge"
        answer = await self._asked("POST", "/refunds", {kind: charge, "amount": str(amount)}, key)
        return str(answer["id"])

    async def charge_of(self, reference: str) -> str:
        """What paid an invoice."""
        found = await self._asked("GET", f"/invoices/{quote(reference, safe='')}", lost_is_fine=True)
        return str(found.get("payment_intent") or found.get("charge") or "")

    async def payment_of(self, charge: str) -> str:
        """Of which invoice it is."""
        kind = "payment_intents" if charge.startswith("pi_") else "charges"
        found = await self._asked("GET", f"/{kind}/{quote(charge, safe='')}", lost_is_fine=True)
        return str(found.get("invoice") or "")

    def heard(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Heard:
        """What is told here. Nothing of it is read before it is sure by whom."""
        check(headers.get("Stripe-Signature", ""), body, self._secret, now)
        try:
            event = json.loads(body)
            about = event["data"]["object"]
            read = _READ.get(str(event["type"]), _nothing)
            at = _instant(event["created"])
            found = read(_Told(str(event["id"]), str(event["type"]), at, about))
        except (KeyError, TypeError, IndexError, AttributeError, UnicodeError, OverflowError) as error:
            message = f"that is no event of Stripe's: {type(error).__name__}"
            raise ValueError(message) from error
        return found

    async def _asked(
        self,
        method: str,
        path: str,
        form: Mapping[str, str] | None = None,
        key: str = "",
        *,
        lost_is_fine: bool = False,
    ) -> dict[str, Any]:
        """What Stripe answers. Raises `Refused`, `NoAnswer` and `NotAllowed`."""
        headers = {"Authorization": f"Bearer {self._key}", "Stripe-Version": VERSION}
        if key:
            headers["Idempotency-Key"] = key
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = None if form is None else urlencode(form).encode()
        answer = await self._outgoing.fetch(method, f"{self._root}{path}", headers=headers, body=body, limits=_LIMITS)
        try:
            found = json.loads(answer.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            message = f"Stripe answered {answer.status}, and nothing that can be read"
            raise NoAnswer(message)
        if answer.status == _LOST and lost_is_fine:
            return {}
        if answer.status == _CARD:
            raise Refused(str(found.get("error", {}).get("message", "the card was declined"))[:200])
        if not 200 <= answer.status < 300:  # noqa: PLR2004 — what is good
            code = str(found.get("error", {}).get("code") or found.get("error", {}).get("type") or "")[:80]
            message = f"Stripe refused it with {answer.status} {code}".rstrip()
            raise NoAnswer(message)
        return found


def check(header: str, body: bytes, secret: str, now: datetime) -> None:
    """Raise `Unsigned` unless the body was signed with the secret, lately. Of several signatures one must hold."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name == "t" and value.isascii() and value.isdecimal()]
    if not secret or len(stamps) != 1 or len(stamps[0]) > 11:  # noqa: PLR2004 — seconds since 1970
        raise Unsigned("it is not signed as Stripe signs")
    wanted = hmac.new(secret.encode(), stamps[0].encode() + b"." + body, sha256).hexdigest()
    signatures = [value.encode() for name, _, value in parts if name == "v1"]
    if not any(hmac.compare_digest(wanted.encode(), one) for one in signatures):
        raise Unsigned("its signature is not good")
    if abs(now - _instant(int(stamps[0]))) > PATIENCE:
        raise Unsigned("it was signed more than five minutes ago, or the clocks differ")


def _price(order: Order) -> dict[str, str]:
    return {
        "[currency]": order.currency.lower(),
        "[unit_amount]": str(order.price),
        "[tax_behavior]": "inclusive",
        "[recurring][interval]": order.period,
        "[product_data][name]": order.name,
    }


def _plain(form: Mapping[str, str]) -> dict[str, str]:
    """The same on its own: the first name without brackets."""
    return {name.replace("[", "", 1).replace("]", "", 1): value for name, value in form.items()}


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


class _Told:
    """An event, as far as it is read."""

    def __init__(self, event: str, kind: str, at: datetime, about: dict[str, Any]) -> None:
        self.event, self.kind, self.at, self.about = event, kind, at, about

    def entry(
        self, kind: Kind, *, plan: str = "", since: datetime | None = None, until: datetime | None = None
    ) -> Entry:
        return Entry(kind, self.at, f"{self.event}:{kind}", plan, since, until)

    def heard(self, **more: Any) -> Heard:  # noqa: ANN401 — the fields of Heard
        return Heard(event=self.event, kind=self.kind, at=self.at, **more)


def _nothing(told: _Told) -> Heard:
    return told.heard()


def _of_subscription(told: _Told) -> Heard:
    """`customer.subscription.*`: who has it, whether it goes on, whether it is being tried or over."""
    about = told.about
    said = about.get("metadata") or {}
    status = str(about["status"])
    # later on the plan is what was paid for: one that is planned stands in the metadata already
    plan = str(said.get("plan", "")) if told.kind == "customer.subscription.created" else ""
    is_tried = about.get("trial_end") and about.get("trial_end") != about.get("trial_start")
    entries = [told.entry(Kind.OPENED, plan=plan, until=_instant(about["trial_end"]) if is_tried else None)]
    if told.kind == "customer.subscription.updated":
        entries.append(told.entry(Kind.STOPPING if about.get("cancel_at_period_end") else Kind.RENEWING))
    is_over = told.kind == "customer.subscription.deleted" or status in ("canceled", "incomplete_expired")
    if is_over:
        why = str((about.get("cancellation_details") or {}).get("reason") or "")
        unpaid = why in ("payment_failed", "payment_disputed") or status == "incomplete_expired"
        entries.append(told.entry(Kind.LAPSED if unpaid else Kind.ENDED))
    return told.heard(
        subscription=str(about["id"]),
        account=str(said.get("account", "")),
        plan=str(said.get("plan", "")),
        customer=str(about.get("customer") or ""),
        country=_country(said.get("country")),
        entries=tuple(entries),
        is_over=is_over,
    )


def _of_invoice(told: _Told) -> Heard:
    """`invoice.paid` and `invoice.payment_failed`: a period that is paid for, or not."""
    about = told.about
    details = (about.get("parent") or {}).get("subscription_details") or about.get("subscription_details") or {}
    reference = about.get("subscription") or details.get("subscription")
    if not reference:
        return told.heard()
    said = details.get("metadata") or {}
    lines = about["lines"]["data"]
    span = max((line["period"] for line in lines), key=lambda one: int(one["end"]))
    since, until = _instant(span["start"]), _instant(span["end"])
    is_paid = told.kind == "invoice.paid"
    kind = Kind.PAID if is_paid else Kind.UNPAID
    amount = int(about["amount_paid"] if is_paid else about["amount_due"])
    intent = about.get("payment_intent") or _intent(about)
    paid = Paid(
        str(about["id"]), str(intent or ""), "completed" if is_paid else "failed", amount,
        str(about["currency"]).upper(), since, until, method="card",
        failure="" if is_paid else "the payment was declined", tax=_tax(about),
        country=_country((about.get("customer_address") or {}).get("country")) or _country(said.get("country")),
    )  # fmt: skip
    # what a trial begins with is an invoice of nothing: the trial itself is told with the subscription
    is_free = is_paid and amount == 0 and str(about.get("billing_reason")) == "subscription_create"
    plan = str(said.get("plan", ""))
    return told.heard(
        subscription=str(reference),
        account=str(said.get("account", "")),
        plan=plan,
        customer=str(about.get("customer") or ""),
        entries=() if is_free else (told.entry(kind, plan=plan if is_paid else "", since=since, until=until),),
        paid=None if is_free else paid,
        country=_country(said.get("country")),
    )


def _tax(about: Mapping[str, Any]) -> int | None:
    """The tax that Stripe has worked out for an invoice, in the shapes before and after 2025-03-31; None: it has none.

    An invoice that has been credited for a part of its price has the tax of all of it: of what was taken it is as much
    as that is of the total.
    """
    some = about.get("total_taxes") or ()
    found = about["tax"] if about.get("tax") is not None else sum(int(one["amount"]) for one in some) if some else None
    total, taken = int(about.get("total") or 0), int(about.get("amount_paid") or about.get("amount_due") or 0)
    if found is None:
        return None
    return part(int(found), taken, total) if 0 < taken < total else int(found)


def _country(said: object) -> str:
    """A country, as we or the account have told Stripe; empty: nobody has."""
    return said if isinstance(said, str) and re.fullmatch(r"[A-Z]{2}", said) else ""


def _intent(about: Mapping[str, Any]) -> str | None:
    payments = (about.get("payments") or {}).get("data") or []
    return next((one["payment"]["payment_intent"] for one in payments if one["payment"].get("payment_intent")), None)


def _of_charge(told: _Told) -> Heard:
    """`refund.created`, `refund.updated`, `charge.refund.updated`: money that was given back."""
    about = told.about
    if str(about.get("status")) != "succeeded":
        return told.heard()
    charge = str(about.get("payment_intent") or about.get("charge") or "")
    return told.heard(back=(Back(str(about["id"]), charge, int(about["amount"])),))


_READ: Final[dict[str, Callable[[_Told], Heard]]] = {
    "customer.subscription.created": _of_subscription,
    "customer.subscription.updated": _of_subscription,
    "customer.subscription.deleted": _of_subscription,
    "invoice.paid": _of_invoice,
    "invoice.payment_failed": _of_invoice,
    "refund.created": _of_charge,
    "refund.updated": _of_charge,
    "charge.refund.updated": _of_charge,
}
"""What is heeded of what Stripe tells; the rest is answered and left alone."""
