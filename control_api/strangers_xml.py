"""The parser for XML that strangers wrote.

Law: nothing is expanded that the bytes do not hold. A document type, and with it every entity of the document's own, is
refused where it begins. Whoever listens bounds size, depth and number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Callable

    Refuse = Callable[[str, int], Exception]
    """What is raised: why, and in which line."""


def parser(refuse: Refuse) -> expat.XMLParserType:
    """A parser, to which handlers of elements and text are to be given; names come as `space name`."""
    made = expat.ParserCreate(namespace_separator=" ")
    made.buffer_text = True

    def typed(*_said: object) -> None:
        raise refuse("a document type is not taken: entities could stand for anything", made.CurrentLineNumber)

    made.StartDoctypeDeclHandler = typed
    return made
