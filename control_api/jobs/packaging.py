"""Packaging as a job: a source that lies in the store becomes an asset.

The control API does not package anything itself: who does is handed in, and works under the lease of the job.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, BaseModel, Field

from control_api.jobs.kinds import JobKind
from control_api.jobs.work import Broken, Stop, Work
from playout.core.asset import Kind
from playout.core.house import HOUSES

if TYPE_CHECKING:
    from control_api.settings import Settings

SOURCES: Final = "sources"
"""The folder of the store in which sources lie."""
_WORK_BYTES: Final = 2
"""How many bytes of disk a byte of source is taken to need, for chunks and the asset itself. A guess: what turns out
to need more ends like any job on a full disk, keeps what is done, and goes on when there is room."""


def _inside(source: str) -> str:
    """A path that stays in the folder of sources, as far as its words go."""
    path = PurePosixPath(source)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in source or "\\" in source:
        message = f"a source is named by its path in the folder {SOURCES}, e.g. series/film.mp4"
        raise ValueError(message)
    return str(path)


def _known(house: str) -> str:
    if house and house not in HOUSES:
        message = f"there is no such house; there is: {', '.join(HOUSES)}"
        raise ValueError(message)
    return house


Inside = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_inside)]
"""The path of a source in the folder of sources."""
House = Annotated[str, Field(max_length=40), AfterValidator(_known)]
"""The name of a format; empty: the station's own."""


class Package(BaseModel):
    """What is to be packaged, and what people say of it. It wins over what a side-car says."""

    source: Inside
    folder: str = Field(default="", max_length=1000)
    """One of `import_folders`, resolved, in which the source lies; empty: the folder of sources."""
    name: str = Field(default="", max_length=255)
    """What people call the file: what its title is guessed from."""
    house: House = ""
    """The format, and with it the ladder."""
    title_id: str | None = Field(default=None, max_length=40)
    """The title that the asset is to belong to."""
    title: str = Field(default="", max_length=500)
    kind: Kind | None = None
    tags: tuple[Annotated[str, Field(max_length=100)], ...] = Field(default=(), max_length=100)
    series: str = Field(default="", max_length=500)
    season: int = Field(default=0, ge=0, le=100_000)
    episode: int = Field(default=0, ge=0, le=100_000)
    description: str = Field(default="", max_length=10_000)
    rating: str = Field(default="", max_length=40)
    language: str = Field(default="", max_length=35)
    """BCP 47: that of the main sound track."""
    rendition: str = Field(default="", max_length=40)
    """Of an asset that is there: only this rendition is made anew, e.g. `v720`; empty: all of them."""


class Rendition(BaseModel):
    """One rendition of an asset."""

    name: str
    media: str
    codecs: str
    language: str
    bandwidth: int
    """The highest bit rate of a segment, in bit/s."""
    average: int
    """The mean bit rate, in bit/s."""
    bytes: int


class Packed(BaseModel):
    """The asset that a source has become."""

    asset: str
    house: str
    is_new: bool
    """False when the same thing had been packaged before."""
    duration_ms: int
    renditions: list[Rendition]
    notes: list[str]
    """What was left out, and why."""


@dataclass(frozen=True, slots=True)
class Unpackaged:
    """Why it was not packaged."""

    reason: str
    advice: str
    again: bool
    """Whether another attempt may end better: the machine failed, not the source."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How far the packaging is."""

    stage: str
    """`probe`, `analyse`, `encode`, `verify` or `publish`."""
    permille: int
    """How much of all stages is done, of 1000."""
    parts: Mapping[str, int] = field(default_factory=dict)
    """How much of each rendition is encoded, of 1000."""


@dataclass(frozen=True, slots=True)
class Order:
    """One source for whoever packages."""

    media: Path
    """The folder of the store."""
    source: Path
    given: Package
    hear: Callable[[Heard], None]
    within: Path
    """The folder that nothing may lead out of."""
    keeps: Callable[[], bool]
    """Whether what is encoded shall stay when the packaging is cancelled: a later attempt goes on from there."""


Packager = Callable[[Order], Awaitable[Packed | Unpackaged]]
"""Packages. When it is cancelled its encoders end at once."""

WORDS: Final = {
    "probe": "looking into the file",
    "analyse": "listening and looking for cuts",
    "encode": "transcoding",
    "verify": "packaging",
    "publish": "publishing",
}
"""What is said of each stage."""


def located(settings: Settings, source: str, folder: str = "") -> Path:
    """Where a source lies. Raises `Broken` when it is not there, or leads out of the folder. Blocks."""
    root = rooted(settings, folder)
    path = (root / source).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        message = f"there is no file {source} in the folder {folder or SOURCES}"
        raise Broken(message, "Upload it again, or put it there, and retry.")
    return path


def rooted(settings: Settings, folder: str) -> Path:
    """The folder in which a source lies, resolved. Raises `Broken` when nothing is packaged from there. Blocks."""
    if not folder:
        return (settings.media / SOURCES).resolve()
    for root in settings.import_folders:
        if str(root.resolve()) == folder:
            return Path(folder)
    message = f"nothing is packaged from the folder {folder}"
    raise Broken(message, "Name it in the setting import_folders, for workers too, and retry.")


def room(settings: Settings, given: Package) -> int:
    """How many bytes of disk its packaging may need. Blocks."""
    return _WORK_BYTES * located(settings, given.source, given.folder).stat().st_size


PACKAGE: Final = JobKind("package", Package, None, here=1, room=room)
"""In a process that has nobody who packages."""


def packaging(packager: Packager, *, at_once: int = 1) -> JobKind[Package]:
    """The same where `packager` packages, so many sources at a time."""

    async def work(work: Work, given: Package) -> Packed:
        stages: set[str] = set()

        def hear(heard: Heard) -> None:
            if heard.stage not in stages:
                stages.add(heard.stage)
                work.note(WORDS.get(heard.stage, heard.stage))
            work.tell(heard.permille, WORDS.get(heard.stage, heard.stage), heard.parts)

        source = await asyncio.to_thread(located, work.settings, given.source, given.folder)
        within = await asyncio.to_thread(rooted, work.settings, given.folder)
        keeps = lambda: work.stopped is not Stop.CANCELED  # noqa: E731 — a question, asked later
        order = Order(work.settings.media, source, given, hear, within, keeps)
        came = await packager(order)
        if isinstance(came, Unpackaged):
            raise Broken(came.reason, came.advice, again=came.again)
        for note in came.notes:
            work.note(note)
        return came

    return replace(PACKAGE, work=work, here=at_once)
