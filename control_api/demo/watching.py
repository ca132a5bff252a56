"""The audience of the demo: accounts with profiles, and what they have watched, rated and put on their lists.

Law: to seed twice changes nothing: whoever is there already is left alone, with all that they have watched. Nobody
can sign in as one of them, for they have no passwords.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy
from sqlmodel import col, select

from control_api.demo import words
from control_api.demo.audience import Audience, Offered
from control_api.ids import new_id
from control_api.lists.flags import FAVORITES, WATCHLIST
from control_api.lists.keeping import put, rate
from control_api.people import accounts
from control_api.people.names import folded
from control_api.people.roles import Role
from control_api.tables import Account, Genre, ImportMemory, PlaySession, Profile, Title, TitleGenre, Watched

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.demo.audience import Viewing

VIEWERS: Final = 24
"""Accounts beside those of the roles; each third has a second profile, and each sixth one for a child."""
_EACH: Final = 14
"""Titles that each profile has watched, about."""
_OFFERED: Final = 2000
"""Titles that are watched at most, the first ones: an audience of a few has not seen all of a large library."""
_MINUTES: Final = {"movie": 95, "special": 70, "short": 12, "audio": 40, "episode": 44}
_CHILD: Final = 10
"""Years."""
_WHOLE: Final = 0.95
_DEVICES: Final = (("Living room", "tv"), ("Phone", "phone"), ("Tablet", "tablet"), ("Browser", "desktop"))


@dataclass(frozen=True, slots=True)
class _Shelf:
    """What of the demo there is to watch."""

    titles: Sequence[Title]
    episodes: Mapping[str, Sequence[Title]]
    """Of a series, in their order."""
    audience: Audience


async def audience(database: Database, feed: str, seed: int, now: datetime, fresh: Sequence[str]) -> int:
    """Make the audience; how many profiles were given a history. `fresh` are names of accounts that were just made."""
    shelf = await _shelf(database, feed, seed)
    if not shelf.titles:
        return 0
    made = 0
    for number in range(VIEWERS):
        made += await _viewer(database, shelf, number, now)
    for number, name in enumerate(fresh, 100):
        async with database.writing() as session:
            owner = (await session.exec(select(Account).where(Account.username_folded == folded(name)))).one()
            profile = (await session.exec(select(Profile).where(Profile.account_id == owner.id))).one()
            await _seen(session, shelf, number, profile, now)
            made += 1
    return made


async def _shelf(database: Database, feed: str, seed: int) -> _Shelf:
    ours = select(ImportMemory.title_id).where(col(ImportMemory.feed).startswith(feed))
    async with database.reading() as session:
        wanted = select(Title).where(col(Title.id).in_(ours), Title.state == "published")
        rows = (await session.exec(wanted.order_by(col(Title.id)).limit(_OFFERED))).all()
        links = select(TitleGenre.title_id, Genre.name).join(Genre, col(Genre.id) == TitleGenre.genre_id)
        links = links.order_by(col(TitleGenre.title_id), col(TitleGenre.position))
        genres: dict[str, list[str]] = defaultdict(list)
        for title, genre in (await session.exec(links)).all():
            genres[title].append(genre)
    series = {row.id: row.parent_id for row in rows if row.kind == "season"}
    episodes: dict[str, list[Title]] = defaultdict(list)
    for row in rows:
        if row.kind == "episode" and (above := series.get(row.parent_id or "")) is not None:
            episodes[above].append(row)
    shown = [row for row in rows if (row.kind in _MINUTES and row.parent_id is None) or episodes.get(row.id)]
    # by names: ids are other ones at another station, and the audience shall like the same there
    shown.sort(key=lambda row: (row.name, row.id))
    names = {row.id: row.name for row in shown}
    return _Shelf(shown, episodes, Audience([Offered(names[row.id], tuple(genres[row.id])) for row in shown], seed))


async def _viewer(database: Database, shelf: _Shelf, number: int, now: datetime) -> int:
    """An account with its profiles, whole or not at all."""
    name = f"demo-{folded(words.FIRST[number % len(words.FIRST)])}"
    async with database.writing() as session:
        there = select(Account.id).where(Account.username_folded == folded(name))
        if (await session.exec(there)).first() is not None:
            return 0
        wanted = accounts.Wanted(username=name, email=None, role=Role.VIEWER, password=None)
        owner = await accounts.made(session, wanted, now - timedelta(days=180))
        main = (await session.exec(select(Profile).where(Profile.account_id == owner.id))).one()
        profiles = [main, *_more(owner, number, now)]
        session.add_all(profiles)
        await session.flush()
        for place, profile in enumerate(profiles):
            await _seen(session, shelf, number + 1000 * place, profile, now)
    return len(profiles)


def _more(owner: Account, number: int, now: datetime) -> list[Profile]:
    """The other profiles of an account."""
    if number % 3:
        return []
    child: dict[str, Any] = {"is_kids": True, "ceiling": _CHILD, "name": "Kids"} if number % 6 == 0 else {}
    name = words.FIRST[(number + 7) % len(words.FIRST)]
    return [Profile(**{"id": new_id("pr"), "account_id": owner.id, "name": name, "created_at": now,
                       "updated_at": now, **child})]  # fmt: skip


async def _seen(session: AsyncSession, shelf: _Shelf, number: int, profile: Profile, now: datetime) -> None:
    """What a profile has watched, rated and listed; a child nothing that is not for children."""
    watched, plays = list[dict[str, Any]](), list[dict[str, Any]]()
    liked: list[str] = []
    for view in shelf.audience.viewer(number, _EACH):
        title = shelf.titles[view.place]
        if profile.ceiling is not None and not 0 <= title.age <= profile.ceiling:
            continue
        for played, series, share, at in _played(shelf, title, view, now):
            row, play = _rows(profile, played, series, share, at, number)
            watched.append(row)
            plays.append(play)
        if view.score is not None:
            await rate(session, profile.id, title.id, view.score, now - timedelta(days=view.ago))
        if view.is_favorite:
            liked.append(title.id)
    connection = await session.connection()
    for table, rows in ((Watched, watched), (PlaySession, plays)):
        if rows:
            await connection.execute(sqlalchemy.insert(table), rows)
    await put(session, profile.id, FAVORITES, liked, now)
    known = {row["title_id"] for row in watched} | {row["series_id"] for row in watched}
    later = [shelf.titles[view.place] for view in shelf.audience.viewer(number + 500, 3)]
    wanted = [one.id for one in later if one.id not in known and (profile.ceiling is None or 0 <= one.age <= _CHILD)]
    await put(session, profile.id, WATCHLIST, wanted, now)


def _played(
    shelf: _Shelf, title: Title, view: Viewing, now: datetime
) -> list[tuple[Title, str | None, float, datetime]]:
    """What was played of a title, how much and when: of a series its first episodes, one each other day."""
    at = now - timedelta(days=view.ago)
    if title.kind != "series":
        return [(title, None, view.share, at)]
    episodes = shelf.episodes[title.id]
    count = max(1, round(view.share * len(episodes)))
    times = [min(at + timedelta(days=2 * place), now) for place in range(count)]
    return [
        (episode, title.id, 1.0 if place < count - 1 else view.share, when)
        for place, (episode, when) in enumerate(zip(episodes, times, strict=False))
    ]


def _rows(
    profile: Profile, title: Title, series: str | None, share: float, at: datetime, number: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The row of the history, and the session that it comes of."""
    long = _MINUTES.get(title.kind, 30) * 60_000
    seen, is_whole = round(share * long), share >= _WHOLE
    device, kind = _DEVICES[number % len(_DEVICES)]
    row = Watched(
        id=new_id("wa"), profile_id=profile.id, title_id=title.id, series_id=series, name=title.name,
        position_ms=seen, duration_ms=long, watched_ms=seen, times=int(is_whole),
        completed_at=at + timedelta(milliseconds=seen) if is_whole else None, first_at=at,
        watched_at=at + timedelta(milliseconds=seen),
    )  # fmt: skip
    ended = at + timedelta(milliseconds=seen)
    play = PlaySession(
        id=new_id("ps"), account_id=profile.account_id, profile_id=profile.id, title_id=title.id, name=title.name,
        device=device, device_kind=kind, quality="v720", started_at=at, touched_at=ended, ended_at=ended,
        ended_by="player", position_ms=seen, duration_ms=long, watched_ms=seen, beats=max(1, seen // 15_000),
        startup_ms=400 + 37 * (number % 20), bitrate=2_800_000,
    )  # fmt: skip
    return row.model_dump(), play.model_dump()
