"""What people want of assets, as it stands in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, text
from sqlmodel import col, select

from control_api.assets.breaks import BreakState, Edit, aired
from control_api.assets.documents import document
from control_api.columns import UtcInstant
from control_api.tables import AssetCare, BreakEdit
from playout.core.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from playout.core.asset import BreakPoint
    from playout.store import Store

Edits = dict[str, list[Edit]]
"""By asset, each in the order of its cuts."""

_DUE: Final = text(
    "INSERT INTO amendment_due (asset_id, changes, since) VALUES (:asset, 1, :now) "
    "ON CONFLICT (asset_id) DO UPDATE SET changes = amendment_due.changes + 1"
).bindparams(bindparam("now", type_=UtcInstant()))


async def due(session: AsyncSession, asset: str, now: datetime) -> None:
    """Have the engine told of an asset anew, once the transaction is committed."""
    await session.flush()
    await (await session.connection()).execute(_DUE, [{"asset": asset, "now": now}])


async def edits_of(session: AsyncSession, assets: Sequence[str]) -> Edits:
    """What people say of the break points of these assets; nothing of one of which they say nothing."""
    rows = select(BreakEdit).where(col(BreakEdit.asset_id).in_(assets)).order_by(col(BreakEdit.segment))
    found: Edits = {}
    for row in (await session.exec(rows)).all():
        found.setdefault(row.asset_id, []).append(Edit(row.segment, BreakState(row.state), Ticks(row.snapped)))
    return found


def told_breaks(store: Store, edits: Mapping[str, Sequence[Edit]]) -> dict[str, tuple[BreakPoint, ...]]:
    """Where channels may break each of these assets. Blocks; raises `StoreDown`, and `Corrupt`."""
    found = {}
    for asset, some in edits.items():
        known = document(store, asset)
        if known is not None:
            found[asset] = aired(known.breaks, some)
    return found


async def care_of(session: AsyncSession, asset: str) -> AssetCare:
    """What people want of an asset; a new row where there is none."""
    row = await session.get(AssetCare, asset)
    if row is None:
        row = AssetCare(asset_id=asset)
        session.add(row)
    return row
