"""Cursors: where in a list the next page begins, signed, and of no use for any other list."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from control_api.problems import BAD_CURSOR, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from control_api.signing import Signer

LONGEST: Final = 1024
"""Characters of a cursor, at most."""


def sealed(signer: Signer, place: str, values: Sequence[Any]) -> str:
    """The cursor of the row with these values; `place` tells the list and its filters from all others."""
    text = json.dumps([_plain(value) for value in values], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(signer.signed(place, text)).decode().rstrip("=")


def unsealed(signer: Signer, place: str, cursor: str) -> list[Any]:
    """The values; raises `Problem` for anything that was not made by `sealed` for this place."""
    try:
        signed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        signed = b""
    text = signer.opened(place, signed)
    if text is None:
        raise Problem(BAD_CURSOR, "the cursor was not made for this list with these filters")
    return [_value(value) for value in json.loads(text)]


def _plain(value: object) -> object:
    """JSON has no instants: they go as a list of one number, microseconds since 1970."""
    if isinstance(value, datetime):
        since = value - datetime(1970, 1, 1, tzinfo=UTC)
        return [(since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds]
    return value


def _value(plain: Any) -> object:  # noqa: ANN401 — whatever JSON has
    if isinstance(plain, list):
        seconds, micros = divmod(plain[0], 1_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)
    return plain
