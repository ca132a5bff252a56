"""The films that the players' channel is made of: they flash and beep together at every second.

They differ in rate, size and sound, and their lengths are odd, as in a folder of ordinary videos. Each has
a colour of its own, and carries its running time, so that a picture taken from a player tells what it is.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from packager.batch import Batch, Packaged, package
from packager.run import ffmpeg_binary
from playout.core.house import HOUSES

CHECKOUT = Path(__file__).resolve().parents[2]
KEPT = CHECKOUT / "build" / "players"
"""Packaged libraries by the digest of what makes them: packaging takes a while, and the films never change."""

FLASH = 3
"""Pictures that a flash lasts; a beep lasts as long."""
LOUD = 0.5
"""The amplitude of a beep; between them there is silence."""
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Film:
    """One source."""

    name: str
    kind: str
    seconds: float
    rate: Fraction
    size: tuple[int, int]
    sound: int
    """Samples in one second."""
    layout: str
    tint: str
    """Multipliers of red, green and blue: the film's colour."""
    breaks: tuple[str, ...] = ()

    @property
    def second(self) -> Fraction:
        """From one flash to the next: as many pictures as come nearest to a second."""
        return round(self.rate) / self.rate

    def arguments(self) -> list[str]:
        """The inputs and codecs of ffmpeg; pictures are dark but for the flashes."""
        pictures = round(self.rate)
        red, green, blue = self.tint.split()
        picture = (
            f"testsrc2=s={self.size[0]}x{self.size[1]}:r={self.rate}:d={self.seconds},format=gbrp,"
            f"colorchannelmixer=rr={red}:gg={green}:bb={blue},"
            f"drawbox=c=white:t=fill:enable='lt(mod(n,{pictures}),{FLASH})',"
            "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
            "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
        )
        beep = f"{LOUD}*sin(2*PI*1000*t)*lt(mod(t+0.000001,{float(self.second):.9f}),{float(FLASH / self.rate):.9f})"
        voices = "|".join([beep] * {"mono": 1, "stereo": 2}[self.layout])
        sound = f"aevalsrc='{voices}':s={self.sound}:c={self.layout}:d={self.seconds}"
        return [
            "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-map", "0", "-map", "1",
            "-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-c:a", "aac", "-b:a", "160k",
        ]  # fmt: skip

    def sidecar(self) -> str:
        """What is known of it."""
        points = f"break_points: [{', '.join(self.breaks)}]\n" if self.breaks else ""
        return f"title: Film {self.name}\nkind: {self.kind}\ntags: [{self.kind}]\n{points}"


FILMS = (
    Film("anna", "movie", 13.37, Fraction(25), (640, 360), 48000, "stereo", "0.3 0.05 0.05"),
    Film("bruno", "movie", 11.9, Fraction(30000, 1001), (640, 480), 44100, "mono", "0.05 0.3 0.05"),
    Film("clara", "movie", 19.3, Fraction(24), (640, 268), 48000, "stereo", "0.05 0.05 0.4", ("11.2",)),
    Film("dora", "movie", 10.6, Fraction(30), (480, 360), 44100, "stereo", "0.3 0.3 0.05"),
    Film("soap", "ad", 5.7, Fraction(25), (640, 360), 48000, "mono", "0.3 0.05 0.3"),
    Film("lamps", "ad", 4.45, Fraction(24000, 1001), (320, 240), 44100, "stereo", "0.05 0.3 0.3"),
    Film("logo", "bumper", 2.6, Fraction(30), (640, 360), 48000, "stereo", "0.2 0.2 0.2"),
)


def library() -> Path:
    """A media folder with all films packaged; made once for each state of the packager."""
    made = KEPT / _state()
    if made.is_dir():
        return made
    KEPT.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=KEPT, prefix=".making-") as folder:
        media = Path(folder) / "media"
        sources = Path(folder) / "sources"
        sources.mkdir()
        files = [_source(film, sources) for film in FILMS]
        batch = Batch(media, HOUSES["fast"], jobs=2)
        outcomes = asyncio.run(package(files, batch, tell=lambda _: None, clock=lambda: NOON))
        refused = [str(outcome) for outcome in outcomes if not isinstance(outcome, Packaged)]
        assert not refused, refused
        for stale in KEPT.iterdir():
            if not stale.name.startswith("."):
                shutil.rmtree(stale)
        media.rename(made)
    return made


def copy(media: Path, folder: Path) -> Path:
    """A media folder of its own with the same library, by hard links."""
    shutil.copytree(media, folder, copy_function=lambda a, b: Path(b).hardlink_to(a))
    return folder


def _source(film: Film, folder: Path) -> Path:
    path = folder / f"{film.name}.mp4"
    subprocess.run([ffmpeg_binary(), "-nostdin", "-v", "error", *film.arguments(), str(path)], check=True)
    path.with_suffix(".yaml").write_text(film.sidecar())
    return path


def _state() -> str:
    """A digest of the films and of the code that packages them."""
    digest = sha256()
    for path in (
        Path(__file__),
        *sorted((CHECKOUT / "packager").glob("*.py")),
        *sorted((CHECKOUT / "playout").rglob("*.py")),
    ):
        if path.is_relative_to(CHECKOUT / "playout") and path.parent.name not in ("core", "playout"):
            continue
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
