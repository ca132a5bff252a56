"""What titles are found by: written anew whenever something of it changes, in the transaction of the change.

Tags and genres are no words of the search: lists have filters for them, and to rename one is quick that way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import or_
from sqlmodel import col, select

from control_api.library import search
from control_api.library.hung import hung, people_of
from control_api.tables import Title
from control_api.tables.kin import PARENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.library.hung import Hung

_AT_ONCE: Final = 250
_ENOUGH: Final = 4000
"""Letters of a description that are searched."""


async def reindexed(session: AsyncSession, titles: Sequence[str], *, beneath: bool = False) -> None:
    """Find these titles, and on wish all beneath them, by what they are now; those in the bin are found no more."""
    await session.flush()
    whole = list(titles)
    if beneath:
        for start in range(0, len(titles), _AT_ONCE):
            whole += await under(session, titles[start : start + _AT_ONCE])
    for start in range(0, len(whole), _AT_ONCE):
        some = whole[start : start + _AT_ONCE]
        rows = (await session.exec(select(Title).where(col(Title.id).in_(some)))).all()
        live = [title for title in rows if title.deleted_at is None]
        there, people = await hung(session, live), await people_of(session, [title.id for title in live])
        await search.leave(session, [title.id for title in rows if title.deleted_at is not None])
        await search.enter(session, [entry(title, there[title.id], people.get(title.id, [])) for title in live])


def entry(title: Title, there: Hung, people: Sequence[str]) -> search.Entry:
    """What one title is found by."""
    texts = there.texts.values()
    names = [title.name, *(text.name for text in texts)]
    words = [
        *(one.name for one in there.above if one is not None),
        *people, title.story, title.advertiser, title.category,
        *(name.partition(":")[2] for name in there.ids),
        title.summary, title.description[:_ENOUGH], *(text.summary for text in texts),
        *(text.description[:_ENOUGH] for text in texts),
    ]  # fmt: skip
    return search.Entry(title.id, " ".join(names), " ".join(words))


async def under(session: AsyncSession, titles: Sequence[str]) -> list[str]:
    """The ids of everything beneath these titles, two steps down, which is as far as it goes; trailers too."""
    rows = (
        select(Title.id)
        .outerjoin(PARENT, col(PARENT.id) == Title.parent_id)
        .where(or_(col(Title.parent_id).in_(titles), col(PARENT.parent_id).in_(titles)))
        .order_by(col(Title.id))
    )
    return list((await session.exec(rows)).all())
