"""A worker: takes jobs, does them, shows that it lives, and stops what must stop.

Law: what a worker lets go of is either ended, or can be begun by another. It stops by itself before its leases end,
when it cannot say that it lives.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from socket import gethostname
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ValidationError

from control_api.database import is_outage
from control_api.happenings import append
from control_api.instants import whole_millis
from control_api.jobs import keeping, moving, taking
from control_api.jobs.legible import kept
from control_api.jobs.states import Move
from control_api.jobs.taking import Taken
from control_api.jobs.work import Broken, Lacking, Stop, Work
from control_api.sizes import MIB, sized

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping
    from datetime import datetime

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.happenings import Happening
    from control_api.jobs.kinds import AnyKind
    from control_api.jobs.queue import Queue
    from control_api.outgoing import Outgoing
    from control_api.tables import Job
    from playout.clock import Clock

_log: Final = logging.getLogger("fastline.jobs")


@dataclass(slots=True, eq=False)
class _Attempt:
    """One job that this worker does."""

    taken: Taken
    work: Work
    task: asyncio.Task[BaseModel | Exception | None] | None = None
    """Answers what came of it, or how it failed."""

    def stop(self, why: Stop) -> None:
        """Have it end as soon as it can."""
        if self.work.stopped is None:
            self.work.stopped = why
        if self.task is not None:
            self.task.cancel()


class Worker:
    """Does jobs of the kinds that its queue knows and that have somebody who does them."""

    def __init__(
        self,
        queue: Queue,
        database: Database,
        outgoing: Outgoing,
        clock: Clock,
        *,
        told: Callable[[], None] = lambda: None,
        name: str = "",
    ) -> None:
        """`told` is called after events were written; `name` is what people know the worker by."""
        self.name = name or f"{gethostname()}:{os.getpid()}"
        self.at_once = queue.settings.jobs_at_once
        self._queue = queue
        self._settings = queue.settings
        self._database = database
        self._outgoing = outgoing
        self._clock = clock
        self._told = told
        self._kinds = {name: kind for name, kind in queue.kinds.items() if kind.work is not None}
        self._running: dict[str, _Attempt] = {}
        self._lease = timedelta(seconds=self._settings.job_lease_seconds)
        self._shown = 0.0  # the loop's time of the last sign of life

    async def run(self) -> None:
        """Work until the task is cancelled; then give back what is not done."""
        while True:
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._beating())
                    tasks.create_task(self._keeping())
                    tasks.create_task(self._queue.serve(self))
            except* Exception as group:  # noqa: BLE001 — whatever it is, jobs go on being done
                if not all(is_outage(error) for error in _leaves(group)):
                    _log.exception("the worker failed, and begins anew", extra={"action": "worker"})
                else:
                    _log.warning("the database does not answer; the worker waits", extra={"action": "outage"})
            await asyncio.sleep(self._settings.job_poll_ms / 1000)

    async def next(self, kinds: Collection[str] | None = None) -> Awaitable[None] | None:
        """Take the job whose turn it is, among those of these kinds or all; what is answered does it."""
        now = self._now()
        wanted = {name: kind for name, kind in self._kinds.items() if kinds is None or name in kinds}
        if not wanted or len(self._running) >= self.at_once:
            return None
        try:
            if not await taking.is_due(self._database, wanted, now):
                return None
            return await self._taken(wanted, now)
        except Exception as error:
            if not is_outage(error):
                raise
            return None  # what runs goes on meanwhile, and the next look is another try

    async def _taken(self, wanted: Mapping[str, AnyKind], now: datetime) -> Awaitable[None] | None:
        """Take one of these kinds."""
        here = Counter(attempt.taken.job.kind for attempt in self._running.values())
        taking_one = asyncio.ensure_future(taking.take(self._database, wanted, here, self.name, now, self._lease))
        try:
            taken = await asyncio.shield(taking_one)
        except asyncio.CancelledError:  # a lease that was taken meanwhile is not forgotten
            await asyncio.wait([taking_one])
            late = None if taking_one.exception() else taking_one.result()
            if late is not None:
                await self._attempted(self._attempt(late, Stop.LEAVING))
            raise
        if taken is None:
            return None
        return self._attempted(self._attempt(taken))

    def _attempt(self, taken: Taken, stopped: Stop | None = None) -> _Attempt:
        """Note what was taken."""
        job = taken.job
        work = Work(
            job=job.id,
            subject=job.subject,
            owner=job.owner,
            attempt=job.attempts,
            settings=self._settings,
            database=self._database,
            outgoing=self._outgoing,
            clock=self._clock,
            stopped=stopped,
        )
        attempt = self._running[job.id] = _Attempt(taken, work)
        _note("job %s (%s) begun, attempt %d of %d", job, job.id, job.kind, job.attempts, job.attempts_most)
        self._told()
        return attempt

    async def _attempted(self, attempt: _Attempt) -> None:
        """Do the job, and write what came of it."""
        job = attempt.taken.job
        try:
            async with asyncio.TaskGroup() as tasks:
                attempt.task = tasks.create_task(self._tried(attempt))
                if attempt.work.stopped is not None:
                    attempt.task.cancel()
                try:
                    await asyncio.wait([attempt.task])
                except asyncio.CancelledError:
                    attempt.stop(Stop.LEAVING)
                    await asyncio.wait([attempt.task])
                    await self._settled(attempt)
                    raise
                await self._settled(attempt)
        finally:
            del self._running[job.id]

    async def _tried(self, attempt: _Attempt) -> BaseModel | Exception | None:
        """What came of the work. A failure is an answer: it must not end what else is going on."""
        try:
            return await self._done(attempt)
        except Exception as error:  # noqa: BLE001 — whatever it is, the job tells of it
            return error

    async def _done(self, attempt: _Attempt) -> BaseModel | None:
        """The work itself, once there is room for it."""
        kind = self._kinds[attempt.taken.job.kind]
        try:
            given = kind.model.model_validate(attempt.taken.job.given)
        except ValidationError as error:
            reason = f"what it was given cannot be read any more: {error.error_count()} mistakes"
            raise Broken(reason, "It was submitted by another version of Fastline: submit it anew.") from error
        await self._make_room(attempt, kind, given)
        assert kind.work is not None  # noqa: S101 — others are not taken
        return await kind.work(attempt.work, given)

    async def _make_room(self, attempt: _Attempt, kind: AnyKind, given: BaseModel) -> None:
        """Promise the job the disk that it needs. Raises `Lacking`."""
        if kind.room is None:
            return
        needs = await asyncio.to_thread(kind.room, self._settings, given)
        free = await asyncio.to_thread(keeping.spare, self._settings)
        async with self._database.writing() as session:
            await taking.alone(session)
            job = await moving.held(session, attempt.taken.job.id)
            if job is None or job.lease != attempt.taken.lease:
                return  # the next beat says so
            left = max(free - await keeping.promised(session, but=job.id), 0)
            if needs <= left:
                job.needs_bytes = needs
                session.add(job)
                return
        kept = f"the {sized(self._settings.disk_reserve_mb * MIB)} that are left free (disk_reserve_mb)"
        reason = f"it needs {sized(needs)} of disk, and there are {sized(left)} besides {kept}"
        raise Lacking(needs, reason)

    async def _settled(self, attempt: _Attempt) -> None:
        """Write what came of the work; when the database does not answer, the end of the lease tells."""
        try:
            async with self._database.writing() as session:
                job = await moving.held(session, attempt.taken.job.id)
                if job is None or job.lease != attempt.taken.lease:
                    return
                now = self._now()
                await taking.flush(session, job, attempt.work, now)
                told = await self._outcome(session, job, attempt, now)
                await append(session, told, now)
            _note("job %s (%s) is %s%s", job, job.id, job.kind, job.state, f": {job.reason}" if job.reason else "")
        except Exception as failure:  # noqa: BLE001 — whatever it is, other jobs go on
            if is_outage(failure):
                words = "what came of job %s cannot be written now"
                _log.warning(words, attempt.taken.job.id, extra={"action": "outage"})
                return
            _log.exception("what came of job %s cannot be written", attempt.taken.job.id, extra={"action": "job"})
            await self._unwritten(attempt, failure)
        self._told()

    async def _unwritten(self, attempt: _Attempt, failure: Exception) -> None:
        """Let a job fail whose outcome the database refuses; one such job must not stop the others."""
        with suppress(Exception):  # then the end of the lease tells
            async with self._database.writing() as session:
                job = await moving.held(session, attempt.taken.job.id)
                if job is not None and job.lease == attempt.taken.lease:
                    reason = f"what came of it cannot be written: {type(failure).__name__}"
                    now = self._now()
                    told = await moving.move(
                        session, job, Move.FAIL, now, reason=reason, advice="The journal says more."
                    )
                    await append(session, told, now)

    async def _outcome(self, session: AsyncSession, job: Job, attempt: _Attempt, now: datetime) -> list[Happening]:
        """The move that follows from what came of the work."""
        assert attempt.task is not None  # noqa: S101 — it has ended
        if attempt.task.cancelled() and attempt.work.stopped is not None:
            job.attempts -= 1
            return await moving.move(session, job, Move.GIVE_BACK, now)
        came = RuntimeError("it stopped by itself") if attempt.task.cancelled() else attempt.task.result()
        if isinstance(came, Lacking):
            job.attempts -= 1
            job.needs_bytes = came.needs_bytes
            advice = "It begins as soon as there is room: delete what is not needed, or enlarge the disk."
            return await moving.move(session, job, Move.HOLD, now, reason=came.reason, advice=advice)
        job.needs_bytes = 0
        if isinstance(came, Exception):
            return await self._failed(session, job, came, now)
        job.result, job.permille = None if came is None else kept(came.model_dump(mode="json")), 1000
        return await moving.move(session, job, Move.SUCCEED, now)

    async def _failed(self, session: AsyncSession, job: Job, error: Exception, now: datetime) -> list[Happening]:
        if not isinstance(error, Broken):
            _log.error("job %s (%s) failed", job.id, job.kind, exc_info=error, extra={"action": "job", "job": job.id})
            error = Broken(f"Fastline failed: {type(error).__name__}: {error}", "The journal says more.", again=True)
        if error.again and job.attempts < job.attempts_most:
            job.due_at = now + self._kinds[job.kind].pause(job.attempts)
            return await moving.move(session, job, Move.TRY_AGAIN, now, reason=error.reason, advice=error.advice)
        reason = error.reason
        if error.again:
            reason = f"{reason}; that was attempt {job.attempts} of {job.attempts_most}"
        return await moving.move(session, job, Move.FAIL, now, reason=reason, advice=error.advice)

    async def _beating(self) -> None:
        """Show signs of life, write progress, and stop what must stop."""
        every = self._settings.job_beat_ms / 1000
        self._shown = self._time()
        while True:
            await self._queue.rung(every)
            if not self._running:
                self._shown = self._time()
                continue
            attempts = dict(self._running)
            leases = {name: attempt.taken.lease for name, attempt in attempts.items()}
            works = {name: attempt.work for name, attempt in attempts.items()}
            try:
                stops = await taking.beat(self._database, works, leases, self._now(), self._lease)
            except Exception as error:
                if not is_outage(error):
                    raise
                self._fall_silent(attempts)
                continue
            self._shown = self._time()
            for name, why in stops.items():
                attempts[name].stop(why)

    def _fall_silent(self, attempts: dict[str, _Attempt]) -> None:
        """Stop everything once others must take this worker for dead."""
        if self._time() - self._shown < self._lease.total_seconds():
            return
        for attempt in attempts.values():
            attempt.stop(Stop.GONE)

    async def _keeping(self) -> None:
        """Look after the table, as every worker does."""
        every = min(max(self._lease.total_seconds() / 4, 0.05), 15)
        while True:
            await self._kept()
            await asyncio.sleep(every)

    async def _kept(self) -> None:
        try:
            moved = await keeping.keep(self._database, self._settings, self._now())
            await self._queue.tend(self._database)
        except Exception as error:
            if not is_outage(error):
                raise
            return
        if moved:
            self._told()

    def _now(self) -> datetime:
        return whole_millis(self._clock())

    @staticmethod
    def _time() -> float:
        return asyncio.get_running_loop().time()


def _note(words: str, job: Job, *values: object) -> None:
    """Tell the journal of a job."""
    _log.info(words, *values, extra={"action": "job", "job": job.id})


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    """The failures in a group of groups."""
    return [
        leaf
        for error in group.exceptions
        for leaf in (_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    ]
