"""Play sessions: what plays, where it is and how well it plays, as players say themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field
from sqlmodel import col, or_, select

from control_api import ids
from control_api.call import Answer, Call
from control_api.instants import Instant, Millis
from control_api.library.flags import percent
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint
from control_api.paging import Page, PageQuery, leaf
from control_api.problems import (
    GONE,
    NOT_FOUND,
    NOT_LICENSED,
    PLAN_NEEDED,
    TOO_MANY,
    TOO_MANY_STREAMS,
    Problem,
    missing,
)
from control_api.resources.played import (
    PlayedGiven,
    channel,
    device_of,
    film,
    is_lent,
)
from control_api.scopes import Scope
from control_api.tables import PlaySession
from control_api.viewing import history, sessions, streams
from control_api.viewing.beating import (
    ACCOUNT,
    FURTHEST,
    PLAYER,
    SILENCE,
    Beat,
    counted,
    ended,
    joined,
    loaded_at,
    revived,
    said,
    unsilenced,
)
from control_api.viewing.playing import Playing, millis, remembered, state_of
from control_api.viewing.sessions import Begins
from control_api.viewing.silence import next_beat, silence, told

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.callers import Caller
    from control_api.viewing.sessions import Device

TAG: Final = "Playing"
_PATH: Final = "/api/v1/play-sessions"
_DAY: Final = 86_400_000


class PlaySessionPath(Given):
    """Which play session."""

    id: str = Field(pattern=ids.pattern("pl"), description="The id of the play session.")


class PlaySessionQuery(PageQuery):
    """Which play sessions are wanted."""

    playing: bool | None = Field(default=None, description="Only those that play now, or only those that have ended.")


class StartGiven(PlayedGiven):
    """What begins to play, and where."""

    position_ms: Millis | None = Field(
        default=None, description="Where in the title it begins. Left out: where the profile has stopped."
    )


Count = Field(default=0, ge=0, le=1_000_000)


class BeatGiven(Given):
    """What a player says of itself. Sums are those since the start; so one that is lost takes nothing with it."""

    sequence: int | None = Field(
        default=None,
        ge=1,
        le=FURTHEST,
        description="Counts what the player says of this session, from 1. Then it may be said again, and come in any "
        "order. Left out: it is newer than all before it.",
    )
    position_ms: int | None = Field(
        default=None,
        ge=0,
        le=_DAY * 31,
        description="Where in the title it is. Of a channel it says nothing, and is not looked at.",
    )
    behind_ms: int | None = Field(
        default=None,
        ge=0,
        le=_DAY * 31,
        description="Of a channel: how far behind the air it plays, by which it is counted what was watched. Left out: "
        "as before; of one that was begun with `since` or `start_over`, as far as that was.",
    )
    played_ms: int | None = Field(
        default=None,
        ge=0,
        le=_DAY * 31,
        description="For how long it has really played since the start, without what stood still. Left out: the time "
        "that passed, as far as its position has gone on. No more counts than time has passed.",
    )
    quality: str = Field(default="", max_length=40, description="Which rendition plays.", examples=["v720"])
    bitrate: int | None = Field(
        default=None, ge=0, le=10**12, description="Of what plays, in bit/s; 10^9 are believed at most."
    )
    loaded_bytes: int | None = Field(
        default=None, ge=0, le=1 << 50, description="How much was loaded since the start: `bitrate` follows from it."
    )
    bandwidth: int | None = Field(default=None, ge=0, le=10**12, description="As the player measures it, in bit/s.")
    buffer_ms: int | None = Field(default=None, ge=0, le=_DAY, description="How much it has in store.")
    startup_ms: int | None = Field(
        default=None, ge=0, le=_DAY, description="From the wish to play to the first picture."
    )
    stalls: int = Field(default=0, ge=0, le=1_000_000, description="How often it stood still, since the start.")
    stalled_ms: int = Field(default=0, ge=0, le=_DAY * 31, description="For how long in all.")
    errors: int = Field(default=0, ge=0, le=1_000_000, description="How many errors there were, since the start.")
    error: str = Field(default="", max_length=200, description="The last one, in the player's words.")


class PlaySessionShown(Shown):
    """A play session."""

    id: str
    profile_id: str | None = Field(description="Whose history it is of; null: nobody's.")
    channel: str | None
    title_id: str | None
    asset_id: str | None
    name: str = Field(
        description="What it was called when it began. Empty, and `title_id`, `asset_id`, `channel` and `profile_id` "
        "null: the profile that asks may not see what plays."
    )
    device: str
    device_kind: str
    quality: str = Field(description="Which rendition played last.")
    started_at: Instant
    touched_at: Instant = Field(description="When it was last heard of.")
    ended_at: Instant | None = Field(description="null: it plays.")
    ended_by: Literal["", "player", "silence", "limit", "account"]
    position_ms: Millis
    behind_ms: Millis | None = Field(description="Of a channel: how far behind the air it plays; null: nobody said.")
    duration_ms: Millis = Field(description="How long the title is; 0: nobody knows, or a channel.")
    percent: int = Field(description="How much of it lies behind.")
    watched_ms: Millis = Field(description="For how long it has really played.")
    beats: int = Field(description="The number of its newest heartbeat.")
    startup_ms: int | None
    stalls: int
    stalled_ms: Millis
    bitrate: int
    bandwidth: int
    buffer_ms: Millis
    errors: int
    error: str
    next_beat_ms: int | None = Field(description="In how many milliseconds a heartbeat is expected; null: it ended.")


class PlaySessionPage(Page[PlaySessionShown]):
    """A page of play sessions, the newest first."""


class BeatShown(Shown):
    """That it was heard."""

    now: Instant = Field(description="The clock of the station.")
    next_beat_ms: int = Field(description="In how many milliseconds the next one is expected.")
    sequence: int = Field(description="The number of the newest one.")
    position_ms: Millis


_KEPT: Final = {"name": "", "error": "", "title_id": None, "asset_id": None, "channel": None, "profile_id": None}
"""What is shown of what a profile is not told of."""


def shown(row: PlaySession, next_ms: int, *, is_kept: bool = False) -> PlaySessionShown:
    """A play session as its account sees it; `is_kept` is whether the profile that asks is not told what plays."""
    same = PlaySessionShown.model_fields.keys() - {"percent", "next_beat_ms"}
    return PlaySessionShown(
        **{name: getattr(row, name) for name in same} | (_KEPT if is_kept else {}),
        percent=percent(row.position_ms, row.duration_ms) or 0,
        next_beat_ms=next_beat(next_ms, is_slow=row.is_slow) if row.ended_at is None else None,
    )


async def begun(
    call: Call[Any, Any, Any], what: Begins, device: Device, position_ms: int = 0, session: AsyncSession | None = None
) -> PlaySession:
    """A play session of the caller, in the call's transaction or in `session`. Raises `Problem`: too many play."""
    site = call.site
    if call.caller.is_person:
        await site.rates.spend("plays", call.caller.id)
    row, replaced = await sessions.begin(
        session or call.session, site.settings, call.caller, what, device, call.now, position_ms=position_ms
    )
    for name in replaced:
        known = site.viewing.known(name)
        if known is not None:
            known.state = ended(known.state, millis(call.now), PLAYER)
    site.viewing.learn(remembered(row, what.thing.series, what.thing.credits_ms))
    return row


