"""Playing: one call gives the address by which a channel or a film plays, signed where that is asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field, field_validator, model_validator

from control_api import ids
from control_api.assets.documents import document
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.channels import overview
from control_api.instants import Instant, Millis
from control_api.library.cards import TitleCard  # noqa: TC001 — Pydantic reads it
from control_api.library.kinds import TitleKind
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint
from control_api.plans.gate import PREMIUM
from control_api.problems import (
    CONFLICT,
    FORBIDDEN,
    NOT_FOUND,
    NOT_LICENSED,
    PLAN_NEEDED,
    TOO_MANY_STREAMS,
    Mistake,
    Problem,
    unacceptable,
    unavailable,
)
from control_api.problems import MALFORMED as UNREADABLE
from control_api.resources.audience import cards, territory_of
from control_api.resources.channels import TAG as CHANNELS
from control_api.resources.channels import ChannelPath, PlayShown, channel_address, playing, terms_of, told
from control_api.resources.content import ContentPath
from control_api.resources.play_sessions import PlaySessionShown, begun, lent
from control_api.resources.play_sessions import shown as session_shown
from control_api.resources.played import Film, PlayedGiven, channel, check_streams, device_of, film, is_lent
from control_api.scopes import Scope
from control_api.signed import address, below, on_demand_closed, plain, said
from control_api.viewing import choosing, history
from control_api.viewing.following import following
from control_api.viewing.licensed import open_now
from control_api.viewing.sessions import Begins
from playout.core.asset import Media
from playout.core.networks import address_of
from playout.core.token import asset_path
from playout.keyring import Keyring, NoKeys
from playout.publish import drafted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.callers import Viewer
    from control_api.channels.master import MasterControl
    from control_api.plans.entitled import Entitlements
    from control_api.signed import Address
    from control_api.viewing.sessions import Thing
    from playout.core.asset import Track
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


class PlaybackGiven(PlayedGiven):
    """What is to be played, and how."""

    since: Instant | None = Field(default=None, description="Of a channel: what has aired from here on (start-over).")
    until: Instant | None = Field(default=None, description="And up to here, as a playlist with an end (catch-up).")
    start_over: bool = Field(
        default=False, description="Of a channel: the program that is on, from its beginning, by the log."
    )
    life_seconds: int | None = Life
    session: bool = Field(
        default=False,
        description="Whether a play session is begun with it, of which the player says where it is: `POST "
        "/api/v1/play-sessions`. Without it one begins as well for who is signed in, so that the plan counts it, and "
        "counts while nothing is said of it: for what is left of a film, for an hour of a channel (as long as playing "
        "may begin). It gives way to the next address of the same sign-in, and to a session. Open channels count for "
        "nothing, and so does all where the setting `streams_need_session` is off.",
    )
    viewer_address: str = Field(
        default="",
        max_length=45,
        description="Of an API key: the IP address of the viewer for whom it asks. Where `stream_bound_to` is set, the "
        "address that is answered plays from there alone; left out, it plays anywhere. Not looked at of anybody else.",
    )
    play_session: str | None = Field(
        default=None,
        pattern=ids.pattern("pl"),
        description="The session for which another address is asked: it does not count as one more stream. It is "
        "one of the profile, and plays this very thing.",
    )

    @field_validator("viewer_address")
    @classmethod
    def _somewhere(cls, text: str) -> str:
        if text and address_of(text) is None:
            message = "is no IP address"
            raise ValueError(message)
        return text

    @model_validator(mode="after")
    def _of_channels(self) -> PlaybackGiven:
        if self.channel is None and (self.since or self.until or self.start_over):
            message = "`since`, `until` and `start_over` are for channels"
            raise ValueError(message)
        if self.start_over and (self.since or self.until):
            message = "say `start_over`, or `since`"
            raise ValueError(message)
        if self.until is not None and (self.since is None or self.until <= self.since):
            message = "`until` comes after `since`"
            raise ValueError(message)
        if self.session and self.play_session:
            message = "say `session` for a new one, or `play_session` for one that there is"
            raise ValueError(message)
        return self


class LanguageShown(Shown):
    """A language in which it is heard, or read."""

    language: str = Field(description="BCP 47; `und`: nobody said.")
    is_chosen: bool = Field(description="Whether it suits the profile best.")


class PlaybackShown(PlayShown):
    """How to play something, and all that a player asks before it does."""

    title_id: str | None = Field(description="null: a channel.")
    name: str
    duration_ms: Millis = Field(description="0: nobody knows, or it goes on.")
    credits_ms: int | None = Field(description="Where its closing credits begin; null: nobody said.")
    best_lines: int | None = Field(
        description="The best quality of the plan, in lines of the picture; null: any. A signed address opens nothing "
        "finer, at any origin, but always the lowest rung of a ladder; at an open one apps hold themselves to it."
    )
    audio: list[LanguageShown] = Field(description="All languages in which it is heard.")
    subtitles: list[LanguageShown] = Field(description="All in which it is read; none is chosen where none is wanted.")
    next: TitleCard | None = Field(description="The next episode, as far as the viewer may see it.")
    autoplay: bool = Field(description="Whether the profile wants the next episode to begin by itself.")
    session: PlaySessionShown | None = Field(description="The play session that was begun; null: none was.")


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
    summary="The address by which a channel, a title or an asset plays, and all that a player asks before it does",
    description="Signed where the channel takes that (`access: signed`), or on demand does, or a life is chosen. The "
    "token in it covers playlists and segments, of this channel or asset and no other. `offset_ms` is where the "
    "profile has stopped.",
    scope=Scope.PLAYBACK,
    tag=TAG,
    body_model=PlaybackGiven,
    answers={200: PlaybackShown},
    refusals=(CONFLICT, NOT_FOUND, NOT_LICENSED, PLAN_NEEDED, TOO_MANY_STREAMS),
    changes=False,
)
async def ask_playback(call: Call[Nothing, Nothing, PlaybackGiven]) -> Answer:
    """What to hand to a player."""
    return await played(call)


async def played(call: Call[Nothing, Nothing, PlaybackGiven], *, is_slow: bool = False) -> Answer:
    """The same; `is_slow` is whether the session is one of a player that says every two minutes only where it is."""
    given, viewing = call.body, call.site.viewing
    _check_life(call, given.life_seconds)
    await viewing.settle(call.caller.id)
    shown, begins = await (_film_played(call) if given.channel is None else _channel_played(call, given.channel))
    if _begins(call, begins.thing):
        device = replace(device_of(call, given.device), is_slow=is_slow, is_lent=not given.session)
        row = await begun(call, begins, device, shown.offset_ms)
        shown = shown.model_copy(update={"session": session_shown(row, viewing.next_ms)})
    return Answer(shown, headers=_NO_CACHE)


def _begins(call: Call[Nothing, Nothing, PlaybackGiven], thing: Thing) -> bool:
    """Whether a session is begun: where one is wanted, and where somebody would play who is counted by nothing else."""
    given = call.body
    return given.session or (not given.play_session and is_lent(call, thing))


async def _film_played(call: Call[Nothing, Nothing, PlaybackGiven]) -> tuple[PlaybackShown, Begins]:
    """How a film plays. Whoever waits for the store holds no connection meanwhile."""
    given, viewer, master = call.body, call.caller.viewer, call.site.master
    content, what = given.title or given.asset or "", "title" if given.title else "asset"
    async with call.site.database.reading() as session:
        found = await film(session, call, content, what)
        if not _begins(call, found.thing):
            await check_streams(session, call, found.thing, found.allowed, given.play_session)
        after = await _next(session, call, found)
        position = 0 if viewer is None else await history.resume(session, viewer.id, found.title.id)
    where = await _on_demand(call, found, given.life_seconds, given.viewer_address)
    tracks = await master.ask(lambda: _tracks(master, found.asset))
    heard = [track.language for track in tracks if track.media is Media.AUDIO]
    read = [track.language for track in tracks if track.media is Media.SUBTITLES]
    hear, see = _wanted(viewer)
    shown = PlaybackShown(
        **{**where.model_dump(), "offset_ms": position},
        title_id=found.title.id,
        name=found.title.name,
        duration_ms=found.thing.duration_ms,
        credits_ms=found.title.credits_ms,
        best_lines=found.allowed.lines,
        audio=_languages(heard, choosing.audio(heard, hear, found.title.language)),
        subtitles=_languages(read, choosing.subtitles(read, see)),
        next=after,
        autoplay=viewer is None or viewer.autoplay,
        session=None,
    )
    return shown, Begins(found.thing, found.allowed)


async def _channel_played(call: Call[Nothing, Nothing, PlaybackGiven], name: str) -> tuple[PlaybackShown, Begins]:
    """How a channel plays: as it is, or from a program's beginning, or what has aired."""
    given, viewer, master, now = call.body, call.caller.viewer, call.site.master, call.now
    if given.since is not None and given.since > now:
        raise unacceptable("/since", "lies in the future: nothing of that has aired")
    async with call.site.database.reading() as session:
        thing, may = await channel(session, call, name)
        if not _begins(call, thing):
            await check_streams(session, call, thing, may, given.play_session)

    def found() -> tuple[PlayShown, datetime | None, tuple[str, ...], tuple[str, ...]]:
        who = drafted(master.station().revisions(name)[-1])
        return *_aired(call, name, may), who.languages, who.subtitles

    where, since, heard, read = await master.ask(found)
    behind = None if since is None else max(now - since, timedelta()) // timedelta(milliseconds=1)
    hear, see = _wanted(viewer)
    shown = PlaybackShown(
        **where.model_dump(),
        title_id=None,
        name=thing.name,
        duration_ms=0,
        credits_ms=None,
        best_lines=may.lines,
        audio=_languages(heard, choosing.audio(heard, hear, "")),
        subtitles=_languages(read, choosing.subtitles(read, see)),
        next=None,
        autoplay=viewer is None or viewer.autoplay,
        session=None,
    )
    return shown, Begins(replace(thing, behind_ms=behind), may)


