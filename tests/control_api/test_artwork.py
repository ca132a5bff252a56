"""Artwork: four shapes, from bytes, a link or a frame; never what was sent; served once and for ever.

Rows A17, BX14, C27, C28, CX1.
"""

from __future__ import annotations

import asyncio
import struct
import subprocess
import sys
import zlib
from datetime import timedelta
from io import BytesIO
from math import isqrt
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from clients import running
from others import HERE, other
from PIL import Image
from shelf import eventually, film, packaged, titles
from yarl import URL

from control_api.key_creation import create_key
from control_api.library.artwork import Easel
from control_api.library.pictures import LARGEST, PIXELS, SHAPES, NoPicture, Shape, drawn
from control_api.problems import Problem
from control_api.scopes import Scope
from playout import keys
from playout.clock import system_clock
from playout.store import DirStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from clients import Client

    from control_api.settings import Settings


def picture(width: int = 900, height: int = 900, form: str = "PNG", mode: str = "RGB", **more: Any) -> bytes:
    out = BytesIO()
    Image.new(mode, (width, height), (200, 40, 40, 0)[: len(mode)]).save(out, form, **more)
    return out.getvalue()


async def title(client: Client) -> str:
    made: str = (await client.post("/api/v1/titles", {"kind": "movie", "name": "F"})).json["id"]
    return made


async def put(client: Client, path: str, body: bytes, status: int = 200, kind: str = "image/png") -> Any:
    return await client.ask("PUT", path, status, data=body, headers={"Content-Type": kind})


@pytest.mark.parametrize("shape", [*Shape])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_every_picture_is_cut_to_its_shape(shape: Shape, form: str) -> None:
    across, down = SHAPES[shape]
    for width, height in ((1600, 400), (300, 900), (640, 640)):
        found = drawn(picture(width, height, form), shape)
        assert abs(found.width * down - found.height * across) <= max(across, down)
        assert found.width <= width
        assert found.height <= height
        with Image.open(BytesIO(found.body)) as whole:
            assert (whole.width, whole.height, f"image/{whole.format}".lower()) == (
                found.width, found.height, found.media_type,
            )  # fmt: skip


def test_nothing_of_what_was_sent_is_kept_but_what_can_be_seen() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret"
    exif[0x0112] = 6  # held upright
    sent = picture(400, 200, "JPEG", exif=exif) + b"<?php evil"
    found = drawn(sent, None)
    assert (found.width, found.height) == (200, 400)
    assert b"secret" not in found.body
    assert b"evil" not in found.body
    assert drawn(picture(200, 200, mode="RGBA"), None).media_type == "image/webp"


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is so large; decoding it would take all memory."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"", "these bytes are no picture: JPEG, PNG, WebP, AVIF and GIF are taken"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "these bytes are no picture"),
        (b"GIF89a" + b"\0" * 20, "picture"),
        (picture()[:200], "the picture is damaged"),
        (picture(40, 900), "the picture has 40 × 900 pixels; its shorter side needs 64"),
        (bomb(9000, 9000), "the picture has 9000 × 9000 pixels, and may have 16 million"),
        (bomb(60_000, 60_000), "picture"),
        (b"\0" * (LARGEST + 1), f"the picture has {LARGEST + 1} bytes, and may have {LARGEST}"),
    ],
)
def test_what_is_no_picture_is_refused(sent: bytes, words: str) -> None:
    with pytest.raises(NoPicture, match=words):
        drawn(sent, Shape.SQUARE)


async def test_a_picture_is_served_for_ever_and_in_ranges(client: Client) -> None:
    one = await title(client)
    shown = (await put(client, f"/api/v1/titles/{one}/artwork/portrait", picture())).json
    assert (shown["width"], shown["height"], shown["origin"]) == (600, 900, "upload")
    stranger = client.known_by(None)
    whole = await stranger.get(shown["url"])
    assert whole.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (whole.headers["Content-Type"], len(whole.body)) == ("image/jpeg", shown["size"])
    await stranger.get(shown["url"], 304, headers={"If-None-Match": whole.etag})
    size = len(whole.body)
    for asked, start, stop in (("0-9", 0, 10), ("10-", 10, size), ("-5", size - 5, size), ("5-999999", 5, size)):
        part = await stranger.get(shown["url"], 206, headers={"Range": f"bytes={asked}"})
        assert part.body == whole.body[start:stop]
        assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
    for ignored in (
        {"Range": "bytes=99999999-"},
        {"Range": "bytes=0-1,4-5"},
        {"Range": "bytes=0-1", "If-Range": '"x"'},
    ):
        assert (await stranger.get(shown["url"], headers=ignored)).body == whole.body
    await stranger.get(f"/artwork/{'0' * 64}.jpeg", 404)
    await stranger.get("/artwork/..%2f..%2fsecret.jpeg", 404)


