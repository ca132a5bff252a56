"""What is counted of sessions: the same however the work is cut; what aired adds up to what was watched (B98, B79)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control_api.analytics import visitors
from control_api.analytics.counting import About, Aired, Count, Key, Look, Rules, State, Sums, Visits, _cut, _seen
from control_api.analytics.days import Days
from control_api.callers import ANONYMOUS, Caller, Viewer
from control_api.tables import PlaySession
from control_api.viewing.playing import instant, millis

START = millis(datetime(2026, 3, 1, 22, 30, tzinfo=UTC))
MINUTE = 60_000
NOW = instant(START)
RULES = Rules(view_ms=30_000, again_ms=30 * MINUTE, behind_ms=6000)
ZONE = Days("Europe/Lisbon")


def air(*lengths: int) -> tuple[Aired, ...]:
    """Films of so many seconds, each with an ad in it, and slate behind every second one; a hole where it is 0."""
    found, at = [], START - 10 * MINUTE
    for number, seconds in enumerate(lengths):
        name, since = f"film-{number}", at
        for role, asset, ms in (
            ("program", name, seconds * 500),
            ("ad", "ad-a", 15_000 if seconds else 0),
            ("program", name, seconds * 500),
            ("slate", "slate", 3000 * (number % 2)),
        ):
            if ms:
                program = "" if role == "slate" else name
                found.append(Aired(at, at + ms, role, asset, program, since if program else 0))
                at += ms
        at += 0 if seconds else 20_000
    return tuple(found)


AIR = air(40, 300, 0, 90, 700, 900)
ABOUT = About(
    above={"episode": ("season", "series"), "film": ()},
    titles={f"film-{number}": "film" if number % 2 else "episode" for number in range(6)},
    air={"films": AIR},
)


@st.composite
def looks(draw: st.DrawFn) -> list[Look]:
    """Several sessions, looked at again and again in the order in which they were heard of."""
    found = []
    for number in range(draw(st.integers(1, 4))):
        live = draw(st.booleans())
        look = Look(
            id=f"ps_{number}",
            started=START + draw(st.integers(0, 20)) * MINUTE,
            touched=0,
            title="" if live else draw(st.sampled_from(["film", "episode", ""])),
            channel="films" if live else "",
            profile=draw(st.sampled_from(["", "pr_1", "pr_2"])),
            who=draw(st.sampled_from(["", "ada", "bob"])),
            device=draw(st.sampled_from(["tv", ""])),
            duration_ms=0 if live else draw(st.sampled_from([0, 40_000, 5_400_000])),
        )
        at = look.started
        for _ in range(draw(st.integers(1, 6))):
            passed = draw(st.integers(0, 40)) * 7000
            at += passed
            played = draw(st.integers(0, passed))
            look = replace(
                look,
                touched=at,
                watched_ms=look.watched_ms + played,
                position_ms=draw(st.just(look.position_ms + played) | st.integers(0, 5_500_000)),
                quality=draw(st.sampled_from(["v720", "v1080"])),
                startup_ms=draw(st.sampled_from([look.startup_ms, 700])),
                stalls=look.stalls + draw(st.integers(0, 2)),
                stalled_ms=look.stalled_ms + draw(st.integers(0, 900)),
                errors=look.errors + draw(st.integers(0, 1)),
                bitrate=draw(st.sampled_from([0, 2_000_000, 5_000_000])),
            )
            found.append(look)
    return sorted(found, key=lambda one: (one.touched, one.id))


def counted(batches: list[list[Look]]) -> tuple[Sums, Counter[tuple[str, int]], int]:
    """What these batches come to, each counted by a process that knows what the ones before have written."""
    sums: Sums = {}
    seen: Counter[tuple[str, int]] = Counter()
    states: dict[str, State] = {}
    visits: Visits = {}
    came: dict[str, tuple[str, str]] = {}
    views = 0
    for batch in batches:
        count = Count(RULES, ZONE, ABOUT)
        for look in batch:
            states[look.id] = count.look(look, states.get(look.id))
        views += len(count.settle(visits, lambda day, who: f"{day} {who}"))
        came |= count.came(came)
        for key, amounts in count.sums.items():
            sums.setdefault(key, Counter()).update(amounts)
        seen.update(count.seen)
    return {key: +amounts for key, amounts in sums.items() if +amounts}, seen, views


@settings(max_examples=60)
@given(looks(), st.sets(st.integers(0, 24)), st.booleans())
def test_however_the_work_is_cut_and_however_often_it_is_done_again_the_sums_are_the_same(
    all_of_them: list[Look],
    cuts: set[int],
    again: bool,  # noqa: FBT001 — Hypothesis chooses
) -> None:
    whole = counted([all_of_them])
    edges = [0, *sorted(cut for cut in cuts if cut < len(all_of_them)), len(all_of_them)]
    parts = [all_of_them[start:stop] for start, stop in pairwise(edges)]
    if again:  # a session that has not changed is looked at once more
        newest = {look.id: look for part in parts for look in part}
        parts.append(list(newest.values()))
    assert counted(parts) == whole
    sums = whole[0]

    def total(kind: str, name: str, *, part: str | None = "") -> int:
        return sum(
            amounts[name] for key, amounts in sums.items() if key.kind == kind and (part is None or key.part == part)
        )

    last = {look.id: look for look in all_of_them}.values()
    assert total("all", "watched_ms") == sum(look.watched_ms for look in last)
    assert total("all", "sessions") == len(last)
    assert total("hour", "watched_ms") == total("all", "watched_ms")
    devices = sum(v["watched_ms"] for key, v in sums.items() if key.kind == "all" and key.part.startswith("device:"))
    assert devices == total("all", "watched_ms")
    assert total("all", "on_demand") == sum(not look.channel for look in last)
    for name in ("sessions", "on_demand", "shares", "completions"):
        of_devices = sum(v[name] for key, v in sums.items() if key.kind == "all" and key.part.startswith("device:"))
        assert of_devices == total("all", name)
    live = sum(look.watched_ms for look in last if look.channel)
    aired = sum(total(kind, "watched_ms", part="channel:films") for kind in ("program", "ad", "slate", "unlogged"))
    assert aired == live == total("channel", "watched_ms")
    assert total("all", "errors") == sum(look.errors for look in last)
    assert total("startup", "sessions") == sum(look.startup_ms is not None for look in last) + sum(
        amounts["sessions"] for key, amounts in sums.items() if key.kind == "startup" and key.part
    ) - sum(look.startup_ms is not None for look in last if look.channel)
    assert total("title", "viewers") <= total("title", "views") <= 6 * len(last) * 3


@given(st.integers(-12 * MINUTE, 60 * MINUTE), st.integers(1, 50 * MINUTE))
def test_a_stretch_of_a_channel_is_cut_by_what_aired_without_a_gap(start: int, length: int) -> None:
    start += START
    parts = _cut(AIR, start, start + length)
    assert sum(until - since for _, since, until in parts) == length
    assert [since for _, since, _ in parts] == [start, *(until for *_, until in parts)][: len(parts)]
    for aired, since, until in parts:
        if aired is None:
            assert not any(one.start < until and since < one.stop for one in AIR)
        else:
            assert aired.start <= since < until <= aired.stop


def test_a_program_is_viewed_once_for_each_airing_and_its_ads_and_what_is_late_count_apart() -> None:
    """A player that is six seconds behind sees the end of a film six seconds later (B98)."""
    first = AIR[0]
    film = first.program_from
    count = Count(RULES, ZONE, ABOUT)
    stop = film + 40_000 + 15_000 + 6000  # the whole film with its ad, as this player sees it
    look = Look("ps_1", film, stop, channel="films", watched_ms=55_000, who="ada")
    state = count.look(look, None)
    count.settle({}, lambda _, who: who)
    day = ZONE.day(film)
    assert count.sums[Key("program", "film-0", "channel:films", day)] == Counter(
        {"sessions": 1, "watched_ms": 40_000, "views": 1, "viewers": 1}
    )
    assert count.sums[Key("ad", "ad-a", "channel:films", day)]["watched_ms"] == 15_000
    assert count.sums[Key("title", "series", "", day)] == Counter({"watched_ms": 40_000, "views": 1, "viewers": 1})
    assert count.sums[Key("title", "episode", "live", day)]["watched_ms"] == 40_000
    assert (state.program, state.program_viewed) == ("film-0", True)


@pytest.mark.parametrize(
    ("position", "last", "more", "hundredths"),
    [
        (100_000, None, 100_000, range(10)),  # from the beginning
        (500_000, None, 50_000, range(45, 50)),  # gone on with where it was left
        (200_000, 100_000, 90_000, range(10, 20)),  # played, as fast as that
        (900_000, 100_000, 50_000, range(85, 90)),  # a jump
        (50_000, 900_000, 50_000, range(5)),  # back to the beginning
        (1_200_000, 990_000, 200_000, range(99, 100)),  # beyond the end
        (0, 0, 1000, range(0)),
    ],
)
def test_what_was_seen_of_a_title_follows_from_where_it_was(
    position: int, last: int | None, more: int, hundredths: range
) -> None:
    """B102."""
    found = _seen(Look("ps", 0, 0, title="film", position_ms=position, duration_ms=1_000_000), more, last)
    assert [number for number in range(100) if found >> number & 1] == list(hundredths)


def test_views_of_one_visitor_count_again_after_a_while_and_anew_on_another_day() -> None:
    def viewed(*minutes: int, who: str = "ada") -> tuple[int, int]:
        visits: Visits = {}
        sums: Counter[str] = Counter()
        for number, minute in enumerate(minutes):
            count = Count(RULES, ZONE, ABOUT)
            at = START + minute * MINUTE
            count.look(Look(f"ps_{number}", at, at + MINUTE, title="film", watched_ms=MINUTE, who=who), None)
            count.settle(visits, lambda day, who: f"{day} {who}")
            for key, amounts in count.sums.items():
                if key.kind == "title" and not key.part:
                    sums.update(amounts)
        return sums["views"], sums["viewers"]

    assert viewed(0, 5, 29) == (1, 1)
    assert viewed(0, 20, 40) == (2, 1)
    assert viewed(0, 5, 29, who="") == (3, 0)  # nobody is known again
    assert viewed(80, 100) == (2, 2)  # midnight in Lisbon lies between: days know nothing of each other


def test_days_are_those_of_the_zone_and_pieces_are_as_long_as_the_whole() -> None:
    kolkata = Days("Asia/Kolkata")
    at = millis(datetime(2026, 3, 1, 18, 20, tzinfo=UTC))
    assert list(kolkata.pieces(at, at + 20 * MINUTE)) == [
        ("2026-03-01", 23, 10 * MINUTE),
        ("2026-03-02", 0, 10 * MINUTE),
    ]
    assert kolkata.today(instant(at) + timedelta(hours=1)).isoformat() == "2026-03-02"


def test_a_visitor_is_a_hash_of_a_day_and_of_an_address_only_the_network_counts() -> None:
    """D05, D35: two neighbours with one device are one; nothing that is kept names either."""
    ada = Caller("ac_1", "ada", frozenset(), is_person=True, viewer=Viewer("pr_1", "Ada"))
    key = Caller("ak_1", "shop", frozenset())
    assert visitors.of_caller(ada, "203.0.113.9", "tv") == visitors.of_profile("pr_1")
    assert visitors.of_caller(key, "203.0.113.9", "tv") == visitors.of_caller(key, "203.0.113.77", "tv")
    assert visitors.of_caller(key, "203.0.113.9", "tv") != visitors.of_caller(key, "203.0.114.9", "tv")
    assert visitors.of_caller(key, "2001:db8:1:2::3", "") == visitors.of_caller(key, "2001:db8:1:ffff::", "")
    assert visitors.of_caller(key, "203.0.113.9", "tv", "u7") == visitors.of_caller(key, "198.51.100.1", "pc", "u7")
    assert visitors.of_caller(ANONYMOUS, "unknown", "tv") == "from::tv"
    one, other = visitors.hashed(b"monday", "from:203.0.113.0/24:tv"), visitors.hashed(b"tuesday", "x")
    assert len(one) == 32
    assert "203" not in one
    assert one != other
    phone = PlaySession(id="pl_1", key_id="ak_1", device_id="u7", started_at=NOW, touched_at=NOW)
    assert visitors.of_session(phone) == visitors.of_caller(key, "198.51.100.1", "pc", "u7")
    assert visitors.of_session(PlaySession(id="pl_2", started_at=NOW, touched_at=NOW)) == "session:pl_2"
