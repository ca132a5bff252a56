"""Films at the addresses, and in the words, that clients of another system know: published ones, to be read."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

from control_api.call import Answer, Call
from control_api.library import search
from control_api.library.detail import credited
from control_api.library.flags import Flags
from control_api.library.hung import hung
from control_api.library.kinds import TitleKind, TitleState
from control_api.library.listing import Sort, TitleFilter, Words
from control_api.library.numbered import Place, numbered
from control_api.library.shown import shown
from control_api.models import Given, Shown
from control_api.operation import Endpoint
from control_api.plans.gate import PREMIUM
from control_api.problems import missing
from control_api.profiles import limits
from control_api.recommending.answers import similar
from control_api.resources.audience import marked
from control_api.resources.title_models import CreditShown, TitlePath
from control_api.resources.title_search import titled
from control_api.resources.titles import found
from control_api.scopes import Scope

if TYPE_CHECKING:
    from control_api.library.hung import Hung
    from control_api.models import Nothing
    from control_api.tables import Title

_TAG: Final = "Aliases"
_PLAYED: Final = (TitleKind.MOVIE, TitleKind.SERIES, TitleKind.SHORT, TitleKind.SPECIAL)
_SEEN: Final = search.Scope(tuple(kind.value for kind in _PLAYED), (TitleState.PUBLISHED.value,))
_SIMILAR: Final = 12
_MOST: Final = 1_000_000


class MovieSort(StrEnum):
    """The six orders."""

    RATING = "rating_asc"
    RATING_DOWN = "rating_desc"
    TITLE = "title_asc"
    TITLE_DOWN = "title_desc"
    YEAR = "year_asc"
    YEAR_DOWN = "year_desc"


class MovieQuery(Given):
    """Which films, and which page of them."""

    page: int = Field(default=1, ge=1, le=_MOST // 100)
    limit: int = Field(default=20, ge=1, le=100, description="Films on a page.")
    genre: list[Words] = Field(default_factory=list, max_length=20, description="Of one of these genres.")
    sort: MovieSort | None = Field(default=None, description="None: the newest first.")


class WordsQuery(Given):
    """What is looked for."""

    q: str = Field(min_length=1, max_length=200)
    limit: int = Field(default=20, ge=1, le=100)


class PopularQuery(Given):
    """How many."""

    limit: int = Field(default=10, ge=1, le=50)


class MovieShown(Shown):
    """A film."""

    id: str
    title: str
    description: str
    release_year: int | None
    genre: str = Field(description="The main one.")
    genres: list[str]
    rating: float | None = Field(description="What audiences think, from 0 to 10.")
    poster_url: str | None
    banner_url: str | None
    video_url: str | None = Field(
        description="A playlist of somebody else; what is our own, or premium, is asked for to be played."
    )
    trailer_url: str | None
    duration: int | None = Field(description="In whole seconds.")
    language: str
    access: str = Field(description="`free`, or `premium`: for whom has a plan that includes it.")
    is_locked: bool = Field(description="Whether it is premium, and the plan of who asks has it not.")
    mine: Flags | None = Field(description="What it is to the profile that asks; null for who has none.")


class MovieDetail(MovieShown):
    """A film, with who is in it."""

    cast: list[CreditShown]
    similar: list[MovieShown] = Field(description="What is like it, the nearest first; at most 12.")


class Movies(Shown):
    """A page of films."""

    success: bool = True
    results: list[MovieShown]
    count: int = Field(description="How many are here.")
    total: int = Field(description="How many there are.")
    page: int
    pages: int


class MoviesFound(Shown):
    """Films that fit."""

    success: bool = True
    results: list[MovieShown]
    count: int


class MovieData(Shown):
    """One film."""

    success: bool = True
    data: MovieDetail


class MovieCredits(Shown):
    """Who did what for a film."""

    success: bool = True
    results: list[CreditShown]
    count: int


@Endpoint(
    method="GET", path="/movies", name="list_movies", summary="Films, page by page: an alias",
    scope=Scope.CATALOG_READ, tag=_TAG, query_model=MovieQuery, answers={200: Movies},
)  # fmt: skip
async def list_movies(call: Call[Nothing, MovieQuery, Nothing]) -> Answer:
    """With numbers of pages; `/api/v1/titles` goes by cursors and is never lost between two of them."""
    query = call.query
    wanted = TitleFilter(kind=list(_PLAYED), state=[TitleState.PUBLISHED], genre=query.genre)
    sort = Sort(query.sort.value) if query.sort else Sort.NEWEST
    place, fit = Place(query.page, query.limit), limits.fit(call.caller.viewer)
    page = await numbered(call.session, wanted, sort, place, fit)
    there = await marked(call, page.titles, page.there)
    results = [movie(call, title, there[title.id]) for title in page.titles]
    return Answer(Movies(results=results, count=len(results), total=page.total, page=page.page, pages=page.pages))


@Endpoint(
    method="GET", path="/movies/{id}", name="read_movie", summary="One film with who is in it: an alias",
    scope=Scope.CATALOG_READ, tag=_TAG, path_model=TitlePath, answers={200: MovieData},
)  # fmt: skip
async def read_movie(call: Call[TitlePath]) -> Answer:
    """One that is published."""
    title = await _seen(call)
    there = (await marked(call, [title], await hung(call.session, [title])))[title.id]
    cast = [CreditShown(**one) for one in await credited(call.session, title.id)]
    whole = MovieDetail(**dict(movie(call, title, there)), cast=cast, similar=await alike(call, title, _SIMILAR))
    return Answer(MovieData(data=whole), version=title.version)


@Endpoint(
    method="GET", path="/search", name="search_movies", summary="Films that fit what was typed: an alias",
    scope=Scope.CATALOG_READ, tag=_TAG, query_model=WordsQuery, answers={200: MoviesFound},
)  # fmt: skip
async def search_movies(call: Call[Nothing, WordsQuery, Nothing]) -> Answer:
    """Accents, case and slips are forgiven."""
    where = replace(_SEEN, fit=limits.fit(call.caller.viewer))
    titles = await titled(call, await search.best(call.session, call.query.q, call.query.limit, where))
    there = await marked(call, titles, await hung(call.session, titles))
    results = [movie(call, title, there[title.id]) for title in titles]
    return Answer(MoviesFound(results=results, count=len(results)))


@Endpoint(
    method="GET", path="/api/movies/popular", name="list_popular_movies", summary="Films people like most: an alias",
    scope=Scope.CATALOG_READ, tag=_TAG, query_model=PopularQuery, answers={200: MoviesFound},
)  # fmt: skip
async def list_popular_movies(call: Call[Nothing, PopularQuery, Nothing]) -> Answer:
    """By what audiences think of them."""
    wanted = TitleFilter(kind=list(_PLAYED), state=[TitleState.PUBLISHED])
    place, fit = Place(1, call.query.limit), limits.fit(call.caller.viewer)
    page = await numbered(call.session, wanted, Sort.RATING_DOWN, place, fit)
    there = await marked(call, page.titles, page.there)
    results = [movie(call, title, there[title.id]) for title in page.titles]
    return Answer(MoviesFound(results=results, count=len(results)))


@Endpoint(
    method="GET", path="/api/movies/{id}/credits", name="list_movie_credits", summary="Who is in a film: an alias",
    scope=Scope.CATALOG_READ, tag=_TAG, path_model=TitlePath, answers={200: MovieCredits},
)  # fmt: skip
async def list_movie_credits(call: Call[TitlePath]) -> Answer:
    """Cast and crew, in order."""
    title = await _seen(call)
    results = [CreditShown(**one) for one in await credited(call.session, title.id)]
    return Answer(MovieCredits(results=results, count=len(results)))


@Endpoint(
    method="GET", path="/api/movies/{id}/recommendations", name="list_movie_recommendations",
    summary="Films that are like one: an alias", scope=Scope.CATALOG_READ, tag=_TAG, path_model=TitlePath,
    query_model=PopularQuery, answers={200: MoviesFound},
)  # fmt: skip
async def list_movie_recommendations(call: Call[TitlePath, PopularQuery, Nothing]) -> Answer:
    """The nearest first (CX3)."""
    results = await alike(call, await _seen(call), call.query.limit)
    return Answer(MoviesFound(results=results, count=len(results)))


OPERATIONS: Final = (
    # what is spelt out goes before what has a place for an id
    list_movies, read_movie, search_movies, list_popular_movies,
    search_movies.also_at("/api/movies/search", "search_movies_at_api"),
    search_movies.also_at("/api/search", "search_at_api"),
    list_movies.also_at("/api/movies", "list_movies_at_api"),
    read_movie.also_at("/api/movies/{id}", "read_movie_at_api"),
    list_movie_credits, list_movie_recommendations,
)  # fmt: skip


async def _seen(call: Call[TitlePath, Any, Any]) -> Title:
    """The title, as long as viewers may see it."""
    title = await found(call.session, call.path.id, held=False)
    if title.deleted_at is not None or title.state != TitleState.PUBLISHED:
        raise missing("film", title.id)
    await limits.check(call.session, call.caller.viewer, title)
    return title


async def alike(call: Call[Any, Any, Any], title: Title, limit: int) -> list[MovieShown]:
    """What is like a film, of what is played."""
    some = await similar(call.session, call.caller.viewer, title.id, call.now, limit=limit)
    titles = [one for one in await titled(call, [one.title_id for one in some]) if one.kind in _PLAYED]
    there = await marked(call, titles, await hung(call.session, titles))
    return [movie(call, one, there[one.id]) for one in titles]


def movie(call: Call[Any, Any, Any], title: Title, there: Hung) -> MovieShown:
    """A title in the words of that system."""
    whole = shown(title, there, call.site.settings.public_url)
    pictures = {one.shape: one.url for one in reversed(whole.artwork)}
    return MovieShown(
        id=title.id,
        title=title.name,
        description=title.description or title.summary,
        release_year=title.year or None,
        genre=there.genres[0] if there.genres else "",
        genres=there.genres,
        rating=whole.score,
        poster_url=pictures.get("portrait"),
        banner_url=pictures.get("banner") or pictures.get("landscape"),
        video_url=title.video_url if title.video_url and title.access != PREMIUM else None,
        trailer_url=title.trailer_url or None,
        duration=None if whole.duration_ms is None else whole.duration_ms // 1000,
        language=title.language,
        access=title.access,
        is_locked=there.is_locked,
        mine=there.mine,
    )
