"""What aired on a day: a channel's log, its withdrawals and its catalogs, read from the store."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from playout import keys
from playout.core.asrun import Day, Pulled, as_run, day_at, unbegun
from playout.core.planned import missed
from playout.core.ticks import ticks_since
from playout.core.wall import UTC
from playout.documents import Corrupt
from playout.refusals import Unanswered

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from playout.core.asrun import AsRun, Catalogs
    from playout.core.catalog import Catalog
    from playout.core.channel import Revision
    from playout.station import Station

_DAY: Final = timedelta(days=1)
_BEFORE: Final = timedelta(seconds=1)
"""How far before a day its turns are read: then the turn before the first one is among them."""


class NotAired(Unanswered):
    """Nothing has aired on that day: it says why, and what to ask instead."""


def aired(station: Station, channel: str, day: str, now: datetime, *, utc: bool = False) -> AsRun:
    """The as-run log of a channel's day, as far as it has come at `now`.

    `day` is a date, `today` or `yesterday`, by the clocks of the channel's newest revision, or by UTC. Raises
    `NotAired`, `UnknownChannel`, `Corrupt` and `StoreDown`.
    """
    newest = station.revisions(channel)[-1]
    zone, name = (UTC, "UTC") if utc else (newest.clocks, newest.channel.zone)
    asked = _day(day, day_at(now, zone, name))
    if asked.start > now:
        message = (
            f"{asked.date} has not begun on {channel}: as-run is the past. `fastline guide {channel}` has what comes"
        )
        raise NotAired(message)
    began = _began(station, channel)
    if asked.stop <= began:
        message = f"{channel} was not on air yet on {asked.date}: it began on {day_at(began, zone, name).date}"
        raise NotAired(message)
    turns = station.logged(channel, asked.start - _BEFORE, min(asked.stop, now))
    first = ticks_since(newest.channel.genesis, began)
    told = tuple(turn for turn in turns if turn.start >= first)
    report = as_run(asked, newest.channel, told, _catalogs(station, newest), withdrawn(station, channel), now)
    if newest.parent and newest.parent.regional:  # it has no plan but its parent's
        return report
    chose = {revision.number: revision for revision in station.revisions(station.original(channel))}
    return unbegun(report, missed(told, lambda turn: chose.get(turn.revision)))


def _began(station: Station, channel: str) -> datetime:
    """When a channel began to air. What its parent's log has before that, a mirror never aired."""
    first = station.revisions(channel)[0]
    genesis = first.channel.genesis
    return max(genesis, first.effective) if station.original(channel) != channel else genesis


def _day(text: str, today: Day) -> Day:
    """The day that people mean; raises `NotAired`."""
    if text in ("today", "yesterday"):
        return today if text == "today" else replace(today, date=today.date - _DAY)
    try:
        return replace(today, date=date.fromisoformat(text))
    except ValueError:
        message = f"{text!r} is not a day: write one like {today.date - _DAY}, or `today`, or `yesterday`"
        raise NotAired(message) from None


def withdrawn(station: Station, channel: str) -> dict[str, Pulled]:
    """By asset, the first order that pulled it off a channel's air, and was not taken back since.

    What left its parent's air has left a mirror's.
    """
    found: dict[str, Pulled] = {}
    for one in dict.fromkeys((channel, station.original(channel))):
        for order in station.withdrawals(one):
            for asset in order.assets:
                if order.back:
                    found.pop(asset, None)
                elif asset not in found or order.ordered < found[asset].at:
                    found[asset] = Pulled(order.ordered, order.reason)
    return found


def _catalogs(station: Station, revision: Revision) -> Catalogs:
    """Answers the catalog that a turn names, and behind it the newest library.

    A regional copy airs what its parent chose from another catalog, and a catalog may be gone. An asset never
    changes, so all that have it say the same.
    """

    @cache
    def read(digest: str) -> tuple[Catalog, ...]:
        try:
            return station.catalog(replace(revision, catalog=digest)), station.library.catalog
        except (Corrupt, keys.BadKey):
            return (station.library.catalog,)

    return lambda turn: read(turn.catalog)


def keep(text: str, file: Path) -> str:
    """Write a report, whole or not at all, and beside it FILE.sha256 as `sha256sum -c` reads it; the digest."""
    data = text.encode()
    digest = sha256(data).hexdigest()
    _swap(file, data)
    _swap(file.with_name(f"{file.name}.sha256"), f"{digest}  {file.name}\n".encode())
    return digest


def _swap(file: Path, data: bytes) -> None:
    draft = file.with_name(f".{file.name}.{secrets.token_hex(6)}")
    try:
        with draft.open("xb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
