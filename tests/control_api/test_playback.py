"""One call gives the address by which something plays (A09, B06, B56, D13, D22, D23, D34, DX3, DX6), and it does."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest
from clients import Client, running
from desks import WRITTEN, House, house
from persons import account, cheap, person, signed_in
from sqlmodel import col, select, update
from stations import Station
from watching import free_plan
from yarl import URL

from control_api.database import Database
from control_api.library.intake import Intake
from control_api.people.roles import Role
from control_api.site import SITE
from control_api.tables import Asset, Profile, Title, Upload
from playout.keyring import NAME, Keyring
from playout.origin import Settings as OriginSettings
from playout.origin import create_app as create_origin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from pathlib import Path

    from control_api.settings import Settings

ORIGIN = "http://127.0.0.1:8080"
PLAYBACK = "/api/v1/playback"
MS = timedelta(milliseconds=1)
SESSIONS = "/api/v1/play-sessions"
KEYS = "/api/v1/streaming-keys"
SIGNED = WRITTEN.replace("    name: Late\n", "    name: Late\n    access: signed\n")
SIGNED_URL = re.compile(r"(/t/[A-Za-z0-9_-]+)(/(?:live|vod)/.+)")


async def always() -> bool:
    return True


@dataclass
class Stage:
    """A station with an open and a signed channel, its API, and an origin."""

    desk: House
    api: Client
    origin: Any
    titles: dict[str, str]
    """The titles by their assets."""

    async def plays(self, url: str, status: int = 200, headers: Mapping[str, str] | None = None) -> bytes:
        """What the origin answers at an address that the API gave."""
        async with self.origin.get("/" + url.removeprefix(ORIGIN).lstrip("/"), headers=headers) as answer:
            body: bytes = await answer.read()
            assert answer.status == status, (url, body[:300])
            return body

    async def plays_on(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        """Play its first rendition, and a segment of that."""
        where = URL(url, encoded=True)
        for step in ("#EXT-X-STREAM-INF", "#EXTINF"):
            lines = (await self.plays(str(where), headers=headers)).decode().splitlines()
            assert any(line.startswith(step) for line in lines)
            where = where.join(URL([line for line in lines if line and not line.startswith("#")][-1], encoded=True))
        assert len(await self.plays(str(where), 206, {"Range": "bytes=0-99", **(headers or {})})) == 100


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Made once: files that are synced to the disk take their time."""
    return house(tmp_path_factory.mktemp("house"), SIGNED)


@pytest.fixture
async def stage(
    made: House, tmp_path: Path, settings: Settings, key: str, aiohttp_client: Callable[..., Awaitable[Any]]
) -> AsyncIterator[Stage]:
    async with staged(made, tmp_path, cheap(settings, access_token_minutes=24 * 60), aiohttp_client) as found:
        found.api = found.api.known_by(key)
        yield found


@asynccontextmanager
async def staged(
    made: House, tmp_path: Path, settings: Settings, aiohttp_client: Callable[..., Awaitable[Any]], **origin: Any
) -> AsyncIterator[Stage]:
    shutil.copytree(made.station.root, tmp_path, dirs_exist_ok=True)
    desk = House(Station(tmp_path), tmp_path / "channels.yaml")
    desk.station.look()
    database = Database(settings.database_url)
    await Intake(database, desk.station.store).look(desk.now, always)
    async with database.reading() as session:
        titles = dict((await session.exec(select(Asset.id, Asset.title_id))).all())
    await database.close()
    app = create_origin(
        desk.station.view, desk.station.changed, desk.station.store, desk.clock,
        OriginSettings(stream_keys=tmp_path / NAME, **origin),
    )  # fmt: skip
    async with running(settings, clock=desk.clock) as found:
        yield Stage(desk, found, await aiohttp_client(app), titles)


