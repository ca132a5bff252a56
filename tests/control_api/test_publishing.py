"""Check, plan, apply, revisions, rollback and simulate over HTTP: the answers are those of the command line."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientTimeout
from clients import running
from desks import WRITTEN, House

from control_api.site import SITE
from playout.config import Programming, load
from playout.reports import check, plan, simulate
from playout.station import Station

if TYPE_CHECKING:
    from clients import Client

    from control_api.settings import Settings

CHANNELS = "/api/v1/channels"
NO_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Reports are made of the file and the store: they are the same whatever the database is."""


def programming(desk: House) -> Programming:
    found = load(desk.file)
    assert isinstance(found, Programming)
    return found


@NO_DATABASE
async def test_check_tells_what_the_command_line_tells(api: Client, desk: House) -> None:
    found = (await api.post(f"{CHANNELS}:check", {}, 200)).json
    checked = check.check(programming(desk), Station(desk.station.store), desk.now)
    told = json.loads(check.as_json(checked))
    assert found["findings"] == told["findings"]
    assert found["looked_at"] == told["looked_at"]
    assert found["looked_at"]["simulated"] == 2
    quick = (await api.post(f"{CHANNELS}:check", {"quick": True}, 200)).json
    assert quick["looked_at"]["simulated"] == 0


@NO_DATABASE
async def test_check_of_a_draft_tells_its_mistakes_and_writes_nothing(api: Client, desk: House) -> None:
    draft = {"channels": {"films": {"number": 1, "name": "F", "include": {"yaer": 1}}, "late": None}}
    found = (await api.post(f"{CHANNELS}:check", draft, 200)).json
    assert [(one["part"], one["pointer"]) for one in found["mistakes"]] == [("file", "/channels/films/include/yaer")]
    assert found["looked_at"] is None
    found = (await api.post(f"{CHANNELS}:check", {"file": "version: 2\n"}, 200)).json
    assert {(one["part"], one["pointer"]) for one in found["mistakes"]} == {("body", "/version"), ("body", "")}
    assert desk.text == WRITTEN


@NO_DATABASE
async def test_a_file_of_nothing_but_brackets_is_refused_at_once_and_keeps_nobody_waiting(api: Client) -> None:
    draft = {"file": "version: 1\nchannels: " + "[" * 100_000}
    async with asyncio.timeout(60):  # without a bound on the depth it goes on for days
        async with asyncio.TaskGroup() as asking:
            checked = asking.create_task(api.post(f"{CHANNELS}:check", draft, 200))
            for _ in range(3):
                await api.get("/healthz", 200)
        found = checked.result().json
        await api.post(f"{CHANNELS}:plan", draft, 422)
    assert [one["pointer"] for one in found["mistakes"]] == [""]
    assert found["looked_at"] is None


@NO_DATABASE
async def test_aliases_that_repeat_one_another_are_refused_before_anybody_follows_them(api: Client) -> None:
    levels = [f"x{number}: &x{number} [{', '.join([f'*x{number - 1}'] * 20)}]" for number in range(1, 10)]
    bomb = "\n".join(["version: 1", "x0: &x0 [a]", *levels, "channels: {}", ""])
    async with asyncio.timeout(60):  # 20 to the power of 9 would not even fit into memory
        wrong = await api.post(f"{CHANNELS}:check", {"file": bomb, "channels": {"z": {"number": 1}}}, 409)
        assert "with what aliases repeat" in wrong.json["detail"]
        found = (await api.post(f"{CHANNELS}:check", {"file": bomb}, 200)).json
    assert "aliases repeat this more than" in found["mistakes"][0]["detail"]


@NO_DATABASE
async def test_a_draft_of_as_many_channels_as_may_be_is_one_edit_of_the_file(api: Client, desk: House) -> None:
    channels = {f"c{number}": {"number": number + 10} for number in range(999)}
    async with asyncio.timeout(120):
        found = (await api.post(f"{CHANNELS}:check", {"channels": {**channels, "nobody": None}}, 200)).json
    assert len(found["mistakes"]) > 500
    assert (await api.post(f"{CHANNELS}:check", {"channels": {"nobody": None}}, 200)).json["mistakes"] == []
    assert desk.text == WRITTEN


@NO_DATABASE
async def test_plan_tells_what_a_draft_would_change_on_air(api: Client, desk: House) -> None:
    same = (await api.post(f"{CHANNELS}:plan", {}, 200)).json
    assert [(one["channel"], one["change"]) for one in same["channels"]] == [("films", "same"), ("late", "same")]
    draft = {
        "channels": {"films": {"number": 1, "name": "Films", "include": "features", "order": "newest"}, "late": None}
    }
    found = (await api.post(f"{CHANNELS}:plan", {**draft, "days": 1, "most_lines": 3}, 200)).json
    films, late = found["channels"]
    assert (films["change"], late["change"]) == ("edited", "ends")
    assert films["edits"] == ["group: Movies → none", "description: All of them → none", "programs"]
    assert len(films["lines"]) == 3
    assert {line["sign"] for line in films["lines"]} <= {"-", "+", "=", "~"}
    edited = WRITTEN.replace("order: sequence", "order: newest")
    by_text = (await api.post(f"{CHANNELS}:plan", {"file": edited, "days": 1}, 200)).json["channels"][0]
    desk.file.write_text(edited)
    told = plan.plan(Station(desk.station.store), programming(desk), desk.now, 1).channels[0]
    assert [line["title"] for line in by_text["lines"]] == [line.title for line in told.lines[:100]]
    wrong = await api.post(f"{CHANNELS}:plan", {"channels": {"films": {"number": 1}}}, 422)
    assert wrong.json["errors"][0]["pointer"] == "/channels/films"
    assert wrong.json["errors"][0]["part"] == "body"


