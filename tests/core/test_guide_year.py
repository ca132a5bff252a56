"""Law Guide over a year: a channel with dayparts, padding and breaks, by the clocks of a place that changes them."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from libraries import HOUSE, KIT, item, of_kind, revision

from playout.core.airing import BEGINNING
from playout.core.asset import Kind, Title
from playout.core.catalog import Catalog, Query, catalog_of
from playout.core.guide import LEAST, Entry, clipped, programmes
from playout.core.house import HOUSES
from playout.core.manifest import Rendering, Scene, live
from playout.core.playlog import Log
from playout.core.rules import Ads, Block, Daypart, Late, Order, Rules, Source
from playout.core.schedule import ahead
from playout.core.ticks import TIMEBASE, Ticks, instant_at, ticks_since
from playout.core.wall import Change
from playout.core.window import live_edge, stretches

if TYPE_CHECKING:
    from playout.core.airing import Turn
    from playout.core.catalog import Item
    from playout.core.channel import Revision

HOUR = 3600
MINUTE = 60 * TIMEBASE
GENESIS = datetime(2026, 3, 1, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
FULL = HOUSE.segment_units
NEW_YORK = (Change(1_762_063_200, -18_000), Change(1_772_953_200, -14_400), Change(1_793_512_800, -18_000))
"""America/New_York: 2 November 2025, 8 March 2026 and 1 November 2026, as the test checks."""
CHANGES = [datetime.fromtimestamp(change.at, UTC) for change in NEW_YORK[1:]]


def program(name: str, kind: Kind, minutes: int, series: str = "") -> Item:
    segments = minutes * MINUTE // HOUSE.segment
    found = item(name, kind, *[FULL] * segments, breaks=tuple(range(200, segments - 100, 200)))
    return replace(found, about=Title(f"Title of {name}", kind, (series or kind.value,), series, int(bool(series)), 1))


def library() -> Catalog:
    films = [program(f"film{n}", Kind.MOVIE, 70 + 7 * n) for n in range(9)]
    cartoons = [program(f"cartoon{n}", Kind.EPISODE, 5 + n % 9, "Pip") for n in range(24)]
    shows = [program(f"show{n}", Kind.EPISODE, 22 + n, "Harbour Street") for n in range(6)]
    ads = [item(f"ad{n}", Kind.AD, *[FULL] * (4 + n)) for n in range(5)]
    filler = [item(f"filler{n}", Kind.FILLER, *[FULL] * (3 + 5 * n)) for n in range(6)]
    return catalog_of([*films, *cartoons, *shows, *ads, *filler], [KIT])


def block(*tags: str, order: Order = Order.SHUFFLE, pad: int = 0, title: str = "") -> Block:
    ads = Ads(Ticks(12 * MINUTE), Ticks(MINUTE), of_kind(Kind.AD))
    filler = of_kind(Kind.FILLER)
    return Block((Source((Query(any=tags),), (), order),), ads, filler, pad=Ticks(pad * MINUTE), title=title)


def rules() -> Rules:
    """Films, with cartoons in the morning, episodes on the half-hour in the evening, and a film that starts on time."""
    return Rules(
        block("movie"),
        (
            Daypart("wake-up", 6 * HOUR, 9 * HOUR, block("Pip", order=Order.SEQUENCE, title="Wake up!")),
            Daypart("late cartoons", 25 * HOUR, 27 * HOUR, block("Pip", title="After dark"), late=Late.CUT),
            Daypart("evening", 18 * HOUR, 20 * HOUR, block("Harbour Street", pad=30)),
            Daypart("film of the day", 20 * HOUR, None, block("movie"), late=Late.CUT),
        ),
    )


@pytest.fixture(scope="module")
def on_air() -> Revision:
    found = revision(rules())
    channel = replace(found.channel, genesis=GENESIS, zone="America/New_York")
    return replace(found, effective=GENESIS, channel=channel, changes=NEW_YORK)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return library()


@pytest.fixture(scope="module")
def year(on_air: Revision, catalog: Catalog) -> tuple[Turn, ...]:
    end = ticks_since(GENESIS, GENESIS + YEAR)
    return tuple(takewhile(lambda turn: turn.start < end, ahead((on_air,), lambda _: catalog, BEGINNING)))


@pytest.fixture(scope="module")
def entries(on_air: Revision, catalog: Catalog, year: tuple[Turn, ...]) -> tuple[Entry, ...]:
    return programmes(year, catalog.item, on_air.channel)


def test_the_clocks_are_those_of_the_place(on_air: Revision) -> None:
    zone = ZoneInfo(on_air.channel.zone)
    for day in range(365):
        at = GENESIS + timedelta(days=day)
        assert timedelta(seconds=on_air.clocks.offset(int(at.timestamp()))) == at.astimezone(zone).utcoffset()


def test_a_year_has_no_gap_and_nothing_that_no_guide_would_show(entries: tuple[Entry, ...]) -> None:
    assert entries[0].start == GENESIS
    assert entries[-1].stop >= GENESIS + YEAR
    assert all(one.stop == two.start for one, two in pairwise(entries))
    least, most = timedelta(seconds=LEAST // TIMEBASE), timedelta(hours=4)
    assert all(least <= entry.stop - entry.start <= most for entry in entries)
    assert len({entry.id for entry in entries}) == len(entries)
    titles = {entry.title for entry in entries if entry.grouped}
    assert titles >= {"Wake up!", "After dark"}
    rest = titles - {"Wake up!", "After dark", "Pip"}  # a film that was cut, and a cartoon that had to join it
    assert all(title.startswith("Title of film") for title in rest)


def moments(entries: tuple[Entry, ...]) -> list[datetime]:
    """Instants all over the year, and many on the two odd days and at the edges of entries."""
    spread = [GENESIS + timedelta(minutes=7) + k * timedelta(hours=31, minutes=13) for k in range(240)]
    odd = [change + timedelta(minutes=13 * k) for change in CHANGES for k in range(-30, 30)]
    edges = [entry.start + timedelta(milliseconds=step) for entry in entries[3::97] for step in (-5, 5)]
    return sorted({*spread, *odd, *edges})


def test_what_the_guide_says_is_on_is_what_the_manifest_plays(
    on_air: Revision, catalog: Catalog, year: tuple[Turn, ...], entries: tuple[Entry, ...]
) -> None:
    scene = Scene(on_air.channel, HOUSES[HOUSE.name], KIT, catalog.item)
    compared = programs = 0
    for at in moments(entries):
        asset = playing(scene, year, at)
        (entry,) = clipped(entries, at, at + timedelta(microseconds=1))
        part = entry.part(at)
        compared += 1
        item = catalog.item(asset)
        if item is not None and item.about.kind in {Kind.MOVIE, Kind.EPISODE}:
            programs += 1
            assert part is not None, (at, asset)
            assert part.asset == asset, at
    assert compared > 400
    assert programs > compared * 3 // 4


def playing(scene: Scene, year: tuple[Turn, ...], at: datetime) -> str:
    """The asset whose segment is on air at an instant, read from the live playlist in which it is listed."""
    tick = ticks_since(GENESIS, at)
    first = max(bisect_right(year, tick, key=lambda turn: turn.start) - 3, 0)
    log = Log.of(year[first : first + 7])
    edge = live_edge(log, scene.library, Ticks(tick + 3 * HOUSE.segment))
    assert edge is not None
    listed = stretches(log, scene.library, max(edge - 12, log.airings[0].first_msn), edge)
    text = live(scene, Rendering.CMAF, "v360", listed, log.turns)
    found = ""
    for date, segment in re.findall(r"#EXT-X-PROGRAM-DATE-TIME:(\S+)\n(?:#.*\n)*.*?media/(\w+)/", text):
        if datetime.fromisoformat(date) <= at:
            found = segment
    return found


def test_a_guide_of_any_day_is_that_of_the_year(
    on_air: Revision, catalog: Catalog, year: tuple[Turn, ...], entries: tuple[Entry, ...]
) -> None:
    for k in range(0, len(year) - 200, 971):
        some = programmes(year[k : k + 200], catalog.item, on_air.channel)
        start, stop = some[1].start, instant_at(GENESIS, year[k + 196].start) - timedelta(hours=4)
        assert clipped(some, start, stop) == clipped(entries, start, stop)
