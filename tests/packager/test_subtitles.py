"""Subtitles: what is read, what is reported, and that each cue airs in exactly its segments."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packager.subtitles import MOST_CUES, Cue, Parsed, cue_text, decoded, in_asset, parse, printed, segments, shifted
from playout.core.ticks import TIMEBASE, Ticks
from playout.core.vtt import HEAD, vtt_head


def ms(millis: int) -> Ticks:
    return Ticks(millis * 90)


SRT = """1
00:00:01,000 --> 00:00:02,500
Hello <b>world</b>

2
00:00:03,000 --> 00:00:04,000
Two
lines
"""
HELLO = Cue(ms(1000), ms(2500), "Hello <b>world</b>")
TWO = Cue(ms(3000), ms(4000), "Two\nlines")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, newline: str) -> None:
    text = SRT.replace("world", "Ærøskøbing").replace("\n", newline)
    hello = Cue(HELLO.start, HELLO.end, "Hello <b>Ærøskøbing</b>")
    assert parse(text.encode(encoding)) == Parsed((hello, TWO), ())


def test_windows_1252_has_its_own_quotes() -> None:
    assert decoded(b"\x93caf\xe9\x94 \x81") == "\u201ccafé\u201d \ufffd"


def test_webvtt_with_everything_around_the_cues() -> None:
    text = """WEBVTT - a title
Kind: captions

STYLE
::cue { color: red }

NOTE
nothing --- here

intro
00:01.000 --> 00:02.500 line:0 align:left foo:bar size:300% region:r position:10%,line-left
<v Mary>Hello</v> <c.loud>&amp; <i>good</i></c> bye<00:00:02.000>!

1:00:00.000 --> 100:00:00.001
&lrm;x
"""
    assert parse(text.encode()) == Parsed(
        (
            Cue(ms(1000), ms(2500), "Hello &amp; <i>good</i> bye!", "line:0 align:left position:10%,line-left"),
            Cue(ms(3_600_000), ms(360_000_001), "\u200ex"),
        ),
        (),
    )


def test_broken_blocks_cost_nothing_else_and_are_reported_by_line() -> None:
    text = """1
00:00:01,000 --> 00:00:02,500
Hello <b>world</b>

2
00:00:99,000 --> 00:01:00,000
no such second

3
00:00:05,000 -> 00:00:06,000
no arrow

4
00:00:07,000 --> sometime
no end

5
00:00:09,000 --> 00:00:08,000
backwards

Lost text

7

