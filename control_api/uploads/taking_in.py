"""Taking in: what has come whole is digested and looked into, and packaged when it is media.

Law: doing it twice is doing it once. Each step is a move of the upload's state, and is made in the transaction that
submits what comes next.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel
from sqlmodel import col, select, update

from control_api.changes import Actor
from control_api.instants import whole_millis
from control_api.jobs import Broken, JobKind, Work
from control_api.tables import Upload
from control_api.uploads.content import Probed, Unfit
from control_api.uploads.landing import digest_of, place, remove
from control_api.uploads.packing import pack
from control_api.uploads.shown import refused, tell
from control_api.uploads.states import UploadState

if TYPE_CHECKING:
    from control_api.uploads.content import Probe


class TakeIn(BaseModel):
    """Which upload is to be taken in."""

    upload: str


class TakenIn(BaseModel):
    """What became of it."""

    state: UploadState
    sha256: str
    reason: str | None = None


_LOOKED_INTO: Final = (UploadState.QUARANTINED, UploadState.ACCEPTED, UploadState.PACKAGED)

TAKE_IN: Final = JobKind("take_in", TakeIn, None)
"""In a process that has nobody who looks into files."""


def taking_in(probe: Probe) -> JobKind[TakeIn]:
    """The same where `probe` looks into files."""

    async def work(work: Work, given: TakeIn) -> TakenIn:
        row = await _row(work, given.upload)
        if row is None or not row.is_kept or UploadState(row.state) not in _LOOKED_INTO:
            return TakenIn(state=UploadState(row.state) if row else UploadState.ENDED, sha256=row.digest if row else "")
        path = place(work.settings.media, row.id)
        if not row.digest:
            await work.progress(0, "reading the whole file for its checksum")
            row.digest = await asyncio.to_thread(digest_of, path)
        await work.progress(300, "looking into the file")
        found = await probe(path)
        if isinstance(found, Unfit) and found.again:
            raise Broken(found.reason, found.advice, again=True)
        if UploadState(row.state) is not UploadState.QUARANTINED:
            return await _seen_again(work, row, found)
        await _decided(work, row, found)
        if isinstance(found, Unfit):
            await asyncio.to_thread(remove, path)
        return TakenIn(state=UploadState(row.state), sha256=row.digest, reason=row.reason)

    return replace(TAKE_IN, work=work)


async def _row(work: Work, upload: str) -> Upload | None:
    async with work.database.reading() as session:
        return (await session.exec(select(Upload).where(Upload.id == upload))).one_or_none()


async def _seen_again(work: Work, row: Upload, found: Probed | Unfit) -> TakenIn:
    """What another look at what was accepted before has found; what is packaged stays."""
    reason = f"{found.reason}. {found.advice}".strip() if isinstance(found, Unfit) else None
    if isinstance(found, Probed):
        async with work.database.writing() as session:
            values = {"found": found.model_dump(mode="json"), "digest": row.digest, "version": row.version + 1}
            await session.exec(update(Upload).where(col(Upload.id) == row.id).values(**values))
    return TakenIn(state=UploadState(row.state), sha256=row.digest, reason=reason)


async def _decided(work: Work, row: Upload, found: Probed | Unfit) -> None:
    """Let the upload out of quarantine, or refuse it."""
    now = whole_millis(work.clock())
    values = {"digest": row.digest, "touched_at": now, "version": row.version + 1}
    if isinstance(found, Probed):
        values |= {"state": UploadState.ACCEPTED, "found": found.model_dump(mode="json")}
    else:
        reason = f"{found.reason}. {found.advice}".strip()[:2000]
        values |= {"state": UploadState.REFUSED, "reason": reason, "is_kept": False}
    async with work.database.writing() as session:
        same = (col(Upload.id) == row.id, col(Upload.state) == UploadState.QUARANTINED)
        done = await session.exec(update(Upload).where(*same).values(**values))
        if done.rowcount != 1:  # its owner ended it meanwhile
            row.state = UploadState.ENDED
            return
        for name, value in values.items():
            setattr(row, name, value)
        if isinstance(found, Probed):
            await pack(session, row, now)
        actor = Actor(row.owner, row.owner, "take_in")
        if isinstance(found, Probed):
            await tell(session, actor, row, "accepted", now)
        else:
            await refused(session, actor, row, now, (found.reason, found.advice))
