"""tus 1.0: uploads that go on where they were broken off (https://tus.io/protocols/resumable-upload).

Creation, creation with upload, expiration, checksum and termination are spoken; every answer says `Tus-Resumable`.
"""

from __future__ import annotations

import asyncio
from email.utils import format_datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from pydantic import Field
from sqlmodel import col, select

from control_api import ids
from control_api.call import Answer, Call
from control_api.models import Given, Nothing
from control_api.operation import Endpoint, Raw
from control_api.paging import Page, PageQuery, page
from control_api.pieces import agree, pieces
from control_api.problems import (
    BAD_SUM,
    CONFLICT,
    FILE_TOO_LARGE,
    GONE,
    LOCKED,
    MALFORMED,
    NO_ROOM,
    OTHER_TUS,
    TOO_MANY_OPEN,
    Mistake,
    Problem,
    missing,
)
from control_api.reading import headers_of
from control_api.scopes import Scope
from control_api.site import ASKED
from control_api.tables import Upload
from control_api.uploads import beginning, tus
from control_api.uploads.receiving import Piece
from control_api.uploads.shown import UploadShown, shown, tell
from control_api.uploads.states import GONE as GONE_STATES
from control_api.uploads.states import UploadState
from control_api.uploads.wanted import wanted

if TYPE_CHECKING:
    from aiohttp import web

    from control_api.uploads.landing import Landing
    from control_api.uploads.receiving import Receiver

_TAG: Final = "Uploads"
_PIECE: Final = Raw((tus.OFFSET_TYPE,))
_ALWAYS: Final = ("Tus-Resumable", "Tus-Version")
_PROGRESS: Final = (*_ALWAYS, "Upload-Offset", "Upload-Expires")
Count = Annotated[str, Field(pattern=r"^[0-9]{1,15}$", examples=["1048576"])]
"""A number of bytes in a header, where there is nothing but text."""


class UploadPath(Given):
    """Which upload."""

    id: str = Field(pattern=ids.pattern("up"), description="The id of the upload.")


class TusHeaders(Given):
    """What every request of tus says."""

    tus_resumable: str | None = Field(default=None, max_length=20, description="`1.0.0`.", examples=["1.0.0"])


Said = TypeVar("Said", bound=TusHeaders)


class CreationHeaders(TusHeaders):
    """What is said of a file that is to come."""

    upload_length: Count | None = Field(default=None, description="How many bytes there will be.")
    upload_metadata: str | None = Field(
        default=None,
        max_length=tus.LONGEST,
        description="Pairs of a key and a Base64 value with commas between them: filename, title, type, house, "
        "title_id, tags (with commas between them), series, season, episode, language, fingerprint. Others are kept "
        "and handed back.",
    )
    upload_checksum: str | None = Field(default=None, max_length=200, description="Of the piece that comes along.")


class PieceHeaders(TusHeaders):
    """What is said of a piece."""

    upload_offset: Count | None = Field(default=None, description="Where the piece begins.")
    upload_checksum: str | None = Field(
        default=None, max_length=200, description="`sha1` or `sha256` of the piece, and its value in Base64."
    )


class OverrideHeaders(PieceHeaders):
    """For clients that can send nothing but GET and POST."""

    x_http_method_override: str | None = Field(default=None, max_length=20, description="`PATCH` or `DELETE`.")


class UnfinishedQuery(PageQuery):
    """Which of one's own unfinished uploads are wanted."""

    fingerprint: str | None = Field(
        default=None, min_length=1, max_length=200, description="The one of this file: what the client made of it."
    )


class UnfinishedPage(Page[UploadShown]):
    """A page of one's own unfinished uploads, the newest first."""


@Endpoint(
    method="OPTIONS",
    path="/api/v1/tus",
    name="discover_tus",
    summary="Which tus is spoken here",
    scope=Scope.UPLOADS_WRITE,
    tag=_TAG,
    answers={204: None},
    answer_headers=(*_ALWAYS, "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm"),
)
async def discover_tus(call: Call) -> Answer:
    """Version, extensions, and how large a file may be."""
    headers = {
        "Tus-Resumable": tus.VERSION,
        "Tus-Version": tus.VERSION,
        "Tus-Extension": tus.EXTENSIONS,
        "Tus-Max-Size": str(call.site.settings.upload_bytes),
        "Tus-Checksum-Algorithm": ",".join(tus.SUMS),
    }
    return Answer(status=204, headers=headers)


