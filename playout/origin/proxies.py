"""Who asks, and by which address: what proxies say is believed only when the proxy is trusted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from playout.core.networks import address_of, client
from playout.origin.answers import malformed
from playout.origin.site import site_of

if TYPE_CHECKING:
    from aiohttp import web

    from playout.core.networks import Address, Network

_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?")
_PREFIX: Final = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")


def is_trusted(address: str | None, trusted: tuple[Network, ...]) -> bool:
    """Whether a request from `address` comes from a proxy that is believed."""
    found = address_of(address)
    return found is not None and any(found in network for network in trusted)


def public_root(request: web.Request) -> str:
    """What every absolute address of this origin begins with, without a slash at the end; raises a 400."""
    settings = site_of(request).settings
    if settings.public_url:
        return settings.public_url.rstrip("/")
    scheme, host, prefix = request.scheme, request.host, ""
    if is_trusted(request.remote, settings.trusted):
        scheme = _first(request, "X-Forwarded-Proto") or scheme
        host = _first(request, "X-Forwarded-Host") or host
        prefix = _first(request, "X-Forwarded-Prefix")
    if scheme not in ("http", "https") or not _HOST.fullmatch(host) or not _PREFIX.fullmatch(prefix):
        raise malformed("the address by which this was asked for makes no sense")
    return f"{scheme}://{host}{prefix.rstrip('/')}{settings.base_path}"


def viewer_of(request: web.Request) -> Address | None:
    """Where the client is: behind trusted proxies, the last address that none of them vouches for."""
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
    return client(request.remote, forwarded, site_of(request).settings.trusted)


def client_of(request: web.Request) -> str:
    """The same, for who reads the journal."""
    return str(viewer_of(request) or request.remote or "")


def _first(request: web.Request, name: str) -> str:
    return request.headers.get(name, "").split(",")[0].strip()
