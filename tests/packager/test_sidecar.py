"""The side-car: good ones, every mistake at once by line, and hostile ones."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packager.faults import Faults
from packager.identity import asset_id
from packager.job import titled
from packager.nodes import LARGEST
from packager.sidecar import Sidecar, neighbours, read, sidecar, ticks_in
from packager.source import Source
from playout.core.asset import Kind, Rights
from playout.core.house import HOUSES
from playout.core.ticks import Ticks

HERE = Path("/films/film.yaml")


def mistakes(text: str | bytes, path: Path = HERE) -> list[str]:
    result = sidecar(text.encode() if isinstance(text, str) else text, path)
    assert isinstance(result, Faults), result
    return [str(fault) for fault in result.faults]


def test_every_key(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").touch()
    (tmp_path / "film.en.srt").touch()
    (tmp_path / "subs").mkdir()
    (tmp_path / "subs" / "german.vtt").touch()
    (tmp_path / "film.yaml").write_text(
        """
title: "1984"          # quoted or not
tags: [drama, b&w, drama]
kind: episode
series: No
season: 1
episode: 12
description: |
  Two lines
  of text.
rating: 12
language: ger
released: 1949-09-02
genres: [noir, crime]
story: The Third Man
part: 2
ids: {TMS: MV000123450000, imdb: tt0041959}
advertiser: Nobody
category: culture
rights:
  - {from: 2026-03-01, until: 2026-12-31, territories: [fr, BE, FR]}
  - from: 2026-03-01T20:15+01:00
break_points: [00:12:30.5, 12:30, 750.25, 90]
subtitles:
  en: film.en.srt
  de-AT: subs/german.vtt
"""
    )
    assert read(tmp_path / "film.mp4") == Sidecar(
        title="1984",
        tags=("drama", "b&w"),
        kind=Kind.EPISODE,
        series="No",
        season=1,
        episode=12,
        description="Two lines\nof text.",
        rating="12",
        language="de",
        released="1949-09-02",
        genres=("noir", "crime"),
        story="The Third Man",
        part=2,
        ids=("imdb:tt0041959", "tms:MV000123450000"),
        advertiser="Nobody",
        category="culture",
        rights=(
            Rights(datetime(2026, 3, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), ("BE", "FR")),
            Rights(datetime(2026, 3, 1, 19, 15, tzinfo=UTC)),
        ),
        break_points=(Ticks(90 * 90_000), Ticks(750 * 90_000), Ticks(67_522_500), Ticks(67_545_000)),
        subtitles=(("en", tmp_path / "film.en.srt"), ("de-AT", tmp_path / "subs" / "german.vtt")),
    )


def test_nothing_beside_the_film_says_nothing(tmp_path: Path) -> None:
    assert read(tmp_path / "film.mp4") == Sidecar()
    assert read(tmp_path / "no folder" / "film.mp4") == Sidecar()


@pytest.mark.parametrize("text", ["", "# later\n", "---\n", "~", "\ufeff", "{}"])
def test_an_empty_side_car_says_nothing(text: str) -> None:
    assert sidecar(text.encode(), HERE) == Sidecar()


def test_no_breaks_are_not_the_same_as_unknown_breaks() -> None:
    assert sidecar(b"break_points: []", HERE) == Sidecar(break_points=())
    assert sidecar(b"break_points:", HERE) == Sidecar(break_points=())
    assert sidecar(b"break_points: 12:30", HERE) == Sidecar(break_points=(Ticks(750 * 90_000),))


def test_all_mistakes_are_reported_at_once_each_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "film.yaml"
    assert mistakes(
        """title: [a, b]
tags: {a: b}
titel: Oops
kind: movi
season: two
episode: -1
description:
kind: ad
language: klingon
break_points:
  - 00:61:00
  - noon
  - 12:30
  - [1]
subtitles:
  en: ../../etc/passwd.srt
  xx: film.srt
  de: film.txt
  fr: none.vtt
