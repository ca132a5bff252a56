"""What the command line asks of the control API: to be served."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from socket import socket
from typing import TYPE_CHECKING, Final

from aiohttp import web
from limits.errors import ConfigurationError

from control_api.app import create_app
from control_api.instants import whole_millis
from control_api.people import invitations
from control_api.runner import ApiRunner
from control_api.settings import without_password
from control_api.site import SITE
from control_api.tracing import Untraceable
from control_api.unserved import Unserved, unserved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from control_api.jobs.kinds import AnyKind
    from control_api.settings import Settings

_log: Final = logging.getLogger("fastline.api")


@dataclass(frozen=True, slots=True)
class Door:
    """A socket that listens already, and what is to be done just before it is answered."""

    socket: socket
    before: Callable[[], Awaitable[None]]


async def serve(
    settings: Settings,
    tell: Callable[[str], None],
    welcome: Callable[[str], None],
    *,
    kinds: Sequence[AnyKind] = (),
    door: Door | None = None,
) -> None:
    """Serve until the task is cancelled; `tell` hears the address once it answers.

    Where nobody has an account yet, `welcome` hears the token by which the first administrator makes theirs. `kinds`
    are kinds of jobs that need another package. With a `door` no other one is opened.
    """
    try:
        app = create_app(settings, kinds=kinds)
    except Untraceable as error:
        raise Unserved(str(error)) from error
    except ConfigurationError as error:
        where = without_password(settings.rate_storage)
        message = f"requests cannot be counted at {where}: {error}; `pip install fastline[valkey]`"
        raise Unserved(message) from error
    runner = ApiRunner(app, shutdown_timeout=settings.stop_seconds)
    try:
        await _set_up(runner, settings)
        if door is not None:
            await door.before()
        try:
            await _site(runner, settings, door).start()
        except OSError as error:
            message = f"cannot listen on {settings.host} port {settings.port}: {error.strerror or error}"
            raise Unserved(message) from error
        port = runner.addresses[0][1]
        tell(settings.public_url or f"http://{settings.host}:{port}")
        token = await invitations.first(app[SITE].database, whole_millis(app[SITE].clock()))
        if token is not None:
            welcome(token)
        await asyncio.Event().wait()
    finally:
        _log.info("stopping: streams end, requests finish", extra={"action": "stopping"})
        await runner.cleanup()


def _site(runner: ApiRunner, settings: Settings, door: Door | None) -> web.BaseSite:
    """Where it listens. A site closes its socket: the door keeps its own."""
    if door is None:
        return web.TCPSite(runner, settings.host, settings.port)
    return web.SockSite(runner, door.socket.dup())


async def _set_up(runner: ApiRunner, settings: Settings) -> None:
    try:
        await runner.setup()
    except Exception as error:
        raise unserved(settings, error) from error
