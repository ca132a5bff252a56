import io
from itertools import pairwise

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.core.cmaf import (
    DECODE_TIME_AT,
    DELTA,
    HEAD,
    SEQUENCE_AT,
    SYNC,
    NotASegment,
    Sample,
    audio_init,
    media_segment,
    restamp,
    video_init,
)
from playout.core.ticks import Ticks

samples = st.lists(
    st.builds(
        Sample, st.binary(min_size=1, max_size=40), st.sampled_from((SYNC, DELTA)), st.integers(0, 12000).map(Ticks)
    ),
    min_size=1,
    max_size=20,
)


def boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append((data[at + 4 : at + 8], data[at + 8 : at + size]))
        at += size
    assert at == len(data)
    return found


@given(samples, st.integers(0, 2**40), st.integers(0, 2**32 - 1))
def test_a_segment_is_a_moof_and_an_mdat_with_all_samples(made: list[Sample], start: int, sequence: int) -> None:
    segment = media_segment(Ticks(start), sequence, Ticks(3000), made)
    (moof, inside), (mdat, data) = boxes(segment)
    assert (moof, mdat) == (b"moof", b"mdat")
    assert data == b"".join(sample.data for sample in made)
    assert [kind for kind, _ in boxes(inside)] == [b"mfhd", b"traf"]
    assert [kind for kind, _ in boxes(boxes(inside)[1][1])] == [b"tfhd", b"tfdt", b"trun"]


@given(samples, st.integers(0, 2**40), st.integers(0, 2**40), st.integers(0, 2**32 - 1))
def test_restamping_is_making_the_segment_at_another_time(
    made: list[Sample], one: int, two: int, sequence: int
) -> None:
    moved = bytearray(media_segment(Ticks(one), 7, Ticks(3000), made))
    restamp(moved, two, sequence)
    assert moved == media_segment(Ticks(two), sequence, Ticks(3000), made)


def test_restamping_needs_and_touches_the_head_alone() -> None:
    segment = bytearray(media_segment(Ticks(0), 1, Ticks(3000), [Sample(b"x" * 99, SYNC, Ticks(0))]))
    head = segment[:HEAD]
    restamp(head, 2**33, 5)
    assert head[SEQUENCE_AT : SEQUENCE_AT + 4] == b"\0\0\0\5"
    assert head[DECODE_TIME_AT : DECODE_TIME_AT + 8] == (2**33).to_bytes(8, "big")
    assert len(head) == HEAD


def test_what_is_no_segment_is_not_restamped() -> None:
    with pytest.raises(NotASegment, match="expected moof"):
        restamp(bytearray(HEAD), 0, 0)


def test_a_reader_sees_the_times_that_were_written() -> None:
    frames = [Sample(bytes((0x21, 0x10, 4, 0x60, 0x8C, 0x1C)), SYNC, Ticks(0))] * 25
    file = audio_init(128_000, 48_000) + media_segment(Ticks(900_000), 1, Ticks(1920), frames)
    with av.open(io.BytesIO(file), "r") as container:
        (stream,) = container.streams.audio
        assert (stream.codec_context.name, stream.codec_context.sample_rate) == ("aac", 48000)
        assert str(stream.time_base) == "1/90000"
        times = [packet.pts for packet in container.demux() if packet.pts is not None]
    assert times == [900_000 + 1920 * k for k in range(25)]
    assert {b - a for a, b in pairwise(times)} == {1920}


def test_a_reader_sees_the_picture_that_was_declared() -> None:
    avcc = bytes.fromhex("0164001effe100096764001eacd940a02fffe1000568ebecb22c")
    pictures = [Sample(b"\0\0\0\2\x65\x88", SYNC, Ticks(6000)), Sample(b"\0\0\0\2\x41\x9a", DELTA, Ticks(6000))]
    file = video_init(640, 360, avcc) + media_segment(Ticks(894_000), 1, Ticks(3000), pictures)
    with av.open(io.BytesIO(file), "r") as container:
        (stream,) = container.streams.video
        assert stream.codec_context.name == "h264"
        assert (stream.codec_context.width, stream.codec_context.height) == (640, 360)
        packets = [packet for packet in container.demux() if packet.dts is not None]
    assert [(packet.dts, packet.pts) for packet in packets] == [(894_000, 900_000), (897_000, 903_000)]
