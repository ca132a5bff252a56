"""The as-run log reconciles to the millisecond, for every day of every log, and its text is always the same."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from io import StringIO
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from languages import PARIS, languages, libraries, moments, revised
from libraries import GENESIS, HOUSE, KIT, airs, item, of_kind, revision

from playout.core.airing import Airing, Role, Tail, Turn, breaks_of
from playout.core.asrun import AsRun, Code, Day, Pulled, Row, as_run, day_at, ms_of, unbegun
from playout.core.asrun_text import COLUMNS, ad_id, comma_separated, fields, header, jsonl
from playout.core.asset import Kind
from playout.core.catalog import Catalog, Item, Query, catalog_of
from playout.core.planned import missed
from playout.core.rules import Ads, Block, Daypart, Late, Never, Order, Roll, Rules, Source
from playout.core.schedule import ahead
from playout.core.ticks import TIMEBASE, Ticks, instant_at
from playout.core.wall import Change, Zone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playout.core.channel import Channel, Revision

FULL = HOUSE.segment_units
SEGMENT = HOUSE.segment
HOUR = timedelta(hours=1)
FAR = datetime(2030, 1, 1, tzinfo=UTC)
MARCH = date(2026, 3, 1)


def turns_of(revised: Revision, catalog: Catalog, count: int, tail: Tail | None = None) -> list[Turn]:
    return list(islice(ahead((revised,), lambda _: catalog, tail or Tail()), count))


def told(
    channel: Channel,
    turns: Sequence[Turn],
    catalog: Catalog | None,
    day: Day,
    *,
    pulled: Mapping[str, Pulled] | None = None,
    now: datetime = FAR,
) -> AsRun:
    """The report of a day, of the turns that a station would hand over for it."""
    start, stop = day.start - timedelta(seconds=1), day.stop
    near = [
        turn
        for turn in turns
        if instant_at(channel.genesis, turn.end) > start and instant_at(channel.genesis, turn.start) < stop
    ]
    return as_run(day, channel, near, lambda _: (catalog,) if catalog else (), pulled or {}, now)


def days_of(channel: Channel, turns: Sequence[Turn], zone: Zone) -> list[Day]:
    first = day_at(instant_at(channel.genesis, turns[0].start), zone, "somewhere")
    last = day_at(instant_at(channel.genesis, turns[-1].end), zone, "somewhere")
    return [replace(first, date=first.date + timedelta(days=n)) for n in range((last.date - first.date).days + 1)]


# The laws


@settings(max_examples=30)
@given(
    languages(),
    libraries(),
    moments,
    st.integers(0, 72 * 60),
    st.integers(1, 25),
    st.data(),
)
def test_rows_reconcile_to_the_millisecond(
    rules: Rules, catalog: Catalog, start: date, minutes: int, count: int, data: st.DataObject
) -> None:
    channel_revision = revised(rules, start=start)
    channel = channel_revision.channel
    begun = HOUSE.snap(Ticks(minutes * 60 * TIMEBASE))
    turns = turns_of(channel_revision, catalog, count, Tail(index=7, start=begun, msn=70))
    assets = sorted({airing.asset for turn in turns for airing in turn.airings})
    ends = turns[-1].end
    moment = st.integers(begun - TIMEBASE, ends + TIMEBASE).map(lambda tick: instant_at(channel.genesis, Ticks(tick)))
    pulled = {
        name: Pulled(data.draw(moment), "rights") for name in data.draw(st.sets(st.sampled_from(assets), max_size=2))
    }
    now = data.draw(moment | st.just(FAR))
    zone = Zone(PARIS)
    reports = [told(channel, turns, catalog, day, pulled=pulled, now=now) for day in days_of(channel, turns, zone)]
    rows = [row for report in reports for row in report.rows]
    # once: what the log has until now, in one day each and in order
    seen = [airing for turn in turns for airing in turn.airings if instant_at(channel.genesis, airing.start) < now]
    assert list(dict.fromkeys(row.airing.index for row in rows)) in (
        [airing.index for airing in seen],
        [airing.index for airing in seen[:-1]],  # less than a millisecond of it
    )
    assert len({row.name for row in rows}) == len(rows)
    # joined: in time, in segments and in sequence numbers
    for one, two in pairwise(rows):
        assert one.end == two.start
        assert one.length > 0
        assert one.end_msn == two.msn or one.code is Code.ON_AIR
    # reconciled: each day is what started in it, with what was carried in and out
    for report in reports:
        assert report.aired == report.until - report.since - report.carried_in + report.carried_out
        assert sum(row.length for row in report.rows) == report.aired
    for today, tomorrow in pairwise(reports):
        if today.until == ms_of(today.day.stop) and tomorrow.until > tomorrow.since:
            assert today.until == tomorrow.since
            assert today.carried_out == tomorrow.carried_in
    whole = rows[-1].end - rows[0].start if rows else 0
    assert sum(report.until - report.since for report in reports) == whole
    # and in hours: the ads of each are within it, and all of them are in some
    load = [hour["ms"] for report in reports for hour in _told(header(report))["ad_load"]]
    assert sum(load) == sum(row.length for row in rows if row.event is Role.AD)
    assert all(0 <= ms <= 3_600_000 for ms in load)


def _told(found: dict[str, object]) -> dict[str, Any]:
    """As those see it who read the line."""
    read: dict[str, Any] = json.loads(json.dumps(found))
    return read


@settings(max_examples=12)
@given(languages(), libraries(), moments, st.integers(1, 12))
def test_the_text_is_always_the_same_and_names_itself(rules: Rules, catalog: Catalog, start: date, count: int) -> None:
    texts = []
    for _ in range(2):  # from values that were made anew
        channel_revision = revised(rules, start=start)
        copy = Catalog(catalog.items, catalog.kits)
        turns = turns_of(channel_revision, copy, count)
        report = told(channel_revision.channel, turns, copy, days_of(channel_revision.channel, turns, Zone(PARIS))[0])
        texts.append((jsonl(report), comma_separated(report)))
    assert texts[0] == texts[1]
    text, table = texts[0]
    body, trailer = text[: text.rstrip("\n").rindex("\n") + 1], json.loads(text.splitlines()[-1])
    assert trailer == {"type": "trailer", "lines": body.count("\n"), "sha256": sha256(body.encode()).hexdigest()}
    lines = [json.loads(line) for line in text.splitlines()]
    assert [list(line) for line in lines] == [sorted(line) for line in lines]
    aired = [line for line in lines if line["type"] == "airing"]
    assert all(sorted(line) == sorted((*COLUMNS, "type")) for line in aired)
    read = list(csv.DictReader(StringIO(table, newline="")))
    assert [line["row"] for line in read] == [line["row"] for line in aired]
    assert [line["title"] for line in read] == [line["title"] for line in aired]
    assert table.count("\r\n") == len(read) + 1
    assert {key: lines[0][key] for key in ("rows", "discrepancies", "type")} == {
        "rows": len(aired),
        "discrepancies": sum(line["type"] == "discrepancy" for line in lines),
        "type": "header",
    }


@settings(max_examples=30)
@given(languages(), libraries(), moments, st.integers(1, 25))
def test_what_was_as_scheduled_was_as_long_as_planned(rules: Rules, catalog: Catalog, start: date, count: int) -> None:
    """A code is right: only what is cut has less than was planned, and it has."""
    channel_revision = revised(rules, start=start)
    turns = turns_of(channel_revision, catalog, count)
    for day in days_of(channel_revision.channel, turns, Zone(PARIS)):
        for row in told(channel_revision.channel, turns, catalog, day).rows:
            assert (row.length < row.planned) == (row.code is Code.TRUNCATED)
            assert (row.event in (Role.FILLER, Role.SLATE)) >= (row.code in (Code.FILLED, Code.NO_PROGRAM))


# A day


def hours(name: str, length: int, *, breaks: tuple[int, ...] = (), kind: Kind = Kind.MOVIE) -> Item:
    """An item of so many minutes, less what the grid takes."""
    return item(name, kind, *[FULL] * (length * 60 * TIMEBASE // SEGMENT), breaks=breaks)


@pytest.mark.parametrize(
    ("day", "length"),
    [(date(2026, 3, 28), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 10, 26), 24)],
)
def test_a_day_of_23_or_25_hours_reconciles_too(day: date, length: int) -> None:
    begun = datetime(day.year, day.month, day.day, tzinfo=UTC) - 36 * HOUR
    plain = revision(airs(of_kind(Kind.MOVIE)))
    channel = replace(plain.channel, genesis=begun)
    turns = turns_of(replace(plain, channel=channel), (catalog := catalog_of([hours("m", 47)], [KIT])), 120)
    report = told(channel, turns, catalog, Day(day, Zone(PARIS), "Europe/Paris"))
    assert report.complete
    assert report.day.stop - report.day.start == length * HOUR
    found = _told(header(report))
    assert found["covered_ms"] == length * 3_600_000
    assert found["aired_ms"] == found["covered_ms"] - found["carried_in_ms"] + found["carried_out_ms"]
    assert found["carried_in"] == {
        "row": report.carried.name if report.carried else "",
        "title": "Title of m",
        "start": fields(report.carried, report)["start"] if report.carried else "",
        "end": fields(report.rows[0], report)["start"],
    }
    assert len(found["ad_load"]) == length
    assert len({hour["hour"] for hour in found["ad_load"]}) == length
    assert found["ad_load"][0]["hour"].startswith(f"{day}T00:00:00.000")


def test_a_day_where_midnight_is_left_out_begins_an_hour_later() -> None:
    santiago = Zone((Change(1_700_000_000, -14_400), Change(1_788_667_200, -10_800)))
    day = Day(date(2026, 9, 6), santiago, "America/Santiago")
    assert day.start == datetime(2026, 9, 6, 4, tzinfo=UTC)
    assert replace(day, date=date(2026, 9, 5)).stop == day.start
    assert day.stop - day.start == 23 * HOUR
    assert day_at(day.start, santiago, day.name) == day


SPOTS = Ads(Ticks(30 * TIMEBASE), Ticks(20 * TIMEBASE), of_kind(Kind.AD), of_kind(Kind.BUMPER), of_kind(Kind.BUMPER))


def sold() -> tuple[Revision, Catalog]:
    """Films of 45 s with a break after 22 s and one after them, two ads, and bumpers."""
    ad = item("ad-a", Kind.AD, FULL, FULL, 2)
    catalog = catalog_of(
        [
            item("film-a", Kind.MOVIE, *[FULL] * 12, breaks=(8,)),
            item("film-b", Kind.MOVIE, *[FULL] * 12, breaks=(8,)),
            replace(ad, about=replace(ad.about, advertiser="Acme", category="cars", ids=("isci:ACME1234",))),
            item("ad-b", Kind.AD, FULL),
            item("sting", Kind.BUMPER, 2),
        ],
        [KIT],
    )
    block = Block((Source((of_kind(Kind.MOVIE),), order=Order.SEQUENCE),), SPOTS, before=of_kind(Kind.BUMPER))
    return revision(Rules(block)), catalog


def shown(rows: Sequence[Row]) -> list[str]:
    return [
        f"{row.event} {row.part}/{row.parts}"
        if row.part
        else f"{row.event} {row.pod.roll} {row.pod.position(row.airing.index)}/{len(row.pod.ads)}"
        if row.pod
        else str(row.event)
        for row in rows
    ]


def test_a_row_says_where_in_its_program_and_its_break_it_stands() -> None:
    revised, catalog = sold()
    turns = turns_of(revised, catalog, 2)
    report = told(revised.channel, turns, catalog, Day(MARCH, Zone(), "UTC"))
    first = [row for row in report.rows if row.turn is turns[0]]
    assert shown(first) == [
        "bumper",
        "program 1/1",
        "bumper post 0/2",
        "ad post 1/2",
        "ad post 2/2",
        "bumper post 0/2",
    ] or (
        shown(first)
        == ["bumper", "program 1/2", "bumper mid 0/2", "ad mid 1/2", "ad mid 2/2", "bumper mid 0/2", "program 2/2"]
    )
    ad = next(row for row in report.rows if row.asset == "ad-a")
    found = fields(ad, report)
    pod = breaks_of(ad.turn)[ad.airing.index]
    assert {key: found[key] for key in ("ad_id", "advertiser", "category", "ids", "break", "pod_ads", "code")} == {
        "ad_id": "ACME1234",
        "advertiser": "Acme",
        "category": "cars",
        "ids": ["isci:ACME1234"],
        "break": f"one-{pod.airings[0].index}",
        "pod_ads": 2,
        "code": "scheduled",
    }
    assert found["pod_ms"] == (16 + 7) * HOUSE.unit * 1000 // TIMEBASE
    assert (found["in_ms"], found["out_ms"]) == (0, 16 * HOUSE.unit * 1000 // TIMEBASE)
    nobody = fields(next(row for row in report.rows if row.asset == "ad-b"), report)
    assert (nobody["ad_id"], nobody["advertiser"]) == ("ad-b", "")
    totals = _told(header(report))
    assert [(one["advertiser"], one["spots"], one["whole"]) for one in totals["advertisers"]] == [
        ("", totals["advertisers"][0]["spots"], totals["advertisers"][0]["spots"]),
        ("Acme", totals["advertisers"][1]["spots"], totals["advertisers"][1]["spots"]),
    ]
    assert (
        totals["ad_load"][12]["ms"] == totals["events"]["ad"]["ms"] == sum(one["ms"] for one in totals["advertisers"])
    )
    assert totals["ad_load"][11]["ms"] == 0


def test_every_roll_is_told_apart() -> None:
    _, catalog = sold()
    seen = set()
    for rolls in ((Roll.PRE, Roll.MID), (Roll.MID, Roll.POST), (Roll.POST,)):
        ads = replace(SPOTS, every=Ticks(12 * TIMEBASE), rolls=rolls, opens=None)
        source = Source((of_kind(Kind.MOVIE),))
        block = Block((source,), ads, before=of_kind(Kind.BUMPER), after=of_kind(Kind.BUMPER))
        for turn in turns_of(revision(Rules(block)), catalog, 6):
            pods = breaks_of(turn)
            count = sum(one.role is Role.PROGRAM for one in turn.airings)
            parts = 0
            for airing in turn.airings:
                pod = pods.get(airing.index)
                parts += airing.role is Role.PROGRAM
                assert (pod is not None) >= (airing.role is Role.AD)
                if pod:
                    assert pod.part == parts
                    assert pod.roll == ("pre" if parts == 0 else "post" if parts == count else "mid")
                elif airing.role is Role.BUMPER:
                    assert airing.reason.startswith(("before the program", "after the program"))
            seen |= {pod.roll for pod in pods.values()}
    assert seen == {"pre", "mid", "post"}


def test_slate_between_the_ads_and_the_bumper_of_a_break_is_in_it() -> None:
    """As regional copies have it; after the break it is not."""
    roles = [Role.BUMPER, Role.AD, Role.SLATE, Role.SLATE, Role.BUMPER, Role.SLATE]
    reasons = ["opens the break, 1", "an ad", "left over", "left over", "closes the break, 1", "pads"]
    airings = tuple(
        Airing(n, Ticks(n * SEGMENT), Ticks((n + 1) * SEGMENT), n, f"a{n}", 0, 1, role, reason)
        for n, (role, reason) in enumerate(zip(roles, reasons, strict=True))
    )
    found = breaks_of(Turn(1, "c", airings, Tail()))
    assert sorted(found) == [0, 1, 2, 3, 4]
    assert len(set(map(id, found.values()))) == 1
    assert [found[n].position(n) for n in range(5)] == [0, 1, 0, 0, 0]
    assert found[0].length == SEGMENT


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), "asset"),
        (("imdb:tt1",), "asset"),
        (("ad-id:ABCD0001H", "isci:XYZ"), "ABCD0001H"),
        (("ISCI:XYZ",), "XYZ"),
    ],
)
def test_an_ad_is_called_as_the_trade_calls_it(names: tuple[str, ...], expected: str) -> None:
    assert ad_id("asset", names) == expected


# What was not as planned


def with_part(part: Daypart, *, never: Never | None = None) -> Rules:
    main = Block((Source((Query(any=("main",)),), order=Order.SEQUENCE),))
    return Rules(main, (part,), never or Never())


LATER = Block((Source((Query(any=("late",)),)),))
AT_ONE = 13 * 3600


def two_films() -> Catalog:
    main = item("main", Kind.MOVIE, *[FULL] * (50 * 60 * TIMEBASE // SEGMENT), tags=("main",))
    late = item("late", Kind.MOVIE, *[FULL] * 100, tags=("late",))
    return catalog_of([main, late], [KIT])


def words(report: AsRun) -> list[tuple[str, str]]:
    return [(one.code, one.words) for one in report.discrepancies if one.code != "unlogged"]


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (Late.RUN, [("late", "matinee began 39 min late")]),
        (Late.CUT, [("truncated", "Title of main was cut 39 min before its end by matinee")]),
    ],
)
def test_what_differs_from_the_plan_is_listed(late: Late, expected: list[tuple[str, str]]) -> None:
    revised = revision(with_part(Daypart("matinee", AT_ONE, AT_ONE + 5400, LATER, late=late)))
    catalog = two_films()
    turns = turns_of(revised, catalog, 3)
    report = told(revised.channel, turns, catalog, Day(MARCH, Zone(), "UTC"))
    assert words(report) == expected
    first = next(row for row in report.rows if row.turn.tail.daypart == "matinee")
    found = fields(first, report)
    assert found["scheduled_start"] == "2026-03-01T13:00:00.000Z"
    assert found["daypart"] == "matinee"
    if late is Late.RUN:
        assert found["late_ms"] == report.discrepancies[0].length == first.start - first.scheduled
    else:
        assert abs(int(str(found["late_ms"]))) < SEGMENT * 1000 // TIMEBASE
        cut = report.rows[1]
        assert (cut.code, cut.planned - cut.length) == (Code.TRUNCATED, report.discrepancies[0].length)


def test_a_daypart_that_comes_back_after_another_one_is_not_late() -> None:
    main = Block((Source((Query(any=("main",)),)),))
    short = Block((Source((Query(any=("late",)),)),))
    parts = (
        Daypart("all-day", 12 * 3600, 24 * 3600, main),
        Daypart("news", 14 * 3600, 15 * 3600, short, priority=1),
    )
    catalog = two_films()
    revised = revision(Rules(short, parts))
    turns = turns_of(revised, catalog, 24)
    names = [turn.tail.daypart for turn in turns]
    assert names.index("news") < len(names) - 1 - names[::-1].index("all-day")
    report = told(revised.channel, turns, catalog, Day(MARCH, Zone(), "UTC"))
    assert [one.words for one in report.discrepancies if "all-day" in one.words] == []
    assert [code for code, _ in words(report)] == ["late"]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Daypart("short", AT_ONE, AT_ONE + 600, LATER), ["short"]),  # over before the film that was on has ended
        (Daypart("long", AT_ONE, AT_ONE + 3 * 3600, LATER), []),  # late
        (Daypart("skips", AT_ONE, None, LATER, late=Late.SKIP), ["skips"]),
        (Daypart("waits", AT_ONE, None, LATER), []),
        (Daypart("another-day", AT_ONE, AT_ONE + 600, LATER, days=(0,)), []),
        (Daypart("monday", AT_ONE, None, LATER, days=(0,), late=Late.SKIP), []),
    ],
)
def test_a_daypart_that_never_began_is_missed(part: Daypart, expected: list[str]) -> None:
    revised, catalog = revision(with_part(part)), two_films()
    turns = turns_of(revised, catalog, 5)
    report = told(revised.channel, turns, catalog, Day(MARCH, Zone(), "UTC"))
    found = unbegun(report, missed(turns, lambda _: revised))
    assert [one.words for one in found.discrepancies if one.code == "missed"] == [
        f"{name} was due at 2026-03-01T13:00:00.000Z and never began" for name in expected
    ]
    assert list(missed(turns, lambda _: None)) == []
    assert list(missed([], lambda _: revised)) == []


def test_a_daypart_under_a_more_important_one_is_not_missed() -> None:
    parts = (
        Daypart("low", AT_ONE, AT_ONE + 600, LATER),
        Daypart("high", AT_ONE - 3600, AT_ONE + 7200, LATER, priority=1),
    )
    revised, catalog = revision(Rules(with_part(parts[0]).block, parts)), two_films()
    assert list(missed(turns_of(revised, catalog, 40), lambda _: revised)) == []


@settings(max_examples=20)
@given(languages(), libraries(), moments, st.integers(1, 25))
def test_what_was_missed_is_in_no_turn(rules: Rules, catalog: Catalog, start: date, count: int) -> None:
    revised_rules = revised(rules, start=start)
    turns = turns_of(revised_rules, catalog, count)
    for one in missed(turns, lambda _: revised_rules):
        assert turns[0].tail.asked < one.due <= turns[-1].tail.asked
        assert one.turn.tail.asked >= one.due
        assert all((turn.tail.daypart, turn.tail.due) != (one.daypart.name, one.due) for turn in turns)


def test_slate_for_want_of_a_program_is_one_discrepancy_however_many_rows_it_has() -> None:
    revised = revision(airs(of_kind(Kind.MOVIE)))
    catalog = catalog_of([], [KIT])
    turns = turns_of(revised, catalog, 20)
    report = told(revised.channel, turns, catalog, Day(MARCH, Zone(), "UTC"))
    assert len(report.rows) > 20
    assert {row.code for row in report.rows} == {Code.NO_PROGRAM}
    assert words(report) == [("no-program", "no program for 7 min 28 s: nothing matches, and there is no filler")]
    assert report.discrepancies[0].length == report.aired


def test_a_program_that_airs_against_a_rule_says_which() -> None:
    revised = revision(replace(airs(of_kind(Kind.MOVIE)), never=Never(repeat=Ticks(3600 * TIMEBASE))))
    catalog = catalog_of([item("m", Kind.MOVIE, *[FULL] * 20)], [KIT])
    turns = turns_of(revised, catalog, 2)
    report = told(revised.channel, turns, catalog, Day(MARCH, Zone(), "UTC"))
    assert [row.code for row in report.rows] == [Code.SCHEDULED, Code.LEAST_BAD]
    assert words(report) == [
        (
            "least-bad",
            "Title of m aired for want of anything better, though it started 1 min 14 s ago, and 1 h must lie between",
        )
    ]


def test_what_was_pulled_is_slate_from_the_segment_on_that_was_on_air() -> None:
    revised, catalog = sold()
    turns = turns_of(revised, catalog, 4)
    airing = next(one for turn in turns for one in turn.airings if one.asset == "film-a")
    segment = timedelta(microseconds=SEGMENT * 1_000_000 // TIMEBASE)
    ordered = instant_at(GENESIS, airing.start) + 2 * segment + timedelta(seconds=1)
    pulled = {"film-a": Pulled(ordered, "the wrong cut")}
    report = told(revised.channel, turns, catalog, Day(MARCH, Zone(), "UTC"), pulled=pulled)
    before, after = (row for row in report.rows if row.airing is airing)
    assert (before.code, before.stop - before.first) == (Code.WITHDRAWN, 2)
    assert before.end == ms_of(instant_at(GENESIS, Ticks(airing.start + 2 * SEGMENT)))
    assert (after.code, after.event, after.asset, after.instead) == (Code.SUBSTITUTED, Role.SLATE, "slate", "film-a")
    assert (after.start, after.msn) == (before.end, before.end_msn)
    assert (after.name, after.end) == (f"{before.name}.1", before.start + before.planned)
    later = [row for row in report.rows if row.airing.asset == "film-a" and row.start > after.end]
    assert later
    assert {(row.code, row.asset, row.name) for row in later} == {
        (Code.SUBSTITUTED, "slate", f"one-{row.airing.index}") for row in later
    }
    at = f"{ordered:%Y-%m-%dT%H:%M:%S}.{ordered.microsecond // 1000:03d}Z"
    slate = after.length // 1000
    assert words(report)[:2] == [
        ("withdrawn", f"Title of film-a aired for 7 s only: pulled off air at {at}: the wrong cut"),
        (
            "substituted",
            f"slate aired for {slate} s in the place of Title of film-a: pulled off air at {at}: the wrong cut",
        ),
    ]
    found = fields(after, report)
    assert (found["in_ms"], found["out_ms"], found["part"]) == (None, None, 0)


def test_an_ad_that_was_pulled_is_billed_to_nobody() -> None:
    revised, catalog = sold()
    turns = turns_of(revised, catalog, 4)
    whole = told(revised.channel, turns, catalog, Day(MARCH, Zone(), "UTC"))
    report = told(revised.channel, turns, catalog, Day(MARCH, Zone(), "UTC"), pulled={"ad-a": Pulled(GENESIS - HOUR)})
    assert "Acme" in str(header(whole)["advertisers"])
    assert "Acme" not in str(header(report)["advertisers"])
    assert "Acme" not in "".join(str(fields(row, report)) for row in report.rows)
    assert (report.aired, report.since, report.until) == (whole.aired, whole.since, whole.until)


def test_what_is_on_counts_up_to_now() -> None:
    revised, catalog = sold()
    turns = turns_of(revised, catalog, 4)
    now = GENESIS + timedelta(seconds=30, microseconds=250_400)
    report = told(revised.channel, turns, catalog, Day(MARCH, Zone(), "UTC"), now=now)
    last = report.rows[-1]
    assert (last.code, last.end - report.since) == (Code.ON_AIR, 30_250)
    assert not report.complete
    assert header(report)["covered_until"] == "2026-03-01T12:00:30.250Z"
    begun = last.item.cuts.tick(last.first) if last.item else 0
    gone = last.item.cuts.tick(last.stop) if last.item else 0
    on = 30_250 - (last.start - report.since)
    assert (gone - begun - SEGMENT) * 1000 // TIMEBASE <= on < (gone - begun) * 1000 // TIMEBASE


def test_rows_of_assets_that_nobody_knows_have_no_title_and_reconcile_all_the_same() -> None:
    revised, catalog = sold()
    turns = turns_of(revised, catalog, 4)
    day = Day(MARCH, Zone(), "UTC")
    pulled = {"ad-b": Pulled(GENESIS)}
    known, unknown = (told(revised.channel, turns, one, day, pulled=pulled) for one in (catalog, None))
    assert [(row.start, row.end) for row in unknown.rows] == [(row.start, row.end) for row in known.rows]
    found = [fields(row, unknown) for row in unknown.rows]
    assert {(one["title"], one["work"], one["in_ms"]) for one in found} == {("", "", None)}
    assert "pulled off air" in jsonl(unknown)


def test_a_day_without_any_turn_is_empty_and_not_complete() -> None:
    revised, catalog = sold()
    report = told(revised.channel, [], catalog, Day(MARCH, Zone(), "UTC"))
    assert (report.rows, report.aired, report.carried, report.complete) == ((), 0, None, False)
    assert comma_separated(report) == ",".join(COLUMNS) + "\r\n"
    assert [(one.code, one.length, one.words) for one in report.discrepancies] == [
        (
            "unlogged",
            24 * 3_600_000,
            (
                "the log has nothing from 2026-03-01T00:00:00.000Z on: the channel had ended, or no committer ran, or "
                "the log was removed"
            ),
        )
    ]


def test_a_log_that_ends_too_early_says_so_and_one_that_reaches_as_far_as_now_does_not() -> None:
    revised, catalog = sold()
    turns = turns_of(revised, catalog, 4)
    ends = instant_at(GENESIS, turns[-1].end)
    day = Day(MARCH, Zone(), "UTC")
    for now, length in ((ends - timedelta(seconds=1), None), (ends, None), (ends + timedelta(seconds=9), 9000)):
        report = told(revised.channel, turns, catalog, day, now=now)
        assert next((one.length for one in report.discrepancies if one.code == "unlogged"), None) == length


def test_csv_quotes_what_needs_it() -> None:
    catalog = catalog_of([item("m", Kind.MOVIE, FULL)], [KIT])
    odd = replace(catalog.items[0].about, title='Night, "Train"\nPart 2', ids=("eidr:1", "imdb:tt1"))
    catalog = catalog_of([replace(catalog.items[0], about=odd)], [KIT])
    revised = revision(airs(of_kind(Kind.MOVIE)))
    report = told(revised.channel, turns_of(revised, catalog, 1), catalog, Day(MARCH, Zone(), "UTC"))
    text = comma_separated(report)
    assert '"Night, ""Train""\nPart 2"' in text
    (row,) = csv.DictReader(StringIO(text, newline=""))
    assert (row["title"], row["ids"], row["last_msn"]) == (odd.title, "eidr:1 imdb:tt1", "0")
    catalog = catalog_of([replace(catalog.items[0], about=replace(odd, title=' =HYPERLINK("http://x")'))], [KIT])
    report = told(revised.channel, turns_of(revised, catalog, 1), catalog, Day(MARCH, Zone(), "UTC"))
    (row,) = csv.DictReader(StringIO(comma_separated(report), newline=""))
    assert row["title"] == '\' =HYPERLINK("http://x")'
    assert json.loads(jsonl(report).splitlines()[1])["title"] == ' =HYPERLINK("http://x")'


def test_the_text_of_a_day_is_as_it_was_agreed(golden: Any) -> None:
    revised, catalog = sold()
    turns = turns_of(revised, catalog, 3)
    zone = Zone(PARIS)
    report = told(
        revised.channel,
        turns,
        catalog,
        Day(MARCH, zone, "Europe/Paris"),
        pulled={"ad-b": Pulled(GENESIS + timedelta(minutes=1), "a complaint")},
    )
    golden("asrun.jsonl", jsonl(report))
    golden("asrun.csv", comma_separated(report).encode())
