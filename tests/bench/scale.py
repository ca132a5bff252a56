"""A thousand channels in one process: how soon it answers, what it costs to idle, and its memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from figures import Figure, await_answer, free_port
from library import TAGS, library

from playout import config, documents, keys
from playout.clock import system_clock
from playout.config import Programming
from playout.library import Edition, newest
from playout.publish import publish
from playout.store import DirStore

if TYPE_CHECKING:
    from pathlib import Path

CHANNELS = 1000
WARM_UP = 25
"""Seconds until the logs are written and nothing is new."""
IDLE = 30
"""Seconds over which the idle process is measured."""

_CHANNEL = """
  ch{n:04d}:
    number: {number}
    name: Channel {number}
    include: {{any: [tag{tag}], kind: [movie]}}
    ads: {{every: 8m, pod: 60s, any: [ad]}}
"""


def prepare(media: Path) -> None:
    """Publish a library of 10 000 assets and 1000 channels, as the publisher would."""
    store, now = DirStore(media), system_clock()
    catalog = library()
    data = documents.encode(catalog)
    store.put_new(keys.catalog(documents.digest(data)), data)
    store.put_new(keys.edition(1), documents.encode(Edition(1, documents.digest(data), now)))
    for item in (*catalog.items, catalog.kits[0].slate):
        (media / "assets" / item.id).mkdir(parents=True)
    rows = [_CHANNEL.format(n=n, number=n + 1, tag=n % TAGS) for n in range(CHANNELS)]
    (media / "channels.yaml").write_text(
        "version: 1\ndefaults: {house: hd30}\nchannels:" + "".join(rows), encoding="utf-8"
    )
    edit = config.load(media / "channels.yaml")
    if not isinstance(edit, Programming):
        raise SystemExit(str(edit))
    publish(store, edit, newest(store), now)


def scale(folder: Path) -> list[Figure]:
    """Measure `fastline up`, twice: the first run writes the logs, as it would have for weeks; the second counts."""
    media = folder / "media"
    prepare(media)
    _run(media, WARM_UP, 0)
    first, idle, megabytes = _run(media, WARM_UP, IDLE)
    how = "1000 channels, 10 000 assets, `fastline up`"
    return [
        Figure("time to the first playlist", f"{first:.1f} s", "≤ 3 s", first <= 3, how),
        Figure("CPU when idle", f"{idle:.1f} %", "≤ 5 %", idle <= 5, how),
        Figure("resident memory", f"{megabytes:.0f} MB", "≤ 400 MB", megabytes <= 400, how),
    ]


def _run(media: Path, warm_up: int, idle: int) -> tuple[float, float, float]:
    """Seconds to the first playlist, percent of a core, megabytes."""
    port = free_port()
    options = ["--media", str(media), "--channels", str(media / "channels.yaml"), "--port", str(port)]
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "fastline", "up", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await_answer(f"http://127.0.0.1:{port}/live/ch0500/v720.m3u8", process)
        first = time.monotonic() - begun
        time.sleep(warm_up)
        before, start = _cpu(process.pid), time.monotonic()
        time.sleep(idle)
        used = 100 * (_cpu(process.pid) - before) / max(time.monotonic() - start, 1e-9)
        with open(f"/proc/{process.pid}/statm", encoding="ascii") as statm:  # noqa: PTH123
            pages = int(statm.read().split()[1])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    return first, used, pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _cpu(pid: int) -> float:
    """Seconds of processor time that the process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:  # noqa: PTH123
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
