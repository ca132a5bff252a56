"""The bytes of segments: read, moved in time, replaced by slate when need be, kept while hot.

Law: an honoured address is always answered with media of exactly its length. What cannot be read, or was
pulled off air, is slate at the same place; subtitles that nobody has are a segment without cues.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from playout import keys
from playout.core.asset import Asset, Media
from playout.core.catalog import Item, Kit, item_of
from playout.core.cmaf import HEAD, NotASegment, restamp
from playout.core.house import HOUSES, House
from playout.core.ticks import MEDIA_ORIGIN, Ticks
from playout.core.vtt import HEAD as VTT_HEAD
from playout.core.vtt import restamp_vtt, vtt_head
from playout.documents import Corrupt
from playout.origin.answers import Blob, digest, missing, unready
from playout.origin.library import Gone
from playout.origin.place import Claim, Standing, standing
from playout.origin.ts import remux
from playout.store import StoreDown

if TYPE_CHECKING:
    from aiohttp.web import HTTPServiceUnavailable

    from playout.core.asset import Track
    from playout.core.view import View
    from playout.origin.site import Site

MIMES: Final = {"m4s": "video/iso.segment", "vtt": "text/vtt; charset=utf-8", "ts": "video/mp2t"}


class Unreadable(Exception):
    """A segment's bytes cannot be had: it says why."""


async def whereabouts(site: Site, view: View, claimed: Claim) -> tuple[Item, Standing]:
    """The item that an address names, and whether the address is true; raises a 404 or a 503."""
    item = view.library(claimed.asset)
    if item is None:
        try:
            item = item_of(await site.library.asset(claimed.asset))
        except Gone:
            message = f"there is no asset {claimed.asset[:80]!r}"
            raise missing(message) from None
        except Corrupt as bad:
            site.measures.alarm(f"asset {claimed.asset}", str(bad))
            raise missing("that asset cannot be read") from None
    found = standing(view, item, claimed, site.clock())
    if found is Standing.FALSE:
        raise missing("no such segment has aired, and the asset has none of that number and place")
    if found is Standing.FUTURE:
        raise missing("that segment has not aired yet")
    return item, found


async def segment(site: Site, claimed: Claim) -> Blob:
    """The segment at an address; raises a 404 or a 503."""
    view = site.live()
    item, found = await whereabouts(site, view, claimed)
    house, kit = HOUSES[item.house], view.kits.get(item.house)
    await _be_ready(site, house, kit)
    asset = await _known(site, item.id)
    parts = _parts(claimed)
    for part in parts:
        _check_rendition(view, house, part.rendition, asset)
    try:
        if found is Standing.WITHDRAWN:
            site.measures.substitute(item.id, "withdrawn", "it was pulled off air")
        else:
            return await site.segments.fetch(claimed, lambda: _original(site, house, kit, claimed))
    except (Unreadable, StoreDown, Gone, Corrupt) as bad:
        site.measures.substitute(item.id, "unreadable", str(bad))
    slates = [await slate(site, house, kit, item, part) for part in parts]
    if claimed.suffix != "ts":
        return slates[0]
    try:
        return replace(await _muxed(site, house, kit, parts, slates), substitute=True)
    except Unreadable as bad:
        raise _hopeless(site, house, bad) from bad


def _parts(claimed: Claim) -> list[Claim]:
    """The segments that one is made of: itself, or the video and the audio of a muxed one; raises a 404."""
    if claimed.suffix == "ts":
        video, dash, audio = claimed.rendition.partition("-a-")
        if dash and video.startswith("v"):
            return [replace(claimed, rendition=name, suffix="m4s") for name in (video, f"a-{audio}")]
    elif claimed.rendition.startswith("s-") == (claimed.suffix == "vtt"):
        return [claimed]
    message = f"rendition {claimed.rendition[:80]!r} has no .{claimed.suffix} segments"
    raise missing(message)


async def _be_ready(site: Site, house: House, kit: Kit | None) -> None:
    """Hold the slate of a house from its first segment on: when it is needed, the store may be down."""
    if kit is not None and kit.house not in site.slates:
        try:
            await hold_slate(site, kit)
        except (Unreadable, StoreDown, Gone, Corrupt) as bad:
            site.measures.alarm(f"slate of house {house.name}", f"{bad}: segments that need it cannot be served")


async def _known(site: Site, asset: str) -> Asset | None:
    try:
        return await site.library.asset(asset)
    except (Gone, Corrupt, StoreDown):
        return None


def _check_rendition(view: View, house: House, rendition: str, asset: Asset | None) -> None:
    """Raise a 404 unless the asset or a channel of its house has the rendition."""
    if asset is not None and asset.track(rendition) is not None:
        return
    if house.rung(rendition) is not None or rendition in view.alternatives.get(house.name, ()):
        return
    message = f"there is no rendition {rendition[:80]!r}"
    raise missing(message)


async def _original(site: Site, house: House, kit: Kit | None, claimed: Claim) -> Blob:
    """The segment itself; raises `Unreadable`, `Gone`, `Corrupt` or `StoreDown`."""
    if claimed.suffix == "ts":
        parts = _parts(claimed)
        sources = [
            await site.segments.fetch(part, lambda part=part: _original(site, house, kit, part))  # type: ignore[misc]
            for part in parts
        ]
        return await _muxed(site, house, kit, parts, sources)
    asset = await site.library.asset(claimed.asset)
    track = asset.rendition(claimed.rendition)
    if track is None:
        if not claimed.rendition.startswith("s-"):
            message = f"it has no rendition {claimed.rendition}"
            raise Unreadable(message)
        return empty(claimed.start)
    return await asyncio.to_thread(_moved, site, house, asset, track, claimed)


