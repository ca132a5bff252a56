"""Generated rules of the whole language, and libraries for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import strategies as st
from libraries import GENESIS, HOUSE, KIT, cuts, of_kind

from playout.core.asset import BreakPoint, Kind, Rights, Title
from playout.core.catalog import Catalog, Item, Query, Span, catalog_of
from playout.core.channel import Channel, Revision
from playout.core.dates import Dates, Day
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
    Roll,
    Rules,
    Source,
    Watershed,
)
from playout.core.ticks import TIMEBASE, Ticks
from playout.core.wall import Change, ClockChange, Missing, Twice

HOUR = 3600
FIRST_DAY = GENESIS.date()

PARIS = (Change(1_761_440_400, 3600), Change(1_774_746_000, 7200), Change(1_792_890_000, 3600))
"""Europe/Paris: 2025-10-26, 2026-03-29 and 2026-10-25, each at 01:00 UTC."""


def seconds(least: int, most: int) -> st.SearchStrategy[Ticks]:
    """Spans of whole seconds."""
    return st.integers(least, most).map(lambda n: Ticks(n * TIMEBASE))


@st.composite
def titles(draw: st.DrawFn, name: str, kind: Kind) -> Title:
    """What is known of an asset: any of it, or nothing."""
    episode = kind is Kind.EPISODE
    instants = st.integers(-48, 96).map(lambda hours: GENESIS + timedelta(hours=hours))
    rights = st.builds(
        Rights,
        st.none() | instants,
        st.none() | instants,
        st.sampled_from([(), ("FR",), ("DE", "FR")]),
    )
    return Title(
        f"Title of {name}",
        kind,
        draw(st.lists(st.sampled_from(["a", "b", "c"]), max_size=2).map(tuple)),
        series=draw(st.sampled_from(["", "Alpha", "Beta", "Gamma"])) if episode else "",
        season=draw(st.integers(0, 2)) if episode else 0,
        episode=draw(st.integers(0, 5)) if episode else 0,
        rating=draw(st.sampled_from(["", "G", "R"])),
        released=draw(st.sampled_from(["", "1949", "2001-03-02", "2010-12-24"])),
        story=draw(st.sampled_from(["", "", "A story"])) if episode else "",
        part=draw(st.integers(0, 3)) if episode else 0,
        advertiser=draw(st.sampled_from(["", "Acme", "Globex"])) if kind is Kind.AD else "",
        category=draw(st.sampled_from(["", "cars", "beer"])) if kind is Kind.AD else "",
        rights=tuple(draw(st.lists(rights, max_size=1))),
    )


@st.composite
def assets(draw: st.DrawFn, name: str, kind: Kind) -> Item:
    """An item of some seconds to an hour, with break points at some cuts."""
    short = kind in {Kind.AD, Kind.BUMPER, Kind.FILLER}
    full = draw(st.integers(0, 4 if short else 16)) * (1 if short else draw(st.sampled_from([1, 10, 60])))
    rest = draw(st.integers(1, HOUSE.segment_units))
    inner = draw(st.sets(st.integers(1, full), max_size=3)) if full and not short else set()
    return Item(
        name,
        HOUSE.name,
        draw(titles(name, kind)),
        GENESIS - timedelta(minutes=draw(st.integers(0, 10_000))),
        cuts(*[HOUSE.segment_units] * full, rest),
        tuple(BreakPoint(at, Ticks(0), 100, "chapter") for at in sorted(inner)),
    )


@st.composite
def libraries(draw: st.DrawFn) -> Catalog:
    """Some of every kind; any of them may be missing."""
    kinds = {Kind.MOVIE: 4, Kind.EPISODE: 6, Kind.CLIP: 3, Kind.AD: 4, Kind.BUMPER: 2, Kind.FILLER: 4}
    found = [
        draw(assets(f"{kind.value}{n}", kind))
        for kind, most in kinds.items()
        for n in range(draw(st.integers(0, most)))
    ]
    return catalog_of(found, [KIT])


PROGRAMS = of_kind(Kind.MOVIE, Kind.EPISODE, Kind.CLIP)
queries = st.sampled_from([
    PROGRAMS,
    PROGRAMS,
    of_kind(Kind.MOVIE),
    of_kind(Kind.EPISODE),
    replace(PROGRAMS, any=("a", "b")),
    replace(PROGRAMS, none=("c",)),
    replace(PROGRAMS, series=("alpha", "gamma")),
    replace(PROGRAMS, rating=("g", "unrated")),
    replace(PROGRAMS, year=Span(1900, 2005)),
    replace(PROGRAMS, duration=Span(0, 600 * TIMEBASE)),
    replace(PROGRAMS, added=Ticks(3 * 86400 * TIMEBASE)),
    replace(PROGRAMS, on_this_day=True),
    replace(PROGRAMS, listed=("movie1", "Title of episode0", "clip0")),
    replace(PROGRAMS, within=(of_kind(Kind.CLIP), Query(any=("a",)))),
])  # fmt: skip

sources = st.builds(
    Source,
    st.lists(queries, min_size=1, max_size=2).map(tuple),
    st.lists(queries.filter(lambda query: query != PROGRAMS), max_size=1).map(tuple),
    st.sampled_from(Order),
    weight=st.integers(1, 3),
    run=st.integers(0, 3),
    cooldown=st.just(Ticks(0)) | seconds(1, 3 * HOUR),
    position=st.sampled_from(["", "", "shared"]),
)
counted = st.builds(
    Source,
    queries.map(lambda query: (query,)),
    order=st.sampled_from([Order.SEQUENCE, Order.CHRONOLOGICAL, Order.LISTED]),
    calendar=st.builds(Calendar, st.integers(-3, 3).map(lambda n: FIRST_DAY.toordinal() + n), st.integers(1, 3)),
)

bumpers = st.none() | st.just(of_kind(Kind.BUMPER))
ads = st.builds(
    Ads,
    seconds(10, HOUR),
    seconds(1, 120),
    st.just(of_kind(Kind.AD)),
    bumpers,
    bumpers,
    most=st.integers(0, 3),
    load=st.just(Ticks(0)) | seconds(5, 600),
    rolls=st.sampled_from([(Roll.MID, Roll.POST), (Roll.PRE, Roll.MID), (Roll.MID,), tuple(Roll)]),
    after=st.just(Ticks(0)) | seconds(1, 600),
    before=st.just(Ticks(0)) | seconds(1, 600),
    advertiser=st.just(Ticks(0)) | seconds(1, HOUR),
    category=st.just(Ticks(0)) | seconds(1, HOUR),
    cap=st.none() | st.builds(Cap, st.integers(1, 3), seconds(60, HOUR)),
)

blocks = st.builds(
    Block,
    st.lists(sources | counted, min_size=1, max_size=3).map(tuple),
    st.none() | ads,
    st.none() | st.just(of_kind(Kind.FILLER)),
    bumpers,
    bumpers,
    pad=st.sampled_from([0, 0, 900, 1800, 3600]).map(lambda n: Ticks(n * TIMEBASE)),
    overrun=st.none() | st.sampled_from([0, 60, 900]).map(lambda n: Ticks(n * TIMEBASE)),
    title=st.sampled_from(["", "A block"]),
)

days = st.sampled_from([(0, 1, 2, 3, 4, 5, 6), (0, 1, 2, 3, 4), (5, 6)])
dates = st.sampled_from([(), (), (Dates(Day(month=3, day=1), Day(month=3, day=2)),), (Dates(Day(), Day(shift=1)),)])


@st.composite
def dayparts(draw: st.DrawFn, name: str) -> Daypart:
    """One that has an end, or one that ends by itself."""
    start = draw(st.integers(0, 95)) * 900
    ranged = draw(st.booleans())
    return Daypart(
        name,
        start,
        start + draw(st.integers(1, 96)) * 900 if ranged else None,
        draw(blocks),
        draw(days),
        draw(dates),
        draw(st.integers(-1, 2)),
        draw(st.sampled_from(Late)),
        draw(st.integers(1, 3)),
    )


watersheds = st.builds(
    Watershed,
    st.sampled_from([("R",), ("r", "unrated")]),
    st.integers(12, 23).map(lambda n: n * HOUR),
    st.integers(25, 30).map(lambda n: n * HOUR),
)


@st.composite
def nevers(draw: st.DrawFn) -> Never:
    """Any of the rules that refuse."""
    rivals = tuple(Rival(name, (Source((PROGRAMS,)),)) for name in ("one", "other", "third"))
    apart = st.builds(Apart, seconds(600, 2 * HOUR), st.just("group"), st.just(rivals))
    return Never(
        draw(st.just(Ticks(0)) | seconds(60, 6 * HOUR)),
        draw(st.none() | apart),
        tuple(draw(st.lists(watersheds, max_size=1))),
        draw(st.sampled_from([(), ("FR",), ("DE", "FR")])),
    )


@st.composite
def languages(draw: st.DrawFn) -> Rules:
    """Rules of the whole language."""
    parts = tuple(draw(dayparts(f"part{n}")) for n in range(draw(st.integers(0, 4))))
    policy = draw(st.builds(ClockChange, st.sampled_from(Missing), st.sampled_from(Twice)))
    return Rules(draw(blocks), parts, draw(nevers()), policy)


def revised(rules: Rules, number: int = 1, *, name: str = "one", start: date | None = None) -> Revision:
    """A revision of a channel in Paris with these rules, which begins at midnight of `start`, in UTC."""
    genesis = GENESIS if start is None else GENESIS + timedelta(days=(start - FIRST_DAY).days)
    channel = Channel(name, "1", "Channel One", HOUSE.name, genesis, zone="Europe/Paris")
    return Revision(number, genesis, "c1", channel, rules, changes=PARIS)


moments = st.sampled_from([FIRST_DAY, date(2026, 3, 28), date(2026, 10, 24), date(2026, 12, 31)])
"""Days on which a channel begins: an ordinary one, those before a clock change, the last of a year."""
