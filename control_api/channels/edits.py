"""Edits of YAML text: only the characters of what is to be another way are exchanged.

Laws. The text that comes out says what was wanted, or `Tangled` is raised and there is none. What was not meant
stays byte for byte, comments and spaces included; of what is taken away, the comments inside it go as well.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from control_api.channels.marks import (
    Alias,
    Mapping,
    Scalar,
    Sequence,
    Unmarked,
    marked,
    plain,
    same,
)
from control_api.channels.writing import STEP, block, entry, fits, inline, item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from control_api.channels.marks import Node

Path = tuple[str | int, ...]


class Gone:
    """What is wanted of a key that is to be taken out."""


GONE: Final = Gone()


class Tangled(ValueError):
    """The text cannot be edited in place: it says where, and what to do."""


class Splice(NamedTuple):
    """Characters that are exchanged for others."""

    start: int
    end: int
    text: str


class _Elsewhere(Exception):
    """A part cannot be edited by itself: what holds it is written anew."""


def edited(text: str, path: Path, value: Any) -> str:  # noqa: ANN401 — whatever JSON has, or GONE
    """`text` with `value` at `path`, or, with `GONE`, without what stands there.

    Mappings on the way that are not there are made. Raises `Unmarked` and `Tangled`.
    """
    return remade(text, marked(text), path, value)[0]


def remade(text: str, root: Node, path: Path, value: Any) -> tuple[str, Node]:  # noqa: ANN401 — JSON, or GONE
    """As `edited`, of a text whose nodes are known; the nodes of what comes out, too."""
    wanted = _with(plain(root), path, value)
    if same(root, wanted):
        return text, root
    if not isinstance(root, Mapping) or not root.entries or root.flow:
        message = "line 1: the file is not a mapping with a line for each of its keys: write it anew as a whole"
        raise Tangled(message)
    try:
        found = _applied(text, _Editor(text).changes(root, wanted))
    except _Elsewhere:
        message = f"the file cannot be edited at {'/'.join(map(str, path))}: write it anew as a whole"
        raise Tangled(message) from None
    try:
        after = marked(found)
    except Unmarked:
        after = None
    if after is None or not same(after, wanted):
        message = (
            f"the file cannot be edited at {'/'.join(map(str, path))}, because of an alias or of how it is laid out: "
            "write it anew as a whole"
        )
        raise Tangled(message)
    return found, after


def _with(whole: Any, path: Path, value: Any) -> Any:  # noqa: ANN401 — whatever JSON has
    """`whole`, which has `value` at `path`."""
    if not path:
        return value
    first, *rest = path
    if isinstance(whole, list) and isinstance(first, int) and 0 <= first < len(whole):
        return [_with(one, tuple(rest), value) if place == first else one for place, one in enumerate(whole)]
    held = dict(whole) if isinstance(whole, dict) else {}
    key = str(first)
    if not rest and isinstance(value, Gone):
        held.pop(key, None)
    elif not (isinstance(value, Gone) and key not in held):
        held[key] = _with(held.get(key), tuple(rest), value)
    return held


def _applied(text: str, splices: list[Splice]) -> str:
    found, at = [], 0
    for splice in sorted(splices, key=lambda splice: (splice.start, splice.end)):
        if splice.start < at:
            raise _Elsewhere
        found += [text[at : splice.start], splice.text]
        at = splice.end
    return "".join((*found, text[at:]))


class _Editor:
    """Finds what is to be exchanged in one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._break = "\r\n" if "\r\n" in text else "\n"
        self._starts = [0, *(at + 1 for at, sign in enumerate(text) if sign == "\n")]

    def changes(self, node: Node, wanted: Any) -> list[Splice]:  # noqa: ANN401 — whatever JSON has
        """What makes `node`, in which no line is another's, say `wanted`; raises `_Elsewhere` and `Tangled`."""
        if same(node, wanted):
            return []
        self._hold_together(node)
        if isinstance(node, Mapping) and isinstance(wanted, dict) and node.entries and wanted:
            return self._flow_mapping(node, wanted) if node.flow else self._block_mapping(node, wanted)
        if isinstance(node, Sequence) and isinstance(wanted, list) and node.items and wanted:
            return self._flow_sequence(node, wanted) if node.flow else self._block_sequence(node, wanted)
        raise _Elsewhere

    def _hold_together(self, node: Node) -> None:
        if not isinstance(node, Alias) and node.anchored:
            message = (
                f"line {node.line}: what stands there has an anchor (&), so that other places may mean it: write it "
                "out there and where it is meant, or change the file as a whole"
            )
            raise Tangled(message)

    # Within brackets

    def _within(self, node: Node, wanted: Any) -> list[Splice]:  # noqa: ANN401 — whatever JSON has
        """As `changes`, of a part that stands between others on a line: else it is written anew there."""
        try:
            return self.changes(node, wanted)
        except _Elsewhere:
            if isinstance(node, Scalar) and node.missing:
                raise
            return [Splice(node.start, node.end, inline(wanted))]

    def _flow_mapping(self, node: Mapping, wanted: dict[str, Any]) -> list[Splice]:
        kept = [place for place, (key, _) in enumerate(node.entries) if key.text in wanted]
        if not kept or len({key.text for key, _ in node.entries}) < len(node.entries):
            raise _Elsewhere
        found = [
            splice
            for place in kept
            for splice in self._within(node.entries[place][1], wanted[node.entries[place][0].text])
        ]
        known = {key.text for key, _ in node.entries}
        more = [f"{inline(key)}: {inline(value)}" for key, value in wanted.items() if key not in known]
        spans = [(key.start, max(key.end, value.end)) for key, value in node.entries]
        return found + self._thinned(spans, kept, more)

    def _thinned(self, spans: list[tuple[int, int]], kept: list[int], more: list[str]) -> list[Splice]:
        """What takes the parts out that are not `kept`, and adds others at the end."""
        last = kept[-1]
        gone = [place for place in range(last) if place not in kept]
        found = [Splice(spans[place][0], spans[place + 1][0], "") for place in gone]
        end = spans[last][1]
        if more or last < len(spans) - 1:
            found.append(Splice(end, spans[-1][1], "".join(f", {one}" for one in more)))
        return found

    def _flow_sequence(self, node: Sequence, wanted: list[Any]) -> list[Splice]:
        if any(item.start == item.end for item in node.items):
            raise _Elsewhere
        before, after = _alike(node.items, wanted)
        old, new = node.items[before : len(node.items) - after], wanted[before : len(wanted) - after]
        found = [splice for one, value in zip(old, new, strict=False) for splice in self._within(one, value)]
        spans = [(one.start, one.end) for one in node.items]
        gone = range(before + len(new), before + len(old))
        kept = [place for place in range(len(spans)) if place not in gone]
        if not kept:
            raise _Elsewhere
        more = [inline(value) for value in new[len(old) :]]
        if more and after:
            at = spans[before + len(old)][0]
            return [*found, Splice(at, at, "".join(f"{one}, " for one in more))]
        return found + self._thinned(spans, kept, more)

    # Line by line

    def _block_mapping(self, node: Mapping, wanted: dict[str, Any]) -> list[Splice]:
        column = self._column(node.entries[0][0].start)
        if len({key.text for key, _ in node.entries}) < len(node.entries):
            raise _Elsewhere
        found: list[Splice] = []
        known = {key.text for key, _ in node.entries}
        for key, value in node.entries:
            if key.text in wanted:
                found += self._valued(key, value, wanted[key.text], column)
            else:
                if not self._begins(key.start):
                    raise _Elsewhere
                found.append(self._cut(key.start, self._entry_end(key, value), column + 1))
        if not any(key.text in wanted for key, _ in node.entries):
            raise _Elsewhere
        lines = [entry(key, value, column) for key, value in wanted.items() if key not in known]
        if lines:
            found.append(self._added([line for one in lines for line in self._apart(node, one)], node, column))
        return found

    def _apart(self, node: Mapping, lines: Iterator[str]) -> list[str]:
        """The lines of a new entry, with an empty one before them where all others have one."""
        starts = [self._line(key.start) for key, _ in node.entries]
        ends = [self._line(self._entry_end(key, value)) for key, value in node.entries]
        spaced = len(starts) > 1 and all(
            any(not self._row(row).strip() for row in range(end + 1, start))
            for end, start in zip(ends, starts[1:], strict=False)
        )
        return [*([""] if spaced else []), *lines]

    def _added(self, lines: list[str], node: Mapping | Sequence, column: int) -> Splice:
        """Lines after the last part of a node, and after the comments that go on in its column."""
        at = self._after(self._end(node), column)
        text = "".join(f"{line}{self._break}" for line in lines)
        if at and self._text[at - 1] != "\n":
            text = self._break + text
        return Splice(at, at, text)

    def _valued(self, key: Scalar, value: Node, wanted: Any, column: int) -> list[Splice]:  # noqa: ANN401 — JSON
        """What makes an entry say `wanted`."""
        if same(value, wanted):
            return []
        self._hold_together(value)
        try:
            return self.changes(value, wanted)
        except _Elsewhere:
            return self._revalued(key, value, wanted, column)

    def _revalued(self, key: Scalar, value: Node, wanted: Any, column: int) -> list[Splice]:  # noqa: ANN401 — JSON
        """What gives a key another value in place of its own: on its line if there is room, else below it."""
        colon = self._text.find(":", key.end) + 1
        if not colon or self._text[key.end : colon].strip(" :"):
            raise _Elsewhere
        below = not self._fits(key, wanted, column)
        lines = "".join(f"{line}{self._break}" for line in block(wanted, column + STEP)) if below else ""
        inner = "" if below else f" {inline(wanted)}"
        row = self._line(colon)
        if isinstance(value, Scalar) and value.missing:
            at = self._row_end(row)
            found = [Splice(colon, colon, inner)] if inner else []
            return found + ([self._inserted(at, lines)] if lines else [])
        end = self._end(value)
        if self._line(value.start) > row:  # it stands below its key, whose comment stays
            cut = self._cut(value.start, end, column + 1)
            return [Splice(colon, colon, inner), Splice(cut.start, cut.end, lines)]
        if isinstance(value, Scalar) and value.style in ("|", ">"):
            cut = Splice(colon, self._row_end(self._line(end)), inner + self._break + lines)
            return [cut]
        last = self._row_end(self._line(end))
        found = [Splice(colon, value.end, inner)]
        return found + ([self._inserted(last, lines)] if lines else [])

    def _inserted(self, at: int, lines: str) -> Splice:
        return Splice(at, at, lines if not at or self._text[at - 1] == "\n" else self._break + lines)

    def _fits(self, key: Scalar, wanted: Any, column: int) -> bool:  # noqa: ANN401 — whatever JSON has
        return fits(column + key.end - key.start + 2, wanted, column)

    def _block_sequence(self, node: Sequence, wanted: list[Any]) -> list[Splice]:
        dashes = [self._dash(one) for one in node.items]
        column = self._column(dashes[0])
        before, after = _alike(node.items, wanted)
        old, new = node.items[before : len(node.items) - after], wanted[before : len(wanted) - after]
        if len(old) == len(node.items) and not new:
            raise _Elsewhere
        found: list[Splice] = []
        for place, (one, value) in enumerate(zip(old, new, strict=False), before):
            found += self._itemed(one, value, dashes[place], column)
        gone = range(before + len(new), before + len(old))
        found += [self._cut(dashes[place], self._end(node.items[place]), column + 1) for place in gone]
        lines = [line for value in new[len(old) :] for line in item(value, column)]
        if lines and before + len(old) == 0:
            start = self._starts[self._line(dashes[0])]
            found.append(Splice(start, start, "".join(f"{line}{self._break}" for line in lines)))
        elif lines:
            upto = Sequence(node.start, node.end, node.line, flow=False, items=node.items[: before + len(old)])
            found.append(self._added(lines, upto, column + 1 if after else column))
        return found

    def _itemed(self, node: Node, wanted: Any, dash: int, column: int) -> list[Splice]:  # noqa: ANN401 — JSON
        """What makes an item of a list say `wanted`."""
        if same(node, wanted):
            return []
        try:
            return self.changes(node, wanted)
        except _Elsewhere:
            cut = self._cut(dash, self._end(node), column + 1)
            return [Splice(cut.start, cut.end, "".join(f"{line}{self._break}" for line in item(wanted, column)))]

    def _dash(self, node: Node) -> int:
        """Where the dash of an item stands; raises `_Elsewhere` when more than that is before it on its line."""
        start = self._starts[self._line(node.start)]
        before = self._text[start : node.start]
        if node.start == node.end or before.strip() != "-":
            raise _Elsewhere
        return start + before.index("-")

    # Lines and places

    def _line(self, at: int) -> int:
        """The number of the line, from 0, in which a character stands."""
        return bisect_right(self._starts, at) - 1

    def _row(self, number: int) -> str:
        return self._text[self._starts[number] : self._row_end(number)]

    def _row_end(self, number: int) -> int:
        """Where the next line begins."""
        return self._starts[number + 1] if number + 1 < len(self._starts) else len(self._text)

    def _column(self, at: int) -> int:
        return at - self._starts[self._line(at)]

    def _begins(self, at: int) -> bool:
        """Whether nothing but spaces stands before it on its line."""
        return not self._text[self._starts[self._line(at)] : at].strip()

    def _cut(self, start: int, end: int, column: int) -> Splice:
        """Whole lines, with the comments that follow them from this column on."""
        if not self._begins(start):
            raise _Elsewhere
        return Splice(self._starts[self._line(start)], self._after(end, column), "")

    def _after(self, end: int, column: int) -> int:
        """Where the line begins that follows a part, and the comments that follow it from this column on."""
        number = self._line(end)
        while number + 1 < len(self._starts):
            row = self._row(number + 1)
            inner = row.lstrip(" ")
            if not inner.startswith("#") or len(row) - len(inner) < column:
                break
            number += 1
        return self._row_end(number)

    def _entry_end(self, key: Scalar, value: Node) -> int:
        """The last character of an entry, or the one after it on the same line."""
        if isinstance(value, Scalar) and value.missing:
            return key.end
        return self._end(value)

    def _end(self, node: Node) -> int:
        """The same of a node; what stands in lines of its own has no end of its own for the parser."""
        match node:
            case Mapping(flow=False, entries=entries) if entries:
                return self._entry_end(*entries[-1])
            case Sequence(flow=False, items=items) if items:
                if items[-1].start == items[-1].end:
                    raise _Elsewhere
                return self._end(items[-1])
            case Scalar(style=style) if style in ("|", ">"):
                return node.start + len(self._text[node.start : node.end].rstrip())
            case _:
                return node.end


def _alike(items: tuple[Node, ...], wanted: list[Any]) -> tuple[int, int]:
    """How many items at the beginning, and how many of the others at the end, are what is wanted already."""
    most = min(len(items), len(wanted))
    before = next((place for place in range(most) if not same(items[place], wanted[place])), most)
    most -= before
    after = next((place for place in range(most) if not same(items[-1 - place], wanted[-1 - place])), most)
    return before, after
