"""Who asks too often, from where, and from which page (rows A31, B95, B96 and C79 of the feature list)."""

from __future__ import annotations

import asyncio
import logging
import re
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from limits.aio.storage import MemoryStorage
from sqlalchemy import event

from control_api.addresses import client as client_of
from control_api.addresses import household
from control_api.rates import Rates
from control_api.site import SITE

if TYPE_CHECKING:
    from clients import Client

    from control_api.settings import Settings

EVENTS = "/api/v1/events"


class Down(MemoryStorage):
    """A place to count that cannot be reached."""

    STORAGE_SCHEME = ["async+down"]  # noqa: RUF012 — as limits declares it

    async def acquire_sliding_window_entry(self, *_: Any, **__: Any) -> bool:
        message = "no route"
        raise ValueError(message)


async def test_who_asks_too_often_is_told_when_there_is_more(settings: Settings, key: str) -> None:
    async with running(settings.model_copy(update={"rate": "5/hour"})) as found:
        client = found.known_by(key)
        for left in (4, 3, 2, 1, 0):
            reply = await client.get(EVENTS)
            assert reply.headers["RateLimit-Policy"] == '"caller";q=5;w=3600'
            assert re.fullmatch(rf'"caller";r={left};t=\d+', reply.headers["RateLimit"])
        refused = await client.get(EVENTS, 429)
        assert 1 <= int(refused.headers["Retry-After"]) <= 7200
        assert refused.json["type"] == "/problems/too-many-requests"
        await client.get("/healthz")  # whoever watches the process is never refused


async def test_callers_are_counted_one_by_one_and_strangers_by_address(settings: Settings, key: str) -> None:
    tight = settings.model_copy(update={"rate": "2/hour", "rate_anonymous": "3/hour"})
    async with running(tight) as client:
        other = (await client.known_by(key).post("/api/v1/api-keys", {"name": "o", "scopes": ["events:read"]})).json[
            "key"
        ]
        await client.known_by(key).get(EVENTS)
        await client.known_by(key).get(EVENTS, 429)
        await client.known_by(other).get(EVENTS)
        await client.get("/openapi.json")  # what is open counts, and a guess at a key like one without
        await client.known_by("fl_" + "x" * 32).get(EVENTS, 401)
        await client.get(EVENTS, 401)
        await client.known_by("fl_" + "y" * 32).get(EVENTS, 429)


async def test_guesses_at_keys_ask_the_database_no_more_often_than_they_are_allowed(
    settings: Settings, key: str
) -> None:
    async with running(settings.model_copy(update={"rate_anonymous": "5/hour"})) as client:
        known, house = client.app[SITE].known, client.known_by(key)
        await house.get(EVENTS)
        for place in (EVENTS, "/metrics"):  # what is not counted for those who may, is for those who guess
            found = [(await client.known_by(f"fl_{n:032}").get(place, None)).status for n in range(20)]
            assert set(found[5:]) == {429}
        assert known.looks <= 1 + 5
        await house.get(EVENTS)  # who is known is not asked to wait for who guesses


async def test_whoever_asks_at_once_whether_it_is_ready_is_one_question(client: Client) -> None:
    asked: list[str] = []

    def count(*said: Any) -> None:
        asked.extend([str(said[2])] if "alembic_version" in str(said[2]) else [])

    engine = client.app[SITE].database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    await client.get("/readyz")
    assert sum("FROM alembic_version" in one for one in asked) == 1
    found = await asyncio.gather(*(client.app[SITE].readiness.revision() for _ in range(40)))
    assert len(set(found)) == 1
    assert sum("FROM alembic_version" in one for one in asked) == 3  # of the first, and of all who came meanwhile


async def test_pictures_have_a_rate_of_their_own(settings: Settings) -> None:
    async with running(settings.model_copy(update={"rate_pictures": "3/hour", "rate_anonymous": "9/hour"})) as client:
        found = [(await client.get(f"/artwork/{'0' * 64}.jpeg", None)).status for _ in range(5)]
        assert found == [404] * 3 + [429] * 2
        await client.get(EVENTS, 401)


