"""Room for uploads of which nobody says how long they are: what has come counts, and no more than may be kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from clients import running
from labour import quick, soon
from others import HERE, other
from test_tus import FILM, on_disk
from test_upload_forms import BOUNDARY, FILE, form, post

from control_api.uploads.fetching import FETCH
from control_api.uploads.room import Room, overrun

if TYPE_CHECKING:
    from clients import Client

    from control_api.settings import Settings

FORM = form(FILE)


async def in_chunks(client: Client) -> tuple[int, dict[str, Any]]:
    """The answer to a form that does not say how long it is."""

    async def chunks() -> Any:
        yield FORM

    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Authorization": f"Bearer {client.key}"}
    async with client.session.post(client.root / "api/v1/uploads", data=chunks(), headers=headers) as answer:
        return answer.status, await answer.json()


async def test_what_nobody_announced_counts_towards_the_quota(settings: Settings, key: str) -> None:
    quota = len(FILM) + len(FORM)
    async with running(settings.model_copy(update={"upload_quota_bytes": quota})) as nobody:
        client = nobody.known_by(key)
        assert (await in_chunks(client))[0] == 201
        await post(client, FORM)  # announced, and just as much as may be kept
        assert len(on_disk(settings)) == 2
        status, refused = await in_chunks(client)
        assert (status, refused["type"]) == (507, "/problems/no-room")
        assert "this account would keep more than its" in refused["detail"]
        assert len(on_disk(settings)) == 2
    full = settings.model_copy(update={"upload_free_bytes": 1 << 53})
    async with running(full) as nobody:
        status, refused = await in_chunks(nobody.known_by(key))
        assert (status, refused["detail"]) == (507, "the disk has become too full while the bytes came")
    assert len(on_disk(settings)) == 2


async def test_a_link_that_does_not_say_how_much_comes_brings_no_more_than_may_be_kept(
    settings: Settings, key: str
) -> None:
    async def unannounced(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(FILM)
        return answer

    kinds: list[Any] = [replace(FETCH, attempts=2, pauses=(timedelta(),))]
    small = quick(settings, works=True, outgoing_allow=HERE, upload_quota_bytes=len(FILM) - 1)
    async with other(unannounced) as there, running(small, kinds=kinds) as nobody:
        client = nobody.known_by(key)
        await client.post("/api/v1/uploads:fetch", {"url": there.url()}, 202)

        async def has_failed() -> bool:
            return bool((await client.get("/api/v1/jobs?state=failed")).json["items"])

        await soon(has_failed)
        [job] = (await client.get("/api/v1/jobs?kind=fetch")).json["items"]
        assert "this account would keep more than its" in (await client.get(f"/api/v1/jobs/{job['id']}")).body.decode()
        assert [one["state"] for one in (await client.get("/api/v1/uploads")).json["items"]] == ["receiving"]


@pytest.mark.parametrize(
    ("room", "words"),
    [
        (Room(free=100, promised=90, kept=1000), None),
        (Room(free=100, promised=90, kept=1001), "keep more than its 1000 bytes"),
        (Room(free=99, promised=90, kept=0), "too full"),
    ],
)
def test_both_the_account_and_the_disk_have_an_end(settings: Settings, room: Room, words: str | None) -> None:
    bounded = settings.model_copy(update={"upload_quota_bytes": 1000, "upload_free_bytes": 10})
    found = overrun(room, bounded)
    assert (found is None) if words is None else (found is not None and words in found.detail)
