"""Linking: the asset that an upload has become goes to the title that its sender named.

Where none was named, the title that the intake made is given the kind that was said, which an asset cannot tell.
The intake makes titles of what assets say of themselves. One that it made for this asset alone, and that nobody has
touched since, goes into the bin.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel
from sqlmodel import select

from control_api.assets.care import due
from control_api.instants import whole_millis
from control_api.jobs import Broken, JobKind, Work
from control_api.library import bin as bins
from control_api.library.indexing import reindexed
from control_api.library.kinds import TitleKind, aired_as, kept_as
from control_api.tables import Asset, Title

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

_PAUSES: Final = (timedelta(seconds=2), timedelta(seconds=10), timedelta(minutes=1))


class Link(BaseModel):
    """Which asset, and to which title, or what the title is that was made of it."""

    asset: str
    title: str | None = None
    kind: TitleKind | None = None


async def _linked(work: Work, given: Link) -> None:
    now = whole_millis(work.clock())
    async with work.database.writing() as session:
        asset = await session.get(Asset, given.asset, with_for_update=True)
        if asset is None:
            message = "the library has not taken the asset in yet"
            raise Broken(message, again=True)
        if given.title is None:
            await _called(session, asset, given.kind, now)
            return
        title = await session.get(Title, given.title)
        if title is None:
            message = f"there is no title {given.title} any more"
            raise Broken(message, "Give the asset another title.")
        await give(session, asset, title.id, now)


async def _called(session: AsyncSession, asset: Asset, kind: TitleKind | None, now: datetime) -> None:
    """Let the title of an asset be of this kind, unless people have changed it, or it was of a kind that says more."""
    title = await session.get(Title, asset.title_id, with_for_update=True)
    if kind is None or title is None or title.version != 1 or title.kind != kept_as(aired_as(kind)):
        return
    title.kind, title.updated_at = kind, now
    title.version += 1
    session.add(title)
    await session.flush()
    await reindexed(session, [title.id])


async def give(session: AsyncSession, asset: Asset, title: str, now: datetime) -> None:
    """Let an asset belong to this title from now on."""
    if asset.title_id == title:
        return
    name, before, asset.title_id = asset.id, asset.title_id, title
    asset.version += 1
    session.add(asset)
    await session.flush()
    await _emptied(session, before, now)  # after that the rows at hand are to be read anew
    await reindexed(session, [title])
    await due(session, name, now)


async def _emptied(session: AsyncSession, title: str, now: datetime) -> None:
    """Put a title into the bin that the intake made for what is elsewhere now."""
    row = await session.get(Title, title)
    others = (await session.exec(select(Asset.id).where(Asset.title_id == title).limit(1))).one_or_none()
    below = (await session.exec(select(Title.id).where(Title.parent_id == title).limit(1))).one_or_none()
    if row is not None and row.version == 1 and others is None and below is None:
        await bins.throw(session, row, now)


LINK: Final = JobKind("link_asset", Link, _linked, attempts=60, pauses=_PAUSES)
"""Gives an asset to the title that its upload named, once the library has taken it in."""
