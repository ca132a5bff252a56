"""Filling a gap to the unit: which of some items add up to it best.

Law: the items that are chosen are together never longer than the gap, and no other choice among those that
were looked at leaves less of it; of equal ones, those win whose turn it is sooner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

LOOKED_AT: Final = 48
"""Items that are considered for one gap: enough to hit almost any, and cheap."""


def best_fit(lengths: Sequence[int], gap: int) -> list[int]:
    """The places in `lengths` of the items that fill `gap` best, in order. All are counted in units.

    Bit n of a reach is set when some of the items before add up to n: one shift an item.
    """
    reaches = [1]
    mask = (1 << gap + 1) - 1
    for length in lengths[:LOOKED_AT]:
        reach = reaches[-1] | reaches[-1] << length & mask
        reaches.append(reach)
        if reach >> gap & 1:
            break
    total = reaches[-1].bit_length() - 1
    chosen: list[int] = []
    for place in range(len(reaches) - 2, -1, -1):
        if not reaches[place] >> total & 1:  # not without this one
            chosen.append(place)
            total -= lengths[place]
    chosen.reverse()
    return chosen
