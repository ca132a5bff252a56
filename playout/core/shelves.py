"""What a channel can choose from: the library by tag, kind, series and the like, looked up instead of searched.

Law: `matching(query)` is those items for which `query.matches` holds. Two catalogs that have the same
`choice` for a channel's rules give that channel the same turns: what else they hold does not matter.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from playout.core.catalog import UNRATED, Catalog
from playout.core.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from playout.core.catalog import Item, Query
    from playout.core.channel import Wish
    from playout.core.rules import Block, Rules, Source

_NOTHING: Final[frozenset[int]] = frozenset()


class Shelves:
    """A catalog, sorted by what may be asked for. Items are meant by their places in it."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog: Final = catalog
        items = catalog.items
        self._all: Final = frozenset(range(len(items)))
        self._tagged: Final = _by(items, lambda item: {tag.casefold() for tag in item.about.tags})
        self._kinds: Final = _by(items, lambda item: {item.about.kind})
        self._houses: Final = _by(items, lambda item: {item.house})
        self._series: Final = _by(items, lambda item: {item.about.series.casefold()})
        self._genres: Final = _by(items, lambda item: {genre.casefold() for genre in item.about.genres})
        self._ratings: Final = _by(items, lambda item: {(item.about.rating or UNRATED).casefold()})

    def matching(self, query: Query) -> frozenset[int]:
        """The items that `query` matches."""
        found = self._all
        for words, shelf in (
            (query.kind, self._kinds),
            (query.series, self._series),
            (query.genre, self._genres),
            (query.rating, self._ratings),
            (query.any, self._tagged),
        ):
            if words:
                found &= _union(shelf.get(word.casefold(), _NOTHING) for word in words)
        for tag in query.all:
            found &= self._tagged.get(tag.casefold(), _NOTHING)
        found -= _union(self._tagged.get(tag.casefold(), _NOTHING) for tag in query.none)
        if query.within:
            found &= _union(self.matching(one) for one in query.within)
        if query.language or query.year or query.duration or query.listed:
            return frozenset(place for place in found if query.matches(self.catalog.items[place]))
        return found

    def programs(self, house: str, rules: Rules) -> frozenset[int]:
        """The programs that `rules` can ask for, whatever the day."""
        return _union(self.wanted(house, source) for block in rules.blocks for source in block.sources)

    def wanted(self, house: str, source: Source) -> frozenset[int]:
        """The programs that a source can ask for, whatever the day."""
        return self.of(house, source.include) - self.of(house, [query for query in source.exclude if not query.dated])

    def of(self, house: str, queries: Iterable[Query]) -> frozenset[int]:
        """The items of `house` that one of `queries` matches."""
        return _union(self.matching(query) for query in queries) & self._houses.get(house, _NOTHING)

    def choice(self, house: str, rules: Rules, wishes: Sequence[Wish] = ()) -> str:
        """A digest of all that `rules` can choose: programs, what comes between them, and the slate of `house`.

        Assets never change, so their ids stand for them, with the number of the amendment where there is one. What
        the other channels of a group could air counts as well, for it decides which of them has a title; and so do
        the assets that somebody wishes for.
        """
        kit = self.catalog.kit(house)
        lines = [kit.slate.id if kit else ""]
        for block in rules.blocks:
            lines += [self._ids(self.wanted(house, source)) for source in block.sources]
            lines += [self._ids(self.of(house, (query,))) if query else "" for query in between(block)]
        if rules.never.apart:
            for rival in rules.never.apart.rivals:
                lines += [self._ids(_union(map(self.matching, source.include))) for source in rival.sources]
        for wish in wishes:
            item = self.catalog.item(wish.asset)
            lines.append(f"wish {_known(item)}" if item else "wish")
        return sha256("\n".join(lines).encode()).hexdigest()[:32]

    def _ids(self, places: frozenset[int]) -> str:
        return " ".join(_known(self.catalog.items[place]) for place in sorted(places))


def _known(item: Item) -> str:
    """The name of an item and of what was changed about it."""
    return f"{item.id}@{item.edit}" if item.edit else item.id


def between(block: Block) -> Iterator[Query | None]:
    """What a block can air between its programs, always in the same order."""
    yield block.filler
    yield block.before
    yield block.after
    if block.ads:
        yield block.ads.query
        yield block.ads.opens
        yield block.ads.closes


_SHELVES: Final[Kept[Catalog, Shelves]] = Kept(1)


def shelves_of(catalog: Catalog) -> Shelves:
    """The shelves of a catalog, remembered for as long as somebody holds the catalog: it never changes.

    They stand on a copy, which is as good: the catalog itself they would keep alive.
    """
    return _SHELVES.of(catalog, "", lambda: Shelves(replace(catalog)))


def _by(items: tuple[Item, ...], marks: Callable[[Item], AbstractSet[str]]) -> dict[str, frozenset[int]]:
    """The places of the items that have a mark, by mark."""
    places: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        for mark in marks(item):
            places.setdefault(mark, []).append(place)
    return {mark: frozenset(found) for mark, found in places.items()}


def _union(sets: Iterable[frozenset[int]]) -> frozenset[int]:
    return reduce(frozenset.union, sets, _NOTHING)
