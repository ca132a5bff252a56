"""Media RSS 1.5.1 as suppliers of FAST channels write it: an item a title, with the extensions for series in use.

Law: nothing outside of the file is read. A document type, and with it every entity of the file's own, is refused
before anything of it is expanded; depth and length have limits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from xml.parsers import expat

from control_api import strangers_xml
from control_api.imports.records import CREDITS, Item, Unreadable, item
from playout.core.language import bcp47
from playout.core.territories import territory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from control_api.imports.records import Notes

_DEEPEST: Final = 40
_BESIDE: Final = len(("rss", "channel", "item"))
_LONGEST: Final = 4 << 20
"""Letters of one item, its elements and attributes with them."""
_WEIGHT: Final = 100
"""Letters as many as which an element or an attribute counts: the memory that it takes without any."""
_MOST_ELEMENTS: Final = 20_000
"""Of one item; a film with a thousand credits has less than a tenth."""
_BLOCK: Final = 64 << 10
_ROLES: Final = {"actor": "actor", "cast": "actor", "director": "director", "writer": "writer", "producer": "producer"}


@dataclass(slots=True)
class Node:
    """One element of an item."""

    name: str
    """Its local name, in small letters."""
    media: bool
    """Whether it is of Media RSS."""
    attributes: dict[str, str]
    line: int
    text: str = ""
    inner: list[Node] = field(default_factory=list)

    def all(self, *names: str, media: bool | None = None) -> Iterator[Node]:
        """The elements of these names within, however deep, in their order."""
        for one in self.inner:
            if one.name in names and media in (None, one.media):
                yield one
            yield from one.all(*names, media=media)

    def first(self, *names: str, media: bool | None = None) -> str:
        """The text of the first of them that has one; names that stand first are preferred."""
        for name in names:
            for one in self.all(name, media=media):
                if one.text:
                    return one.text
        return ""


class _Feed:
    """Listens to the parser, and keeps the items that have ended."""

    def __init__(self) -> None:
        self.parser = strangers_xml.parser(Unreadable)
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._say
        self.items: list[Node] = []
        self.language = ""
        self._open: list[Node] = []
        self._depth = 0
        self._letters = 0
        self._elements = 0
        self._root = ""
        self._beside = ""

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        local = local.lower()
        self._depth += 1
        if self._depth > _DEEPEST:
            msg = "elements lie within each other without end"
            raise Unreadable(msg, self.parser.CurrentLineNumber)
        if not self._root:
            self._root = local
            if local not in ("rss", "rdf", "feed"):
                msg = f"its root is <{local}>, and that of a feed is <rss>"
                raise Unreadable(msg, self.parser.CurrentLineNumber)
        self._beside = local if self._depth == _BESIDE and not self._open else ""
        if self._open or local in ("item", "entry"):
            plain = {key.rpartition(" ")[2].lower(): value for key, value in attributes.items()}
            node = Node(local, "search.yahoo.com/mrss" in space, plain, self.parser.CurrentLineNumber)
            if self._open:
                self._open[-1].inner.append(node)
            self._open.append(node)
            said = sum(_WEIGHT + len(key) + len(value) for key, value in attributes.items())
            self._count(_WEIGHT + len(name) + said, elements=1)

    def _say(self, text: str) -> None:
        self._count(len(text))
        if self._open:
            self._open[-1].text += text
        elif self._beside == "language":
            self.language = (self.language + text)[:40]

    def _count(self, letters: int, elements: int = 0) -> None:
        if self._open:
            self._letters += letters
            self._elements += elements
            if self._elements > _MOST_ELEMENTS:
                msg = f"an item has more than {_MOST_ELEMENTS} elements"
                raise Unreadable(msg, self._open[0].line)
            if self._letters > _LONGEST:
                msg = f"an item is longer than {_LONGEST} letters"
                raise Unreadable(msg, self._open[0].line)

    def _end(self, _name: str) -> None:
        self._depth -= 1
        self._beside = ""
        if self._open:
            node = self._open.pop()
            node.text = node.text.strip()
            if not self._open:
                self.items.append(node)
                self._letters = self._elements = 0


def read(path: Path, notes: Notes) -> Iterator[Item]:
    """The items of the file. Raises `Unreadable`."""
    feed = _Feed()
    seen = 0
    with path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            try:
                feed.parser.Parse(block, not block)
            except (expat.ExpatError, ValueError) as error:  # ValueError: an encoding that nobody knows
                line = getattr(error, "lineno", feed.parser.CurrentLineNumber)
                yield from (_item(node, feed.language) for node in feed.items)
                msg = f"it is no XML here: {_words(error)}"
                raise Unreadable(msg, line) from error
            seen += len(feed.items)
            yield from (_item(node, feed.language) for node in feed.items)
            feed.items.clear()
            if not block:
                break
    if not seen:
        notes.add("There is no item in the feed.")


def _words(error: Exception) -> str:
    code = getattr(error, "code", None)
    return expat.errors.messages[code] if code in expat.errors.messages else str(error)


def _item(node: Node, language: str) -> Item:
    said: dict[str, Any] = {
        "name": node.first("title", media=True) or node.first("episodetitle", "title"),
        "description": node.first("longdescription") or node.first("description", media=True) or
                       node.first("description", "summary"),
        "summary": node.first("shortdescription", "subtitle")[:1000],
        "tags": _tags(node),
        "genres": _genres(node),
        "age_rating": _rating(node),
        "credits": _credits(node),
        "ids": _ids(node),
        "rights": _rights(node),
    }  # fmt: skip
    said |= _countries(node) | _pictures(node) | _media(node, language) | _place(node) | _released(node)
    kept = {name: value for name, value in said.items() if value not in ("", [], None)}
    found = item(
        {**kept, "description": str(kept.get("description", ""))[:20_000]} if "description" in kept else kept, node.line
    )
    return found if found.faults == () else Item(node.line, None, found.faults, said["name"][:500])


def _tags(node: Node) -> list[str]:
    words = [part for one in node.all("keywords", "tags") for part in one.text.split(",")]
    return _single([*words, *(one.text for one in node.all("tag"))])


def _genres(node: Node) -> list[str]:
    found = [one.attributes.get("label") or one.text for one in node.all("category")]
    return _single([part for text in [*found, *(one.text for one in node.all("genre"))] for part in text.split(",")])


def _single(some: list[str]) -> list[str]:
    clean = (" ".join(one.split())[:100].strip() for one in some)
    return list(dict.fromkeys(one for one in clean if one))[:100]


def _rating(node: Node) -> str:
    """`<media:rating scheme="urn:v-chip">tv-14</media:rating>`; `simple` knows adult and nonadult alone."""
    for one in node.all("rating", "contentrating", "agerating"):
        if one.text and "simple" not in one.attributes.get("scheme", ""):
            return one.text.upper()[:40]
    return ""


def _credits(node: Node) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for one in node.all("credit", *_ROLES):
        role = one.attributes.get("role", one.name if one.name in _ROLES else "").casefold()
        if one.text:
            job = _ROLES.get(role, role or "actor")[:60]
            found.append({"name": one.text[:300], "job": job, "character": one.attributes.get("character", "")[:300]})
    return found[:CREDITS]


def _ids(node: Node) -> list[str]:
    guid = re.sub(r"\s+", "", node.first("guid", "id"))[:200]
    named = [f"guid:{guid}"] if guid else []
    for one in node.all("imdbid", "eidr", "tmsid", "tmdbid"):
        value = re.sub(r"\s+", "", one.text)[:200]
        if value:
            named.append(f"{one.name.removesuffix('id') or one.name}:{value}")
    return named


def _rights(node: Node) -> list[dict[str, Any]]:
    """Dublin Core's `valid`: `start=2026-01-01T00:00Z; end=2027-01-01T00:00Z; scheme=W3C-DTF`."""
    where = _restricted(node)
    found = []
    for one in node.all("valid"):
        parts = dict(part.strip().partition("=")[::2] for part in one.text.split(";"))
        start, stop = _instant(parts.get("start", "")), _instant(parts.get("end", ""))
        if start or stop:
            found.append({"start": start, "stop": stop, "territories": where})
    start, stop = _instant(node.first("availablestart", "startdate")), _instant(node.first("availableend", "enddate"))
    if not found and (start or stop):
        found.append({"start": start, "stop": stop, "territories": where})
    return found or ([{"territories": where}] if where else [])


