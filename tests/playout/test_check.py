"""`fastline check` on a real store: the mistakes of the file first, then what the library makes of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from stations import FULL, GENESIS, Station, station

import fastline
from playout import config
from playout.config import Faults, Programming
from playout.core.asset import Kind
from playout.core.catalog import item_of
from playout.core.lint import Level
from playout.core.ticks import instant_at
from playout.library import newest, scan
from playout.reports.check import as_json, check, lines, summary
from playout.station import Station as Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = GENESIS + timedelta(minutes=5)
FILE = """\
version: 1
defaults: {house: fast, zone: Europe/Paris}
channels:
  films:
    number: 1
    name: Films
    include: {kind: [movie]}
    never: {repeat: 24h}
    dayparts:
      late:
        at: 23:00
        include: {any: [noir]}
  later:
    number: 1.1
    name: Films +1
    mirror: {of: films, offset: 1h}
"""


@pytest.fixture
def made(tmp_path: Path) -> Station:
    """Three short films and two ads, packaged and on air."""
    one = station(tmp_path / "media")
    scan(one.store, newest(one.store), NOW)
    return one


def programming(text: str = FILE) -> Programming:
    found = config.read(text, "channels.yaml")
    assert isinstance(found, Programming), found
    return found


def test_findings_stand_by_line_with_what_was_looked_at(made: Station) -> None:
    checked = check(programming(), Store(made.store), NOW)
    told = list(lines(checked, everything=True))
    assert list(lines(checked)) == [line for line in told if ": warning: " in line]
    assert told[0] == (
        'channels.yaml: information: no channel airs 2 items of the library: "Title of ad-a", "Title of ad-b"'
    )
    assert told[1] == (
        "channels.yaml:4: warning: films: has 3 programs that last 1 min 20 s, and is on air for 24 h within the 24 h "
        "of never.repeat, which will give way; package more, or make never.repeat shorter"
    )
    assert told[2].startswith("channels.yaml:4: warning: films: in the coming 28 hours a rule gives way because ")
    assert {line[: line.index("on:")] for line in told[3:-1]} == {"channels.yaml:4: informati"}
    assert told[-1] == (
        'channels.yaml:10: warning: films, daypart "late": no program matches, so it ends as it begins; package some '
        "with such tags, or ask for others"
    )
    looked = "looked at 2 channels, 5 items of the library and the coming 7 days of 1 channel, or 4000 turns of each"
    assert summary(checked) == f"3 warnings, 5 for information (--all tells that); {looked}"
    assert summary(checked, everything=True) == f"3 warnings, 5 for information; {looked}"


def test_quick_leaves_the_simulation_out(made: Station) -> None:
    checked = check(programming(), Store(made.store), NOW, quick=True)
    assert {one.code for one in checked.findings if one.level is Level.WARNING} == {"too-little", "nothing-matches"}
    assert summary(checked).startswith("2 warnings, ")
    assert summary(checked).endswith(" and no day to come")


def test_a_channel_goes_on_from_its_log(made: Station) -> None:
    """What is on air and what was logged count: the first breach comes after the end of the log."""
    made.look()
    checked = check(programming(), Store(made.store), NOW)
    breach = next(one for one in checked.findings if one.code == "gives-way")
    at = re.search(r"first at ([0-9: -]{16}),", breach.text)
    assert at
    first = datetime.fromisoformat(f"{at[1]}+01:00")
    end = instant_at(GENESIS, Store(made.store).end("films").start)
    assert end - timedelta(minutes=1) < first < end + timedelta(minutes=2)


def test_a_station_without_a_library_is_checked_too(tmp_path: Path) -> None:
    checked = check(programming(), Store(Station(tmp_path / "media").store), NOW)
    assert checked.simulated == 0
    assert {one.code for one in checked.findings} >= {"no-slate", "nothing-matches"}


def test_the_json_form_says_the_same(made: Station) -> None:
    checked = check(programming(), Store(made.store), NOW, quick=True)
    found = json.loads(as_json(checked))
    assert found["looked_at"] == {"channels": 2, "items": 5, "simulated": 0, "days": 7}
    assert [one["text"] for one in found["findings"]] == [one.text for one in checked.findings]
    assert list(found["findings"][0]) == ["level", "channel", "line", "code", "text"]
    faults = config.read("version: 1\nchanels: {}\n", "channels.yaml")
    assert isinstance(faults, Faults)
    assert [one["line"] for one in json.loads(as_json(faults))["mistakes"]] == [f.line for f in faults.faults]


@pytest.fixture
def run(made: Station, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs `fastline check` on a file with this text."""

    def checking(text: str, *options: str) -> tuple[int, str, str]:
        file = tmp_path / "channels.yaml"
        file.write_text(text, "utf-8")
        code = fastline.main(["check", str(file), "--media", str(made.root), *options])
        said = capsys.readouterr()
        return code, said.out, said.err

    return checking


def test_warnings_fail_only_when_that_is_asked_for(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = run(FILE, "--quick")
    assert (code, err) == (0, "")
    assert "channels.yaml:10: warning: films" in out
    assert "; looked at 2 channels, 5 items" in out.splitlines()[-1]
    assert ": information: " not in out
    assert run(FILE, "--quick", "--strict")[0] == 1


def test_what_is_for_information_never_fails(run: Callable[..., tuple[int, str, str]]) -> None:
    calm = FILE[: FILE.index("    never")] + FILE[FILE.index("  later") :]
    code, out, _ = run(calm, "--strict", "--all")
    assert code == 0
    assert ": information: " in out
    assert ": warning: " not in out


def test_mistakes_come_before_all_findings(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = run(FILE.replace("mirror", "mirrored"))
    assert (code, out) == (1, "")
    assert "channels.yaml:13: " in err
    code, out, _ = run(FILE.replace("mirror", "mirrored"), "--format", "json")
    assert code == 1
    assert json.loads(out)["mistakes"][0]["line"] == 13


def test_the_json_form_is_all_that_is_printed(run: Callable[..., tuple[int, str, str]]) -> None:
    _, out, _ = run(FILE, "--format", "json", "--quick")
    assert json.loads(out)["file"] == "channels.yaml"


def test_a_film_that_arrives_is_counted(made: Station) -> None:
    """The library that is checked against is the newest edition, not the one that the channel airs from."""
    item = item_of(made.asset("noir", Kind.MOVIE, *[FULL] * 3))
    assert replace(item, about=replace(item.about, tags=("noir",))) != item
    scan(made.store, newest(made.store), NOW)
    assert check(programming(), Store(made.store), NOW, quick=True).items == 6
