"""From an instant to segments: the live edge, and the stretch of air behind it.

Laws. Edition: what a playlist lists is a function of the log, the assets and the edge. Forward: the edge
grows with the instant, and the first media sequence number with the edge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playout.core.airing import Airing
from playout.core.catalog import Item
from playout.core.ticks import Ticks

if TYPE_CHECKING:
    from playout.core.playlog import Log

Library = Callable[[str], Item | None]
"""Answers the item of an asset id."""


class UnknownAsset(LookupError):
    """The log names an asset whose cuts nobody has: its catalog is missing."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Segments of one airing that follow each other."""

    airing: Airing
    item: Item
    first: int
    """The asset's number of the first segment."""
    msn: int
    """The first segment's media sequence number."""
    boundaries: list[Ticks]
    """Where each segment starts since genesis, and where the last one ends."""


def _item(airing: Airing, library: Library) -> Item:
    item = library(airing.asset)
    if item is None:
        message = f"airing {airing.index} is of asset {airing.asset}, which no catalog at hand has"
        raise UnknownAsset(message)
    return item


def live_edge(log: Log, library: Library, now: Ticks) -> int | None:
    """The newest segment that has wholly aired at tick `now`: the last of a live playlist (H-25).

    None before the first segment of `log` has aired, or when `now` lies outside `log`.
    """
    airing = log.at_tick(now)
    if airing is None:
        ended = bool(log.airings) and now == log.airings[-1].end
        return log.airings[-1].end_msn - 1 if ended else None
    cuts = _item(airing, library).cuts
    on_air = cuts.segment(Ticks(cuts.tick(airing.first) + now - airing.start))
    edge = airing.first_msn + on_air - airing.first - 1
    return edge if edge >= log.airings[0].first_msn else None


def end_of(log: Log, library: Library, msn: int) -> Ticks | None:
    """When segment `msn` ends and so may be listed; None when the log does not reach so far."""
    airing = log.at_msn(msn)
    if airing is None:
        return None
    cuts = _item(airing, library).cuts
    segment = airing.first + msn - airing.first_msn
    return Ticks(airing.start + cuts.tick(segment + 1) - cuts.tick(airing.first))


def stretches(log: Log, library: Library, first_msn: int, last_msn: int) -> list[Stretch]:
    """Segments `first_msn` to `last_msn`, both included, as far as `log` has them."""
    found = []
    for airing in log.between(first_msn, last_msn + 1):
        low = max(first_msn, airing.first_msn)
        high = min(last_msn + 1, airing.end_msn)
        if low >= high:
            continue
        item = _item(airing, library)
        first = airing.first + low - airing.first_msn
        cuts = item.cuts.boundaries(first, first + high - low)
        shift = airing.start - item.cuts.tick(airing.first)
        found.append(Stretch(airing, item, first, low, [Ticks(cut + shift) for cut in cuts]))
    return found
