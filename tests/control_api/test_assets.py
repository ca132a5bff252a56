"""Assets over HTTP: what is packaged, what people decide about it, and where it airs (A15, AX12, B78)."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from clients import running
from desks import House, house
from hypothesis import given
from hypothesis import strategies as st
from labour import quick, soon

from control_api.assets.breaks import BreakState, Edit, aired, cut_list, millis, nearest, points
from control_api.instants import written
from control_api.key_creation import create_key
from control_api.library.amendments import deliver
from control_api.library.intake import Intake
from control_api.scopes import Scope
from control_api.site import SITE
from playout import keys
from playout.amend import amended
from playout.core.asset import BreakPoint, Cuts
from playout.core.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from clients import Client

    from control_api.database import Database
    from control_api.settings import Settings

ASSETS = "/api/v1/assets"


async def yes() -> bool:
    return True


@pytest.fixture
def desk(tmp_path: Path) -> House:
    return house(tmp_path)


@pytest.fixture
async def api(desk: House, settings: Settings, key: str, database: Database) -> AsyncIterator[Client]:
    async with running(settings.model_copy(update={"works": False}), clock=desk.clock) as found:
        await Intake(database, desk.station.store).look(desk.now, yes)
        yield found.known_by(key)


async def tagged(api: Client, asset: str) -> dict[str, str]:
    return {"If-Match": (await api.get(f"{ASSETS}/{asset}")).etag}


async def told(database: Database, desk: House) -> dict[str, Any]:
    """What the store is told, by asset."""
    await deliver(database, desk.station.store, desk.now)
    return {asset: found.said for asset, found in amended(desk.station.store).said.items()}


async def test_what_is_packaged_is_listed(api: Client) -> None:
    found = (await api.get(ASSETS)).json["items"]
    assert {one["id"] for one in found} == {"film-a", "film-b", "film-c", "ad-a", "ad-b"}
    film = next(one for one in found if one["id"] == "film-a")
    assert (film["kind"], film["house"], film["state"], film["name"]) == (
        "movie",
        "fast",
        "packaged",
        "Title of film-a",
    )
    assert film["play_url"] == "http://127.0.0.1:8080/vod/film-a/index.m3u8"
    ads = (await api.get(f"{ASSETS}?kind=ad")).json["items"]
    assert {one["id"] for one in ads} == {"ad-a", "ad-b"}
    title = (await api.get(f"{ASSETS}?title={film['title_id']}")).json["items"]
    assert [one["id"] for one in title] == ["film-a"]
    first = (await api.get(f"{ASSETS}?limit=2")).json
    rest = (await api.get(first["next"])).json
    assert len({one["id"] for one in first["items"] + rest["items"]}) == 4


async def test_an_asset_tells_its_renditions_loudness_and_cuts(api: Client, desk: House) -> None:
    """B78: codec, size and bit rate of each rendition."""
    found = (await api.get(f"{ASSETS}/film-b")).json
    asset = desk.station.assets["film-b"]
    shown = {one["name"]: one for one in found["renditions"]}
    assert shown.keys() == {track.name for track in asset.tracks}
    for track in asset.tracks:
        one = shown[track.name]
        assert (one["codecs"], one["bandwidth"], one["average"]) == (track.codecs, track.bandwidth, track.average)
        assert one["size"] == (desk.station.root / "assets" / "film-b" / track.file).stat().st_size
    assert found["size"] == sum(one["size"] for one in found["renditions"])
    assert (found["loudness_lufs"], found["segments"], found["cuts"], found["breaks"]) == (-23.0, 7, 6, 1)
    assert shown["v360"]["height"] == 360
    await api.get(f"{ASSETS}/nothing", 404)
    await api.get(f"{ASSETS}/..%2f..%2fetc", 404)


async def test_pictures_are_served_and_nothing_else_of_the_folder(api: Client) -> None:
    """AX12: with a tag, and private."""
    found = await api.get(f"{ASSETS}/film-a/poster")
    assert found.body == b"\xff\xd8 a picture of film-a"
    assert found.headers["Content-Type"] == "image/jpeg"
    assert "private" in found.headers["Cache-Control"]
    await api.get(f"{ASSETS}/film-a/poster", 304, headers={"If-None-Match": found.etag})
    for_ever = await api.get(f"{ASSETS}/film-a/pictures/poster.jpg")
    assert "immutable" in for_ever.headers["Cache-Control"]
    for name in ("asset.json", "v360.cmfv", "..%2fasset.json", "poster.png", "storyboard.vtt"):
        await api.get(f"{ASSETS}/film-a/pictures/{name}", 404)
    await api.known_by(None).get(f"{ASSETS}/film-a/poster", 401)


async def test_a_break_goes_to_the_nearest_cut_and_the_answer_says_how_far(
    api: Client, desk: House, database: Database
) -> None:
    cuts = desk.station.assets["film-a"].cuts
    at = millis(cuts.tick(2)) + 300
    made = await api.post(f"{ASSETS}/film-a/breaks", {"at_ms": at}, headers=await tagged(api, "film-a"))
    assert made.json == {
        "segment": 2, "at_ms": millis(cuts.tick(2)), "moved_ms": -300, "confidence": 100, "origin": "people",
        "state": "added",
    }  # fmt: skip
    again = await api.post(f"{ASSETS}/film-a/breaks", {"at_ms": at}, 409, headers=await tagged(api, "film-a"))
    assert "there is a break point already" in again.json["detail"]
    said = (await told(database, desk))["film-a"]
    assert [(point.segment, point.origin) for point in said.breaks] == [(2, "people")]
    library = desk.library()
    item = library.catalog.item("film-a")
    assert item is not None
    assert [point.segment for point in item.breaks] == [2]  # this is what channels choose from
    assert (await api.get(f"{ASSETS}/film-a")).json["breaks"] == 1


async def test_breaks_are_confirmed_rejected_moved_and_deleted(api: Client, desk: House, database: Database) -> None:
    path = f"{ASSETS}/film-b/breaks"

    async def shown() -> list[tuple[int, str]]:
        return [(one["segment"], one["state"]) for one in (await api.get(path)).json["items"]]

    async def aired_now() -> list[int]:
        return [point.segment for point in (await told(database, desk))["film-b"].breaks]

    async def edit(segment: int, body: dict[str, Any], status: int = 200) -> Any:
        tag = {"If-Match": (await api.get(path)).etag}
        return (await api.ask("PATCH", f"{path}/{segment}", status, body=body, headers=tag)).json

    assert await shown() == [(5, "found")]
    confirmed = await edit(5, {"state": "confirmed"})
    assert (confirmed["confidence"], confirmed["origin"]) == (100, "sidecar")
    await edit(5, {"state": "rejected"})
    assert await shown() == [(5, "rejected")]
    assert await aired_now() == []
    await edit(5, {"state": "found"})
    assert await shown() == [(5, "found")]
    cuts = desk.station.assets["film-b"].cuts
    moved = await edit(5, {"at_ms": millis(cuts.tick(3)) + 1})
    assert (moved["segment"], moved["state"]) == (3, "added")
    assert await shown() == [(3, "added"), (5, "rejected")]
    assert await aired_now() == [3]
    moved = await edit(3, {"at_ms": millis(cuts.tick(5))})  # and back to where one was found
    assert await shown() == [(5, "confirmed")]
    await edit(4, {"state": "confirmed"}, 404)
    tag = {"If-Match": (await api.get(path)).etag}
    await api.ask("DELETE", f"{path}/5", headers=tag)
    assert await shown() == [(5, "rejected")]
    assert await aired_now() == []
    await api.ask("DELETE", f"{path}/5", 412, headers=tag)
    await api.ask("DELETE", f"{path}/5", 428)
    for at in (0, millis(cuts.end), 10**9):
        await api.post(path, {"at_ms": at}, 422, headers=await tagged(api, "film-b"))


async def test_cuts_are_told_where_a_break_may_stand(api: Client, desk: House) -> None:
    cuts = desk.station.assets["film-a"].cuts
    found = (await api.get(f"{ASSETS}/film-a/cuts")).json
    assert [one["segment"] for one in found["items"]] == list(range(1, cuts.segments))
    assert found["is_all"] is True
    some = (await api.get(f"{ASSETS}/film-a/cuts?from_ms=4000&to_ms=12000")).json["items"]
    assert [one["segment"] for one in some] == [2, 3]


async def test_what_is_withdrawn_airs_as_slate_at_once_and_comes_back(
    api: Client, desk: House, database: Database
) -> None:
    follower = desk.station.follower
    done = (await api.post(f"{ASSETS}/film-a/withdraw", {"reason": "a mistake"}, 200)).json
    assert (done["channels"], done["asset"]["state"]) == (["films", "late"], "withdrawn")
    desk.station.look()
    assert all(view.withdrawn == {"film-a"} for view in follower.view.channels.values())
    assert (await told(database, desk))["film-a"].shelved is True
    back = (await api.post(f"{ASSETS}/film-a/take-back", {}, 200)).json
    assert back["asset"]["state"] == "packaged"
    desk.station.look()
    assert all(view.withdrawn == set() for view in follower.view.channels.values())
    assert (await told(database, desk))["film-a"].shelved is False
    one = (await api.post(f"{ASSETS}/film-b/withdraw", {"channels": ["late"]}, 200)).json
    assert (one["channels"], one["asset"]["state"]) == (["late"], "packaged")
    await api.post(f"{ASSETS}/film-b/withdraw", {"channels": ["nowhere"]}, 422)
    events = [one["type"] for one in (await api.get("/api/v1/events")).json["items"]]
    assert [kind for kind in events if kind in ("asset.withdrawn", "asset.taken_back")] == [
        "asset.withdrawn", "asset.taken_back", "asset.withdrawn",
    ]  # fmt: skip


async def test_only_who_rules_the_air_takes_back_what_was_withdrawn(
    api: Client, desk: House, settings: Settings, database: Database
) -> None:
    """Not by the bin, not by packaging it anew, and not by files that are gone for a moment."""
    for name in ("film-d", "film-e"):
        desk.station.asset(name, desk.station.assets["film-a"].about.kind, 7, 7, 7)
    await Intake(database, desk.station.store).look(desk.now, yes)
    editor = api.known_by(
        await create_key(settings, "editor", [Scope.ASSETS_READ, Scope.ASSETS_WRITE], None, desk.clock)
    )
    film = f"{ASSETS}/film-d"
    await api.post(f"{film}/withdraw", {}, 200)
    refused = await editor.post(f"{film}/repackage", {"source": "film.mp4"}, 409)
    assert "withdrawn" in refused.json["detail"]
    await editor.ask("DELETE", film, headers=await tagged(editor, "film-d"))
    assert (await editor.ask("POST", f"{film}/restore")).json["state"] == "withdrawn"
    assert (await told(database, desk))["film-d"].shelved is True
    await editor.ask("POST", f"{film}/restore", 409)
    folder, aside = desk.station.root / "assets" / "film-d", desk.station.root / "aside"
    intake = Intake(database, desk.station.store)
    for one, other in ((folder, aside), (aside, folder)):
        one.rename(other)
        await intake.look(desk.now, yes)
    assert (await editor.get(film)).json["state"] == "withdrawn"
    assert (await api.post(f"{film}/take-back", {}, 200)).json["asset"]["state"] == "packaged"
    by = {"by": "film-e"}
    await editor.post(f"{film}/replace", by, 200, headers=await tagged(editor, "film-d"))
    await editor.ask("DELETE", film, headers=await tagged(editor, "film-d"))
    assert (await editor.ask("POST", f"{film}/restore")).json["state"] == "replaced"
    await api.post(f"{film}/withdraw", {}, 200)
    await editor.ask("POST", f"{film}/restore", 409)


async def test_where_an_asset_is_used_is_asked_of_the_published_rules(api: Client) -> None:
    film = (await api.get(f"{ASSETS}/film-a/uses")).json["items"]
    assert [(one["channel"], one["as_program"], one["as_filling"]) for one in film] == [
        ("films", True, False), ("late", True, False),
    ]  # fmt: skip
    ad = (await api.get(f"{ASSETS}/ad-a/uses")).json["items"]
    assert [(one["channel"], one["as_program"], one["as_filling"]) for one in ad] == [("late", False, True)]


async def test_when_an_asset_is_on_next_is_what_the_schedule_says(api: Client, desk: House) -> None:
    found = (await api.get(f"{ASSETS}/film-c/next?days=1")).json
    assert {one["channel"] for one in found["items"]} == {"films", "late"}
    for one in found["items"]:
        assert datetime.fromisoformat(one["stop"]) > desk.now
        soon_after = written(datetime.fromisoformat(one["start"]) + timedelta(milliseconds=10))
        guide = (await api.get(f"/api/v1/channels/{one['channel']}/now?at={soon_after}")).json
        assert guide["asset"] == "film-c"
    assert found["not_found"] == []


async def test_a_log_that_ended_long_ago_is_followed_for_a_while_and_no_longer(
    desk: House, settings: Settings, key: str, database: Database
) -> None:
    """Years of short films would take minutes; the answer says how far was looked."""
    later = desk.now + timedelta(days=3650)
    async with running(settings.model_copy(update={"works": False}), clock=lambda: later) as found:
        await Intake(database, desk.station.store).look(later, yes)
        seen = (await found.known_by(key).get(f"{ASSETS}/film-c/next?days=1")).json
    assert seen["items"] == []
    assert {datetime.fromisoformat(one["until"]) for one in seen["not_found"]} == {later}


async def test_what_is_on_air_is_not_deleted_and_what_is_deleted_is_chosen_no_more(
    api: Client, desk: House, database: Database
) -> None:
    refused = await api.ask("DELETE", f"{ASSETS}/film-a", 409, headers=await tagged(api, "film-a"))
    assert "it is on air, or about to be, on films" in refused.json["detail"]
    await api.ask("DELETE", f"{ASSETS}/film-a", 428)
    desk.station.asset("film-d", desk.station.assets["film-a"].about.kind, 7, 7, 7)
    await Intake(database, desk.station.store).look(desk.now, yes)
    deleted = (await api.ask("DELETE", f"{ASSETS}/film-d", headers=await tagged(api, "film-d"))).json
    assert deleted["state"] == "deleted"
    assert (await told(database, desk))["film-d"].shelved is True
    assert "film-d" not in {one["id"] for one in (await api.get(ASSETS)).json["items"]}
    binned = (await api.get(f"{ASSETS}?state=deleted")).json["items"]
    assert [one["id"] for one in binned] == ["film-d"]
    await api.post(f"{ASSETS}/film-d/withdraw", {}, 409)
    restored = (await api.ask("POST", f"{ASSETS}/film-d/restore")).json
    assert (restored["state"], restored["deleted_at"]) == ("packaged", None)
    await api.ask("POST", f"{ASSETS}/film-d/purge", 409)


async def test_what_is_purged_is_gone_with_its_files(
    desk: House, settings: Settings, key: str, database: Database
) -> None:
    desk.station.asset("film-d", desk.station.assets["film-a"].about.kind, 7, 7, 7)
    await Intake(database, desk.station.store).look(desk.now, yes)
    async with running(quick(settings, works=True), clock=desk.clock) as found:
        api = found.known_by(key)
        await api.ask("DELETE", f"{ASSETS}/film-d", headers=await tagged(api, "film-d"))
        await told(database, desk)
        await api.ask("POST", f"{ASSETS}/film-d/purge", 202)
        folder = desk.station.root / "assets" / "film-d"

        async def is_gone() -> bool:
            return (await api.get(f"{ASSETS}/film-d", None)).status == 404

        await soon(is_gone)
        assert not folder.exists()
        assert (desk.station.root / "assets" / "film-a" / "asset.json").exists()


async def test_files_that_nobody_knows_are_told_and_left_alone(api: Client, desk: House, settings: Settings) -> None:
    import os  # noqa: PLC0415 — of this test alone

    stray = settings.media / "sources" / ".uploads" / "up_stray"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(bytes(5000))
    half = settings.media / "assets" / "half"
    half.mkdir()
    (half / "v360.cmfv").write_bytes(bytes(7000))
    assert (await api.get("/api/v1/uploads:strays")).json["items"] == []  # what is young may be on its way
    old = (desk.now - timedelta(hours=2)).timestamp()
    for path in (stray, half / "v360.cmfv", half, settings.media / "assets" / "slate"):
        os.utime(path, (old, old))
    found = (await api.get("/api/v1/uploads:strays")).json["items"]
    assert [one["path"] for one in found if "slate" not in one["path"]] == ["assets/half", "sources/.uploads/up_stray"]
    assert stray.exists()
    assert half.exists()


# The pure parts


def cuts_of(lengths: list[int]) -> Cuts:
    boundaries = [0]
    for length in lengths:
        boundaries.append(boundaries[-1] + length)
    return Cuts.of(boundaries)


@given(st.lists(st.integers(1, 100), min_size=2, max_size=40), st.data())
def test_the_nearest_cut_is_nearer_than_all_others(lengths: list[int], data: st.DataObject) -> None:
    cuts = cuts_of(lengths)
    wanted = Ticks(data.draw(st.integers(-50, cuts.end + 50)))
    found = nearest(cuts, wanted)
    assert found is not None
    segment, moved = found
    assert 1 <= segment < cuts.segments
    assert cuts.tick(segment) - wanted == moved
    assert abs(moved) == min(abs(cuts.tick(other) - wanted) for other in range(1, cuts.segments))


def test_an_asset_of_one_segment_has_no_cut_within_it() -> None:
    assert nearest(cuts_of([5]), Ticks(2)) is None


FOUND = st.lists(st.integers(1, 30), unique=True).map(
    lambda some: [BreakPoint(segment, Ticks(0), 60, "black") for segment in sorted(some)]
)
EDITS = st.lists(
    st.tuples(st.integers(1, 30), st.sampled_from([BreakState.ADDED, BreakState.CONFIRMED, BreakState.REJECTED])),
    unique_by=lambda pair: pair[0],
).map(lambda some: [Edit(segment, state) for segment, state in some])


@given(FOUND, EDITS)
def test_what_airs_is_what_was_found_and_added_without_what_was_rejected(
    found: list[BreakPoint], edits: list[Edit]
) -> None:
    rejected = {edit.segment for edit in edits if edit.state is BreakState.REJECTED}
    wanted = {point.segment for point in found} | {edit.segment for edit in edits}
    assert [point.segment for point in aired(found, edits)] == sorted(wanted - rejected)
    assert [one.point.segment for one in points(found, edits)] == sorted(wanted)
    assert aired(found, []) == tuple(found)


@given(st.lists(st.integers(1, 100), min_size=2, max_size=40), st.integers(0, 500), st.integers(0, 500))
def test_the_list_of_cuts_is_those_between(lengths: list[int], first: int, stop: int) -> None:
    from types import SimpleNamespace  # noqa: PLC0415 — of this test alone

    cuts = cuts_of(lengths)
    asset: Any = SimpleNamespace(cuts=cuts)
    inner = [(segment, cuts.tick(segment)) for segment in range(1, cuts.segments)]
    assert list(cut_list(asset, Ticks(first), Ticks(stop), 10)) == [one for one in inner if first <= one[1] < stop][:10]


def test_keys_of_pictures_are_names() -> None:
    assert keys.asset_file("film", "poster.jpg") == "assets/film/poster.jpg"


async def test_while_the_store_is_slow_nobody_else_waits_to_write(api: Client, settings: Settings) -> None:
    """No transaction is open while the store is asked: others would be refused for the lock that it holds."""
    pool, store = api.app[SITE].master.pool, threading.Event()
    etags = [await tagged(api, asset) for asset in ("film-a", "film-b", "film-c")]
    async with asyncio.TaskGroup() as tasks:
        for _ in range(settings.report_threads):
            tasks.create_task(pool.run(store.wait))
        tasks.create_task(api.ask("DELETE", f"{ASSETS}/film-a", 409, headers=etags[0]))
        tasks.create_task(api.post(f"{ASSETS}/film-b/breaks", {"at_ms": 20_000}, headers=etags[1]))
        tasks.create_task(api.post(f"{ASSETS}/film-c/withdraw", {}, 200))
        tasks.create_task(api.get(f"{ASSETS}/ad-a"))
        try:
            while pool.asked < settings.report_threads + 4:
                await api.get("/healthz")
            await api.post("/api/v1/titles", {"kind": "movie", "name": "Meanwhile"})
        finally:
            store.set()
