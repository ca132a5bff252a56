"""The programs of a lineup, as Tunarr and dizqueTV describe them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from playout.migrate.given import Given
from playout.migrate.writing import Told, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

_SCHEMES: Final = ("imdb", "tmdb", "tvdb")
"""Names elsewhere that an asset may have in its `ids`, the surest first."""
_KINDS: Final = {"movie": "movie", "episode": "episode"}


class Role(StrEnum):
    """What an entry of a lineup is there for."""

    PROGRAM = "content"
    FLEX = "flex"
    """Time that is filled up."""
    REDIRECT = "redirect"
    """Another channel."""
    FILLER = "filler"


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a lineup."""

    given: Given
    role: Role
    length: int = 0
    """In milliseconds."""
    kind: str = "clip"
    title: str = ""
    series: str = ""
    season: int = 0
    episode: int = 0
    ids: tuple[str, ...] = ()
    group: str = ""
    """The id of the custom show, or of the filler list, that it comes from."""
    show: str = ""
    """The id of the series."""

    @property
    def name(self) -> str:
        """What it is listed by: a name elsewhere, or its title."""
        return self.ids[0] if self.ids else self.title

    @property
    def spoken(self) -> str:
        """What people call it."""
        if not self.series:
            return self.title
        numbers = f"S{self.season:02d}E{self.episode:02d} " if self.season or self.episode else ""
        return f"{self.series} {numbers}{self.title}".strip()


def item_of_dizquetv(one: Given) -> Item:
    """An entry of dizqueTV's `programs`."""
    one.opened()
    length, kind = max(one.number("duration") or 0, 0), one.text("type")
    offline = one.flag("isOffline")
    if kind == "redirect":
        return Item(one, Role.REDIRECT, length, title=one.text("channel"))
    if offline:
        return Item(one, Role.FLEX, length)
    series = one.text("showTitle") if kind != "movie" else ""
    group = one.text("customShowId")
    return Item(
        given=one,
        role=Role.PROGRAM,
        length=length,
        kind=_KINDS.get(kind, "clip"),
        title=one.text("title"),
        series=series,
        season=one.number("season") or 0,
        episode=one.number("episode") or 0,
        group=group,
        show=series,
    )


def item_of_tunarr(one: Given, known: dict[str, Given]) -> Item:
    """An entry of Tunarr's lineup; `known` are the programs that it refers to, by id."""
    one.opened()
    kind, ident = one.text("type"), one.text("id")
    length = max(one.number("durationMs" if one.has("durationMs") else "duration") or 0, 0)
    if kind in ("flex", "offline"):
        return Item(one, Role.FLEX, length)
    if kind == "redirect":
        called, ident = one.text("channelName"), one.text("channel")
        return Item(one, Role.REDIRECT, length, title=called or ident)
    filler = one.text("fillerListId")
    role = Role.FILLER if kind == "filler" or filler else Role.PROGRAM
    about = known.get(ident) or one
    if about is one and one.has("program"):
        about = one.part("program")
    return _described(Item(one, role, length, group=filler or one.text("customShowId"), title=ident), about)


def _described(item: Item, about: Given) -> Item:
    """`item` with what is known of the program, in any of the shapes that Tunarr had for it."""
    about.opened().text("type")
    inner = about.part("program")
    found = inner if inner.has("title") else about
    kind = found.text("subtype") or found.text("type")
    season, show = _first(found, "season", "parent"), _first(found, "show", "grandparent")
    if show.missing:
        show = season.part("show")
    series = show.text("title") or found.text("showTitle")
    return Item(
        given=item.given,
        role=item.role,
        length=item.length,
        kind=_KINDS.get(kind, "clip"),
        title=found.text("title") or item.title,
        series=series if kind == "episode" else "",
        season=_number(found, "seasonNumber", season),
        episode=_number(found, "episodeNumber", found),
        ids=_ids(found),
        group=item.group,
        show=found.text("showId") or show.text("uuid") or show.text("id"),
    )


def _first(found: Given, *keys: str) -> Given:
    for key in keys:
        if found.has(key) and isinstance(found.at(key).value, dict):
            return found.part(key)
    return found.at("\0")


def _number(found: Given, key: str, other: Given) -> int:
    number = found.number(key)
    return (other.number("index") if number is None else number) or 0


def _ids(found: Given) -> tuple[str, ...]:
    """Its names elsewhere, from `externalIds` or `identifiers`, the surest first."""
    names: dict[str, str] = {}
    for one in [*found.rows("externalIds"), *found.rows("identifiers")]:
        if not isinstance(one.value, dict):
            continue
        one.opened()
        scheme = (one.text("source") or one.text("type")).lower()
        name = one.text("id")
        if scheme in _SCHEMES and re.fullmatch(r"[A-Za-z0-9/-]{1,60}", name):
            names.setdefault(scheme, name)
    return tuple(f"{scheme}:{names[scheme]}" for scheme in _SCHEMES if scheme in names)


def listed(items: Iterable[Item]) -> list[Value]:
    """The names of `items`, each once, with the title beside a name that says nothing to people."""
    found: dict[str, Value] = {}
    for item in items:
        if item.name and item.name.casefold() not in found:
            told = item.spoken if item.spoken != item.name else ""
            found[item.name.casefold()] = Told(item.name, told) if told else item.name
    return list(found.values())
