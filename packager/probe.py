"""Looking at a source: what it is made of, or why it cannot be packaged.

Every packet is read once, so that the source's true extent is known (headers lie, and a file that was
cut short still has the header of the whole), and the first pictures are decoded.

All calls block; the job makes them in a worker thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import av
import av.error
from av.audio.stream import AudioStream as AvAudio
from av.stream import Disposition
from av.subtitles.stream import SubtitleStream as AvSubtitles
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as AvVideo

from packager.ffmpeg import LARGEST_PICTURE, SAFE
from packager.signs import encrypted, missing_bytes, not_media, unreadable
from packager.source import LONGEST, AudioStream, Chapter, Refusal, Source, SubtitleStream, VideoStream
from playout.core.language import UNKNOWN, bcp47
from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from av.container import InputContainer
    from av.stream import Stream

_INDEXED: Final = ("mov", "matroska", "avi", "mxf")
_TEXT_SUBTITLES: Final = frozenset({"subrip", "webvtt", "mov_text", "ass", "ssa", "text", "srt"})
_LOOKED_AT: Final = 12
_MOST_CHAPTERS: Final = 1000
_UNEVEN: Final = Ticks(TIMEBASE * 25 // 10_000)
_FEW: Final = 50
_JUST_BEFORE: Final = Ticks(TIMEBASE // 10)
_MISSING: Final = TIMEBASE
_PRIMARIES: Final = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020"}
_TRANSFERS: Final = {
    1: "bt709",
    6: "smpte170m",
    13: "iec61966-2-1",
    14: "bt2020-10",
    16: "smpte2084",
    18: "arib-std-b67",
}
_MATRICES: Final = {1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc", 10: "bt2020c"}
_FULL_RANGE: Final = 2


@dataclass(slots=True)
class _Extent:
    """What the packets of one stream say of it, in ticks of the file's clock."""

    first: int | None = None
    end: int = 0
    times: list[int] = field(default_factory=list)
    keyframe: int | None = None
    keyframes: int = 0

    def add(self, start: int, duration: int, *, keyframe: bool, keep: bool) -> None:
        self.first = start if self.first is None else min(self.first, start)
        self.end = max(self.end, start + duration)
        if keep:
            self.times.append(start)
            if keyframe:
                self.keyframes = max(self.keyframes, start - (start if self.keyframe is None else self.keyframe))
                self.keyframe = start


@dataclass(slots=True)
class _Looked:
    """What the first decoded pictures say; only one of them is kept, for they can be large."""

    first: VideoFrame | None = None
    seen: int = 0
    interlaced: int = 0

    def at(self, frame: VideoFrame) -> None:
        self.first = self.first or frame
        self.seen += 1
        self.interlaced += frame.interlaced_frame


def probe(path: Path, shortest: Ticks) -> Source | Refusal:
    """The source at `path`; a refusal when it has nothing to show or hear, or less than `shortest` of it."""
    wrong = unreadable(path)
    if wrong is not None:
        return wrong
    try:
        return _opened(path.absolute(), shortest)
    except av.error.FFmpegError as error:
        return not_media(path, error)
    except OSError as error:
        return Refusal(
            str(path), f"it cannot be read ({error.strerror or error})", "Check the disk and the file's owner and mode."
        )


def _opened(path: Path, shortest: Ticks) -> Source | Refusal:
    with av.open(f"file:{path}", options=SAFE, metadata_errors="replace") as container:
        if encrypted(path, container.format.name):
            return Refusal(str(path), "it is encrypted", "Package the unencrypted original.")
        missing = missing_bytes(path)
        if missing > 0:
            return Refusal(
                str(path), f"it is cut short: {missing} bytes are missing", "Copy or export it again, whole."
            )
        pictures = _main_video(container)
        sounds = _sounds(container)
        if pictures is None and not sounds:
            return Refusal(
                str(path), "it has neither pictures nor sound that can be decoded", "Convert it to mp4 or mkv."
            )
        index = None if pictures is None else pictures.index
        looked = _first_pictures(container, pictures)
        if pictures is not None and looked.first is None:
            return Refusal(
                str(path),
                f"its pictures cannot be decoded, or are larger than {LARGEST_PICTURE[0]}x{LARGEST_PICTURE[1]}",
                "Export it again, or convert it to mp4 or mkv.",
            )
    with av.open(f"file:{path}", options=SAFE, metadata_errors="replace") as container:
        extents, promised = _scan(container, index)
        return _described(path, container, looked, extents, promised, shortest)


def _main_video(container: InputContainer) -> AvVideo | None:
    """The first moving picture; covers and thumbnails are none."""
    return next((stream for stream in container.streams.video if not _is_cover(stream)), None)


def _is_cover(stream: AvVideo) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)


