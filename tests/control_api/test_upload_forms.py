"""Uploads in one request, as a form: fields in any order, bounded, all or nothing (B34, B68, B106, D03, D21)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from clients import running
from sqlmodel import select
from test_tus import FILM, create, on_disk, said, until

from control_api.site import SITE
from control_api.tables import Job, Upload

if TYPE_CHECKING:
    from clients import Client, Reply

    from control_api.database import Database
    from control_api.settings import Settings

BOUNDARY = "cut-here"
Part = tuple[str, str | None, bytes]
"""Its name, its file's name, its bytes."""


def form(*parts: Part, **more: str) -> bytes:
    written = b""
    for name, file, data in parts:
        named = f'; filename="{file}"' if file is not None else ""
        extra = "".join(f"\r\n{header}: {text}" for header, text in more.items())
        written += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}{extra}\r\n\r\n'.encode()
        written += data + b"\r\n"
    return written + f"--{BOUNDARY}--\r\n".encode()


async def post(client: Client, data: bytes, status: int = 201, path: str = "/api/v1/uploads", **headers: str) -> Reply:
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **headers}
    return await client.ask("POST", path, status, data=data, headers=kind)


FILE: Part = ("file", "../../film.mp4", FILM)
TITLE: Part = ("title", None, b"Ein Film")
TYPE: Part = ("type", None, b"movie")


@pytest.mark.parametrize("parts", [(FILE, TITLE, TYPE), (TITLE, TYPE, FILE), (TITLE, FILE, TYPE)])
async def test_fields_come_in_any_order(
    client: Client, settings: Settings, database: Database, parts: tuple[Part, ...]
) -> None:
    made = (await post(client, form(*parts))).json
    assert (made["title"], made["kind"], made["name"]) == ("Ein Film", "movie", "../../film.mp4")
    assert (made["state"], made["length"], made["way"]) == ("quarantined", len(FILM), "form")
    assert made["sha256"] == hashlib.sha256(FILM).hexdigest()
    assert on_disk(settings) == {made["id"]: FILM}
    async with database.reading() as session:
        job = (await session.exec(select(Job))).one()
    assert (job.kind, job.subject) == ("take_in", made["id"])
    listed = (await client.get("/api/v1/uploads?state=quarantined")).json["items"]
    assert [item["id"] for item in listed] == [made["id"]]


MISTAKES: list[tuple[bytes, int, str]] = [
    (form(TITLE), 422, "the file is missing"),
    (form(FILE, FILE), 422, "each field comes once"),
    (form(TITLE, TITLE, FILE), 422, "each field comes once"),
    (form(FILE, ("type", None, b"opera")), 422, "what is said of the file"),
    (form(FILE, ("colour", None, b"red")), 422, "what is said of the file"),
    (form(FILE, ("house", None, b"palace")), 422, "what is said of the file"),
    (form(FILE, ("title_id", None, b"")), 422, "what is said of the file"),
    (form(("title_id", "a.txt", b""), FILE), 422, "what is said of the file"),
    (form(("title_id", None, b"null"), FILE), 422, "what is said of the file"),
    (form(FILE, ("fingerprint", None, b"")), 422, "what is said of the file"),
    (form(FILE, ("tags", None, b"film," + b"x" * 101)), 422, "what is said of the file"),
    (form(FILE, ("season", None, b"one")), 422, "what is said of the file"),
    (form(FILE, ("language", None, b"klingonese")), 422, "what is said of the file"),
    (form(("title_id", None, b""), ("title_id", None, b""), FILE), 422, "each field comes once"),
    (form(FILE, ("title", None, b"\xff\xfe")), 422, "is not UTF-8"),
    (form(FILE, ("title", None, b"a\0b")), 422, "U+0000"),
    (form(("file", "x\"; filename*=utf-8''a%00b; y=\"", FILM)), 422, "control character"),
    (form(FILE, ("name", None, b"a\nb")), 422, "what is said of the file"),
    (form(FILE, ("title", None, b"x" * 20_000)), 422, "is longer than 16384 bytes"),
    (form(FILE, *[(f"f{n}", None, b"") for n in range(20)]), 422, "16 fields at most"),
    (form(("file", "a.mp4", b"")), 422, "the file is empty"),
    (form(FILE, **{"Content-Transfer-Encoding": "base64"}), 422, "without an encoding"),
    (form(FILE)[:-30_000], 400, "breaks off"),
    (b"this is no form", 400, "breaks off"),
    (b"", 400, "breaks off"),
]


async def test_of_a_form_with_a_mistake_nothing_stays(client: Client, settings: Settings, database: Database) -> None:
    for data, status, words in MISTAKES:
        refused = await post(client, data, status)
        assert words in refused.json["detail"], data
        assert on_disk(settings) == {}, data
        async with database.reading() as session:
            assert (await session.exec(select(Upload))).all() == [], data
            assert (await session.exec(select(Job))).all() == [], data


