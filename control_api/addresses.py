"""The address of a client: what proxies say of it is believed when the proxy is trusted."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_network
from typing import TYPE_CHECKING, Final

from playout.core import networks
from playout.core.networks import Network, address_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDE: Final = {4: 24, 6: 48}
"""Bits of a network that tells a provider and a region, and no household."""


def client(remote: str | None, forwarded: str, trusted: Sequence[Network]) -> str:
    """The last address that no trusted proxy vouches for; `forwarded` is X-Forwarded-For. Origins read it so, too."""
    return str(networks.client(remote, forwarded, trusted) or remote or "unknown")


def is_in(address: str | None, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks."""
    found = address_of(address)
    return found is not None and any(found in network for network in networks)


def household(address: str) -> str:
    """Who is counted as one: an IPv4 address, or the network of an IPv6 address, of which everyone has very many."""
    found = address_of(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, 64), strict=False))
    return address


def noted(address: str, how: str) -> str:
    """What is written down of where somebody is: `full`, the `network` in which very many are, or nothing (`none`)."""
    found = address_of(address)
    if how == "full":
        return address
    if found is None or how == "none":
        return ""
    return str(ip_network((found, _WIDE[found.version]), strict=False))
