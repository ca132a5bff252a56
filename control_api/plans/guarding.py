"""What is looked at when a process starts: whether what is premium can still not be had by an address made up."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sqlmodel import select

from control_api.plans.gate import OPEN, PREMIUM, is_closed
from control_api.tables import Title

if TYPE_CHECKING:
    from control_api.database import Database
    from control_api.settings import Settings

_log: Final = logging.getLogger("fastline.plans")


async def look(database: Database, settings: Settings) -> bool:
    """Whether all is well; the journal is told when titles are premium, and on demand was opened after that."""
    if is_closed(settings):
        return True
    async with database.reading() as session:
        some = (await session.exec(select(Title.id).where(Title.access == PREMIUM).limit(1))).first()
    if some is not None:
        _log.error("titles are premium, and %s", OPEN, extra={"action": "premium_is_open"})
    return some is None
