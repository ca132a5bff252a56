"""XMLTV: the right bytes, the right order, and no text that breaks it."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from listings import CHANNELS, FILMS, GENESIS, LINKS, QUIET, SHOWS, abouts, anything, entry, guide

from playout.core.asset import Kind, Title
from playout.core.xmltv import xmltv

if TYPE_CHECKING:
    from collections.abc import Callable

    from playout.core.guide import Entry

DTD = Path(__file__).with_name("xmltv.dtd")


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 — we wrote it


def test_the_guide_is_these_bytes(golden: Callable[[str, str], None]) -> None:
    golden("guide.xml", xmltv(guide(), CHANNELS, LINKS))


def test_the_guide_in_each_channel_s_own_time_is_these_bytes(golden: Callable[[str, str], None]) -> None:
    zones = {channel.id: ZoneInfo(channel.zone) for channel in CHANNELS}
    golden("guide-local.xml", xmltv(guide(), CHANNELS, LINKS, zones, catchup_ids=True))


def valid(text: str, program: Callable[[str], str]) -> None:
    """Holds a guide against the DTD."""
    xmllint = [program("xmllint"), "--noout", "--nonet", "--valid", "-"]
    checked = subprocess.run(xmllint, input=text.encode(), cwd=DTD.parent, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr.decode()) == (0, "")


@pytest.mark.parametrize("catchup_ids", [False, True])
def test_the_guide_obeys_the_dtd(program: Callable[[str], str], catchup_ids: bool) -> None:  # noqa: FBT001 — a case
    valid(xmltv(guide(), CHANNELS, LINKS, catchup_ids=catchup_ids), program)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some=st.lists(abouts(), min_size=1, max_size=20))
def test_whatever_is_known_of_programs_obeys_the_dtd(program: Callable[[str], str], some: list[Title]) -> None:
    """Twenty documents of many programs: each is a process. The fixture only looks for one."""
    entries = [entry(60 * k, 60 * k + 60, about) for k, about in enumerate(some)]
    valid(xmltv({"films": entries}, [FILMS], LINKS), program)


def test_times_can_be_local_and_mean_the_same() -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    root = parsed(xmltv({"films": [entry(0, 60)]}, [FILMS], LINKS, {"films": india}))
    (programme,) = root.iter("programme")
    assert programme.get("start") == "20261122013000 +0530"
    assert datetime.strptime(programme.get("stop", ""), "%Y%m%d%H%M%S %z") == GENESIS + timedelta(minutes=1)


def test_local_times_follow_the_clocks() -> None:
    """On the night in which clocks are set back an hour comes twice, and its offset tells which one is meant."""
    change = datetime(2026, 10, 25, 1, tzinfo=UTC)
    half = timedelta(minutes=30)
    night = [replace(entry(0, 60), start=change + k * half, stop=change + (k + 1) * half) for k in range(-3, 3)]
    root = parsed(xmltv({"films": night}, [FILMS], LINKS, {"films": ZoneInfo("Europe/Paris")}))
    starts = [programme.get("start", "")[8:] for programme in root.iter("programme")]
    assert starts == ["013000 +0200", "020000 +0200", "023000 +0200", "020000 +0100", "023000 +0100", "030000 +0100"]


def test_what_is_known_stands_where_apps_look_for_it() -> None:
    first, *_ = parsed(xmltv(guide(), [FILMS], LINKS)).iter("programme")
    assert [(node.tag, node.text) for node in first if node.text and node.text.strip()] == [
        ("title", "The Third Man"), ("desc", "Vienna.\n\nA balloon man."), ("date", "19490902"), ("category", "Movie"),
        ("category", "noir"), ("category", "mystery"), ("category", "Movies"), ("language", "en"), ("length", "6240"),
        ("episode-num", "MV00012345.0000"), ("image", "https://tv.example/fast/vod/third/poster.jpg"),
    ]  # fmt: skip


def test_a_run_of_short_programs_names_them() -> None:
    run = [
        one for one in parsed(xmltv(guide(), [SHOWS], LINKS)).iter("programme") if one.findtext("title") == "Wake up!"
    ]
    assert [one.findtext("desc") for one in run] == ['Pip: The comet\nA song, \U0001f3b5 "quoted"\nPip: The moon']
    assert run[0].find("previously-shown") is None
    assert run[0].findtext("rating/value") == "TV-Y7"


def test_an_entry_that_is_over_within_a_second_leaves_no_gap() -> None:
    moment = replace(entry(60, 60), stop=GENESIS + timedelta(seconds=60.5))
    after = replace(entry(60, 90), start=moment.stop)
    root = parsed(xmltv({"films": [entry(0, 60), moment, after]}, [FILMS], LINKS))
    times = [(programme.get("start"), programme.get("stop")) for programme in root.iter("programme")]
    assert times == [
        ("20261121200000 +0000", "20261121200100 +0000"),
        ("20261121200100 +0000", "20261121200130 +0000"),
    ]


def shown(entries: list[Entry]) -> list[str | None]:
    """When each is said to have been shown before: None for never, empty for some time."""
    root = parsed(xmltv({"films": entries}, [FILMS], LINKS))
    return [None if (node := one.find("previously-shown")) is None else node.get("start", "")
            for one in root.iter("programme")]  # fmt: skip


def test_a_repeat_says_when_it_was_shown_and_filler_never_does() -> None:
    filler = Title("Films", Kind.FILLER)
    entries = [entry(0, 60), entry(60, 120), entry(120, 180, filler), entry(180, 240)]
    assert shown(entries) == [None, "20261121200000 +0000", None, "20261121200100 +0000"]


def test_a_showing_that_only_the_log_remembers_is_said_as_well() -> None:
    one = entry(0, 60)
    before = replace(one.parts[0], shown=GENESIS - timedelta(days=40))
    assert shown([replace(one, parts=(before,)), entry(60, 120)]) == ["20261012200000 +0000", "20261121200000 +0000"]


@pytest.mark.parametrize(
    ("released", "said"), [("1949", ""), ("2026", None), ("2026-11-20", ""), ("2026-11-21", None), ("2027", None)]
)
def test_what_came_out_earlier_was_shown_somewhere(released: str, said: str | None) -> None:
    assert shown([entry(0, 60, Title("Title", Kind.MOVIE, released=released))]) == [said]


def test_nothing_is_said_to_be_new_or_a_premiere() -> None:
    """Nobody here knows that of a show (E-5)."""
    assert not set(re.findall("<(new|premiere)", xmltv(guide(), CHANNELS, LINKS)))


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
    one = entry(0, 60, Title("T", Kind.EPISODE, season=season, episode=episode))
    found = parsed(xmltv({"films": [one]}, [FILMS], LINKS)).iter("episode-num")
    assert [(node.get("system"), node.text) for node in found] == numbers


@pytest.mark.parametrize(
    ("rating", "system", "value"),
    [("PG-13", "MPAA", "PG-13"), ("TV-MA", "VCHIP", "TV-MA"), ("FSK 12", None, "FSK 12"), (" 12\n", None, "12")],
)
def test_a_rating_names_its_system_where_that_is_known(rating: str, system: str | None, value: str) -> None:
    (node,) = parsed(xmltv({"films": [entry(0, 60, Title("T", Kind.MOVIE, rating=rating))]}, [FILMS], LINKS)).iter(
        "rating"
    )
    assert (node.get("system"), node.findtext("value")) == (system, value)


def test_a_channel_has_three_names_in_the_order_of_numbers() -> None:
    root = parsed(xmltv({}, [SHOWS, QUIET, FILMS], LINKS))
    assert [(node.get("id"), *(name.text for name in node.iter("display-name"))) for node in root.iter("channel")] == [
        ("films.fastline", "2 Films & more <HD>", "2", "Films & more <HD>"),
        ("quiet.fastline", "2.1 Quiet Please", "2.1", "Quiet Please"),
        ("shows.fastline", '10 The "Shows"', "10", 'The "Shows"'),
    ]


@given(anything, anything, anything, anything, anything)
def test_no_text_breaks_it(title: str, subtitle: str, description: str, rating: str, name: str) -> None:
    about = Title(subtitle, Kind.EPISODE, series=title, description=description, rating=rating, genres=(subtitle,))
    one = entry(0, 60, about)
    text = xmltv({"films": [one]}, [replace(FILMS, name=name, group=name)], LINKS)
    for element in parsed(text.encode().decode()).iter():
        words = element.text or ""
        assert words or element.tag == "icon"
        if not len(element):
            assert element.tag == "desc" or "\n" not in words
            assert not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f]", words)


def test_a_name_of_nothing_is_the_id() -> None:
    root = parsed(xmltv({"films": [entry(0, 60, Title(" \n", Kind.MOVIE))]}, [replace(FILMS, name="\x07")], LINKS))
    assert [node.text for node in root.iter("display-name")] == ["2 films", "2", "films"]
    assert root.findtext("programme/title") == "films"
