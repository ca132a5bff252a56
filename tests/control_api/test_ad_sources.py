"""Ad sources: asked, fetched, packaged once, on and off the shelf; whatever a server answers (AX8, AX15)."""

from __future__ import annotations

import argparse
import hashlib
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ads import Pages, desk, files, inline, vast, vmap, wrapper
from clients import Client, running
from labour import quick, soon
from others import HERE, Other, other
from shelf import BORN, packaged
from sqlmodel import select
from test_taking_in import drawn

from assembly.kinds import kinds as kinds_of
from control_api.advertising.desk import Desk
from control_api.database import Database
from control_api.jobs.packaging import Order, Packed, packaging
from control_api.library.amendments import deliver
from control_api.library.intake import Intake
from control_api.site import SITE
from control_api.tables import AdBeacon
from control_api.uploads.content import Probed, Unfit
from control_api.uploads.fetching import FETCH
from control_api.uploads.taking_in import taking_in
from playout.amend import amended
from playout.clock import system_clock
from playout.core.asset import Kind, Title
from playout.store import DirStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from control_api.settings import Settings

SOURCES = "/api/v1/ad-sources"
ALL = frozenset(("acme", "acme-pre", "acme-mid", "acme-post"))


@dataclass
class Bench:
    """Packages: writes the document of an asset that is named after the bytes."""

    media: Path
    orders: list[Order] = field(default_factory=list)

    async def package(self, order: Order) -> Packed:
        self.orders.append(order)
        name = "ad-" + hashlib.sha256(order.source.read_bytes()).hexdigest()[:12]
        is_new = not (self.media / "assets" / name).exists()
        if is_new:
            packaged(self.media, name, Title(order.given.title, Kind.AD), days=(system_clock() - BORN).days + 2)
        return Packed(asset=name, house="fast", is_new=is_new, duration_ms=4000, renditions=[], notes=[])


async def probed(path: Path) -> Probed | Unfit:
    if path.read_bytes().startswith(b"bad"):  # noqa: ASYNC240 — a few bytes
        return Unfit(reason="there are no pictures in it")
    return Probed(container="test", duration_ms=4000)


@dataclass
class Time:
    """A clock that goes on when a test says so."""

    now: datetime = field(default_factory=system_clock)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Station:
    """A station, an ad server, and what is between them."""

    client: Client
    there: Other
    pages: Pages
    bench: Bench
    database: Database
    time: Time
    desk: Desk

    @property
    def moment(self) -> datetime:
        return self.time.now

    @moment.setter
    def moment(self, now: datetime) -> None:
        self.time.now = now

    def says(self, answer: str, path: str = "/ads") -> None:
        self.pages.pages[path] = answer

    def spot(self, name: str, data: bytes | None = None) -> str:
        """The URL of a file of an ad, which is there."""
        self.pages.pages[f"/{name}.mp4"] = data if data is not None else f"the bytes of {name}".encode()
        return self.there.url(f"/{name}.mp4")

    def ad(self, name: str, **more: Any) -> str:
        return inline(name, files(self.spot(name)), root=self.there.url("/"), **more)

    async def source(self, **more: Any) -> Any:
        given = {"name": "Acme", "url": self.there.url("/ads"), "tags": ["acme"], "house": "fast", **more}
        return (await self.client.post(SOURCES, given)).json

    async def turn(self) -> int:
        """One turn of the desk."""
        return await self.desk.turn()

    async def decision(self, source: str) -> Any:
        return (await self.client.get(f"{SOURCES}/{source}/decisions?limit=1")).json["items"][0]

    async def ready(self, count: int = 1) -> None:
        """Until so many ads more are packaged and dressed."""
        store = DirStore(self.client.app[SITE].settings.media)
        done = len(await self.titles())

        async def is_there() -> bool:
            await Intake(self.database, store).look(self.moment, yes)
            await self.turn()
            return len(await self.titles()) >= done + count

        await soon(is_there)
        while await deliver(self.database, store, self.moment):
            """There are more."""

    async def titles(self) -> list[Any]:
        items = (await self.client.get("/api/v1/titles?limit=100&kind=ad")).json["items"]
        return [one for one in items if one["tags"]]

    async def told(self) -> dict[str, tuple[str, frozenset[str], bool]]:
        """What the engine is told of each asset: its title, its tags, whether it is shelved."""
        store = DirStore(self.client.app[SITE].settings.media)
        while await deliver(self.database, store, self.moment):
            """There are more."""
        return {
            name: (one.said.about.title, frozenset(one.said.about.tags), bool(one.said.shelved))
            for name, one in amended(store).said.items()
            if one.said.about is not None
        }

    async def errors(self) -> set[tuple[str, str]]:
        """The errors that are told: to whom, and which."""
        async with self.database.reading() as session:
            rows = (await session.exec(select(AdBeacon).where(AdBeacon.channel == ""))).all()
        return {(row.url.removeprefix(self.there.url("/e/")), row.event) for row in rows}

    def asked(self, path: str) -> list[str]:
        return [one[1] for one in self.there.asked if one[1].partition("?")[0] == path]


