"""Playlists of channels and assets, in three renderings.

Laws. Edition: a playlist is a function of (log, library, rendition, edge). Still: the lines of a segment
are a function of the segment alone. Same: all renditions list the same sequence numbers, durations and
dates. Exact: EXTINF of any contiguous segments add up to their media time, to the microsecond.

`cmaf`    demuxed and seamless: one timeline without an EXT-X-DISCONTINUITY, segments restamped.
`ts`      muxed MPEG-TS, on the same timeline.
`direct`  byte ranges of the track files as they lie in the store, each airing a discontinuity; the
          discontinuity sequence of a segment is the index of its airing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from playout.core.catalog import Kit
from playout.core.channel import Channel
from playout.core.house import TARGET_DURATION, House
from playout.core.m3u8 import Rendition, Variant, multivariant, quoted, tag
from playout.core.ticks import TIMEBASE, Ticks, instant_at, seconds_between, utc_text
from playout.core.view import alternatives
from playout.core.window import Library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from playout.core.airing import Turn
    from playout.core.asset import Track
    from playout.core.catalog import Item
    from playout.core.house import Rung
    from playout.core.window import Stretch

    Tracks = Callable[[str, str], Track | None]
    """Answers the track of (asset id, rendition)."""


class Rendering(StrEnum):
    """How a channel is put on the wire."""

    CMAF = "cmaf"
    TS = "ts"
    DIRECT = "direct"


SKIP_BOUNDARY: Final = 6 * TARGET_DURATION
"""CAN-SKIP-UNTIL in seconds: the least that is allowed (H-44)."""

HOLD_BACK: Final = 3 * TARGET_DURATION
"""HOLD-BACK in seconds (H-44)."""

_GROUP_AUDIO: Final = "audio"
_GROUP_SUBTITLES: Final = "subtitles"
_START_BANDWIDTH: Final = 3_000_000
"""The first variant, with which most players start, is the best one below this many bit/s (A-4, R-11)."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scene:
    """What all playlists of one channel share."""

    channel: Channel
    house: House
    kit: Kit
    library: Library
    tracks: Tracks | None = None
    """Needed for `direct` only."""

    def renditions(self, rendering: Rendering) -> tuple[str, ...]:
        """The names of the channel's media playlists, for the life of the channel."""
        videos = tuple(rung.name for rung in self.house.rungs)
        if rendering is Rendering.TS:
            return videos
        return (*videos, *alternatives(self.channel))


def segment_uri(asset: str, rendition: str, segment: int, start: Ticks, sequence: int, suffix: str) -> str:
    """The path of a segment, below the root: all that is needed to make its bytes.

    `start` is where it stands on its timeline, in ticks, and `sequence` its media sequence number.
    """
    return f"media/{asset}/{rendition}/{segment}-{start}-{sequence}.{suffix}"


def init_uri(kit: Kit, rendition: str) -> str:
    """The path of a rendition's init segment, below the root; empty for subtitles."""
    named = kit.init(rendition)
    return f"media/init/{kit.house}/{named[0]}.{named[1]}.mp4" if named else ""


def suffix_of(rendition: str, rendering: Rendering = Rendering.CMAF) -> str:
    """The file name suffix of a rendition's segments."""
    if rendering is Rendering.TS:
        return "ts"
    return "vtt" if rendition.startswith("s-") else "m4s"


def variants(scene: Scene, rendering: Rendering, prefix: str, query: str = "", lines: int | None = None) -> str:
    """The multivariant playlist of a channel: a constant of its house and its languages (H-39, H-40).

    `prefix` leads from the playlist to the folder of the media playlists; `query` is passed on to them. `lines` is the
    finest picture that is in it: `House.within`.
    """
    muxed = rendering is Rendering.TS
    languages = () if muxed else scene.channel.languages
    subtitles = () if muxed else scene.channel.subtitles
    ladder = scene.house, scene.house.within(lines)
    return _multivariant(ladder, rendering, prefix, query, (languages, subtitles))


def asset_variants(house: House, tracks: Sequence[Track], lines: int | None = None) -> str:
    """The multivariant playlist of one asset on demand, with the renditions that it has, up to so many `lines`."""
    names = [track.name for track in tracks]
    languages = tuple(name[2:] for name in names if name.startswith("a-"))
    subtitles = tuple(name[2:] for name in names if name.startswith("s-"))
    return _multivariant((house, house.within(lines)), Rendering.CMAF, "", "", (languages, subtitles))


