"""The demo library: small films, ads, bumpers and filler, drawn and sounded by ffmpeg alone.

Law: the same ffmpeg draws the same files everywhere. They differ in size, rate and sound on purpose, as
a folder of ordinary videos does.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import ffmpeg
from PIL import ImageFont
from ruamel.yaml import YAML

from packager import run
from playout.core.asset import Kind
from playout.refusals import Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_DRAFT_RATE: Final = 12_000
"""Samples in one second while a tune is reckoned: it has no high notes, and less is quicker."""


Picture = Any
"""What ffmpeg-python, which has no types, calls a stream."""


class NotDrawn(Unanswered):
    """ffmpeg could not make a sample: its last words."""


@dataclass(frozen=True, slots=True)
class Tune:
    """A sound that goes on for as long as one listens: plucked notes, one after the other."""

    root: int
    """The lowest note, in Hz."""
    pace: int
    """Notes in two seconds."""
    steps: tuple[int, ...]
    """The notes in turn, in semitones above the lowest."""
    layout: str
    """`mono`, `stereo` or `5.1`."""
    rate: int
    """Samples in one second."""
    codec: str = "aac"
    """FFmpeg's name of the encoder. AC-3 and MP2 take a fifth of the time that AAC takes."""

    def source(self, seconds: int) -> str:
        """The lavfi source that plays it."""
        span = f"2/{self.pace}"
        note = "+".join(
            f"{step}*eq(mod(floor(t/({span}))\\,{len(self.steps)})\\,{at})" for at, step in enumerate(self.steps)
        )
        pluck = f"exp(-5*mod(t\\,{span}))*min(1\\,200*mod(t\\,{span}))"
        voice = f"0.3*{pluck}*sin(2*PI*t*{self.root}*pow(2\\,({note})/12))"
        drone = f"0.08*sin(2*PI*t*{self.root}/2)*(1+sin(t/3))"
        pan = {
            "mono": "pan=mono|c0=0.7*c0+0.7*c1",
            "stereo": "pan=stereo|c0=c0+0.4*c1|c1=0.4*c0+c1",
            "5.1": "pan=5.1|c0=c0|c1=0.5*c0+c1|c2=0.6*c0|c3=0.5*c1|c4=0.4*c0+0.4*c1|c5=0.3*c0+0.5*c1",
        }[self.layout]
        fade = f"afade=in:d=0.2,afade=out:st={seconds - 1}:d=1"
        return f"aevalsrc={voice}|{drone}:s={_DRAFT_RATE}:d={seconds},aresample={self.rate},{pan},{fade}"


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of the demo library."""

    name: str
    """The file's name without its suffix."""
    title: str
    kind: Kind
    tags: tuple[str, ...]
    seconds: int
    picture: str
    """The lavfi source and its filters, up to the final size and rate."""
    rate: str
    """Pictures in one second, as ffmpeg reads it."""
    size: tuple[int, int]
    tune: Tune
    description: str = ""
    breaks: tuple[str, ...] = ()
    """Where the side-car says that breaks fit."""
    card: str = ""
    """Large words across the picture; empty for none."""
    facts: Mapping[str, object] = field(default_factory=dict)
    """What else its side-car says."""


def _calm(layout: str, rate: int, codec: str = "aac") -> Tune:
    return Tune(220, 3, (0, 7, 12, 15, 10, 7, 3, 5), layout, rate, codec)


def _quick(root: int) -> Tune:
    return Tune(root, 12, (0, 4, 7, 12, 7, 4), "stereo", 48_000)


def _ad(name: str, title: str, words: str, cut: tuple[int, str, int], facts: Mapping[str, object]) -> Sample:
    """An ad; `cut` is its seconds, its picture, and the lowest note of its tune."""
    seconds, picture, root = cut
    return Sample(
        name, title, Kind.AD, ("ad",), seconds, f"{picture},scale=640:360:flags=bicubic", "30", (640, 360),
        _quick(root), f"{words[0].upper()}{words[1:]}.", (), words, facts,
    )  # fmt: skip


def _slow_light(
    season: int, title: str, seconds: int, seed: int, description: str, facts: Mapping[str, object]
) -> Sample:
    """An episode of the demo's series; each season has one."""
    return Sample(
        f"slow-light-{season}", title, Kind.EPISODE, ("film", "demo"), seconds,
        f"gradients=s=96x54:r=25:n=6:type=spiral:seed={seed}:speed=0.006:"
        "c0=#14213d:c1=#fca311:c2=#e5383b:c3=#6a4c93:c4=#1982c4:c5=#8ac926,"
        "format=yuv420p,scale=960:540:flags=bicubic",
        "25", (960, 540), _calm("stereo", 44_100, "mp2"), description, (f"00:00:{seconds // 2}",),
        facts={"series": "Slow Light", "season": season, "episode": 1, "genres": ["drama"], "rating": "TV-PG", **facts},
    )  # fmt: skip


_TRACKS: Final = (
    "cellauto=s=80x45:r=10:rule=110:random_seed=4:scroll=1,format=rgb24,colorchannelmixer=rr=0.1:gg=0.3:bb=0.5,"
    "scale=320:180:flags=neighbor,fps=30"
)
"""What the ad for trains shows."""

