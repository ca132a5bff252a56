"""Dayparts: blocks with a time.

    from: 06:00, to: 12:00         a stretch of the day; one that ends earlier than it begins ends tomorrow
    at: 20:15, count: 2            an absolute start, which ends by itself after `count` programs
    at: 2026-12-24 20:15           the same, on one day; of a list of times each is a daypart
    days, dates                    on which days it begins; without them on every day
    priority, late                 which of two is on air, and what becomes of a program that still runs then

Each daypart is a setting of its own: what a template has and the channel does not name stays, `name: none` takes
one away, and `dayparts: none` all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from playout.config.blocks import BLOCK_KEYS, block_of, block_said
from playout.config.days import dates, day_in, days_of_week
from playout.config.faults import Fault, Mistaken, mistake
from playout.config.record import Record, Said, leaf, record, several
from playout.config.sources import inherited
from playout.config.spans import TIME_PATTERN, end_of_stretch, time_in, time_meant, time_of_day, until
from playout.config.spelling import quoted
from playout.config.word import Key, Word, keyed, named_by, once, or_none, plain, says_none
from playout.config.words import NAME_SCHEMA, at_least_one, choice, name, unique, whole
from playout.core.dates import Dates, Day
from playout.core.rules import Daypart, Late

if TYPE_CHECKING:
    from playout.config.scope import Scope
    from playout.config.tree import Node

_START: Final = re.compile(r"(?:([0-9]{4}-[0-9]{2}-[0-9]{2})[ T])?([0-9:]+)")
_EVERY_DAY: Final = (0, 1, 2, 3, 4, 5, 6)


@dataclass(frozen=True, slots=True)
class _At:
    """An absolute start."""

    second: int
    day: Day | None
    written: str

    def __str__(self) -> str:
        return self.written


def _at(node: Node) -> _At:
    written = leaf(node, "a time of day").text
    match = _START.fullmatch(written)
    second = time_in(match[2]) if match else None
    if match is None or second is None:
        raise mistake(node.line, f"{quoted(written)} is not a time of day{time_meant(written)}")
    try:
        day = day_in(match[1]) if match[1] else None
    except ValueError:
        raise mistake(node.line, f"{quoted(match[1])} is not a day of the calendar") from None
    return _At(second, day, written)


FROM: Final = Key("from", time_of_day, "When it begins, by the local clock.", examples=("06:00",))
TO: Final = Key(
    "to", end_of_stretch, "When it ends: 24:00 at the end of the day, and earlier than it begins for tomorrow."
)
AT: Final = Key(
    "at",
    at_least_one(
        unique(
            several(
                plain(_at, {"type": "string", "pattern": f"^(?:[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T])?{TIME_PATTERN}$"})
            )
        ),
        "write one time at least, e.g. [20:15]",
    ),
    "An absolute start; it ends by itself after `count` programs. With a date for one day, or a list of times.",
    examples=("20:15", "2026-12-24 20:15", ["18:00", "20:15"]),
)
COUNT: Final = Key(
    "count",
    whole(1, 1000, "programs", "for a stretch of time write from and to"),
    "With at: how many programs it has.",
    1,
)
DAYS: Final = Key(
    "days", days_of_week, "The weekdays on which it begins.", examples=(["sat", "sun"], "mon-fri", "weekend")
)
DATES: Final = Key(
    "dates",
    dates,
    "The dates on which it begins: days, stretches with .. between, or the names of holidays.",
    examples=(["12-24..12-26"], ["easter-2..easter+1"], ["4th thu of nov"], ["summer"]),
)
PRIORITY: Final = Key(
    "priority",
    whole(-100, 100, "", "of dayparts that overlap the highest airs"),
    "Of dayparts that overlap the one with the highest priority airs, and of equals the one that is written first.",
    default=0,
)
LATE: Final = Key(
    "late",
    choice(Late, "lateness"),
    "What happens when a program still runs at the start: run (it plays on), cut (it ends at the nearest cut) or skip "
    "(the daypart is left out). With at it is cut unless said otherwise, else run.",
)

_TIME: Final = (FROM, TO, AT, COUNT, DAYS, DATES, PRIORITY, LATE)


@dataclass(frozen=True, slots=True)
class Timed:
    """A daypart as it is written: its times, and what it says of its block."""

    name: str
    line: int
    start: int
    stop: int | None
    days: tuple[int, ...]
    dates: tuple[Dates, ...]
    priority: int
    late: Late
    count: int
    block: Said

    def daypart(self, channel: Said) -> Daypart:
        """The daypart, with what it takes from its channel; raises `Mistaken`."""
        return Daypart(
            name=self.name,
            start=self.start,
            stop=self.stop,
            block=block_of(inherited(self.block, channel)),
            days=self.days,
            dates=self.dates,
            priority=self.priority,
            late=self.late,
            count=self.count,
        )


Named = dict[str, "tuple[Timed, ...] | None"]
"""Dayparts by name, in the order of the file; None for one that is taken away."""


def _timed(key: str, line: int, keys: Record) -> tuple[Timed, ...]:
    absolute = _times(keys)
    block = block_said(keys)
    start, stop = keys.take(FROM, 0), keys.take(TO, 0)
    count, late = keys.take(COUNT, 1), keys.take(LATE, Late.CUT if absolute else Late.RUN)
    days, on, priority = keys.take(DAYS, _EVERY_DAY), keys.take(DATES, ()), keys.take(PRIORITY, 0)
    if not absolute:
        return (Timed(key, line, start, until(start, stop), days, on, priority, late, 1, block),)
    return tuple(
        Timed(
            f"{key}-{k}" if k > 1 else key,
            line,
            at.second,
            None,
            days,
            (Dates(at.day, at.day),) if at.day else on,
            priority,
            late,
            count,
            block,
        )
        for k, at in enumerate(absolute, 1)
    )


def _times(keys: Record) -> tuple[_At, ...]:
    """The absolute starts, if it has any; notes what does not go together."""
    absolute = keys.take(AT, ())
    if keys.has(AT):
        for key in (FROM, TO):
            keys.refuse(key, "at is a start by itself: take from and to out, or at")
        if any(at.day for at in absolute) and (keys.has(DAYS) or keys.has(DATES)):
            keys.blame("at has a date of its own: take days and dates out", DAYS, DATES)
        return absolute
    keys.lack_any((FROM, TO, AT), "it has no time: write from: 06:00 and to: 12:00, or at: 20:15")
    if keys.has(FROM) or keys.has(TO):
        keys.lack(FROM, "when it begins, e.g. from: 06:00")
        keys.lack(TO, "when it ends, e.g. to: 12:00")
    if keys.has(COUNT):
        keys.blame("count goes with at: a daypart with from and to lasts until it ends", COUNT)
    return ()


_KEYS: Final[tuple[Key[Any], ...]] = (*_TIME, *BLOCK_KEYS)


def _dayparts(node: Node, scope: Scope) -> Named:
    found: Named = {}
    with record(node, "a mapping of dayparts by name", scope) as keys:
        for key, value in keys.entries("a daypart has from and to, or at"):
            keys.check(partial(name, key))
            if says_none(value):
                found[key.text] = None
            else:
                found[key.text] = keys.read(_one(key.text, key.line), value, ())
        _blame_namesakes(keys, found)
    return found


def _one(key: str, line: int) -> Word[tuple[Timed, ...]]:
    """Reads the daypart that stands under `key`."""

    def read(node: Node, scope: Scope) -> tuple[Timed, ...]:
        with record(node, "a daypart", scope, line) as keys:
            return _timed(key, line, keys)

    timed = [{"required": ["from", "to"]}, {"required": ["at"]}]
    return Word(read, keyed(_KEYS, anyOf=timed), named_by(_KEYS))


def _blame_namesakes(keys: Record, found: Named) -> None:
    for key, timed in found.items():
        for other in (timed or ())[1:]:
            if other.name in found:
                text = f'the times of "{key}" are called {other.name} and so on, and there is one: give it another name'
                keys.faults.append(Fault(other.line, text))


_written: Final = once("daypart", _one("", 0))
DAYPARTS: Final = Key(
    "dayparts",
    or_none(
        Word(
            _dayparts,
            {
                "type": "object",
                "propertyNames": NAME_SCHEMA,
                "additionalProperties": {"anyOf": [{"enum": ["none", None]}, _written.schema]},
            },
            _written.defs,
        )
    ),
    "Stretches of the day that are programmed in a way of their own, by name.",
)


def joined(inner: Named, outer: Named) -> Named:
    """The dayparts of both; one that both have is the inner one's, and those of the inner one come first."""
    return inner | {name: timed for name, timed in outer.items() if name not in inner}


def dayparts_of(channel: Said) -> tuple[Daypart, ...]:
    """The dayparts of a channel; raises `Mistaken` with all that does not go together in them."""
    found: list[Daypart] = []
    faults: list[Fault] = []
    for timed in _all(channel):
        try:
            found.append(timed.daypart(channel))
        except Mistaken as error:
            faults.extend(error.faults)
    if faults:
        raise Mistaken(*faults)
    return tuple(found)


def dayparts_lines(channel: Said) -> tuple[tuple[str, int], ...]:
    """Where each daypart of a channel stands, by name."""
    return tuple((timed.name, timed.line) for timed in _all(channel))


def _all(channel: Said) -> tuple[Timed, ...]:
    return tuple(one for some in (channel.of(DAYPARTS, None) or {}).values() for one in some or ())
