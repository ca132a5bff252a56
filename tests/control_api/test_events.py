"""Events: one order for everyone, and a stream that loses nothing and ends when it must."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from clients import running
from sqlmodel import col, select
from yarl import URL

from control_api.database import Database
from control_api.happenings import Happening, append
from control_api.key_creation import create_key
from control_api.scopes import Scope
from control_api.tables import Event
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientResponse
    from clients import Client
    from sqlmodel.sql.expression import SelectOfScalar

    from control_api.settings import Settings

EVENTS = "/api/v1/events"
KEYS = "/api/v1/api-keys"


class Stream:
    """An open event stream."""

    def __init__(self, answer: ClientResponse) -> None:
        self._answer = answer

    async def block(self) -> dict[str, str]:
        """The next block of lines; an empty one is a sign of life, and one without anything the end."""
        found: dict[str, str] = {}
        while (line := (await self._answer.content.readline()).decode()) != "\n":
            if not line:
                return {"end": "end"}
            name, _, value = line.rstrip("\n").partition(":")
            found[name or "comment"] = value.removeprefix(" ")
        return found

    async def event(self) -> dict[str, Any]:
        while "data" not in (block := await self.block()):
            assert "end" not in block
        found: dict[str, Any] = json.loads(block["data"])
        assert block["id"] == str(found["sequence"])
        assert block["event"] == found["type"]
        return found


@asynccontextmanager
async def following(client: Client, query: str = "", **headers: str) -> AsyncIterator[Stream]:
    sent = {"Authorization": f"Bearer {client.key}", "Accept": "text/event-stream", **headers}
    async with client.session.get(client.root.join(URL(EVENTS + query)), headers=sent) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["Content-Type"] == "text/event-stream"
        stream = Stream(answer)
        assert await stream.block() == {"retry": "2000"}
        yield stream


async def written(database: Database, *names: str, subject: str = "s") -> None:
    async with database.writing() as session:
        await append(session, [Happening(name, subject) for name in names], system_clock())


async def make(client: Client, name: str) -> str:
    found = await client.post(KEYS, {"name": name, "scopes": ["events:read"]})
    key: str = found.json["id"]
    return key


async def test_each_change_is_an_event_at_once(client: Client) -> None:
    async with following(client) as stream:
        key = await make(client, "a")
        event = await stream.event()
        assert (event["type"], event["subject"]) == ("api_key.created", key)
        await client.ask("PATCH", f"{KEYS}/{key}", body={"name": "b"}, headers={"If-Match": "*"})
        event = await stream.event()
        assert (event["type"], event["data"]["fields"]) == ("api_key.updated", ["name"])
    assert event in (await client.get(f"{EVENTS}?limit=100")).json["items"]


async def test_what_another_process_writes_comes_as_well(client: Client, database: Database) -> None:
    async with following(client) as stream:
        await written(database, "x.one", "x.two")
        assert [(await stream.event())["type"] for _ in range(2)] == ["x.one", "x.two"]


async def test_who_was_cut_off_goes_on_where_they_were(client: Client, database: Database) -> None:
    await written(database, *(f"x.n{number}" for number in range(250)))
    first = (await client.get(f"{EVENTS}?type=x.n0")).json["items"][0]["sequence"]
    last = {"Last-Event-ID": str(first)}
    sent = {"Authorization": f"Bearer {client.key}", "Accept": "text/event-stream", **last}
    async with client.session.get(client.root / "api/v1/events", headers=sent) as answer:
        stream = Stream(answer)
        assert [(await stream.event())["type"] for _ in range(249)] == [f"x.n{number}" for number in range(1, 250)]
    async with following(client, "?after=0") as stream:
        assert (await stream.event())["type"] == "api_key.created"


async def test_filters_hold_in_a_stream(client: Client, database: Database) -> None:
    async with following(client, "?type=x.b&subject=t") as stream:
        await written(database, "x.a", "x.b")
        await written(database, "x.b", subject="t")
        found = await stream.event()
        assert (found["type"], found["subject"]) == ("x.b", "t")


async def test_a_star_stands_for_all_types_of_a_thing_and_for_nothing_else(client: Client, database: Database) -> None:
    await written(database, "x_y.one", "xay.one", "x_y.two", "x_yz.one", "x.y")
    found = (await client.get(f"{EVENTS}?type=x_y.*&type=x.y")).json["items"]
    assert [one["type"] for one in found] == ["x_y.one", "x_y.two", "x.y"]
    async with following(client, "?type=x_y.*") as stream:
        await written(database, "xay.one", "x_y.three")
        assert (await stream.event())["type"] == "x_y.three"


async def test_silence_has_signs_of_life(client: Client) -> None:
    async with following(client) as stream:
        assert [await stream.block() for _ in range(2)] == [{"comment": ""}] * 2


async def test_what_is_no_place_in_the_list_is_refused(client: Client) -> None:
    for last in ("x", "-1", "1" * 19 + "0", "9" * 19, "1" * 5000, "\u00b2"):
        accept = {"Accept": "text/event-stream", "Last-Event-ID": last}
        assert (await client.get(EVENTS, 400, headers=accept)).json["errors"][0]["pointer"] == "/Last-Event-ID", last


async def test_a_stream_ends_when_its_key_is_revoked(client: Client) -> None:
    made = (await client.post(KEYS, {"name": "x", "scopes": ["events:read"]})).json
    async with following(client.known_by(made["key"]), "?type=none") as stream:
        await client.ask("DELETE", f"{KEYS}/{made['id']}")
        while (block := await stream.block()) == {"comment": ""}:
            """Until the next sign of life."""
        assert block == {"end": "end"}


async def test_a_stream_that_is_never_silent_ends_when_its_key_is_revoked(
    settings: Settings, key: str, database: Database
) -> None:
    async with running(settings.model_copy(update={"stream_beat_ms": 1000})) as found:
        client = found.known_by(key)
        made = (await client.post(KEYS, {"name": "x", "scopes": ["events:read"]})).json

        async def busy() -> None:
            while True:
                await written(database, "x.y")

        async with (
            asyncio.TaskGroup() as group,
            following(client.known_by(made["key"]), "?type=x.y") as stream,
        ):
            writing = group.create_task(busy())
            await stream.event()
            await client.ask("DELETE", f"{KEYS}/{made['id']}")
            while "end" not in (block := await stream.block()):
                assert block != {"comment": ""}, "it was silent"
            writing.cancel()


async def test_who_takes_nothing_of_a_stream_is_cut_off(settings: Settings, key: str, database: Database) -> None:
    async with running(settings.model_copy(update={"stream_patience_ms": 300})) as found:
        client = found.known_by(key)
        async with database.writing() as session:
            much = [Happening("x.y", "s", {"much": "x" * 200_000}) for _ in range(100)]
            await append(session, much, system_clock())
        reader, writer = await asyncio.open_connection("127.0.0.1", client.root.port, limit=1024)
        head = f"GET {EVENTS}?after=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        writer.write(f"{head}Accept: text/event-stream\r\n\r\n".encode())
        await reader.readline()
        while "fastline_api_streams 0.0" not in (await client.get("/metrics")).body.decode():
            """Nobody reads on."""
        writer.transport.abort()


async def test_one_caller_does_not_take_all_streams(settings: Settings, key: str) -> None:
    async with running(settings.model_copy(update={"streams_each": 1})) as found:
        client = found.known_by(key)
        other = client.known_by((await client.post(KEYS, {"name": "x", "scopes": ["events:read"]})).json["key"])
        async with following(client), following(other):
            refused = await client.get(EVENTS, 503, headers={"Accept": "text/event-stream"})
            assert "you have 1" in refused.json["detail"]


async def test_one_stream_too_many_is_told_when_to_come_back(settings: Settings, key: str) -> None:
    async with running(settings.model_copy(update={"streams": 2})) as found:
        client = found.known_by(key)
        async with following(client), following(client):
            refused = await client.get(EVENTS, 503, headers={"Accept": "text/event-stream"})
            assert refused.headers["Retry-After"] == "30"
        while "fastline_api_streams 0.0" not in (await client.get("/metrics")).body.decode():
            """The server learns that a client has gone when it writes the next sign of life."""
        async with following(client):
            assert "fastline_api_streams 1.0" in (await client.get("/metrics")).body.decode()


async def test_a_stop_ends_streams_and_does_not_wait_for_them(settings: Settings) -> None:
    key = await create_key(settings, "k", [Scope.EVENTS_READ], None, system_clock)
    slow = settings.model_copy(update={"stream_beat_ms": 60_000, "stream_poll_ms": 60_000})
    async with running(slow) as client:
        streams = [following(client.known_by(key)) for _ in range(5)]
        opened = [await stream.__aenter__() for stream in streams]
        begun = asyncio.get_running_loop().time()
        await client.app.shutdown()
        for stream in opened:
            assert await stream.block() == {"end": "end"}
        assert asyncio.get_running_loop().time() - begun < 3
        assert (await client.get("/readyz", 503)).json["detail"] == "the server is being stopped"
        await client.known_by(key).get(EVENTS, 503, headers={"Accept": "text/event-stream"})
        for context in streams:
            await context.__aexit__(None, None, None)


async def test_numbers_can_be_seen_in_their_order(database_url: str) -> None:
    """A reader that has seen a number never meets a smaller one later, however writers overlap."""
    writers = [Database(database_url, connections=2) for _ in range(4)]
    seen: list[int] = []
    done = asyncio.Event()

    async def write(database: Database, name: int) -> None:
        for _ in range(15):
            async with database.writing() as session:
                await append(session, [Happening(f"x.w{name}", "s"), Happening(f"x.w{name}", "s")], system_clock())
                await asyncio.sleep(0)

    async def read(database: Database) -> None:
        while True:
            last = done.is_set()
            async with database.reading() as session:
                rows = (await session.exec(after(seen[-1] if seen else 0))).all()
            seen.extend(row for row in rows if row)
            if last and not rows:
                return
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        reader = Database(database_url, connections=1)
        tasks.create_task(read(reader))
        async with asyncio.TaskGroup() as writing:
            for name, database in enumerate(writers):
                writing.create_task(write(database, name))
        done.set()
    assert len(seen) == 4 * 15 * 2
    assert seen == sorted(set(seen))
    for database in (*writers, reader):
        await database.close()


def after(number: int) -> SelectOfScalar[Any]:
    return select(Event.sequence).where(col(Event.sequence) > number).order_by(col(Event.sequence))
