"""Reading a request: path, query and body become models, and everything that is wrong is told at once."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Final, TypeVar, Union, get_args, get_origin
from urllib.parse import parse_qsl

from aiohttp import web
from pydantic import BaseModel, ValidationError

from control_api.models import Nothing
from control_api.problems import (
    MALFORMED,
    NOT_FOUND,
    TOO_LARGE,
    UNACCEPTABLE,
    UNSUPPORTED,
    Mistake,
    Problem,
    mistakes,
    pointer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from control_api.operation import Operation, Raw

Headers = TypeVar("Headers", bound=BaseModel)
FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 100
_NUL: Final = "the character U+0000 is not taken: databases cannot keep it"


def path_of(operation: Operation, request: web.Request) -> BaseModel:
    """The parameters in the path; what does not fit names nothing."""
    try:
        return operation.path_model.model_validate(dict(request.match_info))
    except ValidationError:
        raise Problem(NOT_FOUND, f"there is nothing at {request.path[:200]!r}") from None


def query_of(operation: Operation, request: web.Request) -> BaseModel:
    """The query; a name that nobody knows, or a single value that is given twice, is refused."""
    fields = operation.query_model.model_fields
    values: dict[str, Any] = {}
    wrong: list[Mistake] = []
    for name in dict.fromkeys(request.query):
        found = request.query.getall(name)
        if name in fields and _is_many(fields[name].annotation):
            values[name] = found
        else:
            values[name] = found[0]
            if len(found) > 1:
                wrong.append(Mistake(part="query", pointer=pointer([name]), detail="is given more than once"))
        if any("\0" in text for text in (name, *found)):
            wrong.append(Mistake(part="query", pointer=pointer([name]), detail=_NUL))
    try:
        model = operation.query_model.model_validate(values)
    except ValidationError as error:
        wrong += mistakes("query", map(dict, error.errors(include_url=False)), operation.query_model)
        model = None
    if wrong or model is None:
        raise Problem(MALFORMED, "the query is not one that is known here", errors=wrong)
    return model


async def body_of(operation: Operation, request: web.Request) -> BaseModel:
    """The body, which must be JSON, or a form where the operation takes one; none at all is `{}` where that will do.

    One that the handler reads itself is looked at by its type alone.
    """
    if operation.body_model is Nothing:
        _check_type(operation.declared.raw, request)
        return Nothing()
    if not needs_body(operation) and not request.body_exists:
        return operation.body_model()
    is_form = operation.declared.form and request.content_type == FORM
    is_plain = request.headers.get("Content-Encoding", "identity") == "identity"
    if not is_plain or not (is_form or request.content_type == "application/json"):
        raise Problem(UNSUPPORTED, "send the body as `Content-Type: application/json`, without a Content-Encoding")
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise Problem(TOO_LARGE, "the body is larger than is taken here") from error
    if not raw and not needs_body(operation):
        return operation.body_model()
    return _formed(operation, raw) if is_form else _parsed(operation, raw)


def needs_body(operation: Operation) -> bool:
    """Whether a body has to be sent. A POST does without one that may be `{}`.

    A PUT or a PATCH does not: who sends nothing by mistake would replace what is there by nothing.
    """
    raw = operation.declared.raw
    if raw is not None:
        return raw.required
    return operation.declared.method != "POST" or not _may_be_empty(operation.body_model)


@cache
def _may_be_empty(model: type[BaseModel]) -> bool:
    try:
        model.model_validate({})
    except ValidationError:
        return False
    return True


def _parsed(operation: Operation, raw: bytes) -> BaseModel:
    """What the JSON of a body says."""
    try:
        model = operation.body_model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        faults: list[dict[str, Any]] = [dict(fault) for fault in error.errors(include_url=False)]
        if [fault["type"] for fault in faults] == ["json_invalid"]:
            raise Problem(MALFORMED, f"the body is not JSON: {faults[0]['ctx']['error']}") from error
        raise Problem(UNACCEPTABLE, _counted(faults), errors=mistakes("body", faults, operation.body_model)) from error
    if b"\\u0000" in raw:
        wrong = [Mistake(part="body", pointer=pointer(place), detail=_NUL) for place in _nul(json.loads(raw), ())]
        if wrong:
            raise Problem(UNACCEPTABLE, _counted(wrong), errors=wrong)
    return model


def _formed(operation: Operation, raw: bytes) -> BaseModel:
    """What the fields of a form say; one that is given twice is refused."""
    try:
        fields = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise Problem(MALFORMED, "the body is not a form in UTF-8") from error
    wrong = [
        Mistake(part="body", pointer=pointer([name]), detail="is given more than once")
        for name, count in Counter(name for name, _ in fields).items()
        if count > 1
    ]
    wrong += [
        Mistake(part="body", pointer=pointer([name]), detail=_NUL) for name, text in fields if "\0" in name + text
    ]
    try:
        model = operation.body_model.model_validate(dict(fields))
    except ValidationError as error:
        wrong += mistakes("body", map(dict, error.errors(include_url=False)), operation.body_model)
        raise Problem(UNACCEPTABLE, _counted(wrong), errors=wrong) from error
    if wrong:
        raise Problem(UNACCEPTABLE, _counted(wrong), errors=wrong)
    return model


def headers_of(model: type[Headers], request: web.Request) -> Headers:
    """The headers that a model names; others are none of its business."""
    given = {name: request.headers.get(name.replace("_", "-")) for name in model.model_fields}
    try:
        return model.model_validate({name: text for name, text in given.items() if text is not None})
    except ValidationError as error:
        faults = [
            {**fault, "loc": tuple(str(part).replace("_", "-").title() for part in fault["loc"])}
            for fault in error.errors(include_url=False)
        ]
        raise Problem(MALFORMED, "a header is not as it should be", errors=mistakes("header", faults)) from error


def _check_type(raw: Raw | None, request: web.Request) -> None:
    """Refuse a body of another type than its handler reads."""
    if raw is None or not (raw.required or request.body_exists):
        return
    if request.content_type in raw.types and request.headers.get("Content-Encoding", "identity") == "identity":
        return
    named = " or ".join(f"`Content-Type: {name}`" for name in raw.types)
    raise Problem(UNSUPPORTED, f"send the body as {named}, without a Content-Encoding")


def _counted(wrong: list[Any]) -> str:
    return "one value in the body is not acceptable" if len(wrong) == 1 else f"{len(wrong)} values are not acceptable"


def _is_many(annotation: Any) -> bool:  # noqa: ANN401 — whatever stands there
    """Whether a field takes several values."""
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return any(_is_many(part) for part in get_args(annotation) if part is not NoneType)
    return (origin or annotation) in (list, tuple, set, frozenset)


def _nul(value: object, place: tuple[object, ...]) -> Iterator[tuple[object, ...]]:
    """Where in a JSON value the character stands."""
    if isinstance(value, str):
        if "\0" in value:
            yield place
    elif isinstance(value, dict):
        for name, inner in value.items():
            if "\0" in name:
                yield (*place, name)
            yield from _nul(inner, (*place, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _nul(inner, (*place, number))
