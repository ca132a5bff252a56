"""The library: what is packaged in the store, and the snapshots of it that channels are scheduled from.

Law: a snapshot never changes, and the numbered editions in `library/` name them, newest last. An asset
document is read once, by whoever first makes an edition that holds it; a start reads one edition.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from playout import keys
from playout.amend import amended
from playout.catalogs import Whole, keep_catalog, nothing, present, read_catalog
from playout.core.asset import Asset, Kind, Media
from playout.core.catalog import Catalog, Item, Kit, catalog_of, item_of, kit_of
from playout.core.house import HOUSES
from playout.core.view import Alarm
from playout.documents import Corrupt, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playout.amend import Amendments
    from playout.core.asset import Corner, Rights, Title
    from playout.core.house import House
    from playout.store import Store


@dataclass(frozen=True, slots=True)
class Edition:
    """One entry of `library/`: which catalog the library was at that time."""

    number: int
    """From 1, without a gap."""
    catalog: str
    """The digest of the catalog of the whole library."""
    made: datetime
    """When, in UTC."""
    amended: int = 0
    """The number of the last amendment that is laid over it."""
    shelved: tuple[str, ...] = ()
    """The assets that are there but may not be chosen, in order."""


@dataclass(frozen=True, slots=True)
class Library:
    """All that is packaged."""

    catalog: Catalog = field(default_factory=lambda: Catalog(()))
    digest: str = ""
    """What `catalog` is stored under; empty while there is no edition."""
    edition: int = 0
    """The number of the newest edition; 0 while there is none."""
    alarms: tuple[Alarm, ...] = ()
    """What could not be read."""
    names: tuple[str, ...] = ()
    """The asset folders that were there; empty when some of them must be looked into again."""
    amended: int = 0
    """The number of the last amendment that is laid over it."""
    shelved: frozenset[str] = frozenset()
    """The assets that are there but may not be chosen."""
    whole: Whole | None = None
    """The catalog that is kept whole and on which this one builds; None while there is no edition."""

    def __contains__(self, asset: str) -> bool:
        return self.catalog.item(asset) is not None


def newest(store: Store, known: Callable[[str], Catalog | None] = nothing) -> Library:
    """The library's newest edition; an empty one when there is none. Raises `StoreDown`.

    `known` answers whole catalogs that were read before. An edition that cannot be read is as good as empty: the next
    scan reads all assets again, and mends it.
    """
    numbers = [int(name[:8]) for name in store.names(keys.library()) if _EDITION.fullmatch(name)]
    if not numbers:
        return Library()
    where = keys.edition(numbers[-1])
    try:
        edition = decode(present(store, where), Edition, where)
        kept = read_catalog(store, edition.catalog, known)
        shelved = frozenset(edition.shelved)
        return Library(
            kept.catalog, kept.digest, numbers[-1], amended=edition.amended, shelved=shelved, whole=kept.whole
        )
    except (Corrupt, keys.BadKey) as bad:
        return Library(edition=numbers[-1], alarms=(Alarm("library", f"{bad}; all assets are read again"),))


_EDITION: Final = re.compile(r"\d{8}\.json")


def scan(store: Store, before: Library, now: datetime) -> Library:
    """The library as it is at `now`, where it was `before`; a change is published as a new edition.

    Only assets and amendments that `before` lacks are read. An asset that cannot be read is left out, with an
    alarm. Raises `StoreDown`.
    """
    while True:
        names = tuple(store.names("assets"))
        if not names:
            return replace(before, alarms=(_VANISHED,), names=()) if before.edition else before
        news = amended(store, before.amended)
        if names == before.names and not news.said and not news.fault:
            return before
        found = _found(store, before, names, news)
        if found.catalog is before.catalog:
            return before if found == before else found
        kept = keep_catalog(store, found.catalog, before.whole)
        number = before.edition + 1
        edition = Edition(number, kept.digest, now, found.amended, tuple(sorted(found.shelved)))
        if store.put_new(keys.edition(number), encode(edition)):
            return replace(found, digest=kept.digest, edition=number, whole=kept.whole)
        before = newest(store)


_VANISHED: Final = Alarm(
    "assets",
    "the store shows no assets at all, so the last library is kept. Is the volume of the media folder mounted?",
)


def _found(store: Store, before: Library, names: tuple[str, ...], news: Amendments) -> Library:
    """What is in the folders called `names`, as amended; the catalog is the one of `before` where nothing changed."""
    present = set(names)
    kits = {kit.slate.id: kit for kit in before.catalog.kits}
    items, old, unfit = _amended([item for item in before.catalog.items if item.id in present], news)
    shelved = {name for name in before.shelved if name in present and not _is_back(news, name)} | old
    known = {item.id for item in items} | kits.keys() | shelved
    fresh, alarms = _read(store, [name for name in names if name not in known])
    new_items = [one for one in fresh if isinstance(one, Item)]
    new_kits = [one for one in fresh if isinstance(one, Kit)]
    if new_items and news.number:  # what was said of them may be older than the last edition
        new_items, born, wrong = _amended(new_items, amended(store, until=news.number))
        shelved |= born
        unfit += wrong
    kept = [kit for kit in kits.values() if kit.slate.id in present]
    catalog = catalog_of(items + new_items, kept + new_kits)
    same = catalog.items == before.catalog.items and catalog.kits == before.catalog.kits and shelved == before.shelved
    settled = len(catalog.items) + len(catalog.kits) + len(shelved) == len(names)
    faults = (Alarm("amendments", f"{news.fault}; what was changed since is not on air"),) if news.fault else ()
    return Library(
        before.catalog if same else catalog,
        before.digest,
        before.edition,
        (*alarms, *faults, *unfit),
        names if settled else (),
        news.number,
        frozenset(shelved),
        before.whole,
    )


def _amended(items: list[Item], amendments: Amendments) -> tuple[list[Item], set[str], list[Alarm]]:
    """The items with what was said of them, the ids of those that are shelved and so left out, and what is wrong."""
    found, shelved, alarms = [], set(), []
    for item in items:
        said = amendments.said.get(item.id)
        if said is not None and said.said.shelved:
            shelved.add(item.id)
            continue
        changed = item if said is None else said.laid_over(item)
        problems = [] if said is None else list(_unfit(changed))
        if problems:
            advice = "it stays as it was. Say it anew"
            alarms.append(
                Alarm(f"assets/{item.id}", f"what was said of it counts not: {'; '.join(problems)}; {advice}")
            )
        found.append(item if problems else changed)
    return found, shelved, alarms


def _unfit(item: Item) -> Iterator[str]:
    """What is wrong with an item as it was amended."""
    if not item.about.title.strip():
        yield "it has no title"
    if item.about.kind is Kind.SLATE:
        yield "it is to be a slate, which is packaged as one"
    yield from _told(item.about)
    segments = [point.segment for point in item.breaks]
    if segments != sorted(set(segments)) or any(not 0 < segment <= item.cuts.segments for segment in segments):
        yield "its break points are not at its cuts, in order"


def _is_back(amendments: Amendments, asset: str) -> bool:
    """Whether an asset that was shelved may be chosen again."""
    said = amendments.said.get(asset)
    return said is not None and said.said.shelved is False


def _read(store: Store, names: list[str]) -> tuple[list[Item | Kit], tuple[Alarm, ...]]:
    """The assets called `names` that are finished and sound, and what is wrong with the others.

    Only what a catalog needs of an asset is kept; the places of all its segments are a hundred times that.
    """
    found: list[Item | Kit] = []
    alarms: list[Alarm] = []
    for name in names:
        try:
            asset = _asset(store, name)
        except (Corrupt, keys.BadKey) as bad:
            advice = "the asset is left out. Remove its folder and package the source again"
            alarms.append(Alarm(f"assets/{name}", f"{bad}; {advice}"))
            continue
        if asset is not None:
            found.append(kit_of(asset) if asset.about.kind is Kind.SLATE else item_of(asset))
    return found, tuple(alarms)


def _asset(store: Store, name: str) -> Asset | None:
    """The asset in the folder `name`; None while it is being packaged. Raises `Corrupt`."""
    where = keys.asset(name)
    data = store.read(where)
    if data is None:
        return None
    asset = decode(data, Asset, where)
    problems = [] if asset.id == name else [f"it says that it is asset {asset.id}"]
    problems += faults(asset)
    if problems:
        message = f"{where}: {'; '.join(problems)}"
        raise Corrupt(message)
    return asset


def faults(asset: Asset) -> list[str]:
    """What is wrong with the facts in an asset document; empty when it can go on air."""
    uncut = list(_uncut(asset))
    return [*_said(asset), *(uncut or _untracked(asset))]


def _said(asset: Asset) -> Iterator[str]:
    if asset.house not in HOUSES:
        yield f"its house {asset.house!r} is not known"
    if not asset.about.title.strip():
        yield "it has no title"
    if asset.added.tzinfo is None:
        yield "its date has no time zone"
    yield from _told(asset.about)


def _told(about: Title) -> Iterator[str]:
    """What is wrong with the facts by which people schedule it."""
    if about.released and not _RELEASED.fullmatch(about.released):
        yield f"it came out in {about.released!r}, which is neither a year nor a day"
    if about.part < 0 or (about.part and not about.story):
        yield f"it is part {about.part} of no story"
    if any(":" not in name for name in about.ids) or list(about.ids) != sorted(about.ids):
        yield "its ids are not names of the form scheme:name, in order"
    for right in about.rights:
        yield from _granted(right)


_RELEASED: Final = re.compile(r"[1-9]\d{3}(-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))?", re.ASCII)


def _granted(right: Rights) -> Iterator[str]:
    if any(edge is not None and edge.tzinfo is None for edge in (right.start, right.stop)):
        yield "its rights have a date without a time zone"
    elif right.start is not None and right.stop is not None and right.stop <= right.start:
        yield "its rights end before they begin"
    odd = [code for code in right.territories if not re.fullmatch("[A-Z]{2}", code)]
    if odd:  # those that are assigned later are none of an old origin's business
        yield f"its rights name what is no territory: {', '.join(map(repr, odd))}"


def _uncut(asset: Asset) -> Iterator[str]:
    """What is wrong with its cuts: they are the corners of a function, on the grid of the house (S-11)."""
    corners = asset.cuts.corners
    if len(corners) < 2 or corners[0] != (0, 0):  # noqa: PLR2004 — a start and an end
        yield "its cuts have no start or no end"
        return
    house = HOUSES.get(asset.house)
    if not all(_even(*pair, house) for pair in pairwise(corners)):
        yield "its cuts are not on the grid of its house"
    elif any(not 0 < point.segment <= asset.cuts.segments for point in asset.breaks):
        yield "a break point lies outside it"


def _even(low: Corner, high: Corner, house: House | None) -> bool:
    """Whether the segments between two corners are of one length, on the grid, and none is too long."""
    count, ticks = high.segment - low.segment, high.tick - low.tick
    if count <= 0 or ticks <= 0 or ticks % count:
        return False
    return house is None or (ticks // count % house.unit == 0 and ticks // count <= house.segment)


def _untracked(asset: Asset) -> Iterator[str]:
    """What is wrong with its tracks: each has all segments, in order, and one of them is a picture's."""
    if not any(track.media is Media.VIDEO for track in asset.tracks):
        yield "it has no video track"
    for track in asset.tracks:
        if len(track.offsets) != asset.cuts.segments + 1 or any(a > b for a, b in pairwise(track.offsets)):
            yield f"track {track.name} does not have the {asset.cuts.segments} segments of the cuts"
