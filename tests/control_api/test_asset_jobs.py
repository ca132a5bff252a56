"""Jobs about assets: packaging anew, and another frame as poster (A15, AX11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from desks import House, house
from labour import quick, soon
from PIL import Image
from test_assets import ASSETS, told, yes
from test_taking_in import drawn, served, settled
from test_tus import create
from test_upload_forms import form, post

from assembly.kinds import kinds as kinds_of
from control_api.assets.poster import drawing
from control_api.jobs.packaging import Order, Packed, Unpackaged, packaging
from control_api.library.intake import Intake
from control_api.site import SITE
from control_api.uploads import tus
from control_api.uploads.content import Probed
from control_api.uploads.linking import LINK
from control_api.uploads.taking_in import taking_in
from playout.core.asset import Asset, Kind
from playout.store import DirStore

if TYPE_CHECKING:
    from pathlib import Path

    from control_api.database import Database
    from control_api.settings import Settings
    from playout.core.ticks import Ticks
    from playout.store import Store


@pytest.fixture
def desk(tmp_path: Path) -> House:
    return house(tmp_path)


class Bench:
    """Whoever packages in these tests: the assets that come of it are those of a station without ffmpeg."""

    def __init__(self, desk: House) -> None:
        self.desk = desk
        self.orders: list[Order] = []
        self.made = "film-new"
        self.house = "fast"

    async def package(self, order: Order) -> Packed:
        self.orders.append(order)
        if self.made not in self.desk.station.assets:
            self.desk.station.asset(self.made, order.given.kind or Kind.MOVIE, 7, 7, 7)
        return Packed(asset=self.made, house=self.house, is_new=True, duration_ms=1, renditions=[], notes=[])


async def accepted(_path: Path) -> Probed:
    return Probed(container="test", duration_ms=1)


async def test_what_is_packaged_anew_takes_the_place_of_the_old_one(
    desk: House, settings: Settings, key: str, database: Database
) -> None:
    bench = Bench(desk)
    bench.made = "film-old"
    kinds = [taking_in(accepted), packaging(bench.package)]
    async with running(quick(settings, works=True), kinds=kinds, clock=desk.clock) as nobody:
        client = nobody.known_by(key)
        intake = Intake(database, desk.station.store)
        made = await settled(client, await post(client, form(("file", "x", b"film"))), "packaged")
        await intake.look(desk.now, yes)
        bench.made = "film-new"
        job = (await client.post(f"{ASSETS}/film-old/repackage", {}, 202)).json["job"]

        async def is_done() -> bool:
            return bool((await client.get(f"/api/v1/jobs/{job}")).json["state"] == "succeeded")

        await soon(is_done)
        old = (await client.get(f"{ASSETS}/film-old")).json
        assert (old["state"], old["replaced_by"]) == ("replaced", "film-new")
        assert (await told(database, desk))["film-old"].shelved is True
        assert [order.given.source for order in bench.orders] == [f".uploads/{made['id']}"] * 2
        again = bench.orders[1].given
        assert (again.title, again.kind, again.house) == ("Title of film-old", "movie", "fast")
        assert (old["original"]["upload_id"], old["original"]["is_kept"]) == (made["id"], True)
        await client.ask("POST", f"{ASSETS}/film-old/restore")
        assert (await client.get(f"{ASSETS}/film-old")).json["replaced_by"] is None


async def test_an_upload_for_a_title_becomes_an_asset_of_that_title(
    desk: House, settings: Settings, key: str, database: Database
) -> None:
    bench = Bench(desk)
    kinds: list[Any] = [taking_in(accepted), packaging(bench.package), replace(LINK, pauses=(timedelta(),))]
    async with running(quick(settings, works=True), kinds=kinds, clock=desk.clock) as nobody:
        client = nobody.known_by(key)
        title = (await client.post("/api/v1/titles", {"kind": "movie", "name": "My film"})).json["id"]
        parts = (("file", "x", b"film"), ("title_id", None, title.encode()))
        await settled(client, await post(client, form(*parts)), "packaged")
        assert bench.orders[0].given.title_id == title
        await Intake(database, desk.station.store).look(desk.now, yes)
        shown: dict[str, Any] = {}

        async def is_linked() -> bool:
            shown.update((await client.get(f"{ASSETS}/film-new", None)).json)
            return bool(shown.get("title_id") == title)

        await soon(is_linked)
        said = (await told(database, desk))["film-new"]
        assert said.about.title == "My film"
        names = {one["name"] for one in (await client.get("/api/v1/titles?limit=100")).json["items"]}
        assert "My film" in names
        assert "Title of film-new" not in names


@pytest.mark.parametrize(("said", "kind"), [("special", Kind.MOVIE), ("short", Kind.CLIP), ("trailer", Kind.FILLER)])
async def test_what_an_upload_is_its_title_is_and_its_tags_are_packaged(
    desk: House, settings: Settings, key: str, database: Database, said: str, kind: Kind
) -> None:
    bench = Bench(desk)
    kinds: list[Any] = [taking_in(accepted), packaging(bench.package), replace(LINK, pauses=(timedelta(),))]
    async with running(quick(settings, works=True), kinds=kinds, clock=desk.clock) as nobody:
        client = nobody.known_by(key)
        parts = (("file", "x", b"film"), ("type", None, said.encode()), ("tags", None, b"noir,late"))
        made = await settled(client, await post(client, form(*parts, ("language", None, b"pt"))), "packaged")
        await Intake(database, desk.station.store).look(desk.now, yes)
        title = (await client.get(f"{ASSETS}/film-new")).json["title_id"]

        async def is_called() -> bool:
            return bool((await client.get(f"/api/v1/titles/{title}")).json["kind"] == said)

        await soon(is_called)
        anew = {"upload": made["id"], "house": "fast", "tags": ["film"]}
        job = (await client.post("/api/v1/transcode", anew)).json["id"]

        async def is_done() -> bool:
            return bool((await client.get(f"/api/v1/jobs/{job}")).json["state"] == "succeeded")

        await soon(is_done)
    orders = [order.given for order in bench.orders]
    assert [(one.kind, one.tags, one.language) for one in orders] == [
        (kind, ("noir", "late"), "pt"), (kind, ("film",), "pt"),
    ]  # fmt: skip


async def test_what_could_not_be_packaged_is_told_with_the_reason_and_what_to_do(
    desk: House, settings: Settings, key: str
) -> None:
    """Who waits for an asset hears that there will be none, by an event and so by a webhook."""

    async def package(order: Order) -> Unpackaged:
        return Unpackaged(f"{order.given.name or order.given.source} is broken", "Send it again.", again=False)

    source = settings.media / "sources" / "b.mp4"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(b"film")
    async with running(
        quick(settings, works=True), kinds=[taking_in(accepted), packaging(package)], clock=desk.clock
    ) as nobody:
        client = nobody.known_by(key)
        made = (await post(client, form(("file", "a.mp4", b"film")))).json["id"]
        job = (await client.post("/api/v1/transcode", {"source": "b.mp4"})).json["id"]
        found: list[dict[str, Any]] = []

        async def is_told() -> bool:
            found[:] = (await client.get("/api/v1/events?type=asset.failed")).json["items"]
            return len(found) > 1

        await soon(is_told)
        told = {event["subject"]: event["data"] for event in found}
        assert told.keys() == {made, job}
        assert told[job] == {
            "source": "b.mp4", "upload": None, "job": job, "reason": "b.mp4 is broken", "advice": "Send it again.",
        }  # fmt: skip
        assert (told[made]["source"], told[made]["upload"]) == ("a.mp4", made)
        assert told[made]["reason"] == "a.mp4 is broken"


async def test_another_format_replaces_nothing_and_what_is_the_same_is_the_same(
    desk: House, settings: Settings, key: str, database: Database
) -> None:
    bench = Bench(desk)
    async with running(quick(settings, works=True), kinds=[packaging(bench.package)], clock=desk.clock) as nobody:
        client = nobody.known_by(key)
        await Intake(database, desk.station.store).look(desk.now, yes)
        refused = await client.post(f"{ASSETS}/film-a/repackage", {}, 409)
        assert "its original is no upload that was kept" in refused.json["detail"]
        source = settings.media / "sources" / "a.mp4"
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes(b"film")
        for bench.made, bench.house in (("film-a", "fast"), ("film-x", "default")):
            body = {"source": "a.mp4"}
            job = (await client.post(f"{ASSETS}/film-a/repackage", body, 202)).json["job"]

            async def is_done(job: str = job) -> bool:
                return bool((await client.get(f"/api/v1/jobs/{job}")).json["state"] == "succeeded")

            await soon(is_done)
            assert (await client.get(f"{ASSETS}/film-a")).json["state"] == "packaged"
        for body in (
            {"source": "../../etc/passwd"},
            {"source": ".uploads/up_1"},
            {"source": "a.mp4", "house": "palace"},
        ):
            await client.post(f"{ASSETS}/film-a/repackage", body, 422)


async def test_a_better_file_takes_the_place_of_an_asset(
    desk: House, settings: Settings, key: str, database: Database
) -> None:
    """A15: replace file."""
    desk.station.asset("better", Kind.MOVIE, 7, 7, 7)
    async with running(quick(settings), clock=desk.clock) as nobody:
        client = nobody.known_by(key)
        await Intake(database, desk.station.store).look(desk.now, yes)
        tag = {"If-Match": (await client.get(f"{ASSETS}/film-a")).etag}
        for by in ("film-a", "nothing"):
            await client.post(f"{ASSETS}/film-a/replace", {"by": by}, 422, headers=tag)
        done = await client.post(f"{ASSETS}/film-a/replace", {"by": "better"}, 200, headers=tag)
        assert (done.json["state"], done.json["replaced_by"]) == ("replaced", "better")
        assert (await client.get(f"{ASSETS}/better")).json["title_id"] == done.json["title_id"]
        said = await told(database, desk)
        assert (said["film-a"].shelved, said["better"].shelved) == (True, False)
        assert said["better"].about.title == "Title of film-a"


async def test_another_frame_becomes_the_poster_and_the_old_one_comes_back(
    desk: House, settings: Settings, key: str, database: Database
) -> None:
    async def draw(_store: Store, asset: Asset, moment: Ticks) -> bytes:
        return f"\xff\xd8 {asset.id} at {moment}".encode("latin-1")

    async with running(quick(settings, works=True), kinds=[drawing(draw)], clock=desk.clock) as nobody:
        client = nobody.known_by(key)
        await Intake(database, desk.station.store).look(desk.now, yes)
        await client.post(f"{ASSETS}/film-a/poster", {"at_ms": 1500}, 202)
        await client.post(f"{ASSETS}/film-a/poster", {"at_ms": 10**9}, 422)
        shown: dict[str, Any] = {}

        async def is_chosen() -> bool:
            shown.update((await client.get(f"{ASSETS}/film-a")).json)
            return bool(shown["poster_ms"] == 1500)

        await soon(is_chosen)
        assert (await client.get(f"{ASSETS}/film-a/poster")).body == b"\xff\xd8 film-a at 135000"
        await client.ask("DELETE", f"{ASSETS}/film-a/poster")
        assert (await client.get(f"{ASSETS}/film-a/poster")).body == b"\xff\xd8 a picture of film-a"


@pytest.mark.media
async def test_of_a_real_asset_a_real_frame_is_drawn(settings: Settings, key: str, database: Database) -> None:
    """From the upload to the poster, by the jobs that the program itself runs."""
    film = settings.media / "film.mp4"
    colours = "color=red:size=320x180:rate=30:duration=1[a];color=blue:size=320x180:rate=30:duration=1[b];[a][b]concat"
    data = drawn(film, "-f", "lavfi", "-i", colours, "-c:v", "libx264", "-preset", "ultrafast")
    kinds = kinds_of(served(settings.media), 1, 1)
    async with running(quick(settings, works=True, job_lease_seconds=60), kinds=kinds) as nobody:
        client = nobody.known_by(key)
        made = await create(client, len(data), data=data, headers={"Content-Type": tus.OFFSET_TYPE})
        asset = (await settled(client, made, "packaged", "refused"))["asset_id"]
        await Intake(database, DirStore(settings.media)).look(client.app[SITE].clock(), yes)
        for at, (red, blue) in ((500, (True, False)), (1500, (False, True))):
            await client.post(f"{ASSETS}/{asset}/poster", {"at_ms": at}, 202)

            async def is_chosen(at: int = at) -> bool:
                return bool((await client.get(f"{ASSETS}/{asset}")).json["poster_ms"] == at)

            await soon(is_chosen)
            picture = Image.open(BytesIO((await client.get(f"{ASSETS}/{asset}/poster")).body))
            seen = picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2))
            assert isinstance(seen, tuple)
            assert ((seen[0] > 150), (seen[2] > 150)) == (red, blue)
