"""What an edited file would change on air, before it is published: `fastline plan`.

Law: nothing is written. What comes is the schedule run ahead from the end of the log with the revision that
publishing would make now, so what is published at this moment airs as planned.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Final

from playout.core.airing import BEGINNING, Tail, Turn
from playout.core.derived import regional_turns
from playout.core.difference import Sign, difference, edits, same_schedule, showings, stretches
from playout.core.listing import named
from playout.core.schedule import ahead
from playout.core.ticks import instant_at, ticks_since
from playout.core.wall import DAY_SECONDS
from playout.publish import Intent, Signed, descent, intended
from playout.station import Station

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from playout.config import Programming
    from playout.core.channel import Revision
    from playout.core.difference import Piece, Showing


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of one program, or of some that follow each other and stay as they are."""

    sign: Sign
    start: datetime
    """In UTC."""
    stop: datetime
    """In UTC: when its last part ends."""
    programs: int
    """How many programs it stands for; 0 for a stretch without one."""
    title: str
    asset: str
    """Empty where it stands for several, or for none."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would become of one channel."""

    channel: str
    name: str
    change: str
    """`new`, `edited`, `ends`, `same` or `refused`."""
    edits: tuple[str, ...] = ()
    """What its next revision says otherwise."""
    seen: datetime | None = None
    """From when on something of it is seen, in UTC; None when nothing is, in these days."""
    follows: str = ""
    """What a derived channel is."""
    lines: tuple[Line, ...] = ()
    """In the order of time."""
    zone: str = "UTC"
    clock: tuple[tuple[int, int], ...] = ()
    """How far its clocks are ahead of UTC, from which second on."""
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What publishing would change."""

    where: str
    """The file."""
    now: datetime
    until: datetime
    channels: tuple[Outlook, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether some channel would not be published."""
        return any(outlook.change == REFUSED for outlook in self.channels)

    @property
    def empty(self) -> bool:
        """Whether publishing would do nothing at all."""
        return all(outlook.change == SAME for outlook in self.channels)


NEW: Final = "new"
EDITED: Final = "edited"
ENDS: Final = "ends"
SAME: Final = "same"
REFUSED: Final = "refused"


def plan(station: Station, programming: Programming, now: datetime, days: int, by: Signed | None = None) -> Plan:
    """What publishing `programming` at `now` would change within so many days.

    Raises `StoreDown`, `Corrupt` for a document that cannot be read, and `NothingToAir`.
    """
    until = now + timedelta(days=days)
    intents = intended(station.store, programming, station.library, now, by or Signed())
    futures = _Futures(station, {intent.channel: intent for intent in intents}, now, until)
    found = (_outlook(station, intent, futures) for intent in intents)
    return Plan(programming.where, now, until, tuple(one for one in found if one is not None))


@dataclass(slots=True)
class _Futures:
    """The turns to come of channels, as they are and as they would be; each is computed once."""

    station: Station
    intents: dict[str, Intent]
    now: datetime
    until: datetime
    known: dict[tuple[str, bool], list[Turn]] = field(default_factory=dict)
    ends: dict[str, Tail] = field(default_factory=dict)
    """The tails of the logs, each read once: what is committed meanwhile is no difference that an edit makes."""

    def revisions(self, channel: str, *, edited: bool) -> tuple[Revision, ...]:
        """The revisions of a channel, or what they would be."""
        intent = self.intents.get(channel)
        published = self.station.revisions(channel) if intent is None or intent.last else ()
        new = intent.revision if intent and edited else None
        return (*published, new) if new else published

    def turns(self, channel: str, *, edited: bool) -> list[Turn]:
        """The turns after the log until one starts at the end of the time that is looked at."""
        key = channel, edited
        if key not in self.known:
            revisions = self.revisions(channel, edited=edited)
            stop = ticks_since(revisions[-1].channel.genesis, self.until)
            found: list[Turn] = []
            for turn in self._run(revisions, edited=edited):
                if turn.start >= stop:
                    break
                found.append(turn)
            self.known[key] = found
        return self.known[key]

    def _run(self, revisions: Sequence[Revision], *, edited: bool) -> Iterator[Turn]:
        newest = revisions[-1]
        channel, parent = newest.channel.id, newest.parent
        station = self.station
        tail = self._end(channel)
        if parent is None:
            return ahead(revisions, station.catalog, tail)
        since = instant_at(newest.channel.genesis, tail.start) if tail.index else parent.begun or self.now
        end = self._end(parent.channel)
        stored = station.logged(parent.channel, since, self.until) if self._logged(parent.channel) else ()
        logged = (turn for turn in stored if turn.start < end.start)
        tick = ticks_since(newest.channel.genesis, since)
        given = (turn for turn in chain(logged, self.turns(parent.channel, edited=edited)) if turn.end > tick)
        return regional_turns(revisions, station.catalog, station.stocked(given), station.item, tail)

    def _end(self, channel: str) -> Tail:
        """The tail of a channel's log."""
        if channel not in self.ends:
            self.ends[channel] = self.station.end(channel) if self._logged(channel) else BEGINNING
        return self.ends[channel]

    def _logged(self, channel: str) -> bool:
        intent = self.intents.get(channel)
        return intent is None or intent.last is not None


