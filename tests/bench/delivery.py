"""An origin process beside nginx, which serves the same bytes as files; each on one core, wrk on the other."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from shutil import which
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

from figures import Figure, await_answer, free_port

from playout import documents, keys
from playout.clock import system_clock
from playout.core.asset import Asset, Cuts, Kind, Media, Title, Track
from playout.core.catalog import Item, Query, catalog_of, item_of, kit_of
from playout.core.channel import Channel, Revision
from playout.core.cmaf import DELTA, SYNC, Sample, media_segment
from playout.core.house import HOUSES
from playout.core.rules import Block, Rules, Source
from playout.core.ticks import MEDIA_ORIGIN, Ticks
from playout.store import DirStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOUSE = HOUSES["fast"]
SECONDS = 8
"""How long each load lasts."""
CONNECTIONS = 32
SERVER_CORE, CLIENT_CORE = 0, 1
SEGMENT_BYTES = 2_800_000
"""A full segment of 1080p at its cap."""


def _asset(store: DirStore, name: str, kind: Kind, units: list[int], weight: int) -> Item:
    """An asset whose pictures are `weight` bytes a segment, of nothing."""
    cuts = Cuts.of([sum(units[:k]) * HOUSE.unit for k in range(len(units) + 1)])
    offsets, pieces = [0], []
    for k in range(cuts.segments):
        start, stop = cuts.tick(k), cuts.tick(k + 1)
        count = (stop - start) // HOUSE.frame
        body = bytes(weight // count)
        samples = [Sample(body, DELTA if n else SYNC, HOUSE.reorder) for n in range(count)]
        pieces.append(media_segment(Ticks(MEDIA_ORIGIN + start - HOUSE.reorder), k + 1, HOUSE.frame, samples))
        offsets.append(offsets[-1] + len(pieces[-1]))
    names = [rung.name for rung in HOUSE.rungs]
    tracks = tuple(
        Track(rung, Media.VIDEO, f"{rung}.cmfv", "avc1.64001e", "", "0" * 64, 1, 1, tuple(offsets)) for rung in names
    )
    sound = Track("a-und", Media.AUDIO, "a-und.cmfa", "mp4a.40.2", "und", "0" * 64, 1, 1, tuple(offsets))
    for track in tracks:
        store.put_new(keys.asset_file(name, track.file), b"".join(pieces))
    asset = Asset(name, HOUSE.name, Title(name, kind), system_clock(), cuts, (), (*tracks, sound), None, {})
    store.put_new(keys.asset(name), documents.encode(asset))
    return item_of(asset) if kind is not Kind.SLATE else kit_of(asset).slate


def station(media: Path) -> None:
    """A store with one channel that has been on air for two minutes."""
    store = DirStore(media)
    film = _asset(store, "film", Kind.MOVIE, [7] * 40, SEGMENT_BYTES)
    _asset(store, "slate", Kind.SLATE, list(range(1, 8)), 10_000)
    slate = documents.decode(store.read(keys.asset("slate")) or b"", Asset, "slate")
    data = documents.encode(catalog_of([film], [kit_of(slate)]))
    digest = documents.digest(data)
    store.put_new(keys.catalog(digest), data)
    genesis = (system_clock() - timedelta(minutes=2)).replace(microsecond=0)
    channel = Channel("one", "1", "One", HOUSE.name, genesis)
    revised = Revision(1, genesis, digest, channel, Rules(Block((Source((Query(kind=(Kind.MOVIE,)),)),))))
    store.put_new(keys.revision("one", 1), documents.encode(revised))


@contextmanager
def _running(command: list[str], url: str) -> Iterator[None]:
    """A server on its core, from its first answer until it is ended."""
    process = subprocess.Popen(
        [which("taskset") or "taskset", "-c", str(SERVER_CORE), *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await_answer(url, process)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def _get(url: str, *, gzip: bool = False) -> bytes:
    headers = {"Accept-Encoding": "gzip"} if gzip else {}
    body: bytes = urlopen(Request(url, headers=headers), timeout=5).read()  # noqa: S310
    return body


def _wrk(url: str) -> tuple[float, float]:
    """Requests and bytes a second, after a short warm-up."""
    load = ["taskset", "-c", str(CLIENT_CORE), "wrk", "-t1", f"-c{CONNECTIONS}"]
    subprocess.run([*load, "-d1s", url], check=True, stdout=subprocess.DEVNULL)
    told = subprocess.run([*load, f"-d{SECONDS}s", url], check=True, capture_output=True, text=True).stdout
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    if wrong:
        message = f"{url}: {wrong[1]} answers were not good"
        raise SystemExit(message)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    volume = re.search(r"Transfer/sec:\s+([\d.]+)(\w+)", told)
    assert rate
    assert volume
    unit = {"B": 1.0, "KB": 1e3, "MB": 1e6, "GB": 1e9}[volume[2]]
    return float(rate[1]), float(volume[1]) * unit


_NGINX = """
{user} worker_processes 1; daemon off; pid {root}/nginx.pid; error_log /dev/null;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; open_file_cache max=100;
  types {{ application/vnd.apple.mpegurl m3u8; video/iso.segment m4s; }}
  client_body_temp_path {root}/b; proxy_temp_path {root}/p; fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u;
  scgi_temp_path {root}/s; server {{ listen 127.0.0.1:{port}; root {root}/www; }} }}
