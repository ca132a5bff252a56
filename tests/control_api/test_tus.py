"""tus 1.0, by the letter: what is kept, what is refused, and where a client goes on (A15, B34, B106, D03, D14)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select
from yarl import URL

from control_api.key_creation import create_key
from control_api.scopes import Scope
from control_api.site import SITE
from control_api.tables import Job, Upload
from control_api.uploads import tus
from control_api.uploads.plain import is_plain
from control_api.uploads.sweeping import Sweeper
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from clients import Client, Reply

    from control_api.database import Database
    from control_api.settings import Settings

TUS = {"Tus-Resumable": "1.0.0"}
FILM = bytes(range(256)) * 1000


def said(**pairs: str) -> str:
    return written(pairs)


def written(pairs: Mapping[str, str]) -> str:
    """Pairs as clients write them in `Upload-Metadata`."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}".strip() for key, value in pairs.items())


async def create(client: Client, length: int = len(FILM), status: int = 201, **more: Any) -> Reply:
    headers = {**TUS, "Upload-Length": str(length), **more.pop("headers", {})}
    return await client.ask("POST", "/api/v1/tus", status, headers=headers, **more)


async def send(client: Client, path: str, offset: int, data: bytes, status: int = 204, **headers: Any) -> Reply:
    sent = {**TUS, "Upload-Offset": str(offset), "Content-Type": tus.OFFSET_TYPE, **headers}
    return await client.ask("PATCH", path, status, data=data, headers=sent)


async def offset(client: Client, path: str, status: int = 200) -> int:
    found = await client.ask("HEAD", path, status, headers=TUS)
    return int(found.headers.get("Upload-Offset", -1))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 — what is waited for has no event
            await asyncio.sleep(0.001)


def on_disk(settings: Settings) -> dict[str, bytes]:
    place = settings.media / "sources" / ".uploads"
    found = {}
    for path in place.iterdir() if place.is_dir() else ():
        with suppress(FileNotFoundError):  # it has gone since
            found[path.name] = path.read_bytes()
    return found


async def test_who_asks_is_told_what_is_spoken(client: Client, settings: Settings) -> None:
    found = await client.ask("OPTIONS", "/api/v1/tus", 204)
    assert found.headers["Tus-Version"] == "1.0.0"
    assert found.headers["Tus-Extension"] == "creation,creation-with-upload,expiration,checksum,termination"
    assert found.headers["Tus-Max-Size"] == str(settings.upload_bytes)
    assert found.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"


async def test_a_file_comes_in_pieces_and_is_looked_into_when_it_is_whole(
    client: Client, settings: Settings, database: Database
) -> None:
    made = await create(client, headers={"Upload-Metadata": said(filename="../../etc/film.mp4", title="A film")})
    path = made.headers["Location"]
    assert made.headers["Upload-Offset"] == "0"
    assert "Upload-Expires" in made.headers
    for start in range(0, len(FILM), 100_000):
        assert await offset(client, path) == start
        done = await send(client, path, start, FILM[start : start + 100_000])
        assert int(done.headers["Upload-Offset"]) == min(start + 100_000, len(FILM))
        assert done.headers["Tus-Resumable"] == "1.0.0"
    name = path.rpartition("/")[2]
    assert on_disk(settings) == {name: FILM}
    found = (await client.get(f"/api/v1/uploads/{name}")).json
    assert found["state"] == "quarantined"
    assert found["sha256"] == hashlib.sha256(FILM).hexdigest()
    assert found["name"] == "../../etc/film.mp4"  # shown, and never a path
    assert found["title"] == "A film"
    async with database.reading() as session:
        job = (await session.exec(select(Job))).one()
    assert (job.kind, job.subject) == ("take_in", name)
    await send(client, path, len(FILM), b"more", 409)
    head = await client.ask("HEAD", path, headers=TUS)
    assert head.headers["Upload-Length"] == str(len(FILM))
    assert head.headers["Upload-Metadata"] == said(filename="../../etc/film.mp4", title="A film")
    assert head.headers["Cache-Control"] == "no-store"


async def test_the_first_piece_may_come_with_the_creation(client: Client, settings: Settings) -> None:
    made = await create(client, data=FILM[:10], headers={"Content-Type": tus.OFFSET_TYPE})
    assert made.headers["Upload-Offset"] == "10"
    await send(client, made.headers["Location"], 10, FILM[10:])
    assert list(on_disk(settings).values()) == [FILM]


