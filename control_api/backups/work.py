"""Backups as jobs: made in the folder `backups` of this machine's folder, under their ids."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, Field
from sqlmodel import select

from control_api.backups.archive import BadArchive
from control_api.backups.making import make
from control_api.happenings import Happening, append
from control_api.instants import whole_millis
from control_api.jobs import Broken, JobKind, Work
from control_api.tables import Backup
from playout.store import StoreDown

if TYPE_CHECKING:
    from pathlib import Path

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.tables import Job

FOLDER: Final = "backups"


class Make(BaseModel):
    """Which backup is to be made."""

    backup: Annotated[str, Field(max_length=40)]
    media: bool = False


class Came(BaseModel):
    """What came of it."""

    size: int
    digest: str
    secrets: bool
    files: int


def place(media: Path, backup: str) -> Path:
    """Where the archive of a backup lies; `backup` is its id."""
    return media / FOLDER / f"{backup}.tar.gz"


async def _work(work: Work, given: Make) -> Came:
    path = place(work.settings.media, given.backup)
    path.unlink(missing_ok=True)  # of an attempt that died behind its last step
    phrase = work.settings.backup_passphrase.get_secret_value()
    try:
        made = await make(
            work.database, work.settings, path, media=given.media, passphrase=phrase, clock=work.clock,
            tell=work.progress,
        )  # fmt: skip
    except (BadArchive, StoreDown) as error:
        raise Broken(str(error), "Try it again.", again=True) from error
    except OSError as error:
        message = f"the archive cannot be written: {error.strerror or error}"
        raise Broken(message, "Make room on the disk of the store.", again=True) from error
    async with work.database.writing() as session:
        row = (await session.exec(select(Backup).where(Backup.id == given.backup))).one()
        now = whole_millis(work.clock())
        row.size, row.digest, row.secrets, row.ended_at = made.size, made.digest, made.secrets, now
        row.version += 1
        session.add(row)
        await session.flush()
        await append(session, [Happening("backup.made", row.id, {"by": work.owner, "size": made.size})], now)
    return Came(size=made.size, digest=made.digest, secrets=made.secrets, files=made.files)


async def _ended(session: AsyncSession, job: Job) -> None:
    row = (await session.exec(select(Backup).where(Backup.id == job.given["backup"]))).one_or_none()
    if row is not None and row.ended_at is None:
        row.ended_at, row.version = job.ended_at, row.version + 1
        session.add(row)


BACKUP: Final = JobKind("backup", Make, _work, everywhere=1, ended=_ended)
"""One at a time."""


class Drop(BaseModel):
    """Which archive is to be dropped."""

    backup: Annotated[str, Field(max_length=40)]


async def _dropped(work: Work, given: Drop) -> None:
    """Remove the archive of a backup that is not known any more."""
    async with work.database.reading() as session:
        row = (await session.exec(select(Backup).where(Backup.id == given.backup))).one_or_none()
    if row is None:
        await asyncio.to_thread(place(work.settings.media, given.backup).unlink, missing_ok=True)


DROP_ARCHIVE: Final = JobKind("drop_backup", Drop, _dropped, attempts=8)
"""Removes an archive."""
