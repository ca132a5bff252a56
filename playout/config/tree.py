"""YAML text as a tree of nodes that know their lines; nothing is made of it but text.

Law: every leaf is the text that was written. What it means is decided by the key it stands under, so
`languages: [no]` is Norwegian, `number: 2.1` stays `2.1`, and `12:30:00` is not a number of seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as Parsed

from playout.config.faults import Fault, Mistaken, mistake

LARGEST: Final = 4 * 1024 * 1024
"""Characters of a file that are still plausible: thousands of channels."""
MOST_NODES: Final = 500_000
"""Keys and values of a file, with everything that aliases repeat."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value without parts."""

    line: int
    """Where it stands, counted from 1."""
    text: str
    quoted: bool

    @property
    def missing(self) -> bool:
        """Whether nothing was written at all."""
        return not self.text and not self.quoted


@dataclass(frozen=True, slots=True)
class Row:
    """A list."""

    line: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Keys and values, in the order in which they stand in the file. No key comes twice."""

    line: int
    entries: tuple[tuple[Leaf, Node], ...]
    faults: tuple[Fault, ...] = ()
    """What is wrong with its keys; told by whoever reads the table."""


Node = Leaf | Row | Table


def tree(text: str) -> Node:
    """The tree of `text`; raises `Mistaken` when it is not YAML, or more than a person would write."""
    if len(text) > LARGEST:
        raise mistake(
            0, f"the file has {len(text)} characters, and no more than {LARGEST} are read: is it the right one?"
        )
    try:
        root = YAML(typ="safe", pure=True).compose(text.removeprefix("\ufeff"))
    except MarkedYAMLError as error:
        raise _not_yaml(error, text) from error
    except YAMLError as error:  # the reader's: a character that no YAML file may hold
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        raise mistake(line, "a control character: remove it, or save the file as UTF-8 text") from error
    except RecursionError as error:
        raise mistake(0, "nested far too deeply: is it the right file?") from error
    if root is None:
        raise mistake(0, 'the file is empty: it begins with "version: 1" and then "channels:"')
    return _Growth().node(root)


_HINTS: Final = (
    ("'\\t'", "a tab: indent with spaces"),
    (
        "mapping values are not allowed",
        'a ":" too many, or a line indented wrongly: put text that holds ": " in quotes',
    ),
    ("unexpected end of stream", "a quotation mark that is opened and never closed"),
    ("another document", 'a second "---": a file holds one document'),
    ("undefined alias", "a * with no & of this name before it: put text that begins with * in quotes"),
    ("cannot start any token", "a character that has a meaning in YAML: put the text in quotes"),
    ("expected ',' or", "a list or a mapping that is not closed, or lacks a comma"),
    ("could not find expected ':'", 'a key without ":"'),
    ("<block end>", "a line indented differently from the lines it belongs to"),
    ("escape character", "a backslash in double quotes: write two of them, or use single quotes"),
)


def _not_yaml(error: MarkedYAMLError, text: str) -> Mistaken:
    """What people did, where the parser says what it expected."""
    problem = error.problem or "unreadable"
    began = error.context_mark if "end of stream" in problem or "could not find" in problem else None
    mark = began or error.problem_mark
    line = mark.line + 1 if mark else 0
    written = text.splitlines()
    if line and line <= len(written) and written[line - 1][: mark.column + 1].lstrip(" ").startswith("\t"):
        problem = "'\\t'"
    hint = next((hint for part, hint in _HINTS if part in problem), problem)
    return mistake(line, f"not YAML: {hint}")


class _Growth:
    """Makes our nodes of the parser's, each once, and counts what aliases would repeat."""

    def __init__(self) -> None:
        self.done: dict[int, tuple[Node, int]] = {}
        self.open: set[int] = set()

    def node(self, parsed: Parsed) -> Node:
        return self._grown(parsed)[0]

    def _grown(self, parsed: Parsed) -> tuple[Node, int]:
        """The node, and how many there are in it when aliases are followed."""
        known = self.done.get(id(parsed))
        if known is not None:
            return known
        line = parsed.start_mark.line + 1
        if id(parsed) in self.open:
            raise mistake(line, f'"&{parsed.anchor}" holds itself: take the * inside it out')
        self.open.add(id(parsed))
        grown = self._made(parsed, line)
        self.open.discard(id(parsed))
        if grown[1] > MOST_NODES:
            raise mistake(line, f"aliases repeat this more than {MOST_NODES} times over: write it out instead")
        self.done[id(parsed)] = grown
        return grown

    def _made(self, parsed: Parsed, line: int) -> tuple[Node, int]:
        if not str(parsed.tag).startswith("tag:yaml.org,2002:"):
            raise mistake(line, f'"{parsed.tag}" has no meaning here: take it out, or put the text in quotes')
        match parsed:
            case ScalarNode():
                return Leaf(line, parsed.value, parsed.style is not None), 1
            case SequenceNode():
                items = [self._grown(item) for item in parsed.value]
                return Row(line, tuple(node for node, _ in items)), 1 + sum(size for _, size in items)
            case MappingNode():
                return self._table(parsed, line)
            case _:
                raise mistake(line, "not a value")

    def _table(self, parsed: MappingNode, line: int) -> tuple[Node, int]:
        entries: dict[str, tuple[Leaf, Node]] = {}
        faults = []
        size = 1
        for parsed_key, parsed_value in parsed.value:
            key, _ = self._grown(parsed_key)
            value, value_size = self._grown(parsed_value)
            size += 1 + value_size
            if not isinstance(key, Leaf):
                faults.append(Fault(key.line, "a key is one word, not a list or a mapping"))
            elif key.text == "<<" and not key.quoted:
                faults.append(Fault(key.line, '"<<" is not understood: what channels share goes under "defaults"'))
            elif key.text in entries:
                first = entries[key.text][0].line
                faults.append(Fault(key.line, f'"{key.text}" is here twice, first in line {first}: remove one of them'))
            else:
                entries[key.text] = (key, value)
        return Table(line, tuple(entries.values()), tuple(faults)), size
