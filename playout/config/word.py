"""A word of the language: how a value is read, and the JSON Schema of what people may write there.

Law: both come from one place, so what an editor completes and what is read cannot part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from playout.config.scope import Scope
from playout.config.tree import Leaf, Node

Value = TypeVar("Value")
Value_co = TypeVar("Value_co", covariant=True)
Other = TypeVar("Other")

Schema = dict[str, Any]
"""A JSON Schema (draft 2020-12), or a part of one."""


@dataclass(frozen=True, slots=True)
class Word(Generic[Value_co]):
    """Something that may be written."""

    read: Callable[[Node, Scope], Value_co]
    """The value of what was written; raises `Mistaken`."""
    schema: Schema
    defs: Mapping[str, Schema] = field(default_factory=dict)
    """The parts of the schema that it refers to by name."""


def plain(read: Callable[[Node], Value], schema: Schema) -> Word[Value]:
    """A word that means the same in every file."""
    return Word(lambda node, _: read(node), schema)


def then(word: Word[Value], more: Callable[[Value, int], Other]) -> Word[Other]:
    """What `more` makes of the value of `word` and of its line; it may raise what else is wrong with it."""
    return Word(lambda node, scope: more(word.read(node, scope), node.line), word.schema, word.defs)


def once(name: str, word: Word[Value]) -> Word[Value]:
    """The same word; its schema is written once, under `name`, and referred to."""
    return replace(word, schema={"$ref": f"#/$defs/{name}"}, defs={**word.defs, name: word.schema})


def or_none(word: Word[Value]) -> Word[Value | None]:
    """The same word, or `none`, which takes away what would be inherited."""

    def read(node: Node, scope: Scope) -> Value | None:
        return None if says_none(node) else word.read(node, scope)

    return Word(read, {"anyOf": [{"enum": ["none", None]}, word.schema]}, word.defs)


def says_none(node: Node) -> bool:
    """Whether `node` is the word `none`."""
    return isinstance(node, Leaf) and not node.quoted and node.text in ("none", "null", "~")


@dataclass(frozen=True, slots=True)
class Key(Generic[Value_co]):
    """A key of a mapping, and what may stand under it."""

    name: str
    word: Word[Value_co]
    says: str
    """What it says, in a sentence that editors show."""
    default: object = None
    """What its absence means, as people would write it; None where it means nothing in particular."""
    examples: tuple[object, ...] = ()
    needed: str = ""
    """What to write, where it must be there; empty where it may be left out."""

    @property
    def schema(self) -> Schema:
        """What an editor is told of it."""
        told: Schema = {"description": self.says, **self.word.schema}
        if self.default is not None:
            told["default"] = self.default
        if self.examples:
            told["examples"] = list(self.examples)
        return told


def keyed(keys: tuple[Key[Any], ...], **more: object) -> Schema:
    """The schema of a mapping with these keys."""
    told: Schema = {
        "type": "object",
        "properties": {key.name: key.schema for key in keys},
        "additionalProperties": False,
    }
    needed = [key.name for key in keys if key.needed]
    return told | ({"required": needed} if needed else {}) | more


def named_by(keys: tuple[Key[Any], ...]) -> dict[str, Schema]:
    """The parts that the schemas of `keys` refer to."""
    return {name: schema for key in keys for name, schema in key.word.defs.items()}
