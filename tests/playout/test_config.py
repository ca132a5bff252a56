"""channels.yaml: every mistake at once, by line, with what was meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.config import Draft, Fault, Faults, Programming, load, read, read_bytes
from playout.config.programming import LEAST_WINDOW
from playout.config.tree import LARGEST
from playout.core.asset import Kind
from playout.core.catalog import Query
from playout.core.channel import Channel
from playout.core.house import HOUSES, TARGET_DURATION, House
from playout.core.rules import Ads, Block, Order, Rules, Source
from playout.core.ticks import TIMEBASE, Ticks, ticks_of

PROGRAMS = (Kind.MOVIE, Kind.EPISODE, Kind.CLIP)
FILMS = Block((Source((Query(any=("film",), kind=PROGRAMS),)),))
"""What the channel of `a_channel` airs."""


def ticks(minutes: float) -> Ticks:
    return ticks_of(timedelta(minutes=minutes))


def channels(*lines: str) -> str:
    """A file whose only channel has these lines, from line 4 on, besides what a channel needs."""
    return "\n".join(("version: 1", "channels:", "  films:", *(f"    {line}" for line in lines), ""))


def a_channel(*lines: str) -> str:
    """A good channel in lines 1 to 6, and then `lines`, from line 7 on."""
    return channels("number: 1", "name: Films", "include: {any: [film]}", *lines)


def lines_of(text: str) -> list[str]:
    found = read(text, "channels.yaml")
    assert isinstance(found, Faults), found
    return list(found.lines)


def drafts_of(text: str) -> tuple[Draft, ...]:
    found = read(text, "channels.yaml")
    assert isinstance(found, Programming), found
    return found.drafts


NO_ID = (
    "cannot be a channel's id: it stands in URLs, so write lower-case letters, digits and single hyphens, at most 63"
)
NO_WINDOW = "segments is out of range: write 6 to 1000 (players need six, and catch-up reaches further back)"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        # the file
        ("", ': the file is empty: it begins with "version: 1" and then "channels:"'),
        ("# nothing\n", ': the file is empty: it begins with "version: 1" and then "channels:"'),
        ("films\n", ':1: the file is not a mapping: it begins with "version: 1" and then "channels:"'),
        ("- films\n", ':1: the file is not a mapping: it begins with "version: 1" and then "channels:"'),
        ("version: 1\n", ':1: missing key "channels": below it stand the channels, by id'),
        ("channels: {}\n", ':1: missing key "version": write version: 1 at the top'),
        (
            "version: 2\nchannels: {}\n",
            ':1: "2" is not a version that this Fastline reads: write version: 1',
        ),
        ("version: [1]\nchannels: {}\n", ":1: this is not a version that this Fastline reads: write version: 1"),
        ("version: 1\nchannels:\n", ':2: nothing stands after "channels:": write a value, or take the key out'),
        (
            "version: 1\nchannels: [films]\n",
            ":2: a mapping of channels by id is expected here: keys and values, e.g. {any: [film]}",
        ),
        # YAML itself
        ("version: 1\n\tchannels: {}\n", ":2: not YAML: a tab: indent with spaces"),
        (
            "version: 1\nchannels: a: b\n",
            ':2: not YAML: a ":" too many, or a line indented wrongly: put text that holds ": " in quotes',
        ),
        (
            "version: 1\nname: 'Films\nchannels: {}\n",
            ":2: not YAML: a quotation mark that is opened and never closed",
        ),
        (
            "version: 1\nchannels: {films: [1\nmore: 2\n",
            ":3: not YAML: a list or a mapping that is not closed, or lacks a comma",
        ),
        ("version: 1\nchannels\n", ':2: not YAML: a key without ":"'),
        ("version: 1\nchannels: {}\n---\n", ':3: not YAML: a second "---": a file holds one document'),
        (
            "version: 1\nchannels: *films\n",
            ":2: not YAML: a * with no & of this name before it: put text that begins with * in quotes",
        ),
        (
            "version: 1\nchannels: @films\n",
            ":2: not YAML: a character that has a meaning in YAML: put the text in quotes",
        ),
        (
            'version: "\\q"\n',
            ":1: not YAML: a backslash in double quotes: write two of them, or use single quotes",
        ),
        (
            "version: 1\nchannels:\n    a: 1\n  b: 2\n",
            ":4: not YAML: a line indented differently from the lines it belongs to",
        ),
        ("version: 1\n\x07\n", ":2: a control character: remove it, or save the file as UTF-8 text"),
        (
            "version: 1\nchannels: !films {}\n",
            ':2: "!films" has no meaning here: take it out, or put the text in quotes',
        ),
        ("version: 1\nchannels: &a [*a]\n", ':2: "&a" holds itself: take the * inside it out'),
        ("[" * 100_000, ": nested far too deeply: is it the right file?"),
        (
            "#" * (LARGEST + 1),
            f": the file has {LARGEST + 1} characters, and no more than {LARGEST} are read: is it the right one?",
        ),
        (
            "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
            + "".join(f"{b}: &{b} [{','.join(['*' + a] * 10)}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)),
            ":6: aliases repeat this more than 500000 times over: write it out instead",
        ),
        # keys
        ("version: 1\nchanels: {}\n", ':2: unknown key "chanels", did you mean "channels"?'),
        (
            "version: 1\nchannels: {}\nmedia: x\n",
            ':3: unknown key "media", known here: version, collections, holidays, defaults, templates, channels',
        ),
        (a_channel("ordr: shuffle"), ':7: unknown key "ordr", did you mean "order"?'),
        (a_channel("timezone: UTC"), ':7: unknown key "timezone", did you mean "zone"?'),
        (a_channel("nam: x"), ':7: unknown key "nam", did you mean "name"? That is in line 5 already'),
        (a_channel("name: x"), ':7: "name" is here twice, first in line 5: remove one of them'),
        (a_channel("? [a]", ": b"), ":7: a key is one word, not a list or a mapping"),
        (
            a_channel("<<: {order: shuffle}"),
            ':7: "<<" is not understood: what channels share goes under "defaults"',
        ),
        (a_channel("filler:"), ':7: nothing stands after "filler:": write a value, or take the key out'),
        (channels("name: x", "include: {}"), ':3: missing key "number": what people type to tune in, e.g. 7'),
        (channels("number: 1", "include: {}"), ':3: missing key "name": what people read in the guide'),
        (channels("number: 1", "nme: x", "include: {}"), ':5: unknown key "nme", did you mean "name"?'),
        (
            channels("number: 1", "name: x"),
            ':3: missing key "include": which programs it airs, e.g. include: {any: [film]}',
        ),
        (
            "version: 1\nchannels:\n  films:\n",
            ':3: nothing stands below "films": a channel has a number, a name and include',
        ),
        (
            "version: 1\nchannels:\n  films: x\n",
            ":3: a channel is expected here: keys and values, e.g. {any: [film]}",
        ),
        (
            "version: 1\ndefaults: {number: 1}\nchannels: {}\n",
            ':2: a number belongs to one channel: take it out of "defaults"',
        ),
        # ids and numbers
        (
            a_channel().replace("films:", "Fine Films:"),
            f':3: "Fine Films" {NO_ID}, e.g. "fine-films"',
        ),
        (
            a_channel().replace("films:", "..:"),
            f':3: ".." {NO_ID}',
        ),
        (
            a_channel() + "  films: {}\n",
            ':7: "films" is here twice, first in line 3: remove one of them',
        ),
        (
            a_channel() + "  kids:\n    number: 1\n    name: Kids\n    include: {}\n",
            ':8: number 1 is taken by "films" in line 4: choose another one',
        ),
        (
            a_channel().replace("number: 1", "number: one"),
            ':4: "one" is not a channel number: write one like 7, 42 or 7.1, with no zero at either end of it',
        ),
        (
            a_channel().replace("number: 1", "number: 2.10"),
            ':4: "2.10" is not a channel number: write one like 7, 42 or 7.1, with no zero at either end of it',
        ),
        (
            a_channel().replace("number: 1", "number: [1]"),
            ":4: a channel number is expected here, and this is a list",
        ),
        (
            a_channel().replace("name: Films", 'name: ""'),
            ":5: the text is empty: write a name that people will read",
        ),
        # words
        (a_channel("house: hd24"), ':7: unknown house "hd24", did you mean "hd25"?'),
        (a_channel("house: 4k"), ':7: unknown house "4k", write hd30, hd25, hd50, hd60 or fast'),
        (a_channel("order: suffle"), ':7: unknown order "suffle", did you mean "shuffle"?'),
        (
            a_channel("order: backwards"),
            ':7: unknown order "backwards", write shuffle, sequence, newest, chronological, listed, random or rotation',
        ),
        (a_channel("order: {a: b}"), ":7: order is expected here, and this is a mapping"),
        (a_channel("exclude: {kind: film}"), ':7: unknown kind "film", did you mean "movie"?'),
        (
            a_channel("exclude: {kind: nine}"),
            ':7: unknown kind "nine", write movie, episode, clip, ad, bumper, filler or slate',
        ),
        (
            channels("number: 1", "name: Films", "include: {kind: [ad, bumper]}"),
            ':6: kind "bumper" does not belong here: write movie, episode, clip or ad',
        ),
        (
            a_channel("exclude: {kind: [ad]}"),
            ':7: kind "ad" does not belong here: write movie, episode or clip',
        ),
        (a_channel("zone: europe/paris"), ':7: unknown time zone "europe/paris", did you mean "Europe/Paris"?'),
        (a_channel("zone: New York"), ':7: unknown time zone "New York", did you mean "America/New_York"?'),
        (
            a_channel("zone: +02:00"),
            ':7: unknown time zone "+02:00", write one like Europe/Paris, America/New_York or UTC',
        ),
        (a_channel("languages: [eng]"), ':7: unknown language "eng", did you mean "en"?'),
        (a_channel("languages: [pt-br]"), ':7: unknown language "pt-br", did you mean "pt-BR"?'),
        (
            a_channel("subtitles: [english]"),
            ':7: unknown language "english": write a BCP 47 tag like en, fr or pt-BR, or und for none',
        ),
        (a_channel("languages: []"), ":7: the list is empty: write one language at least, e.g. [en]"),
        (a_channel("languages: [fr, en, fr]"), ':7: "fr" is in the list twice: take one out'),
        (a_channel("logo: films.png"), ':7: "films.png" is not a URL: write one that begins with https://'),
        # quantities
        (a_channel("window: six"), ':7: "six" is not a whole number of segments'),
        (
            a_channel("window: 5"),
            f":7: 5 {NO_WINDOW}",
        ),
        (
            a_channel("window: 100000"),
            f":7: 100000 {NO_WINDOW}",
        ),
        (a_channel("horizon: 10"), ':7: "10" is not a span of time: write 10m for minutes or 10s for seconds'),
        (a_channel("horizon: 10 min"), ':7: "10 min" is not a span of time, did you mean "10m"?'),
        (
            a_channel("horizon: soon"),
            ':7: "soon" is not a span of time: write one like 90s, 8m, 1h30m or 00:12:00',
        ),
        (a_channel("horizon: 2s"), ':7: "2s" is out of range: write 10s to 24h'),
        # queries
        (a_channel("filler: {tags: [x]}"), ':7: unknown key "tags", did you mean "any"?'),
        (a_channel("filler: {any: {}}"), ":7: a list is expected here, e.g. [film, kids], and this is a mapping"),
        (a_channel('filler: {any: "a, b"}'), ':7: "a, b" has a comma in it: write tags as a list, [a, b]'),
        (a_channel('filler: {any: [""]}'), ":7: a tag is empty: write a word, or take it out"),
        (a_channel("filler: {any: [[a]]}"), ":7: a tag is expected here, and this is a list"),
        (
            a_channel("exclude: {}"),
            ":7: exclude asks for nothing in particular, so nothing would air: write tags, or exclude: none",
        ),
        (
            a_channel("filler: {any: [a], none: [A]}"),
            ':7: "a" is both asked for and under "none": nothing can match',
        ),
        (
            a_channel("filler: {all: [a, b], none: [b]}"),
            ':7: "b" is both asked for and under "none": nothing can match',
        ),
        (a_channel("ads: {every: 8m, pod: 60s}"), ":7: ads without tags: write which ones, e.g. any: [ad]"),
        (
            a_channel("ads: {pod: 60s, any: [ad]}"),
            ':7: missing key "every": how much program lies between two breaks, e.g. 8m',
        ),
        (
            a_channel("ads: {every: 8m, any: [ad]}"),
            ':7: missing key "pod": how long a break is, e.g. 60s',
        ),
        (a_channel("ads: {every: 8m, pod: 45m, any: [ad]}"), ':7: "45m" is out of range: write 1s to 30m'),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_line_with_what_was_meant(text: str, fault: str) -> None:
    assert lines_of(text) == ["channels.yaml" + fault]


def test_every_mistake_is_told_at_once_in_the_order_of_lines() -> None:
    text = """\
