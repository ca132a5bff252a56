"""Handing on: what was accepted is packaged by a job of its own, and hears from it what became of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel
from sqlmodel import select

from control_api.jobs import JobKind, Work, submit
from control_api.jobs.packaging import PACKAGE, Package, Packed
from control_api.jobs.queue import queue_of
from control_api.jobs.states import JobState
from control_api.library.kinds import TitleKind, aired_as
from control_api.tables import Upload
from control_api.uploads.landing import FOLDER, place, remove
from control_api.uploads.linking import LINK, Link
from control_api.uploads.shown import STATION, tell
from control_api.uploads.states import UploadState

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.tables import Job


_FINER: Final = frozenset((TitleKind.SPECIAL, TitleKind.SHORT, TitleKind.TRAILER))
"""Kinds that an asset cannot tell: its title is told of them once it is there."""


class Drop(BaseModel):
    """Whose original is to be dropped."""

    upload: str


def ordered(row: Upload) -> Package:
    """What is to be packaged of an upload, with all that was said of it."""
    return Package(
        source=f"{FOLDER}/{row.id}",
        name=row.name,
        house=row.house,
        title_id=row.title_id,
        title=row.title,
        kind=aired_as(row.kind) if row.kind else None,
        tags=tuple(row.tags),
        series=row.series,
        season=row.season,
        episode=row.episode,
        language=row.language,
    )


async def pack(session: AsyncSession, row: Upload, now: datetime) -> Job:
    """Submit the job that packages an upload."""
    return await submit(session, PACKAGE, ordered(row), now=now, owner=row.owner, subject=row.id)


async def packed(session: AsyncSession, job: Job) -> None:
    """Tell an upload what became of its packaging; in the transaction in which the job ends."""
    wanted = select(Upload).where(Upload.id == job.subject).with_for_update()
    row = (await session.exec(wanted)).one_or_none()
    if row is None or UploadState(row.state) is not UploadState.ACCEPTED:
        return
    now = job.ended_at or job.created_at
    row.version += 1
    if job.state != JobState.SUCCEEDED:
        row.reason = job.reason
        session.add(row)
        return
    row.state, row.reason, row.asset_id = UploadState.PACKAGED, None, Packed.model_validate(job.result).asset
    kind = TitleKind(row.kind) if row.kind in _FINER else None
    if row.title_id is not None or kind is not None:
        link = Link(asset=row.asset_id, title=row.title_id, kind=kind)
        await submit(session, LINK, link, now=now, subject=row.id)
    if queue_of(session).settings.originals == "drop":
        row.is_kept = False
        await submit(session, DROP, Drop(upload=row.id), now=now, subject=row.id)
    session.add(row)
    await tell(session, STATION, row, "packaged", now)


async def _dropped(work: Work, given: Drop) -> None:
    """Remove the bytes of an upload whose row says that they are gone."""
    async with work.database.reading() as session:
        row = (await session.exec(select(Upload).where(Upload.id == given.upload))).one_or_none()
    if row is None or not row.is_kept:
        await asyncio.to_thread(remove, place(work.settings.media, given.upload))


DROP: Final = JobKind("drop_original", Drop, _dropped, attempts=8)
"""Removes the original of what was packaged."""
