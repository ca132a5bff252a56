"""Imports over the API, as jobs, and on the command line: idempotent, dry, resumed, reported (AX14, C05, C08, C41)."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from labour import find, quick, soon, until, working
from others import HERE, other
from PIL import Image
from sqlmodel import col, func, select

from control_api import workers
from control_api.changes import Actor
from control_api.imports.bringing import Bringing
from control_api.imports.formats import Format
from control_api.imports.records import Item, Record
from control_api.imports.room import MOST_WAITING, Filling
from control_api.imports.running import Wanted, bring, new
from control_api.imports.work import set_ended
from control_api.jobs.states import JobState
from control_api.problems import Problem
from control_api.tables import METADATA, AuditEntry, Credit, Import, Person, Tag, Title
from fastline import main
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiohttp import web
    from clients import Client

    from control_api.database import Database
    from control_api.settings import Settings

IMPORTS = "/api/v1/imports"
CATALOG = (
    "kind,name,series,season,episode,released,genres,tags,cast,imdb_id,name.es\n"
    ",The Third Man,,,,1949,Noir|Thriller,film,Joseph Cotten = Holly Martins|Alida Valli,tt0041959,El tercer hombre\n"
    "episode,Pilot,My Show,1,1,2020,,tv,,,\n"
    "episode,Second,My Show,1,2,2020,,tv,,,\n"
    "series,My Show,,,,2020,Drama,tv,,,Mi serie\n"
    ",Broken,,,,19x9,,,,,\n"
    ",The Third Man,,,,1949,,,,,\n"
)


async def titles(database: Database) -> list[tuple[str, str, int | None]]:
    async with database.reading() as session:
        rows = (await session.exec(select(Title).order_by(col(Title.kind), col(Title.name)))).all()
    return [(row.kind, row.name, row.number) for row in rows]


async def send(client: Client, data: str | bytes, **query: str) -> dict[str, Any]:
    """Import a file, and wait for its end."""
    words = "&".join(f"{name}={value}" for name, value in {"format": "csv", **query}.items())
    body = data.encode() if isinstance(data, str) else data
    headers = {"Content-Type": "text/csv"}
    begun = (await client.ask("POST", f"{IMPORTS}?{words}", 202, data=body, headers=headers)).json

    async def is_over() -> bool:
        return (await client.get(f"{IMPORTS}/{begun['id']}")).json["ended_at"] is not None

    await soon(is_over)
    return dict((await client.get(f"{IMPORTS}/{begun['id']}")).json)


def counts(found: dict[str, Any]) -> tuple[int, int, int, int]:
    return found["made"], found["changed"], found["unchanged"], found["refused"]


async def entries(client: Client, found: dict[str, Any], outcome: str = "") -> list[tuple[Any, ...]]:
    query = f"?outcome={outcome}" if outcome else ""
    listed = (await client.get(f"{IMPORTS}/{found['id']}/entries{query}")).json["items"]
    return [(one["line"], one["outcome"], one["name"], one["details"]) for one in listed]


async def test_a_catalog_twice_changes_nothing_and_a_changed_line_just_that(client: Client, database: Database) -> None:
    dry = await send(client, CATALOG, dry_run="true")
    assert await titles(database) == []
    first = await send(client, CATALOG)
    assert counts(dry) == counts(first) == (5, 0, 0, 2)
    assert await titles(database) == [
        ("episode", "Pilot", 1), ("episode", "Second", 2), ("movie", "The Third Man", None), ("season", "Season 1", 1),
        ("series", "My Show", None),
    ]  # fmt: skip
    assert await entries(client, first, "refused") == await entries(client, dry, "refused") == [
        (6, "refused", "Broken", [
            {"where": "column 6, released", "detail": "'19x9' is neither a year nor a day: write 1949 or 1949-09-02"}]),
        (7, "refused", "The Third Man", [{"where": "", "detail": "it is the same title as in line 2"}]),
    ]  # fmt: skip
    again = await send(client, CATALOG)
    assert counts(again) == (0, 0, 4, 2)
    changed = await send(client, CATALOG.replace("Noir|Thriller", "Noir").replace(",Second,", ",Zwei,"))
    assert counts(changed) == (0, 2, 2, 2)
    assert await entries(client, changed, "changed") == [
        (2, "changed", "The Third Man", ["genres"]), (4, "changed", "Zwei", ["name"]),
    ]  # fmt: skip
    found = (await client.get("/api/v1/titles?q=tercer")).json["items"]
    assert [(one["name"], one["genres"], one["tags"]) for one in found] == [("The Third Man", ["Noir"], ["film"])]
    people = (await client.get(f"/api/v1/titles/{found[0]['id']}")).json["credits"]
    assert [(one["name"], one["character"]) for one in people] == [
        ("Joseph Cotten", "Holly Martins"), ("Alida Valli", ""),
    ]  # fmt: skip


async def test_what_people_changed_stays_unless_the_feed_says_something_new(client: Client) -> None:
    line = "name,description,votes\nM,From the feed,1\n"
    await send(client, line)
    (title,) = (await client.get("/api/v1/titles")).json["items"]
    read = await client.get(f"/api/v1/titles/{title['id']}")
    edit = {"description": "By hand", "tags": ["mine"]}
    await client.ask("PATCH", f"/api/v1/titles/{title['id']}", body=edit, headers={"If-Match": read.etag})
    assert counts(await send(client, line)) == (0, 0, 1, 0)
    assert counts(await send(client, line.replace(",1", ",2"))) == (0, 1, 0, 0)
    now = (await client.get(f"/api/v1/titles/{title['id']}")).json
    assert (now["description"], now["votes"], now["tags"]) == ("By hand", 2, ["mine"])
    assert counts(await send(client, line.replace("From the feed,1", "New words,2"))) == (0, 1, 0, 0)
    assert (await client.get(f"/api/v1/titles/{title['id']}")).json["description"] == "New words"


async def test_every_change_is_in_the_audit_and_the_end_in_the_events(client: Client, database: Database) -> None:
    first = await send(client, "name,votes\nM,1\n")
    await send(client, "name,votes\nM,2\n")
    async with database.reading() as session:
        rows = select(AuditEntry).where(AuditEntry.kind == "title").order_by(col(AuditEntry.id))
        found = (await session.exec(rows)).all()
    assert [(one.action, one.operation, one.before, one.after) for one in found] == [
        ("created", "import", None, {"name": "M", "votes": 1}), ("updated", "import", {"votes": 1}, {"votes": 2}),
    ]  # fmt: skip
    told = (await client.get(f"/api/v1/events?subject={first['id']}")).json["items"]
    assert [one["type"] for one in told] == ["import.created", "import.ended"]
    assert told[1]["data"]["made"] == 1


async def test_the_report_as_a_table_has_every_item_and_no_formulas(client: Client) -> None:
    found = await send(client, 'name,votes\n=cmd,1\n"A, B",x\n')
    report = await client.get(f"{IMPORTS}/{found['id']}/report.csv")
    lines = report.body.decode().splitlines()
    assert lines[0] == "number,line,outcome,title_id,name,implied,where,detail,asset_id,job"
    assert lines[1].startswith("1,2,made,ti_")
    assert lines[1].endswith(",'=cmd,,,,,")
    assert lines[2] == '2,3,refused,,"A, B",,"column 2, votes",\'x\' is no whole number,,'
    await client.get(f"{IMPORTS}/im_0199f0c47b1c7d3a9e52c1d4b7a60f38/report.csv", 404)


async def test_what_breaks_off_keeps_what_came_before_it(client: Client, database: Database) -> None:
    found = await send(client, '[{"name": "A"}, {"name": "B"}, {"na', format="json")
    assert counts(found) == (2, 0, 0, 0)
    await until(database, found["job"], JobState.FAILED)
    job = (await client.get(f"/api/v1/jobs/{found['job']}")).json
    assert (job["state"], job["reason"]) == (
        "failed", "line 1: it is no JSON here: unterminated string starting at; 2 items before it are kept",
    )  # fmt: skip


async def test_bodies_that_are_too_large_empty_or_of_no_form_are_refused(client: Client, settings: Settings) -> None:
    headers = {"Content-Type": "text/csv"}
    await client.ask("POST", f"{IMPORTS}?format=csv", 422, data=b"", headers=headers)
    await client.ask("POST", f"{IMPORTS}?format=seed", 422, data=b"x", headers=headers)
    await client.ask("POST", f"{IMPORTS}?format=xls", 400, data=b"x", headers=headers)
    await client.ask("POST", f"{IMPORTS}?format=csv", 415, data=b"x", headers={"Content-Type": "image/png"})
    assert list((settings.media / "imports").iterdir()) == []
    async with running(settings.model_copy(update={"import_bytes": 1024})) as small:
        many = b"name\n" + b"x" * 2000
        await small.known_by(client.key).ask("POST", f"{IMPORTS}?format=csv", 413, data=many, headers=headers)
    assert list((settings.media / "imports").iterdir()) == []


async def test_files_are_taken_as_far_as_the_disk_and_others_bear(settings: Settings, key: str) -> None:
    headers = {"Content-Type": "text/csv"}
    where = f"{IMPORTS}?format=csv"
    async with running(quick(settings, upload_free_bytes=1 << 53)) as full:
        refused = await full.known_by(key).ask("POST", where, 507, data=b"name\nA\n", headers=headers)
        assert refused.json["type"] == "/problems/no-room"
        assert not (settings.media / "imports").exists()
    async with running(quick(settings)) as idle:  # nobody does the jobs
        client = idle.known_by(key)
        for _ in range(MOST_WAITING):
            await client.ask("POST", where, 202, data=b"name\nA\n", headers=headers)
        refused = await client.ask("POST", where, 429, data=b"name\nA\n", headers=headers)
        assert "of your imports are not over" in refused.json["detail"]
        await client.post(f"{IMPORTS}:fetch", {"format": "csv", "url": "https://a.example/"}, 429)
        assert len(list((settings.media / "imports").iterdir())) == MOST_WAITING
        [first, *_] = (await client.get(IMPORTS)).json["items"]
        await client.ask("POST", f"/api/v1/jobs/{first['job']}/cancel")
        await client.ask("POST", where, 202, data=b"name\nA\n", headers=headers)


async def test_the_disk_is_looked_at_again_while_a_file_comes(settings: Settings) -> None:
    settings.media.mkdir(exist_ok=True)
    roomy = settings.model_copy(update={"upload_free_bytes": 0})
    filling = Filling(roomy, stride=1000)
    await filling.take(0, announced=10)
    with pytest.raises(Problem, match="too little"):
        await Filling(roomy).take(0, announced=1 << 60)
    filling._settings = roomy.model_copy(update={"upload_free_bytes": 1 << 53})
    await filling.take(999)
    with pytest.raises(Problem, match="too little"):
        await filling.take(1)


async def test_a_file_that_is_fetched_is_not_begun_without_room(settings: Settings, key: str) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        from aiohttp import web  # noqa: PLC0415 — of this test alone

        return web.Response(text="name\nA\n")

    full = quick(settings, works=True, outgoing_allow=HERE, upload_free_bytes=1 << 53)
    async with other(answer) as there, running(full) as nobody:
        client = nobody.known_by(key)
        begun = (await client.post(f"{IMPORTS}:fetch", {"format": "csv", "url": there.url("/a.csv")}, 202)).json

        async def is_tried() -> bool:
            return "the disk has" in (await client.get(f"/api/v1/jobs/{begun['job']}")).body.decode()

        await soon(is_tried)
        assert list((settings.media / "imports").iterdir()) == []


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (300, 450), "navy").save(file, "PNG")
    return file.getvalue()


async def test_a_feed_is_fetched_and_its_pictures_are_copied(settings: Settings, key: str, database: Database) -> None:
    from aiohttp import web  # noqa: PLC0415 — of this test alone

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/p.png":
            return web.Response(body=picture(), content_type="image/png")
        if request.path == "/feed.csv":
            return web.Response(text=f"name,poster\nM,{there.url('/p.png')}\nN,{there.url('/none.png')}\n")
        return web.Response(status=404)

    async with other(answer) as there:
        async with running(settings.model_copy(update={"outgoing_allow": HERE})) as open_:
            client = open_.known_by(key)
            body = {"format": "csv", "url": there.url("/feed.csv")}
            begun = (await client.post(f"{IMPORTS}:fetch", body, 202)).json
            await until(database, begun["job"], JobState.SUCCEEDED)
            jobs = (await client.get("/api/v1/jobs?kind=posters")).json["items"]
            copied = await until(database, jobs[0]["id"], JobState.SUCCEEDED)
            assert copied.result == {"copied": 1, "failed": 1}
            found = {one["name"]: one["artwork"] for one in (await client.get("/api/v1/titles")).json["items"]}
            assert [(one["shape"], one["origin"]) for one in found["M"]] == [("portrait", "link")]
            assert "127.0.0.1" not in found["M"][0]["url"].removeprefix("http://127.0.0.1")
            assert found["N"] == []
        async with running(settings) as closed:
            client = closed.known_by(key)
            begun = (await client.post(f"{IMPORTS}:fetch", body, 202)).json
            failed = await until(database, begun["job"], JobState.FAILED)
            assert "127.0.0.1" in (failed.reason or "")


async def test_keys_in_links_are_kept_until_the_import_is_over_and_shown_to_nobody(
    settings: Settings, key: str, database: Database
) -> None:
    from aiohttp import web  # noqa: PLC0415 — of this test alone

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/p.png":
            return web.Response(body=picture(), content_type="image/png")
        return web.Response(text=f"name,poster\nM,{there.url('/p.png?token=s3cret')}\n")

    async def keepers() -> list[str]:
        """Tables that have it."""
        async with database.engine.connect() as connection:
            found = [(name, await connection.execute(table.select())) for name, table in METADATA.tables.items()]
            return [name for name, rows in found if "s3cret" in repr(rows.all())]

    async with other(answer) as there:
        body = {"format": "csv", "url": there.url("/feed.csv?token=s3cret").replace("//", "//me:s3cret@")}
        async with running(quick(settings, outgoing_allow=HERE)) as idle:
            refused = await idle.known_by(key).post(f"{IMPORTS}:fetch", body, None)
            body["url"] = there.url("/feed.csv?token=s3cret")
            begun = (await idle.known_by(key).post(f"{IMPORTS}:fetch", body, 202)).json
        assert refused.status in (202, 422)
        assert "s3cret" not in refused.body.decode()
        assert begun["name"] == there.url("/feed.csv")
        assert await keepers() == ["import"]
        async with running(settings.model_copy(update={"outgoing_allow": HERE})) as open_:
            await until(database, begun["job"], JobState.SUCCEEDED)
            jobs = (await open_.known_by(key).get("/api/v1/jobs?kind=posters")).json["items"]
            copied = await until(database, jobs[0]["id"], JobState.SUCCEEDED)
    assert copied.result == {"copied": 1, "failed": 0}
    assert await keepers() == []


async def batches(*some: list[Item]) -> AsyncIterator[list[Item]]:
    for one in some:
        yield one


async def nobody(_seen: int) -> None:
    """Hears nothing."""


def films(first: int, count: int, **more: Any) -> list[Item]:
    return [
        Item(number, Record.model_validate({"name": f"Film {number}", "ids": [f"x:{number}"], **more}))
        for number in range(first, first + count)
    ]


async def begun(database: Database, **more: Any) -> Bringing:
    row = new(Wanted(format=Format.JSON, feed="f", **more), "", system_clock())
    async with database.writing() as session:
        session.add(row)
    return Bringing(row.id, "f", Actor("x", "x", "import"), dry_run=row.dry_run)


async def test_who_goes_on_after_a_crash_goes_on_behind_the_last_batch(database: Database) -> None:
    bringing = await begun(database)

    async def dying() -> AsyncIterator[list[Item]]:
        yield films(1, 3)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await bring(database, bringing, dying(), system_clock, nobody)
    done = await bring(database, bringing, batches(films(1, 3), films(4, 3)), system_clock, nobody)
    assert (done.made, done.unchanged, done.entries) == (6, 0, 6)


async def test_how_many_queries_a_batch_takes_does_not_depend_on_its_size(database: Database) -> None:
    from sqlalchemy import event  # noqa: PLC0415 — of this test alone

    counted: list[int] = []
    seen = [0]

    def count(*_said: object) -> None:
        seen[0] += 1

    event.listen(database.engine.sync_engine, "before_cursor_execute", count)
    more = {"genres": ["Noir"], "tags": ["film"], "credits": [{"name": "Carol Reed", "job": "director"}]}
    bringing = await begun(database)
    for first, size in ((0, 1), (1000, 20), (2000, 200)):
        seen[0] = 0
        await bring(database, await begun(database), batches(films(first, size, **more)), system_clock, nobody)
        counted.append(seen[0])
    assert counted[2] <= counted[1] + 4, counted
    event.remove(database.engine.sync_engine, "before_cursor_execute", count)
    assert bringing.feed == "f"


async def test_people_and_tags_are_made_once(database: Database) -> None:
    reed = {"credits": [{"name": "Carol Reed", "job": "director", "ids": ["tmdb:1"]}], "tags": ["Film", "film"]}
    named = {"credits": [{"name": "Carol Reed", "job": "writer"}], "tags": ["FILM"]}
    same_name = {"credits": [{"name": "Carol Reed", "job": "actor", "ids": ["tmdb:2"]}]}
    for items in (films(1, 2, **reed), films(3, 2, **named), films(5, 1, **same_name)):
        await bring(database, await begun(database), batches(items), system_clock, nobody)
    async with database.reading() as session:
        people = (await session.exec(select(func.count(col(Person.id))))).one()
        tags = (await session.exec(select(Tag.name))).all()
        credited = (await session.exec(select(func.count(col(Credit.id))))).one()
    assert (people, list(tags), credited) == (2, ["Film"], 5)


async def test_a_job_that_is_canceled_leaves_whole_batches(settings: Settings, database: Database, key: str) -> None:
    many = json.dumps([{"name": f"Film {number}"} for number in range(30_000)])
    async with running(quick(settings)) as open_:
        client = open_.known_by(key)
        headers = {"Content-Type": "application/octet-stream"}
        begun = (await client.ask("POST", f"{IMPORTS}?format=json", 202, data=many.encode(), headers=headers)).json
        async with working(database, quick(settings), *workers.KINDS):

            async def has_begun() -> bool:
                return bool((await client.get(f"{IMPORTS}/{begun['id']}")).json["made"])

            await soon(has_begun)
            await client.ask("POST", f"/api/v1/jobs/{begun['job']}/cancel")
            await until(database, begun["job"], JobState.CANCELED)
            await soon(lambda: not (settings.media / "imports" / begun["id"]).exists())
    async with database.reading() as session:
        made = (await session.exec(select(func.count(col(Title.id))))).one()
        row = (await session.exec(select(Import).where(Import.id == begun["id"]))).one()
    assert 0 < made < 30_000
    assert made % 500 == 0
    assert row.made == made


async def test_the_file_goes_once_the_end_of_its_import_is_committed(
    settings: Settings, database: Database, key: str
) -> None:
    """If that fails, the job is done once more, and finds its file."""
    async with running(settings.model_copy(update={"works": False})) as nobody:
        headers = {"Content-Type": "text/csv"}
        path = f"{IMPORTS}?format=csv"
        begun = (await nobody.known_by(key).ask("POST", path, 202, data=b"name\nA\n", headers=headers)).json
    file, job = settings.media / "imports" / begun["id"], await find(database, begun["job"])
    workers.queue(settings, database)
    async with database.writing() as session:
        await set_ended(session, job)
        await session.flush()
        await session.rollback()  # what comes of a commit that fails
    assert file.exists()
    async with working(database, quick(settings), *workers.KINDS):
        await until(database, begun["job"], JobState.SUCCEEDED)
        await soon(lambda: not file.exists())


def test_the_command_does_the_same(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """C05: `import` is a command, and a mistake is told with its place."""
    monkeypatch.setenv("FASTLINE_DATABASE", database_url)
    path = tmp_path / "a.csv"
    path.write_text("name,votes\nM,1\nN,x\n")
    assert main(["import", "csv", str(path), "--media", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert said.out == f"{path}: 1 made, 0 changed, 0 left alone, 1 refused\n"
    assert said.err == "  line 3, column 2, votes: 'x' is no whole number\n"
    path.write_text("name,votes\nM,1\n")
    assert main(["import", "csv", str(path), "--media", str(tmp_path), "--dry-run"]) == 0
    assert capsys.readouterr().out == f"{path}: 0 would be made, 0 would be changed, 1 left alone, 0 refused\n"
    assert main(["import", "csv", str(tmp_path / "none.csv"), "--media", str(tmp_path)]) == 1
