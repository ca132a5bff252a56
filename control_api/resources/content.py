"""The way of content into the station: how far it is, and sending it that way (again)."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, model_validator
from sqlalchemy import or_
from sqlmodel import col, select

from control_api import ids
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.jobs import moving, submit
from control_api.jobs.packaging import PACKAGE, WORDS, House, Inside, Package, Packed, located
from control_api.jobs.states import UNENDED, JobState
from control_api.jobs.work import Broken
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint
from control_api.problems import CONFLICT, Problem, missing, unacceptable
from control_api.resources.jobs import JobPath, JobShown, Priority
from control_api.scopes import Scope
from control_api.tables import Asset, Job, Title, Upload
from control_api.uploads.packing import ordered
from control_api.uploads.states import GONE, UploadState
from playout.core.asset import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

_TAG: Final = "Jobs"
_NEWEST: Final = 20
_OF_CONTENT: Final = ("fetch", "take_in", PACKAGE.name)
_STAGES: Final = {words: stage for stage, words in WORDS.items()}


class Stage(StrEnum):
    """How far content is."""

    EMPTY = "empty"
    """There is a title, and nothing to play."""
    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    """It waits to be worked on."""
    PROBING = "probing"
    TRANSCODING = "transcoding"
    PACKAGING = "packaging"
    READY = "ready"
    FAILED = "failed"
    CANCELED = "canceled"


class ContentPath(Given):
    """Which content."""

    id: str = Field(
        pattern=r"^[A-Za-z0-9_-]{1,128}$", description="The id of a title, of an upload, of an asset, or of a job."
    )


class ContentStatus(Shown):
    """How far content is."""

    id: str
    status: Stage
    percent: int = Field(description="How much of everything is done.", ge=0, le=100)
    words: str = Field(description="The same for people.", examples=["transcoding 43 %"])
    reason: str | None = Field(description="Why it waits, or why it failed.")
    advice: str | None = Field(description="What can be done about that.")
    renditions: dict[str, int] = Field(description="How much of each rendition is encoded, in percent.")
    job: str | None = Field(description="The job that works on it, or did last.")
    upload: str | None = Field(description="The upload that it came by, where it came by one.")
    assets: list[str] = Field(description="What there is of it to play.")


def status(content: str, jobs: Sequence[Job], uploads: Sequence[Upload], assets: Sequence[str]) -> ContentStatus:
    """How far `content` is, by the jobs and uploads that concern it, the newest first. Pure."""
    job = next((job for job in jobs if job.state in UNENDED), jobs[0] if jobs else None)
    upload = uploads[0] if uploads else None
    stage = _stage(job, upload, is_there=bool(assets))
    percent = 100 if stage is Stage.READY else job.permille // 10 if job is not None and job.state in UNENDED else 0
    reason, advice = (job.reason, job.advice) if job is not None else (None, None)
    if stage is Stage.FAILED and reason is None and upload is not None:
        reason = upload.reason
    return ContentStatus(
        id=content,
        status=stage,
        percent=percent,
        words=f"{stage} {percent} %" if stage is Stage.TRANSCODING else str(stage),
        reason=reason,
        advice=advice,
        renditions={} if job is None else {name: permille // 10 for name, permille in job.parts.items()},
        job=None if job is None else job.id,
        upload=None if upload is None else upload.id,
        assets=list(assets),
    )


def _stage(job: Job | None, upload: Upload | None, *, is_there: bool) -> Stage:
    """What is being done comes before what there is, and that before what has failed."""
    if job is not None and job.state in UNENDED:
        return _of_job(job)
    if is_there:
        return Stage.READY
    if job is not None and job.state == JobState.FAILED:
        return Stage.FAILED
    if job is not None and job.state == JobState.CANCELED:
        return Stage.CANCELED
    return Stage.EMPTY if upload is None else _of_upload(UploadState(upload.state))


def _of_job(job: Job) -> Stage:
    if job.kind == "fetch":
        return Stage.UPLOADING
    if job.state != JobState.RUNNING:
        return Stage.UPLOADED
    if job.kind != PACKAGE.name:
        return Stage.PROBING
    stage = _STAGES.get(job.words, "probe")
    return {"encode": Stage.TRANSCODING, "verify": Stage.PACKAGING, "publish": Stage.PACKAGING}.get(
        stage, Stage.PROBING
    )


def _of_upload(state: UploadState) -> Stage:
    if state is UploadState.RECEIVING:
        return Stage.UPLOADING
    if state is UploadState.REFUSED:
        return Stage.FAILED
    return Stage.CANCELED if state in GONE else Stage.UPLOADED


class Transcode(Given):
    """What is to be packaged, and how. It wins over what a side-car says."""

    upload: str | None = Field(default=None, pattern=ids.pattern("up"), description="The upload that is packaged.")
    source: Inside | None = Field(
        default=None, description="Or a file in the folder of sources, by its path there.", examples=["series/film.mp4"]
    )
    house: House = Field(default="", description="The format, and with it the ladder; empty: the station's own.")
    title_id: str | None = Field(default=None, pattern=ids.pattern("ti"), description="The title that it belongs to.")
    title: str = Field(default="", max_length=500, description="What it is called; empty: a guess by its name.")
    kind: Kind | None = None
    tags: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(default_factory=list, max_length=100)
    language: str = Field(default="", max_length=35, description="BCP 47: the language of its main sound.")
    priority: Priority = 0

    @model_validator(mode="after")
    def _one(self) -> Transcode:
        if (self.upload is None) == (self.source is None):
            message = "say either which `upload`, or which `source`"
            raise ValueError(message)
        return self


class Redo(Given):
    """Which rendition is to be made anew."""

    rendition: str = Field(pattern=r"^[A-Za-z0-9-]{1,40}$", description="Its name.", examples=["v720"])


@Endpoint(
    method="GET",
    path="/api/v1/content/{id}/status",
    name="read_content_status",
    summary="How far content is: uploaded, probing, transcoding, packaging, ready, or failed and why",
    scope=Scope.JOBS_READ,
    tag=_TAG,
    path_model=ContentPath,
    answers={200: ContentStatus},
)
async def read_content_status(call: Call[ContentPath]) -> Answer:
    """Of a title, an upload, an asset or a job: whatever the client has."""
    content, session = call.path.id, call.session
    ways = or_(col(Upload.id) == content, col(Upload.title_id) == content, col(Upload.asset_id) == content)
    found = select(Upload).where(ways).order_by(col(Upload.id).desc()).limit(_NEWEST)
    uploads = (await session.exec(found)).all()
    of_uploads = [upload.asset_id for upload in uploads if upload.asset_id]
    there = select(Asset.id).where(
        or_(col(Asset.id) == content, col(Asset.title_id) == content, col(Asset.id).in_(of_uploads)),
        col(Asset.state) != "gone",
    )
    assets = (await session.exec(there.order_by(col(Asset.added_at).desc()).limit(_NEWEST))).all()
    about = [content, *(upload.id for upload in uploads), *assets]
    concerned = select(Job).where(or_(col(Job.subject).in_(about), col(Job.id) == content))
    jobs = (
        await session.exec(concerned.where(col(Job.kind).in_(_OF_CONTENT)).order_by(col(Job.id).desc()).limit(_NEWEST))
    ).all()
    if not uploads and not assets and not jobs:
        title = await session.exec(select(Title.id).where(Title.id == content))
        if title.one_or_none() is None:
            raise missing("content", content)
    made = [Packed.model_validate(job.result).asset for job in jobs if job.kind == PACKAGE.name and job.result]
    return Answer(status(content, jobs, uploads, list(dict.fromkeys([*assets, *of_uploads, *made]))))


@Endpoint(
    method="POST",
    path="/api/v1/transcode",
    name="transcode_content",
    summary="Package an upload, or a file in the folder of sources, in the format that is said",
    description="The answer is the job. What has been packaged in just this way is there already, and not made again.",
    scope=Scope.JOBS_WRITE,
    tag=_TAG,
    body_model=Transcode,
    answers={201: JobShown},
    idempotent=True,
)
async def transcode_content(call: Call[Nothing, Nothing, Transcode]) -> Answer:
    """Submit the job."""
    given = call.body
    source = given.source or ""
    if any(part.startswith(".") for part in source.split("/")):
        raise unacceptable("/source", "what begins with a dot is not for packaging; an upload is named by its id")
    if source:  # before the transaction: nobody waits for the disk
        try:
            await asyncio.to_thread(located, call.site.settings, source)
        except Broken as error:
            raise unacceptable("/source", error.reason) from error
    if given.title_id is not None and await call.session.get(Title, given.title_id) is None:
        raise unacceptable("/title_id", "there is no such title")
    said = given.model_dump(exclude={"upload", "source", "priority"})
    if given.upload is not None:
        row = await _uploaded(call.session, given.upload)
        meant = {**ordered(row).model_dump(), **{name: value for name, value in said.items() if value}}
        return await _submitted(call, Package.model_validate(meant), row.id, given.priority)
    return await _submitted(call, Package(source=source, **said), given.title_id or "", given.priority)


@Endpoint(
    method="POST",
    path="/api/v1/jobs/{id}/renditions",
    name="redo_rendition",
    summary="Make one rendition of what a job has packaged anew",
    description="For a file that was lost or came to harm. The asset stays the very same: an encoder that would make "
    "another rendition than the one that the asset describes is refused.",
    scope=Scope.JOBS_WRITE,
    tag=_TAG,
    path_model=JobPath,
    body_model=Redo,
    answers={201: JobShown},
    idempotent=True,
)
async def redo_rendition(call: Call[JobPath, Nothing, Redo]) -> Answer:
    """Submit a job with what the first one was given, for this rendition alone."""
    job = await moving.held(call.session, call.path.id)
    if job is None:
        raise missing("job", call.path.id)
    if job.kind != PACKAGE.name or job.state != JobState.SUCCEEDED or job.result is None:
        raise Problem(CONFLICT, f"job {job.id} has packaged nothing: it is a job of kind {job.kind}, and {job.state}")
    names = [rendition.name for rendition in Packed.model_validate(job.result).renditions]
    if call.body.rendition not in names:
        raise unacceptable("/rendition", f"its asset has no such rendition; it has {', '.join(names)}")
    given = Package.model_validate(job.given).model_copy(update={"rendition": call.body.rendition})
    return await _submitted(call, given, job.subject, job.priority)


OPERATIONS: Final = (read_content_status, transcode_content, redo_rendition)


async def _submitted(call: Call[Any, Any, Any], given: Package, subject: str, priority: int) -> Answer:
    job = await submit(
        call.session, PACKAGE, given, now=call.now, owner=call.caller.id, subject=subject, priority=priority
    )
    shown = JobShown.model_validate(job)
    call.changed(Change("job", job.id, "submitted", after=shown))
    return Answer(shown, 201, {"Location": f"/api/v1/jobs/{job.id}"}, version=job.version)


async def _uploaded(session: AsyncSession, upload: str) -> Upload:
    """An upload whose bytes are there, and were looked into."""
    row = (await session.exec(select(Upload).where(Upload.id == upload))).one_or_none()
    if row is None:
        raise unacceptable("/upload", "there is no such upload")
    if row.state not in (UploadState.ACCEPTED, UploadState.PACKAGED):
        raise Problem(CONFLICT, f"upload {upload} is {row.state}: only what was accepted is packaged")
    if not row.is_kept:
        raise Problem(CONFLICT, f"the original of upload {upload} was not kept: upload it again")
    return row
