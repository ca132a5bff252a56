"""The bytes of a house: init segments, media segments, and moving a segment in time.

Law: every media segment is one `moof` with a fixed head, then one `mdat`. The sequence number and the
decode time stand at the same two offsets in every segment of every rendition, so restamping writes
twelve bytes and reads none of the rest. One `moof` a segment also lets `mfhd` numbers run without a
gap on air, which VLC asks for.

Boxes are those of ISO/IEC 14496-12; the constraints are RFC 8216 section 3.3 and H-65.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct, pack, pack_into
from typing import TYPE_CHECKING, Final

from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

SEQUENCE_AT: Final = 20
"""Offset of `mfhd.sequence_number` (32 bits) in every media segment."""
DECODE_TIME_AT: Final = 68
"""Offset of `tfdt.baseMediaDecodeTime` (64 bits) in every media segment."""
HEAD: Final = 76
"""The bytes up to the end of `tfdt`: all that restamping needs to see."""

SYNC: Final = 0x02000000
"""Sample flags: depends on no other sample."""
DELTA: Final = 0x01010000
"""Sample flags: depends on others, is no sync sample."""

_TRACK_ID: Final = 1
_MATRIX: Final = pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_SAMPLE: Final = Struct(">III")


class NotASegment(ValueError):
    """The bytes are not a media segment of a house."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One coded picture or AAC frame."""

    data: bytes
    flags: int
    """`SYNC` or `DELTA`."""
    offset: Ticks
    """Presentation time less decode time; never negative."""


def box(kind: str, *parts: bytes) -> bytes:
    """An ISO box with `parts` as its content."""
    body = b"".join(parts)
    return pack(">I4s", 8 + len(body), kind.encode("ascii")) + body


def full_box(kind: str, version: int, flags: int, *parts: bytes) -> bytes:
    """An ISO full box."""
    return box(kind, pack(">I", version << 24 | flags), *parts)


def media_segment(start: Ticks, sequence: int, duration: Ticks, samples: Sequence[Sample]) -> bytes:
    """A media segment.

    `start` is the decode time of the first sample, `duration` that of each sample. Sample flags and
    composition offsets are written for video only, where they vary.
    """
    varied = any(sample.offset or sample.flags != SYNC for sample in samples)
    if varied:
        run_flags = 0x000001 | 0x000200 | 0x000400 | 0x000800
        table = b"".join(_SAMPLE.pack(len(s.data), s.flags, s.offset) for s in samples)
    else:
        run_flags = 0x000001 | 0x000200
        table = pack(f">{len(samples)}I", *(len(s.data) for s in samples))
    mfhd = full_box("mfhd", 0, 0, pack(">I", sequence))
    tfhd = full_box("tfhd", 0, 0x020000 | 0x000008 | 0x000020, pack(">III", _TRACK_ID, duration, SYNC))
    tfdt = full_box("tfdt", 1, 0, pack(">Q", start))
    trun_size = 12 + 8 + len(table)
    moof_size = HEAD + trun_size
    trun = full_box("trun", 0, run_flags, pack(">Ii", len(samples), moof_size + 8), table)
    moof = box("moof", mfhd, box("traf", tfhd, tfdt, trun))
    return moof + box("mdat", *(s.data for s in samples))


def restamp(segment: bytearray, decode_time: int, sequence: int) -> None:
    """Move `segment` in time, in place; only its first `HEAD` bytes are read or written.

    Raises `NotASegment` when the head is not one that `media_segment` wrote.
    """
    if segment[4:8] != b"moof" or segment[12:16] != b"mfhd" or segment[60:64] != b"tfdt":
        message = f"expected moof, mfhd, tfdt at 4, 12, 60; found {bytes(segment[:HEAD]).hex()}"
        raise NotASegment(message)
    pack_into(">I", segment, SEQUENCE_AT, sequence & 0xFFFFFFFF)
    pack_into(">Q", segment, DECODE_TIME_AT, decode_time)


