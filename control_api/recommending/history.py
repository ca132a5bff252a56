"""What profiles have seen, rated and put on lists, title by title; what is part of a series counts for the series."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy
from sqlalchemy import and_, bindparam, case, func
from sqlmodel import col, select

from control_api.database import answered
from control_api.library.lineage import ABOVE, ROOT
from control_api.recommending.taste import Said
from control_api.tables import Listed, PlaySession, Profile, Rated, Title, Watched
from control_api.tables.kin import PARENT

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.callers import Viewer

GENRES: Final = 20
"""Genres that somebody likes of which account is taken."""
_LOOKED_AT: Final = 400
"""Entries of a history that are looked at for that, the newest ones."""
_LATELY: Final = 60
"""Titles that were watched last, of which account is taken."""
_JUDGED: Final = 40
"""The same of those that were rated, and of those on lists."""

chosen: Final[Any] = sqlalchemy.select
"""Of any number of columns; SQLModel's own knows four."""

_FAVORITES: Final = "favorites"

_NEWEST: Final = itemgetter(3, 1)

Row = tuple[str, dict[str, Said]]
"""A profile, and what it says of titles by their ids."""


async def said_by(session: AsyncSession, viewer: Viewer, now: datetime) -> dict[str, Said]:
    """What a profile has said lately of titles, by their ids. Who keeps no history says nothing by watching."""
    found: dict[str, Said] = {}
    seen, lists, rates = _of_one()
    if viewer.keeps_history:
        for _, root, at, share, ends in await answered(session, seen, profile=viewer.id):
            found[root] = Said(at, min(float(share), 1.0), int(ends))
    for _, root, name, at in sorted(await answered(session, lists, profile=viewer.id), key=_NEWEST, reverse=True):
        _listed(found, root, name, at)
    for _, root, score, at in sorted(await answered(session, rates, profile=viewer.id), key=_NEWEST, reverse=True):
        _rated(found, root, score, at)
    return {title: replace(said, at=min(said.at, now)) for title, said in found.items()}


async def said_between(session: AsyncSession, first: str, last: str, now: datetime) -> list[Row]:
    """What all profiles say whose ids lie between these two, these two included."""
    found: dict[str, dict[str, Said]] = {}
    keeps = and_(col(Profile.id) == col(Watched.profile_id), col(Profile.keeps_history))
    rows = _seen(col(Watched.profile_id).between(first, last)).join(Profile, keeps)
    for profile, root, at, share, ends in (await session.exec(rows)).all():
        found.setdefault(profile, {})[root] = Said(min(at, now), min(float(share), 1.0), int(ends))
    lists = _on_lists(col(Listed.profile_id).between(first, last))
    for profile, root, name, at in (await session.exec(lists)).all():
        _listed(found.setdefault(profile, {}), root, name, min(at, now))
    for profile, root, score, at in (await session.exec(_judged(col(Rated.profile_id).between(first, last)))).all():
        _rated(found.setdefault(profile, {}), root, score, min(at, now))
    return sorted(found.items())


_SPOKEN: Final[tuple[tuple[Any, Any], ...]] = (
    (col(Watched.profile_id), col(Watched.watched_at)),
    (col(Listed.profile_id), col(Listed.added_at)),
    (col(Rated.profile_id), col(Rated.rated_at)),
)


async def changed(session: AsyncSession, since: datetime) -> set[str]:
    """The profiles that have said something since then."""
    found: set[str] = set()
    for profile, at in _SPOKEN:
        found |= set((await session.exec(chosen(profile).where(at >= since).distinct())).scalars().all())
    return found


async def is_changed(session: AsyncSession, since: datetime) -> bool:
    """Whether any has, or anything was played at all: what has an index on time is asked first."""
    for profile, at in ((col(PlaySession.id), col(PlaySession.started_at)), *_SPOKEN):
        if (await session.exec(chosen(profile).where(at >= since).limit(1))).first() is not None:
            return True
    return False


@cache
def _of_one() -> tuple[Any, Any, Any]:
    """What one profile has seen lately, has put on lists, and has rated.

    The newest rows are taken by an index, and nothing else of them is looked at: somebody may have thousands.
    """
    profile: Any = bindparam("profile")
    seen = select(Watched.id).where(col(Watched.profile_id) == profile)
    seen = seen.order_by(col(Watched.watched_at).desc(), col(Watched.id).desc()).limit(_LOOKED_AT)
    return (
        _seen(col(Watched.id).in_(seen)).order_by(sqlalchemy.desc("at"), "root").limit(_LATELY),
        _rooted(_newest(Listed, profile, "added_at", "list"), "list", "added_at"),
        _rooted(_newest(Rated, profile, "rated_at", "score"), "score", "rated_at"),
    )


def _newest(table: Any, profile: Any, at: str, *more: str) -> Any:  # noqa: ANN401 — a table, a parameter, and rows
    """The newest rows that a profile has in a table."""
    columns = [getattr(table, name) for name in ("profile_id", "title_id", at, *more)]
    order = (col(getattr(table, at)).desc(), col(table.title_id).desc())
    return chosen(*columns).where(col(table.profile_id) == profile).order_by(*order).limit(_JUDGED).subquery().c


def _seen(*where: ColumnElement[bool]) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    """For each profile and title: when, how much, and how often to the end; what is gone is left out."""
    root = func.coalesce(col(Watched.series_id), col(Watched.title_id)).label("root")
    whole = col(Watched.duration_ms)
    share = case((whole > 0, col(Watched.position_ms) * 1.0 / whole), else_=0.0)
    return (
        chosen(
            col(Watched.profile_id),
            root,
            func.max(col(Watched.watched_at)).label("at"),
            func.max(share).label("share"),
            func.sum(col(Watched.times)).label("ends"),
        )
        .where(func.coalesce(col(Watched.series_id), col(Watched.title_id)).is_not(None), *where)
        .group_by(col(Watched.profile_id), root)
    )


def _on_lists(*where: ColumnElement[bool]) -> Any:  # noqa: ANN401 — the same
    return _rooted(Listed, "list", "added_at").where(*where)


def _judged(*where: ColumnElement[bool]) -> Any:  # noqa: ANN401 — the same
    return _rooted(Rated, "score", "rated_at").where(*where)


def _rooted(table: Any, *columns: str) -> Any:  # noqa: ANN401 — a table, or the columns of some rows of it
    """The profile, the topmost title above the one of the row, and some columns."""
    rows = chosen(table.profile_id, ROOT.label("root"), *(getattr(table, name) for name in columns))
    return rows.join(Title, col(Title.id) == table.title_id).outerjoin(PARENT, ABOVE)


def _listed(found: dict[str, Said], title: str, name: str, at: datetime) -> None:
    said = found.get(title, Said(at))
    is_favorite, is_wanted = said.is_favorite or name == _FAVORITES, said.is_wanted or name != _FAVORITES
    found[title] = replace(said, at=max(said.at, at), is_favorite=is_favorite, is_wanted=is_wanted)


def _rated(found: dict[str, Said], title: str, score: int, at: datetime) -> None:
    said = found.get(title, Said(at))
    found[title] = replace(said, at=max(said.at, at), score=score)
