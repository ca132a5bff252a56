"""The language of channels: what is written, and the rules that it means."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from written import anything_written, well_written

from playout.config import Draft, Faults, Programming, load, read
from playout.core.asset import Kind
from playout.core.catalog import Query, Span
from playout.core.channel import Parent
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
from playout.core.ticks import Ticks, ticks_of
from playout.core.wall import ClockChange, Missing, Twice

CHECKOUT = Path(__file__).parents[2]
EXAMPLES = CHECKOUT / "docs" / "examples"
PROGRAMS = (Kind.MOVIE, Kind.EPISODE, Kind.CLIP)
AD, BUMPER, FILLER = (Kind.AD,), (Kind.BUMPER,), (Kind.FILLER,)
HOUR = 3600


def minutes(count: float) -> Ticks:
    return ticks_of(timedelta(minutes=count))


def drafts_of(text: str) -> dict[str, Draft]:
    found = read(text, "channels.yaml")
    assert isinstance(found, Programming), str(found)
    return {draft.id: draft for draft in found.drafts}


def films(*lines: str) -> Draft:
    """A channel with these lines and nothing else to say."""
    head = ("version: 1", "channels:", "  films:", "    number: 1", "    name: Films")
    return drafts_of("\n".join((*head, *(f"    {line}" for line in lines), "")))["films"]


def example(name: str) -> dict[str, Draft]:
    found = load(EXAMPLES / f"{name}.yaml")
    assert isinstance(found, Programming), str(found)
    return {draft.id: draft for draft in found.drafts}


def daypart(draft: Draft, name: str) -> Daypart:
    return next(one for one in draft.rules.dayparts if one.name == name)


# the three examples


def test_the_film_channel_reads_as_it_is_meant() -> None:
    (draft,) = example("film").values()
    everything = Query(all=("film",), kind=PROGRAMS)
    noir = Query(all=("film",), genre=("crime", "noir"), year=Span(1940, 1959), kind=PROGRAMS)
    ads = Ads(
        every=minutes(10),
        pod=minutes(2),
        query=Query(any=("ad",), kind=AD),
        opens=Query(any=("we-will-be-back",), kind=BUMPER),
        closes=Query(any=("and-now",), kind=BUMPER),
        load=minutes(8),
        rolls=(Roll.MID, Roll.POST),
        after=minutes(10),
        before=minutes(10),
        advertiser=minutes(30),
        category=minutes(10),
        cap=Cap(2, minutes(60)),
    )
    block = Block(
        sources=(Source((everything,)),),
        ads=ads,
        filler=Query(any=("trailer",), kind=FILLER),
        before=Query(any=("ident",), kind=BUMPER),
        pad=minutes(30),
    )
    assert draft.zone == "America/New_York"
    assert draft.rules.block == block
    assert draft.rules.never == Never(
        repeat=minutes(24 * 60),
        watersheds=(Watershed(("R", "TV-MA"), 21 * HOUR, 29 * HOUR),),
        territories=("CA", "US"),
    )
    assert draft.rules.clock_change == ClockChange(Missing.NEXT, Twice.FIRST)
    assert [one.name for one in draft.rules.dayparts] == ["breakfast", "matinee", "late", "christmas", "wonderful"]
    breakfast = daypart(draft, "breakfast")
    assert (breakfast.start, breakfast.stop, breakfast.days) == (6 * HOUR, 12 * HOUR, (5, 6))
    assert breakfast.block.overrun == minutes(15)
    assert breakfast.block.ads == Ads(
        every=minutes(10), pod=minutes(1.5), query=Query(any=("ad",), none=("alcohol",), kind=AD), load=minutes(6),
        after=minutes(10), before=minutes(10),
    )  # fmt: skip
    assert breakfast.block.pad == minutes(30)
    assert daypart(draft, "matinee") == Daypart(
        name="matinee",
        start=14 * HOUR,
        stop=None,
        block=Block(
            sources=(
                Source((noir,), weight=3),
                Source((Query(all=("film",), year=Span(1960, 1969), kind=PROGRAMS),), weight=1),
            ),
            ads=ads,
            filler=block.filler,
            before=block.before,
            pad=block.pad,
            title="The Matinee",
        ),
        late=Late.CUT,
        count=2,
    )
    late = daypart(draft, "late")
    assert (late.start, late.stop) == (23 * HOUR, 29 * HOUR)
    assert late.block == Block((Source((noir,), order=Order.CHRONOLOGICAL),), None, block.filler, block.before, None,
                               block.pad)  # fmt: skip
    christmas = daypart(draft, "christmas")
    assert (christmas.start, christmas.stop, christmas.priority) == (0, 24 * HOUR, 10)
    assert christmas.dates == (Dates(Day(month=12, day=24), Day(month=12, day=26)),)
    wonderful = daypart(draft, "wonderful")
    assert wonderful.block.sources == (Source((Query(listed=("it's a wonderful life",), kind=PROGRAMS),)),)
    assert (wonderful.stop, wonderful.count, wonderful.late) == (None, 1, Late.CUT)
    assert draft.line_of("wonderful") > draft.line_of("matinee") > draft.line_of("") == draft.line


def test_the_kids_channel_reads_as_it_is_meant() -> None:
    drafts = example("kids")
    kids, later = drafts["kids"], drafts["kids-later"]
    assert (kids.group, kids.zone) == ("Kids", "Europe/Paris")
    assert kids.rules.block.sources == (
        Source((Query(any=("kids",), rating=("tv-g", "tv-y", "tv-y7"), kind=(Kind.EPISODE, Kind.CLIP)),)),
    )
    bumper = Query(any=("kids-bumper",), kind=BUMPER)
    assert kids.rules.block.ads == Ads(
        every=minutes(12), pod=minutes(1.5), query=Query(any=("kids-safe",), none=("snacks",), kind=AD), opens=bumper,
        closes=bumper, most=6, load=minutes(6),
    )  # fmt: skip
    wake_up = daypart(kids, "wake-up")
    assert wake_up.days == (0, 1, 2, 3, 4)
    assert wake_up.block.title == "Wake up!"
    assert wake_up.block.pad == minutes(15)
    assert wake_up.block.sources == (
        Source(
            (Query(any=("kids",), kind=(Kind.EPISODE, Kind.CLIP), duration=Span(0, minutes(12))),),
            order=Order.ROTATION,
        ),
    )
    adventures = Source(
        (Query(series=("harbour street", "pip and the comet"), kind=PROGRAMS),),
        order=Order.ROTATION,
        run=2,
        position="adventures",
    )
    assert daypart(kids, "adventures").block.sources == daypart(kids, "again").block.sources == (adventures,)
    summer = Dates(Day(month=7, day=1), Day(month=8, day=31))
    holidays = daypart(kids, "holidays")
    assert set(holidays.dates) == {summer, Dates(Day(shift=-2), Day(shift=1))}
    assert holidays.block.sources == (
        Source((Query(any=("kids",), added=minutes(60 * 24 * 60), kind=PROGRAMS),), order=Order.NEWEST),
    )
    night = daypart(kids, "good-night")
    assert (night.start, night.stop, night.late, night.block.ads) == (20 * HOUR, 30 * HOUR, Late.CUT, None)
    assert later.parent == Parent("kids", timedelta(hours=1))
    assert later.rules == kids.rules
    assert (later.number, later.name, later.zone, later.group) == ("3.1", "Marmelade +1", "Europe/Paris", "Kids")


def test_the_marathon_reads_as_it_is_meant() -> None:
    drafts = example("marathon")
    original, copy = drafts["lighthouse"], drafts["lighthouse-ie"]
    the_series = Query(series=("the lighthouse",), kind=(Kind.EPISODE,))
    ads = Ads(
        every=minutes(12), pod=minutes(2), query=Query(any=("ad",), kind=AD), most=6, load=minutes(10),
        advertiser=minutes(20),
    )  # fmt: skip
    assert original.rules.block == Block(
        (Source((the_series,), order=Order.SEQUENCE),),
        ads,
        Query(any=("filler",), kind=FILLER),
        after=Query(any=("next-episode",), kind=BUMPER),
    )
    anniversary = daypart(original, "anniversary")
    assert (anniversary.start, anniversary.stop, anniversary.late) == (21 * HOUR, None, Late.CUT)
    assert anniversary.block.sources[0].include == (Query(series=("the lighthouse",), on_this_day=True, kind=PROGRAMS),)
    assert copy.parent == Parent("lighthouse", regional=True)
    assert (copy.zone, copy.house, copy.rules.never.territories) == ("Europe/London", "hd30", ("IE",))
    for theirs, ours in zip(original.rules.blocks, copy.rules.blocks, strict=True):
        assert theirs.ads is not None
        assert ours.ads is not None
        assert ours.sources == theirs.sources
        assert ours.ads.query == Query(any=("ad-ie",), kind=AD)
        assert (ours.ads.every, ours.ads.pod, ours.ads.most) == (ads.every, ads.pod, ads.most)


# queries


@pytest.mark.parametrize(
    ("written", "query"),
    [
        ("{year: 1949}", Query(year=Span(1949, 1949))),
        ("{year: ..1959}", Query(year=Span(1, 1959))),
        ("{year: 1960..}", Query(year=Span(1960, 9999))),
        ("{year: 1940 .. 1959}", Query(year=Span(1940, 1959))),
        ("{duration: 20m..45m}", Query(duration=Span(minutes(20), minutes(45)))),
        ("{duration: 00:20:00..}", Query(duration=Span(minutes(20), minutes(3650 * 24 * 60)))),
        ("{added: 2w1d}", Query(added=minutes(15 * 24 * 60))),
        ("{on_this_day: true}", Query(on_this_day=True)),
        ("{on_this_day: no}", Query()),
        ("{rating: [tv-ma, unrated, 12A]}", Query(rating=("12a", "tv-ma", "unrated"))),
        ("{language: [pt-BR, en]}", Query(language=("en", "pt-br"))),
        ("{genre: Film-Noir}", Query(genre=("film-noir",))),
        ('{series: ["Now, Voyager"]}', Query(series=("now, voyager",))),
        ("{listed: [B, a, imdb:tt0041959]}", Query(listed=("b", "a", "imdb:tt0041959"))),
    ],
)
def test_a_query_reads_as_it_is_meant(written: str, query: Query) -> None:
    (source,) = films(f"include: {written}").rules.block.sources
    (found,) = source.include
    assert found == replace(query, kind=PROGRAMS)


def test_a_collection_stands_for_its_queries_wherever_a_query_may_stand() -> None:
    drafts = drafts_of(
        """\
