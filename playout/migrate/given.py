"""What another program wrote, as a tree that knows where each value stands and which of them were read.

Law: nothing is lost without a word. A value that no reader asks for is left over, and `left_over` names it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, TypeVar

from playout.config.faults import Mistaken
from playout.config.tree import Leaf, Node, Row, tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Value = TypeVar("Value")

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of an export that are still plausible: ten thousands of programs with all that is known of them."""
LARGEST_YAML: Final = 1024 * 1024
"""Characters of a schedule that a person wrote."""
DEEPEST: Final = 32
"""Levels of nesting; real ones have ten."""
LONGEST: Final = 200
"""Characters of a name or a title."""

Scalar = str | int | float | bool | None


class Unreadable(Exception):
    """The file is nothing that can be migrated: why, and what to do."""


class Given:
    """One value of the input."""

    __slots__ = ("line", "own", "parent", "reason", "record", "seen", "value")

    def __init__(self, value: dict[str, Given] | list[Given] | Scalar, line: int = 0) -> None:
        self.value: Final = value
        self.line: Final = line
        self.own: str | int = ""
        self.parent: Given | None = None
        self.seen = False
        self.record = False
        self.reason = ""
        for key, child in self.children():
            child.own, child.parent = key, self

    @property
    def where(self) -> str:
        """Where it stands, for people: `programs[3].title`, with its line where that is known."""
        return f"line {self.line}, {self.path}" if self.line and self.path else self.path or "the file"

    @property
    def path(self) -> str:
        """`programs[3].title`; empty for the whole."""
        return self.spelled(general=False)

    @property
    def shape(self) -> str:
        """Its path without what differs from one to the next in a list: `programs[].title`."""
        return self.spelled(general=True)

    @property
    def key(self) -> str:
        """The key under which it stands, or that of its list."""
        holder: Given | None = self
        while holder is not None and (isinstance(holder.own, int) or holder.in_record):
            holder = holder.parent
        return str(holder.own) if holder is not None else ""

    @property
    def in_record(self) -> bool:
        """Whether its key is no word of the format."""
        return self.parent is not None and self.parent.record

    def spelled(self, *, general: bool) -> str:
        """Its path; a `general` one without what differs from one to the next."""
        if self.parent is None:
            return ""
        before = self.parent.spelled(general=general)
        if isinstance(self.own, int):
            return f"{before}[]" if general else f"{before}[{self.own}]"
        key = "*" if general and self.in_record else self.own
        return f"{before}.{key}" if before else key

    def children(self) -> Iterator[tuple[str | int, Given]]:
        """The values in it, with their keys or places."""
        if isinstance(self.value, dict):
            yield from self.value.items()
        elif isinstance(self.value, list):
            yield from enumerate(self.value)

    # Reading: what is answered counts as read; what is of another type than was asked for does not

    def has(self, key: str) -> bool:
        """Whether it is a mapping with this key; nothing is read."""
        return isinstance(self.value, dict) and key in self.value

    def at(self, key: str) -> Given:
        """What stands under `key`; an empty value when nothing does."""
        found = self.value.get(key) if isinstance(self.value, dict) else None
        return _NOTHING if found is None else found

    @property
    def missing(self) -> bool:
        """Whether nothing is there, or nothing is said."""
        return self.value is None or self.value == ""

    def text(self, key: str = "") -> str:
        """The text under `key`, or its own, on one line and not too long; empty when there is none."""
        found = self.at(key) if key else self
        if isinstance(found.value, bool) or not isinstance(found.value, str | int):
            return ""
        found.seen = True
        return cleaned(str(found.value))

    def number(self, key: str = "") -> int | None:
        """The whole number under `key`, or its own; fractions are cut off."""
        found = self.at(key) if key else self
        value = found.value
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:  # noqa: PLR2004 — ms
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 10**15:
            return None
        found.seen = True
        return int(value)

    def flag(self, key: str = "") -> bool | None:
        """Whether yes or no stands under `key`, or is its own value."""
        found = self.at(key) if key else self
        value = {"true": True, "yes": True, "false": False, "no": False}.get(str(found.value).lower())
        if value is not None:
            found.seen = True
        return value

    def rows(self, key: str = "") -> list[Given]:
        """The values of the list under `key`, or its own; each is still to be read."""
        found = self.at(key) if key else self
        if not isinstance(found.value, list):
            return []
        found.seen = True
        return found.value

    def part(self, key: str) -> Given:
        """The mapping under `key`, whose keys are still to be read; an empty value when there is none."""
        found = self.at(key)
        if isinstance(found.value, dict):
            found.seen = True
        return found

    def opened(self) -> Given:
        """Itself, a mapping whose keys are still to be read."""
        self.seen = isinstance(self.value, dict) or self.seen
        return self

    def entries(self, key: str = "") -> list[tuple[str, Given]]:
        """Names and values of a mapping whose keys are no words of the format; each value is still to be read."""
        found = self.at(key) if key else self
        if not isinstance(found.value, dict):
            return []
        found.seen = found.record = True
        return list(found.value.items())

    def leave(self, why: str, *keys: str) -> None:
        """Note why the values under `keys`, or it itself, are left out."""
        for found in [self.at(key) for key in keys] or [self]:
            if found is not _NOTHING:
                found.reason = why

    def whole_text(self) -> str:
        """Its own text as it was written, however long; empty when it is no text."""
        if not isinstance(self.value, str):
            return ""
        self.seen = True
        return self.value

    def bare(self, key: str) -> None:
        """Read a key under which nothing stands, for it only says what the mapping is."""
        found = self.at(key)
        if found.value is None:
            found.seen = True

    def left_over(self) -> Iterator[tuple[Given, str]]:
        """What was not read, with the reason that was noted for it, or with none."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            if one.reason or not one.seen:
                yield one, one.reason
            else:
                waiting.extend(child for _, child in reversed(list(one.children())))

    def keys_within(self) -> list[str]:
        """All keys in it, each once, in the order in which they come."""
        found: dict[str, None] = {}
        waiting = [self]
        while waiting:
            one = waiting.pop()
            for key, child in one.children():
                if isinstance(key, str):
                    found[key] = None
                waiting.append(child)
        return list(found)


_NOTHING: Final = Given(None)
_NOTHING.seen = True  # what is not there cannot be lost


def cleaned(written: str) -> str:
    """`written` on one line, without what cannot be printed, and not too long."""
    line = printable(written[: 8 * LONGEST])
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def printable(written: str) -> str:
    """`written` on one line, without what cannot be printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in written).split())