? [x]
: y
""",
        path,
    ) == [
        "line 1: `title` is a text, not a list",
        "line 2: `tags` is a list of words, not a mapping",
        "line 3: unknown key `titel`, did you mean `title`?",
        "line 4: unknown kind `movi`, did you mean `movie`?",
        "line 5: `season` is a whole number, such as 3, not `two`",
        "line 6: `episode` is a whole number, such as 3, not `-1`",
        "line 7: `description` is empty; leave the key out",
        "line 8: `kind` is there twice, first in line 4",
        "line 9: `language`: `klingon` is no language; write it as `en`, `de` or `pt-BR`",
        "line 11: `00:61:00` is no time; write `00:12:30.5`, `12:30` or seconds",
        "line 12: `noon` is no time; write `00:12:30.5`, `12:30` or seconds",
        "line 14: `break_points` is a list of times, not a list",
        "line 16: `subtitles`: `../../etc/passwd.srt` must lie beside the side-car",
        "line 17: `subtitles`: `xx` is no language; write it as `en`, `de` or `pt-BR`",
        "line 17: `subtitles`: there is no file `film.srt` here",
        "line 18: `subtitles`: `film.txt` is neither .srt nor .vtt",
        "line 19: `subtitles`: there is no file `none.vtt` here",
        "line 20: unknown key ``",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: a: b", "line 1: not YAML: mapping values are not allowed here"),
        ("a: 1\n\tb: 2", "line 2: not YAML: found character '\\t' that cannot start any token"),
        ("tags: [", "line 1: not YAML: expected the node content, but found '<stream end>'"),
        ("- a\n- b", "line 1: expected keys and values, such as `title: My film`"),
        ("just words", "line 1: expected keys and values, such as `title: My film`"),
        ("title: a\n--- \ntitle: b", "line 2: not YAML: but found another document"),
        ("title: &x a", "line 1: anchors and aliases (`&`, `*`) are not used here; quote the text"),
        ("title: a\ntags: [*x]", "line 2: anchors and aliases (`&`, `*`) are not used here; quote the text"),
        ("kind: what", "line 1: unknown kind `what`; it is one of movie, episode, clip, ad, bumper, filler, slate"),
        ("tags:\n" + "[" * 900, "line 2: nested deeper than 4 levels"),
        ("x" * (LARGEST + 1), "larger than 64 KiB: is this really a side-car?"),
        (f"title: {'x' * 10_001}", "line 1: `title` is longer than 10000 characters"),
        (b"title: ok\ntags: \xff\xfe", "line 2: not UTF-8: save the file as UTF-8"),
    ],
)  # fmt: skip
def test_what_is_no_side_car_is_refused(text: str | bytes, message: str) -> None:
    assert mistakes(text) == [message]


def said(text: str) -> Sidecar:
    result = sidecar(text.encode(), HERE)
    assert isinstance(result, Sidecar), result
    return result


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("imdb:tt0041959", ("imdb:tt0041959",)),
        ("[isci:ABCD1234, imdb:tt0041959, imdb:tt0041959]", ("imdb:tt0041959", "isci:ABCD1234")),
        ("{tmdb: 1092, EIDR: 10.5240/7791-8534-2C23-9030-8610-5}",
         ("eidr:10.5240/7791-8534-2C23-9030-8610-5", "tmdb:1092")),
        ("[{imdb: tt0041959}, tms:MV000123450000]", ("imdb:tt0041959", "tms:MV000123450000")),
        ("{house: A-17/b}", ("house:A-17/b",)),
    ],
)  # fmt: skip
def test_names_elsewhere_are_a_list_or_a_mapping(text: str, ids: tuple[str, ...]) -> None:
    assert said(f"ids: {text}").ids == ids


@pytest.mark.parametrize("key", ["released", "year"])
def test_a_year_is_enough(key: str) -> None:
    assert said(f"{key}: 1949").released == "1949"


DAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("{from: 2026-03-01}", Rights(DAY)),
        ("{from: 2026-03-01T01:00+01:00}", Rights(DAY)),
        ("{until: 2026-02-28}", Rights(None, DAY)),  # the last day is included
        ("{until: 2026-03-01T00:00Z}", Rights(None, DAY)),  # an instant is the first that is not
        ("{from: 2026-03-01, until: 2026-03-01}", Rights(DAY, datetime(2026, 3, 2, tzinfo=UTC))),
        ("{from: 2026-03-01, until: 9999-12-31}", Rights(DAY)),
        ("{territories: uk-gb}", None),
        ("{territories: gb}", Rights(territories=("GB",))),
    ],
)
def test_rights_have_a_time_and_territories(text: str, right: Rights | None) -> None:
    if right is None:
        assert mistakes(f"rights: {text}")
    else:
        assert said(f"rights: {text}").rights == said(f"rights: [{text}]").rights == (right,)


def test_all_mistakes_in_facts_are_reported_at_once() -> None:
    assert mistakes(
        """released: soon
