"""JSON: items of our own shape, as a list, as `{"titles": [...]}`, or one a line, read one by one.

Law: as much of the file is held as the longest item takes.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from control_api.imports.records import Fault, Item, Unreadable, item
from control_api.imports.texts import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import TextIOWrapper
    from pathlib import Path

    from control_api.imports.records import Notes

LONGEST: Final = 8 << 20
"""Letters of one item."""
_BLOCK: Final = 256 << 10
_DEEPEST: Final = 40
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_BEGINNING: Final = re.compile(r'[ \t\r\n]*(?:\[|\{[ \t\r\n]*"titles"[ \t\r\n]*:[ \t\r\n]*\[)')


class _Text:
    """The text, of which a piece is at hand, and the line where that begins."""

    def __init__(self, file: TextIOWrapper) -> None:
        self._file = file
        self.held = ""
        self.line = 1
        self.is_whole = False

    def more(self) -> bool:
        """Read on; False at the end."""
        if len(self.held) > LONGEST:
            msg = f"an item is longer than {LONGEST} letters"
            raise Unreadable(msg, self.line)
        block = self._file.read(max(_BLOCK, len(self.held)))  # doubling: what is long is not tried too often
        self.held += block
        self.is_whole = not block
        return bool(block)

    def skip(self, letters: int) -> None:
        """Go on behind so many letters."""
        self.line += self.held.count("\n", 0, letters)
        self.held = self.held[letters:]

    def next(self) -> str:
        """The next letter that is no space; empty at the end."""
        while True:
            match = _SPACE.match(self.held)
            self.skip(match.end() if match else 0)
            if self.held or not self.more():
                return self.held[:1]


def read(path: Path, notes: Notes) -> Iterator[Item]:
    """The items of the file. Raises `Unreadable`."""
    with opened(path, notes, newline=None) as file:
        text = _Text(file)
        text.more()
        beginning = _BEGINNING.match(text.held)
        is_list = beginning is not None
        text.skip(beginning.end() if beginning else 0)
        if not is_list and text.next() != "{":
            msg = "a list of titles is expected, or one title a line"
            raise Unreadable(msg, text.line)
        number = 0
        while text.next() not in ("", "]"):
            line, value = text.line, _value(text)
            yield _item(value, line, number)
            number += 1
            _part(text, is_list=is_list)
        if is_list and text.next() != "]":
            msg = "it breaks off: the list of titles has no end"
            raise Unreadable(msg, text.line)


def _part(text: _Text, *, is_list: bool) -> None:
    """What stands between two items."""
    sign = text.next()
    if is_list and sign == ",":
        text.skip(1)
        if text.next() == "]":
            msg = "a comma stands before the end of the list"
            raise Unreadable(msg, text.line)
    elif is_list and sign != "]":
        msg = "a comma is expected between two titles, or the end of the list"
        raise Unreadable(msg, text.line)


def _value(text: _Text) -> Any:  # noqa: ANN401 — any JSON
    """The value that begins here. Raises `Unreadable`."""
    decoder = json.JSONDecoder(parse_constant=_constant)
    while True:
        try:
            value, end = decoder.raw_decode(text.held)
        except (ValueError, RecursionError) as error:
            if isinstance(error, json.JSONDecodeError) and not text.is_whole and text.more():
                continue
            raise Unreadable(_words(error), text.line + _lines(error)) from error
        if end < len(text.held) or text.is_whole or not text.more():
            text.skip(end)
            return value


def _constant(name: str) -> Any:  # noqa: ANN401 — it never answers
    message = f"{name} is no JSON"
    raise ValueError(message)


def _words(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"it is no JSON here: {error.msg[:1].lower()}{error.msg[1:]}"
    return str(error) if isinstance(error, ValueError) else "values lie within each other without end"


def _lines(error: Exception) -> int:
    return error.lineno - 1 if isinstance(error, json.JSONDecodeError) else 0


def _item(value: Any, line: int, number: int) -> Item:  # noqa: ANN401 — any JSON
    if not isinstance(value, dict):
        return Item(line, None, (Fault("a title is expected: an object", f"/titles/{number}"),))
    if _has_nul(value):
        return Item(line, None, (Fault("the character U+0000 is not taken"),), str(value.get("name", ""))[:200])
    return item(value, line)


def _has_nul(value: object, depth: int = 0) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if depth > _DEEPEST or not isinstance(value, (dict, list)):
        return depth > _DEEPEST
    inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value
    return any(_has_nul(one, depth + 1) for one in inner)
