"""Files that mean harm, or whose makers knew no better: each is an answer, and none costs another file anything."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path
from shutil import copy
from typing import TYPE_CHECKING

import pytest
from playback import FAST, NOON, TINY, draw, furnished, outcomes, packaged

from packager.batch import Batch, Packaged, package
from packager.job import Interrupted
from packager.probe import probe
from packager.progress import Progress, Stage
from packager.source import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.media

BLINK = ("-f", "lavfi", "-i", "testsrc2=s=64x36:r=30:d=0.6", "-f", "lavfi", "-i", "sine=d=0.6",
         "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")  # fmt: skip


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw(tmp_path_factory.mktemp("films") / "film.mp4", *BLINK)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        (b"two\nlines.mp4", "two lines"),
        (b"red\x1b[31m.mp4", "red [31m"),
        (b"\xff\xfe.mp4", "\ufffd\ufffd"),
        (b"[bold]50%03d[a:.mp4", "[bold]50%03d[a:"),
        (b"file:pipe:0.mp4", "file:pipe:0"),
        (b"-i.mp4", "-i"),
        (b"___.mp4", "___.mp4"),
    ],
)
async def test_any_name_will_do(name: bytes, title: str, film: Path, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(name)
    copy(film, odd)
    asset = await packaged(tmp_path / "media", odd)
    assert asset.about.title == title


def moov_last(data: bytes) -> tuple[bytes, bytes]:
    """A film in two parts: all but its index, and its index."""
    at, rest, index = 0, b"", b""
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"moov":
            index = data[at : at + size]
        else:
            rest += data[at : at + size]
        at += size
    return rest, index


@pytest.mark.parametrize(
    "bend",
    [
        lambda moov: struct.pack(">I4sQ", 1, b"moov", 1 << 40) + moov[8:],
        lambda moov: struct.pack(">I4sQ", 1, b"moov", (1 << 63) - 1) + moov[8:],
        lambda moov: struct.pack(">I", len(moov) + 3) + moov[4:] + b"abc",
        lambda moov: struct.pack(">I", len(moov) + 12) + moov[4:] + struct.pack(">I4sI", 4, b"free", 0),
    ],
    ids=["a terabyte", "no end", "stray bytes", "a child that is too small"],
)
def test_an_index_that_lies_about_its_length_is_an_answer(
    bend: Callable[[bytes], bytes], film: Path, tmp_path: Path
) -> None:
    rest, moov = moov_last(film.read_bytes())
    bent = tmp_path / "bent.mp4"
    bent.write_bytes(rest + bend(moov))
    probe(bent, FAST.unit)


def test_a_text_that_begins_like_a_picture_is_text(tmp_path: Path) -> None:
    text = tmp_path / "cars.mp4"
    text.write_text("BMW makes cars.\n")
    answer = probe(text, FAST.unit)
    assert isinstance(answer, Refusal)
    assert answer.reason == "it is text, not media"


def test_pictures_beyond_8k_are_not_even_decoded(tmp_path: Path) -> None:
    wide = draw(tmp_path / "wide.mkv", "-f", "lavfi", "-i", "color=s=16000x3000:r=2:d=1", "-c:v", "ffv1")
    answer = probe(wide, FAST.unit)
    assert isinstance(answer, Refusal)
    assert answer.reason == "its pictures cannot be decoded, or are larger than 8192x4608"


def test_a_day_is_the_longest(tmp_path: Path) -> None:
    long = draw(tmp_path / "long.mkv", "-f", "lavfi", "-i", "color=s=16x16:r=1/50000:d=200000,format=yuv420p", "-c:v",
                "ffv1", "-fps_mode", "passthrough")  # fmt: skip
    answer = probe(long, FAST.unit)
    assert isinstance(answer, Refusal)
    assert answer.reason.startswith("it is too long: ")


async def test_a_film_that_changes_while_it_is_packaged_is_refused(film: Path, tmp_path: Path) -> None:
    growing = tmp_path / "growing.mp4"
    copy(film, growing)

    def tell(step: Progress) -> None:
        if step.file == str(growing) and step.stage is Stage.ENCODE:
            growing.write_bytes(film.read_bytes() + bytes(8))

    media = await furnished(tmp_path / "media")
    (answer,) = await package([growing], Batch(media, FAST), tell=tell, clock=lambda: NOON)
    assert isinstance(answer, Refusal)
    assert answer.reason == "it was changed while it was being packaged"
    (again,) = await outcomes(media, growing)
    assert isinstance(again, Packaged)


@pytest.mark.parametrize("kind", ["folder", "pipe", "endless"])
async def test_what_is_no_file_beside_a_film_is_no_subtitles(kind: str, film: Path, tmp_path: Path) -> None:
    here = tmp_path / "film.mp4"
    copy(film, here)
    beside = here.with_suffix(".en.srt")
    if kind == "folder":
        beside.mkdir()
    elif kind == "pipe":
        os.mkfifo(beside)
    else:
        beside.symlink_to("/dev/zero")
    asset = await packaged(tmp_path / "media", here)
    assert not [track.name for track in asset.tracks if track.name.startswith("s-")]


async def test_subtitles_that_multiply_are_left_out(tmp_path: Path) -> None:
    here = draw(tmp_path / "long.mp4", "-f", "lavfi", "-i", "color=s=16x16:r=1:d=240", "-c:v", "libx264")
    cue = f"00:00:00.000 --> 00:10:00.000\n{'x' * 900}\n\n"
    here.with_suffix(".en.srt").write_text(cue * 4000)
    here.with_suffix(".de.srt").write_text("00:00:01.000 --> 00:00:02.000\nHallo\n")
    (answer,) = await outcomes(tmp_path / "media", here, house=TINY)
    assert isinstance(answer, Packaged)
    assert [track.name for track in answer.asset.tracks if track.name.startswith("s-")] == ["s-de"]
    assert answer.notes == ("the subtitles in `en` show too much at once, and are left out",)


async def test_a_mistake_of_ours_costs_no_other_file(film: Path, tmp_path: Path) -> None:
    def tell(step: Progress) -> None:
        if "bad" in step.file:
            message = "a mistake"
            raise KeyError(message)

    bad = tmp_path / "bad.mp4"
    copy(film, bad)
    batch = Batch(await furnished(tmp_path / "media"), FAST)
    answers = await package([bad, film], batch, tell=tell, clock=lambda: NOON)
    assert isinstance(answers[0], Refusal)
    assert answers[0].reason == "Fastline has a mistake that it brings to light (KeyError: 'a mistake')"
    assert isinstance(answers[1], Packaged)


async def test_a_store_that_cannot_be_made_is_an_answer(film: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("there is no folder here in which nothing can be made")
    (answer,) = await package([film], Batch(Path("/proc/self/nothing"), FAST), tell=lambda _: None, clock=lambda: NOON)
    assert isinstance(answer, Interrupted)
    assert "No such file or directory: '/proc/self/nothing'" in answer.reason


async def test_without_an_ffmpeg_the_machine_is_to_blame(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTLINE_FFMPEG", str(tmp_path / "nowhere"))
    (answer,) = await package([film], Batch(tmp_path / "media", FAST), tell=lambda _: None, clock=lambda: NOON)
    assert isinstance(answer, Interrupted)
    assert "nowhere" in answer.reason
    assert "FASTLINE_FFMPEG" in answer.advice
