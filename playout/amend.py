"""Amendments: what people say of an asset after it was packaged. The asset itself never changes.

Laws. Amendments are a numbered list in the store to which entries are only added, so that the data plane needs no
database to know them. Of two that speak of the same thing the later one counts. What channels choose from, an
edition of the library, is the assets with all amendments up to a number laid over them (`playout.library`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from playout import keys
from playout.core.asset import BreakPoint, Title
from playout.documents import Corrupt, decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from playout.core.catalog import Item
    from playout.store import Store


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is said of one asset from now on; None where nothing new is said."""

    asset: str
    """Its id."""
    about: Title | None = None
    """All of what the schedule and the guide need to know of it."""
    breaks: tuple[BreakPoint, ...] | None = None
    """Where it may be interrupted: each at one of its cuts, in order."""
    shelved: bool | None = None
    """Whether no channel may choose it any more; what is committed still airs."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the list: amendments that were made together."""

    made: datetime
    """When, in UTC."""
    amendments: tuple[Amendment, ...]
    """At most one of an asset."""
    by: str = ""
    """Who made them."""


class Amended(NamedTuple):
    """An amendment with the number of the last entry that had something to say."""

    number: int
    said: Amendment

    def with_later(self, number: int, said: Amendment) -> Amended:
        """This with what a later entry says."""
        before = self.said
        return Amended(
            number,
            Amendment(
                before.asset,
                before.about if said.about is None else said.about,
                before.breaks if said.breaks is None else said.breaks,
                before.shelved if said.shelved is None else said.shelved,
            ),
        )

    def laid_over(self, item: Item) -> Item:
        """The item as it is with this."""
        about = item.about if self.said.about is None else self.said.about
        breaks = item.breaks if self.said.breaks is None else self.said.breaks
        return replace(item, about=about, breaks=breaks, edit=self.number)


def amend(store: Store, amendments: Sequence[Amendment], now: datetime, by: str = "") -> int:
    """Append an entry; its number. It counts from the next edition of the library on. Raises `StoreDown`.

    Saying the same twice does no harm.
    """
    entry = encode(Entry(now, tuple(amendments), by))
    number = _last(store) + 1
    while not store.put_new(keys.amendments(number), entry):
        number += 1
    return number


class Amendments(NamedTuple):
    """What some entries of the list say together."""

    number: int
    """The last one's."""
    said: Mapping[str, Amended]
    """By asset."""
    fault: str = ""
    """Why the entry after the last one cannot be read, if there is one."""


def amended(store: Store, after: int = 0, until: int | None = None) -> Amendments:
    """What the entries after number `after` say, at most up to entry `until`. Raises `StoreDown`."""
    found: dict[str, Amended] = {}
    number = after
    try:
        for number, entry in _entries(store, after, until):
            for said in entry.amendments:
                before = found.get(said.asset)
                found[said.asset] = Amended(number, said) if before is None else before.with_later(number, said)
    except Corrupt as bad:
        return Amendments(number, found, str(bad))
    return Amendments(number, found)


def _entries(store: Store, after: int, until: int | None) -> Iterator[tuple[int, Entry]]:
    """The entries after number `after`. They are asked for one by one: a long list need not be listed."""
    number = after + 1
    while until is None or number <= until:
        where = keys.amendments(number)
        data = store.read(where)
        if data is None:
            return
        yield number, decode(data, Entry, where)
        number += 1


def _last(store: Store) -> int:
    """The number of the last entry; 0 when there is none."""
    names: Iterable[str] = store.names("amendments")
    return max((int(name[:8]) for name in names if name[:8].isdecimal()), default=0)
