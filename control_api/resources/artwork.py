"""Artwork: pictures of titles in four shapes, photos of people, and where they are served."""

from __future__ import annotations

import asyncio
import base64
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field
from sqlmodel import col, update

from control_api import ids
from control_api.addresses import household
from control_api.call import Answer, Call
from control_api.callers import Caller
from control_api.changes import Change
from control_api.ids import new_id
from control_api.instants import Instant
from control_api.library.artwork import EASEL, Hanging, fetched, frame, hang, hanging
from control_api.library.facts import Language
from control_api.library.pictures import LARGEST, Shape, key
from control_api.library.shown import ArtworkShown, pictured
from control_api.models import Given, Nothing, Shown
from control_api.operation import Endpoint, Media, Raw
from control_api.pieces import BrokenOff, agree, pieces
from control_api.problems import MALFORMED, NOT_FOUND, TOO_LARGE, TOO_MANY, UNACCEPTABLE, Problem, missing, unavailable
from control_api.resources.people_credits import PersonPath, person
from control_api.resources.title_models import TitleId
from control_api.resources.titles import check_kept, found
from control_api.scopes import OPEN, Scope
from control_api.tables import Artwork, ArtworkTicket, Title
from playout.store import Store, StoreDown

if TYPE_CHECKING:
    from collections.abc import Callable

    from control_api.library.pictures import Picture

_TAG: Final = "Artwork"
_TYPES: Final = ("image/jpeg", "image/png", "image/webp", "image/avif", "image/gif")
RAW: Final = Raw((*_TYPES, "application/octet-stream"))
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_RANGE: Final = re.compile(r"bytes=(\d{0,12})-(\d{0,12})")
_MOST_SIZES: Final = 10_000
_SIZES: Final[dict[str, int]] = {}
"""How long the pictures are that were asked for lately, by their names: they are digests, so it never changes."""
_PURPOSE: Final = "artwork upload"


class PlacePath(Given):
    """Which title, and which shape."""

    id: TitleId
    shape: Shape = Field(description="`banner` 16:4, `landscape` 16:9, `portrait` 2:3 or `square` 1:1.")


class PlaceQuery(Given):
    """In which language."""

    language: Language | None = Field(default=None, description="Of what is written on it; none: it does not matter.")


class PictureLink(Given):
    """Where the picture is."""

    url: str = Field(min_length=8, max_length=2000, pattern=r"^https?://", examples=["https://pictures.example/1.jpg"])


class FrameGiven(Given):
    """Whose frame it is to be."""

    asset_id: str | None = Field(default=None, max_length=128, description="One of its assets; null: the newest one.")


class TicketGiven(Given):
    """For how long the address is to be good."""

    seconds: int = Field(default=900, ge=10, le=86_400)


class TicketShown(Shown):
    """Leave to upload one picture."""

    url: str = Field(description="PUT the bytes of the picture here, once; whoever has it needs no key.")
    expires_at: Instant


class TicketPath(Given):
    """Which leave to upload."""

    ticket: str = Field(pattern=ids.pattern("at"))


class TicketQuery(Given):
    """What makes it good."""

    signature: str = Field(min_length=20, max_length=40)


class PicturePath(Given):
    """Which picture."""

    file: str = Field(pattern=r"^[0-9a-f]{64}\.(jpeg|webp)$", description="Its digest and its kind.")


@Endpoint(
    method="PUT", path="/api/v1/titles/{id}/artwork/{shape}", name="put_artwork",
    summary="Upload a picture of a title; it is cut to its shape around its middle",
    scope=Scope.TITLES_WRITE, tag=_TAG, path_model=PlacePath, query_model=PlaceQuery, raw=RAW,
    answers={200: ArtworkShown},
)  # fmt: skip
async def put_artwork(call: Call[PlacePath, PlaceQuery, Nothing]) -> Answer:
    """What the bytes are is looked at, not what they are called."""
    picture = await drawn(call, call.path.shape)
    return await _hung(call, _place(call, "upload"), picture)


