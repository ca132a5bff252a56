"""What IPTV apps expect: the channel list, the guide, logos, and channels by their number."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from playout.core import m3u, xmltv
from playout.core.listing import Links
from playout.core.manifest import Rendering
from playout.origin.answers import Blob, Page, digest, missing, page, send_blob, send_page, unready
from playout.origin.guide import listings
from playout.origin.live import MULTIVARIANT
from playout.origin.logos import draw
from playout.origin.playlists import multivariant_page
from playout.origin.proxies import public_root
from playout.origin.site import on_air_of, site_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

LISTS: Final = "public, max-age=60"
_PACKED: Final = "application/gzip"
_CATCH_UP_DAYS: Final = 7


async def _channels(request: web.Request) -> web.StreamResponse:
    """The channel list; Kodi, which says who it is, gets some lines more."""
    site = site_of(request)
    kodi = request.headers.get("User-Agent", "").lower().startswith("kodi")
    channels = tuple(on_air.channel for on_air in site.live().channels.values())
    root = public_root(request)

    async def make() -> Page:
        return page(m3u.m3u(channels, Links(root), days=_CATCH_UP_DAYS, kodi=kodi), m3u.MIME)

    response = send_page(request, await site.pages.fetch(("list", root, kodi, channels), make), LISTS)
    response.headers["Vary"] = "Accept-Encoding, User-Agent"
    return response


async def guide_page(request: web.Request) -> Page:
    """The guide as XMLTV; made once for each address that this origin is reached by, and kept a minute."""
    site, root = site_of(request), public_root(request)
    view, now = site.live(), site.clock()

    async def make() -> Page:
        guide = await listings(site, view, now, site.settings.guide_days)
        channels = [on_air.channel for on_air in view.channels.values()]
        if len(guide) < len(channels):
            message = f"the guide is being made: {len(guide)} of {len(channels)} channels are done; ask again"
            raise unready(message)
        async with site.writing:
            return await asyncio.to_thread(lambda: page(xmltv.xmltv(guide, channels, Links(root)), xmltv.MIME))

    return await site.pages.fetch(("guide", root, int(now.timestamp()) // 60), make)


async def _guide(request: web.Request) -> web.StreamResponse:
    return send_page(request, await guide_page(request), LISTS)


async def _packed_guide(request: web.Request) -> web.StreamResponse:
    """The guide as a file that is compressed, for apps that ask for one by its name."""
    made = await guide_page(request)
    return send_blob(request, Blob(made.packed, f"{made.etag}-file", _PACKED), LISTS)


async def _logo(request: web.Request) -> web.StreamResponse:
    """A drawn logo."""
    site = site_of(request)
    channel = on_air_of(site.live(), request.match_info["channel"]).channel

    async def make() -> Blob:
        body = await asyncio.to_thread(draw, channel.name, channel.number, channel.id)
        return Blob(body, digest(body), "image/png")

    blob = await site.segments.fetch(("logo", channel.id, channel.name, channel.number), make)
    return send_blob(request, blob, "public, max-age=86400")


def _numbered(prefix: str) -> Answer:
    """A channel's multivariant playlist by its number; `prefix` leads from there to the root."""

    async def answer(request: web.Request) -> web.StreamResponse:
        site = site_of(request)
        number = request.match_info.get("number") or request.query.get("channel", "")
        on_air = site.live().numbered(number)
        if on_air is None:
            message = f"there is no channel number {number[:20]!r}"
            raise missing(message)
        folder = f"{prefix}live/{on_air.channel.id}/"
        return send_page(request, multivariant_page(site, request, on_air, Rendering.CMAF, folder), MULTIVARIANT)

    return answer


async def _named(request: web.Request) -> web.StreamResponse:
    site = site_of(request)
    on_air = on_air_of(site.live(), request.match_info["channel"])
    folder = f"../../live/{on_air.channel.id}/"
    return send_page(request, multivariant_page(site, request, on_air, Rendering.CMAF, folder), MULTIVARIANT)


ROUTES: Final[tuple[tuple[str, Answer], ...]] = (
    ("/iptv/channels.m3u", _channels),
    ("/iptv/xmltv.xml", _guide),
    ("/iptv/xmltv.xml.gz", _packed_guide),
    ("/iptv/channel/{number}.m3u8", _numbered("../../")),
    ("/iptv/logos/{channel}.png", _logo),
    # as ErsatzTV Next, Tunarr, dizqueTV and Eyevinn call them (conventions.md)
    ("/channels.m3u", _channels),
    ("/api/channels.m3u", _channels),
    ("/api/channels/m3u", _channels),
    ("/xmltv.xml", _guide),
    ("/xmltv.xml.gz", _packed_guide),
    ("/api/xmltv.xml", _guide),
    ("/channel/{number}.m3u8", _numbered("../")),
    ("/stream/channels/{number}.m3u8", _numbered("../../")),
    ("/stream/channels/{number}", _numbered("../../")),
    ("/m3u8", _numbered("")),
    ("/channels/{channel}/master.m3u8", _named),
)
