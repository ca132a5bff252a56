"""Making one rendition of an asset anew: of a track file that was lost, or that has come to harm.

Law: the asset stays the very same. What is made must be what the asset's document says, to the byte offset, or
nothing is put into the store: encoders that write something else are told of, and the whole is packaged anew.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from packager import publish, tracks, work
from packager.encode import encode
from packager.job import Packaged, Refused, answered, blamed, check_still, identified, metered, ordered, verified
from packager.progress import Progress, Stage
from packager.source import Refusal
from playout.core.asset import Asset, Media
from playout.store import StoreDown

if TYPE_CHECKING:
    from pathlib import Path

    from packager.job import Order, Outcome, Shop
    from packager.sidecar import Sidecar
    from packager.work import Work
    from playout.core.asset import Track


async def mend(path: Path, said: Sidecar, shop: Shop, rendition: str) -> Outcome:
    """Make `rendition` of the asset of this source anew. `said` is what was said when it was packaged."""
    return await answered(str(path), _mend(path, said, shop, rendition))


async def _mend(path: Path, said: Sidecar, shop: Shop, rendition: str) -> Packaged | Refusal:
    name = str(path)
    known = await identified(path, said, shop)
    if isinstance(known, Refusal):
        return known
    source, identity = known
    asset = await asyncio.to_thread(publish.published, shop.store, identity)
    if asset is None:
        return Refusal(name, "there is no asset of it in this house yet", "Package the whole of it.")
    track = asset.track(rendition)
    if track is None:
        names = ", ".join(track.name for track in asset.tracks)
        return Refusal(name, f"its asset has no rendition {rendition}", f"It has {names}.")
    async with work.opened(shop.root, f"{identity}.{rendition}") as folder:
        try:
            order = await ordered(source, said, identity, shop, folder)
            order = replace(order, plan=replace(order.plan, only=rendition))
            await _made(name, order, track, shop, folder)
            await asyncio.to_thread(check_still, source)
            await work.thread(_replaced, shop, asset, track, folder)
        except (StoreDown, OSError):
            folder.keep = True
            raise
        except asyncio.CancelledError:
            folder.keep = shop.keeps()
            raise
    shop.tell(Progress(name, Stage.PUBLISH, 1, parts=((rendition, 1.0),)))
    return Packaged(name, asset, new=False)


async def _made(name: str, order: Order, track: Track, shop: Shop, folder: Work) -> None:
    """Encode the track and compare it with what the asset says of it."""
    with blamed():
        if track.media is Media.SUBTITLES:
            texts = [(language, pieces) for language, pieces in order.texts if language == track.language]
            made = list(await work.thread(tracks.write_texts, texts, order.plan, folder))
        else:
            heard = track.language if track.media is Media.AUDIO else None
            order = replace(order, sounds=tuple(sound for sound in order.sounds if sound.language == heard))
            meter = metered(name, order.plan, shop)
            await encode(order.shown, order.sounds, order.plan, folder, shop.slots, meter)
            shop.tell(Progress(name, Stage.VERIFY, 0, meter.resumed, meter.encoded, meter.parts))
            made = [track for track, _ in await work.thread(verified, order, folder)]
    if [replace(one, file=track.file) for one in made] != [track]:
        raise _otherwise(track)


def _replaced(shop: Shop, asset: Asset, track: Track, folder: Work) -> None:
    """Put the file in the place of the one that came to harm; whoever reads that goes on reading it. Blocks."""
    file = f"{track.name}.{track.file.rpartition('.')[2]}"  # in a bucket it has another name than when it is made
    if not publish.restore(shop.store, asset, track, folder.path(file)):
        raise _otherwise(track)


def _otherwise(track: Track) -> Refused:
    reason = f"this encoder makes another {track.name} than the one of its asset"
    return Refused(Refusal("", reason, "Use the ffmpeg that made it (FASTLINE_FFMPEG), or package it all anew."))
