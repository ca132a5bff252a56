"""Encoding what a plan asks for, chunk by chunk, into a work folder.

A chunk is a folder with one file for each rung. It gets its name when it is complete, so a later run
finds it and goes on after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from packager import ffmpeg as arguments
from packager.plan import Plan
from packager.run import Ended, ffmpeg
from packager.source import AudioStream, Source
from packager.work import thread
from playout.core.ticks import Ticks

if TYPE_CHECKING:
    from packager.plan import Chunk
    from packager.work import Work


class EncoderFailed(Exception):
    """An encoder did not do what it was asked; holds its last words."""

    def __init__(self, ended: Ended) -> None:
        super().__init__(ended.words)
        self.ended = ended


@dataclass(frozen=True, slots=True)
class Sound:
    """One language to be encoded."""

    language: str
    stream: AudioStream | None
    """Where it comes from; None for silence."""
    level: Callable[[], Awaitable[Sequence[str]]] | None = None
    """Finds the filters that bring it to the house's loudness."""
    source: Source | None = None
    """The source that holds the stream: there is sound, too, where what is shown is a still picture."""

    @property
    def file(self) -> str:
        """Its name among finished work."""
        return f"a-{self.language}.aac"


@dataclass(slots=True)
class Meter:
    """Adds up what all encoders of an asset have written."""

    plan: Plan
    tell: Callable[[Meter], None]
    resumed: int = 0
    encoded: int = 0
    written: dict[int, Ticks] = field(default_factory=dict)
    heard: dict[str, Ticks] = field(default_factory=dict)
    """How much of each language's sound is encoded."""

    @property
    def parts(self) -> tuple[tuple[str, float], ...]:
        """How much of each rendition is encoded, from 0 to 1; the rungs of a chunk are encoded side by side."""
        pictures = [(rung.name, self.fraction) for rung in self.plan.rungs]
        sounds = [(f"a-{name}", min(1.0, ticks / self.plan.cuts.end)) for name, ticks in self.heard.items()]
        return (*pictures, *sounds)

    @property
    def fraction(self) -> float:
        """How much of the pictures is encoded, from 0 to 1."""
        return min(1.0, sum(self.written.values()) / self.plan.cuts.end)

    def advance(self, chunk: Chunk, ticks: Ticks) -> None:
        """A chunk has got so far."""
        self.written[chunk.number] = ticks
        self.tell(self)

    def sounded(self, language: str, ticks: Ticks) -> None:
        """So much of a language's sound is encoded."""
        self.heard[language] = ticks
        self.tell(self)


def chunk_folder(chunk: Chunk) -> str:
    """A chunk's name among finished work."""
    return f"chunk-{chunk.number:04d}"


async def encode(
    shown: Source | Path, sounds: Sequence[Sound], plan: Plan, work: Work, slots: asyncio.Semaphore, meter: Meter
) -> None:
    """Encode whatever of the plan is not finished yet. Raises `EncoderFailed` and `OSError`.

    `shown` is the source, or a still picture. Chunks share `slots` with all other work of the batch.
    """
    meter.heard |= {sound.language: Ticks(0) for sound in sounds}
    try:
        async with asyncio.TaskGroup() as tasks:
            for chunk in plan.chunks if plan.rungs else ():
                tasks.create_task(_chunk(shown, plan, chunk, work, slots, meter))
            tasks.create_task(_sounds(sounds, plan, work, meter))
    except BaseExceptionGroup as failed:
        raise _first(failed) from failed


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """The failure that ended the others."""
    first = failed.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


async def _chunk(
    shown: Source | Path, plan: Plan, chunk: Chunk, work: Work, slots: asyncio.Semaphore, meter: Meter
) -> None:
    name = chunk_folder(chunk)
    length = plan.cuts.tick(chunk.stop)
    if work.has(name):
        meter.resumed += 1
        meter.advance(chunk, _minus(length, plan.cuts.tick(chunk.first)))
        return
    async with slots:
        draft = work.draft(name)
        draft.mkdir()
        outputs = [draft / f"{rung.name}.mp4" for rung in plan.rungs]
        if isinstance(shown, Path):
            command = arguments.encode_card(shown, plan, chunk, outputs)
        else:
            command = arguments.encode_pictures(shown, plan, chunk, outputs)
        await _run(command, lambda written: meter.advance(chunk, written))
        await thread(work.finish, name)
        meter.encoded += 1
        meter.advance(chunk, _minus(length, plan.cuts.tick(chunk.first)))


def _minus(end: Ticks, start: Ticks) -> Ticks:
    return Ticks(end - start)


async def _sounds(sounds: Sequence[Sound], plan: Plan, work: Work, meter: Meter) -> None:
    """One after the other: a file may hold a hundred languages."""
    for sound in sounds:
        await _sound(sound, plan, work, meter)
        meter.sounded(sound.language, plan.cuts.end)


async def _sound(sound: Sound, plan: Plan, work: Work, meter: Meter) -> None:
    if work.has(sound.file):
        return
    draft = work.draft(sound.file)
    if sound.stream is None or sound.source is None:
        command = arguments.encode_silence(plan, draft)
    else:
        level = [] if sound.level is None else await sound.level()
        command = arguments.encode_sound(sound.source, sound.stream, plan, level, draft)
    await _run(command, lambda ticks: meter.sounded(sound.language, ticks))
    await thread(work.finish, sound.file)


async def _run(command: Sequence[str], progress: Callable[[Ticks], None]) -> None:
    ended = await ffmpeg(command, progress=progress)
    if not ended.well:
        raise EncoderFailed(ended)
