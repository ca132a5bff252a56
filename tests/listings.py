"""Channels, turns and entries for tests of the forms of the guide."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from libraries import HOUSE, item

from playout.core.airing import Airing, Role, Tail, Turn
from playout.core.asset import Kind, Title
from playout.core.channel import Channel
from playout.core.guide import Entry, Part, programmes
from playout.core.listing import Links
from playout.core.ticks import TIMEBASE, Ticks

if TYPE_CHECKING:
    from playout.core.catalog import Item

GENESIS = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
LINKS = Links("https://tv.example/fast")
MINUTE = 60 * TIMEBASE


def channel(name: str, number: str, title: str, **more: object) -> Channel:
    given: dict[str, object] = {"description": f"About {title}"} | more
    return Channel(name, number, title, HOUSE.name, GENESIS, **given)  # type: ignore[arg-type]


FILMS = channel(
    "films", "2", "Films & more <HD>", group="Movies", logo="https://example.com/f.png?a=1&b=2", zone="Europe/Paris"
)
SHOWS = channel("shows", "10", 'The "Shows"', group="Series", zone="America/New_York", subtitles=("en",))
QUIET = channel("quiet", "2.1", "Quiet\nPlease")
CHANNELS = (SHOWS, QUIET, FILMS)

TITLES = {
    "third": Title(
        "The Third Man", Kind.MOVIE, ("film",), description="Vienna.\r\n\r\nA balloon man.\x07", rating="PG",
        language="en", released="1949-09-02", genres=("noir", "mystery"), ids=("imdb:tt0041959", "tms:MV000123450000"),
    ),
    "tom": Title("Tom & Jerry <1>", Kind.MOVIE, ("film",), rating="FSK 6", released="1992"),
    "pilot": Title(
        "Pilot", Kind.EPISODE, ("kids",), "A Show", 1, 10, "It begins.", "TV-14", "pt-BR", released="2024-02-29",
        genres=("drama",), story="The flood", part=1,
    ),
    "special": Title("Christmas", Kind.EPISODE, (), "A Show", 0, 3, rating="TV-14"),
    "pip1": Title("The comet", Kind.EPISODE, ("kids",), "Pip", 1, 1, "A comet.", "TV-Y", "fr", genres=("animated",)),
    "pip2": Title("The moon", Kind.EPISODE, ("kids",), "Pip", 1, 2, "A moon.", "TV-Y7", "fr", genres=("children",)),
    "song": Title('A song, \U0001f3b5 "quoted"', Kind.CLIP, ("kids",), rating="TV-Y", genres=("music",)),
}  # fmt: skip


def library(asset: str) -> Item | None:
    """The items that `TITLES` describe; all but clips have a poster."""
    about = TITLES.get(asset)
    if about is None:
        return None
    return replace(item(asset, about.kind, 1), about=about, poster="" if about.kind is Kind.CLIP else "poster.jpg")


def laid(*plan: tuple[str, int, str], first: int = 0, seconds: int = 60) -> tuple[Turn, ...]:
    """Turns one after the other: (asset, length, block), in minutes unless `seconds` says otherwise.

    An asset that begins with `-` is filler. The guide asks a turn for nothing but when its airings are and what
    they are for, so these need no schedule.
    """
    turns, at = [], Ticks(0)
    for index, (asset, length, block) in enumerate(plan, first):
        end = Ticks(at + length * seconds * TIMEBASE)
        role = Role.FILLER if asset.startswith("-") else Role.PROGRAM
        airing = Airing(index, at, end, index, asset, 0, 1, role)
        turns.append(Turn(1, "c", (airing,), Tail(index + 1, end, index + 1), block))
        at = end
    return tuple(turns)


FILM_TURNS = laid(("third", 104, ""), ("tom", 90, ""), ("-fill", 20, ""), ("third", 104, ""), ("gone", 30, ""))
SHOW_TURNS = laid(
    ("pilot", 45, ""), ("special", 50, ""), ("pip1", 11, "Wake up!"), ("song", 3, "Wake up!"), ("pip2", 11, "Wake up!"),
    ("pilot", 45, ""),
)  # fmt: skip


def guide() -> dict[str, tuple[Entry, ...]]:
    """Two channels with all there can be, and one without anything."""
    return {on.id: programmes(turns, library, on) for on, turns in ((FILMS, FILM_TURNS), (SHOWS, SHOW_TURNS))}


def entry(start: float, stop: float, about: Title | None = None, **more: object) -> Entry:
    """An entry of channel films, `start` and `stop` in seconds."""
    about = about or Title("Title", Kind.MOVIE)
    first, last = (GENESIS + timedelta(seconds=second) for second in (start, stop))
    length = Ticks(int((stop - start) * TIMEBASE))
    parts = () if about.kind is Kind.FILLER else (Part(0, first, last, "a", about, "", length),)
    shown = Part(0, first, last, "a", about, "", length)
    made = Entry("films", int(start), first, last, shown.title, shown.subtitle, about, "a", "", length, "", parts)
    return replace(made, **more)  # type: ignore[arg-type]


anything = st.text(
    st.characters(codec=None) | st.sampled_from("\0\r\n\t\v\x85\u2028\ufffe\ud800<>&\"',;=@\U0001f600"), max_size=20
)
"""Any text that a side-car may hold, and some that none may."""


@st.composite
def abouts(draw: st.DrawFn) -> Title:
    """What is known of an asset: anything."""
    return Title(
        draw(anything),
        draw(st.sampled_from([Kind.MOVIE, Kind.EPISODE, Kind.CLIP])),
        series=draw(anything),
        season=draw(st.integers(0, 3)),
        episode=draw(st.integers(0, 3)),
        description=draw(anything),
        rating=draw(anything | st.sampled_from(["PG-13", "TV-MA", "G"])),
        released=draw(st.sampled_from(["", "1949", "2001-03-02"])),
        genres=tuple(draw(st.lists(anything | st.sampled_from(["Drama", "noir"]), max_size=2))),
        ids=tuple(
            draw(st.lists(st.sampled_from(["imdb:tt1", "tms:EP123456780001", "eidr:10.5240/1", "x"]), max_size=2))
        ),
    )
