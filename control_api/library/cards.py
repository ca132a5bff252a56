"""Titles as cards: what fits beneath a picture, of many at once.

Law: how many queries it takes does not depend on how many titles there are, and they read no more than cards show.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field
from sqlalchemy import and_, case, func
from sqlalchemy import select as selected
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from control_api.instants import Instant, Millis
from control_api.library.fitting import ANYBODY, Fit, fits
from control_api.library.flags import UNRATED, Flags, Ratings
from control_api.library.kinds import TitleState
from control_api.library.shown import ArtworkShown, pictured
from control_api.models import Shown
from control_api.tables import Artwork, Asset, Genre, RatingSum, Title, TitleGenre, TitleText

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement
    from sqlmodel.ext.asyncio.session import AsyncSession

_AT_ONCE: Final = 500
_HUNDREDTHS: Final = 100


class TitleCard(Shown):
    """A title in short, in the language of who asks as far as there is one."""

    id: str
    kind: str
    name: str
    summary: str
    series: str = Field(description="Of an episode or a season: what its series is called; empty for others.")
    series_id: str | None = Field(description="Of an episode or a season: its series, as far as one may know of it.")
    season_id: str | None = Field(description="Of an episode: its season, as far as one may know of it.")
    season: int | None = Field(description="Of an episode: the number of its season.")
    number: int | None = Field(description="Its place in what it is a part of.")
    year: int | None
    released: str
    opens_at: Instant | None = Field(description="From when on it may be shown; null: ever since.")
    age_rating: str
    access: str = Field(description="`free`, or `premium`: for whom has a plan that includes it.")
    is_locked: bool = Field(default=False, description="Whether it is premium, and the plan of who asks has it not.")
    featured: bool
    duration_ms: Millis | None = Field(description="How long its longest asset plays; null: it has none.")
    score: float | None = Field(description="What audiences think, from 0 to 10; null: nobody said.")
    ratings: Ratings
    genres: list[str]
    artwork: list[ArtworkShown]
    mine: Flags | None = Field(default=None, description="What it is to the profile that asks; null for who has none.")


_COLUMNS: Final = (
    "id", "kind", "name", "summary", "number", "year", "released", "opens_at", "age_rating", "access", "featured",
    "score",
)  # fmt: skip


async def carded(
    session: AsyncSession, titles: Iterable[str], language: str, public_url: str, fit: Fit = ANYBODY
) -> dict[str, TitleCard]:
    """The cards of these titles, by id; in five queries, and one more for a language.

    A series that is not published, or not `fit`, is not named.
    """
    ids = list(dict.fromkeys(titles))
    found: dict[str, TitleCard] = {}
    for start in range(0, len(ids), _AT_ONCE):
        found |= await _carded(session, await _rows(session, ids[start : start + _AT_ONCE], fit), language, public_url)
    return found


async def _carded(session: AsyncSession, rows: Sequence[Any], language: str, public_url: str) -> dict[str, TitleCard]:
    ids = [row.id for row in rows]
    texts = await _texts(session, [*ids, *(row.series_id for row in rows if row.series_id)], language)
    genres, artwork = await _genres(session, ids), await _artwork(session, ids, public_url)
    lengths = await _pairs(
        session,
        selected(col(Asset.title_id), func.max(col(Asset.duration_ms)))
        .where(col(Asset.title_id).in_(ids), col(Asset.state).not_in(("gone", "deleted")))
        .group_by(col(Asset.title_id)),
    )
    sums = selected(col(RatingSum.title_id), col(RatingSum.ratings), col(RatingSum.total))
    sums = sums.where(col(RatingSum.title_id).in_(ids), col(RatingSum.ratings) > 0)
    rated = {
        title: Ratings(average=round(total / count, 2), count=count)
        for title, count, total in (await (await session.connection()).execute(sums)).all()
    }
    return {
        row.id: TitleCard(
            **{name: getattr(row, name) for name in _COLUMNS if name not in ("name", "summary", "year", "score")},
            name=texts.get(row.id, ("", ""))[0] or row.name,
            summary=texts.get(row.id, ("", ""))[1] or row.summary,
            series=texts.get(row.series_id or "", ("", ""))[0] or row.series or "",
            series_id=row.series_id,
            season_id=row.season_id,
            season=row.season,
            year=row.year or None,
            score=row.score / _HUNDREDTHS if row.score >= 0 else None,
            duration_ms=lengths.get(row.id),
            ratings=rated.get(row.id, UNRATED),
            genres=genres.get(row.id, []),
            artwork=artwork.get(row.id, []),
        )
        for row in rows
    }


async def _rows(session: AsyncSession, ids: list[str], fit: Fit) -> Sequence[Any]:
    """What the rows say, and the season and the series above them as far as the audience may know these."""
    parent, series = aliased(Title), aliased(Title)
    above = func.coalesce(parent.parent_id, parent.id)

    def seen(of: Any, kind: str) -> ColumnElement[bool]:  # noqa: ANN401 — an alias of Title
        there = col(of.state) == TitleState.PUBLISHED.value, col(of.deleted_at).is_(None), *fits(fit, of)
        return and_(col(of.kind) == kind, *there)

    is_season = seen(parent, "season")
    columns: list[Any] = [
        *(getattr(Title, name) for name in _COLUMNS),
        col(series.id).label("series_id"), col(series.name).label("series"),
        case((is_season, col(parent.id))).label("season_id"), case((is_season, col(parent.number))).label("season"),
    ]  # fmt: skip
    statement = (
        selected(*columns)
        .select_from(Title)
        .outerjoin(parent, and_(col(parent.id) == col(Title.parent_id), col(Title.kind) != "trailer"))
        .outerjoin(series, and_(col(series.id) == above, seen(series, "series")))
        .where(col(Title.id).in_(ids))
    )
    return (await (await session.connection()).execute(statement)).all()


async def _texts(session: AsyncSession, ids: list[str], language: str) -> dict[str, tuple[str, str]]:
    """Name and summary in this language: just it, or else the same without its region."""
    if not language:
        return {}
    tags = list(dict.fromkeys((language, language.partition("-")[0])))
    rows = select(TitleText).where(col(TitleText.title_id).in_(ids), col(TitleText.language).in_(tags))
    found = sorted((await session.exec(rows)).all(), key=lambda text: -tags.index(text.language))
    return {text.title_id: (text.name, text.summary) for text in found}


async def _genres(session: AsyncSession, ids: list[str]) -> dict[str, list[str]]:
    rows = (
        selected(col(TitleGenre.title_id), col(Genre.name))
        .join(Genre, col(Genre.id) == TitleGenre.genre_id)
        .where(col(TitleGenre.title_id).in_(ids))
        .order_by(col(TitleGenre.title_id), col(TitleGenre.position), col(Genre.folded))
    )
    found: dict[str, list[str]] = defaultdict(list)
    for title, name in (await (await session.connection()).execute(rows)).all():
        found[title].append(name)
    return found


async def _artwork(session: AsyncSession, ids: list[str], public_url: str) -> dict[str, list[ArtworkShown]]:
    rows = select(Artwork).where(col(Artwork.title_id).in_(ids)).order_by(col(Artwork.shape), col(Artwork.language))
    found: dict[str, list[ArtworkShown]] = defaultdict(list)
    for picture in (await session.exec(rows)).all():
        found[picture.title_id or ""].append(pictured(picture, public_url))
    return found


async def _pairs(session: AsyncSession, statement: Any) -> dict[str, Any]:  # noqa: ANN401 — a statement of SQLAlchemy
    found: dict[str, Any] = dict((await (await session.connection()).execute(statement)).all())
    return found
