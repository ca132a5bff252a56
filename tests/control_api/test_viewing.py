"""Playing, from the wish to play to what is watched on: sessions, heartbeats, history (B09, B60-B62, B80-B82, C15)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from clients import Client, running
from persons import Times, cheap, person
from sqlmodel import col, delete, select, update
from watching import MINUTE, free_plan, series, titled

from control_api.ids import new_id
from control_api.key_creation import create_key
from control_api.people.roles import Role
from control_api.scopes import Scope
from control_api.site import SITE
from control_api.tables import Asset, PlaySession, Profile, Title, Watched
from control_api.tidying.rows import rows as tidied
from control_api.viewing.closing import close
from playout.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from control_api.settings import Settings

PLAYBACK = "/api/v1/playback"
SESSIONS = "/api/v1/play-sessions"
HISTORY = "/api/v1/history"
GO_ON = "/api/v1/continue-watching"
BORN = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def times() -> Times:
    return Times(BORN)


@pytest.fixture
async def api(settings: Settings, times: Times) -> AsyncIterator[Client]:
    """A server at a time that tests set, where an account plays two things at a time."""
    async with running(
        cheap(settings, access_token_minutes=24 * 60, caller_cache_ms=0, play_flush_ms=60_000), clock=times
    ) as found:
        await free_plan(found, 2)
        yield found


async def begin(client: Client, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    found: dict[str, Any] = (await client.post(SESSIONS, body, status)).json
    return found


async def beat(client: Client, session: str, status: int = 200, **said: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await client.ask("PUT", f"{SESSIONS}/{session}", status, body=said)).json
    return found


async def watch(client: Client, times: Times, title: str, minutes: int, at: int | None = None) -> dict[str, Any]:
    """Play a title for some minutes up to a place in it, and end it."""
    session = (await begin(client, {"title": title}))["id"]
    times.now += timedelta(minutes=minutes)
    place = {"sequence": 1, "position_ms": (minutes if at is None else at) * MINUTE, "played_ms": minutes * MINUTE}
    return (await client.post(f"{SESSIONS}/{session}/end", place, 200)).json  # type: ignore[no-any-return]


async def cards(client: Client) -> list[tuple[str, int, bool]]:
    items = (await client.get(GO_ON)).json["items"]
    return [(card["title"]["name"], card["position_ms"] // MINUTE, card["is_next"]) for card in items]


async def test_a_film_is_begun_beaten_ended_and_gone_on_with(  # noqa: PLR0915 — one story
    api: Client, times: Times
) -> None:
    """B60-B62, B80, B81, BX1, C15, A13: what the player says, the session, the history and the next call say."""
    ada, eve = await person(api, "ada"), await person(api, "eve")
    film = await titled(api, "The Third Man", credits_ms=98 * MINUTE)
    first = (await ada.post(PLAYBACK, {"title": film}, 200)).json
    assert (first["offset_ms"], first["duration_ms"], first["credits_ms"]) == (0, 100 * MINUTE, 98 * MINUTE)
    assert (first["next"], first["autoplay"], first["drm"]) == (None, True, "none")
    alone = first["session"]["id"]

    device = {"id": "tv-1", "name": "Ada's television", "kind": "tv"}
    asked = (await ada.post(PLAYBACK, {"title": film, "session": True, "device": device}, 200)).json
    begun = asked["session"]
    assert (await ada.get(f"{SESSIONS}/{alone}")).json["ended_by"] == "player", "the address alone gives way"
    assert (begun["title_id"], begun["device"], begun["device_kind"]) == (film, "Ada's television", "tv")
    assert (begun["position_ms"], begun["ended_at"], begun["next_beat_ms"]) == (0, None, 10_000)
    one = begun["id"]

    times.now += timedelta(minutes=10)
    said: dict[str, Any] = {
        "sequence": 2,
        "position_ms": 9 * MINUTE,
        "played_ms": 9 * MINUTE,
        "quality": "v720",
        "buffer_ms": 12_000,
    }
    said |= {"bandwidth": 8_000_000, "loaded_bytes": 270_000_000, "startup_ms": 900, "stalls": 1, "stalled_ms": 700}
    heard = await beat(ada, one, **said, errors=1, error="decode")
    assert heard == {"now": "2026-03-01T12:10:00.000Z", "next_beat_ms": 10_000, "sequence": 2, "position_ms": 540_000}
    assert await beat(ada, one, **said, errors=1, error="decode") == heard, "it is said again"
    assert (await beat(ada, one, sequence=1, position_ms=1, quality="v360"))["position_ms"] == 9 * MINUTE, "it was late"
    shown = (await ada.get(f"{SESSIONS}/{one}")).json
    told = ("quality", "bitrate", "bandwidth", "buffer_ms", "startup_ms", "stalls", "stalled_ms", "errors", "error")
    assert [shown[name] for name in told] == ["v720", 4_000_000, 8_000_000, 12_000, 900, 1, 700, 1, "decode"]
    assert (shown["beats"], shown["watched_ms"], shown["percent"]) == (2, 9 * MINUTE, 9)

    (seen,) = (await ada.get(HISTORY)).json["items"]
    profile = (await ada.get(f"{SESSIONS}/{one}")).json["profile_id"]
    assert (seen["profile_id"], seen["title_id"], seen["name"]) == (profile, film, "The Third Man")
    assert (seen["position_ms"], seen["duration_ms"], seen["percent"], seen["times"]) == (540_000, 6_000_000, 9, 0)
    assert seen["watched_at"] == "2026-03-01T12:10:00.000Z"
    assert "url" not in str(seen)

    machine = api.known_by(await create_key(api.app[SITE].settings, "key", [Scope.PLAYBACK], None, system_clock))
    for client in (eve, machine):
        for method, path, body in (("GET", "", None), ("PUT", "", {}), ("DELETE", "", None), ("POST", "/end", {})):
            await client.ask(method, f"{SESSIONS}/{one}{path}", 404, body=body)
    greedy = await beat(ada, one, sequence=3, position_ms=80 * MINUTE, played_ms=500 * MINUTE)
    assert greedy["position_ms"] == 80 * MINUTE
    over = (await ada.post(f"{SESSIONS}/{one}/end", {"sequence": 4, "position_ms": 99 * MINUTE}, 200)).json
    assert (over["ended_by"], over["watched_ms"], over["next_beat_ms"]) == ("player", 10 * MINUTE, None)
    assert (await ada.post(f"{SESSIONS}/{one}/end", {}, 200)).json == over, "whoever says it again is answered the same"
    assert (await beat(ada, one, sequence=3))["sequence"] == 4
    assert "Begin a new session" in (await beat(ada, one, 410, sequence=5))["detail"]
    (seen,) = (await ada.get(HISTORY)).json["items"]
    assert (seen["times"], seen["completed_at"]) == (1, "2026-03-01T12:10:00.000Z"), "its credits had begun"
    assert (await ada.post(PLAYBACK, {"title": film}, 200)).json["offset_ms"] == 0, "it begins anew"
    await watch(ada, times, film, 5)
    assert (await ada.post(PLAYBACK, {"title": film}, 200)).json["offset_ms"] == 5 * MINUTE
    assert (await begin(ada, {"title": film}))["position_ms"] == 5 * MINUTE
    listed = (await ada.get(f"{SESSIONS}?playing=false")).json["items"]
    assert [row["ended_by"] for row in listed] == ["player", "player"]
    assert len((await ada.get(f"{SESSIONS}?playing=true&limit=1")).json["items"]) == 1
    for none, status in (({"title": new_id("ti")}, 404), ({"channel": "none"}, 404), ({}, 422)):
        await ada.post(SESSIONS, none, status)


async def test_who_says_every_two_minutes_where_it_is_loses_nothing(api: Client, times: Times) -> None:
    """B61, B62: as clients of a former system do; and a player that was thought to be silent loses nothing either."""
    ada, site = await person(api, "ada"), api.app[SITE]
    await free_plan(api, 3)
    film = await titled(api, "Rope")
    former = (await ada.post("/api/streaming/session", {"contentId": film}, 201)).json["sessionId"]
    slow = f"/api/streaming/session/{former}"
    quick = (await begin(ada, {"title": film}))["id"]
    for number in range(1, 6):
        times.now += timedelta(minutes=2)
        await close(site.database, site.settings, times.now)
        ended = (await ada.get(f"{SESSIONS}/{quick}")).json["ended_by"]
        assert ended == "silence"
        assert (await ada.get(f"{SESSIONS}/{former}")).json["next_beat_ms"] == 120_000
        assert (await ada.get(f"{SESSIONS}?playing=true")).json["items"][0]["id"] == former
        heard = (await ada.post(f"{slow}/heartbeat", {"currentPosition": 120 * number}, 200)).json
        assert heard["nextHeartbeat"] == 120
        await beat(ada, quick, position_ms=2 * number * MINUTE)
    assert (await ada.get(f"{SESSIONS}/{quick}")).json["watched_ms"] == 10 * MINUTE
    times.now += timedelta(minutes=2)
    over = (await ada.post(f"{slow}/end", None, 200)).json
    assert over == {"duration": 720, "finalPosition": 600}
    (seen,) = (await ada.get(HISTORY)).json["items"]
    assert seen["watched_ms"] == 22 * MINUTE

    gone = (await ada.post("/api/streaming/session", {"contentId": film}, 201)).json["sessionId"]
    times.now += timedelta(minutes=5)
    await close(site.database, site.settings, times.now)
    assert (await ada.get(f"{SESSIONS}/{gone}")).json["ended_by"] == "silence", "after five minutes it is over"
    assert (await ada.ask("POST", f"{SESSIONS}/{gone}/end", 200)).json["ended_by"] == "silence", "without any body"


async def test_no_more_play_than_the_plan_allows_and_the_refusal_says_what_does(api: Client, times: Times) -> None:
    """B60: streams at a time; what is silent does not count, and one of one's own may be ended from elsewhere."""
    ada = await person(api, "ada")
    film, other = await titled(api, "Key Largo"), await titled(api, "Rope")
    first = await begin(ada, {"title": film, "device": {"name": "Tablet", "kind": "tablet"}})
    phone = {"id": "p1", "name": "Phone"}
    second = await begin(ada, {"title": other, "device": phone})
    third = await begin(ada, {"title": film, "device": phone})
    assert (await ada.get(f"{SESSIONS}/{second['id']}")).json["ended_by"] == "player", "the same player plays one thing"
    await beat(ada, second["id"], 410)
    refused = (await ada.post(PLAYBACK, {"title": film, "session": True}, 409)).json
    assert (refused["type"], refused["entitlement"]) == ("/problems/too-many-streams", "streams")
    assert [(one["id"], one["name"], one["device"]) for one in refused["playing"]] == [
        (first["id"], "Key Largo", "Tablet"), (third["id"], "Key Largo", "Phone"),
    ]  # fmt: skip
    await ada.post(PLAYBACK, {"title": film}, 409)
    await ada.post(PLAYBACK, {"title": film, "play_session": third["id"]}, 200)
    await begin(ada, {"title": other}, 409)
    await ada.get(f"/media/{film}/stream-url", 409)

    stopped = (await ada.ask("DELETE", f"{SESSIONS}/{first['id']}")).json
    assert stopped["ended_by"] == "account"
    assert "another device" in (await beat(ada, first["id"], 410))["detail"]
    fourth = await begin(ada, {"title": other})
    times.now += timedelta(seconds=50)
    await beat(ada, fourth["id"], sequence=1, position_ms=50_000)
    times.now += timedelta(seconds=20)
    fifth = await begin(ada, {"title": film})  # the third is silent
    await beat(ada, fifth["id"], sequence=1, position_ms=50_000)
    assert (await beat(ada, third["id"], 409))["playing"], "it cannot be taken up again now"
    assert await close(api.app[SITE].database, api.app[SITE].settings, times.now) == 1
    await ada.post(f"{SESSIONS}/{fifth['id']}/end", {}, 200)
    back = await beat(ada, third["id"], sequence=9, position_ms=90_000)
    assert back["sequence"] == 9
    assert (await ada.get(f"{SESSIONS}/{third['id']}")).json["ended_at"] is None
    times.now += timedelta(minutes=11)
    gone = await beat(ada, third["id"], 410)
    assert "nothing was heard of it" in gone["detail"]
    assert await close(api.app[SITE].database, api.app[SITE].settings, times.now) == 2
    ended = (await ada.get(f"{SESSIONS}/{third['id']}")).json
    assert (ended["ended_by"], ended["ended_at"]) == ("silence", ended["touched_at"])
    hurried = (await begin(ada, {"title": film, "device": phone}))["id"]
    said = [await api.known_by(ada.key).ask("PUT", f"{SESSIONS}/{hurried}", None, body={}) for _ in range(11)]
    assert [one.status for one in said] == [200] * 10 + [429]


