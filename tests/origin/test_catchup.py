"""Catch-up as IPTV apps ask for it: every spelling leads to the stretch that is meant, or is refused with words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from multidict import MultiDict
from origins import Origin, joined
from stations import GENESIS

from playout.core.ticks import ticks_since, utc_text
from playout.origin.asked import LONGEST, Past, past

if TYPE_CHECKING:
    from stations import Station

NOW = datetime(2026, 3, 1, 18, tzinfo=UTC)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
STOP = datetime(2026, 3, 1, 13, 30, tzinfo=UTC)
AT, TO, PRESENT = (int(instant.timestamp()) for instant in (START, STOP, NOW))
CLOSED = Past(START, STOP, open=False)
LAG = timedelta(seconds=30)
JUST_NOW, LONG_AGO = NOW - timedelta(seconds=20), START - timedelta(seconds=999_999)


def query(text: str) -> MultiDict[str]:
    return MultiDict((name, value) for name, _, value in (pair.partition("=") for pair in text.split("&")) if name)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", None),
        ("_HLS_msn=7", None),
        (f"lutc={PRESENT}", None),  # a live address that says when it was asked for
        (f"from={AT}&to={TO}", CLOSED),
        (f"utc={AT}&utcend={TO}", CLOSED),
        (f"start={AT}&end={TO}", CLOSED),
        (f"utc={AT}&duration=5400", CLOSED),
        (f"utc={AT}&utcend={TO}&lutc={PRESENT}", CLOSED),
        (f"utc={AT}&lutc={PRESENT}", Past(START, NOW - LAG, open=False)),
        (f"utc={AT}&lutc={TO}", Past(START, STOP - LAG, open=False)),
        (f"utc={AT}&lutc={PRESENT + 9999}", Past(START, NOW - LAG, open=False)),
        (f"utc={PRESENT - 20}&lutc={PRESENT}", Past(JUST_NOW, JUST_NOW + LONGEST, open=True)),
        (f"utc={AT - 999_999}&lutc={PRESENT}", Past(LONG_AGO, LONG_AGO + LONGEST, open=False)),
        (f"from={AT}", Past(START, START + LONGEST, open=True)),
    ],
)  # fmt: skip
def test_every_spelling_means_a_stretch(text: str, found: Past | None) -> None:
    assert past(query(text), NOW) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"to={TO}", "to needs from"),
        ("duration=60", "duration needs from"),
        (f"from={AT}&utc={AT}", "from and utc are given both: they mean the same"),
        (f"from={AT}&to={TO}&end={TO}", "to and end are given both: they mean the same"),
        (f"utc={AT}&utcend={TO}&duration=60", "utcend and duration are given both: one is enough"),
        (f"utc={PRESENT + 60}", "utc lies in the future"),
        (f"utc={TO}&utcend={AT}", "utcend must come after from"),
        (f"utc={AT}&duration=0", "duration must be more than 0"),
        (f"utc={AT}&duration=1.5", "duration must be a whole number of seconds"),
        (f"utc={AT}&duration=86401", "duration is more than 24 hours"),
        (f"from={AT}&to={AT + 86401}", "from and to are more than 24 hours apart"),
        ("utc={utc}", "utc must be an instant: 2026-11-21T20:15:00Z, or seconds since 1970"),
        (f"utc={AT}&lutc=now", "lutc must be an instant: 2026-11-21T20:15:00Z, or seconds since 1970"),
        (f"utc={AT}&utc={AT}", "utc is given more than once"),
    ],
)
def test_what_makes_no_sense_is_refused_with_words(text: str, said: str) -> None:
    with pytest.raises(web.HTTPBadRequest) as refused:
        past(query(text), NOW)
    assert refused.value.text == f"{said}\n"


def air(station: Station, until: datetime) -> None:
    while station.moments.now < until:
        station.moments.now = min(station.moments.now + timedelta(minutes=5), until)
        station.look()


def test_the_stretch_is_passed_on_to_every_player_s_renditions() -> None:
    assert CLOSED.query == f"?from={utc_text(START)}&to={utc_text(STOP)}"


async def test_the_addresses_of_other_servers_lead_to_the_same_stretch(origin: Origin) -> None:
    air(origin.station, GENESIS + timedelta(hours=1))
    now = int(origin.station.moments.now.timestamp())
    start, stop = GENESIS + timedelta(minutes=10), GENESIS + timedelta(minutes=20)
    first, last = int(start.timestamp()), int(stop.timestamp())
    wanted = await origin.text(f"/live/films/index.m3u8?from={first}&to={last}")
    for path in (
        f"index.m3u8?utc={first}&utcend={last}",
        f"index.m3u8?utc={first}&duration=600",
        f"archive-{first}-600.m3u8",
        f"index-{first}-600.m3u8",
        f"video-{first}-600.m3u8",
    ):
        assert await origin.text(f"/live/films/{path}") == wanted
    so_far = await origin.text(f"/live/films/index.m3u8?utc={first}&lutc={now}")
    for path in (f"timeshift_rel-{now - first}.m3u8", f"timeshift_abs-{first}.m3u8"):
        assert await origin.text(f"/live/films/{path}") == so_far
    top = await origin.playlist(f"/live/films/timeshift_rel-{now - first}.m3u8")
    page = await origin.playlist(joined("/live/films/index.m3u8", top.playlists[0].uri))
    assert page.is_endlist
    assert page.segments[0].program_date_time <= start + timedelta(seconds=1)
    played = sum(segment.duration for segment in page.segments)
    assert abs(played - (now - 30 - first)) < 8


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/live/nope/timeshift_rel-60.m3u8", 404),
        ("/live/films/timeshift_abs-99999999999.m3u8", 400),
        ("/live/films/archive-1772366400-0.m3u8", 400),
        ("/live/films/archive-1772366400-999999999.m3u8", 400),
        ("/live/films/timeshift_rel-.m3u8", 404),
        ("/live/films/timeshift_rel-999999999.m3u8", 200),
    ],
)
async def test_addresses_that_mean_nothing_are_refused(origin: Origin, path: str, status: int) -> None:
    await origin.get(path, status=status)


async def test_what_begins_within_the_second_that_is_asked_for_begins_the_stretch(origin: Origin) -> None:
    """A guide has whole seconds: who asks for a program must not get the end of the one before."""
    air(origin.station, GENESIS + timedelta(hours=1))
    log = origin.station.on_air("films").log
    aired = ticks_since(GENESIS, origin.station.moments.now - timedelta(minutes=1))
    odd = [turn for turn in log.turns[1:] if turn.start % 90_000 and turn.end < aired]
    assert odd
    for turn in odd:
        begun = GENESIS + timedelta(microseconds=turn.start * 100 // 9)
        second = int(begun.timestamp())
        page = await origin.playlist(f"/live/films/v360.m3u8?from={second}&to={second + 20}")
        assert abs(page.segments[0].program_date_time - begun) < timedelta(milliseconds=2)
        assert turn.airings[0].asset in page.segments[0].uri
        exact = await origin.playlist(f"/live/films/v360.m3u8?from={second}.001&to={second + 20}")
        assert exact.segments[0].program_date_time <= begun
        assert turn.airings[0].asset not in exact.segments[0].uri
