"""Jobs: taken in turn, done once, tried again, stopped, and found again after a worker has died."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import clusters
import pytest
from labour import Came, Shop, Task, entries, find, give, quick, soon, until, working
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from control_api import workers
from control_api.database import Database
from control_api.happenings import append
from control_api.jobs import Broken, JobKind, Work, moving
from control_api.jobs.keeping import keep
from control_api.jobs.queue import Queue, in_use
from control_api.jobs.states import JobState, Move
from control_api.problems import Problem
from control_api.settings import Settings
from control_api.tables import Event, Job
from playout.clock import system_clock

if TYPE_CHECKING:
    from pathlib import Path

    from sqlmodel.ext.asyncio.session import AsyncSession


async def step(database: Database, job: str, move: Move) -> None:
    """What people do to a job."""
    async with database.writing() as session:
        held = await moving.held(session, job)
        assert held is not None
        await append(session, await moving.move(session, held, move, system_clock()), system_clock())


async def test_a_job_is_done_and_what_came_of_it_is_kept(database: Database, settings: Settings) -> None:
    """B97: a hook in the process, in the transaction of the end, and events for everybody else."""
    shop = Shop()
    async with working(database, quick(settings), shop.kind()):
        job = await give(database, shop.kind(), "film", owner="ac_1", subject="as_1")
        done = await until(database, job, JobState.SUCCEEDED)
    assert (done.result, done.permille, done.parts) == ({"name": "film", "attempt": 1}, 1000, {"a": 200, "b": 0})
    assert (done.lease, done.leased_until, done.reason) == (None, None, None)
    assert shop.ended == [("film", "succeeded")]
    assert await entries(database, job) == ["submitted", "started", "succeeded"]
    assert await entries(database, job, "log") == ["attempt 1"]
    async with database.reading() as session:
        types = (await session.exec(select(Event.type).order_by(col(Event.sequence)))).all()
    assert types == ["job.started", "job.succeeded"]


async def has_rested(database: Database, job: str) -> bool:
    found = await find(database, job)
    return found.state == JobState.QUEUED and found.attempts > 0


async def test_what_was_rolled_back_is_not_done(database: Database, settings: Settings) -> None:
    shop = Shop()

    async def half() -> None:
        from control_api.jobs import submit  # noqa: PLC0415 — of this test alone

        async with database.writing() as session:
            await submit(session, shop.kind(), Task(name="lost"), now=system_clock())
            raise LookupError

    with pytest.raises(LookupError):
        await half()
    async with working(database, quick(settings), shop.kind()):
        await until(database, await give(database, shop.kind(), "kept"), JobState.SUCCEEDED)
    assert shop.done == ["kept"]


async def test_a_job_that_fails_is_tried_again_and_then_given_up_with_the_reason(
    database: Database, settings: Settings
) -> None:
    shop = Shop()
    async with working(database, quick(settings), shop.kind()):
        lucky = await give(database, shop.kind(), Task(name="lucky", fails=2))
        dead = await give(database, shop.kind(), Task(name="dead", fails=9))
        hopeless = await give(database, shop.kind(), Task(name="hopeless", fails=9, again=False))
        assert (await until(database, lucky, JobState.SUCCEEDED)).attempts == 3
        failed = await until(database, dead, JobState.FAILED)
        refused = await until(database, hopeless, JobState.FAILED)
    assert (failed.reason, failed.advice) == ("no luck with dead; that was attempt 3 of 3", "Try harder.")
    assert (refused.reason, refused.attempts) == ("no luck with hopeless", 1)
    assert await entries(database, lucky) == [
        "submitted", "started", "interrupted: no luck with lucky", "started", "interrupted: no luck with lucky",
        "started", "succeeded",
    ]  # fmt: skip
    assert sorted(shop.ended) == [("dead", "failed"), ("hopeless", "failed"), ("lucky", "succeeded")]


async def test_a_rest_between_attempts_grows(database: Database, settings: Settings) -> None:
    shop = Shop()
    kind = shop.kind(pauses=(timedelta(hours=1), timedelta(hours=2)))
    async with working(database, quick(settings), kind):
        job = await give(database, kind, Task(name="x", fails=9))
        await soon(lambda: has_rested(database, job))
    found = await find(database, job)
    assert timedelta(minutes=59) < found.due_at - system_clock() <= timedelta(hours=1)
    assert [kind.pause(number) for number in (1, 2, 3)] == [timedelta(hours=hours) for hours in (1, 2, 2)]


@pytest.mark.parametrize(
    ("move", "state", "why"),
    [(Move.CANCEL, JobState.CANCELED, "canceled"), (Move.PAUSE, JobState.PAUSED, "paused")],
)
async def test_a_running_job_stops_at_once(
    database: Database, settings: Settings, move: Move, state: JobState, why: str
) -> None:
    shop = Shop()
    async with working(database, quick(settings), shop.kind()):
        job = await give(database, shop.kind(), Task(name="long", waits=True))
        await shop.has_begun.wait()
        await step(database, job, move)
        await soon(lambda: bool(shop.stopped))
        assert shop.stopped == [("long", why)]
        assert (await find(database, job)).state == state
        assert shop.done == []
        shop.go.set()
        await step(database, job, Move.RETRY if move is Move.CANCEL else Move.RESUME)
        await until(database, job, JobState.SUCCEEDED)
    assert shop.done == ["long"]


async def test_a_worker_that_stops_gives_its_jobs_back_and_that_is_no_attempt(
    database: Database, settings: Settings
) -> None:
    shop = Shop()
    async with working(database, quick(settings), shop.kind()):
        job = await give(database, shop.kind(), Task(name="long", waits=True))
        await shop.has_begun.wait()
    given = await find(database, job)
    assert (given.state, given.attempts, given.lease) == (JobState.QUEUED, 0, None)
    assert shop.stopped == [("long", "leaving")]
    shop.go.set()
    async with working(database, quick(settings), shop.kind()):
        await until(database, job, JobState.SUCCEEDED)


async def test_a_worker_that_lost_its_lease_is_told_and_stops(database: Database, settings: Settings) -> None:
    """Silence is what another worker sees; here the lease is taken away while the first one is at work."""
    shop = Shop()
    async with working(database, quick(settings), shop.kind(), name="first"):
        job = await give(database, shop.kind(), Task(name="long", waits=True))
        await shop.has_begun.wait()
        async with database.writing() as session:
            held = await moving.held(session, job)
            assert held is not None
            held.lease, held.worker = "le_of_another", "second"
            session.add(held)
        await soon(lambda: bool(shop.stopped))
    assert shop.stopped == [("long", "gone")]
    left = await find(database, job)
    assert (left.state, left.lease, left.worker) == (JobState.RUNNING, "le_of_another", "second")


async def test_a_lease_that_ends_queues_the_job_again_and_counts(database: Database, settings: Settings) -> None:
    shop, now = Shop(), system_clock()
    job = await give(database, shop.kind(), "x")
    for attempt in (1, 2, 3):
        async with database.writing() as session:
            held = await moving.held(session, job)
            assert held is not None
            held.lease, held.leased_until, held.worker, held.attempts = "le", now, "gone:1", attempt
            await moving.move(session, held, Move.BEGIN, now)
        assert await keep(database, quick(settings), now) == 0
        assert await keep(database, quick(settings), now + timedelta(seconds=1)) == 1
        assert (await find(database, job)).state == (JobState.QUEUED if attempt < 3 else JobState.FAILED)
    reason = (await find(database, job)).reason or ""
    assert reason.startswith("its worker gone:1 has shown no sign of life; it was given until ")
    assert reason.endswith("; that was attempt 3 of 3")


async def test_a_child_waits_for_its_parent(database: Database, settings: Settings) -> None:
    shop = Shop()
    parent = await give(database, shop.kind(), "parent")
    child = await give(database, shop.kind(), "child", parent=parent)
    waiting = await find(database, child)
    assert (waiting.state, waiting.reason) == (JobState.WAITING, f"it waits for job {parent}")
    async with working(database, quick(settings), shop.kind()):
        await until(database, child, JobState.SUCCEEDED)
        late = await give(database, shop.kind(), "late", parent=parent)
        await until(database, late, JobState.SUCCEEDED)
    assert shop.done == ["parent", "child", "late"]


async def test_a_child_of_a_parent_that_failed_fails_and_both_can_be_retried(
    database: Database, settings: Settings
) -> None:
    shop = Shop()
    parent = await give(database, shop.kind(), "parent")
    child = await give(database, shop.kind(), "child", parent=parent)
    await step(database, parent, Move.CANCEL)
    failed = await find(database, child)
    assert (failed.state, failed.reason) == (JobState.FAILED, f"job {parent}, which it needs, was canceled")
    orphan = await find(database, await give(database, shop.kind(), "orphan", parent=parent))
    assert (orphan.state, orphan.reason) == (JobState.FAILED, f"job {parent}, which it needs, is canceled")
    await step(database, child, Move.RETRY)
    assert (await find(database, child)).state == JobState.WAITING
    await step(database, parent, Move.RETRY)
    async with working(database, quick(settings), shop.kind()):
        await until(database, child, JobState.SUCCEEDED)
    assert shop.done == ["parent", "child"]


async def test_a_job_that_needs_more_disk_than_is_free_waits_and_says_so(
    database: Database, settings: Settings
) -> None:
    shop = Shop()
    kind = shop.kind(room=lambda _settings, task: task.needs)
    full = quick(settings, disk_reserve_mb=1 << 30)
    async with working(database, full, kind):
        job = await give(database, kind, Task(name="big", needs=7 << 20))
        waiting = await until(database, job, JobState.WAITING)
        assert waiting.reason == (
            "it needs 7168 KiB of disk, and there are 0 bytes besides the 1024 TiB that are left free (disk_reserve_mb)"
        )
        assert waiting.attempts == 0
        small = await give(database, kind, Task(name="none", needs=0))
        await until(database, small, JobState.SUCCEEDED)
        assert (await find(database, job)).state == JobState.WAITING
    async with working(database, quick(settings), kind):
        await until(database, job, JobState.SUCCEEDED)
    assert shop.begun == ["none", "big"]


@pytest.mark.parametrize("limit", ["here", "everywhere"])
async def test_only_so_many_of_a_kind_run_at_once(database: Database, settings: Settings, limit: str) -> None:
    shop = Shop()
    limits: dict[str, Any] = {limit: 2}
    kind = shop.kind(**limits)
    async with working(database, quick(settings, jobs_at_once=8), kind):
        jobs = [await give(database, kind, Task(name=str(number), waits=True)) for number in range(6)]
        await soon(lambda: shop.running == 2)
        shop.go.set()
        for job in jobs:
            await until(database, job, JobState.SUCCEEDED)
    assert shop.most == 2


async def test_many_workers_do_every_job_once(database: Database, settings: Settings, database_url: str) -> None:
    shop = Shop()
    others = [Database(database_url, connections=4) for _ in range(3)]
    async with AsyncExitStack() as stack:
        for other in others:
            stack.push_async_callback(other.close)
            lasting = quick(settings, job_lease_seconds=60)  # on a busy machine a short one ends by itself
            await stack.enter_async_context(working(other, lasting, shop.kind()))
        jobs = [await give(database, shop.kind(), str(number)) for number in range(40)]
        for job in jobs:
            await until(database, job, JobState.SUCCEEDED)
    assert sorted(shop.begun) == sorted(map(str, range(40)))


async def test_nobody_starves_beside_a_heavy_user(database: Database, settings: Settings) -> None:
    """What PeerTube's users ask for: priorities with a penalty for who has much in the queue."""
    shop = Shop()
    for number in range(12):
        await give(database, shop.kind(), f"heavy {number}", owner="ac_heavy")
    light = [await give(database, shop.kind(), f"light {number}", owner="ac_light") for number in range(3)]
    async with working(database, quick(settings, jobs_at_once=1), shop.kind()):
        for job in light:
            await until(database, job, JobState.SUCCEEDED)
    assert shop.begun.index("light 2") <= 6