def _outlook(station: Station, intent: Intent, futures: _Futures) -> Outlook | None:
    """What would become of the channel of `intent`; None for one that has ended and stays so."""
    new, last = intent.revision, intent.last
    alarms = tuple(alarm.what for alarm in intent.alarms)
    shown = new or last
    if shown is None or (new is None and shown.retired):
        return Outlook(intent.channel, "", REFUSED, alarms=alarms) if intent.refused else None
    outlook = Outlook(
        intent.channel,
        shown.channel.name,
        REFUSED if intent.refused else SAME,
        follows=descent(shown.parent) if shown.parent else "",
        zone=shown.channel.zone,
        clock=tuple((change.at, change.offset) for change in shown.changes),
        alarms=alarms,
    )
    if new is None:
        return outlook
    said = tuple(str(edit) for edit in edits(last, new)) if last else ()
    change = ENDS if new.retired else NEW if last is None or last.retired else EDITED
    if change == EDITED and not said:  # only whose wish it is, which nobody sees
        return outlook
    seen, lines = _seen(station, new, last, futures)
    return replace(outlook, change=change, edits=said, seen=seen, lines=lines)


def _seen(
    station: Station, new: Revision, last: Revision | None, futures: _Futures
) -> tuple[datetime | None, tuple[Line, ...]]:
    """From when on a revision is seen, and what it changes."""
    channel, genesis = new.channel.id, new.channel.genesis
    if new.retired:
        return new.effective + new.horizon, ()
    if new.mirrors:
        return (max(new.effective, genesis) if last is None else None), ()
    if last is not None and not last.retired and same_schedule(last, new):
        return new.effective, ()
    after = futures.turns(channel, edited=True)
    before = [] if last is None or last.retired else futures.turns(channel, edited=False)
    stop = ticks_since(genesis, futures.until)
    pieces = difference(showings(before, stop), showings(after, stop))
    changed = [piece.showing.start for piece in pieces if piece.sign is not Sign.STAYS]
    seen = instant_at(genesis, min(changed)) if changed else None
    return seen, tuple(_lines(station, pieces, new)) if changed else ()


def _lines(station: Station, pieces: Sequence[Piece], revision: Revision) -> Iterator[Line]:
    """The pieces as lines; what stays as it is becomes one line a day."""
    genesis, clocks = revision.channel.genesis, revision.clocks

    def day(showing: Showing) -> int:
        return clocks.wall(int(instant_at(genesis, showing.start).timestamp())) // DAY_SECONDS

    for sign, run in stretches(pieces):
        if sign in (Sign.GOES, Sign.COMES):
            groups: Iterable[list[Showing]] = ([showing] for showing in run)
        else:
            by_day: dict[int, list[Showing]] = {}
            for showing in run:
                by_day.setdefault(day(showing), []).append(showing)
            groups = by_day.values()
        for group in groups:
            start, stop = instant_at(genesis, group[0].start), instant_at(genesis, group[-1].end)
            asset = group[0].asset if len(group) == 1 else ""
            programs = sum(1 for showing in group if showing.asset)
            yield Line(sign, start, stop, programs, _title(station, asset), asset)


def _title(station: Station, asset: str) -> str:
    """What the guide calls an asset."""
    item = station.item(asset) if asset else None
    return named(item.about) if item else asset


