"""Play sessions: begun, looked up by a process that does not know them, taken up again after a silence, and ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam
from sqlmodel import col, select

from control_api.ids import new_id
from control_api.library.lineage import ABOVE, SERIES
from control_api.plans.entitled import Entitlements, of_caller
from control_api.tables import PlaySession, Title
from control_api.tables.kin import PARENT
from control_api.viewing import streams
from control_api.viewing.beating import LIMIT, PLAYER, SILENCE
from control_api.viewing.playing import Playing, remembered
from control_api.viewing.silence import silence

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.callers import Caller
    from control_api.database import Database
    from control_api.settings import Settings

REVIVES: Final = timedelta(minutes=10)
"""For how long after it fell silent a playing may be taken up again."""

WORDS: Final = {
    PLAYER: "the player has ended it",
    SILENCE: "nothing was heard of it for too long",
    LIMIT: "the plan does not allow so many streams at a time any more",
    "account": "it was ended from another device of the account",
}
"""Why a playing is over."""


_LOOKED_AT: Final = (
    select(PlaySession, SERIES, Title.credits_ms)
    .outerjoin(Title, col(Title.id) == PlaySession.title_id)
    .outerjoin(PARENT, ABOVE)
    .where(col(PlaySession.id) == bindparam("which"))
)


@dataclass(frozen=True, slots=True)
class Thing:
    """What is played: a channel, or a title by an asset of it."""

    name: str
    channel: str | None = None
    title: str | None = None
    series: str | None = None
    asset: str | None = None
    duration_ms: int = 0
    credits_ms: int | None = None
    behind_ms: int | None = None
    """Of a channel: how far behind the air it is begun, where not at its newest."""
    is_open: bool = False
    """Whether it is a channel that everybody plays who knows its name: no session is begun that nobody asks for."""


@dataclass(frozen=True, slots=True)
class Begins:
    """What is to begin, and what the plan of who wants it includes: both as they are now."""

    thing: Thing
    allowed: Entitlements


@dataclass(frozen=True, slots=True)
class Device:
    """What plays it."""

    id: str = ""
    name: str = ""
    kind: str = ""
    is_slow: bool = False
    """Whether it says every two minutes only where it is."""
    sign_in: str = ""
    """By what whoever signed in there is known; empty: it is an API key's. What was begun for an address alone gives
    way to the next one of the same sign-in, and to a session that is asked for."""
    is_lent: bool = False
    """Whether an address alone was asked for, so that it may never say where it is."""


def is_owner(caller: Caller, row: PlaySession) -> bool:
    """Whether a play session is the caller's."""
    return (row.account_id if caller.is_person else row.key_id) == caller.id


def of_owner(caller: Caller) -> bool:
    """The condition for it."""
    found: bool = PlaySession.account_id == caller.id if caller.is_person else PlaySession.key_id == caller.id
    return found


def lent_until(settings: Settings, thing: Thing, position_ms: int, now: datetime) -> datetime:
    """For how long what plays by an address alone counts: for what is left of a film, and else while it may begin."""
    left = timedelta(milliseconds=thing.duration_ms - position_ms)
    likely = left if thing.duration_ms else timedelta(seconds=settings.stream_token_seconds)
    return now + max(likely, silence(settings, is_slow=False))


async def begin(  # noqa: PLR0913 — who plays what, where, and from where on
    session: AsyncSession,
    settings: Settings,
    caller: Caller,
    what: Begins,
    device: Device,
    now: datetime,
    *,
    position_ms: int = 0,
) -> tuple[PlaySession, list[str]]:
    """A new play session, and the ids of those that the same player had not ended. Raises `Problem`: too many play.

    An API key answers for its own viewers: nothing is limited there, and nobody's history is kept.
    """
    thing = what.thing
    replaced: list[str] = []
    if caller.is_person:
        await streams.hold(session, caller.id)
        replaced = await streams.replace(session, caller.id, (device.id, device.sign_in), now)
        await streams.check(session, settings, caller, what.allowed.streams, now, replaced)
    keeps = caller.viewer is not None and caller.viewer.keeps_history
    row = PlaySession(
        id=new_id("pl"),
        account_id=caller.id if caller.is_person else None,
        key_id=None if caller.is_person else caller.id,
        profile_id=caller.viewer.id if caller.viewer is not None and keeps else None,
        title_id=thing.title,
        asset_id=thing.asset,
        channel=thing.channel,
        name=thing.name,
        device_id=device.id or (device.sign_in if device.is_lent else ""),
        device=device.name,
        device_kind=device.kind,
        is_slow=device.is_slow,
        started_at=now,
        touched_at=now,
        lent_until=lent_until(settings, thing, position_ms, now) if device.is_lent else None,
        position_ms=position_ms,
        behind_ms=thing.behind_ms,
        duration_ms=thing.duration_ms,
    )
    session.add(row)
    await session.flush()
    return row, replaced


async def look(database: Database, name: str) -> tuple[PlaySession, Playing] | None:
    """A play session as the database knows it, and what of it is to be remembered."""
    async with database.reading() as session:
        found = (await session.exec(_LOOKED_AT, params={"which": name})).one_or_none()
    if found is None:
        return None
    row, above, credits_ms = found
    return row, remembered(row, above, credits_ms)


def is_silent(settings: Settings, row: PlaySession, now: datetime) -> bool:
    """Whether nothing was heard of it for so long that it is over, closed or not."""
    if row.ended_at is not None:
        return row.ended_by == SILENCE
    if row.lent_until is not None and not row.beats and now < row.lent_until:
        return False
    return row.touched_at <= now - silence(settings, is_slow=row.is_slow)


async def revive(
    session: AsyncSession, settings: Settings, caller: Caller, row: PlaySession, now: datetime
) -> tuple[PlaySession, datetime] | None:
    """Take up again what fell silent a while ago; None where that is too long ago. Raises `Problem`: too many play.

    From now on it counts as one that plays. With it goes when it was last heard of before, from where on it is counted
    what was watched.
    """
    if now - row.touched_at > REVIVES:
        return None
    if caller.is_person:
        await streams.hold(session, caller.id)
        allowed = await of_caller(session, caller, now)
        await streams.check(session, settings, caller, allowed.streams, now, [row.id])
    rows = select(PlaySession).where(PlaySession.id == row.id).with_for_update()
    found = (await session.exec(rows.execution_options(populate_existing=True))).one_or_none()
    if found is None or found.ended_by not in ("", SILENCE):
        return None
    before = found.touched_at
    found.ended_at, found.ended_by, found.touched_at = None, "", now
    await session.flush()
    return found, before
