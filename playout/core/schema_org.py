"""The guide for search engines: schema.org broadcast events, as JSON-LD (E-9).

Law: the same entries give the same bytes, and an event has the same name for ever.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from playout.core.asset import Kind
from playout.core.listing import by_number, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from playout.core.asset import Title
    from playout.core.channel import Channel
    from playout.core.guide import Entry, Part
    from playout.core.listing import Links

MIME: Final = "application/ld+json"

_ELSEWHERE: Final = {
    "imdb": "https://www.imdb.com/title/{}/",
    "eidr": "https://ui.eidr.org/view/content?id={}",
    "wikidata": "https://www.wikidata.org/wiki/{}",
}
"""Pages that are about a work, by who numbers it."""

Node = dict[str, Any]


def schema_org(guide: Mapping[str, Sequence[Entry]], channels: Sequence[Channel], links: Links) -> str:
    """The broadcast services and their events, in the order of channel numbers; `guide` is by channel id.

    Every one of them is a line.
    """
    graph: list[Node] = []
    for channel in by_number(channels):
        graph.append(_service(channel, links))
        graph.extend(_event(entry, channel, links) for entry in guide.get(channel.id, ()))
    rows = ",\n".join(json.dumps(node, ensure_ascii=False) for node in graph)
    return f'{{"@context": "https://schema.org", "@graph": [\n{rows}\n]}}\n'


def schema_org_faults(entries: Sequence[Entry]) -> list[str]:
    """What a search engine would pass over: events that say neither what is on nor that it is not known yet."""
    return [f"{entry.id} has no name" for entry in entries if not one_line(entry.title)]


def _service(channel: Channel, links: Links) -> Node:
    found: Node = {
        "@type": "BroadcastService",
        "@id": _service_id(channel, links),
        "name": one_line(channel.name) or channel.id,
        "broadcastDisplayName": one_line(channel.name) or channel.id,
        "description": one_line(channel.description),
        "logo": links.logo(channel),
        "inLanguage": list(channel.languages),
    }
    return _filled(found)


def _service_id(channel: Channel, links: Links) -> str:
    return f"{links.base}/live/{channel.id}"


def _event(entry: Entry, channel: Channel, links: Links) -> Node:
    found: Node = {
        "@type": "BroadcastEvent",
        "@id": f"{_service_id(channel, links)}#{entry.index}",
        "name": one_line(entry.name),
        "description": one_line(entry.about.description),
        "startDate": _instant(entry.start),
        "endDate": _instant(entry.stop),
        "publishedOn": {"@id": _service_id(channel, links)},
        "isLiveBroadcast": False,
    }
    if entry.grouped:
        found["workPerformed"] = {"@type": "CreativeWork", "name": one_line(entry.title)}
        found["subEvent"] = [_part(part, channel, links) for part in entry.parts]
    elif entry.single is None:
        found["contentToBeAnnounced"] = True
    else:
        found["workPerformed"] = _work(entry.single, links)
    return _filled(found)


def _part(part: Part, channel: Channel, links: Links) -> Node:
    return {
        "@type": "BroadcastEvent",
        "@id": f"{_service_id(channel, links)}#{part.index}/part",
        "name": one_line(part.name),
        "startDate": _instant(part.start),
        "endDate": _instant(part.stop),
        "workPerformed": _work(part, links),
    }


def _work(part: Part, links: Links) -> Node:
    about = part.about
    found: Node = {
        "@type": {Kind.MOVIE: "Movie", Kind.EPISODE: "TVEpisode"}.get(about.kind, "CreativeWork"),
        "name": one_line(about.title),
        "description": one_line(about.description),
        "datePublished": one_line(about.released),
        "genre": [one_line(genre) for genre in about.genres],
        "contentRating": one_line(about.rating),
        "inLanguage": "" if about.language == "und" else one_line(about.language),
        "image": links.poster(part.asset, part.poster) if part.poster else "",
        "sameAs": _elsewhere(about),
    }
    if about.kind is Kind.EPISODE:
        found["episodeNumber"] = about.episode
        found["partOfSeason"] = {"@type": "TVSeason", "seasonNumber": about.season} if about.season else {}
        found["partOfSeries"] = {"@type": "TVSeries", "name": one_line(about.series)} if about.series else {}
    return _filled(found)


def _elsewhere(about: Title) -> list[str]:
    pairs = (name.partition(":") for name in about.ids)
    return [_ELSEWHERE[who.lower()].format(one_line(name)) for who, _, name in pairs if who.lower() in _ELSEWHERE]


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}+00:00"


def _filled(node: Node) -> Node:
    """What has a value."""
    return {key: value for key, value in node.items() if value is False or value not in ("", [], {}, 0)}
