"""The text of channels.yaml, understood: its parts as JSON, its mistakes by their places, and which version is which.

Law: pure. The version of a part counts what it says, not how it is laid out: who moves a comment is in nobody's way.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from difflib import unified_diff
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from control_api.channels.edits import remade
from control_api.channels.marks import Mapping, Unmarked, marked, places, plain
from control_api.problems import Mistake, Versions, pointer
from playout.config import Faults, Programming, read

if TYPE_CHECKING:
    from control_api.channels.edits import Path
    from control_api.channels.marks import Node
    from playout.config import Draft, Fault

CHANNELS: Final = "channels"
_BITS: Final = 52
"""Of a version: browsers count no further without mistakes."""
_MOST_TOLD: Final = 500
"""Mistakes of one file: nobody mends more at a time."""
_MOST_SEARCHED: Final = 1000
"""Keys and values of one line among which the one is looked for that a mistake is about."""


@dataclass(frozen=True)
class Document:
    """One text of the file."""

    text: str
    where: str
    """The name of the file, for messages."""

    @cached_property
    def root(self) -> Mapping | None:
        """Its nodes; None where it is no mapping, or no YAML at all."""
        try:
            found = marked(self.text)
        except Unmarked:
            return None
        return found if isinstance(found, Mapping) else None

    def edited(self, path: Path, value: Any) -> Document:  # noqa: ANN401 — whatever JSON has, or GONE
        """It with another value at `path`. Raises `Unmarked` and `Tangled`."""
        text, root = remade(self.text, self.root or marked(self.text), path, value)
        found = Document(text, self.where)
        if isinstance(root, Mapping):
            found.__dict__["root"] = root  # as if it had been read again
        return found

    @cached_property
    def whole(self) -> dict[str, Any]:
        """All that it says."""
        return dict(plain(self.root)) if self.root else {}

    @cached_property
    def programming(self) -> Programming | Faults:
        """What it asks for; or all its mistakes."""
        return read(self.text, self.where)

    def part(self, path: Path) -> Any:  # noqa: ANN401 — whatever JSON has
        """What stands at `path`; None when nothing does."""
        found: Any = self.whole
        for step in path:
            found = found.get(step) if isinstance(found, dict) else None
        return found

    def names(self, key: str) -> tuple[str, ...]:
        """The names under a key of the top, in the order of the file."""
        found = self.whole.get(key)
        return tuple(found) if isinstance(found, dict) else ()

    def draft(self, channel: str) -> Draft | None:
        """A channel, as it would be published; None where it is not there or the file has mistakes."""
        programming = self.programming
        drafts = programming.drafts if isinstance(programming, Programming) else ()
        return next((draft for draft in drafts if draft.id == channel), None)

    def line(self, path: Path) -> int:
        """Where the key at `path` stands; 0 when it is not there."""
        node: Node | None = self.root
        line = 0
        for step in path:
            entries = node.entries if isinstance(node, Mapping) else ()
            line, node = next(((key.line, value) for key, value in entries if key.text == step), (0, None))
        return line

    def excerpt(self, path: Path) -> str:
        """The lines of the part at `path`, as far as the next key; the whole text for an empty path."""
        first = self.line(path)
        if not path:
            return self.text
        if not first or self.root is None:
            return ""
        rows = self.text.splitlines(keepends=True)
        last = len(rows)
        for line, found, _ in places(self.root):
            if line > first and found[: len(path)] != path:
                last = line - 1
                break
        return "".join(rows[first - 1 : last])

    def version(self, path: Path = ()) -> int:
        """What tells this version of a part from others; of the whole, of every character."""
        text = json.dumps(self.part(path), sort_keys=True) if path else self.text
        return int.from_bytes(sha256(text.encode()).digest()) >> (256 - _BITS)


def versions(present: Document, wanted: Document, path: Path) -> Versions:
    """Both versions of a part, and what parts the two."""
    one, other = present.excerpt(path), wanted.excerpt(path)
    lines = unified_diff(
        one.splitlines(keepends=True), other.splitlines(keepends=True), f"{present.where} now", "your edit of it"
    )
    return Versions(present=one, wanted=other, difference="".join(_ended(line) for line in lines))


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n"


def mistakes(document: Document, faults: Faults, body: Path | None = None) -> list[Mistake]:
    """Every mistake by its place: in the body where that is the part at `body`, else in the file."""
    found = list(places(document.root)) if document.root else []
    lines = [line for line, _, _ in found]
    told = [_mistake(fault, _place(fault, found, lines), body) for fault in faults.faults[:_MOST_TOLD]]
    more = len(faults.faults) - len(told)
    return [*told, Mistake(part="file", pointer="", detail=f"and {more} more: mend these first")] if more else told


def _mistake(fault: Fault, place: Path, body: Path | None) -> Mistake:
    line = fault.line or None
    if body is not None and place[: len(body)] == body:
        return Mistake(part="body", pointer=pointer(place[len(body) :]), detail=fault.text, line=line)
    return Mistake(part="file", pointer=pointer(place), detail=fault.text, line=line)


def _place(fault: Fault, found: list[tuple[int, Path, str]], lines: list[int]) -> Path:
    """What a mistake is about: the outermost key of its line, or the only one inside that it quotes."""
    if not fault.line or not found:
        return ()
    at = bisect_right(lines, fault.line) - 1
    if at < 0 or (lines[at] == lines[0] and fault.text.startswith("missing key")):  # of the whole file
        return ()
    here = [(path, text) for _, path, text in found[bisect_left(lines, lines[at]) : at + 1][:_MOST_SEARCHED]]
    quoted = dict.fromkeys(path for path, text in here if text and f'"{text}"' in fault.text)
    inner = [path for path in quoted if len(path) == max(map(len, quoted))]
    return inner[0] if len(inner) == 1 else min((path for path, _ in here), key=len)
