"""Views: told by apps that play by themselves, and how many of them media have."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field
from sqlmodel import col, or_, select

from control_api.addresses import household
from control_api.analytics import reading, visitors
from control_api.analytics.counting import TITLE
from control_api.call import Answer, Call
from control_api.ids import new_id
from control_api.instants import Instant
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint
from control_api.problems import NOT_FOUND, missing
from control_api.rates import refused
from control_api.resources.audience import check_seen
from control_api.resources.content import ContentPath
from control_api.resources.figures import TAG, SpanQuery, again, days_of, span_of
from control_api.scopes import Scope
from control_api.site import ASKED
from control_api.tables import Asset, Title, Upload, ViewSent
from control_api.viewing.playing import millis

if TYPE_CHECKING:
    from control_api.tables import View

_AGENT: Final = 200
"""How much of what a program calls itself counts."""

ContentId = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{1,128}$", description="The id of a title, of an asset or of an upload.")
]


class ViewGiven(Given):
    """What was viewed."""

    content: ContentId
    device_kind: Literal["", "tv", "phone", "tablet", "desktop", "other"] = ""
    visitor: str = Field(
        default="",
        max_length=100,
        description="Of an app's server, which speaks for many: by what it knows this viewer again, and nobody else "
        "does; as the id of the device in play sessions. It is hashed at once, and of people of ours left alone.",
    )


class ViewTold(Shown):
    """That it was heard; it is counted within a minute, unless the same visitor has just viewed the same."""

    title_id: str
    at: Instant


class ViewShown(Shown):
    """When there was a view; by whom is not known."""

    at: Instant = Field(description="To the minute.")
    via: Literal["demand", "live", "told"]
    device_kind: str


class MediaAnalytics(Shown):
    """How often media were viewed."""

    total_views: int
    unique_viewers: int = Field(description="Of each day, added up: days know nothing of each other.")
    unique_ips: int = Field(description="The same, as that system calls it: no address is kept.")
    views_per_day: dict[str, int] = Field(description="The days that have any.")
    latest: list[ViewShown] = Field(description="The last ten, the newest first.")


@Endpoint(
    method="POST",
    path="/api/v1/views",
    name="tell_view",
    summary="Tell of a view, where an app plays without a play session",
    description="Play sessions are views by themselves: nobody has to tell of them. Of one thing an address may tell "
    "`rate_views` at most; an app's server as much for each `visitor` that it names.",
    scope=Scope.PLAYBACK,
    tag=TAG,
    body_model=ViewGiven,
    answers={202: ViewTold},
    refusals=(NOT_FOUND,),
    changes=False,
    idempotent=True,
)
async def tell_view(call: Call[Nothing, Nothing, ViewGiven]) -> Answer:
    """B98."""
    return await _told(call, call.body)


@Endpoint(
    method="POST",
    path="/media/{id}/view",
    name="tell_media_view",
    summary="Tell of a view of media: an alias",
    description="The same as `POST /api/v1/views`, without a body.",
    scope=Scope.PLAYBACK,
    tag="Aliases",
    path_model=ContentPath,
    answers={202: ViewTold},
    changes=False,
)
async def tell_media_view(call: Call[ContentPath, Nothing, Nothing]) -> Answer:
    """D24."""
    return await _told(call, ViewGiven(content=call.path.id))


@Endpoint(
    method="GET",
    path="/media/{id}/analytics",
    name="read_media_analytics",
    summary="How often media were viewed, by day: an alias",
    scope=Scope.ANALYTICS_READ,
    tag="Aliases",
    path_model=ContentPath,
    query_model=SpanQuery,
    answers={200: MediaAnalytics},
    cost=5,
)
async def read_media_analytics(call: Call[ContentPath, SpanQuery, Nothing]) -> Answer:
    """The last thirty days, unless others are asked for (D25, DX4)."""
    title = await _title(call, call.path.id)  # not remembered: not everybody may see every title

    async def found() -> Answer:
        session = call.session
        days = await reading.days(session, TITLE, title.id, span_of(call))
        latest = await reading.latest(session, title.id)
        return Answer(
            MediaAnalytics(
                total_views=sum(one.views for *_, one in days),
                unique_viewers=sum(one.viewers for *_, one in days),
                unique_ips=sum(one.viewers for *_, one in days),
                views_per_day={day: one.views for day, _, one in days if one.views},
                latest=[_shown(row) for row in latest],
            )
        )

    return await again(call, found)


OPERATIONS: Final = (tell_view, tell_media_view, read_media_analytics)


def _shown(row: View) -> ViewShown:
    return ViewShown.model_validate(row)


def _counted_as(call: Call[Any, Any, Any], given: ViewGiven) -> str:
    """Of whom only so many views are heard. All viewers of an app's server have its address."""
    caller = call.caller
    if given.visitor and not caller.is_person and not caller.is_anonymous:
        return f"{caller.id} {sha256(given.visitor.encode('utf-8', 'surrogateescape')).hexdigest()}"
    return household(call.address)


async def _told(call: Call[Any, Any, Any], given: ViewGiven) -> Answer:
    """Keep it until it is counted; who it was is hashed before."""
    site, now = call.site, call.now
    taken = await site.rates.take("views", f"{_counted_as(call, given)} {given.content}")
    if taken is not None:
        call.request[ASKED].headers.update(taken.headers())
        if not taken.allowed:
            raise refused(taken)
    title = await _title(call, given.content)
    if site.settings.figures:
        day = days_of(call).day(millis(now))
        visitor = ""
        if site.settings.viewers:
            agent = call.request.headers.get("User-Agent", "")[:_AGENT]
            who = visitors.of_caller(call.caller, call.address, agent, given.visitor)
            visitor = visitors.hashed((await visitors.keys(call.session, [day], now))[day], who)
        call.session.add(
            ViewSent(
                id=new_id("vw"), title_id=title.id, at=now, day=day, visitor=visitor, device_kind=given.device_kind
            )
        )
    return Answer(ViewTold(title_id=title.id, at=now), 202)


async def _title(call: Call[Any, Any, Any], content: str) -> Title:
    """The title of content, as far as the caller may see it. Raises `Problem`."""
    uploaded = select(Upload.asset_id).where(Upload.id == content)
    rows = (
        select(Title)
        .outerjoin(Asset, col(Asset.title_id) == col(Title.id))
        .where(or_(col(Title.id) == content, col(Asset.id) == content, col(Asset.id).in_(uploaded)))
        .where(col(Title.deleted_at).is_(None))
    )
    title = (await call.session.exec(rows.limit(1))).first()
    if title is None:
        raise missing("content", content)
    await check_seen(call, title)
    return title
