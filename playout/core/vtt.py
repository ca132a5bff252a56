"""The bytes of a subtitle segment: its head, and moving it in time.

Law: every segment of every subtitle track begins with the same `HEAD` bytes but for ten digits, the
media timestamp at which the cues' own time is zero. Restamping writes those ten bytes and reads none
of the rest, so cues keep the times of their asset wherever it airs.

The head is that of RFC 8216 section 3.5 and H-67. A head alone is a whole segment: one without cues.
"""

from __future__ import annotations

from typing import Final

from playout.core.cmaf import NotASegment
from playout.core.ticks import MEDIA_ORIGIN

_BEFORE: Final = b"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:"
_AFTER: Final = b",LOCAL:00:00:00.000\n\n"
_DIGITS: Final = 10
_WRAP: Final = 1 << 33
"""MPEG timestamps have 33 bits (ISO/IEC 13818-1, 2.4.3.6), which ten digits always hold."""

MPEGTS_AT: Final = len(_BEFORE)
"""Offset of the ten digits of the media timestamp in every subtitle segment."""
HEAD: Final = MPEGTS_AT + _DIGITS + len(_AFTER)
"""The bytes before the first cue: all that restamping needs to see."""


def vtt_head(mpegts: int = MEDIA_ORIGIN) -> bytes:
    """The head of a segment whose cue time 0 is at media timestamp `mpegts`, in 1/90000 s.

    In a track file that is `MEDIA_ORIGIN`: the cues count from tick 0 of the asset.
    """
    return _BEFORE + _stamp(mpegts) + _AFTER


def restamp_vtt(segment: bytearray, mpegts: int) -> None:
    """Put cue time 0 of `segment` at media timestamp `mpegts`, in place.

    Raises `NotASegment` when the head is not one that `vtt_head` wrote.
    """
    if not segment.startswith(_BEFORE) or segment[MPEGTS_AT + _DIGITS : HEAD] != _AFTER:
        message = f"expected WEBVTT and X-TIMESTAMP-MAP, found {bytes(segment[:HEAD])!r}"
        raise NotASegment(message)
    segment[MPEGTS_AT : MPEGTS_AT + _DIGITS] = _stamp(mpegts)


def _stamp(mpegts: int) -> bytes:
    return b"%010d" % (mpegts % _WRAP)
