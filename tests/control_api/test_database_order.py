"""How rows are found and held: by an index, wide enough for what they name, and by nobody in a circle."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text
from sqlmodel import col, delete, func, select

from control_api.among import among
from control_api.profiles import desk
from control_api.tables import METADATA, Account, PlaySession, Profile, ProviderEvent, Title, Watched
from control_api.tidying.rows import rows
from control_api.viewing import history
from control_api.viewing.beating import Beat, joined, said
from control_api.viewing.playing import millis, remembered
from control_api.viewing.writing import write

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlmodel.ext.asyncio.session import AsyncSession

    from control_api.database import Database
    from control_api.settings import Settings
    from control_api.viewing.playing import Playing

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def width(column: Any) -> int:
    return getattr(column.type, "length", None) or 10**9


def test_what_names_another_row_is_as_wide_as_its_name() -> None:
    narrow = []
    for table in METADATA.tables.values():
        for column in table.c:
            named = {key.column for key in column.foreign_keys}
            other = METADATA.tables.get(column.name.removesuffix("_id")) if column.name.endswith("_id") else None
            if other is not None and "id" in other.c:
                named.add(other.c.id)
            narrow += [f"{column} names {one}" for one in named if width(column) < width(one)]
    assert narrow == []


@pytest.fixture
async def playing(database: Database) -> list[Playing]:
    """Two devices of one profile, which play one title that it has never seen."""
    at: dict[str, Any] = {"created_at": NOW, "updated_at": NOW}
    named: dict[str, Any] = {"username": "ada", "username_folded": "ada", "role": "viewer", "created_at": NOW}
    of: dict[str, Any] = {"account_id": "ac_1", "profile_id": "pf_1", "title_id": "ti_1", "duration_ms": 10**7}
    some = [PlaySession(id=f"pl_{number}", started_at=NOW, touched_at=NOW, **of) for number in range(2)]
    async with database.writing() as session:
        session.add(Account(id="ac_1", **named))
        session.add(Title(id="ti_1", kind="movie", name="T", sort_name="t", **at))
        await session.flush()
        session.add(Profile(id="pf_1", account_id="ac_1", name="ada", is_main=True, **at))
        await session.flush()
        session.add_all(some)
    return [remembered(row, None, None) for row in some]


def beaten(one: Playing, number: int) -> Playing:
    at = millis(NOW + timedelta(minutes=number))
    beat = Beat(number=number, at=at, position_ms=number * 60_000, played_ms=number * 60_000)
    one.state = joined(one.state, said(beat, millis(NOW)))
    return one


async def waited_for(database: Database) -> None:
    """Return as soon as somebody waits for a row; on SQLite they wait before they have touched any."""
    if database.is_sqlite:
        return
    question = text("SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database OR database IS NULL "
                    "WHERE NOT granted AND d.datname = current_database()")  # fmt: skip
    async with asyncio.timeout(10):
        async with database.engine.connect() as connection:
            while not (await connection.execute(question)).scalar():  # noqa: ASYNC110 — no lock tells when
                await asyncio.sleep(0)


async def test_of_two_who_see_a_title_for_the_first_time_one_waits(database: Database, playing: list[Playing]) -> None:
    async def flush() -> None:
        async with database.writing() as session:
            await write(session, [beaten(playing[1], 1)])

    async with asyncio.TaskGroup() as tasks, database.writing() as session:
        await write(session, [beaten(playing[0], 1)])
        tasks.create_task(flush())
        await waited_for(database)
    async with database.reading() as session:
        (seen,) = (await session.exec(select(Watched))).all()
    assert seen.watched_ms == 120_000


async def test_who_forgets_what_is_played_waits_in_no_circle(database: Database, playing: list[Playing]) -> None:
    async with database.writing() as session:
        await write(session, [beaten(one, 1) for one in playing])
        seen = (await session.exec(select(Watched.id))).one()
    for number, forget in enumerate((
        lambda session: history.remove(session, "pf_1", seen),
        lambda session: history.clear(session, "pf_1"),
    )):  # fmt: skip
        await _crossed(database, playing, forget, number + 2)
        async with database.writing() as session:
            assert (await session.exec(select(func.count()).select_from(Watched))).one() == 0
            held = select(PlaySession)
            for row in (await session.exec(held)).all():
                assert row.profile_id is None
                row.profile_id = "pf_1"
                session.add(row)

    await _crossed(database, playing, _deleted, 4)
    async with database.writing() as session:
        assert (await session.exec(select(func.count()).select_from(PlaySession))).one() == 0


async def _deleted(session: AsyncSession) -> None:
    """Delete the profile, as its owner does."""
    await history.hold(session, "pf_1", "ac_1")
    await session.delete(await desk.row_of(session, "ac_1", "pf_1", goes=True))


async def test_whoever_has_not_come_to_the_credits_goes_on(database: Database, playing: list[Playing]) -> None:
    """However little is left; where nobody said when they begin, nearly all of it is all."""
    long = playing[0].duration_ms
    for credits_ms, share, expected in ((long * 98 // 100, 97, long * 97 // 100), (None, 97, 0), (long // 2, 60, 0)):
        playing[0].credits_ms = credits_ms
        beat = Beat(number=9, at=millis(NOW + timedelta(hours=3)), position_ms=long * share // 100, played_ms=1000)
        playing[0].state = said(beat, millis(NOW))
        async with database.writing() as session:
            await write(session, playing[:1])
            assert await history.resume(session, "pf_1", "ti_1") == expected
            await session.rollback()


async def _crossed(
    database: Database, playing: list[Playing], forget: Callable[[AsyncSession], Awaitable[Any]], number: int
) -> None:
    """Write what is heard, while somebody begins to forget it after the first row was held."""

    async def forgotten() -> None:
        async with database.writing() as session:
            await forget(session)

    async with asyncio.TaskGroup() as tasks, database.writing() as session:
        first = select(PlaySession.id).where(col(PlaySession.id) == playing[0].id).with_for_update()
        await session.exec(first)
        tasks.create_task(forgotten())
        await waited_for(database)
        await write(session, [beaten(one, number) for one in playing])


async def test_what_is_heard_is_written_by_indexes(database: Database, playing: list[Playing]) -> None:
    """However much others have seen, nothing of it is read."""
    said: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        said.append((statement, parameters))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    for number in (1, 2):
        async with database.writing() as session:
            await write(session, [beaten(one, number) for one in playing])
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    found = [(asked, given) for asked, given in said if asked.startswith("SELECT") and "FROM watched" in asked]
    assert len(found) == 2
    if database.is_sqlite:  # PostgreSQL decides by how many rows there are
        async with database.engine.connect() as connection:
            for asked, given in found:
                plan = str((await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", given)).all())
                assert "SEARCH watched USING INDEX" in plan
                assert "SCAN watched" not in plan


async def test_rows_are_among_pairs_and_no_others(database: Database, settings: Settings) -> None:
    """Whatever their texts are made of; of two providers that name an event alike, each has its own age."""
    strange = 'it\'s "[0]", \\ and ü𝄞: %s ? :p'
    told = [("stripe", "a", 100), ("stripe", "b", 1), ("other", "a", 1), ("other", strange, 1)]
    pair: Any = ProviderEvent.provider, ProviderEvent.event
    async with database.writing() as session:
        for provider, name, days in told:
            then = NOW - timedelta(days=days)
            session.add(ProviderEvent(provider=provider, event=name, kind="", received_at=then))
    async with database.reading() as session:
        for wanted in ([], [("stripe", "b"), ("other", strange), ("other", "b")]):
            found = (await session.exec(select(*pair).where(among(pair, wanted)))).all()
            assert {tuple(one) for one in found} == {one[:2] for one in told} & set(wanted)
    assert (await rows(database, settings, NOW))["events of payments"] == 1
    async with database.writing() as session:
        left = (await session.exec(select(*pair))).all()
        assert {tuple(one) for one in left} == {one[:2] for one in told[1:]}
        await session.exec(delete(ProviderEvent).where(among(pair, [("other", "a")])))
        assert len((await session.exec(select(*pair))).all()) == 2
