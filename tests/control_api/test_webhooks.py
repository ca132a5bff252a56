"""Webhooks: signed, at least once, in spite of whatever fails on either side (row B97 of the feature list)."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from clients import running
from labour import soon
from others import HERE, Other, other
from standardwebhooks import Webhook as Oracle
from standardwebhooks.webhooks import WebhookVerificationError

from control_api.happenings import Happening, append
from control_api.tables import METADATA
from control_api.webhooks.deliveries import forget
from control_api.webhooks.retries import WAITS
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from clients import Client

    from control_api.database import Database
    from control_api.settings import Settings

HOOKS = "/api/v1/webhooks"
EVENT = "import.ended"
ATTEMPTS = len(WAITS) + 1


class Clock:
    """A clock that goes on when a test says so."""

    def __init__(self) -> None:
        self.now = system_clock()

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def telling(settings: Settings, key: str, clock: Clock | None = None) -> AsyncIterator[Client]:
    """A process that sends webhooks, to this machine too."""
    changes = {"tells": True, "outgoing_allow": HERE, "webhook_poll_ms": 20}
    async with running(settings.model_copy(update=changes), clock=clock or system_clock) as found:
        yield found.known_by(key)


async def taken(_request: web.Request) -> web.StreamResponse:
    return web.Response(text="thanks")


async def refused(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=500, text="no\0pe" + "x" * 5000)


async def made(client: Client, there: Other, *types: str, **more: Any) -> Any:
    return (await client.post(HOOKS, {"url": there.url("/in"), "types": list(types) or [EVENT], **more})).json


async def happen(database: Database, *names: str, subject: str = "s", at: datetime | None = None) -> None:
    async with database.writing() as session:
        happenings = [Happening(name, subject, {"n": number, "t": "ü"}) for number, name in enumerate(names)]
        await append(session, happenings, at or system_clock())


async def deliveries(client: Client, hook: str, query: str = "") -> list[Any]:
    found: list[Any] = (await client.get(f"{HOOKS}/{hook}/deliveries{query}")).json["items"]
    return found


async def until(client: Client, hook: str, state: str, count: int = 1) -> list[Any]:
    """Wait until so many deliveries are in this state."""
    found: list[Any] = []

    async def are_there() -> bool:
        found[:] = await deliveries(client, hook, f"?state={state}")
        return len(found) >= count

    await soon(are_there)
    return found


async def tried(client: Client, hook: str, attempts: int) -> Any:
    """Wait until the newest delivery was tried so often."""
    found: list[Any] = []

    async def is_there() -> bool:
        found[:] = await deliveries(client, hook)
        return bool(found) and len(found[0]["log"]) >= attempts

    await soon(is_there)
    return found[0]


async def test_an_event_is_sent_signed_and_written_down(settings: Settings, key: str, database: Database) -> None:
    async with telling(settings, key) as client, other(taken) as there:
        hook = await made(client, there)
        await happen(database, "backup.made", EVENT, subject="thing")
        await there.until(1)
        method, path, headers, body = there.asked[0]
        assert (method, path, headers["content-type"]) == ("POST", "/in", "application/json")
        verified = Oracle(hook["secret"]).verify(body, headers)
        event = (await client.get(f"/api/v1/events?type={EVENT}")).json["items"][0]
        expected = {"type": EVENT, "timestamp": event["at"], "id": event["id"], "sequence": event["sequence"]}
        assert verified == {**expected, "subject": "thing", "data": {"n": 1, "t": "ü"}}
        assert headers["webhook-id"] == event["id"]
        with pytest.raises(WebhookVerificationError):
            Oracle(hook["secret"]).verify(body + b" ", headers)
        delivery = (await until(client, hook["id"], "delivered"))[0]
        assert (delivery["event"], delivery["attempts"], delivery["type"]) == (event["id"], 1, EVENT)
        assert (delivery["log"][0]["status"], delivery["log"][0]["excerpt"]) == (200, "thanks")
        one = await client.get(f"{HOOKS}/{hook['id']}/deliveries/{delivery['id']}")
        assert one.json == delivery
        assert len(there.asked) == 1


async def test_what_happened_before_a_webhook_was_made_is_not_sent(
    settings: Settings, key: str, database: Database
) -> None:
    await happen(database, EVENT)
    async with telling(settings, key) as client, other(taken) as there:
        hook = await made(client, there)
        await happen(database, EVENT)
        await until(client, hook["id"], "delivered")
        assert len(there.asked) == 1


async def test_a_star_stands_for_all_events_of_a_thing(settings: Settings, key: str, database: Database) -> None:
    async with telling(settings, key) as client, other(taken) as there:
        hook = await made(client, there, "import.*")
        await happen(database, "imported.one", "import.one", "y.import", "import.two")
        await until(client, hook["id"], "delivered", 2)
        assert {json.loads(body)["type"] for *_, body in there.asked} == {"import.one", "import.two"}


async def test_who_is_told_of_everything_is_told_of_that_too(settings: Settings, key: str) -> None:
    async with telling(settings, key) as client, other(taken) as there:
        hook = (await client.post(HOOKS, {"url": there.url()})).json
        await there.until(1)
        assert json.loads(there.asked[0][3])["type"] == "webhook.created"
        assert json.loads(there.asked[0][3])["subject"] == hook["id"]


async def test_the_secret_is_nowhere_but_in_the_one_answer(client: Client, database: Database) -> None:
    once = {"Idempotency-Key": "k"}
    first = await client.post(HOOKS, {"url": "https://desk.example/"}, headers=once)
    again = await client.post(HOOKS, {"url": "https://desk.example/"}, headers=once)
    secret = first.json["secret"]
    assert secret.startswith("whsec_")
    assert again.json == {**first.json, "secret": None}
    hook = first.json["id"]
    rotated = (await client.post(f"{HOOKS}/{hook}/rotate", {}, 200)).json["secret"]
    assert rotated != secret
    whole = ""
    async with database.engine.connect() as connection:
        for table in METADATA.tables.values():
            whole += "".join(map(repr, (await connection.execute(table.select())).all()))
    for shown in (secret, rotated):
        assert shown.removeprefix("whsec_") not in whole
    assert "secret" not in (await client.get(f"{HOOKS}/{hook}")).json


async def test_both_secrets_sign_while_one_is_rotated(settings: Settings, key: str, database: Database) -> None:
    clock = Clock()
    async with telling(settings, key, clock) as client, other(taken) as there:
        hook = await made(client, there)
        new = (await client.post(f"{HOOKS}/{hook['id']}/rotate", {"overlap_seconds": 3600}, 200)).json["secret"]
        await happen(database, EVENT)
        await there.until(1)
        for secret in (hook["secret"], new):
            Oracle(secret).verify(there.asked[0][3], there.asked[0][2])
        clock.now += timedelta(hours=1)
        await happen(database, EVENT)
        await there.until(2)
        headers = there.asked[1][2]
        assert len(headers["webhook-signature"].split()) == 1
        assert headers["webhook-timestamp"] == str(int(clock.now.timestamp()))


async def test_what_fails_is_tried_again_and_given_up_in_the_end_and_the_webhook_with_it(
    settings: Settings, key: str, database: Database
) -> None:
    clock = Clock()
    async with telling(settings, key, clock) as client, other(refused) as there:
        hook = await made(client, there)
        await happen(database, EVENT)
        for attempt in range(1, ATTEMPTS + 1):
            delivery = await tried(client, hook["id"], attempt)
            assert delivery["attempts"] == attempt
            assert delivery["state"] == ("open" if attempt < ATTEMPTS else "failed")
            assert delivery["log"][-1]["words"] == "it answered 500"
            assert delivery["log"][-1]["excerpt"] == ("no�pe" + "x" * 1019)
            if attempt < ATTEMPTS:
                due = datetime.fromisoformat(delivery["due_at"])
                wait = due - clock.now
                assert WAITS[attempt - 1] - timedelta(seconds=1) <= wait <= WAITS[attempt - 1] * 1.2
                clock.now = due
        assert len(there.asked) == ATTEMPTS
        assert len({headers["webhook-id"] for _, _, headers, _ in there.asked}) == 1
        assert len({body for *_, body in there.asked}) == 1
        shown = (await client.get(f"{HOOKS}/{hook['id']}")).json
        assert (shown["enabled"], shown["disabled_why"]) == (False, "failing")
        event = (await client.get("/api/v1/events?type=webhook.disabled")).json["items"][0]
        assert (event["subject"], event["data"]["why"]) == (hook["id"], "failing")
        told = (await client.get("/api/v1/audit")).json["items"][0]
        assert (told["kind"], told["action"], told["caller"]) == ("webhook", "disabled", "webhooks")


async def test_a_receiver_that_is_gone_is_told_no_more_until_it_is_enabled_again(
    settings: Settings, key: str, database: Database
) -> None:
    status = [410]

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status[0])

    async with telling(settings, key) as client, other(answer) as there:
        hook = await made(client, there)
        await happen(database, EVENT)
        await until(client, hook["id"], "failed")
        path = f"{HOOKS}/{hook['id']}"
        shown = await client.get(path)
        assert (shown.json["enabled"], shown.json["disabled_why"]) == (False, "gone")
        await happen(database, EVENT, EVENT)
        status[0] = 204
        back = await client.ask("PATCH", path, body={"enabled": True}, headers={"If-Match": shown.etag})
        assert (back.json["enabled"], back.json["disabled_at"]) == (True, None)
        await until(client, hook["id"], "delivered", 2)
        await client.ask("PATCH", path, body={"enabled": False}, headers={"If-Match": "*"})
        await happen(database, EVENT)
        skipping = {"enabled": True, "missed": "skip"}
        await client.ask("PATCH", path, body=skipping, headers={"If-Match": "*"})
        await happen(database, EVENT)
        await until(client, hook["id"], "delivered", 3)
        assert len(there.asked) == 4


FAILING: tuple[tuple[int, dict[str, str], str], ...] = (
    (302, {"Location": "http://10.0.0.1/"}, "it answered 302: webhooks are not redirected"),
    (503, {"Retry-After": "3600"}, "it answered 503"),
    (404, {}, "it answered 404"),
)


async def test_everything_but_2xx_and_410_is_tried_again(settings: Settings, key: str, database: Database) -> None:
    clock = Clock()
    async with telling(settings, key, clock) as client:
        for status, headers, words in FAILING:

            async def answer(
                _request: web.Request, status: int = status, headers: dict[str, str] = headers
            ) -> web.StreamResponse:
                return web.Response(status=status, headers=headers)

            async with other(answer) as there:
                hook = await made(client, there)
                await happen(database, EVENT)
                delivery = await tried(client, hook["id"], 1)
                assert delivery["state"] == "open"
                assert delivery["log"][0]["words"].startswith(words)
                wait = datetime.fromisoformat(delivery["due_at"]) - clock.now
                asked_for = timedelta(hours=1) - timedelta(seconds=1)
                assert wait >= asked_for if "Retry-After" in headers else wait.seconds <= 6
                await client.ask("DELETE", f"{HOOKS}/{hook['id']}", 204)


async def test_a_name_that_leads_inside_is_not_told_and_why_is_in_the_log(
    settings: Settings, key: str, database: Database
) -> None:
    changes = {"tells": True, "webhook_poll_ms": 20}
    async with running(settings.model_copy(update=changes)) as found, other(taken) as there:
        client = found.known_by(key)
        hook = (await client.post(HOOKS, {"url": there.url(host="localhost"), "types": [EVENT]})).json
        await happen(database, EVENT)
        delivery = await tried(client, hook["id"], 1)
        assert delivery["log"][0]["words"].startswith("localhost leads to an address that is not asked")
        assert there.asked == []


async def test_a_ping_is_sent_once_even_while_the_webhook_is_disabled(settings: Settings, key: str) -> None:
    async with telling(settings, key) as client, other(refused) as there:
        hook = await made(client, there)
        path = f"{HOOKS}/{hook['id']}"
        await client.ask("PATCH", path, body={"enabled": False}, headers={"If-Match": "*"})
        pinged = await client.ask("POST", f"{path}/ping", 202)
        assert pinged.headers["Location"].endswith(pinged.json["id"])
        await until(client, hook["id"], "failed")
        assert json.loads(there.asked[0][3])["type"] == "webhook.ping"
        Oracle(hook["secret"]).verify(there.asked[0][3], there.asked[0][2])
        assert len(there.asked) == 1


async def test_deliveries_are_sent_again_when_somebody_asks(settings: Settings, key: str, database: Database) -> None:
    async with telling(settings, key) as client, other(taken) as there:
        hook = await made(client, there)
        begun = system_clock()
        await happen(database, EVENT, EVENT, EVENT)
        done = await until(client, hook["id"], "delivered", 3)
        path = f"{HOOKS}/{hook['id']}"
        again = await client.ask("POST", f"{path}/deliveries/{done[0]['id']}/redeliver", 202)
        assert (again.json["state"], again.json["attempts"], len(again.json["log"])) == ("open", 0, 1)
        await there.until(4)
        assert there.asked[3][2]["webhook-id"] == done[0]["event"]
        await until(client, hook["id"], "delivered", 3)
        since = {"since": begun.isoformat(), "failed_only": True}
        assert (await client.post(f"{path}/replay", since, 202)).json == {"deliveries": 0}
        since["failed_only"] = False
        assert (await client.post(f"{path}/replay", since, 202)).json == {"deliveries": 3}
        await there.until(7)
        later = {"since": (system_clock() + timedelta(days=1)).isoformat(), "failed_only": False}
        assert (await client.post(f"{path}/replay", later, 202)).json == {"deliveries": 0}


async def test_a_replay_reaches_what_happened_before_the_webhook_was_made(
    settings: Settings, key: str, database: Database
) -> None:
    begun = system_clock()
    await happen(database, EVENT, "x.other")
    async with telling(settings, key) as client, other(taken) as there:
        hook = await made(client, there)
        asked = {"since": begun.isoformat(), "failed_only": False}
        assert (await client.post(f"{HOOKS}/{hook['id']}/replay", asked, 202)).json == {"deliveries": 1}
        await there.until(1)
        assert json.loads(there.asked[0][3])["type"] == EVENT


async def test_of_several_processes_one_sends_and_each_event_comes_once(
    settings: Settings, key: str, database: Database
) -> None:
    async with (
        telling(settings, key) as client,
        telling(settings, key),
        telling(settings, key),
        other(taken) as there,
    ):
        hook = await made(client, there)
        for _ in range(5):
            await happen(database, *[EVENT] * 10)
        await until(client, hook["id"], "delivered", 50)
        assert len(there.asked) == 50
        assert len({headers["webhook-id"] for _, _, headers, _ in there.asked}) == 50


async def test_a_slow_receiver_holds_up_no_other_one_and_is_asked_little_at_a_time(
    settings: Settings, key: str, database: Database
) -> None:
    gate, within = asyncio.Event(), [0, 0]

    async def slow(_request: web.Request) -> web.StreamResponse:
        within[0] += 1
        within[1] = max(within)
        await gate.wait()
        within[0] -= 1
        return web.Response()

    async with telling(settings, key) as client, other(slow) as first, other(taken) as second:
        one, two = await made(client, first), await made(client, second)
        await happen(database, *[EVENT] * 30)
        await until(client, two["id"], "delivered", 30)
        assert await deliveries(client, one["id"], "?state=delivered") == []
        gate.set()
        await until(client, one["id"], "delivered", 30)
        assert within[1] <= 4


async def test_a_webhook_with_very_many_open_deliveries_waits_and_loses_nothing(
    settings: Settings, key: str, database: Database
) -> None:
    """Backpressure: the list of events is the queue."""
    status, clock = [500], Clock()

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status[0])

    def told() -> int:
        return len({headers["webhook-id"] for _, _, headers, _ in there.asked})

    tight = settings.model_copy(update={"deliveries_open": 10})
    async with telling(tight, key, clock) as client, other(answer) as there:
        hook = await made(client, there)
        await happen(database, *[EVENT] * 25)
        for open_at_once in (10, 20):
            while told() < open_at_once:
                await there.until(len(there.asked) + 1)
            full = await client.ask("POST", f"{HOOKS}/{hook['id']}/ping", None)
            if open_at_once == 10:
                assert (full.status, full.headers["Retry-After"]) == (503, "60")
                assert told() == 10
            status[0] = 200
            clock.now += timedelta(minutes=1)
        await until(client, hook["id"], "delivered", 25)


WRONG: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"url": "ftp://a.example/"}, "/url", "write a URL that begins with https:// or http:// and names a host"),
    ({"url": "https://u:p@a.example/"}, "/url", "leave name and password out of the URL"),
    ({"url": "http://2130706433/"}, "/url", "2130706433 is no address as it is usually written"),
    ({"url": "https://a.example/", "types": ["Nonsense"]}, "/types/0", "there is no type of events Nonsense"),
    (
        {"url": "https://a.example/", "types": ["asset.reddy"]},
        "/types/0",
        "there is no type of events asset.reddy; did you mean asset.ready?",
    ),
    (
        {"url": "http://127.0.0.1:9000/in"},
        "/url",
        "127.0.0.1 leads to an address that is not asked: one of a private, local or reserved network",
    ),
    ({"url": "http://[::ffff:10.0.0.1]/in"}, "/url", "::ffff:"),
    (
        {"url": "https://a.example/", "secret": "x"},
        "/secret",
        '"secret" is not known here: known are url, types, description',
    ),
    ({}, "/url", "it is needed, and missing"),
)


async def test_what_is_wrong_with_a_webhook_is_said(client: Client) -> None:
    for given, pointer, words in WRONG:
        found = (await client.post(HOOKS, given, 422)).json["errors"][0]
        assert found["pointer"] == pointer, given
        assert found["detail"].startswith(words), given


async def test_webhooks_are_no_way_around_the_right_to_read_events(client: Client) -> None:
    scopes = ["webhooks:write", "webhooks:read"]
    less = client.known_by((await client.post("/api/v1/api-keys", {"name": "x", "scopes": scopes})).json["key"])
    refused = await less.post(HOOKS, {"url": "https://a.example/"}, 403)
    assert refused.json["scope"] == "events:read"
    hook = (await client.post(HOOKS, {"url": "https://a.example/", "types": ["asset.ready"]})).json["id"]
    await less.ask("PATCH", f"{HOOKS}/{hook}", 403, body={"enabled": True}, headers={"If-Match": "*"})


async def test_edits_need_the_version_and_there_are_only_so_many_webhooks(settings: Settings, key: str) -> None:
    async with running(settings.model_copy(update={"webhooks": 2})) as found:
        client = found.known_by(key)
        hooks = [(await client.post(HOOKS, {"url": f"https://a.example/{n}"})).json["id"] for n in range(2)]
        await client.post(HOOKS, {"url": "https://a.example/"}, 409)
        assert [hook["id"] for hook in (await client.get(HOOKS)).json["items"]] == hooks[::-1]
        path = f"{HOOKS}/{hooks[0]}"
        await client.ask("PATCH", path, 428, body={"description": "x"})
        read = await client.get(path)
        await client.ask("PATCH", path, body={"description": "x"}, headers={"If-Match": read.etag})
        await client.ask("PATCH", path, 412, body={"description": "y"}, headers={"If-Match": read.etag})
        elsewhere = await client.ask("PATCH", path, 422, body={"url": "http://10.0.0.1/"}, headers={"If-Match": "*"})
        assert "outgoing_allow" in elsewhere.json["detail"]
        null = await client.ask("PATCH", path, 422, body={"url": None}, headers={"If-Match": "*"})
        assert null.json["errors"][0]["pointer"] == "/url"
        await client.ask("DELETE", path, 204)
        await client.get(path, 404)
        await client.get(f"{path}/deliveries", 404)
        await client.ask("POST", f"{path}/ping", 404)


async def test_what_ended_long_ago_is_forgotten(settings: Settings, key: str, database: Database) -> None:
    clock = Clock()
    async with telling(settings, key, clock) as client, other(taken) as there:
        hook = await made(client, there)
        await happen(database, EVENT)
        await until(client, hook["id"], "delivered")
        await happen(database, EVENT)
        await until(client, hook["id"], "delivered", 2)
        ended = clock.now
        assert not await forget(database, ended)
        assert len(await deliveries(client, hook["id"])) == 2
        assert await forget(database, ended + timedelta(milliseconds=1), limit=1)
        assert len(await deliveries(client, hook["id"])) == 1
    clock.now += timedelta(days=settings.delivery_days + 1)
    async with telling(settings, key, clock) as client, asyncio.timeout(60):
        while await deliveries(client, hook["id"]):
            """The sender has not looked yet."""
