"""API keys over HTTP: made, shown once, edited by whoever read the present version, revoked at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from clients import running
from persons import Times

from control_api import makers
from control_api.instants import written
from control_api.key_creation import create_key
from control_api.scopes import Scope

if TYPE_CHECKING:
    from clients import Client, Reply

    from control_api.settings import Settings

KEYS = "/api/v1/api-keys"
NOW = datetime(2026, 3, 1, 20, 15, tzinfo=UTC)


async def test_a_key_is_made_and_works_and_is_shown_once(client: Client) -> None:
    made = await client.post(KEYS, {"name": "import", "scopes": ["events:read"]})
    assert made.json["key"].startswith("fl_")
    assert made.headers["Location"] == f"{KEYS}/{made.json['id']}"
    read = await client.get(made.headers["Location"])
    assert "key" not in read.json
    assert read.json["hint"] == made.json["key"][:8]
    theirs = client.known_by(made.json["key"])
    await theirs.get("/api/v1/events")
    assert (await theirs.get(KEYS, 403)).json["scope"] == "keys:read"


async def test_a_key_is_good_as_long_as_the_keys_that_made_it(client: Client) -> None:
    made: list[Any] = []
    one = client
    for number in range(makers.MOST):
        made.append((await one.post(KEYS, {"name": f"{number}", "scopes": ["keys:write", "events:read"]})).json)
        one = client.known_by(made[-1]["key"])
        await one.get("/api/v1/events")
    refused = await one.post(KEYS, {"name": "more", "scopes": ["events:read"]}, 403)
    assert "have a person make it" in refused.json["detail"]
    assert made[1]["made_by"] == made[0]["id"]
    await client.ask("DELETE", f"{KEYS}/{made[0]['id']}")
    assert "made it" in (await one.get("/api/v1/events", 401)).json["detail"]


async def made_by(client: Client, scopes: list[str], **more: Any) -> tuple[Client, str]:
    """A client with a new key, and the key's address."""
    made = await client.post(KEYS, {"name": "one", "scopes": scopes, **more})
    return client.known_by(made.json["key"]), made.headers["Location"]


async def edit(client: Client, path: str, body: Any, status: int, etag: str) -> Reply:
    return await client.ask("PATCH", path, status, body=body, headers={"If-Match": etag})


async def test_no_key_rules_one_that_may_do_more(client: Client) -> None:
    _, path = await made_by(client, ["events:read", "keys:write"])
    narrow, own = await made_by(client, ["keys:read", "keys:write"])
    tag = (await narrow.get(path)).etag
    assert "more than you" in (await edit(narrow, path, {"name": "x"}, 403, tag)).json["detail"]
    await narrow.ask("DELETE", path, 403)
    edits = [{"id": path.rpartition("/")[2], "revoke": True}]
    await narrow.post("/api/v1/api-keys:batch", {"edits": edits}, 422)
    assert (await client.get(path)).json["revoked_at"] is None
    await narrow.ask("DELETE", own)


async def test_no_key_outlives_itself_by_its_own_doing(settings: Settings) -> None:
    times = Times(NOW)
    async with running(settings, clock=times) as server:
        house = server.known_by(await create_key(settings, "house", list(Scope), None, times))
        end, later = written(NOW + timedelta(hours=1)), written(NOW + timedelta(hours=2))
        one, path = await made_by(house, ["keys:read", "keys:write"], expires_at=end)
        tag = (await one.get(path)).etag
        for until in (later, None):
            refused = await edit(one, path, {"expires_at": until}, 422, tag)
            assert refused.json["errors"][0]["pointer"] == "/expires_at"
        await one.post(KEYS, {"name": "x", "scopes": ["keys:write"], "expires_at": later}, 422)
        other, its_path = await made_by(one, ["keys:read", "keys:write"])
        assert (await other.get(its_path)).json["expires_at"] == end
        await edit(other, path, {"expires_at": later}, 422, tag)  # nor by what it has made
        await edit(house, path, {"expires_at": later}, 200, tag)
        await edit(house, path, {"expires_at": end}, 200, (await house.get(path)).etag)
        times.now += timedelta(hours=1)
        over = await edit(house, path, {"expires_at": later}, 409, (await house.get(path)).etag)
        assert "expired" in over.json["detail"]
