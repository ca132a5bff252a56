"""Genres: what kind of story a title tells; a title has several, the main one first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field
from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from control_api.call import Answer, Call
from control_api.library.kinds import TitleKind, TitleState
from control_api.library.shown import TitleListed, listed
from control_api.models import Given, Shown
from control_api.operation import Endpoint
from control_api.profiles import limits
from control_api.resources.audience import states, surrounded
from control_api.resources.labels import GENRES, GenrePath, LabelShown, operations
from control_api.scopes import Scope
from control_api.tables import Genre, Title, TitleGenre

if TYPE_CHECKING:
    from control_api.models import Nothing


class ShelfQuery(Given):
    """Which titles are wanted, and how many of each genre."""

    kind: list[TitleKind] = Field(default_factory=lambda: [TitleKind.MOVIE, TitleKind.SERIES], max_length=20)
    state: list[TitleState] = Field(default_factory=lambda: [TitleState.PUBLISHED], max_length=3)
    each: Annotated[int, Field(ge=1, le=20)] = 10
    """Titles of each genre."""


class Shelf(Shown):
    """A genre with its newest titles."""

    genre: LabelShown
    items: list[TitleListed]


class Shelves(Shown):
    """The catalogue by genre: the fullest first, at most 50 genres."""

    items: list[Shelf]


_MOST: Final = 50


@Endpoint(
    method="GET",
    path="/api/v1/shelves",
    name="list_shelves",
    summary="The catalogue grouped by genre: of each the newest titles",
    scope=Scope.CATALOG_READ,
    tag="Genres",
    query_model=ShelfQuery,
    answers={200: Shelves},
)
async def list_shelves(call: Call[Nothing, ShelfQuery, Nothing]) -> Answer:
    """Genres and their titles, in as many queries whether there are few or many."""
    query, session = call.query, call.session
    wanted = [col(Title.deleted_at).is_(None), *limits.conditions(call.caller.viewer)]
    wanted += [col(Title.kind).in_(query.kind)] if query.kind else []
    seen = states(call, query.state)
    wanted += [col(Title.state).in_(seen)] if seen else []
    count = func.count()
    full = (
        select(Genre, count)
        .join(TitleGenre, col(TitleGenre.genre_id) == Genre.id)
        .join(Title, col(Title.id) == TitleGenre.title_id)
        .where(*wanted)
        .group_by(col(Genre.id))
        .order_by(count.desc(), col(Genre.folded))
        .limit(_MOST)
    )
    genres = (await session.exec(full)).all()
    place = func.row_number().over(
        partition_by=col(TitleGenre.genre_id), order_by=(col(Title.created_at).desc(), col(Title.id).desc())
    )
    ranked = (
        select(col(TitleGenre.genre_id), col(TitleGenre.title_id), place.label("place"))
        .join(Title, col(Title.id) == TitleGenre.title_id)
        .where(*wanted, col(TitleGenre.genre_id).in_([genre.id for genre, _ in genres]))
        .subquery()
    )
    one = aliased(Title)
    rows = (
        select(ranked.c.genre_id, one)
        .join(one, col(one.id) == ranked.c.title_id)
        .where(ranked.c.place <= query.each)
        .order_by(ranked.c.genre_id, ranked.c.place)
    )
    found = (await session.exec(rows)).all()
    there = await surrounded(call, list({title.id: title for _, title in found}.values()))
    public = call.site.settings.public_url
    shelves = [
        Shelf(
            genre=LabelShown(id=genre.id, name=genre.name, titles=titles),
            items=[listed(title, there[title.id], public) for held, title in found if held == genre.id],
        )
        for genre, titles in genres
    ]
    return Answer(Shelves(items=shelves))


OPERATIONS: Final = (*operations(GENRES, GenrePath), list_shelves)
