"""The Roku feed: the right bytes, the rules that its ingest specification has, and what it would refuse."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from listings import FILMS, GENESIS, LINKS, QUIET, SHOW_TURNS, SHOWS, abouts, channel, entry, guide, laid, library
from test_guide import plans

from playout.core.asset import Kind, Title
from playout.core.guide import Entry, programmes
from playout.core.roku import GENRES, content_id, roku, roku_faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from playout.core.catalog import Item
    from playout.core.channel import Channel

NOW = GENESIS + timedelta(hours=1)
DAY = 86_400
EMOJI = re.compile("[\U0001f000-\U0001fbff\u2600-\u27bf\u200d\ufe0f]")


def feed(entries: tuple[Entry, ...], on: Channel, now: datetime = NOW) -> Any:
    return json.loads(roku(entries, on, LINKS, now).encode())


def test_the_feed_of_films_is_these_bytes(golden: Callable[[str, str], None]) -> None:
    golden("roku-films.json", roku(guide()["films"], FILMS, LINKS, NOW))


def test_the_feed_of_series_and_blocks_is_these_bytes(golden: Callable[[str, str], None]) -> None:
    golden("roku-shows.json", roku(guide()["shows"], SHOWS, LINKS, NOW))


def programs(found: Any) -> dict[str, Any]:
    """All programs of a feed by id; none of them is there twice."""
    listed = [*found["movies"], *found["shortFormVideos"], *found["tvSpecials"]]
    for series in found["series"]:
        assert {"id", "title", "shortDescription"} <= series.keys()
        assert ("seasons" in series) != ("episodes" in series)
        for season in series.get("seasons", [series]):
            assert season["episodes"]
            listed.extend(season["episodes"])
    ids = [program["id"] for program in listed]
    assert len(set(ids)) == len(ids)
    return dict(zip(ids, listed, strict=True))


def check(found: Any) -> None:
    """Every rule that holds for any feed (R-21 to R-23)."""
    assert list(found)[:4] == ["providerName", "lastUpdated", "language", "liveFeeds"]
    assert list(found)[4:] == ["movies", "series", "shortFormVideos", "tvSpecials"]
    (live,) = found["liveFeeds"]
    assert 0 < len(live["shortDescription"]) <= 200
    assert 0 < len(live["longDescription"]) <= 500
    assert live["shortDescription"] != live["longDescription"]
    known = programs(found)
    schedule = live["content"]["schedule"]
    for slot in schedule:
        assert re.fullmatch("[0-9A-Za-z]{1,50}", slot["id"])
        assert slot["id"] in known
        assert type(slot["durationInSeconds"]) is int
        assert slot["durationInSeconds"] > 0
        assert slot["isLive"] is False
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", slot["date"])
        assert all(re.fullmatch(r"\d\d:\d\d:\d\d", time) for time in slot["times"])
    assert {slot["id"] for slot in schedule} == set(known)
    starts = [datetime.fromisoformat(f"{slot['date']}T{slot['times'][0]}+00:00") for slot in schedule]
    for (one, start), after in pairwise([*zip(schedule, starts, strict=True), (None, None)]):
        assert one is not None
        assert start is not None
        if after[1] is not None:
            assert start + timedelta(seconds=one["durationInSeconds"]) == after[1]
    for program in (*known.values(), *found["series"], live):
        assert re.fullmatch("[0-9A-Za-z]{1,50}", program["id"])
        assert program is live or len(program["shortDescription"]) <= 110
        assert set(program.get("genres", ())) <= GENRES
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", program.get("releaseDate", "2026-01-01"))
        assert all(rating["source"] in {"MPAA", "USA_PR"} for rating in program.get("advisoryRatings", ()))
        assert all(name["idType"] in {"TMS", "ROVI", "IMDB", "EIDR"} for name in program.get("externalIds", ()))
    assert not EMOJI.search(json.dumps(found, ensure_ascii=False))


@pytest.mark.parametrize(("on", "name"), [(FILMS, "films"), (SHOWS, "shows"), (QUIET, "quiet")])
def test_a_feed_obeys_the_rules(on: Channel, name: str) -> None:
    check(feed(guide().get(name, ()), on))


def test_a_run_of_short_programs_is_one_program_under_the_title_of_its_block() -> None:
    """The same one whenever the block is on again (R-24)."""
    entries = programmes((*SHOW_TURNS, *moved(SHOW_TURNS)), library, SHOWS)
    runs = [one for one in entries if one.grouped]
    assert len(runs) == 2
    assert len({content_id(one) for one in runs}) == 1
    (block,) = feed(entries, SHOWS)["shortFormVideos"]
    assert (block["id"], block["title"]) == (content_id(runs[0]), "Wake up!")
    assert block["advisoryRatings"] == [{"source": "USA_PR", "value": "TV-Y7"}]
    assert "externalIds" not in block


def moved(turns: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same turns again, after their end."""
    last = turns[-1]
    found = []
    for turn in turns:
        airings = tuple(
            replace(
                one, index=one.index + last.airings[-1].index + 1, start=one.start + last.end, end=one.end + last.end
            )
            for one in turn.airings
        )
        found.append(replace(turn, airings=airings))
    return tuple(found)