"""


def delivery(folder: Path) -> list[Figure]:
    """Playlists and segments of one process on one core, each divided by nginx's."""
    if not (which("nginx") and which("wrk") and which("taskset")) or (os.cpu_count() or 1) <= CLIENT_CORE:
        needs = "needs nginx, wrk, taskset and two cores"
        return [Figure("delivery ÷ nginx", "not measured", "≥ 0.2, ≥ 0.5", good=False, how=needs)]
    media, www = folder / "media", folder / "www"
    station(media)
    www.mkdir()
    port, other = free_port(), free_port()
    origin = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "fastline", "origin", "--media", str(media), "--port", str(port)]
    with _running([*command, "--channels", str(folder / "none.yaml")], f"{origin}/live/one/v360.m3u8"):
        page = _get(f"{origin}/live/one/v360.m3u8")
        segment = page.decode().strip().splitlines()[-1].replace("../../", "/")
        blob = _get(origin + segment)
        pages = _wrk(f"{origin}/live/one/v360.m3u8")
        blobs = _wrk(origin + segment)
    (www / "page.m3u8").write_bytes(page)
    (www / "segment.m4s").write_bytes(blob)
    config = folder / "nginx.conf"
    config.write_text(
        _NGINX.format(root=folder, port=other, user="user root;" if os.getuid() == 0 else ""), encoding="utf-8"
    )
    with _running(["nginx", "-c", str(config)], f"http://127.0.0.1:{other}/page.m3u8"):
        bare_pages = _wrk(f"http://127.0.0.1:{other}/page.m3u8")
        bare_blobs = _wrk(f"http://127.0.0.1:{other}/segment.m4s")
    page_ratio, blob_ratio = pages[0] / bare_pages[0], blobs[1] / bare_blobs[1]
    return [
        Figure(
            "media playlists ÷ nginx", f"{page_ratio:.2f}", "≥ 0.2", page_ratio >= 0.2,
            f"{len(page)} bytes: {pages[0]:,.0f}/s to {bare_pages[0]:,.0f}/s",
        ),
        Figure(
            "segments ÷ nginx", f"{blob_ratio:.2f}", "≥ 0.5", blob_ratio >= 0.5,
            f"{len(blob):,} bytes: {blobs[1] / 1e6:,.0f} MB/s to {bare_blobs[1] / 1e6:,.0f} MB/s",
        ),
    ]  # fmt: skip
