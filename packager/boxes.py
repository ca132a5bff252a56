"""Reading ISO boxes: fragments that ffmpeg wrote, and segments that we wrote. Pure.

The boxes are those of ISO/IEC 14496-12 section 8; only what our own files hold is understood.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct, unpack_from
from typing import TYPE_CHECKING, NamedTuple

from playout.core.cmaf import DELTA, SYNC, Sample
from playout.core.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap

    Buffer = bytes | memoryview | mmap

_NOT_SYNC = 0x00010000

_BASE_OFFSET, _DESCRIPTION, _DURATION, _SIZE, _FLAGS = 0x01, 0x02, 0x08, 0x10, 0x20
_RUN_OFFSET, _RUN_FIRST, _RUN_DURATION, _RUN_SIZE, _RUN_FLAGS, _RUN_CTS = 0x001, 0x004, 0x100, 0x200, 0x400, 0x800
_COLUMNS = (_RUN_DURATION, _RUN_SIZE, _RUN_FLAGS, _RUN_CTS)


class BadBoxes(ValueError):
    """The bytes are not the boxes that they should be."""


class Box(NamedTuple):
    """One box; `start` and `body` and `end` are offsets in the buffer."""

    kind: str
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """A `moof` and its `mdat`, of one track."""

    sequence: int
    decode_time: int
    duration: int
    """The duration that all samples share; 0 when they differ or do not say."""
    samples: tuple[Sample, ...]


def walk(data: Buffer, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes side by side in `data[start:end]`. Raises `BadBoxes` when one is cut short."""
    stop = len(data) if end is None else end
    while start < stop:
        if stop - start < 8:  # noqa: PLR2004 — a box header
            message = f"{stop - start} stray bytes at {start}"
            raise BadBoxes(message)
        size, name = unpack_from(">I4s", data, start)
        body = start + 8
        if size == 1 and stop - start >= 16:  # noqa: PLR2004 — a header with a long size
            (size,) = unpack_from(">Q", data, body)
            body += 8
        elif size == 0:
            size = stop - start
        if size < body - start or start + size > stop:
            message = f"box {name!r} at {start} claims {size} bytes of {stop - start}"
            raise BadBoxes(message)
        yield Box(name.decode("latin-1"), start, body, start + size)
        start += size


def find(data: Buffer, path: str, start: int = 0, end: int | None = None) -> Box:
    """The first box at `path`, e.g. `moov/trak/mdia`. Raises `BadBoxes` when there is none."""
    found = None
    for kind in path.split("/"):
        found = next((box for box in walk(data, start, end) if box.kind == kind), None)
        if found is None:
            message = f"there is no {kind} of {path}"
            raise BadBoxes(message)
        start, end = found.body, found.end
    if found is None:
        raise BadBoxes("an empty path")
    return found


def video_config(data: Buffer) -> bytes:
    """The content of `avcC` in a file's `moov`."""
    stsd = find(data, "moov/trak/mdia/minf/stbl/stsd")
    entry = next(walk(data, stsd.body + 8, stsd.end), None)
    if entry is None or entry.kind != "avc1":
        raise BadBoxes("the track is not avc1")
    found = find(data, "avcC", entry.body + 78, entry.end)
    return bytes(data[found.body : found.end])


def fragments(data: Buffer, start: int = 0) -> Iterator[Fragment]:
    """The fragments in `data` from offset `start`; other boxes at the top are passed over."""
    moof: Box | None = None
    for box in walk(data, start):
        if box.kind == "moof":
            moof = box
        elif box.kind == "mdat" and moof is not None:
            yield _fragment(data, moof)
            moof = None
    if moof is not None:
        raise BadBoxes("the last fragment has no mdat")


def _fragment(data: Buffer, moof: Box) -> Fragment:
    mfhd = find(data, "mfhd", moof.body, moof.end)
    (sequence,) = unpack_from(">I", data, mfhd.body + 4)
    traf = find(data, "traf", moof.body, moof.end)
    tfdt = find(data, "tfdt", traf.body, traf.end)
    wide = data[tfdt.body] == 1
    (decode_time,) = unpack_from(">Q" if wide else ">I", data, tfdt.body + 4)
    duration, size, flags = _defaults(data, find(data, "tfhd", traf.body, traf.end))
    samples: list[Sample] = []
    durations: set[int] = set()
    for box in walk(data, traf.body, traf.end):
        if box.kind == "trun":
            durations |= _run(data, moof, box, (duration, size, flags), samples)
    return Fragment(sequence, decode_time, durations.pop() if len(durations) == 1 else 0, tuple(samples))


def _defaults(data: Buffer, tfhd: Box) -> tuple[int, int, int]:
    """The default duration, size and flags of a fragment's samples (8.8.7)."""
    (present,) = unpack_from(">I", data, tfhd.body)
    at = tfhd.body + 8 + (8 if present & _BASE_OFFSET else 0) + (4 if present & _DESCRIPTION else 0)
    found = []
    for flag in (_DURATION, _SIZE, _FLAGS):
        if present & flag:
            found.append(unpack_from(">I", data, at)[0])
            at += 4
        else:
            found.append(0)
    return found[0], found[1], found[2]


def _run(data: Buffer, moof: Box, trun: Box, defaults: tuple[int, int, int], samples: list[Sample]) -> set[int]:
    """Append the samples of a track run (8.8.8); the durations that they had."""
    present, count, offset = unpack_from(">IIi", data, trun.body)
    if not present & _RUN_OFFSET:
        raise BadBoxes("a track run without a data offset")
    at = trun.body + 12
    given = dict(zip(_COLUMNS, (*defaults, 0), strict=True))
    columns = [column for column in _COLUMNS if present & column]
    row = Struct(f">{len(columns)}I")
    if present & _RUN_FIRST:
        (given[_RUN_FLAGS],) = unpack_from(">I", data, at)
        at += 4
    place = moof.start + offset
    durations: set[int] = set()
    for _ in range(count):
        given.update(zip(columns, row.unpack_from(data, at), strict=True))
        at += row.size
        size, late = given[_RUN_SIZE], given[_RUN_CTS]
        if place + size > len(data):
            raise BadBoxes("a sample lies past the end")
        flags = DELTA if given[_RUN_FLAGS] & _NOT_SYNC else SYNC
        samples.append(Sample(bytes(data[place : place + size]), flags, Ticks(late - (late >> 31 << 32))))
        durations.add(given[_RUN_DURATION])
        given[_RUN_FLAGS] = defaults[2]
        place += size
    return durations
