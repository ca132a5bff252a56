"""What ffmpeg is asked to do, as lists of arguments. Pure.

Law: timestamps stay the file's own (`-copyts`) and every filter chain begins by subtracting the
source's origin. So time 0 is the same moment in every process, whichever streams it reads and
wherever it starts to read.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from playout.core.house import SAMPLE_RATE
from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from packager.source import Source

AS_IT_IS: Final = Fraction(1)
"""The speed of a source that is not retimed."""

_HOLE: Final = "0.02"  # seconds: a hole or an overlap that is longer is filled or cut


def seconds(ticks: int) -> str:
    """`ticks` as ffmpeg reads a time: decimal seconds."""
    sign = "-" if ticks < 0 else ""
    micros = abs(ticks) * 1_000_000 // TIMEBASE
    return f"{sign}{micros // 1_000_000}.{micros % 1_000_000:06d}"


def opened(source: Source, seek: Ticks | None = None) -> list[str]:
    """The arguments that open the source as an input, near `seek` (at or before it) when given.

    A path can never be read as an option or as another protocol.
    """
    near = [] if seek is None else ["-noaccurate_seek", "-seek_timestamp", "1", "-ss", seconds(source.origin + seek)]
    return ["-copyts", "-protocol_whitelist", "file,pipe", *near, "-i", f"file:{source.path}"]


def since_origin(source: Source, kind: str, speed: Fraction = AS_IT_IS) -> str:
    """The first filter of a chain: times since the origin, divided by `speed`. `kind`: `setpts` or `asetpts`."""
    shifted = f"PTS-({source.origin}/{TIMEBASE})/TB" if source.origin else "PTS"
    if speed == AS_IT_IS:
        return f"{kind}={shifted}"
    return f"{kind}=({shifted})*{speed.denominator}/{speed.numerator}"


def sound(source: Source, speed: Fraction = AS_IT_IS) -> str:
    """The filters that make a sound track stereo at 48 kHz, with its first sample at time 0.

    A late start and holes become silence. To retime, the samples are declared to come faster and are
    then resampled, so that pitch and speed change together by 0.1 %.
    """
    filters = [
        since_origin(source, "asetpts"),
        f"aresample={SAMPLE_RATE}:async=1:first_pts=0:min_hard_comp={_HOLE}",
        f"aformat=sample_fmts=fltp:sample_rates={SAMPLE_RATE}:channel_layouts=stereo",
    ]
    if speed != AS_IT_IS:
        filters += [f"asetrate={SAMPLE_RATE * speed.numerator // speed.denominator}", f"aresample={SAMPLE_RATE}"]
    return ",".join(filters)
