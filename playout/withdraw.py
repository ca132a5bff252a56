"""Pulling assets off a channel's air: from then on their segments play as slate of the same length.

What is pulled off stays in the schedule, so that nothing else moves, and can be given back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playout import keys
from playout.core.channel import Withdrawal
from playout.documents import encode
from playout.refusals import Unanswered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from playout.store import Store


class UnknownChannel(Unanswered, LookupError):
    """There is no channel of this id in the store."""


def withdraw(store: Store, channel: str, assets: Sequence[str], now: datetime, reason: str = "") -> int:
    """Order that `assets` leave the air of `channel`; the order's number. Raises `UnknownChannel`, `StoreDown`."""
    return _ordered(store, channel, Withdrawal(tuple(assets), now, reason))


def give_back(store: Store, channel: str, assets: Sequence[str], now: datetime, reason: str = "") -> int:
    """Order that `assets` may air on `channel` again; the order's number. Raises `UnknownChannel`, `StoreDown`."""
    return _ordered(store, channel, Withdrawal(tuple(assets), now, reason, back=True))


def _ordered(store: Store, channel: str, withdrawal: Withdrawal) -> int:
    """Append an order; its number."""
    if not store.names(keys.revisions(channel)):
        known = ", ".join(store.names("channels")) or "none"
        message = f"there is no channel {channel!r} in this store; there is: {known}"
        raise UnknownChannel(message)
    order = encode(withdrawal)
    number = len(store.names(keys.withdrawals(channel))) + 1
    while not store.put_new(keys.withdrawal(channel, number), order):
        number += 1
    return number
