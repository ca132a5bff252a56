"""From encoded samples to the segments of an asset, and what a playlist must know of them. Pure.

Law: what does not fit the plan raises; a segment is never padded, cut or guessed.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from packager.boxes import fragments
from playout.core.asset import Media, Track
from playout.core.cmaf import SYNC, Sample, audio_init, media_segment
from playout.core.house import AAC_FRAME, SAMPLE_RATE
from playout.core.ticks import MEDIA_ORIGIN, TIMEBASE, Ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packager.boxes import Buffer
    from packager.plan import Chunk, Plan
    from playout.core.asset import Cuts
    from playout.core.house import House, Rung


class OffPlan(Exception):
    """What an encoder delivered is not what the plan asked for."""


def sound_init(house: House) -> bytes:
    """The init segment of every sound track of a house."""
    return audio_init(house.audio_bitrate, SAMPLE_RATE)


def picture_segments(data: Buffer, plan: Plan, chunk: Chunk) -> Iterator[bytes]:
    """The media segments of one chunk of one rung, from the fragmented file that the encoder wrote."""
    house = plan.house
    samples = (sample for fragment in fragments(data) for sample in fragment.samples)
    for segment in range(chunk.first, chunk.stop):
        start, end = plan.cuts.tick(segment), plan.cuts.tick(segment + 1)
        count = (end - start) // house.frame
        taken = list(islice(samples, count))
        if len(taken) != count:
            message = f"segment {segment} has {len(taken)} pictures instead of {count}"
            raise OffPlan(message)
        _check_order(segment, taken, house)
        yield media_segment(Ticks(MEDIA_ORIGIN + start - house.reorder), segment + 1, house.frame, taken)
    if next(samples, None) is not None:
        message = f"chunk {chunk.number} has more pictures than were asked for"
        raise OffPlan(message)


def _check_order(segment: int, samples: Sequence[Sample], house: House) -> None:
    """Decoding begins at the segment's first picture, and its pictures fill it without a hole."""
    if samples[0].flags != SYNC:
        message = f"segment {segment} does not begin with a picture at which decoding can begin"
        raise OffPlan(message)
    shown = sorted(k * house.frame + sample.offset for k, sample in enumerate(samples))
    if samples[0].offset != house.reorder or shown != [k * house.frame + house.reorder for k in range(len(samples))]:
        message = f"segment {segment} does not show each of its pictures once, from its start to its end"
        raise OffPlan(message)


def sound_segments(frames: Iterable[bytes], plan: Plan) -> Iterator[bytes]:
    """The media segments of one language; `frames` begin with the encoder's priming frame."""
    samples = (Sample(frame, SYNC, Ticks(0)) for frame in islice(frames, 1, None))
    for segment in range(plan.cuts.segments):
        start, end = plan.cuts.tick(segment), plan.cuts.tick(segment + 1)
        count = (end - start) // AAC_FRAME
        taken = list(islice(samples, count))
        if len(taken) != count:
            message = f"segment {segment} has {len(taken)} frames of sound instead of {count}"
            raise OffPlan(message)
        yield media_segment(Ticks(MEDIA_ORIGIN + start), segment + 1, AAC_FRAME, taken)
    if next(samples, None) is not None:
        raise OffPlan("there is more sound than was asked for")


def picture_track(rung: Rung, init: str, offsets: Sequence[int], cuts: Cuts) -> Track:
    """The track of one rung, whose segments lie at `offsets`."""
    peak, average = bit_rates(offsets, cuts)
    return Track(rung.name, Media.VIDEO, f"{rung.name}.cmfv", rung.codecs, "", init, peak, average, tuple(offsets))


def sound_track(language: str, house: House, init: str, offsets: Sequence[int], cuts: Cuts) -> Track:
    """The track of one language."""
    peak, average = bit_rates(offsets, cuts)
    name = f"a-{language}"
    codecs = house.audio_codecs
    return Track(name, Media.AUDIO, f"{name}.cmfa", codecs, language, init, peak, average, tuple(offsets))


def subtitle_track(language: str, offsets: Sequence[int], cuts: Cuts) -> Track:
    """The track of one language's subtitles."""
    peak, average = bit_rates(offsets, cuts)
    name = f"s-{language}"
    return Track(name, Media.SUBTITLES, f"{name}.vtt", "", language, "", peak, average, tuple(offsets))


def bit_rates(offsets: Sequence[int], cuts: Cuts) -> tuple[int, int]:
    """The highest bit rate of a segment and the mean one, in bit/s, rounded up (RFC 8216 section 4.3.4.2)."""
    corners = cuts.boundaries()
    peak = max(_rate(offsets[k + 1] - offsets[k], corners[k + 1] - corners[k]) for k in range(cuts.segments))
    return peak, _rate(offsets[-1] - offsets[0], cuts.end)


def _rate(size: int, length: int) -> int:
    return -(-size * 8 * TIMEBASE // length)
