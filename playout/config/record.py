"""Reading a mapping key by key: every mistake in it is kept, and told once all keys were asked for.

Law: the keys that are asked for are the keys there are. A new key of the language is one more
question, and "did you mean" knows of it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from playout.config.faults import Fault, Mistaken, mistake
from playout.config.spelling import meant, quoted
from playout.config.tree import Leaf, Node, Row, Table
from playout.config.word import Key, Schema, Word, keyed, named_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from playout.config.scope import Scope

Value = TypeVar("Value")
Other = TypeVar("Other")


def leaf(node: Node, what: str) -> Leaf:
    """A single value; `what` names it when it is something else."""
    if not isinstance(node, Leaf):
        found = "a list" if isinstance(node, Row) else "a mapping"
        raise mistake(node.line, f"{what} is expected here, and this is {found}")
    return node


def row(node: Node) -> tuple[Node, ...]:
    """The values of a list; one value alone is a list of one."""
    if isinstance(node, Table):
        raise mistake(node.line, "a list is expected here, e.g. [film, kids], and this is a mapping")
    return node.items if isinstance(node, Row) else (node,)


def each(node: Node, read: Callable[[Node], Value]) -> tuple[Value, ...]:
    """The values of a list, each read by `read`; all their mistakes at once."""
    values: list[Value] = []
    faults: list[Fault] = []
    for item in row(node):
        try:
            values.append(read(item))
        except Mistaken as error:
            faults.extend(error.faults)
    if faults:
        raise Mistaken(*faults)
    return tuple(values)


class Said:
    """What one place in the file says: values by key, each with its line. Nothing in it changes."""

    __slots__ = ("_lines", "_values")

    def __init__(self, values: Mapping[str, object] | None = None, lines: Mapping[str, int] | None = None) -> None:
        self._values: Final = dict(values or {})
        self._lines: Final = dict(lines or {})

    def of(self, key: Key[Value], otherwise: Other) -> Value | Other:
        """What it says under `key`; `otherwise` when it says nothing, or something wrong."""
        return cast("Value", self._values[key.name]) if key.name in self._values else otherwise

    def has(self, key: Key[Any]) -> bool:
        """Whether it says something, right or wrong, under `key`."""
        return key.name in self._lines

    def wrong(self, *keys: Key[Any]) -> bool:
        """Whether what it says under one of `keys` cannot be read."""
        return any(key.name in self._lines and key.name not in self._values for key in keys)

    def line(self, *keys: Key[Any]) -> int:
        """The last line in which one of `keys` stands; 0 when none does."""
        return max((self._lines.get(key.name, 0) for key in keys), default=0)

    def put(self, key: Key[Value], value: Value) -> Said:
        """The same, but for what it says under `key`."""
        return Said({**self._values, key.name: value}, self._lines)

    def without(self, keys: Iterable[Key[Any]]) -> Said:
        """The same, but for `keys`."""
        gone = {key.name for key in keys}
        return self._kept(lambda name: name not in gone)

    def only(self, keys: Iterable[Key[Any]]) -> Said:
        """Of it, `keys`."""
        kept = {key.name for key in keys}
        return self._kept(lambda name: name in kept)

    def over(self, other: Said) -> Said:
        """It, and what only `other` says. What is wrong here does not make the other's right."""
        under = other._kept(lambda name: name not in self._lines)
        return Said({**under._values, **self._values}, {**under._lines, **self._lines})  # noqa: SLF001

    def _kept(self, wanted: Callable[[str], bool]) -> Said:
        values = {name: value for name, value in self._values.items() if wanted(name)}
        return Said(values, {name: line for name, line in self._lines.items() if wanted(name)})


