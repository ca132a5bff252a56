"""Beacons: each airing is told once, by the log, across restarts and failures; and only where that is wanted (AX15)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from ads import EVENTS, Pages, tally
from clients import Client, running
from others import HERE, Other, other
from sqlmodel import col, select, update
from stations import GENESIS, Station
from test_air_telling import with_breaks

from control_api.advertising import beacons
from control_api.advertising.tally import Tally
from control_api.air.listening import Ear
from control_api.air.places import Place
from control_api.database import Database
from control_api.library.intake import Intake
from control_api.tables import AdBeacon, AdCreative, AdOffer, AdPlace
from playout.core.airing import Role
from playout.core.ticks import instant_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from control_api.settings import Settings

SOURCES = "/api/v1/ad-sources"
COUNTED = ("impression", *EVENTS)


@dataclass
class House:
    """A channel with ads on air, of which one is of a server that wants to be told."""

    station: Station
    client: Client
    there: Other
    pages: Pages
    database: Database
    source: str
    tally: Tally

    @property
    def now(self) -> datetime:
        return self.station.moments.now

    async def later(self, seconds: float, *, sends: bool = True) -> None:
        """Some time later, the log has grown and the tally has looked; `sends` until nothing is due."""
        self.station.moments.now += timedelta(seconds=seconds)
        self.station.look()
        while await self.tally.turn() and sends:
            """There is more."""

    def airings(self, since: datetime, asset: str = "ad-a") -> list[datetime]:
        """When the ad has begun to air, by the log."""
        [heard] = Ear(self.station.store).hear({"films": Place(tick=0)}, self.now)
        found = [one for turn in heard.turns for one in turn.airings if one.role is Role.AD and one.asset == asset]
        return [at for one in found if since < (at := instant_at(GENESIS, one.start)) <= self.now]

    def heard(self) -> Counter[str]:
        """What the server was told, by path."""
        return Counter(one[1].partition("?")[0] for one in self.there.asked)

    async def rows(self, **where: Any) -> list[AdBeacon]:
        async with self.database.reading() as session:
            rows = select(AdBeacon).order_by(col(AdBeacon.aired_at), col(AdBeacon.due_at))
            for name, value in where.items():
                rows = rows.where(getattr(AdBeacon, name) == value)
            return list((await session.exec(rows)).all())

    async def first(self, event: str = "impression") -> AdBeacon:
        """The first beacon of its kind, as soon as there is one."""
        for _ in range(60):
            if rows := await self.rows(event=event):
                return rows[0]
            await self.later(2)
        raise AssertionError(event)

    async def edit(self, **changes: Any) -> None:
        path = f"{SOURCES}/{self.source}"
        reply = await self.client.get(path)
        await self.client.ask("PATCH", path, body=changes, headers={"If-Match": reply.etag})


@pytest.fixture
async def house(settings: Settings, key: str, database: Database) -> AsyncIterator[House]:
    made = with_breaks(settings.media)
    made.moments.now = GENESIS + timedelta(seconds=730)  # what was committed before there were ads ends soon
    made.look()
    clock = made.moments.clock
    pages = Pages()
    changed = settings.model_copy(update={"outgoing_allow": HERE})
    async with other(pages) as there, running(changed, clock=clock) as nobody:
        client = nobody.known_by(key)
        given = {"name": "Acme", "url": there.url("/ads"), "tags": ["acme"], "beacons": True}
        source = (await client.post(SOURCES, given)).json["id"]

        async def yes() -> bool:
            return True

        await Intake(database, made.store).look(made.moments.now, yes)
        urls = {event: [there.url(f"/{event}?p=[ADPLAYHEAD]&c=[CHANNEL]&b=[BREAKPOSITION]")] for event in COUNTED}
        async with database.writing() as session:
            session.add(AdCreative(
                id="cr_1", key="ad-id.org:A", house="fast", name="A", advertiser="", category="", duration_ms=8000,
                state="ready", asset_id="ad-a", tags=[], tried_at=made.moments.now, created_at=made.moments.now,
            ))  # fmt: skip
            await session.flush()
            session.add(AdOffer(
                id="of_1", source=source, creative="cr_1", ad="1", rolls=["mid"], tracking=urls,
                first_at=made.moments.now, last_at=made.moments.now, until=made.moments.now,
            ))  # fmt: skip
        yield House(made, client, there, pages, database, source, tally(client, clock))


async def test_each_airing_is_told_once_and_as_it_goes_on(house: House) -> None:
    """AX15: impression, start, quartiles, complete, by the instants of the log (V-5); and how it was counted (V-4)."""
    await house.later(0)
    begun = house.now
    for _ in range(40):
        await house.later(7)
    await house.later(15)
    aired = house.airings(begun, "ad-a")
    assert len(aired) >= 3
    done = [at for at in aired if at <= house.now - timedelta(seconds=10)]
    heard = house.heard()
    assert set(heard) == {f"/{event}" for event in COUNTED}
    assert heard["/impression"] == heard["/start"] == len(aired)
    assert heard["/complete"] >= len(done) > 0
    first = [row for row in await house.rows() if row.aired_at == (await house.rows())[0].aired_at]
    assert [row.event for row in first][2:] == list(EVENTS[1:])
    assert first[0].due_at == first[0].aired_at
    whole = first[-1].due_at - first[0].due_at
    assert timedelta(seconds=7) < whole < timedelta(seconds=9)
    assert {row.state for row in first} == {"sent"}
    said = next(one[1] for one in house.there.asked if one[1].startswith("/midpoint"))
    assert said.startswith("/midpoint?p=00:00:0")
    assert "&c=films&b=" in said
    shown = (await house.client.get(f"{SOURCES}/{house.source}/beacons?state=sent&limit=1")).json["items"][0]
    assert shown["method"] == beacons.METHOD
    assert (shown["channel"], shown["asset"], shown["status"]) == ("films", "ad-a", 200)


async def test_nothing_is_told_twice_whoever_looks_again(house: House) -> None:
    await house.later(0)
    for _ in range(20):
        await house.later(10)
    told, rows = house.heard(), len(await house.rows())
    assert rows > 5
    house.tally = tally(house.client, house.station.moments.clock)
    house.station.moments.now += timedelta(minutes=2)  # the lease of the one that died is over
    house.station.look()
    await house.tally.turn()
    assert len(await house.rows()) >= rows
    # as if the place in the log had been lost with the process that died: each is there already
    async with house.database.writing() as session:
        await session.exec(update(AdPlace).values(tick=0))
    before = {(row.aired_at, row.event) for row in await house.rows()}
    house.tally = tally(house.client, house.station.moments.clock)
    house.station.moments.now += timedelta(minutes=2)
    house.station.look()
    while await house.tally.turn():
        """There is more."""
    rows_now = await house.rows()
    assert len({(row.aired_at, row.event) for row in rows_now}) == len(rows_now)
    assert before <= {(row.aired_at, row.event) for row in rows_now}
    sent = Counter(f"/{row.event}" for row in rows_now if row.state == "sent")
    assert house.heard() == sent
    assert all(sent[path] >= count for path, count in told.items())


async def test_what_fails_is_tried_again_and_given_up_with_its_reason(house: House) -> None:
    house.pages.pages |= {"/impression": 503, "/start": 404}
    await house.later(0)
    await house.first()
    start = await house.first("start")
    assert (start.state, start.attempts, start.status, start.words) == ("failed", 1, 404, "it answered 404")
    for seconds, attempts in ((5, 2), (30, 3), (120, 4)):
        await house.later(seconds)
        row = (await house.rows(event="impression"))[0]
        assert (row.attempts, row.status, row.words) == (attempts, 503, "it answered 503")
        assert row.state == ("failed" if attempts == 4 else "open")
    failed = (await house.client.get(f"{SOURCES}/{house.source}/beacons?state=failed&limit=100")).json["items"]
    assert {"impression", "start"} <= {one["event"] for one in failed}
    house.pages.pages.clear()


async def test_one_that_answers_at_last_is_sent(house: House) -> None:
    house.pages.pages["/impression"] = 503
    await house.later(0)
    await house.first()
    house.pages.pages.clear()
    await house.later(5)
    row = (await house.rows(event="impression"))[0]
    assert (row.state, row.attempts, row.words, row.status) == ("sent", 2, "", 200)


async def test_nothing_is_counted_unless_it_is_wanted_nor_what_aired_before(house: House) -> None:
    await house.edit(beacons=False)
    for _ in range(15):
        await house.later(10)
    assert await house.rows() == []
    begun = house.now
    await house.edit(beacons=True)
    for _ in range(15):
        await house.later(10)
    rows = await house.rows(event="impression")
    assert rows
    assert all(row.aired_at > begun for row in rows)
    assert house.heard()["/impression"] == len(rows)


async def test_what_a_withdrawal_cuts_off_is_not_told(house: House) -> None:
    await house.later(0)
    row = await house.first("complete")
    assert row.state == "open"
    house.station.withdraw("films", "ad-a")
    for _ in range(30):
        await house.later(1)
    assert {one.event: one.state for one in await house.rows(aired_at=row.aired_at)}["complete"] == "skipped"
    assert house.heard()["/complete"] == 0


async def test_of_several_processes_one_tells(house: House) -> None:
    await house.later(0)
    idle = tally(house.client, house.station.moments.clock)
    for _ in range(12):
        await house.later(10)
        assert await idle.turn() == 0
    assert house.heard()["/impression"] == len(await house.rows(event="impression")) > 0
