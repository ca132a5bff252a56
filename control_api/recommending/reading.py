"""Reading what versions are made of: titles with what they are like others by, and what profiles say of them."""

from __future__ import annotations

from collections import defaultdict
from sys import intern
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import column, func, table
from sqlmodel import col

from control_api.library.kinds import TitleState
from control_api.recommending.history import chosen, said_between
from control_api.recommending.suggestions import SUGGESTED
from control_api.recommending.taste import weight
from control_api.recommending.works import Plays, Work
from control_api.tables import Credit, Profile, Title, TitleGenre, TitleTag

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from control_api.database import Database

_WORDS: Final = 250
"""Words of a title that are read."""
_PEOPLE: Final = 12
_AT_ONCE: Final = 1000
"""Profiles whose likes are read together."""
_MIDDLE: Final = 0.65
_DOUBT: Final = 50
"""So many votes are needed for a rating to count half."""

_SEARCHED: Final = table("search_title", column("title_id"), column("name"), column("words"))


def suggested() -> list[ColumnElement[bool]]:
    """Conditions on titles that versions have."""
    return [
        col(Title.state) == TitleState.PUBLISHED.value,
        col(Title.deleted_at).is_(None),
        col(Title.parent_id).is_(None),
        col(Title.kind).in_([kind.value for kind in SUGGESTED]),
    ]


async def works(database: Database) -> list[Work]:
    """All that may be suggested, by id; in six queries."""
    genres: dict[str, list[str]] = defaultdict(list)
    tags: dict[str, list[str]] = defaultdict(list)
    people: dict[str, list[tuple[str, str]]] = defaultdict(list)
    words: dict[str, tuple[str, ...]] = {}
    async with database.reading() as session:
        for title, genre in await session.exec(_of(TitleGenre, col(TitleGenre.genre_id), col(TitleGenre.position))):
            genres[title].append(intern(genre))
        for title, tag in await session.exec(_of(TitleTag, col(TitleTag.tag_id), col(TitleTag.tag_id))):
            tags[title].append(intern(tag))
        credited = _of(Credit, col(Credit.person_id), col(Credit.position), col(Credit.job))
        for title, person, job in await session.exec(credited):
            if len(people[title]) < _PEOPLE:
                people[title].append((intern(person), intern(job)))
        found = _SEARCHED.c
        spoken = chosen(found.title_id, found.name, found.words).join(Title, col(Title.id) == found.title_id)
        for title, name, text in await session.exec(spoken.where(*suggested())):
            words[title] = tuple(intern(word) for word in f"{name} {text}".split()[:_WORDS])
        columns: tuple[Any, ...] = (
            Title.id, Title.kind, Title.year, Title.language, Title.story, Title.score, Title.votes
        )  # fmt: skip
        rows = (await session.exec(chosen(*columns).where(*suggested()).order_by(col(Title.id)))).all()
    return [
        Work(
            id=name, kind=kind, year=year, language=language, genres=tuple(genres[name]), tags=tuple(tags[name]),
            people=tuple(people[name]), story=story, words=words.get(name, ()), rating=_rating(score, votes),
        )
        for name, kind, year, language, story, score, votes in rows
    ]  # fmt: skip


def _of(link: Any, what: Any, by: Any, *more: Any) -> Any:  # noqa: ANN401 — a table, columns, and a statement
    """What hangs on titles, in order."""
    rows = chosen(link.title_id, what, *more).join(Title, col(Title.id) == link.title_id)
    return rows.where(*suggested()).order_by(link.title_id, by)


def _rating(score: int, votes: int) -> float:
    """From 0 to 1, drawn to the middle where few said so."""
    if score < 0:
        return _MIDDLE
    return (score / 1000 * max(votes, 1) + _MIDDLE * _DOUBT) / (max(votes, 1) + _DOUBT)


async def plays(
    database: Database, titles: Sequence[Work], now: datetime, told: Callable[[int, int], None]
) -> tuple[Plays, list[str]]:
    """What all profiles like of these titles, and whose likes they are, in their order.

    Read some profiles at a time, so that no transaction is long; `told` hears how many are read, and of how many.
    """
    places = {work.id: place for place, work in enumerate(titles)}
    found, whose, after, done = Plays(), list[str](), "", 0
    async with database.reading() as session:
        total = (await session.exec(chosen(func.count()).select_from(Profile))).scalar_one()
    while True:
        async with database.reading() as session:
            some = chosen(Profile.id).where(col(Profile.id) > after).order_by(col(Profile.id))
            ids = (await session.exec(some.limit(_AT_ONCE))).scalars().all()
            if not ids:
                return found, whose
            for profile, said in await said_between(session, ids[0], ids[-1], now):
                found.add((places[name], weight(one, now)) for name, one in said.items() if name in places)
                whose.append(profile)
        after, done = ids[-1], done + len(ids)
        told(done, total)
