"""The plan of a day, whatever airs: when each daypart is to be on, and which were due and never began.

Law: what is missed follows from the turns and from the revisions that chose them. A daypart is missed when it
was to be on at its start, a turn was chosen after that, and none was of it before it would have ended.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from playout.core.airing import Tail, Turn
from playout.core.daypart import Timeline
from playout.core.rules import Daypart
from playout.core.ticks import TIMEBASE, Ticks
from playout.core.wall import DAY_SECONDS, EPOCH, begins, stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from playout.core.channel import Revision


@dataclass(frozen=True, slots=True)
class Missed:
    """A daypart that never began."""

    daypart: Daypart
    due: Ticks
    turn: Turn
    """What was chosen first after it was due."""


def missed(turns: Sequence[Turn], revision_of: Callable[[Turn], Revision | None]) -> Iterator[Missed]:
    """The dayparts that became due between the turns, which follow each other, and never began; in order."""
    if not turns:
        return
    begun = {(turn.tail.daypart, turn.tail.due) for turn in turns}
    asked = [turn.tail.asked for turn in turns]
    chose = {turn.revision: revision_of(turn) for turn in turns}
    found = [
        Missed(part, due, turns[decided])
        for number, revision in chose.items()
        if revision is not None
        for part, due, stop in _due(revision, asked[0], asked[-1])
        if (part.name, due) not in begun and stop <= turns[-1].end
        if turns[decided := bisect_left(asked, due)].revision == number
    ]
    yield from sorted(found, key=_when)


def _when(one: Missed) -> Ticks:
    return one.due


def _due(revision: Revision, after: Ticks, until: Ticks) -> Iterator[tuple[Daypart, Ticks, Ticks]]:
    """The dayparts that were to begin between two ticks, when, and when they would have ended, if they have an end."""
    timeline = Timeline(revision.rules, revision.clocks, revision.channel.genesis)
    first, last = (timeline.day(tick).toordinal() for tick in (after, until))
    for part in revision.rules.dayparts:
        for ordinal in range(first - 1, last + 1):
            for start, stop in spans(revision, part, ordinal):
                due, end = (Ticks((one - timeline.second(Ticks(0))) * TIMEBASE) for one in (start, stop))
                if after < due <= until and timeline.slot(due, Tail(asked=Ticks(due - 1))).daypart is part:
                    yield part, due, end


def spans(revision: Revision, part: Daypart, ordinal: int) -> Iterator[tuple[int, int]]:
    """From when to when a daypart is planned on a day, in seconds since 1970; of no length when it ends by itself."""
    day = date.fromordinal(ordinal)
    if day.weekday() not in part.days or (part.dates and not any(day in dates for dates in part.dates)):
        return
    midnight, policy = (ordinal - EPOCH) * DAY_SECONDS, revision.rules.clock_change
    if part.stop is None:
        yield from ((one, one) for one in begins(revision.clocks, midnight + part.start, policy))
        return
    found = stretch(revision.clocks, midnight + part.start, midnight + part.stop, policy)
    if found:
        yield found
