"""Guide, reasons, as-run, withdrawals and wishes over HTTP: what is told is what airs. Rows A12, AX13."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from clients import running
from desks import WRITTEN, House, house
from stations import FULL

from playout.amend import Amendment, amend
from playout.core.asrun_text import comma_separated, jsonl
from playout.core.asset import Kind
from playout.core.ticks import span_of
from playout.reports import guide
from playout.reports.asrun import aired
from playout.reports.why import asked
from playout.station import Station

if TYPE_CHECKING:
    from pathlib import Path

    from clients import Client

    from control_api.settings import Settings

CHANNELS = "/api/v1/channels"
ORIGIN = "http://127.0.0.1:8080"
NO_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What a guide, a reason or an as-run log says lies in the store: it is the same whatever the database is."""
FORMS = (
    ("xmltv", "text/xml", b"<?xml"),
    ("csv", "text/csv", b"channel"),
    ("json", "application/json", b"{"),
    ("text", "text/plain", b"1  Films"),
    ("schema-org", "application/ld+json", b'{"@context"'),
)
"""How a guide is asked for, sent, and begins."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@NO_DATABASE
async def test_the_guide_pages_through_days_without_a_hole(api: Client, desk: House) -> None:
    start, stop = desk.now, desk.now + timedelta(hours=2)
    found, path = [], f"{CHANNELS}/films/guide?limit=7&start={start:%Y-%m-%dT%H:%M:%SZ}&stop={stop:%Y-%m-%dT%H:%M:%SZ}"
    while path:
        page = (await api.get(path)).json
        assert len(page["items"]) <= 7
        found += page["items"]
        path = page["next"]
    listed = guide.listed(Station(desk.station.store), "films", start, stop)
    assert [one["id"] for one in found] == [entry.id for entry in listed.entries]
    assert all(one["stop"] == after["start"] for one, after in pairwise(found))
    assert at(found[0]["start"]) <= start < at(found[0]["stop"])
    assert found[0]["poster_url"].startswith(f"{ORIGIN}/vod/film-")
    assert found[0]["parts"][0]["asset"].startswith("film-")


@NO_DATABASE
async def test_a_page_of_the_guide_ends_where_no_more_is_made_at_once(api: Client, desk: House) -> None:
    week = desk.now + timedelta(days=5)
    path = f"{CHANNELS}/films/guide?limit=100&start={week - timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
    first = (await api.get(f"{path}&stop={week + timedelta(minutes=3):%Y-%m-%dT%H:%M:%SZ}")).json
    assert first["items"]
    assert first["next"] is None
    await api.get(f"{CHANNELS}/films/guide?start=2036-01-01T00:00:00Z", 400)
    await api.get(f"{CHANNELS}/nobody/guide", 404)
    assert (await api.get(f"{CHANNELS}/films/guide?start=2026-03-01T13:00:00Z&stop=2026-03-01T12:00:00Z")).json[
        "items"
    ] == []


@NO_DATABASE
async def test_the_guide_is_exported_as_the_command_line_does(api: Client, desk: House) -> None:
    for form, kind, begins in FORMS:
        found = await api.get(f"/api/v1/guide?format={form}&hours=1")
        assert found.headers["Content-Type"].startswith(kind)
        station, now = Station(desk.station.store), desk.now
        start, stop = guide.between(guide.Form(form), now, None, None, 1)
        listed = [guide.listed(station, name, start, stop) for name in ("films", "late")]
        assert found.body.decode() == guide.written(guide.Form(form), listed, ORIGIN, now)
        assert found.body.lstrip()[: len(begins)] == begins
        await api.get(f"/api/v1/guide?format={form}&channel=nobody", 404)


@NO_DATABASE
async def test_a_roku_feed_has_one_channel(api: Client, desk: House) -> None:
    """Of two weeks: of a film of some length, for the other channels begin another one every few seconds."""
    desk.station.asset("long", Kind.EPISODE, *[FULL] * 300)
    desk.file.write_text(WRITTEN + "  long: {number: 3, name: Long, include: {any: [episode]}}\n")
    desk.publish()
    desk.station.moments.now += timedelta(minutes=2)
    desk.station.look()
    assert "one channel" in (await api.get("/api/v1/guide?format=roku", 400)).json["detail"]
    found = json.loads((await api.get("/api/v1/guide?format=roku&channel=long")).body)
    assert "Title of long" in json.dumps(found)


@NO_DATABASE
async def test_why_tells_what_the_command_line_tells(api: Client, desk: House) -> None:
    found = (await api.get(f"{CHANNELS}/films/why")).json
    answer = asked(Station(desk.station.store), "films", "now", desk.now)
    assert (found["text"], found["document"]) == (answer.text, json.loads(json.dumps(answer.document)))
    later = (await api.get(f"{CHANNELS}/films/why?at=20:15")).json
    assert later["document"]["instant"].startswith("2026-03-01T20:15:00")
    await api.get(f"{CHANNELS}/films/why?at=2020-01-01T00:00", 404)
    for when in ("25:99", "soon"):
        told = (await api.get(f"{CHANNELS}/films/why?at={when}", 422)).json
        (mistake,) = told["errors"]
        assert (mistake["part"], mistake["pointer"]) == ("query", "/at")
        assert mistake["detail"].startswith(f"{when!r} is not an instant: write `now`, 20:15, ")


@NO_DATABASE
async def test_as_run_in_three_forms(api: Client, desk: House) -> None:
    report = aired(Station(desk.station.store), "films", "today", desk.now)
    found = (await api.get(f"{CHANNELS}/films/as-run")).json
    assert len(found["rows"]) == len(report.rows) > 0
    assert found["header"]["channel"] == "films"
    lines = await api.get(f"{CHANNELS}/films/as-run?format=jsonl")
    assert lines.body.decode() == jsonl(report)
    table = await api.get(f"{CHANNELS}/films/as-run?format=csv&day=2026-03-01")
    assert table.body.decode() == comma_separated(report)
    assert "has not begun" in (await api.get(f"{CHANNELS}/films/as-run?day=2026-03-02", 404)).json["detail"]
    await api.get(f"{CHANNELS}/films/as-run?day=monday", 400)


async def test_what_is_withdrawn_is_slate_at_once_and_comes_back(api: Client, desk: House) -> None:
    given = {"assets": ["film-a", "film-a"], "channels": ["films"], "reason": "rights"}
    done = (await api.post("/api/v1/withdrawals", given, 200, headers={"Idempotency-Key": "1"})).json
    assert done["orders"] == [{"channel": "films", "number": 1, "assets": ["film-a"], "reason": "rights"}]
    await api.post("/api/v1/withdrawals", given, 200, headers={"Idempotency-Key": "1"})
    desk.station.look()
    assert desk.station.on_air("films").withdrawn == {"film-a"}
    assert desk.station.on_air("late").withdrawn == frozenset()
    listed = (await api.get("/api/v1/withdrawals")).json["items"]
    assert [(one["channel"], one["asset"], one["reason"]) for one in listed] == [("films", "film-a", "rights")]
    await api.post("/api/v1/withdrawals", {"assets": ["film-b"]}, 200)
    desk.station.look()
    assert desk.station.on_air("late").withdrawn == {"film-b"}
    assert len((await api.get("/api/v1/withdrawals?channel=films")).json["items"]) == 2
    await api.post("/api/v1/withdrawals:give-back", {"assets": ["film-a", "film-b"]}, 200)
    desk.station.look()
    assert desk.station.on_air("films").withdrawn == frozenset()
    assert (await api.get("/api/v1/withdrawals")).json["items"] == []
    await api.post("/api/v1/withdrawals", {"assets": ["film-a"], "channels": ["films", "nobody"]}, 404)
    assert (await api.get("/api/v1/withdrawals")).json["items"] == []
    given = {"assets": ["film-a", "typo", "film-b", "typo-2"]}
    for path in ("/api/v1/withdrawals", "/api/v1/withdrawals:give-back"):
        wrong = (await api.post(path, given, 422)).json["errors"]
        assert [(one["pointer"], one["detail"]) for one in wrong] == [
            ("/assets/1", "there is no asset 'typo': look at its id again"),
            ("/assets/3", "there is no asset 'typo-2': look at its id again"),
        ]
    assert (await api.get("/api/v1/withdrawals")).json["items"] == []
    kinds = [one["type"] for one in (await api.get("/api/v1/events")).json["items"]]
    assert kinds.count("withdrawal.ordered") == 3
    assert kinds.count("withdrawal.taken_back") == 2


async def test_an_order_is_for_those_who_have_a_log_of_their_own(settings: Settings, key: str, tmp_path: Path) -> None:
    """By whichever address: a mirror airs what its parent does, and what has ended airs nothing."""
    mirror = "  again: {number: 3, name: Again, mirror: {of: films, offset: 1h}}\n"
    desk = house(tmp_path, WRITTEN + mirror)
    desk.file.write_text(WRITTEN.partition("  # The second one.")[0] + mirror)
    desk.publish()  # and so the second one ends
    desk.station.moments.now += timedelta(minutes=5)
    desk.station.look()
    async with running(settings, clock=desk.clock) as found:
        api = found.known_by(key)
        orders = (await api.post("/api/v1/withdrawals", {"assets": ["film-a"]}, 200)).json["orders"]
        assert [one["channel"] for one in orders] == ["films"]
        listed = (await api.get("/api/v1/withdrawals")).json["items"]
        assert [(one["channel"], one["asset"]) for one in listed] == [("again", "film-a"), ("films", "film-a")]
        # what airs and is no longer in the store, nor in the library, can be withdrawn all the same
        on = (await api.get(f"{CHANNELS}/films/now")).json["asset"]
        amend(desk.station.store, [Amendment(on, shelved=True)], desk.now)
        desk.library()
        (tmp_path / "assets" / on / "asset.json").unlink()
        await api.post("/api/v1/withdrawals", {"assets": [on], "channels": ["films"]}, 200)


async def test_play_next_and_skip_change_what_is_not_committed_and_nothing_else(api: Client, desk: House) -> None:
    committed = desk.station.on_air("films").log.turns
    nexts = (await api.post(f"{CHANNELS}/films/play-next", {"asset": "film-c"}, 200)).json
    assert nexts["after"][0]["asset"] == "film-c"
    assert at(nexts["at"]) > desk.now
    desk.station.moments.now += timedelta(minutes=4)
    desk.station.look()
    station = Station(desk.station.store)
    log = list(station.logged("films", desk.now - timedelta(minutes=10), desk.now + timedelta(minutes=10)))
    assert log[: len(committed)] == list(committed)
    genesis = desk.station.on_air("films").channel.genesis
    late = [turn for turn in log if genesis + span_of(turn.start) >= at(nexts["at"])]
    assert late[0].program is not None
    assert late[0].program[0].asset == "film-c"
    skipped = (await api.post(f"{CHANNELS}/films/skip", {}, 200)).json
    assert skipped["before"][0]["asset"] != skipped["after"][0]["asset"]
    # what was wished for and is skipped is wished for no longer, and the next skip passes over what comes then
    await api.post(f"{CHANNELS}/films/play-next", {"asset": "film-c"}, 200)
    once, twice = [(await api.post(f"{CHANNELS}/films/skip", {}, 200)).json for _ in range(2)]
    assert once["before"][0]["asset"] == "film-c"
    assert once["after"][0]["asset"] == twice["before"][0]["asset"] == skipped["after"][0]["asset"]
    assert twice["after"][0]["asset"] != twice["before"][0]["asset"]
    wrong = await api.post(f"{CHANNELS}/films/skip", {"asset": "film-x"}, 409)
    assert "look again" in wrong.json["detail"]
    await api.post(f"{CHANNELS}/films/play-next", {"asset": "film-x"}, 409)
    await api.post(f"{CHANNELS}/films/play-next", {"asset": "slate"}, 409)
    await api.post(f"{CHANNELS}/nobody/skip", {}, 404)


async def test_a_rule_that_matches_nothing_is_slate_and_no_error(api: Client, desk: House) -> None:
    given = {"id": "empty", "channel": {"number": 9, "name": "Empty", "include": {"any": ["nothing"]}}}
    await api.post(CHANNELS, given)
    desk.publish()
    desk.station.moments.now += timedelta(minutes=2)
    desk.station.look()
    now = (await api.get(f"{CHANNELS}/empty/now")).json
    assert now["role"] == "slate"
    assert (now["program"] or {"asset": None})["asset"] is None
    shown = (await api.get(f"{CHANNELS}/empty")).json
    assert shown["state"] == "on_air"


NEVER = (
    "films/now?at=9999-12-31T23:59:59Z",
    "films/now?at=0001-01-01T00:00:00Z",
    "films/guide?start=9999-12-31T23:59:59Z",
    "films/guide?start=0001-01-01T00:00:00Z",
    "films/guide?start=2026-05-01T00:00:00Z",
    "films/why?at=9999-12-31T23:59:59Z",
    "films/why?at=0001-01-01T00:00:00Z",
    "films/as-run?day=0001-01-01",
    "films/as-run?day=9999-12-31",
)


@NO_DATABASE
async def test_instants_that_nobody_can_mean_are_refused(api: Client) -> None:
    for path in NEVER:
        assert (await api.get(f"{CHANNELS}/{path}", None)).status in {400, 404}, path
    for at_ in ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"):
        await api.get(f"/api/v1/guide?format=csv&days=-31&at={at_}", 400)
    await api.post(f"{CHANNELS}/films/simulate", {"days": 1, "start": "9999-12-31T23:59:59Z"}, 422)
    body = {"start": "9999-12-31T23:00:00Z", "assets": ["film-a"]}
    anything = {"If-Match": "*"}
    assert (await api.post(f"{CHANNELS}/films/blocks", body, None, headers=anything)).status in {201, 400, 422}
    span = {"start": "9999-12-31T22:00:00Z", "stop": "9999-12-31T23:59:59Z"}
    assert (await api.post(f"{CHANNELS}/films/blocks:fill", span, None, headers=anything)).status in {200, 400, 422}
