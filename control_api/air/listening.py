"""Hearing the air: the logs in the store, read on as they grow. All of it blocks, and runs in a thread.

Law: a turn in a log never changes, so each is read once, and the store is asked again only when what is known of a
channel ends soon. Revisions and orders are looked for in turn, of few channels at a time where a look costs something,
and at once where the log shows that there is another one.
"""

from __future__ import annotations

import logging
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from control_api.air.places import Shelf
from control_api.air.telling import BEHIND, FORGOTTEN, Heard
from playout import keys
from playout.catalogs import present
from playout.core.airing import Role, Turn
from playout.core.channel import Revision, Withdrawal, in_force
from playout.core.ticks import Ticks, instant_at, ticks_since
from playout.documents import Corrupt, decode
from playout.former import revision_of
from playout.library import Edition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from control_api.air.places import Place
    from playout.store import Store

_log: Final = logging.getLogger("fastline.api")
_NUMBERED: Final = re.compile(r"(\d{8})\.json")
_TURN: Final = re.compile(r"\d{12}\.json")
_SLOW: Final = 4  # revisions and withdrawals are looked for in one of this many looks, times the store's pace
_ROUND: Final = 60  # looks in which all channels have had their turn, in a store in which a look costs something
_NEVER: Final = -1_000_000
_SOON: Final = BEHIND + timedelta(seconds=10)
_DAY: Final = timedelta(days=1)
_READ: Final = 500  # turns of one channel that are read in one look
_TITLES: Final = 2000


@dataclass(slots=True)
class _Channel:
    """What is known of one channel."""

    revisions: list[Revision] = field(default_factory=list)
    orders: list[tuple[int, Withdrawal]] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    last: tuple[str, str] = ("", "")
    """The day and the name of the last turn that was read."""
    renewed: int = _NEVER
    """In which look revisions and withdrawals were last looked for."""


@dataclass(frozen=True, slots=True)
class _Item:
    """What is wanted of an item of a catalog."""

    id: str
    about: _Title


@dataclass(frozen=True, slots=True)
class _Title:
    title: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class _Catalog:
    """What is wanted of a catalog, kept whole or as what is other than in a whole one."""

    items: tuple[_Item, ...] = ()
    base: str = ""
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asset:
    """What is wanted of an asset's document."""

    about: _Title


@dataclass(frozen=True, slots=True)
class Fresh:
    """An asset that has appeared in the library."""

    id: str
    title: str
    kind: str


