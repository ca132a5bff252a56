"""What is going to be made of a source: its cuts, its chunks, its speed, its picture. Pure.

Laws: every cut lies on the grid of the house; no segment is longer than a full one; every break point
is a cut; the chunks of an asset depend on its cuts alone, so that they can be found again after an
interruption.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from playout.core.asset import BreakPoint, Cuts
from playout.core.house import House, Rung
from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packager.source import Source, VideoStream

BREAK_DISTANCE: Final = Ticks(20 * TIMEBASE)
"""The least distance between two break points, and between one and either end of the asset."""

CHUNK_SEGMENTS: Final = 64
"""Segments in a chunk of encoding: about four minutes of media."""

_NTSC: Final = Fraction(1001, 1000)


class Wanted(NamedTuple):
    """A place where somebody wants a break point."""

    tick: Ticks
    confidence: int
    """Percent."""
    origin: str
    """`sidecar`, `chapter` or `black`."""


class Chunk(NamedTuple):
    """A run of segments that one process encodes."""

    number: int
    first: int
    """Its first segment."""
    stop: int
    """The segment after its last."""


class Canvas(NamedTuple):
    """Where the picture lies on the best rung's canvas, in pixels."""

    width: int
    height: int
    left: int
    top: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the encoders have to keep to."""

    house: House
    cuts: Cuts
    breaks: tuple[BreakPoint, ...]
    speed: Fraction
    """How much faster than the source the asset plays: 1 or 1001/1000."""
    chunk: int = CHUNK_SEGMENTS
    """Segments in a chunk."""
    only: str = ""
    """The one rendition that is made; empty: all of them are."""

    @property
    def rungs(self) -> list[Rung]:
        """The rungs that are made, best first."""
        return [rung for rung in self.house.rungs if self.only in ("", rung.name)]

    @property
    def chunks(self) -> list[Chunk]:
        """The chunks, in order."""
        return chunks(self.cuts.segments, self.chunk)

    def frames(self, chunk: Chunk) -> range:
        """The pictures of a chunk, as numbers within the asset."""
        frame = self.house.frame
        return range(self.cuts.tick(chunk.first) // frame, self.cuts.tick(chunk.stop) // frame)

    def keyframes(self, chunk: Chunk) -> list[int]:
        """The pictures at which a GOP starts, as numbers within the chunk."""
        frame = self.house.frame
        corners = [tick // frame for tick in self.cuts.boundaries(chunk.first, chunk.stop)]
        starts: list[int] = []
        for start, end in pairwise(corners):
            starts += [start - corners[0] + offset for offset in gops(end - start, self.house)]
        return starts


def plan(source: Source, wanted: Iterable[Wanted], house: House, chunk: int = CHUNK_SEGMENTS) -> Plan:
    """The plan for `source`; `wanted` break points are in the source's time."""
    speed = Fraction(1) if source.video is None else retiming(source.video, house)
    length = max(house.ceil(retimed(source.length, speed)), house.unit)
    asked = [Wanted(retimed(place.tick, speed), place.confidence, place.origin) for place in wanted]
    chosen = break_points(asked, length, house)
    cuts = Cuts.of(boundaries(length, [point for point, _ in chosen], house))
    breaks = tuple(
        BreakPoint(cuts.segment(point), Ticks(point - place.tick), place.confidence, place.origin)
        for point, place in chosen
    )
    return Plan(house, cuts, breaks, speed, chunk)


def kit(house: House) -> Plan:
    """The plan of a slate: one segment of every length that the grid allows, the shortest first."""
    units = accumulate(range(house.segment_units + 1))
    return Plan(house, Cuts.of([count * house.unit for count in units]), (), Fraction(1))


def retimed(ticks: int, speed: Fraction) -> Ticks:
    """`ticks` of the source as ticks of the asset, rounded to the nearest."""
    if speed == 1:
        return Ticks(ticks)
    return Ticks((2 * ticks * speed.denominator + speed.numerator) // (2 * speed.numerator))


def retiming(video: VideoStream, house: House) -> Fraction:
    """1001/1000 when that turns an NTSC rate into one that divides or multiplies the house rate; else 1."""
    if video.variable or not video.rate:
        return Fraction(1)
    ratio = video.rate * _NTSC / house.fps
    whole = max(round(ratio), 1) if ratio >= 1 else Fraction(1, max(round(1 / ratio), 1))
    off_by = abs(ratio / whole - 1)
    return _NTSC if off_by < Fraction(1, 4000) else Fraction(1)


def break_points(wanted: Iterable[Wanted], length: Ticks, house: House) -> list[tuple[Ticks, Wanted]]:
    """The break points that are kept, snapped to the grid, in order, each with the wish behind it.

    The surest come first; one that lies too near to a better one or to either end is dropped.
    """
    kept: list[tuple[Ticks, Wanted]] = []
    points = [Ticks(0), length]
    for place in sorted(wanted, key=lambda place: (-place.confidence, place.tick)):
        point = house.snap(place.tick)
        distance = house.unit if place.origin == "sidecar" else BREAK_DISTANCE
        at = bisect(points, point)
        if 0 < point < length and min(point - points[at - 1], points[at] - point) >= distance:
            points.insert(at, point)
            kept.append((point, place))
    return sorted(kept)


def boundaries(length: Ticks, breaks: Sequence[Ticks], house: House) -> list[Ticks]:
    """The cuts of an asset of `length` with `breaks`, all on the grid: 0 first, `length` last."""
    cuts = [Ticks(0)]
    for stretch_end in (*breaks, length):
        for units in _shares((stretch_end - cuts[-1]) // house.unit, house.segment_units):
            cuts.append(Ticks(cuts[-1] + units * house.unit))
    return cuts


def _shares(units: int, full: int) -> list[int]:
    """`units` as segments of at most `full`; a remainder under half of that is shared with its neighbour."""
    whole, rest = divmod(units, full)
    if rest == 0:
        return [full] * whole
    if whole == 0 or 2 * rest >= full:
        return [full] * whole + [rest]
    last = (full + rest) // 2
    return [full] * (whole - 1) + [full + rest - last, last]


def gops(frames: int, house: House) -> list[int]:
    """Where GOPs start in a segment of `frames`: as few as may be, of nearly equal length."""
    count = -(-frames // house.gop_frames)
    return [k * frames // count for k in range(count)]


def chunks(segments: int, full: int = CHUNK_SEGMENTS) -> list[Chunk]:
    """The chunks of an asset: `full` segments in each; a last one under a quarter of that joins the one before."""
    starts = list(range(0, segments, full))
    if len(starts) > 1 and (segments - starts[-1]) * 4 < full:
        del starts[-1]
    return [Chunk(k, first, stop) for k, (first, stop) in enumerate(zip(starts, [*starts[1:], segments], strict=True))]


def canvas(video: VideoStream, house: House) -> Canvas:
    """Where the picture goes: as large as fits, its shape kept to the pixel, in the middle, on even pixels."""
    best = house.rungs[0]
    shape = Fraction(video.width, video.height) * video.aspect
    if video.rotation % 180:
        shape = 1 / shape
    if shape >= Fraction(best.width, best.height):
        width, height = best.width, min(_even(best.width / shape), best.height)
    else:
        width, height = min(_even(best.height * shape), best.width), best.height
    return Canvas(width, height, (best.width - width) // 4 * 2, (best.height - height) // 4 * 2)


def _even(pixels: Fraction) -> int:
    return max(2, round(pixels / 2) * 2)
