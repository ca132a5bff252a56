"""Renaming, merging and taking away genres and tags, and what that means for titles and for the air."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, or_
from sqlmodel import col, delete, select, update

from control_api.among import bare
from control_api.library.amendments import due
from control_api.library.fitting import ANYBODY, Fit, fits
from control_api.library.folding import same
from control_api.problems import CONFLICT, Problem
from control_api.tables import Genre, Rail, Tag, Title, TitleGenre, TitleTag

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

LINKS: Final[dict[type[Tag | Genre], tuple[Any, str]]] = {Tag: (TitleTag, "tag_id"), Genre: (TitleGenre, "genre_id")}
"""What ties titles to each."""


async def holders(session: AsyncSession, one: Tag | Genre) -> list[str]:
    """The ids of the titles that have it."""
    table, name = LINKS[type(one)]
    rows = select(table.title_id).where(getattr(table, name) == one.id).order_by(col(table.title_id))
    return list((await session.exec(rows)).all())


async def counted(
    session: AsyncSession,
    kind: type[Tag | Genre],
    ids: Sequence[str],
    states: Sequence[str] = (),
    fit: Fit = ANYBODY,
) -> dict[str, int]:
    """How many titles that fit and are not in the bin have each of these; `states`: of these alone."""
    table, name = LINKS[kind]
    column, title = col(getattr(table, name)), col(table.title_id)
    gone, state = col(Title.deleted_at), col(Title.state)
    if fit != ANYBODY:
        rows = select(column, func.count()).join(Title, col(Title.id) == title).where(column.in_(ids), gone.is_(None))
        rows = rows.where(*([state.in_(states)] if states else []), *fits(fit))
        return dict((await session.exec(rows.group_by(column))).all())
    # nearly all titles are shown: those that are not are looked for, and no others
    of_all = select(column, func.count()).where(column.in_(ids)).group_by(column)
    hidden = select(Title.id).where(or_(gone.is_not(None), *([state.not_in(states)] if states else [])))
    of_hidden = select(column, func.count()).where(bare(column).in_(ids), title.in_(hidden)).group_by(column)
    found = Counter(dict((await session.exec(of_all)).all()))
    found.subtract(dict((await session.exec(of_hidden)).all()))
    return found


def borne(kind: type[Tag | Genre], states: Sequence[str], fit: Fit = ANYBODY) -> Any:  # noqa: ANN401 — a statement of SQLAlchemy
    """The ids of those that a title in one of these states has, that fits and is not in the bin."""
    table, name = LINKS[kind]
    rows = select(getattr(table, name)).join(Title, col(Title.id) == table.title_id)
    return rows.where(*([col(Title.state).in_(states)] if states else []), col(Title.deleted_at).is_(None), *fits(fit))


async def rename(session: AsyncSession, one: Tag | Genre, name: str, now: datetime) -> None:
    """Call it `name`. Raises `Problem` when another one is called so."""
    kind = type(one)
    taken = select(kind.id).where(kind.folded == same(name), kind.id != one.id)
    other = (await session.exec(taken)).one_or_none()
    if other is not None:
        message = f"{other} is called so: merge the two instead"
        raise Problem(CONFLICT, message)
    one.name, one.folded = name, same(name)
    one.version += 1
    await told(session, await holders(session, one), now)


async def merge(session: AsyncSession, one: Tag | Genre, into: Tag | Genre, now: datetime) -> int:
    """Give `into` to all that have `one`, which is gone then; how many titles that were."""
    table, name = LINKS[type(one)]
    titles, already = await holders(session, one), await holders(session, into)
    column, owner = getattr(table, name), col(table.title_id)
    doubled = select(owner).where(column == into.id)
    await session.exec(delete(table).where(column == one.id, owner.in_(doubled)))
    await session.exec(update(table).where(column == one.id).values({name: into.id}))
    if isinstance(one, Genre):
        await session.exec(update(Rail).where(col(Rail.genre_id) == one.id).values(genre_id=into.id))
    await session.delete(one)
    into.version += 1
    await told(session, sorted({*titles, *already}), now)
    return len(titles)


async def detach(session: AsyncSession, one: Tag | Genre, now: datetime) -> int:
    """Take it from all titles, and away; how many titles that were."""
    table, name = LINKS[type(one)]
    titles = await holders(session, one)
    await session.exec(delete(table).where(getattr(table, name) == one.id))
    await session.delete(one)
    await told(session, titles, now)
    return len(titles)


async def told(session: AsyncSession, titles: Sequence[str], now: datetime) -> None:
    """Count the edit of these titles, and have the air told of it."""
    for start in range(0, len(titles), _AT_ONCE):
        some = col(Title.id).in_(titles[start : start + _AT_ONCE])
        edited = update(Title).where(some).values(version=col(Title.version) + 1, updated_at=now)
        await session.exec(edited.execution_options(synchronize_session=False))
    await due(session, titles, now)


_AT_ONCE: Final = 500
