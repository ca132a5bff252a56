"""The columns of a CSV file: what each is called, and how its text becomes a field.

Columns may come in any order and be left out. A cell that is empty says nothing; one with a single `-` says that
there is nothing. Lists are parted by `|` or `;`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

Read = Callable[[str], Any]


class BadCell(ValueError):
    """A cell is not what its column holds. Says what is expected."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    field: str
    read: Read
    says: str
    """What stands in it."""
    others: tuple[str, ...] = ()
    """Further names that it is known by."""
    nothing: Any = ""
    """What `-` stands for."""


def _text(cell: str) -> str:
    return cell


def _list(cell: str) -> list[str]:
    return [part.strip() for part in re.split(r"[|;]", cell) if part.strip()]


def _number(cell: str) -> int:
    plain = cell.replace("_", "").replace(" ", "")
    if not re.fullmatch(r"\d{1,12}(\.0+)?", plain, re.ASCII):
        message = f"{cell[:40]!r} is no whole number"
        raise BadCell(message)
    return int(plain.partition(".")[0])


def _decimal(cell: str) -> float:
    plain = cell.replace(",", ".")
    if not re.fullmatch(r"\d{1,6}(\.\d{1,12})?", plain, re.ASCII):
        message = f"{cell[:40]!r} is no number"
        raise BadCell(message)
    return float(plain)


_TRUTHS: Final = {"yes": True, "true": True, "1": True, "x": True, "no": False, "false": False, "0": False}


def _truth(cell: str) -> bool:
    found = _TRUTHS.get(cell.casefold())
    if found is None:
        message = f"{cell[:40]!r} is neither yes nor no"
        raise BadCell(message)
    return found


def _lower(cell: str) -> str:
    return cell.casefold()


def _cast(cell: str) -> list[dict[str, Any]]:
    """`Joseph Cotten = Holly Martins | Alida Valli`."""
    return [_player(part) for part in _list(cell)]


def _player(part: str) -> dict[str, Any]:
    name, _, character = (piece.strip() for piece in part.partition("="))
    return {"name": name, "job": "actor", "character": character}


def _crew(cell: str) -> list[dict[str, Any]]:
    """`director = Carol Reed | writer = Graham Greene`."""
    found = []
    for part in _list(cell):
        job, sign, name = (piece.strip() for piece in part.partition("="))
        if not sign or not job or not name:
            message = f"{part[:60]!r}: write it as job = name, parted by |"
            raise BadCell(message)
        found.append({"name": name, "job": job})
    return found


def _named(job: str) -> Read:
    def read(cell: str) -> list[dict[str, Any]]:
        return [{"name": name, "job": job} for name in _list(cell)]

    return read


def _rights(cell: str) -> list[dict[str, Any]]:
    """`2026-01-01T00:00:00Z/2027-01-01T00:00:00Z US,CA | …`: an open end is left out."""
    return [_right(part.strip()) for part in cell.split("|") if part.strip()]


def _right(part: str) -> dict[str, Any]:
    match = re.fullmatch(r"([^\s/]*)/([^\s/]*)(?:\s+([A-Za-z]{2}(?:\s*,\s*[A-Za-z]{2})*))?", part)
    if match is None:
        message = f"{part[:80]!r}: write rights as start/stop countries, e.g. 2026-01-01/2027-01-01 US,CA"
        raise BadCell(message)
    start, stop, where = match.groups()
    return {
        "start": _instant(start),
        "stop": _instant(stop),
        "territories": [one.strip().upper() for one in (where or "").split(",") if one.strip()],
    }


def _instant(text: str) -> str | None:
    """A day means its beginning in UTC."""
    if not text:
        return None
    return f"{text}T00:00:00Z" if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text


CREDITS: Final = ("cast", "crew", "directors", "writers")
"""Columns that together are the field `credits`, in this order."""

