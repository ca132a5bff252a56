"""What a segment's address claims, and whether it is true.

A segment's address names an asset, a rendition and a number, and where the segment stands: its start on a
timeline and its sequence number. Its bytes are a function of the address and the store alone.

Law: an address is honoured when one of these holds, and is otherwise a 404:

1. On demand: the segment stands at its own place in the asset.
2. Live: the log of a channel at hand has this very segment at this place, and it has begun to be due: it
   airs wholly within the next full segment, so that an origin whose clock lags serves what another lists.
3. Past: it stands before a log at hand of its house, on the grid, where a sequence number may stand. (The
   logs of old days are not read for that: such a segment can give away nothing that is not on demand under
   rule 1, and nothing of what is to come.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from playout.core.house import HOUSES
from playout.core.ticks import Ticks, ticks_since

if TYPE_CHECKING:
    from datetime import datetime

    from playout.core.airing import Airing
    from playout.core.catalog import Item
    from playout.core.house import House
    from playout.core.view import OnAir, View

_FILE: Final = re.compile(r"(0|[1-9][0-9]{0,6})-(0|[1-9][0-9]{0,16})-(0|[1-9][0-9]{0,14})\.(m4s|vtt|ts)")


@dataclass(frozen=True, slots=True)
class Claim:
    """What an address says."""

    asset: str
    rendition: str
    segment: int
    start: Ticks
    """Where it stands on its timeline."""
    sequence: int
    suffix: str


class Standing(Enum):
    """Whether a claim is true: of several answers, the one that stands first here holds."""

    HONOURED = "honoured"
    WITHDRAWN = "withdrawn"
    """It is true, but the asset was pulled off that air."""
    FUTURE = "future"
    FALSE = "false"


def claim(asset: str, rendition: str, file: str) -> Claim | None:
    """What the last part of a segment's address says; None when it is none."""
    found = _FILE.fullmatch(file)
    if found is None:
        return None
    return Claim(asset, rendition, int(found[1]), Ticks(int(found[2])), int(found[3]), found[4])


def standing(view: View, item: Item, claimed: Claim, now: datetime) -> Standing:
    """Whether `claimed`, of a segment that `item` has, is true at `now`."""
    house = HOUSES.get(item.house)
    if house is None or claimed.segment >= item.cuts.segments:
        return Standing.FALSE
    if is_own(item, claimed):
        return Standing.WITHDRAWN if item.id in view.withdrawn else Standing.HONOURED
    end = Ticks(claimed.start + item.cuts.tick(claimed.segment + 1) - item.cuts.tick(claimed.segment))
    found = {on_channel(on_air, item, claimed, now) for on_air in view.airing.get(item.id, ())}
    found.add(_before_logs(view, house, claimed, end))
    return next(standing for standing in Standing if standing in found)


def is_own(item: Item, claimed: Claim) -> bool:
    """Whether a segment, which `item` has, stands at its own place in the asset: rule 1."""
    return claimed.sequence == claimed.segment and claimed.start == item.cuts.tick(claimed.segment)


def is_there(airing: Airing, item: Item, claimed: Claim) -> bool:
    """Whether a segment, which `item` has, is of `airing`, and stands where that has it."""
    return (
        airing.asset == item.id
        and airing.first_msn <= claimed.sequence < airing.end_msn
        and airing.first_msn + claimed.segment - airing.first == claimed.sequence
        and airing.start + item.cuts.tick(claimed.segment) - item.cuts.tick(airing.first) == claimed.start
    )


def on_channel(on_air: OnAir, item: Item, claimed: Claim, now: datetime) -> Standing:
    """Rule 2, for a channel whose log names `item`, at an instant."""
    airing, house = on_air.log.at_msn(claimed.sequence), HOUSES.get(item.house)
    true = airing is not None and is_there(airing, item, claimed)
    if not true or house is None or on_air.channel.house != house.name:
        return Standing.FALSE
    end = claimed.start + item.cuts.tick(claimed.segment + 1) - item.cuts.tick(claimed.segment)
    if end > ticks_since(on_air.channel.genesis, now) + house.segment:
        return Standing.FUTURE
    return Standing.WITHDRAWN if item.id in on_air.withdrawn else Standing.HONOURED


def _before_logs(view: View, house: House, claimed: Claim, end: Ticks) -> Standing:
    """Rule 3, for a claim that ends at a tick."""
    tick, msn = view.begun.get(house.name, (Ticks(0), 0))
    if end > tick or claimed.sequence >= msn or not _plausible(house, claimed):
        return Standing.FALSE
    if claimed.asset not in view.withdrawn:
        return Standing.HONOURED
    played = any(
        claimed.asset not in on_air.withdrawn
        for on_air in view.channels.values()
        if on_air.channel.house == house.name and on_air.log.airings and end <= on_air.log.airings[0].start
    )
    return Standing.HONOURED if played else Standing.WITHDRAWN


def _plausible(house: House, claimed: Claim) -> bool:
    """Whether a sequence number may stand at a tick: segments last from one unit to a full segment."""
    return (
        claimed.start % house.unit == 0
        and claimed.sequence * house.unit <= claimed.start <= claimed.sequence * house.segment
    )
