"""The poster and the storyboard of an asset, taken from its own track files.

Key frames alone are decoded, one for each picture that is wanted: for an hour of film a few seconds of
work. What makes a picture good is pure; reading and drawing are the shell, which blocks: the job calls it
in a worker thread.
"""

from __future__ import annotations

from io import BytesIO
from itertools import pairwise
from math import isqrt
from typing import TYPE_CHECKING, Final

import av
import av.error
from PIL import Image

from packager.subtitles import Cue, printed
from playout import keys
from playout.core.asset import Media
from playout.core.ticks import MEDIA_ORIGIN, TIMEBASE, Ticks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from av.video.frame import VideoFrame

    from playout.core.asset import Asset, Cuts, Track
    from playout.store import Store

POSTER: Final = "poster.jpg"
STORYBOARD: Final = "storyboard.vtt"
"""A WebVTT file whose cues name a sheet and a place on it: what players call thumbnails."""

CANDIDATES: Final = 12
"""How many pictures compete to be the poster."""
POSTER_LINES: Final = 720
"""A poster needs no more lines than these."""
TILE: Final = (160, 90)
ACROSS: Final = 5
DOWN: Final = 5
"""A sheet has 5 x 5 tiles."""

_INTERVALS: Final = ((Ticks(120 * TIMEBASE), Ticks(2 * TIMEBASE)), (Ticks(900 * TIMEBASE), Ticks(5 * TIMEBASE)))
"""How far tiles are apart in assets up to a length."""
_INTERVAL: Final = Ticks(10 * TIMEBASE)
_QUALITY: Final = 85
_DIM: Final = 40
_GLARE: Final = 225
_RICH: Final = 60
_SHARP: Final = 12