async def test_a_signed_channel_plays_by_the_address_and_by_no_other(stage: Stage) -> None:
    found = (await stage.api.post(PLAYBACK, {"channel": "late"}, 200)).json
    assert SIGNED_URL.search(found["url"])
    assert (found["type"], found["live"], found["drm"]) == ("application/vnd.apple.mpegurl", True, "none")
    assert (found["offset_ms"], found["expires_in"]) == (0, 3600)
    assert found["expires_at"] == "2026-03-01T13:02:00.000Z"
    assert found["session_ends_at"] == "2026-03-02T13:02:00.000Z"
    await stage.plays_on(found["url"])
    await stage.plays_on(found["start_over_url"])
    below = SIGNED_URL.search(found["url"])
    assert below is not None
    await stage.plays(below[2], 403)
    await stage.plays(below[1] + "/live/films/index.m3u8", 403)
    await stage.plays(below[1][:-1] + ("A" if below[1][-1] != "A" else "B") + below[2], 403)
    stage.desk.station.moments.now += timedelta(hours=1)
    await stage.plays(found["url"], 403)


async def test_an_open_channel_has_one_address_for_everyone_unless_a_life_is_chosen(stage: Stage) -> None:
    found = (await stage.api.post(PLAYBACK, {"channel": "films"}, 200)).json
    assert found["url"] == "http://127.0.0.1:8080/live/films/index.m3u8"
    assert (found["expires_at"], found["expires_in"], found["session_ends_at"]) == (None, None, None)
    await stage.plays_on(found["url"])
    chosen = (await stage.api.post(PLAYBACK, {"channel": "films", "life_seconds": 60}, 200)).json
    assert chosen["expires_in"] == 60
    await stage.plays_on(chosen["url"])


async def test_one_call_has_all_that_a_player_asks_before_it_plays(stage: Stage) -> None:
    """A09, E04, E12: what plays, in which languages, from where on, by an address that really plays."""
    ada = await person(stage.api, "ada")
    async with stage.api.app[SITE].database.writing() as session:
        await session.exec(update(Profile).values(language="de-AT", subtitles="en"))
    films = {asset: stage.titles[asset] for asset in ("film-a", "film-b")}
    found = (await ada.post(PLAYBACK, {"title": films["film-a"], "session": True}, 200)).json
    assert (found["title_id"], found["duration_ms"] > 0, found["drm"], found["offset_ms"]) == (
        films["film-a"], True, "none", 0,
    )  # fmt: skip
    heard = [(one["language"], one["is_chosen"]) for one in found["audio"]]
    assert heard == [("en", False), ("de", True)]
    await stage.plays_on(found["url"])
    name, place = found["session"]["id"], found["duration_ms"] // 2
    await ada.ask("PUT", f"/api/v1/play-sessions/{name}", body={"sequence": 1, "position_ms": place})
    asked = {"asset": "film-a", "play_session": name}
    assert (await ada.post(PLAYBACK, asked, 200)).json["offset_ms"] == place
    await ada.post(f"/api/v1/play-sessions/{name}/end", {}, 200)
    read = (await ada.post(PLAYBACK, {"title": films["film-b"]}, 200)).json["subtitles"]
    assert read == [{"language": "en", "is_chosen": True}]

    live = (await ada.post(PLAYBACK, {"channel": "late", "start_over": True, "session": True}, 200)).json
    assert live["url"] == live["start_over_url"]
    assert (live["live"], live["name"], live["title_id"], live["offset_ms"]) == (True, "Late", None, 0)
    await stage.plays_on(live["url"])
    session_shown = live["session"]
    assert (session_shown["channel"], session_shown["title_id"]) == ("late", None)
    beat = await ada.ask("PUT", f"/api/v1/play-sessions/{session_shown['id']}", body={"sequence": 1})
    assert beat.json["position_ms"] == 0
    assert [one["name"] for one in (await ada.get("/api/v1/history")).json["items"]] == [found["name"]]
    for body in (
        {"title": films["film-a"], "start_over": True},
        {"channel": "late", "start_over": True, "since": "2026-03-01T12:00:30Z"},
    ):
        await ada.post(PLAYBACK, body, 422)