def _aired(
    call: Call[Nothing, Nothing, PlaybackGiven], name: str, may: Entitlements
) -> tuple[PlayShown, datetime | None]:
    """The address of a channel, and from when on it plays what aired; None: what airs now. Blocks."""
    given, master, now = call.body, call.site.master, call.now
    terms = terms_of(call, may, given.life_seconds, given.viewer_address)
    if given.since is None:
        shown = playing(master, name, now, may, terms)
        if not given.start_over or shown.start_over_url is None:
            return shown, None
        on, _ = overview.now_next(master.station(), name, now)
        return shown.model_copy(update={"url": shown.start_over_url}), on.start if on else None
    query = f"?from={int(given.since.timestamp())}"
    if given.until is not None:
        query += f"&to={int(given.until.timestamp())}"
    live = given.until is None or given.until > now
    return told(channel_address(master, name, now, may, terms, query), now, live=live), given.since


async def _next(session: AsyncSession, call: Call[Any, Any, Any], found: Film) -> TitleCard | None:
    """The episode after this one, for whoever may see it."""
    if found.title.kind != TitleKind.EPISODE:
        return None
    published = not call.caller.may(Scope.ASSETS_READ)
    after = await following(session, [found.title.id], call.caller.viewer, published=published, now=call.now)
    if published and not await open_now(session, after.values(), territory_of(call), call.now):
        return None
    return (await cards(call, list(after.values()), session)).get(after.get(found.title.id, ""))