SAMPLES: Final = (
    Sample(
        "colony", "Colony", Kind.MOVIE, ("film", "demo", "kids", "short"), 60,
        "life=s=160x120:r=10000/1001:seed=11:ratio=0.19:mold=12:life_color=#b8ffd9:death_color=#1f6f78:mold_color=#0b1e2d,"
        "scale=640:480:flags=neighbor,format=yuv420p,fps=30000/1001",
        "30000/1001", (640, 480), Tune(262, 5, (0, 4, 7, 9, 12, 9, 7, 4), "mono", 48_000),
        "Cells are born, crowd each other and drift apart: a day in the life of a very small country.", ("00:00:30",),
        facts={"released": "1970-10-01", "genres": ["nature", "family"], "rating": "G"},
    ),
    Sample(
        "the-deep", "The Deep", Kind.MOVIE, ("film", "demo"), 64,
        "mandelbrot=s=240x100:r=24:maxiter=300:inner=black:start_scale=2.6:end_scale=0.004:end_pts=1536,"
        "gblur=sigma=1.2,format=yuv444p,hue=h=200*sin(floor(6*t)/114):s=0.7,format=yuv420p,scale=768:320:flags=bicubic",
        "24", (768, 320), Tune(147, 4, (0, 3, 7, 10, 12, 10, 7, 3), "5.1", 48_000, "ac3"),
        "A descent along the edge of the Mandelbrot set, into one of its valleys.", ("00:00:30",),
        facts={"released": "1980-03-01", "genres": ["thriller"], "rating": "R"},
    ),
    _slow_light(1, "Dusk", 26, 7, "One evening of colour, filmed without hurry.", {"released": "2019-10-04"}),
    _slow_light(2, "Before Morning", 24, 19, "The colours of the hours that nobody sees.", {"released": "2021-03-26"}),
    Sample(
        "harbour-postcard", "Postcard from a Harbour", Kind.CLIP, ("film", "demo", "kids"), 10,
        "gradients=s=96x54:r=30:n=3:type=linear:seed=64:speed=0.01:c0=#2a6f97:c1=#a9d6e5:c2=#f4d58d,"
        "scale=640:360:flags=bicubic",
        "30", (640, 360), _calm("stereo", 48_000, "mp2"), "Water, and what the light does to it.",
        facts={
            "released": "2023", "genres": ["travel"], "rating": "TV-G",
            "rights": [
                {"from": "2020-01-01", "until": "2099-12-31", "territories": ["BE", "CH", "FR", "US"]},
                {"from": "2100-01-01"},
            ],
        },
    ),
    Sample(
        "filler-soon", "Fastline: we will be right back", Kind.FILLER, ("filler",), 24,
        "gradients=s=96x54:r=30:n=3:seed=21:speed=0.008:c0=#10243f:c1=#27496d:c2=#0c7b93,"
        "scale=640:360:flags=bicubic",
        "30", (640, 360), _calm("stereo", 48_000), "What airs when nothing else does.", (), "back in a moment",
    ),
    Sample(
        "bumper-in", "Break", Kind.BUMPER, ("break",), 3,
        "gradients=s=96x54:r=30:n=2:seed=5:speed=0.05:c0=#4b1d6b:c1=#c2406e,scale=640:360:flags=bicubic",
        "30", (640, 360), _quick(330), "Leads into a break.", (), "a short break",
    ),
    Sample(
        "bumper-fastline", "Fastline", Kind.BUMPER, ("break",), 4,
        "gradients=s=96x54:r=30:n=2:seed=8:speed=0.05:c0=#0b486b:c1=#3fb8af,scale=640:360:flags=bicubic",
        "30", (640, 360), _quick(294), "The house's own.", (), "fastline",
    ),
    _ad("ad-lamp", "Aurora Lamps", "light that stays",
        (10, "gradients=s=96x54:r=30:n=4:seed=31:speed=0.03:c0=#ff9a3c:c1=#ffd86b:c2=#8c2f39:c3=#3a0ca3", 349),
        {"advertiser": "Aurora", "category": "home"}),
    _ad("ad-bakery", "Pebble Bakery", "warm since six o'clock",
        (8, "gradients=s=96x54:r=30:n=4:type=circular:seed=3:speed=0.03:c0=#6f1d1b:c1=#bb9457:c2=#ffe6a7:c3=#99582a",
         392),
        {"advertiser": "Pebble", "category": "food"}),
    _ad("ad-trains", "Northline Trains", "the long way, slowly",
        (12, _TRACKS, 196),
        {"advertiser": "Northline", "category": "travel"}),
    _ad("ad-soap", "Tidal Soap", "it floats",
        (15, "gradients=s=96x54:r=30:n=3:type=radial:seed=44:speed=0.03:c0=#023e8a:c1=#48cae4:c2=#90e0ef", 440),
        {"advertiser": "Aurora", "category": "home"}),
)  # fmt: skip
"""The whole library: what is needed first in front, then what takes longest, so that no core waits for another."""
TITLES: Final = frozenset(sample.title for sample in SAMPLES)
"""What they are called: by that they are known again, once they are packaged."""