async def _muxed(site: Site, house: House, kit: Kit | None, parts: list[Claim], sources: list[Blob]) -> Blob:
    inits = [await init_segment(site, *_init_of(house, kit, part.rendition)) for part in parts]
    whole = [init.body + source.body for init, source in zip(inits, sources, strict=True)]
    async with site.remuxing:
        try:
            body = await asyncio.to_thread(remux, whole[0], whole[1], parts[0].sequence)
        except NotASegment as bad:
            raise Unreadable(str(bad)) from bad
    return Blob(body, digest(body), MIMES["ts"])


def _init_of(house: House, kit: Kit | None, rendition: str) -> tuple[str, str, str]:
    named = kit.init(rendition) if kit else None
    if named is None:
        message = f"house {house.name} has no init segment for {rendition}"
        raise Unreadable(message)
    return house.name, *named


async def init_segment(site: Site, house: str, rendition: str, name: str) -> Blob:
    """A shared init segment; raises `Gone`, `BadKey` or `StoreDown`."""
    key = keys.init(house, rendition, name)

    async def make() -> Blob:
        body = await asyncio.to_thread(site.store.read, key)
        if body is None:
            message = f"{key} is not there"
            raise Gone(message)
        return Blob(body, name, "video/mp4")

    return await site.segments.fetch(key, make)


def empty(start: Ticks) -> Blob:
    """A subtitle segment without cues (H-37, H-67)."""
    body = vtt_head(MEDIA_ORIGIN + start)
    return Blob(body, digest(body), MIMES["vtt"])


def _moved(site: Site, house: House, asset: Asset, track: Track, claimed: Claim) -> Blob:
    """Read a segment and move it to its place; blocks. Raises `Unreadable` or `StoreDown`."""
    low, high = track.span(claimed.segment)
    key = keys.asset_file(asset.id, track.file)
    data = site.store.read_range(key, low, high)
    if data is None:
        message = f"{key} is gone or shorter than {high} bytes"
        raise Unreadable(message)
    try:
        body = _restamped(data, track.media, house, asset.cuts.tick(claimed.segment), claimed)
    except NotASegment as bad:
        message = f"{key} at {low}: {bad}"
        raise Unreadable(message) from bad
    return Blob(body, digest(body), MIMES["vtt" if track.media is Media.SUBTITLES else "m4s"])


def _restamped(data: bytes, media: Media, house: House, zero: Ticks, claimed: Claim) -> bytes:
    """The segment that begins at tick `zero` of its asset, as it airs at its place.

    A picture is decoded ahead of its presentation by the house's reorder delay; the times of cues count
    from tick 0 of their asset.
    """
    if media is Media.SUBTITLES:
        head = bytearray(data[:VTT_HEAD])
        restamp_vtt(head, MEDIA_ORIGIN + claimed.start - zero)
    else:
        head = bytearray(data[:HEAD])
        ahead = house.reorder if media is Media.VIDEO else 0
        restamp(head, MEDIA_ORIGIN + claimed.start - ahead, claimed.sequence)
    return bytes(head) + memoryview(data)[len(head) :]


# Slate


@dataclass(frozen=True, slots=True)
class Slate:
    """The whole slate of a house, held for as long as the process lives: it must play when the store is down."""

    asset: Asset
    files: dict[str, bytes]
    """By file name."""

    def segment(self, rendition: str, number: int) -> tuple[Media, bytes]:
        """A segment of it, as it lies in the store; raises `Unreadable`."""
        track = self.asset.rendition(rendition)
        if track is None:
            message = f"the slate has no rendition {rendition}"
            raise Unreadable(message)
        low, high = track.span(number)
        return track.media, self.files[track.file][low:high]


async def hold_slate(site: Site, kit: Kit | None) -> Slate:
    """The slate of a house, read once; raises `Unreadable`, `Gone`, `Corrupt` or `StoreDown`."""
    if kit is None:
        raise Unreadable("the house has none")
    held = site.slates.get(kit.house)
    if held is None or held.asset.id != kit.slate.id:
        asset = await site.library.asset(kit.slate.id)
        held = await asyncio.to_thread(_read_slate, site, asset)
        site.slates[kit.house] = held
    return held


def _read_slate(site: Site, asset: Asset) -> Slate:
    files = {}
    for track in asset.tracks:
        key = keys.asset_file(asset.id, track.file)
        data = site.store.read_range(key, 0, track.offsets[-1])
        if data is None:
            message = f"{key} is gone or short"
            raise Unreadable(message)
        files[track.file] = data
    return Slate(asset, files)


def _of_length(kit: Kit | None, length: Ticks) -> int:
    number = kit.slate_segment(length) if kit else None
    if number is None:
        message = f"it has no segment of {length} ticks"
        raise Unreadable(message)
    return number


async def slate(site: Site, house: House, kit: Kit | None, item: Item, claimed: Claim) -> Blob:
    """Slate of the length of a segment, at its place; raises a 503 where there is none."""
    if claimed.rendition.startswith("s-"):
        return replace(empty(claimed.start), substitute=True)
    length = Ticks(item.cuts.tick(claimed.segment + 1) - item.cuts.tick(claimed.segment))
    try:
        media, data = (await hold_slate(site, kit)).segment(claimed.rendition, _of_length(kit, length))
        body = _restamped(data, media, house, Ticks(0), claimed)
    except (Unreadable, StoreDown, Gone, Corrupt, NotASegment) as bad:
        raise _hopeless(site, house, bad) from bad
    return Blob(body, digest(body), MIMES["m4s"], substitute=True)


def _hopeless(site: Site, house: House, bad: Exception) -> HTTPServiceUnavailable:
    """There is not even slate: another origin may have some."""
    site.measures.alarm(f"slate of house {house.name}", f"{bad}: segments that need it cannot be served")
    return unready("neither that segment nor slate can be read")
