"""How loud a source is, and what to do about it (EBU R 128).

Law: loudness is moved by one linear gain. Only where peaks would then pass the house's true peak does a
limiter follow.

What is measured is what will be encoded: the same filters first make it stereo at 48 kHz. Two things on
the way take loudness away: the limiter, and the AAC coder, which drops the highest octave (half a LU of
pink noise). A second meter hears the source as dull as the coder makes it. Where either matters, the sound
is tried: sent through limiter and coder, measured, and the gain is raised, a bounded number of times.

Silences are found in the first pass. Levels are whole hundredths of a dB, LU, LUFS or dBTP.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from packager.ffmpeg import opened, sound
from packager.run import Ended, ffmpeg
from packager.sidecar import ticks_in
from playout.core.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from packager.source import AudioStream, Source
    from playout.core.house import House

GATE: Final = -7000
"""Below this is silence (ITU-R BS.1770, the absolute gate), in hundredths of a LUFS."""
TOLERANCE: Final = 10
"""How near to the house's loudness is near enough, in hundredths of a LU: the meter reads tenths."""
TRIALS: Final = 4
"""How often a gain is tried."""
MOST: Final = 1000
"""The most that trials add, in hundredths of a dB: beyond that the limiter would be all one hears."""
BRIGHT: Final = 30
"""How much the dull meter may hear less before the sound is tried, in hundredths of a LU."""
CODER: Final = 100
"""Room under the true peak that is left to the AAC coder, whose output overshoots, in hundredths of a dB."""

_QUIET: Final = "-50dB"
"""What counts as silence between scenes."""
_SHORTEST: Final = "0.3"
"""The shortest silence that is told, in seconds."""

_WHOLE: Final = "ebur128@whole=peak=true:framelog=verbose"
_METER: Final = re.compile(r"\[ebur128@(\w+) @ \w+\].* Summary:")
_LEVEL: Final = re.compile(r"\s+(I|Peak):\s+(\S+) (?:LUFS|dBFS)")
_SILENCE: Final = re.compile(r"silence_(start|end): (-?[\d.]+)")


@dataclass(frozen=True, slots=True)
class Measured:
    """What the meters say of one sound track."""

    integrated: int | None
    """Programme loudness in hundredths of a LUFS; None for silence."""
    true_peak: int | None
    """In hundredths of a dBTP; None for digital silence."""
    dull: int | None = None
    """As `integrated`, without what lies above 15 kHz; None where that was not measured."""
    silences: tuple[tuple[Ticks, Ticks], ...] = ()
    """Where nothing is heard: from, to, in source time."""


@dataclass(frozen=True, slots=True)
class Levelling:
    """How a sound track is brought to the house's loudness."""

    gain: int = 0
    """Hundredths of a dB."""
    limit: bool = False
    """Whether a limiter follows the gain."""


@dataclass(frozen=True, slots=True)
class Levelled:
    """A sound track that has been measured, and what shall be done with it."""

    before: Measured
    levelling: Levelling
    loudness: int | None
    """What it will come to, in hundredths of a LUFS; None for silence."""


def measured(lines: Iterable[str]) -> Measured:
    """What ffmpeg's `ebur128` and `silencedetect` said on standard error. Pure."""
    levels: dict[str, int] = {}
    silences: list[tuple[Ticks, Ticks]] = []
    began = Ticks(0)
    meter = ""
    for line in lines:
        if match := _METER.match(line):
            meter = match[1]
        elif match := _LEVEL.match(line):
            levels |= _level(meter + match[1], match[2])
        elif match := _SILENCE.search(line):
            moment = Ticks(0) if match[2].startswith("-") else ticks_in(match[2]) or Ticks(0)
            if match[1] == "start":
                began = moment
            elif moment > began:
                silences.append((began, moment))
    if levels.get("wholeI", GATE) <= GATE:
        return Measured(None, levels.get("wholePeak"), None, tuple(silences))
    return Measured(levels["wholeI"], levels.get("wholePeak"), levels.get("dullI"), tuple(silences))


def levelling(measured: Measured, house: House) -> Levelling:
    """The gain that `measured` needs, and whether its peaks need a limiter after that. Pure."""
    if measured.integrated is None:
        return Levelling()
    return _levelling(house.loudness - measured.integrated, measured, house)


def doubtful(measured: Measured, levelling: Levelling) -> bool:
    """Whether a limiter or the coder will take away so much that the levelling has to be tried. Pure."""
    if measured.integrated is None:
        return False
    return levelling.limit or (measured.dull is not None and measured.integrated - measured.dull >= BRIGHT)


def corrected(measured: Measured, tried: Levelling, result: Measured, house: House) -> Levelling | None:
    """The levelling to try next, when trying one on `measured` gave `result`; None when that one is kept.

    That is when the result is near enough, or the gain has grown by `MOST`. Pure.
    """
    if measured.integrated is None or result.integrated is None:
        return None
    missing = house.loudness - result.integrated
    gain = min(tried.gain + missing, house.loudness - measured.integrated + MOST)
    if abs(missing) < TOLERANCE or gain == tried.gain:
        return None
    return _levelling(gain, measured, house)


