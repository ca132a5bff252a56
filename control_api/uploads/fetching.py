"""Fetching: a link is a job that goes on where it was broken off.

Law: bytes of two versions of a file are never joined. A part is asked for with the tag or the date of the version of
which the first bytes are here (If-Range, RFC 9110, 13.1.5); without either, or with another version there, it begins
anew.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel
from sqlmodel import col, select, update

from control_api.destinations import NotAllowed, examined
from control_api.instants import whole_millis
from control_api.jobs import Broken, JobKind, Work
from control_api.outgoing import LEAST_RATE, Limits, NoAnswer, TooLarge
from control_api.pieces import PIECE
from control_api.problems import Problem, unacceptable
from control_api.sizes import sized
from control_api.tables import Upload
from control_api.uploads import beginning
from control_api.uploads.landing import place, remove
from control_api.uploads.receiving import Piece, Receiver
from control_api.uploads.room import refusal, room
from control_api.uploads.shown import STATION, bare, refused
from control_api.uploads.states import UploadState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from control_api.outgoing import Reply
    from control_api.uploads.landing import Landing

DAY: Final = 24 * 3600
"""Seconds that one attempt may take."""
_IDLE: Final = 60
_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.ASCII)
_WHOLE, _PART, _UNSATISFIABLE = 200, 206, 416
_STRONG: Final = re.compile(r'"[^"]*"')
_PASSING: Final = frozenset((408, 425, 429, 500, 502, 503, 504))


class Fetch(BaseModel):
    """Which upload is to be fetched by its link. The link itself may hold a key, and stands in the row alone."""

    upload: str


class Fetched(BaseModel):
    """What came."""

    received: int


@dataclass(frozen=True, slots=True)
class Start:
    """Where an answer begins, and what it is of."""

    offset: int
    length: int | None
    validator: str


def linked(text: str) -> str:
    """A link that may be fetched; raises `Problem`."""
    try:
        url = examined(text)
    except NotAllowed as error:
        raise unacceptable("/url", str(error)) from error
    return str(url)


def start(status: int, headers: Mapping[str, str], length: int | None, asked: int) -> Start | None:
    """Where an answer begins, to a request for what follows byte `asked`; None when it cannot be used. Pure."""
    tag = headers.get("ETag", "")
    validator = tag if _STRONG.fullmatch(tag) else headers.get("Last-Modified", "")
    if status == _WHOLE:
        return Start(0, length, validator[:300])
    found = _RANGE.fullmatch(headers.get("Content-Range", ""))
    if status == _PART and found is not None and int(found[1]) == asked and asked:
        return Start(asked, int(found[3]), validator[:300])
    return None


async def _fetched(work: Work, given: Fetch) -> Fetched:
    row = await _row(work, given.upload)
    if row is None or UploadState(row.state) is not UploadState.RECEIVING:
        return Fetched(received=row.received if row else 0)
    receiver = Receiver(work.database, work.settings, work.clock, asyncio.Event())
    try:
        async with receiver.writing(row.id) as landing:
            row = await receiver.row(row.id)
            await _into(work, receiver, landing, row)
    except (NotAllowed, TooLarge) as error:
        await _refused(work, row, str(error))
        raise Broken(str(error), "Send another link.") from error
    except NoAnswer as error:
        msg = f"{bare(row.link)}: {error}"
        raise Broken(msg, "It goes on where it broke off.", again=True) from error
    except Problem as error:
        again = error.kind.status in (423, 503, 409, 507)
        if not again:
            await _refused(work, row, error.detail)
        raise Broken(error.detail, again=again) from error
    finally:
        receiver.close()
    return Fetched(received=row.received)


async def _into(work: Work, receiver: Receiver, landing: Landing, row: Upload) -> None:
    """Take in what the other server sends."""
    headers = {"Accept-Encoding": "identity"}
    if row.received and row.validator:
        headers |= {"Range": f"bytes={row.received}-", "If-Range": row.validator}
    limits = Limits(seconds=DAY, idle_seconds=_IDLE, size=work.settings.upload_bytes, least_rate=LEAST_RATE)
    async with work.outgoing.asked("GET", row.link, headers=headers, limits=limits) as reply:
        begun = start(reply.status, reply.headers, reply.length, row.received if "Range" in headers else 0)
        if begun is None:
            raise await _unusable(work, row, reply.status)
        await _check_room(work, receiver, row, begun)
        async with work.database.writing() as session:
            await receiver.counted(session, row, begun.offset, length=begun.length, validator=begun.validator)
        await receiver.begin(landing, row)
        if begun.offset:
            work.note(f"going on after {sized(begun.offset)}")
        await receiver.take(landing, row, Piece(_gathered(work, row, reply)))
        if begun.length not in (None, landing.offset):
            await receiver.count(row, landing.offset)
            raise NoAnswer("it broke off")
    await _whole(work, receiver, landing, row)


async def _gathered(work: Work, row: Upload, reply: Reply) -> AsyncIterator[bytes]:
    """The body in large pieces; what came before it broke off comes before the exception."""
    held, done = bytearray(), row.received
    failed: Exception | None = None
    coming = reply.pieces()
    while failed is None:
        try:
            held += await anext(coming)
        except StopAsyncIteration:
            break
        except (NoAnswer, TimeoutError) as error:
            failed = error
        if len(held) >= PIECE:
            yield bytes(held)
            done += len(held)
            held.clear()
            permille = 0 if not row.length else done * 1000 // row.length
            work.tell(permille, f"{sized(done)} of {sized(row.length) if row.length else 'an unknown number of bytes'}")
    if held:
        yield bytes(held)
    if failed is not None:
        raise failed


async def _check_room(work: Work, receiver: Receiver, row: Upload, begun: Start) -> None:
    """Whether what the other server announces may come. Raises `Problem`."""
    free = await receiver.free()
    async with work.database.reading() as session:
        found = await room(session, row.owner, free)
    mine = row.received if row.length is None else row.length
    without = replace(found, kept=found.kept - mine, promised=found.promised - (mine - row.received), open=0)
    wrong = refusal(without, (begun.length or 0) - begun.offset, work.settings)
    if wrong is not None:
        raise wrong


async def _unusable(work: Work, row: Upload, status: int) -> Exception:
    """What to raise of an answer that brings no bytes."""
    if status in (_PART, _UNSATISFIABLE):  # not the part that was asked for: it is another file now
        async with work.database.writing() as session:
            same = (col(Upload.id) == row.id, col(Upload.state) == UploadState.RECEIVING)
            await session.exec(update(Upload).where(*same).values(validator=""))
        return NoAnswer(f"it answers {status}; the next attempt begins anew")
    if status in _PASSING:
        return NoAnswer(f"it answers {status}")
    return NotAllowed(f"{bare(row.link)} answers {status}")


async def _whole(work: Work, receiver: Receiver, landing: Landing, row: Upload) -> None:
    """All bytes have come."""
    digest = landing.digest.hexdigest() if landing.digest is not None else ""
    values = {"length": landing.offset, "state": UploadState.QUARANTINED, "digest": digest, "link": bare(row.link)}
    async with work.database.writing() as session:
        await receiver.counted(session, row, landing.offset, **values)
        await beginning.whole(session, row, STATION, whole_millis(work.clock()))


async def _refused(work: Work, row: Upload, reason: str) -> None:
    """Let the upload come to nothing."""
    now = whole_millis(work.clock())
    row = await _row(work, row.id) or row
    async with work.database.writing() as session:
        if await beginning.end(session, row, UploadState.REFUSED, reason[:2000], now):
            await refused(session, STATION, row, now, (reason, "Send another link."))
    await asyncio.to_thread(remove, place(work.settings.media, row.id))


async def _row(work: Work, upload: str) -> Upload | None:
    async with work.database.reading() as session:
        return (await session.exec(select(Upload).where(Upload.id == upload))).one_or_none()


FETCH: Final = JobKind("fetch", Fetch, _fetched, attempts=8, here=2)
"""Fetches a file by its link. A few at a time: slow servers of others keep no worker from everything else."""
