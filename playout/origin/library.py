"""The assets as they lie in the store: decoded, and kept while they are asked for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from playout import keys
from playout.core.asset import Asset
from playout.documents import Corrupt, decode
from playout.origin.hot import Hot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playout.store import Store


class Gone(Exception):
    """Something that was in the store, or should be, is not there."""


def _weight(asset: Asset) -> int:
    """About how much memory a decoded asset takes."""
    return 4000 + sum(40 * len(track.offsets) for track in asset.tracks)


class Library:
    """Answers assets by id."""

    def __init__(self, store: Store, limit: int) -> None:
        self._store = store
        self._assets: Hot[Asset] = Hot(limit, _weight)

    async def asset(self, asset: str) -> Asset:
        """The asset; raises `Gone`, `Corrupt` or `StoreDown`."""
        kept = self._assets.held(asset)
        return kept or await self._assets.fetch(asset, lambda: asyncio.to_thread(self._read, asset))

    async def assets(self, ids: Iterable[str]) -> dict[str, Asset]:
        """Several assets, by id; raises as `asset` does."""
        return {asset: await self.asset(asset) for asset in dict.fromkeys(ids)}

    def _read(self, asset: str) -> Asset:
        key = keys.asset(asset)
        data = self._store.read(key)
        if data is None:
            message = f"{key} is not there"
            raise Gone(message)
        found = decode(data, Asset, key)
        if found.id != asset or any(len(track.offsets) != found.cuts.segments + 1 for track in found.tracks):
            message = f"{key}: contradicts itself"
            raise Corrupt(message)
        return found
