"""Backups: archives of the station, made while it runs. `fastline restore` brings them back."""

from __future__ import annotations

import asyncio
from typing import IO, TYPE_CHECKING, Any, Final

from pydantic import Field
from sqlmodel import col, select

from control_api import ids
from control_api.backups.work import BACKUP, DROP_ARCHIVE, Drop, Make, place
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.ids import new_id
from control_api.instants import Instant
from control_api.jobs import submit
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Media
from control_api.paging import Page, PageQuery, page
from control_api.problems import CONFLICT, UNACCEPTABLE, Mistake, Problem, missing
from control_api.scopes import Scope
from control_api.tables import Backup

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_TAG: Final = "Backups"
_KIND: Final = "backup"
_GZIP: Final = "application/gzip"
_PIECE: Final = 1 << 18


class BackupPath(Given):
    """Which backup."""

    id: str = Field(pattern=ids.pattern("bk"), description="The id of the backup.")


class BackupGiven(Given):
    """What is to be in it."""

    media: bool = Field(
        default=False, description="What is packaged, too: as large as the library is. Not where the store is a bucket."
    )


class BackupShown(Shown):
    """A backup."""

    id: str
    job: str = Field(description="The job that makes it: how far it is, and why it failed.")
    owner: str
    media: bool
    secrets: bool = Field(
        description="Whether what the station signs with is in it, sealed by the setting `backup_passphrase`."
    )
    size: int = Field(description="In bytes; 0: it is not there.")
    digest: str = Field(description="SHA-256 in hexadecimal digits; empty: it is not there.")
    created_at: Instant
    ended_at: Instant | None


class BackupPage(Page[BackupShown]):
    """A page of backups, the newest first."""


@Endpoint(
    method="POST",
    path="/api/v1/backups",
    name="make_backup",
    summary="Back up the station, as a job",
    description="The database, the channels, the settings without secrets, and what the store knows: revisions, logs, "
    "catalogs, amendments, withdrawals, artwork.",
    scope=Scope.BACKUPS_WRITE,
    tag=_TAG,
    body_model=BackupGiven,
    answers={202: BackupShown},
    idempotent=True,
)
async def make_backup(call: Call[Nothing, Nothing, BackupGiven]) -> Answer:
    """The job makes it."""
    if call.body.media and call.site.settings.bucket:
        detail = "what is packaged lies in a bucket: copy the bucket by its own means, and back up without media"
        raise Problem(UNACCEPTABLE, detail, errors=[Mistake(part="body", pointer="/media", detail=detail)])
    row = Backup(id=new_id("bk"), owner=call.caller.id, media=call.body.media, created_at=call.now)
    given = Make(backup=row.id, media=row.media)
    row.job = (await submit(call.session, BACKUP, given, now=call.now, owner=call.caller.id, subject=row.id)).id
    call.session.add(row)
    await call.session.flush()
    shown = BackupShown.model_validate(row)
    call.changed(Change(_KIND, row.id, "created", after=shown))
    headers = {"Location": f"/api/v1/backups/{row.id}"}
    return Answer(shown, 202, headers, version=row.version)


@Endpoint(
    method="GET",
    path="/api/v1/backups",
    name="list_backups",
    summary="Backups, the newest first",
    scope=Scope.BACKUPS_READ,
    tag=_TAG,
    query_model=PageQuery,
    answers={200: BackupPage},
)
async def list_backups(call: Call[Nothing, PageQuery, Nothing]) -> Answer:
    """A page of backups."""
    return await page(call, select(Backup), [(col(Backup.id), True)], BackupShown.model_validate, BackupPage)


@Endpoint(
    method="GET",
    path="/api/v1/backups/{id}",
    name="read_backup",
    summary="One backup",
    scope=Scope.BACKUPS_READ,
    tag=_TAG,
    path_model=BackupPath,
    answers={200: BackupShown},
)
async def read_backup(call: Call[BackupPath]) -> Answer:
    """What is known of it."""
    row = await _row(call)
    return Answer(BackupShown.model_validate(row), version=row.version)


@Endpoint(
    method="GET",
    path="/api/v1/backups/{id}/archive",
    name="download_backup",
    summary="The archive itself",
    scope=Scope.BACKUPS_READ,
    tag=_TAG,
    path_model=BackupPath,
    answers={200: Media((_GZIP,))},
    refusals=(CONFLICT,),
)
async def download_backup(call: Call[BackupPath]) -> Answer:
    """Its bytes, in pieces."""
    row = await _row(call)
    path = place(call.site.settings.media, row.id)
    try:
        file = await asyncio.to_thread(path.open, "rb")
    except FileNotFoundError:
        raise Problem(CONFLICT, "it is not there: it is not made yet, or failed, or was removed") from None
    named = {"Content-Disposition": f'attachment; filename="fastline-{row.id}.tar.gz"'}
    return Answer(stream=lambda: _pieces(file), media_type=_GZIP, headers=named)


@Endpoint(
    method="DELETE",
    path="/api/v1/backups/{id}",
    name="delete_backup",
    summary="Remove a backup",
    scope=Scope.BACKUPS_WRITE,
    tag=_TAG,
    path_model=BackupPath,
    answers={204: None},
)
async def delete_backup(call: Call[BackupPath]) -> Answer:
    """Its row; and its archive, by a job, once that is committed."""
    row = await _row(call)
    if row.ended_at is None:
        raise Problem(CONFLICT, f"it is being made: cancel the job {row.job} first")
    call.changed(Change(_KIND, row.id, "deleted", before=BackupShown.model_validate(row)))
    await call.session.delete(row)
    await call.session.flush()
    await submit(call.session, DROP_ARCHIVE, Drop(backup=row.id), now=call.now, subject=row.id)
    return Answer(status=204)


OPERATIONS: Final = (list_backups, make_backup, read_backup, download_backup, delete_backup)


async def _row(call: Call[BackupPath, Any, Any]) -> Backup:
    found = (await call.session.exec(select(Backup).where(Backup.id == call.path.id))).one_or_none()
    if found is None:
        raise missing("backup", call.path.id)
    return found


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    try:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
    finally:
        file.close()
