"""XMLTV: the right bytes, the right order, and no text that breaks it."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libraries import HOUSE, KIT, airs, item, log_of, of_kind, revision

from playout.core.asset import Kind, Title
from playout.core.catalog import catalog_of
from playout.core.channel import Channel
from playout.core.guide import Entry, programmes
from playout.core.listing import Links
from playout.core.rules import Ads, Order
from playout.core.ticks import TIMEBASE, Ticks
from playout.core.xmltv import xmltv

if TYPE_CHECKING:
    from collections.abc import Callable

DTD = Path(__file__).with_name("xmltv.dtd")
GENESIS = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
LINKS = Links("https://tv.example/fast")
FULL = HOUSE.segment_units


def channel(name: str, number: str, title: str, group: str = "", logo: str = "") -> Channel:
    return Channel(name, number, title, HOUSE.name, GENESIS, group=group, logo=logo, description=f"About {title}")


FILMS = channel("films", "2", "Films & more <HD>", "Movies", "https://example.com/f.png?a=1&b=2")
SHOWS = channel("shows", "10", 'The "Shows"', "Series")
QUIET = channel("quiet", "2.1", "Quiet\nPlease")


def entry(start: int, stop: int, title: str = "Title", kind: Kind = Kind.MOVIE, **more: object) -> Entry:
    """An entry of channel films, `start` and `stop` in seconds."""
    about: dict[str, object] = {
        "subtitle": "", "description": "", "series": "", "season": 0, "episode": 0, "rating": "", "language": "und",
        "poster": "", "asset": "a",
    }  # fmt: skip
    instants = (GENESIS + timedelta(seconds=second) for second in (start, stop))
    length = Ticks((stop - start) * TIMEBASE)
    about |= {"title": title, "kind": kind, "length": length} | more
    return Entry("films", 0, *instants, **about)  # type: ignore[arg-type]


def guide() -> dict[str, tuple[Entry, ...]]:
    """Two channels with all there can be, and one without anything."""
    movies = [
        replace(
            item(f"m{n}", Kind.MOVIE, *[FULL] * 40, breaks=(20,)),
            about=Title(f"Tom & Jerry <{n}>", Kind.MOVIE, description="Cat.\r\n\r\nMouse.\x07", rating=rating),
            poster="poster.jpg",
        )
        for n, rating in enumerate(("PG-13", "FSK 6"))
    ]
    shows = [
        replace(
            item(f"e{n}", Kind.EPISODE, *[FULL] * 30),
            about=Title(f"Part {n}", Kind.EPISODE, (), "A Show", season, 10 + n, "", "TV-14", "pt-BR"),
        )
        for n, season in enumerate((0, 1, 2))
    ]
    catalog = catalog_of([*movies, *shows, item("ad", Kind.AD, FULL)], [KIT])
    ads = Ads(Ticks(60 * TIMEBASE), Ticks(4 * TIMEBASE), of_kind(Kind.AD))
    films = airs(of_kind(Kind.MOVIE), order=Order.SEQUENCE, ads=ads)
    series = airs(of_kind(Kind.EPISODE), order=Order.SEQUENCE)
    return {
        on.id: programmes(log_of(revision(ruled), catalog, 4).turns, catalog.item, on)
        for on, ruled in ((FILMS, films), (SHOWS, series))
    }


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 — we wrote it


def test_the_guide_is_these_bytes(golden: Callable[[str, str], None]) -> None:
    golden("guide.xml", xmltv(guide(), (SHOWS, QUIET, FILMS), LINKS))


def test_the_guide_obeys_the_dtd(program: Callable[[str], str]) -> None:
    text = xmltv(guide(), (FILMS, SHOWS, QUIET), LINKS)
    xmllint = [program("xmllint"), "--noout", "--nonet", "--valid", "-"]
    checked = subprocess.run(xmllint, input=text.encode(), cwd=DTD.parent, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr.decode()) == (0, "")


def test_times_can_be_local_and_mean_the_same() -> None:
    summer = timezone(timedelta(hours=5, minutes=30))
    root = parsed(xmltv({"films": [entry(0, 60)]}, [FILMS], LINKS, summer))
    (programme,) = root.iter("programme")
    assert programme.get("start") == "20261122013000 +0530"
    assert datetime.strptime(programme.get("stop", ""), "%Y%m%d%H%M%S %z") == GENESIS + timedelta(minutes=1)


def test_an_entry_that_is_over_within_a_second_leaves_no_gap() -> None:
    moment = replace(entry(60, 60), stop=GENESIS + timedelta(seconds=60.5))
    after = replace(entry(60, 90), start=moment.stop)
    root = parsed(xmltv({"films": [entry(0, 60), moment, after]}, [FILMS], LINKS))
    times = [(programme.get("start"), programme.get("stop")) for programme in root.iter("programme")]
    assert times == [
        ("20261121200000 +0000", "20261121200100 +0000"),
        ("20261121200100 +0000", "20261121200130 +0000"),
    ]


def test_a_repeat_says_when_it_was_shown_and_filler_never_does() -> None:
    entries = [entry(0, 60), entry(60, 120), entry(120, 180, kind=Kind.FILLER), entry(180, 240)]
    root = parsed(xmltv({"films": entries}, [FILMS], LINKS))
    shown = [node.get("start") if (node := one.find("previously-shown")) is not None else None
             for one in root.iter("programme")]  # fmt: skip
    assert shown == [None, "20261121200000 +0000", "20261121200100 +0000", "20261121200100 +0000"]


@pytest.mark.parametrize(
    ("season", "episode", "numbers"),
    [
        (1, 2, [("onscreen", "S01E02"), ("xmltv_ns", "0.1.0/1")]),
        (12, 345, [("onscreen", "S12E345"), ("xmltv_ns", "11.344.0/1")]),
        (0, 3, [("onscreen", "E03")]),
        (1, 0, []),
    ],
)
def test_an_episode_is_numbered_twice(season: int, episode: int, numbers: list[tuple[str, str]]) -> None:
    one = entry(0, 60, kind=Kind.EPISODE, season=season, episode=episode)
    found = parsed(xmltv({"films": [one]}, [FILMS], LINKS)).iter("episode-num")
    assert [(node.get("system"), node.text) for node in found] == numbers


@pytest.mark.parametrize(
    ("rating", "system", "value"),
    [("PG-13", "MPAA", "PG-13"), ("TV-MA", "VCHIP", "TV-MA"), ("FSK 12", None, "FSK 12"), (" 12\n", None, "12")],
)
def test_a_rating_names_its_system_where_that_is_known(rating: str, system: str | None, value: str) -> None:
    (node,) = parsed(xmltv({"films": [entry(0, 60, rating=rating)]}, [FILMS], LINKS)).iter("rating")
    assert (node.get("system"), node.findtext("value")) == (system, value)


def test_a_channel_has_three_names_in_the_order_of_numbers() -> None:
    root = parsed(xmltv({}, [SHOWS, QUIET, FILMS], LINKS))
    assert [(node.get("id"), *(name.text for name in node.iter("display-name"))) for node in root.iter("channel")] == [
        ("films.fastline", "2 Films & more <HD>", "2", "Films & more <HD>"),
        ("quiet.fastline", "2.1 Quiet Please", "2.1", "Quiet Please"),
        ("shows.fastline", '10 The "Shows"', "10", 'The "Shows"'),
    ]


anything = st.text(st.characters(codec=None) | st.sampled_from("\0\r\n\t\v\x85\u2028\ufffe\ud800<>&\"'"), max_size=20)


@given(anything, anything, anything, anything, anything)
def test_no_text_breaks_it(title: str, subtitle: str, description: str, rating: str, name: str) -> None:
    one = entry(0, 60, title, Kind.EPISODE, subtitle=subtitle, description=description, rating=rating)
    text = xmltv({"films": [one]}, [replace(FILMS, name=name, group=name)], LINKS)
    for element in parsed(text.encode().decode()).iter():
        words = element.text or ""
        assert words or element.tag == "icon"
        if not len(element):
            assert element.tag == "desc" or "\n" not in words
            assert not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f]", words)


def test_a_name_of_nothing_is_the_id() -> None:
    root = parsed(xmltv({"films": [entry(0, 60, " \n")]}, [replace(FILMS, name="\x07")], LINKS))
    assert [node.text for node in root.iter("display-name")] == ["2 films", "2", "films"]
    assert root.findtext("programme/title") == "films"
