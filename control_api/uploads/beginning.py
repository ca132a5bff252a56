"""Beginning and ending uploads: rows, and what happens to their files.

Law: a file is removed after the row that says so is committed. What a crash leaves between the two is told of as a
stray.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col, select, update

from control_api.ids import new_id
from control_api.jobs import submit
from control_api.tables import Upload
from control_api.uploads.landing import InUse, Landing, place
from control_api.uploads.room import refusal, room
from control_api.uploads.shown import STATION, bare, tell
from control_api.uploads.states import UploadState, leads
from control_api.uploads.taking_in import TAKE_IN, TakeIn

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import ColumnElement
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.changes import Actor
    from control_api.database import Database
    from control_api.settings import Settings

_SWEPT: Final = 50


def new(owner: str, way: str, now: datetime, settings: Settings, **more: Any) -> Upload:  # noqa: ANN401 — values of columns
    """A row of an upload that begins now."""
    until = now + timedelta(hours=settings.upload_hours)
    return Upload(
        id=new_id("up"),
        owner=owner,
        way=way,
        state=UploadState.RECEIVING,
        created_at=now,
        touched_at=now,
        expires_at=until,
        **more,
    )


async def begin(session: AsyncSession, row: Upload, free: int, settings: Settings) -> None:
    """Write the row, if there is room for what it announces; raises `Problem`. `free` are the bytes of the disk."""
    found = refusal(await room(session, row.owner, free), row.length or 0, settings)
    if found is not None:
        raise found
    session.add(row)
    await session.flush()


async def whole(session: AsyncSession, row: Upload, actor: Actor, now: datetime) -> None:
    """All bytes of it are there: have it looked into. In the transaction in which the last of them are counted."""
    job = TakeIn(upload=row.id)
    await submit(session, TAKE_IN, job, now=now, owner=row.owner, subject=row.id)
    await tell(session, actor, row, "received", now)


async def end(session: AsyncSession, row: Upload, state: UploadState, reason: str | None, now: datetime) -> bool:
    """Let an upload come to nothing; False where it has moved on meanwhile. The caller removes its file afterwards."""
    if not leads(UploadState(row.state), state):
        return False
    same = (col(Upload.id) == row.id, col(Upload.state) == row.state)
    link = bare(row.link)  # nobody needs the rest of it any more
    values: dict[str, Any] = {"state": state, "reason": reason, "is_kept": False, "touched_at": now, "link": link}
    values["version"] = col(Upload.version) + 1
    done = await session.exec(update(Upload).where(*same).values(**values))
    if done.rowcount != 1:
        return False
    row.state, row.reason, row.is_kept, row.touched_at, row.link = state, reason, False, now, link
    row.version += 1
    return True


async def sweep(database: Database, media: Path, now: datetime) -> int:
    """Remove uploads that nobody goes on with, some at a time; how many. One that is written to is left alone."""
    async with database.reading() as session:
        late = select(Upload.id).where(*_late(now)).order_by(col(Upload.expires_at)).limit(_SWEPT)
        found = (await session.exec(late)).all()
    return sum([await _swept(database, place(media, upload), upload, now) for upload in found])


def _late(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(Upload.state) == UploadState.RECEIVING, col(Upload.expires_at) <= now


async def _swept(database: Database, path: Path, upload: str, now: datetime) -> bool:
    """Whether it was removed: its row first, and then its file, with nobody writing meanwhile."""
    try:
        landing = await asyncio.to_thread(Landing, path)
    except InUse:
        return False
    with landing:
        async with database.writing() as session:
            # who wrote until now may have gone on with it
            row = (await session.exec(select(Upload).where(Upload.id == upload, *_late(now)))).one_or_none()
            if row is None or not await end(session, row, UploadState.EXPIRED, "nobody went on with it", now):
                return False
            await tell(session, STATION, row, "expired", now)
        await asyncio.to_thread(landing.remove)
    return True
