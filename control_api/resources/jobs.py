"""Jobs: what is being done, how far it is, what came of it; and pausing, canceling and repeating them."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field
from sqlalchemy import func
from sqlmodel import col, select

from control_api import ids
from control_api.batch import Batch, each
from control_api.call import Answer, Call
from control_api.callers import Caller, resolve
from control_api.changes import Change
from control_api.instants import Instant
from control_api.jobs import moving
from control_api.jobs.fairness import HIGHEST
from control_api.jobs.states import Immovable, JobState, Move
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Media, Operation, Precondition
from control_api.paging import Page, PageQuery, page
from control_api.problems import CONFLICT, MALFORMED, Mistake, Problem, missing
from control_api.scopes import Scope
from control_api.streams import Pulse
from control_api.tables import Job, JobEntry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlmodel.ext.asyncio.session import AsyncSession

STREAM: Final = "text/event-stream"
_KIND: Final = "job"
_TAG: Final = "Jobs"
_BATCH: Final = 100
_AGAIN: Final = b"retry: 2000\n\n"  # milliseconds after which a client that was cut off comes back
_LARGEST: Final = (1 << 31) - 1
_SEQUENCE: Final = re.compile(r"\d{1,19}", re.ASCII)

Priority = Annotated[int, Field(ge=-HIGHEST, le=HIGHEST, description="The larger, the sooner; 0 is ordinary.")]


class JobPath(Given):
    """Which job."""

    id: str = Field(pattern=ids.pattern("jb"), description="The id of the job.")


class JobShown(Shown):
    """What is known of a job."""

    id: str
    kind: str = Field(description="What is done.", examples=["package"])
    state: JobState
    given: dict[str, Any] = Field(description="What it is done with; depends on the kind.")
    result: dict[str, Any] | None = Field(description="What came of it; depends on the kind.")
    owner: str = Field(description="The id of who wanted it; empty: the station itself.")
    subject: str = Field(description="The id of the thing that it is about; empty where there is none.")
    priority: int
    parent: str | None = Field(description="The job that must succeed before.")
    attempts: int = Field(description="How often it was begun since people last wanted it.")
    attempts_most: int = Field(description="How often it is begun at most.")
    reason: str | None = Field(description="Why it waits, or why it failed.")
    advice: str | None = Field(description="What can be done about that.")
    permille: int = Field(description="How much of it is done, of 1000.")
    words: str = Field(description="What is being done.")
    parts: dict[str, int] = Field(description="How much of each part is done, of 1000; of `package` each rendition.")
    needs_bytes: int = Field(description="How much room it needs on the disk of the store, as far as that is known.")
    worker: str = Field(description="Who works on it, or did last.")
    created_at: Instant
    due_at: Instant = Field(description="Not before then.")
    started_at: Instant | None = Field(description="When it was last begun.")
    ended_at: Instant | None


class JobBegun(Shown):
    """The job that does it."""

    job: str = Field(description="Its id.")


class JobPage(Page[JobShown]):
    """A page of jobs, the newest first."""


class JobQuery(PageQuery):
    """Which jobs are wanted."""

    state: list[JobState] = Field(
        default_factory=list, max_length=len(JobState), description="Only those in these states."
    )
    kind: list[Annotated[str, Field(max_length=40)]] = Field(
        default_factory=list, max_length=20, description="Only those of these kinds."
    )
    subject: str | None = Field(default=None, max_length=80, description="Only those about the thing with this id.")
    owner: str | None = Field(
        default=None, max_length=80, description="Only those that the caller with this id wanted."
    )


class JobEdit(Given):
    """What is to be another way."""

    priority: Priority


class Act(StrEnum):
    """What people do to a job."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"


_MOVES: Final = {act: Move(act.value) for act in Act}
_PAST: Final = {Act.PAUSE: "paused", Act.RESUME: "resumed", Act.CANCEL: "canceled", Act.RETRY: "retried"}


class JobEditOne(Given):
    """One edit of several."""

    id: str = Field(pattern=ids.pattern("jb"))
    act: Act | None = None
    priority: Priority | None = None


