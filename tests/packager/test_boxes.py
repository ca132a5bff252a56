"""What we write is what we read back; what is broken says so."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packager import adts
from packager.boxes import BadBoxes, find, fragments, video_config, walk
from playout.core.cmaf import DELTA, SYNC, Sample, box, media_segment, video_init
from playout.core.ticks import Ticks

samples = st.builds(
    Sample, st.binary(min_size=1, max_size=60), st.sampled_from([SYNC, DELTA]), st.integers(0, 9000).map(Ticks)
)


@given(st.integers(0, 2**40), st.integers(1, 2**31), st.integers(1, 6000), st.lists(samples, min_size=1, max_size=20))
def test_a_segment_is_read_back_as_it_was_written(
    start: int, sequence: int, duration: int, written: list[Sample]
) -> None:
    data = media_segment(Ticks(start), sequence, Ticks(duration), written)
    (fragment,) = fragments(data)
    assert (fragment.sequence, fragment.decode_time, fragment.duration) == (sequence, start, duration)
    assert list(fragment.samples) == written


@given(st.lists(samples, min_size=1, max_size=5), st.data())
def test_a_segment_that_was_cut_short_is_no_segment(written: list[Sample], data: st.DataObject) -> None:
    whole = media_segment(Ticks(0), 1, Ticks(3000), written)
    cut = data.draw(st.integers(1, len(whole) - 1))
    with pytest.raises(BadBoxes):
        list(fragments(whole[:cut]))


@given(st.binary(max_size=200))
def test_any_bytes_are_boxes_or_refused(data: bytes) -> None:
    with suppress(BadBoxes):
        assert sum(found.end - found.start for found in walk(data)) == len(data)


def test_boxes_are_found_by_path() -> None:
    data = box("free", b"x") + box("moov", box("trak", box("tkhd", b"first")), box("trak", box("tkhd", b"second")))
    found = find(data, "moov/trak/tkhd")
    assert data[found.body : found.end] == b"first"
    with pytest.raises(BadBoxes, match="no mdia of moov/trak/mdia"):
        find(data, "moov/trak/mdia")


def test_the_decoder_configuration_of_an_init_segment() -> None:
    assert video_config(video_init(640, 360, b"\x01config")) == b"\x01config"


def test_a_long_size_is_understood() -> None:
    data = (1).to_bytes(4, "big") + b"mdat" + (20).to_bytes(8, "big") + b"four"
    assert [(found.kind, found.body, found.end) for found in walk(data)] == [("mdat", 16, 20)]


def adts_frame(body: bytes, *, checked: bool = False) -> bytes:
    """An ADTS frame of AAC-LC stereo at 48 kHz."""
    size = len(body) + (9 if checked else 7)
    sizes = (2 << 6 | size >> 11, size >> 3 & 255, (size & 7) << 5 | 31)
    head = bytes((0xFF, 0xF0 if checked else 0xF1, 1 << 6 | 3 << 2, *sizes, 0xFC))
    return head + (b"\0\0" if checked else b"") + body


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=700), st.booleans())))
def test_adts_frames_are_taken_apart(bodies: list[tuple[bytes, bool]]) -> None:
    data = b"".join(adts_frame(body, checked=checked) for body, checked in bodies)
    assert list(adts.frames(data)) == [body for body, _ in bodies]


@given(st.binary(min_size=1, max_size=100), st.data())
def test_an_adts_stream_that_was_cut_short_is_refused(body: bytes, data: st.DataObject) -> None:
    whole = adts_frame(b"first") + adts_frame(body)
    cut = data.draw(st.integers(len(adts_frame(b"first")) + 1, len(whole) - 1))
    with pytest.raises(adts.BadAdts):
        list(adts.frames(whole[:cut]))


@given(st.binary(min_size=1, max_size=60))
def test_any_bytes_are_adts_or_refused(data: bytes) -> None:
    with suppress(adts.BadAdts):
        assert sum(map(len, adts.frames(data))) < len(data)
