"""Clock changes: what a revision carries says the same as the time zone database, second by second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.core.wall import Change, ClockChange, Missing, Twice, Zone, begins, stretch
from playout.zones import UnknownZone, clock_changes

NOW = datetime(2026, 11, 21, 20, 15, tzinfo=UTC)
ZONES = (
    *("Australia/Lord_Howe", "Pacific/Chatham", "Africa/Casablanca", "Antarctica/Troll", "Asia/Kathmandu"),
    *("Pacific/Apia", "America/Sao_Paulo", "Europe/London", "Europe/Paris", "America/New_York", "America/Los_Angeles"),
    *("America/St_Johns", "Asia/Tokyo", "Asia/Kolkata", "Asia/Tehran", "Asia/Beirut", "Africa/Cairo"),
    *("America/Santiago", "Pacific/Auckland", "America/Havana", "Asia/Gaza", "UTC"),
)
BIRTH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = 1_767_225_600, 2_082_758_400
"""From 2026 to 2035."""
DAY = 86_400


def shown(zone: str, instant: int) -> int:
    """What clocks show, by the database."""
    offset = (BIRTH + timedelta(seconds=instant)).astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return instant + offset // timedelta(seconds=1)


@lru_cache
def carried(zone: str) -> Zone:
    return Zone(clock_changes(zone, NOW))


def meant(zone: str, wall: int) -> tuple[int, ...]:
    """When clocks show `wall`, by what the database says of both folds."""
    naive = (BIRTH + timedelta(seconds=wall)).replace(tzinfo=ZoneInfo(zone))
    both = {(naive.replace(fold=fold).astimezone(UTC) - BIRTH) // timedelta(seconds=1) for fold in (0, 1)}
    return tuple(sorted(at for at in both if shown(zone, at) == wall))


def moments(zone: str) -> st.SearchStrategy[int]:
    """Any instant, and often one near a clock change."""
    anywhere = st.integers(FIRST, LAST)
    edges = [change.at for change in carried(zone).changes if FIRST < change.at < LAST]
    if not edges:
        return anywhere
    near = st.builds(lambda edge, by: edge + by, st.sampled_from(edges), st.integers(-3 * 3600, 3 * 3600))
    exactly = st.builds(lambda edge, by: edge + by, st.sampled_from(edges), st.integers(-1, 1))
    return anywhere | near | exactly


@given(st.data(), st.sampled_from(ZONES))
def test_clocks_show_what_the_database_says(data: st.DataObject, zone: str) -> None:
    instant = data.draw(moments(zone))
    assert carried(zone).wall(instant) == shown(zone, instant)


@given(st.data(), st.sampled_from(ZONES))
def test_a_wall_time_means_the_instants_of_both_folds(data: st.DataObject, zone: str) -> None:
    wall = shown(zone, data.draw(moments(zone))) + data.draw(st.integers(-3600, 3600))
    assert carried(zone).instants(wall) == meant(zone, wall)


@given(st.data(), st.sampled_from(ZONES), st.sampled_from(Missing), st.sampled_from(Twice))
def test_what_begins_begins_when_the_database_and_the_policy_say(
    data: st.DataObject, zone: str, missing: Missing, twice: Twice
) -> None:
    wall = shown(zone, data.draw(moments(zone))) + data.draw(st.integers(-3600, 3600))
    found = begins(carried(zone), wall, ClockChange(missing, twice))
    known = meant(zone, wall)
    if len(known) == 2:
        assert found == {Twice.FIRST: known[:1], Twice.SECOND: known[1:], Twice.BOTH: known}[twice]
    elif known:
        assert found == known
    elif missing is Missing.SKIP:
        assert found == ()
    elif missing is Missing.SHIFT:  # fold 0 reads it by the clock as it was before
        naive = (BIRTH + timedelta(seconds=wall)).replace(tzinfo=ZoneInfo(zone))
        assert found == ((naive.astimezone(UTC) - BIRTH) // timedelta(seconds=1),)
    else:
        (at,) = found
        assert shown(zone, at - 1) < wall < shown(zone, at) or shown(zone, at - 1) < wall <= shown(zone, at)


@given(st.data(), st.sampled_from(ZONES), st.sampled_from((Twice.FIRST, Twice.SECOND)))
def test_stretches_that_tile_the_day_on_paper_tile_it_on_air(data: st.DataObject, zone: str, twice: Twice) -> None:
    policy = ClockChange(Missing.NEXT, twice)
    midnight = shown(zone, data.draw(moments(zone))) // DAY * DAY
    cuts = sorted({0, DAY, *data.draw(st.lists(st.integers(0, DAY), max_size=5))})
    found = [stretch(carried(zone), midnight + a, midnight + b, policy) for a, b in pairwise(cuts)]
    there = [one for one in found if one]
    assert all(one[1] == two[0] for one, two in pairwise(there))
    known = [at for at in (meant(zone, midnight), meant(zone, midnight + DAY)) if at]
    if len(known) == 2:
        chosen = 0 if twice is Twice.FIRST else -1
        assert there[0][0] == known[0][chosen]
        assert there[-1][1] == known[1][chosen]


@pytest.mark.parametrize("zone", ZONES)
def test_every_change_of_ten_years_is_there_to_the_second(zone: str) -> None:
    changes = carried(zone).changes
    for change in changes[1:]:
        assert shown(zone, change.at) - change.at == change.offset
        assert shown(zone, change.at - 1) - (change.at - 1) != change.offset
    hours = range(FIRST, LAST, 3600)  # no database changes clocks twice within an hour
    offsets = [shown(zone, hour) - hour for hour in hours]
    jumps = sum(a != b for a, b in pairwise(offsets))
    assert jumps == sum(FIRST < change.at <= hours[-1] for change in changes[1:])


def test_utc_has_no_changes_and_a_fixed_zone_one_offset() -> None:
    assert clock_changes("UTC", NOW) == ()
    assert clock_changes("Asia/Kathmandu", NOW) == (Change(1_735_689_600, 20_700),)


def test_the_list_stays_as_it_is_for_a_decade() -> None:
    genesis = datetime(2024, 5, 1, tzinfo=UTC)
    first = clock_changes("Europe/Paris", datetime(2025, 1, 1, tzinfo=UTC), genesis)
    last = clock_changes("Europe/Paris", datetime(2029, 12, 31, tzinfo=UTC), genesis)
    assert first == last
    assert clock_changes("Europe/Paris", datetime(2030, 1, 1, tzinfo=UTC), genesis) != first
    assert (first[0].at, first[-1].at) == (1_672_531_200, 2_519_254_800)  # 2023-01-01, and October 2049


def test_a_zone_that_the_database_lacks_says_so() -> None:
    with pytest.raises(UnknownZone, match='time zone "Mars/Olympus" is not in the database at hand'):
        clock_changes("Mars/Olympus", NOW)
