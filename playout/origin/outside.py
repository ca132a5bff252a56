"""What every answer has in common: who may read it, and what a failure looks like."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

from aiohttp import web

from playout.core.window import UnknownAsset
from playout.documents import Corrupt
from playout.keys import BadKey
from playout.origin.answers import BRIEF, capped, confined, missing, unready
from playout.origin.doors import OPENED
from playout.origin.library import Gone
from playout.origin.proxies import client_of
from playout.origin.site import site_of
from playout.store import StoreDown

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

EXPOSED: Final = "Content-Length, Content-Range, Content-Encoding, Accept-Ranges, ETag, Date, Age, Cache-Control"
OPEN: Final = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", EXPOSED),
    ("X-Content-Type-Options", "nosniff"),
)
"""Anyone's page may play and read everything (D-10)."""
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "*, Range, If-None-Match",
    "Access-Control-Max-Age": "86400",
    "Cache-Control": "public, max-age=86400",
}


_log = logging.getLogger("fastline.access")


async def finish(request: web.Request, response: web.StreamResponse) -> None:
    """Complete the head of an answer."""
    headers = response.headers
    headers.pop("Server", None)
    for name, value in OPEN:
        headers[name] = value
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = BRIEF
    opened = request.get(OPENED)
    if opened is None:
        return
    # what was had by a token is not fresh for longer than the token is good
    left = int((opened.ends - site_of(request).clock()).total_seconds())
    headers["Cache-Control"] = capped(headers["Cache-Control"], left)
    if opened.bits is not None:
        headers.update(confined(headers.popone("Cache-Control"), checked=site_of(request).settings.tokens_checked))


@web.middleware
async def measured(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count every answer by the template of its address, and write it to the journal if that is wanted."""
    site = site_of(request)
    begun = time.perf_counter()
    status = 500
    try:
        response = await _answered(request, handler)
    except web.HTTPException as refusal:
        status = refusal.status
        raise
    else:
        status = response.status
        return response
    finally:
        resource = request.match_info.route.resource
        route = resource.canonical if resource else "none"
        took = time.perf_counter() - begun
        site.measures.requests.labels(route, str(status)).inc()
        if "_HLS_msn" not in request.query_string:
            site.measures.seconds.labels(route).observe(took)
        if site.settings.access_log:
            note(request.method, discreet(request), status, took, client_of(request))


def discreet(request: web.Request) -> str:
    """The path and the query of a request, without its token: who reads the journal could play by it."""
    token = request.match_info.get("token")
    return request.path_qs.replace(token, "...", 1) if token else request.path_qs


def note(method: str, path: str, status: int, took: float, client: str) -> None:
    """Write an answer to the journal."""
    _log.info(
        "%s %s %d",
        method,
        path,
        status,
        extra={"action": "request", "status": status, "seconds": round(took, 6), "client": client},
    )


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer preflights, and turn what went wrong into an answer that says what is wrong."""
    if request.method == "OPTIONS":
        return web.Response(status=204, headers=_PREFLIGHT)
    if isinstance(request.match_info.http_exception, web.HTTPNotFound):
        base = site_of(request).settings.base_path
        message = f"there is nothing at this address; {base}/iptv/channels.m3u lists the channels"
        raise missing(message)
    try:
        return await handler(request)
    except (BadKey, Gone) as bad:
        raise missing(str(bad)) from bad
    except (StoreDown, Corrupt) as bad:
        site_of(request).measures.alarm("store", str(bad))
        raise unready("the store cannot be read now") from bad
    except UnknownAsset as bad:
        site_of(request).measures.alarm("catalog", str(bad))
        raise unready("something that is on air is not known here yet") from bad
