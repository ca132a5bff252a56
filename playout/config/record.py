"""Reading a mapping key by key: every mistake in it is kept, and told once all keys were asked for.

Law: the keys that are asked for are the keys there are. A new key of the language is one more
question, and "did you mean" knows of it.
"""

from __future__ import annotations

from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, TypeVar

from playout.config.faults import Fault, Mistaken, mistake
from playout.config.tree import Leaf, Node, Row, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Value = TypeVar("Value")
Other = TypeVar("Other")

_ALSO_CALLED: Final = {
    "title": "name", "label": "name", "channel": "number", "chno": "number", "category": "group", "genre": "group",
    "timezone": "zone", "time_zone": "zone", "tz": "zone", "language": "languages", "audio": "languages",
    "subs": "subtitles", "captions": "subtitles", "tags": "any", "tag": "any", "some": "any", "or": "any",
    "and": "all", "not": "none", "without": "none", "kinds": "kind", "type": "kind", "icon": "logo",
    "interval": "every", "length": "pod", "duration": "pod", "break": "bumper", "bumpers": "bumper",
    "fillers": "filler", "format": "house", "sort": "order", "shuffle": "order", "segments": "window",
}  # fmt: skip
"""What other programs call these keys."""


def quoted(text: str) -> str:
    """`text` as a message shows it: in quotes, short, on one line."""
    line = " ".join(text.split())
    return f'"{line}"' if len(line) <= 60 else f'"{line[:57]}…"'  # noqa: PLR2004 — one line of a terminal


def meant(word: str, known: Iterable[str]) -> str | None:
    """The one of the `known` words that `word` most likely stands for."""
    names = list(known)
    other = _ALSO_CALLED.get(word.lower())
    if other in names:
        return other
    close = get_close_matches(word.lower(), names, n=1, cutoff=0.65)
    return close[0] if close else None


def one_of(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


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


class Record:
    """A mapping that is being read."""

    def __init__(self, table: Table, line: int) -> None:
        self.line: Final = line
        self.faults: list[Fault] = list(table.faults)
        self._entries: Final = {key.text: (key, node) for key, node in table.entries}
        self._asked: list[str] = []
        self._lacking: dict[str, str] = {}

    def take(self, key: str, read: Callable[[Node], Value], otherwise: Other) -> Value | Other:
        """What stands under `key`; `otherwise` when nothing does, or when it is wrong."""
        self._asked.append(key)
        if key not in self._entries:
            return otherwise
        written, node = self._entries[key]
        if isinstance(node, Leaf) and node.missing:
            self.faults.append(
                Fault(written.line, f'nothing stands after "{key}:": write a value, or take the key out')
            )
            return otherwise
        try:
            return read(node)
        except Mistaken as error:
            self.faults.extend(error.faults)
            return otherwise

    def need(self, key: str, read: Callable[[Node], Value], otherwise: Value, hint: str) -> Value:
        """Like `take`, for a key that must be there; `hint` says what to write."""
        if key not in self._entries:
            self._lacking[key] = hint
        return self.take(key, read, otherwise)

    def has(self, key: str) -> bool:
        """Whether `key` is written."""
        return key in self._entries

    def refuse(self, key: str, text: str) -> None:
        """Note that `key`, which is known elsewhere, does not belong here."""
        if key in self._entries:
            self._asked.append(key)
            self.blame(text, key)

    def check(self, read: Callable[[], object]) -> None:
        """Keep what is wrong with something that is no value of a key."""
        try:
            read()
        except Mistaken as error:
            self.faults.extend(error.faults)

    def blame(self, text: str, key: str = "") -> None:
        """Note a mistake that lies in how values go together; at `key` when that is given and written."""
        line = self._entries[key][0].line if key in self._entries else self.line
        self.faults.append(Fault(line, text))

    def entries(self) -> Iterator[tuple[Leaf, Node]]:
        """All keys and values, of a mapping whose keys people choose."""
        for key, node in self._entries.values():
            self._asked.append(key.text)
            yield key, node

    def done(self) -> None:
        """Raises `Mistaken` with all that was wrong, unknown and missing keys included."""
        suggested = set()
        for key, _ in self._entries.values():
            if key.text not in self._asked:
                near = meant(key.text, (known for known in self._asked if known not in self._entries))
                suggested.add(near)
                self.faults.append(Fault(key.line, f"unknown key {quoted(key.text)}, {self._instead(key.text, near)}"))
        for key_name, hint in self._lacking.items():
            if key_name not in suggested:
                self.faults.append(Fault(self.line, f'missing key "{key_name}": {hint}'))
        if self.faults:
            raise Mistaken(*self.faults)

    def _instead(self, key: str, near: str | None) -> str:
        """What to write in place of an unknown `key`; `near` is the free key most like it."""
        if near is not None:
            return f'did you mean "{near}"?'
        taken = meant(key, self._asked)
        if taken is not None:
            return f'did you mean "{taken}"? That is in line {self._entries[taken][0].line} already'
        return f"known here: {', '.join(self._asked)}"


@contextmanager
def record(node: Node, what: str, line: int | None = None) -> Iterator[Record]:
    """Read `node` as a mapping called `what`; at the end, all its mistakes are raised.

    `line` is where its own key stands, for mistakes that lie nowhere in particular.
    """
    if not isinstance(node, Table):
        raise mistake(node.line, f"{what} is expected here: keys and values, e.g. {{any: [film]}}")
    keys = Record(node, line or node.line)
    yield keys
    keys.done()
