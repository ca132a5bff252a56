"""What a profile has seen: removed by whoever it belongs to, so that nobody knows of it any more.

Law: of what is removed from a history, sessions stay for figures, and nobody knows whose they were. Sessions are held
before entries, each by its id, as they are where what players say is written: nobody waits in a circle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam
from sqlalchemy import select as selected
from sqlmodel import col, delete, select, update

from control_api.database import answered
from control_api.tables import PlaySession, Watched

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlmodel.ext.asyncio.session import AsyncSession


async def remove(session: AsyncSession, profile: str, entry: str) -> bool:
    """Remove one entry; whether there was one."""
    ours = col(Watched.id) == entry, col(Watched.profile_id) == profile
    titles = (await session.exec(select(Watched.title_id).where(*ours))).all()
    await _part(session, col(PlaySession.profile_id) == profile, col(PlaySession.title_id).in_(titles))
    return bool((await session.exec(delete(Watched).where(*ours))).rowcount)


async def clear(session: AsyncSession, profile: str) -> int:
    """Remove all of it; how many entries there were."""
    await _part(session, col(PlaySession.profile_id) == profile)
    return (await session.exec(delete(Watched).where(col(Watched.profile_id) == profile))).rowcount


async def hold(session: AsyncSession, profile: str, account: str) -> None:
    """Have whoever writes what a profile of this account plays wait until the end of the transaction."""
    await _held(session, col(PlaySession.profile_id) == profile, col(PlaySession.account_id) == account)


async def _part(session: AsyncSession, *which: ColumnElement[bool]) -> None:
    """Let nobody know any more who plays these."""
    await _held(session, *which)
    await session.exec(update(PlaySession).where(*which).values(profile_id=None))


async def _held(session: AsyncSession, *which: ColumnElement[bool]) -> None:
    rows = select(PlaySession.id).where(*which).order_by(col(PlaySession.id)).with_for_update()
    await session.exec(rows)


async def resume(session: AsyncSession, profile: str, title: str) -> int:
    """Where a profile goes on with a title, in milliseconds; 0 where it begins, or has seen it to the end."""
    found = await answered(session, _PLACE, profile=profile, title=title)
    return 0 if not found or found[0].completed_at is not None else int(found[0].position_ms)


_PLACE: Final = selected(col(Watched.position_ms), col(Watched.completed_at)).where(
    col(Watched.profile_id) == bindparam("profile"), col(Watched.title_id) == bindparam("title")
)