async def test_a_whole_file_may_come_with_the_creation(client: Client) -> None:
    made = await create(client, data=FILM, headers={"Content-Type": tus.OFFSET_TYPE})
    name = made.headers["Location"].rpartition("/")[2]
    assert (await client.get(f"/api/v1/uploads/{name}")).json["state"] == "quarantined"


def summed(algorithm: str, data: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_of_a_piece_whose_checksum_is_wrong_nothing_is_kept(
    client: Client, settings: Settings, algorithm: str
) -> None:
    path = (await create(client)).headers["Location"]
    good: Any = {"Upload-Checksum": summed(algorithm, FILM[:50_000])}
    await send(client, path, 0, FILM[:50_000], **good)
    good = {"Upload-Checksum": summed(algorithm, FILM[50_000:])}
    refused = await send(client, path, 50_000, FILM[50_000:], 460, **{"Upload-Checksum": summed(algorithm, b"other")})
    assert refused.json["type"] == "/problems/checksum-mismatch"
    assert await offset(client, path) == 50_000
    assert list(on_disk(settings).values()) == [FILM[:50_000]]
    await send(client, path, 50_000, FILM[50_000:], **good)
    name = path.rpartition("/")[2]
    assert (await client.get(f"/api/v1/uploads/{name}")).json["sha256"] == hashlib.sha256(FILM).hexdigest()


async def test_a_creation_whose_piece_is_wrong_leaves_nothing(client: Client, settings: Settings) -> None:
    headers = {"Content-Type": tus.OFFSET_TYPE, "Upload-Checksum": summed("sha1", b"other")}
    await create(client, status=460, data=FILM, headers=headers)
    assert on_disk(settings) == {}
    assert (await client.get("/api/v1/tus")).json["items"] == []


MISTAKES = [
    ({"Upload-Length": "none"}, 400, "Upload-Length"),
    ({"Upload-Length": "-1"}, 400, "Upload-Length"),
    ({"Upload-Length": "0"}, 400, "Upload-Length"),
    ({}, 400, "Upload-Length"),
    ({"Upload-Length": "5", "Upload-Metadata": "title !!!"}, 400, "Upload-Metadata"),
    ({"Upload-Length": "5", "Upload-Metadata": "title ,title "}, 400, "Upload-Metadata"),
    ({"Upload-Length": "5", "Upload-Metadata": "title /w=="}, 400, "Upload-Metadata"),
    ({"Upload-Length": "5", "Upload-Metadata": said(filename="a\0b")}, 400, "Upload-Metadata"),
    ({"Upload-Length": "5", "Upload-Metadata": said(filename="\33[2J")}, 400, "Upload-Metadata"),
    ({"Upload-Length": "5", "Upload-Metadata": said(unknown="\0")}, 400, "Upload-Metadata"),
    ({"Upload-Length": "5", "Upload-Metadata": said(house="palace")}, 422, "house"),
    ({"Upload-Length": "5", "Upload-Metadata": said(title_id="x")}, 422, "title_id"),
    ({"Upload-Length": "5", "Upload-Metadata": said(title_id="ti_0199f0c47b1c7d3a9e52c1d4b7a60f38")}, 422, "title_id"),
]


async def test_a_mistake_is_told_with_its_place(client: Client) -> None:
    for headers, status, where in MISTAKES:
        refused = await client.ask("POST", "/api/v1/tus", status, headers={**TUS, **headers})
        assert refused.json["errors"][0]["pointer"].endswith(where), headers


async def test_another_version_of_tus_is_told_which_one_is_spoken(client: Client) -> None:
    for headers in ({}, {"Tus-Resumable": "0.2.2"}):
        refused = await client.ask("POST", "/api/v1/tus", 412, headers={"Upload-Length": "5", **headers})
        assert refused.headers["Tus-Version"] == "1.0.0"
    path = (await create(client)).headers["Location"]
    await client.ask("HEAD", path, 412, headers={"Tus-Resumable": "0.2.2"})


async def test_pieces_are_refused_that_do_not_fit(client: Client) -> None:
    path = (await create(client)).headers["Location"]
    assert "0 bytes are there" in (await send(client, path, 5, b"12345", 409)).json["detail"]
    await send(client, path, 0, FILM + b"x", 413)
    assert await offset(client, path) == 0
    await send(client, path, 0, b"x", 415, **{"Content-Type": "application/octet-stream"})
    await send(client, path, 0, b"x", 415, **{"Content-Encoding": "gzip"})
    await send(client, path, 0, b"x", 400, **{"Upload-Checksum": "md5 x"})
    await send(client, path, 0, b"x", 400, **{"Upload-Checksum": "sha1 x"})
    await client.ask("PATCH", path, 400, data=b"x", headers={**TUS, "Content-Type": tus.OFFSET_TYPE})
    assert await offset(client, path) == 0


async def test_more_than_was_announced_is_refused_where_nobody_says_how_much_comes(client: Client) -> None:
    path = (await create(client, 10)).headers["Location"]

    async def endless() -> Any:
        while True:
            yield bytes(1 << 16)

    sent = {**TUS, "Upload-Offset": "0", "Content-Type": tus.OFFSET_TYPE, "Authorization": f"Bearer {client.key}"}
    try:
        async with client.session.patch(client.root.join(URL(path)), data=endless(), headers=sent) as answer:
            assert answer.status == 413
    except ConnectionError:  # it may be cut off before it has read the answer
        pass
    assert await offset(client, path) == 0


async def test_methods_may_be_said_in_a_header(client: Client, settings: Settings) -> None:
    path = (await create(client)).headers["Location"]
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": tus.OFFSET_TYPE, "X-HTTP-Method-Override": "PATCH"}
    done = await client.ask("POST", path, 204, data=FILM[:7], headers=headers)
    assert done.headers["Upload-Offset"] == "7"
    await client.ask("POST", path, 400, headers={**TUS, "X-HTTP-Method-Override": "GET"})
    await client.ask("POST", path, 204, headers={**TUS, "X-HTTP-Method-Override": "DELETE"})
    assert on_disk(settings) == {}
    await client.ask("HEAD", path, 410, headers=TUS)


async def test_what_is_ended_is_gone(client: Client, settings: Settings) -> None:
    path = (await create(client, data=FILM[:9], headers={"Content-Type": tus.OFFSET_TYPE})).headers["Location"]
    await client.ask("DELETE", path, 412)
    await client.ask("DELETE", path, 204, headers=TUS)
    assert on_disk(settings) == {}
    assert await offset(client, path, 410) == -1
    await send(client, path, 9, b"x", 410)
    await client.ask("DELETE", path, 410, headers=TUS)


async def test_an_upload_is_found_again_by_what_the_client_made_of_the_file(client: Client) -> None:
    one = await create(client, headers={"Upload-Metadata": said(fingerprint="film.mp4-256000-99")})
    await create(client, headers={"Upload-Metadata": said(fingerprint="other")})
    await send(client, one.headers["Location"], 0, FILM[:5])
    found = (await client.get("/api/v1/tus?fingerprint=film.mp4-256000-99")).json["items"]
    assert [(item["id"], item["received"]) for item in found] == [(one.headers["Location"].rpartition("/")[2], 5)]
    await send(client, one.headers["Location"], 5, FILM[5:])
    assert (await client.get("/api/v1/tus?fingerprint=film.mp4-256000-99")).json["items"] == []


async def test_nobody_learns_of_uploads_of_others(client: Client, settings: Settings) -> None:
    path = (await create(client, headers={"Upload-Metadata": said(fingerprint="mine")})).headers["Location"]
    other = client.known_by(await create_key(settings, "other", [Scope.UPLOADS_WRITE], None, system_clock))
    assert (await other.get("/api/v1/tus?fingerprint=mine")).json["items"] == []
    assert await offset(other, path, 404) == -1
    await send(other, path, 0, b"x", 404)
    await other.ask("DELETE", path, 404, headers=TUS)
    await other.ask("DELETE", path.replace("tus", "uploads"), 404)


async def test_two_who_write_at_once_are_told_apart(client: Client, settings: Settings) -> None:
    path = (await create(client)).headers["Location"]
    begun, gate = asyncio.Event(), asyncio.Event()

    async def slowly() -> Any:
        yield FILM[:100]
        begun.set()
        await gate.wait()
        yield FILM[100:]

    sent = {**TUS, "Upload-Offset": "0", "Content-Type": tus.OFFSET_TYPE, "Authorization": f"Bearer {client.key}"}

    async def first() -> int:
        async with client.session.patch(client.root.join(URL(path)), data=slowly(), headers=sent) as answer:
            return answer.status

    async with asyncio.TaskGroup() as tasks:
        one = tasks.create_task(first())
        await begun.wait()
        await until(lambda: client.app[SITE].receiver.open == 1)
        refused = await send(client, path, 0, FILM, 423)
        assert "Retry-After" in refused.headers
        await client.ask("DELETE", path, 423, headers=TUS)
        gate.set()
    assert one.result() == 204
    assert list(on_disk(settings).values()) == [FILM]


async def test_what_came_before_a_connection_broke_is_kept(client: Client, settings: Settings) -> None:
    path = (await create(client)).headers["Location"]
    reader, writer = await asyncio.open_connection(client.root.host, client.root.port)
    head = (
        f"PATCH {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.key}\r\nTus-Resumable: 1.0.0\r\n"
        f"Upload-Offset: 0\r\nContent-Type: {tus.OFFSET_TYPE}\r\nContent-Length: {len(FILM)}\r\n\r\n"
    )
    writer.write(head.encode() + FILM[:70_000])
    await writer.drain()
    receiver = client.app[SITE].receiver
    await until(lambda: receiver.open == 1)
    writer.close()
    await writer.wait_closed()
    del reader
    await until(lambda: receiver.open == 0)
    there = await offset(client, path)
    assert 0 <= there <= 70_000
    assert list(on_disk(settings).values()) == [FILM[:there]]
    await send(client, path, there, FILM[there:])
    assert list(on_disk(settings).values()) == [FILM]


async def test_who_asks_first_sends_no_byte_in_vain(client: Client) -> None:
    """`Expect: 100-continue` is answered when the body is wanted, and not before it is known that it is."""
    path = (await create(client)).headers["Location"]
    for at, expected in ((5, b"HTTP/1.1 409"), (0, b"HTTP/1.1 100")):
        reader, writer = await asyncio.open_connection(client.root.host, client.root.port)
        head = (
            f"PATCH {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.key}\r\nTus-Resumable: 1.0.0\r\n"
            f"Upload-Offset: {at}\r\nContent-Type: {tus.OFFSET_TYPE}\r\nContent-Length: 5\r\n"
            "Expect: 100-continue\r\n\r\n"
        )
        writer.write(head.encode())
        assert (await reader.readline()).startswith(expected)
        writer.close()
        await writer.wait_closed()


async def test_what_nobody_goes_on_with_expires(settings: Settings, key: str) -> None:
    times = [datetime(2026, 3, 1, tzinfo=UTC)]
    async with running(settings, clock=lambda: times[-1]) as nobody:
        client = nobody.known_by(key)
        path = (await create(client, data=FILM[:9], headers={"Content-Type": tus.OFFSET_TYPE})).headers["Location"]
        assert len(on_disk(settings)) == 1
        times.append(times[0] + timedelta(hours=settings.upload_hours - 1))
        await send(client, path, 9, FILM[9:20])  # whoever goes on has so much time again
        times.append(times[-1] + timedelta(hours=settings.upload_hours))
        await send(client, path, 20, b"x", 410)
        assert await offset(client, path, 410) == -1
        await create(client, 5)  # each beginning sweeps
        assert on_disk(settings) == {}
        name = path.rpartition("/")[2]
        assert (await client.get(f"/api/v1/uploads/{name}")).json["state"] == "expired"


async def test_room_is_asked_for_before_bytes_are_taken(settings: Settings, key: str) -> None:
    small = settings.model_copy(update={"upload_bytes": 1000, "upload_quota_bytes": 2500, "uploads_open": 3})
    async with running(small) as nobody:
        client = nobody.known_by(key)
        assert (await create(client, 1001, 413)).json["type"] == "/problems/file-too-large"
        for _ in range(2):
            await create(client, 1000)
        assert "500 bytes that this account may still keep" in (await create(client, 501, 507)).json["detail"]
        last = await create(client, 500)
        assert (await create(client, 1, 429)).json["type"] == "/problems/too-many-uploads"
        await client.ask("DELETE", last.headers["Location"], 204, headers=TUS)
        await create(client, 500)
    full = settings.model_copy(update={"upload_free_bytes": 1 << 53, "uploads_open": 100})
    async with running(full) as nobody:
        refused = await create(nobody.known_by(key), 1, 507)
        assert "the disk has for uploads" in refused.json["detail"]


async def test_browsers_of_other_pages_may_read_what_tus_says(settings: Settings, key: str) -> None:
    allowed = settings.model_copy(update={"cors_origins": ("https://desk.example",)})
    async with running(allowed) as nobody:
        client = nobody.known_by(key)
        asked = {"Origin": "https://desk.example", "Access-Control-Request-Method": "PATCH"}
        async with client.session.options(client.root / "api/v1/tus/up_x", headers=asked) as answer:
            assert answer.status == 204
            let = answer.headers["Access-Control-Allow-Headers"]
        assert {"Tus-Resumable", "Upload-Offset", "Upload-Metadata", "Upload-Length"} <= set(let.split(", "))
        made = await create(client, headers={"Origin": "https://desk.example"})
        told = made.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"Location", "Upload-Offset", "Upload-Expires", "Tus-Resumable"} <= set(told)


