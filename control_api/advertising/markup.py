"""XML from strangers, as a small tree. Pure.

Law: nothing is expanded that the bytes do not hold. A document type, and with it every entity of the document's own, is
refused where it begins; size, depth, elements and attributes have limits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from control_api import strangers_xml

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST: Final = 1 << 20
"""Bytes of one answer."""
DEEPEST: Final = 40
MOST: Final = 20_000
"""Elements of one answer."""
_ATTRIBUTES: Final = 50


class Unreadable(Exception):
    """It is no XML that is taken. Says why, and in which line."""

    def __init__(self, words: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {words}" if line else words)


@dataclass(slots=True)
class Node:
    """One element. Namespaces are left out: servers write VMAP with three different ones, and VAST with any."""

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    inner: list[Node] = field(default_factory=list)

    def all(self, name: str) -> Iterator[Node]:
        """The elements of this name right within."""
        return (one for one in self.inner if one.name == name)

    def first(self, *path: str) -> Node | None:
        """The first element that this path leads to."""
        found: Node | None = self
        for name in path:
            found = None if found is None else next(found.all(name), None)
        return found

    def said(self, *path: str) -> str:
        """The text there, without the space around it; empty when there is none."""
        found = self.first(*path)
        return "" if found is None else found.text.strip()

    def is_so(self, attribute: str, *, otherwise: bool) -> bool:
        """Whether an attribute says yes."""
        text = self.attributes.get(attribute, "").strip().lower()
        return {"true": True, "1": True, "false": False, "0": False}.get(text, otherwise)


class _Reading:
    """Listens to the parser."""

    def __init__(self) -> None:
        self.parser = strangers_xml.parser(Unreadable)
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._say
        self.root: Node | None = None
        self._open: list[Node] = []
        self._texts: list[list[str]] = []
        self._count = 0

    def refused(self, words: str) -> Unreadable:
        return Unreadable(words, self.parser.CurrentLineNumber)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST:
            msg = f"it has more than {MOST} elements"
            raise self.refused(msg)
        if len(self._open) >= DEEPEST:
            msg = f"elements lie more than {DEEPEST} deep within each other"
            raise self.refused(msg)
        if len(attributes) > _ATTRIBUTES:
            msg = f"an element has more than {_ATTRIBUTES} attributes"
            raise self.refused(msg)
        plain = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        node = Node(name.rpartition(" ")[2], plain, self.parser.CurrentLineNumber)
        if self._open:
            self._open[-1].inner.append(node)
        else:
            self.root = node
        self._open.append(node)
        self._texts.append([])

    def _end(self, _name: str) -> None:
        self._open.pop().text = "".join(self._texts.pop())

    def _say(self, text: str) -> None:
        self._texts[-1].append(text)


def read(data: bytes) -> Node:
    """The root of a document; raises `Unreadable`."""
    if len(data) > LARGEST:
        message = f"it is larger than {LARGEST} bytes"
        raise Unreadable(message)
    reading = _Reading()
    try:
        reading.parser.Parse(data.lstrip(), True)
    except expat.ExpatError as error:
        msg = f"it is no XML: {expat.ErrorString(error.code)}"
        raise reading.refused(msg) from error
    except (ValueError, LookupError) as error:  # an encoding that nobody knows
        message = "its encoding is not known"
        raise Unreadable(message) from error
    if reading.root is None:
        message = "it is empty"
        raise Unreadable(message)
    return reading.root
