"""Subtitle segments: the head is fixed, and restamping touches ten digits of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.core.cmaf import NotASegment
from playout.core.ticks import MEDIA_ORIGIN
from playout.core.vtt import HEAD, MPEGTS_AT, restamp_vtt, vtt_head

CUE = b"00:00:01.000 --> 00:00:02.000\nBon app\xc3\xa9tit\n\n"


def test_the_head_of_a_track_file_maps_cue_time_zero_to_the_origin() -> None:
    assert vtt_head() == b"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0000900000,LOCAL:00:00:00.000\n\n"
    assert vtt_head() == vtt_head(MEDIA_ORIGIN)


@given(st.integers(min_value=0, max_value=1 << 70), st.integers(min_value=0, max_value=1 << 70))
def test_restamping_is_writing_another_head(before: int, after: int) -> None:
    segment = bytearray(vtt_head(before) + CUE)
    restamp_vtt(segment, after)
    assert segment == vtt_head(after) + CUE
    assert len(vtt_head(after)) == HEAD
    assert int(segment[MPEGTS_AT : MPEGTS_AT + 10]) == after % 2**33


def test_timestamps_wrap_as_mpeg_does() -> None:
    assert vtt_head(1 << 33) == vtt_head(0)
    assert b"MPEGTS:8589934591," in vtt_head((1 << 33) - 1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"WEBVTT\n\n",
        b"\x00\x00\x00\x18styp",
        b"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n",
        vtt_head()[:-1],
    ],
)
def test_other_heads_are_refused(data: bytes) -> None:
    segment = bytearray(data)
    with pytest.raises(NotASegment, match="expected WEBVTT"):
        restamp_vtt(segment, 5)
    assert segment == data
