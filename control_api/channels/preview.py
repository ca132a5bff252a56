"""A rule before it is saved: what it matches, and what would air by it in the next hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from control_api.channels.document import CHANNELS
from playout.config import Faults, Programming
from playout.core.airing import BEGINNING
from playout.core.catalog import Item
from playout.core.guide import Part, showings
from playout.core.lint import Finding
from playout.core.schedule import NothingToAir, ahead
from playout.core.shelves import shelves_of
from playout.core.ticks import ticks_since
from playout.reports.check import check
from playout.reports.guide import library
from playout.reports.simulate import wanted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from control_api.channels.document import Document
    from playout.config import Draft
    from playout.core.airing import Turn
    from playout.core.ticks import Ticks
    from playout.station import Station

MOST: Final = 3000
"""Turns that are run ahead, at most."""
UNSAVED: Final = "preview"
"""The id of a channel that has none yet."""


@dataclass(frozen=True, slots=True)
class Matched:
    """What a rule matches."""

    daypart: str
    """Empty for the channel's own block."""
    items: tuple[Item, ...]
    """In the order of their ids."""

    @property
    def length(self) -> int:
        """How long all of it plays, in ticks."""
        return sum(item.length for item in self.items)


@dataclass(frozen=True, slots=True)
class Preview:
    """What would come of a channel."""

    matched: tuple[Matched, ...]
    coming: tuple[Part, ...]
    note: str
    """Why nothing can be said of what comes; empty where it can."""
    findings: tuple[Finding, ...]


def named(document: Document, channel: str | None, value: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The id and the whole of a channel of which only rules may have been said."""
    known = document.part((CHANNELS, channel)) if channel else None
    about = known if isinstance(known, dict) else {}
    number = about.get("number", _free(document))
    return channel or _unused(document), {"number": number, "name": about.get("name", "Preview"), **value}


def _unused(document: Document) -> str:
    names = set(document.names(CHANNELS))
    return next(name for k in range(len(names) + 1) if (name := f"{UNSAVED}-{k}") not in names)


def _free(document: Document) -> int:
    """A number that no channel has."""
    taken = {str(document.part((CHANNELS, name, "number"))) for name in document.names(CHANNELS)}
    return next(number for number in range(99_999, 0, -1) if str(number) not in taken)


def preview(document: Document, station: Station, channel: str, now: datetime, span: timedelta) -> Preview | Faults:
    """What a document makes of `channel` from `now` on; or its mistakes.

    Raises `StoreDown`, `Corrupt` and `UnknownZone`.
    """
    programming = document.programming
    if isinstance(programming, Faults):
        return programming
    draft = next(one for one in programming.drafts if one.id == channel)
    checked = check(Programming((draft,), document.where), station, now, quick=True)
    coming, note = _coming(draft, station, now, span)
    found = tuple(one for one in checked.findings if one.channel == channel)
    return Preview(_matched(draft, station), coming, note, found)


def _matched(draft: Draft, station: Station) -> tuple[Matched, ...]:
    catalog = station.library.catalog
    shelves = shelves_of(catalog)
    found = []
    for name, block in (("", draft.rules.block), *((part.name, part.block) for part in draft.rules.dayparts)):
        places = frozenset[int]().union(*(shelves.wanted(draft.house, source) for source in block.sources))
        found.append(Matched(name, tuple(catalog.items[place] for place in sorted(places))))
    return tuple(found)


def _coming(draft: Draft, station: Station, now: datetime, span: timedelta) -> tuple[tuple[Part, ...], str]:
    if draft.parent:
        return (), f"it airs what {draft.parent.channel} airs: look there"
    revision = wanted(draft, station, now)
    known = draft.id in station.channels()
    logged = tuple(station.logged(draft.id, now, now + span)) if known else ()
    tail = station.end(draft.id) if known else BEGINNING
    stop = ticks_since(revision.channel.genesis, now + span)
    try:
        future = tuple(_until(ahead((revision,), lambda _: station.library.catalog, tail), stop))
    except NothingToAir as nothing:
        return (), str(nothing)
    turns = (*(turn for turn in logged if turn.start < tail.start), *future)
    parts = showings(turns, library(station, turns), revision.channel)
    return tuple(part for part in parts if part.stop > now and part.start < now + span), ""


def _until(turns: Iterator[Turn], stop: Ticks) -> Iterator[Turn]:
    for count, turn in enumerate(turns):
        if turn.start >= stop or count == MOST:
            return
        yield turn