version: 1
defaults:
  house: hd31
channels:
  films:
    number: 1
    ordr: shuffle
    include: {any: [film], kind: [bumper]}
    ads: {every: 8, pod: 60s}
    window: 4
  Films!:
    number: 1
    name: x
    include: {}
    filler: {any: [a], zone: UTC}
"""
    assert [line.split(": ", 1)[0] for line in lines_of(text)] == [
        "channels.yaml:3",  # house
        "channels.yaml:5",  # no name
        "channels.yaml:7",  # ordr
        "channels.yaml:8",  # kind
        "channels.yaml:9",  # every
        "channels.yaml:9",  # no tags
        "channels.yaml:10",  # window
        "channels.yaml:11",  # id
        "channels.yaml:12",  # number
        "channels.yaml:15",  # zone
    ]


def test_all_keys_are_read() -> None:
    (draft,) = drafts_of(
        """\
version: 1
channels:
  films:
    number: 2.1
    name: Fine  Films
    house: fast
    description: All day
    group: Movies
    logo: https://example.com/films.png
    languages: [en, pt-BR, no]
    subtitles: de
    window: 12
    zone: Europe/Paris
    horizon: 00:05:00
    include: {any: [Film, short], all: [hd], none: [old], kind: movie}
    exclude: {any: [horror]}
    order: newest
    ads: {every: 1h30m, pod: 90s, any: [ad], bumper: {any: [break]}}
    filler: {}
