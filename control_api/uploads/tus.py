"""What stands in the headers of tus 1.0 (https://tus.io/protocols/resumable-upload). Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from control_api.uploads.plain import WHY, is_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,creation-with-upload,expiration,checksum,termination"
OFFSET_TYPE: Final = "application/offset+octet-stream"
"""The type of a piece."""
LONGEST: Final = 4096
"""Letters of Upload-Metadata."""
SUMS: Final[Mapping[str, Callable[[], hashlib._Hash]]] = {
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),  # tus asks for it; it finds accidents, not attackers
    "sha256": hashlib.sha256,
}
"""The checksums that are known."""

_KEY: Final = re.compile(r"[!-+\--~]{1,100}")
_KEYS: Final = 32


class Unreadable(ValueError):
    """A header of tus is not as it should be."""


@dataclass(frozen=True, slots=True)
class Sum:
    """What a piece must come to."""

    algorithm: str
    digest: bytes


def checksum(header: str) -> Sum:
    """What `Upload-Checksum` says: `sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=`. Raises `Unreadable`."""
    algorithm, _, text = header.strip().partition(" ")
    make = SUMS.get(algorithm.lower())
    if make is None:
        message = f"{algorithm[:40]!r} is no checksum that is known here: {', '.join(SUMS)} are"
        raise Unreadable(message)
    digest = _decoded(text.strip())
    if digest is None or len(digest) != make().digest_size:
        message = f"a {algorithm.lower()} is {make().digest_size} bytes in Base64"
        raise Unreadable(message)
    return Sum(algorithm.lower(), digest)


def metadata(header: str) -> dict[str, str]:
    """What `Upload-Metadata` says: `filename d29ybGQ=,is_private`. Raises `Unreadable`."""
    if not header.strip():
        return {}
    found: dict[str, str] = {}
    for pair in header.split(","):
        key, _, text = pair.strip().partition(" ")
        if not _KEY.fullmatch(key) or key in found or len(found) >= _KEYS:
            message = f"at {pair[:40]!r}: up to {_KEYS} keys are taken, each once, of ASCII without spaces and commas"
            raise Unreadable(message)
        value = _decoded(text.strip())
        if value is None:
            message = f"the value of {key} is not Base64"
            raise Unreadable(message)
        try:
            found[key] = value.decode()
        except UnicodeDecodeError:
            message = f"the value of {key} is not UTF-8"
            raise Unreadable(message) from None
        if not is_plain(found[key]):
            message = f"the value of {key} {WHY}"
            raise Unreadable(message)
    return found


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
