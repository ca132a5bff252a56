"""The collections of a file: queries with a name, which may build on one another."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from playout.config.faults import Mistaken, mistake
from playout.config.queries import ANYTHING, queries
from playout.config.record import Found, salvaged
from playout.config.scope import Scope, deeper
from playout.config.spelling import meant, one_of, quoted
from playout.config.word import Word
from playout.config.words import NAME_SCHEMA, name

if TYPE_CHECKING:
    from playout.config.tree import Leaf, Node
    from playout.core.catalog import Query

_query: Final = queries("which assets", (), ANYTHING)


class Collections:
    """What is saved under each name; read when it is asked for, once."""

    def __init__(self, entries: dict[str, Node]) -> None:
        self._entries: Final = entries
        self._found: Final[dict[str, tuple[Query, ...] | Mistaken]] = {}
        self._open: Final[list[str]] = []

    def named(self, key: Leaf) -> tuple[Query, ...]:
        """The queries saved under the name `key`."""
        if key.text not in self._entries:
            raise mistake(key.line, f"unknown collection {quoted(key.text)}{self._hint(key.text)}")
        if key.text in self._open:
            path = [*self._open[self._open.index(key.text) :], key.text]
            raise mistake(key.line, f"{quoted(key.text)} is made of itself: {' → '.join(path)}")
        if key.text not in self._found:
            deeper(key, self._open)
            self._found[key.text] = self._read(key.text)
        found = self._found[key.text]
        if isinstance(found, Mistaken):
            raise Mistaken(*found.faults)
        return found

    def _read(self, key: str) -> tuple[Query, ...] | Mistaken:
        self._open.append(key)
        try:
            return _query.read(self._entries[key], Scope(self.named))
        except Mistaken as error:
            return error
        finally:
            self._open.pop()

    def _hint(self, wanted: str) -> str:
        near = meant(wanted, self._entries)
        if near is not None:
            return f', did you mean "{near}"?'
        saved = f", saved are {one_of(self._entries).replace(' or ', ' and ')}" if self._entries else ""
        return f"{saved}: write {{any: [{wanted}]}} for a tag"


def _collections(node: Node, scope: Scope) -> Found[Collections]:
    with salvaged(node, "a mapping of queries by name", scope) as keys:
        written = tuple(keys.entries("write a query, e.g. {any: [film]}"))
        saved = Collections({key.text: value for key, value in written})
        for key, _ in written:
            keys.check(partial(name, key))
            keys.check(partial(saved.named, key))
    return Found(saved, tuple(keys.faults))


collections: Final = Word(
    _collections,
    {"type": "object", "propertyNames": NAME_SCHEMA, "additionalProperties": _query.schema},
    _query.defs,
)
"""Queries by name."""
