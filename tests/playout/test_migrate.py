"""Exports of other programs: what they become, that nothing is lost without a word, and that nothing raises."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from playout import config
from playout.config import Programming
from playout.core.rules import Order
from playout.migrate import LARGEST, Fate, Migration, Program, Unreadable, migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLES = Path(__file__).parent / "exports"
FILES = ("corner.yaml", "kettle.json", "harbour.json", "tunnel.json")


def example(name: str) -> Any:
    """An example as plain values."""
    data = (EXAMPLES / name).read_bytes()
    return YAML(typ="safe", pure=True).load(data) if name.endswith(".yaml") else json.loads(data)


def migrated(value: Any, name: str = "export.json", program: Program | None = None) -> Migration:
    return migrate(value if isinstance(value, bytes) else json.dumps(value).encode(), name, program)


def programming(found: Migration) -> Programming:
    read = config.read(found.text, "channels.yaml")
    assert isinstance(read, Programming), f"{read}\n{found.text}"
    return read


def good_or_refused(data: bytes, program: Program | None = None) -> None:
    """Whatever `data` is: what comes of it is read without a fault, or there is a reason why nothing does."""
    try:
        found = migrate(data, "export", program)
    except Unreadable as unreadable:
        answer = str(unreadable)
    else:
        programming(found)
        answer = found.text
    assert answer


def remarks(found: Migration, fate: Fate) -> list[str]:
    return [str(remark) for remark in found.report.of(fate)]


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("corner.yaml", Program.ERSATZTV),
        ("kettle.json", Program.DIZQUETV),
        ("harbour.json", Program.TUNARR),
        ("tunnel.json", Program.TUNARR),
    ],
)
def test_an_export_becomes_these_channels_and_this_report(
    name: str, program: Program, golden: Callable[[str, str], None]
) -> None:
    found = migrate((EXAMPLES / name).read_bytes(), name)
    assert found.program is program
    programming(found)
    stem = name.partition(".")[0]
    golden(f"migrate-{stem}.yaml", found.text)
    golden(f"migrate-{stem}.txt", f"{found.report}\n")


def mappings(value: Any) -> Iterator[dict[str, Any]]:
    """All mappings in `value`."""
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from mappings(child)


@given(st.data(), st.sampled_from(FILES))
@settings(deadline=None, max_examples=30)
def test_a_key_that_no_reader_knows_is_in_the_report(data: st.DataObject, name: str) -> None:
    tree = copy.deepcopy(example(name))
    holders = list(mappings(tree))
    holder = holders[data.draw(st.integers(0, len(holders) - 1))]
    key = data.draw(st.sampled_from(["zyxwv", "zyxwv key", "zyxwv\nkey", "zyxwv.ü"]))
    holder[key] = data.draw(st.sampled_from([1, "said", None, True, [], {}, {"within": [1]}, ["x"]]))
    found = migrated(tree)
    programming(found)
    assert " ".join(key.split()) in str(found.report)


@given(st.data(), st.sampled_from(FILES), st.sampled_from([{"odd": 1}, [{"odd": 1}], {"odd": {"within": "x"}}]))
@settings(deadline=None, max_examples=50)
def test_what_stands_where_something_else_is_expected_is_in_the_report(
    data: st.DataObject, name: str, odd: Any
) -> None:
    tree = copy.deepcopy(example(name))
    holders = [(holder, key) for holder in mappings(tree) for key in holder]
    holder, key = holders[data.draw(st.integers(0, len(holders) - 1))]
    holder[key] = odd
    try:
        found = migrated(tree)
    except Unreadable:
        return  # there is no channel left
    programming(found)
    assert "odd" in str(found.report)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.data(), st.sampled_from(FILES), values, st.sampled_from([None, *Program]))
@settings(deadline=None, max_examples=80)
def test_a_mangled_export_is_a_good_file_or_a_reason(
    data: st.DataObject, name: str, value: Any, program: Program | None
) -> None:
    tree = copy.deepcopy(example(name))
    holders = [holder for holder in mappings(tree) if holder]
    holder = holders[data.draw(st.integers(0, len(holders) - 1))]
    holder[data.draw(st.sampled_from(sorted(holder)))] = value
    good_or_refused(json.dumps(tree).encode(), program)


@given(st.data(), st.sampled_from(FILES))
@settings(deadline=None, max_examples=40)
def test_mangled_bytes_are_a_good_file_or_a_reason(data: st.DataObject, name: str) -> None:
    whole = (EXAMPLES / name).read_bytes()
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, min(start + 40, len(whole))))
    mangled = (
        whole[:start]
        + data.draw(st.binary(max_size=8) | st.sampled_from([b"\n", b"  ", b"- ", b'"', b"{"]))
        + whole[stop:]
    )
    good_or_refused(mangled)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.sampled_from([None, *Program]))
@settings(deadline=None)
def test_any_bytes_are_a_good_file_or_a_reason(data: bytes, program: Program | None) -> None:
    good_or_refused(data, program)


EXPORT = "an ErsatzTV sequential schedule (YAML), a Tunarr channel or a dizqueTV channel (JSON)"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"\xff\xfe\x00", "it is no UTF-8 text: export the channel as JSON, or give the YAML of a sequential schedule"),
        (
            b"PK\x03\x04\xff",
            "it is a packed file: export the channel as JSON, or give the YAML of a sequential schedule",
        ),
        (
            b"SQLite format 3\x00\xff",
            "it is a database: export the channel as JSON, or give the YAML of a sequential schedule",
        ),
        (b'{"programs": [', "it begins like JSON, but is none: line 1, column 15: Expecting value"),
        (
            b'{"a": ' + b"9" * 5000 + b"}",
            "it is not JSON: Exceeds the limit (4300 digits) for integer string conversion",
        ),
        (
            b"content:\n  - a: [\n",
            "it is neither JSON nor YAML: line 3: ",
        ),
        (b"[" * 40 + b"]" * 40, "it is nested deeper than 32 levels: is it the right file?"),
        (b"[" * 100_000, "it is nested deeper than 32 levels: is it the right file?"),
        (b"a: " + b"[" * 40 + b"]" * 40, "it is nested deeper than 32 levels: is it the right file?"),
        (
            b'<?xml version="1.0"?>\n<MediaContainer size="1">',
            "it is an answer of a Plex server, which knows a library but no channel: export the channel",
        ),
        (
            b'{"MediaContainer": {"size": 1}}',
            f"it is an answer of a Plex server, which knows a library but no channel: give {EXPORT}",
        ),
        (b'<?xml version="1.0"?>\n<tv>', "it is XML, as of a guide: export the channel itself, as JSON"),
        (b"#EXTM3U\n", "it is a playlist of streams: export the channel itself, as JSON"),
        (b"version: 1\nchannels: {}\n", "it looks like a channels.yaml already: `fastline check` reads it"),
        (
            b'{"version": "1", "items": [{"start": "x", "source": {}}]}',
            "it is a list of dated items, as ErsatzTV Next plays it, and says nothing of how it was made: give "
            + EXPORT,
        ),
        (b"{}", f"it is not known whose export it is: give {EXPORT}, or say whose it is with --from"),
        (b"words", f"it is not known whose export it is: give {EXPORT}, or say whose it is with --from"),
        (b"content: []\nplayout: []\n", "its playout plays nothing: there is no instruction with `content`"),
    ],
    ids=range(20),
)
def test_what_is_no_export_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        migrate(data, "export")
    assert str(refused.value).startswith(reason)


def test_another_program_than_was_said_is_refused() -> None:
    with pytest.raises(Unreadable, match="no sequential schedule of ErsatzTV"):
        migrate((EXAMPLES / "kettle.json").read_bytes(), "kettle.json", Program.ERSATZTV)
    with pytest.raises(Unreadable, match="no channel of Tunarr: the file has no name, no programs and no slots"):
        migrate((EXAMPLES / "corner.yaml").read_bytes(), "corner.yaml", Program.TUNARR)
    with pytest.raises(Unreadable, match="no channel of Tunarr"):
        migrate(b'{"a": 1}', "x", Program.TUNARR)
    with pytest.raises(Unreadable, match="no channel of dizqueTV"):
        migrate(b"[1]", "x", Program.DIZQUETV)


def test_what_is_too_large_is_not_read() -> None:
    with pytest.raises(Unreadable, match="larger than 64 MiB"):
        migrate(b" " * (LARGEST + 1), "x")
    with pytest.raises(Unreadable, match="longer than a schedule that a person wrote"):
        migrate(b"# words\n" * 200_000, "x")


def test_a_sequence_that_plays_itself_ends() -> None:
    text = b"""
