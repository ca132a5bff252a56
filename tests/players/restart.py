"""A server that is killed while somebody watches, and started again at once."""

from __future__ import annotations

import re
import select
import subprocess
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from players.screening import AHEAD, PATIENCE, PLAYED
from players.station import Station, listed, opened

if TYPE_CHECKING:
    from pathlib import Path

WATCHED = 5
"""Segments that the player has asked for when the server is killed."""
STILL = 0.3
"""Seconds without a word after which the player has all that it wants for now."""
QUICK = 3.0
"""Seconds: a restart that takes longer is seen, for ffmpeg asks once for the next edition, and then gives up."""
ATTEMPTS = 3
_VAIN = "Connection refused"
"""Who asks at the very moment when nobody is there notices; a player that a busy machine keeps from asking may."""
FULL = "#EXTINF:3.733"
"""The newest segment is a full one: ffmpeg asks for the next edition after as long."""


@dataclass(frozen=True)
class Restart:
    """What was seen before and after it."""

    down: float
    """Seconds from the kill until the channel was on air again."""
    status: int
    """The player's exit status."""
    words: list[str]
    """Its warnings and errors."""
    pictures: int
    """Pictures that it decoded."""
    before: dict[str, str]
    """Media playlists by rendition, at the moment of the kill."""
    after: dict[str, str]
    """The same, once a segment was added that was not on air yet when the server was killed."""


def restart(binary: str, library: Path, folder: Path) -> Restart:
    """Kill and restart, until one restart was quick and fell between two questions; the machine may be busy."""
    took = []
    for attempt in range(ATTEMPTS):
        place = folder / f"restart-{attempt}"
        place.mkdir()
        station = opened(library, place)
        station.start()
        try:
            station.ready()
            seen = _watched(binary, station)
        finally:
            station.stop()
        if seen.down < QUICK and not any(_VAIN in line for line in seen.words):
            return seen
        took.append(seen.down)
    message = f"no restart was unnoticed; they took {took} s, and less than {QUICK} is wanted"
    raise AssertionError(message)


def _watched(binary: str, station: Station) -> Restart:
    command = [
        *AHEAD,
        binary,
        "-nostdin",
        "-hide_banner",
        "-v",
        "level+verbose",
        "-i",
        station.live(),
        "-t",
        str(PLAYED),
    ]
    printed = bytearray()
    with subprocess.Popen(
        [*command, "-f", "null", "-"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as player:
        try:
            _until_still(player, station, printed)
            before = _playlists(station)
            killed = monotonic()
            station.kill()
            station.start()
            station.ready()
            down = monotonic() - killed
            after = _later(station, before)
            printed += player.communicate(timeout=PATIENCE)[1]
        finally:
            player.kill()
    lines = printed.decode(errors="replace").splitlines()
    words = [line for line in lines if re.search(r"\[(warning|error|fatal|panic)\]", line) and "MOOV" not in line]
    pictures = re.findall(r"frame= *(\d+)", printed.decode(errors="replace"))
    return Restart(down, player.returncode, words, int(pictures[-1]) if pictures else 0, before, after)


def _until_still(player: subprocess.Popen[bytes], station: Station, printed: bytearray) -> None:
    """Read what the player prints until it has watched for a while and wants nothing."""
    assert player.stderr is not None
    pipe, until = player.stderr, monotonic() + PATIENCE
    while True:
        assert monotonic() < until, printed[-2000:]
        readable, _, _ = select.select([pipe], [], [], STILL)
        if readable:
            said = pipe.read1()  # type: ignore[attr-defined]  # a BufferedReader
            assert said, f"the player has ended: {printed[-2000:]!r}"
            printed += said
            continue
        asked = [line for line in printed.decode(errors="replace").splitlines() if "Opening '" in line]
        editions = [k for k, line in enumerate(asked) if ".m3u8'" in line]
        since = asked[editions[-1] :] if editions else []
        enough = sum("/v360/" in line for line in asked) >= WATCHED
        if enough and any("/a-en/" in line or "/v360/" in line for line in since) and _newest_is_full(station):
            return


def _newest_is_full(station: Station) -> bool:
    return listed(station.text(station.live("v360.m3u8")))[-1].lines.startswith(FULL)


def _playlists(station: Station) -> dict[str, str]:
    return {name: station.text(station.live(f"{name}.m3u8")) for name in ("v360", "v234", "a-en", "ts/v234")}


def _later(station: Station, before: dict[str, str]) -> dict[str, str]:
    """The playlists as soon as all have a segment that is newer than those of `before`."""
    newest = max(listed(text)[-1].sequence for text in before.values())
    station.text(station.live(f"v360.m3u8?_HLS_msn={newest + 1}"))
    return _playlists(station)
