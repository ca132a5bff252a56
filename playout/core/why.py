"""Why something is on: the turn is drafted again, and what was considered for it is told.

Law: an explanation follows from the revision, the catalog and the tail from which the turn itself follows; so
it explains what airs, or the turn that it explains is not the one in the log, and whoever asks can see that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from playout.core.airing import Airing, Break, Role, Tail, Turn, breaks_of
from playout.core.asset import BreakPoint
from playout.core.catalog import Catalog, Item
from playout.core.channel import Revision
from playout.core.daypart import PUNCTUAL, Slot
from playout.core.draw import Choice, Passed
from playout.core.planned import spans
from playout.core.rules import Daypart, Late, Roll, Source
from playout.core.schedule import HOUR, Drafted, drafted
from playout.core.stock import stock_of
from playout.core.ticks import TIMEBASE, Ticks
from playout.core.wall import DAY_SECONDS, EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playout.core.stock import Stock


class NotThisTurn(ValueError):
    """The turn that follows the tail is not on at that tick."""


@dataclass(frozen=True, slots=True)
class Contender:
    """Another daypart that was to be on as well, and why it is not."""

    daypart: Daypart
    reason: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """One source that was asked for a program."""

    source: Source
    place: int
    """In its block, from 1."""
    cursor: str
    """The name of its position."""
    found: bool


@dataclass(frozen=True, slots=True)
class Bag:
    """The bag of weights that says which source is asked first."""

    draw: int
    """Which draw of the lap it was, from 1."""
    size: int
    """Draws in a lap."""
    lap: int
    """From 1."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """Why a break came where it did, and what was passed over for it."""

    pod: Break
    into: Ticks
    """How much of its program had aired."""
    since: Ticks
    """How much program had aired since the place of the last break."""
    point: BreakPoint | None
    """The break point of the program; None for a break before or after it."""
    load: Ticks
    """How much of its clock hour was ads already."""
    refused: tuple[Passed, ...]
    """The ads that were passed over."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an airing is on."""

    revision: Revision
    catalog: Catalog
    tick: Ticks
    turn: Turn
    airing: Airing
    slot: Slot
    """The daypart, or the channel's own block."""
    late: Ticks
    """How long after it was due its first turn began; 0 for any other turn."""
    contenders: tuple[Contender, ...]
    drawn: tuple[Drawn, ...]
    """The sources in the order in which they were asked; the last one has the program, if there is one."""
    bag: Bag | None
    """None when there is one source only."""
    refused: tuple[Passed, ...]
    """The programs whose turn it was before, each with the reason why it does not air."""
    interruption: Interruption | None
    """For what airs in a break."""

    def item(self, asset: str) -> Item | None:
        """The item of an asset."""
        return self.catalog.item(asset)

    @property
    def program(self) -> Airing | None:
        """The program of the turn: its first part."""
        return self.turn.program[0] if self.turn.program else None

    @property
    def part(self) -> tuple[int, int]:
        """Which part of its program the airing is, of how many; zeros for all else."""
        parts = [one.index for one in self.turn.airings if one.role is Role.PROGRAM]
        return (parts.index(self.airing.index) + 1, len(parts)) if self.airing.index in parts else (0, 0)


def explanation(revision: Revision, catalog: Catalog, tail: Tail, tick: Ticks) -> Explanation:
    """Why that is on at `tick` which the turn after `tail` airs then; raises `NotThisTurn`."""
    draft = drafted(revision, catalog, tail)
    turn, slot = draft.turn, draft.slot
    airing = next((one for one in turn.airings if one.start <= tick < one.end), None)
    if airing is None:
        message = f"the turn lasts from {turn.start} to {turn.end}, and {tick} lies outside"
        raise NotThisTurn(message)
    stock = stock_of(revision, catalog)
    asked = draft.asked
    again = len(asked) > 1 and asked[-1].place in {one.place for one in asked[:-1]}
    chosen = turn.program[0].asset if turn.program else ""
    refused = tuple(
        passed
        for one in (asked[:-1] if again else asked)
        for passed in one.found.passed
        if not (again and passed.item.id == chosen)  # what its refusal was is in the reason of the program
    )
    begun = slot.daypart is not None and tail.asked < slot.due <= turn.tail.asked
    return Explanation(
        revision,
        catalog,
        tick,
        turn,
        airing,
        slot,
        Ticks(max(turn.start - slot.due, 0)) if begun else Ticks(0),
        tuple(_contenders(stock, slot, tail, turn.tail.asked)),
        tuple(
            Drawn(slot.block.sources[one.place], one.place + 1, one.cursor, isinstance(one.found, Choice))
            for one in (asked[:-1] if again else asked)
        ),
        _bag(slot, tail),
        refused,
        _interruption(stock, draft, tail, airing),
    )


