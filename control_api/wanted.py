"""Work that is done for as long as somebody waits for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from control_api.problems import unavailable

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from aiohttp import web

Found = TypeVar("Found")

_LOOK: Final = 0.2
"""Seconds between two looks at whether the client is still there."""


async def while_wanted(request: web.Request, leaving: asyncio.Event, work: Coroutine[None, None, Found]) -> Found:
    """What `work` comes to. It is cancelled when the client goes or the process stops; then raises `Problem`."""
    failures: list[Exception] = []
    found: list[Found] = []

    async def kept() -> None:
        try:
            found.append(await work)
        except Exception as error:  # noqa: BLE001 — handed on below, without the group around it
            failures.append(error)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(kept())
        while not task.done():
            await asyncio.wait([task], timeout=_LOOK)
            if leaving.is_set() or _gone(request):
                task.cancel()
                break
    if failures:
        raise failures[0]
    if not found:
        message = "nobody waits for it any more, or the server is being stopped"
        raise unavailable(message)
    return found[0]


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
