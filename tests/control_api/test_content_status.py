"""How far content is (B71), and sending it through packaging again (B69, B83)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from labour import until
from sqlmodel import col, update

from control_api.jobs import submit
from control_api.jobs.packaging import PACKAGE, Order, Package, Packed, Rendition, Unpackaged, packaging
from control_api.jobs.states import JobState
from control_api.resources.content import Stage, status
from control_api.tables import Asset, Job, Title, Upload
from playout.clock import system_clock

if TYPE_CHECKING:
    from pathlib import Path

    from clients import Client

    from control_api.database import Database

NOW = datetime(2026, 3, 1, tzinfo=UTC)
UPLOAD = "up_0199f0c47b1c7d3a9e52c1d4b7a60f38"
TITLE = "ti_0199f0c47b1c7d3a9e52c1d4b7a60f38"


def job(kind: str, state: str, **more: Any) -> Job:
    values: dict[str, Any] = {"id": "jb_1", "given": {}, "created_at": NOW, "due_at": NOW, **more}
    return Job(kind=kind, state=state, owner="", subject=UPLOAD, **values)


def upload(state: str, **more: Any) -> Upload:
    instants: dict[str, Any] = dict.fromkeys(("created_at", "touched_at", "expires_at"), NOW)
    return Upload(id=UPLOAD, owner="ac_1", way="tus", state=state, **instants, **more)


@pytest.mark.parametrize(
    ("jobs", "uploads", "assets", "stage", "words"),
    [
        ([], [], [], Stage.EMPTY, "empty"),
        ([], [upload("receiving")], [], Stage.UPLOADING, "uploading"),
        ([], [upload("quarantined")], [], Stage.UPLOADED, "uploaded"),
        ([], [upload("refused", reason="no media")], [], Stage.FAILED, "failed"),
        ([], [upload("expired")], [], Stage.CANCELED, "canceled"),
        ([job("fetch", "running")], [upload("receiving")], [], Stage.UPLOADING, "uploading"),
        ([job("take_in", "queued")], [upload("quarantined")], [], Stage.UPLOADED, "uploaded"),
        ([job("take_in", "running")], [upload("quarantined")], [], Stage.PROBING, "probing"),
        ([job("package", "waiting", reason="disk")], [upload("accepted")], [], Stage.UPLOADED, "uploaded"),
        ([job("package", "running", words="looking into the file")], [], [], Stage.PROBING, "probing"),
        ([job("package", "running", words="transcoding", permille=437)], [], [], Stage.TRANSCODING, "transcoding 43 %"),
        ([job("package", "running", words="packaging", permille=910)], [], [], Stage.PACKAGING, "packaging"),
        ([job("package", "running", words="publishing")], [], [], Stage.PACKAGING, "packaging"),
        ([job("package", "succeeded")], [], ["as"], Stage.READY, "ready"),
        ([job("package", "failed", reason="broken")], [], [], Stage.FAILED, "failed"),
        ([job("package", "failed", reason="broken")], [], ["as"], Stage.READY, "ready"),
        ([job("package", "canceled")], [upload("accepted")], [], Stage.CANCELED, "canceled"),
        ([job("package", "running", words="transcoding")], [], ["as"], Stage.TRANSCODING, "transcoding 0 %"),
        ([job("drop", "succeeded"), job("package", "queued")], [], [], Stage.UPLOADED, "uploaded"),
    ],
)  # fmt: skip
def test_how_far_content_is_follows_from_what_is_known(
    jobs: list[Job], uploads: list[Upload], assets: list[str], stage: Stage, words: str
) -> None:
    found = status("x", jobs, uploads, assets)
    assert (found.status, found.words) == (stage, words)
    assert (found.percent == 100) == (stage is Stage.READY)
    if stage is Stage.FAILED:
        assert found.reason in ("no media", "broken")


async def kept(database: Database, **more: Any) -> None:
    async with database.writing() as session:
        session.add(upload("accepted", name="My_film.mp4", kind="movie", **more))


async def test_an_upload_is_packaged_again_in_another_format(client: Client, database: Database) -> None:
    await kept(database)
    made = await client.post("/api/v1/transcode", {"upload": UPLOAD, "house": "fast", "priority": 5})
    assert made.headers["Location"] == f"/api/v1/jobs/{made.json['id']}"
    assert (made.json["kind"], made.json["subject"], made.json["priority"]) == ("package", UPLOAD, 5)
    given = made.json["given"]
    assert (given["source"], given["name"]) == (f".uploads/{UPLOAD}", "My_film.mp4")
    assert (given["house"], given["kind"]) == ("fast", "movie")
    found = (await client.get(f"/api/v1/content/{UPLOAD}/status")).json
    assert (found["status"], found["job"], found["upload"]) == ("uploaded", made.json["id"], UPLOAD)
    assert (await client.get(f"/api/v1/content/{made.json['id']}/status")).json["status"] == "uploaded"


async def test_a_repeat_with_its_key_is_one_job(client: Client, database: Database) -> None:
    await kept(database)
    key = {"Idempotency-Key": "once"}
    first = await client.post("/api/v1/transcode", {"upload": UPLOAD}, headers=key)
    again = await client.post("/api/v1/transcode", {"upload": UPLOAD}, headers=key)
    assert first.json["id"] == again.json["id"]
    assert len((await client.get("/api/v1/jobs?kind=package")).json["items"]) == 1


async def test_a_file_in_the_folder_is_packaged_and_no_other(client: Client, tmp_path: Path) -> None:
    (tmp_path / "sources" / ".uploads").mkdir(parents=True)
    for name in ("film.mp4", ".uploads/up_x"):
        (tmp_path / "sources" / name).write_bytes(b"x")
    await client.post("/api/v1/transcode", {"source": "film.mp4", "title": "A film"})
    for source, detail in {
        "none.mp4": "there is no file none.mp4 in the folder sources",
        ".uploads/up_x": "what begins with a dot is not for packaging; an upload is named by its id",
        "../fastline.db": "a source is named by its path in the folder sources, e.g. series/film.mp4",
    }.items():
        refused = (await client.post("/api/v1/transcode", {"source": source}, 422)).json
        assert refused["errors"][0] == {"part": "body", "pointer": "/source", "detail": detail}


NOT_THERE: tuple[tuple[dict[str, Any], str], ...] = (
    ({"state": "refused"}, "is refused: only what was accepted is packaged"),
    ({"state": "accepted", "is_kept": False}, "was not kept: upload it again"),
)


async def test_what_is_not_there_is_not_packaged(client: Client, database: Database) -> None:
    await kept(database)
    for values, words in NOT_THERE:
        async with database.writing() as session:
            await session.exec(update(Upload).where(col(Upload.id) == UPLOAD).values(**values))
        refused = await client.post("/api/v1/transcode", {"upload": UPLOAD}, 409)
        assert refused.json["detail"].endswith(words), values


async def test_one_of_two_is_said_and_a_house_that_there_is(client: Client) -> None:
    for body in ({}, {"upload": UPLOAD, "source": "x.mp4"}, {"source": "x.mp4", "house": "grand"}):
        await client.post("/api/v1/transcode", body, 422)
    await client.post("/api/v1/transcode", {"upload": UPLOAD}, 422)


async def test_content_that_nobody_knows_is_not_found_and_a_title_without_any_is_empty(
    client: Client, database: Database
) -> None:
    await client.get(f"/api/v1/content/{TITLE}/status", 404)
    async with database.writing() as session:
        session.add(Title(id=TITLE, kind="movie", name="A", sort_name="a", created_at=NOW, updated_at=NOW))
    assert (await client.get(f"/api/v1/content/{TITLE}/status")).json["status"] == "empty"
    async with database.writing() as session:
        session.add(Asset(id="a1", title_id=TITLE, house="fast", kind="movie", work="w", duration_ms=1, added_at=NOW))
    found = (await client.get(f"/api/v1/content/{TITLE}/status")).json
    assert (found["status"], found["percent"], found["assets"]) == ("ready", 100, ["a1"])


async def test_one_rendition_of_what_was_packaged_is_made_anew(client: Client, database: Database) -> None:
    """What PeerTube's users ask for: restart one rendition, not all of them."""
    rendition = Rendition(
        name="v234", media="video", codecs="avc1", language="", bandwidth=1, average=1, bytes=1
    )  # fmt: skip
    packed = Packed(asset="a1", house="fast", is_new=True, duration_ms=1, renditions=[rendition], notes=[])
    async with database.writing() as session:
        row = await submit(session, PACKAGE, Package(source="film.mp4", title="A"), now=system_clock(), subject="x")
    await client.post(f"/api/v1/jobs/{row.id}/renditions", {"rendition": "v234"}, 409)
    async with database.writing() as session:
        done = update(Job).where(col(Job.id) == row.id)
        await session.exec(done.values(state=JobState.SUCCEEDED, result=packed.model_dump(mode="json")))
    made = (await client.post(f"/api/v1/jobs/{row.id}/renditions", {"rendition": "v234"})).json
    assert (made["given"]["rendition"], made["given"]["title"], made["subject"]) == ("v234", "A", "x")
    refused = (await client.post(f"/api/v1/jobs/{row.id}/renditions", {"rendition": "v999"}, 422)).json
    assert refused["errors"][0]["detail"] == "its asset has no such rendition; it has v234"


