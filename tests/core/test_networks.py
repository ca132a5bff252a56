"""Where a client is: what proxies say, and how far it is believed (D34)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.core.networks import address_of, client

OURS = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("remote", "forwarded", "found"),
    [
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),  # nobody vouches for that
        ("10.0.0.2", "", "10.0.0.2"),
        ("10.0.0.2", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.2", "1.1.1.1, 198.51.100.7, 10.0.0.9", "198.51.100.7"),
        ("10.0.0.2", "1.1.1.1, somebody, 10.0.0.9", "10.0.0.9"),
        ("::ffff:10.0.0.2", "::ffff:198.51.100.7", "198.51.100.7"),
        ("10.0.0.2", "198.51.100.7:50123", "198.51.100.7"),
        ("fd00::1", "[2001:db8::7]:50123", "2001:db8::7"),
        ("fd00::1", "[2001:db8::7]", "2001:db8::7"),
        ("10.0.0.2", "198.51.100.7:port", "10.0.0.2"),
        ("10.0.0.2", "[198.51.100.7", "10.0.0.2"),
        ("not an address", "198.51.100.7", "None"),
    ],
)
def test_who_asks_is_the_last_one_that_no_proxy_of_ours_vouches_for(remote: str, forwarded: str, found: str) -> None:
    assert str(client(remote, forwarded, OURS)) == found


@given(st.ip_addresses(), st.integers(0, 65_535))
def test_a_port_changes_nobody_s_address(address: IPv4Address | IPv6Address, port: int) -> None:
    written = f"[{address}]" if address.version == 6 else str(address)
    assert client("10.0.0.2", f"{written}:{port}", OURS) == client("10.0.0.2", str(address), OURS)
    assert client("10.0.0.2", str(address), OURS) == address_of(str(address))
