"""Listening to a source and looking at its dark moments, before anything is planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packager.black import detect
from packager.breaks import candidates
from packager.encode import EncoderFailed
from packager.loudness import Levelled, level
from packager.plan import Wanted
from packager.run import Ended
from playout import documents
from playout.core.asset import PROGRAM_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.source import Source
    from packager.work import Work
    from playout.core.asset import Kind
    from playout.core.house import House
    from playout.core.ticks import Ticks

FILE: Final = "analysis.json"


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was heard and seen."""

    levels: tuple[Levelled, ...]
    """One for each of the source's sound tracks, in its order."""
    wanted: tuple[Wanted, ...]
    """Where breaks fit, in the source's time."""


async def analyse(source: Source, kind: Kind, told: Sequence[Ticks] | None, house: House, work: Work) -> Analysis:
    """The analysis of a source; the one in the work folder if an earlier run got so far. Raises `EncoderFailed`.

    `told` are the break points that people named; only programs have any.
    """
    if work.has(FILE):
        return documents.decode(work.path(FILE).read_bytes(), Analysis, FILE)
    levels = []
    for audio in source.audios:
        levelled = await level(source, audio, house)
        if isinstance(levelled, Ended):
            raise EncoderFailed(levelled)
        levels.append(levelled)
    wanted: tuple[Wanted, ...] = ()
    if kind in PROGRAM_KINDS:
        silences = levels[0].before.silences if levels else ()
        blacks = [] if told is not None else await detect(source, silences)
        wanted = candidates(source.chapters, told, blacks, silences, source.length)
    found = Analysis(tuple(levels), wanted)
    work.draft(FILE).write_bytes(documents.encode(found))
    work.finish(FILE)
    return found
