"""What profiles put on their lists, take off them, and think of titles.

Law: whoever writes for a profile holds its row first, so that two devices of it wait for each other: what is there
already is seen, and no list grows past its end.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert
from sqlmodel import col, delete, select, update

from control_api.problems import CONFLICT, Problem
from control_api.tables import Listed, Profile, Rated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

MOST: Final = 2000
"""Titles on one list of a profile."""
MOST_RATED: Final = 10_000
"""Titles that a profile may rate."""


async def hold(session: AsyncSession, profile: str) -> None:
    """Have whoever else writes for this profile wait until the end of the transaction."""
    await session.exec(select(Profile.id).where(Profile.id == profile).with_for_update(key_share=True))


async def put(session: AsyncSession, profile: str, name: str, titles: Sequence[str], now: datetime) -> set[str]:
    """Put titles on the list of this name; those that were not there. Raises `Problem` when it is full."""
    await hold(session, profile)
    there = await listed(session, profile, name, titles)
    new = [title for title in dict.fromkeys(titles) if title not in there]
    if not new:
        return set()
    count = select(func.count()).select_from(Listed).where(Listed.profile_id == profile, Listed.list == name)
    _check_room((await session.exec(count)).one() + len(new), MOST, f"the list {name}")
    rows = [  # a millisecond apart: the first stands on top
        {"profile_id": profile, "list": name, "title_id": title, "added_at": now - timedelta(milliseconds=number)}
        for number, title in enumerate(new)
    ]
    await (await session.connection()).execute(insert(Listed), rows)
    return set(new)


async def listed(session: AsyncSession, profile: str, name: str, titles: Sequence[str]) -> dict[str, datetime]:
    """Which of these titles are on the list, and since when."""
    rows = select(Listed.title_id, Listed.added_at).where(*_on(profile, name, titles))
    return dict((await session.exec(rows)).all())


async def remove(session: AsyncSession, profile: str, name: str, titles: Sequence[str]) -> set[str]:
    """Take titles off the list; those that were on it."""
    await hold(session, profile)
    there = set(await listed(session, profile, name, titles))
    if there:
        await session.exec(delete(Listed).where(*_on(profile, name, sorted(there))))
    return there


def _on(profile: str, name: str, titles: Sequence[str]) -> tuple[Any, ...]:
    return Listed.profile_id == profile, Listed.list == name, col(Listed.title_id).in_(titles)


async def rate(session: AsyncSession, profile: str, title: str, score: int, now: datetime) -> bool:
    """Say what the profile thinks of a title; whether it had said nothing before. Raises `Problem`."""
    await hold(session, profile)
    mine = col(Rated.profile_id) == profile, col(Rated.title_id) == title
    before = (await session.exec(select(Rated.score).where(*mine))).one_or_none()
    if before is not None:
        if before != score:
            await session.exec(update(Rated).where(*mine).values(score=score, rated_at=now))
        return False
    count = select(func.count()).select_from(Rated).where(Rated.profile_id == profile)
    _check_room((await session.exec(count)).one() + 1, MOST_RATED, "the list of ratings")
    session.add(Rated(profile_id=profile, title_id=title, score=score, rated_at=now))
    await session.flush()
    return True


async def unrate(session: AsyncSession, profile: str, title: str) -> None:
    """Take back what the profile thinks of a title."""
    await session.exec(delete(Rated).where(col(Rated.profile_id) == profile, col(Rated.title_id) == title))


def _check_room(count: int, most: int, what: str) -> None:
    if count > most:
        raise Problem(CONFLICT, f"{what} of a profile has {most} titles at most: take some off it first")
