"""Why something is on, asked of a real store: in the log, beyond it, and when what it followed from has gone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from stations import FILMS, GENESIS, station
from stations import Station as Made

from playout import keys
from playout.core.channel import Parent
from playout.core.ticks import instant_at
from playout.core.wall import Change
from playout.documents import encode
from playout.reports.why import Unexplained, asked, instant
from playout.station import Station, UnknownChannel

CHECKOUT = Path(__file__).resolve().parents[2]
NOW = GENESIS + timedelta(minutes=5)
PARIS = (Change(1_761_440_400, 3600), Change(1_774_746_000, 7200), Change(1_792_890_000, 3600))


def on_air(root: Path) -> Made:
    """The films, with a log that reaches ten minutes past now."""
    made = station(root)
    made.moments.now = NOW
    made.look()
    return made


def test_what_is_in_the_log_is_explained_by_drafting_it_again(tmp_path: Path) -> None:
    made = on_air(tmp_path)
    reader = Station(made.store)
    for turn in reader.logged("films", GENESIS, NOW):
        at = instant_at(GENESIS, turn.start) + timedelta(seconds=1)
        found = asked(reader, "films", f"{at:%Y-%m-%dT%H:%M:%S.%fZ}", NOW)
        assert found.document["in_log"] is True
        assert "unknown" not in found.document
        assert found.document["notes"] == []
        airing = found.document["airing"]
        assert isinstance(airing, dict)
        assert (airing["index"], airing["asset"]) == (turn.airings[0].index, turn.airings[0].asset)
        assert "  then        " in found.text


def test_what_lies_beyond_the_log_is_what_will_be_committed(tmp_path: Path) -> None:
    made = on_air(tmp_path)
    later = NOW + timedelta(hours=1)
    found = asked(Station(made.store), "films", "13:05", NOW)
    assert found.document["in_log"] is False
    note = "this lies beyond the log: an edit, or a change of the library, may still change it"
    assert found.document["notes"] == [note]
    assert found.text.endswith(f"  note        {note}\n")
    made.moments.now = later
    made.look()
    again = asked(Station(made.store), "films", "13:05", later)
    assert again.document == {**found.document, "in_log": True, "notes": []}


def test_a_catalog_that_has_gone_leaves_what_the_log_says(tmp_path: Path) -> None:
    made = on_air(tmp_path)
    revision = made.revisions["films"]
    (tmp_path / keys.catalog(revision.catalog)).unlink()
    found = asked(Station(made.store), "films", "now", NOW)
    assert str(found.document["unknown"]).startswith("the catalog it was chosen from has gone (catalogs/")
    assert found.text.startswith("At 12:05:00 on Sun 2026-03-01 (UTC) films has asset film-")
    assert "\n  reason      as it was written down: shuffle: " in found.text
    assert (
        "\n  unknown     what was passed over cannot be worked out again: the catalog it was chosen from" in found.text
    )


def test_a_log_that_another_version_wrote_is_not_explained_away(tmp_path: Path) -> None:
    made = on_air(tmp_path)
    reader = Station(made.store)
    turn = next(reader.logged("films", NOW, NOW + timedelta(seconds=1)))
    reasons = tuple(replace(airing, reason="the stars") for airing in turn.airings)
    path = tmp_path / keys.turn("films", instant_at(GENESIS, turn.start), turn.index)
    path.write_bytes(encode(replace(turn, airings=reasons)))
    found = asked(Station(made.store), "films", "now", NOW)
    assert found.document["unknown"] == "this version of Fastline chooses otherwise than the one that wrote the log"
    assert ": the stars.\n" in found.text


def test_a_turn_whose_predecessor_is_gone_cannot_be_drafted(tmp_path: Path) -> None:
    made = on_air(tmp_path)
    reader = Station(made.store)
    turns = list(reader.logged("films", GENESIS, NOW))
    for turn in turns[:-1]:
        (tmp_path / keys.turn("films", instant_at(GENESIS, turn.start), turn.index)).unlink()
    found = asked(Station(made.store), "films", "now", NOW)
    assert found.document["unknown"] == "the turn before it is not in the log any more"
    with pytest.raises(Unexplained) as refused:
        asked(Station(made.store), "films", "12:00:30", NOW)
    assert str(refused.value) == (
        "the log of films does not reach back to 12:00:30 on Sun 2026-03-01 (UTC); it was kept from later on"
    )


def test_what_was_pulled_is_said_to_be_slate(tmp_path: Path) -> None:
    made = on_air(tmp_path)
    turn = next(Station(made.store).logged("films", NOW, NOW + timedelta(seconds=1)))
    made.withdraw("films", turn.airings[0].asset)
    found = asked(Station(made.store), "films", "now", NOW)
    assert found.document["notes"] == [
        "slate plays in its place: it was pulled off air at 12:05:00 on Sun 2026-03-01 (UTC)"
    ]


def test_what_a_mirror_airs_its_parent_chose(tmp_path: Path) -> None:
    made = on_air(tmp_path)
    own = replace(FILMS, id="films-later", genesis=GENESIS + timedelta(hours=1))
    revision = replace(made.revisions["films"], channel=own, parent=Parent("films", timedelta(hours=1)))
    assert made.store.put_new(keys.revision("films-later", 1), encode(revision))
    reader = Station(made.store)
    mirrored = asked(reader, "films-later", "13:04", NOW)
    parents = asked(reader, "films", "12:04", NOW)
    note = "films-later is a mirror of films: it airs what that has at 12:04:00 on Sun 2026-03-01 (UTC)."
    assert mirrored.text == f"{note}\n{parents.text}"
    assert mirrored.document == {
        **parents.document,
        "mirror": {"channel": "films-later", "instant": "2026-03-01T13:04:00.000Z", "of": "films"},
    }


@pytest.mark.parametrize(
    ("channel", "when", "kind", "expected"),
    [
        ("news", "now", UnknownChannel, "there is no channel 'news'; there is: films"),
        (
            "films",
            "11:59:59",
            Unexplained,
            "films began at 12:00:00 on Sun 2026-03-01 (UTC), and nothing was on before",
        ),
        (
            "films",
            "2028-03-01T12:00",
            Unexplained,
            "12:00:00 on Wed 2028-03-01 (UTC) is more than 400 days ahead of the log of films",
        ),
        (
            "films",
            "25:00",
            Unexplained,
            "'25:00' is not an instant: write `now`, 20:15, `yesterday 20:15`, or one like 2026-03-01T20:15",
        ),
        (
            "films",
            "soon",
            Unexplained,
            "'soon' is not an instant: write `now`, 20:15, `yesterday 20:15`, or one like 2026-03-01T20:15",
        ),
        (
            "films",
            "0001-01-01T00:00+10:00",
            Unexplained,
            "nothing is on air in the year 1",
        ),
    ],
)
def test_what_cannot_be_explained_says_why(
    tmp_path: Path, channel: str, when: str, kind: type[Exception], expected: str
) -> None:
    made = on_air(tmp_path)
    with pytest.raises(kind) as refused:
        asked(Station(made.store), channel, when, NOW)
    assert str(refused.value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", datetime(2026, 3, 1, 23, 30, tzinfo=UTC)),
        ("20:15", datetime(2026, 3, 2, 19, 15, tzinfo=UTC)),  # it is past midnight in Paris
        ("today 7:05", datetime(2026, 3, 2, 6, 5, tzinfo=UTC)),
        ("yesterday 20:15:30", datetime(2026, 3, 1, 19, 15, 30, tzinfo=UTC)),
        ("tomorrow 00:00", datetime(2026, 3, 2, 23, tzinfo=UTC)),
        ("2026-07-01T20:15", datetime(2026, 7, 1, 18, 15, tzinfo=UTC)),
        ("2026-07-01 20:15:00.5", datetime(2026, 7, 1, 18, 15, 0, 500_000, tzinfo=UTC)),
        ("2026-07-01T20:15Z", datetime(2026, 7, 1, 20, 15, tzinfo=UTC)),
        ("2026-07-01T20:15-04:00", datetime(2026, 7, 2, 0, 15, tzinfo=UTC)),
    ],
)
def test_an_instant_is_by_the_clocks_of_the_channel(tmp_path: Path, text: str, expected: datetime) -> None:
    plain = station(tmp_path).revisions["films"]
    revision = replace(plain, channel=replace(FILMS, zone="Europe/Paris"), changes=PARIS)
    assert instant(text, revision, datetime(2026, 3, 1, 23, 30, tzinfo=UTC)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "2026-03-29T02:30",
            (
                "the clocks of Europe/Paris leave 2026-03-29T02:30:00 out; write another time, or an instant in UTC "
                "with Z behind it"
            ),
        ),
        (
            "2026-10-25T02:30",
            (
                "the clocks of Europe/Paris show 2026-10-25T02:30:00 twice: write 2026-10-25T00:30:00Z or "
                "2026-10-25T01:30:00Z"
            ),
        ),
    ],
)
def test_what_clocks_leave_out_or_repeat_is_asked_for_again(tmp_path: Path, text: str, expected: str) -> None:
    plain = station(tmp_path).revisions["films"]
    revision = replace(plain, channel=replace(FILMS, zone="Europe/Paris"), changes=PARIS)
    with pytest.raises(Unexplained) as refused:
        instant(text, revision, NOW)
    assert str(refused.value) == expected


def fastline(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(CHECKOUT / "fastline.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_answers_in_words_and_as_json(tmp_path: Path) -> None:
    on_air(tmp_path)
    asking = ("why", "films", "2026-03-01", "12:03", "--media", str(tmp_path))
    done = fastline(*asking)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("At 12:03:00 on Sun 2026-03-01 (UTC) films has Title of film-")
    told = json.loads(fastline(*asking, "--format", "json").stdout)
    assert told["answer"] == done.stdout.splitlines()[0]
    assert told["instant"] == "2026-03-01T12:03:00.000Z"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["news"], "fastline: there is no channel 'news'; there is: films\n"),
        (
            ["films", "2026-02-01"],
            "fastline: films began at 12:00:00 on Sun 2026-03-01 (UTC), and nothing was on before\n",
        ),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path: Path, arguments: list[str], words: str) -> None:
    on_air(tmp_path)
    done = fastline("why", *arguments, "--media", str(tmp_path))
    assert (done.returncode, done.stderr) == (1, words)


def test_what_was_asked_changes_nothing_in_the_store(tmp_path: Path) -> None:
    made = on_air(tmp_path / "store")
    shutil.copytree(tmp_path / "store", tmp_path / "copy")
    asked(Station(made.store), "films", "12:30", NOW)
    kept, copied = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (tmp_path / "store", tmp_path / "copy")
    )
    assert kept == copied
