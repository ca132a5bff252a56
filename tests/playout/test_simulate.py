"""`fastline simulate` on a real store: published, from any instant, and what would be if a file were published."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date, timedelta
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from languages import revised
from lengths import lasting
from libraries import KIT, of_kind
from rich.console import Console
from stations import FULL, GENESIS, Station, station

import fastline
from playout import config
from playout.config import Programming
from playout.core.airing import BEGINNING, Role
from playout.core.asset import Kind
from playout.core.catalog import catalog_of
from playout.core.rules import Ads, Block, Daypart, Late, Never, Order, Rules, Source
from playout.core.simulation import simulated
from playout.core.ticks import TIMEBASE, Ticks, instant_at
from playout.library import newest, scan
from playout.reports.picture import svg
from playout.reports.simulate import Derived, Form, Run, as_json, of_revision, of_station, wanted, write
from playout.station import Station as Store
from playout.station import UnknownChannel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = GENESIS + timedelta(minutes=5)
FILE = """\
version: 1
defaults: {house: fast}
channels:
  films:
    number: 1
    name: Films
    include: {kind: [movie]}
    order: sequence
    zone: America/New_York
    ads: {every: 15s, pod: 10s, any: [ad]}
    dayparts:
      morning: {from: 06:00, to: 12:00, ads: none}
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
    one.look()
    return one


def drafted(made: Station, channel: str = "films") -> Run:
    """What the file would air for three days."""
    found = config.read(FILE, "channels.yaml")
    assert isinstance(found, Programming), found
    store = Store(made.store)
    draft = next(draft for draft in found.drafts if draft.id == channel)
    return of_revision(store, wanted(draft, store, NOW), 3, None)


def test_a_published_channel_goes_on_where_its_log_ends(made: Station) -> None:
    store = Store(made.store)
    run = of_station(store, "films", 1, None, NOW)
    assert run.simulation.start == instant_at(GENESIS, store.end("films").start)
    assert run.simulation.stop - run.simulation.start >= timedelta(days=1)
    assert run.revision == store.revisions("films")[-1]


def test_the_figures_are_of_the_turns_of_the_station(made: Station) -> None:
    store = Store(made.store)
    run = of_station(store, "films", 1, None, NOW)
    turns = list(store.turns("films", run.simulation.start, run.simulation.stop))
    assert run.simulation.turns == len(turns)
    assert run.simulation.airtime(Role.PROGRAM) == sum(
        airing.end - airing.start for turn in turns for airing in turn.airings if airing.role is Role.PROGRAM
    )


def test_it_may_begin_in_the_past_or_far_ahead(made: Station) -> None:
    store = Store(made.store)
    past = of_station(store, "films", 1, GENESIS + timedelta(minutes=1), NOW)
    assert GENESIS + timedelta(minutes=1) <= past.simulation.start < GENESIS + timedelta(minutes=3)
    ahead = GENESIS + timedelta(days=2)
    far = of_station(store, "films", 1, ahead, NOW)
    assert ahead <= far.simulation.start < ahead + timedelta(minutes=2)
    assert ahead + timedelta(days=1) <= far.simulation.stop < ahead + timedelta(days=1, minutes=2)


def test_a_file_is_simulated_as_if_it_were_published(made: Station) -> None:
    """The published channel has no ads and no dayparts; the file has both, and goes on from the same log."""
    run = drafted(made)
    assert [part.name for part in run.simulation.dayparts] == ["", "morning"]
    assert run.simulation.airtime(Role.AD) > 0
    morning = next(part for part in run.simulation.dayparts if part.name == "morning")
    assert morning.ads == 0
    assert run.revision.number == 2
    assert run.simulation.start == instant_at(GENESIS, Store(made.store).end("films").start)
    assert Store(made.store).revisions("films")[-1].number == 1  # nothing was published


