"""What a file gives names to: its collections and its holidays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from playout.config.faults import mistake
from playout.config.tree import Leaf
from playout.core.catalog import Query
from playout.core.dates import Dates


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
