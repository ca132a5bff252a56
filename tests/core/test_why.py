"""Why something is on: each rule that decides is named, and the explanation is of the turn that airs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from languages import languages, libraries, moments, revised
from libraries import GENESIS, HOUSE, KIT, item, of_kind, revision

from playout.core.airing import Role, Tail, Turn, breaks_of
from playout.core.asset import Kind, Rights
from playout.core.catalog import Catalog, Item, Query, catalog_of
from playout.core.dates import Dates, Day
from playout.core.never import Rule
from playout.core.rules import Ads, Apart, Block, Daypart, Late, Never, Order, Rival, Rules, Source, Watershed
from playout.core.schedule import ahead, next_turn
from playout.core.ticks import TIMEBASE, Ticks
from playout.core.why import Explanation, NotThisTurn, explanation
from playout.core.why_text import document, words

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from playout.core.channel import Revision

FULL = HOUSE.segment_units
HOUR = 3600
MOVIES = of_kind(Kind.MOVIE)
MAIN = Block((Source((MOVIES,), order=Order.SEQUENCE),))


def ticks(seconds: int) -> Ticks:
    return Ticks(seconds * TIMEBASE)


def film(name: str, minutes: int = 10, **about: object) -> Item:
    """A film of about so many minutes."""
    made = item(name, Kind.MOVIE, *[FULL] * -(-minutes * 60 * TIMEBASE // HOUSE.segment))
    return replace(made, about=replace(made.about, title=f"Film {name.upper()}", **about))  # type: ignore[arg-type]


def nth(ruled: Revision, catalog: Catalog, number: int) -> tuple[Tail, Turn]:
    """Turn `number`, from 0, and the tail before it."""
    turns = list(islice(ahead((ruled,), lambda _: catalog, Tail()), number + 1))
    return (turns[-2].tail if number else Tail()), turns[-1]


def explained(ruled: Revision, catalog: Catalog, number: int = 0, airing: int = 0) -> Explanation:
    tail, turn = nth(ruled, catalog, number)
    return explanation(ruled, catalog, tail, turn.airings[airing].start)


def refused(text: str) -> str:
    """What the text says of what was refused."""
    lines = text.splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("  refused"))
    last = next((n for n in range(first + 1, len(lines)) if lines[n][2:3] != " "), len(lines))
    return "\n".join(line[14:] for line in lines[first:last])


# The laws


@settings(max_examples=20)
@given(languages(), libraries(), moments, st.integers(1, 12), st.integers(0, 2**30))
def test_every_tick_of_a_turn_has_an_explanation_of_that_turn(
    rules: Rules, catalog: Catalog, start: date, count: int, draw: int
) -> None:
    ruled = revised(rules, start=start)
    tail = Tail()
    for turn in islice(ahead((ruled,), lambda _: catalog, tail), count):
        tick = Ticks(turn.start + draw % (turn.end - turn.start))
        found = explanation(ruled, catalog, tail, tick)
        assert found.turn == turn
        assert found.airing.start <= tick < found.airing.end
        text = words(found, next_turn(ruled, catalog, turn.tail))
        assert text.startswith("At ")
        assert all(len(line) > 14 for line in text.splitlines()[2:])
        told = json.loads(json.dumps(document(found)))
        assert told["airing"]["asset"] == found.airing.asset
        assert told["answer"] == text.splitlines()[0]
        pod = breaks_of(turn).get(found.airing.index)
        assert (told["break"] is not None) == (pod is not None)
        assert {one["rule"] for one in told["refused"]} <= set(Rule)
        tail = turn.tail


def test_a_tick_of_another_turn_is_not_explained() -> None:
    catalog = catalog_of([film("a"), film("b")], [KIT])
    ruled = revision(Rules(MAIN))
    turn = next_turn(ruled, catalog, Tail())
    for tick in (Ticks(turn.end), Ticks(-1)):
        with pytest.raises(NotThisTurn, match=f"the turn lasts from 0 to {turn.end}, and {tick} lies outside"):
            explanation(ruled, catalog, Tail(), tick)


# The rules that refuse


def rival(name: str) -> Rival:
    return Rival(name, MAIN.sources)


OTHERS = tuple(rival(name) for name in ("a", "b", "c", "d", "one"))


@pytest.mark.parametrize(
    ("first", "never", "block", "expected"),
    [
        (
            film("a", rights=(Rights(None, GENESIS + timedelta(minutes=5)),)),
            Never(),
            MAIN,
            "Film A (rights): its rights end at 2026-03-01 12:05 UTC, before it would",
        ),
        (
            film("a", rights=(Rights(GENESIS + timedelta(days=1)),)),
            Never(),
            MAIN,
            "Film A (rights): its rights begin at 2026-03-02 12:00 UTC",
        ),
        (
            film("a", rights=(Rights(None, None, ("FR",)),)),
            Never(territories=("DE", "FR")),
            MAIN,
            "Film A (territory): there are no rights for DE",
        ),
        (
            film("a", rating="R"),
            Never(watersheds=(Watershed(("R",), 21 * HOUR, 29 * HOUR),)),
            MAIN,
            "Film A (watershed): rated R, which airs 21:00–05:00 only",
        ),
        (
            film("a"),
            Never(apart=Apart(ticks(3600), "movies", OTHERS)),
            MAIN,
            None,
        ),
    ],
)
def test_the_rule_that_decides_is_named(first: Item, never: Never, block: Block, expected: str | None) -> None:
    catalog = catalog_of([first, film("b")], [KIT])
    if expected is None:  # one of the five has it: whichever it is
        found = next(
            found
            for number in range(40)
            if (found := explained(revision(Rules(block, never=never)), catalog, number)).refused
        )
        assert {one.refusal.rule for one in found.refused} == {Rule.APART}
        assert "(apart): group movies: " in refused(words(found))
        return
    found = explained(revision(Rules(block, never=never)), catalog)
    assert found.item(found.airing.asset) == catalog.item("b")
    text = words(found)
    assert text.startswith("At 12:00:00 on Sun 2026-03-01 (UTC) one has Film B on: the channel's own block chose it")
    assert refused(text) == expected


def test_overrun_is_named() -> None:
    shuffled = Block((Source((MOVIES,), order=Order.SHUFFLE),), overrun=ticks(60))
    part = Daypart("noon", 12 * HOUR, 12 * HOUR + 1200, shuffled)
    catalog = catalog_of([film("long", 50), film("short", 10)], [KIT])
    found = [explained(revision(Rules(MAIN, (part,))), catalog, number) for number in range(2)]
    over = next(one for one in found if one.refused)
    assert refused(words(over)).startswith("Film LONG (overrun): it would run over by ")


def test_repeat_is_named() -> None:
    source = Source((MOVIES,), order=Order.RANDOM)
    catalog = catalog_of([film("a"), film("b"), film("c")], [KIT])
    never = Never(repeat=ticks(1500))
    ruled = revision(Rules(Block((source,)), never=never))
    found = next(found for number in range(20) if (found := explained(ruled, catalog, number)).refused)
    assert {one.refusal.rule for one in found.refused} == {Rule.REPEAT}
    title = found.refused[0].item.about.title
    assert refused(words(found)).splitlines()[0].startswith(f"{title} (repeat): it started ")
    assert refused(words(found)).splitlines()[0].endswith(" ago, and 25 min must lie between")


def test_cooldown_is_named() -> None:
    source = Source((MOVIES,), order=Order.RANDOM, cooldown=ticks(1500))
    catalog = catalog_of([film("a"), film("b"), film("c")], [KIT])
    ruled = revision(Rules(Block((source,))))
    found = next(found for number in range(20) if (found := explained(ruled, catalog, number)).refused)
    assert {one.refusal.rule for one in found.refused} == {Rule.COOLDOWN}
    assert refused(words(found)).splitlines()[0].endswith(" ago, and 25 min must lie between")


def test_again_is_named() -> None:
    catalog = catalog_of([film("a"), film("b")], [KIT])
    ruled = revision(Rules(Block((Source((MOVIES,)),))))
    found = next(found for number in range(40) if (found := explained(ruled, catalog, number)).refused)
    assert refused(words(found)).endswith("(again): it aired just before")


def test_the_least_bad_of_all_says_what_gave_way() -> None:
    catalog = catalog_of([film("a"), film("b")], [KIT])
    ruled = revision(Rules(MAIN, never=Never(repeat=ticks(HOUR))))
    text = words(explained(ruled, catalog, 2))
    assert text.splitlines()[0] == (
        "At 12:20:02 on Sun 2026-03-01 (UTC) one has Film A on: the channel's own block chose it (sequence: 1 of 2, "
        "lap 2; the least bad of all, though it started 20 min ago, and 1 h must lie between)."
    )
    assert refused(text) == "Film B (repeat): it started 10 min ago, and 1 h must lie between"


def test_many_refusals_are_counted_by_rule() -> None:
    early = [film(f"r{n:02d}", rating="R") for n in range(12)]
    gone = [film(f"g{n}", rights=(Rights(None, GENESIS),)) for n in range(3)]
    catalog = catalog_of([*early, *gone, film("z")], [KIT])
    sheds = (Watershed(("R",), 21 * HOUR, 29 * HOUR),)
    text = words(explained(revision(Rules(MAIN, never=Never(watersheds=sheds))), catalog))
    lines = refused(text).splitlines()
    assert len(lines) == 11
    assert lines[0] == "Film G0 (rights): its rights ended at 2026-03-01 12:00 UTC"
    assert lines[-1] == "and 5 more: watershed 5"


# What is no program


SPOTS = of_kind(Kind.AD)


def sold() -> tuple[Revision, Catalog]:
    """A film of ten minutes with a break in the middle; three ads, of which two are of one advertiser."""
    long = film("a")
    middle = long.cuts.segments // 2
    broken = replace(item("a", Kind.MOVIE, *[FULL] * long.cuts.segments, breaks=(middle,)), about=long.about)
    ads = []
    for name, advertiser in (("ad-1", "Acme"), ("ad-2", "Acme"), ("ad-3", "Globex")):
        spot = item(name, Kind.AD, *[FULL] * 4)
        ads.append(replace(spot, about=replace(spot.about, title=f"Spot {name}", advertiser=advertiser)))
    sting = item("sting", Kind.BUMPER, FULL)
    catalog = catalog_of([broken, *ads, sting], [KIT])
    rules = Ads(ticks(240), ticks(45), SPOTS, of_kind(Kind.BUMPER), load=ticks(480))
    return revision(Rules(replace(MAIN, ads=rules))), catalog


def test_an_ad_says_why_its_break_came_there_and_what_was_passed_over() -> None:
    ruled, catalog = sold()
    tail, turn = nth(ruled, catalog, 0)
    ads = [one for one in turn.airings if one.role is Role.AD]
    first = explanation(ruled, catalog, tail, ads[0].start)
    text = words(first)
    assert text.splitlines()[0].startswith("At 12:05:02 on Sun 2026-03-01 (UTC) one has Spot ad-")
    assert ", an ad in a break 4 min 58 s into Film A (shuffle: 1 of 3, lap 1)." in text.splitlines()[0]
    assert "\n  break       2 ads, 29 s; 45 s is aimed for\n" in text
    assert "\n              at a break point of the program (sidecar, 100 % sure)\n" in text
    assert "\n              4 min 58 s of program since the last one, and one comes after 4 min\n" in text
    assert "\n              0 s of ads in this clock hour before it, of 8 min that are allowed\n" in text
    assert "(repeat): its advertiser has an ad in this pod" in refused(text)
    after = explanation(ruled, catalog, tail, next(one for one in ads if one.start > turn.airings[4].end).start)
    assert ", an ad in a break after Film A (" in words(after)
    assert "\n              29 s of ads in this clock hour before it, of 8 min" in words(after)
    sting = explanation(ruled, catalog, tail, turn.airings[1].start)
    assert ", a bumper of a break 4 min 58 s into Film A (opens the break, shuffle: 1 of 1, lap 1)." in words(sting)
    assert document(first)["break"] == {
        "roll": "mid",
        "ads": 2,
        "ms": 29_866,
        "into_ms": 298_666,
        "since_ms": 298_666,
        "load_ms": 0,
        "point": "sidecar",
        "refused": document(first)["break"]["refused"],  # type: ignore[index]
    }


def test_filler_and_slate_say_what_they_wait_for() -> None:
    clips = [item(f"f{n}", Kind.FILLER, *[FULL] * 20) for n in range(2)]
    catalog = catalog_of([film("a", 20), *clips], [KIT])
    padded = replace(MAIN, filler=of_kind(Kind.FILLER), pad=ticks(1800))
    ruled = revision(Rules(padded))
    _, turn = nth(ruled, catalog, 0)
    filler = next(n for n, one in enumerate(turn.airings) if one.role is Role.FILLER)
    text = words(explained(ruled, catalog, 0, filler)).splitlines()[0]
    assert ", which is filler: pads to the next 30 min; filler, shuffle: " in text
    slate = words(explained(ruled, catalog, 0, len(turn.airings) - 1)).splitlines()[0]
    assert slate.endswith(
        " has Title of slate on, which is slate: pads to the next 30 min, and no filler is as short as what is left."
    )


def test_slate_for_want_of_a_program_says_that_nothing_matches() -> None:
    catalog = catalog_of([], [KIT])
    text = words(explained(revision(Rules(MAIN)), catalog))
    assert text.splitlines()[0] == (
        "At 12:00:00 on Sun 2026-03-01 (UTC) one has Title of slate on, which is slate: nothing matches, and there "
        "is no filler."
    )
    assert refused(text) == (
        "nothing: no program in the library is what the block asks for; `fastline check` says more"
    )
    barred = catalog_of([film("a", rights=(Rights(None, GENESIS),))], [KIT])
    text = words(explained(revision(Rules(MAIN)), barred))
    assert "everything is refused" in text.splitlines()[0]
    assert refused(text) == "Film A (rights): its rights ended at 2026-03-01 12:00 UTC"


# Dayparts


def test_an_episode_is_called_by_its_series_and_numbers() -> None:
    one = item("e", Kind.EPISODE, FULL)
    about = replace(one.about, title="Pilot", series="The Show", season=1, episode=2)
    catalog = catalog_of([replace(one, about=about)], [KIT])
    block = Block((Source((of_kind(Kind.EPISODE),), order=Order.SEQUENCE),))
    text = words(explained(revision(Rules(block)), catalog))
    assert " one has The Show S01E02: Pilot on: " in text


def test_what_follows_may_be_newer_than_the_library_of_the_turn() -> None:
    newer = film("b")
    found = explained(revision(Rules(MAIN)), catalog_of([film("a")], [KIT]))
    turn = next_turn(revision(Rules(MAIN)), catalog_of([newer], [KIT]), found.turn.tail)
    library = {newer.id: newer}
    assert "Film B, the next turn" in words(found, turn, library.get)
    then = document(found, turn, library.get)["then"]
    assert isinstance(then, list)
    assert then[-1]["title"] == "Film B"


def day_of_dayparts() -> tuple[Revision, Catalog]:
    """A station with a film at one, a stretch in the afternoon, and a holiday that gives way to it."""
    noir = replace(MOVIES, any=("noir",))
    sixties = replace(MOVIES, any=("sixties",))
    matinee = Block(
        (Source((noir,), weight=3), Source((sixties,), order=Order.CHRONOLOGICAL, position="sixties")),
        overrun=ticks(900),
    )
    march = (Dates(Day(month=3, day=1), Day(month=3, day=7)),)
    parts = (
        Daypart("first", 13 * HOUR, None, replace(matinee, overrun=None), count=2, priority=1, late=Late.CUT),
        Daypart("matinee", 12 * HOUR + 1800, 15 * HOUR, matinee),
        Daypart("week", 12 * HOUR, 18 * HOUR, MAIN, dates=march, priority=-1),
    )
    films = [
        film("a", 31, tags=("noir",), rating="R"),
        film("b", 22, tags=("noir",)),
        film("c", 25, tags=("sixties",), released="1964"),
        film("d", 41, tags=("noir", "sixties"), released="1961", rating="PG"),
    ]
    never = Never(repeat=ticks(5400), watersheds=(Watershed(("R",), 21 * HOUR, 29 * HOUR),))
    return revision(Rules(MAIN, parts, never), catalog="ca7a109"), catalog_of(films, [KIT])


@pytest.mark.parametrize("minute", [5, 65, 150])
def test_a_day_of_dayparts_is_explained_as_it_was_agreed(minute: int, golden: Callable[[str, str], None]) -> None:
    ruled, catalog = day_of_dayparts()
    tick = ticks(60 * minute)
    tail = Tail()
    turns = ahead((ruled,), lambda _: catalog, tail)
    for turn in turns:
        if turn.end > tick:
            golden(f"why-{minute}.txt", words(explanation(ruled, catalog, tail, tick), next(turns)))
            return
        tail = turn.tail


def test_why_another_daypart_is_not_on() -> None:
    catalog = catalog_of([film("a", 10)], [KIT])
    parts = (
        Daypart("one", 12 * HOUR, 14 * HOUR, MAIN),
        Daypart("two", 11 * HOUR, 15 * HOUR, MAIN),
        Daypart("low", 11 * HOUR, 15 * HOUR, MAIN, priority=-3),
        Daypart("monday", 11 * HOUR, 15 * HOUR, MAIN, days=(0,), priority=9),
    )
    found = explained(revision(Rules(MAIN, parts)), catalog)
    assert [(other.daypart.name, other.reason) for other in found.contenders] == [
        ("two", "one has its priority, too, and is listed before it"),
        ("low", "its priority is -3, and that of one is 0"),
    ]


def test_a_daypart_that_is_skipped_for_being_late_is_told() -> None:
    catalog = catalog_of([film("a", 10)], [KIT])
    parts = (Daypart("five-past", 12 * HOUR + 300, None, MAIN, late=Late.SKIP),)
    found = explained(revision(Rules(MAIN, parts)), catalog, 1)
    assert [(other.daypart.name, other.reason) for other in found.contenders] == [
        ("five-past", "what was on lasted past its start, and it is skipped then")
    ]
    late = explained(revision(Rules(MAIN, (replace(parts[0], late=Late.RUN),))), catalog, 1)
    assert "five-past, at 12:05 for 1 program, priority 0; it was due at 12:05:00 and began 5 min 1 s late" in words(
        late
    )


def test_what_gives_way_to_a_daypart_that_begins_at_a_time_says_so() -> None:
    catalog = catalog_of([film("a", 10)], [KIT])
    parts = (
        Daypart("stretch", 11 * HOUR, 15 * HOUR, MAIN),
        Daypart("five-past", 12 * HOUR + 300, None, MAIN),
    )
    found = explained(revision(Rules(MAIN, parts)), catalog, 1)
    assert found.slot.name == "five-past"
    assert [other.reason for other in found.contenders] == [
        "five-past has its priority, too, and begins at a time of its own"
    ]


def test_a_shared_position_and_the_bag_are_told() -> None:
    one = Source((MOVIES,), order=Order.SEQUENCE, weight=3)
    two = Source((MOVIES,), order=Order.SEQUENCE, position="both")
    catalog = catalog_of([film("a", 1), film("b", 1)], [KIT])
    ruled = revision(Rules(Block((one, two))))
    found = [explained(ruled, catalog, number) for number in range(6)]
    assert [(one.bag.draw, one.bag.lap, one.bag.size) for one in found if one.bag] == [
        (1, 1, 4), (2, 1, 4), (3, 1, 4), (4, 1, 4), (1, 2, 4), (2, 2, 4)
    ]  # fmt: skip
    assert sum(one.drawn[-1].place == 2 for one in found[:4]) == 1
    shared = next(one for one in found if one.drawn[-1].place == 2)
    assert "2 of 2, sequence, weight 1 of 4: draw " in words(shared)
    assert "; its position is shared under the name both" in words(shared)


def test_a_source_that_has_nothing_is_told_before_the_one_that_has() -> None:
    none = Source((Query(any=("nowhere",)),), weight=9)
    catalog = catalog_of([film("a", 1)], [KIT])
    ruled = revision(Rules(Block((none, *MAIN.sources))))
    text = words(next(one for n in range(9) if len((one := explained(ruled, catalog, n)).drawn) == 2))
    assert "in lap 1; it has nothing that may air\n              2 of 2, sequence, weight 1 of 10: asked next\n" in text
