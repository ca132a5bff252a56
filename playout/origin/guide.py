"""The guide of every channel: the log for the past and the present, the schedule run ahead for the future.

Law (Guide): it is made of the same turns as the playlists. It is made anew when the log has grown or a
revision was published, in a worker thread, and otherwise kept.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from playout import keys
from playout.core.airing import Tail
from playout.core.catalog import Catalog
from playout.core.guide import programmes
from playout.core.schedule import NothingToAir, ahead
from playout.core.ticks import Ticks, instant_at, ticks_since
from playout.documents import Corrupt, decode
from playout.origin.site import Listing
from playout.origin.turns import turns_between
from playout.store import StoreDown

if TYPE_CHECKING:
    from datetime import datetime

    from playout.core.airing import Turn
    from playout.core.channel import Revision
    from playout.core.guide import Entry
    from playout.core.view import OnAir, View
    from playout.origin.site import Catalogs, Site
    from playout.store import Store


def catalogs_of(store: Store) -> Catalogs:
    """The catalogs as they lie in the store; the newest few that were asked for are kept."""
    kept: dict[str, Catalog] = {}

    def catalog(revision: Revision) -> Catalog:
        found = kept.get(revision.catalog)
        if found is None:
            key = keys.catalog(revision.catalog)
            found = kept[revision.catalog] = decode(store.read(key) or b"", Catalog, key)
            for old in list(kept)[:-3]:
                kept.pop(old, None)
        return found

    return catalog


async def listings(site: Site, view: View, now: datetime, days: int) -> dict[str, tuple[Entry, ...]]:
    """The entries of every channel by its id: from now to what comes next, or, with `days`, some days both ways."""
    stale = [on_air for on_air in view.channels.values() if _kept(site, on_air, now, days) is None]
    if stale:
        async with site.guiding:
            gone = {on_air: await _gone(site, on_air, now) if days else [] for on_air in stale}
            await asyncio.to_thread(_make, site, view, gone, (now, days))
    return {channel: kept.entries if (kept := site.guide.get((channel, days))) else () for channel in view.channels}


def _stamp(on_air: OnAir, now: datetime) -> tuple[int, int, int]:
    last = on_air.log.turns[-1].index if on_air.log.turns else -1
    return last, on_air.revisions[-1].number, int(now.timestamp()) // 3600


def _kept(site: Site, on_air: OnAir, now: datetime, days: int) -> Listing | None:
    kept = site.guide.get((on_air.channel.id, days))
    return kept if kept is not None and kept.stamp == _stamp(on_air, now) else None


async def _gone(site: Site, on_air: OnAir, now: datetime) -> list[Turn]:
    """The turns of the last days that the log at hand does not have any more."""
    if not on_air.log.turns:
        return []
    since = now - timedelta(days=site.settings.guide_past)
    genesis, first = on_air.channel.genesis, on_air.log.turns[0]
    found = await turns_between(site, on_air.channel.id, since, instant_at(genesis, first.start))
    oldest = ticks_since(genesis, since)
    return [turn for turn in found if turn.index < first.index and turn.end > oldest]


def _make(site: Site, view: View, stale: dict[OnAir, list[Turn]], span: tuple[datetime, int]) -> None:
    """Make the listings that are stale, each with the turns before its log; blocks."""
    now, days = span
    for on_air, gone in stale.items():
        if _kept(site, on_air, now, days) is None:
            turns = (*gone, *on_air.log.turns, *_future(site, on_air, now + timedelta(days=days)))
            entries = programmes(turns, view.library, on_air.channel)
            site.guide[on_air.channel.id, days] = Listing(_stamp(on_air, now), entries)


def _future(site: Site, on_air: OnAir, until: datetime) -> list[Turn]:
    """The turns after the log, as far as they can be computed, until one starts at or after `until`."""
    genesis = on_air.channel.genesis
    stop = ticks_since(genesis, until)
    tail = on_air.log.turns[-1].tail if on_air.log.turns else Tail()
    found: list[Turn] = []
    if on_air.log.turns and on_air.log.turns[-1].start >= stop:
        return found
    try:
        for turn in ahead(on_air.revisions, site.catalogs, tail):
            found.append(turn)
            if turn.start >= stop:
                break
    except (Corrupt, StoreDown, NothingToAir) as bad:
        reached = instant_at(genesis, found[-1].end if found else Ticks(tail.start))
        site.measures.alarm(f"{on_air.channel.id}: guide", f"{bad}; the guide ends at {reached:%Y-%m-%d %H:%M} UTC")
    return found
