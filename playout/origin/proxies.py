"""Who asks, and by which address: what proxies say is believed only when the proxy is trusted."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from playout.origin.answers import malformed
from playout.origin.site import site_of

if TYPE_CHECKING:
    from aiohttp import web

    from playout.origin.settings import Network

_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?")
_PREFIX: Final = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")


def is_trusted(address: str | None, trusted: tuple[Network, ...]) -> bool:
    """Whether a request from `address` comes from a proxy that is believed."""
    if not trusted or address is None:
        return False
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in trusted if network.version == found.version)


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


def client_of(request: web.Request) -> str:
    """The address of the client: behind trusted proxies, the last one that none of them vouches for."""
    trusted = site_of(request).settings.trusted
    address = request.remote or ""
    for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        if not is_trusted(address, trusted) or not hop.strip():
            break
        address = hop.strip()
    return address


def _first(request: web.Request, name: str) -> str:
    return request.headers.get(name, "").split(",")[0].strip()
