"""The guide as The Roku Channel ingests it: one live feed, its schedule, and all programs that it names (R-21 to R-25).

Laws. The same entries give the same bytes. Every id of the schedule is that of one program in the feed, and an id
is the same for life: it is made of the work's name, never of where or when it airs.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from playout.core.asset import Kind, Title
from playout.core.guide import LEAST, Entry
from playout.core.listing import Links, cut, one_line, plain, seconds
from playout.core.ratings import MPAA, known, system
from playout.core.ticks import TIMEBASE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from playout.core.channel import Channel

MIME: Final = "application/json"

AHEAD: Final = timedelta(days=7)
BACK: Final = timedelta(days=1)
"""How far a feed reaches at least (R-24)."""
_SPARE: Final = timedelta(days=1)
"""It reaches further ahead, so that one that is some hours old is still good."""
SHORT, CHANNEL_SHORT, CHANNEL_LONG, TITLE_LINE = 110, 200, 500, 35
"""The most characters of a description, of a channel's two, and of one line of a title (R-23)."""
LONGEST: Final = timedelta(hours=4)
"""The longest program (R-24)."""
_LEAST: Final = timedelta(seconds=LEAST // TIMEBASE)

_GENRES: Final = """\
action, adventure, animals, animated, anime, anthology, art, auto, aviation, awards, ballet, biography, children,
comedy, comedy drama, community, cooking, crime, crime drama, dance, dark comedy, debate, docudrama, documentary,
drama, educational, entertainment, environment, event, faith, fantasy, fashion, fishing, food, game show, gaming,
health, historical drama, history, holiday, holiday special, home improvement, horror, house/garden, how-to,
hunting, interview, law, martial arts, medical, military, miniseries, music, musical, musical comedy, mystery,
nature, news, newsmagazine, opera, outdoors, paranormal, parenting, performing arts, politics, public affairs,
reality, religious, romance, romantic comedy, science, science fiction, self improvement, shopping, sitcom, soap,
special, sports, sports talk, standup, suspense, talk, technology, theater, thriller, travel, variety, war, weather,
western"""
GENRES: Final = frozenset(genre.strip() for genre in _GENRES.split(","))
"""Genres that Roku takes; its list has more, mostly kinds of sport."""
_MEANT: Final = {
    "sci-fi": "science fiction",
    "science-fiction": "science fiction",
    "animation": "animated",
    "kids": "children",
    "family": "children",
    "noir": "crime drama",
    "film noir": "crime drama",
    "rom-com": "romantic comedy",
    "biopic": "biography",
    "wildlife": "nature",
}
_ID_TYPES: Final = ("TMS", "ROVI", "IMDB", "EIDR")
_DATE: Final = re.compile(r"\d{4}(-\d\d){0,2}")
_IDS: Final = re.compile("[A-Za-z0-9]{1,40}")

Node = dict[str, Any]


def roku(entries: Iterable[Entry], channel: Channel, links: Links, now: datetime) -> str:
    """The feed of one channel at `now`: those of `entries` from a day ago to more than a week ahead."""
    return json.dumps(_feed(_shown(entries, now), channel, links, now), ensure_ascii=False, indent=1) + "\n"


def _shown(entries: Iterable[Entry], now: datetime) -> list[Entry]:
    """The entries that are on from a day ago to eight days ahead, as far as they last a second."""
    return [
        entry
        for entry in entries
        if entry.stop > now - BACK and entry.start < now + AHEAD + _SPARE and seconds(entry.start, entry.stop) > 0
    ]


def _feed(entries: Sequence[Entry], channel: Channel, links: Links, now: datetime) -> Node:
    """In the order that Roku asks for: the live feed first."""
    found: Node = {
        "providerName": plain(channel.name) or channel.id,
        "lastUpdated": _instant(now),
        "language": channel.languages[0],
        "liveFeeds": [_live(entries, channel, links)],
        "movies": [],
        "series": [],
        "shortFormVideos": [],
        "tvSpecials": [],
    }
    series: dict[str, list[Entry]] = {}
    for entry in {content_id(entry): entry for entry in reversed(entries)}.values():
        where = _section(entry)
        if where == "series":
            series.setdefault(entry.about.series.casefold(), []).append(entry)
        else:
            found[where].append(_program(entry, links))
    found["series"] = [_series(series[name], channel, links) for name in sorted(series)]
    for where in ("movies", "shortFormVideos", "tvSpecials"):
        found[where].sort(key=lambda program: program["id"])
    return found


def _live(entries: Iterable[Entry], channel: Channel, links: Links) -> Node:
    name = plain(channel.name) or channel.id
    description = plain(channel.description)
    ratings = list(dict.fromkeys(known(entry.about.rating) for entry in entries))
    found: Node = {
        "id": _safe(channel.id),
        "title": name,
        "content": {
            "dateAdded": _instant(channel.genesis),
            "language": channel.languages[0],
            "schedule": [_slot(entry, channel) for entry in entries],
        },
        "thumbnail": links.logo(channel),
        "shortDescription": cut(description or name, CHANNEL_SHORT),
        "longDescription": cut(f"{name}: {description}" if description else f"{name}, all day", CHANNEL_LONG),
        "advisoryRatings": [_advisory(rating) for rating in sorted(filter(None, ratings))],
        "genres": _genres(genre for entry in entries for genre in entry.about.genres),
    }
    return _filled(found)


def _slot(entry: Entry, channel: Channel) -> Node:
    found: Node = {
        "id": content_id(entry),
        "durationInSeconds": seconds(entry.start, entry.stop),
        "isLive": False,
        "date": f"{entry.start:%Y-%m-%d}",
        "times": [f"{entry.start:%H:%M:%S}"],
    }
    return found | ({"attributes": ["CC"]} if channel.subtitles else {})


# Programs


def _section(entry: Entry) -> str:
    """In which list of the feed a program stands."""
    if entry.single is None or entry.kind is Kind.FILLER:
        return "shortFormVideos"
    if entry.kind is Kind.MOVIE:
        return "movies"
    if entry.kind is Kind.EPISODE and entry.about.series:
        return "series"
    return "shortFormVideos" if entry.single.length < LEAST else "tvSpecials"


def content_id(entry: Entry) -> str:
    """What the feed calls a program: at most 50 letters and digits, the same for life (R-21).

    A run of short programs is a program of its own, named after its block.
    """
    if entry.single is None or entry.kind is Kind.FILLER:
        return "block" + _digest(f"{entry.channel}\0{entry.title}")
    return entry.kind.value + entry.about.work


def _safe(channel: str) -> str:
    """A channel's id in letters and digits."""
    if _IDS.fullmatch(channel):
        return channel
    return "".join(_IDS.findall(channel))[:30] + _digest(channel)


def _digest(text: str) -> str:
    return blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()


def _program(entry: Entry, links: Links) -> Node:
    """A movie, a special, a short form, or a block of them."""
    about = entry.about
    title = plain(entry.title if entry.grouped else about.title) or content_id(entry)
    found: Node = {
        "id": content_id(entry),
        "title": title,
        "thumbnail": links.poster(entry.asset, entry.poster) if entry.poster else "",
        "releaseDate": _released(about),
        "genres": _genres(about.genres),
        "shortDescription": cut(plain(about.description) or title, SHORT),
        "advisoryRatings": _advisories(about),
        "externalIds": [] if entry.grouped else _external(about),
    }
    return _filled(found)


def _episode(entry: Entry, links: Links) -> Node:
    found = _program(entry, links)
    found.pop("genres", None)
    return found | {"episodeNumber": max(entry.about.episode, 1)}


def _series(entries: Sequence[Entry], channel: Channel, links: Links) -> Node:
    """A series with those of its episodes that the schedule names."""
    name = entries[0].about.series
    named = "series" + _digest(name.casefold())
    title = plain(name) or named
    ordered = sorted(entries, key=lambda entry: (entry.about.season, entry.about.episode, content_id(entry)))
    released = min(filter(None, (_released(entry.about) for entry in ordered)), default="")
    pictured = next((entry for entry in ordered if entry.poster), None)
    found: Node = {
        "id": named,
        "title": title,
        "genres": _genres(genre for entry in ordered for genre in entry.about.genres),
        "thumbnail": links.poster(pictured.asset, pictured.poster) if pictured else "",
        "releaseDate": released,
        "shortDescription": cut(f"{title}, on {plain(channel.name) or channel.id}", SHORT),
        "advisoryRatings": _advisories(*(entry.about for entry in ordered)),
    }
    seasons = sorted({entry.about.season for entry in ordered})
    if seasons == [0]:
        return _filled(found) | {"episodes": [_episode(entry, links) for entry in ordered]}
    return _filled(found) | {
        "seasons": [
            {
                "seasonNumber": season,
                "episodes": [_episode(entry, links) for entry in ordered if entry.about.season == season],
            }
            for season in seasons
        ]
    }


def _released(about: Title) -> str:
    """A whole date, as Roku asks for: of a year its first day."""
    written = about.released.strip()
    return (written + "-01-01")[:10] if _DATE.fullmatch(written) else ""


def _genres(genres: Iterable[str]) -> list[str]:
    """Those that Roku takes, as it writes them."""
    folded = (plain(genre).casefold() for genre in genres)
    return [genre for genre in dict.fromkeys(_MEANT.get(genre, genre) for genre in folded) if genre in GENRES]


def _advisories(*abouts: Title) -> list[Node]:
    found = dict.fromkeys(known(about.rating) for about in abouts)
    return [_advisory(rating) for rating in found if rating]


def _advisory(rating: str) -> Node:
    return {"source": "MPAA" if system(rating) == MPAA else "USA_PR", "value": rating}


def _external(about: Title) -> list[Node]:
    pairs = (name.partition(":") for name in about.ids)
    return [{"id": one_line(name), "idType": who.upper()} for who, _, name in pairs if who.upper() in _ID_TYPES]


def _filled(node: Node) -> Node:
    """What has a value."""
    return {key: value for key, value in node.items() if value not in ("", [])}


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}+00:00"


