"""Which titles the same people watch: item-item neighbours of implicit likes. Pure.

How near two titles are is the cosine between those who like them, shrunk where few like both, so that one viewer
makes no neighbours. A profile's likes weigh less the more it has, and it has no more than `taste.STRONGEST`.
"""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from control_api.recommending.packed import Near
    from control_api.recommending.works import Library

_SHRINK: Final = 6.0
"""So many viewers of both are needed, for it to be half believed."""
_SAMPLE: Final = 600
"""Viewers of a title that are looked at: every second or third or so, where there are more."""


class Together:
    """Who watches what, both ways round."""

    def __init__(self, library: Library) -> None:
        """Takes a second for each million likes."""
        plays, count = library.plays, len(library)
        self._plays = plays
        self._scale = array("f", (1 / math.sqrt(1 + ends - begins) for begins, ends in plays.spans()))
        self.viewers = array("I", bytes(4 * count))
        """How many like each title."""
        self._length = array("d", bytes(8 * count))
        for begins, ends in plays.spans():
            for at in range(begins, ends):
                self.viewers[plays.places[at]] += 1
        self._ends = array("I")
        total = 0
        for some in self.viewers:
            total += some
            self._ends.append(total)
        self._of = array("I", bytes(4 * total))
        self._index()

    def _index(self) -> None:
        """Write for each title who likes it, and how long its vector is."""
        plays, free = self._plays, array("I", self._ends)
        for profile, (begins, ends) in enumerate(plays.spans()):
            scale = self._scale[profile]
            for at in range(begins, ends):
                place = plays.places[at]
                free[place] -= 1
                self._of[free[place]] = profile
                self._length[place] += (plays.weights[at] * scale) ** 2

    def near(self, place: int, most: int) -> list[Near]:
        """The titles that those who like the one at this place like as well, the nearest first."""
        plays, ends = self._plays, self._ends
        begins = ends[place - 1] if place else 0
        step = max(1, -(-(ends[place] - begins) // _SAMPLE))
        sums: dict[int, float] = {}
        counts: dict[int, int] = {}
        for profile in self._of[begins : ends[place] : step]:
            first, last = plays.ends[profile - 1] if profile else 0, plays.ends[profile]
            places, weights = plays.places[first:last], plays.weights[first:last]
            mine = weights[places.index(place)] * self._scale[profile] ** 2
            for other, weight in zip(places, weights, strict=True):
                sums[other] = sums.get(other, 0.0) + mine * weight
                counts[other] = counts.get(other, 0) + 1
        sums.pop(place, None)
        own = self._length[place]
        judged = sorted(
            (-value * step / math.sqrt(own * self._length[other]) * counts[other] / (counts[other] + _SHRINK), other)
            for other, value in sums.items()
            if counts[other] > 1
        )
        return [(other, min(-near, 1.0)) for near, other in judged[:most]]
