"""The guide of every channel: the log for the past and the present, the schedule run ahead for the future.

Law (Guide): it is made of the same turns as the playlists. A channel's listing is made in a worker thread
and kept while it reaches far enough, until a revision is published: by Fold, a log that grows says nothing new.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from playout.catalogs import read_catalog
from playout.core.derived import foreseen
from playout.core.guide import MARGIN, programmes, showings
from playout.core.schedule import NothingToAir
from playout.core.ticks import Ticks, instant_at, ticks_since
from playout.core.window import UnknownAsset
from playout.documents import Corrupt
from playout.origin.site import Listing
from playout.origin.turns import turns_between
from playout.store import StoreDown

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from playout.core.airing import Turn
    from playout.core.catalog import Catalog, Item
    from playout.core.channel import Revision
    from playout.core.guide import Part
    from playout.core.view import OnAir, View
    from playout.origin.site import Catalogs, Site
    from playout.store import Store


_AGE: Final = timedelta(hours=1)
"""For so long a listing of days is kept."""
_GLANCE: Final = 1.0
"""Seconds that whoever asks what is on waits for listings; the rest of them come with the next question."""
_MOST: Final = 20_000
"""So many turns a channel's guide looks ahead: a fortnight of clips of a minute."""
_LEAST: Final = timedelta(minutes=1)
"""For so long one is kept that cannot say what comes next."""


def catalogs_of(store: Store) -> Catalogs:
    """The catalogs as they lie in the store; the newest few that were asked for are kept."""
    kept: dict[str, Catalog] = {}

    def catalog(revision: Revision) -> Catalog:
        found = kept.get(revision.catalog)
        if found is None:
            found = kept[revision.catalog] = read_catalog(store, revision.catalog, kept.get).catalog
            for old in list(kept)[:-3]:
                kept.pop(old, None)
        return found

    return catalog


async def glances(site: Site, view: View, now: datetime) -> dict[str, tuple[Part, ...]]:
    """The programs of channels by id, from now to what comes next, one by one."""
    await _make(site, view, now, 0)
    return {channel: kept.parts for channel in view.channels if (kept := site.guide.get((channel, 0)))}


async def listings(site: Site, view: View, now: datetime) -> dict[str, Listing]:
    """The guides of channels by id, as many days both ways as is set.

    When they take too long, a channel keeps the listing that it has; one that has none yet is left out.
    """
    days = site.settings.guide_days
    await _make(site, view, now, days)
    return {channel: kept for channel in view.channels if (kept := site.guide.get((channel, days)))}


async def _make(site: Site, view: View, now: datetime, days: int) -> None:
    """Make what is out of date, channel by channel, as long as there is time; others have their turn between two."""
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
                key = (on_air.channel.id, days)
                site.guide[key] = await (
                    _listing(site, view, on_air, now) if days else _glance(site, view, on_air, now)
                )
        if loop.time() >= enough:
            break


def _serves(site: Site, on_air: OnAir, now: datetime, days: int) -> bool:
    """Whether the listing that is kept is still good."""
    kept = site.guide.get((on_air.channel.id, days))
    return kept is not None and kept.edition == _edition(on_air) and now < kept.until


def _edition(on_air: OnAir) -> tuple[int, ...]:
    """The newest revisions that have a say in what a channel airs: its own, and those of what it repeats."""
    return (on_air.revisions[-1].number, *(_edition(on_air.parent) if on_air.parent else ()))


async def _glance(site: Site, view: View, on_air: OnAir, now: datetime) -> Listing:
    """What is on now, and what comes next."""
    future, whole = await asyncio.to_thread(_future, site, view, on_air, now)
    parts = showings((*on_air.log.turns, *future), view.library, on_air.channel)
    until = parts[-1].start if len(parts) > 1 else now + _LEAST  # from then on nothing comes next
    return Listing(_edition(on_air), now, until if whole else now + _LEAST, parts=parts)


