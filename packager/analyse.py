"""Listening to a source and looking at its dark moments, before anything is planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from packager.black import detect
from packager.breaks import candidates
from packager.encode import EncoderFailed
from packager.loudness import Levelled, Measured, measure, settle
from packager.plan import Wanted
from packager.run import Ended
from packager.work import thread
from playout import documents
from playout.core.asset import PROGRAM_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.source import AudioStream, Source
    from packager.work import Work
    from playout.core.asset import Kind
    from playout.core.house import House
    from playout.core.ticks import Ticks

FILE: Final = "analysis.json"

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was heard and seen."""

    heard: tuple[Measured, ...]
    """One for each of the source's sound tracks, in its order."""
    wanted: tuple[Wanted, ...]
    """Where breaks fit, in the source's time."""


async def analyse(source: Source, kind: Kind, told: Sequence[Ticks] | None, work: Work) -> Analysis:
    """The analysis of a source; the one in the work folder if an earlier run got so far. Raises `EncoderFailed`.

    `told` are the break points that people named; only programs have any.
    """
    if work.has(FILE):
        return documents.decode(work.path(FILE).read_bytes(), Analysis, FILE)
    heard = [_well(await measure(source, audio)) for audio in source.audios]
    wanted: tuple[Wanted, ...] = ()
    if kind in PROGRAM_KINDS:
        silences = heard[0].silences if heard else ()
        blacks = [] if told is not None else await detect(source, silences)
        wanted = candidates(source.chapters, told, blacks, silences, source.length)
    found = Analysis(tuple(heard), wanted)
    await thread(work.write, FILE, documents.encode(found))
    return found


async def levelled(source: Source, audio: AudioStream, before: Measured, house: House, work: Work) -> Levelled:
    """How one sound track is brought to the house's loudness; from the work folder when it is there.

    That can take a few tries, so it is asked while pictures are being encoded already.
    """
    file = f"level-{audio.language}.json"
    if work.has(file):
        return documents.decode(work.path(file).read_bytes(), Levelled, file)
    found = _well(await settle(source, audio, before, house))
    await thread(work.write, file, documents.encode(found))
    return found


def _well(answer: Answer | Ended) -> Answer:
    if isinstance(answer, Ended):
        raise EncoderFailed(answer)
    return answer
