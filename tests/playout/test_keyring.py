"""The file of keys: whole or absent, for its owner alone, and never told."""

from __future__ import annotations

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from fastline import main
from playout.core.token import Pass, read, verifying
from playout.keyring import NAME, VARIABLE, Keyring, NoKeys
from playout.keys import NAME as KEY_NAME
from playout.store import DirStore

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 21, 20, tzinfo=UTC)
SAID = Pass("live/films", NOW + timedelta(hours=1), NOW + timedelta(hours=25))


def test_the_first_key_is_made_when_something_is_signed(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "media" / NAME)
    assert ring.all() == ()
    assert ring.mark() is None
    token = ring.sign(SAID, NOW)
    assert read(token, verifying(ring.all(), NOW)) == SAID
    assert stat.S_IMODE(ring.path.stat().st_mode) == 0o600
    assert [entry.name for entry in ring.path.parent.iterdir()] == [NAME], "no draft is left"
    assert ring.sign(SAID, NOW) == token


def test_no_store_can_name_the_file(tmp_path: Path) -> None:
    Keyring(tmp_path / NAME).sign(SAID, NOW)
    assert KEY_NAME.fullmatch(NAME) is None
    with pytest.raises(ValueError, match="cannot be part of a key"):
        DirStore(tmp_path).read(NAME)


def test_a_rotation_is_noticed_and_what_was_signed_stays_good(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / NAME)
    token = ring.sign(SAID, NOW)
    before = ring.mark()
    ring.rotate(NOW)
    assert ring.mark() != before
    assert read(token, verifying(ring.all(), NOW)) == SAID
    assert read(ring.sign(SAID, NOW + timedelta(seconds=10)), {ring.all()[1].number: ring.all()[1]}) == SAID
    ring.rotate(NOW, forget=True)
    assert [key.number for key in ring.all()] == [3]


def test_many_who_sign_at_once_make_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(lambda _: Keyring(tmp_path / NAME).sign(SAID, NOW), range(24)))
    assert len(tokens) == 1


@pytest.mark.parametrize(
    "content",
    [
        "no json, but hunter2hunter2hunter2",
        '{"keys": [{"number": 1, "secret": "aHVudGVyMg==", "since": "2026-01-01T00:00:00Z"}]}',
        '{"keys": [{"number": 0, "secret": "aHVudGVyMmh1bnRlcjJodW50ZXIy", "since": "2026-01-01T00:00:00Z"}]}',
        '{"keys": [{"number": 1, "secret": "aHVudGVyMmh1bnRlcjJodW50ZXIy", "since": "2026-01-01T00:00:00"}]}',
        '{"keys": [{"number": 1, "secret": "hunter2!", "since": "2026-01-01T00:00:00Z"}]}',
    ],
)
def test_a_file_that_is_no_good_is_told_without_what_is_in_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / NAME
    path.write_text(content)
    for ask in (Keyring(path).all, lambda: Keyring(path).sign(SAID, NOW), lambda: Keyring(path).rotate(NOW)):
        with pytest.raises(NoKeys) as refused:
            ask()
        assert str(path) in str(refused.value)
        assert "hunter2" not in str(refused.value)
        assert "aHVud" not in str(refused.value)
    assert path.read_text() == content


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(NoKeys, match="Is a directory"):
        Keyring(tmp_path / NAME).all()
    (tmp_path / "file").write_text("")
    with pytest.raises(NoKeys, match="Not a directory"):
        Keyring(tmp_path / "file" / NAME).mark()


def test_keys_are_rotated_and_listed_by_a_command_that_never_shows_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    here = ["--media", str(tmp_path / "media")]
    assert main(["stream-key", "list", *here]) == 0
    assert capsys.readouterr().out == ""
    assert main(["stream-key", "rotate", *here]) == 0
    assert main(["stream-key", "rotate", *here]) == 0
    told = capsys.readouterr()
    ring = Keyring(tmp_path / "media" / NAME)
    assert [line.split(":")[0] for line in told.out.splitlines()] == ["key 1", "key 1", "key 2"]
    assert told.out.splitlines()[1].count("verifies until") == 1
    secrets = re.findall(r'"secret": "([^"]+)"', ring.path.read_text())
    assert len(secrets) == 2
    assert not any(secret in told.out + told.err for secret in secrets)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "given" / "keys.json"))
    assert main(["stream-key", "rotate", "--forget", *here]) == 0
    assert len(ring.all()) == 2, "the environment names another file"
    (tmp_path / "given" / "keys.json").write_text("broken")
    assert main(["stream-key", "rotate", *here]) == 1
    assert "is not a file of keys" in capsys.readouterr().err
