"""The file of the channels as a whole, and its shared parts, over HTTP. Rows A11, A20 as far as rules are saved."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from desks import WRITTEN, House

from control_api.channels.edits import edited
from control_api.channels.file import ChannelsFile, trouble
from control_api.channels.marks import marked, plain
from playout.config.schema import json_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clients import Client


FILE = "/api/v1/channels.yaml"
SHARED = "/api/v1/programming"
YAML = {"Content-Type": "application/yaml"}


async def test_the_file_is_read_and_written_letter_by_letter(api: Client, desk: House) -> None:
    read = await api.get(FILE)
    assert read.body.decode() == WRITTEN
    assert read.headers["Content-Type"] == "application/yaml"
    await api.get(FILE, 304, headers={"If-None-Match": read.etag})
    wanted = WRITTEN.replace("name: Late", "name: Later  # is better")
    await api.ask("PUT", FILE, 428, data=wanted.encode(), headers=YAML)
    done = await api.ask("PUT", FILE, data=wanted.encode(), headers={**YAML, "If-Match": read.etag})
    assert desk.text == wanted == done.body.decode()
    refused = await api.ask("PUT", FILE, 412, data=WRITTEN.encode(), headers={**YAML, "If-Match": read.etag})
    both = refused.json["versions"]
    assert (both["present"], both["wanted"]) == (wanted, WRITTEN)
    assert "-    name: Later  # is better\n+    name: Late\n" in both["difference"]
    await api.ask("PUT", FILE, 415, data=b"x", headers={"If-Match": "*", "Content-Type": "image/png"})


async def test_a_file_with_mistakes_is_refused_with_all_of_them(api: Client, desk: House) -> None:
    wanted = WRITTEN.replace("order: sequence", "order: sequense").replace("number: 2.1", "number: 1")
    headers = {**YAML, "If-Match": "*"}
    refused = (await api.ask("PUT", FILE, 422, data=wanted.encode(), headers=headers)).json
    assert [(one["part"], one["pointer"], one["line"]) for one in refused["errors"]] == [
        ("body", "/channels/films/order", 19),
        ("body", "/channels/late/number", 23),
    ]
    for text, line in ((b"version: 1\nchannels: [", 2), (b"a\n\xff", 2), (b"x: \x01", 1)):
        refused = (await api.ask("PUT", FILE, 422, data=text, headers=headers)).json
        assert refused["errors"][0]["line"] == line
    assert desk.text == WRITTEN


async def test_the_schema_of_the_file_is_the_schema_of_the_api(api: Client) -> None:
    schema = (await api.get("/api/v1/channels.schema.json")).json
    assert schema == json_schema()
    known = api.document["components"]["schemas"]
    for name in ("programmed", "mirror", "regional", "daypart", "ads"):
        assert set(known[f"Language{name.title()}"]["properties"]) == set(schema["$defs"][name]["properties"])
    body = api.document["paths"]["/api/v1/channels/{id}"]["put"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/ChannelWritten"}
    assert known["ChannelWritten"]["$ref"] == "#/components/schemas/LanguageChannel"
    assert "invalid/language" not in json.dumps(api.document)


async def test_saved_queries_are_made_used_changed_and_taken_out(api: Client, desk: House) -> None:
    listed = (await api.get(f"{SHARED}/collections")).json["items"]
    assert [(one["name"], one["value"], one["used_by"]) for one in listed] == [
        ("features", {"kind": "movie"}, ["films"])
    ]
    made = await api.ask("PUT", f"{SHARED}/collections/old%20ones", body={"value": {"year": "..1959"}})
    assert "  old ones: {year: ..1959}\n" in desk.text
    await api.ask("PUT", f"{SHARED}/collections/old%20ones", 428, body={"value": {"year": "..1960"}})
    headers = {"If-Match": made.etag}
    await api.ask("PUT", f"{SHARED}/collections/old%20ones", body={"value": ["features"]}, headers=headers)
    await api.ask("PUT", f"{SHARED}/collections/old%20ones", 412, body={"value": {}}, headers=headers)
    wrong = {"value": {"yaer": 1}}
    refused = await api.ask("PUT", f"{SHARED}/collections/old%20ones", 422, body=wrong, headers={"If-Match": "*"})
    assert [one["pointer"] for one in refused.json["errors"]] == ["/value/yaer"]
    await api.ask("DELETE", f"{SHARED}/collections/old%20ones", 204, headers={"If-Match": "*"})
    assert desk.text == WRITTEN
    refused = await api.ask("DELETE", f"{SHARED}/collections/features", 422, headers={"If-Match": "*"})
    assert [one["pointer"] for one in refused.json["errors"]] == ["/channels/films/include"]
    await api.ask("DELETE", f"{SHARED}/collections/none", 404, headers={"If-Match": "*"})
    await api.get(f"{SHARED}/collections/none", 404)
    await api.get(f"{SHARED}/films", 404)


async def test_defaults_templates_and_holidays(api: Client, desk: House) -> None:
    read = await api.get(f"{SHARED}/defaults")
    assert read.json == {"value": {"house": "fast", "horizon": "1m", "window": 12}, "line": 3}
    body = {"house": "fast", "horizon": "2m", "zone": "Europe/Paris"}
    await api.ask("PUT", f"{SHARED}/defaults", body=body, headers={"If-Match": read.etag})
    assert "  house: fast           # small pictures\n  horizon: 2m\n  zone: Europe/Paris\n\n" in desk.text
    await api.ask("PUT", f"{SHARED}/holidays/summer", body={"value": "07-01..08-31"})
    await api.ask("PUT", f"{SHARED}/templates/night", body={"value": {"dayparts": {"late": {
        "from": "23:00", "to": "06:00", "dates": ["summer"], "ads": "none"}}}})  # fmt: skip
    late = (await api.get(f"{SHARED}/templates/night")).json["value"]["dayparts"]["late"]
    assert (late["from"], late["dates"]) == ("23:00", ["summer"])
    found = plain(marked(desk.text))
    assert set(found) == {"version", "defaults", "collections", "channels", "holidays", "templates"}
    assert (await api.get(f"{SHARED}/templates/night")).json["used_by"] == []


async def test_groups_are_told_together(api: Client, desk: House) -> None:
    assert (await api.get(f"{SHARED}/groups")).json["items"] == []
    never = "    never: {group: house, apart: 1m}\n"
    desk.file.write_text(
        WRITTEN.replace("    name: Late\n", f"    name: Late\n{never}").replace("    group: M", f"{never}    group: M")
    )
    assert (await api.get(f"{SHARED}/groups")).json["items"] == [
        {"name": "house", "apart_ms": 60_000, "channels": ["films", "late"]}
    ]


async def test_edits_at_once_all_happen_one_after_the_other(api: Client, desk: House) -> None:
    def ask(number: int):  # type: ignore[no-untyped-def]
        return api.ask("PUT", f"{SHARED}/collections/c{number}", body={"value": {"any": [f"tag-{number}"]}})

    await asyncio.gather(*(ask(number) for number in range(20)))
    found = plain(marked(desk.text))["collections"]
    assert set(found) == {"features", *(f"c{number}" for number in range(20))}


# The file itself


def test_what_a_writer_leaves_keeps_its_rights_its_link_and_its_mark(tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    real.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    real.chmod(0o640)
    (tmp_path / "link.yaml").symlink_to(real)
    file = ChannelsFile(tmp_path / "link.yaml")
    before, after = file.change(lambda content: edited(content.text, ("a",), 3))
    assert (before.text, after.text) == ("a: 1\r\nb: 2\r\n", "a: 3\r\nb: 2\r\n")
    assert real.read_bytes() == b"\xef\xbb\xbfa: 3\r\nb: 2\r\n"
    assert (tmp_path / "link.yaml").is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link.yaml", "real.yaml"]  # noqa: PTH208 — hidden ones, too


def test_a_failed_edit_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("a: 1\n")

    def fail(_content: object) -> str:
        raise KeyError

    with pytest.raises(KeyError):
        ChannelsFile(path).change(fail)
    assert path.read_text() == "a: 1\n"
    assert os.listdir(tmp_path) == ["c.yaml"]  # noqa: PTH208 — hidden ones, too


def test_what_an_editor_saves_meanwhile_is_edited_and_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("a: 1\nb: 1\n")
    seen = []

    def make(content):  # type: ignore[no-untyped-def]
        seen.append(content.text)
        if len(seen) == 1:
            path.write_text("a: 1\nb: 2\n")  # somebody saves while the edit is being made
        return edited(content.text, ("a",), 3)

    ChannelsFile(path).change(make)
    assert seen == ["a: 1\nb: 1\n", "a: 1\nb: 2\n"]
    assert path.read_text() == "a: 3\nb: 2\n"


def test_of_edits_in_many_threads_none_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("a: 0\n")

    def add(_number: int) -> None:
        ChannelsFile(path).change(lambda content: edited(content.text, ("a",), plain(marked(content.text))["a"] + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert path.read_text() == "a: 40\n"


COUNTING = """
import sys
from pathlib import Path
from control_api.channels.edits import edited
from control_api.channels.file import ChannelsFile
from control_api.channels.marks import marked, plain
for _ in range(10):
    ChannelsFile(Path(sys.argv[1])).change(
        lambda content: edited(content.text, ("a",), plain(marked(content.text))["a"] + 1)
    )
