"""Following the store: the view of an origin, kept up to date in the background.

Law: a bad document never replaces a good view. What cannot be read, or does not join, raises an alarm;
the channel goes on from the last good turn, computed here by the same function that a committer uses,
and gives way to the store's log as soon as that grows again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import is_
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from playout import keys
from playout.catalogs import present, read_catalog
from playout.core.airing import Role, Tail, Turn
from playout.core.channel import Revision, Withdrawal, in_force
from playout.core.derived import regional_turns
from playout.core.playlog import BrokenLog, Log
from playout.core.schedule import SLATE_TURN, NothingToAir, next_turn
from playout.core.shelves import Shelves
from playout.core.ticks import Ticks, instant_at, ticks_since
from playout.core.view import Alarm, OnAir, View
from playout.core.window import UnknownAsset
from playout.documents import Corrupt, decode
from playout.former import revision_of
from playout.library import newest
from playout.store import StoreDown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playout.catalogs import Whole
    from playout.clock import Clock
    from playout.core.catalog import Catalog, Item
    from playout.store import Store

PERIOD: Final = 1.0
"""Seconds from one look at the store to the next."""
SLOW: Final = 4
"""Every channel's revisions and withdrawals are looked for in one of this many rounds, times the store's pace."""
LEAD: Final = timedelta(seconds=45)
"""The least that a view reaches ahead of now; what the store lacks of it is computed here."""
PAST: Final = timedelta(seconds=60)
"""How much more of the past than the window is kept, for players that lag."""


@dataclass(slots=True)
class _Channel:
    """What is known of one channel, mended as the store grows."""

    id: str
    revisions: list[Revision] = field(default_factory=list)
    opened: bool = False
    """Whether its log was read, and all the revisions that it needs."""
    short: bool = False
    """Whether a mirror needs more of its log than is at hand."""
    behind: timedelta = timedelta(0)
    """How long ago the latest of its mirrors airs what it airs."""
    ahead: timedelta = timedelta(0)
    """How far ahead of it the earliest of them is."""
    log: Log = field(default_factory=Log)
    """As committed."""
    own: Log = field(default_factory=Log)
    """Computed here, after the committed end."""
    given: dict[Ticks, Turn] = field(default_factory=dict)
    """For a regional copy, what its parent aired beside each turn of `own`, by its start."""
    withdrawals: int = 0
    withdrawn: frozenset[str] = frozenset()
    alarms: dict[str, str] = field(default_factory=dict)
    """What is wrong, by what it is about."""
    whole: OnAir | None = None
    """All that is known of it, even when it is retired: a mirror may show it still."""
    shown: OnAir | None = None
    """The channel as the newest view has it."""
    alarmed: tuple[Alarm, ...] = ()
    """Its alarms in the newest view."""

    @property
    def tail(self) -> Tail:
        """The end of what is committed."""
        return self.log.turns[-1].tail if self.log.turns else Tail()

    @property
    def genesis(self) -> datetime:
        """The instant of tick 0."""
        return self.revisions[0].channel.genesis

    @property
    def parent(self) -> str:
        """The id of the channel that it repeats; empty when it is not derived."""
        parent = self.revisions[-1].parent if self.revisions else None
        return parent.channel if parent else ""

    @property
    def mirror(self) -> bool:
        """Whether its log is its parent's."""
        return bool(self.revisions and self.revisions[-1].mirrors)

    @property
    def offset(self) -> timedelta:
        """How long ago it airs what its parent airs."""
        parent = self.revisions[-1].parent if self.revisions else None
        return parent.offset if parent and self.mirror else timedelta(0)

    @property
    def depth(self) -> timedelta:
        """How much of the past is kept: for itself, were all segments of the window full, and for its mirrors."""
        return timedelta(seconds=4 * self.revisions[-1].channel.window) + PAST + self.behind

    def retired(self, now: datetime, parent: _Channel | None) -> bool:
        """Whether it has ended: by itself, or with what it repeats."""
        if in_force(self.revisions, now).retired:
            return True
        return parent is not None and in_force(parent.revisions, now - self.offset).retired

    def show(self, now: datetime, parent: _Channel | None = None) -> bool:
        """Bring `shown` and `alarmed` up to date; whether either has changed.

        A retired channel is not shown, nor is a mirror whose original has not been on air for so long.
        """
        before = self.shown, self.alarmed
        self.whole = self._picture(parent)
        ended = self.whole is not None and (self.retired(now, parent) or (self.mirror and now < self.genesis))
        self.shown = None if ended else self.whole
        self.alarmed = () if ended else tuple(
            Alarm(self.id, what) for what in (*self.alarms.values(), *self._concerns(now))
        )  # fmt: skip
        return self.shown is not before[0] or self.alarmed != before[1]

    def _picture(self, parent: _Channel | None) -> OnAir | None:
        """All that is known of it; the same value as before where nothing has changed."""
        whole = parent.whole if parent else None
        if not self.opened or (self.parent and whole is None):
            return None
        if whole and self.mirror:
            withdrawn = self.withdrawn | whole.withdrawn if self.withdrawn else whole.withdrawn
            found = OnAir(tuple(self.revisions), whole.log, whole.committed, withdrawn, whole)
        else:
            log = self.log
            if self.own.turns:
                log = Log((*log.turns, *self.own.turns), (*log.airings, *self.own.airings))
            found = OnAir(tuple(self.revisions), log, self.tail.index, self.withdrawn, whole)
        return self.whole if self.whole is not None and _same(self.whole, found) else found

    def _concerns(self, now: datetime) -> Iterator[str]:
        """What people should know of a channel that plays on nevertheless; a mirror's parent tells it for both."""
        if self.mirror or not self.opened:
            return
        if self.own.turns and self.own.turns[0].start < ticks_since(self.genesis, now + LEAD):
            yield "no committer has written the log; it is extended in memory. Is `fastline commit` running?"
        last = (self.own.turns or self.log.turns)[-1:]
        if last and last[0].tail.idle:
            daypart = last[0].tail.daypart
            asked = f'what daypart "{daypart}" asks for' if daypart else "its rules"
            yield f"nothing in the library matches {asked}; filler or slate is on air"
        elif last and _blank(last[0]):
            yield f"slate is on air: {last[0].airings[0].reason}"


