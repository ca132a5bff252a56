"""What aired, for what was watched of it: the logs of channels, read as far as they are needed. All of it blocks.

Law: what is told of a stretch is what the log says of it; where there is no log, nothing is told.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from control_api.analytics.counting import Aired
from control_api.viewing.playing import instant, millis
from playout.core.airing import Role
from playout.core.ticks import instant_at
from playout.documents import Corrupt
from playout.keys import BadKey
from playout.reports.asrun import withdrawn
from playout.station import UnknownChannel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from playout.core.airing import Turn
    from playout.core.asrun import Pulled
    from playout.station import Station

_log: Final = logging.getLogger("fastline.api")
_AROUND: Final = timedelta(minutes=15)
"""How far around a stretch the log is read: the next looks need that."""
_MILLI: Final = timedelta(milliseconds=1)
MOST: Final = 20_000
"""Airings of one channel that are remembered, at most."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of one log."""

    since: int
    until: int
    air: tuple[Aired, ...]


class Airings:
    """The logs of a station, as far as they were read; a turn in a log never changes."""

    def __init__(self) -> None:
        self._read: dict[str, _Read] = {}

    def of(self, station: Station, stretches: Mapping[str, tuple[int, int]]) -> dict[str, tuple[Aired, ...]]:
        """What aired on each channel in its stretch; what was withdrawn counts as slate. Raises `StoreDown`."""
        found = {}
        for channel, (since, until) in stretches.items():
            try:
                air = self._logged(station, channel, since, until)
                found[channel] = tuple(_slated(air, withdrawn(station, channel)))
            except (UnknownChannel, Corrupt, BadKey) as bad:  # a channel that is gone, or a log that is damaged
                _log.warning("it is not known what aired on %s: %s", channel, bad, extra={"action": "unattributed"})
                found[channel] = ()
        return found

    def _logged(self, station: Station, channel: str, since: int, until: int) -> tuple[Aired, ...]:
        known = self._read.get(channel)
        if known is not None and known.since <= since and until <= known.until:
            return known.air
        genesis = station.revisions(channel)[-1].channel.genesis
        turns = station.logged(channel, instant(since) - _AROUND, instant(until) + _AROUND)
        air = tuple(one for turn in turns for one in _aired(turn, genesis))
        self._read.pop(channel, None)
        if air and len(air) <= MOST:
            self._read[channel] = _Read(since - _AROUND // _MILLI, air[-1].stop, air)
        return air


def _aired(turn: Turn, genesis: datetime) -> Iterator[Aired]:
    """The airings of a turn."""
    program, since = "", 0
    if turn.program is not None:
        program, since = turn.program[0].asset, millis(instant_at(genesis, turn.program[0].start))
    for one in turn.airings:
        start, stop = millis(instant_at(genesis, one.start)), millis(instant_at(genesis, one.end))
        yield Aired(start, stop, one.role.value, one.asset, program, since)


def _slated(air: tuple[Aired, ...], pulled: Mapping[str, Pulled]) -> Iterator[Aired]:
    """The same, with slate from where on something was pulled off air."""
    for one in air:
        order = pulled.get(one.asset)
        at = millis(order.at) if order is not None else one.stop
        if at >= one.stop:
            yield one
            continue
        if at > one.start:
            yield one._replace(stop=at)
        yield Aired(max(at, one.start), one.stop, Role.SLATE.value, one.asset, one.program, one.program_from)
