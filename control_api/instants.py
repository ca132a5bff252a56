"""Instants and spans in the API: RFC 3339 in UTC to the millisecond, and whole milliseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, PlainSerializer, WithJsonSchema

_FORM: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def whole_millis(instant: datetime) -> datetime:
    """The instant in UTC, what is finer than a millisecond left out; refuses one without a zone."""
    if instant.tzinfo is None:
        message = f"{instant.isoformat()} has no zone"
        raise ValueError(message)
    utc = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    finer = utc.microsecond % 1000
    return utc.replace(microsecond=utc.microsecond - finer) if finer else utc


def written(instant: datetime) -> str:
    """As the API writes it, e.g. `2026-03-01T20:15:00.000Z`."""
    return f"{whole_millis(instant).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _sensible(instant: datetime) -> datetime:
    try:
        return whole_millis(instant)
    except OverflowError:
        message = "the instant lies outside the years 1 to 9999 of UTC"
        raise ValueError(message) from None


def _spelt(value: object) -> object:
    """RFC 3339 or an instant already: a bare number would be taken for seconds since 1970."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and _FORM.fullmatch(value):
        return datetime.fromisoformat(value.upper())
    message = "write an instant as RFC 3339 does, with seconds and zone: 2026-03-01T20:15:00Z"
    raise ValueError(message)


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_spelt),
    AfterValidator(_sensible),
    PlainSerializer(written, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-01T20:15:00.000Z"]}),
]
"""An instant in a model: read with any offset, kept in UTC, written with milliseconds."""

Millis = Annotated[int, Field(ge=0, le=(1 << 53) - 1, description="Milliseconds.", json_schema_extra={"unit": "ms"})]
"""A span of time in a model."""
