"""What is premium: no way leads to an address of it but a plan, and no address plays it that was not handed out."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from desks import WRITTEN, House, house
from persons import cheap, person
from sqlmodel import col, select, update
from stations import Station
from test_playback import PLAYBACK, Stage, always

from control_api.database import Database
from control_api.imports.formats import Format
from control_api.imports.running import Wanted
from control_api.keeping import import_file, opened
from control_api.library.intake import Intake
from control_api.people.roles import Role
from control_api.plans import guarding
from control_api.site import SITE
from control_api.tables import Asset, Plan, Subscription, Title
from playout.clock import system_clock
from playout.core.token import OnDemand
from playout.keyring import NAME
from playout.origin import Settings as OriginSettings
from playout.origin import create_app as create_origin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from clients import Client

    from control_api.settings import Settings

PREMIUM = WRITTEN.replace("    name: Late\n", "    name: Late\n    access: premium\n")
OF_THE_ORIGIN = re.compile(r"http://127\.0\.0\.1:8080/(?:live|vod|t)/[^\s\"\\]+")
KEPT = re.compile(r"/(?:live/late|vod/film-a)/(?!poster)")  # pictures are for everyone


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> House:
    return house(tmp_path_factory.mktemp("house"), PREMIUM)


@pytest.fixture
async def stage(
    made: House, tmp_path: Path, settings: Settings, key: str, aiohttp_client: Callable[..., Awaitable[Any]]
) -> AsyncIterator[Stage]:
    shutil.copytree(made.station.root, tmp_path, dirs_exist_ok=True)
    desk = House(Station(tmp_path), tmp_path / "channels.yaml")
    desk.station.look()
    database = Database(settings.database_url)
    await Intake(database, desk.station.store).look(desk.now, always)
    async with database.reading() as session:
        titles = dict((await session.exec(select(Asset.id, Asset.title_id))).all())
    await database.close()
    how = OriginSettings(stream_keys=tmp_path / NAME, on_demand=OnDemand.SIGNED)
    app = create_origin(desk.station.view, desk.station.changed, desk.station.store, desk.clock, how)
    closed = cheap(settings, on_demand=OnDemand.SIGNED, tells=False, payments="test")
    async with running(closed, clock=desk.clock) as found:
        yield Stage(desk, found.known_by(key), await aiohttp_client(app), titles)


def ways(title: str) -> list[tuple[str, str, Any]]:
    """Every way to an address by which the channel `late` or the film plays."""
    since = "2026-03-01T12:00:00Z"
    return [
        ("POST", PLAYBACK, {"channel": "late"}),
        ("POST", PLAYBACK, {"channel": "late", "life_seconds": 60}),
        ("POST", PLAYBACK, {"channel": "late", "since": since}),
        ("POST", PLAYBACK, {"title": title}),
        ("POST", PLAYBACK, {"asset": "film-a"}),
        ("POST", PLAYBACK, {"asset": "film-a", "life_seconds": 60}),
        ("GET", "/api/v1/channels/late/play", None),
        *(
            ("GET", template.format(name), None)
            for name in (title, "film-a")
            for template in (
                "/api/v1/content/{}/stream", "/api/content/{}/stream", "/api/v1/content/{}/stream?redirect=true",
                "/media/{}/stream-url", "/media/{}/stream-url?expires_in=60", "/media/stream/{}",
            )
        ),
    ]  # fmt: skip


async def readable(client: Client, title: str) -> list[str]:
    """Every address of the origin in whatever a viewer may read."""
    found = ""
    for path in (
        "/api/v1/titles", f"/api/v1/titles/{title}", "/api/v1/titles/search?q=film", "/movies", f"/movies/{title}",
        "/api/v1/channels", "/api/v1/channels/late", "/api/v1/channels/late/now", "/api/v1/home",
        "/api/channels", "/api/channel/play/late", "/api/v1/channels/late/guide", "/api/v1/guide",
    ):  # fmt: skip
        reply = await client.get(path, None)
        found += reply.body.decode() if reply.status < 400 else ""
        found += reply.headers.get("Location", "")
    return [address for address in OF_THE_ORIGIN.findall(found) if KEPT.search(address)]


async def locks(client: Client) -> dict[str, bool]:
    """Of each channel whether it is locked for who asks: in the list, in the rail of what is on, and alone."""
    listed = (await client.get("/api/v1/channels")).json["items"]
    rails = (await client.get("/api/v1/home")).json["items"]
    (air,) = [[item["channel"] for item in rail["items"]] for rail in rails if rail["source"] == "live_channels"]
    alone = [(await client.get(f"/api/v1/channels/{one['id']}")).json for one in listed]
    found, *others = [{one["id"]: one["is_locked"] for one in some} for some in (listed, air, alone)]
    assert others == [found, found]
    return found


async def test_a_free_account_finds_no_way_to_what_is_premium(stage: Stage) -> None:  # noqa: PLR0915 — every way
    """E06, E14b: gated at the playback call and at every URL, not only in pages."""
    title, other = stage.titles["film-a"], stage.titles["film-b"]
    site = stage.api.app[SITE]
    etag = (await stage.api.get(f"/api/v1/titles/{title}")).etag
    marked = await stage.api.ask(
        "PATCH", f"/api/v1/titles/{title}", headers={"If-Match": etag},
        body={"access": "premium", "video_url": "https://cdn.example/film.m3u8"},
    )  # fmt: skip
    assert marked.json["access"] == "premium"
    async with site.database.writing() as session:
        await session.exec(update(Title).where(col(Title.id).in_((title, other))).values(state="published"))
    nobody = stage.api.known_by(None)
    free = await person(nobody, "vera")

    for method, path, body in ways(title):
        refused = await free.ask(method, path, 403, body=body)
        assert refused.json["type"] == "/problems/plan-needed", path
        assert refused.json["entitlement"] == "premium"
        await nobody.ask(method, path, 401, body=body)
    addresses = await readable(free, title)
    assert any("/live/late/" in one for one in addresses)  # it is named, and does not play
    for address in addresses:
        await stage.plays(address, 403)
    listed = {one["id"]: one for one in (await free.get("/api/v1/titles")).json["items"]}
    assert (listed[title]["access"], listed[title]["is_locked"], listed[title]["video_url"]) == ("premium", True, "")
    assert (listed[other]["access"], listed[other]["is_locked"]) == ("free", False)
    assert await locks(free) == {"films": False, "late": True}
    assert [one["id"] for one in (await free.get("/api/v1/titles?access=premium")).json["items"]] == [title]
    await stage.plays_on((await free.post(PLAYBACK, {"title": other}, 200)).json["url"])
    await stage.plays_on((await free.post(PLAYBACK, {"channel": "films"}, 200)).json["url"])

    # a plan opens all of it, and no longer than it lasts
    paid = (await free.post("/api/v1/subscription", {"plan": "premium"})).json["subscription"]
    found = (await free.post(PLAYBACK, {"channel": "late"}, 200)).json
    await stage.plays_on(found["url"])
    film = (await free.post(PLAYBACK, {"title": title}, 200)).json
    await stage.plays_on(film["url"])
    one = (await free.get(f"/api/v1/titles/{title}")).json
    assert (one["is_locked"], one["video_url"]) == (False, "https://cdn.example/film.m3u8")
    assert await locks(free) == {"films": False, "late": False}
    assert paid["grace_until"] is not None
    staff = await person(nobody, "ed", Role.EDITOR)
    await stage.plays_on((await staff.post(PLAYBACK, {"title": title}, 200)).json["url"])
    await free.ask("PATCH", "/api/v1/subscription", body={"auto_renew": False})
    stage.desk.station.moments.now += timedelta(minutes=1)
    last = (await free.post(PLAYBACK, {"channel": "late"}, 200)).json
    assert last["session_ends_at"] <= paid["trial_until"]

    # near its end an address is good for what is left, and says so; it says too which quality the plan has
    async with site.database.writing() as session:
        await session.exec(update(Plan).where(col(Plan.id) == "premium").values(lines=720))
    now = stage.desk.station.moments.now
    async with site.database.writing() as session:
        await session.exec(update(Subscription).values(until=now + timedelta(seconds=40)))
    assert (await free.get(f"/media/{title}/stream-url?expires_in=60")).json["expires_in"] == 40
    assert [
        (await free.post(PLAYBACK, one, 200)).json["best_lines"] for one in ({"title": title}, {"channel": "late"})
    ] == [720, 720]
    assert (await staff.post(PLAYBACK, {"title": title}, 200)).json["best_lines"] is None


async def test_an_import_says_what_is_premium_and_is_refused_where_that_would_be_open(
    settings: Settings, tmp_path: Path
) -> None:
    """E06: the column `access`; what is beneath a premium series follows, unless it says otherwise."""
    path = tmp_path / "titles.csv"
    path.write_text(
        "kind,name,series,season,episode,access\nseries,Nights,,,,premium\nepisode,First,Nights,1,1,\n"
        "episode,Second,Nights,1,2,free\nmovie,Noir,,,,gold\n"
    )

    async def quiet(_: int) -> None:
        pass

    async def brought(how: Settings) -> tuple[int, dict[str, str]]:
        done = await import_file(how, Wanted(format=Format.CSV), path, system_clock, quiet)
        async with opened(how) as database, database.reading() as session:
            return done.refused, dict((await session.exec(select(Title.name, Title.access))).all())

    refused, found = await brought(settings)
    assert (refused, found.get("Nights")) == (2, "free")  # the series is made by its episodes
    refused, found = await brought(settings.model_copy(update={"on_demand": OnDemand.SIGNED}))
    assert refused == 1
    # the feed says of the second what it said before, and so nothing new
    assert found == {"Nights": "premium", "Season 1": "premium", "First": "premium", "Second": "premium"}
    path.write_text(
        "kind,name,series,season,episode,access\nepisode,Third,Nights,1,3,free\nepisode,Fourth,Nights,1,4,\n"
    )
    refused, found = await brought(settings.model_copy(update={"on_demand": OnDemand.SIGNED}))
    assert (refused, found["Third"], found["Fourth"]) == (0, "free", "premium")


async def test_nothing_is_called_premium_where_anybody_could_make_up_its_address(settings: Settings, key: str) -> None:
    """E06: and what is beneath a series follows it, but for trailers, and what says otherwise."""
    async with running(settings) as found:
        refused = await found.known_by(key).post(
            "/api/v1/titles", {"kind": "movie", "name": "Noir", "access": "premium"}, 409
        )
        assert "on_demand" in refused.json["detail"]
    async with running(settings.model_copy(update={"on_demand": OnDemand.SIGNED})) as found:
        api = found.known_by(key)

        async def make(**said: Any) -> Any:
            return (await api.post("/api/v1/titles", said)).json

        series = await make(kind="series", name="Nights")
        season = await make(kind="season", name="One", parent_id=series["id"], number=1)
        first = await make(kind="episode", name="First", parent_id=season["id"], number=1)
        where = f"/api/v1/titles/{series['id']}"
        etag = (await api.get(where)).etag
        await api.ask("PATCH", where, body={"access": "premium"}, headers={"If-Match": etag})
        assert (await api.get(f"/api/v1/titles/{first['id']}")).json["access"] == "premium"
        assert (await make(kind="episode", name="Second", parent_id=season["id"], number=2))["access"] == "premium"
        third = await make(kind="episode", name="Third", parent_id=season["id"], number=3, access="free")
        assert third["access"] == "free"
        assert (await make(kind="trailer", name="Soon", parent_id=series["id"]))["access"] == "free"
        database = found.app[SITE].database
        assert await guarding.look(database, found.app[SITE].settings)
        assert not await guarding.look(database, settings)  # it was opened later: the journal says so
        beneath = (await api.get(f"/api/v1/titles/{season['id']}")).json["beneath"]
        assert [one["access"] for one in beneath] == ["premium", "premium", "free"]
