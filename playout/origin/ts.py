"""The `ts` rendering: one MPEG-TS segment from a video and an audio CMAF segment, by a copy remux.

Law: timestamps are those of the CMAF segments, modulo 2^33, so segments join without a jump. PIDs never
change (H-64); each segment begins with its tables and is marked, by the discontinuity indicator, as
starting its continuity counters anew, so any one may follow any other.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import av

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.packet import Packet

    AnyPacket = Packet[Any]

_OPTIONS: Final = {
    "mpegts_flags": "initial_discontinuity+resend_headers",
    "mpegts_copyts": "1",
    "mpegts_pmt_start_pid": "480",  # P-9
    "mpegts_start_pid": "481",
}


def remux(video: bytes, audio: bytes) -> bytes:
    """One TS segment from a video and an audio track, each an init and a media segment; blocks."""
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


def _packets(source: av.container.InputContainer) -> Iterator[AnyPacket]:
    return (packet for packet in source.demux() if packet.dts is not None)


def _seconds(packet: AnyPacket | None) -> int:
    return packet.dts or 0 if packet is not None else 0
