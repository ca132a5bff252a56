"""What ffmpeg is asked to do, as lists of arguments. Pure.

Law: timestamps stay the file's own (`-copyts`) and every filter chain begins by subtracting the
source's origin. So time 0 is the same moment in every process, whichever streams it reads and
wherever it starts to read.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from packager.plan import canvas, retimed
from playout.core.house import SAMPLE_RATE
from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from packager.plan import Canvas, Chunk, Plan
    from packager.source import AudioStream, Source, VideoStream
    from playout.core.house import House

AS_IT_IS: Final = Fraction(1)
"""The speed of a source that is not retimed."""

FORMATS: Final = (
    "aac,ac3,aiff,amr,asf,avi,caf,dts,dv,eac3,flac,flv,gxf,h264,hevc,ivf,matroska,mjpeg,mov,mp3,mpeg,mpegts,"
    "mpegvideo,mxf,nut,obu,ogg,rm,w64,wav,webm,wtv,yuv4mpegpipe"
)
"""The formats that are read: media, and none that is a list of other files."""

LARGEST_PICTURE: Final = (8192, 4608)
"""As many pixels are decoded: one file could ask for all the memory there is."""

SAFE: Final = {
    "protocol_whitelist": "file,pipe",
    "format_whitelist": FORMATS,
    "max_pixels": str(LARGEST_PICTURE[0] * LARGEST_PICTURE[1]),
}
"""What FFmpeg is told, in this process or another, of every file that people bring."""

THREADS: Final = 1
"""Threads of one encoder: with more of them, what x264 does under a bit rate cap depends on their race.

The rungs are encoded side by side, and chunks are too; so the processor is busy all the same.
"""

_DECODER: Final = ("-max_error_rate", "0.1", "-reinit_filter", "0")
_TAGGED: Final = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
_RGB: Final = ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8", "x2rgb", "x2bgr")
_SD_LINES: Final = 576
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
    safe = [word for option, value in SAFE.items() for word in (f"-{option}", value)]
    return ["-copyts", *safe, *near, "-i", f"file:{source.path}"]


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


def encode_sound(source: Source, stream: AudioStream, plan: Plan, level: Sequence[str], output: Path) -> list[str]:
    """The whole of one language: levelled by `level`, exactly as long as the asset, as ADTS.

    The last frame flushes the encoder; the first is its priming, which the index drops.
    """
    chain = [sound(source, plan.speed), *level, *_exactly(plan)]
    return [
        *opened(source),
        "-filter_complex", f"[0:{stream.index}]{','.join(chain)}[sound]", "-map", "[sound]",
        *_aac(plan, output),
    ]  # fmt: skip


def encode_silence(plan: Plan, output: Path) -> list[str]:
    """The sound of an asset that has none."""
    quiet = f"anullsrc=channel_layout=stereo:sample_rate={SAMPLE_RATE}"
    return ["-f", "lavfi", "-i", quiet, "-af", ",".join(_exactly(plan)), *_aac(plan, output)]


def _exactly(plan: Plan) -> list[str]:
    samples = plan.cuts.end * SAMPLE_RATE // TIMEBASE
    return [f"apad=whole_len={samples}", f"atrim=end_sample={samples}", "asetpts=N"]


def _aac(plan: Plan, output: Path) -> list[str]:
    return [
        "-c:a", "aac", "-profile:a", "aac_low", "-b:a", str(plan.house.audio_bitrate), "-ac", "2",
        "-ar", str(SAMPLE_RATE), "-flags:a", "+bitexact", "-f", "adts", "-y", f"file:{output}",
    ]  # fmt: skip


def encode_pictures(source: Source, plan: Plan, chunk: Chunk, outputs: Sequence[Path]) -> list[str]:
    """One chunk of every rung, from one decode; `outputs` in the order of the rungs."""
    frames = plan.frames(chunk)
    video = source.video
    if video is None or frames.start >= last_picture(video, plan):
        return [*_black(plan.house), "-filter_complex", _ladder("[0:v]", ["null"], plan, len(frames)),
                *_rungs(plan, chunk, outputs)]  # fmt: skip
    seek = _seek(source, video, plan, frames.start)
    chain = pictures(source, video, plan, frames.start)
    return [
        *_DECODER, *opened(source, seek),
        "-filter_complex", _ladder(f"[0:{video.index}]", chain, plan, len(frames)),
        *_rungs(plan, chunk, outputs),
    ]  # fmt: skip


def encode_card(card: Path, plan: Plan, chunk: Chunk, outputs: Sequence[Path]) -> list[str]:
    """One chunk of every rung that shows nothing but a still picture, as large as the best rung."""
    opening = ["-protocol_whitelist", "file,pipe", "-f", "png_pipe", "-i", f"file:{card}"]
    chain = ["scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd", "format=yuv420p", "loop=loop=-1:size=1"]
    frames = len(plan.frames(chunk))
    return [*opening, "-filter_complex", _ladder("[0:v]", chain, plan, frames), *_rungs(plan, chunk, outputs)]


def _black(house: House) -> list[str]:
    best = house.rungs[0]
    return ["-f", "lavfi", "-i", f"color=black:size={best.width}x{best.height}:rate={house.fps},format=yuv420p"]


def last_picture(video: VideoStream, plan: Plan) -> int:
    """The picture of the asset at which the source's pictures have ended; black begins there."""
    return retimed(video.end, plan.speed) // plan.house.frame


