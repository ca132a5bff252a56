"""Connections of SQLite: each has a thread, and every statement takes one way there and back.

Law: what a statement answers is there when it is done. Nothing of it is left open in the file, but for what is read a
piece at a time. No statement runs outside of the transaction that was begun for it.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, Self

import aiosqlite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from queue import SimpleQueue

_log: Final = logging.getLogger("fastline.api")
_END: Final = object()
"""What the last thing that a thread does answers."""
AHEAD: Final = 1000
"""Rows that come with a statement; those beyond are fetched when they are asked for."""


class Swift:
    """A cursor that makes itself, runs a statement, reads its rows and closes in one visit to the thread.

    One of aiosqlite takes four, and each costs more than most of our questions do.
    """

    arraysize = 1

    def __init__(self, connection: Ending) -> None:
        self._connection = connection
        self._open: sqlite3.Cursor | None = None
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        """Itself: there is nothing to begin."""
        return self

    async def execute(self, operation: str, parameters: Iterable[Any] = ()) -> Swift:
        """Run a statement, and read what it answers."""
        return await self._run(partial(_executed, self._connection.raw, self._connection.begun, operation, parameters))

    async def executemany(self, operation: str, parameters: Iterable[Sequence[Any]]) -> Swift:
        """Run a statement for each of these."""
        return await self._run(partial(_repeated, self._connection.raw, self._connection.begun, operation, parameters))

    async def fetchone(self) -> Any:  # noqa: ANN401 — a row
        """The next row; None after the last."""
        found = await self.fetchmany(1)
        return found[0] if found else None

    async def fetchmany(self, size: int | None = None) -> Sequence[Any]:
        """As many rows, or those that are left."""
        wanted = self.arraysize if size is None else size
        if len(self._rows) < wanted and self._open is not None:
            self._rows += await self._connection.done(partial(self._open.fetchmany, wanted - len(self._rows)))
        found, self._rows = self._rows[:wanted], self._rows[wanted:]
        return found

    async def fetchall(self) -> Sequence[Any]:
        """All rows that are left."""
        if self._open is not None:
            self._rows += await self._connection.done(self._open.fetchall)
        found, self._rows = self._rows, []
        return found

    async def close(self) -> None:
        """Let go of what was not read."""
        left, self._open, self._rows = self._open, None, []
        if left is not None:
            await self._connection.done(left.close)

    async def _run(self, statement: Callable[[], tuple[sqlite3.Cursor, list[Any]]]) -> Swift:
        await self.close()
        cursor, self._rows = await self._connection.done(statement)
        self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
        self._open = cursor if len(self._rows) == AHEAD else None
        return self


def _executed(
    raw: sqlite3.Connection, begun: Callable[[], None], operation: str, parameters: Iterable[Any]
) -> tuple[sqlite3.Cursor, list[Any]]:
    """In the thread: run it, and read as far as is read at once. What was read to its end is closed by that."""
    begun()
    cursor = raw.cursor()
    try:
        cursor.execute(operation, tuple(parameters))
        return cursor, cursor.fetchmany(AHEAD) if cursor.description else []
    except BaseException:
        cursor.close()
        raise


def _repeated(
    raw: sqlite3.Connection, begun: Callable[[], None], operation: str, parameters: Iterable[Sequence[Any]]
) -> tuple[sqlite3.Cursor, list[Any]]:
    begun()
    cursor = raw.cursor()
    try:
        cursor.executemany(operation, parameters)
    finally:
        cursor.close()
    return cursor, []


class Ending(aiosqlite.Connection):
    """A connection of SQLite that may be ended twice.

    Its thread ends when it is stopped. Whoever is cancelled while a connection is closed has it stopped, and the
    closing, which goes on, stops it once more: aiosqlite then waits for an answer of a thread that is no more, and
    with it whoever ends the event loop.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(self._opened, iter_chunk_size=64)
        self._open = connector
        self._made: sqlite3.Connection | None = None
        self._thread = Thread(target=_served, args=(self._tx,), daemon=True)
        self._is_stopped = False
        self._is_known = False
        self._is_due = False
        """Whether a transaction that reads is to be begun."""
        self._is_reading = False
        """Whether the transaction, if there is one, only reads."""

    def read(self) -> None:
        """Begin a transaction that reads with its first statement; one that writes is begun by a statement."""
        self._is_due = True

    def begun(self) -> None:
        """In the thread: begin what is to be begun. Where that fails, the next statement tries again."""
        if self._is_due:
            self._conn.execute("BEGIN")
            self._is_due, self._is_reading = False, True

    async def commit(self) -> None:
        """Keep what was written. Where nothing was begun, the thread is not visited."""
        if self._is_known and not self._conn.in_transaction:
            self._is_due = False
        else:
            await self.done(self._kept)

    async def rollback(self) -> None:
        """Take back what was not committed.

        The thread is visited for what was written, or while it may be at work. Where nothing was begun there is
        nothing to do, and to end a transaction that only reads takes less time than to send for somebody.
        """
        if not self._is_known or (self._conn.in_transaction and not self._is_reading):
            await self.done(self._taken_back)
        else:
            self._taken_back()

    def _kept(self) -> None:
        self._is_due = self._is_reading = False
        try:
            self._conn.commit()
        except sqlite3.Error:  # SQLAlchemy takes it for ended, and would give it back with its lock
            self._conn.rollback()
            raise

    def _taken_back(self) -> None:
        self._is_due = self._is_reading = False
        self._conn.rollback()

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 — whatever it answers
        self._is_known = False  # and stays so where nobody waits for the answer: the thread may be at it still
        answer = await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]  # it is not typed there
        self._is_known = True
        return answer

    def cursor(self) -> Swift:  # type: ignore[override]  # what SQLAlchemy asks for, and all that it asks for
        """A cursor that takes one visit."""
        return Swift(self)

    @property
    def raw(self) -> sqlite3.Connection:
        """The connection itself, for the thread alone."""
        return self._conn

    async def done(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401 — whatever it answers
        """What `work` answers, done in the thread."""
        return await self._execute(work)

    def stop(self) -> asyncio.Future[Any] | None:
        """Have the thread end; what to wait for, at the first time and where anybody can."""
        if self._is_stopped:
            return None
        self._is_stopped = True
        self._running = False
        try:
            future = asyncio.get_running_loop().create_future()
        except RuntimeError:  # what was never closed is collected as garbage
            future = None
        self._tx.put_nowait((future, self._ended))
        return future

    def _ended(self) -> object:
        """In the thread: close the connection. There is nothing to do after that."""
        if self._made is not None:
            self._made.close()
        self._connection = self._made = None
        return _END

    def _opened(self) -> sqlite3.Connection:
        """In the thread: open it. It is kept here, where it is found though nobody waited for it."""
        self._made = self._open()
        return self._made

    async def close(self) -> None:
        """Close it, unless it is being closed."""
        if not self._is_stopped:
            await super().close()


def _served(asked: SimpleQueue[tuple[asyncio.Future[Any] | None, Callable[[], Any]]]) -> None:
    """The thread of a connection: do what is asked, one thing after the other, and tell whoever waits for it.

    Who asked may be gone, and their event loop with them: a connection that was broken off while it was made, or given
    up, is closed by its thread all the same.
    """
    answer: object = None
    while answer is not _END:
        future, work = asked.get()
        told, answer = _done(work)
        if future is not None:
            with suppress(RuntimeError):  # its loop has ended
                future.get_loop().call_soon_threadsafe(_tell, future, told, answer)


def _done(work: Callable[[], Any]) -> tuple[BaseException | None, Any]:
    """What it raises, and what it answers."""
    try:
        return None, work()
    except BaseException as error:  # noqa: BLE001 — raised again where it was asked for
        return error, None


def _tell(future: asyncio.Future[Any], error: BaseException | None, answer: object) -> None:
    """In the loop: whoever waits, if anybody still does, has the answer."""
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(answer)


class Releasing(sqlite3.Connection):
    """A connection that gives its locks back when it is closed.

    SQLite ends a transaction of one that is closed only when its last statement is gone, and somebody may hold a
    cursor still: the task that was cancelled, or the traceback of its end. Nobody could write until it is collected.
    """

    def close(self) -> None:
        """Take back what was not committed, and close."""
        try:
            if self.in_transaction:
                self.rollback()
        except sqlite3.ProgrammingError:
            """It is closed already: whoever gives a closing up has it closed once more."""
        except sqlite3.Error:  # as of a disk that fails; closing is all that is left
            _log.warning("a transaction could not be taken back", exc_info=True, extra={"action": "outage"})
        finally:
            super().close()


def connection(
    path: str,
    *,
    ready: Callable[[sqlite3.Connection], None] = lambda _: None,
    **options: Any,  # noqa: ANN401 — whatever sqlite3 takes
) -> Ending:
    """A connection that begins when it is awaited; its thread makes it `ready` then."""

    def made() -> sqlite3.Connection:
        # one thread at a time has it: the one that is its own, or the one of the loop while that rests
        ours = {"factory": Releasing, "check_same_thread": False}
        found: sqlite3.Connection = sqlite3.connect(path, **{**options, **ours})
        try:
            ready(found)
        except BaseException:
            found.close()
            raise
        return found

    return Ending(made)
