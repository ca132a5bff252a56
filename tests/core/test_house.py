import pytest

from playout.core.house import AAC_FRAME, HOUSES, House
from playout.core.ticks import TIMEBASE, Ticks

houses = pytest.mark.parametrize("house", HOUSES.values(), ids=HOUSES)

GRID = {"hd30": (48000, 7, 56), "hd25": (28800, 12, 48), "hd50": (28800, 12, 96), "hd60": (48000, 7, 112)}


@pytest.mark.parametrize("name", GRID)
def test_the_grid_is_the_table_of_the_design(name: str) -> None:
    house = HOUSES[name]
    assert (house.unit, house.segment_units, house.gop_frames) == GRID[name]


@houses
def test_a_unit_is_whole_pictures_and_whole_aac_frames(house: House) -> None:
    assert house.unit % house.frame == 0
    assert house.unit % AAC_FRAME == 0
    assert house.frame * house.fps == TIMEBASE


@houses
def test_no_segment_exceeds_the_target_duration(house: House) -> None:
    assert house.segment <= 4 * TIMEBASE
    assert house.gop_frames * house.frame <= 2 * TIMEBASE


@houses
def test_the_declared_bandwidth_covers_the_cap(house: House) -> None:
    for rung in house.rungs:
        assert house.bandwidth[rung.name] > house.average[rung.name] > rung.maxrate


@houses
def test_snapping_goes_to_the_nearest_point(house: House) -> None:
    assert house.snap(Ticks(house.unit // 2)) == house.unit
    assert house.snap(Ticks(house.unit // 2 - 1)) == 0
    assert house.ceil(Ticks(1)) == house.unit
    assert house.ceil(house.unit) == house.unit


@houses
def test_a_length_is_padded_by_less_than_a_unit_and_pictures_are_reordered_by_two(house: House) -> None:
    for ticks in (0, 1, house.unit - 1, house.unit, house.unit + 1, 10**9 + 7):
        padded = house.ceil(Ticks(ticks))
        assert padded % house.unit == 0
        assert 0 <= padded - ticks < house.unit
    assert house.reorder == 2 * house.frame