"""
    )
    assert draft == Draft(
        id="films",
        number="2.1",
        name="Fine Films",
        house="fast",
        languages=("en", "pt-BR", "no"),
        subtitles=("de",),
        window=12,
        group="Movies",
        description="All day",
        logo="https://example.com/films.png",
        zone="Europe/Paris",
        rules=Rules(
            Block(
                sources=(
                    Source(
                        include=(Query(("film", "short"), ("hd",), ("old",), (Kind.MOVIE,)),),
                        exclude=(Query(any=("horror",)),),
                        order=Order.NEWEST,
                    ),
                ),
                ads=Ads(
                    every=ticks(90),
                    pod=ticks(1.5),
                    query=Query(any=("ad",), kind=(Kind.AD,)),
                    opens=Query(any=("break",), kind=(Kind.BUMPER,)),
                    closes=Query(any=("break",), kind=(Kind.BUMPER,)),
                ),
                filler=Query(kind=(Kind.FILLER,)),
            )
        ),
        horizon=timedelta(minutes=5),
    )
    assert draft.line == 3
    genesis = datetime(2026, 11, 21, tzinfo=UTC)
    assert draft.channel(genesis) == Channel(
        "films", "2.1", "Fine Films", "fast", genesis, ("en", "pt-BR", "no"), ("de",), 12, "Movies", "All day",
        "https://example.com/films.png", "Europe/Paris",
    )  # fmt: skip


def test_what_nobody_says_has_a_default() -> None:
    (draft,) = drafts_of(a_channel())
    core = Channel("films", "1", "Films", "hd30", datetime(2026, 11, 21, tzinfo=UTC))
    assert draft.channel(core.genesis) == core
    assert draft.rules == Rules(FILMS)
    assert draft.horizon == timedelta(minutes=10)


def test_a_channel_takes_what_it_does_not_say_from_defaults_and_none_undoes_it() -> None:
    text = """\