def _restricted(node: Node) -> list[str]:
    """Where alone it may be shown."""
    found = [
        one.text for one in node.all("restriction")
        if one.attributes.get("type") == "country" and one.attributes.get("relationship") == "allow"
    ]  # fmt: skip
    return _territories(found)


def _countries(node: Node) -> dict[str, Any]:
    denied = [
        one.text for one in node.all("restriction")
        if one.attributes.get("type") == "country" and one.attributes.get("relationship") == "deny"
    ]  # fmt: skip
    return {
        "countries": _territories([one.text for one in node.all("country", "countryoforigin")]),
        "countries_allowed": _restricted(node),
        "countries_denied": _territories(denied),
    }


def _territories(texts: list[str]) -> list[str]:
    known = (territory(word.upper()) for text in texts for word in re.split(r"[\s,]+", text))
    return list(dict.fromkeys(one for one in known if one))


def _instant(text: str) -> str | None:
    """W3C-DTF, of which parts may be missing, as RFC 3339; what is neither is left as it is, and refused later."""
    text = text.strip()
    match = re.fullmatch(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T(\d\d:\d\d)(:\d\d(?:\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?", text)
    if match is None:
        return text or None
    year, month, day, minutes, seconds, zone = match.groups()
    zone = zone or "Z"
    zone = zone if zone == "Z" or ":" in zone else f"{zone[:3]}:{zone[3:]}"
    return f"{year}-{month or '01'}-{day or '01'}T{minutes or '00:00'}{seconds or ':00'}{zone}"


def _pictures(node: Node) -> dict[str, str]:
    """Thumbnails and images: which is upright, its size says; without one it is taken for a wide one."""
    found: dict[str, str] = {}
    images = [one for one in node.all("content", media=True) if one.attributes.get("medium") == "image"]
    for one in [*node.all("thumbnail"), *images]:
        url = one.attributes.get("url", "")
        width, height = (_whole(one.attributes.get(name, "")) for name in ("width", "height"))
        if url:
            found.setdefault("poster" if height > width else "landscape", url[:2000])
    return found


def _whole(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,6}", text, re.ASCII) else 0


def _media(node: Node, language: str) -> dict[str, Any]:
    """The languages, and a playlist; files are no playlists, and are fetched as uploads."""
    contents = [one for one in node.all("content", media=True) if one.attributes.get("medium") != "image"]
    spoken = [bcp47(one.attributes.get("lang", "")) for one in contents]
    known = list(dict.fromkeys(one for one in [*spoken, bcp47(node.first("language") or language)] if one))
    said: dict[str, Any] = {"language": known[0], "languages": known} if known else {}
    for one in contents:
        url, kind = one.attributes.get("url", ""), one.attributes.get("type", "").lower()
        if "mpegurl" in kind or url.partition("?")[0].lower().endswith(".m3u8"):
            said["video_url"] = url
    return said


_KINDS: Final = {"movie": "movie", "film": "movie", "feature": "movie", "series": "series", "tvseries": "series",
                 "season": "season", "episode": "episode", "tvepisode": "episode", "short": "short",
                 "shortform": "short", "clip": "clip", "special": "special", "tvspecial": "special",
                 "audio": "audio", "music": "audio"}  # fmt: skip


def _place(node: Node) -> dict[str, Any]:
    """What it is, and where it stands in its series."""
    series = node.first("seriestitle", "seriesname", "showname", "showtitle", "series", "show")
    season = _place_number(node.first("seasonnumber", "season"))
    episode = _place_number(node.first("episodenumber", "episode"))
    guid = re.sub(r"\s+", "", node.first("seriesguid", "seriesid"))[:200]
    kind = re.sub(r"[\s_-]", "", node.first("contenttype", "programtype", "type").casefold())
    said: dict[str, Any] = {"kind": _KINDS.get(kind)}
    if said["kind"] is None:
        medium = next((one.attributes.get("medium") for one in node.all("content", media=True)), "")
        said["kind"] = "audio" if medium == "audio" else "episode" if series and episode is not None else "movie"
    if said["kind"] in ("season", "episode"):
        said |= {"series": series[:500], "series_ids": [f"guid:{guid}"] if guid else [], "season": season}
        said["episode"] = episode if said["kind"] == "episode" else None
    return said


def _place_number(text: str) -> int | None:
    found = re.search(r"\d{1,5}", text)
    return int(found[0]) if found else None


def _released(node: Node) -> dict[str, str]:
    text = node.first("releasedate", "originalairdate", "airdate", "releaseyear", "year")
    found = re.match(r"\d{4}(-\d\d-\d\d)?", text)
    if found:
        return {"released": found[0]}
    try:
        day = parsedate_to_datetime(node.first("pubdate"))
        day = day.astimezone(UTC) if day.tzinfo else day
    except (ArithmeticError, LookupError, TypeError, ValueError):  # a year of twenty digits is an OverflowError
        return {}
    return {"released": f"{day:%Y-%m-%d}"}