async def yes() -> bool:
    return True


@pytest.fixture
async def station(settings: Settings, key: str, database: Database) -> AsyncIterator[Station]:
    async with begun(settings, key, database) as found:
        yield found


@asynccontextmanager
async def begun(
    settings: Settings, key: str, database: Database, kinds: list[Any] | None = None
) -> AsyncIterator[Station]:
    bench, pages, time = Bench(settings.media), Pages(), Time()
    usual: list[Any] = [replace(FETCH, pauses=(timedelta(),)), taking_in(probed), packaging(bench.package)]
    changed = quick(settings, works=True, outgoing_allow=HERE)
    async with other(pages) as there, running(changed, kinds=kinds or usual, clock=time) as nobody:
        yield Station(nobody.known_by(key), there, pages, bench, database, time, desk(nobody))


async def test_an_ad_is_fetched_packaged_and_tagged_and_leaves_with_its_offer(station: Station) -> None:
    """AX15, AX8: from the decision to the amendment, and back."""
    station.says(vast(station.ad("a", universal="CNPA0484000H"), station.ad("b")))
    source = await station.source(keep_ms=600_000, every_ms=60_000)
    assert await station.turn() > 0
    decision = await station.decision(source["id"])
    assert [(ad["ad"], ad["key"], ad["state"], ad["rolls"]) for ad in decision["ads"]] == [
        ("a", "ad-id.org:CNPA0484000H", "fetching", ["pre", "mid", "post"]),
        (
            "b",
            "url:" + hashlib.sha256(station.there.url("/b.mp4").encode()).hexdigest(),
            "fetching",
            ["pre", "mid", "post"],
        ),
    ]
    await station.ready(2)
    told = await station.told()
    assert set(told.values()) == {(f"Spot {name}", ALL, False) for name in "ab"}
    title = next(one for one in await station.titles() if one["name"] == "Spot a")
    shown = (await station.client.get(f"/api/v1/titles/{title['id']}")).json
    assert (shown["advertiser"], shown["category"], shown["ids"]) == ("Acme a", "IAB1", ["ad-id.org:CNPA0484000H"])
    assert {order.given.kind for order in station.bench.orders} == {Kind.AD}
    # it is not packaged again, however often it is offered
    station.moment += timedelta(minutes=1)
    await station.turn()
    assert (await station.decision(source["id"]))["ads"][0]["state"] == "ready"
    assert len(station.bench.orders) == 2
    # b is no longer offered: it airs on for as long as it was said, and is shelved then
    station.says(vast(station.ad("a", universal="CNPA0484000H")))
    station.moment += timedelta(minutes=9, seconds=59)
    await station.turn()
    assert not any(shelved for *_, shelved in (await station.told()).values())
    station.moment += timedelta(seconds=10)
    await station.turn()
    assert {name: shelved for name, _, shelved in (await station.told()).values()} == {"Spot a": False, "Spot b": True}
    # an edit of its title does not bring it back
    hidden = next(one for one in await station.titles() if one["name"] == "Spot b")
    reply = await station.client.get(f"/api/v1/titles/{hidden['id']}")
    await station.client.ask(
        "PATCH", f"/api/v1/titles/{hidden['id']}", body={"name": "Spot B"}, headers={"If-Match": reply.etag}
    )
    assert {name: shelved for name, _, shelved in (await station.told()).values()} == {"Spot a": False, "Spot B": True}
    station.says(vast(station.ad("b")))
    station.moment += timedelta(minutes=1)
    await station.turn()
    assert {name: shelved for name, _, shelved in (await station.told()).values()} == {"Spot a": False, "Spot B": False}
    assert len(station.bench.orders) == 2


