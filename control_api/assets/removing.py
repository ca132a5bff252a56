"""Purging an asset: its files and its row are gone for good, once no channel airs it.

Law: files go before rows. Who dies between the two leaves a row of which the next attempt knows what to remove.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel
from sqlmodel import select

from control_api.assets.airing import committed
from control_api.assets.shown import DELETED
from control_api.instants import Instant
from control_api.jobs import Broken, JobKind, Work
from control_api.tables import AmendmentDue, Asset, AssetCare
from playout import keys
from playout.documents import Corrupt
from playout.station import Station

if TYPE_CHECKING:
    from collections.abc import Collection

    from playout.store import Store

HOURLY: Final = (timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1))
"""How long a purge rests while a channel airs what is to go."""
A_WEEK: Final = 24 * 7
"""How often it is tried then."""
UNTOLD: Final = "the air has not been told yet that it was deleted"


class PurgeAsset(BaseModel):
    """Which asset."""

    asset: str
    since: Instant | None = None
    """When it was put into the bin: what was restored and deleted again has another job."""


async def _purged(work: Work, given: PurgeAsset) -> None:
    row, since, waits = await _state(work, given.asset)
    if row is None or (given.since is not None and since != given.since):
        return
    if row.state != DELETED:
        message = "it is not in the bin, or not any more"
        raise Broken(message, "Delete it first.")
    if waits:
        raise Broken(UNTOLD, again=True)
    store = work.settings.place.store()
    await check_air(store, [given.asset], work.clock())
    await asyncio.to_thread(removed, store, given.asset)
    async with work.database.writing() as session:
        gone = await session.get(Asset, given.asset)
        if gone is not None:
            await session.delete(gone)


async def check_air(store: Store, assets: Collection[str], now: datetime) -> None:
    """Raise `Broken` while one of these is on its way to the air, or that cannot be told."""
    try:
        channels = await asyncio.to_thread(lambda: committed(Station(store), assets, now))
    except Corrupt as bad:
        message = f"whether a channel airs it cannot be told: {bad}"
        raise Broken(message, "Repair that document.", again=True) from bad
    if channels:
        message = f"it is on its way to the air of {', '.join(channels)}"
        raise Broken(message, "It is tried again each hour; withdraw it to have it off the air at once.", again=True)


def removed(store: Store, asset: str) -> None:
    """Remove an asset from the store: first the document that makes it exist."""
    store.remove(keys.asset(asset))
    store.remove(keys.key("assets", asset))


async def _state(work: Work, asset: str) -> tuple[Asset | None, datetime | None, bool]:
    """Its row, since when it is in the bin, and whether the air is still to be told."""
    async with work.database.reading() as session:
        row = await session.get(Asset, asset)
        care = await session.get(AssetCare, asset)
        waits = (await session.exec(select(AmendmentDue).where(AmendmentDue.asset_id == asset))).one_or_none()
    return row, care.deleted_at if care else None, waits is not None


PURGE_ASSET: Final = JobKind("purge_asset", PurgeAsset, _purged, attempts=A_WEEK, pauses=HOURLY, everywhere=1)
"""Removes an asset for good. Tries again each hour while a channel airs it."""
