"""The titles of the demo: films, series with seasons and episodes, shorts and audio. Pure.

Law: the same seed makes the same titles in the same order; fewer of them are the beginning of more.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, TypeVar

from control_api.demo import words
from control_api.imports.records import Item, item

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Thing = TypeVar("Thing")

_EPISODES: Final = 6
"""Episodes of a season; a series has two seasons."""
_SERIES_TITLES: Final = 1 + 2 * (1 + _EPISODES)
_ROUND: Final = 40
"""Titles after which kinds begin anew: 19 films, a series whole, four shorts, two of audio."""
_FILMS: Final = 19
_SHORTS: Final = 4


def titles(count: int, seed: int) -> Iterator[Item]:
    """`count` of them; a series that has begun is not broken off, so there may be a few more."""
    made = number = 0
    while made < count:
        place = made % _ROUND
        if place == _FILMS:
            whole = _series(number, seed)
        else:
            kind = "movie" if place < _FILMS else "short" if place < _FILMS + _SERIES_TITLES + _SHORTS else "audio"
            whole = [_work(kind, number, seed)]
        for said in whole:
            made += 1
            yield item(said, made)
        number += 1


def name(number: int, seed: int) -> tuple[str, str]:
    """What the title of this number is called, in English and in Spanish; no other one is called so."""
    turned = number * 7919 + seed * 104_729  # primes: neighbours differ, and no number comes twice
    count = len(words.ADJECTIVES) * len(words.NOUNS)
    many = count * (len(words.PLACES) + 1)
    turned, volume = turned % many, number // many
    (english, spanish), rest = words.ADJECTIVES[turned % len(words.ADJECTIVES)], turned // len(words.ADJECTIVES)
    (noun, nombre), rest = words.NOUNS[rest % len(words.NOUNS)], rest // len(words.NOUNS)
    where = words.PLACES[rest - 1] if rest else ""
    part = f" {volume + 1}" if volume else ""
    if not where:
        return f"The {english} {noun}{part}", f"El {nombre} {spanish}{part}"
    return f"The {english} {noun} of {where}{part}", f"El {nombre} {spanish} de {where}{part}"


def _work(kind: str, number: int, seed: int) -> dict[str, Any]:
    key = f"{seed}/{number}"
    english, spanish = name(number, seed)
    where, who = _one(words.PLACES, key, "place"), _one(words.WHO, key, "who")
    plot, trama = _one(words.PLOTS, key, "plot")
    genres = list(dict.fromkeys([_one(words.GENRES, key, "genre"), _one(words.GENRES, key, "genre2")]))
    tags = [_one(words.TAGS, key, "tag"), _one(words.TAGS, key, "tag2"), "demo", kind]
    text = plot.format(place=where, who=who)
    return {
        "kind": kind, "name": english, "ids": [f"demo:{seed}-{number}"],
        "state": "draft" if _draw(key, "state") % 20 == 0 else "published",
        "summary": text[:160], "description": text, "language": "en", "languages": ["en", "es"],
        "texts": {"es": {"name": spanish, "summary": trama.format(place=where)[:160],
                         "description": trama.format(place=where)}},
        "released": str(1925 + _draw(key, "year") % 101), "age_rating": _one(words.RATINGS, key, "rating"),
        "score": 4 + _draw(key, "score") % 56 / 10, "votes": 10 + _draw(key, "votes") % 9000,
        "featured": _draw(key, "featured") % 25 == 0, "genres": genres, "tags": list(dict.fromkeys(tags)),
        "countries": [_one(words.COUNTRIES, key, "country")], "credits": _credits(key),
    }  # fmt: skip


def _series(number: int, seed: int) -> list[dict[str, Any]]:
    """A series, then each season with its episodes."""
    whole = _work("series", number, seed)
    above = {"series": whole["name"], "series_ids": whole["ids"]}
    found = [whole]
    for season in (1, 2):
        found.append({"kind": "season", "name": f"Season {season}", "season": season, "state": "published", **above,
                      "texts": {"es": {"name": f"Temporada {season}"}}})  # fmt: skip
        for episode in range(1, _EPISODES + 1):
            key = f"{seed}/{number}/{season}/{episode}"
            (english, spanish), where = _one(words.NOUNS, key, "noun"), _one(words.PLACES, key, "place")
            plot, trama = _one(words.PLOTS, key, "plot")
            found.append({
                "kind": "episode", "name": f"The {english}", "season": season, "episode": episode, **above,
                "state": "published", "description": plot.format(place=where, who=_one(words.WHO, key, "who")),
                "language": "en", "tags": ["demo", "episode"], "released": whole["released"],
                "texts": {"es": {"name": f"El {spanish}", "description": trama.format(place=where)}},
            })  # fmt: skip
    return found


def _credits(key: str) -> list[dict[str, Any]]:
    jobs = ("director", "writer", "actor", "actor", "actor", "actor")
    found = []
    for place, job in enumerate(jobs):
        first, last = _one(words.FIRST, key, f"first{place}"), _one(words.LAST, key, f"last{place}")
        character = f"{_one(words.FIRST, key, f'as{place}')}" if job == "actor" else ""
        found.append({"name": f"{first} {last}", "job": job, "character": character})
    return found


def _one(some: Sequence[Thing], key: str, what: str) -> Thing:
    return some[_draw(key, what) % len(some)]


def _draw(key: str, what: str) -> int:
    """A number that follows from the title and what it is for."""
    return int.from_bytes(blake2b(f"{key}/{what}".encode(), digest_size=6).digest(), "big")
