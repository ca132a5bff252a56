"""Start-over and catch-up: playlists of what has been on air, as far back as the log goes.

Law: a stretch of the past is the same on every origin. It begins with the segment that was on air at its
start, or with what began within that second when it is a whole one, as guides have it. It grows with the live
edge, and once the segment before its stop has aired it never changes again.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from playout.catalogs import read_catalog
from playout.core import manifest
from playout.core.catalog import Item, item_of
from playout.core.m3u8 import MIME
from playout.core.playlog import Log, faults
from playout.core.ticks import TIMEBASE, Ticks, instant_at, ticks_since, utc_text
from playout.core.window import UnknownAsset, stretches
from playout.documents import Corrupt
from playout.origin.answers import IMMUTABLE, Page, missing, page, unready
from playout.origin.library import Gone
from playout.origin.live import Moment, lifetime, tracks_of
from playout.origin.site import Site, checked_rendition, scene_of
from playout.origin.turns import turns_between

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playout.core.airing import Airing
    from playout.core.manifest import Rendering
    from playout.core.view import OnAir
    from playout.origin.asked import Past

_BEFORE: Final = timedelta(days=1)
"""A turn lies under the day on which it starts; none is longer than this."""


async def past_page(site: Site, at: Moment, rendering: Rendering, rendition: str, asked: Past) -> tuple[Page, str]:
    """A media playlist of the past, and its Cache-Control; raises a 404 or a 503."""
    scene = scene_of(at.view, at.on_air)
    checked_rendition(scene, rendering, rendition)
    channel = at.on_air.channel
    start = max(ticks_since(channel.genesis, asked.start), Ticks(0))
    stop = ticks_since(channel.genesis, asked.stop)
    if stop <= 0:
        message = f"channel {channel.id} began only at {utc_text(channel.genesis)}"
        raise missing(message)
    log = await _log(site, at.on_air, start, min(stop, ticks_since(channel.genesis, at.now)))
    items = await _items(site, at, log)
    if not asked.start.microsecond:
        start = _within_second(log, start, stop)
    first, last = _span(log, items.get, start, stop)
    closed = last <= at.edge.msn
    last = min(last, at.edge.msn)
    if last < first:
        raise unready("nothing of that stretch has wholly aired yet")
    cache = IMMUTABLE if closed else f"public, max-age={lifetime(at.edge.due, at.now)}"

    async def make() -> Page:
        listed = stretches(log, items.get, first, last)
        tracks = await tracks_of(site, rendering, listed)
        whole = manifest.Scene(channel, scene.house, scene.kit, items.get, tracks)
        async with site.writing:
            return await asyncio.to_thread(
                lambda: page(manifest.past(whole, rendering, rendition, listed, log.turns, closed=closed), MIME)
            )

    key = ("past", channel.id, rendering, rendition, first, last, closed)
    return await site.pages.fetch(key, make), cache


def _within_second(log: Log, start: Ticks, stop: Ticks) -> Ticks:
    """Where something begins in the second after `start`; else `start`."""
    airing = log.at_tick(start)
    if airing is None or airing.end - start >= TIMEBASE or airing.start == start or airing.end >= stop:
        return start
    return airing.end if log.at_tick(airing.end) else start


def _span(log: Log, library: Callable[[str], Item | None], start: Ticks, stop: Ticks) -> tuple[int, int]:
    """The sequence numbers of the segment on air at `start`, and of the last one that begins before `stop`.

    Where the log does not reach `stop`, the last one counts as not aired yet.
    """
    opening = log.at_tick(start)
    if opening is None:
        raise missing("the log does not reach back so far")
    closing = log.at_tick(Ticks(stop - 1))
    last = log.airings[-1].end_msn if closing is None else _msn(closing, library, Ticks(stop - 1))
    return _msn(opening, library, start), last


def _msn(airing: Airing, library: Callable[[str], Item | None], tick: Ticks) -> int:
    """The sequence number of the segment of `airing` that is on air at `tick`."""
    item = library(airing.asset)
    if item is None:
        message = f"airing {airing.index} is of asset {airing.asset}, which is gone"
        raise UnknownAsset(message)
    cuts = item.cuts
    return airing.first_msn + cuts.segment(Ticks(cuts.tick(airing.first) + tick - airing.start)) - airing.first


async def _log(site: Site, on_air: OnAir, start: Ticks, stop: Ticks) -> Log:
    """The turns from the one on air at `start` to the end of what is known of `stop`."""
    known = on_air.log
    if known.airings and known.airings[0].start <= start:
        return known.since(start)
    genesis = on_air.channel.genesis
    until = known.airings[0].start if known.airings else stop
    older = await turns_between(
        site, on_air.channel.id, instant_at(genesis, start) - _BEFORE, instant_at(genesis, until)
    )
    join = known.turns[0].index if known.turns else None
    turns = (
        *(turn for turn in older if turn.end > start and (join is None or turn.index < join)),
        *known.turns,
    )
    airings = tuple(airing for turn in turns for airing in turn.airings)
    if broken := faults(airings):
        site.measures.alarm(f"{on_air.channel.id}: log", f"{broken[0]}; catch-up of that time cannot be served")
        raise unready("the log of that time does not join")
    return Log(turns, airings)


async def _items(site: Site, at: Moment, log: Log) -> Mapping[str, Item]:
    """The items of all that a log names: from the view, else the store's assets, else the turns' catalogs."""
    found: dict[str, Item] = {}
    for turn in log.turns:
        for asset in dict.fromkeys(airing.asset for airing in turn.airings):
            item = found.get(asset) or at.view.library(asset)
            if item is None:
                try:
                    item = item_of(await site.library.asset(asset))
                except (Gone, Corrupt):
                    item = await asyncio.to_thread(_catalogued, site, turn.catalog, asset)
            if item is not None:
                found[asset] = item
    return found


def _catalogued(site: Site, digest: str, asset: str) -> Item | None:
    """The item as the catalog has it by which its turn was chosen; blocks."""
    try:
        return read_catalog(site.store, digest).catalog.item(asset)
    except Corrupt as bad:
        site.measures.alarm("catch-up", f"{bad}; slate plays for what only that catalog knows")
        return None
