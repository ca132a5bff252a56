"""Which titles a list has, and in which order: filters as conditions on one statement, each with an index behind it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field
from sqlalchemy import exists, func
from sqlmodel import col, select

from control_api.library.facts import Country, Language
from control_api.library.folding import same
from control_api.library.kinds import TitleAccess, TitleKind, TitleState
from control_api.library.search import holders
from control_api.models import Given
from control_api.tables import (
    Asset,
    Genre,
    Tag,
    Title,
    TitleCountry,
    TitleElsewhere,
    TitleGenre,
    TitleLanguage,
    TitleTag,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement
    from sqlmodel.sql.expression import SelectOfScalar


class Sort(StrEnum):
    """An order of a list; what is alike in it goes by id."""

    NEWEST = "newest"
    """What was made last comes first."""
    OLDEST = "oldest"
    TITLE = "title_asc"
    TITLE_DOWN = "title_desc"
    YEAR = "year_asc"
    YEAR_DOWN = "year_desc"
    RATING = "rating_asc"
    RATING_DOWN = "rating_desc"
    VIEWS_DOWN = "views_desc"
    """What was seen most often comes first; of what was seen as often, what is rated best."""
    PLACE = "place"
    """By the number in the parent."""


def order(sort: Sort) -> list[tuple[Any, bool]]:
    """The columns of an order, each with whether it descends."""
    columns, descends = _ORDERS[sort]
    return [(column, descends) for column in (*columns, col(Title.id))]


_ORDERS: Final[dict[Sort, tuple[tuple[Any, ...], bool]]] = {
    Sort.NEWEST: ((col(Title.created_at),), True),
    Sort.OLDEST: ((col(Title.created_at),), False),
    Sort.TITLE: ((col(Title.sort_name),), False),
    Sort.TITLE_DOWN: ((col(Title.sort_name),), True),
    Sort.YEAR: ((col(Title.year),), False),
    Sort.YEAR_DOWN: ((col(Title.year),), True),
    Sort.RATING: ((col(Title.score),), False),
    Sort.RATING_DOWN: ((col(Title.score),), True),
    Sort.VIEWS_DOWN: ((col(Title.views), col(Title.score)), True),
    Sort.PLACE: ((col(Title.place),), False),
}

Some: Final[Any] = Field(default_factory=list, max_length=20)
Words = Annotated[str, Field(min_length=1, max_length=100)]
Year = Annotated[int, Field(ge=0, le=9999)]


class TitleFilter(Given):
    """Which titles are wanted. Of values that are repeated one must hold, but for tags, which must all be there."""

    kind: list[TitleKind] = Some
    state: list[TitleState] = Some
    genre: list[Words] = Field(default_factory=list, max_length=20, description="Of one of these genres.")
    tag: list[Words] = Field(default_factory=list, max_length=20, description="With all of these tags.")
    without_tag: list[Words] = Field(default_factory=list, max_length=20, description="With none of these tags.")
    language: list[Language] = Field(default_factory=list, max_length=20, description="Heard in one of these.")
    country: list[Country] = Field(default_factory=list, max_length=20, description="From one of these countries.")
    age_rating: list[Annotated[str, Field(max_length=40)]] = Field(
        default_factory=list, max_length=20, description="With one of these ratings; an empty one: with none."
    )
    year_from: Year | None = Field(default=None, description="Came out in this year or later.")
    year_to: Year | None = Field(default=None, description="Came out in this year or before.")
    score_from: Annotated[float, Field(ge=0, le=10)] | None = Field(default=None, description="Liked at least so well.")
    featured: bool | None = None
    access: TitleAccess | None = Field(default=None, description="Who may play it.")
    parent: str | None = Field(default=None, max_length=40, description="Beneath the title with this id.")
    external_id: str | None = Field(default=None, max_length=241, description="Named so elsewhere: imdb:tt0041959.")
    story: str | None = Field(default=None, max_length=200, description="A part of this story.")
    has_asset: bool | None = Field(default=None, description="Whether anything of it is packaged.")
    has_parent: bool | None = Field(default=None, description="Whether it is a part of something.")
    q: str | None = Field(default=None, min_length=1, max_length=200, description="With all of these words.")
    deleted: bool = Field(default=False, description="Those in the bin instead of the others.")


def narrowed(rows: SelectOfScalar[Title], wanted: TitleFilter, *, sqlite: bool) -> SelectOfScalar[Title]:
    """The rows that are wanted."""
    gone = col(Title.deleted_at)
    conditions: list[ColumnElement[bool]] = [gone.is_not(None) if wanted.deleted else gone.is_(None)]
    for name, one in _ONE_OF.items():
        if values := getattr(wanted, name):
            conditions.append(one(values))
    conditions += [~col(Title.id).in_(_tagged([same(name)])) for name in wanted.without_tag]
    conditions += [col(Title.id).in_(_tagged([same(name)])) for name in wanted.tag]
    for name, bounded in _WHERE_SAID.items():
        if (value := getattr(wanted, name)) is not None:
            conditions.append(bounded(value))
    if wanted.q is not None:
        conditions.append(col(Title.id).in_(holders(wanted.q, sqlite=sqlite)))
    return rows.where(*conditions)


def _tagged(folded: list[str]) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    tagged = select(TitleTag.title_id).join(Tag, col(Tag.id) == TitleTag.tag_id)
    return tagged.where(col(Tag.folded).in_(folded))


def _of_genre(names: list[str]) -> ColumnElement[bool]:
    rows = select(TitleGenre.title_id).join(Genre, col(Genre.id) == TitleGenre.genre_id)
    return col(Title.id).in_(rows.where(col(Genre.folded).in_([same(name) for name in names])))


def _spoken(languages: list[str]) -> ColumnElement[bool]:
    rows = select(TitleLanguage.title_id).where(col(TitleLanguage.language).in_(languages))
    return col(Title.id).in_(rows)


def _from(countries: list[str]) -> ColumnElement[bool]:
    return col(Title.id).in_(select(TitleCountry.title_id).where(col(TitleCountry.country).in_(countries)))


def _named(elsewhere: str) -> ColumnElement[bool]:
    scheme, _, value = elsewhere.partition(":")
    rows = select(TitleElsewhere.title_id).where(TitleElsewhere.scheme == scheme, TitleElsewhere.value == value)
    return col(Title.id).in_(rows)


def _packaged(wanted: bool) -> ColumnElement[bool]:  # noqa: FBT001 — the value of a filter
    there = exists().where(col(Asset.title_id) == col(Title.id), col(Asset.state).not_in(("gone", "deleted")))
    return there if wanted else ~there


def _beneath(wanted: bool) -> ColumnElement[bool]:  # noqa: FBT001 — the value of a filter
    return col(Title.parent_id).is_not(None) if wanted else col(Title.parent_id).is_(None)


_ONE_OF: Final[dict[str, Callable[[Any], ColumnElement[bool]]]] = {
    "kind": lambda some: col(Title.kind).in_(some),
    "state": lambda some: col(Title.state).in_(some),
    "age_rating": lambda some: func.lower(col(Title.age_rating)).in_([one.lower() for one in some]),
    "genre": _of_genre,
    "language": _spoken,
    "country": _from,
}
_WHERE_SAID: Final[dict[str, Callable[[Any], ColumnElement[bool]]]] = {
    "year_from": lambda year: col(Title.year) >= year,
    "year_to": lambda year: col(Title.year).between(1, year),
    "score_from": lambda score: col(Title.score) >= round(score * 100),
    "featured": lambda featured: col(Title.featured) == featured,
    "access": lambda access: col(Title.access) == access,
    "parent": lambda parent: col(Title.parent_id) == parent,
    "external_id": _named,
    "story": lambda story: col(Title.story) == story,
    "has_asset": _packaged,
    "has_parent": _beneath,
}
