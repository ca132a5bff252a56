"""What becomes of an upload that is whole: quarantine until the probe has said what it is (AX11, B84, B106, D01)."""

from __future__ import annotations

import argparse
import hashlib
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from labour import quick, soon
from sqlmodel import select
from test_tus import FILM, create, on_disk, send
from test_upload_forms import form, post

from assembly.kinds import kinds as kinds_of
from assembly.kinds import looked
from control_api.jobs.packaging import Package
from control_api.tables import Job
from control_api.uploads import tus
from control_api.uploads.content import Probed, Unfit
from control_api.uploads.states import GONE, MOVES, UploadState, leads
from control_api.uploads.taking_in import taking_in
from packager.run import ffmpeg_binary
from playout.media import Place

if TYPE_CHECKING:
    from pathlib import Path

    from clients import Client, Reply

    from control_api.database import Database
    from control_api.settings import Settings


def drawn(path: Path, *arguments: str) -> bytes:
    """What ffmpeg makes of these arguments."""
    command = [ffmpeg_binary(), "-hide_banner", "-nostdin", "-loglevel", "error", *arguments, str(path)]
    subprocess.run(command, check=True)
    return path.read_bytes()


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    picture = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=2")
    sound = ("-f", "lavfi", "-i", "sine=duration=2")
    return drawn(path, *picture, *sound, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")


@pytest.fixture(scope="session")
def song(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("song") / "song.wav"
    return drawn(path, "-f", "lavfi", "-i", "sine=duration=4")


def probing() -> Any:
    """The kind of job that takes in, with the probe that the program itself has."""
    return taking_in(looked)


async def settled(client: Client, made: Reply, *states: str) -> dict[str, Any]:
    """The upload, once it is in one of these states."""
    found: dict[str, Any] = {}

    async def is_there() -> bool:
        found.update((await client.get(f"/api/v1/uploads/{made.headers['Location'].rpartition('/')[2]}")).json)
        return found["state"] in states

    await soon(is_there)
    return found


async def test_what_is_media_leaves_quarantine_and_is_packaged_whatever_its_name_is(
    settings: Settings, key: str, database: Database, film: bytes
) -> None:
    async with running(quick(settings, works=True), kinds=[probing()]) as nobody:
        client = nobody.known_by(key)
        parts = (("file", "harmless.txt", film), ("title", None, b"Film"), ("type", None, b"ad"))
        found = await settled(client, await post(client, form(*parts)), "accepted", "refused")
        assert found["state"] == "accepted"
        assert found["found"] == {
            "container": "mov,mp4,m4a,3gp,3g2,mj2", "duration_ms": 2000, "video": "h264", "width": 320, "height": 180,
            "audio": ["aac und"], "subtitles": [],
        }  # fmt: skip
    async with database.reading() as session:
        job = (await session.exec(select(Job).where(Job.kind == "package"))).one()
    given = Package.model_validate(job.given)
    assert (given.source, given.title, given.kind) == (f".uploads/{found['id']}", "Film", "ad")
    assert job.subject == found["id"]
    assert on_disk(settings) == {found["id"]: film}


async def test_sound_alone_is_accepted(settings: Settings, key: str, song: bytes) -> None:
    async with running(quick(settings, works=True), kinds=[probing()]) as nobody:
        client = nobody.known_by(key)
        parts = (("file", "song.wav", song), ("type", None, b"audio"))
        found = await settled(client, await post(client, form(*parts), path="/media"), "accepted", "refused")
    assert (found["found"]["video"], found["found"]["audio"]) == ("", ["pcm_s16le und"])


@pytest.mark.parametrize(
    "data",
    [
        FILM,
        b"<html>" * 1000,
        b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(5000),  # it begins as a film does
        b"#EXTM3U\n#EXTINF:4,\nfile:///etc/passwd\n",
    ],
)
async def test_what_is_none_is_refused_with_a_reason_and_its_bytes_are_removed(
    settings: Settings, key: str, database: Database, data: bytes
) -> None:
    async with running(quick(settings, works=True), kinds=[probing()]) as nobody:
        client = nobody.known_by(key)
        made = await post(client, form(("file", "film.mp4", data)))
        found = await settled(client, made, "accepted", "refused")
        assert (found["state"], found["is_kept"]) == ("refused", False)
        assert found["reason"]
        await soon(lambda: on_disk(settings) == {})
        events = (await client.get("/api/v1/events?type=upload.refused&type=asset.failed")).json["items"]
        assert [event["type"] for event in events] == ["upload.refused", "asset.failed"]
        assert events[0]["data"]["reason"] == found["reason"]
        told = events[1]["data"]
        assert (events[1]["subject"], told["upload"], told["source"]) == (found["id"], found["id"], "film.mp4")
        assert found["reason"] == f"{told['reason']}. {told['advice']}".strip()
    async with database.reading() as session:
        assert (await session.exec(select(Job).where(Job.kind == "package"))).all() == []


async def test_where_nobody_looks_into_files_nothing_leaves_quarantine(
    settings: Settings, key: str, film: bytes, database: Database
) -> None:
    async with running(quick(settings, works=True)) as nobody:
        client = nobody.known_by(key)
        made = await post(client, form(("file", "film.mp4", film)))
    async with running(quick(settings, works=True)) as nobody:
        client = nobody.known_by(key)
        assert (await settled(client, made, "quarantined"))["found"] is None
    async with database.reading() as session:
        assert [job.state for job in (await session.exec(select(Job))).all()] == ["queued"]


async def test_the_checksum_of_what_came_in_two_lives_of_the_server_is_read_from_the_file(
    settings: Settings, key: str
) -> None:
    async with running(quick(settings)) as nobody:
        client = nobody.known_by(key)
        made = await create(client, data=FILM[:1000], headers={"Content-Type": tus.OFFSET_TYPE})
    looked: list[Path] = []

    async def probe(path: Path) -> Probed | Unfit:
        looked.append(path)
        return Probed(container="test", duration_ms=1)

    async with running(quick(settings, works=True), kinds=[taking_in(probe)]) as nobody:
        client = nobody.known_by(key)
        await send(client, made.headers["Location"], 1000, FILM[1000:])
        found = await settled(client, made, "accepted")
    assert found["sha256"] == hashlib.sha256(FILM).hexdigest()
    assert [path.name for path in looked] == [found["id"]]


async def test_a_look_that_failed_by_the_machine_is_made_again(settings: Settings, key: str) -> None:
    times: list[int] = []

    async def probe(_path: Path) -> Probed | Unfit:
        times.append(1)
        return Unfit(reason="no memory", again=True)

    async with running(quick(settings, works=True), kinds=[taking_in(probe)]) as nobody:
        client = nobody.known_by(key)
        made = await post(client, form(("file", "x", FILM)))
        await soon(lambda: len(times) == 1)
        job = (await client.get(f"/api/v1/jobs?subject={made.json['id']}")).json["items"][0]
        assert (await settled(client, made, "quarantined"))["is_kept"] is True
    assert job["kind"] == "take_in"


async def test_an_upload_is_looked_into_once_more_when_people_want_it(settings: Settings, key: str) -> None:
    """AX11: what was found is written anew."""
    lengths = [1, 2]

    async def probe(_path: Path) -> Probed | Unfit:
        return Probed(container="test", duration_ms=lengths.pop(0))

    async with running(quick(settings, works=True), kinds=[taking_in(probe)]) as nobody:
        client = nobody.known_by(key)
        made = await post(client, form(("file", "x", FILM)))
        assert (await settled(client, made, "accepted"))["found"]["duration_ms"] == 1
        path = made.headers["Location"]
        await client.ask("POST", f"{path}/probe", 202)

        async def is_new() -> bool:
            return bool((await client.get(path)).json["found"]["duration_ms"] == 2)

        await soon(is_new)
        assert (await client.get(path)).json["state"] == "accepted"
        await client.ask("DELETE", path)
        await client.ask("POST", f"{path}/probe", 409)


def served(media: Path) -> argparse.Namespace:
    return argparse.Namespace(media=Place(media), channels=media / "none.yaml", house="fast", jobs=1)


@pytest.mark.media
async def test_an_upload_becomes_an_asset_and_its_original_is_kept_or_dropped(
    settings: Settings, key: str, film: bytes
) -> None:
    """The whole way, with the jobs that the program itself runs (A15, B83, B84); once more, and it is there already."""
    kinds = kinds_of(served(settings.media), 1, 1)
    kept: list[str] = []
    for originals in ("keep", "drop"):
        how = quick(settings, works=True, originals=originals, job_lease_seconds=60)
        async with running(how, kinds=kinds) as nobody:
            client = nobody.known_by(key)
            made = await create(
                client, len(film), data=film,
                headers={"Content-Type": tus.OFFSET_TYPE, "Upload-Metadata": "title RmlsbQ=="},
            )  # fmt: skip
            found = await settled(client, made, "packaged", "refused")
            assert (settings.media / "assets" / found["asset_id"] / "asset.json").is_file()
            assert found["sha256"] == hashlib.sha256(film).hexdigest()
            if originals == "keep":
                kept.append(found["id"])
            else:
                assert found["is_kept"] is False
            await soon(lambda: on_disk(settings) == dict.fromkeys(kept, film))
            listed = (await client.get(f"/api/v1/uploads?asset={found['asset_id']}")).json["items"]
            assert {item["id"] for item in listed} == {*kept, found["id"]}


def test_the_table_of_moves_has_no_way_past_quarantine() -> None:
    assert set(MOVES) == set(UploadState)
    assert [state for state in UploadState if leads(state, UploadState.ACCEPTED)] == [UploadState.QUARANTINED]
    assert [state for state in UploadState if leads(state, UploadState.PACKAGED)] == [UploadState.ACCEPTED]
    assert all(MOVES[state] <= {UploadState.ENDED} for state in GONE)
