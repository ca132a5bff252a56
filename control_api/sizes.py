"""Numbers of bytes, for people."""

from __future__ import annotations

from typing import Final

MIB: Final = 1 << 20
_UNITS: Final = ("bytes", "KiB", "MiB", "GiB", "TiB")


def sized(size: int) -> str:
    """A number of bytes, in whole units of which there are enough to be told apart."""
    value, unit = size, 0
    while value >= 10 * 1024 and unit + 1 < len(_UNITS):
        value, unit = value // 1024, unit + 1
    return f"{value} {_UNITS[unit]}"
