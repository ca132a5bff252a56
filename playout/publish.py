"""Publishing: from what people want and what is packaged to the revisions that channels air by.

Laws. A revision is published only when something about the channel is different: who it is, its rules,
or the assets that its rules match; the digest of its catalog stands for those. Of two publishers that
race, the first wins, and the other compares anew with what it published.

A channel's catalog holds what its rules can choose, and nothing else: an asset that the channel cannot
air makes no revision, and no channel's documents grow with the library.

A channel that is taken out of the file is retired: it plays on until its last revision is in force, a
horizon later, and then ends. Until then, and after it too, putting it back brings it back as it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING, Final

from playout import keys
from playout.core.catalog import Catalog
from playout.core.channel import Revision, Rules
from playout.core.house import TARGET_DURATION
from playout.core.view import Alarm
from playout.documents import Corrupt, decode, digest, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from collections.abc import Set as AbstractSet

    from playout.config import Draft, Programming
    from playout.core.catalog import Item, Kit, Query
    from playout.library import Library
    from playout.store import Store

SOON: Final = timedelta(seconds=2)
"""How long after its publication a revision takes effect: every follower has read it by then."""


@dataclass(frozen=True, slots=True)
class Published:
    """What came of publishing."""

    revisions: tuple[Revision, ...] = ()
    """Those that are new."""
    alarms: tuple[Alarm, ...] = ()
    """What was not published, or needs looking at, and what to do."""
    unfinished: bool = False
    """Whether a document stood in the way: once it is gone, publishing the same again does more."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one channel."""

    revision: Revision | None = None
    alarms: tuple[Alarm, ...] = ()
    unfinished: bool = False


def publish(store: Store, programming: Programming, library: Library, now: datetime, source: str = "file") -> Published:
    """Publish what is new in `programming` and in `library`. Raises `StoreDown`.

    Channels in the store that are not in `programming` are retired if `source` published them.
    """
    shelves = Shelves(library.catalog)
    results = [_publish(store, draft, shelves, now, source) for draft in programming.drafts]
    wanted = {draft.id for draft in programming.drafts}
    results += [_retire(store, name, now, source) for name in store.names("channels") if name not in wanted]
    return Published(
        tuple(result.revision for result in results if result.revision is not None),
        tuple(alarm for result in results for alarm in result.alarms),
        any(result.unfinished for result in results),
    )


def _publish(store: Store, draft: Draft, shelves: Shelves, now: datetime, source: str) -> _Outcome:
    """Publish one channel, unless its newest revision says the same already."""
    kit = shelves.catalog.kit(draft.house)
    if kit is None:
        advice = f"package one with `fastline package --kind slate --house {draft.house} FILE`"
        return _refused(draft, f'house "{draft.house}" has no slate in this store yet; {advice}')
    shelf = shelves.shelf(draft.house, draft.rules, kit)
    while True:
        try:
            last = newest_revision(store, draft.id)
        except Corrupt as bad:
            return replace(_refused(draft, f"{bad}. Remove that file; the one before it counts then"), unfinished=True)
        refusal = _refusal(draft, last, source) if last is not None else ""
        if refusal:
            return _refused(draft, refusal)
        revision = _revision(draft, shelf.digest, last, now, source)
        concerns = tuple(_alarm(draft, concern) for concern in shelf.concerns)
        if last is not None and replace(revision, number=last.number, effective=last.effective) == last:
            return _Outcome(None, concerns)
        shelves.store(store, shelf)
        if store.put_new(keys.revision(draft.id, revision.number), encode(revision)):
            return _Outcome(revision, concerns)


def _revision(draft: Draft, catalog: str, last: Revision | None, now: datetime, source: str) -> Revision:
    """The revision after `last` that says what `draft` wants."""
    if last is None:
        genesis = (now - timedelta(seconds=draft.window * TARGET_DURATION)).replace(microsecond=0)
        number, effective = 1, now + SOON
    else:  # a clock that was put back must not put a revision before the one it replaces
        genesis = last.channel.genesis
        number, effective = last.number + 1, max(now + SOON, last.effective)
    return Revision(number, effective, catalog, draft.channel(genesis), draft.rules, draft.horizon, source=source)


def _retire(store: Store, name: str, now: datetime, source: str) -> _Outcome:
    """End a channel that nobody wants any more, if it was `source` that began it."""
    while True:
        try:
            last = newest_revision(store, name)
        except (Corrupt, keys.BadKey) as bad:
            return _Outcome(None, (Alarm(name, f"not retired: {bad}. Remove that file"),), unfinished=True)
        if last is None or last.retired or last.source != source:
            return _Outcome()
        revision = replace(last, number=last.number + 1, effective=max(now + SOON, last.effective), retired=True)
        if store.put_new(keys.revision(name, revision.number), encode(revision)):
            return _Outcome(revision)


