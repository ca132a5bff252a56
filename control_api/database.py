"""The database: SQLite in a file, or PostgreSQL, behind one engine.

Law: what reads and what writes are told apart before the first statement. What reads sees one state, however many
questions it asks. On SQLite a transaction that writes takes the write lock when it begins, and waits for it; one that
reads never waits.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import aiosqlite
from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable

    from sqlalchemy import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import ConnectionPoolEntry

_log: Final = logging.getLogger("fastline.api")
_WRITING: Final = "fastline_writing"
_TRIES: Final = 100

OUTAGES: Final = (OperationalError, InterfaceError, NoConnection)
"""What is raised when the database cannot answer now."""


def is_outage(error: BaseException) -> bool:
    """Whether the database could not answer, rather than was asked something wrong."""
    if (
        type(error) is DatabaseError
    ):  # and none of its kinds: SQLite says so of a file that is broken, or none of its own
        return True
    return isinstance(error, OUTAGES) or (isinstance(error, DBAPIError) and error.connection_invalidated)


class Database:
    """One database of one process."""

    def __init__(self, url: str, *, connections: int = 10, patience_ms: int = 5000, guarded: bool = True) -> None:
        """`guarded` is whether SQLite holds foreign keys; only migrations, which rebuild tables, may not want that."""
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = create_async_engine(
            self.url,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=patience_ms / 1000,
            pool_pre_ping=not self.is_sqlite,
            connect_args=_sqlite(patience_ms) if self.is_sqlite else _postgresql(patience_ms),
        )
        if self.is_sqlite:
            _told_about_sqlite(self.engine, patience_ms, guarded=guarded)
        self.notes: dict[str, Any] = {}
        """What every session knows, as its `info`."""
        known: Any = {"class_": AsyncSession, "expire_on_commit": False, "info": self.notes}
        # PostgreSQL shows each statement the state of its own instant otherwise; SQLite shows that of the first one
        one_state = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        reading = self.engine.execution_options(**one_state)
        self._reading = async_sessionmaker(reading, autoflush=False, **known)
        writing = self.engine.execution_options(**{_WRITING: True})
        self._writing = async_sessionmaker(writing, **known)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for what only reads, and sees one state; never shared between tasks."""
        async with self._reading() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session whose changes are committed at the end, all or none; never shared between tasks."""
        async with self._writing() as session:
            yield session
            await session.commit()

    def has_file(self) -> bool:
        """Whether the file of SQLite is there; to connect would make it."""
        return Path(self.url.database or "").is_file()

    def make_room(self) -> None:
        """Make the folder in which SQLite keeps its file."""
        if self.is_sqlite:
            Path(self.url.database or "").parent.mkdir(parents=True, exist_ok=True)

    async def answers(self) -> None:
        """Ask for nothing; raises one of `OUTAGES` when that is not answered."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def _sqlite(patience_ms: int) -> dict[str, Any]:
    return {"timeout": patience_ms / 1000, "async_creator_fn": connection}


class Ending(aiosqlite.Connection):
    """A connection of SQLite that may be ended twice.

    Its thread ends when it is stopped. Whoever is cancelled while a connection is closed has it stopped, and the
    closing, which goes on, stops it once more: aiosqlite then waits for an answer of a thread that is no more, and
    with it whoever ends the event loop.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True
        self._is_stopped = False

    def stop(self) -> asyncio.Future[Any] | None:
        """Have the thread end; what to wait for, at the first time."""
        if self._is_stopped:
            return None
        self._is_stopped = True
        return super().stop()

    async def close(self) -> None:
        """Close it, unless it is being closed."""
        if not self._is_stopped:
            await super().close()


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


def connection(path: str, **options: Any) -> Ending:  # noqa: ANN401 — whatever sqlite3 takes
    """A connection that begins when it is awaited."""
    return Ending(lambda: sqlite3.connect(path, factory=Releasing, **options))


def _postgresql(patience_ms: int) -> dict[str, Any]:
    waits = f"-c timezone=UTC -c lock_timeout={patience_ms} -c statement_timeout={max(4 * patience_ms, 1000)}"
    return {"connect_timeout": max(patience_ms // 1000, 2), "options": waits}  # libpq takes one second for two


def _told_about_sqlite(engine: AsyncEngine, patience_ms: int, *, guarded: bool) -> None:
    """Set up every connection, and begin transactions ourselves: the driver would begin them too late."""

    def connected(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # sqlite3's own
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {patience_ms}")
        _kept_ahead(cursor)
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if guarded else 'OFF'}")
        cursor.close()

    def begun(connection: Connection) -> None:
        writing = connection.get_execution_options().get(_WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    event.listen(engine.sync_engine, "connect", connected)
    event.listen(engine.sync_engine, "begin", begun)


def _kept_ahead(cursor: DBAPICursor) -> None:
    """Have writers write ahead (WAL), which the file remembers.

    Of several that open a new file at once, SQLite refuses all but one, and does not heed the busy time-out for
    that; who is refused waits for the write lock, as a writer would, and looks again.
    """
    for _ in range(_TRIES):
        cursor.execute("PRAGMA journal_mode")
        if cursor.fetchone() == ("wal",):
            return
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("ROLLBACK")
        else:
            return
    message = "the file of the database cannot be switched to write-ahead logging: other programs hold it"
    raise sqlite3.OperationalError(message)
