"""What is on, as a command asks for it: past from the log, present, and future from the schedule run ahead.

Law: it is the guide that origins serve, from the same turns; no server need run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from playout.catalogs import read_catalog
from playout.core.channel import Channel
from playout.core.guide import MARGIN, Entry, clipped, programmes
from playout.core.guide_csv import guide_csv
from playout.core.guide_json import guide_json
from playout.core.guide_text import guide_text
from playout.core.listing import Links, by_number
from playout.core.roku import AHEAD, BACK, roku, roku_faults
from playout.core.schema_org import schema_org
from playout.core.xmltv import xmltv
from playout.documents import Corrupt
from playout.refusals import Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import tzinfo

    from playout.core.airing import Turn
    from playout.core.catalog import Catalog, Item
    from playout.station import Station

_HOUR: Final = timedelta(hours=1)
ROKU_SPAN: Final = (-BACK, AHEAD + timedelta(days=1))
"""From when until when a Roku feed is made, counted from the moment it is of."""


class Form(StrEnum):
    """How the guide is written."""

    TEXT = "text"
    JSON = "json"
    XMLTV = "xmltv"
    CSV = "csv"
    ROKU = "roku"
    SCHEMA_ORG = "schema-org"


FURTHEST: Final = timedelta(days=400)
"""How far ahead of now a guide may reach: the schedule is run until there."""


class TooFar(Unanswered):
    """Nobody can say yet what airs then."""


class OneChannel(Exception):
    """A form holds the guide of one channel, and several were asked for."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A channel's guide."""

    channel: Channel
    entries: tuple[Entry, ...]


def listed(station: Station, channel: str, start: datetime, stop: datetime) -> Listed:
    """What is on `channel` between two instants; raises `UnknownChannel`, `Corrupt` and `StoreDown`."""
    turns = tuple(station.turns(channel, start - MARGIN, stop + MARGIN))
    found = station.revisions(channel)[-1].channel
    return Listed(found, clipped(programmes(turns, library(station, turns), found), start, stop))


def library(station: Station, turns: Iterable[Turn]) -> Callable[[str], Item | None]:
    """Answers the items that turns name: from the newest library, else from the catalog they were chosen from."""
    chosen_from = {turn.program[0].asset: turn.catalog for turn in turns if turn.program}

    @cache
    def catalog(digest: str) -> Catalog | None:
        try:
            return read_catalog(station.store, digest).catalog
        except Corrupt:  # the guide has the channel's name there
            return None

    def item(asset: str) -> Item | None:
        found = station.library.catalog.item(asset)
        before = catalog(chosen_from[asset]) if found is None and asset in chosen_from else None
        return before.item(asset) if before else found

    return item


def written(form: Form, guide: Sequence[Listed], root: str, now: datetime) -> str:
    """The guide in a form; `root` is what addresses begin with. Raises `OneChannel`."""
    channels = by_number(one.channel for one in guide)
    entries = {one.channel.id: one.entries for one in guide}
    links = Links(root.rstrip("/"))
    if form is Form.ROKU:
        if len(channels) != 1:
            known = ", ".join(channel.id for channel in channels) or "none"
            message = f"a Roku feed has one channel: name one of {known}"
            raise OneChannel(message)
        return roku(entries[channels[0].id], channels[0], links, now)
    if form is Form.TEXT:
        return "\n".join(guide_text(entries[one.id], one, clocks(one), now) for one in channels)
    if form is Form.CSV:
        return guide_csv(entries, channels, {one.id: clocks(one) for one in channels})
    writers = {Form.JSON: guide_json, Form.XMLTV: xmltv, Form.SCHEMA_ORG: schema_org}
    return writers[form](entries, channels, links)


def refused(form: Form, guide: Sequence[Listed], now: datetime) -> list[str]:
    """Everything for which whom the form is for would refuse it."""
    if form is not Form.ROKU:
        return []
    return [f"{one.channel.id}: {fault}" for one in guide for fault in roku_faults(one.entries, one.channel, now)]


def clocks(channel: Channel) -> tzinfo:
    """The zone of a channel; UTC where this machine's database does not have it."""
    try:
        return ZoneInfo(channel.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def as_of(form: Form, now: datetime, at: datetime | None) -> datetime:
    """The moment whose guide is asked for: a feed may be that of another one than now."""
    return at or now if form is Form.ROKU else now


def between(form: Form, now: datetime, at: datetime | None, days: int | None, hours: int) -> tuple[datetime, datetime]:
    """From when until when a guide is asked for: so many days, negative for the past, or hours, from `at` or now.

    A Roku feed has a span of its own around that moment. Raises `TooFar`.
    """
    start = at or now
    if start > now + FURTHEST:
        message = f"{start:%Y-%m-%d} is more than {FURTHEST.days} days ahead: ask for an earlier day"
        raise TooFar(message)
    if form is Form.ROKU:
        return start + ROKU_SPAN[0], start + ROKU_SPAN[1]
    if days is None:
        return start, start + hours * _HOUR
    other = start + timedelta(days=days)
    return min(start, other), max(start, other)