async def test_priority_goes_first(database: Database, settings: Settings) -> None:
    shop = Shop()
    order = [(0, "b"), (-5, "c"), (7, "a")]
    jobs = [await give(database, shop.kind(), name, priority=priority) for priority, name in order]
    async with working(database, quick(settings, jobs_at_once=1), shop.kind()):
        for job in jobs:
            await until(database, job, JobState.SUCCEEDED)
    assert shop.begun == ["a", "b", "c"]


async def test_a_full_queue_says_when_to_come_back(database: Database, settings: Settings) -> None:
    shop = Shop()
    workers.queue(quick(settings, queue_longest=5, queue_longest_of_one=2), database, [shop.kind()])
    for owner in ("a", "a", "b"):
        await give(database, shop.kind(), owner=owner)
    with pytest.raises(Problem, match="2 of your jobs are in the queue") as mine:
        await give(database, shop.kind(), owner="a")
    await give(database, shop.kind(), owner="")
    last = await give(database, shop.kind(), owner="")
    with pytest.raises(Problem, match="5 jobs are in the queue") as all_of_them:
        await give(database, shop.kind(), owner="c")
    found: list[Any] = [(error.value.kind.status, error.value.headers) for error in (mine, all_of_them)]
    assert found == [(429, {"Retry-After": "60"}), (503, {"Retry-After": "60"})]
    await step(database, last, Move.CANCEL)
    await give(database, shop.kind(), owner="c")


