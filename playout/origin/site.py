"""All that the request path has at hand, as one value."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from aiohttp import web

from playout.clock import Clock, Pause
from playout.core.airing import Turn
from playout.core.catalog import Catalog
from playout.core.channel import Revision
from playout.core.guide import Entry, Part
from playout.core.house import HOUSES
from playout.core.manifest import Rendering, Scene
from playout.core.view import OnAir, View
from playout.origin.answers import Blob, Page, missing, unready
from playout.origin.edges import Edge, Edges
from playout.origin.gate import Gate
from playout.origin.hot import Hot
from playout.origin.library import Library
from playout.origin.measures import Measures
from playout.origin.segments import Slate
from playout.origin.settings import Settings
from playout.store import Store

if TYPE_CHECKING:
    from playout.core.manifest import Tracks

Catalogs = Callable[[Revision], Catalog]
"""Answers the catalog that a revision chooses from; may block. Raises `Corrupt` or `StoreDown`."""


@dataclass(frozen=True, slots=True, eq=False)
class Edition:
    """A live playlist at one edge."""

    page: Page
    edge: Edge
    on_air: OnAir

    @property
    def weight(self) -> int:
        """The bytes that it holds."""
        return self.page.weight


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """A channel's guide. As the log grows it stays true: what is committed is what was foreseen."""

    edition: tuple[int, ...]
    """The numbers of the newest revisions when it was made: the channel's, and those of what it repeats."""
    made: datetime
    until: datetime
    """When it no longer reaches far enough."""
    parts: tuple[Part, ...] = ()
    """The programs one by one; of a glance at what is on now."""
    entries: tuple[Entry, ...] = ()
    """The entries of some days; of the whole guide."""


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One origin."""

    live: Callable[[], View]
    changed: Callable[[], asyncio.Event]
    """The event that is set when the view is replaced."""
    store: Store
    clock: Clock
    pause: Pause
    settings: Settings
    measures: Measures
    library: Library
    edges: Edges
    segments: Hot[Blob]
    editions: Hot[Edition]
    """The newest edition of each live playlist."""
    turns: Hot[Turn]
    """Turns of the past, by key."""
    pages: Hot[Page]
    """Playlists of the past and on demand."""
    catalogs: Catalogs
    """The catalogs that the guide looks ahead with."""
    guide: dict[tuple[str, int], Listing]
    """By channel id, and how many days ahead; 0 for a glance at what is on now."""
    guiding: asyncio.Lock
    """Held while one listing is made: it is the work of one thread, not of many."""
    writing: asyncio.Semaphore
    """How many guides and playlists of the past, which are long, may be written at a time."""
    gate: Gate
    proven: Hot[bool]
    """Whether a channel has had a segment on air, of what lies before the logs at hand."""
    proving: asyncio.Semaphore
    """How many of those may be looked for at a time."""
    slates: dict[str, Slate]
    """By house."""
    remuxing: asyncio.Semaphore
    """How many segments may be remuxed at a time."""
    leaving: asyncio.Event
    """Set when the process ends: nobody is kept waiting any longer."""


SITE: Final = web.AppKey("site", Site)


def site_of(request: web.Request) -> Site:
    """The origin that a request came to."""
    return request.app[SITE]


def on_air_of(view: View, channel: str) -> OnAir:
    """The channel with this id; raises a 404."""
    on_air = view.channels.get(channel)
    if on_air is None:
        message = f"there is no channel {channel[:80]!r}"
        raise missing(message)
    return on_air


def scene_of(view: View, on_air: OnAir, tracks: Tracks | None = None) -> Scene:
    """What the playlists of a channel share; raises a 503 while its house has no slate."""
    channel = on_air.channel
    kit, house = view.kits.get(channel.house), HOUSES.get(channel.house)
    if kit is None or house is None:
        message = f"house {channel.house} has no slate yet"
        raise unready(message)
    return Scene(channel, house, kit, view.library, tracks)


def checked_rendition(scene: Scene, rendering: Rendering, rendition: str) -> str:
    """`rendition`, when the channel has it; raises a 404."""
    if rendition not in scene.renditions(rendering):
        message = f"channel {scene.channel.id} has no rendition {rendition[:80]!r}"
        raise missing(message)
    return rendition
