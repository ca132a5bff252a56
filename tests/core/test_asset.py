import pytest
from hypothesis import given
from hypothesis import strategies as st
from libraries import HOUSE, item

from playout.core.asset import Asset, Cuts, Kind, Media, Title, Track
from playout.core.ticks import Ticks

boundaries = st.lists(st.integers(1, 7), min_size=1, max_size=60).map(
    lambda units: [sum(units[:k]) * HOUSE.unit for k in range(len(units) + 1)]
)


@given(boundaries)
def test_cuts_give_back_the_boundaries_they_are_made_of(cut: list[int]) -> None:
    cuts = Cuts.of(cut)
    assert cuts.boundaries() == cut
    assert [cuts.tick(k) for k in range(len(cut))] == cut
    assert (cuts.segments, cuts.end) == (len(cut) - 1, cut[-1])


@given(boundaries, st.data())
def test_any_run_of_boundaries_is_the_slice_of_all(cut: list[int], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(cut) - 1))
    stop = data.draw(st.integers(first, len(cut) - 1))
    assert Cuts.of(cut).boundaries(first, stop) == cut[first : stop + 1]


@given(boundaries, st.data())
def test_a_tick_lies_in_the_segment_that_starts_last_before_it(cut: list[int], data: st.DataObject) -> None:
    cuts = Cuts.of(cut)
    tick = Ticks(data.draw(st.integers(0, cut[-1] - 1)))
    segment = cuts.segment(tick)
    assert cut[segment] <= tick < cut[segment + 1]
    assert cuts.segment(cuts.end) == cuts.segments


def test_an_hour_of_full_segments_is_two_corners() -> None:
    assert len(Cuts.of([k * HOUSE.segment for k in range(965)]).corners) == 2


@pytest.mark.parametrize(("cut", "message"), [([5, 6], "start at 0"), ([0], "start at 0"), ([0, 4, 4], "cut 2 at 4")])
def test_bad_cuts_are_refused(cut: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Cuts.of(cut)


@pytest.mark.parametrize("segment", [-1, 3])
def test_a_segment_that_is_not_there_is_an_error(segment: int) -> None:
    with pytest.raises(IndexError, match="only 2"):
        Cuts.of([0, 48000, 96000]).tick(segment)


def track(name: str, media: Media) -> Track:
    return Track(name, media, f"{name}.bin", "", "", "", 1, 1, (0, 10, 30))


def test_a_language_that_is_missing_plays_from_the_main_audio() -> None:
    of = item("film", Kind.MOVIE, 7, 7)
    tracks = (track("v360", Media.VIDEO), track("a-fr", Media.AUDIO), track("a-de", Media.AUDIO))
    asset = Asset("film", "fast", Title("Film", Kind.MOVIE), of.added, of.cuts, (), tracks, None, {})
    assert asset.rendition("a-de") == tracks[2]
    assert asset.rendition("a-en") == tracks[1]
    assert asset.rendition("s-en") is None
    assert asset.rendition("v720") is None
    assert tracks[0].span(1) == (10, 30)