class Ear:
    """All channels of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._channels: dict[str, _Channel] = {}
        self._titles: dict[str, str] = {}
        self._looks = 0

    def hear(self, places: Mapping[str, Place], now: datetime) -> list[Heard]:
        """Every channel that is not retired, from its place on; raises `StoreDown`.

        What cannot be read is left out, and is in the journal.
        """
        if self._looks % self._slow == 0:
            self._channels = {name: self._channels.get(name) or _Channel() for name in self._store.names("channels")}
        for name in self._due():
            self._renew(name, self._channels[name])
        found = []
        for name, channel in self._channels.items():
            heard = self._heard(name, channel, places, now)
            if heard is not None:
                found.append(heard)
        self._looks += 1
        return found

    @property
    def _slow(self) -> int:
        return _SLOW * self._store.pace

    def _due(self) -> list[str]:
        """The channels whose revisions and withdrawals are looked for now: new ones, and a share of the others."""
        fresh = [name for name, channel in self._channels.items() if not channel.revisions]
        known = sorted((channel.renewed, name) for name, channel in self._channels.items() if channel.revisions)
        due = [name for renewed, name in known if self._looks - renewed >= self._slow]
        looks = self._slow if self._store.pace == 1 else max(self._slow, _ROUND)
        return [*fresh, *due[: -(-len(known) // looks)]]

    def fresh(self, shelf: Shelf | None, most: int) -> tuple[list[Fresh], Shelf]:
        """The assets that have appeared in the library since, at most so many, and the place after them.

        Where nothing was ever told, nothing is: all that is there would be news.
        """
        names = self._store.names(keys.library())
        newest = max((int(found[1]) for name in names if (found := _NUMBERED.fullmatch(name))), default=0)
        if shelf is None:
            return [], Shelf(newest)
        if newest == shelf.edition:
            return [], shelf
        going = shelf.going or newest
        before = self._items(shelf.edition).keys()
        fresh = [item for name, item in sorted(self._items(going).items()) if name not in before]
        told = [Fresh(item.id, item.about.title, item.about.kind) for item in fresh[shelf.done : shelf.done + most]]
        if shelf.done + most >= len(fresh):
            return told, Shelf(going)
        return told, Shelf(shelf.edition, going, shelf.done + most)

    def _items(self, edition: int) -> dict[str, _Item]:
        """The items of an edition of the library, by id; none of edition 0."""
        if not edition:
            return {}
        where = keys.edition(edition)
        try:
            found = self._catalog(decode(present(self._store, where), Edition, where).catalog)
            items = {item.id: item for item in self._catalog(found.base).items} if found.base else {}
        except (Corrupt, keys.BadKey) as bad:
            _say(bad)
            return {}
        for asset in found.gone:
            items.pop(asset, None)
        return items | {item.id: item for item in found.items}

    def _catalog(self, digest: str) -> _Catalog:
        key = keys.catalog(digest)
        return decode(present(self._store, key), _Catalog, key)

    def _renew(self, name: str, channel: _Channel) -> None:
        """Read revisions and withdrawals that are new."""
        channel.renewed = self._looks
        try:
            for number in self._numbers(keys.revisions(name)):
                if not channel.revisions or number > channel.revisions[-1].number:
                    key = keys.revision(name, number)
                    channel.revisions.append(revision_of(present(self._store, key), key))
            for number in self._numbers(keys.withdrawals(name)):
                if not channel.orders or number > channel.orders[-1][0]:
                    key = keys.withdrawal(name, number)
                    channel.orders.append((number, decode(present(self._store, key), Withdrawal, key)))
        except (Corrupt, keys.BadKey) as bad:
            _say(bad)

    def _numbers(self, folder: str) -> list[int]:
        return [int(found[1]) for name in self._store.names(folder) if (found := _NUMBERED.fullmatch(name))]

    def _heard(self, name: str, channel: _Channel, places: Mapping[str, Place], now: datetime) -> Heard | None:
        """The channel with its log; None when there is nothing to hear."""
        if not channel.revisions or in_force(channel.revisions, now).retired:
            return None
        newest, first = channel.revisions[-1], channel.revisions[0]
        later = newest.parent.offset if newest.parent and newest.mirrors else timedelta(0)
        original = self._channels.get(newest.mirrors) if newest.mirrors else channel
        if original is None or not original.revisions or in_force(original.revisions, now - later).retired:
            return None
        genesis = original.revisions[0].channel.genesis
        place = places.get(name)
        log = newest.mirrors or name
        self._read_on(log, channel, genesis, (place.tick if place else -1), now - later)
        if self._is_outdated(channel, original, now - later):
            self._renew(log, original)
            if in_force(original.revisions, now - later).retired:
                return None
        return Heard(
            channel=name,
            genesis=genesis + later,
            begun=max(first.channel.genesis, first.effective) if newest.mirrors else first.channel.genesis,
            turns=tuple(channel.turns),
            revisions={revision.number: revision for revision in original.revisions},
            orders=tuple(channel.orders),
            inherited=tuple(order for _, order in original.orders) if newest.mirrors else (),
            titles=self._named(channel.turns, ticks_since(genesis, now - later)),
        )

    def _is_outdated(self, channel: _Channel, original: _Channel, now: datetime) -> bool:
        """Whether the log says more than is known: it names another revision, or has an end that one would explain."""
        if self._looks - original.renewed < self._slow:
            return False
        last = channel.turns[-1] if channel.turns else None
        if last is None or last.revision > original.revisions[-1].number:
            return True
        return instant_at(original.revisions[0].channel.genesis, last.end) < now + _SOON

    # The log

    def _read_on(self, log: str, channel: _Channel, genesis: datetime, told: int, now: datetime) -> None:
        """Let `turns` be the log from what was told last, or is on air, to its end."""
        keep = max(told, ticks_since(genesis, now - FORGOTTEN))
        while len(channel.turns) > 1 and channel.turns[0].end <= keep:
            channel.turns.pop(0)
        if channel.turns and instant_at(genesis, channel.turns[-1].end) >= now + _SOON:
            return
        since = now if told < 0 else instant_at(genesis, Ticks(keep))
        for one in self._behind(log, channel, genesis, since, now)[:_READ]:
            turn = self._turn(log, one)
            channel.last = one
            if turn is not None:
                channel.turns.append(turn)

    def _behind(
        self, log: str, channel: _Channel, genesis: datetime, since: datetime, now: datetime
    ) -> list[tuple[str, str]]:
        """The turns of the log that come next: their days and names.

        The next one begins where the last one ends, and lies under that day: one list, as a rule.
        """
        if channel.turns and channel.last[0]:
            end = instant_at(genesis, channel.turns[-1].end)
            names = [one for one in self._listed(log, [end.date().isoformat()]) if one > channel.last]
            if names or end > now:
                return names
        names = self._listed(log, self._days(log, channel, since, now))
        if channel.last[0]:
            return [one for one in names if one > channel.last]
        return self._from(log, names, ticks_since(genesis, since))

    def _listed(self, log: str, days: Sequence[str]) -> list[tuple[str, str]]:
        return [
            (day, name) for day in days for name in self._store.names(keys.log_day(log, day)) if _TURN.fullmatch(name)
        ]

    def _days(self, log: str, channel: _Channel, since: datetime, now: datetime) -> list[str]:
        """The days of the log that may have something new."""
        first = channel.last[0] or (since - _DAY).date().isoformat()
        return [day for day in self._store.names(keys.log(log)) if first <= day <= (now + _DAY).date().isoformat()]

    def _from(self, log: str, names: list[tuple[str, str]], tick: Ticks) -> list[tuple[str, str]]:
        """The names from the turn on that is on air at `tick`. What cannot be read begins with the one before it."""

        def start(number: int) -> Ticks:
            found = None
            while found is None and number >= 0:
                found = self._turn(log, names[number])
                number -= 1
            return found.start if found is not None else Ticks(-1)

        return names[max(bisect_right(range(len(names)), tick, key=start) - 1, 0) :]

    def _turn(self, log: str, one: tuple[str, str]) -> Turn | None:
        key = keys.key("channels", log, "log", *one)
        try:
            return decode(present(self._store, key), Turn, key)
        except Corrupt as bad:
            _say(bad)
            return None

    def _named(self, turns: Sequence[Turn], tick: int) -> dict[str, str]:
        """The titles of the programs that have begun, each read once from its asset."""
        found = {}
        for turn in turns:
            if turn.program is not None and turn.start <= tick and turn.program[0].role is Role.PROGRAM:
                asset = turn.program[0].asset
                if asset not in self._titles:
                    if len(self._titles) >= _TITLES:
                        self._titles.clear()
                    self._titles[asset] = self._title(asset)
                found[asset] = self._titles[asset]
        return found

    def _title(self, asset: str) -> str:
        try:
            data: Any = self._store.read(keys.asset(asset))
            return "" if data is None else msgspec.json.decode(data, type=_Asset).about.title
        except (msgspec.MsgspecError, ValueError):
            return ""


def _say(bad: Exception) -> None:
    _log.warning("the air cannot be told in full: %s", bad, extra={"action": "unheard"})