version: 1
defaults:
  house: fast
  ads: {every: 8m, pod: 60s, any: [ad], bumper: {any: [break]}}
  filler: {any: [filler]}
  include: {any: [film]}
  exclude: {any: [kids]}
channels:
  one: {number: 1, name: One}
  two: {number: 2, name: Two, house: hd25, ads: {every: 4m, pod: 30s, any: [promo], kind: [clip]}}
  three: {number: 3, name: Three, ads: none, filler: none, exclude: ~}
"""
    one, two, three = drafts_of(text)
    assert one.house == "fast"
    assert one.rules.block.ads is not None
    assert one.rules.block.ads.opens == Query(any=("break",), kind=(Kind.BUMPER,))
    assert two.house == "hd25"
    assert two.rules.block.ads is not None
    assert two.rules.block.ads.query == Query(any=("promo",), kind=(Kind.CLIP,))
    assert two.rules.block.ads.opens is None
    assert three.rules == Rules(FILMS)


def test_a_mistake_in_defaults_is_told_once() -> None:
    text = "version: 1\ndefaults: {zone: Pari}\nchannels:\n" + "".join(
        f"  c{k}: {{number: {k}, name: C, include: {{}}}}\n" for k in range(1, 9)
    )
    assert lines_of(text) == ['channels.yaml:2: unknown time zone "Pari", did you mean "Europe/Paris"?']


def test_a_mistake_that_aliases_repeat_is_told_once() -> None:
    text = """\