def test_a_mirror_is_simulated_as_its_original(made: Station) -> None:
    with pytest.raises(Derived, match=r"^later mirrors films: simulate films$"):
        drafted(made, "later")
    with pytest.raises(UnknownChannel, match="there is no channel 'nope'; there is: films"):
        of_station(Store(made.store), "nope", 1, None, NOW)


def test_the_json_form_is_stable_and_in_seconds(made: Station) -> None:
    run = drafted(made)
    text = as_json(run)
    assert text == as_json(drafted(made))
    found = json.loads(text)
    assert found["air"] == pytest.approx(3 * 86_400, abs=60)
    assert sum(role["airtime"] for role in found["roles"]) == pytest.approx(found["air"])
    assert [part["name"] for part in found["dayparts"]] == ["", "morning"]
    assert len(found["ads"]["hours"]) == 24
    assert found["ads"]["hours"][8]["ads"] < found["ads"]["hours"][14]["ads"]
    assert found["by_daypart"]["legend"] == ["", "morning"]
    rows = list(found["by_daypart"]["days"].values())
    assert rows[1] == "aaaaaabbbbbbaaaaaaaaaaaa"


def test_the_text_names_what_is_asked_first(made: Station) -> None:
    out = StringIO()
    write(drafted(made), Form.TEXT, out)
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= 110
    for words in ("Films (films), 2026-03-01 07:", "no gap", "On air", "Dayparts", "morning", "Repeats", "Ads"):
        assert words in text
    for words in ("A title comes back after", "the fullest clock hour", "ads by hour of the local day", "never aired"):
        assert words in text


@pytest.mark.parametrize("columns", [80, 110])
def test_a_terminal_shows_the_names_of_dayparts_in_its_columns(columns: int) -> None:
    out = StringIO()
    write(season(), Form.TEXT, out, Console(file=out, width=columns, highlight=False))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= columns
    table = lines[lines.index(next(line for line in lines if line.startswith("Dayparts"))) :]
    heads = ["daypart", "programs", "airtime", "ads/h", "filler", "slate", "latest", "late"]
    assert table[2].split() == (heads if columns > 80 else heads[:-1])
    if columns == 80:
        assert [line.split()[-1] for line in table[4:7]] == ["min", "–", "h"]
    names = [line.split()[0] for line in table[4:7]]
    assert names == ["(own", "morning", "night"]
    hours = next(line for line in lines if line.startswith("00 01 02"))
    assert hours.split() == [f"{hour:02d}" for hour in range(24)]


def test_the_picture_tells_of_seconds() -> None:
    run = season()
    soon = replace(run.simulation, repeats=replace(run.simulation.repeats, shortest=Ticks(24 * TIMEBASE)))
    assert ">24 s<" in svg(soon, "One", "Europe/Paris")


def test_the_picture_is_whole_and_has_every_hour(made: Station) -> None:
    """Well-formed, with no script, no font and no address but the name of its language; the cells tile the days."""
    run = drafted(made)
    text = svg(run.simulation, "Films & <more>", "America/New_York")
    tree = ET.fromstring(text)  # noqa: S314 — our own
    names = {element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in tree.iter()}
    assert names <= {"svg", "title", "style", "g", "rect", "path", "line", "text"}
    assert text.count("http") == 1
    words = [element.text for element in tree.iter() if element.tag.endswith("text")]
    assert {"Films & <more>", "morning", "the channel’s own", "Mar 2026"} <= set(words)
    assert "prefers-color-scheme: dark" in text
    cells = sum(place >= 0 for _, row in run.simulation.by_daypart.days for place in row)
    paths = [element.get("d", "") for element in tree.iter() if element.tag.endswith("path")]
    wide = sum(float(box.split("h")[1].split("v")[0]) for path in paths for box in path.split("z") if box)
    assert wide == pytest.approx(cells * 90)


