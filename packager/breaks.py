"""Where breaks fit: what the side-car says, chapters, and black pictures in silence. Pure.

Laws: what a person wrote is the whole truth, in the order of time; of found places, no two are near each
other, none is near an end, and where two origins agree confidence rises and the black picture tells the
exact place.

All times are source time.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from packager.plan import Wanted
from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packager.source import Chapter

Span = tuple[Ticks, Ticks]
"""From, to."""

NEAR: Final = Ticks(5 * TIMEBASE)
"""Places that are nearer than this are one place."""
EDGE: Final = Ticks(5 * TIMEBASE)
"""No place is found nearer than this to either end."""

SIDECAR: Final = 100
CHAPTER: Final = 75
BLACK: Final = 65
"""Confidence in percent, by origin; a black picture that lasts half a second and more has ten more."""
AGREED: Final = 95
"""Confidence where a chapter and a black picture agree."""

_LONG_BLACK: Final = TIMEBASE // 2
_LONGEST_WINDOW: Final = Ticks(6 * TIMEBASE)
"""How much of a long silence is looked at, at each of its ends."""
_MOST_WINDOWS: Final = 400
_DARK: Final = 20
"""Luma, of 255, up to which a pixel is black: films are grainy."""
_DARK_SHARE: Final = 98
"""Percent of a picture that has to be dark."""


def candidates(
    chapters: Iterable[Chapter],
    told: Sequence[Ticks] | None,
    blacks: Iterable[Span],
    silences: Sequence[Span],
    length: Ticks,
) -> tuple[Wanted, ...]:
    """The places where breaks fit.

    `told` is what the side-car says: when it says anything, even (), nothing else counts.
    """
    if told is not None:
        return tuple(Wanted(tick, SIDECAR, "sidecar") for tick in sorted(set(told)) if 0 < tick < length)
    found = [Wanted(chapter.start, CHAPTER, "chapter") for chapter in chapters]
    for black in blacks:
        for silence in silences:
            start, end = max(black[0], silence[0]), min(black[1], silence[1])
            if start < end:
                sure = BLACK + 10 if black[1] - black[0] >= _LONG_BLACK else BLACK
                found.append(Wanted(Ticks((start + end) // 2), sure, "black"))
    return _apart(place for place in found if EDGE <= place.tick <= length - EDGE)


def _apart(found: Iterable[Wanted]) -> tuple[Wanted, ...]:
    """The surest of places that are near each other; agreement moves a chapter onto the black picture."""
    kept: list[Wanted] = []
    for place in sorted(found, key=lambda place: (-place.confidence, place.tick, place.origin)):
        rivals = [other for other in kept if abs(other.tick - place.tick) < NEAR]
        if not rivals:
            kept.append(place)
            continue
        agreeing = [other for other in rivals if other.origin != place.origin and other.confidence < AGREED]
        if len(rivals) == 1 and agreeing:
            (rival,) = rivals
            black = place if place.origin == "black" else rival
            moved = Wanted(black.tick, AGREED, black.origin)
            others = [other for other in kept if other != rival]
            exact = all(abs(other.tick - moved.tick) >= NEAR for other in others)
            kept = [*others, moved if exact else rival._replace(confidence=AGREED)]
    return tuple(sorted(kept))


def windows(silences: Sequence[Span], length: Ticks) -> list[Span]:
    """Where to look for black, in order: all of a short silence, both ends of a long one."""
    spans: list[Span] = []
    for start, end in sorted(silences):
        if end - start <= 2 * _LONGEST_WINDOW:
            spans.append((start, end))
        else:
            spans += [(start, Ticks(start + _LONGEST_WINDOW)), (Ticks(end - _LONGEST_WINDOW), end)]
    inside = [(max(start, EDGE), min(end, Ticks(length - EDGE))) for start, end in spans]
    return [(start, end) for start, end in inside if start < end][:_MOST_WINDOWS]


def dark(luma: bytes) -> bool:
    """Whether a picture, one byte of luma for each pixel, is black."""
    return sum(value <= _DARK for value in luma) * 100 >= len(luma) * _DARK_SHARE


def runs(pictures: Iterable[tuple[Ticks, bool]], end: Ticks) -> list[Span]:
    """The spans in which pictures, each with the time it is due and whether it is dark, are dark. Pure.

    A picture lasts until the next one; the last one lasts until `end`.
    """
    spans: list[Span] = []
    row = [*pictures, (end, False)]
    for (start, black), (after, _) in pairwise(row):
        if not black or after <= start:
            continue
        if spans and spans[-1][1] == start:
            spans[-1] = (spans[-1][0], after)
        else:
            spans.append((start, after))
    return spans
