"""API keys over HTTP: made, shown once, edited by whoever read the present version, revoked at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from control_api import makers

if TYPE_CHECKING:
    from clients import Client

KEYS = "/api/v1/api-keys"


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