@given(st.dictionaries(st.from_regex(r"[a-z0-9_-]{1,20}", fullmatch=True), st.text(max_size=50), max_size=8))
def test_metadata_is_read_as_it_was_written(pairs: dict[str, str]) -> None:
    encodable = {key: text.encode(errors="replace").decode() for key, text in pairs.items()}
    if all(is_plain(text) for text in encodable.values()):
        assert tus.metadata(written(encodable)) == encodable
    else:
        with pytest.raises(tus.Unreadable, match="control character"):
            tus.metadata(written(encodable))


@given(st.text(max_size=200))
def test_whatever_is_sent_is_read_or_refused(text: str) -> None:
    for read in (tus.metadata, tus.checksum):
        with suppress(tus.Unreadable):
            assert read(text) is not None


async def test_a_file_that_the_disk_has_lost_part_of_is_gone_on_with_from_there(
    client: Client, settings: Settings, database: Database
) -> None:
    path = (await create(client, data=FILM[:1000], headers={"Content-Type": tus.OFFSET_TYPE})).headers["Location"]
    name = path.rpartition("/")[2]
    file = settings.media / "sources" / ".uploads" / name
    file.write_bytes(FILM[:400])
    await send(client, path, 1000, FILM[1000:], 409)
    assert await offset(client, path) == 400
    await send(client, path, 400, FILM[400:])
    async with database.reading() as session:
        row = (await session.exec(select(Upload))).one()
    assert row.digest in ("", hashlib.sha256(FILM).hexdigest())
    assert file.read_bytes() == FILM


