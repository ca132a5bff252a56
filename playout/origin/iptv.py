"""What IPTV apps expect: the channel list, the guide, logos, and channels by their number."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from playout.core import guide_csv, guide_json, m3u, m3u8, roku, schema_org, xmltv
from playout.core.channel import Channel
from playout.core.guide import Entry
from playout.core.listing import Links, by_number
from playout.core.manifest import Rendering, variants
from playout.origin import asked, doors
from playout.origin.answers import BRIEF, Blob, Page, digest, malformed, missing, page, send_blob, send_page, unready
from playout.origin.doors import begins, lines_of
from playout.origin.guide import listings
from playout.origin.live import MULTIVARIANT
from playout.origin.logos import draw
from playout.origin.playlists import multivariant_page
from playout.origin.proxies import public_root
from playout.origin.site import Listing, on_air_of, scene_of, site_of

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from aiohttp import web

    from playout.origin.doors import Guarded

    Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

LISTS: Final = "public, max-age=60"
_PACKED: Final = "application/gzip"


async def _channels(request: web.Request) -> web.StreamResponse:
    """The channel list; Kodi, which says who it is, gets some lines more."""
    site = site_of(request)
    kodi = request.headers.get("User-Agent", "").lower().startswith("kodi")
    view = site.live()  # an address that would be refused is not listed
    channels = tuple(on_air.channel for name, on_air in view.channels.items() if name not in view.signed)
    root, dialect = public_root(request), asked.catchup(request.query)

    async def make() -> Page:
        days = site.settings.guide_past
        return page(m3u.m3u(channels, Links(root), days=days, kodi=kodi, catchup=dialect), m3u.MIME)

    response = send_page(request, await site.pages.fetch(("list", root, kodi, dialect, channels), make), LISTS)
    response.headers["Vary"] = "Accept-Encoding, User-Agent"
    return response


# The guide


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The guide that a request asks for."""

    channels: tuple[Channel, ...]
    days: int
    zone: str
    """An IANA name, `local`, or empty for UTC."""
    catchup_ids: bool
    root: str
    """What all addresses in it begin with."""

    @property
    def zones(self) -> dict[str, tzinfo]:
        """The zones that times are written in, by channel id."""
        if not self.zone:
            return {}
        return {one.id: _zone(one.zone if self.zone == asked.LOCAL else self.zone) for one in self.channels}

    @property
    def own_zones(self) -> dict[str, tzinfo]:
        """The channels' own zones, by id."""
        return {one.id: _zone(one.zone) for one in self.channels}


def _zone(name: str) -> tzinfo:
    """A zone; UTC where this machine's database does not have the one that a channel was published with."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


@dataclass(frozen=True, slots=True)
class _Form:
    """A form of the guide."""

    name: str
    mime: str
    write: Callable[[_Wanted, Mapping[str, Sequence[Entry]], datetime], str]
    """Writes the entries by channel id; the instant is that of the guide, for a form that says of when it is."""
    alone: bool = False
    """Whether it holds one channel and no more."""


_XMLTV: Final = _Form(
    "xmltv",
    xmltv.MIME,
    lambda wanted, guide, _: xmltv.xmltv(
        guide, wanted.channels, Links(wanted.root), wanted.zones, catchup_ids=wanted.catchup_ids
    ),
)
_JSON: Final = _Form(
    "json",
    guide_json.MIME,
    lambda wanted, guide, _: guide_json.guide_json(guide, wanted.channels, Links(wanted.root)),
)
_CSV: Final = _Form(
    "csv",
    guide_csv.MIME,
    lambda wanted, guide, _: guide_csv.guide_csv(guide, wanted.channels, wanted.own_zones),
)
_SCHEMA: Final = _Form(
    "schema.org",
    schema_org.MIME,
    lambda wanted, guide, _: schema_org.schema_org(guide, wanted.channels, Links(wanted.root)),
)
_ROKU: Final = _Form(
    "roku",
    roku.MIME,
    lambda wanted, guide, made: roku.roku(
        guide[wanted.channels[0].id], wanted.channels[0], Links(wanted.root), made.replace(microsecond=0)
    ),
    alone=True,
)


def _wanted(request: web.Request, form: _Form) -> _Wanted:
    """Raises a 400 for what makes no sense, and a 404 for a channel that is not there."""
    site, query = site_of(request), request.query
    view = site.live()
    named = request.match_info.get("channel")
    ids = (named,) if named else tuple(dict.fromkeys(query.getall("channel", [])))
    found = tuple(on_air_of(view, name).channel for name in ids)
    channels = found or tuple(on_air.channel for on_air in view.channels.values())
    if form.alone and len(channels) != 1:
        known = ", ".join(channel.id for channel in by_number(channels))
        message = f"a feed of this form has one channel; ask for one with ?channel=, of: {known}"
        raise malformed(message)
    ids_wanted = asked.catchup(query) is m3u.Catchup.VOD
    return _Wanted(
        channels, asked.days(query, site.settings.guide_days), asked.zone(query), ids_wanted, public_root(request)
    )


async def guide_page(request: web.Request, form: _Form) -> Page:
    """The guide in one form; made once for each address that this origin is reached by, and for what it says."""
    site, wanted = site_of(request), _wanted(request, form)
    found = await listings(site, site.live(), site.clock())
    kept = {channel.id: found[channel.id] for channel in wanted.channels if channel.id in found}
    if len(kept) < len(wanted.channels):
        done, all_of_them = len(kept), len(wanted.channels)
        message = f"the guide is being made: {done} of {all_of_them} channels are done; ask again"
        raise unready(message)
    made = min((listing.made for listing in kept.values()), default=site.clock())

    async def make() -> Page:
        async with site.writing:
            return await asyncio.to_thread(lambda: page(form.write(wanted, _until(kept, wanted.days), made), form.mime))

    editions = tuple((name, listing.edition, listing.made) for name, listing in kept.items())
    return await site.pages.fetch(("guide", form.name, wanted, editions), make)


def _until(kept: Mapping[str, Listing], days: int) -> dict[str, tuple[Entry, ...]]:
    """The entries by channel id, of so many days from the whole hour in which their listing was made."""
    span = timedelta(days=days, hours=1)
    return {
        name: tuple(one for one in listing.entries if one.start < listing.made.replace(minute=0, second=0) + span)
        for name, listing in kept.items()
    }


def _guide(form: _Form) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        return send_page(request, await guide_page(request, form), LISTS)

    return answer


async def _packed_guide(request: web.Request) -> web.StreamResponse:
    """The guide as a file that is compressed, for apps that ask for one by its name."""
    made = await guide_page(request, _XMLTV)
    return send_blob(request, Blob(made.packed, f"{made.etag}-file", _PACKED), LISTS)


# Catch-up by addresses that other servers have taught apps


def _archive(stretch: Callable[[web.Request, datetime], asked.Past]) -> Answer:
    """A channel's multivariant playlist of the stretch that the address itself names."""

    async def answer(request: web.Request) -> web.StreamResponse:
        site = site_of(request)
        on_air = on_air_of(site.live(), request.match_info["channel"])
        past, scene = stretch(request, site.clock()), scene_of(site.live(), on_air)
        text = variants(scene, Rendering.CMAF, "", past.query, lines_of(request))
        return send_page(request, page(text, m3u8.MIME), BRIEF)

    return answer


