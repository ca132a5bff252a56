"""A station of fifty channels over 20 000 assets, programmed with all of the language: films, series, short forms."""

from __future__ import annotations

import resource
from dataclasses import replace
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Final

from figures import Figure
from library import BORN, HOUSE

from playout.core.airing import Tail
from playout.core.asset import BreakPoint, Corner, Cuts, Kind, Title
from playout.core.catalog import Catalog, Item, Kit, Query, catalog_of
from playout.core.channel import Channel, Revision
from playout.core.rules import Ads, Block, Cap, Daypart, Late, Never, Order, Roll, Rules, Source, Watershed
from playout.core.schedule import ahead
from playout.core.ticks import TIMEBASE, Ticks
from playout.core.wall import Change

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTE: Final = 60 * TIMEBASE
HOUR: Final = 3600
YEAR: Final = 365 * 86_400 * TIMEBASE
FILMS, EPISODES, CLIPS, SPOTS, FILLERS = 5_000, 10_000, 3_000, 1_500, 500
SERIES: Final = 200
PARIS: Final = (Change(1_761_440_400, 3600), Change(1_774_746_000, 7200), Change(1_792_890_000, 3600))


def _item(number: int, about: Title, seconds: int, breaks: int = 0) -> Item:
    full = max(seconds * TIMEBASE // HOUSE.segment, 1)
    end = full * HOUSE.segment
    cuts = Cuts(
        (Corner(0, Ticks(0)), Corner(full, Ticks(end)), Corner(full + 1, Ticks(end + (1 + number % 7) * HOUSE.unit)))
    )
    points = (BreakPoint(full * k // (breaks + 1), Ticks(0), 90, "chapter") for k in range(1, breaks + 1))
    return Item(
        f"{number:032x}", HOUSE.name, about, BORN + timedelta(minutes=number),
        cuts, tuple(points),
    )  # fmt: skip


def _items() -> Iterator[Item]:
    """Films of 80 to 140 minutes, episodes of 22 and 45, clips of 4 to 12; short ads, fillers of up to 180 s."""
    ratings = ("G", "PG", "PG-13", "R", "")
    for n in range(FILMS):
        about = Title(f"Film {n}", Kind.MOVIE, (f"shelf{n % 25}",), released=str(1930 + n % 95), rating=ratings[n % 5])
        yield _item(n, about, (80 + n % 61) * 60, 7)
    for n in range(EPISODES):
        season, episode = divmod(n // SERIES, 10)
        about = Title(
            f"Episode {n}", Kind.EPISODE, (f"shelf{n % 25}",), f"Series {n % SERIES}", season + 1, episode + 1
        )
        yield _item(FILMS + n, about, 60 * (22 if n % 2 else 45) + n % 50, 3)
    for n in range(CLIPS):
        yield _item(20_000 + n, Title(f"Clip {n}", Kind.CLIP, (f"shelf{n % 5}",)), 240 + n % 480)
    for n in range(SPOTS):
        about = Title(f"Ad {n}", Kind.AD, ("ad",), advertiser=f"Brand {n % 120}", category=f"Trade {n % 20}")
        yield _item(30_000 + n, about, (15, 20, 30, 40)[n % 4])
    for n in range(FILLERS):
        yield _item(40_000 + n, Title(f"Filler {n}", Kind.FILLER, ("filler",)), 10 + n % 170)


def library() -> Catalog:
    """20 000 assets and a slate."""
    slate = Item(
        "51a7e", HOUSE.name, Title("Slate", Kind.SLATE), BORN,
        Cuts.of([n * (n + 1) // 2 * HOUSE.unit for n in range(HOUSE.segment_units + 1)]),
    )  # fmt: skip
    inits = (*((rung.name, "0" * 32) for rung in HOUSE.rungs), ("a-und", "0" * 32))
    return catalog_of(_items(), [Kit(HOUSE.name, slate, inits)])


ADS: Final = Ads(
    Ticks(10 * MINUTE), Ticks(2 * MINUTE), Query(any=("ad",), kind=(Kind.AD,)), most=6, load=Ticks(8 * MINUTE),
    rolls=(Roll.MID, Roll.POST), after=Ticks(10 * MINUTE), before=Ticks(10 * MINUTE),
    advertiser=Ticks(20 * MINUTE), cap=Cap(2, Ticks(60 * MINUTE)),
)  # fmt: skip
FILLER: Final = Query(any=("filler",), kind=(Kind.FILLER,))


def _films(number: int) -> Rules:
    """Films on the half-hour, a matinee, a late night in order, nothing twice in two days, a watershed."""
    films = Source((Query(any=(f"shelf{number % 25}", f"shelf{(number + 7) % 25}"), kind=(Kind.MOVIE,)),))
    old = replace(films, exclude=(Query(rating=("R",)),))
    block = Block((films,), ADS, FILLER, pad=Ticks(30 * MINUTE))
    late = replace(block, sources=(replace(films, order=Order.CHRONOLOGICAL),), pad=Ticks(0))
    parts = (
        Daypart(
            "matinee", 14 * HOUR, None, replace(block, sources=(replace(old, weight=3), films)), late=Late.CUT, count=2
        ),
        Daypart("late", 23 * HOUR, 29 * HOUR, late),
    )
    shed = Watershed(("R",), 20 * HOUR, 30 * HOUR)
    return Rules(block, parts, Never(Ticks(48 * 60 * MINUTE), None, (shed,)))


def _series(number: int) -> Rules:
    """Series in rotation, a marathon at the weekend, all on the quarter-hour."""
    names = tuple(f"Series {(number * 7 + n) % SERIES}" for n in range(12))
    rotation = Source((Query(series=names, kind=(Kind.EPISODE,)),), order=Order.ROTATION, run=2, position="series")
    block = Block((rotation,), ADS, FILLER, pad=Ticks(15 * MINUTE))
    marathon = replace(block, sources=(replace(rotation, run=8, position=""),), pad=Ticks(0))
    return Rules(block, (Daypart("marathon", 10 * HOUR, 22 * HOUR, marathon, days=(5, 6)),))


def _short(number: int) -> Rules:
    """Short forms one after the other, none again within three hours."""
    clips = Source((Query(any=(f"shelf{number % 5}",), kind=(Kind.CLIP,)),))
    return Rules(Block((clips,), ADS, FILLER), never=Never(Ticks(180 * MINUTE)))


def channel(number: int) -> Revision:
    """Channel `number` of fifty: 24 of films, 24 of series, 2 of short forms."""
    rules = _short(number) if number >= 48 else _films(number) if number % 2 else _series(number)
    made = Channel(f"ch{number:02d}", str(number + 1), f"Channel {number + 1}", HOUSE.name, BORN, zone="Europe/Paris")
    return Revision(1, BORN, "c", made, rules, changes=PARIS)


def plan(revision: Revision, catalog: Catalog, span: int = YEAR) -> tuple[int, int]:
    """Run a channel ahead; how many turns and airings that was."""
    turns = airings = 0
    for turn in ahead((revision,), lambda _: catalog, Tail()):
        turns, airings = turns + 1, airings + len(turn.airings)
        if turn.end > span:
            break
    return turns, airings


def station() -> list[Figure]:
    """Plan a year of all fifty channels, in one process on one core."""
    catalog = library()
    plan(channel(0), catalog, YEAR // 365)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = perf_counter()
    done = [plan(channel(number), catalog) for number in range(50)]
    seconds = perf_counter() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    turns, airings = (sum(counts) for counts in zip(*done, strict=True))
    how = f"50 channels, {len(catalog.items)} assets, {turns} turns, {airings} airings"
    return [
        Figure("planning a year of a station", f"{seconds:.0f} s", "≤ 60 s", seconds <= 60, how),
        Figure("memory that it adds", f"{grown:.0f} MB", "≤ 100 MB", grown <= 100, "flat: nothing is kept"),
    ]
