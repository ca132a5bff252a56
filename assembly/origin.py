"""`fastline origin`: the channels of a store over HTTP, and nothing else."""

from __future__ import annotations

import asyncio
import errno
import os
from contextlib import asynccontextmanager
from socket import gethostname
from typing import TYPE_CHECKING

from aiohttp import web
from rich.console import Console

from playout.clock import SteadyClock
from playout.commands.options import OK, Refused
from playout.commands.running import until_done
from playout.core.listing import by_number
from playout.core.token import OnDemand
from playout.follow import Follower
from playout.keyring import keys_file
from playout.origin import LaneRunner, Settings, create_app

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator

_out = Console(highlight=False, soft_wrap=True)


def origin(asked: argparse.Namespace) -> int:
    """An origin alone."""
    return until_done(_serve(asked))


async def _serve(asked: argparse.Namespace) -> int:
    clock = SteadyClock()
    follower = Follower(asked.media.store(), clock)
    async with listening(asked, follower, clock) as address, asyncio.TaskGroup() as tasks:
        tasks.create_task(follower.run())
        tasks.create_task(announce(follower, address))
    return OK


@asynccontextmanager
async def listening(asked: argparse.Namespace, follower: Follower, clock: SteadyClock) -> AsyncIterator[str]:
    """An origin that answers; the address under which people reach it."""
    try:
        networks = tuple(asked.trusted_proxy)
        settings = Settings(
            asked.base_path,
            asked.public_url,
            networks,
            access_log=asked.access_log,
            stream_keys=keys_file(asked.media.folder, os.environ),
            on_demand=_on_demand(asked.on_demand),
            tokens_checked=asked.tokens_checked,
        )
    except ValueError as error:
        raise Refused(str(error)) from error
    store = asked.media.store()
    app = create_app(lambda: follower.view, lambda: follower.changed, store, clock, settings, catalogs=follower.catalog)
    runner = LaneRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, asked.host, asked.port).start()
        except OSError as error:
            raise Refused(_unheard(asked, error)) from error
        host = gethostname() if asked.host in {"0.0.0.0", "::"} else asked.host  # noqa: S104 — compared, not bound
        yield asked.public_url or f"http://{host}:{asked.port}{asked.base_path}"
    finally:
        await runner.cleanup()


def _on_demand(text: str) -> OnDemand:
    """Raises `ValueError` for another word in the environment."""
    if text not in set(OnDemand):
        message = f"FASTLINE_ON_DEMAND is {text!r}: write {', '.join(OnDemand)}"
        raise ValueError(message)
    return OnDemand(text)


def _unheard(asked: argparse.Namespace, error: OSError) -> str:
    """Why nobody can listen there, and what to do."""
    if error.errno == errno.EADDRINUSE:
        other = asked.port % 65535 + 1
        return (
            f"port {asked.port} is in use by another program, perhaps by another Fastline. Stop it, or take "
            f"another port: `PORT={other} make up` or `fastline {asked.called} --port {other}`"
        )
    return f"cannot listen on {asked.host} port {asked.port}: {error.strerror or error}"


async def announce(follower: Follower, address: str) -> None:
    """Say what to open, as soon as there is something to see; then each channel that is added."""
    _out.print(f"The page is at {address}/")
    known: set[str] = set()
    while True:
        changed = follower.changed
        fresh = by_number(on_air.channel for on_air in follower.view.channels.values() if on_air.log.airings)
        fresh = [channel for channel in fresh if channel.id not in known]
        if fresh:
            if not known:
                _out.print(f"\n[bold]On air.[/bold] Open [bold]{address}/[/bold] or, in a player:\n")
                _out.print(f"  all channels  {address}/iptv/channels.m3u\n  their guide   {address}/iptv/xmltv.xml")
            for channel in fresh:
                _out.print(f"  {channel.number:>5}  {channel.name:<22}  {address}/live/{channel.id}/index.m3u8")
            known |= {channel.id for channel in fresh}
        await changed.wait()