class Follower:
    """Reads the store, again and again, into a `View`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.view = View()
        self.ready = asyncio.Event()
        """Set once the store has been read."""
        self.changed = asyncio.Event()
        """Set, and replaced by a new one, whenever the view is."""
        self._store = store
        self._clock = clock
        self._channels: dict[str, _Channel] = {}
        self._catalogs: dict[tuple[str, int], Catalog] = {}
        """By channel and number of the revision that chooses from it."""
        self._newest: Shelves | None = None
        """The newest edition of the library."""
        self._edition = 0
        self._whole: Whole | None = None
        self._read: WeakValueDictionary[str, Catalog] = WeakValueDictionary()
        """Those in use, by digest."""
        self._items: dict[str, Item] = {}
        self._round = 0
        self._down = ""
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Follow the store until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(PERIOD)

    async def look(self) -> None:
        """Read what is new, in a worker thread, and swap the view if anything is."""
        async with self._turn:
            view = await asyncio.to_thread(self.refresh, self._clock())
        self.ready.set()
        if view is not None:
            self.view = view
            told, self.changed = self.changed, asyncio.Event()
            told.set()

    def catalog(self, revision: Revision) -> Catalog:
        """The catalog that `revision` chooses from; raises `Corrupt` or `StoreDown`.

        The newest one stands in for any older one in which the rules match the same: it gives the same
        turns, and a thousand channels that were edited at a thousand times share one library.
        """
        known = self._catalogs.get((revision.channel.id, revision.number))
        if known is None:
            known = self._read.get(revision.catalog) or self._stand_in(revision) or self._read_catalog(revision.catalog)
            self._catalogs[revision.channel.id, revision.number] = known
        return known

    def _stand_in(self, revision: Revision) -> Catalog | None:
        shelves = self._newest
        if shelves and shelves.choice(revision.channel.house, revision.rules, revision.wishes) == revision.choice:
            return shelves.catalog
        return None

    def _read_catalog(self, digest: str) -> Catalog:
        read = self._shared(read_catalog(self._store, digest, self._known_whole).catalog)
        self._read[digest] = read
        return read

    def _known_whole(self, digest: str) -> Catalog | None:
        """The whole catalog on which the newest one builds, as it was read."""
        return self._whole.catalog if self._whole and self._whole.digest == digest else None

    def _shared(self, read: Catalog) -> Catalog:
        """`read`, with items that are known already in the place of their equals: only an amendment changes one."""
        items = tuple(self._known(item) for item in read.items)
        for kit in read.kits:
            self._items.setdefault(kit.slate.id, kit.slate)
        return replace(read, items=items)

    def _known(self, item: Item) -> Item:
        """The item as it is known already; what people see of an asset is what was said of it last."""
        known = self._items.get(item.id)
        if known is None or known.edit < item.edit:
            self._items[item.id] = item
            return item
        return known if known.edit == item.edit else item

    def refresh(self, now: datetime) -> View | None:
        """Read what is new at `now`; blocks. None when nothing that a view shows has changed."""
        self._round += 1
        down, self._down = self._down, ""
        changed = False
        try:
            changed = self._read_library()
            if self._round % self._store.pace == 0 or not self._channels:
                for name in self._store.names("channels"):
                    if name not in self._channels:
                        self._channels[name] = _Channel(name)
            self._read_channels(now)
        except StoreDown as outage:
            self._down = f"the store cannot be read: {outage}; channels play on from memory"
        changed |= self._down != down or self._round == 1
        for channel in sorted(self._channels.values(), key=_is_derived):
            parent = self._channels.get(channel.parent) if channel.parent else None
            self._settle(channel, parent, now)
            changed |= channel.show(now, parent)
        return self._picture() if changed else None

    def _settle(self, channel: _Channel, parent: _Channel | None, now: datetime) -> None:
        """Make sure that the log reaches beyond `now`; a channel's parent is settled before it."""
        if channel.parent and (parent is None or not parent.opened):
            channel.alarms["parent"] = f'"{channel.parent}", which it repeats, cannot be read or was never published'
            return
        channel.alarms.pop("parent", None)
        if not channel.opened or channel.mirror or channel.retired(now, parent):
            return
        self._forget_committed(channel)
        try:
            if parent:
                self._copy(channel, parent, now)
            else:
                self._extend(channel, now)
        except (Corrupt, StoreDown, NothingToAir, UnknownAsset) as bad:
            channel.alarms["schedule"] = f"the log cannot be extended: {bad}"
        else:
            channel.alarms.pop("schedule", None)

    def _read_library(self) -> bool:
        """Read the newest edition of the library, if it is a new one; whether it was."""
        if self._edition and self._store.read(keys.edition(self._edition + 1)) is None:
            return False
        library = newest(self._store, self._known_whole)
        if library.edition == self._edition:
            return False
        self._edition = library.edition
        self._whole = library.whole
        if library.digest:
            self._newest = Shelves(self._shared(library.catalog))
            self._read[library.digest] = self._newest.catalog
        return True

    def _read_channels(self, now: datetime) -> None:
        slow = SLOW * self._store.pace
        for place, channel in enumerate(self._channels.values()):
            if not channel.opened:
                self._guarded(channel, "revisions", self._meet, now)
            elif place % slow == self._round % slow:
                self._guarded(channel, "revisions", self._read_revisions, now)
                self._guarded(channel, "withdrawals", self._read_withdrawals, now)
        self._reach_for_mirrors()
        for channel in self._channels.values():
            if channel.revisions and (channel.short or not channel.opened):
                self._guarded(channel, "revisions", self._open, now)
            if channel.opened and not channel.mirror:
                self._guarded(channel, "log", self._read_log, now)

    def _reach_for_mirrors(self) -> None:
        """Keep as much of a channel's log as its mirrors need; what is not at hand is read anew."""
        for mirror in self._channels.values():
            parent = self._channels.get(mirror.parent) if mirror.mirror else None
            if parent is not None:
                parent.ahead = max(parent.ahead, -mirror.offset)
                if mirror.offset > parent.behind:
                    parent.behind, parent.short = mirror.offset, True

    def _guarded(
        self, channel: _Channel, about: str, read: Callable[[_Channel, datetime], None], now: datetime
    ) -> None:
        """Run one reading; a bad document becomes an alarm that lasts until the reading succeeds."""
        try:
            read(channel, now)
        except Corrupt as bad:
            channel.alarms[about] = f"{bad}; {_MEND}"
        else:
            channel.alarms.pop(about, None)

    # Revisions and withdrawals

    def _meet(self, channel: _Channel, _now: datetime) -> None:
        """Read a channel's newest revision, from which it follows what else is needed."""
        if not channel.revisions:
            for name in self._store.names(keys.revisions(channel.id))[-1:]:
                key = keys.key("channels", channel.id, "revisions", name)
                channel.revisions = [revision_of(present(self._store, key), key)]

    def _open(self, channel: _Channel, now: datetime) -> None:
        """Read a channel for the first time: its withdrawals, the end of its log, the revisions that it needs."""
        newest = channel.revisions[-1]
        self.catalog(newest)
        self._read_withdrawals(channel, now)
        if not channel.mirror:
            channel.log = Log.of(self._recent(channel, ticks_since(channel.genesis, now - channel.depth)))
        since = min(instant_at(channel.genesis, channel.tail.start) if channel.log.turns else now, now - channel.depth)
        found = [newest]
        for name in reversed(self._store.names(keys.revisions(channel.id))):
            if found[0].effective <= since - found[0].horizon:
                break
            key = keys.key("channels", channel.id, "revisions", name)
            if key < keys.revision(channel.id, found[0].number):
                found.insert(0, revision_of(present(self._store, key), key))
        channel.revisions = found
        channel.opened, channel.short = True, False

    def _read_revisions(self, channel: _Channel, now: datetime) -> None:
        """Read the revisions that are new, and forget those that can choose nothing any more."""
        while True:
            key = keys.revision(channel.id, channel.revisions[-1].number + 1)
            data = self._store.read(key)
            if data is None:
                break
            revision = revision_of(data, key)
            self.catalog(revision)
            channel.revisions.append(revision)
            channel.own = _still_chosen(channel)
        start = now if channel.mirror else min(instant_at(channel.genesis, channel.tail.start), now)
        kept = in_force(channel.revisions, start - channel.depth)
        if kept is not channel.revisions[0]:
            channel.revisions = channel.revisions[channel.revisions.index(kept) :]
            for chosen in [one for one in self._catalogs if one[0] == channel.id and one[1] < kept.number]:
                del self._catalogs[chosen]

    def _read_withdrawals(self, channel: _Channel, _now: datetime) -> None:
        while True:
            key = keys.withdrawal(channel.id, channel.withdrawals + 1)
            data = self._store.read(key)
            if data is None:
                return
            channel.withdrawals += 1
            order = decode(data, Withdrawal, key)
            meant = frozenset(order.assets)
            channel.withdrawn = channel.withdrawn - meant if order.back else channel.withdrawn | meant

    # The log

    def _recent(self, channel: _Channel, since: Ticks) -> list[Turn]:
        """The turns at the end of the log that reach back to `since`, oldest first.

        They are read from the newest backwards; a turn that cannot be read ends the stretch, and so
        does one that does not join: what comes before it is of no use any more.
        """
        turns: list[Turn] = []
        for key in self._turns_backwards(channel.id):
            try:
                turn = decode(present(self._store, key), Turn, key)
                log = _joined(Log(), turn, key)
                if turns:
                    _joined(log, turns[0], key)
                self._stock(turn)
            except Corrupt as bad:
                channel.alarms["log"] = f"{bad}; {_MEND}"
                if turns:
                    break
                continue
            turns.insert(0, turn)
            if turn.start <= since:
                break
        return turns

    def _turns_backwards(self, channel: str) -> Iterator[str]:
        for day in reversed(self._store.names(keys.log(channel))):
            for name in reversed(self._store.names(keys.log_day(channel, day))):
                yield keys.key("channels", channel, "log", day, name)

    def _read_log(self, channel: _Channel, now: datetime) -> None:
        """Read the turns that were committed since; only when the log may have grown."""
        horizon = channel.revisions[-1].horizon
        while instant_at(channel.genesis, channel.tail.start) < now + horizon:
            first = channel.own.turns[0].start if channel.own.turns and channel.parent else channel.tail.start
            key = keys.turn(channel.id, instant_at(channel.genesis, first), channel.tail.index)
            data = self._store.read(key)
            if data is None:
                return
            turn = decode(data, Turn, key)
            self._stock(turn)
            channel.log = _joined(channel.log, turn, key).since(ticks_since(channel.genesis, now - channel.depth))
            self._forget_committed(channel)

    def _stock(self, turn: Turn) -> None:
        """Know the items of all that `turn` airs: an asset may have left the library since."""
        if any(airing.asset not in self._items for airing in turn.airings):
            self._read_catalog(turn.catalog)

    def _forget_committed(self, channel: _Channel) -> None:
        """Drop those of our own turns that the store has by now; all of them, where it has others."""
        own = channel.own
        if own.turns and own.turns[0].index != channel.tail.index:
            behind = [turn for turn in own.turns if turn.index >= channel.tail.index]
            joins = behind and behind[0].index == channel.tail.index and behind[0].start == channel.tail.start
            channel.own = Log.of(behind) if joins else Log()

    def _extend(self, channel: _Channel, now: datetime) -> None:
        """Compute the turns that the store lacks up to `LEAD` from now, for the channel and for its mirrors."""
        tail = channel.own.turns[-1].tail if channel.own.turns else channel.tail
        until = ticks_since(channel.genesis, now + LEAD + channel.ahead)
        while tail.start < until:
            revision = in_force(channel.revisions, instant_at(channel.genesis, tail.start), tail)
            channel.own = channel.own.after(next_turn(revision, self.catalog(revision), tail))
            tail = channel.own.turns[-1].tail

    def _copy(self, channel: _Channel, parent: _Channel, now: datetime) -> None:
        """Compute the turns of a regional copy for what is known of its parent, a horizon ahead at most.

        Where its parent has come to air something else than was foreseen, the copies of that are dropped.
        """
        known = {turn.start: turn for turn in (*parent.log.turns, *parent.own.turns)}
        channel.own = _still_true(channel.own, channel.given, known)
        tail = channel.own.turns[-1].tail if channel.own.turns else channel.tail
        until = ticks_since(channel.genesis, now + max(channel.revisions[-1].lead(idle=tail.idle), LEAD))
        if tail.start >= until:
            return
        given = self._given(channel, parent, tail)
        for turn in regional_turns(channel.revisions, self.catalog, given, self._items.get, tail):
            if turn.start >= until:
                break
            channel.own = channel.own.after(turn)
        beside = known | {turn.start: turn for turn in given}
        channel.given = {turn.start: beside[turn.start] for turn in channel.own.turns if turn.start in beside}

    def _given(self, channel: _Channel, parent: _Channel, tail: Tail) -> list[Turn]:
        """The turns of the parent from the one on that follows `tail`; at a beginning, from the one on air then."""
        known = [*parent.log.turns, *parent.own.turns]
        derived = channel.revisions[-1].parent
        since = tail.start
        if not tail.index:
            since = ticks_since(channel.genesis, derived.begun) if derived and derived.begun else Ticks(0)
        if parent.log.turns and parent.log.turns[0].start > since:
            older = self._recent(parent, since)
            join = next((at for at, turn in enumerate(older) if turn.index == parent.log.turns[0].index), 0)
            known = [*older[:join], *known]
        return [turn for turn in known if turn.end > since]

    # The view

    def _picture(self) -> View:
        """All channels as they are shown now; those that have not changed are the same values as before."""
        channels = {channel.id: channel.shown for channel in self._channels.values() if channel.shown}
        kits = {kit.house: kit for on_air in channels.values() for kit in self.catalog(on_air.revisions[-1]).kits}
        if self._newest:
            kits |= {kit.house: kit for kit in self._newest.catalog.kits}
        alarms = [alarm for channel in self._channels.values() for alarm in channel.alarmed]
        if self._down:
            alarms.insert(0, Alarm("store", self._down))
        return View(
            MappingProxyType(channels), MappingProxyType(dict(self._items)), MappingProxyType(kits), tuple(alarms)
        )


