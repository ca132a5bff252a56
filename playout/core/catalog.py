"""What may be scheduled: a published snapshot of the library.

Law: a catalog never changes. Its digest names it, its items stand in the order of their ids, and equal
catalogs give equal choices on every machine.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from playout.core.asset import Asset, BreakPoint, Cuts, Kind, Media, Title
from playout.core.ticks import Ticks, span_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date


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
    edit: int = 0
    """The number of the amendment that changed it last; 0 while it is as it was packaged."""

    @property
    def length(self) -> Ticks:
        """How long the whole asset plays."""
        return self.cuts.corners[-1].tick


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
        return _by_length(self.slate.cuts).get(length)


@lru_cache(maxsize=16)
def _by_length(cuts: Cuts) -> dict[Ticks, int]:
    """The first segment of every length: slate is asked for thousands of times an hour."""
    found: dict[Ticks, int] = {}
    for k, (start, end) in enumerate(pairwise(cuts.boundaries())):
        found.setdefault(Ticks(end - start), k)
    return found


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


class Span(NamedTuple):
    """From `least` to `most`, both included."""

    least: int
    most: int

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and self.least <= value <= self.most


@dataclass(frozen=True, slots=True)
class Query:
    """A saved choice of assets. An empty field asks for nothing; all others must hold. Case is of no account."""

    any: tuple[str, ...] = ()
    """At least one of these tags."""
    all: tuple[str, ...] = ()
    """Every one of these tags."""
    none: tuple[str, ...] = ()
    """Not one of these tags."""
    kind: tuple[Kind, ...] = ()
    """One of these kinds."""
    series: tuple[str, ...] = ()
    """Of one of these series."""
    genre: tuple[str, ...] = ()
    """Of one of these genres."""
    rating: tuple[str, ...] = ()
    """One of these ratings; `unrated` means none."""
    language: tuple[str, ...] = ()
    """BCP 47: the main sound is in one of these, or in a regional kind of it."""
    year: Span | None = None
    """Came out in these years."""
    duration: Span | None = None
    """As long as this, in ticks."""
    added: Ticks = Ticks(0)  # noqa: RUF009 — an integer
    """Added to the library within so much time before the local day on which it would air, in ticks."""
    on_this_day: bool = False
    """Came out on the day of the year on which it would air."""
    listed: tuple[str, ...] = ()
    """One of these: asset ids, other names (`imdb:…`), or titles. Order `listed` airs them in this order."""
    within: tuple[Query, ...] = ()
    """Meant by one of these queries, too."""

    def matches(self, item: Item) -> bool:
        """Whether `item` is meant, on a day on which whatever depends on the day holds."""
        return self._tagged(item.about) and self._described(item) and self._named(item)

    def matches_on(self, item: Item, today: date) -> bool:
        """Whether `item` is meant on the local day `today`."""
        return self.matches(item) and self.holds_on(item, today)

    def holds_on(self, item: Item, today: date) -> bool:
        """Whether what depends on the day holds for `item` on the local day `today`."""
        if self.added and item.added.date() < today - span_of(self.added):
            return False
        if self.on_this_day and item.about.released[5:] != f"{today:%m-%d}":
            return False
        return not self.within or any(query.holds_on(item, today) and query.matches(item) for query in self.within)

    def _tagged(self, about: Title) -> bool:
        if self.kind and about.kind not in self.kind:
            return False
        if not (self.any or self.all or self.none):
            return True
        tags = {tag.casefold() for tag in about.tags}
        return (
            (not self.any or any(tag.casefold() in tags for tag in self.any))
            and all(tag.casefold() in tags for tag in self.all)
            and not any(tag.casefold() in tags for tag in self.none)
        )

    def _described(self, item: Item) -> bool:
        about = item.about
        return (
            (not self.series or _in(about.series, self.series))
            and (not self.genre or any(_in(genre, self.genre) for genre in about.genres))
            and (not self.rating or _in(about.rating or UNRATED, self.rating))
            and (not self.language or _spoken(about.language, self.language))
            and (self.year is None or about.year in self.year)
            and (self.duration is None or item.length in self.duration)
        )

    def _named(self, item: Item) -> bool:
        return (not self.listed or self.place(item) is not None) and (
            not self.within or any(query.matches(item) for query in self.within)
        )

    def place(self, item: Item) -> int | None:
        """Where `item` stands in `listed`; None when it does not."""
        names = {item.id.casefold(), item.about.title.casefold(), *(name.casefold() for name in item.about.ids)}
        places = _places(self.listed)
        return min((places[name] for name in names if name in places), default=None)

    @property
    def dated(self) -> bool:
        """Whether what it means changes from day to day."""
        return bool(self.added) or self.on_this_day or any(query.dated for query in self.within)

    @property
    def empty(self) -> bool:
        """Whether it asks for nothing at all, and so matches everything."""
        return self == _EVERYTHING


@lru_cache(maxsize=256)
def _places(listed: tuple[str, ...]) -> dict[str, int]:
    """Where each name of a list stands first: it is asked for every item of a library."""
    places: dict[str, int] = {}
    for place, name in enumerate(listed):
        places.setdefault(name.casefold(), place)
    return places


UNRATED: Final = "unrated"
"""What stands for no rating in a query."""
_EVERYTHING: Final = Query()


def _in(word: str, words: tuple[str, ...]) -> bool:
    folded = word.casefold()
    return any(folded == other.casefold() for other in words)


def _spoken(language: str, wanted: tuple[str, ...]) -> bool:
    spoken = language.casefold()
    return any(spoken == one.casefold() or spoken.startswith(one.casefold() + "-") for one in wanted)


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