async def test_the_breaks_of_vmap_become_tags_and_other_rolls_are_left_out(station: Station) -> None:
    tag = f"<vmap:AdTagURI>{station.there.url('/mid?c=[CHANNEL]&amp;n=[ADCOUNT]')}</vmap:AdTagURI>"
    station.says(vast(station.ad("m")), "/mid")
    within = f"<vmap:VASTAdData>{vast(station.ad('s'))}</vmap:VASTAdData>"
    end = f"<vmap:VASTAdData>{vast(station.ad('e'))}</vmap:VASTAdData>"
    station.says(vmap(("start", within), ("00:10:00", tag), ("25%", tag), ("end", end)))
    source = await station.source(rolls=["pre", "mid"], channel="films one", tags=["acme", "car"])
    await station.turn()
    await station.ready(2)
    assert set(station.asked("/mid")) == {"/mid?c=films%20one&n=20"}
    assert {name: tags for name, tags, _ in (await station.told()).values()} == {
        "Spot s": {"acme", "car", "acme-pre", "car-pre"}, "Spot m": {"acme", "car", "acme-mid", "car-mid"},
    }  # fmt: skip
    decision = await station.decision(source["id"])
    assert (decision["offered"], decision["refused"], decision["requests"]) == (2, 1, 3)
    assert decision["ads"][-1]["words"] == "a break of the roll post, for which the source is not"


async def test_a_server_that_is_silent_or_mad_is_said_and_takes_nothing_away(station: Station) -> None:
    station.says(vast(station.ad("a")))
    source = await station.source()
    await station.turn()
    await station.ready()
    shown: Any = {}
    for answer, fault in ((500, "it answered 500"), ("<a", "line 1: it is no XML: unclosed token")):
        station.pages.pages["/ads"] = answer
        await station.client.post(f"{SOURCES}/{source['id']}/ask", None, 202)
        station.moment += timedelta(seconds=1)
        await station.turn()
        shown = (await station.client.get(f"{SOURCES}/{source['id']}")).json
        assert shown["fault"] == fault
        assert not any(shelved for *_, shelved in (await station.told()).values())
    assert (shown["asks"], shown["failures"], shown["offered"]) == (3, 2, 1)
    assert shown["answered_at"] < shown["asked_at"]
    station.says(vast(more=f"<Error>{station.there.url('/e/none?code=[ERRORCODE]')}</Error>"))
    await station.client.post(f"{SOURCES}/{source['id']}/ask", None, 202)
    station.moment += timedelta(seconds=1)
    await station.turn()
    assert (await station.client.get(f"{SOURCES}/{source['id']}")).json["fault"] == ""
    assert ("none?code=303", "error 303") in await station.errors()
    kinds = [one["type"] for one in (await station.client.get("/api/v1/events?limit=100")).json["items"]]
    assert [kind for kind in kinds if kind.startswith("ad_source.")] == [
        "ad_source.created", "ad_source.failing", "ad_source.answering",
    ]  # fmt: skip


