"""Whether the database has the tables of this version, asked once for all who want to know at the same time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from control_api import schema

if TYPE_CHECKING:
    from control_api.database import Database


class Readiness:
    """Asks what revision the database is at.

    Law: nobody is told what was asked before they came. However many ask, one question is under way at a time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = asyncio.Lock()
        self._begun = 0
        """How many questions were begun."""
        self._answered = 0
        """Which of them was answered last."""
        self._found: str | None = None
        self._error: Exception | None = None

    async def revision(self) -> str | None:
        """The revision; raises what the database does."""
        before = self._begun
        async with self._lock:
            if self._answered <= before:
                await self._ask()
            if self._error is not None:
                raise self._error
            return self._found

    async def _ask(self) -> None:
        self._begun += 1
        try:
            self._found, self._error = await schema.current(self._database), None
        except Exception as error:  # noqa: BLE001 — whoever waits is told
            self._found, self._error = None, error
        self._answered = self._begun
