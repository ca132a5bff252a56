"""What plays now, for who runs the station: how much, of what, and how well. Of nobody."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field
from sqlalchemy import select as columns
from sqlmodel import col, func, select

from control_api.call import Answer, Call
from control_api.instants import Instant
from control_api.models import Shown
from control_api.operation import Endpoint
from control_api.resources.play_sessions import TAG
from control_api.scopes import Scope
from control_api.tables import PlaySession
from control_api.viewing import streams


class Counted(Shown):
    """How many streams of a kind there are, and how they play."""

    name: str = Field(description="Of the kind; empty: nobody said.")
    sessions: int


class PlayingShown(Shown):
    """What plays now, of nobody."""

    at: Instant
    sessions: int = Field(description="How many streams play.")
    by_quality: list[Counted]
    by_device: list[Counted]
    channels: list[Counted] = Field(description="The hundred that are played most, by id.")
    titles: list[Counted] = Field(description="The hundred that are played most, by id.")
    stalled_permille: float = Field(description="How much of their time they stood still, in permille.")
    stalled_sessions: int = Field(description="How many stood still at least once.")
    failing_sessions: int = Field(description="How many had an error.")
    startup_ms: float | None = Field(description="From the wish to play to the first picture, on average.")
    bitrate: float | None = Field(description="In bit/s, on average.")


@Endpoint(
    method="GET",
    path="/api/v1/playing",
    name="read_playing",
    summary="How much plays now, by quality and device, and how well it plays",
    scope=Scope.ANALYTICS_READ,
    tag=TAG,
    answers={200: PlayingShown},
)
async def read_playing(call: Call) -> Answer:
    """Five queries, over what plays alone."""
    plays = streams.plays(call.site.settings, call.now)

    async def by(column: Any, most: int = 100) -> list[Counted]:  # noqa: ANN401 — a column
        rows = select(column, func.count()).where(*plays, column.is_not(None)).group_by(column)
        found = await call.session.exec(rows.order_by(func.count().desc(), column).limit(most))
        return [Counted(name=name, sessions=number) for name, number in found.all()]

    stood, had = col(PlaySession.stalled_ms), col(PlaySession.watched_ms)
    rows = columns(
        func.count(),
        func.coalesce(func.sum(stood), 0),
        func.coalesce(func.sum(had), 0),
        func.count().filter(col(PlaySession.stalls) > 0),
        func.count().filter(col(PlaySession.errors) > 0),
        func.avg(col(PlaySession.startup_ms)),
        func.avg(col(PlaySession.bitrate)).filter(col(PlaySession.bitrate) > 0),
    ).where(*plays)
    connection = await call.session.connection()
    total, stalled, watched, stalling, failing, startup, bitrate = (await connection.execute(rows)).one()
    return Answer(
        PlayingShown(
            at=call.now,
            sessions=total,
            by_quality=await by(col(PlaySession.quality)),
            by_device=await by(col(PlaySession.device_kind)),
            channels=await by(col(PlaySession.channel)),
            titles=await by(col(PlaySession.title_id)),
            stalled_permille=round(1000 * int(stalled) / (int(stalled) + int(watched)), 1) if stalled else 0,
            stalled_sessions=stalling,
            failing_sessions=failing,
            startup_ms=None if startup is None else round(float(startup), 1),
            bitrate=None if bitrate is None else round(float(bitrate)),
        )
    )


OPERATIONS: Final = (read_playing,)