# What would be refused


def roku_faults(entries: Iterable[Entry], channel: Channel, now: datetime) -> list[str]:
    """Everything for which Roku would refuse the feed of `channel`, or not show it as meant; each thing once."""
    shown = _shown(entries, now)
    found = [*_reach(shown, now), *(fault for entry in shown for fault in _slot_faults(entry))]
    for entry in {content_id(entry): entry for entry in shown}.values():
        found.extend(f"{one_line(entry.name)}: {fault}" for fault in _program_faults(entry))
    if not plain(channel.description):
        found.append("the channel has no description (R-23)")
    return list(dict.fromkeys(found))


def _reach(entries: Sequence[Entry], now: datetime) -> Iterator[str]:
    if not entries:
        yield "there is nothing in the schedule"
        return
    if entries[0].start > now - BACK:
        yield f"the schedule begins at {entries[0].start:%Y-%m-%d %H:%M} UTC, less than a day ago (R-24)"
    if entries[-1].stop < now + AHEAD:
        yield f"the schedule ends at {entries[-1].stop:%Y-%m-%d %H:%M} UTC, less than a week ahead (R-24)"
    for one, two in pairwise(entries):
        if one.stop != two.start:
            yield f"there is a gap or an overlap at {one.stop:%Y-%m-%d %H:%M} UTC"