async def test_what_ended_long_ago_is_removed_but_not_what_is_needed(database: Database, settings: Settings) -> None:
    shop, later = Shop(), system_clock() + timedelta(days=31)
    old = await give(database, shop.kind(), "old")
    parent = await give(database, shop.kind(), "parent")
    child = await give(database, shop.kind(), "child", parent=parent)
    for job in (old, parent):
        await step(database, job, Move.CANCEL)
    await step(database, child, Move.RETRY)
    await give(database, shop.kind(), "new")
    assert await keep(database, settings, system_clock()) == 0
    assert await keep(database, settings, later) == 1
    async with database.reading() as session:
        left = set((await session.exec(select(Job.id))).all())
    assert old not in left
    assert {parent, child} < left


async def test_words_that_no_database_keeps_are_kept_without_what_is_no_text(
    database: Database, settings: Settings
) -> None:
    bad = "a\0b\udcff" + "x" * 5000

    async def work(work: Work, task: Task) -> Came:
        await work.log(bad)
        await work.progress(1, bad)
        if task.fails:
            raise Broken(bad, bad)
        return Came(name=bad[:4], attempt=1)

    kind = JobKind("task", Task, work)
    async with working(database, quick(settings), kind):
        good = await until(database, await give(database, kind, "x"), JobState.SUCCEEDED, JobState.FAILED)
        poor = await until(database, await give(database, kind, Task(name="x", fails=1)), JobState.FAILED)
    assert good.result == {"name": "a\N{REPLACEMENT CHARACTER}b?", "attempt": 1}
    assert (poor.reason or "").startswith("a\N{REPLACEMENT CHARACTER}b?xxx")
    assert (len(poor.reason or ""), len(poor.advice or ""), len(poor.words)) == (2000, 500, 200)


