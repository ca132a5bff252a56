"""Uploads by link: fetched as a job, gone on with where it broke off, and never from where nobody may look (B106)."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from clients import running
from hypothesis import given
from hypothesis import strategies as st
from labour import Shop, give, quick, soon, until
from others import HERE, other
from test_tus import FILM, on_disk
from test_tus import until as holding

from control_api.jobs.states import JobState
from control_api.tables import METADATA
from control_api.uploads.content import Probed
from control_api.uploads.fetching import FETCH, Start, start
from control_api.uploads.taking_in import taking_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from clients import Client

    from control_api.database import Database
    from control_api.settings import Settings

BIG = FILM * 20
TAG = '"one"'


class Library:
    """A server that has one file, and breaks off now and then."""

    def __init__(self) -> None:
        self.data, self.tag = BIG, TAG
        self.breaks_at: list[int] = []
        self.status = 200
        self.ranges: list[str | None] = []

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.ranges.append(request.headers.get("Range"))
        if self.status != 200:
            return web.Response(status=self.status)
        begun, status, headers = 0, 200, {"ETag": self.tag}
        wanted = request.headers.get("Range")
        if wanted and request.headers.get("If-Range") == self.tag:
            begun, status = int(wanted.removeprefix("bytes=").rstrip("-")), 206
            headers["Content-Range"] = f"bytes {begun}-{len(self.data) - 1}/{len(self.data)}"
        answer = web.StreamResponse(status=status, headers=headers)
        answer.content_length = len(self.data) - begun
        await answer.prepare(request)
        stop = self.breaks_at.pop(0) if self.breaks_at else len(self.data)
        await answer.write(self.data[begun:stop])
        if stop < len(self.data):
            assert request.transport is not None
            request.transport.close()  # what was written goes out first
        return answer


async def accepted(_path: Path) -> Probed:
    return Probed(container="test", duration_ms=1)


@pytest.fixture
async def station(settings: Settings, key: str) -> AsyncIterator[Client]:
    """A server that may fetch from this machine, whose jobs rest no time between attempts."""
    from dataclasses import replace  # noqa: PLC0415 — of this fixture alone

    kinds: list[Any] = [replace(FETCH, pauses=(timedelta(),)), taking_in(accepted)]
    async with running(quick(settings, works=True, outgoing_allow=HERE), kinds=kinds) as nobody:
        yield nobody.known_by(key)


async def fetched(client: Client, url: str, *states: str, **more: str) -> dict[str, Any]:
    made = (await client.post("/api/v1/uploads:fetch", {"url": url, **more}, 202)).json
    found: dict[str, Any] = {}

    async def is_there() -> bool:
        found.update((await client.get(f"/api/v1/uploads/{made['id']}")).json)
        return found["state"] in states

    await soon(is_there)
    return found


async def test_a_link_is_fetched_and_taken_in(station: Client, settings: Settings, database: Database) -> None:
    async with other(Library()) as there:
        url = there.url("/film.mp4?key=secret")
        found = await fetched(station, url, "accepted", title="Film", type="movie")
    assert found["sha256"] == hashlib.sha256(BIG).hexdigest()
    assert (found["way"], found["length"], found["kind"]) == ("link", len(BIG), "movie")
    assert found["link"] == there.url("/film.mp4")
    assert on_disk(settings) == {found["id"]: BIG}
    whole = ""
    async with database.engine.connect() as connection:
        for table in METADATA.tables.values():
            whole += "".join(map(repr, (await connection.execute(table.select())).all()))
    assert "secret" not in whole  # once it is fetched, nobody needs the rest of the link


async def test_a_fetch_that_broke_off_goes_on_with_the_same_version_of_the_file(
    station: Client, settings: Settings
) -> None:
    library = Library()
    library.breaks_at = [2_000_000, 4_000_000]
    async with other(library) as there:
        found = await fetched(station, there.url(), "accepted")
    assert on_disk(settings) == {found["id"]: BIG}
    assert found["sha256"] == hashlib.sha256(BIG).hexdigest()
    assert library.ranges[0] is None
    assert len(library.ranges) == 3
    begun = [int(text.removeprefix("bytes=").rstrip("-")) for text in library.ranges[1:] if text]
    assert 0 < begun[0] <= 2_000_000 < begun[1] <= 4_000_000


async def test_a_file_that_became_another_one_meanwhile_is_fetched_from_the_beginning(
    station: Client, settings: Settings
) -> None:
    library = Library()
    library.breaks_at = [3_000_000]
    changed = bytes(reversed(BIG))

    async def answering(request: web.Request) -> web.StreamResponse:
        if library.ranges:
            library.data, library.tag = changed, '"two"'
        return await library(request)

    async with other(answering) as there:
        found = await fetched(station, there.url(), "accepted")
    assert library.ranges[1] is not None
    assert on_disk(settings) == {found["id"]: changed}
    assert found["sha256"] == hashlib.sha256(changed).hexdigest()


async def test_servers_that_never_end_leave_room_for_every_other_job(
    settings: Settings, key: str, database: Database
) -> None:
    never, shop = asyncio.Event(), Shop()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x")
        await never.wait()
        return response

    quickly = quick(settings, works=True, outgoing_allow=HERE)
    async with other(answer) as there, running(quickly, kinds=[FETCH, shop.kind()]) as nobody:
        client = nobody.known_by(key)
        for number in range(quickly.jobs_at_once):
            await client.post("/api/v1/uploads:fetch", {"url": there.url(f"/{number}")}, 202)
        await there.until(2)
        await until(database, await give(database, shop.kind(), "a backup"), JobState.SUCCEEDED)
        assert len(there.asked) == 2
        never.set()


async def test_what_is_not_there_is_refused_with_the_reason(station: Client, settings: Settings) -> None:
    library = Library()
    library.status = 404
    async with other(library) as there:
        found = await fetched(station, there.url(), "refused", "accepted")
    assert "answers 404" in found["reason"]
    await holding(lambda: on_disk(settings) == {})
    assert len(library.ranges) == 1


async def test_a_server_that_is_ill_is_asked_again(station: Client) -> None:
    library = Library()
    library.status = 503

    async def answering(request: web.Request) -> web.StreamResponse:
        found = await library(request)
        library.status = 200
        return found

    async with other(answering) as there:
        assert (await fetched(station, there.url(), "accepted"))["received"] == len(BIG)
    assert len(library.ranges) == 2


async def test_more_than_a_file_may_be_is_refused(settings: Settings, key: str) -> None:
    small = quick(settings, works=True, outgoing_allow=HERE, upload_bytes=1000)
    async with other(Library()) as there, running(small) as nobody:
        found = await fetched(nobody.known_by(key), there.url(), "refused", "quarantined")
    assert found["state"] == "refused"
    assert on_disk(settings) == {}


NO_LINKS: tuple[str, ...] = ("file:///etc/passwd", "ftp://x.example/", "http://u:p@x.example/", "no link", "http://")


async def test_what_is_no_link_is_refused_at_once(client: Client) -> None:
    for url in NO_LINKS:
        refused = await client.post("/api/v1/uploads:fetch", {"url": url}, 422)
        assert refused.json["errors"][0]["pointer"] == "/url", url
        assert (await client.get("/api/v1/uploads")).json["items"] == [], url


async def test_addresses_of_the_house_are_refused(settings: Settings, key: str) -> None:
    async with other(Library()) as there, running(quick(settings, works=True)) as nobody:
        found = await fetched(nobody.known_by(key), there.url(), "refused", "quarantined")
        assert there.asked == []
    assert found["state"] == "refused"
    assert on_disk(settings) == {}


async def test_a_fetch_that_is_asked_for_twice_with_one_key_is_one(client: Client) -> None:
    body = {"url": "https://films.example/a.mp4"}
    headers = {"Idempotency-Key": "once"}
    one = await client.post("/api/v1/uploads:fetch", body, 202, headers=headers)
    two = await client.post("/api/v1/uploads:fetch", body, 202, headers=headers)
    assert one.json["id"] == two.json["id"]
    assert len((await client.get("/api/v1/uploads")).json["items"]) == 1


ANSWERS = [
    (200, {"ETag": TAG}, 9, 0, Start(0, 9, TAG)),
    (200, {"ETag": TAG}, 9, 5, Start(0, 9, TAG)),
    (200, {"ETag": 'W/"weak"', "Last-Modified": "yesterday"}, None, 0, Start(0, None, "yesterday")),
    (206, {"ETag": TAG, "Content-Range": "bytes 5-8/9"}, 4, 5, Start(5, 9, TAG)),
    (206, {"ETag": TAG, "Content-Range": "bytes 4-8/9"}, 4, 5, None),
    (206, {"ETag": TAG, "Content-Range": "bytes 5-8/*"}, 4, 5, None),
    (206, {"ETag": TAG}, 4, 5, None),
    (206, {"Content-Range": "bytes 0-8/9"}, 9, 0, None),
    (416, {}, None, 5, None),
    (404, {}, None, 0, None),
]


@pytest.mark.parametrize(("status", "headers", "length", "asked", "found"), ANSWERS)
def test_where_an_answer_begins(
    status: int, headers: dict[str, str], length: int | None, asked: int, found: Start | None
) -> None:
    assert start(status, headers, length, asked) == found


@given(st.integers(100, 599), st.text(max_size=40), st.integers(0, 1 << 60))
def test_an_answer_never_begins_where_nobody_asked(status: int, said: str, asked: int) -> None:
    found = start(status, {"Content-Range": said}, 5, asked)
    assert found is None or found.offset in (0, asked)