_MEND: Final = "the last good state stays on air. Remove that file, or put a good one there"


def _joined(log: Log, turn: Turn, key: str) -> Log:
    """`log` with `turn` at its end; raises `Corrupt`, naming the document, when it does not join."""
    try:
        return log.after(turn)
    except BrokenLog as broken:
        message = f"{key}: {broken}"
        raise Corrupt(message) from broken


def _still_true(own: Log, given: dict[Ticks, Turn], known: dict[Ticks, Turn]) -> Log:
    """The copies in `own`, up to the first one whose original is not what was `given` any more."""
    for at, turn in enumerate(own.turns):
        before = given.get(turn.start)
        after = known.get(turn.start, before)
        if before is not after and before != after:
            return Log.of(own.turns[:at])
    return own


def _still_chosen(channel: _Channel) -> Log:
    """Those turns of its own that the revisions choose by which it is programmed now: up to the first other one."""
    tail = channel.tail
    for at, turn in enumerate(channel.own.turns):
        if in_force(channel.revisions, instant_at(channel.genesis, turn.start), tail).number != turn.revision:
            return Log.of(channel.own.turns[:at])
        tail = turn.tail
    return channel.own


def _same(one: OnAir, two: OnAir) -> bool:
    """Whether both show the same; turns are compared by identity, as they never change."""
    return one.parent is two.parent and (
        one.committed == two.committed
        and one.withdrawn == two.withdrawn
        and one.revisions[0] is two.revisions[0]
        and one.revisions[-1] is two.revisions[-1]
        and len(one.log.turns) == len(two.log.turns)
        and all(map(is_, one.log.turns, two.log.turns))
    )


def _is_derived(channel: _Channel) -> bool:
    return bool(channel.parent)


def _blank(turn: Turn) -> bool:
    """Whether nothing but slate airs, and for longer than it takes to reach the next start."""
    return turn.end - turn.start >= SLATE_TURN and all(airing.role is Role.SLATE for airing in turn.airings)
