"""Packaging one source: probe, analyse, plan, encode, index, verify, publish.

A source that cannot be packaged is a `Refusal` and leaves nothing behind. When the machine fails
instead (a full disk, a store that does not answer) the answer is `Interrupted`: what has been encoded
is kept, and the next run goes on from there.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av.error

from packager import publish, tracks, verify, work
from packager.adts import BadAdts
from packager.analyse import Analysis, analyse, levelled
from packager.boxes import BadBoxes
from packager.captions import MOST_BYTES, captions
from packager.card import card
from packager.encode import EncoderFailed, Meter, Sound, encode
from packager.identity import asset_id, content_digest
from packager.index import OffPlan
from packager.loudness import Measured, level_filters
from packager.pictures import POSTER, STORYBOARD, draw
from packager.plan import CHUNK_SEGMENTS, Plan, kit, plan
from packager.probe import probe
from packager.progress import Progress, Stage, Tell
from packager.run import NoEncoder
from packager.source import AudioStream, Refusal, Source, legible
from packager.stories import story_of
from packager.subtitles import LARGEST, in_asset, segments, size
from playout.core.asset import Asset, Kind, Title
from playout.core.house import House
from playout.documents import Corrupt
from playout.store import DirStore, Store, StoreDown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.sidecar import Sidecar
    from packager.subtitles import Cue
    from packager.work import Work
    from playout.core.asset import Track

_ENDED_FROM_OUTSIDE: Final = (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP, -signal.SIGXFSZ)
"""Other signals tell that ffmpeg crashed on the source."""

_log = logging.getLogger("fastline.packager")


@dataclass(frozen=True, slots=True)
class Packaged:
    """The answer for a source that is an asset now."""

    file: str
    """The source, as it was named."""
    asset: Asset
    new: bool
    """False when the same thing had been packaged before."""
    notes: tuple[str, ...] = ()
    """What was left out and why, e.g. subtitles that are pictures."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The answer when the machine failed, not the source; what was encoded is kept for the next run."""

    file: str
    """The source, as it was named."""
    reason: str
    advice: str

    def __str__(self) -> str:
        return legible(f"{self.file}: {self.reason}. {self.advice}")


Outcome = Packaged | Refusal | Interrupted


@dataclass(frozen=True, slots=True)
class Shop:
    """Where packaging is done, and with what."""

    store: Store
    house: House
    slots: asyncio.Semaphore
    """How many encoders of pictures may run at the same time."""
    tell: Tell
    clock: Callable[[], datetime]
    chunk: int = CHUNK_SEGMENTS
    """Segments in a chunk."""
    keeps: Callable[[], bool] = lambda: True
    """Whether what has been encoded is kept for the next run when this one is cancelled."""
    work_folder: Path | None = None
    """Where work files lie; None for the folder of the store."""

    @property
    def root(self) -> Path:
        """The folder in which work folders are."""
        if self.work_folder is not None:
            return self.work_folder
        if not isinstance(self.store, DirStore):
            message = "a store that is no folder needs one beside it for work files"
            raise TypeError(message)
        return self.store.root


