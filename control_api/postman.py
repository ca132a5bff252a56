"""A Postman collection (format 2.1) of the API, made of its OpenAPI document, so that the two say the same (BX15).

Pure. The address and the token are variables of the collection: `base` and `token`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]

FORMAT: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_DEEP: Final = 6  # models may hold themselves: an example ends there
_BODIES: Final = ("application/json", "application/x-www-form-urlencoded")


def collection(document: Mapping[str, Any]) -> Json:
    """All operations of an OpenAPI document, in a folder for each tag."""
    folders: dict[str, list[Json]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            folders[said["tags"][0]].append(_item(document, path, method, said))
    info = document["info"]
    return {
        "info": {
            "name": info["title"],
            "version": info["version"],
            "description": info["description"],
            "schema": FORMAT,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]},
        "variable": [
            {"key": "base", "value": document["servers"][0]["url"].rstrip("/") or "http://127.0.0.1:8081"},
            {"key": "token", "value": ""},
        ],
        "item": [{"name": name, "item": items} for name, items in folders.items() if items],
    }


def example(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Any:  # noqa: ANN401 — any JSON
    """A value that a schema describes: what it gives as an example, or else only what is required."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for word in ("examples", "enum"):
        if schema.get(word):
            return schema[word][0]
    for word in ("const", "default"):
        if word in schema:
            return schema[word]
    ways = [way for word in ("anyOf", "oneOf", "allOf") for way in schema.get(word, ()) if way != {"type": "null"}]
    if ways and "properties" not in schema:
        return example(document, ways[0], depth)
    return _made(document, schema, depth)


def _made(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> Any:  # noqa: ANN401 — any JSON
    """A value of a schema that gives none."""
    kind = schema.get("type", "object" if "properties" in schema else "string")
    match kind[0] if isinstance(kind, list) else kind:
        case "object":
            wanted = schema.get("required", ()) if depth < _DEEP else ()
            return {name: example(document, schema["properties"][name], depth + 1) for name in wanted}
        case "array":
            few = schema.get("minItems", 0) if depth < _DEEP else 0
            return [example(document, schema.get("items", {}), depth + 1) for _ in range(few)]
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
        case _:
            return "2026-03-01T20:15:00Z" if schema.get("format") == "date-time" else ""


def _item(document: Mapping[str, Any], path: str, method: str, said: Mapping[str, Any]) -> Json:
    parameters = said.get("parameters", ())
    request: Json = {
        "method": method.upper(),
        "description": said["description"],
        "header": [_named(document, one) for one in parameters if one["in"] == "header"],
        "url": _url(document, path, parameters),
    }
    if not said["security"]:
        request["auth"] = {"type": "noauth"}
    body = _body(document, said.get("requestBody", {}).get("content", {}))
    if body is not None:
        kind, request["body"] = body
        request["header"].append({"key": "Content-Type", "value": kind})
    return {"name": said["summary"], "request": request}


def _url(document: Mapping[str, Any], path: str, parameters: Any) -> Json:  # noqa: ANN401 — as the document has them
    """The address; a parameter is `:name` there."""
    parts = path.strip("/").replace("{", ":").replace("}", "").split("/")
    query = [_named(document, one) for one in parameters if one["in"] == "query"]
    asked = "&".join(f"{one['key']}={one['value']}" for one in query if not one.get("disabled"))
    return {
        "raw": f"{{{{base}}}}/{'/'.join(parts)}{f'?{asked}' if asked else ''}",
        "host": ["{{base}}"],
        "path": parts,
        "query": query,
        "variable": [_named(document, one) for one in parameters if one["in"] == "path"],
    }


def _named(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> Json:
    """A parameter with a value; those that may be left out are switched off."""
    value = example(document, parameter["schema"])
    found: Json = {
        "key": parameter["name"],
        "value": value if isinstance(value, str) else "" if value is None else str(value),
        "description": parameter.get("description", ""),
    }
    if not parameter.get("required"):
        found["disabled"] = True
    return found


def _body(document: Mapping[str, Any], content: Mapping[str, Any]) -> tuple[str, Json] | None:
    """The media type of a body, and how Postman writes it; None when there is none."""
    if not content:
        return None
    kind = next((one for one in _BODIES if one in content), next(iter(content)))
    if kind == _BODIES[0]:
        text = json.dumps(example(document, content[kind]["schema"]), indent=2, ensure_ascii=False)
        return kind, {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}
    if kind == "multipart/form-data":
        names = content[kind]["schema"].get("properties", {})
        fields = [{"key": name, "type": "file" if name == "file" else "text"} for name in names]
        return kind, {"mode": "formdata", "formdata": fields}
    return kind, {"mode": "file"}
