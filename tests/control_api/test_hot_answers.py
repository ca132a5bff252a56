"""What is remembered for a moment: never longer, never past a change, never more than so much, and read once."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from control_api.hot import Hot
from control_api.measures import Measures

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2026, 11, 21, tzinfo=UTC)
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(0, 4)),
        st.tuples(st.just("answer"), st.integers(0, 4)),
        st.tuples(st.just("fail"), st.integers(0, 4)),
        st.tuples(st.just("wait"), st.integers(-2, 4)),
        st.tuples(st.just("change"), st.integers(0, 1)),
    ),
    max_size=60,
)


@dataclass(eq=False)
class Making:
    """Something that is read: the state, when its reading began."""

    key: int
    state: int
    at: datetime
    gate: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    is_over: bool = False


async def settled() -> None:
    """Everybody has come as far as they can."""
    for _ in range(8):
        await asyncio.sleep(0)


class Story:
    """Steps of many who ask and of what changes; a state is a number that each change raises."""

    def __init__(self, span: timedelta, group: asyncio.TaskGroup) -> None:
        self.measures = Measures()
        self.hot = Hot(span, self.measures.hot, most=3)
        self.span = span
        self.group = group
        self.now, self.state, self.asked = NOW, 0, 0
        self.makings: list[Making] = []

    @property
    def going(self) -> list[Making]:
        return [one for one in self.makings if not one.is_over]

    async def ask(self, key: int, at: datetime, least: int, over: set[Making]) -> None:
        async def make(names: Sequence[str]) -> dict[str, Making]:
            making = Making(key, self.state, at)
            self.makings.append(making)
            try:
                await making.gate
            finally:
                making.is_over = True
            return dict.fromkeys(names, making)

        with suppress(ZeroDivisionError):
            found = (await self.hot.shared({"one": key}, at, make))["one"]
            assert found.key == key
            assert found.state >= least, "nobody is told what was read before a change that they came after"
            assert found not in over or timedelta(0) <= at - found.at < self.span

    def step(self, what: str, number: int) -> None:
        there = [one for one in self.going if one.key == number]
        if what == "wait":
            self.now += timedelta(seconds=number)
        elif what == "change":
            self.state += number  # a change of what nobody is shown here changes nothing
            self.hot.changed({"title"} if number else {"account"})
        elif what == "ask":
            self.asked += 1
            self.group.create_task(self.ask(number, self.now, self.state, {*self.makings} - {*self.going}))
        elif there and what == "answer":
            there[0].gate.set_result(None)
        elif there:
            there[0].gate.set_exception(ZeroDivisionError)

    async def end(self) -> None:
        while self.going:
            for one in self.going:
                one.gate.set_result(None)
            await settled()
        counted = {sample.labels["found"]: sample.value for one in self.measures.hot.collect()
                   for sample in one.samples if sample.name.endswith("_total")}  # fmt: skip
        assert counted.get("miss", 0) <= len(self.makings)
        assert sum(counted.values()) <= self.asked


async def told(steps: list[tuple[str, int]], span: timedelta) -> None:
    async with asyncio.TaskGroup() as group:
        story = Story(span, group)
        for what, number in steps:
            story.step(what, number)
            await settled()
            going = [(one.key, one.state) for one in story.going]
            assert not span or len(going) == len(set(going)), "of many who ask one reads"
            assert len(story.hot) <= 3 * bool(span)
        await story.end()


@given(_steps, st.integers(0, 3))
def test_what_is_told_from_memory_is_what_is_true_but_for_a_moment(steps: list[tuple[str, int]], span: int) -> None:
    """C83: and of many who ask for one thing at a time one reads it; who fails is followed by the next one."""
    asyncio.run(told(steps, timedelta(seconds=span)))