async def test_a_mistake_after_the_end_of_a_job_does_not_undo_the_end(database: Database, settings: Settings) -> None:
    shop = Shop()

    async def ended(session: AsyncSession, job: Job) -> None:
        job.subject = "half"
        session.add(job)
        await session.flush()
        message = f"what follows from {job.kind}"
        raise LookupError(message)

    kind = shop.kind(ended=ended)
    async with working(database, quick(settings), kind):
        done = await until(database, await give(database, kind, "x"), JobState.SUCCEEDED)
        await until(database, await give(database, kind, "y"), JobState.SUCCEEDED)
    assert "what follows from its end failed: LookupError: what follows from task" in (
        await entries(database, done.id, "log")
    )


async def test_what_was_given_and_cannot_be_read_any_more_fails_with_the_reason(
    database: Database, settings: Settings
) -> None:
    shop = Shop()
    job = await give(database, shop.kind(), "x")
    async with database.writing() as session:
        held = await moving.held(session, job)
        assert held is not None
        held.given = {"name": 7, "fails": "often"}
        session.add(held)
    async with working(database, quick(settings), shop.kind()):
        failed = await until(database, job, JobState.FAILED)
    assert (failed.reason, failed.attempts) == ("what it was given cannot be read any more: 2 mistakes", 1)


