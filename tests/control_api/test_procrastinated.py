"""The distributed queue: what jobs promise holds on procrastinate too, and workers hear of jobs at once."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

import pytest
from labour import Shop, Task, find, give, quick, soon, until, working
from sqlalchemy import text
from test_jobs import (  # noqa: F401 — they are run once more, on this queue
    step,
    test_a_child_waits_for_its_parent,
    test_a_job_is_done_and_what_came_of_it_is_kept,
    test_a_job_that_fails_is_tried_again_and_then_given_up_with_the_reason,
    test_a_job_that_needs_more_disk_than_is_free_waits_and_says_so,
    test_a_running_job_stops_at_once,
    test_a_worker_that_stops_gives_its_jobs_back_and_that_is_no_attempt,
    test_many_workers_do_every_job_once,
    test_nobody_starves_beside_a_heavy_user,
    test_only_so_many_of_a_kind_run_at_once,
    test_priority_goes_first,
    test_what_was_rolled_back_is_not_done,
)

from control_api import workers
from control_api.jobs.procrastinated import SCHEMA, Procrastinated
from control_api.jobs.queue import queue_of
from control_api.jobs.states import JobState, Move
from control_api.settings import Settings, read

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from clusters import Cluster

    from control_api.database import Database

_numbers = count(1)


@pytest.fixture
def database_url(postgresql: Cluster) -> Iterator[str]:
    name = f"procrastinate{next(_numbers)}"
    postgresql.create(name, "migrated")
    yield postgresql.url(name)
    postgresql.drop(name)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(media=tmp_path, database=database_url, port=0, queue="procrastinate", access_log=False)


async def tickets(database: Database) -> list[tuple[str, str]]:
    async with database.reading() as session:
        words = f'SELECT queue_name, status FROM "{SCHEMA}".procrastinate_jobs ORDER BY id'  # noqa: S608 — our own name
        return [(row[0], row[1]) for row in (await session.exec(text(words))).all()]  # type: ignore[call-overload]


@pytest.fixture
async def opened(database: Database, settings: Settings) -> AsyncIterator[Shop]:
    """The queue without a worker."""
    shop = Shop()
    queue = workers.queue(quick(settings), database, [shop.kind(), shop.kind("narrow", here=1)])
    await queue.open(database)
    yield shop
    await queue.close()


async def test_a_ticket_stands_or_falls_with_its_job(database: Database, opened: Shop) -> None:
    await give(database, opened.kind(), "a")
    await give(database, opened.kind("narrow"), "b")
    assert await tickets(database) == [("others", "todo"), ("narrow", "todo")]

    async def half() -> None:
        async with database.writing() as session:
            from control_api.jobs import submit  # noqa: PLC0415 — of this test alone
            from playout.clock import system_clock  # noqa: PLC0415

            await submit(session, opened.kind(), Task(name="lost"), now=system_clock())
            raise LookupError

    with pytest.raises(LookupError):
        await half()
    assert len(await tickets(database)) == 2


async def test_a_job_has_one_ticket_however_often_it_is_queued(database: Database, opened: Shop) -> None:
    job = await give(database, opened.kind(), "a")
    for move in (Move.PAUSE, Move.RESUME, Move.CANCEL, Move.RETRY):
        await step(database, job, move)
    assert await tickets(database) == [("others", "todo")]
    assert (await find(database, job)).state == JobState.QUEUED


async def test_the_tables_of_the_queue_are_not_among_ours(database: Database, opened: Shop) -> None:
    from control_api import schema  # noqa: PLC0415 — of this test alone

    assert opened.begun == []
    assert await schema.differences(database) == []


async def test_a_worker_hears_of_a_job_at_once_and_the_tickets_are_used_up(
    database: Database, settings: Settings
) -> None:
    """The worker would look by itself only after a minute."""
    shop = Shop()
    async with working(database, quick(settings, job_poll_ms=60_000), shop.kind()):
        await until(database, await give(database, shop.kind(), "warm"), JobState.SUCCEEDED)
        begun = asyncio.get_running_loop().time()
        await until(database, await give(database, shop.kind(), "a"), JobState.SUCCEEDED)
        assert asyncio.get_running_loop().time() - begun < 20
        await soon(lambda: no_tickets(database))


async def no_tickets(database: Database) -> bool:
    return not await tickets(database)


async def test_a_ticket_that_was_lost_is_written_anew(database: Database, settings: Settings, opened: Shop) -> None:
    job = await give(database, opened.kind(), "a")
    async with database.writing() as session:
        queue = queue_of(session)
        await session.exec(text(f'SET LOCAL search_path TO "{SCHEMA}"'))  # type: ignore[call-overload]
        await session.exec(text(f'DELETE FROM "{SCHEMA}".procrastinate_jobs'))  # type: ignore[call-overload] # noqa: S608
    assert await tickets(database) == []
    for _ in range(2):
        await queue.tend(database)
        assert await tickets(database) == [("others", "todo")]
    async with working(database, quick(settings), opened.kind()):
        await until(database, job, JobState.SUCCEEDED)


async def test_the_queue_needs_postgresql(settings: Settings, tmp_path: Path) -> None:
    refused = read({"FASTLINE_QUEUE": "procrastinate"})
    assert str(refused) == "FASTLINE_QUEUE: procrastinate needs PostgreSQL: let `database` name one"
    url = "postgresql://x@127.0.0.1/y"
    assert isinstance(read({"FASTLINE_QUEUE": "procrastinate", "FASTLINE_DATABASE": url}), Settings)
    with pytest.raises(ValueError, match="the queue `procrastinate` needs PostgreSQL"):
        Procrastinated(settings.model_copy(update={"database": f"sqlite+aiosqlite:///{tmp_path / 'x.db'}"}))
