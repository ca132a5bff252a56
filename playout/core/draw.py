"""Choosing the next item of a source: shuffled, in sequence, newest first, in rotation between series.

Law: a choice is a function of (pool, source, seed, cursors, what is refused). It comes from sort keys and
digests, never from a random generator, `hash()` or the order of input, so it is the same on every machine;
and because a cursor remembers a key and not a place, items that join or leave the pool disturb nobody
else's turn. What is passed over because it may not air just now is owed, and asked first the next time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple

from playout.core.airing import Cursor
from playout.core.catalog import Item, Query
from playout.core.kept import Kept
from playout.core.never import Refusal, Rule
from playout.core.rules import Order, Source
from playout.core.shelves import Shelves, shelves_of
from playout.core.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from playout.core.catalog import Catalog

    Cursors = Callable[[str], Cursor]
    """Answers a cursor of a source: the one that is called so after the source's own name."""
    Refuse = Callable[[Item], Refusal | None]
    """Says why an item may not air now; None when it may."""
    Look = tuple[Item, int, int]
    """An item whose turn it is, the number of its lap, and its place there as in `Candidate`."""

_LATEST: Final = 10**12
"""Seconds; later than any arrival."""
LIGHTEST: Final = 1000
"""As so many items the lap of a small pool counts: it takes memory of its own, and is soon made again."""
LAPS: Final = 4
"""The fewest laps of a pool that are remembered: two for each of two channels."""
REMEMBERED: Final = 150_000
"""The most items in all laps of a pool that are remembered: about 20 MB."""
ROUNDS: Final = 256
"""The most rounds of series that are remembered."""
OWED: Final = 16
"""How many items that were passed over are remembered; the oldest of more lose their turn in this lap."""
_STRICT: Final = frozenset({Order.SEQUENCE, Order.CHRONOLOGICAL, Order.LISTED})
"""Orders in which nothing overtakes an item only because that one is too long just now."""


@dataclass(frozen=True, slots=True, eq=False)
class Lap:
    """A pool in the order in which one lap plays it."""

    keys: tuple[str, ...]
    items: tuple[Item, ...]


@dataclass(frozen=True, eq=False)
class Pool:
    """The items that a source may choose from; compared by identity."""

    items: tuple[Item, ...]
    queries: tuple[Query, ...] = ()
    """What they were asked for by: the order `listed` is theirs."""
    works: dict[str, str] = field(default_factory=dict, repr=False)
    """The works that were asked for, by item id."""
    laps: OrderedDict[tuple[str, object], Lap] = field(default_factory=OrderedDict, repr=False)
    """The laps that were asked for last, by seed and by their number, or the order where all laps are alike."""
    rounds: OrderedDict[str, list[tuple[str, str]]] = field(default_factory=OrderedDict, repr=False)
    """The rounds of its series that were asked for last, by seed."""

    @cached_property
    def ids(self) -> dict[str, Item]:
        """The items by id."""
        return {item.id: item for item in self.items}

    @cached_property
    def series(self) -> dict[str, Pool]:
        """The items by series; what is of no series stands alone."""
        sorted_out: dict[str, list[Item]] = {}
        for item in self.items:
            sorted_out.setdefault(item.about.series.casefold() or f"\0{item.id}", []).append(item)
        return {name: Pool(tuple(items), self.queries, self.works) for name, items in sorted_out.items()}

    @cached_property
    def restricted(self) -> tuple[Item, ...]:
        """Those that may not be shown always and everywhere."""
        return tuple(item for item in self.items if item.about.rights)

    @cached_property
    def shortest(self) -> Ticks:
        """The length of its shortest item; 0 when it is empty."""
        return min((item.length for item in self.items), default=Ticks(0))

    @cached_property
    def longest(self) -> Ticks:
        """The length of its longest item; 0 when it is empty."""
        return max((item.length for item in self.items), default=Ticks(0))

    def work(self, item: Item) -> str:
        """`Title.work` of an item."""
        found = self.works.get(item.id)
        if found is None:
            found = self.works[item.id] = item.about.work
        return found


