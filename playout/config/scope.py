"""What a file gives names to: its collections and its holidays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from playout.config.faults import mistake
from playout.config.spelling import quoted
from playout.config.tree import Leaf
from playout.core.catalog import Query
from playout.core.dates import Dates

DEEPEST: Final = 32
"""How many names may lead from one to the next until something is said: people follow no more, nor do we."""


def deeper(name: Leaf, opened: Sequence[str]) -> None:
    """Raises `Mistaken` where `name` would lead on from as many names as there may be."""
    if len(opened) >= DEEPEST:
        message = (
            f"{quoted(name.text)} is reached over {DEEPEST} names, from {quoted(opened[0])} on: say it in fewer steps"
        )
        raise mistake(name.line, message)


def _nothing_saved(name: Leaf) -> tuple[Query, ...]:
    raise mistake(
        name.line,
        f'unknown collection "{name.text}": write {{any: [{name.text}]}} for a tag, or save a query of this name '
        'under "collections"',
    )


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that may stand for something."""

    collection: Callable[[Leaf], tuple[Query, ...]] = _nothing_saved
    """The queries saved under a name, of which any will do; raises `Mistaken` when there are none."""
    holidays: Mapping[str, tuple[Dates, ...]] = field(default_factory=dict)
