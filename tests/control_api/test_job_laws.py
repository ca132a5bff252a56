"""Laws of jobs that need no database: the table of moves, and whose turn it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from control_api.jobs.fairness import AGEING, HIGHEST, Candidate, Load, choose, room
from control_api.jobs.kinds import JobKind
from control_api.jobs.packaging import Package, located
from control_api.jobs.states import ENDED, TABLE, UNENDED, Immovable, JobState, Move, allowed, moved
from control_api.jobs.work import Broken
from control_api.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MOMENT = timedelta(milliseconds=1)
OWNERS = ("ac_a", "ac_b", "ac_c", "")


# The table of moves


@given(st.lists(st.sampled_from(Move), max_size=40))
def test_only_moves_of_the_table_happen(moves: list[Move]) -> None:
    state = JobState.QUEUED
    for move in moves:
        before = state
        try:
            state = moved(state, move)
        except Immovable:
            assert (before, move) not in TABLE
            assert move not in allowed(before)
            assert state is before
        else:
            assert TABLE[before, move] is state


def test_what_has_ended_only_people_begin_again() -> None:
    assert {move for state in ENDED for move in allowed(state)} == {Move.RETRY}
    assert allowed(JobState.SUCCEEDED) == frozenset()


def test_from_everywhere_there_is_a_way_to_success_and_to_be_rid_of_it() -> None:
    for wanted in (JobState.SUCCEEDED, JobState.CANCELED):
        reach = {wanted}
        for _ in JobState:
            reach |= {before for (before, _), after in TABLE.items() if after in reach}
        assert reach >= UNENDED | {JobState.FAILED}


def test_only_a_worker_begins_and_succeeds() -> None:
    assert {state for (state, move) in TABLE if move is Move.BEGIN} == {JobState.QUEUED}
    assert {state for (state, move) in TABLE if move is Move.SUCCEED} == {JobState.RUNNING}


def test_a_refused_move_says_what_is_possible() -> None:
    with pytest.raises(Immovable, match=r"^a job that is succeeded cannot pause; what it can: nothing$"):
        moved(JobState.SUCCEEDED, Move.PAUSE)


# Whose turn it is


def candidates(priorities: st.SearchStrategy[int]) -> st.SearchStrategy[list[Candidate]]:
    made = st.builds(
        lambda owner, priority, late: (owner, priority, NOW - timedelta(seconds=late)),
        st.sampled_from(OWNERS), priorities, st.integers(0, 500),
    )  # fmt: skip
    return st.lists(made, min_size=1, max_size=30).map(
        lambda rows: [Candidate(f"jb_{number:03d}", "task", *row) for number, row in enumerate(rows)]
    )


def served(waiting: Sequence[Candidate], slots: int) -> list[Candidate]:
    """The order in which jobs are begun when `slots` run at a time, each for as long as the others."""
    left, running, order = list(waiting), list[Candidate](), list[Candidate]()
    turns: dict[str, datetime] = {}
    now = NOW
    while left:
        now += MOMENT
        if len(running) == slots:
            running.pop(0)
        counts = {owner: sum(one.owner == owner for one in running) for owner in OWNERS}
        chosen = choose(left, Load(counts, turns), now)
        assert chosen is not None
        turns[chosen.owner] = now
        left.remove(chosen)
        running.append(chosen)
        order.append(chosen)
    return order


@given(candidates(st.just(0)), st.integers(1, 4))
def test_nobody_is_served_twice_while_somebody_else_waits(waiting: list[Candidate], slots: int) -> None:
    order = served(waiting, slots)
    for number, one in enumerate(order):
        rest = order[number + 1 :]
        again = next((place for place, other in enumerate(rest) if other.owner == one.owner), None)
        if again is not None:
            between = {other.owner for other in rest[:again]}
            assert {other.owner for other in rest[again:]} - {one.owner} <= between


@given(candidates(st.integers(-HIGHEST, HIGHEST)))
def test_of_one_owner_the_higher_priority_goes_first_and_then_who_waited_longer(waiting: list[Candidate]) -> None:
    mine = [Candidate(one.id, one.kind, "ac_a", one.priority, NOW) for one in waiting]
    assert [one.id for one in served(mine, 1)] == [
        one.id for one in sorted(mine, key=lambda one: (-one.priority, one.due_at, one.id))
    ]


@given(st.integers(-HIGHEST, HIGHEST), st.integers(0, 400))
def test_nothing_waits_for_ever(priority: int, steps: int) -> None:
    """However urgent the others are, an owner who waits overtakes those who are served again and again."""
    patient = Candidate("jb_1", "task", "ac_patient", priority, NOW)
    now = NOW + steps * AGEING
    urgent = Candidate("jb_2", "task", "ac_urgent", HIGHEST, now)
    chosen = choose([patient, urgent], Load({}, {"ac_urgent": now}), now)
    assert (chosen is patient) == (priority + steps >= HIGHEST)


@given(
    st.dictionaries(st.sampled_from("abc"), st.one_of(st.none(), st.integers(1, 3))),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 4)),
)
def test_of_a_kind_that_is_full_none_is_begun(limits: dict[str, int | None], running: dict[str, int]) -> None:
    free = room(limits, running)
    for kind, most in limits.items():
        assert (kind in free) == (most is None or running.get(kind, 0) < most)


def test_of_nothing_nothing_is_chosen() -> None:
    assert choose([], Load(), NOW) is None


# What is given


@pytest.mark.parametrize("source", ["", "/etc/passwd", "../secret", "a/../../b", "a\\b", "a\0b", "."])
def test_a_source_stays_in_its_folder_by_its_words(source: str) -> None:
    with pytest.raises(ValidationError):
        Package(source=source)


def test_a_source_stays_in_its_folder_whatever_its_links_say(tmp_path: Path) -> None:
    media = tmp_path / "media"
    (media / "sources").mkdir(parents=True)
    (tmp_path / "secret.mp4").write_bytes(b"x")
    (media / "sources" / "film.mp4").symlink_to(tmp_path / "secret.mp4")
    (media / "sources" / "real.mp4").write_bytes(b"x")
    settings = Settings(media=media)
    assert located(settings, "real.mp4").name == "real.mp4"
    for name in ("film.mp4", "none.mp4"):
        with pytest.raises(Broken, match=f"there is no file {name} in the folder sources"):
            located(settings, name)


def test_a_kind_says_what_it_is() -> None:
    for name, attempts in (("Bad name", 3), ("good", 0)):
        with pytest.raises(ValueError, match="a kind has a name of small letters"):
            JobKind(name, Package, None, attempts=attempts)
