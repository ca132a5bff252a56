"""Putting a verified asset into the store: shared init segments, files, and last of all `asset.json`.

All calls block; the job makes them in a worker thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playout import documents, keys
from playout.core.asset import Asset

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packager.work import Work
    from playout.core.house import House
    from playout.store import DirStore


def published(store: DirStore, asset_id: str) -> Asset | None:
    """The asset, if it is in the store. Raises `StoreDown` and `Corrupt`."""
    key = keys.asset(asset_id)
    data = store.read(key)
    return None if data is None else documents.decode(data, Asset, key)


def foreign_init(store: DirStore, house: House, inits: Mapping[str, bytes]) -> str | None:
    """The first rendition for which the house has another init segment than this one; None when all agree."""
    known = store.names(keys.key("houses", house.name))
    for rendition, init in inits.items():
        mine = f"{rendition}.{documents.digest(init)}.init.mp4"
        if mine not in known and any(name.startswith(f"{rendition}.") for name in known):
            return rendition
    return None


def publish(store: DirStore, asset: Asset, inits: Mapping[str, bytes], files: Iterable[str], work: Work) -> None:
    """Put the asset into the store. Raises `StoreDown`.

    Whatever an interrupted run left in the asset's folder is removed first: without `asset.json` it is
    nobody's.
    """
    clear(store, asset.id)
    known = store.names(keys.key("houses", asset.house))
    for rendition, init in inits.items():
        if f"{rendition}.{documents.digest(init)}.init.mp4" not in known:
            store.put_new(keys.init(asset.house, rendition, documents.digest(init)), init)
    for file in files:
        store.adopt(keys.asset_file(asset.id, file), work.path(file))
    store.put_new(keys.asset(asset.id), documents.encode_readable(asset))


def clear(store: DirStore, asset_id: str) -> None:
    """Remove what lies in the folder of an asset that does not exist."""
    document = store.path(keys.asset(asset_id))
    if document.exists() or not document.parent.is_dir():
        return
    for path in document.parent.iterdir():
        path.unlink()
    document.parent.rmdir()
