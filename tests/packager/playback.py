"""Making small sources with ffmpeg, packaging them, and looking at what a player would show and play."""

from __future__ import annotations

import atexit
import shutil
import subprocess
from array import array
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import av

from packager import slate
from packager.batch import Batch, Packaged, package
from packager.plan import CHUNK_SEGMENTS
from packager.run import ffmpeg_binary
from playout.core.house import HOUSES, House, Rung
from playout.core.ticks import MEDIA_ORIGIN, TIMEBASE

if TYPE_CHECKING:
    from packager.job import Outcome
    from packager.progress import Progress
    from playout.core.asset import Asset, Track

FAST = HOUSES["fast"]
TINY = House("tiny", 30, (Rung(64, 36, 30, 200_000, 30),), "ultrafast")
"""So small that ten minutes are packaged in seconds."""
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

NUMBERED = "geq=lum='if(mod(floor(N/pow(2,floor(X*16/W))),2),235,16)':cb=128:cr=128"
"""Draws a picture's number as 16 bars, the lowest bit at the left."""
FLASH = "geq=lum='if(lt(mod(T+0.001,1),0.1),235,16)':cb=128:cr=128"
"""White for the first tenth of every second."""
BEEP = "aevalsrc='if(lt(mod(t,1),0.1),0.4*sin(2*PI*1000*t),0)':s={rate}:d={seconds}"
"""A tone in the first tenth of every second."""


def draw(path: Path, *arguments: str) -> Path:
    """Make a file with ffmpeg."""
    command = [ffmpeg_binary(), "-nostdin", "-v", "error", *arguments, "-y", str(path)]
    subprocess.run(command, check=True)
    return path


def numbered(path: Path, rate: str, seconds: float, *output: str, size: str = "128x72") -> Path:
    """A film whose pictures carry their number, with a tone."""
    return draw(
        path,
        "-f", "lavfi", "-i", f"nullsrc=s={size}:r={rate}:d={seconds},{NUMBERED}",
        "-f", "lavfi", "-i", f"sine=500:d={seconds}",
        *(output or ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "50", "-c:a", "aac")),
    )  # fmt: skip


def flashing(path: Path, rate: str, seconds: float, *output: str, sound_rate: int = 48000) -> Path:
    """A film that flashes and beeps at every second."""
    return draw(
        path,
        "-f", "lavfi", "-i", f"nullsrc=s=128x72:r={rate}:d={seconds},{FLASH}",
        "-f", "lavfi", "-i", BEEP.format(rate=sound_rate, seconds=seconds),
        *(output or ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "50", "-c:a", "aac")),
    )  # fmt: skip


@cache
def _kits() -> Path:
    """Where the slates of this process are."""
    folder = Path(mkdtemp(prefix="kits-"))
    atexit.register(shutil.rmtree, folder)
    return folder


async def furnished(media: Path, house: House = FAST) -> Path:
    """`media`, and in it the slate of the house, which is packaged once for all tests of this process.

    Where there is something of the house already it stays as it is.
    """
    kit = _kits() / house.name
    await slate.ensure(kit, house, lambda _: None, lambda: NOON)
    if not (media / "assets").exists() and not (media / "houses").exists():
        shutil.copytree(kit, media, dirs_exist_ok=True)
    return media


async def outcomes(
    media: Path,
    *files: Path,
    house: House = FAST,
    told: list[Progress] | None = None,
    jobs: int = 1,
    chunk: int = CHUNK_SEGMENTS,
) -> list[Outcome]:
    """What comes of packaging `files`."""
    batch = Batch(await furnished(media, house), house, jobs=jobs, chunk=chunk)
    notes = [] if told is None else told
    return await package(files, batch, tell=notes.append, clock=lambda: NOON)


async def packaged(media: Path, file: Path, house: House = FAST, chunk: int = CHUNK_SEGMENTS) -> Asset:
    """The asset of `file`; fails with the refusal."""
    (outcome,) = await outcomes(media, file, house=house, chunk=chunk)
    assert isinstance(outcome, Packaged), str(outcome)
    return outcome.asset


def track_bytes(media: Path, asset: Asset, track: Track) -> bytes:
    return (media / "assets" / asset.id / track.file).read_bytes()


def pictures(media: Path, asset: Asset, name: str = "v234") -> list[tuple[int, av.VideoFrame]]:
    """Every picture of a rendition, with the tick at which it is shown."""
    track = asset.track(name)
    assert track is not None
    shown = []
    with av.open(BytesIO(track_bytes(media, asset, track)), "r") as container:
        for frame in container.decode(video=0):
            assert frame.pts is not None
            assert frame.time_base is not None
            shown.append((int(frame.pts * frame.time_base * TIMEBASE) - MEDIA_ORIGIN, frame))
    return shown


def luma(frame: av.VideoFrame) -> list[bytes]:
    """The luma of a picture, line by line."""
    plane = frame.planes[0]
    data = bytes(plane)
    return [data[y * plane.line_size : y * plane.line_size + frame.width] for y in range(frame.height)]


def brightness(frame: av.VideoFrame) -> float:
    """The mean luma of a picture."""
    return sum(map(sum, luma(frame))) / (frame.width * frame.height)


def numbers(media: Path, asset: Asset, name: str = "v234", canvas: tuple[int, int] | None = None) -> list[int]:
    """The numbers that the pictures of a rendition carry."""
    read = []
    for _, frame in pictures(media, asset, name):
        height, width = frame.height, frame.width
        wide = width if canvas is None else canvas[0] * height // canvas[1]
        left = (width - wide) // 2
        row = luma(frame)[height // 2]
        read.append(sum(int(row[left + (2 * bit + 1) * wide // 32] > 125) << bit for bit in range(16)))
    return read


def samples(media: Path, asset: Asset, name: str | None = None) -> list[float]:
    """The left channel of a sound rendition, from tick 0 on."""
    track = next(t for t in asset.tracks if (t.name == name if name else t.name.startswith("a-")))
    heard: list[float] = []
    with av.open(BytesIO(track_bytes(media, asset, track)), "r") as container:
        for frame in container.decode(audio=0):
            assert frame.pts is not None
            assert frame.time_base is not None
            at = round((frame.pts * frame.time_base - MEDIA_ORIGIN // TIMEBASE) * 48000)
            assert at == len(heard), "the sound has a hole"
            heard += array("f", bytes(frame.planes[0])[: 4 * frame.samples])
    return heard


def beeps(heard: list[float], loud: float = 0.05) -> list[float]:
    """When each tone begins, in seconds."""
    starts, last = [], -1.0
    for k, value in enumerate(heard):
        if abs(value) > loud:
            if k / 48000 - last > 0.3:
                starts.append(k / 48000)
            last = k / 48000
    return starts


def flashes(shown: list[tuple[int, av.VideoFrame]]) -> list[float]:
    """When each flash begins, in seconds."""
    bright = [(tick, brightness(frame) > 90) for tick, frame in shown]
    starts = [0.0] if bright and bright[0][1] else []
    return starts + [tick / TIMEBASE for (_, before), (tick, now) in pairwise(bright) if now and not before]
