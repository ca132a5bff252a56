"""What any origin says at an instant, past or to come: its playlists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playout.core import manifest
from playout.core.house import HOUSES
from playout.core.manifest import Rendering, Scene
from playout.core.ticks import ticks_since
from playout.core.window import live_edge, stretches
from playout.follow import Follower
from playout.refusals import Unanswered

if TYPE_CHECKING:
    from datetime import datetime

    from playout.core.view import OnAir, View
    from playout.store import Store


class NotOnAir(Unanswered):
    """There is no such playlist at that instant: it says what there is."""


def render(store: Store, channel: str, rendition: str, at: datetime, rendering: Rendering = Rendering.CMAF) -> str:
    """The live media playlist of `rendition`, or the multivariant one for `index`; raises `NotOnAir`.

    What the log does not hold is computed as a committer would.
    """
    view = _view(Follower(store, lambda: at), at)
    on_air = _channel(view, channel)
    scene = _scene(view, on_air)
    if rendition == "index":
        return manifest.variants(scene, rendering, "" if rendering is Rendering.CMAF else f"{rendering}/")
    if rendition not in scene.renditions(rendering):
        message = f"channel {channel} has no rendition {rendition!r}; it has: {', '.join(scene.renditions(rendering))}"
        raise NotOnAir(message)
    edge = live_edge(on_air.log, view.library, ticks_since(on_air.channel.genesis, at))
    if edge is None:
        began = f"{on_air.channel.genesis:%Y-%m-%dT%H:%M:%SZ}"
        message = f"channel {channel} is not on air at {at:%Y-%m-%dT%H:%M:%SZ}; it began at {began}"
        raise NotOnAir(message)
    first = max(edge - on_air.channel.window + 1, on_air.log.airings[0].first_msn)
    listed = stretches(on_air.log, view.library, first, edge)
    return manifest.live(scene, rendering, rendition, listed, on_air.log.turns)


def _view(follower: Follower, at: datetime) -> View:
    return follower.refresh(at) or follower.view


def _channel(view: View, channel: str) -> OnAir:
    on_air = view.channels.get(channel)
    if on_air is None:
        message = f"there is no channel {channel!r}; there is: {', '.join(view.channels) or 'none'}"
        raise NotOnAir(message)
    return on_air


def _scene(view: View, on_air: OnAir) -> Scene:
    house = on_air.channel.house
    return Scene(on_air.channel, HOUSES[house], view.kits[house], view.library)
