"""What the head of every answer says, and what is refused."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import re
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from origins import Origin, joined
from stations import FILMS, GENESIS

from playout.core.ticks import instant_at, ticks_since
from playout.origin import Settings, create_app
from playout.origin.answers import Span, Unsatisfiable, accepts_gzip, byte_range, matches

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from stations import Station

V360 = "/live/films/v360.m3u8"
PAST = f"{V360}?from=2026-03-01T12:00:10Z"
MIMES = {
    "/live/films/index.m3u8": "application/vnd.apple.mpegurl",
    V360: "application/vnd.apple.mpegurl",
    "/live/films/ts/v360.m3u8": "application/vnd.apple.mpegurl",
    "/vod/film-a/v360.m3u8": "application/vnd.apple.mpegurl",
    "/iptv/channel/1.m3u8": "application/vnd.apple.mpegurl",
    "/iptv/channels.m3u": "audio/x-mpegurl",
    "/iptv/xmltv.xml": "text/xml; charset=utf-8",
    "/iptv/xmltv.xml.gz": "application/gzip",
    "/iptv/logos/films.png": "image/png",
    "/now.json": "application/json",
    "/": "text/html; charset=utf-8",
    "/media/film-a/v360/0-0-0.m4s": "video/iso.segment",
    "/media/film-b/s-en/0-0-0.vtt": "text/vtt; charset=utf-8",
    "/store/assets/film-a/a-en.cmfa": "audio/mp4",
    "/vod/film-a/poster.jpg": "image/jpeg",
    "/healthz": "text/plain; charset=utf-8",
    "/readyz": "application/json",
}


async def starting(station: Station, aiohttp_client: Callable[..., Awaitable[Any]], settings: Settings) -> Origin:
    app = create_app(station.view, station.changed, station.store, station.moments.clock, settings)
    return Origin(station, await aiohttp_client(app))


@pytest.mark.parametrize(("path", "mime"), MIMES.items())
async def test_every_answer_has_its_type_and_is_open_to_all(origin: Origin, path: str, mime: str) -> None:
    for method in ("GET", "HEAD"):
        head, body = await origin.get(path, method=method)
        assert head["Content-Type"] == mime
        assert head["Access-Control-Allow-Origin"] == "*"
        assert "Content-Range" in head["Access-Control-Expose-Headers"]
        assert "Server" not in head
        assert "Cache-Control" in head
        assert bool(body) == (method == "GET")
        assert int(head["Content-Length"]) > 0
    head, body = await origin.get(path, status=204, method="OPTIONS")
    assert "GET" in head["Access-Control-Allow-Methods"]
    assert "Range" in head["Access-Control-Allow-Headers"]
    assert body == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_can_be_changed(origin: Origin, method: str) -> None:
    await origin.get(V360, status=405, method=method)


@pytest.mark.parametrize(
    "path", ["/live/films/index.m3u8", V360, PAST, "/vod/film-a/v360.m3u8", "/iptv/xmltv.xml", "/"]
)
async def test_pages_are_compressed_and_validated(origin: Origin, path: str) -> None:
    plain_head, plain = await origin.get(path, headers={"Accept-Encoding": "identity"})
    packed_head, packed = await origin.get(path, headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain)
    assert packed_head["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain_head
    assert plain_head["Vary"] == packed_head["Vary"] == "Accept-Encoding"
    assert plain_head["ETag"] != packed_head["ETag"]
    for etag in (plain_head["ETag"], packed_head["ETag"], f'"x", W/{plain_head["ETag"]}', "*"):
        assert not etag.startswith("W/")
        head, body = await origin.get(path, status=304, headers={"If-None-Match": etag, "Accept-Encoding": "identity"})
        assert body == b""
        assert head["ETag"] == plain_head["ETag"]
        assert head["Cache-Control"] == plain_head["Cache-Control"]
    await origin.get(path, headers={"If-None-Match": '"other"'})


async def test_an_edition_is_cached_until_the_next_one_is_due(origin: Origin) -> None:
    moments = origin.station.moments
    page = await origin.playlist(V360)
    last = page.segments[-1]
    ended = last.program_date_time + timedelta(seconds=last.duration)
    for late, age in ((0.1, 2), (1.6, 2), (1.8, 1), (3.7, 1)):
        moments.now = ended + timedelta(seconds=late)
        assert (await origin.get(V360))[0]["Cache-Control"] == f"public, max-age={age}"
        assert (await origin.get(PAST))[0]["Cache-Control"] == f"public, max-age={age}"
    assert (await origin.get("/live/films/index.m3u8"))[0]["Cache-Control"] == "public, max-age=60"
    closed = f"{PAST}&to=2026-03-01T12:01:00Z"
    assert (await origin.get(closed))[0]["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "path", ["/media/film-a/v360/0-0-0.m4s", "/store/assets/film-a/v360.cmfv", "/vod/film-a/poster.jpg"]
)
async def test_ranges_have_real_lengths(origin: Origin, path: str) -> None:
    head, whole = await origin.get(path)
    assert head["Accept-Ranges"] == "bytes"
    size = len(whole)
    for wanted, low, high in (
        ("bytes=0-0", 0, 1), ("bytes=5-9", 5, 10), (f"bytes=3-{size + 99}", 3, size), ("bytes=7-", 7, size),
        ("bytes=-4", size - 4, size), (f"bytes=-{size * 2}", 0, size),
    ):  # fmt: skip
        head, body = await origin.get(path, status=206, headers={"Range": wanted})
        assert body == whole[low:high]
        assert head["Content-Range"] == f"bytes {low}-{high - 1}/{size}"
        assert int(head["Content-Length"]) == high - low
    for wanted in ("bytes=9-5", "bytes=0-1,3-4", "octets=0-1", "bytes=-", "bytes=x-y"):
        assert (await origin.get(path, headers={"Range": wanted}))[1] == whole
    for wanted in (f"bytes={size}-", f"bytes={size}-{size + 5}", "bytes=-0"):
        head, _ = await origin.get(path, status=416, headers={"Range": wanted})
        assert head["Content-Range"] == f"bytes */{size}"
    etag = (await origin.get(path))[0]["ETag"]
    assert (await origin.get(path, 206, {"Range": "bytes=0-0", "If-Range": etag}))[1] == whole[:1]
    assert (await origin.get(path, 200, {"Range": "bytes=0-0", "If-Range": '"old"'}))[1] == whole
    assert (await origin.get(path, 304, {"If-None-Match": etag}))[1] == b""


@given(st.integers(1, 10**6), st.text(alphabet="bytes=-0123456789, ", max_size=20))
def test_a_range_lies_within(length: int, header: str) -> None:
    try:
        found = byte_range(header, length)
    except Unsatisfiable:
        return
    assert found is None or 0 <= found.start < found.stop <= length


def test_ranges_by_example() -> None:
    assert byte_range("bytes=0-4", 3) == Span(0, 3)
    assert byte_range("bytes=00-04", 10) == Span(0, 5)
    with pytest.raises(Unsatisfiable):
        byte_range("bytes=-0", 3)


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        *((wish, True) for wish in ("gzip", "x-gzip", "deflate, GZIP", "*", "gzip;q=1.0", "gzip; q=0.1")),
        *((wish, False) for wish in ("", "identity", "gzip;q=0", "gzip;q=0.000", "br", "gzipped")),
    ],
)
def test_accept_encoding(header: str, *, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


def test_if_none_match() -> None:
    assert matches('W/"a", "b"', '"b"')
    assert matches('W/"a"', '"a"')
    assert not matches('"ab"', '"a"', '"b"')
    assert not matches("", '"a"')


@pytest.mark.parametrize(
    "path",
    [
        "/live/nope/index.m3u8", "/live/nope/v360.m3u8", "/live/films/v999.m3u8", "/live/films/a-zz.m3u8",
        "/live/films/ts/a-en.m3u8", "/live/films/", "/live/films", "/live/", "/nope", "/iptv/channel/99.m3u8",
        "/iptv/logos/nope.png", "/page/nope.js", "/vod/nope/index.m3u8", "/channel/x.m3u8", "/m3u8",
        "/store/assets/film-a/asset.json", "/store/assets/film-a/", "/store/assets/nope/v360.cmfv",
        "/store/catalogs/x", "/store/assets/film-a/.v360.cmfv", "/media/film-a/v360/",
    ],
)  # fmt: skip
async def test_what_is_not_there_is_a_brief_404(origin: Origin, path: str) -> None:
    head, body = await origin.get(path, status=404)
    assert head["Cache-Control"] == "public, max-age=1"
    assert head["Content-Type"].startswith("text/plain")
    assert len(body) < 200
    assert head["Access-Control-Allow-Origin"] == "*"


TRICKS = [
    *("..", "%2e%2e", ".%2e", "%2e%2e%2f%2e%2e", "..%2f..%2f..%2fetc%2fpasswd", "..%5c..%5c", "%00", "a%00b", "."),
    *("%2fetc%2fpasswd", "..%c0%af", "%252e%252e", "a" * 4000, "%0d%0aX-Injected:%20yes", "film-a%2f..%2ffilm-b"),
    *("~", "%e2%80%ae", "%ff"),
]
FORMS = [
    *("/live/{}/index.m3u8", "/live/films/{}.m3u8", "/live/films/direct/{}.m3u8", "/vod/{}/v360.m3u8"),
    *("/vod/film-a/{}.m3u8", "/vod/film-a/{}", "/media/{}/v360/0-0-0.m4s", "/media/film-a/{}/0-0-0.m4s"),
    *("/media/film-a/{}/0-0-0.ts", "/media/film-a/v360/{}", "/media/film-a/v360/{}.m4s", "/media/init/fast/{}"),
    *("/media/init/{}/v360.00000000000000000000000000000000.mp4", "/store/assets/{}/v360.cmfv"),
    *("/store/assets/film-a/{}", "/iptv/logos/{}.png", "/page/{}", "/{}", "/iptv/channel/{}.m3u8"),
]


@pytest.mark.parametrize("trick", TRICKS)
async def test_no_trick_leads_out_of_the_store(origin: Origin, trick: str) -> None:
    (origin.station.root.parent / "passwd").write_text("secret")
    for path in (form.format(trick) for form in FORMS):
        url = origin.client.make_url("/")
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert answer[9:12] in (b"400", b"404") or path == "/.", (path, answer[:200])
        assert b"Traceback" not in answer
        assert b"X-Injected" not in answer.split(b"\r\n\r\n")[0]
        assert b"secret" not in answer


# Behind proxies


FORWARDED = {
    "X-Forwarded-Proto": "https, http",
    "X-Forwarded-Host": "tv.example, inner",
    "X-Forwarded-Prefix": "/fast/",
}


async def test_a_trusted_proxy_says_where_the_world_is(
    small: Station, aiohttp_client: Callable[..., Awaitable[Any]]
) -> None:
    origin = await starting(
        small, aiohttp_client, Settings(base_path="/tv", trusted=(ip_network("127.0.0.0/8"), ip_network("::1/128")))
    )
    text = (await origin.get("/tv/iptv/channels.m3u", headers={**FORWARDED, "Accept-Encoding": ""}))[1].decode()
    assert "\nhttps://tv.example/fast/tv/live/films/index.m3u8\n" in text
    guide = (await origin.get("/tv/iptv/xmltv.xml", headers={**FORWARDED, "Accept-Encoding": ""}))[1].decode()
    assert 'src="https://tv.example/fast/tv/iptv/logos/films.png"' in guide
    await origin.get("/iptv/channels.m3u", status=404)
    assert len((await origin.playlist("/tv/live/films/v360.m3u8")).segments) == 12


async def test_nobody_else_does(origin: Origin) -> None:
    own = str(origin.client.make_url("/"))
    text = (await origin.get("/iptv/channels.m3u", headers={**FORWARDED, "Accept-Encoding": ""}))[1].decode()
    assert f"\n{own}live/films/index.m3u8\n" in text
    assert "tv.example" not in text


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-Host": 'a"b'}, {"X-Forwarded-Proto": "javascript"}, {"X-Forwarded-Prefix": "/<x>"}]
)
async def test_nonsense_from_a_trusted_proxy_is_refused(
    small: Station, aiohttp_client: Callable[..., Awaitable[Any]], headers: Mapping[str, str]
) -> None:
    origin = await starting(small, aiohttp_client, Settings(trusted=(ip_network("0.0.0.0/0"),)))
    await origin.get("/iptv/channels.m3u", status=400, headers=headers)


async def test_a_public_address_that_is_set_wins(small: Station, aiohttp_client: Callable[..., Awaitable[Any]]) -> None:
    origin = await starting(small, aiohttp_client, Settings(public_url="https://cdn.example/x/"))
    assert "\nhttps://cdn.example/x/live/films/index.m3u8\n" in await origin.text("/channels.m3u")


def test_a_base_path_that_cannot_match_is_refused() -> None:
    for path in ("tv", "/tv/", "/"):
        with pytest.raises(ValueError, match="base path"):
            Settings(base_path=path)


async def test_kodi_gets_its_own_lines_and_the_aliases_are_the_same(origin: Origin) -> None:
    kodi = await origin.get("/iptv/channels.m3u", headers={"User-Agent": "Kodi/21", "Accept-Encoding": ""})
    assert b"#KODIPROP" in kodi[1]
    assert "User-Agent" in kodi[0]["Vary"]
    own = await origin.text("/iptv/channels.m3u")
    for path in ("/channels.m3u", "/api/channels.m3u", "/api/channels/m3u"):
        assert await origin.text(path) == own
    guide = await origin.text("/iptv/xmltv.xml")
    for path in ("/xmltv.xml", "/api/xmltv.xml"):
        assert await origin.text(path) == guide
    assert gzip.decompress((await origin.get("/iptv/xmltv.xml.gz"))[1]).decode() == guide


@pytest.mark.parametrize(
    "path",
    ["/iptv/channel/1.m3u8", "/channel/1.m3u8", "/stream/channels/1", "/stream/channels/1.m3u8", "/m3u8?channel=1",
     "/channels/films/master.m3u8"],
)  # fmt: skip
async def test_a_channel_by_its_number_leads_to_its_playlists(origin: Origin, path: str) -> None:
    page = await origin.playlist(path)
    for uri in [p.uri for p in page.playlists] + [m.uri for m in page.media]:
        assert (await origin.playlist(joined(path.partition("?")[0], uri))).segments


async def test_the_page_guards_itself(origin: Origin) -> None:
    head, _ = await origin.get("/")
    assert "default-src 'none'" in head["Content-Security-Policy"]
    assert head["X-Content-Type-Options"] == "nosniff"
    assert head["X-Frame-Options"] == "DENY"
    assert head["Cache-Control"] == "no-cache"


async def test_who_is_lost_is_told_where_the_channels_are(origin: Origin) -> None:
    head, said = await origin.get("/nothing/here", status=404)
    assert said == b"there is nothing at this address; /iptv/channels.m3u lists the channels\n"
    assert head["Cache-Control"] == "public, max-age=1"
    await origin.get("/nothing/here", status=204, method="OPTIONS")
    await origin.get("/healthz", status=405, method="POST")


async def test_a_guide_that_takes_long_is_made_bit_by_bit(small: Station, aiohttp_client: Any) -> None:
    """No request works longer than it may; what it has done is there for the next, and `/` waits for none of it."""
    for n in (2, 3):
        small.publish(replace(FILMS, id=f"films{n}", number=str(n)))
    small.look()
    app = create_app(
        small.view,
        small.changed,
        small.store,
        small.moments.clock,
        Settings(guide_seconds=0),
        pause=small.moments.pause,
    )
    origin = Origin(small, await aiohttp_client(app))
    for done in (1, 2):
        head, said = await origin.get("/iptv/xmltv.xml", status=503)
        assert said == b"the guide is being made: %d of 3 channels are done; ask again\n" % done
        assert head["Retry-After"] == "1"
    guide = await origin.text("/iptv/xmltv.xml")
    assert [f'channel="films{n}.fastline"' in guide for n in ("", 2, 3)] == [True] * 3
    rows = json.loads(await origin.text("/now.json"))
    assert [row["now"] is not None for row in rows] == [True, False, False]


async def test_what_is_on_stays_true_while_nothing_is_made_anew(origin: Origin) -> None:
    """A listing is kept until its last entry begins: what it said then is what airs later."""
    for _ in range(40):
        (row,) = json.loads(await origin.text("/now.json"))
        now = origin.station.moments.now.isoformat()[:19]
        assert row["now"]["start"][:19] <= now < row["now"]["stop"][:19]
        assert row["next"]["start"] == row["now"]["stop"]
        tick = ticks_since(GENESIS, origin.station.moments.now)
        turn = next(turn for turn in origin.station.on_air("films").log.turns if turn.start <= tick < turn.end)
        assert row["now"]["start"][:19] == instant_at(GENESIS, turn.start).isoformat()[:19]
        origin.station.moments.now += timedelta(seconds=7)
        origin.station.look()


async def test_the_guide_reaches_back_and_ahead_without_a_gap(origin: Origin) -> None:
    for _ in range(36):
        origin.station.moments.now += timedelta(minutes=5)
        origin.station.look()
    guide = await origin.text("/iptv/xmltv.xml")
    spans = re.findall(r'<programme start="(\d+) \+0000" stop="(\d+) \+0000"', guide)
    assert spans[0][0] == "20260301120000"
    assert spans[-1][1] > "20260303150000"
    assert all(one[1] == two[0] for one, two in itertools.pairwise(spans))


async def test_what_is_on_is_what_plays(origin: Origin) -> None:
    """The Guide law, over HTTP."""
    for _ in range(30):
        origin.station.moments.now += timedelta(seconds=33)
        origin.station.look()
        (row,) = json.loads(await origin.text("/now.json"))
        text = await origin.text(V360)
        titles = [line for line in text.splitlines() if line.startswith("#EXT-X-DATERANGE")]
        stamp = row["now"]["start"].replace("Z", "")[:19]
        assert any(f'TITLE="{row["now"]["title"]}"' in line and stamp in line for line in titles) or (
            origin.station.moments.now.isoformat()[:16] <= row["now"]["start"][:16]
        )
        assert row["now"]["stop"] == row["next"]["start"]
        assert row["playlist"] == "live/films/index.m3u8"


async def test_readiness_tells_what_is_silent(origin: Origin) -> None:
    ready = json.loads(await origin.text("/readyz"))
    assert ready == {"ready": True, "channels": 1, "silent": [], "alarms": []}
    origin.station.moments.now += timedelta(days=2)
    body = json.loads((await origin.get("/readyz", status=503))[1])
    assert body["silent"] == ["films"]
    await origin.get(V360, status=503)
    await origin.get("/healthz")
