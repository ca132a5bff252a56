"""The turns of days gone by, as they lie in the store; kept while they are asked for."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from playout import keys
from playout.core.airing import Turn
from playout.core.ticks import Ticks, instant_at
from playout.documents import Corrupt, decode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from playout.core.view import OnAir
    from playout.origin.site import Site


async def turns_between(site: Site, channel: str, first: datetime, last: datetime) -> list[Turn]:
    """The turns that start on the days of `first` to `last`, by the channel's clock; a mirror's are its parent's.

    One that cannot be read is left out.
    """
    on_air = site.live().channels.get(channel)
    if on_air is not None and on_air.mirror:
        later = on_air.channel.genesis - on_air.logged.genesis
        channel, first, last = on_air.logged.id, first - later, last - later
    named = await asyncio.to_thread(_names, site, channel, first.date(), last.date())
    kept = {key: site.turns.held(key) for key in named}
    fresh = await asyncio.to_thread(_read, site, [key for key, turn in kept.items() if turn is None])
    for key, read in fresh.items():
        site.turns.hold(key, read)
    return [turn for key in named if (turn := kept[key] or fresh.get(key)) is not None]


async def turn_at(site: Site, on_air: OnAir, tick: Ticks) -> Turn | None:
    """The turn of a channel that is on air at `tick`, by bisection; None where the store has none that can be read."""
    channel = on_air.logged
    day = instant_at(channel.genesis, tick).date()
    for date in (day, day - timedelta(days=1)):  # a turn lies under the day on which it starts
        named = await asyncio.to_thread(_names, site, channel.id, date, date)
        low, high = 0, len(named)
        found: Turn | None = None
        while low < high:
            middle = (low + high) // 2
            turn = await _turn(site, named[middle])
            if turn is None:
                return None
            if turn.start <= tick:
                low, found = middle + 1, turn
            else:
                high = middle
        if found is not None:
            return found if tick < found.end else None
    return None


async def _turn(site: Site, key: str) -> Turn | None:
    kept = site.turns.held(key)
    if kept is None:
        kept = (await asyncio.to_thread(_read, site, [key])).get(key)
        if kept is not None:
            site.turns.hold(key, kept)
    return kept


def _names(site: Site, channel: str, first: date, last: date) -> list[str]:
    """The keys of the turns of some days, in order; blocks."""
    days = [(first + timedelta(days=k)).isoformat() for k in range((last - first).days + 1)]
    folders = [keys.log_day(channel, day) for day in days]
    return [f"{folder}/{name}" for folder in folders for name in site.store.names(folder)]


def _read(site: Site, named: Iterable[str]) -> dict[str, Turn]:
    """Read turns; blocks."""
    found: dict[str, Turn] = {}
    for key in named:
        try:
            found[key] = decode(site.store.read(key) or b"", Turn, key)
        except Corrupt as bad:
            site.measures.alarm(key, str(bad))
    return found
