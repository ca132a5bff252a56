"""Libraries, channels and logs for tests of the core: by example and by Hypothesis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

from hypothesis import strategies as st

from playout.core.airing import Tail, Turn
from playout.core.asset import BreakPoint, Cuts, Kind, Title
from playout.core.catalog import Catalog, Item, Kit, Query, catalog_of
from playout.core.channel import Channel, Revision
from playout.core.house import HOUSES
from playout.core.playlog import Log
from playout.core.rules import Ads, Block, Order, Rules, Source
from playout.core.schedule import ahead
from playout.core.ticks import TIMEBASE, Ticks

HOUSE = HOUSES["fast"]
GENESIS = datetime(2026, 3, 1, 12, tzinfo=UTC)


def cuts(*units: int) -> Cuts:
    """Segments of these many units each."""
    boundaries = [0]
    for n in units:
        boundaries.append(boundaries[-1] + n * HOUSE.unit)
    return Cuts.of(boundaries)


def item(
    name: str, kind: Kind, *units: int, breaks: tuple[int, ...] = (), tags: tuple[str, ...] = (), age: int = 0
) -> Item:
    """An item of segments of `units`; `age` is in minutes, `tags` default to its kind."""
    return Item(
        id=name,
        house=HOUSE.name,
        about=Title(f"Title of {name}", kind, tags or (kind.value,)),
        added=GENESIS - timedelta(minutes=age),
        cuts=cuts(*units),
        breaks=tuple(BreakPoint(at, Ticks(0), 100, "sidecar") for at in breaks),
    )


KIT = Kit(
    HOUSE.name,
    item("slate", Kind.SLATE, *range(1, HOUSE.segment_units + 1)),
    (("v360", "c" * 32), ("v234", "d" * 32), ("a-und", "e" * 32)),
)


def of_kind(*kinds: Kind) -> Query:
    """The query for these kinds."""
    return Query(kind=kinds)


def airs(
    include: Query,
    exclude: Query | None = None,
    order: Order = Order.SHUFFLE,
    ads: Ads | None = None,
    filler: Query | None = None,
) -> Rules:
    """The rules of a channel that airs what `include` means, all day long."""
    source = Source((include,), (exclude,) if exclude else (), order)
    return Rules(Block((source,), ads, filler))


def revision(
    rules: Rules | None = None,
    *,
    number: int = 1,
    effective: datetime = GENESIS,
    catalog: str = "c1",
    name: str = "one",
) -> Revision:
    """A revision of a channel that airs movies, in a shuffle unless `rules` say otherwise."""
    channel = Channel(name, "1", "Channel One", HOUSE.name, GENESIS)
    return Revision(number, effective, catalog, channel, rules or airs(of_kind(Kind.MOVIE)))


def log_of(revised: Revision, catalog: Catalog, turns: int, tail: Tail | None = None) -> Log:
    """The next `turns` turns."""
    return Log.of(islice(ahead((revised,), lambda _: catalog, tail or Tail()), turns))


def upto(revisions: tuple[Revision, ...], catalog: Catalog, tail: Tail, end: Ticks) -> list[Turn]:
    """The turns after `tail` until one ends at or after `end`."""
    turns: list[Turn] = []
    for turn in ahead(revisions, lambda _: catalog, tail):
        if tail.start >= end:
            break
        turns.append(turn)
        tail = turn.tail
    return turns


segment_units = st.integers(1, HOUSE.segment_units)


@st.composite
def items(draw: st.DrawFn, name: str, kind: Kind, most: int = 12) -> Item:
    """An item with break points at some of its cuts."""
    units = draw(st.lists(segment_units, min_size=1, max_size=most))
    inner = list(range(1, len(units)))
    breaks = tuple(sorted(draw(st.sets(st.sampled_from(inner), max_size=3)))) if inner else ()
    return item(name, kind, *units, breaks=breaks, age=draw(st.integers(0, 1000)))


@st.composite
def catalogs(draw: st.DrawFn, *, most: int = 6) -> Catalog:
    """A catalog of some movies, ads, bumpers and filler; any of them may be missing."""
    found = [
        draw(items(f"{kind.value}{n}", kind))
        for kind in (Kind.MOVIE, Kind.AD, Kind.BUMPER, Kind.FILLER)
        for n in range(draw(st.integers(0, most)))
    ]
    return catalog_of(found, [KIT])


def _ads(every: int, pod: int, bumper: Query | None) -> Ads:
    return Ads(Ticks(every * TIMEBASE), Ticks(pod * TIMEBASE), of_kind(Kind.AD), bumper, bumper)


simple_ads = st.builds(_ads, st.integers(1, 120), st.integers(1, 60), st.none() | st.just(of_kind(Kind.BUMPER)))

rules = st.builds(
    airs,
    include=st.just(of_kind(Kind.MOVIE)),
    order=st.sampled_from(Order),
    ads=st.none() | simple_ads,
    filler=st.none() | st.just(of_kind(Kind.FILLER)),
)
