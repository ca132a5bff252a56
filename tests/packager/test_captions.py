"""Which subtitles of a source are used, and what is said of the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import sources

from packager.captions import Captions, captions, chosen
from packager.probe import probe
from packager.source import Source, SubtitleStream
from packager.subtitles import LARGEST, Cue
from playout.core.ticks import Ticks

if TYPE_CHECKING:
    from pathlib import Path


def stream(index: int, language: str, *, text: bool = True) -> SubtitleStream:
    return SubtitleStream(index, "subrip" if text else "hdmv_pgs_subtitle", language, text)


def bare(path: Path, *streams: SubtitleStream) -> Source:
    return Source(
        path, "matroska,webm", 1, Ticks(0), indexed=True, video=None, audios=(), subtitles=streams, chapters=()
    )


def same(cues: tuple[Cue, ...]) -> tuple[Cue, ...]:
    return cues


def nothing(_cues: tuple[Cue, ...]) -> bytes | None:
    return None


def passing(folder: Path) -> list[Path]:
    """Files that are only needed for a moment."""
    return list(folder.glob("subtitles-*"))


def test_the_first_text_stream_of_each_new_language_is_chosen() -> None:
    streams = [
        stream(2, "en", text=False), stream(3, "en"), stream(4, "en"), stream(5, "de"), stream(6, "fr", text=False),
    ]  # fmt: skip
    assert [one.index for one in chosen(streams, {})] == [3, 5]
    assert [one.index for one in chosen(streams, {"en"})] == [5]


async def test_pictures_of_text_are_left_out_with_a_note(tmp_path: Path) -> None:
    source = bare(tmp_path / "film.mkv", stream(2, "en", text=False))
    assert await captions(source, [], tmp_path, same) == Captions(
        (), (), ("subtitle stream 2 (hdmv_pgs_subtitle, en) holds pictures, not text, and is left out",)
    )


async def test_files_with_faults_are_used_as_far_as_they_go(tmp_path: Path) -> None:
    good, broken = tmp_path / "film.en.srt", tmp_path / "film.de.srt"
    good.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    broken.write_text("1\n00:00:01,000 --> 00:00:02,000\nHallo\n\n2\nlater\nWelt\n")
    missing = tmp_path / "film.fr.srt"
    found = await captions(bare(tmp_path / "film.mkv"), [("en", good), ("de", broken), ("fr", missing)], tmp_path, same)
    assert isinstance(found, Captions)
    cue = Cue(Ticks(90_000), Ticks(180_000), "Hello")
    assert found.tracks == (("de", (replace(cue, text="Hallo"),)), ("en", (cue,)))
    assert [str(faults) for faults in found.faults] == [
        f"{broken}: line 5: text without times: `2`",
        f"{missing}: cannot be read: No such file or directory",
    ]


@pytest.mark.media
async def test_a_file_beside_the_film_comes_before_a_stream_within_it(tmp_path: Path) -> None:
    path = sources.subtitled("mkv", tmp_path)
    beside = tmp_path / "mine.srt"
    beside.write_text("1\n00:00:01,000 --> 00:00:02,000\nMine\n")
    source = probe(path, Ticks(1))
    assert isinstance(source, Source)
    found = await captions(source, [("de", beside)], tmp_path, same)
    assert isinstance(found, Captions)
    assert [(language, cues[0].text) for language, cues in found.tracks] == [
        ("de", "Mine"), ("en", "Bonjour <i>été</i>"),
    ]  # fmt: skip
    assert passing(tmp_path) == []


async def test_no_more_languages_are_taken_than_players_list(tmp_path: Path) -> None:
    file = tmp_path / "film.srt"
    file.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    beside = [(f"q{letter}a", file) for letter in "abcdefghijklmnopqrst"]
    found = await captions(bare(tmp_path / "film.mkv", stream(2, "en")), [*beside, ("de", file)], tmp_path, same)
    assert [language for language, _ in found.tracks] == [language for language, _ in beside]
    assert found.notes == ("subtitles in more than 20 languages: de, en are left out",)


async def test_no_more_bytes_are_taken_than_memory_bears(tmp_path: Path) -> None:
    file = tmp_path / "film.srt"
    file.write_bytes(b"1\n00:00:01,000 --> 00:00:02,000\nHello\n\n" + b"\n" * (LARGEST - 100))
    languages = ["de", "en", "fr", "it"]
    found = await captions(bare(tmp_path / "film.mkv"), [(one, file) for one in languages], tmp_path, len)
    assert found.tracks == (("de", 1), ("en", 1))
    assert found.notes == tuple(
        f"more than 32 MiB of subtitles: those in `{one}` are left out" for one in languages[2:]
    )


async def test_what_shows_too_much_at_once_is_left_out_with_a_note(tmp_path: Path) -> None:
    file = tmp_path / "film.srt"
    file.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    found = await captions(bare(tmp_path / "film.mkv"), [("en", file)], tmp_path, nothing)
    assert (found.tracks, found.notes) == ((), ("the subtitles in `en` show too much at once, and are left out",))
