"""Backups and the demo of a station whose store is a bucket of a real service: nothing of it is forgotten."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any

import pytest
from buckets import BUCKET, Service, serving
from clients import running
from sqlmodel import select

from control_api.backups.archive import BadArchive, Reader
from control_api.backups.making import make
from control_api.backups.restoring import NotEmpty, restore
from control_api.database import Database
from control_api.demo.seeding import seed
from control_api.key_creation import create_key
from control_api.library.pictures import key as picture_key
from control_api.scopes import Scope
from control_api.settings import Settings
from control_api.tables import Artwork
from fastline import main
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playout.store import Store

QUICK: dict[str, Any] = {"password_memory_kib": 64, "password_rounds": 1, "works": False, "tells": False, "port": 0}
DOCUMENTS = {
    "amendments/00000001.json": b"[1]",
    "catalogs/0123abcd.json": b"{}",
    "channels/noir/log/2026-01-01/000000000001.json": b"[]",
    "channels/noir/log/2026-01-02/000000000002.json": b"[2]",
    "channels/noir/revisions/00000001.json": b"{}",
    "channels/noir/withdrawn/00000001.json": b"{}",
    "library/00000001.json": b"[]",
}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving() as found:
        yield found


def nowhere(tmp_path: Path, name: str, service: Service, url: str = "") -> Settings:
    """A place with nothing in it."""
    assert service.process
    bucket = f"s3://{BUCKET}/{name}-{secrets.token_hex(6)}"
    folder = tmp_path / name
    folder.mkdir(exist_ok=True)
    return Settings(media=folder / "local", bucket=bucket, channels=folder / "c.yaml", database=url, **QUICK)


async def station(settings: Settings) -> Store:
    await seed(settings, 20, 1, system_clock, pictured=2)
    store = settings.place.store()
    for name, data in DOCUMENTS.items():
        assert store.put_new(name, data)
    store.put_new("assets/a1/asset.json", b"{}")
    settings.channels.write_text("channels: {}\n")
    return store


async def saved(settings: Settings, target: Path, *, media: bool = False) -> int:
    async def tell(_permille: int, _words: str) -> None:
        """Hears nothing."""

    database = Database(settings.database_url)
    try:
        made = await make(database, settings, target, media=media, passphrase="", clock=system_clock, tell=tell)
    finally:
        await database.close()
    return made.files


async def shown(settings: Settings) -> list[str]:
    """The keys of the pictures that the library shows."""
    database = Database(settings.database_url)
    async with database.reading() as session:
        rows = (await session.exec(select(Artwork))).all()
    await database.close()
    return [picture_key(f"{row.digest}.{row.media_type.rpartition('/')[2]}") for row in rows]


@pytest.fixture(scope="module")
def kept(service: Service, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Path, int]:
    """A station in a bucket, its archive, and how many files are in that."""
    folder = tmp_path_factory.mktemp("kept")
    mine = nowhere(folder, "mine", service)

    async def making() -> int:
        await station(mine)
        return await saved(mine, folder / "s.tar.gz")

    return mine, folder / "s.tar.gz", asyncio.run(making())


async def test_the_demo_hangs_its_pictures_where_they_are_looked_for(kept: tuple[Settings, Path, int]) -> None:
    mine, _, _ = kept
    pictures = await shown(mine)
    assert len(pictures) == 4
    store = mine.place.store()
    assert all(store.read(one) for one in pictures)
    assert not (mine.media / "artwork").exists()


@pytest.mark.parametrize("to", ["bucket", "folder"])
async def test_a_station_in_a_bucket_comes_back_with_all_its_documents(
    service: Service, kept: tuple[Settings, Path, int], tmp_path: Path, to: str
) -> None:
    """B41, E54: revisions, logs, catalogs, amendments, withdrawals, editions and artwork, which the folder has not."""
    mine, archive, count = kept
    with archive.open("rb") as file:
        reader = Reader(file)
        whole = {entry.name: b"".join(reader.pieces(entry)) for entry in reader.entries()}
    assert b"s3://" not in whole["settings.json"]
    other = nowhere(tmp_path, "other", service)
    if to == "folder":
        other = other.model_copy(update={"bucket": ""})
    done = await restore(archive, other, "")
    pictures = await shown(mine)
    assert done.files == count == len(DOCUMENTS) + len(set(pictures))
    store = other.place.store()
    assert {name: store.read(name) for name in DOCUMENTS} == DOCUMENTS
    assert [store.read(name) for name in pictures] == [mine.place.store().read(name) for name in pictures]
    assert store.names("assets") == []
    assert other.channels.read_text() == "channels: {}\n"
    if to == "bucket":
        assert not (other.media / "channels").exists()
        with pytest.raises(NotEmpty, match=r"there is content in s3://.*: amendments, artwork, catalogs, channels"):
            await restore(archive, other, "")


async def test_an_archive_of_a_folder_goes_into_a_bucket_with_its_media(service: Service, tmp_path: Path) -> None:
    from_folder = nowhere(tmp_path, "mine", service).model_copy(update={"bucket": ""})
    await station(from_folder)
    await saved(from_folder, tmp_path / "s.tar.gz", media=True)
    other = nowhere(tmp_path, "other", service)
    await restore(tmp_path / "s.tar.gz", other, "")
    assert other.place.store().read("assets/a1/asset.json") == b"{}"


async def test_media_are_not_copied_out_of_a_bucket(service: Service, tmp_path: Path) -> None:
    mine = nowhere(tmp_path, "mine", service)
    key = await create_key(mine, "k", list(Scope), None, system_clock)
    with pytest.raises(BadArchive, match="copy the bucket by its own means, and back up without media"):
        await saved(mine, tmp_path / "s.tar.gz", media=True)
    assert not (tmp_path / "s.tar.gz").exists()
    async with running(mine) as client:
        owned = client.known_by(key)
        refused = (await owned.post("/api/v1/backups", {"media": True}, 422)).json
        assert [one["pointer"] for one in refused["errors"]] == ["/media"]
        assert "copy the bucket by its own means" in refused["detail"]
        await owned.post("/api/v1/backups", {}, 202)


async def test_what_fails_at_its_end_leaves_nothing_in_the_bucket(
    service: Service, kept: tuple[Settings, Path, int], tmp_path: Path
) -> None:
    _, archive, _ = kept
    other = nowhere(tmp_path, "other", service)
    nobody = other.model_copy(update={"channels": tmp_path / "no/such/folder/c.yaml"})
    with pytest.raises(FileNotFoundError):
        await restore(archive, nobody, "")
    store = other.place.store()
    assert [name for name in DOCUMENTS if store.read(name) is not None] == []
    assert store.names("artwork") == []
    await restore(archive, other, "")


def test_a_dead_bucket_is_told_by_the_command_and_leaves_no_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving() as service:
        mine = nowhere(tmp_path, "mine", service)
        named = {"BUCKET": mine.bucket, "MEDIA": str(mine.media), "CHANNELS": str(mine.channels)}
        for name, value in named.items():
            monkeypatch.setenv(f"FASTLINE_{name}", value)
        service.kill()
        assert main(["backup", str(tmp_path / "s.tar.gz")]) == 1
    assert "the bucket cannot be used: it cannot be reached" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
