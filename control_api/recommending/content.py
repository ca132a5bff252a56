"""Which titles are alike by what they are: genres, tags, people, words, kind, language, story and year. Pure.

Each title is a vector. Its parts (genres, tags, …) are weighed by how seldom what is in them is (tf-idf), brought to
one length, and then weighed against each other; how near two titles are is the cosine between them, and how near their
years are. What very many titles have in common (a genre, say) finds no neighbours by itself, as all of them would be:
it only counts among those that were found by something rarer, or among a few of the most popular that have it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from heapq import nlargest
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from control_api.recommending.packed import Near
    from control_api.recommending.works import Library, Work

PARTS: Final = {"genre": 0.28, "tag": 0.14, "people": 0.2, "word": 0.2, "story": 0.06, "kind": 0.04, "language": 0.02}
"""How much each part counts, of 1."""
_YEAR: Final = 0.06
"""And how much the year."""
_YEARS: Final = 15
"""Years after which nothing is left of that."""
_WORDS: Final = 20
"""Words of a title that count: the most telling ones."""
_PEOPLE: Final = 12
_OFTEN: Final = 300
"""What more titles have than that is common."""
_CHOICE: Final = 150
"""Titles that are looked at whole."""
_JOBS: Final = {"director": 1.0, "creator": 1.0, "writer": 0.7, "actor": 0.8}
_OTHER_JOB: Final = 0.3

Feature = tuple[str, str]
Vector = dict[int, float]


class Content:
    """The vectors of a library."""

    def __init__(self, library: Library) -> None:
        """Takes a few seconds for tens of thousands of titles."""
        self._works = library.works
        self._vectors, self._postings = _vectors(library.works)
        self._champions: dict[int, list[int]] = {}

    def near(self, place: int, most: int) -> list[Near]:
        """The titles that are most like the one at this place, the nearest first."""
        mine, found = self._vectors[place], dict[int, float]()
        common: list[int] = []
        for feature, value in mine.items():
            postings = self._postings[feature]
            if len(postings) > _OFTEN:
                common.append(feature)
                continue
            for other, theirs in postings:
                found[other] = found.get(other, 0.0) + value * theirs
        found.pop(place, None)
        choice = [other for _, other in nlargest(_CHOICE, [(near, -other) for other, near in found.items()])]
        some = [-other for other in choice]
        if len(some) < _CHOICE:
            extra = dict.fromkeys(other for feature in common for other in self._champion(feature))
            some += [other for other in extra if other != place and other not in found][: _CHOICE - len(some)]
        return self._judged(place, some, common, found)[:most]

    def _judged(self, place: int, some: Sequence[int], common: Sequence[int], found: Mapping[int, float]) -> list[Near]:
        """How near each of these is, with what is common and the years."""
        mine, year = self._vectors[place], self._works[place].year
        judged = []
        for other in some:
            theirs, near = self._vectors[other], found.get(other, 0.0)
            for feature in common:
                value = theirs.get(feature)
                if value is not None:
                    near += mine[feature] * value
            judged.append((-near - _years(year, self._works[other].year), other))
        return [(other, -near) for near, other in sorted(judged) if near < 0]

    def _champion(self, feature: int) -> list[int]:
        """Some titles that have what is common: those rated best."""
        if feature not in self._champions:
            rated = [(self._works[other].rating, -other) for other, _ in self._postings[feature]]
            self._champions[feature] = [-other for _, other in nlargest(_CHOICE, rated)]
        return self._champions[feature]


def _years(one: int, other: int) -> float:
    return _YEAR * max(0.0, 1 - abs(one - other) / _YEARS) if one and other else 0.0


def _vectors(works: Sequence[Work]) -> tuple[list[Vector], list[list[Near]]]:
    """The vector of each title; and of each feature which titles have it, and how much."""
    held: Counter[Feature] = Counter()
    for work in works:
        held.update(_features(work).keys())
    # what one title alone has brings it near to none
    numbers = {feature: number for number, feature in enumerate(one for one, count in held.items() if count > 1)}
    postings: list[list[Near]] = [[] for _ in numbers]
    vectors: list[Vector] = []
    for place, work in enumerate(works):
        vector = {numbers[feature]: value for feature, value in _weighed(work, held, len(works)) if feature in numbers}
        vectors.append(vector)
        for number, value in vector.items():
            postings[number].append((place, value))
    return vectors, postings


def _features(work: Work) -> dict[Feature, float]:
    """What a title has, and how much of it."""
    found: dict[Feature, float] = {}
    for rank, genre in enumerate(work.genres):
        found["genre", genre] = 1.0 if rank == 0 else 0.7
    for tag in work.tags:
        found["tag", tag] = 1.0
    for rank, (person, job) in enumerate(work.people[:_PEOPLE]):
        worth = _JOBS.get(job, _OTHER_JOB) * (1 / (1 + rank / 6) if job == "actor" else 1.0)
        found["people", person] = max(found.get(("people", person), 0.0), worth)
    for word, count in Counter(work.words).items():
        found["word", word] = 1 + math.log(count)
    for part, value in (("story", work.story), ("kind", work.kind), ("language", work.language)):
        if value:
            found[part, value] = 1.0
    return found


def _weighed(work: Work, held: Mapping[Feature, int], count: int) -> Iterator[tuple[Feature, float]]:
    """The same, each by how seldom it is, and each part with its length."""
    parts: dict[str, list[tuple[Feature, float]]] = defaultdict(list)
    for feature, value in _features(work).items():
        parts[feature[0]].append((feature, value * math.log(1 + count / held[feature])))
    for part, values in parts.items():
        kept = nlargest(_WORDS, values, key=lambda one: (one[1], one[0])) if part == "word" else values
        length = math.sqrt(sum(value * value for _, value in kept))
        for feature, value in kept:
            yield feature, math.sqrt(PARTS[part]) * value / length if length else 0.0
