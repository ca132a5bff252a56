"""Prints a digest of a month of four channels that use all of the language; run by itself, on any Python.

Only the core is imported, and it needs nothing but Python.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from playout.core.airing import Tail
from playout.core.asset import BreakPoint, Corner, Cuts, Kind, Rights, Title
from playout.core.catalog import Catalog, Item, Kit, Query, Span, catalog_of
from playout.core.channel import Channel, Revision
from playout.core.dates import Dates, Day
from playout.core.house import HOUSES
from playout.core.rules import (
    Ads,
    Apart,
    Block,
    Calendar,
    Cap,
    Daypart,
    Late,
    Never,
    Order,
    Rival,
    Rules,
    Source,
    Watershed,
)
from playout.core.schedule import ahead
from playout.core.ticks import TIMEBASE, Ticks
from playout.core.wall import Change, ClockChange, Missing, Twice

HOUSE = HOUSES["hd25"]
GENESIS = datetime(2026, 10, 10, 4, tzinfo=UTC)
PARIS = (Change(1_774_746_000, 7200), Change(1_792_890_000, 3600))
MINUTE = 60 * TIMEBASE


def made(name: str, about: Title, segments: int, breaks: tuple[int, ...] = ()) -> Item:
    end = Ticks(segments * HOUSE.segment)
    cuts = Cuts((Corner(0, Ticks(0)), Corner(segments, end), Corner(segments + 1, Ticks(end + 5 * HOUSE.unit))))
    points = tuple(BreakPoint(at, Ticks(0), 90, "chapter") for at in breaks)
    return Item(name, HOUSE.name, about, GENESIS - timedelta(days=segments % 30), cuts, points)


def library() -> Catalog:
    items = []
    for n in range(90):
        rights = (Rights(None, GENESIS + timedelta(days=n)),) if n % 9 == 0 else ()
        about = Title(
            f"Film {n}",
            Kind.MOVIE,
            (f"t{n % 4}", "Ünï"),
            rating=("G", "R", "")[n % 3],
            released=f"{1930 + n}-10-{n % 28 + 1:02d}",
            genres=("Noir",) if n % 5 == 0 else (),
            rights=rights,
        )
        items.append(made(f"film{n:03d}", about, 1300 + 7 * n, (300, 600, 900)))
    for n in range(120):
        about = Title(f"Episode {n}", Kind.EPISODE, series=f"Series {n % 6}", season=1 + n // 60, episode=n // 6)
        about = replace(about, story="The Siege" if n in {12, 18, 24} else "", part=n // 6)
        items.append(made(f"episode{n:03d}", about, 340 + n, (120, 240)))
    for n in range(40):
        about = Title(f"Ad {n}", Kind.AD, advertiser=f"Brand {n % 9}", category=f"Trade {n % 4}")
        items.append(made(f"ad{n:02d}", about, 3 + n % 6))
    items += [made(f"filler{n:02d}", Title(f"Filler {n}", Kind.FILLER), 2 + n) for n in range(25)]
    items += [made(f"bumper{n}", Title(f"Bumper {n}", Kind.BUMPER), 1) for n in range(3)]
    slate = Item(
        "slate",
        HOUSE.name,
        Title("Slate", Kind.SLATE),
        GENESIS,
        Cuts.of([n * (n + 1) // 2 * HOUSE.unit for n in range(HOUSE.segment_units + 1)]),
    )
    return catalog_of(items, [Kit(HOUSE.name, slate, ())])


ADS = Ads(
    Ticks(9 * MINUTE),
    Ticks(2 * MINUTE),
    Query(kind=(Kind.AD,)),
    Query(kind=(Kind.BUMPER,)),
    Query(kind=(Kind.BUMPER,)),
    5,
    Ticks(8 * MINUTE),
    after=Ticks(5 * MINUTE),
    advertiser=Ticks(10 * MINUTE),
    category=Ticks(MINUTE),
    cap=Cap(2, Ticks(60 * MINUTE)),
)
FILLER = Query(kind=(Kind.FILLER,))
FILMS = Source((Query(kind=(Kind.MOVIE,)),))
SERIES = Source((Query(kind=(Kind.EPISODE,)),), order=Order.ROTATION, run=2, position="series")


def rules() -> dict[str, Rules]:
    block = Block((FILMS,), ADS, FILLER, pad=Ticks(30 * MINUTE))
    apart = Apart(Ticks(90 * MINUTE), "films", (Rival("films", (FILMS,)), Rival("more", (FILMS,))))
    noir = replace(
        block,
        sources=(
            replace(
                FILMS,
                include=(Query(genre=("noir",)), Query(year=Span(1940, 1959), kind=(Kind.MOVIE,))),
                weight=2,
                order=Order.CHRONOLOGICAL,
            ),
            replace(FILMS, include=(Query(on_this_day=True), Query(any=("ünï",), kind=(Kind.MOVIE,)))),
        ),
    )
    never = Never(Ticks(2880 * MINUTE), apart, (Watershed(("R",), 72_000, 108_000),), ("FR",))
    night = Daypart("night", 82_800, 108_000, noir)
    twice = Daypart("twice", 9_000, None, replace(block, overrun=Ticks(0)), late=Late.CUT, priority=1)
    easter = Daypart(
        "autumn", 21_600, 43_200, noir, dates=(Dates(Day(month=10, weekday=6, nth=-1), Day(month=11, day=2)),)
    )
    day = replace(block, sources=(SERIES,), pad=Ticks(0))
    count = replace(
        block, sources=(Source((Query(kind=(Kind.EPISODE,)),), order=Order.SEQUENCE, calendar=Calendar(739_000, 3)),)
    )
    return {
        "films": Rules(block, (night, twice, easter), never, ClockChange(Missing.SHIFT, Twice.BOTH)),
        "more": Rules(
            replace(block, sources=(replace(FILMS, order=Order.RANDOM, cooldown=Ticks(600 * MINUTE)),)), (), never
        ),
        "series": Rules(day, (Daypart("again", 43_200, 64_800, replace(day, overrun=Ticks(5 * MINUTE))),)),
        "counted": Rules(count, (Daypart("skip", 36_000, None, block, late=Late.SKIP, count=2),)),
    }


def main() -> None:
    catalog, stop = library(), 31 * 1440 * MINUTE
    for name, ruled in rules().items():
        channel = Channel(name, "1", name, HOUSE.name, GENESIS, zone="Europe/Paris")
        revision = Revision(1, GENESIS, "c", channel, ruled, changes=PARIS)
        told, turns = sha256(), 0
        for turn in ahead((revision,), lambda _: catalog, Tail()):
            if turn.start > stop:
                break
            told.update(repr(turn.airings).encode())
            turns += 1
        sys.stdout.write(f"{name} {turns} {told.hexdigest()}\n")


if __name__ == "__main__":
    main()
