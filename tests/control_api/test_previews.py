"""Rules before they are saved, and the addresses of former players. Rows A11, A12, A13, A20."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from desks import WRITTEN, House

from playout.core.ticks import ticks_since

if TYPE_CHECKING:
    from clients import Client


CHANNELS = "/api/v1/channels"


async def test_a_rule_says_what_it_matches_and_what_would_air(api: Client, desk: House) -> None:
    rule = {"include": {"listed": ["film-a", "film-c"]}, "order": "sequence"}
    found = (await api.post(f"{CHANNELS}:preview", {"channel": rule, "hours": 1}, 200)).json
    (matched,) = found["matched"]
    assert (matched["count"], [one["asset"] for one in matched["sample"]]) == (2, ["film-a", "film-c"])
    assert matched["length_ms"] == sum(one["length_ms"] for one in matched["sample"])
    coming = found["coming"]
    assert {one["asset"] for one in coming} == {"film-a", "film-c"}
    assert datetime.fromisoformat(coming[0]["start"]) <= desk.now
    end = datetime.fromisoformat(coming[-1]["stop"]).astimezone(UTC)
    assert end >= desk.now + timedelta(hours=1)
    assert desk.text == WRITTEN
    none = (await api.post(f"{CHANNELS}:preview", {"channel": {"include": {"any": ["x"]}}, "sample": 0}, 200)).json
    assert none["matched"][0]["count"] == 0
    assert none["coming"]
    assert all(one["asset"] is None for one in none["coming"])
    assert none["findings"]


async def test_a_preview_of_a_channel_goes_on_from_what_is_committed(api: Client, desk: House) -> None:
    rule = {"include": {"listed": ["film-c"]}}
    found = (await api.post(f"{CHANNELS}:preview", {"channel": rule, "id": "films", "hours": 1}, 200)).json
    committed = desk.station.on_air("films").log.turns
    genesis = desk.station.on_air("films").channel.genesis
    on = [turn for turn in committed if turn.end > ticks_since(genesis, desk.now)]
    assert [one["asset"] for one in found["coming"]][: len(on)] == [
        turn.program[0].asset for turn in on if turn.program
    ]
    assert {one["asset"] for one in found["coming"][len(on) :]} == {"film-c"}


async def test_a_preview_tells_every_mistake_by_its_place(api: Client) -> None:
    rule = {"include": {"yaer": 1}, "order": "sequense", "dayparts": {"night": {"from": "25:00", "to": "06:00"}}}
    refused = (await api.post(f"{CHANNELS}:preview", {"channel": rule}, 422)).json
    assert {one["pointer"] for one in refused["errors"]} == {
        "/channel/include/yaer", "/channel/order", "/channel/dayparts/night/from",
    }  # fmt: skip


async def test_dayparts_are_matched_each_by_itself(api: Client) -> None:
    rule = {
        "include": {"any": ["movie"]},
        "dayparts": {"night": {"from": "22:00", "to": "06:00", "include": {"listed": ["film-b"]}}},
    }
    found = (await api.post(f"{CHANNELS}:preview", {"channel": rule}, 200)).json
    assert [(one["daypart"], one["count"]) for one in found["matched"]] == [("", 3), ("night", 1)]
    only = (await api.post(f"{CHANNELS}:preview", {"channel": rule, "daypart": "night"}, 200)).json
    assert [one["daypart"] for one in only["matched"]] == ["night"]
    mirror = {"mirror": {"of": "films", "offset": "1h"}}
    assert (await api.post(f"{CHANNELS}:preview", {"channel": mirror}, 200)).json["note"]


async def test_former_players_find_channels_and_what_to_play(api: Client, desk: House) -> None:
    nobody = api.known_by(None)
    listed = (await nobody.get("/api/channels")).json["channels"]
    root = str(api.root).rstrip("/")
    assert listed == [
        {"id": "films", "name": "Films", "type": "virtual", "play_url": f"{root}/api/channel/play/films"},
        {"id": "late", "name": "Late", "type": "virtual", "play_url": f"{root}/api/channel/play/late"},
    ]
    reply = await nobody.get("/api/channel/play/films")
    assert reply.headers["Deprecation"].startswith("@")
    played = reply.json
    assert set(played) == {"channel_name", "video_title", "video_url", "start_offset_seconds"}
    assert played["channel_name"] == "Films"
    on_air = desk.station.on_air("films")
    tick = ticks_since(on_air.channel.genesis, desk.now)
    airing = next(one for one in on_air.log.airings if one.start <= tick < one.end)
    assert played["video_url"] == f"http://127.0.0.1:8080/vod/{airing.asset}/index.m3u8"
    item = desk.station.view().library(airing.asset)
    assert item is not None
    assert abs(played["start_offset_seconds"] - (item.cuts.tick(airing.first) + tick - airing.start) / 90_000) < 0.01
    await nobody.get("/api/channel/play/nobody", 404)


async def test_former_players_are_told_why_nothing_can_be_played(api: Client, desk: House) -> None:
    empty = {"number": 9, "name": "Empty", "include": {"any": ["nothing"]}}
    by_hand = {**empty, "number": 8, "dayparts": {"one": {"at": "2026-04-01 20:15", "include": {"listed": ["film-a"]}}}}
    await api.post(CHANNELS, {"id": "empty", "channel": empty})
    await api.post(CHANNELS, {"id": "by-hand", "channel": by_hand})
    desk.publish()
    desk.station.moments.now += timedelta(minutes=2)
    desk.station.look()
    types = {one["id"]: one["type"] for one in (await api.get("/api/channels")).json["channels"]}
    assert types == {"films": "virtual", "late": "virtual", "empty": "virtual", "by-hand": "manual"}
    await api.get("/api/channel/play/empty", 404)
    assert (await api.get("/api/channel/play/by-hand", 501)).json["type"].endswith("/not-played")
