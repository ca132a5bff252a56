"""The addresses of playlists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from playout import keys
from playout.core.catalog import item_of
from playout.core.house import HOUSES
from playout.core.m3u8 import MIME
from playout.core.manifest import Rendering, asset_variants, on_demand, variants
from playout.origin import asked, doors
from playout.origin.answers import Page, missing, page, send_page, unready
from playout.origin.doors import Guarded, begins, lines_of
from playout.origin.lane import PlaylistAnswer, learn
from playout.origin.live import AWAITED, MULTIVARIANT, Moment, awaited, edition, moment
from playout.origin.past import past_page
from playout.origin.site import on_air_of, scene_of, site_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from playout.core.asset import Asset
    from playout.core.catalog import Kit
    from playout.core.view import OnAir, View
    from playout.origin.site import Site

    Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

ON_DEMAND: Final = "public, max-age=86400"
"""An asset never changes, but it may be withdrawn."""
_FOLDERS: Final = {Rendering.CMAF: "", Rendering.TS: "ts/", Rendering.DIRECT: "direct/"}
"""From a channel's folder to its media playlists."""


def multivariant_page(site: Site, request: web.Request, on_air: OnAir, rendering: Rendering, prefix: str) -> Page:
    """A channel's multivariant playlist; `prefix` leads to the channel's folder. Raises a 400 or 503."""
    past = asked.past(request.query, site.clock()) if request.query_string else None
    scene = scene_of(site.live(), on_air)
    query, lines = past.query if past else "", lines_of(request)
    return page(variants(scene, rendering, prefix + _FOLDERS[rendering], query, lines), MIME)


def _multivariant(rendering: Rendering) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        site = site_of(request)
        on_air = on_air_of(site.live(), request.match_info["channel"])
        return send_page(request, multivariant_page(site, request, on_air, rendering, ""), MULTIVARIANT)

    return answer


def _media(rendering: Rendering) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        site = site_of(request)
        channel, rendition = request.match_info["channel"], request.match_info["rendition"]
        if not request.query_string:
            at = moment(site, channel)
            content = await edition(site, at, rendering, rendition, asked.NONE)
            return _current(request, at, content)
        past = asked.past(request.query, site.clock())
        directives = asked.directives(request.query)
        if past is not None:
            content, cache = await past_page(site, moment(site, channel), rendering, rendition, past)
            return send_page(request, content, cache)
        if directives.msn is None:
            at = moment(site, channel)
            return _current(request, at, await edition(site, at, rendering, rendition, directives))
        at = await awaited(site, channel, directives.msn)
        return send_page(request, await edition(site, at, rendering, rendition, directives), AWAITED)

    return answer


def _current(request: web.Request, at: Moment, content: Page) -> web.Response:
    """The edition of this moment; until the next one is due it is worth remembering how it was asked for."""
    if at.edge.due is not None:
        learn(request, PlaylistAnswer(content, at.on_air, at.edge.due))
    return send_page(request, content, f"public, max-age={at.lifetime}")


# On demand


async def _asset(site: Site, view: View, asset: str) -> tuple[Asset, Kit]:
    """An asset that may be played on demand, and the kit of its house; raises a 404 or a 503."""
    keys.asset(asset)
    if asset in view.withdrawn:
        raise missing("that asset was withdrawn")
    found = await site.library.asset(asset)
    kit = view.kits.get(found.house)
    if kit is None:
        message = f"house {found.house} has no slate yet"
        raise unready(message)
    return found, kit


async def _asset_multivariant(request: web.Request) -> web.StreamResponse:
    site = site_of(request)
    found, _ = await _asset(site, site.live(), request.match_info["asset"])
    text = asset_variants(HOUSES[found.house], found.tracks, lines_of(request))
    return send_page(request, page(text, MIME), ON_DEMAND)


async def _asset_media(request: web.Request) -> web.StreamResponse:
    site = site_of(request)
    found, kit = await _asset(site, site.live(), request.match_info["asset"])
    rendition = request.match_info["rendition"]
    if found.track(rendition) is None:
        message = f"asset {found.id} has no rendition {rendition[:80]!r}"
        raise missing(message)

    async def make() -> Page:
        return page(on_demand(item_of(found), kit, rendition), MIME)

    content = await site.pages.fetch(("vod", found.id, rendition, kit.slate.id), make)
    return send_page(request, content, ON_DEMAND)


ROUTES: Final = (
    ("/live/{channel}/index.m3u8", begins(doors.channel, _multivariant(Rendering.CMAF))),
    ("/live/{channel}/ts.m3u8", begins(doors.channel, _multivariant(Rendering.TS))),
    ("/live/{channel}/direct.m3u8", begins(doors.direct, _multivariant(Rendering.DIRECT))),
    ("/live/{channel}/{rendition}.m3u8", Guarded(doors.channel, _media(Rendering.CMAF))),
    ("/live/{channel}/ts/{rendition}.m3u8", Guarded(doors.channel, _media(Rendering.TS))),
    ("/live/{channel}/direct/{rendition}.m3u8", Guarded(doors.direct, _media(Rendering.DIRECT))),
    ("/vod/{asset}/index.m3u8", begins(doors.asset, _asset_multivariant)),
    ("/vod/{asset}/{rendition}.m3u8", Guarded(doors.asset, _asset_media)),
)
