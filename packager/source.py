"""What a file to be packaged is made of, and the answer when it cannot be packaged.

Law: every time in here is relative to the source's origin, the moment at which its first picture or
first sound is due.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from playout.core.ticks import TIMEBASE, Ticks

LONGEST: Final = Ticks(24 * 3600 * TIMEBASE)
"""The longest source: two pictures and one false timestamp could ask for years of black."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NO_LETTER: Final = re.compile(r"[\ud800-\udfff]")


def legible(text: str) -> str:
    """`text` as one line that can be written anywhere: names hold line ends, escapes, and bytes that are no letter."""
    return _NO_LETTER.sub("\ufffd", _CONTROL.sub(" ", text))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A normal answer: this file gives no asset."""

    file: str
    """The file, as it was named."""
    reason: str
    """What is wrong with it."""
    advice: str
    """What to do about it."""

    def __str__(self) -> str:
        return legible(f"{self.file}: {self.reason}. {self.advice}")


@dataclass(frozen=True, slots=True)
class VideoStream:
    """The moving picture of a source."""

    index: int
    """The stream's number in the file."""
    codec: str
    """FFmpeg's name of the codec, e.g. `hevc`."""
    width: int
    """Coded pixels, before rotation."""
    height: int
    """Coded lines, before rotation."""
    aspect: Fraction
    """Width of a pixel divided by its height."""
    rotation: int
    """Degrees to turn clockwise for display: 0, 90, 180 or 270."""
    rate: Fraction
    """Pictures in one second, on average."""
    variable: bool
    """Whether pictures follow each other at uneven distances."""
    interlaced: bool
    """Whether pictures hold two fields of different moments."""
    pixels: str
    """FFmpeg's name of the pixel format, e.g. `yuv420p10le`."""
    matrix: str
    """FFmpeg's name of the colour matrix; empty where the file does not say."""
    primaries: str
    """FFmpeg's name of the colour primaries; empty where the file does not say."""
    transfer: str
    """FFmpeg's name of the transfer function; empty where the file does not say."""
    full_range: bool
    """Whether black is 0 and white the highest value."""
    start: Ticks
    """When the first picture is due."""
    end: Ticks
    """When the last picture has been shown."""
    keyframes: Ticks
    """The longest distance between two pictures at which decoding can begin."""

    @property
    def hdr(self) -> bool:
        """Whether the transfer function is that of HDR10 (PQ) or HLG."""
        return self.transfer in {"smpte2084", "arib-std-b67"}


@dataclass(frozen=True, slots=True)
class AudioStream:
    """One sound track of a source."""

    index: int
    """The stream's number in the file."""
    codec: str
    """FFmpeg's name of the codec, e.g. `ac3`."""
    language: str
    """BCP 47; `und` where the file does not say."""
    channels: int
    rate: int
    """Samples in one second."""
    start: Ticks
    """When the first sample is due."""
    end: Ticks
    """When the last sample has been heard."""
    default: bool
    """Whether the file names it as the one to play."""


@dataclass(frozen=True, slots=True)
class SubtitleStream:
    """One embedded subtitle track of a source."""

    index: int
    """The stream's number in the file."""
    codec: str
    """FFmpeg's name of the codec, e.g. `subrip`."""
    language: str
    """BCP 47; `und` where the file does not say."""
    text: bool
    """Whether it is text; pictures of text cannot become WebVTT."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A mark in the source."""

    start: Ticks
    title: str


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be packaged."""

    path: Path
    """Absolute."""
    container: str
    """FFmpeg's name of the format, e.g. `matroska,webm`."""
    size: int
    """Bytes."""
    origin: Ticks
    """The file's own timestamp of tick 0; often 0, in broadcasts anything."""
    indexed: bool
    """Whether the container has an index of the pictures at which decoding can begin."""
    video: VideoStream | None
    audios: tuple[AudioStream, ...]
    """The main one first, then at most one for each other language."""
    subtitles: tuple[SubtitleStream, ...]
    chapters: tuple[Chapter, ...]
    changed: int = 0
    """When it was last changed, in ns: what is packaged is what was probed, or nothing."""

    @property
    def length(self) -> Ticks:
        """When the last of pictures and sounds has ended."""
        ends = [audio.end for audio in self.audios]
        if self.video is not None:
            ends.append(self.video.end)
        return max(ends, default=Ticks(0))

    @property
    def facts(self) -> dict[str, str]:
        """What people want to know of the source, as text."""
        facts = {
            "file": legible(self.path.name),
            "container": self.container,
            "bytes": str(self.size),
            "seconds": f"{self.length // TIMEBASE}.{self.length % TIMEBASE * 1000 // TIMEBASE:03d}",
        }
        if self.video is not None:
            video = self.video
            rate = video.rate.limit_denominator(1001)
            facts |= {
                "video": video.codec,
                "picture": f"{video.width}x{video.height}",
                "rate": str(rate) + (" variable" if video.variable else ""),
                "pixels": video.pixels,
            }
        if self.audios:
            facts["audio"] = ", ".join(f"{a.codec} {a.language} {a.channels} ch {a.rate} Hz" for a in self.audios)
        return facts