@Endpoint(
    method="POST", path="/api/v1/titles/{id}/artwork/{shape}/link", name="link_artwork",
    summary="Copy a picture of a title from another server",
    scope=Scope.TITLES_WRITE, tag=_TAG, path_model=PlacePath, query_model=PlaceQuery, body_model=PictureLink,
    answers={200: ArtworkShown},
)  # fmt: skip
async def link_artwork(call: Call[PlacePath, PlaceQuery, PictureLink]) -> Answer:
    """It is fetched now, and kept here: what becomes of the link does not matter."""
    with EASEL.coming(call.caller.id):
        sent = await fetched(call.site.outgoing, call.body.url, "/url")
    with EASEL.place():
        picture = await EASEL.draw(_store(call), sent, call.path.shape, "/url")
    return await _hung(call, _place(call, "link", call.body.url), picture)


@Endpoint(
    method="POST", path="/api/v1/titles/{id}/artwork/{shape}/frame", name="frame_artwork",
    summary="Make the poster that was taken from an asset the picture of its title",
    scope=Scope.TITLES_WRITE, tag=_TAG, path_model=PlacePath, query_model=PlaceQuery, body_model=FrameGiven,
    answers={200: ArtworkShown},
)  # fmt: skip
async def frame_artwork(call: Call[PlacePath, PlaceQuery, FrameGiven]) -> Answer:
    """A frame that the packager chose."""
    with EASEL.place():
        async with call.site.database.reading() as session:
            asset, sent = await frame(session, _store(call), call.path.id, call.body.asset_id, "/asset_id")
        picture = await EASEL.draw(_store(call), sent, call.path.shape, "/asset_id")
    return await _hung(call, _place(call, "frame", asset), picture)


@Endpoint(
    method="DELETE", path="/api/v1/titles/{id}/artwork/{shape}", name="delete_artwork",
    summary="Take a picture of a title away",
    scope=Scope.TITLES_WRITE, tag=_TAG, path_model=PlacePath, query_model=PlaceQuery, answers={204: None},
)  # fmt: skip
async def delete_artwork(call: Call[PlacePath, PlaceQuery, Nothing]) -> Answer:
    """It is shown no more; where it was served it stays for who has the address."""
    title = await found(call.session, call.path.id)
    row = await hanging(call.session, _place(call, "upload"))
    if row is None:
        raise missing("picture of the shape", call.path.shape)
    await call.session.delete(row)
    _count(title, call)
    call.changed(Change("title", title.id, "artwork_removed", before=pictured(row)))
    return Answer(status=204)


@Endpoint(
    method="POST", path="/api/v1/titles/{id}/artwork/{shape}/upload-url", name="sign_artwork_upload",
    summary="An address to which one picture of a title may be uploaded once, without a key",
    scope=Scope.TITLES_WRITE, tag=_TAG, path_model=PlacePath, query_model=PlaceQuery, body_model=TicketGiven,
    answers={201: TicketShown},
)  # fmt: skip
async def sign_artwork_upload(call: Call[PlacePath, PlaceQuery, TicketGiven]) -> Answer:
    """For a browser, or somebody who draws for the station."""
    title = await found(call.session, call.path.id, held=False)
    check_kept(title)
    row = ArtworkTicket(
        id=new_id("at"), title_id=title.id, shape=call.path.shape.value, language=call.query.language or "",
        made_by=call.caller.id[:80], made_by_name=call.caller.name[:200],
        expires_at=call.now + timedelta(seconds=call.body.seconds),
    )  # fmt: skip
    call.session.add(row)
    path = f"/api/v1/artwork-uploads/{row.id}"
    shown = TicketShown(
        url=f"{call.site.settings.public_url}{path}?signature={_signature(call, row.id)}", expires_at=row.expires_at
    )
    call.changed(Change("artwork_ticket", row.id, "created", after=_Signed(title_id=title.id, shape=row.shape)))
    return Answer(shown, 201, {"Location": path})


class _Signed(Shown):
    """What the audit keeps of an address: not the address."""

    title_id: str
    shape: str


