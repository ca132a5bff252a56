"""Loudness: what the meters say, what follows, and that it comes out right after encoding."""

from __future__ import annotations

from array import array
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packager.ffmpeg import sound
from packager.loudness import (
    MOST,
    Levelled,
    Levelling,
    Measured,
    corrected,
    doubtful,
    level,
    level_filters,
    levelling,
    measure,
    measured,
)
from packager.run import ffmpeg
from packager.source import AudioStream, Source
from playout.core.house import HOUSES
from playout.core.ticks import Ticks

if TYPE_CHECKING:
    from pathlib import Path

HOUSE = HOUSES["fast"]

SAID = """
[Parsed_silencedetect_1 @ 0x7f5380002540] [info] silence_start: -0.0213
[Parsed_silencedetect_1 @ 0x7f5380002540] [info] silence_end: 2.000021 | silence_duration: 2.000021
[Parsed_silencedetect_1 @ 0x7f5380002540] [info] silence_start: 4
[ebur128@dull @ 0x7f5380002900] [info] Summary:

  Integrated loudness:
    I:          -5.8 LUFS
    Threshold: -15.4 LUFS

[ebur128@whole @ 0x7f5380002980] [info] Summary:

  Integrated loudness:
    I:          -5.2 LUFS
    Threshold: -15.4 LUFS

  Loudness range:
    LRA:         2.6 LU
    Threshold: -27.2 LUFS
    LRA low:    -9.0 LUFS

  True peak:
    Peak:       -3.9 dBFS
[Parsed_silencedetect_1 @ 0x7f5380002540] [info] silence_end: 6 | silence_duration: 2
[out#0/null @ 0x55bcfcc64a00] [info] video:0KiB audio:1125KiB
"""


def test_what_ffmpeg_says_is_read() -> None:
    expected = ((Ticks(0), Ticks(180_002)), (Ticks(360_000), Ticks(540_000)))
    assert measured(SAID.splitlines()) == Measured(-520, -390, -580, expected)


def test_silence_has_no_loudness() -> None:
    said = ["[ebur128@whole @ 0x7f] [info] Summary:", "    I:         -70.0 LUFS", "    Peak:       -inf dBFS"]
    assert measured(said) == Measured(None, None)
    assert measured([said[0], "    I:         nan LUFS"]) == Measured(None, None)
    assert measured([]) == Measured(None, None)
    assert levelling(Measured(None, None), HOUSE) == Levelling()
    assert level_filters(Levelling(), HOUSE) == []


@given(st.integers(-6999, 500), st.integers(-7000, 1000))
def test_the_gain_is_linear_and_limits_only_what_would_pass_the_peak(integrated: int, peak: int) -> None:
    result = levelling(Measured(integrated, peak), HOUSE)
    assert integrated + result.gain == HOUSE.loudness
    assert result.limit == (peak + result.gain > HOUSE.true_peak)


@given(st.integers(-6999, 0), st.integers(-2000, 600), st.integers(-500, 3000), st.integers(-6999, 0))
def test_corrections_are_bounded(integrated: int, peak: int, grown: int, result: int) -> None:
    source = Measured(integrated, peak)
    needed = levelling(source, HOUSE).gain
    better = corrected(source, Levelling(needed + grown), Measured(result, 0), HOUSE)
    if better is not None:
        assert better.gain == min(needed + grown + HOUSE.loudness - result, needed + MOST)
        assert better.limit == (peak + better.gain > HOUSE.true_peak)
    assert corrected(source, Levelling(needed + MOST, limit=True), Measured(-2400, 0), HOUSE) is None
    assert corrected(source, Levelling(needed), Measured(HOUSE.loudness - 9, 0), HOUSE) is None


def test_only_doubtful_levellings_are_tried() -> None:
    assert not doubtful(Measured(None, None), Levelling())
    assert not doubtful(Measured(-2000, -900, -2029), Levelling(-300))
    assert doubtful(Measured(-2000, -900, -2030), Levelling(-300))
    assert doubtful(Measured(-3000, -300, -3000), Levelling(700, limit=True))


