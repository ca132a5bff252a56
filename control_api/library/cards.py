"""Titles as cards: what fits beneath a picture, of many at once.

Law: how many queries it takes does not depend on how many titles there are, and they read no more than cards show.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field
from sqlalchemy import and_, case, func
from sqlalchemy import select as selected
from sqlmodel import col

from control_api.among import one_of
from control_api.database import answered
from control_api.instants import Instant, Millis
from control_api.library.fitting import ANYBODY, Fit, fits
from control_api.library.flags import UNRATED, Flags, Ratings
from control_api.library.kinds import TitleState
from control_api.library.shown import ArtworkShown, pictured
from control_api.models import Shown
from control_api.tables import Artwork, Asset, Genre, RatingSum, Title, TitleGenre, TitleText
from control_api.tables.kin import GRANDPARENT, PARENT

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
_SAME: Final = (
    *(name for name in _COLUMNS if name not in ("name", "summary", "year", "score")),
    "series_id", "season_id", "season", "duration_ms",
)  # fmt: skip
_UNTOLD: Final = ("", "")
_LENGTH: Final = (
    selected(func.max(col(Asset.duration_ms)))
    .where(col(Asset.title_id) == col(Title.id), col(Asset.state).not_in(("gone", "deleted")))
    .correlate(Title)
    .scalar_subquery()
)
_TEXTS: Final = selected(
    col(TitleText.title_id), col(TitleText.language), col(TitleText.name), col(TitleText.summary)
).where(one_of(col(TitleText.title_id), "ids"), one_of(col(TitleText.language), "tags"))
_GENRES: Final = (
    selected(col(TitleGenre.title_id), col(Genre.name))
    .join(Genre, col(Genre.id) == TitleGenre.genre_id)
    .where(one_of(col(TitleGenre.title_id), "ids"))
    .order_by(col(TitleGenre.title_id), col(TitleGenre.position), col(Genre.folded))
)
_ARTWORK: Final = (
    selected(
        col(Artwork.title_id), col(Artwork.digest),
        *(getattr(Artwork, name) for name in ArtworkShown.model_fields if name != "url"),
    )
    .where(one_of(col(Artwork.title_id), "ids"))
    .order_by(col(Artwork.shape), col(Artwork.language))
)  # fmt: skip


async def carded(
    session: AsyncSession, titles: Iterable[str], language: str, public_url: str, fit: Fit = ANYBODY
) -> dict[str, TitleCard]:
    """The cards of these titles, by id; in three queries, and one more for a language.

    A series that is not published, or not `fit`, is not named.
    """
    ids = list(dict.fromkeys(titles))
    found: dict[str, TitleCard] = {}
    for start in range(0, len(ids), _AT_ONCE):
        rows = await answered(session, _rows(fit), ids=ids[start : start + _AT_ONCE])
        found |= await _carded(session, rows, language, public_url)
    return found


async def _carded(session: AsyncSession, rows: Sequence[Any], language: str, public_url: str) -> dict[str, TitleCard]:
    ids = [row.id for row in rows]
    texts = await _texts(session, [*ids, *(row.series_id for row in rows if row.series_id)], language)
    genres, artwork = await _genres(session, ids), await _artwork(session, ids, public_url)
    return {
        row.id: TitleCard(
            **{name: getattr(row, name) for name in _SAME},
            name=texts.get(row.id, _UNTOLD)[0] or row.name,
            summary=texts.get(row.id, _UNTOLD)[1] or row.summary,
            series=texts.get(row.series_id or "", _UNTOLD)[0] or row.series or "",
            year=row.year or None,
            score=row.score / _HUNDREDTHS if row.score >= 0 else None,
            ratings=Ratings(average=round(row.total / row.ratings, 2), count=row.ratings) if row.ratings else UNRATED,
            genres=genres.get(row.id, []),
            artwork=artwork.get(row.id, []),
        )
        for row in rows
    }


@lru_cache(maxsize=200)
def _rows(fit: Fit) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    """What the rows say, and the season and the series above them as far as the audience may know these."""
    above = func.coalesce(PARENT.parent_id, PARENT.id)

    def seen(of: Any, kind: str) -> ColumnElement[bool]:  # noqa: ANN401 — an alias of Title
        there = col(of.state) == TitleState.PUBLISHED.value, col(of.deleted_at).is_(None), *fits(fit, of)
        return and_(col(of.kind) == kind, *there)

    is_season = seen(PARENT, "season")
    columns: list[Any] = [
        *(getattr(Title, name) for name in _COLUMNS),
        col(GRANDPARENT.id).label("series_id"), col(GRANDPARENT.name).label("series"),
        case((is_season, col(PARENT.id))).label("season_id"), case((is_season, col(PARENT.number))).label("season"),
        _LENGTH.label("duration_ms"), col(RatingSum.ratings), col(RatingSum.total),
    ]  # fmt: skip
    return (
        selected(*columns)
        .select_from(Title)
        .outerjoin(PARENT, and_(col(PARENT.id) == col(Title.parent_id), col(Title.kind) != "trailer"))
        .outerjoin(GRANDPARENT, and_(col(GRANDPARENT.id) == above, seen(GRANDPARENT, "series")))
        .outerjoin(RatingSum, col(RatingSum.title_id) == col(Title.id))
        .where(one_of(col(Title.id), "ids"))
    )


async def _texts(session: AsyncSession, ids: list[str], language: str) -> dict[str, tuple[str, str]]:
    """Name and summary in this language: just it, or else the same without its region."""
    if not language:
        return {}
    tags = list(dict.fromkeys((language, language.partition("-")[0])))
    rows = await answered(session, _TEXTS, ids=ids, tags=tags)
    found = sorted(rows, key=lambda text: -tags.index(text.language))
    return {text.title_id: (text.name, text.summary) for text in found}


async def _genres(session: AsyncSession, ids: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for title, name in await answered(session, _GENRES, ids=ids):
        found[title].append(name)
    return found


async def _artwork(session: AsyncSession, ids: list[str], public_url: str) -> dict[str, list[ArtworkShown]]:
    found: dict[str, list[ArtworkShown]] = defaultdict(list)
    for picture in await answered(session, _ARTWORK, ids=ids):
        found[picture.title_id].append(pictured(picture, public_url))
    return found