version: 1
collections:
  noir: {genre: [noir]}
  dark: [noir, {any: [horror]}]
  spots: {any: [promo], kind: [ad, clip]}
channels:
  one:
    number: 1
    name: One
    include: dark
    exclude: spots
    filler: spots
    before: noir
    ads: {every: 8m, pod: 60s, collection: noir}
  two: {number: 2, name: Two, include: {collection: [dark], rating: [PG]}, filler: [noir, spots]}
"""
    )
    noir, horror = Query(genre=("noir",)), Query(any=("horror",))
    block = drafts["one"].rules.block
    assert set(block.sources[0].include) == {
        Query(genre=("noir",), kind=PROGRAMS),
        Query(any=("horror",), kind=PROGRAMS),
    }
    assert block.sources[0].exclude == (Query(any=("promo",), kind=(Kind.CLIP,)),)
    assert block.filler == Query(any=("promo",), kind=(Kind.CLIP, Kind.AD))
    assert block.before == Query(genre=("noir",), kind=BUMPER)
    assert block.ads is not None
    assert block.ads.query == Query(kind=AD, within=(noir,))
    block = drafts["two"].rules.block
    (narrowed,) = block.sources[0].include
    assert set(narrowed.within) == {noir, horror}
    assert (narrowed.rating, narrowed.kind) == (("pg",), PROGRAMS)
    assert block.filler is not None
    assert set(block.filler.within) == {
        Query(genre=("noir",), kind=FILLER),
        Query(any=("promo",), kind=(Kind.CLIP, Kind.AD)),
    }


def test_the_order_of_a_list_of_queries_counts_only_where_they_list_what_airs() -> None:
    one = films("include: [{any: [a]}, {any: [b]}]")
    assert one == films("include: [{any: [B]}, {any: [a]}, {any: [a]}]")
    two = films("include: [{listed: [b]}, {listed: [a]}]", "order: listed")
    assert [query.listed for query in two.rules.block.sources[0].include] == [("b",), ("a",)]


# sources


def test_sources_of_programs_take_from_their_block_what_they_do_not_say() -> None:
    draft = films(
        "exclude: {any: [old]}",
        "order: rotation",
        "run: all",
        "programs:",
        "  - {include: {any: [a]}, weight: 3}",
        "  - {include: {any: [b]}, order: random, cooldown: 2d, exclude: none}",
        "  - {include: {any: [c]}, run: 4, position: c}",
        "  - {include: {any: [d]}, order: sequence, since: 2026-01-31, a_day: 2}",
    )
    a, b, c, d = (Query(any=(tag,), kind=PROGRAMS) for tag in "abcd")
    old = (Query(any=("old",)),)
    assert draft.rules.block.sources == (
        Source((a,), old, Order.ROTATION, weight=3, run=0),
        Source((b,), (), Order.RANDOM, cooldown=minutes(2 * 24 * 60)),
        Source((c,), old, Order.ROTATION, run=4, position="c"),
        Source((d,), old, Order.SEQUENCE, calendar=Calendar(date(2026, 1, 31).toordinal(), 2)),
    )


def test_a_daypart_takes_what_it_does_not_say_and_what_goes_with_an_order_goes_with_it() -> None:
    draft = films(
        "include: {any: [a]}",
        "exclude: {any: [x]}",
        "order: rotation",
        "run: 3",
        "position: here",
        "pad: 30m",
        "overrun: 5m",
        "title: All day",
        "before: {any: [ident]}",
        "dayparts:",
        "  same: {at: 01:00}",
        "  shuffled: {at: 02:00, order: shuffle}",
        "  other: {at: 03:00, include: {any: [b]}, exclude: {any: [y]}}",
        "  both: {at: 04:00, programs: [{include: {any: [b]}}], exclude: none}",
        "  bare: {at: 05:00, pad: none, overrun: none, before: none, position: none}",
    )
    a, b = Query(any=("a",), kind=PROGRAMS), Query(any=("b",), kind=PROGRAMS)
    x, y = Query(any=("x",)), Query(any=("y",))
    same = daypart(draft, "same").block
    assert same == draft.rules.block
    assert same.sources == (Source((a,), (x,), Order.ROTATION, run=3, position="here"),)
    assert daypart(draft, "shuffled").block.sources == (Source((a,), (x,), Order.SHUFFLE, position="here"),)
    assert daypart(draft, "other").block.sources == (Source((b,), (y,), Order.ROTATION, run=3),)
    assert daypart(draft, "both").block.sources == (Source((b,), (), Order.ROTATION, run=3),)
    bare = daypart(draft, "bare").block
    assert bare == Block((Source((a,), (x,), Order.ROTATION, run=3),), title="All day")


def test_a_channel_may_take_one_source_in_place_of_several() -> None:
    drafts = drafts_of(
        """\
