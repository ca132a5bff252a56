"""The guide over HTTP: every form of it, in whose time, of how many days; and that it is the same whoever makes it."""

from __future__ import annotations

import csv
import gzip
import itertools
import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from origins import Origin
from stations import FILMS, FULL, GENESIS, Station

from playout import documents, keys
from playout.core.asset import Kind
from playout.core.catalog import item_of
from playout.core.channel import Parent
from playout.core.listing import Links
from playout.core.m3u import Catchup
from playout.core.roku import roku
from playout.origin import Settings, create_app
from playout.reports.guide import Form, listed, written
from playout.station import Station as Stored

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

FORMS = {
    "/iptv/xmltv.xml": "text/xml; charset=utf-8",
    "/iptv/guide.json": "application/json",
    "/iptv/guide.csv": "text/csv; charset=utf-8",
    "/iptv/guide.jsonld": "application/ld+json",
    "/iptv/roku.json": "application/json",
    "/iptv/roku/films.json": "application/json",
}
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def lengthy(tmp_path_factory: pytest.TempPathFactory) -> Station:
    """A station of films of half an hour and clips of five minutes, in Paris."""
    made = Station(tmp_path_factory.mktemp("lengthy"))
    made.house()
    for n in range(3):
        made.asset(f"film-{n}", Kind.MOVIE, *[FULL] * (480 + 30 * n))
    for n in range(4):
        made.asset(f"clip-{n}", Kind.CLIP, *[FULL] * 80)
    made.publish(replace(FILMS, zone="Europe/Paris"))
    made.look()
    return made


@pytest.fixture
async def paris(lengthy: Station, aiohttp_client: Callable[..., Awaitable[Any]]) -> Origin:
    return await opened(lengthy, aiohttp_client)


async def opened(station: Station, aiohttp_client: Callable[..., Awaitable[Any]], **settings: Any) -> Origin:
    app = create_app(
        station.view, station.changed, station.store, station.moments.clock, Settings(**settings),
        pause=station.moments.pause,
    )  # fmt: skip
    return Origin(station, await aiohttp_client(app))


