"""Asset documents, read from the store and remembered for a while: they never change. All calls block."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from playout import keys
from playout.core.asset import Asset
from playout.documents import decode

if TYPE_CHECKING:
    from playout.store import Store

_KEPT: Final = 32


def document(store: Store, asset: str) -> Asset | None:
    """The document of an asset; None when it is not in the store. Raises `StoreDown`, and `Corrupt`."""
    key = keys.asset(asset)
    data = store.read(key)
    return None if data is None else _decoded(data, key)


@lru_cache(maxsize=_KEPT)
def _decoded(data: bytes, key: str) -> Asset:
    return decode(data, Asset, key)