def video_init(width: int, height: int, avcc: bytes) -> bytes:
    """The init segment of an H.264 track; `avcc` is the content of its AVCDecoderConfigurationRecord."""
    colour = box("colr", b"nclx", pack(">HHHB", 1, 1, 1, 0))  # BT.709, limited range
    square = box("pasp", pack(">II", 1, 1))
    entry = box(
        "avc1",
        bytes(6), pack(">H", 1), bytes(16), pack(">HH", width, height),
        pack(">IIIH", 0x00480000, 0x00480000, 0, 1), bytes(32), pack(">Hh", 0x18, -1),
        box("avcC", avcc), colour, square,
    )  # fmt: skip
    header = full_box("vmhd", 0, 1, bytes(8))
    return _init(b"vide", b"VideoHandler\0", header, entry, pack(">II", width << 16, height << 16), volume=0)


def audio_init(bitrate: int, sample_rate: int) -> bytes:
    """The init segment of a stereo AAC-LC track of `bitrate` bit/s."""
    frequencies = (96000, 88200, 64000, 48000, 44100, 32000)
    config = (2 << 11 | frequencies.index(sample_rate) << 7 | 2 << 3).to_bytes(2, "big")  # ISO/IEC 14496-3, 1.6.2.1
    decoder = _descriptor(4, pack(">BBHBII", 0x40, 0x15, 0, 0, bitrate, bitrate), _descriptor(5, config))
    stream = _descriptor(3, pack(">HB", _TRACK_ID, 0), decoder, _descriptor(6, b"\x02"))
    entry = box(
        "mp4a",
        bytes(6), pack(">H", 1), bytes(8), pack(">HHI", 2, 16, 0), pack(">I", sample_rate << 16),
        full_box("esds", 0, 0, stream),
    )  # fmt: skip
    header = full_box("smhd", 0, 0, bytes(4))
    return _init(b"soun", b"SoundHandler\0", header, entry, bytes(8), volume=0x0100)


def _descriptor(tag: int, *parts: bytes) -> bytes:
    """An MPEG-4 descriptor shorter than 128 bytes (ISO/IEC 14496-1, 8.3.3)."""
    body = b"".join(parts)
    return bytes((tag, len(body))) + body


def _init(handler: bytes, name: bytes, media_header: bytes, entry: bytes, size: bytes, *, volume: int) -> bytes:
    """`ftyp` and a `moov` without samples: one track, no edit list, dates zero, nothing that varies."""
    ftyp = box("ftyp", b"iso6", pack(">I", 0), b"iso6", b"cmfc")
    mvhd = full_box("mvhd", 0, 0, pack(">4I", 0, 0, TIMEBASE, 0), pack(">IHH", 0x10000, 0x0100, 0), bytes(8),
                    _MATRIX, bytes(24), pack(">I", _TRACK_ID + 1))  # fmt: skip
    tkhd = full_box("tkhd", 0, 7, pack(">5I", 0, 0, _TRACK_ID, 0, 0), bytes(8), pack(">HHHH", 0, 0, volume, 0),
                    _MATRIX, size)  # fmt: skip
    mdhd = full_box("mdhd", 0, 0, pack(">4IHH", 0, 0, TIMEBASE, 0, 0x55C4, 0))  # 0x55C4: language "und"
    hdlr = full_box("hdlr", 0, 0, bytes(4), handler, bytes(12), name)
    dinf = box("dinf", full_box("dref", 0, 0, pack(">I", 1), full_box("url ", 0, 1)))
    stbl = box(
        "stbl",
        full_box("stsd", 0, 0, pack(">I", 1), entry),
        full_box("stts", 0, 0, bytes(4)),
        full_box("stsc", 0, 0, bytes(4)),
        full_box("stsz", 0, 0, bytes(8)),
        full_box("stco", 0, 0, bytes(4)),
    )
    minf = box("minf", media_header, dinf, stbl)
    trak = box("trak", tkhd, box("mdia", mdhd, hdlr, minf))
    trex = full_box("trex", 0, 0, pack(">5I", _TRACK_ID, 1, 0, 0, 0))
    return ftyp + box("moov", mvhd, trak, box("mvex", trex))
