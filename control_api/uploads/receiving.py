"""Receiving: bytes go to the disk in a thread while the next ones come in, and are told of when they are there.

Laws. The offset in the database is never ahead of what is on the disk. A piece with a checksum counts whole or not at
all. Of what came without one everything counts, however the request ended. Two pieces are held in memory at most.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlmodel import col, func, select, update

from control_api.instants import whole_millis
from control_api.pieces import BrokenOff
from control_api.problems import (
    BAD_SUM,
    CONFLICT,
    FILE_TOO_LARGE,
    LOCKED,
    MALFORMED,
    NO_ROOM,
    Problem,
    missing,
    unavailable,
)
from control_api.sizes import sized
from control_api.tables import Upload
from control_api.uploads.landing import Digests, InUse, Landing, Short, free_bytes, place
from control_api.uploads.room import overrun, room
from control_api.uploads.states import UploadState
from control_api.uploads.tus import SUMS, Sum

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.settings import Settings
    from playout.clock import Clock

CHECKPOINT: Final = 64 << 20
"""After how many bytes the offset is written down while more come in."""
_THREADS: Final = 4
_BUSY_SECONDS: Final = 5

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that come in."""

    body: AsyncIterator[bytes]
    sum: Sum | None = None
    """What they must come to."""


class Receiver:
    """Takes in the bytes of uploads. One for a process."""

    def __init__(self, database: Database, settings: Settings, clock: Clock, leaving: asyncio.Event) -> None:
        """`leaving` is set when the process stops: whoever still sends is told to come again."""
        self._database = database
        self._settings = settings
        self._clock = clock
        self._leaving = leaving
        self._digests = Digests()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="upload")
        self.open = 0
        """How many uploads are being taken in."""

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False)

    @property
    def media(self) -> Path:
        """The folder of the store."""
        return self._settings.media

    async def free(self) -> int:
        """How many bytes the disk of the store has left."""
        return await self._in_thread(free_bytes, self.media)

    @asynccontextmanager
    async def writing(self, upload: str) -> AsyncIterator[Landing]:
        """The file of an upload, for this request alone.

        Raises `Problem` where somebody else has it, or as many are written to as may be.
        """
        if self.open >= self._settings.upload_writers:
            message = f"{self.open} uploads are being taken in, and there may be no more at a time"
            raise unavailable(message, seconds=_BUSY_SECONDS)
        self.open += 1
        try:
            landing = await self._in_thread(Landing, place(self.media, upload))
        except InUse:
            self.open -= 1
            headers = {"Retry-After": str(_BUSY_SECONDS)}
            raise Problem(LOCKED, "another request sends bytes of this upload", headers=headers) from None
        except BaseException:
            self.open -= 1
            raise
        try:
            yield landing
        finally:
            self._digests.keep(upload, landing.offset, landing.digest)
            landing.close()
            self.open -= 1

    async def begin(self, landing: Landing, row: Upload) -> None:
        """Go on where the row says; raises `Problem` where the file has less."""
        digest = self._digests.take(row.id, row.received)
        try:
            await self._in_thread(landing.begin, row.received, digest)
        except Short as short:
            await self.count(row, short.size)
            message = f"the disk has lost bytes: {short.size} are there. Ask for the offset, and go on from there"
            raise Problem(CONFLICT, message) from short

    async def take(self, landing: Landing, row: Upload, piece: Piece) -> None:
        """Write a piece to the end of the file; when it returns, all of it is on the disk, and not yet told of.

        Raises `Problem`: what came in before is kept then, unless the piece has a checksum.
        """
        before = landing.digest.copy() if piece.sum is not None and landing.digest is not None else None
        try:
            await self._taken(landing, row, piece)
        except BaseException as error:
            if piece.sum is None:
                with suppress(OSError):  # then it does not count
                    await self.count(row, await self._in_thread(landing.sync))
            else:
                await self._in_thread(landing.begin, row.received, before)
            told = _told(error)
            if told is not None:
                raise told from error
            raise

    async def _taken(self, landing: Landing, row: Upload, piece: Piece) -> None:
        whole = SUMS[piece.sum.algorithm]() if piece.sum is not None else None

        def write(data: bytes) -> None:
            landing.write(data)
            if whole is not None:
                whole.update(data)

        pending: asyncio.Future[None] = self._future(write, b"")
        try:
            async for data in piece.body:
                await asyncio.shield(pending)
                self._check(row, landing.offset + len(data))
                if whole is None and landing.offset - row.received >= CHECKPOINT:
                    await self._checkpoint(landing, row)
                pending = self._future(write, data)
        finally:
            await pending
        await self._in_thread(landing.sync)
        await self._check_room(landing, row)
        if piece.sum is not None and whole is not None and whole.digest() != piece.sum.digest:
            raise Problem(BAD_SUM, f"the {piece.sum.algorithm} of the piece is another one; nothing of it was kept")

    async def _checkpoint(self, landing: Landing, row: Upload) -> None:
        """Tell of what is there; where nobody said how much comes, look whether there is room for more."""
        await self.count(row, await self._in_thread(landing.sync))
        await self._check_room(landing, row)

    async def _check_room(self, landing: Landing, row: Upload) -> None:
        """Whether there is room for what has come, where that was not asked before. Raises `Problem`."""
        if row.length is not None:
            return
        free = await self.free()
        async with self._database.reading() as session:
            found = await room(session, row.owner, free)
            held = select(func.coalesce(Upload.length, Upload.received)).where(Upload.id == row.id)
            counted = (await session.exec(held)).one_or_none() or 0  # of a form it is what the request announced
        size = max(counted, landing.offset)
        kept = found.kept - counted + size
        promised = found.promised - (counted - row.received) + (size - landing.offset)
        wrong = overrun(replace(found, kept=kept, promised=promised), self._settings)
        if wrong is not None:
            raise wrong

    def _check(self, row: Upload, size: int) -> None:
        """Refuse more than was said, or may be."""
        if row.length is not None and size > row.length:
            raise Problem(FILE_TOO_LARGE, f"more bytes come than the {row.length} that were announced")
        if size > self._settings.upload_bytes:
            message = f"there are more bytes than the {sized(self._settings.upload_bytes)} that a file may have"
            raise Problem(FILE_TOO_LARGE, message)
        if self._leaving.is_set():
            raise unavailable("the server is being stopped: go on in a moment", seconds=2)

    async def count(self, row: Upload, received: int) -> None:
        """Tell of bytes that are on the disk."""
        if received == row.received:
            return
        async with self._database.writing() as session:
            await self.counted(session, row, received)

    async def counted(self, session: AsyncSession, row: Upload, received: int, **more: Any) -> None:  # noqa: ANN401 — values of columns
        """The same in a transaction of the caller, with what else becomes of the row. Raises `Problem`."""
        now = whole_millis(self._clock())
        until = now + timedelta(hours=self._settings.upload_hours)
        values = {"received": received, "touched_at": now, "expires_at": until, **more}
        same = (
            col(Upload.id) == row.id,
            col(Upload.received) == row.received,
            col(Upload.state) == UploadState.RECEIVING,
        )
        done = await session.exec(update(Upload).where(*same).values(**values))
        if done.rowcount != 1:
            raise Problem(CONFLICT, "another request has gone on with this upload meanwhile; ask for the offset")
        for name, value in values.items():
            setattr(row, name, value)

    async def row(self, upload: str) -> Upload:
        """An upload as it is now, apart from any transaction. Raises `Problem`."""
        async with self._database.reading() as session:
            found = (await session.exec(select(Upload).where(Upload.id == upload))).one_or_none()
            if found is None:
                raise missing("upload", upload)
            session.expunge(found)
            return found

    def _future(self, do: Callable[..., Done], *arguments: object) -> asyncio.Future[Done]:
        return asyncio.get_running_loop().run_in_executor(self._threads, do, *arguments)

    async def _in_thread(self, do: Callable[..., Done], *arguments: object) -> Done:
        return await asyncio.shield(self._future(do, *arguments))


def _told(error: BaseException) -> Problem | None:
    """What a client is told of a failure that is no `Problem` yet."""
    if isinstance(error, BrokenOff):
        return Problem(MALFORMED, f"{error}; ask for the offset, and go on from there")
    if isinstance(error, OSError):
        return Problem(NO_ROOM, f"the disk does not take more: {(error.strerror or str(error)).lower()}")
    return None
