"""The collection for Postman: every operation, sent as it stands there, is understood (BX15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from control_api.app import OPERATIONS
from control_api.postman import FORMAT, example

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clients import Client


def requests(collection: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for folder in collection["item"]:
        for item in folder["item"]:
            yield item["request"]


def where(url: dict[str, Any]) -> str:
    """The path of a request, with a value for each of its variables."""
    path = "/" + "/".join(url["path"])
    for one in url["variable"]:
        path = path.replace(f":{one['key']}", quote(one["value"] or "x", safe=""))
    return path


async def test_every_operation_is_in_the_collection_and_is_understood_as_it_stands_there(client: Client) -> None:
    """Those that take files, and those that end the session of who asks, are in it and are not sent here."""
    found = (await client.get("/postman.json")).json
    assert found["info"]["schema"] == FORMAT
    assert found["variable"][0] == {"key": "base", "value": "http://127.0.0.1:8081"}
    listed = set()
    for request in requests(found):
        listed.add((request["method"], "/" + "/".join(request["url"]["path"])))
        body = request.get("body", {"mode": "raw"})
        if body["mode"] != "raw" or request["method"] == "DELETE":
            continue
        headers = {one["key"]: one["value"] for one in request["header"] if not one.get("disabled")}
        data = body["raw"].encode() if "raw" in body else None
        reply = await client.ask(request["method"], where(request["url"]), None, data=data, headers=headers)
        assert reply.status < 500, (request["url"]["raw"], reply.body)
    declared = {
        (one.declared.method, one.template.replace("{", ":").replace("}", "")) for one in client.app[OPERATIONS]
    }
    assert listed == declared


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "examples": ["one", "two"]}, "one"),
        ({"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 3}]}, 3),
        ({"type": "array", "items": {"const": "x"}, "minItems": 2}, ["x", "x"]),
        ({"$ref": "#/components/schemas/Pair"}, {"left": "2026-03-01T20:15:00Z"}),
        ({"$ref": "#/components/schemas/Self"}, {"self": {"self": {"self": {"self": {"self": {"self": {}}}}}}}),
        ({"type": "boolean", "default": True}, True),
    ],
)
def test_an_example_has_what_is_required(schema: dict[str, Any], value: object) -> None:
    instant = {"type": "string", "format": "date-time"}
    pair = {"type": "object", "properties": {"left": instant, "right": {}}, "required": ["left"]}
    loop = {"properties": {"self": {"$ref": "#/components/schemas/Self"}}, "required": ["self"]}
    assert example({"components": {"schemas": {"Pair": pair, "Self": loop}}}, schema) == value
