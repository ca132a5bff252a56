"""The duty: once a day one process of all tidies up, and whoever failed at it tries again soon."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from control_api import duties
from control_api.database import Database, is_outage
from control_api.happenings import Feed
from control_api.ids import new_id
from control_api.instants import whole_millis
from control_api.privacy import leaving
from control_api.settings import Settings
from control_api.tidying import files
from control_api.tidying.rows import rows
from playout.clock import Clock
from playout.store import StoreDown

if TYPE_CHECKING:
    from datetime import datetime

EVERY: Final = 600.0
"""Seconds from one look whether it is time to the next."""
DUTY: Final = "tidying"
_SPAN: Final = timedelta(days=1)
_log: Final = logging.getLogger("fastline.api")


@dataclass(slots=True)
class Tidier:
    """One process that would tidy up."""

    settings: Settings
    database: Database
    feed: Feed
    clock: Clock
    every: float = EVERY

    async def run(self) -> None:
        """Look now and then, until the task is cancelled."""
        while True:
            try:
                await self.once()
            except Exception as error:
                if not is_outage(error) and not isinstance(error, (StoreDown, OSError)):
                    raise
                words = f"{type(error).__name__}: {error}".partition("\n")[0][:300]
                _log.warning("nothing was tidied up: %s", words, extra={"action": "untidied"})
            await asyncio.sleep(self.every)

    async def once(self) -> dict[str, int]:
        """Tidy up if nobody has for a day; how many of what are gone."""
        now, holder = whole_millis(self.clock()), new_id("td")
        # whoever does it holds the duty for a day: a name of its own each time lets nobody do it twice
        if not await duties.take(self.database, DUTY, holder, now, _SPAN):
            return {}
        try:
            done = await self._tidied(now)
        except BaseException:
            await duties.lay_down(self.database, DUTY, holder)
            raise
        told = ", ".join(f"{count} {name}" for name, count in done.items() if count)
        if told:
            _log.info("tidied up: %s", told, extra={"action": "tidied"})
            self.feed.ring()
        return done

    async def _tidied(self, now: datetime) -> dict[str, int]:
        settings, database = self.settings, self.database
        done = await rows(database, settings, now)
        done["accounts"] = await leaving.due(database, now)
        if settings.picture_days:
            span = timedelta(days=settings.picture_days)
            done["pictures"] = await files.pictures(database, settings.place.store(), now, span)
        if settings.backup_days:
            span = timedelta(days=settings.backup_days)
            done["backups"] = await files.backups(database, settings, now, span)
        done["files of imports"] = await files.import_files(database, settings, now)
        return done
