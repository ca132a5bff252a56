from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from playout.core.ticks import TIMEBASE, Ticks, instant_at, seconds_between, span_of, ticks_of, ticks_since, utc_text

ticks = st.integers(0, 400 * 366 * 86400 * TIMEBASE // 10).map(Ticks)


@given(st.lists(ticks, min_size=2, max_size=50).map(sorted))
def test_texts_of_neighbours_add_up_to_the_text_of_the_whole(boundaries: list[Ticks]) -> None:
    parts = [seconds_between(a, b) for a, b in pairwise(boundaries)]
    micros = sum(int(part.replace(".", "")) for part in parts)
    assert micros == int(seconds_between(boundaries[0], boundaries[-1]).replace(".", ""))


@given(ticks, ticks)
def test_a_text_is_within_a_microsecond_of_the_truth(one: Ticks, two: Ticks) -> None:
    low, high = sorted((one, two))
    micros = int(seconds_between(low, high).replace(".", ""))
    assert abs(micros * 9 - (high - low) * 100) <= 9


@given(ticks)
def test_the_tick_at_an_instant_is_the_one_that_has_begun(tick: Ticks) -> None:
    genesis = datetime(2026, 1, 1, tzinfo=UTC)
    back = ticks_since(genesis, instant_at(genesis, tick))
    assert tick - 1 <= back <= tick


def test_spans_and_ticks() -> None:
    assert ticks_of(timedelta(seconds=2, microseconds=11)) == 180_000
    assert span_of(Ticks(336_000)) == timedelta(microseconds=3_733_333)


def test_dates_have_three_decimals_and_are_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    assert utc_text(datetime(2026, 3, 1, 1, 2, 3, tzinfo=east)) == "2026-02-28T23:02:03.000Z"
    assert utc_text(datetime(2026, 3, 1, 1, 2, 3, 999_999, tzinfo=UTC)) == "2026-03-01T01:02:03.999Z"
