"""What a recording shows and sounds: its flashes, its beeps, and whether time runs evenly through it."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BRIGHT = 130
"""Mean luma above which a picture is a flash: white but for the bars beside a narrow film, which are dark."""
QUIET = 0.015
"""Seconds of silence before a beep."""
LAST = 8
"""Pictures at the end that do not count: a copy ends between pictures that refer to each other."""
EVERY = 61
"""One of so many luma samples is looked at; no multiple of a line."""


@dataclass(frozen=True)
class Recording:
    """What was decoded, but for the very end; all times in seconds."""

    pictures: list[Fraction]
    """When each picture is shown, in order."""
    flashes: list[float]
    sounds: list[tuple[Fraction, int]]
    """When each run of samples is heard, and how many there are at 48 kHz."""
    beeps: list[float]

    @property
    def uneven_pictures(self) -> list[float]:
        """Where two pictures are not a 30th of a second apart."""
        slack = Fraction(1, 1000)
        return [float(a) for a, b in pairwise(self.pictures) if abs(b - a - Fraction(1, 30)) > slack]

    @property
    def uneven_sounds(self) -> list[float]:
        """Where sound does not begin as the sound before it ends."""
        slack = Fraction(1, 1000)
        return [float(a) for (a, n), (b, _) in pairwise(self.sounds) if abs(b - a - Fraction(n, 48000)) > slack]

    @property
    def distances(self) -> list[float]:
        """For each flash, how much later the nearest beep begins."""
        return [nearest(self.beeps, flash) - flash for flash in self.flashes]


def recording(path: Path) -> Recording:
    """Decode a file."""
    pictures: list[tuple[Fraction, bool]] = []
    sounds: list[tuple[Fraction, array[float]]] = []
    with av.open(path) as container:
        streams = (container.streams.video[0], container.streams.audio[0])
        for frame in container.decode(*streams):
            assert isinstance(frame, VideoFrame | AudioFrame)
            assert frame.pts is not None
            assert frame.time_base is not None
            at = frame.pts * frame.time_base
            if isinstance(frame, VideoFrame):
                pictures.append((at, brightness(frame) > BRIGHT))
            else:
                assert frame.sample_rate == 48000
                sounds.append((at, array("f", bytes(frame.planes[0])[: 4 * frame.samples])))
    pictures.sort()
    del pictures[-LAST:]
    flashes = [float(at) for (_, before), (at, now) in pairwise(pictures) if now and not before]
    return Recording([at for at, _ in pictures], flashes, [(at, len(heard)) for at, heard in sounds], beeps(sounds))


def brightness(frame: VideoFrame) -> float:
    """The mean luma of a picture, about."""
    plane = frame.planes[0]
    data = bytes(plane)
    if plane.line_size != frame.width:
        data = b"".join(data[y * plane.line_size : y * plane.line_size + frame.width] for y in range(frame.height))
    some = data[::EVERY]
    return sum(some) / len(some)


def beeps(sounds: Sequence[tuple[Fraction, array[float]]]) -> list[float]:
    """When sound begins after silence; the very first sound does not count, as nobody knows what was before."""
    loud = max(max(heard) for _, heard in sounds) / 4
    starts: list[float] = []
    last = float(sounds[0][0]) - 1
    for at, heard in sounds:
        if max(heard) <= loud and min(heard) >= -loud:
            continue
        for k, value in enumerate(heard):
            if abs(value) > loud:
                moment = float(at) + k / 48000
                if moment - last > QUIET:
                    starts.append(moment)
                last = moment
    return starts


def nearest(times: Sequence[float], moment: float) -> float:
    """The one of `times`, in order, that is nearest to `moment`."""
    at = bisect_left(times, moment)
    return min(times[max(at - 1, 0) : at + 1], key=lambda time: abs(time - moment))
