"""Which titles suit a profile: what is like what it liked, unlike what it did not, and not all of one kind. Pure.

Law: nothing is suggested twice, what is alike in all goes by id, and the same is answered to the same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace, nsmallest
from typing import TYPE_CHECKING, Final

from control_api.recommending.suggestions import Reason, Suggestion, Why
from control_api.recommending.taste import weight

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from control_api.recommending.packed import Near
    from control_api.recommending.taste import Said

CANDIDATES: Final = 160
"""Places that are looked at more closely."""
_AGAINST: Final = 0.6
"""What is like something that was not liked loses so much of that likeness."""
_POPULAR: Final = 0.1
"""How much popularity adds to what is as near as can be."""
_SAME_GENRE: Final = 0.94
"""What each one more of the same main genre keeps of its score."""
_SAME_CAUSE: Final = 0.92
"""The same of each one more that is suggested because of the same title."""


@dataclass(frozen=True, slots=True)
class Taste:
    """A title that says something of the profile."""

    title_id: str
    weight: float
    """Below 0: it was not liked."""
    why: Why = Why.WATCHED


@dataclass(frozen=True, slots=True)
class Suited:
    """How well a place suits, and which title says so most."""

    score: float
    because: Taste


@dataclass(frozen=True, slots=True)
class Candidate:
    """A title that may be suggested."""

    title_id: str
    suited: Suited
    popular: float
    genre_id: str | None


def tastes(said: Mapping[str, Said], now: datetime) -> list[Taste]:
    """What a profile likes and does not, by title."""
    judged = {name: weight(one, now) for name, one in said.items()}
    return [
        Taste(name, value, Why.LIKED if said[name].score is not None or said[name].is_favorite else Why.WATCHED)
        for name, value in judged.items()
        if value
    ]


def suited(likes: Iterable[Taste], neighbours: Mapping[str, Iterable[Near]]) -> dict[int, Suited]:
    """The places that are near to what the profile likes, the best of them. No title is liked twice."""
    scores: dict[int, float] = {}
    best: dict[int, tuple[float, Taste]] = {}
    for taste in likes:
        for place, near in neighbours.get(taste.title_id, ()):
            part = taste.weight * near
            if part < 0:
                scores[place] = scores.get(place, 0.0) + _AGAINST * part
                continue
            scores[place] = scores.get(place, 0.0) + part
            if place not in best or part > best[place][0]:
                best[place] = (part, taste)
    found = ((-score, place) for place, score in scores.items() if score > 0 and place in best)
    return {place: Suited(-score, best[place][1]) for score, place in nsmallest(CANDIDATES, found)}


def chosen(candidates: Iterable[Candidate], limit: int) -> list[Suggestion]:
    """The best of them, one after the other; each makes those that are like it in genre or cause a little worse."""
    left = {one.title_id: one for one in candidates}
    most = max((one.suited.score for one in left.values()), default=1.0)
    worth = {one.title_id: one.suited.score + _POPULAR * most * one.popular for one in left.values()}
    genres: Counter[str | None] = Counter()
    causes: Counter[str] = Counter()
    found: list[Suggestion] = []
    # what was worth so much before is worth no more now: only the first one is to be judged anew
    line = [(-value, name) for name, value in worth.items()]
    heapify(line)
    while line and len(found) < limit:
        _, name = line[0]
        one = left[name]
        because = one.suited.because
        now = worth[name] * float(_SAME_GENRE ** genres[one.genre_id] * _SAME_CAUSE ** causes[because.title_id])
        if (-now, name) > line[0]:
            heapreplace(line, (-now, name))
            continue
        heappop(line)
        genres[one.genre_id] += one.genre_id is not None
        causes[because.title_id] += 1
        found.append(Suggestion(name, Reason(because.why, title_id=because.title_id), now))
    return found
