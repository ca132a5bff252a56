"""Backups: the station as one archive while it runs, and back again, whatever database it goes into."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from labour import quick, soon, until, working
from sqlalchemy import inspect
from sqlmodel import select

from control_api import schema
from control_api.backups import rows
from control_api.backups.archive import BadArchive, Reader, Writer
from control_api.backups.making import make
from control_api.backups.restoring import NotEmpty, restore
from control_api.backups.work import BACKUP, DROP_ARCHIVE, place
from control_api.database import Database
from control_api.demo.seeding import NotOurs, seed
from control_api.jobs.states import JobState
from control_api.key_creation import create_key
from control_api.library import editing
from control_api.library.facts import TitleGiven
from control_api.scopes import Scope
from control_api.settings import Settings
from control_api.tables import METADATA, Account, Artwork, Import, RatingSum, Secret, Title
from control_api.uploads import beginning
from fastline import main
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clients import Client
    from clusters import Cluster

PHRASE = "correct horse battery"
QUICK: dict[str, Any] = {"password_memory_kib": 64, "password_rounds": 1, "works": False, "tells": False}


async def nobody(_permille: int, _words: str) -> None:
    """Hears nothing."""


async def everything(url: str, *, secrets: bool = False) -> dict[str, list[str]]:
    """Every row of every table, as lines; the names within JSON have no order, and PostgreSQL gives them another."""
    database = Database(url)
    found = {}
    async with database.engine.connect() as connection:
        for table in [*rows.tables(), *(rows.secret_tables() if secrets else [])]:
            text = b"".join([some async for some in rows.lines(connection, table)])
            found[table.name] = sorted(json.dumps(json.loads(line), sort_keys=True) for line in text.splitlines())
    await database.close()
    return found


async def station(settings: Settings) -> None:
    """A station with titles that name each other, accounts, pictures, keys, a log and channels."""
    await seed(settings, 30, 1, system_clock, pictured=2)
    await create_key(settings, "k", list(Scope), None, system_clock)
    for path, text in (("channels/noir/log/2026-01-01/000000000001.json", "{}"), ("library/00000001.json", "[]")):
        (settings.media / path).parent.mkdir(parents=True, exist_ok=True)
        (settings.media / path).write_text(text)
    (settings.media / "assets/a1").mkdir(parents=True)
    (settings.media / "assets/a1/asset.json").write_bytes(bytes(range(256)))
    settings.channels.write_text("channels: {}  # kept\n")


async def summed(settings: Settings) -> dict[str, tuple[int, int]]:
    """The sums of ratings, which are in no backup: the database makes them of the rows."""
    database = Database(settings.database_url)
    async with database.reading() as session:
        found = (await session.exec(select(RatingSum.title_id, RatingSum.ratings, RatingSum.total))).all()
    await database.close()
    return {title: (ratings, total) for title, ratings, total in found}


async def saved(settings: Settings, target: Path, *, media: bool = False, passphrase: str = "") -> Any:
    database = Database(settings.database_url)
    try:
        return await make(
            database, settings, target, media=media, passphrase=passphrase, clock=system_clock, tell=nobody
        )
    finally:
        await database.close()


@pytest.fixture(scope="module")
def kept(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]]]:
    """The archive of a station, without media and secrets, and all its rows."""
    folder = tmp_path_factory.mktemp("kept")
    shutil.copy(sqlite_template, folder / "station.db")
    database = f"sqlite+aiosqlite:///{folder / 'station.db'}"
    mine = Settings(media=folder / "media", channels=folder / "channels.yaml", database=database, **QUICK)

    async def making() -> dict[str, list[str]]:
        await station(mine)
        await saved(mine, folder / "s.tar.gz")
        return await everything(mine.database_url)

    return folder / "s.tar.gz", asyncio.run(making())


def elsewhere(tmp_path: Path, url: str = "") -> Settings:
    place = tmp_path / "elsewhere"
    return Settings(media=place / "media", channels=tmp_path / "other.yaml", database=url, **QUICK)


def files(settings: Settings) -> dict[str, bytes]:
    folder = settings.media
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if not name.startswith(("fastline", "empty", "backups"))}


@pytest.fixture
def empties(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """The URLs of databases with nothing in them, one of each kind."""
    cluster: Cluster = request.getfixturevalue("postgresql")
    cluster.create("empties")
    yield f"sqlite+aiosqlite:///{tmp_path / 'empties.db'}", cluster.url("empties")
    cluster.drop("empties")


async def test_every_row_and_file_comes_back_in_either_database(
    settings: Settings, empties: tuple[str, ...], tmp_path: Path
) -> None:
    """SQLite into SQLite and PostgreSQL, PostgreSQL into both."""
    mine = settings.model_copy(update={**QUICK, "media": tmp_path / "media"})
    await station(mine)
    made = await saved(mine, tmp_path / "s.tar.gz", media=True, passphrase=PHRASE)
    before, sums = await everything(mine.database_url, secrets=True), await summed(mine)
    for number, empty in enumerate(empties):
        place = tmp_path / f"place{number}"
        place.mkdir()
        other = elsewhere(place, empty)
        done = await restore(tmp_path / "s.tar.gz", other, PHRASE)
        assert await everything(other.database_url, secrets=True) == before
        assert files(other) == files(mine)
        assert other.channels.read_text() == "channels: {}  # kept\n"
        assert (done.files, done.secrets, made.secrets) == (len(files(mine)), True, True)
        async with running(other) as client:  # and it goes on from there
            key = await create_key(other, "k2", list(Scope), None, system_clock)
            owned = client.known_by(key)
            await owned.post("/api/v1/titles", {"kind": "movie", "name": "New"})
            found = (await owned.get("/api/v1/titles?limit=100")).json["items"]
            assert (await owned.get("/api/v1/titles?q=new")).json["items"][0]["name"] == "New"
        assert len(found) >= 30
        assert await summed(other) == sums != {}


async def signed(settings: Settings) -> bytes:
    """A secret of the station, as it would stand in a file in the clear."""
    database = Database(settings.database_url)
    async with database.writing() as session:
        session.add(Secret(name="x", value=b"\1" * 30, created_at=datetime(2026, 1, 1, tzinfo=UTC)))
    await database.close()
    return b"AQEBAQEBAQEBAQEBAQEBAQEB"


async def linked(settings: Settings) -> None:
    """An upload and an import of what lies behind a link that only its owner knows."""
    now, link = system_clock(), "https://me:s3cret@feeds.example/a.csv?token=s3cret#s3cret"
    database = Database(settings.database_url)
    async with database.writing() as session:
        upload = beginning.new("ac_1", "link", now, settings, link=link)
        film = Import(id="im_1", format="csv", feed="csv", name="A", link=link, created_at=now)
        session.add_all([upload, film])
    await database.close()


async def test_nothing_secret_is_in_an_archive_in_the_clear_and_a_place_with_content_stays_as_it_is(
    settings: Settings, tmp_path: Path
) -> None:
    """Without media and without a passphrase neither is in it; keys in links never are; secrets open with theirs."""
    counted, public = "async+redis://:swordfish@h/1", "https://me:swordfish@tv.example"
    mine = settings.model_copy(
        update={**QUICK, "media": tmp_path / "media", "rate_storage": counted, "origin_url": public}
    )
    await station(mine)
    await linked(mine)
    secret = await signed(mine)
    made = await saved(mine, tmp_path / "s.tar.gz")
    plain = gzip.decompress((tmp_path / "s.tar.gz").read_bytes())
    assert secret not in plain
    assert b"swordfish" not in plain
    assert b'"rate": "' in plain
    assert b"s3cret" not in plain
    assert plain.count(b"https://feeds.example/a.csv") == 2
    assert ("poster_due", "url") in rows.LINKS
    other = elsewhere(tmp_path)
    done = await restore(tmp_path / "s.tar.gz", other, "")
    assert (made.secrets, done.secrets) == (False, False)
    assert not (other.media / "assets").exists()
    assert (await everything(other.database_url, secrets=True))["secret"] == []
    await opens_with_its_passphrase_alone(mine, secret, tmp_path)
    await stays_as_it_is(mine, tmp_path)


async def opens_with_its_passphrase_alone(mine: Settings, secret: bytes, tmp_path: Path) -> None:
    await saved(mine, tmp_path / "sealed.tar.gz", passphrase=PHRASE)
    assert secret not in gzip.decompress((tmp_path / "sealed.tar.gz").read_bytes())
    third = elsewhere(tmp_path / "third")
    with pytest.raises(BadArchive, match="its secrets were sealed with another passphrase"):
        await restore(tmp_path / "sealed.tar.gz", third, "another passphrase")
    assert files(third) == {}
    assert (await restore(tmp_path / "sealed.tar.gz", third, PHRASE)).secrets


async def stays_as_it_is(mine: Settings, tmp_path: Path) -> None:
    before = await everything(mine.database_url)
    with pytest.raises(NotEmpty, match=r"there is content in .*: artwork, assets, channels, library"):
        await restore(tmp_path / "s.tar.gz", mine, "")
    other = elsewhere(tmp_path / "fourth", mine.database_url)
    with pytest.raises(NotEmpty, match="there is content in the table"):
        await restore(tmp_path / "s.tar.gz", other, "")
    other = elsewhere(tmp_path / "fourth")
    other.channels.parent.mkdir(exist_ok=True)
    other.channels.write_text("mine")
    with pytest.raises(NotEmpty, match=r"other\.yaml is there"):
        await restore(tmp_path / "s.tar.gz", other, "")
    assert await everything(mine.database_url) == before


def rewritten(source: Path, target: Path, change: Any) -> None:
    """The archive with other files, and a manifest that fits them."""
    with source.open("rb") as old, target.open("wb") as new:
        reader, writer = Reader(old), Writer(new, {})
        for entry in reader.entries():
            content = b"".join(reader.pieces(entry))
            if entry.name != "manifest.json":
                for name, data in change(entry.name, content):
                    writer.add(name, io.BytesIO(data), len(data))
        writer.end()


BAD = (
    ("database/title.jsonl", b'{"id": 1}\n', "database/title.jsonl: a row has other columns than its table"),
    ("database/title.jsonl", b"{", "database/title.jsonl breaks off within a row"),
    ("database/other.jsonl", b"", "database/other.jsonl is of a table that the archive does not describe"),
    ("store/fastline.db", b"x", "store/fastline.db does not belong into a backup"),
    ("store/sources/evil.mp4", b"x", "store/sources/evil.mp4 does not belong into a backup"),
)
"""What stands there instead, or more than there was, and what is said of it."""


async def test_what_fits_its_digests_and_not_a_station_leaves_nothing_behind(
    kept: tuple[Path, dict[str, list[str]]], empty_url: str, tmp_path: Path
) -> None:
    """In the place into which the good one goes at the end."""
    archive, whole = kept
    other = elsewhere(tmp_path, empty_url)
    for name, data, words in BAD:

        def change(known: str, content: bytes, name: str = name, data: bytes = data) -> list[tuple[str, bytes]]:
            if known == name:
                return [(name, data)]
            more = [(name, data)] if known == "settings.json" and not name.startswith("database/title") else []
            return [(known, content), *more]

        rewritten(archive, tmp_path / "bad.tar.gz", change)
        with pytest.raises(BadArchive) as refused:
            await restore(tmp_path / "bad.tar.gz", other, "")
        assert str(refused.value) == words
        assert files(other) == {}
        assert not other.channels.exists()
    await restore(archive, other, "")
    assert await everything(other.database_url) == whole


async def tables_of(folder: Path, revision: str) -> set[str]:
    """The tables that there were with this migration."""
    url = f"sqlite+aiosqlite:///{folder / 'former.db'}"
    await schema.upgrade(url, revision)
    database = Database(url)
    async with database.engine.connect() as connection:
        names = await connection.run_sync(lambda plain: inspect(plain).get_table_names())
    await database.close()
    return set(names)


async def test_a_backup_of_an_older_schema_is_restored_and_brought_up_to_date(
    kept: tuple[Path, dict[str, list[str]]], empty_url: str, tmp_path: Path
) -> None:
    """Rows as the schema before the last one had them: the tables of the last migration are empty afterwards."""
    archive, before = kept
    gone = {*METADATA.tables} - await tables_of(tmp_path, "0006")

    def change(known: str, content: bytes) -> list[tuple[str, bytes]]:
        if known == "station.json":
            said = json.loads(content)
            tables = {name: columns for name, columns in said["tables"].items() if name not in gone}
            return [(known, json.dumps({"revision": "0006", "tables": tables}).encode())]
        return [] if known.removeprefix("database/").removesuffix(".jsonl") in gone else [(known, content)]

    rewritten(archive, tmp_path / "old.tar.gz", change)
    other = elsewhere(tmp_path, empty_url)
    await restore(tmp_path / "old.tar.gz", other, "")
    found = await everything(other.database_url)
    assert {name: lines for name, lines in found.items() if name not in gone} == {
        name: lines for name, lines in before.items() if name not in gone
    }
    database = Database(other.database_url)
    assert await schema.current(database) == schema.head()
    await database.close()

    def newer(known: str, content: bytes) -> list[tuple[str, bytes]]:
        return [(known, content.replace(json.dumps(schema.head()).encode(), b'"9999"'))]

    rewritten(archive, tmp_path / "new.tar.gz", newer)
    with pytest.raises(BadArchive, match="it is of schema 9999, which this version does not know"):
        await restore(tmp_path / "new.tar.gz", elsewhere(tmp_path / "x"), "")


async def test_a_backup_is_of_one_moment_while_titles_are_made(settings: Settings, tmp_path: Path) -> None:
    """Each title that is made while the archive is written is in it with all its parts, or not at all."""
    mine = settings.model_copy(update={**QUICK, "media": tmp_path / "media"})
    database = Database(mine.database_url)
    begun, done = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            given = TitleGiven(kind="movie", name=f"M{number}", tags=[f"t{number}"], ids=[f"x:{number}"])  # type: ignore[arg-type]
            async with database.writing() as session:
                await editing.create(session, given, datetime(2026, 1, 1, tzinfo=UTC))
            begun.set()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write())
        await begun.wait()
        await saved(mine, tmp_path / "s.tar.gz")
        done.set()
    await database.close()
    other = elsewhere(tmp_path)
    await restore(tmp_path / "s.tar.gz", other, "")
    found = await everything(other.database_url)
    count = len(found["title"])
    assert count > 0
    assert {name: len(found[name]) for name in ("title_tag", "tag", "title_elsewhere", "search_title")} == {
        "title_tag": count, "tag": count, "title_elsewhere": count, "search_title": count,
    }  # fmt: skip


async def test_backups_over_the_api_are_made_downloaded_and_deleted(
    settings: Settings, client: Client, database: Database
) -> None:
    begun = (await client.post("/api/v1/backups", {}, 202)).json
    await until(database, begun["job"], JobState.SUCCEEDED)
    made = (await client.get(f"/api/v1/backups/{begun['id']}")).json
    archive = await client.get(f"/api/v1/backups/{begun['id']}/archive")
    assert len(archive.body) == made["size"]
    reader = Reader(io.BytesIO(archive.body))
    assert next(reader.entries()).name == "station.json"
    assert [one["id"] for one in (await client.get("/api/v1/backups")).json["items"]] == [begun["id"]]
    await client.ask("DELETE", f"/api/v1/backups/{begun['id']}", 204)
    await client.get(f"/api/v1/backups/{begun['id']}/archive", 404)
    await soon(lambda: list((settings.media / "backups").iterdir()) == [])


async def test_an_archive_stays_while_it_is_not_certain_that_nobody_knows_it(
    settings: Settings, key: str, database: Database
) -> None:
    """No worker runs: the row is gone, and its archive, whose removal is a job."""
    idle = settings.model_copy(update=QUICK)
    async with running(idle) as nobody:
        client = nobody.known_by(key)
        begun = (await client.post("/api/v1/backups", {}, 202)).json
        async with working(database, quick(settings), BACKUP, name="one"):
            await until(database, begun["job"], JobState.SUCCEEDED)
        await client.ask("DELETE", f"/api/v1/backups/{begun['id']}", 204)
    archive = place(settings.media, begun["id"])
    assert archive.exists()
    async with working(database, quick(settings), DROP_ARCHIVE, name="two"):
        await soon(lambda: not archive.exists())


async def test_the_demo_is_the_same_for_its_seed_and_changes_nothing_twice(settings: Settings, tmp_path: Path) -> None:
    """A26, B27, B41, C65: a library with users of each role, in both languages, with pictures of our own."""
    mine = settings.model_copy(update={**QUICK, "media": tmp_path / "media"})
    first = await seed(mine, 40, 3, system_clock, pictured=2)
    assert first.made >= 40
    assert [(name, role) for name, role, _ in first.accounts] == [
        (f"demo-{role}", role) for role in ("viewer", "editor", "operator", "admin")
    ]
    before = await everything(mine.database_url)
    again = await seed(mine, 40, 3, system_clock, pictured=2)
    assert (again.made, again.pictures, again.accounts) == (0, 0, [])
    after = await everything(mine.database_url)
    passing = {"event", "import", "import_entry"}
    assert {name: some for name, some in after.items() if name not in passing} == {
        name: some for name, some in before.items() if name not in passing
    }
    database = Database(mine.database_url)
    async with database.reading() as session:
        kinds = set((await session.exec(select(Title.kind))).all())
        pictures = (await session.exec(select(Artwork.shape))).all()
        passwords = (await session.exec(select(Account.password))).all()
    assert kinds == {"movie", "series", "season", "episode", "short", "audio"}
    assert set(pictures) == {"portrait", "landscape"}
    known = [password for password in passwords if password]  # who only watches signs in nowhere
    assert len(known) == 4
    assert all(password.startswith("$argon2id$") for password in known)
    async with database.writing() as session:
        await editing.create(session, TitleGiven(kind="movie", name="Real"), datetime(2026, 1, 1, tzinfo=UTC))  # type: ignore[arg-type]
    await database.close()
    with pytest.raises(NotOurs, match="there are 1 titles that are not of the demo"):
        await seed(mine, 40, 3, system_clock, pictured=2)
    assert (await seed(mine, 40, 3, system_clock, beside=None, pictured=2)).made == 0


def test_the_commands_back_up_reset_and_restore(
    tmp_path: Path, empty_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """B41, CX7, E54: `db upgrade` and `db reset` with confirmation, `seed`, `backup` and `restore` as commands."""
    monkeypatch.setenv("FASTLINE_DATABASE", empty_url)
    for name in ("PASSWORD_MEMORY_KIB=64", "PASSWORD_ROUNDS=1", f"CHANNELS={tmp_path / 'c.yaml'}"):
        monkeypatch.setenv("FASTLINE_" + name.partition("=")[0], name.partition("=")[2])
    media, archive = ["--media", str(tmp_path / "m")], str(tmp_path / "s.tar.gz")
    assert main(["db", "upgrade", *media]) == 0
    assert main(["seed", "--titles", "12", *media]) == 0
    assert main(["backup", archive, *media]) == 0
    assert main(["backup", archive, *media]) == 1
    assert "s.tar.gz is there already: name another file" in capsys.readouterr().err
    assert main(["restore", archive, *media]) == 1
    assert "there is content in" in capsys.readouterr().err
    assert main(["db", "reset", *media]) == 1
    assert "say --yes" in capsys.readouterr().err
    assert main(["db", "reset", "--yes", *media]) == 0
    assert main(["restore", archive, "--media", str(tmp_path / "n")]) == 0
    assert "is back: " in capsys.readouterr().out
    assert main(["seed", "--titles", "12", "--media", str(tmp_path / "n")]) == 0
    assert "0 titles made, " in capsys.readouterr().out
