"""The text of a side-car as a tree of nodes that know their lines, and their reading, one value at a time.

Law: no object is ever made from the text, and it may neither be large, nor deep, nor refer to itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from packager.faults import Fault, meant

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")

LARGEST: Final = 64 * 1024
"""Bytes of a side-car that are still plausible."""
DEEPEST: Final = 4
"""Levels of nesting; the territories of the second of two rights stand in the fourth."""
LONGEST: Final = 10_000
"""Characters of one text."""


@dataclass(frozen=True, slots=True)
class Field:
    """A key and what it holds."""

    key: str
    value: Node
    line: int


def tree(data: bytes) -> Node | Fault | None:
    """The nodes of the document, after it is known to be small, flat and free of references."""
    if len(data) > LARGEST:
        return Fault(0, f"larger than {LARGEST // 1024} KiB: is this really a side-car?")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Fault(data.count(b"\n", 0, error.start) + 1, "not UTF-8: save the file as UTF-8")
    try:
        return _bomb(text) or YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return Fault(mark.line + 1 if mark else 0, f"not YAML: {error.problem or error.context}")
    except YAMLError as error:
        return Fault(0, f"not YAML: {str(error).splitlines()[0]}")
    except ValueError as error:
        return Fault(0, f"not YAML: {error}")


def _bomb(text: str) -> Fault | None:
    """Why the text is not even composed: references and deep nesting."""
    depth = 0
    for event in YAML(typ="rt", pure=True).parse(text):
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            return Fault(event.start_mark.line + 1, "anchors and aliases (`&`, `*`) are not used here; quote the text")
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            return Fault(event.start_mark.line + 1, f"nested deeper than {DEEPEST} levels")
    return None


class Reader:
    """Reads nodes into values and keeps a list of what is wrong."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, node: Node, text: str) -> None:
        """Note what is wrong with `node`."""
        self.faults.append(Fault(node.start_mark.line + 1, text))

    def fields(self, tree: Node | None, known: tuple[str, ...]) -> dict[str, Field]:
        """The values of a mapping by key; unknown and doubled keys are faults."""
        said: dict[str, Field] = {}
        if tree is None or (isinstance(tree, ScalarNode) and empty(tree)):
            return said
        if not isinstance(tree, MappingNode):
            self.fault(tree, "expected keys and values, such as `title: My film`")
            return said
        for name, value in tree.value:
            key = name.value if isinstance(name, ScalarNode) else ""
            if key not in known:
                self.fault(name, f"unknown key `{key}`{meant(key, known)}")
            elif key in said:
                self.fault(name, f"`{key}` is there twice, first in line {said[key].line}")
            else:
                said[key] = Field(key, value, name.start_mark.line + 1)
        return said

    def scalar(self, field: Field, node: Node, wanted: str) -> str | None:
        """The text of a scalar as it was written."""
        if not isinstance(node, ScalarNode):
            self.fault(node, f"`{field.key}` is {wanted}, not a {shape(node)}")
            return None
        text = str(node.value).strip()
        if empty(node) or not text:
            line = field.line if node is field.value else node.start_mark.line + 1  # nothing stands on the next line
            self.faults.append(Fault(line, f"`{field.key}` is empty; leave the key out"))
            return None
        if len(text) > LONGEST:
            self.fault(node, f"`{field.key}` is longer than {LONGEST} characters")
            return None
        return text

    def text(self, field: Field | None) -> str:
        """A text; empty where nobody said."""
        return "" if field is None else self.scalar(field, field.value, "a text") or ""

    def number(self, field: Field | None) -> int:
        """A whole number; 0 where nobody said."""
        if field is None:
            return 0
        text = self.scalar(field, field.value, "a whole number")
        if text is None:
            return 0
        if not re.fullmatch(r"\d{1,6}", text, re.ASCII):
            self.fault(field.value, f"`{field.key}` is a whole number, such as 3, not `{short(text)}`")
            return 0
        return int(text)

    def one(self, field: Field | None, wanted: str, read: Callable[[str], Value | None], wrong: str) -> Value | None:
        """What `read` makes of a text; where it makes nothing, the text is `wrong`."""
        text = None if field is None else self.scalar(field, field.value, wanted)
        if field is None or text is None:
            return None
        value = read(text)
        if value is None:
            self.fault(field.value, f"`{field.key}`: `{short(text)}` {wrong}")
        return value

    def items(self, field: Field, wanted: str) -> list[Node]:
        """The entries of a list; one value alone is a list of one."""
        node = field.value
        if isinstance(node, SequenceNode):
            return list(node.value)
        if isinstance(node, ScalarNode):
            return [] if empty(node) else [node]
        self.fault(node, f"`{field.key}` is {wanted}, not a {shape(node)}")
        return []

    def words(self, field: Field | None) -> tuple[str, ...]:
        """A list of words, each once."""
        if field is None:
            return ()
        texts = [self.scalar(field, node, "a list of words") for node in self.items(field, "a list of words")]
        return tuple(dict.fromkeys(text for text in texts if text is not None))


def empty(node: ScalarNode) -> bool:
    """Whether nothing, or `~`, was written; a quoted text is never nothing."""
    return node.tag == "tag:yaml.org,2002:null"


def shape(node: Node) -> str:
    """What people call a node that is no text."""
    return "list" if isinstance(node, SequenceNode) else "mapping"


def short(text: str) -> str:
    """`text` as far as it fits into a message."""
    return text if len(text) <= 40 else text[:39] + "…"  # noqa: PLR2004 — what fits into a message