version: 1
defaults: {programs: [{include: {any: [a]}}, {include: {any: [b]}}]}
channels:
  one: {number: 1, name: One}
  two: {number: 2, name: Two, include: {any: [c]}}
"""
    )
    assert len(drafts["one"].rules.block.sources) == 2
    assert drafts["two"].rules.block.sources == (Source((Query(any=("c",), kind=PROGRAMS),)),)


# ads and their breaks


@pytest.mark.parametrize(
    ("written", "ads"),
    [
        (
            "preset: fast",
            Ads(minutes(13), minutes(2), Query(any=("ad",), kind=AD), most=6, load=minutes(8)),
        ),
        (
            "preset: film, pod: 3m, every: 15m, after: 0m",
            Ads(minutes(15), minutes(3), Query(any=("ad",), kind=AD), before=minutes(10)),
        ),
        (
            "preset: kids, most: 4, bumper: {any: [b]}",
            Ads(
                minutes(13), minutes(1.5), Query(any=("ad",), kind=AD), Query(any=("b",), kind=BUMPER),
                Query(any=("b",), kind=BUMPER), most=4, load=minutes(6),
            ),
        ),
        (
            "every: 8m, pod: 1m, bumper: {out: {any: [b]}}, rolls: [post, pre], apart: {category: 5m}, cap: 6 in 24h",
            Ads(
                minutes(8), minutes(1), Query(any=("ad",), kind=AD), None, Query(any=("b",), kind=BUMPER),
                rolls=(Roll.PRE, Roll.POST), category=minutes(5), cap=Cap(6, minutes(24 * 60)),
            ),
        ),
    ],
)  # fmt: skip
def test_breaks_read_as_they_are_meant(written: str, ads: Ads) -> None:
    assert films("include: {}", f"ads: {{any: [ad], {written}}}").rules.block.ads == ads


@pytest.mark.parametrize("preset", ["fast", "kids"])
def test_four_pods_of_a_preset_and_the_programs_between_them_fit_into_an_hour(preset: str) -> None:
    ads = films("include: {}", f"ads: {{preset: {preset}, any: [ad], bumper: {{any: [b]}}}}").rules.block.ads
    assert ads is not None
    assert 4 * ads.pod == ads.load
    assert 4 * (ads.every + ads.pod) <= minutes(60)
    assert 4 * (ads.every + minutes(1) + ads.pod) > minutes(60) - minutes(1) * 4


# when


def test_dayparts_by_absolute_times() -> None:
    draft = films(
        "include: {}",
        "dayparts:",
        "  news: {at: [18:00, 20:00:30], days: weekend, count: 3, late: run}",
        "  new year: {at: [2026-12-31 23:59, 2027-01-01T00:00]}",
    )
    assert [(one.name, one.start, one.stop, one.days, one.count, one.late) for one in draft.rules.dayparts[:2]] == [
        ("news", 18 * HOUR, None, (5, 6), 3, Late.RUN),
        ("news-2", 20 * HOUR + 30, None, (5, 6), 3, Late.RUN),
    ]
    eve, day = Day(2026, 12, 31), Day(2027, 1, 1)
    assert [(one.name, one.start, one.dates, one.late) for one in draft.rules.dayparts[2:]] == [
        ("new year", 24 * HOUR - 60, (Dates(eve, eve),), Late.CUT),
        ("new year-2", 0, (Dates(day, day),), Late.CUT),
    ]
    assert draft.line_of("news-2") == draft.line_of("news") == 8


@pytest.mark.parametrize(
    ("written", "stretch"),
    [
        ("from: 06:00, to: 12:00", (6 * HOUR, 12 * HOUR)),
        ("from: 6:00, to: 24:00", (6 * HOUR, 24 * HOUR)),
        ("from: 23:30:15, to: 05:00", (23 * HOUR + 1815, 29 * HOUR)),
        ("from: 06:00, to: 06:00", (6 * HOUR, 30 * HOUR)),
        ("from: 00:00, to: 00:00", (0, 24 * HOUR)),
    ],
)
def test_a_stretch_that_ends_no_later_than_it_begins_ends_tomorrow(written: str, stretch: tuple[int, int]) -> None:
    (found,) = films("include: {}", f"dayparts: {{x: {{{written}}}}}").rules.dayparts
    assert (found.start, found.stop) == stretch
    assert (found.late, found.days, found.dates) == (Late.RUN, (0, 1, 2, 3, 4, 5, 6), ())


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("mon", (0,)),
        ("[sun, mon, mon]", (0, 6)),
        ("mon-fri", (0, 1, 2, 3, 4)),
        ("fri-mon", (0, 4, 5, 6)),
        ("sat-sat", (5,)),
        ("[weekend, wed]", (2, 5, 6)),
        ("weekdays", (0, 1, 2, 3, 4)),
    ],
)
def test_weekdays(written: str, days: tuple[int, ...]) -> None:
    (found,) = films("include: {}", f"dayparts: {{x: {{at: 06:00, days: {written}}}}}").rules.dayparts
    assert found.days == days


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2026-12-24", Day(2026, 12, 24), None),
        ("12-24", Day(month=12, day=24), None),
        ("02-29", Day(month=2, day=29), None),
        ("12-24..01-06", Day(month=12, day=24), Day(month=1, day=6)),
        ("2026-12-24 .. 2027-01-06", Day(2026, 12, 24), Day(2027, 1, 6)),
        ("easter", Day(), None),
        ("easter+39", Day(shift=39), None),
        ("easter-2..easter+1", Day(shift=-2), Day(shift=1)),
        ("4th thu of nov", Day(month=11, weekday=3, nth=4), None),
        ("last mon of may", Day(month=5, weekday=0, nth=-1), None),
        ("4th thu of nov+1", Day(month=11, weekday=3, nth=4, shift=1), None),
        ("4th thu of nov..4th thu of nov+3", Day(month=11, weekday=3, nth=4), Day(month=11, weekday=3, nth=4, shift=3)),
    ],
)
def test_dates(written: str, first: Day, last: Day | None) -> None:
    (found,) = films("include: {}", f'dayparts: {{x: {{at: 06:00, dates: "{written}"}}}}').rules.dayparts
    assert found.dates == (Dates(first, last or first),)


def test_a_holiday_goes_by_its_name_and_easter_may_mean_more_than_its_sunday() -> None:
    text = """\
