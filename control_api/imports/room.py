"""Whether there is room for the file of an import: asked before its first byte, and now and then while it comes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from sqlmodel import col, func, select

from control_api.problems import NO_ROOM, TOO_MANY, Problem
from control_api.sizes import sized
from control_api.tables import Import
from control_api.uploads.landing import free_bytes

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.settings import Settings

MOST_WAITING: Final = 5
"""Imports of one owner that are not over: each may hold a file as large as `import_bytes`."""
_STRIDE: Final = 64 << 20
"""After how many bytes the disk is looked at again."""
_AGAIN: Final = "30"


class Filling:
    """Counts the bytes of a file that comes."""

    def __init__(self, settings: Settings, stride: int = _STRIDE) -> None:
        self._settings = settings
        self._stride = stride
        self._taken = 0
        self._asked = 0

    async def take(self, size: int, announced: int = 0) -> None:
        """So many bytes come now, and so many are announced. Raises `Problem` when the disk has no room for them."""
        self._taken += size
        if size and self._taken < self._asked + self._stride:
            return
        self._asked = self._taken
        free = await asyncio.to_thread(free_bytes, self._settings.media)
        if free - announced < self._settings.upload_free_bytes:
            left = max(free - self._settings.upload_free_bytes, 0)
            raise Problem(NO_ROOM, f"the disk has {sized(left)} for files of imports, which is too little")


async def turn(session: AsyncSession, owner: str) -> None:
    """Whether `owner` may begin one more import. Raises `Problem`."""
    waiting = select(func.count()).where(Import.owner == owner, col(Import.ended_at).is_(None))
    if (await session.exec(waiting)).one() >= MOST_WAITING:
        words = f"{MOST_WAITING} of your imports are not over: wait for one of them, or cancel its job"
        raise Problem(TOO_MANY, words, headers={"Retry-After": _AGAIN})
