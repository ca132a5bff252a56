"""A stretch of a channel's log, and finding one's place in it.

Law (Join): neighbours join without a gap or an overlap. A log that does not is never made: `Log.after`
raises `BrokenLog`, and whoever followed it keeps the last good one.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from playout.core.airing import Airing, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from playout.core.ticks import Ticks


class BrokenLog(Exception):
    """Two neighbours in a log do not join, or a turn contradicts itself."""


def faults(airings: Sequence[Airing]) -> list[str]:
    """Every place where `airings` break the law; empty when there is none."""
    found = [
        f"airing {airing.index} of {airing.asset} is empty"
        for airing in airings
        if airing.stop <= airing.first or airing.end <= airing.start
    ]
    for one, two in pairwise(airings):
        if two.index != one.index + 1:
            found.append(f"airing {one.index} is followed by {two.index}")
        if two.start != one.end:
            found.append(f"airing {two.index} starts at {two.start}, but {one.index} ends at {one.end}")
        if two.first_msn != one.end_msn:
            found.append(f"airing {two.index} has MSN {two.first_msn}, but {one.index} ends before {one.end_msn}")
    return found


def turn_faults(turn: Turn) -> list[str]:
    """What is wrong with a turn in itself: its airings, and the tail that must follow from them."""
    if not turn.airings:
        return ["the turn has no airing"]
    last = turn.airings[-1]
    found = faults(turn.airings)
    if (turn.tail.index, turn.tail.start, turn.tail.msn) != (last.index + 1, last.end, last.end_msn):
        found.append(f"the tail after airing {last.index} does not follow from it")
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """Some turns of a channel that follow each other."""

    turns: tuple[Turn, ...] = ()
    airings: tuple[Airing, ...] = ()
    """Those of the turns, in order."""

    @classmethod
    def of(cls, turns: Iterable[Turn]) -> Log:
        """The log made of `turns`; raises `BrokenLog` when they do not join."""
        log = cls()
        for turn in turns:
            log = log.after(turn)
        return log

    def after(self, turn: Turn) -> Log:
        """This log with `turn` at its end; raises `BrokenLog` when it does not join."""
        found = turn_faults(turn)
        if self.airings and not found:
            found = faults((self.airings[-1], turn.airings[0]))
        if found:
            raise BrokenLog("; ".join(found))
        return Log((*self.turns, turn), (*self.airings, *turn.airings))

    def since(self, tick: Ticks) -> Log:
        """This log without the turns that end at or before `tick`; the last turn always stays."""
        kept = next((k for k, turn in enumerate(self.turns) if turn.end > tick), len(self.turns) - 1)
        if kept <= 0:
            return self
        turns = self.turns[kept:]
        return Log(turns, tuple(airing for turn in turns for airing in turn.airings))

    def until(self, index: int) -> Log:
        """The turns before the one whose first airing is `index`."""
        turns = tuple(turn for turn in self.turns if turn.index < index)
        return Log(turns, tuple(airing for turn in turns for airing in turn.airings))

    def at_tick(self, tick: Ticks) -> Airing | None:
        """What is on air at `tick`."""
        at = bisect_right(self.airings, tick, key=_start) - 1
        return self.airings[at] if at >= 0 and tick < self.airings[at].end else None

    def at_msn(self, msn: int) -> Airing | None:
        """The airing in which the segment with media sequence number `msn` lies."""
        at = bisect_right(self.airings, msn, key=_first_msn) - 1
        return self.airings[at] if at >= 0 and msn < self.airings[at].end_msn else None

    def between(self, first_msn: int, stop_msn: int) -> tuple[Airing, ...]:
        """The airings with a segment from `first_msn` up to, not including, `stop_msn`."""
        low = max(bisect_right(self.airings, first_msn, key=_first_msn) - 1, 0)
        high = bisect_right(self.airings, stop_msn - 1, key=_first_msn)
        return self.airings[low:high]


def _start(airing: Airing) -> Ticks:
    return airing.start


def _first_msn(airing: Airing) -> int:
    return airing.first_msn
