"""What people ask of a channel besides its rules: play this next, pass over what would come.

Law (the freeze): what is committed airs, and the turn that is on is committed whole. A wish is a revision of its
own, with the rules of the one before, so every origin and every committer serves it at the same turn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from playout.core.airing import Turn
from playout.core.asset import Kind
from playout.core.channel import Revision, Wish
from playout.core.schedule import ahead
from playout.core.shelves import shelves_of
from playout.core.ticks import span_of
from playout.documents import encode
from playout.keys import revision as key_of
from playout.publish import SOON, pending
from playout.refusals import Unanswered
from playout.station import Station

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from playout.core.airing import Airing
    from playout.core.catalog import Item

    Wished = Callable[[Turn, tuple[Wish, ...]], tuple[Wish, ...]]
    """All wishes from now on, by the turn that would come and those that wait."""

MOST: Final = 20
"""The most wishes of a channel that may wait at a time."""
_SHOWN: Final = 3


class Unfulfillable(Unanswered):
    """A wish cannot be granted: it says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What comes of a wish."""

    revision: Revision
    """The one that was published for it."""
    at: datetime
    """From when on air is another, in UTC."""
    before: tuple[Turn, ...]
    """What would have aired from there on: a few turns, and more the more wishes wait."""
    after: tuple[Turn, ...]
    """What airs instead."""


def play_next(station: Station, channel: str, asset: str, now: datetime, by: str = "") -> Granted:
    """Have an asset air as the first program that is not committed yet, after those that were wished for already.

    Raises `Unfulfillable`, `UnknownChannel`, `StoreDown` and `Corrupt`.
    """
    item = station.library.catalog.item(asset)
    newest = _own(station, channel)
    if item is None:
        message = f"{asset!r} is not in the library: look at its id again; what is withdrawn is not there either"
        raise Unfulfillable(message)
    if item.house != newest.channel.house:
        house = newest.channel.house
        message = f"{asset!r} is packaged in house {item.house!r}, and {channel} airs {house!r}: package it in that one"
        raise Unfulfillable(message)
    if item.about.kind is Kind.SLATE:
        message = f"{asset!r} is no program, but what stands in for one"
        raise Unfulfillable(message)

    def wishes(_: Turn, waiting: tuple[Wish, ...]) -> tuple[Wish, ...]:
        # before what is to be passed over: that is of the rules, which choose after it
        place = max((number for number, one in enumerate(waiting, 1) if not one.skip), default=0)
        return (*waiting[:place], Wish(asset, by=by), *waiting[place:])

    vain = f"{item.about.title} comes anyway, or may not be shown then: nothing would change"
    return _granted(station, newest, wishes, now, Said(f"play next: {item.about.title}", by, vain))


def skip(station: Station, channel: str, asset: str, now: datetime, by: str = "") -> Granted:
    """Have the first program that is not committed yet passed over: its turn counts as served.

    One that was wished for is wished for no longer. `asset` is the one that is expected then, so that two who skip
    the same program skip one. Raises as `play_next`, and where nothing else would air.
    """
    newest = _own(station, channel)

    def wishes(turn: Turn, waiting: tuple[Wish, ...]) -> tuple[Wish, ...]:
        coming = turn.program[0].asset if turn.program else ""
        if coming != asset or not coming:
            expected = _title(station.item(coming), coming) if coming else "no program"
            message = f"what comes first after what is committed is {expected}, and not {asset!r}: look again"
            raise Unfulfillable(message)
        served, rest = waiting[: turn.tail.served], waiting[turn.tail.served :]
        if served and served[-1].asset == coming and not served[-1].skip:
            return rest
        return (*served, Wish(asset, skip=True, by=by), *rest)

    title = _title(station.item(asset), asset)
    vain = f"{title} would air all the same: {channel} has nothing else for then"
    return _granted(station, newest, wishes, now, Said(f"skip: {title}", by, vain))


def foreseen(station: Station, channel: str, now: datetime) -> str:
    """The asset of the first program that a wish at `now` can still change; empty when none would air."""
    newest = _own(station, channel)
    tail = station.handover(channel, max(now + SOON, newest.effective))
    turn = next(station.foreseen(channel, tail))
    return turn.program[0].asset if turn.program else ""


def _own(station: Station, channel: str) -> Revision:
    """The newest revision of a channel that chooses its own programs."""
    newest = station.revisions(channel)[-1]
    if newest.parent is not None:
        message = f'{channel} repeats "{newest.parent.channel}": wish it there'
        raise Unfulfillable(message)
    if newest.retired:
        message = f"{channel} is retired"
        raise Unfulfillable(message)
    return newest


class Said(NamedTuple):
    """What is told of a wish."""

    note: str
    """In the list of revisions."""
    by: str
    """Who wishes."""
    vain: str
    """Why it is refused where it would change nothing."""


def _granted(station: Station, newest: Revision, wished: Wished, now: datetime, said: Said) -> Granted:
    channel = newest.channel.id
    while True:
        effective = max(now + SOON, newest.effective)
        waiting = pending(station, newest, effective)
        if len(waiting) >= MOST:
            message = f"{len(waiting)} wishes wait on {channel} already: try again when some are served"
            raise Unfulfillable(message)
        tail = station.handover(channel, effective)
        shown = _SHOWN + len(waiting)  # the turn of every wish that waits, and what comes after them
        before = tuple(islice(ahead((newest,), station.catalog, tail), shown))
        number = newest.number + 1
        plain = replace(
            newest, number=number, effective=effective, catalog=station.library.digest, author=said.by, note=said.note
        )
        would = tuple(islice(ahead((_chosen(station, plain, waiting),), station.catalog, tail), shown))
        after = _chosen(station, plain, wished(would[0], waiting))
        turns = tuple(islice(ahead((after,), station.catalog, tail), shown))
        if turns[-1].tail.served == len(after.wishes) and _aired(turns) == _aired(would):
            raise Unfulfillable(said.vain)
        if station.store.put_new(key_of(channel, number), encode(after)):
            return Granted(after, newest.channel.genesis + span_of(tail.start), before, turns)
        station = Station(station.store)  # somebody else published meanwhile
        newest = _own(station, channel)


def _aired(turns: Iterable[Turn]) -> list[Airing]:
    """What turns air, by whatever they were chosen."""
    return [replace(airing, reason="") for turn in turns for airing in turn.airings]


def _chosen(station: Station, revision: Revision, wishes: tuple[Wish, ...]) -> Revision:
    """The revision with these wishes, and the digest of all that it can choose."""
    choice = shelves_of(station.library.catalog).choice(revision.channel.house, revision.rules, wishes)
    return replace(revision, wishes=wishes, choice=choice)


def _title(item: Item | None, asset: str) -> str:
    return item.about.title if item else asset
