"""What an edit of fifty channels over 20 000 assets would change in two days: how soon `fastline plan` says so."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from figures import Figure
from station import library

from playout import config, documents, keys
from playout.clock import system_clock
from playout.commit import Committer
from playout.config import Programming
from playout.follow import Follower
from playout.library import Edition, newest
from playout.publish import publish
from playout.store import DirStore

if TYPE_CHECKING:
    from pathlib import Path

CHANNELS = 50
_HEAD = """\
version: 1
defaults:
  house: hd30
  zone: Europe/Paris
  ads:
    every: 10m
    after: 10m
    before: 10m
    pod: 2m
    most: 6
    load: 8m
    any: [ad]
    apart: {advertiser: 20m}
    cap: 2 in 1h
  filler: {any: [filler]}
channels:
"""
_FILMS = """\
  ch{n:02d}:
    number: {number}
    name: Channel {number}
    include: {{any: [shelf{a}, shelf{b}], kind: [movie]}}
    pad: 30m
    never: {{repeat: 48h, watershed: [{{rating: [R], only: "20:00-06:00"}}]}}
    dayparts:
      matinee: {{at: 14:00, count: 2, late: cut, include: {{any: [shelf{a}], kind: [movie]}}}}
      late: {{from: 23:00, to: 05:00, order: chronological, pad: none}}
"""
_SERIES = """\
  ch{n:02d}:
    number: {number}
    name: Channel {number}
    include: {{series: [{series}], kind: [episode]}}
    order: rotation
    run: 2
    pad: 15m
"""


def written(channels: int = CHANNELS) -> str:
    """The channels: half of films, half of series."""
    rows = []
    for n in range(channels):
        series = ", ".join(f"Series {(n * 7 + k) % 200}" for k in range(12))
        row = _FILMS if n % 2 else _SERIES
        rows.append(row.format(n=n, number=n + 1, a=n % 25, b=(n + 7) % 25, series=series))
    return _HEAD + "".join(rows)


def prepare(media: Path, text: str) -> None:
    """Publish the library and the channels, and write the logs, as `fastline commit` would."""
    store, now = DirStore(media), system_clock()
    data = documents.encode(library())
    store.put_new(keys.catalog(documents.digest(data)), data)
    store.put_new(keys.edition(1), documents.encode(Edition(1, documents.digest(data), now)))
    edit = config.read(text, "channels.yaml")
    if not isinstance(edit, Programming):
        raise SystemExit(str(edit))
    publish(store, edit, newest(store), now)

    async def commit() -> None:
        follower = Follower(store, lambda: now + timedelta(minutes=1))
        await follower.look()
        Committer(store, follower, system_clock).commit(now + timedelta(minutes=1))

    asyncio.run(commit())


def planning(folder: Path) -> list[Figure]:
    """Measure the command, Python's own start included, for an edit of every channel and for one of a single one."""
    media, text = folder / "media", written()
    prepare(media, text)
    (folder / "one.yaml").write_text(text.replace("pad: 15m", "pad: 30m", 1), encoding="utf-8")
    (folder / "all.yaml").write_text(text.replace("pod: 2m", "pod: 90s"), encoding="utf-8")
    figures = []
    for name, what in (("one", "an edit of one channel"), ("all", "an edit of all fifty")):
        best = min(_timed(media, folder / f"{name}.yaml") for _ in range(3))
        how = f"{CHANNELS} channels, 20 000 assets, two days, {what}"
        figures.append(Figure("`fastline plan`", f"{best:.1f} s", "≤ 2 s", best <= 2, how))
    return figures


def _timed(media: Path, file: Path) -> float:
    """Seconds."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "fastline", "plan", "--media", str(media), str(file)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begun
