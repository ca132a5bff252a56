"""What one revision can choose from one catalog: looked up once, and asked for every turn after that.

Law: it holds nothing but what follows from the revision and the catalog.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from playout.core.catalog import UNRATED, Catalog
from playout.core.daypart import Timeline
from playout.core.draw import Pool, of_day, pool_on, without
from playout.core.house import HOUSES
from playout.core.kept import Kept
from playout.core.never import rivals_of, unlicensed
from playout.core.pod import Spots, behind_all
from playout.core.rules import NONE
from playout.core.shelves import shelves_of
from playout.core.ticks import instant_at

if TYPE_CHECKING:
    from datetime import date

    from playout.core.catalog import Item, Query
    from playout.core.channel import Revision
    from playout.core.rules import Ads, Block, Source, Watershed
    from playout.core.shelves import Shelves
    from playout.core.ticks import Ticks


class Stock:
    """A revision and a catalog, made ready for choosing."""

    def __init__(self, revision: Revision, shelves: Shelves) -> None:
        self.revision: Final = revision
        self.shelves: Final = shelves
        self.catalog: Final = shelves.catalog
        self.house: Final = HOUSES[revision.channel.house]
        self.timeline: Final = Timeline(revision.rules, revision.clocks, revision.channel.genesis)
        self.memory: Final = _memory(revision)
        """How far back a rule looks for programs."""
        self.spot_memory: Final = _spot_memory(revision)
        """How far back a rule looks for ads."""
        self._pools: dict[int, Pool] = {}
        self._dated: dict[int, bool] = {}
        self._todays: dict[int, tuple[date | None, Pool]] = {}
        self._rivals: dict[str, tuple[str, ...]] = {}
        self._seeds: dict[str, str] = {}
        self._works: dict[str, str] = {}
        self._sheds: dict[str, tuple[Watershed, ...]] = {}

    def seed(self, cursor: str) -> str:
        """What the choices of a cursor are seeded with."""
        found = self._seeds.get(cursor)
        if found is None:
            found = self._seeds[cursor] = f"{self.revision.seed}\0{cursor}"
        return found

    def programs(self, source: Source, today: date) -> Pool:
        """The programs of a source on a local day."""
        found = self._pools.get(id(source))  # the revision keeps it alive, and so its id
        if found is None:
            found = self._pools[id(source)] = self._pool(source.include, source.exclude)
            self._dated[id(source)] = any(query.dated for query in (*source.include, *source.exclude))
        if not self._dated[id(source)]:
            return found
        return self._of_day(id(source), found, (source.include, source.exclude), today)

    def shelf(self, query: Query, today: date) -> Pool:
        """What a query means on a local day."""
        found = self._pools.get(id(query))
        if found is None:
            found = self._pools[id(query)] = self._pool((query,), ())
            self._dated[id(query)] = query.dated
        if not self._dated[id(query)]:
            return found
        return self._of_day(id(query), found, ((query,), ()), today)

    def spots(self, ads: Ads, today: date) -> Spots:
        """The ads of a block, on a local day."""
        return Spots.of(self.shelf(ads.query, today))

    def cleared(self, pool: Pool, start: Ticks, stop: Ticks) -> Pool:
        """What of a pool may be shown from `start` to `stop`, both since genesis: ads have their rights, too."""
        if not pool.restricted:
            return pool
        genesis, territories = self.revision.channel.genesis, self.revision.rules.never.territories
        begins, ends = instant_at(genesis, start), instant_at(genesis, stop)
        closed = frozenset(
            item.id for item in pool.restricted if unlicensed(item.about, begins, ends, territories) is not None
        )
        return without(pool, closed)

    def _of_day(self, key: int, pool: Pool, queries: tuple[tuple[Query, ...], tuple[Query, ...]], today: date) -> Pool:
        """What is left of a pool on a day; the last day that was asked for is kept."""
        day, found = self._todays.get(key, (None, pool))
        if day != today:
            found = of_day(pool, *queries, today)
            self._todays[key] = today, found
        return found

    def _pool(self, include: tuple[Query, ...], exclude: tuple[Query, ...]) -> Pool:
        return pool_on(self.shelves, self.house.name, include, exclude)

    def longest(self, query: Query | None, today: date) -> Ticks:
        """The length of the longest item that a query means; 0 for none."""
        if query is None:
            return NONE
        return self.shelf(query, today).longest

    def rivals(self, item: Item, work: str) -> tuple[str, ...]:
        """The channels of the separation group that could air `item`."""
        apart = self.revision.rules.never.apart
        if apart is None:
            return ()
        found = self._rivals.get(work)
        if found is None:
            found = self._rivals[work] = rivals_of(apart, item)
        return found

    def work(self, item: Item) -> str:
        """`Title.work` of a program."""
        found = self._works.get(item.id)
        if found is None:
            found = self._works[item.id] = item.about.work
        return found

    def sheds(self, rating: str) -> tuple[Watershed, ...]:
        """The watersheds that keep programs of a rating off air."""
        found = self._sheds.get(rating)
        if found is None:
            folded = (rating or UNRATED).casefold()
            sheds = self.revision.rules.never.watersheds
            found = tuple(shed for shed in sheds if folded in (name.casefold() for name in shed.ratings))
            self._sheds[rating] = found
        return found

    @cached_property
    def sponsors(self) -> dict[str, tuple[str, ...]]:
        """Who is behind every ad of every block, and what it is for, by work; where a block keeps these apart."""
        every = [block.ads for block in self.revision.rules.blocks if block.ads]
        advertiser, category = any(ads.advertiser for ads in every), any(ads.category for ads in every)
        pools = {id(pool): pool for pool in (self._pool((ads.query,), ()) for ads in every)}
        behind = [behind_all(pool, advertiser=advertiser, category=category) for pool in pools.values()]
        return behind[0] if len(behind) == 1 else {work: who for one in behind for work, who in one.items()}


def _memory(revision: Revision) -> Ticks:
    rules = revision.rules
    cooldowns = (source.cooldown for block in rules.blocks for source in block.sources)
    return max((rules.never.repeat, *cooldowns))


def _spot_memory(revision: Revision) -> Ticks:
    return max((_looks_back(block) for block in revision.rules.blocks), default=NONE)


def _looks_back(block: Block) -> Ticks:
    ads = block.ads
    if ads is None:
        return NONE
    return max(ads.advertiser, ads.category, ads.cap.within if ads.cap else NONE)


_STOCKS: Final[Kept[Catalog, Stock]] = Kept(1024)


def stock_of(revision: Revision, catalog: Catalog) -> Stock:
    """The stock of these two, remembered for as long as somebody holds the catalog."""
    # a stock holds its revision, so that no other one has the same id
    return _STOCKS.of(catalog, id(revision), lambda: Stock(revision, shelves_of(catalog)))
