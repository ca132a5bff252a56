"""The as-run log: what aired on one day, to the millisecond, from the log of what was committed (L-1).

Laws. Reconciled: a row ends in the millisecond in which the next one starts, and the rows of a day add up to
its wall clock, less what was carried in from the day before, and with what is carried out (L-3). Once: every
row is of the one day in which it starts. Same: the text follows from the log, so every machine writes the
same bytes (L-4).

It says what was put on air, never what was watched (L-8).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from playout.core.airing import (
    ALL_REFUSED,
    BEGINNING,
    NOT_HERE,
    NOTHING_MATCHES,
    THOUGH,
    WISHED,
    Airing,
    Break,
    Role,
    Tail,
    Turn,
    breaks_of,
)
from playout.core.catalog import Item
from playout.core.channel import Channel
from playout.core.daypart import PUNCTUAL
from playout.core.never import spelled
from playout.core.ticks import TIMEBASE, Ticks, instant_at, ticks_since, utc_text
from playout.core.wall import DAY_SECONDS, EPOCH, Zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from playout.core.catalog import Catalog
    from playout.core.planned import Missed

    Catalogs = Callable[[Turn], Sequence[Catalog]]
    """Answers where the assets of a turn are looked up: first in the catalog that it was chosen from."""

EPOCH_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The instant from which ms are counted."""
_MICROSECOND: Final = timedelta(microseconds=1)


class Code(StrEnum):
    """How what aired stands to what was planned (L-2)."""

    SCHEDULED = "scheduled"
    """As it was chosen."""
    LEAST_BAD = "least-bad"
    """Everything was refused, and this was the least bad of all: its reason says which rule gave way."""
    WISHED = "wished"
    """Somebody asked for it: its reason says who."""
    FILLED = "filled"
    """Filler or slate, in time that was left between programs."""
    NO_PROGRAM = "no-program"
    """Filler or slate, because there was nothing that could air."""
    TRUNCATED = "truncated"
    """Cut by the start of a daypart."""
    WITHDRAWN = "withdrawn"
    """Pulled off air while it was on: this is the part before."""
    SUBSTITUTED = "substituted"
    """Slate, in the place of what was pulled off air."""
    ON_AIR = "on-air"
    """Still on when the report was made: so far."""