async def test_without_a_place_to_count_everything_is_allowed_and_somebody_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rates = Rates("async+down://", {"caller": "1/hour"})
    with caplog.at_level(logging.WARNING, "fastline.api"):
        assert [await rates.take("caller", "a") for _ in range(3)] == [None] * 3
    assert [record.message for record in caplog.records] == ["requests are not counted: no route"]  # once


@pytest.mark.parametrize(
    ("remote", "forwarded", "trusted", "found"),
    [
        ("192.0.2.1", "203.0.113.9", [], "192.0.2.1"),
        ("127.0.0.1", "203.0.113.9", ["127.0.0.1/32"], "203.0.113.9"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.9", ["127.0.0.1/32"], "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9, 10.0.0.1", ["127.0.0.1/32", "10.0.0.0/8"], "203.0.113.9"),
        ("127.0.0.1", "10.0.0.2, 10.0.0.1", ["127.0.0.1/32", "10.0.0.0/8"], "10.0.0.2"),
        ("127.0.0.1", "made up", ["127.0.0.1/32"], "127.0.0.1"),
        ("127.0.0.1", "6.6.6.6, made up", ["127.0.0.1/32"], "127.0.0.1"),
        ("127.0.0.1", "", ["127.0.0.1/32"], "127.0.0.1"),
        ("::ffff:192.0.2.1", "", [], "192.0.2.1"),
        ("::1", "2001:db8::5", ["::1/128"], "2001:db8::5"),
        (None, "", [], "unknown"),
    ],
)
def test_a_proxy_is_believed_when_it_is_trusted(
    remote: str | None, forwarded: str, trusted: list[str], found: str
) -> None:
    assert client_of(remote, forwarded, [ip_network(network) for network in trusted]) == found


def test_an_ipv6_network_counts_as_one() -> None:
    assert household("2001:db8:1:2:3:4:5:6") == household("2001:db8:1:2::1") == "2001:db8:1:2::/64"
    assert household("192.0.2.1") == "192.0.2.1"
    assert household("unknown") == "unknown"


PREFLIGHT = {"Origin": "https://desk.example", "Access-Control-Request-Method": "POST"}


async def test_no_other_page_may_use_the_api_unless_it_is_named(client: Client) -> None:
    refused = await client.ask("OPTIONS", "/api/v1/api-keys", 403, headers=PREFLIGHT)
    assert refused.json["type"] == "/problems/forbidden"
    reply = await client.get(EVENTS, headers={"Origin": "https://desk.example"})
    assert not [name for name in reply.headers if name.startswith("Access-Control")]


async def test_the_pages_that_are_named_may_read_answers_and_failures(settings: Settings, key: str) -> None:
    async with running(settings.model_copy(update={"cors_origins": ("https://desk.example",)})) as client:
        allowed = await client.ask("OPTIONS", "/api/v1/api-keys", 204, headers=PREFLIGHT)
        assert allowed.headers["Access-Control-Allow-Origin"] == "https://desk.example"
        assert allowed.headers["Access-Control-Allow-Methods"] == "POST"
        assert "If-Match" in allowed.headers["Access-Control-Allow-Headers"]
        for caller, status in ((client.known_by(key), 200), (client, 401)):
            reply = await caller.get(EVENTS, status, headers={"Origin": "https://desk.example"})
            assert reply.headers["Access-Control-Allow-Origin"] == "https://desk.example"
            assert "ETag" in reply.headers["Access-Control-Expose-Headers"]
            assert reply.headers["Vary"] == "Origin"
        other = await client.known_by(key).get(EVENTS, headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in other.headers
        await client.ask("OPTIONS", "/api/v1/api-keys", 403, headers={**PREFLIGHT, "Origin": "https://evil.example"})
        await client.ask("OPTIONS", "/nowhere", 404, headers=PREFLIGHT)
        await client.ask("OPTIONS", EVENTS, 405, headers=PREFLIGHT)
        await client.ask("OPTIONS", EVENTS, 405, headers={"Origin": "https://desk.example"})