def newest_revision(store: Store, channel: str) -> Revision | None:
    """The channel's last published revision; None when it has none. Raises `StoreDown` and `Corrupt`."""
    names = [name for name in store.names(keys.revisions(channel)) if _NUMBERED.fullmatch(name)]
    if not names:
        return None
    where = keys.revision(channel, int(names[-1][:8]))
    data = store.read(where)
    if data is None:
        message = f"{where}: it is listed, but not there"
        raise Corrupt(message)
    revision = decode(data, Revision, where)
    if keys.revision(channel, revision.number) != where:
        message = f"{where}: it says that it is number {revision.number}"
        raise Corrupt(message)
    return revision


_NUMBERED: Final = re.compile(r"\d{8}\.json")


def _refusal(draft: Draft, last: Revision, source: str) -> str:
    """Why `draft` cannot follow `last`; empty when it can."""
    if last.channel.house != draft.house:
        return (
            f'it is of house "{last.channel.house}" for life, because players keep their decoders; for house '
            f'"{draft.house}" write a channel with a new id, and take this one out'
        )
    if last.source != source and not last.retired:
        return f'a channel of this id was published by "{last.source}"; choose another id, or remove it there'
    return ""


def _refused(draft: Draft, why: str) -> _Outcome:
    return _Outcome(None, (_alarm(draft, f"not published: {why}"),))


def _alarm(draft: Draft, what: str) -> Alarm:
    return Alarm(draft.id, f"line {draft.line}: {what}" if draft.line else what)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The part of the library that a channel's rules can choose from, as a document."""

    data: bytes
    digest: str
    concerns: tuple[str, ...] = ()
    """What people should know of it."""


class Shelves:
    """The library by tag and kind, so that a thousand channels need not each look through all of it.

    Law: `matching(query)` is those items for which `query.matches` holds.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog: Final = catalog
        self._all: Final = frozenset(range(len(catalog.items)))
        self._tagged: Final = _by(catalog.items, lambda item: {tag.casefold() for tag in item.about.tags})
        self._kinds: Final = _by(catalog.items, lambda item: {item.about.kind})
        self._houses: Final = _by(catalog.items, lambda item: {item.house})
        self._shelves: dict[tuple[str, frozenset[int]], Shelf] = {}
        self._stored: set[str] = set()

    def matching(self, query: Query) -> frozenset[int]:
        """The places in the catalog of the items that `query` matches."""
        found = self._all
        if query.kind:
            found &= _union(self._kinds.get(kind, _NOTHING) for kind in query.kind)
        if query.any:
            found &= _union(self._tagged.get(tag.casefold(), _NOTHING) for tag in query.any)
        for tag in query.all:
            found &= self._tagged.get(tag.casefold(), _NOTHING)
        return found - _union(self._tagged.get(tag.casefold(), _NOTHING) for tag in query.none)

    def shelf(self, house: str, rules: Rules, kit: Kit) -> Shelf:
        """What `rules` can choose from in `house`, whose slate comes with it."""
        programs = self._of(house, rules.include) - (self._of(house, rules.exclude) if rules.exclude else _NOTHING)
        queries = [rules.filler, *([rules.ads.query, rules.ads.bumper] if rules.ads else [])]
        between = _union(self._of(house, query) for query in queries if query is not None)
        places = programs | between
        known = self._shelves.get((house, places))
        if known is None:
            data = encode(Catalog(tuple(self.catalog.items[place] for place in sorted(places)), (kit,)))
            known = self._shelves[house, places] = Shelf(data, digest(data))
        return known if programs else replace(known, concerns=(_NOTHING_MATCHES,))

    def store(self, store: Store, shelf: Shelf) -> None:
        """Put the shelf's document into the store, once for all channels that share it."""
        if shelf.digest not in self._stored:
            store.put_new(keys.catalog(shelf.digest), shelf.data)
            self._stored.add(shelf.digest)

    def _of(self, house: str, query: Query) -> frozenset[int]:
        return self.matching(query) & self._houses.get(house, _NOTHING)


_NOTHING: Final[frozenset[int]] = frozenset()
_NOTHING_MATCHES: Final = (
    "no program of its house matches include, so filler airs, or slate; package some with such tags, or ask for others"
)


def _by(items: tuple[Item, ...], marks: Callable[[Item], AbstractSet[str]]) -> dict[str, frozenset[int]]:
    """The places of the items that have a mark, by mark."""
    places: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        for mark in marks(item):
            places.setdefault(mark, []).append(place)
    return {mark: frozenset(found) for mark, found in places.items()}


def _union(sets: Iterable[frozenset[int]]) -> frozenset[int]:
    return reduce(frozenset.union, sets, _NOTHING)