version: 1
holidays: {easter: easter-2..easter+1, bank holidays: [05-01, last mon of may]}
channels:
  films:
    number: 1
    name: Films
    include: {}
    dayparts:
      a: {at: 06:00, dates: easter}
      b: {at: 06:00, dates: [bank holidays, easter+1]}
"""
    a, b = drafts_of(text)["films"].rules.dayparts
    assert a.dates == (Dates(Day(shift=-2), Day(shift=1)),)
    may_day, monday = Day(month=5, day=1), Day(shift=1)
    last = Day(month=5, weekday=0, nth=-1)
    assert set(b.dates) == {Dates(may_day, may_day), Dates(last, last), Dates(monday, monday)}


# templates


def test_templates_build_on_one_another_and_later_ones_win() -> None:
    drafts = drafts_of(
        """\
version: 1
defaults: {zone: UTC, window: 12, order: rotation, run: 2}
templates:
  plain: {zone: Europe/Paris, group: Plain, include: {any: [a]}, ads: {every: 8m, pod: 1m, any: [ad]}}
  night: {like: plain, group: Night, ads: none}
  loud: {group: Loud, description: Loud}
channels:
  one: {number: 1, name: One, like: night}
  two: {number: 2, name: Two, like: [night, loud], order: newest}
  three: {number: 3, name: Three, like: [loud, night], zone: Europe/Rome}
