"""A break's ads: as many as fit, none twice, and none that a rule keeps apart from what has just aired.

Law: a pod is never longer than its room, unless no ad of the pool is that short; and it holds no ad, no
advertiser and no category more often, or sooner again, than the rules of its ads allow.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from playout.core.airing import Cursor
from playout.core.catalog import Item
from playout.core.draw import Passed, Pool, candidates, owed
from playout.core.never import Refusal, Rule, spelled
from playout.core.rules import Order
from playout.core.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playout.core.airing import Recent
    from playout.core.rules import Ads

LOOKED_AT: Final = 64
"""Ads that are looked at for one pod."""


@dataclass(frozen=True, slots=True, eq=False)
class Spots:
    """The ads that a block may choose from, with what is asked of them most."""

    pool: Pool
    shortest: Ticks
    longest: Ticks

    @classmethod
    def of(cls, pool: Pool) -> Spots:
        """The spots of a pool; 0 for both lengths when it is empty."""
        lengths = [item.length for item in pool.items] or [Ticks(0)]
        return cls(pool, min(lengths), max(lengths))

    def bound(self, ads: Ads) -> Ticks:
        """How long a pod is at most."""
        return max(ads.pod, self.shortest)


@dataclass(slots=True)
class Aired:
    """What has aired lately, as far as it keeps other ads off."""

    works: Counter[str] = field(default_factory=Counter)
    """How often each ad started within the cap's time."""
    advertisers: dict[str, Ticks] = field(default_factory=dict)
    """When one's last ad started."""
    categories: dict[str, Ticks] = field(default_factory=dict)

    @classmethod
    def of(cls, spots: Sequence[Recent], known: Mapping[str, Item], ads: Ads, at: Ticks) -> Aired:
        """What counts of `spots` for a pod at `at`; `known` has the ads by work."""
        found = cls()
        for spot in spots:
            if ads.cap and at - spot.start < ads.cap.within:
                found.works[spot.work] += 1
            item = known.get(spot.work)
            if item is not None and item.about.advertiser:
                found.advertisers[item.about.advertiser.casefold()] = spot.start
            if item is not None and item.about.category:
                found.categories[item.about.category.casefold()] = spot.start
        return found

    def refuses(self, item: Item, work: str, ads: Ads, at: Ticks) -> Refusal | None:
        """Why `item` may not start at `at`."""
        about = item.about
        if ads.cap and self.works[work] >= ads.cap.times:
            return Refusal(Rule.REPEAT, 0, f"it aired {ads.cap.times} times in {spelled(ads.cap.within)}")
        if about.advertiser:
            since = self.advertisers.get(about.advertiser.casefold())
            if since is not None and at - since < ads.advertiser:
                return Refusal(Rule.REPEAT, 0, f"{about.advertiser} had an ad {spelled(at - since)} ago")
        if about.category and ads.category:
            since = self.categories.get(about.category.casefold())
            if since is not None and at - since < ads.category:
                return Refusal(Rule.REPEAT, 0, f"{about.category} had an ad {spelled(at - since)} ago")
        return None


@dataclass(frozen=True, slots=True)
class Pod:
    """The ads of one break."""

    spots: tuple[tuple[Item, str], ...]
    """Each with the reason why it was chosen."""
    cursor: Cursor
    passed: tuple[Passed, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """Where a pod goes."""

    at: Ticks
    length: Ticks
    """How long it may be."""
    aired: Aired | None
    """None where no rule looks back."""


def pod_of(spots: Spots, ads: Ads, seed: str, cursor: Cursor, room: Room) -> Pod:
    """The pod for `room`."""
    filling = _Filling(spots, ads, room)
    after = cursor
    held: list[Passed] = []  # since the last one that was chosen: it is still their turn
    count = len(spots.pool.items)
    for candidate in islice(candidates(spots.pool, Order.SHUFFLE, seed, cursor), LOOKED_AT):
        if filling.full:
            break
        refusal = filling.refuses(candidate.item)
        if refusal is not None:
            held.append(Passed(candidate.item, refusal))
            continue
        filling.passed += held
        held.clear()
        filling.take(candidate.item, candidate.reason(Order.SHUFFLE, count))
        after = candidate.after(cursor, ())
    if filling.chosen:
        after = replace(after, owed=owed(cursor, filling.passed, *(item.id for item, _ in filling.chosen)))
    return Pod(tuple(filling.chosen), after, (*filling.passed, *held))


class _Filling:
    """A pod in the making."""

    def __init__(self, spots: Spots, ads: Ads, room: Room) -> None:
        self.chosen: list[tuple[Item, str]] = []
        self.passed: list[Passed] = []
        self._spots, self._ads, self._aired = spots, ads, room.aired
        self._at, self._left = room.at, room.length
        self._sponsors: set[str] = set()
        """The advertisers and categories that have an ad in it."""

    @property
    def full(self) -> bool:
        """Whether no ad fits any more."""
        most = self._ads.most
        return self._left < self._spots.shortest or bool(most and len(self.chosen) >= most)

    def refuses(self, item: Item) -> Refusal | None:
        """Why `item` cannot be the next one."""
        if item.length > self._left:
            return _TOO_LONG
        about = item.about
        if about.advertiser and f"a{about.advertiser.casefold()}" in self._sponsors:
            return _SAME_ADVERTISER
        if self._ads.category and about.category and f"c{about.category.casefold()}" in self._sponsors:
            return _SAME_CATEGORY
        if self._aired is None:
            return None
        return self._aired.refuses(item, self._spots.pool.work(item), self._ads, self._at)

    def take(self, item: Item, reason: str) -> None:
        """Put `item` at the end of the pod."""
        self.chosen.append((item, reason))
        self._at, self._left = Ticks(self._at + item.length), Ticks(self._left - item.length)
        if item.about.advertiser:
            self._sponsors.add(f"a{item.about.advertiser.casefold()}")
        if item.about.category:
            self._sponsors.add(f"c{item.about.category.casefold()}")


_TOO_LONG: Final = Refusal(Rule.OVERRUN, 0, "it is longer than what is left of the pod")
_SAME_ADVERTISER: Final = Refusal(Rule.REPEAT, 0, "its advertiser has an ad in this pod")
_SAME_CATEGORY: Final = Refusal(Rule.REPEAT, 0, "its category has an ad in this pod")
