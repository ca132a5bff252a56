"""Ratings: as the assets have them, with the common ones known by heart.

Any rating may be written, for every country has its own. One that is a known one but for its punctuation is
refused: a watershed for `TVMA` would hold for no program, and nobody would be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from playout.config.faults import mistake
from playout.config.record import leaf
from playout.config.spelling import quoted
from playout.config.word import plain
from playout.config.words import SCALAR, cleaned
from playout.core.catalog import UNRATED

if TYPE_CHECKING:
    from playout.config.tree import Node

_KNOWN: Final = ["G", "PG", "PG-13", "R", "NC-17", "TV-Y", "TV-Y7", "TV-Y7-FV", "TV-G", "TV-PG", "TV-14", "TV-MA"]
"""Of the Motion Picture Association and of American television."""
_MEANT: Final = {known.replace("-", ""): known for known in _KNOWN} | {"NR": UNRATED, "NOTRATED": UNRATED}


def _rating(node: Node) -> str:
    written = cleaned(leaf(node, "a rating").text)
    if not written:
        raise mistake(node.line, f"a rating is empty: write one like PG or TV-14, or {UNRATED}")
    upper = written.upper()
    if upper in _KNOWN:
        return upper
    near = _MEANT.get("".join(c for c in upper if c.isalnum()))
    if near is not None:
        raise mistake(node.line, f'unknown rating {quoted(written)}, did you mean "{near}"?')
    return UNRATED if upper == UNRATED.upper() else written


rating: Final = plain(_rating, {**SCALAR, "examples": [*_KNOWN, UNRATED]})
"""A rating as assets have it; `unrated` for none."""