async def test_a_file_that_is_not_there_or_no_media_is_refused_and_tried_again_a_day_later(station: Station) -> None:
    root = station.there.url("/")
    station.pages.pages["/gone.mp4"] = 404
    station.spot("bad", b"bad bytes")
    station.says(vast(*(inline(name, files(station.there.url(f"/{name}.mp4")), root=root) for name in ("gone", "bad"))))
    source = await station.source(every_ms=10_000)
    await station.turn()

    async def is_refused() -> bool:
        await station.turn()
        return len(await station.errors()) == 4

    await soon(is_refused)
    assert await station.errors() == {
        ("gone?code=407", "error 407"), ("bad?code=407", "error 407"), ("gone?code=401", "error 401"),
        ("bad?code=405", "error 405"),
    }  # fmt: skip
    station.moment += timedelta(minutes=1)
    await station.turn()
    ads = (await station.decision(source["id"]))["ads"]
    assert [(ad["ad"], ad["state"]) for ad in ads] == [("gone", "refused"), ("bad", "refused")]
    assert "answers 404" in ads[0]["words"]
    assert "there are no pictures in it" in ads[1]["words"]
    assert len(station.asked("/gone.mp4")) == 1
    station.spot("gone")
    station.moment += timedelta(days=1)
    await station.turn()
    assert [ad["state"] for ad in (await station.decision(source["id"]))["ads"]] == ["fetching", "fetching"]
    await station.ready()


async def test_what_two_sources_offer_is_packaged_once_and_has_the_tags_of_both(station: Station) -> None:
    station.says(vast(station.ad("a", universal="X1")))
    station.says(vast(inline("other", files(station.spot("copy")), universal="X1")), "/second")
    first = await station.source()
    second = await station.source(url=station.there.url("/second"), tags=["bravo"], rolls=["mid"])
    await station.turn()
    await station.ready()
    assert len(station.bench.orders) == 1
    _, tags, shelved = next(iter((await station.told()).values()))
    assert (tags, shelved) == (frozenset({"acme", "acme-pre", "acme-mid", "acme-post", "bravo", "bravo-mid"}), False)
    await station.client.ask("DELETE", f"{SOURCES}/{first['id']}", 204)
    station.moment += timedelta(seconds=10)
    await station.turn()
    _, tags, shelved = next(iter((await station.told()).values()))
    assert (tags, shelved) == (frozenset({"bravo", "bravo-mid"}), False)
    reply = await station.client.get(f"{SOURCES}/{second['id']}")
    await station.client.ask(
        "PATCH", f"{SOURCES}/{second['id']}", body={"enabled": False}, headers={"If-Match": reply.etag}
    )
    station.moment += timedelta(seconds=10)
    await station.turn()
    assert next(iter((await station.told()).values()))[2] is True
    await station.client.post(f"{SOURCES}/{second['id']}/ask", None, 409)


async def test_a_server_cannot_take_over_what_the_house_has(station: Station, settings: Settings) -> None:
    """The very bytes of a film of the house, offered as an ad."""
    url = station.spot("film", b"a film")
    name = "ad-" + hashlib.sha256(b"a film").hexdigest()[:12]
    packaged(settings.media, name, Title("Our film", Kind.MOVIE, ("film",)))
    await Intake(station.database, DirStore(settings.media)).look(system_clock(), yes)
    station.says(vast(inline("thief", files(url), root=station.there.url("/"))))
    source = await station.source(every_ms=10_000)
    await station.turn()

    async def is_refused() -> bool:
        await station.turn()
        return ("thief?code=405", "error 405") in await station.errors()

    await soon(is_refused)
    station.moment += timedelta(minutes=1)
    await station.turn()
    assert "the library had the same file before" in (await station.decision(source["id"]))["ads"][0]["words"]
    titles = (await station.client.get("/api/v1/titles?limit=100")).json["items"]
    assert [(one["name"], one["tags"]) for one in titles] == [("Our film", ["film"])]
    assert await station.told() == {}


