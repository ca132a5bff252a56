"""Migration: what other programs keep of a channel, read into channels.yaml, with a report of what is different.

Law: pure. The same export gives the same file and the same report, what cannot be said is in the report, and
whatever the bytes are, the answer is a file or a reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from playout.migrate import ersatztv, lineup
from playout.migrate.given import LARGEST, Given, Unreadable, given
from playout.migrate.report import Fate, Notes, Remark, Report, Why
from playout.migrate.writing import File

__all__ = ["LARGEST", "Fate", "Migration", "Program", "Remark", "Report", "Unreadable", "migrate"]


class Program(StrEnum):
    """Whose export it is."""

    ERSATZTV = "ersatztv"
    TUNARR = "tunarr"
    DIZQUETV = "dizquetv"


@dataclass(frozen=True, slots=True)
class Migration:
    """What came of an export."""

    program: Program
    text: str
    """A channels.yaml."""
    report: Report


@dataclass(frozen=True, slots=True)
class _Reader:
    is_one: Callable[[Given], bool]
    read: Callable[[Given, str, Notes], File]
    why: Why


_READERS: Final = {
    Program.ERSATZTV: _Reader(ersatztv.is_one, ersatztv.read, ersatztv.why),
    Program.DIZQUETV: _Reader(lineup.is_dizquetv, lineup.read_dizquetv, lineup.why),
    Program.TUNARR: _Reader(lineup.is_tunarr, lineup.read_tunarr, lineup.why),
}


def migrate(data: bytes, where: str, program: Program | None = None) -> Migration:
    """The channels.yaml for `data`, the content of the file called `where`.

    `program` says whose export it is; without it that is told from what is in it. Raises `Unreadable`.
    """
    root = given(data)
    found = program or next((one for one, reader in _READERS.items() if reader.is_one(root)), None)
    if found is None:
        raise Unreadable(_stranger(root))
    reader, notes = _READERS[found], Notes()
    file = reader.read(root, where, notes)
    return Migration(found, file.text, notes.report(root, reader.why))


def _stranger(root: Given) -> str:
    """What the export of an unknown program is, as far as one can tell."""
    known = "an ErsatzTV sequential schedule (YAML), a Tunarr channel or a dizqueTV channel (JSON)"
    if root.has("MediaContainer"):
        return f"it is an answer of a Plex server, which knows a library but no channel: give {known}"
    if root.has("version") and root.has("channels"):
        return "it looks like a channels.yaml already: `fastline check` reads it"
    if root.has("version") and root.has("items"):
        return (
            f"it is a list of dated items, as ErsatzTV Next plays it, and says nothing of how it was made: give {known}"
        )
    return f"it is not known whose export it is: give {known}, or say whose it is with --from"
