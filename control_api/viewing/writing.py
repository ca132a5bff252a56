"""Writing what was gathered: play sessions, and the history that follows from them, in one transaction.

Law: what is written is what the row said joined with what the process knows, so it is the same whichever process heard
which heartbeat, and however often it is written. For how much longer something was watched is told by the row as it was
before, which is held: nothing counts twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, insert, update
from sqlmodel import col, select

from control_api.among import among
from control_api.ids import new_id
from control_api.tables import PlaySession, Profile, Title, Watched
from control_api.viewing.beating import SILENCE, joined, kept, revived
from control_api.viewing.playing import instant, millis, state_of
from control_api.viewing.seeing import Seen, Step, seen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.viewing.beating import Played
    from control_api.viewing.playing import Playing

AT_ONCE: Final = 2000
"""Playings in one transaction: databases have limits to what one question may name."""

_SESSIONS: Final[Any] = PlaySession.__table__  # type: ignore[attr-defined] # SQLModel gives every table one
_SEEN: Final[Any] = Watched.__table__  # type: ignore[attr-defined] # the same
_STATE: Final = (
    "id", "beats", "position_ms", "behind_ms", "watched_ms", "quality", "bitrate", "bandwidth", "buffer_ms",
    "startup_ms", "error", "stalls", "stalled_ms", "errors", "started_at", "touched_at", "ended_at", "ended_by",
)  # fmt: skip
_CHANGES: Final = (*(name for name in _STATE if name not in ("id", "started_at")),)
_UPDATE: Final = (
    update(_SESSIONS)
    .where(_SESSIONS.c.id == bindparam("which"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGES})
)
_KEPT: Final = ("position_ms", "duration_ms", "watched_ms", "times")
_INSTANTS: Final = ("first_at", "watched_at", "completed_at", "hidden_at")
_UPDATE_SEEN: Final = (
    update(_SEEN)
    .where(_SEEN.c.id == bindparam("which"))
    .values({name: bindparam(f"new_{name}") for name in (*_KEPT, *_INSTANTS)})
)


async def write(session: AsyncSession, some: Sequence[Playing]) -> dict[str, Played]:
    """Write what is known of these; what is known then, by their ids. What is not among that is gone.

    `AT_ONCE` at most.
    """
    rows = select(*(_SESSIONS.c[name] for name in _STATE)).where(_SESSIONS.c.id.in_([one.id for one in some]))
    held = rows.order_by(_SESSIONS.c.id).with_for_update()
    connection = await session.connection()
    before = {row.id: state_of(row._asdict()) for row in await connection.execute(held)}
    after: dict[str, Played] = {}
    for one in some:
        was = before.get(one.id)
        if was is not None:
            after[one.id] = joined(_going_on(was, one.state), one.state)
    changed = [_row(name, state) for name, state in after.items() if state != before[name]]
    if changed:
        await connection.execute(_UPDATE, changed)
    steps = [(one, before[one.id], after[one.id]) for one in some if one.id in after]
    await _keep(session, [step for step in steps if _is_kept(*step)])
    return after


def _going_on(was: Played, now: Played) -> Played:
    """What a row says, which may have been closed while what was heard since was not written."""
    ending = was.ending
    if ending is not None and ending.by == SILENCE and now.ending is None and now.touched > ending.at:
        return revived(was)
    return was


def _row(name: str, state: Played) -> dict[str, Any]:
    ending = state.ending
    return {
        "which": name,
        "new_touched_at": instant(state.heard),
        "new_ended_at": None if ending is None else instant(ending.at),
        **{f"new_{column}": value for column, value in kept(state).items()},
    }


# History


def _is_kept(one: Playing, was: Played, now: Played) -> bool:
    """Whether something of a title was seen that was not seen before, by who keeps history."""
    if one.profile is None or one.title is None or not (now.position_ms or now.watched_ms):
        return False
    return was.place != now.place or was.touched != now.touched or not was.number


async def _keep(session: AsyncSession, steps: list[tuple[Playing, Played, Played]]) -> None:
    """Write what follows for those who have watched."""
    steps = await _wanted(session, steps)
    if not steps:
        return
    pairs = sorted({(str(one.profile), str(one.title)) for one, _, _ in steps})
    rows = select(_SEEN).where(among((_SEEN.c.profile_id, _SEEN.c.title_id), pairs))
    connection = await session.connection()
    found = (await connection.execute(rows.order_by(_SEEN.c.id).with_for_update())).mappings()
    there = {(row["profile_id"], row["title_id"]): row for row in found}
    known: dict[tuple[str, str], Seen] = {pair: _seen_of(row) for pair, row in there.items()}
    latest: dict[tuple[str, str], Playing] = {}
    for one, was, now in sorted(steps, key=lambda step: step[2].touched):
        pair = str(one.profile), str(one.title)
        more = max(now.watched_ms - was.watched_ms, 0)
        step = Step(now.started, now.heard, now.position_ms, more, one.duration_ms, one.credits_ms)
        known[pair], latest[pair] = seen(known.get(pair), step), one
    new = [
        {
            "id": new_id("wa"),
            "profile_id": pair[0],
            "title_id": pair[1],
            "series_id": one.series,
            "name": one.name,
            **_kept(known[pair]),
        }
        for pair, one in latest.items()
        if pair not in there
    ]
    if new:
        await connection.execute(insert(_SEEN), new)
    old = [
        {"which": there[pair]["id"], **{f"new_{name}": value for name, value in _kept(known[pair]).items()}}
        for pair in latest
        if pair in there
    ]
    if old:
        await connection.execute(_UPDATE_SEEN, old)


async def _wanted(
    session: AsyncSession, steps: list[tuple[Playing, Played, Played]]
) -> list[tuple[Playing, Played, Played]]:
    """Those whose profile is there and keeps history, and whose title is there.

    Profiles are held: of two processes that see a title for the first time one waits, and finds what the other wrote.
    Titles are not, for who removes one holds it before its play sessions.
    """
    if not steps:
        return []
    profiles = select(Profile.id).where(
        col(Profile.id).in_({one.profile for one, _, _ in steps}), col(Profile.keeps_history)
    )
    held = profiles.order_by(col(Profile.id)).with_for_update(key_share=True)
    keeping = set((await session.exec(held)).all())
    await _part(session, [one for one, _, _ in steps if one.profile not in keeping])
    named = {name for one, _, _ in steps if one.profile in keeping for name in (one.title, one.series) if name}
    there = set((await session.exec(select(Title.id).where(col(Title.id).in_(named)))).all())
    kept = [step for step in steps if step[0].profile in keeping and step[0].title in there]
    for one, _, _ in kept:
        one.series = one.series if one.series in there else None
    return kept


async def _part(session: AsyncSession, some: list[Playing]) -> None:
    """Let nobody know any more who plays these: history was switched off meanwhile."""
    for one in some:
        one.profile = None
    if some:
        names = [one.id for one in some]
        await session.exec(update(PlaySession).where(col(PlaySession.id).in_(names)).values(profile_id=None))


def _seen_of(row: Mapping[str, Any]) -> Seen:
    instants: dict[str, Any] = {name: None if row[name] is None else millis(row[name]) for name in _INSTANTS}
    return Seen(**{name: row[name] for name in _KEPT}, **instants)


def _kept(one: Seen) -> dict[str, Any]:
    values = {name: getattr(one, name) for name in _INSTANTS}
    return {
        **{name: getattr(one, name) for name in _KEPT},
        **{name: None if value is None else instant(value) for name, value in values.items()},
    }
