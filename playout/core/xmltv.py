"""The guide as XMLTV, for everything from Plex to Kodi.

Law: the same entries give the same bytes. Children stand in the order of the DTD (E-2), times are half
open (E-3), and text has no line break except in `desc` (E-5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from playout.core.asset import PROGRAM_KINDS, Kind
from playout.core.listing import Links, by_number, lines, one_line, span, tvg_id
from playout.core.ratings import system
from playout.core.ticks import TIMEBASE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from playout.core.channel import Channel
    from playout.core.guide import Entry

MIME: Final = "text/xml"

_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_CATEGORY: Final = {Kind.MOVIE: "Movie", Kind.EPISODE: "Series"}
_TMS: Final = re.compile("tms:([A-Za-z]{2}[0-9]{8})([0-9]{4})", re.IGNORECASE)
"""Gracenote's number of a program, which guides write with a point before its last four digits."""
_CATCHUP_ID: Final = "<!ATTLIST programme catchup-id CDATA #IMPLIED>"
"""What the DTD does not know: the program's name in a catch-up address."""
_NO_ZONES: Final[Mapping[str, tzinfo]] = MappingProxyType({})


def xmltv(
    guide: Mapping[str, Sequence[Entry]],
    channels: Sequence[Channel],
    links: Links,
    zones: Mapping[str, tzinfo] = _NO_ZONES,
    *,
    catchup_ids: bool = False,
) -> str:
    """The guide of `channels`, in the order of their numbers; `guide` has the entries by channel id.

    `zones` are the time zones that times are written in, by channel id; the others are in UTC. With `catchup_ids`
    every program has the query that plays it, for apps that put it into an address (Kodi's `{catchup-id}`).
    """
    rows = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<!DOCTYPE tv SYSTEM "xmltv.dtd"{f" [{_CATCHUP_ID}]" if catchup_ids else ""}>',
        '<tv generator-info-name="Fastline">',
    ]
    ordered = by_number(channels)
    for channel in ordered:
        rows.extend(_channel(channel, links))
    for channel in ordered:
        rows.extend(
            _programmes(channel, guide.get(channel.id, ()), _Hand(links, zones.get(channel.id, UTC), catchup_ids))
        )
    return "\n".join([*rows, "</tv>"]) + "\n"


def _channel(channel: Channel, links: Links) -> Iterator[str]:
    """A channel under three names: apps search for the number in the first and show one of the others."""
    name = one_line(channel.name) or channel.id
    yield f'  <channel id="{tvg_id(channel)}">'
    for display in (f"{channel.number} {name}", channel.number, name):
        yield _element("display-name", display)
    yield f'    <icon src="{_escaped(links.logo(channel))}"/>'
    yield "  </channel>"


@dataclass(frozen=True, slots=True)
class _Hand:
    """How a channel's entries are written."""

    links: Links
    zone: tzinfo
    catchup_ids: bool

    def time(self, instant: datetime) -> str:
        """`instant` in whole seconds, rounded down, so that a stop is the next start (E-3)."""
        return f"{instant.astimezone(self.zone):%Y%m%d%H%M%S %z}"


def _programmes(channel: Channel, entries: Sequence[Entry], hand: _Hand) -> Iterator[str]:
    """A channel's entries; `aired` remembers when each program was last shown."""
    aired: dict[str, datetime] = {}
    for entry in entries:
        start, stop = hand.time(entry.start), hand.time(entry.stop)
        if start == stop:
            continue
        name = f' catchup-id="{_escaped(span(entry.start, entry.stop))}"' if hand.catchup_ids else ""
        yield f'  <programme start="{start}" stop="{stop}" channel="{tvg_id(channel)}"{name}>'
        yield from _titles(entry, channel)
        yield from _facts(entry, hand.links)
        yield from _before(entry, aired, hand)
        yield from _rating(entry.about.rating)
        if entry.poster:
            yield _element("image", hand.links.poster(entry.asset, entry.poster), ' type="poster"')
        yield "  </programme>"
        for part in entry.parts:
            if part.kind in PROGRAM_KINDS:
                aired[part.about.work] = part.start


def _before(entry: Entry, aired: Mapping[str, datetime], hand: _Hand) -> Iterator[str]:
    """That a program was shown before: when, where that is known. What came out earlier was shown somewhere."""
    part = entry.single
    if part is None or part.kind not in PROGRAM_KINDS:
        return
    before = aired.get(part.about.work, part.shown)
    if before is not None:
        yield f'    <previously-shown start="{hand.time(before)}"/>'
    elif part.about.released and part.about.released < f"{part.start:%Y-%m-%d}"[: len(part.about.released)]:
        yield "    <previously-shown/>"


def _titles(entry: Entry, channel: Channel) -> Iterator[str]:
    """From `title` to `keyword`: the kind before the genres, for most apps read one category alone."""
    about = entry.about
    yield _element("title", one_line(entry.title) or channel.id)
    subtitle, description = one_line(entry.subtitle), lines(about.description)
    if subtitle:
        yield _element("sub-title", subtitle)
    if description:
        yield _element("desc", description)
    released = "".join(character for character in about.released if character.isascii() and character.isdigit())
    if released:
        yield _element("date", released)
    category = _CATEGORY.get(about.kind, "")
    if category:
        yield _element("category", category, ' lang="en"')
    named = (one_line(name) for name in (*about.genres, channel.group))
    yield from (_element("category", name) for name in dict.fromkeys(named) if name and name != category)
    if about.story:
        yield _element("keyword", one_line(about.story))


def _facts(entry: Entry, links: Links) -> Iterator[str]:
    """From `language` to `episode-num`."""
    about = entry.about
    if about.language != "und":
        yield _element("language", one_line(about.language))
    yield _element("length", str(-(-entry.length // TIMEBASE)), ' units="seconds"')
    if entry.poster:
        yield f'    <icon src="{_escaped(links.poster(entry.asset, entry.poster))}"/>'
    if about.kind is Kind.EPISODE and about.episode > 0:
        yield from _episode(about.season, about.episode)
    for found in filter(None, map(_TMS.fullmatch, about.ids)):
        yield _element("episode-num", f"{found[1].upper()}.{found[2]}", ' system="dd_progid"')


def _episode(season: int, episode: int) -> Iterator[str]:
    """The episode's number, as people read it and as apps do, who count from 0 (E-4).

    Without a season it is a special or a serial, which `xmltv_ns` cannot tell apart, so that one is left out.
    """
    if season > 0:
        yield _element("episode-num", f"S{season:02d}E{episode:02d}", ' system="onscreen"')
        yield _element("episode-num", f"{season - 1}.{episode - 1}.0/1", ' system="xmltv_ns"')
    else:
        yield _element("episode-num", f"E{episode:02d}", ' system="onscreen"')


def _rating(rating: str) -> Iterator[str]:
    value = one_line(rating)
    if value:
        giver = system(value)
        yield f'    <rating system="{giver}">' if giver else "    <rating>"
        yield f"  {_element('value', value)}"
        yield "    </rating>"


def _element(name: str, text: str, attributes: str = "") -> str:
    return f"    <{name}{attributes}>{_escaped(text)}</{name}>"


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
