"""The bin: titles that were deleted, until they are restored or purged.

Law: what lies in the bin is neither listed nor found, and no channel chooses it any more; what is committed still
airs. Everything beneath a title goes with it, and comes back with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlmodel import col, select, update

from control_api.library.amendments import due
from control_api.library.indexing import reindexed, under
from control_api.problems import CONFLICT, Problem
from control_api.tables import Title

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

_AT_ONCE: Final = 500


async def throw(session: AsyncSession, title: Title, now: datetime) -> list[str]:
    """Put a title into the bin, with everything beneath it; the ids of what went. Nothing when it lies there."""
    if title.deleted_at is not None:
        return []
    gone = [title.id, *await _beneath(session, title, None)]
    await _marked(session, gone, now, now)
    await session.refresh(title)
    await due(session, [title.id], now)
    return gone


async def restore(session: AsyncSession, title: Title, now: datetime) -> list[str]:
    """Take a title out of the bin, with what went there with it. Raises `Problem` when it would hang in the air."""
    if title.deleted_at is None:
        return []
    if title.parent_id is not None:
        parent = await session.get(Title, title.parent_id)
        if parent is not None and parent.deleted_at is not None:
            message = f"{parent.id}, which it belongs to, lies in the bin: restore that"
            raise Problem(CONFLICT, message)
    back = [title.id, *await _beneath(session, title, title.deleted_at)]
    await _marked(session, back, None, now)
    await session.refresh(title)
    await due(session, [title.id], now)
    return back


async def _beneath(session: AsyncSession, title: Title, deleted_at: datetime | None) -> list[str]:
    """What is beneath the title, as far as it went into the bin at that instant; None: as far as it is not there."""
    below = await under(session, [title.id])
    found: list[str] = []
    for start in range(0, len(below), _AT_ONCE):
        when = col(Title.deleted_at)
        some = col(Title.id).in_(below[start : start + _AT_ONCE])
        rows = select(Title.id).where(some, when.is_(None) if deleted_at is None else when == deleted_at)
        found += (await session.exec(rows)).all()
    return found


async def _marked(session: AsyncSession, titles: Sequence[str], deleted_at: datetime | None, now: datetime) -> None:
    for start in range(0, len(titles), _AT_ONCE):
        some = update(Title).where(col(Title.id).in_(titles[start : start + _AT_ONCE]))
        marked = some.values(deleted_at=deleted_at, updated_at=now, version=col(Title.version) + 1)
        await session.exec(marked.execution_options(synchronize_session=False))
    session.expire_all()
    await reindexed(session, titles)