async def test_whoever_packages_hears_what_is_wanted_and_tells_what_came_of_it(
    client: Client, database: Database, tmp_path: Path
) -> None:
    """The job without an encoder: what is handed in is a function."""
    from labour import quick, working  # noqa: PLC0415 — of this test alone

    from control_api.jobs.packaging import Heard  # noqa: PLC0415
    from control_api.site import SITE  # noqa: PLC0415

    orders: list[Order] = []

    async def packager(order: Order) -> Packed | Unpackaged:
        orders.append(order)
        order.hear(Heard("encode", 500, {"v234": 700}))
        if order.given.title == "full":
            return Unpackaged("the disk is full", "Make room.", again=True)
        return Packed(asset="a1", house="fast", is_new=True, duration_ms=1, renditions=[], notes=["no subtitles"])

    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "film.mp4").write_bytes(b"x")
    kind = packaging(packager)
    settings = quick(client.app[SITE].settings)
    async with working(database, settings, kind):
        async with database.writing() as session:
            session.add(Title(id=TITLE, kind="movie", name="A", sort_name="a", created_at=NOW, updated_at=NOW))
        given = {"source": "film.mp4", "title_id": TITLE}
        good = (await client.post("/api/v1/transcode", given)).json["id"]
        done = await until(database, good, JobState.SUCCEEDED, JobState.FAILED)
        assert (done.result or {})["asset"] == "a1"
        assert orders[0].source == tmp_path / "sources" / "film.mp4"
        full = (await client.post("/api/v1/transcode", {"source": "film.mp4", "title": "full"})).json["id"]
        while (await client.get(f"/api/v1/jobs/{full}")).json["reason"] is None:
            """Until the first attempt has failed."""
        waits = (await client.get(f"/api/v1/jobs/{full}")).json
        assert (waits["state"], waits["reason"], waits["advice"]) == ("queued", "the disk is full", "Make room.")
    (link,) = (await client.get("/api/v1/jobs?kind=link_asset")).json["items"]
    assert (link["given"], link["subject"]) == ({"asset": "a1", "title": TITLE, "kind": None}, TITLE)
    log = (await client.get(f"/api/v1/jobs/{good}/entries?kind=log")).json["items"]
    assert [entry["words"] for entry in log] == ["transcoding", "no subtitles"]
