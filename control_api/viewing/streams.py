"""How much of an account plays at a time, and that it is no more than its plan allows.

Law: of several that begin at once, on whatever machines, no more begin than may.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlmodel import col, select, update

from control_api.problems import TOO_MANY_STREAMS, Playing, Problem
from control_api.tables import Account, PlaySession
from control_api.viewing.beating import PLAYER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.settings import Settings


def plays(settings: Settings, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Conditions on play sessions that have not ended and are not silent."""
    heard = now - timedelta(seconds=settings.play_silence_seconds)
    return col(PlaySession.ended_at).is_(None), col(PlaySession.touched_at) > heard


async def hold(session: AsyncSession, account: str) -> None:
    """Let nobody else begin anything for this account until the transaction is over."""
    await session.exec(select(Account.id).where(Account.id == account).with_for_update(key_share=True))


async def replace(session: AsyncSession, account: str, device_id: str, now: datetime) -> list[str]:
    """End what the same player has played, and has not ended; their ids. It plays one thing at a time."""
    if not device_id:
        return []
    ours = col(PlaySession.account_id) == account, col(PlaySession.ended_at).is_(None)
    rows = select(PlaySession.id).where(*ours, col(PlaySession.device_id) == device_id)
    names = list((await session.exec(rows)).all())
    if names:
        over = update(PlaySession).where(col(PlaySession.id).in_(names), col(PlaySession.ended_at).is_(None))
        await session.exec(over.values(ended_at=now, ended_by=PLAYER))
    return names


async def check(
    session: AsyncSession, settings: Settings, account: str, streams: int, now: datetime, but: Sequence[str] = ()
) -> None:
    """Refuse one more than `streams`; `but` are ids of sessions that do not count. Raises `Problem`."""
    rows = select(PlaySession).where(PlaySession.account_id == account, *plays(settings, now))
    found = (await session.exec(rows.order_by(col(PlaySession.started_at)).limit(streams + len(but) + 1))).all()
    others = [row for row in found if row.id not in but]
    if len(others) < streams:
        return
    some = "one stream plays" if streams == 1 else f"{streams} streams play"
    message = f"{some} already, which is what your plan allows at a time: end one of those in `playing`"
    problem = Problem(TOO_MANY_STREAMS, message)
    problem.entitlement = "streams"
    problem.playing = [
        Playing(id=row.id, name=row.name, device=row.device, started_at=row.started_at) for row in others[:100]
    ]
    raise problem
