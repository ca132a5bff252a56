"""Which titles a list has, and in which order: filters as conditions on one statement.

Law: a page costs what the page does, whether a database knows how its rows are spread or not. Where many titles fit,
the index of the order is walked and each title asked for itself, which the index answers as far as it can; where few
do, they are looked up. SQLite is told which of the two: it has counted nothing that it was not asked to count.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field
from sqlalchemy import ColumnElement, Select, exists, func, true
from sqlalchemy import select as selected
from sqlmodel import col, select

from control_api.among import bare
from control_api.database import answered
from control_api.library.facts import Country, Language
from control_api.library.folding import same
from control_api.library.kinds import TitleAccess, TitleKind, TitleState
from control_api.library.search import holders, is_held
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
    from collections.abc import Callable, Collection

    from sqlmodel.ext.asyncio.session import AsyncSession
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


_FEW: Final = 500
"""Titles that are looked up one by one, to be sorted then."""


@dataclass(frozen=True, slots=True)
class _Sign:
    """Something that titles have, by which they are chosen."""

    name: str
    holders: Select[Any]
    """The ids of those that have it."""
    is_held: ColumnElement[bool]
    """That one of them has it."""


async def common(session: AsyncSession, wanted: TitleFilter) -> frozenset[str]:
    """What of that which is wanted many titles have: one query, where anything of the kind is wanted."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    # PostgreSQL has counted what titles have, but not in how many a word is
    signs = [sign for sign in _signs(wanted, sqlite=sqlite) if sqlite or sign.name == "q"]
    if not signs:
        return frozenset()
    counts = (selected(func.count()).select_from(sign.holders.limit(_FEW + 1).subquery()) for sign in signs)
    [found] = await answered(session, selected(*(count.scalar_subquery() for count in counts)))
    return frozenset(sign.name for sign, count in zip(signs, found, strict=True) if count > _FEW)


def narrowed(
    rows: SelectOfScalar[Title], wanted: TitleFilter, *, sqlite: bool, many: Collection[str] = ()
) -> SelectOfScalar[Title]:
    """The rows that are wanted. `many` is what of it is `common`: each title is asked for that."""
    gone = col(Title.deleted_at)
    conditions: list[ColumnElement[bool]] = [gone.is_not(None) if wanted.deleted else gone.is_(None)]
    for name, one in _ONE_OF.items():
        if values := getattr(wanted, name):
            conditions.append(one(values))
    conditions += [~_is_tagged(same(name)) for name in wanted.without_tag]
    for sign in _signs(wanted, sqlite=sqlite):
        conditions.append(sign.is_held if sign.name in many else col(Title.id).in_(sign.holders))
    for name, bounded in _WHERE_SAID.items():
        if (value := getattr(wanted, name)) is not None:
            conditions.append(bounded(value))
    return rows.where(*conditions)


def _signs(wanted: TitleFilter, *, sqlite: bool) -> list[_Sign]:
    found = [_tag(same(name)) for name in wanted.tag]
    if wanted.genre:
        found.append(_genre([same(name) for name in wanted.genre]))
    if wanted.language:
        found.append(_sign("language", TitleLanguage, col(TitleLanguage.language).in_(wanted.language)))
    if wanted.country:
        found.append(_sign("country", TitleCountry, col(TitleCountry.country).in_(wanted.country)))
    if wanted.q is not None:
        found.append(_words(wanted.q, sqlite=sqlite))
    return found


def _sign(name: str, of: Any, fits: ColumnElement[bool]) -> _Sign:  # noqa: ANN401 — a table of what hangs on titles
    """A sign that is a row beside a title."""
    holders = selected(of.title_id).where(fits)
    return _Sign(name, holders, exists().where(col(of.title_id) == col(Title.id), fits).correlate(Title))


def _tag(folded: str) -> _Sign:
    named = selected(col(Tag.id)).where(col(Tag.folded) == folded)
    return _sign(f"tag {folded}", TitleTag, col(TitleTag.tag_id).in_(named))


def _is_tagged(folded: str) -> ColumnElement[bool]:
    return _tag(folded).is_held


def _genre(folded: list[str]) -> _Sign:
    named = selected(col(Genre.id)).where(col(Genre.folded).in_(folded))
    return _sign("genre", TitleGenre, col(TitleGenre.genre_id).in_(named))


def _words(typed: str, *, sqlite: bool) -> _Sign:
    inside = holders(typed, sqlite=sqlite)
    # what PostgreSQL cannot turn into a join it asks once, and then each title for its place in that
    each = is_held(typed, col(Title.id)) if sqlite else col(Title.id).in_(inside).is_(true())
    return _Sign("q", inside, each)


def _named(elsewhere: str) -> ColumnElement[bool]:
    scheme, _, value = elsewhere.partition(":")
    rows = select(TitleElsewhere.title_id).where(TitleElsewhere.scheme == scheme, TitleElsewhere.value == value)
    return col(Title.id).in_(rows)


def _packaged(wanted: bool) -> ColumnElement[bool]:  # noqa: FBT001 — the value of a filter
    there = exists().where(col(Asset.title_id) == col(Title.id), col(Asset.state).not_in(("gone", "deleted")))
    return there if wanted else ~there


def _beneath(wanted: bool) -> ColumnElement[bool]:  # noqa: FBT001 — the value of a filter
    return col(Title.parent_id).is_not(None) if wanted else col(Title.parent_id).is_(None)


# those of which an index knows go by another index, that of the order: a database that has not counted takes the first
_ONE_OF: Final[dict[str, Callable[[Any], ColumnElement[bool]]]] = {
    "kind": lambda some: bare(Title.kind).in_(some),
    "state": lambda some: col(Title.state).in_(some),
    "age_rating": lambda some: func.lower(col(Title.age_rating)).in_([one.lower() for one in some]),
}
_WHERE_SAID: Final[dict[str, Callable[[Any], ColumnElement[bool]]]] = {
    "year_from": lambda year: bare(Title.year) >= year,
    "year_to": lambda year: bare(Title.year).between(1, year),
    "score_from": lambda score: bare(Title.score) >= round(score * 100),
    "featured": lambda featured: col(Title.featured) == featured,
    "access": lambda access: col(Title.access) == access,
    "parent": lambda parent: col(Title.parent_id) == parent,
    "external_id": _named,
    "story": lambda story: col(Title.story) == story,
    "has_asset": _packaged,
    "has_parent": _beneath,
}
