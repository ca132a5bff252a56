"""The guide as a table, for spreadsheets and for whoever reads a day on paper.

Law: the same entries give the same bytes, and a row has the same number of cells whatever stands in it. A run of
short programs is followed by a row for each of them.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from playout.core.cells import inert
from playout.core.listing import by_number, one_line, seconds
from playout.core.ticks import TIMEBASE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, tzinfo

    from playout.core.channel import Channel
    from playout.core.guide import Entry, Part

MIME: Final = "text/csv"

COLUMNS: Final = (
    *("channel", "number", "entry", "part_of", "start", "stop", "local_start", "seconds", "program_seconds"),
    *("title", "subtitle", "kind", "block", "season", "episode", "released", "genres", "rating", "language", "ids"),
    "asset",
)


def guide_csv(
    guide: Mapping[str, Sequence[Entry]], channels: Sequence[Channel], zones: Mapping[str, tzinfo] | None = None
) -> str:
    """The entries of `channels` by channel id, in the order of numbers; `zones` are the channels' own, by id."""
    rows: list[Sequence[object]] = [COLUMNS]
    for channel in by_number(channels):
        zone = (zones or {}).get(channel.id, UTC)
        for entry in guide.get(channel.id, ()):
            rows.extend(_rows(entry, channel, zone))
    return "".join(",".join(map(_cell, row)) + "\r\n" for row in rows)


def _rows(entry: Entry, channel: Channel, zone: tzinfo) -> Iterator[Sequence[object]]:
    asset = entry.asset if entry.parts and not entry.grouped else ""
    yield (*_place(entry, channel, zone), *_facts(entry, entry.block), asset)
    for part in entry.parts if entry.grouped else entry.parts[1:]:
        yield (*_place(part, channel, zone, entry.id), *_facts(part, ""), part.asset)


def _place(row: Entry | Part, channel: Channel, zone: tzinfo, whole: str = "") -> tuple[object, ...]:
    """Where and when: the first columns."""
    return (
        channel.id,
        channel.number,
        f"{channel.id}-{row.index}",
        whole,
        _instant(row.start),
        _instant(row.stop),
        f"{row.start.astimezone(zone):%Y-%m-%d %H:%M:%S%z}",
        seconds(row.start, row.stop),
        -(-row.length // TIMEBASE),
    )


def _facts(row: Entry | Part, block: str) -> tuple[object, ...]:
    """What: the columns from the title to the ids."""
    about = row.about
    return (
        row.title,
        row.subtitle,
        about.kind.value,
        block,
        about.season or "",
        about.episode or "",
        about.released,
        "; ".join(about.genres),
        about.rating,
        "" if about.language == "und" else about.language,
        "; ".join(about.ids),
    )


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def _cell(value: object) -> str:
    """A value as RFC 4180 has it, on one line, and no formula."""
    text = inert(one_line(str(value)))
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"') else text