def season() -> Run:
    """Three days before and after clocks are put forward in Paris: films, ads, trailers, a morning and a night."""
    genres = ("noir", "drama", "noir", "western", "drama")
    films = [lasting(f"film{n}", Kind.MOVIE, 4800 + 600 * n, genres=(genre,)) for n, genre in enumerate(genres)]
    spots = [lasting(f"ad{n}", Kind.AD, 20) for n in range(4)]
    trailers = [lasting(f"trailer{n}", Kind.FILLER, 30 + 40 * n) for n in range(3)]
    ads = Ads(Ticks(1200 * TIMEBASE), Ticks(60 * TIMEBASE), of_kind(Kind.AD))
    own = Block((Source((of_kind(Kind.MOVIE),), order=Order.SEQUENCE),), ads, of_kind(Kind.FILLER))
    morning = Daypart("morning", 6 * 3600, 12 * 3600, replace(own, pad=Ticks(1800 * TIMEBASE)), late=Late.CUT)
    night = Daypart("night", 22 * 3600, 29 * 3600, replace(own, ads=None))
    one = revised(Rules(own, (morning, night), Never(repeat=Ticks(6 * 3600 * TIMEBASE))), start=date(2026, 3, 28))
    catalog = catalog_of([*films, *spots, *trailers], [KIT])
    stop = one.channel.genesis + timedelta(days=3)
    return Run(one, simulated((one,), lambda _: catalog, BEGINNING, stop))


def test_every_form_is_as_it_was_agreed(golden: Callable[[str, str], None]) -> None:
    """Text of 110 columns, JSON and SVG; `make golden` writes them, and the picture is looked at again."""
    out = StringIO()
    write(season(), Form.TEXT, out)
    golden("simulation.txt", out.getvalue())
    golden("simulation.json", as_json(season()))
    golden("simulation.svg", svg(season().simulation, "Channel One", "Europe/Paris"))


@pytest.fixture
def run(made: Station, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs `fastline simulate` on the store."""

    def simulating(*arguments: str) -> tuple[int, str, str]:
        code = fastline.main(["simulate", *arguments, "--media", str(made.root)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return simulating


def test_the_command_prints_or_writes_each_form(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    options = ("films", "--days", "1", "--from", "2026-03-02T00:00Z")
    code, out, err = run(*options)
    assert (code, err) == (0, "")
    assert "no gap" in out
    code, out, _ = run(*options, "--format", "json")
    assert json.loads(out)["channel"] == "films"
    code, out, _ = run(*options, "--format", "svg", "--output", str(tmp_path / "films.svg"))
    assert (code, out) == (0, "")
    assert (tmp_path / "films.svg").read_text("utf-8").startswith("<svg ")


def test_the_command_takes_a_file_and_says_what_is_wrong(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    file = tmp_path / "new.yaml"
    file.write_text(FILE, "utf-8")
    options = ("--days", "1", "--channels", str(file))
    code, out, _ = run("films", *options)
    assert code == 0
    assert "morning" in out
    assert run("noir", *options)[2] == (f"fastline: there is no channel 'noir' in {file}; there is: films, later\n")
    assert run("later", *options)[2] == "fastline: later mirrors films: simulate films\n"
    code, _, err = run("films", "--output", str(tmp_path / "no" / "where.svg"), *options)
    assert code == 1
    assert err.endswith("where.svg cannot be written: No such file or directory\n")
    file.write_text("version: 1\nchanels: {}\n", "utf-8")
    code, _, err = run("films", *options)
    assert code == 1
    assert "new.yaml:2: " in err


def test_a_channel_that_has_never_been_published_begins_now(made: Station) -> None:
    """Its first turn is the first of its life."""
    text = FILE.replace("  films:", "  fresh:").replace("of: films", "of: fresh")
    found = config.read(text, "channels.yaml")
    assert isinstance(found, Programming)
    store = Store(made.store)
    one = wanted(found.drafts[0], store, NOW)
    assert (one.number, one.channel.genesis) == (1, NOW)
    assert of_revision(store, one, 1, None).simulation.start == NOW
    made.asset("film-d", Kind.MOVIE, *[FULL] * 4)  # what is not in an edition yet is not simulated
    assert len(of_revision(Store(made.store), one, 1, None).simulation.repeats.titles) == 3
