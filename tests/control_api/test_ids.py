"""Ids: sorted in the order in which they were made, whatever the clock does."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from control_api.ids import Mint, new_id, pattern
from control_api.instants import Instant, whole_millis, written

START = datetime(2026, 3, 1, tzinfo=UTC)


@given(
    st.lists(st.integers(min_value=-5000, max_value=5000), min_size=2, max_size=60),
    st.lists(st.integers(min_value=0, max_value=(1 << 80)), min_size=1, max_size=10),
)
def test_every_id_sorts_after_those_before_it(millis: list[int], chances: list[int]) -> None:
    times = iter(millis)
    drawn = iter(chances * len(millis) * 2)
    mint = Mint(lambda: START + timedelta(milliseconds=next(times)), lambda below: next(drawn) % below)
    made = [mint("ch") for _ in millis]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 — Hypothesis wants naive bounds
def test_an_id_is_a_uuid_of_version_7_with_its_time(at: datetime) -> None:
    found = UUID(Mint(lambda: at)("ev").removeprefix("ev_"))
    assert (found.version, found.variant) == (7, RFC_4122)
    assert found.int >> 80 == int(at.timestamp() * 1000)


def test_the_pattern_fits_ids_of_its_kind_alone() -> None:
    assert re.fullmatch(pattern("ak"), new_id("ak"))
    assert not re.fullmatch(pattern("ak"), new_id("ch"))
    assert not re.fullmatch(pattern("ak"), "ak_" + "0" * 32)


@pytest.mark.parametrize("prefix", ["", "a", "abcd", "A1", "a_"])
def test_a_prefix_is_two_or_three_letters(prefix: str) -> None:
    with pytest.raises(ValueError, match="cannot begin an id"):
        new_id(prefix)


class Moment(BaseModel):
    at: Instant


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-03-01T20:15:00Z", "2026-03-01T20:15:00.000Z"),
        ("2026-03-01T20:15:00.1239+05:30", "2026-03-01T14:45:00.123Z"),
        ("0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00.000Z"),
    ],
)
def test_an_instant_is_written_in_utc_with_milliseconds(text: str, shown: str) -> None:
    found = Moment.model_validate_json(f'{{"at": "{text}"}}', strict=True)
    assert found.model_dump(mode="json") == {"at": shown}
    assert written(found.at) == shown


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T20:15:00",
        "2026-03-01",
        "noon",
        "0.5",
        "1767225600",
        "2026-03-01 20:15:00Z",
        "0001-01-01T00:00:00+05:00",
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Moment.model_validate_json(f'{{"at": "{text}"}}', strict=True)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no zone"):
        whole_millis(START.replace(tzinfo=None))
