"""The application: a process of the control API, wired together."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from aiohttp import web
from pydantic import BaseModel

from control_api import keys, openapi, outside, pieces, schema, workers
from control_api.addresses import household
from control_api.callers import bearer
from control_api.channels.master import MasterControl
from control_api.database import Database
from control_api.destinations import Reach
from control_api.happenings import Feed
from control_api.hot import Hot
from control_api.known import Known
from control_api.measures import Measures
from control_api.operation import Declared, Operation
from control_api.outgoing import Outgoing
from control_api.people.gate import Gate
from control_api.people.roles import scopes_of
from control_api.people.schemes import schemes as ways_in
from control_api.plans import guarding, offers
from control_api.rates import Rates, refused
from control_api.readiness import Readiness
from control_api.resources import RESOURCES
from control_api.resources.reference import DOCUMENT
from control_api.rotation import Rotation, for_a_while
from control_api.running import served
from control_api.signed import by_token
from control_api.site import ASKED, SITE, Site
from control_api.streams import Streams
from control_api.tending import tended
from control_api.tracing import Tracing
from control_api.uploads.receiving import Receiver
from control_api.viewing.gathering import Gathering
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from control_api.callers import Caller, Scheme, Stranger
    from control_api.jobs.kinds import AnyKind
    from control_api.settings import Settings
    from playout.clock import Clock

OPERATIONS: Final = web.AppKey("operations", tuple[Operation, ...])
"""All operations of an application; every route of it is one of them."""

_CURSORS: Final = "cursors"


def create_app(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    more: Sequence[Operation] = (),
    schemes: Sequence[Scheme] = (),
    kinds: Sequence[AnyKind] = (),
) -> web.Application:
    """The control API as an application.

    `more` are operations beside those of the package; `schemes` are ways to say who asks, beside API keys;
    `kinds` are kinds of jobs beside those of the package, or instead of those of their names.
    """
    database = Database(
        settings.database_url, connections=settings.database_connections, patience_ms=settings.database_patience_ms
    )
    policies = {
        "caller": settings.rate,
        "address": settings.rate_anonymous,
        "pictures": settings.rate_pictures,
        "views": settings.rate_views,
        "letters": settings.rate_letters,
        "plays": settings.rate_plays,
    }
    rates = Rates(settings.rate_storage, policies)
    known = Known(timedelta(milliseconds=settings.caller_cache_ms), spare=_spare(rates))
    streams = Streams(settings.streams, settings.streams_each)
    outgoing = Outgoing(
        Reach(settings.outgoing_allow, settings.outgoing_refuse), connections=settings.outgoing_connections
    )
    turn = timedelta(days=settings.signing_key_days)
    gate = Gate(settings, database, known, outgoing, clock)
    measures = Measures()
    site = Site(
        settings=settings,
        clock=clock,
        database=database,
        rates=rates,
        readiness=Readiness(database),
        streams=streams,
        feed=Feed(database, settings.stream_poll_ms / 1000),
        measures=measures,
        known=known,
        hot=Hot(timedelta(milliseconds=settings.hot_ms), measures.hot),
        figures=Hot(timedelta(seconds=settings.figures_cache_seconds), measures.figures, 200),
        gate=gate,
        master=MasterControl(settings),
        schemes=(
            by_token(settings, clock, lambda request: request[ASKED].address),
            _by_key(database, known, clock),
            *ways_in(gate, lambda request: request[ASKED].address),
            *schemes,
        ),
        outgoing=outgoing,
        queue=workers.queue(settings, database, kinds),
        receiver=Receiver(database, settings, clock, streams.leaving),
        viewing=Gathering(settings, database, measures),
        tracing=_tracing(settings, database),
        cursors=Rotation(database, _CURSORS, signs_for=turn, needed=for_a_while(turn)),
    )
    operations = (*RESOURCES, *more)
    app = web.Application(middlewares=[outside.outside], client_max_size=settings.body_bytes)
    app[SITE] = site
    app[OPERATIONS] = operations
    app[DOCUMENT] = _reference(operations, settings.public_url)
    for resource in (*_resources(), *_routed(more)):
        app.router.register_resource(resource)
    app.on_response_prepare.append(outside.finish)
    app.on_shutdown.append(_leave)
    app.cleanup_ctx.append(_at_work)
    return app


@cache
def _resources() -> tuple[web.AbstractResource, ...]:
    """Where the package answers, for all applications of a process: whoever answers finds the site by the request."""
    return _routed(RESOURCES)


def _routed(operations: Sequence[Operation]) -> tuple[web.AbstractResource, ...]:
    """The addresses of these operations."""
    table = web.UrlDispatcher()
    for operation in operations:
        said = operation.declared
        expected = None if said.raw is None else pieces.expected
        table.add_route(said.method, said.path, served(operation), expect_handler=expected)
        if said.method == "GET":
            table.add_route("HEAD", said.path, served(operation))
    return tuple(table.resources())


def _tracing(settings: Settings, database: Database) -> Tracing | None:
    """Where spans go. Raises `Untraceable`."""
    return Tracing(settings.otlp, database, sampled=settings.otlp_permille / 1000) if settings.otlp else None


_Said = tuple[list[tuple[Declared, type[BaseModel], type[BaseModel], type[BaseModel]]], str]
"""What operations are declared to take and to answer, and the address under which they are public."""
_documents: list[tuple[_Said, bytes]] = []
"""The documents that were written last: of applications that say the same there is one, as writing it takes a while."""
_DOCUMENTS_KEPT: Final = 8


def _reference(operations: Sequence[Operation], public_url: str) -> bytes:
    """The document of these operations."""
    said = [(one.declared, one.path_model, one.query_model, one.body_model) for one in operations], public_url
    for known, document in _documents:
        if known == said:
            return document
    whole = openapi.document(operations, public_url)
    written = json.dumps(whole, separators=(",", ":"), ensure_ascii=False).encode()
    _documents[:] = [*_documents[1 - _DOCUMENTS_KEPT :], (said, written)]
    return written


async def _at_work(app: web.Application) -> AsyncIterator[None]:
    """Bring the schema up to date and do what there is to do; at the end, or where that fails, close everything."""
    site = app[SITE]
    async with AsyncExitStack() as open_:
        open_.push_async_callback(site.database.close)
        open_.push_async_callback(site.outgoing.close)
        if site.tracing is not None:
            open_.push_async_callback(site.tracing.close)
        open_.push_async_callback(site.rates.close)
        open_.callback(site.gate.close)
        open_.callback(site.master.pool.close)
        open_.push_async_callback(site.queue.close)
        open_.callback(site.receiver.close)
        await schema.prepare(site.database, migrate=site.settings.migrate)
        await offers.prepare(site.database, site.clock())
        await guarding.look(site.database, site.settings)
        await site.look()
        await site.queue.open(site.database)
        await open_.enter_async_context(site.viewing.tended())
        if site.settings.works:
            await open_.enter_async_context(
                workers.working(site.queue, site.database, site.outgoing, site.clock, site.feed.ring)
            )
        if site.settings.tells:
            await open_.enter_async_context(tended(site))
        yield


async def _leave(app: web.Application) -> None:
    """Let nobody wait any longer for what will not come."""
    site = app[SITE]
    site.streams.leave()
    site.feed.close()
    site.queue.ring()


def _spare(rates: Rates) -> Callable[[str], Awaitable[None]]:
    """Refuses to look for whom nobody knows in the database, for an address that has asked too often."""

    async def spare(address: str) -> None:
        left = await rates.left("address", household(address))
        if left is not None and not left.allowed:
            raise refused(left)

    return spare


def _by_key(database: Database, known: Known, clock: Clock) -> Scheme:
    """API keys, as `Authorization: Bearer fl_...`."""

    async def scheme(request: web.Request) -> Caller | Stranger | None:
        sent, now = bearer(request), clock()
        if not sent.startswith(keys.PREFIX):
            return None
        return await known.caller(
            sent, now, lambda: keys.caller(database, sent, scopes_of, now), request[ASKED].address
        )

    return scheme
