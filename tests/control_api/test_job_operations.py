"""Jobs over HTTP: lists, moves, priorities, entries as a list and as a stream, the queue (B14)."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any

from clients import running
from labour import Shop, Task, find, give, quick, soon, until
from sqlmodel import select

from control_api.jobs.states import JobState
from control_api.key_creation import create_key
from control_api.scopes import Scope
from control_api.site import SITE
from control_api.tables import AuditEntry, JobEntry
from playout.clock import system_clock

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import ClientResponse
    from clients import Client

    from control_api.database import Database
    from control_api.settings import Settings

JOBS = "/api/v1/jobs"


async def events(answer: ClientResponse, many: int) -> list[dict[str, str]]:
    """The next events of a stream, comments left out."""
    found: list[dict[str, str]] = []
    async with asyncio.timeout(20):
        while len(found) < many:
            block: dict[str, str] = {}
            while line := (await answer.content.readline()).decode().rstrip("\n"):
                name, _, value = line.partition(": ")
                block[name] = value
            if "data" in block:
                found.append(block)
    return found


def stream(client: Client, path: str, **headers: str) -> Any:
    sent = {"Authorization": f"Bearer {client.key}", "Accept": "text/event-stream", **headers}
    return client.session.get(client.root.join(client.root.with_path(path)), headers=sent)


async def test_what_is_asked_for_is_listed(client: Client, database: Database) -> None:
    shop = Shop()
    one = await give(database, shop.kind(), "one", owner="ac_1", subject="up_1")
    two = await give(database, shop.kind("other"), "two", owner="ac_2", subject="up_2")
    await client.ask("POST", f"{JOBS}/{two}/pause")
    everything = (await client.get(JOBS)).json["items"]
    assert [job["id"] for job in everything] == [two, one]
    assert everything[1]["given"]["name"] == "one"
    for query, found in {
        "state=paused": [two], "state=queued": [one], "state=queued&state=paused": [two, one], "kind=task": [one],
        "subject=up_2": [two], "owner=ac_1": [one], "owner=ac_1&state=paused": [],
    }.items():  # fmt: skip
        assert [job["id"] for job in (await client.get(f"{JOBS}?{query}")).json["items"]] == found, query
    first = (await client.get(f"{JOBS}?limit=1")).json
    assert [job["id"] for job in first["items"]] == [two]
    assert [job["id"] for job in (await client.get(first["next"])).json["items"]] == [one]
    await client.get(f"{JOBS}?state=lost", 400)


async def test_people_move_jobs_and_every_move_is_told(client: Client, database: Database) -> None:
    job = await give(database, Shop().kind(), "x")
    acts = ("pause", "resume", "cancel", "retry")
    states = [(await client.ask("POST", f"{JOBS}/{job}/{act}")).json["state"] for act in acts]
    assert states == ["paused", "queued", "canceled", "queued"]
    async with database.reading() as session:
        told = (await session.exec(select(AuditEntry.action).where(AuditEntry.subject == job))).all()
    assert sorted(told) == ["canceled", "paused", "resumed", "retried"]
    listed = (await client.get(f"/api/v1/events?subject={job}")).json["items"]
    assert [event["type"] for event in listed] == ["job.paused", "job.resumed", "job.canceled", "job.retried"]


async def test_a_move_that_is_not_in_the_table_is_refused_with_those_that_are(
    client: Client, database: Database
) -> None:
    job = await give(database, Shop().kind(), "x")
    refused = (await client.ask("POST", f"{JOBS}/{job}/resume", 409)).json["detail"]
    assert refused == "a job that is queued cannot resume; what it can: begin, cancel, hold, pause"
    await client.ask("POST", f"{JOBS}/jb_0199f0c47b1c7d3a9e52c1d4b7a60f38/cancel", 404)


async def test_a_priority_is_changed_and_a_lost_update_refused(client: Client, database: Database) -> None:
    job = await give(database, Shop().kind(), "x")
    read = await client.get(f"{JOBS}/{job}")
    edited = await client.ask("PATCH", f"{JOBS}/{job}", body={"priority": 9}, headers={"If-Match": read.etag})
    assert edited.json["priority"] == 9
    await client.ask("PATCH", f"{JOBS}/{job}", 412, body={"priority": 1}, headers={"If-Match": read.etag})
    await client.ask("POST", f"{JOBS}/{job}/cancel", 412, headers={"If-Match": read.etag})
    await client.ask("PATCH", f"{JOBS}/{job}", 422, body={"priority": 101})
    assert (await find(database, job)).priority == 9


async def test_several_are_moved_together_or_not_at_all(client: Client, database: Database) -> None:
    shop = Shop()
    one, two = [await give(database, shop.kind(), name) for name in ("one", "two")]
    await client.post(f"{JOBS}:batch", {"edits": [{"id": one, "act": "pause"}, {"id": two, "act": "resume"}]}, 422)
    assert (await find(database, one)).state == JobState.QUEUED
    edits = [{"id": one, "act": "cancel"}, {"id": two, "priority": 3}]
    done = (await client.post(f"{JOBS}:batch", {"edits": edits}, 200)).json["items"]
    assert [(job["state"], job["priority"]) for job in done] == [("canceled", 0), ("queued", 3)]


async def test_the_queue_tells_how_full_it_is(client: Client, database: Database) -> None:
    shop = Shop()
    await give(database, shop.kind(), "one")
    two = await give(database, shop.kind("other"), "two")
    await client.ask("POST", f"{JOBS}/{two}/pause")
    queue = (await client.get("/api/v1/queue")).json
    assert (queue["states"]["queued"], queue["states"]["paused"], queue["states"]["failed"]) == (1, 1, 0)
    assert queue["kinds"] == {"task": {"queued": 1}, "other": {"paused": 1}}
    assert queue["oldest_due_at"] is not None


async def test_entries_come_as_a_list_and_as_a_stream_that_goes_on_where_it_was(
    settings: Settings, key: str, database: Database
) -> None:
    """A15 (progress), B14 (logs)."""
    shop = Shop()
    async with running(quick(settings, works=True), kinds=(shop.kind(),)) as found:
        client = found.known_by(key)
        job = await give(database, shop.kind(), Task(name="x", waits=True))
        async with stream(client, f"{JOBS}/{job}/entries") as answer:
            begun = await events(answer, 4)
        assert [event["event"] for event in begun] == ["state", "state", "log", "progress"]
        assert [event["id"] for event in begun] == ["1", "2", "3", "4"]
        running_job = (await client.get(f"{JOBS}/{job}")).json
        assert (running_job["permille"], running_job["words"]) == (100, "begun")
        assert running_job["parts"] == {"a": 200, "b": 0}
        shop.go.set()
        last = {"Last-Event-ID": "3"}
        async with stream(client, f"{JOBS}/{job}/entries", **last) as answer:
            rest = await events(answer, 2)
        assert [(event["id"], event["event"]) for event in rest] == [("4", "progress"), ("5", "state")]
        listed = (await client.get(f"{JOBS}/{job}/entries?after=1&kind=state")).json["items"]
        assert [entry["words"] for entry in listed] == ["started", "succeeded"]
        for wrong in ("x", "1" * 5000, str(1 << 31)):
            sent = {"Last-Event-ID": wrong, "Accept": "text/event-stream"}
            await client.get(f"{JOBS}/{job}/entries", 400, headers=sent)
        await client.get(f"{JOBS}/jb_0199f0c47b1c7d3a9e52c1d4b7a60f38/entries", 404)


async def test_canceling_over_http_stops_what_runs_in_the_same_process_at_once(settings: Settings, key: str) -> None:
    shop = Shop()
    slow = quick(settings, works=True, job_beat_ms=60_000, job_poll_ms=60_000, job_lease_seconds=600)
    async with running(slow, kinds=(shop.kind(),)) as found:
        client = found.known_by(key)
        job = await give(client.app[SITE].database, shop.kind(), Task(name="x", waits=True))
        await soon(shop.has_begun.is_set)
        await client.ask("POST", f"{JOBS}/{job}/cancel")
        await soon(lambda: shop.stopped == [("x", "canceled")])


async def test_a_stream_ends_when_its_key_is_revoked_and_when_the_process_stops(
    settings: Settings, database: Database
) -> None:
    key = await create_key(settings, "k", [Scope.JOBS_READ, Scope.KEYS_READ, Scope.KEYS_WRITE], None, system_clock)
    job = await give(database, Shop().kind(), "x")
    async with running(settings) as found:
        client = found.known_by(key)
        made = (await client.post("/api/v1/api-keys", {"name": "x", "scopes": ["jobs:read"]})).json
        async with stream(client.known_by(made["key"]), f"{JOBS}/{job}/entries") as answer:
            await events(answer, 1)
            await client.ask("DELETE", f"/api/v1/api-keys/{made['id']}")
            async with asyncio.timeout(20):
                await answer.content.read()
        async with stream(client, f"{JOBS}/{job}/entries") as answer:
            await events(answer, 1)
            await client.app.shutdown()
            async with asyncio.timeout(20):
                await answer.content.read()


async def test_a_stream_of_a_job_that_is_never_silent_ends_when_its_key_is_revoked(
    settings: Settings, key: str, database: Database
) -> None:
    job = await give(database, Shop().kind(), "x")
    async with running(settings.model_copy(update={"stream_beat_ms": 1000})) as found:
        client = found.known_by(key)
        made = (await client.post("/api/v1/api-keys", {"name": "x", "scopes": ["jobs:read"]})).json

        async def busy() -> None:
            for number in count(100):
                async with database.writing() as session:
                    line = JobEntry(
                        job=job, number=number, at=system_clock(), kind="log", attempt=0, words="x", permille=0
                    )
                    session.add(line)

        async with (
            asyncio.TaskGroup() as group,
            stream(client.known_by(made["key"]), f"{JOBS}/{job}/entries") as answer,
        ):
            writing = group.create_task(busy())
            await events(answer, 2)
            await client.ask("DELETE", f"/api/v1/api-keys/{made['id']}")
            async with asyncio.timeout(20):
                assert b"\n:\n" not in await answer.content.read(), "it was silent"
            writing.cancel()


async def test_a_job_that_is_done_is_shown_with_what_came_of_it(
    settings: Settings, key: str, database: Database
) -> None:
    shop = Shop()
    async with running(quick(settings, works=True), kinds=(shop.kind(),)) as found:
        job = await give(database, shop.kind(), Task(name="x", fails=9, again=False))
        await until(database, job, JobState.FAILED)
        shown = (await found.known_by(key).get(f"{JOBS}/{job}")).json
    assert (shown["reason"], shown["advice"], shown["result"]) == ("no luck with x", "Try harder.", None)
    assert "lease" not in shown


async def test_queries_have_bounds(client: Client) -> None:
    for query in ("limit=0", "kind=" + "x" * 41, "after=-1"):
        await client.get(f"{JOBS}?{query}", 400)


async def test_a_full_queue_is_told_to_who_asks(settings: Settings, key: str, tmp_path: Path) -> None:
    """Disk-aware intake needs a bound: nothing is taken in that cannot be worked on."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "film.mp4").write_bytes(b"x")
    async with running(quick(settings, queue_longest=2, queue_longest_of_one=1)) as found:
        client = found.known_by(key)
        await client.post("/api/v1/transcode", {"source": "film.mp4"})
        mine = await client.post("/api/v1/transcode", {"source": "film.mp4"}, 429)
        assert mine.json["detail"].startswith("1 of your jobs are in the queue")
        other = await create_key(settings, "other", [Scope.JOBS_WRITE], None, system_clock)
        await client.known_by(other).post("/api/v1/transcode", {"source": "film.mp4"})
        third = await create_key(settings, "third", [Scope.JOBS_WRITE], None, system_clock)
        full = await client.known_by(third).post("/api/v1/transcode", {"source": "film.mp4"}, 503)
        assert [answer.headers["Retry-After"] for answer in (mine, full)] == ["60", "60"]
        lost = {"source": "film.mp4", "title_id": "ti_0199f0c47b1c7d3a9e52c1d4b7a60f38"}
        refused = (await client.post("/api/v1/transcode", lost, 422)).json["errors"][0]
        assert (refused["pointer"], refused["detail"]) == ("/title_id", "there is no such title")
