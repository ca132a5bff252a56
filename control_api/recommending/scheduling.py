"""When a version is built: every so often, by a job that one process of all submits; and at once when staff want it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlmodel import col, select

from control_api.database import Database, is_outage
from control_api.duties import Duty
from control_api.ids import new_id
from control_api.instants import whole_millis
from control_api.jobs import submit
from control_api.jobs.states import UNENDED
from control_api.problems import Problem
from control_api.recommending.apart import RECOMMEND, Build
from control_api.settings import Settings
from control_api.tables import Job, RecommendationBuild
from playout.clock import Clock

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

_log: Final = logging.getLogger("fastline.api")
_EVERY: Final = 30.0
"""Seconds from one look to the next."""
_SPAN: Final = timedelta(minutes=2)
_BEHIND: Final = -10
"""The priority of what nobody waits for."""


@dataclass(slots=True)
class Recommender:
    """One process that would have versions built."""

    settings: Settings
    database: Database
    clock: Clock
    every: float = _EVERY

    async def run(self) -> None:
        """Look now and then, until the task is cancelled."""
        if not self.settings.recommendation_minutes:
            await asyncio.Event().wait()  # only when staff want it
        await asyncio.sleep(self.every)  # a start has enough to do
        duty = Duty(self.database, "recommendations", new_id("rd"), _SPAN)
        await duty.done(lambda: self._turn(duty), self.every)

    async def _turn(self, duty: Duty) -> None:
        try:
            if await duty.holds(whole_millis(self.clock())):
                await self.once()
        except Problem as full:  # the queue is; it is tried again
            _log.warning("no recommendations are built: %s", full.detail, extra={"action": "recommendations"})
        except Exception as error:
            if not is_outage(error):
                raise

    async def once(self) -> bool:
        """Have a version built if it is time; whether it was."""
        now = whole_millis(self.clock())
        async with self.database.reading() as session:
            due = await due_at(session, self.settings)
            if (due is not None and now < due) or await building(session) is not None:
                return False
        async with self.database.writing() as session:
            await submit(session, RECOMMEND, Build(), now=now, priority=_BEHIND)
        return True


async def due_at(session: AsyncSession, settings: Settings) -> datetime | None:
    """When the next version is due; None: at once, as there is none, and nobody has tried."""
    tried = select(Job.created_at).where(Job.kind == RECOMMEND.name).order_by(col(Job.created_at).desc()).limit(1)
    built = select(RecommendationBuild.begun_at).order_by(col(RecommendationBuild.number).desc()).limit(1)
    times = [at for rows in (tried, built) if (at := (await session.exec(rows)).first()) is not None]
    return max(times) + timedelta(minutes=settings.recommendation_minutes) if times else None


async def building(session: AsyncSession, *, full: bool = False) -> str | None:
    """The job that builds one, or is going to; `full`: that works all of it out anew."""
    open_ = select(Job.id, Job.given).where(Job.kind == RECOMMEND.name, col(Job.state).in_(UNENDED))
    jobs = (await session.exec(open_.order_by(col(Job.id)))).all()
    return next((job for job, given in jobs if given.get("full") or not full), None)
