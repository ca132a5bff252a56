"""The guide as XMLTV, for everything from Plex to Kodi.

Law: the same entries give the same bytes. Children stand in the order of the DTD (E-2), times are half
open (E-3), and text has no line break except in `desc` (E-5).
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Final

from playout.core.asset import PROGRAM_KINDS, Kind
from playout.core.listing import by_number, lines, one_line, tvg_id
from playout.core.ticks import TIMEBASE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from playout.core.channel import Channel
    from playout.core.guide import Entry
    from playout.core.listing import Links

MIME: Final = "text/xml"

_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_CATEGORY: Final = {Kind.MOVIE: "Movie", Kind.EPISODE: "Series"}
_SYSTEMS: Final = {
    **dict.fromkeys(("TV-Y", "TV-Y7", "TV-G", "TV-PG", "TV-14", "TV-MA"), "VCHIP"),
    **dict.fromkeys(("G", "PG", "PG-13", "R", "NC-17"), "MPAA"),
}
"""Who gives a rating; the others are written without a system."""


def xmltv(guide: Mapping[str, Sequence[Entry]], channels: Sequence[Channel], links: Links, zone: tzinfo = UTC) -> str:
    """The guide of `channels`, in the order of their numbers; `guide` has the entries by channel id.

    `zone` is the time zone that times are written in.
    """
    rows = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<!DOCTYPE tv SYSTEM "xmltv.dtd">',
        '<tv generator-info-name="Fastline">',
    ]
    ordered = by_number(channels)
    for channel in ordered:
        rows.extend(_channel(channel, links))
    for channel in ordered:
        rows.extend(_programmes(channel, guide.get(channel.id, ()), links, zone))
    return "\n".join([*rows, "</tv>"]) + "\n"


def _channel(channel: Channel, links: Links) -> Iterator[str]:
    """A channel under three names: apps search for the number in the first and show one of the others."""
    name = one_line(channel.name) or channel.id
    yield f'  <channel id="{tvg_id(channel)}">'
    for display in (f"{channel.number} {name}", channel.number, name):
        yield _element("display-name", display)
    yield f'    <icon src="{_escaped(links.logo(channel))}"/>'
    yield "  </channel>"


def _programmes(channel: Channel, entries: Sequence[Entry], links: Links, zone: tzinfo) -> Iterator[str]:
    """A channel's entries; `aired` remembers when each program was last shown."""
    aired: dict[str, str] = {}
    for entry in entries:
        start, stop = _time(entry.start, zone), _time(entry.stop, zone)
        if start == stop:
            continue
        yield f'  <programme start="{start}" stop="{stop}" channel="{tvg_id(channel)}">'
        yield from _titles(entry, channel)
        yield from _facts(entry, links)
        if entry.asset in aired:
            yield f'    <previously-shown start="{aired[entry.asset]}"/>'
        yield from _rating(entry.rating)
        if entry.poster:
            yield _element("image", links.poster(entry.asset, entry.poster), ' type="poster"')
        yield "  </programme>"
        if entry.kind in PROGRAM_KINDS:
            aired[entry.asset] = start


def _titles(entry: Entry, channel: Channel) -> Iterator[str]:
    """From `title` to `category`."""
    yield _element("title", one_line(entry.title) or channel.id)
    subtitle, description, group = one_line(entry.subtitle), lines(entry.description), one_line(channel.group)
    if subtitle:
        yield _element("sub-title", subtitle)
    if description:
        yield _element("desc", description)
    category = _CATEGORY.get(entry.kind, "")
    if category:
        yield _element("category", category, ' lang="en"')
    if group and group != category:
        yield _element("category", group)


def _facts(entry: Entry, links: Links) -> Iterator[str]:
    """From `language` to `episode-num`."""
    if entry.language != "und":
        yield _element("language", entry.language)
    yield _element("length", str(-(-entry.length // TIMEBASE)), ' units="seconds"')
    if entry.poster:
        yield f'    <icon src="{_escaped(links.poster(entry.asset, entry.poster))}"/>'
    if entry.kind is Kind.EPISODE and entry.episode > 0:
        yield from _episode(entry.season, entry.episode)


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
        system = _SYSTEMS.get(value.upper())
        yield f'    <rating system="{system}">' if system else "    <rating>"
        yield f"  {_element('value', value)}"
        yield "    </rating>"


def _element(name: str, text: str, attributes: str = "") -> str:
    return f"    <{name}{attributes}>{_escaped(text)}</{name}>"


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _time(instant: datetime, zone: tzinfo) -> str:
    """`instant` in whole seconds, rounded down, so that a stop is the next start (E-3)."""
    return f"{instant.astimezone(zone):%Y%m%d%H%M%S %z}"
