"""Uploads: what came in, from whom, and what became of it; by a form, or fetched by a link. tus has its own module."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, WithJsonSchema
from sqlmodel import col, select

from control_api import ids
from control_api.call import Answer, Call
from control_api.changes import Change
from control_api.instants import Instant, whole_millis
from control_api.jobs import submit
from control_api.library.facts import Names
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Precondition, Raw
from control_api.paging import Page, PageQuery, page
from control_api.pieces import agree
from control_api.problems import (
    CONFLICT,
    FILE_TOO_LARGE,
    LOCKED,
    MALFORMED,
    NO_ROOM,
    TOO_MANY,
    TOO_MANY_OPEN,
    Problem,
    missing,
    unacceptable,
)
from control_api.resources.jobs import JobBegun
from control_api.scopes import Scope
from control_api.tables import Asset, Upload
from control_api.uploads import beginning, forms, orphans
from control_api.uploads.fetching import FETCH, Fetch, linked
from control_api.uploads.landing import place, remove
from control_api.uploads.receiving import Piece
from control_api.uploads.shown import KIND, UploadShown, shown, tell
from control_api.uploads.states import UploadState
from control_api.uploads.taking_in import TAKE_IN, TakeIn
from control_api.uploads.wanted import Wanted, checked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from control_api.uploads.landing import Landing

_TAG: Final = "Uploads"
_REFUSALS: Final = (MALFORMED, FILE_TOO_LARGE, NO_ROOM, TOO_MANY_OPEN, LOCKED)

_InAForm = Annotated[Names, WithJsonSchema({"type": "string", "pattern": r"^[^,]{0,100}(,[^,]{0,100}){0,99}$"})]


class UploadPath(Given):
    """Which upload."""

    id: str = Field(pattern=ids.pattern("up"), description="The id of the upload.")


class UploadQuery(PageQuery):
    """Which uploads are wanted."""

    state: UploadState | None = Field(default=None, description="Only those that are so far.")
    owner: str | None = Field(default=None, min_length=1, max_length=80, description="Only those of this one.")
    asset: str | None = Field(default=None, min_length=1, max_length=128, description="What this was packaged from.")


class UploadPage(Page[UploadShown]):
    """A page of uploads, the newest first."""


class Form(Wanted):
    """A form with a file."""

    tags: _InAForm = Field(
        default_factory=list,
        description="By what channels choose it, with commas between them. With `title_id` those of the title count.",
    )
    file: bytes = Field(description="The file, of any length; it may come before or after the other fields.")


class LinkGiven(Wanted):
    """A file that is to be fetched."""

    url: str = Field(
        min_length=1, max_length=2000, description="Where it is: http or https, reachable from the internet."
    )


class StrayShown(Shown):
    """A file or a folder that nobody knows of."""

    path: str = Field(description="In the folder of the store.")
    size: int = Field(description="Bytes.")
    changed: Instant


class StraysShown(Shown):
    """What nobody knows of, the largest first. Nothing is removed."""

    items: list[StrayShown]


@Endpoint(
    method="GET",
    path="/api/v1/uploads",
    name="list_uploads",
    summary="Uploads of everybody, the newest first",
    scope=Scope.UPLOADS_READ,
    tag=_TAG,
    query_model=UploadQuery,
    answers={200: UploadPage},
)
async def list_uploads(call: Call[Nothing, UploadQuery, Nothing]) -> Answer:
    """A page of uploads."""
    rows = select(Upload)
    if call.query.state is not None:
        rows = rows.where(Upload.state == call.query.state)
    if call.query.owner is not None:
        rows = rows.where(Upload.owner == call.query.owner)
    if call.query.asset is not None:
        rows = rows.where(Upload.asset_id == call.query.asset)
    return await page(call, rows, [(col(Upload.id), True)], shown, UploadPage)


@Endpoint(
    method="GET",
    path="/api/v1/uploads/{id}",
    name="read_upload",
    summary="One upload, whoever sends it",
    scope=Scope.UPLOADS_READ,
    tag=_TAG,
    path_model=UploadPath,
    answers={200: UploadShown},
)
async def read_upload(call: Call[UploadPath]) -> Answer:
    """What is known of it."""
    row = await _row(call)
    return Answer(shown(row), version=row.version)


@Endpoint(
    method="POST",
    path="/api/v1/uploads",
    name="upload_file",
    summary="Upload a file in one request, as a form",
    scope=Scope.UPLOADS_WRITE,
    tag=_TAG,
    raw=Raw(("multipart/form-data",), Form),
    answers={201: UploadShown},
    refusals=_REFUSALS,
    description="For small files and simple clients: what breaks off is gone. Large ones come by tus.",
)
async def upload_file(call: Call) -> Answer:
    """The file goes to the disk as it comes."""
    row = await received(call, ("file",))
    return Answer(shown(row), 201, {"Location": f"/api/v1/uploads/{row.id}"}, version=row.version)


@Endpoint(
    method="POST",
    path="/api/v1/uploads:fetch",
    name="fetch_file",
    summary="Have a file fetched by its link, as a job",
    scope=Scope.UPLOADS_WRITE,
    tag=_TAG,
    body_model=LinkGiven,
    answers={202: UploadShown},
    refusals=(NO_ROOM, TOO_MANY_OPEN),
    idempotent=True,
    description="It goes on where it broke off. Addresses of the house are refused unless `outgoing_allow` names them.",
)
async def fetch_file(call: Call[Nothing, Nothing, LinkGiven]) -> Answer:
    """The job is told by the upload's id as its subject."""
    what, free = call.body, await call.site.receiver.free()  # before the transaction: nobody waits for the disk
    await what.check(call.session)
    row = beginning.new(call.caller.id, "link", call.now, call.site.settings, link=linked(what.url), **what.values())
    await beginning.begin(call.session, row, free, call.site.settings)
    job = Fetch(upload=row.id)
    await submit(call.session, FETCH, job, now=call.now, owner=call.caller.id, subject=row.id)
    call.is_told = True
    await tell(call.session, call.actor, row, "created", call.now)
    return Answer(shown(row), 202, {"Location": f"/api/v1/uploads/{row.id}"}, version=row.version)