async def test_an_address_plays_from_where_it_was_asked_for_and_no_finer_than_the_plan_says(
    made: House, tmp_path: Path, settings: Settings, key: str, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    """DX3: wherever it is asked for; and what a plan has of quality is held to at the origin, which asks nobody."""
    trusted = (ip_network("127.0.0.0/8"),)
    bound = cheap(settings).model_copy(update={"stream_bound_to": "network", "trusted_proxies": trusted})
    home, near, away = ({"X-Forwarded-For": one} for one in ("203.0.113.9", "203.0.113.77", "198.51.100.1"))
    async with staged(made, tmp_path, bound, aiohttp_client, trusted=trusted) as stage:
        await free_plan(stage.api, 9, lines=240)
        ada, machine = await person(stage.api, "ada"), stage.api.known_by(key)
        asked = (await ada.post(PLAYBACK, {"channel": "late"}, 200, headers=home)).json
        film = (await ada.post(PLAYBACK, {"asset": "film-a"}, 200, headers=home)).json
        assert (asked["best_lines"], film["best_lines"]) == (240, 240)
        urls = [asked["url"], asked["start_over_url"], film["url"]]
        urls.append((await ada.get("/media/film-b/stream-url", headers=home)).json["stream_url"])
        urls.append((await ada.get("/api/v1/channels/late/play", headers=home)).json["url"])
        sent = await ada.get("/media/stream/film-c", 302, headers=home)
        for url in (*urls, sent.headers["Location"]):
            ladder = (await stage.plays(url, headers=near)).decode()
            assert "v234.m3u8" in ladder
            assert "v360.m3u8" not in ladder
            await stage.plays_on(url, near)
            for other in (away, None):
                assert b"for another network" in await stage.plays(url, 403, other)
            finer = url.partition("?")[0].replace("index", "v360")
            assert b"coarser picture" in await stage.plays(finer, 403, home)
            assert "203" not in url.partition("/t/")[2].partition("/")[0]
        below = SIGNED_URL.search(sent.headers["Location"])
        assert below is not None
        token, nobody = below[1].removeprefix("/t/"), stage.api.known_by(None)
        await nobody.get(f"/media/stream/film-c?token={token}", 302, headers=near)
        assert (
            "for elsewhere"
            in (await nobody.get(f"/media/stream/film-c?token={token}", 401, headers=away)).json["detail"]
        )

        told = {"channel": "late", "viewer_address": "2001:db8:7:8::1"}
        url = (await machine.post(PLAYBACK, told, 200, headers=away)).json["url"]
        assert "v360.m3u8" in (await stage.plays(url, headers={"X-Forwarded-For": "2001:db8:7:9::2"})).decode()
        await stage.plays(url, 403, {"X-Forwarded-For": "2001:db8:7:100::2"})
        await stage.plays_on((await machine.post(PLAYBACK, {"asset": "film-a"}, 200, headers=away)).json["url"], near)
        refused = (await machine.post(PLAYBACK, {**told, "viewer_address": "here"}, 422)).json
        assert [error["pointer"] for error in refused["errors"]] == ["/viewer_address"]


async def test_each_address_counts_as_a_stream_of_the_plan_wherever_it_is_asked_for(stage: Stage) -> None:
    """B60: whoever asks for no session is held to the limit too, also at former addresses; open channels are free."""
    ada, moments = await person(stage.api, "ada"), stage.desk.station.moments
    away = stage.api.known_by((await signed_in(stage.api, "ada"))["access_token"])
    title = stage.titles["film-a"]
    ways: list[tuple[str, str, Any]] = [
        ("POST", PLAYBACK, {"title": title}), ("POST", PLAYBACK, {"channel": "late"}),
        ("GET", f"/api/v1/content/{title}/stream", None), ("GET", f"/api/content/{title}/stream?redirect=true", None),
        ("GET", "/media/film-a/stream-url", None), ("GET", "/media/stream/film-a", None),
        ("GET", "/api/v1/channels/late/play", None),
    ]  # fmt: skip

    async def plays() -> list[str]:
        return [one["id"] for one in (await ada.get(f"{SESSIONS}?playing=true")).json["items"]]

    seen: set[str] = set()
    for at, (method, path, body) in enumerate(ways):  # the same sign-in has one stream, whatever it asks for
        reply = await ada.ask(method, path, None, body=body)
        assert reply.status in (200, 302), path
        (one,) = await plays()
        assert one not in seen
        seen.add(one)
        for other, where, told in (ways[at - 1], ways[at - 3]):
            refused = (await away.ask(other, where, 409, body=told)).json
            assert refused["type"] == "/problems/too-many-streams"
            assert [playing["id"] for playing in refused["playing"]] == [one]
        for free in (("POST", PLAYBACK, {"channel": "films"}), ("GET", "/api/v1/channels/films/play", None)):
            await away.ask(free[0], free[1], 200, body=free[2])
    assert (await stage.api.get("/api/v1/streaming/analytics")).json["live_sessions"] == 0, (
        "it is an address, and no figure yet"
    )

    moments.now += timedelta(minutes=59)  # nobody has promised to say anything of it
    await away.post(PLAYBACK, {"title": title}, 409)
    moments.now += timedelta(minutes=1)
    await away.post(PLAYBACK, {"title": title}, 200)
    moments.now += timedelta(minutes=2)
    live = (await ada.post(PLAYBACK, {"channel": "late"}, 200)).json["session"]["id"]
    await ada.ask("PUT", f"{SESSIONS}/{live}", body={"sequence": 1})
    assert await plays() == [live]
    assert (await stage.api.get("/api/v1/streaming/analytics")).json["live_sessions"] == 1
    moments.now += timedelta(minutes=2)  # who has said something, and does not go on, plays no more
    again = (await away.post(PLAYBACK, {"channel": "late"}, 200)).json["session"]["id"]
    await ada.get("/media/film-a/stream-url", 409)
    await ada.ask("DELETE", f"{SESSIONS}/{again}")
    await ada.get("/media/film-a/stream-url")
    moments.now += timedelta(minutes=2)
    asked = (await away.post(SESSIONS, {"title": title})).json["id"]
    await away.post(PLAYBACK, {"title": title, "play_session": asked}, 200)
    assert await plays() == [asked], "the address of a session is the session's"


async def test_start_over_and_catch_up_are_signed_too(stage: Stage) -> None:
    since = {"channel": "late", "since": "2026-03-01T12:00:30Z"}
    over = (await stage.api.post(PLAYBACK, since, 200)).json
    assert over["live"]
    session = (await stage.api.post(PLAYBACK, {**since, "session": True}, 200)).json["session"]
    assert session["behind_ms"] == (stage.desk.now - datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)) // MS
    again = (await stage.api.post(PLAYBACK, {"channel": "late", "start_over": True, "session": True}, 200)).json
    began = datetime.fromtimestamp(int(again["url"].rpartition("=")[2]), UTC)
    assert 0 <= (stage.desk.now - began) // MS - again["session"]["behind_ms"] < 1000
    live = (await stage.api.post(PLAYBACK, {"channel": "late", "session": True}, 200)).json["session"]
    assert live["behind_ms"] is None
    assert over["url"].endswith("/live/late/index.m3u8?from=1772366430")
    await stage.plays_on(over["url"])
    closed = (await stage.api.post(PLAYBACK, {**since, "until": "2026-03-01T12:01:30Z"}, 200)).json
    assert not closed["live"]
    await stage.plays_on(closed["url"])
    for body, pointer in (
        ({"channel": "late", "since": "2027-03-01T12:00:00Z"}, "/since"),
        ({**since, "until": "2026-03-01T12:00:00Z"}, ""),
        ({"asset": "film-a", "since": "2026-03-01T12:00:30Z"}, ""),
        ({"asset": "film-a", "channel": "late"}, ""),
        ({}, ""),
        ({"channel": "late", "life_seconds": 86_401}, "/life_seconds"),
        ({"channel": "late", "life_seconds": 9}, "/life_seconds"),
    ):
        refused = (await stage.api.post(PLAYBACK, body, 422)).json
        assert [error["pointer"] for error in refused["errors"]] == [pointer]
    for body in ({"channel": "none"}, {"asset": "none"}, {"title": "ti_0199f0c47b1c7d3a9e52c1d4b7a60f38"}):
        await stage.api.post(PLAYBACK, body, 404)
        await stage.api.post(PLAYBACK, {**body, "life_seconds": 60}, 404)


