"""Which other origins' pages may use the API from a browser: those that are set, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

from control_api.problems import FORBIDDEN, METHOD_NOT_ALLOWED, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from control_api.settings import Settings

_ASKS: Final = "Access-Control-Request-Method"
_HEADERS: Final = (
    "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Tus-Resumable, "
    "Upload-Checksum, Upload-Length, Upload-Metadata, Upload-Offset, X-HTTP-Method-Override, X-Request-Id"
)
_EXPOSED: Final = (
    "Deprecation, ETag, Idempotency-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, Sunset, "
    "Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Expires, Upload-Length, "
    "Upload-Metadata, Upload-Offset, X-Request-Id"
)


def is_preflight(request: web.Request) -> bool:
    """Whether a browser asks what a page may do."""
    return request.method == "OPTIONS" and "Origin" in request.headers and _ASKS in request.headers


async def preflight(request: web.Request, settings: Settings) -> web.Response:
    """What a page of that origin may do here. Raises `Problem`."""
    if not _is_let_in(request, settings):
        raise Problem(
            FORBIDDEN, "pages of that origin may not use this API: the setting cors_origins names those who may"
        )
    wanted = request.headers[_ASKS]
    resolved = await request.app.router.resolve(request.clone(method=wanted))
    allowed = getattr(resolved.http_exception, "allowed_methods", None)
    if allowed is not None:
        allow = {"Allow": ", ".join(sorted(allowed))}
        raise Problem(METHOD_NOT_ALLOWED, f"this address does not know {wanted[:20]}", headers=allow)
    if resolved.http_exception is not None:
        raise resolved.http_exception
    return web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": wanted,
            "Access-Control-Allow-Headers": _HEADERS,
            "Access-Control-Max-Age": "600",
        },
    )


def headers(request: web.Request, settings: Settings) -> Mapping[str, str]:
    """What lets a page of another origin read the answer."""
    if not settings.cors_origins:
        return {}
    if not _is_let_in(request, settings):
        return {"Vary": "Origin"}
    origin = request.headers["Origin"]
    return {"Vary": "Origin", "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": _EXPOSED}


def _is_let_in(request: web.Request, settings: Settings) -> bool:
    return request.headers.get("Origin", "").lower() in settings.cors_origins
