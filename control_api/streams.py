"""The open streams: how many there may be, and how they learn that the process is stopping."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from control_api.problems import unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator


class Pulse:
    """When something is due that is done every so often, however much else there is to do."""

    def __init__(self, seconds: float) -> None:
        """It is due for the first time after so many seconds."""
        self._seconds = seconds
        self._next = asyncio.get_running_loop().time() + seconds

    def is_due(self) -> bool:
        """Whether it is time; then it is not until as much time has passed again."""
        now = asyncio.get_running_loop().time()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True


class Streams:
    """The registry of everything that would wait for ever: event streams and long polls."""

    def __init__(self, most: int, each: int) -> None:
        """There may be `most`, and `each` caller may have so many of them."""
        self._most = most
        self._each = each
        self._of: Counter[str] = Counter()
        self.open = 0
        """How many there are."""
        self.leaving = asyncio.Event()
        """Set when the process stops: whoever waits must end."""

    @contextmanager
    def one(self, caller: str) -> Iterator[None]:
        """One more of this caller, for as long as the block runs.

        Raises `Problem` when there are too many, or the process stops.
        """
        if self.leaving.is_set():
            raise unavailable("the server is being stopped", seconds=2)
        if self.open >= self._most:
            message = f"{self._most} streams are open, and there may be no more"
            raise unavailable(message, seconds=30)
        if self._of[caller] >= self._each:
            message = f"you have {self._each} streams open, and may have no more"
            raise unavailable(message, seconds=30)
        self.open += 1
        self._of[caller] += 1
        try:
            yield
        finally:
            self.open -= 1
            self._of[caller] -= 1
            if not self._of[caller]:
                del self._of[caller]

    def leave(self) -> None:
        """Let nobody wait any longer."""
        self.leaving.set()
