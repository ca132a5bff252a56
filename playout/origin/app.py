"""The application: which address leads where."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from aiohttp import web

from playout.clock import pause_by
from playout.keyring import Keyring
from playout.origin import doors, front, iptv, media, operations, outside, playlists
from playout.origin.doors import TOKEN, Guarded
from playout.origin.edges import Edges
from playout.origin.gate import Gate
from playout.origin.guide import catalogs_of
from playout.origin.hot import Hot
from playout.origin.lane import LANE, Lane
from playout.origin.library import Library
from playout.origin.measures import Measures
from playout.origin.settings import Settings
from playout.origin.site import SITE, Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from playout.clock import Clock, Pause
    from playout.core.view import View
    from playout.origin.site import Catalogs
    from playout.store import Store

_TURN_BYTES = 16 << 20
_PROVEN_BYTES = 4 << 20


def create_app(  # noqa: PLR0913 — all that a process is wired from, by name
    live: Callable[[], View],
    changed: Callable[[], asyncio.Event],
    store: Store,
    clock: Clock,
    settings: Settings | None = None,
    *,
    catalogs: Catalogs | None = None,
    pause: Pause | None = None,
) -> web.Application:
    """The origin as an application.

    `live` answers the view of this moment, `changed` the event that is set when it is replaced.
    `catalogs` answers the catalog of a revision, as a follower does, which saves reading it twice. `pause` is
    how to wait for an instant of `clock`; tests bring one that does not sleep.
    """
    settings = settings or Settings()
    measures = Measures(clock)
    ring = Keyring(settings.stream_keys) if settings.stream_keys else None
    site = Site(
        live=live,
        changed=changed,
        store=store,
        clock=clock,
        pause=pause or pause_by(clock),
        settings=settings,
        measures=measures,
        library=Library(store, settings.asset_bytes),
        edges=Edges(),
        segments=Hot(settings.hot_bytes, lambda blob: blob.weight),
        editions=Hot(settings.page_bytes, lambda edition: edition.weight),
        pages=Hot(settings.page_bytes, lambda page: page.weight),
        turns=Hot(_TURN_BYTES, lambda turn: 500 + 200 * len(turn.airings)),
        catalogs=catalogs or catalogs_of(store),
        guide={},
        guiding=asyncio.Lock(),
        writing=asyncio.Semaphore(2),
        gate=Gate(ring, settings.on_demand, measures),
        proven=Hot(_PROVEN_BYTES, lambda _: 400),
        proving=asyncio.Semaphore(4),
        slates={},
        remuxing=asyncio.Semaphore(os.cpu_count() or 1),
        leaving=asyncio.Event(),
    )
    app = web.Application(middlewares=[outside.measured])
    app[SITE] = site
    if settings.lane and not settings.access_log:
        app[LANE] = Lane(site)
    app.on_response_prepare.append(outside.finish)
    app.on_shutdown.append(_leave)
    site.measures.registry.register(operations.Gauges(site))
    pages = front.routes() if settings.page else ()
    for path, answer in (*operations.ROUTES, *iptv.ROUTES, *playlists.ROUTES, *media.ROUTES, *pages, *doors.ROUTES):
        if isinstance(answer, Guarded):
            app.router.add_get(settings.base_path + path, answer.ask)
            app.router.add_get(settings.base_path + TOKEN + path, answer.ask)
        else:
            app.router.add_get(settings.base_path + path, answer)
    return app


async def _leave(app: web.Application) -> None:
    """Let nobody wait any longer for what will not come."""
    site = app[SITE]
    site.leaving.set()
    site.changed().set()
