from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import av
import pytest

from packager import samples
from packager.sidecar import Sidecar, read
from playout.core.asset import PROGRAM_KINDS, Kind
from playout.core.ticks import TIMEBASE

if TYPE_CHECKING:
    from pathlib import Path

BUMPER = next(sample for sample in samples.SAMPLES if sample.kind is Kind.BUMPER)


def test_the_library_has_something_for_every_part_of_a_turn() -> None:
    kinds = [sample.kind for sample in samples.SAMPLES]
    assert kinds.count(Kind.MOVIE) == 2
    assert kinds.count(Kind.EPISODE) == 2
    assert kinds.count(Kind.CLIP) == 1
    assert kinds.count(Kind.AD) >= 3
    assert kinds.count(Kind.BUMPER) == 2
    assert kinds.count(Kind.FILLER) == 1
    assert len({sample.name for sample in samples.SAMPLES}) == len(samples.SAMPLES)


def test_the_films_differ_in_size_rate_and_sound() -> None:
    films = [sample for sample in samples.SAMPLES if sample.kind in PROGRAM_KINDS]
    assert len({film.size for film in films}) == 4
    assert len({film.rate for film in films}) == 4
    assert {film.tune.layout for film in films} == {"mono", "stereo", "5.1"}


def test_the_shortest_movie_is_drawn_first() -> None:
    films = [sample for sample in samples.SAMPLES if sample.kind is Kind.MOVIE]
    assert samples.SAMPLES[0] == min(films, key=lambda film: film.seconds)


def test_the_demo_takes_no_longer_to_draw_than_a_first_start_may() -> None:
    assert sum(sample.seconds for sample in samples.SAMPLES) <= 262


def said_of(folder: Path) -> dict[str, Sidecar]:
    """What the side-cars of all samples say."""
    found = {}
    for sample in samples.SAMPLES:
        film = folder / f"{sample.name}.mp4"
        samples.write_sidecar(sample, film)
        about = read(film)
        assert isinstance(about, Sidecar), about
        found[sample.name] = about
    return found


def test_the_demo_has_the_facts_by_which_channels_are_programmed(tmp_path: Path) -> None:
    about = said_of(tmp_path)
    programs = [one for one in about.values() if one.kind in PROGRAM_KINDS]
    assert all(one.released and one.genres and one.rating for one in programs)
    assert len({one.rating for one in programs}) == 4
    episodes = [one for one in programs if one.kind is Kind.EPISODE]
    assert {(one.series, one.season, one.episode) for one in episodes} == {("Slow Light", 1, 1), ("Slow Light", 2, 1)}
    ads = [one for one in about.values() if one.kind is Kind.AD]
    assert len({one.advertiser for one in ads if one.advertiser}) == 3
    assert len({one.category for one in ads if one.category}) == 3
    assert [len(one.rights) for one in programs if one.rights] == [2]


@pytest.mark.media
async def test_a_sample_is_a_film_with_its_side_car_and_is_the_same_every_time(tmp_path: Path) -> None:
    told: list[Path] = []
    (film,) = await samples.draw(tmp_path / "one", [BUMPER], done=told.append)
    (again,) = await samples.draw(tmp_path / "it's: a [folder]", [BUMPER])
    assert told == [film]
    assert sha256(film.read_bytes()).digest() == sha256(again.read_bytes()).digest()

    about = read(film)
    assert isinstance(about, Sidecar)
    assert (about.title, about.kind, about.tags) == (BUMPER.title, BUMPER.kind, BUMPER.tags)
    with av.open(film) as container:
        video = container.streams.video[0]
        assert (video.width, video.height, str(video.average_rate)) == (*BUMPER.size, BUMPER.rate)
    assert sorted(entry.name for entry in film.parent.iterdir()) == [f"{BUMPER.name}.mp4", f"{BUMPER.name}.yaml"]


@pytest.mark.media
async def test_a_film_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    film = tmp_path / f"{BUMPER.name}.mp4"
    film.write_bytes(b"mine")
    await samples.draw(tmp_path, [BUMPER])
    assert film.read_bytes() == b"mine"


def test_the_break_points_of_the_side_cars_lie_inside_the_films(tmp_path: Path) -> None:
    said = said_of(tmp_path)
    for sample in samples.SAMPLES:
        assert all(0 < at < sample.seconds * TIMEBASE for at in said[sample.name].break_points or ())


def test_what_was_begun_and_not_drawn_is_unfinished(tmp_path: Path) -> None:
    assert samples.unfinished(tmp_path) == ()
    samples.begin(tmp_path)
    assert samples.unfinished(tmp_path) == samples.SAMPLES
    (tmp_path / f"{BUMPER.name}.mp4").touch()
    assert BUMPER not in samples.unfinished(tmp_path)
