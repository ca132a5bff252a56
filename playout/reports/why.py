"""Why something is on: the turn at an instant, found in the log or beyond it, and drafted again."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from playout.core import why_text
from playout.core.airing import Turn
from playout.core.channel import Revision, in_force
from playout.core.ticks import instant_at, ticks_since, utc_text
from playout.core.why import NotThisTurn, explanation
from playout.core.why_text import name_of, stamp
from playout.documents import Corrupt
from playout.refusals import Unanswered
from playout.reports.asrun import withdrawn
from playout.station import Station

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playout.core.airing import Airing, Tail
    from playout.core.wall import Zone
    from playout.core.why import Explanation

FURTHEST: Final = timedelta(days=400)
"""How far ahead of the log the schedule is run for an answer."""
_BIRTH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 — wall times are counted as if clocks were at UTC
_SECOND: Final = timedelta(seconds=1)
_MOMENT: Final = timedelta(milliseconds=1)
_CLOCK: Final = re.compile(r"(?:(yesterday|today|tomorrow)[ T]+)?(\d{1,2}:\d{2}(?::\d{2})?)")
_DAYS: Final = {"yesterday": -1, "tomorrow": 1}


class Unexplained(Unanswered):
    """There is nothing to explain then: it says why, and what to ask instead."""


class NoInstant(Unexplained):
    """What was asked about is no instant, or two: it says how to write one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Why something is on."""

    text: str
    document: dict[str, object]


def asked(station: Station, channel: str, when: str, now: datetime) -> Answer:
    """Why that is on which `channel` airs at an instant.

    `when` is `now`, a time of day, or an instant; without an offset it is local to the channel. Raises
    `Unexplained`, `UnknownChannel`, `Corrupt` and `StoreDown`.
    """
    newest = station.revisions(channel)[-1]
    return _asked(station, channel, instant(when, newest, now))


def instant(text: str, revision: Revision, now: datetime) -> datetime:
    """The instant that people mean, in UTC; raises `NoInstant`, also where clocks leave it out or repeat it."""
    if text == "now":
        return now
    zone = revision.clocks
    match = _CLOCK.fullmatch(text)
    try:
        if match:
            today = _BIRTH + timedelta(seconds=zone.wall((now - _BIRTH.replace(tzinfo=UTC)) // _SECOND))
            day = today.date() + timedelta(days=_DAYS.get(match[1], 0))
            found = datetime.fromisoformat(f"{day} {match[2]:0>5}")
        else:
            found = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is not an instant: write `now`, 20:15, `yesterday 20:15`, or one like 2026-03-01T20:15"
        raise NoInstant(message) from None
    if found.year in (MINYEAR, MAXYEAR):  # in UTC it may have no date
        message = f"nothing is on air in the year {found.year}"
        raise Unexplained(message)
    return found.astimezone(UTC) if found.tzinfo else _by_the_clock(found, zone, revision.channel.zone)


def _by_the_clock(wall: datetime, zone: Zone, name: str) -> datetime:
    """The one instant at which clocks show `wall`."""
    seconds, rest = divmod(wall - _BIRTH, _SECOND)
    found = zone.instants(seconds)
    written = f"{wall:%Y-%m-%dT%H:%M:%S}"
    if not found:
        message = f"the clocks of {name} leave {written} out; write another time, or an instant in UTC with Z behind it"
        raise NoInstant(message)
    if len(found) > 1:
        both = " or ".join(f"{_utc(one):%Y-%m-%dT%H:%M:%SZ}" for one in found)
        message = f"the clocks of {name} show {written} twice: write {both}"
        raise NoInstant(message)
    return _utc(found[0]) + rest


def _utc(second: int) -> datetime:
    return (_BIRTH + timedelta(seconds=second)).replace(tzinfo=UTC)


def _asked(station: Station, channel: str, at: datetime) -> Answer:
    revisions = station.revisions(channel)
    genesis = revisions[0].channel.genesis
    if at < genesis:
        message = f"{channel} began at {stamp(revisions[-1], genesis)}, and nothing was on before"
        raise Unexplained(message)
    revision = in_force(revisions, at)
    if revision.parent and not revision.parent.regional:
        return _mirrored(station, revision, at)
    end = station.end(channel)  # before the log is searched: it may grow meanwhile
    logged = next(station.logged(channel, at, at + _MOMENT), None)
    if logged is None:
        return _foreseen(station, revisions, at, end)
    before = station.before(channel, instant_at(genesis, logged.start))
    tail = before if before.start == logged.start or logged.index == 0 else None
    return _Found(station, revisions, at, logged, in_log=True).answer(tail)


def _mirrored(station: Station, revision: Revision, at: datetime) -> Answer:
    """What a mirror airs, its parent chose: so that is explained."""
    parent = revision.parent
    if parent is None:
        message = f"{revision.channel.id} is no mirror"
        raise Unexplained(message)
    source = at - parent.offset
    if source < station.revisions(parent.channel)[0].channel.genesis:
        message = f"{revision.channel.id} is a mirror of {parent.channel}, which was not on air yet then"
        raise Unexplained(message)
    found = _asked(station, parent.channel, source)
    there = stamp(station.revisions(parent.channel)[-1], source)
    note = f"{revision.channel.id} is a mirror of {parent.channel}: it airs what that has at {there}."
    mirror = {"channel": revision.channel.id, "instant": utc_text(at), "of": parent.channel}
    return Answer(f"{note}\n{found.text}", {**found.document, "mirror": mirror})


def _foreseen(station: Station, revisions: tuple[Revision, ...], at: datetime, end: Tail) -> Answer:
    """Beyond the log: what the schedule has there, run ahead from the log's end."""
    channel = revisions[-1].channel
    tick = ticks_since(channel.genesis, at)
    if tick < end.start:
        message = (
            f"the log of {channel.id} does not reach back to {stamp(revisions[-1], at)}; it was kept from later on"
        )
        raise Unexplained(message)
    if at - instant_at(channel.genesis, end.start) > FURTHEST:
        message = f"{stamp(revisions[-1], at)} is more than {FURTHEST.days} days ahead of the log of {channel.id}"
        raise Unexplained(message)
    tail = end
    for turn in station.foreseen(channel.id, end):
        if turn.end > tick:
            return _Found(station, revisions, at, turn, in_log=False).answer(tail)
        tail = turn.tail
    message = "the schedule has an end"  # it has none
    raise Unexplained(message)


