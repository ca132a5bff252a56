"""channels.yaml: from what people write to what is published, with every mistake at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playout.config.draft import Draft, Programming
from playout.config.faults import Fault, Faults
from playout.config.programming import read

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Draft", "Fault", "Faults", "Programming", "load", "read", "read_bytes"]


def load(path: Path) -> Programming | Faults:
    """The programming in the file at `path`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return Faults(path.name, (Fault(0, f"cannot be read: {error.strerror or error}"),))
    return read_bytes(data, path.name)


def read_bytes(data: bytes, where: str) -> Programming | Faults:
    """The programming in `data`, the content of the file called `where`."""
    try:
        written = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Faults(where, (Fault(line, "this is not UTF-8 text: save the file as UTF-8"),))
    return read(written, where)
