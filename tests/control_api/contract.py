"""What the API promises, in lines that people compare: the contract, made from the OpenAPI document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Document = dict[str, Any]

_BOUNDS = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
)
_MORE = ("pattern", "format", "const", "default")


def told(document: Document) -> str:
    """Every operation with its rights, parameters, bodies and answers; then every model with its fields."""
    return "\n".join([*_operations(document), *_models(document)]) + "\n"


def _operations(document: Document) -> Iterator[str]:
    for path, methods in sorted(document["paths"].items()):
        for method, said in sorted(methods.items()):
            yield f"{method.upper()} {path}  ({said['operationId']}; {_rights(said)})"
            for parameter in sorted(said.get("parameters", []), key=lambda one: (one["in"], one["name"])):
                yield f"  {parameter['in']} {_field(parameter['name'], parameter['schema'], parameter.get('required'))}"
            for kind, content in sorted(said.get("requestBody", {}).get("content", {}).items()):
                yield f"  takes {kind} {_type(content.get('schema', {}))}"
            for status, answer in sorted(said["responses"].items()):
                if status.startswith("2"):
                    bodies = [
                        f"{kind} {_type(one.get('schema', {}))}" for kind, one in answer.get("content", {}).items()
                    ]
                    yield f"  {status} {', '.join(sorted(bodies)) or 'nothing'}"
            others = sorted(status for status in said["responses"] if not status.startswith("2"))
            yield f"  or {' '.join(others)}"
            yield ""


def _rights(said: Document) -> str:
    rights = sorted({right for way in said.get("security", []) for rights in way.values() for right in rights})
    return " ".join(rights) or ("who is signed in" if said.get("security") else "everybody")


def _models(document: Document) -> Iterator[str]:
    for name, schema in sorted(document["components"]["schemas"].items()):
        if "properties" not in schema:
            yield f"{name} = {_type(schema)}\n"
            continue
        yield name
        required = set(schema.get("required", ()))
        for field, said in sorted(schema["properties"].items()):
            yield f"  {_field(field, said, field in required)}"
        yield ""


def _field(name: str, schema: Document, required: object) -> str:
    return f"{name}{'' if required else '?'}: {_type(schema)}"


def _type(schema: Document) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " | ".join(dict.fromkeys(_type(one) for one in schema[several])) + _limits(schema)
    if "enum" in schema:
        return " | ".join(json.dumps(one) for one in schema["enum"]) + _limits(schema)
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"[{_type(schema.get('items', {}))}]{_limits(schema)}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"{{{_type(schema['additionalProperties'])}}}{_limits(schema)}"
    return f"{kind if isinstance(kind, str) else ' | '.join(kind)}{_limits(schema)}"


def _limits(schema: Document) -> str:
    said = [f"{name} {json.dumps(schema[name], ensure_ascii=False)}" for name in (*_BOUNDS, *_MORE) if name in schema]
    return f" ({', '.join(said)})" if said else ""
