"""A break's ads: as many as fit, none twice, and none that a rule keeps apart from what has just aired.

Law: a pod is never longer than its room, unless no ad of the pool is that short; and it holds no ad, no
advertiser and no category more often, or sooner again, than the rules of its ads allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from playout.core.airing import Cursor
from playout.core.draw import Candidate, Passed, Pool, candidates, owed
from playout.core.never import Refusal, Rule, spelled
from playout.core.rules import Order
from playout.core.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playout.core.airing import Recent
    from playout.core.catalog import Item
    from playout.core.rules import Ads

LOOKED_AT: Final = 64
"""Ads that are looked at for one pod."""


class Spot(NamedTuple):
    """An ad, with what is asked of it most."""

    item: Item
    length: Ticks
    work: str
    advertiser: str
    """`by acme`, case-folded, so that it can be compared; empty where nobody said."""
    category: str
    """`for cars`."""


@dataclass(frozen=True, slots=True, eq=False)
class Spots:
    """The ads that a block may choose from."""

    pool: Pool
    facts: Mapping[str, Spot]
    """By item id."""
    shortest: Ticks
    longest: Ticks

    @classmethod
    def of(cls, pool: Pool) -> Spots:
        """The spots of a pool; 0 for both lengths when it is empty."""
        facts = {item.id: spot_of(item) for item in pool.items}
        lengths = [spot.length for spot in facts.values()] or [Ticks(0)]
        return cls(pool, facts, min(lengths), max(lengths))

    def bound(self, ads: Ads) -> Ticks:
        """How long a pod is at most."""
        return max(ads.pod, self.shortest)


def spot_of(item: Item) -> Spot:
    """The facts of an ad."""
    about = item.about
    advertiser = f"by {about.advertiser.casefold()}" if about.advertiser else ""
    category = f"for {about.category.casefold()}" if about.category else ""
    return Spot(item, item.length, about.work, advertiser, category)


class Aired:
    """What has aired lately, as far as it keeps other ads off."""

    def __init__(self, spots: Iterable[Recent], sponsors: Mapping[str, tuple[str, ...]]) -> None:
        self._known: Final = sponsors
        """By the work of an ad: who is behind it, and what it is for."""
        self._works: dict[str, list[Ticks]] = {}
        """When each ad started."""
        self._sponsors: dict[str, Ticks] = {}
        """When the last ad of each advertiser and of each category started."""
        for spot in spots:
            self.add(spot)

    def add(self, spot: Recent) -> None:
        """Remember one more."""
        work, start = spot
        self._works.setdefault(work, []).append(start)
        for sponsor in self._known.get(work, ()):
            self._sponsors[sponsor] = start

    def refuses(self, spot: Spot, ads: Ads, at: Ticks) -> Refusal | None:
        """Why `spot` may not start at `at`."""
        cap = ads.cap
        if cap is not None and spot.work in self._works:
            since = at - cap.within
            if sum(1 for start in self._works[spot.work] if start > since) >= cap.times:
                return Refusal(Rule.REPEAT, 0, f"it aired {cap.times} times in {spelled(cap.within)}")
        for sponsor, apart in ((spot.advertiser, ads.advertiser), (spot.category, ads.category)):
            last = self._sponsors.get(sponsor) if apart else None
            if last is not None and at - last < apart:
                return Refusal(Rule.REPEAT, 0, f"another ad {sponsor} aired {spelled(at - last)} ago")
        return None


@dataclass(frozen=True, slots=True)
class Pod:
    """The ads of one break."""

    spots: tuple[tuple[Spot, str], ...]
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
    last: Candidate | None = None
    held: list[Passed] = []  # since the last one that was chosen: it is still their turn
    for candidate in islice(candidates(spots.pool, Order.SHUFFLE, seed, cursor), LOOKED_AT):
        if filling.full:
            break
        spot = spots.facts[candidate.item.id]
        refusal = filling.refuses(spot)
        if refusal is not None:
            held.append(Passed(spot.item, refusal))
            continue
        if held:
            filling.passed += held
            held.clear()
        filling.take(spot, candidate.reason(Order.SHUFFLE, len(spots.facts)))
        last = candidate
    after = cursor
    if last is not None:
        after = last.after(cursor, owed(cursor, filling.passed, *(spot.item.id for spot, _ in filling.chosen)))
    return Pod(tuple(filling.chosen), after, (*filling.passed, *held))


class _Filling:
    """A pod in the making."""

    def __init__(self, spots: Spots, ads: Ads, room: Room) -> None:
        self.chosen: list[tuple[Spot, str]] = []
        self.passed: list[Passed] = []
        self._shortest, self._ads, self._aired = spots.shortest, ads, room.aired
        self._at, self._left = room.at, room.length
        self._most = ads.most or LOOKED_AT
        self._sponsors: set[str] = set()
        """The advertisers and categories that have an ad in it."""

    @property
    def full(self) -> bool:
        """Whether no ad fits any more."""
        return self._left < self._shortest or len(self.chosen) >= self._most

    def refuses(self, spot: Spot) -> Refusal | None:
        """Why `spot` cannot be the next one."""
        if spot.length > self._left:
            return _TOO_LONG
        if spot.advertiser in self._sponsors:
            return _SAME_ADVERTISER
        if spot.category in self._sponsors and self._ads.category:
            return _SAME_CATEGORY
        return self._aired.refuses(spot, self._ads, self._at) if self._aired else None

    def take(self, spot: Spot, reason: str) -> None:
        """Put `spot` at the end of the pod."""
        self.chosen.append((spot, reason))
        self._at, self._left = Ticks(self._at + spot.length), Ticks(self._left - spot.length)
        self._sponsors.update(sponsor for sponsor in (spot.advertiser, spot.category) if sponsor)


_TOO_LONG: Final = Refusal(Rule.OVERRUN, 0, "it is longer than what is left of the pod")
_SAME_ADVERTISER: Final = Refusal(Rule.REPEAT, 0, "its advertiser has an ad in this pod")
_SAME_CATEGORY: Final = Refusal(Rule.REPEAT, 0, "its category has an ad in this pod")