def _sounds(container: InputContainer) -> list[AvAudio]:
    """The sound tracks: the main one first, then the first of each other language."""
    decodable = sorted(container.streams.audio, key=lambda stream: (not _is_default(stream), stream.index))
    first: dict[str, AvAudio] = {}
    for stream in decodable:
        first.setdefault(_language(stream), stream)
    return list(first.values())


def _is_default(stream: AvAudio) -> bool:
    return bool(stream.disposition & Disposition.default)


def _language(stream: Stream) -> str:
    """The primary language of a stream."""
    return (bcp47(stream.metadata.get("language", "")) or UNKNOWN).partition("-")[0]


def _first_pictures(container: InputContainer, pictures: AvVideo | None) -> _Looked:
    """A few decoded pictures; fewer, or none, when they cannot be decoded."""
    looked = _Looked()
    if pictures is None:
        return looked
    pictures.codec_context.options = SAFE
    errors = 0
    for packet in container.demux(pictures):
        try:
            for frame in packet.decode():
                looked.at(frame)
        except av.error.FFmpegError:
            errors += 1
        if looked.seen >= _LOOKED_AT or errors > 20 * _LOOKED_AT:
            break
    return looked


def _scan(container: InputContainer, pictures: int | None) -> tuple[dict[int, _Extent], int]:
    """The extent of every stream, and the length that the header promises, in ticks."""
    extents: dict[int, _Extent] = {}
    streams = [s for s in container.streams if isinstance(s, AvVideo | AvAudio)]
    scales = {s.index: s.time_base * TIMEBASE for s in streams if s.time_base is not None}
    promised = (container.duration or 0) * TIMEBASE // 1_000_000
    try:
        for packet in container.demux(streams):
            if packet.size == 0 or packet.pts is None or packet.is_discard:
                continue
            scale = scales[packet.stream_index]
            extents.setdefault(packet.stream_index, _Extent()).add(
                int(packet.pts * scale), int((packet.duration or 0) * scale),
                keyframe=packet.is_keyframe, keep=packet.stream_index == pictures,
            )  # fmt: skip
    except av.error.FFmpegError:
        return extents, promised
    return extents, promised


