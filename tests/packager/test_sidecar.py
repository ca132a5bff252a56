"""The side-car: good ones, every mistake at once by line, and hostile ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packager.faults import Faults
from packager.sidecar import LARGEST, Sidecar, neighbours, read, sidecar, ticks_in
from playout.core.asset import Kind
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
