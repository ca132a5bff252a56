"""Reading a track file back and comparing it with the plan, before anybody may see it.

All calls block; the job makes them in a worker thread.
"""

from __future__ import annotations

from mmap import ACCESS_READ, mmap
from typing import TYPE_CHECKING, Final

import av
import av.error

from packager.boxes import BadBoxes, Fragment, fragments, video_config, walk
from playout.core.asset import Media
from playout.core.cmaf import SYNC
from playout.core.house import AAC_FRAME, SAMPLE_RATE
from playout.core.ticks import MEDIA_ORIGIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from packager.plan import Plan
    from playout.core.asset import Track
    from playout.core.cmaf import Sample

_IDR: Final = 5
_AAC_SAMPLES: Final = 1024


def faults(path: Path, track: Track, init: bytes, plan: Plan) -> list[str]:
    """What is wrong with the track file at `path`; empty when it is as the plan says."""
    try:
        with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            if data[: len(init)] != init or track.offsets[0] != len(init):
                return [f"{track.file}: it does not begin with its init segment"]
            if len(track.offsets) != plan.cuts.segments + 1 or track.offsets[-1] != len(data):
                return [f"{track.file}: its segments do not fill it"]
            check = _picture_faults if track.media is Media.VIDEO else _sound_faults
            return [f"{track.file}: {fault}" for fault in check(data, track, plan)]
    except (OSError, BadBoxes, ValueError, av.error.FFmpegError) as error:
        return [f"{track.file}: {error}"]


def _segments(data: mmap, track: Track, plan: Plan) -> Iterator[tuple[int, Fragment]]:
    """Every segment, read back. Raises `BadBoxes` when one is not a `moof` and its `mdat`."""
    for segment in range(plan.cuts.segments):
        start, end = track.span(segment)
        piece = data[start:end]
        if [box.kind for box in walk(piece)] != ["moof", "mdat"]:
            message = f"segment {segment} is not one moof and one mdat"
            raise BadBoxes(message)
        (fragment,) = fragments(piece)
        yield segment, fragment


def _heads(segment: int, fragment: Fragment, expected: tuple[int, int, int]) -> list[str]:
    """What is wrong with a segment's decode time, sample duration and number of samples."""
    found = (fragment.decode_time, fragment.duration, len(fragment.samples))
    wrong = [] if found == expected else [f"segment {segment} has time, duration, count {found}, not {expected}"]
    if fragment.sequence != segment + 1:
        wrong.append(f"segment {segment} has sequence number {fragment.sequence}")
    if fragment.samples[0].flags != SYNC:
        wrong.append(f"segment {segment} does not begin with a sync sample")
    return wrong


def _picture_faults(data: mmap, track: Track, plan: Plan) -> Iterator[str]:
    house = plan.house
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = video_config(data)
    decoder.thread_count = 1
    rung = house.rung(track.name)
    for segment, fragment in _segments(data, track, plan):
        start, end = plan.cuts.tick(segment), plan.cuts.tick(segment + 1)
        yield from _heads(
            segment, fragment, (MEDIA_ORIGIN + start - house.reorder, house.frame, (end - start) // house.frame)
        )
        first = fragment.samples[0]
        if first.offset != house.reorder or _IDR not in _units(first):
            yield f"segment {segment} does not begin with an IDR picture on time"
            continue
        frames = [*decoder.decode(av.Packet(first.data)), *decoder.decode(None)]
        decoder.flush_buffers()
        if rung is None or [(f.width, f.height) for f in frames] != [(rung.width, rung.height)]:
            yield f"the first picture of segment {segment} cannot be decoded"


def _units(sample: Sample) -> list[int]:
    """The types of the NAL units in a sample, whose sizes are four bytes long (ISO/IEC 14496-15)."""
    types, at = [], 0
    while at + 4 < len(sample.data):
        types.append(sample.data[at + 4] & 31)
        at += 4 + int.from_bytes(sample.data[at : at + 4], "big")
    return types


def _sound_faults(data: mmap, track: Track, plan: Plan) -> Iterator[str]:
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = (2 << 11 | 3 << 7 | 2 << 3).to_bytes(2, "big")
    for segment, fragment in _segments(data, track, plan):
        start, end = plan.cuts.tick(segment), plan.cuts.tick(segment + 1)
        yield from _heads(segment, fragment, (MEDIA_ORIGIN + start, AAC_FRAME, (end - start) // AAC_FRAME))
        frames = [frame for sample in fragment.samples[:2] for frame in decoder.decode(av.Packet(sample.data))]
        if any((frame.samples, frame.sample_rate) != (_AAC_SAMPLES, SAMPLE_RATE) for frame in frames):
            yield f"the sound of segment {segment} is not AAC at {SAMPLE_RATE} Hz"
