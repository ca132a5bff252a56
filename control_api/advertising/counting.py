"""What of the air is told to ad servers, and when. Pure.

Law: what is counted of an airing follows from the airing alone, whenever one looks. An ad that is cut short is told as
far as it aired.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from control_api.advertising.vast import EVENTS
from control_api.air.telling import off_air
from playout.core.airing import Role, breaks_of
from playout.core.ticks import Ticks, instant_at, span_of, ticks_since

if TYPE_CHECKING:
    from control_api.air.telling import Heard

_QUARTERS: Final = dict(zip(EVENTS, (0, 0, 1, 2, 3, 4), strict=True))
_GRID: Final = 1000
"""Milliseconds by which what airs may be shorter than its file: the house has a grid."""
POSITIONS: Final = {"pre": "1", "mid": "2", "post": "3"}
"""BREAKPOSITION, by roll."""


@dataclass(frozen=True, slots=True)
class Aired:
    """One airing of an ad that has begun."""

    channel: str
    asset: str
    at: datetime
    """When its first picture aired, by the clock of the log."""
    length_ms: int
    """How long it airs."""
    roll: str


def begun(heard: Heard, after: int | None, now: datetime) -> tuple[list[Aired], int]:
    """The ads that have begun after this tick of the log, and the tick after which to look next.

    Where nobody has looked yet, what has begun before is not counted.
    """
    tick = ticks_since(heard.genesis, now)
    if after is None or now < heard.begun:
        return [], max(int(tick), after if after is not None else -1)
    found, last = [], after
    gone = off_air([*heard.inherited, *(order for _, order in heard.orders)])
    for turn in heard.turns:
        breaks = breaks_of(turn)
        for airing in turn.airings:
            if not after < airing.start <= tick:
                continue
            last = max(last, int(airing.start))
            at = instant_at(heard.genesis, airing.start)
            pulled = gone.get(airing.asset)
            # of an ad that began in its middle nobody knows what was seen
            if airing.role is not Role.AD or airing.first != 0 or (pulled is not None and pulled <= at):
                continue
            found.append(
                Aired(
                    heard.channel,
                    airing.asset,
                    at,
                    _millis(Ticks(airing.end - airing.start)),
                    breaks[airing.index].roll,
                )
            )
    return found, last


def moments(aired: Aired, duration_ms: int) -> dict[str, datetime]:
    """When each event happens that happens: `duration_ms` is how long the ad would play whole."""
    length = aired.length_ms
    whole = length if length < duration_ms <= length + _GRID else duration_ms
    offsets = {event: whole * quarters // 4 for event, quarters in _QUARTERS.items()}
    return {event: aired.at + timedelta(milliseconds=at) for event, at in offsets.items() if at <= length}


def playhead(offset: timedelta) -> str:
    """HH:MM:SS.mmm, as VAST writes it."""
    millis = offset // timedelta(milliseconds=1)
    minutes, rest = divmod(millis, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _millis(ticks: Ticks) -> int:
    return span_of(ticks) // timedelta(milliseconds=1)