"""


def test_of_edits_in_many_processes_none_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("a: 0  # counted\n")
    processes = [subprocess.Popen([sys.executable, "-c", COUNTING, str(path)]) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert path.read_text() == "a: 40  # counted\n"


async def test_a_lock_that_is_held_too_long_is_answered_with_503(api: Client, desk: House) -> None:
    folder = os.open(desk.file.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        refused = await api.ask("PUT", f"{SHARED}/holidays/x", 503, body={"value": "12-24"})
        assert int(refused.headers["Retry-After"]) > 0
    finally:
        os.close(folder)
    await api.ask("PUT", f"{SHARED}/holidays/x", body={"value": "12-24"})


async def test_a_file_that_cannot_be_written_says_what_to_do(api: Client, desk: House) -> None:
    """As where somebody mounted it so: nothing is lost, and reading goes on."""
    wanted, headers = desk.text.encode() + b"# more\n", {**YAML, "If-Match": "*"}
    with closed(desk.file) as advice:
        said = (await api.ask("PUT", FILE, 503, data=wanted, headers=headers)).json["detail"]
        assert "cannot be written" in said
        assert advice in said
        assert trouble(desk.file) == said
        assert (await api.get(FILE)).body.decode() == WRITTEN
    assert trouble(desk.file) == ""


@contextmanager
def closed(path: Path) -> Iterator[str]:
    """Let nobody write a file; what should be advised. For root it is mounted over itself, as containers do."""
    if os.geteuid() != 0:
        path.parent.chmod(0o500)
        yield "let the user of this process write"
        path.parent.chmod(0o700)
        return
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if mount is None or unmount is None or subprocess.run([mount, "--bind", path, path], check=False).returncode:
        pytest.skip("this system mounts nothing")
    try:
        yield "mount the folder that it lies in instead"
    finally:
        subprocess.run([unmount, path], check=True)