async def test_a_source_is_made_read_changed_and_deleted(client: Client) -> None:
    given = {"name": "Acme", "url": "https://ads.example/?cb=[CACHEBUSTING]", "tags": ["acme"]}
    made = await client.post(SOURCES, given)
    source = made.json
    assert (source["rolls"], source["house"], source["beacons"], source["enabled"]) == (
        ["pre", "mid", "post"],
        "",
        False,
        True,
    )
    assert (source["every_ms"], source["keep_ms"], source["most"], source["longest_ms"]) == (
        300_000,
        3_600_000,
        20,
        120_000,
    )
    path = f"{SOURCES}/{source['id']}"
    assert (await client.get(SOURCES)).json["items"] == [source]
    assert (await client.get(path)).json == source
    await client.ask("PATCH", path, 428, body={"most": 3})
    await client.ask("PATCH", path, 412, body={"most": 3}, headers={"If-Match": '"9.x"'})
    changed = await client.ask("PATCH", path, body={"most": 3, "beacons": True}, headers={"If-Match": made.etag})
    assert (changed.json["most"], changed.json["beacons"]) == (3, True)
    await client.ask("PATCH", path, 412, body={"most": 4}, headers={"If-Match": made.etag})
    await client.ask("PATCH", path, 422, body={"most": None}, headers={"If-Match": changed.etag})
    house = {"url": "http://192.168.0.1/vast"}
    refused = await client.ask("PATCH", path, 422, body=house, headers={"If-Match": changed.etag})
    assert refused.json["errors"][0]["pointer"] == "/url"
    await client.post(SOURCES, {**given, **house}, 422)
    assert (await client.get(f"{path}/decisions")).json["items"] == []
    assert (await client.get(f"{path}/beacons?state=failed")).json["items"] == []
    await client.ask("DELETE", path, 204, headers={"If-Match": changed.etag})
    await client.get(path, 404)
    await client.get(f"{path}/decisions", 404)


async def test_every_mistake_of_a_source_is_said(client: Client) -> None:
    given = {
        "name": "", "url": "file:///x", "tags": ["a b", "c:d"], "rolls": ["late"], "every_ms": 1, "house": "x",
        "most": 0, "what": 1,
    }  # fmt: skip
    errors = (await client.post(SOURCES, given, 422)).json["errors"]
    assert {one["pointer"] for one in errors} == {
        "/name", "/url", "/tags/0", "/tags/1", "/rolls/0", "/every_ms", "/house", "/most", "/what",
    }  # fmt: skip


async def test_several_processes_ask_once(station: Station) -> None:
    station.says(vast(station.ad("a")))
    await station.source()
    one, another = desk(station.client), desk(station.client)
    assert await one.turn() > 0
    assert await another.turn() == 0
    station.moment += timedelta(minutes=6)
    assert await another.turn() > 0  # the lease of the first is over
    station.moment += timedelta(minutes=1)
    assert await one.turn() == 0
    assert len(station.asked("/ads")) == 2


@pytest.mark.media
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_real_creative_becomes_a_real_ad(
    settings: Settings, key: str, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """AX15 whole: a server, a wrapper, a file, ffmpeg, an asset with segments, and what the engine is told."""
    spot = drawn(
        tmp_path_factory.mktemp("spot") / "spot.mp4", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=30:d=2",
        "-f", "lavfi", "-i", "sine=500:d=2", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac",
    )  # fmt: skip
    kinds: list[Any] = kinds_of(argparse.Namespace(media=settings.place, house="fast"), 2, 1)
    async with begun(settings, key, database, kinds) as station:
        root = station.there.url("/")
        station.says(vast(inline("real", files(station.spot("spot", spot)), universal="REAL1")), "/inner")
        station.says(vast(wrapper(f"{root}inner", root=root)))
        station.moment -= timedelta(minutes=1)  # what is packaged is packaged later
        await station.source()
        await station.turn()
        await station.ready()
        [(name, (title, tags, shelved))] = (await station.told()).items()
        assert (title, tags, shelved) == ("Spot real", ALL, False)
        asset = (await station.client.get(f"/api/v1/assets/{name}")).json
        assert (asset["house"], asset["kind"]) == ("fast", "ad")
        assert (settings.media / "assets" / name / "asset.json").is_file()