@Endpoint(
    method="GET",
    path="/api/v1/tus",
    name="find_unfinished_uploads",
    summary="One's own unfinished uploads by tus, to go on with after a reload",
    scope=Scope.UPLOADS_WRITE,
    tag=_TAG,
    query_model=UnfinishedQuery,
    answers={200: UnfinishedPage},
)
async def find_unfinished_uploads(call: Call[Nothing, UnfinishedQuery, Nothing]) -> Answer:
    """Those that can be gone on with."""
    rows = select(Upload).where(
        Upload.owner == call.caller.id,
        Upload.way == "tus",
        Upload.state == UploadState.RECEIVING,
        col(Upload.expires_at) > call.now,
    )
    if call.query.fingerprint is not None:
        rows = rows.where(Upload.fingerprint == call.query.fingerprint)
    return await page(call, rows, [(col(Upload.id), True)], shown, UnfinishedPage)


@Endpoint(
    method="POST",
    path="/api/v1/tus",
    name="create_tus_upload",
    summary="Begin an upload by tus, with its first piece or without",
    scope=Scope.UPLOADS_WRITE,
    tag=_TAG,
    raw=Raw((tus.OFFSET_TYPE,), required=False),
    headers_model=CreationHeaders,
    answer_headers=_PROGRESS,
    answers={201: None},
    refusals=(MALFORMED, OTHER_TUS, FILE_TOO_LARGE, NO_ROOM, TOO_MANY_OPEN, LOCKED, BAD_SUM),
)
async def create_tus_upload(call: Call) -> Answer:
    """Room is looked for before a byte is taken."""
    said = spoken(call.request, CreationHeaders)
    if said.upload_length is None:
        raise wrong("Upload-Length", "is missing: how many bytes there will be has to be known from the beginning")
    length = int(said.upload_length)
    if length == 0:
        raise wrong("Upload-Length", "is 0, and an empty file is no media")
    text, pairs = said.upload_metadata or "", _pairs(said.upload_metadata or "")
    what = wanted(pairs)
    row = beginning.new(call.caller.id, "tus", call.now, call.site.settings, length=length, said=text, **what.values())
    receiver = call.site.receiver
    free = await receiver.free()
    await beginning.sweep(call.site.database, receiver.media, call.now)
    async with call.site.database.writing() as session:
        await what.check(session)
        await beginning.begin(session, row, free, call.site.settings)
        await tell(session, call.actor, row, "created", call.now)
    call.is_told = True
    call.site.feed.ring()
    if call.request.body_exists:
        await _first_piece(call, row, said.upload_checksum)
    location = f"/api/v1/tus/{row.id}"
    return Answer(status=201, headers={"Location": location, **_progress(row)})


async def _first_piece(call: Call[Any, Any, Any], row: Upload, checksum: str | None) -> None:
    """The piece that came with the creation; where it is refused there is no upload."""
    try:
        await _added(call, row.id, 0, checksum)
    except Problem:
        found = await call.site.receiver.row(row.id)
        if found.received == 0:
            await _ended(call, found)
        raise
    found = await call.site.receiver.row(row.id)
    row.received, row.expires_at, row.state = found.received, found.expires_at, found.state


@Endpoint(
    method="GET",
    path="/api/v1/tus/{id}",
    name="read_tus_upload",
    summary="How far an upload is: HEAD answers with headers alone, as tus has it",
    scope=Scope.UPLOADS_WRITE,
    tag=_TAG,
    path_model=UploadPath,
    headers_model=TusHeaders,
    answer_headers=(*_PROGRESS, "Upload-Length", "Upload-Metadata"),
    answers={200: UploadShown},
    refusals=(OTHER_TUS, GONE),
)
async def read_tus_upload(call: Call[UploadPath]) -> Answer:
    """One's own."""
    spoken(call.request, TusHeaders, always=False)
    row = (await call.session.exec(select(Upload).where(Upload.id == call.path.id))).one_or_none()
    row = _own(call, row)
    headers = {**_progress(row), "Cache-Control": "no-store"}
    if row.length is not None:
        headers["Upload-Length"] = str(row.length)
    if row.said:
        headers["Upload-Metadata"] = row.said
    return Answer(shown(row), headers=headers, version=row.version)