class JobsEdited(Shown):
    """What became of the jobs, in the order of the edits."""

    items: list[JobShown]


class JobEntryShown(Shown):
    """One thing that is told of a job."""

    number: int = Field(description="Grows from entry to entry; `after` and Last-Event-ID name it.")
    at: Instant
    kind: str = Field(description="`state`, `log` or `progress`.")
    attempt: int
    permille: int = Field(description="How much of the job was done by then, of 1000.")
    words: str


class JobEntryPage(Page[JobEntryShown]):
    """A page of entries, the oldest first."""


class EntryQuery(PageQuery):
    """Which entries are wanted."""

    after: int = Field(default=0, ge=0, le=_LARGEST, description="Only those after the entry with this number.")
    kind: list[Annotated[str, Field(pattern="^(state|log|progress)$")]] = Field(
        default_factory=list, max_length=3, description="Only those of these kinds."
    )


class QueueShown(Shown):
    """How full the queue is."""

    states: dict[JobState, int] = Field(description="How many jobs are in each state.")
    kinds: dict[str, dict[JobState, int]] = Field(description="The same, for each kind.")
    longest: int = Field(description="How many may be there that have not ended.")
    oldest_due_at: Instant | None = Field(description="Since when the job waits that has waited longest; null: none.")
    workers: list[str] = Field(description="Who works on jobs now.")


@Endpoint(
    method="GET",
    path="/api/v1/jobs",
    name="list_jobs",
    summary="Jobs, the newest first",
    scope=Scope.JOBS_READ,
    tag=_TAG,
    query_model=JobQuery,
    answers={200: JobPage},
)
async def list_jobs(call: Call[Nothing, JobQuery, Nothing]) -> Answer:
    """A page of jobs."""
    query, rows = call.query, select(Job)
    if query.state:
        rows = rows.where(col(Job.state).in_(query.state))
    if query.kind:
        rows = rows.where(col(Job.kind).in_(query.kind))
    if query.subject is not None:
        rows = rows.where(Job.subject == query.subject)
    if query.owner is not None:
        rows = rows.where(Job.owner == query.owner)
    return await page(call, rows, [(col(Job.id), True)], JobShown.model_validate, JobPage)


@Endpoint(
    method="GET",
    path="/api/v1/jobs/{id}",
    name="read_job",
    summary="One job",
    scope=Scope.JOBS_READ,
    tag=_TAG,
    path_model=JobPath,
    answers={200: JobShown},
)
async def read_job(call: Call[JobPath]) -> Answer:
    """What is known of it."""
    job = await _row(call.session, call.path.id, held=False)
    return Answer(JobShown.model_validate(job), version=job.version)


@Endpoint(
    method="PATCH",
    path="/api/v1/jobs/{id}",
    name="edit_job",
    summary="Change which jobs go first",
    scope=Scope.JOBS_WRITE,
    tag=_TAG,
    path_model=JobPath,
    body_model=JobEdit,
    answers={200: JobShown},
    precondition=Precondition.HEEDED,
)
async def edit_job(call: Call[JobPath, Nothing, JobEdit]) -> Answer:
    """The priority counts until the job is begun."""
    job = await _row(call.session, call.path.id)
    call.guard(job.version)
    _prioritized(call, job, call.body.priority)
    return Answer(JobShown.model_validate(job), version=job.version)


def _act(act: Act, summary: str, description: str) -> Operation:
    """The operation by which people do that to a job."""

    @Endpoint(
        method="POST",
        path=f"/api/v1/jobs/{{id}}/{act}",
        name=f"{act}_job",
        summary=summary,
        description=description,
        scope=Scope.JOBS_WRITE,
        tag=_TAG,
        path_model=JobPath,
        answers={200: JobShown},
        precondition=Precondition.HEEDED,
    )
    async def done(call: Call[JobPath]) -> Answer:
        job = await _row(call.session, call.path.id)
        call.guard(job.version)
        await _acted(call, job, act)
        return Answer(JobShown.model_validate(job), version=job.version)

    return done


