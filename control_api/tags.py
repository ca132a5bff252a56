"""Entity tags: `"<version>.<digest>"`, where the version counts edits and the digest is that of what is shown.

Law: If-None-Match compares the whole. If-Match compares versions, so what is merely shown beside a thing and
changes by itself makes no edit fail.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Final

_TAG: Final = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')
_DIGEST_BYTES: Final = 12


class NoTags(ValueError):
    """A header is no list of tags."""


def tag(body: bytes, version: int = 0) -> str:
    """The tag of what is shown; `version` is that of a thing whose edits are counted."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()[:_DIGEST_BYTES]).decode()
    return f'"{version}.{digest}"'


def listed(header: str) -> list[str] | None:
    """The tags in a header, without quotes and marks of weakness; None for `*`. Raises `NoTags`."""
    if header.strip() == "*":
        return None
    found, at = [], 0
    while at < len(header):
        match = _TAG.match(header, at)
        if match is None:
            message = f"{header[at : at + 40]!r} is no entity tag"
            raise NoTags(message)
        found.append(match[2])
        at = match.end()
    return found


def is_known(header: str, current: str) -> bool:
    """Whether a client that sends this If-None-Match holds what is shown now; one that makes no sense holds nothing."""
    try:
        tags = listed(header)
    except NoTags:
        return False
    return tags is None or current.strip('"') in tags


def is_meant(header: str, version: int) -> bool:
    """Whether If-Match names this version. Raises `NoTags`."""
    tags = listed(header)
    return tags is None or any(found.partition(".")[0] == str(version) for found in tags)
