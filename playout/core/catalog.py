"""What may be scheduled: a published snapshot of the library.

Law: a catalog never changes. Its digest names it, its items stand in the order of their ids, and equal
catalogs give equal choices on every machine.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from playout.core.asset import Asset, BreakPoint, Cuts, Kind, Media, Title

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playout.core.ticks import Ticks


@dataclass(frozen=True, slots=True)
class Item:
    """One asset, as far as the schedule, the playlists and the guide need to know it."""

    id: str
    house: str
    about: Title
    added: datetime
    cuts: Cuts
    breaks: tuple[BreakPoint, ...] = ()
    poster: str = ""

    @property
    def length(self) -> Ticks:
        """How long the whole asset plays."""
        return self.cuts.end


@dataclass(frozen=True, slots=True)
class Kit:
    """What a house has in this store besides assets: its slate, and the names of its init segments."""

    house: str
    slate: Item
    inits: tuple[tuple[str, str], ...]
    """(rendition, content digest) of each init segment; all audio renditions share the slate's."""

    def init(self, rendition: str) -> tuple[str, str] | None:
        """The (rendition, digest) under which the init segment of `rendition` is kept."""
        kind = rendition[:2]
        for name, digest in self.inits:
            if name == rendition or (kind == "a-" and name.startswith("a-")):
                return name, digest
        return None

    def slate_segment(self, length: Ticks) -> int | None:
        """The slate's segment that plays exactly `length`."""
        lengths = (end - start for start, end in pairwise(self.slate.cuts.boundaries()))
        return next((k for k, ticks in enumerate(lengths) if ticks == length), None)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Catalog:
    """The library at one moment. Compared by identity: what matters is which snapshot it is."""

    items: tuple[Item, ...]
    """In the order of their ids."""
    kits: tuple[Kit, ...] = ()

    def item(self, asset: str) -> Item | None:
        """The item with this asset id; a house's slate counts."""
        at = bisect_left(self.items, asset, key=_id)
        if at < len(self.items) and self.items[at].id == asset:
            return self.items[at]
        return next((kit.slate for kit in self.kits if kit.slate.id == asset), None)

    def kit(self, house: str) -> Kit | None:
        """The kit of `house`, once its slate is packaged."""
        return next((kit for kit in self.kits if kit.house == house), None)


def _id(item: Item) -> str:
    return item.id


@dataclass(frozen=True, slots=True)
class Query:
    """A saved choice of assets by tag and kind. An empty field asks for nothing."""

    any: tuple[str, ...] = ()
    """At least one of these tags."""
    all: tuple[str, ...] = ()
    """Every one of these tags."""
    none: tuple[str, ...] = ()
    """Not one of these tags."""
    kind: tuple[Kind, ...] = ()
    """One of these kinds."""

    def matches(self, about: Title) -> bool:
        """Whether an asset with this title is meant. Tags are compared without regard to case."""
        tags = {tag.casefold() for tag in about.tags}
        return (
            (not self.any or any(tag.casefold() in tags for tag in self.any))
            and all(tag.casefold() in tags for tag in self.all)
            and not any(tag.casefold() in tags for tag in self.none)
            and (not self.kind or about.kind in self.kind)
        )

    @property
    def empty(self) -> bool:
        """Whether it asks for nothing at all, and so matches everything."""
        return not (self.any or self.all or self.none or self.kind)


def item_of(asset: Asset) -> Item:
    """The catalog's view of an asset."""
    return Item(asset.id, asset.house, asset.about, asset.added, asset.cuts, asset.breaks, asset.poster)


def kit_of(slate: Asset) -> Kit:
    """The kit of the house whose slate this is."""
    inits = tuple((track.name, track.init[:32]) for track in slate.tracks if track.media is not Media.SUBTITLES)
    return Kit(slate.house, item_of(slate), inits)


def catalog_of(assets: Iterable[Item], kits: Iterable[Kit]) -> Catalog:
    """The catalog of these items and kits, whatever order they come in."""
    slates = {kit.house: kit for kit in sorted(kits, key=lambda kit: kit.slate.id, reverse=True)}
    return Catalog(
        tuple(sorted(assets, key=_id)),
        tuple(slates[house] for house in sorted(slates)),
    )
