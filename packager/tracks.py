"""Writing the track files of an asset from what the encoders delivered.

All calls block; the job makes them in a worker thread.
"""

from __future__ import annotations

from contextlib import closing
from hashlib import sha256
from mmap import ACCESS_READ, mmap
from typing import TYPE_CHECKING

from packager import adts
from packager.boxes import video_config
from packager.encode import chunk_folder
from packager.index import (
    OffPlan,
    picture_segments,
    picture_track,
    sound_init,
    sound_segments,
    sound_track,
    subtitle_track,
)
from playout.core.cmaf import video_init

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

    from packager.encode import Sound
    from packager.plan import Plan
    from packager.work import Work
    from playout.core.asset import Track
    from playout.core.house import Rung


def write_pictures(rung: Rung, plan: Plan, work: Work) -> tuple[Track, bytes]:
    """Write one rung's track file; the track and its init segment. Raises `OffPlan` and `BadBoxes`."""
    inits = set()
    for chunk in plan.chunks:
        with _mapped(work.path(chunk_folder(chunk)) / f"{rung.name}.mp4") as data:
            inits.add(video_init(rung.width, rung.height, video_config(data)))
    if len(inits) != 1:
        message = f"the chunks of {rung.name} do not share one init segment"
        raise OffPlan(message)
    (init,) = inits
    with closing(_all_pictures(rung, plan, work)) as segments:  # on a full disk, too, nothing of it stays open
        offsets = _write(work.draft(f"{rung.name}.cmfv"), init, segments)
    work.finish(f"{rung.name}.cmfv")
    return picture_track(rung, sha256(init).hexdigest(), offsets, plan.cuts), init


def _all_pictures(rung: Rung, plan: Plan, work: Work) -> Generator[bytes]:
    for chunk in plan.chunks:
        with _mapped(work.path(chunk_folder(chunk)) / f"{rung.name}.mp4") as data:
            yield from picture_segments(data, plan, chunk)


def write_sound(sound: Sound, plan: Plan, work: Work) -> tuple[Track, bytes]:
    """Write one language's track file; the track and its init segment. Raises `OffPlan` and `BadAdts`."""
    init = sound_init(plan.house)
    frames = adts.frames(work.path(sound.file).read_bytes())
    file = f"a-{sound.language}.cmfa"
    offsets = _write(work.draft(file), init, sound_segments(frames, plan))
    work.finish(file)
    return sound_track(sound.language, plan.house, sha256(init).hexdigest(), offsets, plan.cuts), init


def write_texts(texts: Sequence[tuple[str, Sequence[bytes]]], plan: Plan, work: Work) -> tuple[Track, ...]:
    """Write the track file of each language's subtitles, whose segments are given; the tracks."""
    return tuple(_write_text(language, segments, plan, work) for language, segments in texts)


def _write_text(language: str, segments: Sequence[bytes], plan: Plan, work: Work) -> Track:
    if len(segments) != plan.cuts.segments:
        message = f"there are {len(segments)} segments of {language} subtitles instead of {plan.cuts.segments}"
        raise OffPlan(message)
    file = f"s-{language}.vtt"
    offsets = _write(work.draft(file), b"", segments)
    work.finish(file)
    return subtitle_track(language, offsets, plan.cuts)


def _write(path: Path, init: bytes, segments: Iterable[bytes]) -> list[int]:
    """Write an init segment and media segments one after the other; where the latter lie."""
    offsets = [len(init)]
    with path.open("xb") as file:
        file.write(init)
        for segment in segments:
            file.write(segment)
            offsets.append(offsets[-1] + len(segment))
    return offsets


def _mapped(path: Path) -> mmap:
    with path.open("rb") as file:
        return mmap(file.fileno(), 0, access=ACCESS_READ)
