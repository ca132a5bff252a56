"""Channels under the addresses of former players: a list, and what to play from which second on.

What is told comes from where `/api/v1/channels` takes it. New clients play the `play_url` of that, and count nothing.
They are open to everybody; who says who they are is told no more than they may see.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

from control_api.call import Answer, Call
from control_api.callers import Caller, resolve
from control_api.channels import overview
from control_api.models import Shown
from control_api.operation import Deprecation, Endpoint
from control_api.problems import CONFLICT, NOT_FOUND, NOT_PLAYED, Problem
from control_api.profiles.channels import aired, check, sees
from control_api.profiles.limits import is_limited
from control_api.resources.channels import ChannelPath, links
from control_api.scopes import OPEN
from playout.core.airing import Role

if TYPE_CHECKING:
    from control_api.callers import Viewer

TAG: Final = "Aliases"
_SINCE: Final = datetime(2026, 11, 21, tzinfo=UTC)


class AliasShown(Shown):
    """A channel, as former players know it."""

    id: str
    name: str
    type: str = Field(description="virtual or manual.")
    play_url: str = Field(description="The absolute address that says what to play now.")


class AliasesShown(Shown):
    """All channels on air."""

    channels: list[AliasShown]


class PlayAliasShown(Shown):
    """What to play now, and from where."""

    channel_name: str
    video_title: str
    video_url: str
    start_offset_seconds: float


@Endpoint(
    method="GET",
    path="/api/channels",
    name="list_channels_alias",
    summary="All channels on air, as former players read them",
    scope=OPEN,
    tag=TAG,
    answers={200: AliasesShown},
    refusals=(CONFLICT,),
    deprecated=Deprecation(_SINCE, instead="/docs"),
)
async def list_channels_alias(call: Call) -> Answer:
    """Every channel that plays, in the order of their numbers."""
    master, now = call.site.master, call.now
    root = call.site.settings.public_url or str(call.request.url.origin())
    viewer = await _viewer(call)

    def found() -> list[AliasShown]:
        station = master.station()
        names = [one for one in station.channels(now) if sees(viewer, station.revisions(one)[-1].channel.ages)]
        shown = [overview.brief(station, name) for name in names]
        return [
            AliasShown(id=one.id, name=one.name, type=one.type, play_url=f"{root}/api/channel/play/{one.id}")
            for one in sorted(shown, key=lambda one: one.place)
        ]

    return Answer(AliasesShown(channels=await master.ask(found)))


@Endpoint(
    method="GET",
    path="/api/channel/play/{id}",
    name="play_channel_alias",
    summary="What to play now, and from which second on, as former players read it",
    scope=OPEN,
    tag=TAG,
    path_model=ChannelPath,
    answers={200: PlayAliasShown},
    refusals=(CONFLICT, NOT_PLAYED),
    deprecated=Deprecation(_SINCE, instead="/docs"),
)
async def play_channel_alias(call: Call[ChannelPath]) -> Answer:
    """The asset that is on, and how far into it the channel is."""
    master, name, now = call.site.master, call.path.id, call.now
    viewer = await _viewer(call)

    def found() -> tuple[str, PlayAliasShown]:
        station = master.station()
        check(viewer, name, station.revisions(name)[-1].channel.ages)
        on = overview.on_now(station, links(master), name, now)
        one = overview.brief(station, name)
        if on.role == Role.SLATE or on.asset_url is None:
            if one.type == "manual":
                raise Problem(NOT_PLAYED, f"{name} is programmed by hand, and none of its blocks is on")
            raise Problem(NOT_FOUND, f"no video of {name} is on")
        return on.asset, PlayAliasShown(
            channel_name=one.name,
            video_title=on.title,
            video_url=on.asset_url,
            start_offset_seconds=on.offset_ms / 1000,
        )

    asset, shown = await master.ask(found)
    if is_limited(viewer) and not await aired(call.session, viewer, [asset]):
        raise Problem(NOT_FOUND, f"no video of {name} is on")
    return Answer(shown)


async def _viewer(call: Call[Any, Any, Any]) -> Viewer | None:
    """Who watches, as far as they say so; what is good for nothing opens no less than nothing does."""
    if "Authorization" not in call.request.headers and not call.request.cookies:
        return None
    await call.site.look()
    caller = await resolve(call.request, call.site.schemes)
    return caller.viewer if isinstance(caller, Caller) else None


OPERATIONS: Final = (list_channels_alias, play_channel_alias)