async def test_of_each_series_one_card_goes_on(api: Client, times: Times) -> None:
    """BX5, E04, E12, E13: the episode that was begun, or the one after it; removed, and brought back."""
    ada = await person(api, "ada")
    show = await series(api, "Detour", {1: 2, 2: 2})
    film = await titled(api, "Laura")
    assert await cards(ada) == []
    await watch(ada, times, show[1], 20)
    await watch(ada, times, film, 30)
    assert await cards(ada) == [("Laura", 30, False), ("Detour 1x1", 20, False)]
    after = (await ada.post(PLAYBACK, {"title": show[1]}, 200)).json
    assert (after["offset_ms"], after["next"]["id"], after["next"]["name"]) == (
        20 * MINUTE,
        show[2],
        "Detour 1x2",
    )
    await watch(ada, times, show[1], 30, at=49)
    assert await cards(ada) == [("Detour 1x2", 0, True), ("Laura", 30, False)]
    await watch(ada, times, show[2], 48)
    assert (await cards(ada))[0] == ("Detour 2x1", 0, True), "the first of the next season"
    await watch(ada, times, show[4], 50)
    assert await cards(ada) == [("Laura", 30, False)], "nothing follows"
    await watch(ada, times, show[3], 10)
    assert (await cards(ada))[0] == ("Detour 2x1", 10, False)
    await ada.ask("DELETE", f"{GO_ON}/{show[0]}", 204)
    assert await cards(ada) == [("Laura", 30, False)]
    assert len((await ada.get(f"{HISTORY}?title={show[0]}")).json["items"]) == 4, "the history has them still"
    assert len((await ada.get(f"{HISTORY}?title={show[3]}")).json["items"]) == 1
    await watch(ada, times, show[3], 1, at=11)
    assert (await cards(ada))[0] == ("Detour 2x1", 11, False), "seeing more of it brings it back"
    await ada.ask("DELETE", f"{GO_ON}/{show[4]}", 204)
    assert await cards(ada) == [("Laura", 30, False)], "an episode takes its series with it"
    await ada.ask("DELETE", f"{GO_ON}/{new_id('ti')}", 204)

    site = api.app[SITE]
    async with site.database.writing() as session:  # what a kids profile may not see goes, also where it was seen
        await session.exec(update(Profile).values(ceiling=12))
    assert await cards(ada) == []
    assert (await ada.get(HISTORY)).json["items"] == []
    await ada.post(PLAYBACK, {"title": film}, 404)
    async with site.database.writing() as session:
        await session.exec(update(Title).where(col(Title.id) == film).values(age=6))
    assert await cards(ada) == [("Laura", 30, False)]