@dataclass(frozen=True, slots=True)
class _Found:
    """The turn that is on at an instant."""

    station: Station
    revisions: tuple[Revision, ...]
    at: datetime
    turn: Turn
    in_log: bool

    @property
    def newest(self) -> Revision:
        """The channel as it is now."""
        return self.revisions[-1]

    def answer(self, tail: Tail | None) -> Answer:
        """The answer, with what else should be known of it."""
        try:
            found = self._explained(tail)
        except _Lost as lost:
            text, document = self._remembered(str(lost))
        else:
            after = self._after()
            known = self.station.item
            text, document = why_text.words(found, after, known), why_text.document(found, after, known)
        notes = [*self._notes()]
        lines = "".join(f"  {'note':<12}{note}\n" for note in notes)
        return Answer(text + lines, {**document, "notes": notes, "in_log": self.in_log})

    def _explained(self, tail: Tail | None) -> Explanation:
        """The turn, drafted again; raises `_Lost` when it is not the same one."""
        revision = next((one for one in self.revisions if one.number == self.turn.revision), None)
        if revision is not None and revision.parent is not None:
            raise _Lost(self._copied(revision.parent.channel))
        if revision is None:
            message = f"revision {self.turn.revision} is not in the store any more"
            raise _Lost(message)
        if tail is None:
            message = "the turn before it is not in the log any more"
            raise _Lost(message)
        try:
            catalog = self.station.catalog(replace(revision, catalog=self.turn.catalog))
            found = explanation(revision, catalog, tail, ticks_since(revision.channel.genesis, self.at))
        except Corrupt as gone:
            message = f"the catalog it was chosen from has gone ({gone})"
            raise _Lost(message) from gone
        except NotThisTurn as other:
            raise _Lost(_OTHERWISE) from other
        if found.turn != self.turn:
            raise _Lost(_OTHERWISE)
        return found

    def _copied(self, parent: str) -> str:
        return (
            f"it is a copy of {parent} with ads of its own: `fastline why {parent} {utc_text(self.at)}` says why "
            "that program is on"
        )

    def _after(self) -> Turn:
        """The turn that follows."""
        channel = self.newest.channel
        end = instant_at(channel.genesis, self.turn.end) + _MOMENT
        logged = next(self.station.logged(channel.id, end, end + _MOMENT), None)
        return logged or next(self.station.foreseen(channel.id, self.turn.tail))

    def _airing(self) -> Airing:
        tick = ticks_since(self.newest.channel.genesis, self.at)
        return next(one for one in self.turn.airings if one.start <= tick < one.end)

    def _remembered(self, lost: str) -> tuple[str, dict[str, object]]:
        """What the log itself says, when the turn cannot be drafted again."""
        airing, channel = self._airing(), self.newest.channel
        title = name_of(self.station.library.catalog.item(airing.asset), airing.asset)
        answer = f"At {stamp(self.newest, self.at)} {channel.id} has {title} on ({airing.role}): {airing.reason}."
        chain = [
            ("reason", f"as it was written down: {airing.reason}"),
            ("revision", f"{self.turn.revision}; catalog {self.turn.catalog}"),
            ("unknown", f"what was passed over cannot be worked out again: {lost}"),
        ]
        document: dict[str, object] = {
            "answer": answer,
            "channel": channel.id,
            "instant": utc_text(self.at),
            "zone": channel.zone,
            "airing": {
                "index": airing.index,
                "role": airing.role.value,
                "asset": airing.asset,
                "title": title,
                "start": utc_text(instant_at(channel.genesis, airing.start)),
                "end": utc_text(instant_at(channel.genesis, airing.end)),
                "reason": airing.reason,
            },
            "revision": {"number": self.turn.revision},
            "catalog": self.turn.catalog,
            "unknown": lost,
        }
        return why_text.told(answer, iter(chain)), document

    def _notes(self) -> Iterator[str]:
        order = withdrawn(self.station, self.newest.channel.id).get(self._airing().asset)
        if order and order.at <= self.at:
            why = f": {order.reason}" if order.reason else ""
            yield f"slate plays in its place: it was pulled off air at {stamp(self.newest, order.at)}{why}"
        if not self.in_log:
            yield "this lies beyond the log: an edit, or a change of the library, may still change it"


_OTHERWISE: Final = "this version of Fastline chooses otherwise than the one that wrote the log"


class _Lost(Exception):
    """Why a turn cannot be drafted again as it was."""
