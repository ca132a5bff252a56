"""Tags: nothing is sent again that is held already, and nobody's edit is overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_api.tags import NoTags, is_known, is_meant, listed, tag

if TYPE_CHECKING:
    from clients import Client

KEYS = "/api/v1/api-keys"


async def made(client: Client, name: str = "one") -> str:
    found = await client.post(KEYS, {"name": name, "scopes": ["events:read"]})
    return f"{KEYS}/{found.json['id']}"


async def test_what_is_held_is_not_sent_again(client: Client) -> None:
    for path in (KEYS, "/api/v1/events", "/openapi.json", "/healthz", "/docs/start.js"):
        first = await client.get(path)
        again = await client.get(path, 304, headers={"If-None-Match": f'"other", W/{first.etag}'})
        assert (again.body, again.etag) == (b"", first.etag), path
        await client.get(path, 304, headers={"If-None-Match": "*"})
        await client.get(path, 200, headers={"If-None-Match": '"other"'})
        await client.get(path, 200, headers={"If-None-Match": "not a tag"})


async def test_an_edit_needs_the_tag_that_was_read(client: Client) -> None:
    path = await made(client)
    await client.ask("PATCH", path, 428, body={"name": "two"})
    tag_read = (await client.get(path)).etag
    edited = await client.ask("PATCH", path, body={"name": "two"}, headers={"If-Match": tag_read})
    refused = await client.ask("PATCH", path, 412, body={"name": "three"}, headers={"If-Match": tag_read})
    assert refused.json["type"] == "/problems/changed"
    assert (await client.get(path)).json["name"] == "two"
    await client.ask("PATCH", path, body={"name": "three"}, headers={"If-Match": f'"x", {edited.etag}'})
    await client.ask("PATCH", path, body={"name": "four"}, headers={"If-Match": "*"})


async def test_a_tag_that_is_none_cannot_be_read(client: Client) -> None:
    found = await client.ask("PATCH", await made(client), 400, body={"name": "b"}, headers={"If-Match": "7"})
    assert found.json["errors"][0]["pointer"] == "/If-Match"


async def test_that_a_key_was_used_meanwhile_makes_no_edit_fail(client: Client) -> None:
    created = await client.post(KEYS, {"name": "busy", "scopes": ["events:read"]})
    path = f"{KEYS}/{created.json['id']}"
    before = await client.get(path)
    await client.known_by(created.json["key"]).get("/api/v1/events")
    after = await client.get(path, 200, headers={"If-None-Match": before.etag})
    assert after.json["used_at"] is not None
    await client.ask("PATCH", path, body={"name": "calm"}, headers={"If-Match": before.etag})


async def test_an_edit_that_changes_nothing_is_no_change(client: Client) -> None:
    path = await made(client)
    first = await client.get(path)
    again = await client.ask("PATCH", path, body={"name": "one"}, headers={"If-Match": first.etag})
    assert again.etag == first.etag
    subject = path.rpartition("/")[2]
    assert len((await client.get(f"/api/v1/audit?subject={subject}")).json["items"]) == 1


async def test_where_a_tag_is_not_needed_one_that_is_sent_still_counts(client: Client) -> None:
    path = await made(client)
    old = (await client.get(path)).etag
    await client.ask("PATCH", path, body={"name": "two"}, headers={"If-Match": old})
    await client.ask("DELETE", path, 412, headers={"If-Match": old})
    await client.ask("DELETE", path, 200)


@given(st.binary(max_size=50), st.integers(min_value=0, max_value=1 << 40))
def test_a_tag_is_known_again(body: bytes, version: int) -> None:
    made_of = tag(body, version)
    assert is_known(made_of, made_of)
    assert is_known(f'"a,b", W/{made_of} ', made_of)
    assert is_meant(made_of, version)
    assert not is_meant(made_of, version + 1)
    assert not is_known(tag(body + b"x", version), made_of)


@pytest.mark.parametrize("header", ["x", '"x', '"a" "b"', 'w/"a"', '"a";"b"'])
def test_what_is_no_list_of_tags_is_told(header: str) -> None:
    with pytest.raises(NoTags):
        listed(header)