"""
    )
    one, two, three = (drafts[name] for name in ("one", "two", "three"))
    assert (one.zone, one.group, one.window, one.rules.block.ads) == ("Europe/Paris", "Night", 12, None)
    assert (one.rules.block.sources[0].order, one.rules.block.sources[0].run) == (Order.ROTATION, 2)
    assert (two.group, two.description, two.zone) == ("Loud", "Loud", "Europe/Paris")
    assert (two.rules.block.sources[0].order, two.rules.block.sources[0].run) == (Order.NEWEST, 1)
    assert (three.group, three.description, three.zone) == ("Night", "Loud", "Europe/Rome")


def test_each_daypart_is_a_setting_of_its_own() -> None:
    drafts = drafts_of(
        """\
version: 1
templates:
  day:
    include: {any: [a]}
    dayparts:
      morning: {from: 06:00, to: 09:00}
      noon: {at: 12:00}
      night: {from: 22:00, to: 06:00}
channels:
  one: {number: 1, name: One, like: day}
  two: {number: 2, name: Two, like: day, dayparts: {evening: {at: 18:00}, noon: none, night: {at: 23:00}}}
  three: {number: 3, name: Three, like: day, include: {any: [b]}, dayparts: none}
  four: {number: 4, name: Four, like: day, include: {any: [b]}}