def _tracks(master: MasterControl, asset: str | None) -> tuple[Track, ...]:
    """The renditions of an asset; blocks."""
    found = None if asset is None else document(master.store, asset)
    return () if found is None else found.tracks


def _wanted(viewer: Viewer | None) -> tuple[str, str]:
    """In which languages the profile hears and reads; empty: none is said."""
    return ("", "") if viewer is None else (viewer.language, viewer.subtitles)


def _languages(there: Sequence[str], chosen: str | None) -> list[LanguageShown]:
    return [LanguageShown(language=one, is_chosen=one == chosen) for one in dict.fromkeys(there)]


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
        refusals=(CONFLICT, NOT_LICENSED, PLAN_NEEDED, TOO_MANY_STREAMS),
    )


async def _stream_of(call: Call[ContentPath, StreamQuery, Nothing]) -> Answer:
    """One playlist, with all qualities."""
    _check_life(call, call.query.life_seconds)
    shown = await _lent(call, await _film(call, call.path.id), call.query.life_seconds)
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
    refusals=(CONFLICT, NOT_LICENSED, PLAN_NEEDED, TOO_MANY_STREAMS),
)
async def read_stream_url(call: Call[ContentPath, UrlQuery, Nothing]) -> Answer:
    """Always signed."""
    life = call.query.expires_in
    _check_life(call, life)
    shown = await _lent(call, await _film(call, call.path.id), life)
    holds = life if shown.expires_in is None else shown.expires_in  # the end of a plan may come first
    return Answer(UrlShown(stream_url=shown.url, expires_in=holds), headers=_NO_CACHE)


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
    refusals=(CONFLICT, FORBIDDEN, NOT_LICENSED, PLAN_NEEDED, TOO_MANY_STREAMS),
)
async def stream_media(call: Call[ContentPath, MediaQuery, Nothing]) -> Answer:
    """The address is below the token that was sent, or a new one."""
    token, settings, now = call.query.token, call.site.settings, call.now
    film = await _film(call, call.path.id)
    if token is None:
        url = (await _lent(call, film, settings.stream_token_seconds)).url
    else:
        found = await call.site.master.ask(lambda: said(settings, token, now, call.address))
        if film.asset is None or found is None or found.opens != asset_path(film.asset):
            raise Problem(FORBIDDEN, "the token opens something else, or has expired", scope=str(Scope.PLAYBACK))
        url = below(settings, token, found.opens)
    return Answer(status=302, headers={**_NO_CACHE, "Location": url})


