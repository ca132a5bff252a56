"""Putting a verified asset into the store: shared init segments, files, and last of all `asset.json`.

Law: the files that an asset's document names are those that were made with it. In a folder the lock of the work
folder sees to that: one process at a time publishes an asset. Two machines that share a bucket share no lock;
there a track's file is named by its content, and whose document comes first has made the asset.

All calls block; the job makes them in a worker thread.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packager.identity import content_digest
from playout import documents, keys
from playout.core.asset import Asset
from playout.store import DirStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from packager.work import Work
    from playout.core.asset import Track
    from playout.core.house import House
    from playout.store import Store


def published(store: Store, asset_id: str) -> Asset | None:
    """The asset, if it is in the store. Raises `StoreDown` and `Corrupt`."""
    key = keys.asset(asset_id)
    data = store.read(key)
    return None if data is None else documents.decode(data, Asset, key)


def foreign_init(store: Store, house: House, inits: Mapping[str, bytes]) -> str | None:
    """The first rendition for which the house has another init segment than this one; None when all agree."""
    known = store.names(keys.key("houses", house.name))
    for rendition, init in inits.items():
        mine = f"{rendition}.{documents.digest(init)}.init.mp4"
        if mine not in known and any(name.startswith(f"{rendition}.") for name in known):
            return rendition
    return None


def publish(store: Store, asset: Asset, inits: Mapping[str, bytes], files: Iterable[str], work: Work) -> Asset:
    """Put the asset into the store; the asset as it is there. Raises `StoreDown`.

    Whatever an interrupted run left in the asset's folder is removed first: without `asset.json` it is
    nobody's. In a bucket it can stay: the next run sends the same, or other files of other names.
    """
    names = {file: file for file in files}
    if isinstance(store, DirStore):
        clear(store, asset.id)
    else:
        names |= {track.file: _named(track, work.path(track.file)) for track in asset.tracks}
        asset = replace(asset, tracks=tuple(replace(track, file=names[track.file]) for track in asset.tracks))
    known = store.names(keys.key("houses", asset.house))
    for rendition, init in inits.items():
        if f"{rendition}.{documents.digest(init)}.init.mp4" not in known:
            store.put_new(keys.init(asset.house, rendition, documents.digest(init)), init)
    for file, name in names.items():
        store.adopt(keys.asset_file(asset.id, name), work.path(file))
    if store.put_new(keys.asset(asset.id), documents.encode_readable(asset)):
        return asset
    return published(store, asset.id) or asset


def restore(store: Store, asset: Asset, track: Track, made: Path) -> bool:
    """Put `made` in the place of a track's file that came to harm; False where it is not what the file was.

    Raises `StoreDown`.
    """
    if not isinstance(store, DirStore) and _named(replace(track, file=made.name), made) != track.file:
        return False
    store.restore(keys.asset_file(asset.id, track.file), made)
    return True


def _named(track: Track, made: Path) -> str:
    """The name of a track's file by its content."""
    stem, _, suffix = track.file.rpartition(".")
    return f"{stem}.{content_digest(made).hex()[:32]}.{suffix}"


def clear(store: DirStore, asset_id: str) -> None:
    """Remove what lies in the folder of an asset that does not exist."""
    document = store.path(keys.asset(asset_id))
    if document.exists() or not document.parent.is_dir():
        return
    for path in document.parent.iterdir():
        path.unlink()
    document.parent.rmdir()