async def test_what_is_offered_to_be_watched_on_plays(api: Client, times: Times) -> None:
    """BX5, BX9: nothing that is not open yet, or whose rights, or those of its series, have ended."""
    ada, site = await person(api, "ada"), api.app[SITE]
    show = await series(api, "Detour", {1: 3})
    await watch(ada, times, show[1], 50)

    async def offered() -> tuple[str | None, list[str]]:
        after = (await ada.post(PLAYBACK, {"title": show[1]}, None)).json.get("next")
        return after and after["name"], [name for name, _, _ in await cards(ada)]

    async def rights(title: str, start: timedelta, stop: timedelta) -> None:
        begins, ends = times.now + start, times.now + stop
        said = [{"start": begins.isoformat(), "stop": ends.isoformat(), "territories": []}]
        async with site.database.writing() as session:
            values = {"rights": said, "opens_at": begins}
            await session.exec(update(Title).where(col(Title.id) == title).values(**values))

    day = timedelta(days=1)
    assert await offered() == ("Detour 1x2", ["Detour 1x2"])
    await rights(show[2], day, 2 * day)
    assert await offered() == ("Detour 1x3", ["Detour 1x3"])
    await rights(show[3], -2 * day, -day)
    assert await offered() == (None, [])
    await rights(show[3], -day, day)
    assert await offered() == ("Detour 1x3", ["Detour 1x3"])
    await rights(show[0], -2 * day, -day)
    assert await offered() == (None, [])


