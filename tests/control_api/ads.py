"""Ad servers for tests: answers of VAST and VMAP, and a desk that asks at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from control_api.advertising.desk import Desk
from control_api.advertising.tally import Tally
from control_api.site import SITE

if TYPE_CHECKING:
    from clients import Client

    from playout.clock import Clock

Answering = "Callable[[web.Request], Awaitable[web.StreamResponse]]"
EVENTS = ("start", "firstQuartile", "midpoint", "thirdQuartile", "complete")


def files(*urls: str, kind: str = "video/mp4", size: tuple[int, int] = (640, 360)) -> str:
    width, height = size
    return "".join(
        f'<MediaFile delivery="progressive" type="{kind}" width="{width}" height="{height}">'
        f"<![CDATA[{url}]]></MediaFile>"
        for url in urls
    )


def tracked(root: str, name: str) -> str:
    """TrackingEvents whose URLs name what they are of."""
    some = "".join(
        f"<Tracking event={quoteattr(event)}>{escape(f'{root}t/{name}/{event}?at=[ADPLAYHEAD]')}</Tracking>"
        for event in EVENTS
    )
    return f"<TrackingEvents>{some}</TrackingEvents>"


def inline(
    name: str,
    media: str,
    *,
    root: str = "https://ads.example/",
    duration: str = "00:00:04",
    universal: str = "",
    more: str = "",
    sequence: str = "",
) -> str:
    """An ad with one linear creative."""
    uaid = f'<UniversalAdId idRegistry="ad-id.org">{universal}</UniversalAdId>' if universal else ""
    return (
        f'<Ad id="{name}"{sequence}><InLine><AdSystem>test</AdSystem><AdTitle>Spot {name}</AdTitle>'
        f"<Advertiser>Acme {name}</Advertiser><Category authority='iab'>IAB1</Category>"
        f"<Error>{root}e/{name}?code=[ERRORCODE]</Error><Impression>{root}i/{name}?cb=[CACHEBUSTING]</Impression>{more}"
        f"<Creatives><Creative>{uaid}<Linear><Duration>{duration}</Duration>{tracked(root, name)}"
        f"<MediaFiles>{media}</MediaFiles></Linear></Creative></Creatives></InLine></Ad>"
    )


def wrapper(
    url: str, name: str = "w", *, root: str = "https://ads.example/", attributes: str = "", more: str = ""
) -> str:
    return (
        f'<Ad id="{name}"><Wrapper {attributes}><AdSystem>test</AdSystem><Error>{root}e/{name}?code=[ERRORCODE]</Error>'
        f"<Impression>{root}i/{name}</Impression><VASTAdTagURI><![CDATA[{url}]]></VASTAdTagURI>{more}"
        f"<Creatives><Creative><Linear>{tracked(root, name)}</Linear></Creative></Creatives></Wrapper></Ad>"
    )


def vast(*ads: str, version: str = "4.2", more: str = "") -> str:
    return f'<VAST version="{version}" xmlns="http://www.iab.com/VAST">{"".join(ads)}{more}</VAST>'


def vmap(*breaks: tuple[str, str]) -> str:
    some = "".join(
        f'<vmap:AdBreak timeOffset="{offset}" breakType="linear">'
        f'<vmap:AdSource id="1">{inner}</vmap:AdSource></vmap:AdBreak>'
        for offset, inner in breaks
    )
    return f'<vmap:VMAP xmlns:vmap="http://www.iab.net/videosuite/vmap" version="1.0">{some}</vmap:VMAP>'


@dataclass
class Pages:
    """A server that answers by path; whatever is not there is a beacon, and is thanked for."""

    pages: dict[str, str | bytes | int] = field(default_factory=dict)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        found = self.pages.get(request.path, 200)
        if isinstance(found, int):
            return web.Response(status=found)
        body = found.encode() if isinstance(found, str) else found
        return web.Response(body=body, content_type="application/xml")


def desk(client: Client) -> Desk:
    """The desk of a process that has none of its own."""
    site = client.app[SITE]
    return Desk(site.settings, site.database, site.outgoing, site.feed, site.clock, site.receiver.free)


def tally(client: Client, clock: Clock | None = None) -> Tally:
    """The tally of a process that has none of its own."""
    site = client.app[SITE]
    store = site.settings.place.store()
    return Tally(site.settings, store, site.database, site.outgoing, clock or site.clock)