version: 1
channels:
  a: {number: 1, name: A, include: &q {ani: [x]}}
  b: {number: 2, name: B, include: *q}
"""
    assert lines_of(text) == ['channels.yaml:3: unknown key "ani", did you mean "any"?']


def test_ads_are_programs_where_they_are_asked_for_by_their_kind() -> None:
    """A collection of several kinds means its programs; one of ads alone means ads, as paid programming does."""
    both = "collections: {some: {kind: [movie, ad]}, spots: {kind: [ad]}}\n"

    def of(written: str) -> tuple[Kind, ...]:
        (draft,) = drafts_of(
            channels("number: 1", "name: Films", f"include: {written}").replace("channels:\n", f"{both}channels:\n", 1)
        )
        return draft.rules.block.sources[0].include[0].kind

    assert of("{any: [film]}") == PROGRAMS
    assert of("{kind: ad}") == of("spots") == (Kind.AD,)
    assert of("some") == (Kind.MOVIE,)


def test_tags_and_kinds_are_put_in_order_so_that_order_makes_no_revision() -> None:
    one = drafts_of(a_channel("filler: {any: [b, A, a], kind: [clip, ad]}"))
    assert one == drafts_of(a_channel("filler: {any: [a, B], kind: [ad, clip]}"))


def test_no_channels_is_an_answer_when_it_is_said() -> None:
    assert drafts_of("version: 1\nchannels: {}\n") == ()


@pytest.mark.parametrize("house", HOUSES.values(), ids=lambda house: house.name)
def test_the_shortest_window_is_longer_than_players_need(house: House) -> None:
    assert LEAST_WINDOW * house.segment >= 3 * TARGET_DURATION * TIMEBASE


def test_a_file_that_is_missing_or_no_text_is_a_fault_too(tmp_path: Path) -> None:
    assert load(tmp_path / "channels.yaml") == Faults(
        "channels.yaml", (Fault(0, "cannot be read: No such file or directory"),)
    )
    assert (
        str(read_bytes(b"version: 1\nname: \xff\xfe\n", "x.yaml"))
        == "x.yaml:2: this is not UTF-8 text: save the file as UTF-8"
    )
    assert read_bytes(b"\xef\xbb\xbfversion: 1\nchannels: {}\n", "x.yaml") == Programming((), "x.yaml")


def test_the_demo_configuration_is_good() -> None:
    programming = load(Path(__file__).parents[2] / "channels.yaml")
    assert isinstance(programming, Programming), str(programming)
    assert [draft.id for draft in programming.drafts] == ["films", "shorts", "kids", "demo"]
    assert {draft.house for draft in programming.drafts} == {"fast"}


@given(st.text(st.sampled_from("abn12:{}[],-?&*!|>'\"%@# \n\t\\~<0.é\u2028\x07"), max_size=60))
def test_no_text_does_anything_but_give_channels_or_faults(text: str) -> None:
    found = read(text, "x")
    assert isinstance(found, Programming | Faults)
    if isinstance(found, Faults):
        assert found.faults
        assert all("\n" not in line for line in found.lines)


@given(st.text(max_size=30))
def test_no_value_does_anything_but_give_channels_or_faults(text: str) -> None:
    quoted = "'" + text.replace("'", "''").replace("\n", " ") + "'"
    for key in ("zone", "horizon", "window", "house", "order", "logo", "languages", "group", "number", quoted):
        found = read(a_channel(f"{key}: {quoted}"), "x")
        assert isinstance(found, Programming | Faults)
