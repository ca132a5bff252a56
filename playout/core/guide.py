"""The guide: what is on, from the same turns that the playlists are made of.

Laws. Guide: what the guide says is on at t is what the manifest plays at t, breaks apart. Tile: an entry
lasts until the next one starts, so there is no gap and no overlap (E-3, E-6).

The turns are those of the log for the past, and of the schedule run ahead for the future; whoever asks
joins them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from playout.core.asset import Kind, Title
from playout.core.ticks import TIMEBASE, Ticks, instant_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from playout.core.airing import Turn
    from playout.core.catalog import Item
    from playout.core.channel import Channel

INTERLUDE: Final = Ticks(600 * TIMEBASE)
"""How long filler or slate may follow a program and still count as its end; more has an entry of its own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One program in the guide, with the breaks in it and after it."""

    channel: str
    """The channel's id."""
    index: int
    """The index of its first airing in the channel's log."""
    start: datetime
    """In UTC."""
    stop: datetime
    """When the next entry starts, in UTC."""
    title: str
    """What is on: the series, where there is one."""
    subtitle: str
    """The title of the episode."""
    description: str
    kind: Kind
    """`FILLER` where no program is on."""
    series: str
    season: int
    """0 where there is none, and for specials."""
    episode: int
    rating: str
    language: str
    """BCP 47; `und` where nobody said."""
    poster: str
    """A file in the asset's folder; empty when there is none."""
    asset: str
    length: Ticks
    """How long the program is without its breaks."""

    @property
    def id(self) -> str:
        """The entry's name: the same whenever the guide is made, and never another's."""
        return f"{self.channel}-{self.index}"


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where an entry starts."""

    start: Ticks
    index: int
    asset: str
    program: Ticks
    """How long its program is, without breaks; 0 where there is none."""


def programmes(turns: Iterable[Turn], library: Callable[[str], Item | None], channel: Channel) -> tuple[Entry, ...]:
    """The entries of `turns`, which follow each other; the last one stops with the last turn.

    `library` answers the item of an asset id. Where it has none, the entry bears the channel's name.
    """
    marks: list[_Mark] = []
    idle: _Mark | None = None
    end = Ticks(0)
    for turn in turns:
        end = turn.end
        mark = _mark(turn)
        if mark.program:
            marks.append(mark)
            idle = None
            continue
        idle = idle or mark
        if not marks or (marks[-1].program and end - idle.start > INTERLUDE):
            marks.append(idle)
    stops = [*(mark.start for mark in marks[1:]), end][: len(marks)]
    return tuple(
        _entry(channel, mark, stop, library(mark.asset) if mark.program else None)
        for mark, stop in zip(marks, stops, strict=True)
    )


def now_next(entries: Sequence[Entry], now: datetime) -> tuple[Entry | None, Entry | None]:
    """What is on at `now`, and what comes after it; `entries` are in the order of time."""
    on = next((entry for entry in entries if entry.start <= now < entry.stop), None)
    after = next((entry for entry in entries if entry.start > now), None)
    return on, after


def _mark(turn: Turn) -> _Mark:
    """Where the entry of a turn starts: with its program, or, without one, at once."""
    parts = turn.program
    if parts is None:
        first = turn.airings[0]
        return _Mark(first.start, first.index, first.asset, Ticks(0))
    first = parts[0]
    length = sum(airing.end - airing.start for airing in turn.airings if airing.role is first.role)
    return _Mark(first.start, first.index, first.asset, Ticks(length))


def _entry(channel: Channel, mark: _Mark, stop: Ticks, item: Item | None) -> Entry:
    about = item.about if item else Title(channel.name, Kind.FILLER, description=channel.description)
    of_series = about.kind is Kind.EPISODE and bool(about.series)
    return Entry(
        channel=channel.id,
        index=mark.index,
        start=instant_at(channel.genesis, mark.start),
        stop=instant_at(channel.genesis, stop),
        title=about.series if of_series else about.title,
        subtitle=about.title if of_series else "",
        description=about.description,
        kind=about.kind,
        series=about.series,
        season=about.season,
        episode=about.episode,
        rating=about.rating,
        language=about.language,
        poster=item.poster if item else "",
        asset=mark.asset,
        length=mark.program or Ticks(stop - mark.start),
    )
