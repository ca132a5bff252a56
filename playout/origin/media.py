"""The addresses of media: segments, init segments, and the files of assets as they lie in the store."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

from aiohttp import web

from playout import keys
from playout.origin import doors
from playout.origin.answers import IMMUTABLE, Blob, digest, matches, missing, send_blob, wanted_range
from playout.origin.doors import Guarded
from playout.origin.lane import SegmentAnswer, learn
from playout.origin.library import Gone
from playout.origin.place import claim
from playout.origin.segments import init_segment, segment
from playout.origin.site import site_of

if TYPE_CHECKING:
    from playout.core.asset import Asset
    from playout.origin.site import Site

SUBSTITUTE: Final = "public, max-age=4"
"""Slate stands in only for now (D-3)."""
_INIT: Final = re.compile(r"([A-Za-z0-9-]{1,40})\.([0-9a-f]{32})\.mp4")
_CHUNK: Final = 1 << 20
_MIMES: Final = {
    "cmfv": "video/mp4",
    "cmfa": "audio/mp4",
    "vtt": "text/vtt; charset=utf-8",
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
}


async def _segment(request: web.Request) -> web.StreamResponse:
    place = request.match_info
    claimed = claim(place["asset"], place["rendition"], place["file"])
    if claimed is None or not keys.NAME.fullmatch(claimed.asset):
        raise missing("that is not the address of a segment")
    site = site_of(request)
    signed = site.live().signed  # as they were when the door was passed, which has not waited since
    blob = await segment(site, claimed)
    if blob.substitute:
        return send_blob(request, blob, SUBSTITUTE)
    learn(request, SegmentAnswer.of(claimed, blob, signed))
    return send_blob(request, blob, IMMUTABLE)


async def _init(request: web.Request) -> web.StreamResponse:
    found = _INIT.fullmatch(request.match_info["file"])
    if found is None:
        raise missing("that is not the address of an init segment")
    blob = await init_segment(site_of(request), request.match_info["house"], found[1], found[2])
    return send_blob(request, blob, IMMUTABLE)


async def _asset_of(request: web.Request) -> Asset:
    """The asset that a request names; raises a 404."""
    site, asset = site_of(request), request.match_info["asset"]
    keys.asset(asset)
    if asset in site.live().withdrawn:
        raise missing("that asset was withdrawn")
    return await site.library.asset(asset)


async def _track_file(request: web.Request) -> web.StreamResponse:
    """A file that an asset's index names: a track, by range, or a picture."""
    asset, name = await _asset_of(request), request.match_info["file"]
    length = next((track.offsets[-1] for track in asset.tracks if track.file == name), None)
    if length is None:
        return await _picture(request, asset, name)
    return await _track(request, site_of(request), keys.asset_file(asset.id, name), length)


async def _picture_file(request: web.Request) -> web.StreamResponse:
    return await _picture(request, await _asset_of(request), request.match_info["file"])


async def _picture(request: web.Request, asset: Asset, name: str) -> web.StreamResponse:
    """The poster or the storyboard of an asset."""
    if name not in (asset.poster, asset.storyboard):
        message = f"asset {asset.id} has no file {name[:80]!r}"
        raise missing(message)
    store, key = site_of(request).store, keys.asset_file(asset.id, name)

    async def make() -> Blob:
        body = await asyncio.to_thread(store.read, key)
        if body is None:
            message = f"{key} is gone"
            raise Gone(message)
        return Blob(body, digest(body), _mime(key))

    return send_blob(request, await site_of(request).segments.fetch(key, make), IMMUTABLE)


async def _track(request: web.Request, site: Site, key: str, length: int) -> web.StreamResponse:
    """A range of a track file, sent in pieces as large ones do not fit in memory."""
    tag = f'"{key.replace("/", "-")}-{length}"'
    headers = {"Cache-Control": IMMUTABLE, "ETag": tag, "Accept-Ranges": "bytes"}
    if matches(request.headers.get("If-None-Match", ""), tag):
        return web.Response(status=304, headers=headers)
    span = wanted_range(request, tag, length)
    start, stop = (span.start, span.stop) if span else (0, length)
    headers["Content-Type"] = _mime(key)
    headers["Content-Length"] = str(stop - start)
    if span:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{length}"
    piece = await asyncio.to_thread(site.store.read_range, key, start, min(start + _CHUNK, stop))
    if piece is None:
        message = f"{key} is gone or short"
        site.measures.alarm(key, message)
        raise missing(message)
    response = web.StreamResponse(status=206 if span else 200, headers=headers)
    await response.prepare(request)
    while piece and request.method != "HEAD":
        await response.write(piece)
        start += len(piece)
        if start >= stop:
            break
        piece = await asyncio.to_thread(site.store.read_range, key, start, min(start + _CHUNK, stop))
        if piece is None:
            # the head is out and promised more: breaking off is the only honest answer left
            message = f"{key} became short while it was sent"
            raise ConnectionResetError(message)
    await response.write_eof()
    return response


def _mime(key: str) -> str:
    return _MIMES.get(key.rpartition(".")[2], "application/octet-stream")


ROUTES: Final = (
    ("/media/init/{house}/{file}", Guarded(doors.init, _init)),
    ("/media/{asset}/{rendition}/{file}", Guarded(doors.segment, _segment)),
    ("/store/assets/{asset}/{file}", Guarded(doors.file, _track_file)),
    ("/vod/{asset}/{file}", Guarded(doors.picture, _picture_file)),
)
