"""How much of an account plays at a time, and that it is no more than its plan allows.

Law: of several that begin at once, on whatever machines, no more begin than may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam
from sqlalchemy import select as selected
from sqlmodel import and_, col, or_, select, true, update

from control_api.database import answered
from control_api.problems import TOO_MANY_STREAMS, Playing, Problem
from control_api.profiles.limits import is_limited, permitted
from control_api.tables import Account, PlaySession
from control_api.viewing.beating import PLAYER
from control_api.viewing.silence import heard, heard_since, instants

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.callers import Caller, Viewer
    from control_api.settings import Settings


def plays(settings: Settings, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Conditions on play sessions that have not ended and are not silent."""
    return col(PlaySession.ended_at).is_(None), heard(settings, now)


def told(settings: Settings, viewer: Viewer | None, now: datetime) -> ColumnElement[bool]:
    """The condition on play sessions of an account that this profile of it is told of.

    Those are its own, as nobody's may be where it keeps no history; of others what plays now: it counts for the plan.
    """
    if viewer is None:
        return true()
    profile = col(PlaySession.profile_id)
    own = profile == viewer.id if viewer.keeps_history else or_(profile == viewer.id, profile.is_(None))
    return or_(own, and_(*plays(settings, now)))


async def kept_from(session: AsyncSession, viewer: Viewer | None, rows: Sequence[PlaySession | Row[Any]]) -> set[str]:
    """The ids of those of which this profile is not told what they play.

    Those are the ones of titles that it may not see, and, for who is limited, the channels of other profiles.
    """
    if viewer is None or not is_limited(viewer):
        return set()
    may = await permitted(session, viewer, [row.title_id for row in rows if row.title_id])
    return {row.id for row in rows if (row.title_id not in may if row.title_id else row.profile_id != viewer.id)}


async def hold(session: AsyncSession, account: str) -> None:
    """Let nobody else begin anything for this account until the transaction is over."""
    await session.exec(select(Account.id).where(Account.id == account).with_for_update(key_share=True))


async def replace(session: AsyncSession, account: str, devices: Sequence[str], now: datetime) -> list[str]:
    """End what a player of these names has played, and has not ended; their ids. It plays one thing at a time."""
    names = [name for name in devices if name]
    if not names:
        return []
    ours = col(PlaySession.account_id) == account, col(PlaySession.ended_at).is_(None)
    rows = select(PlaySession.id).where(*ours, col(PlaySession.device_id).in_(names))
    names = list((await session.exec(rows)).all())
    if names:
        over = update(PlaySession).where(col(PlaySession.id).in_(names), col(PlaySession.ended_at).is_(None))
        await session.exec(over.values(ended_at=now, ended_by=PLAYER))
    return names


_PLAYING: Final = (
    selected(*(getattr(PlaySession, name) for name in ("id", "name", "device", "started_at", "title_id", "profile_id")))
    .where(
        col(PlaySession.account_id) == bindparam("account"),
        col(PlaySession.ended_at).is_(None),
        heard_since(bindparam("usual"), bindparam("slow"), bindparam("now")),
    )
    .order_by(col(PlaySession.started_at))
    .limit(bindparam("most"))
)
"""What plays of an account: made once, and asked whenever something begins."""


async def check(
    session: AsyncSession, settings: Settings, caller: Caller, streams: int, now: datetime, but: Sequence[str] = ()
) -> None:
    """Refuse one more than `streams`; `but` are ids of sessions that do not count. Raises `Problem`."""
    most = streams + len(but) + 1
    found = await answered(session, _PLAYING, account=caller.id, most=most, **instants(settings, now))
    others = [row for row in found if row.id not in but]
    if len(others) < streams:
        return
    some = "one stream plays" if streams == 1 else f"{streams} streams play"
    message = f"{some} already, which is what your plan allows at a time: end one of those in `playing`"
    problem = Problem(TOO_MANY_STREAMS, message)
    problem.entitlement = "streams"
    kept = await kept_from(session, caller.viewer, others[:100])
    problem.playing = [
        Playing(id=row.id, name="" if row.id in kept else row.name, device=row.device, started_at=row.started_at)
        for row in others[:100]
    ]
    raise problem