def _slot_faults(entry: Entry) -> Iterator[str]:
    when = f"{one_line(entry.name)} at {entry.start:%Y-%m-%d %H:%M} UTC"
    lasts = entry.stop - entry.start
    if lasts < _LEAST:
        yield f"{when} is shorter than 15 minutes (R-24)"
    if lasts > LONGEST:
        yield f"{when} is longer than 4 hours (R-24)"
    if not entry.parts:
        yield f"{when} is no program, but filler or slate"


def _program_faults(entry: Entry) -> Iterator[str]:
    about = entry.about
    if not entry.poster.casefold().endswith((".jpg", ".jpeg")):
        yield "it has no artwork as JPEG (R-23)"
    if not known(about.rating):
        yield f"Roku knows no rating {about.rating!r} (R-18)" if about.rating else "it has no rating (R-18)"
    if not _released(about) and not entry.grouped:
        yield "nobody says when it came out (R-22)"
    if not _genres(about.genres):
        yield "it has no genre that Roku takes"
    if not plain(about.description):
        yield "it has no description"
    if entry.kind is Kind.EPISODE and about.series and not entry.grouped and not about.episode:
        yield "the episode has no number (R-22)"
    if len(plain(entry.title)) > TITLE_LINE:
        yield f"its title is longer than one line of {TITLE_LINE} characters (R-23)"
