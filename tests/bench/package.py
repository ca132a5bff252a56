"""Packaging a film beside one plain ffmpeg command that writes the same renditions with the same settings."""

from __future__ import annotations

import asyncio
import subprocess
from time import perf_counter
from typing import TYPE_CHECKING

import imageio_ffmpeg
from figures import Figure

from packager.batch import Batch, package
from packager.ffmpeg import THREADS
from playout.clock import system_clock
from playout.core.house import HOUSES, House

if TYPE_CHECKING:
    from pathlib import Path

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


def source(folder: Path, seconds: int) -> Path:
    """A film that moves everywhere: 720p at 25 pictures a second, H.264 and AAC."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "film.mp4"
    noisy = "gradients=s=1280x720:r=25:speed=0.05,noise=alls=12:allf=t"
    _ffmpeg(
        "-f", "lavfi", "-i", noisy, "-f", "lavfi", "-i", "sine=330:r=48000", "-t", str(seconds),
        "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p", "-c:a", "aac", str(file),
    )  # fmt: skip
    return file


def plain(film: Path, house: House, folder: Path) -> float:
    """Seconds of the plain command: one decode, one output a rung, one for the sound."""
    count = len(house.rungs)
    graph = f"[0:v]fps={house.fps},split={count}" + "".join(f"[s{k}]" for k in range(count))
    graph += "".join(
        f";[s{k}]scale={rung.width}:{rung.height}:flags=bicubic+accurate_rnd[v{k}]"
        for k, rung in enumerate(house.rungs)
    )
    outputs: list[str] = []
    for k, rung in enumerate(house.rungs):
        outputs += [
            "-map", f"[v{k}]", "-c:v", "libx264", "-preset", house.preset, "-profile:v", "high",
            "-crf", str(rung.crf), "-maxrate", str(rung.maxrate), "-bufsize", str(rung.bufsize), "-bf", "2",
            "-g", str(house.gop_frames), "-threads", str(THREADS), "-sc_threshold", "0", "-pix_fmt", "yuv420p",
            "-movflags", "frag_keyframe+empty_moov", str(folder / f"plain-{rung.name}.mp4"),
        ]  # fmt: skip
    sound = ["-map", "0:a", "-c:a", "aac", "-b:a", str(house.audio_bitrate), str(folder / "plain-a.mp4")]
    start = perf_counter()
    _ffmpeg("-i", str(film), "-filter_complex", graph, *outputs, *sound)
    return perf_counter() - start


def packaged(film: Path, house: House, media: Path) -> float:
    """Seconds that the packager takes, analysis and verification included; the house's slate is there already."""
    batch = Batch(media, house)
    asyncio.run(package([], batch, tell=lambda _: None, clock=system_clock))
    start = perf_counter()
    outcomes = asyncio.run(package([film], batch, tell=lambda _: None, clock=system_clock))
    taken = perf_counter() - start
    if not hasattr(outcomes[0], "asset"):
        message = f"the film was not packaged: {outcomes[0]}"
        raise SystemExit(message)
    return taken


def _ffmpeg(*arguments: str) -> None:
    subprocess.run([FFMPEG, "-v", "error", "-y", *arguments], check=True)


def ratio(folder: Path, name: str, seconds: int) -> Figure:
    """How much longer than the plain command packaging takes."""
    house = HOUSES[name]
    film = source(folder, seconds)
    bare = plain(film, house, folder)
    ours = packaged(film, house, folder / "media")
    value = ours / bare
    how = f"{seconds} s of 720p25, house {name}: {ours:.1f} s to {bare:.1f} s"
    return Figure("packaging ÷ plain ffmpeg", f"{value:.2f}", "≤ 1.10", value <= 1.1, how)
