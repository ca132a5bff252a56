"""The live edge of each channel, and that it never goes back.

Law (Forward): neither the edge nor the first sequence number of a channel's playlists ever goes back,
whatever the clock, the log or a new revision does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from playout.core.house import TARGET_DURATION
from playout.core.ticks import TIMEBASE, Ticks, ticks_since
from playout.core.window import end_of, live_edge

if TYPE_CHECKING:
    from playout.core.playlog import Log
    from playout.core.view import OnAir
    from playout.core.window import Library

STALE: Final = TARGET_DURATION * TIMEBASE * 3 // 2
"""For so long after the end of its log a channel's last playlist is still served (D-12, H-20)."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a channel stands."""

    msn: int
    """The newest segment of its playlists."""
    first: int
    """The oldest one."""
    due: datetime | None
    """When the next segment is added; None when the log does not say."""


def instant_of(genesis: datetime, ticks: Ticks) -> datetime:
    """The first instant, in whole microseconds, at which `ticks` have passed since `genesis`."""
    return genesis + timedelta(microseconds=-(-ticks * 100 // 9))


class Edges:
    """The high-water marks of all channels."""

    def __init__(self) -> None:
        self._high: dict[str, tuple[int, int]] = {}
        """By channel id: the newest and the oldest sequence number that any playlist had."""

    def at(self, on_air: OnAir, library: Library, now: datetime) -> Edge | None:
        """The edge of a channel at `now`; None when there is nothing to list any more, or yet."""
        channel, log = on_air.channel, on_air.log
        tick = ticks_since(channel.genesis, now)
        if not log.airings or tick > log.airings[-1].end + STALE:
            return None
        high, low = self._high.get(channel.id, (-1, 0))
        msn = max(_reached(log, library, tick), high)
        if log.at_msn(msn) is None:
            return None
        first = max(msn - channel.window + 1, low, log.airings[0].first_msn)
        self._high[channel.id] = msn, first
        due = end_of(log, library, msn + 1)
        return Edge(msn, first, None if due is None else instant_of(channel.genesis, due))


def _reached(log: Log, library: Library, now: Ticks) -> int:
    """The live edge at `now`, or the last segment of a log that has ended; -1 before its first."""
    last = log.airings[-1]
    if now >= last.end:
        return last.end_msn - 1
    edge = live_edge(log, library, now)
    return -1 if edge is None else edge
