"""What is answered to who wants suggestions: read from the newest version, in as many queries for few as for many.

Law: nothing is suggested that is not published, not permitted to the viewer, or whose rights have not begun or have
ended, and nothing that they have seen to the end unless they ask for it. All of one answer is of one version. Where
there is none yet, what can be told without one is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

import sqlalchemy
from sqlalchemy import ColumnElement, bindparam, exists, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from control_api.among import one_of
from control_api.database import answered
from control_api.library.fitting import Fit, fits
from control_api.library.folding import same
from control_api.library.kinds import TitleState
from control_api.library.opening import is_open_now
from control_api.profiles import limits
from control_api.recommending import unbuilt
from control_api.recommending.history import GENRES, said_by
from control_api.recommending.packed import each, unpacked
from control_api.recommending.ranking import Candidate, Taste, chosen, suited, tastes
from control_api.recommending.suggestions import SUGGESTED, Reason, Suggestion, Why
from control_api.tables import (
    Genre,
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
class _Which:
    """Which titles may be suggested: what makes the statement for them another one."""

    fit: Fit
    unseen: bool = False
    """None that the profile has seen to the end."""
    unknown: bool = False
    """None that it has begun or rated."""
    of_genre: bool = False
    of_liked: bool = False
    """Of a genre that it likes."""
    watched: bool = False
    """What is watched now."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What all questions for one answer have in common."""

    session: AsyncSession
    number: int | None
    """Of the version that is read; None: there is none."""
    which: _Which
    given: Mapping[str, object]

    def narrowed(self, which: _Which, **given: object) -> _Asked:
        """The same for other titles."""
        return replace(self, which=which, given={**self.given, **given})

    @property
    def wanted(self) -> unbuilt.Wanted:
        """What titles must be."""
        return unbuilt.Wanted(_wanted(self.which), self.given)


async def trending(
    session: AsyncSession, viewer: Viewer | None, now: datetime, *, limit: int = 20, genre: str = "", seen: bool = False
) -> list[Suggestion]:
    """What is watched now: each day's viewers count less than the next day's. `genre` is a name or an id."""
    asked = await _asked(session, viewer, now, genre, seen=seen)
    if asked.number is None:
        return await unbuilt.trending(session, asked.wanted, now, limit)
    rows = await _rows(asked.narrowed(replace(asked.which, watched=True)), "trending", limit)
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
    asked = await _asked(session, viewer, now, genre, seen=True)
    asked = asked.narrowed(replace(asked.which, unknown=True))
    found = await _suited(asked, tastes(await said_by(session, viewer, now), now), limit)
    if len(found) < limit:
        found += await _beginning(asked, viewer, limit, {one.title_id for one in found})
    return found[:limit]


async def _asked(session: AsyncSession, viewer: Viewer | None, now: datetime, genre: str = "", *, seen: bool) -> _Asked:
    which = _Which(limits.fit(viewer), unseen=viewer is not None and not seen, of_genre=bool(genre))
    given = {"now": now, "profile": "" if viewer is None else viewer.id, "genre": genre, "folded": same(genre)}
    return _Asked(session, await _version(session), which, given)


async def _version(session: AsyncSession) -> int | None:
    """The number of the version that is read: asked for once in a session, so that all its answers are of one."""
    if _READ not in session.info:
        ((session.info[_READ],),) = await answered(session, _NEWEST)
    number: int | None = session.info[_READ]
    return number


_NEWEST: Final = select(func.max(RecommendationBuild.number)).where(col(RecommendationBuild.built_at).is_not(None))


async def _suited(asked: _Asked, likes: Sequence[Taste], limit: int) -> list[Suggestion]:
    """What is like what the profile likes."""
    kept = await _similar(asked, [one.title_id for one in likes])
    places = suited(likes, {name: each(near) for name, near in kept.items()})
    rows = await _at(asked, list(places))
    return chosen((Candidate(one.title_id, places[one.place], one.popular, one.genre_id) for one in rows), limit)


async def _beginning(asked: _Asked, viewer: Viewer, limit: int, but: set[str]) -> list[Suggestion]:
    """What is suggested besides: what is popular in genres that the profile likes, then what is popular."""
    liked = viewer.genres_liked[:GENRES]
    found: list[Suggestion] = []
    if liked:
        some = asked.narrowed(replace(asked.which, of_liked=True), liked=liked)
        found = await _most(some, Reason(Why.LIKED_GENRE), limit + len(but))
        found = await _with_genres(asked.session, found, liked)
    found += await _most(asked, Reason(Why.POPULAR), limit + len(but) + len(found))
    once = {one.title_id: one for one in reversed(found) if one.title_id not in but}
    return [one for one in found if once.get(one.title_id) is one]


