"""Where requests to other servers may go: which URLs are taken, and which addresses are asked.

Law: an address is asked when the whole internet can reach it, or when the house has said so. What carries an
IPv4 address within (RFC 4291, RFC 6052) is judged as that address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final

from yarl import URL

from playout.core.networks import Network

if TYPE_CHECKING:
    from collections.abc import Sequence

    Address = IPv4Address | IPv6Address

LONGEST: Final = 2048
"""Characters of a URL."""

_NAME: Final = re.compile(r"(?=.{1,254}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
_NUMERIC: Final = re.compile(r"([0-9]+|0x[0-9a-f]*)", re.IGNORECASE)  # how the last part of an IPv4 address may look
_REQUESTED: Final = re.compile(r"[!-\[\]-~]+")  # ASCII without spaces and without the backslash
_WEB: Final = frozenset((80, 443))
_PRIVILEGED: Final = 1024
_OTHER_TRADES: Final = frozenset(
    (1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080)
)
"""Ports above 1023 where something else than HTTP listens; browsers refuse them too (Fetch, section 2.9)."""

_MAPPED: Final = ip_network("::ffff:0:0/96")
_TRANSLATED: Final = ip_network("64:ff9b::/96")
_WORLD: Final = ip_network("2000::/3")  # all of IPv6 that has been given out (RFC 4291, section 2.4)
_NOT_OF_THE_WORLD: Final = tuple(
    ip_network(text)
    for text in (
        # IPv4: the registry of special addresses (RFC 6890 and what has been added)
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # looks public, and is the metadata server of a cloud
        # IPv6: protocols (Teredo among them), documentation, 6to4, segment routing
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
    )
)  # fmt: skip
_ISATAP: Final = frozenset((0x00005EFE, 0x02005EFE))  # RFC 5214: an IPv4 address follows


class NotAllowed(Exception):
    """A request is not sent: its URL or its address is not one that is asked. Says why, for people."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which addresses of networks that are not the world's are asked, and which of the world's are not."""

    allow: tuple[Network, ...] = ()
    """The house's own networks that may be asked."""
    refuse: tuple[Network, ...] = ()
    """Networks that are never asked, whatever `allow` says."""

    def has(self, address: Address) -> bool:
        """Whether this address may be asked."""
        inner = _within(address)
        if _is_in(inner, self.refuse) or _is_in(address, self.refuse):
            return False
        return _is_in(inner, self.allow) or is_of_the_world(inner)

    def check(self, host: str, addresses: Sequence[str]) -> None:
        """Raise `NotAllowed` unless all `addresses` of `host` may be asked.

        One that may not is enough: a name that leads here and there is how guards are fooled. What it leads
        to is not told, because the names of a house are its own affair.
        """
        for text in addresses:
            if not self.has(_address(text)):
                message = (
                    f"{host} leads to an address that is not asked: one of a private, local or reserved network. "
                    "The setting outgoing_allow names networks that may be asked"
                )
                raise NotAllowed(message)


def admitted(text: str, reach: Reach) -> URL:
    """The URL, when it is one that may be asked, and so may the address in it, if it has one; raises `NotAllowed`."""
    url = examined(text)
    host = url.raw_host or ""
    if literal(host) is not None:
        reach.check(host, [host])
    return url


def is_of_the_world(address: Address) -> bool:
    """Whether everybody on the internet means the same machine by this address."""
    if isinstance(address, IPv6Address):
        half = int(address) & ((1 << 64) - 1)
        if address not in _WORLD or half >> 32 in _ISATAP:
            return False
    return not _is_in(address, _NOT_OF_THE_WORLD) and address.is_global and not address.is_multicast


def examined(text: str) -> URL:
    """The URL, when it is one that may be asked as far as it says itself; raises `NotAllowed`.

    Its name is not looked up. A literal address is judged when it is asked.
    """
    if len(text) > LONGEST:
        message = f"the URL is longer than {LONGEST} characters"
        raise NotAllowed(message)
    if not _REQUESTED.fullmatch(text):
        raise NotAllowed("write the URL in ASCII, without spaces: others as %20, names of hosts as xn--")
    try:
        url = URL(text)
        port, host = url.port, url.raw_host
    except ValueError as error:
        message = f"that is no URL: {error}"
        raise NotAllowed(message) from None
    if url.scheme not in ("http", "https") or not host:
        raise NotAllowed("write a URL that begins with https:// or http:// and names a host")
    if "@" in text.partition("://")[2].partition("/")[0].partition("?")[0].partition("#")[0]:
        raise NotAllowed("leave name and password out of the URL: they would be seen wherever it is shown")
    if port not in _WEB and (port is None or port < _PRIVILEGED or port in _OTHER_TRADES):
        message = f"port {port} is not asked: take 80, 443, or one from 1024 on where HTTP is usual"
        raise NotAllowed(message)
    _check_host(host)
    return url.with_fragment(None)


def literal(host: str) -> str | None:
    """The address, when the host is one and no name."""
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def _check_host(host: str) -> None:
    """A name, or an address in its one usual form: what systems read in other ways is refused."""
    if ":" in host:
        if literal(host) is None or "%" in host:
            message = f"[{host}] is no address that is asked: write IPv6 without a zone"
            raise NotAllowed(message)
        return
    if not _NAME.fullmatch(host):
        message = f"{host[:80]!r} is no name of a host"
        raise NotAllowed(message)
    last = host.rstrip(".").rpartition(".")[2]
    if _NUMERIC.fullmatch(last) and literal(host) is None:
        message = f"{host} is no address as it is usually written: four decimal numbers, as in 192.0.2.1"
        raise NotAllowed(message)


def _within(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, or else itself."""
    if address.version == 6 and (address in _MAPPED or address in _TRANSLATED):  # noqa: PLR2004 — the version of IP
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _address(text: str) -> Address:
    """An address as resolvers answer it; a zone makes it one of this machine's links."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        raise NotAllowed("the name leads to something that is no address") from None


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
