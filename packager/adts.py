"""Reading AAC frames from an ADTS stream (ISO/IEC 14496-3, 1.A.2). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER: Final = 7
_CHECKED_HEADER: Final = 9


class BadAdts(ValueError):
    """The bytes are not a sequence of whole ADTS frames of AAC-LC stereo at 48 kHz."""


def frames(data: bytes) -> Iterator[bytes]:
    """The raw AAC frames in `data`, each without its header."""
    at = 0
    view = memoryview(data)
    while at < len(data):
        head = view[at : at + _HEADER]
        if len(head) < _HEADER or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:  # noqa: PLR2004 — syncword, layer 0
            message = f"no ADTS header at {at}"
            raise BadAdts(message)
        shape = (head[2] >> 6, head[2] >> 2 & 15, (head[2] & 1) << 2 | head[3] >> 6)
        if shape != (1, 3, 2):
            message = f"the frame at {at} has profile, frequency index and channels {shape}, not (1, 3, 2)"
            raise BadAdts(message)
        if head[6] & 3:
            message = f"the frame at {at} holds more than one block"
            raise BadAdts(message)
        size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        body = _HEADER if head[1] & 1 else _CHECKED_HEADER
        if size < body or at + size > len(data):
            message = f"the frame at {at} claims {size} bytes of {len(data) - at}"
            raise BadAdts(message)
        yield bytes(view[at + body : at + size])
        at += size
