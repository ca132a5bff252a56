"""Channels over HTTP: the file is the one truth, edits are written back into it, and conflicts show both versions.

Rows A03, A07, A10, A12, A13 of the features, as far as they are the API's.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from clients import running
from desks import WRITTEN, House

from playout.amend import Amendment, amend
from playout.config import Faults, load
from playout.core.ticks import Ticks, ticks_since
from playout.render import render
from playout.station import Station as Stored
from playout.watch import Desk, look

if TYPE_CHECKING:
    from clients import Client

    from control_api.settings import Settings

CHANNELS = "/api/v1/channels"


async def test_the_list_says_what_is_on_and_where_it_plays(api: Client, desk: House) -> None:
    found = (await api.get(CHANNELS)).json["items"]
    assert [(one["id"], one["number"], one["name"], one["type"], one["state"]) for one in found] == [
        ("films", "1", "Films", "virtual", "on_air"),
        ("late", "2.1", "Late", "virtual", "on_air"),
    ]
    films = found[0]
    assert films["play_url"] == "http://127.0.0.1:8080/live/films/index.m3u8"
    assert films["guide_url"] == f"{CHANNELS}/films/guide"
    assert films["published"]
    assert films["now"]["start"] <= desk.now.isoformat() < films["now"]["stop"] == films["next"]["start"]
    assert films["now"]["title"].startswith("Title of film-")
    one = (await api.get(f"{CHANNELS}?limit=1")).json
    assert [item["id"] for item in one["items"]] == ["films"]
    rest = (await api.get(one["next"])).json
    assert ([item["id"] for item in rest["items"]], rest["next"]) == (["late"], None)
    assert (await api.get(f"{CHANNELS}?on_air=false")).json["items"] == []


async def test_a_channel_is_told_in_the_words_of_the_file(api: Client) -> None:
    found = (await api.get(f"{CHANNELS}/late")).json
    assert found["written"] == {
        "number": 2.1,
        "name": "Late",
        "include": {"any": ["movie"]},
        "ads": {"every": "10s", "pod": "5s", "any": ["ad"]},
    }
    assert (found["line"], found["mistakes"], found["revision"]) == (22, 0, 1)
    assert "there is no channel x" in (await api.get(f"{CHANNELS}/x", 404)).json["detail"]


async def test_an_edit_changes_its_lines_and_no_others(api: Client, desk: House) -> None:
    read = await api.get(f"{CHANNELS}/films")
    edit = {"name": "Feature films", "ads": {"every": "20s", "pod": "5s", "any": ["ad"]}}
    done = await api.ask("PATCH", f"{CHANNELS}/films", body=edit, headers={"If-Match": read.etag})
    assert done.json["written"]["name"] == "Feature films"
    assert not done.json["published"]
    assert desk.text == WRITTEN.replace("name: Films         #", "name: Feature films         #").replace(
        "order: sequence     # as they are called\n",
        "order: sequence     # as they are called\n    ads: {every: 20s, pod: 5s, any: [ad]}\n",
    )
    desk.publish()
    assert (await api.get(f"{CHANNELS}/films")).json["published"]
    events = (await api.get("/api/v1/events")).json["items"]
    assert [(one["type"], one["subject"]) for one in events][-1] == ("channel.updated", "films")
    gone = {"description": None, "group": None, "ads": {"bumper": None, "every": "30s"}}
    done = await api.ask("PATCH", f"{CHANNELS}/films", body=gone, headers={"If-Match": done.etag})
    assert done.json["written"]["ads"] == {"every": "30s", "pod": "5s", "any": ["ad"]}
    assert "description" not in desk.text


async def test_what_is_put_as_it_was_read_changes_nothing(api: Client, desk: House) -> None:
    for name in ("films", "late"):
        read = await api.get(f"{CHANNELS}/{name}")
        await api.ask("PUT", f"{CHANNELS}/{name}", body=read.json["written"], headers={"If-Match": read.etag})
    assert desk.text == WRITTEN


async def test_a_change_in_the_file_shows_at_once(api: Client, desk: House) -> None:
    desk.file.write_text(WRITTEN.replace("name: Late", "name: Later"))
    found = (await api.get(f"{CHANNELS}/late")).json
    assert (found["name"], found["published"]) == ("Later", False)


async def test_conflicting_edits_are_refused_with_both_versions(api: Client, desk: House) -> None:
    read = await api.get(f"{CHANNELS}/films")
    body = {**read.json["written"], "order": "newest"}
    assert (await api.ask("PUT", f"{CHANNELS}/films", 428, body=body)).json["type"].endswith("precondition-required")
    theirs = WRITTEN.replace("order: sequence", "order: shuffle")
    desk.file.write_text(theirs)
    refused = await api.ask("PUT", f"{CHANNELS}/films", 412, body=body, headers={"If-Match": read.etag})
    both = refused.json["versions"]
    assert "order: shuffle     # as they are called" in both["present"]
    assert "order: newest     # as they are called" in both["wanted"]
    assert "-    order: shuffle     # as they are called\n+    order: newest     # as" in both["difference"]
    assert desk.text == theirs
    # an edit of another channel, or of a comment, is in nobody's way
    read = await api.get(f"{CHANNELS}/films")
    desk.file.write_text(theirs.replace("name: Late", "name: Later").replace("# the id", "# its id"))
    await api.ask("PUT", f"{CHANNELS}/films", body=body, headers={"If-Match": read.etag})
    assert "name: Later" in desk.text
    assert "# its id" in desk.text
    assert "order: newest" in desk.text


async def test_mistakes_are_told_all_at_once_with_their_places(api: Client, desk: House) -> None:
    read = await api.get(f"{CHANNELS}/films")
    body = {"number": 2.1, "name": "Films", "include": {"any": ["film"], "yaer": 1949}, "order": "sequense", "x": 1}
    refused = (await api.ask("PUT", f"{CHANNELS}/films", 422, body=body, headers={"If-Match": read.etag})).json
    told = {(one["part"], one["pointer"]): one["detail"] for one in refused["errors"]}
    assert 'did you mean "year"?' in told["body", "/include/yaer"]
    assert 'did you mean "sequence"?' in told["body", "/order"]
    assert "unknown key" in told["body", "/x"]
    assert "number 2.1 is taken" in told["file", "/channels/late/number"]
    assert len(told) == 4
    assert all(one["line"] for one in refused["errors"])
    assert desk.text == WRITTEN


async def test_a_channel_is_made_and_taken_away(api: Client, desk: House) -> None:
    given = {"id": "new", "channel": {"number": 3, "name": "New: one", "include": "features", "order": "newest"}}
    made = await api.post(CHANNELS, given, headers={"Idempotency-Key": "one"})
    assert made.headers["Location"] == f"{CHANNELS}/new"
    assert (made.json["state"], made.json["now"]) == ("unpublished", None)
    assert desk.text == WRITTEN + (
        '\n  new:\n    number: 3\n    name: "New: one"\n    include: features\n    order: newest\n'
    )
    await api.post(CHANNELS, given, headers={"Idempotency-Key": "one"})
    assert "in line 28" in (await api.post(CHANNELS, given, 409)).json["detail"]
    desk.publish()
    desk.station.moments.now += timedelta(minutes=3)
    desk.station.look()
    assert (await api.get(f"{CHANNELS}/new")).json["state"] == "on_air"
    await api.ask("DELETE", f"{CHANNELS}/new", 204, headers={"If-Match": "*"})
    assert desk.text == WRITTEN + "\n"
    desk.publish()
    assert (await api.get(f"{CHANNELS}/new")).json["state"] == "ending"
    desk.station.moments.now += timedelta(minutes=3)
    assert (await api.get(f"{CHANNELS}/new")).json["state"] == "ended"
    assert [one["id"] for one in (await api.get(CHANNELS)).json["items"]] == ["films", "late"]


async def test_a_bad_new_channel_is_refused_by_its_place_in_the_body(api: Client, desk: House) -> None:
    refused = await api.post(CHANNELS, {"id": "new", "channel": {"number": 3}}, 422)
    assert {one["pointer"] for one in refused.json["errors"]} == {"/channel"}
    assert desk.text == WRITTEN
    for given in ({"id": "New", "channel": {}}, {"id": "a" * 64, "channel": {}}, {"id": "new"}, {"id": "new", "x": 1}):
        await api.post(CHANNELS, given, 422)


async def test_what_others_repeat_is_not_taken_away(api: Client, desk: House) -> None:
    given = {"id": "again", "channel": {"number": 3, "name": "Again", "mirror": {"of": "films", "offset": "1h"}}}
    assert (await api.post(CHANNELS, given)).json["type"] == "mirror"
    before = desk.text
    refused = await api.ask("DELETE", f"{CHANNELS}/films", 422, headers={"If-Match": "*"})
    assert refused.json["errors"][0]["pointer"].startswith("/channels/again/mirror")
    assert desk.text == before


async def test_a_file_that_is_not_there_begins_with_the_first_channel(settings: Settings, key: str) -> None:
    async with running(settings) as client:
        api = client.known_by(key)
        assert (await api.get(CHANNELS)).json["items"] == []
        await api.post(CHANNELS, {"id": "one", "channel": {"number": 1, "name": "One", "include": {}}})
    assert settings.channels.read_text() == (
        "version: 1\nchannels:\n  one:\n    number: 1\n    name: One\n    include: {}\n"
    )
    assert not isinstance(load(settings.channels), Faults)


async def test_a_file_that_is_no_yaml_is_told_of_and_not_touched(api: Client, desk: House) -> None:
    broken = WRITTEN.replace("channels:", "channels: [")
    desk.file.write_text(broken)
    told = (await api.get("/api/v1/programming/collections", 409)).json
    assert told["errors"][0]["line"] > 1
    listed = (await api.get(CHANNELS)).json["items"]  # what is on air is on air
    assert [(one["id"], one["state"], one["in_file"]) for one in listed] == [
        ("films", "on_air", False),
        ("late", "on_air", False),
    ]
    assert (await api.get(f"{CHANNELS}/films")).json["mistakes"] == 1
    await api.post(CHANNELS, {"id": "new", "channel": {"number": 3, "name": "N", "include": {}}}, 409)
    assert desk.text == broken
    desk.file.write_bytes(b"\xff")
    assert "UTF-8" in (await api.get(CHANNELS, 409)).json["detail"]


async def test_what_is_on_agrees_with_the_playlist_to_the_segment(api: Client, desk: House) -> None:
    view = desk.station.view()
    on_air = view.channels["films"]
    found = (await api.get(f"{CHANNELS}/films/now")).json
    genesis = on_air.channel.genesis
    tick = ticks_since(genesis, desk.now)
    airing = next(one for one in on_air.log.airings if one.start <= tick < one.end)
    assert (found["asset"], found["role"]) == (airing.asset, airing.role.value)
    item = view.library(airing.asset)
    assert item is not None
    offset = Ticks(item.cuts.tick(airing.first) + tick - airing.start)
    assert abs(found["offset_ms"] * 90 - offset) < 90
    assert found["media_sequence"] == airing.first_msn + item.cuts.segment(offset) - airing.first
    assert found["asset_url"] == f"http://127.0.0.1:8080/vod/{airing.asset}/index.m3u8"
    assert found["program"]["asset"].startswith("film-")
    later = (await api.get(f"{CHANNELS}/films/now?at=2026-03-01T13:00:00Z")).json
    assert later["at"] == "2026-03-01T13:00:00.000Z"
    await api.get(f"{CHANNELS}/films/now?at=2020-03-01T13:00:00Z", 404)
    play = (await api.get(f"{CHANNELS}/films/play")).json
    assert (play["url"], play["drm"], play["expires_at"]) == (
        "http://127.0.0.1:8080/live/films/index.m3u8",
        "none",
        None,
    )
    assert play["start_over_url"].startswith(play["url"] + "?from=17")
    # what is withdrawn is slate at once, and nobody is told otherwise
    order = {"assets": [airing.asset], "channels": ["films"], "reason": "rights"}
    await api.post("/api/v1/withdrawals", order, 200)
    off = (await api.get(f"{CHANNELS}/films/now")).json
    since = off["withdrawn"]["since"]
    assert off["withdrawn"] == {"since": since, "reason": "rights"}
    assert found | {
        "role": "slate", "asset_url": None, "withdrawn": off["withdrawn"],
        "program": found["program"] | {"withdrawn": True}, "next": off["next"],
    } == off  # fmt: skip
    assert off["title"].startswith("Title of film-")
    listed = {one["id"]: one["now"]["withdrawn"] for one in (await api.get(CHANNELS)).json["items"]}
    assert listed == {"films": True, "late": False}
    await api.get("/api/channel/play/films", 404)
    before = (await api.get(f"{CHANNELS}/films/now?at=2026-03-01T11:59:30Z", None)).json
    assert before.get("withdrawn") is None
    await api.post("/api/v1/withdrawals:give-back", order, 200)
    assert (await api.get(f"{CHANNELS}/films/now")).json == found
    station = Stored(desk.station.store)
    assert [one.back for one in station.withdrawals("films")] == [False, True]
    desk.station.withdraw("films", airing.asset)
    assert [one.back for one in station.renewed().withdrawals("films")] == [False, True, False]


async def test_what_left_the_library_has_its_title_while_it_is_on(api: Client, desk: House) -> None:
    """C07: the catalog by which it was chosen knows it still."""
    found = (await api.get(f"{CHANNELS}/films/now")).json
    amend(desk.station.store, [Amendment(found["asset"], shelved=True)], desk.now)
    assert desk.library().catalog.item(found["asset"]) is None
    assert (await api.get(f"{CHANNELS}/films/now")).json["title"] == found["title"]


async def test_a_saved_rule_is_a_channel_that_plays_with_no_further_step(api: Client, desk: House) -> None:
    watched = look(desk.file, desk.station.store, Desk(), desk.now)
    rule = {"number": 3, "name": "New", "include": {"any": ["movie"]}, "order": "newest"}
    made = await api.post(CHANNELS, {"id": "new", "channel": rule})
    watched = look(desk.file, desk.station.store, watched, desk.now)  # what `fastline up` does all the time
    assert [one.channel.id for one in watched.published.revisions] == ["new"]
    desk.station.moments.now += timedelta(seconds=10)
    desk.station.look()
    assert made.json["play_url"].endswith("/live/new/index.m3u8")
    assert "#EXT-X-STREAM-INF" in render(desk.station.store, "new", "index", desk.now)
    before = render(desk.station.store, "new", "v360", desk.now)
    now = (await api.get(f"{CHANNELS}/new/now")).json
    sequence = int(before.partition("#EXT-X-MEDIA-SEQUENCE:")[2].partition("\n")[0])
    assert sequence <= now["media_sequence"] <= sequence + before.count("#EXTINF")
    desk.station.moments.now += timedelta(minutes=5)
    desk.station.restart()  # the sequence goes on
    desk.station.look()
    after = render(desk.station.store, "new", "v360", desk.now)
    assert int(after.partition("#EXT-X-MEDIA-SEQUENCE:")[2].partition("\n")[0]) > sequence + 70
    assert after.count("#EXTINF") >= 12


async def test_channels_with_mistakes_are_listed_too(api: Client, desk: House) -> None:
    desk.file.write_text(WRITTEN + "  Bad Id:\n    number: [1]\n    name: {a: b}\n  worse: 7\n  empty:\n")
    found = (await api.get(CHANNELS)).json["items"]
    assert {one["id"]: one["state"] for one in found} == {
        "films": "on_air", "late": "on_air", "Bad Id": "unpublished", "worse": "unpublished", "empty": "unpublished",
    }  # fmt: skip
    shown = (await api.get(f"{CHANNELS}/films")).json
    assert shown["mistakes"] >= 3
    assert not shown["published"]
    assert (await api.get(f"{CHANNELS}/worse")).json["written"] is None
    for text in ("channels: [a]\n", "channels: 7\n", "version: 1\n", "a: &x {b: *x}\n", "7\n"):
        desk.file.write_text(text)
        found = await api.get(CHANNELS, None)
        assert found.status in {200, 409}
