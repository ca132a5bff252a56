"""What is given again for a while: answers that take a while to find, and are the same for all who may ask.

Law: one is given again for no longer than was said, and no more of them are kept than that.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

Value = TypeVar("Value")

MOST: Final = 200


class Remembered(Generic[Value]):
    """The answers of one process."""

    def __init__(self, most: int = MOST) -> None:
        """`most` is how many are kept."""
        self._most = most
        self._kept: OrderedDict[tuple[str, ...], tuple[datetime, Value]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: tuple[str, ...], now: datetime, span: timedelta) -> Value | None:
        """The answer, if it is younger than that; a clock that was set back makes none younger."""
        found = self._kept.get(key)
        if found is None or not timedelta(0) <= now - found[0] < span:
            return None
        self._kept.move_to_end(key)
        return found[1]

    def put(self, key: tuple[str, ...], now: datetime, value: Value) -> None:
        """Keep it; what nobody has asked for the longest time goes first."""
        self._kept[key] = now, value
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
