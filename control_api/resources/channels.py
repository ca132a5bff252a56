"""Channels: which there are, what the file says of each, and edits of it that are written back into the file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from pydantic import Field

from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.channels import overview
from control_api.channels.edits import GONE
from control_api.channels.language import ChannelMerged, ChannelWritten
from control_api.channels.overview import ChannelDetail, ChannelShown, OnNow
from control_api.instants import Instant
from control_api.library import licence
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Precondition
from control_api.paging import Page, PageQuery, sliced
from control_api.plans.gate import check_channel
from control_api.problems import CONFLICT, NOT_LICENSED, UNACCEPTABLE, Problem, missing
from control_api.profiles.channels import aired, check, sees
from control_api.profiles.limits import is_limited
from control_api.resources.audience import lacks
from control_api.scopes import Scope
from control_api.signed import Address, Terms, access_of, address, plain
from playout.core.channel import Access
from playout.core.listing import Links
from playout.core.token import channel_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from control_api.channels.document import Document
    from control_api.channels.master import MasterControl
    from control_api.plans.entitled import Entitlements
    from playout.station import Station

TAG: Final = "Channels"
KIND: Final = "channel"
CHANNELS: Final = "channels"
ID_PATTERN: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"

Answered = TypeVar("Answered", ChannelShown, ChannelDetail, OnNow)
Channel = TypeVar("Channel", ChannelShown, ChannelDetail)
ChannelId = Annotated[
    str,
    Field(pattern=ID_PATTERN, max_length=63, description="The channel's id, as in the file.", examples=["films"]),
]


class ChannelPath(Given):
    """Which channel."""

    id: ChannelId


class ChannelQuery(PageQuery):
    """Which channels are wanted."""

    on_air: bool | None = Field(default=None, description="Only those that are on air, or only those that are not.")


class ChannelPage(Page[ChannelShown]):
    """A page of channels, in the order of their numbers."""


class ChannelGiven(Given):
    """A channel that is to be made."""

    id: ChannelId
    channel: ChannelWritten


class AtQuery(Given):
    """Of when."""

    at: Instant | None = Field(default=None, description="The instant; now where it is left out.")


class Part(Shown):
    """A part of the file, for the audit."""

    value: Any = None


class PlayShown(Shown):
    """How to play something."""

    url: str = Field(description="The multivariant playlist (HLS): all qualities and languages in one ladder.")
    type: str = "application/vnd.apple.mpegurl"
    live: bool = Field(default=True, description="Whether it goes on; else it has an end.")
    expires_at: Instant | None = Field(default=None, description="Until when playing may begin by it; null: for ever.")
    expires_in: int | None = Field(default=None, description="In how many seconds that is.")
    session_ends_at: Instant | None = Field(
        default=None, description="Until when what was begun plays on; ask for a new address before. null: for ever."
    )
    offset_ms: int = Field(default=0, description="Where to begin in it: a live playlist begins where it is.")
    drm: str = Field(default="none", description="none: the segments are not encrypted.")
    start_over_url: str | None = Field(default=None, description="The program that is on, from its beginning.")


def links(master: MasterControl) -> Links:
    """What the addresses of channels begin with."""
    return Links(master.settings.origin_url)


@Endpoint(
    method="GET",
    path="/api/v1/channels",
    name="list_channels",
    summary="All channels, with what is on and what comes",
    description="Those of the file, and those that are on air without it: they were taken out of it, or are another's. "
    "Who has no `channels:read` sees those on air, by what is published.",
    scope=Scope.CATALOG_READ,
    tag=TAG,
    query_model=ChannelQuery,
    answers={200: ChannelPage},
    refusals=(CONFLICT,),
)
async def list_channels(call: Call[Nothing, ChannelQuery, Nothing]) -> Answer:
    """A page of channels."""
    master, now, wanted = call.site.master, call.now, call.query.on_air

    def found() -> list[tuple[str, ChannelShown]]:
        document, station = _document(call), master.station()
        all_of_them = [
            overview.shown(document, station, links(master), name, now)
            for name in overview.listed(document, station, now)
        ]
        kept = [one for one in all_of_them if wanted is None or (one.state in ("on_air", "ending")) == wanted]
        seen = [one for one in kept if sees(call.caller.viewer, one.ages)]
        return sorted(((_place(one), one) for one in seen), key=lambda row: row[0])

    rows = await master.ask(found)
    shown = [one for _, one in rows]
    fit = await _fit(call, shown)
    own = [_shorn(one, fit) for one in await locked(call, shown)]
    return sliced(call, list(zip((place for place, _ in rows), own, strict=True)), ChannelPage)


def _place(channel: ChannelShown) -> str:
    """What puts channels in the order of their numbers."""
    whole, _, part = channel.number.partition(".")
    return f"{whole:0>6}.{part:0>2}.{channel.id}"


@Endpoint(
    method="POST",
    path="/api/v1/channels",
    name="create_channel",
    summary="Make a channel: it is written into the file",
    description="Whoever watches the file publishes it, as any edit of it; or ask `apply`.",
    scope=Scope.CHANNELS_WRITE,
    tag=TAG,
    body_model=ChannelGiven,
    answers={201: ChannelDetail},
    idempotent=True,
)
async def create_channel(call: Call[Nothing, Nothing, ChannelGiven]) -> Answer:
    """The channel, at the end of the file."""
    name = call.body.id

    def made(document: Document) -> dict[str, Any]:
        if name in document.names(CHANNELS):
            raise Problem(CONFLICT, f"there is a channel {name} already, in line {document.line((CHANNELS, name))}")
        return call.body.channel.value

    answer = await edited(call, name, made, "created", guard=lambda _: None, base="/channel")
    return Answer(answer.shown, 201, {"Location": f"/api/v1/channels/{name}"}, version=answer.version)


@Endpoint(
    method="GET",
    path="/api/v1/channels/{id}",
    name="read_channel",
    summary="One channel, with what the file says of it",
    description="Who has no `channels:read` sees one on air, by what is published.",
    scope=Scope.CATALOG_READ,
    tag=TAG,
    path_model=ChannelPath,
    answers={200: ChannelDetail},
    refusals=(CONFLICT,),
)
async def read_channel(call: Call[ChannelPath]) -> Answer:
    """The channel as it is now."""
    await check_channel_seen(call, call.path.id)
    return await _answered(call, call.path.id)


@Endpoint(
    method="PUT",
    path="/api/v1/channels/{id}",
    name="replace_channel",
    summary="Write a channel anew: what is left out is taken out of the file",
    scope=Scope.CHANNELS_WRITE,
    tag=TAG,
    path_model=ChannelPath,
    body_model=ChannelWritten,
    answers={200: ChannelDetail},
    precondition=Precondition.REQUIRED,
)
async def replace_channel(call: Call[ChannelPath, Nothing, ChannelWritten]) -> Answer:
    """What is said of the channel, from now on; lines that say the same stay as they are."""
    name = call.path.id

    def made(document: Document) -> dict[str, Any]:
        _known(document, name)
        return call.body.value

    return await edited(call, name, made, "updated", call.guard)


@Endpoint(
    method="PATCH",
    path="/api/v1/channels/{id}",
    name="edit_channel",
    summary="Change some of what the file says of a channel",
    description="A JSON Merge Patch (RFC 7396): what is left out stays, null takes a key out, mappings are merged.",
    scope=Scope.CHANNELS_WRITE,
    tag=TAG,
    path_model=ChannelPath,
    body_model=ChannelMerged,
    answers={200: ChannelDetail},
    precondition=Precondition.REQUIRED,
)
async def edit_channel(call: Call[ChannelPath, Nothing, ChannelMerged]) -> Answer:
    """What is said of the channel, with these changes."""
    name = call.path.id

    def made(document: Document) -> Any:  # noqa: ANN401 — whatever JSON has
        return merged(_known(document, name), call.body.value)

    return await edited(call, name, made, "updated", call.guard)


def merged(present: Any, patch: Any) -> Any:  # noqa: ANN401 — whatever JSON has
    """`present` with a merge patch applied (RFC 7396, section 2)."""
    if not isinstance(patch, dict):
        return patch
    found = dict(present) if isinstance(present, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value)
    return found


@Endpoint(
    method="DELETE",
    path="/api/v1/channels/{id}",
    name="delete_channel",
    summary="Take a channel out of the file: it ends a horizon later",
    scope=Scope.CHANNELS_WRITE,
    tag=TAG,
    path_model=ChannelPath,
    answers={204: None},
    refusals=(UNACCEPTABLE,),
    precondition=Precondition.REQUIRED,
)
async def delete_channel(call: Call[ChannelPath]) -> Answer:
    """The channel plays on for a horizon, and is brought back by writing it again."""
    name, master = call.path.id, call.site.master

    def made(document: Document) -> Any:  # noqa: ANN401 — what stands for nothing
        _known(document, name)
        return GONE

    before, _ = await master.ask(lambda: master.edit((CHANNELS, name), made, call.guard))
    call.changed(Change(KIND, name, "deleted", before=Part(value=before.part((CHANNELS, name)))))
    return Answer(status=204)


@Endpoint(
    method="GET",
    path="/api/v1/channels/{id}/now",
    name="read_now",
    summary="What a channel plays at an instant, to the millisecond",
    description="The same function of time that its playlists are made by.",
    scope=Scope.CATALOG_READ,
    tag=TAG,
    path_model=ChannelPath,
    query_model=AtQuery,
    answers={200: OnNow},
    refusals=(CONFLICT,),
)
async def read_now(call: Call[ChannelPath, AtQuery, Nothing]) -> Answer:
    """What is on, and what comes."""
    master, name, at = call.site.master, call.path.id, call.query.at or call.now
    await check_channel_seen(call, name)

    def found() -> OnNow:
        on = overview.on_now(master.station(), links(master), name, overview.foreseeable(at, call.now))
        if on.withdrawn is None or call.caller.may(Scope.CHANNELS_READ):
            return on
        return on.model_copy(update={"withdrawn": on.withdrawn.model_copy(update={"reason": None})})

    on = await master.ask(found)
    fit = await _fit(call, [on])
    if fit is not None and on.asset not in fit:
        on = on.model_copy(update={"asset": "", "title": "", "asset_url": None})
    return Answer(_shorn(on, fit))


def check_territory(station: Station, name: str, where: str | None) -> None:
    """Refuse a channel that is not for this country; None: nobody looks at countries. Raises `Problem`."""
    revisions = station.revisions(name)
    if where is not None and revisions and not licence.is_open(where, revisions[-1].rules.never.territories):
        raise Problem(NOT_LICENSED, licence.ELSEWHERE)


def terms_of(call: Call[Any, Any, Any], may: Entitlements, life: int | None = None, viewer: str = "") -> Terms:
    """How an address is handed out to whoever asks, who `may` so much.

    An API key says where its `viewer` is: it asks from where its own server stands.
    """
    return Terms(life, lines=may.lines, viewer=call.address if call.caller.is_person else viewer)


def playing(master: MasterControl, name: str, now: datetime, may: Entitlements, terms: Terms) -> PlayShown:
    """How to play a channel that is on air, for who `may` so much; blocks. Raises `Problem`."""
    station = master.station()
    overview.airing_at(station, name, now)
    on, _ = overview.now_next(station, name, now)
    where = channel_address(master, name, now, may, terms)
    over = f"{where.url}?from={int(on.start.timestamp())}" if on and on.asset else None
    return told(where, now, start_over_url=over)


def channel_address(
    master: MasterControl, name: str, now: datetime, may: Entitlements, terms: Terms, query: str = ""
) -> Address:
    """The address of a channel for who `may` so much; blocks. Raises `Problem` when their plan does not include it."""
    opens, settings = channel_path(name), master.settings
    access = access_of(master.station(), name)
    check_channel(name, access, may)
    if access is Access.OPEN and not terms.life:
        return plain(settings, opens, query)
    until = may.until if access is Access.PREMIUM else None
    return address(settings, opens, now, replace(terms, until=until), query)


def told(where: Address, now: datetime, *, live: bool = True, start_over_url: str | None = None) -> PlayShown:
    """How an address plays."""
    left = None if where.expires_at is None else int((where.expires_at - now).total_seconds())
    return PlayShown(
        url=where.url, live=live, expires_at=where.expires_at, expires_in=left, session_ends_at=where.ends_at,
        start_over_url=start_over_url,
    )  # fmt: skip


OPERATIONS: Final = (
    list_channels,
    create_channel,
    read_channel,
    replace_channel,
    edit_channel,
    delete_channel,
    read_now,
)


def _document(call: Call[Any, Any, Any]) -> Document | None:
    """The file, for who may see what is not published of it."""
    knows = call.caller.may(Scope.CHANNELS_READ) or call.caller.may(Scope.CHANNELS_WRITE)
    return call.site.master.document() if knows else None


def _known(document: Document, name: str) -> Any:  # noqa: ANN401 — whatever JSON has
    """What the file says of a channel; raises `Problem` when it says nothing."""
    if name not in document.names(CHANNELS):
        raise missing("channel", f"{name} in {document.where}")
    return document.part((CHANNELS, name))


async def _answered(call: Call[Any, Any, Any], name: str) -> Answer:
    """A channel, whole, with the version of what the file says of it."""
    master, now = call.site.master, call.now

    def found() -> tuple[ChannelDetail, int]:
        document, station = _document(call), master.station()
        ended = () if document is None else station.channels()
        if name not in overview.listed(document, station, now) and name not in ended:
            raise missing("channel", name)
        version = 0 if document is None else document.version((CHANNELS, name))
        return overview.detail(document, station, links(master), name, now), version

    shown, version = await master.ask(found)
    (own,) = await locked(call, [shown])
    return Answer(_shorn(own, await _fit(call, [shown])), version=version)


async def locked(call: Call[Any, Any, Any], shown: Sequence[Channel]) -> list[Channel]:
    """The same, where each says whether the plan of who asks has it not: one query, where any is premium."""
    locks = await lacks(call, (one.access for one in shown))
    return [one.model_copy(update={"is_locked": locks and one.access == Access.PREMIUM}) for one in shown]


async def on_air(call: Call[Any, Any, Any]) -> list[ChannelShown]:
    """The channels that are on air, in the order of their numbers, as the audience sees them and as far as it may.

    What they are to who asks (`locked`) is not said: whoever may see the same is told the same.
    """
    master, now = call.site.master, call.now

    def found() -> list[ChannelShown]:
        station = master.station()
        names = overview.listed(None, station, now)
        there = [overview.shown(None, station, links(master), name, now) for name in names]
        return sorted((one for one in there if sees(call.caller.viewer, one.ages)), key=_place)

    shown = await master.ask(found)
    fit = await _fit(call, shown)
    return [_shorn(one, fit) for one in shown]


async def check_channel_seen(call: Call[Any, Any, Any], name: str) -> None:
    """Refuse to show, or to play, a channel that is kept from the viewer. Raises `Problem`, as if there were none."""
    viewer, master = call.caller.viewer, call.site.master
    if is_limited(viewer):
        check(viewer, name, await master.ask(lambda: master.station().revisions(name)[-1].channel.ages))


async def _fit(call: Call[Any, Any, Any], shown: Sequence[ChannelShown | OnNow]) -> set[str] | None:
    """The assets in what is shown that the viewer may know of; None: all of them."""
    if not is_limited(call.caller.viewer):
        return None
    on_now = [one for one in shown if isinstance(one, OnNow)]
    on = [one.program if isinstance(one, OnNow) else one.now for one in shown]
    programs = [program for program in (*on, *(one.next for one in shown)) if program is not None]
    named = [*(one.asset for one in programs), *(one.asset for one in on_now)]
    return await aired(call.session, call.caller.viewer, named)


def _shorn(shown: Answered, fit: set[str] | None) -> Answered:
    """The same without those of its programs that the viewer may not know of."""
    if fit is None:
        return shown
    kept = {name: getattr(shown, name, None) for name in ("now", "program", "next")}
    gone = [name for name, program in kept.items() if program and program.asset and program.asset not in fit]
    return shown.model_copy(update=dict.fromkeys(gone))


async def edited(
    call: Call[Any, Any, Any],
    name: str,
    make: Callable[[Document], Any],
    action: str,
    guard: Callable[[int], None],
    base: str = "",
) -> Answer:
    """Write what `make` makes of a channel, and tell of it; `base` is where the channel stands in the body."""
    master, path = call.site.master, (CHANNELS, name)
    try:
        before, after = await master.ask(lambda: master.edit(path, make, guard))
    except Problem as problem:
        problem.errors = tuple(
            wrong.model_copy(update={"pointer": base + wrong.pointer}) if wrong.part == "body" else wrong
            for wrong in problem.errors
        )
        raise
    was, is_now = before.part(path), after.part(path)
    call.changed(Change(KIND, name, action, Part(value=was) if was is not None else None, Part(value=is_now)))
    return await _answered(call, name)