@Endpoint(
    method="PUT", path="/api/v1/artwork-uploads/{ticket}", name="upload_artwork",
    summary="Upload a picture with an address that was signed for it",
    scope=OPEN, tag=_TAG, path_model=TicketPath, query_model=TicketQuery, raw=RAW, answers={200: ArtworkShown},
)  # fmt: skip
async def upload_artwork(call: Call[TicketPath, TicketQuery, Nothing]) -> Answer:
    """Once, as long as the address is good; who signed it is who changes the title."""
    if not _is_signed(call):
        raise _worthless()
    async with call.site.database.reading() as session:
        ticket = await session.get(ArtworkTicket, call.path.ticket)
    if ticket is None or ticket.expires_at <= call.now or not await _claimed(call, None, call.now):
        raise _worthless()
    try:
        picture = await drawn(call, Shape(ticket.shape))
    except Problem as problem:
        if problem.kind is UNACCEPTABLE:  # it came in whole, and is no picture: they may send another one
            await _claimed(call, call.now, None)
        raise
    call.caller = Caller(ticket.made_by, ticket.made_by_name, frozenset())
    where = Hanging("upload", title_id=ticket.title_id, shape=Shape(ticket.shape), language=ticket.language)
    return await _hung(call, where, picture)


@Endpoint(
    method="PUT", path="/api/v1/people/{id}/photo", name="put_photo", summary="Upload the photo of a person",
    scope=Scope.TITLES_WRITE, tag=_TAG, path_model=PersonPath, raw=RAW, answers={200: ArtworkShown},
)  # fmt: skip
async def put_photo(call: Call[PersonPath]) -> Answer:
    """In portrait, two wide and three high."""
    picture = await drawn(call, Shape.PORTRAIT)
    row = await person(call.session, call.path.id)
    before, after = await hang(call.session, Hanging("upload", person_id=row.id), picture, call.now)
    return _told(call, "person", row.id, before, after)


@Endpoint(
    method="DELETE", path="/api/v1/people/{id}/photo", name="delete_photo", summary="Take the photo of a person away",
    scope=Scope.TITLES_WRITE, tag=_TAG, path_model=PersonPath, answers={204: None},
)  # fmt: skip
async def delete_photo(call: Call[PersonPath]) -> Answer:
    """It is shown no more."""
    row = await person(call.session, call.path.id)
    photo = await hanging(call.session, Hanging("upload", person_id=row.id))
    if photo is None:
        raise missing("photo of", row.id)
    await call.session.delete(photo)
    call.changed(Change("person", row.id, "artwork_removed", before=pictured(photo)))
    return Answer(status=204)


@Endpoint(
    method="GET", path="/artwork/{file}", name="read_artwork", summary="A picture: it never changes",
    description="One range of bytes may be asked for with `Range`.",
    scope=OPEN, tag=_TAG, path_model=PicturePath, counted=False,
    answers={200: Media(("image/jpeg", "image/webp")), 206: Media(("image/jpeg", "image/webp"))},
    answer_headers=("Accept-Ranges", "Content-Range"), refusals=(TOO_MANY,),
)  # fmt: skip
async def read_artwork(call: Call[PicturePath]) -> Answer:
    """The bytes, or some of them."""
    await call.site.rates.spend("pictures", household(call.address))
    file = call.path.file
    etag = f'"{file.partition(".")[0][:32]}"'
    headers = {"ETag": etag, "Cache-Control": _FOR_EVER, "Accept-Ranges": "bytes"}
    media_type = f"image/{file.rpartition('.')[2]}"
    size = _SIZES.get(file)
    if size is not None and (span := _span(call, size, etag)) is not None:
        start, stop = span
        body = await _read(call, lambda store: store.read_range(key(file), start, stop))
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        return Answer(raw=body, status=206, headers=headers, media_type=media_type)
    body = await _read(call, lambda store: store.read(key(file)))
    _SIZES[file] = len(body)
    while len(_SIZES) > _MOST_SIZES:
        _SIZES.pop(next(iter(_SIZES)))
    span = _span(call, len(body), etag)
    if span is None:
        return Answer(raw=body, headers=headers, media_type=media_type)
    start, stop = span
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(body)}"
    return Answer(raw=body[start:stop], status=206, headers=headers, media_type=media_type)


async def _read(call: Call[PicturePath], ask: Callable[[Store], bytes | None]) -> bytes:
    try:
        body = await asyncio.to_thread(ask, _store(call))
    except StoreDown as error:
        message = "the store does not answer"
        raise unavailable(message) from error
    if body is None:
        raise missing("picture", call.path.file)
    return body