def _multivariant(
    ladder: tuple[House, tuple[Rung, ...]],
    rendering: Rendering,
    prefix: str,
    query: str,
    spoken_written: tuple[tuple[str, ...], tuple[str, ...]],
) -> str:
    (house, rungs), (languages, subtitles) = ladder, spoken_written

    def uri(name: str) -> str:
        return f"{prefix}{name}.m3u8{query}"

    start = next(
        (rung for rung in rungs if house.bandwidth[rung.name] <= _START_BANDWIDTH),
        rungs[-1],
    )
    ordered = (start, *(rung for rung in rungs if rung is not start))
    return multivariant(
        3 if rendering is Rendering.TS else 6,
        (
            Variant(
                uri=uri(rung.name),
                bandwidth=house.bandwidth[rung.name],
                average=house.average[rung.name],
                codecs=(rung.codecs, house.audio_codecs),
                width=rung.width,
                height=rung.height,
                fps=house.fps,
                audio=_GROUP_AUDIO if languages else "",
                subtitles=_GROUP_SUBTITLES if subtitles else "",
            )
            for rung in ordered
        ),
        (
            Rendition(media, group, language, language, uri(f"{letter}-{language}"), default=default and k == 0)
            for media, group, letter, spoken, default in (
                ("AUDIO", _GROUP_AUDIO, "a", languages, True),
                ("SUBTITLES", _GROUP_SUBTITLES, "s", subtitles, False),
            )
            for k, language in enumerate(spoken)
        ),
    )


def live(
    scene: Scene,
    rendering: Rendering,
    rendition: str,
    stretches: Sequence[Stretch],
    turns: Iterable[Turn],
    *,
    skip: bool = False,
) -> str:
    """A live media playlist: the segments of `stretches`, which follow each other.

    `turns` are those that these segments belong to, for their date ranges. With `skip` it is a delta
    update, if anything may be skipped (RFC 8216bis section 6.2.5.1).
    """
    page = _Page(scene, rendering, rendition)
    lines = page.segments(stretches)
    skipped = _skippable(stretches) if skip else 0
    if skipped:
        lines[:skipped] = [f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}"]
    head = page.head(stretches[0], 9 if skipped else page.version)
    head.insert(
        3,
        f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL={SKIP_BOUNDARY}.0,HOLD-BACK={HOLD_BACK}.0",
    )
    ranges = date_ranges(scene, turns, stretches[0].boundaries[0], stretches[-1].boundaries[-1])
    return "\n".join([*head, *ranges, *page.map_lines(), *lines, ""])


def past(
    scene: Scene,
    rendering: Rendering,
    rendition: str,
    stretches: Sequence[Stretch],
    turns: Iterable[Turn],
    *,
    closed: bool,
) -> str:
    """A media playlist of air that has been: start-over (which grows) or, when `closed`, catch-up.

    One that grew is the same playlist when it has ended: only EXT-X-ENDLIST may be added to it (H-3).
    """
    page = _Page(scene, rendering, rendition)
    head = page.head(stretches[0], page.version)
    head.insert(3, "#EXT-X-PLAYLIST-TYPE:EVENT")
    ranges = date_ranges(scene, turns, stretches[0].boundaries[0], stretches[-1].boundaries[-1])
    end = ["#EXT-X-ENDLIST"] if closed else []
    return "\n".join([*head, *ranges, *page.map_lines(), *page.segments(stretches), *end, ""])


