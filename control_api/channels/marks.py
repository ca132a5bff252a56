"""YAML text as nodes that know their places in it, to the character.

Law: every character of a value lies between the start and the end of its node. What is between nodes, spaces,
comments and punctuation, belongs to nobody, and stays when a node is replaced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from playout.config.tree import MOST_NODES

if TYPE_CHECKING:
    from collections.abc import Iterator

_WHOLE: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DECIMAL: Final = re.compile(r"-?[0-9]+\.[0-9]+")
_WORDS: Final = {"true": True, "false": False, "null": None, "~": None}


class Unmarked(ValueError):
    """The text is no YAML of one document."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value without parts."""

    start: int
    end: int
    line: int
    """Counted from 1."""
    text: str
    style: str
    """Its quotation mark, `|` or `>`; empty for a plain one."""
    anchored: bool = False

    @property
    def missing(self) -> bool:
        """Whether nothing was written at all: then its place is that of what follows."""
        return self.start == self.end


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    start: int
    end: int
    """After the last bracket; of one without brackets it lies anywhere before what follows."""
    line: int
    flow: bool
    """Whether it has brackets."""
    items: tuple[Node, ...]
    anchored: bool = False


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values, in the order in which they are written."""

    start: int
    end: int
    line: int
    flow: bool
    entries: tuple[tuple[Scalar, Node], ...]
    anchored: bool = False

    def value(self, key: str) -> Node | None:
        """What stands under `key`; None when nothing does."""
        return next((value for name, value in self.entries if name.text == key), None)


@dataclass(frozen=True, slots=True)
class Alias:
    """A place where what stands elsewhere is meant, `*name`."""

    start: int
    end: int
    line: int
    meant: Node


Node = Scalar | Sequence | Mapping | Alias


def marked(text: str) -> Node:
    """The nodes of `text`. Raises `Unmarked`, also where it is deeper than `DEEPEST` or has more than `MOST_NODES`.

    Events are taken one by one: the parser's work on a text grows with the square of its depth, and is not done
    before somebody has looked at the depth.
    """
    try:
        events = (event for event in YAML(typ="safe", pure=True).parse(text) if isinstance(event, _OF_NODES))
        return _Reader(events).whole()
    except (YAMLError, RecursionError, KeyError, TypeError) as error:
        message = "not YAML of one document"
        raise Unmarked(message) from error


DEEPEST: Final = 64
"""Lists and mappings in one another; the language itself has less than ten."""

_OF_NODES: Final = (
    AliasEvent, ScalarEvent, SequenceStartEvent, SequenceEndEvent, MappingStartEvent, MappingEndEvent,
)  # fmt: skip


class _Reader:
    """Makes nodes of the parser's events."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._depth = 0
        self._count = 0
        """Nodes so far; an alias counts as all that it repeats, for `plain` and `same` go through that."""
        self._end = 0
        """Where the last event ends."""

    def whole(self) -> Node:
        """The only document."""
        found = self._node(self._next())
        if next(self._events, None) is not None:
            message = "more than one document"
            raise Unmarked(message)
        return found

    def _next(self) -> Any:  # noqa: ANN401 — the parser's events have no types
        event = next(self._events, None)
        if event is None:
            message = "an empty document"
            raise Unmarked(message)
        self._end = event.end_mark.index
        return event

    def _node(self, event: Any) -> Node:  # noqa: ANN401 — the same
        """The node that begins with `event`."""
        start, end, line = event.start_mark.index, event.end_mark.index, event.start_mark.line + 1
        before = self._count
        if isinstance(event, AliasEvent):
            meant, size = self._anchors[event.anchor]
            self._counted(size)
            return Alias(start, end, line, meant)
        self._counted(1)
        anchored = getattr(event, "anchor", None) is not None
        found: Node
        if isinstance(event, ScalarEvent):
            found = Scalar(start, end, line, event.value, event.style or "", anchored)
        elif isinstance(event, SequenceStartEvent):
            items = self._until(SequenceEndEvent)
            found = Sequence(start, self._end, line, bool(event.flow_style), tuple(items), anchored)
        else:
            parts = self._until(MappingEndEvent)
            entries = tuple((_key(key), value) for key, value in zip(parts[::2], parts[1::2], strict=True))
            found = Mapping(start, self._end, line, bool(event.flow_style), entries, anchored)
        if anchored:
            self._anchors[event.anchor] = found, self._count - before
        return found

    def _counted(self, more: int) -> None:
        self._count += more
        if self._count > MOST_NODES:
            message = f"more than {MOST_NODES} parts, with what aliases repeat"
            raise Unmarked(message)

    def _until(self, closing: type) -> list[Node]:
        self._depth += 1
        if self._depth > DEEPEST:
            message = f"nested deeper than {DEEPEST}"
            raise Unmarked(message)
        found = []
        while not isinstance(event := self._next(), closing):
            found.append(self._node(event))
        self._depth -= 1
        return found


def _key(node: Node) -> Scalar:
    if not isinstance(node, Scalar):
        message = "a key is one word"
        raise Unmarked(message)
    return node


def plain(node: Node) -> Any:  # noqa: ANN401 — whatever JSON has
    """What a node says, as JSON has it: `yes` and `06:00` are texts, `7` is a number, and `2.10` a text again."""
    match node:
        case Alias():
            return plain(node.meant)
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key.text: plain(value) for key, value in node.entries}
        case Scalar():
            return node.text if node.style else _word(node.text)


def _word(text: str) -> Any:  # noqa: ANN401 — whatever JSON has
    if not text:
        return None
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and repr(float(text)) == text:
        return float(text)
    return text


def written(value: object) -> str:
    """The text of a value without parts, by which the language is read."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def same(node: Node, value: object) -> bool:
    """Whether a node says `value` already."""
    match node:
        case Alias():
            return same(node.meant, value)
        case Sequence():
            return (
                isinstance(value, list)
                and len(value) == len(node.items)
                and all(same(item, one) for item, one in zip(node.items, value, strict=True))
            )
        case Mapping():
            return (
                isinstance(value, dict)
                and len(value) == len(node.entries)
                and all(key.text in value and same(inner, value[key.text]) for key, inner in node.entries)
            )
        case Scalar():
            return not isinstance(value, list | dict) and written(plain(node)) == written(value)


def places(node: Node, path: tuple[str | int, ...] = ()) -> Iterator[tuple[int, tuple[str | int, ...], str]]:
    """The line, the path and the text of every key and of every value without parts, in the order of the text."""
    match node:
        case Mapping():
            for key, value in node.entries:
                yield key.line, (*path, key.text), key.text
                yield from places(value, (*path, key.text))
        case Sequence():
            for number, item in enumerate(node.items):
                yield item.line, (*path, number), ""
                yield from places(item, (*path, number))
        case Scalar() if not node.missing:
            yield node.line, path, node.text
        case _:
            return
