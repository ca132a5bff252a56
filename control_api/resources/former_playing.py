"""Playing at the addresses, and in the words, that clients of another system know: seconds, and names in camel case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from control_api import ids
from control_api.assets.shown import AssetId
from control_api.call import Answer, Call
from control_api.instants import Instant
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint
from control_api.problems import CONFLICT, GONE, NOT_FOUND, NOT_LICENSED, PLAN_NEEDED, TOO_MANY, TOO_MANY_STREAMS
from control_api.resources.analytics import read_streaming_analytics
from control_api.resources.numbers import meant
from control_api.resources.play_sessions import (
    BeatGiven,
    BeatShown,
    PlaySessionPath,
    PlaySessionShown,
    beat_play_session,
    end_play_session,
)
from control_api.resources.playback import PlaybackGiven, PlaybackShown, played
from control_api.scopes import Scope

if TYPE_CHECKING:
    from pydantic import BaseModel

_TAG: Final = "Aliases"
_PATH: Final = "/api/streaming/session"
_CAMEL: Final = ConfigDict(alias_generator=to_camel, serialize_by_alias=True, validate_by_name=True)
_DAY: Final = 86_400.0
_AUTO: Final = "auto"
_TITLE: Final = ids.pattern("ti")[1:4]


class SessionGiven(Given):
    """What is to be played."""

    model_config = ConfigDict(alias_generator=to_camel)

    content_id: AssetId | Annotated[int, Field(ge=0, lt=10**18)] = Field(
        description="The id of a title or of an asset, or the number it had in that system."
    )
    quality: str | None = Field(
        default=_AUTO, max_length=40, description="What is wished. One playlist has all; players choose by themselves."
    )


class SessionBegun(Shown):
    """A session, and where it plays."""

    model_config = _CAMEL

    session_id: str
    streaming_url: str
    quality: str


class SessionUpdate(Given):
    """Where it plays."""

    position: float = Field(ge=0, le=31 * _DAY, description="Where in the film it is, in seconds.")
    quality: str | None = Field(default="", max_length=40, description="Which rendition plays.")


class Heartbeat(Given):
    """Where and how it plays."""

    model_config = ConfigDict(alias_generator=to_camel)

    current_position: float = Field(ge=0, le=31 * _DAY, description="In seconds.")
    buffer_health: float | None = Field(default=None, ge=0, le=_DAY, description="What is in store, in seconds.")
    network_speed: float | None = Field(default=None, ge=0, le=1e6, description="In Mbit/s.")
    device_info: dict[str, Any] | None = Field(
        default=None,
        max_length=100,
        description="What a phone says of itself. Whatever it says, none of it is kept: it would tell more of people "
        "than of playing.",
    )


class Heard(Shown):
    """That it was heard."""

    model_config = _CAMEL

    success: bool = True
    session_id: str
    position: float = Field(description="In seconds.")
    server_time: Instant
    next_heartbeat: float = Field(description="In how many seconds the next one is expected.")


class SessionEnded(Shown):
    """What was played."""

    model_config = _CAMEL

    duration: float = Field(description="For how many seconds it has really played.")
    final_position: float = Field(description="Where it stopped, in seconds.")


@Endpoint(
    method="POST", path=_PATH, name="begin_streaming_session", summary="Begin to play: an alias",
    description="As `POST /api/v1/playback` with `session` does; but a heartbeat every two minutes is enough, and a "
    "session is over after five in which nothing is heard.",
    scope=Scope.PLAYBACK, tag=_TAG, body_model=SessionGiven, answers={201: SessionBegun},
    refusals=(CONFLICT, NOT_FOUND, NOT_LICENSED, PLAN_NEEDED, TOO_MANY_STREAMS), changes=False,
)  # fmt: skip
async def begin_streaming_session(call: Call[Nothing, Nothing, SessionGiven]) -> Answer:
    """A stored session, counted for the plan."""
    given = call.body
    async with call.site.database.reading() as session:
        content = await meant(session, str(given.content_id))
    what = {"title": content} if content.startswith(_TITLE) else {"asset": content}
    call.body = PlaybackGiven(**what, session=True)  # type: ignore[arg-type, assignment] # that handler's
    answer = await played(call, is_slow=True)  # type: ignore[arg-type] # the body is that handler's
    begun = _of(answer, PlaybackShown)
    assert begun.session is not None  # noqa: S101 — it was asked for
    shown = SessionBegun(session_id=begun.session.id, streaming_url=begun.url, quality=given.quality or _AUTO)
    return Answer(shown, 201, {**answer.headers, "Location": f"{_PATH}/{begun.session.id}"})


def _beating(method: str, path: str, name: str, body: type[Given]) -> Endpoint[PlaySessionPath, Nothing, Any]:
    return Endpoint(
        method=method, path=path, name=name, summary="Say where it plays: an alias",
        description="As `PUT /api/v1/play-sessions/{id}` does.",
        scope=Scope.PLAYBACK, tag=_TAG, path_model=PlaySessionPath, body_model=body, answers={200: Heard},
        refusals=(GONE, TOO_MANY, TOO_MANY_STREAMS), changes=False, counted=False, apart=True,
    )  # fmt: skip


@_beating("PUT", _PATH + "/{id}", "update_streaming_session", SessionUpdate)
async def update_streaming_session(call: Call[PlaySessionPath, Nothing, SessionUpdate]) -> Answer:
    """The position and the quality."""
    return await _beat(call, BeatGiven(position_ms=round(call.body.position * 1000), quality=call.body.quality or ""))


@_beating("POST", _PATH + "/{id}/heartbeat", "beat_streaming_session", Heartbeat)
async def beat_streaming_session(call: Call[PlaySessionPath, Nothing, Heartbeat]) -> Answer:
    """And how well it plays."""
    said = call.body
    beat = BeatGiven(
        position_ms=round(said.current_position * 1000),
        buffer_ms=None if said.buffer_health is None else round(said.buffer_health * 1000),
        bandwidth=None if said.network_speed is None else round(said.network_speed * 1_000_000),
    )
    return await _beat(call, beat)


@Endpoint(
    method="POST", path=_PATH + "/{id}/end", name="end_streaming_session", summary="End a session: an alias",
    description="As `POST /api/v1/play-sessions/{id}/end` does.",
    scope=Scope.PLAYBACK, tag=_TAG, path_model=PlaySessionPath, answers={200: SessionEnded},
    refusals=(TOO_MANY_STREAMS, TOO_MANY), changes=False,
)  # fmt: skip
async def end_streaming_session(call: Call[PlaySessionPath]) -> Answer:
    """Where the last heartbeat was, it has stopped."""
    call.body = BeatGiven()  # type: ignore[assignment] # that handler's
    ended = _of(await end_play_session.handler(call), PlaySessionShown)
    return Answer(SessionEnded(duration=ended.watched_ms / 1000, final_position=ended.position_ms / 1000))


OPERATIONS: Final = (
    begin_streaming_session,
    update_streaming_session,
    beat_streaming_session,
    end_streaming_session,
    read_streaming_analytics.also_at("/api/streaming/analytics", "read_streaming_analytics_unversioned"),
)


async def _beat(call: Call[PlaySessionPath, Nothing, Any], beat: BeatGiven) -> Answer:
    call.body = beat
    answer = await beat_play_session.handler(call)
    heard = _of(answer, BeatShown)
    shown = Heard(
        session_id=call.path.id,
        position=heard.position_ms / 1000,
        server_time=heard.now,
        next_heartbeat=heard.next_beat_ms / 1000,
    )
    return Answer(shown, headers=answer.headers)


def _of(answer: Answer, model: type[Any]) -> Any:  # noqa: ANN401 — one of the model
    """What an answer shows."""
    shown: BaseModel | None = answer.shown
    assert isinstance(shown, model)  # noqa: S101 — as the operation declares
    return shown
