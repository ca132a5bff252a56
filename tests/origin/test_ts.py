"""The `ts` rendering, with real pictures and sound: one stream to both ffmpegs, over every seam and the wrap."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

import av
import imageio_ffmpeg
import pytest

from playout.core.cmaf import DELTA, SYNC, Sample, audio_init, media_segment, video_init
from playout.core.house import AAC_FRAME, HOUSES, SAMPLE_RATE
from playout.core.ticks import MEDIA_ORIGIN, TIMEBASE, Ticks
from playout.origin.ts import remux

if TYPE_CHECKING:
    from pathlib import Path

HOUSE = HOUSES["fast"]
WIDTH, HEIGHT = 416, 234
FULL = HOUSE.segment
WRAP = 1 << 33
PMT, VIDEO, AUDIO = 480, 481, 482
SEGMENTS = 12


@cache
def pictures(shade: int) -> tuple[bytes, tuple[Sample, ...]]:
    """A full segment of pictures in a changing grey, in closed GOPs: its decoder configuration and samples."""
    target = BytesIO()
    with av.open(target, "w", format="mp4") as out:
        stream = out.add_stream(
            "libx264", rate=HOUSE.fps, options={"preset": "medium", "bf": "3", "g": str(HOUSE.gop_frames)}
        )
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for k in range(FULL // HOUSE.frame):
            frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
            for plane, value in zip(frame.planes, ((shade + k) % 256, 128, 128), strict=True):
                plane.update(bytes([value]) * plane.buffer_size)
            frame.pts, frame.time_base = k, Fraction(1, HOUSE.fps)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    target.seek(0)
    with av.open(target, "r") as coded:
        coming = coded.streams.video[0]
        packets = [packet for packet in coded.demux(coming) if packet.dts is not None]
        unit = HOUSE.fps * (coming.time_base or Fraction(1))
        samples = tuple(
            Sample(
                bytes(packet),
                SYNC if packet.is_keyframe else DELTA,
                Ticks(int((packet.pts or 0) * unit) * HOUSE.frame - k * HOUSE.frame + HOUSE.reorder),
            )
            for k, packet in enumerate(packets)
        )
        return (coming.codec_context.extradata or b""), samples


@cache
def sounds() -> tuple[Sample, ...]:
    """A full segment of silence."""
    context = av.CodecContext.create("aac", "w")
    context.sample_rate, context.layout, context.format = SAMPLE_RATE, "stereo", "fltp"
    found: list[Sample] = []
    while len(found) < FULL // AAC_FRAME:
        frame = av.AudioFrame("fltp", "stereo", 1024)
        frame.sample_rate = SAMPLE_RATE
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        found += [Sample(bytes(packet), SYNC, Ticks(0)) for packet in context.encode(frame)]
    return tuple(found)


def segment(number: int, start: int) -> bytes:
    """The TS segment that airs at `start`."""
    avcc, samples = pictures(80 * (number % 3))
    decode = Ticks(MEDIA_ORIGIN + start - HOUSE.reorder)
    video = video_init(WIDTH, HEIGHT, avcc) + media_segment(decode, number, HOUSE.frame, samples)
    audio = audio_init(HOUSE.audio_bitrate, SAMPLE_RATE)
    audio += media_segment(Ticks(MEDIA_ORIGIN + start), number, AAC_FRAME, sounds())
    return remux(video, audio, number)


@dataclass
class Packets:
    """What a TS segment is made of."""

    pids: list[int]
    counters: dict[int, list[int]]
    stamps: dict[int, list[int]]
    """Presentation timestamps by PID."""

    @classmethod
    def of(cls, data: bytes) -> Packets:
        found = cls([], {}, {})
        for at in range(0, len(data), 188):
            packet = data[at : at + 188]
            assert packet[0] == 0x47
            pid = (packet[1] & 0x1F) << 8 | packet[2]
            found.pids.append(pid)
            if packet[3] & 0x10:
                found.counters.setdefault(pid, []).append(packet[3] & 0x0F)
            if pid in (VIDEO, AUDIO) and packet[1] & 0x40:
                pes = packet[4 + (1 + packet[4] if packet[3] & 0x20 else 0) :]
                s = pes[9:14]
                stamp = (s[0] >> 1 & 7) << 30 | s[1] << 22 | (s[2] >> 1) << 15 | s[3] << 7 | s[4] >> 1
                found.stamps.setdefault(pid, []).append(stamp)
        return found


@pytest.mark.media
def test_packets_are_those_of_the_cmaf_segments_modulo_2_33() -> None:
    start = (WRAP - MEDIA_ORIGIN) // HOUSE.unit * HOUSE.unit - HOUSE.unit
    found = Packets.of(segment(5, start))
    assert set(found.pids) <= {0, 17, PMT, VIDEO, AUDIO}
    assert found.pids.index(0) < found.pids.index(PMT) < found.pids.index(VIDEO)  # H-64
    assert [found.counters[pid] for pid in (0, 17, PMT)] == [[5], [5], [5]]  # one of each, counted by segment
    for counters in found.counters.values():
        assert counters == [(counters[0] + k) % 16 for k in range(len(counters))]
    frames = FULL // HOUSE.frame
    expected = {(MEDIA_ORIGIN + start + k * HOUSE.frame) % WRAP for k in range(frames)}
    assert set(found.stamps[VIDEO]) == expected
    assert len(found.stamps[VIDEO]) == frames
    assert found.stamps[AUDIO][0] == (MEDIA_ORIGIN + start) % WRAP
    assert max(found.stamps[AUDIO]) > WRAP - TIMEBASE
    assert min(found.stamps[AUDIO]) < TIMEBASE


@pytest.mark.media
@pytest.mark.parametrize("reader", ["ffmpeg of the system", "ffmpeg of the wheel"])
@pytest.mark.parametrize("start", [0, 480_000 * 900, (WRAP - MEDIA_ORIGIN) // HOUSE.unit * HOUSE.unit - 5 * FULL])
def test_ffmpeg_reads_forty_seconds_over_seams_without_a_word(tmp_path: Path, reader: str, start: int) -> None:
    binary = shutil.which("ffmpeg") if "system" in reader else imageio_ffmpeg.get_ffmpeg_exe()
    if binary is None:
        pytest.skip("there is no ffmpeg on this machine")
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:4", "#EXT-X-MEDIA-SEQUENCE:0"]
    for number in range(SEGMENTS):
        (tmp_path / f"{number}.ts").write_bytes(segment(number, start + number * FULL))
        lines += [f"#EXTINF:{FULL / TIMEBASE:.6f},", f"{number}.ts"]
    (tmp_path / "list.m3u8").write_text("\n".join([*lines, "#EXT-X-ENDLIST", ""]))
    command = [binary, "-hide_banner", "-nostats", "-loglevel", "level+info", "-i", str(tmp_path / "list.m3u8")]
    done = subprocess.run([*command, "-f", "null", "-"], capture_output=True, text=True, check=True)
    said = [line for line in done.stderr.splitlines() if "[warning]" in line or "[error]" in line]
    assert said == []
    last = [line for line in done.stderr.splitlines() if "frame=" in line][-1]
    assert f"frame={SEGMENTS * FULL // HOUSE.frame:5d} " in last
