"""Deleting: into the bin with everything beneath, out of it as it was, and for good when nothing airs it any more.

Row B59.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from clients import running
from shelf import eventually, film, packaged, titles
from stations import FILMS, station

from control_api.assets.airing import LOGGED, committed
from control_api.library.purging import submit_overdue
from control_api.site import SITE
from playout.clock import system_clock
from playout.config.settings import MOST_HORIZON
from playout.station import Station

if TYPE_CHECKING:
    from pathlib import Path

    from clients import Client

    from control_api.settings import Settings

TITLES = "/api/v1/titles"


async def series(client: Client) -> tuple[str, str, str]:
    """A series with a season with an episode."""
    found: list[str] = []
    for kind in ("series", "season", "episode"):
        body: dict[str, Any] = {"kind": kind, "name": f"A {kind}"}
        body |= {"parent_id": found[-1], "number": 1} if found else {}
        found.append((await client.post(TITLES, body)).json["id"])
    return found[0], found[1], found[2]


async def test_what_is_beneath_goes_along_and_comes_back(client: Client) -> None:
    top, season, episode = await series(client)
    await client.ask("DELETE", f"{TITLES}/{episode}", 200)
    gone = (await client.ask("DELETE", f"{TITLES}/{top}", 200)).json
    assert gone["titles"] == 2
    assert await titles(client) == []
    assert {one["id"] for one in await titles(client, "deleted=true")} == {top, season, episode}
    assert (await client.get("/api/v1/search?q=season")).json["items"] == []
    refused = await client.ask("POST", f"{TITLES}/{season}/restore", 409)
    assert refused.json["detail"] == f"{top}, which it belongs to, lies in the bin: restore that"
    edited = await client.ask("PATCH", f"{TITLES}/{top}", 409, body={"name": "x"}, headers={"If-Match": "*"})
    assert edited.json["detail"] == "it lies in the bin: restore it first"
    await client.ask("POST", f"{TITLES}/{top}/restore", 200)
    # what lay there already did not come along, so it stays
    assert {one["id"] for one in await titles(client)} == {top, season}
    assert [one["id"] for one in (await client.get("/api/v1/search?q=season")).json["items"]] == [season]
    assert (await client.ask("DELETE", f"{TITLES}/{episode}", 200)).json["titles"] == 0


async def test_only_what_lies_in_the_bin_is_purged(client: Client) -> None:
    top, *_ = await series(client)
    refused = await client.ask("POST", f"{TITLES}/{top}/purge", 409)
    assert refused.json["detail"] == "it does not lie in the bin: delete it first"


async def ended(client: Client, job: str) -> Any:
    async def over() -> Any:
        found = (await client.get(f"/api/v1/jobs/{job}")).json
        return found if found["state"] in ("succeeded", "failed") or found["reason"] else None

    return await eventually(over)


async def test_a_purged_title_leaves_nothing(settings: Settings, key: str, tmp_path: Path) -> None:
    packaged(tmp_path, "aa", film())
    packaged(tmp_path, "bb", film("Other"))
    async with running(settings.model_copy(update={"tells": True, "library_beat_ms": 50})) as stranger:
        client = stranger.known_by(key)
        await eventually(lambda: titles(client, "q=other"))
        [one] = await titles(client, "q=third")
        await client.ask("DELETE", f"{TITLES}/{one['id']}", 200)
        purge = (await client.ask("POST", f"{TITLES}/{one['id']}/purge", 202)).json["job"]
        done = await ended(client, purge)
        if done["state"] != "succeeded":  # the air had not been told yet
            assert done["reason"] == "the air has not been told yet that it was deleted"
            await client.ask("DELETE", f"{TITLES}/{one['id']}", 200)
            site = client.app[SITE]

            async def told() -> bool:
                from control_api.library.amendments import is_any_due  # noqa: PLC0415 — of this wait alone

                return not await is_any_due(site.database)

            await eventually(told)
            purge = (await client.ask("POST", f"{TITLES}/{one['id']}/purge", 202)).json["job"]
            done = await ended(client, purge)
        assert done["result"] == {"titles": 1, "assets": 1}
        await client.get(f"{TITLES}/{one['id']}", 404)
        assert not (tmp_path / "assets" / "aa").exists()
        assert (tmp_path / "assets" / "bb").exists()
        assert [other["name"] for other in await titles(client)] == ["Other"]


def test_what_is_in_a_log_is_on_its_way_to_the_air(tmp_path: Path) -> None:
    """Titles and assets are asked about in one way: what is in the bin is chosen no more, whatever rules match it."""
    made = station(tmp_path)
    now = made.moments.now

    def on_its_way(*assets: str, later: timedelta = timedelta()) -> list[str]:
        return committed(Station(made.store), assets, now + later)

    logged = {airing.asset for turn in made.on_air("films").log.turns for airing in turn.airings}
    unlogged = {"film-a", "film-b", "film-c", "ad-a"} - logged
    assert logged
    assert unlogged
    for asset in logged:
        assert on_its_way(asset) == on_its_way("nothing", asset) == ["films"]
    assert on_its_way(*unlogged) == on_its_way() == []
    made.publish(FILMS, items=())
    assert on_its_way(*logged) == ["films"]
    assert on_its_way(*logged, later=timedelta(days=3)) == []


def test_no_log_reaches_farther_than_is_looked() -> None:
    assert LOGGED > MOST_HORIZON


async def test_what_has_lain_long_is_purged_by_a_job(client: Client) -> None:
    top, *_ = await series(client)
    await client.ask("DELETE", f"{TITLES}/{top}", 200)
    database, now = client.app[SITE].database, system_clock()
    async with database.writing() as session:
        assert await submit_overdue(session, now - timedelta(days=30), now) == 0
    async with database.writing() as session:
        assert await submit_overdue(session, now + timedelta(seconds=1), now) == 1
    async with database.writing() as session:
        assert await submit_overdue(session, now + timedelta(seconds=1), now) == 0
    job = (await client.get(f"/api/v1/jobs?subject={top}")).json["items"][0]
    assert (await ended(client, job["id"]))["result"] == {"titles": 3, "assets": 0}
    assert await titles(client, "deleted=true") == []
