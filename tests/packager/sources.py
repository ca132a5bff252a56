"""Odd sources, made by ffmpeg when a test first asks for one and kept for the session.

Every picture shows the same pattern (see `pattern`): a white square in the middle, four coloured patches
in the corners, on grey. Squares are squares as they are meant to be seen, whatever the pixels are. Every
sound, unless a row says otherwise, is a beep of 100 ms at the start of every second, when the pattern
turns to white as a whole for 100 ms.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from packager.run import ffmpeg_binary

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 3
SIDE = Fraction(1, 2)
"""The white square's side, as a share of the shorter side of the picture."""
PATCHES = {
    (0, 0): (191, 0, 0),
    (1, 0): (0, 191, 0),
    (0, 1): (0, 0, 191),
    (1, 1): (191, 191, 0),
}
"""Colours by corner (right, bottom)."""
PATCH = Fraction(1, 6)
"""The patches' sides, as shares of the picture's."""
GREY = 128
BEEP = "0.25*sin(2*PI*1000*t)*lt(mod(t\\,1)\\,0.1)"

PRORES = ("-c:v", "prores_ks", "-profile:v", "2")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "12")
AAC = ("-c:a", "aac", "-b:a", "160k")


def run(*arguments: str | Path) -> None:
    """Run ffmpeg to its end."""
    command = [ffmpeg_binary(), "-hide_banner", "-nostdin", "-loglevel", "error", "-xerror", "-y", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 0, f"{command}\n{done.stderr[-2000:]}"


def pattern(width: int, height: int, aspect: Fraction = Fraction(1)) -> str:
    """Filters that draw the pattern on a grey picture of stored pixels whose width is `aspect`."""
    side = SIDE * min(width * aspect, Fraction(height))
    box_width, box_height = round(side / aspect), round(side)
    boxes = [(width - box_width) // 2, (height - box_height) // 2, box_width, box_height]
    filters = [f"drawbox={':'.join(map(str, boxes))}:white:fill"]
    wide, high = round(width * PATCH), round(height * PATCH)
    for (right, bottom), (red, green, blue) in PATCHES.items():
        left, top = (width - wide) * right, (height - high) * bottom
        filters.append(f"drawbox={left}:{top}:{wide}:{high}:0x{red:02x}{green:02x}{blue:02x}:fill")
    return ",".join(filters)


FLASH = "drawbox=c=white:t=fill:enable='lt(mod(t+0.0001,1),0.1)'"


@dataclass(frozen=True)
class Film:
    """A source with picture, sound, or both."""

    name: str
    """With its suffix."""
    width: int = 128
    height: int = 72
    aspect: Fraction = Fraction(1)
    rate: str = "25"
    seconds: Fraction = Fraction(SECONDS)
    flash: bool = False
    """Whether the whole picture turns white with every beep."""
    filters: str = "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"
    """From RGB to what is coded."""
    tags: tuple[str, ...] = ("bt709", "bt709", "bt709")
    """Primaries, transfer, matrix; empty for a film that says nothing."""
    video: tuple[str, ...] | None = X264
    sounds: tuple[str, ...] = (f"aevalsrc={BEEP}|{BEEP}:s=48000:c=stereo",)
    """One lavfi source for each sound track, without its length."""
    sound_seconds: Fraction | None = None
    late: Fraction = Fraction(0)
    """How much later than the picture the sound starts."""
    audio: tuple[str, ...] = AAC
    more: tuple[str, ...] = ()
    """Further output options."""
    turn: int = 0
    """Degrees counter-clockwise by which the picture is to be turned, as metadata."""
    beside: dict[str, bytes] = field(default_factory=dict)
    """Files that lie beside it, by suffix (`.en.srt`)."""

    def __str__(self) -> str:
        return self.name


def make(film: Film, folder: Path) -> Path:
    """The film's file in `folder`, made when it is not there."""
    path = folder / film.name
    if path.exists():
        return path
    arguments: list[str | Path] = []
    maps: list[str] = []
    if film.video is not None:
        flash = f",{FLASH}" if film.flash else ""
        drawn = f"format=gbrp,{pattern(film.width, film.height, film.aspect)}{flash}"
        sar = f"setsar={film.aspect.numerator}/{film.aspect.denominator}"
        grey = (
            f"color=0x{GREY:02x}{GREY:02x}{GREY:02x}:s={film.width}x{film.height}:r={film.rate}:d={float(film.seconds)}"
        )
        arguments += ["-f", "lavfi", "-i", f"{grey},{drawn},{film.filters},{sar}"]
        maps += ["-map", "0:v"]
    for k, sound in enumerate(film.sounds):
        if film.late:
            arguments += ["-itsoffset", str(float(film.late))]
        seconds = film.sound_seconds or film.seconds
        arguments += ["-f", "lavfi", "-i", f"{sound}:d={float(seconds)}"]
        maps += ["-map", f"{k + (film.video is not None)}:a"]
    coded: list[str] = [*(film.video or ()), *(film.audio if film.sounds else ())]
    if film.tags and film.video is not None:
        coded += ["-color_primaries", film.tags[0], "-color_trc", film.tags[1], "-colorspace", film.tags[2]]
    made = path.with_name(f"making-{film.name}")
    run(*arguments, *maps, *coded, *film.more, made)
    if film.turn:
        turned = path.with_name(f"turned-{film.name}")
        run("-display_rotation:v:0", str(film.turn), "-i", made, "-map", "0", "-c", "copy", turned)
        made.unlink()
        made = turned
    for suffix, data in film.beside.items():
        (folder / (path.stem + suffix)).write_bytes(data)
    made.rename(path)
    return path


RATES = [
    Film("23976.mp4", rate="24000/1001", flash=True),
    Film("24.mp4", rate="24", flash=True),
    Film("25.mp4", rate="25", flash=True),
    Film("2997.mp4", rate="30000/1001", flash=True),
    Film("30.mp4", rate="30", flash=True),
    Film("50.mp4", rate="50", flash=True),
    Film("5994.mp4", rate="60000/1001", flash=True),
    Film("60.mp4", rate="60", flash=True),
    Film(
        "variable.mkv", rate="60", flash=True, more=("-fps_mode", "vfr"),
        filters="scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,select=lt(t\\,1.5)+not(mod(n\\,4))",
    ),
    Film(
        "interlaced.ts", rate="50", flash=True, audio=("-c:a", "mp2"),
        filters="scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,interlace=scan=tff",
        video=("-c:v", "mpeg2video", "-q:v", "2", "-flags", "+ildct+ilme"),
    ),
    Film(
        "interlaced-h264.mkv", rate="60000/1001", flash=True,
        filters="scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,interlace=scan=tff",
        video=(*X264, "-flags", "+ildct+ilme"),
    ),
]  # fmt: skip

GEOMETRY = [
    Film("wide.mp4"),
    Film("4x3.mp4", 120, 90),
    Film("scope.mp4", 258, 108),
    Film("portrait.mp4", 72, 128),
    Film("rotated-90.mp4", turn=90),
    Film("rotated-270.mov", turn=270),
    Film("rotated-180.mp4", turn=180),
    Film("anamorphic.mkv", 120, 96, aspect=Fraction(64, 45)),
    Film("pal-4x3.mpg", 180, 144, aspect=Fraction(16, 15), video=("-c:v", "mpeg2video", "-q:v", "2"),
         audio=("-c:a", "mp2")),
    Film("narrow-pixels.mp4", 160, 72, aspect=Fraction(4, 5)),
    Film("odd.mkv", 127, 71, filters="scale=out_color_matrix=bt709:out_range=tv,format=yuv444p"),
    Film("tiny.mp4", 32, 18),
    Film("high.mp4", 96, 480),
]  # fmt: skip

_HDR = (
    "setparams=color_primaries=bt709:color_trc=bt709:colorspace=gbr:range=pc,format=gbrpf32le,"
    "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=2020:m=2020_ncl:r=limited:npl=203:"
)
"""To linear light, white at 203 cd/m2 (ITU-R BT.2408), and from there on."""
_HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:crf=8")

COLOURS = [
    Film("bt709.mp4"),
    Film("untagged-sd.mp4", filters="scale=out_color_matrix=bt601:out_range=tv,format=yuv420p", tags=()),
    Film("bt601-hd.mp4", 1280, 720, seconds=Fraction(1), tags=("smpte170m", "smpte170m", "smpte170m"),
         filters="scale=out_color_matrix=bt601:out_range=tv,format=yuv420p"),
    Film("untagged-hd.mp4", 1280, 720, seconds=Fraction(1), tags=()),
    Film("full-range.mp4", filters="scale=out_color_matrix=bt709:out_range=pc,format=yuvj420p",
         more=("-color_range", "pc")),
    Film("422.mov", filters="scale=out_color_matrix=bt709:out_range=tv,format=yuv422p10le", video=PRORES,
         audio=("-c:a", "pcm_s24le")),
    Film("444.mkv", filters="scale=out_color_matrix=bt709:out_range=tv,format=yuv444p"),
    Film("10bit.mkv", filters="scale=out_color_matrix=bt709:out_range=tv,format=yuv420p10le", video=_HEVC),
    Film("rgb.mkv", filters="format=gbrp", video=("-c:v", "ffv1"), tags=()),
]  # fmt: skip

HDR = [
    Film("pq.mp4", filters=f"{_HDR}t=smpte2084,format=yuv420p10le", tags=("bt2020", "smpte2084", "bt2020nc"),
         video=_HEVC),
    Film("hlg.mp4", filters=f"{_HDR}t=arib-std-b67,format=yuv420p10le", tags=("bt2020", "arib-std-b67", "bt2020nc"),
         video=_HEVC),
]  # fmt: skip

_VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-crf", "20", "-b:v", "0")
_AV1 = ("-c:v", "libsvtav1", "-preset", "12", "-crf", "20")
_MPEG2 = ("-c:v", "mpeg2video", "-q:v", "2")
_OPUS = ("-c:a", "libopus", "-b:a", "96k")

CODECS = [
    Film("h264.mp4", flash=True),
    Film("h264-faststart.mp4", flash=True, more=("-movflags", "faststart")),
    Film("h264-fragmented.mp4", flash=True, more=("-movflags", "frag_keyframe+delay_moov")),
    Film("h264.mov", flash=True, audio=("-c:a", "pcm_s16le")),
    Film("h264.mkv", flash=True, audio=("-c:a", "flac")),
    Film("h264.ts", flash=True),
    Film("h264-ac3.ts", flash=True, audio=("-c:a", "ac3")),
    Film("mpeg4.avi", flash=True, video=("-c:v", "mpeg4", "-q:v", "2"), audio=("-c:a", "libmp3lame"),
         filters="scale=out_color_matrix=bt601:out_range=tv,format=yuv420p", tags=()),
    Film("mjpeg.avi", flash=True, video=("-c:v", "mjpeg", "-q:v", "2"), audio=("-c:a", "pcm_s16le"),
         filters="scale=out_color_matrix=bt601:out_range=pc,format=yuvj420p", tags=()),
    Film("hevc.mp4", flash=True, video=(*_HEVC, "-tag:v", "hvc1")),
    Film("hevc.mkv", flash=True, video=_HEVC, audio=("-c:a", "eac3")),
    Film("vp9.webm", flash=True, video=_VP9, audio=_OPUS),
    Film("vp9.mkv", flash=True, video=_VP9, audio=("-c:a", "libvorbis")),
    Film("av1.mp4", flash=True, video=_AV1),
    Film("av1.webm", flash=True, video=_AV1, audio=_OPUS),
    Film("mpeg2.ts", flash=True, video=_MPEG2, audio=("-c:a", "mp2")),
    Film("mpeg2.mpg", flash=True, video=_MPEG2, audio=("-c:a", "mp2")),
    Film("prores.mov", flash=True, video=PRORES, audio=("-c:a", "pcm_s16le"),
         filters="scale=out_color_matrix=bt709:out_range=tv,format=yuv422p10le"),
]  # fmt: skip


def beeps(layout: str, rate: int = 48_000) -> str:
    """A source of beeps in every channel of `layout`."""
    count = {"mono": 1, "stereo": 2, "5.1": 6, "7.1": 8}[layout]
    return f"aevalsrc={'|'.join([BEEP] * count)}:s={rate}:c={layout}"


SOUNDS = [
    Film("mono.mp4", flash=True, sounds=(beeps("mono"),)),
    Film("stereo.mp4", flash=True),
    Film("surround.mp4", flash=True, sounds=(beeps("5.1"),), audio=("-c:a", "aac", "-b:a", "384k")),
    Film("surround-ac3.mkv", flash=True, sounds=(beeps("5.1"),), audio=("-c:a", "ac3")),
    Film("44100.mp4", flash=True, sounds=(beeps("stereo", 44_100),)),
    Film("8000.mov", flash=True, sounds=(beeps("mono", 8000),), audio=("-c:a", "pcm_mulaw")),
    Film("96000.mkv", flash=True, sounds=(beeps("stereo", 96_000),), audio=("-c:a", "flac")),
    Film("late.mp4", flash=True, late=Fraction(1, 2)),
    Film("late.mkv", flash=True, late=Fraction(1, 2)),
    Film("late.ts", flash=True, late=Fraction(1, 2)),
    Film("short-sound.mp4", flash=True, seconds=Fraction(4), sound_seconds=Fraction(2)),
    Film("long-sound.mp4", flash=True, seconds=Fraction(2), sound_seconds=Fraction(4)),
]  # fmt: skip

_CLICKS = "0.01*sin(2*PI*300*t)+0.9*sin(2*PI*3000*t)*lt(mod(t\\,3)\\,0.0003)"
_NOISE = "(random(0)-0.5)*(0.02+0.6*gt(sin(2*PI*t/3)\\,0.9))"


def _loud(name: str, expression: str, layout: str = "stereo") -> Film:
    count = {"stereo": 2, "5.1": 6}[layout]
    sound = f"aevalsrc={'|'.join([expression] * count)}:s=48000:c={layout}"
    return Film(f"{name}.mka", video=None, seconds=Fraction(6), sounds=(sound,), audio=("-c:a", "flac"))


LOUDNESS = [
    _loud("quiet", "0.003*sin(2*PI*500*t)"),
    _loud("loud", "0.98*sin(2*PI*500*t)"),
    _loud("clicks", _CLICKS),
    _loud("noise", _NOISE),
    _loud("dynamic", "sin(2*PI*400*t)*(0.002+0.5*gt(mod(t\\,4)\\,3))"),
    _loud("loud-surround", "0.9*sin(2*PI*(400+50*mod(t\\,3))*t)", "5.1"),
]
"""Sounds alone: the levels that a library is made of, and what makes levelling hard."""

SILENT = Film("silent.mp4", flash=True, sounds=())
TWO_LANGUAGES = Film(
    "two-languages.mkv", flash=True,
    sounds=(beeps("stereo"), "sine=frequency=3000:sample_rate=48000"),
    more=("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger"),
)  # fmt: skip
AUDIO_ONLY = [
    Film("song.m4a", video=None),
    Film("song.mp3", video=None, audio=("-c:a", "libmp3lame")),
    Film("song.flac", video=None, audio=("-c:a", "flac")),
    Film("song.wav", video=None, audio=("-c:a", "pcm_s16le")),
    Film("song.ogg", video=None, audio=("-c:a", "libvorbis")),
]
"""Without a picture; a beep every second."""

SRT = "1\r\n00:00:00,500 --> 00:00:01,500\r\nBonjour <i>été</i>\r\n\r\n2\r\n00:00:02,000 --> 00:00:02,800\r\nA & B\r\n"
"""Two cues."""
VTT = "WEBVTT\n\n00:00.500 --> 00:01.500 align:left\nHallo <c.x>Welt</c>\n\n00:02.000 --> 00:02.800\nZwei\n"
EMBEDDED = {"mp4": "mov_text", "mkv": "subrip", "webm": "webvtt", "mov": "mov_text", "ass.mkv": "ass"}
"""Codec of embedded text subtitles by what the file's name ends with."""


def subtitled(ending: str, folder: Path) -> Path:
    """A film with two embedded subtitle tracks, English and German."""
    codecs = {"webm": (*_VP9, *_OPUS)}.get(ending, ("-c:v", "copy", "-c:a", "copy"))
    film = make(Film("plain.mp4", flash=True), folder)
    path = folder / f"subtitled.{ending}"
    text = folder / "cues.srt"
    text.write_text(SRT.replace("\r\n", "\n"), encoding="utf-8")
    if not path.exists():
        run(
            "-i", film, "-i", text, "-i", text, "-map", "0", "-map", "1", "-map", "2", *codecs,
            "-c:s", EMBEDDED[ending], "-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=ger", path,
        )  # fmt: skip
    return path


def encrypted(folder: Path) -> Path:
    """An mp4 under common encryption."""
    path = folder / "encrypted.mp4"
    run(
        "-i", make(Film("plain.mp4", flash=True), folder), "-c", "copy", "-encryption_scheme", "cenc-aes-ctr",
        "-encryption_key", "0123456789abcdef0123456789abcdef", "-encryption_kid", "fedcba9876543210fedcba9876543210",
        path,
    )  # fmt: skip
    return path


def truncated(film: Film, folder: Path, percent: int = 60) -> Path:
    """The first part of a film's bytes."""
    whole = make(film, folder)
    path = folder / f"truncated-{film.name}"
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) * percent // 100])
    return path


def picture(folder: Path, name: str) -> Path:
    """A still picture, whatever its name says."""
    path = folder / name
    made = folder / f"still{path.suffix if path.suffix != '.mp4' else '.jpg'}"
    run("-f", "lavfi", "-i", "testsrc=s=64x36:d=1", "-frames:v", "1", made)
    made.rename(path)
    return path


def flashes(rate: str, folder: Path, *, minutes: int = 10, interlaced: bool = False, variable: bool = False) -> Path:
    """A very small, very long film: black and silent but for a flash with a beep, near the start and near the end.

    They last 200 ms, from 5 s and from 5 s before the end. Each begins with a picture, at or after its time.
    """
    length = 60 * minutes
    sound = folder / f"beeps-{minutes}.flac"
    times = (5, length - 5)
    if not sound.exists():
        quiet, beep = "anullsrc=r=48000:cl=mono:d={}", "sine=f=1000:r=48000:d=0.2,volume=4"
        parts = [quiet.format(5), beep, quiet.format(length - 10.2), beep, quiet.format(4.8)]
        drawn = "".join(f"{part}[{k}];" for k, part in enumerate(parts))
        joined = "".join(f"[{k}]" for k in range(len(parts)))
        run("-filter_complex", f"{drawn}{joined}concat=n={len(parts)}:v=0:a=1", sound)
    kind = "i" if interlaced else "v" if variable else "p"
    path = folder / f"flashes-{rate.replace('/', '_')}{kind}-{minutes}.mkv"
    if not path.exists():
        on = "+".join(f"between(t,{time}-0.0001,{time}.2)" for time in times)
        filters = [
            f"color=black:s=64x36:r={rate}:d={length}",
            f"drawbox=c=white:t=fill:enable='{on}'",
            "format=yuv420p",
        ]
        filters += ["interlace=scan=tff"] if interlaced else []
        filters += ["select='not(eq(mod(n,7),3))*not(between(mod(t,20),8,9.5)*mod(n,5))'"] if variable else []
        codec = [*X264, "-g", "250", *(["-flags", "+ildct+ilme"] if interlaced else [])]
        run(
            "-f", "lavfi", "-i", ",".join(filters), "-i", sound, "-map", "0:v", "-map", "1:a", *codec,
            "-c:a", "copy", *(["-fps_mode", "vfr"] if variable else []), path,
        )  # fmt: skip
    return path