async def test_a_film_plays_by_its_asset_or_its_title_and_at_the_addresses_of_others(stage: Stage) -> None:
    title = stage.titles["film-b"]
    for body in ({"asset": "film-b"}, {"title": title}):
        found = (await stage.api.post(PLAYBACK, body, 200)).json
        assert "/vod/film-b/" in found["url"]
        assert not found["live"]
        await stage.plays_on(found["url"])
    for path in ("/api/v1/content", "/api/content"):
        found = (await stage.api.get(f"{path}/{title}/stream?life_seconds=120")).json
        assert found["expires_in"] == 120
        ladder = (await stage.plays(found["url"])).decode()
        assert ladder.count("#EXT-X-STREAM-INF") == 2, "all qualities are in it"
        sent = await stage.api.get(f"{path}/{title}/stream?redirect=true", 302)
        await stage.plays_on(sent.headers["Location"])
        assert sent.headers["Cache-Control"] == "no-store"
    short = (await stage.api.get("/media/film-b/stream-url")).json
    assert short["expires_in"] == 600
    await stage.plays_on(short["stream_url"])
    upload, now = "up_0199f0c47b1c7d3a9e52c1d4b7a60f38", stage.desk.now
    instants: dict[str, Any] = dict.fromkeys(("created_at", "touched_at", "expires_at"), now)
    async with stage.api.app[SITE].database.writing() as session:
        session.add(Upload(id=upload, owner="ac_1", way="form", state="packaged", asset_id="film-c", **instants))
    assert "/vod/film-c/" in (await stage.api.get(f"/media/{upload}/stream-url")).json["stream_url"]
    chosen = (await stage.api.get("/media/film-b/stream-url?expires_in=30")).json
    assert chosen["expires_in"] == 30
    stage.desk.station.moments.now += timedelta(seconds=29)
    await stage.plays(chosen["stream_url"])
    stage.desk.station.moments.now += timedelta(seconds=1)
    await stage.plays(chosen["stream_url"], 403)
    for path in ("/media/film-b/stream-url?expires_in=86401", f"/api/content/{title}/stream?life_seconds=86401"):
        refused = (await stage.api.get(path, 400)).json
        assert "is more than the 86400 seconds that are allowed" in refused["detail"]


