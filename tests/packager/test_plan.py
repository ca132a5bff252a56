"""The laws of cuts, chunks and geometry."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packager.plan import (
    BREAK_DISTANCE,
    Chunk,
    Plan,
    Wanted,
    boundaries,
    break_points,
    canvas,
    chunks,
    gops,
    kit,
    plan,
    retimed,
    retiming,
)
from packager.source import Source, VideoStream
from playout.core.asset import Cuts
from playout.core.house import AAC_FRAME, HOUSES, House
from playout.core.ticks import TIMEBASE, Ticks

houses = st.sampled_from(sorted(HOUSES.values(), key=lambda house: house.name))


def video(**facts: object) -> VideoStream:
    """A plain picture, but for `facts`."""
    plain: dict[str, object] = {
        "index": 0, "codec": "h264", "width": 1280, "height": 720, "aspect": Fraction(1), "rotation": 0,
        "rate": Fraction(30), "variable": False, "interlaced": False, "pixels": "yuv420p", "matrix": "",
        "primaries": "", "transfer": "", "full_range": False, "start": Ticks(0), "end": Ticks(900_000),
        "keyframes": Ticks(90_000),
    }  # fmt: skip
    return VideoStream(**(plain | facts))  # type: ignore[arg-type]


def source(shown: VideoStream | None) -> Source:
    return Source(Path("/film.mp4"), "mov", 1, Ticks(0), True, shown, (), (), ())


@st.composite
def cut_plans(draw: st.DrawFn) -> tuple[House, Ticks, list[Ticks]]:
    """A house, a length on its grid, and break points on its grid within."""
    house = draw(houses)
    units = draw(st.integers(1, 400))
    places = draw(st.sets(st.integers(1, units), max_size=8)) - {units}
    return house, Ticks(units * house.unit), [Ticks(place * house.unit) for place in sorted(places)]


@given(cut_plans())
def test_every_cut_lies_on_the_grid_and_no_segment_is_longer_than_a_full_one(
    case: tuple[House, Ticks, list[Ticks]],
) -> None:
    house, length, breaks = case
    cuts = boundaries(length, breaks, house)
    assert cuts[0] == 0
    assert cuts[-1] == length
    assert set(breaks) <= set(cuts)
    for before, after in pairwise(cuts):
        assert after % house.unit == 0
        assert 0 < after - before <= house.segment
        assert (after - before) % house.frame == 0
        assert (after - before) % AAC_FRAME == 0


@given(cut_plans())
def test_only_a_segment_that_stands_alone_is_short(case: tuple[House, Ticks, list[Ticks]]) -> None:
    house, length, breaks = case
    corners = [Ticks(0), *breaks, length]
    cuts = boundaries(length, breaks, house)
    for start, end in pairwise(corners):
        inside = [cut for cut in cuts if start <= cut <= end]
        lengths = [after - before for before, after in pairwise(inside)]
        if end - start > house.segment:
            assert 2 * min(lengths) >= house.segment - house.unit
        full = [size for size in lengths if size == house.segment]
        assert lengths[: len(full)] == full
        assert len(lengths) - len(full) <= 2


@given(houses, st.integers(1, 100_000_000), st.lists(st.tuples(st.integers(-90_000, 110_000_000), st.integers(0, 100))))
def test_break_points_are_cuts_that_remember_how_far_they_moved(
    house: House, length: int, asked: list[tuple[int, int]]
) -> None:
    shown = video(end=Ticks(length), rate=Fraction(house.fps))
    wanted = [Wanted(Ticks(tick), sure, "black") for tick, sure in asked]
    made = plan(source(shown), wanted, house)
    ends = [Ticks(0), *(made.cuts.tick(point.segment) for point in made.breaks), made.cuts.end]
    assert all(after - before >= BREAK_DISTANCE for before, after in pairwise(ends)) or not made.breaks
    for point in made.breaks:
        place = made.cuts.tick(point.segment)
        assert 2 * abs(point.snapped) <= house.unit
        assert any(place - point.snapped == wish.tick for wish in wanted)
    assert length <= made.cuts.end < length + house.unit


def test_the_surer_of_two_near_break_points_is_kept() -> None:
    house = HOUSES["hd30"]
    wanted = [Wanted(Ticks(60 * TIMEBASE), 40, "black"), Wanted(Ticks(65 * TIMEBASE), 90, "chapter")]
    kept = break_points(wanted, Ticks(house.ceil(Ticks(200 * TIMEBASE))), house)
    assert [place.origin for _, place in kept] == ["chapter"]


@given(st.integers(1, 5000), st.integers(1, 200))
def test_chunks_are_whole_segments_and_none_is_tiny(segments: int, full: int) -> None:
    made = chunks(segments, full)
    assert [chunk.number for chunk in made] == list(range(len(made)))
    assert made[0].first == 0
    assert made[-1].stop == segments
    assert all(before.stop == after.first for before, after in pairwise(made))
    assert all(chunk.stop - chunk.first == full for chunk in made[:-1])
    assert len(made) == 1 or 4 * (made[-1].stop - made[-1].first) >= full


@given(houses, st.data())
def test_gops_fill_a_segment_and_none_is_too_long(house: House, data: st.DataObject) -> None:
    frames = data.draw(st.integers(1, house.segment_units)) * house.unit_frames
    starts = [*gops(frames, house), frames]
    assert starts[0] == 0
    assert all(0 < after - before <= house.gop_frames for before, after in pairwise(starts))


@given(houses, st.integers(1, 300))
def test_a_chunk_has_a_key_frame_at_every_cut(house: House, units: int) -> None:
    cuts = Cuts.of(boundaries(Ticks(units * house.unit), [], house))
    made = Plan(house, cuts, (), Fraction(1), chunk=5)
    for chunk in made.chunks:
        frames = made.frames(chunk)
        keys = {frames.start + number for number in made.keyframes(chunk)}
        assert {cuts.tick(k) // house.frame for k in range(chunk.first, chunk.stop)} <= keys
        assert len(frames) * house.frame == cuts.tick(chunk.stop) - cuts.tick(chunk.first)


@given(houses)
def test_the_slate_has_one_segment_of_every_length(house: House) -> None:
    cuts = kit(house).cuts.boundaries()
    assert [(after - before) // house.unit for before, after in pairwise(cuts)] == list(
        range(1, house.segment_units + 1)
    )


@pytest.mark.parametrize(
    ("rate", "house", "speed"),
    [
        (Fraction(30), "hd30", Fraction(1)),
        (Fraction(30000, 1001), "hd30", Fraction(1001, 1000)),
        (Fraction(60000, 1001), "hd30", Fraction(1001, 1000)),
        (Fraction(60000, 1001), "hd60", Fraction(1001, 1000)),
        (Fraction(30000, 1001), "hd60", Fraction(1001, 1000)),
        (Fraction(24000, 1001), "hd30", Fraction(1)),
        (Fraction(24), "hd25", Fraction(1)),
        (Fraction(25), "hd30", Fraction(1)),
        (Fraction(30000, 1001), "hd25", Fraction(1)),
        (Fraction(50), "hd25", Fraction(1)),
    ],
)
def test_ntsc_rates_are_retimed_where_that_makes_them_fit(rate: Fraction, house: str, speed: Fraction) -> None:
    assert retiming(video(rate=rate), HOUSES[house]) == speed


def test_uneven_pictures_are_never_retimed() -> None:
    assert retiming(video(rate=Fraction(30000, 1001), variable=True), HOUSES["hd30"]) == 1


@given(st.integers(0, 10**9))
def test_retiming_is_right_to_the_nearest_tick(ticks: int) -> None:
    assert abs(retimed(ticks, Fraction(1001, 1000)) - Fraction(ticks * 1000, 1001)) <= Fraction(1, 2)


@given(
    houses, st.integers(16, 4096), st.integers(16, 4096),
    st.fractions(Fraction(1, 2), 2, max_denominator=50), st.sampled_from([0, 90, 180, 270]),
)  # fmt: skip
def test_the_picture_keeps_its_shape_to_the_pixel(
    house: House, width: int, height: int, aspect: Fraction, rotation: int
) -> None:
    place = canvas(video(width=width, height=height, aspect=aspect, rotation=rotation), house)
    best = house.rungs[0]
    shape = Fraction(width, height) * aspect
    shape = 1 / shape if rotation % 180 else shape
    assert place.width <= best.width
    assert place.height <= best.height
    assert (place.width, place.height)[shape < Fraction(16, 9)] in {best.width, best.height}
    if place.width == best.width:
        assert abs(place.height - best.width / shape) <= 1 or place.height == 2
    else:
        assert abs(place.width - best.height * shape) <= 1 or place.width == 2
    assert place.left % 2 == place.top % 2 == place.width % 2 == place.height % 2 == 0
    assert 0 <= best.width - place.width - 2 * place.left <= 2
    assert 0 <= best.height - place.height - 2 * place.top <= 2


def test_a_chunk_is_a_named_run() -> None:
    assert chunks(130) == [Chunk(0, 0, 64), Chunk(1, 64, 130)]