async def test_history_is_its_owners_to_keep_or_not(  # noqa: PLR0915 — one story
    api: Client, times: Times
) -> None:
    """B09, C34a-C36, E32-E35: pages, a name that outlives the title, deleted one by one or all, switched off."""
    ada = await person(api, "ada")
    films = [await titled(api, f"Film {number}") for number in range(4)]
    for film in films[:3]:
        await watch(ada, times, film, 10)
    page = (await ada.get(f"{HISTORY}?limit=2")).json
    assert [one["name"] for one in page["items"]] == ["Film 2", "Film 1"]
    rest = (await ada.get(page["next"].removeprefix(str(api.root)))).json
    assert ([one["name"] for one in rest["items"]], rest["next"]) == (["Film 0"], None)

    site = api.app[SITE]
    async with site.database.writing() as session:
        title = await session.get(Title, films[0])
        await session.exec(update(Title).where(col(Title.id) == films[1]).values(name="Film One"))
        await session.exec(delete(Asset).where(col(Asset.title_id) == films[0]))
        await session.delete(title)
    names = [(one["name"], one["title_id"]) for one in (await ada.get(HISTORY)).json["items"]]
    assert names == [("Film 2", films[2]), ("Film One", films[1]), ("Film 0", None)]

    entry = (await ada.get(f"{HISTORY}?title={films[2]}")).json["items"][0]["id"]
    eve = await person(api, "eve")
    await eve.ask("DELETE", f"{HISTORY}/{entry}", 404)
    await ada.ask("DELETE", f"{HISTORY}/{entry}", 204)
    await ada.ask("DELETE", f"{HISTORY}/{entry}", 404)
    assert (await ada.post(PLAYBACK, {"title": films[2]}, 200)).json["offset_ms"] == 0
    async with site.database.reading() as session:
        asked_for = col(PlaySession.lent_until).is_(None)
        owners = (await session.exec(select(PlaySession.title_id, PlaySession.profile_id).where(asked_for))).all()
    assert [owner for title, owner in owners if title == films[2]] == [None], "figures stay, of nobody"
    await ada.ask("DELETE", HISTORY, 204)
    assert (await ada.get(HISTORY)).json["items"] == []

    running_one = await begin(ada, {"title": films[3]})
    async with site.database.writing() as session:
        await session.exec(update(Profile).values(keeps_history=False))
    times.now += timedelta(minutes=10)
    await beat(ada, running_one["id"], sequence=1, position_ms=5 * MINUTE, played_ms=5 * MINUTE)
    over = await watch(ada, times, films[1], 7)
    assert (over["profile_id"], over["watched_ms"]) == (None, 7 * MINUTE)
    assert (await ada.get(HISTORY)).json["items"] == []
    assert (await ada.get(f"{SESSIONS}/{running_one['id']}")).json["profile_id"] is None
    times.now += timedelta(minutes=30)
    await close(site.database, site.settings, times.now)
    await ada.get(f"{SESSIONS}/{over['id']}", 404)
    async with site.database.reading() as session:
        row = (await session.exec(select(PlaySession).where(PlaySession.id == over["id"]))).one()
    assert (row.account_id, row.device, row.watched_ms) == (None, "", 7 * MINUTE), "nobody knows whose it was"
    done = await tidied(site.database, site.settings, times.now + timedelta(days=91))
    assert done["play sessions"] == 6
    key = api.known_by(await create_key(site.settings, "back end", list(Scope), None, system_clock))
    await key.get(HISTORY, 403)
    machine = await begin(key, {"title": films[3]})
    times.now += timedelta(minutes=1)
    await beat(key, machine["id"], position_ms=MINUTE)
    assert (await key.get(f"{SESSIONS}/{machine['id']}")).json["profile_id"] is None
    assert (await key.get(SESSIONS)).json["items"][0]["id"] == machine["id"]