@Endpoint(
    method="PATCH",
    path="/api/v1/tus/{id}",
    name="send_piece",
    summary="Add a piece to an upload",
    scope=Scope.UPLOADS_WRITE,
    tag=_TAG,
    path_model=UploadPath,
    raw=_PIECE,
    headers_model=PieceHeaders,
    answer_headers=_PROGRESS,
    answers={204: None},
    refusals=(MALFORMED, OTHER_TUS, GONE, FILE_TOO_LARGE, NO_ROOM, LOCKED, BAD_SUM),
    description="What came before a connection broke is kept; of a piece with a checksum, nothing or all.",
)
async def send_piece(call: Call[UploadPath]) -> Answer:
    """Bytes from the offset on."""
    return await _sent(call)


@Endpoint(
    method="POST",
    path="/api/v1/tus/{id}",
    name="act_on_tus_upload",
    summary="PATCH or DELETE for who can only send POST, by X-HTTP-Method-Override",
    scope=Scope.UPLOADS_WRITE,
    tag=_TAG,
    path_model=UploadPath,
    raw=Raw((tus.OFFSET_TYPE,), required=False),
    headers_model=OverrideHeaders,
    answer_headers=_PROGRESS,
    answers={204: None},
    refusals=(MALFORMED, OTHER_TUS, GONE, FILE_TOO_LARGE, NO_ROOM, LOCKED, BAD_SUM),
)
async def act_on_tus_upload(call: Call[UploadPath]) -> Answer:
    """What the other method does."""
    said = spoken(call.request, OverrideHeaders)
    if said.x_http_method_override == "PATCH":
        return await _sent(call)
    if said.x_http_method_override == "DELETE":
        return await _terminated(call)
    raise wrong("X-Http-Method-Override", "is PATCH or DELETE")


@Endpoint(
    method="DELETE",
    path="/api/v1/tus/{id}",
    name="terminate_tus_upload",
    summary="End an upload; its bytes are removed",
    scope=Scope.UPLOADS_WRITE,
    tag=_TAG,
    path_model=UploadPath,
    headers_model=TusHeaders,
    answer_headers=_ALWAYS,
    answers={204: None},
    refusals=(OTHER_TUS, GONE, LOCKED),
)
async def terminate_tus_upload(call: Call[UploadPath]) -> Answer:
    """For good."""
    return await _terminated(call)


OPERATIONS: Final = (
    discover_tus,
    find_unfinished_uploads,
    create_tus_upload,
    read_tus_upload,
    send_piece,
    act_on_tus_upload,
    terminate_tus_upload,
)


def spoken(request: web.Request, model: type[Said], *, always: bool = True) -> Said:
    """The headers of a request of tus; refuses those of another version, and says in the answer which one is spoken.

    Without `always` a request that names no version is good too.
    """
    headers = request[ASKED].headers
    headers["Tus-Resumable"] = tus.VERSION
    said = headers_of(model, request)
    if said.tus_resumable == tus.VERSION or (said.tus_resumable is None and not always):
        return said
    headers["Tus-Version"] = tus.VERSION
    raise Problem(OTHER_TUS, f"send `Tus-Resumable: {tus.VERSION}`")


def wrong(header: str, detail: str) -> Problem:
    """A header is not as it should be."""
    mistake = Mistake(part="header", pointer=f"/{header}", detail=detail)
    return Problem(MALFORMED, f"{header} {detail}", errors=[mistake])


def _pairs(header: str) -> dict[str, str]:
    try:
        return tus.metadata(header)
    except tus.Unreadable as error:
        raise wrong("Upload-Metadata", str(error)) from error


def _sum(header: str | None) -> tus.Sum | None:
    if header is None:
        return None
    try:
        return tus.checksum(header)
    except tus.Unreadable as error:
        raise wrong("Upload-Checksum", str(error)) from error