async def lent(call: Call[Any, Any, Any], what: Begins) -> None:
    """What begins with an address that was asked for by a request that else changes nothing. Raises `Problem`."""
    if not is_lent(call, what.thing):
        return
    await call.site.viewing.settle(call.caller.id)
    async with call.site.database.writing() as session:
        await begun(call, what, replace(device_of(call, None), is_lent=True), session=session)


@Endpoint(
    method="POST",
    path=_PATH,
    name="start_play_session",
    summary="Begin to play: counted for the plan, and kept for the history of the profile",
    description="`POST /api/v1/playback` does it as well, and gives the address. Every `next_beat_ms` a player says "
    "how it plays, and ends the session at last; one of which nothing is heard for `play_silence_seconds` is over.",
    scope=Scope.PLAYBACK,
    tag=TAG,
    body_model=StartGiven,
    answers={201: PlaySessionShown},
    refusals=(NOT_FOUND, NOT_LICENSED, PLAN_NEEDED, TOO_MANY_STREAMS),
    idempotent=True,
    changes=False,
)
async def start_play_session(call: Call[Nothing, Nothing, StartGiven]) -> Answer:
    """The session."""
    given, position = call.body, 0
    await call.site.viewing.settle(call.caller.id)
    async with call.site.database.reading() as session:
        if given.channel is not None:
            what = Begins(*await channel(session, call, given.channel))
        else:
            found = await film(session, call, given.title or given.asset or "", "title" if given.title else "asset")
            what, position = Begins(found.thing, found.allowed), given.position_ms or 0
            if given.position_ms is None and call.caller.viewer is not None:
                position = await history.resume(session, call.caller.viewer.id, found.title.id)
    row = await begun(call, what, device_of(call, given.device), position)
    return Answer(shown(row, call.site.viewing.next_ms), 201, {"Location": f"{_PATH}/{row.id}"})


