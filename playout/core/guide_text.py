"""The guide for people at a terminal: the local day of a channel, with what is on now marked.

Law: the same entries, zone and moment give the same lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from playout.core.listing import named, one_line, seconds
from playout.core.ticks import TIMEBASE, ticks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, tzinfo

    from playout.core.channel import Channel
    from playout.core.guide import Entry

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_ON: Final = "▶"
_WIDTH: Final = 40
"""Of the column with names, so that a row fits into 80; a longer name pushes what follows to the right."""


def guide_text(entries: Sequence[Entry], channel: Channel, zone: tzinfo, now: datetime) -> str:
    """The entries of a channel by the clocks of `zone`, which are the channel's own."""
    rows = [f"{channel.number}  {one_line(channel.name) or channel.id}  ({channel.id})"]
    day = clocks = ""
    for entry in entries:
        start = entry.start.astimezone(zone)
        if _day(start) != day:
            day, clocks = _day(start), _clocks(start)
            rows.extend(("", f"  {day}, {channel.zone}, {clocks}", ""))
        elif _clocks(start) != clocks:
            clocks = _clocks(start)
            rows.append(f"         clocks change: from here on {clocks}")
        rows.append(_row(entry, start, on=entry.start <= now < entry.stop))
        rows.extend(_parts(entry, zone, now))
    if not entries:
        rows.extend(("", "  nothing is known of that time"))
    return "\n".join(rows) + "\n"


def _day(local: datetime) -> str:
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"


def _clocks(local: datetime) -> str:
    """How clocks are set: `CET (UTC+01:00)`."""
    written = f"{local:%z}"[:5]
    offset = f"UTC{written[:3]}:{written[3:]}"
    name = local.tzname() or ""
    return f"{name} ({offset})" if name.isalpha() and name != "UTC" else offset


def _row(entry: Entry, start: datetime, *, on: bool) -> str:
    """When, what, how long, how much of that is breaks, and for whom."""
    breaks = max(ticks_of(entry.stop - entry.start) - entry.length, 0) if entry.parts else 0
    lasts = _lasting(seconds(entry.start, entry.stop))
    facts = [
        f"breaks {_lasting(breaks // TIMEBASE)}" if breaks >= TIMEBASE else "",
        one_line(entry.about.rating),
        "" if entry.parts else "no program",
    ]
    mark = _ON if on else " "
    name = one_line(entry.title) if entry.grouped or entry.single is None else named(entry.single.about)
    return f"{mark} {start:%H:%M}  {name:<{_WIDTH}}  {lasts:<6}   {'   '.join(filter(None, facts))}".rstrip()


def _parts(entry: Entry, zone: tzinfo, now: datetime) -> Iterator[str]:
    """The programs of a run, and what is too short for an entry of its own; indented."""
    for part in entry.parts if entry.grouped else entry.parts[1:]:
        mark = _ON if part.start <= now < part.stop else " "
        yield f"       {mark} {part.start.astimezone(zone):%H:%M}  {named(part.about)}"


def _lasting(whole: int) -> str:
    """A length of whole seconds in hours and minutes, or in seconds when it is short."""
    if whole < 60:  # noqa: PLR2004 — a minute
        return f"{whole} s"
    hours, minutes = divmod((whole + 30) // 60, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes:02d}" if minutes else f"{hours} h"
