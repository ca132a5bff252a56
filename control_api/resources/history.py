"""What a profile has seen, and what it may watch on: its own, and removed by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import Field
from sqlmodel import and_, col, or_, select

from control_api import ids
from control_api.call import Answer, Call
from control_api.instants import Instant, Millis
from control_api.library.cards import TitleCard
from control_api.library.flags import percent
from control_api.library.kinds import TitleState
from control_api.library.shown import TitleListed, listed
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint
from control_api.paging import Page, PageQuery, leaf
from control_api.problems import FORBIDDEN, Problem, missing
from control_api.profiles import limits
from control_api.resources.audience import cards, is_audience, surrounded, territory_of
from control_api.resources.title_models import TitlePath
from control_api.scopes import SIGNED_IN
from control_api.tables import Title, Watched
from control_api.viewing import going_on, history

if TYPE_CHECKING:
    from collections.abc import Sequence

    from control_api.callers import Viewer
    from control_api.viewing.going_on import Card

TAG: Final = "History"
_PATH: Final = "/api/v1/history"


class WatchedPath(Given):
    """Which entry."""

    id: str = Field(pattern=ids.pattern("wa"), description="The id of the entry.")


class HistoryQuery(PageQuery):
    """Which entries are wanted."""

    title: str | None = Field(
        default=None, pattern=ids.pattern("ti"), description="Of this title alone, or of this series."
    )


class GoingOnQuery(Given):
    """How many cards are wanted."""

    limit: int = Field(default=20, ge=1, le=going_on.MOST)


class WatchedShown(Shown):
    """That a profile has seen something of a title."""

    id: str
    profile_id: str
    title_id: str | None = Field(description="null: the title is no more.")
    series_id: str | None = Field(description="The series that it is an episode of.")
    title: TitleCard | None = Field(description="What may be seen of it now; null: it is no more, or not to be seen.")
    name: str = Field(description="What the title is called; of one that is gone, what it was called.")
    position_ms: Millis = Field(description="Where it stopped.")
    duration_ms: Millis = Field(description="How long it is; 0: nobody knows.")
    percent: int = Field(description="How much of it lies behind; 100: seen to the end.")
    watched_ms: Millis = Field(description="For how long it was watched, all times together.")
    times: int = Field(description="How often it was seen to the end.")
    completed_at: Instant | None = Field(
        description="When it was last seen to the end; null: it was not, or is being watched again."
    )
    first_at: Instant
    watched_at: Instant = Field(description="When something of it was last seen.")


class HistoryPage(Page[WatchedShown]):
    """A page of what a profile has seen, the last first."""


class CardShown(Shown):
    """Something to be watched on."""

    title: TitleListed = Field(description="What is to be played.")
    series_id: str | None = Field(description="The series that it is an episode of: one card for each.")
    position_ms: Millis = Field(description="Where it goes on.")
    duration_ms: Millis
    percent: int
    is_next: bool = Field(description="Whether it is the episode after the one that was seen to the end.")
    watched_at: Instant = Field(description="When something of it, or of its series, was last seen.")


class GoingOnShown(Shown):
    """What is to be watched on, what was seen last first."""

    items: list[CardShown]


def viewer_of(call: Call[Any, Any, Any]) -> Viewer:
    """The profile that watches. Raises `Problem` where there is none."""
    viewer = call.caller.viewer
    if viewer is None:
        raise Problem(FORBIDDEN, "this is of a profile, and none watches here")
    return viewer


@Endpoint(
    method="GET",
    path=_PATH,
    name="list_history",
    summary="What the profile has seen, and where it stopped",
    scope=SIGNED_IN,
    tag=TAG,
    query_model=HistoryQuery,
    answers={200: HistoryPage},
)
async def list_history(call: Call[Nothing, HistoryQuery, Nothing]) -> Answer:
    """A page of it. What is kept from the profile meanwhile is not shown."""
    viewer, wanted = viewer_of(call), call.query.title
    await call.site.viewing.settle(call.caller.id)
    rows = select(Watched).where(Watched.profile_id == viewer.id)
    if wanted is not None:
        rows = rows.where(or_(col(Watched.title_id) == wanted, col(Watched.series_id) == wanted))
    if limits.is_limited(viewer):
        rows = rows.where(col(Watched.title_id).in_(select(Title.id).where(*limits.conditions(viewer))))
    found = await leaf(call, rows, ((col(Watched.watched_at), True), (col(Watched.id), True)))
    names, there = await _titles(call, found.rows)
    items = [_shown(row, names, there) for row in found.rows]
    return found.answer(HistoryPage(items=items, next=found.next))


async def _titles(call: Call[Any, Any, Any], rows: Sequence[Watched]) -> tuple[dict[str, str], dict[str, TitleCard]]:
    """What their titles are called now, and the cards of those that the caller may see."""
    wanted = [row.title_id for row in rows if row.title_id is not None]
    if not wanted:
        return {}, {}
    states = (Title.state == TitleState.PUBLISHED,) if is_audience(call) else ()
    is_seen = and_(col(Title.deleted_at).is_(None), *states)
    said = (await call.session.exec(select(Title.id, Title.name, is_seen).where(col(Title.id).in_(wanted)))).all()
    there = await cards(call, [title for title, _, seen in said if seen])
    return {title: name for title, name, _ in said}, there


def _shown(row: Watched, names: dict[str, str], there: dict[str, TitleCard]) -> WatchedShown:
    same = WatchedShown.model_fields.keys() - {"name", "percent", "title"}
    title = row.title_id or ""
    return WatchedShown(
        **{name: getattr(row, name) for name in same},
        title=there.get(title),
        name=names.get(title, row.name),
        percent=percent(row.position_ms, row.duration_ms, is_whole=row.completed_at is not None) or 0,
    )


@Endpoint(
    method="DELETE",
    path=_PATH + "/{id}",
    name="delete_history_entry",
    summary="Forget that the profile has seen a title",
    scope=SIGNED_IN,
    tag=TAG,
    path_model=WatchedPath,
    answers={204: None},
    changes=False,
)
async def delete_history_entry(call: Call[WatchedPath]) -> Answer:
    """It is not known any more by whom it was seen."""
    await call.site.viewing.settle(call.caller.id)
    if not await history.remove(call.session, viewer_of(call).id, call.path.id):
        raise missing("entry", call.path.id)
    return Answer(status=204)


@Endpoint(
    method="DELETE",
    path=_PATH,
    name="clear_history",
    summary="Forget all that the profile has seen; `keeps_history` of the profile says whether more is kept",
    scope=SIGNED_IN,
    tag=TAG,
    answers={204: None},
    changes=False,
)
async def clear_history(call: Call) -> Answer:
    """Where it stopped goes with it."""
    await call.site.viewing.settle(call.caller.id)
    await history.clear(call.session, viewer_of(call).id)
    return Answer(status=204)


@Endpoint(
    method="GET",
    path="/api/v1/continue-watching",
    name="list_continue_watching",
    summary="What the profile may watch on: one card for each series",
    description="The episode that was begun, or the one after that which was seen to the end.",
    scope=SIGNED_IN,
    tag=TAG,
    query_model=GoingOnQuery,
    answers={200: GoingOnShown},
)
async def list_continue_watching(call: Call[Nothing, GoingOnQuery, Nothing]) -> Answer:
    """What was seen last first."""
    viewer = viewer_of(call)
    await call.site.viewing.settle(call.caller.id)
    where, published = territory_of(call), is_audience(call)
    cards = await going_on.cards(call.session, viewer, call.now, where, call.query.limit, published=published)
    return Answer(GoingOnShown(items=await shown_cards(call, cards)))


async def shown_cards(call: Call[Any, Any, Any], cards: Sequence[Card]) -> list[CardShown]:
    """Cards as the API shows them."""
    there = await surrounded(call, [card.title for card in cards])
    url = call.site.settings.public_url
    return [
        CardShown(
            title=listed(card.title, there[card.title.id], url),
            series_id=card.series,
            position_ms=card.position_ms,
            duration_ms=card.duration_ms or _duration(there[card.title.id].assets),
            percent=card.percent,
            is_next=card.is_next,
            watched_at=card.watched_at,
        )
        for card in cards
    ]


def _duration(assets: Sequence[Any]) -> int:
    return max((asset.duration_ms for asset in assets), default=0)


@Endpoint(
    method="DELETE",
    path="/api/v1/continue-watching/{id}",
    name="remove_continue_watching",
    summary="Take the card of a title, or of its series, away; it comes back when more of it is seen",
    scope=SIGNED_IN,
    tag=TAG,
    path_model=TitlePath,
    answers={204: None},
    changes=False,
)
async def remove_continue_watching(call: Call[TitlePath]) -> Answer:
    """The history has it still, and where it stopped."""
    await call.site.viewing.settle(call.caller.id)
    await going_on.take_out(call.session, viewer_of(call).id, call.path.id, call.now)
    return Answer(status=204)


OPERATIONS: Final = (
    list_history,
    delete_history_entry,
    clear_history,
    list_continue_watching,
    remove_continue_watching,
)
