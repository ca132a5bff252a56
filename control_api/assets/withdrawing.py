"""Pulling assets off the air of channels, and giving them back to them: orders in the store. All calls block.

Law: an order is for those who have a log of their own. What is off a parent's air is off its mirrors', and what has
ended airs nothing; who names a mirror means that one alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from playout import keys
from playout.reports.asrun import withdrawn
from playout.withdraw import give_back, withdraw

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from playout.station import Station

_LOGGED: Final = timedelta(days=2)
"""How far around now logs are read for an asset that nothing else knows."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done with assets."""

    assets: tuple[str, ...]
    channels: tuple[str, ...] | None
    """On which channels; None: on all."""
    reason: str
    back: bool
    """Whether they may air again; else they leave the air."""


def carry_out(station: Station, order: Order, now: datetime) -> dict[str, int]:
    """The channels that have the order now, each with its number.

    Raises `UnknownChannel`, and then none has it; and `StoreDown`: then some may have it, and ordering it again does
    no harm.
    """
    wanted = _own(station, now) if order.channels is None else list(dict.fromkeys(order.channels))
    for channel in wanted:  # before the first order: all of them, or none
        station.revisions(channel)
    tell = give_back if order.back else withdraw
    return {channel: tell(station.store, channel, order.assets, now, order.reason) for channel in wanted}


def _own(station: Station, now: datetime) -> list[str]:
    """The channels on air that have a log of their own."""
    return [name for name in station.channels(now) if station.original(name) == name]


def unheard_of(station: Station, assets: Collection[str], now: datetime) -> set[str]:
    """Those of `assets` that are not in the store, nor in the log of a channel, nor off the air of one.

    A mistyped id withdraws nothing, and whoever sent it must be told before they believe that it did.
    """
    left = {asset for asset in assets if asset not in station.library and not _is_stored(station, asset)}
    for channel in station.channels() if left else ():
        left.difference_update(withdrawn(station, channel))
        for turn in station.logged(channel, now - _LOGGED, now + _LOGGED) if left else ():
            left.difference_update(airing.asset for airing in turn.airings)
    return left


def _is_stored(station: Station, asset: str) -> bool:
    return keys.NAME.fullmatch(asset) is not None and station.store.read(keys.asset(asset)) is not None
