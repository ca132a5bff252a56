"""A made-up audience with known tastes: who watches what, when, how much of it, and what they think of it. Pure.

Each title has a place in a ranking by popularity (Zipf's: few are watched by very many) and a mood, which nothing that
is said of it tells. Each viewer likes two genres and two moods, and now and then watches whatever there is, which
they mostly put away soon. So there is something to learn from genres, more from who watches what, and some noise.

Law: the same titles and the same seed make the same audience, and fewer viewers are the beginning of more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Thing = TypeVar("Thing")

MOODS: Final = 12
DAYS: Final = 180
"""How far back they watch."""
_ALL: Final = (1 << 64) - 1
_STEEP: Final = 0.8
_FLAT: Final = 10
_BY_CHANCE: Final = 0.2
_BY_MOOD: Final = 0.75


@dataclass(frozen=True, slots=True)
class Offered:
    """A title that may be watched."""

    id: str
    genres: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Viewing:
    """That a viewer watched a title."""

    place: int
    """Of the title, among those that are offered."""
    ago: float
    """How many days ago."""
    share: float
    """How much of it, from 0 to 1."""
    score: int | None = None
    """From 1 to 10; None: they did not say."""
    is_favorite: bool = False


class _Chance:
    """Numbers that follow from one number, and look like chance (SplitMix64; Steele, Lea and Flood, 2014)."""

    def __init__(self, begins: int) -> None:
        self._state = begins

    def random(self) -> float:
        """From 0 up to 1."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _ALL
        mixed = ((self._state ^ (self._state >> 30)) * 0xBF58476D1CE4E5B9) & _ALL
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _ALL
        return ((mixed ^ (mixed >> 31)) >> 11) / (1 << 53)


class _Pile:
    """Titles that are drawn from, each as often as it is popular."""

    def __init__(self, places: Sequence[int], weights: Sequence[float]) -> None:
        self._places = places
        self._sums = list(accumulate(weights[place] for place in places))

    def drawn(self, chance: float) -> int:
        """One of them."""
        return self._places[min(bisect_right(self._sums, chance * self._sums[-1]), len(self._places) - 1)]


class Audience:
    """Viewers of a library, by their numbers."""

    def __init__(self, titles: Iterable[Offered], seed: int) -> None:
        self._titles = list(titles)
        self._seed = seed
        marks = [_digest(f"{seed}/title/{one.id}") for one in self._titles]
        order = sorted(range(len(marks)), key=lambda place: marks[place])
        weights = [0.0] * len(marks)
        for rank, place in enumerate(order):
            weights[place] = (rank + _FLAT) ** -_STEEP
        self.moods = [mark % MOODS for mark in marks]
        """The mood of each title."""
        piles: dict[tuple[str, int], list[int]] = defaultdict(list)
        for place, one in enumerate(self._titles):
            for genre in one.genres:
                piles[genre, -1].append(place)
                piles[genre, self.moods[place]].append(place)
        self.genres = sorted({genre for one in self._titles for genre in one.genres})
        self._piles = {key: _Pile(places, weights) for key, places in piles.items()}
        self._all = _Pile(range(len(self._titles)), weights)

    def tastes(self, number: int) -> tuple[list[str], list[int]]:
        """The genres and the moods that a viewer likes, the one that they like more first."""
        chance = _Chance(_digest(f"{self._seed}/taste/{number}"))
        return _two(chance, self.genres), _two(chance, range(MOODS))

    def viewer(self, number: int, count: int) -> list[Viewing]:
        """What a viewer has watched, the oldest first: about so much, and nothing twice."""
        genres, moods = self.tastes(number)
        chance = _Chance(_digest(f"{self._seed}/viewer/{number}"))
        times = sorted(chance.random() * DAYS for _ in range(max(1, round(count * (0.5 + chance.random())))))
        found: list[Viewing] = []
        seen: set[int] = set()
        for ago in reversed(times):
            place = self._drawn(chance, genres, moods)
            if place not in seen:
                seen.add(place)
                found.append(self._watched(chance, place, ago, self._likes(place, genres, moods)))
        return found

    def _drawn(self, chance: _Chance, genres: Sequence[str], moods: Sequence[int]) -> int:
        turn, first, by_mood = chance.random(), chance.random() < 0.65, chance.random() < _BY_MOOD  # noqa: PLR2004 — two of three times what they like more
        if turn < _BY_CHANCE or not genres:
            return self._all.drawn(chance.random())
        genre = genres[0 if first else -1]
        mood = moods[0 if chance.random() < 0.65 else -1] if by_mood else -1  # noqa: PLR2004 — the same
        return self._piles.get((genre, mood), self._piles[genre, -1]).drawn(chance.random())

    def _likes(self, place: int, genres: Sequence[str], moods: Sequence[int]) -> float:
        """How much a viewer likes a title, from 0 to 1."""
        is_theirs = not set(genres).isdisjoint(self._titles[place].genres)
        return 0.5 * is_theirs + 0.5 * (self.moods[place] in moods)

    @staticmethod
    def _watched(chance: _Chance, place: int, ago: float, likes: float) -> Viewing:
        stays = chance.random() < 0.25 + 0.7 * likes
        share = min(1.0, 0.5 + 0.8 * chance.random()) if stays else 0.02 + 0.3 * chance.random()
        said, spread = chance.random(), chance.random()
        score = min(10, max(1, round(2 + 6.5 * likes + 3 * (spread - 0.5)))) if said < 0.25 else None  # noqa: PLR2004 — one of four says so
        return Viewing(place, ago, share, score, is_favorite=likes == 1.0 and said > 0.88)  # noqa: PLR2004 — one of eight


def _two(chance: _Chance, some: Sequence[Thing]) -> list[Thing]:
    """Two different ones, or as many as there are."""
    left = list(some)
    return [left.pop(int(chance.random() * len(left))) for _ in range(min(2, len(left)))]


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
