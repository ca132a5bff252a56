"""Where reports are made: in a few threads, or in processes of their own, and no more at a time than is set.

Law: a report never runs on the event loop, and what nobody waits for any more is ended as soon as it can be.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from control_api.problems import unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

Found = TypeVar("Found")

_log = logging.getLogger("fastline.api")
_TOLD: Final = 2000  # characters of what a process says that fails

_HASTE: Final = 2
"""Seconds after which a full pool may have room again."""


class Pool:
    """The threads and processes of one process of the API."""

    def __init__(self, threads: int, processes: int, waiting: int, seconds: float) -> None:
        """`waiting` is how many reports may wait for their turn, `seconds` how long a process may take."""
        self._threads = ThreadPoolExecutor(threads, "reports")
        self._processes = asyncio.Semaphore(processes)
        self._most = threads + waiting
        self._waiting = waiting
        self._seconds = seconds
        self.asked = 0
        """How many reports threads make or will make."""
        self.processes = 0
        """How many there are."""
        self._queued = 0

    async def run(self, make: Callable[[], Found]) -> Found:
        """What `make` comes to, in a thread. Raises `Problem` when too many wait."""
        if self.asked >= self._most:
            raise unavailable("too many reports are being made", _HASTE)
        self.asked += 1
        loop = asyncio.get_running_loop()
        future = self._threads.submit(make)
        future.add_done_callback(lambda _: self._done(loop))
        return await asyncio.wrap_future(future)

    def _done(self, loop: asyncio.AbstractEventLoop) -> None:
        """One is made, in whatever thread, or was given up before it began."""
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._leave)

    def _leave(self) -> None:
        self.asked -= 1

    async def apart(self, module: str, asked: bytes) -> tuple[int, bytes]:
        """The exit code and the output of `module`, run in a process of its own, which dies with whoever waits for it.

        Raises `Problem` when too many wait, or when it takes too long.
        """
        async with self._turn():
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            try:
                async with asyncio.timeout(self._seconds):
                    found, said = await process.communicate(asked)
            except TimeoutError:
                message = f"the report takes more than {self._seconds:g} seconds: ask for fewer days"
                raise unavailable(message, 60) from None
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        if said:
            _log.error("a report in a process of its own failed: %s", said.decode(errors="replace")[-_TOLD:])
        return process.returncode or 0, found

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._queued >= self._waiting and self._processes.locked():
            raise unavailable("too many reports are being made", _HASTE)
        self._queued += 1
        try:
            await self._processes.acquire()
        finally:
            self._queued -= 1
        self.processes += 1
        try:
            yield
        finally:
            self.processes -= 1
            self._processes.release()

    def close(self) -> None:
        """Begin nothing more; what is being made ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)