class Passed(NamedTuple):
    """An item whose turn it was, and why it does not air."""

    item: Item
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Choice:
    """What airs next, where that leaves the source, and why."""

    item: Item
    cursors: tuple[Cursor, ...]
    reason: str
    passed: tuple[Passed, ...] = ()
    """What it was chosen instead of."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """Why a source has nothing to air."""

    passed: tuple[Passed, ...] = ()
    """Empty when it has nothing at all."""


class Candidate(NamedTuple):
    """An item whose turn it is if all before it are passed over, with where it would leave the cursor."""

    item: Item
    lap: int
    key: str
    high: str
    place: int
    """In its lap, from 0; negative for one that is not in line: `_OWED` or `_ARRIVED`."""

    def after(self, cursor: Cursor, owed: tuple[str, ...]) -> Cursor:
        """The cursor when it airs."""
        return Cursor(cursor.source, self.lap, self.key, self.high, owed, self.item.id)

    def reason(self, order: Order, count: int) -> str:
        """Why it is its turn, for people."""
        if self.place == _ARRIVED:
            return order + ": just arrived"
        return reason_of(order, count, self.lap, self.place)


_OWED: Final = -1
_ARRIVED: Final = -2


def reason_of(order: Order, count: int, lap: int, place: int) -> str:
    """Why it is the turn of an item of `count`, for people."""
    if place == _OWED:
        return order + ": was put off before"
    return order + f": {place + 1} of {count}, lap {lap + 1}"


def nobody(_item: Item) -> None:
    """Refuses nothing."""


def choose(
    pool: Pool, source: Source, seed: str, cursors: Cursors, refuse: Refuse = nobody, *, today: int = 0
) -> Choice | Stuck:
    """The next item of `source` that is not refused; `today` is the local day's ordinal, for a calendar."""
    if not pool.items:
        return Stuck()
    if source.order is Order.ROTATION:
        return _rotate(pool, source, seed, cursors, refuse)
    if source.calendar is not None:
        return _by_calendar(pool, source, seed, cursors, refuse, today)
    return _pick(pool, source.order, seed, cursors(""), refuse)


def _pick(pool: Pool, order: Order, seed: str, cursor: Cursor, refuse: Refuse) -> Choice | Stuck:
    passed: list[Passed] = []
    again: Candidate | None = None
    for candidate in candidates(pool, order, seed, cursor):
        item = candidate.item
        refusal = refuse(item)
        if refusal is None and item.id == cursor.last and order is Order.SHUFFLE:
            again = candidate
            continue
        if refusal is None:
            if again is not None:
                passed.append(Passed(again.item, _AGAIN))
            return _choice(candidate, pool, order, cursor, passed)
        passed.append(Passed(item, refusal))
        if refusal.rule is Rule.OVERRUN and order in _STRICT:
            break
    return _choice(again, pool, order, cursor, passed) if again else Stuck(tuple(passed))


def _choice(candidate: Candidate, pool: Pool, order: Order, cursor: Cursor, passed: list[Passed]) -> Choice:
    after = candidate.after(cursor, owed(cursor, passed, candidate.item.id))
    return Choice(candidate.item, (after,), candidate.reason(order, len(pool.items)), tuple(passed))


_AGAIN: Final = Refusal(Rule.AGAIN, 1000, "it aired just before")


def owed(cursor: Cursor, passed: Sequence[Passed], *aired: str) -> tuple[str, ...]:
    """What is owed after a choice: what was owed before, and what was passed over only for a while."""
    before = cursor.owed
    if not passed and not before:
        return ()
    names = [name for name in before if name not in aired]
    for item, refusal in passed:
        if item.id not in before and item.id not in aired and refusal.rule.passes:
            names.append(item.id)
    return tuple(names[-OWED:])


def candidates(pool: Pool, order: Order, seed: str, cursor: Cursor) -> Iterator[Candidate]:
    """Every item of the pool once, in the order in which it is their turn."""
    if order is Order.RANDOM:
        yield from _at_random(pool, seed, cursor)
        return
    seen: set[str] = set()
    if order is Order.NEWEST and cursor.high:
        for candidate in _arrivals(pool, seed, cursor):
            seen.add(candidate.item.id)
            yield candidate
    for look in _in_line(pool, order, seed, cursor, seen):
        yield candidate_at(look, pool, order, seed, cursor)


def shuffled(pool: Pool, seed: str, cursor: Cursor) -> Iterator[Look]:
    """The same for a shuffle, for those who look at many items and take few."""
    return _in_line(pool, Order.SHUFFLE, seed, cursor, set())


def candidate_at(look: Look, pool: Pool, order: Order, seed: str, cursor: Cursor) -> Candidate:
    """An item that was looked at, with where it would leave `cursor`."""
    item, number, place = look
    if place == _OWED:
        return Candidate(item, number, cursor.key, cursor.high, place)
    keys = _lap(pool, order, seed, number).keys
    high = keys[0] if place == 0 and order is Order.NEWEST else cursor.high
    return Candidate(item, number, keys[place], high, place)