# From bytes


def given(data: bytes) -> Given:
    """The tree of `data`, which is JSON or YAML. Raises `Unreadable`."""
    if len(data) > LARGEST:
        message = f"it is larger than {LARGEST >> 20} MiB: is it the right file?"
        raise Unreadable(message)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        message = f"it is {_other_file(data)}: export the channel as JSON, or give the YAML of a sequential schedule"
        raise Unreadable(message) from None
    _refuse_other_programs(text)
    return _from_json(text) if text.lstrip().startswith(("{", "[")) else _from_yaml(text)


def _other_file(data: bytes) -> str:
    if data.startswith(b"SQLite format 3"):
        return "a database"
    return "a packed file" if data.startswith((b"PK", b"\x1f\x8b")) else "no UTF-8 text"


def _refuse_other_programs(text: str) -> None:
    begun = text.lstrip()[:200]
    if not begun:
        raise Unreadable("it is empty")
    if "<MediaContainer" in begun:
        raise Unreadable("it is an answer of a Plex server, which knows a library but no channel: export the channel")
    if begun.startswith(("<?xml", "<tv")):
        raise Unreadable("it is XML, as of a guide: export the channel itself, as JSON")
    if begun.startswith("#EXTM3U"):
        raise Unreadable("it is a playlist of streams: export the channel itself, as JSON")


def _from_json(text: str) -> Given:
    try:
        found = json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        message = f"it begins like JSON, but is none: line {error.lineno}, column {error.colno}: {error.msg}"
        raise Unreadable(message) from None
    except RecursionError:
        raise Unreadable(_TOO_DEEP) from None
    except ValueError as error:
        message = f"it is not JSON: {error}"
        raise Unreadable(message) from None
    return _grown(found, 0)


_TOO_DEEP: Final = f"it is nested deeper than {DEEPEST} levels: is it the right file?"


def _unique(pairs: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    """A mapping; of a key that comes twice the second is kept under another name, so that it is not lost."""
    found: dict[str, Value] = {}
    for key, value in pairs:
        name = cleaned(key) or "(no name)"
        while name in found:
            name += " (again)"
        found[name] = value
    return found


def _grown(value: object, depth: int) -> Given:
    if depth > DEEPEST:
        raise Unreadable(_TOO_DEEP)
    if isinstance(value, dict):
        return Given({key: _grown(child, depth + 1) for key, child in value.items()})
    if isinstance(value, list):
        return Given([_grown(child, depth + 1) for child in value])
    return Given(value if isinstance(value, Scalar) else str(value))


def _from_yaml(text: str) -> Given:
    if len(text) > LARGEST_YAML:
        message = f"it is no JSON, and longer than a schedule that a person wrote ({LARGEST_YAML >> 20} MiB)"
        raise Unreadable(message)
    try:
        node = tree(text)
    except Mistaken as error:
        fault = error.faults[0]
        message = f"it is neither JSON nor YAML: {f'line {fault.line}: ' if fault.line else ''}{fault.text}"
        raise Unreadable(message) from None
    return _sprouted(node, 0)


def _sprouted(node: Node, depth: int) -> Given:
    if depth > DEEPEST:
        raise Unreadable(_TOO_DEEP)
    if isinstance(node, Leaf):
        return Given(None if node.missing or (node.text in ("~", "null") and not node.quoted) else node.text, node.line)
    if isinstance(node, Row):
        return Given([_sprouted(child, depth + 1) for child in node.items], node.line)
    if node.faults:
        fault = node.faults[0]
        message = f"line {fault.line}: {fault.text}"
        raise Unreadable(message)
    return Given(_unique((key.text, _sprouted(child, depth + 1)) for key, child in node.entries), node.line)
