"""What hangs on titles, read for many of them at once.

Law: how many queries it takes does not depend on how many titles there are.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlmodel import col, select

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

    from sqlmodel.ext.asyncio.session import AsyncSession

_AT_ONCE: Final = 500
"""Titles in one query; databases have limits."""


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
    texts: dict[str, TitleText] = field(default_factory=dict)
    artwork: list[Artwork] = field(default_factory=list)
    assets: list[Asset] = field(default_factory=list)
    is_locked: bool = False
    """Whether the plan of who asks does not include it."""
    above_genres: list[str] = field(default_factory=list)
    """The genres of the nearest title above it that has any."""
    ratings: Ratings = UNRATED
    mine: Flags | None = None
    """What it is to the profile that asks; whoever knows that sets it."""


async def hung(session: AsyncSession, titles: Sequence[Title]) -> dict[str, Hung]:
    """What hangs on each of these titles, by their ids."""
    found = {title.id: Hung() for title in titles}
    for some in _portions(titles):
        await _above(session, some, found)
        own = [title.id for title in some]
        await _named(session, own, found)
        await _listed(session, own, found)
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


async def _above(session: AsyncSession, titles: Sequence[Title], found: dict[str, Hung]) -> None:
    """Two steps upwards, and the genres there."""
    wanted = {title.parent_id for title in titles if title.parent_id is not None}
    if not wanted:
        return
    rows = select(Title, PARENT).outerjoin(PARENT, col(PARENT.id) == Title.parent_id).where(col(Title.id).in_(wanted))
    above = {parent.id: Above(parent, grand) for parent, grand in (await session.exec(rows)).all()}
    ids = [one.id for pair in above.values() for one in pair if one is not None]
    genres = await _genres(session, ids)
    for title in titles:
        if title.parent_id is not None:
            pair = found[title.id].above = above.get(title.parent_id, Above())
            levels = (genres.get(one.id, []) for one in pair if one is not None)
            found[title.id].above_genres = next((names for names in levels if names), [])


async def _named(session: AsyncSession, ids: list[str], found: dict[str, Hung]) -> None:
    """Genres and tags."""
    for title, names in (await _genres(session, ids)).items():
        found[title].genres = names
    tags = (
        select(TitleTag.title_id, Tag.name)
        .join(Tag, col(Tag.id) == TitleTag.tag_id)
        .where(col(TitleTag.title_id).in_(ids))
        .order_by(col(TitleTag.title_id), col(Tag.folded))
    )
    for title, name in (await session.exec(tags)).all():
        found[title].tags.append(name)


async def _genres(session: AsyncSession, ids: list[str]) -> dict[str, list[str]]:
    rows = (
        select(TitleGenre.title_id, Genre.name)
        .join(Genre, col(Genre.id) == TitleGenre.genre_id)
        .where(col(TitleGenre.title_id).in_(ids))
        .order_by(col(TitleGenre.title_id), col(TitleGenre.position), col(Genre.folded))
    )
    found: dict[str, list[str]] = defaultdict(list)
    for title, name in (await session.exec(rows)).all():
        found[title].append(name)
    return found


async def _listed(session: AsyncSession, ids: list[str], found: dict[str, Hung]) -> None:
    """Everything that has rows of its own."""
    languages = select(TitleLanguage).where(col(TitleLanguage.title_id).in_(ids)).order_by(col(TitleLanguage.language))
    for spoken in (await session.exec(languages)).all():
        found[spoken.title_id].languages.append(spoken.language)
    countries = select(TitleCountry).where(col(TitleCountry.title_id).in_(ids)).order_by(col(TitleCountry.country))
    for origin in (await session.exec(countries)).all():
        found[origin.title_id].countries.append(origin.country)
    elsewhere = (
        select(TitleElsewhere)
        .where(col(TitleElsewhere.title_id).in_(ids))
        .order_by(col(TitleElsewhere.scheme), col(TitleElsewhere.value))
    )
    for named in (await session.exec(elsewhere)).all():
        found[named.title_id].ids.append(f"{named.scheme}:{named.value}")
    for words in (await session.exec(select(TitleText).where(col(TitleText.title_id).in_(ids)))).all():
        found[words.title_id].texts[words.language] = words
    pictures = select(Artwork).where(col(Artwork.title_id).in_(ids)).order_by(col(Artwork.shape), col(Artwork.language))
    for picture in (await session.exec(pictures)).all():
        found[picture.title_id or ""].artwork.append(picture)
    sums = select(RatingSum.title_id, RatingSum.ratings, RatingSum.total).where(
        col(RatingSum.title_id).in_(ids), col(RatingSum.ratings) > 0
    )
    for title, ratings, total in (await session.exec(sums)).all():
        found[title].ratings = Ratings(average=round(total / ratings, 2), count=ratings)
    assets = select(Asset).where(col(Asset.title_id).in_(ids)).order_by(col(Asset.added_at), col(Asset.id))
    for asset in (await session.exec(assets)).all():
        found[asset.title_id].assets.append(asset)


def _portions(whole: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(whole), _AT_ONCE):
        yield whole[start : start + _AT_ONCE]
