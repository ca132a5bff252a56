"""Servers of others for tests, which do as they are told, on addresses of this machine."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from playout.core.networks import Network

    Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]

HERE: tuple[Network, ...] = (ip_network("127.0.0.0/8"),)
"""This machine, which no request reaches unless a setting allows it."""


@dataclass
class Other:
    """A server, and what it was asked."""

    port: int = 0
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    """Method, path, headers in small letters, and body of each request."""
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def until(self, count: int) -> None:
        """Wait until it was asked so often."""
        async with asyncio.timeout(60), self.heard:
            await self.heard.wait_for(lambda: len(self.asked) >= count)


@asynccontextmanager
async def other(answering: Answering) -> AsyncIterator[Other]:
    """A server that answers so."""
    made = Other()

    async def serve(request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        made.asked.append((request.method, request.path_qs, headers, await request.read()))
        async with made.heard:
            made.heard.notify_all()
        return await answering(request)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.port = runner.addresses[0][1]
        yield made
    finally:
        await runner.cleanup()
