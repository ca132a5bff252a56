"""What is one's own at the addresses, and in the words, that clients of other systems know."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field
from sqlmodel import col, func, select

from control_api.call import Answer, Call
from control_api.instants import Instant
from control_api.library.hung import hung
from control_api.library.kinds import TitleState
from control_api.lists.flags import WATCHLIST
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Operation, Precondition
from control_api.people import accounts
from control_api.people.roles import Role
from control_api.plans.entitled import of_caller
from control_api.problems import FORBIDDEN, Problem
from control_api.profiles import desk
from control_api.profiles.limits import conditions
from control_api.recommending import answers
from control_api.resources import own_lists
from control_api.resources.audience import check_seen, marked
from control_api.resources.history import HistoryPage, HistoryQuery, list_history
from control_api.resources.movies import MovieShown, movie
from control_api.resources.numbers import by_number
from control_api.resources.own_lists import ListedPage, OwnQuery, viewer
from control_api.resources.title_models import TitlePath
from control_api.resources.title_search import titled
from control_api.resources.titles import found
from control_api.resources.users import UserPath, read_user, replace_user
from control_api.scopes import SIGNED_IN, Scope
from control_api.tables import Listed, Title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from control_api.recommending.suggestions import Suggestion

_TAG: Final = "Aliases"
_MOST: Final = 100


class ListQuery(Given):
    """Which page of a list."""

    page: int = Field(default=1, ge=1, le=10_000)
    limit: int = Field(default=20, ge=1, le=_MOST, description="Films on a page.")


class ListedMovie(MovieShown):
    """A film on a list."""

    added_at: Instant


class ListedMovies(Shown):
    """What a profile wants to see, what was put there last first."""

    success: bool = True
    results: list[ListedMovie]
    count: int = Field(description="How many are here.")
    total: int = Field(description="How many there are.")
    page: int
    pages: int


class ListDone(Shown):
    """That a film is on the list."""

    success: bool = True
    message: str
    id: str = Field(description="The id of the title.")
    added_at: Instant


class SuggestedMovie(MovieShown):
    """A film, and why it is suggested."""

    reason: str = Field(description="One word for it, e.g. `because_watched`.")
    score: float


class SuggestedMovies(Shown):
    """Films that are suggested, the best first."""

    success: bool = True
    results: list[SuggestedMovie]
    count: int


class SuggestQuery(Given):
    """How many, and of what."""

    limit: int = Field(default=10, ge=1, le=_MOST)
    genre: str = Field(default="", max_length=100, description="Of this genre alone.")


class LikeQuery(Given):
    """How many."""

    limit: int = Field(default=10, ge=1, le=_MOST)


class NamedProfile(Shown):
    """One of the people of an account."""

    id: str
    name: str
    is_main: bool
    is_kids: bool
    is_active: bool = Field(description="Whether it is who asks.")


class ProfilePage(Shown):
    """Who is signed in, with their plan and their profiles."""

    success: bool = True
    id: str
    username: str
    email: str | None
    join_date: Instant
    is_admin: bool
    plan: str
    subscription_type: Literal["FREE", "PREMIUM"] = Field(description="Whether the plan has what is premium.")
    profiles: list[NamedProfile]


@Endpoint(
    method="GET", path="/profile", name="read_profile_page",
    summary="Who is signed in, with plan and profiles: an alias", scope=SIGNED_IN, tag=_TAG, answers={200: ProfilePage},
)  # fmt: skip
async def read_profile_page(call: Call) -> Answer:
    """As the account has it now."""
    row = await accounts.row_of(call.session, call.caller.id, held=False)
    may = await of_caller(call.session, call.caller, call.now)
    active = call.caller.viewer.id if call.caller.viewer is not None else ""
    shown = ProfilePage(
        id=row.id,
        username=row.username,
        email=row.email,
        join_date=row.created_at,
        is_admin=row.role == Role.ADMIN,
        plan=may.plan,
        subscription_type="PREMIUM" if may.premium else "FREE",
        profiles=[
            NamedProfile(id=one.id, name=one.name, is_main=one.is_main, is_kids=one.is_kids, is_active=one.id == active)
            for one in await desk.of_account(call.session, row.id)
        ],
    )
    return Answer(shown, version=row.version)


@Endpoint(
    method="GET", path="/watchlist", name="list_watchlist_page", summary="What the profile wants to see: an alias",
    scope=SIGNED_IN, tag=_TAG, query_model=ListQuery, answers={200: ListedMovies},
)  # fmt: skip
async def list_watchlist_page(call: Call[Nothing, ListQuery, Nothing]) -> Answer:
    """With numbers of pages; `/api/v1/watchlist` goes by cursors."""
    query, who = call.query, viewer(call)
    rows = select(Listed).join(Title, col(Title.id) == Listed.title_id)
    rows = rows.where(Listed.profile_id == who.id, Listed.list == WATCHLIST, col(Title.deleted_at).is_(None))
    rows = rows.where(Title.state == TitleState.PUBLISHED, *conditions(who))
    total = (await call.session.exec(select(func.count()).select_from(rows.subquery()))).one()
    order = (col(Listed.added_at).desc(), col(Listed.title_id).desc())
    some = rows.order_by(*order).offset((query.page - 1) * query.limit).limit(query.limit)
    added = {row.title_id: row.added_at for row in (await call.session.exec(some)).all()}
    there = await _movies(call, list(added))
    results = [ListedMovie(**dict(one), added_at=added[one.id]) for one in there]
    pages = -(-total // query.limit)
    shown = ListedMovies(results=results, count=len(results), total=total, page=query.page, pages=pages)
    return Answer(shown)


def _own(name: str) -> Operation:
    """The operation of a list, by its name."""
    return next(one for one in own_lists.OPERATIONS if one.declared.name == name)


@Endpoint(
    method="POST", path="/watchlist/{id}", name="put_on_watchlist", summary="Put a film on the list: an alias",
    description="201 when it is new there, and 200 when it was there.",
    scope=SIGNED_IN, tag=_TAG, path_model=TitlePath, answers={200: ListDone, 201: ListDone}, changes=False,
)  # fmt: skip
async def put_on_watchlist(call: Call[TitlePath]) -> Answer:
    """As `PUT /api/v1/watchlist/{id}` does."""
    answer = await _own("add_to_watchlist").handler(call)
    there = answer.shown
    assert isinstance(there, own_lists.ListedShown)  # noqa: S101 — that handler's answer
    words = "added to the watchlist" if answer.status == 201 else "it is on the watchlist already"  # noqa: PLR2004
    return Answer(ListDone(message=words, id=there.title.id, added_at=there.added_at), answer.status)


def _suggesting(name: str, summary: str) -> Endpoint[Nothing, SuggestQuery, Nothing]:
    where = "/api/recommendations" + (f"/{name}" if name else "")
    return Endpoint(
        method="GET", path=where, name=f"suggest_{name or 'movies'}", summary=f"{summary}: an alias",
        scope=Scope.CATALOG_READ, tag=_TAG, query_model=SuggestQuery, answers={200: SuggestedMovies},
    )  # fmt: skip


@_suggesting("", "Films that suit the profile")
async def suggest_movies(call: Call[Nothing, SuggestQuery, Nothing]) -> Answer:
    """As `GET /api/v1/recommendations` does."""
    query = call.query
    some = await answers.personalized(call.session, call.caller.viewer, call.now, limit=query.limit, genre=query.genre)
    return await _suggested(call, some)


@_suggesting("trending", "What is watched now")
async def suggest_trending(call: Call[Nothing, SuggestQuery, Nothing]) -> Answer:
    """As `GET /api/v1/recommendations/trending` does."""
    query = call.query
    some = await answers.trending(call.session, call.caller.viewer, call.now, limit=query.limit, genre=query.genre)
    return await _suggested(call, some)


@_suggesting("popular", "What is watched much and rated well")
async def suggest_popular(call: Call[Nothing, SuggestQuery, Nothing]) -> Answer:
    """As `GET /api/v1/recommendations/popular` does."""
    query = call.query
    some = await answers.popular(call.session, call.caller.viewer, call.now, limit=query.limit, genre=query.genre)
    return await _suggested(call, some)


@Endpoint(
    method="GET", path="/api/recommendations/similar/{id}", name="suggest_similar",
    summary="What is like a film: an alias",
    scope=Scope.CATALOG_READ, tag=_TAG, path_model=TitlePath, query_model=LikeQuery, answers={200: SuggestedMovies},
)  # fmt: skip
async def suggest_similar(call: Call[TitlePath, LikeQuery, Nothing]) -> Answer:
    """As `GET /api/v1/recommendations/similar/{id}` does."""
    title = await found(call.session, call.path.id, held=False)
    await check_seen(call, title)
    some = await answers.similar(call.session, call.caller.viewer, title.id, call.now, limit=call.query.limit)
    return await _suggested(call, some)


@Endpoint(
    method="GET", path="/api/v1/users/{id}/history", name="list_user_history", summary="What one has seen: an alias",
    description="One's own alone: what others watch is shown to nobody.",
    scope=SIGNED_IN, tag=_TAG, path_model=UserPath, query_model=HistoryQuery, answers={200: HistoryPage},
)  # fmt: skip
async def list_user_history(call: Call[UserPath, HistoryQuery, Nothing]) -> Answer:
    """As `GET /api/v1/history` does."""
    _check_own(call)
    return await list_history.handler(call)


@Endpoint(
    method="GET", path="/api/v1/users/{id}/favorites", name="list_user_favorites",
    summary="What one likes most: an alias",
    description="One's own alone.",
    scope=SIGNED_IN, tag=_TAG, path_model=UserPath, query_model=OwnQuery, answers={200: ListedPage},
)  # fmt: skip
async def list_user_favorites(call: Call[UserPath, OwnQuery, Nothing]) -> Answer:
    """As `GET /api/v1/favorites` does."""
    _check_own(call)
    return await _own("list_favorites").handler(call)


def _unneeded(operation: Operation, path: str, name: str) -> Operation:
    """The same at another address, where nobody knows If-Match."""
    also = operation.also_at(path, name)
    return replace(also, declared=replace(also.declared, precondition=Precondition.HEEDED))


_remove: Final = _own("remove_from_watchlist").also_at("/watchlist/{id}", "take_off_watchlist")
OPERATIONS: Final = by_number(
    (
        read_profile_page,
        read_profile_page.also_at("/api/profile", "read_profile_page_at_api"),
        list_watchlist_page,
        list_watchlist_page.also_at("/api/watchlist", "list_watchlist_page_at_api"),
        put_on_watchlist,
        put_on_watchlist.also_at("/api/watchlist/{id}", "put_on_watchlist_at_api"),
        _remove,
        _remove.also_at("/api/watchlist/{id}", "take_off_watchlist_at_api"),
        suggest_movies,
        suggest_trending,
        suggest_popular,
        suggest_movies.also_at("/api/recommendations/personalized", "suggest_personalized"),
        suggest_similar,
        read_user.also_at("/api/users/{id}", "read_user_unversioned"),
        _unneeded(replace_user, "/api/users/{id}", "replace_user_unversioned"),
        list_user_history,
        list_user_history.also_at("/api/users/{id}/history", "list_user_history_unversioned"),
        list_user_favorites,
        list_user_favorites.also_at("/api/users/{id}/favorites", "list_user_favorites_unversioned"),
    )
)


def _check_own(call: Call[UserPath, Any, Any]) -> None:
    if call.path.id not in ("me", call.caller.id):
        raise Problem(FORBIDDEN, "what others watch and like is shown to nobody: one's own is at /api/users/me")


async def _movies(call: Call[Any, Any, Any], ids: Sequence[str]) -> list[MovieShown]:
    """Films in the words of that system, in this order."""
    titles = await titled(call, ids)
    there = await marked(call, titles, await hung(call.session, titles))
    return [movie(call, title, there[title.id]) for title in titles]


async def _suggested(call: Call[Any, Any, Any], some: Sequence[Suggestion]) -> Answer:
    why = {one.title_id: one for one in some}
    there = await _movies(call, list(why))
    results = [
        SuggestedMovie(**dict(one), reason=why[one.id].reason.why, score=round(why[one.id].score, 4)) for one in there
    ]
    return Answer(SuggestedMovies(results=results, count=len(results)))
