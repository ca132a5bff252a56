"""What is kept in memory because it is asked for again: bounded by weight, made once.

Laws. The weight of what is kept never exceeds the limit. However many ask for the same thing at the same
time, it is made once.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

Value = TypeVar("Value")


class Hot(Generic[Value]):
    """Values by key; the one that was not asked for the longest goes first."""

    def __init__(self, limit: int, weight: Callable[[Value], int]) -> None:
        self.weight = 0
        """Of all that is kept."""
        self._limit = limit
        self._weight = weight
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()
        self._making: dict[Hashable, asyncio.Future[Value]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def held(self, key: Hashable) -> Value | None:
        """The value, when it is kept."""
        value = self._kept.get(key)
        if value is not None:
            self._kept.move_to_end(key)
        return value

    def hold(self, key: Hashable, value: Value) -> None:
        """Keep a value; one that alone exceeds the limit is not kept."""
        self.drop(key)
        weight = self._weight(value)
        if weight > self._limit:
            return
        self._kept[key] = value
        self.weight += weight
        while self.weight > self._limit:
            _, gone = self._kept.popitem(last=False)
            self.weight -= self._weight(gone)

    def drop(self, key: Hashable) -> None:
        """Keep a value no longer."""
        if key in self._kept:
            self.weight -= self._weight(self._kept.pop(key))

    async def fetch(self, key: Hashable, make: Callable[[], Awaitable[Value]]) -> Value:
        """The value, made by `make` unless it is kept or being made; failures are not kept."""
        while (value := self.held(key)) is None:
            making = self._making.get(key)
            if making is None:
                return await self._make(key, make)
            await asyncio.wait((making,))
            if not making.cancelled():
                return making.result()
        return value

    async def _make(self, key: Hashable, make: Callable[[], Awaitable[Value]]) -> Value:
        making = self._making[key] = asyncio.get_running_loop().create_future()
        try:
            value = await make()
        except asyncio.CancelledError:
            making.cancel()
            raise
        except Exception as failure:
            making.set_exception(failure)
            making.exception()  # others may be waiting for it, or nobody: both are fine
            raise
        else:
            self.hold(key, value)
            making.set_result(value)
            return value
        finally:
            del self._making[key]
