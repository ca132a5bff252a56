"""Packaging one source: probe, analyse, plan, encode, index, verify, publish.

A source that cannot be packaged is a `Refusal` and leaves nothing behind. When the machine fails
instead (a full disk, a store that does not answer) the answer is `Interrupted`: what has been encoded
is kept, and the next run goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import av.error

from packager import publish, tracks, verify, work
from packager.adts import BadAdts
from packager.analyse import Analysis, analyse
from packager.boxes import BadBoxes
from packager.encode import EncoderFailed, Meter, Sound, encode
from packager.identity import asset_id, content_digest
from packager.index import OffPlan
from packager.loudness import level_filters
from packager.plan import plan
from packager.probe import probe
from packager.progress import Progress, Stage, Tell
from packager.source import Refusal
from playout.core.asset import Asset, Kind, Title
from playout.core.house import House
from playout.documents import Corrupt
from playout.store import DirStore, StoreDown

if TYPE_CHECKING:
    from pathlib import Path

    from packager.plan import Plan
    from packager.sidecar import Sidecar
    from packager.source import Source
    from packager.work import Work
    from playout.core.asset import Track


@dataclass(frozen=True, slots=True)
class Packaged:
    """The answer for a source that is an asset now."""

    file: str
    """The source, as it was named."""
    asset: Asset
    new: bool
    """False when the same thing had been packaged before."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The answer when the machine failed, not the source; what was encoded is kept for the next run."""

    file: str
    """The source, as it was named."""
    reason: str
    advice: str

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}. {self.advice}"


Outcome = Packaged | Refusal | Interrupted


@dataclass(frozen=True, slots=True)
class Shop:
    """Where packaging is done, and with what."""

    store: DirStore
    house: House
    slots: asyncio.Semaphore
    """How many encoders of pictures may run at the same time."""
    tell: Tell
    clock: Callable[[], datetime]


class _Refused(Exception):
    """Carries a refusal out of the work folder's context."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


async def package(path: Path, said: Sidecar, shop: Shop) -> Outcome:
    """Package the source at `path`, of which people have `said` something."""
    name = str(path)
    try:
        return await _package(path, said, shop)
    except _Refused as refused:
        return replace(refused.refusal, file=name)
    except (StoreDown, OSError) as outage:
        return Interrupted(
            name, f"the disk or the store failed: {outage}", "Run again when it works: finished work is kept."
        )


async def _package(path: Path, said: Sidecar, shop: Shop) -> Outcome:
    name = str(path)
    shop.tell(Progress(name, Stage.PROBE, 0))
    source = await asyncio.to_thread(probe, path, shop.house.unit)
    if isinstance(source, Refusal):
        return replace(source, file=name)
    content = await asyncio.to_thread(content_digest, path)
    texts = [await asyncio.to_thread(content_digest, file) for _, file in said.subtitles]
    identity = asset_id(content, said, texts, shop.house)
    known = await asyncio.to_thread(_known, shop.store, identity)
    if known is not None:
        return Packaged(name, known, new=False)
    async with work.opened(shop.store.root, identity) as folder:
        known = await asyncio.to_thread(_known, shop.store, identity)
        if known is not None:
            return Packaged(name, known, new=False)
        asset = await _made(source, said, identity, shop, folder)
        return Packaged(name, asset, new=True)


def _known(store: DirStore, identity: str) -> Asset | None:
    try:
        return publish.published(store, identity)
    except Corrupt as corrupt:
        reason = f"its asset is in the store, but cannot be read ({corrupt})"
        raise _Refused(Refusal("", reason, "Remove the asset's folder.")) from corrupt


async def _made(source: Source, said: Sidecar, identity: str, shop: Shop, folder: Work) -> Asset:
    """Make and publish the asset; nothing is kept of a source that proves impossible."""
    name = str(source.path)
    house = shop.house
    about = titled(source, said)
    try:
        shop.tell(Progress(name, Stage.ANALYSE, 0))
        analysis = await analyse(source, about.kind, said.break_points, house, folder)
        what = plan(source, analysis.wanted, house)
        sounds = sounds_of(source, analysis, house)
        meter = Meter(what, lambda m: shop.tell(Progress(name, Stage.ENCODE, m.fraction, m.resumed, m.encoded)))
        await encode(source, sounds, what, folder, shop.slots, meter)
        shop.tell(Progress(name, Stage.VERIFY, 0, meter.resumed, meter.encoded))
        written = await asyncio.to_thread(_verified, what, sounds, folder)
    except EncoderFailed as failed:
        raise _verdict(failed) from failed
    except (OffPlan, BadBoxes, BadAdts) as off:
        reason = f"what was encoded is not right: {off}"
        raise _Refused(Refusal("", reason, "Convert the file to mp4 and try again.")) from off
    except av.error.FFmpegError as error:
        raise _Refused(Refusal("", f"it cannot be decoded ({error.strerror})", "Export it again.")) from error
    shop.tell(Progress(name, Stage.PUBLISH, 0, meter.resumed, meter.encoded))
    asset = Asset(
        id=identity,
        house=house.name,
        about=about,
        added=shop.clock(),
        cuts=what.cuts,
        breaks=what.breaks,
        tracks=tuple(track for track, _ in written),
        loudness=analysis.levels[0].loudness if analysis.levels else None,
        source=source.facts,
    )
    await asyncio.to_thread(_published, shop, asset, written, folder)
    return asset


def _verdict(failed: EncoderFailed) -> Exception:
    """Whether the machine or the source is to blame for an encoder's failure."""
    words = " ".join(failed.ended.last)
    if "No space left" in words or "File too large" in words or "Disk quota" in words:
        return OSError(failed.ended.words)
    if failed.ended.status < 0 and not failed.ended.stalled:
        return OSError(f"ffmpeg was ended by signal {-failed.ended.status}")
    reason = f"it cannot be decoded to its end ({failed.ended.words})"
    return _Refused(Refusal("", reason, "Export it again, or convert it to mp4."))