@Endpoint(
    method="PUT",
    path=_PATH + "/{id}",
    name="beat_play_session",
    summary="Say how it plays: a heartbeat",
    description="It is written within a second. What was silent is taken up again for ten minutes, if the plan "
    "has a stream left; what is over is 410, and the player begins a new session.",
    scope=Scope.PLAYBACK,
    tag=TAG,
    path_model=PlaySessionPath,
    body_model=BeatGiven,
    answers={200: BeatShown},
    refusals=(GONE, TOO_MANY, TOO_MANY_STREAMS),
    changes=False,
    counted=False,
    apart=True,
)
async def beat_play_session(call: Call[PlaySessionPath, Nothing, BeatGiven]) -> Answer:
    """Where it is now, and when to beat next."""
    viewing, at = call.site.viewing, millis(call.now)
    if call.caller.is_person and viewing.is_hurried(call.caller.id, at):
        detail = f"the account says more than anybody has to: every {viewing.next_ms} ms of each session is enough"
        raise Problem(TOO_MANY, detail, headers={"Retry-After": "1"})
    one = await known(call, call.path.id)
    if one.is_hurried(at):
        detail = f"{call.path.id} says more than anybody has to: every {viewing.next_ms} ms is enough"
        raise Problem(TOO_MANY, detail, headers={"Retry-After": "1"})
    if one.state.ending is None:
        hear(call, one, call.body)
    elif call.body.sequence is None or call.body.sequence > one.state.number:
        raise over(one)
    state, one.asked_ms = one.state, next_beat(viewing.next_ms, is_slow=one.is_slow)
    return Answer(
        BeatShown(now=call.now, next_beat_ms=one.asked_ms, sequence=state.number, position_ms=state.position_ms),
        headers={"Cache-Control": "no-store"},
    )


def hear(call: Call[Any, Any, Any], one: Playing, given: BeatGiven) -> None:
    """Take in what a player says, and have it written."""
    viewing, state, at = call.site.viewing, one.state, millis(call.now)
    place = given.position_ms if one.channel is None else None  # a channel goes on, however far behind it is played
    position = state.position_ms if place is None else place
    if one.duration_ms:
        position = min(position, one.duration_ms)
    played = given.played_ms
    if played is None:
        asked = max(one.asked_ms, next_beat(viewing.next_ms, is_slow=one.is_slow))
        played = counted(state, at, None if place is None else position, 2 * asked)
    bitrate = given.bitrate
    if given.loaded_bytes is not None:
        loaded = loaded_at(given.loaded_bytes, played, at - state.started)
        bitrate = bitrate if loaded is None else loaded
    beat = Beat(
        given.sequence or min(state.number + 1, FURTHEST),
        at,
        position,
        None if one.channel is None else given.behind_ms,
        played,
        given.quality,
        bitrate,
        given.bandwidth,
        given.buffer_ms,
        given.startup_ms,
        given.stalls,
        given.stalled_ms,
        given.errors,
        given.error,
    )
    one.state = joined(state, said(beat, state.started))
    viewing.mark(one)
    call.site.measures.beats.inc()


