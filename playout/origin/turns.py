"""The turns of days gone by, as they lie in the store; kept while they are asked for."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from playout import keys
from playout.core.airing import Turn
from playout.documents import Corrupt, decode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

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
