"""What a profile has seen, rated and put on lists, title by title; episodes count for their series."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy
from sqlalchemy import case, func
from sqlmodel import col, select

from control_api.recommending.taste import Said
from control_api.tables import Listed, Rated, Watched

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.callers import Viewer

GENRES: Final = 20
"""Genres that somebody likes of which account is taken."""
_LATELY: Final = 60
"""Titles that were watched last, of which account is taken."""
_JUDGED: Final = 40
"""The same of those that were rated, and of those on lists."""

FAVORITES: Final = "favorites"


def seen(*where: ColumnElement[bool]) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    """For each profile and title: when, how much, and how often to the end; what is gone is left out."""
    root = func.coalesce(col(Watched.series_id), col(Watched.title_id)).label("root")
    share = case((col(Watched.duration_ms) > 0, col(Watched.position_ms) * 1.0 / col(Watched.duration_ms)), else_=0.0)
    return (
        sqlalchemy.select(
            col(Watched.profile_id),
            root,
            func.max(Watched.watched_at).label("at"),
            func.max(share).label("share"),
            func.sum(Watched.times).label("ends"),
        )
        .where(root.is_not(None), *where)
        .group_by(col(Watched.profile_id), root)
    )


async def said_by(session: AsyncSession, viewer: Viewer, now: datetime) -> dict[str, Said]:
    """What a profile has said lately of titles, by their ids. Who keeps no history says nothing by watching."""
    found: dict[str, Said] = {}
    if viewer.keeps_history:
        rows = seen(col(Watched.profile_id) == viewer.id).order_by(func.max(Watched.watched_at).desc()).limit(_LATELY)
        for _, root, at, share, ends in (await session.exec(rows)).all():
            found[root] = Said(at, min(float(share), 1.0), int(ends))
    lists = select(Listed.title_id, Listed.list, Listed.added_at).where(Listed.profile_id == viewer.id)
    lately = lists.order_by(col(Listed.added_at).desc(), col(Listed.title_id)).limit(_JUDGED)
    for title, name, at in (await session.exec(lately)).all():
        listed(found, title, name, at)
    rates = select(Rated.title_id, Rated.score, Rated.rated_at).where(Rated.profile_id == viewer.id)
    for title, score, at in (await session.exec(rates.order_by(col(Rated.rated_at).desc()).limit(_JUDGED))).all():
        rated(found, title, score, at)
    return {title: replace(said, at=min(said.at, now)) for title, said in found.items()}


def listed(found: dict[str, Said], title: str, name: str, at: datetime) -> None:
    """Note that a title is on a list."""
    said = found.get(title, Said(at))
    here = {"is_favorite": True} if name == FAVORITES else {"is_wanted": True}
    found[title] = replace(said, at=max(said.at, at), **here)


def rated(found: dict[str, Said], title: str, score: int, at: datetime) -> None:
    """Note what somebody thinks of a title."""
    said = found.get(title, Said(at))
    found[title] = replace(said, at=max(said.at, at), score=score)


def portions(whole: Sequence[str], size: int) -> list[Sequence[str]]:
    """Some at a time: databases have limits."""
    return [whole[start : start + size] for start in range(0, len(whole), size)]