class Record:
    """A mapping that is being read."""

    def __init__(self, table: Table, line: int, scope: Scope) -> None:
        self.line: Final = line
        self.scope = scope
        self.faults: list[Fault] = list(table.faults)
        self._entries: Final = {key.text: (key, node) for key, node in table.entries}
        self._asked: list[str] = []
        self._lacking: dict[tuple[str, ...], str] = {}

    def take(self, key: Key[Value], otherwise: Other) -> Value | Other:
        """What stands under `key`; `otherwise` when nothing does, or when it is wrong."""
        self._asked.append(key.name)
        if key.name not in self._entries:
            if key.needed:
                self.lack(key, key.needed)
            return otherwise
        written, node = self._entries[key.name]
        if isinstance(node, Leaf) and node.missing:
            text = f'nothing stands after "{key.name}:": write a value, or take the key out'
            self.faults.append(Fault(written.line, text))
            return otherwise
        return self.read(key.word, node, otherwise)

    def read(self, word: Word[Value], node: Node, otherwise: Other) -> Value | Other:
        """What `node` says as a `word`; `otherwise` when it is wrong."""
        try:
            return word.read(node, self.scope)
        except Mistaken as error:
            self.faults.extend(error.faults)
            return otherwise

    def salvage(self, key: Key[Found[Value]], otherwise: Other) -> Value | Other:
        """What can be read of what stands under `key`, so that its mistakes bring no others about."""
        found = self.take(key, None)
        if found is None:
            return otherwise
        self.faults.extend(found.faults)
        return found.value

    def said(self, keys: Iterable[Key[Any]]) -> Said:
        """All that stands under `keys`."""
        values: dict[str, object] = {}
        lines: dict[str, int] = {}
        for key in keys:
            value = self.take(key, _WRONG)
            if self.has(key):
                lines[key.name] = self._entries[key.name][0].line
            if value is not _WRONG:
                values[key.name] = value
        return Said(values, lines)

    def has(self, key: Key[Any]) -> bool:
        """Whether `key` is written."""
        return key.name in self._entries

    def line_of(self, key: Key[Any]) -> int:
        """Where `key` stands; the mapping's own line when it is not written."""
        return self._entries[key.name][0].line if self.has(key) else self.line

    def lack(self, key: Key[Any], hint: str) -> None:
        """Note that `key` must be there after all; `hint` says what to write."""
        if not self.has(key):
            self._lacking[(key.name,)] = f'missing key "{key.name}": {hint}'

    def lack_any(self, keys: Iterable[Key[Any]], text: str) -> None:
        """Note, in the words of `text`, that one of `keys` must be there, unless one is written or seems meant."""
        if not any(self.has(key) for key in keys):
            self._lacking[tuple(key.name for key in keys)] = text

    def refuse(self, key: Key[Any], text: str) -> None:
        """Note that `key`, which is known elsewhere, does not belong here."""
        if self.has(key):
            self._asked.append(key.name)
            self.blame(text, key)

    def check(self, read: Callable[[], object]) -> None:
        """Keep what is wrong with something that is no value of a key."""
        try:
            read()
        except Mistaken as error:
            self.faults.extend(error.faults)

    def blame(self, text: str, *keys: Key[Any]) -> None:
        """Note a mistake that lies in how values go together; at the last of `keys` that is written."""
        lines = [self._entries[key.name][0].line for key in keys if key.name in self._entries]
        self.faults.append(Fault(max(lines, default=self.line), text))

    def entries(self, hint: str) -> Iterator[tuple[Leaf, Node]]:
        """All keys and values, of a mapping whose keys people choose; `hint` says what to write below one."""
        for key, node in self._entries.values():
            self._asked.append(key.text)
            if isinstance(node, Leaf) and node.missing:
                self.faults.append(Fault(key.line, f"nothing stands below {quoted(key.text)}: {hint}"))
            else:
                yield key, node

    def finish(self) -> None:
        """Note the unknown and the missing keys, once all that are known were asked for."""
        suggested = set()
        for key, _ in self._entries.values():
            if key.text not in self._asked:
                near = meant(key.text, self._asked)
                suggested.add(near)
                self.faults.append(Fault(key.line, f"unknown key {quoted(key.text)}, {self._instead(near)}"))
        for names, text in self._lacking.items():
            if not suggested.intersection(names):
                self.faults.append(Fault(self.line, text))

    def _instead(self, near: str | None) -> str:
        """What to write in place of an unknown key; `near` is the known one most like it."""
        if near is None:
            return f"known here: {', '.join(self._asked)}"
        taken = f" That is in line {self._entries[near][0].line} already" if near in self._entries else ""
        return f'did you mean "{near}"?{taken}'


_WRONG: Final = object()
"""What stands for a value that is not there or cannot be read."""


@dataclass(frozen=True, slots=True)
class Found(Generic[Value]):
    """What can be read of something, and what is wrong with the rest."""

    value: Value
    faults: tuple[Fault, ...] = ()


@contextmanager
def salvaged(node: Node, what: str, scope: Scope, line: int | None = None) -> Iterator[Record]:
    """Like `record`, but no mistake is raised, except that `node` is no mapping: they are in the record's faults."""
    if not isinstance(node, Table):
        raise mistake(node.line, f"{what} is expected here: keys and values, e.g. {{any: [film]}}")
    keys = Record(node, line or node.line, scope)
    yield keys
    keys.finish()


@contextmanager
def record(node: Node, what: str, scope: Scope, line: int | None = None) -> Iterator[Record]:
    """Read `node` as a mapping called `what`; at the end, all its mistakes are raised.

    `line` is where its own key stands, for mistakes that lie nowhere in particular.
    """
    with salvaged(node, what, scope, line) as keys:
        yield keys
    if keys.faults:
        raise Mistaken(*keys.faults)


def mapping(what: str, keys: tuple[Key[Any], ...], make: Callable[[Record], Value], **more: object) -> Word[Value]:
    """The word for a mapping called `what`; `make` asks it for `keys`, and `more` is what its schema also says."""

    def read(node: Node, scope: Scope) -> Value:
        with record(node, what, scope) as written:
            return make(written)

    return Word(read, keyed(keys, **more), named_by(keys))


def several(word: Word[Value]) -> Word[tuple[Value, ...]]:
    """The word for a list of `word`; one value alone is a list of one."""
    schema: Schema = {"anyOf": [word.schema, {"type": "array", "items": word.schema}]}
    return Word(lambda node, scope: each(node, lambda item: word.read(item, scope)), schema, word.defs)