def test_filters() -> None:
    assert level_filters(Levelling(-1205), HOUSE) == ["volume=-12.05dB:precision=float"]
    assert level_filters(Levelling(640, limit=True), HOUSE) == [
        "volume=6.40dB:precision=float",
        "aresample=192000",
        "alimiter=limit=-3.00dB:attack=5:release=80:level=0:latency=1",
        "aresample=48000",
    ]


def wave(path: Path, channels: int = 2) -> Source:
    audio = AudioStream(0, "flac", "und", channels, 48_000, Ticks(0), Ticks(0), default=True)
    return Source(path, "matroska", 1, Ticks(0), indexed=True, video=None, audios=(audio,), subtitles=(), chapters=())


TONE = "{level}*sin(2*PI*500*t)*(0.6+0.4*sin(2*PI*3*t))"
CLICKS = "0.01*sin(2*PI*300*t)+0.9*sin(2*PI*3000*t)*lt(mod(t\\,3)\\,0.0003)"
NOISE = TONE.format(level="0.01") + "+0.3*(random(0)-0.5)*gt(sin(2*PI*t/3)\\,0.9)"


@pytest.mark.media
@pytest.mark.parametrize(
    ("expression", "layout", "tried"),
    [
        (TONE.format(level="0.004"), "stereo", "not"),
        (TONE.format(level="0.95"), "stereo", "not"),
        (TONE.format(level="0.2"), "5.1", "not"),
        (TONE.format(level="0.2"), "mono", "not"),
        (CLICKS, "stereo", "limited"),
        (NOISE, "stereo", "bright"),
    ],
    ids=["quiet", "loud", "5.1", "mono", "clicks", "noise"],
)
@pytest.mark.parametrize("speed", [Fraction(1), Fraction(1001, 1000)], ids=["straight", "retimed"])
async def test_what_is_encoded_has_the_loudness_of_the_house(
    tmp_path: Path, expression: str, layout: str, tried: str, speed: Fraction
) -> None:
    count = {"mono": 1, "stereo": 2, "5.1": 6}[layout]
    signal = f"aevalsrc={'|'.join([expression] * count)}:d=6:s=48000:c={layout}"
    made = await ffmpeg(["-f", "lavfi", "-i", signal, "-c:a", "flac", str(tmp_path / "in.mka")])
    assert made.well, made
    source = wave(tmp_path / "in.mka", count)
    levelled = await level(source, source.audios[0], HOUSE)
    assert isinstance(levelled, Levelled)
    assert levelled.levelling.limit is (tried == "limited")
    assert doubtful(levelled.before, levelled.levelling) is (tried != "not")
    chain = ",".join([sound(source, speed), *level_filters(levelled.levelling, HOUSE)])
    arguments = ["-i", str(source.path), "-af", chain, "-c:a", "aac", "-b:a", "128k", str(tmp_path / "out.mka")]
    coded = await ffmpeg(arguments)
    assert coded.well, coded
    result = await measure(wave(tmp_path / "out.mka"), source.audios[0])
    assert isinstance(result, Measured)
    assert result.integrated is not None
    assert abs(result.integrated - HOUSE.loudness) <= 50
    assert levelled.loudness is not None
    assert abs(result.integrated - levelled.loudness) <= 30
    assert result.true_peak is not None
    assert result.true_peak <= HOUSE.true_peak


@pytest.mark.media
async def test_a_limiter_does_not_move_sound_in_time(tmp_path: Path) -> None:
    """A click at one second is still the loudest sample there, and is held down."""
    click = "aevalsrc=0.05*sin(2*PI*300*t)+0.9*between(t\\,1\\,1.0001):s=48000:d=2"
    chain = ",".join(
        ["aformat=channel_layouts=stereo:sample_fmts=fltp", *level_filters(Levelling(600, limit=True), HOUSE)]
    )
    path = tmp_path / "out.wav"
    made = await ffmpeg(["-f", "lavfi", "-i", click, "-af", chain, "-c:a", "pcm_f32le", str(path)])
    assert made.well, made
    left = array("f")
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            left.extend(memoryview(bytes(frame.planes[0])[: 8 * frame.samples]).cast("f")[::2])
    loudest = max(range(len(left)), key=lambda at: abs(left[at]))
    assert abs(loudest - 48_002) <= 3
    assert abs(len(left) - 96_000) <= 1
    assert 0.6 < abs(left[loudest]) <= 0.7080
