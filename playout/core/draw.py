"""Choosing the next item of a source: shuffled, in sequence, or newest first.

Law: a choice is a function of (pool, order, seed, cursor). It comes from sort keys and digests, never
from a random generator, `hash()` or the order of input, so it is the same on every machine; and because
a cursor remembers a key and not a place, items that join or leave the pool disturb nobody else's turn.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from playout.core.airing import Cursor
from playout.core.catalog import Item
from playout.core.channel import Order

if TYPE_CHECKING:
    from playout.core.catalog import Catalog, Query

_LATEST: Final = 10**12
"""Seconds; later than any arrival."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The items that a source may choose from; compared by identity."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Lap:
    """A pool in the order in which one lap plays it."""

    keys: tuple[str, ...]
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What airs next, where that leaves the source, and why."""

    item: Item
    cursor: Cursor
    reason: str


@lru_cache(maxsize=512)
def pool(catalog: Catalog, house: str, include: Query, exclude: Query | None) -> Pool:
    """The items of `catalog` that are in `house` and wanted. Remembered: a catalog never changes."""
    return Pool(
        tuple(
            item
            for item in catalog.items
            if item.house == house
            and include.matches(item.about)
            and not (exclude is not None and exclude.matches(item.about))
        )
    )


def choose(source: Pool, order: Order, seed: str, cursor: Cursor) -> Choice | None:
    """The item after `cursor`; None when the pool is empty."""
    if not source.items:
        return None
    arrived = _arrival(source, seed, cursor) if order is Order.NEWEST else None
    return arrived or _held(source, cursor) or _following(source, order, seed, cursor)


def _following(source: Pool, order: Order, seed: str, cursor: Cursor) -> Choice:
    """The item with the next key; after the last one, the first of the next lap."""
    lap = _lap(source, order, seed, _salt(order, cursor.lap))
    at = bisect_right(lap.keys, cursor.key)
    number, high, held = cursor.lap, cursor.high, ""
    if at == len(lap.keys):
        number += 1
        lap = _lap(source, order, seed, _salt(order, number))
        at = 0
        if lap.items[0].id == cursor.last and len(lap.items) > 1 and order is Order.SHUFFLE:
            held, at = lap.items[0].id, 1
    item = lap.items[at]
    if order is Order.NEWEST and at == 0:
        high = lap.keys[0]
    reason = f"{order.value}: {at + 1} of {len(lap.items)}, lap {number + 1}"
    return Choice(item, Cursor(cursor.source, number, lap.keys[at], high, held, item.id), reason)


def _held(source: Pool, cursor: Cursor) -> Choice | None:
    """The item that was put off at the seam of two laps, if it is still wanted."""
    item = next((item for item in source.items if item.id == cursor.held), None) if cursor.held else None
    if item is None:
        return None
    after = Cursor(cursor.source, cursor.lap, cursor.key, cursor.high, "", item.id)
    return Choice(item, after, f"shuffle: put off so as not to air twice in a row, lap {cursor.lap + 1}")


def _arrival(source: Pool, seed: str, cursor: Cursor) -> Choice | None:
    """The oldest item that is newer than anything aired so far; the lap goes on after it."""
    if not cursor.high:
        return None
    lap = _lap(source, Order.NEWEST, seed, 0)
    at = bisect_left(lap.keys, cursor.high) - 1
    if at < 0:
        return None
    item = lap.items[at]
    after = Cursor(cursor.source, cursor.lap, cursor.key, lap.keys[at], cursor.held, item.id)
    return Choice(item, after, "newest: just arrived")


def _salt(order: Order, lap: int) -> int:
    """What sets one lap's keys apart from another's: only a shuffle changes from lap to lap."""
    return lap if order is Order.SHUFFLE else 0


@lru_cache(maxsize=64)
def _lap(source: Pool, order: Order, seed: str, salt: int) -> Lap:
    keyed = sorted(((_key(item, order, seed, salt), item) for item in source.items), key=_by_key)
    return Lap(tuple(key for key, _ in keyed), tuple(item for _, item in keyed))


def _by_key(keyed: tuple[str, Item]) -> str:
    return keyed[0]


def _key(item: Item, order: Order, seed: str, salt: int) -> str:
    """What `item` is sorted by; unique, as it ends in the id, and never empty."""
    about = item.about
    match order:
        case Order.SHUFFLE:
            return blake2b(f"{seed}\0{salt}\0{item.id}".encode(), digest_size=8).hexdigest() + item.id
        case Order.SEQUENCE:
            return "\0".join(
                (
                    about.series.casefold(),
                    f"{about.season:06d}",
                    f"{about.episode:06d}",
                    about.title.casefold(),
                    item.id,
                )
            )
        case Order.NEWEST:
            return f"{_LATEST - int(item.added.timestamp()):013d}\0{item.id}"
