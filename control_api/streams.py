"""The open streams: how many there may be, and how they learn that the process is stopping."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from control_api.problems import unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator


class Streams:
    """The registry of everything that would wait for ever: event streams and long polls."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.open = 0
        """How many there are."""
        self.leaving = asyncio.Event()
        """Set when the process stops: whoever waits must end."""

    @contextmanager
    def one(self) -> Iterator[None]:
        """One more, for as long as the block runs. Raises `Problem` when there are too many, or the process stops."""
        if self.leaving.is_set():
            raise unavailable("the server is being stopped", seconds=2)
        if self.open >= self._most:
            message = f"{self._most} streams are open, and there may be no more"
            raise unavailable(message, seconds=30)
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1

    def leave(self) -> None:
        """Let nobody wait any longer."""
        self.leaving.set()