async def test_apply_publishes_the_file_in_somebodys_name_and_a_rollback_takes_it_back(
    api: Client, desk: House
) -> None:
    read = await api.get("/api/v1/channels.yaml")
    desk.file.write_text(WRITTEN.replace("order: sequence", "order: newest"))
    await api.post(f"{CHANNELS}:apply", {}, 412, headers={"If-Match": read.etag})
    done = (await api.post(f"{CHANNELS}:apply", {"note": "newest first"}, 200)).json
    assert [(one["channel"], one["number"], one["note"]) for one in done["revisions"]] == [("films", 2, "newest first")]
    assert (await api.post(f"{CHANNELS}:apply", {}, 200)).json["revisions"] == []
    listed = (await api.get(f"{CHANNELS}/films/revisions")).json["items"]
    assert [(one["number"], one["author"]) for one in listed] == [(2, "tests"), (1, "file")]
    assert listed[0]["what"].startswith("newest first: ")
    first = (await api.get(f"{CHANNELS}/films/revisions?limit=1")).json
    assert [one["number"] for one in (await api.get(first["next"])).json["items"]] == [1]
    whole = (await api.get(f"{CHANNELS}/films/revisions/2")).json
    assert whole["document"]["rules"]["block"]["sources"][0]["order"] == "newest"
    await api.get(f"{CHANNELS}/films/revisions/9", 404)
    back = (await api.post(f"{CHANNELS}/films/rollback", {}, 200)).json
    assert (back["number"], back["restores"]) == (3, 1)
    desk.publish()  # who watches the file does not publish it over that
    assert len((await api.get(f"{CHANNELS}/films/revisions")).json["items"]) == 3
    assert "nothing to go back to" in (await api.post(f"{CHANNELS}/late/rollback", {}, 409)).json["detail"]
    assert "has no revision 7" in (await api.post(f"{CHANNELS}/films/rollback", {"revision": 7}, 409)).json["detail"]
    await api.post(f"{CHANNELS}/nobody/rollback", {}, 404)
    events = [one["type"] for one in (await api.get("/api/v1/events")).json["items"]]
    assert events[-2:] == ["channel.published", "channel.rolled_back"]
    # nothing of a file with mistakes is published
    desk.file.write_text(WRITTEN.replace("order: sequence", "order: sequense"))
    refused = await api.post(f"{CHANNELS}:apply", {}, 422)
    assert [(one["part"], one["pointer"]) for one in refused.json["errors"]] == [("file", "/channels/films/order")]
    assert len((await api.get(f"{CHANNELS}/films/revisions")).json["items"]) == 3


@NO_DATABASE
async def test_simulate_tells_figures_and_draws_a_picture(api: Client, desk: House) -> None:
    found = (await api.post(f"{CHANNELS}/films/simulate", {"days": 2}, 200)).json
    run = simulate.of_station(Station(desk.station.store), "films", 2, None, desk.now)
    assert found["figures"] == json.loads(simulate.as_json(run))
    picture = await api.post(f"{CHANNELS}/films/simulate", {"days": 2}, 200, headers={"Accept": "image/svg+xml"})
    assert picture.body.startswith(b"<svg")
    assert picture.headers["Content-Type"] == "image/svg+xml"
    draft = {"days": 2, "channels": {"films": {"number": 1, "name": "Films", "include": {"any": ["none"]}}}}
    assert (await api.post(f"{CHANNELS}/films/simulate", draft, 200)).json["figures"] != found["figures"]
    await api.post(f"{CHANNELS}/nobody/simulate", {"days": 2}, 404)


@NO_DATABASE
async def test_a_simulation_that_nobody_waits_for_ends_and_others_are_told_to_wait(
    desk: House, settings: Settings, key: str
) -> None:
    few = settings.model_copy(update={"report_queue": 0})
    async with running(few, clock=desk.clock) as client:
        api, pool = client.known_by(key), client.app[SITE].master.pool
        url = api.root.join(api.root.with_path(f"{CHANNELS}/films/simulate"))
        headers = {"Authorization": f"Bearer {key}"}
        asking = asyncio.ensure_future(
            api.session.post(url, json={"days": 3660}, headers=headers, timeout=ClientTimeout(100))
        )
        while not pool.processes:  # noqa: ASYNC110 — a real process begins
            await asyncio.sleep(0.01)
        refused = await api.post(f"{CHANNELS}/films/simulate", {"days": 1}, 503)
        assert int(refused.headers["Retry-After"]) > 0
        asking.cancel()
        async with asyncio.timeout(5):  # ten years take longer than that
            while pool.processes:  # noqa: ASYNC110 — it is killed within a look
                await asyncio.sleep(0.01)


@NO_DATABASE
async def test_a_simulation_may_not_take_for_ever(desk: House, settings: Settings, key: str) -> None:
    async with running(settings.model_copy(update={"report_seconds": 0.3}), clock=desk.clock) as client:
        refused = await client.known_by(key).post(f"{CHANNELS}/films/simulate", {"days": 3660}, 503)
        assert "more than 0.3 seconds" in refused.json["detail"]
