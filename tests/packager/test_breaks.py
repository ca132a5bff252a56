"""Break points: what counts, what agrees, what is too near; and black pictures that are really found."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packager.black import detect
from packager.breaks import AGREED, EDGE, NEAR, candidates, dark, runs, windows
from packager.loudness import Measured, measure
from packager.plan import Wanted
from packager.run import ffmpeg
from packager.source import AudioStream, Chapter, Source, VideoStream
from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from pathlib import Path

LENGTH = Ticks(600 * TIMEBASE)


def at(seconds: float) -> Ticks:
    return Ticks(round(seconds * TIMEBASE))


def span(start: float, end: float) -> tuple[Ticks, Ticks]:
    return at(start), at(end)


def test_what_a_person_wrote_is_the_whole_truth() -> None:
    chapters = [Chapter(at(100), "Two")]
    black = [span(200, 201)]
    told = [at(301), at(300), at(1), at(0), at(601)]
    assert candidates(chapters, told, black, black, LENGTH) == (
        Wanted(at(1), 100, "sidecar"), Wanted(at(300), 100, "sidecar"), Wanted(at(301), 100, "sidecar"),
    )  # fmt: skip
    assert candidates(chapters, [], black, black, LENGTH) == ()


def test_black_counts_only_in_silence_and_its_middle_is_the_place() -> None:
    blacks = [span(100, 101), span(200, 200.2), span(300, 301)]
    silences = [span(100.5, 103), span(199, 202)]
    assert candidates([], None, blacks, silences, LENGTH) == (
        Wanted(at(100.75), 75, "black"),
        Wanted(at(200.1), 65, "black"),
    )


def test_agreement_raises_confidence_and_the_black_picture_tells_the_place() -> None:
    chapters = [Chapter(at(0), "One"), Chapter(at(101), "Two"), Chapter(at(300), "Three")]
    black = [span(99.5, 100.5)]
    assert candidates(chapters, None, black, black, LENGTH) == (
        Wanted(at(100), AGREED, "black"),
        Wanted(at(300), 75, "chapter"),
    )


def test_nothing_is_found_near_the_ends() -> None:
    chapters = [Chapter(at(second), "") for second in (0, 4.9, 5, 595, 595.1, 600)]
    assert [place.tick for place in candidates(chapters, None, [], [], LENGTH)] == [at(5), at(595)]
    assert candidates([Chapter(at(2), "")], None, [], [], at(4)) == ()


spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 8)).map(lambda pair: span(pair[0], pair[0] + pair[1])), max_size=8
)


@given(st.lists(st.integers(0, 61 * TIMEBASE).map(lambda tick: Chapter(Ticks(tick), "")), max_size=10), spans, spans)
def test_found_places_are_sorted_and_apart(
    chapters: list[Chapter], blacks: list[tuple[Ticks, Ticks]], silences: list[tuple[Ticks, Ticks]]
) -> None:
    length = at(60)
    found = candidates(chapters, None, blacks, silences, length)
    assert all(after.tick - before.tick >= NEAR for before, after in pairwise(found))
    assert all(EDGE <= place.tick <= length - EDGE and 0 < place.confidence < 100 for place in found)
    assert found == candidates(chapters[::-1], None, blacks[::-1], silences[::-1], length)
    if any(EDGE <= chapter.start <= length - EDGE for chapter in chapters):
        assert found


def test_windows_look_at_short_silences_and_the_ends_of_long_ones() -> None:
    assert windows([span(100, 150), span(20, 22), span(0, 5), span(598, 600)], LENGTH) == [
        span(20, 22), span(100, 106), span(144, 150),
    ]  # fmt: skip


def test_dark() -> None:
    assert dark(bytes([0, 20] * 50))
    assert dark(bytes([20] * 98 + [255] * 2))
    assert not dark(bytes([20] * 97 + [255] * 3))
    assert not dark(bytes([40] * 100))


def test_runs_last_until_the_next_bright_picture() -> None:
    pictures = [(at(1), False), (at(2), True), (at(3), True), (at(4), False), (at(5), True)]
    assert runs(pictures, at(6)) == [span(2, 4), span(5, 6)]
    assert runs([], at(6)) == []


@pytest.mark.media
@pytest.mark.parametrize("offset", ["0", "12.5"])
async def test_black_with_silence_is_found_and_black_with_sound_is_not(tmp_path: Path, offset: str) -> None:
    """Silent black from 8 to 9 s, loud black from 14 to 15 s, silent picture from 18 to 19 s; keys 4 s apart."""
    black, quiet = "between(t,8,9)+between(t,14,15)", "between(t,8,9)+between(t,18,19)"
    made = await ffmpeg([
        "-f", "lavfi", "-i", "testsrc=s=96x54:r=25:d=24",
        "-f", "lavfi", "-i", f"aevalsrc=0.3*sin(2*PI*440*t)*not({quiet.replace(',', chr(92) + ',')}):d=24:s=48000",
        "-vf", f"drawbox=t=fill:c=black:enable='{black}'", "-c:v", "libx264", "-preset", "ultrafast", "-g", "100",
        "-c:a", "pcm_s16le", "-output_ts_offset", offset, str(tmp_path / "in.mkv"),
    ])  # fmt: skip
    assert made.well, made
    origin, length = at(float(offset)), at(24)
    video = VideoStream(
        index=0, codec="h264", width=96, height=54, aspect=Fraction(1), rotation=0, rate=Fraction(25), variable=False,
        interlaced=False, pixels="yuv444p", matrix="", primaries="", transfer="", full_range=False, start=Ticks(0),
        end=length, keyframes=at(4),
    )  # fmt: skip
    audio = AudioStream(1, "pcm_s16le", "und", 1, 48_000, Ticks(0), length, default=True)
    source = Source(
        tmp_path / "in.mkv", "matroska", 1, origin, indexed=True, video=video, audios=(audio,), subtitles=(),
        chapters=(),
    )  # fmt: skip
    heard = await measure(source, audio)
    assert isinstance(heard, Measured)
    assert len(heard.silences) == 2
    blacks = await detect(source, heard.silences)
    (place,) = candidates([], None, blacks, heard.silences, length)
    assert place.origin == "black"
    assert abs(place.tick - at(8.5)) < at(0.05)