def over(one: Playing) -> Problem:
    """That a playing has ended."""
    ending = one.state.ending
    why = sessions.WORDS.get(ending.by, "it has ended") if ending else "it has ended"
    return Problem(GONE, f"{one.id} is over: {why}. Begin a new session, which goes on where this one stopped")


async def known(call: Call[Any, Any, Any], name: str) -> Playing:
    """A playing of the caller's, from memory, or else looked up once. Raises `Problem`."""
    viewing, at = call.site.viewing, millis(call.now)
    one = viewing.known(name)
    if one is None or _seems_silent(call, one, at):
        one = await _looked_up(call, name)
    if not is_theirs(call.caller, one):
        raise missing("play session", name)
    return one


def is_theirs(caller: Caller, one: Playing) -> bool:
    """Whether the caller may say anything of it: a kids profile of its own alone, all others of all of the account.

    What is of nobody's history may be of a kids profile that keeps none.
    """
    viewer = caller.viewer
    if one.owner != caller.id or viewer is None or not viewer.is_kids:
        return one.owner == caller.id
    return one.profile == viewer.id or (one.profile is None and not viewer.keeps_history)


def _seems_silent(call: Call[Any, Any, Any], one: Playing, at: int) -> bool:
    """Whether it has to be looked up whether it is over: it was silent, or somebody has closed it as such."""
    ending = one.state.ending
    if ending is not None:
        return ending.by == SILENCE
    return at - one.state.touched >= silence(call.site.settings, is_slow=one.is_slow) // timedelta(milliseconds=1)


async def _looked_up(call: Call[Any, Any, Any], name: str) -> Playing:
    """What the database knows of it; counted as a request, for it is asked. Raises `Problem`."""
    site, caller = call.site, call.caller
    await site.rates.spend("caller", caller.id)
    found = await sessions.look(site.database, name)
    if found is None:
        site.viewing.forget(name)
    if found is None or not sessions.is_owner(caller, found[0]):
        raise missing("play session", name)
    row, one = found
    here = site.viewing.known(name)
    heard = one.state if here is None else unsilenced(here.state)
    one.state = joined(heard, one.state)
    if sessions.is_silent(site.settings, row, call.now):
        async with site.database.writing() as session:
            back = await sessions.revive(session, site.settings, caller, row, call.now)
        if back is None:
            site.viewing.forget(name)
            one.state = ended(one.state, millis(row.touched_at), SILENCE)
            return one
        again, before = back
        one = remembered(again, one.series, one.credits_ms)
        one.state = state_of({**again.model_dump(), "touched_at": before})
        one.state = joined(revived(heard), one.state)  # what was heard before the silence may not be written yet
    if here is not None:
        here.state = one.state
    return site.viewing.learn(one)


@Endpoint(
    method="POST",
    path=_PATH + "/{id}/end",
    name="end_play_session",
    summary="End it, with where it was last; the history says so at once",
    scope=Scope.PLAYBACK,
    tag=TAG,
    path_model=PlaySessionPath,
    body_model=BeatGiven,
    answers={200: PlaySessionShown},
    refusals=(TOO_MANY_STREAMS, TOO_MANY),
    changes=False,
)
async def end_play_session(call: Call[PlaySessionPath, Nothing, BeatGiven]) -> Answer:
    """The session as it was; whoever says it again is answered the same."""
    return await stop(call, call.path.id, PLAYER, call.body)


