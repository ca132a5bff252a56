"""What channels want of the library: which rules name a tag or a genre.

It is read from the published revisions in the store, which is what airs; no database is asked.
All calls block, and raise `StoreDown`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from playout import keys
from playout.core.catalog import Query
from playout.documents import Corrupt
from playout.former import revision_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from playout.core.channel import Revision
    from playout.store import Store


@dataclass(frozen=True, slots=True)
class Naming:
    """A channel whose rules name something."""

    channel: str
    name: str
    revision: int


def naming_tags(store: Store, folded: Collection[str]) -> list[Naming]:
    """The channels whose rules in force or to come name one of these tags, which are without regard to case."""
    return [one for one, query in _queries(store) if _tags(query) & frozenset(folded)]


def naming_genres(store: Store, folded: Collection[str]) -> list[Naming]:
    """The same of genres."""
    return [one for one, query in _queries(store) if frozenset(map(str.casefold, query.genre)) & frozenset(folded)]


def _tags(query: Query) -> frozenset[str]:
    return frozenset(tag.casefold() for tags in (query.any, query.all, query.none) for tag in tags)


def _queries(store: Store) -> Iterator[tuple[Naming, Query]]:
    """Of every channel that is not retired, one query that names all that its queries name."""
    for channel in store.names("channels"):
        revision = _newest(store, channel)
        if revision is not None and not revision.retired:
            yield (
                Naming(channel, revision.channel.name, revision.number),
                _together(tuple(_within(revision.rules))),
            )


def _newest(store: Store, channel: str) -> Revision | None:
    """The channel's last revision; None when it has none that can be read."""
    names = [name for name in store.names(keys.revisions(channel)) if name[:8].isdecimal() and name.endswith(".json")]
    if not names:
        return None
    where = keys.key("channels", channel, "revisions", names[-1])
    data = store.read(where)
    try:
        return None if data is None else _decoded(data, where)
    except Corrupt:
        return None


@lru_cache(maxsize=256)
def _decoded(data: bytes, where: str) -> Revision:
    return revision_of(data, where)


def _together(queries: tuple[Query, ...]) -> Query:
    def all_of(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one for query in queries for one in getattr(query, name)))

    return Query(any=all_of("any"), all=all_of("all"), none=all_of("none"), genre=all_of("genre"))


def _within(value: object) -> Iterator[Query]:
    """All queries in a value of the rules, those within queries too."""
    if isinstance(value, Query):
        yield value
    if is_dataclass(value):
        for one in fields(value):
            yield from _within(getattr(value, one.name))
    elif isinstance(value, tuple):
        for inner in value:
            yield from _within(inner)
