"""The database: SQLite in a file, or PostgreSQL, behind one engine.

Law: what reads and what writes are told apart before the first statement. What reads sees one state, however many
questions it asks. On SQLite a transaction that writes takes the write lock when it begins, and waits for it; one that
reads never waits.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from control_api.sqlite import connection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy import URL, Connection, Executable
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.orm import Session
    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, QueuePool

_log: Final = logging.getLogger("fastline.api")
_WRITING: Final = "fastline_writing"
_TRIES: Final = 100
_LEFT: Final = "fastline_left"
_BELIEVED: Final = 1.0
"""Seconds for which a connection that nobody uses is taken for a good one."""

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

    def __init__(self, url: str | URL, *, connections: int = 10, patience_ms: int = 5000, guarded: bool = True) -> None:
        """`guarded` is whether SQLite holds foreign keys; only migrations, which rebuild tables, may not want that."""
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = create_async_engine(
            self.url,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=patience_ms / 1000,
            pool_use_lifo=True,  # the one that was used last has its statements planned, and its pages read
            connect_args=_sqlite(patience_ms, guarded=guarded) if self.is_sqlite else _postgresql(patience_ms),
        )
        if self.is_sqlite:  # the driver would begin transactions too late
            event.listen(self.engine.sync_engine, "begin", _begun)
        else:
            _proven(self.engine)
        self._patience = patience_ms / 1000
        self._back = asyncio.Event()
        event.listen(self.engine.sync_engine, "checkin", lambda *_: self._back.set())
        self.notes: dict[str, Any] = {}
        """What every session knows, as its `info`."""
        known: Any = {"class_": AsyncSession, "expire_on_commit": False, "info": self.notes}
        # PostgreSQL shows each statement the state of its own instant otherwise; SQLite shows that of the first one
        reading = self.engine.execution_options()
        if not self.is_sqlite:
            event.listen(reading.sync_engine, "engine_connect", _only_reads)
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
        """Close all connections, once who was broken off has given its own back."""
        pool = cast("QueuePool", self.engine.sync_engine.pool)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                while pool.checkedout():
                    self._back.clear()
                    await self._back.wait()
        if held := pool.checkedout():
            _log.warning("%d connections of the database are in use while it is closed", held)
        await self.engine.dispose()


async def answered(session: AsyncSession, statement: Executable, **given: object) -> Sequence[Any]:
    """The rows that a statement answers, as plain tuples with names.

    `given` are the values of its parameters, by their names: a statement that is made once, and given them each time,
    costs a fraction of one that is made anew. What a session that writes has not written yet is written before.
    """

    def ask(plain: Session) -> Sequence[Any]:
        if plain.autoflush:
            plain.flush()
        return plain.connection().execute(statement, given).all()

    return await session.run_sync(ask)


def _sqlite(patience_ms: int, *, guarded: bool) -> dict[str, Any]:
    return {
        "timeout": patience_ms / 1000,
        "isolation_level": None,  # sqlite3's own: we begin transactions ourselves
        "async_creator_fn": connection,
        "ready": lambda raw: _set_up(raw, patience_ms, guarded=guarded),
    }


def _postgresql(patience_ms: int) -> dict[str, Any]:
    waits = f"-c timezone=UTC -c lock_timeout={patience_ms} -c statement_timeout={max(4 * patience_ms, 1000)}"
    return {"connect_timeout": max(patience_ms // 1000, 2), "options": waits}  # libpq takes one second for two


def _set_up(raw: sqlite3.Connection, patience_ms: int, *, guarded: bool) -> None:
    """In the thread of a new connection."""
    cursor = raw.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {patience_ms}")
    _kept_ahead(cursor)
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute(f"PRAGMA foreign_keys = {'ON' if guarded else 'OFF'}")
    cursor.close()


def _begun(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITING, False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        driven: Any = connection.connection.driver_connection
        driven.read()


def _only_reads(connection: Connection) -> None:
    """Have what a connection of PostgreSQL is used for read, and see one state.

    Who is broken off meanwhile gives it back, and as it may be set up by half, nobody uses it again. SQLAlchemy, when
    it is told so by the options of an engine, keeps it for ever.
    """
    try:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    except BaseException:
        connection.invalidate()
        connection.close()
        raise


def _proven(engine: AsyncEngine) -> None:
    """Ask a connection that was idle whether it is still one before it is used: the server may have gone meanwhile.

    One that was used a moment ago is believed: to ask each time is one question in ten.
    """

    def left(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info[_LEFT] = monotonic()

    def taken(connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        if _LEFT not in entry.info or monotonic() - entry.info[_LEFT] <= _BELIEVED:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    event.listen(engine.sync_engine, "checkin", left)
    event.listen(engine.sync_engine, "checkout", taken)


def _kept_ahead(cursor: sqlite3.Cursor) -> None:
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
