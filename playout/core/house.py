"""The house format: the one exact shape in which every asset is packaged.

Law: a unit is a whole number of pictures and a whole number of AAC frames, so a cut that lies on the
grid splits video and audio at the same tick (design.md section 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm
from typing import Final

from playout.core.ticks import TIMEBASE, Ticks

SAMPLE_RATE: Final = 48_000
"""Audio samples in one second, in every house."""

AAC_FRAME: Final = Ticks(1024 * TIMEBASE // SAMPLE_RATE)
"""One AAC frame: 1024 samples, 1920 ticks."""

TARGET_DURATION: Final = 4
"""EXT-X-TARGETDURATION in seconds, for every house and for the life of a channel (H-16)."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One video rendition of the ladder."""

    width: int
    """Pixels; the canvas is 16:9 and the pixels are square."""
    height: int
    """Lines."""
    crf: int
    """x264's constant rate factor: the quality that is aimed for below the cap."""
    maxrate: int
    """The cap, in bit/s: VBV maximum rate."""
    level: int
    """H.264 level times ten, e.g. 31; written into the stream and declared in CODECS."""

    @property
    def name(self) -> str:
        """The rendition's name, e.g. `v720`."""
        return f"v{self.height}"

    @property
    def bufsize(self) -> int:
        """The VBV buffer in bits: one second of the cap, so that a segment's peak stays near it."""
        return self.maxrate

    @property
    def codecs(self) -> str:
        """RFC 6381: H.264 High, no constraint flags, this level."""
        return f"avc1.6400{self.level:02x}"


@dataclass(frozen=True, slots=True)
class House:
    """The format of a library: its clock, its ladder, its sound."""

    name: str
    fps: int
    """Pictures in one second; one of 25, 30, 50, 60."""
    rungs: tuple[Rung, ...]
    """The ladder, best first."""
    preset: str
    """x264's preset: how much work a picture is worth."""
    audio_bitrate: int = 128_000
    """AAC-LC stereo, bit/s."""
    loudness: int = -2300
    """Integrated programme loudness, in hundredths of a LUFS (EBU R128)."""
    true_peak: int = -200
    """The highest true peak allowed, in hundredths of a dBTP."""

    @property
    def frame(self) -> Ticks:
        """One picture."""
        return Ticks(TIMEBASE // self.fps)

    @property
    def unit(self) -> Ticks:
        """The step of the grid: every cut is a multiple of it."""
        return Ticks(lcm(self.frame, AAC_FRAME))

    @property
    def segment_units(self) -> int:
        """Units in a full segment: as many whole GOP pairs as stay within TARGETDURATION."""
        return TARGET_DURATION * TIMEBASE // self.unit

    @property
    def segment(self) -> Ticks:
        """A full segment; no segment is longer."""
        return Ticks(self.segment_units * self.unit)

    @property
    def unit_frames(self) -> int:
        """Pictures in one unit."""
        return self.unit // self.frame

    @property
    def gop_frames(self) -> int:
        """Pictures from one IDR to the next: half a full segment, and never over two seconds (A-2)."""
        return self.segment_units * self.unit_frames // 2

    @property
    def reorder(self) -> Ticks:
        """How long before its presentation a picture is decoded: two pictures (B-pyramid)."""
        return Ticks(2 * self.frame)

    @property
    def audio_codecs(self) -> str:
        """RFC 6381: AAC-LC."""
        return "mp4a.40.2"

    @property
    def bandwidth(self) -> dict[str, int]:
        """BANDWIDTH in bit/s by rung name: the cap, one VBV buffer a segment, the sound, 2 % of boxes.

        A constant of the house, not a measurement of what happens to be on air: the multivariant
        playlist of a channel never changes (H-39).
        """
        second = TIMEBASE
        return {
            rung.name: (rung.maxrate + rung.bufsize * second // self.segment + self.audio_bitrate) * 102 // 100
            for rung in self.rungs
        }

    @property
    def average(self) -> dict[str, int]:
        """AVERAGE-BANDWIDTH in bit/s by rung name: the cap, which no long stretch exceeds."""
        return {rung.name: (rung.maxrate + self.audio_bitrate) * 102 // 100 for rung in self.rungs}

    def rung(self, name: str) -> Rung | None:
        """The rung called `name`, if the ladder has it."""
        return next((rung for rung in self.rungs if rung.name == name), None)

    def within(self, lines: int | None) -> tuple[Rung, ...]:
        """The rungs of at most so many lines, best first; the lowest one where all have more, all where None."""
        if lines is None:
            return self.rungs
        return tuple(rung for rung in self.rungs if rung.height <= lines) or self.rungs[-1:]

    def ceil(self, ticks: Ticks) -> Ticks:
        """The first grid point at or after `ticks`."""
        return Ticks(-(-ticks // self.unit) * self.unit)

    def snap(self, ticks: Ticks) -> Ticks:
        """The grid point nearest to `ticks`; of two equally near, the later."""
        return Ticks((2 * ticks + self.unit) // (2 * self.unit) * self.unit)


def _ladder(*, fast_clock: bool) -> tuple[Rung, ...]:
    """The ladder; above 30 pictures a second it takes higher levels and about half as many bits more."""
    if fast_clock:
        return (
            Rung(1920, 1080, 21, 8_500_000, 42),
            Rung(1280, 720, 21, 4_800_000, 32),
            Rung(960, 540, 22, 2_800_000, 32),
            Rung(640, 360, 23, 1_200_000, 31),
            Rung(416, 234, 24, 400_000, 30),
        )
    return (
        Rung(1920, 1080, 21, 6_000_000, 40),
        Rung(1280, 720, 21, 3_300_000, 31),
        Rung(960, 540, 22, 1_900_000, 31),
        Rung(640, 360, 23, 850_000, 30),
        Rung(416, 234, 24, 330_000, 30),
    )


HOUSES: Final = {
    house.name: house
    for house in (
        House("hd30", 30, _ladder(fast_clock=False), "medium"),
        House("hd25", 25, _ladder(fast_clock=False), "medium"),
        House("hd50", 50, _ladder(fast_clock=True), "medium"),
        House("hd60", 60, _ladder(fast_clock=True), "medium"),
        House("fast", 30, (Rung(640, 360, 25, 850_000, 30), Rung(416, 234, 27, 330_000, 30)), "ultrafast"),
    )
}
"""The houses there are, by name. `fast` is small and quick to encode, for demos and tests."""

DEFAULT_HOUSE: Final = "hd30"
