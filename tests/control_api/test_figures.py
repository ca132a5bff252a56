"""Figures of what was really watched: from players over play sessions to answers, and nothing of who it was.

B15, B63, B79, B98-B102, D05, D24, D25, D35, DX1, DX2, DX4.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from clients import Client, running
from persons import cheap, person
from sqlalchemy import text
from sqlmodel import col, select
from watching import MINUTE, free_plan, series, titled

from control_api.analytics.rolling import BEHIND_MS, Roller
from control_api.backups.rows import tables
from control_api.key_creation import create_key
from control_api.scopes import Scope
from control_api.site import SITE
from control_api.tables import Asset, FigureDay, Title, Visit, VisitKey
from control_api.tidying.rows import rows as tidied
from control_api.viewing.playing import millis
from playout.clock import system_clock
from playout.core.ticks import instant_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desks import House

    from control_api.settings import Settings

SESSIONS = "/api/v1/play-sessions"
TOLD = "/api/v1/analytics"


@asynccontextmanager
async def station(settings: Settings, desk: House, **more: Any) -> AsyncIterator[Client]:
    """A server of that station, at its time, where an account plays three things at a time."""
    long = {"access_token_minutes": 24 * 60, "caller_cache_ms": 0, "play_flush_ms": 60_000}
    given = {**long, "figures_smallest": 2, "figures_cache_seconds": 0, **more}
    async with running(cheap(settings, **given), clock=desk.clock) as found:
        await free_plan(found, 3)
        yield found


def roller(client: Client, **more: Any) -> Roller:
    """Another process that would count."""
    site = client.app[SITE]
    return Roller(site.settings.model_copy(update=more), site.database, site.master.station, site.clock)


async def counted(client: Client, **more: Any) -> int:
    """Have everything written and counted."""
    await client.app[SITE].viewing.flush()
    return await roller(client, **more).once()


def later(desk: House, **span: float) -> None:
    """Let time pass."""
    desk.station.moments.now += timedelta(**span)


async def played(client: Client, desk: House, what: dict[str, str], minutes: int, **said: Any) -> str:
    """Play something for some minutes up to a place in it, and say so twice; the session."""
    kind = said.pop("kind", "tv")
    device = {"id": f"{kind}-1", "name": "A player", "kind": kind}
    session: str = (await client.post(SESSIONS, {**what, "device": device}, 201)).json["id"]
    since = said.pop("since", 0)
    steps = sorted({minutes // 2 or 1, minutes})
    for minute in steps:
        later(desk, minutes=minutes / len(steps))
        beat = {"sequence": minute, "played_ms": minute * MINUTE, "quality": "v720", **said}
        beat |= {"position_ms": (since + minute) * MINUTE} if "title" in what else {}
        await client.ask("PUT", f"{SESSIONS}/{session}", 200, body=beat)
    return session


async def aired_as(client: Client, asset: str, title: str) -> None:
    """Let an asset of the station be of that title."""
    site = client.app[SITE]
    async with site.database.writing() as session:
        session.add(
            Asset(
                id=asset, title_id=title, house="fast", kind="movie", work=title, duration_ms=1, added_at=site.clock()
            )
        )


async def views(client: Client, title: str) -> int:
    async with client.app[SITE].database.reading() as session:
        return (await session.exec(select(Title.views).where(Title.id == title))).one()


async def test_what_players_say_becomes_figures_of_titles_days_and_devices(  # noqa: PLR0915 — one story
    settings: Settings, desk: House
) -> None:
    """B15, B100, B101, DX1: start-up, stalls, bit rate and errors, what is seen most, and a minute's memory of it."""
    async with station(settings, desk, figures_cache_seconds=60) as nobody:
        admin = nobody.known_by(await create_key(settings, "desk", list(Scope), None, system_clock))
        ada, bob = await person(nobody, "ada"), await person(nobody, "bob")
        film = await titled(nobody, "=1+1", credits_ms=98 * MINUTE)
        whole, episode = await series(nobody, "Noir", {1: 1}, minutes=10)
        quality = {"startup_ms": 900, "bitrate": 4_000_000, "stalls": 1, "stalled_ms": 6000, "errors": 1}
        first = await played(ada, desk, {"title": film}, 10, **quality)
        await ada.post(f"{SESSIONS}/{first}/end", {}, 200)
        assert await counted(nobody) == 1
        assert await counted(nobody) == 0, "nothing is new"
        await played(ada, desk, {"title": film}, 2, since=10)  # she goes on after a moment: that is no other view
        await played(bob, desk, {"title": film}, 5, since=94, kind="phone")
        await played(bob, desk, {"title": episode}, 10)
        later(desk, seconds=10)
        await nobody.app[SITE].viewing.flush()
        for moment in (2, 9, 30, 90):  # a process that dies at any instant leaves all of a batch, or nothing
            dying = asyncio.get_running_loop().create_task(roller(nobody).once())
            for _ in range(moment):
                await asyncio.sleep(0.001)
            dying.cancel()
            await asyncio.wait([dying])
        one, other = roller(nobody), roller(nobody)
        await asyncio.gather(one.once(), other.once())  # two that take themselves for the one
        await counted(nobody)

        day = desk.now.date().isoformat()
        shown = (await admin.get(f"{TOLD}/titles/{film}")).json
        amounts = shown["amounts"]
        assert (shown["name"], shown["span"]["last"], shown["span"]["zone"]) == ("=1+1", day, "UTC")
        names = ("views", "viewers", "sessions", "watched_ms", "completions", "stalls", "errors", "bitrate")
        assert [amounts[name] for name in names] == [2, 2, 3, 17 * MINUTE, 1, 1, 1, 4_000_000]
        assert amounts["stall_ratio"] == round(6000 / (17 * MINUTE + 6000), 4)
        assert amounts["watched_share"] == round(0.17 / 3, 4)
        assert amounts["completed_share"] == round(1 / 3, 4)
        assert await views(nobody, film) == 2
        # the phone's one session would tell of one person: two are the fewest that are shown
        assert [(one["name"], one["amounts"]["sessions"]) for one in shown["devices"]] == [("tv", 2)]
        curve = [point["share"] for point in shown["drop_off"]]
        assert (curve[:12], curve[12:94], curve[94:99]) == ([0.3333] * 12, [0.0] * 82, [0.3333] * 5)
        assert len(shown["days"]) == 30
        assert shown["days"][-1]["amounts"] == amounts

        assert [await views(nobody, name) for name in (whole, episode)] == [1, 1]
        above = (await admin.get(f"{TOLD}/titles/{whole}")).json["amounts"]
        assert (above["views"], above["watched_ms"], above["completions"]) == (1, 10 * MINUTE, 1)

        everything = (await admin.get(f"{TOLD}/overview")).json
        assert everything["amounts"]["watched_ms"] == 27 * MINUTE
        assert (everything["amounts"]["views"], everything["amounts"]["viewers"]) == (3, 2)
        assert everything["before"]["views"] == 0
        assert everything["active"] == {"day": 2, "week": 2, "month": 2}
        assert everything["titles"][0]["id"] == film
        assert everything["playing"]["total"] == 1, "the others were not heard of for long"

        top = (await admin.get(f"{TOLD}/top?by=watched_ms&kind=movie&kind=episode")).json["items"]
        assert [(one["id"], one["amounts"]["views"]) for one in top] == [(film, 2), (episode, 1)]
        assert [(one["kind"], one["series"]) for one in top] == [("movie", ""), ("episode", "Noir")]
        wholes = (await admin.get(f"{TOLD}/top")).json["items"]
        assert [(one["id"], one["kind"]) for one in wholes] == [(film, "movie"), (whole, "series")]
        assert [one["id"] for one in everything["titles"]] == [film, whole], "and no episode beside its series"
        periods = (await admin.get(f"{TOLD}/overview?format=csv")).body.decode().splitlines()
        assert [line.split(",")[1:4] for line in periods[1:]] == [
            [(desk.now.date() - timedelta(days=30)).isoformat(), "UTC", "0"],
            [day, "UTC", "3"],
        ]
        table = (await admin.get(f"{TOLD}/top?format=csv")).body.decode()
        assert table.startswith("id,name,kind,series,amounts.views,amounts.viewers,")
        assert f"{film},'=1+1,movie,,2,2," in table, "what people call things is no formula"

        hours = (await admin.get(f"{TOLD}/hours")).json["items"]
        assert len(hours) == 168
        assert sum(one["watched_ms"] for one in hours) == 27 * MINUTE
        how = (await admin.get(f"{TOLD}/quality")).json
        assert (how["startup_sessions"], how["startup_ms"]["p50"]) == (1, 875)
        assert [(one["name"], one["amounts"]["watched_ms"]) for one in how["items"]] == [("v720", 27 * MINUTE)]
        devices = (await admin.get(f"{TOLD}/devices")).json["items"]
        assert [(one["name"], one["amounts"]["watched_ms"]) for one in devices] == [
            ("tv", 22 * MINUTE),
            ("phone", 5 * MINUTE),
        ]
        come = (await admin.get(f"{TOLD}/engagement")).json
        assert (come["new_viewers"], come["returns"], come["watched_ms_per_viewer"]) == (2, 0, 27 * MINUTE // 2)
        flat = (await admin.get(f"{TOLD}/engagement?format=csv")).body.decode().splitlines()
        row = dict(zip(*(line.split(",") for line in flat), strict=True))
        assert (row["new_viewers"], row["amounts.on_demand"], row["active.month"]) == ("2", "4", "2")
        months = (await admin.get(f"{TOLD}/series?by=month&split=device&format=csv")).body.decode().splitlines()
        assert len([line for line in months if line.split(",")[1] == "tv"]) >= 1
        assert (await admin.get(f"{TOLD}/drop-off?title={episode}")).json["items"] is None, "one session alone"
        for path in ("drop-off?title=", "titles/"):
            await admin.get(f"{TOLD}/{path}ti_0199f0c47b1c7d3a9e52c1d4b7a60f38", 404)

        # an answer is given again for a while, and 304 is enough for who holds it
        await played(ada, desk, {"title": episode}, 1)
        await counted(nobody)
        later(desk, seconds=-45)
        again = await admin.get(f"{TOLD}/overview")
        later(desk, seconds=30)
        assert (await admin.get(f"{TOLD}/overview", 304, headers={"If-None-Match": again.etag})).body == b""
        measured = (await admin.get("/metrics")).body.decode()
        assert 'fastline_api_figures_total{found="hit"}' in measured
        later(desk, seconds=75)
        assert (await admin.get(f"{TOLD}/overview")).json["amounts"]["watched_ms"] == 28 * MINUTE

        # another day: ada comes back, and nothing tells that she was there before but that she did
        later(desk, hours=15)
        await played(ada, desk, {"title": film}, 1, since=20)
        await counted(nobody)
        come = (await admin.get(f"{TOLD}/engagement")).json
        assert (come["new_viewers"], come["returns"], come["active"]["day"]) == (2, 1, 1)
        async with nobody.app[SITE].database.reading() as session:
            today = desk.now.date().isoformat()
            assert set((await session.exec(select(Visit.day))).all()) == {today}
            assert (await session.exec(select(VisitKey.day))).all() == [today]
            visitors = [row.visitor for row in (await session.exec(select(Visit))).all()]
            assert {len(visitor) for visitor in visitors} == {32}
            for table in ("figure_day", "visit", "visit_key", "view_sent", "title_view", "play_counted", "viewer_days"):
                found = (await session.exec(text(f'SELECT * FROM "{table}"'))).all()  # type: ignore[call-overload] # noqa: S608
                assert "127.0.0" not in str(found)
        assert not {"visit", "visit_key", "view_sent"} & {table.name for table in tables()}, "no backup knows them"

        stats = (await admin.get("/api/v1/stats")).json["audience"]
        counts = ("playing", "views_today", "views_month", "watched_ms_month", "subscriptions")
        assert [stats[name] for name in counts] == [1, 1, 5, 29 * MINUTE, {}], "B70"

        # sums go when they are old enough, and nothing else does
        later(desk, days=40)
        site = nobody.app[SITE]
        gone = await tidied(site.database, site.settings.model_copy(update={"figure_days": 20}), desk.now)
        assert gone["figures"] > 0
        assert gone["views"] > 0
        async with site.database.reading() as session:
            assert (await session.exec(select(FigureDay.day).where(col(FigureDay.day) <= today))).all() == []
        assert await views(nobody, film) == 3


async def test_what_is_watched_of_a_channel_is_of_the_program_that_aired(  # noqa: PLR0915 — one story
    settings: Settings, desk: House
) -> None:
    """By the log: programs, ads and slate apart, and how many watch at once."""
    async with station(settings, desk) as nobody:
        admin = nobody.known_by(await create_key(settings, "desk", list(Scope), None, system_clock))
        ada, bob = await person(nobody, "ada"), await person(nobody, "bob")
        title = await titled(nobody, "Film A", minutes=0)
        await aired_as(nobody, "film-a", title)
        asked = [{"channel": "late"}, {"channel": "films"}]
        sessions = [(await one.post(SESSIONS, asked[0], 201)).json["id"] for one in (ada, bob)]
        other = (await ada.post(SESSIONS, asked[1], 201)).json["id"]
        for minute in range(1, 6):
            for _ in range(6):
                later(desk, seconds=10)
                desk.station.look()
            for client, name in ((ada, sessions[0]), (bob, sessions[1]), (ada, other)):
                said = {"sequence": minute, "played_ms": minute * MINUTE, "quality": "v720"}
                await client.ask("PUT", f"{SESSIONS}/{name}", 200, body=said)
            await counted(nobody)
        channel = (await admin.get(f"{TOLD}/channels/late")).json
        assert channel["amounts"]["watched_ms"] == 10 * MINUTE
        assert (channel["amounts"]["views"], channel["amounts"]["viewers"], channel["playing"]) == (2, 2, 2)
        assert channel["amounts"]["peak"] == 2
        assert sum(channel["aired"].values()) == 10 * MINUTE
        assert channel["aired"]["ad"] > 0
        assert channel["aired"].get("unlogged", 0) == 0
        programs = {one["asset"]: one["amounts"]["watched_ms"] for one in channel["programs"]}
        assert set(programs) == {"film-a", "film-b", "film-c"}
        assert sum(programs.values()) == channel["aired"]["program"]
        everywhere = (await admin.get(f"{TOLD}/programs?limit=200")).json["items"]
        of_film = sum(one["amounts"]["watched_ms"] for one in everywhere if one["asset"] == "film-a")
        shown = (await admin.get(f"{TOLD}/titles/{title}")).json
        assert [(one["name"], one["kind"]) for one in everywhere if one["asset"] == "film-a"] == [
            ("Film A", "movie")
        ] * 2
        for query in ("overview", "top?what=channels&by=watched_ms"):
            told = (await admin.get(f"{TOLD}/{query}")).json
            named = [(one["id"], one["name"]) for one in told.get("channels") or told["items"]]
            assert named == [("late", "Late"), ("films", "Films")]
        assert {one["title_id"] for one in everywhere if one["asset"] == "film-a"} == {title}
        assert shown["amounts"]["watched_ms"] == shown["live"]["watched_ms"] == of_film > 0
        at_once = (await admin.get(f"{TOLD}/concurrent")).json["items"]
        assert [(one["channel"], one["now"], one["peak"]) for one in at_once] == [
            ("", 3, 3), ("films", 1, 1), ("late", 2, 2),
        ]  # fmt: skip
        now = (await admin.get("/api/v1/streaming/analytics")).json
        assert (now["active_sessions"], now["live_sessions"], now["stall_rate"]) == (3, 3, 0.0)
        assert now["by_channel"] == {"late": 2, "films": 1}
        assert now["by_quality"] == {"v720": 3}
        assert (await admin.get(f"{TOLD}/overview")).json["amounts"]["completed_share"] is None, "a channel has no end"

        # the whole once more, by the log itself: two viewers, who are as far behind as players are
        behind = timedelta(milliseconds=BEHIND_MS)
        since, until = desk.now - timedelta(minutes=5) - behind, desk.now - behind
        expected: Counter[str] = Counter()
        log = nobody.app[SITE].master.station()
        genesis = log.revisions("late")[-1].channel.genesis
        for turn in log.logged("late", since, until):
            for one in turn.airings:
                start, stop = (instant_at(genesis, tick) for tick in (one.start, one.end))
                overlap = millis(min(stop, until)) - millis(max(start, since))
                expected[one.role.value] += 2 * max(overlap, 0)
        assert channel["aired"] == dict(+expected)

        # what is pulled off air is slate from then on
        before = channel["aired"].get("slate", 0)
        desk.station.withdraw("late", "film-a", "film-b", "film-c")
        for _ in range(12):
            later(desk, seconds=10)
            desk.station.look()
        said = {"sequence": 9, "played_ms": 7 * MINUTE}
        await ada.ask("PUT", f"{SESSIONS}/{sessions[0]}", 200, body=said)
        await counted(nobody)
        aired = (await admin.get(f"{TOLD}/channels/late")).json["aired"]
        assert sum(aired.values()) == 12 * MINUTE
        assert aired["program"] - channel["aired"]["program"] <= BEHIND_MS
        assert aired["slate"] > before

        # who plays shifted says how far, and watches what aired then
        shifted = (await bob.post(SESSIONS, {"channel": "films"}, 201)).json["id"]
        later(desk, seconds=20)
        said = {"sequence": 1, "position_ms": 7, "behind_ms": 240_000}
        await bob.ask("PUT", f"{SESSIONS}/{shifted}", 200, body=said)
        await counted(nobody)
        genesis, then = log.revisions("films")[-1].channel.genesis, desk.now - timedelta(seconds=250)
        (film, *_) = [
            one.asset
            for turn in log.logged("films", then, then)
            for one in turn.airings
            if instant_at(genesis, one.start) <= then < instant_at(genesis, one.end)
        ]
        shown = (await admin.get(f"{TOLD}/programs?channel=films&limit=200")).json["items"]
        assert {one["asset"]: one["amounts"]["sessions"] for one in shown}[film] >= 1

        await _how_far_people_come(nobody, admin, ada, desk)


async def _how_far_people_come(nobody: Client, admin: Client, ada: Client, desk: House) -> None:
    """Who watches channels is no part of it (B99)."""
    whole = await titled(nobody, "Whole", minutes=5)
    await played(ada, desk, {"title": whole}, 5)
    await played(ada, desk, {"title": whole}, 1, kind="phone")
    await counted(nobody)
    told = [(await admin.get(f"{TOLD}/{name}")).json for name in ("overview", "engagement", "quality")]
    told.append((await admin.get(f"{TOLD}/series")).json["items"][-1])
    for one in told:
        amounts = one["amounts"]
        assert (amounts["on_demand"], amounts["completions"], amounts["completed_share"]) == (2, 1, 0.5)
        assert (amounts["sessions"], amounts["watched_share"]) == (6, 0.6)
    devices = {one["name"]: one["amounts"] for one in (await admin.get(f"{TOLD}/devices")).json["items"]}
    assert [devices[name]["watched_share"] for name in ("tv", "phone", "other")] == [1.0, 0.2, None]
    assert [devices[name]["completed_share"] for name in ("tv", "phone", "other")] == [1.0, 0.0, None]


async def test_views_are_told_a_few_at_a_time_and_shown_by_day(settings: Settings, desk: House) -> None:
    """D24, D25, DX2, DX4: without Redis, too."""
    async with station(settings, desk, rate_views="3/minute") as nobody:
        admin = nobody.known_by(await create_key(settings, "desk", list(Scope), None, system_clock))
        ada = await person(nobody, "ada")
        film = await titled(nobody, "Film")
        hidden = await titled(nobody, "Draft", state="draft")
        first = await ada.ask("POST", f"/media/{film}/view", 202)
        assert first.json["title_id"] == film
        assert first.headers["RateLimit-Policy"] == '"views";q=3;w=60'
        body = {"content": f"as-{film}", "device_kind": "phone", "visitor": "u1"}
        for visitor in ("u1", "u1", "u2"):
            await admin.post("/api/v1/views", {**body, "visitor": visitor}, 202)
        await admin.post("/api/v1/views", body, 202)
        full = await admin.post("/api/v1/views", body, 429)
        await admin.post("/api/v1/views", {**body, "visitor": "u2"}, 202)  # each viewer of a server has as many
        assert int(full.headers["Retry-After"]) >= 1
        assert "r=0" in full.headers["RateLimit"]
        await ada.ask("POST", f"/media/{hidden}/view", 404)
        await ada.get(f"/media/{film}/analytics", 403)
        await nobody.ask("POST", f"/media/{film}/view", 401)

        # a play session of a device that an app's server calls by the same name is the same visitor
        device = {"id": "u2", "kind": "phone"}
        session = (await admin.post(SESSIONS, {"title": film, "device": device}, 201)).json["id"]
        later(desk, minutes=1)
        await admin.ask("PUT", f"{SESSIONS}/{session}", 200, body={"sequence": 1, "played_ms": MINUTE})
        assert await counted(nobody) == 7
        day = desk.now.date().isoformat()
        shown = (await admin.get(f"/media/as-{film}/analytics")).json
        assert (shown["total_views"], shown["unique_viewers"], shown["views_per_day"]) == (3, 3, {day: 3})
        assert [set(one) for one in shown["latest"]] == [{"at", "via", "device_kind"}] * 3
        assert {one["via"] for one in shown["latest"]} <= {"told", "demand"}
        none = (await admin.get(f"/media/{film}/analytics?from=2026-01-01&to=2026-01-31")).json
        assert (none["total_views"], none["views_per_day"]) == (0, {})
        for query in ("from=2026-02-30", "from=2026-02-02&to=2026-02-01", "to=26-1-1", "from=2020-01-01&to=2026-01-01"):
            await admin.get(f"/media/{film}/analytics?{query}", 400)
        assert await views(nobody, film) == 3

        # switched off: views count, each by itself, and nobody is known again
        for _ in range(2):
            again = (await ada.post(SESSIONS, {"title": film}, 201)).json["id"]
            later(desk, minutes=1)
            await ada.ask("PUT", f"{SESSIONS}/{again}", 200, body={"sequence": 1, "played_ms": MINUTE})
        await counted(nobody, viewers=False)
        shown = (await admin.get(f"/media/{film}/analytics")).json
        assert (shown["total_views"], shown["unique_viewers"]) == (5, 3)