year: 1949
genres: {noir: yes}
part: 2
ids:
  imdb: 41959
  eidr: 10.5240/x
  Bad Scheme: x
  tms: two words
advertiser: []
category:
rights:
  - {from: 2026-13-01, until: tomorrow}
  - {from: 2026-03-01, until: 2026-02-01}
  - {from: 2026-03-01T20:15, til: 2026-04-01}
  - {territories: [UK, France]}
  - {}
  - everywhere
  - {territories: []}
  - {until: 0001-01-01T00:00+10}
  - {from: 9999-12-31T23:00-10}
  - {territories: {FR: yes}}
"""
    ) == [
        "line 2: `year` says what `released` says already: take one out",
        "line 3: `genres` is a list of words, not a mapping",
        "line 4: `part` without `story`: write of which story it is the part",
        "line 6: `ids`: `imdb:41959` is no name; write it as `imdb:tt0041959`",
        "line 7: `ids`: `eidr:10.5240/x` is no name; write it as `eidr:10.5240/7791-8534-2C23-9030-8610-5`",
        "line 8: `ids`: `Bad Scheme:x` is no name; write it as `imdb:tt0041959`",
        "line 9: `ids`: `tms:two words` is no name; write it as `imdb:tt0041959`",
        "line 10: `advertiser` is a text, not a list",
        "line 11: `category` is empty; leave the key out",
        "line 13: `from`: `2026-13-01` is no date; write `2026-03-01`, or `2026-03-01T20:15Z` with its zone",
        "line 13: `until`: `tomorrow` is no date; write `2026-03-01`, or `2026-03-01T20:15Z` with its zone",
        "line 14: these rights end before they begin",
        "line 15: `from`: `2026-03-01T20:15` is no date; write `2026-03-01`, or `2026-03-01T20:15Z` with its zone",
        "line 15: unknown key `til`, did you mean `until`?",
        "line 16: `territories`: `France` is no territory; write its two letters (ISO 3166-1), such as `FR`",
        "line 16: `territories`: `UK` is no territory, did you mean `GB`?",
        "line 17: these rights say nothing: write `from`, `until` or `territories`",
        "line 18: `rights` is keys and values, such as `{from: 2026-01-01, until: 2026-12-31}`",
        "line 19: `territories` is empty; leave the key out for everywhere",
        "line 20: `until`: `0001-01-01T00:00+10` is no date; write `2026-03-01`, or `2026-03-01T20:15Z` with its zone",
        "line 21: `from`: `9999-12-31T23:00-10` is no date; write `2026-03-01`, or `2026-03-01T20:15Z` with its zone",
        "line 22: `territories` is a list of territories, not a mapping",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("released: 49", "`released`: `49` is neither a year nor a day; write `1949` or `1949-09-02`"),
        ("year: 1949-02-30", "`year`: `1949-02-30` is neither a year nor a day; write `1949` or `1949-09-02`"),
        ("ids: tt0041959", "`ids`: `tt0041959` lacks its scheme; write it as `imdb:tt0041959`"),
        ("ids: [[x]]", "`ids` is a list of names, not a list"),
        ("part: two\nstory: x", "`part` is a whole number, such as 3, not `two`"),
        ("rights:", "`rights` is empty; leave the key out for always and everywhere"),
        ("rights: []", "`rights` is empty; leave the key out for always and everywhere"),
    ],
)
def test_a_mistake_in_a_fact(text: str, message: str) -> None:
    assert mistakes(text) == [f"line 1: {message}"]


@pytest.mark.parametrize(
    "text", ["released: 1949", "ids: imdb:tt0041959", "rights: {from: 2026-03-01}", "advertiser: A", "genres: [noir]"]
)
def test_what_is_said_of_a_work_makes_another_asset(text: str) -> None:
    house = HOUSES["fast"]
    assert asset_id(b"", said(text), (), house, 8) != asset_id(b"", Sidecar(), (), house, 8)


def test_assets_of_which_nothing_new_is_said_keep_their_ids() -> None:
    assert asset_id(b"", said("title: Night Train"), (), HOUSES["fast"], 8) == "d9ada2dfff41add682b1668ad756b5e2"


def test_the_parts_of_a_story_are_told_from_titles_where_nobody_said() -> None:
    film = Source(HERE, "mov", 1, Ticks(0), True, None, (), (), ())
    guessed = titled(film, said("{title: 'The Siege (2)', kind: episode, series: Harbour Street}"))
    assert (guessed.story, guessed.part) == ("harbour street\x1fthe siege", 2)
    named = titled(film, said("{title: 'The Siege (2)', kind: episode, series: Harbour Street, story: War, part: 5}"))
    assert (named.story, named.part) == ("War", 5)
    movie = titled(film, said("{title: 'The Siege (2)', kind: movie, series: Harbour Street}"))
    assert (movie.story, movie.part) == ("", 0)


def test_the_side_car_of_the_manual_says_everything_that_can_be_said(tmp_path: Path) -> None:
    manual = (Path(__file__).resolve().parents[2] / "media" / "README.md").read_text("utf-8")
    example = re.findall(r"```yaml\n(.*?)```", manual, re.DOTALL)
    (tmp_path / "film.srt").touch()
    (tmp_path / "film.yaml").write_text(example[0], "utf-8")
    found = read(tmp_path / "film.mp4")
    assert isinstance(found, Sidecar), found
    assert all(getattr(found, field.name) for field in fields(Sidecar))


def test_a_bomb_does_not_go_off() -> None:
    levels = "\n".join(f"{b}: &{b} [{', '.join(['*' + a] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    assert mistakes(f"a: &a [x]\n{levels}") == [
        "line 1: anchors and aliases (`&`, `*`) are not used here; quote the text"
    ]


@given(
    st.one_of(st.binary(), st.text().map(str.encode), st.text(alphabet="abc: -[]{}&*!|>'\"\n\t#?%@`,~").map(str.encode))
)
def test_any_bytes_give_an_answer(data: bytes) -> None:
    assert isinstance(sidecar(data, HERE), Sidecar | Faults)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_times_mean_the_same_however_they_are_written(hours: int, minutes: int, seconds: int, millis: int) -> None:
    whole = hours * 3600 + minutes * 60 + seconds
    ticks = whole * 90_000 + millis * 90
    assert ticks_in(f"{hours:02d}:{minutes:02d}:{seconds:02d}.{millis:03d}") == ticks
    assert ticks_in(f"{whole}.{millis:03d}") == ticks
    if hours == 0:
        assert ticks_in(f"{minutes}:{seconds:02d},{millis:03d}") == ticks


@pytest.mark.parametrize("text", ["", "1:2:3:4", "1:60", "-3", "1e3", "٣", "12:", "nan", "0x10", "1.2.3"])
def test_other_texts_are_no_times(text: str) -> None:
    assert ticks_in(text) is None


def test_subtitles_are_found_by_their_names() -> None:
    names = [
        "film.mp4", "film.en.srt", "film.en.vtt", "film.DE.SRT", "film.pt-br.srt", "film.srt", "film.fra.sdh.srt",
        "film.it.srt", "film.it.sdh.vtt", "film.es.forced.srt", "film.cut.srt", "film2.nl.srt", "film.en.srt.bak",
    ]  # fmt: skip
    assert neighbours("film.mp4", [Path(name) for name in names]) == (
        ("de", Path("film.DE.SRT")),
        ("en", Path("film.en.vtt")),
        ("fr", Path("film.fra.sdh.srt")),
        ("it", Path("film.it.srt")),
        ("pt-BR", Path("film.pt-br.srt")),
        ("und", Path("film.srt")),
    )


def test_neighbours_need_no_side_car_and_give_way_to_one(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").touch()
    (tmp_path / "film.en.srt").touch()
    (tmp_path / "other.de.srt").touch()
    found = read(tmp_path / "film.mp4")
    assert isinstance(found, Sidecar)
    assert found.subtitles == (("en", tmp_path / "film.en.srt"),)
    (tmp_path / "film.yml").write_text("subtitles: [other.de.srt]")
    named = read(tmp_path / "film.mp4")
    assert isinstance(named, Sidecar)
    assert named.subtitles == (("de", tmp_path / "other.de.srt"),)


def test_an_unreadable_side_car_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "film.yaml").mkdir()
    assert str(read(tmp_path / "film.mp4")) == f"{tmp_path / 'film.yaml'}: cannot be read: Is a directory"