def test_the_parts_of_a_series_stand_under_it() -> None:
    (show,) = feed(guide()["shows"], SHOWS)["series"]
    assert [season["seasonNumber"] for season in show["seasons"]] == [0, 1]
    (pilot,) = show["seasons"][1]["episodes"]
    assert (pilot["title"], pilot["episodeNumber"], pilot["releaseDate"]) == ("Pilot", 10, "2024-02-29")
    assert show["genres"] == ["drama"]
    lone = entry(0, 1800, Title("E", Kind.EPISODE, series="Mini", episode=2))
    (mini,) = feed((lone,), FILMS)["series"]
    assert [episode["episodeNumber"] for episode in mini["episodes"]] == [2]


def test_an_episode_without_a_series_and_a_long_clip_are_specials() -> None:
    some = (entry(0, 1800, Title("A", Kind.EPISODE)), entry(1800, 3600, Title("B", Kind.CLIP)))
    assert [one["title"] for one in feed(some, FILMS)["tvSpecials"]] == ["B", "A"]


def test_a_feed_reaches_from_a_day_ago_to_more_than_a_week_ahead() -> None:
    hours = tuple(entry(3600.0 * k, 3600.0 * (k + 1)) for k in range(-100, 400))
    schedule = feed(hours, FILMS, GENESIS)["liveFeeds"][0]["content"]["schedule"]
    assert (schedule[0]["date"], schedule[0]["times"]) == ("2026-11-20", ["20:00:00"])
    assert (schedule[-1]["date"], schedule[-1]["times"]) == ("2026-11-29", ["19:00:00"])
    complete = [fault for fault in roku_faults(hours, FILMS, GENESIS) if "R-24" in fault]
    assert complete == []


def test_ids_are_for_life() -> None:
    """Whatever changes but the work itself, its id stays; and different channels never share a feed's id."""
    about = Title("The Third Man", Kind.MOVIE, ids=("imdb:tt0041959",))
    first = entry(0, 5400, about)
    again = entry(90_000, 99_000, replace(about, description="New words", rating="PG", genres=("noir",)))
    assert content_id(first) == content_id(again)
    names = ["films", "films-hd", "filmshd", "a" * 60, "a" * 61, "kids.2", "kids2", "-"]
    found = [feed((), channel(name, "1", name))["liveFeeds"][0]["id"] for name in names]
    assert found[0] == "films"
    assert len(set(found)) == len(found)
    assert all(re.fullmatch("[0-9A-Za-z]{1,50}", name) for name in found)


def test_long_text_ends_at_a_word() -> None:
    words = "Sixteen letters " * 20
    found = feed((entry(0, 5400, Title("T", Kind.MOVIE, description=words)),), FILMS)
    assert found["movies"][0]["shortDescription"] == "Sixteen letters " * 6 + "Sixteen…"


def test_captions_are_said_where_the_channel_has_subtitles() -> None:
    for on, attributes in ((SHOWS, ["CC"]), (FILMS, None)):
        slot = feed(guide()[on.id], on)["liveFeeds"][0]["content"]["schedule"][0]
        assert slot.get("attributes") == attributes


def test_genres_are_roku_s_own() -> None:
    about = Title("T", Kind.MOVIE, genres=("Film Noir", "sci-fi", "Drama", "Nonsense", "DRAMA"))
    assert feed((entry(0, 5400, about),), FILMS)["movies"][0]["genres"] == ["crime drama", "science fiction", "drama"]


# What would be refused

GOOD = Title(
    "Good", Kind.MOVIE, description="Words.", rating="PG", released="1949", genres=("drama",), ids=("imdb:tt1",)
)


