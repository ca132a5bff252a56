"""Where an asset airs: which channels can choose it, and when it is on next. All calls block.

Law: what is told is what origins serve: the log as far as it goes, and after it the schedule run ahead, which is
followed for so many turns and so many seconds at most. Where it ends is told too.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from playout.config.settings import MOST_HORIZON
from playout.core.airing import Role
from playout.core.channel import in_force
from playout.core.schedule import NothingToAir
from playout.core.shelves import between, shelves_of
from playout.core.ticks import instant_at

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from playout.core.airing import Turn
    from playout.core.channel import Revision
    from playout.station import Station

BEHIND: Final = timedelta(minutes=10)
"""How long after it aired somebody may still watch a segment of a live playlist."""
LOGGED: Final = MOST_HORIZON + timedelta(days=1)
"""Farther ahead no log is written: a horizon is reached by the end of a turn, which may be long."""


@dataclass(frozen=True, slots=True)
class Use:
    """A channel that can air an asset."""

    channel: str
    name: str
    revision: int
    as_program: bool
    """Whether its rules ask for it as a program."""
    as_filling: bool
    """Whether they can air it between programs: as ad, bumper or filler."""
    committed: bool
    """Whether it stands in the log from now on, or has just been on."""


@dataclass(frozen=True, slots=True)
class Showing:
    """A time at which an asset is on."""

    channel: str
    name: str
    start: datetime
    stop: datetime
    role: Role
    committed: bool
    """Whether it stands in the log; else the schedule says so as things are now."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """When it is on next, on each channel that can air it."""

    showings: tuple[Showing, ...]
    """The next one of each channel, by time."""
    until: dict[str, datetime]
    """How far was looked on each channel on which none was found."""


def uses(station: Station, asset: str, now: datetime) -> list[Use]:
    """The channels that can air it, by their published revisions."""
    found = []
    for channel in station.channels(now):
        revisions = station.revisions(channel)
        revision = in_force(revisions, now)
        newest = revisions[-1]
        program, filling = _wanted(station, newest, asset)
        is_committed = _in_log(station, channel, frozenset((asset,)), now)
        if program or filling or is_committed:
            found.append(Use(channel, revision.channel.name, newest.number, program, filling, is_committed))
    return found


def committed(station: Station, assets: Collection[str], now: datetime) -> list[str]:
    """The channels that have one of these in their logs, from shortly before now on: what may not be purged yet.

    What their rules would choose besides does not matter: of what is in the bin the engine knows that it is.
    """
    wanted = frozenset(assets)
    return [channel for channel in station.channels(now) if wanted and _in_log(station, channel, wanted, now)]


def ahead(station: Station, asset: str, now: datetime, *, turns: int, days: int, seconds: float) -> Ahead:
    """When it is on next: at most so many turns and days of each channel, and so many seconds of work in all."""
    showings: list[Showing] = []
    until: dict[str, datetime] = {}
    deadline = time.monotonic() + seconds
    for use in uses(station, asset, now):
        found = _next(station, use, asset, now, (turns, now + timedelta(days=days), deadline))
        if isinstance(found, Showing):
            showings.append(found)
        else:
            until[use.channel] = found
    return Ahead(tuple(sorted(showings, key=lambda one: (one.start, one.channel))), until)


def _next(
    station: Station, use: Use, asset: str, now: datetime, bounds: tuple[int, datetime, float]
) -> Showing | datetime:
    """The next time on one channel; else how far was looked."""
    most, stop, deadline = bounds
    genesis = station.revisions(use.channel)[0].channel.genesis
    committed = instant_at(genesis, station.end(use.channel).start)
    seen, looked = now, 0
    try:
        for turn in _turns(station, use.channel, now, stop):
            start = instant_at(genesis, turn.start)
            if start >= stop:
                return stop
            for found in _showings(use, genesis, turn, asset, committed):
                if found.stop > now:
                    return found
            seen, looked = max(seen, start), looked + (start >= now)
            if looked >= most or time.monotonic() > deadline:
                return seen
    except NothingToAir:
        return seen
    return stop


def _turns(station: Station, channel: str, now: datetime, stop: datetime) -> Iterator[Turn]:
    """The turns from `now` on; where the log ended long ago, those since then too, so that whoever asks can give up."""
    end = station.end(channel)
    for turn in station.logged(channel, now, stop):
        if turn.start < end.start:
            yield turn
    yield from station.foreseen(channel, end)


def _showings(use: Use, genesis: datetime, turn: Turn, asset: str, committed: datetime) -> Iterator[Showing]:
    for one in turn.airings:
        if one.asset == asset:
            start, stop = instant_at(genesis, one.start), instant_at(genesis, one.end)
            yield Showing(use.channel, use.name, start, stop, one.role, committed=start < committed)


def _in_log(station: Station, channel: str, assets: frozenset[str], now: datetime) -> bool:
    turns = station.logged(channel, now - BEHIND, now + LOGGED)
    return any(one.asset in assets for turn in turns for one in turn.airings)


def _wanted(station: Station, revision: Revision, asset: str) -> tuple[bool, bool]:
    """Whether the rules ask for it as a program, and between programs."""
    shelves = shelves_of(station.library.catalog)
    place = next((n for n, item in enumerate(shelves.catalog.items) if item.id == asset), None)
    if place is None:
        return False, False
    house, rules = revision.channel.house, revision.rules
    queries = [query for block in rules.blocks for query in between(block) if query is not None]
    return place in shelves.programs(house, rules), place in shelves.of(house, queries)
