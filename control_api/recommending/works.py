"""What models are given: the titles that may be suggested, and who has watched what of them. Pure.

Law: titles are in the order of their ids, and all else names a title by its place in that order.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from control_api.recommending.taste import STRONGEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Likes = tuple[int, float]
"""The place of a title, and how much speaks for it."""

LEAST: Final = 0.1
"""What weighs less than that says nothing of who watches what together."""


@dataclass(frozen=True, slots=True)
class Work:
    """A title, by what it is like others."""

    id: str
    kind: str = ""
    year: int = 0
    language: str = ""
    genres: tuple[str, ...] = ()
    """Ids, the main one first."""
    tags: tuple[str, ...] = ()
    people: tuple[tuple[str, str], ...] = ()
    """Who is credited, and with which job, in order."""
    story: str = ""
    words: tuple[str, ...] = ()
    """Folded, of its names and texts, as often as they stand there."""
    rating: float = 0.0
    """From 0 to 1: what audiences think, drawn to the middle where few said so."""


@dataclass(slots=True)
class Plays:
    """What each profile likes, packed: of 100 000 profiles and 3 000 000 likes it takes 24 MB."""

    places: array[int] = field(default_factory=lambda: array("I"))
    weights: array[float] = field(default_factory=lambda: array("f"))
    ends: array[int] = field(default_factory=lambda: array("I"))
    """Where the likes of each profile end."""

    def add(self, likes: Iterable[Likes]) -> None:
        """Add those of one more profile: its strongest ones, and nothing that it does not like."""
        some = sorted(((place, value) for place, value in likes if value >= LEAST), key=lambda one: (-one[1], one[0]))
        for place, value in some[:STRONGEST]:
            self.places.append(place)
            self.weights.append(value)
        self.ends.append(len(self.places))

    def __len__(self) -> int:
        """How many profiles there are."""
        return len(self.ends)

    def spans(self) -> Iterator[tuple[int, int]]:
        """Of each profile where its likes begin and end."""
        begins = 0
        for ends in self.ends:
            yield begins, ends
            begins = ends


@dataclass(frozen=True, slots=True)
class Library:
    """All that may be suggested."""

    works: Sequence[Work]
    plays: Plays

    def __len__(self) -> int:
        """How many titles there are."""
        return len(self.works)
