"""The text of a file: its encoding told from its bytes, read piece by piece."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Final

from control_api.imports.records import Unreadable

if TYPE_CHECKING:
    from io import TextIOWrapper
    from pathlib import Path

    from control_api.imports.records import Notes

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLOCK: Final = 1 << 20


def encoding(path: Path, notes: Notes) -> str:
    """How the text is written: by its mark, else UTF-8, else Windows-1252, which older spreadsheets write."""
    with path.open("rb") as file:
        beginning = file.read(4)
        for mark, name in _MARKS:
            if beginning.startswith(mark):
                return name
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            notes.add("It is not UTF-8, so it was read as Windows-1252: look whether accents are right.")
            return "cp1252"
    return "utf-8"


def opened(path: Path, notes: Notes, newline: str | None = "") -> TextIOWrapper:
    """The file as text. Bytes that mean nothing become U+FFFD. Raises `Unreadable` when there is nothing in it."""
    if path.stat().st_size == 0:
        msg = "it is empty"
        raise Unreadable(msg)
    return path.open("r", encoding=encoding(path, notes), errors="replace", newline=newline)
