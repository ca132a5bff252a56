"""The subtitles of a source, from the files beside it and the streams within it, by language."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from packager.faults import Fault, Faults
from packager.ffmpeg import opened
from packager.run import ffmpeg
from packager.subtitles import LARGEST, Parsed, parse, shifted
from playout.core.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence
    from pathlib import Path

    from packager.source import Source, SubtitleStream
    from packager.subtitles import Cue


Made = TypeVar("Made")

MOST_LANGUAGES: Final = 20
"""Languages of one source; players show no longer list."""
MOST_BYTES: Final = 2 * LARGEST
"""Bytes of subtitles of one source, of all languages."""


@dataclass(frozen=True, slots=True)
class Captions(Generic[Made]):
    """Everything that can be shown as text."""

    tracks: tuple[tuple[str, Made], ...]
    """Language, and what was made of its cues; one track a language."""
    faults: tuple[Faults, ...]
    """What could not be read, by file; the rest of that file is used."""
    notes: tuple[str, ...]
    """What was left out, and why."""


async def captions(
    source: Source,
    beside: Sequence[tuple[str, Path]],
    folder: Path,
    make: Callable[[tuple[Cue, ...]], Made | None],
) -> Captions[Made]:
    """The subtitles of `source`; a file beside it comes before a stream of the same language within it.

    `make` is called in a thread with the cues of one language, in source time; None where that is too much. The cues
    of no two languages are held at a time. `folder` takes passing files. What cannot be read within the source is left
    out with a note, and so is what is more than `MOST_LANGUAGES` and `MOST_BYTES`.
    """
    tracks = _Tracks(make)
    for language, path in beside[:MOST_LANGUAGES]:
        parsed = await tracks.add(language, path, Ticks(0))
        if parsed.faults:
            tracks.faults.append(Faults(path, parsed.faults))
    within = chosen(source.subtitles, tracks.found)
    room = max(MOST_LANGUAGES - len(beside), 0)
    over = [*(language for language, _ in beside[MOST_LANGUAGES:]), *(stream.language for stream in within[room:])]
    if over:
        tracks.notes.append(f"subtitles in more than {MOST_LANGUAGES} languages: {', '.join(over)} are left out")
    if within[:room]:
        await _extracted(source, within[:room], folder, tracks)
    notes = [
        f"subtitle stream {stream.index} ({stream.codec}, {stream.language}) holds pictures, not text, and is left out"
        for stream in source.subtitles
        if not stream.text
    ]
    return Captions(tuple(sorted(tracks.found.items())), tuple(tracks.faults), (*notes, *tracks.notes))


class _Tracks(Generic[Made]):
    """The subtitles that were taken so far."""

    def __init__(self, make: Callable[[tuple[Cue, ...]], Made | None]) -> None:
        self.found: dict[str, Made] = {}
        self.faults: list[Faults] = []
        self.notes: list[str] = []
        self._make = make
        self._left = MOST_BYTES

    async def add(self, language: str, path: Path, later: Ticks) -> Parsed:
        """Take the subtitles in a file, `later` than they say; what was read of it, without its cues."""
        return await asyncio.to_thread(self._add, language, path, later)

    def _add(self, language: str, path: Path, later: Ticks) -> Parsed:
        try:
            with path.open("rb") as file:
                data = file.read(LARGEST + 1)
        except OSError as error:
            return Parsed((), (Fault(0, f"cannot be read: {error.strerror}"),))
        if self._left < len(data) <= LARGEST:
            self.notes.append(f"more than {MOST_BYTES >> 20} MiB of subtitles: those in `{language}` are left out")
            return Parsed((), ())
        parsed = parse(data)
        cues = shifted(parsed.cues, later)
        if cues and language not in self.found:
            made = self._make(cues)
            if made is None:
                self.notes.append(f"the subtitles in `{language}` show too much at once, and are left out")
            else:
                self.found[language] = made
                self._left -= len(data)
        return Parsed((), parsed.faults)


def chosen(streams: Sequence[SubtitleStream], had: Container[str]) -> tuple[SubtitleStream, ...]:
    """The first text stream of each language that is not `had` already. Pure."""
    first: dict[str, SubtitleStream] = {}
    for stream in streams:
        if stream.text and stream.language not in had:
            first.setdefault(stream.language, stream)
    return tuple(first.values())


async def _extracted(source: Source, streams: Sequence[SubtitleStream], folder: Path, tracks: _Tracks[Made]) -> None:
    """Add `streams`, all by one run of ffmpeg.

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
        tracks.notes.append(f"the subtitles within it cannot be read ({ended.words})")
        return
    for stream, file in files.items():
        await tracks.add(stream.language, file, Ticks(-source.origin))
        file.unlink(missing_ok=True)