@Endpoint(
    method="DELETE",
    path="/api/v1/uploads/{id}",
    name="delete_upload",
    summary="End an upload, or delete the original of what was packaged",
    scope=Scope.UPLOADS_WRITE,
    tag=_TAG,
    path_model=UploadPath,
    answers={200: UploadShown},
    refusals=(LOCKED,),
    precondition=Precondition.HEEDED,
    description="One's own; those of others need `uploads:read` too. What was packaged stays.",
)
async def delete_upload(call: Call[UploadPath]) -> Answer:
    """Its bytes are removed; its row tells that they were there."""
    await call.site.receiver.row(call.path.id)  # nothing is opened for what is not there
    async with call.site.receiver.writing(call.path.id) as landing:
        row = await _row(call, held=True)
        if row.owner != call.caller.id and not call.caller.may(Scope.UPLOADS_READ):
            raise missing("upload of yours", row.id)
        call.guard(row.version)
        call.is_told = True
        if row.is_kept:
            await _without(call, row)
        await call.session.commit()
        await asyncio.to_thread(landing.remove)
    return Answer(shown(row), version=row.version)


async def _without(call: Call[Any, Any, Any], row: Upload) -> None:
    """Let the row say that there are no bytes any more."""
    if row.state == UploadState.PACKAGED:
        row.is_kept = False
        row.version += 1
        call.session.add(row)
    elif not await beginning.end(call.session, row, UploadState.ENDED, None, call.now):
        raise Problem(CONFLICT, "the upload has moved on meanwhile; read it again")
    await tell(call.session, call.actor, row, "deleted", call.now)


@Endpoint(
    method="GET",
    path="/api/v1/uploads:strays",
    name="list_strays",
    summary="Files of uploads and assets that nobody knows of",
    scope=Scope.UPLOADS_READ,
    tag=_TAG,
    answers={200: StraysShown},
    cost=20,
    description="What is younger than an hour is left out. Nothing is removed: look at each, and remove it by hand.",
)
async def list_strays(call: Call) -> Answer:
    """Compare the folders with the database."""
    async with call.site.database.reading() as session:
        uploads = set((await session.exec(select(Upload.id).where(col(Upload.is_kept)))).all())
        assets = set((await session.exec(select(Asset.id))).all())
    found = await asyncio.to_thread(orphans.strays, call.site.settings.media, uploads, assets, call.now)
    items = [StrayShown(path=stray.path, size=stray.size, changed=whole_millis(stray.changed)) for stray in found]
    return Answer(StraysShown(items=items))


