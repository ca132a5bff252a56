"""Packaging anew: from what an asset was packaged from, in another way; the new asset takes the place of the old one.

Law: an asset never changes. Another packaging is another asset, and of one format only one of them is chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmodel import col, select

from control_api.assets.care import care_of, due
from control_api.assets.shown import PACKAGED, REPLACED
from control_api.jobs.packaging import Packed
from control_api.jobs.states import JobState
from control_api.tables import Asset, Upload

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.tables import Job


async def original(session: AsyncSession, asset: str) -> Upload | None:
    """The upload that an asset was packaged from, where its bytes are still there."""
    rows = select(Upload).where(Upload.asset_id == asset, col(Upload.is_kept)).order_by(col(Upload.id).desc()).limit(1)
    return (await session.exec(rows)).one_or_none()


async def repacked(session: AsyncSession, job: Job) -> None:
    """Let the new asset take the place of the one that the job is about; in the transaction in which the job ends.

    One in another format has another place, and the old one stays.
    """
    if job.state != JobState.SUCCEEDED or job.result is None:
        return
    old = await session.get(Asset, job.subject, with_for_update=True)
    made = Packed.model_validate(job.result)
    if old is None or old.id == made.asset or old.house != made.house or old.state != PACKAGED:
        return
    now = job.ended_at or job.created_at
    old.state = REPLACED
    old.version += 1
    session.add(old)
    care = await care_of(session, old.id)
    care.replaced_by = made.asset
    await due(session, old.id, now)
