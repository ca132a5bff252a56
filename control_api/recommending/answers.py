"""What is answered to who wants suggestions: read from the newest version, in as many queries for few as for many.

Law: nothing is suggested that is not published, not permitted to the viewer, or whose rights have not begun or have
ended, and nothing that they have seen to the end unless they ask for it. All of one answer is of one version. Where
there is none yet, what can be told without one is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy
from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from control_api.library.folding import same
from control_api.library.kinds import TitleState
from control_api.library.opening import is_open_now
from control_api.profiles import limits
from control_api.recommending import unbuilt
from control_api.recommending.history import GENRES, said_by
from control_api.recommending.packed import unpacked
from control_api.recommending.ranking import Candidate, Taste, chosen, suited, tastes
from control_api.recommending.suggestions import SUGGESTED, Reason, Suggestion, Why
from control_api.tables import (
    Genre,
    Profile,
    Rated,
    RecommendationBuild,
    RecommendationWork,
    Title,
    TitleGenre,
    Watched,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from control_api.callers import Viewer

MOST: Final = 50
"""Suggestions of one answer."""
_READ: Final = "recommendations_read"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What all questions for one answer have in common."""

    session: AsyncSession
    number: int | None
    """Of the version that is read; None: there is none."""
    wanted: tuple[ColumnElement[bool], ...]
    """What titles must be, so that they may be suggested."""

    def narrowed(self, *more: ColumnElement[bool]) -> _Asked:
        """The same for fewer titles."""
        return replace(self, wanted=(*self.wanted, *more))


async def trending(
    session: AsyncSession, viewer: Viewer | None, now: datetime, *, limit: int = 20, genre: str = "", seen: bool = False
) -> list[Suggestion]:
    """What is watched now: each day's viewers count less than the next day's. `genre` is a name or an id."""
    asked = await _asked(session, viewer, now, genre, seen=seen)
    if asked.number is None:
        return await unbuilt.trending(session, asked.wanted, now, limit)
    some = asked.narrowed(col(RecommendationWork.trending) > 0)
    rows = await _rows(some, RecommendationWork.trending, limit)
    return [Suggestion(one.title_id, Reason(Why.TRENDING), one.trending) for one in rows]


async def popular(
    session: AsyncSession, viewer: Viewer | None, now: datetime, *, limit: int = 20, genre: str = "", seen: bool = False
) -> list[Suggestion]:
    """What is watched much and rated well. `genre` is a name or an id."""
    asked = await _asked(session, viewer, now, genre, seen=seen)
    reason = Reason(Why.POPULAR_IN_GENRE, genre_id=await _genre(session, genre)) if genre else Reason(Why.POPULAR)
    return await _most(asked, reason, limit)


async def similar(
    session: AsyncSession, viewer: Viewer | None, title: str, now: datetime, *, limit: int = 20, seen: bool = False
) -> list[Suggestion]:
    """What is like a title, the nearest first. One that no version knows is like those of its genres."""
    asked = await _asked(session, viewer, now, seen=seen)
    root = (await unbuilt.roots(session, [title])).get(title, title)
    kept = (await _similar(asked, [root])).get(root)
    if kept is None:
        return await unbuilt.alike(session, asked.wanted, root, limit)
    near = dict(unpacked(kept))
    found = sorted((-near[one.place], one.title_id) for one in await _at(asked, list(near)))
    return [Suggestion(name, Reason(Why.SIMILAR, title_id=title), -score) for score, name in found[:limit]]


async def personalized(
    session: AsyncSession, viewer: Viewer | None, now: datetime, *, limit: int = 20, genre: str = ""
) -> list[Suggestion]:
    """What suits a profile by what it has seen, rated and liked. Nothing that it has begun.

    Who has done nothing yet is suggested what is popular in the genres that they like, and then what is popular.
    """
    if viewer is None:
        return await popular(session, viewer, now, limit=limit, genre=genre)
    asked = (await _asked(session, viewer, now, genre, seen=True)).narrowed(*_unknown_to(viewer.id))
    found = await _suited(asked, tastes(await said_by(session, viewer, now), now), limit)
    if len(found) < limit:
        found += await _beginning(asked, viewer, limit, {one.title_id for one in found})
    return found[:limit]


async def _asked(session: AsyncSession, viewer: Viewer | None, now: datetime, genre: str = "", *, seen: bool) -> _Asked:
    return _Asked(session, await _version(session), (*_wanted(viewer, now, seen=seen), *_of(genre)))


async def _version(session: AsyncSession) -> int | None:
    """The number of the version that is read: asked for once in a session, so that all its answers are of one."""
    if _READ not in session.info:
        built = select(func.max(RecommendationBuild.number)).where(col(RecommendationBuild.built_at).is_not(None))
        session.info[_READ] = (await session.exec(built)).one()
    number: int | None = session.info[_READ]
    return number


async def _suited(asked: _Asked, likes: Sequence[Taste], limit: int) -> list[Suggestion]:
    """What is like what the profile likes."""
    kept = await _similar(asked, [one.title_id for one in likes])
    places = suited(likes, {name: unpacked(near) for name, near in kept.items()})
    rows = await _at(asked, list(places))
    return chosen((Candidate(one.title_id, places[one.place], one.popular, one.genre_id) for one in rows), limit)