# Words

SHOWN: Final = 16
"""Lines of a channel that are told; those after them are counted."""


def written(plan: Plan, shown: int | None = SHOWN) -> str:
    """The plan for people, with `shown` lines of each channel, or all of them."""
    days = -(-(plan.until - plan.now) // timedelta(days=1))
    head = f"{plan.where}, if it is published now: what changes on air in {days} {'day' if days == 1 else 'days'}"
    same = [outlook for outlook in plan.channels if outlook.change == SAME]
    blocks = ["\n".join(_block(outlook, shown)) for outlook in plan.channels if outlook.change != SAME]
    blocks += [f"{outlook.channel}\n  ! {alarm}" for outlook in same for alarm in outlook.alarms]
    if plan.empty:
        blocks.append("nothing: all of it is published already")
    elif same:
        blocks.append("1 channel stays as it is" if len(same) == 1 else f"{len(same)} channels stay as they are")
    return "\n\n".join([head, *blocks]) + "\n"


def _block(outlook: Outlook, shown: int | None) -> Iterator[str]:
    """What is told of one channel."""
    yield f"{outlook.channel}  {outlook.name}".rstrip() + _CHANGES[outlook.change]
    if outlook.follows:
        yield f"  it is {outlook.follows}"
    yield from (f"  ! {alarm}" for alarm in outlook.alarms)
    yield from (f"  * {edit}" for edit in outlook.edits)
    if outlook.change == REFUSED:
        return
    if outlook.seen:
        verb = {ENDS: "it ends at", NEW: "it is on air from"}.get(outlook.change, "seen from")
        yield f"  {verb} {_local(outlook, outlook.seen):%a %Y-%m-%d %H:%M:%S} ({outlook.zone})"
    elif outlook.follows.startswith("a mirror"):
        yield "  what airs changes with its original"
    else:
        yield "  what airs in these days stays as it is"
    lines = outlook.lines if shown is None or len(outlook.lines) <= shown + 1 else outlook.lines[:shown]
    day = None
    for line in lines:
        start, stop = _local(outlook, line.start), _local(outlook, line.stop)
        if start.date() != day:
            day = start.date()
            yield f"  {day:%a %Y-%m-%d}"
        end = f"{stop:%H:%M}" if stop - start < _DAY else f"{stop:%a %H:%M}"
        yield f"    {_MARKS[line.sign]} {start:%H:%M}–{end}  {_told(line)}"
    if len(lines) < len(outlook.lines):
        yield from _rest(outlook, outlook.lines[len(lines) :])


def _rest(outlook: Outlook, lines: Sequence[Line]) -> Iterator[str]:
    """What is not told line by line: how much goes and comes, and until when."""
    counts = [
        f"{programs} {'program' if programs == 1 else 'programs'} {does}"
        for sign, does in ((Sign.GOES, "less"), (Sign.COMES, "more"))
        if (programs := sum(line.programs for line in lines if line.sign is sign))
    ]
    until = max(_local(outlook, line.stop) for line in lines)
    found = f": {', '.join(counts)}" if counts else ""
    yield f"    … {len(lines)} more lines until {until:%a %Y-%m-%d %H:%M}{found}; --all tells them"


_DAY: Final = timedelta(days=1)
_CHANGES: Final = {NEW: ": new", EDITED: "", ENDS: ": ends", REFUSED: ": refused", SAME: ""}
_MARKS: Final = {Sign.STAYS: " ", Sign.GOES: "-", Sign.COMES: "+", Sign.BREAKS: "~"}


def _told(line: Line) -> str:
    if line.sign in (Sign.GOES, Sign.COMES):
        return line.title or "filler or slate"
    what = f"{line.programs} {'program' if line.programs == 1 else 'programs'}"
    if line.sign is Sign.STAYS:
        return f"{what} as before"
    return f"{what} as before, with other breaks"


def _local(outlook: Outlook, instant: datetime) -> datetime:
    """What the channel's clocks show."""
    second = int(instant.timestamp())
    offset = next((ahead for at, ahead in reversed(outlook.clock) if at <= second), 0)
    return instant.astimezone(UTC).replace(tzinfo=None) + timedelta(seconds=offset)
