"""Ratings in MovieLens' format, to judge a model by: `userId,movieId,rating,timestamp`, ratings from 0.5 to 5. Pure.

What stands beside them as `movies.csv` (`movieId,title,genres`, genres with `|` between) says what films are like.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from control_api.library.folding import folded
from control_api.recommending.taste import Said, weight
from control_api.recommending.works import Work

if TYPE_CHECKING:
    from collections.abc import Iterable

    from control_api.recommending.judging import Told

_COLUMNS: Final = ("userId", "movieId", "rating", "timestamp")
_UNNAMED: Final = "(no genres listed)"


class NotRatings(ValueError):
    """That is no such file. Says in which line, and why."""


def read(ratings: Iterable[str], movies: Iterable[str] = ()) -> tuple[list[Work], list[list[Told]]]:
    """The films that were rated, and what each user thinks of them, in the order of time. Raises `NotRatings`."""
    users: dict[str, list[tuple[float, str, float]]] = defaultdict(list)
    rows = csv.DictReader(ratings)
    if tuple(rows.fieldnames or ()) != _COLUMNS:
        message = f"line 1: the columns {', '.join(_COLUMNS)} are expected"
        raise NotRatings(message)
    last = 0.0
    for row in rows:
        try:
            at, rating = float(row["timestamp"]), float(row["rating"])
        except (TypeError, ValueError):
            message = f"line {rows.line_num}: rating and timestamp are no numbers"
            raise NotRatings(message) from None
        users[row["userId"]].append((at, row["movieId"], rating))
        last = max(last, at)
    names = sorted({movie for some in users.values() for _, movie, _ in some})
    places = {name: place for place, name in enumerate(names)}
    now = datetime.fromtimestamp(last, UTC)
    told = [
        [(places[movie], _weight(rating, at, now)) for at, movie, rating in sorted(users[user])]
        for user in sorted(users)
    ]
    said = _said(movies)
    return [said.get(name, Work(name)) for name in names], told


def _weight(rating: float, at: float, now: datetime) -> float:
    score = min(max(round(rating * 2), 1), 10)
    return weight(Said(datetime.fromtimestamp(at, UTC), share=1.0, ends=1, score=score), now)


def _said(movies: Iterable[str]) -> dict[str, Work]:
    """What is said of films, by their ids."""
    found = {}
    for row in csv.DictReader(movies):
        name, _, year = row["title"].strip().rpartition(" (")
        released = int(year[:4]) if year[:4].isdigit() else 0
        genres = tuple(one for one in row["genres"].split("|") if one != _UNNAMED)
        words = tuple(folded(name or row["title"]).split())
        found[row["movieId"]] = Work(row["movieId"], "movie", released, genres=genres, words=words)
    return found