async def test_what_plays_now_is_told_to_who_runs_the_station(api: Client, times: Times) -> None:
    """B63: by quality and device, with stalls; and of nobody."""
    boss, ada = await person(api, "boss", Role.OPERATOR), await person(api, "ada")
    film = await titled(api, "Gilda")
    for kind, stalls in (("tv", 0), ("phone", 2)):
        one = (await begin(ada, {"title": film, "device": {"kind": kind}}))["id"]
        said: dict[str, Any] = {
            "sequence": 1,
            "position_ms": 9000,
            "played_ms": 9000,
            "quality": "v720",
            "startup_ms": 400,
        }
        times.now += timedelta(seconds=10)
        await beat(ada, one, **said, stalls=stalls, stalled_ms=500 * stalls, bitrate=3_000_000, errors=stalls)
    site = api.app[SITE]
    await site.viewing.flush()
    now = (await boss.get("/api/v1/streaming/analytics")).json
    assert (now["active_sessions"], now["live_sessions"], now["by_channel"]) == (2, 0, {})
    assert (now["by_quality"], now["by_device"]) == ({"v720": 2}, {"phone": 1, "tv": 1})
    assert now["stall_rate"] == 0.0526
    await ada.get("/api/v1/streaming/analytics", 403)
    figures = (await boss.get("/metrics")).body.decode()
    assert "fastline_api_beats_total 2.0" in figures
    assert "fastline_play_sessions 2.0" in figures
    assert "fastline_api_flush_seconds_count 2.0" in figures


