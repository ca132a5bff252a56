"""A form with a file in it (`multipart/form-data`, RFC 7578): its fields in any order, the file streamed.

Law: besides the file at most `FIELDS` fields of `FIELD_BYTES` bytes are read, whatever the client sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import BodyPartReader
from aiohttp.http_exceptions import HttpProcessingError

from control_api.pieces import pieces
from control_api.problems import MALFORMED, UNACCEPTABLE, Mistake, Problem, unacceptable
from control_api.uploads.plain import WHY, is_plain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from aiohttp import web

FIELDS: Final = 16
FIELD_BYTES: Final = 16 << 10
NAME_LETTERS: Final = 255

_CHUNK: Final = 256 << 10
_ODD: Final = ("Content-Encoding", "Content-Transfer-Encoding")
_PLAIN: Final = ("", "identity", "binary", "8bit", "7bit")


async def read(
    request: web.Request,
    files: Sequence[str],
    take: Callable[[str, AsyncIterator[bytes]], Awaitable[None]],
) -> dict[str, str]:
    """The fields of a form that are text, by name; `take` is given the file: its name there, and its bytes.

    `files` are the names under which the file may come. Raises `Problem`.
    """
    try:
        return await _read(request, files, take)
    except (ValueError, ConnectionError, HttpProcessingError) as error:
        raise Problem(MALFORMED, "the form breaks off, or is no multipart/form-data") from error


async def _read(
    request: web.Request, files: Sequence[str], take: Callable[[str, AsyncIterator[bytes]], Awaitable[None]]
) -> dict[str, str]:
    fields: dict[str, str] = {}
    taken = False
    async for part in await request.multipart():
        name = _named(part)
        if not isinstance(part, BodyPartReader) or name in fields or (name in files and taken):
            msg = f"/{name}"
            raise unacceptable(msg, "each field comes once, and is a text or a file")
        if any(part.headers.get(header, "").lower() not in _PLAIN for header in _ODD):
            msg = f"/{name}"
            raise unacceptable(msg, "send the field as it is, without an encoding")
        if name in files:
            taken = True
            if not is_plain(part.filename or ""):
                msg = f"/{name}/filename"
                raise unacceptable(msg, WHY)
            await take((part.filename or "")[-NAME_LETTERS:], _bytes_of(part))
        elif len(fields) < FIELDS:
            fields[name] = await _text(part, name)
        else:
            words = f"a form has {FIELDS} fields at most besides the file"
            raise Problem(UNACCEPTABLE, words)
    if not taken:
        msg = f"/{files[0]}"
        raise unacceptable(msg, "the file is missing: send it as a field of this name, with a filename")
    return fields


def _named(part: object) -> str:
    found = part.name if isinstance(part, BodyPartReader) else None
    return found or ""


def _bytes_of(part: BodyPartReader) -> AsyncIterator[bytes]:
    async def read(_size: int) -> bytes:
        return await part.read_chunk(_CHUNK)

    return pieces(read)


async def _text(part: BodyPartReader, name: str) -> str:
    """A field that is a text."""
    held = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        held += chunk
        if len(held) > FIELD_BYTES:
            msg = f"/{name}"
            raise unacceptable(msg, f"is longer than {FIELD_BYTES} bytes; a file comes as `file`")
    try:
        text = held.decode()
    except UnicodeDecodeError:
        msg = f"/{name}"
        raise unacceptable(msg, "is not UTF-8") from None
    if "\0" in text:
        raise Problem(UNACCEPTABLE, "a field has the character U+0000", errors=[_nul(name)])
    return text


def _nul(name: str) -> Mistake:
    return Mistake(
        part="body", pointer=f"/{name}", detail="the character U+0000 is not taken: databases cannot keep it"
    )