pause_job = _act(
    Act.PAUSE,
    "Let a job rest",
    "One that runs is stopped at once; what is done of it is kept, and `resume` goes on from there.",
)
resume_job = _act(Act.RESUME, "Let a paused job go on", "It is queued again.")
cancel_job = _act(
    Act.CANCEL,
    "Want a job no more",
    "One that runs is stopped at once, its encoders too, and nothing half-written stays. Jobs that wait for it fail.",
)
retry_job = _act(
    Act.RETRY,
    "Want a job once more",
    "One that failed or was canceled is queued again, with all its attempts before it. One that waits for another "
    "waits for it again.",
)


@Endpoint(
    method="POST",
    path="/api/v1/jobs:batch",
    name="edit_jobs",
    summary="Pause, resume, cancel, retry or reorder several jobs: all of them, or none",
    scope=Scope.JOBS_WRITE,
    tag=_TAG,
    body_model=Batch[JobEditOne],
    answers={200: JobsEdited},
)
async def edit_jobs(call: Call[Nothing, Nothing, Batch[JobEditOne]]) -> Answer:
    """Each edit in turn, in one transaction."""
    call.is_told = True  # every edit tells of itself, and edits of nothing are none
    wanted = select(Job).where(col(Job.id).in_([edit.id for edit in call.body.edits])).order_by(col(Job.id))
    rows = {job.id: job for job in (await call.session.exec(wanted.with_for_update())).all()}

    async def one(edit: JobEditOne) -> JobShown:
        job = rows.get(edit.id)
        if job is None:
            raise missing("job", edit.id)
        if edit.priority is not None:
            _prioritized(call, job, edit.priority)
        if edit.act is not None:
            await _acted(call, job, edit.act)
        return JobShown.model_validate(job)

    return Answer(JobsEdited(items=await each(call.body.edits, one)))


@Endpoint(
    method="GET",
    path="/api/v1/jobs/{id}/entries",
    name="list_job_entries",
    summary="What is told of a job: its states, its log, its progress; the oldest first",
    description="With `Accept: text/event-stream` the answer has no end: after what was asked for, each entry comes as "
    "it is written (server-sent events). A client that was cut off goes on where it was by `Last-Event-ID`.",
    scope=Scope.JOBS_READ,
    tag=_TAG,
    path_model=JobPath,
    query_model=EntryQuery,
    answers={200: Media((STREAM,), JobEntryPage)},
)
async def list_job_entries(call: Call[JobPath, EntryQuery, Nothing]) -> Answer:
    """A page, or a stream for who names its type."""
    await _row(call.session, call.path.id, held=False)
    if call.wants(STREAM):
        after = _beginning(call)
        return Answer(stream=lambda: _followed(call, after), media_type=STREAM)
    rows = _chosen(call).where(col(JobEntry.number) > call.query.after)
    return await page(call, rows, [(col(JobEntry.number), False)], JobEntryShown.model_validate, JobEntryPage)


@Endpoint(
    method="GET",
    path="/api/v1/queue",
    name="read_queue",
    summary="How full the queue is, and who works",
    scope=Scope.JOBS_READ,
    tag=_TAG,
    answers={200: QueueShown},
)
async def read_queue(call: Call) -> Answer:
    """Counts, and the one that has waited longest."""
    counted = select(Job.kind, Job.state, func.count()).group_by(col(Job.kind), col(Job.state))
    states: dict[JobState, int] = dict.fromkeys(JobState, 0)
    kinds: dict[str, dict[JobState, int]] = {}
    for kind, state, count in (await call.session.exec(counted)).all():
        states[JobState(state)] += count
        kinds.setdefault(kind, {})[JobState(state)] = count
    due = select(func.min(Job.due_at)).where(Job.state == JobState.QUEUED, col(Job.due_at) <= call.now)
    oldest = (await call.session.exec(due)).one()
    busy = select(Job.worker).where(Job.state == JobState.RUNNING).distinct().order_by(col(Job.worker)).limit(1000)
    names = list((await call.session.exec(busy)).all())
    longest = call.site.settings.queue_longest
    shown = QueueShown(states=states, kinds=kinds, longest=longest, oldest_due_at=oldest, workers=names)
    return Answer(shown)


