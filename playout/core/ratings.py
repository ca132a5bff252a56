"""Advisory ratings: who gives them, which of two is the stricter one, and for what age each is.

Ratings that nobody here knows are as good as any other, but they can be compared with nothing.
"""

from __future__ import annotations

import re
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
_AGES: Final = {
    # American television and cinema; what is for all with their parents beside them is for those who are eight
    "TV-Y": 0, "TV-Y7": 7, "TV-G": 0, "TV-PG": 10, "TV-14": 14, "TV-MA": 17,
    "G": 0, "PG": 8, "PG-13": 13, "R": 17, "NC-17": 18, "X": 18, "XXX": 18,
    # the United Kingdom and Ireland (BBFC, IFCO), India (CBFC)
    "U": 0, "UC": 0, "R18": 18, "UA": 12,
    # Canada, Australia and New Zealand
    "C": 0, "C8": 8, "P": 0, "M": 15, "MA": 15, "RP13": 13, "RP16": 16, "E": 0,
    # "for all" in Brazil, the Netherlands, France, Spain, Portugal, Italy, Sweden, Finland, Denmark, Korea, Russia
    "L": 0, "AL": 0, "ALL": 0, "TP": 0, "TOUS PUBLICS": 0, "APTA": 0, "AA": 0, "T": 0, "BTL": 0, "S": 0,
    "LIVRE": 0, "TODOS": 0, "UNIVERSAL": 0,
}  # fmt: skip
"""In years, of ratings that are words. One by which two countries mean different things (`A`) is none of them."""
_GIVERS: Final = re.compile(
    r"^(?:RATED|MPAA|VCHIP|BBFC|IFCO|FSK|USK|PEGI|ICAA|CNC|CSA|NICAM|KIJKWIJZER|DJCTQ|CLASSIND|ACB|OFLC|CBFC|EIRIN|KMRB"
    r"|[A-Z]{2}(?=[:/]))[\s:/_-]*(?=.)"
)
"""What some write before a rating: who gives it, or for which country."""
_YEARS: Final = re.compile(
    r"^(?:(?:VM|PG|R|MA|RP|X|M|AA|A|U/?A|K|B|S|N|MN|AV|D|PRE|INT)[\s/-]*|-)?"
    r"([0-9]{1,2})\s*(?:\+|[APRX]|MA|ANS|ANOS|AÑOS|JAHRE)?\+?$"
)
"""Years, with the letters that countries put before and after them: `12A`, `MA15+`, `VM14`, `-16`, `K-16`."""
_OLDEST: Final = 21
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


def age(rating: str) -> int | None:
    """From which age on what is rated so is for, in years; None where that is not known.

    Numbers are taken as years, whoever gives them. Raises nothing: anything may stand in a rating.
    """
    written = _GIVERS.sub("", " ".join(rating.upper().replace("\u2013", "-").split()).replace("TV-Y7-FV", "TV-Y7"))
    if written in _AGES:
        return _AGES[written]
    found = _YEARS.fullmatch(written)
    return int(found[1]) if found and int(found[1]) <= _OLDEST else None
