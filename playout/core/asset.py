"""One packaged piece of media, as the engine sees it.

Law: all renditions of an asset have the same cuts. They are stored once, as the corners of a function
from segment number to tick; a rendition adds where its bytes lie.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple, Self

from playout.core.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Sequence


class Kind(StrEnum):
    """What an asset is for."""

    MOVIE = "movie"
    EPISODE = "episode"
    CLIP = "clip"
    AD = "ad"
    BUMPER = "bumper"
    FILLER = "filler"
    SLATE = "slate"


PROGRAM_KINDS = frozenset({Kind.MOVIE, Kind.EPISODE, Kind.CLIP})
"""The kinds that are programs; the others air between them."""


class Corner(NamedTuple):
    """A cut from which on segments are of another length."""

    segment: int
    tick: Ticks


@dataclass(frozen=True, slots=True)
class Cuts:
    """The boundaries of an asset's segments, run-length coded.

    Between two corners the cuts are evenly spaced, so an hour of full segments is two corners. The
    first corner is (0, 0) and the last is (number of segments, end of the asset).
    """

    corners: tuple[Corner, ...]

    @classmethod
    def of(cls, boundaries: Sequence[int]) -> Self:
        """The cuts at `boundaries`, in ticks: strictly increasing from 0, at least two of them."""
        if len(boundaries) < 2 or boundaries[0] != 0:  # noqa: PLR2004 — one segment has two ends
            message = f"cuts start at 0 and have an end, not {list(boundaries[:3])}"
            raise ValueError(message)
        corners = [Corner(0, Ticks(0))]
        for k in range(1, len(boundaries)):
            length = boundaries[k] - boundaries[k - 1]
            if length <= 0:
                message = f"cut {k} at {boundaries[k]} does not come after {boundaries[k - 1]}"
                raise ValueError(message)
            if k + 1 == len(boundaries) or boundaries[k + 1] - boundaries[k] != length:
                corners.append(Corner(k, Ticks(boundaries[k])))
        return cls(tuple(corners))

    @property
    def segments(self) -> int:
        """How many segments there are."""
        return self.corners[-1].segment

    @property
    def end(self) -> Ticks:
        """Where the asset ends; its length."""
        return self.corners[-1].tick

    def tick(self, segment: int) -> Ticks:
        """Where `segment` starts; the number of segments gives the end."""
        last = self.corners[-1]
        if segment == last.segment:  # the two ends are what is asked for most
            return last.tick
        if segment == 0:
            return self.corners[0].tick
        if not 0 < segment < last.segment:
            message = f"there is no segment {segment}, only {last.segment}"
            raise IndexError(message)
        after = bisect_right(self.corners, segment, key=_segment)
        low, high = self.corners[after - 1], self.corners[after]
        return Ticks(low.tick + (segment - low.segment) * (high.tick - low.tick) // (high.segment - low.segment))

    def segment(self, tick: Ticks) -> int:
        """The segment in which `tick` lies; the end lies after the last one."""
        after = bisect_right(self.corners, tick, key=_tick)
        if after == len(self.corners):
            return self.segments
        low, high = self.corners[after - 1], self.corners[after]
        return low.segment + (tick - low.tick) * (high.segment - low.segment) // (high.tick - low.tick)

    def boundaries(self, first: int = 0, stop: int | None = None) -> list[Ticks]:
        """Where segments `first`, `first + 1` … start, up to and including `stop` (default: the end)."""
        stop = self.segments if stop is None else stop
        cuts: list[Ticks] = []
        at = max(bisect_right(self.corners, first, key=_segment), 1)
        while at < len(self.corners) and first <= stop:
            low, high = self.corners[at - 1], self.corners[at]
            length = (high.tick - low.tick) // (high.segment - low.segment)
            until = min(stop + 1, high.segment)
            start = low.tick + (first - low.segment) * length
            cuts.extend(map(Ticks, range(start, start + (until - first) * length, length)))
            first = until
            at += 1
        if first == stop == self.segments:
            cuts.append(self.end)
        return cuts


def _segment(corner: Corner) -> int:
    return corner.segment


def _tick(corner: Corner) -> Ticks:
    return corner.tick


@dataclass(frozen=True, slots=True)
class BreakPoint:
    """A place where the asset may be interrupted; always a cut."""

    segment: int
    """The segment that plays after the break."""
    snapped: Ticks
    """The cut's distance from the place that was asked for; negative when the cut is earlier (S-11)."""
    confidence: int
    """How sure it is that a break fits here, in percent."""
    origin: str
    """Who found it: `sidecar`, `chapter` or `black`."""


