"""Playing: one call gives the address by which a channel or a film plays, signed where that is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field, model_validator
from sqlmodel import col, or_, select

from control_api import ids
from control_api.assets.shown import PACKAGED, REPLACED, AssetId
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.instants import Instant
from control_api.library.kinds import TitleState
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint
from control_api.plans.entitled import of_caller
from control_api.plans.gate import PREMIUM, check_title
from control_api.problems import (
    CONFLICT,
    FORBIDDEN,
    NOT_FOUND,
    PLAN_NEEDED,
    Mistake,
    Problem,
    missing,
    unacceptable,
    unavailable,
)
from control_api.problems import MALFORMED as UNREADABLE
from control_api.resources.channels import ChannelId, PlayShown, channel_address, entitlements, playing, told
from control_api.resources.content import ContentPath
from control_api.scopes import Scope
from control_api.signed import address, below, on_demand_closed, plain, said
from control_api.tables import Asset, Title, Upload
from playout.core.token import asset_path
from playout.keyring import Keyring, NoKeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from control_api.signed import Address
    from playout.core.token import Key

TAG: Final = "Playback"
_NO_CACHE: Final = {"Cache-Control": "no-store"}
_SHORT: Final = 600
"""Seconds for which an address is good at the alias that lets clients choose."""

Life = Field(
    default=None,
    ge=10,
    le=6 * 86_400,
    description="For how many seconds playing may begin, `stream_token_limit_seconds` at most; then it is signed in "
    "any case. Left out: `stream_token_seconds`, where a signed address is needed.",
)


class PlaybackGiven(Given):
    """What is to be played: a channel, or a title, or an asset."""

    channel: ChannelId | None = None
    title: str | None = Field(default=None, pattern=ids.pattern("ti"), description="The newest asset of this title.")
    asset: AssetId | None = None
    since: Instant | None = Field(default=None, description="Of a channel: what has aired from here on (start-over).")
    until: Instant | None = Field(default=None, description="And up to here, as a playlist with an end (catch-up).")
    life_seconds: int | None = Life

    @model_validator(mode="after")
    def _one(self) -> PlaybackGiven:
        if sum(one is not None for one in (self.channel, self.title, self.asset)) != 1:
            message = "say one of `channel`, `title` and `asset`"
            raise ValueError(message)
        if self.channel is None and (self.since or self.until):
            message = "`since` and `until` are for channels"
            raise ValueError(message)
        if self.until is not None and (self.since is None or self.until <= self.since):
            message = "`until` comes after `since`"
            raise ValueError(message)
        return self


class StreamQuery(Given):
    """How the address is wanted."""

    life_seconds: int | None = Life
    redirect: bool = Field(default=False, description="Whether the answer sends the player there: 302.")


class UrlQuery(Given):
    """For how long the address is to be good."""

    expires_in: int = Field(default=_SHORT, ge=10, le=6 * 86_400, description="Seconds; at most as long as is set.")


class MediaQuery(Given):
    """What a player sends that can send no header."""

    token: str | None = Field(
        default=None,
        min_length=1,
        max_length=400,
        description="The token of a signed address, which stands after `/t/`.",
    )


class UrlShown(Shown):
    """An address, and for how long it is good."""

    stream_url: str
    expires_in: int = Field(description="Seconds for which playing may begin.")


class StreamKeyShown(Shown):
    """A key by which addresses are signed; the key itself is never shown."""

    number: int
    signs_from: Instant
    verifies_until: Instant | None = Field(description="null: it is the newest one.")


class StreamKeysShown(Shown):
    """All of them, the oldest first."""

    items: list[StreamKeyShown]


class RotateGiven(Given):
    """How the key is replaced."""

    forget: bool = Field(
        default=False,
        description="Whether former keys are good no longer, for one has leaked. Whoever plays by a signed address is "
        "stopped within seconds, and needs a new one. Else nobody notices.",
    )


@Endpoint(
    method="POST",
    path="/api/v1/playback",
    name="ask_playback",
    summary="The address by which a channel, a title or an asset plays",
    description="Signed where the channel takes that (`access: signed`), or on demand does, or a life is chosen. The "
    "token in it covers playlists and segments, of this channel or asset and no other.",
    scope=Scope.PLAYBACK,
    tag=TAG,
    body_model=PlaybackGiven,
    answers={200: PlayShown},
    refusals=(CONFLICT, NOT_FOUND, PLAN_NEEDED),
    changes=False,
)
async def ask_playback(call: Call[Nothing, Nothing, PlaybackGiven]) -> Answer:
    """What to hand to a player."""
    given, now, master = call.body, call.now, call.site.master
    _check_life(call, given.life_seconds)
    if given.channel is None:
        film = await _film(call, given.title or given.asset or "", "title" if given.title else "asset")
        return Answer(await _on_demand(call, film, given.life_seconds), headers=_NO_CACHE)
    name, may = given.channel, await entitlements(call)
    if given.since is None:
        return Answer(await master.ask(lambda: playing(master, name, now, may, given.life_seconds)), headers=_NO_CACHE)
    if given.since > now:
        raise unacceptable("/since", "lies in the future: nothing of that has aired")
    query = f"?from={int(given.since.timestamp())}"
    if given.until is not None:
        query += f"&to={int(given.until.timestamp())}"
    live = given.until is None or given.until > now

    def past() -> PlayShown:
        return told(channel_address(master, name, now, may, given.life_seconds, query), now, live=live)

    return Answer(await master.ask(past), headers=_NO_CACHE)


def _stream(path: str, name: str) -> Endpoint[ContentPath, StreamQuery, Nothing]:
    return Endpoint(
        method="GET",
        path=path,
        name=name,
        summary="The address by which content plays: an alias",
        description="Of a title, an asset or an upload. With `redirect` the player is sent there.",
        scope=Scope.PLAYBACK,
        tag="Aliases",
        path_model=ContentPath,
        query_model=StreamQuery,
        answers={200: PlayShown, 302: None},
        refusals=(CONFLICT, PLAN_NEEDED),
    )


async def _stream_of(call: Call[ContentPath, StreamQuery, Nothing]) -> Answer:
    """One playlist, with all qualities."""
    _check_life(call, call.query.life_seconds)
    shown = await _on_demand(call, await _film(call, call.path.id), call.query.life_seconds)
    if call.query.redirect:
        return Answer(status=302, headers={**_NO_CACHE, "Location": shown.url})
    return Answer(shown, headers=_NO_CACHE)


read_content_stream = _stream("/api/v1/content/{id}/stream", "read_content_stream")(_stream_of)
read_content_stream_unversioned = _stream("/api/content/{id}/stream", "read_content_stream_unversioned")(_stream_of)


@Endpoint(
    method="GET",
    path="/media/{id}/stream-url",
    name="read_stream_url",
    summary="A signed address with a life of one's choice: an alias",
    scope=Scope.PLAYBACK,
    tag="Aliases",
    path_model=ContentPath,
    query_model=UrlQuery,
    answers={200: UrlShown},
    refusals=(CONFLICT, PLAN_NEEDED),
)
async def read_stream_url(call: Call[ContentPath, UrlQuery, Nothing]) -> Answer:
    """Always signed."""
    life = call.query.expires_in
    _check_life(call, life)
    shown = await _on_demand(call, await _film(call, call.path.id), life)
    return Answer(UrlShown(stream_url=shown.url, expires_in=life), headers=_NO_CACHE)


@Endpoint(
    method="GET",
    path="/media/stream/{id}",
    name="stream_media",
    summary="Play media: the player is sent to its signed address",
    description="By `Authorization`, or by `?token=` with the token of a signed address of that very media. The origin "
    "answers byte ranges.",
    scope=Scope.PLAYBACK,
    tag="Aliases",
    path_model=ContentPath,
    query_model=MediaQuery,
    answers={302: None},
    refusals=(CONFLICT, FORBIDDEN, PLAN_NEEDED),
)
async def stream_media(call: Call[ContentPath, MediaQuery, Nothing]) -> Answer:
    """The address is below the token that was sent, or a new one."""
    token, settings, now = call.query.token, call.site.settings, call.now
    film = await _film(call, call.path.id)
    if token is None:
        url = (await _on_demand(call, film, settings.stream_token_seconds)).url
    else:
        found = await call.site.master.ask(lambda: said(settings, token, now))
        if film.asset is None or found is None or found.opens != asset_path(film.asset):
            raise Problem(FORBIDDEN, "the token opens something else, or has expired", scope=str(Scope.PLAYBACK))
        url = below(settings, token, found.opens)
    return Answer(status=302, headers={**_NO_CACHE, "Location": url})


@Endpoint(
    method="GET",
    path="/api/v1/streaming-keys",
    name="list_streaming_keys",
    summary="The keys by which addresses are signed: their numbers, and from when until when they count",
    scope=Scope.KEYS_READ,
    tag=TAG,
    answers={200: StreamKeysShown},
)
async def list_streaming_keys(call: Call) -> Answer:
    """Never the keys."""
    ring = Keyring(call.site.settings.keys_file)
    return Answer(await _asked(call, ring.all))


@Endpoint(
    method="POST",
    path="/api/v1/streaming-keys",
    name="rotate_streaming_keys",
    summary="Replace the key by which addresses are signed; nobody who plays notices",
    description="The new key signs ten seconds later, when every origin has it. What former ones signed stays good.",
    scope=Scope.KEYS_WRITE,
    tag=TAG,
    body_model=RotateGiven,
    answers={201: StreamKeysShown},
)
async def rotate_streaming_keys(call: Call[Nothing, Nothing, RotateGiven]) -> Answer:
    """All keys, the new one last."""
    ring, now, forget = Keyring(call.site.settings.keys_file), call.now, call.body.forget
    shown = await _asked(call, lambda: ring.rotate(now, forget=forget))
    action = "former_forgotten" if forget else "rotated"
    call.changed(Change("streaming_key", str(shown.items[-1].number), action, after=shown.items[-1]))
    return Answer(shown, 201)


OPERATIONS: Final = (
    ask_playback,
    read_content_stream,
    read_content_stream_unversioned,
    read_stream_url,
    stream_media,
    list_streaming_keys,
    rotate_streaming_keys,
)


async def _asked(call: Call[Any, Any, Any], ask: Callable[[], tuple[Key, ...]]) -> StreamKeysShown:
    """What is shown of the keys that `ask` answers; it blocks. Raises `Problem`."""

    def found() -> tuple[Key, ...]:
        try:
            return ask()
        except NoKeys as bad:
            raise unavailable(str(bad)) from bad

    keys = await call.site.master.ask(found)
    return StreamKeysShown(
        items=[StreamKeyShown(number=key.number, signs_from=key.since, verifies_until=key.until) for key in keys]
    )


def _check_life(call: Call[Any, Any, Any], life: int | None) -> None:
    """Refuse a life that is longer than is set."""
    most = call.site.settings.stream_token_limit_seconds
    if life is not None and life > most:
        detail = f"is more than the {most} seconds that are allowed"
        if call.request.method == "POST":
            raise unacceptable("/life_seconds", detail)
        name = "/expires_in" if "expires_in" in type(call.query).model_fields else "/life_seconds"
        raise Problem(UNREADABLE, detail, errors=[Mistake(part="query", pointer=name, detail=detail)])


@dataclass(frozen=True, slots=True)
class _Film:
    """What plays on demand."""

    asset: str | None
    elsewhere: str = ""
    """The playlist of somebody else, where the station has no asset of it."""
    is_premium: bool = False
    until: datetime | None = None
    """Of what is premium: when the plan ends that includes it."""


async def _film(call: Call[Any, Any, Any], content: str, what: str = "content") -> _Film:
    """The newest asset of a title, of an upload, or that asset. Raises `Problem`.

    Who may not see what is packaged plays what is published and in their plan, and nothing else. It is asked aside:
    whoever waits for the store next holds no connection meanwhile.
    """
    uploaded = select(Upload.asset_id).where(Upload.id == content)
    rows = (
        select(Title, Asset.id)
        .outerjoin(Asset, (col(Asset.title_id) == col(Title.id)) & col(Asset.state).in_((PACKAGED, REPLACED)))
        .where(or_(col(Title.id) == content, col(Asset.id) == content, col(Asset.id).in_(uploaded)))
        .where(col(Title.deleted_at).is_(None))
        .order_by(col(Asset.added_at).is_(None), col(Asset.added_at).desc())
    )
    if not call.caller.may(Scope.ASSETS_READ):
        rows = rows.where(Title.state == TitleState.PUBLISHED)
    async with call.site.database.reading() as session:
        row = (await session.exec(rows.limit(1))).first()
        if row is None:
            raise missing(what, content)
        title, asset = row
        may = await of_caller(session, call.caller, call.now)
    check_title(title, may)
    if asset is None and not title.video_url:
        raise Problem(CONFLICT, f"there is nothing to play of {content} yet")
    is_premium = title.access == PREMIUM
    return _Film(asset, title.video_url, is_premium, may.until if is_premium else None)


async def _on_demand(call: Call[Any, Any, Any], film: _Film, life: int | None) -> PlayShown:
    master, now, asset = call.site.master, call.now, film.asset
    settings = master.settings
    if asset is None:
        return PlayShown(url=film.elsewhere, live=False)

    def found() -> Address:
        opens = asset_path(asset)
        closed = life is not None or film.is_premium or on_demand_closed(settings, master.station())
        return address(settings, opens, now, life, until=film.until) if closed else plain(settings, opens)

    return told(await master.ask(found), now, live=False)
