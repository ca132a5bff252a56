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
from playout.core.draw import Passed, Pool, candidate_at, owed, reason_of, shuffled
from playout.core.kept import Kept
from playout.core.never import Refusal, Rule, spelled
from playout.core.rules import Order
from playout.core.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playout.core.airing import Recent
    from playout.core.catalog import Item
    from playout.core.draw import Look
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
    sponsors: tuple[str, ...]
    """Both of them, where they are known."""
    segments: int


@dataclass(frozen=True, slots=True, eq=False)
class Spots:
    """The ads that a block may choose from."""

    pool: Pool
    facts: Mapping[str, Spot]
    """By item id."""
    shortest: Ticks
    """0 when there are none."""

    @classmethod
    def of(cls, pool: Pool) -> Spots:
        """The spots of a pool; their facts are remembered with it."""
        facts = _FACTS.of(pool, "", lambda: {item.id: spot_of(item) for item in pool.items})
        return cls(pool, facts, pool.shortest)

    def bound(self, ads: Ads) -> Ticks:
        """How long a pod is at most."""
        return max(ads.pod, self.shortest)


_FACTS: Final[Kept[Pool, dict[str, Spot]]] = Kept(1)


_BEHIND: Final[Kept[Pool, dict[str, tuple[str, ...]]]] = Kept(4)


def behind_all(pool: Pool, *, advertiser: bool, category: bool) -> dict[str, tuple[str, ...]]:
    """Who is behind every ad of a pool, or what it is for, or both, by work; remembered with the pool."""

    def made() -> dict[str, tuple[str, ...]]:
        found = {}
        for spot in Spots.of(pool).facts.values():
            behind = (spot.advertiser if advertiser else "", spot.category if category else "")
            found[spot.work] = tuple(sponsor for sponsor in behind if sponsor)
        return found

    return _BEHIND.of(pool, (advertiser, category), made)


def spot_of(item: Item) -> Spot:
    """The facts of an ad."""
    about = item.about
    advertiser = f"by {about.advertiser.casefold()}" if about.advertiser else ""
    category = f"for {about.category.casefold()}" if about.category else ""
    sponsors = tuple(sponsor for sponsor in (advertiser, category) if sponsor)
    return Spot(item, item.length, about.work, advertiser, category, sponsors, item.cuts.segments)


class Aired:
    """What has aired lately, as far as it keeps other ads off."""

    def __init__(self, spots: Iterable[Recent], sponsors: Mapping[str, tuple[str, ...]]) -> None:
        self._known: Final = sponsors
        """By the work of an ad: who is behind it, and what it is for, where these are kept apart."""
        self._starts: Final = list(spots)
        """The latest last."""
        self._works: Final = {work for work, _ in self._starts}
        self._sponsors: Final[dict[str, Ticks]] = {}
        """When the last ad of each advertiser and of each category started."""
        for work, start in self._starts:
            for sponsor in sponsors.get(work, ()):
                self._sponsors[sponsor] = start

    def add(self, spot: Recent) -> None:
        """Remember one more, which started after the others."""
        work, start = spot
        self._starts.append(spot)
        self._works.add(work)
        for sponsor in self._known.get(work, ()):
            self._sponsors[sponsor] = start

    def refuses(self, spot: Spot, ads: Ads, at: Ticks) -> Refusal | None:
        """Why `spot` may not start at `at`."""
        cap = ads.cap
        if cap is not None and spot.work in self._works:
            since = at - cap.within
            if sum(1 for work, start in self._starts if work == spot.work and start > since) >= cap.times:
                return Refusal(Rule.REPEAT, 0, f"it aired {cap.times} times in {spelled(cap.within)}")
        if ads.advertiser:
            last = self._sponsors.get(spot.advertiser)
            if last is not None and at - last < ads.advertiser:
                return _too_soon(spot.advertiser, at - last)
        if ads.category:
            last = self._sponsors.get(spot.category)
            if last is not None and at - last < ads.category:
                return _too_soon(spot.category, at - last)
        return None


def _too_soon(sponsor: str, ago: int) -> Refusal:
    return Refusal(Rule.REPEAT, 0, f"another ad {sponsor} aired {spelled(ago)} ago")


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
    at, left, aired = room.at, room.length, room.aired
    most, count, facts = ads.most or LOOKED_AT, len(spots.facts), spots.facts
    chosen: list[tuple[Spot, str]] = []
    within: set[str] = set()  # the advertisers and categories that have an ad in it
    passed: list[Passed] = []
    held: list[Passed] = []  # since the last one that was chosen: it is still their turn
    last: Look | None = None
    for look in islice(shuffled(spots.pool, seed, cursor), LOOKED_AT):
        if left < spots.shortest or len(chosen) >= most:
            break
        item, lap, place = look
        spot = facts[item.id]
        refusal = _TOO_LONG if spot.length > left else _sponsored(spot, ads, within) if within else None
        if refusal is None and aired is not None:
            refusal = aired.refuses(spot, ads, at)
        if refusal is not None:
            held.append(Passed(item, refusal))
            continue
        if held:
            passed += held
            held.clear()
        chosen.append((spot, reason_of(Order.SHUFFLE, count, lap, place)))
        at, left = Ticks(at + spot.length), Ticks(left - spot.length)
        within.update(spot.sponsors)
        last = look
    if last is None:
        return Pod((), cursor, tuple(held))
    names = [spot.item.id for spot, _ in chosen]
    after = candidate_at(last, spots.pool, Order.SHUFFLE, seed, cursor).after(cursor, owed(cursor, passed, *names))
    return Pod(tuple(chosen), after, (*passed, *held))


def _sponsored(spot: Spot, ads: Ads, within: set[str]) -> Refusal | None:
    """Why `spot` may not join those in a pod."""
    if spot.advertiser in within:
        return _SAME_ADVERTISER
    return _SAME_CATEGORY if ads.category and spot.category in within else None


_TOO_LONG: Final = Refusal(Rule.OVERRUN, 0, "it is longer than what is left of the pod")
_SAME_ADVERTISER: Final = Refusal(Rule.REPEAT, 0, "its advertiser has an ad in this pod")
_SAME_CATEGORY: Final = Refusal(Rule.REPEAT, 0, "its category has an ad in this pod")