@asynccontextmanager
async def two(settings: Settings, times: Times) -> AsyncIterator[tuple[Client, Client]]:
    """Two processes' worth of servers with one database."""
    told = cheap(settings, play_sessions=10, play_flush_ms=60_000)
    async with running(told, clock=times) as one, running(told, clock=times) as other:
        await free_plan(one, 1000)
        yield one, other


async def test_two_processes_know_together_what_each_has_heard(settings: Settings, times: Times) -> None:
    """Whichever of them a heartbeat comes to, and nothing is counted twice."""
    async with two(settings, times) as (one, other):
        ada = await person(one, "ada")
        there = other.known_by(ada.key)
        film = await titled(one, "Notorious")
        name = (await begin(ada, {"title": film}))["id"]
        for number in range(1, 9):
            times.now += timedelta(minutes=1)
            here = (ada, there)[number % 2]
            said = {"sequence": number, "position_ms": number * MINUTE, "played_ms": number * MINUTE}
            await beat(here, name, **said, quality=f"v{number}", stalls=number // 3)
            if number in (3, 6):
                await one.app[SITE].viewing.flush()
            if number in (4, 6):
                await other.app[SITE].viewing.flush()
        for client in (one, other, one):
            await client.app[SITE].viewing.flush()
        shown = (await there.get(f"{SESSIONS}/{name}")).json
        assert (shown["beats"], shown["position_ms"], shown["watched_ms"]) == (8, 8 * MINUTE, 8 * MINUTE)
        assert (shown["quality"], shown["stalls"]) == ("v8", 2)
        (seen,) = (await ada.get(HISTORY)).json["items"]
        assert (seen["watched_ms"], seen["position_ms"]) == (8 * MINUTE, 8 * MINUTE)
        await there.ask("DELETE", f"{SESSIONS}/{name}")
        await beat(ada, name, sequence=9, position_ms=9 * MINUTE)  # this process has not heard of it yet
        await one.app[SITE].viewing.flush()
        assert "another device" in (await beat(ada, name, 410, sequence=10))["detail"]


async def test_while_the_database_is_away_the_newest_of_each_waits_and_no_more_than_is_set(
    settings: Settings, times: Times
) -> None:
    """Heartbeats go on; memory is flat; and what is gone meanwhile is let go."""
    async with two(settings, times) as (one, _):
        ada, eve, site = await person(one, "ada"), await person(one, "eve"), one.app[SITE]
        films = [await titled(one, f"Film {number}") for number in range(2)]
        names = [(await begin(ada, {"title": films[number % 2]}))["id"] for number in range(10)]
        times.now += timedelta(seconds=30)
        for number in range(3):
            for name in names:
                await beat(ada, name, sequence=number + 1, position_ms=30_000, played_ms=30_000)
        assert (site.viewing.due, len(site.viewing)) == (10, 10)
        assert site.viewing.next_ms == 40_000, "players are asked to wait longer"
        refused = await begin(eve, {"title": films[0]}, 503)
        assert "wait for the database" in refused["detail"]
        async with site.database.writing() as session:
            await session.exec(delete(PlaySession).where(col(PlaySession.id) == names[0]))
        await site.viewing.flush()
        assert site.viewing.due == 0
        await beat(ada, names[0], 404)
        async with site.database.reading() as session:
            (seen, another) = (await session.exec(select(Watched))).all()
        assert seen.watched_ms + another.watched_ms == 9 * 30_000
        await begin(ada, {"title": films[0]})
        assert len(site.viewing) == 10, "who was written gives way"
