"""What ffmpeg is asked to do, for one odd source after the other."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from packager.ffmpeg import (
    encode_pictures,
    encode_silence,
    encode_sound,
    opened,
    pictures,
    seconds,
    since_origin,
    sound,
)
from packager.plan import Chunk, Plan, plan
from packager.source import AudioStream, Source, VideoStream
from playout.core.house import HOUSES
from playout.core.ticks import TIMEBASE, Ticks

FAST = HOUSES["fast"]
STEREO = AudioStream(1, "aac", "en", 2, 48000, Ticks(0), Ticks(20 * TIMEBASE), default=True)
MINUTES = 10 * 60 * TIMEBASE


def video(**facts: object) -> VideoStream:
    plain: dict[str, object] = {
        "index": 0, "codec": "h264", "width": 1280, "height": 720, "aspect": Fraction(1), "rotation": 0,
        "rate": Fraction(30), "variable": False, "interlaced": False, "pixels": "yuv420p", "matrix": "bt709",
        "primaries": "", "transfer": "", "full_range": False, "start": Ticks(0), "end": Ticks(MINUTES),
        "keyframes": Ticks(2 * TIMEBASE),
    }  # fmt: skip
    return VideoStream(**(plain | facts))  # type: ignore[arg-type]


def source(shown: VideoStream | None, *, origin: int = 0, indexed: bool = True) -> Source:
    return Source(Path("/films/-odd name%d.mp4"), "mov", 1, Ticks(origin), indexed, shown, (STEREO,), (), ())


def planned(film: Source, house: str = "fast") -> Plan:
    return plan(film, (), HOUSES[house])


def chain(shown: VideoStream, first: int = 0, house: str = "fast") -> str:
    film = source(shown)
    return ",".join(pictures(film, shown, planned(film, house), first))


@pytest.mark.parametrize(
    ("ticks", "text"),
    [(0, "0.000000"), (90_000, "1.000000"), (-45_000, "-0.500000"), (1, "0.000011"), (3000, "0.033333")],
)
def test_times(ticks: int, text: str) -> None:
    assert seconds(ticks) == text


def test_a_path_is_never_an_option_nor_a_protocol_nor_a_pattern() -> None:
    arguments = opened(source(video()))
    assert arguments[arguments.index("-i") + 1] == "file:/films/-odd name%d.mp4"
    assert arguments[arguments.index("-protocol_whitelist") + 1] == "file,pipe"
    assert "hls" not in arguments[arguments.index("-format_whitelist") + 1].split(",")


@pytest.mark.parametrize(
    ("origin", "speed", "text"),
    [
        (0, Fraction(1), "setpts=PTS"),
        (126_000, Fraction(1), "setpts=PTS-(126000/90000)/TB"),
        (0, Fraction(1001, 1000), "setpts=(PTS)*1000/1001"),
        (-3, Fraction(1001, 1000), "setpts=(PTS-(-3/90000)/TB)*1000/1001"),
    ],
)
def test_time_begins_at_the_origin(origin: int, speed: Fraction, text: str) -> None:
    assert since_origin(source(video(), origin=origin), "setpts", speed) == text


@pytest.mark.parametrize(
    ("shown", "house", "parts", "not_parts"),
    [
        (video(), "fast", ["setpts=PTS,fps=fps=30:start_time=0.000000", "scale=640:360"], [",pad=", "bwdif", "zscale"]),
        (video(rate=Fraction(30000, 1001)), "fast", ["setpts=(PTS)*1000/1001"], []),
        (video(rate=Fraction(25), interlaced=True), "hd50", ["bwdif=mode=send_field:deint=interlaced"], []),
        (video(rate=Fraction(25), interlaced=True), "hd25", ["bwdif=mode=send_frame:deint=interlaced"], []),
        (video(width=720, height=576, aspect=Fraction(16, 15), matrix=""), "fast",
         ["scale=480:360", "in_color_matrix=bt601:in_range=tv", "pad=640:360:80:0:color=black"], []),
        (video(width=1920, height=800), "fast", ["scale=640:266", "pad=640:360:0:46:color=black"], []),
        (video(width=1080, height=1920), "fast", ["scale=202:360", "pad=640:360:218:0:color=black"], []),
        (video(rotation=90), "fast", ["scale=202:360"], []),
        (video(matrix="smpte170m"), "fast", ["in_color_matrix=smpte170m"], []),
        (video(full_range=True), "fast", ["in_range=pc", "out_range=tv"], []),
        (video(pixels="gbrp"), "fast", ["out_color_matrix=bt709"], ["in_color_matrix"]),
        (video(transfer="smpte2084", matrix="bt2020nc"), "fast",
         ["transferin=smpte2084", "tonemap=mobius", "zscale=transfer=bt709:matrix=bt709:range=limited"], [",scale="]),
        (video(transfer="arib-std-b67", matrix="bt2020nc"), "fast", ["transferin=arib-std-b67", "tonemap=mobius"], []),
        (video(matrix="bt2020nc"), "fast", ["transferin=2020_10", "matrix=bt709"], ["tonemap"]),
        (video(start=Ticks(2 * TIMEBASE)), "fast", ["fps=30:start_time=2.000000", "tpad=start=60:start_mode=add"], []),
        (video(start=Ticks(1000)), "fast", ["setpts=PTS+(-1000/90000)/TB", "start_time=0.000000"], ["tpad=start"]),
    ],
)  # fmt: skip
def test_the_way_of_a_picture(shown: VideoStream, house: str, parts: list[str], not_parts: list[str]) -> None:
    found = chain(shown, house=house)
    assert [part for part in parts if part not in found] == []
    assert [part for part in not_parts if part in found] == []
    assert found.endswith("stop=-1:stop_mode=add:color=black")


@pytest.mark.parametrize(
    ("indexed", "first", "seek"),
    [(True, 0, None), (True, 60, None), (True, 9000, "299.000000"), (False, 9000, "295.000000")],
)
def test_a_chunk_reads_from_a_little_before_its_first_picture(indexed: bool, first: int, seek: str | None) -> None:  # noqa: FBT001 — a table
    film = source(video(), indexed=indexed)
    cut = planned(film)
    segment = cut.cuts.segment(Ticks(first * FAST.frame))
    at = cut.cuts.tick(segment) // FAST.frame
    arguments = encode_pictures(film, cut, Chunk(0, segment, segment + 1), [Path("/w/a"), Path("/w/b")])
    if seek is None:
        assert "-ss" not in arguments
    else:
        margin = Ticks((1 if indexed else 5) * TIMEBASE)
        assert arguments[arguments.index("-ss") + 1] == seconds(at * FAST.frame - margin)
        assert arguments.index("-ss") < arguments.index("-i")


def test_one_process_decodes_once_and_writes_every_rung() -> None:
    film = source(video())
    cut = planned(film, "hd30")
    outputs = [Path(f"/w/{rung.name}.mp4") for rung in cut.house.rungs]
    arguments = encode_pictures(film, cut, Chunk(0, 0, 2), outputs)
    assert arguments.count("-i") == 1
    assert arguments.count("libx264") == 5
    assert [argument for argument in arguments if argument.startswith("file:/w/")] == [
        f"file:{path}" for path in outputs
    ]
    times = arguments[arguments.index("-force_key_frames") + 1]
    assert times == "0.000000,1.866666,3.733333,5.600000"
    graph = arguments[arguments.index("-filter_complex") + 1]
    assert "trim=end_frame=224" in graph
    assert "split=5" in graph


def test_past_the_last_picture_it_is_black() -> None:
    film = source(video(end=Ticks(3 * TIMEBASE)))
    cut = planned(film)
    arguments = encode_pictures(film, cut, Chunk(1, 1, 2), [Path("/w/a"), Path("/w/b")])
    assert "color=black:size=640x360:rate=30,format=yuv420p" in arguments


def test_sound_is_exactly_as_long_as_the_asset() -> None:
    film = source(video(end=Ticks(16 * 48_000)))
    film_plan = planned(film)
    samples = film_plan.cuts.end * 48_000 // TIMEBASE
    graph = encode_sound(film, STEREO, film_plan, ["volume=3.00dB"], Path("/w/a.aac"))
    text = graph[graph.index("-filter_complex") + 1]
    assert f"volume=3.00dB,apad=whole_len={samples},atrim=end_sample={samples},asetpts=N" in text
    assert text.startswith("[0:1]asetpts=PTS,aresample=48000:async=1:first_pts=0")
    assert f"atrim=end_sample={samples}" in " ".join(encode_silence(film_plan, Path("/w/a.aac")))


def test_retimed_sound_is_played_faster_by_as_much_as_the_pictures() -> None:
    assert sound(source(video()), Fraction(1001, 1000)).endswith("asetrate=48048,aresample=48000")