async def test_media_are_streamed_by_bearer_or_by_the_token_of_an_address(stage: Stage) -> None:
    sent = await stage.api.get("/media/stream/film-a", 302)
    below = SIGNED_URL.search(sent.headers["Location"])
    assert below is not None
    await stage.plays_on(sent.headers["Location"])
    token = below[1].removeprefix("/t/")
    nobody = stage.api.known_by(None)
    again = await nobody.get(f"/media/stream/film-a?token={token}", 302)
    assert again.headers["Location"] == sent.headers["Location"]
    await nobody.get(f"/api/v1/titles?token={token}", 401)
    await nobody.get("/media/stream/film-a", 401)
    await nobody.get(f"/media/stream/film-a?token={token[:-1]}{'_' if token.endswith('-') else '-'}", 401)
    async with stage.api.app[SITE].database.writing() as session:
        await session.exec(update(Title).values(state="published"))
    await nobody.get(f"/media/stream/film-b?token={token}", 403)
    stage.desk.station.moments.now += timedelta(hours=1)
    assert "expired" in (await nobody.get(f"/media/stream/film-a?token={token}", 401)).json["detail"]


async def test_viewers_play_what_is_published_and_nobody_else_plays_anything(stage: Stage) -> None:
    nobody = stage.api.known_by(None)
    viewer = await person(nobody, "vera", Role.VIEWER)
    editor = await person(nobody, "ed", Role.EDITOR)
    await account(nobody, "other")
    title, site = stage.titles["film-a"], stage.api.app[SITE]
    async with site.database.writing() as session:
        await session.exec(update(Title).values(state="draft"))
    for body in ({"channel": "late"}, {"channel": "films"}, {"asset": "film-a"}, {"title": title}):
        await nobody.post(PLAYBACK, body, 401)
        await editor.post(PLAYBACK, body, 200)
        await viewer.post(PLAYBACK, body, 404 if "channel" not in body else 200)
    async with site.database.writing() as session:
        await session.exec(update(Title).where(col(Title.id) == title).values(state="published"))
    found = (await viewer.post(PLAYBACK, {"title": title}, 200)).json
    await stage.plays_on(found["url"])
    await viewer.post(PLAYBACK, {"asset": "film-a"}, 200)
    await viewer.post(PLAYBACK, {"asset": "film-b"}, 404)
    await viewer.get(f"/media/{stage.titles['film-b']}/stream-url", 404)
    for client in (viewer, editor):
        await client.get(KEYS, 403)
        await client.post(KEYS, {}, 403)


