"""Titles at the addresses, and in the words, that clients of yet another system know: the same titles and rules."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.instants import Instant, Millis
from control_api.library import bin as bins
from control_api.library import editing
from control_api.library.detail import beneath, credited
from control_api.library.facts import Heading, Language, Names, TitleEdit, TitleGiven
from control_api.library.flags import Flags
from control_api.library.hung import hung
from control_api.library.kinds import TitleKind, TitleState
from control_api.library.listing import Sort, TitleFilter, Words, Year
from control_api.library.numbered import Place, numbered
from control_api.library.shown import facts, shown
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Operation, Precondition
from control_api.profiles import limits
from control_api.resources.audience import check_seen, marked, states, surrounded
from control_api.resources.content import read_content_status, transcode_content
from control_api.resources.stats import read_stats
from control_api.resources.title_models import CreditShown, TitlePath
from control_api.resources.titles import KIND, check_kept, found
from control_api.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from control_api.library.hung import Hung
    from control_api.tables import Title

_TAG: Final = "Aliases"
_CAMEL: Final = ConfigDict(alias_generator=to_camel, serialize_by_alias=True, validate_by_name=True)


class SortBy(StrEnum):
    """What a list is sorted by."""

    CREATED = "createdAt"
    TITLE = "title"
    YEAR = "releaseYear"
    RATING = "rating"


class SortOrder(StrEnum):
    """Which way."""

    UP = "asc"
    DOWN = "desc"


_SORTS: Final = {
    (SortBy.TITLE, SortOrder.UP): Sort.TITLE,
    (SortBy.TITLE, SortOrder.DOWN): Sort.TITLE_DOWN,
    (SortBy.YEAR, SortOrder.UP): Sort.YEAR,
    (SortBy.YEAR, SortOrder.DOWN): Sort.YEAR_DOWN,
    (SortBy.RATING, SortOrder.UP): Sort.RATING,
    (SortBy.RATING, SortOrder.DOWN): Sort.RATING_DOWN,
    (SortBy.CREATED, SortOrder.UP): Sort.OLDEST,
    (SortBy.CREATED, SortOrder.DOWN): Sort.NEWEST,
}


class ContentQuery(Given):
    """Which titles, and which page of them."""

    model_config = ConfigDict(alias_generator=to_camel)

    page: int = Field(default=1, ge=1, le=10_000)
    limit: int = Field(default=20, ge=1, le=100)
    type: list[TitleKind] = Field(default_factory=list, max_length=20)
    status: list[TitleState] = Field(default_factory=list, max_length=3)
    genre: list[Words] = Field(default_factory=list, max_length=20)
    tag: list[Words] = Field(default_factory=list, max_length=20)
    language: list[Language] = Field(default_factory=list, max_length=20)
    rating: list[Annotated[str, Field(max_length=40)]] = Field(
        default_factory=list, max_length=20, description="With one of these age ratings."
    )
    year: Year | None = Field(default=None, description="Came out in this year.")
    search: str | None = Field(default=None, min_length=1, max_length=200, description="With all of these words.")
    sort_by: SortBy = SortBy.CREATED
    sort_order: SortOrder = SortOrder.DOWN


class ContentGiven(Given):
    """What is said of a title; what is left out stays."""

    model_config = ConfigDict(alias_generator=to_camel)

    title: Heading | None = None
    description: Annotated[str, Field(max_length=20_000)] | None = None
    type: TitleKind | None = None
    status: TitleState | None = None
    genre: Names | None = None
    tags: Names | None = None
    release_year: Annotated[int, Field(ge=1000, le=9999)] | None = None
    rating: Annotated[str, Field(max_length=40)] | None = Field(default=None, description="The age rating.")
    language: Language | None = None


class NewContent(ContentGiven):
    """A title that is to be made."""

    title: Heading
    type: TitleKind


class ContentTitle(Shown):
    """A title."""

    model_config = _CAMEL

    id: str
    title: str
    description: str
    type: str
    status: str
    genre: list[str]
    tags: list[str]
    release_year: int | None
    rating: str = Field(description="The age rating.")
    score: float | None = Field(description="What audiences think, from 0 to 10.")
    language: str
    duration_ms: Millis | None
    thumbnail_url: str | None
    poster_url: str | None
    banner_url: str | None
    views: int
    access: str = Field(description="`free`, or `premium`: for whom has a plan that includes it.")
    is_locked: bool = Field(description="Whether it is premium, and the plan of who asks has it not.")
    mine: Flags | None = Field(description="What it is to the profile that asks; null for who has none.")
    created_at: Instant
    updated_at: Instant


class SeasonShown(Shown):
    """A season."""

    model_config = _CAMEL

    id: str
    number: int | None
    title: str
    episodes: int


class ContentDetail(ContentTitle):
    """A title, with who is in it and its seasons."""

    cast: list[CreditShown]
    director: str
    seasons: list[SeasonShown]


class Pagination(Shown):
    """Where a page stands."""

    model_config = _CAMEL

    total: int
    page: int
    limit: int
    total_pages: int


class ContentPage(Shown):
    """A page of titles."""

    content: list[ContentTitle]
    pagination: Pagination


@Endpoint(
    method="GET", path="/api/v1/content", name="list_content", summary="Titles, page by page: an alias",
    scope=Scope.CATALOG_READ, tag=_TAG, query_model=ContentQuery, answers={200: ContentPage},
)  # fmt: skip
async def list_content(call: Call[Nothing, ContentQuery, Nothing]) -> Answer:
    """With numbers of pages; `/api/v1/titles` goes by cursors."""
    query = call.query
    wanted = TitleFilter(
        kind=query.type, state=states(call, query.status), genre=query.genre, tag=query.tag, language=query.language,
        age_rating=query.rating, year_from=query.year, year_to=query.year, q=query.search,
    )  # fmt: skip
    place, fit = Place(query.page, query.limit), limits.fit(call.caller.viewer)
    page = await numbered(call.session, wanted, _SORTS[query.sort_by, query.sort_order], place, fit)
    there = await marked(call, page.titles, page.there)
    items = [ContentTitle(**_content(call, title, there[title.id])) for title in page.titles]
    where = Pagination(total=page.total, page=page.page, limit=page.limit, total_pages=page.pages)
    return Answer(ContentPage(content=items, pagination=where))


@Endpoint(
    method="GET", path="/api/v1/content/{id}", name="read_content", summary="One title: an alias",
    scope=Scope.CATALOG_READ, tag=_TAG, path_model=TitlePath, answers={200: ContentDetail},
)  # fmt: skip
async def read_content(call: Call[TitlePath]) -> Answer:
    """With its cast and its seasons."""
    title = await found(call.session, call.path.id, held=False)
    await check_seen(call, title)
    return Answer(await _detail(call, title), version=title.version)


@Endpoint(
    method="POST", path="/api/v1/content", name="create_content", summary="Make a title: an alias",
    scope=Scope.TITLES_WRITE, tag=_TAG, body_model=NewContent, answers={201: ContentDetail}, idempotent=True,
)  # fmt: skip
async def create_content(call: Call[Nothing, Nothing, NewContent]) -> Answer:
    """As `POST /api/v1/titles` does."""
    done = await editing.create(call.session, TitleGiven(**_said(call.body)), call.now)
    call.changed(Change(KIND, done.title.id, "created", after=done.after))
    headers = {"Location": f"/api/v1/content/{done.title.id}"}
    return Answer(await _detail(call, done.title), 201, headers, version=done.title.version)


@Endpoint(
    method="PUT", path="/api/v1/content/{id}", name="edit_content", summary="Change a title: an alias",
    scope=Scope.TITLES_WRITE, tag=_TAG, path_model=TitlePath, body_model=ContentGiven, answers={200: ContentDetail},
    precondition=Precondition.REQUIRED,
)  # fmt: skip
async def edit_content(call: Call[TitlePath, Nothing, ContentGiven]) -> Answer:
    """As `PATCH /api/v1/titles/{id}` does."""
    title = await found(call.session, call.path.id)
    call.guard(title.version)
    check_kept(title)
    done = await editing.edit(call.session, title, TitleEdit(**_said(call.body)), call.now)
    call.changed(Change(KIND, title.id, "updated", done.before, done.after))
    return Answer(await _detail(call, title), version=title.version)


@Endpoint(
    method="DELETE", path="/api/v1/content/{id}", name="delete_content", summary="Put a title into the bin: an alias",
    scope=Scope.TITLES_WRITE, tag=_TAG, path_model=TitlePath, answers={204: None}, precondition=Precondition.HEEDED,
)  # fmt: skip
async def delete_content(call: Call[TitlePath]) -> Answer:
    """As `DELETE /api/v1/titles/{id}` does."""
    title = await found(call.session, call.path.id)
    call.guard(title.version)
    before = None if title.deleted_at is not None else facts(title, (await hung(call.session, [title]))[title.id])
    await bins.throw(call.session, title, call.now)
    call.changed(Change(KIND, title.id, "deleted", before))
    return Answer(status=204)


def _alias(operation: Operation, path: str, name: str) -> Operation:
    """The same at another address; clients of other systems know no If-Match, so nobody needs it there."""
    also = operation.also_at(path, name)
    needs = Precondition.HEEDED if also.declared.precondition is Precondition.REQUIRED else also.declared.precondition
    return replace(also, declared=replace(also.declared, precondition=needs))


_VERSIONED: Final = (list_content, read_content, create_content, edit_content, delete_content)
OPERATIONS: Final = (
    *_VERSIONED,
    *(
        _alias(one, one.declared.path.replace("/api/v1/", "/api/"), f"{one.declared.name}_unversioned")
        for one in _VERSIONED
    ),
    _alias(transcode_content, "/api/admin/transcode", "transcode_content_at_admin"),
    _alias(read_content_status, "/api/admin/content/{id}/status", "read_content_status_at_admin"),
    _alias(read_stats, "/api/admin/stats", "read_stats_at_admin"),
)


def _said(given: ContentGiven) -> Mapping[str, Any]:
    """What was sent, in our words."""
    names = {"title": "name", "type": "kind", "status": "state", "genre": "genres", "rating": "age_rating"}
    sent = {name: getattr(given, name) for name in given.model_fields_set if getattr(given, name) is not None}
    year = sent.pop("release_year", None)
    said = {names.get(name, name): value for name, value in sent.items()}
    return said if year is None else {**said, "released": str(year)}


async def _detail(call: Call[Any, Any, Any], title: Title) -> ContentDetail:
    there = (await surrounded(call, [title]))[title.id]
    people = [CreditShown(**one) for one in await credited(call.session, title.id)]
    below = await beneath(call.session, title.id, states(call, ()), limits.fit(call.caller.viewer))
    return ContentDetail(
        **_content(call, title, there),
        cast=people,
        director=", ".join(one.name for one in people if one.job == "director"),
        seasons=[
            SeasonShown(id=one["id"], number=one["number"], title=one["name"], episodes=one["titles"])
            for one in below
            if one["kind"] == TitleKind.SEASON
        ],
    )


def _content(call: Call[Any, Any, Any], title: Title, there: Hung) -> dict[str, Any]:
    whole = shown(title, there, call.site.settings.public_url)
    pictures = {one.shape: one.url for one in reversed(whole.artwork)}
    return {
        "id": title.id, "title": title.name, "description": title.description or title.summary, "type": title.kind,
        "status": title.state, "genre": there.genres, "tags": there.tags, "release_year": title.year or None,
        "rating": title.age_rating, "score": whole.score, "language": title.language,
        "duration_ms": whole.duration_ms, "thumbnail_url": pictures.get("landscape") or pictures.get("portrait"),
        "poster_url": pictures.get("portrait"), "banner_url": pictures.get("banner"), "views": title.views,
        "access": title.access, "is_locked": there.is_locked,
        "mine": there.mine, "created_at": title.created_at, "updated_at": title.updated_at,
    }  # fmt: skip
