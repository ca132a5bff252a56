"""What TMDB says of films and series, as records: the same for its files and for its API (version 3). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from control_api.imports.records import CREDITS
from control_api.library.facts import MOST
from playout.core.language import bcp47
from playout.core.territories import territory

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ATTRIBUTION: Final = "This product uses the TMDB API but is not endorsed or certified by TMDB."
"""What TMDB wants to be shown wherever its data is."""
_LANGUAGES: Final = {"cn": "zh", "xx": "", "sh": "sr", "mo": "ro"}
"""Codes of TMDB that are none of BCP 47: Cantonese, none at all, and two that were retired."""
_FIRST: Final = ("director", "creator", "writer", "screenplay")
"""Jobs of the crew that are listed before others."""


def film(found: Mapping[str, Any], images: str = "") -> dict[str, Any]:
    """A record of a film: whatever of it is there. `images` is what stands before paths of pictures."""
    said = _common(found, images)
    said["name"] = _text(found.get("title"), 500)
    said["kind"] = "movie"
    said["released"] = _day(found.get("release_date"))
    said["ids"] = [f"tmdb:{found['id']}", *_ids(found)]
    _original(said, found.get("original_title"), found)
    return _stated(said)


def series(found: Mapping[str, Any], images: str = "") -> dict[str, Any]:
    """A record of a series."""
    said = _common(found, images)
    said["name"] = _text(found.get("name"), 500)
    said["kind"] = "series"
    said["released"] = _day(found.get("first_air_date"))
    said["ids"] = [f"tmdb_tv:{found['id']}", *_ids(found)]
    if found.get("created_by"):
        creators = [_credit(one, "creator") for one in _list(found["created_by"])]
        said["credits"] = [*creators, *(said.get("credits") or [])][:CREDITS]
    _original(said, found.get("original_name"), found)
    return _stated(said)


def season(found: Mapping[str, Any], above: Mapping[str, Any], images: str = "") -> dict[str, Any]:
    """A record of a season of the series whose record is `above`."""
    said = _common(found, images)
    said |= {
        "kind": "season",
        "name": _text(found.get("name"), 500),
        "series": above["name"],
        "series_ids": above["ids"],
        "season": found.get("season_number"),
        "released": _day(found.get("air_date")),
    }
    return _stated(said)


def episode(found: Mapping[str, Any], above: Mapping[str, Any], images: str = "") -> dict[str, Any]:
    """A record of an episode of the series whose record is `above`."""
    crew, guests = _list(found.get("crew")), _list(found.get("guest_stars"))
    said = _common({**found, "credits": {"cast": guests, "crew": crew}}, images)
    said |= {
        "kind": "episode",
        "name": _text(found.get("name"), 500),
        "series": above["name"],
        "series_ids": above["ids"],
        "season": found.get("season_number"),
        "episode": found.get("episode_number"),
        "released": _day(found.get("air_date")),
        "landscape": _picture(images, found.get("still_path")),
    }
    return _stated(said)


def credited(cast: Iterable[Mapping[str, Any]], crew: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Everybody: the cast in its order, then the crew, who made it before who helped."""
    players = sorted(cast, key=lambda one: one.get("order", 1 << 20))
    found = [_credit(one, "actor") | {"character": _text(one.get("character"), 300)} for one in players]
    makers = [_credit(one, _text(one.get("job"), 60).casefold() or "crew") for one in crew]
    makers.sort(key=lambda one: _FIRST.index(one["job"]) if one["job"] in _FIRST else len(_FIRST))
    return [one for one in [*found, *makers] if one["name"]][:CREDITS]


def _credit(one: Mapping[str, Any], job: str) -> dict[str, Any]:
    ids = [f"tmdb:{one['id']}"] if one.get("id") else []
    return {"name": _text(one.get("name"), 300), "job": job, "ids": ids}


def _common(found: Mapping[str, Any], images: str) -> dict[str, Any]:
    said: dict[str, Any] = {
        "summary": _text(found.get("tagline"), 1000),
        "description": _text(found.get("overview"), 20_000),
        "poster": _picture(images, found.get("poster_path")),
        "landscape": _picture(images, found.get("backdrop_path")),
    }
    if found.get("vote_count"):
        said |= {"score": found.get("vote_average"), "votes": found["vote_count"]}
    if "genres" in found:
        said["genres"] = _names(_list(found["genres"]))
    keywords = found.get("keywords")
    if keywords is not None:  # a list in the files, an object in the API, with another name for series
        inner = keywords.get("keywords", keywords.get("results")) if isinstance(keywords, dict) else keywords
        said["tags"] = _names(_list(inner))
    said |= _from_where(found)
    people = found.get("credits") or found.get("aggregate_credits")
    if isinstance(people, dict):
        said["credits"] = credited(_list(people.get("cast")), _list(people.get("crew")))
    return said | _translated(found)


def _from_where(found: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if "production_countries" in found:
        said["countries"] = _known(
            territory(str(one.get("iso_3166_1", ""))) for one in _list(found["production_countries"])
        )
    if found.get("original_language"):
        said["language"] = _language(found["original_language"])
    if "spoken_languages" in found:
        said["languages"] = _known(_language(one.get("iso_639_1")) for one in _list(found["spoken_languages"]))
    return said


def _language(code: object) -> str | None:
    text = str(code or "")
    return bcp47(_LANGUAGES.get(text, text) or "-")


def _ids(found: Mapping[str, Any]) -> list[str]:
    there = {**(found.get("external_ids") or {})}
    there.setdefault("imdb_id", found.get("imdb_id"))
    named = (("imdb", "imdb_id"), ("tvdb", "tvdb_id"), ("wikidata", "wikidata_id"))
    return [f"{scheme}:{there[name]}" for scheme, name in named if there.get(name)]


def _translated(found: Mapping[str, Any]) -> dict[str, Any]:
    """Texts in other languages, of `append_to_response=translations`."""
    translations = found.get("translations")
    if not isinstance(translations, dict):
        return {}
    texts: dict[str, Any] = {}
    for one in _list(translations.get("translations")):
        language, data = _language(one.get("iso_639_1")), one.get("data") or {}
        text = {
            "name": _text(data.get("title") or data.get("name"), 500),
            "summary": _text(data.get("tagline"), 1000),
            "description": _text(data.get("overview"), 20_000),
        }
        if language not in (None, "en") and any(text.values()) and len(texts) < MOST:
            texts.setdefault(str(language), text)
    return {"texts": texts} if texts else {}


def _original(said: dict[str, Any], name: object, found: Mapping[str, Any]) -> None:
    """What it is called where it comes from, when that is another name."""
    language, original = _language(found.get("original_language")), _text(name, 500)
    if original and original != said["name"] and language is not None:
        said["texts"] = {str(language): {"name": original}, **(said.get("texts") or {})}


def _picture(images: str, path: object) -> str:
    return f"{images}{path}" if images and isinstance(path, str) and path.startswith("/") else ""


def _day(text: object) -> str:
    return str(text) if text else ""


def _text(text: object, most: int) -> str:
    return str(text or "").replace("\0", "").strip()[:most]


def _names(some: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(_text(one.get("name"), 100) for one in some if _text(one.get("name"), 100)))[:100]


def _list(some: object) -> list[Mapping[str, Any]]:
    return [one for one in some if isinstance(one, dict)] if isinstance(some, list) else []


def _known(some: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(one for one in some if one))


def _stated(said: dict[str, Any]) -> dict[str, Any]:
    """What it says; what is empty is left out, so that nothing is taken away by it."""
    return {name: value for name, value in said.items() if value not in ("", None, [], {})}
