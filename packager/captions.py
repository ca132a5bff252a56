"""The subtitles of a source, from the files beside it and the streams within it, by language."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.faults import Fault, Faults
from packager.ffmpeg import opened
from packager.run import Ended, ffmpeg
from packager.subtitles import LARGEST, Cue, Parsed, parse, shifted
from playout.core.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from packager.source import Source, SubtitleStream


@dataclass(frozen=True, slots=True)
class Captions:
    """Everything that can be shown as text."""

    tracks: tuple[tuple[str, tuple[Cue, ...]], ...]
    """Language and cues, in source time; one track a language."""
    faults: tuple[Faults, ...]
    """What could not be read, by file; the rest of that file is used."""
    notes: tuple[str, ...]
    """What was left out, and why."""


async def captions(source: Source, beside: Sequence[tuple[str, Path]], folder: Path) -> Captions:
    """The subtitles of `source`; a file beside it comes before a stream of the same language within it.

    `folder` takes passing files. What cannot be read within the source is left out with a note.
    """
    tracks: dict[str, tuple[Cue, ...]] = {}
    faults: list[Faults] = []
    for language, path in beside:
        parsed = await asyncio.to_thread(_read, path)
        if parsed.faults:
            faults.append(Faults(path, parsed.faults))
        if parsed.cues:
            tracks.setdefault(language, parsed.cues)
    wanted = chosen(source.subtitles, tracks)
    within = await _extracted(source, wanted, folder) if wanted else {}
    notes = [
        f"subtitle stream {stream.index} ({stream.codec}, {stream.language}) holds pictures, not text, and is left out"
        for stream in source.subtitles
        if not stream.text
    ]
    if isinstance(within, Ended):
        notes.append(f"the subtitles within it cannot be read ({within.words})")
    else:
        tracks |= {stream.language: cues for stream, cues in within.items() if cues}
    return Captions(tuple(sorted(tracks.items())), tuple(faults), tuple(notes))


def chosen(streams: Sequence[SubtitleStream], had: dict[str, tuple[Cue, ...]]) -> tuple[SubtitleStream, ...]:
    """The first text stream of each language that is not `had` already. Pure."""
    first: dict[str, SubtitleStream] = {}
    for stream in streams:
        if stream.text and stream.language not in had:
            first.setdefault(stream.language, stream)
    return tuple(first.values())


async def _extracted(
    source: Source, streams: Sequence[SubtitleStream], folder: Path
) -> dict[SubtitleStream, tuple[Cue, ...]] | Ended:
    """The cues of `streams`, all by one run of ffmpeg.

    Another stream is copied to nowhere, so that there is progress where nobody speaks.
    """
    files = {stream: folder / f"subtitles-{stream.index}.vtt" for stream in streams}
    arguments = opened(source)
    for stream, file in files.items():
        arguments += ["-map", f"0:{stream.index}", "-c:s", "webvtt", "-f", "webvtt", "-fs", str(LARGEST + 1), "-y",
                      f"file:{file}"]  # fmt: skip
    main = source.audios[0] if source.audios else source.video
    if main is not None:
        arguments += ["-map", f"0:{main.index}", "-c", "copy", "-f", "null", "-"]
    ended = await ffmpeg(arguments)
    if not ended.well:
        return ended
    cues = {}
    for stream, file in files.items():
        parsed = await asyncio.to_thread(_read, file)
        file.unlink(missing_ok=True)
        cues[stream] = shifted(parsed.cues, Ticks(-source.origin))
    return cues


def _read(path: Path) -> Parsed:
    try:
        with path.open("rb") as file:
            return parse(file.read(LARGEST + 1))
    except OSError as error:
        return Parsed((), (Fault(0, f"cannot be read: {error.strerror}"),))