async def _listing(site: Site, view: View, on_air: OnAir, now: datetime) -> Listing:
    """The guide of some days. Of what had aired when the one before was made, that one is asked, not the store."""
    reach = now - timedelta(days=site.settings.guide_past)
    kept = site.guide.get((on_air.channel.id, site.settings.guide_days))
    told = [entry for entry in kept.entries if reach < entry.stop <= kept.made] if kept else []
    since = max(kept.made, reach) - MARGIN if kept and told else reach - MARGIN
    made = await _from(site, view, on_air, since, now)
    before = [entry for entry in told if made.entries and entry.start < made.entries[0].start]
    if told and not (made.entries and (not before or before[-1].stop == made.entries[0].start)):
        before, made = [], await _from(site, view, on_air, reach - MARGIN, now)  # the log has a hole
    return replace(made, entries=tuple(entry for entry in (*before, *made.entries) if entry.stop > reach))


async def _from(site: Site, view: View, on_air: OnAir, since: datetime, now: datetime) -> Listing:
    """The guide from soon after `since` on."""
    before = await _gone(site, on_air, since)
    return await asyncio.to_thread(_made, site, view, on_air, before, now)


async def _gone(site: Site, on_air: OnAir, since: datetime) -> list[Turn]:
    """The turns since an instant that the log at hand does not have any more."""
    if not on_air.log.turns:
        return []
    genesis, first = on_air.channel.genesis, on_air.log.turns[0]
    found = await turns_between(site, on_air.channel.id, since, instant_at(genesis, first.start))
    oldest = ticks_since(genesis, since)
    return [turn for turn in found if turn.index < first.index and turn.end > oldest]


def _made(site: Site, view: View, on_air: OnAir, before: list[Turn], now: datetime) -> Listing:
    """A channel's listing, with the turns before its log; blocks."""
    reach = now + timedelta(days=site.settings.guide_days) + _AGE
    future, whole = _future(site, view, on_air, reach + MARGIN)
    turns = (*before, *on_air.log.turns, *future)
    entries = programmes(turns, _library(site, view, turns), on_air.channel)
    until = now + (_AGE if whole else _LEAST)
    return Listing(_edition(on_air), now, until, entries=tuple(entry for entry in entries if entry.start < reach))


def _library(site: Site, view: View, turns: tuple[Turn, ...]) -> Callable[[str], Item | None]:
    """Answers the items of what `turns` name: from the view, else from the catalogs they were chosen from; blocks."""
    gone = {
        turn.program[0].asset: turn.catalog
        for turn in turns
        if turn.program and not view.library(turn.program[0].asset)
    }
    catalogs: dict[str, Catalog | None] = {}
    for digest in gone.values():
        if digest not in catalogs:
            try:
                catalogs[digest] = read_catalog(site.store, digest).catalog
            except (Corrupt, StoreDown):
                catalogs[digest] = None  # the guide then has the channel's name there

    def library(asset: str) -> Item | None:
        known = view.library(asset)
        catalog = catalogs.get(gone.get(asset, ""))
        return known or (catalog.item(asset) if catalog else None)

    return library


def _future(site: Site, view: View, on_air: OnAir, until: datetime) -> tuple[list[Turn], bool]:
    """The turns after the log until one starts at or after `until`, or there are many; and whether all went well."""
    genesis = on_air.channel.genesis
    stop = ticks_since(genesis, until)
    found: list[Turn] = []
    if on_air.log.turns and on_air.log.turns[-1].start >= stop:
        return found, True
    try:
        for turn in foreseen(on_air, site.catalogs, view.library):
            found.append(turn)
            if turn.start >= stop or len(found) == _MOST:
                break
    except (Corrupt, StoreDown, NothingToAir, UnknownAsset) as bad:
        reached = instant_at(genesis, found[-1].end if found else on_air.end or Ticks(0))
        site.measures.alarm(f"{on_air.channel.id}: guide", f"{bad}; the guide ends at {reached:%Y-%m-%d %H:%M} UTC")
        return found, False
    return found, True
