"""What a profile keeps: its watchlist, its favourites, and what it thinks of titles. Staff see how many, never who."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, model_validator
from sqlmodel import col, select

from control_api.call import Answer, Call
from control_api.instants import Instant
from control_api.library.kinds import TitleKind, TitleState
from control_api.library.shown import TitleListed
from control_api.library.shown import listed as shown
from control_api.lists import keeping
from control_api.lists.counting import counted
from control_api.lists.flags import FAVORITES, WATCHLIST
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Operation
from control_api.paging import Page, PageQuery, leaf
from control_api.problems import FORBIDDEN, UNACCEPTABLE, Mistake, Problem, missing
from control_api.profiles.limits import conditions
from control_api.resources.audience import is_audience, surrounded
from control_api.resources.title_models import TitleId, TitlePath
from control_api.resources.titles import found
from control_api.scopes import SIGNED_IN, Scope
from control_api.tables import Listed, Rated, Title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from control_api.callers import Viewer

_TAG: Final = "Lists"
_MOST: Final = 200
_LIKE: Final = 10
_DISLIKE: Final = 1


class OwnQuery(PageQuery):
    """Which of them."""

    kind: list[TitleKind] = Field(default_factory=list, max_length=20)


class ListedShown(Shown):
    """A title on a list."""

    added_at: Instant
    title: TitleListed


class ListedPage(Page[ListedShown]):
    """A page of a list: what was put there last comes first."""


class RatedShown(Shown):
    """What the profile thinks of a title."""

    score: int = Field(description="From 1 to 10.")
    rated_at: Instant
    title: TitleListed


class RatedPage(Page[RatedShown]):
    """A page of ratings: the newest first."""


class Opinion(StrEnum):
    """For who does not count."""

    LIKE = "like"
    DISLIKE = "dislike"


class RatingGiven(Given):
    """What to think of a title: a number, or a thumb."""

    score: Annotated[int, Field(ge=1, le=10)] | None = Field(default=None, description="From 1 to 10.")
    opinion: Opinion | None = Field(default=None, description="Instead of it: `like` is 10, and `dislike` 1.")

    @model_validator(mode="after")
    def _one(self) -> RatingGiven:
        if (self.score is None) == (self.opinion is None):
            message = "say either a `score`, or an `opinion`"
            raise ValueError(message)
        return self

    @property
    def value(self) -> int:
        """The score that is meant."""
        return self.score if self.score is not None else _LIKE if self.opinion is Opinion.LIKE else _DISLIKE


Ids = Annotated[list[TitleId], Field(max_length=_MOST)]


class ListEdit(Given):
    """What is to be on the list, and what no longer."""

    add: Ids = Field(default_factory=list, description="Put there, the first of them on top; what is there stays.")
    remove: Ids = Field(default_factory=list, description="Taken off; what is not there is no mistake.")

    @model_validator(mode="after")
    def _sensible(self) -> ListEdit:
        if not self.add and not self.remove:
            message = "say what to `add`, or what to `remove`"
            raise ValueError(message)
        if both := sorted({*self.add} & {*self.remove}):
            message = f"{', '.join(both)} cannot be both added and removed"
            raise ValueError(message)
        return self


class ListEdited(Shown):
    """What became of it."""

    added: list[str] = Field(description="The ids of those that were not there.")
    removed: list[str] = Field(description="The ids of those that were.")


class TitleAudience(Shown):
    """How many profiles have to do with a title: numbers alone."""

    watchlist: int
    favorites: int
    ratings: int
    average: float | None = Field(description="Of their scores, with two decimals; null: nobody has rated it.")
    scores: dict[int, int] = Field(description="How many gave each score.")
    watched: int = Field(description="How many have begun it; of a series, any of its episodes.")
    completed: int = Field(
        description="How many have seen it to the end, once at least; of a series, any of its episodes."
    )


def _operations(name: str, what: str) -> tuple[Operation, ...]:
    """What can be done with one of the lists."""

    @Endpoint(
        method="GET", path=f"/api/v1/{name}", name=f"list_{name}", summary=f"{what}: what was put there last first",
        description="What was taken out of the catalogue, or is kept from the profile, is not shown while it is.",
        scope=SIGNED_IN, tag=_TAG, query_model=OwnQuery, answers={200: ListedPage},
    )  # fmt: skip
    async def read(call: Call[Nothing, OwnQuery, Nothing]) -> Answer:
        profile = viewer(call).id
        rows = select(Listed).join(Title, col(Title.id) == Listed.title_id)
        rows = rows.where(Listed.profile_id == profile, Listed.list == name, *_seen(call))
        page = await leaf(call, rows, [(col(Listed.added_at), True), (col(Listed.title_id), True)])
        titles = await _titles(call, [row.title_id for row in page.rows])
        items = [ListedShown(added_at=row.added_at, title=titles[row.title_id]) for row in page.rows]
        return page.answer(ListedPage(items=items, next=page.next))

    @Endpoint(
        method="PUT", path=f"/api/v1/{name}/{{id}}", name=f"add_to_{name}", summary=f"Put a title on it: {what}",
        description="Sent twice it does no harm: 201 when it is new there, and 200 when it was there.",
        scope=SIGNED_IN, tag=_TAG, path_model=TitlePath, answers={200: ListedShown, 201: ListedShown}, changes=False,
    )  # fmt: skip
    async def add(call: Call[TitlePath]) -> Answer:
        profile, title = viewer(call).id, call.path.id
        await _check(call, [title], [""])
        new = await keeping.put(call.session, profile, name, [title], call.now)
        there = await keeping.listed(call.session, profile, name, [title])
        one = ListedShown(added_at=there[title], title=(await _titles(call, [title]))[title])
        return Answer(one, 201 if new else 200)

    @Endpoint(
        method="DELETE", path=f"/api/v1/{name}/{{id}}", name=f"remove_from_{name}",
        summary=f"Take a title off it: {what}", description="What is not there is no mistake.",
        scope=SIGNED_IN, tag=_TAG, path_model=TitlePath, answers={204: None}, changes=False,
    )  # fmt: skip
    async def remove(call: Call[TitlePath]) -> Answer:
        await keeping.remove(call.session, viewer(call).id, name, [call.path.id])
        return Answer(status=204)

    @Endpoint(
        method="POST", path=f"/api/v1/{name}:batch", name=f"edit_{name}",
        summary=f"Put several titles on it, and take several off: all of them, or none. {what}",
        scope=SIGNED_IN, tag=_TAG, body_model=ListEdit, answers={200: ListEdited}, changes=False,
    )  # fmt: skip
    async def edit(call: Call[Nothing, Nothing, ListEdit]) -> Answer:
        profile, given = viewer(call).id, call.body
        await _check(call, given.add, [f"/add/{number}" for number in range(len(given.add))])
        removed = await keeping.remove(call.session, profile, name, given.remove)
        added = await keeping.put(call.session, profile, name, given.add, call.now)
        return Answer(
            ListEdited(
                added=[one for one in dict.fromkeys(given.add) if one in added],
                removed=[one for one in dict.fromkeys(given.remove) if one in removed],
            )
        )

    return read, add, remove, edit


@Endpoint(
    method="GET", path="/api/v1/ratings", name="list_ratings", summary="What the profile thinks of titles",
    scope=SIGNED_IN, tag=_TAG, query_model=OwnQuery, answers={200: RatedPage},
)  # fmt: skip
async def list_ratings(call: Call[Nothing, OwnQuery, Nothing]) -> Answer:
    """The newest first."""
    rows = select(Rated).join(Title, col(Title.id) == Rated.title_id)
    rows = rows.where(Rated.profile_id == viewer(call).id, *_seen(call))
    page = await leaf(call, rows, [(col(Rated.rated_at), True), (col(Rated.title_id), True)])
    titles = await _titles(call, [row.title_id for row in page.rows])
    items = [RatedShown(score=row.score, rated_at=row.rated_at, title=titles[row.title_id]) for row in page.rows]
    return page.answer(RatedPage(items=items, next=page.next))


@Endpoint(
    method="PUT", path="/api/v1/ratings/{id}", name="rate_title", summary="Say what the profile thinks of a title",
    description="201 when it had said nothing before, and 200 when this takes the place of what it had said.",
    scope=SIGNED_IN, tag=_TAG, path_model=TitlePath, body_model=RatingGiven,
    answers={200: RatedShown, 201: RatedShown}, changes=False,
)  # fmt: skip
async def rate_title(call: Call[TitlePath, Nothing, RatingGiven]) -> Answer:
    """It counts at once in what all think of it."""
    profile, title = viewer(call).id, call.path.id
    await _check(call, [title], [""])
    new = await keeping.rate(call.session, profile, title, call.body.value, call.now)
    mine = select(Rated.rated_at).where(Rated.profile_id == profile, Rated.title_id == title)
    at = (await call.session.exec(mine)).one()
    one = RatedShown(score=call.body.value, rated_at=at, title=(await _titles(call, [title]))[title])
    return Answer(one, 201 if new else 200)


@Endpoint(
    method="DELETE", path="/api/v1/ratings/{id}", name="unrate_title", summary="Take back what was thought of a title",
    scope=SIGNED_IN, tag=_TAG, path_model=TitlePath, answers={204: None}, changes=False,
)  # fmt: skip
async def unrate_title(call: Call[TitlePath]) -> Answer:
    """What was never said is no mistake."""
    await keeping.unrate(call.session, viewer(call).id, call.path.id)
    return Answer(status=204)


@Endpoint(
    method="GET", path="/api/v1/titles/{id}/audience", name="read_title_audience",
    summary="How many have a title on a list, what they think of it, and how many have seen it",
    description="Numbers alone: whose they are is nobody's to know.",
    scope=Scope.TITLES_READ, tag="Titles", path_model=TitlePath, answers={200: TitleAudience}, cost=5,
)  # fmt: skip
async def read_title_audience(call: Call[TitlePath]) -> Answer:
    """Counted now (C32)."""
    title = await found(call.session, call.path.id, held=False)
    there = await counted(call.session, title.id)
    ratings, total = sum(there.scores.values()), sum(score * count for score, count in there.scores.items())
    return Answer(
        TitleAudience(
            watchlist=there.watchlist, favorites=there.favorites, ratings=ratings, scores=there.scores,
            average=round(total / ratings, 2) if ratings else None, watched=there.watched, completed=there.completed,
        )
    )  # fmt: skip


OPERATIONS: Final = (
    *_operations(WATCHLIST, "What the profile wants to see"),
    *_operations(FAVORITES, "What the profile likes most"),
    list_ratings, rate_title, unrate_title, read_title_audience,
)  # fmt: skip


def viewer(call: Call[Any, Any, Any]) -> Viewer:
    """The profile that asks. Raises `Problem` for who has none."""
    if call.caller.viewer is None:
        raise Problem(FORBIDDEN, "this is a profile's own: choose one for this session, or sign in anew")
    return call.caller.viewer


def _seen(call: Call[Any, OwnQuery, Any]) -> list[Any]:
    """What of a list is shown."""
    kinds = [col(Title.kind).in_(call.query.kind)] if call.query.kind else []
    return [*kinds, *_allowed(call)]


def _allowed(call: Call[Any, Any, Any]) -> list[Any]:
    state = [col(Title.state) == TitleState.PUBLISHED] if is_audience(call) else []
    return [col(Title.deleted_at).is_(None), *state, *conditions(call.caller.viewer)]


async def _check(call: Call[Any, Any, Any], titles: Sequence[str], pointers: Sequence[str]) -> None:
    """Refuse titles that are not there for the profile; `pointers` is where each was named, empty in a path."""
    rows = select(Title.id).where(col(Title.id).in_(titles), *_allowed(call))
    there = set((await call.session.exec(rows)).all())
    lacking = [(title, at) for title, at in zip(titles, pointers, strict=True) if title not in there]
    if lacking and not lacking[0][1]:
        raise missing("title", lacking[0][0])
    if lacking:
        wrong = [Mistake(part="body", pointer=at, detail=f"there is no title {title}") for title, at in lacking]
        raise Problem(UNACCEPTABLE, f"{len(lacking)} of {len(titles)} titles are not there", errors=wrong)


async def _titles(call: Call[Any, Any, Any], ids: Sequence[str]) -> dict[str, TitleListed]:
    """How titles are shown in lists, by id."""
    titles = (await call.session.exec(select(Title).where(col(Title.id).in_(ids)))).all() if ids else []
    there, public = await surrounded(call, titles), call.site.settings.public_url
    return {title.id: shown(title, there[title.id], public) for title in titles}