def week(**more: object) -> tuple[Entry, ...]:
    """Eight days of good films of two hours, and one that is otherwise."""
    some = [entry(7200.0 * k, 7200.0 * (k + 1), GOOD, poster="p.jpg") for k in range(-13, 90)]
    some[20] = replace(some[20], **more)  # type: ignore[arg-type]
    return tuple(some)


def test_nothing_is_refused_of_a_good_feed() -> None:
    assert roku_faults(week(), FILMS, GENESIS) == []


AT = "Good at 2026-11-22 10:00 UTC"


@pytest.mark.parametrize(
    ("bad", "faults"),
    [
        ({"poster": ""}, []),  # another showing has the artwork, and it is one program
        ({"about": replace(GOOD, ids=("imdb:tt2",)), "poster": ""}, ["Good: it has no artwork as JPEG (R-23)"]),
        (
            {"about": replace(GOOD, ids=("imdb:tt2",)), "poster": "p.png"},
            ["Good: it has no artwork as JPEG (R-23)"],
        ),
        ({"about": replace(GOOD, ids=("imdb:tt2",), rating="")}, ["Good: it has no rating (R-18)"]),
        (
            {"about": replace(GOOD, ids=("imdb:tt2",), rating="FSK 6")},
            ["Good: Roku knows no rating 'FSK 6' (R-18)"],
        ),
        ({"about": replace(GOOD, ids=("imdb:tt2",), released="")}, ["Good: nobody says when it came out (R-22)"]),
        ({"about": replace(GOOD, ids=("imdb:tt2",), genres=("x",))}, ["Good: it has no genre that Roku takes"]),
        ({"about": replace(GOOD, ids=("imdb:tt2",), description="")}, ["Good: it has no description"]),
        (
            {"about": replace(GOOD, ids=("imdb:tt2",), kind=Kind.EPISODE, series="S")},
            ["Good: the episode has no number (R-22)"],
        ),
        (
            {"title": "T" * 36, "about": replace(GOOD, ids=("imdb:tt2",))},
            [f"{'T' * 36}: its title is longer than one line of 35 characters (R-23)"],
        ),
        (
            {"stop": GENESIS + timedelta(hours=14, minutes=14)},
            [
                "there is a gap or an overlap at 2026-11-22 10:14 UTC",
                f"{AT} is shorter than 15 minutes (R-24)",
            ],
        ),
        (
            {"stop": GENESIS + timedelta(hours=18, seconds=1)},
            ["there is a gap or an overlap at 2026-11-22 14:00 UTC", f"{AT} is longer than 4 hours (R-24)"],
        ),
        (
            {"about": replace(GOOD, kind=Kind.FILLER), "parts": ()},
            [f"{AT} is no program, but filler or slate"],
        ),
    ],
)
def test_what_would_be_refused_is_said(bad: dict[str, object], faults: list[str]) -> None:
    assert roku_faults(week(**bad), FILMS, GENESIS) == faults


def test_a_guide_that_is_too_short_is_refused() -> None:
    assert roku_faults((), replace(FILMS, description=""), GENESIS) == [
        "there is nothing in the schedule", "the channel has no description (R-23)"
    ]  # fmt: skip
    some = week()[10:30]
    assert roku_faults(some, FILMS, GENESIS) == [
        "the schedule begins at 2026-11-21 14:00 UTC, less than a day ago (R-24)",
        "the schedule ends at 2026-11-23 06:00 UTC, less than a week ahead (R-24)",
    ]


# Laws


@given(st.lists(abouts(), max_size=8))
def test_no_text_breaks_the_rules(some: list[Title]) -> None:
    about = {f"a{k}": about for k, about in enumerate(some)}

    def found(asset: str) -> Item | None:
        item = library("third")
        return replace(item, id=asset, about=about[asset]) if item else None

    entries = programmes(laid(*((name, 20, "") for name in about)), found, FILMS)
    check(feed(entries, replace(FILMS, name=some[0].title, description=some[0].description) if some else FILMS))


@settings(max_examples=50)
@given(plans)
def test_a_feed_of_any_schedule_obeys_the_rules(plan: list[tuple[str, int, str]]) -> None:
    named = {"a": "third", "b": "pip1"}
    turns = laid(*((named.get(asset, asset), length, block) for asset, length, block in plan))
    entries = programmes(turns, library, FILMS)
    found = feed(entries, FILMS, GENESIS.astimezone(UTC))
    check(found)
    slots = found["liveFeeds"][0]["content"]["schedule"]
    assert sum(slot["durationInSeconds"] for slot in slots) == (entries[-1].stop - GENESIS).total_seconds()
