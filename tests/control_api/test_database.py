"""The database: migrations up and down, the models, instants, and transactions, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from promises import broken_promise, with_a_promise
from psycopg.waiting import MAX_BUSY_TIME
from sqlalchemy import event, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.pool import QueuePool
from sqlmodel import col, delete, func, select

from control_api import schema
from control_api.commands import serve
from control_api.database import Database, is_outage
from control_api.settings import Settings
from control_api.sqlite import AHEAD, Releasing, connection
from control_api.tables import ApiKey, Event, Secret
from control_api.unserved import Unserved

if TYPE_CHECKING:
    from pathlib import Path
    from threading import Thread

    from sqlmodel.ext.asyncio.session import AsyncSession

NOW = datetime(2026, 3, 1, 20, 15, 0, 123456, tzinfo=UTC)


async def tables(url: str) -> set[str]:
    database = Database(url)
    async with database.engine.connect() as connection:
        names = await connection.run_sync(lambda plain: inspect(plain).get_table_names())
    await database.close()
    return set(names)


async def test_the_models_are_the_sum_of_the_migrations(database: Database) -> None:
    assert await schema.current(database) == schema.head()
    assert await schema.differences(database) == []


async def test_a_missing_column_is_a_difference(database: Database) -> None:
    async with database.writing() as session:
        await session.exec(text("ALTER TABLE api_key DROP COLUMN hint"))  # type: ignore[call-overload]
    assert len(await schema.differences(database)) == 1


async def test_every_migration_goes_up_and_down_and_up_again(empty_url: str) -> None:
    revisions = schema.revisions()
    states = [await tables(empty_url)]
    for revision in revisions:
        await schema.upgrade(empty_url, revision)
        states.append(await tables(empty_url))
    for revision, state in zip([*revisions[-2::-1], schema.NOTHING], states[-2::-1], strict=True):
        await schema.downgrade(empty_url, revision)
        assert await tables(empty_url) - {"alembic_version"} == state - {"alembic_version"}
    await schema.upgrade(empty_url)
    assert await tables(empty_url) == states[-1]
    database = Database(empty_url)
    assert await schema.differences(database) == []
    await database.close()


async def test_of_processes_that_start_at_once_one_migrates(empty_url: str) -> None:
    await asyncio.gather(*(schema.upgrade(empty_url) for _ in range(4)))
    assert "event" in await tables(empty_url)


async def test_an_instant_comes_back_with_its_zone_in_whole_milliseconds(database: Database) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    async with database.writing() as session:
        session.add(Secret(name="x", value=b"\0\xff", created_at=elsewhere))
    async with database.reading() as session:
        found = (await session.exec(select(Secret))).one()
    assert found.created_at == NOW.replace(microsecond=123000)
    assert found.created_at.utcoffset() == timedelta(0)
    assert found.value == b"\0\xff"


async def test_an_instant_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="has no zone"):
        async with database.writing() as session:
            session.add(Secret(name="x", value=b"", created_at=NOW.replace(tzinfo=None)))


async def test_instants_compare_in_the_database(database: Database) -> None:
    async with database.writing() as session:
        for minutes in (0, 1, 2):
            session.add(Secret(name=str(minutes), value=b"", created_at=NOW + timedelta(minutes=minutes)))
    async with database.reading() as session:
        later = select(Secret.name).where(Secret.created_at > NOW + timedelta(seconds=30)).order_by(Secret.name)
        assert (await session.exec(later)).all() == ["1", "2"]


async def test_a_row_can_be_read_after_its_transaction(database: Database) -> None:
    async with database.writing() as session:
        key = ApiKey(id="ak_1", name="n", digest="d", hint="h", scopes=["a"], created_at=NOW)
        session.add(key)
    assert key.name == "n"


async def test_who_is_broken_off_gives_its_connection_back_before_the_database_is_closed(database: Database) -> None:
    pool, asking, broken = database.engine.sync_engine.pool, asyncio.Event(), asyncio.Event()
    assert isinstance(pool, QueuePool)

    async def ask() -> None:
        async with database.reading() as session:
            await session.exec(select(ApiKey))
            asking.set()
            try:
                await asyncio.Event().wait()
            finally:
                broken.set()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(ask())
        await asking.wait()
        task.cancel()
        await broken.wait()
        task.cancel()  # while it closes what it was broken off in
        await database.close()
        assert pool.checkedout() == 0
    assert task.cancelled()


async def test_who_is_broken_off_while_a_connection_is_set_up_gives_it_back(database: Database) -> None:
    """As on a busy machine, where psycopg gives way to others between two things that it would do at once."""
    pool = database.engine.sync_engine.pool
    assert isinstance(pool, QueuePool)

    async def ask() -> None:
        async with database.reading() as session:
            await session.exec(select(ApiKey))

    def broken_off(*_: object) -> None:
        threading.Event().wait(MAX_BUSY_TIME * 2)
        task = asyncio.current_task()
        assert task is not None
        task.cancel()

    await ask()
    event.listen(database.engine.sync_engine, "checkout", broken_off)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(ask())
    event.remove(database.engine.sync_engine, "checkout", broken_off)
    assert task.cancelled()
    await ask()
    assert pool.checkedout() == 0


async def test_what_failed_leaves_nothing(database: Database) -> None:
    async def half() -> None:
        async with database.writing() as session:
            session.add(Secret(name="kept", value=b"", created_at=NOW))
            await session.flush()
            session.add(Event(id="e", type=None, at=NOW, subject="s", data={}))  # type: ignore[arg-type]

    with pytest.raises(IntegrityError):
        await half()
    async with database.reading() as session:
        assert (await session.exec(select(Secret))).all() == []


async def test_what_cannot_be_committed_is_taken_back_and_the_next_one_begins(database: Database) -> None:
    await with_a_promise(database)
    for _ in range(2):
        with pytest.raises(IntegrityError):
            async with database.writing() as session:
                await broken_promise(session)
        async with database.reading() as session:
            assert (await session.exec(text("SELECT * FROM beneath"))).all() == []  # type: ignore[call-overload]


async def test_many_who_read_and_then_write_wait_for_each_other(database: Database) -> None:
    """With a plain BEGIN, SQLite would refuse all but one of them at once."""
    async with database.writing() as session:
        session.add(Secret(name="count", value=b"0", created_at=NOW))

    async def one_more() -> None:
        async with database.writing() as session:
            row = (await session.exec(select(Secret).with_for_update())).one()
            await asyncio.sleep(0)
            row.value = str(int(row.value) + 1).encode()

    await asyncio.gather(*(one_more() for _ in range(40)))
    async with database.reading() as session:
        assert (await session.exec(select(Secret.value))).one() == b"40"


async def test_sqlite_is_set_up_for_servers(database: Database) -> None:
    if not database.is_sqlite:
        async with database.engine.connect() as connection:
            assert (await connection.execute(text("SHOW timezone"))).scalar() == "UTC"
        return
    found: dict[str, Any] = {}
    async with database.engine.connect() as connection:
        for name in ("journal_mode", "foreign_keys", "busy_timeout"):
            found[name] = (await connection.execute(text(f"PRAGMA {name}"))).scalar()
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 5000}


async def test_a_database_that_is_not_there_is_an_outage() -> None:
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none", patience_ms=1000)
    with pytest.raises(Exception, match="refused") as failure:
        await database.answers()
    assert is_outage(failure.value)
    await database.close()


async def test_a_connection_may_be_stopped_while_it_is_closed_and_nobody_waits_for_ever(tmp_path: Path) -> None:
    """As when a request is cancelled that was giving a connection up (aiosqlite alone would never end this)."""
    opened = await connection(str(tmp_path / "some.db"))
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(opened.close())
        await asyncio.sleep(0)  # it has asked its thread to close, and waits
        opened.stop()
    await opened.close()


async def listed_and_counted(session: AsyncSession) -> tuple[list[str], int]:
    """A list, and how many there are: two questions."""
    names = (await session.exec(select(Event.subject).order_by(col(Event.sequence)))).all()
    return list(names), (await session.exec(select(func.count()).select_from(Event))).one()


async def test_a_list_and_its_count_agree_while_others_write(database: Database, database_url: str) -> None:
    """What reads sees one state, to its end: that of its first question."""
    other = Database(database_url)

    async def happen(subject: str) -> None:
        async with other.writing() as session:
            session.add(Event(id=subject, type="t", at=NOW, subject=subject, data={}))

    async with database.reading() as session:
        names = (await session.exec(select(Event.subject))).all()
        await happen("one")
        assert await listed_and_counted(session) == (list(names), 0)
        async with other.writing() as writing:
            await writing.exec(delete(Event))
        await happen("two")
        assert await listed_and_counted(session) == ([], 0)
    async with database.reading() as session:
        assert await listed_and_counted(session) == (["two"], 1)
        await happen("three")
        assert await listed_and_counted(session) == (["two"], 1)
        await session.rollback()
        assert await listed_and_counted(session) == (["two", "three"], 2)
    stop = asyncio.Event()

    async def write() -> None:
        number = 0
        while not stop.is_set():
            await happen(f"more {number}")
            number += 1

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write())
        for _ in range(100):
            async with database.reading() as session:
                found, count = await listed_and_counted(session)
            assert len(found) == count
        stop.set()
    await other.close()


async def test_what_only_reads_cannot_write(database: Database) -> None:
    if database.is_sqlite:  # it has no such transactions: sessions that read are never committed
        async with database.reading() as session:
            await session.exec(delete(Event))
    else:
        async with database.reading() as session:
            with pytest.raises(DBAPIError, match="read-only"):
                await session.exec(delete(Event))
    async with database.writing() as session:  # the connection is as it was before
        session.add(Event(id="e", type="t", at=NOW, subject="s", data={}))
    async with database.reading() as session:
        assert (await session.exec(select(func.count()).select_from(Event))).one() == 1


async def test_where_starts_do_not_migrate_an_older_database_is_refused_until_somebody_does(
    empty_url: str, tmp_path: Path
) -> None:
    """Who wants to choose the moment has one (D27)."""
    settings = Settings(media=tmp_path, database=empty_url, port=0, migrate=False, works=False, tells=False)
    with pytest.raises(Unserved, match=r"cannot be used: .* run `fastline db upgrade`"):
        await serve(settings, print, print)
    assert await tables(empty_url) == set()
    await schema.upgrade(empty_url)
    database = Database(empty_url)
    await schema.prepare(database, migrate=False)
    await schema.downgrade(empty_url, schema.revisions()[-2])
    with pytest.raises(schema.Outdated):
        await schema.prepare(database, migrate=False)
    await database.close()


async def test_who_is_closed_within_a_transaction_gives_the_lock_back_though_somebody_holds_a_cursor(
    tmp_path: Path,
) -> None:
    """As when a task is cancelled while it writes, and its traceback lives on."""
    path = tmp_path / "some.db"
    opened = await connection(str(path))
    await opened.execute("CREATE TABLE some (thing)")
    await opened.executemany("INSERT INTO some VALUES (?)", [(number,) for number in range(9)])
    await opened.commit()
    await opened.execute("BEGIN IMMEDIATE")
    held = await opened.execute("SELECT thing FROM some")
    assert await held.fetchone() == (0,)
    await opened.close()
    with closing(sqlite3.connect(path, timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.rollback()
    assert held is not None


def test_to_close_a_connection_once_more_is_no_trouble(caplog: pytest.LogCaptureFixture) -> None:
    opened = sqlite3.connect(":memory:", factory=Releasing)
    opened.close()
    opened.close()
    assert caplog.records == []


async def test_a_question_leaves_nothing_open_and_a_long_answer_comes_whole_or_in_pieces(
    tmp_path: Path,
) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'some.db'}", connections=1)
    numbers = list(range(2 * AHEAD + 7))
    async with database.writing() as session:
        inside = await session.connection()
        await inside.execute(text("CREATE TABLE some (thing INTEGER)"))
        await inside.execute(text("INSERT INTO some VALUES (:thing)"), [{"thing": number} for number in numbers])
    async with database.reading() as session:
        inside = await session.connection()
        asked = text("SELECT thing FROM some ORDER BY thing")
        assert (await inside.execute(asked)).scalars().all() == numbers
        streamed = await inside.stream(asked, execution_options={"yield_per": 700})
        pieces = [len(piece) async for piece in streamed.partitions(700)]
        assert pieces == [700, 700, 607]
        assert (await inside.execute(asked)).scalars().first() == 0  # and two thousand rows that nobody takes
    async with database.writing() as session:  # SQLite refuses this while anything is read from the table
        await (await session.connection()).execute(text("DROP TABLE some"))
    await database.close()


async def test_a_transaction_that_nobody_waited_for_is_taken_back(tmp_path: Path) -> None:
    """The thread begins it after whoever wanted it has gone: the next one must not find itself inside."""
    path = tmp_path / "some.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE some (thing)")
        database = Database(f"sqlite+aiosqlite:///{path}", connections=1, patience_ms=30_000)
        await database.answers()
        other.execute("BEGIN IMMEDIATE")
        begins = asyncio.Event()
        event.listen(database.engine.sync_engine, "checkout", lambda *_: begins.set())

        async def write() -> None:
            async with database.writing() as session:
                await (await session.connection()).execute(text("INSERT INTO some VALUES (1)"))

        async with asyncio.TaskGroup() as tasks:
            waits = tasks.create_task(write())
            await begins.wait()
            waits.cancel()
            other.execute("ROLLBACK")
        await write()
        assert other.execute("SELECT count(*) FROM some").fetchone() == (1,)
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
        await database.close()


async def test_the_thread_of_a_connection_ends_though_the_loop_of_who_gave_it_up_has_ended(tmp_path: Path) -> None:
    """As when a process stops while a connection is made: nothing is raised in a thread, and none is left."""
    busy, going_on = threading.Event(), threading.Event()

    def held(_: sqlite3.Connection) -> None:
        busy.set()
        going_on.wait(20)

    async def give_up() -> Thread:
        opened = connection(str(tmp_path / "some.db"), ready=held)
        making = asyncio.ensure_future(opened)
        await asyncio.to_thread(busy.wait, 20)
        making.cancel()
        await asyncio.wait([making])
        return opened._thread

    thread = await asyncio.to_thread(asyncio.run, give_up())
    going_on.set()
    await asyncio.to_thread(thread.join, 20)
    assert not thread.is_alive()