class Pulled(NamedTuple):
    """An order that pulls an asset off a channel's air."""

    at: datetime
    """In UTC."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """One day by the clocks of a zone: 23, 24 or 25 hours."""

    date: date
    zone: Zone
    name: str
    """What the zone is called."""

    @property
    def start(self) -> datetime:
        """Its first instant, in UTC."""
        return _midnight(self.zone, self.date.toordinal())

    @property
    def stop(self) -> datetime:
        """The first instant of the next day, in UTC."""
        return _midnight(self.zone, self.date.toordinal() + 1)


def _midnight(zone: Zone, ordinal: int) -> datetime:
    """When a day begins; where clocks go from 24:00 to 01:00, then."""
    wall = (ordinal - EPOCH) * DAY_SECONDS
    found = zone.instants(wall)
    change = None if found else zone.change_over(wall)
    return EPOCH_START + timedelta(seconds=found[0] if found else change.at if change else wall)


def day_at(instant: datetime, zone: Zone, name: str) -> Day:
    """The day in which an instant lies."""
    wall = zone.wall((instant - EPOCH_START) // timedelta(seconds=1))
    return Day(date.fromordinal(wall // DAY_SECONDS + EPOCH), zone, name)


@dataclass(frozen=True, slots=True)
class Row:
    """One line: an airing, or the part of one before or after it was pulled. Times are ms since 1970."""

    name: str
    """The channel's id and the airing's index; with `.1` behind it for the part after it was pulled."""
    turn: Turn
    airing: Airing
    event: Role
    asset: str
    item: Item | None
    """None when no catalog at hand has the asset."""
    start: int
    end: int
    scheduled: int
    """When it was to start: for the first airing of a daypart, when that was due; else its place in the log."""
    planned: int
    """How long it was to be. Of a program that was cut: all of it that had not aired."""
    first: int
    """Its first segment, as the asset counts them."""
    stop: int
    """The segment after its last."""
    msn: int
    """The media sequence number of its first segment."""
    code: Code
    reason: str
    part: int = 0
    """Which part of a program, from 1; 0 for all else."""
    parts: int = 0
    pod: Break | None = None
    """The break that it is in."""
    instead: str = ""
    """The asset in whose place it aired."""
    pulled: Item | None = None
    """The item of that."""

    @property
    def length(self) -> int:
        """How long it aired, in ms."""
        return self.end - self.start

    @property
    def end_msn(self) -> int:
        """The media sequence number after its last segment's."""
        return self.msn + self.stop - self.first

    @property
    def title(self) -> str:
        """What people call it."""
        return self.item.about.title if self.item else self.asset


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing that was not as planned."""

    code: str
    """A `Code`, or `late`, `missed` or `unlogged`."""
    row: str
    """The name of the row, or of the first of some that follow each other."""
    start: int
    """Ms since 1970."""
    length: int
    """In ms: how late, how much was lost, or how long it lasted."""
    words: str


@dataclass(frozen=True, slots=True)
class AsRun:
    """The as-run log of one day."""

    channel: Channel
    day: Day
    rows: tuple[Row, ...]
    """Those that start in the day, in order."""
    carried: Row | None
    """The row of the day before that runs into this one."""
    since: int
    """From when on the rows cover the day, in ms since 1970: its start, or the log's."""
    until: int
    """And up to when: its stop, or now, or the end of the log."""
    discrepancies: tuple[Discrepancy, ...]

    @property
    def complete(self) -> bool:
        """Whether the day is over, and what started in it as well: this never changes again."""
        on = bool(self.rows) and self.rows[-1].code is Code.ON_AIR
        return self.until == ms_of(self.day.stop) and not on

    @property
    def carried_in(self) -> int:
        """How much of the day was taken by the row of the day before, in ms."""
        return min(self.carried.end, self.until) - self.since if self.carried else 0

    @property
    def carried_out(self) -> int:
        """How much of the last row lies in the next day, in ms."""
        return max(self.rows[-1].end - self.until, 0) if self.rows else 0

    @property
    def aired(self) -> int:
        """What all rows add up to, in ms."""
        return sum(row.length for row in self.rows)


def as_run(
    day: Day,
    channel: Channel,
    turns: Iterable[Turn],
    catalogs: Catalogs,
    pulled: Mapping[str, Pulled],
    now: datetime,
) -> AsRun:
    """The as-run log of a day, as far as it has come at `now`.

    `turns` are those of the log that reach into the day, in order, and the one before them. `pulled` has the
    first order for each asset.
    """
    told = list(turns)
    teller = _Teller(channel, catalogs, pulled)
    rows = list(_until(teller.rows(told), now, channel.genesis))
    start, stop = ms_of(day.start), ms_of(day.stop)
    found = tuple(row for row in rows if start <= row.start < stop)
    carried = next((row for row in rows if row.start < start < row.end), None)
    first = carried or (found[0] if found else None)
    last = found[-1] if found else carried
    until = min(last.end, stop) if last else start
    unlogged = _unlogged(last, until, min(stop, ms_of(now)))
    return AsRun(
        channel,
        day,
        found,
        carried,
        max(first.start, start) if first else start,
        until,
        (*_discrepancies(found, told), *unlogged),
    )


def _unlogged(last: Row | None, since: int, until: int) -> tuple[Discrepancy, ...]:
    """That the log ends before the time of which it is asked."""
    if since >= until:
        return ()
    end = utc_text(EPOCH_START + timedelta(milliseconds=since))
    words = f"the log has nothing from {end} on: the channel had ended, or no committer ran, or the log was removed"
    return (Discrepancy("unlogged", last.name if last else "", since, until - since, words),)


def unbegun(report: AsRun, found: Iterable[Missed]) -> AsRun:
    """The report, with the dayparts that were due in it and never began among the discrepancies."""
    genesis = report.channel.genesis
    new = []
    for one in found:
        due = ms_of(instant_at(genesis, one.due))
        if report.since <= due < report.until:
            row = next((row.name for row in report.rows if row.turn is one.turn), "")
            words = f"{one.daypart.name} was due at {utc_text(instant_at(genesis, one.due))} and never began"
            new.append(Discrepancy("missed", row, due, 0, words))
    return replace(report, discrepancies=tuple(sorted((*report.discrepancies, *new), key=_start_of)))


