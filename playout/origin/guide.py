"""The guide of every channel: the log for the past and the present, the schedule run ahead for the future.

Law (Guide): it is made of the same turns as the playlists. A channel's listing is made in a worker thread
and kept while it reaches far enough, until a revision is published: by Fold, a log that grows says nothing new.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

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


_AGE: Final = timedelta(hours=1)
"""For so long a listing of days is kept."""
_GLANCE: Final = 1.0
"""Seconds that whoever asks what is on waits for listings; the rest of them come with the next question."""
_LEAST: Final = timedelta(minutes=1)
"""For so long one is kept that cannot say what comes next."""


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
    """The entries of channels by id: from now to what comes next, or, with `days`, some days both ways.

    They are made channel by channel, and others have their turn between two. When that takes too long, a
    channel keeps the listing that it has; one that has none yet is left out.
    """
    for gone in [key for key in site.guide if key[0] not in view.channels]:
        del site.guide[gone]
    loop = asyncio.get_running_loop()
    patience = site.settings.guide_seconds
    enough = loop.time() + (patience if days else min(patience, _GLANCE))
    for on_air in view.channels.values():
        if _serves(site, on_air, now, days):
            continue
        async with site.guiding:
            if not _serves(site, on_air, now, days):
                before = await _gone(site, on_air, now) if days else []
                made = await asyncio.to_thread(_made, site, view, on_air, before, (now, days))
                site.guide[on_air.channel.id, days] = made
        if loop.time() >= enough:
            break
    return {channel: kept.entries for channel in view.channels if (kept := site.guide.get((channel, days)))}


def _serves(site: Site, on_air: OnAir, now: datetime, days: int) -> bool:
    """Whether the listing that is kept is still good."""
    kept = site.guide.get((on_air.channel.id, days))
    return kept is not None and kept.revision == on_air.revisions[-1].number and now < kept.until


async def _gone(site: Site, on_air: OnAir, now: datetime) -> list[Turn]:
    """The turns of the last days that the log at hand does not have any more."""
    if not on_air.log.turns:
        return []
    since = now - timedelta(days=site.settings.guide_past)
    genesis, first = on_air.channel.genesis, on_air.log.turns[0]
    found = await turns_between(site, on_air.channel.id, since, instant_at(genesis, first.start))
    oldest = ticks_since(genesis, since)
    return [turn for turn in found if turn.index < first.index and turn.end > oldest]


def _made(site: Site, view: View, on_air: OnAir, before: list[Turn], span: tuple[datetime, int]) -> Listing:
    """A channel's listing, with the turns before its log; blocks."""
    now, days = span
    future, whole = _future(site, on_air, now + timedelta(days=days))
    entries = programmes((*before, *on_air.log.turns, *future), view.library, on_air.channel)
    until = now + (_AGE if days else _LEAST)
    if not days and len(entries) > 1:
        until = entries[-1].start  # from then on nothing comes next
    return Listing(on_air.revisions[-1].number, until if whole else now + _LEAST, entries)


def _future(site: Site, on_air: OnAir, until: datetime) -> tuple[list[Turn], bool]:
    """The turns after the log until one starts at or after `until`; and whether all could be computed."""
    genesis = on_air.channel.genesis
    stop = ticks_since(genesis, until)
    tail = on_air.log.turns[-1].tail if on_air.log.turns else Tail()
    found: list[Turn] = []
    if on_air.log.turns and on_air.log.turns[-1].start >= stop:
        return found, True
    try:
        for turn in ahead(on_air.revisions, site.catalogs, tail):
            found.append(turn)
            if turn.start >= stop:
                break
    except (Corrupt, StoreDown, NothingToAir) as bad:
        reached = instant_at(genesis, found[-1].end if found else Ticks(tail.start))
        site.measures.alarm(f"{on_air.channel.id}: guide", f"{bad}; the guide ends at {reached:%Y-%m-%d %H:%M} UTC")
        return found, False
    return found, True