def on_demand(item: Item, kit: Kit, rendition: str) -> str:
    """The media playlist of one asset, from its first tick to its last."""
    first = init_uri(kit, rendition)
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{6 if first else 3}",
        f"#EXT-X-TARGETDURATION:{TARGET_DURATION}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    if first:
        lines.append(f'#EXT-X-MAP:URI="../../{first}"')
    cuts = item.cuts.boundaries()
    suffix = suffix_of(rendition)
    for k in range(item.cuts.segments):
        lines.append(f"#EXTINF:{seconds_between(cuts[k], cuts[k + 1])},")
        lines.append("../../" + segment_uri(item.id, rendition, k, cuts[k], k, suffix))
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def date_ranges(scene: Scene, turns: Iterable[Turn], start: Ticks, end: Ticks) -> list[str]:
    """An EXT-X-DATERANGE for each program that airs between `start` and `end` (H-57 to H-63).

    The tags stand in the head of every rendition's playlist from the first segment of the program to
    its last, breaks included, and never change.
    """
    found = []
    for turn in turns:
        program = turn.program
        if program is None or program[0].start >= end or program[1].end <= start:
            continue
        item = scene.library(program[0].asset)
        found.append(
            tag(
                "DATERANGE",
                ("ID", quoted(f"{scene.channel.id}-{program[0].index}")),
                ("CLASS", quoted("org.fastline.program")),
                ("START-DATE", quoted(utc_text(instant_at(scene.channel.genesis, program[0].start)))),
                ("DURATION", seconds_between(program[0].start, program[1].end)),
                ("X-ORG-FASTLINE-TITLE", quoted(turn.title or (item.about.title if item else ""))),
                ("X-ORG-FASTLINE-KIND", quoted(turn.kind or (item.about.kind if item else ""))),
                ("X-ORG-FASTLINE-ASSET", quoted(program[0].asset)),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Page:
    """The writer of one media playlist."""

    scene: Scene
    rendering: Rendering
    rendition: str

    @property
    def version(self) -> int:
        """The least EXT-X-VERSION that its tags need (H-49)."""
        if self.rendering is Rendering.TS:
            return 3
        if self._map():
            return 6
        return 4 if self.rendering is Rendering.DIRECT else 3

    @property
    def root(self) -> str:
        """From the media playlist's folder to the root of the site."""
        return "../../" if self.rendering is Rendering.CMAF else "../../../"

    def _map(self) -> str:
        if self.rendering is Rendering.TS:
            return ""
        return init_uri(self.scene.kit, self.rendition)

    def map_lines(self) -> list[str]:
        """EXT-X-MAP, which the first segment of the window needs (H-29)."""
        uri = self._map()
        return [f'#EXT-X-MAP:URI="{self.root}{uri}"'] if uri else []

    def head(self, first: Stretch, version: int) -> list[str]:
        """The lines before the first segment's; the fourth place is free for the kind of playlist."""
        sequence = first.airing.index if self.rendering is Rendering.DIRECT else 0
        return [
            "#EXTM3U",
            f"#EXT-X-VERSION:{version}",
            f"#EXT-X-TARGETDURATION:{TARGET_DURATION}",
            f"#EXT-X-MEDIA-SEQUENCE:{first.msn}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{sequence}",
            "#EXT-X-INDEPENDENT-SEGMENTS",
        ]

    def segments(self, stretches: Sequence[Stretch]) -> list[str]:
        """The lines of each segment, joined."""
        genesis = (self.scene.channel.genesis - _EPOCH) // timedelta(milliseconds=1)
        if self.rendering is Rendering.DIRECT:
            return [
                block for at, stretch in enumerate(stretches) for block in self._direct(stretch, genesis, seam=at > 0)
            ]
        suffix = suffix_of(self.rendition, self.rendering)
        name = f"{self.rendition}-a-{self.scene.channel.languages[0]}" if suffix == "ts" else self.rendition
        blocks: list[str] = []
        for stretch in stretches:
            # segment_uri, unrolled: this loop is the cost of an uncached playlist
            folder = f"{self.root}media/{stretch.airing.asset}/{name}/"
            first, msn = stretch.first, stretch.msn
            blocks += [
                f"{inf}\n{_date_line(genesis + start // 90)}\n{folder}{first + k}-{start}-{msn + k}.{suffix}"
                for k, (start, inf) in enumerate(_timed(stretch.boundaries))
            ]
        return blocks

    def _direct(self, stretch: Stretch, genesis: int, *, seam: bool) -> Iterator[str]:
        """Byte ranges of the track file; subtitles that the asset lacks come from the origin, empty."""
        asset, cuts = stretch.airing.asset, stretch.item.cuts
        track = self.scene.tracks(asset, self.rendition) if self.scene.tracks else None
        before = "\n".join(["#EXT-X-DISCONTINUITY", *self.map_lines(), ""]) if seam else ""
        for k, (start, inf) in enumerate(_timed(stretch.boundaries), stretch.first):
            dated = f"{before}{inf}\n{_date_line(genesis + start // 90)}\n"
            before = ""
            if track is None:
                yield dated + self.root + segment_uri(asset, self.rendition, k, cuts.tick(k), k, "vtt")
            else:
                low, high = track.span(k)
                yield f"{dated}#EXT-X-BYTERANGE:{high - low}@{low}\n{self.root}store/assets/{asset}/{track.file}"


def _timed(boundaries: Sequence[Ticks]) -> Iterable[tuple[Ticks, str]]:
    """(start, EXTINF line) of each segment; `seconds_between` with each boundary rounded once."""
    micros = [(tick * 100 + 4) // 9 for tick in boundaries]
    for start, low, high in zip(boundaries, micros, micros[1:], strict=False):
        length = high - low
        yield start, f"#EXTINF:{length // 1_000_000}.{length % 1_000_000:06d},"


def _date_line(millis: int) -> str:
    """EXT-X-PROGRAM-DATE-TIME of an instant in milliseconds since 1970, as `utc_text` writes it."""
    minute, rest = divmod(millis, 60_000)
    return f"{_minute(minute)}{rest // 1000:02d}.{rest % 1000:03d}Z"


@lru_cache(maxsize=4096)
def _minute(minute: int) -> str:
    instant = _EPOCH + timedelta(minutes=minute)
    return f"#EXT-X-PROGRAM-DATE-TIME:{instant:%Y-%m-%dT%H:%M:}"


def _skippable(stretches: Sequence[Stretch]) -> int:
    """How many segments from the front end before the skip boundary (H-45)."""
    limit = stretches[-1].boundaries[-1] - SKIP_BOUNDARY * TIMEBASE
    return sum(1 for stretch in stretches for end in stretch.boundaries[1:] if end <= limit)
