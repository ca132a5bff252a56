"""Hosts of addresses, written as every mail server understands them (RFC 5891)."""

from __future__ import annotations

import idna


def plain(address: str) -> str:
    """The address with its host in ASCII; as it is where that cannot be written, and then no server takes it.

    Not by Python's own codec, which follows RFC 3490: for it `faß.de` is `fass.de`, and that is somebody else's.
    """
    local, _, host = address.rpartition("@")
    if host.isascii():
        return address
    try:
        return f"{local}@{idna.encode(host, uts46=True, transitional=False).decode()}"
    except idna.IDNAError:
        return address
