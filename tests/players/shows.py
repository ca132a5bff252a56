"""Who plays what: every show by its name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from players import browser, screening
from players.restart import restart
from players.screening import Run, bundled_ffmpeg, debian_ffmpeg
from players.station import Station

if TYPE_CHECKING:
    from collections.abc import Callable

    from players.browser import Viewing


@dataclass(frozen=True)
class Place:
    """What a show finds."""

    library: Path
    """A media folder with the films, to be copied."""
    station: Station
    """The server that all share."""
    folder: Path
    """Where files may be left."""


def _read(binary: Callable[[], str], playlist: str, *options: str, place: Place) -> Run:
    return screening.ffmpeg(binary(), place.station.live(playlist), *options)


def _in_browser(player: str, playlist: str, place: Place) -> Viewing:
    folder = place.folder / f"{player}-{playlist}"
    folder.mkdir()
    return browser.play(player, place.station.live(playlist), folder)


BROWSERS: dict[str, Callable[[Place], object]] = {
    "hls.js": lambda place: _in_browser("hls.js", "index.m3u8", place),
    "shaka": lambda place: _in_browser("shaka-player", "index.m3u8", place),
    "hls.js-direct": lambda place: _in_browser("hls.js", "direct.m3u8", place),
}
SHOWS: dict[str, Callable[[Place], object]] = {
    **BROWSERS,
    "debian-index": lambda place: _read(debian_ffmpeg, "index.m3u8", place=place),
    "debian-v234": lambda place: _read(debian_ffmpeg, "v234.m3u8", place=place),
    "debian-ts": lambda place: _read(debian_ffmpeg, "ts.m3u8", place=place),
    "bundled-everything": lambda place: _read(bundled_ffmpeg, "index.m3u8", "-map", "0", place=place),
    "bundled-sound": lambda place: _read(bundled_ffmpeg, "a-en.m3u8", place=place),
    "bundled-ts": lambda place: _read(bundled_ffmpeg, "ts/v234.m3u8", place=place),
    "mpv": lambda place: screening.mpv(place.station.live()),
    "vlc": lambda place: screening.vlc(place.station.live()),
    "vlc-ts": lambda place: screening.vlc(place.station.live("ts.m3u8")),
    "restart": lambda place: restart(debian_ffmpeg(), place.library, place.folder),
    "recording": lambda place: screening.record(bundled_ffmpeg(), place.station.live(), place.folder, 120),
}