OPERATIONS: Final = (
    put_artwork, link_artwork, frame_artwork, delete_artwork, sign_artwork_upload, upload_artwork, put_photo,
    delete_photo, read_artwork,
)  # fmt: skip


def _span(call: Call[Any, Any, Any], size: int, etag: str) -> tuple[int, int] | None:
    """The bytes that are asked for; None for all of them, as for a range that cannot be had (RFC 9110, 14.2)."""
    header = call.request.headers.get("Range", "")
    if call.request.headers.get("If-Range", etag) != etag:
        return None
    wanted = _RANGE.fullmatch(header.replace(" ", ""))
    if wanted is None or not any(wanted.groups()):
        return None
    first, last = wanted.groups()
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
    return (start, stop) if start < stop else None


def _place(call: Call[PlacePath, PlaceQuery, Any], origin: str, source: str = "") -> Hanging:
    language = call.query.language or ""
    return Hanging(origin, source, title_id=call.path.id, shape=call.path.shape, language=language)


async def _hung(call: Call[Any, Any, Any], where: Hanging, picture: Picture) -> Answer:
    title = await found(call.session, where.title_id or "")
    check_kept(title)
    before, after = await hang(call.session, where, picture, call.now)
    _count(title, call)
    return _told(call, "title", title.id, before, after)


def _count(title: Title, call: Call[Any, Any, Any]) -> None:
    title.version += 1
    title.updated_at = call.now


def _told(call: Call[Any, Any, Any], kind: str, subject: str, before: Artwork | None, after: Artwork) -> Answer:
    shown = pictured(after, call.site.settings.public_url)
    call.changed(Change(kind, subject, "artwork_changed", before and pictured(before), pictured(after)))
    return Answer(shown)


async def _claimed(call: Call[TicketPath, Any, Any], before: datetime | None, after: datetime | None) -> bool:
    """Let an address that was used at `before` be used at `after`; whether nobody else did that before."""
    used = col(ArtworkTicket.used_at)
    ours = (col(ArtworkTicket.id) == call.path.ticket, used.is_(None) if before is None else used == before)
    async with call.site.database.writing() as session:
        return (await session.exec(update(ArtworkTicket).where(*ours).values(used_at=after))).rowcount == 1


async def drawn(call: Call[Any, Any, Any], shape: Shape | None) -> Picture:
    """The picture in the body, drawn and kept. Raises `Problem`."""
    who = household(call.address) if call.caller.is_anonymous else call.caller.id
    seconds = call.site.settings.picture_seconds
    with EASEL.coming(who):
        try:
            async with asyncio.timeout(seconds):
                sent = await _sent(call)
        except TimeoutError as error:
            detail = f"the picture did not come within {seconds:g} seconds"
            raise Problem(MALFORMED, detail) from error
    with EASEL.place():
        return await EASEL.draw(_store(call), sent, shape)


async def _sent(call: Call[Any, Any, Any]) -> bytes:
    """The body, which is read before the transaction begins. Raises `Problem` when it is too large."""
    whole = bytearray()
    too_large = f"a picture may have {LARGEST} bytes"
    if (call.request.content_length or 0) > LARGEST:
        raise Problem(TOO_LARGE, too_large)
    await agree(call.request)
    try:
        async for piece in pieces(call.request.content.read):
            whole += piece
            if len(whole) > LARGEST:
                raise Problem(TOO_LARGE, too_large)
    except BrokenOff as error:
        raise Problem(MALFORMED, str(error)) from error
    return bytes(whole)


def _store(call: Call[Any, Any, Any]) -> Store:
    return call.site.settings.place.store()


def _signature(call: Call[Any, Any, Any], ticket: str) -> str:
    signed = call.site.signer.sign(_PURPOSE, ticket.encode())
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def _is_signed(call: Call[TicketPath, TicketQuery, Any]) -> bool:
    said = call.query.signature
    try:
        tag = base64.b64decode(said + "=" * (-len(said) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return False
    return call.site.signer.proves(_PURPOSE, call.path.ticket.encode(), tag)


def _worthless() -> Problem:
    return Problem(NOT_FOUND, "this address was used, has expired, or was never signed: ask for a new one")
