"""The doors: what each address asks of those who come, with a token or without.

Laws. An address below `/t/<token>/` is answered when the token opens that very channel or asset, is for the network
from which it is asked for, and allows the rendition; and else refused, even where it would be open without. Without a
token a signed channel is refused at every address that plays it. While no channel is signed and on demand is open,
nothing is asked at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import web

from playout.core.catalog import item_of
from playout.core.house import HOUSES
from playout.core.token import Pass, asset_path, channel_path
from playout.documents import Corrupt
from playout.keys import BadKey
from playout.origin.answers import LIVE, missing, refused
from playout.origin.library import Gone
from playout.origin.place import Standing, claim, is_own, is_there, on_channel
from playout.origin.proxies import viewer_of
from playout.origin.site import Site, site_of
from playout.origin.turns import turn_at

if TYPE_CHECKING:
    from playout.core.asset import Asset
    from playout.core.catalog import Item
    from playout.core.view import OnAir, View
    from playout.origin.place import Claim

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Door = Callable[[web.Request, Site, Pass | None], Awaitable[None]]
"""Raises a 403 for who may not pass; the token, if any, is good."""

TOKEN: Final = "/t/{token}"  # noqa: S105 — the template of a path
"""What stands before a signed address, after the base path."""
OPENED: Final = web.RequestKey("opened", Pass)
"""What the token of a request says, once it is found good."""

_BELIEVED: Final = "public, max-age=5"
"""For so long a proxy need not ask again."""
_UNSIGNED: Final = "this takes a signed address: ask the API for one, with POST /api/v1/playback"
_FOREIGN: Final = "this address has a token that opens something else"
_EXPIRED: Final = "this address has expired: what was begun plays on, but nothing can be begun; ask for a new one"
_FINER: Final = "this address is for a coarser picture: take a rendition that its index.m3u8 names"
_DIRECT: Final = "a signed channel has no direct rendering: its byte ranges would open whole films; take index.m3u8"


@dataclass(frozen=True, slots=True)
class Guarded:
    """An answer behind a door. It is found at its own address, and below a token."""

    door: Door
    answer: Answer
    begins: bool = False
    """Whether playing begins here: at a multivariant playlist."""

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """The answer, for who may pass."""
        site, opened = site_of(request), None
        token = request.match_info.get("token")
        if token is not None:
            now = site.clock()
            opened = request[OPENED] = await site.gate.opened(token, now, viewer_of(request))
            if self.begins and now >= opened.expires:
                raise refused(_EXPIRED)
        await self.door(request, site, opened)
        response = await self.answer(request)
        if self.begins and opened is not None:
            response.headers["Cache-Control"] = LIVE  # whether it has expired, only an origin knows
        return response


async def _check(request: web.Request) -> web.StreamResponse:
    """Whether a token is good for a session, and what it opens: what a proxy asks that shares answers of its own."""
    site = site_of(request)
    token, viewer = request.match_info["token"], viewer_of(request)
    opened = request[OPENED] = await site.gate.opened(token, site.clock(), viewer)
    return web.Response(status=204, headers={"Cache-Control": _BELIEVED, "X-Opens": shared_by(opened)})


def shared_by(opened: Pass) -> str:
    """What all have who share answers: those whose tokens open the same, up to the same quality."""
    return opened.opens if opened.lines is None else f"{opened.opens} {opened.lines}"


def lines_of(request: web.Request) -> int | None:
    """The finest picture that the token of a request opens; None: whatever there is."""
    opened = request.get(OPENED)
    return None if opened is None else opened.lines


ROUTES: Final[tuple[tuple[str, Answer], ...]] = ((f"{TOKEN}/check", _check),)


def begins(door: Door, answer: Answer) -> Guarded:
    """An answer with which playing begins."""
    return Guarded(door, answer, begins=True)


async def channel(request: web.Request, site: Site, opened: Pass | None) -> None:
    """The playlists of a channel."""
    _check_channel(site, request, opened)


async def direct(request: web.Request, site: Site, opened: Pass | None) -> None:
    """The playlists of a channel that name byte ranges of files."""
    _check_channel(site, request, opened)
    if request.match_info["channel"] in site.live().signed:
        raise refused(_DIRECT)


async def number(request: web.Request, site: Site, opened: Pass | None) -> None:
    """A channel by its number."""
    wanted = request.match_info.get("number") or request.query.get("channel", "")
    on_air = site.live().numbered(wanted)
    if on_air is not None:
        _check_opens(site, on_air.channel.id, opened)


async def asset(request: web.Request, site: Site, opened: Pass | None) -> None:
    """The playlists of an asset on demand."""
    name = request.match_info["asset"]
    if not _has_asset(site, name, opened):
        raise refused(_UNSIGNED)
    if opened is not None and opened.lines is not None:
        found = await _asset(site, name)
        if found is not None:
            _check_lines(found.house, request.match_info.get("rendition", ""), opened)


async def picture(request: web.Request, _site: Site, opened: Pass | None) -> None:
    """A picture of an asset: guides show it to everyone."""
    if opened is not None and opened.opens != asset_path(request.match_info["asset"]):
        raise refused(_FOREIGN)


async def file(request: web.Request, site: Site, opened: Pass | None) -> None:
    """A track file, whole: on demand, or because an open channel's direct rendering names it now."""
    name, view = request.match_info["asset"], site.live()
    on_open_air = opened is None and any(_is_open(on_air) for on_air in view.airing.get(name, ()))
    if not on_open_air and not _has_asset(site, name, opened):
        raise refused(_UNSIGNED)
    found = None if opened is None or opened.lines is None else await _asset(site, name)
    for track in () if found is None else found.tracks:
        if opened is not None and found is not None and track.file == request.match_info["file"]:
            _check_lines(found.house, track.name, opened)