OPERATIONS: Final = (
    list_jobs,
    read_job,
    edit_job,
    pause_job,
    resume_job,
    cancel_job,
    retry_job,
    edit_jobs,
    list_job_entries,
    read_queue,
)


async def _row(session: AsyncSession, job: str, *, held: bool = True) -> Job:
    found = await moving.held(session, job) if held else await session.get(Job, job)
    if found is None:
        raise missing("job", job)
    return found


def _prioritized(call: Call[Any, Any, Any], job: Job, priority: int) -> None:
    before = JobShown.model_validate(job)
    if job.priority != priority:
        job.priority = priority
        job.version += 1
    call.session.add(job)
    call.changed(Change(_KIND, job.id, "updated", before, JobShown.model_validate(job)))


async def _acted(call: Call[Any, Any, Any], job: Job, act: Act) -> None:
    """Make the move that people want, and tell of it."""
    before = JobShown.model_validate(job)
    try:
        told = await moving.move(call.session, job, _MOVES[act], call.now)
    except Immovable as error:
        raise Problem(CONFLICT, str(error)) from error
    job.version += 1
    call.changed(Change(_KIND, job.id, _PAST[act], before, JobShown.model_validate(job)))
    call.happenings.extend(told[1:])  # the first is the change itself
    call.site.queue.ring_after(call.session)  # a worker of this process stops at once


def _chosen(call: Call[JobPath, EntryQuery, Nothing]) -> Any:  # noqa: ANN401 — a statement, as SQLModel types it
    rows = select(JobEntry).where(JobEntry.job == call.path.id)
    return rows.where(col(JobEntry.kind).in_(call.query.kind)) if call.query.kind else rows


def _beginning(call: Call[JobPath, EntryQuery, Nothing]) -> int:
    """After which entry the stream begins: where the client was, or what it asks for."""
    last = call.request.headers.get("Last-Event-ID", "")
    if not last:
        return call.query.after
    if not _SEQUENCE.fullmatch(last) or int(last) > _LARGEST:
        detail = "Last-Event-ID is the number of an entry: digits alone"
        raise Problem(MALFORMED, detail, errors=[Mistake(part="header", pointer="/Last-Event-ID", detail=detail)])
    return int(last)


async def _followed(call: Call[JobPath, EntryQuery, Nothing], after: int) -> AsyncIterator[bytes]:
    """The entries after this one, for as long as there is the job, and the client may see it."""
    site = call.site
    poll, beat = site.settings.stream_poll_ms / 1000, site.settings.stream_beat_ms / 1000
    pulse, is_silent = Pulse(beat), True
    yield _AGAIN
    while not site.streams.leaving.is_set():
        if pulse.is_due():
            if not await _may_still(call):
                return
            if is_silent:
                yield b":\n\n"  # a comment, so that nobody between takes silence for an end
            is_silent = True
        async with site.database.reading() as session:
            rows = _chosen(call).where(col(JobEntry.number) > after).order_by(col(JobEntry.number)).limit(_BATCH)
            found = (await session.exec(rows)).all()
            is_there = found or await session.get(Job, call.path.id) is not None
        if found:
            yield b"".join(_frame(entry) for entry in found)
            after, is_silent = found[-1].number, False
            continue
        if not is_there:
            return
        await site.queue.rung(poll)


async def _may_still(call: Call[Any, Any, Any]) -> bool:
    """Whether the caller's credentials are good still."""
    caller = await resolve(call.request, call.site.schemes)
    return isinstance(caller, Caller) and caller.may(Scope.JOBS_READ)


def _frame(entry: JobEntry) -> bytes:
    shown = JobEntryShown.model_validate(entry).model_dump(mode="json")
    data = json.dumps(shown, separators=(",", ":"), ensure_ascii=False)
    return f"id: {entry.number}\nevent: {entry.kind}\ndata: {data}\n\n".encode()
