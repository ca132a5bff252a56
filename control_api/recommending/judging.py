"""How good suggestions are: what somebody watched next is hidden, and looked for among what they are suggested. Pure.

Of each profile with enough likes the last one is held out. Ours is asked for ten titles by all before it, and so is the
popularity among all that was not held out, which is the baseline. *Hit rate at 10* is how often the hidden title is
among the ten; *NDCG at 10* counts a hit at rank r as 1 / log2(r + 1), so that the first rank counts most
(Järvelin and Kekäläinen, 2002).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from control_api.recommending.model import NEIGHBOURS
from control_api.recommending.ranking import Candidate, Taste, chosen, suited
from control_api.recommending.works import Library, Plays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from control_api.recommending.model import Model
    from control_api.recommending.packed import Near
    from control_api.recommending.works import Work

AT: Final = 10
_ENOUGH: Final = 5
"""Likes of a profile that is judged by."""
_LATELY: Final = 60
"""Titles of a profile of which account is taken, as when it is answered."""

Told = tuple[int, float]
"""The place of a title and how much it was liked, in the order of time; below 0: it was not."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How good one way of suggesting is."""

    hit_rate: float
    ndcg: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Ours beside the baseline."""

    profiles: int
    """How many were asked for."""
    ours: Judged
    popularity: Judged


def judge(
    works: Sequence[Work], told: Iterable[Sequence[Told]], made: Callable[[Library], Model], most: int = 2000
) -> Verdict:
    """Judge a model by these profiles: it is made of all of them, and asked for at most so many."""
    plays, popular = Plays(), Counter[int]()
    known: list[tuple[Sequence[Told], int]] = []
    for profile in told:
        liked = [place for place, value in profile if value > 0]
        kept, hidden = (profile, -1) if len(liked) < _ENOUGH else _split(profile)
        plays.add((place, value) for place, value in kept)
        popular.update(place for place, value in kept if value > 0)
        known.append((kept, hidden))
    model = made(Library(works, plays))
    best = [place for place, _ in sorted(popular.items(), key=lambda one: (-one[1], one[0]))]
    asked = [(kept, hidden) for kept, hidden in known if hidden >= 0]
    asked = asked[:: max(1, len(asked) // most)][:most]
    neighbours: dict[int, Sequence[Near]] = {}
    ranks: list[int | None] = []
    plain: list[int | None] = []
    for kept, hidden in asked:
        seen = {place for place, _ in kept}
        plain.append(_rank(hidden, [place for place in best[: AT + len(seen)] if place not in seen]))
        for place, _ in kept[-_LATELY:]:
            if place not in neighbours:
                neighbours[place] = model.near(place, NEIGHBOURS)
        ranks.append(_rank(hidden, _suggested(works, kept, neighbours, popular, best)))
    return Verdict(len(asked), _judged(ranks), _judged(plain))


def _split(profile: Sequence[Told]) -> tuple[Sequence[Told], int]:
    """What was before the last that was liked, and that."""
    last = max(at for at, (_, value) in enumerate(profile) if value > 0)
    return [one for one in profile[:last] if one[0] != profile[last][0]], profile[last][0]


def _suggested(
    works: Sequence[Work],
    kept: Sequence[Told],
    neighbours: dict[int, Sequence[Near]],
    popular: Counter[int],
    best: Sequence[int],
) -> list[int]:
    """What is suggested by what a profile is known for; what is missing of ten is popular."""
    seen = {place for place, _ in kept}
    likes = [Taste(works[place].id, value) for place, value in kept[-_LATELY:]]
    near = {works[place].id: neighbours[place] for place, _ in kept[-_LATELY:]}
    most = max(popular.values(), default=1)
    places = {works[place].id: place for place in suited(likes, near) if place not in seen}
    found = chosen(
        (
            Candidate(works[place].id, one, popular[place] / most, (works[place].genres or (None,))[0])
            for place, one in suited(likes, near).items()
            if place not in seen
        ),
        AT,
    )
    ours = [places[one.title_id] for one in found]
    return (ours + [place for place in best[: 2 * AT + len(seen)] if place not in seen and place not in ours])[:AT]


def _rank(hidden: int, suggested: Sequence[int]) -> int | None:
    """At which rank the hidden title is, from 1; None: it is not among the first ten."""
    return suggested.index(hidden) + 1 if hidden in suggested[:AT] else None


def _judged(ranks: Sequence[int | None]) -> Judged:
    hits = [rank for rank in ranks if rank is not None]
    count = max(len(ranks), 1)
    return Judged(len(hits) / count, sum(1 / math.log2(rank + 1) for rank in hits) / count)
