"""Filling a gap to the unit: which of some items add up to it best.

Law: the items that are chosen are together never longer than the gap, and no other choice among those that
were offered leaves less of it; of equal ones, those win whose turn it is sooner.
"""

from __future__ import annotations

from typing import Final


class Fit:
    """A gap, and the lengths that may fill it; all counted in units.

    Bit n of a reach is set when some of the lengths offered so far add up to n: one shift for each.
    """

    def __init__(self, gap: int) -> None:
        self.gap: Final = gap
        self.exact = gap == 0
        """Whether some of the lengths add up to the gap."""
        self._mask: Final = (1 << gap + 1) - 1
        self._lengths: list[int] = []
        self._reaches = [1]

    def offer(self, length: int) -> None:
        """Consider one more item."""
        reach = self._reaches[-1]
        reach |= reach << length & self._mask
        self._lengths.append(length)
        self._reaches.append(reach)
        self.exact = bool(reach >> self.gap & 1)

    def chosen(self) -> list[int]:
        """The places, in the order of the offers, of the items that fill the gap best."""
        total = self._reaches[-1].bit_length() - 1
        places: list[int] = []
        for place in range(len(self._lengths) - 1, -1, -1):
            if not self._reaches[place] >> total & 1:  # not without this one
                places.append(place)
                total -= self._lengths[place]
        places.reverse()
        return places
