"""The events of the air in the list: told once by one process, whoever dies, and made up for after an outage."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from labour import soon
from sqlmodel import col, select
from stations import Station, station
from yarl import URL

from control_api.air.teller import LEASE, Overtaken, Teller
from control_api.database import OUTAGES, Database
from control_api.happenings import Feed
from control_api.tables import Duty, Event
from playout import keys
from playout.core.asset import Kind
from playout.library import newest, scan
from playout.store import DirStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime
    from pathlib import Path

    from control_api.settings import Settings

STEP = timedelta(seconds=5)


@asynccontextmanager
async def telling(made: Station, url: str, monotonic: Callable[[], int] | None = None) -> AsyncIterator[Teller]:
    """A process that tells, at the station's own time, which `monotonic` says too unless it is given."""
    database = Database(url, patience_ms=200)
    teller = Teller(
        DirStore(made.root),
        database,
        Feed(database, 1),
        made.moments.clock,
        monotonic or (lambda: nanoseconds(made.moments.now)),
    )
    yield teller
    await database.close()


def nanoseconds(now: datetime) -> int:
    return round(now.timestamp() * 1_000_000) * 1000


async def events(database: Database, *types: str) -> list[Event]:
    async with database.reading() as session:
        rows = select(Event).order_by(col(Event.sequence))
        return list((await session.exec(rows.where(col(Event.type).in_(types)) if types else rows)).all())


def advance(made: Station) -> None:
    made.moments.now += STEP
    made.look()


async def test_each_happening_is_told_once_although_processes_die_and_take_over(
    tmp_path: Path, database_url: str, database: Database
) -> None:
    made = station(tmp_path / "media")
    async with telling(made, database_url) as first, telling(made, database_url) as second:
        for _ in range(30):
            advance(made)
            await first.look()
            assert await second.look() == 0
        told = [one.data["on_air_at"] for one in await events(database, "channel.program_started")]
        # the first one dies; the second has to wait for its lease
        advance(made)
        assert await second.look() == 0
        made.moments.now += LEASE
        made.look()
        await second.look()
        for _ in range(30):
            advance(made)
            await second.look()
    async with telling(made, database_url) as third:
        made.moments.now += LEASE
        made.look()
        await third.look()
        assert await third.look() == 0, [(one.type, one.data) for one in (await events(database))[-3:]]
    after = [one.data["on_air_at"] for one in await events(database, "channel.program_started")]
    assert after[: len(told)] == told
    assert after == sorted(set(after))
    turns = [turn for turn in made.on_air("films").log.turns if turn.program]
    assert len(after) > 10
    assert len(turns) > 5
    assert all(one.subject == "films" for one in await events(database, "channel.program_started"))


async def test_who_ends_in_good_order_lets_another_one_tell_at_once(
    tmp_path: Path, database_url: str, database: Database
) -> None:
    """Not a lease later: what is told so late says `late`."""
    made = station(tmp_path / "media")
    async with telling(made, database_url) as first, telling(made, database_url) as second:
        working = asyncio.ensure_future(first.run())
        await soon(lambda: first.duty.held_until is not None)
        advance(made)
        assert await second.look() == 0
        working.cancel()
        await asyncio.wait([working])
        for _ in range(12):
            await second.look()
            assert second.duty.held_until is not None
            advance(made)
    assert len(await events(database, "channel.program_started")) > 1
    assert not any(one.data.get("late") for one in (await events(database, "channel.program_started"))[1:])


async def test_a_server_that_is_stopped_leaves_no_duty_behind(settings: Settings, database: Database) -> None:
    async def held() -> set[str]:
        async with database.reading() as session:
            return set((await session.exec(select(Duty.name))).all())

    async def all_held() -> bool:
        return await held() >= {"air", "uploads", "library", "ads"}

    async with running(settings.model_copy(update={"tells": True, "library_beat_ms": 100})):
        await soon(all_held)
    assert not await held() & {"air", "uploads", "library", "ads", "ad_beacons"}


async def test_a_process_that_only_thinks_it_has_the_duty_tells_nothing_twice(
    tmp_path: Path, database_url: str, database: Database
) -> None:
    made = station(tmp_path / "media")
    async with telling(made, database_url) as first, telling(made, database_url) as second:
        await first.look()
        first.duty.held_until = second.duty.held_until = (
            made.moments.now + LEASE
        )  # as after a pause of the whole machine
        made.moments.now += timedelta(seconds=10)
        made.look()
        await second.look()
        before = len(await events(database))
        made.moments.now += timedelta(seconds=2)
        while True:
            advance(made)
            first.duty.held_until = made.moments.now + LEASE
            second.duty.held_until = made.moments.now + LEASE
            try:
                if await second.look():
                    break
            except Overtaken:
                pytest.fail("the second one was first")
        with pytest.raises(Overtaken):
            await first.look()
        assert len(await events(database)) > before
        starts = [(one.type, one.data["on_air_at"]) for one in await events(database, "channel.program_started")]
        assert len(starts) == len(set(starts))