async def init(_request: web.Request, _site: Site, _opened: Pass | None) -> None:
    """An init segment: it is the same for all assets of a house, and shows nothing."""


async def segment(request: web.Request, site: Site, opened: Pass | None) -> None:
    """A segment: of an asset on demand, or of what a channel has on air."""
    signed = None
    while signed != site.live().signed:  # which may have changed while something was read
        signed = site.live().signed
        await _check_segment(request, site, opened)


async def _check_segment(request: web.Request, site: Site, opened: Pass | None) -> None:
    view = site.live()
    if opened is None and not view.signed and not _on_demand_signed(site, view):
        return
    place = request.match_info
    claimed = claim(place["asset"], place["rendition"], place["file"])
    item = None if claimed is None else await _item(site, view, claimed)
    if claimed is None or item is None or claimed.segment >= item.cuts.segments or item.house not in HOUSES:
        return  # there is nothing behind the door
    _check_lines(item.house, claimed.rendition, opened)
    if is_own(item, claimed):
        if opened is None and not _on_demand_signed(site, view):
            return
        if opened is not None and opened.opens == asset_path(item.id):
            return
    if not await _is_aired(site, view, item, claimed, opened):
        raise refused(_UNSIGNED if opened is None else _FOREIGN)


def _check_channel(site: Site, request: web.Request, opened: Pass | None) -> None:
    """That a playlist of a channel is open to who asks, in that rendition."""
    name = request.match_info["channel"]
    _check_opens(site, name, opened)
    on_air = site.live().channels.get(name)
    if on_air is not None:
        _check_lines(on_air.channel.house, request.match_info.get("rendition", ""), opened)


def _check_lines(house: str, rendition: str, opened: Pass | None) -> None:
    """That a rendition is no finer than a token allows; a muxed one is as fine as its picture.

    The lowest rung of a ladder is open to whoever may play at all: nobody is given a blank screen.
    """
    if opened is None or opened.lines is None or house not in HOUSES:
        return
    rung = HOUSES[house].rung(rendition.partition("-a-")[0])
    if rung is not None and rung not in HOUSES[house].within(opened.lines):
        raise refused(_FINER)


def _check_opens(site: Site, name: str, opened: Pass | None) -> None:
    """That a channel is open to who asks."""
    if opened is not None:
        if opened.opens != channel_path(name):
            raise refused(_FOREIGN)
    elif name in site.live().signed:
        raise refused(_UNSIGNED)


def _has_asset(site: Site, name: str, opened: Pass | None) -> bool:
    """Whether an asset is open on demand; raises a 403 for a token of something else."""
    if opened is not None and opened.opens != asset_path(name):
        raise refused(_FOREIGN)
    return opened is not None or not _on_demand_signed(site, site.live())


def _on_demand_signed(site: Site, view: View) -> bool:
    return site.gate.on_demand.is_signed(any_channel=bool(view.signed))


def _is_open(on_air: OnAir) -> bool:
    return on_air.channel.access == "open"


async def _item(site: Site, view: View, claimed: Claim) -> Item | None:
    """The item that an address names; None where there is none, which its answer says better."""
    item = view.library(claimed.asset)
    if item is None:
        found = await _asset(site, claimed.asset)
        return None if found is None else item_of(found)
    return item


async def _asset(site: Site, name: str) -> Asset | None:
    """The asset that an address names; None where there is none, which its answer says better."""
    try:
        return await site.library.asset(name)
    except (Gone, Corrupt, BadKey):
        return None


async def _is_aired(site: Site, view: View, item: Item, claimed: Claim, opened: Pass | None) -> bool:
    """Whether a channel that is open to who asks has had the segment on air; raises a 404 for one that is to come."""

    def is_meant(on_air: OnAir) -> bool:
        return _is_open(on_air) if opened is None else opened.opens == channel_path(on_air.channel.id)

    now = site.clock()
    at_hand = {on_channel(on_air, item, claimed, now) for on_air in view.airing.get(item.id, ()) if is_meant(on_air)}
    if at_hand & {Standing.HONOURED, Standing.WITHDRAWN}:
        return True
    if Standing.FUTURE in at_hand:
        raise missing("that segment has not aired yet")
    for on_air in view.channels.values():
        before = not on_air.log.airings or claimed.start < on_air.log.airings[0].start
        if before and on_air.channel.house == item.house and is_meant(on_air):

            async def look(on_air: OnAir = on_air) -> bool:
                async with site.proving:
                    turn = await turn_at(site, on_air, claimed.start)
                return turn is not None and any(is_there(airing, item, claimed) for airing in turn.airings)

            where = (on_air.logged.id, item.id, claimed.segment, claimed.start, claimed.sequence)
            if await site.proven.fetch(where, look):
                return True
    return False