@pytest.mark.skipif(not clusters.installed(), reason="PostgreSQL is not installed")
async def test_a_job_lives_through_an_outage_of_the_database(tmp_path: Path) -> None:
    """Shorter than its lease: nothing is begun anew, and nothing lost."""
    with clusters.cluster() as cluster:
        cluster.create("outage")
        await asyncio.to_thread(clusters.migrated, cluster.url("outage"))
        database = Database(cluster.url("outage"), patience_ms=1000)
        shop = Shop()
        patient = quick(Settings(media=tmp_path), job_lease_seconds=600)
        async with working(database, patient, shop.kind()):
            job = await give(database, shop.kind(), Task(name="long", waits=True))
            await shop.has_begun.wait()
            await asyncio.to_thread(cluster.stop)  # not at once: this server may forget its last commits then
            with pytest.raises(OperationalError):
                await database.answers()
            await asyncio.to_thread(cluster.start)
            shop.go.set()
            done = await until(database, job, JobState.SUCCEEDED)
            await until(database, await give(database, shop.kind(), "next"), JobState.SUCCEEDED)
        assert (done.attempts, shop.stopped) == (1, [])
        await database.close()


@pytest.mark.skipif(not clusters.installed(), reason="PostgreSQL is not installed")
async def test_a_worker_that_cannot_say_that_it_lives_stops_before_its_lease_ends(tmp_path: Path) -> None:
    with clusters.cluster() as cluster:
        cluster.create("outage")
        await asyncio.to_thread(clusters.migrated, cluster.url("outage"))
        database = Database(cluster.url("outage"), patience_ms=1000)
        shop = Shop()
        async with working(database, quick(Settings(media=tmp_path), job_lease_seconds=1), shop.kind()):
            await give(database, shop.kind(), Task(name="long", waits=True))
            await shop.has_begun.wait()
            await asyncio.to_thread(cluster.stop, how="immediate")
            await soon(lambda: shop.stopped == [("long", "gone")])
            await asyncio.to_thread(cluster.start)
        await database.close()


async def test_a_database_without_a_queue_takes_no_jobs(database_url: str) -> None:
    """One made up would know neither whom the end of a job concerns, nor the folder of the store."""
    bare = Database(database_url)
    with pytest.raises(LookupError, match="the database has no queue: name one with `in_use`"):
        await give(bare, Shop().kind(), "one")
    in_use(bare, Queue(Settings()))
    await give(bare, Shop().kind(), "two")
    async with bare.reading() as session:
        assert [job.given["name"] for job in (await session.exec(select(Job))).all()] == ["two"]
    await bare.close()