def _start_of(one: Discrepancy) -> int:
    return one.start


def ms_of(instant: datetime) -> int:
    """Ms since 1970, rounded down as the dates in playlists are."""
    return (instant - EPOCH_START) // _MICROSECOND // 1000


class _Teller:
    """What turns into rows, with what it takes to know."""

    def __init__(self, channel: Channel, catalogs: Catalogs, pulled: Mapping[str, Pulled]) -> None:
        self._channel: Final = channel
        self._catalogs: Final = catalogs
        self._pulled: Final = pulled

    def rows(self, turns: Sequence[Turn]) -> Iterator[Row]:
        """The rows of some turns that follow each other."""
        before = None
        for turn in turns:
            known = before.tail if before else BEGINNING if turn.start == 0 else None
            yield from self._turn(turn, _due(turn, known))
            before = turn

    def _turn(self, turn: Turn, due: Ticks) -> Iterator[Row]:
        catalogs = self._catalogs(turn)
        breaks = breaks_of(turn)
        parts = [airing.index for airing in turn.airings if airing.role is Role.PROGRAM]
        for airing in turn.airings:
            item = next((found for one in catalogs if (found := one.item(airing.asset))), None)
            row = Row(
                f"{self._channel.id}-{airing.index}",
                turn,
                airing,
                airing.role,
                airing.asset,
                item,
                self._at(airing.start),
                self._at(airing.end),
                self._at(due if airing is turn.airings[0] else airing.start),
                self._at(airing.end) - self._at(airing.start),
                airing.first,
                airing.stop,
                airing.first_msn,
                _code(airing),
                airing.reason,
                parts.index(airing.index) + 1 if airing.role is Role.PROGRAM else 0,
                len(parts) if airing.role is Role.PROGRAM else 0,
                breaks.get(airing.index),
            )
            if item is not None and _cut(airing, item, last=airing.index == parts[-1] if parts else False):
                whole = Ticks(airing.start + item.length - item.cuts.tick(airing.first))
                row = replace(row, code=Code.TRUNCATED, planned=self._at(whole) - row.start)
            yield from self._pull(row, catalogs)

    def _pull(self, row: Row, catalogs: Sequence[Catalog]) -> Iterator[Row]:
        """The row; in parts where its asset was pulled: the segment that was on air then was the first of slate.

        A segment is listed when it has wholly aired (H-25), so the one on air had not been seen yet.
        """
        order = self._pulled.get(row.asset)
        genesis, airing = self._channel.genesis, row.airing
        at = ticks_since(genesis, order.at) if order else airing.end
        if order is None or at >= airing.end or airing.role is Role.SLATE:
            yield row
            return
        segment = row.first
        if at > airing.start and row.item is not None:
            segment = row.item.cuts.segment(Ticks(row.item.cuts.tick(row.first) + at - airing.start))
        cut = row.start
        if segment > row.first and row.item is not None:
            cut = self._at(Ticks(airing.start + row.item.cuts.tick(segment) - row.item.cuts.tick(row.first)))
            yield replace(row, end=cut, stop=segment, code=Code.WITHDRAWN, reason=_pulled_words(order))
        kit = next((found for one in catalogs if (found := one.kit(self._channel.house))), None)
        yield replace(
            row,
            name=f"{row.name}.1" if cut > row.start else row.name,
            event=Role.SLATE,
            asset=kit.slate.id if kit else "",
            item=kit.slate if kit else None,
            start=cut,
            scheduled=cut if cut > row.start else row.scheduled,
            planned=row.end - cut,
            first=segment,
            msn=row.msn + segment - row.first,
            code=Code.SUBSTITUTED,
            reason=_pulled_words(order),
            part=0,
            parts=0,
            instead=row.asset,
            pulled=row.item,
        )

    def _at(self, tick: Ticks) -> int:
        return ms_of(instant_at(self._channel.genesis, tick))


def _pulled_words(order: Pulled) -> str:
    """Why an asset left the air."""
    return f"pulled off air at {utc_text(order.at)}" + (f": {order.reason}" if order.reason else "")


