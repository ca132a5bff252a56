"""Idempotency-Key: once, and answered the same way again; at the same time, after a crash, with another body."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from clients import running
from sqlmodel import select
from things import Bench

from control_api import idempotency
from control_api.idempotency import LEASE, Attempt, Kept
from control_api.key_creation import create_key
from control_api.problems import CONFLICT, Problem
from control_api.resources import RESOURCES
from control_api.scopes import Scope
from control_api.tables import Repeat
from playout.clock import system_clock

if TYPE_CHECKING:
    from clients import Client

    from control_api.database import Database
    from control_api.settings import Settings

KEYS = "/api/v1/api-keys"
GIVEN = {"name": "import", "scopes": ["events:read"]}
ONCE = {"Idempotency-Key": "6c1f"}


async def test_a_repeat_is_answered_as_the_first_and_does_nothing(client: Client) -> None:
    first = await client.post(KEYS, GIVEN, headers=ONCE)
    again = await client.post(KEYS, {"scopes": ["events:read"], "name": "import"}, headers=ONCE)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Location"] == first.headers["Location"]
    assert again.json == {**first.json, "key": None}  # the secret was shown once
    assert len((await client.get(f"{KEYS}?limit=100")).json["items"]) == 2


async def test_a_repeat_is_known_after_a_restart(settings: Settings, key: str) -> None:
    async with running(settings) as client:
        first = await client.known_by(key).post(KEYS, GIVEN, headers=ONCE)
    async with running(settings) as client:
        again = await client.known_by(key).post(KEYS, GIVEN, headers=ONCE)
    assert again.json["id"] == first.json["id"]
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_the_key_of_another_request_is_refused(client: Client) -> None:
    await client.post(KEYS, GIVEN, headers=ONCE)
    found = await client.post(KEYS, {**GIVEN, "name": "other"}, 422, headers=ONCE)
    assert found.json["type"] == "/problems/idempotency-key-reused"


async def test_another_caller_may_have_the_same_key(client: Client) -> None:
    first = await client.post(KEYS, {"name": "maker", "scopes": ["keys:write", "events:read"]}, headers=ONCE)
    other = await client.known_by(first.json["key"]).post(KEYS, GIVEN, headers=ONCE)
    assert other.json["id"] != first.json["id"]


async def test_what_is_no_key_is_refused(client: Client) -> None:
    for text in ("", "a b", "é", "x" * 256):
        found = await client.post(KEYS, GIVEN, 400, headers={"Idempotency-Key": text})
        assert found.json["errors"][0]["pointer"] == "/Idempotency-Key", text


async def test_while_the_first_runs_the_second_is_told_to_wait(settings: Settings, key: str) -> None:
    bench = Bench()
    bench.gate.clear()
    async with running(settings, bench.operations()) as found:
        client = found.known_by(key)
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(client.post("/api/v1/things", {"title": "a"}, headers=ONCE))
            await bench.reached.wait()
            busy = await client.post("/api/v1/things", {"title": "a"}, 409, headers=ONCE)
            assert busy.json["type"] == "/problems/in-progress"
            assert int(busy.headers["Retry-After"]) >= 1
            bench.gate.set()
        again = await client.post("/api/v1/things", {"title": "a"}, headers=ONCE)
        assert again.body == first.result().body
    assert bench.made == 1


async def test_of_many_at_once_one_happens(settings: Settings, key: str) -> None:
    bench = Bench()
    async with running(settings, bench.operations()) as found:
        client = found.known_by(key)
        replies = await asyncio.gather(
            *(client.ask("POST", "/api/v1/things", None, body={"title": "a"}, headers=ONCE) for _ in range(12))
        )
    assert bench.made == 1
    assert {reply.status for reply in replies} <= {201, 409}
    assert 201 in {reply.status for reply in replies}


@pytest.mark.parametrize("failure", [RuntimeError("oh"), Problem(CONFLICT, "no")])
async def test_what_failed_may_be_tried_again_with_the_same_key(
    settings: Settings, key: str, failure: Exception
) -> None:
    bench = Bench()
    bench.fails = failure
    async with running(settings, bench.operations()) as found:
        client = found.known_by(key)
        await client.post("/api/v1/things", {"title": "a"}, 409 if isinstance(failure, Problem) else 500, headers=ONCE)
        bench.fails = None
        await client.post("/api/v1/things", {"title": "a"}, 201, headers=ONCE)


async def test_an_attempt_that_died_gives_way_when_its_lease_ends(database: Database) -> None:
    now, keep = system_clock(), timedelta(hours=24)
    dead = await idempotency.begin(database, "digest", "asked", now, keep)
    assert isinstance(dead, Attempt)
    with pytest.raises(Problem, match="is being worked on"):
        await idempotency.begin(database, "digest", "asked", now + LEASE / 2, keep)
    heir = await idempotency.begin(database, "digest", "asked", now + LEASE, keep)
    assert isinstance(heir, Attempt)
    with pytest.raises(Problem, match="is being worked on"):  # it was not dead after all: too late
        async with database.writing() as session:
            await idempotency.keep(session, dead, Kept(201, {}, b"late"))
    async with database.writing() as session:
        await idempotency.keep(session, heir, Kept(201, {}, b"heir"))
    await idempotency.give_up(database, dead)
    await idempotency.give_up(database, heir)
    assert await idempotency.begin(database, "digest", "asked", now + LEASE, keep) == Kept(201, {}, b"heir")


async def test_after_a_day_a_key_may_be_used_again_and_nothing_is_kept_for_ever(database: Database) -> None:
    now, keep = system_clock(), timedelta(hours=24)
    for name in ("a", "b"):
        attempt = await idempotency.begin(database, name, "asked", now, keep)
        assert isinstance(attempt, Attempt)
        async with database.writing() as session:
            await idempotency.keep(session, attempt, Kept(201, {}, b""))
    assert isinstance(await idempotency.begin(database, "a", "another", now + keep, keep), Attempt)
    async with database.reading() as session:
        assert (await session.exec(select(Repeat.digest))).all() == ["a"]


async def test_the_answer_is_stored_with_the_change_or_not_at_all(settings: Settings) -> None:
    """Killed between the handler and the commit: nothing has happened, and the next attempt does it."""
    key = await create_key(settings, "k", list(Scope), None, system_clock)
    bench = Bench()
    bench.gate.clear()
    async with running(settings, bench.operations()) as found:
        client = found.known_by(key)
        task = asyncio.ensure_future(client.post("/api/v1/things", {"title": "a"}, headers=ONCE))
        await bench.reached.wait()
        bench.fails = KeyboardInterruptLike()
        bench.gate.set()
        with pytest.raises(AssertionError):
            await task
        bench.fails = None
        assert (await client.get("/api/v1/audit?kind=thing")).json["items"] == []
        await client.post("/api/v1/things", {"title": "a"}, headers=ONCE)
        assert len((await client.get("/api/v1/audit?kind=thing")).json["items"]) == 1


class KeyboardInterruptLike(Exception):
    """Ends a handler after it has changed something."""


FORGETFUL = ("/api/v1/uploads", "/media", "/api/admin/content", "/api/v1/tus", "/api/v1/imports")


async def test_where_an_answer_cannot_be_kept_the_key_is_refused_and_nothing_is_made(client: Client) -> None:
    """A client that relies on a key must not upload the same film twice without a word."""
    for path in FORGETFUL:
        refused = await client.ask(
            "POST", path, 400, data=b"x", headers={**ONCE, "Content-Type": "application/x-anything"}
        )
        assert refused.json["errors"][0]["pointer"] == "/Idempotency-Key", path
        assert "is not kept here" in refused.json["detail"], path
        assert (await client.get("/api/v1/uploads")).json["items"] == [], path
        assert (await client.get("/api/v1/events")).json["items"][1:] == [], path


def test_whatever_is_made_by_a_body_that_is_read_whole_heeds_a_key_or_has_a_reason_not_to() -> None:
    """By their names: people sign in anew each time, and what else is here is the same when it is done twice."""
    makes = [one.declared for one in RESOURCES if one.declared.method == "POST"]
    assert {said.path for said in makes if said.forgets} == set(FORGETFUL)
    plain = [said for said in makes if not said.idempotent and not said.forgets]
    made = {said.name for said in plain if not said.answers.keys().isdisjoint((201, 202))}
    assert {name for name in made if "sign_in" not in name and "register" not in name} <= AGAIN


AGAIN = {
    "add_break", "ask_ad_source", "link_identity", "redeliver", "rotate_streaming_keys", "sign_artwork_upload",
    "confirm_payment", "delete_account", "leave", "resend_verification", "ask_for_password", "try_mail",
    # of former clients, who know no keys
    "begin_streaming_session", "put_on_watchlist", "put_on_watchlist_at_api", "tell_media_view",
}  # fmt: skip
