"""Purging: what has lain in the bin is gone for good, with its media and its pictures, once no channel airs it.

Law: files go before rows. Who dies between the two leaves rows of which the next attempt knows what to remove;
the other way round the intake would take what is left in the store for something new.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel
from sqlalchemy import func
from sqlmodel import col, delete, or_, select

from control_api.assets.removing import A_WEEK, HOURLY, UNTOLD, check_air, removed
from control_api.jobs.kinds import JobKind
from control_api.jobs.states import UNENDED
from control_api.jobs.submission import submit
from control_api.jobs.work import Broken, Work
from control_api.library.indexing import under
from control_api.library.pictures import forget
from control_api.tables import AmendmentDue, Artwork, Asset, Job, Title
from control_api.tables.kin import PARENT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database

_REST: Final = timedelta(days=1)
"""How long after a purge has failed another one is begun."""
_AT_ONCE: Final = 500


class Purge(BaseModel):
    """Which title."""

    title: str


class Purged(BaseModel):
    """What is gone."""

    titles: int
    assets: int


async def purge(work: Work, given: Purge) -> Purged:
    """Remove a title that lies in the bin, and everything beneath it. Raises `Broken` while a channel airs it."""
    store = work.settings.place.store()
    titles, assets = await _condemned(work.database, given.title)
    await check_air(store, assets, work.clock())
    work.tell(200, "removing media")
    for number, asset in enumerate(assets):
        await asyncio.to_thread(removed, store, asset)
        await work.progress(200 + 600 * (number + 1) // len(assets), "removing media")
    digests = await _forgotten(work.database, given.title, titles, assets)
    await asyncio.to_thread(forget, store, digests)
    await work.log(f"{len(titles)} titles and {len(assets)} assets are gone")
    return Purged(titles=len(titles), assets=len(assets))


PURGE: Final = JobKind("purge_title", Purge, purge, attempts=A_WEEK, pauses=HOURLY, everywhere=1)
"""Removes a title for good. Tries again each hour while a channel airs it."""


async def submit_overdue(session: AsyncSession, before: datetime, now: datetime) -> int:
    """Have everything purged that was put into the bin before this instant; how many jobs that makes."""
    tried = select(Job.subject).where(
        Job.kind == PURGE.name, or_(col(Job.state).in_(UNENDED), col(Job.ended_at) > now - _REST)
    )
    rows = (
        select(Title.id)
        .outerjoin(PARENT, col(PARENT.id) == Title.parent_id)
        .where(col(Title.deleted_at) < before, col(Title.id).not_in(tried))
        .where(or_(col(PARENT.id).is_(None), col(PARENT.deleted_at).is_(None)))  # what is beneath goes with it
        .order_by(col(Title.deleted_at))
        .limit(_AT_ONCE)
    )
    overdue = (await session.exec(rows)).all()
    for title in overdue:
        await submit(session, PURGE, Purge(title=title), now=now, subject=title, priority=-1)
    return len(overdue)


async def _condemned(database: Database, title: str) -> tuple[list[str], list[str]]:
    """The title with everything beneath it, and all their assets. Raises `Broken` when it is not in the bin."""
    async with database.reading() as session:
        row = await session.get(Title, title)
        if row is None:
            return [], []
        if row.deleted_at is None:
            reason = "it does not lie in the bin, or not any more"
            raise Broken(reason, "Delete it first.")
        titles = [title, *await under(session, [title])]
        assets: list[str] = []
        waiting = 0
        for some in _portions(titles):
            own = col(Asset.title_id).in_(some)
            assets += (await session.exec(select(Asset.id).where(own))).all()
            due = select(func.count()).select_from(AmendmentDue).join(Asset, col(Asset.id) == AmendmentDue.asset_id)
            waiting += (await session.exec(due.where(own))).one()
    if waiting:
        raise Broken(UNTOLD, again=True)
    return titles, assets


async def _forgotten(database: Database, title: str, titles: Sequence[str], assets: Sequence[str]) -> list[str]:
    """Delete the rows; the digests of the pictures that nothing shows any more."""
    async with database.writing() as session:
        row = await session.get(Title, title, with_for_update=True)
        if row is not None and row.deleted_at is None:
            reason = "it was restored meanwhile, without its media"
            raise Broken(reason, "Package its media again.")
        shown = [await _pictures(session, some) for some in _portions(titles)]
        for some in _portions(assets):
            await session.exec(delete(Asset).where(col(Asset.id).in_(some)))
        # children before their parents, which they name: ids of one level are deleted together
        for kind in ("trailer", "", "season", "series"):
            for some in _portions(titles):
                level = col(Title.kind) == kind if kind else col(Title.kind).not_in(("season", "series"))
                await session.exec(delete(Title).where(col(Title.id).in_(some), level))
        digests = {digest for some in shown for digest in some}
        kept = select(Artwork.digest).where(col(Artwork.digest).in_(digests))
        return sorted(digests - set((await session.exec(kept)).all()))


async def _pictures(session: AsyncSession, titles: Sequence[str]) -> list[str]:
    return list((await session.exec(select(Artwork.digest).where(col(Artwork.title_id).in_(titles)))).all())


def _portions(whole: Sequence[str]) -> list[Sequence[str]]:
    return [whole[start : start + _AT_ONCE] for start in range(0, len(whole), _AT_ONCE)]