async def _most(asked: _Asked, reason: Reason, limit: int) -> list[Suggestion]:
    """What is most popular."""
    if asked.number is None:
        return await unbuilt.popular(asked.session, asked.wanted, reason, limit)
    rows = await _rows(asked, "popular", limit)
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


_PROFILE: Final[Any] = bindparam("profile")
_MINE: Final = col(Watched.profile_id) == _PROFILE


@lru_cache(maxsize=100)
def _wanted(which: _Which) -> tuple[ColumnElement[bool], ...]:
    """Conditions on titles that may be suggested."""
    found: list[ColumnElement[bool]] = [
        col(Title.state) == TitleState.PUBLISHED.value,
        col(Title.deleted_at).is_(None),
        col(Title.parent_id).is_(None),
        col(Title.kind).in_([kind.value for kind in SUGGESTED]),
        *is_open_now(bindparam("now")),
        *fits(which.fit),
    ]
    if which.unseen:
        found.append(~exists().where(_MINE, col(Watched.title_id) == col(Title.id), col(Watched.times) > 0))
    if which.unknown:
        found += _unknown()
    if which.of_genre:
        ids = select(Genre.id).where(or_(col(Genre.id) == bindparam("genre"), col(Genre.folded) == bindparam("folded")))
        found.append(exists().where(col(TitleGenre.title_id) == col(Title.id), col(TitleGenre.genre_id).in_(ids)))
    if which.of_liked:
        is_liked = one_of(col(TitleGenre.genre_id), "liked")
        found.append(exists().where(col(TitleGenre.title_id) == col(Title.id), is_liked))
    return tuple(found)


def _unknown() -> list[ColumnElement[bool]]:
    """That the profile has seen nothing of it, nor rated it."""
    return [
        ~exists().where(_MINE, col(Watched.title_id) == col(Title.id)),
        ~exists().where(_MINE, col(Watched.series_id) == col(Title.id)),
        ~exists().where(col(Rated.profile_id) == _PROFILE, col(Rated.title_id) == col(Title.id)),
    ]


async def _genre(session: AsyncSession, genre: str) -> str | None:
    named = select(Genre.id).where(or_(col(Genre.id) == genre, col(Genre.folded) == same(genre)))
    return (await session.exec(named.order_by(col(Genre.id)).limit(1))).first()


async def _rows(asked: _Asked, by: Literal["popular", "trending"], limit: int) -> Sequence[Any]:
    """The titles of a version that have most of something."""
    rows = _ranked(asked.which, by)
    return await answered(asked.session, rows, build=asked.number, most=limit, **asked.given)


async def _at(asked: _Asked, places: Sequence[int]) -> Sequence[Any]:
    """The titles of a version at these places, as far as they may be suggested."""
    if not places:
        return []
    return await answered(asked.session, _placed(asked.which), build=asked.number, places=places, **asked.given)


@lru_cache(maxsize=100)
def _ranked(which: _Which, by: str) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    most = (col(getattr(RecommendationWork, by)).desc(), col(RecommendationWork.title_id).desc())
    return _read(which).order_by(*most).limit(bindparam("most"))


@lru_cache(maxsize=100)
def _placed(which: _Which) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    return _read(which).where(col(RecommendationWork.place).in_(bindparam("places", expanding=True)))


def _read(which: _Which) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    work = RecommendationWork
    known: tuple[Any, ...] = (work.title_id, work.place, work.popular, work.trending, work.genre_id)
    rows = sqlalchemy.select(*known).join(Title, col(Title.id) == col(work.title_id))
    return rows.where(
        col(work.build) == bindparam("build"),
        *((col(work.trending) > 0,) if which.watched else ()),
        *_wanted(which),
    )


async def _similar(asked: _Asked, titles: Sequence[str]) -> dict[str, bytes]:
    """The neighbours of each title that the version knows."""
    if asked.number is None or not titles:
        return {}
    return dict((*row,) for row in await answered(asked.session, _NEAR, build=asked.number, titles=titles))


_NEAR: Final = select(RecommendationWork.title_id, RecommendationWork.similar).where(
    col(RecommendationWork.build) == bindparam("build"), one_of(col(RecommendationWork.title_id), "titles")
)
