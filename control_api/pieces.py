"""A body of any length, in pieces: as much of it is held as is being written, and no client is waited for for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aiohttp.http_exceptions import HttpProcessingError, TransferEncodingError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from aiohttp import web

PIECE: Final = 1 << 20
"""How many bytes are handed on at a time."""
PATIENCE: Final = 60.0
"""Seconds without a byte after which a client counts as gone."""

_AGREED: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class BrokenOff(ConnectionError):
    """The client went away, fell silent, or sent what is no body, before the body had ended."""


async def expected(_request: web.Request) -> None:
    """Of a client that asks whether to send its body (RFC 9110, 10.1.1): answered when the body is wanted."""


async def agree(request: web.Request) -> None:
    """Tell a client that has asked to go on with its body."""
    asked = request.headers.get("Expect", "").lower() == "100-continue"
    if asked and request.version >= (1, 1) and request.transport is not None:
        request.transport.write(_AGREED)


async def pieces(read: Callable[[int], Awaitable[bytes]], size: int = PIECE) -> AsyncIterator[bytes]:
    """What `read` gives, in pieces of `size` bytes, the last one smaller. Raises `BrokenOff` where it ends early.

    What came before that is handed on first.
    """
    held = bytearray()
    broken: Exception | None = None
    while True:
        try:
            async with asyncio.timeout(PATIENCE):
                found = await read(size - len(held))
        except (ConnectionError, TimeoutError, HttpProcessingError, TransferEncodingError, ValueError) as error:
            broken, found = error, b""
        held += found
        if len(held) >= size or (held and not found):
            yield bytes(held)
            held.clear()
        if broken is not None:
            message = "the connection ended before the body did"
            raise BrokenOff(message) from broken
        if not found:
            return
