"""Edits of titles on their way to the air: written down in the transaction of the edit, told to the store after it.

Law: what is due stands in the database until the store has it. Telling the same twice does no harm, so a process
that dies between the two leaves nothing undone.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, text
from sqlmodel import col, delete, or_, select

from control_api.assets.care import edits_of, told_breaks
from control_api.columns import UtcInstant
from control_api.library.hung import hung
from control_api.library.told import told
from control_api.tables import AdCreative, AmendmentDue, Asset, Title
from control_api.tables.kin import PARENT
from playout.amend import Amendment, amend

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from playout.store import Store

AT_ONCE: Final = 200
"""Assets in one entry of the store's list."""
_PORTION: Final = 400


async def due(session: AsyncSession, titles: Sequence[str], now: datetime) -> None:
    """Have the engine told of the assets of these titles, and of those of everything beneath them."""
    await session.flush()
    connection = await session.connection()
    for start in range(0, len(titles), _PORTION):
        some = list(titles[start : start + _PORTION])
        beneath = (
            select(col(Asset.id))
            .join(Title, col(Title.id) == Asset.title_id)
            .outerjoin(PARENT, col(PARENT.id) == Title.parent_id)
            .where(
                or_(col(Title.id).in_(some), col(Title.parent_id).in_(some), col(PARENT.parent_id).in_(some)),
                col(Asset.state) != "gone",
            )
        )
        rows = [{"asset": asset, "now": now} for asset in (await session.exec(beneath)).all()]
        if rows:
            await connection.execute(_DUE, rows)


_DUE: Final = text(
    "INSERT INTO amendment_due (asset_id, changes, since) VALUES (:asset, 1, :now) "
    "ON CONFLICT (asset_id) DO UPDATE SET changes = amendment_due.changes + 1"
).bindparams(bindparam("now", type_=UtcInstant()))


async def is_any_due(database: Database) -> bool:
    """Whether there is anything to tell."""
    async with database.reading() as session:
        return (await session.exec(select(AmendmentDue.asset_id).limit(1))).one_or_none() is not None


async def deliver(database: Database, store: Store, now: datetime) -> int:
    """Tell the store of what is due, some of it; how many assets that were. Raises `StoreDown`.

    What has changed again meanwhile stays due.
    """
    async with database.reading() as session:
        rows = select(AmendmentDue.asset_id, AmendmentDue.changes).order_by(col(AmendmentDue.since)).limit(AT_ONCE)
        waiting = dict((await session.exec(rows)).all())
        amendments = await _amendments(session, store, list(waiting))
    if not waiting:
        return 0
    if amendments:
        await asyncio.to_thread(amend, store, amendments, now)
    async with database.writing() as session:
        connection = await session.connection()
        gone = delete(AmendmentDue).where(
            col(AmendmentDue.asset_id) == bindparam("asset"), col(AmendmentDue.changes) == bindparam("times")
        )
        await connection.execute(gone, [{"asset": asset, "times": count} for asset, count in waiting.items()])
    return len(waiting)


async def _amendments(session: AsyncSession, store: Store, assets: Sequence[str]) -> list[Amendment]:
    """What is to be said of each."""
    if not assets:
        return []
    rows = select(Asset, Title).join(Title, col(Title.id) == Asset.title_id).where(col(Asset.id).in_(assets))
    found = (await session.exec(rows.where(col(Asset.state) != "gone").order_by(col(Asset.id)))).all()
    titles = list({title.id: title for _, title in found}.values())
    there = await hung(session, titles)
    breaks = await asyncio.to_thread(told_breaks, store, await edits_of(session, assets))
    over = await _no_longer_offered(session, assets)
    return [
        Amendment(
            asset.id,
            told(title, there[title.id]),
            breaks.get(asset.id),
            # of an asset that was pulled off the air nobody here says that it may be chosen again
            shelved=title.deleted_at is not None or asset.state != "packaged" or asset.id in over,
        )
        for asset, title in found
    ]


async def _no_longer_offered(session: AsyncSession, assets: Sequence[str]) -> set[str]:
    """Those of them that are ads of servers, none of which offers them any more."""
    rows = select(AdCreative.asset_id, AdCreative.is_offered).where(col(AdCreative.asset_id).in_(assets))
    found = (await session.exec(rows)).all()
    return {asset for asset, _ in found if asset is not None} - {asset for asset, is_offered in found if is_offered}