# The daypart


def _contenders(stock: Stock, slot: Slot, tail: Tail, at: Ticks) -> Iterator[Contender]:
    """The dayparts that were to be on at `at` as well."""
    rules = stock.revision.rules
    second = stock.timeline.second(at)
    since = stock.timeline.second(tail.asked)
    today = stock.timeline.wall(at) // DAY_SECONDS + EPOCH
    for place, part in enumerate(rules.dayparts):
        if part is slot.daypart:
            continue
        found = [one for day in range(today - 2, today + 1) for one in spans(stock.revision, part, day)]
        due = [
            start for start, stop in found if (since < start <= second if part.stop is None else start <= second < stop)
        ]
        if due:
            overdue = second - due[-1] if part.stop is None else 0
            yield Contender(part, _lost(slot, part, place, rules.dayparts, overdue=overdue))


def _lost(slot: Slot, part: Daypart, place: int, listed: tuple[Daypart, ...], *, overdue: int) -> str:
    """Why `part` is not on."""
    on = slot.daypart
    if on is None:
        return _SKIPPED if part.late is Late.SKIP and overdue > PUNCTUAL // TIMEBASE else "it had nothing to air"
    if part.priority != on.priority:
        if part.priority < on.priority:
            return f"its priority is {part.priority}, and that of {on.name} is {on.priority}"
        return _SKIPPED if part.late is Late.SKIP and overdue > PUNCTUAL // TIMEBASE else "it had nothing to air"
    if on.stop is None and part.stop is not None:
        return f"{on.name} has its priority, too, and begins at a time of its own"
    if place > listed.index(on):
        return f"{on.name} has its priority, too, and is listed before it"
    return f"{on.name} has its priority, too, and began after it"


_SKIPPED: Final = "what was on lasted past its start, and it is skipped then"


# The source


def _bag(slot: Slot, tail: Tail) -> Bag | None:
    sources = slot.block.sources
    if len(sources) == 1:
        return None
    cursor = tail.cursor(f"{slot.name}.sources" if slot.name else "sources")
    size = sum(source.weight for source in sources)
    lap, run = (cursor.lap, cursor.run) if cursor.run < size else (cursor.lap + 1, 0)
    return Bag(run + 1, size, lap + 1)


# The break


def _interruption(stock: Stock, draft: Drafted, tail: Tail, airing: Airing) -> Interruption | None:
    pod = breaks_of(draft.turn).get(airing.index)
    ads = draft.slot.block.ads
    if pod is None or ads is None:
        return None
    parts = [one for one in draft.turn.airings if one.role is Role.PROGRAM]
    before = parts[: pod.part]
    pre = Roll.PRE in ads.rolls and tail.since_break >= ads.every
    since = before[-1].end - before[-1].start if before else 0
    if pod.part == 0 or (pod.part == 1 and not pre):
        since += tail.since_break
    item = stock.catalog.item(before[-1].asset) if before and pod.roll == "mid" else None
    points = item.breaks if item else ()
    place = pod.part - 1 + pre
    return Interruption(
        pod,
        Ticks(sum(one.end - one.start for one in before)),
        Ticks(since),
        next((point for point in points if point.segment == before[-1].stop), None),
        _load(stock, draft.turn, tail, pod),
        draft.breaks[place] if 0 <= place < len(draft.breaks) else (),
    )


def _load(stock: Stock, turn: Turn, tail: Tail, pod: Break) -> Ticks:
    """How much of the clock hour in which a break begins was ads before it."""
    hour = stock.timeline.wall(pod.airings[0].start) // HOUR
    ads = [one for one in turn.airings if one.role is Role.AD and one.index < pod.index]
    here = sum(one.end - one.start for one in ads if stock.timeline.wall(one.start) // HOUR == hour)
    return Ticks(here + (tail.load if tail.hour == hour else 0))
