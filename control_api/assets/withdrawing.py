"""Pulling an asset off the air of channels, and giving it back to them: orders in the store. All calls block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playout import keys
from playout.withdraw import give_back, withdraw

if TYPE_CHECKING:
    from datetime import datetime

    from playout.store import Store


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done with an asset."""

    asset: str
    channels: tuple[str, ...] | None
    """On which channels; None: on all."""
    reason: str
    back: bool
    """Whether it may air again; else it leaves the air."""


def carry_out(store: Store, order: Order, now: datetime) -> tuple[list[str], list[str]]:
    """The channels that there are, and those that have the order now; none where one was named that there is not.

    Raises `StoreDown`; then some may have it, and ordering it again does no harm.
    """
    known = [channel for channel in store.names("channels") if store.names(keys.revisions(channel))]
    wanted = known if order.channels is None else list(dict.fromkeys(order.channels))
    if not set(wanted) <= set(known):
        return known, []
    tell = give_back if order.back else withdraw
    for channel in wanted:
        tell(store, channel, [order.asset], now, order.reason)
    return known, wanted