content: [{search: null, key: A, query: "tag:a", order: shuffle}]
sequence: [{key: S, items: [{sequence: S}, {count: 1, content: A}]}]
playout: [{sequence: S}]
"""
    found = migrate(text, "loop.yaml")
    programming(found)
    assert any("sequence 'S' plays itself" in line for line in remarks(found, Fate.LEFT))
    doubled = "\n".join(
        f"  - {{key: S{k}, items: [{{sequence: S{k + 1}}}, {{sequence: S{k + 1}}}]}}" for k in range(40)
    )
    bomb = f"content: [{{search: null, key: A, query: 'tag:a'}}]\nsequence:\n{doubled}\nplayout: [{{sequence: S0}}]\n"
    with pytest.raises(Unreadable, match="more than 5000 instructions"):
        migrate(bomb.encode(), "bomb.yaml")


# The command


def fastline(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fastline", *arguments],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_prints_the_channels_and_says_the_report(tmp_path: Path) -> None:
    export = str(EXAMPLES / "kettle.json")
    done = fastline("migrate", export)
    found = migrate((EXAMPLES / "kettle.json").read_bytes(), "kettle.json")
    assert (done.returncode, done.stdout) == (0, found.text)
    assert str(found.report) in done.stderr

    output = tmp_path / "channels.yaml"
    assert fastline("migrate", export, "--from", "dizquetv", "--output", str(output)).returncode == 0
    assert output.read_text("utf-8") == found.text
    again = fastline("migrate", export, "--output", str(output))
    assert again.returncode == 1
    assert f"{output}: File exists; nothing was written, so give --output another name" in again.stderr


def test_the_command_says_why_it_cannot(tmp_path: Path) -> None:
    done = fastline("migrate", str(tmp_path / "none.json"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"fastline: {tmp_path / 'none.json'}: No such file or directory\n"
    (tmp_path / "bad.json").write_text("{")
    done = fastline("migrate", str(tmp_path / "bad.json"))
    assert "it begins like JSON, but is none: line 1" in done.stderr
    assert "Traceback" not in done.stderr


# Meanings


def channel(**more: Any) -> dict[str, Any]:
    """A channel of dizqueTV with two programs."""
    episode = {"type": "episode", "duration": 1_320_000, "showTitle": "Two Kettles", "season": 1}
    programs = [{**episode, "title": "Steam", "episode": 1}, {**episode, "title": "Limescale", "episode": 2}]
    film = {"type": "movie", "duration": 5_400_000, "title": "The Long Quay"}
    return {"number": 5, "name": "Kettles", "programs": [*programs, film], "fillerCollections": [], **more}


HOUR = 3_600_000


def test_slots_of_a_day_are_dayparts() -> None:
    slots = [
        {"time": 6 * HOUR, "showId": "tv.Two Kettles", "order": "next"},
        {"time": 20 * HOUR, "showId": "movie.", "order": "shuffle"},
    ]
    found = migrated(channel(scheduleBackup={"slots": slots, "pad": 300_000, "lateness": 0, "timeZoneOffset": -60}))
    (draft,) = programming(found).drafts
    assert draft.zone == "Etc/GMT-1"
    kettles, movies = draft.rules.dayparts
    assert (kettles.name, kettles.start, kettles.stop) == ("two-kettles", 6 * 3600, 20 * 3600)
    assert (movies.name, movies.start, movies.stop) == ("movies", 20 * 3600, 30 * 3600)
    assert kettles.block.sources[0].order is Order.SEQUENCE
    assert kettles.block.sources[0].include[0].series == ("two kettles",)
    assert kettles.block.overrun == 0
    assert movies.block.sources[0].include[0].listed == ("the long quay",)


def test_a_week_begins_on_thursday_for_dizquetv_and_on_sunday_for_tunarr() -> None:
    day = 24 * HOUR
    slots = [{"time": 8 * HOUR, "showId": "movie."}, {"time": day + 20 * HOUR, "showId": "tv.Two Kettles"}]
    found = migrated(channel(scheduleBackup={"slots": slots, "period": 7 * day}))
    days = {part.name: part.days for part in programming(found).drafts[0].rules.dayparts}
    assert days["movies"][0] == 3  # Thursday, 08:00
    assert 4 in days["two-kettles"]  # Friday, 20:00

    lineup = {
        "name": "Kettles", "number": 5, "totalPrograms": 0, "programs": {}, "lineup": [], "startTimeOffsets": [],
        "schedule": {"type": "time", "period": "week", "slots": [
            {"type": "movie", "startTime": 8 * HOUR},
            {"type": "flex", "startTime": day + 8 * HOUR},
        ]},
    }  # fmt: skip
    parts = programming(migrated(lineup)).drafts[0].rules.dayparts
    assert [(part.name, part.days, part.start) for part in parts if part.name.startswith("movies")] == [
        ("movies", (6,), 8 * 3600)
    ]


def test_random_slots_are_sources_with_weights() -> None:
    slots = [
        {"showId": "tv.Two Kettles", "order": "next", "weight": 3, "duration": 30 * 60_000},
        {"showId": "movie.", "order": "shuffle", "weight": 1, "duration": 2 * HOUR, "cooldown": HOUR},
    ]
    found = migrated(channel(randomScheduleBackup={"slots": slots, "pad": 1_800_000, "padStyle": "slot"}))
    (draft,) = programming(found).drafts
    assert [(source.order, source.weight) for source in draft.rules.block.sources] == [
        (Order.SEQUENCE, 3),
        (Order.SHUFFLE, 1),
    ]
    text = "\n".join(remarks(found, Fate.APPROXIMATED))
    assert "each turn was 30 minutes long; here a turn is one program: raise `weight`" in text
    assert "a source has no pause of its own here" in text


def test_a_lineup_is_listed_by_names_elsewhere_where_there_are_any() -> None:
    found = migrate((EXAMPLES / "tunnel.json").read_bytes(), "tunnel.json")
    (draft,) = programming(found).drafts
    (source,) = draft.rules.block.sources
    assert source.order is Order.LISTED
    assert source.include[0].listed == ("imdb:tt9000301", "tvdb:90302", "the last train")


def test_channels_of_a_list_have_ids_and_numbers_of_their_own() -> None:
    found = migrated([channel(), channel(), channel(number=0, name="")])
    drafts = programming(found).drafts
    assert [(draft.id, draft.number) for draft in drafts] == [("kettles", "5"), ("kettles-2", "1"), ("export", "2")]


def test_the_clip_that_airs_when_nothing_else_does_is_the_filler() -> None:
    found = migrated(channel(offlineMode="clip", fallback=[{"title": "Closedown", "duration": 9000, "type": "movie"}]))
    filler = programming(found).drafts[0].rules.block.filler
    assert filler is not None
    assert filler.listed == ("closedown",)


def test_texts_of_other_people_mean_nothing() -> None:
    title = "No: # {a: [b]} *x &y !z %w @ ` 'q' \"r\" \\ | > \u2028 \x07 - ? none"
    found = migrated(
        channel(name=title, groupTitle="none", programs=[{"type": "movie", "title": title, "duration": 1}])
    )
    (draft,) = programming(found).drafts
    assert draft.name == " ".join(title.replace("\u2028", " ").replace("\x07", " ").split())
    assert draft.group == "none"
    assert draft.rules.block.sources[0].include[0].listed == (draft.name.casefold(),)
