"""A whole station in a directory, made without ffmpeg: assets, slate, a catalog, channels and their logs.

The tracks are real CMAF and WebVTT in shape; what is in them is a pattern that tells segments apart.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from libraries import airs

from playout import documents, keys
from playout.commit import Committer
from playout.core.asset import Asset, BreakPoint, Cuts, Kind, Media, Title, Track
from playout.core.catalog import Catalog, Item, Kit, Query, catalog_of, item_of, kit_of
from playout.core.channel import Channel, Revision, Withdrawal
from playout.core.cmaf import DELTA, SYNC, Sample, audio_init, media_segment, video_init
from playout.core.house import AAC_FRAME, HOUSES, SAMPLE_RATE
from playout.core.ticks import MEDIA_ORIGIN, Ticks
from playout.core.vtt import vtt_head
from playout.follow import SLOW, Follower
from playout.store import DirStore

if TYPE_CHECKING:
    from playout.core.rules import Rules
    from playout.core.view import OnAir, View

HOUSE = HOUSES["fast"]
GENESIS = datetime(2026, 3, 1, 12, tzinfo=UTC)
AVCC = bytes.fromhex("0164001effe100096764001eacd940a02fffe1000568ebecb22c")
"""Some decoder configuration; nothing in these tests decodes."""
FULL = HOUSE.segment_units


def video_segment(label: bytes, start: Ticks, length: Ticks, number: int) -> bytes:
    """Pictures of a few bytes from `start`; as in a track file, where presentation starts at the origin."""
    count = length // HOUSE.frame
    samples = [Sample(label + b":%d:%d" % (number, k), SYNC if k == 0 else DELTA, HOUSE.reorder) for k in range(count)]
    return media_segment(Ticks(MEDIA_ORIGIN + start - HOUSE.reorder), number + 1, HOUSE.frame, samples)


def audio_segment(label: bytes, start: Ticks, length: Ticks, number: int) -> bytes:
    """AAC frames of a few bytes from `start`."""
    samples = [Sample(label + b":%d:%d" % (number, k), SYNC, Ticks(0)) for k in range(length // AAC_FRAME)]
    return media_segment(Ticks(MEDIA_ORIGIN + start), number + 1, AAC_FRAME, samples)


def subtitle_segment(label: bytes, number: int) -> bytes:
    """One cue."""
    return vtt_head() + b"00:00:%02d.000 --> 00:00:%02d.500\n%s\n\n" % (number % 60, number % 60, label)


def inits() -> dict[str, bytes]:
    """The init segments of the house, by rendition."""
    found = {rung.name: video_init(rung.width, rung.height, AVCC) for rung in HOUSE.rungs}
    return {**found, "a-und": audio_init(HOUSE.audio_bitrate, SAMPLE_RATE)}


@dataclass
class Moments:
    """A time that tests set, and waiting for it without sleeping."""

    now: datetime = GENESIS + timedelta(minutes=2)
    waiting: asyncio.Queue[datetime] = field(default_factory=asyncio.Queue)
    """The instants that are waited for, in the order in which the waits began."""

    def clock(self) -> datetime:
        return self.now

    async def pause(self, event: asyncio.Event, instant: datetime) -> None:
        self.waiting.put_nowait(instant)
        while self.now < instant and not event.is_set():  # noqa: ASYNC110 — two conditions; nothing sleeps
            await asyncio.sleep(0)


@dataclass
class Station:
    """A store with all that is in it, and one follower and committer."""

    root: Path
    moments: Moments = field(default_factory=Moments)
    assets: dict[str, Asset] = field(default_factory=dict)
    store: DirStore = field(init=False)
    follower: Follower = field(init=False)
    committer: Committer = field(init=False)
    revisions: dict[str, Revision] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = DirStore(self.root)
        self.restart()

    def restart(self) -> None:
        """What `kill -9` and a new start leave: the store and nothing else."""
        self.follower = Follower(self.store, self.moments.clock)
        self.committer = Committer(self.store, self.follower, self.moments.clock)

    # What is in the store

    def house(self) -> Kit:
        """Write the init segments and the slate: one segment of every length."""
        for rendition, data in inits().items():
            self.store.put_new(keys.init(HOUSE.name, rendition, documents.digest(data)), data)
        return kit_of(self.asset("slate", Kind.SLATE, *range(1, FULL + 1), languages=("und",)))

    def asset(
        self,
        name: str,
        kind: Kind,
        *units: int,
        languages: tuple[str, ...] = ("en",),
        subtitles: tuple[str, ...] = (),
        breaks: tuple[int, ...] = (),
    ) -> Asset:
        """Write an asset of segments of these many units."""
        boundaries = [0]
        for n in units:
            boundaries.append(boundaries[-1] + n * HOUSE.unit)
        cuts = Cuts.of(boundaries)
        names = [*(rung.name for rung in HOUSE.rungs), *(f"a-{x}" for x in languages), *(f"s-{x}" for x in subtitles)]
        asset = Asset(
            id=name,
            house=HOUSE.name,
            about=Title(f"Title of {name}", kind, (kind.value,), description=f"About {name}."),
            added=GENESIS - timedelta(days=1),
            cuts=cuts,
            breaks=tuple(BreakPoint(at, Ticks(0), 100, "sidecar") for at in breaks),
            tracks=tuple(self._track(name, rendition, cuts) for rendition in names),
            loudness=-2300,
            source={},
            poster="poster.jpg",
        )
        self.store.put_new(keys.asset_file(name, "poster.jpg"), b"\xff\xd8 a picture of " + name.encode())
        self.store.put_new(keys.asset(name), documents.encode_readable(asset))
        self.assets[name] = asset
        return asset

    def _track(self, asset: str, rendition: str, cuts: Cuts) -> Track:
        media = {"v": Media.VIDEO, "a": Media.AUDIO, "s": Media.SUBTITLES}[rendition[0]]
        label = f"{asset}/{rendition}".encode()
        offsets, pieces = [0], []
        for number in range(cuts.segments):
            start, length = cuts.tick(number), Ticks(cuts.tick(number + 1) - cuts.tick(number))
            if media is Media.VIDEO:
                pieces.append(video_segment(label, start, length, number))
            elif media is Media.AUDIO:
                pieces.append(audio_segment(label, start, length, number))
            else:
                pieces.append(subtitle_segment(label, number))
            offsets.append(offsets[-1] + len(pieces[-1]))
        file = f"{rendition}.{ {'v': 'cmfv', 'a': 'cmfa', 's': 'vtt'}[rendition[0]] }"
        self.store.put_new(keys.asset_file(asset, file), b"".join(pieces))
        init = (
            ""
            if media is Media.SUBTITLES
            else documents.digest(inits()["a-und" if media is Media.AUDIO else rendition])
        )
        codecs = {"v": "avc1.64001e", "a": "mp4a.40.2", "s": ""}[rendition[0]]
        language = "" if media is Media.VIDEO else rendition[2:]
        return Track(rendition, media, file, codecs, language, init, 500_000, 400_000, tuple(offsets))

    # What is on air

    def publish(
        self, channel: Channel, rules: Rules | None = None, *, items: tuple[Item, ...] | None = None
    ) -> Revision:
        """Publish the library, and a channel that airs its movies, or as `rules` say."""
        found = (
            items
            if items is not None
            else tuple(item_of(asset) for asset in self.assets.values() if asset.id != "slate")
        )
        catalog = catalog_of(found, [kit_of(self.assets["slate"])])
        data = documents.encode(catalog)
        self.store.put_new(keys.catalog(documents.digest(data)), data)
        known = self.revisions.get(channel.id)
        revision = Revision(
            known.number + 1 if known else 1,
            self.moments.now if known else channel.genesis,
            documents.digest(data),
            channel,
            rules or (known.rules if known else airs(Query(kind=(Kind.MOVIE,)))),
        )
        assert self.store.put_new(keys.revision(channel.id, revision.number), documents.encode(revision))
        self.revisions[channel.id] = revision
        return revision

    def withdraw(self, channel: str, *assets: str) -> None:
        """Pull assets off a channel's air."""
        number = len(self.store.names(keys.withdrawals(channel))) + 1
        order = Withdrawal(assets, self.moments.now)
        assert self.store.put_new(keys.withdrawal(channel, number), documents.encode(order))

    def look(self) -> View:
        """Commit what is due, and look as often as it takes to see all that is there."""
        for _ in range(SLOW + 1):
            view = self.follower.refresh(self.moments.now)
            if view is not None:
                self.follower.view = view
            self.committer.commit(self.moments.now)
        return self.follower.view

    def view(self) -> View:
        return self.follower.view

    def changed(self) -> asyncio.Event:
        return self.follower.changed

    def on_air(self, channel: str) -> OnAir:
        return self.follower.view.channels[channel]


FILMS = Channel("films", "1", "Films", HOUSE.name, GENESIS, ("en", "de"), ("en",), window=12, group="Movies")


def station(root: Path) -> Station:
    """Three films, of which one has German sound and one English subtitles, two ads, on one channel."""
    made = Station(root)
    made.house()
    made.asset("film-a", Kind.MOVIE, *[FULL] * 6, 3, languages=("en", "de"))
    made.asset("film-b", Kind.MOVIE, *[FULL] * 4, 5, 2, FULL, subtitles=("en",), breaks=(5,))
    made.asset("film-c", Kind.MOVIE, *[FULL] * 9, languages=("fr",))
    made.asset("ad-a", Kind.AD, FULL, FULL, 1)
    made.asset("ad-b", Kind.AD, FULL, 4)
    made.publish(FILMS)
    made.look()
    return made


def widened(channel: Channel, window: int) -> Channel:
    """The channel with another window."""
    return replace(channel, window=window)


def catalog_at(store: DirStore, digest: str) -> Catalog:
    """A published catalog."""
    key = keys.catalog(digest)
    return documents.decode(store.read(key) or b"", Catalog, key)
