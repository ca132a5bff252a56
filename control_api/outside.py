"""Around every request: its id, who asks, what a failure looks like, its line in the journal, its figures.

Law: whatever happens, the answer is a declared one or a problem with the request's id; never HTML.
"""

from __future__ import annotations

import logging
import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiohttp import web
from sqlalchemy.exc import IntegrityError

from control_api import addresses, cors
from control_api.callers import Stranger
from control_api.database import is_outage
from control_api.ids import new_id
from control_api.people.cookies import is_secure
from control_api.problems import (
    CONFLICT,
    INTERNAL,
    MALFORMED,
    MEDIA_TYPE,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    TOO_LARGE,
    Problem,
    unavailable,
)
from control_api.site import ASKED, Asked, site_of
from playout import journal

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from control_api.site import Site

_log: Final = logging.getLogger("fastline.api")
_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_GUARDS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "private, no-cache",
}
_ALWAYS_SECURE: Final = "max-age=31536000"
"""A year of https and nothing else, for browsers that came by https (RFC 6797)."""
_KINDS: Final = {404: NOT_FOUND, 413: TOO_LARGE}


@web.middleware
async def outside(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The one middleware."""
    site = site_of(request)
    asked = request[ASKED] = _asked(request, site)
    token = journal.REQUEST.set(asked.id)
    begun, status, streamed = time.perf_counter(), 500, False
    try:
        response = await _traced(request, handler, site)
        status = response.status
        streamed = not isinstance(response, web.Response)
        return response
    finally:
        took = time.perf_counter() - begun
        route = site_route(request)
        site.measures.answered(request.method, route, status, None if streamed else took)
        if site.settings.access_log:
            _note(request, site, asked, status, took)
        journal.REQUEST.reset(token)


async def finish(request: web.Request, response: web.StreamResponse) -> None:
    """Complete the head of an answer."""
    headers = response.headers
    headers.pop("Server", None)
    asked = request.get(ASKED)
    if asked is not None:
        headers["X-Request-Id"] = asked.id
        for name, value in asked.headers.items():
            if name == "Link":
                headers.add(name, value)
            else:
                headers[name] = value
    for name, value in _GUARDS.items():
        headers.setdefault(name, value)
    settings = site_of(request).settings
    if headers.get("Location", "").startswith("/"):  # whoever made something says its path alone
        headers["Location"] = settings.public_url + headers["Location"]
    if is_secure(request, settings):
        headers["Strict-Transport-Security"] = _ALWAYS_SECURE
    headers.update(cors.headers(request, settings))


def _asked(request: web.Request, site: Site) -> Asked:
    """The request's id, a trusted proxy's or a new one, and where it comes from."""
    trusted = site.settings.trusted_proxies
    address = addresses.client(request.remote, ",".join(request.headers.getall("X-Forwarded-For", ())), trusted)
    named = request.headers.get("X-Request-Id", "")
    believed = addresses.is_in(request.remote, trusted) and _ID.fullmatch(named)
    return Asked(id=named if believed else new_id("rq"), address=address)


async def _traced(request: web.Request, handler: Handler, site: Site) -> web.StreamResponse:
    """The answer, within a span where somebody collects them."""
    if site.tracing is None:
        return await _answered(request, handler, site)
    trusted = addresses.is_in(request.remote, site.settings.trusted_proxies)
    believed = {name.lower(): value for name, value in request.headers.items()} if trusted else {}
    with site.tracing.answering(request.method, site_route(request), believed) as span:
        response = await _answered(request, handler, site)
        site.tracing.answered(span, response.status)
        return response


async def _answered(request: web.Request, handler: Handler, site: Site) -> web.StreamResponse:
    """The answer, good or not."""
    asked = request[ASKED]
    try:
        if cors.is_preflight(request):
            return await cors.preflight(request, site.settings)
        return await handler(request)
    except Exception as error:  # noqa: BLE001 — each becomes an answer, and our own mistakes a trace in the journal
        problem = _problem(request, site, error)
    response = web.Response(status=problem.kind.status, headers=problem.headers, body=problem.json(asked.id))
    response.content_type = MEDIA_TYPE
    return response


def _problem(request: web.Request, site: Site, error: Exception) -> Problem:
    """What the client is told of a failure."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, web.HTTPException):
        return _of_http(request, error)
    if is_outage(error):
        site.measures.outages.inc()
        if count := site.outages.count(site.clock()):
            since = f" ({count} requests since this was last said)" if count > 1 else ""
            _log.warning("the database does not answer%s: %s", since, _first(error), extra={"action": "outage"})
        return unavailable("the database does not answer")
    if isinstance(error, IntegrityError):
        _log.info("a change conflicts: %s", _first(error), extra={"action": "conflict"})
        return Problem(CONFLICT, "somebody else has just changed the same; read it again")
    site.measures.failures.labels(site_route(request)).inc()
    _log.error("%s %s failed", request.method, site_route(request), exc_info=error, extra={"action": "failed"})
    return Problem(INTERNAL, "the server failed; the journal has the reason beside the request's id")


def site_route(request: web.Request) -> str:
    """The template of the address that was asked for."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"


def _of_http(request: web.Request, error: web.HTTPException) -> Problem:
    """What the framework itself refuses."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        allow = {"Allow": ", ".join(sorted(error.allowed_methods))}
        return Problem(METHOD_NOT_ALLOWED, f"this address does not know {request.method[:20]}", headers=allow)
    kind = _KINDS.get(error.status, MALFORMED)
    words = "there is nothing at this address; /docs lists what there is" if kind is NOT_FOUND else error.reason
    return Problem(kind, words)


def _first(error: Exception) -> str:
    """The first line of an error: the rest of it may show what people wrote."""
    return (str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__])[0]


def _note(request: web.Request, site: Site, asked: Asked, status: int, took: float) -> None:
    is_failure = status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.SERVICE_UNAVAILABLE
    level = logging.WARNING if is_failure else logging.INFO  # why something is not available is said by itself
    caller = "stranger" if isinstance(asked.caller, Stranger) else asked.caller.id
    _log.log(
        level,
        "%s %s %d",
        request.method[:20],
        request.rel_url.raw_path[:500],
        status,
        extra={
            "action": "request", "route": site_route(request), "status": status, "seconds": round(took, 6),
            "client": addresses.noted(asked.address, site.settings.log_addresses), "caller": caller,
        },
    )  # fmt: skip
