"""Neighbours as bytes: for each its place in the version, and how near it is. Pure.

Law: what is unpacked is what was packed, each nearness to one part in 65 535.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ONE: Final = struct.Struct("<IH")
_WHOLE: Final = 65_535

Near = tuple[int, float]
"""A place, and how near it is, from 0 to 1."""


def packed(neighbours: Iterable[Near]) -> bytes:
    """The bytes of these neighbours, in their order."""
    return b"".join(_ONE.pack(place, round(min(max(near, 0.0), 1.0) * _WHOLE)) for place, near in neighbours)


def unpacked(kept: bytes) -> list[Near]:
    """And back."""
    return list(each(kept))


def each(kept: bytes) -> Iterator[Near]:
    """The same one after the other, of which nothing is kept: somebody who likes much has thousands."""
    return ((place, near / _WHOLE) for place, near in _ONE.iter_unpack(kept))
