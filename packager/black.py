"""Black pictures, looked for only where it is silent already.

A few pictures are decoded around each silence, never the whole film again.
"""

from __future__ import annotations

import asyncio
from threading import Event
from typing import TYPE_CHECKING, Final

import av
from av.error import FFmpegError
from av.video.frame import VideoFrame

from packager.breaks import Span, dark, runs, windows
from packager.ffmpeg import SAFE
from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from av.container import InputContainer

    from packager.source import Source

_THUMB: Final = (64, 36)


async def detect(source: Source, silences: Sequence[Span]) -> list[Span]:
    """The black stretches of `source` within its silences; none where it cannot be decoded there."""
    looked_at = windows(silences, source.length)
    if source.video is None or not looked_at:
        return []
    stop = Event()
    try:
        return await asyncio.to_thread(_look, source, looked_at, stop)
    finally:
        stop.set()


def _look(source: Source, looked_at: Iterable[Span], stop: Event) -> list[Span]:
    """Decode the windows, one after the other, until `stop`."""
    spans: list[Span] = []
    with av.open(f"file:{source.path}", options=SAFE, metadata_errors="replace") as container:
        if source.video is not None:
            container.streams[source.video.index].codec_context.options = SAFE
        for start, end in looked_at:
            if stop.is_set():
                break
            try:
                spans += runs(_pictures(container, source, start, end, stop), end)
            except FFmpegError:
                continue  # a damaged stretch has no break; the encoder will say what is wrong with it
    return spans


def _pictures(
    container: InputContainer, source: Source, start: Ticks, end: Ticks, stop: Event
) -> Iterator[tuple[Ticks, bool]]:
    """The pictures that are due from `start` to `end`, and whether they are dark."""
    if source.video is None:
        return
    stream = container.streams[source.video.index]
    ticks = stream.time_base * TIMEBASE if stream.time_base else 1
    container.seek(int((source.origin + start) / ticks), stream=stream)
    for frame in container.decode(stream):
        if not isinstance(frame, VideoFrame) or frame.pts is None:
            continue
        due = Ticks(int(frame.pts * ticks) - source.origin)
        if due >= end or stop.is_set():
            return
        if due >= start:
            yield due, dark(_luma(frame))


def _luma(frame: VideoFrame) -> bytes:
    """A thumbnail of the luma, in full range."""
    width, height = _THUMB
    plane = frame.reformat(width, height, "gray").planes[0]
    data = bytes(plane)
    return b"".join(data[row * plane.line_size : row * plane.line_size + width] for row in range(height))
