"""What a JSON Web Token says of itself before anybody has looked at its signature: only to know whom to ask."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final

LONGEST: Final = 16_384
"""Characters of a token that is looked at."""


def header(token: str) -> dict[str, Any]:
    """What stands in its header; nothing when it is no token."""
    return _part(token, 0)


def claims(token: str) -> dict[str, Any]:
    """What it claims; nothing when it is no token."""
    return _part(token, 1)


def _part(token: str, number: int) -> dict[str, Any]:
    parts = token.split(".") if len(token) <= LONGEST else []
    if len(parts) != 3:  # noqa: PLR2004 — header, claims and signature (RFC 7515, section 3.1)
        return {}
    try:
        text = parts[number]
        found = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
