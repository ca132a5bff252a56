"""The forms in which titles are imported, and who reads each."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from control_api.imports import csv_file, json_file, mrss, tmdb_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from control_api.imports.records import Item, Notes

    Reader = Callable[[Path, Notes], Iterator[Item]]


class Format(StrEnum):
    """A form."""

    CSV = "csv"
    JSON = "json"
    MRSS = "mrss"
    TMDB = "tmdb"
    """One of the two files of the TMDB 5000 data set, or films and series by their numbers there."""
    FOLDER = "folder"
    """A folder of films with their side-cars."""
    SEED = "seed"
    """The demo library, which is drawn."""


READERS: Final[dict[Format, Reader]] = {
    Format.CSV: csv_file.read,
    Format.JSON: json_file.read,
    Format.MRSS: mrss.read,
    Format.TMDB: tmdb_files.read,
}
"""Those that are files."""

FILES: Final = tuple(READERS)