async def draw(
    folder: Path, samples: Sequence[Sample] = SAMPLES, done: Callable[[Path], None] = lambda _: None
) -> tuple[Path, ...]:
    """Make `samples` in `folder`, each with its side-car; `done` is told each film. Raises `NotDrawn`.

    One process a core draws at a time; a film that is there already is not made again.
    """
    turns = asyncio.Semaphore(os.cpu_count() or 1)

    async def one(sample: Sample, font: Path) -> Path:
        async with turns:
            film = await _drawn(sample, folder, font)
            done(film)
            return film

    with TemporaryDirectory() as scratch:
        font = _prepared(folder, Path(scratch))
        async with asyncio.TaskGroup() as tasks:
            making = [tasks.create_task(one(sample, font)) for sample in samples]
        return tuple(task.result() for task in making)


def begin(folder: Path) -> None:
    """Lay down the side-cars of all samples: from then on those without a film are `unfinished`."""
    folder.mkdir(parents=True, exist_ok=True)
    for sample in SAMPLES:
        write_sidecar(sample, folder / f"{sample.name}.mp4")


def unfinished(folder: Path) -> tuple[Sample, ...]:
    """The samples that were begun in `folder` and have no film yet, as after a start that was interrupted."""
    return tuple(
        sample
        for sample in SAMPLES
        if (folder / f"{sample.name}.yaml").exists() and not (folder / f"{sample.name}.mp4").exists()
    )


def _prepared(folder: Path, scratch: Path) -> Path:
    """Make the folder, and write down the typeface: a fresh machine has none, and Pillow brings one along."""
    face = ImageFont.load_default(20)
    if not isinstance(face, ImageFont.FreeTypeFont):
        message = "Pillow was built without FreeType and has no scalable font"
        raise NotDrawn(message)
    folder.mkdir(parents=True, exist_ok=True)
    font = scratch / "font.ttf"
    font.write_bytes(face.font_bytes)
    return font


def arguments(sample: Sample, font: Path, film: Path) -> list[str]:
    """What ffmpeg is asked to do for `sample`."""
    picture = ffmpeg.input(sample.picture, f="lavfi").filter("format", "yuv420p").filter("setsar", 1)
    sound = ffmpeg.input(sample.tune.source(sample.seconds), f="lavfi")
    exact = dict.fromkeys(("fflags", "flags:v", "flags:a"), "+bitexact") | {"map_metadata": -1}
    coded = {"c:v": "libx264", "preset": "ultrafast", "crf": 27, "g": 60, "threads": 1, "c:a": sample.tune.codec,
             "b:a": "320k" if sample.tune.layout == "5.1" else "160k"}  # fmt: skip
    file = {"t": sample.seconds, "f": "mp4", "movflags": "+faststart"}
    film_of_both = ffmpeg.output(_lettered(picture, sample, font), sound, f"file:{film}", **exact, **coded, **file)
    given: list[str] = film_of_both.overwrite_output().get_args()
    return given


def write_sidecar(sample: Sample, film: Path) -> None:
    """Write what is known of `sample` beside its film."""
    about: dict[str, object] = {
        "title": sample.title,
        "kind": sample.kind.value,
        "tags": list(sample.tags),
        "description": sample.description,
    }
    about |= sample.facts
    if sample.breaks:
        about["break_points"] = list(sample.breaks)
    with film.with_suffix(".yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(about, file)


async def _drawn(sample: Sample, folder: Path, font: Path) -> Path:
    film = folder / f"{sample.name}.mp4"
    if film.exists():
        return film
    write_sidecar(sample, film)
    draft = folder / f".{sample.name}.mp4.part"
    try:
        ended = await run.ffmpeg(arguments(sample, font, draft))
        if not ended.well:
            message = f"{film}: {ended.words}"
            raise NotDrawn(message)
        draft.rename(film)
    except run.NoEncoder as none:
        raise NotDrawn(str(none)) from none
    finally:
        draft.unlink(missing_ok=True)
    return film


def _lettered(picture: Picture, sample: Sample, font: Path) -> Picture:
    """The title and a running timecode in the lower left corner, and the card in the middle."""
    lines = sample.size[1]
    small, large = lines // 20, lines // 9
    face = {"fontfile": font, "fontcolor": "white", "shadowcolor": "black@0.6", "shadowx": 2, "shadowy": 2}
    words = face | {"expansion": "none"}
    corner = {"fontsize": small, "x": "h/16"}
    if sample.card:
        middle = {"fontsize": large, "x": "(w-tw)/2", "y": "(h-th)/2"}
        picture = picture.filter("drawtext", text=sample.card, **words, **middle)
    titled = picture.filter("drawtext", text=sample.title, **words, **corner, y=f"h-h/16-2.4*{small}")
    code = {"timecode": "00:00:00:00", "rate": sample.rate}
    return titled.filter("drawtext", **code, **face, **corner, y=f"h-h/16-{small}")