async def test_a_title_without_media_says_so_and_one_that_plays_elsewhere_is_sent_there(stage: Stage) -> None:
    made = (await stage.api.post("/api/v1/titles", {"kind": "movie", "name": "To come"})).json
    assert "nothing to play" in (await stage.api.post(PLAYBACK, {"title": made["id"]}, 409)).json["detail"]
    site = stage.api.app[SITE]
    elsewhere = "https://elsewhere.example/film.m3u8"
    async with site.database.writing() as session:
        await session.exec(update(Title).where(col(Title.id) == made["id"]).values(video_url=elsewhere))
    found = (await stage.api.post(PLAYBACK, {"title": made["id"]}, 200)).json
    assert (found["url"], found["expires_at"]) == (elsewhere, None)


async def test_keys_are_rotated_over_the_api_under_who_plays_and_never_shown(stage: Stage) -> None:
    assert (await stage.api.get(KEYS)).json == {"items": []}
    before = (await stage.api.post(PLAYBACK, {"channel": "late"}, 200)).json["url"]
    rotated = (await stage.api.post(KEYS, {})).json["items"]
    assert [(one["number"], one["verifies_until"] is None) for one in rotated] == [(1, False), (2, True)]
    assert rotated[1]["signs_from"] == "2026-03-01T12:02:10.000Z"
    stage.desk.station.moments.now += timedelta(seconds=11)
    after = (await stage.api.post(PLAYBACK, {"channel": "late"}, 200)).json["url"]
    for url in (before, after):
        await stage.plays_on(url)
    gone = (await stage.api.post(KEYS, {"forget": True})).json["items"]
    assert [one["number"] for one in gone] == [3]
    stage.desk.station.moments.now += timedelta(seconds=2)
    for url in (before, after):
        await stage.plays(url, 403)
    await stage.plays_on((await stage.api.post(PLAYBACK, {"channel": "late"}, 200)).json["url"])
    site = stage.api.app[SITE]
    ring = Keyring(site.settings.keys_file)
    entries = (await stage.api.get("/api/v1/audit")).json
    told = json.dumps([entries, (await stage.api.get(KEYS)).json])
    assert "streaming_key" in told
    for secret in re.findall(r'"secret": "([^"]+)"', ring.path.read_text()):
        assert secret not in told


async def test_keys_that_cannot_be_read_are_an_outage_and_told_without_what_is_in_them(stage: Stage) -> None:
    ring = Keyring(stage.api.app[SITE].settings.keys_file)
    ring.path.write_text("hunter2")
    for refused in (
        await stage.api.post(PLAYBACK, {"channel": "late"}, 503),
        await stage.api.get(KEYS, 503),
        await stage.api.post(KEYS, {}, 503),
    ):
        assert "is not a file of keys" in refused.json["detail"]
        assert b"hunter2" not in refused.body
    await stage.api.post(PLAYBACK, {"channel": "films"}, 200)


@pytest.mark.parametrize("scope", ["catalog:read", "titles:read", "channels:read"])
async def test_who_may_only_look_is_given_no_signed_address(stage: Stage, scope: str) -> None:
    """A key for what is shown opens nothing that takes a token, by whatever way it asks (B56, D22)."""
    made = (await stage.api.post("/api/v1/api-keys", {"name": scope, "scopes": [scope]})).json
    looks = stage.api.known_by(made["key"])
    refused = (await looks.get("/api/v1/channels/late/play", 403)).json
    assert refused["scope"] == "playback:read"
    await looks.post(PLAYBACK, {"channel": "late"}, 403)
    assert (await looks.get("/api/v1/channels/films/play")).json["expires_at"] is None


async def test_channels_say_who_may_play_them(stage: Stage) -> None:
    found = {one["id"]: one["access"] for one in (await stage.api.get("/api/v1/channels")).json["items"]}
    assert found == {"films": "open", "late": "signed"}
    play = (await stage.api.get("/api/v1/channels/late/play")).json
    await stage.plays_on(play["url"])
    assert (await stage.api.get("/api/v1/channels/films/play")).json["expires_at"] is None