async def test_fields_that_may_be_empty_are_and_the_document_has_no_null_in_a_form(client: Client) -> None:
    empty: list[Part] = [(name, None, b"") for name in ("title", "type", "house", "name")]
    made = (await post(client, form(FILE, *empty))).json
    assert (made["title"], made["kind"], made["house"], made["title_id"]) == ("", "", "", None)
    document = (await client.get("/openapi.json")).json
    body = document["paths"]["/api/v1/uploads"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert {field["type"] for field in body["properties"].values()} == {"string", "integer"}


SAID: dict[str, str] = {
    "tags": "film, noir ,,",
    "series": "Nights",
    "season": "2",
    "episode": "3",
    "language": "PT-br",
}
UNDERSTOOD = {"tags": ["film", "noir"], "series": "Nights", "season": 2, "episode": 3, "language": "pt-BR"}


async def test_tags_series_and_language_are_said_with_an_upload_whichever_way_it_comes(client: Client) -> None:
    """What channels choose by comes with the file: by a form, its aliases, tus and a link (B34, B68)."""
    parts: list[Part] = [(name, None, text.encode()) for name, text in SAID.items()]
    short: Part = ("type", None, b"short")
    found = [(await post(client, form(FILE, short, *parts))).json]
    for path in ("/media", "/api/admin/content"):
        made = await post(client, form(FILE, short, *parts), path=path)
        found.append((await client.get(made.headers["Location"])).json)
    made = await create(client, headers={"Upload-Metadata": said(type="short", **SAID)})
    found.append((await client.get(made.headers["Location"].replace("/tus/", "/uploads/"))).json)
    link = {"url": "https://films.example/a.mp4", "type": "short", **UNDERSTOOD}
    found.append((await client.post("/api/v1/uploads:fetch", link, 202)).json)
    for one in found:
        assert {name: one[name] for name in UNDERSTOOD} == UNDERSTOOD
        assert one["kind"] == "short"
    refused = await client.post("/api/v1/uploads:fetch", {**link, "tags": "film"}, 422)
    assert refused.json["errors"][0]["pointer"] == "/tags"


async def test_aliases_leave_empty_fields_alone(client: Client) -> None:
    empty: list[Part] = [(name, None, b"") for name in ("title_id", "fingerprint", "mood")]
    assert (await post(client, form(FILE, *empty), path="/media")).json["title"] == ""


async def test_a_form_of_another_type_is_refused(client: Client) -> None:
    await client.ask("POST", "/api/v1/uploads", 415, body={"file": "x"})
    no_boundary = {"Content-Type": "multipart/form-data"}
    await client.ask("POST", "/api/v1/uploads", 400, data=b"x", headers=no_boundary)


async def test_headers_of_a_part_are_bounded(client: Client, settings: Settings) -> None:
    many = {f"X-{n}": "y" for n in range(500)}
    await post(client, form(FILE, **many), 400)
    await post(client, form(FILE, **{"X-Long": "y" * 100_000}), 400)
    assert on_disk(settings) == {}


async def test_of_a_form_that_is_cut_off_nothing_stays(client: Client, settings: Settings) -> None:
    import asyncio  # noqa: PLC0415 — of this test alone

    reader, writer = await asyncio.open_connection(client.root.host, client.root.port)
    head = (
        f"POST /api/v1/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.key}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: 1000000\r\n\r\n"
    )
    writer.write(head.encode() + form(FILE)[:50_000])
    await writer.drain()
    receiver = client.app[SITE].receiver
    await until(lambda: receiver.open == 1)
    writer.close()
    await writer.wait_closed()
    del reader
    await until(lambda: receiver.open == 0)
    await until(lambda: on_disk(settings) == {})


async def test_room_is_asked_for_by_the_length_of_the_form(settings: Settings, key: str) -> None:
    async with running(settings.model_copy(update={"upload_bytes": 1000})) as nobody:
        client = nobody.known_by(key)
        assert (await post(client, form(FILE), 413)).json["type"] == "/problems/file-too-large"

        async def in_chunks() -> Any:
            yield form(FILE)

        headers = {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Authorization": f"Bearer {key}",
        }
        url = client.root / "api/v1/uploads"
        async with client.session.post(url, data=in_chunks(), headers=headers) as answer:  # nobody said how much comes
            assert answer.status == 413
        assert on_disk(settings) == {}


async def test_media_is_uploaded_where_other_systems_have_it(client: Client, settings: Settings) -> None:
    """Contract of `POST /media`: fields file, title, type; a key is needed (D21)."""
    parts = (("title", None, b"Song"), ("file", "song.mp3", FILM), ("type", None, b"audio"), ("mood", None, b"calm"))
    made = await post(client, form(*parts), path="/media")
    assert made.json.keys() == {"id", "title", "type", "file_url", "created_at"}
    assert (made.json["title"], made.json["type"]) == ("Song", "audio")
    assert (await client.get(made.json["file_url"])).json["state"] == "quarantined"
    await post(client.known_by(None), form(FILE), 401, path="/media")
    assert len(on_disk(settings)) == 1


async def test_content_is_uploaded_where_other_systems_have_it(client: Client) -> None:
    """Contract of `POST /api/admin/content` with a film (B68, B83)."""
    for field in ("video", "file"):
        parts = (
            (field, "film.mp4", FILM),
            ("title", None, b"Film"),
            ("type", None, b"movie"),
            ("genre", None, b"noir"),
        )
        made = (await post(client, form(*parts), path="/api/admin/content")).json
        shown = {"id": made["content"]["id"], "title": "Film", "type": "movie", "status": "processing"}
        assert made["content"] == shown, field
        assert (await client.get(f"/api/v1/uploads/{shown['id']}")).json["kind"] == "movie", field


async def test_an_upload_is_deleted_with_its_bytes(client: Client, settings: Settings) -> None:
    made = await post(client, form(FILE))
    path = made.headers["Location"]
    await client.ask("DELETE", path, 412, headers={"If-Match": '"99.x"'})
    gone = await client.ask("DELETE", path, headers={"If-Match": (await client.get(path)).etag})
    assert (gone.json["state"], gone.json["is_kept"]) == ("ended", False)
    assert on_disk(settings) == {}
    await client.ask("DELETE", f"/api/v1/uploads/up_{uuid4().hex}", 404)
    assert on_disk(settings) == {}
    events = (await client.get("/api/v1/events")).json["items"]
    assert [event["type"] for event in events][-2:] == ["upload.received", "upload.deleted"]
