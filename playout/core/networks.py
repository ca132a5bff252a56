"""Where a client is: its address behind proxies, and the network that it is in.

Law: what is said of a client is believed as far as trusted proxies vouch for it, and no further. An IPv4 address that
is written as an IPv6 one (RFC 4291 section 2.5.5.2) is that IPv4 address.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_HOP: Final = re.compile(r"^(?:([0-9.]+)|\[([0-9A-Fa-f:.]+)\])(?::[0-9]{1,5})?$")
"""How some balancers write an address: with the port, and then one of IPv6 in brackets."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def address_of(text: str | None) -> Address | None:
    """The address that stands there; None: that is none."""
    try:
        found = ip_address(text or "")
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def client(remote: str | None, forwarded: str, trusted: Sequence[Network]) -> Address | None:
    """The last address that no trusted proxy vouches for; None where even `remote` is none.

    `remote` is who is connected, and `forwarded` all that stands in X-Forwarded-For. What stands there and is no
    address ends the search: it was made up by whoever sent it.
    """
    found = address_of(remote)
    for hop in reversed(forwarded.split(",")):
        said = address_of(_HOP.sub(r"\1\2", hop.strip()))
        if found is None or said is None or not any(found in network for network in trusted):
            break
        found = said
    return found


def prefix(address: Address, bits: int) -> bytes | None:
    """The network of so many leading bits in which an address is: what is the same for all in it, and for nobody else.

    None where addresses of its kind are shorter.
    """
    if not 0 < bits <= address.max_prefixlen:
        return None
    rest = address.max_prefixlen - bits
    return bytes((address.version,)) + (int(address) >> rest << rest).to_bytes(address.max_prefixlen // 8, "big")