def first_picture(video: VideoStream, plan: Plan) -> int:
    """The picture of the asset with which the source's pictures begin.

    The rest of the distance is left out (under half a picture), so that a steady source meets every
    picture of the house at its middle and rounding never doubles one and drops the next.
    """
    frame = plan.house.frame
    return (2 * retimed(video.start, plan.speed) + frame) // (2 * frame)


def _seek(source: Source, video: VideoStream, plan: Plan, first: int) -> Ticks | None:
    """Where to begin to read, so that the picture that is due at `first` is surely decoded.

    A container with an index goes to the keyframe before; others go about anywhere near.
    """
    due = first * plan.house.frame * plan.speed.numerator // plan.speed.denominator
    margin = TIMEBASE if source.indexed else video.keyframes + 3 * TIMEBASE
    return Ticks(due - margin) if due - margin > video.start + video.keyframes else None


def pictures(source: Source, video: VideoStream, plan: Plan, first: int) -> list[str]:
    """The filters from decoded pictures to the canvas of the best rung, from picture `first` of the asset on."""
    house = plan.house
    begin = first_picture(video, plan)
    lead = begin - first if begin - first > house.fps // 4 else 0
    aligned = begin * house.frame - retimed(video.start, plan.speed)
    # the grid is exact in ticks; in a coarser time base the filter below would round by where it starts
    filters = [f"settb=1/{TIMEBASE}", since_origin(source, "setpts", plan.speed)]
    if aligned:
        filters.append(f"setpts=PTS+({aligned}/{TIMEBASE})/TB")
    if video.interlaced:
        room_for_fields = 2 * video.rate < Fraction(3, 2) * house.fps
        filters.append(f"bwdif=mode={'send_field' if room_for_fields else 'send_frame'}:deint=interlaced")
    filters.append(f"fps=fps={house.fps}:start_time={seconds((first + lead) * house.frame)}:round=near")
    filters += _on_canvas(video, canvas(video, house), house)
    start = [f"start={lead}:start_mode=add"] if lead else []
    return [*filters, f"tpad={':'.join([*start, 'stop=-1:stop_mode=add:color=black'])}"]