class Refused(Exception):
    """Carries a refusal out of the work folder's context."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Order:
    """An asset that is going to be made: everything is decided."""

    id: str
    about: Title
    plan: Plan
    shown: Source | Path
    """The source, or a still picture."""
    sounds: tuple[Sound, ...]
    loudness: Callable[[], Awaitable[int | None]]
    """Tells the loudness once the sound has been encoded."""
    source: Source | None = None
    """The file that it is made of, if there is one."""
    texts: tuple[tuple[str, tuple[bytes, ...]], ...] = ()
    """Language and subtitle segments."""
    notes: tuple[str, ...] = ()
    """What was left out, for people."""


async def package(path: Path, said: Sidecar, shop: Shop, called: str = "") -> Outcome:
    """Package the source at `path`, of which people have `said` something.

    `called` is what they call the file, where it lies under another name; its title is guessed from that.
    """
    return await answered(str(path), _package(path, said, shop, called))


async def answered(name: str, making: Awaitable[Packaged | Refusal]) -> Outcome:
    """What came of `making` the asset of `name`: failures of the source and of the machine are answers.

    So are our own mistakes: a file from a stranger must not end a batch, or a process that is on air.
    """
    try:
        return await making
    except Refused as refused:
        return replace(refused.refusal, file=name)
    except (StoreDown, OSError) as outage:
        advice = "Run again when it works: finished work is kept."
        return Interrupted(name, f"the disk or the store failed: {outage}", advice)
    except NoEncoder as none:
        advice = "Let FASTLINE_FFMPEG name an ffmpeg that works, or unset it for the one that came with Fastline."
        return Interrupted(name, str(none), advice)
    except Exception as mistake:  # noqa: BLE001 — logged with its trace, and the answer says so
        _log.exception("%s: a mistake in Fastline", legible(name), extra={"action": "mistake", "file": name})
        reason = f"Fastline has a mistake that it brings to light ({type(mistake).__name__}: {mistake})"
        return Refusal(name, reason, "Please report it with the trace above; converting the file to mp4 may help.")


async def _package(path: Path, said: Sidecar, shop: Shop, called: str) -> Packaged | Refusal:
    known = await identified(path, said, shop)
    if isinstance(known, Refusal):
        return known
    source, identity = known

    async def order(folder: Work) -> Order:
        return await ordered(source, said, identity, shop, folder, called)

    return await once(str(path), identity, shop, order)


async def identified(path: Path, said: Sidecar, shop: Shop) -> tuple[Source, str] | Refusal:
    """What is in the source at `path`, and the id of the asset that it becomes. Raises `OSError`."""
    name = str(path)
    shop.tell(Progress(name, Stage.PROBE, 0))
    source = await asyncio.to_thread(probe, path, shop.house.unit)
    if isinstance(source, Refusal):
        return replace(source, file=name)
    content = await asyncio.to_thread(content_digest, path)
    texts = [await asyncio.to_thread(_subtitles_digest, file) for _, file in said.subtitles]
    return source, asset_id(content, said, texts, shop.house, shop.chunk)


def _subtitles_digest(file: Path) -> bytes:
    try:
        return content_digest(file)
    except OSError as error:
        reason = f"its subtitles {file.name} cannot be read ({error.strerror})"
        raise Refused(Refusal("", reason, "Correct or remove them.")) from error


async def once(name: str, identity: str, shop: Shop, order: Callable[[Work], Awaitable[Order]]) -> Packaged:
    """The asset with this id: the one in the store, or else what comes of the `order` that is given now."""
    known = await asyncio.to_thread(_known, shop.store, identity)
    if known is not None:
        return Packaged(name, known, new=False)
    async with work.opened(shop.root, identity) as folder:
        known = await asyncio.to_thread(_known, shop.store, identity)
        if known is not None:
            return Packaged(name, known, new=False)
        try:
            given = await order(folder)
            return Packaged(name, await _made(name, given, shop, folder), new=True, notes=given.notes)
        except (StoreDown, OSError):
            folder.keep = True
            raise
        except asyncio.CancelledError:
            folder.keep = shop.keeps()
            raise


def _known(store: Store, identity: str) -> Asset | None:
    try:
        return publish.published(store, identity)
    except Corrupt as corrupt:
        reason = f"its asset is in the store, but cannot be read ({corrupt})"
        raise Refused(Refusal("", reason, "Remove the asset's folder.")) from corrupt


async def ordered(source: Source, said: Sidecar, identity: str, shop: Shop, folder: Work, called: str = "") -> Order:
    """Analyse the source and decide everything."""
    house = shop.house
    about = titled(source, said, called)
    shop.tell(Progress(str(source.path), Stage.ANALYSE, 0))
    with blamed():
        analysis = await analyse(source, about.kind, said.break_points, folder)
    shown: Source | Path = source
    if source.video is None:
        shown = folder.path("card.png")
        await work.thread(shown.write_bytes, card(house.rungs[0], about.title, about.series))
    what = kit(house) if about.kind is Kind.SLATE else plan(source, analysis.wanted, house, shop.chunk)
    texts, notes = await _texts(source, said, what, folder)
    return Order(
        id=identity,
        about=about,
        plan=what,
        shown=shown,
        sounds=tuple(sounds_of(source, analysis, house, folder)),
        loudness=lambda: _loudness(source, analysis, house, folder),
        source=source,
        texts=texts,
        notes=notes,
    )


async def _texts(
    source: Source, said: Sidecar, what: Plan, folder: Work
) -> tuple[tuple[tuple[str, tuple[bytes, ...]], ...], tuple[str, ...]]:
    """The subtitle segments of each language, and what could not be read; an asset may lack them."""
    found = await captions(source, said.subtitles, folder.folder, _cutter(what))
    return found.tracks, (*found.notes, *(str(faults) for faults in found.faults))


def _cutter(what: Plan) -> Callable[[tuple[Cue, ...]], tuple[bytes, ...] | None]:
    """Makes the segments of one language after the other; None of those that would fill the memory."""
    corners, left = what.cuts.boundaries(), MOST_BYTES

    def cut(cues: tuple[Cue, ...]) -> tuple[bytes, ...] | None:
        nonlocal left
        moved = in_asset(cues, what.speed, what.cuts.end)
        takes = size(moved, what.house.segment)
        if takes > min(LARGEST, left):
            return None
        left -= takes
        return tuple(segments(moved, corners))

    return cut


async def _made(name: str, order: Order, shop: Shop, folder: Work) -> Asset:
    """Encode, verify and publish."""
    meter = metered(name, order.plan, shop)
    with blamed():
        await encode(order.shown, order.sounds, order.plan, folder, shop.slots, meter)
        shop.tell(Progress(name, Stage.VERIFY, 0, meter.resumed, meter.encoded, meter.parts))
        written = await work.thread(verified, order, folder)
        texts = await work.thread(tracks.write_texts, order.texts, order.plan, folder)
        loudness = await order.loudness()
        drawn = await work.thread(_drawn, written, order.plan, folder)
    shop.tell(Progress(name, Stage.PUBLISH, 0, meter.resumed, meter.encoded, meter.parts))
    asset = Asset(
        id=order.id,
        house=shop.house.name,
        about=order.about,
        added=shop.clock(),
        cuts=order.plan.cuts,
        breaks=order.plan.breaks,
        tracks=tuple(track for track, _ in written) + texts,
        loudness=loudness,
        source=order.source.facts if order.source is not None else {},
        poster=POSTER if POSTER in drawn else "",
        storyboard=STORYBOARD if STORYBOARD in drawn else "",
    )
    if order.source is not None:
        await asyncio.to_thread(check_still, order.source)
    files = [*(track.file for track in asset.tracks), *drawn]
    inits = {track.name: init for track, init in written}
    asset = await work.thread(_published, shop, asset, inits, files, folder)
    shop.tell(Progress(name, Stage.PUBLISH, 1, meter.resumed, meter.encoded, meter.parts))
    return asset


def metered(name: str, what: Plan, shop: Shop) -> Meter:
    """A meter that tells the shop of the encoding of the asset of `name`."""
    return Meter(what, lambda m: shop.tell(Progress(name, Stage.ENCODE, m.fraction, m.resumed, m.encoded, m.parts)))


def check_still(source: Source) -> None:
    """Equal ids mean equal assets: what has been encoded has to be what was digested."""
    state = source.path.stat()
    if (state.st_size, state.st_mtime_ns) != (source.size, source.changed):
        reason = "it was changed while it was being packaged"
        raise Refused(Refusal("", reason, "Package it again when it is complete."))


@contextmanager
def blamed() -> Iterator[None]:
    """Turn what encoders and checks raise into the failure of the source, or of the machine."""
    try:
        yield
    except EncoderFailed as failed:
        raise _verdict(failed) from failed
    except (OffPlan, BadBoxes, BadAdts) as off:
        reason = f"what was encoded is not right: {off}"
        raise Refused(Refusal("", reason, "Convert the file to mp4 and try again.")) from off
    except av.error.FFmpegError as error:
        raise Refused(Refusal("", f"it cannot be decoded ({error.strerror})", "Export it again.")) from error


def _verdict(failed: EncoderFailed) -> Exception:
    """Whether the machine or the source is to blame for an encoder's failure."""
    words = " ".join(failed.ended.last)
    if "No space left" in words or "File too large" in words or "Disk quota" in words:
        return OSError(failed.ended.words)
    if failed.ended.status in _ENDED_FROM_OUTSIDE and not failed.ended.stalled:
        return OSError(f"ffmpeg was ended by signal {-failed.ended.status}; was there enough memory?")
    reason = f"it cannot be decoded to its end ({failed.ended.words})"
    return Refused(Refusal("", reason, "Export it again, or convert it to mp4."))


