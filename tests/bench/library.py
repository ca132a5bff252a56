"""A large library and many channels, made of documents alone: what the engine must carry at scale."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playout.core.asset import BreakPoint, Cuts, Kind, Title
from playout.core.catalog import Catalog, Item, Kit, Query, catalog_of
from playout.core.channel import Channel, Revision
from playout.core.house import HOUSES
from playout.core.rules import Ads, Block, Rules, Source
from playout.core.ticks import TIMEBASE, Ticks

HOUSE = HOUSES["hd30"]
BORN = datetime(2026, 1, 1, tzinfo=UTC)
MOVIES = 9_000
ADS = 1_000
TAGS = 50


def _item(number: int, kind: Kind, segments: int, breaks: tuple[int, ...] = ()) -> Item:
    cuts = [k * HOUSE.segment for k in range(segments + 1)]
    return Item(
        id=f"{number:032x}",
        house=HOUSE.name,
        about=Title(f"Title number {number}", kind, (kind.value, f"tag{number % TAGS}", f"genre{number % 7}")),
        added=BORN + timedelta(minutes=number),
        cuts=Cuts.of([*cuts, cuts[-1] + 3 * HOUSE.unit]),
        breaks=tuple(BreakPoint(at, Ticks(0), 100, "chapter") for at in breaks),
    )


def library() -> Catalog:
    """9000 films of 25 to 37 minutes with three break points each, 1000 ads, a slate."""
    films = [_item(n, Kind.MOVIE, 400 + n % 200, (100, 200, 300)) for n in range(MOVIES)]
    ads = [_item(MOVIES + n, Kind.AD, 4 + n % 5) for n in range(ADS)]
    slate = Item(
        "51a7e", HOUSE.name, Title("Slate", Kind.SLATE), BORN,
        Cuts.of([n * (n + 1) // 2 * HOUSE.unit for n in range(HOUSE.segment_units + 1)]),
    )  # fmt: skip
    inits = (*((rung.name, "0" * 32) for rung in HOUSE.rungs), ("a-und", "0" * 32))
    return catalog_of([*films, *ads], [Kit(HOUSE.name, slate, inits)])


def revision(number: int, catalog: str, now: datetime) -> Revision:
    """Channel `number`: a fiftieth of the films, shuffled, a minute of ads every eight minutes."""
    genesis = (now - timedelta(seconds=120)).replace(microsecond=0)
    channel = Channel(f"ch{number:04d}", str(number + 1), f"Channel {number + 1}", HOUSE.name, genesis)
    ads = Ads(Ticks(8 * 60 * TIMEBASE), Ticks(60 * TIMEBASE), Query(kind=(Kind.AD,)))
    films = Query(any=(f"tag{number % TAGS}",), kind=(Kind.MOVIE,))
    return Revision(1, now, catalog, channel, Rules(Block((Source((films,)),), ads)))
