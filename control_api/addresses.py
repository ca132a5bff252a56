"""The address of a client: what proxies say of it is believed when the proxy is trusted."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

Network = IPv4Network | IPv6Network
_WIDE: Final = {4: 24, 6: 48}
"""Bits of a network that tells a provider and a region, and no household."""


def client(remote: str | None, forwarded: str, trusted: Sequence[Network]) -> str:
    """The last address that no trusted proxy vouches for; `forwarded` is X-Forwarded-For.

    What stands there and is no address ends the search: it was made up by whoever sent it.
    """
    found = _address(remote or "")
    for hop in reversed(forwarded.split(",")):
        said = _address(hop.strip())
        if found is None or said is None or not any(found in network for network in trusted):
            break
        found = said
    return str(found) if found is not None else remote or "unknown"


def is_in(address: str | None, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks."""
    found = _address(address or "")
    return found is not None and any(found in network for network in networks)


def household(address: str) -> str:
    """Who is counted as one: an IPv4 address, or the network of an IPv6 address, of which everyone has very many."""
    found = _address(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, 64), strict=False))
    return address


def noted(address: str, how: str) -> str:
    """What is written down of where somebody is: `full`, the `network` in which very many are, or nothing (`none`)."""
    found = _address(address)
    if how == "full":
        return address
    if found is None or how == "none":
        return ""
    return str(ip_network((found, _WIDE[found.version]), strict=False))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
