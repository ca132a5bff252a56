"""What those who run an origin ask it: is it alive, is it ready, what does it count."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from aiohttp import web
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily

from playout.clock import SteadyClock
from playout.core.ticks import TIMEBASE, Ticks, ticks_since
from playout.core.view import Alarm
from playout.core.window import UnknownAsset, end_of
from playout.documents import encode
from playout.origin.answers import LIVE
from playout.origin.site import site_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from prometheus_client.core import Metric

    from playout.core.view import OnAir, View
    from playout.origin.site import Site

    Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LEAP: Final = timedelta(seconds=1)
"""A clock that is set back by less is only being adjusted."""
_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"


async def _alive(_request: web.Request) -> web.StreamResponse:
    """The process answers: nothing more is meant by it."""
    return web.Response(text="ok\n", headers={"Cache-Control": LIVE})


async def _ready(request: web.Request) -> web.StreamResponse:
    """Whether every channel plays: what a load balancer asks. The alarms stand in the answer, for people."""
    site = site_of(request)
    view, now = site.live(), site.clock()
    silent = [channel for channel, on_air in view.channels.items() if not _plays(site, view, on_air, now)]
    ready = bool(view.channels) and not silent and not site.leaving.is_set()
    body = {
        "ready": ready,
        "channels": len(view.channels),
        "silent": silent[:100],
        "alarms": [{"where": alarm.where, "what": alarm.what} for alarm in alarms(site, view)[:100]],
    }
    return web.Response(
        status=200 if ready else 503,
        body=encode(body),
        content_type="application/json",
        headers={"Cache-Control": LIVE},
    )


def _plays(site: Site, view: View, on_air: OnAir, now: datetime) -> bool:
    try:
        return site.edges.at(on_air, view.library, now) is not None
    except UnknownAsset:
        return False


def alarms(site: Site, view: View) -> list[Alarm]:
    """All that people should know of now."""
    found = [*view.alarms, *site.measures.alarms()]
    ahead = site.clock.ahead if isinstance(site.clock, SteadyClock) else timedelta(0)
    if ahead > _LEAP:
        found.append(Alarm("clock", f"the machine's clock was set back; air goes on {ahead} ahead of it"))
    return found


async def _metrics(request: web.Request) -> web.StreamResponse:
    site = site_of(request)
    body = await asyncio.to_thread(generate_latest, site.measures.registry)
    return web.Response(body=body, headers={"Content-Type": _TEXT, "Cache-Control": LIVE})


class Gauges:
    """What is measured at the moment it is asked for: a collector for prometheus-client."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterator[Metric]:
        """The gauges of this moment."""
        site = self._site
        view, now = site.live(), site.clock()
        lag = GaugeMetricFamily(
            "fastline_edge_lag_seconds", "Now less the end of the newest segment.", labels=["channel"]
        )
        left = GaugeMetricFamily("fastline_log_left_seconds", "How far the log reaches ahead.", labels=["channel"])
        for channel, on_air in view.channels.items():
            tick = ticks_since(on_air.channel.genesis, now)
            if (end := on_air.end) is not None:
                left.add_metric([channel], (end - tick) / TIMEBASE)
            if (listed := self._edge_end(view, on_air, now)) is not None:
                lag.add_metric([channel], (tick - listed) / TIMEBASE)
        yield lag
        yield left
        current = alarms(site, view)
        raised = GaugeMetricFamily("fastline_alarms", "Alarms that last.", labels=["where"])
        for where in dict.fromkeys(alarm.where for alarm in current):
            raised.add_metric([where], sum(alarm.where == where for alarm in current))
        yield raised
        yield GaugeMetricFamily("fastline_channels", "Channels.", value=len(view.channels))
        yield GaugeMetricFamily(
            "fastline_hot_bytes", "Bytes of segments that are kept in memory.", value=site.segments.weight
        )

    def _edge_end(self, view: View, on_air: OnAir, now: datetime) -> Ticks | None:
        try:
            edge = self._site.edges.at(on_air, view.library, now)
            return end_of(on_air.log, view.library, edge.msn) if edge else None
        except UnknownAsset:
            return None


ROUTES: Final[tuple[tuple[str, Answer], ...]] = (
    ("/healthz", _alive),
    ("/readyz", _ready),
    ("/metrics", _metrics),
)
