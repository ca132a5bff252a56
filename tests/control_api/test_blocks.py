"""Blocks that somebody puts at a time by hand: written into the file, and on air when they are due.

Rows A19, AX4 and AX5 of the features; a live block is not among them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from clients import running
from desks import WRITTEN, House, house
from hypothesis import given
from hypothesis import strategies as st
from stations import FULL

from control_api.channels.blocks import Block, Span, blocks, filled, local, name_of
from playout.core.asset import Kind
from playout.station import Station

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from clients import Client

    from control_api.settings import Settings
    from playout.core.airing import Turn

CHANNELS = "/api/v1/channels"
BLOCKS = f"{CHANNELS}/by-hand/blocks"
ANY = {"If-Match": "*"}
"""Whatever was there before."""
BY_HAND = """
  by-hand:
    number: 7
    name: By hand
    zone: Europe/Paris
    include: {any: [nothing]}
"""
START = datetime(2026, 3, 1, 12, 10, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> House:
    return house(tmp_path, WRITTEN + BY_HAND)


@pytest.fixture
async def api(desk: House, settings: Settings, key: str) -> AsyncIterator[Client]:
    async with running(settings, clock=desk.clock) as found:
        yield found.known_by(key)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def aired(desk: House) -> list[Turn]:
    """The programs that begin within two minutes of `START`, once all is published and that time has come."""
    desk.publish()
    desk.station.moments.now = START + timedelta(seconds=20)
    for _ in range(4):
        desk.station.look()
    minutes = START - timedelta(minutes=1), START + timedelta(minutes=2)
    return [turn for turn in Station(desk.station.store).turns("by-hand", *minutes) if turn.program]


def assets_of(turns: list[Turn]) -> list[str]:
    return [turn.program[0].asset for turn in turns if turn.program]


async def test_a_block_is_written_into_the_file_and_plays_when_it_is_due(api: Client, desk: House) -> None:
    body = {"start": stamp(START), "assets": ["film-c", "film-a"], "label": "Two films"}
    made = await api.post(BLOCKS, body, headers=ANY)
    assert made.json["at"] == "2026-03-01 13:10:00"
    assert made.json["name"] == "block-20260301-131000"
    assert desk.text.startswith(WRITTEN + BY_HAND + "    dayparts:\n      block-20260301-131000:\n")
    assert "        include: {listed: [film-c, film-a]}\n        order: listed\n" in desk.text
    programs = aired(desk)
    genesis = desk.station.on_air("by-hand").channel.genesis
    assert assets_of(programs) == ["film-c", "film-a"]
    first = genesis + timedelta(seconds=programs[0].start / 90_000)
    assert abs(first - START) < timedelta(seconds=2)
    now = (await api.get(f"{CHANNELS}/by-hand/now")).json
    assert (now["role"], now["asset"]) == ("program", "film-c")
    assert (await api.get(f"{CHANNELS}/by-hand")).json["type"] == "manual"


async def test_blocks_are_listed_moved_and_taken_away(api: Client, desk: House) -> None:
    for hour in (3, 1, 2):
        await api.post(
            BLOCKS,
            {"start": stamp(START + timedelta(hours=hour)), "assets": ["film-a"], "name": f"b{hour}"},
            headers=ANY,
        )
    page = (await api.get(f"{BLOCKS}?limit=2")).json
    assert [one["name"] for one in page["items"]] == ["b1", "b2"]
    assert [one["name"] for one in (await api.get(page["next"])).json["items"]] == ["b3"]
    some = (await api.get(f"{BLOCKS}?start={stamp(START + timedelta(hours=2))}")).json["items"]
    assert [one["name"] for one in some] == ["b2", "b3"]
    length = datetime.fromisoformat(some[0]["stop"]) - datetime.fromisoformat(some[0]["start"])
    assert length == timedelta(milliseconds=24_000)  # 45 units of 8/15 s
    body = {"start": stamp(START), "assets": ["film-b"], "ads": ["ad-a"], "late": "run"}
    await api.ask("PUT", f"{BLOCKS}/b2", 428, body=body)
    unread = {"start": stamp(START), "stop": stamp(START + timedelta(minutes=4)), "assets": ["film-a"]}
    for path, sent in ((BLOCKS, {**body, "name": "b4"}), (f"{BLOCKS}:fill", unread)):
        await api.post(path, sent, 428)
        await api.post(path, sent, 412, headers={"If-Match": '"1.x"'})
    done = await api.ask("PUT", f"{BLOCKS}/b2", body=body, headers={"If-Match": "*"})
    assert (done.json["start"], done.json["ads"], done.json["late"]) == ("2026-03-01T12:10:00.000Z", ["ad-a"], "run")
    await api.ask("PUT", f"{BLOCKS}/b2", 412, body=body, headers={"If-Match": '"1.x"'})
    assert (await api.post(BLOCKS, {**body, "name": "b1"}, 409, headers=ANY)).json[
        "detail"
    ] == "there is a daypart b1 already"
    for name in ("b1", "b2", "b3"):
        await api.ask("DELETE", f"{BLOCKS}/{name}", 204, headers={"If-Match": "*"})
    assert desk.text == WRITTEN + BY_HAND
    await api.ask("DELETE", f"{BLOCKS}/b1", 404, headers={"If-Match": "*"})


async def test_a_block_of_ads_holds_ads_alone_and_airs_as_one(api: Client, desk: House) -> None:
    """AX4: two of the three kinds of blocks."""
    body = {"kind": "ad", "start": stamp(START), "assets": ["ad-b", "film-a", "ad-a"], "ads": ["ad-a"]}
    refused = (await api.post(BLOCKS, body, 422, headers=ANY)).json["errors"]
    assert [one["pointer"] for one in refused] == ["/assets/1", "/ads"]
    refused = (await api.post(BLOCKS, {**body, "kind": "vod"}, 422, headers=ANY)).json["errors"]
    assert [one["pointer"] for one in refused] == ["/assets/0", "/assets/2"]
    made = await api.post(BLOCKS, {**body, "assets": ["ad-b", "ad-a"], "ads": [], "name": "spots"}, headers=ANY)
    assert made.json["kind"] == "ad"
    later = stamp(START + timedelta(hours=1))
    await api.post(BLOCKS, {"start": later, "assets": ["film-a"], "name": "film"}, headers=ANY)
    for kind, name in (("ad", "spots"), ("vod", "film")):
        assert [one["name"] for one in (await api.get(f"{BLOCKS}?kind={kind}")).json["items"]] == [name]
    assert assets_of(aired(desk)) == ["ad-b", "ad-a"]


async def test_what_cannot_air_is_refused_all_at_once(api: Client, desk: House) -> None:
    body = {"start": stamp(START), "assets": ["film-x", "film-a", "film-y"]}
    refused = (await api.post(BLOCKS, body, 422, headers=ANY)).json
    assert [one["pointer"] for one in refused["errors"]] == ["/assets/0", "/assets/2"]
    twice = (await api.post(BLOCKS, {"start": "2026-10-25T01:30:00Z", "assets": ["film-a"]}, 422, headers=ANY)).json
    assert "twice" in twice["errors"][0]["detail"]
    await api.post(f"{CHANNELS}/nobody/blocks", {"start": stamp(START), "assets": ["film-a"]}, 404, headers=ANY)
    assert desk.text == WRITTEN + BY_HAND


async def test_a_stretch_is_filled_around_what_is_there(api: Client) -> None:
    await api.post(
        BLOCKS, {"start": stamp(START + timedelta(minutes=1)), "assets": ["film-c"], "name": "kept"}, headers=ANY
    )
    body = {
        "start": stamp(START),
        "stop": stamp(START + timedelta(minutes=4)),
        "gap_ms": 5000,
        "assets": ["film-a", "film-b"],
        "repeat": True,
    }
    laid = (await api.post(f"{BLOCKS}:fill", body, 200, headers=ANY)).json["items"]
    everything = (await api.get(BLOCKS)).json["items"]
    assert len(everything) == len(laid) + 1
    spans = [(datetime.fromisoformat(one["start"]), datetime.fromisoformat(one["stop"])) for one in everything]
    assert all(stop <= after for (_, stop), (after, _) in pairwise(spans))
    assert spans[0][0] == START
    assert spans[-1][1] <= START + timedelta(minutes=4)
    assert [one["assets"][0] for one in laid[:3]] == ["film-a", "film-b", "film-a"]
    assert (await api.post(f"{BLOCKS}:fill", {**body, "stop": stamp(START)}, 422, headers=ANY)).json["errors"]
    films = f"{CHANNELS}/films/blocks:fill"
    short = {"start": stamp(START), "stop": stamp(START + timedelta(minutes=2))}
    by_rule = (await api.post(films, short, 200, headers=ANY)).json["items"]
    assert [one["assets"][0] for one in by_rule] == ["film-a", "film-b", "film-c"]
    assert "matches nothing" in (await api.post(f"{BLOCKS}:fill", short, 422, headers=ANY)).json["errors"][0]["detail"]


async def test_ads_with_which_a_stretch_is_filled_air_too(api: Client, desk: House) -> None:
    """AX4: what is laid is what airs, of whichever kind it is; and what airs by itself nowhere is not laid."""
    body = {"start": stamp(START), "stop": stamp(START + timedelta(minutes=2)), "assets": ["ad-b", "film-a", "ad-a"]}
    desk.station.asset("sting", Kind.BUMPER, FULL)
    desk.publish()
    refused = (await api.post(f"{BLOCKS}:fill", {**body, "assets": ["ad-b", "sting"]}, 422, headers=ANY)).json["errors"]
    assert [(one["pointer"], "bumper" in one["detail"]) for one in refused] == [("/assets/1", True)]
    laid = (await api.post(f"{BLOCKS}:fill", body, 200, headers=ANY)).json["items"]
    assert [one["kind"] for one in laid] == ["ad", "vod", "ad"]
    assert assets_of(aired(desk)) == body["assets"]


async def test_a_mirror_has_no_blocks_of_its_own(api: Client, desk: House) -> None:
    desk.file.write_text(WRITTEN + "  again: {number: 9, name: Again, mirror: {of: films, offset: 1h}}\n")
    await api.get(f"{CHANNELS}/again/blocks", 409)
    assert desk.text.endswith("offset: 1h}}\n")


programs = st.tuples(st.text("ab", min_size=1), st.timedeltas(timedelta(seconds=1), timedelta(hours=1)))
lengths = st.lists(programs, max_size=20)
spans = st.lists(
    st.tuples(st.integers(0, 7200), st.integers(1, 1800)).map(
        lambda pair: Span(START + timedelta(seconds=pair[0]), START + timedelta(seconds=sum(pair)))
    ),
    max_size=5,
)


@given(lengths, st.timedeltas(timedelta(0), timedelta(minutes=10)), spans)
def test_what_is_laid_overlaps_nothing(choices: list[tuple[str, timedelta]], gap: timedelta, taken: list[Span]) -> None:
    stop = START + timedelta(hours=3)
    laid = list(filled(choices, START, stop, gap, taken))
    assert [asset for _, asset in laid] == [asset for asset, _ in choices][: len(laid)]
    ends = [START - gap]
    for (begin, _), (_, length) in zip(laid, choices, strict=False):
        assert begin >= ends[-1] + gap
        assert not begin.microsecond
        assert begin + length <= stop
        assert all(span.stop <= begin or span.start >= begin + length for span in taken)
        ends.append(begin + length)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001 — local
    st.lists(st.text("abc-", min_size=1), min_size=1, max_size=3),
    st.sampled_from(["cut", "run", "skip"]),
)
def test_a_block_is_read_as_it_was_written(moment: datetime, assets: list[str], late: str) -> None:
    at = local(moment.replace(tzinfo=UTC, microsecond=0), "America/New_York")
    block = Block(name_of(at), at, tuple(assets), "A label", ("ad",), late)
    assert list(blocks({block.name: block.daypart(12), "more": {"at": "20:15", "include": {"listed": ["a"]}}})) == [
        block
    ]
