"""What people most likely meant by a word that is not known, and how words are shown to them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALSO_CALLED: Final = {
    # keys
    "label": "name", "channel": "number of", "chno": "number", "category": "group genre", "timezone": "zone",
    "time_zone": "zone", "tz": "zone", "language": "languages", "audio": "languages language", "subs": "subtitles",
    "captions": "subtitles", "tags": "any", "tag": "any", "some": "any", "or": "any", "and": "all", "not": "none",
    "without": "none", "kinds": "kind", "type": "kind", "icon": "logo", "interval": "every", "length": "pod duration",
    "duration": "pod to", "break": "bumper", "bumpers": "bumper", "fillers": "filler", "format": "house",
    "sort": "order", "shuffle": "order", "segments": "window", "genre": "group", "title": "name",
    "playout": "dayparts", "playouts": "dayparts", "slot": "dayparts", "slots": "dayparts", "blocks": "dayparts",
    "schedule": "dayparts", "items": "programs", "flex": "filler", "fallback": "filler", "tail": "filler",
    "dead_air": "filler", "content": "include", "contents": "include", "query": "include", "search": "include listed",
    "smart_collection": "include", "smart_collections": "collections", "sources": "programs", "playlist": "programs",
    "playlists": "programs", "playback_order": "order", "start": "from", "start_time": "from", "begin": "from",
    "end": "to", "stop": "to", "end_time": "to", "until": "to", "time": "at", "fixed_start": "at",
    "weekday": "days", "weekdays": "days", "days_of_week": "days", "day": "days", "date": "dates",
    "multiple": "count", "amount": "count", "lateness": "late", "max_lateness": "late", "strict": "late",
    "pad_to_minutes": "pad", "pad_to_next": "pad", "pad_until": "pad", "padding": "pad", "custom_title": "title",
    "extends": "like", "template": "like", "inherits": "like", "decos": "templates", "deco": "like",
    "pre_roll": "before rolls pre", "post_roll": "after rolls post", "mid_roll": "ads rolls mid",
    "cool_down": "cooldown", "per_day": "a_day", "redirect": "mirror", "hours": "offset only", "parent": "of",
    "source": "of include", "countries": "territories", "country": "territories", "dst": "clock_change",
    "repeats": "repeat", "separation": "apart", "max": "most", "limit": "most", "frequency": "cap", "titles": "listed",
    "list": "listed",
    "age": "rating", "ratings": "rating", "years": "year", "genres": "genre", "show": "series", "shows": "series",
    "runtime": "duration", "volume": "load", "into": "in", "marathon": "run order",
    # values
    "truncate": "cut", "hard": "cut", "interrupt": "cut", "flexible": "run", "wait": "run", "drop": "skip",
    "ordered": "sequence", "sequential": "sequence", "season_episode": "sequence", "alphanumeric": "sequence",
    "shuffle_in_order": "rotation", "shuffled_in_order": "rotation", "ordered_shuffle": "rotation",
    "random_rotation": "rotation", "cyclic": "rotation", "multi_episode_shuffle": "shuffle", "bag": "shuffle",
    "release_date": "chronological", "oldest": "chronological", "recent": "newest", "custom": "listed",
    "manual": "listed", "workdays": "weekdays", "weekends": "weekend", "film": "movie", "commercial": "ad",
    "advert": "ad", "ident": "bumper", "trailer": "filler", "children": "kids", "movie": "film", "movies": "film movie",
}  # fmt: skip
"""What other programs call these keys and values; of several words the first that is known where it stands."""


def quoted(text: str) -> str:
    """`text` as a message shows it: in quotes, short, on one line."""
    line = " ".join(text.split())
    return f'"{line}"' if len(line) <= 60 else f'"{line[:57]}…"'  # noqa: PLR2004 — one line of a terminal


def meant(word: str, known: Iterable[str]) -> str | None:
    """The one of the `known` words that `word` most likely stands for."""
    names = list(known)
    for other in _ALSO_CALLED.get(word.lower().replace("-", "_"), "").split():
        if other in names:
            return other
    close = get_close_matches(word.lower(), names, n=1, cutoff=0.65)
    return close[0] if close else None


def one_of(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
