"""Whether there is room for an upload, asked before the first byte of it is taken.

Law: what is promised to unfinished uploads is not free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import case, func, text
from sqlmodel import col, select

from control_api.problems import FILE_TOO_LARGE, NO_ROOM, TOO_MANY_OPEN, Problem
from control_api.sizes import sized
from control_api.tables import Upload
from control_api.uploads.states import UploadState

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.settings import Settings

_LOCK: Final = 0x55504C44  # any number that only we use
_AGAIN: Final = "60"


@dataclass(frozen=True, slots=True)
class Room:
    """How things stand, in bytes."""

    free: int
    """Of the store's disk."""
    promised: int = 0
    """What unfinished uploads of everybody will still bring."""
    kept: int = 0
    """Of this account: what it keeps, and what its unfinished uploads will be."""
    open: int = 0
    """How many unfinished uploads this account has."""


def refusal(room: Room, wanted: int, settings: Settings) -> Problem | None:
    """Why so many more bytes cannot be taken; None when they can. Pure."""
    if wanted > settings.upload_bytes:
        return Problem(FILE_TOO_LARGE, f"{sized(wanted)} are more than the {sized(settings.upload_bytes)} of a file")
    if room.open >= settings.uploads_open:
        words = f"{room.open} of your uploads are unfinished, and there may be no more: finish or end one of them"
        return Problem(TOO_MANY_OPEN, words, headers={"Retry-After": _AGAIN})
    if room.kept + wanted > settings.upload_quota_bytes:
        left = max(settings.upload_quota_bytes - room.kept, 0)
        return Problem(NO_ROOM, f"{sized(wanted)} are more than the {sized(left)} that this account may still keep")
    left = max(room.free - room.promised - settings.upload_free_bytes, 0)
    if wanted > left:
        return Problem(NO_ROOM, f"{sized(wanted)} are more than the {sized(left)} that the disk has for uploads")
    return None


def overrun(room: Room, settings: Settings) -> Problem | None:
    """Why no more may come of an upload whose length nobody said, as things stand now; None when it may. Pure."""
    if room.kept > settings.upload_quota_bytes:
        message = f"with it this account would keep more than its {sized(settings.upload_quota_bytes)}"
        return Problem(NO_ROOM, message)
    if room.free - room.promised < settings.upload_free_bytes:
        return Problem(NO_ROOM, "the disk has become too full while the bytes came")
    return None


async def room(session: AsyncSession, owner: str, free: int) -> Room:
    """How things stand for `owner`. Of two that ask at once the second one waits for the first one's transaction."""
    if session.get_bind().dialect.name == "postgresql":
        await session.exec(text("SELECT pg_advisory_xact_lock(:number)").bindparams(number=_LOCK))  # type: ignore[call-overload]
    unfinished = col(Upload.state) == UploadState.RECEIVING
    size = func.coalesce(Upload.length, Upload.received)
    promised = select(func.coalesce(func.sum(size - col(Upload.received)), 0)).where(unfinished)
    mine = select(
        func.coalesce(func.sum(case((col(Upload.is_kept), size), else_=0)), 0),
        func.coalesce(func.sum(case((unfinished, 1), else_=0)), 0),
    ).where(Upload.owner == owner)
    to_come = (await session.exec(promised)).one()
    kept, unfinished_ones = (await session.exec(mine)).one()
    return Room(free, int(to_come), int(kept), int(unfinished_ones))
