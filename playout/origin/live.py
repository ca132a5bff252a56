"""The live playlists of a channel.

Law (Edition): a page is made once for each (channel, rendering, rendition, edge), and kept until the edge
moves on. Whoever asks for an edition that is not due yet waits for it, at most three target durations.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from playout.core import manifest
from playout.core.house import TARGET_DURATION
from playout.core.m3u8 import MIME
from playout.core.manifest import Rendering
from playout.core.view import OnAir, View
from playout.core.window import end_of, stretches
from playout.documents import Corrupt
from playout.origin.answers import Page, malformed, page, unready
from playout.origin.edges import Edge, instant_of
from playout.origin.library import Gone
from playout.origin.site import Edition, Site, checked_rendition, on_air_of, scene_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playout.core.asset import Asset, Track
    from playout.core.manifest import Tracks
    from playout.core.window import Stretch
    from playout.origin.asked import Directives

TOO_FAR: Final = 2
"""Segments beyond the edge that may be waited for (H-46)."""
PATIENCE: Final = timedelta(seconds=3 * TARGET_DURATION)
"""The longest wait for an edition (H-46)."""
MULTIVARIANT: Final = "public, max-age=60"
"""A channel's multivariant playlist is a constant of its house (D-5)."""
AWAITED: Final = f"public, max-age={6 * TARGET_DURATION}"
"""An answer to `_HLS_msn`, whose address nobody asks for twice (D-2)."""
MOST: Final = TARGET_DURATION // 2
"""The longest that an edition may be kept, in seconds (D-1)."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One channel, as one request sees it."""

    view: View
    on_air: OnAir
    edge: Edge
    now: datetime

    @property
    def lifetime(self) -> int:
        """For how many seconds the edition may be kept: until the next one is due (D-1)."""
        return lifetime(self.edge.due, self.now)


def lifetime(due: datetime | None, now: datetime) -> int:
    """Whole seconds from `now` until `due`, from 1 to `MOST`."""
    return 1 if due is None else min(max(int((due - now).total_seconds()), 1), MOST)


def moment(site: Site, channel: str) -> Moment:
    """The channel now; raises a 404 or a 503."""
    view, now = site.live(), site.clock()
    on_air = on_air_of(view, channel)
    edge = site.edges.at(on_air, view.library, now)
    if edge is None:
        message = f"channel {channel} is not on air: its log does not reach this moment"
        raise unready(message)
    return Moment(view, on_air, edge, now)


async def awaited(site: Site, channel: str, msn: int) -> Moment:
    """The channel as soon as segment `msn` is at its edge; raises a 400, 404 or 503 (H-46)."""
    found = moment(site, channel)
    if msn > found.edge.msn + TOO_FAR:
        message = f"segment {msn} is too far ahead: the newest one is {found.edge.msn}"
        raise malformed(message)
    until = found.now + PATIENCE
    while found.edge.msn < msn:
        if found.now >= until or site.leaving.is_set():
            message = f"segment {msn} did not come in time"
            raise unready(message)
        end = end_of(found.on_air.log, found.view.library, msn)
        due = until if end is None else min(until, instant_of(found.on_air.channel.genesis, end))
        await site.pause(site.changed(), due)
        found = moment(site, channel)
    return found


async def edition(site: Site, at: Moment, rendering: Rendering, rendition: str, asked: Directives) -> Page:
    """The media playlist at one edge."""
    scene = scene_of(at.view, at.on_air)
    checked_rendition(scene, rendering, rendition)
    channel = at.on_air.channel.id
    key = (channel, rendering, rendition, asked.skip)
    kept = site.editions.held(key)
    if kept is not None and _same(kept, at):
        return kept.page
    listed = stretches(at.on_air.log, at.view.library, at.edge.first, at.edge.msn)
    tracks = await tracks_of(site, rendering, listed)
    made = page(
        manifest.live(
            scene_of(at.view, at.on_air, tracks), rendering, rendition, listed, at.on_air.log.turns, skip=asked.skip
        ),
        MIME,
    )
    site.editions.hold(key, Edition(made, at.edge, at.on_air))
    return made


def _same(kept: Edition, at: Moment) -> bool:
    """Whether a kept edition is the one of this moment."""
    return (kept.edge.msn, kept.edge.first) == (at.edge.msn, at.edge.first) and (
        kept.on_air is at.on_air or kept.on_air.revisions[-1] is at.on_air.revisions[-1]
    )


async def tracks_of(site: Site, rendering: Rendering, listed: Iterable[Stretch]) -> Tracks | None:
    """The tracks of what is listed, for the rendering that names their bytes; raises a 503 without them."""
    if rendering is not Rendering.DIRECT:
        return None
    try:
        assets: Mapping[str, Asset] = await site.library.assets(stretch.airing.asset for stretch in listed)
    except (Corrupt, Gone) as bad:
        site.measures.alarm(str(bad), "the direct playlists that name it cannot be served")
        raise unready("an asset that is on air cannot be read") from bad

    def track(asset: str, rendition: str) -> Track | None:
        return assets[asset].rendition(rendition)

    return track
