"""Packaging one file for whoever waits for it: how far each rendition is, cancelling for good, one rendition anew."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playback import FAST, NOON, furnished, numbered, track_bytes

from packager import work
from packager.batch import Batch, Packaged, package_one
from packager.progress import Progress, Stage
from packager.run import NICENESS, ffmpeg
from packager.source import Refusal
from playout.store import DirStore

if TYPE_CHECKING:
    from packager.job import Outcome
    from playout.core.asset import Asset
    from playout.core.ticks import Ticks

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = numbered(tmp_path_factory.mktemp("films") / "x0199.mp4", "30", 5)
    path.with_name("x0199.en.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    return path


async def one(media: Path, film: Path, told: list[Progress] | None = None, rendition: str = "") -> Outcome:
    notes = [] if told is None else told
    batch = Batch(await furnished(media), FAST, chunk=1)
    called = "A_film.mp4"
    return await package_one(film, batch, tell=notes.append, clock=lambda: NOON, called=called, rendition=rendition)


async def made(media: Path, film: Path, told: list[Progress] | None = None) -> Asset:
    outcome = await one(media, film, told)
    assert isinstance(outcome, Packaged), str(outcome)
    return outcome.asset


def left(media: Path) -> list[Path]:
    return [path for path in (media / work.FOLDER).rglob("*") if "slate" not in path.name]


async def test_it_is_called_as_people_call_it_and_tells_how_far_each_rendition_is(film: Path, tmp_path: Path) -> None:
    told: list[Progress] = []
    asset = await made(tmp_path, film, told)
    assert asset.about.title == "A film"
    mine = [note for note in told if note.file == str(film) and note.parts]
    names = {name for note in mine for name, _ in note.parts}
    assert names == {"v360", "v234", "a-und"}
    for name in names:
        shares = [dict(note.parts)[name] for note in mine]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0
    assert mine[-1].stage is Stage.PUBLISH


async def test_who_cancels_for_good_leaves_nothing(film: Path, tmp_path: Path) -> None:
    begun = asyncio.Event()

    def tell(note: Progress) -> None:
        if note.file == str(film) and note.stage is Stage.ENCODE:
            begun.set()

    batch = Batch(await furnished(tmp_path), FAST, chunk=1)
    running = asyncio.ensure_future(package_one(film, batch, tell=tell, clock=lambda: NOON, keeps=lambda: False))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert left(tmp_path) == []
    assert len(DirStore(tmp_path).names("assets")) == len(["the slate"])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the children of a process")
async def test_an_encoder_gives_way_to_everything_else() -> None:
    found: list[int] = []

    def look(_: Ticks) -> None:
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
        found.extend(os.getpriority(os.PRIO_PROCESS, int(child)) for child in children)

    ended = await ffmpeg(["-re", "-f", "lavfi", "-i", "testsrc=d=2", "-f", "null", "-"], progress=look)
    assert ended.well
    assert min(os.getpriority(os.PRIO_PROCESS, 0) + NICENESS, 19) in found


@pytest.mark.parametrize("rendition", ["v234", "a-und", "s-en"])
async def test_one_rendition_that_came_to_harm_is_made_anew_and_is_the_same(
    film: Path, tmp_path: Path, rendition: str
) -> None:
    asset = await made(tmp_path, film)
    track = asset.track(rendition)
    assert track is not None
    before = {each.name: track_bytes(tmp_path, asset, each) for each in asset.tracks}
    others = {each.file: (tmp_path / "assets" / asset.id / each.file).stat().st_ino for each in asset.tracks}
    (tmp_path / "assets" / asset.id / track.file).write_bytes(b"harm")
    told: list[Progress] = []
    outcome = await one(tmp_path, film, told, rendition)
    assert isinstance(outcome, Packaged), str(outcome)
    assert outcome.asset == asset
    assert {each.name: track_bytes(tmp_path, asset, each) for each in asset.tracks} == before
    changed = {each.name for each in asset.tracks if inode(tmp_path, asset, each.file) != others[each.file]}
    assert changed == {rendition}
    assert {name for note in told for name, _ in note.parts} == {rendition}
    assert left(tmp_path) == []


def inode(media: Path, asset: Asset, file: str) -> int:
    return (media / "assets" / asset.id / file).stat().st_ino


async def test_a_rendition_of_nothing_or_that_there_is_not_is_refused(film: Path, tmp_path: Path) -> None:
    nothing = await one(tmp_path, film, rendition="v234")
    assert isinstance(nothing, Refusal)
    assert str(nothing).endswith("there is no asset of it in this house yet. Package the whole of it.")
    await made(tmp_path, film)
    unknown = await one(tmp_path, film, rendition="v999")
    assert isinstance(unknown, Refusal)
    assert "its asset has no rendition v999. It has v360, v234, a-und, s-en." in str(unknown)


async def test_a_lock_that_comes_too_late_is_given_back(tmp_path: Path) -> None:
    """Else the next one who wants the folder would wait for ever."""

    async def take() -> None:
        async with work.opened(tmp_path, "asset"):
            await asyncio.Event().wait()

    for turns in range(12):
        taking = asyncio.ensure_future(take())
        for _ in range(turns):
            await asyncio.sleep(0)
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
    async with asyncio.timeout(5), work.opened(tmp_path, "asset"):
        assert (tmp_path / work.FOLDER / "asset").is_dir()
