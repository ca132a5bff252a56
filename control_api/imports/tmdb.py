"""TMDB's API, version 3: films and series by their numbers there, or all of a list, as items of an import.

Law: the key goes to the host that the settings name and nowhere else, stands in no journal, no job and no report.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, model_validator
from yarl import URL

from control_api.destinations import NotAllowed
from control_api.imports import tmdb_shape
from control_api.imports.bringing import BATCH
from control_api.imports.records import Fault, Item, item
from control_api.models import Given
from control_api.outgoing import Limits, NoAnswer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from control_api.imports.records import Notes
    from control_api.outgoing import Outgoing
    from control_api.settings import Settings

_LIMITS: Final = Limits(seconds=30, size=8 << 20, redirects=0)
_TRIES: Final = 5
_LONGEST_WAIT: Final = 60.0
_PAGES: Final = 500
_SEASONS: Final = 100
_FILM: Final = "credits,keywords,external_ids,translations"
_SERIES: Final = "credits,keywords,external_ids,translations"
_OK, _UNAUTHORIZED, _FORBIDDEN, _MISSING, _TOO_MANY, _BROKEN = 200, 401, 403, 404, 429, 500

Number = Annotated[int, Field(ge=1, le=2_000_000_000)]


class Unanswered(Exception):
    """TMDB gives no answer that can be used. Says why."""


class Ask(Given):
    """What TMDB is asked for."""

    movies: list[Number] = Field(default_factory=list, max_length=10_000, description="Numbers of films there.")
    series: list[Number] = Field(default_factory=list, max_length=1000, description="Numbers of series there.")
    list_id: str = Field(default="", max_length=40, pattern=r"^[A-Za-z0-9]*$", description="A list there.")

    @model_validator(mode="after")
    def _something(self) -> Ask:
        if not (self.movies or self.series or self.list_id):
            message = "name films in `movies`, series in `series`, or a list in `list_id`"
            raise ValueError(message)
        return self


@dataclass(frozen=True, slots=True)
class _Later:
    """That TMDB is to be asked again."""

    why: str
    seconds: float


class Tmdb:
    """Asks TMDB, not faster than it wants to be asked."""

    def __init__(self, outgoing: Outgoing, settings: Settings) -> None:
        self._outgoing = outgoing
        self._root = settings.tmdb_url
        self._key = settings.tmdb_key.get_secret_value()
        self.images: Final = settings.tmdb_images

    async def ask(self, path: str, **query: str) -> dict[str, Any] | None:
        """The answer; None when there is no such thing. Raises `Unanswered`."""
        if not self._key:
            raise Unanswered("there is no key for TMDB: set `tmdb_key`")
        is_token = "." in self._key  # version 4: a JSON Web Token
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {self._key}"} if is_token else {})
        url = str(URL(f"{self._root}{path}").with_query(query if is_token else {**query, "api_key": self._key}))
        why = ""
        for attempt in range(1, _TRIES + 1):
            found = await self._once(url, headers, attempt)
            if not isinstance(found, _Later):
                return found
            why = found.why
            if attempt < _TRIES:
                await asyncio.sleep(min(found.seconds, _LONGEST_WAIT))
        message = f"TMDB does not answer: {why}"
        raise Unanswered(message)

    async def _once(self, url: str, headers: Mapping[str, str], attempt: int) -> dict[str, Any] | _Later | None:
        try:
            found = await self._outgoing.fetch("GET", url, headers=headers, limits=_LIMITS)
        except NotAllowed as error:
            raise Unanswered(str(error)) from error
        except NoAnswer as error:
            return _Later(str(error), 2.0**attempt)
        if found.status == _OK:
            return _read(found.body)
        return None if found.status == _MISSING else _refused(found.status, found.headers, attempt)


def _refused(status: int, headers: Mapping[str, str], attempt: int) -> _Later:
    """Why, and when to ask again. Raises `Unanswered` when waiting is of no use."""
    if status in (_UNAUTHORIZED, _FORBIDDEN):
        raise Unanswered("TMDB does not take the key: look at `tmdb_key`")
    if status != _TOO_MANY and status < _BROKEN:
        message = f"TMDB answered {status}"
        raise Unanswered(message)
    said = headers.get("Retry-After", "")
    return _Later(f"it answered {status}", float(said) if said.isdigit() else 2.0**attempt)


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unanswered("TMDB answered with what is no JSON") from error
    if not isinstance(found, dict):
        raise Unanswered("TMDB answered with what is no object")
    return found


async def of_tmdb(outgoing: Outgoing, settings: Settings, ask: Ask, notes: Notes) -> AsyncIterator[list[Item]]:
    """The items, in batches. Raises `Unanswered`, once what came before is handed on."""
    notes.add(tmdb_shape.ATTRIBUTION)
    held: list[Item] = []
    try:
        async for found in _items(Tmdb(outgoing, settings), ask):
            held.append(found)
            if len(held) >= BATCH:
                yield held
                held = []
    except Unanswered:
        if held:
            yield held
        raise
    if held:
        yield held


async def _items(tmdb: Tmdb, ask: Ask) -> AsyncIterator[Item]:
    movies, series = dict.fromkeys(ask.movies), dict.fromkeys(ask.series)
    if ask.list_id:
        async for kind, number in _listed(tmdb, ask.list_id):
            (series if kind == "tv" else movies).setdefault(number)
    for number in movies:
        found = await tmdb.ask(f"/movie/{number}", append_to_response=_FILM)
        yield _missing("film", number) if found is None else item(tmdb_shape.film(found, tmdb.images), 0)
    for number in series:
        async for one in _of_series(tmdb, number):
            yield one


async def _listed(tmdb: Tmdb, which: str) -> AsyncIterator[tuple[str, int]]:
    """What is in a list, page by page."""
    for page in range(1, _PAGES + 1):
        found = await tmdb.ask(f"/list/{which}", page=str(page))
        if found is None:
            message = f"TMDB has no list {which}"
            raise Unanswered(message)
        for one in found.get("items") or found.get("results") or []:
            if isinstance(one, dict) and isinstance(one.get("id"), int):
                yield str(one.get("media_type") or "movie"), one["id"]
        if page >= int(found.get("total_pages") or 1):
            return


async def _of_series(tmdb: Tmdb, number: int) -> AsyncIterator[Item]:
    """A series, its seasons, and their episodes."""
    found = await tmdb.ask(f"/tv/{number}", append_to_response=_SERIES)
    if found is None:
        yield _missing("series", number)
        return
    above = tmdb_shape.series(found, tmdb.images)
    yield item(above, 0)
    for one in (found.get("seasons") or [])[:_SEASONS]:
        season = await tmdb.ask(f"/tv/{number}/season/{int(one.get('season_number', 0))}")
        if season is not None:
            yield item(tmdb_shape.season(season, above, tmdb.images), 0)
            for each in season.get("episodes") or []:
                yield item(tmdb_shape.episode(each, above, tmdb.images), 0)


def _missing(what: str, number: int) -> Item:
    return Item(0, None, (Fault(f"TMDB has no {what} {number}"),), str(number))
