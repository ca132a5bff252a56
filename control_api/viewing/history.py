"""What a profile has seen: removed by whoever it belongs to, so that nobody knows of it any more.

Law: of what is removed from a history, sessions stay for figures, and nobody knows whose they were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmodel import col, delete, select, update

from control_api.tables import PlaySession, Watched
from control_api.viewing.seeing import is_whole

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession


async def remove(session: AsyncSession, profile: str, entry: str) -> bool:
    """Remove one entry; whether there was one."""
    ours = col(Watched.id) == entry, col(Watched.profile_id) == profile
    found = (await session.exec(select(Watched).where(*ours).with_for_update())).one_or_none()
    if found is None:
        return False
    await session.delete(found)
    if found.title_id is not None:
        of_title = col(PlaySession.profile_id) == profile, col(PlaySession.title_id) == found.title_id
        await session.exec(update(PlaySession).where(*of_title).values(profile_id=None))
    return True


async def clear(session: AsyncSession, profile: str) -> int:
    """Remove all of it; how many entries there were."""
    done = await session.exec(delete(Watched).where(col(Watched.profile_id) == profile))
    await session.exec(update(PlaySession).where(col(PlaySession.profile_id) == profile).values(profile_id=None))
    return done.rowcount


async def resume(session: AsyncSession, profile: str, title: str) -> int:
    """Where a profile goes on with a title, in milliseconds; 0 where it begins, or has seen it to the end."""
    rows = select(Watched).where(Watched.profile_id == profile, Watched.title_id == title)
    found = (await session.exec(rows)).one_or_none()
    if found is None or found.completed_at is not None or is_whole(found.position_ms, found.duration_ms, None):
        return 0
    return found.position_ms