async def test_what_happened_during_an_outage_of_the_database_is_told_after_it(tmp_path: Path) -> None:
    import shutil  # noqa: PLC0415 — of this test alone

    from clusters import migrated  # noqa: PLC0415

    made = station(tmp_path / "media")
    path = tmp_path / "fastline.db"
    url = f"sqlite+aiosqlite:///{path}"
    migrated(url)
    async with telling(made, url) as teller:
        await teller.look()
        with sqlite3.connect(path, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            failed = 0
            for _ in range(12):
                advance(made)
                try:
                    await teller.look()
                except OUTAGES:
                    failed += 1
            other.execute("ROLLBACK")
        other.close()
        assert failed
        assert await teller.look() > 0
    database = Database(url)
    said = await events(database, "channel.program_started")
    assert any(one.data.get("late") for one in said)
    assert [one.data["on_air_at"] for one in said] == sorted(one.data["on_air_at"] for one in said)
    await database.close()
    shutil.rmtree(made.root)


async def test_withdrawals_assets_and_a_clock_that_was_set_are_told(
    tmp_path: Path, database_url: str, database: Database
) -> None:
    made = station(tmp_path / "media")
    library = scan(made.store, newest(made.store), made.moments.now)
    stood: list[datetime] = []  # where the monotonic clock has stopped
    async with telling(made, database_url, lambda: nanoseconds((stood or [made.moments.now])[0])) as teller:
        await teller.look()
        on_air = made.on_air("films").log.airings[0].asset
        made.withdraw("films", "film-a", "film-b", "film-c", on_air)
        made.asset("fresh", Kind.MOVIE, 7)
        scan(made.store, library, made.moments.now)
        for _ in range(5):
            advance(made)
            await teller.look()
        (pulled,) = await events(database, "channel.withdrawn")
        assert set(pulled.data["assets"]) == {"film-a", "film-b", "film-c"}
        (slate,) = await events(database, "channel.slate_started")
        assert (slate.subject, slate.data["reason"]) == ("films", "withdrawn")
        (ready,) = await events(database, "asset.ready")
        assert (ready.subject, ready.data["title"]) == ("fresh", "Title of fresh")
        assert await events(database, "clock.drifted") == []
        stood.append(made.moments.now)
        advance(made)
        await teller.look()
        (drifted,) = await events(database, "clock.drifted")
        assert drifted.data == {"kind": "wall", "by_ms": 5000}


async def test_a_store_that_is_gone_or_broken_stops_nothing(tmp_path: Path, database_url: str) -> None:
    made = station(tmp_path / "media")
    (made.root / keys.revision("films", 1)).write_text("nonsense")
    async with telling(made, database_url) as teller:
        assert await teller.look() == 0
        advance(made)
        assert await teller.look() == 0


async def test_who_follows_hears_the_air_as_it_happens(
    settings: Settings, key: str, tmp_path: Path, database: Database
) -> None:
    """Filters by type and subject hold in the stream, and a new connection goes on where the last one was."""
    made = station(tmp_path / "media")
    async with running(settings) as found, telling(made, settings.database_url) as teller:
        headers = {"Authorization": f"Bearer {key}", "Accept": "text/event-stream"}
        query = "?type=channel.program_started&type=channel.break_started&subject=films"

        async def heard(count: int, last: str | None = None) -> list[dict[str, Any]]:
            sent = headers if last is None else {**headers, "Last-Event-ID": last}
            said: list[dict[str, Any]] = []
            url = found.root.join(URL("/api/v1/events" + query))
            async with asyncio.timeout(60), found.session.get(url, headers=sent) as answer:
                async for line in answer.content:
                    if line.startswith(b"data: "):
                        said.append(json.loads(line[6:]))
                    if len(said) == count:
                        return said
            return said

        async def play() -> None:
            for _ in range(60):
                advance(made)
                await teller.look()

        await teller.look()
        (newest_event,) = [one.sequence for one in await events(database)][-1:]
        playing = asyncio.ensure_future(play())
        first = await heard(2, str(newest_event))
        await playing
        second = await heard(2, str(first[-1]["sequence"]))
        said = [*first, *second]
        assert {one["type"] for one in said} <= {"channel.program_started", "channel.break_started"}
        assert {one["subject"] for one in said} == {"films"}
        numbers = [one["sequence"] for one in said]
        assert numbers == sorted(set(numbers))
