"""The steady clock, with a wall and a monotonic clock that are variables."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from playout.clock import Pause, SteadyClock, pause_by, system_clock

START = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@dataclass
class Machine:
    """A machine's two clocks."""

    wall: datetime = START
    ticked: int = 0

    def pass_(self, span: timedelta) -> None:
        self.wall += span
        self.ticked += span // timedelta(microseconds=1) * 1000

    def steady(self) -> SteadyClock:
        return SteadyClock(lambda: self.wall, lambda: self.ticked)


def test_it_follows_the_wall_clock_forward() -> None:
    machine = Machine()
    clock = machine.steady()
    machine.pass_(5 * SECOND)
    assert clock() == START + 5 * SECOND
    machine.wall += timedelta(hours=1)
    assert clock() == START + 5 * SECOND + timedelta(hours=1)
    assert clock.ahead == timedelta(0)


def test_it_goes_on_when_the_wall_clock_is_set_back_and_says_so() -> None:
    for back in (10 * SECOND, timedelta(hours=1)):
        machine = Machine()
        clock = machine.steady()
        machine.pass_(60 * SECOND)
        before = clock()
        machine.wall -= back
        assert clock() == before
        assert clock.ahead == back
        machine.pass_(7 * SECOND)
        assert clock() == before + 7 * SECOND
        machine.wall += back
        assert clock() == before + 7 * SECOND
        assert clock.ahead == timedelta(0)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(-(10**10), 10**10))))
def test_it_never_goes_back_and_is_never_behind_the_wall(steps: list[tuple[int, int]]) -> None:
    machine = Machine()
    clock = machine.steady()
    last = clock()
    for passed, set_ in steps:
        machine.pass_(timedelta(microseconds=passed))
        machine.wall += timedelta(microseconds=set_)
        now = clock()
        assert now >= last + timedelta(microseconds=passed)
        assert now >= machine.wall
        assert clock.ahead == now - machine.wall
        last = now


def test_the_system_clock_is_in_utc() -> None:
    assert system_clock().tzinfo is UTC
    assert SteadyClock()() <= SteadyClock()()


async def paused(pause: Pause, event: asyncio.Event) -> None:
    await pause(event, START + timedelta(days=1))


async def test_a_pause_ends_with_its_event_or_its_instant() -> None:
    event = asyncio.Event()
    pause = pause_by(lambda: START)
    await pause(event, START)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(paused(pause, event))
        await asyncio.sleep(0)
        assert not waiting.done()
        event.set()
    instants = iter((START, START + SECOND))
    await pause_by(lambda: next(instants))(asyncio.Event(), START + timedelta(milliseconds=1))