def _levelling(gain: int, measured: Measured, house: House) -> Levelling:
    return Levelling(gain, measured.true_peak is not None and measured.true_peak + gain > house.true_peak)


def level_filters(levelling: Levelling, house: House) -> list[str]:
    """The filters that do it, after those that make the sound stereo at 48 kHz.

    The limiter sees four times as many samples, so that what it holds down is the true peak (EBU Tech
    3341); `latency=1` takes its look-ahead back, so that sound stays with the picture.
    """
    if levelling == Levelling():
        return []
    filters = [f"volume={_decibels(levelling.gain)}:precision=float"]
    if levelling.limit:
        ceiling = _decibels(house.true_peak - CODER)
        filters += [
            "aresample=192000",
            f"alimiter=limit={ceiling}:attack=5:release=80:level=0:latency=1",
            "aresample=48000",
        ]
    return filters


async def measure(
    source: Source, audio: AudioStream, progress: Callable[[Ticks], None] | None = None
) -> Measured | Ended:
    """Measure one sound track at the source's own speed; how ffmpeg ended when it failed."""
    chain = (
        f"{sound(source)},asplit[whole][dull];"
        "[dull]lowpass=frequency=15000,ebur128@dull=framelog=verbose,anullsink;"
        f"[whole]silencedetect=noise={_QUIET}:duration={_SHORTEST},{_WHOLE}"
    )
    return await _meter([*_one_track(source, audio), "-af", chain, "-f", "null", "-"], progress)


async def attempt(source: Source, audio: AudioStream, levelling: Levelling, house: House) -> Measured | Ended:
    """Measure what `levelling` makes of one sound track once it is coded: encoded, and decoded again at once."""
    chain = ",".join([sound(source), *level_filters(levelling, house)])
    coded = [*_one_track(source, audio), "-af", chain, "-c:a", "aac", "-b:a", str(house.audio_bitrate)]
    decoded = ["-dec", "0:0", "-filter_complex", f"[dec:0]{_WHOLE}[out]", "-map", "[out]", "-f", "null", "-"]
    result = await _meter([*coded, "-f", "null", "-", *decoded], None)
    if isinstance(result, Ended) and any("option 'dec'" in line for line in result.last):
        return await _in_two_runs(coded)
    return result


async def _in_two_runs(coded: list[str]) -> Measured | Ended:
    """Encode into a passing file and measure that, where ffmpeg is older than 7 and cannot do both at once."""
    with TemporaryDirectory(prefix="fastline-") as folder:
        file = f"file:{folder}/coded.aac"
        ended = await ffmpeg([*coded, "-f", "adts", file])
        return await _meter(["-i", file, "-af", _WHOLE, "-f", "null", "-"], None) if ended.well else ended


async def level(
    source: Source,
    audio: AudioStream,
    house: House,
    progress: Callable[[Ticks], None] | None = None,
) -> Levelled | Ended:
    """Measure one sound track and find its levelling; a second pass and more only where it is doubtful."""
    before = await measure(source, audio, progress)
    if isinstance(before, Ended):
        return before
    return await settle(source, audio, before, house)


async def settle(source: Source, audio: AudioStream, before: Measured, house: House) -> Levelled | Ended:
    """Find the levelling of one sound track that has been measured."""
    chosen = levelling(before, house)
    loudness = None if before.integrated is None else before.integrated + chosen.gain
    following = chosen if doubtful(before, chosen) else None
    for _ in range(TRIALS):
        if following is None:
            break
        chosen = following
        result = await attempt(source, audio, chosen, house)
        if isinstance(result, Ended):
            return result
        loudness = result.integrated
        following = corrected(before, chosen, result, house)
        if following is not None and loudness is not None and not following.limit:
            loudness += following.gain - chosen.gain  # without a limiter a gain does what it says
            chosen, following = following, None
    return Levelled(before, chosen, loudness)


def _one_track(source: Source, audio: AudioStream) -> list[str]:
    return [*opened(source), "-map", f"0:{audio.index}"]


async def _meter(arguments: list[str], progress: Callable[[Ticks], None] | None) -> Measured | Ended:
    lines: list[str] = []
    ended = await ffmpeg(arguments, progress=progress, listen=lines.append)
    return measured(lines) if ended.well else ended


def _level(name: str, text: str) -> dict[str, int]:
    """`-23.4` as -2340; nothing for `-inf` and `nan`."""
    match = re.fullmatch(r"(-?)(\d+)(?:\.(\d{1,2})\d*)?", text)
    if match is None:
        return {}
    value = int(match[2]) * 100 + int((match[3] or "0").ljust(2, "0"))
    return {name: -value if match[1] else value}


def _decibels(hundredths: int) -> str:
    """`-1234` as `-12.34dB`."""
    sign = "-" if hundredths < 0 else ""
    return f"{sign}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}dB"
