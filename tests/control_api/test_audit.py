"""The audit log: who did what, what it was before and what it is since; whatever the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients import running

if TYPE_CHECKING:
    from clients import Client

    from control_api.settings import Settings

KEYS = "/api/v1/api-keys"
AUDIT = "/api/v1/audit"


async def test_an_edit_is_kept_with_before_and_after(client: Client) -> None:
    made = await client.post(KEYS, {"name": "one", "scopes": ["events:read"]})
    subject = made.json["id"]
    edit = await client.ask("PATCH", f"{KEYS}/{subject}", body={"name": "two"}, headers={"If-Match": made.etag})
    revoked = await client.ask("DELETE", f"{KEYS}/{subject}")
    await client.ask("DELETE", f"{KEYS}/{subject}")  # again: nothing changes, and nothing is written
    third, second, first = (await client.get(f"{AUDIT}?subject={subject}")).json["items"]
    assert [entry["action"] for entry in (first, second, third)] == ["created", "updated", "revoked"]
    assert (first["before"], first["after"]["name"]) == (None, "one")
    assert (second["before"]["name"], second["after"]["name"]) == ("one", "two")
    assert second["request_id"] == edit.headers["X-Request-Id"]
    assert third["after"]["revoked_at"] == revoked.json["revoked_at"]
    assert {entry["caller_name"] for entry in (first, second, third)} == {"tests"}
    assert {entry["address"] for entry in (first, second, third)} == {"127.0.0.1"}
    assert made.json["key"] not in str([first, second, third])


async def test_a_key_of_the_command_line_is_in_it(client: Client) -> None:
    (entry,) = (await client.get(f"{AUDIT}?kind=api_key&caller=command")).json["items"]
    assert (entry["operation"], entry["after"]["name"]) == ("api-key create", "tests")


async def test_a_refused_edit_leaves_no_trace(client: Client) -> None:
    made = await client.post(KEYS, {"name": "one", "scopes": ["events:read"]})
    await client.ask("PATCH", f"{KEYS}/{made.json['id']}", 412, body={"name": "x"}, headers={"If-Match": '"9.x"'})
    await client.ask("PATCH", f"{KEYS}/{made.json['id']}", 422, body={"name": None}, headers={"If-Match": "*"})
    past = {"expires_at": "2020-01-01T00:00:00Z"}
    await client.ask("PATCH", f"{KEYS}/{made.json['id']}", 422, body=past, headers={"If-Match": "*"})
    assert len((await client.get(f"{AUDIT}?subject={made.json['id']}")).json["items"]) == 1


async def test_several_edits_happen_together(client: Client) -> None:
    ids = [(await client.post(KEYS, {"name": f"k{n}", "scopes": ["events:read"]})).json["id"] for n in range(3)]
    edits = [
        {"id": ids[0], "name": "first"},
        {"id": ids[1], "revoke": True},
        {"id": ids[2], "name": "third", "revoke": True},
    ]
    found = await client.post(f"{KEYS}:batch", {"edits": edits}, 200)
    assert [item["name"] for item in found.json["items"]] == ["first", "k1", "third"]
    assert [item["revoked_at"] is not None for item in found.json["items"]] == [False, True, True]
    events = (await client.get("/api/v1/events?type=api_key.revoked&type=api_key.updated")).json["items"]
    assert [event["subject"] for event in events] == ids


async def test_when_one_of_several_edits_is_refused_none_happens(client: Client) -> None:
    one = (await client.post(KEYS, {"name": "one", "scopes": ["events:read"]})).json["id"]
    nobody = "ak_0199f0c47b1c7d3a9e52c1d4b7a60f38"
    edits = [{"id": one, "name": "new"}, {"id": nobody}, {"id": one, "revoke": True}, {"id": nobody, "name": "x"}]
    refused = await client.post(f"{KEYS}:batch", {"edits": edits}, 422)
    assert [wrong["pointer"] for wrong in refused.json["errors"]] == ["/edits/1", "/edits/3"]
    assert (await client.get(f"{KEYS}/{one}")).json["name"] == "one"
    assert len((await client.get(f"{AUDIT}?subject={one}")).json["items"]) == 1


async def test_the_address_is_the_clients_behind_a_trusted_proxy_alone(settings: Settings, key: str) -> None:
    made_up = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7, 10.1.1.1"}
    for proxies, address in (((), "127.0.0.1"), (("127.0.0.1/32", "10.0.0.0/8"), "198.51.100.7")):
        async with running(
            type(settings).model_validate({**settings.model_dump(), "trusted_proxies": proxies})
        ) as found:
            client = found.known_by(key)
            made = await client.post(KEYS, {"name": "x", "scopes": ["events:read"]}, headers=made_up)
            (entry,) = (await client.get(f"{AUDIT}?subject={made.json['id']}")).json["items"]
            assert entry["address"] == address
