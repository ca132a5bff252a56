"""Lint: each finding with its exact words, and that it predicts what a week on air meets."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from languages import languages, libraries, moments, revised
from lengths import lasting
from libraries import GENESIS, KIT, of_kind

from playout.core.airing import BEGINNING, Role
from playout.core.asset import Kind, Rights
from playout.core.catalog import Catalog, Item, catalog_of
from playout.core.channel import Parent
from playout.core.dates import Dates, Day
from playout.core.lint import Finding, Level, Subject, findings
from playout.core.rules import Ads, Block, Cap, Daypart, Never, Order, Roll, Rules, Source, Watershed
from playout.core.schedule import ahead
from playout.core.simulation import simulated
from playout.core.ticks import TIMEBASE, Ticks, instant_at
from playout.core.wall import ClockChange, Missing, Twice

if TYPE_CHECKING:
    from playout.core.channel import Revision

NOW = GENESIS
"""A Sunday at noon in UTC, 13:00 in Paris."""
HOUR = 3600 * TIMEBASE
MINUTE = 60 * TIMEBASE
FILMS = of_kind(Kind.MOVIE)
OWN = Block((Source((FILMS,)),))


def film(name: str = "film", hours: int = 2, **about: object) -> Item:
    return lasting(name, Kind.MOVIE, hours * 3600, **({"rating": "PG"} | about))


def found(
    rules: Rules | Block, *items: Item, simulate: bool = False, parent: Parent | None = None
) -> tuple[Finding, ...]:
    """What is found of a channel in Paris, without its clock changes and the size of its library."""
    revision = replace(revised(Rules(rules) if isinstance(rules, Block) else rules), parent=parent)
    catalog = catalog_of(items, [KIT])
    week = simulated((revision,), lambda _: catalog, BEGINNING, NOW + timedelta(days=7)) if simulate else None
    return tuple(findings([Subject(revision, 10, (("late", 20), ("early", 30)), week)], catalog, NOW))


def said(*args: object, **more: object) -> list[str]:
    """The findings that are of interest, in words: what each example is about."""
    lines = found(*args, **more)  # type: ignore[arg-type]
    dull = {"small-library", "loops-soon", "unused"}
    return [f"{one.line}: {one.level}: {one.text}" for one in lines if one.code not in dull]


def daypart(name: str = "late", start: int = 20, stop: int | None = 23, block: Block = OWN, **more: object) -> Daypart:
    """A daypart of whole hours."""
    made = Daypart(name, start * 3600, stop * 3600 if stop is not None else None, block)
    return replace(made, **more)  # type: ignore[arg-type]


def ads(**more: object) -> Block:
    """Breaks of a minute every ten minutes."""
    made = Ads(Ticks(10 * MINUTE), Ticks(MINUTE), of_kind(Kind.AD))
    return replace(OWN, ads=replace(made, **more))  # type: ignore[arg-type]


def spot(name: str, seconds: int = 30, **about: object) -> Item:
    return lasting(name, Kind.AD, seconds, **about)


SPOTS = (spot("one"), spot("two"), spot("three"))


class Case(NamedTuple):
    """A station, and the words."""

    rules: Rules | Block
    items: tuple[Item, ...]
    words: tuple[str, ...]


def before(*days: int) -> tuple[Rights, ...]:
    """Rights that end so many days from now, everywhere."""
    return tuple(Rights(None, NOW + timedelta(days=n)) for n in days)


def listed(*names: str, **more: object) -> Block:
    return Block((Source((replace(FILMS, listed=names, **more),)),))  # type: ignore[arg-type]


def episode(number: int) -> Item:
    about = {"series": "Harbour Street", "season": 1, "episode": number, "rating": "G"}
    return lasting(f"episode{number}", Kind.EPISODE, 1800, **about)


ADULT = Watershed(("R",), 21 * 3600, 29 * 3600)
NIGHT = Never(watersheds=(ADULT,))
NOTHING = (
    "10: warning: one: no program matches, so filler airs, or slate; package some with such tags, or ask for others"
)
CASES = {
    "all is well": Case(OWN, (film(),), ()),
    "nothing matches": Case(
        OWN,
        (lasting("clip", Kind.CLIP, 60),),
        (NOTHING,),
    ),
    "a tag that nothing has": Case(
        Block((Source((replace(FILMS, any=("nior",)),)),)),
        (film(tags=("noir",)),),
        (
            (
                '10: warning: one: no program matches, so filler airs, or slate; nothing has the tag "nior": did you '
                'mean "noir"?'
            ),
        ),
    ),
    "one source matches nothing": Case(
        Block((Source((FILMS,)), Source((of_kind(Kind.CLIP),)))),
        (film(),),
        (
            (
                "10: warning: one: source 2 of 2 matches nothing, so the others air in its turn; package some with "
                "such tags, or ask for others"
            ),
        ),
    ),
    "no source matches anything": Case(
        Block((Source((of_kind(Kind.EPISODE),)), Source((of_kind(Kind.CLIP),)))),
        (film(),),
        (NOTHING,),
    ),
    "a daypart that ends by itself matches nothing": Case(
        Rules(OWN, (daypart(stop=None, block=Block((Source((of_kind(Kind.CLIP),)),))),)),
        (film(),),
        (
            (
                '20: warning: one, daypart "late": no program matches, so it ends as it begins; package some with such '
                "tags, or ask for others"
            ),
            "10: information: one: clocks change: 2026-03-29 has 23 hours, 2026-10-25 has 25 hours",
        ),
    ),
    "a name that the library has not": Case(
        listed("Nigt Train", "Night Boat"),
        (film("night train"), film("colony")),
        (
            NOTHING,
            '10: warning: one: the library has no program "Nigt Train"; did you mean "Night train"?',
            '10: warning: one: the library has no program "Night Boat"; package it, or take the name out',
        ),
    ),
    "a series that the library has not": Case(
        listed("episode1", kind=(Kind.EPISODE,), series=("harbor street",)),
        (episode(1),),
        (
            NOTHING,
            '10: warning: one: the library has no series "harbor street"; did you mean "Harbour Street"?',
        ),
    ),
    "too little for never.repeat": Case(
        Rules(OWN, never=Never(repeat=Ticks(24 * HOUR))),
        (film(), film("other")),
        (
            (
                "10: warning: one: has 2 programs that last 4 h, and is on air for 24 h within the 24 h of "
                "never.repeat, which will give way; package more, or make never.repeat shorter"
            ),
        ),
    ),
    "enough for a daypart, though not for a day": Case(
        Rules(
            Block((Source((of_kind(Kind.EPISODE),)),)),
            (daypart(start=20, stop=22),),
            Never(repeat=Ticks(24 * HOUR)),
        ),
        (film(hours=2), film("other", hours=2), *(lasting(f"e{n}", Kind.EPISODE, 7200, rating="G") for n in range(12))),
        ("10: information: one: clocks change: 2026-03-29 has 23 hours, 2026-10-25 has 25 hours",),
    ),
    "too few programs for a daypart that counts them": Case(
        Rules(
            Block((Source((of_kind(Kind.EPISODE),)),)),
            (daypart(stop=None, count=2),),
            Never(repeat=Ticks(48 * HOUR)),
        ),
        (film(), *(lasting(f"e{n}", Kind.EPISODE, 7200, rating="G") for n in range(30))),
        (
            (
                '20: warning: one, daypart "late": has 1 program, and takes 4 within the 48 h of never.repeat, which '
                "will give way; package more, or make never.repeat shorter"
            ),
            "10: information: one: clocks change: 2026-03-29 has 23 hours, 2026-10-25 has 25 hours",
        ),
    ),
    "rights": Case(
        OWN,
        (
            film("gone", rights=before(-3)),
            film("going", rights=before(-1, 13)),
            film("staying", rights=before(1, 15)),
            film("coming", rights=(Rights(NOW + timedelta(days=2), None),)),
            film("free"),
        ),
        (
            (
                '10: warning: one: the rights to "Gone" (2026-02-26 12:00 UTC) have ended, so nothing of that airs; '
                "renew them, or take it out"
            ),
            ('10: warning: one: the rights to "Going" (2026-03-14 12:00 UTC) end within 14 days; renew them in time'),
            '10: information: one: the rights to "Coming" (2026-03-03 12:00 UTC) have not begun',
        ),
    ),
    "territories that shut out everything": Case(
        Rules(OWN, never=Never(territories=("FR",))),
        (film(rights=(Rights(territories=("US",)),)),),
        (
            (
                "10: warning: one: none of its 1 program may be shown: there are no rights for FR; get rights for the "
                "territories, or narrow them"
            ),
        ),
    ),
    "territories that shut out some": Case(
        OWN,
        (film(rights=(Rights(territories=("US",)),)), film("free")),
        (
            (
                "10: information: one: 1 of 2 programs may not be shown: its rights are for US alone, and the channel "
                'names no territories: "Film"'
            ),
        ),
    ),
    "ratings and a watershed": Case(
        Rules(OWN, never=NIGHT),
        (film(rating=""), film("rated")),
        (
            (
                '10: warning: one: 1 program without a rating: "Film"; no watershed holds what has none: write ratings '
                'in the side-cars, or add "unrated" to the watershed'
            ),
        ),
    ),
    "ratings for a platform": Case(
        OWN,
        tuple(film(name, rating="") for name in ("a", "b", "c", "d", "e")),
        ('10: information: one: 5 programs without a rating: "A", "B", "C" and 2 more; Roku wants all programs rated',),
    ),
    "longer than its watershed": Case(
        Rules(OWN, never=NIGHT),
        (film(hours=9, rating="R"), film("short")),
        (
            (
                '10: warning: one: the watershed 21:00–05:00 is too short for "Film", so that never airs; make the '
                "watershed longer, or take it out"
            ),
        ),
    ),
    "episodes that are missing": Case(
        Block((Source((of_kind(Kind.EPISODE),), order=Order.SEQUENCE),)),
        tuple(map(episode, (1, 2, 4, 9))),
        (('10: information: one: "Harbour Street", season 1 airs in sequence and lacks episode 3, 5, 6 and 2 more'),),
    ),
    "no ad": Case(
        ads(),
        (film(),),
        (("10: warning: one: no ad matches, so there are no breaks; package some with such tags, or write ads: none"),),
    ),
    "a pod shorter than all ads": Case(
        ads(),
        (film(), spot("long", 90)),
        (
            (
                "10: warning: one: its shortest ad lasts 1 min 29 s, and a pod shall last 1 min, so each is one ad; "
                "make pod longer"
            ),
        ),
    ),
    "too few ads for a pod": Case(
        ads(),
        (film(), spot("only")),
        (
            (
                "10: warning: one: a pod shall last 1 min and lasts 29 s at most, because there is 1 ad; package more "
                "ads, or make pod shorter"
            ),
        ),
    ),
    "too few advertisers": Case(
        ads(),
        (film(), *(spot(name, advertiser="Tidal Soap") for name in ("one", "two", "three"))),
        (
            (
                "10: warning: one: a pod shall last 1 min and lasts 29 s at most, because each advertiser has one ad "
                "in it; package more ads, or make pod shorter"
            ),
        ),
    ),
    "too few categories": Case(
        ads(category=Ticks(MINUTE)),
        (film(), *(spot(name, category="soap") for name in ("one", "two", "three"))),
        (
            (
                "10: warning: one: a pod shall last 1 min and lasts 29 s at most, because each category has one ad in "
                "it; package more ads, or make pod shorter"
            ),
        ),
    ),
    "too few ads by number": Case(
        ads(most=1),
        (film(), *SPOTS),
        (
            (
                "10: warning: one: a pod shall last 1 min and lasts 29 s at most, because it has 1 ad at most; package "
                "more ads, or make pod shorter"
            ),
        ),
    ),
    "a cap that leaves too little": Case(
        ads(cap=Cap(1, Ticks(HOUR))),
        (film(), *SPOTS),
        (
            (
                "10: warning: one: the cap leaves 1 min 29 s of ads within 1 h, and 5 min 27 s are aimed for; package "
                "more ads, or raise the cap"
            ),
        ),
    ),
    "more ads than a platform takes": Case(
        ads(every=Ticks(5 * MINUTE)),
        (film(), *SPOTS),
        ("10: information: one: ads may fill 10 min of an hour; Roku takes 8 min: write load: 8m",),
    ),
    "more ads than a platform takes for children": Case(
        ads(every=Ticks(5 * MINUTE), load=Ticks(8 * MINUTE)),
        (film(rating="TV-Y"), *SPOTS),
        (
            (
                "10: information: one: ads may fill 8 min of an hour; Roku takes 6 min of a channel for children: "
                "write load: 6m"
            ),
        ),
    ),
    "no point for a break": Case(
        ads(),
        (replace(film(), breaks=()), *SPOTS),
        (
            (
                "10: warning: one: none of 1 program that could be interrupted has a break point; write breaks in the "
                "side-cars"
            ),
        ),
    ),
    "points in some": Case(
        ads(),
        (replace(film(), breaks=()), film("other"), *SPOTS),
        (
            (
                '10: information: one: 1 of 2 programs that could be interrupted have no break point: "Film"; write '
                "breaks in the side-cars"
            ),
        ),
    ),
    "no point is needed after a program": Case(
        ads(rolls=(Roll.POST,)),
        (replace(film(), breaks=()), *SPOTS),
        (),
    ),
    "padding without filler": Case(
        replace(OWN, pad=Ticks(30 * MINUTE)),
        (film(),),
        (("10: warning: one: pads to 30 min and has no filler, so slate fills up; add filler: {any: [filler]}"),),
    ),
    "filler that is not there": Case(
        replace(OWN, filler=of_kind(Kind.FILLER)),
        (film(),),
        ("10: warning: one: no filler matches, so slate airs instead; package some with such tags",),
    ),
    "filler that is too long": Case(
        replace(OWN, pad=Ticks(30 * MINUTE), filler=of_kind(Kind.FILLER)),
        (film(), lasting("trailer", Kind.FILLER, 45)),
        (
            (
                "10: information: one: its shortest filler lasts 44 s, so slate of up to so much is left before a "
                "start; package some of a few seconds"
            ),
        ),
    ),
    "hidden by another daypart": Case(
        Rules(OWN, (daypart("early", 18, 24, priority=1), daypart())),
        (film(),),
        (
            (
                '20: warning: one, daypart "late": is never on: whenever it is due, another one comes first; give it a '
                "higher priority"
            ),
            "10: information: one: clocks change: 2026-03-29 has 23 hours, 2026-10-25 has 25 hours",
        ),
    ),
    "hidden most of the time": Case(
        Rules(OWN, (daypart("early", 18, 24, priority=1, days=(0, 1, 2, 3, 4, 5)), daypart())),
        (film(),),
        ("10: information: one: clocks change: 2026-03-29 has 23 hours, 2026-10-25 has 25 hours",),
    ),
    "a start that is hidden": Case(
        Rules(OWN, (daypart("early", 18, 24, priority=1), daypart(stop=None))),
        (film(),),
        (
            (
                '20: warning: one, daypart "late": is never on: whenever it is due, another one comes first; give it a '
                "higher priority"
            ),
            "10: information: one: clocks change: 2026-03-29 has 23 hours, 2026-10-25 has 25 hours",
        ),
    ),
    "over for ever": Case(
        Rules(OWN, (daypart(dates=(Dates(Day(2025, 12, 24), Day(2025, 12, 26)),)),)),
        (film(),),
        (
            (
                '20: warning: one, daypart "late": does not begin within a year: no day is one of its days and one of '
                "its dates"
            ),
            "10: information: one: clocks change: 2026-03-29 has 23 hours, 2026-10-25 has 25 hours",
        ),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_finding_has_these_words(case: str) -> None:
    rules, items, words = CASES[case]
    assert sorted(said(rules, *items)) == sorted(words)


CHANGED = {
    (Missing.NEXT, Twice.FIRST): (
        ("2026-03-29 does not have: it begins at 03:00 (missing: next)"),
        ("2026-10-25 has twice: it begins the first time (twice: first)"),
    ),
    (Missing.SHIFT, Twice.SECOND): (
        ("2026-03-29 does not have: it begins at 03:30 (missing: shift)"),
        ("2026-10-25 has twice: it begins the second time (twice: second)"),
    ),
}


@pytest.mark.parametrize("policy", CHANGED)
def test_a_daypart_at_an_hour_that_is_missing_or_comes_twice_is_told_what_becomes_of_it(
    policy: tuple[Missing, Twice],
) -> None:
    part = replace(daypart(start=2, stop=5), start=9000)
    lines = said(Rules(OWN, (part,), clock_change=ClockChange(*policy)), film())
    at = '20: information: one, daypart "late": begins at 02:30, which '
    assert [line for line in lines if "begins" in line] == [at + words for words in CHANGED[policy]]


ODDLY = ClockChange(Missing.SKIP, Twice.BOTH)


@pytest.mark.parametrize(
    ("stop", "policy", "words"),
    [
        (
            None,
            ClockChange(Missing.SKIP, Twice.BOTH),
            "2026-03-29 does not have: it is left out that day (missing: skip)",
        ),
        (None, ODDLY, "2026-10-25 has twice: it begins both times (twice: both)"),
        (5, ODDLY, "2026-03-29 does not have: it begins at 03:00 (missing: skip)"),
        (5, ODDLY, "2026-10-25 has twice: it begins the first time (twice: both)"),
    ],
)
def test_what_becomes_of_it_depends_on_whether_it_has_an_end(stop: int | None, policy: ClockChange, words: str) -> None:
    part = replace(daypart(start=2, stop=stop), start=9000)
    assert any(line.endswith(words) for line in said(Rules(OWN, (part,), clock_change=policy), film()))


def test_an_end_at_an_hour_that_comes_twice_is_told_too() -> None:
    part = replace(daypart(start=23, stop=26), stop=26 * 3600 + 1800)
    lines = said(Rules(OWN, (part,), clock_change=ClockChange(Missing.NEXT, Twice.BOTH)), film())
    assert [line.partition("ends at ")[2] for line in lines if "ends at" in line] == [
        "02:30, which 2026-03-29 does not have: it ends at 03:00 (missing: next)",
        "02:30, which 2026-10-25 has twice: it ends the second time (twice: both)",
    ]


# The station


def test_what_no_channel_airs_is_told_once_for_all() -> None:
    items = (film(), lasting("clip", Kind.CLIP, 60), spot("ad"))
    one = revised(Rules(OWN))
    other = revised(Rules(Block((Source((of_kind(Kind.CLIP),)),))), name="other")
    catalog = catalog_of(items, [KIT])
    lines = findings([Subject(one, 10), Subject(other, 20)], catalog, NOW)
    assert [one for one in lines if one.code == "unused"] == [
        Finding(Level.INFORMATION, "", 0, "unused", 'no channel airs 1 item of the library: "Ad"')
    ]


def test_small_libraries_are_told_by_the_measure_of_a_platform() -> None:
    lines = [one.text for one in found(OWN, film(hours=2)) if one.code in ("small-library", "loops-soon")]
    assert lines == [
        "one: has 2 h of programs; Roku asks for 150 h",
        "one: a title comes back after 2 h; Roku asks for 8 h without a repeat",
    ]
    assert not [one for one in found(OWN, *(film(f"f{n}", 16) for n in range(10))) if one.code == "small-library"]


def test_what_is_packaged_twice_is_told_with_the_older_folder() -> None:
    old, new = film("old", ids=("imdb:tt1",)), replace(film("new", ids=("imdb:tt1",)), added=NOW + timedelta(hours=1))
    assert old.about.work == new.about.work
    catalog = catalog_of([old, new, film("other")], [KIT])
    lines = [one for one in findings([Subject(revised(Rules(OWN)), 10)], catalog, NOW) if one.code == "packaged-twice"]
    assert [one.level for one in lines] == [Level.WARNING]
    assert lines[0].text == (
        "more than once in the library, and each of them airs, the older ones by their old rights: "
        '"Old"; delete the older folder, assets/old, or tell different works apart by ids in their side-cars'
    )
    elsewhere = catalog_of([old, replace(new, house="hd30")], [KIT])
    assert not [one for one in findings([], elsewhere, NOW) if one.code == "packaged-twice"]


def test_a_house_without_a_slate_is_told() -> None:
    lines = findings([Subject(revised(Rules(OWN)), 10)], catalog_of([film()], []), NOW)
    assert lines[0].text == (
        'one: house "fast" has no slate yet, so it is not published; package one with '
        "`fastline package --kind slate --house fast FILE`"
    )


def of_house(revision: Revision, house: str) -> Revision:
    return replace(revision, channel=replace(revision.channel, house=house))


def mirror(revision: Revision, of: str, hours: int = 1) -> Revision:
    return replace(revision, parent=Parent(of, timedelta(hours=hours)))


@pytest.mark.parametrize(
    ("derived", "words"),
    [
        (mirror(revised(Rules(OWN), name="later"), "gone"), "later: its original, gone, is not among the channels"),
        (
            mirror(revised(Rules(OWN), name="later"), "plus"),
            "later: its original, plus, repeats one: name that one",
        ),
        (
            mirror(
                replace(revised(Rules(OWN)), channel=replace(revised(Rules(OWN)).channel, id="later", house="hd30")),
                "one",
            ),
            "later: its original, one, is of house fast, and it is of hd30",
        ),
        (
            mirror(revised(Rules(OWN), name="sooner"), "one", -3),
            "sooner: it is 3 h ahead of one, whose horizon is shorter",
        ),
    ],
)
def test_an_original_that_cannot_serve_is_told(derived: Revision, words: str) -> None:
    one = revised(Rules(OWN))
    plus = mirror(revised(Rules(OWN), name="plus"), "one")
    catalog = catalog_of([film()], [KIT])
    lines = findings([Subject(one, 10), Subject(plus, 20), Subject(derived, 30)], catalog, NOW)
    assert [one.text for one in lines if one.code == "original"] == [words]
    assert [one.line for one in lines if one.code == "original"] == [30]


def test_programs_of_another_house_are_named() -> None:
    catalog = catalog_of([film("a"), film("b")], [KIT])
    for items, words in (
        (catalog, '2 programs of house "fast" do, and this channel is of house "hd30": package them in that one, too'),
        (
            catalog_of([film("a")], [KIT]),
            '1 program of house "fast" does, and this channel is of house "hd30": package it in that one, too',
        ),
    ):
        lines = findings([Subject(of_house(revised(Rules(OWN)), "hd30"), 10)], items, NOW)
        matching = [one.text for one in lines if one.code == "nothing-matches"]
        assert matching == [f"one: no program matches, so filler airs, or slate; {words}"]


# The coming week


def test_what_the_week_meets_is_told_with_its_first_instant() -> None:
    rules = Rules(replace(OWN, pad=Ticks(30 * MINUTE)), never=Never(repeat=Ticks(24 * HOUR)))
    lines = said(rules, *(lasting(f"film{n}", Kind.MOVIE, 6600, rating="G") for n in range(3)), simulate=True)
    week = [line for line in lines if "the coming week" in line]
    assert week == [
        (
            "10: warning: one: in the coming week a rule gives way because nothing else is left: repeat 81 times; "
            'first at 2026-03-01 19:00, "Film0": it started 6 h ago, and 24 h must lie between; package more, or ask '
            "less of the rule"
        ),
        (
            "10: warning: one: in the coming week slate airs for 2 h a day, 10 min at a stretch; first at 2026-03-01 "
            "14:50: pads to the next 30 min, and no filler is as short as what is left"
        ),
    ]


def test_a_want_of_programs_is_told() -> None:
    rules = Rules(OWN, (daypart(block=Block((Source((of_kind(Kind.CLIP),)),))),))
    lines = said(rules, film(), simulate=True)
    assert [line for line in lines if "for want" in line] == [
        (
            '20: warning: one, daypart "late": in the coming week filler or slate airs 2254 times for want of a '
            "program; first at 2026-03-01 21:00: nothing matches"
        )
    ]


def test_pods_that_stay_short_are_told() -> None:
    lines = said(ads(advertiser=Ticks(HOUR)), film(), *(spot(n, advertiser=n) for n in ("a", "b", "c")), simulate=True)
    assert [line for line in lines if "breaks" in line] == [
        (
            "10: warning: one: in the coming week 164 of 573 breaks lack more than a tenth of their pod, and 245 have "
            "no ad; package more ads, or ask less of apart, cap and load"
        )
    ]


def test_pods_that_no_ads_can_fill_are_told_once() -> None:
    rules, items = ads(most=1), (film(), *SPOTS)
    lines = said(rules, *items, simulate=True)
    assert [line for line in lines if "a pod shall last" in line]
    assert not [line for line in lines if "of their pod" in line]


def test_an_hour_that_is_full_of_ads_is_told() -> None:
    lines = said(ads(every=Ticks(9 * MINUTE), pod=Ticks(2 * MINUTE)), film(), *SPOTS, simulate=True)
    assert [line for line in lines if "fullest" in line] == [
        (
            "10: information: one: in the coming week the fullest clock hour has 8 min 57 s of ads, 2026-03-01 21:00; "
            "Roku takes 8 min"
        )
    ]


PREDICTED = {"gives-way", "slate", "no-program"}


@settings(max_examples=20)
@given(languages(), libraries(), moments)
def test_what_airs_was_predicted(rules: Rules, catalog: Catalog, start: date) -> None:
    """A rule that gives way, slate and idleness on air: lint told each before, from a simulation of the same turns."""
    revision = revised(rules, start=start)
    turns = list(islice(ahead((revision,), lambda _: catalog, BEGINNING), 60))
    stop = instant_at(revision.channel.genesis, turns[-1].end)
    week = simulated((revision,), lambda _: catalog, BEGINNING, stop)
    told = {one.code for one in findings([Subject(revision, 1, (), week)], catalog, revision.channel.genesis)}
    airings = [airing for turn in turns for airing in turn.airings]
    if any("the least bad of all" in airing.reason for airing in airings):
        assert "gives-way" in told
    if any(airing.role is Role.SLATE for airing in airings):
        assert "slate" in told
    if any(turn.program is None for turn in turns):
        assert "no-program" in told
    assert (told & PREDICTED == set()) == (
        not any(airing.role is Role.SLATE or "the least bad of all" in airing.reason for airing in airings)
        and all(turn.program for turn in turns)
    )


@settings(max_examples=15)
@given(languages(), libraries(), moments)
def test_a_channel_without_findings_of_its_rules_has_programs(rules: Rules, catalog: Catalog, start: date) -> None:
    """What nothing matches for ever is told without any simulation."""
    revision = revised(rules, start=start)
    told = findings([Subject(revision, 1)], catalog, revision.channel.genesis)
    turns = islice(ahead((revision,), lambda _: catalog, BEGINNING), 20)
    if all(turn.tail.idle and not turn.tail.daypart for turn in turns) and not any(
        query.dated for source in rules.block.sources for query in (*source.include, *source.exclude)
    ):
        assert "nothing-matches" in {one.code for one in told}


@settings(max_examples=10)
@given(languages(), libraries(), st.permutations(range(3)))
def test_findings_do_not_depend_on_the_order_of_channels(rules: Rules, catalog: Catalog, order: list[int]) -> None:
    subjects = [Subject(revised(rules, name=f"channel{n}"), 10 * n) for n in range(3)]
    assert findings([subjects[n] for n in order], catalog, NOW) == findings(subjects, catalog, NOW)