async def test_a_title_has_one_picture_of_a_shape_and_a_language(client: Client) -> None:
    one = await title(client)
    path = f"/api/v1/titles/{one}/artwork/banner"
    first = (await put(client, path, picture(1600, 400))).json
    await put(client, f"{path}?language=de", picture(800, 200))
    second = (await put(client, path, picture(400, 400, "WEBP"), kind="image/webp")).json
    assert first["id"] == second["id"]
    assert first["url"] != second["url"]
    shown = (await titles(client))[0]["artwork"]
    assert [(one["shape"], one["language"]) for one in shown] == [("banner", ""), ("banner", "de")]
    await client.ask("DELETE", f"{path}?language=de", 204)
    await client.ask("DELETE", f"{path}?language=de", 404)
    await put(client, path, b"nonsense", 422)
    await put(client, path, b"\0" * (LARGEST + 1), 413)
    await put(client, path, picture(), 415, "text/plain")
    await put(client, f"/api/v1/titles/{one}/artwork/round", picture(), 404)
    assert len((await titles(client))[0]["artwork"]) == 1


async def test_a_signed_address_is_good_once_and_for_a_while(settings: Settings, key: str) -> None:
    """BX14."""
    now = [system_clock()]
    async with running(settings, clock=lambda: now[0]) as stranger:
        client = stranger.known_by(key)
        one = await title(client)
        path = f"/api/v1/titles/{one}/artwork/square/upload-url"
        signed = (await client.post(path, {"seconds": 60})).json["url"]
        await put(stranger, signed[:-2] + "xx", picture(), 404)
        await put(stranger, signed, b"nonsense", 422)
        shown = (await put(stranger, signed, picture())).json
        assert shown["shape"] == "square"
        await put(stranger, signed, picture(), 404)
        late = (await client.post(path, {"seconds": 60})).json["url"]
        now[0] += timedelta(seconds=61)
        await put(stranger, late, picture(), 404)
        [entry] = (await client.get(f"/api/v1/audit?subject={one}&limit=1")).json["items"]
        assert (entry["operation"], entry["caller_name"]) == ("upload_artwork", "tests")


async def test_a_link_is_copied_and_only_links_of_the_world(settings: Settings, key: str) -> None:
    """C27: a remote picture is copied; what lies within the house is not asked for."""

    async def answering(request: web.Request) -> web.Response:
        return web.Response(body=picture(form="JPEG")) if request.path == "/1.jpg" else web.Response(status=404)

    async with other(answering) as there:
        async with running(settings) as stranger:
            client = stranger.known_by(key)
            path = f"/api/v1/titles/{await title(client)}/artwork/square/link"
            await client.post(path, {"url": there.url("/1.jpg")}, 422)
            await client.post(path, {"url": "http://169.254.169.254/latest"}, 422)
            assert there.asked == []
        async with running(settings.model_copy(update={"outgoing_allow": HERE})) as stranger:
            client = stranger.known_by(key)
            path = f"/api/v1/titles/{await title(client)}/artwork/square/link"
            shown = (await client.post(path, {"url": there.url("/1.jpg")}, 200)).json
            assert (shown["origin"], shown["width"]) == ("link", 900)
            refused = (await client.post(path, {"url": there.url("/2.jpg")}, 422)).json
            assert refused["errors"] == [{"part": "body", "pointer": "/url", "detail": "the other server answered 404"}]


async def test_a_frame_of_an_asset_is_a_choice(settings: Settings, key: str, tmp_path: Path) -> None:
    packaged(tmp_path, "aa", film(), poster="poster.jpg")
    DirStore(tmp_path).put_new(keys.asset_file("aa", "poster.jpg"), picture(640, 360, "JPEG"))
    async with running(settings.model_copy(update={"tells": True, "library_beat_ms": 50})) as stranger:
        client = stranger.known_by(key)
        [one] = await eventually(lambda: titles(client))
        shown = (await client.post(f"/api/v1/titles/{one['id']}/artwork/landscape/frame", {}, 200)).json
        assert (shown["origin"], shown["width"], shown["height"]) == ("frame", 640, 360)
        other = {"asset_id": "bb"}
        refused = await client.post(f"/api/v1/titles/{one['id']}/artwork/landscape/frame", other, 422)
        assert refused.json["errors"][0]["detail"] == "bb has no poster"