COLUMNS: Final = {
    "kind": Column("kind", _lower, "movie (the default), series, season, episode, short, special, clip, audio, ad, "
                   "bumper or filler", ("type",)),
    "name": Column("name", _text, "the title", ("title",)),
    "state": Column("state", _lower, "draft, published or archived", ("status",)),
    "series": Column("series", _text, "of a season or an episode: the title of its series", ("show",)),
    "series_ids": Column("series_ids", _list, "names of that series elsewhere", (), []),
    "season": Column("season", _number, "its number", ("season_number",)),
    "episode": Column("episode", _number, "its number", ("episode_number",)),
    "summary": Column("summary", _text, "the short description", ("short_description", "tagline")),
    "description": Column("description", _text, "the long description", ("overview", "long_description")),
    "language": Column("language", _text, "BCP 47, of the main sound: pt-BR", ("original_language",), "und"),
    "languages": Column("languages", _list, "all in which it is heard", (), []),
    "released": Column("released", _text, "1949 or 1949-09-02", ("release_date", "year", "release_year")),
    "age_rating": Column("age_rating", _text, "TV-14, PG-13…", ("rating", "certificate")),
    "score": Column("score", _decimal, "from 0 to 10", ("vote_average",), None),
    "votes": Column("votes", _number, "how many said so", ("vote_count",), 0),
    "credits_ms": Column("credits_ms", _number, "where its closing credits begin", (), None),
    "access": Column("access", _lower, "free, or premium: for who has a plan with it", (), "free"),
    "featured": Column("featured", _truth, "yes or no", (), False),
    "genres": Column("genres", _list, "the main one first", ("genre",), []),
    "tags": Column("tags", _list, "by which channels choose", ("keywords", "tag"), []),
    "countries": Column("countries", _list, "ISO 3166-1, where it comes from", ("country",), []),
    "countries_allowed": Column("countries_allowed", _list, "where alone it may be seen on demand", (), []),
    "countries_denied": Column("countries_denied", _list, "where it may not", (), []),
    "ids": Column("ids", _list, "names elsewhere: imdb:tt0041959", ("external_ids",), []),
    "story": Column("story", _text, "the story in parts that it belongs to"),
    "part": Column("part", _number, "which part of it", (), 0),
    "advertiser": Column("advertiser", _text, "of an ad"),
    "category": Column("category", _text, "what an ad is for"),
    "rights": Column("rights", _rights, "start/stop countries, e.g. 2026-01-01/2027-01-01 US,CA", (), []),
    "video_url": Column("video_url", _text, "the HLS playlist of somebody else"),
    "trailer_url": Column("trailer_url", _text, "a trailer that is somewhere else"),
    "poster": Column("poster", _text, "where a portrait picture lies; it is copied", ("poster_url",)),
    "landscape": Column("landscape", _text, "the same of a wide one", ("backdrop", "backdrop_url")),
    "cast": Column("cast", _cast, "Joseph Cotten = Holly Martins | Alida Valli", ("actors",), []),
    "crew": Column("crew", _crew, "director = Carol Reed | writer = Graham Greene", (), []),
    "directors": Column("directors", _named("director"), "names", ("director",), []),
    "writers": Column("writers", _named("writer"), "names", ("writer",), []),
}  # fmt: skip
"""By the name that each has; `name.es`, `summary.es` and `description.es` are texts in one more language."""

SCHEMES: Final = {"imdb_id": "imdb", "tmdb_id": "tmdb", "tvdb_id": "tvdb", "eidr": "eidr", "wikidata_id": "wikidata"}
"""Columns that hold a name elsewhere without its scheme."""

TEXTS: Final = re.compile(r"(name|title|summary|description)[._:]([a-z]{2,3}(?:-[a-z0-9]{2,8})*)", re.IGNORECASE)

_KNOWN: Final = {known: name for name, column in COLUMNS.items() for known in (name, *column.others)}


def meant(header: str) -> str | None:
    """The name of the column that a header means; None when there is none."""
    spelt = re.sub(r"[\s-]+", "_", header.strip().casefold())
    if spelt in _KNOWN:
        return _KNOWN[spelt]
    if spelt in SCHEMES:
        return spelt
    text = TEXTS.fullmatch(header.strip())
    if text is None:
        return None
    name = "name" if text[1].casefold() == "title" else text[1].casefold()
    return f"{name}.{text[2]}"
