"""The watched folder."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playback import FAST, NOON, numbered

from packager.batch import Batch, Packaged
from packager.source import Refusal
from packager.watch import Sightings, Signature, watch

if TYPE_CHECKING:
    from pathlib import Path

    from packager.job import Outcome


def signature(size: int) -> Signature:
    return (("film.mp4", size, 1),)


def test_a_file_that_still_grows_is_left_alone() -> None:
    seen = Sightings(2)
    assert seen.due({"film.mp4": signature(10)}, 0) == []
    assert seen.due({"film.mp4": signature(20)}, 2) == []
    assert seen.due({"film.mp4": signature(20)}, 3.9) == []
    assert seen.due({"film.mp4": signature(20)}, 4) == ["film.mp4"]


def test_what_has_been_answered_is_left_alone_until_it_changes() -> None:
    seen = Sightings(2, {"film.mp4": signature(10)})
    assert seen.due({"film.mp4": signature(10)}, 0) == []
    assert seen.due({"film.mp4": signature(10)}, 9) == []
    assert seen.due({"film.mp4": signature(11)}, 10) == []
    assert seen.due({"film.mp4": signature(11)}, 12) == ["film.mp4"]


def test_what_has_gone_is_forgotten() -> None:
    seen = Sightings(2)
    seen.due({"film.mp4": signature(10)}, 0)
    assert seen.due({}, 1) == []
    assert seen.due({"film.mp4": signature(10)}, 2) == []


def test_after_an_outage_a_source_rests_unless_it_changes() -> None:
    seen = Sightings(2)
    seen.due({"film.mp4": signature(10)}, 0)
    assert seen.due({"film.mp4": signature(10)}, 2) == ["film.mp4"]
    seen.rest("film.mp4", 63)
    assert seen.due({"film.mp4": signature(10)}, 62) == []
    assert seen.due({"film.mp4": signature(10)}, 63) == ["film.mp4"]
    seen.rest("film.mp4", 163)
    assert seen.due({"film.mp4": signature(11)}, 64) == []
    assert seen.due({"film.mp4": signature(11)}, 66) == ["film.mp4"]


@pytest.mark.media
async def test_what_is_dropped_in_is_packaged(tmp_path: Path) -> None:
    media = tmp_path / "media"
    folder = media / "sources"
    (folder / "series").mkdir(parents=True)
    film = numbered(folder / "series" / "film.mp4", "30", 2)
    film.with_suffix(".yaml").write_text("title: Dropped\n")
    (folder / "broken.mp4").write_text("no film")
    (folder / os.fsdecode(b"\xff.mp4")).write_text("a name of no letters")
    (folder / "notes.txt").write_text("not meant to be packaged")
    answers: list[Outcome] = []
    stop = asyncio.Event()

    def done(answer: Outcome) -> None:
        answers.append(answer)
        if len(answers) == 3:
            stop.set()

    batch = Batch(media, FAST)
    quick = timedelta(milliseconds=200)
    await watch(batch, tell=lambda _: None, clock=lambda: NOON, done=done, stop=stop, settled=quick)
    broken, dropped, nameless = sorted(answers, key=lambda answer: answer.file)
    assert isinstance(broken, Refusal)
    assert isinstance(nameless, Refusal)
    assert isinstance(dropped, Packaged)
    assert dropped.asset.about.title == "Dropped"
    assert (media / ".packaged.json").is_file()
