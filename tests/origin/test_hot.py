"""What is kept in memory stays within its bounds, and is made once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.origin.hot import Hot


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 40), st.booleans())))
def test_it_keeps_what_was_asked_for_last_within_its_limit(steps: list[tuple[int, int, bool]]) -> None:
    hot: Hot[int] = Hot(100, lambda value: value)
    model: OrderedDict[int, int] = OrderedDict()
    for key, value, ask in steps:
        if ask:
            if key in model:
                model.move_to_end(key)
            assert hot.held(key) == model.get(key)
        else:
            hot.hold(key, value)
            model.pop(key, None)
            model[key] = value
            while sum(model.values()) > 100:
                model.popitem(last=False)
        assert hot.weight == sum(model.values()) <= 100
        assert len(hot) == len(model)


async def test_what_many_ask_for_is_made_once() -> None:
    hot: Hot[str] = Hot(100, len)
    gate = asyncio.Event()
    made = 0

    async def make() -> str:
        nonlocal made
        made += 1
        await gate.wait()
        return "value"

    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(hot.fetch("key", make)) for _ in range(10)]
        await asyncio.sleep(0)
        gate.set()
    assert [task.result() for task in waiting] == ["value"] * 10
    assert made == 1


async def test_a_failure_reaches_all_who_wait_and_is_not_kept() -> None:
    hot: Hot[str] = Hot(100, len)
    gate = asyncio.Event()

    async def fail() -> str:
        await gate.wait()
        message = "no"
        raise OSError(message)

    async def succeed() -> str:
        return "value"

    waiting = [asyncio.ensure_future(hot.fetch("key", fail)) for _ in range(3)]
    await asyncio.sleep(0)
    gate.set()
    for one in waiting:
        with pytest.raises(OSError, match="no"):
            await one
    assert await hot.fetch("key", succeed) == "value"


async def test_when_the_maker_is_cancelled_another_makes_it() -> None:
    hot: Hot[str] = Hot(100, len)
    gate = asyncio.Event()

    async def never() -> str:
        await gate.wait()
        return "never"

    async def succeed() -> str:
        return "value"

    first = asyncio.ensure_future(hot.fetch("key", never))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(hot.fetch("key", succeed))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "value"


async def test_what_is_too_large_to_keep_is_answered_all_the_same() -> None:
    hot: Hot[str] = Hot(3, len)

    made = 0

    async def make() -> str:
        nonlocal made
        made += 1
        await asyncio.sleep(0)
        return "value"

    assert await asyncio.gather(*(hot.fetch("key", make) for _ in range(3))) == ["value"] * 3
    assert made == 1
    assert hot.weight == 0
