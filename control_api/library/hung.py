"""What hangs on titles, read for many of them at once.

Law: how many queries it takes does not depend on how many titles there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import BigInteger, String, cast, literal_column, null, union_all
from sqlalchemy import select as selected
from sqlmodel import col, select

from control_api.among import one_of
from control_api.columns import UtcInstant
from control_api.database import answered
from control_api.library.facts import TextGiven
from control_api.library.flags import UNRATED, Flags, Ratings
from control_api.tables import (
    Artwork,
    Asset,
    Credit,
    Genre,
    Person,
    RatingSum,
    Tag,
    Title,
    TitleCountry,
    TitleElsewhere,
    TitleGenre,
    TitleLanguage,
    TitleTag,
    TitleText,
)
from control_api.tables.kin import PARENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Select, SQLColumnExpression
    from sqlmodel.ext.asyncio.session import AsyncSession

_AT_ONCE: Final = 500
"""Titles in one query; databases have limits."""


class Picture(NamedTuple):
    """What is shown of a picture; see `control_api.tables.Artwork`."""

    id: str
    shape: str
    language: str
    digest: str
    media_type: str
    width: int
    height: int
    size: int
    origin: str
    source: str
    created_at: datetime


class Packaged(NamedTuple):
    """What is shown of an asset; see `control_api.tables.Asset`."""

    id: str
    house: str
    state: str
    duration_ms: int
    added_at: datetime


class Above(NamedTuple):
    """What a title is a part of."""

    parent: Title | None = None
    grandparent: Title | None = None

    @property
    def series(self) -> Title | None:
        """The series, however far above."""
        return next((one for one in (self.parent, self.grandparent) if one is not None and one.kind == "series"), None)

    @property
    def season(self) -> Title | None:
        """The season."""
        return self.parent if self.parent is not None and self.parent.kind == "season" else None


@dataclass(slots=True)
class Hung:
    """What hangs on one title."""

    above: Above = field(default_factory=Above)
    genres: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    countries: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    texts: dict[str, TextGiven] = field(default_factory=dict)
    artwork: list[Picture] = field(default_factory=list)
    assets: list[Packaged] = field(default_factory=list)
    is_locked: bool = False
    """Whether the plan of who asks does not include it."""
    above_genres: list[str] = field(default_factory=list)
    """The genres of the nearest title above it that has any."""
    ratings: Ratings = UNRATED
    mine: Flags | None = None
    """What it is to the profile that asks; whoever knows that sets it."""


async def hung(session: AsyncSession, titles: Sequence[Title]) -> dict[str, Hung]:
    """What hangs on each of these titles, by their ids: one query, and one more where any is a part of something."""
    found = {title.id: Hung() for title in titles}
    if session.autoflush:
        await session.flush()
    for some in _portions(titles):
        above = await _above(session, some, found)
        own = [title.id for title in some]
        parts: dict[str, list[Any]] = defaultdict(list)
        for row in await answered(session, _HANGING, own=own, genred=[*own, *above]):
            parts[row.what].append(row)
        _genres(some, parts["genre"], found)
        for kind in _KINDS:
            for row in sorted(parts[kind.what], key=kind.order):
                kind.take(found[row.title_id], row)
    return found


async def people_of(session: AsyncSession, titles: Iterable[str]) -> dict[str, list[str]]:
    """The names of those who are credited, by title."""
    found: dict[str, list[str]] = defaultdict(list)
    for some in _portions(list(titles)):
        rows = (
            select(Credit.title_id, Person.name)
            .join(Person, col(Person.id) == Credit.person_id)
            .where(col(Credit.title_id).in_(some))
            .order_by(col(Credit.title_id), col(Credit.position))
        )
        for title, name in (await session.exec(rows)).all():
            found[title].append(name)
    return found


_ABOVE: Final = (
    select(Title, PARENT).outerjoin(PARENT, col(PARENT.id) == Title.parent_id).where(one_of(col(Title.id), "wanted"))
)


async def _above(session: AsyncSession, titles: Sequence[Title], found: dict[str, Hung]) -> list[str]:
    """Two steps upwards; the ids of what is there."""
    wanted = {title.parent_id for title in titles if title.parent_id is not None}
    if not wanted:
        return []
    rows = (await session.exec(_ABOVE, params={"wanted": list(wanted)})).all()
    above = {parent.id: Above(parent, grand) for parent, grand in rows}
    for title in titles:
        if title.parent_id is not None:
            found[title.id].above = above.get(title.parent_id, Above())
    return list({one.id for pair in above.values() for one in pair if one is not None})


def _genres(titles: Sequence[Title], rows: Sequence[Any], found: dict[str, Hung]) -> None:
    """Those of the titles, and of what is above them."""
    named: dict[str, list[str]] = defaultdict(list)
    for row in sorted(rows, key=attrgetter("n1", "t1")):
        named[row.title_id].append(row.t2)
    for title in titles:
        there = found[title.id]
        there.genres = named.get(title.id, [])
        levels = (named.get(one.id, []) for one in there.above if one is not None)
        there.above_genres = next((names for names in levels if names), [])


_TEXTS: Final = ("t1", "t2", "t3", "t4", "t5", "t6", "t7")
_NUMBERS: Final = ("n1", "n2", "n3")
_NO_INSTANT: Final = cast(null(), UtcInstant)


def _part(
    what: str,
    title: SQLColumnExpression[Any],
    texts: Sequence[SQLColumnExpression[Any]],
    numbers: Sequence[SQLColumnExpression[Any]] = (),
    at: SQLColumnExpression[Any] = _NO_INSTANT,
) -> Select[Any]:
    """The rows of one kind of what hangs on titles, in columns that all kinds have."""
    no_texts = [cast(null(), String)] * (len(_TEXTS) - len(texts))
    no_numbers = [cast(null(), BigInteger)] * (len(_NUMBERS) - len(numbers))
    columns = zip((*texts, *no_texts, *numbers, *no_numbers, at), (*_TEXTS, *_NUMBERS, "at"), strict=True)
    said = literal_column(f"'{what}'", String)  # it is one of ours
    rows: Any = selected(said.label("what"), title.label("title_id"), *(one.label(name) for one, name in columns))
    part: Select[Any] = rows.where(one_of(title, "genred" if what == "genre" else "own"))
    return part


_HANGING: Final = union_all(
    _part("genre", col(TitleGenre.title_id), (col(Genre.folded), col(Genre.name)), (col(TitleGenre.position),))
    .join_from(TitleGenre, Genre, col(Genre.id) == TitleGenre.genre_id),
    _part("tag", col(TitleTag.title_id), (col(Tag.folded), col(Tag.name)))
    .join_from(TitleTag, Tag, col(Tag.id) == TitleTag.tag_id),
    _part("language", col(TitleLanguage.title_id), (col(TitleLanguage.language),)),
    _part("country", col(TitleCountry.title_id), (col(TitleCountry.country),)),
    _part("elsewhere", col(TitleElsewhere.title_id), (col(TitleElsewhere.scheme), col(TitleElsewhere.value))),
    _part(
        "text",
        col(TitleText.title_id),
        (col(TitleText.language), col(TitleText.name), col(TitleText.summary), col(TitleText.description)),
    ),
    _part("rating", col(RatingSum.title_id), (), (col(RatingSum.ratings), col(RatingSum.total)))
    .where(col(RatingSum.ratings) > 0),
    _part(
        "picture",
        col(Artwork.title_id),
        (
            col(Artwork.shape), col(Artwork.language), col(Artwork.id), col(Artwork.digest), col(Artwork.media_type),
            col(Artwork.origin), col(Artwork.source),
        ),
        (col(Artwork.width), col(Artwork.height), col(Artwork.size)),
        col(Artwork.created_at),
    ),
    _part(
        "asset",
        col(Asset.title_id),
        (col(Asset.id), col(Asset.house), col(Asset.state)),
        (col(Asset.duration_ms),),
        col(Asset.added_at),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is done with the rows of one kind."""

    what: str
    order: Callable[[Any], Any]
    take: Callable[[Hung, Any], Any]


