"""Posters and storyboards: what makes a picture good, and that tiles cover every moment once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from packager.pictures import ACROSS, DOWN, TILE, interval, moments, score, sheet_name, thumbnails
from packager.subtitles import parse
from playout.core.ticks import TIMEBASE, Ticks

WIDTH, HEIGHT = 32, 18


def picture(*values: int) -> bytes:
    """Vertical bars of these values."""
    row = bytes(values[x * len(values) // WIDTH] for x in range(WIDTH))
    return row * HEIGHT


def test_better_pictures_score_higher() -> None:
    black, white, grey = (score(picture(value), WIDTH) for value in (0, 255, 128))
    assert black == white == grey == 0
    credits_on_black = score(picture(*[0] * 30, 255, 0), WIDTH)
    soft = score(bytes(x * 4 + 64 for x in range(WIDTH)) * HEIGHT, WIDTH)
    scene = score(picture(30, 90, 200, 60, 150, 220, 40, 110), WIDTH)
    dark_scene = score(picture(3, 9, 20, 6, 15, 22, 4, 11), WIDTH)
    assert 0 < credits_on_black < soft < scene
    assert dark_scene < credits_on_black
    assert scene > 75


@given(st.binary(min_size=WIDTH * HEIGHT, max_size=WIDTH * HEIGHT))
def test_scores_are_percents(luma: bytes) -> None:
    assert 0 <= score(luma, WIDTH) <= 100


@given(st.integers(1, 3 * 3600 * TIMEBASE), st.integers(1, 20))
def test_moments_are_spread_within(length: int, count: int) -> None:
    found = moments(Ticks(length), count)
    assert len(found) == count
    assert all(0 <= moment < length for moment in found)
    assert found == sorted(found)


@given(st.integers(48_000, 3 * 3600 * TIMEBASE))
def test_tiles_cover_every_moment_once(length: int) -> None:
    told = parse(thumbnails(Ticks(length)))
    assert told.faults == ()
    assert told.cues[0].start == 0
    assert abs(told.cues[-1].end - length) <= 90
    assert all(before.end == after.start for before, after in zip(told.cues, told.cues[1:], strict=False))
    assert len({cue.text for cue in told.cues}) == len(told.cues)
    for k, cue in enumerate(told.cues):
        file, _, place = cue.text.partition("#xywh=")
        left, top, width, height = map(int, place.split(","))
        assert (width, height) == TILE
        assert left + width <= ACROSS * TILE[0]
        assert top + height <= DOWN * TILE[1]
        assert file == sheet_name(k)


def test_long_assets_have_fewer_tiles() -> None:
    assert [interval(Ticks(minutes * 60 * TIMEBASE)) // TIMEBASE for minutes in (1, 10, 120)] == [2, 5, 10]
