"""What a channel can choose from: the library by tag and kind, looked up instead of searched.

Law: `matching(query)` is those items for which `query.matches` holds. Two catalogs that have the same
`choice` for a channel's rules give that channel the same turns: what else they hold does not matter.
"""

from __future__ import annotations

from functools import reduce
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from collections.abc import Set as AbstractSet

    from playout.core.catalog import Catalog, Item, Query
    from playout.core.channel import Rules

_NOTHING: Final[frozenset[int]] = frozenset()


class Shelves:
    """A catalog, sorted by what may be asked for. Items are meant by their places in it."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog: Final = catalog
        self._all: Final = frozenset(range(len(catalog.items)))
        self._tagged: Final = _by(catalog.items, lambda item: {tag.casefold() for tag in item.about.tags})
        self._kinds: Final = _by(catalog.items, lambda item: {item.about.kind})
        self._houses: Final = _by(catalog.items, lambda item: {item.house})

    def matching(self, query: Query) -> frozenset[int]:
        """The items that `query` matches."""
        found = self._all
        if query.kind:
            found &= _union(self._kinds.get(kind, _NOTHING) for kind in query.kind)
        if query.any:
            found &= _union(self._tagged.get(tag.casefold(), _NOTHING) for tag in query.any)
        for tag in query.all:
            found &= self._tagged.get(tag.casefold(), _NOTHING)
        return found - _union(self._tagged.get(tag.casefold(), _NOTHING) for tag in query.none)

    def programs(self, house: str, rules: Rules) -> frozenset[int]:
        """The programs that `rules` ask for."""
        wanted = self._of(house, rules.include)
        return wanted - self.matching(rules.exclude) if rules.exclude else wanted

    def choice(self, house: str, rules: Rules) -> str:
        """A digest of all that `rules` can choose: programs, ads, bumpers, filler, and the slate of `house`.

        Assets never change, so their ids stand for them.
        """
        between = [rules.filler, *([rules.ads.query, rules.ads.bumper] if rules.ads else [])]
        shelves = [self.programs(house, rules), *(self._of(house, query) if query else _NOTHING for query in between)]
        kit = self.catalog.kit(house)
        lines = [kit.slate.id if kit else "", *(self._ids(shelf) for shelf in shelves)]
        return sha256("\n".join(lines).encode()).hexdigest()[:32]

    def _ids(self, places: frozenset[int]) -> str:
        return " ".join(self.catalog.items[place].id for place in sorted(places))

    def _of(self, house: str, query: Query) -> frozenset[int]:
        return self.matching(query) & self._houses.get(house, _NOTHING)


def _by(items: tuple[Item, ...], marks: Callable[[Item], AbstractSet[str]]) -> dict[str, frozenset[int]]:
    """The places of the items that have a mark, by mark."""
    places: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        for mark in marks(item):
            places.setdefault(mark, []).append(place)
    return {mark: frozenset(found) for mark, found in places.items()}


def _union(sets: Iterable[frozenset[int]]) -> frozenset[int]:
    return reduce(frozenset.union, sets, _NOTHING)