def _in_line(pool: Pool, order: Order, seed: str, cursor: Cursor, seen: set[str]) -> Iterator[Look]:
    """What is owed; the items after the cursor, to the end of the lap; the others as the next lap has them."""
    for name in cursor.owed:
        owing = pool.ids.get(name)
        if owing is not None and name not in seen:
            seen.add(name)
            yield owing, cursor.lap, _OWED
    number = cursor.lap
    lap = _lap(pool, order, seed, number)
    begun = bisect_right(lap.keys, cursor.key)
    for at in range(begun, len(lap.items)):
        item = lap.items[at]
        if item.id not in seen:
            yield item, number, at
    seen.update(item.id for item in lap.items[begun:])
    number += 1
    for at, item in enumerate(_lap(pool, order, seed, number).items):
        if item.id not in seen:
            yield item, number, at


def _arrivals(pool: Pool, seed: str, cursor: Cursor) -> Iterator[Candidate]:
    """The items that are newer than anything aired so far, the oldest of them first; the lap goes on after them."""
    lap = _lap(pool, Order.NEWEST, seed, 0)
    for at in range(bisect_left(lap.keys, cursor.high) - 1, -1, -1):
        yield Candidate(lap.items[at], cursor.lap, cursor.key, lap.keys[at], _ARRIVED)


def _at_random(pool: Pool, seed: str, cursor: Cursor) -> Iterator[Candidate]:
    """The items from one on that a digest points at; `lap` counts the draws."""
    count = len(pool.items)
    first = int.from_bytes(_digest(f"{seed}\0{cursor.lap}"), "big") % count
    for step in range(count):
        place = (first + step) % count
        yield Candidate(pool.items[place], cursor.lap + 1, pool.items[place].id, "", place)


def _by_calendar(pool: Pool, source: Source, seed: str, cursors: Cursors, refuse: Refuse, today: int) -> Choice | Stuck:
    """The item that is due on this day; those that follow it when that one is refused."""
    calendar, cursor = source.calendar, cursors("")
    if calendar is None:
        return Stuck()
    lap = _lap(pool, source.order, seed, 0)
    aired = cursor.run if cursor.lap == today else 0
    due = (today - calendar.since) * calendar.a_day + aired
    passed: list[Passed] = []
    for step in range(len(lap.items)):
        place = (due + step) % len(lap.items)
        refusal = refuse(lap.items[place])
        if refusal is None:
            after = Cursor(cursor.source, today, lap.keys[place], last=lap.items[place].id, run=aired + step + 1)
            reason = f"{source.order}: {place + 1} of {len(lap.items)}, by the calendar"
            return Choice(lap.items[place], (after,), reason, tuple(passed))
        passed.append(Passed(lap.items[place], refusal))
    return Stuck(tuple(passed))


# Rotation: the cursor of the source says which series is on and how long; each series has a cursor of its own


def _rotate(pool: Pool, source: Source, seed: str, cursors: Cursors, refuse: Refuse) -> Choice | Stuck:
    series = pool.series
    passed: list[Passed] = []
    for turn in _turns(pool, source, seed, cursors("")):
        own = cursors(f"/{turn.last}")
        found = _pick(series[turn.last], Order.SEQUENCE, seed, own, refuse)
        if isinstance(found, Stuck):
            passed += found.passed
            continue
        if turn.run and not source.run and found.cursors[0].lap > own.lap:  # all of a series: until it begins again
            continue
        after = Cursor(turn.source, turn.lap, turn.key, turn.high, turn.owed, turn.last, turn.run + 1)
        about = found.item.about
        run = f"{after.run} of {source.run or len(series[turn.last].items)} of {about.series or about.title}"
        return Choice(found.item, (after, *found.cursors), f"rotation: {run}; {found.reason}", (*passed, *found.passed))
    return Stuck(tuple(passed))


def _turns(pool: Pool, source: Source, seed: str, cursor: Cursor) -> Iterator[Cursor]:
    """The series in the order in which it is their turn: the one that is on, while its run lasts, then the others.

    The order is the same in every round, so that no series comes twice in a row while there is another.
    """
    if cursor.last in pool.series and cursor.run and (not source.run or cursor.run < source.run):
        yield cursor
    names = _round(pool, seed)
    begun = bisect_right(names, (cursor.key, "\U0010ffff")) if cursor.key else 0
    for place in range(len(names)):
        lap, at = divmod(begun + place, len(names))
        key, name = names[at]
        yield Cursor(cursor.source, cursor.lap + lap, key, last=name)


