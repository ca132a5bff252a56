"""A station as it lies in the store: channels, revisions, logs and catalogs, read when they are asked for.

Law: what is read here and what is computed here are the same turns that origins serve: the log as far as it
goes, and after it the schedule run ahead (design.md section 5).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from playout import keys
from playout.catalogs import present, read_catalog
from playout.core.airing import BEGINNING, Turn
from playout.core.channel import Revision, Withdrawal, in_force
from playout.core.derived import regional_turns
from playout.core.schedule import ahead, next_turn
from playout.core.shelves import shelves_of
from playout.core.ticks import instant_at, span_of, ticks_since
from playout.documents import decode
from playout.former import revision_of
from playout.library import newest
from playout.refusals import Unanswered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from playout.core.airing import Tail
    from playout.core.catalog import Catalog, Item
    from playout.core.ticks import Ticks
    from playout.library import Library
    from playout.store import Store

_NUMBERED: Final = re.compile(r"\d{8}\.json")
_DAY: Final = timedelta(days=1)


class UnknownChannel(Unanswered, LookupError):
    """There is no such channel in the store: it says which there are."""


class Station:
    """All that one store holds. Every method raises `StoreDown`, and `Corrupt` for a document that cannot be read."""

    def __init__(self, store: Store, library: Library | None = None) -> None:
        self.store: Final = store
        self.library: Final = newest(store) if library is None else library
        """The newest edition of the library."""
        self._catalogs: dict[str, Catalog] = {self.library.digest: self.library.catalog}
        self._choices: dict[tuple[str, int], bool] = {}
        """Whether the newest library has the same choice for a revision, by channel and number."""
        self._revisions: dict[str, tuple[Revision, ...]] = {}
        self._before: dict[str, tuple[list[str], tuple[Revision, ...]]] = {}
        """The revisions that were read by now or by an earlier one, with the names of their documents."""
        self._orders: dict[str, dict[str, Withdrawal]] = {}
        """The withdrawals that were read by now or by an earlier one, by channel and the names of their documents."""

    def renewed(self) -> Station:
        """The station as it is now, read anew as far as it has changed; this one stays what it was."""
        editions = [name for name in self.store.names(keys.library()) if _NUMBERED.fullmatch(name)]
        same = (int(editions[-1][:8]) if editions else 0) == self.library.edition
        found = Station(self.store, self.library if same else None)
        found._before = self._before.copy()
        found._orders = self._orders  # an order never changes, and which there are is asked each time
        if same:
            found._choices = self._choices.copy()
        return found

    def channels(self, now: datetime | None = None) -> tuple[str, ...]:
        """The ids of the channels that have a revision; with `now`, of those that are not retired then."""
        names = (name for name in self.store.names("channels") if self._read_revisions(name))
        return tuple(name for name in names if now is None or not in_force(self.revisions(name), now).retired)

    def revisions(self, channel: str) -> tuple[Revision, ...]:
        """All revisions of a channel, at least one; raises `UnknownChannel`."""
        found = self._read_revisions(channel) if keys.NAME.fullmatch(channel) else ()
        if not found:
            known = ", ".join(self.channels()) or "none yet"
            message = f"there is no channel {channel!r}; there is: {known}"
            raise UnknownChannel(message)
        return found

    def _read_revisions(self, channel: str) -> tuple[Revision, ...]:
        found = self._revisions.get(channel)
        if found is None:
            names = [name for name in self.store.names(keys.revisions(channel)) if _NUMBERED.fullmatch(name)]
            known, before = self._before.get(channel, ([], ()))
            if names[: len(known)] != known:
                known, before = [], ()
            where = [keys.key("channels", channel, "revisions", name) for name in names[len(known) :]]
            found = (*before, *(revision_of(present(self.store, key), key) for key in where))
            self._revisions[channel] = found
            self._before[channel] = names, found
        return found

    def withdrawals(self, channel: str) -> tuple[Withdrawal, ...]:
        """What was ordered to leave the air of a channel, or to come back to it, in order: all that there is by now."""
        known = self._orders.setdefault(channel, {})
        names = self.store.names(keys.withdrawals(channel))
        for name in names:
            if name not in known:
                key = keys.key("channels", channel, "withdrawn", name)
                known[name] = decode(present(self.store, key), Withdrawal, key)
        return tuple(known[name] for name in names)

    def catalog(self, revision: Revision) -> Catalog:
        """The catalog that a revision chooses from.

        The newest library stands in for any older one in which the rules match the same: it gives the same turns,
        and fifty channels that were published at fifty times need one library read.
        """
        found = self._catalogs.get(revision.catalog)
        if found is None and self._stands_in(revision):
            return self.library.catalog
        if found is None:
            found = self._read_catalog(revision.catalog)
        return found

    def _read_catalog(self, digest: str) -> Catalog:
        whole = self.library.whole
        known = {whole.digest: whole.catalog} if whole else {}
        found = self._catalogs[digest] = read_catalog(self.store, digest, known.get).catalog
        return found

    def _stands_in(self, revision: Revision) -> bool:
        key = revision.channel.id, revision.number
        found = self._choices.get(key)
        if found is None:
            shelves = shelves_of(self.library.catalog)
            found = self._choices[key] = (
                shelves.choice(revision.channel.house, revision.rules, revision.wishes) == revision.choice
            )
        return found

    def original(self, channel: str) -> str:
        """The id of the channel whose log and whose rules decide what airs: a mirror's parent, else itself."""
        return self.revisions(channel)[-1].mirrors or channel

    def later(self, channel: str) -> timedelta:
        """How much later a mirror airs what its original airs, negative for sooner; 0 for all others."""
        revision = self.revisions(channel)[-1]
        return revision.parent.offset if revision.parent and revision.mirrors else timedelta(0)

    # The log. Ticks count from the genesis of the channel that was asked for: a mirror's is so much later.

    def logged(self, channel: str, start: datetime, stop: datetime) -> Iterator[Turn]:
        """The turns in the log that air between two instants, in order."""
        later = self.later(channel)
        yield from self._logged(self.original(channel), start - later, stop - later)

    def _logged(self, channel: str, start: datetime, stop: datetime) -> Iterator[Turn]:
        genesis = self.revisions(channel)[0].channel.genesis
        first, last = ticks_since(genesis, start), ticks_since(genesis, stop)
        for day in self._days(channel, start, stop):
            for turn in self._turns(channel, day, first):
                if turn.start >= last:
                    return
                yield turn

    def before(self, channel: str, at: datetime) -> Tail:
        """The tail of the last turn in the log that starts before `at`; the beginning when there is none."""
        channel, at = self.original(channel), at - self.later(channel)
        genesis = self.revisions(channel)[0].channel.genesis
        tick = ticks_since(genesis, at)
        for day in reversed(self.store.names(keys.log(channel))):
            if day <= at.date().isoformat():
                for turn in reversed(tuple(self._turns(channel, day))):
                    if turn.start < tick:
                        return turn.tail
        return BEGINNING

    def end(self, channel: str) -> Tail:
        """The tail of the log."""
        channel = self.original(channel)
        for day in reversed(self.store.names(keys.log(channel))):
            for name in reversed(self.store.names(keys.log_day(channel, day))):
                key = keys.key("channels", channel, "log", day, name)
                return decode(present(self.store, key), Turn, key).tail
        return BEGINNING

    def turns(self, channel: str, start: datetime, stop: datetime) -> Iterator[Turn]:
        """The turns that air between two instants: logged, and beyond the log as the schedule would have them."""
        genesis = self.revisions(channel)[0].channel.genesis
        first, last = ticks_since(genesis, start), ticks_since(genesis, stop)
        end = self.end(channel)  # before the log itself: that may grow meanwhile, and no turn is left out or told twice
        for turn in self.logged(channel, start, stop):
            if turn.start < end.start:
                yield turn
        for turn in self.foreseen(channel, end):
            if turn.start >= last:
                return
            if turn.end > first:
                yield turn

    def handover(self, channel: str, effective: datetime) -> Tail:
        """Where the log ends when a revision that is effective then, after all that there are, comes to choose.

        Of a channel that chooses its own programs.
        """
        revisions = self.revisions(channel)
        genesis = revisions[0].channel.genesis
        follower = replace(revisions[-1], number=revisions[-1].number + 1, effective=effective)
        tail = self.end(channel)
        while in_force((*revisions, follower), instant_at(genesis, tail.start), tail) is not follower:
            revision = in_force(revisions, instant_at(genesis, tail.start), tail)
            tail = next_turn(revision, self.catalog(revision), tail).tail
        return tail

    def foreseen(self, channel: str, tail: Tail | None = None) -> Iterator[Turn]:
        """The turns after `tail`, which is the log's unless it is given, without end, as the schedule has them."""
        channel = self.original(channel)
        revisions, tail = self.revisions(channel), tail or self.end(channel)
        parent = revisions[-1].parent
        if parent is None:
            yield from ahead(revisions, self.catalog, tail)
            return
        given = self.stocked(self.given(channel, tail))
        yield from regional_turns(revisions, self.catalog, given, self.item, tail)

    def given(self, channel: str, tail: Tail) -> Iterator[Turn]:
        """The turns of a regional copy's parent, without end, from the one on that is on air where `tail` ends."""
        newest = self.revisions(channel)[-1]
        parent = newest.parent
        if parent is None:
            message = f"channel {channel!r} is no copy"
            raise UnknownChannel(message)
        since = newest.channel.genesis + span_of(tail.start)
        if not tail.index:
            since = parent.begun or since
        end = self.end(parent.channel)
        for turn in self._logged(parent.channel, since, since + timedelta(days=36_500)):
            if turn.start < end.start:
                yield turn
        yield from self.foreseen(parent.channel, end)

    def stocked(self, turns: Iterable[Turn]) -> Iterator[Turn]:
        """`turns`, with the catalog read of each that names an asset which has left the library since."""
        for turn in turns:
            if turn.catalog not in self._catalogs and any(self.item(one.asset) is None for one in turn.airings):
                self._read_catalog(turn.catalog)
            yield turn

    def item(self, asset: str) -> Item | None:
        """The item of an asset: as the newest library has it, or else a catalog that was read."""
        found = self.library.catalog.item(asset)
        if found is None:
            found = next((item for read in self._catalogs.values() if (item := read.item(asset))), None)
        return found

    def _days(self, channel: str, start: datetime, stop: datetime) -> Iterator[str]:
        """The days whose turns may air between two instants: a turn may have begun the day before."""
        first, last = (start - _DAY).date().isoformat(), stop.date().isoformat()
        yield from (day for day in self.store.names(keys.log(channel)) if first <= day <= last)

    def _turns(self, channel: str, day: str, first: Ticks | None = None) -> Iterator[Turn]:
        """The turns of one day of the log; with `first`, from the one on that ends after it."""
        names, since = self.store.names(keys.log_day(channel, day)), first
        if since is not None:
            begin = bisect_left(names, True, key=lambda name: self._turn(channel, day, name).end > since)
            names = names[begin:]
        yield from (self._turn(channel, day, name) for name in names)

    def _turn(self, channel: str, day: str, name: str) -> Turn:
        key = keys.key("channels", channel, "log", day, name)
        return decode(present(self.store, key), Turn, key)
