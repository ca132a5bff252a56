"""Who may play what: what is said of a series or a season goes for everything beneath it, until that says otherwise.

Law: what comes beneath something premium is premium, whoever brings it, unless they say that it is free. So the first
episode may be free for everybody, and a new one is not by mistake. Trailers are for everybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmodel import col, or_, select, update

from control_api.library.kinds import TitleAccess, TitleKind
from control_api.tables import Title
from control_api.tables.kin import CHILD, PARENT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

_AT_ONCE = 500


async def inherit(session: AsyncSession, titles: Sequence[str]) -> None:
    """Call these new titles premium where what they are a part of is."""
    premium = select(PARENT.id).where(col(PARENT.access) == TitleAccess.PREMIUM)
    for start in range(0, len(titles), _AT_ONCE):
        some = list(titles[start : start + _AT_ONCE])
        mine = update(Title).where(col(Title.id).in_(some), col(Title.access) != TitleAccess.PREMIUM)
        mine = mine.where(col(Title.kind) != TitleKind.TRAILER)
        for _ in range(2):  # seasons, and then their episodes
            done = await session.exec(
                mine.where(col(Title.parent_id).in_(premium))
                .values(access=TitleAccess.PREMIUM)
                .execution_options(synchronize_session=False)
            )
            if not done.rowcount:
                break


async def hand_down(session: AsyncSession, title: str, access: str, now: datetime) -> None:
    """Say of everything beneath a series or a season what is said of it now."""
    seasons = select(CHILD.id).where(col(CHILD.parent_id) == title)
    beneath = or_(col(Title.parent_id) == title, col(Title.parent_id).in_(seasons))
    await session.exec(
        update(Title)
        .where(beneath, col(Title.access) != access, col(Title.kind) != TitleKind.TRAILER)
        .values(access=access, version=Title.version + 1, updated_at=now)
        .execution_options(synchronize_session=False)
    )
