"""What is to be played: found, and judged in one order, whichever way it is asked for.

Law: whether it may be seen is asked first, then whether the plan includes it, then whether one more may play. So
nobody learns of what they may not see that it is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from pydantic import Field, model_validator
from sqlalchemy import bindparam, or_, union_all
from sqlalchemy import select as selected
from sqlmodel import col, select

from control_api import ids
from control_api.assets.shown import PACKAGED, REPLACED, AssetId
from control_api.channels import overview
from control_api.database import answered
from control_api.library import licence
from control_api.library.kinds import FOLDERS, TitleState
from control_api.library.lineage import SERIES
from control_api.models import Given
from control_api.plans.entitled import Entitlements, of_caller
from control_api.plans.gate import check_channel, check_title
from control_api.problems import CONFLICT, NOT_LICENSED, Problem, missing
from control_api.profiles import limits
from control_api.profiles.channels import check as check_seen
from control_api.resources.audience import territory_of
from control_api.resources.channels import ChannelId, check_channel_seen, check_territory
from control_api.scopes import Scope
from control_api.signed import access_of
from control_api.tables import Asset, PlaySession, Title, Upload
from control_api.viewing import streams
from control_api.viewing.beginning import beginning
from control_api.viewing.licensed import TERMS, Terms, chain, joined
from control_api.viewing.sessions import Device, Thing, is_owner
from playout.core.channel import Access

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.call import Call


class DeviceGiven(Given):
    """What plays, as it says itself."""

    id: str = Field(
        default="",
        max_length=80,
        description="A name that this player gives itself, always the same. What it begins then takes the place of "
        "what it has begun before, also where it never heard that it had.",
    )
    name: str = Field(
        default="",
        max_length=200,
        description="For people who look where something plays. Empty: what the program calls itself (User-Agent).",
        examples=["Ada's television"],
    )
    kind: Literal["", "tv", "phone", "tablet", "desktop", "other"] = Field(
        default="", description="Of what kind it is; empty: nobody says."
    )


class PlayedGiven(Given):
    """What is to be played: a channel, or a title, or an asset."""

    channel: ChannelId | None = None
    title: str | None = Field(
        default=None,
        pattern=ids.pattern("ti"),
        description="The newest asset of this title; of a series or a season, of the episode with which the profile "
        "goes on, or else of the first that it may watch.",
    )
    asset: AssetId | None = None
    device: DeviceGiven | None = None

    @model_validator(mode="after")
    def _one(self) -> PlayedGiven:
        if sum(one is not None for one in (self.channel, self.title, self.asset)) != 1:
            message = "say one of `channel`, `title` and `asset`"
            raise ValueError(message)
        return self


@dataclass(frozen=True, slots=True)
class Film:
    """What plays on demand."""

    title: Title
    thing: Thing
    asset: str | None
    elsewhere: str
    """The playlist of somebody else, where the station has no asset of it."""
    allowed: Entitlements
    """What the plan of who asks includes."""


def device_of(call: Call[Any, Any, Any], given: DeviceGiven | None) -> Device:
    """What plays; who gives it no name is called as the program calls itself."""
    name = given.name if given and given.name else call.request.headers.get("User-Agent", "")
    clean = name.encode("utf-8", "replace").decode()[:200].replace("\0", "")
    return Device(given.id if given else "", clean, given.kind if given else "", sign_in=_sign_in(call))


def _sign_in(call: Call[Any, Any, Any]) -> str:
    """By what whoever signed in is known: the session, or what they come with where that is of another issuer."""
    if not call.caller.is_person:
        return ""
    sent = call.request.headers.get("Authorization", "")
    return f"in:{call.caller.session or sha256(sent.encode()).hexdigest()[:32]}"


def is_lent(call: Call[Any, Any, Any], thing: Thing) -> bool:
    """Whether a session begins with an address, also where nobody asks for one: what a plan limits is counted."""
    return call.site.settings.streams_need_session and call.caller.is_person and not thing.is_open


async def film(session: AsyncSession, call: Call[Any, Any, Any], content: str, what: str = "content") -> Film:
    """The newest asset of a title, of an upload, or that asset, if the caller may play it. Raises `Problem`.

    Who may not see what is packaged plays what is published and in their plan, and nothing else. A series or a season
    plays by an episode: `control_api.viewing.beginning`.
    """
    found = await _found(session, call, content, what)
    if not found.plays:
        episode = await _episode(session, call, found.title)
        if episode is not None:
            found = await _found(session, call, episode, what)
    title, asset = found.title, found.asset
    allowed = await of_caller(session, call.caller, call.now)
    check_title(title, allowed)
    _check_licensed(call, found)
    if not found.plays:
        raise Problem(CONFLICT, _nothing(title))
    thing = Thing(
        name=title.name, title=title.id, series=found.series, asset=asset, duration_ms=found.duration_ms or 0,
        credits_ms=title.credits_ms,
    )  # fmt: skip
    return Film(title, thing, asset, title.video_url, allowed)


class _Found(NamedTuple):
    """What the caller may see."""

    title: Title
    asset: str | None
    """Its newest one."""
    duration_ms: int | None
    """How long that is."""
    series: str | None
    above: list[Terms]
    """Of what the title is a part of, the nearest first."""

    @property
    def plays(self) -> bool:
        """Whether there is anything to play of it."""
        return self.asset is not None or bool(self.title.video_url)


async def _found(session: AsyncSession, call: Call[Any, Any, Any], content: str, what: str) -> _Found:
    """What the caller may see of it: by one query, and one more for whom anything is kept from."""
    rows = _of_content(published=not call.caller.may(Scope.ASSETS_READ), is_title=what == "title")
    row = (await session.exec(rows, params={"content": content})).first()
    if row is None:
        raise missing(what, content)
    title, asset, duration, series, *above = row
    try:
        await limits.check(session, call.caller.viewer, title)
    except Problem as kept:
        raise missing(what, content) from kept
    return _Found(title, asset, duration, series, chain(above))


@lru_cache(maxsize=4)
def _of_content(*, published: bool, is_title: bool) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    """A title and its newest asset, by its id; unless it `is_title`, by the id of an asset or of an upload too.

    Each is found by an index of its own.
    """
    content: Any = bindparam("content")
    packaged = (col(Asset.title_id) == col(Title.id)) & col(Asset.state).in_((PACKAGED, REPLACED))
    rows = selected(Title, col(Asset.id), col(Asset.duration_ms), SERIES, *TERMS[len(Terms._fields) :])
    return (
        joined(rows.select_from(Title).outerjoin(Asset, packaged))
        .where(*((col(Title.id) == content,) if is_title else _by_any_id(content)))
        .where(col(Title.deleted_at).is_(None), *((col(Title.state) == TitleState.PUBLISHED,) if published else ()))
        .order_by(col(Asset.added_at).is_(None), col(Asset.added_at).desc())
        .limit(1)
    )


def _by_any_id(content: Any) -> tuple[ColumnElement[bool], ...]:  # noqa: ANN401 — a parameter
    """That a title, or an asset of it, or the upload of that has this id."""
    uploaded = select(Upload.asset_id).where(col(Upload.id) == content)
    is_meant = or_(col(Asset.id) == content, col(Asset.id).in_(uploaded))
    titles = union_all(
        selected(col(Title.id)).where(col(Title.id) == content),
        selected(col(Asset.title_id)).where(col(Asset.id) == content),
        selected(col(Asset.title_id)).where(col(Asset.id).in_(uploaded)),
    )
    return col(Title.id).in_(titles), or_(col(Title.id) == content, is_meant)


async def _episode(session: AsyncSession, call: Call[Any, Any, Any], title: Title) -> str | None:
    """The episode that plays where a series or a season is wanted; None: none can be watched, or it is neither."""
    where, now = territory_of(call), call.now
    is_staff = call.caller.may(Scope.ASSETS_READ)

    def may(chain: Sequence[Title]) -> bool:
        return is_staff or not licence.why_not(chain, where, now)

    return await beginning(session, title, call.caller.viewer, may, now, published=not is_staff)


def _nothing(title: Title) -> str:
    """Why nothing plays."""
    if title.kind in FOLDERS:
        return f"there is no episode of {title.id} that can be watched now"
    return f"there is nothing to play of {title.id} yet"


async def channel(session: AsyncSession, call: Call[Any, Any, Any], name: str) -> tuple[Thing, Entitlements]:
    """A channel that is on air and that the caller may play, and what their plan includes. Raises `Problem`."""
    master, now = call.site.master, call.now
    await check_channel_seen(call, name)

    where = territory_of(call)

    def about() -> tuple[str, Access]:
        station = master.station()
        who, _ = overview.airing_at(station, name, now)
        check_seen(call.caller.viewer, name, who.ages)
        check_territory(station, name, where)
        return who.name, access_of(station, name)

    called, access = await master.ask(about)
    allowed = await of_caller(session, call.caller, now)
    check_channel(name, access, allowed)
    return Thing(name=called, channel=name, is_open=access is Access.OPEN), allowed


def _check_licensed(call: Call[Any, Any, Any], found: _Found) -> None:
    """Refuse what the rights of the title, or of what it is a part of, do not allow. Staff look at what they have."""
    if call.caller.may(Scope.ASSETS_READ):
        return
    if why := licence.why_not((found.title, *found.above), territory_of(call), call.now):
        raise Problem(NOT_LICENSED, why)


async def check_streams(
    session: AsyncSession, call: Call[Any, Any, Any], thing: Thing, allowed: Entitlements, but: str | None = None
) -> None:
    """Refuse one stream more than the plan allows; `but` is a session that does not count. Raises `Problem`.

    That is one of the caller's own, which plays this very thing. An open channel is no stream of any plan.
    """
    if but is not None:
        await _check_same(session, call, thing, but)
    if call.caller.is_person and not thing.is_open:
        others = () if but is None else (but,)
        await streams.check(session, call.site.settings, call.caller, allowed.streams, call.now, others)


_SAME: Final = selected(
    *(getattr(PlaySession, name) for name in ("account_id", "key_id", "profile_id", "title_id", "channel", "ended_at"))
).where(col(PlaySession.id) == bindparam("which"))


async def _check_same(session: AsyncSession, call: Call[Any, Any, Any], thing: Thing, name: str) -> None:
    """Refuse a session that is another one's, is over, or plays something else. Raises `Problem`."""
    viewer = call.caller.viewer
    row = next(iter(await answered(session, _SAME, which=name)), None)
    if row is None or not is_owner(call.caller, row) or (viewer and row.profile_id not in (None, viewer.id)):
        raise missing("play session", name)
    if row.ended_at is not None:
        raise Problem(CONFLICT, f"{name} is over: begin a new session")
    if (row.title_id, row.channel) != (thing.title, thing.channel):
        raise Problem(CONFLICT, f"{name} plays something else: begin a new session, or say no `play_session`")
