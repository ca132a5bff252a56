"""What the API has the packager do: the kinds of jobs for which it needs it, and how it reads films."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

from assembly.films import house_of
from control_api.assets.poster import drawing
from control_api.imports.folders import Becoming, Reading, importing
from control_api.jobs.packaging import Heard, Packed, Rendition, Unpackaged, packaging
from control_api.uploads.content import Probed, Unfit
from control_api.uploads.taking_in import taking_in
from packager import batch, folders
from packager.bars import SHARES
from packager.batch import Batch, Interrupted, Packaged
from packager.look import Look, Unseen, look
from packager.pictures import still
from packager.sidecar import Sidecar
from packager.source import Refusal
from playout.clock import system_clock
from playout.commands.options import Refused
from playout.core.house import DEFAULT_HOUSE, HOUSES, House
from playout.core.ticks import TIMEBASE

if TYPE_CHECKING:
    from pathlib import Path

    from control_api.jobs.kinds import AnyKind
    from control_api.jobs.packaging import Order
    from control_api.settings import Settings
    from packager.job import Outcome
    from packager.progress import Progress
    from playout.core.asset import Asset
    from playout.core.ticks import Ticks
    from playout.store import Store


def kinds(asked: argparse.Namespace, jobs: int, at_once: int) -> list[AnyKind]:
    """The kinds of jobs for which the API needs the packager; `jobs` encoders at the same time, so many sources."""
    store: Store = asked.media.store()

    async def package(order: Order) -> Packed | Unpackaged:
        given = order.given
        if given.folder and (out := await asyncio.to_thread(folders.strays, order.source, order.within)):
            return _came(folders.astray(order.source, out))
        said = Sidecar(
            title=given.title,
            tags=given.tags,
            kind=given.kind,
            series=given.series,
            season=given.season,
            episode=given.episode,
            description=given.description,
            rating=given.rating,
            language=given.language,
        )
        chosen = HOUSES[given.house] if given.house else await asyncio.to_thread(_usual, asked)
        outcome = await batch.package_one(
            order.source,
            Batch(order.media, chosen, said, jobs, store=store),
            tell=lambda step: _hear(order, step),
            clock=system_clock,
            called=given.name,
            rendition=given.rendition,
            keeps=order.keeps,
        )
        return _came(outcome)

    films = importing(lambda: _of_place(asked))
    return [packaging(package, at_once=at_once), taking_in(looked), drawing(_drawn), films]


def _usual(asked: argparse.Namespace) -> House:
    """The format of what nobody said a format of."""
    try:
        return HOUSES[asked.house] if getattr(asked, "house", None) else house_of(asked)
    except Refused:  # a worker on another machine may have no channels.yaml, and need none
        return HOUSES[DEFAULT_HOUSE]


def films_of(settings: Settings) -> Reading:
    """How the API reads the films of a folder, and their side-cars."""
    return _of_place(argparse.Namespace(channels=settings.channels, media=settings.place))


def _of_place(asked: argparse.Namespace) -> Reading:
    async def becomes(film: Path, root: Path, house: str) -> Becoming | Unfit:
        chosen = HOUSES[house] if house else await asyncio.to_thread(_usual, asked)
        found = await folders.becomes(film, root, Batch(asked.media.folder, chosen))
        if isinstance(found, Refusal):
            return Unfit(reason=found.reason, advice=found.advice)
        return Becoming(found, chosen.name)

    return Reading(folders.films, becomes, looked)


async def _drawn(store: Store, asset: Asset, moment: Ticks) -> bytes:
    """The picture of an asset at a moment."""
    return await asyncio.to_thread(still, store, asset, moment)


async def looked(path: Path) -> Probed | Unfit:
    """What is in an uploaded file, as a process of the packager sees it."""
    found = await look(path)
    if isinstance(found, Look):
        return Probed.model_validate(asdict(found))
    advice = found.advice if isinstance(found, Refusal) else ""
    return Unfit(reason=found.reason, advice=advice, again=isinstance(found, Unseen) and found.again)


def _hear(order: Order, step: Progress) -> None:
    """Tell a job how far its source is; not how far the house's slate is, which comes before."""
    if step.file != str(order.source):
        return
    start, length = SHARES[step.stage]
    parts = {name: round(share * 1000) for name, share in step.parts}
    order.hear(Heard(step.stage.value, round((start + length * step.fraction) * 1000), parts))


def _came(outcome: Outcome) -> Packed | Unpackaged:
    """What came of packaging, as a job tells it."""
    if not isinstance(outcome, Packaged):
        return Unpackaged(outcome.reason, outcome.advice, again=isinstance(outcome, Interrupted))
    asset = outcome.asset
    renditions = [
        Rendition(
            name=track.name,
            media=track.media.value,
            codecs=track.codecs,
            language=track.language,
            bandwidth=track.bandwidth,
            average=track.average,
            bytes=track.offsets[-1],
        )
        for track in asset.tracks
    ]
    length = asset.cuts.end * 1000 // TIMEBASE
    return Packed(
        asset=asset.id, house=asset.house, is_new=outcome.new, duration_ms=length, renditions=renditions,
        notes=list(outcome.notes),
    )  # fmt: skip