class Media(StrEnum):
    """What a track carries."""

    VIDEO = "video"
    AUDIO = "audio"
    SUBTITLES = "subtitles"


@dataclass(frozen=True, slots=True)
class Track:
    """One rendition of an asset: a file whose byte ranges are segments."""

    name: str
    """`v720`, `a-en`, `s-de`: the rendition's name in every playlist."""
    media: Media
    file: str
    """The track file's name in the asset's folder."""
    codecs: str
    """RFC 6381; empty for subtitles."""
    language: str
    """BCP 47; `und` where nobody said. Empty for video."""
    init: str
    """SHA-256 of the init segment, in hex; empty for subtitles, which need none."""
    bandwidth: int
    """The highest bit rate of a segment, in bit/s."""
    average: int
    """The mean bit rate, in bit/s."""
    offsets: tuple[int, ...]
    """Where each segment's bytes start in the file, and after the last one, where they end."""

    def span(self, segment: int) -> tuple[int, int]:
        """The first byte of `segment` and the byte after its last."""
        return self.offsets[segment], self.offsets[segment + 1]


@dataclass(frozen=True, slots=True)
class Rights:
    """A time and some territories for which an asset may be shown."""

    start: datetime | None = None
    """In UTC; None for always until now."""
    stop: datetime | None = None
    """In UTC, the first instant at which it may not be shown any more; None for never."""
    territories: tuple[str, ...] = ()
    """ISO 3166-1 alpha-2 codes, upper case, in order; empty for everywhere."""


@dataclass(frozen=True, slots=True)
class Title:
    """What an asset is called and what is known of it; everything people may search or schedule by."""

    title: str
    kind: Kind
    tags: tuple[str, ...] = ()
    series: str = ""
    season: int = 0
    episode: int = 0
    description: str = ""
    rating: str = ""
    language: str = "und"
    released: str = ""
    """When it first came out: `1949`, or `1949-09-02`."""
    genres: tuple[str, ...] = ()
    story: str = ""
    """The name of a story in parts; its parts air together, in the order of `part`."""
    part: int = 0
    ids: tuple[str, ...] = ()
    """Its names elsewhere, `imdb:tt0041959`, `tms:…`, `eidr:…`, `isci:…`, in order."""
    advertiser: str = ""
    """Who paid for an ad."""
    category: str = ""
    """What an ad is for: `cars`, `beer`."""
    rights: tuple[Rights, ...] = ()
    """When and where it may be shown: within any one of these. Empty for always and everywhere."""

    @property
    def year(self) -> int:
        """The year in which it came out; 0 where nobody said."""
        return int(self.released[:4]) if self.released[:4].isdigit() else 0

    @property
    def work(self) -> str:
        """The name of the work: the same for every packaging of it. 12 hex digits."""
        named = self.ids[0] if self.ids else f"{self.kind}\0{self.series}\0{self.season}\0{self.episode}\0{self.title}"
        return blake2b(named.casefold().encode(errors="replace"), digest_size=6).hexdigest()


@dataclass(frozen=True, slots=True)
class Asset:
    """The whole of `asset.json`."""

    id: str
    """A digest of the source and the plan; safe in a path and in a URL."""
    house: str
    about: Title
    added: datetime
    """When it was packaged, in UTC."""
    cuts: Cuts
    breaks: tuple[BreakPoint, ...]
    tracks: tuple[Track, ...]
    loudness: int | None
    """Integrated loudness after levelling, in hundredths of a LUFS; None for silence."""
    source: dict[str, str]
    """Facts about the source, for people: container, codecs, size, rate, duration."""
    poster: str = ""
    """The poster's file name; empty when there is none."""
    storyboard: str = ""
    """The storyboard's file name; empty when there is none."""

    def track(self, name: str) -> Track | None:
        """The track called `name`, if the asset has it."""
        return next((track for track in self.tracks if track.name == name), None)

    def rendition(self, name: str) -> Track | None:
        """The track that plays in rendition `name` of a channel.

        A language that the asset lacks is played from its main audio (AAS 2.16); subtitles that it
        lacks are None, which airs as empty segments (H-37).
        """
        exact = self.track(name)
        if exact is None and name.startswith("a-"):
            return next((track for track in self.tracks if track.media is Media.AUDIO), None)
        return exact
