"""What is asked of a store while others write to it."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from stations import GENESIS, Station, station
from test_regional import COPIES, Region, copy
from test_regional import PARENT as WHOLE

from playout.station import Station as Asked
from playout.store import DirStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playout.core.airing import Turn

HOUR = timedelta(hours=1)


def grown(made: Station) -> None:
    """A quarter of an hour later: more of the log is written."""
    made.moments.now += HOUR / 4
    made.look()


def joined(turns: Iterator[Turn], first: Turn) -> int:
    """How many turns there are, each where the one before it ended."""
    count, before = 1, first
    for turn in turns:
        assert (turn.start, turn.index) == (before.end, before.tail.index)
        count, before = count + 1, turn
    return count


def test_a_log_that_grows_while_it_is_read_leaves_no_hole(tmp_path: Path) -> None:
    made = station(tmp_path)
    asked = Asked(made.store)
    turns = asked.turns("films", GENESIS, GENESIS + HOUR)
    first = next(turns)
    grown(made)
    grown(made)
    assert joined(turns, first) > 30


def test_a_parents_log_that_grows_leaves_no_hole_in_its_copy(tmp_path: Path) -> None:
    house = Region(DirStore(tmp_path / "media"))
    house.publish(WHOLE)
    house.look()
    house.publish(copy())
    turns = Asked(house.store).turns("away", GENESIS, GENESIS + 10 * HOUR)
    found = list(islice(turns, 1))
    for _ in range(60):
        house.now += timedelta(minutes=5)
        house.look()
    assert len(house.stored("one")) > 5
    found += turns
    assert found == COPIES[: len(found)]
    assert len(found) > 5