8
00:00:03,000 --> 00:00:04,000
Two
lines
9
00:00:05,000 --> 00:00:06,000
no empty line before me
"""
    parsed = parse(text.encode())
    assert parsed.cues == (HELLO, TWO, Cue(ms(5000), ms(6000), "no empty line before me"))
    assert [str(fault) for fault in parsed.faults] == [
        "line 6: no such time: `00:00:99,000 --> 00:01:00,000`",
        "line 9: text without times: `3`",
        "line 14: expected times such as 00:01:02.500 --> 00:01:04.000, found `00:00:07,000 --> sometime`",
        "line 18: ends before it starts: `00:00:09,000 --> 00:00:08,000`",
        "line 21: text without times: `Lost text`",
    ]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "holds no subtitles"),
        (b"\x00" * 17_000_000, "larger than 16 MiB: are these really subtitles?"),
        (b"abc\x00" * 300, "not a text: are these really subtitles?"),
        (b"Just a letter.\n", "line 1: text without times: `Just a letter.`"),
    ],
)
def test_other_files_are_faults(data: bytes, fault: str) -> None:
    parsed = parse(data)
    assert parsed.cues == ()
    assert [str(found) for found in parsed.faults] == [fault]


def test_an_empty_webvtt_file_is_legal() -> None:
    assert parse(b"WEBVTT\n") == Parsed((), ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AT&T & <3", "AT&amp;T &amp; &lt;3"),
        ("a --> b", "a --&gt; b"),
        ("<sighs>", "&lt;sighs&gt;"),
        ("<i>open", "<i>open</i>"),
        ("</i>closed", "closed"),
        ("<b><i>x</b>y</i>", "<b><i>x</i></b><i>y</i>"),
        ("<i></i>x", "x"),
        ('<font color="#ff0000">red</font>', "red"),
        ("<I>x</I><STRONG>y</STRONG>", "<i>x</i><b>y</b>"),
        ("{\\an8}{\\i1}up", "up"),
        ("one\\Ntwo<br/>three", "one\ntwo\nthree"),
        ("one\n\n \ntwo", "one\ntwo"),
        ("&lt;b&gt; &nbsp;&#13;&#10;&#10;x&bogus;", "&lt;b&gt;\nx&amp;bogus;"),
        ("\x00\x1b[0m\ud800x", "[0mx"),
        ("C:\\home", "C:\\home"),
        ("<i> </i>", ""),
    ],
)
def test_cue_text(text: str, expected: str) -> None:
    assert cue_text(text) == expected


@given(st.text(alphabet=st.sampled_from("<>/biu &;amplt#10-\n\\N{}. font"), max_size=60))
def test_cue_text_is_always_legal_and_settled(text: str) -> None:
    legal = cue_text(text)
    assert "-->" not in legal
    assert "\n\n" not in legal
    open_tags: list[str] = []
    for closing, name in re.findall(r"<(/?)([biu])>", legal):
        if closing:
            assert open_tags.pop() == name
        else:
            open_tags.append(name)
    assert not open_tags
    bare = re.sub(r"</?[biu]>", "", legal)
    assert "<" not in bare
    assert ">" not in bare
    assert not re.search(r"&(?!amp;|lt;|gt;)", bare)
    assert cue_text(legal) == legal


def test_an_override_for_the_top_becomes_a_setting() -> None:
    top = SRT.replace("Hello", "{\\an8}Hello")
    assert parse(top.encode()).cues[0].settings == "line:0"
    assert parse(SRT.replace("Hello", "{\\an2}Hello").encode()).cues[0].settings == ""


texts = st.text(min_size=1, max_size=20).map(cue_text).filter(bool)
cues = st.builds(
    lambda start, length, text: Cue(ms(start), ms(start + length), text),
    st.integers(0, 20_000), st.integers(1, 9000), texts,
)  # fmt: skip
cuts = st.lists(st.integers(1, 8), min_size=1, max_size=8).map(
    lambda units: [Ticks(48_000 * at) for at in accumulate([0, *units])]
)


def test_a_line_of_nothing_but_a_byte_order_mark_is_no_text() -> None:
    assert cue_text("\ufeff") == ""
    assert cue_text("a\n\ufeff\nb\ufeff") == "a\nb"


@given(st.lists(cues, max_size=12))
def test_what_is_printed_is_read_again(given_cues: list[Cue]) -> None:
    text = b"WEBVTT\n\n" + b"".join(printed(cue) for cue in given_cues)
    assert parse(text) == Parsed(tuple(sorted(given_cues)), ())


@given(st.lists(cues, max_size=12), cuts)
def test_every_cue_stands_in_exactly_the_segments_during_which_it_is_shown(
    given_cues: list[Cue], boundaries: list[Ticks]
) -> None:
    documents = segments(given_cues, boundaries)
    assert len(documents) == len(boundaries) - 1
    for k, document in enumerate(documents):
        assert document[:HEAD] == vtt_head()
        shown = [cue for cue in given_cues if cue.start < boundaries[k + 1] and cue.end > boundaries[k]]
        assert parse(document) == Parsed(tuple(sorted(shown)), ())


@given(st.lists(cues, max_size=8), st.integers(0, 30_000), st.sampled_from([Fraction(1), Fraction(1001, 1000)]))
def test_retimed_cues_stay_within_the_asset(given_cues: list[Cue], length: int, speed: Fraction) -> None:
    moved = in_asset(given_cues, speed, ms(length))
    assert all(0 <= cue.start < cue.end <= ms(length) for cue in moved)
    if speed == 1:
        assert {cue.start for cue in moved} == {cue.start for cue in given_cues if cue.start < ms(length)}


def test_retiming_and_shifting() -> None:
    hour = Cue(Ticks(3600 * TIMEBASE), Ticks(3604 * TIMEBASE), "x")
    (moved,) = in_asset([hour], Fraction(1001, 1000), Ticks(9000 * TIMEBASE))
    assert moved.start == round(Fraction(3600 * TIMEBASE * 1000, 1001))
    assert shifted([hour], Ticks(-3602 * TIMEBASE)) == (Cue(Ticks(0), Ticks(2 * TIMEBASE), "x"),)
    assert shifted([hour], Ticks(-3604 * TIMEBASE)) == ()


@given(
    st.one_of(st.binary(max_size=300), st.text(alphabet="0123:,.-> \n\rWEBVTNO<b>i{}\\", max_size=120).map(str.encode))
)
def test_any_bytes_give_an_answer(data: bytes) -> None:
    parsed = parse(data)
    segments(parsed.cues, [Ticks(0), Ticks(48_000)])


def test_more_texts_or_mistakes_than_anybody_writes_are_not_kept() -> None:
    many = parse(b"00:01 --> 00:02\nx\n\n" * (MOST_CUES + 1))
    assert (many.cues, [str(fault) for fault in many.faults]) == (
        (), [f"holds more than {MOST_CUES} texts: are these really subtitles?"],
    )  # fmt: skip
    wrong = parse(b"later\nx\n\n" * 5000)
    assert len(wrong.faults) == 101
    assert "too many mistakes" in str(wrong.faults[-1])