def titled(source: Source, said: Sidecar) -> Title:
    """What the asset is called: what people said, and a guess where they said nothing."""
    main = source.audios[0].language if source.audios else "und"
    return Title(
        title=said.title or source.path.stem.replace("_", " ").strip(),
        kind=said.kind or Kind.CLIP,
        tags=said.tags,
        series=said.series,
        season=said.season,
        episode=said.episode,
        description=said.description,
        rating=said.rating,
        language=said.language or main,
    )


def sounds_of(source: Source, analysis: Analysis, house: House) -> list[Sound]:
    """The languages to encode; silence when there is none."""
    if not source.audios:
        return [Sound("und", None)]
    return [
        Sound(audio.language, audio, tuple(level_filters(levelled.levelling, house)))
        for audio, levelled in zip(source.audios, analysis.levels, strict=True)
    ]


def _verified(what: Plan, sounds: list[Sound], folder: Work) -> list[tuple[Track, bytes]]:
    """Write all track files and read them back; each track with its init segment."""
    written = [tracks.write_pictures(rung, what, folder) for rung in what.house.rungs]
    written += [tracks.write_sound(sound, what, folder) for sound in sounds]
    faults = [fault for track, init in written for fault in verify.faults(folder.path(track.file), track, init, what)]
    if faults:
        raise OffPlan("; ".join(faults[:3]))
    return written


def _published(shop: Shop, asset: Asset, written: list[tuple[Track, bytes]], folder: Work) -> None:
    inits = {track.name: init for track, init in written}
    foreign = publish.foreign_init(shop.store, shop.house, inits)
    if foreign is not None:
        reason = (
            f"this encoder writes other headers for {foreign} than the assets that house {shop.house.name} already has"
        )
        advice = "Use the ffmpeg that made them (FASTLINE_FFMPEG), or package the whole library anew in another folder."
        raise _Refused(Refusal("", reason, advice))
    publish.publish(shop.store, asset, inits, [track.file for track, _ in written], folder)