def _due(turn: Turn, before: Tail | None) -> Ticks:
    """When a turn was to start: a daypart that became due since the last one was chosen was due then."""
    tail = turn.tail
    begins = before is not None and bool(tail.daypart) and before.asked < tail.due <= tail.asked
    return tail.due if begins else turn.start


def _code(airing: Airing) -> Code:
    """The code of an airing that played as it was chosen."""
    if airing.role in (Role.FILLER, Role.SLATE):
        wanting = airing.reason.startswith((NOTHING_MATCHES, ALL_REFUSED)) or NOT_HERE in airing.reason
        return Code.NO_PROGRAM if wanting else Code.FILLED
    if airing.role is not Role.PROGRAM:
        return Code.SCHEDULED
    if WISHED in airing.reason:
        return Code.WISHED
    return Code.LEAST_BAD if THOUGH in airing.reason else Code.SCHEDULED


def _cut(airing: Airing, item: Item, *, last: bool) -> bool:
    """Whether an airing ended before its asset did, and not for a break. Slate is made of pieces."""
    if airing.role is Role.SLATE or (airing.role is Role.PROGRAM and not last):
        return False
    return airing.stop < item.cuts.segments


def _until(rows: Iterable[Row], now: datetime, genesis: datetime) -> Iterator[Row]:
    """What has aired at `now`; of what is on, the part up to then."""
    at = ms_of(now)
    for row in rows:
        if row.start >= at:
            return
        if row.end <= at:
            yield row
            continue
        stop, item = row.stop, row.pulled or row.item
        if item is not None and row.airing.role is not Role.SLATE:
            gone = Ticks(ticks_since(genesis, now) - row.airing.start + item.cuts.tick(row.airing.first))
            stop = min(max(item.cuts.segment(gone) + 1, row.first + 1), row.stop)
        yield replace(row, end=at, stop=stop, code=Code.ON_AIR)


# What was not as planned


def _discrepancies(rows: Sequence[Row], turns: Sequence[Turn]) -> Iterator[Discrepancy]:
    after = {one.index: two.tail.daypart or "the channel's own block" for one, two in pairwise(turns)}
    idle: list[Row] = []
    for row in rows:
        if idle and row.code is not Code.NO_PROGRAM:
            yield _idle(idle)
            idle = []
        if row.start - row.scheduled > PUNCTUAL * 1000 // TIMEBASE:
            yield _late(row)
        if row.code is Code.NO_PROGRAM:
            idle.append(row)
        elif row.code in _WORDS:
            words = _WORDS[row.code].format(
                title=row.title,
                lost=_spelled(row.planned - row.length),
                aired=_spelled(row.length),
                by=after.get(row.turn.index, "what comes next"),
                instead=row.pulled.about.title if row.pulled else row.instead,
                reason=row.reason.partition(THOUGH)[2] or row.reason,
            )
            lost = row.length if row.code is Code.LEAST_BAD else row.planned - row.length or row.length
            yield Discrepancy(row.code.value, row.name, row.start, lost, words)
    if idle:
        yield _idle(idle)


_WORDS: Final = {
    Code.LEAST_BAD: "{title} aired for want of anything better, though {reason}",
    Code.TRUNCATED: "{title} was cut {lost} before its end by {by}",
    Code.WITHDRAWN: "{title} aired for {aired} only: {reason}",
    Code.SUBSTITUTED: "slate aired for {aired} in the place of {instead}: {reason}",
}


def _late(row: Row) -> Discrepancy:
    late = row.start - row.scheduled
    words = f"{row.turn.tail.daypart} began {_spelled(late)} late"
    return Discrepancy("late", row.name, row.start, late, words)


def _idle(rows: Sequence[Row]) -> Discrepancy:
    length = rows[-1].end - rows[0].start
    words = f"no program for {_spelled(length)}: {rows[0].reason}"
    return Discrepancy(Code.NO_PROGRAM.value, rows[0].name, rows[0].start, length, words)


def _spelled(ms: int) -> str:
    """A span for people; one of less than a second to the millisecond."""
    return spelled(ms * TIMEBASE // 1000) if ms >= 1000 else f"{ms} ms"  # noqa: PLR2004 — a second
