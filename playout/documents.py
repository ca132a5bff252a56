"""The documents in the store: JSON to values and back.

Law: encoding is deterministic (fields in the order of their declaration), so the digest of a document
names its content. What we wrote ourselves is read leniently: an unknown field is a newer writer's.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TypeVar

import msgspec

from playout.refusals import Unanswered

Document = TypeVar("Document")


class Corrupt(Unanswered):
    """A stored document cannot be read: it says where it lies and what is wrong."""


def encode(document: object) -> bytes:
    """`document`, a dataclass, as compact JSON."""
    return msgspec.json.encode(document)


def encode_readable(document: object) -> bytes:
    """`document` as indented JSON, for files that people open."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def decode(data: bytes, kind: type[Document], where: str) -> Document:
    """The document of type `kind` that `data` holds; raises `Corrupt`, naming `where` it was read."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, ValueError) as error:
        message = f"{where}: {error}"
        raise Corrupt(message) from error


def digest(data: bytes) -> str:
    """The name of content: 32 hex digits of its SHA-256."""
    return sha256(data).hexdigest()[:32]