@Endpoint(
    method="POST",
    path="/api/v1/uploads/{id}/probe",
    name="probe_upload",
    summary="Look into an upload once more, as a job",
    scope=Scope.UPLOADS_WRITE,
    tag=_TAG,
    path_model=UploadPath,
    answers={202: JobBegun},
    refusals=(TOO_MANY,),
    idempotent=True,
    description="One that is in quarantine is accepted or refused; of one that was accepted before, what was found is "
    "written anew.",
)
async def probe_upload(call: Call[UploadPath]) -> Answer:
    """Its bytes have to be there."""
    row = await _row(call)
    if row.owner != call.caller.id and not call.caller.may(Scope.UPLOADS_READ):
        raise missing("upload of yours", row.id)
    if not row.is_kept or row.state == UploadState.RECEIVING:
        raise Problem(CONFLICT, "its bytes are not there, or not all of them")
    given = TakeIn(upload=row.id)
    job = await submit(call.session, TAKE_IN, given, now=call.now, owner=call.caller.id, subject=row.id)
    made = JobBegun(job=job.id)
    call.changed(Change(KIND, row.id, "probe_ordered", after=made))
    return Answer(made, 202, {"Location": f"/api/v1/jobs/{job.id}"})


OPERATIONS: Final = (list_uploads, upload_file, fetch_file, list_strays, read_upload, delete_upload, probe_upload)


async def received(
    call: Call[Any, Any, Any], files: tuple[str, ...], meant: Callable[[Mapping[str, str]], Wanted] = checked
) -> Upload:
    """Take in a form whose file comes under one of these names; all of it, or nothing. Raises `Problem`.

    `meant` reads what its other fields say.
    """
    call.is_told = True
    receiver, settings = call.site.receiver, call.site.settings
    await beginning.sweep(call.site.database, receiver.media, call.now)
    row = beginning.new(call.caller.id, "form", call.now, settings)
    free = await receiver.free()
    async with call.site.database.writing() as session:
        await beginning.begin(session, _announced(call, row), free, settings)
    row.length = None
    try:
        async with receiver.writing(row.id) as landing:
            fields = await _into(call, row, landing, files)
            await _whole(call, row, landing, meant({"name": row.name, **fields}))
    except BaseException:
        await _forgotten(call, row)
        raise
    call.site.feed.ring()
    return row


def _announced(call: Call[Any, Any, Any], row: Upload) -> Upload:
    """Room is asked for by the length of the whole form, which is hardly more than that of the file."""
    row.length = call.request.content_length
    return row


async def _into(call: Call[Any, Any, Any], row: Upload, landing: Landing, files: tuple[str, ...]) -> dict[str, str]:
    """Write the file; the other fields."""
    receiver = call.site.receiver
    await receiver.begin(landing, row)
    await agree(call.request)

    async def take(name: str, body: AsyncIterator[bytes]) -> None:
        row.name = name
        await receiver.take(landing, row, Piece(body))

    fields = await forms.read(call.request, files, take)
    if landing.offset == 0:
        msg = f"/{files[0]}"
        raise unacceptable(msg, "the file is empty")
    return fields


async def _whole(call: Call[Any, Any, Any], row: Upload, landing: Landing, what: Wanted) -> None:
    """All of it is on the disk: have it looked into."""
    digest = landing.digest.hexdigest() if landing.digest is not None else ""
    values = {**what.values(), "length": landing.offset, "digest": digest, "state": UploadState.QUARANTINED}
    async with call.site.database.writing() as session:
        await what.check(session)
        await call.site.receiver.counted(session, row, landing.offset, **values)
        await beginning.whole(session, row, call.actor, call.now)


async def _forgotten(call: Call[Any, Any, Any], row: Upload) -> None:
    """Nothing half-written stays: neither the file nor the row."""
    async with call.site.database.writing() as session:
        found = (await session.exec(select(Upload).where(Upload.id == row.id))).one_or_none()
        if found is not None and found.state == UploadState.RECEIVING:
            await session.delete(found)
    await asyncio.to_thread(remove, place(call.site.settings.media, row.id))


async def _row(call: Call[UploadPath, Any, Any], *, held: bool = False) -> Upload:
    wanted = select(Upload).where(Upload.id == call.path.id)
    row = (await call.session.exec(wanted.with_for_update() if held else wanted)).one_or_none()
    if row is None:
        raise missing("upload", call.path.id)
    return row
