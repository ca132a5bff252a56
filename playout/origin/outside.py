"""What every answer has in common: who may read it, and what a failure looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

from playout.core.window import UnknownAsset
from playout.documents import Corrupt
from playout.keys import BadKey
from playout.origin.answers import BRIEF, missing, unready
from playout.origin.library import Gone
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


async def finish(_request: web.Request, response: web.StreamResponse) -> None:
    """Complete the head of an answer."""
    headers = response.headers
    headers.pop("Server", None)
    for name, value in OPEN:
        headers[name] = value
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = BRIEF


@web.middleware
async def failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer preflights, and turn what went wrong into an answer that says what is wrong."""
    if request.method == "OPTIONS":
        return web.Response(status=204, headers=_PREFLIGHT)
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
