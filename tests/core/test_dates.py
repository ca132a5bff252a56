"""Days of the calendar as people name them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.core.dates import Dates, Day, easter

CHRISTMAS, EPIPHANY = Day(month=12, day=24), Day(month=1, day=6)


@pytest.mark.parametrize(("year", "day"), [
    (1818, "1818-03-22"), (1943, "1943-04-25"), (2000, "2000-04-23"), (2024, "2024-03-31"), (2025, "2025-04-20"),
    (2026, "2026-04-05"), (2027, "2027-03-28"), (2038, "2038-04-25"), (2049, "2049-04-18"),
])  # fmt: skip
def test_easter(year: int, day: str) -> None:
    assert easter(year).isoformat() == day


@given(st.integers(1583, 9999))
def test_easter_is_a_sunday_in_its_five_weeks(year: int) -> None:
    day = easter(year)
    assert day.weekday() == 6
    assert date(year, 3, 22) <= day <= date(year, 4, 25)


@pytest.mark.parametrize(("day", "found"), [
    (Day(month=11, weekday=3, nth=4), "2026-11-26"), (Day(month=5, weekday=0, nth=-1), "2026-05-25"),
    (Day(month=5, weekday=4, nth=5), "2026-05-29"), (Day(month=2, weekday=0, nth=5), None),
    (Day(shift=-2), "2026-04-03"), (Day(month=2, day=29), "2026-02-28"), (Day(2026, 7, 14), "2026-07-14"),
    (Day(2027, 7, 14), None), (Day(month=12, day=24, shift=7), "2026-12-31"),
])  # fmt: skip
def test_a_day_in_a_year(day: Day, found: str | None) -> None:
    meant = day.in_year(2026)
    assert (meant.isoformat() if meant else None) == found


def test_a_stretch_may_cross_the_end_of_the_year() -> None:
    yearly = Dates(CHRISTMAS, EPIPHANY)
    inside = [date(2026, 12, 24), date(2026, 12, 31), date(2027, 1, 1), date(2027, 1, 6), date(2026, 1, 6)]
    assert all(day in yearly for day in inside)
    assert not any(day in yearly for day in (date(2026, 12, 23), date(2027, 1, 7), date(2026, 7, 1)))


def test_a_stretch_of_one_year_is_of_that_year() -> None:
    once = Dates(Day(2026, 12, 24), Day(2027, 1, 6))
    assert date(2026, 12, 24) in once
    assert date(2027, 1, 6) in once
    assert date(2027, 12, 24) not in once
    assert date(2026, 1, 6) not in once


def test_a_day_that_a_year_has_not_is_no_stretch() -> None:
    assert not any(
        date(2026, 2, 1) + timedelta(days=n) in Dates(*[Day(month=2, weekday=0, nth=5)] * 2) for n in range(28)
    )
    assert "2026-02-01" not in Dates(CHRISTMAS, EPIPHANY)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 12), st.integers(1, 28), st.integers(0, 40))
def test_a_yearly_stretch_holds_as_many_days_as_it_says(day: date, month: int, first: int, length: int) -> None:
    yearly = Dates(Day(month=month, day=first), Day(month=month, day=first, shift=length))
    begun = date(day.year, month, first)
    days = [begun + timedelta(days=n) for n in range(-2, length + 3)]
    assert [one in yearly for one in days] == [0 <= n <= length for n in range(-2, length + 3)]
