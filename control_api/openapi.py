"""The OpenAPI 3.1 document, written from the same declarations that the API runs by."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from control_api import idempotency
from control_api.channels import language
from control_api.models import Nothing
from control_api.operation import Media, Operation, Precondition
from control_api.problems import MEDIA_TYPE, UNAUTHENTICATED, ProblemShown
from control_api.reading import FORM, needs_body
from control_api.scopes import MEANINGS, OPEN, Signed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydantic import BaseModel

    from control_api.problems import Kind
    from control_api.scopes import Required

Document = dict[str, Any]
ALIASES: Final = "Aliases"
"""The heading under which the addresses of former systems are."""
_Key = TypeVar("_Key")

_BEARER: Final = "bearer"
_PERSONAL: Final = {
    Signed.IN: "Needs a person who is signed in.",
    Signed.OWNER: "Needs a person who is signed in, and watches as no kids profile.",
}
_COOKIE: Final = "session"
_MODELS: Final = "#/components/schemas/"
_REFERENCE: Final = _MODELS + "{model}"
_HEADERS: Final = {
    "X-Request-Id": "The id under which the journal knows the request.",
    "ETag": "The tag of what is shown; send it in If-None-Match to be told 304, and in If-Match to change it.",
    "Link": "The next page, or what replaces a deprecated operation (RFC 8288).",
    "Location": "The address of what was made, or where it plays.",
    "RateLimit": "What is left of the quota, and in how many seconds there is more.",
    "RateLimit-Policy": "How much may be asked in how many seconds.",
    "Retry-After": "After how many seconds to ask again.",
    "WWW-Authenticate": "How to say who asks.",
    "Idempotency-Replayed": "`true` when this is the answer that was given the first time.",
    "Deprecation": "Since when this should not be used any more (RFC 9745).",
    "Sunset": "When this is gone (RFC 8594).",
    "Accept-Ranges": "That a range of the bytes may be asked for.",
    "Content-Range": "Which bytes these are, and of how many.",
    "Tus-Resumable": "The version of tus that is spoken: 1.0.0.",
    "Tus-Version": "The versions of tus that are spoken.",
    "Tus-Extension": "The extensions of tus that are spoken.",
    "Tus-Max-Size": "How large a file may be, in bytes.",
    "Tus-Checksum-Algorithm": "The checksums that are known.",
    "Upload-Offset": "How many bytes are there: where the next piece begins.",
    "Upload-Length": "How many bytes there will be.",
    "Upload-Metadata": "What the client said of the file.",
    "Upload-Expires": "Until when the upload can be gone on with.",
}
_HAS: Final = "present"
_PLAIN: Final = frozenset(("resources", "shown", "models"))
"""Modules whose names say nothing."""


def document(operations: Sequence[Operation], public_url: str = "") -> Document:
    """The whole document."""
    schemas, references = _schemas(operations)
    paths: Document = {}
    for operation in operations:
        written = _Writer(schemas, references, operation).operation()
        paths.setdefault(operation.template, {})[operation.declared.method.lower()] = written
    whole = {
        "openapi": "3.1.0",
        "info": {
            "title": "Fastline control API",
            "version": version("fastline"),
            "description": "Manages the library, the channels and the people. Channels play on without it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public_url or "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.declared.tag for operation in operations)],
        "paths": paths,
        "components": {
            "schemas": {**schemas, **language.components()},
            "headers": {name: {"description": words, "schema": {"type": "string"}} for name, words in _HEADERS.items()},
            "securitySchemes": {
                _BEARER: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key, made by `fastline api-key create`; an access token, from "
                    "`POST /api/v1/auth/login`; or the ID token of an issuer that is known here. Scopes:\n\n"
                    + "\n".join(f"- `{scope}`: {words}" for scope, words in MEANINGS.items()),
                },
                _COOKIE: {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "fastline_session",
                    "description": "A page that is signed in, by `POST /api/v1/session`; `__Host-fastline_session` "
                    "with https. What changes something needs `X-CSRF-Token` too.",
                },
            },
        },
    }
    return language.placed(whole, _REFERENCE.format(model=""))


@lru_cache(maxsize=4)
def narrowed(written: bytes) -> bytes:
    """The document without the addresses of former systems, for programs that write clients of it."""
    whole: Document = json.loads(written)
    kept = {
        path: {method: one for method, one in methods.items() if ALIASES not in one["tags"]}
        for path, methods in whole["paths"].items()
    }
    whole["paths"] = {path: methods for path, methods in kept.items() if methods}
    whole["tags"] = [tag for tag in whole["tags"] if tag["name"] != ALIASES]
    schemas, needed = whole["components"]["schemas"], set[str]()
    named = _named_in(whole["paths"])
    while named - needed:
        needed |= named
        named = set().union(*(_named_in(schemas[name]) for name in needed))
    whole["components"]["schemas"] = {name: one for name, one in schemas.items() if name in needed}
    return json.dumps(whole, ensure_ascii=False).encode()


def _named_in(value: object) -> set[str]:
    """The models that are named somewhere in it."""
    if isinstance(value, dict):
        own = {value["$ref"].removeprefix(_MODELS)} if str(value.get("$ref", "")).startswith(_MODELS) else set()
        return own.union(*(_named_in(inner) for inner in value.values()))
    return set().union(*(_named_in(inner) for inner in value)) if isinstance(value, list) else set()


def _schemas(
    operations: Iterable[Operation],
) -> tuple[Document, dict[tuple[type[BaseModel], JsonSchemaMode], Document]]:
    """All models once, and where each of them is found."""
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(ProblemShown, "serialization"): None}
    for operation in operations:
        given = (operation.path_model, operation.query_model, operation.body_model, operation.declared.headers_model)
        wanted |= dict.fromkeys((model, "validation") for model in given if model is not Nothing)
        wanted |= {
            (model, "serialization"): None for model in map(_model, operation.declared.answers.values()) if model
        }
    references, whole = models_json_schema(list(wanted), ref_template=_REFERENCE)
    schemas, moved = _named(whole.get("$defs", {}), references)
    for given_model, mode in [pair for pair in wanted if pair[1] == "validation"]:
        name = moved[given_model, mode]["$ref"].rpartition("/")[2]
        if "$ref" not in schemas[name]:  # what is said elsewhere is closed there
            schemas[name].setdefault("additionalProperties", False)
    return schemas, {(model, mode): moved[model, mode] for model, mode in wanted}


def _named(schemas: Document, references: Mapping[_Key, Document]) -> tuple[Document, dict[_Key, Document]]:
    """The same, where two models have one name each under another: programs that write clients take it for a class.

    Pydantic tells them apart by where they stand in our code, which is nobody's affair, and changes.
    """
    names = {name: _public(name) for name in schemas if not name.isalnum()}
    if len({*names.values()} | (schemas.keys() - names.keys())) < len(schemas):
        message = f"two models of the document are called the same: {sorted(names.values())}"
        raise ValueError(message)
    moved = {_REFERENCE.format(model=name): _REFERENCE.format(model=new) for name, new in names.items()}
    found = {names.get(name, name): _moved(schema, moved) for name, schema in schemas.items()}
    for new in names.values():
        found[new]["title"] = new
    return found, {key: _moved(reference, moved) for key, reference in references.items()}


def _public(name: str) -> str:
    """A name for a model that Pydantic has named by its module, or by whether it is given or shown."""
    *modules, last = name.replace("-", "").split("__")
    words = [word for module in modules[1:] if module not in _PLAIN for word in module.split("_")]
    return "".join(word.capitalize() for word in words) + last.replace("_", "")


def _moved(value: Any, moved: dict[str, str]) -> Any:  # noqa: ANN401 — whatever JSON has
    if isinstance(value, dict):
        return {key: _moved(inner, moved) for key, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner, moved) for inner in value]
    return moved.get(value, value) if isinstance(value, str) else value


def _model(declared: type[BaseModel] | Media | None) -> type[BaseModel] | None:
    return declared.model if isinstance(declared, Media) else declared


class _Writer:
    """Writes one operation."""

    def __init__(
        self,
        schemas: Document,
        references: dict[tuple[type[BaseModel], JsonSchemaMode], Document],
        operation: Operation,
    ) -> None:
        self._schemas = schemas
        self._references = references
        self._operation = operation
        self._said = operation.declared

    def operation(self) -> Document:
        """The object of the operation."""
        said = self._said
        scope, security = _needed(said.scope)
        written: Document = {
            "operationId": said.name,
            "summary": said.summary,
            "description": "\n\n".join(filter(None, (said.description, scope))),
            "tags": [said.tag],
            "security": security,
            "responses": self._responses(),
        }
        parameters = [
            *self._parameters("path", self._operation.path_model),
            *self._parameters("query", self._operation.query_model),
            *self._parameters("header", self._said.headers_model),
            *self._headers(),
        ]
        if parameters:
            written["parameters"] = parameters
        if self._operation.has_body:
            written["requestBody"] = self._body()
        if said.deprecated is not None:
            written["deprecated"] = True
        return written

    def _body(self) -> Document:
        raw = self._said.raw
        if raw is None:
            schema = self._references[self._operation.body_model, "validation"]
            types = ["application/json", *([FORM] if self._said.form else [])]
            return {
                "required": needs_body(self._operation),
                "content": {media_type: {"schema": schema} for media_type in types},
            }
        whole: Document = {"type": "string", "format": "binary"}
        if raw.form is not None:
            whole = raw.form.model_json_schema(ref_template=_REFERENCE)
            fields = whole["properties"].items()
            whole["properties"] = {name: _told(found) | _unnulled(found) for name, found in fields}
        return {"required": raw.required, "content": {media_type: {"schema": whole} for media_type in raw.types}}

    def _parameters(self, place: str, model: type[BaseModel]) -> list[Document]:
        if model is Nothing:
            return []
        name = self._references[model, "validation"]["$ref"].rpartition("/")[2]
        schema = self._schemas[name]
        required = set(schema.get("required", ()))
        return [
            {
                "name": name.replace("_", "-").title() if place == "header" else name,
                "in": place,
                "required": place == "path" or name in required,
                "description": found.get("description", ""),
                "schema": _unnulled(found),
            }
            for name, found in schema.get("properties", {}).items()
        ]

    def _headers(self) -> list[Document]:
        found = []
        if self._said.idempotent:
            words = "A name for this request, e.g. a random UUID: repeated with it, it happens once."
            schema = {"type": "string", "pattern": idempotency.PATTERN}
            found.append({"name": idempotency.HEADER, "in": "header", "description": words, "schema": schema})
        if self._said.precondition is not Precondition.NONE:
            # a header without a tag is answered with 400, and that one is required with 428: a document can say neither
            words = "The ETag of what was read; refused when it has changed since."
            found.append({"name": "If-Match", "in": "header", "description": words, "schema": {"type": "string"}})
        if self._said.method == "GET":
            words = "The ETag of what is held; answered with 304 when it is still that."
            found.append({"name": "If-None-Match", "in": "header", "description": words, "schema": {"type": "string"}})
        return found

    def _responses(self) -> Document:
        found: Document = {}
        for status, declared in self._said.answers.items():
            found[str(status)] = self._good(status, declared)
        if self._said.method == "GET":
            found["304"] = {
                "description": "What the client holds is still that.",
                "headers": self._always(["ETag", "Link"]),
            }
        for status, kinds in self._operation.refusals().items():
            found[str(status)] = self._problem(kinds)
        return found

    def _good(self, status: int, declared: type[BaseModel] | Media | None) -> Document:
        names = ["ETag"] if declared is not None else []
        names += ["Link"] if "cursor" in self._operation.query_model.model_fields else []
        names += ["Location"] if status in (201, 202, 302) else []
        names += ["Idempotency-Replayed"] if self._said.idempotent else []
        names += ["Deprecation", "Sunset", "Link"] if self._said.deprecated is not None else []
        found: Document = {"description": self._said.summary, "headers": self._always(names)}
        content: Document = {}
        model = _model(declared)
        if model is not None:
            content["application/json"] = {"schema": self._references[model, "serialization"]}
        if isinstance(declared, Media):
            content |= {media_type: {"schema": _shape(media_type)} for media_type in declared.types}
        if content:
            found["content"] = content
        return found

    def _problem(self, kinds: list[Kind]) -> Document:
        status = kinds[0].status
        names = ["Retry-After"] if status in (409, 423, 429, 503) else []
        names += ["WWW-Authenticate"] if status in (UNAUTHENTICATED.status, 403) else []
        names += ["Deprecation", "Sunset", "Link"] if self._said.deprecated is not None else []
        said = {"type": {"enum": [kind.uri for kind in kinds]}, "status": {"const": status}}
        # beside the reference, and not with it in `allOf`: programs that write clients would make a class of each
        schema = {**self._references[ProblemShown, "serialization"], "properties": said}
        return {
            "description": "; or: ".join(kind.title for kind in kinds),
            "headers": self._always(names),
            "content": {MEDIA_TYPE: {"schema": schema}},
        }

    def _always(self, names: Iterable[str]) -> Document:
        limits = ("RateLimit", "RateLimit-Policy") if self._said.is_limited else ()
        return _headers("X-Request-Id", *limits, *names, *self._said.answer_headers)


def _shape(media_type: str) -> Document:
    """What an answer without a model is, as far as its type tells."""
    if media_type.endswith("yaml"):
        return {}  # anything
    return {"type": "object" if media_type.endswith("json") else "string"}


def _needed(scope: Required) -> tuple[str, list[Document]]:
    """Which authority an operation needs, for people and for programs."""
    if scope is OPEN:
        return "Everyone may ask this.", []
    words = _PERSONAL[scope] if isinstance(scope, Signed) else f"Needs the scope `{scope}`."
    rights = [] if isinstance(scope, Signed) else [str(scope)]
    return words, [{_BEARER: rights}, {_COOKIE: rights}]


def _headers(*names: str) -> Document:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in dict.fromkeys(names)}


def _told(schema: Document) -> Document:
    return {key: schema[key] for key in ("title", "description") if key in schema}


def _unnulled(schema: Document) -> Document:
    """The schema of a parameter or a field: there is no null in a path, a query or a form, only what is absent."""
    found = {key: value for key, value in schema.items() if key not in ("description", "title")}
    ways = [way for way in found.get("anyOf", ()) if way != {"type": "null"}]
    if len(ways) == 1 and len(ways) < len(found["anyOf"]):
        found |= ways[0]
        del found["anyOf"]
    if found.get("default", _HAS) is None:
        del found["default"]
    return found
