"""Looking at and listening to packaged assets, as a client would decode them."""

from __future__ import annotations

import asyncio
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from PIL import Image

from packager.job import Packaged, Shop, package
from packager.sidecar import Sidecar, read
from playout.core.asset import Asset
from playout.core.house import House
from playout.core.ticks import MEDIA_ORIGIN, TIMEBASE, Ticks
from playout.store import DirStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.job import Outcome
    from playout.core.asset import Track

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


async def outcome(path: Path, root: Path, house: House) -> Outcome:
    """What packaging the file, with what lies beside it, comes to."""
    said = read(path)
    assert isinstance(said, Sidecar), said
    shop = Shop(DirStore(root), house, asyncio.Semaphore(2), tell=lambda _: None, clock=lambda: NOON)
    return await package(path, said, shop)


async def viewed(path: Path, root: Path, house: House) -> Viewing:
    """The asset that the file becomes."""
    answer = await outcome(path, root, house)
    assert isinstance(answer, Packaged), answer
    return Viewing(root / "assets" / answer.asset.id, answer.asset, house)


@dataclass(frozen=True)
class Sound:
    """Decoded sound: sample 0 is at `start`, in samples of 48 kHz since tick 0."""

    start: int
    left: array[float]
    right: array[float]

    def onsets(self, level: float = 0.02, quiet: int = 4800) -> list[Ticks]:
        """When it becomes loud after at least `quiet` samples that were not."""
        found = []
        last = -quiet
        for at, value in enumerate(self.left):
            if abs(value) > level:
                if at - last >= quiet:
                    found.append(self.tick(at))
                last = at
        return found

    def tick(self, sample: int) -> Ticks:
        return Ticks((self.start + sample) * TIMEBASE // 48_000)

    def loudest(self, start: Ticks, end: Ticks) -> float:
        """The highest sample, of both channels, from `start` to `end`."""
        span = slice(start * 48_000 // TIMEBASE - self.start, end * 48_000 // TIMEBASE - self.start)
        return max(max(map(abs, side[span]), default=0.0) for side in (self.left, self.right))


@dataclass(frozen=True)
class Viewing:
    """An asset and its files."""

    folder: Path
    asset: Asset
    house: House

    def track(self, name: str) -> Track:
        track = self.asset.track(name)
        assert track is not None, f"{name} is not among {[t.name for t in self.asset.tracks]}"
        return track

    def data(self, name: str, first: int = 0, stop: int | None = None) -> bytes:
        """The init segment and segments `first` to `stop` of a track."""
        track = self.track(name)
        content = (self.folder / track.file).read_bytes()
        end = track.offsets[self.asset.cuts.segments if stop is None else stop]
        return content[: track.offsets[0]] + content[track.offsets[first] : end]

    def pictures(self, name: str = "", first: int = 0) -> Iterator[tuple[Ticks, VideoFrame]]:
        """When each picture is shown, and the picture; of the best rendition, unless another is named."""
        name = name or next(track.name for track in self.asset.tracks if track.name.startswith("v"))
        with av.open(BytesIO(self.data(name, first)), mode="r", format="mp4") as container:
            for frame in container.decode(container.streams.video[0]):
                assert isinstance(frame, VideoFrame)
                assert frame.pts is not None
                yield Ticks(frame.pts - MEDIA_ORIGIN), frame

    def picture(self, at: Ticks, name: str = "") -> Image.Image:
        """What is on screen at `at`, as RGB."""
        frame = [frame for tick, frame in self.pictures(name) if tick <= at][-1]
        return rgb(frame)

    def flashes(self, name: str = "", first: int = 0) -> list[Ticks]:
        """When the middle of the left edge of the picture turns to white."""
        found = []
        white = False
        for tick, frame in self.pictures(name, first):
            gray = frame.reformat(64, 36, "gray").planes[0]
            bright = bytes(gray)[18 * gray.line_size + 32 - 20] > 180
            if bright and not white:
                found.append(tick)
            white = bright
        return found

    def sound(self, name: str = "", first: int = 0) -> Sound:
        """Everything that is heard from segment `first` on."""
        name = name or next(track.name for track in self.asset.tracks if track.name.startswith("a-"))
        start: int | None = None
        left, right = array("f"), array("f")
        with av.open(BytesIO(self.data(name, first)), mode="r", format="mp4") as container:
            for frame in container.decode(container.streams.audio[0]):
                assert isinstance(frame, AudioFrame)
                assert frame.pts is not None
                assert frame.format.name == "fltp"
                if start is None:
                    start = (frame.pts - MEDIA_ORIGIN) * 48_000 // TIMEBASE
                left.frombytes(bytes(frame.planes[0])[: 4 * frame.samples])
                right.frombytes(bytes(frame.planes[1])[: 4 * frame.samples])
        assert start is not None
        return Sound(start, left, right)


def rgb(frame: VideoFrame) -> Image.Image:
    """A house picture as a client shows it: BT.709, limited range."""
    assert (int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc)) == (1, 1, 1)
    plane = frame.reformat(
        format="rgb24", src_colorspace="ITU709", src_color_range="MPEG", dst_color_range="JPEG"
    ).planes[0]
    return Image.frombytes("RGB", (frame.width, frame.height), bytes(plane), "raw", "RGB", plane.line_size)


def box_of_white(image: Image.Image) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is white in the middle of the picture."""
    white = image.convert("L").point(lambda value: 255 * (value > 190))
    box = white.getbbox()
    assert box is not None
    return box