def score(luma: bytes, width: int) -> int:
    """How good a picture is, in percent: one byte of full-range luma a pixel, row by row. Pure.

    Half is contrast (the spread of luma), half is sharpness (how neighbours differ); neither counts much
    in a picture that is nearly black or nearly white.
    """
    count = len(luma)
    mean = sum(luma) // count
    spread = isqrt(sum(value * value for value in luma) // count - mean * mean)
    across = sum(abs(a - b) for a, b in pairwise(luma))
    down = sum(abs(a - b) for a, b in zip(luma, luma[width:], strict=False))
    edges = (across + down) // (2 * count)
    light = min(mean * 100 // _DIM, (255 - mean) * 100 // (255 - _GLARE), 100)
    worth = min(spread, _RICH) * 50 // _RICH + min(edges, _SHARP) * 50 // _SHARP
    return worth * light // 100


def moments(length: Ticks, count: int) -> list[Ticks]:
    """`count` moments spread over an asset; the first and the last lie half a step from its ends. Pure."""
    return [Ticks((2 * k + 1) * length // (2 * count)) for k in range(count)]


def interval(length: Ticks) -> Ticks:
    """How far the tiles of an asset of `length` are apart. Pure."""
    return next((step for longest, step in _INTERVALS if length <= longest), _INTERVAL)


def thumbnails(length: Ticks) -> bytes:
    """The storyboard's WebVTT file. Pure."""
    step = interval(length)
    cues = [
        Cue(
            Ticks(k * step),
            min(Ticks((k + 1) * step), length),
            f"{sheet_name(k)}#xywh={k % ACROSS * TILE[0]},{k // ACROSS % DOWN * TILE[1]},{TILE[0]},{TILE[1]}",
        )
        for k in range(-(-length // step))
    ]
    return b"WEBVTT\n\n" + b"".join(printed(cue) for cue in cues)


def sheet_name(tile: int) -> str:
    """The file on which `tile` lies."""
    return f"storyboard-{tile // (ACROSS * DOWN):03d}.jpg"


def draw(folder: Path, tracks: Sequence[Track], cuts: Cuts) -> dict[str, bytes]:
    """The poster and the storyboard of the asset whose track files lie in `folder`, by file name.

    Raises `OSError`, and FFmpeg's errors, when the files are not what was packaged.
    """
    rungs = [track for track in tracks if track.media is Media.VIDEO]
    if not rungs:
        return {}
    lines = [(_lines(track), track) for track in rungs]
    small = min(lines, key=lambda rung: rung[0])
    fit = [rung for rung in lines if rung[0] <= POSTER_LINES] or [small]
    large = max(fit, key=lambda rung: rung[0])
    return {POSTER: _poster(folder, large[1], cuts), **_storyboard(folder, small[1], cuts)}


def still(store: Store, asset: Asset, moment: Ticks) -> bytes:
    """The picture of a packaged asset at a moment, as a poster: its last key frame at or before it.

    Raises `OSError` when the files are not what was packaged, and `StoreDown`.
    """
    rungs = [track for track in asset.tracks if track.media is Media.VIDEO and _lines(track) <= POSTER_LINES]
    if not rungs or not 0 <= moment < asset.cuts.end:
        message = f"{asset.id} has no picture at {moment // TIMEBASE} s"
        raise OSError(message)
    track = max(rungs, key=_lines)
    key, (first, stop) = keys.asset_file(asset.id, track.file), track.span(asset.cuts.segment(moment))
    head, body = store.read_range(key, 0, track.offsets[0]), store.read_range(key, first, stop)
    if head is None or body is None:
        message = f"{key} is not what was packaged"
        raise OSError(message)
    try:
        frame = _chosen(head + body, moment, track.file)
    except av.error.FFmpegError as error:
        message = f"{key} cannot be decoded: {error.strerror}"
        raise OSError(message) from error
    return _jpeg(_image(frame, frame.width, frame.height))


def _lines(track: Track) -> int:
    return int(track.name.removeprefix("v"))


def _poster(folder: Path, track: Track, cuts: Cuts) -> bytes:
    """The best of a few pictures; of equally good ones the earliest."""
    best: tuple[int, VideoFrame] | None = None
    for moment in moments(cuts.end, CANDIDATES):
        frame = _picture(folder / track.file, track, cuts, moment)
        worth = score(_luma(frame), TILE[0])
        if best is None or worth > best[0]:
            best = worth, frame
    if best is None:
        message = f"{track.file} shows nothing"
        raise OSError(message)
    return _jpeg(_image(best[1], best[1].width, best[1].height))


def _storyboard(folder: Path, track: Track, cuts: Cuts) -> dict[str, bytes]:
    """The sheets and the file that says what lies where."""
    step = interval(cuts.end)
    count = -(-cuts.end // step)
    sheets: dict[str, bytes] = {}
    for first in range(0, count, ACROSS * DOWN):
        tiles = range(first, min(first + ACROSS * DOWN, count))
        rows = -(-len(tiles) // ACROSS)
        sheet = Image.new("RGB", (ACROSS * TILE[0], rows * TILE[1]))
        for tile in tiles:
            middle = Ticks(min(tile * step + step // 2, cuts.end - 1))
            image = _image(_picture(folder / track.file, track, cuts, middle), *TILE)
            sheet.paste(image, (tile % ACROSS * TILE[0], tile // ACROSS % DOWN * TILE[1]))
        sheets[sheet_name(first)] = _jpeg(sheet)
    return {**sheets, STORYBOARD: thumbnails(cuts.end)}


def _picture(path: Path, track: Track, cuts: Cuts, moment: Ticks) -> VideoFrame:
    """The last key frame at or before `moment`, in the segment in which it lies."""
    first, stop = track.span(cuts.segment(moment))
    with path.open("rb") as file:
        head = file.read(track.offsets[0])
        file.seek(first)
        data = head + file.read(stop - first)
    return _chosen(data, moment, path.name)


def _chosen(data: bytes, moment: Ticks, name: str) -> VideoFrame:
    """The last key frame at or before `moment` in these segments."""
    chosen: VideoFrame | None = None
    for frame in _keyframes(data):
        if chosen is None or (frame.pts or 0) <= MEDIA_ORIGIN + moment:
            chosen = frame
    if chosen is None:
        message = f"{name}: there is no picture at {moment // TIMEBASE} s"
        raise OSError(message)
    return chosen


def _keyframes(data: bytes) -> Iterator[VideoFrame]:
    with av.open(BytesIO(data), mode="r", format="mp4") as container:
        stream = container.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        yield from container.decode(stream)


def _luma(frame: VideoFrame) -> bytes:
    plane = frame.reformat(*TILE, "gray").planes[0]
    return Image.frombytes("L", TILE, bytes(plane), "raw", "L", plane.line_size).tobytes()


def _image(frame: VideoFrame, width: int, height: int) -> Image.Image:
    """The frame in RGB, by the matrix that every house picture has."""
    plane = frame.reformat(width, height, "rgb24", src_colorspace="ITU709", interpolation="LANCZOS").planes[0]
    return Image.frombytes("RGB", (width, height), bytes(plane), "raw", "RGB", plane.line_size)


def _jpeg(image: Image.Image) -> bytes:
    data = BytesIO()
    image.save(data, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return data.getvalue()