def titled(source: Source, said: Sidecar, called: str = "") -> Title:
    """What the asset is called: what people said, and a guess where they said nothing."""
    path = Path(called) if called else source.path
    main = source.audios[0].language if source.audios else "und"
    guess = legible(path.stem.replace("_", " ")).strip() or legible(path.name)
    title, series = legible(said.title).strip() or guess, legible(said.series)
    story, part = story_of(title, series) if said.kind is Kind.EPISODE and not said.story else ("", 0)
    return Title(
        title=title,
        kind=said.kind or Kind.CLIP,
        tags=tuple(map(legible, said.tags)),
        series=series,
        season=said.season,
        episode=said.episode,
        description="\n".join(map(legible, said.description.splitlines())),
        rating=legible(said.rating),
        language=said.language or main,
        released=said.released,
        genres=tuple(map(legible, said.genres)),
        story=legible(said.story) or story,
        part=said.part or part,
        ids=said.ids,
        advertiser=legible(said.advertiser),
        category=legible(said.category),
        rights=said.rights,
    )


def sounds_of(source: Source, analysis: Analysis, house: House, folder: Work) -> list[Sound]:
    """The languages to encode; silence when there is none."""
    if not source.audios:
        return [Sound("und", None)]
    return [
        Sound(audio.language, audio, _level(source, audio, before, house, folder), source)
        for audio, before in zip(source.audios, analysis.heard, strict=True)
    ]


