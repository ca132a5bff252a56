"""Break points: those that the packager found, and what people say of them. Pure.

Law: a break point is a cut. What is asked for goes to the nearest one, and the distance is kept with it (S-11).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from playout.core.asset import BreakPoint
from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from playout.core.asset import Asset, Cuts

SURE: Final = 100
"""The confidence of what people have decided, in percent."""
PEOPLE: Final = "people"
"""Who found what people have added."""


class BreakState(StrEnum):
    """What people say of a break point."""

    FOUND = "found"
    """Nothing: the packager found it, and it airs."""
    CONFIRMED = "confirmed"
    """It is right."""
    ADDED = "added"
    """They want one here."""
    REJECTED = "rejected"
    """It is wrong, and does not air."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What people say of one cut."""

    segment: int
    state: BreakState
    snapped: Ticks = Ticks(0)  # noqa: RUF009 — an integer


@dataclass(frozen=True, slots=True)
class Point:
    """A break point with what people say of it."""

    point: BreakPoint
    state: BreakState


def points(found: Iterable[BreakPoint], edits: Iterable[Edit]) -> list[Point]:
    """All break points, those that are rejected too, in their order."""
    known = {point.segment: Point(point, BreakState.FOUND) for point in found}
    for edit in edits:
        there = known.get(edit.segment)
        before = there.point if there else BreakPoint(edit.segment, edit.snapped, SURE, PEOPLE)
        confidence = before.confidence if edit.state is BreakState.REJECTED else SURE
        point = BreakPoint(before.segment, before.snapped, confidence, before.origin)
        known[edit.segment] = Point(point, edit.state)
    return [known[segment] for segment in sorted(known)]


def aired(found: Iterable[BreakPoint], edits: Iterable[Edit]) -> tuple[BreakPoint, ...]:
    """Those at which channels may break."""
    return tuple(one.point for one in points(found, edits) if one.state is not BreakState.REJECTED)


def nearest(cuts: Cuts, wanted: Ticks) -> tuple[int, Ticks] | None:
    """The segment that plays after the cut nearest to `wanted`, and how far that moves it: negative when earlier.

    None where the asset has no cut but its two ends. Of two that are equally near the earlier one is taken.
    """
    last = cuts.segments - 1
    if last < 1:
        return None
    at = min(max(cuts.segment(wanted) if 0 <= wanted < cuts.end else (0 if wanted < 0 else last), 0), last)
    near = [segment for segment in (at, at + 1) if 1 <= segment <= last]
    segment = min(near, key=lambda one: (abs(cuts.tick(one) - wanted), one))
    return segment, Ticks(cuts.tick(segment) - wanted)


def millis(ticks: int) -> int:
    """Ticks as whole milliseconds, the nearest."""
    return (2 * ticks * 1000 + TIMEBASE) // (2 * TIMEBASE)


def ticks_of(milliseconds: int) -> Ticks:
    """Milliseconds as ticks."""
    return Ticks(milliseconds * TIMEBASE // 1000)


def cut_list(asset: Asset, first: Ticks, stop: Ticks, most: int) -> Sequence[tuple[int, Ticks]]:
    """The cuts within an asset from `first` until before `stop`, at most so many: each with its segment."""
    cuts = asset.cuts
    begin = max(cuts.segment(max(first, Ticks(0))), 1)
    found = []
    for segment in range(begin, min(begin + most + 1, cuts.segments)):
        tick = cuts.tick(segment)
        if tick >= stop:
            break
        if tick >= first:
            found.append((segment, tick))
    return found[:most]
