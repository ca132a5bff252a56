"""Worker processes on the distributed queue, with nothing but the database and the store, and real encoders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from labour import soon, until
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from test_packaging_jobs import (  # noqa: F401 — what is run once more, on this queue, and what it needs
    film,
    stock,
    stocked,
    test_a_worker_that_is_killed_loses_nothing_and_its_encoders_die_with_it,
    unhurried,
    wanted,
    worker,
)
from test_procrastinated import database_url, settings  # noqa: F401 — the fixtures

from control_api.jobs.packaging import Package
from control_api.jobs.procrastinated import SCHEMA
from control_api.jobs.states import JobState

if TYPE_CHECKING:
    from control_api.database import Database
    from control_api.settings import Settings

pytestmark = pytest.mark.media


async def are_there(database: Database, many: int) -> bool:
    """Whether so many workers of procrastinate listen: two lines for each of ours."""
    words = f"SELECT count(*) FROM {SCHEMA}.procrastinate_workers"  # noqa: S608 — our own name
    async with database.reading() as session:
        try:
            found = (await session.exec(text(words))).scalar()  # type: ignore[call-overload]
        except ProgrammingError:  # the first one makes the tables
            return False
    return bool(found >= 2 * many)


async def test_two_workers_share_the_work(database: Database, settings: Settings) -> None:  # noqa: F811 — the fixture
    """One source at a time each: the second job goes to the other one."""
    names = [film(settings, f"{name}.mp4", 5) for name in ("one", "two")]
    slow = unhurried(settings)
    async with worker(settings, FASTLINE_FFMPEG=slow), worker(settings, FASTLINE_FFMPEG=slow):
        await soon(lambda: are_there(database, 2))
        jobs = [await wanted(database, Package(source=name, house="fast", title=name)) for name in names]
        done = [await until(database, job, JobState.SUCCEEDED, JobState.FAILED) for job in jobs]
    assert [job.state for job in done] == [JobState.SUCCEEDED, JobState.SUCCEEDED]
    assert len({job.worker for job in done}) == 2