async def _beginning(asked: _Asked, viewer: Viewer, limit: int, but: set[str]) -> list[Suggestion]:
    """What is suggested besides: what is popular in genres that the profile likes, then what is popular."""
    said = await asked.session.exec(select(Profile.genres_liked).where(Profile.id == viewer.id))
    liked = (said.first() or [])[:GENRES]
    found: list[Suggestion] = []
    if liked:
        of = exists().where(col(TitleGenre.title_id) == col(Title.id), col(TitleGenre.genre_id).in_(liked))
        found = await _most(asked.narrowed(of), Reason(Why.LIKED_GENRE), limit + len(but))
        found = await _with_genres(asked.session, found, liked)
    found += await _most(asked, Reason(Why.POPULAR), limit + len(but) + len(found))
    once = {one.title_id: one for one in reversed(found) if one.title_id not in but}
    return [one for one in found if once.get(one.title_id) is one]


async def _most(asked: _Asked, reason: Reason, limit: int) -> list[Suggestion]:
    """What is most popular."""
    if asked.number is None:
        return await unbuilt.popular(asked.session, asked.wanted, reason, limit)
    rows = await _rows(asked, RecommendationWork.popular, limit)
    return [Suggestion(one.title_id, reason, one.popular) for one in rows]


async def _with_genres(session: AsyncSession, found: list[Suggestion], liked: Sequence[str]) -> list[Suggestion]:
    """The same, each with the liked genre that it is of: the first that was named."""
    titles = [one.title_id for one in found]
    rows = select(TitleGenre.title_id, TitleGenre.genre_id).where(
        col(TitleGenre.title_id).in_(titles), col(TitleGenre.genre_id).in_(liked)
    )
    places = {genre: place for place, genre in enumerate(liked)}
    of: dict[str, str] = {}
    for title, genre in (await session.exec(rows)).all():
        if title not in of or places[genre] < places[of[title]]:
            of[title] = genre
    return [replace(one, reason=Reason(Why.LIKED_GENRE, genre_id=of.get(one.title_id))) for one in found]


def _wanted(viewer: Viewer | None, now: datetime, *, seen: bool) -> list[ColumnElement[bool]]:
    """Conditions on titles that may be suggested to this viewer."""
    found: list[ColumnElement[bool]] = [
        col(Title.state) == TitleState.PUBLISHED.value,
        col(Title.deleted_at).is_(None),
        col(Title.parent_id).is_(None),
        col(Title.kind).in_([kind.value for kind in SUGGESTED]),
        *is_open_now(now),
        *limits.conditions(viewer),
    ]
    if viewer is not None and not seen:
        mine = and_(col(Watched.profile_id) == viewer.id, col(Watched.title_id) == col(Title.id))
        found.append(~exists().where(mine, col(Watched.times) > 0))
    return found


def _unknown_to(profile: str) -> list[ColumnElement[bool]]:
    """That the profile has seen nothing of it, nor rated it."""
    mine = col(Watched.profile_id) == profile
    # read once: where few have seen a part of any series, SQLite would look through all that is seen for each title
    series = select(Watched.series_id).where(mine, col(Watched.series_id).is_not(None))
    return [
        ~exists().where(mine, col(Watched.title_id) == col(Title.id)),
        col(Title.id).not_in(series),
        ~exists().where(col(Rated.profile_id) == profile, col(Rated.title_id) == col(Title.id)),
    ]


def _of(genre: str) -> list[ColumnElement[bool]]:
    """That it is of a genre, named by its name or its id."""
    if not genre:
        return []
    ids = select(Genre.id).where(or_(col(Genre.id) == genre, col(Genre.folded) == same(genre)))
    return [exists().where(col(TitleGenre.title_id) == col(Title.id), col(TitleGenre.genre_id).in_(ids))]


async def _genre(session: AsyncSession, genre: str) -> str | None:
    named = select(Genre.id).where(or_(col(Genre.id) == genre, col(Genre.folded) == same(genre)))
    return (await session.exec(named.order_by(col(Genre.id)).limit(1))).first()


async def _rows(asked: _Asked, by: Any, limit: int) -> list[Any]:  # noqa: ANN401 — a column, and rows
    """The titles of a version that have most of something."""
    rows = _read(asked).order_by(col(by).desc(), col(RecommendationWork.title_id).desc()).limit(limit)
    return list((await asked.session.exec(rows)).all())


async def _at(asked: _Asked, places: Sequence[int]) -> list[Any]:
    """The titles of a version at these places, as far as they may be suggested."""
    if not places:
        return []
    rows = _read(asked).where(col(RecommendationWork.place).in_(places))
    return list((await asked.session.exec(rows)).all())


def _read(asked: _Asked) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    work = RecommendationWork
    known: tuple[Any, ...] = (work.title_id, work.place, work.popular, work.trending, work.genre_id)
    joined = sqlalchemy.select(*known).join(Title, col(Title.id) == col(work.title_id))
    return joined.where(col(work.build) == asked.number, *asked.wanted)


async def _similar(asked: _Asked, titles: Sequence[str]) -> dict[str, bytes]:
    """The neighbours of each title that the version knows."""
    if asked.number is None or not titles:
        return {}
    work = RecommendationWork
    rows = select(work.title_id, work.similar).where(work.build == asked.number, col(work.title_id).in_(titles))
    return dict((await asked.session.exec(rows)).all())
