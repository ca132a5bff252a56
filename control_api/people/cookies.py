"""Cookies of pages that are signed in, and how we know that it is our own page that sends them.

Law: what a browser sends by itself changes nothing: a change needs a token that only our own pages can read, and an
Origin that is our own.
"""

from __future__ import annotations

import base64
import binascii
import re
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any, Final

from yarl import URL

from control_api.addresses import is_in

if TYPE_CHECKING:
    from aiohttp import web

    from control_api.settings import Settings
    from control_api.signing import Signer

HEADER: Final = "X-CSRF-Token"
_NAME: Final = "fastline_session"
_SECURE: Final = "__Host-fastline_session"  # RFC 6265bis, section 4.1.3.2: no other host can have set it
_FORM: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_PURPOSE: Final = "csrf"


def is_secure(request: web.Request, settings: Settings) -> bool:
    """Whether the browser speaks https, to us or to a proxy that we believe."""
    if settings.public_url:
        return settings.public_url.startswith("https:")
    return request.secure or (
        request.headers.get("X-Forwarded-Proto", "").partition(",")[0].strip().lower() == "https"
        and is_in(request.remote, settings.trusted_proxies)
    )


def sent(request: web.Request, settings: Settings) -> str | None:
    """The cookie that came; None when there is none, or nothing that we could have set."""
    found = request.cookies.get(_SECURE if is_secure(request, settings) else _NAME, "")
    return found if _FORM.fullmatch(found) else None


def set_cookie(request: web.Request, settings: Settings, secret: str) -> str:
    """The header that has the browser keep it until it is closed; the session itself ends by its own clock."""
    return _cookie(request, settings, secret)


def drop_cookie(request: web.Request, settings: Settings) -> str:
    """The header that has the browser forget it."""
    return _cookie(request, settings, "", {"max-age": "0"})


def token(signer: Signer, cookie: str) -> str:
    """What our own pages send with every change of this session."""
    return base64.urlsafe_b64encode(signer.sign(_PURPOSE, cookie.encode())).decode().rstrip("=")


def crossed(request: web.Request, settings: Settings, signer: Signer, cookie: str) -> str | None:
    """Why it may not be our own page that sends this; None when it is."""
    if (foreign := foreign_origin(request, settings, is_needed=True)) is not None:
        return foreign
    said = request.headers.get(HEADER, "")
    if not said:
        return f"a change by a page needs {HEADER}: GET /api/v1/session has it"
    try:
        tag = base64.b64decode(said + "=" * (-len(said) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        tag = b""
    if not signer.proves(_PURPOSE, cookie.encode(), tag):
        return f"{HEADER} is not that of this session"
    return None


def foreign_origin(request: web.Request, settings: Settings, *, is_needed: bool) -> str | None:
    """Why the Origin is not our own; browsers send it with everything that changes something (Fetch, section 3.2)."""
    said = request.headers.get("Origin", "").lower()
    if not said:
        return "a change by a page needs an Origin, which browsers send" if is_needed else None
    scheme = "https" if is_secure(request, settings) else "http"
    ours = {f"{scheme}://{request.host}".lower()}
    if settings.public_url:
        ours.add(str(URL(settings.public_url).origin()))
    return None if said in ours else "the page that sends this is not ours: its Origin is another one"


def _cookie(request: web.Request, settings: Settings, value: str, more: dict[str, str] | None = None) -> str:
    secure = is_secure(request, settings)
    name = _SECURE if secure else _NAME
    jar: SimpleCookie = SimpleCookie()
    jar[name] = value
    flags: dict[str, Any] = {"path": "/", "httponly": True, "samesite": "Lax", "secure": secure, **(more or {})}
    for flag, said in flags.items():
        jar[name][flag] = said
    return jar[name].OutputString()
