"""`fastline api`, `api-key`, `doctor` and `settings` as people use them; what serves is a real process."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession
from persons import CHEAP

from control_api import doctor, schema
from control_api.commands import serve
from control_api.doctor import State
from control_api.settings import Settings, read, sample
from fastline import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from clusters import Cluster

    Fastline = Callable[..., tuple[int, str, str]]
    """Runs a command in an environment; its exit code, what it said and of what it complained."""

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def fastline(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fastline:
    for name in [name for name in os.environ if name.startswith("FASTLINE_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
        with monkeypatch.context() as patched:
            for name, value in environment.items():
                patched.setenv(name, value)
            try:
                code = main(arguments)
            except SystemExit as left:
                code = int(left.code or 0)
        said, complained = capsys.readouterr()
        return code, said, complained

    return run


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


def test_a_station_is_managed_over_a_key_from_the_command_line(
    fastline: Fastline, database_url: str, tmp_path: Path
) -> None:
    """D02: where nobody has an account a start prints a token for the first administrator, stored as a digest."""
    environment = {"FASTLINE_DATABASE": database_url, "FASTLINE_MEDIA": str(tmp_path), "FASTLINE_PORT": "0"}
    environment |= {f"FASTLINE_{name.upper()}": str(value) for name, value in CHEAP.items()}
    environment["FASTLINE_STOP_SECONDS"] = "120"
    code, said, _ = fastline("api-key", "create", "--scope", "events:read", "--name", "night", "--new", **environment)
    assert code == 0
    key = said.strip()
    assert re.fullmatch(r"fl_[A-Za-z0-9]{32}", key)
    token = asyncio.run(managed(key, environment))
    if database_url.startswith("sqlite"):
        assert token.encode() not in (tmp_path / "fastline.db").read_bytes()
    told, welcomed = asyncio.run(begun(Settings(database=database_url, media=tmp_path, port=0)))
    assert (len(told), welcomed) == (1, []), "now somebody has an account"


async def managed(key: str, environment: dict[str, str]) -> str:
    """Begin the API, make the first account, follow the events, and stop it; the token of that account."""
    process = await started("api", "--log", "json", **environment)
    assert process.stdout is not None
    async with asyncio.timeout(60):
        line, *lines = [(await process.stdout.readline()).decode() for _ in range(4)]
    address = re.fullmatch(r"The API is at (http://127\.0\.0\.1:\d+)/api/v1, its reference at .*\n", line)
    assert address is not None, line
    token = lines[1].strip()
    assert re.fullmatch(r"fli_[A-Za-z0-9_-]{32}", token)
    body = {"username": "boss", "password": "correct horse", "invitation": token}
    async with ClientSession(address[1]) as session, session.post("/api/v1/auth/register", json=body) as answer:
        assert (await answer.json())["account"]["is_admin"] is True
    headers = {"Authorization": f"Bearer {key}"}
    async with ClientSession(address[1], headers=headers) as session:
        async with session.get("/api/v1/events") as answer:
            page, named = await answer.json(), answer.headers["X-Request-Id"]
        assert page["items"][0]["type"] == "api_key.created"
        async with session.get("/api/v1/api-keys") as answer:
            assert answer.status == 403
        async with session.get("/api/v1/events", headers={"Accept": "text/event-stream"}) as stream:
            assert await stream.content.readline() == b"retry: 2000\n"
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(60):  # and not the time that requests may take
                await stream.content.read()
                rest, journal = await process.communicate()
    assert (process.returncode, rest) == (0, b"")
    entries = [json.loads(row) for row in journal.decode().splitlines()]
    entry = next(entry for entry in entries if entry.get("request_id") == named)
    assert entry["action"] == "request"
    assert (entry["route"], entry["status"], entry["logger"]) == ("/api/v1/events", 200, "fastline.api")
    assert key not in journal.decode()
    assert "fli_" not in journal.decode()
    return token


async def begun(settings: Settings) -> tuple[list[str], list[str]]:
    """What a start tells: addresses, and tokens for the first administrator."""
    told, welcomed = list[str](), list[str]()
    task = asyncio.ensure_future(serve(settings, told.append, welcomed.append))
    async with asyncio.timeout(60):
        while not told:  # noqa: ASYNC110 — it serves until it is cancelled
            await asyncio.sleep(0.01)
    async with ClientSession() as session, session.get(f"{told[0]}/healthz") as answer:
        assert answer.status == 200
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return told, welcomed


def test_settings_that_cannot_be_used_are_told_all_at_once(fastline: Fastline, tmp_path: Path) -> None:
    wrong = {"FASTLINE_PORT": "x", "FASTLINE_RATE": "often", "FASTLINE_MEDIA": str(tmp_path)}
    for command in (["api"], ["doctor"]):
        code, _, complained = fastline(*command, **wrong)
        assert code == 1
        assert "FASTLINE_PORT: input should be a valid integer" in complained
        assert "FASTLINE_RATE: 'often' is not a rate" in complained


def test_a_port_that_is_taken_is_told(fastline: Fastline, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code, _, complained = fastline("api", "--media", str(tmp_path), "--port", str(port))
    assert (code, f"cannot listen on 127.0.0.1 port {port}" in complained) == (1, True)


def test_the_sample_is_printed_and_the_settings_in_force_without_a_password(fastline: Fastline) -> None:
    assert fastline("settings", "--sample") == (0, sample(), "")
    _, said, _ = fastline("settings", FASTLINE_DATABASE="postgresql://me:swordfish@h/d", FASTLINE_STREAMS="7")
    assert "streams = 7" in said
    assert "database = postgresql+psycopg://me:***@h/d" in said
    assert "swordfish" not in said


def test_no_setting_that_can_hold_a_password_is_printed_with_it(fastline: Fastline) -> None:
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
    code, said, complained = fastline("settings", **taken)
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
def test_a_mistake_of_usage_says_what_was_meant(fastline: Fastline, arguments: list[str], words: str) -> None:
    code, _, complained = fastline(*arguments)
    assert (code, words in complained) == (2, True), complained


def test_the_doctor_finds_a_good_place_good(fastline: Fastline, tmp_path: Path) -> None:
    code, said, _ = fastline("doctor", "--format", "json", FASTLINE_MEDIA=str(tmp_path), FASTLINE_PORT="0")
    findings = {found["name"]: found for found in json.loads(said)["findings"]}
    assert code == 0, said
    assert set(findings) == {
        "Fastline",
        "ffmpeg",
        "PyAV",
        "database",
        "store",
        "disk",
        "channels",
        "clock",
        "port",
        "page",
        "mail",
    }
    for name in ("Fastline", "ffmpeg", "PyAV", "database", "store", "port"):
        assert findings[name]["state"] == "ok", findings[name]
    assert os.listdir(tmp_path) == []  # noqa: PTH208 — it leaves nothing behind
    code, said, _ = fastline("doctor", FASTLINE_MEDIA=str(tmp_path), FASTLINE_PORT="0")
    assert re.search(r"^ok       store +", said, re.MULTILINE)


def test_the_doctor_says_what_is_wrong_and_what_to_do(fastline: Fastline, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    wrong = {
        "FASTLINE_MEDIA": str(tmp_path / "file"),
        "FASTLINE_FFMPEG": "/nowhere/ffmpeg",
        "FASTLINE_DATABASE": "postgresql://me:swordfish@127.0.0.1:1/none",
        "FASTLINE_DATABASE_PATIENCE_MS": "500",
    }
    code, said, _ = fastline("doctor", "--format", "json", **wrong)
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


def test_whether_it_is_known_who_asks_where_addresses_are_bound_to_that(tmp_path: Path) -> None:
    """DX3."""
    behind = {"media": str(tmp_path), "public_url": "https://tv.example", "stream_bound_to": "network"}
    unknown = doctor.bound(Settings.model_validate(behind))
    assert (unknown.state, "set trusted_proxies" in unknown.advice) == (State.WARNING, True)
    known = doctor.bound(Settings.model_validate({**behind, "trusted_proxies": "10.0.0.0/8"}))
    assert (known.state, "10.0.0.0/8 is believed" in known.text) == (State.OK, True)


def test_the_doctor_runs_the_ffmpeg_that_it_is_shown(tmp_path: Path) -> None:
    lame = tmp_path / "ffmpeg"
    lame.write_text("#!/bin/sh\necho ' V....D mpeg4 old'\n")
    lame.chmod(0o755)
    found = doctor.encoder(str(lame))
    assert (found.state, "no encoder libx264, aac" in found.text) == (State.FAULT, True)


def test_a_key_for_a_place_without_a_database_is_refused(fastline: Fastline, tmp_path: Path) -> None:
    """Nobody meant a new database in whatever folder they happen to stand in."""
    code, _, told = fastline("api-key", "create", "--scope", "all", FASTLINE_MEDIA=str(tmp_path / "media"))
    assert code == 1
    assert f"there is no database at {tmp_path / 'media' / 'fastline.db'}" in told
    assert not (tmp_path / "media").exists()