def _speak(there: Hung, row: Any) -> None:  # noqa: ANN401 — a row
    there.texts[row.t1] = TextGiven(name=row.t2, summary=row.t3, description=row.t4)


def _rate(there: Hung, row: Any) -> None:  # noqa: ANN401 — a row
    there.ratings = Ratings(average=round(row.n2 / row.n1, 2), count=row.n1)


def _picture(row: Any) -> Picture:  # noqa: ANN401 — a row
    return Picture(row.t3, row.t1, row.t2, row.t4, row.t5, row.n1, row.n2, row.n3, row.t6, row.t7, row.at)


_KINDS: Final = (
    _Kind("tag", attrgetter("t1"), lambda there, row: there.tags.append(row.t2)),
    _Kind("language", attrgetter("t1"), lambda there, row: there.languages.append(row.t1)),
    _Kind("country", attrgetter("t1"), lambda there, row: there.countries.append(row.t1)),
    _Kind("elsewhere", attrgetter("t1", "t2"), lambda there, row: there.ids.append(f"{row.t1}:{row.t2}")),
    _Kind("text", attrgetter("t1"), _speak),
    _Kind("rating", attrgetter("title_id"), _rate),
    _Kind("picture", attrgetter("t1", "t2"), lambda there, row: there.artwork.append(_picture(row))),
    _Kind(
        "asset",
        attrgetter("at", "t1"),
        lambda there, row: there.assets.append(Packaged(row.t1, row.t2, row.t3, row.n1, row.at)),
    ),
)


def _portions(whole: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(whole), _AT_ONCE):
        yield whole[start : start + _AT_ONCE]
