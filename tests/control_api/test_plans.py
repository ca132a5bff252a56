"""Plans, subscriptions and payments, on a clock that the test moves, with cards that do what their names say."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest
from clients import Client, running
from persons import Times, account, cheap, person, signed_in
from sqlmodel import col, select

from control_api.people.roles import Role
from control_api.plans.entitled import entitled
from control_api.plans.money import is_up, later, unused, written
from control_api.plans.renewing import Renewer
from control_api.settings import Unsettled, read
from control_api.site import SITE
from control_api.tables import Account, Notice, Subscription, SubscriptionEntry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from control_api.settings import Settings

BORN = datetime(2026, 1, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OWN = "/api/v1/subscription"


class Till:
    """A server that takes test payments, and the clock by which it does."""

    def __init__(self, nobody: Client, times: Times) -> None:
        self.nobody, self.times = nobody, times
        site = nobody.app[SITE]
        self.renewer = Renewer(site.settings, site.database, site.outgoing, site.feed.ring, times)

    async def at(self, moment: datetime) -> None:
        """The daily job runs then."""
        self.times.now = moment
        await self.renewer.once()

    async def person(self, name: str, role: Role = Role.VIEWER) -> Client:
        return await person(self.nobody, name, role)

    async def told(self, name: str) -> list[str]:
        return [one.title for one in await self._notices(name)]

    async def said(self, name: str) -> list[str]:
        return [one.text for one in await self._notices(name)]

    async def _notices(self, name: str) -> list[Notice]:
        async with self.nobody.app[SITE].database.reading() as session:
            rows = select(Notice).where(Notice.account_id == name).order_by(col(Notice.id))
            return list((await session.exec(rows)).all())


@pytest.fixture
async def till(settings: Settings) -> AsyncIterator[Till]:
    times = Times(BORN)
    quiet = cheap(settings, payments="test", tells=False, access_token_minutes=1440, session_days=3660, seller="TV Ltd")
    async with running(quiet, clock=times) as nobody:
        yield Till(nobody, times)


async def own(client: Client) -> Any:
    return (await client.get(OWN)).json


async def sign_in_again(till: Till, name: str) -> Client:
    return till.nobody.known_by((await signed_in(till.nobody, name))["access_token"])


async def test_a_subscription_is_tried_paid_renewed_missed_and_ends(till: Till) -> None:  # noqa: PLR0915 — one life
    """B74, C18, C19, C39a, C39b, C39c, C40a, C40b, E29, CX2: from free to premium and back, with every receipt."""
    ada = await till.person("ada")
    plans = (await till.nobody.get("/api/v1/plans?language=es")).json["items"]
    assert [(one["id"], one["name"]) for one in plans] == [
        ("free", "Gratis"), ("premium", "Premium"), ("family", "Familiar")
    ]  # fmt: skip
    assert plans[2]["entitlements"]["profiles"] > plans[1]["entitlements"]["profiles"]
    assert plans[2]["entitlements"]["streams"] > plans[1]["entitlements"]["streams"]
    first = await own(ada)
    assert (first["plan"]["id"], first["subscription"], first["entitlements"]["premium"]) == ("free", None, False)
    for body, status in (
        ({"plan": "free"}, 409), ({"plan": "nothing"}, 422), ({"plan": "premium", "method": "test_declined"}, 402),
        ({"plan": "premium", "method": "none_such"}, 402),
    ):  # fmt: skip
        await ada.post(OWN, body, status)
    tried = (await ada.post(OWN, {"plan": "premium", "method": "test_card"}, headers={"Idempotency-Key": "one"})).json
    assert (tried["subscription"]["state"], tried["payment"]) == ("trialing", None)
    again = await ada.post(OWN, {"plan": "premium", "method": "test_card"}, headers={"Idempotency-Key": "one"})
    assert again.json == tried
    await ada.post(OWN, {"plan": "family"}, 409)
    assert (await own(ada))["entitlements"]["premium"] is True
    id_of = (await ada.get("/api/v1/account")).json["id"]

    await till.at(BORN + 7 * DAY)  # the trial is over: the first payment
    ada = await sign_in_again(till, "ada")
    paid = (await own(ada))["subscription"]
    assert (paid["state"], paid["is_active"], paid["auto_renew"], paid["account_id"]) == ("active", True, True, id_of)
    assert paid["period_end"] == "2026-03-07T12:00:00.000Z"
    await till.at(datetime(2026, 3, 7, 12, tzinfo=UTC))
    ada = await sign_in_again(till, "ada")
    assert (await own(ada))["subscription"]["period_end"] == "2026-04-07T12:00:00.000Z"
    payments = (await ada.get("/api/v1/payments")).json["items"]
    assert [(one["status"], one["amount_text"], one["receipt"]) for one in payments] == [
        ("completed", "EUR 7.99", "2026-2"), ("completed", "EUR 7.99", "2026-1")
    ]  # fmt: skip
    where = f"/api/v1/payments/{payments[0]['id']}/receipt"
    receipt = (await ada.get(where)).json
    assert (receipt["number"], receipt["seller"], receipt["buyer"]) == ("2026-2", "TV Ltd", "ada")
    assert "EUR 7.99" in (await ada.get(where, headers={"Accept": "text/plain"})).body.decode()
    assert "<h1>Receipt 2026-2" in (await ada.get(where, headers={"Accept": "text/html"})).body.decode()
    await (await till.person("eve")).get(where, 404)

    # up at once, what is left of the month credited; down from the next period on
    await till.at(datetime(2026, 3, 23, 0, tzinfo=UTC))
    ada = await sign_in_again(till, "ada")
    up = (await ada.ask("PATCH", OWN, body={"plan": "family"})).json["subscription"]
    assert (up["plan"], up["price"], up["period_end"]) == ("family", 1299, "2026-04-23T00:00:00.000Z")
    newest = (await ada.get("/api/v1/payments?limit=1")).json["items"][0]
    assert newest["amount"] == 1299 - 799 * 31 // 62 == 900
    down = (await ada.ask("PATCH", OWN, body={"plan": "premium"})).json["subscription"]
    assert (down["plan"], down["next_plan"]) == ("family", "premium")
    assert (await ada.ask("PATCH", OWN, body={"plan": "family"})).json["subscription"]["next_plan"] is None
    await ada.ask("PATCH", OWN, body={"plan": "premium"})
    await ada.ask("PATCH", OWN, 422, body={"plan": "premium", "auto_renew": True})
    await till.at(datetime(2026, 4, 23, tzinfo=UTC))
    ada = await sign_in_again(till, "ada")
    follows = (await own(ada))["subscription"]
    assert (follows["plan"], follows["price"], follows["next_plan"]) == ("premium", 799, None)

    # cancelled at the end of the period, undone, cancelled again, told, and over
    assert (await ada.ask("PATCH", OWN, body={"auto_renew": False})).json["subscription"]["auto_renew"] is False
    assert (await ada.ask("PATCH", OWN, body={"auto_renew": True})).json["subscription"]["auto_renew"] is True
    await ada.ask("PATCH", OWN, body={"auto_renew": False})
    await till.at(datetime(2026, 5, 21, tzinfo=UTC))
    ada = await sign_in_again(till, "ada")
    assert (await own(ada))["subscription"]["is_active"] is True
    till.times.now = datetime(2026, 5, 23, tzinfo=UTC)
    ada = await sign_in_again(till, "ada")
    assert (await own(ada))["plan"]["id"] == "free"  # although the job has not run
    await till.at(till.times.now)
    assert (await own(ada))["subscription"] is None
    history = (await ada.get(f"{OWN}/history")).json["items"]
    assert [(one["state"], one["is_active"], one["ended_at"]) for one in history] == [
        ("canceled", False, "2026-05-23T00:00:00.000Z")
    ]
    assert await till.told(id_of) == [*["Your receipt 2026-" + str(n) for n in (1, 2, 3, 4)],
                                      "Your plan ends soon", "Your plan has ended"]  # fmt: skip
    await ada.ask("PATCH", OWN, 409, body={"auto_renew": True})  # from here nothing leads back but a new one
    new = (await ada.post(OWN, {"plan": "premium"})).json["subscription"]
    assert (new["state"], new["trial_until"]) == ("active", None)  # tried once, and not again


async def test_what_is_paid_has_a_tax_in_it_which_is_that_of_where_somebody_subscribed(settings: Settings) -> None:
    """C39a, C19: net, tax and what was paid on plans, payments, receipts and refunds; and it stays as it was then."""
    times = Times(BORN)
    taxed = cheap(
        settings, payments="test", tells=False, access_token_minutes=1440 * 40, country_header="CF-IPCountry",
        trusted_proxies=(ip_network("127.0.0.0/8"),), tax_rate=1900, tax_countries=("FR=2000", "CH=810"),
    )  # fmt: skip
    async with running(taxed, clock=times) as nobody:
        till = Till(nobody, times)
        ada, boss = await till.person("ada"), await till.person("boss", Role.ADMIN)
        here, away = {"CF-IPCountry": "FR"}, {"CF-IPCountry": "CH"}

        def told(one: Any) -> tuple[int, int, int | None]:
            amount = one.get("price", one.get("amount"))
            assert one["net"] + one["tax"] == amount
            return amount, one["tax"], one["tax_rate"]

        for headers, tax in (({}, (799, 128, 1900)), (here, (799, 133, 2000)), (away, (799, 60, 810))):
            assert told((await nobody.get("/api/v1/plans", headers=headers)).json["items"][1]) == tax
        waits = (await boss.post(OWN, {"plan": "premium", "method": "test_needs_action"}, 202, headers=here)).json
        assert told(waits["payment"]) == (799, 133, 2000)
        tried = (await ada.post(OWN, {"plan": "premium", "method": "test_card"}, headers=here)).json["subscription"]
        assert (tried["state"], tried["country"]) == ("trialing", "FR")
        assert told((await ada.get(OWN, headers=away)).json["plan"]) == (799, 133, 2000), "as it was agreed on"
        await till.at(BORN + 7 * DAY)
        [first] = (await ada.get("/api/v1/payments", headers=away)).json["items"]
        assert (*told(first), first["country"]) == (799, 133, 2000, "FR")
        receipt = f"/api/v1/payments/{first['id']}/receipt"
        shown = (await ada.get(receipt)).json
        assert (*told(shown), shown["net_text"], shown["tax_text"]) == (799, 133, 2000, "EUR 6.66", "EUR 1.33")
        text = (await ada.get(receipt, headers={"Accept": "text/plain"})).body.decode()
        assert "Net:         EUR 6.66\nTax 20 %:    EUR 1.33\nPaid:        EUR 7.99\n" in text
        up = (await ada.ask("PATCH", OWN, body={"plan": "family"}, headers=away)).json["subscription"]
        assert up["country"] == "CH"
        for headers in ({}, {"CF-IPCountry": "XX"}, {"CF-IPCountry": "ZZ"}):
            name = f"lost{len(headers)}{headers.get('CF-IPCountry', '').lower()}"
            lost = await till.person(name)
            one = (await lost.post(OWN, {"plan": "premium", "method": "test_card"}, headers=headers)).json
            assert one["subscription"]["country"] == "", "nobody can tell, so it is the seller's"
        second = (await ada.get("/api/v1/payments?limit=1")).json["items"][0]
        assert told(second) == (500, 37, 810), "what is paid for the new one, with what is left credited"

        refunds = f"/api/v1/billing/payments/{first['id']}/refunds"
        part = (await boss.post(refunds, {"amount": 99})).json
        assert (part["refunded_tax"], [one["tax"] for one in part["refunds"]]) == (16, [16])
        rest = (await boss.post(refunds, {})).json
        assert (rest["refunded_tax"], [one["tax"] for one in rest["refunds"]]) == (133, [16, 117])
        page = (await ada.get(receipt, headers={"Accept": "text/html"})).body.decode()
        assert "<th>Tax in that</th><td>EUR 1.33</td>" in page


@pytest.mark.parametrize("wrong", ["FR", "fr=2000", "FR=20000", "FRA=2000", "FR=-1"])
def test_taxes_that_are_none_are_refused(wrong: str) -> None:
    found = read({"FASTLINE_TAX_COUNTRIES": f"DE=1900, {wrong}"})
    assert isinstance(found, Unsettled)
    assert "FASTLINE_TAX_COUNTRIES" in str(found)


async def test_who_does_not_pay_is_asked_again_and_then_has_what_is_free(till: Till) -> None:  # noqa: PLR0915 — one life
    """C39c, C40a: past due counts on for the days of grace, and not a moment longer."""
    bob = await till.person("bob")
    id_of = (await bob.get("/api/v1/account")).json["id"]
    await till.nobody.get(OWN, 401)
    waiting = (await bob.post(OWN, {"plan": "premium", "method": "test_needs_action"}, 202)).json
    assert waiting["payment"]["status"] == "pending"
    confirmation = f"/api/v1/payments/{waiting['payment']['id']}/confirmation"
    await (await till.person("eve")).ask("POST", confirmation, 404)
    begun = (await bob.ask("POST", confirmation, 201)).json
    assert (begun["subscription"]["state"], begun["payment"]["receipt"]) == ("active", "2026-1")
    await bob.ask("POST", confirmation, 409)

    carl = await till.person("carl")
    await carl.post(OWN, {"plan": "premium", "method": "test_fails_later"})
    id_of_carl = (await carl.get("/api/v1/account")).json["id"]
    await till.at(BORN + 7 * DAY)
    database, trial_end = till.nobody.app[SITE].database, BORN + 7 * DAY

    async def premium(name: str, moment: datetime) -> bool:
        async with database.reading() as session:
            return (await entitled(session, name, moment)).premium

    assert await premium(id_of_carl, trial_end + timedelta(hours=23))
    assert not await premium(id_of_carl, trial_end + DAY)  # a trial that nobody paid for has no grace but a day
    await till.at(trial_end + DAY)
    carl = await sign_in_again(till, "carl")
    assert [one["status"] for one in (await carl.get("/api/v1/payments")).json["items"]] == ["failed"]
    over = (await carl.get(f"{OWN}/history")).json["items"][0]
    assert over["state"] == "expired"

    late = datetime(2026, 2, 28, 12, tzinfo=UTC)  # bob's next period: the last day of a short month
    async with database.writing() as session:
        row = (await session.exec(select(Subscription).where(Subscription.account_id == id_of))).one()
        assert row.period_end == late
        row.method = "test_no_funds"
        session.add(row)
    await till.at(late)
    for days in (1, 3, 5):
        await till.at(late + days * DAY)
    assert await premium(id_of, late + 7 * DAY - timedelta(seconds=1))
    assert not await premium(id_of, late + 7 * DAY)
    bob = await sign_in_again(till, "bob")
    assert (await own(bob))["subscription"]["state"] == "past_due"
    await till.at(late + 7 * DAY)
    bob = await sign_in_again(till, "bob")
    assert (await own(bob))["subscription"] is None
    statuses = [one["status"] for one in (await bob.get("/api/v1/payments")).json["items"]]
    assert statuses == ["failed"] * 4 + ["completed"]
    assert (await till.told(id_of))[-2:] == ["Your payment has failed", "Your plan has ended"]
    async with database.reading() as session:
        kinds = [one.kind for one in (await session.exec(select(SubscriptionEntry))).all()]
    assert kinds.count("lapsed") == 2


async def test_who_has_a_new_card_pays_what_is_open_at_once(till: Till) -> None:
    """C39c, C40a: from past due back to active, by a card that pays; one that does not replaces none."""
    dan = await till.person("dan")
    cards = f"{OWN}/payment-method"
    await dan.post(cards, {"method": "test_card"}, 409)
    await dan.post(OWN, {"plan": "premium", "method": "test_fails_later"})
    kept = (await dan.post(cards, {"method": "test_fails_later"}, 200)).json
    assert (kept["payment"], kept["checkout_url"], kept["subscription"]["state"]) == (None, None, "trialing")
    end = BORN + 7 * DAY
    await till.at(end)
    dan = await sign_in_again(till, "dan")
    assert (
        "/api/v1/subscription/payment-method"
        in (await dan.ask("PATCH", OWN, 409, body={"plan": "family"})).json["detail"]
    )
    for method in ("test_declined", "test_fails_later", "none_such"):
        await dan.post(cards, {"method": method}, 402)
    has = (await own(dan))["subscription"]
    assert (has["state"], has["method"]) == ("past_due", "test_fails_later")
    till.times.now = end + timedelta(hours=5)
    once = {"Idempotency-Key": "another"}
    paid = (await dan.post(cards, {"method": "test_card"}, 200, headers=once)).json
    assert (paid["subscription"]["state"], paid["subscription"]["method"]) == ("active", "test_card")
    assert (paid["subscription"]["period_end"], paid["payment"]["receipt"]) == ("2026-03-07T12:00:00.000Z", "2026-1")
    assert (await dan.post(cards, {"method": "test_card"}, 200, headers=once)).json == paid
    assert (await dan.post(cards, {"method": "test_no_funds"}, 402)).json[
        "detail"
    ] == "there is not enough money on the card"
    await till.at(end + DAY)  # nothing is asked for again
    dan = await sign_in_again(till, "dan")
    statuses = [one["status"] for one in (await dan.get("/api/v1/payments")).json["items"]]
    assert statuses == ["completed", "failed"]


async def test_staff_see_change_give_and_give_back(till: Till) -> None:  # noqa: PLR0915 — one life
    """BX11, C19: plans of others, money given back, and everything told."""
    boss, ada = await till.person("boss", Role.ADMIN), await till.person("ada")
    id_of = (await ada.get("/api/v1/account")).json["id"]
    theirs = f"/api/v1/accounts/{id_of}/subscription"
    await ada.get("/api/v1/billing/subscriptions", 403)
    await ada.ask("PUT", theirs, 403, body={"plan": "premium"})
    await boss.ask("PUT", theirs, 409, body={"plan": "free"})
    await boss.ask("PUT", theirs, 422, body={"plan": "premium", "until": "2020-01-01T00:00:00Z"})
    given = (await boss.ask("PUT", theirs, body={"plan": "family", "until": "2026-03-01T00:00:00Z"})).json
    assert (given["plan"]["id"], given["subscription"]["is_granted"]) == ("family", True)
    assert (await own(ada))["entitlements"]["profiles"] == given["plan"]["entitlements"]["profiles"]
    await ada.ask("PATCH", OWN, 409, body={"auto_renew": False})
    paid = (await ada.post(OWN, {"plan": "premium", "method": "test_fails_later"})).json["subscription"]
    assert paid["state"] == "trialing"  # what was given makes room
    moved = (await boss.ask("PUT", theirs, body={"plan": "family"})).json["subscription"]
    assert (moved["id"], moved["plan"], moved["price"]) == (paid["id"], "family", 1299)
    await boss.post(f"/api/v1/billing/subscriptions/{paid['id']}/prolongation", {"days": 3}, 409)
    await boss.ask("DELETE", f"/api/v1/billing/subscriptions/{paid['id']}")
    await boss.ask("DELETE", f"/api/v1/billing/subscriptions/{paid['id']}", 409)
    assert (await own(ada))["plan"]["id"] == "free"
    bought = (await ada.post(OWN, {"plan": "premium"})).json
    longer = await boss.post(
        f"/api/v1/billing/subscriptions/{bought['subscription']['id']}/prolongation", {"days": 3}, 200
    )
    assert longer.json["period_end"] == "2026-03-03T12:00:00.000Z"
    refunds = f"/api/v1/billing/payments/{bought['payment']['id']}/refunds"
    await ada.post(refunds, {}, 403)
    await boss.post(refunds, {"amount": 800}, 422)
    part = (await boss.post(refunds, {"amount": 99, "reason": "a bad week"})).json
    assert (part["status"], part["refunded"]) == ("completed", 99)
    rest = (await boss.post(refunds, {"ends": True})).json
    assert (rest["status"], [one["amount"] for one in rest["refunds"]]) == ("refunded", [99, 700])
    await boss.post(refunds, {}, 409)
    assert (await own(ada))["subscription"] is None
    listed = (await boss.get(f"/api/v1/billing/subscriptions?account={id_of}&current=false")).json["items"]
    assert [one["state"] for one in listed] == ["canceled"] * 3
    assert len((await boss.get("/api/v1/billing/payments?status=refunded")).json["items"]) == 1
    audit = (await boss.get("/api/v1/audit?limit=100")).json["items"]
    assert {"subscription", "payment"} <= {one["kind"] for one in audit}

    # plans are edited; what everybody has cannot go, nor what receipts speak of
    plan = await boss.get("/api/v1/billing/plans/premium")
    edit = {"If-Match": plan.etag}
    changed = await boss.ask("PATCH", "/api/v1/billing/plans/premium", body={"price": 899, "streams": 3}, headers=edit)
    assert changed.json["price_text"] == "EUR 8.99"
    await boss.ask("DELETE", "/api/v1/billing/plans/premium", 409, headers={"If-Match": changed.etag})
    free = (await boss.get("/api/v1/billing/plans/free")).etag
    await boss.ask("DELETE", "/api/v1/billing/plans/free", 409, headers={"If-Match": free})
    await boss.ask("PATCH", "/api/v1/billing/plans/free", 422, body={"premium": True}, headers={"If-Match": free})
    year = {
        "id": "premium-year",
        "names": {"en": "Premium, a year"},
        "price": 7900,
        "currency": "EUR",
        "period": "year",
    }
    made = await boss.post("/api/v1/billing/plans", {**year, "premium": True})
    await boss.post("/api/v1/billing/plans", {**year, "premium": True}, 409)
    await boss.post("/api/v1/billing/plans", {**year, "id": "other", "names": {"es": "Otro"}}, 422)
    await boss.ask("DELETE", "/api/v1/billing/plans/premium-year", 204, headers={"If-Match": made.etag})
    assert len((await boss.get("/api/v1/billing/plans")).json["items"]) == 3


async def test_what_is_to_be_paid_is_told_before_and_what_is_given_for_ever_has_no_end(till: Till) -> None:
    """C40b: a trial that becomes a payment and a year that is paid for again are told three days before, each once."""
    ada, boss = await till.person("ada"), await till.person("boss", Role.ADMIN)
    year = {"id": "year", "names": {"en": "A year", "es": "Un año"}, "price": 7900, "currency": "EUR", "period": "year"}
    await boss.post("/api/v1/billing/plans", {**year, "premium": True, "trial_days": 7})
    profile = (await ada.get("/api/v1/profiles")).json["items"][0]["id"]
    where = f"/api/v1/profiles/{profile}"
    etag = {"If-Match": (await ada.get(where)).etag}
    await ada.ask("PATCH", where, body={"language": "es"}, headers=etag)
    await ada.post(OWN, {"plan": "year", "method": "test_card"})
    id_of, id_of_boss = [(await one.get("/api/v1/account")).json["id"] for one in (ada, boss)]
    end = BORN + 7 * DAY
    for moment in (end - 3 * DAY - timedelta(seconds=1), end - 3 * DAY, end - 2 * DAY, end):
        await till.at(moment)
    again = end.replace(year=2027)
    for moment in (end + 30 * DAY, again - 3 * DAY, again - DAY, again):
        await till.at(moment)
    assert await till.told(id_of) == [
        "Tu prueba termina pronto", "Tu recibo 2026-1", "Tu plan se renueva pronto", "Tu recibo 2027-1"
    ]  # fmt: skip
    assert (await till.said(id_of))[0] == (
        "Un año no te cuesta nada hasta el 2026-02-07. Ese día se cobrará EUR 79.00, si no lo cancelas antes."
    )
    assert (await till.said(id_of))[2].startswith("Un año se renueva el 2027-02-07. Ese día se cobrará EUR 79.00")

    boss = await sign_in_again(till, "boss")
    theirs = f"/api/v1/accounts/{id_of_boss}/subscription"
    given = (await boss.ask("PUT", theirs, body={"plan": "family"})).json
    has = given["subscription"]
    assert (given["until"], has["period_end"], has["grace_until"], has["is_active"]) == (None, None, None, True)
    assert await till.said(id_of_boss) == ["You have Family, for nothing and without an end."]
    await boss.post(f"/api/v1/billing/subscriptions/{has['id']}/prolongation", {"days": 366}, 409)
    await till.at(again + 36_600 * DAY)
    async with till.nobody.app[SITE].database.reading() as session:
        assert (await entitled(session, id_of_boss, till.times.now)).plan == "family"


async def test_of_two_who_subscribe_at_once_one_does_and_a_child_does_not(till: Till) -> None:
    """C18: one is current, whatever comes at a time; C39a: of the account, which a kids profile does not change."""
    ada = await till.person("ada")
    replies = await asyncio.gather(*(ada.post(OWN, {"plan": "premium"}, None) for _ in range(4)))
    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409]
    profile = (await ada.post("/api/v1/profiles", {"name": "Kid", "is_kids": True})).json
    child = till.nobody.known_by(
        (await ada.post(f"/api/v1/profiles/{profile['id']}/switch", {}, 200)).json["access_token"]
    )
    assert (await own(child))["plan"]["id"] == "premium"
    await child.ask("PATCH", OWN, 403, body={"auto_renew": False})
    await child.get("/api/v1/payments", 403)


async def test_an_account_that_goes_takes_its_subscription_along_and_leaves_the_books(till: Till) -> None:
    gone = await account(till.nobody, "gone")
    client = await sign_in_again(till, "gone")
    paid = (await client.post(OWN, {"plan": "premium", "method": "test_needs_action"}, 202)).json
    await client.ask("POST", f"/api/v1/payments/{paid['payment']['id']}/confirmation", 201)
    database = till.nobody.app[SITE].database
    async with database.writing() as session:
        row = await session.get(Account, gone)
        assert row is not None
        await session.delete(row)
    await till.at(BORN + DAY)
    boss = await till.person("boss", Role.ADMIN)
    [over] = (await boss.get("/api/v1/billing/subscriptions")).json["items"]
    assert (over["state"], over["account_id"]) == ("canceled", None)
    [payment] = (await boss.get("/api/v1/billing/payments")).json["items"]
    assert (payment["receipt"], payment["account_id"]) == ("2026-1", None)


def test_months_are_those_of_the_calendar_and_amounts_are_whole() -> None:
    assert later(BORN, "month", 31) == datetime(2026, 2, 28, 12, tzinfo=UTC)
    assert later(datetime(2026, 2, 28, 12, tzinfo=UTC), "month", 31) == datetime(2026, 3, 31, 12, tzinfo=UTC)
    assert later(datetime(2028, 2, 29, tzinfo=UTC), "year", 29) == datetime(2029, 2, 28, tzinfo=UTC)
    assert later(datetime(2026, 12, 5, tzinfo=UTC), "month", 5) == datetime(2027, 1, 5, tzinfo=UTC)
    assert (written(5, "EUR"), written(500, "JPY"), written(-1234, "BHD")) == ("EUR 0.05", "JPY 500", "BHD -1.234")
    assert unused(1000, BORN, BORN + 30 * DAY, BORN + 20 * DAY) == 333
    assert unused(1000, BORN, BORN + 30 * DAY, BORN + 31 * DAY) == 0
    assert unused(1000, BORN, BORN + 30 * DAY, BORN - DAY) == 1000
    assert is_up((799, "month"), (1299, "month"))
    assert not is_up((799, "month"), (7900, "year"))


def test_nobody_is_given_plans_for_nothing_by_mistake() -> None:
    """CX2: test payments are refused to a station that is public."""
    public = {"FASTLINE_PUBLIC_URL": "https://tv.example", "FASTLINE_PAYMENTS": "test"}
    refused = read(public)
    assert isinstance(refused, Unsettled)
    assert "payments_test_in_public" in str(refused)
    assert not isinstance(read({**public, "FASTLINE_PAYMENTS_TEST_IN_PUBLIC": "true"}), Unsettled)
    assert "stripe takes stripe_key" in str(read({"FASTLINE_PAYMENTS": "stripe"}))
