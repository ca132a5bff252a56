"""What every operation promises: input is read whole or refused with every mistake, and no failure says nothing.

Rows B24, C80 and C82 of the feature list.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from things import Bench, ThingGiven, ThingPath, ThingShown

from control_api.operation import Endpoint, Precondition, Undeclared
from control_api.scopes import OPEN, Scope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from clients import Client

    from control_api.settings import Settings

THINGS = "/api/v1/things"


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
async def things(settings: Settings, key: str, bench: Bench) -> AsyncIterator[Client]:
    async with running(settings, bench.operations()) as client:
        yield client.known_by(key)


def errors(reply: Any) -> list[tuple[str, str]]:
    return [(wrong["part"], wrong["pointer"]) for wrong in reply.json["errors"]]


async def test_path_and_query_become_values(things: Client) -> None:
    found = await things.get(f"{THINGS}/a?one=5&many=1&many=2&at=2026-03-01T21:15:00%2B01:00")
    assert found.json == {"id": "a", "title": "5", "at": "2026-03-01T20:15:00.000Z", "many": [1, 2]}


async def test_every_mistake_in_a_query_is_told(things: Client) -> None:
    found = await things.get(f"{THINGS}/a?one=5&one=6&many=x&at=noon&other=1&z=%00", 400)
    assert found.json["type"] == "/problems/malformed"
    assert {pointer for _, pointer in errors(found)} == {"/one", "/many/0", "/at", "/other", "/z"}


async def test_a_path_that_fits_nothing_is_not_found(things: Client) -> None:
    assert (await things.get(f"{THINGS}/A1", 404)).json["type"] == "/problems/not-found"


async def test_every_mistake_in_a_body_is_told_with_its_pointer(things: Client) -> None:
    body = {
        "title": "far too long",
        "at": "noon",
        "parts": [{"name": "x"}, {"name": "", "long": -1, "a/b": 1}],
        "no": 1,
    }
    found = await things.post(THINGS, body, 422)
    assert sorted(errors(found)) == [
        ("body", "/at"),
        ("body", "/no"),
        ("body", "/parts/1/a~1b"),
        ("body", "/parts/1/long"),
        ("body", "/parts/1/name"),
        ("body", "/title"),
    ]


async def test_a_value_of_another_type_is_not_bent(things: Client) -> None:
    for title in (5, None, ["a"], "nul\0"):
        assert errors(await things.post(THINGS, {"title": title}, 422)) == [("body", "/title")], title


async def test_nul_is_found_deep_inside_and_in_names(things: Client) -> None:
    found = await things.post(THINGS, {"title": "a", "parts": [{"name": "ok"}, {"name": "x\0"}]}, 422)
    assert errors(found) == [("body", "/parts/1/name")]
    assert (await things.post(THINGS, {"title": "\\u0000"}, 201)).json["title"] == "\\u0000"


NO_JSON: tuple[bytes, ...] = (b"", b"{", b'{"title": "a",}', b'{"title": "\xff"}', b'{"title": "\\ud800"}', b"nan")


async def test_a_body_that_is_no_json_cannot_be_read(things: Client) -> None:
    for data in NO_JSON:
        found = await things.ask("POST", THINGS, 400, data=data)
        assert found.json["type"] == "/problems/malformed", data


OTHER_TYPES: tuple[dict[str, str], ...] = (
    {"Content-Type": "text/plain"},
    {"Content-Type": "application/xml"},
    {"Content-Encoding": "gzip"},  # which ends the connection
)


async def test_a_body_of_another_type_is_refused(things: Client) -> None:
    for headers in OTHER_TYPES:
        await things.ask("POST", THINGS, 415, data=b'{"title": "a"}', headers=headers)


async def test_a_body_that_is_too_large_is_refused(things: Client, settings: Settings) -> None:
    found = await things.ask("POST", THINGS, 413, data=b'{"title": "' + b"a" * settings.body_bytes + b'"}')
    assert found.json["type"] == "/problems/too-large"


async def test_an_unknown_address_and_method_are_problems(things: Client) -> None:
    assert (await things.get("/nowhere", 404)).json["type"] == "/problems/not-found"
    refused = await things.ask("PATCH", THINGS, 405)
    assert refused.headers["Allow"] == "POST"
    refused = await things.ask("TRACE", f"{THINGS}/a", 405)
    assert refused.headers["Allow"] == "GET, HEAD, PUT"


async def test_the_journal_has_the_address_as_it_was_sent_without_its_query(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(settings.model_copy(update={"access_log": True})) as client:
        with caplog.at_level(logging.INFO, "fastline.api"):
            await client.get("/x%0A23:59:59%20login%1b%5b2J?token=s3cret", 404)
            await client.get("/" + "y" * 2000, 404)
    lines = [record.getMessage() for record in caplog.records if getattr(record, "action", "") == "request"]
    assert [line for line in lines if "login" in line] == ["GET /x%0A23:59:59%20login%1b%5b2J 404"]
    assert [line for line in lines if "yy" in line] == [f"GET /{'y' * 499} 404"]


async def test_a_failure_is_a_problem_with_the_id_that_the_journal_has(
    things: Client, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.fails = RuntimeError("the password is swordfish")
    with caplog.at_level(logging.INFO, "fastline.api"):
        found = await things.get("/api/v1/broken", 500)
    assert b"swordfish" not in found.body
    record = next(record for record in caplog.records if getattr(record, "action", "") == "failed")
    assert record.exc_info is not None
    assert "swordfish" in str(record.exc_info[1])


async def test_what_a_handler_changed_before_it_failed_has_not_happened(things: Client, bench: Bench) -> None:
    bench.fails = RuntimeError("late")
    await things.post(THINGS, {"title": "a"}, 500)
    assert (await things.get("/api/v1/audit?kind=thing")).json["items"] == []
    bench.fails = None
    await things.post(THINGS, {"title": "a"}, 201)
    assert len((await things.get("/api/v1/audit?kind=thing")).json["items"]) == 1
    assert [event["type"] for event in (await things.get("/api/v1/events?subject=thing")).json["items"]] == [
        "thing.created"
    ]


async def test_a_change_that_nobody_is_told_of_is_a_failure_and_does_not_happen(things: Client, bench: Bench) -> None:
    bench.forgets = True
    await things.post(THINGS, {"title": "a"}, 500)


async def test_an_answer_that_was_not_declared_is_a_failure(things: Client) -> None:
    await things.get("/api/v1/undeclared", 500)


async def test_what_is_deprecated_says_so_and_since_when(things: Client) -> None:
    found = await things.get("/api/v1/old")
    assert found.headers["Deprecation"] == "@1767225600"
    assert found.headers["Sunset"] == "Fri, 01 Jan 2027 12:00:00 GMT"
    assert found.headers["Link"] == '</docs#new>; rel="deprecation"; type="text/html"'
    assert things.document["paths"]["/api/v1/old"]["get"]["deprecated"] is True


async def test_head_is_get_without_a_body(things: Client) -> None:
    whole, head = await things.get(f"{THINGS}/a"), await things.ask("HEAD", f"{THINGS}/a")
    assert head.body == b""
    assert (head.etag, head.headers["Content-Length"]) == (whole.etag, str(len(whole.body)))


async def test_a_request_has_an_id_of_ours(things: Client) -> None:
    found = await things.get("/api/v1/open", headers={"X-Request-Id": "theirs-12345"})
    assert found.headers["X-Request-Id"] == found.json["title"]
    assert found.json["title"].startswith("rq_")


async def test_what_is_no_http_gets_a_problem_and_no_html(things: Client) -> None:
    reader, writer = await asyncio.open_connection(things.root.host, things.root.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nContent-Length: -5\r\n\r\n")
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert b"content-type: application/problem+json" in head.lower()
    assert json.loads(body)["type"] == "/problems/malformed"


async def test_the_figures_know_routes_and_no_paths(things: Client) -> None:
    for name in ("a", "b"):
        await things.get(f"{THINGS}/{name}")
    await things.get("/no/such/path", 404)
    text = (await things.get("/metrics")).body.decode()
    assert 'fastline_api_requests_total{method="GET",route="/api/v1/things/{id}",status="200"} 2.0' in text
    assert 'fastline_api_requests_total{method="GET",route="none",status="404"} 1.0' in text
    assert "no/such" not in text


def declared(**said: Any) -> None:
    async def handler(_call: Any) -> Any:
        """Never asked."""

    whole = {
        "method": "GET", "path": "/x", "name": "read_x", "summary": "X", "scope": OPEN, "tag": "X",
        "answers": {200: ThingShown},
    }  # fmt: skip
    Endpoint(**{**whole, **said})(handler)


def test_an_operation_without_a_scope_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="scope"):
        Endpoint(method="GET", path="/x", name="x", summary="X", tag="X", answers={200: None})  # type: ignore[call-arg]
    declared()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"scope": None}, "a scope is stated"),
        ({"scope": "events:read"}, "a scope is stated"),
        ({"method": "BREW"}, "its method is one of"),
        ({"answers": {}}, "a status from 200 to 299"),
        ({"answers": {404: None}}, "a status from 200 to 299"),
        ({"idempotent": True}, "only a POST"),
        ({"precondition": Precondition.REQUIRED}, "only what changes"),
        ({"path": "/x/{id}"}, "its path has the parameters"),
        ({"path_model": ThingPath}, "its path has the parameters"),
        ({"body_model": ThingGiven}, "a GET has no body"),
        ({"name": "readX"}, "a verb and a noun"),
    ],
)
def test_what_contradicts_itself_cannot_be_declared(said: dict[str, Any], words: str) -> None:
    with pytest.raises(Undeclared, match=words):
        declared(**said)


def test_what_is_declared_well_is_taken() -> None:
    declared(method="POST", path="/x/{id}", path_model=ThingPath, body_model=ThingGiven, scope=Scope.KEYS_WRITE)