"""
    )
    names = {name: [one.name for one in draft.rules.dayparts] for name, draft in drafts.items()}
    assert names == {
        "one": ["morning", "noon", "night"],
        "two": ["evening", "night", "morning"],
        "three": [],
        "four": ["morning", "noon", "night"],
    }
    assert daypart(drafts["two"], "night").stop is None
    assert daypart(drafts["four"], "noon").block.sources[0].include == (Query(any=("b",), kind=PROGRAMS),)
    assert daypart(drafts["one"], "noon").block.sources[0].include == (Query(any=("a",), kind=PROGRAMS),)


# never


def test_what_a_channel_never_does() -> None:
    draft = films(
        "include: {}",
        "territories: [us, FR, US]",
        "clock_change: {twice: both}",
        "never:",
        "  repeat: 14d",
        "  watershed:",
        "    - {rating: [tv-ma, R], only: 21:00-05:00}",
        "    - {rating: unrated, only: 9:00 - 24:00}",
    )
    assert draft.rules.never == Never(
        repeat=minutes(14 * 24 * 60),
        watersheds=(Watershed(("R", "TV-MA"), 21 * HOUR, 29 * HOUR), Watershed(("unrated",), 9 * HOUR, 24 * HOUR)),
        territories=("FR", "US"),
    )
    assert draft.rules.clock_change == ClockChange(Missing.NEXT, Twice.BOTH)


def test_the_channels_of_a_group_know_what_the_others_could_air_and_nothing_else() -> None:
    text = """\