def _ago(request: web.Request, now: datetime) -> asked.Past:
    """From so many seconds ago until now."""
    return asked.so_far(now.replace(microsecond=0) - timedelta(seconds=int(request.match_info["seconds"])), now, now)


def _since(request: web.Request, now: datetime) -> asked.Past:
    """From an instant until now."""
    return asked.so_far(asked.instant(request.match_info["start"], now), now, now)


def _for(request: web.Request, now: datetime) -> asked.Past:
    """From an instant for some seconds."""
    start = asked.instant(request.match_info["start"], now)
    return asked.stretch(start, timedelta(seconds=int(request.match_info["seconds"])))


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


ROUTES: Final[tuple[tuple[str, Answer | Guarded], ...]] = (
    ("/iptv/channels.m3u", _channels),
    ("/iptv/xmltv.xml", _guide(_XMLTV)),
    ("/iptv/xmltv.xml.gz", _packed_guide),
    ("/iptv/guide.json", _guide(_JSON)),
    ("/iptv/guide.csv", _guide(_CSV)),
    ("/iptv/guide.jsonld", _guide(_SCHEMA)),
    ("/iptv/roku.json", _guide(_ROKU)),
    ("/iptv/roku/{channel}.json", _guide(_ROKU)),
    ("/iptv/channel/{number}.m3u8", begins(doors.number, _numbered("../../"))),
    ("/iptv/logos/{channel}.png", _logo),
    # as ErsatzTV Next, Tunarr, dizqueTV and Eyevinn call them (conventions.md)
    ("/channels.m3u", _channels),
    ("/api/channels.m3u", _channels),
    ("/api/channels/m3u", _channels),
    ("/xmltv.xml", _guide(_XMLTV)),
    ("/xmltv.xml.gz", _packed_guide),
    ("/api/xmltv.xml", _guide(_XMLTV)),
    ("/channel/{number}.m3u8", begins(doors.number, _numbered("../"))),
    ("/stream/channels/{number}.m3u8", begins(doors.number, _numbered("../../"))),
    ("/stream/channels/{number}", begins(doors.number, _numbered("../../"))),
    ("/m3u8", begins(doors.number, _numbered(""))),
    ("/channels/{channel}/master.m3u8", begins(doors.channel, _named)),
    # as Flussonic calls catch-up, and as apps that know it do
    (r"/live/{channel}/timeshift_rel-{seconds:\d{1,9}}.m3u8", begins(doors.channel, _archive(_ago))),
    (r"/live/{channel}/timeshift_abs-{start:\d{1,11}}.m3u8", begins(doors.channel, _archive(_since))),
    (
        r"/live/{channel}/{form:archive|index|video}-{start:\d{1,11}}-{seconds:\d{1,9}}.m3u8",
        begins(doors.channel, _archive(_for)),
    ),
)