@pytest.mark.parametrize(("path", "mime"), FORMS.items())
async def test_every_form_is_cached_validated_and_compressed(paris: Origin, path: str, mime: str) -> None:
    head, packed = await paris.get(path, headers={"Accept-Encoding": "gzip"})
    assert head["Content-Type"] == mime
    assert head["Cache-Control"] == "public, max-age=60"
    assert head["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed).decode() == await paris.text(path)
    assert packed[4:8] == bytes(4)  # no time of its making: the same guide is the same file
    known = {"If-None-Match": head["ETag"]}
    assert (await paris.get(path, 304, known))[1] == b""
    only, nothing = await paris.get(path, method="HEAD", headers={"Accept-Encoding": "gzip"})
    assert (only["ETag"], only["Content-Length"], nothing) == (head["ETag"], str(len(packed)), b"")


async def test_the_packed_guide_is_the_same_for_whoever_makes_it(
    paris: Origin, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    head, body = await paris.get("/iptv/xmltv.xml.gz")
    assert head["Content-Type"] == "application/gzip"
    public = {"public_url": "https://tv.example"}
    one, other = [await opened(paris.station, aiohttp_client, **public) for _ in range(2)]
    assert (await one.get("/iptv/xmltv.xml.gz"))[1] == (await other.get("/iptv/xmltv.xml.gz"))[1]
    assert gzip.decompress(body).decode() == await paris.text("/iptv/xmltv.xml")


def spans(guide: str) -> list[tuple[str, str]]:
    return re.findall(r'<programme start="([^"]+)" stop="([^"]+)"', guide)


async def test_times_are_utc_or_local_as_one_asks(paris: Origin) -> None:
    utc, local, named = [
        spans(await paris.text(f"/iptv/xmltv.xml{query}")) for query in ("", "?zone=local", "?zone=Asia/Kolkata")
    ]
    assert {start[15:] for start, _ in utc} == {"+0000"}
    assert {start[15:] for start, _ in local} == {"+0100"}
    assert {start[15:] for start, _ in named} == {"+0530"}
    instants = [[datetime.strptime(start, "%Y%m%d%H%M%S %z") for start, _ in found] for found in (utc, local, named)]
    assert instants[0] == instants[1] == instants[2]
    assert await paris.text("/iptv/xmltv.xml?zone=UTC") == await paris.text("/iptv/xmltv.xml")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            "zone=Europe/Paradise",
            "zone must be local or the name of a time zone, e.g. Europe/Paris; there is no 'Europe/Paradise'",
        ),
        ("zone=../etc", "zone must be local or the name of a time zone, e.g. Europe/Paris; there is no '../etc'"),
        ("zone=Europe", "zone must be local or the name of a time zone, e.g. Europe/Paris; there is no 'Europe'"),
        ("zone=UTC&zone=UTC", "zone is given more than once"),
        ("days=0", "days must be a whole number from 1 to 14"),
        ("days=15", "days must be a whole number from 1 to 14"),
        ("days=x", "days must be a whole number from 1 to 14"),
        ("catchup=xc", "catchup must be one of default, append, shift, flussonic, vod, none"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_words(paris: Origin, query: str, said: str) -> None:
    _, found = await paris.get(f"/iptv/xmltv.xml?{query}", status=400)
    assert found.decode() == f"{said}\n"


async def test_the_guide_is_of_a_fortnight_or_of_fewer_days(paris: Origin) -> None:
    now = paris.station.moments.now
    for query, days in (("", 14), ("?days=1", 1), ("?days=7", 7)):
        guide = spans(await paris.text(f"/iptv/xmltv.xml{query}"))
        last = datetime.strptime(guide[-1][1], "%Y%m%d%H%M%S %z")
        assert timedelta(0) < last - now - timedelta(days=days) < 3 * HOUR
        assert all(one[1] == two[0] for one, two in itertools.pairwise(guide))


async def test_all_forms_say_the_same(paris: Origin) -> None:
    starts = [datetime.strptime(start, "%Y%m%d%H%M%S %z") for start, _ in spans(await paris.text("/iptv/xmltv.xml"))]
    (channel,) = json.loads(await paris.text("/iptv/guide.json"))["channels"]
    assert [datetime.fromisoformat(one["start"]).replace(microsecond=0) for one in channel["entries"]] == starts
    rows = csv.DictReader(StringIO(await paris.text("/iptv/guide.csv")))
    assert [datetime.fromisoformat(row["start"]) for row in rows if not row["part_of"]] == starts
    graph = json.loads(await paris.text("/iptv/guide.jsonld"))["@graph"]
    assert [datetime.fromisoformat(node["startDate"]) for node in graph[1:]] == starts
    schedule = json.loads(await paris.text("/iptv/roku.json"))["liveFeeds"][0]["content"]["schedule"]
    fed = [datetime.fromisoformat(f"{slot['date']}T{slot['times'][0]}+00:00") for slot in schedule]
    assert fed == starts[: len(fed)]
    assert fed[-1] - fed[0] > timedelta(days=7)


async def test_a_guide_of_some_channels(
    tmp_path: Path, lengthy: Station, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    made = Station(tmp_path, assets=dict(lengthy.assets))
    for path in lengthy.root.rglob("*"):
        if path.is_file() and "channels" not in path.parts:
            (tmp_path / path.relative_to(lengthy.root)).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path.relative_to(lengthy.root)).hardlink_to(path)
    for n in (1, 2):
        made.publish(replace(FILMS, id=f"films{n}", number=str(n)))
    made.look()
    origin = await opened(made, aiohttp_client)
    both = await origin.text("/iptv/xmltv.xml")
    one = await origin.text("/iptv/xmltv.xml?channel=films2")
    assert set(re.findall('channel="([^"]+)"', both)) == {"films1.fastline", "films2.fastline"}
    assert set(re.findall('(?:channel|channel id)="([^"]+)"', one)) == {"films2.fastline"}
    await origin.get("/iptv/guide.json?channel=nope", status=404)
    _, said = await origin.get("/iptv/roku.json", status=400)
    assert said == b"a feed of this form has one channel; ask for one with ?channel=, of: films1, films2\n"
    feeds = [json.loads(await origin.text(f"/iptv/roku{path}")) for path in ("/films2.json", ".json?channel=films2")]
    assert feeds[0] == feeds[1]
    assert feeds[0]["liveFeeds"][0]["id"] == "films2"
    await origin.get("/iptv/roku/nope.json", status=404)


async def test_the_list_speaks_the_dialect_that_one_asks_for(paris: Origin) -> None:
    for dialect in Catchup:
        text = await paris.text(f"/iptv/channels.m3u?catchup={dialect}")
        assert (f'catchup="{dialect}"' in text) == (dialect is not Catchup.NONE)
        assert ('catchup-days="7"' in text) == (dialect is not Catchup.NONE)
    vod = await paris.text("/iptv/channels.m3u?catchup=vod")
    (address,) = set(re.findall(r'url-tvg="[^"]*?(/iptv/[^"]+)"', vod))
    assert "catchup-id=" in await paris.text(address)
    assert "catchup-id=" not in await paris.text("/iptv/xmltv.xml")


# The same, whoever makes it


def air(station: Station, until: datetime) -> None:
    while station.moments.now < until:
        station.moments.now = min(station.moments.now + timedelta(minutes=5), until)
        station.look()


async def test_a_guide_that_goes_on_is_the_one_that_is_made_anew(
    lengthy: Station, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    """An origin that was asked every now and then, and one that was never asked before."""
    settings = {"guide_past": 1, "public_url": "https://tv.example"}
    old = await opened(lengthy, aiohttp_client, **settings)
    for hours in (1, 2, 5, 13, 27, 31):
        air(lengthy, GENESIS + hours * HOUR)
        found = await old.text("/iptv/guide.json")
        fresh = await opened(lengthy, aiohttp_client, **settings)
        assert await fresh.text("/iptv/guide.json") == found
        (channel,) = json.loads(found)["channels"]
        assert all(one["stop"] == two["start"] for one, two in itertools.pairwise(channel["entries"]))
        first = datetime.fromisoformat(channel["entries"][0]["stop"])
        assert first > lengthy.moments.now - timedelta(days=1)


async def test_the_guide_of_a_command_is_the_one_of_an_origin(
    lengthy: Station, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    origin = await opened(lengthy, aiohttp_client, public_url="https://tv.example")
    now = lengthy.moments.now
    found = listed(Stored(lengthy.store), "films", now - timedelta(hours=2), now + timedelta(days=3))
    served = json.loads(await origin.text("/iptv/guide.json"))["channels"][0]["entries"]
    said = json.loads(written(Form.JSON, [found], "https://tv.example", now))["channels"][0]["entries"]
    assert len(said) > 50
    assert said == [one for one in served if one["id"] in {ours["id"] for ours in said}]


@pytest.mark.parametrize("offset", [HOUR, -3 * HOUR])
async def test_the_guide_of_a_mirror_is_its_original_s_of_another_time(
    small: Station, aiohttp_client: Callable[..., Awaitable[Any]], offset: timedelta
) -> None:
    """By whoever makes it; past, present and future."""
    wide = replace(small.revisions["films"], number=2, effective=GENESIS, horizon=4 * HOUR, ahead=3 * HOUR)
    assert small.store.put_new(keys.revision("films", 2), documents.encode(wide))
    mirror = replace(FILMS, id="mirror", number="2", genesis=GENESIS + offset)
    made = replace(wide, number=1, channel=mirror, parent=Parent("films", offset))
    assert small.store.put_new(keys.revision("mirror", 1), documents.encode(made))
    small.restart()
    air(small, GENESIS + 5 * HOUR)
    origin = await opened(small, aiohttp_client, public_url="https://tv.example")
    channels = json.loads(await origin.text("/iptv/guide.json?days=2"))["channels"]
    films, shown = [
        [said(one, later) for one in found["entries"]]
        for found, later in zip(channels, (offset, timedelta(0)), strict=True)
    ]
    both = min(len(films), len(shown))
    assert both > 40
    assert shown[:both] == films[:both]
    now = small.moments.now
    found = listed(Stored(small.store), "mirror", now - 2 * HOUR, now + 10 * HOUR)
    told = json.loads(written(Form.JSON, [found], "https://tv.example", now))["channels"][0]["entries"]
    first = shown.index(said(told[0], timedelta(0)))
    assert [said(one, timedelta(0)) for one in told] == shown[first : first + len(told)]
    assert len(told) >= 12


def said(one: dict[str, Any], moved: timedelta) -> tuple[Any, ...]:
    """What an entry says, so much later."""
    parts = [(part["asset"], datetime.fromisoformat(part["start"]) + moved) for part in one["parts"]]
    return (*(datetime.fromisoformat(one[edge]) + moved for edge in ("start", "stop")), one["title"], *parts)


async def test_what_has_left_the_library_is_known_from_its_catalog(
    small: Station, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    air(small, GENESIS + 2 * HOUR)
    left = tuple(item_of(asset) for name, asset in small.assets.items() if name not in ("slate", "film-c"))
    small.publish(small.revisions["films"].channel, items=left)
    air(small, GENESIS + 4 * HOUR)
    small.restart()
    small.look()
    assert small.view().library("film-c") is None
    origin = await opened(small, aiohttp_client)
    (channel,) = json.loads(await origin.text("/iptv/guide.json"))["channels"]
    titles = {part["title"] for entry in channel["entries"][:2] for part in entry["parts"]}
    assert titles == {"Title of film-a", "Title of film-b", "Title of film-c"}
    found = listed(Stored(small.store), "films", GENESIS, GENESIS + HOUR)
    assert {part.title for entry in found.entries for part in entry.parts} == titles


def test_every_form_of_a_command_is_that_of_the_core(lengthy: Station) -> None:
    now = lengthy.moments.now
    found = listed(Stored(lengthy.store), "films", now, now + timedelta(days=1))
    assert found.channel.zone == "Europe/Paris"
    text = written(Form.TEXT, [found], "", now)
    assert f"▶ {found.entries[0].start.astimezone(ZoneInfo('Europe/Paris')):%H:%M}" in text
    assert written(Form.ROKU, [found], "http://x/", now) == roku(found.entries, found.channel, Links("http://x"), now)
    assert written(Form.XMLTV, [found], "", now).startswith("<?xml")
    assert written(Form.CSV, [found], "", now).count("+0100") >= len(found.entries)
    assert "BroadcastEvent" in written(Form.SCHEMA_ORG, [found], "", now)