version: 1
defaults: {never: {group: g, apart: 6h}}
channels:
  b: {number: 1, name: B, include: {any: [b]}, dayparts: {x: {at: 06:00, include: {any: [a]}}, y: {at: 07:00}}}
  a: {number: 2, name: A, include: {any: [c]}, order: shuffle}
  c: {number: 3, name: C, include: {any: [d]}, never: none}
  d: {number: 4, name: D, mirror: {of: a, offset: 1h}}
"""
    drafts = drafts_of(text)
    a, b, c = (Source((Query(any=(tag,), kind=PROGRAMS),)) for tag in "abc")
    rivals = (Rival("a", (c,)), Rival("b", (a, b)))
    assert drafts["a"].rules.never.apart == Apart(minutes(360), "g", rivals)
    assert drafts["b"].rules.never.apart == Apart(minutes(360), "g", rivals)
    assert drafts["c"].rules.never == Never()
    assert drafts["d"].rules == drafts["a"].rules
    assert drafts_of(text.replace("order: shuffle", "order: newest"))["b"] == drafts["b"]


# derived channels


def test_a_mirror_takes_from_its_original_all_but_who_it_is() -> None:
    drafts = drafts_of(
        """\
version: 1
templates:
  ours: {group: Ours, house: hd50, include: {any: [x]}, zone: Europe/Rome}
channels:
  early: {number: 1.1, name: Early, like: ours, mirror: {of: films, offset: -3h}, description: Three hours before}
  films: {number: 1, name: Films, house: hd25, window: 12, horizon: 3h10m, zone: Europe/Paris, group: G,
          logo: "https://example.com/films.png", subtitles: [fr], include: {any: [film]}}
  late: {number: 1.2, name: Late, mirror: {of: films, offset: +1d}, logo: none}
"""
    )
    assert list(drafts) == ["early", "films", "late"]
    parent, early, late = drafts["films"], drafts["early"], drafts["late"]
    assert early.parent == Parent("films", timedelta(hours=-3))
    assert late.parent == Parent("films", timedelta(days=1))
    assert (early.group, early.description, early.logo) == ("Ours", "Three hours before", parent.logo)
    assert (late.group, late.logo, late.line) == ("G", "", 8)
    for mirror in (early, late):
        assert (mirror.house, mirror.zone, mirror.window, mirror.horizon) == (
            "hd25",
            "Europe/Paris",
            12,
            parent.horizon,
        )
        assert (mirror.rules, mirror.subtitles) == (parent.rules, ("fr",))


def test_a_regional_copy_fills_its_originals_breaks_with_ads_of_its_own() -> None:
    drafts = drafts_of(
        """\
