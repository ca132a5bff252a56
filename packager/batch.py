"""Packaging many files: some at the same time, each with its own answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packager import job, sidecar, slate, work
from packager.faults import Faults
from packager.job import Interrupted, Outcome, Packaged, Shop
from packager.mend import mend
from packager.plan import CHUNK_SEGMENTS
from packager.sidecar import Sidecar
from packager.source import Refusal
from playout.core.house import House
from playout.store import DirStore, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from packager.progress import Tell

__all__ = ["Batch", "Interrupted", "Packaged", "Refusal", "package", "package_one"]


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be packaged, and how."""

    media: Path
    """The folder for work files; also that of the store, unless `store` is another."""
    house: House
    said: Sidecar = field(default_factory=Sidecar)
    """What holds for every file, and wins over its side-car; tags are added to those of the side-car."""
    jobs: int = 1
    """How many files, and how many chunks of all of them together, are worked on at the same time."""
    chunk: int = CHUNK_SEGMENTS
    """Segments in a chunk, the unit of resuming."""
    store: Store | None = None
    """Where assets are put; None for the folder."""

    def shop(self, tell: Tell, clock: Callable[[], datetime], keeps: Callable[[], bool] = lambda: True) -> Shop:
        """Where this is packaged."""
        slots = asyncio.Semaphore(self.jobs)
        return Shop(self.store or DirStore(self.media), self.house, slots, tell, clock, self.chunk, keeps, self.media)


async def package(
    files: Sequence[Path],
    batch: Batch,
    *,
    tell: Tell,
    clock: Callable[[], datetime],
    done: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Package `files`; their outcomes, in their order. What fails for one does not keep another from being done.

    `tell` hears how far each file is, `done` each outcome as soon as it is known. The house's slate is
    made first, if it is not there yet. Cancelling ends the encoders and keeps finished chunks.
    """
    with suppress(OSError):  # litter does no harm
        await asyncio.to_thread(work.forget, batch.media, clock())
    kit = await slate.ensure(batch.media, batch.house, tell, clock, batch.store)
    if not isinstance(kit, Packaged):
        outcomes = [_blocked(str(file), kit) for file in files]
        for outcome in outcomes:
            done(outcome)
        return outcomes
    shop = batch.shop(tell, clock)
    turns = asyncio.Semaphore(batch.jobs)

    async def in_turn(file: Path) -> Outcome:
        async with turns:
            outcome = await _with_sidecar(file, batch, shop)
        done(outcome)
        return outcome

    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(in_turn(file)) for file in files]
    return [task.result() for task in running]


async def package_one(  # noqa: PLR0913 — what hears of it, and what decides, are said by name
    file: Path,
    batch: Batch,
    *,
    tell: Tell,
    clock: Callable[[], datetime],
    called: str = "",
    rendition: str = "",
    keeps: Callable[[], bool] = lambda: True,
) -> Outcome:
    """Package one file, which people may call otherwise; or make one rendition of its asset anew.

    `keeps` says, when it is cancelled, whether what is encoded is kept for the next run.
    """
    with suppress(OSError):  # litter does no harm
        await asyncio.to_thread(work.forget, batch.media, clock())
    kit = await slate.ensure(batch.media, batch.house, tell, clock, batch.store)
    if not isinstance(kit, Packaged):
        return _blocked(str(file), kit)
    return await _with_sidecar(file, batch, batch.shop(tell, clock, keeps), called, rendition)


def _blocked(name: str, kit: Refusal | Interrupted) -> Outcome:
    """Without a slate there is no house to package for."""
    return Interrupted(name, f"the house's slate could not be made: {kit.reason}", kit.advice)


async def _with_sidecar(file: Path, batch: Batch, shop: Shop, called: str = "", rendition: str = "") -> Outcome:
    beside = await asyncio.to_thread(sidecar.read, file)
    if isinstance(beside, Faults):
        return mistaken(file, beside)
    said = overlaid(beside, batch.said)
    return await (mend(file, said, shop, rendition) if rendition else job.package(file, said, shop, called))


def mistaken(file: Path, beside: Faults) -> Refusal:
    """The answer for a file whose side-car has mistakes."""
    mistakes = "; ".join(str(fault) for fault in beside.faults)
    return Refusal(str(file), f"its side-car {beside.path.name} has mistakes: {mistakes}", "Correct them.")


def overlaid(beside: Sidecar, said: Sidecar) -> Sidecar:
    """What the side-car says, with what `said` says instead where it says anything."""
    return replace(
        beside,
        title=said.title or beside.title,
        tags=tuple(dict.fromkeys((*beside.tags, *said.tags))),
        kind=said.kind or beside.kind,
        series=said.series or beside.series,
        season=said.season or beside.season,
        episode=said.episode or beside.episode,
        description=said.description or beside.description,
        rating=said.rating or beside.rating,
        language=said.language or beside.language,
        break_points=beside.break_points if said.break_points is None else said.break_points,
        subtitles=said.subtitles or beside.subtitles,
    )
