"""`fastline api`, `api-key`, `doctor` and `settings` as people use them: real processes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession

from control_api import doctor, schema
from control_api.doctor import State
from control_api.settings import Settings, read, sample

if TYPE_CHECKING:
    from clusters import Cluster

CHECKOUT = Path(__file__).resolve().parents[2]


async def fastline(*arguments: str, **environment: str) -> tuple[int, str, str]:
    process = await started(*arguments, **environment)
    async with asyncio.timeout(60):
        said, complained = await process.communicate()
    return process.returncode or 0, said.decode(), complained.decode()


async def started(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FASTLINE_")}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(CHECKOUT / "fastline.py"),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**inherited, **environment},
    )


async def test_a_station_is_managed_over_a_key_from_the_command_line(database_url: str, tmp_path: Path) -> None:
    environment = {"FASTLINE_DATABASE": database_url, "FASTLINE_MEDIA": str(tmp_path), "FASTLINE_PORT": "0"}
    environment["FASTLINE_STOP_SECONDS"] = "120"
    code, said, _ = await fastline(
        "api-key", "create", "--scope", "events:read", "--name", "night", "--new", **environment
    )
    assert code == 0
    key = said.strip()
    assert re.fullmatch(r"fl_[A-Za-z0-9]{32}", key)
    process = await started("api", "--log", "json", **environment)
    assert process.stdout is not None
    async with asyncio.timeout(60):
        line = (await process.stdout.readline()).decode()
    address = re.fullmatch(r"The API is at (http://127\.0\.0\.1:\d+)/api/v1, its reference at .*\n", line)
    assert address is not None, line
    headers = {"Authorization": f"Bearer {key}"}
    async with ClientSession(address[1], headers=headers) as session:
        async with session.get("/api/v1/events") as answer:
            page, named = await answer.json(), answer.headers["X-Request-Id"]
        assert [event["type"] for event in page["items"]] == ["api_key.created"]
        async with session.get("/api/v1/api-keys") as answer:
            assert answer.status == 403
        async with session.get("/api/v1/events", headers={"Accept": "text/event-stream"}) as stream:
            assert await stream.content.readline() == b"retry: 2000\n"
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(60):  # and not the time that requests may take
                await stream.content.read()
                _, journal = await process.communicate()
    assert process.returncode == 0
    entries = [json.loads(row) for row in journal.decode().splitlines()]
    entry = next(entry for entry in entries if entry.get("request_id") == named)
    assert entry["action"] == "request"
    assert (entry["route"], entry["status"], entry["logger"]) == ("/api/v1/events", 200, "fastline.api")
    assert key not in journal.decode()


async def test_the_first_start_prints_a_token_for_the_first_administrator(tmp_path: Path) -> None:
    """D02: once for each start, as long as nobody has an account; stored as a digest."""
    environment = {"FASTLINE_MEDIA": str(tmp_path), "FASTLINE_PORT": "0", "FASTLINE_STOP_SECONDS": "1"}
    environment |= {"FASTLINE_PASSWORD_MEMORY_KIB": "64", "FASTLINE_PASSWORD_ROUNDS": "1"}
    said, token = [], ""
    for number in range(2):
        process = await started("api", "--log", "json", **environment)
        assert process.stdout is not None
        async with asyncio.timeout(60):
            lines = [(await process.stdout.readline()).decode() for _ in range(1 if number else 4)]
        address = re.search(r"http://127\.0\.0\.1:\d+", lines[0])
        assert address is not None
        if number == 0:
            token = lines[2].strip()
            assert re.fullmatch(r"fli_[A-Za-z0-9_-]{32}", token)
            body = {"username": "boss", "password": "correct horse", "invitation": token}
            async with ClientSession(address[0]) as session, session.post("/api/v1/auth/register", json=body) as answer:
                assert (await answer.json())["account"]["is_admin"] is True
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            rest, journal = await process.communicate()
        said.append(rest.decode())
        assert "fli_" not in journal.decode()
    assert said == ["", ""]
    assert token.encode() not in await asyncio.to_thread((tmp_path / "fastline.db").read_bytes)


async def test_settings_that_cannot_be_used_are_told_all_at_once(tmp_path: Path) -> None:
    wrong = {"FASTLINE_PORT": "x", "FASTLINE_RATE": "often", "FASTLINE_MEDIA": str(tmp_path)}
    for command in (["api"], ["doctor"]):
        code, _, complained = await fastline(*command, **wrong)
        assert code == 1
        assert "FASTLINE_PORT: input should be a valid integer" in complained
        assert "FASTLINE_RATE: 'often' is not a rate" in complained


async def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    code, _, complained = await fastline("api", "--media", str(tmp_path), "--port", str(port))
    server.close()
    await server.wait_closed()
    assert (code, f"cannot listen on 127.0.0.1 port {port}" in complained) == (1, True)


async def test_the_sample_is_printed_and_the_settings_in_force_without_a_password() -> None:
    assert (await fastline("settings", "--sample")) == (0, sample(), "")
    _, said, _ = await fastline("settings", FASTLINE_DATABASE="postgresql://me:swordfish@h/d", FASTLINE_STREAMS="7")
    assert "streams = 7" in said
    assert "database = postgresql+psycopg://me:***@h/d" in said
    assert "swordfish" not in said


async def test_no_setting_that_can_hold_a_password_is_printed_with_it() -> None:
    """Whatever it is called, and whether it is taken or refused."""
    taken = {}
    of_paths = {"import_folders"}  # of which a colon parts two
    for name in (f"FASTLINE_{name.upper()}" for name in sorted(Settings.model_fields.keys() - of_paths)):
        for scheme in ("https", "postgresql", "async+redis", "redis", "s3"):
            found = read({name: f"{scheme}://me:swordfish@h.example/x"})
            if isinstance(found, Settings):
                taken[name] = f"{scheme}://me:swordfish@h.example/x"
            else:
                assert "swordfish" not in str(found), name
    assert {"FASTLINE_DATABASE", "FASTLINE_RATE_STORAGE", "FASTLINE_ORIGIN_URL"} < set(taken)
    code, said, complained = await fastline("settings", **taken)
    assert (code, complained) == (0, "")
    assert said.count("***") >= len(taken)
    assert "swordfish" not in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["api-key", "create"], "--scope"),
        (["api-key", "create", "--scope", "everything"], "'everything'"),
        (["api-key", "create", "--scope", "all", "--until", "2020-01-01"], "lies in the past"),
        (["api-key", "make", "--scope", "all"], "'make'"),
        (["doctor", "--format", "xml"], "'xml'"),
    ],
)
async def test_a_mistake_of_usage_says_what_was_meant(arguments: list[str], words: str) -> None:
    code, _, complained = await fastline(*arguments)
    assert (code, words in complained) == (2, True), complained


async def test_the_doctor_finds_a_good_place_good(tmp_path: Path) -> None:
    code, said, _ = await fastline("doctor", "--format", "json", FASTLINE_MEDIA=str(tmp_path), FASTLINE_PORT="0")
    findings = {found["name"]: found for found in json.loads(said)["findings"]}
    assert code == 0, said
    assert set(findings) == {"ffmpeg", "PyAV", "database", "store", "disk", "channels", "clock", "port", "page", "mail"}
    for name in ("ffmpeg", "PyAV", "database", "store", "port"):
        assert findings[name]["state"] == "ok", findings[name]
    assert os.listdir(tmp_path) == []  # noqa: PTH208 — it leaves nothing behind
    code, said, _ = await fastline("doctor", FASTLINE_MEDIA=str(tmp_path), FASTLINE_PORT="0")
    assert re.search(r"^ok       store +", said, re.MULTILINE)


async def test_the_doctor_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    wrong = {
        "FASTLINE_MEDIA": str(tmp_path / "file"),
        "FASTLINE_FFMPEG": "/nowhere/ffmpeg",
        "FASTLINE_DATABASE": "postgresql://me:swordfish@127.0.0.1:1/none",
        "FASTLINE_DATABASE_PATIENCE_MS": "500",
    }
    code, said, _ = await fastline("doctor", "--format", "json", **wrong)
    findings = {found["name"]: found for found in json.loads(said)["findings"]}
    assert code == 1
    assert {name for name, found in findings.items() if found["state"] == "fault"} >= {"ffmpeg", "database", "store"}
    assert all(found["advice"] for found in findings.values() if found["state"] != "ok")
    assert "swordfish" not in said


async def test_the_doctor_knows_the_state_of_the_schema(empty_url: str) -> None:
    settings = Settings(database=empty_url)
    if not empty_url.startswith("sqlite"):
        assert (await doctor.database(settings)).state is State.WARNING
    await schema.upgrade(empty_url)
    assert (await doctor.database(settings)).state is State.OK
    await schema.downgrade(empty_url, schema.NOTHING)
    found = await doctor.database(settings)
    assert (found.state, "at revision none" in found.text) == (State.WARNING, True)


async def test_the_doctor_knows_a_schema_of_the_future(postgresql: Cluster) -> None:
    from sqlalchemy import text  # noqa: PLC0415

    from control_api.database import Database  # noqa: PLC0415

    postgresql.create("future", "migrated")
    database = Database(postgresql.url("future"))
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()
    found = await doctor.database(Settings(database=postgresql.url("future")))
    assert (found.state, "9999, which this version does not know" in found.text) == (State.FAULT, True)
    postgresql.drop("future")


@pytest.mark.parametrize(("free", "state"), [(100, State.FAULT), (5 << 30, State.WARNING), (50 << 30, State.OK)])
def test_the_doctor_knows_when_the_disk_is_full(tmp_path: Path, free: int, state: State) -> None:
    assert doctor.disk(Settings(media=tmp_path), free).state is state


def test_the_doctor_knows_what_the_settings_leave_free(tmp_path: Path) -> None:
    """70 GiB are much, but not where jobs and uploads may not touch them."""
    settings = Settings(media=tmp_path, disk_reserve_mb=100 << 10, upload_free_bytes=80 << 30)
    found = doctor.disk(settings, 70 << 30)
    told = "disk_reserve_mb leaves 100 GiB of it free, so jobs wait; upload_free_bytes leaves 80 GiB of it free, so"
    assert (found.state, found.text) == (State.FAULT, f"70 GiB free in {tmp_path}; {told} uploads are refused")
    assert "Or set these settings lower" in found.advice
    assert "uploads" not in doctor.disk(settings, 90 << 30).text
    assert doctor.disk(settings, 120 << 30) == doctor.Finding("disk", State.OK, f"120 GiB free in {tmp_path}")


def test_the_doctor_runs_the_ffmpeg_that_it_is_shown(tmp_path: Path) -> None:
    lame = tmp_path / "ffmpeg"
    lame.write_text("#!/bin/sh\necho ' V....D mpeg4 old'\n")
    lame.chmod(0o755)
    found = doctor.encoder(str(lame))
    assert (found.state, "no encoder libx264, aac" in found.text) == (State.FAULT, True)


async def test_a_key_for_a_place_without_a_database_is_refused(tmp_path: Path) -> None:
    """Nobody meant a new database in whatever folder they happen to stand in."""
    code, _, told = await fastline("api-key", "create", "--scope", "all", FASTLINE_MEDIA=str(tmp_path / "media"))
    assert code == 1
    assert f"there is no database at {tmp_path / 'media' / 'fastline.db'}" in told
    assert not (tmp_path / "media").exists()