async def test_people_have_photos(client: Client) -> None:
    one = (await client.post("/api/v1/people", {"name": "A"})).json["id"]
    await put(client, f"/api/v1/people/{one}/photo", picture())
    shown = (await client.get(f"/api/v1/people/{one}")).json["photo"]
    assert (shown["width"], shown["height"]) == (600, 900)
    await client.ask("DELETE", f"/api/v1/people/{one}/photo", 204)
    assert (await client.get(f"/api/v1/people/{one}")).json["photo"] is None


def test_no_more_pictures_wait_than_memory_bears() -> None:
    easel = Easel(at_a_time=1, waiting=1)
    with easel.place(), easel.place(), pytest.raises(Problem) as refused, easel.place():
        pass
    assert refused.value.kind.status == 503
    assert refused.value.headers["Retry-After"] == "2"
    with easel.place():
        pass


async def slowly(gate: asyncio.Event) -> AsyncIterator[bytes]:
    """The beginning of a picture, and the rest much later."""
    yield picture()[:100]
    await gate.wait()
    yield picture()[100:]


async def sending(client: Client, path: str, gate: asyncio.Event) -> int:
    headers = {"Content-Type": "image/png"} | ({"Authorization": f"Bearer {client.key}"} if client.key else {})
    url = client.root.join(URL(path, encoded=True))
    async with client.session.put(url, data=slowly(gate), headers=headers) as answer:
        return answer.status


async def test_pictures_that_come_slowly_stop_no_others(settings: Settings, key: str) -> None:
    gate = asyncio.Event()
    async with running(settings) as stranger:
        client = stranger.known_by(key)
        other = stranger.known_by(await create_key(settings, "other", [Scope.TITLES_WRITE], None, system_clock))
        path = f"/api/v1/titles/{await title(client)}/artwork/square"
        async with asyncio.TaskGroup() as group:
            slow = [group.create_task(sending(other, path, gate)) for _ in range(10)]

            async def only_four_are_let_in() -> bool:
                return sum(one.done() for one in slow) == 6

            await eventually(only_four_are_let_in)
            await put(client, path, picture())
            gate.set()
        assert sorted(one.result() for one in slow) == [200] * 4 + [503] * 6


async def test_a_picture_that_does_not_come_is_waited_for_no_longer(settings: Settings, key: str) -> None:
    async with running(settings.model_copy(update={"picture_seconds": 0.3})) as stranger:
        client = stranger.known_by(key)
        path = f"/api/v1/titles/{await title(client)}/artwork/square"
        assert await sending(client, path, asyncio.Event()) == 400


async def test_of_two_who_send_with_one_signed_address_one_is_read(settings: Settings, key: str) -> None:
    gate = asyncio.Event()
    async with running(settings) as stranger:
        client = stranger.known_by(key)
        path = f"/api/v1/titles/{await title(client)}/artwork/square/upload-url"
        signed = (await client.post(path, {"seconds": 60})).json["url"]
        async with asyncio.TaskGroup() as group:
            both = [group.create_task(sending(stranger, signed, gate)) for _ in range(2)]

            async def one_is_refused() -> bool:  # though nothing has come in whole
                return any(one.done() for one in both)

            await eventually(one_is_refused)
            gate.set()
        assert sorted(one.result() for one in both) == [200, 404]


_CHILD = """
import resource, sys
from PIL import Image
from control_api.library.pictures import Shape, drawn
Image.init()
sent = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
drawn(sent, Shape.SQUARE)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


def test_the_largest_picture_takes_memory_that_there_is() -> None:
    """A small file may be a large picture."""
    side = isqrt(PIXELS)
    sent = picture(side, side, mode="RGBA")
    assert len(sent) < 100_000
    child = subprocess.run([sys.executable, "-c", _CHILD], input=sent, capture_output=True, check=True)
    assert int(child.stdout) < 320, "MiB"
    with pytest.raises(NoPicture, match="16 million"):
        drawn(picture(side + 1, side + 1, mode="L"), None)
