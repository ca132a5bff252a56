"""What is in rails for whoever asks, of many of them in as many queries as of one.

Law: what statements tell is one query for all rails. What is recommended is asked for once for each source, however
many rails are of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func
from sqlmodel import col, select

from control_api.database import answered
from control_api.profiles.limits import fit
from control_api.rails.kinds import RailKind, Source
from control_api.rails.sources import MOST, ordered, titles, together
from control_api.recommending import answers
from control_api.tables import Genre, Title, TitleGenre, Watched
from control_api.viewing import going_on

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.library.fitting import Fit
    from control_api.rails.sources import Ordered, Sight
    from control_api.tables import Rail


@dataclass(frozen=True, slots=True)
class Contents:
    """The first things in a rail."""

    keys: tuple[str, ...] = ()
    """Ids of titles; where they are pinned, of channels too; of a rail of genres, of genres."""
    more: bool = False
    """Whether there are others."""
    because: str | None = None
    """The id of the title that they are like."""


EMPTY: Final = Contents()


async def contents(session: AsyncSession, rails: Sequence[Rail], sight: Sight, each: int) -> dict[str, Contents]:
    """The first `each` things in each of these rails, by the ids of the rails. Channels on air are not told here."""
    found: dict[str, Contents] = {}
    asked: dict[str, Contents] = {}
    parts: list[tuple[int, Ordered]] = []
    for number, rail in enumerate(rails):
        one = ordered(rail, sight)
        if one is not None:
            parts.append((number, one))
        elif rail.source in asked:
            found[rail.id] = asked[rail.source]
        elif (telling := _TOLD.get(Source(rail.source))) is not None:
            found[rail.id] = asked[rail.source] = _cut(await telling(session, sight, min(each + 1, MOST)), each)
    if parts:
        keys: dict[int, list[tuple[int, str]]] = {}
        rows = await (await session.connection()).execute(together(parts, each + 1))
        for number, key, rank in rows.all():
            keys.setdefault(number, []).append((rank, key))
        for number, _ in parts:
            found[rails[number].id] = _cut(Contents(tuple(key for _, key in sorted(keys.get(number, ())))), each)
    return found


def _cut(whole: Contents, each: int) -> Contents:
    return Contents(whole.keys[:each], len(whole.keys) > each, whole.because)


async def ranked(session: AsyncSession, rail: Rail, sight: Sight) -> Contents:
    """All that is in a rail that cannot be walked page by page."""
    return (await contents(session, [rail], sight, MOST)).get(rail.id, EMPTY)


async def _trending(session: AsyncSession, sight: Sight, most: int) -> Contents:
    some = await answers.trending(session, sight.viewer, sight.now, limit=most, seen=True)
    return Contents(tuple(one.title_id for one in some))


async def _popular(session: AsyncSession, sight: Sight, most: int) -> Contents:
    some = await answers.popular(session, sight.viewer, sight.now, limit=most, seen=True)
    return Contents(tuple(one.title_id for one in some))


async def _for_you(session: AsyncSession, sight: Sight, most: int) -> Contents:
    if sight.viewer is None:
        return EMPTY
    some = await answers.personalized(session, sight.viewer, sight.now, limit=most)
    return Contents(tuple(one.title_id for one in some))


async def _because(session: AsyncSession, sight: Sight, most: int) -> Contents:
    """What is like what was watched last, or like its series."""
    if sight.viewer is None:
        return EMPTY
    last = await answered(session, _last(fit(sight.viewer)), profile=sight.viewer.id, now=sight.now)
    if not last:
        return EMPTY
    title = str(last[0].id)
    some = await answers.similar(session, sight.viewer, title, sight.now, limit=most)
    return Contents(tuple(one.title_id for one in some), because=title)


@lru_cache(maxsize=100)
def _last(fit: Fit) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    """What a profile has watched last, or the series of it."""
    which = func.coalesce(Watched.series_id, Watched.title_id)
    return (
        select(Title.id)
        .join(Watched, col(Title.id) == which)
        .where(col(Watched.profile_id) == bindparam("profile"), *titles(fit, bindparam("now")))
        .order_by(col(Watched.watched_at).desc(), col(Watched.id).desc())
        .limit(1)
    )


async def _continued(session: AsyncSession, sight: Sight, most: int) -> Contents:
    if sight.viewer is None:
        return EMPTY
    found = await going_on.cards(session, sight.viewer, sight.now, sight.where, most)
    return Contents(tuple(card.title.id for card in found))


async def _genres(session: AsyncSession, sight: Sight, most: int) -> Contents:
    """Those that have most titles."""
    count = func.count()
    rows = (
        select(TitleGenre.genre_id)
        .join(Genre, col(Genre.id) == TitleGenre.genre_id)
        .join(Title, col(Title.id) == TitleGenre.title_id)
        .where(col(Title.parent_id).is_(None), *sight.titles())
        .group_by(col(TitleGenre.genre_id), col(Genre.folded))
        .order_by(count.desc(), col(Genre.folded))
        .limit(most)
    )
    return Contents(tuple((await session.exec(rows)).all()))


_TOLD: Final[Mapping[Source, Callable[[AsyncSession, Sight, int], Awaitable[Contents]]]] = {
    Source.TRENDING: _trending,
    Source.POPULAR: _popular,
    Source.FOR_YOU: _for_you,
    Source.BECAUSE: _because,
    Source.CONTINUE: _continued,
    Source.GENRES: _genres,
}


def has_channels(rail: Rail) -> bool:
    """Whether it is made of the channels that are on air."""
    return rail.kind == RailKind.NAMED and rail.source == Source.LIVE
