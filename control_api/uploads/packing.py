"""Handing on: what was accepted is packaged by a job of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.tables import Upload


async def pack(session: AsyncSession, row: Upload, now: datetime) -> None:
    """Submit the job."""