def _level(
    source: Source, audio: AudioStream, before: Measured, house: House, folder: Work
) -> Callable[[], Awaitable[list[str]]]:
    """Finds the filters for one sound track when they are needed."""

    async def found() -> list[str]:
        return level_filters((await levelled(source, audio, before, house, folder)).levelling, house)

    return found


async def _loudness(source: Source, analysis: Analysis, house: House, folder: Work) -> int | None:
    """The loudness that the main sound track has been brought to."""
    if not source.audios:
        return None
    return (await levelled(source, source.audios[0], analysis.heard[0], house, folder)).loudness


async def silent() -> None:
    """The loudness of silence."""


def verified(order: Order, folder: Work) -> list[tuple[Track, bytes]]:
    """Write all track files and read them back; each track with its init segment."""
    what = order.plan
    written = [tracks.write_pictures(rung, what, folder) for rung in what.rungs]
    written += [tracks.write_sound(sound, what, folder) for sound in order.sounds]
    faults = [fault for track, init in written for fault in verify.faults(folder.path(track.file), track, init, what)]
    if faults:
        raise OffPlan("; ".join(faults[:3]))
    return written


def _drawn(written: list[tuple[Track, bytes]], what: Plan, folder: Work) -> list[str]:
    """Draw the poster and the storyboard; the names of their files."""
    drawn = draw(folder.folder, [track for track, _ in written], what.cuts)
    for file, data in drawn.items():
        folder.write(file, data)
    return sorted(drawn)


def _published(shop: Shop, asset: Asset, inits: dict[str, bytes], files: list[str], folder: Work) -> Asset:
    """Put the asset into the store, where all its house's assets have the same headers; as it is there."""
    foreign = publish.foreign_init(shop.store, shop.house, inits)
    if foreign is not None:
        reason = (
            f"this encoder writes other headers for {foreign} than the assets that house {shop.house.name} already has"
        )
        advice = "Use the ffmpeg that made them (FASTLINE_FFMPEG), or package the whole library anew in another folder."
        raise Refused(Refusal("", reason, advice))
    return publish.publish(shop.store, asset, inits, files, folder)