version: 1
channels:
  uk:
    number: 1
    name: UK
    territories: [GB]
    include: {any: [film]}
    ads: {every: 8m, pod: 1m, any: [ad], most: 4, apart: {advertiser: 20m}, bumper: {any: [b]}, cap: 2 in 1h}
    dayparts: {quiet: {from: 00:00, to: 06:00, ads: none}}
  ie: {number: 2, name: IE, regional: {of: uk}, territories: [IE], ads: {any: [ad-ie], most: 3, bumper: none}}
  im: {number: 3, name: IM, regional: {of: uk}, ads: {any: [ad-im], cap: 1 in 1h, apart: {category: 5m}}}
"""
    )
    uk, ie, im = (drafts[name].rules for name in ("uk", "ie", "im"))
    bumper = Query(any=("b",), kind=BUMPER)
    assert ie.block.ads == Ads(
        minutes(8), minutes(1), Query(any=("ad-ie",), kind=AD), None, None, most=3, advertiser=minutes(20),
        cap=Cap(2, minutes(60)),
    )  # fmt: skip
    assert im.block.ads == Ads(
        minutes(8), minutes(1), Query(any=("ad-im",), kind=AD), bumper, bumper, most=4, category=minutes(5),
        cap=Cap(1, minutes(60)),
    )  # fmt: skip
    assert (ie.never.territories, im.never.territories) == (("IE",), ("GB",))
    assert ie.dayparts == im.dayparts == uk.dayparts


# laws

_TAGS = st.lists(st.sampled_from(["film", "Kids", "noir", "hd", "old"]), min_size=1, max_size=4, unique=True)
_WORDS = st.fixed_dictionaries(
    {"any": _TAGS},
    optional={
        "genre": _TAGS,
        "series": _TAGS,
        "rating": st.lists(st.sampled_from(["PG", "r", "TV-14"]), min_size=1, unique=True),
        "kind": st.lists(st.sampled_from(["movie", "episode", "clip"]), min_size=1, unique=True),
        "year": st.sampled_from(["1949", "1940..1959", "..1970"]),
    },
)
Words = dict[str, object]


def _written(words: Words) -> str:
    values = {key: f"[{', '.join(value)}]" if isinstance(value, list) else value for key, value in words.items()}
    return "{" + ", ".join(f"{key}: {value}" for key, value in values.items()) + "}"


@given(st.data(), _WORDS)
def test_how_a_query_is_written_makes_no_revision(data: st.DataObject, words: Words) -> None:
    def shuffled(value: object) -> object:
        if not isinstance(value, list):
            return value
        folded = [word.swapcase() if data.draw(st.booleans()) and key != "kind" else word for word in value]
        return data.draw(st.permutations(folded))

    other = {}
    for key in data.draw(st.permutations(list(words))):
        other[key] = shuffled(words[key])
    assert films(f"include: {_written(words)}") == films(f"include: {_written(other)}")


_SETTINGS = (
    "zone: Europe/Paris", "order: newest", "pad: 30m", "include: {any: [film]}", "exclude: {any: [kids]}",
    "filler: {any: [trailer]}", "never: {repeat: 24h}", "territories: [US, CA]", "title: All day",
    "ads: {every: 8m, pod: 1m, any: [ad]}", "dayparts: {x: {at: 06:00, days: [sat, sun], order: shuffle}}",
)  # fmt: skip


@given(st.permutations(_SETTINGS))
def test_the_order_of_keys_makes_no_difference(settings: list[str]) -> None:
    assert films(*settings) == films(*_SETTINGS)


@given(anything_written() | well_written())
def test_whatever_is_written_gives_channels_or_faults_and_always_the_same(text: str) -> None:
    found = read(text, "x")
    assert found == read(text, "x")
    if isinstance(found, Faults):
        assert found.faults
        assert all(0 < fault.line <= text.count("\n") and fault.text for fault in found.faults)
    else:
        assert all(isinstance(draft.rules, Rules) for draft in found.drafts)
