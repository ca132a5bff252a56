"""Advisory ratings: who gives them, and which of two is the stricter one.

Ratings that nobody here knows are as good as any other, but they can be compared with nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

VCHIP: Final = "VCHIP"
"""American television."""
MPAA: Final = "MPAA"
"""American cinema."""

_SYSTEMS: Final = {
    VCHIP: ("TV-Y", "TV-Y7", "TV-G", "TV-PG", "TV-14", "TV-MA"),
    MPAA: ("G", "PG", "PG-13", "R", "NC-17"),
}
"""From the mildest to the strictest."""
_KNOWN: Final = {value: (name, place) for name, values in _SYSTEMS.items() for place, value in enumerate(values)}


def known(rating: str) -> str:
    """The rating as its system writes it; empty when no system that is known here has it."""
    written = rating.strip().upper().replace("TV-Y7-FV", "TV-Y7")
    return written if written in _KNOWN else ""


def system(rating: str) -> str:
    """Who gives such a rating, `VCHIP` or `MPAA`; empty where that is not known."""
    found = _KNOWN.get(known(rating))
    return found[0] if found else ""


def strictest(ratings: Iterable[str]) -> str:
    """The rating of what has all these in it; empty when one is missing, or when they cannot be compared."""
    different = tuple(dict.fromkeys(ratings))
    if len(different) == 1:
        return different[0]
    places = [_KNOWN.get(known(rating)) for rating in different]
    systems = {place[0] if place else "" for place in places}
    if len(systems) != 1 or "" in systems:
        return ""
    return max(different, key=lambda rating: _KNOWN[known(rating)][1])
