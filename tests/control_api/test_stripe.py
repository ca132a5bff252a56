"""Payments by Stripe, against a server that speaks the part of its API that is asked, and tells as it tells."""

from __future__ import annotations

import hmac
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_network
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from clients import Client, running
from persons import Times, cheap, person, signed_in
from pydantic import SecretStr
from sqlmodel import col, select

from control_api.people.roles import Role
from control_api.plans.providers import Unsigned
from control_api.plans.renewing import Renewer
from control_api.plans.stripe import VERSION, check
from control_api.site import SITE
from control_api.tables import Payment, ProviderEvent, Subscription, SubscriptionEntry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from control_api.settings import Settings

BORN = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MONTH = 31 * DAY
SECRET = "whsec_of_a_test"  # noqa: S105
HOOK = "/api/v1/payments/webhooks/stripe"
OWN = "/api/v1/subscription"


@dataclass
class Far:
    """The server: it keeps what it was asked."""

    asked: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)
    declines: bool = False
    fails: bool = False

    async def answer(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer sk_test_1"
        form = dict(parse_qsl((await request.read()).decode()))
        self.asked.append((request.method, request.path, form, request.headers.get("Idempotency-Key", "")))
        if self.fails:
            return web.json_response({"error": {"type": "api_error"}}, status=500)
        if self.declines:
            return web.json_response({"error": {"message": "Your card was declined."}}, status=402)
        what = {
            "/v1/checkout/sessions": {"id": "cs_1", "url": "https://checkout.stripe.example/c/cs_1"},
            "/v1/billing_portal/sessions": {"id": "bps_1", "url": "https://billing.stripe.example/p/session/1"},
            "/v1/prices": {"id": "price_1"},
            "/v1/refunds": {"id": f"re_{form.get('amount')}", "status": "succeeded"},
        }
        assert request.headers["Stripe-Version"] == VERSION
        kind, name = request.path.split("/")[2], request.path.rsplit("/", 1)[-1]
        if kind == "invoices":  # of an invoice that was paid by nothing but credit nobody knows any money
            return web.json_response(
                {"id": name, "payment_intent": name.replace("in_", "pi_") if name < "in_8" else None}
            )
        if kind == "payment_intents":
            return web.json_response(
                {"id": name, "invoice": name.replace("pi_", "in_")}, status=404 if name > "pi_8" else 200
            )
        plain = {"id": "sub_1", "items": {"data": [{"id": "si_1"}]}}
        return web.json_response(what.get(request.path, plain))


@asynccontextmanager
async def far() -> AsyncIterator[tuple[Far, str]]:
    server = Far()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield server, f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


class Telling:
    """What Stripe tells of one subscription."""

    def __init__(self, account: str, plan: str = "premium", reference: str = "sub_1") -> None:
        self.account, self.plan, self.reference = account, plan, reference
        self.numbers = count(1)

    def event(self, kind: str, at: datetime, about: dict[str, Any]) -> bytes:
        name = f"evt_{self.reference}_{next(self.numbers)}"
        return json.dumps({"id": name, "type": kind, "created": seconds(at), "data": {"object": about}}).encode()

    def subscription(self, kind: str, at: datetime, **more: Any) -> bytes:
        said = {"account": self.account, "plan": self.plan}
        about = {"id": self.reference, "status": "active", "customer": "cus_1", "metadata": said, **more}
        return self.event(f"customer.subscription.{kind}", at, about)

    def invoice(
        self,
        number: int,
        start: datetime,
        *,
        paid: bool = True,
        new: bool = False,
        bare: bool = False,
        tax: int | None = None,
    ) -> bytes:
        said = {"account": self.account, "plan": self.plan}
        period = {"start": seconds(start), "end": seconds(start + MONTH)}
        about: dict[str, Any] = {
            "id": f"in_{number}", "customer": "cus_1", "currency": "eur", "amount_paid": 799, "amount_due": 799,
            "lines": {"data": [{"period": period}]}, "billing_reason": "subscription_cycle",
        }  # fmt: skip
        if tax is not None:
            about |= {"total": 799, "customer_address": {"country": "AT"}}
            about |= {"total_taxes": [{"amount": tax - 1}, {"amount": 1}]} if new else {"tax": tax}
        details = {"subscription": self.reference, "metadata": said}
        if new:  # the shape since 2025-03-31
            about["parent"] = {"subscription_details": details}
            if not bare:
                about["payments"] = {"data": [{"payment": {"payment_intent": f"pi_{number}"}}]}
        else:
            about |= {"subscription": self.reference, "subscription_details": details, "payment_intent": f"pi_{number}"}
        return self.event("invoice.paid" if paid else "invoice.payment_failed", start, about)

    def refund(self, number: int, amount: int, at: datetime) -> bytes:
        about = {
            "id": f"re_{amount}" if number < 10 else f"re_{number}",
            "status": "succeeded",
            "payment_intent": f"pi_{number}",
            "amount": amount,
        }
        return self.event("refund.created", at, about)


def signature(body: bytes, at: datetime, secret: str = SECRET) -> str:
    stamp = str(seconds(at))
    return f"t={stamp},v0=00,v1={hmac.new(secret.encode(), f'{stamp}.'.encode() + body, sha256).hexdigest()}"


def of_stripe(settings: Settings, where: str) -> Settings:
    return cheap(
        settings, payments="stripe", stripe_key=SecretStr("sk_test_1"), stripe_webhook_secret=SecretStr(SECRET),
        stripe_tax=True, stripe_url=where, tells=False, outgoing_allow=(ip_network("127.0.0.0/8"),), app_url="https://tv.example",
        access_token_minutes=1440, session_days=3660, country_header="CF-IPCountry",
        trusted_proxies=(ip_network("127.0.0.0/8"),),
    )  # fmt: skip


async def tell(client: Client, body: bytes, at: datetime, status: int = 204) -> None:
    await client.ask("POST", HOOK, status, data=body, headers={"Stripe-Signature": signature(body, at)})


async def test_a_subscription_by_stripe_from_its_page_to_its_end(settings: Settings) -> None:  # noqa: PLR0915 — one life
    """C19, C40a, CX2: paid on Stripe's page, told by signed events, changed and given back over its API."""
    times = Times(BORN)
    async with far() as (server, where), running(of_stripe(settings, where), clock=times) as nobody:
        ada, boss = await person(nobody, "ada"), await person(nobody, "boss", Role.ADMIN)
        name = (await ada.get("/api/v1/account")).json["id"]
        begun = (await ada.post(OWN, {"plan": "premium"}, 202)).json
        assert begun["checkout_url"] == "https://checkout.stripe.example/c/cs_1"
        _, path, form, key = server.asked[-1]
        assert (path, form["mode"], form["subscription_data[metadata][account]"]) == (
            "/v1/checkout/sessions", "subscription", name
        )  # fmt: skip
        assert (form["line_items[0][price_data][unit_amount]"], form["subscription_data[trial_period_days]"]) == (
            "799",
            "7",
        )
        assert form["success_url"].startswith("https://tv.example/account/billing")
        assert form["line_items[0][price_data][tax_behavior]"] == "inclusive", "prices have the tax in them"
        assert form["automatic_tax[enabled]"] == "true"
        assert key
        assert (await ada.get(OWN)).json["plan"]["id"] == "free"  # nothing is believed but what is signed

        stripe = Telling(name)
        first, made = stripe.invoice(1, BORN, tax=133), stripe.subscription("created", BORN)
        for header in (
            "",
            "t=1,v1=00",
            signature(first, BORN, "another"),
            signature(first, BORN - timedelta(minutes=6)),
        ):
            await nobody.ask("POST", HOOK, 401, data=first, headers={"Stripe-Signature": header})
        await nobody.ask("POST", "/api/v1/payments/webhooks/test", 404, data=b"{}")
        await tell(nobody, b"{}", BORN, 400)
        await tell(nobody, b'{"id": "evt_x", "type": "ping", "created": 1, "data": {"object": {}}}', BORN)
        await tell(nobody, first, BORN)  # the payment comes before the subscription, and twice
        await tell(nobody, first, BORN)
        await tell(nobody, made, BORN)
        has = (await ada.get(OWN)).json
        assert (has["plan"]["id"], has["subscription"]["state"], has["subscription"]["provider"]) == (
            "premium", "active", "stripe"
        )  # fmt: skip
        [payment] = (await ada.get("/api/v1/payments")).json["items"]
        assert (payment["status"], payment["receipt"], payment["amount"]) == ("completed", "2026-1", 799)
        told = [payment[name] for name in ("net", "tax", "tax_rate", "country")]
        assert told == [666, 133, None, "AT"], "as Stripe has worked it out"
        await tell(nobody, Telling("ac_nobody", reference="sub_9").invoice(9, BORN), BORN)
        await ada.post(OWN, {"plan": "family"}, 409)

        away = {"CF-IPCountry": "CH"}
        moved = (await ada.ask("PATCH", OWN, body={"plan": "family"}, headers=away)).json["subscription"]
        assert (moved["plan"], moved["price"], moved["country"]) == ("family", 1299, "CH")
        about = {"metadata[plan]": "family", "metadata[country]": "CH"}
        assert server.asked[-1][2] | about == server.asked[-1][2], "what its invoices say from now on"
        assert server.asked[-1][2]["proration_behavior"] == "always_invoice"
        server.declines = True
        await ada.ask("PATCH", OWN, 402, body={"auto_renew": False})
        server.declines = False
        await ada.ask("PATCH", OWN, body={"auto_renew": False})
        assert server.asked[-1][2] == {"cancel_at_period_end": "true"}
        await ada.ask("PATCH", OWN, body={"auto_renew": True})

        given = await boss.post(f"/api/v1/billing/payments/{payment['id']}/refunds", {"amount": 99})
        assert given.json["refunded"] == 99
        await tell(nobody, stripe.refund(1, 99, BORN), BORN)  # told as well, and counted once
        await tell(nobody, stripe.refund(1, 100, BORN), BORN)  # done on Stripe's own pages
        assert (await boss.get(f"/api/v1/payments/{payment['id']}")).json["refunded"] == 199

        # a second one that was paid for replaces it, and the first is ended there too
        await tell(nobody, Telling(name, reference="sub_2").invoice(2, BORN + DAY), BORN)
        site = nobody.app[SITE]
        renewer = Renewer(site.settings, site.database, site.outgoing, site.feed.ring, times)
        times.now = BORN + DAY
        await renewer.once()
        assert server.asked[-1][:2] == ("DELETE", "/v1/subscriptions/sub_1")

        # the next period is not paid for: days of grace, and then nothing, whatever comes later
        late = BORN + DAY + MONTH
        times.now = late
        second = Telling(name, reference="sub_2")
        second.numbers = count(10)
        await tell(nobody, second.invoice(3, late, paid=False), late)
        ada = nobody.known_by((await signed_in(nobody, "ada"))["access_token"])
        assert (await ada.get(OWN)).json["subscription"]["state"] == "past_due"
        times.now = late + 7 * DAY
        await renewer.once()
        assert server.asked[-1][:2] == ("DELETE", "/v1/subscriptions/sub_2")
        second.numbers = count(50)
        await tell(nobody, second.invoice(3, late), times.now)
        ada = nobody.known_by((await signed_in(nobody, "ada"))["access_token"])
        over = (await ada.get(OWN)).json
        assert (over["plan"]["id"], over["subscription"]) == ("free", None)
        async with site.database.reading() as session:
            states = (await session.exec(select(Subscription.state).order_by(col(Subscription.reference)))).all()
            books = (await session.exec(select(Payment.reference, Payment.status).order_by(Payment.reference))).all()
        assert list(states) == ["canceled", "expired"]
        assert [tuple(one) for one in books] == [("in_1", "completed"), ("in_2", "completed"), ("in_3", "completed")]


async def test_events_end_in_the_same_books_in_whatever_order_they_come(settings: Settings) -> None:
    """C40a: forwards, backwards, twice, in both shapes of the API."""
    results = []
    async with far() as (_, where), running(of_stripe(settings, where), clock=Times(BORN + 3 * MONTH)) as nobody:
        now = BORN + 3 * MONTH
        for turn in range(3):
            await person(nobody, f"viewer{turn}")
            boss = await person(nobody, f"boss{turn}", Role.ADMIN)
            account = (await boss.get(f"/api/v1/accounts?name=viewer{turn}")).json["items"][0]["id"]
            stripe = Telling(account, reference=f"sub_{turn}")

            def its(number: int, turn: int = turn) -> int:
                return turn * 100 + number + 100

            events = [
                stripe.subscription("created", BORN),
                stripe.invoice(its(1), BORN, new=True, tax=100),
                stripe.subscription("updated", BORN + DAY, cancel_at_period_end=True),
                stripe.subscription("updated", BORN + 2 * DAY, cancel_at_period_end=False),
                stripe.invoice(its(2), BORN + MONTH, paid=False),
                stripe.invoice(its(2), BORN + MONTH + DAY, new=True),
                stripe.refund(its(1), 5, BORN + 3 * DAY),
                stripe.invoice(its(3), BORN + 2 * MONTH + DAY),
            ]
            for body in (events, events[::-1], [*events[4:], *events, *events[:3]])[turn]:
                await tell(nobody, body, now)
            database = nobody.app[SITE].database
            async with database.reading() as session:
                row = (await session.exec(select(Subscription).where(Subscription.account_id == account))).one()
                paid = (await session.exec(select(Payment).where(Payment.account_id == account))).all()
                kinds = select(SubscriptionEntry.kind).where(SubscriptionEntry.subscription_id == row.id)
                entries = sorted((await session.exec(kinds)).all())
            results.append((
                row.state, row.plan_id, row.renews, row.period_end, row.until, row.is_current, entries,
                sorted((one.status, one.amount, one.refunded, one.tax, one.country) for one in paid),
            ))  # fmt: skip
        async with nobody.app[SITE].database.reading() as session:
            told = (await session.exec(select(ProviderEvent))).all()
            numbers = (await session.exec(select(Payment.receipt_number))).all()
    assert results[0] == results[1] == results[2]
    assert results[0][0] == "active"
    books = [("completed", 799, 0, 0, ""), ("completed", 799, 0, 0, ""), ("completed", 799, 5, 100, "AT")]
    assert results[0][-1] == books
    assert len(told) == 24
    assert sorted(number for number in numbers if number) == list(range(1, 10))  # without a gap


async def test_what_paid_an_invoice_is_asked_for_where_it_was_not_told_and_cards_are_changed_there(
    settings: Settings,
) -> None:
    """C19, C40a: an event of a newer API names no payment; a refund finds it, from here and from Stripe's own pages."""
    async with far() as (server, where), running(of_stripe(settings, where), clock=Times(BORN)) as nobody:
        ada, boss = await person(nobody, "ada"), await person(nobody, "boss", Role.ADMIN)
        await ada.post(f"{OWN}/payment-method", {}, 409)
        stripe = Telling((await ada.get("/api/v1/account")).json["id"])
        for number in (1, 2, 9):
            await tell(nobody, stripe.invoice(number, BORN, new=True, bare=True), BORN)
        ids = [one["id"] for one in (await ada.get("/api/v1/payments")).json["items"]]
        nothing, second, first = ids
        refunds = "/api/v1/billing/payments/{}/refunds"
        given = await boss.post(refunds.format(first), {"amount": 99})
        assert given.json["refunded"] == 99
        assert [one[:2] for one in server.asked[-2:]] == [("GET", "/v1/invoices/in_1"), ("POST", "/v1/refunds")]
        assert server.asked[-1][2] == {"payment_intent": "pi_1", "amount": "99"}
        await boss.post(refunds.format(nothing), {}, 409)

        asked = len(server.asked)
        await tell(nobody, stripe.refund(1, 100, BORN), BORN)  # of what is known nobody is asked
        assert len(server.asked) == asked
        late = stripe.refund(2, 300, BORN)
        server.fails = True
        await tell(nobody, late, BORN, 503)  # it is told again
        server.fails = False
        await tell(nobody, late, BORN)
        await tell(nobody, late, BORN)
        await tell(nobody, stripe.refund(99, 5, BORN), BORN)  # of somebody else's payment
        paid = {one["id"]: one["refunded"] for one in (await boss.get("/api/v1/billing/payments")).json["items"]}
        assert paid == {first: 199, second: 300, nothing: 0}

        changed = (await ada.post(f"{OWN}/payment-method", {}, 202)).json
        assert changed["checkout_url"] == "https://billing.stripe.example/p/session/1"
        assert server.asked[-1][1:3] == (
            "/v1/billing_portal/sessions",
            {"customer": "cus_1", "return_url": "https://tv.example/account/billing"},
        )


def test_of_several_signatures_one_must_hold_and_no_other_form_does() -> None:
    body, good = b'{"id": "evt_1"}', signature(b'{"id": "evt_1"}', BORN)
    check(good, body, SECRET, BORN)
    check(good.replace("v1=", "v1=00,v1="), body, SECRET, BORN + timedelta(minutes=4))
    for header, secret in (
        (good, ""), (good.replace("t=", "t=0"), SECRET), (good.replace("v1", "v0"), SECRET), ("t=,v1=", SECRET),
        (good + ",t=1", SECRET), (good.replace("v1=", "v1=é"), SECRET),
    ):  # fmt: skip
        with pytest.raises(Unsigned):
            check(header, body, secret, BORN)
