"""Times as people write them: spans, ranges of them, years, and the hours of a day.

| what | as |
|---|---|
| a span | `90s`, `8m`, `1h30m`, `14d`, `2w`, `00:12:00` |
| lengths | `..12m`, `20m..45m`, `60m..` |
| years | `1949`, `1940..1959`, `..1959`, `1960..` |
| a time of day | `06:00`, `20:15:30` |
| hours of the day | `21:00-05:00` |
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from playout.config.faults import mistake
from playout.config.record import leaf
from playout.config.spelling import quoted
from playout.config.word import Word, once, plain, then
from playout.config.words import exactly
from playout.core.catalog import Span
from playout.core.ticks import Ticks, ticks_of
from playout.core.wall import DAY_SECONDS

if TYPE_CHECKING:
    from playout.config.tree import Node

SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

_UNITS: Final = re.compile(
    r"(?=[0-9])(?:([0-9]{1,3})w)?(?:([0-9]{1,4})d)?(?:([0-9]{1,4})h)?(?:([0-9]{1,5})m)?(?:([0-9]{1,6})s)?"
)
_CLOCK: Final = re.compile(r"([0-9]{1,3}):([0-5][0-9]):([0-5][0-9])")
SPAN_PATTERN: Final = f"(?:{_UNITS.pattern}|{_CLOCK.pattern})"
"""What a span of time looks like."""

_TIME: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_MIDNIGHT: Final = re.compile(r"24:00(?::00)?")
_HOURS: Final = re.compile(r"([0-9:]+) ?- ?([0-9:]+)")
_YEARS: Final = re.compile(r"([0-9]{4})|([0-9]{4})? *\.\. *([0-9]{4})?")
_ENDLESS: Final = ticks_of(3650 * DAY)
"""Longer than any asset."""
_LAST_YEAR: Final = 9999


def span(least: timedelta, most: timedelta) -> Word[timedelta]:
    """A span of time from `least` to `most`: `8m`, `90s`, `1h30m`, `14d` or `00:12:00`."""

    def read(node: Node) -> timedelta:
        written = leaf(node, "a span of time").text
        value = span_in(written)
        if value is None:
            raise mistake(node.line, f"{quoted(written)} is not a span of time{_span_meant(written)}")
        if not least <= value <= most:
            raise mistake(node.line, f"{quoted(written)} is out of range: write {spelled(least)} to {spelled(most)}")
        return value

    return once("span", plain(read, {"type": "string", "pattern": f"^{SPAN_PATTERN}$"}))


def ticks(least: timedelta, most: timedelta) -> Word[Ticks]:
    """A span of media time."""
    return then(span(least, most), lambda value, _: ticks_of(value))


def span_in(written: str) -> timedelta | None:
    """The span that `written` says; None when it says none."""
    if match := _UNITS.fullmatch(written):
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    if match := _CLOCK.fullmatch(written):
        hours, minutes, seconds = (int(part) for part in match.groups())
        return timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return None


def _span_meant(written: str) -> str:
    """What to write in place of a span that is none."""
    if written.isdigit():
        return f": write {written}m for minutes or {written}s for seconds"
    short = re.sub(r"([wdhms])[a-z]*", r"\1", re.sub(r"[^0-9a-z]", "", written.lower()))
    return f', did you mean "{short}"?' if _UNITS.fullmatch(short) else ": write one like 90s, 8m, 1h30m or 00:12:00"


def spelled(value: timedelta) -> str:
    """`value` as people write it: `1h30m`, `24h`, `14d`."""
    if value >= 2 * DAY and not value % DAY:
        return f"{value // DAY}d"
    minutes, seconds = divmod(value // SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    return "".join(f"{count}{unit}" for count, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if count) or "0s"


def _lengths(node: Node) -> Span:
    written = leaf(node, "a range of lengths").text
    first, dots, last = (part.strip() for part in written.partition(".."))
    if not dots and span_in(first) is not None:
        raise mistake(
            node.line, f"{quoted(written)} is one length, and hardly any asset is: write ..{first} or {first}.."
        )
    least, most = span_in(first or "0s"), span_in(last or "3650d")
    if not dots or least is None or most is None or not (first or last):
        raise mistake(node.line, f"{quoted(written)} is not a range of lengths: write ..12m, 20m..45m or 60m..")
    if least > most:
        raise mistake(node.line, f"{quoted(written)} ends before it begins: write {last}..{first}")
    return Span(ticks_of(least), min(ticks_of(most), _ENDLESS))


lengths: Final = plain(
    _lengths, {"type": "string", "pattern": rf"^(?:{SPAN_PATTERN} *\.\. *{SPAN_PATTERN}?|\.\. *{SPAN_PATTERN})$"}
)
"""A range of lengths, in ticks."""


def _years(node: Node) -> Span:
    written = leaf(node, "a year or a range of years").text
    match = _YEARS.fullmatch(written)
    if match is None or not any(match.groups()):
        raise mistake(node.line, f"{quoted(written)} is not a range of years: write 1949, 1940..1959, ..1959 or 1960..")
    first, last = match[1] or match[2], match[1] or match[3]
    if first and last and int(first) > int(last):
        raise mistake(node.line, f"{quoted(written)} ends before it begins: write {last}..{first}")
    return Span(int(first or 1), int(last or _LAST_YEAR))


years: Final = plain(
    _years,
    {
        "anyOf": [
            {"type": "integer", "minimum": 0, "maximum": _LAST_YEAR},
            {"type": "string", "pattern": r"^(?:[0-9]{4}|[0-9]{4} *\.\. *(?:[0-9]{4})?|\.\. *[0-9]{4})$"},
        ]
    },
)
"""A range of years; an asset of which nobody knows the year is in none."""


def time_in(written: str) -> int | None:
    """The seconds after midnight that `written` says; None when it says none."""
    match = _TIME.fullmatch(written)
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def _time(node: Node) -> int:
    written = leaf(node, "a time of day").text
    value = time_in(written)
    if value is None:
        raise mistake(node.line, f"{quoted(written)} is not a time of day{time_meant(written)}")
    return value


def _end_time(node: Node) -> int:
    return DAY_SECONDS if _MIDNIGHT.fullmatch(leaf(node, "a time of day").text) else _time(node)


def time_meant(written: str) -> str:
    """What to write in place of a time that is none."""
    if _MIDNIGHT.fullmatch(written):
        return ": a day begins at 00:00"
    match = re.fullmatch(r"([0-9]{1,2})(?:[:.h]?([0-9]{2}))?[uh.]* ?([ap]?)\.?m?\.?", written.strip().lower())
    if match:
        hours, minutes = int(match[1]), int(match[2] or 0)
        if match[3] and 1 <= hours <= 12:  # noqa: PLR2004 — a clock face
            hours = hours % 12 + (12 if match[3] == "p" else 0)
        if time_in(f"{hours:02d}:{minutes:02d}") is not None:
            return f', did you mean "{hours:02d}:{minutes:02d}"?'
    return ": write one like 06:00 or 20:15:30"


TIME_PATTERN: Final = f"(?:{_TIME.pattern})"
"""What a time of day looks like."""
time_of_day: Final = plain(_time, {"type": "string", "pattern": exactly(_TIME)})
"""Seconds after midnight, less than a day's."""
end_of_stretch: Final = plain(_end_time, {"type": "string", "pattern": f"^(?:{_TIME.pattern}|{_MIDNIGHT.pattern})$"})
"""Seconds after midnight; `24:00` is the end of the day."""


def _hours(node: Node) -> tuple[int, int]:
    written = leaf(node, "a stretch of hours").text
    match = _HOURS.fullmatch(written)
    start, stop = (time_in(match[1]), time_in(match[2])) if match else (None, None)
    if match and _MIDNIGHT.fullmatch(match[2]):
        stop = DAY_SECONDS
    if start is None or stop is None:
        raise mistake(node.line, f"{quoted(written)} is not a stretch of hours: write one like 21:00-05:00")
    if start == stop % DAY_SECONDS:
        raise mistake(node.line, f"{quoted(written)} is the whole day: write the hours that are meant, or take it out")
    return start, until(start, stop)


def until(start: int, stop: int) -> int:
    """`stop`, after the midnight before `start`: a stretch that ends earlier than it begins ends tomorrow."""
    return stop if stop > start else stop + DAY_SECONDS


hours_of_day: Final = plain(
    _hours, {"type": "string", "pattern": f"^{_TIME.pattern} ?- ?(?:{_TIME.pattern}|{_MIDNIGHT.pattern})$"}
)
"""From and to, in seconds after one midnight; more than a day's for tomorrow."""
