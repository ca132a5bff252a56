"""What says which titles are alike; ours is a blend of what they are and of who watches them. Pure.

Another model is anything with a `near`, made of a `Library`: see `Model`. A package declares it as an entry point of
the group `fastline.models`, and the setting `recommendation_model` names it.
"""

from __future__ import annotations

import math
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Final, Protocol

from control_api.recommending.content import Content
from control_api.recommending.together import Together

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from control_api.recommending.packed import Near
    from control_api.recommending.works import Library

GROUP: Final = "fastline.models"
NEIGHBOURS: Final = 60
"""Neighbours that are kept of a title."""
_ENOUGH: Final = 5.0
"""So many viewers of a title make who watches it count half of what it can."""
_TOGETHER: Final = 0.95
"""What it can count at most, of 1."""
_UNKNOWN: Final = 0.2
"""What a title that nobody has watched keeps of a likeness, of 1."""


class Model(Protocol):
    """Says which titles are near to one. Made of a library; asked for each of its titles, in any order.

    Law: the same library makes the same answers, on every machine.
    """

    def near(self, place: int, most: int) -> Sequence[Near]:
        """At most so many titles that are near to the one at this place, each from 0 to 1, the nearest first."""


class Unknown(Exception):
    """No model is called so. Says which there are."""


class Blend:
    """What titles are, and who watches them: the more viewers a title has, the more these say of it.

    Of titles that are alike by what they are, those that are watched more count more: a likeness finds very many.
    """

    def __init__(self, library: Library) -> None:
        self._content, self._together = Content(library), Together(library)
        most = math.log1p(max(self._together.viewers, default=1) or 1)
        self._known = [_UNKNOWN + (1 - _UNKNOWN) * math.log1p(count) / most for count in self._together.viewers]

    def near(self, place: int, most: int) -> list[Near]:
        """Both, each measured by its nearest."""
        together, content = self._together.near(place, 2 * most), self._content.near(place, 2 * most)
        content = [(other, near * self._known[other]) for other, near in content]
        viewers = self._together.viewers[place]
        share = _TOGETHER * viewers / (viewers + _ENOUGH) if together else 0.0
        found: dict[int, float] = {}
        for some, part in ((content, 1 - share), (together, share)):
            best = max((near for _, near in some), default=1.0)
            for other, near in some:
                found[other] = found.get(other, 0.0) + part * near / best
        judged = sorted((-near, other) for other, near in found.items())
        return [(other, -near) for near, other in judged[:most]]


_OURS: Final[dict[str, Callable[[Library], Model]]] = {"blend": Blend, "content": Content, "together": Together}


def named(name: str) -> Callable[[Library], Model]:
    """What makes the model of this name. Raises `Unknown`."""
    if name in _OURS:
        return _OURS[name]
    declared = {one.name: one for one in entry_points(group=GROUP)}
    if name not in declared:
        message = f"no model is called {name!r}; there are {', '.join(sorted({*_OURS, *declared}))}"
        raise Unknown(message)
    made: Callable[[Library], Model] = declared[name].load()
    return made
