"""One channel's air and playlists of it: what the golden files hold. Run as a program it prints one digest of them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from libraries import GENESIS, HOUSE, KIT, airs, item, log_of, of_kind, revision

from playout.core import manifest
from playout.core.asset import Kind, Media, Track
from playout.core.catalog import Catalog, catalog_of
from playout.core.channel import Channel
from playout.core.manifest import Rendering, Scene
from playout.core.playlog import Log
from playout.core.rules import Ads
from playout.core.ticks import TIMEBASE, Ticks
from playout.core.window import Stretch, stretches

CHANNEL = Channel("one", "1", "Channel One", HOUSE.name, GENESIS, ("en", "de"), ("en", "fr"))
LACKING = "s-fr"
"""A rendition of the channel that no asset has."""


@dataclass(frozen=True)
class Air:
    """A log of the channel, and playlists of it."""

    log: Log
    catalog: Catalog

    @property
    def scene(self) -> Scene:
        return Scene(CHANNEL, HOUSE, KIT, self.catalog.item, self._track)

    def _track(self, asset: str, rendition: str) -> Track | None:
        """A track of made-up sizes."""
        known = self.catalog.item(asset)
        if known is None or rendition == LACKING:
            return None
        offsets = tuple(100 * k + len(rendition) for k in range(known.cuts.segments + 1))
        media = {"v": Media.VIDEO, "a": Media.AUDIO, "s": Media.SUBTITLES}[rendition[0]]
        return Track(rendition, media, f"{rendition}.bin", "", "", "", 1, 1, offsets)

    @property
    def end(self) -> int:
        """The sequence number after its last segment's."""
        return self.log.airings[-1].end_msn

    def listed(self, first: int, last: int) -> list[Stretch]:
        return stretches(self.log, self.catalog.item, first, last)

    def live(self, rendering: Rendering, name: str, first: int, last: int, *, skip: bool = False) -> str:
        return manifest.live(self.scene, rendering, name, self.listed(first, last), self.log.turns, skip=skip)

    def past(self, rendering: Rendering, name: str, first: int, last: int, *, closed: bool) -> str:
        return manifest.past(self.scene, rendering, name, self.listed(first, last), self.log.turns, closed=closed)


def shown() -> Air:
    """Films with breaks, ads between bumpers."""
    full = HOUSE.segment_units
    catalog = catalog_of(
        [
            item("film-a", Kind.MOVIE, *[full] * 9, 3, breaks=(4,)),
            item("film-b", Kind.MOVIE, *[full] * 6, 5, 2, full, breaks=(7,), age=5),
            item("ad-a", Kind.AD, full, full, 1),
            item("ad-b", Kind.AD, full, 4),
            item("bumper", Kind.BUMPER, 4),
        ],
        [KIT],
    )
    ads = Ads(Ticks(12 * TIMEBASE), Ticks(10 * TIMEBASE), of_kind(Kind.AD), of_kind(Kind.BUMPER), of_kind(Kind.BUMPER))
    return Air(log_of(revision(airs(of_kind(Kind.MOVIE), ads=ads)), catalog, 4), catalog)


def golden_set() -> dict[str, str]:
    """The playlists that are kept as files, by file name."""
    air = shown()
    film = air.catalog.item("film-b")
    assert film is not None
    return {
        "index.m3u8": manifest.variants(air.scene, Rendering.CMAF, ""),
        "index-ts.m3u8": manifest.variants(air.scene, Rendering.TS, "ts/"),
        "live-cmaf-video.m3u8": air.live(Rendering.CMAF, "v360", 6, 20),
        "live-cmaf-audio.m3u8": air.live(Rendering.CMAF, "a-de", 6, 20),
        "live-cmaf-subtitles.m3u8": air.live(Rendering.CMAF, "s-en", 6, 20),
        "live-ts.m3u8": air.live(Rendering.TS, "v234", 6, 20),
        "live-direct.m3u8": air.live(Rendering.DIRECT, "v360", 6, 20),
        "live-delta.m3u8": air.live(Rendering.CMAF, "v360", 6, 20, skip=True),
        "catch-up.m3u8": air.past(Rendering.CMAF, "v360", 3, 12, closed=True),
        "vod.m3u8": manifest.on_demand(film, KIT, "v360"),
    }


def digest() -> str:
    """One name for all of it."""
    return sha256("\0".join(f"{name}\0{text}" for name, text in golden_set().items()).encode()).hexdigest()


if __name__ == "__main__":
    print(digest())  # noqa: T201 — what the program is for