def _progress(row: Upload) -> dict[str, str]:
    found = {"Upload-Offset": str(row.received)}
    if row.state == UploadState.RECEIVING:
        found["Upload-Expires"] = format_datetime(row.expires_at, usegmt=True)
    return found


async def _sent(call: Call[Any, Any, Any]) -> Answer:
    said = spoken(call.request, PieceHeaders)
    if said.upload_offset is None:
        raise wrong("Upload-Offset", "is missing: say where the piece begins")
    call.is_told = True  # that bytes come is no change that people want to read of; that all have come, is told
    row = await _added(call, call.path.id, int(said.upload_offset), said.upload_checksum)
    return Answer(status=204, headers=_progress(row))


async def _added(call: Call[Any, Any, Any], upload: str, offset: int, checksum: str | None) -> Upload:
    """Take in a piece that begins at `offset`."""
    sums = _sum(checksum)
    receiver = call.site.receiver
    _unfinished(_own(call, await receiver.row(upload)), offset)  # before anything is opened
    async with receiver.writing(upload) as landing:
        row = _own(call, await receiver.row(upload))
        _unfinished(row, offset)
        _fits(call, row)
        await receiver.begin(landing, row)
        await agree(call.request)
        await receiver.take(landing, row, Piece(pieces(call.request.content.read), sums))
        await _counted(call, receiver, landing, row)
    return row


def _own(call: Call[Any, Any, Any], row: Upload | None) -> Upload:
    """The caller's own upload; nobody learns of others'. Raises `Problem`."""
    if row is None or row.owner != call.caller.id or row.way != "tus":
        raise missing("upload of yours", getattr(call.path, "id", ""))
    expired = row.state == UploadState.RECEIVING and row.expires_at <= call.now
    if UploadState(row.state) in GONE_STATES or expired:
        raise Problem(GONE, f"the upload is {'expired' if expired else row.state}: begin anew")
    return row


def _unfinished(row: Upload, offset: int) -> None:
    if row.state != UploadState.RECEIVING:
        raise Problem(CONFLICT, f"all bytes of this upload are there; it is {row.state}")
    if row.received != offset:
        raise Problem(CONFLICT, f"{row.received} bytes are there, so the next piece begins at {row.received}")


def _fits(call: Call[Any, Any, Any], row: Upload) -> None:
    """Refuse more than was announced before a byte of it is taken."""
    size = call.request.content_length
    if size is not None and row.length is not None and row.received + size > row.length:
        raise Problem(FILE_TOO_LARGE, f"the piece ends after the {row.length} bytes that were announced")


async def _counted(call: Call[Any, Any, Any], receiver: Receiver, landing: Landing, row: Upload) -> None:
    """Tell of what has come; of the last byte with all that follows from it, in one transaction."""
    if landing.offset != row.length:
        await receiver.count(row, landing.offset)
        return
    digest = landing.digest.hexdigest() if landing.digest is not None else ""
    async with call.site.database.writing() as session:
        await receiver.counted(session, row, landing.offset, state=UploadState.QUARANTINED, digest=digest)
        await beginning.whole(session, row, call.actor, call.now)
    call.site.feed.ring()


async def _terminated(call: Call[Any, Any, Any]) -> Answer:
    spoken(call.request, TusHeaders)
    row = _own(call, await call.site.receiver.row(call.path.id))
    if row.state != UploadState.RECEIVING:
        raise Problem(CONFLICT, f"all bytes of this upload are there; it is {row.state}, and is deleted as an upload")
    await _ended(call, row)
    return Answer(status=204)


async def _ended(call: Call[Any, Any, Any], row: Upload) -> None:
    """Let the upload come to nothing."""
    call.is_told = True
    async with call.site.receiver.writing(row.id) as landing:
        async with call.site.database.writing() as session:
            if not await beginning.end(session, row, UploadState.ENDED, None, call.now):
                raise Problem(CONFLICT, "the upload has moved on meanwhile; read it again")
            await tell(session, call.actor, row, "ended", call.now)
        await asyncio.to_thread(landing.remove)
    call.site.feed.ring()