def _round(pool: Pool, seed: str) -> list[tuple[str, str]]:
    """The series in the order in which they follow each other, with their keys."""
    found = pool.rounds.get(seed)
    if found is None:
        found = pool.rounds[seed] = sorted((_digest(f"{seed}\0{name}").hex(), name) for name in pool.series)
        if len(pool.rounds) > ROUNDS:
            pool.rounds.popitem(last=False)
    return found


# Keys


def in_order(pool: Pool, order: Order, seed: str, lap: int = 0) -> tuple[Item, ...]:
    """The items of `pool` as lap number `lap` plays them."""
    return _lap(pool, order, seed, lap).items


def _lap(pool: Pool, order: Order, seed: str, number: int) -> Lap:
    """Lap `number` of a pool; only a shuffle changes from lap to lap."""
    name = (seed, number) if order is Order.SHUFFLE else ("", order)
    lap = pool.laps.get(name)
    if lap is None:
        if order is Order.SHUFFLE:
            keys = _shuffled(pool.items, f"{seed}\0{number}\0")
        else:
            keys = [_key(item, pool, order) for item in pool.items]
        places = sorted(range(len(keys)), key=keys.__getitem__)
        lap = pool.laps[name] = Lap(tuple(map(keys.__getitem__, places)), tuple(map(pool.items.__getitem__, places)))
        if len(pool.laps) > max(LAPS, REMEMBERED // max(len(pool.items), LIGHTEST)):
            pool.laps.popitem(last=False)
    return lap


def _shuffled(items: tuple[Item, ...], seed: str) -> list[str]:
    """The keys of a lap of a shuffle. The parts of a story share a place, and air in their order.

    The digest of the seed is continued for each item: a year has a thousand laps of a thousand ads.
    """
    seeded = blake2b(seed.encode(errors="replace"), digest_size=8)
    keys: list[str] = []
    for item in items:
        digest, story = seeded.copy(), item.about.story
        digest.update((story.casefold() if story else item.id).encode(errors="replace"))
        keys.append(digest.hexdigest() + (f"{item.about.part:04d}{item.id}" if story else item.id))
    return keys


def _digest(text: str) -> bytes:
    return blake2b(text.encode(errors="replace"), digest_size=8).digest()


def _key(item: Item, pool: Pool, order: Order) -> str:
    """What `item` is sorted by; unique, as it ends in the id, and never empty."""
    about = item.about
    match order:
        case Order.CHRONOLOGICAL:
            return f"{about.released}\0{about.title.casefold()}\0{item.id}"
        case Order.LISTED:
            place = next((place for query in pool.queries if (place := query.place(item)) is not None), len(pool.items))
            return f"{place:06d}\0{item.id}"
        case Order.NEWEST:
            return f"{_LATEST - int(item.added.timestamp()):013d}\0{item.id}"
        case _:
            numbers = (f"{about.season:06d}", f"{about.episode:06d}", f"{about.part:04d}")
            return "\0".join((about.series.casefold(), *numbers, about.title.casefold(), item.id))


_POOLS: Final[Kept[Shelves, Pool]] = Kept(1024)


def pool_on(shelves: Shelves, house: str, include: tuple[Query, ...], exclude: tuple[Query, ...] = ()) -> Pool:
    """The items on `shelves` that are in `house` and wanted, whatever the day; remembered with the shelves."""

    def made() -> Pool:
        lasting = [query for query in exclude if not query.dated]
        places = shelves.of(house, include) - shelves.of(house, lasting)
        return Pool(tuple(shelves.catalog.items[place] for place in sorted(places)), include)

    return _POOLS.of(shelves, (house, include, exclude), made)


def pool_of(catalog: Catalog, house: str, include: tuple[Query, ...], exclude: tuple[Query, ...] = ()) -> Pool:
    """The items of `catalog` that are in `house` and wanted, whatever the day."""
    return pool_on(shelves_of(catalog), house, include, exclude)


_CLEARED: Final[Kept[Pool, Pool]] = Kept(8)


def without(pool: Pool, closed: frozenset[str]) -> Pool:
    """What is left of a pool without some items; remembered with the pool."""

    def made() -> Pool:
        return Pool(tuple(item for item in pool.items if item.id not in closed), pool.queries, pool.works)

    return _CLEARED.of(pool, closed, made) if closed else pool


def of_day(pool: Pool, include: tuple[Query, ...], exclude: tuple[Query, ...], today: date) -> Pool:
    """What is left of a pool on a local day."""
    return Pool(
        tuple(
            item
            for item in pool.items
            if any(query.matches_on(item, today) for query in include)
            and not any(query.dated and query.matches_on(item, today) for query in exclude)
        ),
        pool.queries,
        pool.works,
    )
