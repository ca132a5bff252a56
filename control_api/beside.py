"""The API beside the engine, in one process: in a thread of its own, with an event loop of its own.

Law: whatever becomes of the API, of its database or of its port, the engine goes on. While the API cannot begin, its
port answers 503 with Retry-After, and it is tried again until it can.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from socket import AF_INET, AF_INET6, create_server
from typing import TYPE_CHECKING, Final

import uvloop
from aiohttp import web

from control_api.commands import Door, serve
from control_api.ids import new_id
from control_api.jobs.kinds import AnyKind
from control_api.problems import MEDIA_TYPE, unavailable
from control_api.settings import Settings
from control_api.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from socket import socket

_log: Final = logging.getLogger("fastline.api")

_DOWN: Final = "the API cannot be served now; channels play on"
AGAIN: Final = 5
"""Seconds from one attempt to begin to the next."""
SWITCH: Final = 0.001
"""Seconds after which a thread hands the interpreter over when another one waits: what a playlist may lose."""


@dataclass(slots=True)
class Neighbor:
    """The API that is to run."""

    settings: Settings
    tell: Callable[[str], None]
    """Hears the address once it answers."""
    welcome: Callable[[str], None]
    """Hears the token for the first account."""
    kinds: Sequence[AnyKind] = ()
    trouble: Trouble = field(default_factory=lambda: Trouble(_log, _DOWN, "unserved"), init=False)

    async def run(self) -> None:
        """Serve until cancelled, whatever fails."""
        listener = await self._listener()
        try:
            while True:
                refuser = await _refusing(listener)
                try:
                    await serve(
                        self.settings, self._told, self.welcome, kinds=self.kinds, door=Door(listener, refuser.cleanup)
                    )
                except Exception as error:  # noqa: BLE001 — the engine does not stop for a mistake of the API
                    self.trouble.say(str(error))
                    await asyncio.sleep(AGAIN)
                finally:
                    await refuser.cleanup()
        finally:
            listener.close()

    def _told(self, address: str) -> None:
        self.trouble.end()
        self.tell(address)

    async def _listener(self) -> socket:
        """The socket, as soon as its port is free."""
        host, port = self.settings.host, self.settings.port
        while True:
            try:
                return create_server((host, port), family=AF_INET6 if ":" in host else AF_INET)
            except OSError as error:
                self.trouble.say(f"it cannot listen on {host} port {port}: {error.strerror or error}")
                await asyncio.sleep(AGAIN)


@asynccontextmanager
async def beside(neighbor: Neighbor) -> AsyncIterator[None]:
    """Run the API in a thread for as long as the block runs."""
    sys.setswitchinterval(SWITCH)
    begun = threading.Event()
    stop: list[Callable[[], object]] = []

    async def inside() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if task is not None:
            stop.append(lambda: loop.call_soon_threadsafe(task.cancel))
        begun.set()
        with suppress(asyncio.CancelledError):
            await neighbor.run()

    # its loop is left open: threads of the database's driver may have something to tell it still when all has ended
    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)

    def run() -> None:
        try:
            runner.run(inside())
        except Exception:  # noqa: BLE001 — the engine goes on
            _log.exception("the API has ended; channels play on", extra={"action": "failed"})

    thread = threading.Thread(target=run, name="api", daemon=True)
    thread.start()
    try:
        yield
    finally:
        await asyncio.to_thread(begun.wait)
        with suppress(RuntimeError):  # its loop has ended by itself
            stop[0]()
        await asyncio.to_thread(thread.join, neighbor.settings.stop_seconds + AGAIN)


async def _refusing(listener: socket) -> web.ServerRunner:
    """Answer 503 to everything, until it is cleaned up."""
    refusal = unavailable("the API is starting, or its database cannot be used; channels play on", AGAIN)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/healthz":
            return web.json_response({"status": "ok"})
        name = new_id("rq")
        headers = {**refusal.headers, "Content-Type": MEDIA_TYPE, "X-Request-Id": name, "Cache-Control": "no-store"}
        return web.Response(status=refusal.kind.status, body=refusal.json(name), headers=headers)

    runner = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=1)
    await runner.setup()
    await web.SockSite(runner, listener.dup()).start()
    return runner