@Endpoint(
    method="DELETE",
    path=_PATH + "/{id}",
    name="stop_play_session",
    summary="End what plays on another device of one's account; its player is told at its next heartbeat",
    scope=Scope.PLAYBACK,
    tag=TAG,
    path_model=PlaySessionPath,
    answers={200: PlaySessionShown},
    refusals=(TOO_MANY_STREAMS, TOO_MANY),
    changes=False,
)
async def stop_play_session(call: Call[PlaySessionPath]) -> Answer:
    """The session as it was."""
    return await stop(call, call.path.id, ACCOUNT, None)


async def stop(call: Call[Any, Any, Any], name: str, by: str, given: BeatGiven | None) -> Answer:
    """End a playing of the caller's, and write it as part of the call's transaction. Raises `Problem`."""
    viewing = call.site.viewing
    one = viewing.known(name)
    if one is None:
        found = await sessions.look(call.site.database, name)
        one = None if found is None or not sessions.is_owner(call.caller, found[0]) else viewing.learn(found[1])
    if one is None or not is_theirs(call.caller, one):
        raise missing("play session", name)
    if one.state.ending is None or one.state.ending.by == SILENCE:
        if given is not None and one.state.ending is None:
            hear(call, one, given)
        one.state = ended(one.state, millis(call.now), by)
    viewing.mark(one)
    await viewing.record(call.session, [one])
    rows = select(PlaySession).where(PlaySession.id == name)
    row = (await call.session.exec(rows)).one_or_none()
    if row is None:
        raise missing("play session", name)
    kept = await streams.kept_from(call.session, call.caller.viewer, [row])
    return Answer(shown(row, viewing.next_ms, is_kept=bool(kept)))


@Endpoint(
    method="GET",
    path=_PATH,
    name="list_play_sessions",
    summary="What plays now on the account, and what the profile has played lately",
    scope=Scope.PLAYBACK,
    tag=TAG,
    query_model=PlaySessionQuery,
    answers={200: PlaySessionPage},
)
async def list_play_sessions(call: Call[Nothing, PlaySessionQuery, Nothing]) -> Answer:
    """A page of them; of an API key, those that were begun with it."""
    await call.site.viewing.settle(call.caller.id)
    viewer = call.caller.viewer
    rows = select(PlaySession).where(sessions.of_owner(call.caller), streams.told(call.site.settings, viewer, call.now))
    now = streams.plays(call.site.settings, call.now)
    rows = rows.where(or_(told(), now[0] & now[1]))  # what of an address nobody said anything is no playing
    if call.query.playing is not None:
        rows = rows.where(*now) if call.query.playing else rows.where(~(now[0] & now[1]))
    order = ((col(PlaySession.started_at), True), (col(PlaySession.id), True))
    next_ms = call.site.viewing.next_ms
    found = await leaf(call, rows, order)
    kept = await streams.kept_from(call.session, viewer, found.rows)
    items = [shown(row, next_ms, is_kept=row.id in kept) for row in found.rows]
    return found.answer(PlaySessionPage(items=items, next=found.next))


@Endpoint(
    method="GET",
    path=_PATH + "/{id}",
    name="read_play_session",
    summary="One play session of the account",
    scope=Scope.PLAYBACK,
    tag=TAG,
    path_model=PlaySessionPath,
    answers={200: PlaySessionShown},
)
async def read_play_session(call: Call[PlaySessionPath]) -> Answer:
    """As it is now."""
    await call.site.viewing.settle(call.caller.id)
    viewer = call.caller.viewer
    rows = select(PlaySession).where(
        PlaySession.id == call.path.id,
        sessions.of_owner(call.caller),
        streams.told(call.site.settings, viewer, call.now),
    )
    row = (await call.session.exec(rows)).one_or_none()
    if row is None:
        raise missing("play session", call.path.id)
    kept = await streams.kept_from(call.session, viewer, [row])
    return Answer(shown(row, call.site.viewing.next_ms, is_kept=bool(kept)))


OPERATIONS: Final = (
    start_play_session,
    list_play_sessions,
    read_play_session,
    beat_play_session,
    end_play_session,
    stop_play_session,
)
