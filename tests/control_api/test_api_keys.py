"""API keys over HTTP: made, shown once, edited by whoever read the present version, revoked at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
