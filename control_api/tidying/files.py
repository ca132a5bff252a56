"""Files that nothing names any more: pictures that were replaced, old backups, files of imports that are over.

Law: a file goes after what named it, and only when it has been nameless for a while.
"""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from sqlmodel import col, delete, insert, select

from control_api.backups.work import place
from control_api.changes import Actor, Change, audited
from control_api.happenings import append
from control_api.imports.running import FOLDER as IMPORTS
from control_api.library.pictures import FOLDER as PICTURES
from control_api.library.pictures import key
from control_api.resources.backups import BackupShown
from control_api.tables import Artwork, Backup, Import, PictureStray

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from control_api.database import Database
    from control_api.settings import Settings
    from playout.store import Store

_Item = TypeVar("_Item")

_PICTURE: Final = re.compile(r"([0-9a-f]{64})\.(?:jpeg|webp)")
_SOME: Final = 500
_YOUNG: Final = timedelta(days=1)
"""What is younger may be on its way to being named."""
_ACTOR: Final = Actor("station", "the station", "tidy")


async def pictures(database: Database, store: Store, now: datetime, span: timedelta) -> int:
    """Remove pictures that nothing has shown for so long; how many. Raises `StoreDown`.

    Whoever hangs one again that has just been removed has it back: it is looked for once more afterwards.
    """
    names = [name for name in await asyncio.to_thread(store.names, PICTURES) if _PICTURE.fullmatch(name)]
    strays = [name for some in _portions(names) for name in await _nameless(database, some)]
    since = await _noted(database, strays, now)
    gone = 0
    for name in strays:
        if since[name] <= now - span:
            gone += await _remove(database, store, name)
    return gone


async def _nameless(database: Database, names: Sequence[str]) -> list[str]:
    """Those of the names that nothing shows."""
    async with database.reading() as session:
        digests = select(Artwork.digest).where(col(Artwork.digest).in_([name.partition(".")[0] for name in names]))
        shown = set((await session.exec(digests)).all())
    return [name for name in names if name.partition(".")[0] not in shown]


async def _noted(database: Database, strays: Sequence[str], now: datetime) -> dict[str, datetime]:
    """Since when each is nameless, which is written down from the first time on."""
    async with database.writing() as session:
        known = {row.name: row.since for row in (await session.exec(select(PictureStray))).all()}
        fresh = [{"name": name, "since": now} for name in strays if name not in known]
        if fresh:
            await (await session.connection()).execute(insert(PictureStray), fresh)
        for some in _portions(sorted(known.keys() - set(strays))):
            await session.exec(delete(PictureStray).where(col(PictureStray.name).in_(some)))
    return {name: known.get(name, now) for name in strays}


async def _remove(database: Database, store: Store, name: str) -> int:
    if not await _nameless(database, [name]):
        return 0
    data = await asyncio.to_thread(store.read, key(name))
    await asyncio.to_thread(store.remove, key(name))
    is_back = not await _nameless(database, [name])
    if is_back and data is not None:
        await asyncio.to_thread(store.put_new, key(name), data)
    async with database.writing() as session:
        await session.exec(delete(PictureStray).where(col(PictureStray.name) == name))
    return 0 if is_back else 1


async def backups(database: Database, settings: Settings, now: datetime, span: timedelta) -> int:
    """Remove backups that are older than that, but never the newest one that is good; how many."""
    async with database.reading() as session:
        found = (
            await session.exec(select(Backup).order_by(col(Backup.created_at).desc(), col(Backup.id).desc()))
        ).all()
    newest = next((row.id for row in found if row.size), "")
    old = [row for row in found if row.ended_at is not None and row.ended_at <= now - span and row.id != newest]
    for row in old:
        await asyncio.to_thread(place(settings.media, row.id).unlink, missing_ok=True)
        async with database.writing() as session:
            await session.exec(delete(Backup).where(col(Backup.id) == row.id))
            change = Change("backup", row.id, "deleted", before=BackupShown.model_validate(row))
            happening = audited(session, _ACTOR, change, now)
            await append(session, [happening] if happening else [], now)
    return len(old)


async def import_files(database: Database, settings: Settings, now: datetime) -> int:
    """Remove files of imports that are over, or that never began; how many."""
    files = await asyncio.to_thread(_old, settings.media / IMPORTS, now - _YOUNG)
    gone = 0
    for some in _portions(files):
        async with database.reading() as session:
            names = [path.name.removeprefix(".") for path in some]
            rows = select(Import.id).where(col(Import.id).in_(names), col(Import.ended_at).is_(None))
            needed = set((await session.exec(rows)).all())
        for path in some:
            if path.name.removeprefix(".") not in needed:
                await asyncio.to_thread(path.unlink, missing_ok=True)
                gone += 1
    return gone


def _old(folder: Path, before: datetime) -> list[Path]:
    """The files in the folder that were last changed before then. Blocks."""
    try:
        found = [path for path in folder.iterdir() if path.is_file()]
    except OSError:
        return []
    return [path for path in found if datetime.fromtimestamp(path.lstat().st_mtime, UTC) < before]


def _portions(whole: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (whole[start : start + _SOME] for start in range(0, len(whole), _SOME))