def _on_canvas(video: VideoStream, place: Canvas, house: House) -> list[str]:
    """Scale, turn the colours into BT.709 and pad to the best rung's canvas."""
    size = f"{place.width}:{place.height}"
    if video.hdr:
        filters = [
            f"zscale={size}:filter=bicubic:{_colours_in(video)}:transfer=linear:npl=203",
            "format=gbrpf32le",
            "zscale=primaries=bt709",
            "tonemap=mobius:desat=0",  # keeps what SDR can show as it is; hable would dim everything by a stop
            "zscale=transfer=bt709:matrix=bt709:range=limited:dither=error_diffusion",
        ]
    elif video.matrix.startswith("bt2020"):
        out = "matrix=bt709:primaries=bt709:transfer=bt709:range=limited"
        filters = [f"zscale={size}:filter=bicubic:{_colours_in(video)}:{out}"]
    else:
        filters = [f"scale={size}:flags=bicubic+accurate_rnd:{_matrix_in(video)}out_color_matrix=bt709:out_range=tv"]
    filters += ["format=yuv420p", "setsar=1"]
    best = house.rungs[0]
    if (place.width, place.height) != (best.width, best.height):
        filters.append(f"pad={best.width}:{best.height}:{place.left}:{place.top}:color=black")
    return filters


def _colours_in(video: VideoStream) -> str:
    transfer = video.transfer if video.hdr else "2020_10"
    span = "full" if video.full_range else "limited"
    return f"matrixin=2020_ncl:primariesin=2020:transferin={transfer}:rangein={span}"


def _matrix_in(video: VideoStream) -> str:
    """What the file says of its matrix, and where it says nothing, what its size suggests."""
    if video.pixels.startswith(_RGB):
        return ""
    known = {"bt709": "bt709", "smpte170m": "smpte170m", "bt470bg": "bt470bg", "smpte240m": "smpte240m", "fcc": "fcc"}
    guess = "bt601" if video.height <= _SD_LINES else "bt709"
    span = "pc" if video.full_range else "tv"
    return f"in_color_matrix={known.get(video.matrix, guess)}:in_range={span}:"


def _ladder(opening: str, chain: Sequence[str], plan: Plan, frames: int) -> str:
    """A filter graph from one input, on the canvas of the house's best rung, to one labelled output for each rung."""
    house = plan.house
    rungs = plan.rungs
    stamp = [f"trim=end_frame={frames}", f"settb=1/{house.fps}", "setpts=N", "setsar=1", _TAGGED]
    sizes = [
        "null" if rung is house.rungs[0] else f"scale={rung.width}:{rung.height}:flags=bicubic+accurate_rnd,setsar=1"
        for rung in rungs
    ]
    if len(rungs) == 1:
        return f"{opening}{','.join([*chain, *stamp, *sizes])}[v0]"
    heads = "".join(f"[s{k}]" for k in range(len(rungs)))
    graph = [f"{opening}{','.join([*chain, *stamp])},split={len(rungs)}{heads}"]
    return ";".join([*graph, *(f"[s{k}]{size}[v{k}]" for k, size in enumerate(sizes))])


def _rungs(plan: Plan, chunk: Chunk, outputs: Sequence[Path]) -> list[str]:
    """The output options of every rung.

    Everything that could let the headers differ from one source to another is fixed: `stitchable`, the
    profile's 8x8 transform, and two B pictures with a pyramid, which make the house's reorder delay.
    """
    house = plan.house
    times = ",".join(seconds(number * house.frame) for number in plan.keyframes(chunk))
    arguments: list[str] = []
    for k, (rung, output) in enumerate(zip(plan.rungs, outputs, strict=True)):
        arguments += [
            "-map", f"[v{k}]", "-c:v", "libx264", "-preset", house.preset, "-profile:v", "high",
            "-level:v", f"{rung.level // 10}.{rung.level % 10}", "-pix_fmt", "yuv420p",
            "-crf", str(rung.crf), "-maxrate", str(rung.maxrate), "-bufsize", str(rung.bufsize),
            "-bf", "2", "-g", str(house.gop_frames), "-threads", str(THREADS), "-force_key_frames", times,
            "-x264-params", "stitchable=1:8x8dct=1:b-pyramid=normal:scenecut=0:open-gop=0:forced-idr=1",
            "-fps_mode", "passthrough", "-enc_time_base", f"1:{house.fps}",
            "-video_track_timescale", str(TIMEBASE), "-movflags", "frag_keyframe+empty_moov+default_base_moof",
            "-flags:v", "+bitexact", "-map_metadata", "-1", "-map_chapters", "-1",
            "-f", "mp4", "-y", f"file:{output}",
        ]  # fmt: skip
    return arguments
