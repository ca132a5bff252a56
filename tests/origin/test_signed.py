"""Signed addresses: whoever has one plays, at every URL, and nobody else does.

Rows B06, B87, B107, D04, D13, D34, DX3.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import shutil
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from multidict import CIMultiDict
from origins import Origin, joined
from stations import FILMS, FULL, GENESIS, Station

from playout.core.asset import Kind
from playout.core.catalog import Query
from playout.core.channel import Access, Parent
from playout.core.house import HOUSES
from playout.core.ticks import TIMEBASE, instant_at, utc_text
from playout.core.token import LONGEST, OnDemand, Pass
from playout.documents import encode
from playout.keyring import NAME, Keyring
from playout.origin import Settings, create_app
from playout.origin.doors import TOKEN, Guarded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from pathlib import Path

    from playout.core.rules import Rules

HOUR = timedelta(hours=1)
GOLD = replace(FILMS, id="gold", number="2", name="Gold", genesis=GENESIS, access=Access.SIGNED)
OPEN_ROUTES = {
    "/healthz", "/readyz", "/metrics", "/", "/page/{name}", "/now.json", "/t/{token}/check",
    "/iptv/channels.m3u", "/channels.m3u", "/api/channels.m3u", "/api/channels/m3u",
    "/iptv/xmltv.xml", "/iptv/xmltv.xml.gz", "/xmltv.xml", "/xmltv.xml.gz", "/api/xmltv.xml",
    "/iptv/guide.json", "/iptv/guide.csv", "/iptv/guide.jsonld", "/iptv/roku.json", "/iptv/roku/{channel}.json",
    "/iptv/logos/{channel}.png",
}  # fmt: skip
"""What needs no token, whatever channels say: guides, logos, and what those ask who run an origin."""


@dataclass
class Signed:
    """A station with an open and a signed channel, its origin, and who signs."""

    origin: Origin
    app: web.Application
    ring: Keyring

    @property
    def station(self) -> Station:
        return self.origin.station

    @property
    def now(self) -> datetime:
        return self.station.moments.now

    def token(
        self,
        opens: str = "live/gold",
        expires: timedelta = HOUR,
        ends: timedelta = 24 * HOUR,
        at: datetime | None = None,
    ) -> str:
        now = (at or self.now).replace(microsecond=0)
        return self.ring.sign(Pass(opens, now + expires, now + ends), at or self.now)

    def coarse(self, lines: int, opens: str = "live/gold") -> str:
        """What stands before an address of so many lines."""
        now = self.now.replace(microsecond=0)
        return "/t/" + self.ring.sign(Pass(opens, now + HOUR, now + HOUR, lines), self.now)

    def bound(self, viewer: str, bits: int, opens: str = "live/gold") -> str:
        """What stands before an address that is for one network."""
        now = self.now.replace(microsecond=0)
        said = Pass(opens, now + HOUR, now + HOUR, bits=bits)
        return "/t/" + self.ring.sign(said, self.now, ip_address(viewer))

    async def refused(self, path: str, **more: Any) -> str:
        """Why an address is refused."""
        head, body = await self.origin.get(path, 403, **more)
        assert head["Content-Type"] == "application/problem+json"
        assert head["Cache-Control"] == "no-store"
        if more.get("method") == "HEAD":
            return ""
        problem = json.loads(body)
        assert (problem["status"], problem["title"]) == (403, "Forbidden")
        return str(problem["detail"])

    async def segments(self, playlist: str) -> list[str]:
        """The paths of the segments that a playlist names."""
        found = await self.origin.playlist(playlist)
        return [joined(playlist, segment.uri) for segment in found.segments]

    async def everything(self, channel: str = "gold", prefix: str = "") -> list[str]:
        """All addresses of a channel that play it, with segments of each kind from its playlists, below a token."""
        below = f"{prefix}/live/{channel}/"
        past = f"?from={utc_text(GENESIS)}"
        found = [
            below + name for name in ("index.m3u8", "ts.m3u8", "v360.m3u8", "a-en.m3u8", "s-en.m3u8", "ts/v360.m3u8")
        ]
        found += [below + name + past for name in ("index.m3u8", "v360.m3u8")]
        found += [f"{below}timeshift_rel-30.m3u8", f"{below}v360.m3u8?_HLS_skip=YES"]
        signed = f"/t/{self.token(f'live/{channel}')}/live/{channel}/"
        for name in ("v360.m3u8", "a-en.m3u8", "s-en.m3u8", f"v360.m3u8{past}"):
            segments = await self.segments(signed + name)
            found += [prefix + "/" + path.split("/", 3)[3] for path in (segments[0], segments[-1])]
        return list(dict.fromkeys(found))


async def starting(
    station: Station, aiohttp_client: Callable[..., Awaitable[Any]], on_demand: OnDemand = OnDemand.AUTO, **more: Any
) -> Signed:
    ring = Keyring(station.root / NAME)
    settings = Settings(stream_keys=ring.path, on_demand=on_demand, **more)
    app = create_app(station.view, station.changed, station.store, station.moments.clock, settings)
    return Signed(Origin(station, await aiohttp_client(app)), app, ring)


def closing(station: Station) -> None:
    """Add a signed channel that airs two films of its own."""
    station.asset("gem-a", Kind.CLIP, *[FULL] * 5, 3)
    station.asset("gem-b", Kind.CLIP, *[FULL] * 7, 2, subtitles=("en",))
    rules: Rules = station.revisions["films"].rules
    source = replace(rules.block.sources[0], include=(Query(kind=(Kind.CLIP,)),))
    station.publish(GOLD, replace(rules, block=replace(rules.block, sources=(source,))))
    station.look()


def copied(station: Station, folder: Path) -> Station:
    """The same station elsewhere: files that are synced to the disk take their time."""
    shutil.copytree(station.root, folder, dirs_exist_ok=True)
    copy = Station(folder, assets=dict(station.assets), revisions=dict(station.revisions))
    copy.look()
    return copy


@pytest.fixture(scope="module")
def closed(made: Station, tmp_path_factory: pytest.TempPathFactory) -> Station:
    """Made once."""
    found = copied(made, tmp_path_factory.mktemp("closed"))
    closing(found)
    return found


@pytest.fixture
async def signed(closed: Station, tmp_path: Path, aiohttp_client: Callable[..., Awaitable[Any]]) -> Signed:
    return await starting(copied(closed, tmp_path), aiohttp_client)


def air(station: Station, until: datetime) -> None:
    while station.moments.now < until:
        station.moments.now = min(station.moments.now + timedelta(minutes=5), until)
        station.look()


async def test_a_signed_channel_is_refused_at_every_address_without_a_token_and_plays_with_one(signed: Signed) -> None:
    prefix = f"/t/{signed.token()}"
    addresses = await signed.everything()
    assert len(addresses) > 15
    for path in addresses:
        assert "ask the API for one" in await signed.refused(path)
        for more in ({"method": "HEAD"}, {"headers": {"Range": "bytes=0-9"}}, {"headers": {"If-None-Match": "*"}}):
            await signed.refused(path, **more)
        head, body = await signed.origin.get(prefix + path)
        assert body
        again, none = await signed.origin.get(prefix + path, 304, headers={"If-None-Match": head["ETag"]})
        assert (again["ETag"], none) == (head["ETag"], b"")
        _, none = await signed.origin.get(prefix + path, method="HEAD")
        assert none == b""
    msn = (await signed.origin.playlist(f"{prefix}/live/gold/v360.m3u8")).media_sequence
    for reload in (f"/live/gold/v360.m3u8?_HLS_msn={msn}", f"/live/gold/a-de.m3u8?_HLS_msn={msn}&_HLS_skip=YES"):
        await signed.refused(reload)
        await signed.origin.get(prefix + reload)
    for other in (
        "/iptv/channel/2.m3u8", "/channel/2.m3u8", "/stream/channels/2.m3u8", "/stream/channels/2", "/m3u8?channel=2",
        "/channels/gold/master.m3u8", "/live/gold/direct.m3u8", "/live/gold/direct/v360.m3u8",
        "/live/gold/timeshift_abs-1772366400.m3u8", "/live/gold/archive-1772366400-60.m3u8", "/live/gold/none.m3u8",
    ):  # fmt: skip
        await signed.refused(other)


async def test_what_is_open_stays_open_beside_a_signed_channel(signed: Signed) -> None:
    for path in await signed.everything("films"):
        await signed.origin.get(path)
    for path in (
        "/iptv/channel/1.m3u8", "/iptv/logos/gold.png",
        "/vod/gem-a/poster.jpg", "/now.json", "/healthz", "/live/films/direct.m3u8", "/live/films/direct/v360.m3u8",
    ):  # fmt: skip
        await signed.origin.get(path)
    listed = await signed.origin.text("/iptv/channels.m3u")
    assert "live/films/" in listed
    assert "live/gold/" not in listed, "an address that would be refused is not listed"
    assert [row["id"] for row in json.loads(await signed.origin.text("/now.json"))] == ["films"]
    for segment in (await signed.origin.playlist("/live/films/direct/v360.m3u8")).segments:
        await signed.origin.get(
            joined("/live/films/direct/v360.m3u8", segment.uri), 206, headers={"Range": "bytes=0-9"}
        )
    init = (await signed.origin.playlist("/live/films/v360.m3u8")).segment_map[0].uri
    await signed.origin.get(joined("/live/films/v360.m3u8", init))


def test_every_route_has_a_door_or_is_open_on_purpose(small: Station) -> None:
    app = create_app(small.view, small.changed, small.store, small.moments.clock)
    doors: set[str] = set()
    open_ones: set[str] = set()
    for route in app.router.routes():
        assert route.resource is not None
        guarded = isinstance(getattr(route.handler, "__self__", None), Guarded)
        (doors if guarded else open_ones).add(route.resource.canonical)
    assert open_ones == OPEN_ROUTES
    assert {TOKEN + path for path in doors if not path.startswith("/t/")} == {d for d in doors if d.startswith("/t/")}
    assert len(doors) > 30


async def test_a_token_that_is_not_good_is_refused_at_every_address(signed: Signed) -> None:
    addresses = await signed.everything()
    good = signed.token()
    other = Keyring(signed.ring.path.with_name("other.json"))
    now = signed.now.replace(microsecond=0)
    elsewhere = other.sign(Pass("live/gold", now + HOUR, now + HOUR), signed.now)
    for at in range(4):
        elsewhere = other.sign(Pass("live/gold", now + HOUR, now + HOUR), signed.now + at * LONGEST)
    forged = good[:-1] + ("A" if good[-1] != "A" else "B")
    tampered = good[:30] + ("A" if good[30] != "A" else "B") + good[31:]
    bad = {
        "forged": (forged, "is not"),
        "tampered": (tampered, "is not"),
        "of another station": (elsewhere, "signature is not good"),
        "cut short": (good[:-4], "is not"),
        "no token": ("x" * 50, "that is no token"),
        "over": (signed.token(ends=timedelta(0)), "for one session, which is over"),
        "of another channel": (signed.token("live/films"), "opens something else"),
        "of an asset": (signed.token("vod/gem-a"), "opens something else"),
        "of a channel that is called alike": (signed.token("live/gol"), "opens something else"),
    }
    for words, (token, why) in bad.items():
        for path in addresses:
            assert why in await signed.refused(f"/t/{token}{path}"), words
    other.rotate(signed.now)
    late = other.sign(Pass("live/gold", now + HOUR, now + HOUR), signed.now + HOUR)
    assert "its key is not known here" in await signed.refused(f"/t/{late}/live/gold/v360.m3u8")


async def test_an_address_expires_for_a_beginning_and_a_session_goes_on_until_it_ends(signed: Signed) -> None:
    token = signed.token(expires=timedelta(minutes=1), ends=timedelta(minutes=4))
    begun = signed.now
    starts = [path for path in await signed.everything(prefix=f"/t/{token}") if "index" in path or "timeshift" in path]
    assert len(starts) == 3
    for path in (*starts, f"/t/{token}/live/gold/ts.m3u8", f"/t/{token}/iptv/channel/2.m3u8"):
        head, _ = await signed.origin.get(path)
        assert head["Cache-Control"] == "no-store"
    air(signed.station, begun + timedelta(minutes=1))
    for path in (*starts, f"/t/{token}/live/gold/ts.m3u8", f"/t/{token}/iptv/channel/2.m3u8"):
        assert "has expired" in await signed.refused(path)
    playing = f"/t/{token}/live/gold/v360.m3u8"
    head, _ = await signed.origin.get((await signed.segments(playing))[-1])
    assert head["Cache-Control"] == f"public, max-age={3 * 60}, immutable"
    air(signed.station, begun + timedelta(minutes=4) - timedelta(seconds=1))
    last = await signed.segments(playing)
    assert (await signed.origin.get(playing))[0]["Cache-Control"] in ("public, max-age=0", "public, max-age=1")
    air(signed.station, begun + timedelta(minutes=4))
    for path in (playing, last[0], last[-1], f"/t/{token}/check"):
        assert "which is over" in await signed.refused(path)


async def test_a_token_opens_one_channel_and_none_of_the_assets_beyond_what_it_airs(signed: Signed) -> None:
    prefix = f"/t/{signed.token()}"
    aired = await signed.segments(f"{prefix}/live/gold/v360.m3u8")
    for path in aired:
        await signed.origin.get(path)
    rendition, name = aired[-1].split("/")[-2:]
    sequence = int(name.removesuffix(".m4s").rpartition("-")[2])
    films = await signed.segments("/live/films/v360.m3u8")
    for path in (
        f"{prefix}/media/film-a/{rendition}/{name}",  # another asset at the very same place
        f"{prefix}/media/gem-a/v360/0-0-{sequence + 1}.m4s",
        f"{prefix}/media/film-a/v360/0-0-0.m4s",  # on demand
        *(prefix + path for path in films if path not in [one.removeprefix(prefix) for one in aired]),
        f"{prefix}/vod/gem-a/index.m3u8",
        f"{prefix}/vod/gem-a/v360.m3u8",
        f"{prefix}/vod/gem-a/poster.jpg",
        f"{prefix}/store/assets/gem-a/v360.cmfv",
        f"{prefix}/live/films/index.m3u8",
        f"{prefix}/iptv/channel/1.m3u8",
        f"{prefix}/channels/films/master.m3u8",
    ):
        assert "opens something else" in await signed.refused(path)
    assert "no direct rendering" in await signed.refused(f"{prefix}/live/gold/direct.m3u8")
    assert "no direct rendering" in await signed.refused(f"{prefix}/live/gold/direct/v360.m3u8")
    for path in ("/iptv/channels.m3u", "/metrics", "/", "/t/x/live/gold/v360.m3u8", "/live/gold"):
        await signed.origin.get(prefix + path, 404)


async def test_what_is_to_come_is_not_had_by_a_token(signed: Signed) -> None:
    prefix, log = f"/t/{signed.token()}", signed.station.on_air("gold").log
    airing = log.airings[-1]
    path = f"/media/{airing.asset}/v360/{airing.first}-{airing.start}-{airing.first_msn}.m4s"
    _, body = await signed.origin.get(prefix + path, 404)
    assert body == b"that segment has not aired yet\n"
    await signed.refused(path)
    air(signed.station, instant_at(GENESIS, airing.start) + timedelta(seconds=4))
    await signed.origin.get(prefix + path)


async def test_a_mirror_that_is_signed_is_ahead_of_nobody_who_has_a_token_of_its_original(
    small: Station, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    closing(small)
    ahead = timedelta(seconds=60)
    early = replace(GOLD, id="early", number="2.1", genesis=GENESIS - ahead)
    revision = replace(
        small.revisions["gold"], number=1, effective=early.genesis, channel=early, parent=Parent("gold", -ahead)
    )
    small.store.put_new("channels/early/revisions/00000001.json", encode(revision))
    small.look()
    signed = await starting(small, aiohttp_client)
    prefix = f"/t/{signed.token('live/early')}"
    for path in [segment.removeprefix(prefix) for segment in await signed.segments(f"{prefix}/live/early/v360.m3u8")][
        -4:
    ]:
        await signed.origin.get(prefix + path)
        _, body = await signed.origin.get(f"/t/{signed.token()}{path}", 404)
        assert body == b"that segment has not aired yet\n"
        await signed.refused(path)


async def test_the_past_is_played_by_those_whose_channel_aired_it(
    signed: Signed, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    air(signed.station, GENESIS + timedelta(minutes=25))
    start = GENESIS + timedelta(minutes=8)
    query = f"?from={utc_text(start)}&to={utc_text(start + timedelta(minutes=2))}"
    prefix = f"/t/{signed.token()}"
    gold = await signed.segments(f"{prefix}/live/gold/v360.m3u8{query}")
    films = await signed.segments(f"/live/films/v360.m3u8{query}")
    assert signed.station.on_air("gold").log.airings[0].start > 15 * 60 * TIMEBASE, "it is read from the store"
    assert len(gold) > 25
    for path in gold:
        await signed.origin.get(path)
        await signed.refused(path.removeprefix(prefix))
    for path in films:
        await signed.origin.get(path)
        await signed.refused(prefix + path)
    crafted = gold[5].removeprefix(prefix).split("/")
    number, begun, sequence = crafted[-1].removesuffix(".m4s").split("-")
    unit = HOUSES["fast"].unit
    for place in (f"{number}-{int(begun) + unit}-{sequence}", f"{number}-{begun}-{int(sequence) - 1}"):
        path = f"/media/{crafted[2]}/v360/{place}.m4s"
        await signed.refused(path)
        await signed.refused(prefix + path)
    log = signed.station.root / "channels" / "gold" / "log"
    for day, status in (("2026-02-28", 200), ("2026-02-27", 403)):  # a turn may have begun before midnight
        next(log.iterdir()).rename(log / day)
        fresh = await starting(signed.station, aiohttp_client)
        await fresh.origin.get(gold[5], status)


async def test_on_demand_closes_with_the_first_signed_channel(  # noqa: C901 — one thing after the other
    small: Station, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    before = await starting(small, aiohttp_client)
    paths = ["/vod/film-a/index.m3u8", "/vod/film-a/v360.m3u8", "/media/film-a/v360/0-0-0.m4s"]
    paths += ["/store/assets/film-a/v360.cmfv"]
    for path in (*paths, "/vod/film-a/poster.jpg"):
        await before.origin.get(path)
    always = await starting(small, aiohttp_client, OnDemand.SIGNED)
    for path in paths[:3]:
        await always.refused(path)
    await always.origin.get("/store/assets/film-a/v360.cmfv")  # the direct rendering of an open channel names it now
    closing(small)
    own = [*paths[:3], "/store/assets/gem-a/v360.cmfv", "/vod/gem-a/index.m3u8", "/media/gem-b/s-en/1-336000-1.vtt"]
    for path in own:
        await before.refused(path)
    anyone = await starting(small, aiohttp_client, OnDemand.OPEN)
    for path in paths:
        await anyone.origin.get(path)
    prefix = f"/t/{before.token('vod/gem-b')}"
    for path in (
        "/vod/gem-b/index.m3u8",
        "/vod/gem-b/v360.m3u8",
        "/vod/gem-b/poster.jpg",
        "/store/assets/gem-b/s-en.vtt",
    ):
        await before.origin.get(prefix + path)
    segments = await before.segments(f"{prefix}/vod/gem-b/v360.m3u8")
    assert len(segments) == 8
    for path in segments:
        await before.origin.get(path)
    await before.origin.get(f"{prefix}/store/assets/gem-b/v360.cmfv", 206, headers={"Range": "bytes=10-19"})
    for path in ("/vod/gem-a/index.m3u8", "/media/gem-a/v360/0-0-0.m4s", "/store/assets/gem-a/v360.cmfv"):
        await before.refused(prefix + path)
    gold = await before.segments(f"/t/{before.token()}/live/gold/v360.m3u8")
    for path in [path.split("/", 3)[3] for path in gold]:
        if not path.endswith(("/0-0-0.m4s", "/1-336000-1.m4s")):
            await before.refused(f"{prefix}/{path}")


def ladder(text: str) -> list[str]:
    """The renditions that a multivariant playlist names."""
    uris = re.findall(r'^([^#\n]+\.m3u8)|URI="([^"]+\.m3u8)', text, re.MULTILINE)
    return sorted("".join(pair).rpartition("/")[2].removesuffix(".m3u8") for pair in uris)


async def test_an_address_opens_no_finer_picture_than_it_says(signed: Signed) -> None:  # noqa: C901 — one story
    """The best quality of a plan, at every URL, without asking anybody; sound stays, and so does the lowest rung."""

    async def passes(path: str) -> None:  # nothing can be muxed of the bytes that this station has
        await signed.origin.get(path, 503 if path.endswith(".ts") else 200)

    air(signed.station, GENESIS + timedelta(minutes=3))
    whole, coarse, coarsest = f"/t/{signed.token()}", signed.coarse(240), signed.coarse(1)
    past = f"?from={utc_text(GENESIS)}"
    for name in ("index.m3u8", "ts.m3u8", f"index.m3u8{past}", "timeshift_rel-30.m3u8"):
        full = ladder(await signed.origin.text(f"{whole}/live/gold/{name}"))
        assert {"v360", "v234"} <= set(full)
        for prefix in (coarse, coarsest):
            left = ladder(await signed.origin.text(f"{prefix}/live/gold/{name}"))
            assert left == [one for one in full if one != "v360"], name
    for other in ("/iptv/channel/2.m3u8", "/channels/gold/master.m3u8"):
        assert "v360" not in ladder(await signed.origin.text(coarse + other))
        assert "v360" in ladder(await signed.origin.text(signed.coarse(360) + other))
    for name in ("v360.m3u8", "ts/v360.m3u8", f"v360.m3u8{past}", "v360.m3u8?_HLS_skip=YES"):
        assert "coarser picture" in await signed.refused(f"{coarse}/live/gold/{name}")
        for path in [(await signed.segments(f"{whole}/live/gold/{name}"))[at] for at in (0, -1)]:
            await passes(path)
            assert "coarser picture" in await signed.refused(path.replace(whole, coarse))
        lower = name.replace("v360", "v234")
        for prefix in (coarse, coarsest):
            for path in [(await signed.segments(f"{prefix}/live/gold/{lower}"))[at] for at in (0, -1)]:
                await passes(path)
    for name in ("a-en.m3u8", "s-en.m3u8"):
        await signed.origin.get((await signed.segments(f"{coarse}/live/gold/{name}"))[-1])
    film, low = f"/t/{signed.token('vod/gem-b')}", signed.coarse(240, "vod/gem-b")
    assert "v360" in ladder(await signed.origin.text(f"{film}/vod/gem-b/index.m3u8"))
    assert "v360" not in ladder(await signed.origin.text(f"{low}/vod/gem-b/index.m3u8"))
    fine = ["/vod/gem-b/v360.m3u8", "/media/gem-b/v360/0-0-0.m4s", "/store/assets/gem-b/v360.cmfv"]
    for path in fine:
        await signed.origin.get(film + path)
        assert "coarser picture" in await signed.refused(low + path)
    for path in (*[one.replace("v360", "v234") for one in fine], "/vod/gem-b/a-en.m3u8", "/vod/gem-b/poster.jpg"):
        await signed.origin.get(low + path)
    direct = signed.coarse(240, "live/films")
    assert "v360" not in ladder(await signed.origin.text(f"{direct}/live/films/direct.m3u8"))
    await signed.refused(f"{direct}/live/films/direct/v360.m3u8")
    head, _ = await signed.origin.get(f"{coarse}/check", 204)
    assert head["X-Opens"] == "live/gold 240", "they share answers among themselves"


async def test_an_address_that_is_for_a_network_is_good_from_there_alone(
    closed: Station, tmp_path: Path, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    """DX3: at every URL, by the address for which trusted proxies vouch, and without any address in the URL."""
    trusted = (ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8"))
    signed = await starting(copied(closed, tmp_path), aiohttp_client, trusted=trusted)
    behind = await starting(signed.station, aiohttp_client, trusted=trusted, tokens_checked=True)

    def by(*hops: str) -> CIMultiDict[str]:
        return CIMultiDict([("X-Forwarded-For", hop) for hop in hops])

    network = signed.bound("203.0.113.9", 24)
    assert "203" not in network
    addresses = await signed.everything(prefix=network)
    addresses += [f"{network}/live/gold/ts/v234.m3u8", f"{network}/iptv/channel/2.m3u8"]
    for path in addresses:
        head, _ = await signed.origin.get(path, headers=by("198.51.100.1, 203.0.113.77, 10.1.1.1"))
        kept = head["Cache-Control"]
        assert kept == "no-store" or re.fullmatch(r"private, max-age=\d+(, immutable)?", kept), "no cache shares it"
        assert "X-Accel-Expires" not in head
        told, _ = await behind.origin.get(path, headers=by("203.0.113.77"))
        assert kept == told["Cache-Control"]
        assert kept == "no-store" or f"max-age={told['X-Accel-Expires']}" in kept, "but one that asks who comes"
        for hops in (
            by("203.0.112.9"), by(), by("2001:db8::1"), by("made up"),
            by("203.0.113.9, 198.51.100.1"),  # the first one is what somebody says of themselves
            by("203.0.113.9", "198.51.100.1, 10.1.1.1"),  # and so it is where a proxy adds a line of its own
        ):  # fmt: skip
            assert "for another network" in await signed.refused(path, headers=hops)
    head, _ = await behind.origin.get(f"{network}/check", 204, headers=by("203.0.113.200"))
    assert (head["X-Opens"], head["Cache-Control"], head["X-Accel-Expires"]) == ("live/gold", "private, max-age=5", "5")
    await signed.refused(f"{network}/check", headers=by("203.0.114.200"))
    for viewer, bits, same, other in (
        ("203.0.113.9", 32, "::ffff:203.0.113.9", "203.0.113.8"),
        ("2001:db8:7:8:1:2:3:4", 64, "2001:db8:7:8::9", "2001:db8:7:9::9"),
        ("2001:db8:7:800::1", 56, "2001:db8:7:8ff::1", "2001:db8:7:900::1"),
    ):
        playing = signed.bound(viewer, bits) + "/live/gold/v234.m3u8"
        await signed.origin.get(playing, headers=by(same))
        await signed.refused(playing, headers=by(other))
    film = signed.bound("203.0.113.9", 24, "vod/gem-b")
    for path in ("/vod/gem-b/index.m3u8", "/media/gem-b/v360/0-0-0.m4s", "/store/assets/gem-b/v360.cmfv"):
        await signed.origin.get(film + path, headers=by("203.0.113.1"))
        await signed.refused(film + path, headers=by("203.0.1.1"))
    alone = await starting(signed.station, aiohttp_client)
    here = alone.bound("127.0.0.1", 32) + "/live/gold/v234.m3u8"
    await alone.origin.get(here, headers=by("203.0.113.9"))  # nobody is trusted: it is who is connected
    await alone.refused(network + "/live/gold/v234.m3u8", headers=by("203.0.113.9"))


async def test_keys_are_rotated_under_a_player_that_plays(signed: Signed) -> None:
    token = signed.token()
    playing = f"/t/{token}/live/gold/v360.m3u8"
    for _ in range(4):
        signed.ring.rotate(signed.now)
        for _ in range(5):
            air(signed.station, signed.now + timedelta(seconds=4))
            await signed.origin.get((await signed.segments(playing))[-1])
    younger = signed.token()
    assert signed.ring.all()[-1].number == 5
    assert younger != token
    await signed.origin.get(f"/t/{younger}/live/gold/index.m3u8")
    await signed.origin.get(f"/t/{token}/live/gold/index.m3u8")
    signed.ring.rotate(signed.now, forget=True)
    await signed.origin.get(f"/t/{signed.token()}/live/gold/index.m3u8")  # of a key that is made just now
    air(signed.station, signed.now + timedelta(seconds=2))
    for old in (token, younger):
        assert "its key is not known here, or no longer" in await signed.refused(f"/t/{old}/live/gold/v360.m3u8")


async def test_a_file_of_keys_that_cannot_be_read_stops_nobody_who_plays(signed: Signed) -> None:
    playing = f"/t/{signed.token()}/live/gold/v360.m3u8"
    await signed.origin.get(playing)
    good = signed.ring.path.read_bytes()
    signed.ring.path.write_bytes(b"broken")
    air(signed.station, signed.now + timedelta(seconds=10))
    await signed.origin.get(playing)
    _, body = await signed.origin.get("/readyz")
    alarms = [alarm["what"] for alarm in json.loads(body)["alarms"] if alarm["where"] == "stream keys"]
    assert len(alarms) == 1
    assert "those that were read last count" in alarms[0]
    assert b"broken" not in body
    signed.ring.path.write_bytes(good)
    await signed.origin.get(playing)


async def test_an_origin_without_keys_refuses_every_token(
    small: Station, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    closing(small)
    signed = await starting(small, aiohttp_client)
    token = signed.token()
    bare = create_app(small.view, small.changed, small.store, small.moments.clock)
    without = Signed(Origin(small, await aiohttp_client(bare)), bare, signed.ring)
    assert "its key is not known here" in await without.refused(f"/t/{token}/live/gold/index.m3u8")
    await without.refused("/live/gold/index.m3u8")
    await without.origin.get("/live/films/index.m3u8")


async def test_nothing_serves_the_keys(signed: Signed) -> None:
    signed.token()
    for path in (f"/{NAME}", f"/store/{NAME}", f"/store/assets/{NAME}", f"/store/assets/film-a/..%2f..%2f{NAME}"):
        for prefix in ("", f"/t/{signed.token()}", f"/t/{signed.token('vod/film-a')}"):
            async with signed.origin.client.get(prefix + path) as answer:
                assert answer.status in (403, 404)
                assert b"secret" not in await answer.read()


async def test_a_proxy_is_told_whether_a_token_is_good_and_what_it_opens(signed: Signed) -> None:
    head, body = await signed.origin.get(f"/t/{signed.token(expires=timedelta(0))}/check", 204)
    assert (head["X-Opens"], head["Cache-Control"], body) == ("live/gold", "public, max-age=5", b"")
    head, _ = await signed.origin.get(f"/t/{signed.token(ends=timedelta(seconds=3))}/check", 204)
    assert head["Cache-Control"] in ("public, max-age=2", "public, max-age=3")
    await signed.refused("/t/" + "x" * 60 + "/check")


async def test_no_token_stands_in_the_journal(
    small: Station, aiohttp_client: Callable[..., Awaitable[Any]], caplog: pytest.LogCaptureFixture
) -> None:
    closing(small)
    signed = await starting(small, aiohttp_client, access_log=True, base_path="/tv")
    token, forged = signed.token(), "A" * 60
    with caplog.at_level(logging.INFO, "fastline.access"):
        await signed.origin.get(f"/tv/t/{token}/live/gold/index.m3u8?from={utc_text(GENESIS)}")
        await signed.refused(f"/tv/t/{forged}/live/gold/index.m3u8")
    assert "GET /tv/t/.../live/gold/index.m3u8?from=" in caplog.text
    assert token not in caplog.text
    assert forged not in caplog.text


async def test_many_who_come_with_a_new_key_at_once_are_all_answered(signed: Signed) -> None:
    await signed.origin.get(f"/t/{signed.token()}/live/gold/v360.m3u8")
    signed.ring.rotate(signed.now, forget=True)
    path = f"/t/{signed.token()}/live/gold/v360.m3u8"
    await asyncio.gather(*[signed.origin.get(path) for _ in range(30)])


async def test_a_channel_that_is_closed_while_it_is_watched_is_closed_on_the_lane_too(
    small: Station, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    signed = await starting(small, aiohttp_client)
    playing = "/live/films/v360.m3u8"
    segments = await signed.segments(playing)
    for _ in range(3):
        await signed.origin.get(segments[-1])
    small.publish(replace(FILMS, access=Access.SIGNED))
    small.look()
    for path in (playing, segments[-1], segments[0], "/live/films/index.m3u8"):
        await signed.refused(path)
    prefix = f"/t/{signed.token('live/films')}"
    for path in (playing, segments[-1], segments[0], "/live/films/index.m3u8"):
        await signed.origin.get(prefix + path)
