"""The channel list: the right attributes, in the order of numbers, and no name that breaks a line."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.core.channel import Channel
from playout.core.listing import Links, by_number, tvg_id
from playout.core.m3u import Catchup, m3u
from playout.core.xmltv import xmltv

if TYPE_CHECKING:
    from collections.abc import Callable

LINKS = Links("https://tv.example/fast")
GENESIS = datetime(2026, 11, 21, tzinfo=UTC)
ROW = re.compile(r'#EXTINF:-1((?: [A-Za-z-]+="[^"\n]*")+),([^"\n]*)')


def channel(name: str, number: str, title: str, **more: str) -> Channel:
    return Channel(name, number, title, "fast", GENESIS, **more)  # type: ignore[arg-type]


CHANNELS = (
    channel("ten", "10", "Ten"),
    channel("kids", "2.1", 'The "Kids", all day', group="Kids", logo="https://example.com/kids.png"),
    channel("films", "2", "Films\nEXTINF:-1,Fake", group="Movies"),
    channel("two-fifteen", "2.15", "Two"),
    channel("one", "1", "One"),
)


def attributes(line: str) -> dict[str, str]:
    row = ROW.fullmatch(line)
    assert row, line
    return dict(re.findall(r'([A-Za-z-]+)="([^"]*)"', row[1]))


def test_the_list_is_these_bytes(golden: Callable[[str, str], None]) -> None:
    golden("channels.m3u", m3u(CHANNELS, LINKS))


def test_the_list_for_kodi_is_these_bytes(golden: Callable[[str, str], None]) -> None:
    golden("channels-kodi.m3u", m3u(CHANNELS, LINKS, days=2, kodi=True))


def test_channels_stand_in_the_order_of_their_numbers() -> None:
    assert [each.number for each in by_number(CHANNELS)] == ["1", "2", "2.1", "2.15", "10"]


def test_a_channel_is_called_the_same_in_the_guide() -> None:
    ids = re.findall(r'tvg-id="([^"]*)"', m3u(CHANNELS, LINKS))
    assert ids == re.findall(r'<channel id="([^"]*)"', xmltv({}, CHANNELS, LINKS))
    assert ids[1] == "films.fastline"


def test_a_name_depends_on_nothing_but_the_id() -> None:
    films = CHANNELS[2]
    assert tvg_id(replace(films, number="99", name="Other", group="x")) == tvg_id(films)
    assert len({tvg_id(each) for each in CHANNELS}) == len(CHANNELS)


@pytest.mark.parametrize("days", [0, 7])
def test_catch_up_is_offered_where_there_is_any(days: int) -> None:
    facts = attributes(m3u(CHANNELS[:1], LINKS, days=days).splitlines()[1])
    source = "https://tv.example/fast/live/ten/index.m3u8?from=${start}&to=${end}"
    assert facts.get("catchup-source") == (source if days else None)
    assert facts.get("catchup-days") == (str(days) if days else None)


@pytest.mark.parametrize(
    ("dialect", "source"),
    [
        (Catchup.DEFAULT, "https://tv.example/fast/live/ten/index.m3u8?from=${start}&to=${end}"),
        (Catchup.APPEND, "?from=${start}&to=${end}"),
        (Catchup.SHIFT, None),
        (Catchup.FLUSSONIC, None),
        (Catchup.VOD, "https://tv.example/fast/live/ten/index.m3u8?{catchup-id}"),
    ],
)
def test_each_app_is_told_in_its_dialect(dialect: Catchup, source: str | None) -> None:
    header, row, _ = m3u(CHANNELS[:1], LINKS, days=3, catchup=dialect).splitlines()
    facts = attributes(row)
    assert (facts["catchup"], facts["catchup-days"], facts.get("catchup-source")) == (dialect.value, "3", source)
    assert header.count("xmltv.xml?catchup=vod") == (2 if dialect is Catchup.VOD else 0)


def test_who_wants_no_catch_up_gets_none() -> None:
    assert "catchup" not in m3u(CHANNELS, LINKS, catchup=Catchup.NONE)


def test_no_channels_are_a_list_all_the_same() -> None:
    assert m3u((), LINKS) == (
        '#EXTM3U url-tvg="https://tv.example/fast/iptv/xmltv.xml" x-tvg-url="https://tv.example/fast/iptv/xmltv.xml"\n'
    )


anything = st.text(st.characters(codec=None) | st.sampled_from("\0\r\n\t\v\x85\u2028\ud800,\"'#="), max_size=20)


@given(anything, anything, st.booleans())
def test_no_name_breaks_a_line(name: str, group: str, kodi: bool) -> None:  # noqa: FBT001 — drawn
    text = m3u([replace(CHANNELS[0], name=name, group=group)], LINKS, kodi=kodi)
    header, row, *_, address, end = text.split("\n")
    assert (header[:8], address, end) == ("#EXTM3U ", LINKS.playlist(CHANNELS[0]), "")
    assert len(text.encode().decode().splitlines()) == (7 if kodi else 3)
    assert attributes(row)["tvg-id"] == "ten.fastline"
    assert ROW.fullmatch(row)