@Endpoint(
    method="GET",
    path="/api/v1/channels/{id}/play",
    name="play_channel",
    summary="How to play a channel",
    description="An address alone: of a signed or premium channel it counts as a stream of the plan, and takes the "
    "scope `playback:read` as well.",
    scope=Scope.CATALOG_READ,
    tag=CHANNELS,
    path_model=ChannelPath,
    answers={200: PlayShown},
    refusals=(CONFLICT, NOT_LICENSED, PLAN_NEEDED, TOO_MANY_STREAMS),
)
async def play_channel(call: Call[ChannelPath]) -> Answer:
    """The address of its playlist, and of the program that is on, from its beginning."""
    master, name, now = call.site.master, call.path.id, call.now
    async with call.site.database.reading() as session:
        thing, may = await channel(session, call, name)
    if not thing.is_open and not call.caller.may(Scope.PLAYBACK):
        message = f"{name} is not open: its address needs the scope {Scope.PLAYBACK}, which the caller has not"
        raise Problem(FORBIDDEN, message, scope=str(Scope.PLAYBACK))
    shown = await master.ask(lambda: playing(master, name, now, may, terms_of(call, may)))
    await lent(call, Begins(thing, may))
    return Answer(shown, headers={} if thing.is_open else _NO_CACHE)


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
    play_channel,
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


async def _film(call: Call[Any, Any, Any], content: str) -> Film:
    """What plays on demand, if the caller may play it now. Raises `Problem`.

    It is asked aside: whoever waits for the store next holds no connection meanwhile.
    """
    async with call.site.database.reading() as session:
        found = await film(session, call, content)
        if not is_lent(call, found.thing):
            await check_streams(session, call, found.thing, found.allowed)
    return found


async def _lent(call: Call[Any, Any, Any], film: Film, life: int | None) -> PlayShown:
    """An address alone, which counts as a stream. Raises `Problem`."""
    shown = await _on_demand(call, film, life)
    await lent(call, Begins(film.thing, film.allowed))
    return shown


async def _on_demand(call: Call[Any, Any, Any], film: Film, life: int | None, viewer: str = "") -> PlayShown:
    master, now, asset = call.site.master, call.now, film.asset
    settings, is_premium = master.settings, film.title.access == PREMIUM
    until = film.allowed.until if is_premium else None
    terms = replace(terms_of(call, film.allowed, life, viewer), until=until)
    if asset is None:
        return PlayShown(url=film.elsewhere, live=False)

    def found() -> Address:
        opens = asset_path(asset)
        closed = life is not None or is_premium or on_demand_closed(settings, master.station())
        return address(settings, opens, now, terms) if closed else plain(settings, opens)

    return told(await master.ask(found), now, live=False)