def _described(
    path: Path,
    container: InputContainer,
    looked: _Looked,
    extents: dict[int, _Extent],
    promised: int,
    shortest: Ticks,
) -> Source | Refusal:
    pictures = _main_video(container)
    sounds = [stream for stream in _sounds(container) if stream.index in extents]
    if pictures is not None and pictures.index not in extents:
        pictures = None
    used = [stream.index for stream in (pictures, *sounds) if stream is not None]
    starts = [_start(container.streams[index], extents[index]) for index in used]
    if not starts:
        return Refusal(str(path), "it holds no media", "Copy or export it again.")
    origin = _origin(starts, pictured=pictures is not None)
    container_origin = (container.start_time or 0) * TIMEBASE // 1_000_000
    # headers count from the first timestamp or from zero, as their writers please
    reached = max(extent.end for extent in extents.values()) - min(origin, container_origin, 0)
    if _knows_its_length(container) and promised - reached > max(_MISSING, promised // 100):
        return Refusal(
            str(path), f"it is cut short: {_seconds(promised)} s were promised, {_seconds(reached)} s are there",
            "Copy or export it again, whole.",
        )  # fmt: skip
    video = None
    if pictures is not None and looked.first is not None:
        video = _video(pictures, looked, looked.first, extents[pictures.index], origin)
    state = path.stat()
    source = Source(
        path, container.format.name, state.st_size, Ticks(origin), container.format.name.startswith(_INDEXED),
        video,
        tuple(_audio(stream, extents[stream.index], origin) for stream in sounds),
        tuple(_subtitles(container)), tuple(_chapters(container, origin)), state.st_mtime_ns,
    )  # fmt: skip
    if source.length < shortest:
        if video is not None and len(extents[pictures.index].times if pictures else ()) == 1 and not sounds:
            return Refusal(str(path), "it is a picture", "Package a video or sound file.")
        return Refusal(
            str(path), f"it is too short: {_seconds(source.length)} s, and {_seconds(shortest)} s is the least",
            "Make it longer.",
        )  # fmt: skip
    if source.length > LONGEST:
        return Refusal(
            str(path), f"it is too long: {_seconds(source.length)} s, and {_seconds(LONGEST)} s is the most",
            "Cut it into parts; if it is not that long, export it again.",
        )  # fmt: skip
    return source


def _origin(starts: list[int], *, pictured: bool) -> int:
    """The first moment; `starts` begin with the pictures' when they are `pictured`.

    Where sound begins only just before the pictures, mostly with its encoder's priming, the first picture
    is the first moment, so that pictures lie on the grid exactly and sound stays with them.
    """
    first = min(starts)
    return starts[0] if pictured and starts[0] - first < _JUST_BEFORE else first


def _start(stream: Stream, extent: _Extent) -> int:
    """When the first sample of a stream is due, on the file's clock; encoder priming is not due at all."""
    if isinstance(stream, AvAudio) and stream.start_time is not None and stream.time_base is not None:
        return int(stream.start_time * stream.time_base * TIMEBASE)
    return extent.first or 0


def _knows_its_length(container: InputContainer) -> bool:
    """Whether the header states a length; elsewhere FFmpeg guesses from what it finds."""
    return container.format.name.startswith(("mov", "matroska", "avi", "mxf", "wav", "asf", "flv"))


def _seconds(ticks: int) -> str:
    return f"{ticks // TIMEBASE}.{ticks % TIMEBASE * 10 // TIMEBASE}"


def _video(stream: AvVideo, looked: _Looked, frame: VideoFrame, extent: _Extent, origin: int) -> VideoStream:
    context = stream.codec_context
    times = sorted(extent.times)
    rate, variable = _rate(stream, times)
    tail = extent.end - (extent.keyframe if extent.keyframe is not None else times[0])
    return VideoStream(
        index=stream.index,
        codec=context.name,
        width=frame.width,
        height=frame.height,
        aspect=Fraction(stream.sample_aspect_ratio or 1) or Fraction(1),
        rotation=-round(frame.rotation / 90) * 90 % 360,
        rate=rate,
        variable=variable,
        interlaced=2 * looked.interlaced > looked.seen,
        pixels=frame.format.name,
        matrix=_MATRICES.get(int(frame.colorspace), ""),
        primaries=_PRIMARIES.get(int(frame.color_primaries), ""),
        transfer=_TRANSFERS.get(int(frame.color_trc), ""),
        full_range=int(frame.color_range) == _FULL_RANGE or frame.format.name.startswith("yuvj"),
        start=Ticks(times[0] - origin),
        end=Ticks(max(extent.end, times[-1] + (int(TIMEBASE / rate) if rate else 0)) - origin),
        keyframes=Ticks(max(extent.keyframes, tail)),
    )


def _rate(stream: AvVideo, times: list[int]) -> tuple[Fraction, bool]:
    """Pictures in one second, and whether they come unevenly: by more than containers round times.

    Where the header's rate agrees with what is there, it is the exact one.
    """
    header = Fraction(stream.average_rate or stream.guessed_rate or 0)
    span = times[-1] - times[0]
    if not span:
        return header, False
    counted = Fraction((len(times) - 1) * TIMEBASE, span)
    steps = sorted(after - before for before, after in pairwise(times))
    usual = steps[len(steps) // 2]
    uneven = sum(abs(step - usual) > _UNEVEN for step in steps)
    variable = uneven * _FEW > len(steps)
    guessed = Fraction(stream.guessed_rate or 0)
    for stated in (guessed, header, _nearest_rate(counted)):
        if stated and abs(counted / stated - 1) * span < _UNEVEN:
            return stated, variable
    if not variable and guessed and abs(TIMEBASE / guessed - usual) < _UNEVEN:
        return guessed, False  # steady, but for a few pictures that are missing
    return counted, variable


def _nearest_rate(counted: Fraction) -> Fraction:
    """The usual rate nearest to `counted`: a whole one, or one divided by 1.001."""
    whole = round(counted)
    ntsc = Fraction(round(counted * 1001 / 1000) * 1000, 1001)
    return min((Fraction(whole), ntsc), key=lambda rate: abs(rate - counted))


def _audio(stream: AvAudio, extent: _Extent, origin: int) -> AudioStream:
    context = stream.codec_context
    return AudioStream(
        index=stream.index,
        codec=context.name,
        language=_language(stream),
        channels=context.channels,
        rate=context.sample_rate,
        start=Ticks(_start(stream, extent) - origin),
        end=Ticks(extent.end - origin),
        default=_is_default(stream),
    )


def _subtitles(container: InputContainer) -> Iterable[SubtitleStream]:
    for stream in container.streams:
        if isinstance(stream, AvSubtitles) and stream.codec_context is not None:
            codec = stream.codec_context.name
            text = codec in _TEXT_SUBTITLES
            yield SubtitleStream(stream.index, codec, _language(stream), text)


def _chapters(container: InputContainer, origin: int) -> Iterable[Chapter]:
    for chapter in container.chapters()[:_MOST_CHAPTERS]:
        start = chapter["start"] * (chapter["time_base"] or Fraction(1)) * TIMEBASE
        yield Chapter(Ticks(int(start) - origin), chapter["metadata"].get("title", ""))
