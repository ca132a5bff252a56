"""A folder of films with their side-cars: packaged by jobs, idempotent, dry, and never left (C05, C08)."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from labour import quick, soon, working
from sqlmodel import col, select

from assembly.kinds import films_of
from assembly.kinds import kinds as kinds_of
from control_api.imports.folders import NotAdmitted, Reading, admitted, importing
from control_api.jobs.packaging import PACKAGE, Package, located
from control_api.jobs.states import JobState
from control_api.jobs.work import Broken
from control_api.settings import Settings, Unsettled, read
from control_api.tables import Job
from fastline import main
from packager import folders, slate
from packager.run import ffmpeg_binary
from playout.clock import system_clock
from playout.core.house import HOUSES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from clients import Client

    from control_api.database import Database

pytestmark = pytest.mark.media

FOLDER = "/api/v1/imports:folder"
SUBTITLES = "1\n00:00:00,000 --> 00:00:01,000\nHello\n"


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the slate of its house."""
    media = tmp_path_factory.mktemp("stock")
    asyncio.run(slate.ensure(media, HOUSES["fast"], lambda _: None, system_clock))
    return media


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two films."""
    folder = tmp_path_factory.mktemp("drawn")
    for name, tone in (("one.mp4", 500), ("two.mp4", 600)):
        given = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=2", "-f", "lavfi", "-i", f"sine={tone}:d=2")
        coded = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-shortest")
        subprocess.run([ffmpeg_binary(), "-nostdin", "-v", "error", *given, *coded, str(folder / name)], check=True)
    return folder


@pytest.fixture
def films(drawn: Path, tmp_path: Path) -> Path:
    """A folder of films as people keep them."""
    root = tmp_path / "films"
    (root / "series").mkdir(parents=True)
    shutil.copy(drawn / "one.mp4", root / "one.mp4")
    (root / "one.yaml").write_text("title: The One\ntags: [a]\nsubtitles: {en: series/one.srt}\n")
    (root / "series" / "one.srt").write_text(SUBTITLES)
    shutil.copy(drawn / "two.mp4", root / "series" / "two.mp4")
    shutil.copy(drawn / "two.mp4", root / "series" / "zwei.mp4")
    shutil.copy(drawn / "two.mp4", root / "wrong.mp4")
    (root / "wrong.yaml").write_text("kind: nonsense\n")
    (root / "words.mp4").write_text("no film")
    (root / "notes.txt").write_text("no film either")
    return root


@pytest.fixture
def allowed(settings: Settings, films: Path) -> Settings:
    return quick(settings, import_folders=(films,), works=True)


@pytest.fixture
async def desk(allowed: Settings, key: str) -> AsyncIterator[Client]:
    async with running(allowed, kinds=(importing(lambda: films_of(allowed)),)) as found:
        yield found.known_by(key)


async def bring(desk: Client, folder: Path, **more: Any) -> list[tuple[str, str, list[Any]]]:
    """Import a folder, and wait for the report: outcome, name and details."""
    return [(one["outcome"], one["name"], one["details"]) for one in await report(desk, folder, **more)]


async def report(desk: Client, folder: Path, **more: Any) -> list[dict[str, Any]]:
    begun = (await desk.post(FOLDER, {"folder": str(folder), **more}, 202)).json
    where = f"/api/v1/imports/{begun['id']}"

    async def is_over() -> bool:
        return (await desk.get(where)).json["ended_at"] is not None

    await soon(is_over)
    over = (await desk.get(where)).json
    entries: list[dict[str, Any]] = (await desk.get(f"{where}/entries")).json["items"]
    for outcome in ("made", "unchanged", "refused"):
        assert over[outcome] == len([one for one in entries if one["outcome"] == outcome])
    return entries


async def jobs(database: Database) -> list[Job]:
    async with database.reading() as session:
        rows = select(Job).where(Job.kind == PACKAGE.name).order_by(col(Job.id))
        return list((await session.exec(rows)).all())


WRONG = "its side-car wrong.yaml has mistakes: line 1: unknown kind `nonsense`"
WHOLE = [("made", "one.mp4"), ("refused", "words.mp4"), ("refused", "wrong.mp4"), ("made", "series/two.mp4"),
         ("unchanged", "series/zwei.mp4")]  # fmt: skip


async def test_each_film_becomes_a_job_once_and_the_report_has_every_file(
    desk: Client, films: Path, database: Database
) -> None:
    dry = await bring(desk, films, dry_run=True)
    assert [entry[:2] for entry in dry] == WHOLE
    assert await jobs(database) == []
    first = await report(desk, films)
    assert [(one["outcome"], one["name"]) for one in first] == WHOLE
    made = await jobs(database)
    assert [(job.id, job.subject) for job in made] == [
        (one["job"], one["asset_id"]) for one in first if one["outcome"] == "made"
    ]
    assert [Package.model_validate(job.given).source for job in made] == ["one.mp4", "series/two.mp4"]
    assert first[4]["details"] == ["the same as series/two.mp4"]
    assert next(one["details"][0]["detail"] for one in first if one["name"] == "wrong.mp4").startswith(WRONG)
    again = await report(desk, films)
    assert [one["outcome"] for one in again] == ["unchanged", "refused", "refused", "unchanged", "unchanged"]
    assert [one["job"] for one in again if one["outcome"] == "unchanged"] == [made[0].id, made[1].id, made[1].id]
    assert len(await jobs(database)) == 2
    (films / "one.yaml").write_text("title: The Other\n")
    assert [one[:2] for one in await bring(desk, films) if one[0] == "made"] == [("made", "one.mp4")]


async def test_what_is_packaged_is_left_alone_and_a_failure_is_told(
    desk: Client, films: Path, database: Database, allowed: Settings, stock: Path
) -> None:
    shutil.copytree(stock, allowed.media, dirs_exist_ok=True)
    (films / "wrong.mp4").unlink()
    first = await report(desk, films, house="fast")
    one, two = (entry for entry in first if entry["outcome"] == "made")
    (films / "series" / "two.mp4").unlink()
    packager = kinds_of(argparse.Namespace(media=allowed.place, house="fast"), 2, 1)
    async with working(database, allowed, packager[0]):

        async def is_done() -> bool:
            return all(job.state in (JobState.SUCCEEDED, JobState.FAILED) for job in await jobs(database))

        await soon(is_done)
    done = {job.id: job for job in await jobs(database)}
    assert (done[one["job"]].state, done[two["job"]].state) == (JobState.SUCCEEDED, JobState.FAILED)
    result = done[one["job"]].result
    assert result is not None
    assert result["asset"] == one["asset_id"]
    again = await report(desk, films, house="fast")
    assert [(entry["outcome"], entry["name"], entry["asset_id"]) for entry in again] == [
        ("unchanged", "one.mp4", one["asset_id"]), ("refused", "words.mp4", None),
        ("refused", "series/zwei.mp4", two["asset_id"]),
    ]  # fmt: skip
    assert f"Retry job {two['job']}" in again[2]["details"][0]["detail"]


async def test_nothing_is_read_that_leads_out_of_the_folder(desk: Client, films: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    shutil.copy(films / "one.mp4", secret / "one.mp4")
    (secret / "one.yaml").write_text("passwords: 12345\n")
    (secret / "one.srt").write_text(SUBTITLES)
    for name in ("wrong.mp4", "words.mp4", "series/zwei.mp4"):
        (films / name).unlink()
    (films / "film.mp4").symlink_to(secret / "one.mp4")
    (films / "folder").symlink_to(secret)
    shutil.copy(films / "one.mp4", films / "beside.mp4")
    (films / "beside.yaml").symlink_to(secret / "one.yaml")
    shutil.copy(films / "one.mp4", films / "named.mp4")
    (films / "named.yaml").write_text("subtitles: {en: folder/one.srt}\n")
    shutil.copy(films / "one.mp4", films / "near.mp4")
    (films / "near.en.srt").symlink_to(secret / "one.srt")
    (films / "within.mp4").symlink_to(films / "one.mp4")
    found = {entry["name"]: entry for entry in await report(desk, films)}
    refused = {name: entry["details"][0]["detail"] for name, entry in found.items() if entry["outcome"] == "refused"}
    assert refused == {
        "film.mp4": "it is a link that leads out of the folder. Put the file itself there.",
        "beside.mp4": "beside.yaml leads out of the folder. Put the file itself there, and no link to it.",
        "named.mp4": "one.srt leads out of the folder. Put the file itself there, and no link to it.",
        "near.mp4": "near.en.srt leads out of the folder. Put the file itself there, and no link to it.",
    }
    assert found["within.mp4"]["details"] == ["the same as one.mp4"]
    assert "12345" not in str(found)


async def test_only_folders_that_the_setting_names_are_imported(
    desk: Client, client: Client, films: Path, tmp_path: Path
) -> None:
    outside = "nothing is imported from there: the setting import_folders names the folders that may be"
    (films / "out").symlink_to(tmp_path)
    for folder, words in (
        (str(tmp_path), outside), ("/", outside), ("/nowhere/at/all", outside), (f"{films}/out", outside),
        (f"{films}/../films", "a folder is named by its whole path, without `..`"),
        ("films", "a folder is named by its whole path, without `..`"),
        (f"{films}/none", "there is no such folder"), (f"{films}/one.mp4", "there is no such folder"),
    ):  # fmt: skip
        told = (await desk.post(FOLDER, {"folder": folder}, 422)).json
        assert [(one["pointer"], one["detail"]) for one in told["errors"]] == [("/folder", words)], folder
    assert (await client.post(FOLDER, {"folder": str(films)}, 422)).json["errors"][0]["detail"] == outside


def test_a_source_is_looked_at_again_when_it_is_packaged(allowed: Settings, films: Path, tmp_path: Path) -> None:
    root = str(films.resolve())
    assert located(allowed, "one.mp4", root) == films.resolve() / "one.mp4"
    (films / "one.mp4").unlink()
    (films / "one.mp4").symlink_to(tmp_path / "fastline.db")
    for source, folder in (("one.mp4", root), ("../fastline.db", root), ("two.mp4", str(tmp_path)), ("passwd", "/etc")):
        with pytest.raises(Broken):
            located(allowed, source, folder)
    with pytest.raises(Broken, match="nothing is packaged from the folder"):
        located(allowed.model_copy(update={"import_folders": ()}), "series/two.mp4", root)
    with pytest.raises(NotAdmitted):
        admitted(allowed.model_copy(update={"import_folders": ()}), root)


async def test_a_full_queue_ends_the_import_and_the_next_one_goes_on(
    films: Path, key: str, database: Database, allowed: Settings
) -> None:
    narrow = allowed.model_copy(update={"queue_longest_of_one": 2})
    async with running(narrow, kinds=(importing(lambda: films_of(narrow)),)) as found:
        desk = found.known_by(key)
        first = await bring(desk, films)  # the import itself is one of two
        assert [entry[:2] for entry in first] == [*WHOLE[:3], ("refused", "series/two.mp4")]
        assert "Import the folder again once some have ended." in first[3][2][0]["detail"]
        (run,) = (await desk.get("/api/v1/imports")).json["items"]
        assert run["notes"] == ["Files that have not been looked at, because the queue is full: 1."]
    async with running(allowed, kinds=(importing(lambda: films_of(allowed)),)) as found:
        assert [entry[0] for entry in await bring(found.known_by(key), films)] == [
            "unchanged", "refused", "refused", "made", "unchanged",
        ]  # fmt: skip
    assert len(await jobs(database)) == 2


async def test_an_import_that_was_cut_off_goes_on_behind_what_it_has_reported(
    films: Path, key: str, database: Database, settings: Settings
) -> None:
    allowed = quick(settings, import_folders=(films,), job_lease_seconds=0.5)
    real, seen = films_of(allowed), list[str]()
    holding = asyncio.Event()

    async def becomes(film: Path, root: Path, house: str) -> Any:
        seen.append(film.name)
        if film.name == "two.mp4" and not holding.is_set():
            holding.set()
            await asyncio.Event().wait()
        return await real.becomes(film, root, house)

    kind = importing(lambda: Reading(real.films, becomes, real.look))
    async with running(allowed, kinds=(kind,)) as found:
        desk = found.known_by(key)
        async with working(database, allowed, kind):
            begun = (await desk.post(FOLDER, {"folder": str(films)}, 202)).json
            await holding.wait()
        async with working(database, allowed, kind):

            async def is_over() -> bool:
                return (await desk.get(f"/api/v1/imports/{begun['id']}")).json["ended_at"] is not None

            await soon(is_over)
        entries = (await desk.get(f"/api/v1/imports/{begun['id']}/entries")).json["items"]
    assert [(one["outcome"], one["name"]) for one in entries] == WHOLE
    assert seen == ["one.mp4", "words.mp4", "wrong.mp4", "two.mp4", "two.mp4", "zwei.mp4"]


def test_the_command_does_the_same(
    films: Path, database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTLINE_DATABASE", database_url)
    media = ["--media", str(tmp_path / "media")]
    assert main(["import", "folder", str(films), *media]) == 1
    assert "import_folders" in capsys.readouterr().err
    monkeypatch.setenv("FASTLINE_IMPORT_FOLDERS", f"{films}:/srv/none")
    assert main(["import", "folder", str(films), "--dry-run", *media]) == 1
    assert "2 would be made, 0 would be changed, 1 left alone, 2 refused" in capsys.readouterr().out
    assert main(["import", "folder", str(films), "--house", "fast", *media]) == 1
    told = capsys.readouterr()
    assert "2 films are packaged by `fastline up` or `fastline worker`" in told.out
    assert "wrong.mp4: its side-car wrong.yaml has mistakes" in told.err
    for name in ("wrong.mp4", "words.mp4"):
        (films / name).unlink()
    assert main(["import", "folder", str(films), "--house", "fast", *media]) == 0
    assert "0 made, 0 changed, 3 left alone, 0 refused" in capsys.readouterr().out
    assert main(["import", "folder", str(films), "--house", "none", *media]) == 1


def test_folders_are_whole_paths() -> None:
    found = read({"FASTLINE_IMPORT_FOLDERS": "/srv/a:/srv/b c"})
    assert isinstance(found, Settings)
    assert found.import_folders == (Path("/srv/a"), Path("/srv/b c"))
    assert read({"FASTLINE_IMPORT_FOLDERS": "films"}) == Unsettled(
        ("FASTLINE_IMPORT_FOLDERS[0]: films is no whole path: write one like /srv/films",)
    )
    assert not Settings().import_folders


def test_a_folder_is_listed_in_order_and_not_without_end(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.mkv", "a.yaml", "c/d.ts", ".hidden.mp4", ".git/e.mp4", "c/x.srt", "f.part"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [str(path.relative_to(tmp_path)) for path in folders.films(tmp_path, 10)] == ["a.mkv", "b.mp4", "c/d.ts"]
    assert len(folders.films(tmp_path, 1)) == 2
    with pytest.raises(OSError, match="No such file"):
        folders.films(tmp_path / "none", 1)
