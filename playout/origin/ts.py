"""The `ts` rendering: one MPEG-TS segment from a video and an audio CMAF segment, by a copy remux.

Law: timestamps are those of the CMAF segments, modulo 2^33, so segments join without a jump. PIDs never
change (H-64); each segment begins with its tables, once. The counters of the tables go on from segment to
segment; those of picture and sound start anew, and the discontinuity indicator says so.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import av

from playout.core.cmaf import NotASegment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.packet import Packet

    AnyPacket = Packet[Any]

_OPTIONS: Final = {
    "mpegts_flags": "initial_discontinuity+resend_headers",
    "mpegts_copyts": "1",
    "mpegts_pmt_start_pid": "480",  # P-9
    "mpegts_start_pid": "481",
    "pat_period": "60",  # seconds, longer than any segment
    "sdt_period": "60",
}
_PACKET: Final = 188
_TABLES: Final = (0, 17, 480)
"""The PIDs of PAT, SDT and PMT. They have no room for a discontinuity indicator."""


def remux(video: bytes, audio: bytes, sequence: int) -> bytes:
    """One TS segment from a video and an audio track, each an init and a media segment; blocks.

    `sequence` is its media sequence number. Raises `NotASegment` when they cannot be taken apart.
    """
    try:
        return _counted(_muxed(video, audio), sequence)
    except av.FFmpegError as error:
        message = f"no MPEG-TS can be made of it: {error}"
        raise NotASegment(message) from error


def _muxed(video: bytes, audio: bytes) -> bytes:
    target = BytesIO()
    with (
        av.open(BytesIO(video), "r", format="mp4") as one,
        av.open(BytesIO(audio), "r", format="mp4") as two,
        av.open(target, "w", format="mpegts", options=_OPTIONS) as muxed,
    ):
        streams = [muxed.add_stream_from_template(source.streams[0]) for source in (one, two)]
        waiting = [_packets(one), _packets(two)]
        heads = [next(packets, None) for packets in waiting]
        while any(heads):
            at = min((k for k in (0, 1) if heads[k] is not None), key=lambda k: _seconds(heads[k]))
            packet = heads[at]
            heads[at] = next(waiting[at], None)
            if packet is not None:
                packet.stream = streams[at]
                muxed.mux(packet)
    return target.getvalue()


def _counted(segment: bytes, sequence: int) -> bytes:
    """`segment` with each of its tables once, though the muxer repeats them at every IDR, and counted."""
    counted = bytearray(segment)
    again: list[int] = []
    for pid in _TABLES:
        first, *rest = _places(segment, pid)
        counted[first + 3] = counted[first + 3] & 0xF0 | sequence & 0x0F
        again += rest
    for at in sorted(again, reverse=True):
        del counted[at : at + _PACKET]
    return bytes(counted)


def _places(segment: bytes, pid: int) -> Iterator[int]:
    """Where the packets of `pid` begin."""
    lows = segment[2::_PACKET]
    k = lows.find(pid & 0xFF)
    while k >= 0:
        if segment[k * _PACKET + 1] & 0x1F == pid >> 8:
            yield k * _PACKET
        k = lows.find(pid & 0xFF, k + 1)


def _packets(source: av.container.InputContainer) -> Iterator[AnyPacket]:
    return (packet for packet in source.demux() if packet.dts is not None)


def _seconds(packet: AnyPacket | None) -> int:
    return packet.dts or 0 if packet is not None else 0
