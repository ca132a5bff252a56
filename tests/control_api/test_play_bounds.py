"""What plays is told to who may know of it, and is begun and beaten no more often than players have to.

B60, BX2.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from clients import Client, running
from persons import Times, cheap, person, signed_in
from sqlmodel import col, update
from watching import free_plan, titled

from control_api.analytics.rolling import Roller
from control_api.site import SITE
from control_api.tables import PlaySession
from control_api.viewing.gathering import OF_ALL_IN_A_SECOND

if TYPE_CHECKING:
    from control_api.settings import Settings

SESSIONS = "/api/v1/play-sessions"
PLAYBACK = "/api/v1/playback"
BORN = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def begun(client: Client, title: str) -> str:
    found: str = (await client.post(SESSIONS, {"title": title}, 201)).json["id"]
    return found


async def test_what_plays_is_told_to_who_may_know_of_it(settings: Settings) -> None:
    """BX2: a profile is told of its own, and of others what plays now; a kids profile not what is not for it."""
    async with running(cheap(settings, caller_cache_ms=0)) as api:
        await free_plan(api, 2)
        parent = await person(api, "ada")
        adult, mild = await titled(api, "Verboten", age=18), await titled(api, "Fit", age=0)
        made = await parent.post("/api/v1/profiles", {"name": "Kid", "is_kids": True, "ceiling": 7})
        switched = await parent.post(f"/api/v1/profiles/{made.json['id']}/switch", {}, 200)
        child = parent.known_by(switched.json["access_token"])
        secret = await begun(parent, adult)
        other = await begun(parent, mild)

        async def told(client: Client) -> dict[str, tuple[Any, ...]]:
            items = (await client.get(SESSIONS)).json["items"]
            return {one["id"]: (one["name"], one["title_id"], one["ended_at"] is None) for one in items}

        assert await told(parent) == {secret: ("Verboten", adult, True), other: ("Fit", mild, True)}
        assert await told(child) == {secret: ("", None, True), other: ("Fit", mild, True)}
        assert "Verboten" not in str((await child.get(f"{SESSIONS}/{secret}")).json)
        refused = (await child.post(SESSIONS, {"title": mild}, 409)).json
        assert {one["id"]: one["name"] for one in refused["playing"]} == {secret: "", other: "Fit"}
        for method, path in (("DELETE", ""), ("PUT", ""), ("POST", "/end")):
            await child.ask(method, f"{SESSIONS}/{secret}{path}", 404, body=None if method == "DELETE" else {})
        await parent.ask("DELETE", f"{SESSIONS}/{secret}", 200)
        assert list(await told(child)) == [other], "what another profile has played is none of a profile's"
        await child.get(f"{SESSIONS}/{secret}", 404)

        own = await begun(child, mild)
        assert (await parent.ask("DELETE", f"{SESSIONS}/{own}", 200)).json["ended_by"] == "account"
        # the address for a session is one for what it plays, while it plays, for whose it is
        await begun(parent, mild)
        await parent.post(PLAYBACK, {"title": mild}, 409)
        await parent.post(PLAYBACK, {"title": mild, "play_session": other}, 200)
        assert (
            "something else"
            in (await parent.post(PLAYBACK, {"title": adult, "play_session": other}, 409)).body.decode()
        )
        assert "is over" in (await parent.post(PLAYBACK, {"title": adult, "play_session": secret}, 409)).body.decode()
        await child.post(PLAYBACK, {"title": mild, "play_session": other}, 404)
        # whoever asks for an address alone is counted too, once for each sign-in
        await parent.ask("DELETE", f"{SESSIONS}/{other}", 200)
        one, two = [(await parent.post(PLAYBACK, {"title": mild}, 200)).json["session"] for _ in range(2)]
        assert [(await parent.get(f"{SESSIONS}/{each['id']}")).json["ended_by"] for each in (one, two)] == [
            "player",
            "",
        ]
        away = api.known_by((await signed_in(api, "ada"))["access_token"])
        await away.post(PLAYBACK, {"title": mild}, 409)
        await begun(parent, mild)
        assert (await parent.get(f"{SESSIONS}/{two['id']}")).json["ended_by"] == "player", "the one that is asked for"


async def test_nobody_plays_without_bounds_nor_stops_the_counting(settings: Settings) -> None:
    """B60, B98: beats and starts of an account; and a session that cannot be counted stops no other one."""
    times = Times(BORN)
    async with running(
        cheap(settings, access_token_minutes=24 * 60, rate_plays="9/minute", play_flush_ms=60_000), clock=times
    ) as api:
        await free_plan(api, 9)
        ada, film, site = await person(api, "ada"), await titled(api, "Rope"), api.app[SITE]
        names = [await begun(ada, film) for _ in range(9)]
        assert (await ada.post(SESSIONS, {"title": film}, 429)).headers["Retry-After"]
        times.now += timedelta(minutes=1)
        said = {"sequence": 1, "played_ms": 1, "loaded_bytes": 1 << 50, "bandwidth": 10**12, "quality": "v720"}
        for name in names:
            await ada.ask("PUT", f"{SESSIONS}/{name}", 200, body=said)
        assert (await ada.get(f"{SESSIONS}/{names[0]}")).json["bitrate"] == 10**9
        times.now += timedelta(seconds=1)
        client = api.known_by(ada.key)
        answers = [
            (await client.ask("PUT", f"{SESSIONS}/{names[number % 9]}", None, body=said)).status for number in range(90)
        ]
        assert answers == [200] * 90
        site.viewing.is_hurried("somebody", 0)
        hurried = [site.viewing.is_hurried("somebody", 0) for _ in range(OF_ALL_IN_A_SECOND)]
        assert hurried == [False] * (OF_ALL_IN_A_SECOND - 1) + [True]

        await ada.post(f"{SESSIONS}/{names[1]}/end", {}, 200)
        times.now += timedelta(seconds=1)
        await site.viewing.flush()
        assert (await ada.ask("PUT", f"{SESSIONS}/{names[1]}", 200, body=said)).json["sequence"] == 2
        assert site.viewing.due == 0, "what is over is told again, and nothing of it is written"

        async with site.database.writing() as session:
            await session.exec(update(PlaySession).where(col(PlaySession.id) == names[4]).values(watched_ms=2**62))
        roller = Roller(site.settings, site.database, site.master.station, site.clock)
        assert await roller.once() == 8
        assert await roller.once() == 0, "all others are counted"


async def test_a_station_may_leave_the_counting_to_its_apps(settings: Settings) -> None:
    """B60: then an address alone is refused where as much plays as may, and counts as nothing itself."""
    async with running(cheap(settings, streams_need_session=False)) as api:
        ada, film = await person(api, "ada"), await titled(api, "Rope")
        for _ in range(3):
            assert (await ada.post(PLAYBACK, {"title": film}, 200)).json["session"] is None
            await ada.get(f"/media/{film}/stream-url")
        one = await begun(ada, film)
        await ada.post(PLAYBACK, {"title": film}, 409)
        await ada.get(f"/media/{film}/stream-url", 409)
        await ada.post(PLAYBACK, {"title": film, "play_session": one}, 200)
        assert [row["id"] for row in (await ada.get(SESSIONS)).json["items"]] == [one]


async def test_of_many_who_ask_for_an_address_at_once_no_more_have_one_than_may_play(settings: Settings) -> None:
    """B60: wherever they ask."""
    async with running(cheap(settings)) as api:
        await free_plan(api, 2)
        film = await titled(api, "Rope")
        await person(api, "ada")
        some = [api.known_by((await signed_in(api, "ada"))["access_token"]) for _ in range(6)]
        ways: list[tuple[str, str, Any]] = [
            ("POST", PLAYBACK, {"title": film}), ("GET", f"/media/{film}/stream-url", None),
            ("GET", f"/api/v1/content/{film}/stream", None),
        ]  # fmt: skip
        asked = [one.ask(*ways[at % 3][:2], None, body=ways[at % 3][2]) for at, one in enumerate(some)]
        assert sorted(reply.status for reply in await asyncio.gather(*asked)) == [200, 200, 409, 409, 409, 409]