def test_paths_are_made_of_ids_alone() -> None:
    from control_api.uploads.landing import place  # noqa: PLC0415 — of this test alone

    assert place(Path("/media"), "up_1") == Path("/media/sources/.uploads/up_1")


async def test_what_has_expired_is_swept_though_nobody_begins_another_one(
    settings: Settings, key: str, database: Database
) -> None:
    times = [datetime(2026, 3, 1, tzinfo=UTC)]
    rung: list[bool] = []
    quiet = settings.model_copy(update={"tells": False})
    async with running(quiet, clock=lambda: times[-1]) as nobody:
        await create(nobody.known_by(key), data=FILM[:9], headers={"Content-Type": tus.OFFSET_TYPE})
    one = Sweeper(settings, database, lambda: rung.append(True), lambda: times[-1])
    other = Sweeper(settings, database, lambda: rung.append(True), lambda: times[-1])
    assert await one.once() == 0
    times.append(times[0] + timedelta(hours=settings.upload_hours))
    assert [await one.once(), await other.once(), await one.once()] == [1, 0, 0]
    assert on_disk(settings) == {}
    assert rung == [True]


async def test_a_file_stays_until_the_row_that_says_that_it_goes_is_committed(
    settings: Settings, client: Client, database: Database
) -> None:
    name = (await create(client, data=FILM[:9], headers={"Content-Type": tus.OFFSET_TYPE})).headers["Location"]
    later = system_clock() + timedelta(hours=settings.upload_hours + 1)
    sweeper = Sweeper(settings, database, lambda: None, lambda: later)
    await renamed(database, "event", "elsewhere")  # so that the transaction fails at its last step
    with pytest.raises(SQLAlchemyError):
        await sweeper.once()
    assert list(on_disk(settings)) == [name.rpartition("/")[2]]
    await renamed(database, "elsewhere", "event")
    assert await offset(client, name) == 9
    assert await sweeper.once() == 1
    assert on_disk(settings) == {}


async def renamed(database: Database, table: str, name: str) -> None:
    async with database.writing() as session:
        await session.exec(text(f"ALTER TABLE {table} RENAME TO {name}"))  # type: ignore[call-overload]
