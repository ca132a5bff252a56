"""Items that last as long as a test says, for what is counted in minutes and hours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from libraries import HOUSE, cuts, item

from playout.core.asset import BreakPoint, Kind
from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from playout.core.catalog import Item


def lasting(name: str, kind: Kind, seconds: int, **about: object) -> Item:
    """An item that lasts so long, to within a unit; the facts are those of its title."""
    units = seconds * TIMEBASE // HOUSE.unit
    full, rest = divmod(units, HOUSE.segment_units)
    made = replace(item(name, kind, 1), cuts=cuts(*[HOUSE.segment_units] * full, *([rest] if rest else [])))
    made = replace(made, breaks=tuple(BreakPoint(at, Ticks(0), 100, "sidecar") for at in range(160, full, 160)))
    return replace(made, about=replace(made.about, title=name.capitalize(), **about))  # type: ignore[arg-type]
