"""The two files of the public TMDB 5000 data set: films, and who is credited in them; JSON stands in their columns.

Which of the two a file is, its first line tells. Credits are added to films that are there already.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from control_api.imports import tmdb_shape
from control_api.imports.csv_file import rows
from control_api.imports.records import Fault, Item, Unreadable, item

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from control_api.imports.records import Notes

FILMS: Final = frozenset(("id", "title", "genres", "keywords", "overview"))
"""Columns by which the file of films is known."""
PEOPLE: Final = frozenset(("movie_id", "title", "cast", "crew"))
"""And that of credits."""
_JSON: Final = ("genres", "keywords", "production_countries", "spoken_languages", "cast", "crew")
_NUMBERS: Final = {"id": int, "movie_id": int, "vote_count": int, "vote_average": float}


def read(path: Path, notes: Notes) -> Iterator[Item]:
    """The items of the file. Raises `Unreadable`."""
    found = rows(path, notes)
    line, header = next(found, (1, Fault("it is empty")))
    if isinstance(header, Fault):
        raise Unreadable(header.detail, line)
    names = [name.strip() for name in header]
    if not (set(names) >= PEOPLE or set(names) >= FILMS):
        wanted = " or ".join(", ".join(sorted(some)) for some in (FILMS, PEOPLE))
        msg = f"it is none of the two files of TMDB 5000: the columns of one of them are {wanted}"
        raise Unreadable(msg, line)
    notes.add(tmdb_shape.ATTRIBUTION)
    for line, cells in found:
        yield Item(line, None, (cells,)) if isinstance(cells, Fault) else _item(names, cells, line)


def _item(names: Sequence[str], cells: Sequence[str], line: int) -> Item:
    if len(cells) != len(names):
        return Item(line, None, (Fault(f"{len(cells)} cells, and there are {len(names)} columns"),), cells[0][:200])
    there: dict[str, Any] = {}
    faults: list[Fault] = []
    for number, (name, cell) in enumerate(zip(names, cells, strict=True), 1):
        try:
            there[name] = _cell(name, cell.replace("\0", "").strip())
        except ValueError as error:
            faults.append(Fault(str(error), f"column {number}, {name}"))
    which = there.get("movie_id", there.get("id"))
    if which is None and not faults:
        faults.append(Fault("the film has no number", "column id"))
    if faults:
        return Item(line, None, tuple(faults), str(there.get("title", ""))[:200])
    places = {field: f"column {name}" for field, name in _PLACES.items() if name in names}
    return item(_said(there), line, places, only_known="movie_id" in there)


_PLACES: Final = {"name": "title", "genres": "genres", "tags": "keywords", "released": "release_date",
                  "description": "overview", "credits": "cast", "score": "vote_average"}  # fmt: skip


def _said(there: Mapping[str, Any]) -> dict[str, Any]:
    if "movie_id" not in there:
        return tmdb_shape.film(there)
    people = tmdb_shape.credited(there["cast"] or [], there["crew"] or [])
    return {"kind": "movie", "name": there["title"][:500], "ids": [f"tmdb:{there['movie_id']}"], "credits": people}


def _cell(name: str, text: str) -> Any:  # noqa: ANN401 — whatever the column holds
    """What a cell holds; raises `ValueError` with what is wrong."""
    if not text:
        return None
    if name in _JSON:
        return _list(text)
    if name in _NUMBERS:
        try:
            return _NUMBERS[name](text)
        except ValueError:
            message = f"{text[:40]!r} is no number"
            raise ValueError(message) from None
    return text


def _list(text: str) -> list[Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        message = "it is no JSON"
        raise ValueError(message) from None
    if not isinstance(found, list) or any(not isinstance(one, dict) for one in found):
        message = "a list of objects is expected"
        raise ValueError(message)
    return found
