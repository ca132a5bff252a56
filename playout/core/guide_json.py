"""The guide as JSON, with all that it knows: the other forms are views of this one.

Law: the same entries give the same bytes. Instants are UTC with milliseconds, lengths are milliseconds, rounded down.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from playout.core.listing import by_number, lines, one_line, tvg_id
from playout.core.ratings import system
from playout.core.ticks import TIMEBASE, ticks_of, utc_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from playout.core.asset import Title
    from playout.core.channel import Channel
    from playout.core.guide import Entry, Part
    from playout.core.listing import Links
    from playout.core.ticks import Ticks

MIME: Final = "application/json"

Node = dict[str, Any]


def guide_json(guide: Mapping[str, Sequence[Entry]], channels: Sequence[Channel], links: Links) -> str:
    """The guide of `channels`, in the order of their numbers; `guide` has the entries by channel id.

    Every entry is a line, so that a change of the guide is a change of lines.
    """
    found = ",\n".join(_channel(channel, guide.get(channel.id, ()), links) for channel in by_number(channels))
    return f'{{"generator": "Fastline", "channels": [\n{found}\n]}}\n'


def _channel(channel: Channel, entries: Sequence[Entry], links: Links) -> str:
    about = _written(
        {
            "id": channel.id,
            "tvgId": tvg_id(channel),
            "number": channel.number,
            "name": one_line(channel.name) or channel.id,
            "description": lines(channel.description),
            "group": one_line(channel.group),
            "logo": links.logo(channel),
            "playlist": links.playlist(channel),
            "zone": channel.zone,
            "languages": list(channel.languages),
            "subtitles": list(channel.subtitles),
        }
    )
    rows = ",\n".join(_written(_entry(entry, channel, links)) for entry in entries)
    return f'{about[:-1]}, "entries": [\n{rows}\n]}}'


def _written(node: Node) -> str:
    return json.dumps(node, ensure_ascii=False)


def _entry(entry: Entry, channel: Channel, links: Links) -> Node:
    lasts = ticks_of(entry.stop - entry.start)
    return {
        "id": entry.id,
        **_times(entry.start, entry.stop, entry.length),
        "breaksMs": _milliseconds(max(lasts - entry.length, 0)),
        "title": one_line(entry.title) or channel.id,
        "subtitle": one_line(entry.subtitle),
        "block": one_line(entry.block),
        "group": entry.grouped,
        **_about(entry.about),
        "asset": entry.asset if entry.parts else "",
        "poster": links.poster(entry.asset, entry.poster) if entry.poster else "",
        "shown": _instant(entry.single.shown if entry.single else None),
        "catchup": links.catchup(channel, entry.start, entry.stop),
        "parts": [_part(part, channel, links) for part in entry.parts],
    }


def _part(part: Part, channel: Channel, links: Links) -> Node:
    return {
        "id": f"{channel.id}-{part.index}",
        **_times(part.start, part.stop, part.length),
        "title": one_line(part.title),
        "subtitle": one_line(part.subtitle),
        **_about(part.about),
        "asset": part.asset,
        "poster": links.poster(part.asset, part.poster) if part.poster else "",
        "shown": _instant(part.shown),
    }


def _times(start: datetime, stop: datetime, length: Ticks) -> Node:
    return {"start": utc_text(start), "stop": utc_text(stop), "lengthMs": _milliseconds(length)}


def _about(about: Title) -> Node:
    return {
        "kind": about.kind.value,
        "description": lines(about.description),
        "series": one_line(about.series),
        "season": about.season,
        "episode": about.episode,
        "story": one_line(about.story),
        "part": about.part,
        "released": one_line(about.released),
        "genres": [one_line(genre) for genre in about.genres],
        "tags": [one_line(tag) for tag in about.tags],
        "rating": one_line(about.rating),
        "ratingSystem": system(about.rating),
        "language": "" if about.language == "und" else one_line(about.language),
        "ids": [one_line(name) for name in about.ids],
    }


def _instant(instant: datetime | None) -> str:
    return utc_text(instant) if instant else ""


def _milliseconds(ticks: int) -> int:
    return ticks * 1000 // TIMEBASE
