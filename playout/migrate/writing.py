"""channels.yaml as text: values with the comments that people will want beside them.

Law: what is written is read back as the same values. Texts of other people are quoted unless they are plain
words, so nothing in them means anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self, TypeAlias

from playout.migrate.given import cleaned, printable

WIDTH: Final = 110


class Word(str):
    """A word or a number of the language, which needs no quotes: `shuffle`, `06:00`, `30m`."""

    __slots__ = ()


class Told(str):
    """A text with a comment that says what it stands for."""

    __slots__ = ("why",)

    def __new__(cls, text: str, why: str) -> Self:
        """The text `text`; `why` is the comment."""
        made = super().__new__(cls, text)
        made.why = why
        return made

    why: str


@dataclass(frozen=True, slots=True)
class Line:
    """A key that stands in a line of its own. Keys are words of the language, or names that were given here."""

    key: str
    value: Value
    why: str = ""
    """A comment above it; empty for none."""


@dataclass(frozen=True, slots=True)
class Lines:
    """A mapping of which each key has a line of its own."""

    lines: tuple[Line, ...] = ()


Value: TypeAlias = "str | int | Sequence[Value] | Mapping[str, Value] | Lines"

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_/&'.+-]*(?: [A-Za-z0-9_/'.+-]+)*")
_ID: Final = re.compile(r"[a-z]+:[A-Za-z0-9][A-Za-z0-9/.-]*")
_MEANT: Final = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"))


@dataclass(frozen=True, slots=True)
class File:
    """All of a channels.yaml."""

    preface: tuple[str, ...]
    """Lines of comment at the top."""
    collections: Mapping[str, Value] = field(default_factory=dict)
    channels: tuple[Line, ...] = ()

    @property
    def text(self) -> str:
        """The file."""
        top = [Line("version", 1)]
        if self.collections:
            saved = Lines(tuple(Line(name, value) for name, value in self.collections.items()))
            top.append(Line("collections", saved))
        top.append(Line("channels", Lines(self.channels)))
        head = [f"# {printable(line)}".rstrip() for line in self.preface]
        parts = ["\n".join(_block(line, 0)) for line in top]
        return "\n".join(head) + ("\n" if head else "") + "\n\n".join(parts) + "\n"


def _block(line: Line, depth: int) -> list[str]:
    """The lines of a key and its value, indented by `depth` levels."""
    indent = "  " * depth
    key = line.key
    above = [f"{indent}# {text}" for text in _wrapped(line.why, WIDTH - len(indent) - 2)]
    value = line.value
    if isinstance(value, Lines):
        if not value.lines:
            return [*above, f"{indent}{key}: {{}}"]
        below = [text for one in value.lines for text in _block(one, depth + 1)]
        return [*above, f"{indent}{key}:", *below]
    flat = flow(value)
    told = _tells(value)
    if not _parts(value) or (not told and len(indent) + len(key) + 2 + len(flat) <= WIDTH):
        return [*above, f"{indent}{key}: {flat}"]
    if isinstance(value, Mapping):
        below = [text for name, part in value.items() for text in _block(Line(name, part), depth + 1)]
        return [*above, f"{indent}{key}:", *below]
    return [*above, f"{indent}{key}:", *(text for part in _parts(value) for text in _item(part, depth + 1))]


def _tells(value: Value) -> bool:
    """Whether there is a comment in it, which takes a line of its own."""
    return isinstance(value, Told) or any(_tells(part) for part in _parts(value))


def _item(value: Value, depth: int) -> list[str]:
    """The lines of one entry of a list."""
    indent = "  " * depth
    flat = flow(value)
    if isinstance(value, Told):
        return [f"{indent}- {flat}  # {printable(value.why)}"]
    if isinstance(value, Mapping) and value and (_tells(value) or len(indent) + 2 + len(flat) > WIDTH):
        lines = [text for name, part in value.items() for text in _block(Line(name, part), depth + 1)]
        return [f"{indent}- {lines[0].lstrip()}", *lines[1:]]
    return [f"{indent}- {flat}"]


def _parts(value: Value) -> Sequence[Value]:
    if isinstance(value, Mapping):
        return list(value.values())
    return [] if isinstance(value, str | int | Lines) else value


def flow(value: Value) -> str:
    """`value` in one line."""
    if isinstance(value, Lines):
        value = {line.key: line.value for line in value.lines}
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, str | int):
        return _scalar(value)
    return "[" + ", ".join(flow(part) for part in value) + "]"


def _scalar(value: str | int) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Word):
        return str(value)
    text = cleaned(value)
    plain = (_PLAIN.fullmatch(text) and text.lower() not in _MEANT) or _ID.fullmatch(text)
    return text if plain else json.dumps(text, ensure_ascii=False)


def _wrapped(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for word in printable(text).split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def span(seconds: int) -> Word:
    """A span of time as the language has it: `1h30m`."""
    minutes, left = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return Word(
        "".join(f"{count}{unit}" for count, unit in ((hours, "h"), (minutes, "m"), (left, "s")) if count) or "0s"
    )


def clock(seconds: int) -> Word:
    """A time of day as the language has it: `06:00`, `20:15:30`; `24:00` for the end of the day."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    return Word(f"{hours:02d}:{minutes:02d}:{left:02d}" if left else f"{hours:02d}:{minutes:02d}")
