"""Days as people write them: weekdays, dates, holidays.

| what | as |
|---|---|
| weekdays | `mon`, `mon-fri`, `fri-mon`, `weekdays`, `weekend`, a list of those |
| a date | `2026-12-24` |
| every year | `12-24`, `easter`, `easter-2`, `4th thu of nov`, `last mon of may`, `4th thu of nov+1` |
| from one to another | `12-24..12-26`, `easter-2..easter+1` |
| by name | what the file says under `holidays` |
"""

from __future__ import annotations

import re
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final

from playout.config.faults import Mistaken, mistake
from playout.config.record import Found, leaf, salvaged, several
from playout.config.spelling import meant, quoted
from playout.config.word import Word, plain, then
from playout.config.words import NAME_SCHEMA, SCALAR, at_least_one, name
from playout.core.dates import Dates, Day

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playout.config.scope import Scope
    from playout.config.tree import Node

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_GROUPS: Final = {"weekdays": (0, 1, 2, 3, 4), "weekend": (5, 6)}
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NTH: Final = {"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "last": -1}
_LEAP: Final = 2024
"""A year that has every day a year can have."""

_EXACT: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_YEARLY: Final = re.compile(r"([0-9]{2})-([0-9]{2})")
_EASTER: Final = re.compile(r"easter([+-][0-9]{1,3})?")
_WEEKDAY_OF: Final = re.compile(
    rf"({'|'.join(_NTH)}) ({'|'.join(_WEEKDAYS)}) of ({'|'.join(_MONTHS)})([+-][0-9]{{1,2}})?"
)
_DAY: Final = f"(?:{_EXACT.pattern}|{_YEARLY.pattern}|{_EASTER.pattern}|{_WEEKDAY_OF.pattern})"


def _weekdays(node: Node) -> tuple[int, ...]:
    written = leaf(node, "a day of the week").text
    if written in _GROUPS:
        return _GROUPS[written]
    first, dash, last = written.partition("-")
    if first in _WEEKDAYS and (last in _WEEKDAYS or not dash):
        begin, end = _WEEKDAYS.index(first), _WEEKDAYS.index(last or first)
        return tuple((begin + k) % 7 for k in range((end - begin) % 7 + 1))
    raise mistake(node.line, f"unknown day {quoted(written)}{_weekday_meant(written, first, last)}")


def _weekday_meant(written: str, first: str, last: str) -> str:
    if written.lower() in ("daily", "all", "every", "everyday"):
        return ": for every day, take days out"
    short = [part.strip().lower()[:3] for part in (first, last) if part.strip()]
    if short and all(part in _WEEKDAYS for part in short):
        return f', did you mean "{"-".join(short)}"?'
    near = meant(written, _GROUPS)
    return f', did you mean "{near}"?' if near else ": write mon to sun, mon-fri, weekdays or weekend"


_ONE_OF: Final = "|".join(_WEEKDAYS)
days_of_week: Final = then(
    at_least_one(
        several(
            plain(
                _weekdays,
                {
                    "anyOf": [
                        {"enum": [*_WEEKDAYS, *_GROUPS]},
                        {"type": "string", "pattern": f"^(?:{_ONE_OF})-(?:{_ONE_OF})$"},
                    ]
                },
            )
        ),
        "write one day at least, e.g. [mon], or take days out",
    ),
    lambda found, _: tuple(sorted({day for days in found for day in days})),
)
"""Weekdays, 0 for Monday, in order."""


def day_in(written: str) -> Day | None:
    """The day that `written` names; None when it names none. Raises ValueError when the calendar has no such day."""
    if match := _EXACT.fullmatch(written):
        exact = date(int(match[1]), int(match[2]), int(match[3]))
        return Day(exact.year, exact.month, exact.day)
    if match := _YEARLY.fullmatch(written):
        yearly = date(_LEAP, int(match[1]), int(match[2]))
        return Day(month=yearly.month, day=yearly.day)
    if match := _EASTER.fullmatch(written):
        return Day(shift=int(match[1] or 0))
    if match := _WEEKDAY_OF.fullmatch(written):
        month, weekday = _MONTHS.index(match[3]) + 1, _WEEKDAYS.index(match[2])
        return Day(month=month, weekday=weekday, nth=_NTH[match[1]], shift=int(match[4] or 0))
    return None


def _day(written: str, whole: str, line: int) -> Day:
    plainly = " ".join(written.lower().split())
    try:
        found = day_in(plainly)
    except ValueError:
        raise mistake(line, f"{quoted(written)} is not a day of the calendar") from None
    if found is not None and plainly != written.strip(" "):
        raise mistake(line, f'{quoted(written.strip())} is not a date, did you mean "{plainly}"?')
    if found is None:
        raise mistake(
            line,
            f"{quoted(whole)} is not a date: write one like 2026-12-24, 12-24, easter+1 or 4th thu of nov, two of them "
            "with .. between, or the name of a holiday",
        )
    return found


def _stretch(written: str, line: int) -> Dates:
    first_written, dots, last_written = written.partition("..")
    first = _day(first_written, written, line)
    last = _day(last_written, written, line) if dots else first
    if bool(first.year) != bool(last.year):
        raise mistake(line, f"{quoted(written)} has a year at one end only: write it at both, or at neither")
    if first.year and (last.year, last.month, last.day) < (first.year, first.month, first.day):
        raise mistake(line, f"{quoted(written)} ends before it begins: write {last_written}..{first_written}")
    return Dates(first, last)


def _dates_item(node: Node, scope: Scope) -> tuple[Dates, ...]:
    written = leaf(node, "a date").text
    if written in scope.holidays:
        return scope.holidays[written]
    try:
        return (_stretch(written, node.line),)
    except Mistaken:
        near = meant(written, scope.holidays)
        if near is None or written[:1].isdigit():
            raise
        raise mistake(node.line, f'unknown holiday {quoted(written)}, did you mean "{near}"?') from None


_item: Final = Word(_dates_item, SCALAR)
dates: Final = then(
    at_least_one(several(_item), "write one date at least, e.g. [12-24], or take dates out"),
    lambda found, _: tuple(sorted({one for some in found for one in some}, key=repr)),
)
"""Days of the calendar; how they were written makes no revision."""

_DATES_PATTERN: Final = rf"^{_DAY}(?: *\.\. *{_DAY})?$"
_holiday: Final = then(
    at_least_one(
        several(
            plain(
                lambda node: _stretch(leaf(node, "a date").text, node.line),
                {"type": "string", "pattern": _DATES_PATTERN},
            )
        ),
        "write one date at least, e.g. [12-24]",
    ),
    lambda found, _: tuple(found),
)


def _holidays(node: Node, scope: Scope) -> Found[Mapping[str, tuple[Dates, ...]]]:
    found: dict[str, tuple[Dates, ...]] = {}
    with salvaged(node, "a mapping of dates by name", scope) as keys:
        for key, value in keys.entries("write its dates, e.g. 12-24..12-26"):
            keys.check(partial(name, key))
            keys.check(partial(_no_date, key.text, key.line))
            found[key.text] = keys.read(_holiday, value, ())
    return Found(found, tuple(keys.faults))


def _no_date(written: str, line: int) -> None:
    """A holiday may be called `easter`, but not after any other date."""
    try:
        is_date = day_in(written) is not None
    except ValueError:
        is_date = True
    if is_date and written != "easter":
        raise mistake(line, f"{quoted(written)} is a date, and cannot be the name of others")


holidays: Final = Word(
    _holidays,
    {"type": "object", "propertyNames": NAME_SCHEMA, "additionalProperties": _holiday.schema},
)
"""Dates by name."""
